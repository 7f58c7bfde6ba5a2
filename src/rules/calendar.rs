//! Civil dates as the standard uses them: whole months, closed periods with or without an end, years back.
//!
//! No function here fails: a message may carry any date from 0001-01-01 to 9999-12-31, and a rule must answer for it.

use crate::message::Date;

/// First day of the month of `date`.
pub(crate) fn first_of_month(date: Date) -> Date {
    date.first_of_month()
}

/// Last day of the month of `date`.
pub(crate) fn last_of_month(date: Date) -> Date {
    date.last_of_month()
}

/// Whether two dates lie in the same month of the same year.
pub(crate) fn same_month(a: Date, b: Date) -> bool {
    first_of_month(a) == first_of_month(b)
}

/// Whether two closed periods share a day; an absent end never comes. A period that ends before it begins is taken as
/// it stands and may thus overlap nothing.
pub(crate) fn overlaps(a_begin: Date, a_end: Option<Date>, b_begin: Date, b_end: Option<Date>) -> bool {
    b_end.is_none_or(|b_end| a_begin <= b_end) && a_end.is_none_or(|a_end| b_begin <= a_end)
}

/// The same day `years` earlier; 29 February becomes 28 February. A date before the year 1 becomes 0001-01-01.
pub(crate) fn years_before(date: Date, years: i16) -> Date {
    let earliest = Date::constant(1, 1, 1);
    let Some(year) = date.year().checked_sub(years).filter(|year| *year >= 1) else {
        return earliest;
    };
    // Only 29 February can be missing from another year.
    Date::new(year, date.month(), date.day()).unwrap_or(Date::constant(year, 2, 28))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn months_have_their_own_length() {
        for (day, first, last) in [
            (date(2026, 2, 14), date(2026, 2, 1), date(2026, 2, 28)),
            (date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29)),
            (date(2025, 12, 31), date(2025, 12, 1), date(2025, 12, 31)),
            (date(1, 1, 1), date(1, 1, 1), date(1, 1, 31)),
            (date(9999, 12, 31), date(9999, 12, 1), date(9999, 12, 31)),
        ] {
            assert_eq!((first_of_month(day), last_of_month(day)), (first, last), "{day}");
        }
    }

    #[test]
    fn the_same_month_of_another_year_is_another_month() {
        assert!(same_month(date(2026, 1, 1), date(2026, 1, 31)));
        assert!(!same_month(date(2026, 1, 31), date(2026, 2, 1)));
        assert!(!same_month(date(2025, 1, 1), date(2026, 1, 1)));
    }

    #[test]
    fn periods_overlap_when_they_share_a_day() {
        let (january, february) = (date(2026, 1, 1), date(2026, 2, 1));
        for (a, b, expected, name) in [
            ((january, Some(date(2026, 1, 31))), (february, None), false, "one day apart"),
            ((january, Some(february)), (february, Some(february)), true, "one common day"),
            ((january, None), (february, None), true, "both open"),
            ((january, None), (february, Some(date(2026, 2, 28))), true, "an open one reaches every later one"),
            ((february, None), (january, Some(date(2026, 1, 31))), false, "an open one begins after the other"),
            ((january, Some(january)), (january, Some(january)), true, "the same single day"),
        ] {
            assert_eq!(overlaps(a.0, a.1, b.0, b.1), expected, "{name}");
            assert_eq!(overlaps(b.0, b.1, a.0, a.1), expected, "{name}, the other way round");
        }
    }

    #[test]
    fn years_go_back_to_the_same_day_as_far_as_it_exists() {
        for (from, years, expected) in [
            (date(2026, 3, 9), 5, date(2021, 3, 9)),
            (date(2024, 2, 29), 5, date(2019, 2, 28)),
            (date(2024, 2, 29), 120, date(1904, 2, 29)),
            (date(2020, 2, 29), 120, date(1900, 2, 28)),
            (date(9999, 12, 31), 120, date(9879, 12, 31)),
            (date(121, 6, 15), 120, date(1, 6, 15)),
            (date(120, 6, 15), 120, date(1, 1, 1)),
            (date(1, 1, 1), i16::MAX, date(1, 1, 1)),
        ] {
            assert_eq!(years_before(from, years), expected, "{years} years before {from}");
        }
    }
}
