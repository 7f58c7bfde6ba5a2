//! 325: the answer to a declaration (replies, section 3).

use super::{GRANTED, NO_REMARKS, NOT_JUDGED, REJECTED_WITHIN, Stamp, codes, rejected_within, xslt_version};
use crate::message::{
    BerichtIdentificatie, Body, Cents, Declaratie, DeclaratieAntwoord, DeclaratieClient, Header, Kind, Message,
    RetourCode, TotaalBedragMetDC,
};
use crate::rules::evaluate::codes_by_class;
use crate::rules::{Evaluation, Place};
use std::collections::BTreeMap;

type Codes = BTreeMap<String, Vec<&'static str>>;

pub(super) fn build(
    kind: Kind,
    message: &Message,
    declaratie: &Declaratie,
    evaluation: &Evaluation,
    stamp: &Stamp,
) -> Vec<u8> {
    let by_class = codes_by_class(&evaluation.broken);
    let (header_codes, body) = if rejected_within(evaluation) {
        (codes(&[REJECTED_WITHIN]), None)
    } else if let Some(header) = by_class.get(&Place::header("").class_path) {
        (codes(header), None)
    } else {
        (codes(&[NO_REMARKS]), Some(answer(declaratie, &by_class)))
    };
    let header = Header {
        bericht_code: kind.bericht_code().into(),
        bericht_versie: message.header.bericht_versie,
        bericht_subversie: message.header.bericht_subversie,
        // A message of its own: the municipality is the sender.
        afzender: message.gemeente().clone(),
        ontvanger: message.aanbieder().clone(),
        identificatie: BerichtIdentificatie {
            identificatie: stamp.identificatie.clone(),
            dagtekening: stamp.dagtekening,
        },
        xsd_versie: stamp.xsd_versie.clone(),
        declaratie_identificatie: Some(message.header.identificatie.clone()),
        identificatie_retour: None,
        dagtekening_retour: None,
        xslt_versie: xslt_version(evaluation),
        xsd_versie_retour: None,
        xsd_versie_declaratie: Some(message.header.xsd_versie.clone()),
        retour_codes: header_codes,
    };
    Message { kind, release: message.release, header, body: Body::DeclaratieAntwoord(body) }.write()
}

fn answer(declaratie: &Declaratie, by_class: &Codes) -> DeclaratieAntwoord {
    let answer = |toegekend: TotaalBedragMetDC, clienten: Vec<DeclaratieClient>, retour_codes: Vec<RetourCode>| {
        DeclaratieAntwoord {
            nummer: declaratie.nummer.clone(),
            totaal_ingediend: declaratie.totaal.clone(),
            totaal_toegekend: toegekend,
            clienten,
            retour_codes,
        }
    };
    if let Some(refused) = by_class.get(&Place::declaratie("").class_path) {
        return answer(TotaalBedragMetDC::from_signed(Cents(0)), Vec::new(), codes(refused));
    }
    let clienten = rejected_clients(declaratie, by_class);
    if clienten.is_empty() {
        return answer(declaratie.totaal.clone(), clienten, codes(&[GRANTED]));
    }
    let rejected: i64 = clienten.iter().flat_map(|client| &client.prestaties).map(|line| line.bedrag.signed().0).sum();
    let toegekend = TotaalBedragMetDC::from_signed(Cents(declaratie.totaal.signed().0 - rejected));
    answer(toegekend, clienten, codes(&[NO_REMARKS]))
}

/// Clients with something rejected: all their lines as not judged when the client itself is refused, else only the
/// refused lines.
fn rejected_clients(declaratie: &Declaratie, by_class: &Codes) -> Vec<DeclaratieClient> {
    let mut rejected = Vec::new();
    for (index, client) in declaratie.clienten.iter().enumerate() {
        if let Some(refused) = by_class.get(&Place::declaratie_client(index, "").class_path) {
            let mut prestaties = client.prestaties.clone();
            for line in &mut prestaties {
                line.retour_codes = codes(&[NOT_JUDGED]);
            }
            rejected.push(DeclaratieClient { bsn: client.bsn.clone(), prestaties, retour_codes: codes(refused) });
            continue;
        }
        let mut prestaties = Vec::new();
        for (line_index, line) in client.prestaties.iter().enumerate() {
            if let Some(refused) = by_class.get(&Place::prestatie(index, line_index, "").class_path) {
                let mut line = line.clone();
                line.retour_codes = codes(refused);
                prestaties.push(line);
            }
        }
        if !prestaties.is_empty() {
            rejected.push(DeclaratieClient { bsn: client.bsn.clone(), prestaties, retour_codes: codes(&[NO_REMARKS]) });
        }
    }
    rejected
}
