//! A16: a general provision is not allocated to one person.
//!
//! General provisions are open to everybody without an allocation, and go before individual care. The register marks their
//! products (`general`).

use super::cover::care;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A16",
    nl: "Een algemene voorziening wordt niet individueel toegewezen.",
    en: "A general provision is not allocated to one person.",
    default_policy: Policy::Observe,
    parameters: &["products.csv flags"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    care(look)
        .iter()
        .filter(|care| care.is(look, Flag::General))
        .map(|care| {
            let (product, wat, what) = (product_name(&care.product), care.what.nl(), care.what.en());
            let nl = format!(
                "Product {product} is een algemene voorziening, waarvoor geen toewijzing nodig is; {wat}. Trek de toewijzing \
                 in en verwijs de inwoner naar de voorziening."
            );
            let en = format!(
                "Product {product} is a general provision, for which no allocation is needed; {what}. Withdraw the \
                 allocation and refer the person to the provision."
            );
            care.raise(look, nl, en)
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    vec![
        silent("an individual provision", Number::N301, |_| ()),
        raises("a general one", Number::N301, &["toewijzing 1001"], |s| s.mark("02A03", "general")),
        silent("a category of which one product is general", Number::N301, |s| {
            s.mark("02A03", "general");
            s.product("02", None);
        }),
        silent("one that is deleted", Number::N301, |s| {
            s.mark("02A03", "general");
            s.allocation().reden_wijziging = Some("13".into());
        }),
    ]
}
