//! Messages that are or were set aside because the gateway or the world failed on them. Nothing of what they hold.

use crate::decision::Verdict;
use crate::delivery::without_bsn;
use crate::ledger::{Entry, OutboxRow, Run, SentAgain};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Findings that are shown of one message at most.
const FINDINGS: usize = 50;

/// Why a message is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WhyParked)]
pub enum Why {
    /// The gateway failed on it.
    Failed,
    /// It cannot be read, and neither can who sent it.
    Unreadable,
    /// It fits its schema and holds a value that this version cannot keep.
    Unkept,
}

impl Why {
    /// Why this message is set aside.
    pub fn of(entry: &Entry) -> Why {
        match (entry.findings.is_empty(), &entry.afzender) {
            (true, _) => Why::Failed,
            (false, None) => Why::Unreadable,
            (false, Some(_)) => Why::Unkept,
        }
    }

    /// The sentence in Dutch.
    pub fn nl(self) -> &'static str {
        match self {
            Why::Failed => "de gateway liep er bij ontvangst op vast; het logboek van dat moment zegt meer",
            Why::Unreadable => {
                "het is niet te lezen en de afzender is niet vast te stellen, dus niemand kon antwoord krijgen"
            }
            Why::Unkept => "het past in zijn schema en bevat een waarde die deze versie niet kan bewaren",
        }
    }

    /// The sentence in English.
    pub fn en(self) -> &'static str {
        match self {
            Why::Failed => "the gateway failed on it when it came in: its log of that moment says more",
            Why::Unreadable => "it cannot be read and its sender cannot be told, so nobody could be answered",
            Why::Unkept => "it fits its schema and holds a value that this version cannot keep",
        }
    }
}

/// A message that is or was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Parked {
    /// Number of the message in the ledger.
    pub id: i64,
    /// Kind; `None` when it could not be read.
    pub kind: Option<String>,
    /// Identificatie, as far as it could be read.
    pub identification: Option<String>,
    /// Who says to have sent it.
    pub sender: Option<String>,
    /// Municipality.
    pub gemeente: Option<String>,
    /// Provider.
    pub aanbieder: Option<String>,
    /// When it came in.
    pub received_at: Timestamp,
    /// Name of the transport that brought it.
    pub transport: String,
    /// The transport's name for the delivery.
    pub delivery: String,
    /// Where it stands: `parked`, or what it became.
    pub verdict: Verdict,
    /// Level at which judging ended.
    pub level: u8,
    /// Why it is set aside; `None` once it is not.
    pub why: Option<Why>,
    /// How often it was judged anew.
    pub runs: usize,
    /// The order that waits for the gateway.
    pub under_way: Option<ReplayOrdered>,
}

/// A message that is or was set aside, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ParkedInFull)]
pub struct Shown {
    /// The message.
    pub parked: Parked,
    /// What was wrong with it, the first few.
    pub findings: Vec<Evidence>,
    /// How many more findings there are.
    pub more_findings: usize,
    /// What was ordered about it, the latest last.
    pub orders: Vec<ReplayOrdered>,
    /// When it was judged anew and what came of it, the latest last.
    pub runs: Vec<Judged>,
    /// When what left because of it was sent again.
    pub resends: Vec<Again>,
    /// What left or is to leave because of it.
    pub departures: Vec<Departure>,
}

/// A finding without any value of the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evidence {
    /// Rule; `XSD` at level 1.
    pub rule: String,
    /// Return code.
    pub code: Option<String>,
    /// Line in the message, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The sentence in Dutch.
    pub nl: String,
    /// The sentence in English.
    pub en: String,
}

/// An order to judge a message anew, or to send again what left because of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayOrdered {
    /// The frozen selection that it is about.
    pub selection: i64,
    /// `judge` or `resend`.
    pub intent: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// When it was carried out on this message; `None` while it waits for the gateway.
    pub done_at: Option<Timestamp>,
    /// What came of it, a word.
    pub outcome: Option<String>,
    /// The same in a sentence, in English.
    pub answer: Option<String>,
}

/// A judging after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JudgedAnew)]
pub struct Judged {
    /// The selection that asked for it.
    pub selection: i64,
    /// When.
    pub at: Timestamp,
    /// Where the message stood before.
    pub previous: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Rules that it broke.
    pub rules: BTreeSet<String>,
    /// Version of the register.
    pub register_version: Option<String>,
    /// Whether the message became that; otherwise it was only told.
    pub took_effect: bool,
    /// Who ordered it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Somebody had what left sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SentAgain)]
pub struct Again {
    /// The selection.
    pub selection: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Something that left or is to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Leaves)]
pub struct Departure {
    /// Its id: every attempt carries it.
    pub id: String,
    /// `reply`, `forward`, `error` or `signal`.
    pub purpose: String,
    /// Kind or check.
    pub subject: String,
    /// Who gets it; empty when nobody could be told.
    pub receiver: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When the other side took it.
    pub sent_at: Option<Timestamp>,
}

impl Parked {
    /// A message as it stands, with how often it was judged anew and what is ordered about it.
    pub fn of(entry: &Entry, runs: usize, orders: &[ReplayOrdered]) -> Parked {
        let masked = |text: &Option<String>| text.as_deref().map(without_bsn);
        Parked {
            id: entry.message_id,
            kind: entry.kind.map(|kind| kind.to_string()),
            identification: masked(&entry.identificatie),
            sender: masked(&entry.afzender),
            gemeente: entry.gemeente.clone(),
            aanbieder: entry.aanbieder.clone(),
            received_at: entry.received_at,
            transport: entry.transport.clone(),
            delivery: without_bsn(&entry.transport_id),
            verdict: entry.verdict,
            level: entry.level,
            why: (entry.verdict == Verdict::Parked).then(|| Why::of(entry)),
            runs,
            under_way: orders.iter().rfind(|order| order.done_at.is_none()).cloned(),
        }
    }
}

impl Shown {
    /// A message with all that is known of it; `None` for one that is not set aside and never was, as far as its runs
    /// tell.
    pub fn of(
        entry: &Entry,
        runs: &[Run],
        resends: Vec<SentAgain>,
        rows: Vec<OutboxRow>,
        orders: Vec<ReplayOrdered>,
    ) -> Option<Shown> {
        let was_parked = runs.iter().any(|run| run.previous.as_str() == Verdict::Parked.as_str());
        if entry.verdict != Verdict::Parked && !was_parked {
            return None;
        }
        let findings = entry.findings.iter().take(FINDINGS).map(|finding| Evidence {
            rule: finding.rule.clone(),
            code: finding.code.clone(),
            line: finding.line,
            column: finding.column,
            nl: without_bsn(&finding.nl),
            en: without_bsn(&finding.en),
        });
        Some(Shown {
            parked: Parked::of(entry, runs.len(), &orders),
            findings: findings.collect(),
            more_findings: entry.findings.len().saturating_sub(FINDINGS),
            orders,
            runs: runs.iter().map(Judged::of).collect(),
            resends: resends
                .into_iter()
                .map(|SentAgain { selection, at, by, reason }| Again { selection, at, by, reason })
                .collect(),
            departures: rows.into_iter().map(Departure::of).collect(),
        })
    }
}

impl Judged {
    fn of(run: &Run) -> Judged {
        Judged {
            selection: run.selection,
            at: run.at,
            previous: run.previous.as_str().to_owned(),
            verdict: run.verdict,
            rules: run.findings.iter().map(|finding| finding.rule.clone()).collect(),
            register_version: run.register_version.clone(),
            took_effect: run.took_effect,
            by: run.by.clone(),
            reason: run.reason.clone(),
        }
    }
}

impl Departure {
    fn of(row: OutboxRow) -> Departure {
        Departure {
            id: row.id,
            purpose: row.purpose.as_str().to_owned(),
            subject: row.subject,
            receiver: without_bsn(&row.receiver),
            attempts: row.attempts,
            sent_at: row.sent_at,
        }
    }
}
