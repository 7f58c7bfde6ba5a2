//! `/allocations`: looking for allocations, and the course of one over time.

use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::message;
use super::orders::{municipality, provider};
use super::parts::{self, Entry, Field, Tone, figures, words};
use super::search::{asked, fault, link};
use super::words::Language;
use crate::access::Permission;
use crate::message::{Cents, Count, Eenheid, Frequentie};
use crate::view::allocations::{Asked, Event, Gap, Key, Listed, Missing, Page, Search, State, Step, Timeline};
use crate::view::messages::Fault;
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/allocations", get(page))
        .route("/allocations/{law}/{gemeente}/{aanbieder}/{nummer}", get(timeline))
}

async fn page(context: Context, RawQuery(query): RawQuery) -> Result<Response, Refused> {
    context.needs(Permission::View)?;
    let words: Asked = asked(&context, query.as_deref())?;
    let search = match Search::parse(&words) {
        Ok(search) => search,
        Err(faults) => {
            let content = form(&context, &words, &faults);
            return Ok((StatusCode::BAD_REQUEST, shown(&context, &content)).into_response());
        }
    };
    let found = context.look(move |tx, now| tx.find_allocations(&search, now)).await?;
    let content = html! {
        (form(&context, &words, &[]))
        @if found.rows.is_empty() && !found.cut {
            @if words == Asked::default() {
                (parts::empty(context.pick("Er zijn nog geen toewijzingen.", "There are no allocations yet.")))
            } @else {
                (parts::empty(context.pick("Geen toewijzing voldoet aan alles wat u vroeg.", "No allocation fits all that you asked.")))
                ul {
                    li { (context.pick("Laat een veld weg: een toewijzing moet aan alle velden voldoen.", "Leave a field out: an allocation must fit all of them.")) }
                    li { (context.pick(
                        "Een toewijzing staat hier zodra een 301 met haar is verwerkt. Is hij afgekeurd, vastgehouden of nog \
                         niet binnen, zoek dan bij de berichten.",
                        "An allocation stands here once a 301 with it was processed. If that was rejected, is held or has not \
                         come in, look among the messages.",
                    )) " " @if !words.allocation.is_empty() {
                        a href=(link("/messages", &crate::view::messages::Asked { allocation: words.allocation.clone(), ..Default::default() })) {
                            (context.pick("Zoek bij de berichten", "Look among the messages"))
                        }
                    } }
                    li { a href="/allocations" { (context.pick("Toon alle toewijzingen", "Show all allocations")) } }
                }
            }
        }
        (results(&context, &found, |page| link("/allocations", &Asked { page: page.to_owned(), ..words.clone() })))
    };
    Ok(shown(&context, &content).into_response())
}

fn shown(context: &Context, content: &Markup) -> Html<String> {
    layout::page(context, Place::Allocations, Place::Allocations.name(context.language), content)
}

fn form(context: &Context, words: &Asked, faults: &[Fault]) -> Markup {
    let laws = [("", context.pick("beide", "both")), ("wmo", "Wmo"), ("jeugdwet", "Jeugdwet")];
    let states: Vec<(&str, &str)> = [("", context.pick("alle", "all"))]
        .into_iter()
        .chain(State::ALL.map(|state| (state.as_str(), state_word(context, state))))
        .collect();
    let text = |name, label, value| Field::new(name, label, value, Entry::Text(60)).fault(fault(context, faults, name));
    let fields = [
        text("allocation", "ToewijzingNummer", &words.allocation),
        text("aanbieder", context.pick("Aanbieder (AGB-code)", "Provider (AGB code)"), &words.aanbieder),
        text("gemeente", context.pick("Gemeente (code)", "Municipality (code)"), &words.gemeente),
        Field::new("law", context.pick("Wet", "Law"), &words.law, Entry::Choice(&laws))
            .fault(fault(context, faults, "law")),
        text("product", context.pick("Product", "Product"), &words.product)
            .hint(context.pick("categorie of code", "category or code")),
        Field::new("state", context.pick("Stand", "State"), &words.state, Entry::Choice(&states))
            .fault(fault(context, faults, "state")),
    ];
    html! {
        @if let Some(page) = fault(context, faults, "page") { (parts::notice(Tone::Bad, &html! { (page) })) }
        (parts::filter(context.language, "/allocations", fields, *words != Asked::default()))
    }
}

fn state_word(context: &Context, state: State) -> &'static str {
    match state {
        State::Upcoming => context.language.pick("gaat nog in", "upcoming"),
        State::Running => context.language.pick("loopt", "running"),
        State::Ended => context.language.pick("beëindigd", "ended"),
        State::Withdrawn => context.language.pick("ingetrokken", "withdrawn"),
    }
}

fn state_badge(context: &Context, state: State) -> Markup {
    let tone = match state {
        State::Upcoming => Tone::Info,
        State::Running => Tone::Good,
        State::Ended => Tone::Plain,
        State::Withdrawn => Tone::Warn,
    };
    parts::badge(tone, state_word(context, state))
}

/// A table of allocations with links to what is before and behind it.
pub(super) fn results(context: &Context, found: &Page, to: impl Fn(&str) -> String) -> Markup {
    let language = context.language;
    let columns = [
        words("ToewijzingNummer"),
        words(context.pick("Wet", "Law")),
        words(context.pick("Gemeente", "Municipality")),
        words(context.pick("Aanbieder", "Provider")),
        words(context.pick("Product", "Product")),
        words(context.pick("Van", "From")),
        words(context.pick("Tot en met", "Until")),
        words(context.pick("Stand", "State")),
        figures(context.pick("Gereserveerd", "Reserved")),
        figures(context.pick("Toegekend", "Granted")),
    ];
    let rows = found.rows.iter().map(|row| {
        vec![
            html! { a href=(path(row)) { (row.nummer) } },
            html! { (law_name(row.law)) },
            html! { (row.gemeente) },
            html! { (row.aanbieder) },
            html! { (product(context, row)) },
            parts::day(language, row.ingangsdatum),
            html! { @match row.einddatum { Some(end) => (parts::day(language, end)), None => "–" } },
            state_badge(context, row.state),
            parts::money(Cents(row.reserved_cents)),
            parts::money(Cents(row.realised_cents)),
        ]
    });
    let (previous, next) = (found.previous.as_deref().map(&to), found.next.as_deref().map(&to));
    html! {
        @if !found.rows.is_empty() {
            (parts::table(context.pick("Toewijzingen, hoogste nummer eerst", "Allocations, highest number first"), &columns, rows))
        }
        @if found.cut {
            (parts::notice(Tone::Info, &html! { (context.pick(
                "Nog niet alles is doorzocht. Blader verder, of maak de vraag nauwer met een aanbieder of een nummer.",
                "Not everything was gone through yet. Go on to the next page, or narrow the question by a provider or a number.",
            )) }))
        }
        (parts::leaf_through(language, previous.as_deref(), next.as_deref()))
    }
}

fn path(row: &Listed) -> String {
    format!("/allocations/{}/{}/{}/{}", row.law, row.gemeente, row.aanbieder, row.nummer)
}

fn law_name(law: &str) -> &'static str {
    if law == "wmo" { "Wmo" } else { "Jeugdwet" }
}

fn product(context: &Context, row: &Listed) -> String {
    match (&row.categorie, &row.code) {
        (Some(categorie), Some(code)) => format!("{categorie} / {code}"),
        (Some(categorie), None) => categorie.clone(),
        _ => context.pick("generiek", "generic").to_owned(),
    }
}

async fn timeline(
    context: Context,
    Path((law, gemeente, aanbieder, nummer)): Path<(String, String, String, String)>,
) -> Result<Html<String>, Refused> {
    context.needs(Permission::View)?;
    let key = Key::parse(&law, &gemeente, &aanbieder, &nummer).ok_or_else(|| context.missing())?;
    let asked = key.clone();
    let found = context.look(move |tx, now| tx.look_at_allocation(&asked, now)).await?;
    let found = found.ok_or_else(|| context.missing())?;
    let title = format!("{} {}", context.pick("Toewijzing", "Allocation"), key.nummer);
    let above = [("/allocations", Place::Allocations.name(context.language))];
    let content = html! {
        (parts::breadcrumb(context.language, &above, &title))
        (about(&context, &key, &found))
        (missing(&context, &found))
        (parts::section("course", context.pick("Verloop", "Course"), &course(&context, &found)))
    };
    Ok(layout::page(&context, Place::Allocations, &title, &content))
}

fn about(context: &Context, key: &Key, found: &Timeline) -> Markup {
    let language = context.language;
    let parties = [
        (context.pick("Wet", "Law"), html! { (law_name(key.law.as_str())) }),
        (context.pick("Gemeente", "Municipality"), html! { (municipality(context, key.gemeente.as_str())) }),
        (context.pick("Aanbieder", "Provider"), html! { (provider(context, key.aanbieder.as_str())) }),
    ];
    let Some(row) = &found.allocation else {
        return html! {
            (parts::facts(parties))
            (parts::notice(Tone::Warn, &html! { (context.pick(
                "Van deze toewijzing is geen 301 verwerkt; er zijn wel berichten die haar noemen.",
                "No 301 with this allocation was processed; there are messages that name it.",
            )) }))
        };
    };
    let mut facts = Vec::from(parties);
    facts.push((context.pick("Stand", "State"), state_badge(context, row.state)));
    facts.push((context.pick("Product", "Product"), html! { (product(context, row)) }));
    facts.push((context.pick("Van", "From"), parts::day(language, row.ingangsdatum)));
    if let Some(end) = row.einddatum {
        facts.push((context.pick("Tot en met", "Until"), parts::day(language, end)));
    }
    if let Some(volume) = row.volume {
        facts.push((context.pick("Omvang", "Volume"), html! { (omvang(row, volume)) }));
    }
    if let Some(budget) = row.budget_cents {
        facts.push((context.pick("Budget", "Budget"), parts::money(Cents(budget))));
    }
    facts.push((context.pick("Gereserveerd", "Reserved"), parts::money(Cents(row.reserved_cents))));
    facts.push((context.pick("Toegekend", "Granted"), parts::money(Cents(row.realised_cents))));
    parts::facts(facts)
}

fn omvang(row: &Listed, volume: Count) -> String {
    let eenheid = row.eenheid.as_deref().and_then(Eenheid::parse).map_or("", Eenheid::nl);
    let frequentie = row.frequentie.as_deref().and_then(Frequentie::parse).map_or("", |frequentie| match frequentie {
        Frequentie::PerDag => "per dag",
        Frequentie::PerWeek => "per week",
        Frequentie::PerMaand => "per maand",
        Frequentie::Totaal => "totaal binnen de geldigheidsduur",
    });
    format!("{volume} {eenheid} {frequentie}").trim().to_owned()
}

fn missing(context: &Context, found: &Timeline) -> Markup {
    let language = context.language;
    html! {
        @if !found.gaps.is_empty() {
            (parts::section("gaps", context.pick("Wat ontbreekt", "What is missing"), &html! {
                ul { @for gap in &found.gaps { li {
                    @if gap.overdue { (parts::badge(Tone::Bad, context.pick("te laat", "late"))) " " }
                    (gap_words(context, gap))
                    @if let Some(due) = gap.due_on {
                        " " (context.pick("Termijn: ", "Term: ")) (parts::day(language, due)) "."
                    }
                } } }
            }))
        }
        @if !found.open.is_empty() {
            (parts::section("open", context.pick("Openstaande vragen", "Open questions"), &message::questions(context, &found.open)))
        }
    }
}

fn gap_words(context: &Context, gap: &Gap) -> String {
    let days = gap.days;
    match gap.missing {
        Missing::Start if days == 0 => context
            .pick(
                "Er is nog geen start gemeld; de toewijzing kan vandaag beginnen.",
                "No start was reported yet; the allocation may begin today.",
            )
            .to_owned(),
        Missing::Start => match context.language {
            Language::Nl => format!(
                "Er is na {days} dagen geen start (305) gemeld. De termijn telt vanaf de echte start van de zorg, die geen bericht vertelt."
            ),
            Language::En => format!(
                "No start (305) was reported after {days} days. The term counts from the real start of care, which no message tells."
            ),
        },
        Missing::Stop => match context.language {
            Language::Nl => format!("De toewijzing eindigde {days} dagen geleden en er is geen stop (307) gemeld."),
            Language::En => format!("The allocation ended {days} days ago and no stop (307) was reported."),
        },
        Missing::Declaration => match context.language {
            Language::Nl => {
                format!("Er is {days} dagen na de start nog niets toegekend. De standaard kent hiervoor geen termijn.")
            }
            Language::En => {
                format!("Nothing was granted {days} days after the start. The standard has no term for this.")
            }
        },
    }
}

fn course(context: &Context, found: &Timeline) -> Markup {
    let language = context.language;
    let columns = [
        words(context.pick("Wanneer", "When")),
        words(context.pick("Stap", "Step")),
        words(context.pick("Bericht", "Message")),
        words(context.pick("Oordeel", "Verdict")),
        words(context.pick("Van", "From")),
        words(context.pick("Tot en met", "Until")),
        words(context.pick("Reden", "Reason")),
        figures(context.pick("Toegekend", "Granted")),
    ];
    let rows = found.events.iter().map(|event| {
        vec![
            parts::moment(language, event.at),
            html! { (step_word(context, event.step)) @if event.deleted { " " (parts::badge(Tone::Warn, context.pick("later verwijderd", "deleted later"))) } },
            html! {
                a href=(format!("/messages/{}", event.message)) {
                    (event.kind) @if let Some(identification) = &event.identification { " " (identification) }
                }
            },
            outcome(context, event),
            html! { @if let Some(from) = event.from { (parts::day(language, from)) } },
            html! { @if let Some(to) = event.to { (parts::day(language, to)) } },
            html! { @if let Some(reason) = &event.reason { (reason) } },
            html! { @if let Some(cents) = event.granted_cents {
                (parts::money(Cents(cents))) " "
                small { (event.lines.unwrap_or(0)) " " (context.pick("regel(s)", "line(s)")) }
            } },
        ]
    });
    html! {
        @if found.earlier_left_out {
            (parts::notice(Tone::Info, &html! { (context.pick("Oudere berichten staan hier niet bij; zoek ze bij de berichten.", "Older messages are left out; look for them among the messages.")) }))
        }
        (parts::table(context.pick("Wat er gebeurde, oudste eerst", "What happened, oldest first"), &columns, rows))
    }
}

fn outcome(context: &Context, event: &Event) -> Markup {
    html! {
        @match (event.verdict, event.delivery) {
            (Some(verdict), _) => (parts::verdict(context.language, verdict)),
            (None, Some(state)) => (message::departure_state(context, state)),
            (None, None) => "",
        }
        @if !event.rules.is_empty() { " " small { (event.rules.join(", ")) } }
    }
}

fn step_word(context: &Context, step: Step) -> &'static str {
    let language = context.language;
    match step {
        Step::Request => language.pick("verzoek", "request"),
        Step::Answer => language.pick("antwoord op verzoek", "answer to the request"),
        Step::Allocation => language.pick("toewijzing", "allocation"),
        Step::Change => language.pick("wijziging", "change"),
        Step::Repeated => language.pick("herhaald, ongewijzigd", "repeated, unchanged"),
        Step::Start => language.pick("start", "start"),
        Step::Stop => language.pick("stop", "stop"),
        Step::Declaration => language.pick("declaratie", "declaration"),
        Step::Reply => language.pick("antwoordbericht", "reply"),
    }
}
