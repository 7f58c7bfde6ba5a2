//! Counting working days: Monday to Friday without recognised public holidays (standard, messages 2).

use super::holidays::{easter_sunday, holiday};
use crate::message::Date;
use jiff::ToSpan;
use jiff::civil::Weekday;
use std::collections::BTreeSet;

/// Whether people work on `date`: no Saturday, no Sunday, no recognised public holiday.
pub fn is_working_day(date: Date) -> bool {
    !is_weekend(date) && holiday(date).is_none()
}

/// The `count`-th working day after `date`. The day itself never counts, whatever it is, so what comes in on a Friday
/// evening, on Saturday or on Sunday is due on the same day. At the end of the calendar it stays there.
pub fn working_days_after(date: Date, count: u32) -> Date {
    let mut day = date;
    let mut left = count;
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return day };
        day = next;
        left -= u32::from(is_working_day(day));
    }
    day
}

/// How many working days `today` is past `due`: those after `due` up to and including `today`. 0 when `today` is not
/// later, and on the free days that follow a due date.
pub fn working_days_late(due: Date, today: Date) -> u32 {
    if today <= due {
        return 0;
    }
    let days = (today - due).get_days();
    // Whole weeks have five such days wherever they begin.
    let rest = (0..days % 7).filter(|back| !is_weekend(today.saturating_sub((*back).days())));
    let weekdays = days / 7 * 5 + i32::try_from(rest.count()).unwrap_or(0);
    let free: BTreeSet<Date> = (due.year()..=today.year())
        .flat_map(holidays_of)
        .filter(|day| *day > due && *day <= today && !is_weekend(*day))
        .collect();
    let free = i32::try_from(free.len()).unwrap_or(i32::MAX);
    u32::try_from(weekdays.saturating_sub(free)).unwrap_or(0)
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The days of a year that are holidays.
fn holidays_of(year: i16) -> impl Iterator<Item = Date> {
    let fixed = [(1, 1), (4, 26), (4, 27), (5, 5), (12, 25), (12, 26)];
    let fixed = fixed.into_iter().filter_map(move |(month, day)| Date::new(year, month, day).ok());
    let easter = easter_sunday(year);
    let movable = [-2, 1, 39, 50].into_iter().map(move |days: i32| easter.saturating_add(days.days()));
    fixed.chain(movable).filter(|day| holiday(*day).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn terms_step_over_weekends_and_holidays() {
        for (from, count, expected, name) in [
            (date(2026, 3, 10), 3, date(2026, 3, 13), "Tuesday to Friday"),
            (date(2026, 3, 11), 3, date(2026, 3, 16), "over a weekend"),
            (date(2026, 3, 13), 3, date(2026, 3, 18), "from a Friday"),
            (date(2026, 3, 14), 3, date(2026, 3, 18), "from a Saturday"),
            (date(2026, 3, 15), 3, date(2026, 3, 18), "from a Sunday"),
            (date(2026, 4, 1), 3, date(2026, 4, 8), "over Good Friday and Easter Monday"),
            (date(2026, 4, 24), 3, date(2026, 4, 30), "over King's Day"),
            (date(2026, 5, 4), 3, date(2026, 5, 8), "over 5 May"),
            (date(2026, 5, 4), 10, date(2026, 5, 20), "over 5 May and Ascension Day"),
            (date(2026, 5, 22), 3, date(2026, 5, 28), "over Whit Monday"),
            (date(2026, 12, 24), 3, date(2026, 12, 30), "over Christmas: the 26th is a Saturday"),
            (date(2025, 12, 24), 3, date(2025, 12, 31), "over Christmas, a Thursday and a Friday"),
            (date(2025, 12, 31), 3, date(2026, 1, 6), "over a year's end"),
            (date(2025, 12, 24), 10, date(2026, 1, 12), "over Christmas and a year's end"),
            (date(2025, 4, 24), 3, date(2025, 4, 29), "King's Day on Saturday the 26th costs nothing"),
            (date(2024, 2, 28), 3, date(2024, 3, 4), "over 29 February"),
            (date(2026, 3, 14), 0, date(2026, 3, 14), "no days"),
        ] {
            assert_eq!(working_days_after(from, count), expected, "{name}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_no_fault() {
        assert_eq!(working_days_after(Date::MAX, 3), Date::MAX);
        assert_eq!(working_days_after(date(9999, 12, 30), 10), Date::MAX);
        assert!(working_days_late(date(1, 1, 1), Date::MAX) > 2_500_000);
    }

    #[test]
    fn lateness_is_counted_in_working_days() {
        let due = date(2026, 4, 2);
        for (today, expected) in [
            (date(2026, 4, 1), 0),
            (due, 0),
            (date(2026, 4, 3), 0),
            (date(2026, 4, 6), 0),
            (date(2026, 4, 7), 1),
            (date(2026, 4, 13), 5),
        ] {
            assert_eq!(working_days_late(due, today), expected, "{today}");
        }
    }

    fn day() -> impl Strategy<Value = Date> {
        (1990_i16..2060, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
    }

    proptest! {
        /// Counting forth and back agree, and so does counting day by day.
        #[test]
        fn counting_forth_and_back_agree(from in day(), count in 1_u32..600) {
            let to = working_days_after(from, count);
            prop_assert!(is_working_day(to));
            prop_assert_eq!(working_days_late(from, to), count);
            let by_hand = std::iter::successors(from.tomorrow().ok(), |day| day.tomorrow().ok())
                .take_while(|day| *day <= to)
                .filter(|day| is_working_day(*day))
                .count();
            prop_assert_eq!(u32::try_from(by_hand).expect("few"), count);
        }
    }
}
