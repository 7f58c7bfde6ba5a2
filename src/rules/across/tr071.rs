//! TR071: a start for which a stop was reported cannot be deleted.
//!
//! The stop has the key elements of the start: client, `ToewijzingNummer`, Product and Begindatum.
//!
//! Doubtful, with the choice made: a temporary stop (`RedenBeeindiging` 20) blocks too, since the text makes no
//! exception; a stop that was itself deleted no longer blocks (inferred).

use super::deliveries::deliveries;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};
use std::collections::BTreeMap;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR071",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9071",
    numbers: &[Number::N305],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een start waarvoor een stop is gemeld, kan niet worden verwijderd.",
    en: "A start for which a stop was reported cannot be deleted.",
    needs: &[Need::Ledger],
    doubt: "A temporary stop blocks the deletion too; a stop that was itself deleted does not.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    let mut stops = BTreeMap::new();
    for (key, delivery) in deliveries.earlier() {
        if let Some(end) = key.end {
            stops.entry(key.start).or_insert((end, delivery));
        }
    }
    deliveries
        .deletions()
        .filter_map(|entry| {
            let (stop, delivery) = stops.get(&entry.key.start)?;
            let (key, earlier) = (entry.key.phrase(), figures::earlier(&delivery.message));
            let violation = Violation::at(
                entry.place("StatusAanlevering"),
                format!(
                    "Deze start ({}) kan niet worden verwijderd: {} meldt een stop per {} (reden {}). Verwijder eerst die \
                    stop.",
                    key.nl, earlier.nl, stop.einddatum, stop.reden
                ),
                format!(
                    "This start ({}) cannot be deleted: {} reports a stop on {} (reason {}). Delete that stop \
                    first.",
                    key.en, earlier.en, stop.einddatum, stop.reden
                ),
            );
            Some(
                violation
                    .earlier(&delivery.message)
                    .date("begindatum", entry.key.start.begindatum)
                    .date("stop_einddatum", stop.einddatum)
                    .fact("stop_reden", stop.reden.as_str()),
            )
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
    const BEGIN: Date = date(2026, 1, 8);
    const END: Date = date(2026, 2, 28);
    fn delete(sample: &mut Sample) {
        sample.earlier_start(BEGIN);
        sample.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
    }
    vec![
        accepts("no stop", N, delete),
        rejects("a definitive stop", N, PATH, |s| {
            delete(s);
            s.earlier_stop(BEGIN, "19", END);
        }),
        rejects("a temporary stop", N, PATH, |s| {
            delete(s);
            s.earlier_stop(BEGIN, "20", END);
        }),
        accepts("a stop of a start on another day", N, |s| {
            delete(s);
            s.earlier_stop(date(2026, 1, 9), "19", END);
        }),
        accepts("a stop of another client", N, |s| {
            delete(s);
            s.earlier_stop(BEGIN, "19", END);
            s.facts.deliveries[1].person = person(OTHER_BSN);
        }),
        accepts("a stop on another allocation", N, |s| {
            delete(s);
            s.earlier_stop(BEGIN, "19", END);
            s.facts.deliveries[1].toewijzing_nummer = Some(1002);
        }),
        accepts("a new start beside a stop is no deletion", N, |s| s.earlier_stop(BEGIN, "19", END)),
        rejects("the first of two stops is named, and it is one finding", N, PATH, |s| {
            delete(s);
            s.earlier_stop(BEGIN, "20", END);
            s.earlier_stop(BEGIN, "19", END);
        }),
        rejects("task-based: a stop of the same product", N, PATH, |s| {
            delete(s);
            s.start_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "19", END);
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        accepts("task-based: a stop of another product", N, |s| {
            delete(s);
            s.start_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "19", END);
            s.facts.deliveries[1].toewijzing_nummer = None;
            s.facts.deliveries[1].product = None;
        }),
    ]
}
