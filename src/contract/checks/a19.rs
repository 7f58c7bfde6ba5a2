//! A19: care by a hospital goes to the providers of its own small contract.
//!
//! Care of category 53 of the Jeugdwet (or marked `hospital`) has a track of its own beside the segments of the region. A
//! product that is not in the register is judged by the segments that expect its category.

use super::cover::care;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Flag;
use crate::message::Number;
use std::collections::BTreeSet;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A19",
    nl: "Ziekenhuiszorg gaat naar aanbieders met een contract daarvoor.",
    en: "Care by a hospital goes to providers with a contract for it.",
    default_policy: Policy::Observe,
    parameters: &["products.csv category, flags", "region.toml segment.categories", "contracts.csv"],
    run: Run::OnMessage { numbers: &[Number::N301], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let name = look.provider_name();
    care(look)
        .iter()
        .filter(|care| care.is(look, Flag::Hospital))
        .filter_map(|care| {
            let mut segments: BTreeSet<&str> = care.ids().collect();
            if segments.is_empty() {
                let expecting = look.register.region.segments.iter().filter(|(_, segment)| {
                    segment.categories.get(&look.law()).is_some_and(|all| all.contains(&care.product.categorie))
                });
                segments.extend(expecting.map(|(id, _)| id.as_str()));
            }
            let mut contracts = segments.iter().flat_map(|segment| look.register.contracts(look.aanbieder(), segment));
            if segments.is_empty() || contracts.any(|own| own.validity.holds_on(care.on)) {
                return None;
            }
            let (product, on) = (product_name(&care.product), care.on);
            let (wat, what) = (care.what.nl(), care.what.en());
            let tracks = segments.into_iter().collect::<Vec<_>>().join("/");
            let nl = format!(
                "{name} heeft op {on} geen contract voor ziekenhuiszorg ({tracks}); {wat}, product {product}. Kies een \
                 ziekenhuis met een contract, of leg het contract vast in het register."
            );
            let en = format!(
                "{name} has no contract for care by a hospital ({tracks}) on {on}; {what}, product {product}. Choose a \
                 hospital with a contract, or record the contract in the register."
            );
            Some(care.raise(look, nl, en).fact("spoor", tracks))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    const TRACK: &str = "FICTIEF-Z01;42420001;ziekenhuiszorg;*;active;2026-01-01;2026-12-31";
    vec![
        silent("other care", Number::N301, |s| s.provider("42420010")),
        silent("marked, under contract", Number::N301, |s| s.mark("02A03", "hospital")),
        raises("marked, without one", Number::N301, &["toewijzing 1001"], |s| {
            s.mark("02A03", "hospital");
            s.provider("42420010");
        }),
        raises("by its category, at a provider of the region", Number::N301, &["toewijzing 1001"], |s| {
            s.youth();
            s.product("53", None);
        }),
        silent("by its category, at a provider of the track", Number::N301, |s| {
            s.youth();
            s.product("53", None);
            s.add("contracts.csv", TRACK);
        }),
        raises("on the day before that contract", Number::N301, &["toewijzing 1001"], |s| {
            s.youth();
            s.product("53", None);
            s.add("contracts.csv", TRACK);
            s.allocation().ingangsdatum = date(2025, 12, 31);
        }),
    ]
}
