//! Every row of the decision tables, judged by reading the reply back through its own schema.

use super::*;
use crate::message::body::{DeclaratieAntwoord, ToewijzingClient};
use crate::message::{Cents, DebetCredit, Law, Number, StatusAanlevering};
use crate::rules::sample::{OTHER_BSN, Sample};
use crate::rules::{self};
use crate::schema::{Limits, validate};
use jiff::civil::date;

const LAWS: [Law; 2] = [Law::Wmo, Law::Jeugdwet];

/// Writes the sample, judges it by all rules and reads the reply back.
fn reply_to(sample: &Sample) -> Message {
    let written = sample.message.write();
    let document = validate(&written, &Limits::default()).expect("samples are valid");
    let message = Message::read(document.kind, document.release, &document.tree).expect("samples can be read");
    assert_eq!(message, sample.message, "write and read are inverse");
    let evaluation = sample.evaluate(&rules::all());
    let xsd_versie = XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() };
    let stamp = Stamp { identificatie: "ANTWOORD0001".into(), dagtekening: date(2026, 3, 11), xsd_versie };
    let reply = build(&message, &document.tree, &evaluation, &stamp).expect("301, 305 and 323 are answered");
    let document = validate(&reply.body, &Limits::default())
        .unwrap_or_else(|faults| panic!("{}: {faults:?}\n{}", reply.kind, String::from_utf8_lossy(&reply.body)));
    assert_eq!(document.kind, reply.kind);
    let read = Message::read(document.kind, document.release, &document.tree).expect("replies can be read");
    assert_eq!(read.write(), reply.body, "replies are written as messages are");
    read
}

fn texts(codes: &[RetourCode]) -> Vec<&str> {
    codes.iter().map(RetourCode::as_str).collect()
}

fn client_302(message: &Message) -> Option<&ToewijzingClient> {
    match &message.body {
        Body::Retour(None) => None,
        Body::Retour(Some(crate::message::Retour::Toewijzing(client))) => Some(client),
        other => panic!("not a 302: {other:?}"),
    }
}

fn antwoord(message: &Message) -> Option<&DeclaratieAntwoord> {
    match &message.body {
        Body::DeclaratieAntwoord(antwoord) => antwoord.as_ref(),
        other => panic!("not a 325: {other:?}"),
    }
}

fn sample(law: Law, number: Number) -> Sample {
    Sample::of(Kind::new(law, number))
}

#[test]
fn a_good_301_or_305_is_answered_by_a_bare_header() {
    for law in LAWS {
        for number in [Number::N301, Number::N305] {
            let sample = sample(law, number);
            let reply = reply_to(&sample);
            assert!(reply.header.retour_codes.is_empty());
            assert_eq!(reply.header.xslt_versie, None);
            assert!(matches!(reply.body, Body::Retour(None)));
            // Sender and receiver stay as they were (replies 2.1).
            assert_eq!(reply.header.afzender, sample.message.header.afzender);
            assert_eq!(reply.header.ontvanger, sample.message.header.ontvanger);
            assert_eq!(reply.header.identificatie, sample.message.header.identificatie);
            assert_eq!(reply.header.identificatie_retour, Some("ANTWOORD0001".into()));
            assert_eq!(reply.header.dagtekening_retour, Some(date(2026, 3, 11)));
        }
    }
}

#[test]
fn level_two_gives_0001_and_the_version_of_the_rules() {
    for law in LAWS {
        let mut sample = sample(law, Number::N301);
        sample.product().reden_wijziging = Some("01".into());
        let reply = reply_to(&sample);
        assert_eq!(texts(&reply.header.retour_codes), ["0001"]);
        assert_eq!(reply.header.xslt_versie, Some(RULE_SET_VERSION.into()));
        assert!(client_302(&reply).is_none());
    }
}

#[test]
fn a_fault_in_the_header_returns_the_header_only() {
    for law in LAWS {
        for number in [Number::N301, Number::N305, Number::N323] {
            let mut sample = sample(law, number);
            sample.message.header.identificatie.dagtekening = date(2026, 3, 11);
            let reply = reply_to(&sample);
            assert_eq!(texts(&reply.header.retour_codes), ["8848"]);
            assert!(matches!(reply.body, Body::Retour(None) | Body::DeclaratieAntwoord(None)));
        }
    }
}

#[test]
fn a_fault_in_a_301_returns_every_class_with_its_code() {
    for law in LAWS {
        let mut sample = sample(law, Number::N301);
        let mut second = sample.product().clone();
        second.toewijzing_nummer = 1002;
        second.ingangsdatum = date(2026, 4, 1);
        second.einddatum = Some(date(2026, 6, 30));
        sample.toewijzing().producten.push(second);
        sample.terms.products.clear();
        let reply = reply_to(&sample);
        assert_eq!(texts(&reply.header.retour_codes), ["0200"]);
        let client = client_302(&reply).expect("the client comes along");
        assert_eq!(texts(&client.retour_codes), ["0200"]);
        assert_eq!(texts(&client.relaties[0].retour_codes), ["0200"]);
        assert_eq!(texts(&client.relaties[0].contact.retour_codes), ["0200"]);
        assert_eq!(texts(&client.contacten[0].retour_codes), ["0200"]);
        assert_eq!(texts(&client.producten[0].retour_codes), ["S329"]);
        assert_eq!(texts(&client.producten[1].retour_codes), ["S329"]);
        assert_eq!(client.bsn, sample.toewijzing().bsn);
        assert_eq!(client.producten[0].omvang, sample.toewijzing().producten[0].omvang);
    }
}

#[test]
fn deleting_a_start_that_was_never_there_is_9063_on_the_start() {
    for law in LAWS {
        let mut sample = sample(law, Number::N305);
        sample.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        let reply = reply_to(&sample);
        assert_eq!(texts(&reply.header.retour_codes), ["0200"]);
        let Body::Retour(Some(crate::message::Retour::Start(client))) = &reply.body else {
            panic!("the client comes along")
        };
        assert_eq!(texts(&client.retour_codes), ["0200"]);
        assert_eq!(texts(&client.producten[0].retour_codes), ["9063"]);
    }
}

#[test]
fn a_good_declaration_is_granted_in_full() {
    for law in LAWS {
        let mut sample = sample(law, Number::N323);
        let reply = reply_to(&sample);
        assert_eq!(texts(&reply.header.retour_codes), ["0200"]);
        assert_eq!(reply.header.afzender, sample.message.header.ontvanger);
        assert_eq!(reply.header.ontvanger, sample.message.header.afzender);
        assert_eq!(reply.header.declaratie_identificatie, Some(sample.message.header.identificatie.clone()));
        let answer = antwoord(&reply).expect("the declaration is answered");
        assert_eq!(texts(&answer.retour_codes), ["8001"]);
        assert_eq!(answer.totaal_toegekend, sample.declaratie().totaal);
        assert!(answer.clienten.is_empty());
    }
}

#[test]
fn a_refused_declaration_number_grants_nothing_and_lists_nothing() {
    for law in LAWS {
        let mut sample = sample(law, Number::N323);
        sample.facts.declaratie_used = Some(crate::rules::sample::earlier("323"));
        let answer = reply_to(&sample);
        assert_eq!(texts(&answer.header.retour_codes), ["0200"]);
        let answer = antwoord(&answer).expect("the declaration is answered");
        assert_eq!(texts(&answer.retour_codes), ["9333"]);
        assert_eq!(answer.totaal_toegekend.signed(), Cents(0));
        assert_eq!(answer.totaal_toegekend.debet_credit, DebetCredit::Debet);
        assert!(answer.clienten.is_empty());
    }
}

#[test]
fn only_rejected_lines_are_listed_and_the_totals_tie() {
    for law in LAWS {
        let mut sample = sample(law, Number::N323);
        sample.add_line("P2", |line| {
            line.periode.begindatum = date(2026, 1, 1);
            line.periode.einddatum = date(2026, 1, 31);
            line.tarief = Some(Cents(7000));
            line.bedrag.bedrag = Cents(84_000);
        });
        let reply = reply_to(&sample);
        let answer = antwoord(&reply).expect("the declaration is answered");
        assert_eq!(texts(&answer.retour_codes), ["0200"]);
        assert_eq!(answer.totaal_ingediend.signed(), Cents(156_000));
        assert_eq!(answer.totaal_toegekend.signed(), Cents(72_000));
        assert_eq!(answer.clienten.len(), 1);
        assert_eq!(texts(&answer.clienten[0].retour_codes), ["0200"]);
        assert_eq!(answer.clienten[0].prestaties.len(), 1);
        assert_eq!(answer.clienten[0].prestaties[0].referentie.nummer.as_str(), "P2");
        assert_eq!(texts(&answer.clienten[0].prestaties[0].retour_codes), ["0611"]);
    }
}

#[test]
fn an_unknown_client_returns_all_its_lines_as_not_judged() {
    for law in LAWS {
        let mut sample = sample(law, Number::N323);
        let mut stranger = sample.declaratie().clienten[0].clone();
        stranger.bsn = OTHER_BSN.into();
        stranger.prestaties[0].referentie.nummer = "P9".into();
        sample.declaratie().clienten.push(stranger);
        sample.fix_total();
        let reply = reply_to(&sample);
        let answer = antwoord(&reply).expect("the declaration is answered");
        assert_eq!(texts(&answer.retour_codes), ["0200"]);
        assert_eq!(answer.clienten.len(), 1, "the other client is left out");
        assert_eq!(texts(&answer.clienten[0].retour_codes), ["8187"]);
        assert_eq!(texts(&answer.clienten[0].prestaties[0].retour_codes), ["0233"]);
        assert_eq!(answer.totaal_toegekend.signed(), Cents(72_000));
    }
}

#[test]
fn a_declaration_of_which_nothing_is_granted_says_0200_and_zero() {
    let mut sample = sample(Law::Wmo, Number::N323);
    sample.facts.allocations.clear();
    let reply = reply_to(&sample);
    let answer = antwoord(&reply).expect("the declaration is answered");
    assert_eq!(texts(&answer.retour_codes), ["0200"]);
    assert_eq!(answer.totaal_toegekend.signed(), Cents(0));
    assert_eq!(texts(&answer.clienten[0].prestaties[0].retour_codes), ["9338"]);
}
