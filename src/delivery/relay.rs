//! The relay: takes what is due from the outbox, delivers it, and records what became of it.
//!
//! Deliveries to one receiver form a lane: they leave in their order, one run after another, and a failed one holds up
//! those behind it. Lanes run beside each other, so one slow receiver does not hold up the others. A row counts as sent
//! only after the destination said so, and the outcome is in the ledger before the lane goes on: after a crash a row is
//! sent again under the same id, never lost. Where several gateways share an outbox, each lane is one gateway's at a time
//! (`members`).
//!
//! A destination that does not work is left alone by its breaker (see `breaker`): its lanes are given up until a probe may
//! go, and what waits behind it is not tried, so it counts no attempts. A row that the other side refuses for what it is
//! is set aside after a few attempts, unless the order must hold: then its lane waits for a person.

use super::breaker::{Rules, later};
use super::class::{Class, Fault};
use super::gates::{Gates, Pass};
use super::outbox::{Due, Outbox, OutboxError, Outcome, Settlement};
use super::{Destination, Failure, Scope, is_for_back_office};
use crate::backoff::{Backoff, random_spread, spread_of};
use crate::clock::{Clock, age};
use crate::config::{self, Order};
use crate::failpoint::Failpoint;
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::telemetry::events::{Attempted, DeliveryTimed, DestinationBack, DestinationDown, SetAside};
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
        office.filter(|_| is_for_back_office(due.purpose)).unwrap_or(&self.default)
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
    set_aside_after: u32,
    order: Order,
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
    gates: Gates,
    /// Receivers whose next row goes to a destination that is shut, with that destination and how long a probe takes.
    shut: BTreeMap<Receiver, (String, Duration)>,
    /// Lanes that wait until fewer rows are under way to their destination.
    held_back: BTreeSet<Receiver>,
}

/// Something that does not work.
struct Trouble {
    since: Instant,
    /// Who cannot be reached because of it. It is over when each of them could: one who is reached in between says
    /// nothing about the others.
    receivers: BTreeSet<Receiver>,
    /// Whether a person was called.
    alarmed: bool,
}

/// Rows on their way.
struct Run {
    receiver: Receiver,
    rows: Arc<[Due]>,
    destination: Arc<dyn Destination>,
    since: Instant,
    probe: bool,
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
        let backoff = Backoff { first: settings.first_retry, max: settings.max_retry };
        let rules = Rules { after: settings.breaker_after, retry: backoff, slow: settings.slow_retry };
        Relay {
            outbox,
            routes,
            backoff,
            window: settings.window,
            set_aside_after: settings.set_aside_after,
            order: settings.order,
            clock,
            telemetry: telemetry.clone(),
            lanes: BTreeMap::new(),
            running: JoinSet::new(),
            runs: BTreeMap::new(),
            unsettled: Vec::new(),
            finished: Vec::new(),
            troubled: BTreeMap::new(),
            gates: Gates::new(rules, settings.window),
            shut: BTreeMap::new(),
            held_back: BTreeSet::new(),
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
            let outcome = if look { self.fetch().await } else { Ok(false) };
            look = false;
            if outcome == Ok(true) {
                look = true;
                continue;
            }
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
    /// Tells whether to fetch again at once: what came was for a destination that is shut, and others may be due.
    async fn fetch(&mut self) -> Result<bool, ()> {
        let in_work: usize = self.lanes.values().map(VecDeque::len).sum::<usize>()
            + self.runs.values().map(|run| run.rows.len()).sum::<usize>();
        let room = self.window.saturating_sub(in_work);
        match self.fetch_rows(room).await {
            Ok(again) => {
                self.fine(OUTBOX, &None);
                Ok(again)
            }
            Err(error) => {
                self.trouble(OUTBOX, Some(&None), &Failure::destination(error.to_string()), false);
                Err(())
            }
        }
    }

    async fn fetch_rows(&mut self, room: usize) -> Result<bool, OutboxError> {
        let outbox = Arc::clone(&self.outbox);
        let now = self.clock.now();
        for (destination, failure) in self.gates.look(&*outbox, now).await? {
            // A gateway that starts tells what was wrong when another one stopped.
            self.trouble(&destination, None, &failure, failure.alarm);
        }
        let gates = &self.gates;
        self.shut.retain(|_, (destination, patience)| gates.is_shut(destination, *patience, now));
        let busy: Vec<Receiver> = self.lanes.keys().chain(self.shut.keys()).cloned().collect();
        let rows = outbox.due_except(now, room, busy.clone()).await?;
        let mut heads: BTreeMap<Receiver, (u32, i64)> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| !busy.contains(&row.to)) {
            heads.entry(row.to.clone()).or_insert((row.attempts, row.sequence));
            self.lanes.entry(row.to.clone()).or_default().push_back(row);
        }
        // The first of these lanes becomes the probe where one is wanted. The row that was tried least goes first: one
        // that the destination chokes on must not be every probe.
        let mut fresh: Vec<Receiver> = heads.keys().cloned().collect();
        fresh.sort_by_key(|receiver| heads.get(receiver).copied());
        let destinations: Vec<(String, Duration)> = fresh
            .iter()
            .filter_map(|receiver| self.lanes.get(receiver)?.front())
            .map(|head| self.routes.of(head))
            .map(|destination| (destination.name().to_owned(), destination.manner().patience))
            .collect();
        let asked = self.gates.ask_for_probes(&*outbox, destinations.into_iter(), now).await;
        let before = self.shut.len();
        for receiver in fresh {
            self.start_run(receiver);
        }
        asked?;
        Ok(self.shut.len() > before)
    }

    /// Sends the next rows of a lane that go to one destination, as far as that takes any now.
    fn start_run(&mut self, receiver: Receiver) {
        if !self.outbox.holds(&receiver) {
            // Another gateway may be sending them by now. What it leaves comes back with one of the next looks.
            self.lanes.remove(&receiver);
            return;
        }
        let Some(queue) = self.lanes.get(&receiver) else { return };
        let Some(first) = queue.front() else {
            self.lanes.remove(&receiver);
            return;
        };
        let destination = Arc::clone(self.routes.of(first));
        let under_way = self.runs.values().filter(|run| run.destination.name() == destination.name());
        let (most, probe) = match self.gates.pass(&*destination, under_way.map(|run| run.rows.len()).sum()) {
            Pass::Rows(rows) => (rows.min(destination.longest_run().max(1)), false),
            Pass::Probe => (1, true),
            Pass::Full => {
                self.held_back.insert(receiver);
                return;
            }
            Pass::Shut => {
                self.lanes.remove(&receiver);
                self.shut.insert(receiver, (destination.name().to_owned(), destination.manner().patience));
                return;
            }
        };
        let count = queue.iter().take(most).take_while(|row| Arc::ptr_eq(self.routes.of(row), &destination)).count();
        let Some(queue) = self.lanes.get_mut(&receiver) else { return };
        let rows: Arc<[Due]> = queue.drain(..count).collect();
        let task = self.running.spawn(destination.deliver(Arc::clone(&rows)));
        self.runs.insert(task.id(), Run { receiver, rows, destination, since: Instant::now(), probe });
    }

    /// Notes what became of a run, and of all others that are done by now: they share a transaction.
    fn take_finished(&mut self, done: Result<(Id, Vec<Result<(), Failure>>), JoinError>) {
        let mut next = Some(done);
        while let Some(done) = next {
            let (id, outcomes) = match done {
                Ok(done) => done,
                Err(error) => (error.id(), vec![Err(Failure::receiver(Fault::Ours.as_str()).by(Fault::Ours))]),
            };
            if let Some(run) = self.runs.remove(&id) {
                self.note(run, outcomes);
            }
            next = self.running.try_join_next_with_id();
        }
    }

    fn note(&mut self, run: Run, outcomes: Vec<Result<(), Failure>>) {
        let name = run.destination.name();
        DeliveryTimed { destination: name, took: run.since.elapsed() }.emit(&self.telemetry);
        let at = self.clock.now();
        let is_shut = self.gates.note(&*run.destination, &outcomes, run.probe, at);
        let mut complete = outcomes.len() == run.rows.len();
        for (row, outcome) in run.rows.iter().zip(outcomes) {
            let class = outcome.as_ref().err().map(|failure| failure.class);
            let since = row.taken_in_at.map(|then| age(then, at));
            Attempted { destination: name, purpose: row.purpose, failed: class, since }.emit(&self.telemetry);
            self.tell(name, row, &outcome);
            complete &= outcome.is_ok();
            let outcome = match outcome {
                Ok(()) => Outcome::Sent,
                Err(failure) => self.after(row, failure, &*run.destination, is_shut),
            };
            self.unsettled.push(Settlement { id: row.id, at, outcome });
        }
        self.finished.push((run.receiver, complete));
    }

    /// What becomes of a row that failed.
    fn after(&self, row: &Due, failure: Failure, destination: &dyn Destination, is_shut: bool) -> Outcome {
        let Failure { reason, scope, class, retry_after, .. } = failure;
        if class == Class::Data {
            let refusals = row.refusals.saturating_add(1);
            if refusals >= self.set_aside_after && destination.manner().order.unwrap_or(self.order) == Order::Skip {
                SetAside { destination: destination.name(), row: &row.id.to_string(), reason: &reason }.emit();
                return Outcome::SetAside { class, reason };
            }
        }
        let failed = match class {
            Class::Data => row.refusals.saturating_add(1),
            // The breaker says when the next try is; the row is ready for it.
            _ if is_shut && scope == Scope::Destination => 1,
            Class::Temporary | Class::Unknown | Class::Contract | Class::Security => row.attempts.saturating_add(1),
        };
        let wait = self.backoff.after(failed, spread_of(row.id, row.attempts.saturating_add(1)));
        let rest = if is_shut { Duration::ZERO } else { retry_after.unwrap_or_default().min(self.backoff.max) };
        Outcome::Retry { at: later(self.clock.now(), wait.max(rest)), class, reason }
    }

    /// One line when something goes down, one when it is back.
    fn tell(&mut self, destination: &str, row: &Due, outcome: &Result<(), Failure>) {
        let receiver = format!("{destination}, receiver {}", row.to.as_deref().unwrap_or("unknown"));
        match outcome {
            Ok(()) => {
                self.fine(destination, &row.to);
                self.fine(&receiver, &row.to);
            }
            Err(failure) => {
                let is_given_up =
                    failure.class == Class::Data && row.refusals.saturating_add(1) >= self.set_aside_after;
                let alarm = failure.alarm || is_given_up;
                match failure.scope {
                    Scope::Destination => self.trouble(destination, Some(&row.to), failure, alarm),
                    Scope::Receiver => self.trouble(&receiver, Some(&row.to), failure, alarm),
                }
            }
        }
    }

    /// Tells of a failure when it is news: the first, and the first that a person should act on.
    fn trouble(&mut self, what: &str, receiver: Option<&Receiver>, failure: &Failure, alarm: bool) {
        let is_new = !self.troubled.contains_key(what);
        let trouble = self.troubled.entry(what.to_owned()).or_insert_with(|| Trouble {
            since: Instant::now(),
            receivers: BTreeSet::new(),
            alarmed: false,
        });
        trouble.receivers.extend(receiver.cloned());
        let is_worse = alarm && !trouble.alarmed;
        trouble.alarmed |= alarm;
        if is_new || is_worse {
            DestinationDown { destination: what, reason: &failure.reason, class: failure.class, alarm }.emit();
        }
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
                    self.trouble(OUTBOX, Some(&None), &Failure::destination(error.to_string()), false);
                    failures += 1;
                    if !shutdown.sleep(OUTBOX_BACKOFF.after(failures, random_spread())).await {
                        return false;
                    }
                }
            }
        }
        if self.gates.has_news() {
            // What cannot be told now is told at the next look; until then this relay goes by what it saw.
            let outbox = Arc::clone(&self.outbox);
            if let Err(error) = self.gates.report(&*outbox, self.clock.now()).await {
                self.trouble(OUTBOX, Some(&None), &Failure::destination(error.to_string()), false);
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
        for receiver in std::mem::take(&mut self.held_back) {
            self.start_run(receiver);
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
        if self.unsettled.is_empty() && !self.gates.has_news() {
            return;
        }
        let outbox = Arc::clone(&self.outbox);
        let (gates, now) = (&mut self.gates, self.clock.now());
        let settled = tokio::time::timeout_at(end.max(tokio::time::Instant::now() + SAFETY_NET), async {
            outbox.settle(self.unsettled.clone()).await?;
            if gates.has_news() { gates.report(&*outbox, now).await } else { Ok(()) }
        });
        match settled.await {
            Ok(Ok(())) => self.unsettled.clear(),
            Ok(Err(error)) => {
                self.trouble(OUTBOX, Some(&None), &Failure::destination(error.to_string()), false);
            }
            Err(_) => {
                let late = Failure::destination("no answer before the deadline of the shutdown");
                self.trouble(OUTBOX, Some(&None), &late, false);
            }
        }
    }
}
