//! TR415: a start that was stopped definitively is not stopped again.
//!
//! Every `RedenBeeindiging` but 20 is definitive, in both laws. A stop that was wrong is deleted; its replacement may
//! stand in the same message, since deletions come first (IV008).
//!
//! The same start: client, `ToewijzingNummer` and Begindatum. A deleted stop does not count.
//!
//! Doubtful, with the choices made:
//! - Without `ToewijzingNummer` the Product counts as well: under task-based execution it is what the key works on
//!   (IV096). With one it does not, as the rule does not name it.
//! - Stops of one start in one message are taken to happen in the order of their Einddatum, a temporary one before a
//!   definitive one on the same day; what follows the definitive one is refused.

use super::deliveries::deliveries;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR415",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9415",
    numbers: &[Number::N307],
    laws: &Law::ALL,
    class: Class::StopProduct,
    nl: "Na een definitieve stop kan dezelfde start niet nog een keer worden gestopt.",
    en: "After a definitive stop the same start cannot be stopped again.",
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
        .stops_after(|end| !end.is_temporary())
        .into_iter()
        .map(|stop| {
            let (earlier, reden, einddatum) = (stop.before_phrase(), stop.before.reden, stop.before.einddatum);
            stop.violation(
                "RedenBeeindiging",
                format!(
                    "Deze start is al definitief gestopt per {einddatum} met reden {reden} ({}). Klopt die stop niet, \
                     verwijder hem dan.",
                    earlier.nl
                ),
                format!(
                    "This start was stopped definitively on {einddatum} already, for reason {reden} ({}). If that stop \
                     is wrong, delete it.",
                    earlier.en
                ),
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, Sample, accepts, person, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N307;
    const FIRST: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[1]/RedenBeeindiging"];
    const SECOND: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]/RedenBeeindiging"];
    const BEGIN: Date = date(2026, 1, 8);
    const END: Date = date(2026, 2, 28);
    /// Adds a copy of the first stop.
    fn add(sample: &mut Sample, reden: &str, einddatum: Date, status: StatusAanlevering) {
        let mut second = sample.stop_product().clone();
        second.reden_beeindiging = reden.into();
        (second.einddatum, second.status_aanlevering) = (einddatum, status);
        sample.stop().producten.push(second);
    }
    vec![
        accepts("the first stop", N, |_| {}),
        accepts("after a temporary stop", N, |s| s.earlier_stop(BEGIN, "20", date(2026, 2, 1))),
        accepts("after a temporary stop on the same day", N, |s| s.earlier_stop(BEGIN, "20", END)),
        rejects("a definitive stop after a definitive one", N, FIRST, |s| s.earlier_stop(BEGIN, "36", date(2026, 2, 1))),
        rejects("the same definitive stop", N, FIRST, |s| s.earlier_stop(BEGIN, "02", END)),
        rejects("earlier than the definitive one", N, FIRST, |s| s.earlier_stop(BEGIN, "02", date(2026, 3, 1))),
        rejects("a temporary stop after a definitive one", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "02", date(2026, 2, 1));
            s.stop_product().reden_beeindiging = "20".into();
        }),
        rejects("after a temporary and a definitive one", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.earlier_stop(BEGIN, "02", date(2026, 2, 2));
        }),
        accepts("a stop of another start", N, |s| s.earlier_stop(date(2026, 1, 9), "02", date(2026, 2, 1))),
        accepts("a stop of another client", N, |s| {
            s.earlier_stop(BEGIN, "02", date(2026, 2, 1));
            s.facts.deliveries[1].person = person(OTHER_BSN);
        }),
        accepts("a stop on another allocation", N, |s| {
            s.earlier_stop(BEGIN, "02", date(2026, 2, 1));
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        rejects("a stop of another product on the same allocation", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "02", date(2026, 2, 1));
            s.facts.deliveries[1].product = None;
        }),
        accepts("a deletion of the stop", N, |s| {
            s.earlier_stop(BEGIN, "02", END);
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("replaced for another reason in the message that deletes it", N, |s| {
            s.earlier_stop(BEGIN, "36", END);
            add(s, "36", END, StatusAanlevering::Verwijderd);
        }),
        accepts("replaced by an earlier end in the message that deletes it", N, |s| {
            s.earlier_stop(BEGIN, "02", date(2026, 3, 1));
            add(s, "02", date(2026, 3, 1), StatusAanlevering::Verwijderd);
        }),
        rejects("a message that deletes the temporary one of two", N, FIRST, |s| {
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.earlier_stop(BEGIN, "36", END);
            add(s, "20", date(2026, 2, 1), StatusAanlevering::Verwijderd);
        }),
        rejects("two definitive ones in one message", N, SECOND, |s| add(s, "36", END, StatusAanlevering::Eerste)),
        rejects("two definitive ones, the later one first", N, FIRST, |s| {
            add(s, "02", date(2026, 2, 27), StatusAanlevering::Eerste);
        }),
        accepts("definitive first, but temporary before it in time", N, |s| {
            add(s, "20", date(2026, 2, 1), StatusAanlevering::Eerste);
        }),
        accepts("definitive first, temporary on the same day", N, |s| add(s, "20", END, StatusAanlevering::Eerste)),
        rejects("definitive first, temporary after it", N, SECOND, |s| {
            add(s, "20", date(2026, 3, 1), StatusAanlevering::Eerste);
        }),
        rejects("task-based: the same product", N, FIRST, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "36", date(2026, 2, 1));
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        accepts("task-based: another product", N, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "36", date(2026, 2, 1));
            s.facts.deliveries[1].toewijzing_nummer = None;
            s.facts.deliveries[1].product = None;
        }),
    ]
}
