//! C3: most young people come to care by their municipality, not by a medical referral.
//!
//! Compared is, per municipality, the share of medical referrals (general practitioner, youth physician, medical
//! specialist: COD327 02, 03 and 05) among the new allocations of youth care whose first decision lies in the twelve
//! months up to and including today, with norm `medical_percent`; a share equal to the norm is as it should be.
//!
//! The share counts allocations, not young people, as the source does. Allocations whose request is not known, or is of
//! before the ledger kept the type of referrer, are in neither figure: they could be anything. Beside it stand the
//! share of value, over the allocations that have one and the first twelve months of each, and the share of the year
//! before: a rise is for a person to judge, since no source says which rise is too much.

use super::referrals::{Referred, Route, youth};
use super::waits::{Period, above, fewest_of_all, per_mille, percent};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::MEDICAL_PERCENT;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C3",
    nl: "Het aandeel medische verwijzingen in nieuwe jeugdhulp blijft onder de norm.",
    en: "The share of medical referrals in new youth care stays below the norm.",
    default_policy: Policy::Signal,
    parameters: &["norms.medical_percent", "norms.min_cases", "norms.broken_periods"],
    run: Run::OverTime(run),
};

#[derive(Default)]
struct Routes {
    medical: Vec<Count>,
    known: u64,
    unknown: u64,
    medical_cents: u64,
    cents: u64,
    without_value: u64,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let numbers = &survey.register.region.norms.numbers;
    let (Some(norm), Some(fewest)) = (numbers.of(&MEDICAL_PERCENT), fewest_of_all(survey)) else {
        return Vec::new();
    };
    let year = Period::year_to(survey.today);
    let before = by_gemeente(youth(survey, year.year_before()));
    by_gemeente(youth(survey, year))
        .into_iter()
        .filter(|(_, routes)| routes.known >= fewest)
        .filter(|(_, routes)| above(routes.medical.len() as u64, routes.known, norm))
        .map(|(gemeente, routes)| {
            let earlier = before.get(gemeente).filter(|earlier| earlier.known >= fewest);
            Surveyed::new(Law::Jeugdwet, gemeente, too_many(&routes, earlier, norm))
        })
        .collect()
}

fn by_gemeente(all: Vec<Referred<'_>>) -> BTreeMap<&Party, Routes> {
    let mut routes: BTreeMap<&Party, Routes> = BTreeMap::new();
    for referred in all {
        let routes = routes.entry(&referred.allocated.gemeente).or_default();
        if referred.route == Route::Unknown {
            routes.unknown += 1;
            continue;
        }
        routes.known += 1;
        let cents = referred.value.map(|value| u64::try_from(value.0).unwrap_or(0));
        routes.without_value += u64::from(cents.is_none());
        routes.cents = routes.cents.saturating_add(cents.unwrap_or(0));
        if referred.route == Route::Medical {
            routes.medical.push(referred.allocation.nummer);
            routes.medical_cents = routes.medical_cents.saturating_add(cents.unwrap_or(0));
        }
    }
    routes
}

impl Routes {
    fn share(&self) -> u64 {
        per_mille(self.medical.len() as u64, self.known)
    }
}

fn too_many(routes: &Routes, earlier: Option<&Routes>, norm: u64) -> Raised {
    let (known, medical, unknown) = (routes.known, routes.medical.len() as u64, routes.unknown);
    let (share_nl, share_en) = percent(routes.share());
    let value = (routes.cents > 0).then(|| per_mille(routes.medical_cents, routes.cents));
    let (value_nl, value_en) = value
        .map(percent)
        .map_or_else(Default::default, |(nl, en)| (format!(", {nl} van de waarde"), format!(", {en} of the value")));
    let (before_nl, before_en) =
        earlier.map(|earlier| percent(earlier.share())).map_or_else(Default::default, |(nl, en)| {
            (format!("; een jaar eerder {nl}"), format!("; a year earlier {en}"))
        });
    let nl = format!(
        "Van {known} nieuwe jeugdhulptoewijzingen in twaalf maanden volgden er {medical} op een medische verwijzing: \
         {share_nl}{value_nl}, norm {norm}%{before_nl}. Verwijzer onbekend: {unknown}. Bespreek met de \
         verwijzers hoe de toegang eerder kan meekijken."
    );
    let en = format!(
        "Of {known} new allocations of youth care in twelve months {medical} followed a medical referral: \
         {share_en}{value_en}, norm {norm}%{before_en}. Referrer not known: {unknown}. Discuss with the \
         referrers how the access team can have an earlier look."
    );
    let mut raised = Raised::new("medische verwijzingen", Severity::Warning, nl, en)
        .about(routes.medical.iter().copied())
        .fact("toewijzingen", known)
        .fact("medisch", medical)
        .fact("aandeel_promille", routes.share())
        .fact("norm_procent", norm)
        .fact("verwijzer_onbekend", unknown)
        .fact("zonder_waarde", routes.without_value);
    if let Some(value) = value {
        raised = raised
            .fact("waarde_aandeel_promille", value)
            .fact("waarde_medisch_cent", routes.medical_cents)
            .fact("waarde_cent", routes.cents);
    }
    match earlier {
        Some(earlier) => raised.fact("aandeel_promille_jaar_eerder", earlier.share()),
        None => raised,
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::MIN_CASES;
    use crate::message::Number;
    use jiff::civil::date;

    const RAISED: &[(&str, &str)] = &[("0197", "medische verwijzingen")];

    /// As many allocations of youth care, each on a referral of this type.
    fn referred(t: &mut Timeline, types: &[&str]) {
        t.norm(&MEDICAL_PERCENT, 50);
        t.norm(&MIN_CASES, 5);
        for (nummer, soort) in (1..).zip(types) {
            let (person, reference) = (format!("p{nummer}"), format!("V{nummer}"));
            let request = t.request(&reference, &person, Number::N315, date(2026, 1, 1));
            request.law = Law::Jeugdwet;
            request.verwijzer = Some((*soort).to_owned());
            let allocated = t.allocation(nummer, &person, "45A02", date(2026, 1, 5), Some(date(2026, 6, 30)));
            allocated.law = Law::Jeugdwet;
            allocated.referentie = Some(reference.as_str().into());
        }
    }

    vec![
        silent("nobody is referred", |t| referred(t, &[])),
        silent("exactly the norm", |t| referred(t, &["02", "03", "05", "01", "04", "06"])),
        raises("one more", RAISED, |t| referred(t, &["02", "03", "05", "02", "04", "06", "08"])),
        silent("too few to tell of", |t| referred(t, &["02", "02", "02", "02"])),
        raises("as many as may be told", RAISED, |t| referred(t, &["02", "02", "02", "01", "01"])),
        silent("court and self-referral are not medical", |t| referred(t, &["04", "06", "08", "06", "02"])),
        silent("without a request it is the municipality's own", |t| {
            referred(t, &["02", "02", "02", "01", "01"]);
            t.history.allocations[0].referentie = None;
        }),
        silent("a request of before the type was kept counts for neither", |t| {
            referred(t, &["02", "02", "02", "01", "01"]);
            t.history.requests[4].verwijzer = None;
        }),
        silent("so does a reference that nobody knows", |t| {
            referred(t, &["02", "02", "02", "01", "01"]);
            t.history.allocations[4].referentie = Some("other".into());
        }),
        silent("the reference of another provider is another request", |t| {
            referred(t, &["02", "02", "02", "01", "01"]);
            t.history.requests[0].aanbieder = "42420005".into();
        }),
        silent("adult support has no such route", |t| {
            referred(t, &["02", "02", "02", "02", "02"]);
            t.history.allocations.iter_mut().for_each(|allocated| allocated.law = Law::Wmo);
        }),
        silent("decided longer ago than a year", |t| {
            referred(t, &["02", "02", "02", "02", "02"]);
            for allocated in &mut t.history.allocations {
                allocated.versions[0].toewijzingsdatum = date(2025, 7, 1);
            }
        }),
        silent("withdrawn", |t| {
            referred(t, &["02", "02", "02", "01", "01"]);
            t.history.allocations[0].versions[0].reden_wijziging = Some("13".into());
        }),
        silent("nobody stated a norm", |t| {
            referred(t, &["02", "02", "02", "02", "02"]);
            t.no_norm(&MEDICAL_PERCENT);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Timeline;
    use super::*;
    use crate::contract::norms::MIN_CASES;
    use crate::message::{Cents, Number};
    use jiff::civil::date;

    #[test]
    fn the_share_of_value_is_told_beside_that_of_numbers() {
        let mut t = Timeline::new();
        t.norm(&MEDICAL_PERCENT, 50);
        t.norm(&MIN_CASES, 5);
        for nummer in 1..=5 {
            let reference = format!("V{nummer}");
            let request = t.request(&reference, "a", Number::N315, date(2026, 1, 1));
            (request.law, request.verwijzer) = (Law::Jeugdwet, Some("02".to_owned()));
            let allocated = t.allocation(nummer, "a", "45A02", date(2026, 1, 5), Some(date(2026, 6, 30)));
            allocated.law = Law::Jeugdwet;
            allocated.versions[0].budget = Some(Cents(100_000));
            // The last two are the municipality's own and dearer.
            if nummer < 4 {
                allocated.referentie = Some(reference.as_str().into());
            } else {
                allocated.versions[0].budget = Some(Cents(600_000));
            }
        }
        let found = run(&t.survey());
        let facts = &found[0].raised.facts;
        assert_eq!((&facts["aandeel_promille"], &facts["waarde_aandeel_promille"]), (&600.into(), &200.into()));
        assert_eq!((&facts["waarde_cent"], &facts["zonder_waarde"]), (&1_500_000.into(), &0.into()));
        assert!(found[0].raised.nl.contains("60,0%, 20,0% van de waarde, norm 50%"), "{}", found[0].raised.nl);
    }

    #[test]
    fn the_year_before_stands_beside_it_when_it_has_enough() {
        let earlier = |cases: u64| {
            let mut t = Timeline::new();
            t.norm(&MEDICAL_PERCENT, 50);
            t.norm(&MIN_CASES, 5);
            for nummer in 1..=5 + cases {
                let reference = format!("V{nummer}");
                let day = if nummer <= 5 { date(2026, 1, 5) } else { date(2025, 7, 1) };
                let request = t.request(&reference, "a", Number::N315, day);
                (request.law, request.verwijzer) = (Law::Jeugdwet, Some("02".to_owned()));
                let allocated = t.allocation(nummer, "a", "45A02", day, Some(date(2026, 6, 30)));
                allocated.law = Law::Jeugdwet;
                // Of the year before two came by referral.
                allocated.referentie = (nummer <= 7).then(|| reference.as_str().into());
            }
            let found = run(&t.survey());
            found[0].raised.facts.get("aandeel_promille_jaar_eerder").cloned()
        };
        assert_eq!(earlier(5), Some(400.into()));
        assert_eq!(earlier(4), None);
    }
}
