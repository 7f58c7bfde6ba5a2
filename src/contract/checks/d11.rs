//! D11: every product belongs to a segment, so that its money has an account of its own.
//!
//! What the register cannot place is booked on the account `unmapped` and counts for no agreement. That the accounts tie
//! to the 325s is looked at by `sluis doctor`, with everything else that must add up.

use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::finding::Severity;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D11",
    nl: "Elk product hoort bij een segment, zodat het geld op een eigen rekening staat.",
    en: "Every product belongs to a segment, so that its money has an account of its own.",
    default_policy: Policy::Signal,
    parameters: &["products.csv segment, valid_from, valid_to"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    look.cared()
        .iter()
        .filter(|(_, product, on)| {
            let account = look.place(product, *on).slot.account;
            product.code.is_some() && account.is_some_and(|account| account.is_unmapped())
        })
        .map(|(nummer, product, on)| {
            let code = product_name(product);
            let nl = format!(
                "Product {code} staat op {on} niet in de productlijst van de regio: toewijzing {nummer} wordt geboekt \
                 zonder segment en telt voor geen afspraak. Vul de productlijst aan."
            );
            let en = format!(
                "Product {code} is not on the product list of the region on {on}: allocation {nummer} is booked without \
                 a segment and counts for no agreement. Add it to the product list."
            );
            let year = on.year();
            let raised = Raised::new(format!("product {code} {year}"), Severity::Warning, nl, en);
            raised.about([*nummer]).at_most(Policy::Signal).fact("product", code).fact("datum", on.to_string())
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    vec![
        silent("a product of the list", Number::N301, |_| ()),
        silent("a claim of a product of the list", Number::N323, |_| ()),
        raises("a product that nobody knows", Number::N301, &["product 02Z99 2026"], |s| {
            s.product("02", Some("02Z99"));
        }),
        silent("the last day on the list", Number::N301, |s| s.allocation().ingangsdatum = date(2026, 12, 31)),
        raises("the day after", Number::N301, &["product 02A03 2027"], |s| {
            s.allocation().ingangsdatum = date(2027, 1, 1);
        }),
        silent("an allocation by category", Number::N301, |s| s.product("02", None)),
        silent("a generic allocation", Number::N301, |s| s.allocation().product = None),
        raises("a claim of a product that nobody knows", Number::N323, &["product 02Z99 2026"], |s| {
            s.line().code = "02Z99".into();
        }),
    ]
}
