//! Everything that is known of one message. Nothing of its content stands here but what its columns hold.

use super::messages::Listed;
use crate::deadline::Debt;
use crate::decision::{Purpose, Verdict};
use crate::finding::{Finding, Severity, Skipped};
use crate::message::Date;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A message with all that became of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MessageInFull)]
pub struct Message {
    /// Header, verdict and counts.
    #[serde(flatten)]
    pub listed: Listed,
    /// The transport's id of the delivery; a number in it that could be of a person is starred out.
    pub transport_id: String,
    /// Dagtekening of the header.
    #[serde(serialize_with = "super::as_optional_text")]
    pub dagtekening: Option<Date>,
    /// SHA-256 of the bytes, hexadecimal.
    pub digest: String,
    /// Version of the contract register that it was judged with.
    pub register_version: Option<String>,
    /// The configured sender that brought it, when its header could not be read.
    pub brought_by: Option<String>,
    /// What is wrong with it.
    pub broken: Vec<Finding>,
    /// Rules that could not run.
    pub skipped: Vec<Skipped>,
    /// What the municipality was told because of it.
    pub raised: Vec<Raised>,
    /// Allocations that it names, at most [`NAMED`].
    pub allocations: Vec<u64>,
    /// Declaration that it is or answers.
    pub declarations: Vec<String>,
    /// Requests that it makes or answers, at most [`NAMED`].
    pub requests: Vec<String>,
    /// What somebody owes, or owed, because of it.
    pub asks: Vec<Question>,
    /// What it answers.
    pub answers: Vec<Question>,
    /// What left or is to leave because of it, in order.
    pub departures: Vec<Departure>,
    /// Judgings after its first, the latest last.
    pub runs: Vec<Run>,
    /// Times that somebody had what left because of it sent again.
    pub resends: Vec<Resent>,
    /// Whether and why it was held.
    pub hold: Option<Hold>,
}

/// References of one sort that a message shows; one declaration may name thousands.
pub const NAMED: u32 = 200;

/// A signal that a message raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Raised {
    /// Its id.
    pub id: String,
    /// The check.
    pub check: String,
    /// How pressing.
    pub severity: Severity,
    /// The sentence in Dutch.
    pub nl: String,
    /// The sentence in English.
    pub en: String,
    /// When it was first told.
    #[serde(serialize_with = "super::as_text")]
    pub opened_at: Timestamp,
    /// When its cause was gone.
    #[serde(serialize_with = "super::as_optional_text")]
    pub ended_at: Option<Timestamp>,
}

/// What somebody owes because of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Question {
    /// What is owed.
    #[serde(serialize_with = "super::as_text")]
    #[schema(value_type = String)]
    pub debt: Debt,
    /// The request or allocation that it is about; `None` for the message as a whole.
    pub about: Option<String>,
    /// Who owes it.
    pub owed_by: String,
    /// Number of the message that asks.
    pub asked_by: i64,
    /// Day on which it was asked.
    #[serde(serialize_with = "super::as_text")]
    pub asked_on: Date,
    /// Last day on which the answer is in time.
    #[serde(serialize_with = "super::as_text")]
    pub due_on: Date,
    /// How it stands.
    pub state: QuestionState,
    /// Day on which it was answered.
    #[serde(serialize_with = "super::as_optional_text")]
    pub answered_on: Option<Date>,
    /// Number of the message that answered; `None` while it is open and when the gateway answered itself.
    pub answered_by: Option<i64>,
    /// Kind of the message that answered.
    pub answered_kind: Option<String>,
}

/// How a question stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// Answered by a message of the other party.
    Answered,
    /// Answered by the gateway itself, at once.
    AnsweredByGateway,
    /// Open, and not due before a later day or today.
    Open,
    /// Open after its last day.
    Overdue,
}

/// Something that left or is to leave because of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageDeparture)]
pub struct Departure {
    /// Its id, under which each attempt goes.
    pub id: String,
    /// Why it leaves.
    pub purpose: Purpose,
    /// Kind or check.
    pub subject: String,
    /// Who gets it; empty when nobody could be told.
    pub receiver: String,
    /// How it stands.
    pub state: DepartureState,
    /// When it was written.
    #[serde(serialize_with = "super::as_text")]
    pub created_at: Timestamp,
    /// When the other side took it, or when it was set aside.
    #[serde(serialize_with = "super::as_optional_text")]
    pub ended_at: Option<Timestamp>,
    /// When it is tried next; `None` when that is at once or never.
    #[serde(serialize_with = "super::as_optional_text")]
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempted: u32,
    /// The latest attempts, oldest first, at most [`ATTEMPTS`].
    pub attempts: Vec<Attempt>,
}

/// Attempts of one delivery that are shown.
pub const ATTEMPTS: u32 = 20;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepartureState {
    /// It is to leave.
    Waiting,
    /// Its receiver refused it for what it is; it is set aside.
    Refused,
    /// The other side has it.
    Sent,
}

impl DepartureState {
    /// By whether the other side has it, and whether it is set aside.
    pub fn of(is_sent: bool, is_refused: bool) -> DepartureState {
        match (is_sent, is_refused) {
            (true, _) => DepartureState::Sent,
            (false, true) => DepartureState::Refused,
            (false, false) => DepartureState::Waiting,
        }
    }
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageAttempt)]
pub struct Attempt {
    /// Which it was, from 1.
    pub number: u32,
    /// When.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Whether the other side took it.
    pub arrived: bool,
    /// What its failure means: `temporary`, `unknown`, `data`, `contract`, `security`.
    pub class: Option<&'static str>,
    /// What came back, in words.
    pub reason: Option<String>,
    /// When it is tried again because of it.
    #[serde(serialize_with = "super::as_optional_text")]
    pub retry_at: Option<Timestamp>,
}

/// A judging after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageRun)]
pub struct Run {
    /// When.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Where the message stood before: a verdict, or `waiting`.
    pub previous: &'static str,
    /// The register of before.
    pub previous_register: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
    /// The register that it was judged with.
    pub register_version: Option<String>,
    /// Rules that it broke then, each once, ascending.
    pub rules: Vec<String>,
    /// Whether the message became that; otherwise it was only told.
    pub took_effect: bool,
    /// Who ordered it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The selection that it belongs to.
    pub selection: i64,
}

/// Somebody had what left because of a message sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageResent)]
pub struct Resent {
    /// When.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The selection that it belongs to.
    pub selection: i64,
}

/// That a message waits or waited for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageHold)]
pub struct Hold {
    /// Since when.
    #[serde(serialize_with = "super::as_text")]
    pub held_at: Timestamp,
    /// The earlier held message that it must not overtake.
    pub behind: Option<i64>,
    /// Checks that it was held for, each once.
    pub checks: Vec<String>,
    /// When that ended.
    #[serde(serialize_with = "super::as_optional_text")]
    pub ended_at: Option<Timestamp>,
    /// How: `released`, `withdrawn` or `followed`.
    pub ended: Option<String>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// Why.
    pub ended_because: Option<String>,
}
