//! CD075: a budget has an end.
//!
//! When Budget is present, the end date is present: Einddatum of an allocation (301), of a product to change and of a
//! new product (317), `ToewijzingEinddatum` of a requested product (315). The overview of kinds of allocation calls the
//! end date of an output budget optional; this condition is stricter and prevails.

use super::provision::provisions;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD075",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen, aangevraagd, te wijzigen of nieuw product met budget is de einddatum gevuld.",
    en: "An allocated, requested, changed or new product with a budget has an end date.",
    needs: &[],
    doubt: "The overview of kinds of allocation calls the end date of an output budget optional; the stricter \
        condition prevails.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case)
        .into_iter()
        .filter(|provision| provision.end.is_none())
        .filter_map(|provision| {
            let budget = provision.budget?;
            let amount = figures::amount(budget);
            let name = &provision.name;
            let violation = Violation::at(
                provision.end_place(),
                format!("{} heeft een budget ({}) en geen einddatum. Vul de einddatum in.", name.nl, amount.nl),
                format!("{} has a budget ({}) and no end date. Fill in the end date.", name.en, amount.en),
            );
            Some(violation.fact("budget_cent", budget.0))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::provision::change::{Aangevraagd, Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::rules::sample::{Row, accepts, rejects};
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("a budget with an end", P::NUMBER, |s| P::at(s, 0).budget_only(100_000)),
            accepts("an Omvang without an end", P::NUMBER, |s| *P::at(s, 0).end = None),
            rejects("a budget without an end", P::NUMBER, P::END[0], |s| {
                P::at(s, 0).budget_only(100_000);
                *P::at(s, 0).end = None;
            }),
            rejects("a budget of nothing without an end, in the second", P::NUMBER, P::END[1], |s| {
                P::at(s, 1).budget_only(0);
                *P::at(s, 1).end = None;
            }),
        ]
    }
    [rows::<Toegewezen>(), rows::<Aangevraagd>(), rows::<TeWijzigen>(), rows::<Nieuw>()].concat()
}
