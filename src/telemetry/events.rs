//! What happens, one type per event. `emit` writes the log line and the metric, so that the two never tell different
//! stories. `error` means that a person should act, `warn` that the gateway recovers by itself, `info` normal life.

mod access;
mod retention;
mod senders;

pub use access::SignIn;
pub use retention::{RetentionDone, RetentionFailed, RetentionTook};
pub use senders::{
    CertificateKept, CertificateRenewed, ManyRefused, RefusalsEnded, SenderRefused, SendersOpen, TurnedAway,
};

use super::{Metric, Telemetry, eurocents};
use crate::decision::{Purpose, Verdict};
use crate::delivery::class::Class;
use crate::message::{Cents, Kind};
use std::path::Path;
use std::time::Duration;

/// A message has its verdict, in the ledger.
#[derive(Debug)]
pub struct MessageJudged<'a> {
    /// Id in the ledger.
    pub id: &'a str,
    /// Transport that it came by.
    pub transport: &'a str,
    /// Kind, when it was recognised.
    pub kind: Option<Kind>,
    /// Verdict.
    pub verdict: Verdict,
    /// Level at which judging ended.
    pub level: u8,
    /// Rule of each finding.
    pub rules: &'a [&'a str],
    /// Check and region of each signal.
    pub checks: &'a [(&'a str, &'a str)],
    /// AGB code of the provider that sent it, when it is in a register; `other` when it is not, and `None` for messages
    /// of municipalities and what could not be read.
    pub provider: Option<&'a str>,
    /// Time since it was taken in.
    pub took: Duration,
}

impl MessageJudged<'_> {
    /// Writes the log line and the metrics.
    pub fn emit(&self, telemetry: &Telemetry) {
        let (law, number) = self.kind.map_or(("unknown", "unknown"), |kind| (kind.law.as_str(), kind.number.as_str()));
        telemetry.count(Metric::Messages, &[law, number, self.verdict.as_str()], 1);
        for rule in self.rules {
            telemetry.count(Metric::Findings, &[rule], 1);
        }
        for (check, region) in self.checks {
            telemetry.count(Metric::Signals, &[check, region], 1);
        }
        if let Some(provider) = self.provider {
            telemetry.count(Metric::ProviderMessages, &[provider, self.verdict.as_str()], 1);
        }
        telemetry.observe(Metric::MessageSeconds, &[self.transport], self.took);
        let kind = self.kind.map_or_else(|| "unknown".to_owned(), |kind| kind.to_string());
        let (level, findings, signals) = (self.level, self.rules.len(), self.checks.len());
        let duration_ms = millis(self.took);
        if self.verdict == Verdict::Parked {
            tracing::error!(
                message.id = self.id, message.kind = kind, verdict = %self.verdict, level, findings, signals, duration_ms,
                "parked {kind}: its bytes are kept in the ledger, see the runbook"
            );
        } else {
            tracing::info!(
                message.id = self.id, message.kind = kind, verdict = %self.verdict, level, findings, signals, duration_ms,
                "judged {kind}: {}", self.verdict
            );
        }
    }
}

/// A message waits for one that it refers to.
#[derive(Debug)]
pub struct MessageWaits<'a> {
    /// Transport that it came by.
    pub transport: &'a str,
    /// Kind.
    pub kind: Kind,
    /// How many things it waits for.
    pub awaits: usize,
}

impl MessageWaits<'_> {
    /// Writes the log line; the figures tell how many wait.
    pub fn emit(&self) {
        let kind = self.kind.to_string();
        tracing::info!(
            transport = self.transport,
            message.kind = kind,
            awaits = self.awaits,
            "{kind} waits for what it refers to"
        );
    }
}

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEnd {
    /// What the message waited for came.
    Came,
    /// Its time was over.
    Over,
}

/// A message that waited has its verdict.
#[derive(Debug, Clone, Copy)]
pub struct WaitEnded {
    /// How.
    pub end: WaitEnd,
    /// How long it waited.
    pub waited: Duration,
}

impl WaitEnded {
    /// Writes the metric; the line is that of [`MessageJudged`].
    pub fn emit(self, telemetry: &Telemetry) {
        let end = match self.end {
            WaitEnd::Came => "came",
            WaitEnd::Over => "over",
        };
        telemetry.count(Metric::Waits, &[end], 1);
        telemetry.observe(Metric::WaitSeconds, &[end], self.waited);
    }
}

/// A region was looked over.
#[derive(Debug, Clone, Copy)]
pub struct SurveyDone<'a> {
    /// Region.
    pub region: &'a str,
    /// Signals that the checks over time tell.
    pub told: usize,
    /// What they saw while the policy is to observe.
    pub observed: usize,
    /// Signals that opened.
    pub opened: usize,
    /// Signals that ended.
    pub ended: usize,
    /// How long it took.
    pub took: Duration,
}

impl SurveyDone<'_> {
    /// Writes the log line and the metric.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.observe(Metric::SurveySeconds, &[self.region], self.took);
        let SurveyDone { region, told, observed, opened, ended, .. } = self;
        let duration_ms = millis(self.took);
        tracing::info!(
            region,
            told,
            observed,
            opened,
            ended,
            duration_ms,
            "looked over {region}: {opened} signal(s) opened, {ended} ended"
        );
    }
}

/// A region was looked over for what its budgets come to.
#[derive(Debug, Clone, Copy)]
pub struct BudgetsExpected<'a> {
    /// Region.
    pub region: &'a str,
    /// Segment, id and expected consumption of each agreement that runs.
    pub agreements: &'a [(String, String, Cents)],
}

impl BudgetsExpected<'_> {
    /// Keeps the figures until the region is looked over again.
    pub fn emit(self, telemetry: &Telemetry) {
        let figure = |(segment, agreement, expected): &(String, String, Cents)| {
            let labels = vec![self.region.to_owned(), segment.clone(), agreement.clone()];
            (Metric::BudgetExpected, labels, eurocents(*expected))
        };
        telemetry.keep(&BudgetsExpected::owner(self.region), self.agreements.iter().map(figure).collect());
    }

    /// Whether that was told since the start.
    pub fn are_told(region: &str, telemetry: &Telemetry) -> bool {
        telemetry.has_kept(&BudgetsExpected::owner(region))
    }

    /// Tells nothing of a region any more: another gateway does.
    pub fn forget(region: &str, telemetry: &Telemetry) {
        telemetry.drop_kept(&BudgetsExpected::owner(region));
    }

    fn owner(region: &str) -> String {
        format!("budgets of {region}")
    }
}

/// The broker told how many messages of a queue wait.
#[derive(Debug, Clone, Copy)]
pub struct QueueDepth<'a> {
    /// Queue.
    pub queue: &'a str,
    /// How many are ready; `None` when the broker does not tell any more.
    pub messages: Option<u32>,
}

impl QueueDepth<'_> {
    /// Keeps the figure until the next.
    pub fn emit(self, telemetry: &Telemetry) {
        let labels = vec![self.queue.to_owned()];
        let figure = self.messages.map(|messages| (Metric::IntakeQueueMessages, labels, f64::from(messages)));
        telemetry.keep(&format!("queue {}", self.queue), figure.into_iter().collect());
    }
}

/// A transaction of the ledger is over.
#[derive(Debug, Clone, Copy)]
pub struct LedgerGroup {
    /// Jobs that shared it.
    pub jobs: usize,
    /// Whether it was committed.
    pub committed: bool,
    /// How long it took, jobs and sync together.
    pub took: Duration,
}

impl LedgerGroup {
    /// Writes the metrics; those whose job failed tell it.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::LedgerCommits, &[if self.committed { "committed" } else { "failed" }], 1);
        let jobs = f64::from(u32::try_from(self.jobs).unwrap_or(u32::MAX));
        telemetry.observe_value(Metric::LedgerGroupJobs, &[], jobs);
        telemetry.observe(Metric::LedgerCommitSeconds, &[], self.took);
    }
}

/// Stage of the way of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading and validating.
    Prepare,
    /// Waiting for the messages before it.
    Wait,
    /// Loading facts from the ledger.
    Load,
    /// Applying the rules.
    Judge,
    /// Writing to the ledger.
    Commit,
}

impl Stage {
    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Prepare => "prepare",
            Stage::Wait => "wait",
            Stage::Load => "load",
            Stage::Judge => "judge",
            Stage::Commit => "commit",
        }
    }
}

/// A stage is done.
#[derive(Debug, Clone, Copy)]
pub struct StageDone {
    /// Which.
    pub stage: Stage,
    /// How long it took.
    pub took: Duration,
}

impl StageDone {
    /// Writes the metric; a line per stage would drown all others.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.observe(Metric::StageSeconds, &[self.stage.as_str()], self.took);
    }
}

/// Another version of a register is in force.
#[derive(Debug, Clone, Copy)]
pub struct RegisterReplaced<'a> {
    /// Region.
    pub region: &'a str,
    /// The version before; `None` for a region that is new.
    pub before: Option<&'a str>,
    /// The version from now on.
    pub version: &'a str,
}

impl RegisterReplaced<'_> {
    /// Writes the log line and the metric.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::RegisterReloads, &[self.region, "replaced"], 1);
        let before = self.before.unwrap_or("none");
        tracing::info!(
            region = self.region,
            register.before = before,
            register.version = self.version,
            "the register of {} is now {}, was {before}",
            self.region,
            self.version
        );
    }
}

/// A register was read again and is what is in force.
#[derive(Debug, Clone, Copy)]
pub struct RegisterLooked<'a> {
    /// Region.
    pub region: &'a str,
    /// The version.
    pub version: &'a str,
    /// Whether something else lay there that was refused.
    pub was_refused: bool,
}

impl RegisterLooked<'_> {
    /// Writes the metric, and the log line when that tells something new.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::RegisterReloads, &[self.region, "unchanged"], 1);
        if self.was_refused {
            tracing::info!(
                region = self.region,
                register.version = self.version,
                "what lies there for {} is what is in force again",
                self.region
            );
        }
    }
}

/// A register has faults; the one before it stays in force.
#[derive(Debug, Clone, Copy)]
pub struct RegisterKept<'a> {
    /// Region; `unknown` when nothing good was ever read there.
    pub region: &'a str,
    /// Where the faulty one lies.
    pub place: &'a str,
    /// The version that stays in force.
    pub kept: &'a str,
    /// How many faults.
    pub faults: usize,
    /// The first of them.
    pub first: &'a str,
}

impl RegisterKept<'_> {
    /// Writes the log line and the metric.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.count(Metric::RegisterReloads, &[self.region, "refused"], 1);
        tracing::error!(
            region = self.region,
            register.version = self.kept,
            faults = self.faults,
            "the register in {} has {} fault(s) and is not used, {} stays in force: {}; see /readyz or `sluis doctor`",
            self.place,
            self.faults,
            self.kept,
            self.first
        );
    }
}

/// The ledger did not take messages; they stay with the transport.
#[derive(Debug)]
pub struct NotRecorded<'a> {
    /// Transport.
    pub transport: &'static str,
    /// Why.
    pub reason: &'a str,
    /// Wait before the next try.
    pub again_in: Duration,
}

impl NotRecorded<'_> {
    /// Writes the log line and the metric.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.count(Metric::IntakeFailures, &[self.transport, "ledger"], 1);
        tracing::warn!(
            transport = self.transport,
            retry_ms = millis(self.again_in),
            "{}: messages stay where they are and are tried again",
            self.reason
        );
    }
}

/// Handling a message broke off: a fault of the program. The transport keeps the evidence.
#[derive(Debug)]
pub struct IntakeBroke<'a> {
    /// Transport.
    pub transport: &'static str,
    /// Where the message is now.
    pub kept: &'a str,
}

impl IntakeBroke<'_> {
    /// Writes the log line and the metric.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.count(Metric::IntakeFailures, &[self.transport, "broke"], 1);
        tracing::error!(transport = self.transport, "handling a message broke off: it is kept in {}", self.kept);
    }
}

/// A message was taken again and again without being recorded: it is parked unread.
#[derive(Debug)]
pub struct TakenTooOften {
    /// Transport.
    pub transport: &'static str,
    /// How often it was taken again.
    pub takes: u32,
}

impl TakenTooOften {
    /// Writes the log line and the metric.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.count(Metric::IntakeFailures, &[self.transport, "takes"], 1);
        tracing::error!(
            transport = self.transport,
            takes = self.takes,
            "a message came back {} times before it was recorded: it is parked unread, for it may end the program",
            self.takes
        );
    }
}

/// Another number of messages is asked for at once, for the sake of their size.
#[derive(Debug)]
pub struct PrefetchChanged<'a> {
    /// Queue.
    pub queue: &'a str,
    /// The number from now on.
    pub prefetch: u16,
}

impl PrefetchChanged<'_> {
    /// Writes the log line.
    pub fn emit(&self) {
        tracing::info!(
            queue = self.queue,
            prefetch = self.prefetch,
            "asking for {} message(s) of {} at once, for their size",
            self.prefetch,
            self.queue
        );
    }
}

/// A file in the directory transport cannot be read. Told once per file.
#[derive(Debug)]
pub struct FileUnreadable<'a> {
    /// File.
    pub file: &'a Path,
    /// Why.
    pub error: &'a std::io::Error,
}

impl FileUnreadable<'_> {
    /// Writes the log line and the metric.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.count(Metric::IntakeFailures, &["directory", "unreadable"], 1);
        tracing::error!(
            file = crate::delivery::without_bsn(&self.file.display().to_string()),
            "failed to read a message ({}): give the gateway the right to read and remove it, or take it away; the \
             others go on",
            self.error
        );
    }
}

/// A component works for the first time.
#[derive(Debug)]
pub struct ComponentReady<'a> {
    /// Component.
    pub component: &'a str,
}

impl ComponentReady<'_> {
    /// Writes the log line.
    pub fn emit(&self) {
        tracing::info!(component = self.component, "{} is ready", self.component);
    }
}

/// A component is lost. Told once, not at every try.
#[derive(Debug)]
pub struct ComponentLost<'a> {
    /// Component.
    pub component: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl ComponentLost<'_> {
    /// Writes the log line and the metric.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.count(Metric::ComponentLosses, &[self.component], 1);
        tracing::warn!(
            component = self.component,
            "{} is lost: {}; trying until it is back",
            self.component,
            self.reason
        );
    }
}

/// A component is back.
#[derive(Debug)]
pub struct ComponentBack<'a> {
    /// Component.
    pub component: &'a str,
    /// How long it was away.
    pub lost_for: Duration,
}

impl ComponentBack<'_> {
    /// Writes the log line.
    pub fn emit(&self) {
        tracing::info!(component = self.component, lost_ms = millis(self.lost_for), "{} is back", self.component);
    }
}

/// An attempt to deliver ended.
#[derive(Debug, Clone, Copy)]
pub struct Attempted<'a> {
    /// Name of the destination: `directory`, `amqp`, `http 0197`.
    pub destination: &'a str,
    /// Why it left.
    pub purpose: Purpose,
    /// Class of the failure; `None` when the other side has it.
    pub failed: Option<Class>,
    /// Time since the message that led to it was taken in; `None` when there is none, or when a person sent it once more.
    pub since: Option<Duration>,
}

impl Attempted<'_> {
    /// Writes the metric; the lines are those of the destination, see [`DestinationDown`].
    pub fn emit(self, telemetry: &Telemetry) {
        let outcome = if self.failed.is_none() { "sent" } else { "failed" };
        telemetry.count(Metric::Deliveries, &[self.destination, self.purpose.as_str(), outcome], 1);
        if let Some(class) = self.failed {
            telemetry.count(Metric::DeliveryFailures, &[self.destination, class.as_str()], 1);
        } else if let Some(since) = self.since {
            telemetry.observe(Metric::EndToEndSeconds, &[self.purpose.as_str()], since);
        }
    }
}

/// A run of attempts took its time.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryTimed<'a> {
    /// Name of the destination.
    pub destination: &'a str,
    /// How long.
    pub took: Duration,
}

impl DeliveryTimed<'_> {
    /// Writes the metric.
    pub fn emit(self, telemetry: &Telemetry) {
        telemetry.observe(Metric::DeliverySeconds, &[self.destination], self.took);
    }
}

/// A destination takes nothing. Told once, not at every try.
#[derive(Debug)]
pub struct DestinationDown<'a> {
    /// Destination: `amqp`, `http 0197`, or a receiver behind one of them.
    pub destination: &'a str,
    /// Why, without addresses that hold a login.
    pub reason: &'a str,
    /// What it means.
    pub class: Class,
    /// Whether a person should act.
    pub alarm: bool,
}

impl DestinationDown<'_> {
    /// Writes the log line.
    pub fn emit(&self) {
        let DestinationDown { destination, reason, class, alarm } = self;
        let class = class.as_str();
        if *alarm {
            tracing::error!(
                destination,
                class,
                "failed to deliver to {destination}: {reason} ({class}); the outbox keeps it, and a person has to act: see \
                 `sluis outbox list` and `sluis outbox breakers`"
            );
        } else {
            tracing::warn!(
                destination,
                class,
                "failed to deliver to {destination}: {reason} ({class}); the outbox keeps it and tries again"
            );
        }
    }
}

/// Nothing is tried at a destination for a while. Told once, however many probes fail.
#[derive(Debug, Clone, Copy)]
pub struct BreakerOpened<'a> {
    /// Destination.
    pub destination: &'a str,
    /// Failures in a row.
    pub failures: u32,
    /// Until the first probe.
    pub wait: Duration,
}

impl BreakerOpened<'_> {
    /// Writes the log line; the figures tell the state.
    pub fn emit(self) {
        let BreakerOpened { destination, failures, wait } = self;
        tracing::warn!(
            destination,
            failures,
            wait_ms = millis(wait),
            "the breaker of {destination} is open: nothing is sent there but a probe from time to time"
        );
    }
}

/// A probe arrived, and the others follow.
#[derive(Debug, Clone, Copy)]
pub struct BreakerClosed<'a> {
    /// Destination.
    pub destination: &'a str,
}

impl BreakerClosed<'_> {
    /// Writes the log line.
    pub fn emit(self) {
        let destination = self.destination;
        tracing::info!(destination, "the breaker of {destination} is closed: what waits follows step by step");
    }
}

/// The certificates for a destination were read again.
#[derive(Debug, Clone, Copy)]
pub struct CertificatesReplaced<'a> {
    /// Destination.
    pub destination: &'a str,
}

impl CertificatesReplaced<'_> {
    /// Writes the log line.
    pub fn emit(self) {
        let destination = self.destination;
        tracing::info!(destination, "the certificates for {destination} changed: the new ones are in use");
    }
}

/// The certificates for a destination changed and cannot be used. Told once for each change.
#[derive(Debug, Clone, Copy)]
pub struct CertificatesKept<'a> {
    /// Destination.
    pub destination: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl CertificatesKept<'_> {
    /// Writes the log line.
    pub fn emit(self) {
        let CertificatesKept { destination, reason } = self;
        tracing::error!(
            destination,
            "the certificates for {destination} changed and cannot be used: {reason}; those before them stay in use until \
             the files are set right or the gateway stops"
        );
    }
}

/// A delivery is not tried any more: its receiver refuses it for what it is.
#[derive(Debug, Clone, Copy)]
pub struct SetAside<'a> {
    /// Destination.
    pub destination: &'a str,
    /// Id of the row.
    pub row: &'a str,
    /// Why.
    pub reason: &'a str,
}

impl SetAside<'_> {
    /// Writes the log line; the figures tell how many there are. The alarm is that of [`DestinationDown`], once.
    pub fn emit(self) {
        let SetAside { destination, row, reason } = self;
        tracing::warn!(
            destination,
            outbox.id = row,
            "{destination} refused delivery {row}: {reason}; it is set aside, those behind it go on. Send it again with \
             `sluis outbox retry` once the cause is gone"
        );
    }
}

/// A destination takes deliveries again.
#[derive(Debug)]
pub struct DestinationBack<'a> {
    /// Destination.
    pub destination: &'a str,
    /// How long it took nothing.
    pub down_for: Duration,
}

impl DestinationBack<'_> {
    /// Writes the log line.
    pub fn emit(&self) {
        tracing::info!(
            destination = self.destination,
            down_ms = millis(self.down_for),
            "{} takes deliveries again",
            self.destination
        );
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
