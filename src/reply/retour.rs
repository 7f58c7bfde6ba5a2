//! 302, 306, 308, 316, 318 and 320: the header of the message with a judgement, and the client, or the answer of a 319, when something below
//! the header is wrong
//! (replies, section 2).

use super::{NO_REMARKS, REJECTED_WITHIN, Stamp, codes, rejected_within, xslt_version};
use crate::message::element::{Element, Writer};
use crate::message::tree::{Namespace, Node, Tree};
use crate::message::{Header, Kind, Message, RetourCode};
use crate::rules::evaluate::codes_by_class;
use crate::rules::{Class, Evaluation, Place};
use std::collections::BTreeMap;

/// Classes that carry RetourCodes when they are returned; containers such as Relaties do not.
const RETURNED: [Class; 13] = [
    Class::Client,
    Class::Relatie,
    Class::Contact,
    Class::ToegewezenProduct,
    Class::StartProduct,
    Class::StopProduct,
    Class::AangevraagdProduct,
    Class::Verzoek,
    Class::OngewijzigdProduct,
    Class::TeWijzigenProduct,
    Class::NieuwProduct,
    Class::Antwoord,
    Class::Woonplaatsbeginsel,
];

pub(super) fn build(kind: Kind, message: &Message, tree: &Tree, evaluation: &Evaluation, stamp: &Stamp) -> Vec<u8> {
    let by_class = codes_by_class(&evaluation.broken);
    let (header_codes, with_body) = judgement(evaluation, &by_class);
    let header = Header {
        bericht_code: kind.bericht_code().into(),
        identificatie_retour: Some(stamp.identificatie.clone()),
        dagtekening_retour: Some(stamp.dagtekening),
        xslt_versie: xslt_version(evaluation),
        xsd_versie_retour: Some(stamp.xsd_versie.clone()),
        retour_codes: header_codes,
        ..message.header.clone()
    };
    let mut writer = Writer::new(kind, message.release);
    header.write(&mut writer, Namespace::Message, "Header");
    let body = tree.root().and_then(|root| root.child("Client").or_else(|| root.child("Antwoord")));
    if with_body && let Some(body) = body {
        copy_judged(&mut writer, body, &by_class);
    }
    writer.finish()
}

/// Codes of the header, and whether the client or answer comes along (decision table 2.2).
fn judgement(evaluation: &Evaluation, by_class: &BTreeMap<String, Vec<&'static str>>) -> (Vec<RetourCode>, bool) {
    if evaluation.broken.is_empty() {
        return (Vec::new(), false);
    }
    if rejected_within(evaluation) {
        return (codes(&[REJECTED_WITHIN]), false);
    }
    match by_class.get(&Place::header("").class_path) {
        Some(header) => (codes(header), false),
        None => (codes(&[NO_REMARKS]), true),
    }
}

/// Copies a class and what is under it, with its codes at the end; 0200 where nothing was remarked. Relatie and
/// Contact were judged at level 2, so 0200 fits them too (the source leaves 0200 or 0233 open).
fn copy_judged(writer: &mut Writer, node: Node<'_>, by_class: &BTreeMap<String, Vec<&'static str>>) {
    if node.is_leaf() || node.namespace() == Namespace::Base {
        writer.copy(node);
        return;
    }
    writer.open(Namespace::Message, node.name());
    for child in node.children() {
        copy_judged(writer, child, by_class);
    }
    // Adres and Telefoon stand in the message namespace too, but their types are not classes.
    if RETURNED.iter().any(|class| class.as_str() == node.name()) {
        let codes = by_class.get(&node.path()).map_or(&[NO_REMARKS][..], Vec::as_slice);
        writer.open(Namespace::Message, "RetourCodes");
        for code in codes {
            writer.leaf(Namespace::Message, "RetourCode", code);
        }
        writer.close(Namespace::Message, "RetourCodes");
    }
    writer.close(Namespace::Message, node.name());
}
