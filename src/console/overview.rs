//! `/`: whether messages flow. `/questions`: who owes an answer.

use super::charts::{self, Bars, Heading};
use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::parts::{self, Card, Tone};
use super::search::link;
use super::words::Language;
use crate::access::Permission;
use crate::clock::{dutch_day, dutch_moment};
use crate::deadline::{Debt, working_days_late};
use crate::decision::Verdict;
use crate::delivery::without_bsn;
use crate::ledger::{Open, OpenQuestion};
use crate::message::Date;
use crate::rules;
use crate::view::overview::{self as view, Overview, Patience, Queue, State};
use crate::web::Site;
use axum::Router;
use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Questions of one sort that are shown.
const QUESTIONS: u32 = 50;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/", get(page)).route("/questions", get(questions))
}

#[derive(Deserialize)]
struct Asked {
    /// `60`: the browser shows the page anew each minute.
    refresh: Option<String>,
}

async fn page(context: Context, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    // Whoever is here to try messages has no other page.
    if !context.actor.may(Permission::View) && context.actor.may(Permission::Try) {
        return Ok(Redirect::to(Place::Trial.path()).into_response());
    }
    context.needs(Permission::View)?;
    let site = &context.site;
    let (now, figures) = context.look(|tx, now| Ok((now, tx.overview_figures(now)?))).await?;
    let (components, registers) = (view::components(&site.telemetry), view::registers(&site.registers, dutch_day(now)));
    let overview = Overview::of(figures, components, registers, Patience::of(&site.config), now);
    let refreshes = asked.refresh.as_deref() == Some("60");
    let content = html! {
        (verdict(&context, &overview))
        (cards(&context, &overview))
        (flow(&context, &overview))
        (today(&context, &overview))
        (reasons(&context, &overview))
        div.columns {
            (open_questions(&context, &overview))
            (parts_of_the_gateway(&context, &overview))
        }
        p.soft {
            (context.pick("Stand van ", "As of ")) (parts::moment(context.language, now)) ". "
            @if refreshes { a href="/" { (context.pick("Niet meer vanzelf verversen", "Stop refreshing by itself")) } }
            @else { a href="/?refresh=60" { (context.pick("Elke minuut verversen", "Refresh each minute")) } }
        }
    };
    let page = layout::page(&context, Place::Overview, context.pick("Overzicht", "Overview"), &content);
    let refresh = refreshes.then_some([(header::REFRESH, "60")]);
    Ok(match refresh {
        Some(refresh) => (refresh, page).into_response(),
        None => page.into_response(),
    })
}

/// The line on top: whether messages flow, why not, and what to do.
fn verdict(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let (tone, sentence) = match overview.state {
        State::Flowing => ("good", context.pick("Berichten stromen", "Messages flow")),
        State::Attention => (
            "warn",
            context.pick("Let op: berichten stromen, maar kijk hiernaar", "Attention: messages flow, but look at this"),
        ),
        State::Stopped => {
            ("bad", context.pick("Let op: niet alle berichten stromen", "Attention: not all messages flow"))
        }
    };
    html! {
        div.verdict.(tone) role="status" {
            div {
                strong { (sentence) }
                p {
                    @match overview.last_received {
                        Some(last) => {
                            (context.pick("Laatste bericht ", "Last message ")) (parts::age(language, overview.at, last))
                            (context.pick(" geleden; ", " ago; ")) (parts::count(language, overview.last_hour.total()))
                            (context.pick(" in het laatste uur.", " in the last hour."))
                        }
                        None => (context.pick(
                            "Er is nog geen bericht binnengekomen. Leg er een in de postbus, of stuur er een.",
                            "No message has come in yet. Put one into the intake, or send one.",
                        )),
                    }
                }
                @if !overview.concerns.is_empty() {
                    ul { @for concern in &overview.concerns { li {
                        a href=(concern.page) { (capital(language.pick(&concern.nl, &concern.en))) } ". "
                        (language.pick(concern.todo_nl, concern.todo_en))
                    } } }
                }
            }
        }
    }
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn cards(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let count = |count| html! { (parts::count(language, count)) };
    let today = overview.total_today();
    let since = format!("/messages?since={}", dutch_day(overview.at));
    let outbox = overview.outbox.values().copied().fold(Queue::default(), |all, queue| Queue {
        count: all.count + queue.count,
        oldest_seconds: all.oldest_seconds.max(queue.oldest_seconds),
    });
    let (late, due) =
        overview.questions.iter().fold((0, 0), |(late, due), line| (late + line.overdue, due + line.today));
    let has = |concern: &str| overview.concerns.iter().any(|each| each.concern == concern);
    let warn = |concern: &str| if has(concern) { Tone::Warn } else { Tone::Plain };
    let queue = |label, queue: Queue, link, tone| Card {
        label,
        value: count(queue.count),
        note: oldest(context, queue),
        link: Some(link),
        tone,
    };
    let rejected = format!("{since}&verdict=rejected");
    let high = overview.signals.get("high").copied().unwrap_or_default();
    let mut cards = vec![
        Card {
            label: context.pick("Vandaag binnen", "Came in today"),
            value: count(today.total()),
            note: html! { (parts::count(language, overview.last_hour.total())) (context.pick(" in het laatste uur", " in the last hour")) },
            link: Some(&since),
            tone: Tone::Plain,
        },
        Card {
            label: context.pick("Vandaag afgekeurd", "Rejected today"),
            value: count(today.rejected),
            note: html! {
                (parts::percent(language, today.rejected, today.total())) (context.pick(" van vandaag", " of today"))
            },
            link: Some(&rejected),
            tone: Tone::Plain,
        },
        queue(
            context.pick("In de wachtkamer", "In the waiting room"),
            overview.waiting,
            "/health",
            warn("waiting_room"),
        ),
        queue(context.pick("Te bezorgen", "To be delivered"), outbox, "/deliveries", warn("outbox")),
        queue(
            context.pick("Vastgehouden", "Held"),
            overview.held,
            "/held",
            if overview.held.count > 0 { Tone::Info } else { Tone::Plain },
        ),
        queue(context.pick("Geparkeerd", "Parked"), overview.parked, "/parked", warn("parked")),
        Card {
            label: context.pick("Bezorging geweigerd", "Delivery refused"),
            value: count(overview.refused_deliveries),
            note: html! { (context.pick("door de ontvanger", "by the receiver")) },
            link: Some("/deliveries"),
            tone: warn("refused_deliveries"),
        },
        Card {
            label: context.pick("Afzender geweigerd", "Sender refused"),
            value: count(overview.refused_senders),
            note: html! { (context.pick("in de laatste 24 uur", "in the last 24 hours")) },
            link: Some("/health"),
            tone: warn("refused_senders"),
        },
        Card {
            label: context.pick("Antwoorden te laat", "Answers late"),
            value: count(late),
            note: html! { (parts::count(language, due)) (context.pick(" vandaag uiterlijk", " due today")) },
            link: Some("/questions"),
            tone: if late > 0 { Tone::Info } else { Tone::Plain },
        },
    ];
    if context.actor.may(Permission::ViewContracts) {
        let others: u64 = overview.signals.values().sum::<u64>() - high;
        cards.push(Card {
            label: context.pick("Dringende signalen", "Pressing signals"),
            value: count(high),
            note: html! { (parts::count(language, others)) (context.pick(" andere open", " others open")) },
            link: Some("/signals"),
            tone: if high > 0 { Tone::Info } else { Tone::Plain },
        });
    }
    parts::cards(cards)
}

fn oldest(context: &Context, queue: Queue) -> Markup {
    html! {
        @match queue.oldest_seconds {
            Some(seconds) => {
                (context.pick("oudste ", "oldest "))
                (parts::duration(context.language, seconds))
            }
            None => (context.pick("niets wacht", "nothing waits")),
        }
    }
}

/// Verdicts from the bottom of a bar.
const STACK: [Verdict; 5] = [Verdict::Accepted, Verdict::Partly, Verdict::Rejected, Verdict::Held, Verdict::Parked];

fn flow(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let bars = overview.hours.iter().map(|hour| {
        let name = format!("{:02}", dutch_moment(hour.from).hour());
        (name, STACK.map(|verdict| hour.messages.of(verdict)).to_vec())
    });
    let total: u64 = overview.hours.iter().map(|hour| hour.messages.total()).sum();
    let description = match language {
        Language::Nl => format!(
            "{} berichten in 24 uur, per uur van binnenkomst en naar wat erover is besloten. Het laatste uur loopt nog.",
            parts::count(language, total)
        ),
        Language::En => format!(
            "{} messages in 24 hours, by hour of receipt and by what was decided. The last hour is still running.",
            parts::count(language, total)
        ),
    };
    let heading = Heading {
        id: "flow-chart",
        title: context.pick("Berichten per uur", "Messages by hour"),
        description: &description,
        axis: context.pick("Uur", "Hour"),
    };
    let series = STACK.map(|verdict| (parts::verdict_tone(verdict), parts::verdict_word(language, verdict))).to_vec();
    let chart = charts::bars(language, &Bars { heading, series, columns: bars.collect() });
    parts::section("flow", context.pick("De laatste 24 uur", "The last 24 hours"), &chart)
}

fn today(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let day = dutch_day(overview.at);
    let mut columns = vec![parts::words(context.pick("Soort", "Kind"))];
    columns.extend(STACK.map(|verdict| parts::figures(parts::verdict_word(language, verdict))));
    let rows = overview.today.iter().map(|line| {
        let name = if let Some(kind) = &line.kind {
            html! { a href=(format!("/messages?kind={kind}&since={day}")) { (kind) } }
        } else {
            html! { (context.pick("onleesbaar", "unreadable")) }
        };
        let figures = STACK.map(|verdict| match (line.messages.of(verdict), &line.kind) {
            (0, _) => html! { span.soft { "0" } },
            (count, Some(kind)) => html! {
                a href=(format!("/messages?kind={kind}&verdict={verdict}&since={day}")) { (parts::count(language, count)) }
            },
            (count, None) => html! { (parts::count(language, count)) },
        });
        std::iter::once(name).chain(figures).collect()
    });
    let content = if overview.today.is_empty() {
        parts::empty(context.pick("Vandaag kwam nog geen bericht binnen.", "No message came in today yet."))
    } else {
        let caption =
            context.pick("Berichten van vandaag naar soort en besluit", "Messages of today by kind and decision");
        parts::table(caption, &columns, rows)
    };
    parts::section("today", context.pick("Vandaag", "Today"), &content)
}

/// What a rule asks, in a sentence.
pub(super) fn sentence(language: Language, rule: &str) -> &'static str {
    // At level 1 the schema is the rule.
    let unknown = language.pick("Het bericht voldoet niet aan het schema.", "The message does not follow the schema.");
    let known = rules::all().into_iter().find(|known| known.id == rule);
    known.map_or(unknown, |known| language.pick(known.nl, known.en))
}

fn reasons(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let day = dutch_day(overview.at);
    let rows = overview.rules.iter().map(|line| {
        vec![
            html! { a href=(format!("/messages?rule={}&since={day}", line.rule)) { (line.rule) } },
            html! { (sentence(language, &line.rule)) },
            html! { (parts::count(language, line.messages)) },
        ]
    });
    let columns = [
        parts::words(context.pick("Regel", "Rule")),
        parts::words(context.pick("Wat hij vraagt", "What it asks")),
        parts::figures(context.pick("Berichten", "Messages")),
    ];
    let content = if overview.rules.is_empty() {
        parts::empty(context.pick("Vandaag is nog niets afgekeurd.", "Nothing was rejected today yet."))
    } else {
        let caption = context.pick(
            "Regels waaraan de meeste berichten van vandaag niet voldeden",
            "Rules that most messages of today broke",
        );
        parts::table(caption, &columns, rows)
    };
    parts::section("reasons", context.pick("Waarop vandaag is afgekeurd", "What was rejected today, and why"), &content)
}

/// What is owed, for people.
pub(super) fn debt(language: Language, debt: Debt) -> &'static str {
    let nl = match debt {
        Debt::Return => "retourbericht",
        Debt::DeclarationAnswer => "declaratie-antwoord",
        Debt::RequestAnswer => "antwoord op een verzoek",
        Debt::FinalAnswer => "eindantwoord na onderzoek",
        Debt::Start => "startbericht na toewijzing achteraf",
    };
    language.pick(nl, debt.en())
}

fn open_questions(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let rows = overview.questions.iter().filter_map(|line| {
        let owed = Debt::parse(line.debt)?;
        let figure = |count: u64| html! { (parts::count(language, count)) };
        Some(vec![
            html! { a href=(format!("/questions?debt={}", line.debt)) { (debt(language, owed)) } },
            html! { @if line.overdue > 0 { (parts::badge(Tone::Warn, &parts::count(language, line.overdue))) } @else { "0" } },
            figure(line.today),
            figure(line.later),
            html! { @if let Some(oldest) = line.oldest_seconds { (parts::duration(language, oldest)) } @else { "–" } },
        ])
    });
    let columns = [
        parts::words(context.pick("Verschuldigd", "Owed")),
        parts::figures(context.pick("Te laat", "Late")),
        parts::figures(context.pick("Vandaag", "Today")),
        parts::figures(context.pick("Later", "Later")),
        parts::figures(context.pick("Oudste", "Oldest")),
    ];
    let caption = context.pick("Wat partijen elkaar verschuldigd zijn", "What parties owe one another");
    let table = parts::table(caption, &columns, rows);
    parts::section("questions", context.pick("Open vragen", "Open questions"), &table)
}

/// Components and registers.
fn parts_of_the_gateway(context: &Context, overview: &Overview) -> Markup {
    let language = context.language;
    let components = overview.components.iter().map(|component| {
        vec![
            html! { (component.name) },
            up(language, component.up),
            html! { (component.reason.as_deref().map(without_bsn).unwrap_or_default()) },
        ]
    });
    let breakers = overview.breakers.iter().map(|line| {
        vec![
            html! { (line.destination) },
            parts::badge(Tone::Bad, context.pick("neemt niets aan", "takes nothing")),
            html! {
                (context.pick("sinds ", "since ")) (parts::moment(language, line.since))
            },
        ]
    });
    let registers = overview.registers.iter().map(|register| {
        let left = html! { @if let Some(days) = register.days_left { (days_left(language, days)) } };
        vec![
            html! { (context.pick("register ", "register ")) (register.region) },
            register_state(language, register),
            left,
        ]
    });
    let columns = [
        parts::words(context.pick("Onderdeel", "Part")),
        parts::words(context.pick("Stand", "State")),
        parts::words(context.pick("Toelichting", "Note")),
    ];
    let caption = context.pick(
        "Onderdelen, bestemmingen die dicht zijn, en registers",
        "Parts, destinations that are closed, and registers",
    );
    let table = parts::table(caption, &columns, components.chain(breakers).chain(registers));
    let content = html! { (table) p { a href=(Place::Health.path()) { (context.pick("Alles over de gateway", "All about the gateway")) } } };
    parts::section("parts", context.pick("De gateway", "The gateway"), &content)
}

/// Whether something works.
pub(super) fn up(language: Language, is_up: bool) -> Markup {
    if is_up {
        parts::badge(Tone::Good, language.pick("werkt", "works"))
    } else {
        parts::badge(Tone::Bad, language.pick("werkt niet", "down"))
    }
}

/// How a register stands.
pub(super) fn register_state(language: Language, register: &view::RegisterLine) -> Markup {
    match (register.refused_faults, register.days_left) {
        (Some(_), _) => {
            parts::badge(Tone::Bad, language.pick("nieuw register heeft fouten", "new register has faults"))
        }
        (None, Some(days)) if days < 0 => parts::badge(Tone::Bad, language.pick("afgelopen", "ended")),
        (None, Some(days)) if days <= 30 => parts::badge(Tone::Warn, language.pick("loopt af", "ends soon")),
        (None, _) => parts::badge(Tone::Good, language.pick("in werking", "in force")),
    }
}

/// Days that are left.
pub(super) fn days_left(language: Language, days: i32) -> String {
    let count = parts::number(language, i64::from(days));
    match language {
        Language::Nl => format!("nog {count} {}", if days == 1 { "dag" } else { "dagen" }),
        Language::En => format!("{count} {} left", if days == 1 { "day" } else { "days" }),
    }
}

#[derive(Deserialize)]
struct AskedQuestions {
    debt: Option<String>,
}

async fn questions(context: Context, Query(asked): Query<AskedQuestions>) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let language = context.language;
    let shown = match asked.debt.as_deref() {
        None => Debt::Return,
        Some(word) => Debt::parse(word).ok_or_else(|| {
            context.cannot(
                StatusCode::BAD_REQUEST,
                "Zo'n soort vraag is er niet.",
                "There is no such sort of question.",
            )
        })?,
    };
    let read = context
        .look(move |tx, now| Ok((dutch_day(now), tx.questions_now(now)?, tx.open_questions(shown, None, QUESTIONS)?)));
    let (today, counts, questions) = read.await?;
    let all = |open: &Open| open.not_due + open.due_today + open.overdue;
    let tabs = counts.iter().map(|(each, open)| {
        let count = parts::count(language, all(open));
        (format!("/questions?debt={each}"), format!("{} ({count})", debt(language, *each)), *each == shown)
    });
    let total = counts.get(&shown).map_or(0, all);
    let content = html! {
        (parts::breadcrumb(language, &[("/", context.pick("Overzicht", "Overview"))], context.pick("Open vragen", "Open questions")))
        (parts::tabs(context.pick("Soort vraag", "Sort of question"), tabs))
        section aria-label=(debt(language, shown)) {
            @if questions.is_empty() {
                (parts::empty(context.pick("Niemand is hier een antwoord verschuldigd.", "Nobody owes an answer here.")))
            } @else {
                (parts::table(
                    context.pick("De dringendste eerst", "The most pressing first"),
                    &[
                        parts::words(context.pick("Bericht", "Message")),
                        parts::words(context.pick("Gemeente", "Municipality")),
                        parts::words(context.pick("Aanbieder", "Provider")),
                        parts::words(context.pick("Verschuldigd door", "Owed by")),
                        parts::words(context.pick("Gevraagd op", "Asked on")),
                        parts::words(context.pick("Uiterlijk", "Due on")),
                        parts::words(context.pick("Stand", "State")),
                    ],
                    questions.iter().map(|question| question_row(language, question, today)),
                ))
                @if total > u64::from(QUESTIONS) {
                    p.soft { (context.pick("De eerste ", "The first ")) (QUESTIONS) (context.pick(" van ", " of ")) (parts::count(language, total)) "." }
                }
            }
        }
    };
    Ok(layout::page(&context, Place::Overview, context.pick("Open vragen", "Open questions"), &content))
}

fn question_row(language: Language, question: &OpenQuestion, today: Date) -> Vec<Markup> {
    let late = working_days_late(question.due_on, today);
    let state = match (late, question.due_on) {
        (0, due) if due < today => parts::badge(Tone::Warn, language.pick("te laat", "late")),
        (0, due) if due == today => parts::badge(Tone::Info, language.pick("vandaag", "today")),
        (0, _) => parts::badge(Tone::Plain, language.pick("op tijd", "in time")),
        (late, _) => {
            let days = language.pick(
                if late == 1 { "werkdag te laat" } else { "werkdagen te laat" },
                if late == 1 { "working day late" } else { "working days late" },
            );
            parts::badge(Tone::Warn, &format!("{late} {days}"))
        }
    };
    let name = without_bsn(&question.identificatie);
    vec![
        html! { a href=(link("/messages", &[("identification", &name)])) { (question.kind.to_string()) " " (name) } },
        html! { (question.gemeente) },
        html! { (question.aanbieder) },
        html! { (question.owed_by) },
        parts::day(language, question.asked_on),
        parts::day(language, question.due_on),
        state,
    ]
}

#[cfg(test)]
mod tests {
    use crate::access::Role;
    use crate::web::testing::{ask, see, site, somebody};
    use axum::http::{Method, StatusCode, header};

    #[tokio::test]
    async fn an_empty_gateway_says_that_nothing_came_in_yet() {
        let (status, body) = see(&site(), &[Role::Viewer], "/").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("Berichten stromen") && body.contains("nog geen bericht binnengekomen"), "{body}");
        assert!(!body.contains("Dringende signalen"), "signals are not for a viewer: {body}");
        let (_, body) = see(&site(), &[Role::ContractManager], "/").await;
        assert!(body.contains("Dringende signalen"), "{body}");
    }

    #[tokio::test]
    async fn the_page_refreshes_when_asked_to_and_only_then() {
        let site = site();
        for (path, refresh) in [("/", None), ("/?refresh=60", Some("60")), ("/?refresh=0;url=http://x", None)] {
            let (_, headers, _) = ask(&site, Some(somebody(&[Role::Viewer])), Method::GET, path, "").await;
            assert_eq!(headers.get(header::REFRESH).map(|value| value.to_str().expect("text")), refresh, "{path}");
        }
    }

    #[tokio::test]
    async fn a_part_that_is_down_is_told_with_what_to_do() {
        let site = site();
        site.telemetry.component("ledger").down("the disk is full");
        let (_, body) = see(&site, &[Role::Viewer], "/").await;
        assert!(body.contains("Let op: niet alle berichten stromen"), "{body}");
        assert!(body.contains("Niet alles van de gateway werkt: ledger"), "{body}");
        assert!(body.contains("the disk is full"), "{body}");
    }

    #[tokio::test]
    async fn questions_are_shown_by_sort_and_an_unknown_sort_is_refused() {
        let site = site();
        let (status, body) = see(&site, &[Role::Viewer], "/questions?debt=start").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("Niemand is hier een antwoord verschuldigd"), "{body}");
        let (status, body) = see(&site, &[Role::Viewer], "/questions?debt=%3Cb%3Eplenty").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(!body.contains("plenty"), "{body}");
        let (status, _) = see(&site, &[], "/questions").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
}
