//! The frame of all pages.

use super::context::Context;
use super::words::Language;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use maud::{DOCTYPE, Markup, html};

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `/`
    Overview,
}

/// A page for somebody who is signed in.
pub(super) fn page(context: &Context, place: Place, title: &str, content: &Markup) -> Html<String> {
    let language = context.language;
    let navigation = html! {
        nav aria-label=(language.pick("Hoofdmenu", "Main menu")) {
            a href="/" aria-current=[(place == Place::Overview).then_some("page")] { (language.pick("Overzicht", "Overview")) }
        }
    };
    frame(language, title, Some(&context.actor.name), &navigation, content)
}

/// A page without navigation: errors and signing in.
pub(super) fn bare(language: Language, title: &str, name: Option<&str>, content: &Markup) -> Html<String> {
    frame(language, title, name, &html! {}, content)
}

fn frame(language: Language, title: &str, name: Option<&str>, navigation: &Markup, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang=(language.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Sluis" }
                link rel="stylesheet" href="/console.css";
            }
            body {
                a.skip href="#content" { (language.pick("Naar de inhoud", "Skip to content")) }
                header { strong { "Sluis" } (navigation) @if let Some(name) = name { span.who { (name) } } }
                main #content { h1 { (title) } (content) }
            }
        }
    };
    Html(page.into_string())
}

/// The one stylesheet.
pub(super) async fn stylesheet() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")],
        include_str!("console.css"),
    )
}
