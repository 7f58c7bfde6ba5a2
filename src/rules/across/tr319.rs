//! TR319: the period of a line lies in the `DeclaratiePeriode` or in an earlier month.
//!
//! With CS337 (a `ProductPeriode` stays within one month) and CS340 (a `DeclaratiePeriode` is one month) that comes
//! down to: it does not end after the `DeclaratiePeriode`. The source files the rule under those across messages,
//! though the message alone shows it.

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR319",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9319",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductPeriode ligt in de DeclaratiePeriode of in een eerdere kalendermaand.",
    en: "The ProductPeriode lies in the DeclaratiePeriode or in an earlier calendar month.",
    needs: &[],
    doubt: "",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let (claimed, last) = (line.prestatie.periode.einddatum, line.declaratie.periode.einddatum);
    if claimed <= last {
        return Vec::new();
    }
    vec![
        Violation::at(
            line.place("ProductPeriode/Einddatum"),
            format!("De ProductPeriode eindigt op {claimed}, na de DeclaratiePeriode, die eindigt op {last}. Declareer de prestatie in een latere DeclaratiePeriode."),
            format!("The ProductPeriode ends on {claimed}, after the DeclaratiePeriode, which ends on {last}. Claim the line in a later DeclaratiePeriode."),
        )
        .date("periode_einddatum", claimed)
        .date("declaratieperiode_einddatum", last),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Einddatum"];
    vec![
        accepts("the same month", N, |_| {}),
        accepts("an earlier month", N, |s| s.line().periode.einddatum = date(2026, 1, 31)),
        accepts("December, claimed in January", N, |s| {
            s.line().periode.einddatum = date(2025, 12, 31);
            s.declaratie().periode.einddatum = date(2026, 1, 31);
        }),
        rejects("a day after it", N, PATH, |s| s.line().periode.einddatum = date(2026, 3, 1)),
        rejects("29 February after a period to the 28th", N, PATH, |s| {
            s.line().periode.einddatum = date(2024, 2, 29);
            s.declaratie().periode.einddatum = date(2024, 2, 28);
        }),
    ]
}
