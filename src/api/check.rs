//! `POST /v1/check`: what would become of a message, without anything being stored.

use super::conventions::accepts;
use super::query::Query;
use super::{Caller, Problem, body};
use crate::access::Permission;
use crate::trial::For;
use crate::view::Trial;
use crate::web::Site;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The header with the verdict, beside a reply as XML.
const VERDICT: HeaderName = HeaderName::from_static("sluis-verdict");

/// Try a message out
///
/// Judges one message as it would be judged now, against contracts, registers and the facts of the ledger. Nothing is
/// stored or sent, and nothing counts as sent: the same message may be sent afterwards. Signals are shown to whoever may
/// see contracts.
#[utoipa::path(
    post,
    path = "/check",
    tag = "check",
    operation_id = "check",
    security(("token" = ["try"])),
    request_body(
        content((String = "application/xml"), (String = "text/xml")),
        description = "One iWmo or iJw message, in UTF-8.",
    ),
    responses(
        (status = 200, description = "What would become of it; with `Accept: application/xml` the reply alone.",
         content((Trial = "application/json"), (String = "application/xml")),
         headers(("Sluis-Verdict" = String, description = "The verdict, beside a reply as XML."))),
        (status = 204, description = "The reply was asked for, and the gateway sends none.",
         headers(("Sluis-Verdict" = String, description = "The verdict."))),
    )
)]
pub(super) async fn check(
    State(site): State<Arc<Site>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.needs(Permission::Try).map_err(Problem::and_end)?;
    let (head, body) = request.into_parts();
    Query::of_uri(&head.uri).end().map_err(Problem::and_end)?;
    let form = Form::of(head.headers.get(header::ACCEPT)).map_err(Problem::and_end)?;
    let bytes = body::message(&head.headers, body, site.trials.max_bytes()).await?;
    let no_sender = "the sender that this token belongs to is not in the configuration";
    let whose = For::actor(&caller.actor, &site.config.senders);
    let whose = whose.ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, no_sender))?;
    let tried = site.trials.of(bytes, whose).await?;
    Ok(form.answer(Trial::of(&tried)))
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All, as JSON.
    Json,
    /// The reply, as XML.
    Xml,
}

impl Form {
    /// What is asked for; JSON when both would do.
    pub(super) fn of(accept: Option<&HeaderValue>) -> Result<Form, Problem> {
        match (accepts(accept, "application/json"), accepts(accept, "application/xml")) {
            (true, _) => Ok(Form::Json),
            (false, true) => Ok(Form::Xml),
            (false, false) => {
                let detail = "this is answered as application/json, or by the reply alone as application/xml";
                Err(Problem::new(StatusCode::NOT_ACCEPTABLE, detail))
            }
        }
    }

    pub(super) fn answer(self, trial: Trial) -> Response {
        if self == Form::Json {
            return Json(trial).into_response();
        }
        let verdict = [(VERDICT, HeaderValue::from_static(trial.verdict.as_str()))];
        match trial.own_reply() {
            Some(xml) => (verdict, [(header::CONTENT_TYPE, "application/xml")], xml.to_owned()).into_response(),
            None => (StatusCode::NO_CONTENT, verdict).into_response(),
        }
    }
}
