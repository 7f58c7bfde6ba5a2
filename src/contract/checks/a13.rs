//! A13: care under an open form of contract begins on or after the day on which the provider acceded.
//!
//! Where providers may accede later than others, the first day of their contracts for a segment is the accession. Care
//! before it, in a segment that was contracted by then, was given by somebody without a contract. Care before the segment
//! was contracted at all is for A4.
//!
//! Doubtful, with the choice made: the register does not tell which segments are open to accession. Wherever a provider's
//! contracts begin later than the period of the segment they are taken for one.

use super::cover::{NUMBERS, regional};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A13",
    nl: "De zorg begint niet voor de dag waarop de aanbieder tot het contract toetrad.",
    en: "The care does not begin before the day on which the provider acceded to the contract.",
    default_policy: Policy::Observe,
    parameters: &["contracts.csv valid_from", "region.toml period"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let name = look.provider_name();
    regional(look)
        .iter()
        .filter_map(|care| {
            let first = care.accession(look, &care.local(look))?;
            let (segments, on, product) = (care.segments(), care.on, product_name(&care.product));
            let (wat, what) = (care.what.nl(), care.what.en());
            let nl = format!(
                "{name} trad op {first} toe tot het contract voor {segments}; {wat}, product {product}, begint op {on}. Laat \
                 de zorg op of na die dag beginnen, of kies een aanbieder die er toen al was."
            );
            let en = format!(
                "{name} acceded to the contract for {segments} on {first}; {what}, product {product}, begins on {on}. Let \
                 the care begin on or after that day, or choose a provider that was there by then."
            );
            let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            Some(raised.fact("toetreding", first.to_string()))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Number;
    use jiff::civil::date;
    const EARLIER: &str = "wmo;02;02A03;Stabiliseren;wmo-integrale-ondersteuning;3;04;4;2;364;;2021-01-01;2021-12-31";
    // 42420002 has had a contract since 2025, in a segment that has been contracted since 2022.
    vec![
        silent("on the day of the accession", Number::N301, |s| {
            s.provider("42420002");
            s.allocation().ingangsdatum = date(2025, 1, 1);
        }),
        raises("on the day before", Number::N301, &["toewijzing 1001"], |s| {
            s.provider("42420002");
            s.allocation().ingangsdatum = date(2024, 12, 31);
        }),
        silent("before the segment was contracted is for A4", Number::N301, |s| {
            s.provider("42420002");
            s.add("products.csv", EARLIER);
            s.allocation().ingangsdatum = date(2021, 12, 31);
        }),
        silent("a provider of the first day", Number::N301, |s| {
            s.allocation().ingangsdatum = date(2022, 1, 1);
        }),
        raises("a segment without a stated period", Number::N301, &["toewijzing 1001"], |s| {
            s.provider("42420002");
            s.care("01", "01A01");
            s.begin("FICTIEF-H01", "2026-02-01");
        }),
        silent("a request after the accession", Number::N315, |s| s.provider("42420002")),
        raises("a request before it", Number::N315, &["verzoek V-2026-1 02A03"], |s| {
            s.provider("42420002");
            s.asked().toewijzing_ingangsdatum = date(2024, 12, 31);
        }),
        silent("a change after the accession", Number::N317, |s| s.provider("42420002")),
        raises("a change from before it", Number::N317, &["verzoek V-2026-1 op toewijzing 1001"], |s| {
            s.provider("42420002");
            s.changed().gewenste_ingangsdatum = date(2024, 12, 31);
        }),
        silent("a claim over a time after the accession", Number::N323, |s| s.provider("42420002")),
        raises("a claim over a time before it", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420002");
            s.line().periode.begindatum = date(2024, 12, 1);
        }),
    ]
}
