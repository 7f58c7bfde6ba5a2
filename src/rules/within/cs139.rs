//! CS139: a birth date that is known in part is written as such.
//!
//! `DatumGebruik` 3 (nothing known) requires 1900-01-01, 2 (year known) requires 1 January, 1 (month and year known)
//! requires the first of a month. Without `DatumGebruik` any date fits. Relations of a 301 are judged as well. Findings
//! do not show the whole birth date.

use super::helpers::geboortedata;
use crate::message::{Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS139",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N305, Number::N307, Number::N315],
    laws: &Law::ALL,
    class: Class::Relatie,
    nl: "DatumGebruik past bij de geboortedatum: 3 bij 1900-01-01, 2 bij 1 januari, 1 bij de eerste van een maand.",
    en: "DatumGebruik fits the birth date: 3 with 1900-01-01, 2 with 1 January, 1 with the first of a month.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    geboortedata(case)
        .into_iter()
        .filter_map(|born| {
            let gebruik = born.item.datum_gebruik.as_ref()?.as_str();
            let (fits, nl, en) = requirement(gebruik, born.item.datum)?;
            if fits {
                return None;
            }
            let violation = Violation::at(
                born.place("Geboortedatum/DatumGebruik"),
                format!("DatumGebruik is {gebruik}; daarbij hoort {nl}. Pas de geboortedatum of DatumGebruik aan."),
                format!("DatumGebruik is {gebruik}; that goes with {en}. Adapt the birth date or DatumGebruik."),
            );
            Some(violation.fact("datum_gebruik", gebruik))
        })
        .collect()
}

/// Whether `datum` is what this use of a date (COD170) requires, and that requirement in words.
fn requirement(gebruik: &str, datum: Date) -> Option<(bool, &'static str, &'static str)> {
    let first_of_month = datum.day() == 1;
    match gebruik {
        "1" => Some((first_of_month, "een eerste dag van een maand", "a first day of a month")),
        "2" => Some((
            first_of_month && datum.month() == 1,
            "1 januari van het geboortejaar",
            "1 January of the \
            year of birth",
        )),
        "3" => Some((datum == Date::constant(1900, 1, 1), "de datum 1900-01-01", "the date 1900-01-01")),
        _ => None,
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::geboortedatum;
    use crate::message::types::Geboortedatum;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const CLIENT: &str = "/Bericht/Client/Geboortedatum/DatumGebruik";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Geboortedatum/DatumGebruik";
    fn born(datum: Date, gebruik: &str) -> Geboortedatum {
        Geboortedatum { datum, datum_gebruik: Some(gebruik.into()) }
    }
    let mut rows = vec![
        accepts("a relation without a birth date", Number::N301, |s| s.toewijzing().relaties[0].geboortedatum = None),
        rejects("a relation", Number::N301, &[RELATIE], |s| {
            s.toewijzing().relaties[0].geboortedatum = Some(born(date(1980, 2, 29), "1"));
        }),
        rejects("client and relation", Number::N301, &[CLIENT, RELATIE], |s| {
            *geboortedatum(s) = born(date(1980, 12, 31), "2");
            s.toewijzing().relaties[0].geboortedatum = Some(born(date(1980, 12, 31), "3"));
        }),
    ];
    for &number in RULE.numbers {
        rows.push(accepts("wholly known", number, |s| geboortedatum(s).datum = date(1980, 2, 29)));
        rows.push(accepts("1 on the first of a month", number, |s| *geboortedatum(s) = born(date(1980, 2, 1), "1")));
        rows.push(rejects("1 on the second", number, &[CLIENT], |s| *geboortedatum(s) = born(date(1980, 2, 2), "1")));
        rows.push(accepts("2 on 1 January", number, |s| *geboortedatum(s) = born(date(1980, 1, 1), "2")));
        rows.push(rejects("2 on 2 January", number, &[CLIENT], |s| *geboortedatum(s) = born(date(1980, 1, 2), "2")));
        rows.push(rejects("2 on 1 February", number, &[CLIENT], |s| *geboortedatum(s) = born(date(1980, 2, 1), "2")));
        rows.push(accepts("3 on 1900-01-01", number, |s| *geboortedatum(s) = born(date(1900, 1, 1), "3")));
        rows.push(rejects("3 on 1901-01-01", number, &[CLIENT], |s| *geboortedatum(s) = born(date(1901, 1, 1), "3")));
        rows.push(accepts("1 on 1900-01-01", number, |s| *geboortedatum(s) = born(date(1900, 1, 1), "1")));
    }
    rows
}
