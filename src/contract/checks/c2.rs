//! C2: care that was allocated begins.
//!
//! An allocation waits from its first day, or from the day of the decision where that is later, until a start is
//! reported or a line of it granted. After `open_wait_provider_days` the provider is asked, after
//! `open_wait_access_days` the access team; an allocation that ended without any care is told apart, since its money
//! can be released. A granted line counts as a beginning because OP364 lets providers claim without a start.

use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{OPEN_WAIT_ACCESS_DAYS, OPEN_WAIT_PROVIDER_DAYS};
use crate::contract::policy::Policy;
use crate::contract::survey::{Allocated, Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Party};
use crate::rules::facts::Allocation;
use std::collections::BTreeSet;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C2",
    nl: "Toegewezen zorg begint.",
    en: "Care that was allocated begins.",
    default_policy: Policy::Signal,
    parameters: &["norms.open_wait_provider_days", "norms.open_wait_access_days"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let history = survey.history;
    let started =
        history.deliveries.iter().filter_map(|start| Some((start.law, &start.gemeente, start.key.toewijzing_nummer?)));
    let claimed = history
        .lines
        .iter()
        .filter(|claimed| claimed.line.granted)
        .map(|claimed| (claimed.law, &claimed.gemeente, claimed.line.toewijzing_nummer));
    let begun: BTreeSet<(Law, &Party, Count)> = started.chain(claimed).collect();
    history
        .allocations
        .iter()
        .filter(|allocated| !begun.contains(&(allocated.law, &allocated.gemeente, allocated.nummer())))
        .filter_map(|allocated| waits(survey, allocated, allocated.current()?))
        .collect()
}

fn waits(survey: &Survey<'_>, allocated: &Allocated, allocation: &Allocation) -> Option<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let segment = survey.product(allocated.law, allocation).map_or("", |product| product.segment.as_str());
    // A change starts no new wait: the decision that counts is the first.
    let decided = allocated.first()?.toewijzingsdatum;
    let since = allocation.ingangsdatum.max(decided);
    let ended = allocation.einddatum.filter(|end| *end < survey.today);
    let until = ended.unwrap_or(survey.today);
    let days = u64::try_from(since.duration_until(until).as_hours() / 24).ok()?;
    let (ask, term) = [(Ask::Access, &OPEN_WAIT_ACCESS_DAYS), (Ask::Provider, &OPEN_WAIT_PROVIDER_DAYS)]
        .into_iter()
        .filter_map(|(ask, norm)| Some((ask, norms.of_segment(norm, segment)?)))
        .find(|(_, term)| days > *term)?;
    let wait = Wait { allocation, since, days, term, segment };
    let raised = match ended {
        Some(end) => wait.never_began(survey, end),
        None => wait.open(survey, ask),
    };
    Some(Surveyed::new(allocated.law, &allocated.gemeente, raised))
}

/// Who is to do something.
#[derive(Clone, Copy)]
enum Ask {
    Provider,
    Access,
}

struct Wait<'a> {
    allocation: &'a Allocation,
    since: Date,
    days: u64,
    term: u64,
    segment: &'a str,
}

impl Wait<'_> {
    fn open(&self, survey: &Survey<'_>, ask: Ask) -> Raised {
        let (nummer, name) = (self.allocation.nummer, survey.provider_name(&self.allocation.aanbieder));
        let Wait { since, days, term, .. } = self;
        let (severity, todo_nl, todo_en, step) = match ask {
            Ask::Provider => (
                Severity::Info,
                "Vraag de aanbieder wanneer de zorg begint",
                "Ask the provider when the care begins",
                "aanbieder",
            ),
            Ask::Access => (
                Severity::Warning,
                "Zoek een andere aanbieder, of laat de aanbieder de zorg stoppen met reden 22 (Wmo) of 33 (Jeugdwet)",
                "Find another provider, or have this one stop the care with reason 22 (Wmo) or 33 (Jeugdwet)",
                "toegang",
            ),
        };
        let nl = format!(
            "Toewijzing {nummer} bij {name} wacht sinds {since} op de start: {days} dagen, norm {term}. {todo_nl}."
        );
        let en = format!(
            "Allocation {nummer} at {name} has waited for its start since {since}: {days} days, norm {term}. {todo_en}."
        );
        self.figures(Raised::new(format!("toewijzing {nummer} {step}"), severity, nl, en))
    }

    fn never_began(&self, survey: &Survey<'_>, end: Date) -> Raised {
        let (nummer, name) = (self.allocation.nummer, survey.provider_name(&self.allocation.aanbieder));
        let (since, days) = (self.since, self.days);
        let nl = format!(
            "Toewijzing {nummer} bij {name} liep van {since} tot en met {end} ({days} dagen) zonder start en zonder \
             toegekende declaratie. Ga na of de inwoner geholpen is, en trek de toewijzing in om het budget vrij te geven."
        );
        let en = format!(
            "Allocation {nummer} at {name} ran from {since} until {end} ({days} days) without a start and without a \
             granted claim. See whether the person was helped, and withdraw the allocation to release the budget."
        );
        let raised = Raised::new(format!("toewijzing {nummer} nooit begonnen"), Severity::Warning, nl, en);
        self.figures(raised).fact("einddatum", end.to_string())
    }

    fn figures(&self, raised: Raised) -> Raised {
        raised
            .about([self.allocation.nummer])
            .fact("aanbieder", self.allocation.aanbieder.as_str())
            .fact("segment", self.segment)
            .fact("wacht_sinds", self.since.to_string())
            .fact("dagen", self.days)
            .fact("norm_dagen", self.term)
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::Value;
    use jiff::civil::date;
    use std::collections::BTreeMap;

    const CODE: &str = "02A02";

    fn norms(t: &mut Timeline) {
        t.norm(&OPEN_WAIT_PROVIDER_DAYS, 42);
        t.norm(&OPEN_WAIT_ACCESS_DAYS, 56);
    }

    vec![
        silent("nothing is allocated", |_| ()),
        silent("as long as the norm", |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 5, 20), None);
        }),
        raises("one day longer", &[("0197", "toewijzing 1 aanbieder")], |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 5, 19), None);
        }),
        raises("one day longer than the access team may wait", &[("0197", "toewijzing 1 toegang")], |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 5, 5), None);
        }),
        silent("counted from a later decision", |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), None).versions[0].toewijzingsdatum = date(2026, 5, 20);
        }),
        raises("a change is no new decision", &[("0197", "toewijzing 1 toegang")], |t| {
            norms(t);
            let allocated = t.allocation(1, "a", CODE, date(2026, 1, 1), None);
            let mut later = allocated.versions[0].clone();
            later.toewijzingsdatum = date(2026, 6, 20);
            allocated.versions.push(later);
        }),
        silent("it began", |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), None);
            t.start(1, date(2026, 6, 30));
        }),
        silent("it is claimed without a start", |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), None);
            t.claim(1, date(2026, 2, 1), 16, 92_800);
        }),
        raises("a line that was not granted begins nothing", &[("0197", "toewijzing 1 toegang")], |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), None);
            t.claim(1, date(2026, 2, 1), 16, 92_800).line.granted = false;
        }),
        raises("the start of another municipality with that number", &[("0197", "toewijzing 1 toegang")], |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), None);
            t.start(1, date(2026, 1, 5)).gemeente = Party::from("0222");
        }),
        silent("it was withdrawn", |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), None).versions[0].reden_wijziging = Some("13".into());
        }),
        raises("it ended before anything happened", &[("0197", "toewijzing 1 nooit begonnen")], |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), Some(date(2026, 6, 30)));
        }),
        raises("it ends today and still may begin", &[("0197", "toewijzing 1 toegang")], |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), Some(date(2026, 7, 1)));
        }),
        silent("it ended sooner than anybody would ask", |t| {
            norms(t);
            t.allocation(1, "a", CODE, date(2026, 1, 1), Some(date(2026, 1, 31)));
        }),
        silent("it begins tomorrow", |t| {
            t.norm(&OPEN_WAIT_PROVIDER_DAYS, 0);
            t.allocation(1, "a", CODE, date(2026, 7, 2), None);
        }),
        silent("nobody stated a norm", |t| {
            t.no_norm(&OPEN_WAIT_PROVIDER_DAYS);
            t.no_norm(&OPEN_WAIT_ACCESS_DAYS);
            t.allocation(1, "a", CODE, date(2020, 1, 1), None);
        }),
        silent("the segment has a longer norm of its own", |t| {
            norms(t);
            let segments = BTreeMap::from([("wmo-integrale-ondersteuning".to_owned(), 400)]);
            for norm in [&OPEN_WAIT_PROVIDER_DAYS, &OPEN_WAIT_ACCESS_DAYS] {
                let value = Value { general: Some(42), segments: segments.clone() };
                t.register.region.norms.numbers.set(norm, value);
            }
            t.allocation(1, "a", CODE, date(2026, 1, 1), None);
        }),
    ]
}
