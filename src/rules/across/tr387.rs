//! TR387: the period of a line begins on the first day of its month, or on the Ingangsdatum when that is later.
//!
//! Start and stop messages play no part (OP364), agreed claim moments neither (IV089). The formula is used as it stands
//! when the period begins before the allocation too: then TR307 speaks as well. The Ingangsdatum of an allocation never
//! changes, so credits need no exception.

use crate::message::{Law, Number};
use crate::rules::calendar::first_of_month;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR387",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9387",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductPeriode begint op de eerste dag van de kalendermaand, of op de Ingangsdatum van de toewijzing als \
         die later is.",
    en: "The ProductPeriode begins on the first day of the calendar month, or on the Ingangsdatum when that is later.",
    needs: &[Need::Ledger],
    doubt: "The formula holds for a period outside the allocation too, so TR387 and TR307 may both be reported.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some(allocation) = line.allocation else {
        return Vec::new();
    };
    let begindatum = line.prestatie.periode.begindatum;
    let expected = first_of_month(begindatum).max(allocation.ingangsdatum);
    if begindatum == expected {
        return Vec::new();
    }
    let (nummer, ingangsdatum) = (allocation.nummer, allocation.ingangsdatum);
    vec![
        Violation::at(
            line.place("ProductPeriode/Begindatum"),
            format!(
                "De ProductPeriode begint op {begindatum} en moet beginnen op {expected} (toewijzing {nummer} gaat \
                 in op {ingangsdatum})."
            ),
            format!(
                "The ProductPeriode begins on {begindatum} and must begin on {expected} (allocation {nummer} begins on \
                 {ingangsdatum})."
            ),
        )
        .number("toewijzing_nummer", nummer)
        .date("begindatum", begindatum)
        .date("verwacht", expected)
        .date("ingangsdatum", ingangsdatum),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Begindatum"];
    fn begins(sample: &mut Sample, begindatum: Date, ingangsdatum: Date) {
        sample.line().periode.begindatum = begindatum;
        sample.allocation().ingangsdatum = ingangsdatum;
    }
    vec![
        accepts("the first of the month", N, |_| {}),
        rejects("the second of the month", N, PATH, |s| begins(s, date(2026, 2, 2), date(2026, 1, 1))),
        accepts("the allocation begins within the month", N, |s| begins(s, date(2026, 2, 15), date(2026, 2, 15))),
        rejects("a day after it began", N, PATH, |s| begins(s, date(2026, 2, 16), date(2026, 2, 15))),
        rejects("the first, though it began later", N, PATH, |s| begins(s, date(2026, 2, 1), date(2026, 2, 2))),
        accepts("it begins on the first", N, |s| begins(s, date(2026, 2, 1), date(2026, 2, 1))),
        accepts("it begins on 29 February", N, |s| begins(s, date(2024, 2, 29), date(2024, 2, 29))),
        rejects("it begins a month later", N, PATH, |s| begins(s, date(2026, 2, 1), date(2026, 3, 1))),
        accepts("January of an allocation from December", N, |s| begins(s, date(2026, 1, 1), date(2025, 12, 31))),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
    ]
}
