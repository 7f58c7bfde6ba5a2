//! CD075: a budget has an end.
//!
//! When Budget is present, Einddatum is present. The overview of kinds of allocation calls the end date of an output
//! budget optional; this condition is stricter and prevails.

use super::helpers::toegewezen_producten;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD075",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen product met budget is de einddatum gevuld.",
    en: "An allocation with a budget has an end date.",
    needs: &[],
    doubt: "The overview of kinds of allocation calls the end date of an output budget optional; the stricter \
        condition prevails.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter(|product| product.item.einddatum.is_none())
        .filter_map(|product| {
            let (nummer, budget) = (product.item.toewijzing_nummer, product.item.budget?);
            let amount = figures::amount(budget);
            let violation = Violation::at(
                product.place("Einddatum"),
                format!(
                    "Toewijzing {nummer} heeft een budget ({}) en geen einddatum. Vul de einddatum in.",
                    amount.nl
                ),
                format!(
                    "Allocation {nummer} has a budget ({}) and no end date. Fill in the end date.",
                    amount.en
                ),
            );
            Some(violation.fact("budget_cent", budget.0))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, ToegewezenProduct};
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Einddatum";
    fn budget(product: &mut ToegewezenProduct, cents: i64) {
        product.omvang = None;
        product.budget = Some(Cents(cents));
    }
    vec![
        accepts("a budget with an end", Number::N301, |s| budget(s.product(), 100_000)),
        accepts("an Omvang without an end", Number::N301, |s| s.product().einddatum = None),
        rejects("a budget without an end", Number::N301, &[PATH], |s| {
            budget(s.product(), 100_000);
            s.product().einddatum = None;
        }),
        rejects("a budget of nothing without an end", Number::N301, &[PATH], |s| {
            budget(s.product(), 0);
            s.product().einddatum = None;
        }),
    ]
}
