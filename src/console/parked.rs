//! `/parked`: messages that are set aside, the evidence, and judging them anew.

use super::context::{Context, Posted, Refused};
use super::deliveries::what;
use super::layout::{self, Place};
use super::orders::{self, Asked, Reason, after, fault, municipality, number, party, provider, when};
use super::parts::{self, Tone, figures, words};
use crate::access::Permission;
use crate::decision::Verdict;
use crate::ledger::AboutParked;
use crate::replay::{Intent, Replay};
use crate::view::parked::{Departure, Evidence, Judged, Parked, ReplayOrdered, Shown, Why};
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/parked", get(list)).route("/parked/{id}", get(one)).route("/parked/{id}/replay", post(replay))
}

async fn list(context: Context, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let after = after(&context, &asked.after)?;
    let page = context.look(move |tx, _| tx.parked_page(after)).await?;
    let next = page.next.as_deref().map(|next| format!("/parked?after={next}"));
    let content = html! {
        @if page.items.is_empty() {
            (parts::empty(context.pick("Er is niets terzijde gelegd.", "Nothing is set aside.")))
        } @else {
            (table(&context, &page.items))
        }
        (parts::pager(context.language, next.as_deref(), None))
    };
    Ok(layout::page(&context, Place::Parked, Place::Parked.name(context.language), &content))
}

fn title(context: &Context, parked: &Parked) -> String {
    let kind = parked.kind.as_deref().unwrap_or(context.pick("Onleesbaar", "Unread"));
    match &parked.identification {
        Some(identification) => format!("{kind} {identification}"),
        None => format!("{kind} {}", parked.id),
    }
}

fn why(context: &Context, why: Why) -> &'static str {
    context.language.pick(why.nl(), why.en())
}

fn table(context: &Context, all: &[Parked]) -> Markup {
    let columns = [
        words(context.pick("Bericht", "Message")),
        words(context.pick("Sinds", "Since")),
        words(context.pick("Partijen", "Parties")),
        words(context.pick("Waarom", "Why")),
        figures(context.pick("Opnieuw beoordeeld", "Judged anew")),
        words(context.pick("Stand", "State")),
    ];
    let rows = all.iter().map(|parked| {
        vec![
            html! { a href=(format!("/parked/{}", parked.id)) { (title(context, parked)) } },
            parts::moment(context.language, parked.received_at),
            parties(context, parked),
            html! { @if let Some(each) = parked.why { (why(context, each)) } },
            html! { (parked.runs) },
            state(context, parked),
        ]
    });
    let caption = context.pick(
        "Berichten waar de gateway of de wereld op vastliep; het oudste staat boven",
        "Messages that the gateway or the world failed on; the oldest comes first",
    );
    parts::table(caption, &columns, rows)
}

fn parties(context: &Context, parked: &Parked) -> Markup {
    match (&parked.gemeente, &parked.aanbieder, &parked.sender) {
        (Some(gemeente), Some(aanbieder), _) => {
            html! { (municipality(context, gemeente)) " · " (provider(context, aanbieder)) }
        }
        (_, _, Some(sender)) => html! { (context.pick("zegt van ", "says to come from ")) (sender) },
        _ => html! { "–" },
    }
}

fn state(context: &Context, parked: &Parked) -> Markup {
    match &parked.under_way {
        Some(order) => html! {
            (parts::badge(Tone::Info, context.pick("opnieuw beoordelen", "judge anew")))
            " " (context.pick("opgedragen door", "ordered by")) " " (order.by)
        },
        None => parts::verdict(context.language, parked.verdict),
    }
}

async fn one(context: Context, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let shown = find(&context, &id).await?;
    Ok(show(&context, &shown, asked.done.as_deref(), None))
}

async fn find(context: &Context, id: &str) -> Result<Shown, Refused> {
    let id = number(context, id)?;
    let shown = context.look(move |tx, _| tx.parked_one(id)).await?;
    shown.ok_or_else(|| context.missing())
}

fn show(context: &Context, shown: &Shown, done: Option<&str>, wrong: Option<(&str, &str)>) -> Html<String> {
    let (language, parked) = (context.language, &shown.parked);
    let title = title(context, parked);
    let may_order = parked.verdict == Verdict::Parked && parked.under_way.is_none();
    let content = html! {
        (parts::breadcrumb(language, &[("/parked", Place::Parked.name(language))], &title))
        (parts::done(language, done, &[
            ("replay", "De opdracht staat in het grootboek; de gateway voert hem binnen een paar tellen uit. Ververs deze pagina voor de uitkomst.",
                "The order stands in the ledger; the gateway carries it out within seconds. Reload this page for what became of it."),
        ]))
        (parts::section("message", context.pick("Bericht", "Message"), &about(context, parked)))
        (parts::section("evidence", context.pick("Bewijs", "Evidence"), &evidence(context, shown)))
        @if !shown.orders.is_empty() {
            (parts::section("orders", context.pick("Opdrachten", "Orders"), &ordered(context, &shown.orders)))
        }
        @if !shown.runs.is_empty() {
            (parts::section("runs", context.pick("Opnieuw beoordeeld", "Judged anew"), &runs(context, &shown.runs)))
        }
        @if !shown.departures.is_empty() {
            (parts::section("departures", context.pick("Wat erdoor vertrok", "What left because of it"), &departures(context, &shown.departures)))
        }
        @if may_order && context.actor.may(Permission::Replay) {
            (parts::section("decide", context.pick("Opnieuw beoordelen", "Judge anew"), &order(context, parked, wrong)))
        }
    };
    layout::page(context, Place::Parked, &title, &content)
}

fn about(context: &Context, parked: &Parked) -> Markup {
    let language = context.language;
    let mut facts = vec![
        (context.pick("Stand", "State"), state(context, parked)),
        (context.pick("Bericht", "Message"), html! { a href=(format!("/messages/{}", parked.id)) { (parked.id) } }),
        (context.pick("Partijen", "Parties"), parties(context, parked)),
        (context.pick("Ontvangen", "Received"), parts::moment(language, parked.received_at)),
        (context.pick("Transport", "Transport"), html! { (parked.transport) " · " (parked.delivery) }),
        (context.pick("Niveau", "Level"), html! { (parked.level) }),
    ];
    if let Some(each) = parked.why {
        facts.push((context.pick("Waarom", "Why"), html! { (why(context, each)) }));
    }
    parts::facts(facts)
}

fn evidence(context: &Context, shown: &Shown) -> Markup {
    html! {
        @if shown.findings.is_empty() {
            (parts::empty(context.pick("Er zijn geen bevindingen.", "There are no findings.")))
        } @else {
            (findings(context, &shown.findings))
        }
        @if shown.more_findings > 0 {
            p { (context.pick("Verdere bevindingen: ", "Further findings: ")) (shown.more_findings) }
        }
        p.soft {
            (context.pick(
                "De inhoud staat hier niet: die kan persoonsgegevens bevatten. Wie dat mag bekijkt haar bij het bericht zelf, met een reden.",
                "What it holds is not shown here: it may be personal. Who may looks at it with the message itself, with a reason.",
            ))
        }
    }
}

fn findings(context: &Context, findings: &[Evidence]) -> Markup {
    let columns = [
        words(context.pick("Regel", "Rule")),
        words(context.pick("Code", "Code")),
        words(context.pick("Plaats", "Place")),
        words(context.pick("Bevinding", "Finding")),
    ];
    let rows = findings.iter().map(|each| {
        vec![
            html! { (each.rule) },
            html! { (each.code.as_deref().unwrap_or("–")) },
            html! { (each.line) ":" (each.column) },
            html! { (context.language.pick(&each.nl, &each.en)) },
        ]
    });
    parts::table(
        context.pick("Bevindingen, zonder waarden van personen", "Findings, without values of persons"),
        &columns,
        rows,
    )
}

fn ordered(context: &Context, all: &[ReplayOrdered]) -> Markup {
    let rows = all.iter().map(|order| {
        let word = match Intent::parse(&order.intent) {
            Some(Intent::Resend) => context.pick("opnieuw verzenden", "send again"),
            _ => context.pick("opnieuw beoordelen", "judge anew"),
        };
        let outcome = match (order.done_at, &order.answer) {
            (Some(at), answer) => html! {
                (parts::moment(context.language, at)) br; small lang="en" { (answer.as_deref().unwrap_or_default()) }
            },
            (None, _) => orders::not_yet(context),
        };
        vec![
            html! { (word) " (" (order.selection) ")" },
            parts::moment(context.language, order.at),
            html! { (order.by) },
            html! { (order.reason) },
            outcome,
        ]
    });
    let caption =
        context.pick("Wat erover is opgedragen, met de selectie", "What was ordered about it, with the selection");
    parts::table(caption, &orders::columns(context), rows)
}

fn runs(context: &Context, runs: &[Judged]) -> Markup {
    let columns = [
        words(context.pick("Wanneer", "When")),
        words(context.pick("Uitkomst", "Outcome")),
        words(context.pick("Regels", "Rules")),
        words(context.pick("Register", "Register")),
        words(context.pick("Door", "By")),
        words(context.pick("Reden", "Reason")),
    ];
    let rows = runs.iter().map(|run| {
        vec![
            parts::moment(context.language, run.at),
            html! {
                (parts::verdict(context.language, run.verdict))
                @if !run.took_effect { " " (context.pick("(niets veranderd)", "(nothing changed)")) }
            },
            html! { (run.rules.iter().map(String::as_str).collect::<Vec<_>>().join(" ")) },
            html! { (run.register_version.as_deref().unwrap_or("–")) },
            html! { (run.by) },
            html! { (run.reason) },
        ]
    });
    parts::table(context.pick("Beoordelingen na de eerste", "Judgings after the first"), &columns, rows)
}

fn departures(context: &Context, departures: &[Departure]) -> Markup {
    let columns = [
        words(context.pick("Wat", "What")),
        words(context.pick("Aan", "To")),
        figures(context.pick("Pogingen", "Attempts")),
        words(context.pick("Aangenomen", "Taken")),
    ];
    let rows = departures.iter().map(|each| {
        let taken = each.sent_at.map_or_else(
            || parts::badge(Tone::Info, context.pick("nog niet", "not yet")),
            |at| parts::moment(context.language, at),
        );
        vec![
            html! { (what(context.language, &each.purpose, &each.subject)) },
            html! { @if each.receiver.is_empty() { "–" } @else { (party(context, &each.receiver)) } },
            html! { (each.attempts) },
            taken,
        ]
    });
    parts::table(context.pick("Vertrokken of te vertrekken", "Left or to leave"), &columns, rows)
}

fn order(context: &Context, parked: &Parked, wrong: Option<(&str, &str)>) -> Markup {
    let (reason, fault) = wrong.unzip();
    parts::order(
        context,
        &parts::Order {
            id: "replay",
            action: &format!("/parked/{}/replay", parked.id),
            what: html! { p {
                (context.pick(
                    "Het bericht wordt beoordeeld naar de regels, het register en de feiten van nu, en wordt wat daaruit komt: met zijn antwoord, één keer. Blijft het onleesbaar, dan verandert er niets en kan het nog eens.",
                    "The message is judged by the rules, the register and the facts of now, and becomes what comes of it: with its reply, once. If it stays unreadable nothing changes, and it may be tried again.",
                ))
            } },
            fields: html! {},
            reason: reason.unwrap_or_default(),
            fault,
            button: context.pick("Beoordeel opnieuw", "Judge anew"),
            is_grave: false,
        },
    )
}

async fn replay(Path(id): Path<String>, posted: Posted<Reason>) -> Result<Response, Refused> {
    let Posted { context, fields } = posted;
    context.needs(Permission::Replay)?;
    let message_id = number(&context, &id)?;
    if let Some(fault) = fault(context.language, &fields.reason) {
        let shown = find(&context, &id).await?;
        let page = show(&context, &shown, None, Some((&fields.reason, fault)));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let (reason, by) = (fields.reason.trim().to_owned(), context.actor.name.clone());
    let replay = Replay { intent: Intent::Judge, again: false, reason, by };
    match context.order(move |tx, now| tx.order_parked(message_id, &replay, now)).await? {
        AboutParked::Given(_) => Ok(Redirect::to(&format!("/parked/{message_id}?done=replay")).into_response()),
        AboutParked::Unknown => Err(context.missing()),
        about => Err(told(&context, message_id, about)),
    }
}

/// Why nothing was ordered.
fn told(context: &Context, id: i64, about: AboutParked) -> Refused {
    let (nl, en) = match about {
        AboutParked::UnderWay(order) => (
            format!(
                "Er is niets gedaan: {} gaf op {} al opdracht over bericht {id} („{}”). De gateway voert die nog uit.",
                order.by,
                when(order.at),
                order.reason
            ),
            format!(
                "Nothing was done: {} gave an order about message {id} at {} already (“{}”). The gateway is yet to carry it \
                 out.",
                order.by,
                when(order.at),
                order.reason
            ),
        ),
        AboutParked::Replayed(run) => (
            format!(
                "Er is niets gedaan: bericht {id} is al opnieuw beoordeeld, op {} door {} („{}”).",
                when(run.at),
                run.by,
                run.reason
            ),
            format!(
                "Nothing was done: message {id} was judged anew already, at {} by {} (“{}”).",
                when(run.at),
                run.by,
                run.reason
            ),
        ),
        AboutParked::Decided(_) => (
            format!("Er is niets gedaan: bericht {id} is niet terzijde gelegd, er is gewoon over beslist."),
            format!("Nothing was done: message {id} is not set aside, it was decided on."),
        ),
        AboutParked::Given(_) | AboutParked::Unknown => (String::new(), String::new()),
    };
    context.cannot(StatusCode::CONFLICT, nl, en)
}
