//! TR384: nothing can be claimed on a deleted allocation.
//!
//! Deleted means that the latest version has `RedenWijziging` 13; 01 is not named by the source and does not count.

use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR384",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9384",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Op een verwijderde toewijzing kan niet worden gedeclareerd.",
    en: "Nothing can be claimed on a deleted allocation.",
    needs: &[Need::Ledger],
    doubt: "RedenWijziging 01 does not count as deleted, since the source names 13 only.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some(allocation) = line.allocation.filter(|allocation| allocation.is_deleted()) else {
        return Vec::new();
    };
    let (nummer, earlier) = (allocation.nummer, figures::earlier(&allocation.message));
    vec![
        Violation::at(
            line.place("ToewijzingNummer"),
            format!("Toewijzing {nummer} is verwijderd met {}. Declareer op een geldige toewijzing.", earlier.nl),
            format!("Allocation {nummer} was deleted by {}. Claim on a valid allocation.", earlier.en),
        )
        .earlier(&allocation.message)
        .number("toewijzing_nummer", nummer),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ToewijzingNummer"];
    vec![
        accepts("an unchanged allocation", N, |_| {}),
        rejects("a deleted allocation", N, PATH, |s| s.allocation().reden_wijziging = Some("13".into())),
        accepts("a withdrawn allocation", N, |s| s.allocation().reden_wijziging = Some("01".into())),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
    ]
}
