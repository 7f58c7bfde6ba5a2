//! All metrics by name, in one place. Labels have few values and never name a person, a message or an id.

/// A metric of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Messages judged.
    Messages,
    /// Findings, by rule.
    Findings,
    /// Signals, by check.
    Signals,
    /// Time spent in a stage of the way of a message.
    StageSeconds,
    /// Time from taking a message in until its verdict was in the ledger.
    MessageSeconds,
    /// Messages that could not be taken in or recorded.
    IntakeFailures,
    /// Attempts to deliver.
    Deliveries,
    /// Attempts to deliver that failed, by what that means.
    DeliveryFailures,
    /// Time of an attempt to deliver.
    DeliverySeconds,
    /// Whether a component works.
    ComponentUp,
    /// Losses of a component since the start.
    ComponentLosses,
    /// Always 1; labels tell which build runs.
    BuildInfo,
    /// Whether the figures of the ledger could be computed for this scrape.
    LedgerFigures,
    /// Rows in the outbox that have not been delivered.
    OutboxRows,
    /// Age of the oldest row in the outbox that has not been delivered.
    OutboxOldestSeconds,
    /// Rows that their receiver refused and that are set aside.
    OutboxRefusedRows,
    /// State of the breaker of a destination.
    BreakerState,
    /// Messages that are parked.
    ParkedMessages,
    /// Messages that are held.
    HeldMessages,
    /// Age of the oldest of them.
    HeldOldestSeconds,
    /// Messages that wait for one that they refer to.
    WaitingMessages,
    /// Age of the oldest message that waits.
    WaitingOldestSeconds,
    /// Questions that wait for their answer.
    OpenQuestions,
    /// Age of the oldest of them.
    OpenQuestionsOldestSeconds,
    /// Messages that waited, by how that ended.
    Waits,
    /// Signals that are open.
    OpenSignals,
    /// Age of the last survey of a region.
    SurveyAgeSeconds,
    /// Time that a survey took.
    SurveySeconds,
    /// Size of the ledger on disk.
    LedgerBytes,
    /// Days until the contract register in use ends.
    RegisterDaysLeft,
    /// Always 1; labels tell which version of a register is in force.
    RegisterInfo,
    /// How long that version lies in its place.
    RegisterAgeSeconds,
    /// Faults of a register that was not taken.
    RegisterFaults,
    /// Times that a register was read again, by result.
    RegisterReloads,
    /// Gateways on the ledger.
    Members,
    /// Versions of a register by which they judge.
    RegisterVersions,
    /// Messages refused for who brought them.
    RefusedSenders,
    /// Attempts to sign in to the console.
    SignIns,
    /// Messages of which the ledger let go of something, by how far.
    RetentionRemoved,
    /// Times that going through the ledger for that failed.
    RetentionFailures,
    /// Time since the ledger was last gone through.
    RetentionAgeSeconds,
    /// How much longer than its term the oldest lies that should have gone.
    RetentionOverdueSeconds,
}

/// Sort of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Only rises.
    Counter,
    /// Rises and falls; set where it is known.
    Gauge,
    /// Distribution of durations in seconds.
    Histogram,
    /// A gauge that the ledger computes when somebody scrapes.
    Figure,
}

impl Metric {
    /// All metrics, in display order.
    pub const ALL: [Metric; 42] = [
        Metric::Messages,
        Metric::Findings,
        Metric::Signals,
        Metric::StageSeconds,
        Metric::MessageSeconds,
        Metric::IntakeFailures,
        Metric::Deliveries,
        Metric::DeliveryFailures,
        Metric::DeliverySeconds,
        Metric::ComponentUp,
        Metric::ComponentLosses,
        Metric::BuildInfo,
        Metric::LedgerFigures,
        Metric::OutboxRows,
        Metric::OutboxOldestSeconds,
        Metric::OutboxRefusedRows,
        Metric::BreakerState,
        Metric::ParkedMessages,
        Metric::HeldMessages,
        Metric::HeldOldestSeconds,
        Metric::WaitingMessages,
        Metric::WaitingOldestSeconds,
        Metric::OpenQuestions,
        Metric::OpenQuestionsOldestSeconds,
        Metric::Waits,
        Metric::OpenSignals,
        Metric::SurveyAgeSeconds,
        Metric::SurveySeconds,
        Metric::LedgerBytes,
        Metric::RegisterDaysLeft,
        Metric::RegisterInfo,
        Metric::RegisterAgeSeconds,
        Metric::RegisterFaults,
        Metric::RegisterReloads,
        Metric::Members,
        Metric::RegisterVersions,
        Metric::RefusedSenders,
        Metric::SignIns,
        Metric::RetentionRemoved,
        Metric::RetentionFailures,
        Metric::RetentionAgeSeconds,
        Metric::RetentionOverdueSeconds,
    ];

    /// Name, sort, labels and meaning.
    fn facts(self) -> (&'static str, Sort, &'static [&'static str], &'static str) {
        match self {
            Metric::Messages => {
                ("sluis_messages_total", Sort::Counter, &["law", "number", "verdict"], "Messages judged")
            }
            Metric::Findings => ("sluis_findings_total", Sort::Counter, &["rule"], "Findings by rule"),
            Metric::Signals => ("sluis_signals_total", Sort::Counter, &["check"], "Signals by check"),
            Metric::StageSeconds => {
                ("sluis_stage_seconds", Sort::Histogram, &["stage"], "Time in a stage of the way of a message")
            }
            Metric::MessageSeconds => (
                "sluis_message_seconds",
                Sort::Histogram,
                &["transport"],
                "Time from taking a message in until its verdict was in the ledger",
            ),
            Metric::IntakeFailures => (
                "sluis_intake_failures_total",
                Sort::Counter,
                &["transport", "reason"],
                "Messages that could not be taken in or recorded; they stay where they are",
            ),
            Metric::Deliveries => (
                "sluis_deliveries_total",
                Sort::Counter,
                &["destination", "purpose", "outcome"],
                "Attempts to deliver, by sort of destination and outcome",
            ),
            Metric::DeliveryFailures => (
                "sluis_delivery_failures_total",
                Sort::Counter,
                &["destination", "class"],
                "Attempts to deliver that failed, by sort of destination and class: temporary, unknown, data, contract or \
                 security",
            ),
            Metric::DeliverySeconds => {
                ("sluis_delivery_seconds", Sort::Histogram, &["destination"], "Time of an attempt to deliver")
            }
            Metric::ComponentUp => {
                ("sluis_component_up", Sort::Gauge, &["component"], "Whether a component works: 1 or 0")
            }
            Metric::ComponentLosses => {
                ("sluis_component_losses_total", Sort::Counter, &["component"], "Times that a component was lost")
            }
            Metric::BuildInfo => ("sluis_build_info", Sort::Gauge, &["version", "name"], "Which build runs; always 1"),
            Metric::LedgerFigures => {
                ("sluis_ledger_figures_up", Sort::Gauge, &[], "Whether the ledger could compute its figures: 1 or 0")
            }
            Metric::OutboxRows => {
                ("sluis_outbox_rows", Sort::Figure, &["purpose"], "Rows in the outbox that are not delivered yet")
            }
            Metric::OutboxOldestSeconds => (
                "sluis_outbox_oldest_seconds",
                Sort::Figure,
                &["purpose"],
                "Age of the oldest row that is not delivered yet",
            ),
            Metric::OutboxRefusedRows => (
                "sluis_outbox_refused_rows",
                Sort::Figure,
                &["purpose"],
                "Rows that their receiver refused for what they are: set aside until a person sends them again",
            ),
            Metric::BreakerState => (
                "sluis_breaker_state",
                Sort::Figure,
                &["destination"],
                "State of the breaker of a destination: 0 closed, 1 half-open, 2 open",
            ),
            Metric::ParkedMessages => ("sluis_parked_messages", Sort::Figure, &[], "Messages that are parked"),
            Metric::HeldMessages => ("sluis_held_messages", Sort::Figure, &[], "Messages that wait for a person"),
            Metric::HeldOldestSeconds => {
                ("sluis_held_oldest_seconds", Sort::Figure, &[], "Age of the oldest message that waits for a person")
            }
            Metric::WaitingMessages => {
                ("sluis_waiting_messages", Sort::Figure, &[], "Messages that wait for one that they refer to")
            }
            Metric::WaitingOldestSeconds => {
                ("sluis_waiting_oldest_seconds", Sort::Figure, &[], "Age of the oldest message that waits")
            }
            Metric::OpenQuestions => (
                "sluis_open_questions",
                Sort::Figure,
                &["debt", "due"],
                "Questions that wait for their answer, by what is owed and when: later, today or overdue",
            ),
            Metric::OpenQuestionsOldestSeconds => (
                "sluis_open_questions_oldest_seconds",
                Sort::Figure,
                &["debt"],
                "Age of the oldest question that waits for its answer",
            ),
            Metric::Waits => (
                "sluis_waits_total",
                Sort::Counter,
                &["end"],
                "Messages that waited, by how that ended: what they waited for came, or their time was over",
            ),
            Metric::OpenSignals => {
                ("sluis_open_signals", Sort::Figure, &["check", "severity"], "Signals whose cause is not gone")
            }
            Metric::SurveyAgeSeconds => (
                "sluis_survey_age_seconds",
                Sort::Figure,
                &["region"],
                "Time since a region was last looked over; more than a day means that surveys fail",
            ),
            Metric::SurveySeconds => ("sluis_survey_seconds", Sort::Histogram, &["region"], "Time that a survey took"),
            Metric::LedgerBytes => ("sluis_ledger_bytes", Sort::Figure, &[], "Size of the ledger on disk"),
            Metric::RegisterDaysLeft => (
                "sluis_register_days_left",
                Sort::Figure,
                &["region"],
                "Days until the last contract in the register ends",
            ),
            Metric::RegisterInfo => (
                "sluis_register_info",
                Sort::Figure,
                &["region", "version"],
                "Which version of a register is in force; always 1",
            ),
            Metric::RegisterAgeSeconds => (
                "sluis_register_age_seconds",
                Sort::Figure,
                &["region"],
                "Time since the register in force was imported or its files were changed",
            ),
            Metric::RegisterFaults => (
                "sluis_register_faults",
                Sort::Figure,
                &["region"],
                "Faults of the register that was read last and not taken; 0 when it is in force",
            ),
            Metric::RegisterReloads => (
                "sluis_register_reloads_total",
                Sort::Counter,
                &["region", "result"],
                "Times that a register was read again: replaced, unchanged or refused",
            ),
            Metric::Members => ("sluis_members", Sort::Figure, &[], "Gateways that work on this ledger at the moment"),
            Metric::RegisterVersions => (
                "sluis_register_versions",
                Sort::Figure,
                &["region"],
                "Versions of a register by which the gateways on this ledger judge; more than 1 means that they differ",
            ),
            Metric::RefusedSenders => (
                "sluis_refused_senders_total",
                Sort::Counter,
                &["transport"],
                "Messages refused because whoever brought them may not send for the party that they name",
            ),
            Metric::SignIns => (
                "sluis_sign_ins_total",
                Sort::Counter,
                &["outcome"],
                "Attempts to sign in to the console, by what became of them",
            ),
            Metric::RetentionRemoved => (
                "sluis_retention_removed_total",
                Sort::Counter,
                &["stage", "law", "number", "verdict"],
                "Messages of which the ledger let go of something because it was kept long enough: bodies, details or \
                 records",
            ),
            Metric::RetentionFailures => (
                "sluis_retention_failures_total",
                Sort::Counter,
                &[],
                "Times that going through the ledger for what is kept long enough failed",
            ),
            Metric::RetentionAgeSeconds => (
                "sluis_retention_age_seconds",
                Sort::Figure,
                &[],
                "Time since the ledger was last gone through for what is kept long enough; absent when no term is set",
            ),
            Metric::RetentionOverdueSeconds => (
                "sluis_retention_overdue_seconds",
                Sort::Figure,
                &[],
                "How long something lies at most past the day on which it should have gone; absent when no term is set",
            ),
        }
    }

    /// Name as scraped.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Sort.
    pub fn sort(self) -> Sort {
        self.facts().1
    }

    /// Labels, in the order of their values.
    pub fn labels(self) -> &'static [&'static str] {
        self.facts().2
    }

    /// What it tells.
    pub fn help(self) -> &'static str {
        self.facts().3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_follow_the_conventions() {
        let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            let name = metric.name();
            assert!(name.starts_with("sluis_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.sort() == Sort::Counter, "{name}");
            assert!(metric.sort() != Sort::Histogram || name.ends_with("_seconds"), "{name}");
        }
    }
}
