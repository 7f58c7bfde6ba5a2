//! CD078: an allocation with a volume has no budget.
//!
//! When Omvang is present, Budget is absent. CD077 says the same from the other side; an allocation with both breaks
//! both, each at its own element.

use super::helpers::toegewezen_producten;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD078",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen product met omvang is Budget niet gevuld.",
    en: "An allocation with an Omvang has no budget.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter_map(|product| {
            let (omvang, budget) = (product.item.omvang.as_ref()?, product.item.budget?);
            let nummer = product.item.toewijzing_nummer;
            let (amount, quantity) = (figures::amount(budget), figures::quantity(omvang.volume, omvang.eenheid));
            let violation = Violation::at(
                product.place("Budget"),
                format!(
                    "Toewijzing {nummer} heeft een budget ({}) en een omvang ({}). Laat het budget \
                    weg als een omvang is toegewezen.",
                    amount.nl, quantity.nl
                ),
                format!(
                    "Allocation {nummer} has a budget ({}) and an Omvang ({}). Leave out the budget \
                    when an Omvang is allocated.",
                    amount.en, quantity.en
                ),
            );
            Some(violation.fact("volume", omvang.volume).fact("budget_cent", budget.0))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_product;
    use crate::message::Cents;
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Budget";
    const SECOND: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/Budget";
    vec![
        accepts("an Omvang only", Number::N301, |_| {}),
        accepts("a budget only", Number::N301, |s| {
            s.product().omvang = None;
            s.product().budget = Some(Cents(100_000));
        }),
        accepts("neither", Number::N301, |s| s.product().omvang = None),
        rejects("both", Number::N301, &[FIRST], |s| s.product().budget = Some(Cents(100_000))),
        rejects("both, with nothing in either, twice", Number::N301, &[FIRST, SECOND], |s| {
            s.product().budget = Some(Cents(0));
            s.product().omvang.as_mut().expect("the sample has one").volume = 0;
            add_product(s, |_| {});
        }),
    ]
}
