//! CS335: an allocation is deleted by letting it end on the day it begins.
//!
//! `RedenWijziging` 13 (deleted) goes only with an Einddatum equal to Ingangsdatum. The reverse does not hold: an
//! allocation of one day without 13 is an ordinary allocation.

use super::helpers::toegewezen_producten;
use crate::message::body::VERWIJDERD;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS335",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "RedenWijziging 13 (verwijderd) staat alleen bij een einddatum gelijk aan de ingangsdatum.",
    en: "RedenWijziging 13 (deleted) only goes with an end date equal to the begin date.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter(|product| {
            product.item.is_deleted() && product.item.einddatum != Some(product.item.ingangsdatum)
        })
        .map(|product| {
            let begin = product.item.ingangsdatum;
            let place = product.place("RedenWijziging");
            match product.item.einddatum {
                Some(end) => Violation::at(
                    place,
                    format!(
                        "RedenWijziging is {VERWIJDERD} (verwijderd), maar de einddatum {end} is niet de \
                        ingangsdatum {begin}. Maak bij verwijderen de einddatum gelijk aan de ingangsdatum."
                    ),
                    format!(
                        "RedenWijziging is {VERWIJDERD} (deleted), but the end date {end} is not the begin date \
                        {begin}. To delete, make them equal."
                    ),
                )
                .date("einddatum", end),
                None => Violation::at(
                    place,
                    format!(
                        "RedenWijziging is {VERWIJDERD} (verwijderd), maar er is geen einddatum. Vul bij \
                        verwijderen de ingangsdatum {begin} als einddatum in."
                    ),
                    format!(
                        "RedenWijziging is {VERWIJDERD} (deleted), but there is no end date. To delete, use the \
                        begin date {begin} as the end date."
                    ),
                ),
            }
            .fact("reden_wijziging", VERWIJDERD)
            .date("ingangsdatum", begin)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_product;
    use crate::message::Date;
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/RedenWijziging";
    const SECOND: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/RedenWijziging";
    fn set(s: &mut Sample, reden: Option<&str>, einddatum: Option<Date>) {
        s.product().reden_wijziging = reden.map(Into::into);
        s.product().einddatum = einddatum;
    }
    vec![
        accepts("deleted", Number::N301, |s| set(s, Some("13"), Some(date(2026, 1, 1)))),
        accepts("one day without a reason", Number::N301, |s| set(s, None, Some(date(2026, 1, 1)))),
        accepts("another reason", Number::N301, |s| set(s, Some("05"), Some(date(2026, 2, 28)))),
        rejects("13 with an end a day later", Number::N301, &[FIRST], |s| set(s, Some("13"), Some(date(2026, 1, 2)))),
        rejects("13 with an end a day earlier", Number::N301, &[FIRST], |s| {
            set(s, Some("13"), Some(date(2025, 12, 31)));
        }),
        rejects("13 without an end, twice", Number::N301, &[FIRST, SECOND], |s| {
            set(s, Some("13"), None);
            add_product(s, |_| {});
        }),
    ]
}
