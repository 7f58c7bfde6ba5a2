//! The accounts of a year as the history of a region tells them, with their figures: a recount that knows no postings.
//!
//! What is open is reckoned anew, allocation by allocation, so it also shows what no balance holds: over which days the
//! rest is expected, what is frozen, and what was delivered and not claimed. Instalments are in the register, so those
//! that fell due count as realised.

use super::account::{Care, place};
use super::close::{self, Leftover};
use super::figures::{Books, Closed, Figures, Open, Rate, expected_on, figures, not_claimed};
use super::instalment;
use crate::contract::budget::{TEMPORARY, dec_last, jan_first, worth_by_slot};
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

impl Gathered {
    fn add(&mut self, other: &Gathered) {
        self.reserved = self.reserved.saturating_add(other.reserved);
        self.realised = self.realised.saturating_add(other.realised);
        self.estimated = self.estimated.saturating_add(other.estimated);
        self.open.extend(other.open.iter().copied());
        self.open_ended += other.open_ended;
    }

    fn books(&self, rate: Rate) -> Books<'_> {
        Books {
            reserved_gross: Cents(clamp(self.reserved)),
            realised: Cents(clamp(self.realised)),
            open: &self.open,
            rate,
        }
    }
}

/// One allocation, by law, municipality and number.
type Key<'h> = (Law, &'h Party, Count);

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

/// What one walk through the history of a region tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview<'a> {
    /// The accounts of the year that was asked for, in order.
    pub accounts: Vec<Line>,
    /// The agreements that were asked for, by id.
    pub standings: BTreeMap<&'a str, Standing<'a>>,
}

/// The accounts of `year`, where one is asked for, and the agreements that `is_wanted` picks, as they stand on the day of
/// the survey. The history is walked through once, whatever is asked of it.
pub fn overview<'a>(survey: &Survey<'a>, year: Option<i16>, is_wanted: impl Fn(&Agreement) -> bool) -> Overview<'a> {
    let wanted: Vec<&Agreement> = survey.register.agreements().filter(|agreement| is_wanted(agreement)).collect();
    let terms = wanted.iter().flat_map(|agreement| agreement.from.year()..=agreement.to.year());
    let granted = granted(survey);
    let slots = gather(survey, &granted, &terms.chain(year).collect());
    let rates = rates(survey, &granted);
    Overview {
        accounts: year.map_or_else(Vec::new, |year| lines(survey, &rates, &slots, year)),
        standings: standings(survey, &rates, &slots, &wanted),
    }
}

/// The agreements that run on the day of the survey.
pub fn running(survey: &Survey<'_>) -> impl Fn(&Agreement) -> bool + use<> {
    let today = survey.today;
    move |agreement| agreement.validity().holds_on(today)
}

fn lines(survey: &Survey<'_>, rates: &Rates<'_>, slots: &Slots, year: i16) -> Vec<Line> {
    let mut accounts: BTreeMap<&Account, Gathered> = BTreeMap::new();
    for (slot, gathered) in slots {
        if let Some(account) = slot.account.as_ref().filter(|account| account.year == year) {
            accounts.entry(account).or_default().add(gathered);
        }
    }
    let line = |(account, gathered): (&Account, Gathered)| {
        let books = gathered.books(rates.of(survey, &account.segment));
        Line {
            account: account.clone(),
            figures: figures(&books, None, survey.today, dec_last(year)),
            not_claimed: not_claimed(&gathered.open, survey.today),
            estimated: Cents(clamp(gathered.estimated)),
            open_ended: gathered.open_ended,
            rate: books.rate,
        }
    };
    accounts.into_iter().map(line).collect()
}

fn standings<'a>(
    survey: &Survey<'a>,
    rates: &Rates<'_>,
    slots: &Slots,
    wanted: &[&'a Agreement],
) -> BTreeMap<&'a str, Standing<'a>> {
    let mut all: BTreeMap<&str, (Gathered, BTreeMap<Account, [Cents; 3]>)> =
        wanted.iter().map(|agreement| (agreement.id.as_str(), Default::default())).collect();
    for (slot, gathered) in slots {
        for id in &slot.agreements {
            let Some((books, accounts)) = all.get_mut(id.as_str()) else { continue };
            books.add(gathered);
            let Some(account) = &slot.account else { continue };
            let sums = accounts.entry(account.clone()).or_default();
            let open = gathered.open.iter().map(|each| i128::from(each.cents.0)).fold(0, i128::saturating_add);
            for (sum, more) in sums.iter_mut().zip([gathered.reserved, gathered.realised, open]) {
                *sum = Cents(clamp(i128::from(sum.0).saturating_add(more)));
            }
        }
    }
    let standing = |agreement: &&'a Agreement| {
        let id = agreement.id.as_str();
        let (gathered, accounts) = all.remove(id).unwrap_or_default();
        let books = gathered.books(rates.of(survey, &agreement.segment));
        let standing = Standing {
            agreement,
            figures: figures(&books, Some(agreement.amount), survey.today, agreement.to),
            not_claimed: not_claimed(&gathered.open, survey.today),
            estimated: Cents(clamp(gathered.estimated)),
            open_ended: gathered.open_ended,
            accounts,
            expected: ends_of_months(survey.today.max(agreement.from), agreement.to)
                .map(|day| (day, expected_on(&books, day)))
                .collect(),
        };
        (id, standing)
    };
    wanted.iter().map(standing).collect()
}

/// The last days of months from that of `from` on; the last one is `to`.
fn ends_of_months(from: Date, to: Date) -> impl Iterator<Item = Date> {
    let months = std::iter::successors(Some(from.last_of_month()), move |end| {
        (*end < to).then(|| end.tomorrow().ok().map(Date::last_of_month)).flatten()
    });
    months.map(move |end| end.min(to)).filter(move |_| from <= to)
}

/// Realisation rates by segment.
struct Rates<'a>(BTreeMap<&'a str, Rate>);

impl Rates<'_> {
    fn of(&self, survey: &Survey<'_>, segment: &str) -> Rate {
        self.0.get(segment).copied().unwrap_or_else(|| prior(survey, segment))
    }
}

fn prior(survey: &Survey<'_>, segment: &str) -> Rate {
    let norm = survey.register.region.norms.numbers.of_segment(&REALISATION_RATE_PERCENT, segment);
    norm.map_or(Rate::ALL, Rate::of_percent)
}

/// The realisation rate of each segment: allocations that ended in the last 24 months and can be claimed no more, drawn
/// towards the norm while they are few (`min_cases` says how few).
fn rates<'a>(survey: &Survey<'a>, granted: &Granted<'_>) -> Rates<'a> {
    let norms = &survey.register.region.norms.numbers;
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
    let rate = |(segment, cases): (_, Vec<Closed>)| (segment, Rate::of_closed(&cases, prior(survey, segment), weight));
    Rates(closed.into_iter().map(rate).collect())
}

/// Granted per allocation and slot.
type Granted<'h> = BTreeMap<Key<'h>, BTreeMap<Slot, i128>>;

fn granted<'h>(survey: &Survey<'h>) -> Granted<'h> {
    let mut all = Granted::new();
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

/// What each account gathers, apart for each set of agreements that it counts for.
type Slots = BTreeMap<Slot, Gathered>;

/// What the accounts of `years` gather.
fn gather(survey: &Survey<'_>, granted: &Granted<'_>, years: &BTreeSet<i16>) -> Slots {
    let year_of = |slot: &Slot| slot.account.as_ref().map(|account| account.year).filter(|year| years.contains(year));
    let mut slots = Slots::new();
    for (slot, cents) in granted.values().flatten().filter(|(slot, _)| year_of(slot).is_some()) {
        let sum = slots.entry(slot.clone()).or_default();
        sum.realised = sum.realised.saturating_add(*cents);
    }
    for posting in instalment::due(survey.register, survey.today, &BTreeMap::new()) {
        if year_of(&posting.slot).is_some() && posting.sort.is_realised() {
            let sum = slots.entry(posting.slot).or_default();
            sum.realised = sum.realised.saturating_add(i128::from(posting.cents.0));
        }
    }
    let (frozen, claimed, paces) = (frozen(survey), claimed_until(survey), Paces::of(survey));
    let mut deliveries = deliveries(survey);
    for each in &survey.history.allocations {
        let Some(current) = each.current().filter(|current| !current.is_taken_back()) else { continue };
        let parties = Parties { gemeente: &each.gemeente, aanbieder: &current.aanbieder };
        let key = (each.law, &each.gemeente, each.nummer());
        for (slot, worth) in worth_by_slot((survey.register, each.law, parties, survey.today), current) {
            if year_of(&slot).is_some() {
                let sum = slots.entry(slot).or_default();
                sum.reserved = sum.reserved.saturating_add(i128::from(worth.0));
            }
        }
        for year in years {
            let Some(cents) = paces.estimate(each.law, current, *year) else { continue };
            let (categorie, from) = (current.product.as_ref().map(|product| &product.categorie), current.ingangsdatum);
            let care = Care { law: each.law, parties, categorie, code: None };
            let day = from.max(jan_first(*year));
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
            let Some(year) = year_of(&posting.slot) else { continue };
            let begin = current.ingangsdatum.max(jan_first(year));
            let from = begin.max(claimed.get(&(key, year)).copied().unwrap_or(Date::MIN));
            let sum = slots.entry(posting.slot).or_default();
            sum.open_ended += usize::from(current.einddatum.is_none());
            sum.open.push(Open {
                from,
                to: current.einddatum.unwrap_or(Date::MAX).min(dec_last(year)).max(from),
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

/// The day after the last that was claimed on each allocation in each year.
fn claimed_until<'h>(survey: &Survey<'h>) -> BTreeMap<(Key<'h>, i16), Date> {
    let mut until: BTreeMap<(Key<'h>, i16), Date> = BTreeMap::new();
    for each in survey.history.lines.iter().filter(|each| each.line.granted) {
        let (key, last) = ((each.law, &each.gemeente, each.line.toewijzing_nummer), each.line.periode.einddatum);
        let next = last.tomorrow().unwrap_or(Date::MAX);
        let day = until.entry((key, last.year())).or_insert(next);
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
    use crate::contract::register::{Register, load, read_files};
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
        let found = overview(&survey, Some(2026), running(&survey));
        let [line] = found.accounts.as_slice() else { panic!("one account: {found:?}") };
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
        assert_eq!(overview(&survey, Some(2025), |_| false), Overview::default());
        let limited = found.standings["FICTIEF-LOG-42420001-2026"].figures;
        assert_eq!(limited.headroom_hard, Some(Cents(2_000_000 - 131 * 15_007)));
        assert_eq!(limited.headroom_expected, Some(Cents(2_000_000 - 76 * 15_007)));
        assert_eq!(limited.hits_on, None);
        assert!(!found.standings.contains_key("FICTIEF-LOG-42420001-2025"), "it is over");
    }

    #[test]
    fn an_agreement_over_two_years_is_the_sum_of_its_accounts() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let mut files = read_files(&folder).expect("the sample register can be read");
        let agreements = files.get_mut("agreements.csv").expect("it has agreements");
        let text = String::from_utf8_lossy(agreements);
        let longer = |line: &str| line.replace("2025-01-01;2025-12-31", "2025-01-01;2026-12-31");
        let lines = text.lines().filter(|line| !line.starts_with("FICTIEF-LOG-42420001-2026"));
        let lines =
            lines.map(|line| if line.starts_with("FICTIEF-LOG-42420001") { longer(line) } else { line.to_owned() });
        *agreements = lines.map(|line| line + "\n").collect::<String>().into_bytes();
        let register = Register::parse(&files).expect("an agreement may run for two years");
        // Two months around the turn of the year, of which December was claimed in part.
        let history = History {
            allocations: vec![allocated(1, date(2025, 12, 1), Some(date(2026, 1, 31)))],
            lines: vec![claimed(1, date(2025, 12, 1), 30 * 14_500)],
            ..History::default()
        };
        let survey = Survey { register: &register, today: date(2026, 1, 10), history: &history };
        let both = overview(&survey, Some(2026), |agreement| agreement.id == "FICTIEF-LOG-42420001-2025");
        let figures = both.standings["FICTIEF-LOG-42420001-2025"].figures;
        assert_eq!(figures.reserved_gross, Cents(31 * 14_500 + 31 * 15_007));
        assert_eq!((figures.realised, figures.open), (Cents(30 * 14_500), Cents(14_500 + 31 * 15_007)));
        let of_year = |year| overview(&survey, Some(year), |_| false).accounts;
        assert_eq!(both.accounts, of_year(2026), "whatever else is asked for");
        let open: Vec<Cents> = [2025, 2026].into_iter().flat_map(of_year).map(|line| line.figures.open).collect();
        assert_eq!(open, [Cents(14_500), Cents(31 * 15_007)]);
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
            overview(&survey, Some(year), |_| false).accounts.iter().map(|line| line.estimated.0).sum()
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
            overview(&survey, Some(2026), |_| false).accounts[0].rate.per_myriad()
        };
        assert_eq!(rate(date(2026, 2, 28)), 5_000, "claims may still come");
        assert_eq!(rate(date(2026, 3, 1)), 7_500, "one case of 100% and a norm that counts as one of 50%");
    }
}
