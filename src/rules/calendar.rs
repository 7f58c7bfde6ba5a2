//! Civil dates as the standard uses them: whole months, years back.
//!
//! No function here fails: a message may carry any date from 0001-01-01 to 9999-12-31, and a rule must answer for it.

use crate::message::Date;

/// The last day on which the old rules on volumes without a code and on volumes per day held (CD080, CS338, TR412).
pub(crate) const LAST_DAY_OF_OLD_VOLUMES: Date = Date::constant(2020, 12, 31);

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
