//! What is to leave, what was refused and what left; and how the destinations stand.

use crate::config::Config;
use crate::decision::Purpose;
use crate::delivery::breaker::{Breaker, State};
use crate::delivery::{destination_names, is_for_back_office, office_name, without_bsn};
use crate::ledger::{Bound, RowState};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a destination stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Destination {
    /// Its name: `directory`, `amqp`, `http 0197`.
    pub name: String,
    /// Its breaker: `closed`, `half-open` or `open`.
    pub state: String,
    /// Since when the breaker stands so; `None` when nothing ever failed.
    pub since: Option<Timestamp>,
    /// When it is tried next while the breaker is not closed.
    pub next_try: Option<Timestamp>,
    /// Rows that may be under way at once while it comes back.
    pub ramp: Option<u32>,
    /// Rows that are to leave.
    pub waiting: u64,
    /// Rows of these of which an attempt failed.
    pub failing: u64,
    /// Rows that were refused and are set aside.
    pub refused: u64,
    /// Since when the oldest row waits.
    pub oldest_at: Option<Timestamp>,
    /// The last failure that is known of what waits, or of the breaker.
    pub last_failure: Option<Failure>,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// When, as far as that is known.
    pub at: Option<Timestamp>,
    /// `temporary`, `unknown`, `data`, `contract` or `security`; `None` for those of before classes were kept.
    pub class: Option<String>,
    /// In words. Names no person.
    pub reason: String,
}

/// A row of the outbox without what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Its number in the order of the outbox.
    pub id: i64,
    /// The id that every attempt carries.
    pub uuid: String,
    /// Name of its destination.
    pub destination: String,
    /// `reply`, `forward`, `error` or `signal`.
    pub purpose: String,
    /// Kind or check.
    pub subject: String,
    /// Receiving party; empty when it is unknown.
    pub receiver: String,
    /// The message that it leaves because of; `None` for what a survey told.
    pub message: Option<i64>,
    /// `waiting`, `refused` or `sent`.
    pub state: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When a person had it sent once more.
    pub resent_at: Option<Timestamp>,
    /// When it left or was set aside.
    pub ended_at: Option<Timestamp>,
    /// From when on it may be tried again; `None` when that is at once, or over.
    pub due_at: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: u32,
    /// Whether its last attempt failed.
    pub last_failure: Option<Failure>,
}

/// An attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Which one, from 1.
    pub number: u32,
    /// When it ended.
    pub at: Timestamp,
    /// `sent`, `failed`, or `refused` for one that set the row aside.
    pub outcome: String,
    /// From when on it was to be tried again.
    pub retry_at: Option<Timestamp>,
    /// What went wrong.
    pub failure: Option<Failure>,
}

/// A delivery with its attempts one by one, the first first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The delivery.
    pub delivery: Delivery,
    /// Its attempts.
    pub attempts: Vec<Attempt>,
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only these.
    pub state: RowState,
    /// Only of this destination.
    pub bound: Option<Bound>,
    /// The number of the last one that was seen.
    pub after: Option<i64>,
}

/// What waits for one receiver for one reason, as the ledger counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Why it leaves.
    pub purpose: Purpose,
    /// Who gets it.
    pub receiver: String,
    /// Rows that are to leave.
    pub waiting: u64,
    /// Rows of these of which an attempt failed.
    pub failing: u64,
    /// Rows that are set aside.
    pub refused: u64,
    /// Since when the oldest row waits.
    pub oldest_at: Option<Timestamp>,
    /// The last failure of a row that waits.
    pub last_failure: Option<Failure>,
}

/// Name of the destination that a row goes to.
pub fn destination_of(config: &Config, purpose: Purpose, receiver: &str) -> String {
    if is_for_back_office(purpose) && config.back_offices.contains_key(receiver) {
        return office_name(receiver);
    }
    config.delivery.default.as_str().to_owned()
}

/// Which rows go to a destination; `None` when there is none of that name.
pub fn bound(config: &Config, name: &str) -> Option<Bound> {
    if name == config.delivery.default.as_str() {
        return Some(Bound::Default { offices: config.back_offices.keys().cloned().collect() });
    }
    let office = config.back_offices.keys().find(|gemeente| office_name(gemeente) == name);
    office.map(|gemeente| Bound::Office(gemeente.clone()))
}

/// How the destinations of a configuration stand, the default first.
pub fn destinations(config: &Config, backlogs: &[Backlog], breakers: &BTreeMap<String, Breaker>) -> Vec<Destination> {
    let mut all: Vec<Destination> = destination_names(config)
        .into_iter()
        .map(|name| {
            let breaker = breakers.get(&name);
            destination(name, breaker)
        })
        .collect();
    for backlog in backlogs {
        let name = destination_of(config, backlog.purpose, &backlog.receiver);
        let Some(known) = all.iter_mut().find(|each| each.name == name) else { continue };
        known.waiting = known.waiting.saturating_add(backlog.waiting);
        known.failing = known.failing.saturating_add(backlog.failing);
        known.refused = known.refused.saturating_add(backlog.refused);
        known.oldest_at = known.oldest_at.into_iter().chain(backlog.oldest_at).min();
        let latest = |failure: &Option<Failure>| failure.as_ref().and_then(|failure| failure.at);
        if backlog.last_failure.is_some() && latest(&backlog.last_failure) >= latest(&known.last_failure) {
            known.last_failure.clone_from(&backlog.last_failure);
        }
    }
    all
}

fn destination(name: String, breaker: Option<&Breaker>) -> Destination {
    let is_closed = breaker.is_none_or(|breaker| breaker.state == State::Closed);
    let last_failure = breaker.and_then(|breaker| {
        let reason = without_bsn(breaker.reason.as_deref()?);
        Some(Failure { at: None, class: breaker.class.map(|class| class.as_str().to_owned()), reason })
    });
    Destination {
        name,
        state: breaker.map_or(State::Closed, |breaker| breaker.state).as_str().to_owned(),
        since: breaker.map(|breaker| breaker.since),
        next_try: breaker.filter(|_| !is_closed).map(|breaker| breaker.next_try),
        ramp: breaker.and_then(|breaker| breaker.ramp),
        waiting: 0,
        failing: 0,
        refused: 0,
        oldest_at: None,
        last_failure,
    }
}
