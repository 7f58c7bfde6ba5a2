//! What the relay knows of the breakers, and how many rows may go to a destination now.
//!
//! The ledger has the last word. In between the relay goes by its own copy, on which it notes at once what it sees, so
//! that nothing more leaves for a destination that just failed.

use super::breaker::{Breaker, Breakers, Event, Rules, State, Step};
use super::class::Class;
use super::outbox::{Outbox, OutboxError};
use super::{Destination, Failure};
use crate::backoff::random_spread;
use crate::telemetry::events::{BreakerClosed, BreakerOpened};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How old the copy may get: another gateway may have changed what the ledger holds.
const FRESH: Duration = Duration::from_secs(1);

/// What may go to a destination now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// So many rows.
    Rows(usize),
    /// One row, as a probe.
    Probe,
    /// Nothing before others have arrived.
    Full,
    /// Nothing: the breaker is open.
    Shut,
}

/// The breakers as the relay knows them.
pub(super) struct Gates {
    rules: Rules,
    /// Rows that go to a destination at once which says nothing of it.
    window: usize,
    known: Breakers,
    /// Probes that the ledger granted and that are not sent yet.
    granted: BTreeSet<String>,
    /// What the ledger does not know yet.
    steps: Vec<Step>,
    looked: Option<Instant>,
}

impl Gates {
    pub(super) fn new(rules: Rules, window: usize) -> Gates {
        let (known, granted) = (Breakers::default(), BTreeSet::new());
        Gates { rules, window, known, granted, steps: Vec::new(), looked: None }
    }

    /// Reads the breakers again when the copy is old. Gives those that were not closed when this relay began.
    pub(super) async fn look(
        &mut self,
        outbox: &dyn Outbox,
        now: Timestamp,
    ) -> Result<Vec<(String, Failure)>, OutboxError> {
        if self.looked.is_some_and(|looked| looked.elapsed() < FRESH) {
            return Ok(Vec::new());
        }
        let is_first = self.looked.is_none();
        self.report(outbox, now).await?;
        let found = self.known.0.iter().filter(|(_, breaker)| is_first && breaker.state != State::Closed);
        Ok(found
            .map(|(name, breaker)| {
                let failure = Failure::destination(breaker.reason.clone().unwrap_or_default());
                (name.clone(), failure.of(breaker.class.unwrap_or(Class::Temporary)))
            })
            .collect())
    }

    /// Tells the ledger what it does not know yet, and takes over what it says. What could not be told is kept.
    pub(super) async fn report(&mut self, outbox: &dyn Outbox, now: Timestamp) -> Result<(), OutboxError> {
        let standing = outbox.breakers(self.steps.clone(), now, self.rules).await?;
        self.steps.clear();
        self.known = standing.breakers;
        self.granted.extend(standing.granted);
        self.looked = Some(Instant::now());
        Ok(())
    }

    pub(super) fn has_news(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Asks the ledger for probes to those of these destinations that want one.
    pub(super) async fn ask_for_probes(
        &mut self,
        outbox: &dyn Outbox,
        destinations: impl Iterator<Item = (String, Duration)>,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        let mut asked = BTreeSet::new();
        for (destination, patience) in destinations {
            let wants = self.known.tripped(&destination).is_some_and(|it| it.wants_probe(now, self.rules, patience));
            if wants && !self.granted.contains(&destination) && asked.insert(destination.clone()) {
                self.steps.push(Step { destination, event: Event::Try { patience } });
            }
        }
        if asked.is_empty() { Ok(()) } else { self.report(outbox, now).await }
    }

    /// Whether nothing may go to a destination, not even a probe.
    pub(super) fn is_shut(&self, destination: &str, patience: Duration, now: Timestamp) -> bool {
        let tripped = self.known.tripped(destination);
        tripped.is_some_and(|it| !it.wants_probe(now, self.rules, patience)) && !self.granted.contains(destination)
    }

    /// What may go to a destination to which so many rows are under way. A probe is given out once.
    pub(super) fn pass(&mut self, destination: &dyn Destination, under_way: usize) -> Pass {
        let name = destination.name();
        if self.known.tripped(name).is_some() {
            return if self.granted.remove(name) { Pass::Probe } else { Pass::Shut };
        }
        // Closed by now, by another gateway: the probe is not needed any more.
        self.granted.remove(name);
        let ramp = self.known.0.get(name).and_then(|breaker| breaker.ramp);
        let window = ramp.map_or(usize::MAX, |ramp| usize::try_from(ramp).unwrap_or(usize::MAX));
        match window.saturating_sub(under_way) {
            0 => Pass::Full,
            rows => Pass::Rows(rows),
        }
    }

    /// Takes note of how a run ended. Gives whether the destination is shut now.
    pub(super) fn note(
        &mut self,
        destination: &dyn Destination,
        outcomes: &[Result<(), Failure>],
        probe: bool,
        now: Timestamp,
    ) -> bool {
        let name = destination.name();
        // A run that breaks off is one failure, however many rows it held.
        let failed = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).find(|failure| {
            let clears = failure.clears_destination();
            clears == Some(false) || (probe && clears.is_none())
        });
        let works = |outcome: &&Result<(), Failure>| match outcome {
            Ok(()) => true,
            Err(failure) => failure.clears_destination() == Some(true),
        };
        let passed = u32::try_from(outcomes.iter().filter(works).count()).unwrap_or(u32::MAX);
        let quiet = self.known.0.get(name).is_none_or(Breaker::is_quiet);
        if passed > 0 && !(quiet && failed.is_none()) && !(probe && failed.is_some()) {
            let capacity = destination.manner().in_flight.unwrap_or(self.window);
            let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
            self.step(name, Event::Passed { rows: passed, capacity, probe }, now);
        }
        if let Some(Failure { class, reason, retry_after, .. }) = failed {
            let (class, reason, retry_after) = (*class, reason.clone(), *retry_after);
            self.step(name, Event::Failed { class, reason, retry_after, probe, spread: random_spread() }, now);
        }
        self.known.tripped(name).is_some()
    }

    fn step(&mut self, destination: &str, event: Event, now: Timestamp) {
        let state = |known: &Breakers| known.0.get(destination).map_or(State::Closed, |breaker| breaker.state);
        let before = state(&self.known);
        let step = Step { destination: destination.to_owned(), event };
        self.known.take(std::slice::from_ref(&step), now, self.rules);
        match (before, state(&self.known), self.known.0.get(destination)) {
            (State::Closed, State::Open, Some(breaker)) => {
                let wait = Duration::try_from(now.duration_until(breaker.next_try)).unwrap_or_default();
                BreakerOpened { destination, failures: breaker.failures, wait }.emit();
            }
            (State::HalfOpen | State::Open, State::Closed, _) => BreakerClosed { destination }.emit(),
            _ => {}
        }
        self.steps.push(step);
    }
}
