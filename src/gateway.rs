//! The intake of the daemon: prepares messages in parallel, judges and stores each in one ledger job, in order.

use crate::clock::{Clock, dutch_day};
use crate::contract::{ContractFacts, Contracts};
use crate::decision::{Decision, Verdict};
use crate::ledger::{Inbox, Ledger, LedgerError, Tx};
use crate::message::Kind;
use crate::pipeline::{self, Context, Judged, Prepared};
use crate::rules::UnknownQuestion;
use crate::schema::Limits;
use crate::telemetry::Telemetry;
use crate::telemetry::events::{MessageJudged, Stage, StageDone};
use crate::transport::{Incoming, Intake, IntakeError};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Instant;

/// What every message needs; shared by all transports.
pub struct Gateway {
    parts: Arc<Parts>,
}

#[derive(Clone)]
struct Parts {
    name: String,
    limits: Limits,
    contracts: Contracts,
    unknown_question: UnknownQuestion,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
}

/// A message on its way to the ledger.
pub struct Taken {
    transport: &'static str,
    transport_id: String,
    received_at: Timestamp,
    since: Instant,
    content: Content,
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
    kind: Option<Kind>,
    verdict: Verdict,
    level: u8,
    rules: Vec<String>,
    checks: Vec<String>,
}

impl Gateway {
    /// A gateway over these parts.
    pub fn new(
        name: &str,
        limits: Limits,
        contracts: Contracts,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        telemetry: &Telemetry,
    ) -> Gateway {
        let (name, telemetry) = (name.to_owned(), telemetry.clone());
        let unknown_question = UnknownQuestion::default();
        Gateway { parts: Arc::new(Parts { name, limits, contracts, unknown_question, ledger, clock, telemetry }) }
    }

    /// The same gateway, with this answer to replies to unknown messages.
    #[must_use]
    pub fn with_unknown_question(self, unknown_question: UnknownQuestion) -> Gateway {
        Gateway { parts: Arc::new(Parts { unknown_question, ..Arc::unwrap_or_clone(self.parts) }) }
    }
}

impl Intake for Gateway {
    type Prepared = Taken;

    fn prepare(&self, incoming: Incoming) -> BoxFuture<'static, Taken> {
        let parts = Arc::clone(&self.parts);
        let (received_at, since) = (parts.clock.now(), Instant::now());
        let Incoming { transport, transport_id, bytes } = incoming;
        async move {
            let evidence: Arc<[u8]> = bytes.into();
            let source = Arc::clone(&evidence);
            let limits = parts.limits;
            let content = tokio::task::spawn_blocking(move || pipeline::prepare(source, &limits)).await;
            StageDone { stage: Stage::Prepare, took: since.elapsed() }.emit(&parts.telemetry);
            let content = match content {
                Ok(prepared) => Content::Prepared(Arc::new(prepared)),
                // A panic on input is our fault: park the evidence and go on with the next message.
                Err(_) => Content::Panicked(evidence),
            };
            Taken { transport, transport_id, received_at, since, content }
        }
        .boxed()
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), IntakeError>> {
        let now = self.parts.clock.now();
        let probe = self.parts.ledger.run(move |tx| tx.probe(now));
        async move { probe.await.map_err(|error| IntakeError(error.to_string())) }.boxed()
    }

    fn commit(&self, taken: Taken) -> BoxFuture<'static, Result<(), IntakeError>> {
        let parts = Arc::clone(&self.parts);
        let queued_at = Instant::now();
        let taken = Arc::new(taken);
        // Queued now, in the order of the calls; only the waiting happens later.
        let job = {
            let (parts, taken) = (Arc::clone(&parts), Arc::clone(&taken));
            self.parts.ledger.run(move |tx| judge_and_store(tx, &parts, &taken))
        };
        async move {
            let outcome = match job.await {
                Err(error) if is_our_fault(&error) => {
                    tracing::error!(%error, "failed on a message of our own accord; it is parked with its evidence");
                    let taken = Arc::clone(&taken);
                    parts.ledger.run(move |tx| park(tx, &taken)).await
                }
                other => other,
            };
            let outcome = outcome.map_err(|error| IntakeError(error.to_string()))?;
            StageDone { stage: Stage::Commit, took: queued_at.elapsed() }.emit(&parts.telemetry);
            if let Some(outcome) = outcome {
                report(&parts.telemetry, &taken, &outcome);
            }
            Ok(())
        }
        .boxed()
    }
}

/// Whether trying again would end the same way: then the message is parked. Otherwise the world failed, and the
/// transport brings the message again.
fn is_our_fault(error: &LedgerError) -> bool {
    match error {
        LedgerError::Panicked(_)
        | LedgerError::Abandoned(_)
        | LedgerError::Conflict(_)
        | LedgerError::Unfit(_)
        | LedgerError::Damaged(_) => true,
        LedgerError::Database(_) => !error.is_temporary(),
        LedgerError::Closed | LedgerError::Undone | LedgerError::Lost(_) | LedgerError::Open { .. } => false,
    }
}

/// One ledger job: repeat? facts, judge, store. `None` for a repeat.
fn judge_and_store(tx: &mut Tx<'_>, parts: &Parts, taken: &Taken) -> Result<Option<Outcome>, LedgerError> {
    let prepared = match &taken.content {
        Content::Prepared(prepared) => prepared,
        Content::Panicked(_) => return park(tx, taken),
    };
    if tx.repeat_of(taken.transport, &taken.transport_id, &prepared.digest)?.is_some() {
        return Ok(None);
    }
    let reply_id = pipeline::reply_identification(&prepared.digest, &taken.transport_id);
    let now = parts.clock.now();
    let gemeente = prepared.reading.as_ref().ok().map(|readable| readable.message.gemeente());
    let register = gemeente.and_then(|gemeente| parts.contracts.register_for(gemeente));
    let context = Context {
        now,
        today: dutch_day(now),
        gateway: &parts.name,
        reply_id: &reply_id,
        register: register.as_deref(),
        policies: &parts.contracts.policies,
        unknown_question: parts.unknown_question,
    };
    let mut judged = match &prepared.reading {
        Ok(readable) => {
            let started = Instant::now();
            let message = &readable.message;
            let (request, contract_request) = pipeline::requests(message, context.register);
            let facts = tx.facts(&request)?;
            let contract_facts = match context.register {
                Some(_) => tx.contract_facts(message.kind.law, message.gemeente(), &contract_request)?,
                None => ContractFacts::default(),
            };
            StageDone { stage: Stage::Load, took: started.elapsed() }.emit(&parts.telemetry);
            let started = Instant::now();
            let judged = pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts);
            StageDone { stage: Stage::Judge, took: started.elapsed() }.emit(&parts.telemetry);
            judged
        }
        Err(unreadable) => pipeline::refuse(context, unreadable),
    };
    set_aside_what_nobody_can_be_told(&mut judged, prepared);
    let stored = tx.store(&inbox(taken, prepared.digest, prepared.source.to_vec()), &judged.decision)?;
    Ok(Some(outcome(&stored.message_id.to_string(), &judged.decision)))
}

/// A message whose sender cannot be told is parked: nobody will come back on it by himself (design, section 4).
fn set_aside_what_nobody_can_be_told(judged: &mut Judged, prepared: &Prepared) {
    if prepared.reading.as_ref().is_err_and(|unreadable| unreadable.sender.is_none()) {
        judged.decision.verdict = Verdict::Parked;
    }
}

/// Stores a message that we failed on, with its bytes and without effects.
fn park(tx: &mut Tx<'_>, taken: &Taken) -> Result<Option<Outcome>, LedgerError> {
    let (digest, bytes) = match &taken.content {
        Content::Prepared(prepared) => (prepared.digest, prepared.source.to_vec()),
        Content::Panicked(bytes) => (pipeline::digest(bytes), bytes.to_vec()),
    };
    if tx.repeat_of(taken.transport, &taken.transport_id, &digest)?.is_some() {
        return Ok(None);
    }
    let decision = Decision {
        kind: None,
        identity: None,
        claimed_sender: None,
        verdict: Verdict::Parked,
        level: 1,
        findings: Vec::new(),
        skipped: Vec::new(),
        signals: Vec::new(),
        observed: Vec::new(),
        records: Vec::new(),
        outgoing: Vec::new(),
        register_version: None,
    };
    let stored = tx.store(&inbox(taken, digest, bytes), &decision)?;
    Ok(Some(outcome(&stored.message_id.to_string(), &decision)))
}

fn inbox(taken: &Taken, digest: [u8; 32], bytes: Vec<u8>) -> Inbox {
    Inbox {
        transport: taken.transport.to_owned(),
        transport_id: taken.transport_id.clone(),
        digest,
        received_at: taken.received_at,
        bytes,
    }
}

fn outcome(id: &str, decision: &Decision) -> Outcome {
    Outcome {
        id: id.to_owned(),
        kind: decision.kind,
        verdict: decision.verdict,
        level: decision.level,
        rules: decision.findings.iter().map(|finding| finding.rule.clone()).collect(),
        checks: decision.signals.iter().map(|signal| signal.check.clone()).collect(),
    }
}

fn report(telemetry: &Telemetry, taken: &Taken, outcome: &Outcome) {
    let rules: Vec<&str> = outcome.rules.iter().map(String::as_str).collect();
    let checks: Vec<&str> = outcome.checks.iter().map(String::as_str).collect();
    MessageJudged {
        id: &outcome.id,
        transport: taken.transport,
        kind: outcome.kind,
        verdict: outcome.verdict,
        level: outcome.level,
        rules: &rules,
        checks: &checks,
        took: taken.since.elapsed(),
    }
    .emit(telemetry);
}
