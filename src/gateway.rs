//! The intake of the daemon: prepares messages in parallel, judges and stores each in one ledger job, in order.

mod orders;
mod replays;
mod senders;

pub(crate) use senders::tell_who_brought_it;

use crate::clock::{Clock, age, dutch_day};
use crate::config::WaitingRoom;
use crate::contract::{ContractFacts, ContractRequest, Contracts, InForce, Policies, Register};
use crate::decision::{Decision, Verdict};
use crate::failpoint::Failpoint;
use crate::ledger::{Inbox, Ledger, LedgerError, Mentioned, Tx};
use crate::message::{Direction, Kind, Law, Message, Party};
use crate::pipeline::{self, Context, Judged, Prepared};
use crate::rules::UnknownQuestion;
use crate::rules::facts::{Facts, Request};
use crate::schema::{self, Limits};
use crate::sender::{Reason, Senders};
use crate::shutdown::Shutdown;
use crate::telemetry::events::{MessageJudged, MessageWaits, Stage, StageDone, WaitEnd, WaitEnded};
use crate::telemetry::{OTHER, Telemetry};
use crate::transport::{Identity, Incoming, Intake, IntakeError, Line, Receipt, Take};
use crate::waiting::{self, Pair};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What every message needs; shared by all transports.
pub struct Gateway {
    parts: Arc<Parts>,
}

struct Parts {
    name: String,
    limits: Limits,
    contracts: InForce,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
    options: Options,
    /// Who may send what.
    senders: Arc<Senders>,
    /// Refusals that go on.
    alarms: Mutex<senders::Alarms>,
    /// Rings when messages of the waiting room were woken.
    woken: Notify,
}

impl Parts {
    /// Until when a message that comes now may wait, and how many may at once.
    fn wait_until(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let room = self.options.waiting_room;
        let until = now.checked_add(room.longest?).ok()?;
        Some((until, room.max_messages))
    }

    fn since(&self, moment: Timestamp) -> Duration {
        age(moment, self.clock.now())
    }
}

/// What an operator may choose about judging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Who may wait for what they refer to.
    pub waiting_room: WaitingRoom,
    /// What to do with a reply to a message that is not known.
    pub unknown_question: UnknownQuestion,
}

/// A message on its way to the ledger.
pub struct Taken {
    transport: &'static str,
    transport_id: String,
    identity: Option<Identity>,
    received_at: Timestamp,
    since: Instant,
    content: Content,
    /// What a message mentions that could be read.
    mentioned: Option<Arc<Mentioned>>,
}

/// What preparing gave.
enum Content {
    /// Read, or found to be unreadable.
    Prepared(Arc<Prepared>),
    /// We failed: the bytes are kept as evidence.
    Panicked(Arc<[u8]>),
}

/// What became of a message, for telemetry.
struct Outcome {
    id: String,
    transport: String,
    received_at: Timestamp,
    /// How its waiting ended, if it waited.
    waited: Option<WaitEnd>,
    kind: Option<Kind>,
    verdict: Verdict,
    level: u8,
    rules: Vec<String>,
    /// Check and region of each signal.
    checks: Vec<(String, String)>,
    /// The provider that sent it.
    provider: Option<Party>,
}

impl Gateway {
    /// A gateway over these parts.
    pub fn new(
        name: &str,
        limits: Limits,
        contracts: impl Into<InForce>,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        telemetry: &Telemetry,
        options: Options,
    ) -> Gateway {
        let name = name.to_owned();
        Gateway {
            parts: Arc::new(Parts {
                name,
                limits,
                contracts: contracts.into(),
                ledger,
                clock,
                telemetry: telemetry.clone(),
                options,
                senders: Arc::default(),
                alarms: Mutex::default(),
                woken: Notify::new(),
            }),
        }
    }

    /// The same gateway, taking messages from these senders in the name of their parties. Without them it believes what
    /// a message says of its sender.
    ///
    /// # Panics
    /// When the gateway is at work already.
    #[must_use]
    pub fn bound_to(mut self, senders: Arc<Senders>) -> Gateway {
        let parts = Arc::get_mut(&mut self.parts).expect("a gateway that was just made is shared with nobody");
        parts.senders = senders;
        self
    }

    /// Judges the messages of the waiting room that were woken or whose time is over, until the stop; also those that
    /// an earlier run left when the room is closed now.
    pub async fn keep_waiting_room(self: Arc<Self>, stop: Shutdown) {
        loop {
            match self.judge_waiters(&stop).await {
                Ok(()) if self.parts.options.waiting_room.longest.is_none() => return,
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "messages in the waiting room stay there a little longer"),
            }
            tokio::select! {
                more = stop.sleep(LOOK_FOR_OVERDUE) => if !more { return },
                () = self.parts.woken.notified() => {}
            }
        }
    }

    /// Judges every message of the waiting room that is due, and those that are woken by these.
    async fn judge_waiters(&self, stop: &Shutdown) -> Result<(), LedgerError> {
        let parts = &self.parts;
        loop {
            // Nobody waits in a closed room.
            let now = if parts.options.waiting_room.longest.is_some() { parts.clock.now() } else { Timestamp::MAX };
            let due = parts.ledger.run(move |tx| tx.waiters_due(now, WAITERS_AT_ONCE)).await?;
            if due.is_empty() || stop.is_requested() {
                return Ok(());
            }
            for waiting_id in due {
                let job = {
                    let parts = Arc::clone(parts);
                    self.parts.ledger.run(move |tx| judge_waiter(tx, &parts, waiting_id))
                };
                let done = match job.await {
                    Err(error) if is_our_fault(&error) => {
                        tracing::error!(%error, "failed on a message that waited; it is parked with its evidence");
                        let parts = Arc::clone(parts);
                        self.parts.ledger.run(move |tx| park_waiter(tx, &parts, waiting_id)).await?
                    }
                    other => other?,
                };
                for outcome in done.judged.iter().chain(&done.own) {
                    report(parts, outcome, parts.since(outcome.received_at));
                }
            }
        }
    }
}

/// How often the waiting room is looked at for messages whose time is over; those that are woken do not wait for it.
const LOOK_FOR_OVERDUE: Duration = Duration::from_millis(500);
/// Where messages come from that the gateway made itself.
pub const OWN: &str = "gateway";
/// Messages taken from the waiting room at once.
const WAITERS_AT_ONCE: u32 = 200;

impl Intake for Gateway {
    type Prepared = Taken;

    fn prepare(&self, incoming: Incoming) -> BoxFuture<'static, Taken> {
        let parts = Arc::clone(&self.parts);
        let (received_at, since) = (parts.clock.now(), Instant::now());
        let Incoming { transport, transport_id, identity, bytes } = incoming;
        async move {
            Failpoint::BeforeInbox.pass_async().await.ok();
            let evidence: Arc<[u8]> = bytes.into();
            let source = Arc::clone(&evidence);
            let limits = parts.limits;
            #[cfg(debug_assertions)]
            abort_when_marked(&source);
            let content = tokio::task::spawn_blocking(move || {
                let prepared = pipeline::prepare(source, &limits);
                let mentioned = prepared.reading.is_ok().then(|| Arc::new(Mentioned::of(&prepared.source)));
                (prepared, mentioned)
            });
            let content = content.await;
            StageDone { stage: Stage::Prepare, took: since.elapsed() }.emit(&parts.telemetry);
            let (content, mentioned) = match content {
                Ok((mut prepared, mentioned)) => {
                    let standing = parts.senders.standing(transport, identity.as_ref());
                    senders::tell_who_brought_it(&mut prepared, standing);
                    (Content::Prepared(Arc::new(prepared)), mentioned)
                }
                // A panic on input is our fault: park the evidence and go on with the next message.
                Err(_) => (Content::Panicked(evidence), None),
            };
            Failpoint::AfterInbox.pass_async().await.ok();
            Taken { transport, transport_id, identity, received_at, since, content, mentioned }
        }
        .boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), IntakeError>> {
        let now = self.parts.clock.now();
        let probe = self.parts.ledger.run(move |tx| tx.probe(now));
        async move { probe.await.map_err(|error| IntakeError(error.to_string())) }.boxed()
    }

    fn count_take(&self, take: Take) -> BoxFuture<'static, Result<u32, IntakeError>> {
        let now = self.parts.clock.now();
        let counted = self.parts.ledger.run(move |tx| {
            let Take { transport, transport_id, digest } = &take;
            tx.count_take(transport, transport_id, digest, now)
        });
        async move { counted.await.map_err(|error| IntakeError(error.to_string())) }.boxed()
    }

    fn forget_takes(&self, take: Take) -> BoxFuture<'static, Result<(), IntakeError>> {
        let forgotten = self.parts.ledger.run(move |tx| {
            let Take { transport, transport_id, digest } = &take;
            tx.forget_takes(transport, transport_id, digest)
        });
        async move { forgotten.await.map_err(|error| IntakeError(error.to_string())) }.boxed()
    }

    fn set_aside(&self, incoming: Incoming) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        let (received_at, since) = (self.parts.clock.now(), Instant::now());
        let Incoming { transport, transport_id, identity, bytes } = incoming;
        let content = Content::Panicked(bytes.into());
        self.commit(Taken { transport, transport_id, identity, received_at, since, content, mentioned: None })
    }

    fn commit(&self, taken: Taken) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        self.commit_in(&Line::default(), taken)
    }

    fn commit_in(&self, line: &Line, taken: Taken) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        let parts = Arc::clone(&self.parts);
        let queued_at = Instant::now();
        let taken = Arc::new(taken);
        // Queued now, in the order of the calls; only the waiting happens later.
        let job = {
            let (parts, taken) = (Arc::clone(&parts), Arc::clone(&taken));
            self.parts.ledger.run_while(line.goes_on(), move |tx| judge_and_store(tx, &parts, &taken))
        };
        let goes_on = line.goes_on();
        async move {
            let done = match job.await {
                Err(error) if is_our_fault(&error) => {
                    tracing::error!(%error, "failed on a message of our own accord; it is parked with its evidence");
                    let taken = Arc::clone(&taken);
                    let own = Arc::clone(&parts);
                    parts.ledger.run_while(goes_on, move |tx| park(tx, &own, &taken)).await
                }
                other => other,
            };
            let done = done.map_err(|error| IntakeError(error.to_string()))?;
            StageDone { stage: Stage::Commit, took: queued_at.elapsed() }.emit(&parts.telemetry);
            if let Some((kind, awaits)) = done.waits {
                MessageWaits { transport: taken.transport, kind, awaits }.emit();
            }
            for outcome in done.judged.iter().chain(&done.own) {
                report(&parts, outcome, taken.since.elapsed());
            }
            if done.woken > 0 {
                parts.woken.notify_one();
            }
            let Some((reason, news)) = done.refused else { return Ok(Receipt::Taken) };
            senders::tell(&parts, taken.transport, news.as_ref());
            Ok(Receipt::Refused(reason))
        }
        .boxed()
    }
}

/// For tests alone: ends the process, as a fault below the program does, on a message that holds the text of
/// `SLUIS_TEST_ABORT_ON`.
#[cfg(debug_assertions)]
fn abort_when_marked(bytes: &[u8]) {
    static MARK: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("SLUIS_TEST_ABORT_ON").ok().filter(|mark| !mark.is_empty()));
    if let Some(mark) = &*MARK
        && bytes.windows(mark.len()).any(|window| window == mark.as_bytes())
    {
        std::process::abort();
    }
}

/// Whether trying again would end the same way: then the message is parked. Otherwise the world failed, and the
/// transport brings the message again.
fn is_our_fault(error: &LedgerError) -> bool {
    !error.is_of_the_world()
}

/// What a ledger job came to.
#[derive(Default)]
struct Done {
    /// The message has its verdict.
    judged: Option<Outcome>,
    /// What the gateway sent of its own because of it.
    own: Vec<Outcome>,
    /// The message waits: its kind, and how many things it waits for.
    waits: Option<(Kind, usize)>,
    /// How many messages in the waiting room can be judged now.
    woken: usize,
    /// It was refused for who brought it: why, and what is news about it.
    refused: Option<(Reason, Option<senders::News>)>,
}

/// One ledger job: repeat? may it be sent? facts, judge, store or wait. Nothing is done for a repeat.
fn judge_and_store(tx: &mut Tx<'_>, parts: &Parts, taken: &Taken) -> Result<Done, LedgerError> {
    let digest = match &taken.content {
        Content::Prepared(prepared) => prepared.digest,
        Content::Panicked(bytes) => pipeline::digest(bytes),
    };
    let (transport, transport_id) = (taken.transport, taken.transport_id.as_str());
    if tx.repeat_of(transport, transport_id, &digest)?.is_some() || tx.is_waiting(transport, transport_id, &digest)? {
        return Ok(Done::default());
    }
    if let Some(refused) = senders::refuse(tx, parts, taken)? {
        return Ok(refused);
    }
    let Content::Prepared(prepared) = &taken.content else {
        let done = park(tx, parts, taken)?;
        senders::note_bringer(tx, parts, taken, &digest)?;
        return Ok(done);
    };
    let now = parts.clock.now();
    let judged = judge(tx, parts, prepared, transport_id, now, &Basis::of(parts))?;
    let inbox = inbox(taken, prepared.digest, prepared.source.to_vec());
    if let (Some((until, max_messages)), Ok(readable)) = (parts.wait_until(now), &prepared.reading)
        && !judged.awaits.is_empty()
        && tx.count_waiting(now)?.count < max_messages
    {
        let kind = readable.message.kind;
        tx.wait(&inbox, (kind, &Pair::of(&readable.message)), until, &judged.awaits)?;
        return Ok(Done { waits: Some((kind, judged.awaits.len())), ..Done::default() });
    }
    let done = settle(tx, parts, &inbox, &judged, None)?;
    if prepared.reading.is_err() {
        senders::note_bringer(tx, parts, taken, &digest)?;
    }
    Ok(done)
}

/// By what a message is judged, and whether it stands in the ledger already.
struct Basis {
    /// Taken once: a register that comes in force meanwhile is for the next message.
    contracts: Arc<Contracts>,
    policies: Arc<Policies>,
    stored: Option<i64>,
}

impl Basis {
    /// A message that comes in, by what is in force.
    fn of(parts: &Parts) -> Basis {
        let contracts = parts.contracts.now();
        Basis { policies: Arc::clone(&contracts.policies), contracts, stored: None }
    }
}

/// What must be known before a message can be judged.
pub(crate) struct Needs {
    law: Law,
    gemeente: Party,
    request: Request,
    /// Asks for nothing where no register is in force.
    contract_request: ContractRequest,
}

impl Needs {
    /// Those of a message, with the register of its municipality.
    pub(crate) fn of(message: &Message, register: Option<&Register>) -> Needs {
        let (request, contract_request) = pipeline::requests(message, register);
        Needs { law: message.kind.law, gemeente: message.gemeente().clone(), request, contract_request }
    }

    /// Looks it up; for a message that stands in the ledger already, as it was before that came.
    pub(crate) fn look_up(&self, tx: &Tx<'_>, stored: Option<i64>) -> Result<(Facts, ContractFacts), LedgerError> {
        let Needs { law, gemeente, request, contract_request } = self;
        Ok(match stored {
            Some(message_id) => (
                tx.facts_again(request, message_id)?,
                tx.contract_facts_again(*law, gemeente, contract_request, message_id)?,
            ),
            None => (tx.facts(request)?, tx.contract_facts(*law, gemeente, contract_request)?),
        })
    }
}

/// Loads the facts and judges.
fn judge(
    tx: &Tx<'_>,
    parts: &Parts,
    prepared: &Prepared,
    transport_id: &str,
    now: Timestamp,
    basis: &Basis,
) -> Result<Judged, LedgerError> {
    let reply_id = pipeline::reply_identification(&prepared.digest, transport_id);
    let gemeente = prepared.reading.as_ref().ok().map(|readable| readable.message.gemeente());
    let register = gemeente.and_then(|gemeente| basis.contracts.register_for(gemeente));
    let context = Context {
        now,
        today: dutch_day(now),
        gateway: &parts.name,
        reply_id: &reply_id,
        register: register.as_deref(),
        policies: &basis.policies,
        unknown_question: parts.options.unknown_question,
    };
    let mut judged = match &prepared.reading {
        Ok(readable) => {
            let started = Instant::now();
            let (facts, contract_facts) = Needs::of(&readable.message, context.register).look_up(tx, basis.stored)?;
            StageDone { stage: Stage::Load, took: started.elapsed() }.emit(&parts.telemetry);
            let started = Instant::now();
            let judged = pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts);
            StageDone { stage: Stage::Judge, took: started.elapsed() }.emit(&parts.telemetry);
            judged
        }
        Err(unreadable) => pipeline::refuse(context, unreadable),
    };
    set_aside_what_nobody_can_be_told(&mut judged, prepared);
    Ok(judged)
}

/// Stores a message with its verdict and wakes those that wait for what it brings; `waited` says how its own waiting
/// ended, if it waited.
fn settle(
    tx: &mut Tx<'_>,
    parts: &Parts,
    inbox: &Inbox,
    judged: &Judged,
    waited: Option<WaitEnd>,
) -> Result<Done, LedgerError> {
    let mut done = settle_one(tx, parts, inbox, &judged.decision, waited)?;
    for own in &judged.answers {
        // It answers the same delivery; its bytes tell it from that one.
        let inbox = Inbox::new(OWN, inbox.transport_id.as_str(), inbox.received_at, own.bytes.clone());
        let Done { judged, woken, .. } = settle_one(tx, parts, &inbox, &own.decision, None)?;
        done.own.extend(judged);
        done.woken += woken;
    }
    Ok(done)
}

fn settle_one(
    tx: &mut Tx<'_>,
    parts: &Parts,
    inbox: &Inbox,
    decision: &Decision,
    waited: Option<WaitEnd>,
) -> Result<Done, LedgerError> {
    let stored = tx.store(inbox, decision)?;
    let judged = Some(outcome(&stored.message_id.to_string(), inbox, decision, waited));
    let woken = if parts.options.waiting_room.longest.is_some() { wake(tx, decision)? } else { 0 };
    Ok(Done { judged, woken, ..Done::default() })
}

/// Wakes the messages that wait for what this decision brings.
fn wake(tx: &mut Tx<'_>, decision: &Decision) -> Result<usize, LedgerError> {
    let Some(identity) = decision.identity.as_ref().filter(|_| decision.verdict.counts_as_sent()) else {
        return Ok(0);
    };
    let pair = Pair {
        law: identity.kind.law,
        gemeente: identity.gemeente.as_str().to_owned(),
        aanbieder: identity.aanbieder.as_str().to_owned(),
    };
    let brought = waiting::brought(identity.kind, &identity.identificatie, &decision.records, |bsn| tx.person(bsn));
    tx.wake(&pair, &brought)
}

/// One ledger job: judges a message of the waiting room once more. It stays when it waits for something else now and
/// still has time.
fn judge_waiter(tx: &mut Tx<'_>, parts: &Parts, waiting_id: i64) -> Result<Done, LedgerError> {
    let Some(waiter) = tx.waiter(waiting_id)? else { return Ok(Done::default()) };
    let now = parts.clock.now();
    let prepared = pipeline::prepare(waiter.inbox.bytes.clone().into(), &parts.limits);
    let judged = judge(tx, parts, &prepared, &waiter.inbox.transport_id, now, &Basis::of(parts))?;
    let may_wait = now < waiter.until && parts.options.waiting_room.longest.is_some();
    if let (Ok(readable), true) = (&prepared.reading, may_wait && !judged.awaits.is_empty()) {
        tx.wait_on(waiting_id, &Pair::of(&readable.message), &judged.awaits)?;
        return Ok(Done::default());
    }
    tx.leave_waiting(waiting_id)?;
    let end = if judged.awaits.is_empty() { WaitEnd::Came } else { WaitEnd::Over };
    settle(tx, parts, &waiter.inbox, &judged, Some(end))
}

/// A message whose sender cannot be told, or that fits its schema and not its typed class, is parked: nobody will come
/// back on the first by himself (design, section 4), and the second is our fault and not the sender's.
pub(crate) fn set_aside_what_nobody_can_be_told(judged: &mut Judged, prepared: &Prepared) {
    let Err(unreadable) = &prepared.reading else { return };
    let our_fault = unreadable.faults.faults.iter().any(|fault| fault.code == schema::code::VALUE_OUT_OF_RANGE);
    if unreadable.sender.is_none() || our_fault {
        judged.decision.verdict = Verdict::Parked;
    }
}

/// Stores a message that we failed on, with its bytes and without effects.
fn park(tx: &mut Tx<'_>, parts: &Parts, taken: &Taken) -> Result<Done, LedgerError> {
    let (digest, bytes) = match &taken.content {
        Content::Prepared(prepared) => (prepared.digest, prepared.source.to_vec()),
        Content::Panicked(bytes) => (pipeline::digest(bytes), bytes.to_vec()),
    };
    if tx.repeat_of(taken.transport, &taken.transport_id, &digest)?.is_some() {
        return Ok(Done::default());
    }
    settle_one(tx, parts, &inbox(taken, digest, bytes), &Decision::set_aside(), None)
}

/// Stores a message that waited and that we failed on.
fn park_waiter(tx: &mut Tx<'_>, parts: &Parts, waiting_id: i64) -> Result<Done, LedgerError> {
    let Some(waiter) = tx.waiter(waiting_id)? else { return Ok(Done::default()) };
    tx.leave_waiting(waiting_id)?;
    settle_one(tx, parts, &waiter.inbox, &Decision::set_aside(), Some(WaitEnd::Over))
}

fn inbox(taken: &Taken, digest: [u8; 32], bytes: Vec<u8>) -> Inbox {
    Inbox {
        transport: taken.transport.to_owned(),
        transport_id: taken.transport_id.clone(),
        digest,
        received_at: taken.received_at,
        bytes,
        mentioned: taken.mentioned.clone(),
    }
}

fn outcome(id: &str, inbox: &Inbox, decision: &Decision, waited: Option<WaitEnd>) -> Outcome {
    Outcome {
        id: id.to_owned(),
        transport: inbox.transport.clone(),
        received_at: inbox.received_at,
        waited,
        kind: decision.kind,
        verdict: decision.verdict,
        level: decision.level,
        rules: decision.findings.iter().map(|finding| finding.rule.clone()).collect(),
        checks: decision.signals.iter().map(|signal| (signal.check.clone(), signal.region.clone())).collect(),
        provider: decision
            .identity
            .as_ref()
            .filter(|identity| identity.kind.number.direction() == Direction::ToMunicipality)
            .map(|identity| identity.aanbieder.clone()),
    }
}

fn report(parts: &Parts, outcome: &Outcome, took: Duration) {
    let telemetry = &parts.telemetry;
    let rules: Vec<&str> = outcome.rules.iter().map(String::as_str).collect();
    let checks: Vec<(&str, &str)> =
        outcome.checks.iter().map(|(check, region)| (check.as_str(), region.as_str())).collect();
    // What a message says of its sender makes no series of its own, unless a contract manager has written it down.
    let contracts = parts.contracts.now();
    let is_known = |agb: &&Party| contracts.registers().iter().any(|register| register.provider(agb).is_some());
    let provider = outcome.provider.as_ref().map(|agb| Some(agb).filter(is_known).map_or(OTHER, Party::as_str));
    MessageJudged {
        id: &outcome.id,
        transport: &outcome.transport,
        kind: outcome.kind,
        verdict: outcome.verdict,
        level: outcome.level,
        rules: &rules,
        checks: &checks,
        provider,
        took,
    }
    .emit(telemetry);
    if let Some(end) = outcome.waited {
        WaitEnded { end, waited: took }.emit(telemetry);
    }
}
