//! Stand-ins for the ledger: an intake that remembers what it was given, and an outbox in memory.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod amqp;
pub mod broker;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sluis::decision::Purpose;
use sluis::delivery::breaker::{Breakers, Rules, Step};
use sluis::delivery::class::Class;
use sluis::delivery::outbox::{Due, Outbox, OutboxError, Outcome, Settlement, Standing};
use sluis::message::Law;
use sluis::transport::{Incoming, Intake, IntakeError, Receipt, Take};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Longest wait for anything in a test.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a condition.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(tokio::time::Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for work to end.
pub async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// An intake that remembers what was committed, in order.
#[derive(Default)]
pub struct FakeIntake {
    /// By the number of the call: that is the order in which a ledger judges, whichever commit completes first.
    committed: Mutex<BTreeMap<usize, Incoming>>,
    /// Commits fail as long as this is set.
    pub refuses: AtomicBool,
    /// Commits wait as long as this is set.
    pub holds: AtomicBool,
    released: Notify,
    /// Calls of `commit`.
    pub calls: AtomicUsize,
    /// Commits in progress, and the most there were.
    pub in_progress: AtomicUsize,
    /// The most commits in progress at once.
    pub most_in_progress: AtomicUsize,
    /// How often each message was taken again, by its transport id, and is not recorded yet.
    pub takes: Mutex<BTreeMap<String, u32>>,
    /// Messages that came again and were committed while nothing else was in progress.
    pub alone: AtomicUsize,
    /// The most bytes in commits at once.
    pub most_bytes: AtomicUsize,
    bytes: AtomicUsize,
    /// Transport ids of messages that were parked unread.
    pub aside: Mutex<Vec<String>>,
}

impl FakeIntake {
    /// What was committed so far.
    pub fn committed(&self) -> Vec<Incoming> {
        self.committed.lock().expect("no test panics holding it").values().cloned().collect()
    }

    /// Transport ids of what was committed so far.
    pub fn ids(&self) -> Vec<String> {
        self.committed().into_iter().map(|incoming| incoming.transport_id).collect()
    }

    /// Lets waiting commits go on.
    pub fn release(&self) {
        self.holds.store(false, Ordering::SeqCst);
        self.released.notify_waiters();
    }

    async fn record(&'static self, call: usize, incoming: Incoming) -> Result<Receipt, IntakeError> {
        let now = self.in_progress.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_progress.fetch_max(now, Ordering::SeqCst);
        let held = self.bytes.fetch_add(incoming.bytes.len(), Ordering::SeqCst) + incoming.bytes.len();
        self.most_bytes.fetch_max(held, Ordering::SeqCst);
        let again = self.takes.lock().expect("no test panics holding it").contains_key(&incoming.transport_id);
        self.alone.fetch_add(usize::from(again && now == 1), Ordering::SeqCst);
        while self.holds.load(Ordering::SeqCst) {
            let _ = tokio::time::timeout(Duration::from_millis(10), self.released.notified()).await;
        }
        self.in_progress.fetch_sub(1, Ordering::SeqCst);
        self.bytes.fetch_sub(incoming.bytes.len(), Ordering::SeqCst);
        if self.refuses.load(Ordering::SeqCst) {
            return Err(IntakeError("the disk is full".to_owned()));
        }
        self.committed.lock().expect("no test panics holding it").insert(call, incoming);
        Ok(Receipt::Taken)
    }
}

/// A handle that lives as long as the tests do, because commits outlive the call.
#[derive(Clone, Copy)]
pub struct Handle(pub &'static FakeIntake);

/// A fresh intake.
pub fn fake_intake() -> Handle {
    Handle(Box::leak(Box::default()))
}

impl Intake for Handle {
    type Prepared = Incoming;

    fn prepare(&self, incoming: Incoming) -> BoxFuture<'static, Incoming> {
        Box::pin(async move {
            assert!(!incoming.bytes.starts_with(b"break"), "a message that breaks the program");
            // Later messages are ready sooner, which must not change the order of the commits.
            let head_start = u64::from(incoming.bytes.first().copied().unwrap_or_default() % 7);
            tokio::time::sleep(Duration::from_millis(7 - head_start)).await;
            incoming
        })
    }

    fn commit(&self, prepared: Incoming) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        let call = self.0.calls.fetch_add(1, Ordering::SeqCst);
        Box::pin(self.0.record(call, prepared))
    }

    fn count_take(&self, take: Take) -> BoxFuture<'static, Result<u32, IntakeError>> {
        let mut takes = self.0.takes.lock().expect("no test panics holding it");
        let count = takes.entry(take.transport_id).or_default();
        *count += 1;
        let count = *count;
        Box::pin(async move { Ok(count) })
    }

    fn forget_takes(&self, take: Take) -> BoxFuture<'static, Result<(), IntakeError>> {
        self.0.takes.lock().expect("no test panics holding it").remove(&take.transport_id);
        Box::pin(async { Ok(()) })
    }

    fn set_aside(&self, incoming: Incoming) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        self.0.aside.lock().expect("no test panics holding it").push(incoming.transport_id);
        Box::pin(async { Ok(Receipt::Taken) })
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), IntakeError>> {
        let refuses = self.0.refuses.load(Ordering::SeqCst);
        Box::pin(async move { if refuses { Err(IntakeError("the disk is full".to_owned())) } else { Ok(()) } })
    }
}

/// An outbox in memory with the order per receiver that the ledger keeps.
#[derive(Default)]
pub struct MemoryOutbox {
    rows: Mutex<BTreeMap<i64, (Due, Option<Timestamp>)>>,
    settled: Mutex<Vec<Settlement>>,
    set_aside: Mutex<Vec<Due>>,
    breakers: Mutex<Breakers>,
    looks: AtomicUsize,
    changed: Notify,
    /// Reading and writing fail as long as this is set.
    pub broken: AtomicBool,
}

impl MemoryOutbox {
    /// Adds a row.
    pub fn add(&self, due: Due) {
        self.rows.lock().expect("no test panics holding it").insert(due.sequence, (due, None));
        self.changed.notify_one();
    }

    /// All attempts so far.
    pub fn settled(&self) -> Vec<Settlement> {
        self.settled.lock().expect("no test panics holding it").clone()
    }

    /// Rows that are not sent yet.
    pub fn left(&self) -> usize {
        self.rows.lock().expect("no test panics holding it").len()
    }

    /// Rows that were set aside, in the order in which they were.
    pub fn set_aside(&self) -> Vec<i64> {
        self.set_aside.lock().expect("no test panics holding it").iter().map(|row| row.sequence).collect()
    }

    /// How often somebody asked what is due.
    pub fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    /// Attempts at each row that was sent, in the order in which they were.
    pub fn attempts(&self) -> Vec<u32> {
        let settled = self.settled();
        let attempts = |id: &Uuid| settled.iter().filter(|settlement| settlement.id == *id).count();
        self.sent().iter().map(|id| u32::try_from(attempts(id)).expect("few")).collect()
    }

    /// The breakers as they stand.
    pub fn known_breakers(&self) -> Breakers {
        self.breakers.lock().expect("no test panics holding it").clone()
    }

    /// Reasons of failed attempts.
    pub fn reasons(&self) -> Vec<String> {
        let reason = |settlement: Settlement| match settlement.outcome {
            Outcome::Sent => None,
            Outcome::Retry { reason, .. } | Outcome::SetAside { reason, .. } => Some(reason),
        };
        self.settled().into_iter().filter_map(reason).collect()
    }

    /// Ids of sent rows in the order in which they were settled.
    pub fn sent(&self) -> Vec<Uuid> {
        self.settled()
            .into_iter()
            .filter(|settlement| settlement.outcome == Outcome::Sent)
            .map(|settlement| settlement.id)
            .collect()
    }

    fn fault(&self) -> Result<(), OutboxError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(OutboxError("the disk is full".to_owned()));
        }
        Ok(())
    }
}

impl Outbox for MemoryOutbox {
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        Box::pin(async move {
            self.looks.fetch_add(1, Ordering::SeqCst);
            self.fault()?;
            let mut waiting = BTreeSet::new();
            let mut due = Vec::new();
            for (row, at) in self.rows.lock().expect("no test panics holding it").values() {
                if at.is_some_and(|at| at > now) {
                    waiting.insert(row.to.clone());
                } else if !waiting.contains(&row.to) && due.len() < limit {
                    due.push(row.clone());
                }
            }
            Ok(due)
        })
    }

    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<(), OutboxError>> {
        Box::pin(async move {
            self.fault()?;
            let mut rows = self.rows.lock().expect("no test panics holding it");
            for settlement in settlements {
                let sequence = rows.iter().find(|(_, (row, _))| row.id == settlement.id).map(|(sequence, _)| *sequence);
                let sequence = sequence.expect("only rows that are not sent yet are settled");
                match &settlement.outcome {
                    Outcome::Sent => {
                        rows.remove(&sequence);
                    }
                    Outcome::Retry { at, class, .. } => {
                        let (row, due_at) = rows.get_mut(&sequence).expect("it was found");
                        row.attempts += 1;
                        row.refusals += u32::from(*class == Class::Data);
                        *due_at = Some(*at);
                    }
                    Outcome::SetAside { .. } => {
                        let (row, _) = rows.remove(&sequence).expect("it was found");
                        self.set_aside.lock().expect("no test panics holding it").push(row);
                    }
                }
                self.settled.lock().expect("no test panics holding it").push(settlement);
            }
            Ok(())
        })
    }

    fn breakers(&self, steps: Vec<Step>, now: Timestamp, rules: Rules) -> BoxFuture<'_, Result<Standing, OutboxError>> {
        Box::pin(async move {
            self.fault()?;
            let mut breakers = self.breakers.lock().expect("no test panics holding it");
            let granted = breakers.take(&steps, now, rules);
            Ok(Standing { breakers: breakers.clone(), granted })
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.changed.notified())
    }
}

/// A row of the outbox.
pub fn row(sequence: i64, purpose: Purpose, to: &str) -> Due {
    Due {
        id: Uuid::new_v4(),
        sequence,
        purpose,
        subject: match purpose {
            Purpose::Reply => "WMO306".to_owned(),
            Purpose::Forward => "WMO305".to_owned(),
            Purpose::Error => "error".to_owned(),
            Purpose::Signal => "A1".to_owned(),
        },
        law: Some(Law::Wmo),
        to: (!to.is_empty()).then(|| to.to_owned()),
        region: (purpose == Purpose::Signal).then(|| "achterhoek".to_owned()),
        correlation_id: format!("message-{sequence}.xml"),
        body: format!("<bericht>{sequence}</bericht>").into_bytes(),
        verdict_json: (purpose == Purpose::Forward).then(|| br#"{"verdict":"accepted"}"#.to_vec()),
        attempts: 0,
        refusals: 0,
        taken_in_at: None,
    }
}

/// Rows from 1 on that take turns over the receivers.
pub fn rows(count: i64, purpose: Purpose, receivers: &[&str]) -> Vec<Due> {
    (1..=count).zip(receivers.iter().cycle()).map(|(sequence, to)| row(sequence, purpose, to)).collect()
}
