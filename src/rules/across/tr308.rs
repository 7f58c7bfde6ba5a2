//! TR308: the period of a line does not end after its allocation, when that has an end.
//!
//! The most recent version of the allocation counts (IV013). An allocation that is shortened does not make a line wrong
//! that was granted before; so a credit that takes back a granted debit with the same period passes, or nobody could
//! ever correct that line.

use super::helpers::reverses_granted_debit;
use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR308",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9308",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductPeriode eindigt niet na de Einddatum van de toewijzing, als die er is.",
    en: "The ProductPeriode does not end after the Einddatum of the allocation, when there is one.",
    needs: &[Need::Ledger],
    doubt: "A credit of a granted debit passes though the allocation was shortened since, or it could not be \
            corrected.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let claimed = line.prestatie.periode.einddatum;
    let Some(allocation) = line.allocation else {
        return Vec::new();
    };
    let Some(einddatum) = allocation.einddatum.filter(|einddatum| claimed > *einddatum) else {
        return Vec::new();
    };
    if reverses_granted_debit(line) {
        return Vec::new();
    }
    let nummer = allocation.nummer;
    vec![
        Violation::at(
            line.place("ProductPeriode/Einddatum"),
            format!("De ProductPeriode eindigt op {claimed}; toewijzing {nummer} eindigt op {einddatum}. Declareer tot en met die dag."),
            format!("The ProductPeriode ends on {claimed}; allocation {nummer} ends on {einddatum}. Claim up to and including that day."),
        )
        .number("toewijzing_nummer", nummer)
        .date("periode_einddatum", claimed)
        .date("einddatum", einddatum),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Einddatum"];
    vec![
        accepts("before the last day", N, |_| {}),
        accepts("on the last day", N, |s| s.allocation().einddatum = Some(date(2026, 2, 28))),
        rejects("a day after the last day", N, PATH, |s| s.allocation().einddatum = Some(date(2026, 2, 27))),
        accepts("an open allocation", N, |s| s.allocation().einddatum = None),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
        accepts("a credit of a granted line, the allocation shortened since", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            s.allocation().einddatum = Some(date(2026, 2, 14));
        }),
        rejects("a credit of nothing", N, PATH, |s| {
            s.make_credit("P0");
            s.allocation().einddatum = Some(date(2026, 2, 14));
        }),
        rejects("a credit of another month", N, PATH, |s| {
            s.earlier_line("P0", |line| line.periode.begindatum = date(2026, 2, 2));
            s.make_credit("P0");
            s.allocation().einddatum = Some(date(2026, 2, 14));
        }),
    ]
}
