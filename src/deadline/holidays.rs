//! The public holidays on which no term runs: those of the Algemene termijnenwet, article 3.
//!
//! Its first paragraph names New Year's Day, the second days of Easter and Pentecost, both days of Christmas, Ascension
//! Day, the King's birthday and 5 May, each year; its second puts Good Friday beside them. The standard says "recognised
//! public holidays" and names no list. Good Friday and a 5 May that is an ordinary day in many collective agreements
//! count here, because a term that ends a day too late makes nobody late who is not.
//!
//! Not here: single days that a royal decree puts beside the holidays (article 3, third paragraph), since they are
//! decreed year by year. The King's birthday is kept on 27 April, as it is since 2014; release 3.2 began in 2023.

use crate::message::Date;
use jiff::civil::Weekday;
use std::fmt;

/// A recognised public holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holiday {
    /// 1 January.
    Nieuwjaarsdag,
    /// The Friday before Easter.
    GoedeVrijdag,
    /// The Monday after Easter.
    TweedePaasdag,
    /// 27 April, or the 26th when the 27th is a Sunday.
    Koningsdag,
    /// 5 May, every year.
    Bevrijdingsdag,
    /// The Thursday 39 days after Easter.
    Hemelvaartsdag,
    /// The Monday 50 days after Easter.
    TweedePinksterdag,
    /// 25 December.
    EersteKerstdag,
    /// 26 December.
    TweedeKerstdag,
}

impl Holiday {
    /// The name in Dutch.
    pub fn nl(self) -> &'static str {
        match self {
            Holiday::Nieuwjaarsdag => "Nieuwjaarsdag",
            Holiday::GoedeVrijdag => "Goede Vrijdag",
            Holiday::TweedePaasdag => "tweede Paasdag",
            Holiday::Koningsdag => "Koningsdag",
            Holiday::Bevrijdingsdag => "Bevrijdingsdag",
            Holiday::Hemelvaartsdag => "Hemelvaartsdag",
            Holiday::TweedePinksterdag => "tweede Pinksterdag",
            Holiday::EersteKerstdag => "eerste Kerstdag",
            Holiday::TweedeKerstdag => "tweede Kerstdag",
        }
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.nl())
    }
}

/// The holiday that falls on `date`, if any; of two that meet, the one with the fixed date.
pub fn holiday(date: Date) -> Option<Holiday> {
    match (date.month(), date.day()) {
        (1, 1) => return Some(Holiday::Nieuwjaarsdag),
        (4, 26) if date.weekday() == Weekday::Saturday => return Some(Holiday::Koningsdag),
        (4, 27) if date.weekday() != Weekday::Sunday => return Some(Holiday::Koningsdag),
        (5, 5) => return Some(Holiday::Bevrijdingsdag),
        (12, 25) => return Some(Holiday::EersteKerstdag),
        (12, 26) => return Some(Holiday::TweedeKerstdag),
        _ => {}
    }
    match (date - easter_sunday(date.year())).get_days() {
        -2 => Some(Holiday::GoedeVrijdag),
        1 => Some(Holiday::TweedePaasdag),
        39 => Some(Holiday::Hemelvaartsdag),
        50 => Some(Holiday::TweedePinksterdag),
        _ => None,
    }
}

/// Easter Sunday of a year, by the Gregorian rule ("anonymous" algorithm, in the form of Meeus), also for the years
/// before that rule was made.
pub fn easter_sunday(year: i16) -> Date {
    let year_number = i32::from(year);
    let golden = year_number.rem_euclid(19);
    let (century, in_century) = (year_number.div_euclid(100), year_number.rem_euclid(100));
    let correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let moon = (19 * golden + century - century.div_euclid(4) - correction + 15).rem_euclid(30);
    let sunday = (32 + 2 * century.rem_euclid(4) + 2 * (in_century / 4) - moon - in_century % 4).rem_euclid(7);
    let late = (golden + 11 * moon + 22 * sunday).div_euclid(451);
    let day = moon + sunday - 7 * late + 114;
    let (month, day) = (day.div_euclid(31), day.rem_euclid(31) + 1);
    let fits = "the rule gives a day from 22 March to 25 April";
    Date::new(year, i8::try_from(month).expect(fits), i8::try_from(day).expect(fits)).expect(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;

    /// Dates of Easter as almanacs give them, the earliest and the latest possible among them.
    #[test]
    fn easter_falls_where_almanacs_say() {
        for (year, month, day) in [
            (1900, 4, 15),
            (1913, 3, 23),
            (1943, 4, 25),
            (1954, 4, 18),
            (1961, 4, 2),
            (1981, 4, 19),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2016, 3, 27),
            (2019, 4, 21),
            (2020, 4, 12),
            (2021, 4, 4),
            (2022, 4, 17),
            (2023, 4, 9),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2029, 4, 1),
            (2030, 4, 21),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
            (2100, 3, 28),
            (2200, 4, 6),
            (2285, 3, 22),
            (2299, 4, 16),
        ] {
            assert_eq!(easter_sunday(year), date(year, month, day), "{year}");
        }
    }

    /// A second rule for the same feast, that of Gauss with his two exceptions, for four centuries.
    #[test]
    fn two_rules_agree_on_four_centuries() {
        for year in 1900_i16..2300 {
            let number = i32::from(year);
            let (moon_shift, sun_shift) = match year {
                ..2100 => (24, 5),
                2100..2200 => (24, 6),
                _ => (25, 0),
            };
            let full_moon = (19 * (number % 19) + moon_shift) % 30;
            let sunday = (2 * (number % 4) + 4 * (number % 7) + 6 * full_moon + sun_shift) % 7;
            let mut days = 22 + full_moon + sunday;
            let is_exception = full_moon == 29 || (full_moon == 28 && (11 * moon_shift + 11) % 30 < 19);
            if sunday == 6 && is_exception {
                days -= 7;
            }
            let easter = date(year, 3, 1) + (days - 1).days();
            assert_eq!(easter_sunday(year), easter, "{year}");
        }
    }

    #[test]
    fn any_year_of_a_message_has_an_easter_on_a_sunday() {
        for year in 1_i16..=9999 {
            let easter = easter_sunday(year);
            assert_eq!(easter.weekday(), Weekday::Sunday, "{year}");
            assert!((date(year, 3, 22)..=date(year, 4, 25)).contains(&easter), "{year}");
        }
    }

    /// The holidays of real years, as calendars in the Netherlands print them.
    #[test]
    fn the_holidays_of_real_years() {
        let of = |year: i16| -> Vec<(i8, i8, &'static str)> {
            let mut day = date(year, 1, 1);
            let mut found = Vec::new();
            while day.year() == year {
                if let Some(holiday) = holiday(day) {
                    found.push((day.month(), day.day(), holiday.nl()));
                }
                day = day.tomorrow().expect("a year of this century");
            }
            found
        };
        assert_eq!(
            of(2025),
            [
                (1, 1, "Nieuwjaarsdag"),
                (4, 18, "Goede Vrijdag"),
                (4, 21, "tweede Paasdag"),
                // The 27th was a Sunday.
                (4, 26, "Koningsdag"),
                (5, 5, "Bevrijdingsdag"),
                (5, 29, "Hemelvaartsdag"),
                (6, 9, "tweede Pinksterdag"),
                (12, 25, "eerste Kerstdag"),
                (12, 26, "tweede Kerstdag"),
            ]
        );
        assert_eq!(
            of(2026),
            [
                (1, 1, "Nieuwjaarsdag"),
                (4, 3, "Goede Vrijdag"),
                (4, 6, "tweede Paasdag"),
                (4, 27, "Koningsdag"),
                (5, 5, "Bevrijdingsdag"),
                (5, 14, "Hemelvaartsdag"),
                (5, 25, "tweede Pinksterdag"),
                (12, 25, "eerste Kerstdag"),
                (12, 26, "tweede Kerstdag"),
            ]
        );
        // Ascension Day and 5 May met in 2016; there is one holiday less.
        assert_eq!(of(2016).len(), 8);
        assert_eq!(holiday(date(2016, 5, 5)), Some(Holiday::Bevrijdingsdag));
        // The 27th is a Sunday again in 2031.
        assert_eq!((holiday(date(2031, 4, 26)), holiday(date(2031, 4, 27))), (Some(Holiday::Koningsdag), None));
        assert_eq!((holiday(date(2027, 4, 26)), holiday(date(2027, 4, 27))), (None, Some(Holiday::Koningsdag)));
    }
}
