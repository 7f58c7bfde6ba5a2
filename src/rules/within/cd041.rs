//! CD041: whoever allocates a specific product says how much of it.
//!
//! When `Product.Code` is present, Omvang is present. That a line has a budget instead changes nothing: a budget
//! belongs to allocations without a code.

use super::helpers::toegewezen_producten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD041",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen product met productcode is Omvang gevuld.",
    en: "An allocation with a product code has an Omvang.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter(|product| product.item.omvang.is_none())
        .filter_map(|product| {
            let code = product.item.product.as_ref()?.code.as_ref()?;
            let violation = Violation::at(
                product.place("Omvang"),
                format!(
                    "Toewijzing {} is voor productcode {code} en heeft geen omvang. Vul volume, eenheid en \
                    frequentie in.",
                    product.item.toewijzing_nummer
                ),
                format!(
                    "Allocation {} is for product code {code} and has no Omvang. Fill in volume, unit and \
                    frequency.",
                    product.item.toewijzing_nummer
                ),
            );
            Some(violation.fact("product_code", code.as_str()))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_product;
    use crate::message::{Cents, ToegewezenProduct};
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Omvang";
    const SECOND: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/Omvang";
    fn without(product: &mut ToegewezenProduct) {
        product.omvang = None;
        product.budget = Some(Cents(100_000));
    }
    vec![
        accepts("a code and an Omvang", Number::N301, |_| {}),
        accepts("a category and a budget", Number::N301, |s| {
            without(s.product());
            s.product().product.as_mut().expect("the sample has one").code = None;
        }),
        accepts("a budget only", Number::N301, |s| {
            without(s.product());
            s.product().product = None;
        }),
        rejects("a code and neither", Number::N301, &[FIRST], |s| s.product().omvang = None),
        rejects("a code and a budget, twice", Number::N301, &[FIRST, SECOND], |s| {
            without(s.product());
            add_product(s, |_| {});
        }),
    ]
}
