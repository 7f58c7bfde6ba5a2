//! A22: care that is taken out of the contract from a day on does not run past that day.
//!
//! A region that narrows its youth care takes products off its list from some day on, while the contracts run on. What
//! begins after that day the standard rejects (TR381, S329); what begins before and runs past it is told here. A product
//! whose list ends together with the contract is for A4.

use super::cover::{regional, sentence};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::message::{Date, Number};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A22",
    nl: "Een toewijzing loopt niet door na de dag waarop het product vervalt.",
    en: "An allocation does not run on after the day on which its product is taken off the list.",
    default_policy: Policy::Observe,
    parameters: &["products.csv valid_to"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    regional(look)
        .iter()
        .filter_map(|care| {
            let (until, last) = (care.until?, last_day_on_list(look, care)?);
            let next = last.tomorrow().ok()?;
            let contracted = care.local(look).iter().any(|contract| contract.validity.holds_on(next));
            if until <= last || !contracted {
                return None;
            }
            let (product, segments) = (product_name(&care.product), care.segments());
            let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
            let nl = format!(
                "{wat} loopt tot en met {until}; product {product} vervalt na {last} in {segments}. Laat het einde voor die \
                 dag vallen en kies voor de tijd erna een ander product."
            );
            let en = format!(
                "{what} runs until {until}; product {product} is taken out of {segments} after {last}. Let it end by then \
                 and choose another product for the time after it."
            );
            let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            Some(raised.fact("einddatum", until.to_string()).fact("laatste_dag", last.to_string()))
        })
        .collect()
}

/// The last day on which the code is on the list without a gap since the care begins; `None` when that is open.
fn last_day_on_list(look: &Look<'_>, care: &super::cover::Care) -> Option<Date> {
    let code = care.product.code.as_ref()?;
    let mut day = care.on;
    while let Some(product) = look.register.product(look.law(), code, day) {
        let last = product.validity.to?;
        day = last.tomorrow().ok()?;
    }
    day.yesterday().ok()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    const LATER: &str = "wmo;02;02A03;Stabiliseren;wmo-integrale-ondersteuning;3;04;4;2;364;;2026-04-01;2026-12-31";
    vec![
        silent("a product that stays", Number::N301, |_| ()),
        silent("ends with its product", Number::N301, |s| s.withdraw("02A03", "2026-03-31")),
        raises("ends on the day after it", Number::N301, &["toewijzing 1001"], |s| s.withdraw("02A03", "2026-03-30")),
        silent("a product that goes on under another row", Number::N301, |s| {
            s.withdraw("02A03", "2026-03-31");
            s.add("products.csv", LATER);
            s.allocation().einddatum = Some(date(2026, 12, 31));
        }),
        silent("a product that ends with the contract is for A4", Number::N301, |s| {
            s.allocation().einddatum = Some(date(2027, 1, 1));
        }),
        silent("a category", Number::N301, |s| {
            s.withdraw("02A03", "2026-03-30");
            s.product("02", None);
        }),
        silent("without an end", Number::N301, |s| {
            s.withdraw("02A03", "2026-03-30");
            s.allocation().einddatum = None;
        }),
        silent("a request until the last day", Number::N315, |s| s.withdraw("02A03", "2026-09-30")),
        raises("a request for a day longer", Number::N315, &["verzoek V-2026-1 02A03"], |s| {
            s.withdraw("02A03", "2026-09-29");
        }),
    ]
}
