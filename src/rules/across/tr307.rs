//! TR307: the period of a line does not begin before its allocation.
//!
//! The most recent version of the allocation counts (IV013).

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR307",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9307",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductPeriode begint niet voor de Ingangsdatum van de toewijzing.",
    en: "The ProductPeriode does not begin before the Ingangsdatum of the allocation.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let begindatum = line.prestatie.periode.begindatum;
    let Some(allocation) = line.allocation.filter(|allocation| begindatum < allocation.ingangsdatum) else {
        return Vec::new();
    };
    let (nummer, ingangsdatum) = (allocation.nummer, allocation.ingangsdatum);
    vec![
        Violation::at(
            line.place("ProductPeriode/Begindatum"),
            format!("De ProductPeriode begint op {begindatum}; toewijzing {nummer} gaat in op {ingangsdatum}. Declareer vanaf die dag."),
            format!("The ProductPeriode begins on {begindatum}; allocation {nummer} begins on {ingangsdatum}. Claim from that day on."),
        )
        .number("toewijzing_nummer", nummer)
        .date("begindatum", begindatum)
        .date("ingangsdatum", ingangsdatum),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Begindatum"];
    vec![
        accepts("after the first day", N, |_| {}),
        accepts("on the first day", N, |s| s.allocation().ingangsdatum = date(2026, 2, 1)),
        rejects("a day before the first day", N, PATH, |s| s.allocation().ingangsdatum = date(2026, 2, 2)),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
    ]
}
