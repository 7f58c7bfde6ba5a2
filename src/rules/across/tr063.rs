//! TR063: a start or stop can only be deleted when it was delivered before for this client.
//!
//! | message | key, beside the client |
//! |---|---|
//! | 305 | `ToewijzingNummer`, Product, Begindatum |
//! | 307 | the same, `RedenBeeindiging` and Einddatum |
//!
//! An absent part equals an absent part.
//!
//! Inferred: the earlier one was accepted and has not been deleted since (a deleted one counts as not sent). One
//! delivered in the same message does not count: deletions come first.

use super::deliveries::deliveries;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};
use std::collections::BTreeSet;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR063",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9063",
    numbers: &[Number::N305, Number::N307],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een start of stop kan alleen worden verwijderd als die eerder voor deze cliënt is aangeleverd.",
    en: "A start or stop can only be deleted when it was delivered before for this client.",
    needs: &[Need::Ledger],
    doubt: "The earlier one must have been accepted and not deleted since; one in the same message does not count.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    let earlier: BTreeSet<_> = deliveries.earlier().map(|(key, _)| key).collect();
    deliveries
        .deletions()
        .filter(|entry| !earlier.contains(&entry.key))
        .map(|entry| {
            let (what, key) = (entry.noun(), entry.key.phrase());
            let violation = Violation::at(
                entry.place("StatusAanlevering"),
                format!("Er is voor deze cliënt geen eerder aangeleverde {what} om te verwijderen ({}). Controleer deze gegevens.", key.nl),
                format!("There is no earlier {what} of this client to delete ({}). Verify these values.", key.en),
            )
            .date("begindatum", entry.key.start.begindatum);
            match entry.key.end {
                None => violation,
                Some(end) => violation.date("einddatum", end.einddatum).fact("reden", end.reden.as_str()),
            }
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, Sample, accepts, person, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N305;
    const PATH: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[1]/StatusAanlevering"];
    const STOP: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[1]/StatusAanlevering"];
    const SECOND_STOP: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]/StatusAanlevering"];
    const BEGIN: Date = date(2026, 1, 8);
    const END: Date = date(2026, 2, 28);
    fn delete_stop(sample: &mut Sample) {
        sample.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
    }
    fn delete(sample: &mut Sample) {
        sample.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
    }
    vec![
        accepts("a new start", N, |_| {}),
        rejects("nothing to delete", N, PATH, delete),
        accepts("an earlier start", N, |s| {
            s.earlier_start(BEGIN);
            delete(s);
        }),
        rejects("one that began a day earlier", N, PATH, |s| {
            s.earlier_start(date(2026, 1, 7));
            delete(s);
        }),
        rejects("one of another client", N, PATH, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].person = person(OTHER_BSN);
            delete(s);
        }),
        rejects("one on another allocation", N, PATH, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].toewijzing_nummer = Some(1002);
            delete(s);
        }),
        rejects("one without an allocation", N, PATH, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].toewijzing_nummer = None;
            delete(s);
        }),
        rejects("one of another code", N, PATH, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].product.as_mut().expect("it has a product").code = None;
            delete(s);
        }),
        rejects("only a stop", N, PATH, |s| {
            s.earlier_stop(BEGIN, "19", date(2026, 2, 1));
            delete(s);
        }),
        rejects("a start in the same message", N, PATH, |s| {
            delete(s);
            let mut new = s.start_product().clone();
            new.status_aanlevering = StatusAanlevering::Eerste;
            s.start().producten.push(new);
        }),
        accepts("task-based: no allocation on either side", N, |s| {
            s.start_product().toewijzing_nummer = None;
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].toewijzing_nummer = None;
            delete(s);
        }),
        accepts("a new stop", Number::N307, |_| {}),
        rejects("no stop to delete", Number::N307, STOP, delete_stop),
        accepts("an earlier stop", Number::N307, |s| {
            s.earlier_stop(BEGIN, "02", END);
            delete_stop(s);
        }),
        rejects("a stop for another reason", Number::N307, STOP, |s| {
            s.earlier_stop(BEGIN, "20", END);
            delete_stop(s);
        }),
        rejects("a stop a day later", Number::N307, STOP, |s| {
            s.earlier_stop(BEGIN, "02", date(2026, 3, 1));
            delete_stop(s);
        }),
        rejects("a stop of a start on another day", Number::N307, STOP, |s| {
            s.earlier_stop(date(2026, 1, 9), "02", END);
            delete_stop(s);
        }),
        rejects("a stop of another client", Number::N307, STOP, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].person = person(OTHER_BSN);
            delete_stop(s);
        }),
        rejects("a stop on another allocation", Number::N307, STOP, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].toewijzing_nummer = None;
            delete_stop(s);
        }),
        accepts("one of two stops of a start", Number::N307, |s| {
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.earlier_stop(BEGIN, "02", END);
            delete_stop(s);
        }),
        rejects("a stop in the same message", Number::N307, STOP, |s| {
            delete_stop(s);
            let mut new = s.stop_product().clone();
            new.status_aanlevering = StatusAanlevering::Eerste;
            s.stop().producten.push(new);
        }),
        accepts("task-based: a stop without allocation and product", Number::N307, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.stop_product().product = None;
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].toewijzing_nummer = None;
            s.facts.deliveries[1].product = None;
            delete_stop(s);
        }),
        rejects("only the wrong one of two stops", Number::N307, SECOND_STOP, |s| {
            s.earlier_stop(BEGIN, "02", END);
            delete_stop(s);
            let mut other = s.stop_product().clone();
            other.einddatum = date(2026, 2, 27);
            s.stop().producten.push(other);
        }),
    ]
}
