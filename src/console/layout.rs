//! The frame of all pages: header, navigation, language, what is wrong with the gateway right now, and footer.

use super::context::{Context, LANGUAGE_COOKIE};
use super::parts::{self, Tone};
use super::words::Language;
use crate::access::Permission;
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

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

/// The navigation: groups with a name in Dutch and in English, in the order in which they are shown.
const GROUPS: [(&str, &str, &[Place]); 4] = [
    ("Verkeer", "Traffic", &[Place::Overview, Place::Messages, Place::Allocations, Place::Trial]),
    ("Te doen", "To do", &[Place::Held, Place::Parked, Place::Deliveries]),
    ("Contracten", "Contracts", &[Place::Signals, Place::Budgets, Place::Providers]),
    ("Beheer", "Operation", &[Place::Health, Place::Audit, Place::Accounts]),
];

impl Place {
    /// Path, name in Dutch and in English, and what is needed to see it.
    pub(super) fn entry(self) -> (&'static str, &'static str, &'static str, Permission) {
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

    /// Its path.
    pub(super) fn path(self) -> &'static str {
        self.entry().0
    }

    /// Its name.
    pub(super) fn name(self, language: Language) -> &'static str {
        let (_, nl, en, _) = self.entry();
        language.pick(nl, en)
    }

    /// What is needed to see it.
    pub(super) fn permission(self) -> Permission {
        self.entry().3
    }
}

/// A page for somebody who is signed in.
pub(super) fn page(context: &Context, place: Place, title: &str, content: &Markup) -> Html<String> {
    let language = context.language;
    // How the gateway itself is doing is told to those who may look at it.
    let is_staff = context.actor.may(Permission::View);
    let frame = Frame {
        language,
        title,
        next: Some(&context.here),
        gateway: &context.site.config.gateway.name,
        who: html! {
            a.who href="/account" { (context.actor.name) }
            (context.form("/logout", &html! { button.quiet type="submit" { (context.pick("Afmelden", "Sign out")) } }))
        },
        navigation: navigation(context, place),
        banner: if is_staff {
            banner(context)
        } else {
            html! {}
        },
        footer: if is_staff { footer(context) } else { plain_footer() },
        has_menu: true,
    };
    frame.page(content)
}

/// A page without navigation: errors and signing in.
pub(super) fn bare(language: Language, title: &str, name: Option<&str>, content: &Markup) -> Html<String> {
    let frame = Frame {
        language,
        title,
        next: None,
        gateway: "",
        who: html! { @if let Some(name) = name { span.who { (name) } } },
        navigation: html! {},
        banner: html! {},
        footer: plain_footer(),
        has_menu: false,
    };
    frame.page(content)
}

/// A page that says why something is not shown or done.
pub(super) fn refusal(language: Language, status: StatusCode, name: Option<&str>, sentence: &str) -> Response {
    let title = match language {
        Language::Nl => in_dutch(status),
        Language::En => status.canonical_reason().unwrap_or("Error"),
    };
    let content = html! {
        p.refused role="alert" { (sentence) }
        p { a href="/" { (language.pick("Naar het overzicht", "To the overview")) } }
    };
    (status, bare(language, title, name, &content)).into_response()
}

/// What a status is called, for those who know no other name of it.
fn in_dutch(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Niet te begrijpen",
        StatusCode::FORBIDDEN => "Niet toegestaan",
        StatusCode::NOT_FOUND => "Niet gevonden",
        StatusCode::METHOD_NOT_ALLOWED => "Kan zo niet",
        StatusCode::REQUEST_TIMEOUT => "Te laat",
        StatusCode::CONFLICT => "Kan niet meer",
        StatusCode::PAYLOAD_TOO_LARGE => "Te groot",
        StatusCode::UNPROCESSABLE_ENTITY => "Kan niet",
        StatusCode::TOO_MANY_REQUESTS => "Te vaak",
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => "Nu niet bereikbaar",
        _ => "Dit ging mis",
    }
}

fn navigation(context: &Context, place: Place) -> Markup {
    let language = context.language;
    let groups = GROUPS.iter().map(|(nl, en, places)| {
        let shown = places.iter().copied().filter(|each| context.actor.may(each.permission()));
        (language.pick(nl, en), shown.collect::<Vec<Place>>())
    });
    html! {
        nav.menu aria-label=(language.pick("Hoofdmenu", "Main menu")) {
            @for (at, (name, places)) in groups.enumerate().filter(|(_, (_, places))| !places.is_empty()) {
                span.group id=(format!("menu-{at}")) { (name) }
                ul aria-labelledby=(format!("menu-{at}")) {
                    @for each in places {
                        li { a href=(each.path()) aria-current=[(each == place).then_some("page")] { (each.name(language)) } }
                    }
                }
            }
        }
    }
}

/// What does not work at this moment, on every page: whoever looks elsewhere learns of it too.
fn banner(context: &Context) -> Markup {
    let components = context.site.telemetry.components();
    let down: Vec<&str> = components.iter().filter(|(_, state)| !state.up).map(|(name, _)| name.as_str()).collect();
    if down.is_empty() {
        return html! {};
    }
    parts::notice(
        Tone::Bad,
        &html! {
            strong { (context.pick("De gateway werkt nu niet volledig: ", "The gateway does not work in full right now: ")) }
            (down.join(", ")) ". "
            a href=(Place::Health.path()) { (context.pick("Wat er is en wat te doen", "What it is and what to do")) }
        },
    )
}

fn footer(context: &Context) -> Markup {
    let contracts = context.site.registers.in_force().now();
    html! {
        p {
            "Sluis " (env!("CARGO_PKG_VERSION"))
            @for register in contracts.registers() {
                " · " (context.pick("register", "register")) " " (register.region.id) " " code { (shortened(&register.version)) }
            }
        }
    }
}

fn plain_footer() -> Markup {
    html! { p { "Sluis " (env!("CARGO_PKG_VERSION")) } }
}

/// The start of a version, as people read it to one another.
pub(super) fn shortened(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}

struct Frame<'a> {
    language: Language,
    title: &'a str,
    /// Where to be after the language was chosen.
    next: Option<&'a str>,
    gateway: &'a str,
    who: Markup,
    navigation: Markup,
    banner: Markup,
    footer: Markup,
    has_menu: bool,
}

impl Frame<'_> {
    fn page(&self, content: &Markup) -> Html<String> {
        let language = self.language;
        let page = html! {
            (DOCTYPE)
            html lang=(language.as_str()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Sluis" @if !self.gateway.is_empty() { " · " (self.gateway) } }
                    link rel="icon" type="image/svg+xml" href="/console.svg";
                    link rel="stylesheet" href=(STYLE.url);
                }
                body class=[(!self.has_menu).then_some("bare")] {
                    a.skip href="#content" { (language.pick("Naar de inhoud", "Skip to content")) }
                    header.top {
                        a.brand href="/" { "Sluis" }
                        @if !self.gateway.is_empty() { span.gateway { (self.gateway) } }
                        div.visit { (languages(language, self.next)) (self.who) }
                    }
                    (self.navigation)
                    main #content tabindex="-1" { (self.banner) h1 { (self.title) } (content) }
                    footer { (self.footer) }
                }
            }
        };
        Html(page.into_string())
    }
}

/// The languages, that of the page marked.
fn languages(shown: Language, next: Option<&str>) -> Markup {
    html! {
        nav.languages aria-label=(shown.pick("Taal", "Language")) {
            @for (language, name) in [(Language::Nl, "Nederlands"), (Language::En, "English")] {
                a href=(switch(language, next)) lang=(language.as_str()) hreflang=(language.as_str()) title=(name)
                    aria-label=(name) aria-current=[(language == shown).then_some("true")] { (language.as_str().to_uppercase()) }
            }
        }
    }
}

fn switch(language: Language, next: Option<&str>) -> String {
    let pairs = [("to", language.as_str()), ("next", next.unwrap_or_default())];
    let query = serde_urlencoded::to_string(&pairs[..if next.is_some() { 2 } else { 1 }]).unwrap_or_default();
    format!("/language?{query}")
}

#[derive(Deserialize)]
pub(super) struct Choice {
    to: Option<String>,
    next: Option<String>,
}

/// `/language?to=en&next=/held`: keeps the language that was chosen, and goes back to where it was chosen. Everybody may.
pub(super) async fn choose_language(Query(choice): Query<Choice>, headers: HeaderMap) -> Response {
    let came_from = || {
        let address = headers.get(header::REFERER)?.to_str().ok()?;
        let (_, rest) = address.split_once("://")?;
        rest.find('/').map(|at| rest[at..].to_owned())
    };
    let next = choice.next.or_else(came_from).filter(|next| is_local(next)).unwrap_or_else(|| "/".to_owned());
    let mut response = Redirect::to(&next).into_response();
    if let Some(language) = choice.to.as_deref().and_then(Language::parse) {
        // A year; it says nothing about anybody.
        let cookie =
            format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", language.as_str());
        response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(cookie).expect("two letters fit"));
    }
    response
}

/// Whether that is a path of this site: nothing that a browser could take for the name of another machine.
pub(super) fn is_local(path: &str) -> bool {
    let second = path.chars().nth(1);
    path.starts_with('/')
        && !matches!(second, Some('/' | '\\'))
        && path.chars().all(|letter| letter.is_ascii_graphic() && letter != '\\')
}

/// The one stylesheet. Its address changes with its content, so that a browser keeps it as long as it is good.
struct Style {
    text: &'static str,
    url: String,
}

static STYLE: LazyLock<Style> = LazyLock::new(|| {
    let text = include_str!("console.css");
    let digest = hex::encode(Sha256::digest(text));
    Style { text, url: format!("/console.css?v={}", &digest[..16]) }
});

/// The stylesheet.
pub(super) async fn stylesheet(request: Request) -> impl IntoResponse {
    let is_this = request.uri().path_and_query().is_some_and(|path| path.as_str() == STYLE.url);
    let keep = if is_this { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, keep)], STYLE.text)
}

/// The picture in the tab of a browser.
pub(super) async fn icon() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")],
        include_str!("console.svg"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::web::testing::{ask, see, site};
    use axum::http::Method;
    use std::collections::BTreeMap;

    #[test]
    fn every_page_stands_in_the_navigation_once() {
        let mut paths: Vec<&str> = GROUPS.iter().flat_map(|(.., places)| *places).map(|place| place.path()).collect();
        paths.sort_unstable();
        let count = paths.len();
        paths.dedup();
        assert_eq!((paths.len(), count), (13, 13));
    }

    #[tokio::test]
    async fn the_navigation_shows_what_a_role_may_see() {
        let site = site();
        let (_, viewer) = see(&site, &[Role::Viewer], "/").await;
        assert!(viewer.contains("href=\"/held\"") && !viewer.contains("href=\"/audit\""), "{viewer}");
        assert!(!viewer.contains("Contracten"), "a group without pages is not named: {viewer}");
        assert!(viewer.contains("<a href=\"/\" aria-current=\"page\">Overzicht</a>"), "{viewer}");
        let (_, all) = see(&site, &Role::ALL, "/").await;
        for (.., places) in GROUPS {
            for place in places {
                assert!(all.contains(&format!("href=\"{}\"", place.path())), "{place:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_component_that_is_down_is_told_on_every_page() {
        let site = site();
        let (_, body) = see(&site, &[Role::Viewer], "/").await;
        assert!(!body.contains("niet volledig"), "{body}");
        site.telemetry.component("amqp").down("connection refused");
        let (_, body) = see(&site, &[Role::Viewer], "/").await;
        assert!(body.contains("De gateway werkt nu niet volledig") && body.contains("amqp"), "{body}");
    }

    #[tokio::test]
    async fn the_language_is_kept_and_leads_back() {
        let site = site();
        let to = |path: &'static str| {
            let site = site.clone();
            async move { ask(&site, None, Method::GET, path, "").await }
        };
        let (status, headers, _) = to("/language?to=en&next=%2Fheld%3Flaw%3Dwmo").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(headers[header::LOCATION], "/held?law=wmo");
        assert!(headers[header::SET_COOKIE].to_str().expect("text").starts_with("sluis_language=en;"));
        for elsewhere in
            ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "held", "/a%0d%0ab"]
        {
            let path: &'static str = Box::leak(format!("/language?to=nl&next={elsewhere}").into_boxed_str());
            let (status, headers, _) = to(path).await;
            assert_eq!((status, &headers[header::LOCATION]), (StatusCode::SEE_OTHER, &HeaderValue::from_static("/")));
        }
        let (_, headers, _) = to("/language?to=klingon").await;
        assert!(!headers.contains_key(header::SET_COOKIE), "an unknown language changes nothing");
    }

    #[tokio::test]
    async fn the_stylesheet_is_kept_under_the_address_that_pages_name() {
        let site = site();
        let (_, page) = see(&site, &[Role::Viewer], "/").await;
        assert!(page.contains(&STYLE.url), "{page}");
        let (status, headers, _) = ask(&site, None, Method::GET, &STYLE.url, "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers[header::CACHE_CONTROL].to_str().expect("text").contains("immutable"));
        let (_, headers, _) = ask(&site, None, Method::GET, "/console.css?v=other", "").await;
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        let (status, _, icon) = ask(&site, None, Method::GET, "/console.svg", "").await;
        assert!(status == StatusCode::OK && icon.starts_with("<svg"));
    }

    /// Colours of one scheme by name, as the stylesheet sets them.
    fn colours(block: &str) -> BTreeMap<&str, [f64; 3]> {
        let settings = block.split(';').filter_map(|setting| setting.split_once(':'));
        let settings = settings.map(|(name, value)| (name.trim(), value.trim()));
        let colour = |value: &str| -> Option<[f64; 3]> {
            let hex = value.strip_prefix('#').filter(|hex| hex.len() == 6)?;
            let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok().map(f64::from);
            Some([part(0)?, part(2)?, part(4)?])
        };
        settings.filter_map(|(name, value)| Some((name.strip_prefix("--")?, colour(value)?))).collect()
    }

    /// Contrast of two colours as WCAG 2 defines it.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let [r, g, b] = colour.map(|part| {
                let part = part / 255.0;
                if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_both_schemes() {
        let block = |from: &str| {
            let rest = &STYLE.text[STYLE.text.find(from).expect("the scheme is there") + from.len()..];
            colours(&rest[..rest.find('}').expect("it ends")])
        };
        let (light, dark) = (block(":root {"), block("(prefers-color-scheme: dark) {\n    :root {"));
        assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().collect::<Vec<_>>(), "each colour has two forms");
        for (scheme, colours) in [("light", &light), ("dark", &dark)] {
            let grounds = ["ground", "panel", "sunk"];
            let inks = ["ink", "soft", "link", "good", "warn", "bad", "info"];
            let pairs = grounds.into_iter().flat_map(|ground| inks.map(|ink| (ink, ground)));
            let tinted = ["good", "warn", "bad", "info"];
            let pale = ["good-pale", "warn-pale", "bad-pale", "info-pale"];
            let pairs = pairs.chain(tinted.into_iter().zip(pale)).chain(pale.map(|pale| ("ink", pale)));
            let pairs = pairs.chain([("top-ink", "top"), ("top-soft", "top"), ("button-ink", "accent")]);
            for (ink, ground) in pairs.chain([("button-ink", "grave"), ("link", "chosen"), ("ink", "chosen")]) {
                let found = contrast(colours[ink], colours[ground]);
                assert!(found >= 4.5, "{scheme}: {ink} on {ground} has a contrast of {found:.2}");
            }
            for part in ["good-bar", "warn-bar", "bad-bar", "info-bar", "plain-bar", "accent", "edge-strong"] {
                let found = contrast(colours[part], colours["panel"]);
                assert!(found >= 3.0, "{scheme}: {part} on a panel has a contrast of {found:.2}");
            }
        }
    }
}
