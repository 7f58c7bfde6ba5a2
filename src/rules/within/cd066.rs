//! CD066: a referrer who is named by code is not named by name as well.
//!
//! When `Verwijzer.Type` is 02, 03, 04 or 05 (a professional) and `ZorgverlenerCode` is present, `Naam` is absent. Its
//! counterpart without a code is CD067; what holds of the other types is CD068.

use super::helpers::{aangevraagde_producten, is_professional};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD066",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Bij een verwijzer van type 02, 03, 04 of 05 met een zorgverlenercode is de naam niet gevuld.",
    en: "A referrer of type 02, 03, 04 or 05 with a professional's code has no name.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    aangevraagde_producten(case)
        .into_iter()
        .filter(|product| {
            let verwijzer = &product.item.verwijzer;
            is_professional(verwijzer) && verwijzer.zorgverlener_code.is_some() && verwijzer.naam.is_some()
        })
        .map(|product| {
            let soort = product.item.verwijzer.soort.as_str();
            Violation::at(
                product.place("Verwijzer/Naam"),
                format!(
                    "De verwijzer (type {soort}) heeft een zorgverlenercode en een naam. Laat de naam weg: de code \
                    zegt al wie het is."
                ),
                format!(
                    "The referrer (type {soort}) has a professional's code and a name. Leave the name out: the code \
                    tells who it is."
                ),
            )
            .fact("verwijzer_type", soort)
            .fact("zorgverlener_code_aanwezig", true)
            .fact("naam_aanwezig", true)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{add_aangevraagd_product, verwijzer};
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/Verwijzer/Naam";
    const SECOND: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/Verwijzer/Naam";
    vec![
        accepts("a code", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("02", true, false)),
        accepts("a name", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("02", false, true)),
        accepts("neither", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("02", false, false)),
        rejects("general practitioner", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("02", true, true);
        }),
        rejects("youth physician", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("03", true, true);
        }),
        rejects("certified institution", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("04", true, true);
        }),
        rejects("medical specialist", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("05", true, true);
        }),
        accepts("municipality", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("01", true, true)),
        accepts("no referrer", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("06", true, true)),
        accepts("court", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("08", true, true)),
        rejects("only the second of three", Number::N315, &[SECOND], |s| {
            add_aangevraagd_product(s, |product| product.verwijzer = verwijzer("02", true, true));
            add_aangevraagd_product(s, |product| product.verwijzer = verwijzer("02", true, false));
        }),
    ]
}
