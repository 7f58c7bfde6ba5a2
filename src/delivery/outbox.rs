//! The outbox as delivery sees it: what is due, and what became of it. The ledger implements [`Outbox`].

use super::breaker::{Breakers, Rules, Step};
use super::class::Class;
use crate::decision::Purpose;
use crate::message::Law;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// One row that is due: final bytes under a stable id.
#[derive(Clone, PartialEq, Eq)]
pub struct Due {
    /// Stable id, drawn before the first attempt: `message_id` on AMQP, idempotency key on HTTP, part of file names.
    pub id: Uuid,
    /// Position in the outbox; rows to one destination leave in this order.
    pub sequence: i64,
    /// Why it leaves.
    pub purpose: Purpose,
    /// Kind or check id, see [`Outgoing::subject`](crate::decision::Outgoing).
    pub subject: String,
    /// Law, when known.
    pub law: Option<Law>,
    /// Receiving party: four digits for a municipality, eight for a provider; `None` only for error reports.
    pub to: Option<String>,
    /// Region, for signals.
    pub region: Option<String>,
    /// Id of the delivery that this answers or passes on, as the transport gave it.
    pub correlation_id: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// For forwards: the verdict as JSON.
    pub verdict_json: Option<Vec<u8>>,
    /// Attempts made so far.
    pub attempts: u32,
    /// How often the receiver refused it for what it is, since it was written or last sent again by a person.
    pub refusals: u32,
    /// When the message that led to it was taken in; `None` when there is none, or when a person sent it once more.
    pub taken_in_at: Option<Timestamp>,
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Due({} {} {}, {} bytes)", self.id, self.purpose.as_str(), self.subject, self.body.len())
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has it.
    Sent,
    /// Try again at that moment. `reason` names no person and holds no body.
    Retry {
        /// When the row becomes due again.
        at: Timestamp,
        /// What it means.
        class: Class,
        /// What happened, for the attempts table.
        reason: String,
    },
    /// It is not tried any more until a person says so, and those behind it go on. It stays in the outbox.
    SetAside {
        /// What it means.
        class: Class,
        /// What happened, for the attempts table.
        reason: String,
    },
}

/// The breakers as they stand after steps were taken note of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// All breakers.
    pub breakers: Breakers,
    /// Destinations to which the asker may send one probe.
    pub granted: BTreeSet<String>,
}

/// An attempt to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The row.
    pub id: Uuid,
    /// When the attempt ended.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why the outbox could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the outbox is not available: {0}")]
pub struct OutboxError(pub String);

/// The outbox.
pub trait Outbox: Send + Sync + 'static {
    /// Rows that are due at `now`, oldest first, at most `limit`. A row behind an earlier row of the same receiver
    /// that waits for a retry is not due: order per receiver is kept.
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>>;

    /// As [`Outbox::due`], without rows of receivers that are being served at the moment. A ledger that leaves them out
    /// of its query keeps a receiver with many rows from hiding the others. Where several gateways share the outbox it
    /// also keeps the others away from `busy`, which is why it is asked when there is no room for rows (`limit` 0) too.
    fn due_except(
        &self,
        now: Timestamp,
        limit: usize,
        busy: Vec<Option<String>>,
    ) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        Box::pin(async move {
            let rows = self.due(now, limit).await?;
            Ok(rows.into_iter().filter(|row| !busy.contains(&row.to)).collect())
        })
    }

    /// Whether rows of a receiver that were fetched may still be sent: not any more when several gateways share the
    /// outbox and another may be sending them by now.
    fn holds(&self, _receiver: &Option<String>) -> bool {
        true
    }

    /// Records attempts, in one transaction.
    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<(), OutboxError>>;

    /// Takes note of what happened at destinations and gives all breakers as they stand then, in one transaction: of
    /// several who ask for a probe one gets it. An outbox that keeps no breakers has none that ever opens.
    fn breakers(&self, steps: Vec<Step>, now: Timestamp, rules: Rules) -> BoxFuture<'_, Result<Standing, OutboxError>> {
        let _ = (steps, now, rules);
        Box::pin(std::future::ready(Ok(Standing::default())))
    }

    /// Completes as soon as rows may have been added since the last call; may complete spuriously.
    fn changed(&self) -> BoxFuture<'_, ()>;
}
