//! CD043: a decision of the municipality is named by its number and its first day together.
//!
//! `BeschikkingIngangsdatum` is present if and only if `BeschikkingNummer` is present. Either fault stands on
//! `BeschikkingIngangsdatum`.

use super::helpers::aangevraagde_producten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD043",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "BeschikkingIngangsdatum is gevuld als en alleen als BeschikkingNummer gevuld is.",
    en: "BeschikkingIngangsdatum is present if and only if BeschikkingNummer is present.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    aangevraagde_producten(case)
        .into_iter()
        .filter_map(|product| {
            let place = product.place("BeschikkingIngangsdatum");
            match (product.item.beschikking_nummer, product.item.beschikking_ingangsdatum) {
                (Some(nummer), None) => Some(
                    Violation::at(
                        place,
                        format!(
                            "Beschikking {nummer} wordt genoemd zonder haar ingangsdatum. Vul \
                            BeschikkingIngangsdatum in."
                        ),
                        format!("Decision {nummer} is named without its first day. Fill in BeschikkingIngangsdatum."),
                    )
                    .fact("beschikking_nummer", nummer),
                ),
                (None, Some(begin)) => Some(
                    Violation::at(
                        place,
                        format!(
                            "De ingangsdatum van een beschikking ({begin}) staat er zonder haar nummer. Vul \
                            BeschikkingNummer in, of laat de datum weg."
                        ),
                        format!(
                            "The first day of a decision ({begin}) stands without its number. Fill in \
                            BeschikkingNummer, or leave the date out."
                        ),
                    )
                    .date("beschikking_ingangsdatum", begin),
                ),
                (Some(_), Some(_)) | (None, None) => None,
            }
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_aangevraagd_product;
    use crate::message::{AangevraagdProduct, Count, Date};
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/BeschikkingIngangsdatum";
    const SECOND: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/BeschikkingIngangsdatum";
    fn set(product: &mut AangevraagdProduct, nummer: Option<Count>, begin: Option<Date>) {
        product.beschikking_nummer = nummer;
        product.beschikking_ingangsdatum = begin;
    }
    vec![
        accepts("neither", Number::N315, |s| set(s.aangevraagd_product(), None, None)),
        accepts("both", Number::N315, |s| set(s.aangevraagd_product(), Some(7), Some(date(2026, 4, 1)))),
        accepts("both, the decision begins after the allocation", Number::N315, |s| {
            set(s.aangevraagd_product(), Some(0), Some(date(2027, 1, 1)));
        }),
        rejects("a number without a date", Number::N315, &[FIRST], |s| set(s.aangevraagd_product(), Some(7), None)),
        rejects("number 0 without a date", Number::N315, &[FIRST], |s| set(s.aangevraagd_product(), Some(0), None)),
        rejects("a date without a number", Number::N315, &[FIRST], |s| {
            set(s.aangevraagd_product(), None, Some(date(2026, 4, 1)));
        }),
        rejects("only the second of three", Number::N315, &[SECOND], |s| {
            add_aangevraagd_product(s, |product| set(product, Some(7), None));
            add_aangevraagd_product(s, |product| set(product, Some(7), Some(date(2026, 4, 1))));
        }),
        rejects("one each way", Number::N315, &[FIRST, SECOND], |s| {
            add_aangevraagd_product(s, |product| set(product, None, Some(date(2026, 4, 1))));
            set(s.aangevraagd_product(), Some(7), None);
        }),
    ]
}
