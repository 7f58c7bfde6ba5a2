//! CD079: whoever allocates or asks for no budget names a product.
//!
//! When Budget is absent, Product is present, in the allocations of a 301, the requested products of a 315 and the new
//! products of a 317. A budget without a product is a generic allocation, a budget with a category only an aspecific one.
//! A product to change (317) has no element Product: it changes that of its allocation.

use super::provision::{Provision, provisions};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD079",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen, aangevraagd of nieuw product zonder budget is Product gevuld.",
    en: "An allocated, requested or new product without a budget names a product.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case)
        .into_iter()
        .filter(Provision::can_name_a_product)
        .filter(|provision| provision.budget.is_none() && provision.product.is_none())
        .map(|provision| {
            let name = &provision.name;
            Violation::at(
                provision.place("Product"),
                format!("{} heeft geen budget en geen product. Vul het product in, of een budget als het generiek is.", name.nl),
                format!("{} has no budget and no product. Fill in the product, or a budget when it is generic.", name.en),
            )
            .fact("budget_aanwezig", false)
            .fact("product_aanwezig", false)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::provision::change::{Aangevraagd, Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::rules::sample::{Row, accepts, rejects};
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("specific", P::NUMBER, |s| {
                P::at(s, 1);
            }),
            accepts("a category without a budget", P::NUMBER, |s| {
                P::at(s, 0).product().as_mut().expect("the sample has one").code = None;
            }),
            accepts("generic, of nothing", P::NUMBER, |s| {
                P::at(s, 0).budget_only(0);
                *P::at(s, 0).product() = None;
            }),
            rejects("neither", P::NUMBER, P::PRODUCT[0], |s| *P::at(s, 0).product() = None),
            rejects("nothing at all, in the second", P::NUMBER, P::PRODUCT[1], |s| {
                *P::at(s, 1).product() = None;
                *P::at(s, 1).omvang = None;
            }),
        ]
    }
    let mut rows = [rows::<Toegewezen>(), rows::<Aangevraagd>(), rows::<Nieuw>()].concat();
    rows.push(accepts("a product to change has no product of its own", Number::N317, |s| {
        *TeWijzigen::at(s, 0).omvang = None;
    }));
    rows
}
