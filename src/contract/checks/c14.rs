//! C14: the supply of care does not shrink.
//!
//! Compared are the last two whole quarters of the calendar, of which the later ended more than two weeks ago: starts
//! are reported within five working days (OP271), and a quarter that is not complete would always look like a drop.
//! Within one law, municipality and segment:
//!
//! - active providers: those with care on a day of the quarter at least; told from five in the earlier quarter on;
//! - starts of one provider: courses that began in the quarter; told from `min_cases` in the earlier one on, and never
//!   below five.
//!
//! Raised when either fell by `supply_drop_percent` or more; a start after a pause is no start here. A case is of one
//! quarter. Beside starts stand the clients that the provider has today, when there are five or more: what is at stake.

use super::courses::{Course, courses};
use super::waits::{Period, count, fewest, may_tell, per_mille, percent};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{SUPPLY_DROP_PERCENT, days};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Date, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C14",
    nl: "Het aanbod van zorg krimpt niet.",
    en: "The supply of care does not shrink.",
    default_policy: Policy::Signal,
    parameters: &["norms.supply_drop_percent", "norms.min_cases"],
    run: Run::OverTime(run),
};

/// Days after a quarter within which starts may still be reported.
const REPORTING_DAYS: u64 = 14;

/// The care of one segment in two quarters.
type Group<'a> = (Law, &'a Party, &'a str);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let Some((before, now)) = quarters(survey.today) else { return Vec::new() };
    let mut groups: BTreeMap<Group<'_>, BTreeMap<&Party, Vec<Course<'_>>>> = BTreeMap::new();
    for course in courses(survey) {
        let Some(segment) = course.segment() else { continue };
        let group = groups.entry((course.law, course.gemeente, segment)).or_default();
        group.entry(course.aanbieder).or_default().push(course);
    }
    let mut raised = Vec::new();
    for ((law, gemeente, segment), providers) in groups {
        let Some(norm) = survey.register.region.norms.numbers.of_segment(&SUPPLY_DROP_PERCENT, segment) else {
            continue;
        };
        let look = Drop { survey, segment, before, now, norm };
        let starts = providers.iter().filter_map(|(aanbieder, courses)| look.starts(aanbieder, courses));
        raised
            .extend(look.providers(&providers).into_iter().chain(starts).map(|one| Surveyed::new(law, gemeente, one)));
    }
    raised
}

/// The two quarters to compare, the earlier first.
fn quarters(today: Date) -> Option<(Period, Period)> {
    let quarter_to = |to: Date| Some(Period { from: first_of_quarter(to)?, to });
    let running = first_of_quarter(today.saturating_sub(days(REPORTING_DAYS)))?;
    let now = quarter_to(running.yesterday().ok()?)?;
    Some((quarter_to(now.from.yesterday().ok()?)?, now))
}

fn first_of_quarter(day: Date) -> Option<Date> {
    Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok()
}

/// As people name a quarter.
fn name(quarter: Period) -> String {
    format!("{}-Q{}", quarter.from.year(), (quarter.from.month() + 2) / 3)
}

struct Drop<'a> {
    survey: &'a Survey<'a>,
    segment: &'a str,
    before: Period,
    now: Period,
    norm: u64,
}

impl Drop<'_> {
    /// How much per thousand a number fell, when it is enough to tell.
    fn of(&self, before: u64, now: u64, fewest: u64) -> Option<u64> {
        let fallen = before.checked_sub(now).filter(|fallen| *fallen > 0)?;
        let enough = u128::from(fallen) * 100 >= u128::from(self.norm) * u128::from(before);
        (before >= fewest && enough).then(|| per_mille(fallen, before))
    }

    fn providers(&self, providers: &BTreeMap<&Party, Vec<Course<'_>>>) -> Option<Raised> {
        let active = |quarter: Period| -> BTreeSet<&Party> {
            let serves = |courses: &[Course<'_>]| {
                courses.iter().any(|one| one.begin <= quarter.to && one.end().is_none_or(|end| quarter.from <= end))
            };
            providers.iter().filter(|(_, courses)| serves(courses)).map(|(agb, _)| *agb).collect()
        };
        let (earlier, later) = (active(self.before), active(self.now));
        let (before, now) = (earlier.len() as u64, later.len() as u64);
        let fallen = self.of(before, now, 5)?;
        let (fallen_nl, fallen_en) = percent(fallen);
        let (segment, quarter) = (self.segment, name(self.now));
        let gone: Vec<&str> = earlier.difference(&later).map(|agb| agb.as_str()).collect();
        let nl = format!(
            "In {segment} daalde het aantal aanbieders met zorg van {before} in {} naar {now} in {quarter}: \
             {fallen_nl} minder, gemeld vanaf {}%. Ga na waarom zij stopten en of het overige aanbod genoeg is.",
            name(self.before),
            self.norm
        );
        let en = format!(
            "In {segment} the number of providers with care fell from {before} in {} to {now} in {quarter}: \
             {fallen_en} fewer, told from {}% on. See why they stopped, and whether the others suffice.",
            name(self.before),
            self.norm
        );
        let raised = Raised::new(format!("aanbod {segment} {quarter}"), Severity::Warning, nl, en)
            .fact("segment", segment)
            .fact("kwartaal", quarter)
            .fact("aanbieders_eerder", before)
            .fact("aanbieders", now)
            .fact("daling_promille", fallen)
            .fact("norm_procent", self.norm)
            .fact("verdwenen", gone);
        Some(raised)
    }

    fn starts(&self, aanbieder: &Party, courses: &[Course<'_>]) -> Option<Raised> {
        let began = |quarter: Period| courses.iter().filter(|course| quarter.has(course.begin)).count() as u64;
        let (before, now) = (began(self.before), began(self.now));
        let fallen = self.of(before, now, fewest(self.survey, self.segment)?)?;
        let (fallen_nl, fallen_en) = percent(fallen);
        let clients: BTreeSet<_> =
            courses.iter().filter(|course| course.runs_on(self.survey.today)).map(Course::person).collect();
        let clients = count(&Vec::from_iter(clients));
        let (provider, segment, quarter) = (self.survey.provider_name(aanbieder), self.segment, name(self.now));
        let nl = format!(
            "Bij {provider} begon in {segment} in {quarter} {now} keer zorg tegen {before} keer in {}: {fallen_nl} \
             minder, gemeld vanaf {}%. Vraag de aanbieder naar personeel en plaatsen, en wat dit betekent voor wie er \
             zorg heeft.",
            name(self.before),
            self.norm
        );
        let en = format!(
            "At {provider} care in {segment} began {now} times in {quarter} against {before} in {}: {fallen_en} fewer, \
             told from {}% on. Ask the provider about staff and places, and what it means for those in care.",
            name(self.before),
            self.norm
        );
        let raised = Raised::new(format!("starts {aanbieder} {segment} {quarter}"), Severity::Info, nl, en)
            .fact("aanbieder", aanbieder.as_str())
            .fact("segment", segment)
            .fact("kwartaal", quarter)
            .fact("starts_eerder", before)
            .fact("starts", now)
            .fact("daling_promille", fallen)
            .fact("norm_procent", self.norm);
        Some(if may_tell(clients) { raised.fact("clienten_nu", clients) } else { raised })
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    /// Providers that care ran at in the last quarter of 2025, and how many of them still serve in the first of 2026.
    fn serve(t: &mut Timeline, all: u64, still: u64) {
        t.norm(&SUPPLY_DROP_PERCENT, 20);
        t.norm(&MIN_CASES, 100);
        for nummer in 1..=all {
            t.allocation(nummer, "a", "02A02", date(2025, 1, 1), None).versions[0].aanbieder =
                Party(format!("4242010{nummer}"));
            t.start(nummer, date(2025, 1, 1));
            if nummer > still {
                t.stop(nummer, "19", date(2025, 12, 31));
            }
        }
    }

    /// So many starts at the sample provider in one quarter, and in the next.
    fn starts(t: &mut Timeline, before: u64, now: u64) {
        t.norm(&SUPPLY_DROP_PERCENT, 20);
        t.norm(&MIN_CASES, 5);
        for nummer in 1..=before + now {
            let day = if nummer <= before { date(2025, 12, 31) } else { date(2026, 1, 1) };
            t.allocation(nummer, &format!("p{nummer}"), "02A02", day, None);
            t.start(nummer, day);
        }
    }

    const STARTS: &[(&str, &str)] = &[("0197", "starts 42420001 wmo-integrale-ondersteuning 2026-Q1")];
    const SUPPLY: &[(&str, &str)] = &[("0197", "aanbod wmo-integrale-ondersteuning 2026-Q1")];

    // On 1 July the second quarter ended a day ago: the first of 2026 is the last that is complete.
    vec![
        silent("nobody serves", |_| ()),
        silent("all still serve", |t| serve(t, 5, 5)),
        raises("one of five stopped", SUPPLY, |t| serve(t, 5, 4)),
        silent("one of six, which is less than a fifth", |t| serve(t, 6, 5)),
        silent("one of four, too few to tell a share of", |t| serve(t, 4, 3)),
        silent("more than there were", |t| {
            serve(t, 5, 5);
            t.allocation(9, "a", "02A02", date(2026, 1, 1), None).versions[0].aanbieder = "42420002".into();
            t.start(9, date(2026, 1, 1));
        }),
        silent("it stopped on the first day of the later quarter", |t| {
            serve(t, 5, 4);
            t.stop(5, "19", date(2026, 1, 1));
        }),
        raises("a fifth fewer starts", STARTS, |t| starts(t, 5, 4)),
        silent("a sixth fewer", |t| starts(t, 6, 5)),
        silent("too few to tell of", |t| starts(t, 4, 0)),
        silent("as many", |t| starts(t, 5, 5)),
        silent("on the fourteenth day after a quarter the one before still counts", |t| {
            starts(t, 5, 4);
            t.today = date(2026, 4, 14);
        }),
        raises("on the fifteenth it is complete", STARTS, |t| {
            starts(t, 5, 4);
            t.today = date(2026, 4, 15);
        }),
        silent("nobody stated a norm", |t| {
            starts(t, 5, 0);
            t.no_norm(&SUPPLY_DROP_PERCENT);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use crate::contract::norms::MIN_CASES;
    use jiff::civil::date;

    /// What is told of a provider whose starts fell from six to four, and that has so many clients today.
    fn told(clients: u64) -> Raised {
        let mut t = Timeline::new();
        t.norm(&SUPPLY_DROP_PERCENT, 30);
        t.norm(&MIN_CASES, 5);
        for nummer in 1..=10 {
            let day = if nummer <= 6 { date(2025, 10, 1) } else { date(2026, 3, 31) };
            t.allocation(nummer, &format!("p{nummer}"), "02A02", day, None);
            t.start(nummer, day);
            if nummer > clients {
                t.stop(nummer, "19", date(2026, 6, 30));
            }
        }
        let mut found = run(&t.survey());
        assert_eq!(found.len(), 1);
        found.remove(0).raised
    }

    #[test]
    fn few_clients_are_not_told() {
        let raised = told(5);
        assert_eq!((&raised.facts["starts_eerder"], &raised.facts["starts"]), (&6.into(), &4.into()));
        assert_eq!((&raised.facts["daling_promille"], &raised.facts["clienten_nu"]), (&333.into(), &5.into()));
        assert_eq!(told(4).facts.get("clienten_nu"), None);
    }

    #[test]
    fn quarters_are_whole_and_follow_each_other() {
        for (today, before, now) in [
            (date(2026, 7, 1), "2025-Q4", "2026-Q1"),
            (date(2026, 7, 14), "2025-Q4", "2026-Q1"),
            (date(2026, 7, 15), "2026-Q1", "2026-Q2"),
            (date(2026, 1, 14), "2025-Q2", "2025-Q3"),
            (date(2026, 1, 15), "2025-Q3", "2025-Q4"),
        ] {
            let (earlier, later) = quarters(today).expect("days of this century");
            assert_eq!((name(earlier).as_str(), name(later).as_str()), (before, now), "{today}");
            assert_eq!(super::super::waits::after(earlier.to), later.from);
        }
    }
}
