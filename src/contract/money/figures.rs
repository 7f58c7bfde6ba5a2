//! The figures of an account, agreement or segment in a year (funding, section 3), exact to the cent.
//!
//! ```text
//! consumption_hard     = realised + open                      everybody uses everything: the ceiling test
//! consumption_expected = realised + rate x open               what experience says: steering
//! headroom             = limit - consumption                  for both
//! ```

use crate::contract::value::clamp;
use crate::message::{Cents, Date};

/// Part of what is open that is expected to be claimed, in hundredths of a percent; never more than all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u16);

impl Rate {
    /// Everything is claimed: what holds until it is known better.
    pub const ALL: Rate = Rate(10_000);

    /// A whole number of percents.
    pub fn of_percent(percent: u64) -> Rate {
        Rate(u16::try_from(percent.saturating_mul(100)).map_or(10_000, |rate| rate.min(10_000)))
    }

    /// Hundredths of a percent.
    pub fn per_myriad(self) -> u16 {
        self.0
    }

    /// This part of an amount, rounded half up.
    pub fn of_amount(self, amount: Cents) -> Cents {
        Cents(clamp((i128::from(amount.0) * i128::from(self.0) + 5_000).div_euclid(10_000)))
    }

    /// What closed allocations say, drawn towards `prior` while they are few: the prior counts as `weight` allocations.
    ///
    /// ```text
    /// own  = sum realised / sum reserved
    /// rate = (n x own + weight x prior) / (n + weight)
    /// ```
    pub fn of_closed(closed: &[Closed], prior: Rate, weight: u64) -> Rate {
        let reserved: i128 = closed.iter().map(|each| i128::from(each.reserved.0.max(0))).sum();
        let realised: i128 = closed.iter().map(|each| i128::from(each.realised.0.max(0))).sum();
        let cases = i128::try_from(closed.iter().filter(|each| each.reserved.0 > 0).count()).unwrap_or(i128::MAX);
        let weight = i128::from(weight);
        if reserved == 0 || cases.saturating_add(weight) == 0 {
            return prior;
        }
        let all = cases.saturating_add(weight);
        // (cases x realised / reserved + weight x prior) / all, with one division.
        let own = realised.min(reserved).saturating_mul(10_000).saturating_mul(cases);
        let drawn = i128::from(prior.0).saturating_mul(weight).saturating_mul(reserved);
        let below = reserved.saturating_mul(all);
        let rate = own.saturating_add(drawn).saturating_add(below / 2) / below;
        Rate(u16::try_from(rate).unwrap_or(10_000).min(10_000))
    }
}

/// An allocation that can be claimed no more: what it was worth, and what was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Its value.
    pub reserved: Cents,
    /// Realised of it.
    pub realised: Cents,
}

/// What is open of one allocation, and the days over which it is expected to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// First day that is still to come.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// What is open.
    pub cents: Cents,
    /// Whether the care is interrupted for now, so that no use is expected.
    pub frozen: bool,
}

/// What the figures are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books<'a> {
    /// Ever reserved.
    pub reserved_gross: Cents,
    /// Realised.
    pub realised: Cents,
    /// What is open, allocation by allocation.
    pub open: &'a [Open],
    /// Expected to be claimed of `open`.
    pub rate: Rate,
}

/// The figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Ever reserved.
    pub reserved_gross: Cents,
    /// Realised.
    pub realised: Cents,
    /// Still open.
    pub open: Cents,
    /// Part of `open` that belongs to care that is interrupted: no use is expected until it begins again.
    pub frozen: Cents,
    /// Expected to be claimed of what is open and not frozen.
    pub expected_open: Cents,
    /// Realised and open.
    pub consumption_hard: Cents,
    /// Realised and expected.
    pub consumption_expected: Cents,
    /// Limit less `consumption_hard`; negative above it. `None` without a limit.
    pub headroom_hard: Option<Cents>,
    /// Limit less `consumption_expected`.
    pub headroom_expected: Option<Cents>,
    /// First day on which the cumulative forecast is above the limit; `None` when that day does not come.
    pub hits_on: Option<Date>,
}

/// The figures of `books` under a limit, from `today` to the last day of the period.
pub fn figures(books: &Books<'_>, limit: Option<Cents>, today: Date, last: Date) -> Figures {
    let sum = |all: &mut dyn Iterator<Item = &Open>| Cents(clamp(all.map(|each| i128::from(each.cents.0)).sum()));
    let open = sum(&mut books.open.iter());
    let frozen = sum(&mut books.open.iter().filter(|each| each.frozen));
    let expected_open = books.rate.of_amount(less(open, frozen));
    let consumption_hard = plus(books.realised, open);
    let consumption_expected = plus(books.realised, expected_open);
    Figures {
        reserved_gross: books.reserved_gross,
        realised: books.realised,
        open,
        frozen,
        expected_open,
        consumption_hard,
        consumption_expected,
        headroom_hard: limit.map(|limit| less(limit, consumption_hard)),
        headroom_expected: limit.map(|limit| less(limit, consumption_expected)),
        hits_on: limit.and_then(|limit| hits_on(limit, books, today, last)),
    }
}

/// First day, from `today` on, on which realised and the expected use until then are above `limit`.
///
/// What is open is used evenly over its days. The forecast never falls, so the day is found by halving.
pub fn hits_on(limit: Cents, books: &Books<'_>, today: Date, last: Date) -> Option<Date> {
    let above = |day: Date| forecast(books, day) > i128::from(limit.0) * SCALE;
    if last < today || !above(last) {
        return None;
    }
    let (mut low, mut high) = (0, days(today, last));
    while low < high {
        let middle = low + (high - low) / 2;
        if above(day_after(today, middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(day_after(today, low))
}

/// What is realised by a day as far as is expected: realised until now, and the expected use of what is open up to and
/// including that day. Rounded half up.
pub fn expected_on(books: &Books<'_>, day: Date) -> Cents {
    Cents(clamp((forecast(books, day) + SCALE / 2).div_euclid(SCALE)))
}

/// Parts of a cent that a forecast is reckoned in, so that many small uses add up.
const SCALE: i128 = 1_000_000;

fn forecast(books: &Books<'_>, day: Date) -> i128 {
    let used = books.open.iter().filter(|each| !each.frozen).map(|each| {
        if day < each.from {
            return 0;
        }
        let all = i128::from(days(each.from, each.to) + 1).max(1);
        let passed = i128::from(days(each.from, day.min(each.to)) + 1);
        i128::from(each.cents.0) * SCALE / all * passed.min(all)
    });
    let used: i128 = used.sum();
    i128::from(books.realised.0) * SCALE + used / 10_000 * i128::from(books.rate.0)
}

/// What is delivered and not claimed: of each part that is open, what its days up to and including `today` hold.
/// `from` is then the first day that was not claimed yet.
pub fn not_claimed(open: &[Open], today: Date) -> Cents {
    let each = |open: &Open| {
        if today < open.from {
            return 0;
        }
        let all = i128::from(days(open.from, open.to) + 1).max(1);
        let passed = i128::from(days(open.from, today.min(open.to)) + 1).min(all);
        (i128::from(open.cents.0) * passed + all / 2) / all
    };
    Cents(clamp(open.iter().map(each).sum()))
}

fn plus(a: Cents, b: Cents) -> Cents {
    Cents(a.0.saturating_add(b.0))
}

fn less(a: Cents, b: Cents) -> Cents {
    Cents(a.0.saturating_sub(b.0))
}

/// Days from one day to another; 0 for the same day.
fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

fn day_after(day: Date, number: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(number.clamp(0, 4_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn open(from: Date, to: Date, cents: i64) -> Open {
        Open { from, to, cents: Cents(cents), frozen: false }
    }

    fn books(realised: i64, open: &[Open], percent: u64) -> Books<'_> {
        Books { reserved_gross: Cents(0), realised: Cents(realised), open, rate: Rate::of_percent(percent) }
    }

    #[test]
    fn hard_and_expected_stand_side_by_side() {
        // 400.00 realised, 600.01 open of which 100.00 is frozen, half of the rest expected, a limit of 900.00.
        let (from, to) = (date(2026, 7, 1), date(2026, 12, 31));
        let parts = [open(from, to, 50_001), Open { frozen: true, ..open(from, to, 10_000) }];
        let books = Books { reserved_gross: Cents(120_000), ..books(40_000, &parts, 50) };
        let found = figures(&books, Some(Cents(90_000)), date(2026, 7, 1), date(2026, 12, 31));
        assert_eq!((found.open, found.frozen, found.expected_open), (Cents(60_001), Cents(10_000), Cents(25_001)));
        assert_eq!((found.consumption_hard, found.consumption_expected), (Cents(100_001), Cents(65_001)));
        assert_eq!((found.headroom_hard, found.headroom_expected), (Some(Cents(-10_001)), Some(Cents(24_999))));
        assert_eq!(found.hits_on, None);
        assert_eq!(figures(&books, None, date(2026, 7, 1), date(2026, 12, 31)).headroom_hard, None);
    }

    #[test]
    fn the_day_on_which_a_limit_is_passed() {
        // 10.00 a day from 1 December on: after 5 days 50.00 is used, and the 6th day passes it.
        let parts = [open(date(2026, 12, 1), date(2026, 12, 31), 31_000)];
        let day = |limit: i64, percent| {
            hits_on(Cents(limit), &books(0, &parts, percent), date(2026, 11, 1), date(2026, 12, 31))
        };
        assert_eq!(day(5_000, 100), Some(date(2026, 12, 6)));
        assert_eq!(day(4_999, 100), Some(date(2026, 12, 5)));
        assert_eq!(day(5_000, 50), Some(date(2026, 12, 11)));
        assert_eq!(day(31_000, 100), None, "to the cent is not above");
        assert_eq!(day(30_999, 100), Some(date(2026, 12, 31)));
        assert_eq!(
            hits_on(Cents(10), &books(11, &[], 100), date(2026, 3, 1), date(2026, 12, 31)),
            Some(date(2026, 3, 1))
        );
        assert_eq!(hits_on(Cents(10), &books(11, &[], 100), date(2027, 1, 1), date(2026, 12, 31)), None);
    }

    #[test]
    fn what_is_expected_by_a_day_grows_from_what_is_realised() {
        // 5.00 realised, 10.00 a day in December of which half is expected; what is frozen is not.
        let december = open(date(2026, 12, 1), date(2026, 12, 31), 31_000);
        let parts = [december, Open { frozen: true, ..december }];
        let books = books(500, &parts, 50);
        for (day, expected) in [
            (date(2026, 11, 30), 500),
            (date(2026, 12, 1), 1_000),
            (date(2026, 12, 31), 16_000),
            (date(2027, 1, 31), 16_000),
        ] {
            assert_eq!(expected_on(&books, day), Cents(expected), "{day}");
        }
        let found = figures(&books, None, date(2026, 12, 1), date(2026, 12, 31));
        assert_eq!(found.consumption_expected, Cents(16_000), "and ends at the figure of the whole");
    }

    #[test]
    fn few_cases_are_drawn_towards_the_prior() {
        let case = |reserved, realised| Closed { reserved: Cents(reserved), realised: Cents(realised) };
        let half = Rate::of_percent(50);
        assert_eq!(Rate::of_closed(&[], half, 20), half);
        assert_eq!(Rate::of_closed(&[case(0, 0)], half, 0), half, "nothing was allocated");
        // One case that claimed everything against a prior of 50% that weighs three: (100 + 150) / 4.
        assert_eq!(Rate::of_closed(&[case(100, 100)], half, 3).per_myriad(), 6_250);
        assert_eq!(Rate::of_closed(&[case(100, 100)], half, 0), Rate::ALL);
        // Large allocations count by their amount: (8,000 + 50) of (10,000 + 100).
        assert_eq!(Rate::of_closed(&[case(10_000, 8_000), case(100, 50)], half, 0).per_myriad(), 7_970);
        assert_eq!(Rate::of_closed(&[case(100, 400)], half, 0), Rate::ALL, "never more than all");
    }

    #[test]
    fn what_is_delivered_and_not_claimed_counts_until_today() {
        let parts =
            [open(date(2026, 12, 1), date(2027, 1, 31), 6_200), open(date(2027, 1, 1), date(2027, 1, 31), 3_100)];
        assert_eq!(not_claimed(&parts, date(2026, 12, 31)), Cents(3_100));
        assert_eq!(not_claimed(&parts, date(2026, 11, 30)), Cents(0));
        assert_eq!(not_claimed(&parts, date(2027, 6, 1)), Cents(9_300));
    }

    #[test]
    fn parts_of_amounts_round_half_up() {
        let half = Rate::of_percent(50);
        for (amount, part) in [(0, 0), (1, 1), (3, 2), (100, 50), (-1, 0), (-3, -1)] {
            assert_eq!(half.of_amount(Cents(amount)), Cents(part), "{amount}");
        }
        assert_eq!(Rate::of_percent(1_000), Rate::ALL);
        assert_eq!(Rate::ALL.of_amount(Cents(i64::MAX)), Cents(i64::MAX));
    }

    proptest! {
        #[test]
        fn a_forecast_never_falls_and_the_hit_is_the_first(
            parts in prop::collection::vec((0..400_i64, 0..200_i64, 0..1_000_000_i64), 0..6),
            realised in 0..500_000_i64, limit in 0..2_000_000_i64, percent in 0..=100_u64,
        ) {
            let first = date(2026, 1, 1);
            let parts: Vec<Open> = parts
                .into_iter()
                .map(|(from, length, cents)| open(day_after(first, from), day_after(first, from + length), cents))
                .collect();
            let books = books(realised, &parts, percent);
            let above = |day| forecast(&books, day) > i128::from(limit) * SCALE;
            let by_looking = (0..=364).map(|number| day_after(first, number)).find(|day| above(*day));
            prop_assert_eq!(hits_on(Cents(limit), &books, first, date(2026, 12, 31)), by_looking);
        }
    }
}
