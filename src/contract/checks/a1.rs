//! A1: the provider has a contract for the segment that the care belongs to.
//!
//! A subcontractor has none of its own: care is allocated to and claimed by the contract holder, so the text names it.

use super::cover::{NUMBERS, care};
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A1",
    nl: "De aanbieder heeft een contract voor het segment van het product.",
    en: "The provider has a contract for the segment of the product.",
    default_policy: Policy::Observe,
    parameters: &["products.csv segment", "contracts.csv"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let name = look.provider_name();
    let main = look.register.provider(look.aanbieder()).and_then(|provider| provider.main_contractor.as_ref());
    care(look)
        .iter()
        .filter(|care| care.contracts(look).is_empty())
        .map(|care| {
            let (segments, on, product) = (care.segments(), care.on, product_name(&care.product));
            let nummer = care.toewijzing;
            let mut nl = format!(
                "{name} heeft geen contract voor {segments}; toewijzing {nummer}, product {product}, op {on}. Kies een \
                 gecontracteerde aanbieder of leg het contract vast in het register."
            );
            let mut en = format!(
                "{name} has no contract for {segments}; allocation {nummer}, product {product}, on {on}. Choose a \
                 contracted provider, or record the contract in the register."
            );
            if let Some(main) = main {
                nl = format!("{nl} Deze aanbieder is onderaannemer van {main}.");
                en = format!("{en} This provider is a subcontractor of {main}.");
            }
            let raised = care.raise(look, nl, en);
            if let Some(main) = main { raised.fact("hoofdaannemer", main.as_str()) } else { raised }
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::{Number, Party};
    vec![
        silent("a contract for the segment", Number::N301, |_| ()),
        silent("a claim under contract", Number::N323, |_| ()),
        raises("a provider without any contract", Number::N301, &["toewijzing 1001"], |s| s.provider("42420010")),
        raises("a contract for another segment only", Number::N301, &["toewijzing 1001"], |s| s.provider("42420004")),
        raises("a subcontractor", Number::N301, &["toewijzing 1001"], |s| s.provider("42420009")),
        raises("a provider that nobody knows", Number::N301, &["toewijzing 1001"], |s| {
            s.message.header.ontvanger = Party::from("99999999");
        }),
        silent("an ended contract is for A4", Number::N301, |s| s.provider("42420008")),
        silent("a contract elsewhere is for A2", Number::N301, |s| {
            s.provider("42420003");
            s.gemeente("0222");
        }),
        silent("a product that is not on the list", Number::N301, |s| s.product("02", Some("02Z99"))),
        silent("a generic allocation", Number::N301, |s| s.allocation().product = None),
        silent("an aspecific allocation that a contract covers", Number::N301, |s| s.product("02", None)),
        raises("an aspecific allocation that none covers", Number::N301, &["toewijzing 1001"], |s| {
            s.product("15", None);
        }),
        silent("a deleted allocation", Number::N301, |s| {
            s.provider("42420010");
            s.allocation().reden_wijziging = Some("13".into());
        }),
        silent("an allocation that is shortened", Number::N301, |s| {
            s.provider("42420010");
            s.knows_allocation(|_| ());
            s.allocation().einddatum = Some(jiff::civil::date(2026, 2, 1));
        }),
        raises("an allocation that is stretched", Number::N301, &["toewijzing 1001"], |s| {
            s.provider("42420010");
            s.knows_allocation(|_| ());
            s.allocation().einddatum = Some(jiff::civil::date(2026, 6, 30));
        }),
        raises("a claim without contract", Number::N323, &["toewijzing 1001"], |s| s.provider("42420010")),
        silent("a claim that was not granted", Number::N323, |s| {
            s.provider("42420010");
            s.granted.clear();
        }),
    ]
}
