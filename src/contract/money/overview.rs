//! The accounts of a year as the history of a region tells them, with their figures: a recount that knows no postings.
//!
//! What is open is reckoned anew, allocation by allocation, so it also shows what no balance holds: over which days the
//! rest is expected, what is frozen, and what was delivered and not claimed. Instalments are in the register, so those
//! that fell due count as realised.

use super::account::{Care, place};
use super::close::{self, Leftover};
use super::figures::{Books, Closed, Figures, Open, Rate, expected_on, figures, not_claimed};
use super::instalment;
use crate::contract::budget::{TEMPORARY, worth_by_slot};
use crate::contract::facts::Stand;
use crate::contract::norms::{CLAIM_LAG_MONTHS, MIN_CASES, REALISATION_RATE_PERCENT, months};
use crate::contract::register::Agreement;
use crate::contract::survey::Survey;
use crate::contract::value::clamp;
use crate::decision::{Account, Slot};
use crate::message::{Categorie, Cents, Count, Date, Law, Party};
use crate::rules::Parties;
use crate::rules::facts::{Allocation, Delivery, Earlier};
use std::collections::{BTreeMap, BTreeSet};

/// An account in a year, as its history tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The account.
    pub account: Account,
    /// Its figures; without a limit, for limits are over accounts.
    pub figures: Figures,
    /// Delivered until today and not claimed.
    pub not_claimed: Cents,
    /// What allocations without volume and budget are expected to cost in the year: the mean of their category per
    /// client-day in the last 24 months. Estimated, so apart from what is reserved (funding, section 2).
    pub estimated: Cents,
    /// Allocations without an Einddatum among what is open.
    pub open_ended: usize,
    /// Part of what is open that is expected to be claimed.
    pub rate: Rate,
}

/// What an account gathers.
#[derive(Default)]
struct Gathered {
    reserved: i128,
    realised: i128,
    estimated: i128,
    open: Vec<Open>,
    open_ended: usize,
}

/// One allocation, by law, municipality and number.
type Key<'h> = (Law, &'h Party, Count);

/// The accounts of `year`, in order.
pub fn accounts(survey: &Survey<'_>, year: i16) -> Vec<Line> {
    let rates = rates(survey);
    gather(survey, year)
        .into_iter()
        .map(|(account, gathered)| {
            let rate = rates.get(account.segment.as_str()).copied().unwrap_or_else(|| prior(survey, &account.segment));
            let books = Books {
                reserved_gross: Cents(clamp(gathered.reserved)),
                realised: Cents(clamp(gathered.realised)),
                open: &gathered.open,
                rate,
            };
            let last = Date::new(year, 12, 31).unwrap_or(Date::MAX);
            let figures = figures(&books, None, survey.today, last);
            let not_claimed = not_claimed(&gathered.open, survey.today);
            let estimated = Cents(clamp(gathered.estimated));
            Line { account, figures, not_claimed, estimated, open_ended: gathered.open_ended, rate }
        })
        .collect()
}

/// An agreement as it stands, over the accounts that it limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Its figures under its amount.
    pub figures: Figures,
    /// Delivered until today and not claimed.
    pub not_claimed: Cents,
    /// What allocations without volume and budget are expected to cost, beside the figures.
    pub estimated: Cents,
    /// Allocations without an Einddatum among what is open.
    pub open_ended: usize,
    /// What each account brings: ever reserved, realised, open.
    pub accounts: BTreeMap<Account, [Cents; 3]>,
    /// Expected to be realised by the end of each month from that of today on, up to the last day of the agreement.
    pub expected: Vec<(Date, Cents)>,
}

/// The agreements that run on the day of the survey, as they stand: each with its figures under its amount, over the
/// accounts that it limits. By id.
pub fn agreements<'a>(survey: &Survey<'a>) -> BTreeMap<&'a str, (&'a Agreement, Figures)> {
    let running = standings(survey, |agreement| agreement.validity().holds_on(survey.today));
    running.into_iter().map(|(id, standing)| (id, (standing.agreement, standing.figures))).collect()
}

/// The agreements that `is_wanted` picks, as they stand on the day of the survey. By id.
pub fn standings<'a>(survey: &Survey<'a>, is_wanted: impl Fn(&Agreement) -> bool) -> BTreeMap<&'a str, Standing<'a>> {
    let wanted: Vec<&Agreement> = survey.register.agreements().filter(|agreement| is_wanted(agreement)).collect();
    let years: BTreeSet<i16> =
        wanted.iter().flat_map(|agreement| agreement.from.year()..=agreement.to.year()).collect();
    let mut all: BTreeMap<&str, Gathered> = BTreeMap::new();
    let mut accounts: BTreeMap<&str, BTreeMap<Account, [Cents; 3]>> = BTreeMap::new();
    // Each year is gathered once, whatever the number of agreements.
    for (slot, gathered) in years.into_iter().flat_map(|year| gather_slots(survey, year)) {
        for id in &slot.agreements {
            let Some(agreement) = survey.register.agreement(id) else { continue };
            let books = all.entry(agreement.id.as_str()).or_default();
            books.reserved = books.reserved.saturating_add(gathered.reserved);
            books.realised = books.realised.saturating_add(gathered.realised);
            books.estimated = books.estimated.saturating_add(gathered.estimated);
            books.open_ended += gathered.open_ended;
            books.open.extend(gathered.open.iter().copied());
            let Some(account) = &slot.account else { continue };
            let sums = accounts.entry(agreement.id.as_str()).or_default().entry(account.clone()).or_default();
            let open = gathered.open.iter().map(|each| i128::from(each.cents.0)).fold(0, i128::saturating_add);
            for (sum, more) in sums.iter_mut().zip([gathered.reserved, gathered.realised, open]) {
                *sum = Cents(clamp(i128::from(sum.0).saturating_add(more)));
            }
        }
    }
    let rates = rates(survey);
    let nothing = Gathered::default();
    wanted
        .into_iter()
        .map(|agreement| {
            let id = agreement.id.as_str();
            let gathered = all.get(id).unwrap_or(&nothing);
            let rate = rates.get(agreement.segment.as_str()).copied();
            let books = Books {
                reserved_gross: Cents(clamp(gathered.reserved)),
                realised: Cents(clamp(gathered.realised)),
                open: &gathered.open,
                rate: rate.unwrap_or_else(|| prior(survey, &agreement.segment)),
            };
            let standing = Standing {
                agreement,
                figures: figures(&books, Some(agreement.amount), survey.today, agreement.to),
                not_claimed: not_claimed(&gathered.open, survey.today),
                estimated: Cents(clamp(gathered.estimated)),
                open_ended: gathered.open_ended,
                accounts: accounts.remove(id).unwrap_or_default(),
                expected: ends_of_months(survey.today.max(agreement.from), agreement.to)
                    .map(|day| (day, expected_on(&books, day)))
                    .collect(),
            };
            (id, standing)
        })
        .collect()
}

/// The last days of months from that of `from` on; the last one is `to`.
fn ends_of_months(from: Date, to: Date) -> impl Iterator<Item = Date> {
    let months = std::iter::successors(Some(from.last_of_month()), move |end| {
        (*end < to).then(|| end.tomorrow().ok().map(Date::last_of_month)).flatten()
    });
    months.map(move |end| end.min(to)).filter(move |_| from <= to)
}

fn prior(survey: &Survey<'_>, segment: &str) -> Rate {
    let norm = survey.register.region.norms.numbers.of_segment(&REALISATION_RATE_PERCENT, segment);
    norm.map_or(Rate::ALL, Rate::of_percent)
}

/// The realisation rate of each segment: allocations that ended in the last 24 months and can be claimed no more, drawn
/// towards the norm while they are few (`min_cases` says how few).
fn rates<'a>(survey: &Survey<'a>) -> BTreeMap<&'a str, Rate> {
    let norms = &survey.register.region.norms.numbers;
    let granted = granted(survey);
    let mut closed: BTreeMap<&str, Vec<Closed>> = BTreeMap::new();
    for each in &survey.history.allocations {
        let Some(current) = each.current().filter(|current| !current.is_taken_back()) else { continue };
        let (Some(end), Some(product)) = (current.einddatum, survey.product(each.law, current)) else { continue };
        let Some(lag) = norms.of_segment(&CLAIM_LAG_MONTHS, &product.segment) else { continue };
        let is_over = end.saturating_add(months(lag)) < survey.today;
        if !is_over || end < survey.today.saturating_sub(months(24)) {
            continue;
        }
        let parties = Parties { gemeente: &each.gemeente, aanbieder: &current.aanbieder };
        let worth = worth_by_slot((survey.register, each.law, parties, end), current);
        let reserved = worth.iter().map(|(_, cents)| i128::from(cents.0)).fold(0, i128::saturating_add);
        let realised = granted.get(&(each.law, &each.gemeente, each.nummer())).into_iter().flat_map(BTreeMap::values);
        let realised = realised.copied().fold(0, i128::saturating_add);
        let case = Closed { reserved: Cents(clamp(reserved)), realised: Cents(clamp(realised)) };
        closed.entry(product.segment.as_str()).or_default().push(case);
    }
    let weight = norms.of(&MIN_CASES).unwrap_or_default();
    closed
        .into_iter()
        .map(|(segment, cases)| (segment, Rate::of_closed(&cases, prior(survey, segment), weight)))
        .collect()
}

/// Granted per allocation and slot.
fn granted<'h>(survey: &Survey<'h>) -> BTreeMap<Key<'h>, BTreeMap<Slot, i128>> {
    let mut all: BTreeMap<Key<'h>, BTreeMap<Slot, i128>> = BTreeMap::new();
    for each in survey.history.lines.iter().filter(|each| each.line.granted) {
        let line = &each.line;
        let parties = Parties { gemeente: &each.gemeente, aanbieder: &each.aanbieder };
        let care = Care { law: each.law, parties, categorie: Some(&line.categorie), code: Some(&line.code) };
        let slot = place(survey.register, care, line.periode.begindatum).slot;
        let slots = all.entry((each.law, &each.gemeente, line.toewijzing_nummer)).or_default();
        *slots.entry(slot).or_default() += i128::from(line.bedrag.0);
    }
    all
}

fn gather(survey: &Survey<'_>, year: i16) -> BTreeMap<Account, Gathered> {
    let mut accounts: BTreeMap<Account, Gathered> = BTreeMap::new();
    for (slot, gathered) in gather_slots(survey, year) {
        let Some(account) = slot.account else { continue };
        let sum = accounts.entry(account).or_default();
        sum.reserved = sum.reserved.saturating_add(gathered.reserved);
        sum.realised = sum.realised.saturating_add(gathered.realised);
        sum.open.extend(gathered.open);
        sum.estimated = sum.estimated.saturating_add(gathered.estimated);
        sum.open_ended += gathered.open_ended;
    }
    accounts
}

fn gather_slots(survey: &Survey<'_>, year: i16) -> BTreeMap<Slot, Gathered> {
    let of_year = |slot: &Slot| slot.account.as_ref().is_some_and(|account| account.year == year);
    let mut slots: BTreeMap<Slot, Gathered> = BTreeMap::new();
    let granted = granted(survey);
    for (slot, cents) in granted.values().flatten().filter(|(slot, _)| of_year(slot)) {
        let sum = slots.entry(slot.clone()).or_default();
        sum.realised = sum.realised.saturating_add(*cents);
    }
    for posting in instalment::due(survey.register, survey.today, &BTreeMap::new()) {
        if of_year(&posting.slot) && posting.sort.is_realised() {
            let sum = slots.entry(posting.slot).or_default();
            sum.realised = sum.realised.saturating_add(i128::from(posting.cents.0));
        }
    }
    let (frozen, claimed, paces) = (frozen(survey), claimed_until(survey, year), Paces::of(survey));
    let mut deliveries = deliveries(survey);
    for each in &survey.history.allocations {
        let Some(current) = each.current().filter(|current| !current.is_taken_back()) else { continue };
        let parties = Parties { gemeente: &each.gemeente, aanbieder: &current.aanbieder };
        let key = (each.law, &each.gemeente, each.nummer());
        for (slot, worth) in worth_by_slot((survey.register, each.law, parties, survey.today), current) {
            if of_year(&slot) {
                let sum = slots.entry(slot).or_default();
                sum.reserved = sum.reserved.saturating_add(i128::from(worth.0));
            }
        }
        if let Some(cents) = paces.estimate(each.law, current, year) {
            let (categorie, from) = (current.product.as_ref().map(|product| &product.categorie), current.ingangsdatum);
            let care = Care { law: each.law, parties, categorie, code: None };
            let day = from.max(Date::new(year, 1, 1).unwrap_or(Date::MIN));
            let sum = slots.entry(place(survey.register, care, day).slot).or_default();
            sum.estimated = sum.estimated.saturating_add(cents);
        }
        let realised = granted.get(&key).into_iter().flatten();
        let leftover = Leftover {
            law: each.law,
            gemeente: each.gemeente.clone(),
            allocation: current.clone(),
            stands: realised.map(|(slot, cents)| (slot.clone(), realised_only(*cents))).collect(),
            deliveries: deliveries.remove(&key).unwrap_or_default(),
        };
        // What would be reserved if nothing was is what is open.
        for posting in close::settle(survey.register, survey.today, &leftover) {
            if !of_year(&posting.slot) {
                continue;
            }
            let (first, last) = (Date::new(year, 1, 1).unwrap_or(Date::MIN), Date::new(year, 12, 31));
            let last = last.unwrap_or(Date::MAX);
            let begin = current.ingangsdatum.max(first);
            let from = begin.max(claimed.get(&key).copied().unwrap_or(Date::MIN));
            let sum = slots.entry(posting.slot).or_default();
            sum.open_ended += usize::from(current.einddatum.is_none());
            sum.open.push(Open {
                from,
                to: current.einddatum.map_or(last, |end| end.min(last)).max(from),
                cents: posting.cents,
                frozen: frozen.contains(&key),
            });
        }
    }
    slots
}

/// What was granted per client-day in the last 24 months, by law and category; without a category over the whole law.
struct Paces<'h>(BTreeMap<(Law, Option<&'h Categorie>), (i128, i128)>);

impl<'h> Paces<'h> {
    fn of(survey: &Survey<'h>) -> Paces<'h> {
        let since = survey.today.saturating_sub(months(24));
        let mut paces: BTreeMap<(Law, Option<&Categorie>), (i128, i128)> = BTreeMap::new();
        let mut counted = BTreeSet::new();
        for each in survey.history.lines.iter().filter(|each| each.line.granted) {
            let (line, period) = (&each.line, &each.line.periode);
            if period.einddatum < since {
                continue;
            }
            for categorie in [None, Some(&line.categorie)] {
                let (cents, days) = paces.entry((each.law, categorie)).or_default();
                *cents = cents.saturating_add(i128::from(line.bedrag.0));
                // Several lines of one person over one period are the same days.
                let client = (each.law, categorie, &each.gemeente, &line.person, period.begindatum, period.einddatum);
                if counted.insert(client) {
                    *days += days_of(period.begindatum, period.einddatum);
                }
            }
        }
        Paces(paces)
    }

    /// What an allocation with neither volume nor budget is expected to cost in a year, rounded half up; `None` for
    /// others, and while nothing like it was granted.
    fn estimate(&self, law: Law, allocation: &Allocation, year: i16) -> Option<i128> {
        if allocation.omvang.is_some() || allocation.budget.is_some() {
            return None;
        }
        let categorie = allocation.product.as_ref().map(|product| &product.categorie);
        let (cents, days) = self.0.get(&(law, categorie)).filter(|(cents, days)| *cents > 0 && *days > 0)?;
        let (first, last) = (Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?);
        let from = allocation.ingangsdatum.max(first);
        let to = allocation.einddatum.map_or(last, |end| end.min(last));
        (from <= to).then(|| (cents.saturating_mul(days_of(from, to)).saturating_add(days / 2)) / days)
    }
}

/// Days from `from` up to and including `to`.
fn days_of(from: Date, to: Date) -> i128 {
    i128::from(from.duration_until(to).as_hours() / 24 + 1)
}

fn realised_only(cents: i128) -> Stand {
    Stand { open: Cents(0), realised: Cents(clamp(cents)) }
}

/// Starts and stops as the ledger keeps them, by allocation.
fn deliveries<'h>(survey: &Survey<'h>) -> BTreeMap<Key<'h>, Vec<Delivery>> {
    let mut all: BTreeMap<Key<'h>, Vec<Delivery>> = BTreeMap::new();
    for each in &survey.history.deliveries {
        let Some(nummer) = each.key.toewijzing_nummer else { continue };
        let row = |stop| Delivery {
            person: each.person.clone(),
            toewijzing_nummer: Some(nummer),
            product: each.key.product.clone(),
            begindatum: each.key.begindatum,
            stop,
            message: Earlier { kind: String::new(), identificatie: String::new(), dagtekening: each.key.begindatum },
        };
        let rows = all.entry((each.law, &each.gemeente, nummer)).or_default();
        rows.push(row(None));
        rows.extend(each.stop.clone().map(|stop| row(Some(stop))));
    }
    all
}

/// The day after the last that was claimed on each allocation in a year.
fn claimed_until<'h>(survey: &Survey<'h>, year: i16) -> BTreeMap<Key<'h>, Date> {
    let mut until: BTreeMap<Key<'h>, Date> = BTreeMap::new();
    let of_year = |day: Date| day.year() == year;
    let lines = survey.history.lines.iter().filter(|each| each.line.granted && of_year(each.line.periode.einddatum));
    for each in lines {
        let next = each.line.periode.einddatum.tomorrow().unwrap_or(Date::MAX);
        let day = until.entry((each.law, &each.gemeente, each.line.toewijzing_nummer)).or_insert(next);
        *day = (*day).max(next);
    }
    until
}

/// Allocations whose last known delivery is a temporary stop.
fn frozen<'h>(survey: &Survey<'h>) -> BTreeSet<Key<'h>> {
    let mut last: BTreeMap<Key<'h>, (Date, bool)> = BTreeMap::new();
    for each in &survey.history.deliveries {
        let Some(nummer) = each.key.toewijzing_nummer else { continue };
        let temporary = each.stop.as_ref().is_some_and(|stop| stop.reden.as_str() == TEMPORARY);
        let state = last.entry((each.law, &each.gemeente, nummer)).or_insert((each.key.begindatum, temporary));
        if each.key.begindatum >= state.0 {
            *state = (each.key.begindatum, temporary);
        }
    }
    last.into_iter().filter(|(_, (_, temporary))| *temporary).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::register::{Register, load};
    use crate::contract::survey::{Allocated, Claimed, Delivered, History};
    use crate::decision::StartKey;
    use crate::message::{Eenheid, Frequentie, GeslotenPeriode, Omvang, Product};
    use crate::rules::facts::{ClaimLine, PersonKey, Stop};
    use crate::rules::sample;
    use jiff::civil::date;
    use std::path::Path;

    /// 04A01 is 150.07 an etmaal in 2026, under FICTIEF-LOG-42420001-2026 of 20,000.00.
    fn allocated(nummer: Count, begin: Date, end: Option<Date>) -> Allocated {
        let version = Allocation {
            nummer,
            aanbieder: Party::from(sample::AANBIEDER),
            person: PersonKey(format!("{nummer:032x}")),
            product: Some(Product { categorie: "04".into(), code: Some("04A01".into()) }),
            toewijzingsdatum: begin,
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum: begin,
            einddatum: end,
            reden_wijziging: None,
            omvang: Some(Omvang { volume: 1, eenheid: Eenheid::Etmaal, frequentie: Frequentie::PerDag }),
            budget: None,
            message: sample::earlier("301"),
        };
        let gemeente = Party::from(sample::GEMEENTE);
        Allocated { law: Law::Wmo, gemeente, referentie: None, references: vec![None], versions: vec![version] }
    }

    fn claimed(nummer: Count, month: Date, cents: i64) -> Claimed {
        let line = ClaimLine {
            nummer: format!("P{nummer}{month}").as_str().into(),
            vorig: None,
            person: PersonKey(format!("{nummer:032x}")),
            toewijzing_nummer: nummer,
            categorie: "04".into(),
            code: "04A01".into(),
            periode: GeslotenPeriode { begindatum: month, einddatum: month.last_of_month() },
            volume: 1,
            eenheid: Eenheid::Etmaal,
            tarief: None,
            bedrag: Cents(cents),
            granted: true,
            declaratie: "D1".into(),
        };
        let (gemeente, aanbieder) = (Party::from(sample::GEMEENTE), Party::from(sample::AANBIEDER));
        Claimed { law: Law::Wmo, gemeente, aanbieder, on: month.last_of_month(), line }
    }

    fn register() -> Register {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        load(&folder).expect("the sample register has no fault")
    }

    #[test]
    fn an_account_is_told_from_its_history() {
        let mut register = register();
        register.region.norms.numbers.set(&REALISATION_RATE_PERCENT, 50.into());
        // A quarter of which January was claimed; one without an end from December on; one that is interrupted.
        let history = History {
            allocations: vec![
                allocated(1, date(2026, 1, 1), Some(date(2026, 3, 31))),
                allocated(2, date(2026, 12, 1), None),
                allocated(3, date(2026, 2, 1), Some(date(2026, 2, 10))),
            ],
            lines: vec![claimed(1, date(2026, 1, 1), 31 * 15_007)],
            deliveries: vec![Delivered {
                law: Law::Wmo,
                gemeente: Party::from(sample::GEMEENTE),
                aanbieder: Party::from(sample::AANBIEDER),
                person: PersonKey(format!("{:032x}", 3)),
                key: StartKey { toewijzing_nummer: Some(3), product: None, begindatum: date(2026, 2, 1) },
                stop: Some(Stop { reden: TEMPORARY.into(), einddatum: date(2026, 2, 3) }),
            }],
            ..History::default()
        };
        let survey = Survey { register: &register, today: date(2026, 2, 10), history: &history };
        let lines = accounts(&survey, 2026);
        let [line] = lines.as_slice() else { panic!("one account: {lines:?}") };
        assert_eq!(line.account.to_string(), "wmo/0197/wmo-logeren//42420001/pxq/2026");
        let figures = line.figures;
        assert_eq!(figures.reserved_gross, Cents((90 + 31 + 10) * 15_007));
        assert_eq!((figures.realised, figures.open), (Cents(31 * 15_007), Cents((59 + 31 + 10) * 15_007)));
        assert_eq!(figures.frozen, Cents(10 * 15_007));
        assert_eq!(figures.expected_open, Cents(45 * 15_007));
        assert_eq!(figures.consumption_hard, Cents(131 * 15_007));
        assert_eq!(figures.consumption_expected, Cents((31 + 45) * 15_007));
        // Ten days of February on the first, ten on the third.
        assert_eq!(line.not_claimed, Cents(20 * 15_007));
        assert_eq!(line.open_ended, 1);
        assert_eq!(accounts(&survey, 2025), []);
        let agreements = agreements(&survey);
        let (_, limited) = agreements["FICTIEF-LOG-42420001-2026"];
        assert_eq!(limited.headroom_hard, Some(Cents(2_000_000 - 131 * 15_007)));
        assert_eq!(limited.headroom_expected, Some(Cents(2_000_000 - 76 * 15_007)));
        assert_eq!(limited.hits_on, None);
        assert!(!agreements.contains_key("FICTIEF-LOG-42420001-2025"), "it is over");
    }

    #[test]
    fn care_without_a_ceiling_is_estimated_by_what_such_care_costs() {
        let register = register();
        // 62,000 cents over 31 days of one person: 2,000 a day. Two lines over the same days are not twice the days.
        let mut lines = vec![claimed(1, date(2026, 1, 1), 31_000), claimed(1, date(2026, 1, 1), 31_000)];
        lines[1].line.code = "04A02".into();
        let mut open = allocated(2, date(2026, 12, 1), None);
        open.versions[0].omvang = None;
        let estimated = |lines: &[Claimed], open: &Allocated, year: i16| -> i64 {
            let history = History { allocations: vec![open.clone()], lines: lines.to_vec(), ..History::default() };
            let survey = Survey { register: &register, today: date(2026, 3, 10), history: &history };
            accounts(&survey, year).iter().map(|line| line.estimated.0).sum()
        };
        assert_eq!(estimated(&lines, &open, 2026), 31 * 2_000, "December, for it has no end");
        assert_eq!(estimated(&lines, &open, 2027), 365 * 2_000);
        assert_eq!(estimated(&lines, &open, 2025), 0, "before it begins");
        assert_eq!(estimated(&[], &open, 2026), 0, "nothing like it was granted");
        let mut old = lines.clone();
        for each in &mut old {
            each.line.periode = GeslotenPeriode { begindatum: date(2024, 2, 1), einddatum: date(2024, 2, 29) };
        }
        assert_eq!(estimated(&old, &open, 2026), 0, "longer ago than 24 months");
        assert_eq!(estimated(&lines, &allocated(2, date(2026, 12, 1), None), 2026), 0, "it has a volume");
        open.versions[0].budget = Some(Cents(1));
        assert_eq!(estimated(&lines, &open, 2026), 0, "it has a budget");
    }

    #[test]
    fn the_rate_of_a_segment_is_learnt_from_what_is_over() {
        let mut register = register();
        let norms = &mut register.region.norms.numbers;
        norms.set(&CLAIM_LAG_MONTHS, 1.into());
        norms.set(&MIN_CASES, 1.into());
        norms.set(&REALISATION_RATE_PERCENT, 50.into());
        let history = History {
            allocations: vec![
                allocated(1, date(2026, 1, 1), Some(date(2026, 1, 31))),
                allocated(2, date(2026, 1, 1), Some(date(2026, 12, 31))),
            ],
            lines: vec![claimed(1, date(2026, 1, 1), 31 * 15_007)],
            ..History::default()
        };
        let rate = |today| {
            let survey = Survey { register: &register, today, history: &history };
            accounts(&survey, 2026)[0].rate.per_myriad()
        };
        assert_eq!(rate(date(2026, 2, 28)), 5_000, "claims may still come");
        assert_eq!(rate(date(2026, 3, 1)), 7_500, "one case of 100% and a norm that counts as one of 50%");
    }
}
