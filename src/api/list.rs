//! Lists, a page at a time.

use crate::view::page::Page;
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list. What comes in meanwhile moves nothing: the next page begins behind the last row of this one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The rows.
    pub(super) items: Vec<T>,
    /// Where the next page is; nothing at the end. The header `Link` says the same.
    #[schema(format = "uri-reference")]
    pub(super) next: Option<String>,
}

/// A page as it is answered to a request at `here`.
pub(super) fn page<T: Serialize>(here: &Uri, page: Page<T>) -> Response {
    let next = page.next.map(|at| link(here, &at));
    answer(List { items: page.items, next }, None)
}

/// A list with its links to what comes after and before.
pub(super) fn answer<T: Serialize>(list: List<T>, previous: Option<&str>) -> Response {
    (links(list.next.as_deref(), previous), Json(list)).into_response()
}

/// The header with the addresses of other pages. They are made of what was understood, so they fit into one.
pub(super) fn links(next: Option<&str>, previous: Option<&str>) -> HeaderMap {
    let links = [(next, "next"), (previous, "prev")].into_iter();
    let links: Vec<String> = links.filter_map(|(link, rel)| Some(format!("<{}>; rel=\"{rel}\"", link?))).collect();
    let value = (!links.is_empty()).then(|| HeaderValue::from_str(&links.join(", ")).ok()).flatten();
    value.map(|value| (header::LINK, value)).into_iter().collect()
}

/// The same question from another place on; `here` begins after `/v1`.
pub(super) fn link(here: &Uri, at: &str) -> String {
    let asked: Vec<(String, String)> =
        serde_urlencoded::from_str(here.query().unwrap_or_default()).unwrap_or_else(|_| Vec::new());
    let words = asked.into_iter().filter(|(name, _)| name != PAGE).chain([(PAGE.to_owned(), at.to_owned())]);
    let words: Vec<(String, String)> = words.collect();
    format!("/v1{}?{}", here.path(), serde_urlencoded::to_string(words).unwrap_or_default())
}

/// The word that says where a page begins.
pub(super) const PAGE: &str = "page";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_asks_the_same_from_another_place_on() {
        let here: Uri = "/held?which=ended&page=1".parse().expect("an address");
        assert_eq!(link(&here, "a b"), "/v1/held?which=ended&page=a+b");
        let rows = Page { items: vec![1], next: Some("9".to_owned()) };
        assert_eq!(page(&here, rows).headers()["link"], "</v1/held?which=ended&page=9>; rel=\"next\"");
        assert_eq!(page(&here, Page { items: vec![1], next: None }).headers().get("link"), None);
    }
}
