//! CS337: a line is about one calendar month.
//!
//! The end of `ProductPeriode` lies in the same month of the same year as its begin. Which days of the month they are
//! is the matter of TR387 and TR388.

use super::helpers::prestaties;
use crate::message::{Law, Number};
use crate::rules::calendar::same_month;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS337",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De productperiode valt binnen één kalendermaand.",
    en: "The product period lies within one calendar month.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    prestaties(case)
        .into_iter()
        .filter(|line| !same_month(line.prestatie.periode.begindatum, line.prestatie.periode.einddatum))
        .map(|line| {
            let (begin, end) = (line.prestatie.periode.begindatum, line.prestatie.periode.einddatum);
            Violation::at(
                line.place("ProductPeriode"),
                format!(
                    "De productperiode begint op {begin} en eindigt op {end}, in een andere maand. Maak per \
                    kalendermaand een prestatie."
                ),
                format!(
                    "The product period begins on {begin} and ends on {end}, in another month. Make one line \
                    per calendar month."
                ),
            )
            .date("begindatum", begin)
            .date("einddatum", end)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Date, GeslotenPeriode};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode";
    const SECOND: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductPeriode";
    fn set(s: &mut Sample, begindatum: Date, einddatum: Date) {
        s.line().periode = GeslotenPeriode { begindatum, einddatum };
    }
    vec![
        accepts("a whole month", Number::N323, |s| set(s, date(2025, 12, 1), date(2025, 12, 31))),
        accepts("February of a leap year", Number::N323, |s| set(s, date(2024, 2, 1), date(2024, 2, 29))),
        accepts("one day", Number::N323, |s| set(s, date(2026, 2, 28), date(2026, 2, 28))),
        rejects("29 February to 1 March", Number::N323, &[FIRST], |s| set(s, date(2024, 2, 29), date(2024, 3, 1))),
        rejects("the turn of the year", Number::N323, &[FIRST], |s| set(s, date(2025, 12, 31), date(2026, 1, 1))),
        rejects("the same month of another year", Number::N323, &[FIRST], |s| {
            set(s, date(2025, 2, 1), date(2026, 2, 28));
        }),
        rejects("a second line that ends in an earlier month", Number::N323, &[SECOND], |s| {
            s.add_line("P2", |line| line.periode.einddatum = date(2026, 1, 31));
        }),
    ]
}
