//! B2: heavy care stays the exception that it was meant to be.
//!
//! The share is that of new allocations at `high_level` or above among those whose level is known, decided in the twelve
//! months up to the survey. Told are a municipality above `high_level_percent`, with the share of the value beside it,
//! and a provider above the 99.8 % limit of what its mix of segments and referrers leads to expect in its municipality.
//!
//! Source: checks B2 (Noord en Midden Drenthe). Doubtful: the source also wants the share by access team; no message
//! names the team. Pilots and crisis care are left out.

use super::rates::{Indication, Side, Words, exceeds, fewest, indications, latest, outliers, per_mille};
use super::rates::{decimals, worth, year_until};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{HIGH_LEVEL, HIGH_LEVEL_PERCENT};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B2",
    nl: "Het aandeel zware toewijzingen blijft binnen de streefwaarde, en per aanbieder binnen wat te verwachten is.",
    en: "The share of heavy allocations stays within its target, and for each provider within what is to be expected.",
    default_policy: Policy::Signal,
    parameters: &["products.csv level", "norms.high_level", "norms.high_level_percent", "norms.min_cases"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let window = year_until(survey.today);
    let ranked: Vec<(Indication<'_>, bool)> = indications(survey)
        .into_iter()
        .filter(|each| window.holds_on(each.decided))
        .filter_map(|each| {
            let high = norms.of_segment(&HIGH_LEVEL, &each.product.segment)?;
            Some((each, u64::from(each.product.level?) >= high))
        })
        .collect();
    let mut told = shares(survey, &ranked);
    let cases: Vec<_> = ranked.iter().map(|(each, is_heavy)| each.case(*is_heavy)).collect();
    told.extend(outliers(survey, &cases, Side::Above, &WORDS));
    told
}

const WORDS: Words<'_> = Words {
    of: ["nieuwe toewijzingen in twaalf maanden", "new allocations in twelve months"],
    hits: ["zijn zwaar", "are heavy"],
    todo: [
        "Laat de toegang bij deze aanbieder meekijken voordat zware zorg wordt toegewezen.",
        "Let the access team look along with this provider before heavy care is allocated.",
    ],
};

/// What counts towards the share of a municipality.
#[derive(Default)]
struct Share {
    n: u64,
    cents: u128,
    heavy: Vec<Count>,
    heavy_cents: u128,
}

fn shares(survey: &Survey<'_>, ranked: &[(Indication<'_>, bool)]) -> Vec<Surveyed> {
    let target = survey.register.region.norms.numbers.of(&HIGH_LEVEL_PERCENT);
    let (Some(fewest), Some(target)) = (fewest(survey), target) else { return Vec::new() };
    let mut shares: BTreeMap<(Law, &Party), Share> = BTreeMap::new();
    for (each, is_heavy) in ranked {
        let share = shares.entry((each.allocated.law, &each.allocated.gemeente)).or_default();
        let cents = u128::from(worth(survey, each.allocated, each.allocation));
        share.n += 1;
        share.cents += cents;
        if *is_heavy {
            share.heavy.push(each.nummer());
            share.heavy_cents += cents;
        }
    }
    shares
        .into_iter()
        .filter(|(_, share)| share.n >= fewest && exceeds(share.heavy.len() as u64, share.n, target))
        .map(|((law, gemeente), share)| Surveyed::new(law, gemeente, above_target(share, target)))
        .collect()
}

fn above_target(share: Share, target: u64) -> Raised {
    let Share { n, cents, heavy, heavy_cents } = share;
    let number = heavy.len() as u64;
    let part = per_mille(number, n);
    let of_value = u64::try_from((heavy_cents * 1_000).checked_div(cents).unwrap_or(0)).unwrap_or(0);
    let nl = format!(
        "{number} van {n} nieuwe toewijzingen in twaalf maanden zijn zwaar ({} %, {} % van de waarde); de streefwaarde is \
         hoogstens {target} %. Bekijk met de toegang of lichtere zorg mogelijk was en waar kan worden afgeschaald.",
        decimals(part, 1, ','),
        decimals(of_value, 1, ','),
    );
    let en = format!(
        "{number} of {n} new allocations in twelve months are heavy ({} %, {} % of the value); the target is at most \
         {target} %. See with the access team whether lighter care was possible, and where to step down.",
        decimals(part, 1, '.'),
        decimals(of_value, 1, '.'),
    );
    Raised::new("gemeente", Severity::Warning, nl, en)
        .about(latest(heavy))
        .fact("aantal", n)
        .fact("zwaar", number)
        .fact("aandeel_promille", part)
        .fact("aandeel_waarde_promille", of_value)
        .fact("norm_procent", target)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use crate::contract::norms::{MIN_CASES, Value};
    use crate::contract::words::Flag;
    use crate::message::Date;
    use jiff::civil::date;
    use std::collections::BTreeMap;

    const ONE: &str = "42420001";
    const OTHER: &str = "42420002";
    const DAY: Date = date(2026, 3, 1);
    const MUNICIPALITY: (&str, &str) = ("0197", "gemeente");

    fn norms(t: &mut Timeline) {
        t.norm(&MIN_CASES, 10);
        t.norm(&HIGH_LEVEL, 4);
        t.norm(&HIGH_LEVEL_PERCENT, 20);
    }

    vec![
        silent("nothing is allocated", norms),
        silent("as much as the target", |t| {
            norms(t);
            t.allocations(1, 8, ONE, "02A01", DAY);
            t.allocations(101, 2, ONE, "02A04", DAY);
        }),
        raises("one more than the target", &[MUNICIPALITY], |t| {
            norms(t);
            t.allocations(1, 7, ONE, "02A01", DAY);
            t.allocations(101, 3, ONE, "02A04", DAY);
        }),
        silent("one case too few", |t| {
            norms(t);
            t.allocations(1, 5, ONE, "02A01", DAY);
            t.allocations(101, 4, ONE, "02A04", DAY);
        }),
        silent("a product without a level does not count", |t| {
            norms(t);
            t.allocations(1, 5, ONE, "02A01", DAY);
            t.allocations(51, 20, ONE, "03A01", DAY);
            t.allocations(101, 4, ONE, "02A04", DAY);
        }),
        raises("one provider has all of it", &[("0197", "aanbieder 42420002")], |t| {
            norms(t);
            t.no_norm(&HIGH_LEVEL_PERCENT);
            t.allocations(1, 30, ONE, "02A01", DAY);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("a provider may have some more than another", |t| {
            norms(t);
            t.no_norm(&HIGH_LEVEL_PERCENT);
            t.allocations(1, 30, ONE, "02A01", DAY);
            t.allocations(101, 3, OTHER, "02A04", DAY);
            t.allocations(201, 9, OTHER, "02A01", DAY);
        }),
        silent("in a segment where that level is not heavy", |t| {
            norms(t);
            let segments = BTreeMap::from([("wmo-integrale-ondersteuning".to_owned(), 5)]);
            t.register.region.norms.numbers.set(&HIGH_LEVEL, Value { general: Some(4), segments });
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("a pilot is left out", |t| {
            norms(t);
            t.mark(Law::Wmo, "02A04", Flag::Pilot);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("decided longer ago", |t| {
            norms(t);
            t.allocations(101, 12, OTHER, "02A04", date(2025, 7, 1));
        }),
        silent("what was deleted never was", |t| {
            norms(t);
            t.allocations(101, 12, OTHER, "02A04", DAY);
            t.history.allocations.iter_mut().for_each(|each| each.versions[0].reden_wijziging = Some("13".into()));
        }),
        silent("nobody stated what is heavy", |t| {
            norms(t);
            t.no_norm(&HIGH_LEVEL);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
        silent("nobody stated a number of cases", |t| {
            norms(t);
            t.no_norm(&MIN_CASES);
            t.allocations(101, 12, OTHER, "02A04", DAY);
        }),
    ]
}
