//! The standard's own return messages (302, 306, 308, 316, 318, 320) and the 325, for every outcome (standard, replies);
//! and the 319 by which a municipality rejects a request.
//!
//! A reply is built from the message and from what judging gave, with an identification and a date that come in as
//! values: the same inputs give the same bytes. What a reply repeats is copied from the document and never written anew,
//! so that its sender finds every value as it was sent, leading zeros included.

mod antwoord;
mod declaratie;
mod retour;

use crate::message::element::{Element as _, Writer};
use crate::message::tree::{Namespace, Node, Tree};
use crate::message::{Body, Date, Identificatie, Kind, Message, Versie, XsdVersie};
use crate::rules::{Evaluation, Level};
use declaratie::Source;

pub use antwoord::rejection;

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

const NO_REMARKS: &str = crate::message::RetourCode::NO_REMARKS;
/// The class was not judged.
const NOT_JUDGED: &str = "0233";
/// Rejected at level 2, whatever and however many rules failed.
const REJECTED_WITHIN: &str = "0001";
/// Declaration granted in full.
const GRANTED: &str = "8001";

/// The reply that the receiving party of `message` owes; `None` for messages that nothing answers. `tree` is the document
/// that the message was read from.
pub fn build(message: &Message, tree: &Tree, evaluation: &Evaluation, stamp: &Stamp) -> Option<Reply> {
    let kind = Kind::new(message.kind.law, message.kind.number.answered_by()?);
    let root = tree.root()?;
    let header = root.child("Header")?;
    let mut writer = Writer::new(kind, message.release);
    match &message.body {
        Body::Toewijzing(_) | Body::Start(_) | Body::Stop(_) | Body::Aanvraag(_) | Body::Wijziging(_) => {
            retour::write(&mut writer, kind, header, root.child("Client")?, evaluation, stamp);
        }
        Body::Antwoord(_) => retour::write(&mut writer, kind, header, root.child("Antwoord")?, evaluation, stamp),
        Body::Declaratie(declaratie) => {
            let source = Source { header, node: root.child("Declaratie")?, declaratie };
            declaratie::write(&mut writer, kind, &source, evaluation, stamp);
        }
        Body::Retour(_) | Body::DeclaratieAntwoord(_) => return None,
    }
    Some(Reply { kind, body: writer.finish() })
}

/// Whether the rejection came at level 2.
fn rejected_within(evaluation: &Evaluation) -> bool {
    evaluation.broken.iter().any(|broken| broken.rule.level == Level::Within)
}

/// XsltVersie, after a rejection at level 2 only.
fn write_xslt_version(writer: &mut Writer, evaluation: &Evaluation) {
    if rejected_within(evaluation) {
        Versie::from(RULE_SET_VERSION).write(writer, Namespace::Message, "XsltVersie");
    }
}

/// RetourCodes of a class; left out when there are none.
fn write_codes(writer: &mut Writer, codes: &[&str]) {
    if codes.is_empty() {
        return;
    }
    writer.open(Namespace::Message, "RetourCodes");
    for code in codes {
        writer.leaf(Namespace::Message, "RetourCode", code);
    }
    writer.close(Namespace::Message, "RetourCodes");
}

/// Copies these elements of `parent`, as far as they are there.
fn copy_elements(writer: &mut Writer, parent: Node<'_>, names: &[&str]) {
    for node in names.iter().filter_map(|name| parent.child(name)) {
        writer.copy(node);
    }
}

#[cfg(test)]
mod tests;
