//! Tests of the ledger from within: values to store, and a ledger in a place of its own. The same tests run once more
//! on PostgreSQL, from `on_postgres`.

mod access;
mod course;
mod custody;
mod delivery;
mod group;
mod growth;
mod integrity;
mod last;
mod members;
mod outbox;
mod overview;
mod place;
mod questions;
mod records;
mod retention;
mod search;
mod signals;
mod view;

use super::*;
use crate::contract::Model;
use crate::decision::{Account, Decision, Identity, Outgoing, Purpose, Record, Verdict};
use crate::finding::{Severity, Signal};
use crate::message::{Count, Kind, Law, Number, Party};
use crate::rules::facts::{Facts, Request};
use jiff::Timestamp;
use jiff::civil::date;
pub(in crate::ledger) use place::Place;
use std::collections::{BTreeMap, BTreeSet};

const GEMEENTE: &str = "0197";
const AANBIEDER: &str = "42420001";
const BSN: &str = "999900006";
const OTHER_BSN: &str = "999900018";

/// 10 March 2026, noon UTC, and `seconds` later.
pub(in crate::ledger) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_773_144_000 + seconds).expect("a moment in this century")
}

/// An account of 2026 for a segment.
pub(in crate::ledger) fn account(segment: &str) -> Account {
    Account {
        law: Law::Wmo,
        gemeente: Party::from(GEMEENTE),
        segment: segment.to_owned(),
        subsegment: None,
        aanbieder: Party::from(AANBIEDER),
        model: Model::Pxq,
        year: 2026,
    }
}

/// A ledger that goes with its place.
pub(in crate::ledger) struct Sut {
    pub(in crate::ledger) ledger: Ledger,
    pub(in crate::ledger) keys: Keys,
    pub(in crate::ledger) place: Place,
}

impl Sut {
    pub(in crate::ledger) fn new() -> Sut {
        let (place, keys) = (Place::new(), Keys::generate());
        let ledger = open(&place, &keys);
        Sut { ledger, keys, place }
    }

    pub(in crate::ledger) fn reopen(self) -> Sut {
        self.ledger.close().expect("the ledger closes");
        let ledger = open(&self.place, &self.keys);
        Sut { ledger, keys: self.keys, place: self.place }
    }

    pub(in crate::ledger) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.ledger.run_blocking(job)
    }

    pub(in crate::ledger) fn get<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> T {
        self.run(job).expect("the job succeeds")
    }

    pub(in crate::ledger) fn store(&self, inbox: Inbox, decision: Decision) -> Stored {
        self.get(move |tx| tx.store(&inbox, &decision))
    }

    /// Stores `records` as an accepted message of its own.
    pub(in crate::ledger) fn record(&self, identity: Identity, records: Vec<Record>) -> Stored {
        let id = format!("{}-{}", identity.kind, identity.identificatie);
        self.store(inbox(&id), Decision { records, ..accepted(identity) })
    }

    fn facts(&self, request: Request) -> Facts {
        self.get(move |tx| tx.facts(&request))
    }

    /// Changes the database past the ledger.
    fn change(&self, sql: &str) -> Result<(), LedgerError> {
        self.place.change(sql)
    }
}

fn open(place: &Place, keys: &Keys) -> Ledger {
    Ledger::open(Settings { location: place.location(), keys: keys.clone(), max_group: 64 }).expect("the ledger opens")
}

pub(in crate::ledger) fn inbox(id: &str) -> Inbox {
    Inbox::new("directory", id, at(0), format!("<bericht>{id}</bericht>").into_bytes())
}

pub(in crate::ledger) fn wmo(number: Number) -> Kind {
    Kind::new(Law::Wmo, number)
}

pub(in crate::ledger) fn identity(kind: Kind, identificatie: &str) -> Identity {
    // A return message repeats the sender of what it answers.
    let of_gemeente = matches!(kind.number, Number::N301 | Number::N302 | Number::N319 | Number::N320);
    let afzender = if of_gemeente { GEMEENTE } else { AANBIEDER };
    Identity {
        kind,
        afzender: Party::from(afzender),
        identificatie: identificatie.to_owned(),
        dagtekening: date(2026, 3, 9),
        gemeente: Party::from(GEMEENTE),
        aanbieder: Party::from(AANBIEDER),
    }
}

pub(in crate::ledger) fn accepted(identity: Identity) -> Decision {
    Decision {
        kind: Some(identity.kind),
        identity: Some(identity),
        claimed_sender: None,
        verdict: Verdict::Accepted,
        level: 4,
        findings: Vec::new(),
        skipped: Vec::new(),
        signals: Vec::new(),
        observed: Vec::new(),
        records: Vec::new(),
        outgoing: Vec::new(),
        register_version: Some("2026-01".to_owned()),
    }
}

fn request(kind: Kind) -> Request {
    Request {
        law: kind.law,
        number: kind.number,
        gemeente: Party::from(GEMEENTE),
        aanbieder: Party::from(AANBIEDER),
        afzender: identity(kind, "").afzender,
        identificatie: "unused".into(),
        persons: BTreeSet::from([BSN.into()]),
        toewijzingen: BTreeSet::new(),
        all_allocations: false,
        verzoeken: BTreeSet::new(),
        all_verzoeken: false,
        declaratie: None,
        referenties: BTreeSet::new(),
        question: None,
    }
}

fn outgoing(purpose: Purpose, to: &str, body: &str) -> Outgoing {
    Outgoing {
        purpose,
        to: Some(Party::from(to)),
        subject: "WMO306".to_owned(),
        law: Some(Law::Wmo),
        region: None,
        body: body.as_bytes().to_vec(),
        verdict_json: None,
    }
}

fn signal(id: &str, toewijzing: Count) -> Signal {
    Signal {
        id: id.to_owned(),
        check: "A1".to_owned(),
        outcome: "signal".to_owned(),
        severity: Severity::High,
        region: "achterhoek".to_owned(),
        gemeente: GEMEENTE.to_owned(),
        toewijzingen: vec![toewijzing],
        nl: "Zonder contract.".to_owned(),
        en: "Outside the contract.".to_owned(),
        facts: BTreeMap::new(),
    }
}
