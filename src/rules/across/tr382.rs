//! TR382: a stop repeats the key elements of a start that stands.
//!
//! The start has the same client, `ToewijzingNummer`, Product and Begindatum; an absent element equals an absent one.
//! It was accepted before and not deleted since. A second stop, after a temporary one, refers to the same start.
//!
//! Doubtful, with the choice made: a stop that only deletes an earlier one (`StatusAanlevering` 3) is not judged by its
//! content (TR063 does). The elements of the start are several, so the stop as a whole carries the finding.
//!
//! Where this client has a start on the same allocation, or without one of the same product, the finding tells what it
//! says: most often only the first day was mistaken.

use super::deliveries::{Key, StartKey, Subject, deliveries};
use crate::message::{Law, Number};
use crate::rules::facts::Delivery;
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR382",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9069",
    numbers: &[Number::N307],
    laws: &Law::ALL,
    class: Class::StopProduct,
    nl: "Een stop herhaalt de sleutel van een eerder aangeleverde start: ToewijzingNummer, Product en Begindatum.",
    en: "A stop repeats the key of a start delivered before: ToewijzingNummer, Product and Begindatum.",
    needs: &[Need::Ledger],
    doubt: "A deletion of a stop is not judged; the stop as a whole carries the code, since several elements are compared.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    let starts = || deliveries.standing().filter(|(key, _)| key.end.is_none());
    let known: BTreeSet<StartKey<'_>> = starts().map(|(key, _)| key.start).collect();
    let latest: BTreeMap<Subject<'_>, (Key<'_>, &Delivery)> =
        starts().map(|(key, delivery)| (key.start.subject(), (key, delivery))).collect();
    deliveries
        .with_content()
        .filter(|entry| !known.contains(&entry.key.start))
        .map(|entry| {
            let start = &entry.key.start;
            let key = start.phrase();
            let violation = match latest.get(&start.subject()) {
                Some((other, delivery)) => {
                    let (other, earlier) = (other.phrase(), figures::earlier(&delivery.message));
                    Violation::at(
                        entry.place(""),
                        format!(
                            "Er is voor deze cliënt geen start met de sleutel van deze stop ({}); {} meldt: {}. Neem de \
                             gegevens van de start over.",
                            key.nl, earlier.nl, other.nl
                        ),
                        format!(
                            "This client has no start with the key of this stop ({}); {} says: {}. Repeat what the \
                             start says.",
                            key.en, earlier.en, other.en
                        ),
                    )
                    .earlier(&delivery.message)
                    .date("start_begindatum", delivery.begindatum)
                }
                None => Violation::at(
                    entry.place(""),
                    format!(
                        "Er is voor deze cliënt geen start met de sleutel van deze stop ({}). Lever eerst de start aan.",
                        key.nl
                    ),
                    format!("This client has no start with the key of this stop ({}). Deliver the start first.", key.en),
                ),
            };
            violation.date("begindatum", start.begindatum)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N307;
    const FIRST: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[1]"];
    const SECOND: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]"];
    vec![
        accepts("its start", N, |_| {}),
        rejects("no start, or one that was deleted since", N, FIRST, |s| s.facts.deliveries.clear()),
        rejects("a day before the start", N, FIRST, |s| s.stop_product().begindatum = date(2026, 1, 7)),
        rejects("a day after the start", N, FIRST, |s| s.stop_product().begindatum = date(2026, 1, 9)),
        rejects("on another allocation", N, FIRST, |s| s.stop_product().toewijzing_nummer = Some(1002)),
        rejects("without the allocation", N, FIRST, |s| s.stop_product().toewijzing_nummer = None),
        rejects("with an allocation that the start lacks", N, FIRST, |s| {
            s.facts.deliveries[0].toewijzing_nummer = None;
        }),
        rejects("another code", N, FIRST, |s| {
            s.stop_product().product.as_mut().expect("it has a product").code = Some("02A05".into());
        }),
        rejects("without the code", N, FIRST, |s| {
            s.stop_product().product.as_mut().expect("it has a product").code = None;
        }),
        rejects("without the product", N, FIRST, |s| s.stop_product().product = None),
        rejects("of another client", N, FIRST, |s| s.facts.deliveries[0].person = person(OTHER_BSN)),
        accepts("another ToewijzingIngangsdatum, which is no key", N, |s| {
            s.stop_product().toewijzing_ingangsdatum = Some(date(2025, 1, 1));
        }),
        accepts("a second stop after a temporary one", N, |s| {
            s.earlier_stop(date(2026, 1, 8), "20", date(2026, 2, 1));
        }),
        rejects("only a stop with that key", N, FIRST, |s| {
            s.facts.deliveries.clear();
            s.earlier_stop(date(2026, 1, 8), "20", date(2026, 2, 1));
        }),
        accepts("the second of two starts", N, |s| {
            s.earlier_stop(date(2026, 1, 8), "20", date(2026, 2, 1));
            s.earlier_start(date(2026, 2, 10));
            s.stop_product().begindatum = date(2026, 2, 10);
        }),
        accepts("the first of two starts", N, |s| s.earlier_start(date(2026, 2, 10))),
        accepts("a deletion is not judged", N, |s| {
            s.facts.deliveries.clear();
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("task-based: neither has an allocation", N, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.facts.deliveries[0].toewijzing_nummer = None;
        }),
        accepts("task-based: neither has an allocation or a product", N, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.stop_product().product = None;
            s.facts.deliveries[0].toewijzing_nummer = None;
            s.facts.deliveries[0].product = None;
        }),
        rejects("task-based: another product", N, FIRST, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.facts.deliveries[0].toewijzing_nummer = None;
            s.facts.deliveries[0].product = None;
        }),
        rejects("only the wrong one of two", N, SECOND, |s| {
            let mut second = s.stop_product().clone();
            second.begindatum = date(2026, 1, 9);
            s.stop().producten.push(second);
        }),
    ]
}
