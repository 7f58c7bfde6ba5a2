//! 302, 306, 308, 316, 318 and 320: the header of the message with a judgement, and the client, or the answer of a 319,
//! when something below the header is wrong (replies, section 2).

use super::{NO_REMARKS, REJECTED_WITHIN, Stamp, copy_elements, rejected_within, write_codes, write_xslt_version};
use crate::message::Kind;
use crate::message::element::{Element as _, Writer};
use crate::message::tree::{Namespace, Node};
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

/// What the header repeats, sender and receiver as they stand (replies, 2.1).
const REPEATED: [&str; 6] =
    ["BerichtVersie", "BerichtSubversie", "Afzender", "Ontvanger", "BerichtIdentificatie", "XsdVersie"];

/// Writes the reply of this kind to a message with this header, and this client or answer.
pub(super) fn write(
    writer: &mut Writer,
    kind: Kind,
    header: Node<'_>,
    body: Node<'_>,
    evaluation: &Evaluation,
    stamp: &Stamp,
) {
    let by_class = codes_by_class(&evaluation.broken);
    let (header_codes, with_body) = judgement(evaluation, &by_class);
    let ns = Namespace::Message;
    writer.open(ns, "Header");
    writer.leaf(ns, "BerichtCode", kind.bericht_code());
    copy_elements(writer, header, &REPEATED);
    stamp.identificatie.write(writer, ns, "IdentificatieRetour");
    stamp.dagtekening.write(writer, ns, "DagtekeningRetour");
    write_xslt_version(writer, evaluation);
    stamp.xsd_versie.write(writer, ns, "XsdVersieRetour");
    write_codes(writer, header_codes);
    writer.close(ns, "Header");
    if with_body {
        copy_judged(writer, body, &by_class);
    }
}

/// Codes of the header, and whether the client or answer comes along (decision table 2.2).
fn judgement<'a>(
    evaluation: &Evaluation,
    by_class: &'a BTreeMap<String, Vec<&'static str>>,
) -> (&'a [&'static str], bool) {
    if evaluation.broken.is_empty() {
        return (&[], false);
    }
    if rejected_within(evaluation) {
        return (&[REJECTED_WITHIN], false);
    }
    match by_class.get(&Place::header("").class_path) {
        Some(header) => (header, false),
        None => (&[NO_REMARKS], true),
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
        write_codes(writer, by_class.get(&node.path()).map_or(&[NO_REMARKS][..], Vec::as_slice));
    }
    writer.close(Namespace::Message, node.name());
}
