//! From a verdict to its effects: what the ledger must remember and what must leave.

use crate::decision::{Decision, Outgoing, Posting, Purpose, Record, StartKey, Verdict};
use crate::finding::{Finding, Signal};
use crate::message::{
    Body, Cents, Declaratie, DeclaratieClient, Identificatie, Kind, Law, Message, Party, Prestatie, StartClient,
    StatusAanlevering, StopClient, ToewijzingClient,
};
use crate::pipeline::{Context, Given, Unreadable};
use crate::reply::Reply;
use crate::rules::Evaluation;
use crate::rules::case::LineIndex;
use crate::rules::facts::{Allocation, ClaimLine, Earlier, PersonKey, Stop};
use serde_json::json;
use std::collections::BTreeSet;

/// What the ledger must remember. A message that does not count as sent leaves nothing behind but its own row; a held
/// 301 neither, until it is released.
pub fn records(message: &Message, evaluation: &Evaluation, verdict: Verdict, postings: Vec<Posting>) -> Vec<Record> {
    match verdict {
        Verdict::Rejected | Verdict::Held | Verdict::Parked => return Vec::new(),
        Verdict::Accepted | Verdict::Partly => {}
    }
    let mut records = match &message.body {
        Body::Toewijzing(client) => allocations(message, client),
        Body::Start(client) => starts(client),
        Body::Stop(client) => stops(client),
        Body::Aanvraag(client) => client
            .producten
            .iter()
            .map(|product| Record::Request {
                bsn: client.bsn.clone(),
                referentie: product.referentie_aanbieder.clone(),
            })
            .collect(),
        Body::Wijziging(client) => {
            vec![Record::Request { bsn: client.bsn.clone(), referentie: client.verzoek.referentie_aanbieder.clone() }]
        }
        Body::Antwoord(antwoord) => vec![Record::Answer {
            referentie: antwoord.referentie_aanbieder.clone(),
            antwoord: antwoord.verzoek_antwoord,
        }],
        Body::Declaratie(declaratie) => lines(declaratie, &evaluation.granted),
        Body::Retour(_) | Body::DeclaratieAntwoord(_) => Vec::new(),
    };
    records.extend(postings.into_iter().map(Record::Posting));
    records
}

fn allocations(message: &Message, client: &ToewijzingClient) -> Vec<Record> {
    let header = &message.header.identificatie;
    let version = |product: &crate::message::ToegewezenProduct| Record::Allocation {
        bsn: client.bsn.clone(),
        allocation: Allocation {
            nummer: product.toewijzing_nummer,
            aanbieder: message.aanbieder().clone(),
            person: PersonKey::default(),
            product: product.product.clone(),
            toewijzingsdatum: product.toewijzingsdatum,
            toewijzingstijd: product.toewijzingstijd.0.clone(),
            ingangsdatum: product.ingangsdatum,
            einddatum: product.einddatum,
            reden_wijziging: product.reden_wijziging.clone(),
            omvang: product.omvang.clone(),
            budget: product.budget,
            message: Earlier {
                kind: message.kind.to_string(),
                identificatie: header.identificatie.0.clone(),
                dagtekening: header.dagtekening,
            },
        },
    };
    // From a 317 every allocation carries the one reference of the request (IV093).
    let honoured: BTreeSet<_> =
        client.producten.iter().filter_map(|product| product.referentie_aanbieder.clone()).collect();
    let honoured = honoured.into_iter().map(|referentie| Record::Honoured { referentie });
    client.producten.iter().map(version).chain(honoured).collect()
}

/// Deletions come before new deliveries (IV008), whatever their order in the message.
fn starts(client: &StartClient) -> Vec<Record> {
    let key = |product: &crate::message::StartProduct| StartKey {
        toewijzing_nummer: product.toewijzing_nummer,
        product: product.product.clone(),
        begindatum: product.begindatum,
    };
    let with = |status: StatusAanlevering| {
        client.producten.iter().filter(move |product| product.status_aanlevering == status).map(key)
    };
    let deleted = with(StatusAanlevering::Verwijderd).map(|key| Record::StartDeleted { bsn: client.bsn.clone(), key });
    let started = with(StatusAanlevering::Eerste).map(|key| Record::Start { bsn: client.bsn.clone(), key });
    deleted.chain(started).collect()
}

/// As for starts: deletions come first.
fn stops(client: &StopClient) -> Vec<Record> {
    let with = |status: StatusAanlevering| {
        client.producten.iter().filter(move |product| product.status_aanlevering == status).map(|product| {
            let key = StartKey {
                toewijzing_nummer: product.toewijzing_nummer,
                product: product.product.clone(),
                begindatum: product.begindatum,
            };
            (key, Stop { reden: product.reden_beeindiging.clone(), einddatum: product.einddatum })
        })
    };
    let deleted = with(StatusAanlevering::Verwijderd).map(|(key, stop)| Record::StopDeleted {
        bsn: client.bsn.clone(),
        key,
        stop,
    });
    let stopped =
        with(StatusAanlevering::Eerste).map(|(key, stop)| Record::Stop { bsn: client.bsn.clone(), key, stop });
    deleted.chain(stopped).collect()
}

fn lines(declaratie: &Declaratie, granted: &[LineIndex]) -> Vec<Record> {
    let granted: BTreeSet<LineIndex> = granted.iter().copied().collect();
    let mut records = Vec::new();
    let mut toegekend = 0;
    for (client_index, client) in declaratie.clienten.iter().enumerate() {
        for (line_index, prestatie) in client.prestaties.iter().enumerate() {
            let is_granted = granted.contains(&(client_index, line_index));
            if is_granted {
                toegekend += prestatie.bedrag.signed().0;
            }
            records.push(line(declaratie, client, prestatie, is_granted));
        }
    }
    let whole = Record::Declaratie {
        nummer: declaratie.nummer.clone(),
        periode: declaratie.periode.clone(),
        ingediend: declaratie.totaal.signed(),
        toegekend: Cents(toegekend),
    };
    records.insert(0, whole);
    records
}

fn line(declaratie: &Declaratie, client: &DeclaratieClient, prestatie: &Prestatie, granted: bool) -> Record {
    Record::Prestatie {
        bsn: client.bsn.clone(),
        line: ClaimLine {
            nummer: prestatie.referentie.nummer.clone(),
            vorig: prestatie.referentie.vorig.clone(),
            person: PersonKey::default(),
            toewijzing_nummer: prestatie.toewijzing_nummer,
            categorie: prestatie.categorie.clone(),
            code: prestatie.code.clone(),
            periode: prestatie.periode.clone(),
            volume: prestatie.volume,
            eenheid: prestatie.eenheid,
            tarief: prestatie.tarief,
            bedrag: prestatie.bedrag.signed(),
            granted,
            declaratie: declaratie.nummer.clone(),
        },
    }
}

/// What must leave, in this order: the reply, the forward, the report on a refused reply, the signals (design, section 4).
pub fn outgoing(
    context: &Context<'_>,
    message: &Message,
    source: &[u8],
    decision: &Decision,
    owed_reply: Option<&Reply>,
    given: &[Given],
) -> Vec<Outgoing> {
    let mut outgoing = Vec::new();
    if let Some(reply) = owed_reply.filter(|_| gateway_answers(message, decision.verdict)) {
        outgoing.push(Outgoing {
            purpose: Purpose::Reply,
            to: Some(message.sender().clone()),
            subject: reply.kind.to_string(),
            law: Some(reply.kind.law),
            region: None,
            body: reply.body.clone(),
            verdict_json: None,
        });
    }
    if matches!(decision.verdict, Verdict::Accepted | Verdict::Partly) {
        outgoing.push(Outgoing {
            purpose: Purpose::Forward,
            to: Some(message.receiver().clone()),
            subject: message.kind.to_string(),
            law: Some(message.kind.law),
            region: None,
            body: source.to_vec(),
            verdict_json: Some(verdict_document(message, decision, given)),
        });
    }
    if decision.verdict == Verdict::Rejected && message.kind.number.answered_by().is_none() {
        outgoing.push(refused_reply(context, message, &decision.findings));
    }
    outgoing.extend(decision.signals.iter().map(|signal| signal_event(context, message.kind, signal)));
    outgoing
}

/// Whether the gateway sends the reply itself. An accepted 301 or 319 is answered by the provider; a held 301 by nobody
/// yet.
pub fn gateway_answers(message: &Message, verdict: Verdict) -> bool {
    match &message.body {
        Body::Toewijzing(_) | Body::Antwoord(_) => verdict == Verdict::Rejected,
        Body::Start(_) | Body::Stop(_) | Body::Aanvraag(_) | Body::Wijziging(_) | Body::Declaratie(_) => true,
        Body::Retour(_) | Body::DeclaratieAntwoord(_) => false,
    }
}

/// What travels beside a forwarded message: the verdict, for a 323 per line through its findings.
fn verdict_document(message: &Message, decision: &Decision, given: &[Given]) -> Vec<u8> {
    let mut document = json!({
        "kind": message.kind.to_string(),
        "identification": message.header.identificatie.identificatie.as_str(),
        "sender": message.sender().as_str(),
        "receiver": message.receiver().as_str(),
        "verdict": decision.verdict,
        "level": decision.level,
        "findings": decision.findings,
        "skipped": decision.skipped,
        "signals": decision.signals,
        "observed": decision.observed,
        "register": decision.register_version,
    });
    // Its own administration must know what was answered in its name.
    if !given.is_empty() {
        document["answers"] = json!(given);
    }
    serde_json::to_vec_pretty(&document).expect("a value made of strings and numbers serialises")
}

/// A signal as a CloudEvent 1.0 in JSON.
fn signal_event(context: &Context<'_>, kind: Kind, signal: &Signal) -> Outgoing {
    let event = json!({
        "specversion": "1.0",
        "id": signal.id,
        "source": format!("urn:nld:sluis:{}", context.gateway),
        "type": format!("nl.sluis.signal.{}", signal.check.to_lowercase()),
        "subject": signal.gemeente,
        "time": context.now.to_string(),
        "datacontenttype": "application/json",
        "data": signal,
    });
    Outgoing {
        purpose: Purpose::Signal,
        to: Some(signal.party()),
        subject: signal.check.clone(),
        law: Some(kind.law),
        region: Some(signal.region.clone()),
        body: serde_json::to_vec_pretty(&event).expect("a value made of strings and numbers serialises"),
        verdict_json: None,
    }
}

/// Report on a message that failed at level 1, for its sender, or for the operator when no sender can be told.
pub fn error_report(context: &Context<'_>, unreadable: &Unreadable, findings: &[Finding]) -> Outgoing {
    let kind = unreadable.faults.kind;
    let report = json!({
        "error": "level-1",
        "time": context.now.to_string(),
        "kind": kind.map(|kind| kind.to_string()),
        "identification": unreadable.identificatie,
        "sender": unreadable.sender,
        "total": unreadable.faults.total,
        "truncated": unreadable.faults.total > findings.len(),
        "findings": findings,
    });
    report_to(unreadable.sender.as_deref().map(Party::from), kind.map(|kind| kind.law), &report)
}

/// Report on a reply that was refused, for its sender: nothing answers a reply.
fn refused_reply(context: &Context<'_>, message: &Message, findings: &[Finding]) -> Outgoing {
    let header = &message.header;
    let report = json!({
        "error": "reply-refused",
        "time": context.now.to_string(),
        "kind": message.kind.to_string(),
        "identification": header.identificatie.identificatie.as_str(),
        // A return message bears the identification of what it answers, and one of its own.
        "reply_identification": header.identificatie_retour.as_ref().map(Identificatie::as_str),
        "sender": message.sender().as_str(),
        "total": findings.len(),
        "truncated": false,
        "findings": findings,
    });
    report_to(Some(message.sender().clone()), Some(message.kind.law), &report)
}

/// Report on a 301 that waits because an earlier one about the same allocation is held, for its sender: no check speaks
/// of it.
pub fn held_behind(context: &Context<'_>, message: &Message, behind: i64) -> Outgoing {
    notice(context, message, "held", &json!({ "behind": behind }))
}

/// Report on a held 301 that a person withdrew, for its sender: the standard has no code for it.
pub fn withdrawn(context: &Context<'_>, message: &Message, reason: &str) -> Outgoing {
    notice(context, message, "withdrawn", &json!({ "reason": reason }))
}

/// What befell a message, for its sender, outside of the standard.
fn notice(context: &Context<'_>, message: &Message, error: &str, more: &serde_json::Value) -> Outgoing {
    let mut report = json!({
        "error": error,
        "time": context.now.to_string(),
        "kind": message.kind.to_string(),
        "identification": message.header.identificatie.identificatie.as_str(),
        "sender": message.sender().as_str(),
        "total": 0,
        "truncated": false,
        "findings": [],
    });
    if let (Some(report), Some(more)) = (report.as_object_mut(), more.as_object()) {
        report.extend(more.clone());
    }
    report_to(Some(message.sender().clone()), Some(message.kind.law), &report)
}

fn report_to(to: Option<Party>, law: Option<Law>, report: &serde_json::Value) -> Outgoing {
    Outgoing {
        purpose: Purpose::Error,
        to,
        subject: "error".to_owned(),
        law,
        region: None,
        body: serde_json::to_vec_pretty(report).expect("a value made of strings and numbers serialises"),
        verdict_json: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Law, Number};
    use crate::rules::sample::{Sample, VERZOEK};

    /// What an accepted sample leaves behind, after a change.
    fn of(number: Number, change: fn(&mut Sample)) -> Vec<Record> {
        let mut sample = Sample::of(Kind::new(Law::Wmo, number));
        change(&mut sample);
        for verdict in [Verdict::Rejected, Verdict::Held, Verdict::Parked] {
            let left = records(&sample.message, &Evaluation::default(), verdict, Vec::new());
            assert!(left.is_empty(), "{verdict} leaves {left:?}");
        }
        records(&sample.message, &Evaluation::default(), Verdict::Accepted, Vec::new())
    }

    #[test]
    fn deletions_are_recorded_before_new_deliveries() {
        let records = of(Number::N307, |s| {
            let mut deletion = s.stop_product().clone();
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            deletion.reden_beeindiging = "20".into();
            s.stop().producten.push(deletion);
        });
        let [Record::StopDeleted { stop: deleted, key: of, .. }, Record::Stop { stop, key, .. }] = records.as_slice()
        else {
            panic!("a deletion and a stop: {records:?}");
        };
        assert_eq!((deleted.reden.as_str(), stop.reden.as_str()), ("20", "02"));
        assert_eq!(of, key);
        let records = of_starts();
        assert!(matches!(records.as_slice(), [Record::StartDeleted { .. }, Record::Start { .. }]), "{records:?}");
    }

    fn of_starts() -> Vec<Record> {
        of(Number::N305, |s| {
            let mut deletion = s.start_product().clone();
            deletion.status_aanlevering = StatusAanlevering::Verwijderd;
            s.start().producten.push(deletion);
        })
    }

    #[test]
    fn a_request_is_recorded_by_product_or_as_a_whole() {
        let references = |records: Vec<Record>| -> Vec<String> {
            let reference = |record: &Record| match record {
                Record::Request { referentie, .. } => referentie.as_str().to_owned(),
                other => panic!("not a request: {other:?}"),
            };
            records.iter().map(reference).collect()
        };
        let two = of(Number::N315, |s| {
            let mut second = s.aangevraagd_product().clone();
            second.referentie_aanbieder = "V-2026-2".into();
            s.aanvraag().producten.push(second);
        });
        assert_eq!(references(two), [VERZOEK, "V-2026-2"]);
        assert_eq!(references(of(Number::N317, |s| s.add_nieuw_product(|_| {}))), [VERZOEK]);
    }

    #[test]
    fn an_answer_and_an_allocation_are_recorded_with_the_reference() {
        let records = of(Number::N319, |_| {});
        let [Record::Answer { referentie, antwoord }] = records.as_slice() else { panic!("an answer: {records:?}") };
        assert_eq!((referentie.as_str(), antwoord.as_str()), (VERZOEK, "1"));
        let honoured = |records: Vec<Record>| -> Vec<String> {
            let reference = |record: &Record| match record {
                Record::Honoured { referentie } => Some(referentie.as_str().to_owned()),
                _ => None,
            };
            records.iter().filter_map(reference).collect()
        };
        assert_eq!(honoured(of(Number::N301, |_| {})), Vec::<String>::new());
        let of_a_317 = of(Number::N301, |s| {
            s.product().referentie_aanbieder = Some(VERZOEK.into());
            let mut second = s.product().clone();
            second.toewijzing_nummer = 1002;
            s.toewijzing().producten.push(second);
        });
        assert_eq!(of_a_317.len(), 3, "two allocations and one request");
        assert_eq!(honoured(of_a_317), [VERZOEK]);
    }
}
