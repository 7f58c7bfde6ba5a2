//! `/messages`: looking for messages.

use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Tone, figures, words};
use super::search::{asked, fault, link};
use crate::access::Permission;
use crate::decision::Verdict;
use crate::view::messages::{Asked, Fault, Listed, Page, Search};
use crate::web::Site;
use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/messages", get(page))
}

async fn page(context: Context, RawQuery(query): RawQuery) -> Result<Response, Refused> {
    context.needs(Permission::View)?;
    let words: Asked = asked(&context, query.as_deref())?;
    let search = match Search::parse(&words) {
        Ok(search) => search,
        Err(faults) => {
            let content = html! { (form(&context, &words, &faults)) };
            return Ok((StatusCode::BAD_REQUEST, shown(&context, &content)).into_response());
        }
    };
    let found = context.look(move |tx, _| tx.find_messages(&search)).await?;
    let content = html! {
        (form(&context, &words, &[]))
        (results(&context, &found, |page| link("/messages", &Asked { page: page.to_owned(), ..words.clone() })))
        @if found.rows.is_empty() { (nothing(&context, &words)) }
    };
    Ok(shown(&context, &content).into_response())
}

fn shown(context: &Context, content: &Markup) -> Html<String> {
    layout::page(context, Place::Messages, Place::Messages.name(context.language), content)
}

fn form(context: &Context, words: &Asked, faults: &[Fault]) -> Markup {
    let verdicts: Vec<(&str, &str)> = [("", context.pick("alle", "all"))]
        .into_iter()
        .chain(Verdict::ALL.map(|verdict| (verdict.as_str(), parts::verdict_word(context.language, verdict))))
        .collect();
    let laws = [("", context.pick("beide", "both")), ("wmo", "Wmo"), ("jeugdwet", "Jeugdwet")];
    let text = |name, label, value| Field::new(name, label, value, Entry::Text(60)).fault(fault(context, faults, name));
    let choice = |name, label, value, choices| {
        Field::new(name, label, value, Entry::Choice(choices)).fault(fault(context, faults, name))
    };
    let day = |name, label, value| Field::new(name, label, value, Entry::Day).fault(fault(context, faults, name));
    let party = context.pick("gemeentecode of AGB-code", "municipality code or AGB code");
    let fields = [
        text("identification", "Identificatie", &words.identification)
            .hint(context.pick("nooit een BSN: dat kan via Persoon opzoeken", "never a BSN: use Look a person up")),
        text("allocation", "ToewijzingNummer", &words.allocation),
        text("declaration", "DeclaratieNummer", &words.declaration)
            .hint(context.pick("of ReferentieNummer van een regel", "or ReferentieNummer of a line")),
        text("request", "ReferentieAanbieder", &words.request),
        text("sender", context.pick("Van", "From"), &words.sender).hint(party),
        text("receiver", context.pick("Aan", "To"), &words.receiver).hint(party),
        choice("law", context.pick("Wet", "Law"), &words.law, &laws),
        text("kind", context.pick("Soort", "Kind"), &words.kind).hint("WMO305, 305"),
        choice("verdict", context.pick("Oordeel", "Verdict"), &words.verdict, &verdicts),
        text("rule", context.pick("Overtreden regel", "Broken rule"), &words.rule).hint("TR019, XSD"),
        text("transport", context.pick("Binnengekomen via", "Came in by"), &words.transport),
        day("since", context.pick("Ontvangen vanaf", "Received since"), &words.since),
        day("until", context.pick("tot en met", "until"), &words.until),
    ];
    let page = fault(context, faults, "page");
    html! {
        @if let Some(page) = page { (parts::notice(Tone::Bad, &html! { (page) })) }
        (parts::filter(context.language, "/messages", fields, *words != Asked::default()))
        @if context.actor.may(Permission::Unmask) {
            p { a href="/persons" { (context.pick("Persoon opzoeken", "Look a person up")) } }
        }
    }
}

/// A table of messages with how many there are and links to what is older and newer.
pub(super) fn results(context: &Context, found: &Page, to: impl Fn(&str) -> String) -> Markup {
    let language = context.language;
    let columns = [
        words(context.pick("Ontvangen", "Received")),
        words(context.pick("Soort", "Kind")),
        words("Identificatie"),
        words(context.pick("Van", "From")),
        words(context.pick("Aan", "To")),
        words(context.pick("Oordeel", "Verdict")),
        figures(context.pick("Bevindingen", "Findings")),
        figures(context.pick("Signalen", "Signals")),
    ];
    let rows = found.rows.iter().map(|row| {
        vec![
            html! { a href=(format!("/messages/{}", row.id)) { (parts::moment(language, row.received_at)) } },
            html! { (row.kind.as_deref().unwrap_or(context.pick("onbekend", "unknown"))) },
            html! { (row.identification.as_deref().unwrap_or("–")) },
            party(row.sender.as_deref()),
            party(row.receiver.as_deref()),
            parts::verdict(language, row.verdict),
            html! { (parts::count(language, row.findings)) },
            html! { (parts::count(language, row.signals)) },
        ]
    });
    let (newer, older) = (found.newer.as_deref().map(&to), found.older.as_deref().map(&to));
    html! {
        @if !found.rows.is_empty() {
            p role="status" { (total(context, found)) }
            (parts::table(context.pick("Berichten, nieuwste eerst", "Messages, newest first"), &columns, rows))
        }
        @if let Some(until) = found.looked_until {
            (parts::notice(Tone::Info, &html! {
                (context.pick("Er is gezocht tot ", "The search went as far as ")) (parts::moment(language, until))
                ". " (context.pick(
                    "Ga verder met Ouder of Nieuwer, of maak de vraag nauwer met een partij, een nummer of een periode.",
                    "Go on with Older or Newer, or narrow the question by a party, a number or a period.",
                ))
            }))
        }
        (parts::pager(language, newer.as_deref(), older.as_deref()))
    }
}

fn party(party: Option<&str>) -> Markup {
    html! { (party.unwrap_or("–")) }
}

fn total(context: &Context, found: &Page) -> String {
    let count = parts::count(context.language, found.total.count);
    let more = if found.total.exact { "" } else { "+" };
    let word = if found.total.count == 1 && found.total.exact {
        context.pick("bericht", "message")
    } else {
        context.pick("berichten", "messages")
    };
    format!("{count}{more} {word}")
}

/// What was asked, and how to find more.
fn nothing(context: &Context, words: &Asked) -> Markup {
    let asked = [
        ("Identificatie", &words.identification),
        ("ToewijzingNummer", &words.allocation),
        ("DeclaratieNummer", &words.declaration),
        ("ReferentieAanbieder", &words.request),
        (context.pick("van", "from"), &words.sender),
        (context.pick("aan", "to"), &words.receiver),
        (context.pick("wet", "law"), &words.law),
        (context.pick("soort", "kind"), &words.kind),
        (context.pick("oordeel", "verdict"), &words.verdict),
        (context.pick("regel", "rule"), &words.rule),
        (context.pick("via", "by"), &words.transport),
        (context.pick("vanaf", "since"), &words.since),
        (context.pick("tot en met", "until"), &words.until),
    ];
    let asked: Vec<String> =
        asked.iter().filter(|(_, word)| !word.trim().is_empty()).map(|(name, word)| format!("{name} {word}")).collect();
    html! {
        @if asked.is_empty() && words.page.is_empty() {
            (parts::empty(context.pick("Er zijn nog geen berichten.", "There are no messages yet.")))
        } @else {
            (parts::empty(context.pick("Geen bericht voldoet aan alles wat u vroeg.", "No message fits all that you asked.")))
            @if !asked.is_empty() {
                p { (context.pick("Gevraagd: ", "Asked: ")) (asked.join(", ")) "." }
            }
            ul {
                li { (context.pick(
                    "Laat een veld weg: een bericht moet aan alle velden voldoen.",
                    "Leave a field out: a message must fit all of them.",
                )) }
                @if !words.since.is_empty() || !words.until.is_empty() {
                    li { (context.pick("Maak de periode ruimer, of laat haar weg.", "Widen the period, or leave it out.")) }
                }
                li { (context.pick(
                    "Identificatie en nummers worden precies zo gezocht als ze in het bericht staan; tekens als % en * staan \
                     voor zichzelf.",
                    "Identificatie and numbers are looked for exactly as they stand in the message; signs such as % and * \
                     stand for themselves.",
                )) }
                li { (context.pick(
                    "Een bericht dat niet aan het schema voldoet heeft geen Identificatie en geen nummers: zoek het op \
                     afzender, oordeel of regel XSD.",
                    "A message that does not fit the schema has no Identificatie and no numbers: look for it by sender, \
                     verdict or rule XSD.",
                )) }
                li { a href="/messages" { (context.pick("Toon alle berichten", "Show all messages")) } }
            }
        }
    }
}

/// One row of a list, for pages that name a message.
pub(super) fn name(row: &Listed) -> String {
    match (&row.kind, &row.identification) {
        (Some(kind), Some(identification)) => format!("{kind} {identification}"),
        (Some(kind), None) => format!("{kind} #{}", row.id),
        (None, _) => format!("#{}", row.id),
    }
}
