//! CS058: a start or stop is delivered or deleted, never changed.
//!
//! `StatusAanlevering` is 1 (first delivery) or 3 (deletion). 2 and 9 are in the code list but barred (`OP033x2`).

use super::helpers::{start_producten, stop_producten};
use crate::message::{Law, Number, StatusAanlevering};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS058",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N305, Number::N307],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "StatusAanlevering is 1 (eerste aanlevering) of 3 (verwijderen).",
    en: "StatusAanlevering is 1 (first delivery) or 3 (deletion).",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let starts = start_producten(case)
        .into_iter()
        .filter_map(|start| judge(start.place("StatusAanlevering"), "start", start.item.status_aanlevering));
    let stops = stop_producten(case)
        .into_iter()
        .filter_map(|stop| judge(stop.place("StatusAanlevering"), "stop", stop.item.status_aanlevering));
    starts.chain(stops).collect()
}

/// `what`: a word that is the same in both languages.
fn judge(place: Place, what: &str, status: StatusAanlevering) -> Option<Violation> {
    match status {
        StatusAanlevering::Eerste | StatusAanlevering::Verwijderd => return None,
        StatusAanlevering::Gewijzigd | StatusAanlevering::Ongewijzigd => {}
    }
    let status = status.as_str();
    let violation = Violation::at(
        place,
        format!(
            "StatusAanlevering is {status}; gebruik 1 (eerste aanlevering) of 3 (verwijderen). \
            Verwijder een onjuiste {what} en lever haar opnieuw aan."
        ),
        format!(
            "StatusAanlevering is {status}; use 1 (first delivery) or 3 (deletion). Delete a wrong \
            {what} and deliver it anew."
        ),
    );
    Some(violation.fact("status_aanlevering", status))
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    vec![
        accepts("1", Number::N305, |_| {}),
        accepts("3", Number::N305, |s| s.start_product().status_aanlevering = StatusAanlevering::Verwijderd),
        rejects("2", Number::N305, &["/Bericht/Client/StartProducten/StartProduct[1]/StatusAanlevering"], |s| {
            s.start_product().status_aanlevering = StatusAanlevering::Gewijzigd;
        }),
        rejects(
            "9, twice",
            Number::N305,
            &[
                "/Bericht/Client/StartProducten/StartProduct[1]/StatusAanlevering",
                "/Bericht/Client/StartProducten/StartProduct[2]/StatusAanlevering",
            ],
            |s| {
                s.start_product().status_aanlevering = StatusAanlevering::Ongewijzigd;
                let copy = s.start_product().clone();
                s.start().producten.push(copy);
            },
        ),
        accepts("1", Number::N307, |_| {}),
        accepts("3", Number::N307, |s| s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd),
        rejects("9", Number::N307, &["/Bericht/Client/StopProducten/StopProduct[1]/StatusAanlevering"], |s| {
            s.stop_product().status_aanlevering = StatusAanlevering::Ongewijzigd;
        }),
        rejects(
            "2, in the second only",
            Number::N307,
            &["/Bericht/Client/StopProducten/StopProduct[2]/StatusAanlevering"],
            |s| {
                let mut copy = s.stop_product().clone();
                copy.status_aanlevering = StatusAanlevering::Gewijzigd;
                s.stop().producten.push(copy);
            },
        ),
    ]
}
