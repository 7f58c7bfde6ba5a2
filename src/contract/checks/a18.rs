//! A18: care that is contracted nationally goes under the national contract, and nothing else does.
//!
//! Care of category 55 of the Jeugdwet (or marked `national`) is bought by all municipalities together. The contracts of
//! the region do not count for it; those of the segment that the register keeps for it do, where it keeps one. In a 315
//! the provider states whether a framework contract covers the care (`Raamcontract`): it does exactly for this care.
//!
//! Doubtful, with the choice made: the standard does not say which framework contracts `Raamcontract` means. Only national
//! care that is said to be under none is told; many systems fill in 1 for a regional contract too.

use super::cover::care;
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::message::{Body, Number};
use std::collections::BTreeSet;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A18",
    nl: "Landelijk ingekochte zorg valt onder het landelijke contract.",
    en: "Care that is contracted nationally falls under the national contract.",
    default_policy: Policy::Observe,
    parameters: &["products.csv category, flags", "contracts.csv"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let name = look.provider_name();
    let without = said_to_have_none(look);
    care(look)
        .iter()
        .filter(|care| care.is(look, Flag::National))
        .filter_map(|care| {
            let (product, on) = (product_name(&care.product), care.on);
            let (wat, what) = (care.what.nl(), care.what.en());
            let (nl, en) = if without.contains(&care.what.nl()) {
                (
                    format!(
                        "Product {product} is landelijk ingekocht, maar {wat} noemt geen raamcontract. Laat de aanbieder \
                         het raamcontract vermelden, of een product van de regio aanvragen."
                    ),
                    format!(
                        "Product {product} is contracted nationally, but {what} states no framework contract. Let the \
                         provider state it, or ask for a product of the region."
                    ),
                )
            } else if !care.is_unmapped() && !care.contracts(look).iter().any(|own| own.validity.holds_on(on)) {
                (
                    format!(
                        "{name} staat op {on} niet op de lijst van landelijke contracten; {wat}, product {product}. Kies een \
                         aanbieder die er wel op staat, of werk de lijst bij."
                    ),
                    format!(
                        "{name} is not on the list of national contracts on {on}; {what}, product {product}. Choose a \
                         provider that is, or bring the list up to date."
                    ),
                )
            } else {
                return None;
            };
            let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            let held = look.message.kind.number == Number::N301;
            let at_most = if held { Policy::Signal } else { raised.at_most };
            Some(raised.at_most(at_most).fact("categorie", care.product.categorie.as_str()))
        })
        .collect()
}

/// Requests that state no framework contract, as texts name them.
fn said_to_have_none(look: &Look<'_>) -> BTreeSet<String> {
    let Body::Aanvraag(client) = &look.message.body else { return BTreeSet::new() };
    let without =
        client.producten.iter().filter(|asked| asked.raamcontract.as_ref().is_none_or(|stated| stated.as_str() != "1"));
    without.map(|asked| format!("verzoek {}", asked.referentie_aanbieder)).collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    vec![
        silent("care of the region", Number::N301, |s| s.provider("42420010")),
        silent("at a provider on the list", Number::N301, |s| s.mark("02A03", "national")),
        raises("at a provider that is not", Number::N301, &["toewijzing 1001"], |s| {
            s.mark("02A03", "national");
            s.provider("42420010");
        }),
        raises("at one that was", Number::N301, &["toewijzing 1001"], |s| {
            s.mark("02A03", "national");
            s.provider("42420008");
        }),
        silent("no list is kept", Number::N301, |s| {
            s.youth();
            s.product("55", None);
        }),
        silent("a request with a framework contract", Number::N315, |s| s.mark("02A03", "national")),
        raises("a request that states there is none", Number::N315, &["verzoek V-2026-1 02A03"], |s| {
            s.mark("02A03", "national");
            s.asked().raamcontract = Some("2".into());
        }),
        raises("a request that states nothing", Number::N315, &["verzoek V-2026-1 55"], |s| {
            s.youth();
            s.asked().product = Some(crate::message::Product { categorie: "55".into(), code: None });
            s.asked().raamcontract = None;
        }),
        silent("a claim of a provider on the list", Number::N323, |s| s.mark("02A03", "national")),
        raises("a claim of one that is not", Number::N323, &["toewijzing 1001"], |s| {
            s.mark("02A03", "national");
            s.provider("42420010");
        }),
    ]
}
