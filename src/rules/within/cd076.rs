//! CD076: a volume per week has an end.
//!
//! When `Omvang.Frequentie` is 2 (per week), the end date is present: without it the total over the allocation cannot be
//! computed (TR322). It holds for the allocations of a 301, the requested products of a 315 (`ToewijzingEinddatum`) and
//! the products to change and new products of a 317.

use super::provision::provisions;
use crate::message::{Frequentie, Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD076",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen, aangevraagd, te wijzigen of nieuw product met frequentie 2 (per week) is de einddatum \
        gevuld.",
    en: "An allocated, requested, changed or new product with frequency 2 (per week) has an end date.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case)
        .into_iter()
        .filter(|provision| {
            let per_week = provision.omvang.is_some_and(|omvang| omvang.frequentie == Frequentie::PerWeek);
            per_week && provision.end.is_none()
        })
        .map(|provision| {
            let name = &provision.name;
            Violation::at(
                provision.end_place(),
                format!("{} heeft frequentie 2 (per week) en geen einddatum. Vul de einddatum in.", name.nl),
                format!("{} has frequency 2 (per week) and no end date. Fill in the end date.", name.en),
            )
            .fact("frequentie", Frequentie::PerWeek.as_str())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::provision::change::{Aangevraagd, Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::rules::sample::{Row, Sample, accepts, rejects};
    fn endless<P: Provided>(s: &mut Sample, index: usize, frequentie: Frequentie) {
        let mut draft = P::at(s, index);
        *draft.end = None;
        draft.volume().frequentie = frequentie;
    }
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("per week with an end", P::NUMBER, |s| {
                P::at(s, 1);
            }),
            accepts("per day without one", P::NUMBER, |s| endless::<P>(s, 0, Frequentie::PerDag)),
            accepts("per month without one", P::NUMBER, |s| endless::<P>(s, 0, Frequentie::PerMaand)),
            accepts("in total without one", P::NUMBER, |s| endless::<P>(s, 0, Frequentie::Totaal)),
            accepts("no Omvang and no end", P::NUMBER, |s| {
                *P::at(s, 0).omvang = None;
                *P::at(s, 0).end = None;
            }),
            rejects("per week without one", P::NUMBER, P::END[0], |s| endless::<P>(s, 0, Frequentie::PerWeek)),
            rejects("per week without one, in the second", P::NUMBER, P::END[1], |s| {
                endless::<P>(s, 1, Frequentie::PerWeek);
            }),
        ]
    }
    [rows::<Toegewezen>(), rows::<Aangevraagd>(), rows::<TeWijzigen>(), rows::<Nieuw>()].concat()
}
