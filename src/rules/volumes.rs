//! How much may be claimed: weeks, Sundays, days and months, the maxima that follow from an allocation (IV076, IV077,
//! IV078, IV081), and the rounding of hours and minute tariffs (IV079, IV081).
//!
//! Weeks are ISO weeks, Monday to Sunday. They are counted by the number of Mondays between two days, never by week
//! numbers, so that the turn of a year and a week 53 need no care.
//!
//! Nothing here fails or overflows: dates run from the year 1 to 9999, and figures beyond their type stay at its
//! border.

use super::figures;
use crate::message::{Categorie, Cents, Count, Date, Eenheid, Frequentie, GeslotenPeriode, Law, Omvang};

/// Weeks that count for household help, whatever the month (IV077).
const WEEKS_OF_HOUSEHOLD_HELP: u64 = 6;

/// A maximum with the sum behind it, in the unit of the allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maximum {
    /// The maximum: `count` times `volume`.
    pub value: Count,
    /// How many times the volume may be delivered.
    pub count: u64,
    /// What was counted.
    pub counted: Counted,
    /// Volume of the allocation.
    pub volume: Count,
    /// Unit of the allocation.
    pub eenheid: Eenheid,
}

/// What a maximum counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Weeks touched.
    Weeks,
    /// Household help: six weeks in any month.
    HouseholdHelp,
    /// Sundays; the last week of an allocation has none when the allocation ends before Sunday, and is then added.
    Sundays {
        /// Whether the last week was added.
        closing_week: bool,
    },
    /// Calendar months touched.
    Months,
    /// Days.
    Days,
    /// Nothing: the volume is a total.
    Total,
}

impl Maximum {
    fn new(omvang: &Omvang, count: u64, counted: Counted) -> Maximum {
        let &Omvang { volume, eenheid, .. } = omvang;
        Maximum { value: count.saturating_mul(volume), count, counted, volume, eenheid }
    }

    /// The maximum in the unit of a claim; `None` when that unit cannot be claimed on this allocation (TR341).
    pub fn in_unit(&self, eenheid: Eenheid) -> Option<Count> {
        convert(self.value, self.eenheid, eenheid)
    }

    /// The sum in Dutch: `5 weken x 3 uur = 15 uur`.
    pub fn nl(&self) -> String {
        let one = self.count == 1;
        let counted = match self.counted {
            Counted::Weeks => noun(self.count, if one { "week" } else { "weken" }),
            Counted::HouseholdHelp => format!("{} weken (huishoudelijke hulp)", self.count),
            Counted::Sundays { closing_week: false } => noun(self.count, if one { "zondag" } else { "zondagen" }),
            Counted::Sundays { closing_week: true } => {
                let sundays = self.count.saturating_sub(1);
                format!("({} + 1 slotweek)", noun(sundays, if sundays == 1 { "zondag" } else { "zondagen" }))
            }
            Counted::Months => noun(self.count, if one { "maand" } else { "maanden" }),
            Counted::Days => noun(self.count, if one { "dag" } else { "dagen" }),
            Counted::Total => return format!("{} in totaal", figures::quantity(self.value, self.eenheid).nl),
        };
        let [volume, value] = [self.volume, self.value].map(|figure| figures::quantity(figure, self.eenheid).nl);
        format!("{counted} x {volume} = {value}")
    }

    /// The sum in English: `5 weeks x 3 hours = 15 hours`.
    pub fn en(&self) -> String {
        let one = self.count == 1;
        let counted = match self.counted {
            Counted::Weeks => noun(self.count, if one { "week" } else { "weeks" }),
            Counted::HouseholdHelp => format!("{} weeks (household help)", self.count),
            Counted::Sundays { closing_week: false } => noun(self.count, if one { "Sunday" } else { "Sundays" }),
            Counted::Sundays { closing_week: true } => {
                let sundays = self.count.saturating_sub(1);
                format!("({} + 1 closing week)", noun(sundays, if sundays == 1 { "Sunday" } else { "Sundays" }))
            }
            Counted::Months => noun(self.count, if one { "month" } else { "months" }),
            Counted::Days => noun(self.count, if one { "day" } else { "days" }),
            Counted::Total => return format!("{} in total", figures::quantity(self.value, self.eenheid).en),
        };
        let [volume, value] = [self.volume, self.value].map(|figure| figures::quantity(figure, self.eenheid).en);
        format!("{counted} x {volume} = {value}")
    }
}

fn noun(count: u64, noun: &str) -> String {
    format!("{count} {noun}")
}

/// What may be claimed in `periode` on an allocation of `categorie` that runs from `ingangsdatum` to `einddatum`
/// (TR321). `periode` is taken as it stands; whether it fits the allocation is for TR387 and TR388.
///
/// Two readings: an output allocation without any Sunday counts as one week in each period, since the source's formula
/// would give nothing at all, and the total (TR322) keeps it at one. A broken month keeps the full volume per month in
/// the output method too.
pub fn max_per_period(
    law: Law,
    categorie: &Categorie,
    omvang: &Omvang,
    ingangsdatum: Date,
    einddatum: Option<Date>,
    periode: &GeslotenPeriode,
) -> Maximum {
    let &GeslotenPeriode { begindatum: from, einddatum: to } = periode;
    match omvang.frequentie {
        Frequentie::PerWeek if omvang.eenheid.is_output() => output_weeks(omvang, ingangsdatum, einddatum, from, to),
        Frequentie::PerWeek if law == Law::Wmo && categorie.as_str() == "01" => {
            Maximum::new(omvang, WEEKS_OF_HOUSEHOLD_HELP, Counted::HouseholdHelp)
        }
        Frequentie::PerWeek => Maximum::new(omvang, weeks_touched(from, to), Counted::Weeks),
        Frequentie::PerMaand => Maximum::new(omvang, 1, Counted::Months),
        Frequentie::PerDag => Maximum::new(omvang, days(from, to), Counted::Days),
        Frequentie::Totaal => Maximum::new(omvang, 1, Counted::Total),
    }
}

fn output_weeks(omvang: &Omvang, ingangsdatum: Date, einddatum: Option<Date>, from: Date, to: Date) -> Maximum {
    let counted = sundays(from, to);
    let Some(einddatum) = einddatum else {
        return Maximum::new(omvang, counted, Counted::Sundays { closing_week: false });
    };
    if sundays(ingangsdatum, einddatum) == 0 {
        return Maximum::new(omvang, 1, Counted::Weeks);
    }
    let last_sunday = last_sunday(einddatum);
    let holds_last_sunday = (day_number(from)..=day_number(to)).contains(&last_sunday);
    let closing_week = holds_last_sunday && last_sunday != day_number(einddatum);
    Maximum::new(omvang, counted.saturating_add(u64::from(closing_week)), Counted::Sundays { closing_week })
}

/// What may be claimed over a whole allocation (TR322); `None` when it has no end and no total volume.
pub fn max_over_allocation(omvang: &Omvang, ingangsdatum: Date, einddatum: Option<Date>) -> Option<Maximum> {
    if omvang.frequentie == Frequentie::Totaal {
        return Some(Maximum::new(omvang, 1, Counted::Total));
    }
    let einddatum = einddatum?;
    let (count, counted) = match omvang.frequentie {
        Frequentie::PerWeek => (weeks_touched(ingangsdatum, einddatum), Counted::Weeks),
        Frequentie::PerMaand => (months_touched(ingangsdatum, einddatum), Counted::Months),
        Frequentie::PerDag => (days(ingangsdatum, einddatum), Counted::Days),
        Frequentie::Totaal => (1, Counted::Total),
    };
    Some(Maximum::new(omvang, count, counted))
}

/// ISO weeks of which at least one day lies in `from..=to`.
pub fn weeks_touched(from: Date, to: Date) -> u64 {
    inclusive(week_number(day_number(from)), week_number(day_number(to)))
}

/// Sundays in `from..=to`.
pub fn sundays(from: Date, to: Date) -> u64 {
    // A Sunday is the eve of a Monday, and a week number rises on Mondays.
    let mondays = week_number(day_number(to) + 1) - week_number(day_number(from));
    if to < from { 0 } else { u64::try_from(mondays).unwrap_or(0) }
}

/// Days in `from..=to`.
pub fn days(from: Date, to: Date) -> u64 {
    inclusive(day_number(from), day_number(to))
}

/// Calendar months of which at least one day lies in `from..=to`.
pub fn months_touched(from: Date, to: Date) -> u64 {
    let month = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    if to < from { 0 } else { inclusive(month(from), month(to)) }
}

/// Length of `from..=to`; nothing when it ends before it begins.
fn inclusive(from: i64, to: i64) -> u64 {
    u64::try_from(to - from + 1).unwrap_or(0)
}

/// Days since 1 January of the year 1, a Monday.
fn day_number(date: Date) -> i64 {
    date.duration_since(Date::constant(1, 1, 1)).as_hours() / 24
}

/// Weeks since that Monday.
fn week_number(day: i64) -> i64 {
    day.div_euclid(7)
}

/// Number of the last Sunday on or before `date`.
fn last_sunday(date: Date) -> i64 {
    week_number(day_number(date) + 1) * 7 - 1
}

/// A volume in another unit: the same one, or hours as minutes; nothing else can be converted (IV081).
pub fn convert(volume: Count, from: Eenheid, to: Eenheid) -> Option<Count> {
    match (from, to) {
        (Eenheid::Uur, Eenheid::Minuut) => Some(volume.saturating_mul(60)),
        _ if from == to => Some(volume),
        _ => None,
    }
}

/// Whole hours for minutes delivered: half an hour counts, and whatever was delivered counts as at least one (IV079).
pub fn hours_of(minutes: u64) -> u64 {
    let hours = minutes / 60 + u64::from(minutes % 60 >= 30);
    if minutes > 0 { hours.max(1) } else { 0 }
}

/// The tariff of a minute, from that of an hour: rounded to eurocents, half up (IV081).
pub fn minute_tariff(hourly: Cents) -> Cents {
    amount_of_minutes(hourly, 1)
}

/// The amount for minutes at an hourly tariff: rounded once, at the end, half up. The rounded tariff of a minute plays
/// no part in it (IV081).
pub fn amount_of_minutes(hourly: Cents, minutes: Count) -> Cents {
    let sixtieths = i128::from(hourly.0) * i128::from(minutes);
    let cents = (sixtieths + 30).div_euclid(60);
    Cents(i64::try_from(cents).unwrap_or(if cents < 0 { i64::MIN } else { i64::MAX }))
}

/// Volume times tariff, in eurocents.
pub fn product(volume: Count, tarief: Cents) -> i128 {
    i128::from(volume) * i128::from(tarief.0)
}

/// Whether `bedrag` can be the amount for `minutes` at some hourly tariff whose sixtieth rounds to `tarief`: at most
/// half a eurocent for each minute and half a eurocent for the amount away from their product.
pub fn fits_rounded_tariff(bedrag: Cents, minutes: Count, tarief: Cents) -> bool {
    let twice_off = (i128::from(bedrag.0) - product(minutes, tarief)).abs().saturating_mul(2);
    twice_off <= i128::from(minutes) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::calendar::{first_of_month, last_of_month};
    use jiff::ToSpan;
    use jiff::civil::{Weekday, date};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A worked case of the standard: allocation, volume, unit, period, and what must come out.
    type Row = (&'static str, &'static str, &'static str, u64, &'static str, &'static str, &'static str, [u64; 5]);

    /// Weekly volumes. The last five: weeks touched, Sundays, closing week, maxima of the period and of the allocation.
    const WEEKLY: &[Row] = &[
        ("E1", "2025-07-07", "2025-09-07", 3, "04", "2025-07-07", "2025-07-31", [4, 3, 0, 12, 27]),
        ("E1", "2025-07-07", "2025-09-07", 3, "04", "2025-08-01", "2025-08-31", [5, 5, 0, 15, 27]),
        ("E1", "2025-07-07", "2025-09-07", 3, "04", "2025-09-01", "2025-09-07", [1, 1, 0, 3, 27]),
        ("E2", "2025-10-07", "2025-12-30", 3, "04", "2025-10-07", "2025-10-31", [4, 3, 0, 12, 39]),
        ("E2", "2025-10-07", "2025-12-30", 3, "04", "2025-11-01", "2025-11-30", [5, 5, 0, 15, 39]),
        ("E2", "2025-10-07", "2025-12-30", 3, "04", "2025-12-01", "2025-12-30", [5, 4, 1, 15, 39]),
        ("E3-iwmo", "2025-11-12", "2025-12-13", 3, "04", "2025-11-12", "2025-11-30", [3, 3, 0, 9, 15]),
        ("E3-iwmo", "2025-11-12", "2025-12-13", 3, "04", "2025-12-01", "2025-12-13", [2, 1, 1, 6, 15]),
        ("E3-ijw", "2026-11-12", "2026-12-13", 3, "04", "2026-11-12", "2026-11-30", [4, 3, 0, 12, 15]),
        ("E3-ijw", "2026-11-12", "2026-12-13", 3, "04", "2026-12-01", "2026-12-13", [2, 2, 0, 6, 15]),
        ("O1", "2025-07-07", "2025-09-07", 30_000, "83", "2025-07-07", "2025-07-31", [4, 3, 0, 90_000, 270_000]),
        ("O1", "2025-07-07", "2025-09-07", 30_000, "83", "2025-08-01", "2025-08-31", [5, 5, 0, 150_000, 270_000]),
        ("O1", "2025-07-07", "2025-09-07", 30_000, "83", "2025-09-01", "2025-09-07", [1, 1, 0, 30_000, 270_000]),
        ("O2", "2025-07-07", "2025-09-06", 30_000, "83", "2025-07-07", "2025-07-31", [4, 3, 0, 90_000, 270_000]),
        ("O2", "2025-07-07", "2025-09-06", 30_000, "83", "2025-08-01", "2025-08-31", [5, 5, 1, 180_000, 270_000]),
        ("O2", "2025-07-07", "2025-09-06", 30_000, "83", "2025-09-01", "2025-09-06", [1, 0, 0, 0, 270_000]),
        ("O3", "2025-10-01", "2025-12-31", 30_000, "83", "2025-10-01", "2025-10-31", [5, 4, 0, 120_000, 420_000]),
        ("O3", "2025-10-01", "2025-12-31", 30_000, "83", "2025-11-01", "2025-11-30", [5, 5, 0, 150_000, 420_000]),
        ("O3", "2025-10-01", "2025-12-31", 30_000, "83", "2025-12-01", "2025-12-31", [5, 4, 1, 150_000, 420_000]),
        ("O3b", "2025-10-07", "2025-12-31", 30_000, "83", "2025-10-07", "2025-10-31", [4, 3, 0, 90_000, 390_000]),
        ("O3b", "2025-10-07", "2025-12-31", 30_000, "83", "2025-11-01", "2025-11-30", [5, 5, 0, 150_000, 390_000]),
        ("O3b", "2025-10-07", "2025-12-31", 30_000, "83", "2025-12-01", "2025-12-31", [5, 4, 1, 150_000, 390_000]),
        ("O4", "2025-07-07", "2025-09-05", 30_000, "83", "2025-07-07", "2025-07-31", [4, 3, 0, 90_000, 270_000]),
        ("O4", "2025-07-07", "2025-09-05", 30_000, "83", "2025-08-01", "2025-08-31", [5, 5, 1, 180_000, 270_000]),
        ("O4", "2025-07-07", "2025-09-05", 30_000, "83", "2025-09-01", "2025-09-05", [1, 0, 0, 0, 270_000]),
        ("X1-yearend", "2026-12-21", "2027-01-10", 2, "04", "2026-12-21", "2026-12-31", [2, 1, 0, 4, 6]),
        ("X1-yearend", "2026-12-21", "2027-01-10", 2, "04", "2027-01-01", "2027-01-10", [2, 2, 0, 4, 6]),
        ("X2-53weeks", "2020-12-28", "2021-01-31", 2, "04", "2020-12-28", "2020-12-31", [1, 0, 0, 2, 10]),
        ("X2-53weeks", "2020-12-28", "2021-01-31", 2, "04", "2021-01-01", "2021-01-31", [5, 5, 0, 10, 10]),
    ];

    fn omvang(volume: u64, eenheid: Eenheid, frequentie: Frequentie) -> Omvang {
        Omvang { volume, eenheid, frequentie }
    }

    fn period(from: Date, to: Date) -> GeslotenPeriode {
        GeslotenPeriode { begindatum: from, einddatum: to }
    }

    /// Weeks, Sundays, closing week, maximum of the period and of the allocation, for a weekly volume.
    fn weekly(begin: Date, end: Date, volume: u64, eenheid: Eenheid, from: Date, to: Date) -> [u64; 5] {
        let omvang = omvang(volume, eenheid, Frequentie::PerWeek);
        let of_period = max_per_period(Law::Jeugdwet, &"45".into(), &omvang, begin, Some(end), &period(from, to));
        let closing = last_sunday(end) != day_number(end)
            && (day_number(from)..=day_number(to)).contains(&last_sunday(end))
            && last_sunday(end) >= day_number(begin);
        let total = max_over_allocation(&omvang, begin, Some(end)).expect("the allocation has an end");
        [weeks_touched(from, to), sundays(from, to), u64::from(closing), of_period.value, total.value]
    }

    #[test]
    fn the_worked_cases_of_the_standard_come_out() {
        let day = |text: &str| text.parse::<Date>().expect("a date of the table");
        assert_eq!(WEEKLY.len(), 29);
        for &(name, begin, end, volume, eenheid, from, to, expected) in WEEKLY {
            let eenheid = Eenheid::parse(eenheid).expect("a unit of the list");
            let found = weekly(day(begin), day(end), volume, eenheid, day(from), day(to));
            assert_eq!(found, expected, "{name} {from}");
        }
    }

    #[test]
    fn the_worked_cases_of_the_reference_file_come_out() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/standard/volumes_cases.csv");
        if !std::path::Path::new(file).exists() {
            println!("skipped: no reference file beside the project");
            return;
        }
        let mut rows = 0;
        for record in csv::Reader::from_path(file).expect("readable").records() {
            let record = record.expect("a CSV record");
            let day = |index: usize| record[index].parse::<Date>().expect("a date");
            let figure = |index: usize| record[index].parse::<u64>().expect("a figure");
            assert_eq!(&record[6], "2", "the file holds weekly volumes only");
            let eenheid = Eenheid::parse(&record[5]).expect("a unit of the list");
            let found = weekly(day(2), day(3), figure(4), eenheid, day(7), day(8));
            assert_eq!(found, [9, 10, 11, 12, 13].map(figure), "{record:?}");
            rows += 1;
        }
        assert_eq!(rows, 29);
    }

    #[test]
    fn other_frequencies_and_household_help() {
        let (begin, end) = (date(2025, 10, 14), date(2025, 12, 13));
        let october = period(begin, date(2025, 10, 31));
        for (law, categorie, eenheid, frequentie, of_period, of_all) in [
            (Law::Wmo, "02", Eenheid::Uur, Frequentie::PerMaand, 15, Some(45)),
            (Law::Wmo, "02", Eenheid::Euro, Frequentie::PerMaand, 15, Some(45)),
            (Law::Wmo, "02", Eenheid::Uur, Frequentie::Totaal, 15, Some(15)),
            (Law::Wmo, "02", Eenheid::Uur, Frequentie::PerDag, 15 * 18, Some(15 * 61)),
            (Law::Wmo, "01", Eenheid::Uur, Frequentie::PerWeek, 15 * 6, Some(15 * 9)),
            (Law::Wmo, "01", Eenheid::StuksOutput, Frequentie::PerWeek, 15 * 2, Some(15 * 9)),
            (Law::Wmo, "02", Eenheid::Uur, Frequentie::PerWeek, 15 * 3, Some(15 * 9)),
            (Law::Jeugdwet, "01", Eenheid::Uur, Frequentie::PerWeek, 15 * 3, Some(15 * 9)),
        ] {
            let omvang = omvang(15, eenheid, frequentie);
            let found = max_per_period(law, &categorie.into(), &omvang, begin, Some(end), &october);
            assert_eq!(found.value, of_period, "{law} {categorie} {eenheid:?} {frequentie:?}");
            let total = max_over_allocation(&omvang, begin, Some(end)).map(|maximum| maximum.value);
            assert_eq!(total, of_all, "{law} {categorie} {eenheid:?} {frequentie:?}");
            let open = max_over_allocation(&omvang, begin, None).is_some();
            assert_eq!(open, frequentie == Frequentie::Totaal, "{frequentie:?} without an end");
        }
    }

    #[test]
    fn an_output_allocation_without_a_sunday_counts_one_week() {
        // Monday 30 November to Saturday 5 December 2026: both months may claim the one week, TR322 stops the second.
        let omvang = omvang(30_000, Eenheid::Euro, Frequentie::PerWeek);
        let (begin, end) = (date(2026, 11, 30), date(2026, 12, 5));
        for periode in [period(begin, begin), period(date(2026, 12, 1), end)] {
            let found = max_per_period(Law::Wmo, &"02".into(), &omvang, begin, Some(end), &periode);
            assert_eq!((found.value, found.counted), (30_000, Counted::Weeks));
        }
        assert_eq!(max_over_allocation(&omvang, begin, Some(end)).map(|maximum| maximum.value), Some(30_000));
    }

    #[test]
    fn sums_read_as_people_write_them() {
        let of = |count, counted, volume, eenheid| Maximum { value: count * volume, count, counted, volume, eenheid };
        let hours = of(5, Counted::Weeks, 3, Eenheid::Uur);
        assert_eq!(hours.nl(), "5 weken x 3 uur = 15 uur");
        assert_eq!(hours.en(), "5 weeks x 3 hours = 15 hours");
        assert_eq!(of(1, Counted::Weeks, 1, Eenheid::Minuut).nl(), "1 week x 1 minuut = 1 minuut");
        let closing = of(6, Counted::Sundays { closing_week: true }, 30_000, Eenheid::Euro);
        assert_eq!(closing.nl(), "(5 zondagen + 1 slotweek) x € 300,00 = € 1800,00");
        assert_eq!(closing.en(), "(5 Sundays + 1 closing week) x EUR 300.00 = EUR 1800.00");
        let first = of(1, Counted::Sundays { closing_week: false }, 2, Eenheid::StuksOutput);
        assert_eq!(first.nl(), "1 zondag x 2 stuks = 2 stuks");
        assert_eq!(
            of(6, Counted::HouseholdHelp, 3, Eenheid::Uur).nl(),
            "6 weken (huishoudelijke hulp) x 3 uur = 18 uur"
        );
        assert_eq!(of(1, Counted::Total, 20, Eenheid::Uur).nl(), "20 uur in totaal");
        assert_eq!(of(2, Counted::Months, 4, Eenheid::Dagdeel).en(), "2 months x 4 half-day parts = 8 half-day parts");
        assert_eq!(of(1, Counted::Days, 1, Eenheid::Etmaal).nl(), "1 dag x 1 etmaal = 1 etmaal");
    }

    /// The worked examples of rounding and amounts, R1 to R9.
    #[test]
    fn hours_tariffs_and_amounts_are_rounded_as_the_standard_does() {
        assert_eq!(hours_of(4 * 95), 6, "R1");
        assert_eq!(hours_of(150), 3, "R2");
        assert_eq!(hours_of(20), 1, "R3");
        assert_eq!([0, 1, 29, 30, 89, 90].map(hours_of), [0, 1, 1, 1, 1, 2]);
        assert_eq!(minute_tariff(Cents(8730)), Cents(146), "R4: 1.455 a minute");
        assert_eq!(minute_tariff(Cents(8724)), Cents(145), "R5: 1.454 a minute");
        assert_eq!(amount_of_minutes(Cents(8730), 95), Cents(13_823), "R6");
        assert_ne!(product(95, Cents(146)), 13_823, "R6: the rounded tariff gives another amount");
        assert!(fits_rounded_tariff(Cents(13_823), 95, Cents(146)), "R6: but one that is near");
        let per_month = omvang(20_000, Eenheid::Euro, Frequentie::PerMaand);
        let january = period(date(2026, 1, 1), date(2026, 1, 31));
        let maximum = |omvang: &Omvang, periode: &GeslotenPeriode| {
            max_per_period(Law::Wmo, &"02".into(), omvang, date(2026, 1, 1), Some(date(2026, 12, 31)), periode).value
        };
        assert_eq!(maximum(&per_month, &january), 20_000, "R7");
        let dagdelen = omvang(5, Eenheid::Dagdeel, Frequentie::PerWeek);
        let february_2027 = period(date(2027, 2, 1), date(2027, 2, 28));
        assert_eq!(maximum(&dagdelen, &february_2027), 20, "R8: four weeks in a February that starts on Monday");
        assert_eq!((product(4, Cents(1250)), product(16, Cents(1500))), (5000, 24_000), "R9");
    }

    #[test]
    fn the_band_around_a_rounded_tariff_ends_where_it_should() {
        // 95 minutes: 47.5 + 0.5 = 48 eurocents either way.
        for (bedrag, fits) in [(13_870, true), (13_822, true), (13_821, false), (13_918, true), (13_919, false)] {
            assert_eq!(fits_rounded_tariff(Cents(bedrag), 95, Cents(146)), fits, "{bedrag}");
        }
        assert!(fits_rounded_tariff(Cents(0), 0, Cents(146)));
        assert!(!fits_rounded_tariff(Cents(1), 0, Cents(146)), "no minutes, no amount");
    }

    #[test]
    fn only_hours_convert_and_only_to_minutes() {
        for from in Eenheid::ALL {
            for to in Eenheid::ALL {
                let expected = match (from, to) {
                    (Eenheid::Uur, Eenheid::Minuut) => Some(120),
                    _ if from == to => Some(2),
                    _ => None,
                };
                assert_eq!(convert(2, *from, *to), expected, "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_time_and_of_numbers_are_no_trouble() {
        let (first, last) = (date(1, 1, 1), date(9999, 12, 31));
        assert_eq!(days(first, last), 3_652_059);
        assert_eq!(weeks_touched(first, last), 521_723);
        assert_eq!(months_touched(first, last), 9999 * 12);
        assert_eq!(sundays(first, last), 521_722);
        for count in [days(last, first), weeks_touched(last, first), months_touched(last, first), sundays(last, first)]
        {
            assert_eq!(count, 0, "a period that ends before it begins holds nothing");
        }
        for volume in [0, 99_999_999, u64::MAX] {
            for &eenheid in Eenheid::ALL {
                for &frequentie in Frequentie::ALL {
                    let omvang = omvang(volume, eenheid, frequentie);
                    for (begin, end) in [(first, last), (last, first), (first, first), (last, last)] {
                        let periode = period(begin, end);
                        let maximum = max_per_period(Law::Wmo, &"01".into(), &omvang, first, Some(last), &periode);
                        let _ = (maximum.in_unit(Eenheid::Minuut), maximum.nl(), maximum.en());
                        let _ = max_over_allocation(&omvang, begin, Some(end)).map(|maximum| maximum.nl());
                    }
                }
            }
            let _ = (hours_of(volume), product(volume, Cents(i64::MIN)));
            let _ = (amount_of_minutes(Cents(i64::MAX), volume), amount_of_minutes(Cents(i64::MIN), volume));
            assert!(!fits_rounded_tariff(Cents(i64::MIN), volume, Cents(i64::MAX)));
        }
    }

    /// The months of an allocation, each clipped to it (TR387, TR388).
    fn periods_of(begin: Date, end: Date) -> Vec<GeslotenPeriode> {
        let mut periods = Vec::new();
        let mut month = first_of_month(begin);
        while month <= end {
            periods.push(period(month.max(begin), last_of_month(month).min(end)));
            month = month.checked_add(1.month()).expect("far from the end of time");
        }
        periods
    }

    proptest! {
        #[test]
        fn counting_by_mondays_equals_counting_day_by_day(start in 0_i32..80_000, length in 0_i32..800) {
            let from = date(1900, 1, 1).checked_add(start.days()).expect("in range");
            let to = from.checked_add(length.days()).expect("in range");
            let all: Vec<Date> = from.series(1.day()).take_while(|day| *day <= to).collect();
            let weeks: BTreeSet<_> = all
                .iter()
                .map(|day| (day.iso_week_date().year(), day.iso_week_date().week()))
                .collect();
            let months: BTreeSet<_> = all.iter().map(|day| (day.year(), day.month())).collect();
            let on_sunday = all.iter().filter(|day| day.weekday() == Weekday::Sunday).count();
            prop_assert_eq!(days(from, to), all.len() as u64);
            prop_assert_eq!(weeks_touched(from, to), weeks.len() as u64);
            prop_assert_eq!(months_touched(from, to), months.len() as u64);
            prop_assert_eq!(sundays(from, to), on_sunday as u64);
        }

        #[test]
        fn monthly_maxima_of_output_add_up_to_the_total(
            start in 0_i32..20_000,
            length in 0_i32..800,
            volume in 0_u64..100_000_000,
        ) {
            let begin = date(2015, 1, 1).checked_add(start.days()).expect("in range");
            let end = begin.checked_add(length.days()).expect("in range");
            prop_assume!(sundays(begin, end) > 0);
            let omvang = omvang(volume, Eenheid::Euro, Frequentie::PerWeek);
            let sum: u64 = periods_of(begin, end)
                .iter()
                .map(|periode| max_per_period(Law::Wmo, &"02".into(), &omvang, begin, Some(end), periode).value)
                .sum();
            prop_assert_eq!(Some(sum), max_over_allocation(&omvang, begin, Some(end)).map(|maximum| maximum.value));
        }

        #[test]
        fn monthly_maxima_of_effort_never_fall_short_of_the_total(start in 0_i32..20_000, length in 0_i32..800) {
            let begin = date(2015, 1, 1).checked_add(start.days()).expect("in range");
            let end = begin.checked_add(length.days()).expect("in range");
            let omvang = omvang(3, Eenheid::Uur, Frequentie::PerWeek);
            let sum: u64 = periods_of(begin, end)
                .iter()
                .map(|periode| max_per_period(Law::Wmo, &"02".into(), &omvang, begin, Some(end), periode).value)
                .sum();
            let total = max_over_allocation(&omvang, begin, Some(end)).expect("it has an end").value;
            prop_assert!(sum >= total);
        }

        #[test]
        fn an_amount_at_an_hourly_tariff_fits_the_rounded_tariff(
            hourly in 0_i64..99_999_999,
            minutes in 0_u64..99_999_999,
        ) {
            let bedrag = amount_of_minutes(Cents(hourly), minutes);
            prop_assert!(fits_rounded_tariff(bedrag, minutes, minute_tariff(Cents(hourly))));
        }
    }
}
