//! Signals that open, end and open again; the course of care as checks over time read it.

use super::*;
use crate::contract::ending::{Because, Open, Origin};
use crate::contract::survey::Requested;
use crate::decision::{StartKey, Verwezen};
use crate::delivery::outbox::{Due, Outcome, Settlement};
use crate::effects::{Teller, signal_told};
use crate::message::{Cents, GeslotenPeriode, Product};
use crate::rules::facts::{Allocation, ClaimLine, Earlier, PersonKey, Stop};

const REGION: &str = "achterhoek";

fn teller(now: Timestamp) -> Teller<'static> {
    Teller { gateway: "test", now }
}

/// A survey at this moment that tells these signals and ends those.
fn survey(sut: &Sut, now: Timestamp, told: &[&str], ended: &[&str]) -> Turnover {
    let open = sut.get(|tx| tx.open_signals(REGION));
    let of = |id: &&str| open.iter().find(|open| open.signal.id == **id).cloned();
    let gone = |id: &&str| Open { signal: signal(id, 1), occurrence: 1, origin: Origin::Survey };
    let record = SurveyRecord {
        region: REGION.to_owned(),
        day: date(2026, 3, 10),
        register_version: "v1".to_owned(),
        told: told.iter().map(|id| signal(id, 1001)).collect(),
        ended: ended.iter().map(|id| (of(id).unwrap_or_else(|| gone(id)), Because::NotSeenAgain)).collect(),
    };
    sut.get(move |tx| tx.record_survey(&record, teller(now)))
}

/// Ids of the events that wait to be sent, in order.
fn events(sut: &Sut) -> Vec<String> {
    let due = sut.get(|tx| tx.due(at(1_000_000), 100));
    let id = |row: &Due| {
        assert_eq!((row.purpose, row.region.as_deref()), (Purpose::Signal, Some(REGION)));
        let event: serde_json::Value = serde_json::from_slice(&row.body).expect("an event is JSON");
        event["id"].as_str().expect("an event has an id").to_owned()
    };
    due.iter().map(id).collect()
}

fn open_ids(sut: &Sut) -> Vec<(String, u32)> {
    let open = sut.get(|tx| tx.open_signals(REGION));
    open.into_iter().map(|open| (open.signal.id, open.occurrence)).collect()
}

#[test]
fn a_signal_opens_once_ends_once_and_may_open_again() {
    let sut = Sut::new();
    assert_eq!(sut.get(|tx| tx.last_survey(REGION)), None);
    assert_eq!(survey(&sut, at(0), &["s1", "s2"], &[]), Turnover { opened: 2, ended: 0 });
    assert_eq!(survey(&sut, at(10), &["s1", "s2"], &[]), Turnover::default(), "nobody is told twice");
    assert_eq!(survey(&sut, at(20), &["s2"], &["s1"]), Turnover { opened: 0, ended: 1 });
    assert_eq!(survey(&sut, at(30), &["s2"], &["s1"]), Turnover::default(), "what has ended does not end again");
    assert_eq!(open_ids(&sut), [("s2".to_owned(), 1)]);
    assert_eq!(survey(&sut, at(40), &["s1", "s2"], &[]), Turnover { opened: 1, ended: 0 });
    assert_eq!(survey(&sut, at(50), &["s2"], &["s1"]), Turnover { opened: 0, ended: 1 });
    assert_eq!(events(&sut), ["s1", "s2", "s1.ended", "s1.2", "s1.2.ended"]);
    let kept = sut.get(|tx| tx.signals(false));
    let s1 = kept.iter().find(|kept| kept.signal.id == "s1").expect("it is kept");
    assert_eq!((s1.opened_at, s1.seen_at, s1.occurrence), (at(40), at(40), 2));
    assert_eq!(s1.ended, Some((at(50), "not_seen_again".to_owned())));
    let only_open = sut.get(|tx| tx.signals(true));
    let [s2] = only_open.as_slice() else { panic!("one is open: {only_open:?}") };
    assert_eq!((s2.signal.id.as_str(), s2.opened_at, s2.seen_at, &s2.ended), ("s2", at(0), at(50), &None));
    assert_eq!(
        sut.get(|tx| tx.count_signals()),
        BTreeMap::from([(("A1".to_owned(), Severity::High, "achterhoek".to_owned()), 1)])
    );
    let last = sut.get(|tx| tx.last_survey(REGION)).expect("it was looked over");
    assert_eq!((last.day, last.register_version.as_str(), last.at), (date(2026, 3, 10), "v1", at(50)));
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn a_signal_of_a_message_is_news_again_after_it_ended() {
    let sut = Sut::new();
    let decide = |id: &str| {
        let signal = signal("s1", 1001);
        let told = signal_told(teller(at(0)), Some(Law::Wmo), &signal, 1);
        Decision { signals: vec![signal], outgoing: vec![told], ..accepted(identity(wmo(Number::N305), id)) }
    };
    sut.store(inbox("1"), decide("1"));
    sut.store(inbox("2"), decide("2"));
    assert_eq!(events(&sut), ["s1"]);
    let open = sut.get(|tx| tx.open_signals(REGION));
    assert_eq!(open[0].origin, Origin::Message { law: Law::Wmo, is_held: false });
    survey(&sut, at(10), &[], &["s1"]);
    sut.store(inbox("3"), decide("3"));
    assert_eq!(events(&sut), ["s1", "s1.ended", "s1.2"]);
    let held = Decision {
        verdict: Verdict::Held,
        signals: vec![signal("s2", 1002)],
        outgoing: vec![signal_told(teller(at(0)), Some(Law::Wmo), &signal("s2", 1002), 1)],
        ..accepted(identity(wmo(Number::N301), "4"))
    };
    sut.store(inbox("4"), held);
    let open = sut.get(|tx| tx.open_signals(REGION));
    assert_eq!(open[1].origin, Origin::Message { law: Law::Wmo, is_held: true });
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn events_of_no_message_are_delivered_like_others() {
    let sut = Sut::new();
    survey(&sut, at(0), &["s1"], &[]);
    let rows = sut.get(|tx| tx.due(at(0), 10));
    assert_eq!(rows[0].correlation_id, REGION);
    let settlement = Settlement { id: rows[0].id, at: at(1), outcome: Outcome::Sent };
    sut.get(move |tx| tx.settle(&[settlement]));
    assert_eq!(sut.get(|tx| tx.due(at(2), 10)).len(), 0);
}

fn allocation(nummer: Count, toewijzingsdatum: jiff::civil::Date) -> Allocation {
    Allocation {
        nummer,
        aanbieder: Party::from(AANBIEDER),
        person: PersonKey::default(),
        product: Some(product()),
        toewijzingsdatum,
        toewijzingstijd: "10:00:00".to_owned(),
        ingangsdatum: date(2026, 1, 1),
        einddatum: None,
        reden_wijziging: None,
        omvang: None,
        budget: None,
        message: Earlier { kind: String::new(), identificatie: String::new(), dagtekening: date(2026, 3, 9) },
    }
}

fn product() -> Product {
    Product { categorie: "02".into(), code: Some("02A03".into()) }
}

#[test]
fn the_course_of_care_comes_back_by_municipality() {
    let sut = Sut::new();
    let requested = |referentie: &str, verwijzer: Option<Verwezen>| Record::Request {
        bsn: BSN.into(),
        referentie: referentie.into(),
        verwijzer,
    };
    let huisarts = Verwezen { soort: "02".into(), agb: Some(Party::from("01000001")) };
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R1", Some(huisarts))]);
    sut.record(identity(wmo(Number::N317), "V2"), vec![requested("R2", None)]);
    let allocated = |allocation: &Allocation, referentie: Option<&str>| Record::Allocation {
        bsn: BSN.into(),
        allocation: allocation.clone(),
        referentie: referentie.map(Into::into),
    };
    let first = allocation(1001, date(2026, 1, 2));
    let stretched = Allocation { einddatum: Some(date(2026, 12, 31)), ..allocation(1001, date(2026, 2, 1)) };
    let honoured = Record::Honoured { referentie: "R1".into() };
    sut.record(identity(wmo(Number::N301), "A1"), vec![allocated(&first, Some("R1")), honoured]);
    sut.record(identity(wmo(Number::N301), "A2"), vec![allocated(&stretched, None)]);
    let elsewhere = Identity { gemeente: Party::from("0294"), ..identity(wmo(Number::N301), "A3") };
    sut.record(elsewhere, vec![allocated(&first, None)]);
    let key = |begindatum| StartKey { toewijzing_nummer: Some(1001), product: Some(product()), begindatum };
    let start = |begindatum| Record::Start { bsn: BSN.into(), key: key(begindatum) };
    let stop = Stop { reden: "20".into(), einddatum: date(2026, 2, 1) };
    sut.record(identity(wmo(Number::N305), "S1"), vec![start(date(2026, 1, 5))]);
    let stopped = Record::Stop { bsn: BSN.into(), key: key(date(2026, 1, 5)), stop: stop.clone() };
    sut.record(identity(wmo(Number::N307), "E1"), vec![stopped]);
    sut.record(identity(wmo(Number::N305), "S2"), vec![start(date(2026, 2, 15)), start(date(2026, 2, 16))]);
    let deleted = Record::StartDeleted { bsn: BSN.into(), key: key(date(2026, 2, 16)) };
    sut.record(identity(wmo(Number::N305), "S3"), vec![deleted]);
    let line = ClaimLine {
        nummer: "L1".into(),
        vorig: None,
        person: PersonKey::default(),
        toewijzing_nummer: 1001,
        categorie: "02".into(),
        code: "02A03".into(),
        periode: GeslotenPeriode { begindatum: date(2026, 1, 1), einddatum: date(2026, 1, 31) },
        volume: 12,
        eenheid: crate::message::Eenheid::Uur,
        tarief: None,
        bedrag: Cents(72_000),
        granted: false,
        declaratie: "D1".into(),
    };
    sut.record(identity(wmo(Number::N323), "D1"), vec![Record::Prestatie { bsn: BSN.into(), line }]);

    let history = sut.get(|tx| tx.history(&BTreeSet::from([Party::from(GEMEENTE)])));
    let person = sut.keys.person(&BSN.into());
    let [allocated] = history.allocations.as_slice() else { panic!("one of this municipality: {history:?}") };
    assert_eq!(allocated.referentie, Some("R1".into()), "kept from the version that named it");
    let ends: Vec<_> = allocated.versions.iter().map(|version| version.einddatum).collect();
    assert_eq!(ends, [None, Some(date(2026, 12, 31))]);
    assert_eq!(allocated.versions[0].person, person);
    let requests: Vec<(&str, Number, Option<&str>, bool)> = history
        .requests
        .iter()
        .map(|r: &Requested| (r.referentie.as_str(), r.number, r.verwijzer.as_deref(), r.is_honoured))
        .collect();
    assert_eq!(requests, [("R1", Number::N315, Some("02"), true), ("R2", Number::N317, None, false)]);
    assert_eq!(history.requests[0].verwijzer_agb, Some(Party::from("01000001")));
    let deliveries: Vec<_> =
        history.deliveries.iter().map(|delivered| (delivered.key.begindatum, delivered.stop.clone())).collect();
    assert_eq!(deliveries, [(date(2026, 1, 5), Some(stop)), (date(2026, 2, 15), None)]);
    let lines: Vec<_> = history.lines.iter().map(|claimed| (claimed.on, claimed.line.granted)).collect();
    assert_eq!(lines, [(date(2026, 3, 9), false)]);
    let both = BTreeSet::from([GEMEENTE, "0294"].map(Party::from));
    assert_eq!(sut.get(move |tx| tx.history(&both)).allocations.len(), 2);
    assert_eq!(sut.get(|tx| tx.history(&BTreeSet::new())).allocations.len(), 0);
}
