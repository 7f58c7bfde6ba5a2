//! TR326: a new start is refused while an actual start of the same allocated product stands.
//!
//! A start is actual when no stop with its key elements (`ToewijzingNummer`, Product, Begindatum) was reported and it
//! was not deleted. Any stop ends it, temporary or definitive, and a new start may follow either (OP379). The same
//! allocated product means: same client and `ToewijzingNummer`, or under task-based execution the same Product without
//! number.
//!
//! Inferred: deletions in the message come before its new starts; of two new starts on one allocation in one message
//! the second is refused. The start that is sent twice breaks TR074 as well: both codes are given.

use super::deliveries::{Subject, deliveries};
use crate::message::{Law, Number};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR326",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9326",
    numbers: &[Number::N305],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een nieuwe start kan pas als de lopende start van hetzelfde toegewezen product is gestopt of verwijderd.",
    en: "A new start can only follow when the actual start of the same allocated product was stopped or deleted.",
    needs: &[Need::Ledger],
    doubt: "Deletions in a message come before its new starts; of two new starts on one allocation the second is \
            refused.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    let (starts, stops): (Vec<_>, Vec<_>) = deliveries.standing().partition(|(key, _)| key.end.is_none());
    let stopped: BTreeSet<_> = stops.into_iter().map(|(key, _)| key.start).collect();
    let mut actual = BTreeMap::new();
    for (key, delivery) in starts.into_iter().filter(|(key, _)| !stopped.contains(&key.start)) {
        actual.entry(key.start.subject()).or_insert(delivery);
    }
    let mut first = BTreeMap::new();
    deliveries
        .new_ones()
        .filter_map(|entry| {
            let subject = entry.key.start.subject();
            let first = *first.entry(subject).or_insert(entry);
            let what = phrase(subject);
            if let Some(actual) = actual.get(&subject) {
                let (since, earlier) = (actual.begindatum, figures::earlier(&actual.message));
                let violation = Violation::at(
                    entry.place(""),
                    format!("{} loopt al vanaf {since} ({}), zonder stop of verwijdering. Meld eerst de stop, of verwijder de lopende start.", what.nl, earlier.nl),
                    format!("{} runs since {since} ({}), neither stopped nor deleted. Report the stop first, or delete that start.", what.en, earlier.en),
                );
                return Some(violation.earlier(&actual.message).date("lopende_start", since));
            }
            (first.index < entry.index).then(|| {
                let (since, other) = (first.key.start.begindatum, entry.ordinal(first.index));
                Violation::at(
                    entry.place(""),
                    format!("{} start in dit bericht ook al op {since} ({other}). Laat één van beide weg.", what.nl),
                    format!("{} also starts on {since} in this message ({other}). Leave one of the two out.", what.en),
                )
                .date("lopende_start", since)
            })
        })
        .collect()
}

fn phrase((nummer, _): Subject<'_>) -> Phrase {
    match nummer {
        Some(nummer) => Phrase::new(format!("Toewijzing {nummer}"), format!("Allocation {nummer}")),
        None => Phrase::new("Dit product", "This product"),
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N305;
    const FIRST: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[1]"];
    const SECOND: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[2]"];
    const EARLIER: Date = date(2026, 1, 2);
    vec![
        accepts("the first start", N, |_| {}),
        rejects("one stands", N, FIRST, |s| s.earlier_start(EARLIER)),
        rejects("the same one stands", N, FIRST, |s| s.earlier_start(date(2026, 1, 8))),
        rejects("one of another code on the same allocation", N, FIRST, |s| {
            s.earlier_start(EARLIER);
            s.facts.deliveries[0].product = None;
        }),
        accepts("a definitive stop ended it", N, |s| {
            s.earlier_start(EARLIER);
            s.earlier_stop(EARLIER, "19", date(2026, 1, 7));
        }),
        accepts("a temporary stop ended it", N, |s| {
            s.earlier_start(EARLIER);
            s.earlier_stop(EARLIER, "20", date(2026, 1, 7));
        }),
        rejects("the stop belongs to another start", N, FIRST, |s| {
            s.earlier_start(EARLIER);
            s.earlier_stop(date(2026, 1, 1), "19", date(2026, 1, 7));
        }),
        rejects("one of two stands", N, FIRST, |s| {
            s.earlier_start(date(2026, 1, 1));
            s.earlier_stop(date(2026, 1, 1), "20", date(2026, 1, 1));
            s.earlier_start(EARLIER);
        }),
        accepts("one on another allocation", N, |s| {
            s.earlier_start(EARLIER);
            s.facts.deliveries[0].toewijzing_nummer = Some(1002);
        }),
        accepts("one of another client", N, |s| {
            s.earlier_start(EARLIER);
            s.facts.deliveries[0].person = person(OTHER_BSN);
        }),
        accepts("this message deletes it", N, |s| {
            s.earlier_start(EARLIER);
            let mut deletion = s.start_product().clone();
            deletion.begindatum = EARLIER;
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            s.start().producten.push(deletion);
        }),
        accepts("a deletion is no new start", N, |s| {
            s.earlier_start(date(2026, 1, 8));
            s.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        rejects("two in this message", N, SECOND, |s| {
            let mut second = s.start_product().clone();
            second.begindatum = date(2026, 1, 9);
            s.start().producten.push(second);
        }),
        rejects("task-based: the same product", N, FIRST, |s| {
            s.start_product().toewijzing_nummer = None;
            s.earlier_start(EARLIER);
            s.facts.deliveries[0].toewijzing_nummer = None;
        }),
        accepts("task-based: another product", N, |s| {
            s.start_product().toewijzing_nummer = None;
            s.earlier_start(EARLIER);
            s.facts.deliveries[0].toewijzing_nummer = None;
            s.facts.deliveries[0].product.as_mut().expect("it has a product").code = Some("02A05".into());
        }),
        accepts("task-based beside an allocation", N, |s| {
            s.start_product().toewijzing_nummer = None;
            s.earlier_start(EARLIER);
        }),
    ]
}
