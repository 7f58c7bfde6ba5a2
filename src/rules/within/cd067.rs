//! CD067: a referrer who is not named by code is named by name.
//!
//! When `Verwijzer.Type` is 02, 03, 04 or 05 (a professional) and `ZorgverlenerCode` is absent, `Naam` is present. With
//! a code it must be absent (CD066).

use super::helpers::{aangevraagde_producten, is_professional};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD067",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Bij een verwijzer van type 02, 03, 04 of 05 zonder zorgverlenercode is de naam gevuld.",
    en: "A referrer of type 02, 03, 04 or 05 without a professional's code has a name.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    aangevraagde_producten(case)
        .into_iter()
        .filter(|product| {
            let verwijzer = &product.item.verwijzer;
            is_professional(verwijzer) && verwijzer.zorgverlener_code.is_none() && verwijzer.naam.is_none()
        })
        .map(|product| {
            let soort = product.item.verwijzer.soort.as_str();
            Violation::at(
                product.place("Verwijzer/Naam"),
                format!(
                    "De verwijzer (type {soort}) heeft geen zorgverlenercode en geen naam. Vul een van beide in, de \
                    code als die bekend is."
                ),
                format!(
                    "The referrer (type {soort}) has no professional's code and no name. Fill in one of the two, the \
                    code if it is known."
                ),
            )
            .fact("verwijzer_type", soort)
            .fact("zorgverlener_code_aanwezig", false)
            .fact("naam_aanwezig", false)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{add_aangevraagd_product, verwijzer};
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/Verwijzer/Naam";
    const THIRD: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[3]/Verwijzer/Naam";
    vec![
        accepts("a name", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("02", false, true)),
        accepts("a code", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("02", true, false)),
        accepts("both", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("02", true, true)),
        rejects("general practitioner", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("02", false, false);
        }),
        rejects("youth physician", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("03", false, false);
        }),
        rejects("certified institution", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("04", false, false);
        }),
        rejects("medical specialist", Number::N315, &[FIRST], |s| {
            s.aangevraagd_product().verwijzer = verwijzer("05", false, false);
        }),
        accepts("municipality", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("01", false, false)),
        accepts("no referrer", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("06", false, false)),
        accepts("court", Number::N315, |s| s.aangevraagd_product().verwijzer = verwijzer("08", false, false)),
        rejects("the first and the third", Number::N315, &[FIRST, THIRD], |s| {
            add_aangevraagd_product(s, |product| product.verwijzer = verwijzer("02", false, true));
            add_aangevraagd_product(s, |product| product.verwijzer = verwijzer("05", false, false));
            s.aangevraagd_product().verwijzer = verwijzer("03", false, false);
        }),
    ]
}
