//! What orders have in common: who may give them, what they are about, and the reason that they come with.

use super::query::number;
use super::{Caller, Fault, Place, Problem};
use crate::access::Permission;
use crate::hold::{Unfit, unfit};
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

/// The most bytes of an order.
const MOST: usize = 10_000;

/// An order, with why it is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Why. It stays in the audit trail for good: name no person.
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "agreed with the municipality by telephone"
    )]
    reason: String,
}

/// The number that an order is about and its reason, once it is sure that whoever asks may give it.
pub(super) async fn read(
    caller: &Caller,
    permission: Permission,
    id: &str,
    request: Request,
) -> Result<(i64, String), Problem> {
    caller.needs(permission).map_err(Problem::and_end)?;
    let reason = reason(request).await?;
    let id = number(id).ok_or_else(Problem::missing)?;
    Ok((id, reason))
}

/// The reason of an order.
async fn reason(request: Request) -> Result<String, Problem> {
    let (head, body) = request.into_parts();
    let sort = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !sort.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let detail = "an order is application/json: {\"reason\": \"…\"}";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).and_end());
    }
    let bytes = to_bytes(body, MOST).await.map_err(|_| {
        let detail = format!("an order has {MOST} bytes at most");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).and_end()
    })?;
    let asked: Asked = serde_json::from_slice(&bytes).map_err(|_| {
        let detail = "should be {\"reason\": \"why\"}, in JSON and with nothing else";
        Problem::fields(vec![Fault { place: Place::Body, name: String::new(), detail: detail.to_owned() }])
    })?;
    let reason = asked.reason.trim();
    let wrong = |detail: &str| {
        let fault = Fault { place: Place::Body, name: "reason".to_owned(), detail: detail.to_owned() };
        Err(Problem::unfit(vec![fault]))
    };
    match unfit(reason) {
        None => Ok(reason.to_owned()),
        Some(Unfit::Empty) => wrong("is empty: say in a few words why"),
        Some(Unfit::Long) => wrong("is longer than 500 characters: say it in fewer words"),
        Some(Unfit::Control) => wrong("holds a control character: write it on one line"),
        Some(Unfit::Person) => wrong("holds a number that could be of a person: name the allocation instead"),
    }
}

/// What was ordered cannot be, as things stand.
pub(super) fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, detail)
}
