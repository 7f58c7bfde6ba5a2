//! What would become of a message: the same fields that `sluis check --json` prints, and what would leave.

use crate::decision::{Purpose, Verdict};
use crate::effects::gateway_answers;
use crate::finding::{Finding, Signal, Skipped};
use crate::trial::Tried;
use crate::waiting::Awaited;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What would become of a message if it came in now. Nothing was stored or sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Trial {
    /// Kind, when it was recognised: `WMO301` to `JW325`.
    #[schema(example = "WMO305")]
    pub kind: Option<String>,
    /// Identificatie, as far as it could be read.
    pub identification: Option<String>,
    /// Level at which judging ended: 1 the schema, 2 the message itself, 3 other messages, 4 what lies outside.
    #[schema(minimum = 1, maximum = 4)]
    pub level: u8,
    /// What would be decided.
    pub verdict: Verdict,
    /// What is wrong, in the order of the document.
    pub findings: Vec<Finding>,
    /// Kind of the reply that the receiving party owes, whether or not the gateway sends it.
    #[schema(example = "WMO306")]
    pub reply: Option<String>,
    /// Signals that the municipality would be told. Only for whoever may see its signals.
    pub signals: Vec<Signal>,
    /// Rules that apply and could not be judged, with what was missing.
    pub skipped: Vec<Skipped>,
    /// Whether signals are not shown to whoever asks, had there been any.
    pub signals_withheld: bool,
    /// Moment of judging.
    #[schema(format = DateTime)]
    pub judged_at: String,
    /// What the message refers to and was not there, when it would wait for that before it gets this verdict.
    pub waits_for: Vec<&'static str>,
    /// That reply as XML. Its identification and date are those of this trial.
    pub reply_xml: Option<String>,
    /// Who sends that reply.
    #[schema(nullable)]
    pub reply_by: Option<ReplyBy>,
    /// Messages that the gateway would send of its own because of it.
    pub answers: Vec<OwnMessage>,
    /// What would leave, signals excepted, in order.
    pub leaves: Vec<Leaving>,
    /// Version of the contract register that was in force.
    pub register: Option<String>,
}

/// Who sends a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplyBy {
    /// The gateway, at once.
    Gateway,
    /// The party that the message is for.
    Receiver,
}

/// A message that the gateway would send of its own.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnMessage {
    /// Its kind.
    pub kind: Option<String>,
    /// The document.
    pub xml: String,
}

/// Something that would leave.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Leaving {
    /// What for: `reply`, `forward` or `error`.
    #[schema(value_type = String, example = "reply")]
    pub purpose: &'static str,
    /// Kind of the message, or `error` for a report.
    pub subject: String,
    /// To whom; nothing when nobody can be told.
    pub to: Option<String>,
}

impl Trial {
    /// What is shown of an outcome.
    pub fn of(tried: &Tried) -> Trial {
        let (decision, owed) = (&tried.judged.decision, tried.judged.owed_reply.as_ref());
        let reading = tried.prepared.reading.as_ref();
        let by = |by_gateway| if by_gateway { ReplyBy::Gateway } else { ReplyBy::Receiver };
        let reply_by = owed.zip(reading.ok()).filter(|_| decision.verdict != Verdict::Held);
        let leaves = decision.outgoing.iter().filter(|outgoing| outgoing.purpose != Purpose::Signal);
        let answers = tried.judged.answers.iter();
        let awaits: BTreeSet<&'static str> = tried.judged.awaits.iter().map(word).collect();
        Trial {
            kind: decision.kind.map(|kind| kind.to_string()),
            identification: match (&decision.identity, reading) {
                (Some(identity), _) => Some(identity.identificatie.clone()),
                (None, Err(unreadable)) => unreadable.identificatie.clone(),
                (None, Ok(_)) => None,
            },
            level: decision.level,
            verdict: decision.verdict,
            findings: decision.findings.clone(),
            reply: owed.map(|reply| reply.kind.to_string()),
            signals: decision.signals.clone(),
            skipped: decision.skipped.clone(),
            signals_withheld: tried.signals_withheld,
            judged_at: tried.at.to_string(),
            waits_for: awaits.into_iter().filter(|_| tried.waits).collect(),
            reply_xml: owed.map(|reply| text(&reply.body)),
            reply_by: reply_by.map(|(_, readable)| by(gateway_answers(&readable.message, decision.verdict))),
            answers: answers
                .map(|own| OwnMessage { kind: own.decision.kind.map(|kind| kind.to_string()), xml: text(&own.bytes) })
                .collect(),
            leaves: leaves
                .map(|outgoing| Leaving {
                    purpose: outgoing.purpose.as_str(),
                    subject: outgoing.subject.clone(),
                    to: outgoing.to.as_ref().map(|party| party.as_str().to_owned()),
                })
                .collect(),
            register: decision.register_version.clone(),
        }
    }

    /// The reply that the gateway itself would send.
    pub fn own_reply(&self) -> Option<&str> {
        self.reply_xml.as_deref().filter(|_| self.reply_by == Some(ReplyBy::Gateway))
    }
}

/// What is awaited, without whom it is about.
fn word(awaited: &Awaited) -> &'static str {
    match awaited {
        Awaited::Allocation(_) => "allocation",
        Awaited::Client(_) => "client",
        Awaited::Delivery(_) => "delivery",
        Awaited::Line(_) => "line",
        Awaited::Request(_) => "request",
        Awaited::Question(..) => "question",
    }
}

/// Replies are written in UTF-8.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
