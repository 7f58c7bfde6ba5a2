//! A1: the provider has a contract for the segment that the care belongs to.
//!
//! A subcontractor has none of its own: care is allocated to and claimed by the contract holder, so the text names it.
//! Care of a hospital and round-the-clock guidance have providers of their own (A19, A23).

use super::cover::{NUMBERS, regional};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;

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
    regional(look)
        .iter()
        .filter(|care| !care.is(look, Flag::Hospital) && !care.is(look, Flag::RoundTheClock))
        .filter(|care| care.contracts(look).is_empty())
        .map(|care| {
            let (segments, on, product) = (care.segments(), care.on, product_name(&care.product));
            let (wat, what) = (care.what.nl(), care.what.en());
            let mut nl = format!(
                "{name} heeft geen contract voor {segments}; {wat}, product {product}, op {on}. Kies een \
                 gecontracteerde aanbieder of leg het contract vast in het register."
            );
            let mut en = format!(
                "{name} has no contract for {segments}; {what}, product {product}, on {on}. Choose a \
                 contracted provider, or record the contract in the register."
            );
            if let Some(main) = main {
                nl = format!("{nl} Deze aanbieder is onderaannemer van {main}.");
                en = format!("{en} This provider is a subcontractor of {main}.");
            }
            let raised = care.raise_answering(look, Reden::NoContract, nl, en);
            if let Some(main) = main { raised.fact("hoofdaannemer", main.as_str()) } else { raised }
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::{Number, Party, Product};
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
        silent("a request under contract", Number::N315, |_| ()),
        raises("a request without contract", Number::N315, &["verzoek V-2026-1 02A03"], |s| s.provider("42420010")),
        silent("a request for a product that is not on the list", Number::N315, |s| {
            s.provider("42420010");
            s.asked().product = Some(Product { categorie: "02".into(), code: Some("02Z99".into()) });
        }),
        silent("a change under contract", Number::N317, |_| ()),
        raises("a longer allocation", Number::N317, &["verzoek V-2026-1 op toewijzing 1001"], |s| {
            s.provider("42420010");
        }),
        silent("a shorter allocation", Number::N317, |s| {
            s.provider("42420010");
            s.changed().einddatum = Some(jiff::civil::date(2026, 3, 31));
        }),
        raises(
            "two new products beside it",
            Number::N317,
            &["verzoek V-2026-1 02A01", "verzoek V-2026-1 02A02", "verzoek V-2026-1 op toewijzing 1001"],
            |s| {
                s.provider("42420010");
                s.asks_besides("02A01");
                s.asks_besides("02A02");
            },
        ),
        silent("national care is for A18", Number::N301, |s| {
            s.provider("42420010");
            s.mark("02A03", "national");
        }),
        silent("care of a hospital is for A19", Number::N301, |s| {
            s.provider("42420010");
            s.mark("02A03", "hospital");
        }),
        silent("round-the-clock care is for A23", Number::N301, |s| {
            s.provider("42420010");
            s.mark("02A03", "round_the_clock");
        }),
        raises("a claim without contract", Number::N323, &["toewijzing 1001"], |s| s.provider("42420010")),
        silent("a claim that was not granted", Number::N323, |s| {
            s.provider("42420010");
            s.granted.clear();
        }),
    ]
}
