//! Budget agreements as they stand on the day of the report, with a forecast by the run rate.
//!
//! Amounts come from the postings of the ledger; the course over the months from the granted lines, by the first day of
//! their ProductPeriode, which is where the postings come from. The forecast carries the pace of the last month that
//! counts as complete through to the end of the term. All of it is integer arithmetic, rounded half up.

use super::chart::{BurnUp, Chart, Drawing};
use super::lang::{per_mille, ratio};
use super::small::{LEAST, Seen};
use super::source::Source;
use super::table::{Cell, Column, Part, Row, Section, Table, fitting};
use crate::contract::Validity;
use crate::contract::norms::{self, CLAIM_LAG_MONTHS};
use crate::contract::register::Agreement;
use crate::ledger::Budget;
use crate::message::{Cents, Date, Party};
use crate::rules::Parties;
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

/// How an agreement stands.
#[derive(Debug, Clone)]
pub(super) struct Standing<'a> {
    pub(super) agreement: &'a Agreement,
    /// Realised, by the postings.
    realised: Cents,
    /// Promised and not yet realised.
    committed: Cents,
    /// The sum of the granted lines; differs from the postings when the register has changed since.
    by_lines: i128,
    /// What was realised up to and including a day, rising in time; steps about fewer than five persons are taken
    /// together.
    course: Vec<(Date, Cents)>,
    forecast: Option<Forecast>,
    /// Days of the term that have passed in tenths of a percent.
    elapsed: Option<i64>,
    seen: Seen,
}

/// What the run rate leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Forecast {
    /// The day up to which the pace was taken, and what was realised by then.
    base: (Date, Cents),
    /// Realised at the end of the term.
    total: Cents,
    /// The first day on which the amount is reached, when that is within the term.
    hit: Option<Date>,
}

/// What the lines and allocations of an agreement say.
#[derive(Debug, Clone, Default)]
struct Use<'a> {
    /// By the first day of the month: amount and persons.
    months: BTreeMap<Date, (i128, BTreeSet<&'a PersonKey>)>,
    clients: BTreeSet<&'a PersonKey>,
}

/// The agreements that belong in the report, as they stand. Whatever more is known of budgets comes in here.
pub(super) fn standings(source: Source<'_>) -> Vec<Standing<'_>> {
    let balances: BTreeMap<&str, &Budget> =
        source.snapshot.budgets.iter().map(|budget| (budget.agreement.as_str(), budget)).collect();
    let mut uses = uses(source);
    let belongs = |agreement: &&Agreement| is_in_scope(source, agreement);
    source
        .register
        .agreements()
        .filter(belongs)
        .map(|agreement| {
            let used = uses.remove(agreement.id.as_str()).unwrap_or_default();
            standing(source, agreement, balances.get(agreement.id.as_str()).copied(), &used)
        })
        .collect()
}

/// An agreement of another municipality or provider is none of the reader's business; one of all municipalities is.
fn is_in_scope(source: Source<'_>, agreement: &Agreement) -> bool {
    let scope = source.scope;
    scope.period.overlaps(agreement.from, Some(agreement.to))
        && source.is_segment(Some(&agreement.segment))
        && agreement.gemeente.as_ref().is_none_or(|gemeente| source.is_municipality(gemeente))
        && (scope.aanbieder.is_none() || scope.aanbieder == agreement.agb)
}

fn uses(source: Source<'_>) -> BTreeMap<&str, Use<'_>> {
    let history = &source.snapshot.history;
    let mut uses: BTreeMap<&str, Use<'_>> = BTreeMap::new();
    let mut agreements = Agreements { source, known: BTreeMap::new() };
    for claimed in history.lines.iter().filter(|claimed| claimed.line.granted) {
        let (line, on) = (&claimed.line, claimed.line.periode.begindatum);
        let segment = source.segment_of_line(claimed);
        let all = agreements.of(segment, &claimed.gemeente, &claimed.aanbieder);
        for agreement in all.iter().filter(|agreement| agreement.validity().holds_on(on)) {
            let used = uses.entry(&agreement.id).or_default();
            let (cents, persons) = used.months.entry(on.first_of_month()).or_default();
            *cents = cents.saturating_add(i128::from(line.bedrag.0));
            persons.insert(&line.person);
        }
    }
    for each in source.allocations_of_region() {
        let allocation = each.allocation;
        let term = Validity { from: allocation.ingangsdatum, to: allocation.einddatum };
        let all = agreements.of(each.segment, &each.allocated.gemeente, &allocation.aanbieder);
        for agreement in all.iter().filter(|agreement| agreement.validity().overlaps(&term)) {
            uses.entry(&agreement.id).or_default().clients.insert(&allocation.person);
        }
    }
    uses
}

/// The agreements that care counts for, looked up once for all care of the same parties.
struct Agreements<'a> {
    source: Source<'a>,
    known: BTreeMap<(&'a str, &'a Party, &'a Party), Vec<&'a Agreement>>,
}

impl<'a> Agreements<'a> {
    fn of(&mut self, segment: Option<&'a str>, gemeente: &'a Party, aanbieder: &'a Party) -> &[&'a Agreement] {
        let Some(segment) = segment else { return &[] };
        let register = self.source.register;
        self.known
            .entry((segment, gemeente, aanbieder))
            .or_insert_with(|| register.agreements_for(segment, Parties { gemeente, aanbieder }).collect())
    }
}

fn standing<'a>(
    source: Source<'_>,
    agreement: &'a Agreement,
    balance: Option<&Budget>,
    used: &Use<'_>,
) -> Standing<'a> {
    let (realised, consumption) =
        balance.map_or((Cents(0), Cents(0)), |balance| (balance.realised, balance.consumption));
    let claimants: BTreeSet<&PersonKey> = used.months.values().flat_map(|(_, persons)| persons).copied().collect();
    let groups = [claimants.len(), used.clients.len()];
    let is_small = groups.iter().any(|persons| u64::try_from(*persons).is_ok_and(|count| (1..LEAST).contains(&count)));
    let today = source.scope.today;
    let days = |until: Date| days(agreement.from, until.min(agreement.to));
    let course = if is_small { Vec::new() } else { course(source, agreement, used) };
    Standing {
        agreement,
        realised,
        committed: Cents(consumption.0.saturating_sub(realised.0)),
        by_lines: used.months.values().map(|(cents, _)| *cents).fold(0, i128::saturating_add),
        forecast: forecast(source, agreement, &course),
        course,
        elapsed: per_mille(i128::from(days(today).max(0)), i128::from(days(agreement.to))),
        seen: if is_small { Seen::Small } else { Seen::Shown },
    }
}

/// What was realised up to the end of each month, up to the last with a line or the last that is complete. Months are
/// taken together until five persons or more, or nobody, stand behind a step.
fn course(source: Source<'_>, agreement: &Agreement, used: &Use<'_>) -> Vec<(Date, Cents)> {
    let today = source.scope.today.min(agreement.to);
    let last_line = used.months.keys().next_back().copied();
    let Some(last) = last_line.max(complete(source, agreement).map(Date::first_of_month)) else {
        return Vec::new();
    };
    let mut steps: Vec<(Date, i128, BTreeSet<&PersonKey>)> = Vec::new();
    let (mut sum, mut open) = (0_i128, BTreeSet::new());
    let mut month = agreement.from.first_of_month();
    while month <= last {
        if let Some((cents, persons)) = used.months.get(&month) {
            sum = sum.saturating_add(*cents);
            open.extend(persons);
        }
        let end = month.last_of_month().min(agreement.to);
        // The month that runs is drawn up to today.
        let day = if month <= today && today < end { today } else { end };
        if open.is_empty() || is_group(&open) {
            steps.push((day, sum, std::mem::take(&mut open)));
        } else if month.last_of_month() >= last {
            // A rest of few persons would follow from the total: the steps before go along with it.
            while !is_group(&open) {
                let Some((.., persons)) = steps.pop() else { break };
                open.extend(persons);
            }
            steps.push((day, sum, std::mem::take(&mut open)));
        }
        match month.last_of_month().tomorrow() {
            Ok(next) => month = next,
            Err(_) => break,
        }
    }
    steps.into_iter().map(|(day, sum, _)| (day, fitting(sum))).collect()
}

fn is_group(persons: &BTreeSet<&PersonKey>) -> bool {
    u64::try_from(persons.len()).unwrap_or(u64::MAX) >= LEAST
}

/// The last day of the last month of which all claims are in, as the region reckons; `None` when it does not say or none is.
fn complete(source: Source<'_>, agreement: &Agreement) -> Option<Date> {
    let lag = source.register.region.norms.numbers.of_segment(&CLAIM_LAG_MONTHS, &agreement.segment)?;
    let day = source.scope.today.saturating_sub(norms::months(lag));
    let last = if day == day.last_of_month() { day } else { day.first_of_month().yesterday().ok()? };
    let last = last.min(agreement.to);
    (agreement.from <= last).then_some(last)
}

/// Carries the pace up to the last complete point on: complete by the norm, or else the last with a claim.
fn forecast(source: Source<'_>, agreement: &Agreement, course: &[(Date, Cents)]) -> Option<Forecast> {
    let has_norm = source.register.region.norms.numbers.of_segment(&CLAIM_LAG_MONTHS, &agreement.segment).is_some();
    let limit = complete(source, agreement);
    let counts = |(day, _): &&(Date, Cents)| !has_norm || limit.is_some_and(|limit| *day <= limit);
    let (day, realised) = course.iter().rev().find(counts).copied().filter(|(_, realised)| realised.0 > 0)?;
    let passed = i128::from(days(agreement.from, day));
    let term = i128::from(days(agreement.from, agreement.to));
    let cents = i128::from(realised.0);
    let needed = (i128::from(agreement.amount.0) * passed + cents - 1) / cents;
    let hit = (1..=term).contains(&needed).then(|| i64::try_from(needed - 1).ok()).flatten();
    Some(Forecast {
        base: (day, realised),
        total: ratio(cents * term, passed).map_or(Cents(i64::MAX), Cents),
        hit: hit.map(|days| agreement.from.saturating_add(jiff::Span::new().days(days))),
    })
}

/// Days from `from` up to and including `to`.
fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24 + 1
}

impl Standing<'_> {
    fn consumption(&self) -> Cents {
        Cents(self.realised.0.saturating_add(self.committed.0))
    }

    /// Whether its figures may be seen.
    pub(super) fn is_open(&self) -> bool {
        self.seen == Seen::Shown
    }

    fn row(&self, source: Source<'_>) -> Row {
        let (lang, agreement) = (source.lang(), self.agreement);
        let headroom = Cents(agreement.amount.0.saturating_sub(self.consumption().0));
        let used = per_mille(i128::from(self.consumption().0), i128::from(agreement.amount.0));
        let (total, hit) = match self.forecast {
            None => (Cell::Absent, Cell::Absent),
            Some(forecast) => {
                let not = lang.say("niet binnen de looptijd", "not within the term");
                (Cell::Cents(forecast.total), forecast.hit.map_or(Cell::text(not), Cell::Date))
            }
        };
        let secret = |cell: Cell| cell.seen(self.seen);
        let party = |party: &Option<Party>| Cell::text(party.as_ref().map_or("*", |party| party.as_str()));
        Row::plain(vec![
            Cell::text(agreement.id.as_str()),
            Cell::text(self.description(source)),
            Cell::text(agreement.segment.as_str()),
            party(&agreement.gemeente),
            party(&agreement.agb),
            Cell::text(agreement.model.as_str()),
            Cell::Date(agreement.from),
            Cell::Date(agreement.to),
            Cell::Cents(agreement.amount),
            secret(Cell::Cents(self.realised)),
            secret(Cell::Cents(self.committed)),
            secret(Cell::Cents(headroom)),
            secret(Cell::share(used)),
            Cell::share(self.elapsed),
            secret(total),
            secret(hit),
        ])
    }

    fn description(&self, source: Source<'_>) -> String {
        let (lang, agreement) = (source.lang(), self.agreement);
        let all = |text: &str| text.to_owned();
        let gemeente = agreement.gemeente.as_ref().map_or_else(
            || all(lang.say("alle gemeenten", "all municipalities")),
            |gemeente| source.municipality_name(gemeente),
        );
        let aanbieder = agreement
            .agb
            .as_ref()
            .map_or_else(|| all(lang.say("alle aanbieders", "all providers")), |agb| source.provider_name(agb));
        format!("{}: {}; {gemeente}; {aanbieder}", agreement.id, source.segment_name(Some(&agreement.segment)))
    }

    fn chart(&self, source: Source<'_>) -> Option<Chart> {
        let (lang, agreement) = (source.lang(), self.agreement);
        // A line along the bottom shows nothing.
        let (last, realised) = self.course.last().copied().filter(|(_, realised)| realised.0 != 0)?;
        let hit = match (self.forecast, lang) {
            (None, _) => String::new(),
            (Some(Forecast { total, hit: Some(day), .. }), super::Lang::Nl) => {
                format!(" In dit tempo komt het uit op € {} en is het bedrag op {day} bereikt.", lang.euros(total))
            }
            (Some(Forecast { total, hit: Some(day), .. }), super::Lang::En) => {
                format!(" At this pace it comes to € {} and the amount is reached on {day}.", lang.euros(total))
            }
            (Some(Forecast { total, .. }), super::Lang::Nl) => {
                format!(" In dit tempo komt het uit op € {}, binnen het bedrag.", lang.euros(total))
            }
            (Some(Forecast { total, .. }), super::Lang::En) => {
                format!(" At this pace it comes to € {}, within the amount.", lang.euros(total))
            }
        };
        let (amount, sum) = (lang.euros(agreement.amount), lang.euros(realised));
        let description = match lang {
            super::Lang::Nl => format!("Tot en met {last} is € {sum} gerealiseerd van € {amount}.{hit}"),
            super::Lang::En => format!("Up to {last} € {sum} was realised of € {amount}.{hit}"),
        };
        let is_running = agreement.validity().holds_on(source.scope.today);
        let drawing = BurnUp {
            from: agreement.from,
            to: agreement.to,
            limit: agreement.amount,
            realised: self.course.clone(),
            forecast: self.forecast.map(|forecast| (forecast.base, forecast.total)),
            today: is_running.then_some(source.scope.today),
            names: [
                lang.say("gerealiseerd", "realised").to_owned(),
                lang.say("gelijkmatig", "straight path").to_owned(),
                lang.say("verwacht", "expected").to_owned(),
                lang.say("bedrag", "amount").to_owned(),
            ],
        };
        Some(Chart {
            id: format!("verloop-{}", super::anchor(&agreement.id)),
            title: self.description(source),
            description,
            drawing: Drawing::BurnUp(drawing),
        })
    }
}

/// The section.
pub(super) fn section(source: Source<'_>, standings: &[Standing<'_>]) -> Section {
    let lang = source.lang();
    let heading = lang.say("Budgetten", "Budgets").to_owned();
    if standings.is_empty() {
        let none =
            lang.say("In deze periode geldt geen budgetafspraak.", "There is no budget agreement in this period.");
        return Section { id: "budgetten", heading, parts: vec![Part::Note(none.to_owned())] };
    }
    let mut parts = vec![Part::Note(explanation(source)), Part::Table(table(source, standings))];
    for standing in standings.iter().filter(|standing| standing.is_open()) {
        if standing.by_lines != i128::from(standing.realised.0) {
            parts.push(Part::Note(difference(source, standing)));
        }
        parts.extend(standing.chart(source).map(Part::Chart));
    }
    parts.push(Part::Table(months(source, standings)));
    Section { id: "budgetten", heading, parts }
}

fn table(source: Source<'_>, standings: &[Standing<'_>]) -> Table {
    let lang = source.lang();
    let columns = vec![
        Column::file("afspraak"),
        Column::page(lang.say("Afspraak", "Agreement")),
        Column::file("segment"),
        Column::file("gemeente"),
        Column::file("agb"),
        Column::file("model"),
        Column::file("van"),
        Column::file("tot"),
        Column::figure("bedrag_cent", lang.say("Bedrag (€)", "Amount (€)")),
        Column::figure("gerealiseerd_cent", lang.say("Gerealiseerd (€)", "Realised (€)")),
        Column::figure("vastgelegd_cent", lang.say("Vastgelegd (€)", "Committed (€)")),
        Column::figure("ruimte_cent", lang.say("Ruimte (€)", "Headroom (€)")),
        Column::figure("gebruikt_procent", lang.say("Gebruikt (%)", "Used (%)")),
        Column::figure("tijd_procent", lang.say("Tijd (%)", "Time (%)")),
        Column::figure("verwacht_cent", lang.say("Verwacht (€)", "Expected (€)")),
        Column::figure("bereikt_op", lang.say("Bereikt op", "Reached on")),
    ];
    let caption = lang.say("Budgetafspraken op de dag van het rapport", "Budget agreements on the day of the report");
    let rows = standings.iter().map(|standing| standing.row(source)).collect();
    Table { id: "budgetten".to_owned(), caption: caption.to_owned(), columns, rows }
}

/// The course by month, for the file: on the page it is drawn.
fn months(source: Source<'_>, standings: &[Standing<'_>]) -> Table {
    let rows = standings.iter().flat_map(|standing| {
        let id = standing.agreement.id.as_str();
        standing
            .course
            .iter()
            .map(move |(day, cents)| Row::plain(vec![Cell::text(id), Cell::Date(*day), Cell::Cents(*cents)]))
    });
    let caption = source.lang().say("Gerealiseerd tot en met een dag", "Realised up to a day");
    Table {
        id: "budgetten-verloop".to_owned(),
        caption: caption.to_owned(),
        columns: vec![Column::file("afspraak"), Column::file("tot_en_met"), Column::file("gerealiseerd_cent")],
        rows: rows.collect(),
    }
}

fn explanation(source: Source<'_>) -> String {
    source
        .lang()
        .say(
            "De bedragen zijn die van de afspraak als geheel, zoals het grootboek nu staat, en niet geknipt op de periode \
             van het rapport. Vastgelegd is wat is toegewezen en nog niet gedeclareerd. De verwachting trekt het tempo door \
             van de laatste maand waarvan de declaraties binnen zijn; zonder norm (claim_lag_months) is dat de laatste maand \
             met een declaratie.",
            "The amounts are those of the agreement as a whole as the ledger stands now, not cut to the period of the report. \
             Committed is what was allocated and not yet claimed. What is expected follows the pace of the last month of \
             which the claims are in; without a norm (claim_lag_months) that is the last month with a claim.",
        )
        .to_owned()
}

fn difference(source: Source<'_>, standing: &Standing<'_>) -> String {
    let (lang, id) = (source.lang(), &standing.agreement.id);
    let (posted, lines) = (lang.euros(standing.realised), lang.euros(fitting(standing.by_lines)));
    match lang {
        super::Lang::Nl => format!(
            "{id}: geboekt is € {posted}, de toegekende regels tellen op tot € {lines}. Het register is na de boekingen \
             veranderd; de tabel volgt de boekingen, de grafiek de regels."
        ),
        super::Lang::En => format!(
            "{id}: € {posted} was posted, the granted lines add up to € {lines}. The register has changed since the \
             postings; the table follows the postings, the chart the lines."
        ),
    }
}
