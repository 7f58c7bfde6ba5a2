//! Delivery: the relay that sends what the outbox holds, and the destinations it sends to.

pub mod amqp;
pub mod breaker;
pub mod class;
pub mod directory;
mod gates;
pub mod http;
pub mod outbox;
pub mod relay;

use crate::config::{Config, Order};
use crate::decision::Purpose;
use crate::failpoint::Tripped;
use crate::message::Bsn;
use class::{Class, Fault};
use futures_util::future::BoxFuture;
use outbox::Due;
use std::sync::Arc;
use std::time::Duration;

/// Where deliveries go.
pub trait Destination: Send + Sync + 'static {
    /// Sort, for metrics: `directory`, `amqp`, `http`.
    fn sort(&self) -> &'static str;

    /// What to call it in a log line: `amqp`, `http 0197`.
    fn name(&self) -> &str;

    /// Rows of one receiver that it takes in one go.
    fn longest_run(&self) -> usize;

    /// How it wants to be served.
    fn manner(&self) -> Manner {
        Manner::default()
    }

    /// Delivers rows of one receiver in their order. Returns what became of the first rows; the rest was not tried.
    /// Rows after one that failed are not tried, except that what was already on its way may have arrived.
    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>>;
}

/// How a destination wants to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// What becomes of those behind a row that it refuses; `None`: as `[delivery]` says.
    pub order: Option<Order>,
    /// Rows that it takes at once when all is well; `None`: the window of the relay.
    pub in_flight: Option<usize>,
    /// Longest that one row can be under way. A probe that takes longer counts as lost.
    pub patience: Duration,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner { order: None, in_flight: None, patience: Duration::from_mins(1) }
    }
}

/// Whether rows of this purpose go to the back office of their receiver, where it has one.
pub fn is_for_back_office(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Forward | Purpose::Signal => true,
        Purpose::Reply | Purpose::Error => false,
    }
}

/// Name of the destination of a back office, in log lines, metrics and the ledger.
pub fn office_name(gemeente: &str) -> String {
    format!("http {gemeente}")
}

/// Names of all destinations of a configuration: the default first, then the back offices.
pub fn destination_names(config: &Config) -> Vec<String> {
    let offices = config.back_offices.keys().map(|gemeente| office_name(gemeente));
    std::iter::once(config.delivery.default.as_str().to_owned()).chain(offices).collect()
}

/// Why a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened. Names no person, holds no body and no login.
    pub reason: String,
    /// What it is that does not work.
    pub scope: Scope,
    /// What it means for the next attempt.
    pub class: Class,
    /// How long the other side asks to be left alone.
    pub retry_after: Option<Duration>,
    /// Whether a person should know at once, whatever comes of the next attempts.
    pub alarm: bool,
}

/// How much of a destination a failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The destination as a whole.
    Destination,
    /// This receiver, or this delivery, only.
    Receiver,
}

impl Failure {
    /// The destination as a whole does not work, for the time being.
    pub fn destination(reason: impl Into<String>) -> Failure {
        Failure::new(reason.into(), Scope::Destination)
    }

    /// This receiver cannot be reached through it, for the time being.
    pub fn receiver(reason: impl Into<String>) -> Failure {
        Failure::new(reason.into(), Scope::Receiver)
    }

    fn new(reason: String, scope: Scope) -> Failure {
        Failure { reason, scope, class: Class::Temporary, retry_after: None, alarm: false }
    }

    /// The same, of another class than temporary.
    #[must_use]
    pub fn of(self, class: Class) -> Failure {
        Failure { class, alarm: class.needs_a_person(), ..self }
    }

    /// The same, of the class of a fault.
    #[must_use]
    pub fn by(self, fault: Fault) -> Failure {
        self.of(fault.class())
    }

    /// Whether it shows that the destination itself works: what failed is one receiver or one delivery. `None` when it
    /// shows neither.
    fn clears_destination(&self) -> Option<bool> {
        match (self.scope, self.class) {
            (Scope::Receiver, Class::Unknown) => None,
            (_, Class::Data) | (Scope::Receiver, Class::Temporary | Class::Contract | Class::Security) => Some(true),
            (Scope::Destination, Class::Temporary | Class::Unknown | Class::Contract | Class::Security) => Some(false),
        }
    }
}

/// What a delivery that a test lets fail has come to.
fn tripped(tripped: Tripped) -> Failure {
    Failure::destination(tripped.to_string())
}

/// Text from outside that is to become part of a file name or a log line, with every number that could be a BSN
/// starred out. Ids in the form of a UUID are left as they are.
pub fn without_bsn(text: &str) -> String {
    if uuid::Uuid::try_parse(text).is_ok() {
        return text.to_owned();
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, after) = digits.split_at(end);
        masked.push_str(before);
        masked.push_str(if Bsn::passes_eleven_test(digits) { "*********" } else { digits });
        rest = after;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_could_be_a_bsn_is_starred_out() {
        assert_eq!(without_bsn("in/323-999900006-a.xml"), "in/323-*********-a.xml");
        assert_eq!(without_bsn("999900006"), "*********");
        assert_eq!(without_bsn("000000012"), "*********");
        for harmless in ["", "000000001.xml", "000000000", "20250131120000.xml", "9999000060", "declaratie 42420001"] {
            assert_eq!(without_bsn(harmless), harmless);
        }
        let id = "3f2504e0-4f89-41d3-9a0c-a999900006b1";
        assert_eq!(without_bsn(id), id);
    }
}
