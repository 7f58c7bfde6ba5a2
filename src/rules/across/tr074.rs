//! TR074: a new start has a key that was not delivered before.
//!
//! The key is client, `ToewijzingNummer`, Product and Begindatum. A start that was deleted, earlier or by this message
//! (deletions come first), counts as not sent and frees its key. Inside the message the second and later start with one
//! key is refused; TR101 (level 2) sees that first.

use super::helpers::{has_key_of, start_phrase, starts};
use crate::message::{Law, Number, StartProduct};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR074",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9074",
    numbers: &[Number::N305],
    laws: &Law::ALL,
    class: Class::StartProduct,
    nl: "Een nieuwe start heeft een sleutel die niet eerder voor deze cliënt is aangeleverd.",
    en: "A new start has a key that was not delivered before for this client.",
    needs: &[Need::Ledger],
    doubt: "A start deleted by the same message frees its key, since deletions are processed before new deliveries.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(starts) = starts(case) else {
        return Vec::new();
    };
    starts
        .new_ones()
        .filter_map(|(index, start)| {
            let key = start_phrase(start);
            let place = Place::start_product(index, "");
            if let Some(delivery) = starts.standing().find(|delivery| has_key_of(delivery, start)) {
                let earlier = figures::earlier(&delivery.message);
                let violation = Violation::at(
                    place,
                    format!("Deze start ({}) is al aangeleverd met {}. Lever elke start één keer aan.", key.nl, earlier.nl),
                    format!("This start ({}) was delivered before, by {}. Deliver each start once.", key.en, earlier.en),
                );
                return Some(violation.earlier(&delivery.message).date("begindatum", start.begindatum));
            }
            let (first, _) = starts.new_ones().find(|(_, other)| same_key(other, start))?;
            (first < index).then(|| {
                Violation::at(
                    place,
                    format!("Deze start ({}) staat al in dit bericht (StartProduct {}). Lever elke start één keer aan.", key.nl, first + 1),
                    format!("This start ({}) stands in this message already (StartProduct {}). Deliver each start once.", key.en, first + 1),
                )
                .date("begindatum", start.begindatum)
                .fact("eerste", Place::start_product(first, "").path())
            })
        })
        .collect()
}

fn same_key(a: &StartProduct, b: &StartProduct) -> bool {
    a.toewijzing_nummer == b.toewijzing_nummer && a.product == b.product && a.begindatum == b.begindatum
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{OTHER_BSN, accepts, person, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N305;
    const FIRST: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[1]"];
    const SECOND: &[&str] = &["/Bericht/Client/StartProducten/StartProduct[2]"];
    const BEGIN: Date = date(2026, 1, 8);
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
    ]
}
