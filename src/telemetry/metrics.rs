//! All metrics by name, in one place. Labels have few values and never name a person, a message or an id.
//!
//! `docs/metrics.md` is written from here, and a test compares the two. Another test sees to it that dashboards and alert
//! rules use nothing that is not here.

use std::fmt::Write as _;

/// A metric of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Messages judged.
    Messages,
    /// Messages of a provider, judged.
    ProviderMessages,
    /// Findings by rule.
    Findings,
    /// Signals by check and region.
    Signals,
    /// Time in a stage of the way of a message.
    StageSeconds,
    /// Time from taking a message in until its verdict was in the ledger.
    MessageSeconds,
    /// Time from taking a message in until what it led to was delivered.
    EndToEndSeconds,
    /// Messages that could not be taken in or recorded; they stay where they are.
    IntakeFailures,
    /// Attempts to deliver, by destination and outcome.
    Deliveries,
    /// Attempts to deliver that failed, by destination and class: temporary, unknown, data, contract or security.
    DeliveryFailures,
    /// Time of an attempt to deliver.
    DeliverySeconds,
    /// Whether a component works: 1 or 0.
    ComponentUp,
    /// Times that a component was lost.
    ComponentLosses,
    /// Which build runs; always 1.
    BuildInfo,
    /// Whether the ledger could compute its figures: 1 or 0.
    LedgerFigures,
    /// Transactions of the ledger, by outcome: committed or failed.
    LedgerCommits,
    /// Jobs that shared one transaction of the ledger.
    LedgerGroupJobs,
    /// Time of a transaction of the ledger, with the jobs in it and the sync of the disk.
    LedgerCommitSeconds,
    /// Size of the ledger on disk.
    LedgerBytes,
    /// Room left on the disk of a place: ledger, spool or register store.
    DiskFreeBytes,
    /// Size of the disk of a place.
    DiskSizeBytes,
    /// Messages that wait to be taken in.
    IntakeQueueMessages,
    /// Age of the oldest file that waits to be taken in; 0 when none does.
    IntakeQueueOldestSeconds,
    /// Messages that wait for one that they refer to.
    WaitingMessages,
    /// Age of the oldest message that waits.
    WaitingOldestSeconds,
    /// Longest that a message may wait by the configuration; 0 when nothing waits.
    WaitingLimitSeconds,
    /// Messages that waited, by how that ended: what they waited for came, or their time was over.
    Waits,
    /// Time that a message spent in the waiting room.
    WaitSeconds,
    /// Rows in the outbox that are not delivered yet.
    OutboxRows,
    /// Age of the oldest row that is not delivered yet.
    OutboxOldestSeconds,
    /// Rows that their receiver refused for what they are: set aside until a person sends them again.
    OutboxRefusedRows,
    /// State of the breaker of a destination: 0 closed, 1 half-open, 2 open.
    BreakerState,
    /// Messages that are parked.
    ParkedMessages,
    /// Age of the oldest message that is parked.
    ParkedOldestSeconds,
    /// Messages that wait for a person.
    HeldMessages,
    /// Age of the oldest message that waits for a person.
    HeldOldestSeconds,
    /// Questions that wait for their answer, by what is owed and when: later, today or overdue.
    OpenQuestions,
    /// Age of the oldest question that waits for its answer.
    OpenQuestionsOldestSeconds,
    /// Signals whose cause is not gone.
    OpenSignals,
    /// When the last message of a kind came in; party tells whose kind it is: municipality or provider.
    LastMessage,
    /// Whether a partner has been silent for longer than `[[silence]]` expects: 1 or 0.
    Silent,
    /// Working time since the last message that `[[silence]]` expects.
    SilenceSeconds,
    /// Working time after which `[[silence]]` counts a partner as silent.
    SilenceLimitSeconds,
    /// Time since a region was last looked over; more than a day means that surveys fail.
    SurveyAgeSeconds,
    /// Time that a survey took.
    SurveySeconds,
    /// Amount of a budget agreement that runs today.
    BudgetAgreed,
    /// Allocated under an agreement and not claimed yet.
    BudgetReserved,
    /// Granted claims and instalments of an agreement.
    BudgetRealised,
    /// Expected for the term of an agreement: realised, and the part of what is open that experience says will be claimed.
    BudgetExpected,
    /// Time until the last contract in the register ends.
    RegisterSecondsLeft,
    /// Which version of a register is in force; always 1.
    RegisterInfo,
    /// Time since the register in force was imported or its files were changed.
    RegisterAgeSeconds,
    /// Faults of the register that was read last and not taken; 0 when it is in force.
    RegisterFaults,
    /// Times that a register was read again: replaced, unchanged or refused.
    RegisterReloads,
    /// Gateways that work on this ledger at the moment.
    Members,
    /// Versions of a register by which the gateways on this ledger judge; more than 1 means that they differ.
    RegisterVersions,
    /// Messages refused because whoever brought them may not send for the party that they name.
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
    /// When a certificate that the configuration names ends; 0 when the file cannot be used.
    CertificateExpiry,
    /// Time since a key of the ledger was put in force.
    KeyAgeSeconds,
    /// Processor time that the process used, by itself and in the kernel.
    ProcessCpu,
    /// Memory that the process holds.
    ProcessResident,
    /// Threads of the process.
    ProcessThreads,
    /// Open file descriptors.
    ProcessOpenFds,
    /// File descriptors that the system allows the process.
    ProcessMaxFds,
    /// When the process started.
    ProcessStart,
}

/// Sort of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Only rises.
    Counter,
    /// Rises and falls; set where it is known.
    Gauge,
    /// Distribution of what is measured over buckets.
    Histogram,
    /// A gauge that is computed when somebody scrapes.
    Figure,
    /// A counter that is computed when somebody scrapes.
    Total,
}

impl Sort {
    /// The word of Prometheus.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Counter | Sort::Total => "counter",
            Sort::Gauge | Sort::Figure => "gauge",
            Sort::Histogram => "histogram",
        }
    }

    /// Whether it is computed when somebody scrapes.
    pub fn is_figure(self) -> bool {
        matches!(self, Sort::Figure | Sort::Total)
    }
}

/// What is known of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Name as scraped.
    pub name: &'static str,
    /// Sort.
    pub sort: Sort,
    /// Labels, in the order of their values.
    pub labels: &'static [&'static str],
    /// What is counted or measured.
    pub unit: &'static str,
    /// What it tells, as scraped.
    pub help: &'static str,
    /// What it means for who watches.
    pub meaning: &'static str,
    /// Upper bounds of the buckets, ascending; none for what is no histogram.
    pub buckets: &'static [f64],
}

/// Most series of one metric. Labels that come from outside (a destination, a provider, an agreement) are bounded by the
/// configuration and the register; this bounds them once more, so that no mistake there fills a monitoring system.
pub const MOST_SERIES: usize = 2_000;
/// The value of a label that stands for all others.
pub const OTHER: &str = "other";

/// Stages of a message: from a tenth of a millisecond to ten seconds.
const STAGES: &[f64] = &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0];
/// A message until its verdict: from a millisecond to a minute, and an hour for what waited.
const MESSAGES: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 60.0, 3_600.0];
/// Until the answer is delivered: from 10 ms to three days, the term of a reply.
const END_TO_END: &[f64] = &[
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0,
    259_200.0,
];
/// An attempt to deliver: from a millisecond to two minutes.
const DELIVERIES: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// A transaction of the ledger: from half a millisecond to ten seconds.
const COMMITS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Jobs that share a transaction: up to the most that may.
const GROUPS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// The waiting room: from a second to three days.
const WAITS: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0];
/// A survey: from a hundredth of a second to an hour.
const SURVEYS: &[f64] = &[0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0];

impl Metric {
    /// All metrics, in display order.
    pub const ALL: [Metric; 70] = [
        Metric::Messages,
        Metric::ProviderMessages,
        Metric::Findings,
        Metric::Signals,
        Metric::StageSeconds,
        Metric::MessageSeconds,
        Metric::EndToEndSeconds,
        Metric::IntakeFailures,
        Metric::Deliveries,
        Metric::DeliveryFailures,
        Metric::DeliverySeconds,
        Metric::ComponentUp,
        Metric::ComponentLosses,
        Metric::BuildInfo,
        Metric::LedgerFigures,
        Metric::LedgerCommits,
        Metric::LedgerGroupJobs,
        Metric::LedgerCommitSeconds,
        Metric::LedgerBytes,
        Metric::DiskFreeBytes,
        Metric::DiskSizeBytes,
        Metric::IntakeQueueMessages,
        Metric::IntakeQueueOldestSeconds,
        Metric::WaitingMessages,
        Metric::WaitingOldestSeconds,
        Metric::WaitingLimitSeconds,
        Metric::Waits,
        Metric::WaitSeconds,
        Metric::OutboxRows,
        Metric::OutboxOldestSeconds,
        Metric::OutboxRefusedRows,
        Metric::BreakerState,
        Metric::ParkedMessages,
        Metric::ParkedOldestSeconds,
        Metric::HeldMessages,
        Metric::HeldOldestSeconds,
        Metric::OpenQuestions,
        Metric::OpenQuestionsOldestSeconds,
        Metric::OpenSignals,
        Metric::LastMessage,
        Metric::Silent,
        Metric::SilenceSeconds,
        Metric::SilenceLimitSeconds,
        Metric::SurveyAgeSeconds,
        Metric::SurveySeconds,
        Metric::BudgetAgreed,
        Metric::BudgetReserved,
        Metric::BudgetRealised,
        Metric::BudgetExpected,
        Metric::RegisterSecondsLeft,
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
        Metric::CertificateExpiry,
        Metric::KeyAgeSeconds,
        Metric::ProcessCpu,
        Metric::ProcessResident,
        Metric::ProcessThreads,
        Metric::ProcessOpenFds,
        Metric::ProcessMaxFds,
        Metric::ProcessStart,
    ];

    /// What is known of it.
    pub fn entry(self) -> Entry {
        match self {
            Metric::Messages => Entry {
                name: "sluis_messages_total",
                sort: Sort::Counter,
                labels: &["law", "number", "verdict"],
                unit: "messages",
                help: "Messages judged",
                meaning: "What comes in and what becomes of it. A message that was held or parked counts once more when it is decided on again. No line at all for a law that should have traffic is silence; a rising share of `rejected` hurts providers.",
                buckets: &[],
            },
            Metric::ProviderMessages => Entry {
                name: "sluis_provider_messages_total",
                sort: Sort::Counter,
                labels: &["provider", "verdict"],
                unit: "messages",
                help: "Messages of a provider, judged",
                meaning: "Whom rejections hurt. `provider` is the AGB code of a provider that is in the contract register, all others are `other`: so the register bounds the number of series. Messages of municipalities are not in it.",
                buckets: &[],
            },
            Metric::Findings => Entry {
                name: "sluis_findings_total",
                sort: Sort::Counter,
                labels: &["rule"],
                unit: "findings",
                help: "Findings by rule",
                meaning: "Why messages are rejected. `sluis rules RULE` tells what a rule means; one that suddenly rises mostly means that one sender changed its software.",
                buckets: &[],
            },
            Metric::Signals => Entry {
                name: "sluis_signals_total",
                sort: Sort::Counter,
                labels: &["check", "region"],
                unit: "signals",
                help: "Signals by check and region",
                meaning: "What the contract layer told municipalities because of messages (`docs/signals.md`). Signals of the daily survey are in `sluis_open_signals`.",
                buckets: &[],
            },
            Metric::StageSeconds => Entry {
                name: "sluis_stage_seconds",
                sort: Sort::Histogram,
                labels: &["stage"],
                unit: "seconds",
                help: "Time in a stage of the way of a message",
                meaning: "Where the time goes: `prepare` reads and validates, `load` asks the ledger for facts, `judge` applies the rules, `commit` waits for the ledger until the message is on disk.",
                buckets: STAGES,
            },
            Metric::MessageSeconds => Entry {
                name: "sluis_message_seconds",
                sort: Sort::Histogram,
                labels: &["transport"],
                unit: "seconds",
                help: "Time from taking a message in until its verdict was in the ledger",
                meaning: "How long a sender waits for the acknowledgement. Messages that waited in the waiting room, or for a person, are in it with that wait.",
                buckets: MESSAGES,
            },
            Metric::EndToEndSeconds => Entry {
                name: "sluis_end_to_end_seconds",
                sort: Sort::Histogram,
                labels: &["purpose"],
                unit: "seconds",
                help: "Time from taking a message in until what it led to was delivered",
                meaning: "What partners feel: `reply` is the answer to the sender, `forward` the message at its receiver. Holds, the waiting room and receivers that are down are part of it. What a person sent once more is not counted.",
                buckets: END_TO_END,
            },
            Metric::IntakeFailures => Entry {
                name: "sluis_intake_failures_total",
                sort: Sort::Counter,
                labels: &["transport", "reason"],
                unit: "messages",
                help: "Messages that could not be taken in or recorded; they stay where they are",
                meaning: "`ledger`: the ledger takes nothing, they come again. `broke`, `takes`, `unreadable`: a person should look. Those of `http` (`login`, `full`, `size`, `slow`, `form`, `cut`) had their answer.",
                buckets: &[],
            },
            Metric::Deliveries => Entry {
                name: "sluis_deliveries_total",
                sort: Sort::Counter,
                labels: &["destination", "purpose", "outcome"],
                unit: "attempts",
                help: "Attempts to deliver, by destination and outcome",
                meaning: "Whether what was decided arrives. `destination` is a name of the configuration: `directory`, `amqp`, or `http` and the municipality of a back office, as in `sluis_breaker_state`.",
                buckets: &[],
            },
            Metric::DeliveryFailures => Entry {
                name: "sluis_delivery_failures_total",
                sort: Sort::Counter,
                labels: &["destination", "class"],
                unit: "attempts",
                help: "Attempts to deliver that failed, by destination and class: temporary, unknown, data, contract or security",
                meaning: "What failures mean: `temporary` and `unknown` heal by themselves, `contract` and `security` need a person, `data` is one delivery that its receiver refuses (`docs/delivery.md`).",
                buckets: &[],
            },
            Metric::DeliverySeconds => Entry {
                name: "sluis_delivery_seconds",
                sort: Sort::Histogram,
                labels: &["destination"],
                unit: "seconds",
                help: "Time of an attempt to deliver",
                meaning: "How quickly a destination answers; a rise comes before its breaker opens.",
                buckets: DELIVERIES,
            },
            Metric::ComponentUp => Entry {
                name: "sluis_component_up",
                sort: Sort::Gauge,
                labels: &["component"],
                unit: "1 or 0",
                help: "Whether a component works: 1 or 0",
                meaning: "The same as `/readyz`. Nothing is lost while one is away; what it does stands still.",
                buckets: &[],
            },
            Metric::ComponentLosses => Entry {
                name: "sluis_component_losses_total",
                sort: Sort::Counter,
                labels: &["component"],
                unit: "losses",
                help: "Times that a component was lost",
                meaning: "Whether a connection is shaky, also when every loss is too short for an alarm.",
                buckets: &[],
            },
            Metric::BuildInfo => Entry {
                name: "sluis_build_info",
                sort: Sort::Gauge,
                labels: &["version", "name"],
                unit: "always 1",
                help: "Which build runs; always 1",
                meaning: "Which version runs where, and since when another one does.",
                buckets: &[],
            },
            Metric::LedgerFigures => Entry {
                name: "sluis_ledger_figures_up",
                sort: Sort::Gauge,
                labels: &[],
                unit: "1 or 0",
                help: "Whether the ledger could compute its figures: 1 or 0",
                meaning: "At 0 the ledger does not answer within five seconds, and all metrics that it computes are missing from the scrape.",
                buckets: &[],
            },
            Metric::LedgerCommits => Entry {
                name: "sluis_ledger_commits_total",
                sort: Sort::Counter,
                labels: &["outcome"],
                unit: "transactions",
                help: "Transactions of the ledger, by outcome: committed or failed",
                meaning: "How often the ledger writes. A failed one leaves nothing behind; its messages come again.",
                buckets: &[],
            },
            Metric::LedgerGroupJobs => Entry {
                name: "sluis_ledger_group_jobs",
                sort: Sort::Histogram,
                labels: &[],
                unit: "jobs",
                help: "Jobs that shared one transaction of the ledger",
                meaning: "How busy the ledger is: groups grow when more comes than single transactions can take. `_sum` counts jobs.",
                buckets: GROUPS,
            },
            Metric::LedgerCommitSeconds => Entry {
                name: "sluis_ledger_commit_seconds",
                sort: Sort::Histogram,
                labels: &[],
                unit: "seconds",
                help: "Time of a transaction of the ledger, with the jobs in it and the sync of the disk",
                meaning: "A slow disk or database shows here first.",
                buckets: COMMITS,
            },
            Metric::LedgerBytes => Entry {
                name: "sluis_ledger_bytes",
                sort: Sort::Figure,
                labels: &[],
                unit: "bytes",
                help: "Size of the ledger on disk",
                meaning: "How fast it grows; retention and disks are planned by it.",
                buckets: &[],
            },
            Metric::DiskFreeBytes => Entry {
                name: "sluis_disk_free_bytes",
                sort: Sort::Figure,
                labels: &["place"],
                unit: "bytes",
                help: "Room left on the disk of a place: ledger, spool or registers",
                meaning: "At 0 the gateway stops taking messages, and loses none. A ledger on a server is not in it.",
                buckets: &[],
            },
            Metric::DiskSizeBytes => Entry {
                name: "sluis_disk_size_bytes",
                sort: Sort::Figure,
                labels: &["place"],
                unit: "bytes",
                help: "Size of the disk of a place",
                meaning: "What the room that is left is held against.",
                buckets: &[],
            },
            Metric::IntakeQueueMessages => Entry {
                name: "sluis_intake_queue_messages",
                sort: Sort::Figure,
                labels: &["queue"],
                unit: "messages",
                help: "Messages that wait to be taken in",
                meaning: "What was not looked at yet. For the broker: ready messages of the queue as it tells them every 15 s, without those handed out to a gateway; every gateway tells the same. For the directory transport: files in `in/`, or in the folder of a sender.",
                buckets: &[],
            },
            Metric::IntakeQueueOldestSeconds => Entry {
                name: "sluis_intake_queue_oldest_seconds",
                sort: Sort::Figure,
                labels: &["queue"],
                unit: "seconds",
                help: "Age of the oldest file that waits to be taken in; 0 when none does",
                meaning: "Only of folders: a broker does not tell how old its messages are. A file that stays cannot be read, or the intake stands still.",
                buckets: &[],
            },
            Metric::WaitingMessages => Entry {
                name: "sluis_waiting_messages",
                sort: Sort::Figure,
                labels: &[],
                unit: "messages",
                help: "Messages that wait for one that they refer to",
                meaning: "What is in the waiting room; it empties itself.",
                buckets: &[],
            },
            Metric::WaitingOldestSeconds => Entry {
                name: "sluis_waiting_oldest_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds",
                help: "Age of the oldest message that waits",
                meaning: "Never much more than `sluis_waiting_limit_seconds`; if it is, something is wrong with the gateway.",
                buckets: &[],
            },
            Metric::WaitingLimitSeconds => Entry {
                name: "sluis_waiting_limit_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds",
                help: "Longest that a message may wait by the configuration; 0 when nothing waits",
                meaning: "`[waiting_room] longest`: what the age of the oldest is held against.",
                buckets: &[],
            },
            Metric::Waits => Entry {
                name: "sluis_waits_total",
                sort: Sort::Counter,
                labels: &["end"],
                unit: "messages",
                help: "Messages that waited, by how that ended: what they waited for came, or their time was over",
                meaning: "Many `over` mean that partners send in another order than the standard wants, or that something they refer to never came by here.",
                buckets: &[],
            },
            Metric::WaitSeconds => Entry {
                name: "sluis_wait_seconds",
                sort: Sort::Histogram,
                labels: &["end"],
                unit: "seconds",
                help: "Time that a message spent in the waiting room",
                meaning: "How long `[waiting_room] longest` has to be.",
                buckets: WAITS,
            },
            Metric::OutboxRows => Entry {
                name: "sluis_outbox_rows",
                sort: Sort::Figure,
                labels: &["purpose"],
                unit: "rows",
                help: "Rows in the outbox that are not delivered yet",
                meaning: "What was decided and has not arrived. A few are normal.",
                buckets: &[],
            },
            Metric::OutboxOldestSeconds => Entry {
                name: "sluis_outbox_oldest_seconds",
                sort: Sort::Figure,
                labels: &["purpose"],
                unit: "seconds",
                help: "Age of the oldest row that is not delivered yet",
                meaning: "How long somebody waits for what is his.",
                buckets: &[],
            },
            Metric::OutboxRefusedRows => Entry {
                name: "sluis_outbox_refused_rows",
                sort: Sort::Figure,
                labels: &["purpose"],
                unit: "rows",
                help: "Rows that their receiver refused for what they are: set aside until a person sends them again",
                meaning: "Each is a message that its receiver does not have.",
                buckets: &[],
            },
            Metric::BreakerState => Entry {
                name: "sluis_breaker_state",
                sort: Sort::Figure,
                labels: &["destination"],
                unit: "0, 1 or 2",
                help: "State of the breaker of a destination: 0 closed, 1 half-open, 2 open",
                meaning: "Above 0 a destination takes nothing, and its rows wait.",
                buckets: &[],
            },
            Metric::ParkedMessages => Entry {
                name: "sluis_parked_messages",
                sort: Sort::Figure,
                labels: &[],
                unit: "messages",
                help: "Messages that are parked",
                meaning: "Each is a message that nobody has answered, for a fault of ours or because its sender cannot be told.",
                buckets: &[],
            },
            Metric::ParkedOldestSeconds => Entry {
                name: "sluis_parked_oldest_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds",
                help: "Age of the oldest message that is parked",
                meaning: "How long somebody has waited for an answer that does not come by itself.",
                buckets: &[],
            },
            Metric::HeldMessages => Entry {
                name: "sluis_held_messages",
                sort: Sort::Figure,
                labels: &[],
                unit: "messages",
                help: "Messages that wait for a person",
                meaning: "Outgoing allocations that a contract check holds until the municipality decides.",
                buckets: &[],
            },
            Metric::HeldOldestSeconds => Entry {
                name: "sluis_held_oldest_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds",
                help: "Age of the oldest message that waits for a person",
                meaning: "How long a resident's care has waited for that decision.",
                buckets: &[],
            },
            Metric::OpenQuestions => Entry {
                name: "sluis_open_questions",
                sort: Sort::Figure,
                labels: &["debt", "due"],
                unit: "questions",
                help: "Questions that wait for their answer, by what is owed and when: later, today or overdue",
                meaning: "Who owes an answer by the terms of the standard, in Dutch working days (`docs/deadlines.md`). What is overdue is owed by a partner: the gateway answers at once.",
                buckets: &[],
            },
            Metric::OpenQuestionsOldestSeconds => Entry {
                name: "sluis_open_questions_oldest_seconds",
                sort: Sort::Figure,
                labels: &["debt"],
                unit: "seconds",
                help: "Age of the oldest question that waits for its answer",
                meaning: "How far behind the slowest partner is.",
                buckets: &[],
            },
            Metric::OpenSignals => Entry {
                name: "sluis_open_signals",
                sort: Sort::Figure,
                labels: &["check", "severity", "region"],
                unit: "signals",
                help: "Signals whose cause is not gone",
                meaning: "What contract managers have on their table.",
                buckets: &[],
            },
            Metric::LastMessage => Entry {
                name: "sluis_last_message_timestamp_seconds",
                sort: Sort::Figure,
                labels: &["law", "number", "party"],
                unit: "seconds since 1970",
                help: "When the last message of a kind came in; party tells whose kind it is: municipality or provider",
                meaning: "Whether a kind of message has dried up everywhere. Single partners are in `sluis_silent`, as far as `[[silence]]` names them.",
                buckets: &[],
            },
            Metric::Silent => Entry {
                name: "sluis_silent",
                sort: Sort::Figure,
                labels: &["expectation"],
                unit: "1 or 0",
                help: "Whether a partner has been silent for longer than [[silence]] expects: 1 or 0",
                meaning: "`expectation` is the name of the section. It begins when the working time is over, and ends with the next message of that kind, never by itself (`docs/silence.md`).",
                buckets: &[],
            },
            Metric::SilenceSeconds => Entry {
                name: "sluis_silence_seconds",
                sort: Sort::Figure,
                labels: &["expectation"],
                unit: "seconds",
                help: "Working time since the last message that [[silence]] expects",
                meaning: "How near a partner is to its limit. It stands still at night, at the weekend and on Dutch public holidays.",
                buckets: &[],
            },
            Metric::SilenceLimitSeconds => Entry {
                name: "sluis_silence_limit_seconds",
                sort: Sort::Figure,
                labels: &["expectation"],
                unit: "seconds",
                help: "Working time after which [[silence]] counts a partner as silent",
                meaning: "What the silence is held against.",
                buckets: &[],
            },
            Metric::SurveyAgeSeconds => Entry {
                name: "sluis_survey_age_seconds",
                sort: Sort::Figure,
                labels: &["region"],
                unit: "seconds",
                help: "Time since a region was last looked over; more than a day means that surveys fail",
                meaning: "Checks over time see nothing new while it rises.",
                buckets: &[],
            },
            Metric::SurveySeconds => Entry {
                name: "sluis_survey_seconds",
                sort: Sort::Histogram,
                labels: &["region"],
                unit: "seconds",
                help: "Time that a survey took",
                meaning: "Surveys run beside messages and hold none up; one of hours wants a faster disk or shorter retention.",
                buckets: SURVEYS,
            },
            Metric::BudgetAgreed => Entry {
                name: "sluis_budget_agreed_cents",
                sort: Sort::Figure,
                labels: &["region", "segment", "agreement"],
                unit: "eurocents",
                help: "Amount of a budget agreement that runs today",
                meaning: "What the other three are held against.",
                buckets: &[],
            },
            Metric::BudgetReserved => Entry {
                name: "sluis_budget_reserved_cents",
                sort: Sort::Figure,
                labels: &["region", "segment", "agreement"],
                unit: "eurocents",
                help: "Allocated under an agreement and not claimed yet",
                meaning: "Promised care. With what is realised it is what is spent when everybody uses everything.",
                buckets: &[],
            },
            Metric::BudgetRealised => Entry {
                name: "sluis_budget_realised_cents",
                sort: Sort::Figure,
                labels: &["region", "segment", "agreement"],
                unit: "eurocents",
                help: "Granted claims and instalments of an agreement",
                meaning: "What was spent; it ties to the 325s.",
                buckets: &[],
            },
            Metric::BudgetExpected => Entry {
                name: "sluis_budget_expected_cents",
                sort: Sort::Figure,
                labels: &["region", "segment", "agreement"],
                unit: "eurocents",
                help: "Expected for the term of an agreement: realised, and the part of what is open that experience says will be claimed",
                meaning: "What contract managers steer by. Computed by the gateway that makes the surveys, once a day and after a start; with several gateways take `max by (agreement)`.",
                buckets: &[],
            },
            Metric::RegisterSecondsLeft => Entry {
                name: "sluis_register_seconds_left",
                sort: Sort::Figure,
                labels: &["region"],
                unit: "seconds",
                help: "Time until the last contract in the register ends",
                meaning: "After that every allocation is outside the contract. Was `sluis_register_days_left`.",
                buckets: &[],
            },
            Metric::RegisterInfo => Entry {
                name: "sluis_register_info",
                sort: Sort::Figure,
                labels: &["region", "version"],
                unit: "always 1",
                help: "Which version of a register is in force; always 1",
                meaning: "Which register decisions are made by.",
                buckets: &[],
            },
            Metric::RegisterAgeSeconds => Entry {
                name: "sluis_register_age_seconds",
                sort: Sort::Figure,
                labels: &["region"],
                unit: "seconds",
                help: "Time since the register in force was imported or its files were changed",
                meaning: "Whether somebody keeps it.",
                buckets: &[],
            },
            Metric::RegisterFaults => Entry {
                name: "sluis_register_faults",
                sort: Sort::Figure,
                labels: &["region"],
                unit: "faults",
                help: "Faults of the register that was read last and not taken; 0 when it is in force",
                meaning: "Above 0 the last good version stays in force, and the gateway would not start with what lies there.",
                buckets: &[],
            },
            Metric::RegisterReloads => Entry {
                name: "sluis_register_reloads_total",
                sort: Sort::Counter,
                labels: &["region", "result"],
                unit: "times",
                help: "Times that a register was read again: replaced, unchanged or refused",
                meaning: "Whether changes arrive.",
                buckets: &[],
            },
            Metric::Members => Entry {
                name: "sluis_members",
                sort: Sort::Figure,
                labels: &[],
                unit: "gateways",
                help: "Gateways that work on this ledger at the moment",
                meaning: "Fewer than you run means that one died or lost its ledger; the others have taken over.",
                buckets: &[],
            },
            Metric::RegisterVersions => Entry {
                name: "sluis_register_versions",
                sort: Sort::Figure,
                labels: &["region"],
                unit: "versions",
                help: "Versions of a register by which the gateways on this ledger judge; more than 1 means that they differ",
                meaning: "While they differ, the same message is judged differently depending on who takes it.",
                buckets: &[],
            },
            Metric::RefusedSenders => Entry {
                name: "sluis_refused_senders_total",
                sort: Sort::Counter,
                labels: &["transport"],
                unit: "messages",
                help: "Messages refused because whoever brought them may not send for the party that they name",
                meaning: "Either `[[sender]]` lacks somebody, or somebody tries names out.",
                buckets: &[],
            },
            Metric::CertificateExpiry => Entry {
                name: "sluis_certificate_expiry_timestamp_seconds",
                sort: Sort::Figure,
                labels: &["section", "file"],
                unit: "seconds since 1970",
                help: "When a certificate that the configuration names ends; 0 when the file cannot be used",
                meaning: "The first to end of those in a file. `section` is `amqp`, `ledger`, `http_intake`, `console`, `oidc` or `back_office` and its municipality; `file` is the key that names it.",
                buckets: &[],
            },
            Metric::KeyAgeSeconds => Entry {
                name: "sluis_key_age_seconds",
                sort: Sort::Figure,
                labels: &["sort"],
                unit: "seconds",
                help: "Time since a key of the ledger was put in force",
                meaning: "`docs/keys.md` tells how to replace one. Of a key from before ages were kept nothing is told.",
                buckets: &[],
            },
            Metric::SignIns => Entry {
                name: "sluis_sign_ins_total",
                sort: Sort::Counter,
                labels: &["outcome"],
                unit: "attempts",
                help: "Attempts to sign in to the console, by what became of them",
                meaning: "Many that fail are somebody who guesses, or a provider of identities that does not work.",
                buckets: &[],
            },
            Metric::RetentionRemoved => Entry {
                name: "sluis_retention_removed_total",
                sort: Sort::Counter,
                labels: &["stage", "law", "number", "verdict"],
                unit: "messages",
                help: "Messages of which the ledger let go of something because it was kept long enough: bodies, details or records",
                meaning: "What `[retention]` leads to. docs/retention.md tells what each stage takes away.",
                buckets: &[],
            },
            Metric::RetentionFailures => Entry {
                name: "sluis_retention_failures_total",
                sort: Sort::Counter,
                labels: &[],
                unit: "times",
                help: "Times that going through the ledger for what is kept long enough failed",
                meaning: "It is tried again; when it goes on, more is kept than was decided.",
                buckets: &[],
            },
            Metric::RetentionAgeSeconds => Entry {
                name: "sluis_retention_age_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds",
                help: "Time since the ledger was last gone through for what is kept long enough; absent when no term is set",
                meaning: "It is done once a day. Longer than two days: it has stopped.",
                buckets: &[],
            },
            Metric::RetentionOverdueSeconds => Entry {
                name: "sluis_retention_overdue_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds",
                help: "How long something lies at most past the day on which it should have gone; absent when no term is set",
                meaning: "What is open is not counted: `sluis retention plan` tells what is kept though it is old, and why.",
                buckets: &[],
            },
            Metric::ProcessCpu => Entry {
                name: "process_cpu_seconds_total",
                sort: Sort::Total,
                labels: &[],
                unit: "seconds",
                help: "Processor time that the process used, by itself and in the kernel",
                meaning: "Its rate is the number of cores in use.",
                buckets: &[],
            },
            Metric::ProcessResident => Entry {
                name: "process_resident_memory_bytes",
                sort: Sort::Figure,
                labels: &[],
                unit: "bytes",
                help: "Memory that the process holds",
                meaning: "Grows with large messages and is given back; a steady rise is a fault of ours.",
                buckets: &[],
            },
            Metric::ProcessThreads => Entry {
                name: "process_threads",
                sort: Sort::Figure,
                labels: &[],
                unit: "threads",
                help: "Threads of the process",
                meaning: "A steady rise is a fault of ours.",
                buckets: &[],
            },
            Metric::ProcessOpenFds => Entry {
                name: "process_open_fds",
                sort: Sort::Figure,
                labels: &[],
                unit: "descriptors",
                help: "Open file descriptors",
                meaning: "Connections and files in use.",
                buckets: &[],
            },
            Metric::ProcessMaxFds => Entry {
                name: "process_max_fds",
                sort: Sort::Figure,
                labels: &[],
                unit: "descriptors",
                help: "File descriptors that the system allows the process",
                meaning: "Beyond it no connection can be taken; `LimitNOFILE` of the unit raises it.",
                buckets: &[],
            },
            Metric::ProcessStart => Entry {
                name: "process_start_time_seconds",
                sort: Sort::Figure,
                labels: &[],
                unit: "seconds since 1970",
                help: "When the process started",
                meaning: "Whether a gateway starts over and over.",
                buckets: &[],
            },
        }
    }

    /// Name as scraped.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Sort.
    pub fn sort(self) -> Sort {
        self.entry().sort
    }

    /// Labels, in the order of their values.
    pub fn labels(self) -> &'static [&'static str] {
        self.entry().labels
    }

    /// What it tells.
    pub fn help(self) -> &'static str {
        self.entry().help
    }

    /// The labels whose values come from the configuration, the register or a message, and not from the program.
    pub fn labels_from_outside(self) -> impl Iterator<Item = &'static str> {
        const OUTSIDE: [&str; 10] = [
            "agreement",
            "check",
            "component",
            "destination",
            "expectation",
            "provider",
            "queue",
            "region",
            "rule",
            "segment",
        ];
        self.labels().iter().copied().filter(|label| OUTSIDE.contains(label))
    }
}

/// `docs/metrics.md`, written from the registry.
pub fn page() -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut page = String::from(
        "# Metrics\n\n\
         Written from the code: `UPDATE=1 cargo test --lib telemetry::metrics`.\n\n\
         The gateway serves them at `/metrics` of `[http] listen`, in the text format of Prometheus. `ops/prometheus` has a\n\
         scrape configuration, alert rules and their tests, `ops/grafana` has dashboards. What a gateway computes from the\n\
         ledger when it is scraped is a gauge of the ledger as a whole: with several gateways on one ledger each tells the\n\
         same, so take `max` and not `sum` of them.\n\n\
         No metric names a person, a message or an id. Every label has few values; those of one metric are bounded to\n",
    );
    writeln!(page, "{MOST_SERIES} series, and what is beyond is counted under `{OTHER}`.\n").expect(INFALLIBLE);
    page.push_str(
        "A histogram is scraped as `_bucket` (with a label `le`), `_sum` and `_count`. The age of the last backup is not\n\
         here: a backup only reads the ledger, which knows nothing of it. Watch the file instead, for instance with the text\n\
         file collector of the node exporter.\n",
    );
    for metric in Metric::ALL {
        let Entry { name, sort, labels, unit, help, meaning, buckets } = metric.entry();
        writeln!(page, "\n## `{name}`\n\n{help}.\n\n{meaning}\n").expect(INFALLIBLE);
        let source = if sort.is_figure() { ", computed at each scrape" } else { "" };
        writeln!(page, "- sort: {}{source}\n- unit: {unit}", sort.as_str()).expect(INFALLIBLE);
        if labels.is_empty() {
            page.push_str("- labels: none\n");
        } else {
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            writeln!(page, "- labels: {}", labels.join(", ")).expect(INFALLIBLE);
        }
        if !buckets.is_empty() {
            let bounds: Vec<String> = buckets.iter().map(f64::to_string).collect();
            writeln!(page, "- buckets: {}", bounds.join(", ")).expect(INFALLIBLE);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn names_are_unique_and_follow_the_conventions() {
        let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            let Entry { name, sort, labels, unit, help, meaning, buckets } = metric.entry();
            assert!(name.starts_with("sluis_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), sort.as_str() == "counter", "{name}");
            assert_eq!(buckets.is_empty(), sort != Sort::Histogram, "{name}");
            assert!(buckets.is_sorted(), "{name}");
            assert_eq!(name.contains("_seconds"), unit.starts_with("seconds"), "{name} and its unit");
            assert_eq!(name.ends_with("_bytes"), unit == "bytes", "{name} and its unit");
            assert_eq!(name.ends_with("_cents"), unit == "eurocents", "{name} and its unit");
            // Law, number and verdict make one class of messages; with a stage before them that is four.
            assert!(labels.len() <= 3 || metric == Metric::RetentionRemoved, "{name}");
            assert!(!labels.contains(&"le"), "{name}");
            assert!(!help.ends_with('.') && meaning.ends_with(['.', ')']), "{name}");
        }
    }

    #[test]
    fn the_page_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, page()).expect("the page can be written");
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text == page(), "docs/metrics.md is not what the registry says: run with UPDATE=1");
    }
}
