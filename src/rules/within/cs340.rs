//! CS340: a declaration is about one whole calendar month.
//!
//! `DeclaratiePeriode` runs from the first to the last day of the same month. The period as a whole is named.

use super::helpers::{declaratie, period};
use crate::message::{Law, Number};
use crate::rules::calendar::{first_of_month, last_of_month};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS340",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Declaratie,
    nl: "De declaratieperiode loopt van de eerste tot en met de laatste dag van één kalendermaand.",
    en: "The period of a declaration runs from the first to the last day of one calendar month.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(declaratie) = declaratie(case) else {
        return Vec::new();
    };
    let (begin, end) = (declaratie.periode.begindatum, declaratie.periode.einddatum);
    let (first, last) = (first_of_month(begin), last_of_month(begin));
    if begin == first && end == last {
        return Vec::new();
    }
    let (own, right) = (period(begin, Some(end)), period(first, Some(last)));
    vec![
        Violation::at(
            Place::declaratie("DeclaratiePeriode"),
            format!(
                "De declaratieperiode loopt {}. Declareer een hele kalendermaand, bijvoorbeeld {}.",
                own.nl, right.nl
            ),
            format!(
                "The period of the declaration runs {}. Declare a whole calendar month, for instance \
                {}.", own.en, right.en
            ),
        )
        .date("begindatum", begin)
        .date("einddatum", end)
        .date("eerste_dag", first)
        .date("laatste_dag", last),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Date, GeslotenPeriode};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const PATH: &str = "/Bericht/Declaratie/DeclaratiePeriode";
    fn set(s: &mut Sample, begindatum: Date, einddatum: Date) {
        s.declaratie().periode = GeslotenPeriode { begindatum, einddatum };
    }
    vec![
        accepts("February", Number::N323, |_| {}),
        accepts("February of a leap year", Number::N323, |s| set(s, date(2024, 2, 1), date(2024, 2, 29))),
        accepts("December", Number::N323, |s| set(s, date(2025, 12, 1), date(2025, 12, 31))),
        rejects("a leap year without its day", Number::N323, &[PATH], |s| set(s, date(2024, 2, 1), date(2024, 2, 28))),
        rejects("from the second", Number::N323, &[PATH], |s| set(s, date(2026, 2, 2), date(2026, 2, 28))),
        rejects("two months", Number::N323, &[PATH], |s| set(s, date(2026, 1, 1), date(2026, 2, 28))),
        rejects("the same month of two years", Number::N323, &[PATH], |s| set(s, date(2025, 2, 1), date(2026, 2, 28))),
        rejects("into January", Number::N323, &[PATH], |s| set(s, date(2025, 12, 1), date(2026, 1, 1))),
        rejects("an end in an earlier month", Number::N323, &[PATH], |s| set(s, date(2026, 2, 1), date(2026, 1, 31))),
    ]
}
