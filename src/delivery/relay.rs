//! The relay: takes what is due from the outbox, delivers it, and records what became of it.
//!
//! Deliveries to one receiver form a lane: they leave in their order, one run after another, and a failed one holds up
//! those behind it. Lanes run beside each other, so one slow receiver does not hold up the others. A row counts as sent
//! only after the destination said so, and the outcome is in the ledger before the lane goes on: after a crash a row is
//! sent again under the same id, never lost.

use super::outbox::{Due, Outbox, OutboxError, Outcome, Settlement};
use super::{Destination, Failure, Scope};
use crate::backoff::{Backoff, random_spread, spread_of};
use crate::clock::Clock;
use crate::config;
use crate::decision::Purpose;
use crate::failpoint::Failpoint;
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::telemetry::events::{Attempted, DeliveryTimed, DestinationBack, DestinationDown};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{Id, JoinError, JoinSet};

/// How often the outbox is looked at though nothing woke the relay; more often when retries come sooner.
const SAFETY_NET: Duration = Duration::from_secs(1);
const SHORTEST_LOOK: Duration = Duration::from_millis(50);
/// What the outbox is called in a log line.
const OUTBOX: &str = "the outbox";
/// Waits when the outbox cannot be read or written.
const OUTBOX_BACKOFF: Backoff = Backoff { first: Duration::from_millis(200), max: Duration::from_secs(10) };

/// Which destination a row goes to.
pub struct Routes {
    /// Where everything goes that is not for a back office.
    pub default: Arc<dyn Destination>,
    /// Back offices by municipality: forwards and signals go there.
    pub back_offices: BTreeMap<String, Arc<dyn Destination>>,
}

impl Routes {
    fn of(&self, due: &Due) -> &Arc<dyn Destination> {
        let office = due.to.as_ref().and_then(|party| self.back_offices.get(party));
        match (due.purpose, office) {
            (Purpose::Forward | Purpose::Signal, Some(office)) => office,
            (Purpose::Forward | Purpose::Signal | Purpose::Reply | Purpose::Error, _) => &self.default,
        }
    }
}

/// Receiver of a row; `None` for error reports whose receiver is unknown.
type Receiver = Option<String>;

/// The relay.
pub struct Relay {
    outbox: Arc<dyn Outbox>,
    routes: Routes,
    backoff: Backoff,
    window: usize,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
    /// Rows that were fetched, by receiver; a lane exists as long as it has work.
    lanes: BTreeMap<Receiver, VecDeque<Due>>,
    running: JoinSet<Vec<Result<(), Failure>>>,
    runs: BTreeMap<Id, Run>,
    /// Outcomes that are not in the ledger yet, and whether the lane goes on.
    unsettled: Vec<Settlement>,
    finished: Vec<(Receiver, bool)>,
    troubled: BTreeMap<String, Trouble>,
}

/// Something that does not work.
struct Trouble {
    since: Instant,
    /// Who cannot be reached because of it. It is over when each of them could: one who is reached in between says
    /// nothing about the others.
    receivers: BTreeSet<Receiver>,
}

/// Rows on their way.
struct Run {
    receiver: Receiver,
    rows: Arc<[Due]>,
    destination: Arc<dyn Destination>,
    since: Instant,
}

impl Relay {
    /// A relay between an outbox and destinations.
    pub fn new(
        outbox: Arc<dyn Outbox>,
        routes: Routes,
        settings: &config::Delivery,
        clock: Arc<dyn Clock>,
        telemetry: &Telemetry,
    ) -> Relay {
        Relay {
            outbox,
            routes,
            backoff: Backoff { first: settings.first_retry, max: settings.max_retry },
            window: settings.window,
            clock,
            telemetry: telemetry.clone(),
            lanes: BTreeMap::new(),
            running: JoinSet::new(),
            runs: BTreeMap::new(),
            unsettled: Vec::new(),
            finished: Vec::new(),
            troubled: BTreeMap::new(),
        }
    }

    /// Delivers until the stop is requested. Then nothing new leaves; what is on its way is awaited and recorded,
    /// within the deadline.
    pub async fn run(mut self, shutdown: Shutdown) {
        let outbox = Arc::clone(&self.outbox);
        let mut changed = outbox.changed();
        let mut look = true;
        let mut failures = 0;
        let poll = self.backoff.first.clamp(SHORTEST_LOOK, SAFETY_NET);
        while !shutdown.is_requested() {
            let outcome = if look { self.fetch().await } else { Ok(()) };
            look = false;
            if outcome.is_err() {
                failures += 1;
                if !shutdown.sleep(OUTBOX_BACKOFF.after(failures, random_spread())).await {
                    break;
                }
                look = true;
                continue;
            }
            failures = 0;
            tokio::select! {
                () = shutdown.requested() => break,
                () = &mut changed => { look = true; changed = outbox.changed(); }
                () = tokio::time::sleep(poll) => look = true,
                Some(done) = self.running.join_next_with_id() => {
                    self.take_finished(done);
                    look |= self.settle(&shutdown).await;
                }
            }
        }
        self.flush(&shutdown).await;
    }

    /// Fetches what is due for receivers that are not being served, as far as there is room, and starts their lanes.
    async fn fetch(&mut self) -> Result<(), ()> {
        let in_work: usize = self.lanes.values().map(VecDeque::len).sum::<usize>()
            + self.runs.values().map(|run| run.rows.len()).sum::<usize>();
        let room = self.window.saturating_sub(in_work);
        if room == 0 {
            return Ok(());
        }
        let busy: Vec<Receiver> = self.lanes.keys().cloned().collect();
        match self.outbox.due_except(self.clock.now(), room, busy.clone()).await {
            Ok(rows) => {
                self.fine(OUTBOX, &None);
                for row in rows.into_iter().filter(|row| !busy.contains(&row.to)) {
                    self.lanes.entry(row.to.clone()).or_default().push_back(row);
                }
                let fresh: Vec<Receiver> = self.lanes.keys().filter(|lane| !busy.contains(lane)).cloned().collect();
                for receiver in fresh {
                    self.start_run(receiver);
                }
                Ok(())
            }
            Err(error) => {
                self.trouble(OUTBOX, &None, &error.to_string());
                Err(())
            }
        }
    }

    /// Sends the next rows of a lane that go to one destination.
    fn start_run(&mut self, receiver: Receiver) {
        let Some(queue) = self.lanes.get_mut(&receiver) else { return };
        let Some(first) = queue.front() else {
            self.lanes.remove(&receiver);
            return;
        };
        let destination = Arc::clone(self.routes.of(first));
        let count = queue
            .iter()
            .take(destination.longest_run().max(1))
            .take_while(|row| Arc::ptr_eq(self.routes.of(row), &destination))
            .count();
        let rows: Arc<[Due]> = queue.drain(..count).collect();
        let task = self.running.spawn(destination.deliver(Arc::clone(&rows)));
        self.runs.insert(task.id(), Run { receiver, rows, destination, since: Instant::now() });
    }

    /// Notes what became of a run, and of all others that are done by now: they share a transaction.
    fn take_finished(&mut self, done: Result<(Id, Vec<Result<(), Failure>>), JoinError>) {
        let mut next = Some(done);
        while let Some(done) = next {
            let (id, outcomes) = match done {
                Ok(done) => done,
                Err(error) => (error.id(), vec![Err(Failure::receiver("the delivery broke off"))]),
            };
            if let Some(run) = self.runs.remove(&id) {
                self.note(run, outcomes);
            }
            next = self.running.try_join_next_with_id();
        }
    }

    fn note(&mut self, run: Run, outcomes: Vec<Result<(), Failure>>) {
        let sort = run.destination.sort();
        DeliveryTimed { destination: sort, took: run.since.elapsed() }.emit(&self.telemetry);
        let at = self.clock.now();
        let mut complete = outcomes.len() == run.rows.len();
        for (row, outcome) in run.rows.iter().zip(outcomes) {
            Attempted { destination: sort, purpose: row.purpose, sent: outcome.is_ok() }.emit(&self.telemetry);
            self.tell(run.destination.name(), row, &outcome);
            complete &= outcome.is_ok();
            let outcome = match outcome {
                Ok(()) => Outcome::Sent,
                Err(failure) => {
                    let failed = row.attempts.saturating_add(1);
                    let wait = self.backoff.after(failed, spread_of(row.id, failed));
                    Outcome::Retry { at: later(at, wait), reason: failure.reason }
                }
            };
            self.unsettled.push(Settlement { id: row.id, at, outcome });
        }
        self.finished.push((run.receiver, complete));
    }

    /// One line when something goes down, one when it is back.
    fn tell(&mut self, destination: &str, row: &Due, outcome: &Result<(), Failure>) {
        let receiver = format!("{destination}, receiver {}", row.to.as_deref().unwrap_or("unknown"));
        match outcome {
            Ok(()) => {
                self.fine(destination, &row.to);
                self.fine(&receiver, &row.to);
            }
            Err(failure) => match failure.scope {
                Scope::Destination => self.trouble(destination, &row.to, &failure.reason),
                Scope::Receiver => self.trouble(&receiver, &row.to, &failure.reason),
            },
        }
    }

    fn trouble(&mut self, what: &str, receiver: &Receiver, reason: &str) {
        if let Some(trouble) = self.troubled.get_mut(what) {
            trouble.receivers.insert(receiver.clone());
            return;
        }
        let trouble = Trouble { since: Instant::now(), receivers: BTreeSet::from([receiver.clone()]) };
        self.troubled.insert(what.to_owned(), trouble);
        DestinationDown { destination: what, reason }.emit();
    }

    fn fine(&mut self, what: &str, receiver: &Receiver) {
        let Some(trouble) = self.troubled.get_mut(what) else { return };
        trouble.receivers.remove(receiver);
        if trouble.receivers.is_empty() {
            DestinationBack { destination: what, down_for: trouble.since.elapsed() }.emit();
            self.troubled.remove(what);
        }
    }

    /// Records outcomes, then lets lanes go on: those that failed are given up until they are due again. Tells whether
    /// a lane became free, so that its receiver may be due again. While the outbox cannot be written the lanes wait.
    async fn settle(&mut self, shutdown: &Shutdown) -> bool {
        let mut failures = 0;
        while !self.unsettled.is_empty() {
            match self.record().await {
                Ok(()) => {
                    self.fine(OUTBOX, &None);
                    self.unsettled.clear();
                }
                Err(error) => {
                    self.trouble(OUTBOX, &None, &error.to_string());
                    failures += 1;
                    if !shutdown.sleep(OUTBOX_BACKOFF.after(failures, random_spread())).await {
                        return false;
                    }
                }
            }
        }
        let mut freed = false;
        for (receiver, complete) in std::mem::take(&mut self.finished) {
            if complete && self.lanes.get(&receiver).is_some_and(|queue| !queue.is_empty()) {
                self.start_run(receiver);
            } else {
                self.lanes.remove(&receiver);
                freed = true;
            }
        }
        freed
    }

    async fn record(&self) -> Result<(), OutboxError> {
        Failpoint::BeforeSettle.pass_async().await.map_err(|tripped| OutboxError(tripped.to_string()))?;
        self.outbox.settle(self.unsettled.clone()).await?;
        Failpoint::AfterSettle.pass_async().await.map_err(|tripped| OutboxError(tripped.to_string()))
    }

    /// Waits for what is on its way and records it.
    async fn flush(&mut self, shutdown: &Shutdown) {
        self.lanes.clear();
        let end = tokio::time::Instant::now() + shutdown.deadline();
        while let Ok(Some(done)) = tokio::time::timeout_at(end, self.running.join_next_with_id()).await {
            self.take_finished(done);
        }
        // What did not finish has an unknown outcome: it stays due and is sent again under the same id.
        self.running.abort_all();
        if self.unsettled.is_empty() {
            return;
        }
        let settled = tokio::time::timeout_at(end.max(tokio::time::Instant::now() + SAFETY_NET), async {
            self.outbox.settle(self.unsettled.clone()).await
        });
        match settled.await {
            Ok(Ok(())) => self.unsettled.clear(),
            Ok(Err(error)) => self.trouble(OUTBOX, &None, &error.to_string()),
            Err(_) => self.trouble(OUTBOX, &None, "no answer before the deadline of the shutdown"),
        }
    }
}

fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}
