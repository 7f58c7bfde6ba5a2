//! From a verdict to its effects: what the ledger must remember and what must leave.

use crate::contract::ending::{Because, Open};
use crate::decision::{Decision, Outgoing, Posting, Purpose, Record, StartKey, Verdict, Verwezen};
use crate::finding::{Finding, Signal};
use crate::message::{
    Body, Cents, Declaratie, DeclaratieClient, Identificatie, Law, Message, Party, Prestatie, StartClient,
    StatusAanlevering, StopClient, ToewijzingClient,
};
use crate::pipeline::{Context, Given, Unreadable};
use crate::reply::Reply;
use crate::rules::Evaluation;
use crate::rules::case::LineIndex;
use crate::rules::facts::{Allocation, ClaimLine, Earlier, PersonKey, Stop};
use crate::sender::Refusal;
use jiff::Timestamp;
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
                verwijzer: Some(Verwezen {
                    soort: product.verwijzer.soort.clone(),
                    agb: product.verwijzer.zorgverlener_code.clone(),
                }),
            })
            .collect(),
        Body::Wijziging(client) => {
            let (bsn, referentie) = (client.bsn.clone(), client.verzoek.referentie_aanbieder.clone());
            vec![Record::Request { bsn, referentie, verwijzer: None }]
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
        referentie: product.referentie_aanbieder.clone(),
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
    let teller = Teller { gateway: context.gateway, now: context.now };
    outgoing.extend(decision.signals.iter().map(|signal| signal_told(teller, Some(message.kind.law), signal, 1)));
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
    pretty(&document)
}

/// Who tells, and when.
#[derive(Debug, Clone, Copy)]
pub struct Teller<'a> {
    /// Name of the gateway.
    pub gateway: &'a str,
    /// Moment.
    pub now: Timestamp,
}

/// A signal that opens, as a CloudEvent 1.0 in JSON. Its id is that of the signal, so that a case that is told by
/// several messages is one event; one that opens again after it ended is told under an id of its own.
pub fn signal_told(teller: Teller<'_>, law: Option<Law>, signal: &Signal, occurrence: u32) -> Outgoing {
    let kind = format!("nl.sluis.signal.{}", signal.check.to_lowercase());
    signal_event(teller, law, signal, &kind, &event_id(&signal.id, occurrence), &json!(signal))
}

/// A signal whose cause is gone, as a CloudEvent 1.0 in JSON.
pub fn signal_ended(teller: Teller<'_>, open: &Open, because: Because) -> Outgoing {
    let signal = &open.signal;
    let kind = format!("nl.sluis.signal.{}.ended", signal.check.to_lowercase());
    let id = format!("{}.ended", event_id(&signal.id, open.occurrence));
    let mut data = json!(signal);
    data["ended"] = json!(because);
    signal_event(teller, None, signal, &kind, &id, &data)
}

/// The event of a signal that opened before, told now under an id of its own.
pub fn told_again(event: &[u8], occurrence: u32) -> Option<Vec<u8>> {
    let mut event: serde_json::Value = serde_json::from_slice(event).ok()?;
    let id = event.get("data")?.get("id")?.as_str()?;
    event["id"] = json!(event_id(id, occurrence));
    Some(pretty(&event))
}

fn event_id(signal: &str, occurrence: u32) -> String {
    if occurrence > 1 { format!("{signal}.{occurrence}") } else { signal.to_owned() }
}

fn signal_event(
    teller: Teller<'_>,
    law: Option<Law>,
    signal: &Signal,
    kind: &str,
    id: &str,
    data: &serde_json::Value,
) -> Outgoing {
    let event = json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("urn:nld:sluis:{}", teller.gateway),
        "type": kind,
        "subject": signal.gemeente,
        "time": teller.now.to_string(),
        "datacontenttype": "application/json",
        "data": data,
    });
    Outgoing {
        purpose: Purpose::Signal,
        to: Some(signal.party()),
        subject: signal.check.clone(),
        law,
        region: Some(signal.region.clone()),
        body: pretty(&event),
        verdict_json: None,
    }
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("a value made of strings and numbers serialises")
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

/// Report on a message that was refused for who brought it: for whoever did, never for the party that the message names;
/// for the operator when that is unknown.
pub fn sender_refused(now: Timestamp, refusal: &Refusal, to: Option<Party>) -> Outgoing {
    let report = json!({
        "error": "sender-refused",
        "time": now.to_string(),
        "kind": refusal.kind.map(|kind| kind.to_string()),
        "identification": refusal.identificatie,
        "sender": refusal.claimed,
        "reason": refusal.reason.as_str(),
        "detail": refusal.reason.en(),
        "total": 0,
        "truncated": false,
        "findings": [],
    });
    report_to(to, refusal.kind.map(|kind| kind.law), &report)
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
        body: pretty(report),
        verdict_json: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::message::{Kind, Number};
    use crate::rules::sample::{Sample, VERZOEK};
    use std::collections::BTreeMap;

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

    fn signal() -> Signal {
        Signal {
            id: "abc".to_owned(),
            check: "C2".to_owned(),
            outcome: "signal".to_owned(),
            severity: Severity::Warning,
            region: "achterhoek".to_owned(),
            gemeente: "0197".to_owned(),
            toewijzingen: vec![1001],
            nl: "Zin.".to_owned(),
            en: "Sentence.".to_owned(),
            facts: BTreeMap::new(),
        }
    }

    fn event(outgoing: &Outgoing) -> serde_json::Value {
        serde_json::from_slice(&outgoing.body).expect("an event is JSON")
    }

    #[test]
    fn a_signal_that_opens_again_and_one_that_ends_are_events_of_their_own() {
        let teller = Teller { gateway: "g", now: Timestamp::UNIX_EPOCH };
        let first = signal_told(teller, Some(Law::Wmo), &signal(), 1);
        let (one, two) = (event(&first), event(&signal_told(teller, None, &signal(), 2)));
        assert_eq!((one["id"].as_str(), two["id"].as_str()), (Some("abc"), Some("abc.2")));
        assert_eq!((&one["type"], &one["data"]["id"]), (&two["type"], &two["data"]["id"]));
        let again = told_again(&first.body, 2).expect("it is an event");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&again).expect("JSON"), two);
        assert_eq!(told_again(b"no event", 2), None);
        let open = Open { signal: signal(), occurrence: 2, origin: crate::contract::ending::Origin::Survey };
        let ended = event(&signal_ended(teller, &open, Because::AllocationsOver));
        assert_eq!(ended["id"], "abc.2.ended");
        assert_eq!(ended["type"], "nl.sluis.signal.c2.ended");
        assert_eq!((&ended["data"]["id"], &ended["data"]["ended"]), (&"abc".into(), &"allocations_over".into()));
    }
}
