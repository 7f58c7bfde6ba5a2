//! 325: the answer to a declaration (replies, section 3).

use super::{
    GRANTED, NO_REMARKS, NOT_JUDGED, REJECTED_WITHIN, Stamp, copy_elements, rejected_within, write_codes,
    write_xslt_version,
};
use crate::message::element::{Element as _, Writer};
use crate::message::tree::{Namespace, Node};
use crate::message::{BerichtIdentificatie, Cents, Declaratie, Kind, TotaalBedragMetDC};
use crate::rules::evaluate::codes_by_class;
use crate::rules::{Evaluation, Place};
use std::collections::BTreeMap;

type Codes<'a> = &'a [&'static str];

/// The declaration that is answered: as a document, to copy from, and typed, to count with. The one was read from the
/// other, so clients and lines have the same indices in both.
pub(super) struct Source<'a> {
    pub(super) header: Node<'a>,
    pub(super) node: Node<'a>,
    pub(super) declaratie: &'a Declaratie,
}

/// A client of which something is refused.
struct Refused<'a> {
    /// Index of the client, from 0.
    client: usize,
    codes: Codes<'a>,
    /// The lines to list, by index from 0.
    lines: Vec<(usize, Codes<'a>)>,
}

/// Writes the 325 to a declaration.
pub(super) fn write(writer: &mut Writer, kind: Kind, source: &Source<'_>, evaluation: &Evaluation, stamp: &Stamp) {
    let by_class = codes_by_class(&evaluation.broken);
    let (header_codes, with_answer): (Codes<'_>, bool) = if rejected_within(evaluation) {
        (&[REJECTED_WITHIN], false)
    } else if let Some(header) = by_class.get(&Place::header("").class_path) {
        (header, false)
    } else {
        (&[NO_REMARKS], true)
    };
    let ns = Namespace::Message;
    writer.open(ns, "Header");
    writer.leaf(ns, "BerichtCode", kind.bericht_code());
    copy_elements(writer, source.header, &["BerichtVersie", "BerichtSubversie"]);
    // A message of its own: the municipality is the sender.
    copy_as(writer, source.header, "Ontvanger", "Afzender");
    copy_as(writer, source.header, "Afzender", "Ontvanger");
    BerichtIdentificatie { identificatie: stamp.identificatie.clone(), dagtekening: stamp.dagtekening }.write(
        writer,
        ns,
        "BerichtIdentificatie",
    );
    stamp.xsd_versie.write(writer, ns, "XsdVersie");
    copy_as(writer, source.header, "BerichtIdentificatie", "DeclaratieIdentificatie");
    write_xslt_version(writer, evaluation);
    copy_as(writer, source.header, "XsdVersie", "XsdVersieDeclaratie");
    write_codes(writer, header_codes);
    writer.close(ns, "Header");
    if with_answer {
        write_answer(writer, source, &by_class);
    }
}

fn copy_as(writer: &mut Writer, parent: Node<'_>, name: &str, copy: &str) {
    if let Some(node) = parent.child(name) {
        writer.copy_as(node, copy);
    }
}

fn write_answer(writer: &mut Writer, source: &Source<'_>, by_class: &BTreeMap<String, Vec<&'static str>>) {
    let declaratie = source.declaratie;
    let (granted, refused, codes): (Cents, Vec<Refused<'_>>, Codes<'_>) =
        if let Some(codes) = by_class.get(&Place::declaratie("").class_path) {
            // The lines were not judged: nothing is granted and nothing is listed.
            (Cents(0), Vec::new(), codes)
        } else {
            let refused = refused_clients(declaratie, by_class);
            let codes = if refused.is_empty() { &[GRANTED] } else { &[NO_REMARKS] };
            (Cents(declaratie.totaal.signed().0 - sum(declaratie, &refused).0), refused, codes)
        };
    let ns = Namespace::Message;
    writer.open(ns, "DeclaratieAntwoord");
    copy_elements(writer, source.node, &["DeclaratieNummer", "TotaalIngediendBedrag"]);
    TotaalBedragMetDC::from_signed(granted).write(writer, ns, "TotaalToegekendBedrag");
    if !refused.is_empty() {
        write_clients(writer, source.node, &refused);
    }
    write_codes(writer, codes);
    writer.close(ns, "DeclaratieAntwoord");
}

/// Clients with something refused: all their lines as not judged when the client itself is refused, else only the
/// refused lines.
fn refused_clients<'a>(declaratie: &Declaratie, by_class: &'a BTreeMap<String, Vec<&'static str>>) -> Vec<Refused<'a>> {
    let mut all = Vec::new();
    if by_class.is_empty() {
        return all;
    }
    for (client, each) in declaratie.clienten.iter().enumerate() {
        let indices = 0..each.prestaties.len();
        if let Some(codes) = by_class.get(&Place::declaratie_client(client, "").class_path) {
            let lines = indices.map(|line| (line, &[NOT_JUDGED][..])).collect();
            all.push(Refused { client, codes, lines });
            continue;
        }
        let codes_of = |line| by_class.get(&Place::prestatie(client, line, "").class_path);
        let lines: Vec<_> = indices.filter_map(|line| Some((line, codes_of(line)?.as_slice()))).collect();
        if !lines.is_empty() {
            all.push(Refused { client, codes: &[NO_REMARKS], lines });
        }
    }
    all
}

/// Signed sum of the lines to list.
fn sum(declaratie: &Declaratie, refused: &[Refused<'_>]) -> Cents {
    let amounts = refused.iter().flat_map(|refused| {
        let prestaties = &declaratie.clienten[refused.client].prestaties;
        refused.lines.iter().map(|(line, _)| prestaties[*line].bedrag.signed().0)
    });
    Cents(amounts.sum())
}

/// Copies the clients and lines to list from the declaration.
fn write_clients(writer: &mut Writer, declaratie: Node<'_>, refused: &[Refused<'_>]) {
    let ns = Namespace::Message;
    let clienten = children(declaratie, "Clienten");
    writer.open(ns, "Clienten");
    for each in refused {
        let client = clienten[each.client];
        let prestaties = children(client, "Prestaties");
        writer.open(ns, "Client");
        copy_elements(writer, client, &["Bsn"]);
        writer.open(ns, "Prestaties");
        for (line, codes) in &each.lines {
            writer.open(ns, "Prestatie");
            for element in prestaties[*line].children() {
                writer.copy(element);
            }
            write_codes(writer, codes);
            writer.close(ns, "Prestatie");
        }
        writer.close(ns, "Prestaties");
        write_codes(writer, each.codes);
        writer.close(ns, "Client");
    }
    writer.close(ns, "Clienten");
}

fn children<'a>(parent: Node<'a>, container: &str) -> Vec<Node<'a>> {
    parent.child(container).map_or_else(Vec::new, |container| container.children().collect())
}
