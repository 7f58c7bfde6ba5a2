//! TR318: `DeclaratiePeriode` follows the previous one of this provider with this municipality.
//!
//! The source asks for the next calendar month "if care was delivered in every month", which a receiver cannot see: a
//! gap may be right, and nobody may reject on what the sender does not know (OP095). A second declaration for the
//! latest month is right too (OP284, IV090). So only a `DeclaratiePeriode` before the latest accepted one is an error.

use crate::message::{Body, Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR318",
    sort: Sort::Technical,
    level: Level::Across,
    code: "8214",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Declaratie,
    nl: "De DeclaratiePeriode ligt niet voor de laatst aangeleverde DeclaratiePeriode.",
    en: "The DeclaratiePeriode is not before the latest one delivered.",
    needs: &[Need::Ledger],
    doubt: "Only a period earlier than the latest accepted one is an error; a gap and a second declaration for the \
            latest month are accepted.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Body::Declaratie(declaratie)) = (case.facts, &case.message.body) else {
        return Vec::new();
    };
    let begindatum = declaratie.periode.begindatum;
    let Some(latest) = facts.latest_declaratie_periode.filter(|latest| begindatum < *latest) else {
        return Vec::new();
    };
    vec![
        Violation::at(
            Place::declaratie("DeclaratiePeriode/Begindatum"),
            format!(
                "De DeclaratiePeriode begint op {begindatum}, voor de laatst verwerkte declaratieperiode vanaf \
                 {latest}; dien oudere prestaties in met die periode of een latere."
            ),
            format!(
                "The DeclaratiePeriode begins on {begindatum}, before the latest processed one from {latest}; claim \
                 older lines with that period or a later one."
            ),
        )
        .date("begindatum", begindatum)
        .date("laatste_begindatum", latest),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/DeclaratiePeriode/Begindatum"];
    vec![
        accepts("the first declaration", N, |_| {}),
        accepts("the next month", N, |s| s.facts.latest_declaratie_periode = Some(date(2026, 1, 1))),
        accepts("the same month again", N, |s| s.facts.latest_declaratie_periode = Some(date(2026, 2, 1))),
        accepts("after a gap", N, |s| s.facts.latest_declaratie_periode = Some(date(2025, 6, 1))),
        rejects("a month too early", N, PATH, |s| s.facts.latest_declaratie_periode = Some(date(2026, 3, 1))),
        rejects("December after January", N, PATH, |s| {
            s.declaratie().periode.begindatum = date(2025, 12, 1);
            s.facts.latest_declaratie_periode = Some(date(2026, 1, 1));
        }),
    ]
}
