//! The standard's own return messages (302, 306, 308, 316, 318, 320) and the 325, for every outcome (standard, replies).
//!
//! A reply is built from the message and from what judging gave, with an identification and a date that come in as
//! values: the same inputs give the same bytes.

mod declaratie;
mod retour;

use crate::message::tree::Tree;
use crate::message::{Body, Date, Identificatie, Kind, Message, RetourCode, Versie, XsdVersie};
use crate::rules::{Evaluation, Level};

/// A reply, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its kind.
    pub kind: Kind,
    /// The document.
    pub body: Vec<u8>,
}

/// What a reply needs besides the message and its evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Identification of the reply: IdentificatieRetour, or BerichtIdentificatie of a 325.
    pub identificatie: Identificatie,
    /// Date of the reply.
    pub dagtekening: Date,
    /// Versions of the schemas that the reply is built with (IV034).
    pub xsd_versie: XsdVersie,
}

/// Version of the in-message rule set, for XsltVersie in a rejection at level 2. The gateway has its own rule set, not
/// the published style sheets; the element is mandatory there and names the version of what rejected.
pub const RULE_SET_VERSION: &str = "1.0.0";

/// The class was judged and nothing was remarked.
const NO_REMARKS: &str = "0200";
/// The class was not judged.
const NOT_JUDGED: &str = "0233";
/// Rejected at level 2, whatever and however many rules failed.
const REJECTED_WITHIN: &str = "0001";
/// Declaration granted in full.
const GRANTED: &str = "8001";

/// The reply that the receiving party of `message` owes; `None` for messages that nothing answers.
pub fn build(message: &Message, tree: &Tree, evaluation: &Evaluation, stamp: &Stamp) -> Option<Reply> {
    let kind = Kind::new(message.kind.law, message.kind.number.answered_by()?);
    let body = match &message.body {
        Body::Toewijzing(_)
        | Body::Start(_)
        | Body::Stop(_)
        | Body::Aanvraag(_)
        | Body::Wijziging(_)
        | Body::Antwoord(_) => retour::build(kind, message, tree, evaluation, stamp),
        Body::Declaratie(declaratie) => declaratie::build(kind, message, declaratie, evaluation, stamp),
        Body::Retour(_) | Body::DeclaratieAntwoord(_) => return None,
    };
    Some(Reply { kind, body })
}

/// Whether the rejection came at level 2.
fn rejected_within(evaluation: &Evaluation) -> bool {
    evaluation.broken.iter().any(|broken| broken.rule.level == Level::Within)
}

fn xslt_version(evaluation: &Evaluation) -> Option<Versie> {
    rejected_within(evaluation).then(|| RULE_SET_VERSION.into())
}

fn codes(codes: &[&str]) -> Vec<RetourCode> {
    codes.iter().map(|&code| RetourCode::from(code)).collect()
}

#[cfg(test)]
mod tests;
