//! A8, over time: clients of a provider whose contract ended pass to another, in time.
//!
//! Looked at is a provider whose last contract for a segment that covers a municipality ended before today. The clients
//! are the persons with an allocation there, in that segment, that was actual on that last day and not withdrawn. A
//! client has
//!
//! - moved, when another provider with an active contract today has an allocation of the segment for the person on
//!   which care began after that last day or still runs;
//! - left, when nothing of the kind is there and the allocation is over, or a definitive stop was reported on it;
//! - stayed otherwise.
//!
//! While clients stay, progress is told once a day as one case: moved and left of all, as a share when there are five
//! clients or more. From `transition_tail_days` days after the last day on, each allocation of a client who stayed is a
//! case of its own. A contract in status `transition` runs until its last day and is looked at after that, since the
//! register does not tell when a transition began. Care that is allocated after the contract ended is for A8 itself.

use super::a5_over_time::local;
use super::courses::{Course, Numbered, Person, begun, courses};
use super::waits::{days_between, may_tell, per_mille, percent};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::TRANSITION_TAIL_DAYS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::ContractStatus;
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Party};
use crate::rules::facts::Allocation;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A8",
    nl: "Cliënten van een aanbieder zonder contract gaan op tijd over naar een ander.",
    en: "Clients of a provider whose contract ended pass to another in time.",
    default_policy: Policy::Signal,
    parameters: &["norms.transition_tail_days", "contracts.csv valid_to"],
    run: Run::OverTime(run),
};

/// Law, municipality, provider and segment.
type Group<'a> = (Law, &'a Party, &'a Party, &'a str);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let known = Known::of(survey);
    let mut groups: BTreeMap<Group<'_>, BTreeMap<&str, Vec<&Allocation>>> = BTreeMap::new();
    for ((person, segment), care) in &known.care {
        for allocation in care {
            let group = (person.0, person.1, &allocation.aanbieder, *segment);
            groups.entry(group).or_default().entry(person.2.0.as_str()).or_default().push(allocation);
        }
    }
    let mut raised = Vec::new();
    for (group, persons) in groups {
        let (law, gemeente, aanbieder, segment) = group;
        let ended = local(survey, aanbieder, segment, gemeente).map(|contract| contract.validity.to);
        // One without a last day still holds.
        let Some(last) = ended.max_by_key(|to| to.unwrap_or(Date::MAX)).flatten() else { continue };
        if survey.today <= last {
            continue;
        }
        let transition = Transition { survey, known: &known, group, last };
        raised.extend(transition.look(persons.into_values()).into_iter().map(|one| Surveyed::new(law, gemeente, one)));
    }
    raised
}

/// What is known of the care of all persons.
struct Known<'a> {
    /// Allocations that were not withdrawn.
    care: BTreeMap<(Person<'a>, &'a str), Vec<&'a Allocation>>,
    begun: BTreeSet<Numbered<'a>>,
    /// Allocations on which every course ended definitively.
    stopped: BTreeSet<Numbered<'a>>,
}

impl<'a> Known<'a> {
    fn of(survey: &Survey<'a>) -> Known<'a> {
        let mut care: BTreeMap<(Person<'a>, &str), Vec<&Allocation>> = BTreeMap::new();
        for allocated in &survey.history.allocations {
            let Some(allocation) = allocated.current().filter(|allocation| !allocation.is_taken_back()) else {
                continue;
            };
            let Some(product) = survey.product(allocated.law, allocation) else { continue };
            let person = (allocated.law, &allocated.gemeente, &allocation.person);
            care.entry((person, &product.segment)).or_default().push(allocation);
        }
        let (mut stopped, mut running) = (BTreeSet::new(), BTreeSet::new());
        for course in courses(survey) {
            let Course { law, gemeente, nummer: Some(nummer), stop, .. } = course else { continue };
            let list = if stop.is_some() { &mut stopped } else { &mut running };
            list.insert((law, gemeente, nummer));
        }
        stopped.retain(|number| !running.contains(number));
        Known { care, begun: begun(survey.history), stopped }
    }
}

/// A provider whose contract ended.
struct Transition<'s, 'a> {
    survey: &'s Survey<'a>,
    known: &'s Known<'a>,
    group: Group<'a>,
    /// Last day of the contract.
    last: Date,
}

#[derive(Default)]
struct Progress {
    clients: u64,
    moved: u64,
    left: u64,
    /// Allocations of those who stayed.
    staying: Vec<Count>,
}

impl<'a> Transition<'_, 'a> {
    fn look(&self, persons: impl Iterator<Item = Vec<&'a Allocation>>) -> Vec<Raised> {
        let mut progress = Progress::default();
        for care in persons {
            let ran = |allocation: &&Allocation| {
                allocation.ingangsdatum <= self.last && allocation.einddatum.is_none_or(|end| self.last <= end)
            };
            let ran: Vec<&Allocation> = care.into_iter().filter(ran).collect();
            let Some(one) = ran.first() else { continue };
            progress.clients += 1;
            let open: Vec<Count> = ran.iter().filter(|one| self.is_open(one)).map(|one| one.nummer).collect();
            if self.has_moved(one) {
                progress.moved += 1;
            } else if open.is_empty() {
                progress.left += 1;
            } else {
                progress.staying.extend(open);
            }
        }
        if progress.staying.is_empty() {
            return Vec::new();
        }
        let norm = self.survey.register.region.norms.numbers.of_segment(&TRANSITION_TAIL_DAYS, self.group.3);
        let gone = days_between(self.last, self.survey.today);
        let late = norm
            .filter(|norm| gone > *norm)
            .into_iter()
            .flat_map(|norm| progress.staying.iter().map(move |nummer| self.stayed(*nummer, gone, norm)));
        [self.report(&progress)].into_iter().chain(late).collect()
    }

    fn is_open(&self, allocation: &Allocation) -> bool {
        let number = (self.group.0, self.group.1, allocation.nummer);
        allocation.is_actual(self.survey.today) && !self.known.stopped.contains(&number)
    }

    /// Whether the person of an allocation has care at a contracted provider by now.
    fn has_moved(&self, one: &'a Allocation) -> bool {
        let (law, gemeente, aanbieder, segment) = self.group;
        let care = self.known.care.get(&((law, gemeente, &one.person), segment)).map_or(&[][..], Vec::as_slice);
        let elsewhere = care.iter().filter(|next| next.aanbieder != *aanbieder);
        elsewhere.into_iter().any(|next| {
            let number = (law, gemeente, next.nummer);
            let serves = self.known.begun.contains(&number)
                && (next.ingangsdatum > self.last || next.is_actual(self.survey.today));
            serves && self.is_contracted(&next.aanbieder)
        })
    }

    fn is_contracted(&self, aanbieder: &Party) -> bool {
        local(self.survey, aanbieder, self.group.3, self.group.1)
            .any(|contract| contract.status == ContractStatus::Active && contract.validity.holds_on(self.survey.today))
    }

    fn report(&self, progress: &Progress) -> Raised {
        let (_, _, aanbieder, segment) = self.group;
        let (name, last) = (self.survey.provider_name(aanbieder), self.last);
        let Progress { clients, moved, left, staying } = progress;
        let stay = clients - moved - left;
        let done = may_tell(*clients).then(|| per_mille(moved + left, *clients));
        let (done_nl, done_en) = done.map(percent).map_or_else(Default::default, |(nl, en)| {
            (format!(" ({nl} is over of gestopt)"), format!(" ({en} have moved or left)"))
        });
        let nl = format!(
            "Het contract van {name} voor {segment} eindigde op {last}. Cliënten: {clients}, van wie {moved} over naar \
             een gecontracteerde aanbieder, {left} gestopt en {stay} nog in zorg{done_nl}. Spreek voor de laatsten een \
             nieuwe aanbieder en een datum af."
        );
        let en = format!(
            "The contract of {name} for {segment} ended on {last}. Clients: {clients}, of whom {moved} moved to a \
             contracted provider, {left} left and {stay} still in care{done_en}. Agree on a new provider and a date \
             for the last."
        );
        let raised = Raised::new(format!("overgang {aanbieder} {segment}"), Severity::Info, nl, en)
            .about(staying.iter().copied())
            .fact("aanbieder", aanbieder.as_str())
            .fact("segment", segment)
            .fact("contract_tot", last.to_string())
            .fact("clienten", *clients)
            .fact("over", *moved)
            .fact("gestopt", *left)
            .fact("in_zorg", stay);
        match done {
            Some(done) => raised.fact("voortgang_promille", done),
            None => raised,
        }
    }

    fn stayed(&self, nummer: Count, gone: u64, norm: u64) -> Raised {
        let (_, _, aanbieder, segment) = self.group;
        let (name, last) = (self.survey.provider_name(aanbieder), self.last);
        let nl = format!(
            "Toewijzing {nummer} loopt nog bij {name}, waarvan het contract voor {segment} op {last} eindigde: {gone} \
             dagen geleden, uitloop {norm}. Wijs toe aan een gecontracteerde aanbieder en beëindig deze toewijzing \
             (reden 03 of 09)."
        );
        let en = format!(
            "Allocation {nummer} still runs at {name}, whose contract for {segment} ended on {last}: {gone} days ago, \
             tail {norm}. Allocate to a contracted provider, and end this allocation (reason 03 or 09)."
        );
        Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en)
            .about([nummer])
            .fact("aanbieder", aanbieder.as_str())
            .fact("segment", segment)
            .fact("contract_tot", last.to_string())
            .fact("dagen", gone)
            .fact("norm_dagen", norm)
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    /// A client of the provider whose contract ended on 31 December 2025, 182 days before the survey.
    fn client(t: &mut Timeline, nummer: Count, person: &str, end: Option<Date>) {
        t.allocation(nummer, person, "02A02", date(2025, 1, 1), end).versions[0].aanbieder = "42420008".into();
        t.start(nummer, date(2025, 1, 1));
    }

    /// An allocation at another provider, begun on its first day.
    fn elsewhere(t: &mut Timeline, agb: &str) {
        t.allocation(9, "a", "02A02", date(2026, 1, 1), None).versions[0].aanbieder = agb.into();
        t.start(9, date(2026, 1, 1));
    }

    const REPORT: (&str, &str) = ("0197", "overgang 42420008 wmo-integrale-ondersteuning");

    vec![
        silent("a contract that runs", |t| {
            t.allocation(1, "a", "02A02", date(2025, 1, 1), None);
        }),
        raises("a client who stayed, within the tail", &[REPORT], |t| {
            t.norm(&TRANSITION_TAIL_DAYS, 182);
            client(t, 1, "a", None);
        }),
        raises("a day after the tail", &[REPORT, ("0197", "toewijzing 1")], |t| {
            t.norm(&TRANSITION_TAIL_DAYS, 181);
            client(t, 1, "a", None);
        }),
        raises("without a tail progress is told", &[REPORT], |t| {
            t.no_norm(&TRANSITION_TAIL_DAYS);
            client(t, 1, "a", None);
        }),
        silent("on the last day of the contract", |t| {
            t.today = date(2025, 12, 31);
            client(t, 1, "a", None);
        }),
        silent("all have moved", |t| {
            client(t, 1, "a", None);
            elsewhere(t, "42420001");
        }),
        raises("moved to one without contract", &[REPORT], |t| {
            client(t, 1, "a", None);
            elsewhere(t, "42420010");
        }),
        raises("allocated elsewhere and not begun", &[REPORT], |t| {
            client(t, 1, "a", None);
            elsewhere(t, "42420001");
            t.history.deliveries.pop();
        }),
        raises("moved, and another person stayed", &[REPORT], |t| {
            client(t, 1, "a", None);
            client(t, 2, "b", None);
            elsewhere(t, "42420001");
        }),
        silent("the care was stopped", |t| {
            client(t, 1, "a", None);
            t.stop(1, "36", date(2026, 1, 31));
        }),
        raises("it only pauses", &[REPORT], |t| {
            client(t, 1, "a", None);
            t.stop(1, "20", date(2026, 1, 31));
        }),
        silent("the allocation is over", |t| client(t, 1, "a", Some(date(2026, 6, 30)))),
        raises("it ends today", &[REPORT], |t| client(t, 1, "a", Some(date(2026, 7, 1)))),
        silent("it ended before the contract did", |t| client(t, 1, "a", Some(date(2025, 12, 30)))),
        silent("care allocated after the contract ended is for A8", |t| {
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None).versions[0].aanbieder = "42420008".into();
        }),
        silent("a provider that never had a contract is for A1", |t| {
            t.allocation(1, "a", "02A02", date(2025, 1, 1), None).versions[0].aanbieder = "42420010".into();
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use jiff::civil::date;

    /// Six clients of whom one moved and two left; or four, of whom one moved.
    fn progress(clients: Count) -> Raised {
        let mut t = Timeline::new();
        t.no_norm(&TRANSITION_TAIL_DAYS);
        for nummer in 1..=clients {
            let person = format!("p{nummer}");
            t.allocation(nummer, &person, "02A02", date(2025, 1, 1), None).versions[0].aanbieder = "42420008".into();
            t.start(nummer, date(2025, 1, 1));
            if nummer > 4 {
                t.stop(nummer, "19", date(2026, 2, 1));
            }
        }
        t.allocation(9, "p1", "02A02", date(2026, 1, 1), None);
        t.start(9, date(2026, 1, 1));
        let mut found = run(&t.survey());
        found.remove(0).raised
    }

    #[test]
    fn progress_is_a_share_of_five_clients_or_more() {
        let six = progress(6);
        for (fact, expected) in
            [("clienten", 6), ("over", 1), ("gestopt", 2), ("in_zorg", 3), ("voortgang_promille", 500)]
        {
            assert_eq!(six.facts[fact], serde_json::Value::from(expected), "{fact}");
        }
        assert_eq!(six.toewijzingen, [2, 3, 4]);
        assert_eq!(progress(4).facts.get("voortgang_promille"), None);
    }
}
