//! `/messages/{id}`: all that is known of one message, its document with what is personal masked, and unmasking it.

use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::messages::name;
use super::orders::{self, Reason};
use super::parts::{self, Order, Tone, figures, words};
use super::search::{asked, link, number, reason_fault};
use crate::access::Permission;
use crate::deadline::Debt;
use crate::decision::Purpose;
use crate::delivery::without_bsn;
use crate::finding::{Finding, Severity};
use crate::ledger::{LedgerError, Tx};
use crate::message::tree::LineIndex;
use crate::view::excerpt::{self, Document, Extent};
use crate::view::message::{Departure, DepartureState, Hold, Message, NAMED, Question, QuestionState, Raised, Run};
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// Findings that a page shows; a declaration may have thousands.
const FINDINGS: usize = 100;
/// Rows of a document that a page shows.
const ROWS: usize = 400;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/messages/{id}", get(page))
        .route("/messages/{id}/xml", get(xml))
        .route("/messages/{id}/unmask", post(unmask))
}

async fn page(context: Context, Path(id): Path<String>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let id = number(&context, &id)?;
    let found = context.look(move |tx, now| {
        let Some(message) = tx.look_at_message(id, now)? else { return Ok(None) };
        // Only what findings point at needs the document; it may be gone after its term.
        let lines = if message.broken.is_empty() { Vec::new() } else { shown_lines(tx, id, &message.broken)? };
        Ok(Some((message, lines)))
    });
    let (message, lines) = found.await?.ok_or_else(|| context.missing())?;
    let title = name(&message.listed);
    let content = html! {
        (parts::breadcrumb(context.language, &[("/messages", Place::Messages.name(context.language))], &title))
        (about(&context, &message))
        @if !message.broken.is_empty() {
            (parts::section("findings", context.pick("Bevindingen", "Findings"), &findings(&context, &message.broken, &lines)))
        }
        @if !message.skipped.is_empty() {
            p.soft {
                (context.pick("Niet beoordeeld: ", "Not judged: "))
                (message.skipped.iter().map(|skipped| skipped.rule.as_str()).collect::<Vec<_>>().join(", "))
            }
        }
        @if !message.raised.is_empty() {
            (parts::section("signals", context.pick("Signalen", "Signals"), &signals(&context, &message.raised)))
        }
        @if let Some(hold) = &message.hold {
            (parts::section("hold", context.pick("Vastgehouden", "Held"), &held(&context, id, hold)))
        }
        @if !message.asks.is_empty() {
            (parts::section("asks", context.pick("Wat erop volgen moet", "What must follow on it"), &questions(&context, &message.asks)))
        }
        @if !message.answers.is_empty() {
            (parts::section("answers", context.pick("Wat het beantwoordt", "What it answers"), &questions(&context, &message.answers)))
        }
        @if !message.departures.is_empty() {
            (parts::section("departures", context.pick("Bezorging", "Delivery"), &departures(&context, &message.departures)))
        }
        @if !message.runs.is_empty() || !message.resends.is_empty() {
            (parts::section("again", context.pick("Opnieuw beoordeeld of verzonden", "Judged or sent again"), &again(&context, &message)))
        }
        (parts::section("related", context.pick("Waar het over gaat", "What it is about"), &related(&context, &message)))
        (parts::section("document", context.pick("Document", "Document"), &html! {
            p { a href=(format!("/messages/{id}/xml")) { (context.pick("Bekijk het document, met persoonsgegevens afgedekt", "See the document, with personal data masked")) } }
            (unmask_form(&context, id, "", None))
        }))
    };
    Ok(shown(&context, &title, &content))
}

fn shown(context: &Context, title: &str, content: &Markup) -> Html<String> {
    layout::page(context, Place::Messages, title, content)
}

fn about(context: &Context, message: &Message) -> Markup {
    let (language, listed) = (context.language, &message.listed);
    let party = |code: &Option<String>| {
        let named = code.as_deref().map(|code| orders::party(context, code));
        html! { (named.as_deref().unwrap_or("–")) }
    };
    let mut facts = vec![
        (
            context.pick("Oordeel", "Verdict"),
            html! { (parts::verdict(language, listed.verdict)) " " (level(context, listed.level)) },
        ),
        (context.pick("Ontvangen", "Received"), parts::moment(language, listed.received_at)),
        (
            context.pick("Soort", "Kind"),
            html! { (listed.kind.as_deref().unwrap_or(context.pick("onbekend", "unknown"))) },
        ),
        ("Identificatie", html! { (listed.identification.as_deref().unwrap_or("–")) }),
        (context.pick("Van", "From"), party(&listed.sender)),
        (context.pick("Aan", "To"), party(&listed.receiver)),
    ];
    if let Some(day) = message.dagtekening {
        facts.push(("Dagtekening", parts::day(language, day)));
    }
    if let Some(sender) = &message.brought_by {
        facts.push((context.pick("Gebracht door", "Brought by"), html! { (sender) }));
    }
    facts.push((
        context.pick("Binnengekomen via", "Came in by"),
        html! { (listed.transport) " · " code { (message.transport_id) } },
    ));
    facts.push((
        context.pick("Contractregister", "Contract register"),
        html! { (message.register_version.as_deref().unwrap_or("–")) },
    ));
    facts.push((context.pick("Nummer in het grootboek", "Number in the ledger"), html! { (listed.id) }));
    facts.push(("SHA-256", html! { code { (message.digest) } }));
    parts::facts(facts)
}

fn level(context: &Context, level: u8) -> String {
    let name = match level {
        1 => context.pick("schema", "schema"),
        2 => context.pick("regels binnen het bericht", "rules within the message"),
        3 => context.pick("regels tussen berichten", "rules across messages"),
        _ => context.pick("regels met externe gegevens", "rules with outside data"),
    };
    format!("{} {level}: {name}", context.pick("niveau", "level"))
}

/// The lines that findings point at; none when the document is no longer kept or cannot be opened.
fn shown_lines(tx: &Tx<'_>, id: i64, findings: &[Finding]) -> Result<Vec<String>, LedgerError> {
    match tx.inbox(id) {
        Ok(inbox) => Ok(inbox.map_or_else(Vec::new, |inbox| lines(&inbox.bytes, findings))),
        Err(LedgerError::Conflict(_) | LedgerError::Damaged(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The document is gone after its term, or the ledger is away.
fn gone(context: &Context, error: &LedgerError) -> Refused {
    match error {
        LedgerError::Conflict(_) => context.cannot(
            StatusCode::GONE,
            "Dit document wordt niet meer bewaard: zijn termijn is voorbij. Het oordeel en wat erop volgde staan er nog.",
            "This document is no longer kept: its term is over. The verdict and what followed are still there.",
        ),
        _ => context.broken(error),
    }
}

/// The masked line under each of the first findings.
fn lines(source: &[u8], findings: &[Finding]) -> Vec<String> {
    let index = LineIndex::of(source);
    let row = |finding: &Finding| {
        let offset = index.offset(source, finding.line, finding.column);
        excerpt::row(source, index.line(source, finding.line), offset, Extent::Element).text.trim().to_owned()
    };
    findings.iter().take(FINDINGS).map(row).collect()
}

fn findings(context: &Context, findings: &[Finding], lines: &[String]) -> Markup {
    html! {
        @if findings.len() > FINDINGS {
            p { (context.pick("Dit zijn de eerste ", "These are the first ")) (FINDINGS) (context.pick(" van ", " of ")) (parts::count(context.language, findings.len() as u64)) "." }
        }
        ol.findings { @for (at, finding) in findings.iter().take(FINDINGS).enumerate() { li {
            p {
                (parts::badge(Tone::Bad, &finding.rule)) " "
                @if let Some(code) = &finding.code { (parts::badge(Tone::Plain, code)) " " }
                strong { (without_bsn(context.language.pick(&finding.nl, &finding.en))) }
            }
            p.soft {
                (context.pick("regel ", "line ")) (finding.line) (context.pick(", kolom ", ", column ")) (finding.column)
                " · " code { (without_bsn(&finding.path)) }
            }
            @if let Some(line) = lines.get(at).filter(|line| !line.is_empty()) { pre { code { (line) } } }
            @if !finding.facts.is_empty() {
                p.soft { (finding.facts.iter().map(|(name, value)| fact(name, value)).collect::<Vec<_>>().join(" · ")) }
            }
            // The same in the other language.
            p lang=(context.pick("en", "nl")) {
                small { (without_bsn(context.language.pick(&finding.en, &finding.nl))) }
            }
        } } }
    }
}

fn fact(name: &str, value: &Value) -> String {
    let value = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("{}: {}", name.replace('_', " "), without_bsn(&value))
}

fn signals(context: &Context, raised: &[Raised]) -> Markup {
    let may = context.actor.may(Permission::ViewContracts);
    html! { ul { @for signal in raised { li {
        (parts::badge(match signal.severity { Severity::High => Tone::Bad, Severity::Warning => Tone::Warn, Severity::Info => Tone::Info }, &signal.check)) " "
        // Figures of contracts are for those who keep them.
        @if may { a href=(format!("/signals/{}", signal.id)) { (context.language.pick(&signal.nl, &signal.en)) } }
        @if signal.ended_at.is_some() { " " (parts::badge(Tone::Plain, context.pick("voorbij", "ended"))) }
    } } } }
}

fn held(context: &Context, id: i64, hold: &Hold) -> Markup {
    let language = context.language;
    let mut facts = vec![
        (context.pick("Sinds", "Since"), parts::moment(language, hold.held_at)),
        (context.pick("Vanwege", "Because of"), html! { (hold.checks.join(", ")) }),
    ];
    if let Some(behind) = hold.behind {
        facts.push((
            context.pick("Achter", "Behind"),
            html! { a href=(format!("/messages/{behind}")) { "#" (behind) } },
        ));
    }
    if let (Some(at), Some(how)) = (hold.ended_at, hold.ended.as_deref()) {
        let how = match how {
            "released" => context.pick("vrijgegeven", "released"),
            "withdrawn" => context.pick("ingetrokken", "withdrawn"),
            _ => context.pick("volgde een eerder bericht", "followed an earlier message"),
        };
        facts.push((context.pick("Beëindigd", "Ended"), html! { (parts::moment(language, at)) ": " (how) }));
    }
    if let Some(by) = &hold.ended_by {
        facts.push((context.pick("Door", "By"), html! { (by) }));
    }
    if let Some(because) = &hold.ended_because {
        facts.push((context.pick("Reden", "Reason"), html! { (because) }));
    }
    html! {
        (parts::facts(facts))
        @if hold.ended_at.is_none() { p { a href=(format!("/held/{id}")) { (context.pick("Beslis hierover", "Decide on it")) } } }
    }
}

/// What is owed, by whom and until when.
pub(super) fn questions(context: &Context, questions: &[Question]) -> Markup {
    let language = context.language;
    let columns = [
        words(context.pick("Wat", "What")),
        words(context.pick("Door", "By")),
        words(context.pick("Gevraagd", "Asked")),
        words(context.pick("Uiterlijk", "Due")),
        words(context.pick("Stand", "State")),
        words(context.pick("Antwoord", "Answer")),
    ];
    let rows = questions.iter().map(|question| {
        vec![
            html! { (debt(context, question.debt)) @if let Some(about) = &question.about { " " (about) } },
            html! { (question.owed_by) },
            html! { a href=(format!("/messages/{}", question.asked_by)) { (parts::day(language, question.asked_on)) } },
            parts::day(language, question.due_on),
            match question.state {
                QuestionState::Answered => parts::badge(Tone::Good, context.pick("beantwoord", "answered")),
                QuestionState::AnsweredByGateway => {
                    parts::badge(Tone::Good, context.pick("beantwoord door de gateway", "answered by the gateway"))
                }
                QuestionState::Open => parts::badge(Tone::Info, context.pick("open", "open")),
                QuestionState::Overdue => parts::badge(Tone::Bad, context.pick("te laat", "late")),
            },
            html! {
                @if let Some(id) = question.answered_by {
                    a href=(format!("/messages/{id}")) { (question.answered_kind.as_deref().unwrap_or("#")) } " "
                }
                @if let Some(on) = question.answered_on { (parts::day(language, on)) }
            },
        ]
    });
    parts::table(context.pick("Vragen en termijnen", "Questions and terms"), &columns, rows)
}

fn debt(context: &Context, debt: Debt) -> &'static str {
    let nl = match debt {
        Debt::Return => "retourbericht",
        Debt::DeclarationAnswer => "declaratie-antwoord",
        Debt::RequestAnswer => "antwoord op een verzoek",
        Debt::FinalAnswer => "eindantwoord na onderzoek",
        Debt::Start => "startbericht op een toewijzing met terugwerkende kracht",
    };
    context.language.pick(nl, debt.en())
}

fn departures(context: &Context, departures: &[Departure]) -> Markup {
    let language = context.language;
    html! { @for each in departures {
        h3 { (purpose(context, each.purpose)) " " (each.subject) " → " (if each.receiver.is_empty() { "–" } else { &each.receiver }) }
        p {
            (departure_state(context, each.state))
            " " @if let Some(at) = each.ended_at { (parts::moment(language, at)) }
            @if let Some(at) = each.due_at { (context.pick("volgende poging ", "next attempt ")) (parts::moment(language, at)) }
            " · " code { (each.id) }
        }
        @if !each.attempts.is_empty() { (attempts(context, each)) }
    } }
}

/// How something that leaves stands.
pub(super) fn departure_state(context: &Context, state: DepartureState) -> Markup {
    match state {
        DepartureState::Sent => parts::badge(Tone::Good, context.pick("bezorgd", "delivered")),
        DepartureState::Refused => {
            parts::badge(Tone::Bad, context.pick("geweigerd door ontvanger", "refused by its receiver"))
        }
        DepartureState::Waiting => parts::badge(Tone::Info, context.pick("nog te bezorgen", "yet to be delivered")),
    }
}

fn attempts(context: &Context, each: &Departure) -> Markup {
    let language = context.language;
    let columns = [
        figures(context.pick("Poging", "Attempt")),
        words(context.pick("Wanneer", "When")),
        words(context.pick("Uitkomst", "Outcome")),
        words(context.pick("Antwoord", "What came back")),
        words(context.pick("Opnieuw", "Again")),
    ];
    let rows = each.attempts.iter().map(|attempt| {
        vec![
            html! { (attempt.number) },
            parts::moment(language, attempt.at),
            match attempt.class {
                _ if attempt.arrived => parts::badge(Tone::Good, context.pick("aangekomen", "arrived")),
                Some(class) => parts::badge(Tone::Bad, class),
                None => parts::badge(Tone::Bad, context.pick("mislukt", "failed")),
            },
            html! { (attempt.reason.as_deref().unwrap_or_default()) },
            html! { @if let Some(at) = attempt.retry_at { (parts::moment(language, at)) } },
        ]
    });
    parts::table(context.pick("Pogingen", "Attempts"), &columns, rows)
}

fn purpose(context: &Context, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Reply => context.language.pick("Antwoord", "Reply"),
        Purpose::Forward => context.language.pick("Doorgestuurd", "Forwarded"),
        Purpose::Error => context.language.pick("Foutmelding", "Error report"),
        Purpose::Signal => context.language.pick("Signaal", "Signal"),
    }
}

fn again(context: &Context, message: &Message) -> Markup {
    let language = context.language;
    let run = |run: &Run| {
        html! {
            (parts::moment(language, run.at)) ": " (run.previous) " → " (parts::verdict(language, run.verdict))
            @if !run.took_effect { " (" (context.pick("alleen verteld", "only told")) ")" }
            @if !run.rules.is_empty() { " " small { (run.rules.join(", ")) } }
            " · " (run.by) ": " (run.reason)
        }
    };
    html! {
        ul {
            @for each in &message.runs { li { (context.pick("Beoordeeld ", "Judged ")) (run(each)) } }
            @for each in &message.resends {
                li { (context.pick("Verzonden ", "Sent ")) (parts::moment(language, each.at)) " · " (each.by) ": " (each.reason) }
            }
        }
    }
}

fn related(context: &Context, message: &Message) -> Markup {
    let listed = &message.listed;
    let (law, ends) = (listed.law, listed.gemeente.as_deref().zip(listed.aanbieder.as_deref()));
    let allocation = |nummer: &u64| {
        if let (Some(law), Some((gemeente, aanbieder))) = (law, ends) {
            html! { a href=(format!("/allocations/{law}/{gemeente}/{aanbieder}/{nummer}")) { (nummer) } }
        } else {
            html! { (nummer) }
        }
    };
    html! {
        @if message.allocations.is_empty() && message.declarations.is_empty() && message.requests.is_empty() {
            (parts::empty(context.pick("Het noemt geen toewijzing, declaratie of verzoek die te lezen is.", "It names no allocation, declaration or request that can be read.")))
        }
        @if !message.allocations.is_empty() {
            p { (context.pick("Toewijzingen: ", "Allocations: ")) @for nummer in &message.allocations { (allocation(nummer)) " " }
                @if message.allocations.len() >= NAMED as usize { (context.pick("en meer", "and more")) } }
        }
        @for declaration in &message.declarations {
            p { (context.pick("Declaratie: ", "Declaration: ")) (search_link("declaration", declaration)) }
        }
        @if !message.requests.is_empty() {
            p { (context.pick("Verzoeken: ", "Requests: ")) @for request in &message.requests { (search_link("request", request)) " " } }
        }
        @if let Some(identification) = &listed.identification {
            p { (search_link_named("identification", identification, context.pick("Alle berichten met deze Identificatie", "All messages with this Identificatie"))) }
        }
    }
}

fn search_link(field: &str, value: &str) -> Markup {
    search_link_named(field, value, value)
}

fn search_link_named(field: &str, value: &str, name: &str) -> Markup {
    html! { a href=(link("/messages", &[(field, value)])) { (name) } }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct From {
    from: String,
}

async fn xml(context: Context, Path(id): Path<String>, RawQuery(query): RawQuery) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let id = number(&context, &id)?;
    let From { from } = asked(&context, query.as_deref())?;
    let from = if from.is_empty() { 0 } else { usize::try_from(number(&context, &from)?).unwrap_or(usize::MAX) };
    let found = context.site.look(move |tx, _| {
        let Some(message) = tx.message_alone(id)? else { return Ok(None) };
        let Some(inbox) = tx.inbox(id)? else { return Ok(None) };
        let index = LineIndex::of(&inbox.bytes);
        let marks = message
            .broken
            .iter()
            .take(FINDINGS)
            .map(|finding| (index.offset(&inbox.bytes, finding.line, finding.column), finding.rule.clone()));
        let marks: Vec<(usize, String)> = marks.collect();
        Ok(Some((name(&message.listed), excerpt::document(&inbox.bytes, from, ROWS, false), marks)))
    });
    let (name, document, marks) =
        found.await.map_err(|error| gone(&context, &error))?.ok_or_else(|| context.missing())?;
    let here = format!("/messages/{id}");
    let content = html! {
        (parts::breadcrumb(context.language, &[("/messages", Place::Messages.name(context.language)), (&here, &name)], "XML"))
        p.soft { (context.pick(
            "Elk element staat op een eigen regel. *** dekt af wat van een persoon kan zijn: alles wat niet zeker onschuldig is.",
            "Each element stands on a row of its own. *** masks what may be of a person: all that is not surely harmless.",
        )) }
        (rows(&context, &document, &marks))
        (pages(&context, &here, &document))
        (unmask_form(&context, id, "", None))
    };
    Ok(shown(&context, &name, &content))
}

fn rows(context: &Context, document: &Document, marks: &[(usize, String)]) -> Markup {
    if document.rows.is_empty() {
        return parts::empty(context.pick("Hier staat niets (meer).", "There is nothing here (any more)."));
    }
    let of = |bytes: &std::ops::Range<usize>| {
        let here = marks.iter().filter(|(offset, _)| bytes.contains(offset));
        here.map(|(_, rule)| rule.as_str()).collect::<Vec<_>>()
    };
    let content = html! { pre { code { @for row in &document.rows {
        (format!("{:>6}  {}{}", row.line, "  ".repeat(row.depth), row.text))
        @for rule in of(&row.bytes) { "  " mark { "◀ " (rule) } }
        "\n"
    } } } };
    parts::wide(context.pick("Document", "Document"), &content)
}

fn pages(context: &Context, here: &str, document: &Document) -> Markup {
    let to = |from: usize| format!("{here}/xml?from={from}");
    let previous = (document.from > 0).then(|| to(document.from.saturating_sub(ROWS)));
    let next = document.more.then(|| to(document.from + ROWS));
    parts::leaf_through(context.language, previous.as_deref(), next.as_deref())
}

fn unmask_form(context: &Context, id: i64, reason: &str, fault: Option<&str>) -> Markup {
    if !context.actor.may(Permission::Unmask) {
        return html! {};
    }
    parts::order(
        context,
        &Order {
            id: "unmask",
            action: &format!("/messages/{id}/unmask"),
            what: html! { p { (context.pick(
                "Toon het document zonder afdekking, eenmaal. Dat u keek, wanneer en waarom komt in het logboek.",
                "Show the document without masks, once. That you looked, when and why goes into the audit trail.",
            )) } },
            fields: html! {},
            reason,
            fault,
            button: context.pick("Toon persoonsgegevens", "Show personal data"),
            is_grave: true,
        },
    )
}

/// Answers with the document itself, not with an address of it: nothing is left that could be opened a second time.
async fn unmask(Path(id): Path<String>, Posted { context, fields }: Posted<Reason>) -> Result<Response, Refused> {
    context.needs(Permission::Unmask)?;
    let id = number(&context, &id)?;
    let reason = fields.reason.trim().to_owned();
    if let Some(fault) = reason_fault(&context, &reason) {
        let content = unmask_form(&context, id, "", Some(&fault));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&context, &format!("#{id}"), &content)).into_response());
    }
    let by = context.actor.name.clone();
    // The note in the audit trail commits before anything is shown.
    let found = context.site.order(move |tx, now| {
        let Some(inbox) = tx.show_body(id, &by, &reason, now)? else { return Ok(None) };
        let message = tx.message_alone(id)?;
        Ok(message.map(|message| (name(&message.listed), inbox)))
    });
    let (name, inbox) = found.await.map_err(|error| gone(&context, &error))?.ok_or_else(|| context.missing())?;
    let document = excerpt::document(&inbox.bytes, 0, UNMASKED, true);
    let here = format!("/messages/{id}");
    let content = html! {
        (parts::breadcrumb(context.language, &[("/messages", Place::Messages.name(context.language)), (&here, &name)], context.pick("Onafgedekt", "Unmasked")))
        (parts::notice(Tone::Warn, &html! { (context.pick(
            "Hier staan persoonsgegevens. Deze pagina wordt niet bewaard en is niet opnieuw te openen; dat u keek staat in het logboek.",
            "This holds personal data. The page is not kept and cannot be opened again; that you looked stands in the audit trail.",
        )) }))
        (rows(&context, &document, &[]))
        @if document.more { p { (context.pick("Het document is langer dan hier past.", "The document is longer than fits here.")) } }
    };
    Ok(shown(&context, &name, &content).into_response())
}

/// Rows of an unmasked document: it is shown once, so in one piece as far as a browser bears it.
const UNMASKED: usize = 20_000;
