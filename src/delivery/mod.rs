//! Delivery: the relay that sends what the outbox holds, and the destinations it sends to.

pub mod amqp;
pub mod directory;
pub mod http;
pub mod outbox;
pub mod relay;

use crate::failpoint::Tripped;
use crate::message::Bsn;
use futures_util::future::BoxFuture;
use outbox::Due;
use std::sync::Arc;

/// Where deliveries go.
pub trait Destination: Send + Sync + 'static {
    /// Sort, for metrics: `directory`, `amqp`, `http`.
    fn sort(&self) -> &'static str;

    /// What to call it in a log line: `amqp`, `http 0197`.
    fn name(&self) -> &str;

    /// Rows of one receiver that it takes in one go.
    fn longest_run(&self) -> usize;

    /// Delivers rows of one receiver in their order. Returns what became of the first rows; the rest was not tried.
    /// Rows after one that failed are not tried, except that what was already on its way may have arrived.
    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>>;
}

/// Why a delivery failed. It will be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened. Names no person, holds no body and no login.
    pub reason: String,
    /// What it is that does not work.
    pub scope: Scope,
}

/// How much of a destination a failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The destination as a whole.
    Destination,
    /// This receiver only.
    Receiver,
}

impl Failure {
    /// The destination as a whole does not work.
    pub fn destination(reason: impl Into<String>) -> Failure {
        Failure { reason: reason.into(), scope: Scope::Destination }
    }

    /// This receiver cannot be reached through it.
    pub fn receiver(reason: impl Into<String>) -> Failure {
        Failure { reason: reason.into(), scope: Scope::Receiver }
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
