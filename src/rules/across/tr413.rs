//! TR413: a start that was stopped temporarily is not stopped temporarily once more.
//!
//! After a stop with `RedenBeeindiging` 20 the same start can only be stopped definitively. When delivery resumes, a new
//! start with another Begindatum comes first, and that one can be stopped temporarily again.
//!
//! The same start: client, `ToewijzingNummer` and Begindatum. A deleted stop does not count, whether an earlier message
//! or this one deleted it.
//!
//! Doubtful, with the choices made:
//! - Without `ToewijzingNummer` the Product counts as well: under task-based execution it is what the key works on
//!   (IV096). With one it does not, as the rule does not name it.
//! - Of two temporary stops of one start in one message the later one by Einddatum is refused.

use super::deliveries::{End, deliveries};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR413",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9413",
    numbers: &[Number::N307],
    laws: &Law::ALL,
    class: Class::StopProduct,
    nl: "Na een tijdelijke stop (reden 20) kan dezelfde start alleen nog definitief worden gestopt.",
    en: "After a temporary stop (reason 20) the same start can only be stopped definitively.",
    needs: &[Need::Ledger],
    doubt: "Without ToewijzingNummer the Product tells which start is stopped; of two temporary stops in one message the \
            later one by Einddatum is refused.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(deliveries) = deliveries(case) else {
        return Vec::new();
    };
    deliveries
        .stops_after(End::is_temporary)
        .into_iter()
        .filter(|stop| stop.end.is_temporary())
        .map(|stop| {
            let (earlier, einddatum) = (stop.before_phrase(), stop.before.einddatum);
            stop.violation(
                "RedenBeeindiging",
                format!(
                    "Deze start is al tijdelijk gestopt per {einddatum} ({}). Meld een definitieve stop, of eerst een \
                     nieuwe start als de levering is hervat.",
                    earlier.nl
                ),
                format!(
                    "This start was stopped temporarily on {einddatum} already ({}). Report a definitive stop, or first \
                     a new start when delivery was resumed.",
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
    fn temporary(sample: &mut Sample) {
        sample.stop_product().reden_beeindiging = "20".into();
    }
    fn again(sample: &mut Sample, einddatum: Date) {
        let mut second = sample.stop_product().clone();
        second.einddatum = einddatum;
        sample.stop().producten.push(second);
    }
    vec![
        accepts("the first temporary stop", N, temporary),
        accepts("a definitive stop after a temporary one", N, |s| s.earlier_stop(BEGIN, "20", date(2026, 2, 1))),
        accepts("a definitive stop on the day of the temporary one", N, |s| s.earlier_stop(BEGIN, "20", END)),
        rejects("a second temporary stop, later", N, FIRST, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
        }),
        rejects("a second temporary stop, earlier", N, FIRST, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 3, 1));
        }),
        rejects("the same temporary stop", N, FIRST, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", END);
        }),
        accepts("a temporary stop after a definitive one is another rule's", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "02", date(2026, 2, 1));
        }),
        rejects("a temporary stop after both kinds", N, FIRST, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.earlier_stop(BEGIN, "02", date(2026, 2, 2));
        }),
        accepts("a temporary stop of the start that came in between", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 1, 31));
            s.earlier_start(date(2026, 2, 9));
            s.stop_product().begindatum = date(2026, 2, 9);
        }),
        accepts("a temporary stop of another client", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.facts.deliveries[1].person = person(OTHER_BSN);
        }),
        accepts("a temporary stop on another allocation", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.facts.deliveries[1].toewijzing_nummer = Some(1002);
        }),
        rejects("another product on the same allocation", N, FIRST, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.facts.deliveries[1].product = None;
        }),
        accepts("a deletion of the temporary stop", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", END);
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("its replacement, in the message that deletes it", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", END);
            again(s, date(2026, 3, 1));
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        accepts("its replacement before its deletion in the message", N, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 3, 1));
            again(s, date(2026, 3, 1));
            s.stop().producten[1].status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        rejects("a message that deletes another stop than the one that stands", N, SECOND, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            again(s, date(2026, 3, 1));
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
        rejects("two in one message", N, SECOND, |s| {
            temporary(s);
            again(s, date(2026, 3, 1));
        }),
        rejects("two in one message, the later one first", N, FIRST, |s| {
            temporary(s);
            again(s, date(2026, 2, 27));
        }),
        accepts("a temporary and a definitive one in one message", N, |s| {
            again(s, date(2026, 2, 1));
            s.stop().producten[1].reden_beeindiging = "20".into();
        }),
        rejects("changed instead of new, which CS058 bars", N, FIRST, |s| {
            temporary(s);
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.stop_product().status_aanlevering = StatusAanlevering::Gewijzigd;
        }),
        rejects("task-based: the same product", N, FIRST, |s| {
            temporary(s);
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.facts.deliveries[1].toewijzing_nummer = None;
        }),
        accepts("task-based: another product", N, |s| {
            temporary(s);
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
            s.facts.deliveries[1].toewijzing_nummer = None;
            s.facts.deliveries[1].product.as_mut().expect("it has a product").code = None;
        }),
        accepts("task-based beside an allocation", N, |s| {
            temporary(s);
            s.stop_product().toewijzing_nummer = None;
            s.earlier_stop(BEGIN, "20", date(2026, 2, 1));
        }),
    ]
}
