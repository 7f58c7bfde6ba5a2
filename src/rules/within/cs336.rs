//! CS336: the reason of change "administrative correction" has lapsed.
//!
//! `RedenWijziging` 01 is still in the code list, for old data, and is not used in a message. 14 (administrative
//! correction by the municipality) and 13 (deleted) have taken its place.

use super::helpers::toegewezen_producten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS336",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "RedenWijziging 01 (administratieve correctie, vervallen) wordt niet gebruikt.",
    en: "RedenWijziging 01 (administrative correction, lapsed) is not used.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// Reason of change (WMO002, JZ002) that has lapsed.
const LAPSED: &str = "01";

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter(|product| product.item.reden_wijziging.as_ref().is_some_and(|reden| reden.as_str() == LAPSED))
        .map(|product| {
            Violation::at(
                product.place("RedenWijziging"),
                format!(
                    "RedenWijziging {LAPSED} is vervallen. Gebruik 13 om de toewijzing te verwijderen, of 14 \
                    voor een administratieve correctie."
                ),
                format!(
                    "RedenWijziging {LAPSED} has lapsed. Use 13 to delete the allocation, or 14 for an \
                    administrative correction."
                ),
            )
            .fact("reden_wijziging", LAPSED)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_product;
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/RedenWijziging";
    const SECOND: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/RedenWijziging";
    vec![
        accepts("no reason", Number::N301, |_| {}),
        accepts("14", Number::N301, |s| s.product().reden_wijziging = Some("14".into())),
        accepts("02", Number::N301, |s| s.product().reden_wijziging = Some("02".into())),
        rejects("01", Number::N301, &[FIRST], |s| s.product().reden_wijziging = Some("01".into())),
        rejects("01 on the second", Number::N301, &[SECOND], |s| {
            add_product(s, |product| product.reden_wijziging = Some("01".into()));
        }),
    ]
}
