//! B5: requests for a change do not as a rule ask for more.
//!
//! Of all requests for a change (317) that a provider sent to a municipality in the twelve months up to the survey, the
//! share of which more care came: a higher step, more volume or a larger budget (`changes`). Told above
//! `upward_percent`, with the number of those that were asked within `early_change_days` of the first day of the care,
//! and the number that led to any allocation.
//!
//! Source: checks B5 (Hart van Brabant). Doubtful: what a 317 asked for that was refused is not kept, so refused ones
//! count in the denominator only, and the share is what was granted at least.

use super::changes::{asked, changes};
use super::rates::{decimals, exceeds, fewest, latest, per_mille};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::UPWARD_PERCENT;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B5",
    nl: "Verzoeken om wijziging van een aanbieder leiden niet overwegend tot meer of zwaardere zorg.",
    en: "Requests for a change by a provider do not for the most part lead to more or heavier care.",
    default_policy: Policy::Signal,
    parameters: &["products.csv level", "norms.upward_percent", "norms.early_change_days", "norms.min_cases"],
    run: Run::OverTime(run),
};

/// What became of the requests of one provider in one municipality.
#[derive(Default)]
struct Count317 {
    asked: u64,
    granted: u64,
    more: u64,
    early: u64,
    numbers: Vec<Count>,
}

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let most = survey.register.region.norms.numbers.of(&UPWARD_PERCENT);
    let (Some(fewest), Some(most)) = (fewest(survey), most) else { return Vec::new() };
    let mut more: BTreeMap<(Law, &Party, &str), (bool, BTreeSet<Count>)> = BTreeMap::new();
    for change in changes(survey) {
        let request = change.request;
        let of = more.entry((request.law, &request.aanbieder, request.referentie.as_str())).or_default();
        of.0 |= change.is_early(survey);
        of.1.extend(change.is_more.then_some(change.nummer));
    }
    let mut counts: BTreeMap<(Law, &Party, &Party), Count317> = BTreeMap::new();
    for request in asked(survey) {
        let count = counts.entry((request.law, &request.gemeente, &request.aanbieder)).or_default();
        count.asked += 1;
        count.granted += u64::from(request.is_honoured);
        if let Some((early, numbers)) = more.get(&(request.law, &request.aanbieder, request.referentie.as_str())) {
            count.more += u64::from(!numbers.is_empty());
            count.early += u64::from(*early);
            count.numbers.extend(numbers);
        }
    }
    counts
        .into_iter()
        .filter(|(_, count)| count.asked >= fewest && exceeds(count.more, count.asked, most))
        .map(|((law, gemeente, aanbieder), count)| Surveyed::new(law, gemeente, upward(survey, aanbieder, count, most)))
        .collect()
}

fn upward(survey: &Survey<'_>, aanbieder: &Party, count: Count317, most: u64) -> Raised {
    let Count317 { asked, granted, more, early, numbers } = count;
    let (name, part) = (survey.provider_name(aanbieder), per_mille(more, asked));
    let nl = format!(
        "{name}: {more} van {asked} verzoeken om wijziging in twaalf maanden leidden tot meer of zwaardere zorg ({} %); \
         gemeld wordt boven {most} %. {early} daarvan kwamen kort na de start, {granted} verzoeken zijn gehonoreerd. \
         Bespreek met aanbieder en toegang of de eerste toewijzing te licht is of de vraag wordt verzwaard.",
        decimals(part, 1, ','),
    );
    let en = format!(
        "{name}: {more} of {asked} requests for a change in twelve months led to more or heavier care ({} %); this is told \
         above {most} %. {early} of them came soon after the start, {granted} requests were honoured. See with provider \
         and access team whether the first allocation is too light or the question is made heavier.",
        decimals(part, 1, '.'),
    );
    Raised::new(format!("aanbieder {aanbieder}"), Severity::Warning, nl, en)
        .about(latest(numbers))
        .fact("aanbieder", aanbieder.as_str())
        .fact("verzoeken", asked)
        .fact("gehonoreerd", granted)
        .fact("opwaarts", more)
        .fact("kort_na_start", early)
        .fact("aandeel_promille", part)
        .fact("norm_procent", most)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::{EARLY_CHANGE_DAYS, MIN_CASES};
    use crate::message::{Cents, Date, Number};
    use crate::rules::facts::Allocation;
    use jiff::civil::date;

    const TOLD: &[(&str, &str)] = &[("0197", "aanbieder 42420001")];
    const ASKED: Date = date(2026, 3, 1);

    /// Five requests for a change of an allocation of 2026, each granted with this change.
    fn five(t: &mut Timeline, change: fn(&mut Allocation)) {
        t.norm(&MIN_CASES, 5);
        t.norm(&UPWARD_PERCENT, 60);
        t.norm(&EARLY_CHANGE_DAYS, 90);
        for nummer in 1..=5 {
            let person = format!("of-{nummer}");
            let reference = format!("W{nummer}");
            t.allocation(nummer, &person, "02A02", date(2026, 1, 1), None);
            t.request(&reference, &person, Number::N317, ASKED).is_honoured = true;
            t.change(nummer, ASKED, Some(&reference), change);
        }
    }

    fn more(version: &mut Allocation) {
        version.omvang.as_mut().expect("the sample has a volume").volume += 1;
    }

    vec![
        silent("nobody asked", |t| t.norm(&UPWARD_PERCENT, 0)),
        raises("all for more volume", TOLD, |t| five(t, more)),
        silent("all for as much", |t| five(t, |_| ())),
        silent("all for less", |t| five(t, |version| version.omvang.as_mut().expect("a volume").volume -= 1)),
        raises("eighteen hours a month for four a week", TOLD, |t| {
            five(t, |version| {
                let omvang = version.omvang.as_mut().expect("a volume");
                (omvang.frequentie, omvang.volume) = (crate::message::Frequentie::PerMaand, 18);
            });
        }),
        silent("three of five are sixty percent", |t| {
            five(t, more);
            t.history.allocations[0].versions.pop();
            t.history.allocations[1].versions.pop();
        }),
        raises("four of five", TOLD, |t| {
            five(t, more);
            t.history.allocations[0].versions.pop();
        }),
        silent("four requests", |t| {
            five(t, more);
            t.history.requests.pop();
        }),
        silent("asked a year ago", |t| {
            five(t, more);
            t.history.requests.iter_mut().for_each(|request| request.on = date(2025, 7, 1));
        }),
        raises("a larger budget", TOLD, |t| {
            five(t, |version| (version.omvang, version.budget) = (None, Some(Cents(2))));
            for allocated in &mut t.history.allocations {
                (allocated.versions[0].omvang, allocated.versions[0].budget) = (None, Some(Cents(1)));
            }
        }),
        silent("the municipality changed it by itself", |t| {
            five(t, more);
            t.history.allocations.iter_mut().for_each(|each| each.references[1] = None);
        }),
        raises("a new allocation of a higher step", TOLD, |t| {
            five(t, |_| ());
            for nummer in 1..=5 {
                let (person, reference) = (format!("of-{nummer}"), format!("W{nummer}"));
                let next = t.allocation(nummer + 100, &person, "02A03", date(2026, 4, 1), None);
                next.references[0] = Some(reference.as_str().into());
            }
        }),
        silent("a new allocation of a lower step in its place", |t| {
            five(t, |version| version.einddatum = Some(date(2026, 3, 31)));
            for nummer in 1..=5 {
                let (person, reference) = (format!("of-{nummer}"), format!("W{nummer}"));
                let next = t.allocation(nummer + 100, &person, "02A01", date(2026, 4, 1), None);
                next.references[0] = Some(reference.as_str().into());
            }
        }),
        silent("nobody stated a share", |t| {
            five(t, more);
            t.no_norm(&UPWARD_PERCENT);
        }),
    ]
}
