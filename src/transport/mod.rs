//! Transports bring messages in. Each takes a message, hands it to an [`Intake`] and lets go of its own copy (the
//! broker's acknowledgement, the file in `in/`) only after the intake says that it is in the ledger.

pub mod amqp;
pub mod budget;
pub mod directory;
pub mod http;
pub mod spool;

pub use crate::sender::Identity;

use crate::sender::Reason;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A message as it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Name of the transport: `directory`, `amqp`, `http`.
    pub transport: &'static str,
    /// The transport's own id of this delivery: AMQP `message_id`, file name, `Idempotency-Key`. The same id with the
    /// same bytes is a repeat of a delivery, not a second message.
    pub transport_id: String,
    /// Who brought it, as far as the transport vouches for that; what the message itself says does not count here.
    pub identity: Option<Identity>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Incoming({} {}, {} bytes)", self.transport, self.transport_id, self.bytes.len())
    }
}

/// A message that was handed out before, and is taken once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// Name of the transport.
    pub transport: &'static str,
    /// The transport's own id of the delivery.
    pub transport_id: String,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}

impl Take {
    /// The take of a message.
    pub fn of(incoming: &Incoming) -> Take {
        Take {
            transport: incoming.transport,
            transport_id: incoming.transport_id.clone(),
            digest: Sha256::digest(&incoming.bytes).into(),
        }
    }
}

/// The world failed while taking a message: nothing was recorded, try again later.
#[derive(Debug, thiserror::Error)]
#[error("failed to record a message: {0}")]
pub struct IntakeError(pub String);

/// The messages that one session of a transport hands over, in their order. Once one of them could not be recorded,
/// those behind it are refused as well, also those that the ledger has waiting already: the transport brings all of them
/// again, in order, and on another line.
#[derive(Debug, Clone)]
pub struct Line(Arc<AtomicBool>);

impl Default for Line {
    fn default() -> Line {
        Line(Arc::new(AtomicBool::new(true)))
    }
}

impl Line {
    /// Whether nothing was refused yet, for whoever records.
    pub fn goes_on(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Nothing more is to be recorded on it.
    pub fn break_off(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// What became of a message that is in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It was taken in, now or before: whatever it leads to comes by the usual ways.
    Taken,
    /// It was refused for who brought it. It is kept, and never comes to a verdict.
    Refused(Reason),
}

/// What transports hand messages to.
pub trait Intake: Send + Sync + 'static {
    /// A message that was read and checked as far as that needs no ledger.
    type Prepared: Send + 'static;

    /// Reads and validates. May run in parallel with others.
    fn prepare(&self, incoming: Incoming) -> BoxFuture<'static, Self::Prepared>;

    /// Queues the message for judging, in the order of the calls, and completes when it is in the ledger.
    fn commit(&self, prepared: Self::Prepared) -> BoxFuture<'static, Result<Receipt, IntakeError>>;

    /// The same for a message on a line: none of it is recorded behind one that was not.
    fn commit_in(&self, line: &Line, prepared: Self::Prepared) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        let _ = line;
        self.commit(prepared)
    }

    /// Whether the ledger takes messages again. Asked after it refused one, before the next is taken from a broker that
    /// counts deliveries. Without an answer of its own an intake finds out with messages.
    fn ready(&self) -> BoxFuture<'static, Result<(), IntakeError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Counts that a message is taken once more, before anything is done with it, and gives how often that was. Whatever
    /// the message does to the program afterwards, the count stands.
    fn count_take(&self, take: Take) -> BoxFuture<'static, Result<u32, IntakeError>> {
        let _ = take;
        Box::pin(std::future::ready(Ok(1)))
    }

    /// Forgets that count: the message is in the ledger, or what failed was not the message.
    fn forget_takes(&self, take: Take) -> BoxFuture<'static, Result<(), IntakeError>> {
        let _ = take;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Parks a message with its bytes, without looking into it. An intake that counts nothing is never asked.
    fn set_aside(&self, incoming: Incoming) -> BoxFuture<'static, Result<Receipt, IntakeError>> {
        let _ = incoming;
        Box::pin(std::future::ready(Err(IntakeError("this intake parks nothing".to_owned()))))
    }
}
