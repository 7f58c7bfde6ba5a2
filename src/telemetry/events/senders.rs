//! What is refused for who brought it, and what the intake over HTTP tells.

use super::millis;
use crate::telemetry::{Metric, Telemetry};
use std::path::Path;
use std::time::Duration;

/// A message was refused for who brought it. The line is written once per case ([`SenderRefused::emit`]), the figure for
/// every message ([`SenderRefused::count`]).
#[derive(Debug, Clone, Copy)]
pub struct SenderRefused<'a> {
    /// Transport that it came by.
    pub transport: &'static str,
    /// Number of the refusal in the ledger.
    pub refusal_id: i64,
    /// Why.
    pub reason: &'static str,
    /// Name of the sender in the configuration; `None` when it is none of them. What the transport vouches for is a
    /// login, and stays in the ledger.
    pub sender: Option<&'a str>,
    /// The party that the message names as its sender.
    pub claimed: Option<&'a str>,
}

impl SenderRefused<'_> {
    /// Writes the metric.
    pub fn count(&self, telemetry: &Telemetry) {
        telemetry.count(Metric::RefusedSenders, &[self.transport], 1);
    }

    /// Writes the log line.
    pub fn emit(&self) {
        let (sender, claimed) = (self.sender.unwrap_or("somebody unknown"), self.claimed.unwrap_or("nobody"));
        tracing::error!(
            transport = self.transport,
            refusal = self.refusal_id,
            reason = self.reason,
            sender,
            claimed,
            "refused a message that {sender} sent in the name of {claimed}: see `sluis refused show {}`; more of the same \
             are counted and not told one by one",
            self.refusal_id
        );
    }
}

/// More sorts of refusals go on at once than are told one by one.
#[derive(Debug, Clone, Copy)]
pub struct ManyRefused;

impl ManyRefused {
    /// Writes the log line.
    pub fn emit(self) {
        tracing::error!(
            "messages are refused in the name of very many parties at once: somebody tries them out, or [[sender]] lacks \
             much; further ones are only counted, see `sluis refused list`"
        );
    }
}

/// Refusals of one sort have stopped.
#[derive(Debug, Clone, Copy)]
pub struct RefusalsEnded<'a> {
    /// Transport.
    pub transport: &'static str,
    /// Name of the sender in the configuration.
    pub sender: Option<&'a str>,
    /// The party that the messages named.
    pub claimed: Option<&'a str>,
    /// How many there were.
    pub count: u64,
    /// From the first to the last.
    pub lasted: Duration,
}

impl RefusalsEnded<'_> {
    /// Writes the log line.
    pub fn emit(self) {
        let (sender, claimed) = (self.sender.unwrap_or("somebody unknown"), self.claimed.unwrap_or("nobody"));
        tracing::info!(
            transport = self.transport,
            sender,
            claimed,
            refused = self.count,
            lasted_ms = millis(self.lasted),
            "no more messages of {sender} in the name of {claimed} came; {} were refused",
            self.count
        );
    }
}

/// Messages are taken from whoever reaches a transport. Told once, at the start.
#[derive(Debug, Clone, Copy)]
pub struct SendersOpen<'a> {
    /// The transports.
    pub transports: &'a str,
}

impl SendersOpen<'_> {
    /// Writes the log line.
    pub fn emit(self) {
        tracing::info!(
            transports = self.transports,
            "senders are not bound on {}: what a message says of its sender is believed; see docs/senders.md",
            self.transports
        );
    }
}

/// A renewed certificate of a listener cannot be used; the one before it stays in use. Told once per change.
#[derive(Debug, Clone, Copy)]
pub struct CertificateKept<'a> {
    /// Section that names it.
    pub section: &'static str,
    /// File that is wrong.
    pub file: &'a Path,
    /// Why.
    pub reason: &'a str,
}

impl CertificateKept<'_> {
    /// Writes the log line.
    pub fn emit(self) {
        tracing::error!(
            file = %self.file.display(),
            "the renewed certificates of [{}] cannot be used ({}), the ones before stay in use: put the files right; they \
             are looked at again when they change",
            self.section,
            self.reason
        );
    }
}

/// Renewed certificates are in use.
#[derive(Debug, Clone, Copy)]
pub struct CertificateRenewed {
    /// Section that names them.
    pub section: &'static str,
}

impl CertificateRenewed {
    /// Writes the log line.
    pub fn emit(self) {
        tracing::info!("the renewed certificates of [{}] are in use", self.section);
    }
}

/// Somebody was turned away before a message was taken over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct TurnedAway {
    /// Why: `login`, `full`, `size`, `slow`, `form`, `cut`.
    pub reason: &'static str,
}

impl TurnedAway {
    /// Writes the metric; whoever was turned away has the answer.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::IntakeFailures, &["http", self.reason], 1);
    }
}
