//! CD068: only a professional is named by a professional's code.
//!
//! When `Verwijzer.Type` is not 02, 03, 04 or 05, `ZorgverlenerCode` is absent. Whether there is a name is free then.

use super::helpers::{aangevraagde_producten, is_professional};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD068",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Bij een verwijzer van een ander type dan 02, 03, 04 of 05 is de zorgverlenercode niet gevuld.",
    en: "A referrer of another type than 02, 03, 04 or 05 has no professional's code.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    aangevraagde_producten(case)
        .into_iter()
        .filter(|product| {
            let verwijzer = &product.item.verwijzer;
            !is_professional(verwijzer) && verwijzer.zorgverlener_code.is_some()
        })
        .map(|product| {
            let soort = product.item.verwijzer.soort.as_str();
            Violation::at(
                product.place("Verwijzer/ZorgverlenerCode"),
                format!(
                    "De verwijzer heeft type {soort} en een zorgverlenercode; die past bij type 02, 03, 04 of 05. \
                    Laat de code weg, of verbeter het type."
                ),
                format!(
                    "The referrer has type {soort} and a professional's code, which fits type 02, 03, 04 or 05. \
                    Leave the code out, or correct the type."
                ),
            )
            .fact("verwijzer_type", soort)
            .fact("zorgverlener_code_aanwezig", true)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{add_aangevraagd_product, verwijzer};
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/Verwijzer/ZorgverlenerCode";
    const SECOND: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/Verwijzer/ZorgverlenerCode";
    vec![
        accepts("the municipality", Number::N315, |s| {
            s.aangevraagd_product().verwijzer = verwijzer("01", false, false);
        }),
        accepts("no referrer, with a name", Number::N315, |s| {
            s.aangevraagd_product().verwijzer = verwijzer("06", false, true);
        }),
        rejects("municipality with a code", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("01", true, false);
        }),
        rejects("no referrer with a code and a name", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("06", true, true);
        }),
        rejects("court with a code", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("08", true, false);
        }),
        accepts("general practitioner", Number::N315, |s| {
            s.aangevraagd_product().verwijzer = verwijzer("02", true, false);
        }),
        accepts("youth physician", Number::N315, |s| {
            s.aangevraagd_product().verwijzer = verwijzer("03", true, false);
        }),
        accepts("certified institution", Number::N315, |s| {
            s.aangevraagd_product().verwijzer = verwijzer("04", true, false);
        }),
        accepts("medical specialist", Number::N315, |s| {
            s.aangevraagd_product().verwijzer = verwijzer("05", true, false);
        }),
        rejects("only the second of three", Number::N315, &[SECOND], |s| {
            add_aangevraagd_product(s, |product| product.verwijzer = verwijzer("08", true, false));
            add_aangevraagd_product(s, |product| product.verwijzer = verwijzer("05", true, false));
        }),
    ]
}
