//! `/providers`: what providers send over a period, what of it is rejected and why, and who is silent.

use super::charts::{self, Bars, Heading};
use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::orders::provider_name;
use super::overview::sentence;
use super::parts::{self, Card, Tone};
use super::search;
use super::words::Language;
use crate::access::Permission;
use crate::clock::dutch_day;
use crate::decision::Verdict;
use crate::view::overview::Tally;
use crate::view::providers::{FEW, FEW_STARTS, Line, Names, PERIODS, Period, Provider, Sort, Starts, page_of};
use crate::web::Site;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/providers", get(list)).route("/providers/{agb}", get(one))
}

#[derive(Deserialize)]
struct Asked {
    days: Option<String>,
    sort: Option<String>,
    after: Option<String>,
}

impl Asked {
    fn days(&self, context: &Context) -> Result<u32, Refused> {
        let Some(word) = &self.days else { return Ok(PERIODS[1]) };
        let known = PERIODS.into_iter().find(|days| days.to_string() == *word);
        known.ok_or_else(|| {
            let nl = "Kies een periode van 30, 90 of 365 dagen.";
            context.cannot(StatusCode::BAD_REQUEST, nl, "Choose a period of 30, 90 or 365 days.")
        })
    }

    fn sort(&self, context: &Context) -> Result<Sort, Refused> {
        let Some(word) = &self.sort else { return Ok(Sort::default()) };
        Sort::parse(word).ok_or_else(|| {
            let nl = "Op die kolom kan niet worden gesorteerd.";
            context.cannot(StatusCode::BAD_REQUEST, nl, "The list cannot be sorted by that column.")
        })
    }
}

/// Names in the registers that are in force.
fn names(site: &Site) -> Names {
    let contracts = site.registers.in_force().now();
    let providers = contracts.registers().iter().flat_map(|register| register.providers());
    providers.map(|provider| (provider.agb.to_string(), provider.name.clone())).collect()
}

async fn list(context: Context, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::ViewContracts)?;
    let (days, sort) = (asked.days(&context)?, asked.sort(&context)?);
    let names = names(&context.site);
    let read = context.look(move |tx, now| {
        let period = Period::up_to(dutch_day(now), days);
        Ok((now, period, tx.provider_lines(period, &names)?))
    });
    let (now, period, mut lines) = read.await?;
    sort.apply(&mut lines);
    let (rows, next) = page_of(&lines, asked.after.as_deref());
    let language = context.language;
    let address = |sort: Sort, days: u32| format!("/providers?days={days}&sort={}", sort.as_str());
    let older = next.map(|after| format!("{}&after={after}", address(sort, days)));
    let newer = asked.after.as_ref().map(|_| address(sort, days));
    let content = html! {
        (periods(&context, days, |days| address(sort, days)))
        section aria-label=(context.pick("Aanbieders", "Providers")) {
            @if lines.is_empty() {
                (parts::empty(context.pick(
                    "Er is geen contractregister en geen aanbieder stuurde een bericht.",
                    "There is no contract register, and no provider sent a message.",
                )))
            } @else {
                (sorts(&context, sort, |sort| address(sort, days)))
                (table(&context, rows, now, days))
                p.soft {
                    (context.pick("Berichten die de aanbieder zelf stuurde, ", "Messages that the provider sent itself, "))
                    (parts::day(language, period.from)) " – " (parts::day(language, period.to)) ". "
                    (parts::badge(Tone::Plain, context.pick("klein", "few"))) " "
                    (few_words(language))
                }
                (parts::pager(language, newer.as_deref(), older.as_deref()))
            }
        }
    };
    Ok(layout::page(&context, Place::Providers, Place::Providers.name(language), &content))
}

fn few_words(language: Language) -> String {
    match language {
        Language::Nl => format!(
            "betekent minder dan {FEW} berichten: het percentage zegt dan weinig. Een mediaan van de starttijd staat er vanaf {FEW_STARTS} starts."
        ),
        Language::En => format!(
            "means fewer than {FEW} messages: the rate says little then. A median of the time to start is shown from {FEW_STARTS} starts on."
        ),
    }
}

fn periods(context: &Context, shown: u32, address: impl Fn(u32) -> String) -> Markup {
    let tab = |days: u32| (address(days), format!("{days} {}", context.pick("dagen", "days")), days == shown);
    parts::tabs(context.pick("Periode", "Period"), PERIODS.map(tab))
}

fn sorts(context: &Context, shown: Sort, address: impl Fn(Sort) -> String) -> Markup {
    let name = |sort: Sort| match sort {
        Sort::Name => context.pick("naam", "name"),
        Sort::Messages => context.pick("meeste berichten", "most messages"),
        Sort::Rate => context.pick("hoogste afkeur", "highest rejection rate"),
        Sort::Silence => context.pick("langst stil", "longest silent"),
        Sort::Overdue => context.pick("meeste te laat", "most late answers"),
    };
    html! {
        p.sorts {
            (context.pick("Sorteer op: ", "Sort by: "))
            @for (at, sort) in Sort::ALL.into_iter().enumerate() {
                @if at > 0 { " · " }
                @if sort == shown { strong { (name(sort)) } } @else { a href=(address(sort)) { (name(sort)) } }
            }
        }
    }
}

fn table(context: &Context, rows: &[Line], now: Timestamp, days: u32) -> Markup {
    let language = context.language;
    let columns = [
        parts::words(context.pick("Aanbieder", "Provider")),
        parts::figures(context.pick("Berichten", "Messages")),
        parts::figures(context.pick("Afgekeurd", "Rejected")),
        parts::figures(context.pick("Afkeur", "Rejection rate")),
        parts::figures(context.pick("Deels toegekend", "Partly granted")),
        parts::words(context.pick("Meest gebroken regel", "Rule broken most")),
        parts::figures(context.pick("Start na (mediaan)", "Starts after (median)")),
        parts::figures(context.pick("Laatste bericht", "Last message")),
        parts::figures(context.pick("Open vragen", "Open questions")),
    ];
    let row = |line: &Line| {
        let link = format!("/providers/{}?days={days}", line.agb);
        vec![
            html! {
                @match &line.name {
                    Some(name) => { a href=(link) { (name) } " " span.soft { (line.agb) } }
                    None => { a href=(link) { (line.agb) } " " (parts::badge(Tone::Plain, context.pick("niet in register", "not in the register"))) }
                }
            },
            html! { (parts::count(language, line.messages.total())) },
            html! { (parts::count(language, line.messages.rejected)) },
            rate(language, line.messages),
            html! { (parts::count(language, line.messages.partly)) },
            html! { @if let Some(rule) = &line.top_rule { abbr title=(sentence(language, rule)) { (rule) } } @else { "–" } },
            days_of(context, line.starts),
            html! { @if let Some(last) = line.last { (parts::age(language, now, last)) } @else { "–" } },
            html! {
                (parts::count(language, line.open))
                @if line.overdue > 0 { " " (parts::badge(Tone::Warn, &format!("{} {}", line.overdue, context.pick("te laat", "late")))) }
            },
        ]
    };
    let caption = context.pick("Aanbieders en hun berichten", "Providers and their messages");
    parts::table(caption, &columns, rows.iter().map(row))
}

/// The share of rejected messages; one over few messages says so.
fn rate(language: Language, messages: Tally) -> Markup {
    let total = messages.total();
    html! {
        (parts::percent(language, messages.rejected, total))
        @if (1..FEW).contains(&total) { " " (parts::badge(Tone::Plain, language.pick("klein", "few"))) }
    }
}

fn days_of(context: &Context, starts: Starts) -> Markup {
    html! {
        @match starts.median {
            Some(days) => { (days) " " (context.pick("d", "d")) }
            None => { span.soft title=(format!("{} {}", starts.count, context.pick("starts", "starts"))) { "–" } }
        }
    }
}

async fn one(context: Context, Path(agb): Path<String>, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::ViewContracts)?;
    let days = asked.days(&context)?;
    if agb.len() != 8 || !agb.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(context.missing());
    }
    let name = provider_name(&context, &agb);
    let read = context.look(move |tx, now| Ok((now, tx.provider(&agb, Period::up_to(dutch_day(now), days), name)?)));
    let (now, provider) = read.await?;
    let provider = provider.ok_or_else(|| context.missing())?;
    let title = provider.name.clone().unwrap_or_else(|| provider.agb.clone());
    let content = html! {
        (parts::breadcrumb(context.language, &[(Place::Providers.path(), Place::Providers.name(context.language))], &title))
        (periods(&context, days, |days| format!("/providers/{}?days={days}", provider.agb)))
        (cards(&context, &provider, now))
        (weeks(&context, &provider))
        (reasons(&context, &provider))
        (kinds(&context, &provider, now))
        (more(&context, &provider))
    };
    Ok(layout::page(&context, Place::Providers, &title, &content))
}

/// How a figure moved against the period before: never by colour alone, and never over few messages.
fn against(context: &Context, now: Tally, before: Tally) -> Markup {
    let language = context.language;
    html! {
        @if before.total() == 0 { (context.pick("geen eerdere berichten", "no earlier messages")) }
        @else {
            (context.pick("daarvoor ", "before ")) (parts::percent(language, before.rejected, before.total()))
            @if now.total() < FEW || before.total() < FEW { (context.pick(", klein aantal", ", few messages")) }
        }
    }
}

fn cards(context: &Context, provider: &Provider, now: Timestamp) -> Markup {
    let language = context.language;
    let (messages, before) = (provider.messages(), provider.messages_before());
    let Provider { declared, starts, starts_before, .. } = provider;
    let sender = format!("/messages?sender={}", provider.agb);
    let rejected = format!("{sender}&verdict=rejected&since={}", provider.period.from);
    let partly = format!("{sender}&verdict=partly&since={}", provider.period.from);
    parts::cards([
        Card {
            label: context.pick("Berichten", "Messages"),
            value: html! { (parts::count(language, messages.total())) },
            note: html! { (context.pick("daarvoor ", "before ")) (parts::count(language, before.total())) },
            link: Some(&sender),
            tone: Tone::Plain,
        },
        Card {
            label: context.pick("Afgekeurd", "Rejected"),
            value: html! { (parts::percent(language, messages.rejected, messages.total())) },
            note: html! { (parts::count(language, messages.rejected)) "; " (against(context, messages, before)) },
            link: Some(&rejected),
            tone: Tone::Plain,
        },
        Card {
            label: context.pick("Deels toegekend", "Partly granted"),
            value: html! { (parts::count(language, declared.partly)) },
            note: html! {
                (context.pick("van ", "of ")) (parts::count(language, declared.declarations))
                (context.pick(" declaraties", " declarations"))
            },
            link: Some(&partly),
            tone: Tone::Plain,
        },
        Card {
            label: context.pick("Start na (mediaan)", "Starts after (median)"),
            value: html! {
                @match starts.median { Some(days) => { (days) " d" } None => "–" }
            },
            note: html! {
                @match (starts.median, starts_before.median) {
                    (None, _) => { (starts.count) " starts: " (context.pick("te weinig", "too few")) }
                    (Some(_), Some(before)) => { (context.pick("daarvoor ", "before ")) (before) " d" }
                    (Some(_), None) => { (starts.count) " starts" }
                }
            },
            link: None,
            tone: Tone::Plain,
        },
        Card {
            label: context.pick("Laatste bericht", "Last message"),
            value: html! { @if let Some(last) = provider.last { (parts::age(language, now, last)) } @else { "–" } },
            note: html! {
                @if let Some(last) = provider.last { (parts::day(language, dutch_day(last))) }
                @else { (context.pick("stuurde nog niets", "never sent anything")) }
            },
            link: Some(&sender),
            tone: Tone::Plain,
        },
        Card {
            label: context.pick("Antwoorden te laat", "Answers late"),
            value: html! { (parts::count(language, provider.overdue)) },
            note: html! { (parts::count(language, provider.open)) (context.pick(" open", " open")) },
            link: Some("/questions"),
            tone: if provider.overdue > 0 { Tone::Warn } else { Tone::Plain },
        },
    ])
}

/// Verdicts from the bottom of a bar.
const STACK: [Verdict; 3] = [Verdict::Accepted, Verdict::Partly, Verdict::Rejected];

fn weeks(context: &Context, provider: &Provider) -> Markup {
    let language = context.language;
    let bars = provider.weeks.iter().map(|week| {
        let name = format!("{}-{:02}", week.from.day(), week.from.month());
        (name, STACK.map(|verdict| week.messages.of(verdict)).to_vec())
    });
    let heading = Heading {
        id: "weeks-chart",
        title: context.pick("Berichten per week", "Messages by week"),
        description: context.pick(
            "Per week vanaf de genoemde dag, naar wat erover is besloten. De laatste week kan korter zijn.",
            "By week from the day that is named, by what was decided. The last week may be shorter.",
        ),
        axis: context.pick("Week vanaf", "Week from"),
    };
    let series = STACK.map(|verdict| (parts::verdict_tone(verdict), parts::verdict_word(language, verdict))).to_vec();
    let chart = charts::bars(language, &Bars { heading, series, columns: bars.collect() });
    parts::section("weeks", context.pick("Verloop", "Course"), &chart)
}

fn reasons(context: &Context, provider: &Provider) -> Markup {
    let language = context.language;
    let rows = provider.reasons.iter().map(|reason| {
        let query = [
            ("rule", reason.rule.as_str()),
            ("sender", provider.agb.as_str()),
            ("since", &provider.period.from.to_string()),
        ];
        let trend = match reason.messages.cmp(&reason.before) {
            std::cmp::Ordering::Greater => context.pick("↑ meer", "↑ more"),
            std::cmp::Ordering::Less => context.pick("↓ minder", "↓ fewer"),
            std::cmp::Ordering::Equal => context.pick("= gelijk", "= same"),
        };
        vec![
            html! { a href=(search::link("/messages", &query)) { (reason.rule) } },
            html! { (sentence(language, &reason.rule)) },
            html! { (parts::count(language, reason.messages)) },
            html! { (parts::count(language, reason.before)) },
            html! { (trend) },
        ]
    });
    let columns = [
        parts::words(context.pick("Regel", "Rule")),
        parts::words(context.pick("Wat hij vraagt", "What it asks")),
        parts::figures(context.pick("Nu", "Now")),
        parts::figures(context.pick("Daarvoor", "Before")),
        parts::words(context.pick("Verloop", "Trend")),
    ];
    let content = if provider.reasons.is_empty() {
        parts::empty(context.pick("In deze periodes is niets afgekeurd.", "Nothing was rejected in these periods."))
    } else {
        let caption = context.pick(
            "Berichten die niet aan een regel voldeden, in deze periode en in de even lange ervoor",
            "Messages that broke a rule, in this period and in the one of the same length before",
        );
        parts::table(caption, &columns, rows)
    };
    parts::section("reasons", context.pick("Waarop is afgekeurd", "What was rejected, and why"), &content)
}

fn kinds(context: &Context, provider: &Provider, now: Timestamp) -> Markup {
    let language = context.language;
    let rows = provider.kinds.iter().map(|line| {
        let link = format!("/messages?sender={}&kind={}&since={}", provider.agb, line.kind, provider.period.from);
        vec![
            html! { a href=(link) { (line.kind) } },
            html! { (parts::count(language, line.messages.total())) },
            rate(language, line.messages),
            rate(language, line.before),
            html! { @if let Some(last) = line.last { (parts::age(language, now, last)) } @else { "–" } },
        ]
    });
    let columns = [
        parts::words(context.pick("Soort", "Kind")),
        parts::figures(context.pick("Berichten", "Messages")),
        parts::figures(context.pick("Afkeur", "Rejection rate")),
        parts::figures(context.pick("Daarvoor", "Before")),
        parts::figures(context.pick("Laatste", "Last")),
    ];
    let content = if provider.kinds.is_empty() {
        parts::empty(context.pick("In deze periodes kwam er niets binnen.", "Nothing came in during these periods."))
    } else {
        parts::table(context.pick("Naar soort bericht", "By kind of message"), &columns, rows)
    };
    parts::section("kinds", context.pick("Soorten berichten", "Kinds of messages"), &content)
}

fn more(context: &Context, provider: &Provider) -> Markup {
    let language = context.language;
    let Provider { declared, starts, .. } = provider;
    let facts = parts::facts([
        (context.pick("AGB-code", "AGB code"), html! { code { (provider.agb) } }),
        (
            context.pick("In register", "In the register"),
            html! { (if provider.name.is_some() { context.pick("ja", "yes") } else { context.pick("nee", "no") }) },
        ),
        (context.pick("Gedeclareerd", "Declared"), parts::money(declared.declared_cents)),
        (context.pick("Toegekend", "Granted"), parts::money(declared.granted_cents)),
        (
            context.pick("Starts op een toewijzing", "Starts on an allocation"),
            html! { (parts::count(language, u64::try_from(starts.count).unwrap_or(0))) },
        ),
        (
            context.pick("9 van de 10 starten binnen", "9 in 10 start within"),
            html! { @match starts.ninetieth { Some(days) => { (days) " d" } None => "–" } },
        ),
    ]);
    let note = context.pick(
        "De starttijd loopt van de laatste van besluit en ingangsdatum tot de begindatum in het startbericht, over startberichten die in de periode binnenkwamen.",
        "The time to start runs from the later of decision and first day to the begin date of the start message, over start messages that came in during the period.",
    );
    parts::section("more", context.pick("Verder", "Further"), &html! { (facts) p.soft { (note) } })
}

#[cfg(test)]
mod tests {
    use crate::access::Role;
    use crate::contract::Contracts;
    use crate::web::testing::{see, site, site_of};
    use axum::http::StatusCode;

    #[tokio::test]
    async fn only_who_may_see_contracts_sees_providers() {
        let site = site();
        for path in ["/providers", "/providers/42420001"] {
            assert_eq!(see(&site, &[Role::Viewer, Role::Operator], path).await.0, StatusCode::FORBIDDEN, "{path}");
        }
        let (status, body) = see(&site, &[Role::ContractManager], "/providers").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("geen aanbieder stuurde een bericht"), "{body}");
    }

    #[tokio::test]
    async fn what_cannot_be_asked_is_refused_and_not_repeated() {
        let site = site();
        for (path, status) in [
            ("/providers?days=31", StatusCode::BAD_REQUEST),
            ("/providers?sort=%3Cscript%3E", StatusCode::BAD_REQUEST),
            ("/providers/42420001", StatusCode::NOT_FOUND),
            ("/providers/4242000", StatusCode::NOT_FOUND),
            ("/providers/%3Cscript%3E", StatusCode::NOT_FOUND),
            ("/providers?after=nobody", StatusCode::OK),
        ] {
            let (found, body) = see(&site, &[Role::ContractManager], path).await;
            assert_eq!(found, status, "{path}");
            assert!(!body.contains("<script"), "{body}");
        }
    }

    #[tokio::test]
    async fn providers_of_the_register_are_there_before_they_send_anything() {
        let config = format!("[contract]\nregion = '{}/config/regions/achterhoek'\n", env!("CARGO_MANIFEST_DIR"));
        let parsed =
            crate::config::parse(std::path::Path::new("sluis.toml"), &config, &std::collections::BTreeMap::new());
        let contracts = crate::registers::load(&parsed.expect("it is right")).expect("the sample register is good");
        let register = contracts.registers()[0].clone();
        let mut providers: Vec<_> = register.providers().collect();
        providers.sort_by(|one, other| one.name.cmp(&other.name));
        let first = providers[0].clone();
        let site = site_of("", Contracts::clone(&contracts));
        let (status, body) = see(&site, &[Role::ContractManager], "/providers?sort=name").await;
        assert_eq!(status, StatusCode::OK);
        let name = maud::html! { (first.name) }.into_string();
        assert!(body.contains(&name), "{body}");
        let (status, body) = see(&site, &[Role::ContractManager], &format!("/providers/{}?days=30", first.agb)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("stuurde nog niets") && body.contains(&name), "{body}");
    }
}
