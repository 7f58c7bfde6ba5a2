//! TR074: a new start or stop has a key that was not delivered before.
//!
//! | message | key, beside the client |
//! |---|---|
//! | 305 | `ToewijzingNummer`, Product, Begindatum |
//! | 307 | the same, `RedenBeeindiging` and Einddatum |
//!
//! One that was deleted, earlier or by this message (deletions come first), counts as not sent and frees its key. Inside
//! the message the second and later one with a key is refused; TR101 (level 2) sees that first.
//!
//! A start and its stop never have one key. A stop that is sent twice breaks TR413 or TR415 as well: both codes are given.

use super::deliveries::deliveries;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};
use std::collections::BTreeMap;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR074",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9074",
    numbers: &[Number::N305, Number::N307],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een nieuwe start of stop heeft een sleutel die niet eerder voor deze cliënt is aangeleverd.",
    en: "A new start or stop has a key that was not delivered before for this client.",
    needs: &[Need::Ledger],
    doubt: "One deleted by the same message frees its key, since deletions are processed before new deliveries.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    let standing: BTreeMap<_, _> = deliveries.standing().collect();
    let mut first = BTreeMap::new();
    deliveries
        .new_ones()
        .filter_map(|entry| {
            let (what, key) = (entry.noun(), entry.key.phrase());
            let first = *first.entry(entry.key).or_insert(entry.index);
            let violation = if let Some(delivery) = standing.get(&entry.key) {
                let earlier = figures::earlier(&delivery.message);
                Violation::at(
                    entry.place(""),
                    format!("Deze {what} ({}) is al aangeleverd met {}. Lever elke {what} één keer aan.", key.nl, earlier.nl),
                    format!("This {what} ({}) was delivered before, by {}. Deliver each {what} once.", key.en, earlier.en),
                )
                .earlier(&delivery.message)
            } else if first < entry.index {
                let other = entry.ordinal(first);
                Violation::at(
                    entry.place(""),
                    format!("Deze {what} ({}) staat al in dit bericht ({other}). Lever elke {what} één keer aan.", key.nl),
                    format!("This {what} ({}) stands in this message already ({other}). Deliver each {what} once.", key.en),
                )
            } else {
                return None;
            };
            let violation = violation.date("begindatum", entry.key.start.begindatum);
            Some(match entry.key.end {
                None => violation,
                Some(end) => violation.date("einddatum", end.einddatum).fact("reden", end.reden.as_str()),
            })
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N305;
    const FIRST: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[1]"];
    const SECOND: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[2]"];
    const STOP: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[1]"];
    const SECOND_STOP: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]"];
    const BEGIN: Date = date(2026, 1, 8);
    const END: Date = date(2026, 2, 28);
    vec![
        accepts("a new key", N, |_| {}),
        rejects("delivered before", N, FIRST, |s| s.earlier_start(BEGIN)),
        rejects("delivered before with another ToewijzingIngangsdatum, which is no key", N, FIRST, |s| {
            s.earlier_start(BEGIN);
            s.start_product().toewijzing_ingangsdatum = Some(date(2026, 1, 2));
        }),
        accepts("a day later", N, |s| s.earlier_start(date(2026, 1, 7))),
        accepts("of another client", N, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].person = person(OTHER_BSN);
        }),
        accepts("without an allocation", N, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].toewijzing_nummer = None;
        }),
        accepts("of another code", N, |s| {
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].product.as_mut().expect("it has a product").code = Some("02A05".into());
        }),
        accepts("a stop has another key", N, |s| s.earlier_stop(BEGIN, "19", date(2026, 2, 1))),
        accepts("a deletion has nothing to prove here", N, |s| {
            s.earlier_start(BEGIN);
            s.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("deleted by this message", N, |s| {
            s.earlier_start(BEGIN);
            let mut deletion = s.start_product().clone();
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            s.start().producten.push(deletion);
        }),
        rejects("twice in this message", N, SECOND, |s| {
            let again = s.start_product().clone();
            s.start().producten.push(again);
        }),
        accepts("two products in this message", N, |s| {
            let mut other = s.start_product().clone();
            other.toewijzing_nummer = Some(1002);
            s.start().producten.push(other);
        }),
        rejects("task-based: delivered before", N, FIRST, |s| {
            s.start_product().toewijzing_nummer = None;
            s.earlier_start(BEGIN);
            s.facts.deliveries[0].toewijzing_nummer = None;
        }),
        accepts("a new stop", Number::N307, |_| {}),
        rejects("a stop delivered before", Number::N307, STOP, |s| s.earlier_stop(BEGIN, "02", END)),
        rejects("with another ToewijzingIngangsdatum, which is no key", Number::N307, STOP, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.stop_product().toewijzing_ingangsdatum = None;
        }),
        accepts("a temporary stop on the same day", Number::N307, |s| s.earlier_stop(BEGIN, "20", END)),
        accepts("a stop on the day before", Number::N307, |s| s.earlier_stop(BEGIN, "02", date(2026, 2, 27))),
        accepts("a stop of another start", Number::N307, |s| s.earlier_stop(date(2026, 1, 7), "02", END)),
        accepts("a stop of another client", Number::N307, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].person = person(OTHER_BSN);
        }),
        accepts("a stop without an allocation", Number::N307, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        accepts("a stop without a product", Number::N307, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].product = None;
        }),
        rejects("task-based: a stop delivered before", Number::N307, STOP, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "02", END);
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        accepts("a deleted stop has nothing to prove here", Number::N307, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("a stop deleted by this message", Number::N307, |s| {
            s.earlier_stop(BEGIN, "02", END);
            let mut deletion = s.stop_product().clone();
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            s.stop().producten.push(deletion);
        }),
        rejects("this message deletes another stop", Number::N307, STOP, |s| {
            s.earlier_stop(BEGIN, "02", END);
            let mut deletion = s.stop_product().clone();
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            deletion.reden_beeindiging = "20".into();
            s.stop().producten.push(deletion);
        }),
        rejects("a stop twice in this message", Number::N307, SECOND_STOP, |s| {
            let again = s.stop_product().clone();
            s.stop().producten.push(again);
        }),
        accepts("two stops that differ in the reason", Number::N307, |s| {
            let mut other = s.stop_product().clone();
            other.reden_beeindiging = "20".into();
            s.stop().producten.push(other);
        }),
    ]
}
