//! TR063: a start can only be deleted when it was delivered before for this client.
//!
//! The key is client, `ToewijzingNummer`, Product and Begindatum; an absent part equals an absent part.
//!
//! Inferred: the earlier start was accepted and has not been deleted since (a deleted one counts as not sent). A start
//! delivered in the same message does not count: deletions come first.

use super::helpers::{has_key_of, start_phrase, starts};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR063",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9063",
    numbers: &[Number::N305],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een start kan alleen worden verwijderd als die eerder voor deze cliënt is aangeleverd.",
    en: "A start can only be deleted when it was delivered before for this client.",
    needs: &[Need::Ledger],
    doubt: "The earlier start must have been accepted and not deleted since; one in the same message does not count.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(starts) = starts(case) else {
        return Vec::new();
    };
    starts
        .deletions()
        .filter(|(_, start)| !starts.earlier().any(|delivery| delivery.stop.is_none() && has_key_of(delivery, start)))
        .map(|(index, start)| {
            let key = start_phrase(start);
            Violation::at(
                Place::start_product(index, "StatusAanlevering"),
                format!("Er is voor deze cliënt geen eerder aangeleverde start om te verwijderen ({}). Controleer deze gegevens.", key.nl),
                format!("There is no earlier start of this client to delete ({}). Verify these values.", key.en),
            )
            .date("begindatum", start.begindatum)
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
    ]
}
