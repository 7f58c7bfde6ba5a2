//! TR414: a later stop of a start does not end before the one that stands.
//!
//! Einddatum of the new stop is on or after the latest Einddatum of the stops that stand on the same start. The same day
//! is allowed: the definitive stop on the day of the temporary one.
//!
//! The same start: client, `ToewijzingNummer` and Begindatum. A deleted stop does not count, so an Einddatum that was
//! too late is mended by deleting that stop, in the same message if need be.
//!
//! Doubtful, with the choices made:
//! - Without `ToewijzingNummer` the Product counts as well: under task-based execution it is what the key works on
//!   (IV096). With one it does not, as the rule does not name it.
//! - Stops in one message are not compared with each other: they are taken to happen in the order of their Einddatum.

use super::deliveries::deliveries;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR414",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9414",
    numbers: &[Number::N307],
    laws: &Law::ALL,
    class: Class::StopProduct,
    nl: "Een volgende stop van dezelfde start heeft een Einddatum op of na die van de stop die er al is.",
    en: "A further stop of the same start has an Einddatum on or after that of the stop that stands.",
    needs: &[Need::Ledger],
    doubt: "Without ToewijzingNummer the Product tells which start is stopped; stops in one message are taken to happen \
            in the order of their Einddatum.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    deliveries
        .stops_after_latest()
        .into_iter()
        .filter(|stop| stop.end.einddatum < stop.before.einddatum)
        .map(|stop| {
            let (earlier, einddatum, before) = (stop.before_phrase(), stop.end.einddatum, stop.before.einddatum);
            stop.violation(
                "Einddatum",
                format!(
                    "Einddatum {einddatum} ligt voor {before}, de einddatum van de eerdere stop van deze start ({}). \
                     Klopt die eerdere stop niet, verwijder hem dan.",
                    earlier.nl
                ),
                format!(
                    "The last day {einddatum} is before {before}, the last day of the earlier stop of this start ({}). \
                     If that earlier stop is wrong, delete it.",
                    earlier.en
                ),
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N307;
    const FIRST: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[1]/Einddatum"];
    const SECOND: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]/Einddatum"];
    const BEGIN: Date = date(2026, 1, 8);
    const END: Date = date(2026, 2, 28);
    const NEXT_DAY: Date = date(2026, 3, 1);
    vec![
        accepts("no earlier stop", N, |_| {}),
        accepts("a day after the temporary stop", N, |s| s.earlier_stop(BEGIN, "20", date(2026, 2, 27))),
        accepts("on the day of the temporary stop", N, |s| s.earlier_stop(BEGIN, "20", END)),
        rejects("a day before the temporary stop, across the end of February", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
        }),
        rejects("a day before it, across the end of a year", N, FIRST, |s| {
            s.stop_product().einddatum = date(2026, 12, 31);
            s.earlier_stop(BEGIN, "20", date(2027, 1, 1));
        }),
        rejects("28 February before 29 February", N, FIRST, |s| {
            s.stop_product().einddatum = date(2028, 2, 28);
            s.earlier_stop(BEGIN, "20", date(2028, 2, 29));
        }),
        rejects("before a definitive stop", N, FIRST, |s| s.earlier_stop(BEGIN, "02", NEXT_DAY)),
        rejects("before the later of two stops", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.earlier_stop(BEGIN, "02", NEXT_DAY);
        }),
        rejects("before the earlier delivered and later ending of two stops", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.earlier_stop(BEGIN, "02", date(2026, 2, 1));
        }),
        accepts("before a stop of another start", N, |s| s.earlier_stop(date(2026, 1, 9), "20", NEXT_DAY)),
        accepts("before a stop of another client", N, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.facts.deliveries[1].person = person(OTHER_BSN);
        }),
        accepts("before a stop on another allocation", N, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.facts.deliveries[1].toewijzing_nummer = Some(1002);
        }),
        rejects("before a stop of another product on the same allocation", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.facts.deliveries[1].product = None;
        }),
        accepts("a deletion is not judged", N, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("the later stop is deleted by this message", N, |s| {
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            let mut deletion = s.stop_product().clone();
            deletion.reden_beeindiging = "20".into();
            deletion.einddatum = NEXT_DAY;
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            s.stop().producten.push(deletion);
        }),
        accepts("two in one message, the later one first", N, |s| {
            s.stop_product().einddatum = NEXT_DAY;
            let mut second = s.stop_product().clone();
            second.reden_beeindiging = "20".into();
            second.einddatum = END;
            s.stop().producten.push(second);
        }),
        rejects("only the wrong one of two", N, SECOND, |s| {
            s.earlier_stop(BEGIN, "20", END);
            let mut second = s.stop_product().clone();
            second.einddatum = date(2026, 2, 27);
            s.stop().producten.push(second);
        }),
        rejects("task-based: the same product", N, FIRST, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        accepts("task-based: another product", N, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "20", NEXT_DAY);
            s.facts.deliveries[1].toewijzing_nummer = None;
            s.facts.deliveries[1].product = None;
        }),
    ]
}
