//! CS058: a start is delivered or deleted, never changed.
//!
//! `StatusAanlevering` is 1 (first delivery) or 3 (deletion). 2 and 9 are in the code list but barred (`OP033x2`).

use super::helpers::start_producten;
use crate::message::{Law, Number, StatusAanlevering};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS058",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N305],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "StatusAanlevering is 1 (eerste aanlevering) of 3 (verwijderen).",
    en: "StatusAanlevering is 1 (first delivery) or 3 (deletion).",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    start_producten(case)
        .into_iter()
        .filter(|start| match start.item.status_aanlevering {
            StatusAanlevering::Eerste | StatusAanlevering::Verwijderd => false,
            StatusAanlevering::Gewijzigd | StatusAanlevering::Ongewijzigd => true,
        })
        .map(|start| {
            let status = start.item.status_aanlevering.as_str();
            Violation::at(
                start.place("StatusAanlevering"),
                format!(
                    "StatusAanlevering is {status}; gebruik 1 (eerste aanlevering) of 3 (verwijderen). \
                    Verwijder een onjuiste start en lever haar opnieuw aan."
                ),
                format!(
                    "StatusAanlevering is {status}; use 1 (first delivery) or 3 (deletion). Delete a wrong \
                    start and deliver it anew."
                ),
            )
            .fact("status_aanlevering", status)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Client/StartProducten/StartProduct[1]/StatusAanlevering";
    const SECOND: &str = "/Bericht/Client/StartProducten/StartProduct[2]/StatusAanlevering";
    vec![
        accepts("1", Number::N305, |_| {}),
        accepts("3", Number::N305, |s| s.start_product().status_aanlevering = StatusAanlevering::Verwijderd),
        rejects("2", Number::N305, &[FIRST], |s| {
            s.start_product().status_aanlevering = StatusAanlevering::Gewijzigd;
        }),
        rejects("9, twice", Number::N305, &[FIRST, SECOND], |s| {
            s.start_product().status_aanlevering = StatusAanlevering::Ongewijzigd;
            let copy = s.start_product().clone();
            s.start().producten.push(copy);
        }),
    ]
}
