//! `/budgets`: agreements and accounts of a year, and the course of an agreement with what is expected of it.

use super::charts::{self, Heading, Line, Lines, Stroke};
use super::context::{Context, Refused};
use super::layout::{self, Place};
use super::orders::{municipality, not_understood, provider};
use super::parts::{self, Entry, Field, Tone, figures, words};
use super::words::Language;
use crate::access::Permission;
use crate::message::{Cents, Date};
use crate::view::budgets::{AccountLine, AgreementLine, Budgets, Shown, Sums};
use crate::web::{Reckoned, Site};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Html;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/budgets", get(list)).route("/budgets/{agreement}", get(one))
}

/// Which year is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    year: String,
}

/// Years that the standard and its registers can be about.
const YEARS: std::ops::RangeInclusive<i16> = 2015..=2099;

async fn list(context: Context, Query(asked): Query<Asked>) -> Result<Html<String>, Refused> {
    context.needs(Permission::ViewContracts)?;
    let today = context.site.clock.today();
    let year = match asked.year.as_str() {
        "" => today.year(),
        text => text.parse().ok().filter(|year| YEARS.contains(year)).ok_or_else(|| not_understood(&context))?,
    };
    let mut regions = Vec::new();
    for register in context.site.registers.in_force().now().registers() {
        regions.push(context.site.budgets(register, year).await.map_err(|error| context.broken(&error))?);
    }
    let language = context.language;
    let around = [today.year() - 1, today.year(), today.year() + 1, year];
    let years: std::collections::BTreeSet<String> = around.iter().map(ToString::to_string).collect();
    let years: Vec<(&str, &str)> = years.iter().map(|year| (year.as_str(), year.as_str())).collect();
    let shown = year.to_string();
    let field = Field::new("year", context.pick("Jaar", "Year"), &shown, Entry::Choice(&years));
    let content = html! {
        (parts::filter(language, "/budgets", [field], year != today.year()))
        @if regions.is_empty() {
            (parts::empty(context.pick("Deze gateway heeft geen contractregister.", "This gateway has no contract register.")))
        }
        @for Reckoned { value: region, at } in &regions {
            (as_of(&context, *at))
            (parts::section(&format!("agreements-{}", region.region), &format!("{}: {}", region.name, context.pick("afspraken", "agreements")), &agreements(&context, region)))
            (parts::section(&format!("accounts-{}", region.region), &format!("{}: {} {year}", region.name, context.pick("rekeningen van", "accounts of")), &accounts(&context, &region.accounts)))
        }
    };
    Ok(layout::page(&context, Place::Budgets, Place::Budgets.name(language), &content))
}

/// As of when figures are that are not of this moment.
fn as_of(context: &Context, at: Timestamp) -> Markup {
    let is_old = context.site.clock.now().duration_since(at) >= SignedDuration::from_secs(1);
    html! { @if is_old { p.soft { (context.pick("Berekend: ", "Reckoned: ")) (parts::moment(context.language, at)) } } }
}

fn agreements(context: &Context, region: &Budgets) -> Markup {
    if region.agreements.is_empty() {
        return parts::empty(context.pick("In dit jaar geldt geen afspraak.", "No agreement holds in this year."));
    }
    let columns = [
        words(context.pick("Afspraak", "Agreement")),
        words(context.pick("Gebruik", "Use")),
        figures(context.pick("Afgesproken", "Agreed")),
        figures(context.pick("Gereserveerd", "Reserved")),
        figures(context.pick("Gerealiseerd", "Realised")),
        figures(context.pick("Nog niet gedeclareerd", "Not claimed yet")),
        figures(context.pick("Vrij", "Free")),
        figures(context.pick("Verwacht aan het eind", "Expected at the end")),
        words(context.pick("Bereikt op", "Reached on")),
    ];
    let rows = region.agreements.iter().map(|each| {
        let sums = &each.figures;
        vec![
            html! {
                a href=(format!("/budgets/{}", encoded(&each.id))) { (each.id) }
                br; small { (each.segment_name) " · " (scope(context, each)) }
            },
            used(context, each),
            parts::money(Cents(each.amount_cents)),
            parts::money(Cents(sums.open_cents)),
            parts::money(Cents(sums.realised_cents)),
            parts::money(Cents(sums.not_claimed_cents)),
            parts::money(Cents(each.headroom_hard_cents)),
            parts::money(Cents(sums.consumption_expected_cents)),
            each.hits_on.map_or_else(|| html! { "–" }, |day| parts::day(context.language, day)),
        ]
    });
    let caption = context.pick(
        "Afspraken over hun hele looptijd; wie het dichtst bij zijn bedrag is staat boven",
        "Agreements over their whole term; the one closest to its amount comes first",
    );
    parts::table(caption, &columns, rows)
}

/// A part of a path, whatever an agreement is called.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let each =
        text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    each.collect()
}

fn scope(context: &Context, each: &AgreementLine) -> String {
    let gemeente = each.gemeente.as_deref();
    let aanbieder = each.aanbieder.as_deref();
    format!(
        "{}, {}",
        gemeente.map_or_else(
            || context.pick("alle gemeenten", "all municipalities").to_owned(),
            |code| municipality(context, code)
        ),
        aanbieder.map_or_else(
            || context.pick("alle aanbieders", "all providers").to_owned(),
            |code| provider(context, code)
        ),
    )
}

/// How full an agreement is: by what may be used at most, in words and as a bar.
fn used(context: &Context, each: &AgreementLine) -> Markup {
    let percent = each.used_per_mille.max(0) / 10;
    let first = each.warn_at.first().copied().map_or(i64::MAX, i64::from);
    let (tone, word) = match percent {
        percent if percent >= 100 => (Tone::Bad, context.pick("vol", "full")),
        percent if percent >= first => (Tone::Warn, context.pick("boven de drempel", "above the threshold")),
        _ => (Tone::Good, context.pick("ruimte", "room")),
    };
    let label = format!("{percent}% {}", context.pick("gebruikt", "used"));
    let part = u64::try_from(each.figures.consumption_hard_cents).unwrap_or(0);
    let whole = u64::try_from(each.amount_cents).unwrap_or(0);
    html! { (charts::meter(tone, &label, part, whole)) (percent) "% " (parts::badge(tone, word)) }
}

fn accounts(context: &Context, all: &[AccountLine]) -> Markup {
    if all.is_empty() {
        return parts::empty(context.pick("In dit jaar is niets geboekt.", "Nothing was booked in this year."));
    }
    let columns = [
        words(context.pick("Aanbieder", "Provider")),
        words("Segment"),
        words(context.pick("Gemeente", "Municipality")),
        words("Model"),
        figures(context.pick("Ooit gereserveerd", "Ever reserved")),
        figures(context.pick("Gerealiseerd", "Realised")),
        figures(context.pick("Open", "Open")),
        figures(context.pick("Waarvan stil", "Of it frozen")),
        figures(context.pick("Nog niet gedeclareerd", "Not claimed yet")),
        figures(context.pick("Verwacht", "Expected")),
        figures(context.pick("Geschat daarnaast", "Estimated beside")),
    ];
    let rows = all.iter().map(|line| {
        let Sums { reserved_gross_cents, realised_cents, open_cents, frozen_cents, .. } = line.figures;
        let mut cells = vec![
            html! { (provider(context, &line.aanbieder)) },
            html! { (line.segment) @if let Some(part) = &line.subsegment { " · " (part) } },
            html! { (municipality(context, &line.gemeente)) " (" (line.law) ")" },
            html! { (line.model) },
        ];
        let amounts = [
            reserved_gross_cents,
            realised_cents,
            open_cents,
            frozen_cents,
            line.figures.not_claimed_cents,
            line.figures.consumption_expected_cents,
            line.figures.estimated_cents,
        ];
        cells.extend(amounts.map(|cents| parts::money(Cents(cents))));
        cells
    });
    parts::table(context.pick("Rekeningen", "Accounts"), &columns, rows)
}

async fn one(context: Context, Path(id): Path<String>) -> Result<Html<String>, Refused> {
    context.needs(Permission::ViewContracts)?;
    let contracts = context.site.registers.in_force().now();
    let register = contracts.registers().iter().find(|register| register.agreement(&id).is_some());
    let register = register.ok_or_else(|| context.missing())?;
    let reckoned = context.site.budget(register, &id).await.map_err(|error| context.broken(&error))?;
    let Reckoned { value, at } = reckoned;
    let shown = value.ok_or_else(|| context.missing())?;
    let (language, agreement) = (context.language, &shown.agreement);
    let content = html! {
        (parts::breadcrumb(language, &[("/budgets", Place::Budgets.name(language))], &agreement.id))
        (as_of(&context, at))
        (parts::section("agreement", context.pick("Afspraak", "Agreement"), &about(&context, agreement)))
        (parts::section("course", context.pick("Verloop", "Course"), &course(&context, &shown)))
        (parts::section("accounts", context.pick("Rekeningen onder deze afspraak", "Accounts under this agreement"), &shares(&context, &shown)))
    };
    Ok(layout::page(&context, Place::Budgets, &agreement.id, &content))
}

fn about(context: &Context, each: &AgreementLine) -> Markup {
    let language = context.language;
    let sums = &each.figures;
    let money = |cents: i64| parts::money(Cents(cents));
    html! {
        (parts::facts([
            (context.pick("Gebruik", "Use"), used(context, each)),
            ("Segment", html! { (each.segment_name) }),
            (context.pick("Voor", "For"), html! { (scope(context, each)) }),
            ("Model", html! { (each.model) }),
            (context.pick("Looptijd", "Term"), html! { (parts::day(language, each.from)) " – " (parts::day(language, each.to)) }),
            (context.pick("Afgesproken", "Agreed"), money(each.amount_cents)),
            (context.pick("Gereserveerd (open)", "Reserved (open)"), money(sums.open_cents)),
            (context.pick("Waarvan stil", "Of it frozen"), money(sums.frozen_cents)),
            (context.pick("Gerealiseerd", "Realised"), money(sums.realised_cents)),
            (context.pick("Geleverd, nog niet gedeclareerd", "Delivered, not claimed yet"), money(sums.not_claimed_cents)),
            (context.pick("Vrij als iedereen alles gebruikt", "Free if everybody uses everything"), money(each.headroom_hard_cents)),
            (context.pick("Verwacht gebruik", "Expected use"), money(sums.consumption_expected_cents)),
            (context.pick("Vrij naar verwachting", "Free as expected"), money(each.headroom_expected_cents)),
            (context.pick("Geschat daarnaast", "Estimated beside"), money(sums.estimated_cents)),
            (context.pick("Bedrag bereikt op", "Amount reached on"), each.hits_on.map_or_else(|| html! { "–" }, |day| parts::day(language, day))),
        ]))
    }
}

/// Days from the first of the chart.
fn place(first: Date, day: Date) -> i64 {
    first.duration_until(day).as_hours() / 24
}

fn course(context: &Context, shown: &Shown) -> Markup {
    let (language, agreement) = (context.language, &shown.agreement);
    let Some((first, last)) = shown
        .course
        .first()
        .zip(shown.course.last())
        .map(|(first, last)| (first.on.first_of_month(), last.on.max(agreement.to)))
    else {
        return html! {};
    };
    let end = place(first, last);
    // A month that is still to come has nothing realised, whatever was realised before it.
    let known = shown.course.iter().filter(|point| point.on.first_of_month() <= shown.today);
    let realised = known.map(|point| (place(first, point.on.min(shown.today.max(first))), point.realised_cents));
    let committed = shown.course.iter().map(|point| (place(first, point.on), point.committed_cents));
    let from = shown.today.clamp(first, last);
    let expected = std::iter::once((place(first, from), agreement.figures.realised_cents))
        .chain(shown.expected.iter().map(|expected| (place(first, expected.on), expected.cents)));
    let level = |cents: i64| vec![(0, cents), (end, cents)];
    let names: Vec<(String, i64)> = agreement
        .warn_at
        .iter()
        .map(|percent| {
            let cents = i128::from(agreement.amount_cents) * i128::from(*percent) / 100;
            (format!("{} {percent}%", context.pick("drempel", "threshold")), i64::try_from(cents).unwrap_or(i64::MAX))
        })
        .collect();
    let mut lines = vec![
        Line { name: context.pick("gerealiseerd", "realised"), stroke: Stroke::Solid, points: realised.collect() },
        Line {
            name: context.pick("gerealiseerd en gereserveerd", "realised and reserved"),
            stroke: Stroke::Dotted,
            points: committed.collect(),
        },
    ];
    if !shown.expected.is_empty() {
        lines.push(Line {
            name: context.pick("verwacht", "expected"),
            stroke: Stroke::Dashed,
            points: expected.collect(),
        });
    }
    lines.extend(names.iter().map(|(name, cents)| Line { name, stroke: Stroke::Thin, points: level(*cents) }));
    lines.push(Line {
        name: context.pick("afgesproken", "agreed"),
        stroke: Stroke::Limit,
        points: level(agreement.amount_cents),
    });
    let many = shown.course.len() > 14;
    let ticks =
        shown.course.iter().map(|point| point.on.first_of_month()).filter(|month| !many || month.month() % 3 == 1);
    let sentence = sentence(language, agreement);
    let chart = Lines {
        heading: Heading {
            id: "burn-up",
            title: context.pick("Gebruik van de afspraak per maand", "Use of the agreement by month"),
            description: &sentence,
            axis: context.pick("Dag", "Day"),
        },
        ends: (0, end),
        ticks: ticks.map(|month| (place(first, month), parts::month(language, month).to_owned())).collect(),
        courses: lines,
        value: &|cents| parts::euros(Cents(cents)),
        place: &|days| first.saturating_add(jiff::Span::new().days(days)).to_string(),
    };
    charts::lines(language, &chart)
}

fn sentence(language: Language, each: &AgreementLine) -> String {
    let euros = |cents: i64| parts::euros(Cents(cents));
    let (realised, amount) = (euros(each.figures.realised_cents), euros(each.amount_cents));
    let expected = euros(each.figures.consumption_expected_cents);
    // A day on which it is reached lies ahead: once the term is over there is none, however much was used.
    let is_over = each.hits_on.is_none() && each.figures.consumption_expected_cents > each.amount_cents;
    match (language, each.hits_on) {
        (Language::Nl, None) if is_over => {
            format!(
                "Van {amount} is {realised} gerealiseerd; de looptijd is voorbij en het gebruik komt uit op {expected}, boven het bedrag."
            )
        }
        (Language::En, None) if is_over => {
            format!(
                "Of {amount} {realised} is realised; the term is over and the use comes to {expected}, above the amount."
            )
        }
        (Language::Nl, None) => format!(
            "Van {amount} is {realised} gerealiseerd; naar verwachting komt het uit op {expected}, binnen het bedrag op elke dag die nog komt."
        ),
        (Language::Nl, Some(day)) => format!(
            "Van {amount} is {realised} gerealiseerd; naar verwachting komt het uit op {expected} en is het bedrag op {day} bereikt."
        ),
        (Language::En, None) => format!(
            "Of {amount} {realised} is realised; it is expected to come to {expected}, within the amount on each day to come."
        ),
        (Language::En, Some(day)) => format!(
            "Of {amount} {realised} is realised; it is expected to come to {expected}, and the amount is reached on {day}."
        ),
    }
}

fn shares(context: &Context, shown: &Shown) -> Markup {
    if shown.accounts.is_empty() {
        return parts::empty(
            context.pick("Er is nog niets onder deze afspraak.", "There is nothing under this agreement yet."),
        );
    }
    let columns = [
        words(context.pick("Rekening", "Account")),
        figures(context.pick("Ooit gereserveerd", "Ever reserved")),
        figures(context.pick("Gerealiseerd", "Realised")),
        figures(context.pick("Open", "Open")),
    ];
    let rows = shown.accounts.iter().map(|share| {
        let mut cells = vec![html! { span.code { (share.account) } }];
        let amounts = [share.reserved_gross_cents, share.realised_cents, share.open_cents];
        cells.extend(amounts.map(|cents| parts::money(Cents(cents))));
        cells
    });
    parts::table(context.pick("Rekeningen", "Accounts"), &columns, rows)
}
