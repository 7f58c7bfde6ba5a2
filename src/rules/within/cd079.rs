//! CD079: an allocation without a budget names a product.
//!
//! When Budget is absent, Product is present. A budget without a product is a generic allocation, a budget with a
//! category only an aspecific one.

use super::helpers::toegewezen_producten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD079",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen product zonder budget is Product gevuld.",
    en: "An allocation without a budget names a product.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter(|product| product.item.budget.is_none() && product.item.product.is_none())
        .map(|product| {
            let nummer = product.item.toewijzing_nummer;
            Violation::at(
                product.place("Product"),
                format!(
                    "Toewijzing {nummer} heeft geen budget en geen product. Vul het product in, of een budget \
                    bij een generieke toewijzing."
                ),
                format!(
                    "Allocation {nummer} has no budget and no product. Fill in the product, or a budget for a \
                    generic allocation."
                ),
            )
            .fact("toewijzing_nummer", nummer)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::Cents;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Product";
    vec![
        accepts("specific", Number::N301, |_| {}),
        accepts("a category without a budget", Number::N301, |s| {
            s.product().product.as_mut().expect("the sample has one").code = None;
        }),
        accepts("generic", Number::N301, |s| {
            s.product().product = None;
            s.product().omvang = None;
            s.product().budget = Some(Cents(0));
        }),
        rejects("neither", Number::N301, &[PATH], |s| s.product().product = None),
        rejects("nothing at all", Number::N301, &[PATH], |s| {
            s.product().product = None;
            s.product().omvang = None;
        }),
    ]
}
