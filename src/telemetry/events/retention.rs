//! What the ledger need not keep any more and lets go of.

use crate::retention::{Class, Stage};
use crate::telemetry::{Metric, Telemetry};

/// Messages of a class went as far as a stage.
#[derive(Debug, Clone, Copy)]
pub struct RetentionTook {
    /// How far.
    pub stage: Stage,
    /// Which.
    pub class: Class,
    /// How many.
    pub messages: u64,
}

impl RetentionTook {
    /// Writes the metric; the audit trail of the ledger tells of each portion.
    pub fn emit(self, telemetry: &Telemetry) {
        let (law, number) =
            self.class.kind.map_or(("unknown", "unknown"), |kind| (kind.law.as_str(), kind.number.as_str()));
        let labels = [self.stage.as_str(), law, number, self.class.verdict.as_str()];
        telemetry.count(Metric::RetentionRemoved, &labels, self.messages);
    }
}

/// The ledger was gone through.
#[derive(Debug, Clone, Copy)]
pub struct RetentionDone {
    /// Messages whose bodies went.
    pub bodies: u64,
    /// Messages whose details went.
    pub details: u64,
    /// Messages of which only the row is left.
    pub records: u64,
    /// Persons of whom nothing is known any more.
    pub persons: u64,
    /// Rows that belong to no message.
    pub others: u64,
}

impl RetentionDone {
    /// Writes the log line.
    pub fn emit(self, _: &Telemetry) {
        let RetentionDone { bodies, details, records, persons, others } = self;
        tracing::info!(
            bodies,
            details,
            records,
            persons,
            others,
            "went through the ledger for what is kept long enough: bodies of {bodies} message(s), details of {details}, \
             all but the row of {records}, and {persons} person(s)"
        );
    }
}

/// The ledger could not be gone through.
#[derive(Debug, Clone, Copy)]
pub struct RetentionFailed<'a> {
    /// Why.
    pub error: &'a str,
}

impl RetentionFailed<'_> {
    /// Writes the log line and the metric.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::RetentionFailures, &[], 1);
        tracing::warn!(error = self.error, "what is kept long enough stays for now; the next look goes on");
    }
}
