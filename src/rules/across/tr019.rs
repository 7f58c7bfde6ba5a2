//! TR019: a start or stop names an allocation of this municipality to this provider for this client.
//!
//! Doubtful, with the choice made:
//! - Under task-based execution there is no allocation and `ToewijzingNummer` stays empty (IV096). A message does not
//!   show which kind of execution holds, so an empty `ToewijzingNummer` is not judged.
//! - An allocation deleted with `RedenWijziging` 13 counts as never sent (OP033x1): no match.
//! - A start or stop that only deletes an earlier one (`StatusAanlevering` 3) is not judged by its content. So a start
//!   whose allocation was deleted afterwards cannot be stopped any more, but it can be deleted.
//!
//! The finding does not tell whether an allocation with this number exists at another provider.

use super::deliveries::deliveries;
use super::helpers::Unusable;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR019",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9019",
    numbers: &[Number::N305, Number::N307],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een start of stop verwijst met ToewijzingNummer naar een toewijzing van deze gemeente aan deze aanbieder voor \
         deze cliënt.",
    en: "A start or stop names an allocation of this municipality to this provider for this client.",
    needs: &[Need::Ledger],
    doubt: "An empty ToewijzingNummer is not judged (task-based execution is possible); a deleted allocation is no \
            match.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    deliveries
        .with_content()
        .filter_map(|entry| {
            let nummer = entry.key.start.toewijzing_nummer?;
            let reason = match case.allocation(nummer) {
                None => Unusable::Unknown,
                Some(allocation) if allocation.person != deliveries.person => Unusable::OfAnother,
                Some(allocation) if allocation.is_deleted() => Unusable::TakenBack(allocation),
                Some(_) => return None,
            };
            Some(reason.violation(entry.place("ToewijzingNummer"), nummer))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    const N: Number = Number::N305;
    const FIRST: &str = "/Bericht/Client/StartProducten/StartProduct[1]/ToewijzingNummer";
    const SECOND: &str = "/Bericht/Client/StartProducten/StartProduct[2]/ToewijzingNummer";
    const STOP: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[1]/ToewijzingNummer"];
    const SECOND_STOP: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]/ToewijzingNummer"];
    vec![
        accepts("an allocation for this client", N, |_| {}),
        rejects("an unknown number", N, &[FIRST], |s| s.start_product().toewijzing_nummer = Some(1002)),
        accepts("no number", N, |s| s.start_product().toewijzing_nummer = None),
        rejects("of another provider", N, &[FIRST], |s| s.allocation().aanbieder = "42420002".into()),
        rejects("for another client", N, &[FIRST], |s| s.allocation().person = person(OTHER_BSN)),
        rejects("a client whom nobody resolved", N, &[FIRST], |s| s.facts.persons.clear()),
        rejects("a deleted allocation", N, &[FIRST], |s| s.allocation().reden_wijziging = Some("13".into())),
        accepts("a withdrawn allocation", N, |s| s.allocation().reden_wijziging = Some("01".into())),
        accepts("a deletion is not judged", N, |s| {
            s.start_product().toewijzing_nummer = Some(1002);
            s.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        rejects("only the wrong one of two", N, &[SECOND], |s| {
            let mut second = s.start_product().clone();
            second.toewijzing_nummer = Some(99_999_999);
            s.start().producten.push(second);
        }),
        accepts("a stop on an allocation for this client", Number::N307, |_| {}),
        rejects("a stop on an unknown number", Number::N307, STOP, |s| {
            s.stop_product().toewijzing_nummer = Some(1002);
        }),
        accepts("a stop without a number", Number::N307, |s| s.stop_product().toewijzing_nummer = None),
        rejects("a stop on an allocation of another provider", Number::N307, STOP, |s| {
            s.allocation().aanbieder = "42420002".into();
        }),
        rejects("a stop on an allocation for another client", Number::N307, STOP, |s| {
            s.allocation().person = person(OTHER_BSN);
        }),
        rejects("a stop on a deleted allocation", Number::N307, STOP, |s| {
            s.allocation().reden_wijziging = Some("13".into());
        }),
        accepts("the deletion of a stop is not judged", Number::N307, |s| {
            s.stop_product().toewijzing_nummer = Some(1002);
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        rejects("only the wrong one of two stops", Number::N307, SECOND_STOP, |s| {
            let mut second = s.stop_product().clone();
            second.toewijzing_nummer = Some(99_999_999);
            s.stop().producten.push(second);
        }),
    ]
}
