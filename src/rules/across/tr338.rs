//! TR338: a line names an allocation of this municipality to this provider.
//!
//! An allocation that was deleted (`RedenWijziging` 13) still exists here; TR384 refuses claims on it. When the number
//! is unknown, the other rules that need the allocation stay silent. The finding does not tell whether the number
//! exists at another provider.

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR338",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9338",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Het ToewijzingNummer van een prestatie is van een toewijzing van deze gemeente aan deze aanbieder.",
    en: "The ToewijzingNummer of a line is that of an allocation of this municipality to this provider.",
    needs: &[Need::Ledger],
    doubt: "A deleted allocation still counts as existing here and is refused by TR384.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    if line.allocation.is_some() {
        return Vec::new();
    }
    let (nummer, gemeente) = (line.prestatie.toewijzing_nummer, line.case.message.gemeente());
    vec![
        Violation::at(
            line.place("ToewijzingNummer"),
            format!("Gemeente {gemeente} heeft deze aanbieder geen toewijzing {nummer} gestuurd. Controleer het ToewijzingNummer."),
            format!("Municipality {gemeente} has sent this provider no allocation {nummer}. Verify the ToewijzingNummer."),
        )
        .number("toewijzing_nummer", nummer),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ToewijzingNummer"];
    vec![
        accepts("an allocation of this provider", N, |_| {}),
        accepts("a deleted one is for TR384", N, |s| s.allocation().reden_wijziging = Some("13".into())),
        rejects("an unknown number", N, PATH, |s| s.line().toewijzing_nummer = 1002),
        rejects("of another provider", N, PATH, |s| s.allocation().aanbieder = "42420002".into()),
    ]
}
