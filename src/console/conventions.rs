//! What holds of every answer outside `/v1`: whoever looks with a browser gets a page, also of what the server library
//! refuses by itself and of an address that leads nowhere; a program gets a problem.

use super::context::{UNREADABLE_FORM, language};
use super::layout;
use crate::api;
use crate::http::{media_ranges, problem};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// A layer around the whole site, also around who is let in; answers of the API pass through it.
pub(crate) async fn keep(request: Request, next: Next) -> Response {
    if api::is_ours(request.uri().path()) {
        return next.run(request).await;
    }
    // What a browser asks in is known before it is answered.
    let (wants_page, language) = (wants_page(request.headers()), language(request.headers()));
    let answer = next.run(request).await;
    let status = answer.status();
    if !is_bare_refusal(&answer) {
        return answer;
    }
    let (nl, en) = sentence(status);
    let told = if wants_page {
        layout::refusal(language, status, None, language.pick(nl, en))
    } else if answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json") {
        return answer;
    } else {
        problem(status, en)
    };
    // Whatever else was said stays: what is allowed, when to come again, which cookie is gone.
    let (mut head, _) = answer.into_parts();
    let (said, body) = told.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(said.headers);
    Response::from_parts(head, body)
}

/// Whether it is a refusal that is no page.
fn is_bare_refusal(answer: &Response) -> bool {
    let status = answer.status();
    let is_page = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    (status.is_client_error() || status.is_server_error())
        && !answer.headers().get(header::CONTENT_TYPE).is_some_and(is_page)
}

/// Whether somebody looks: browsers name the pages that they ask for, programs take whatever comes.
fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    accepted.any(|accept| media_ranges(accept).any(|name| name == "text/html"))
}

fn sentence(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (
            "Hier is niets. Kijk het adres na, of ga verder vanuit het overzicht.",
            "There is nothing here. Check the address, or go on from the overview.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "Dit adres kan niet op deze manier worden gevraagd. Ga terug en gebruik de knoppen van de pagina.",
            "This address cannot be asked in this way. Go back and use the buttons of the page.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "Wat u stuurt is te groot. Ga terug en vul minder in.",
            "What you send is too large. Go back and fill in less.",
        ),
        StatusCode::REQUEST_TIMEOUT => (
            "Het verzoek was niet op tijd compleet. Probeer het opnieuw.",
            "The request was not complete in time. Try again.",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => UNREADABLE_FORM,
        status if status.is_server_error() => (
            "Dit ging mis. Probeer het opnieuw; het logboek van de gateway zegt waarom.",
            "This went wrong. Try again; the log of the gateway says why.",
        ),
        _ => (
            "De vraag in het adres van deze pagina is niet te begrijpen. Begin opnieuw vanuit het overzicht.",
            "The question in the address of this page cannot be understood. Begin again from the overview.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::access::Role;
    use crate::web::testing::{FORM_TOKEN, send, site, somebody};
    use axum::http::{Method, StatusCode, header};

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    #[tokio::test]
    async fn a_browser_is_told_on_a_page_and_a_program_by_a_problem() {
        let site = site();
        let all = Some(somebody(&Role::ALL));
        let long = format!("form_token={FORM_TOKEN}&reason={}", "x".repeat(3_000_000));
        let form = "application/x-www-form-urlencoded";
        for (method, path, body, status, nl, en) in [
            (Method::GET, "/nowhere", "", StatusCode::NOT_FOUND, "Hier is niets.", "There is nothing here."),
            (Method::GET, "/held/1/2/3", "", StatusCode::NOT_FOUND, "Hier is niets.", "There is nothing here."),
            (Method::PUT, "/held", "", StatusCode::METHOD_NOT_ALLOWED, "knoppen van de pagina", "buttons of the page"),
            (Method::GET, "/persons/1/2", "", StatusCode::NOT_FOUND, "Hier is niets.", "There is nothing here."),
            (
                Method::GET,
                "/logout",
                "",
                StatusCode::METHOD_NOT_ALLOWED,
                "knoppen van de pagina",
                "buttons of the page",
            ),
            (Method::POST, "/held/1/release", &long, StatusCode::PAYLOAD_TOO_LARGE, "te groot", "too large"),
            (Method::POST, "/messages/1/unmask", &long, StatusCode::PAYLOAD_TOO_LARGE, "te groot", "too large"),
            (Method::GET, "/audit?by=a&by=b", "", StatusCode::BAD_REQUEST, "niet te begrijpen", "cannot be understood"),
        ] {
            for (language, sentence) in [("nl", nl), ("en", en)] {
                let headers = [("accept", BROWSER), ("accept-language", language), ("content-type", form)];
                let sent = body.as_bytes().to_vec();
                let (got, said, page) = send(&site, all.clone(), method.clone(), path, &headers, sent).await;
                assert_eq!(got, status, "{method} {path}: {page}");
                assert_eq!(said[header::CONTENT_TYPE], "text/html; charset=utf-8", "{method} {path}");
                assert!(page.contains(sentence) && page.contains(&format!("lang=\"{language}\"")), "{path}: {page}");
                assert!(page.contains("<a href=\"/\""), "there is a way back: {page}");
                assert_eq!(said.contains_key(header::ALLOW), status == StatusCode::METHOD_NOT_ALLOWED, "{path}");
                assert!(said.contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
            }
            for accept in ["*/*", "application/json", "text/html;q=0, */*"] {
                let headers = [("accept", accept), ("content-type", form)];
                let sent = body.as_bytes().to_vec();
                let (got, said, problem) = send(&site, all.clone(), method.clone(), path, &headers, sent).await;
                assert_eq!(got, status, "{method} {path}: {problem}");
                assert_eq!(said[header::CONTENT_TYPE], "application/problem+json", "{method} {path}");
                assert!(problem.contains(&format!("\"status\":{}", status.as_u16())), "{path}: {problem}");
                assert_eq!(said.contains_key(header::ALLOW), status == StatusCode::METHOD_NOT_ALLOWED, "{path}");
            }
        }
        // The API answers browsers as it does programs.
        for path in ["/v1", "/v1/", "/v1/nothing"] {
            let (got, said, _) = send(&site, all.clone(), Method::GET, path, &[("accept", BROWSER)], Vec::new()).await;
            assert_eq!(got, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(said[header::CONTENT_TYPE], "application/problem+json", "{path}");
        }
    }
}
