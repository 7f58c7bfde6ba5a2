//! What rules on starts and stops share: the entries of a 305 or 307 beside what the ledger knows of earlier ones.
//!
//! Deletions come before new deliveries, in the ledger and within the message (IV008): a start or stop that the message
//! deletes counts as never sent. Messages can be large, so everything is looked up by key.

use super::helpers::product_phrase;
use crate::message::{Body, Code, Count, Date, Product, StartProduct, StatusAanlevering, StopProduct};
use crate::rules::facts::{Delivery, Facts, PersonKey};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Place, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// Key elements of a start, repeated by its stop; without the client. An absent element equals an absent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StartKey<'a> {
    pub(super) toewijzing_nummer: Option<Count>,
    pub(super) product: Option<&'a Product>,
    pub(super) begindatum: Date,
}

/// What is delivered: the allocation, or the product under task-based execution, where there is none (IV096).
pub(super) type Subject<'a> = (Option<Count>, Option<&'a Product>);

/// What began, and when: the start as TR413, TR414 and TR415 match it, which leave out the product where there is an
/// allocation.
type StartRef<'a> = (Subject<'a>, Date);

impl<'a> StartKey<'a> {
    fn of(delivery: &'a Delivery) -> StartKey<'a> {
        StartKey {
            toewijzing_nummer: delivery.toewijzing_nummer,
            product: delivery.product.as_ref(),
            begindatum: delivery.begindatum,
        }
    }

    pub(super) fn subject(&self) -> Subject<'a> {
        (self.toewijzing_nummer, self.product.filter(|_| self.toewijzing_nummer.is_none()))
    }

    /// The start as the rules on a second stop match it.
    fn as_stopped(&self) -> StartRef<'a> {
        (self.subject(), self.begindatum)
    }

    /// In words: `toewijzing 1001, product 02 02A03, begindatum 2026-01-08`.
    pub(super) fn phrase(&self) -> Phrase {
        let nummer = self
            .toewijzing_nummer
            .map(|nummer| Phrase::new(format!("toewijzing {nummer}"), format!("allocation {nummer}")));
        let product = self.product.map(product_phrase);
        let product = product.map(|product| Phrase::new(format!("product {product}"), format!("product {product}")));
        let begindatum = self.begindatum;
        let begindatum = Phrase::new(format!("begindatum {begindatum}"), format!("first day {begindatum}"));
        listed([nummer, product, Some(begindatum)])
    }
}

/// The end of a delivery: the part of a stop's key that its start lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End<'a> {
    pub(super) einddatum: Date,
    pub(super) reden: &'a Code,
}

impl End<'_> {
    /// Stopped for the time being: a definitive stop of the same start may follow.
    pub(super) fn is_temporary(&self) -> bool {
        self.reden.as_str() == "20"
    }

    /// In words: `reden 20, einddatum 2026-02-28`.
    fn phrase(&self) -> Phrase {
        let End { einddatum, reden } = self;
        Phrase::new(format!("reden {reden}, einddatum {einddatum}"), format!("reason {reden}, last day {einddatum}"))
    }
}

/// The logical key of a start or stop, without the client (messages, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    pub(super) start: StartKey<'a>,
    /// `None` for a start.
    pub(super) end: Option<End<'a>>,
}

impl<'a> Key<'a> {
    fn of(delivery: &'a Delivery) -> Key<'a> {
        Key { start: StartKey::of(delivery), end: end_of(delivery) }
    }

    /// In words: the elements of the start, for a stop with reason and last day.
    pub(super) fn phrase(&self) -> Phrase {
        listed([Some(self.start.phrase()), self.end.as_ref().map(End::phrase)])
    }
}

fn end_of(delivery: &Delivery) -> Option<End<'_>> {
    delivery.stop.as_ref().map(|stop| End { einddatum: stop.einddatum, reden: &stop.reden })
}

fn listed<const N: usize>(parts: [Option<Phrase>; N]) -> Phrase {
    let (nl, en): (Vec<_>, Vec<_>) = parts.into_iter().flatten().map(|part| (part.nl, part.en)).unzip();
    Phrase::new(nl.join(", "), en.join(", "))
}

/// A start of a 305 or a stop of a 307.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Which one of the message, from 0.
    pub(super) index: usize,
    pub(super) key: Key<'a>,
    status: StatusAanlevering,
}

impl Entry<'_> {
    /// A place in the entry.
    pub(super) fn place(&self, field: &str) -> Place {
        match self.key.end {
            None => Place::start_product(self.index, field),
            Some(_) => Place::stop_product(self.index, field),
        }
    }

    /// What it is called, in Dutch and English alike.
    pub(super) fn noun(&self) -> &'static str {
        if self.key.end.is_none() { "start" } else { "stop" }
    }

    /// Class and ordinal of entry `index` of the same message: `StopProduct 2`.
    pub(super) fn ordinal(&self, index: usize) -> String {
        format!("{} {}", self.place("").class, index + 1)
    }
}

/// The entries of a 305 or 307 beside the earlier starts and stops of its client.
pub(super) struct Deliveries<'a> {
    pub(super) person: PersonKey,
    entries: Vec<Entry<'a>>,
    deleted: BTreeSet<Key<'a>>,
    facts: &'a Facts,
}

/// The entries of a 305 or 307; `None` for other messages and without a ledger.
pub(super) fn deliveries<'a>(case: &Case<'a>) -> Option<Deliveries<'a>> {
    let facts = case.facts?;
    let (bsn, entries): (_, Vec<Entry<'a>>) = match &case.message.body {
        Body::Start(client) => (&client.bsn, client.producten.iter().enumerate().map(start_entry).collect()),
        Body::Stop(client) => (&client.bsn, client.producten.iter().enumerate().map(stop_entry).collect()),
        _ => return None,
    };
    let is_deletion = |entry: &&Entry<'a>| entry.status == StatusAanlevering::Verwijderd;
    let deleted = entries.iter().filter(is_deletion).map(|entry| entry.key).collect();
    Some(Deliveries { person: facts.person(bsn), entries, deleted, facts })
}

fn start_entry((index, start): (usize, &StartProduct)) -> Entry<'_> {
    let key = StartKey {
        toewijzing_nummer: start.toewijzing_nummer,
        product: start.product.as_ref(),
        begindatum: start.begindatum,
    };
    Entry { index, key: Key { start: key, end: None }, status: start.status_aanlevering }
}

fn stop_entry((index, stop): (usize, &StopProduct)) -> Entry<'_> {
    let key = StartKey {
        toewijzing_nummer: stop.toewijzing_nummer,
        product: stop.product.as_ref(),
        begindatum: stop.begindatum,
    };
    let end = End { einddatum: stop.einddatum, reden: &stop.reden_beeindiging };
    Entry { index, key: Key { start: key, end: Some(end) }, status: stop.status_aanlevering }
}

impl<'a> Deliveries<'a> {
    /// New deliveries (`StatusAanlevering` 1), in document order.
    pub(super) fn new_ones(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(|entry| entry.status == StatusAanlevering::Eerste)
    }

    /// Deletions (`StatusAanlevering` 3), in document order.
    pub(super) fn deletions(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(|entry| entry.status == StatusAanlevering::Verwijderd)
    }

    /// All but deletions, which are not judged by their content.
    pub(super) fn with_content(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(|entry| entry.status != StatusAanlevering::Verwijderd)
    }

    /// Earlier starts and stops of this client, oldest first, those that this message deletes included.
    pub(super) fn earlier(&self) -> impl Iterator<Item = (Key<'a>, &'a Delivery)> {
        let of_client = self.facts.deliveries.iter().filter(|delivery| delivery.person == self.person);
        of_client.map(|delivery| (Key::of(delivery), delivery))
    }

    /// The same, less those that this message deletes.
    pub(super) fn standing(&self) -> impl Iterator<Item = (Key<'a>, &'a Delivery)> {
        self.earlier().filter(|(key, _)| !self.deleted.contains(key))
    }
}

/// A stop of a 307 with another one of the same start that comes before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct FollowingStop<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) end: End<'a>,
    pub(super) before: End<'a>,
    at: Before<'a>,
}

/// Where the stop before is.
#[derive(Debug, Clone, Copy)]
enum Before<'a> {
    Earlier(&'a Delivery),
    /// In the same message, at this index.
    Here(usize),
}

impl FollowingStop<'_> {
    /// Where the stop before is: `WMO307 B2 van 2026-03-02`, `StopProduct 1 van dit bericht`.
    pub(super) fn before_phrase(&self) -> Phrase {
        match self.at {
            Before::Earlier(delivery) => figures::earlier(&delivery.message),
            Before::Here(index) => {
                let stop = self.entry.ordinal(index);
                Phrase::new(format!("{stop} van dit bericht"), format!("{stop} of this message"))
            }
        }
    }

    /// A violation at `field` with both ends as figures, and the message of the stop before.
    pub(super) fn violation(&self, field: &str, nl: String, en: String) -> Violation {
        let violation = Violation::at(self.entry.place(field), nl, en)
            .fact("reden", self.end.reden.as_str())
            .date("einddatum", self.end.einddatum)
            .fact("eerdere_reden", self.before.reden.as_str())
            .date("eerdere_einddatum", self.before.einddatum);
        match self.at {
            Before::Earlier(delivery) => violation.earlier(&delivery.message),
            Before::Here(index) => violation.fact("eerdere_stop", index + 1),
        }
    }
}

impl<'a> Deliveries<'a> {
    /// Each stop of a 307 that comes after another stop of the same start for which `wanted` holds, with the first such
    /// one. Stops of earlier messages come before those of this one; these happen by Einddatum, a temporary one before
    /// a definitive one on the same day, since the order of a document says nothing.
    pub(super) fn stops_after(&self, wanted: impl Fn(&End<'a>) -> bool) -> Vec<FollowingStop<'a>> {
        let mut first: BTreeMap<StartRef<'a>, (End<'a>, Before<'a>)> = BTreeMap::new();
        for (start, end, delivery) in self.standing_stops().filter(|(_, end, _)| wanted(end)) {
            first.entry(start).or_insert((end, Before::Earlier(delivery)));
        }
        let mut stops: Vec<(&Entry<'a>, End<'a>)> = self.stops().collect();
        stops.sort_by_key(|(_, end)| (end.einddatum, !end.is_temporary()));
        let mut after = Vec::new();
        for (&entry, end) in stops {
            let start = entry.key.start.as_stopped();
            if let Some(&(before, at)) = first.get(&start) {
                after.push(FollowingStop { entry, end, before, at });
            } else if wanted(&end) {
                first.insert(start, (end, Before::Here(entry.index)));
            }
        }
        after
    }

    /// Each stop of a 307 whose start was stopped by earlier messages, with the one of those that has the latest
    /// Einddatum.
    pub(super) fn stops_after_latest(&self) -> Vec<FollowingStop<'a>> {
        let mut latest: BTreeMap<StartRef<'a>, (End<'a>, &'a Delivery)> = BTreeMap::new();
        for (start, end, delivery) in self.standing_stops() {
            let found = latest.entry(start).or_insert((end, delivery));
            if end.einddatum > found.0.einddatum {
                *found = (end, delivery);
            }
        }
        let after = |(&entry, end): (&Entry<'a>, End<'a>)| {
            let &(before, delivery) = latest.get(&entry.key.start.as_stopped())?;
            Some(FollowingStop { entry, end, before, at: Before::Earlier(delivery) })
        };
        self.stops().filter_map(after).collect()
    }

    /// The stops of a 307 that do not delete.
    fn stops(&self) -> impl Iterator<Item = (&Entry<'a>, End<'a>)> {
        self.with_content().filter_map(|entry| Some((entry, entry.key.end?)))
    }

    fn standing_stops(&self) -> impl Iterator<Item = (StartRef<'a>, End<'a>, &'a Delivery)> {
        self.standing().filter_map(|(key, delivery)| Some((key.start.as_stopped(), key.end?, delivery)))
    }
}

#[cfg(test)]
mod tests {
    use crate::message::{Kind, Law, Number, StatusAanlevering};
    use crate::rules::across::RULES;
    use crate::rules::sample::Sample;
    use std::time::{Duration, Instant};

    /// As many entries as a message can hold, and as many earlier ones, would take hours when compared pair by pair.
    #[test]
    fn long_messages_are_judged_by_key() {
        const ENTRIES: u64 = 20_000;
        for number in [Number::N305, Number::N307] {
            let mut sample = Sample::of(Kind::new(Law::Wmo, number));
            sample.facts.deliveries.clear();
            for nummer in 0..ENTRIES {
                let begindatum = jiff::civil::date(2026, 1, 8);
                sample.earlier_start(begindatum);
                sample.earlier_stop(begindatum, "20", begindatum);
                for delivery in sample.facts.deliveries.iter_mut().rev().take(2) {
                    delivery.toewijzing_nummer = Some(nummer);
                }
                if number == Number::N305 {
                    let mut start = sample.start_product().clone();
                    start.toewijzing_nummer = Some(nummer);
                    start.status_aanlevering = StatusAanlevering::Verwijderd;
                    sample.start().producten.push(start);
                } else {
                    let mut stop = sample.stop_product().clone();
                    (stop.toewijzing_nummer, stop.reden_beeindiging) = (Some(nummer), "20".into());
                    sample.stop().producten.push(stop);
                }
            }
            let judging = Instant::now();
            let broken = sample.evaluate(RULES).broken.len();
            assert!(broken > 10_000, "{broken} findings");
            assert!(judging.elapsed() < Duration::from_secs(10), "{:?}", judging.elapsed());
        }
    }
}
