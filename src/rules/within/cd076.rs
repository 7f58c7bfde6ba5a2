//! CD076: a volume per week has an end.
//!
//! When `Omvang.Frequentie` is 2 (per week), Einddatum is present: without it the total over the allocation cannot be
//! computed (TR322).

use super::helpers::toegewezen_producten;
use crate::message::{Frequentie, Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD076",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen product met frequentie 2 (per week) is de einddatum gevuld.",
    en: "An allocation with frequency 2 (per week) has an end date.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter(|product| {
            let per_week = product.item.omvang.as_ref().is_some_and(|omvang| omvang.frequentie == Frequentie::PerWeek);
            per_week && product.item.einddatum.is_none()
        })
        .map(|product| {
            let nummer = product.item.toewijzing_nummer;
            Violation::at(
                product.place("Einddatum"),
                format!("Toewijzing {nummer} heeft frequentie 2 (per week) en geen einddatum. Vul de einddatum in."),
                format!("Allocation {nummer} has frequency 2 (per week) and no end date. Fill in the end date."),
            )
            .fact("frequentie", Frequentie::PerWeek.as_str())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    const PATH: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Einddatum";
    fn endless(s: &mut Sample, frequentie: Frequentie) {
        s.product().einddatum = None;
        s.product().omvang.as_mut().expect("the sample has one").frequentie = frequentie;
    }
    vec![
        accepts("per week with an end", Number::N301, |_| {}),
        accepts("per day without one", Number::N301, |s| endless(s, Frequentie::PerDag)),
        accepts("per month without one", Number::N301, |s| endless(s, Frequentie::PerMaand)),
        accepts("in total without one", Number::N301, |s| endless(s, Frequentie::Totaal)),
        accepts("no Omvang and no end", Number::N301, |s| {
            s.product().omvang = None;
            s.product().einddatum = None;
        }),
        rejects("per week without one", Number::N301, &[PATH], |s| endless(s, Frequentie::PerWeek)),
    ]
}
