//! The frame of all pages.

use super::context::Context;
use super::words::Language;
use crate::access::Permission;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use maud::{DOCTYPE, Markup, html};

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Messages,
    Allocations,
    Held,
    Parked,
    Deliveries,
    Signals,
    Budgets,
    Providers,
    Trial,
    Health,
    Audit,
    Accounts,
}

impl Place {
    /// All, in the order of the navigation.
    const ALL: [Place; 13] = [
        Place::Overview,
        Place::Messages,
        Place::Allocations,
        Place::Held,
        Place::Parked,
        Place::Deliveries,
        Place::Signals,
        Place::Budgets,
        Place::Providers,
        Place::Trial,
        Place::Health,
        Place::Audit,
        Place::Accounts,
    ];

    /// Path, name in Dutch and in English, and what is needed to see it.
    fn entry(self) -> (&'static str, &'static str, &'static str, Permission) {
        match self {
            Place::Overview => ("/", "Overzicht", "Overview", Permission::View),
            Place::Messages => ("/messages", "Berichten", "Messages", Permission::View),
            Place::Allocations => ("/allocations", "Toewijzingen", "Allocations", Permission::View),
            Place::Held => ("/held", "Vastgehouden", "Held", Permission::View),
            Place::Parked => ("/parked", "Geparkeerd", "Parked", Permission::View),
            Place::Deliveries => ("/deliveries", "Bezorging", "Deliveries", Permission::View),
            Place::Signals => ("/signals", "Signalen", "Signals", Permission::ViewContracts),
            Place::Budgets => ("/budgets", "Budgetten", "Budgets", Permission::ViewContracts),
            Place::Providers => ("/providers", "Aanbieders", "Providers", Permission::ViewContracts),
            Place::Trial => ("/try", "Proberen", "Try", Permission::Try),
            Place::Health => ("/health", "Gezondheid", "Health", Permission::View),
            Place::Audit => ("/audit", "Logboek", "Audit trail", Permission::Audit),
            Place::Accounts => ("/accounts", "Toegang", "Access", Permission::Administer),
        }
    }
}

/// A page for somebody who is signed in.
pub(super) fn page(context: &Context, place: Place, title: &str, content: &Markup) -> Html<String> {
    let language = context.language;
    let places = Place::ALL.into_iter().map(|each| (each, each.entry()));
    let navigation = html! {
        nav aria-label=(language.pick("Hoofdmenu", "Main menu")) {
            @for (each, (path, nl, en, needed)) in places {
                @if context.actor.may(needed) {
                    a href=(path) aria-current=[(each == place).then_some("page")] { (language.pick(nl, en)) }
                }
            }
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
