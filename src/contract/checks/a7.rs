//! A7: a subcontractor works for the contract holder, and neither gets allocations nor claims by itself.
//!
//! Told beside A1 when the contract holder could have done it: the care is then in the wrong name, which another message
//! can mend. A provider that is a subcontractor somewhere and has a contract of its own for this care is in order. That
//! nothing was allocated to the subcontractor at all, the standard tells itself (9338).

use super::cover::{Care, regional};
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::message::{Number, Party};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A7",
    nl: "Zorg van een onderaannemer staat op naam van de hoofdaannemer.",
    en: "Care by a subcontractor is in the name of the main contractor.",
    default_policy: Policy::Observe,
    parameters: &["providers.csv main_contractor", "contracts.csv"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let Some(main) = look.register.provider(look.aanbieder()).and_then(|provider| provider.main_contractor.as_ref())
    else {
        return Vec::new();
    };
    let is_claim = look.message.kind.number == Number::N323;
    let name = look.provider_name();
    regional(look)
        .iter()
        .filter(|care| care.contracts(look).is_empty() && holds(look, main, care))
        .map(|care| {
            let (segments, product) = (care.segments(), product_name(&care.product));
            let (wat, what) = (care.what.nl(), care.what.en());
            let (todo_nl, todo_en) = if is_claim {
                ("Laat de hoofdaannemer declareren", "Let the main contractor claim it")
            } else {
                ("Wijs toe aan de hoofdaannemer", "Allocate it to the main contractor")
            };
            let nl = format!(
                "{name} is onderaannemer van {main}, die voor {segments} wel een contract heeft; {wat}, product \
                 {product}. {todo_nl}."
            );
            let en = format!(
                "{name} is a subcontractor of {main}, which does have a contract for {segments}; {what}, product \
                 {product}. {todo_en}."
            );
            care.raise(look, nl, en).at_most(Policy::Signal).fact("hoofdaannemer", main.as_str())
        })
        .collect()
}

/// Whether a provider has a contract for the care, here and on its first day.
fn holds(look: &Look<'_>, agb: &Party, care: &Care) -> bool {
    care.ids()
        .flat_map(|segment| look.register.contracts(agb, segment))
        .any(|contract| contract.validity.holds_on(care.on) && look.register.covers(contract, look.gemeente()))
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    const EARLIER: &str = "wmo;02;02A03;Stabiliseren;wmo-integrale-ondersteuning;3;04;4;2;364;;2021-01-01;2021-12-31";
    const OWN: &str = "FICTIEF-EIGEN;42420009;wmo-integrale-ondersteuning;*;active;2022-01-01;2026-12-31";
    vec![
        silent("a main contractor", Number::N301, |_| ()),
        raises("a subcontractor", Number::N301, &["toewijzing 1001"], |s| s.provider("42420009")),
        silent("a subcontractor with a contract of its own", Number::N301, |s| {
            s.add("contracts.csv", OWN);
            s.provider("42420009");
        }),
        silent("the main contractor has none either", Number::N301, |s| {
            s.provider("42420009");
            s.care("15", "15A01");
        }),
        silent("nor on that day", Number::N301, |s| {
            s.provider("42420009");
            s.add("products.csv", EARLIER);
            s.allocation().ingangsdatum = date(2021, 12, 31);
        }),
        silent("a provider that nobody knows", Number::N301, |s| s.provider("99999999")),
        silent("a claim of the main contractor", Number::N323, |_| ()),
        raises("a claim of the subcontractor", Number::N323, &["toewijzing 1001"], |s| s.provider("42420009")),
    ]
}
