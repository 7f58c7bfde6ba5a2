//! What holds of every answer under `/v1`: its version is told, and whatever is wrong is told as a problem.

use super::Problem;
use super::problem::WHEN_AWAY;
use crate::http::{API_VERSION, API_VERSION_HEADER, media_ranges};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What a refusal of the server library itself keeps of its headers.
const KEPT: [HeaderName; 2] = [header::ALLOW, header::RETRY_AFTER];

/// A layer around the whole site, also around who is let in; pages pass through it.
pub(crate) async fn keep(request: Request, next: Next) -> Response {
    let is_ours = is_ours(request.uri().path());
    let mut answer = next.run(request).await;
    if !is_ours {
        return answer;
    }
    if is_bare_refusal(&answer) {
        answer = as_problem(&answer);
    }
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        // Where whoever refuses does not say when to come again.
        answer.headers_mut().entry(header::RETRY_AFTER).or_insert(WHEN_AWAY.into());
    }
    answer.headers_mut().insert(API_VERSION_HEADER, HeaderValue::from_static(API_VERSION));
    answer
}

/// Whether a path is of the API, and not of a page.
pub(crate) fn is_ours(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

fn is_bare_refusal(answer: &Response) -> bool {
    let status = answer.status();
    let is_problem =
        answer.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/problem+json");
    (status.is_client_error() || status.is_server_error()) && !is_problem
}

/// A refusal of the server library in the form of all others.
fn as_problem(answer: &Response) -> Response {
    let detail = match answer.status() {
        StatusCode::METHOD_NOT_ALLOWED => "this takes another method: see Allow",
        StatusCode::BAD_REQUEST => "the request cannot be read",
        _ => "the request is refused",
    };
    let mut problem = Problem::new(answer.status(), detail).into_response();
    for name in KEPT {
        if let Some(value) = answer.headers().get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

/// Whether an answer of this media type is asked for.
pub(super) fn accepts(accept: Option<&HeaderValue>, media_type: &str) -> bool {
    let Some(accept) = accept else { return true };
    let text = accept.to_str().unwrap_or_default();
    let (main, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    media_ranges(text).any(|name| name == "*/*" || name == media_type || name.strip_suffix("/*") == Some(main))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted() {
        let accepts = |header: &'static str, media_type| accepts(Some(&HeaderValue::from_static(header)), media_type);
        for (header, json, xml) in [
            ("*/*", true, true),
            ("application/*", true, true),
            ("application/json", true, false),
            ("Application/XML", false, true),
            ("text/html, application/xml;q=0.9, */*;q=0.1", true, true),
            ("application/xml;q=0, application/json", true, false),
            ("text/html", false, false),
            ("", false, false),
        ] {
            assert_eq!(accepts(header, "application/json"), json, "{header}");
            assert_eq!(accepts(header, "application/xml"), xml, "{header}");
        }
        assert!(super::accepts(None, "application/json"));
    }
}
