//! `/deliveries`: how the destinations stand, what is to leave and what was refused; and trying again.

use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::orders::{after, fault, not_understood, number};
use super::parts::{self, Tone, figures, words};
use super::search::link;
use super::words::Language;
use crate::access::Permission;
use crate::ledger::{Resend, RowState};
use crate::view::deliveries::{Attempt, Delivery, Destination, Failure, Filter, Shown, bound};
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/deliveries", get(list))
        .route("/deliveries/retry", post(try_destination))
        .route("/deliveries/{id}", get(one))
        .route("/deliveries/{id}/retry", post(retry))
}

/// Which deliveries are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// `waiting` (also when empty), `refused` or `sent`.
    state: String,
    /// Name of a destination; empty for all.
    destination: String,
    /// The number of the last row that was seen.
    after: String,
    /// What was done just now.
    done: Option<String>,
}

/// What the forms of this page send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Order {
    destination: String,
    reason: String,
}

const DONE: &[(&str, &str, &str)] = &[
    (
        "tried",
        "Wat wacht of geweigerd was gaat nu opnieuw, onder dezelfde nummers en met dezelfde inhoud; bij een open onderbreker eerst één als proef.",
        "What waits or was refused goes again now, under the same ids and with the same bytes; where the breaker is open one row goes first, as a probe.",
    ),
    (
        "again",
        "De geweigerde bezorging gaat opnieuw, onder hetzelfde nummer en met dezelfde inhoud.",
        "The refused delivery goes again, under the same id and with the same bytes.",
    ),
    (
        "sooner",
        "De bezorging wordt geprobeerd zodra hij aan de beurt is.",
        "The delivery is tried as soon as its turn comes.",
    ),
];

async fn list(context: Context, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    overview(&context, &asked, None).await
}

/// The page; with a reason that was not taken, of which destination it was, and what is wrong with it.
async fn overview(
    context: &Context,
    asked: &Asked,
    wrong: Option<(&str, &str, &str)>,
) -> Result<Html<String>, Refused> {
    let state = match asked.state.as_str() {
        "" => RowState::Waiting,
        word => RowState::parse(word).ok_or_else(|| not_understood(context))?,
    };
    let config = &context.site.config;
    let of = match asked.destination.as_str() {
        "" => None,
        name => Some(bound(config, name).ok_or_else(|| not_understood(context))?),
    };
    let after = after(context, &asked.after)?;
    let (site, filter) = (Arc::clone(&context.site), Filter { state, bound: of, after });
    let read = context
        .look(move |tx, now| Ok((tx.destinations_now(&site.config)?, tx.delivery_page(&filter, &site.config)?, now)));
    let (destinations, page, now) = read.await?;
    let language = context.language;
    let to = |state: &str, after: &str| {
        let query = [("state", state), ("destination", &asked.destination), ("after", after)];
        let set: Vec<&(&str, &str)> = query.iter().filter(|(_, value)| !value.is_empty()).collect();
        link("/deliveries", &set)
    };
    let next = page.next.as_deref().map(|next| to(state.as_str(), next));
    let (newer, older) = if state == RowState::Sent { (None, next) } else { (next, None) };
    let content = html! {
        (parts::done(language, asked.done.as_deref(), DONE))
        (parts::section("destinations", context.pick("Bestemmingen", "Destinations"), &table(context, &destinations, now)))
        @if context.actor.may(Permission::Replay) {
            (parts::section("try", context.pick("Nu proberen", "Try now"), &form(context, &destinations, wrong)))
        }
        (parts::tabs(context.pick("Welke", "Which"), RowState::ALL.map(|each| {
            (to(each.as_str(), ""), state_word(language, each.as_str()), each == state)
        })))
        @if !asked.destination.is_empty() {
            p { (context.pick("Alleen naar ", "Only to ")) strong { (asked.destination) } ". " a href="/deliveries" { (context.pick("Toon alles", "Show all")) } }
        }
        @if page.items.is_empty() {
            (parts::empty(context.pick("Er is geen bezorging in deze stand.", "No delivery stands like this.")))
        } @else {
            (rows(context, &page.items))
        }
        (parts::pager(language, newer.as_deref(), older.as_deref()))
    };
    Ok(layout::page(context, Place::Deliveries, Place::Deliveries.name(language), &content))
}

fn state_word(language: Language, state: &str) -> &'static str {
    match state {
        "refused" => language.pick("geweigerd", "refused"),
        "sent" => language.pick("bezorgd", "delivered"),
        _ => language.pick("wacht", "waiting"),
    }
}

fn state_badge(language: Language, state: &str) -> Markup {
    let tone = match state {
        "refused" => Tone::Bad,
        "sent" => Tone::Good,
        _ => Tone::Info,
    };
    parts::badge(tone, state_word(language, state))
}

fn table(context: &Context, all: &[Destination], now: Timestamp) -> Markup {
    let language = context.language;
    let columns = [
        words(context.pick("Bestemming", "Destination")),
        words(context.pick("Onderbreker", "Breaker")),
        figures(context.pick("Wacht", "Waiting")),
        figures(context.pick("Daarvan mislukt", "Of these failing")),
        figures(context.pick("Geweigerd", "Refused")),
        words(context.pick("Oudste", "Oldest")),
        words(context.pick("Laatste fout", "Last failure")),
    ];
    let rows = all.iter().map(|each| {
        vec![
            html! { a href=(link("/deliveries", &[("destination", &each.name)])) { (each.name) } },
            breaker(context, each, now),
            html! { (parts::count(language, each.waiting)) },
            html! { (parts::count(language, each.failing)) },
            html! { (parts::count(language, each.refused)) },
            each.oldest_at.map_or_else(|| html! { "–" }, |at| parts::age(language, now, at)),
            failure(context, each.last_failure.as_ref()),
        ]
    });
    parts::table(context.pick("Waar bezorgd wordt", "Where deliveries go"), &columns, rows)
}

fn breaker(context: &Context, each: &Destination, now: Timestamp) -> Markup {
    let language = context.language;
    let (tone, word) = match each.state.as_str() {
        "open" => (Tone::Bad, context.pick("open: er wordt niets geprobeerd", "open: nothing is tried")),
        "half-open" => (Tone::Warn, context.pick("half open: er loopt een proef", "half-open: a probe is under way")),
        _ => (Tone::Good, context.pick("dicht: bezorgt", "closed: delivers")),
    };
    html! {
        (parts::badge(tone, word))
        @if each.state != "closed" {
            @if let Some(since) = each.since { " " (context.pick("sinds", "since")) " " (parts::moment(language, since)) }
            @if let Some(next) = each.next_try {
                ", " @if next <= now { (context.pick("proef mag nu", "a probe may go now")) }
                @else { (context.pick("proef om", "a probe at")) " " (parts::moment(language, next)) }
            }
        } @else if let Some(ramp) = each.ramp {
            " " (context.pick("komt terug, tegelijk: ", "coming back, at a time: ")) (ramp)
        }
    }
}

fn failure(context: &Context, failure: Option<&Failure>) -> Markup {
    html! {
        @match failure {
            None => "–",
            Some(failure) => {
                @if let Some(at) = failure.at { (parts::moment(context.language, at)) " " }
                @if let Some(class) = &failure.class { (parts::badge(class_tone(class), class_word(context.language, class))) " " }
                span lang="en" { (failure.reason) }
            }
        }
    }
}

fn class_tone(class: &str) -> Tone {
    match class {
        "temporary" | "unknown" => Tone::Warn,
        _ => Tone::Bad,
    }
}

fn class_word(language: Language, class: &str) -> &'static str {
    match class {
        "temporary" => language.pick("tijdelijk", "temporary"),
        "unknown" => language.pick("onbekend of het aankwam", "unknown whether it arrived"),
        "data" => language.pick("deze bezorging", "this delivery"),
        "contract" => language.pick("adres of afspraak", "address or agreement"),
        _ => language.pick("vertrouwen", "trust"),
    }
}

fn rows(context: &Context, all: &[Delivery]) -> Markup {
    let language = context.language;
    let columns = [
        words(context.pick("Bezorging", "Delivery")),
        words(context.pick("Aan", "To")),
        words(context.pick("Bestemming", "Destination")),
        words(context.pick("Bericht", "Message")),
        words(context.pick("Geschreven", "Written")),
        figures(context.pick("Pogingen", "Attempts")),
        words(context.pick("Laatste fout", "Last failure")),
    ];
    let rows = all.iter().map(|each| {
        vec![
            html! { a href=(format!("/deliveries/{}", each.id)) { (what(language, &each.purpose, &each.subject)) } },
            html! { (receiver(context, each)) },
            html! { (each.destination) },
            message(each),
            parts::moment(language, each.created_at),
            html! { (each.attempts) },
            failure(context, each.last_failure.as_ref()),
        ]
    });
    parts::table(context.pick("Bezorgingen", "Deliveries"), &columns, rows)
}

fn receiver<'a>(context: &'a Context, each: &'a Delivery) -> &'a str {
    if each.receiver.is_empty() { context.pick("onbekend", "unknown") } else { &each.receiver }
}

fn message(each: &Delivery) -> Markup {
    html! { @match each.message { Some(id) => { a href=(format!("/messages/{id}")) { (id) } }, None => "–" } }
}

/// What leaves: why, and which kind of message or which check. An error report is of no kind.
pub(super) fn what(language: Language, purpose: &str, subject: &str) -> String {
    let word = match purpose {
        "reply" => language.pick("Antwoord", "Reply"),
        "forward" => language.pick("Doorgifte", "Forward"),
        "error" => language.pick("Foutmelding", "Error report"),
        _ => language.pick("Signaal", "Signal"),
    };
    if subject == purpose { word.to_owned() } else { format!("{word} {subject}") }
}

fn form(context: &Context, destinations: &[Destination], wrong: Option<(&str, &str, &str)>) -> Markup {
    let names: Vec<(&str, &str)> = destinations.iter().map(|each| (each.name.as_str(), each.name.as_str())).collect();
    let chosen = wrong.map_or_else(|| names.first().map_or("", |(name, _)| name), |(name, ..)| name);
    let label = context.pick("Bestemming", "Destination");
    let field = parts::Field::new("destination", label, chosen, parts::Entry::Choice(&names)).required();
    parts::order(
        context,
        &parts::Order {
            id: "try-now",
            action: "/deliveries/retry",
            what: html! { p {
                (context.pick(
                    "Alles wat naar deze bestemming geweigerd is gaat opnieuw, wat wacht wordt meteen geprobeerd, en een open onderbreker laat nu een proef door.",
                    "All that was refused by this destination goes again, what waits is tried at once, and an open breaker lets a probe through now.",
                ))
            } },
            fields: parts::field(&field),
            reason: wrong.map_or("", |(_, reason, _)| reason),
            fault: wrong.map(|(.., fault)| fault),
            button: context.pick("Probeer nu", "Try now"),
            is_grave: false,
        },
    )
}

async fn try_destination(posted: Posted<Order>) -> Result<Response, Refused> {
    let Posted { context, fields } = posted;
    context.needs(Permission::Replay)?;
    let Order { destination, reason } = fields;
    let of = bound(&context.site.config, &destination).ok_or_else(|| context.missing())?;
    if let Some(fault) = fault(context.language, &reason) {
        let page = overview(&context, &Asked::default(), Some((&destination, &reason, fault))).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let (by, reason) = (context.actor.name.clone(), reason.trim().to_owned());
    let resent = context.order(move |tx, at| tx.resend_all(&destination, &of, &Resend { reason, by, at })).await?;
    if resent.again.is_empty() && resent.sooner == 0 && !resent.probe {
        return Err(context.cannot(
            StatusCode::CONFLICT,
            "Er is niets gedaan: er was niets geweigerd, niets wacht op een volgende poging en de onderbreker is dicht.",
            "Nothing was done: nothing was refused, nothing waits for another attempt and the breaker is closed.",
        ));
    }
    Ok(Redirect::to("/deliveries?done=tried").into_response())
}

async fn find(context: &Context, id: &str) -> Result<Shown, Refused> {
    let (id, site) = (number(context, id)?, Arc::clone(&context.site));
    let shown = context.look(move |tx, _| tx.delivery_one(id, &site.config)).await?;
    shown.ok_or_else(|| context.missing())
}

async fn one(context: Context, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let shown = find(&context, &id).await?;
    Ok(show(&context, &shown, asked.done.as_deref(), None))
}

fn show(context: &Context, shown: &Shown, done: Option<&str>, wrong: Option<(&str, &str)>) -> Html<String> {
    let (language, each) = (context.language, &shown.delivery);
    let title = what(language, &each.purpose, &each.subject);
    let mut facts = vec![
        (context.pick("Stand", "State"), state_badge(language, &each.state)),
        (context.pick("Aan", "To"), html! { (receiver(context, each)) }),
        (context.pick("Bestemming", "Destination"), html! { (each.destination) }),
        (context.pick("Bericht", "Message"), message(each)),
        (context.pick("Geschreven", "Written"), parts::moment(language, each.created_at)),
        (context.pick("Nummer bij elke poging", "Id of each attempt"), html! { span.code { (each.uuid) } }),
    ];
    for (nl, en, at) in [
        ("Opnieuw opgedragen", "Sent again at", each.resent_at),
        ("Afgerond", "Ended", each.ended_at),
        ("Volgende poging vanaf", "Next attempt from", each.due_at),
    ] {
        if let Some(at) = at {
            facts.push((context.pick(nl, en), parts::moment(language, at)));
        }
    }
    let content = html! {
        (parts::breadcrumb(language, &[("/deliveries", Place::Deliveries.name(language))], &title))
        (parts::done(language, done, DONE))
        (parts::section("delivery", context.pick("Bezorging", "Delivery"), &parts::facts(facts)))
        (parts::section("attempts", context.pick("Pogingen", "Attempts"), &attempts(context, &shown.attempts)))
        @if each.state != "sent" && context.actor.may(Permission::Replay) {
            (parts::section("retry", context.pick("Opnieuw proberen", "Try again"), &again(context, each, wrong)))
        }
    };
    layout::page(context, Place::Deliveries, &title, &content)
}

fn attempts(context: &Context, all: &[Attempt]) -> Markup {
    if all.is_empty() {
        return parts::empty(context.pick("Er is nog niets geprobeerd.", "Nothing was tried yet."));
    }
    let columns = [
        figures(context.pick("Poging", "Attempt")),
        words(context.pick("Wanneer", "When")),
        words(context.pick("Uitkomst", "Outcome")),
        words(context.pick("Fout", "Failure")),
        words(context.pick("Volgende vanaf", "Next from")),
    ];
    let language = context.language;
    let rows = all.iter().map(|each| {
        let outcome = match each.outcome.as_str() {
            "sent" => parts::badge(Tone::Good, context.pick("aangenomen", "taken")),
            "refused" => parts::badge(Tone::Bad, context.pick("geweigerd, terzijde gelegd", "refused, set aside")),
            _ => parts::badge(Tone::Warn, context.pick("mislukt", "failed")),
        };
        let failure = each.failure.as_ref().map(|failure| Failure { at: None, ..failure.clone() });
        vec![
            html! { (each.number) },
            parts::moment(language, each.at),
            outcome,
            self::failure(context, failure.as_ref()),
            each.retry_at.map_or_else(|| html! { "–" }, |at| parts::moment(language, at)),
        ]
    });
    parts::table(context.pick("Pogingen, één voor één", "Attempts, one by one"), &columns, rows)
}

fn again(context: &Context, each: &Delivery, wrong: Option<(&str, &str)>) -> Markup {
    let (reason, fault) = wrong.unzip();
    parts::order(
        context,
        &parts::Order {
            id: "again",
            action: &format!("/deliveries/{}/retry", each.id),
            what: html! { p {
                (context.pick(
                    "Gaat opnieuw onder hetzelfde nummer en met dezelfde inhoud, zodra het aan de beurt is.",
                    "Goes again under the same id and with the same bytes, as soon as its turn comes.",
                ))
            } },
            fields: html! {},
            reason: reason.unwrap_or_default(),
            fault,
            button: context.pick("Probeer opnieuw", "Try again"),
            is_grave: false,
        },
    )
}

async fn retry(Path(id): Path<String>, posted: Posted<Order>) -> Result<Response, Refused> {
    let Posted { context, fields } = posted;
    context.needs(Permission::Replay)?;
    let shown = find(&context, &id).await?;
    if let Some(fault) = fault(context.language, &fields.reason) {
        let page = show(&context, &shown, None, Some((&fields.reason, fault)));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let uuid = Uuid::parse_str(&shown.delivery.uuid).map_err(|_| context.missing())?;
    let (by, reason) = (context.actor.name.clone(), fields.reason.trim().to_owned());
    let resent = context.order(move |tx, at| tx.resend(&[uuid], &Resend { reason, by, at })).await?;
    if !resent.sent.is_empty() || !resent.unknown.is_empty() {
        return Err(context.cannot(
            StatusCode::CONFLICT,
            "Er is niets gedaan: de andere kant heeft deze bezorging al.",
            "Nothing was done: the other side has this delivery already.",
        ));
    }
    let done = if resent.again.is_empty() { "sooner" } else { "again" };
    Ok(Redirect::to(&format!("/deliveries/{}?done={done}", shown.delivery.id)).into_response())
}
