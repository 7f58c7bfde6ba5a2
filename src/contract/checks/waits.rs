//! What the checks on access and continuity share to reckon with: shares that may be told, the middle of a list of
//! days, periods of twelve months, and whether a share can be chance. Whole numbers only.

use crate::contract::norms::{MIN_CASES, months};
use crate::contract::survey::Survey;
use crate::message::Date;

/// Cases below which no share is told, whatever a region chose: fewer may be recognised (checks, F11).
const FEWEST: u64 = 5;

/// Cases from which a share of a segment may be told: norm `min_cases`, never fewer than five. `None` without the norm.
pub(super) fn fewest(survey: &Survey<'_>, segment: &str) -> Option<u64> {
    survey.register.region.norms.numbers.of_segment(&MIN_CASES, segment).map(|norm| norm.max(FEWEST))
}

/// Like [`fewest`], for what is of no segment.
pub(super) fn fewest_of_all(survey: &Survey<'_>) -> Option<u64> {
    survey.register.region.norms.numbers.of(&MIN_CASES).map(|norm| norm.max(FEWEST))
}

/// Whether a number of persons may be told at all.
pub(super) fn may_tell(persons: u64) -> bool {
    persons >= FEWEST
}

/// How many there are.
pub(super) fn count<T>(list: &[T]) -> u64 {
    list.len() as u64
}

/// Part of a whole per thousand, rounded half up; nothing of nothing is nothing.
pub(super) fn per_mille(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    u64::try_from((part * 2000 + whole) / (whole * 2)).unwrap_or(u64::MAX)
}

/// A share per thousand as texts write it, in percents: Dutch, English.
pub(super) fn percent(per_mille: u64) -> (String, String) {
    let (whole, tenth) = (per_mille / 10, per_mille % 10);
    (format!("{whole},{tenth}%"), format!("{whole}.{tenth}%"))
}

/// Whether `part` is more than `percent` of `whole`, exactly.
pub(super) fn above(part: u64, whole: u64, percent: u64) -> bool {
    u128::from(part) * 100 > u128::from(percent) * u128::from(whole)
}

/// Days from one day to another; none when the other lies before it.
pub(super) fn days_between(from: Date, to: Date) -> u64 {
    u64::try_from(from.duration_until(to).as_hours() / 24).unwrap_or(0)
}

/// The value below or at which `percent` of a sorted list lies (nearest rank): always a value of the list. So the
/// median of an even number is the lower of the two in the middle. `None` of nothing.
pub(super) fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// A run of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Date,
    pub(super) to: Date,
}

impl Period {
    /// The twelve months up to and including a day.
    pub(super) fn year_to(day: Date) -> Period {
        Period { from: after(day.saturating_sub(months(12))), to: day }
    }

    /// The twelve months before the first day.
    pub(super) fn year_before(self) -> Period {
        Period::year_to(self.from.yesterday().unwrap_or(self.from))
    }

    pub(super) fn has(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The day after, as far as there is one.
pub(super) fn after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// Whether `part` of `whole` is more than chance allows when `per_mille` is expected: above the upper limit of 99.8 %
/// of a funnel, that is 3.09 standard errors of a share (checks, notation). It squares, so that nothing is rounded.
pub(super) fn beyond_chance(part: u64, whole: u64, expected_per_mille: u64) -> bool {
    let (part, whole, expected) = (u128::from(part), u128::from(whole), u128::from(expected_per_mille.min(1000)));
    let (seen, awaited) = (part * 1000, expected * whole);
    let over = seen.saturating_sub(awaited);
    // (p - e)² > 3.09² × e (1 - e) / n, with p = part / whole, e = expected / 1000 and n = whole.
    over.saturating_mul(over).saturating_mul(10_000) > 95_481 * expected * (1000 - expected) * whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_median_of_an_even_number_is_the_lower_one() {
        for (list, percent, expected) in [
            (&[][..], 50, None),
            (&[7], 50, Some(7)),
            (&[7], 90, Some(7)),
            (&[1, 9], 50, Some(1)),
            (&[1, 5, 9], 50, Some(5)),
            (&[1, 2, 3, 4], 50, Some(2)),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 90, Some(9)),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 90, Some(10)),
        ] {
            assert_eq!(percentile(list, percent), expected, "{list:?} {percent}");
        }
    }

    #[test]
    fn shares_are_rounded_for_texts_only() {
        assert_eq!([per_mille(0, 0), per_mille(1, 3), per_mille(2, 3), per_mille(1, 2000)], [0, 333, 667, 1]);
        assert_eq!(percent(667), ("66,7%".to_owned(), "66.7%".to_owned()));
        assert_eq!([above(2, 3, 66), above(2, 3, 67), above(1, 2, 50), above(0, 0, 0)], [true, false, false, false]);
    }

    #[test]
    fn a_year_ends_with_its_day() {
        let year = Period::year_to(date(2026, 7, 1));
        assert_eq!(year, Period { from: date(2025, 7, 2), to: date(2026, 7, 1) });
        assert_eq!(year.year_before(), Period { from: date(2024, 7, 2), to: date(2025, 7, 1) });
        assert_eq!(Period::year_to(date(2024, 2, 29)).from, date(2023, 3, 1));
    }

    #[test]
    fn chance_allows_more_of_few_than_of_many() {
        // Half expected: of 10 all may be above by chance (limit 98.9 %, so 10 is just beyond it), of 100 65 may.
        assert!(!beyond_chance(9, 10, 500) && beyond_chance(10, 10, 500));
        assert!(!beyond_chance(65, 100, 500) && beyond_chance(66, 100, 500));
        assert!(!beyond_chance(0, 0, 500) && !beyond_chance(50, 100, 500) && !beyond_chance(0, 100, 500));
        assert!(!beyond_chance(u64::MAX, u64::MAX, 1000));
    }
}
