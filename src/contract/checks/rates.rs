//! Rates that can be compared: what one provider shows beside what the mix of its cases would lead one to expect, with
//! limits that a small number of cases does not cross by chance.
//!
//! Cases are laid in strata (segment, law, municipality, and what a check adds). Were there no difference between
//! providers, the cases of one would be drawn from each stratum without putting back. So with `n` of the `N` cases of a
//! stratum, whose values add up to `S` and whose squares to `Q`, the expected sum is `n·S/N` and its variance
//! `n·(N-n)/(N-1) · (N·Q-S²)/N²`. A provider alone in its stratum is what is expected, and never stands out.
//!
//! A limit is the outermost whole sum that chance still explains: of two hundred, respectively two thousand equal
//! providers five, respectively two lie beyond it on one side. It is `E ± (1/2 + z·√V)` with z = 1.960 (95 %) and 3.090
//! (99.8 %). For a share of which fewer than twenty hits or twenty misses are expected, that is too narrow; there the
//! limit is that of the binomial distribution with the same mean, which is never narrower than the truth (Hoeffding
//! 1956). All is reckoned in whole numbers: billionths, and 2⁻⁶⁰ for chances.

use super::chains::actual;
use crate::contract::check::Raised;
use crate::contract::norms::{MIN_CASES, months};
use crate::contract::register::Product;
use crate::contract::survey::{Allocated, Survey, Surveyed};
use crate::contract::table::Validity;
use crate::contract::value::{Entitlement, value};
use crate::contract::words::{BrokenPeriods, Flag};
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Number, Omvang, Party};
use crate::message::{Eenheid, Frequentie};
use crate::rules::Parties;
use crate::rules::facts::Allocation;
use std::collections::BTreeMap;

/// Smaller groups are not told of as shares, whatever the norm (checks, F11).
const FEWEST: u64 = 5;
/// Numbers of allocations that a signal about many of them carries at most: the latest.
const EVIDENCE: usize = 25;
/// Expected values and variances are in parts of this.
const SCALE: i128 = 1_000_000_000;
/// Chances are in parts of this.
const ONE: u128 = 1 << 60;
/// Fewer expected hits or misses than this, and the binomial distribution is looked at.
const SMALL: i128 = 20;
/// Heavier levels and larger values count as this, so that nothing can overflow.
const LARGEST: u32 = 1_000;

/// Cases below which no rate is told; `None` where the region set no `min_cases`.
pub(super) fn fewest(survey: &Survey<'_>) -> Option<u64> {
    survey.register.region.norms.numbers.of(&MIN_CASES).map(|number| number.max(FEWEST))
}

/// How far out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    P95,
    P998,
}

impl Limit {
    /// The square of z, in millionths.
    fn z_squared(self) -> i128 {
        match self {
            Limit::P95 => 1_960 * 1_960,
            Limit::P998 => 3_090 * 3_090,
        }
    }

    /// The chance beyond the limit on one side.
    fn tail(self) -> u128 {
        match self {
            Limit::P95 => ONE / 40,
            Limit::P998 => ONE / 1_000,
        }
    }
}

/// What was seen of one group, and what was to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compared {
    /// Cases.
    pub(super) n: u64,
    /// Sum of their values; of a share: hits.
    pub(super) sum: u64,
    /// In billionths.
    expected: i128,
    /// In billionths.
    variance: i128,
    /// Whether every value of every stratum is 0 or 1.
    is_share: bool,
}

/// Compares groups over strata. The values above [`LARGEST`] count as that.
pub(super) fn compare<S: Ord + Copy, G: Ord + Copy>(
    cases: impl IntoIterator<Item = (S, G, u32)>,
) -> BTreeMap<G, Compared> {
    let mut strata: BTreeMap<S, (i128, i128, i128)> = BTreeMap::new();
    let mut parts: BTreeMap<(G, S), (i128, i128)> = BTreeMap::new();
    let mut is_share = true;
    for (stratum, group, value) in cases {
        is_share &= value <= 1;
        let value = i128::from(value.min(LARGEST));
        let all = strata.entry(stratum).or_default();
        *all = (all.0 + 1, all.1 + value, all.2 + value * value);
        let part = parts.entry((group, stratum)).or_default();
        *part = (part.0 + 1, part.1 + value);
    }
    let mut groups: BTreeMap<G, Compared> = BTreeMap::new();
    for ((group, stratum), (n, sum)) in parts {
        let (all, total, squares) = strata[&stratum];
        let compared = groups.entry(group).or_insert(Compared { n: 0, sum: 0, expected: 0, variance: 0, is_share });
        compared.n += u64::try_from(n).unwrap_or(u64::MAX);
        compared.sum += u64::try_from(sum).unwrap_or(u64::MAX);
        compared.expected += (n * total * SCALE + all / 2) / all;
        if all > 1 {
            let drawn = n * (all - n) * SCALE / (all - 1);
            compared.variance += drawn * (all * squares - total * total) / (all * all);
        }
    }
    groups
}

impl Compared {
    /// The highest sum within a limit.
    pub(super) fn highest(&self, limit: Limit) -> u64 {
        match self.binomial(limit) {
            Some((_, highest)) => highest,
            None => whole((self.expected + SCALE / 2 + self.spread(limit)).div_euclid(SCALE)),
        }
    }

    /// The lowest sum within a limit.
    pub(super) fn lowest(&self, limit: Limit) -> u64 {
        match self.binomial(limit) {
            Some((lowest, _)) => lowest,
            None => whole((self.expected - SCALE / 2 - self.spread(limit) + SCALE - 1).div_euclid(SCALE)),
        }
    }

    pub(super) fn is_above(&self, limit: Limit) -> bool {
        self.sum > self.highest(limit)
    }

    pub(super) fn is_below(&self, limit: Limit) -> bool {
        self.sum < self.lowest(limit)
    }

    /// The expected sum in hundredths.
    pub(super) fn expected_hundredths(&self) -> u64 {
        whole((self.expected * 100 + SCALE / 2) / SCALE)
    }

    fn spread(&self, limit: Limit) -> i128 {
        (self.variance * SCALE / 1_000_000 * limit.z_squared()).isqrt()
    }

    /// Lowest and highest number of hits within a limit; `None` where the normal distribution will do.
    fn binomial(&self, limit: Limit) -> Option<(u64, u64)> {
        let n = i128::from(self.n);
        if !self.is_share || n == 0 {
            return None;
        }
        let misses = n * SCALE - self.expected;
        if self.expected <= misses {
            (self.expected < SMALL * SCALE).then(|| binomial(self.n, self.expected, limit))
        } else {
            let (lowest, highest) = (misses < SMALL * SCALE).then(|| binomial(self.n, misses.max(0), limit))?;
            Some((self.n.saturating_sub(highest), self.n.saturating_sub(lowest)))
        }
    }
}

/// Lowest and highest number of hits of `n` within a limit, when `expected` billionths of hits are expected: fewer than
/// [`SMALL`], and no more than half of `n`.
fn binomial(n: u64, expected: i128, limit: Limit) -> (u64, u64) {
    let chance = u128::try_from(expected).unwrap_or(0) * ONE / (u128::from(n) * SCALE.unsigned_abs());
    let odds = chance * ONE / (ONE - chance);
    // The chance of exactly `hits`, and of so many or fewer.
    let mut exactly = power(ONE - chance, n);
    let mut so_far = exactly;
    let mut hits = 0;
    let mut lowest = (so_far > limit.tail()).then_some(0);
    // Where chance gives more than `hits` no more often than the limit allows, `hits` is the highest within it.
    while hits < n && (ONE.saturating_sub(so_far) > limit.tail() || i128::from(hits) * SCALE < expected) {
        exactly = ((exactly * odds) >> 60) * u128::from(n - hits) / u128::from(hits + 1);
        so_far += exactly;
        hits += 1;
        lowest = lowest.or((so_far > limit.tail()).then_some(hits));
    }
    (lowest.unwrap_or(0), hits)
}

/// `base` to the power of `exponent`, in parts of [`ONE`].
fn power(base: u128, mut exponent: u64) -> u128 {
    let (mut square, mut result) = (base, ONE);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = (result * square) >> 60;
        }
        square = (square * square) >> 60;
        exponent /= 2;
    }
    result
}

fn whole(number: i128) -> u64 {
    u64::try_from(number.max(0)).unwrap_or(u64::MAX)
}

/// Who referred a person, as far as comparisons go (COD327).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Referrer {
    /// The municipality (01).
    Municipality,
    /// General practitioner, youth physician, medical specialist (02, 03, 05).
    Medical,
    /// Certified institution or court (04, 08).
    Judicial,
    /// Nobody, somebody else, or not told: care that was not requested by a 315.
    Other,
}

impl Referrer {
    fn of(code: &str) -> Referrer {
        match code {
            "01" => Referrer::Municipality,
            "02" | "03" | "05" => Referrer::Medical,
            "04" | "08" => Referrer::Judicial,
            _ => Referrer::Other,
        }
    }
}

/// A new allocation, as comparisons look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indication<'a> {
    pub(super) allocated: &'a Allocated,
    pub(super) allocation: &'a Allocation,
    pub(super) product: &'a Product,
    pub(super) referrer: Referrer,
    /// Day of the first decision.
    pub(super) decided: Date,
}

/// What makes new allocations comparable: municipality, segment and referrer. The age of a person is in no message that
/// the ledger keeps.
pub(super) type Stratum<'a> = (Law, &'a Party, &'a str, Referrer);
/// A provider in one municipality.
pub(super) type Provided<'a> = (Law, &'a Party, &'a Party);

impl<'a> Indication<'a> {
    pub(super) fn stratum(&self) -> Stratum<'a> {
        (self.allocated.law, &self.allocated.gemeente, &self.product.segment, self.referrer)
    }

    pub(super) fn provided(&self) -> Provided<'a> {
        (self.allocated.law, &self.allocated.gemeente, &self.allocation.aanbieder)
    }

    pub(super) fn nummer(&self) -> Count {
        self.allocation.nummer
    }

    /// As a case of a share.
    pub(super) fn case(&self, is_hit: bool) -> Case<'a> {
        let (segment, extra) = (self.product.segment.as_str(), self.referrer as u32);
        Case { provided: self.provided(), stratum: (segment, extra), nummer: self.nummer(), is_hit }
    }
}

/// New allocations of known products, deleted ones, pilots and crisis care left out: those are no choice between light
/// and heavy, and pilots stand apart (checks, F5).
pub(super) fn indications<'a>(survey: &Survey<'a>) -> Vec<Indication<'a>> {
    let mut referrers = BTreeMap::new();
    for request in survey.history.requests.iter().filter(|request| request.number == Number::N315) {
        let known = request.verwijzer.as_deref().map_or(Referrer::Other, Referrer::of);
        referrers.insert((request.law, &request.aanbieder, &request.referentie), known);
    }
    let indication = |allocated: &'a Allocated| {
        let allocation = actual(allocated)?;
        let product = survey.product(allocated.law, allocation)?;
        if product.flags.contains(&Flag::Pilot) || product.flags.contains(&Flag::Crisis) {
            return None;
        }
        let referrer = allocated
            .referentie
            .as_ref()
            .and_then(|referentie| referrers.get(&(allocated.law, &allocation.aanbieder, referentie)));
        Some(Indication {
            allocated,
            allocation,
            product,
            referrer: referrer.copied().unwrap_or(Referrer::Other),
            decided: allocated.first()?.toewijzingsdatum,
        })
    };
    survey.history.allocations.iter().filter_map(indication).collect()
}

/// The twelve months up to and including a day.
pub(super) fn year_until(day: Date) -> Validity {
    let from = day.saturating_sub(months(12));
    Validity { from: from.tomorrow().unwrap_or(from), to: Some(day) }
}

/// The value of an allocation in eurocents from its first to its last day; of an open one, to the end of its first year.
pub(super) fn worth(survey: &Survey<'_>, allocated: &Allocated, allocation: &Allocation) -> u64 {
    let end = allocation.einddatum.unwrap_or_else(|| allocation.ingangsdatum.last_of_year());
    worth_within(survey, allocated, allocation, Validity { from: allocation.ingangsdatum, to: Some(end) })
}

/// The value of an allocation in eurocents within a period.
pub(super) fn worth_within(
    survey: &Survey<'_>,
    allocated: &Allocated,
    allocation: &Allocation,
    window: Validity,
) -> u64 {
    let parties = Parties { gemeente: &allocated.gemeente, aanbieder: &allocation.aanbieder };
    let broken = survey.register.region.norms.broken_periods.unwrap_or(BrokenPeriods::Full);
    let worth = value(survey.register, allocated.law, parties, &Entitlement::from(allocation), window, broken);
    u64::try_from(worth.cents.0).unwrap_or(0)
}

/// Volume in a day, as a fraction: minutes for hours and minutes. A total counts over the days of the allocation, so an
/// open one has none.
pub(super) fn daily(allocation: &Allocation, omvang: &Omvang) -> Option<(i128, i128)> {
    let volume = i128::from(omvang.volume) * minutes(omvang.eenheid);
    Some(match omvang.frequentie {
        Frequentie::PerDag => (volume, 1),
        Frequentie::PerWeek => (volume, 7),
        Frequentie::PerMaand => (volume * 12, 365),
        Frequentie::Totaal => {
            let end = allocation.einddatum?;
            (volume, i128::from(super::chains::days_between(allocation.ingangsdatum, end)) + 1)
        }
    })
}

/// Minutes in a unit of time, 1 in any other.
pub(super) fn minutes(eenheid: Eenheid) -> i128 {
    if eenheid == Eenheid::Uur { 60 } else { 1 }
}

/// Units that can be reckoned into each other count as one.
pub(super) fn same_unit(one: Eenheid, other: Eenheid) -> bool {
    let timed = |unit| matches!(unit, Eenheid::Minuut | Eenheid::Uur);
    one == other || (timed(one) && timed(other))
}

/// One case of a share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) provided: Provided<'a>,
    /// Segment and what else makes cases comparable, within law and municipality.
    pub(super) stratum: (&'a str, u32),
    pub(super) nummer: Count,
    pub(super) is_hit: bool,
}

/// Which side of the limits is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

/// How the share of a provider is told. Sentences run: "provider: 7 of 12 `of` `hits` (58.3 %). ... `todo`".
pub(super) struct Words<'w> {
    pub(super) of: [&'w str; 2],
    pub(super) hits: [&'w str; 2],
    pub(super) todo: [&'w str; 2],
}

/// Providers whose share lies beyond the 99.8 % limit of what their mix leads to expect in their municipality, told with
/// the numbers of the latest hits, or of the latest misses below.
pub(super) fn outliers(survey: &Survey<'_>, cases: &[Case<'_>], side: Side, words: &Words<'_>) -> Vec<Surveyed> {
    let Some(fewest) = fewest(survey) else { return Vec::new() };
    let keyed = cases.iter().map(|case| {
        let (law, gemeente, _) = case.provided;
        ((law, gemeente, case.stratum), case.provided, u32::from(case.is_hit))
    });
    let compared = compare(keyed);
    let mut numbers: BTreeMap<Provided<'_>, Vec<Count>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.is_hit == (side == Side::Above)) {
        numbers.entry(case.provided).or_default().push(case.nummer);
    }
    compared
        .iter()
        .filter(|(_, found)| found.n >= fewest)
        .filter(|(_, found)| match side {
            Side::Above => found.is_above(Limit::P998),
            Side::Below => found.is_below(Limit::P998),
        })
        .map(|(provided, found)| {
            let evidence = numbers.remove(provided).unwrap_or_default();
            let (law, gemeente, aanbieder) = *provided;
            let raised = outlier(&survey.provider_name(aanbieder), aanbieder, found, side, words);
            Surveyed::new(law, gemeente, raised.about(latest(evidence)))
        })
        .collect()
}

fn outlier(name: &str, aanbieder: &Party, found: &Compared, side: Side, words: &Words<'_>) -> Raised {
    let Compared { n, sum, .. } = found;
    let share = per_mille(*sum, *n);
    let expected = found.expected_hundredths();
    let (limit, limit_95, most_nl, most_en) = match side {
        Side::Above => (found.highest(Limit::P998), found.highest(Limit::P95), "hoogstens", "at most"),
        Side::Below => (found.lowest(Limit::P998), found.lowest(Limit::P95), "minstens", "at least"),
    };
    let ([of_nl, of_en], [hits_nl, hits_en], [todo_nl, todo_en]) = (words.of, words.hits, words.todo);
    let nl = format!(
        "{name}: {sum} van {n} {of_nl} {hits_nl} ({} %). Naar de mix van segmenten en verwijzers in deze gemeente waren \
         er {} te verwachten en verklaart toeval er {most_nl} {limit} (grens 99,8 %). {todo_nl}",
        decimals(share, 1, ','),
        decimals(expected, 2, ','),
    );
    let en = format!(
        "{name}: {sum} of {n} {of_en} {hits_en} ({} %). By the mix of segments and referrers in this municipality {} \
         were to be expected, and chance explains {most_en} {limit} (limit 99.8 %). {todo_en}",
        decimals(share, 1, '.'),
        decimals(expected, 2, '.'),
    );
    Raised::new(format!("aanbieder {aanbieder}"), Severity::Warning, nl, en)
        .fact("aanbieder", aanbieder.as_str())
        .fact("aantal", *n)
        .fact("waargenomen", *sum)
        .fact("aandeel_promille", share)
        .fact("verwacht_honderdsten", expected)
        .fact("grens_95", limit_95)
        .fact("grens_998", limit)
}

/// The latest of many allocations, in order of number.
pub(super) fn latest(mut numbers: Vec<Count>) -> Vec<Count> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.split_off(numbers.len().saturating_sub(EVIDENCE))
}

/// Part of a whole in thousandths, rounded half up; zero of nothing.
pub(super) fn per_mille(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    if whole == 0 {
        return 0;
    }
    u64::try_from((part * 1_000 + whole / 2) / whole).unwrap_or(u64::MAX)
}

/// Whether `part` is more than `percent` percent of `whole`.
pub(super) fn exceeds(part: u64, whole: u64, percent: u64) -> bool {
    u128::from(part) * 100 > u128::from(whole) * u128::from(percent)
}

/// Whether `part` is less than `percent` percent of `whole`.
pub(super) fn falls_short(part: u64, whole: u64, percent: u64) -> bool {
    u128::from(part) * 100 < u128::from(whole) * u128::from(percent)
}

/// A number in tenths (`places` 1) or hundredths (2) as people write it, with the comma of their language.
pub(super) fn decimals(number: u64, places: usize, comma: char) -> String {
    let digits = format!("{number:0>width$}", width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    format!("{whole}{comma}{rest}")
}

/// An amount in eurocents as people write it.
pub(super) fn euros(cents: u64, comma: char) -> String {
    format!("€ {}", decimals(cents, 2, comma))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_shares_have_the_limits_of_the_binomial_table() {
        // P(X >= 6) = 0.0064 and P(X >= 7) = 0.00086 for ten cases of which two are expected.
        let two_of_ten = |sum| Compared { n: 10, sum, expected: 2 * SCALE, variance: SCALE, is_share: true };
        assert_eq!((two_of_ten(0).highest(Limit::P95), two_of_ten(0).highest(Limit::P998)), (5, 6));
        assert_eq!((two_of_ten(0).lowest(Limit::P95), two_of_ten(0).lowest(Limit::P998)), (0, 0));
        assert!(!two_of_ten(6).is_above(Limit::P998) && two_of_ten(7).is_above(Limit::P998));
        // The same table from the other side.
        let eight_of_ten = |sum| Compared { n: 10, sum, expected: 8 * SCALE, variance: SCALE, is_share: true };
        assert!(!eight_of_ten(4).is_below(Limit::P998) && eight_of_ten(3).is_below(Limit::P998));
        // P(X <= 3) = 0.0004 and P(X <= 4) = 0.0015 for 30 cases of which twelve are expected (p = 0.4).
        let twelve = |sum| Compared { n: 30, sum, expected: 12 * SCALE, variance: SCALE, is_share: true };
        assert!(twelve(3).is_below(Limit::P998) && !twelve(4).is_below(Limit::P998));
    }

    #[test]
    fn nothing_and_all_stand_out_nowhere() {
        for sum in [0_u64, 7] {
            let found = Compared { n: 7, sum, expected: i128::from(sum) * SCALE, variance: 0, is_share: true };
            assert!(!found.is_above(Limit::P95) && !found.is_below(Limit::P95), "{sum}");
        }
        let alone = compare([("s", "a", 4), ("s", "a", 1), ("s", "a", 1)]);
        assert_eq!((alone["a"].expected, alone["a"].variance), (6 * SCALE, 0));
        assert!(!alone["a"].is_above(Limit::P95) && !alone["a"].is_below(Limit::P95));
    }

    #[test]
    fn large_shares_and_sums_have_the_limits_of_the_normal_distribution() {
        // E = 100, V = 81: 100 + 0.5 + 3.09 * 9 = 128.31 and 100 - 0.5 - 27.81 = 71.69.
        let found = Compared { n: 1_000, sum: 0, expected: 100 * SCALE, variance: 81 * SCALE, is_share: true };
        assert_eq!((found.highest(Limit::P998), found.lowest(Limit::P998)), (128, 72));
        assert_eq!((found.highest(Limit::P95), found.lowest(Limit::P95)), (118, 82));
        let levels = Compared { is_share: false, n: 40, ..found };
        assert_eq!((levels.highest(Limit::P998), levels.lowest(Limit::P998)), (128, 72));
    }

    #[test]
    fn chances_of_many_cases_do_not_fade() {
        // Nineteen of a million: P(X >= 34) = 0.0013 and P(X >= 35) = 0.0007 by the Poisson table.
        let (lowest, highest) = binomial(1_000_000, 19 * SCALE, Limit::P998);
        assert_eq!((lowest, highest), (7, 34));
    }

    #[test]
    fn figures_are_written_as_people_write_them() {
        assert_eq!((decimals(5, 2, ','), decimals(625, 1, '.')), ("0,05".to_owned(), "62.5".to_owned()));
        assert_eq!(euros(123_456, ','), "€ 1234,56");
        assert_eq!((per_mille(1, 3), per_mille(2, 3), per_mille(1, 0)), (333, 667, 0));
        assert!(exceeds(21, 100, 20) && !exceeds(20, 100, 20) && falls_short(19, 100, 20) && !falls_short(20, 100, 20));
        assert_eq!(latest((1..=30).rev().collect()), (6..=30).collect::<Vec<Count>>());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// Each case beside every case of its stratum, in fractions with one denominator.
        #[test]
        fn expected_sums_are_those_of_every_pair_looked_at(
            cases in proptest::collection::vec((0..3_u8, 0..4_u8, 0..9_u32), 1..40),
        ) {
            let found = compare(cases.iter().copied());
            let size = |stratum| cases.iter().filter(|case| case.0 == stratum).count() as i128;
            let whole: i128 = (0..3).map(|stratum| size(stratum).max(1)).product();
            for (group, compared) in &found {
                let mut expected = 0;
                for own in cases.iter().filter(|case| case.1 == *group) {
                    let values = cases.iter().filter(|case| case.0 == own.0).map(|case| i128::from(case.2));
                    expected += values.sum::<i128>() * (whole / size(own.0));
                }
                // Each stratum may be rounded by half a billionth.
                prop_assert!((compared.expected * whole - expected * SCALE).abs() <= 2 * whole);
            }
            let sums = (found.values().map(|each| each.sum).sum::<u64>(), found.values().map(|each| each.n).sum::<u64>());
            let all = cases.iter().map(|case| u64::from(case.2)).sum::<u64>();
            prop_assert_eq!(sums, (all, cases.len() as u64));
        }
    }
}
