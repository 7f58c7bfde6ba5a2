//! What is told when something is not done: problem+json (RFC 9457), with the faults of each field.

use crate::http::problem_type;
use crate::ledger::LedgerError;
use crate::trial::NotTried;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Seconds after which to come again: when there is no room, and when the ledger is away.
const WHEN_FULL: u32 = 2;
pub(super) const WHEN_AWAY: u32 = 5;

/// Why something is not done (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// What sort of problem it is, see docs/api.md.
    #[serde(rename = "type")]
    #[schema(format = "uri", example = "urn:nld:sluis:problem:not-found")]
    kind: String,
    /// The same in words.
    #[schema(example = "Not Found")]
    title: String,
    /// Status of the answer.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What went wrong this time, and what to do.
    detail: String,
    /// What is wrong with each field; nothing when it is not about fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
    #[serde(skip)]
    again_in: Option<u32>,
    /// The body was not read to its end, so nothing else can be said on this connection.
    #[serde(skip)]
    ends: bool,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where the field stands.
    #[serde(rename = "in")]
    pub place: Place,
    /// Its name.
    pub name: String,
    /// What is wrong with it, and what would be right.
    pub detail: String,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// After the question mark.
    Query,
    /// In a header.
    Header,
    /// In the body.
    Body,
}

impl Problem {
    /// A problem of the sort that its status tells.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            kind: problem_type(status),
            title: status.canonical_reason().unwrap_or("error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            again_in: None,
            ends: false,
        }
    }

    /// Fields that cannot be understood, or that there are not.
    pub fn fields(errors: Vec<Fault>) -> Problem {
        Problem { errors, ..Problem::new(StatusCode::BAD_REQUEST, "the request is not understood: see errors") }
    }

    /// Fields that are understood and cannot be worked with.
    pub(super) fn unfit(errors: Vec<Fault>) -> Problem {
        let detail = "the request cannot be worked with: see errors";
        Problem { errors, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// A word of the query that cannot be understood.
    pub(super) fn wrong_word(name: &str) -> Problem {
        let detail = "cannot be understood".to_owned();
        Problem::fields(vec![Fault { place: Place::Query, name: name.to_owned(), detail }])
    }

    /// There is nothing of that number or name.
    pub fn missing() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "there is no such thing here (any more)")
    }

    /// Nobody vouches for who asks.
    pub fn login() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "show who you are: Authorization: Bearer and an API token")
    }

    /// Whoever asks may not do that.
    pub fn may_not(permission: &str) -> Problem {
        let detail = format!("this takes the permission {permission}; ask the administrator of this gateway for it");
        Problem::new(StatusCode::FORBIDDEN, detail)
    }

    /// The message is larger than one may be, and is not read.
    pub(super) fn size(max_bytes: usize) -> Problem {
        let detail = format!("a message has {max_bytes} bytes at most");
        Problem { ends: true, ..Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail) }
    }

    /// The rest of what was sent is not read.
    #[must_use]
    pub(super) fn and_end(self) -> Problem {
        Problem { ends: true, ..self }
    }

    /// There is no room now.
    pub(super) fn full() -> Problem {
        let detail = "there are too many of these at once; come again in a moment";
        Problem { again_in: Some(WHEN_FULL), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// The gateway cannot do it now.
    pub(super) fn away(detail: &str) -> Problem {
        Problem { again_in: Some(WHEN_AWAY), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The ledger could not be read or written. Tells nothing of why to the caller, all of it to the log.
impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Problem {
        tracing::warn!(%error, "a question to the API could not be answered");
        if error.is_of_the_world() {
            return Problem::away("the ledger cannot be reached now; ask again");
        }
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the gateway failed on this; its operator knows")
    }
}

impl From<NotTried> for Problem {
    fn from(why: NotTried) -> Problem {
        match why {
            NotTried::Busy => Problem::full(),
            NotTried::Slow => Problem::away("judging this message took too long; try again when it is quieter"),
            NotTried::OtherParty => Problem {
                kind: "urn:nld:sluis:problem:other-party".to_owned(),
                title: "Other Party".to_owned(),
                ..Problem::new(
                    StatusCode::FORBIDDEN,
                    "the message names a sender that you may not send for, so it is not judged for you",
                )
            },
            NotTried::Ledger(error) => Problem::from(error),
            NotTried::Broke => {
                tracing::error!("a trial of a message broke off");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "judging this message broke off; nothing was stored")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).expect("a problem is made of texts and numbers");
        let mut answer = (self.status(), [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = answer.headers_mut();
        if let Some(seconds) = self.again_in {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sluis\""));
        }
        if self.ends {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// Repeats nothing of what was asked for: it may hold anything.
pub(super) fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing here; see /v1/openapi.json")
}
