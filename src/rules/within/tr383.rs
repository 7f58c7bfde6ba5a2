//! TR383: every product that a 315 asks for has a reference of its own.
//!
//! The answer to each comes by its `ReferentieAanbieder` (TR347), so no two of one message are equal. The second and
//! later ones are named, each with the first. The reference is also the key of the class, so that TR101 says the same.

use super::helpers::{aangevraagde_producten, repeats};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR383",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Elk aangevraagd product in een bericht heeft een eigen ReferentieAanbieder.",
    en: "Each requested product in a message has a ReferentieAanbieder of its own.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let producten = aangevraagde_producten(case);
    repeats(producten.iter().map(|product| &product.item.referentie_aanbieder))
        .into_iter()
        .map(|(index, first)| {
            let (referentie, ordinal) = (&producten[index].item.referentie_aanbieder, first + 1);
            Violation::at(
                producten[index].place("ReferentieAanbieder"),
                format!(
                    "Referentie {referentie} staat ook bij aangevraagd product {ordinal}. Geef elk aangevraagd \
                    product een eigen referentie."
                ),
                format!(
                    "Reference {referentie} also stands on requested product {ordinal}. Give each requested product \
                    a reference of its own."
                ),
            )
            .fact("referentie_aanbieder", referentie.as_str())
            .fact("eerste", producten[first].place("").path())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_aangevraagd_product;
    use crate::rules::sample::{VERZOEK, accepts, rejects};
    const SECOND: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/ReferentieAanbieder";
    const THIRD: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[3]/ReferentieAanbieder";
    vec![
        accepts("one product", Number::N315, |_| {}),
        accepts("three references", Number::N315, |s| {
            add_aangevraagd_product(s, |_| {});
            add_aangevraagd_product(s, |_| {});
        }),
        rejects("one reference for two", Number::N315, &[SECOND], |s| {
            add_aangevraagd_product(s, |product| product.referentie_aanbieder = VERZOEK.into());
        }),
        rejects("one reference for three", Number::N315, &[SECOND, THIRD], |s| {
            add_aangevraagd_product(s, |product| product.referentie_aanbieder = VERZOEK.into());
            add_aangevraagd_product(s, |product| product.referentie_aanbieder = VERZOEK.into());
        }),
        rejects("another product, with one between", Number::N315, &[THIRD], |s| {
            add_aangevraagd_product(s, |_| {});
            add_aangevraagd_product(s, |product| {
                product.referentie_aanbieder = VERZOEK.into();
                product.product = None;
            });
        }),
        accepts("references that differ in case", Number::N315, |s| {
            add_aangevraagd_product(s, |product| product.referentie_aanbieder = "v-2026-1".into());
        }),
    ]
}
