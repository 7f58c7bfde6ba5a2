//! What is stored comes back as facts.

use super::*;
use crate::contract::Stand;
use crate::contract::facts::ContractRequest;
use crate::decision::PostingSort::{Credit, Realisation, Release, Reservation};
use crate::decision::{Posting, Slot, StartKey};
use crate::finding::{Finding, Skipped};
use crate::message::{Bsn, Cents, Date, Eenheid, Frequentie, GeslotenPeriode, Omvang, Product};
use crate::message::{ReferentieAanbieder, ReferentieNummer, VerzoekAntwoord};
use crate::rules::facts::{Allocation, CareRequest, ClaimLine, Delivery, Earlier, PersonKey, RequestAnswer, Stop};
use std::time::Instant;

fn earlier(kind: &str, identificatie: &str) -> Earlier {
    Earlier { kind: kind.to_owned(), identificatie: identificatie.to_owned(), dagtekening: date(2026, 3, 9) }
}

fn allocation(nummer: Count, identificatie: &str) -> Allocation {
    Allocation {
        nummer,
        aanbieder: Party::from(AANBIEDER),
        person: PersonKey::default(),
        product: Some(Product { categorie: "02".into(), code: Some("02A03".into()) }),
        toewijzingsdatum: date(2026, 1, 2),
        toewijzingstijd: "10:00:00".to_owned(),
        ingangsdatum: date(2026, 1, 1),
        einddatum: Some(date(2026, 3, 31)),
        reden_wijziging: None,
        omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
        budget: None,
        message: earlier("WMO301", identificatie),
    }
}

fn allocated(bsn: &str, allocation: &Allocation) -> Record {
    Record::Allocation { bsn: bsn.into(), allocation: allocation.clone(), referentie: None }
}

fn line(referentie: &str, nummer: Count, granted: bool) -> ClaimLine {
    ClaimLine {
        nummer: referentie.into(),
        vorig: None,
        person: PersonKey::default(),
        toewijzing_nummer: nummer,
        categorie: "02".into(),
        code: "02A03".into(),
        periode: month(2),
        volume: 12,
        eenheid: Eenheid::Uur,
        tarief: Some(Cents(6000)),
        bedrag: Cents(72_000),
        granted,
        declaratie: "D1".into(),
    }
}

fn claimed(line: &ClaimLine) -> Record {
    Record::Prestatie { bsn: BSN.into(), line: line.clone() }
}

fn month(month: i8) -> GeslotenPeriode {
    let begindatum = date(2026, month, 1);
    GeslotenPeriode { begindatum, einddatum: begindatum.last_of_month() }
}

fn start(begindatum: Date) -> StartKey {
    StartKey { toewijzing_nummer: Some(1001), product: allocation(1001, "").product, begindatum }
}

fn person(sut: &Sut, bsn: &str) -> PersonKey {
    sut.keys.person(&bsn.into())
}

#[test]
fn an_allocation_comes_back_as_it_was() {
    let sut = Sut::new();
    let full = allocation(1001, "A1");
    let bare = Allocation {
        product: None,
        einddatum: None,
        reden_wijziging: Some("04".into()),
        omvang: None,
        budget: Some(Cents(125_000)),
        toewijzingstijd: "10:00:00.50".to_owned(),
        ..allocation(1002, "A1")
    };
    let aspecific =
        Allocation { product: Some(Product { categorie: "02".into(), code: None }), ..allocation(1003, "A1") };
    let all = [&full, &bare, &aspecific];
    sut.record(identity(wmo(Number::N301), "A1"), all.map(|version| allocated(BSN, version)).to_vec());
    let sut = sut.reopen();
    let toewijzingen = BTreeSet::from([1001, 1002, 1003, 1004]);
    let facts = sut.facts(Request { toewijzingen, ..request(wmo(Number::N305)) });
    assert_eq!(facts.persons, BTreeMap::from([(BSN.into(), person(&sut, BSN))]));
    assert_eq!(facts.known_clients, BTreeSet::from([BSN.into()]));
    let expected = all.map(|version| (version.nummer, Allocation { person: person(&sut, BSN), ..version.clone() }));
    assert_eq!(facts.allocations, BTreeMap::from(expected));
}

#[test]
fn the_latest_version_of_an_allocation_counts() {
    let version = |day, tijd: &str, volume, identificatie: &str| Allocation {
        toewijzingsdatum: date(2026, 1, day),
        toewijzingstijd: tijd.to_owned(),
        omvang: Some(Omvang { volume, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
        ..allocation(1001, identificatie)
    };
    for (name, versions, expected) in [
        ("by day, whatever came in last", [(3, "08:00:00", 1), (2, "23:00:00", 2)], 1),
        ("by time on one day", [(2, "10:00:01", 1), (2, "10:00:00.9", 2)], 1),
        ("by arrival at one moment", [(2, "10:00:00.50", 1), (2, "10:00:00.5", 2)], 2),
    ] {
        let sut = Sut::new();
        for (index, (day, tijd, volume)) in versions.into_iter().enumerate() {
            let id = format!("A{index}");
            sut.record(identity(wmo(Number::N301), &id), vec![allocated(BSN, &version(day, tijd, volume, &id))]);
        }
        let facts = sut.facts(Request { toewijzingen: [1001].into(), ..request(wmo(Number::N305)) });
        let omvang = facts.allocations[&1001].omvang.as_ref().expect("it has a volume");
        assert_eq!(omvang.volume, expected, "{name}");
    }
}

#[test]
fn allocations_are_known_within_law_and_municipality_and_clients_also_by_provider() {
    let sut = Sut::new();
    let elsewhere = Identity { gemeente: Party::from("0294"), ..identity(wmo(Number::N301), "A1") };
    sut.record(elsewhere, vec![allocated(BSN, &allocation(1001, "A1"))]);
    sut.record(identity(Kind::new(Law::Jeugdwet, Number::N301), "A2"), vec![allocated(BSN, &allocation(1001, "A2"))]);
    let ask = || Request { toewijzingen: [1001].into(), ..request(wmo(Number::N305)) };
    let facts = sut.facts(ask());
    assert!(facts.allocations.is_empty());
    assert!(facts.known_clients.is_empty());
    let other_provider = Allocation { aanbieder: Party::from("42420002"), ..allocation(1001, "A3") };
    sut.record(identity(wmo(Number::N301), "A3"), vec![allocated(BSN, &other_provider)]);
    let facts = sut.facts(ask());
    assert_eq!(facts.allocations[&1001].aanbieder, Party::from("42420002"));
    assert!(facts.known_clients.is_empty(), "sent to another provider");
    let deleted = Allocation { reden_wijziging: Some("13".into()), ..allocation(1002, "A4") };
    sut.record(identity(wmo(Number::N301), "A4"), vec![allocated(BSN, &deleted)]);
    assert_eq!(sut.facts(ask()).known_clients, BTreeSet::from([BSN.into()]), "deleted ones make a client known too");
}

#[test]
fn starts_come_back_oldest_first_until_they_are_deleted() {
    let sut = Sut::new();
    let starts = |days: &[i8]| {
        days.iter().map(|&day| Record::Start { bsn: BSN.into(), key: start(date(2026, 1, day)) }).collect()
    };
    sut.record(identity(wmo(Number::N305), "S1"), starts(&[20, 8]));
    sut.record(identity(wmo(Number::N305), "S2"), starts(&[2]));
    let task_based = StartKey { toewijzing_nummer: None, product: None, begindatum: date(2026, 1, 5) };
    sut.record(
        identity(wmo(Number::N305), "S3"),
        vec![
            Record::Start { bsn: OTHER_BSN.into(), key: start(date(2026, 1, 8)) },
            Record::Start { bsn: BSN.into(), key: task_based.clone() },
        ],
    );
    let delivery = |key: &StartKey, identificatie| Delivery {
        person: person(&sut, BSN),
        toewijzing_nummer: key.toewijzing_nummer,
        product: key.product.clone(),
        begindatum: key.begindatum,
        stop: None,
        message: earlier("WMO305", identificatie),
    };
    let (a, b) = (delivery(&start(date(2026, 1, 20)), "S1"), delivery(&start(date(2026, 1, 8)), "S1"));
    let (c, d) = (delivery(&start(date(2026, 1, 2)), "S2"), delivery(&task_based, "S3"));
    let deliveries = || sut.facts(request(wmo(Number::N305))).deliveries;
    assert_eq!(deliveries(), [a.clone(), b, c.clone(), d]);
    // A deletion and a new delivery of the same start in one message.
    sut.record(
        identity(wmo(Number::N305), "S4"),
        vec![
            Record::StartDeleted { bsn: BSN.into(), key: start(date(2026, 1, 8)) },
            Record::Start { bsn: BSN.into(), key: start(date(2026, 1, 8)) },
            Record::StartDeleted { bsn: BSN.into(), key: task_based },
        ],
    );
    assert_eq!(deliveries(), [a, c, delivery(&start(date(2026, 1, 8)), "S4")]);
    let mut other = request(wmo(Number::N305));
    other.persons = [OTHER_BSN.into()].into();
    assert_eq!(sut.facts(other).deliveries.len(), 1, "the start of another person is not touched");
}

/// A 307 with these records.
fn stopped(sut: &Sut, identificatie: &str, records: Vec<Record>) {
    sut.record(identity(wmo(Number::N307), identificatie), records);
}

fn stop(reden: &str, einddatum: Date) -> Stop {
    Stop { reden: reden.into(), einddatum }
}

fn reported(key: &StartKey, stop: Stop) -> Record {
    Record::Stop { bsn: BSN.into(), key: key.clone(), stop }
}

fn withdrawn(key: &StartKey, stop: Stop) -> Record {
    Record::StopDeleted { bsn: BSN.into(), key: key.clone(), stop }
}

/// Message, first day and end of the starts and stops of the client.
fn delivered(sut: &Sut) -> Vec<(String, Date, Option<Stop>)> {
    let deliveries = sut.facts(request(wmo(Number::N307))).deliveries;
    deliveries.into_iter().map(|each| (each.message.identificatie, each.begindatum, each.stop)).collect()
}

#[test]
fn a_stop_comes_back_as_it_was_beside_its_start() {
    let sut = Sut::new();
    let task_based = StartKey { toewijzing_nummer: None, ..start(date(2026, 1, 5)) };
    let bare = StartKey { product: None, ..task_based.clone() };
    let keys = [start(date(2026, 1, 8)), task_based, bare];
    let starts = keys.iter().map(|key| Record::Start { bsn: BSN.into(), key: key.clone() });
    sut.record(identity(wmo(Number::N305), "S1"), starts.collect());
    let end = || stop("20", date(2026, 2, 28));
    stopped(&sut, "E1", keys.iter().map(|key| reported(key, end())).collect());
    let sut = sut.reopen();
    let delivery = |key: &StartKey, kind: &str, identificatie: &str, stop| Delivery {
        person: person(&sut, BSN),
        toewijzing_nummer: key.toewijzing_nummer,
        product: key.product.clone(),
        begindatum: key.begindatum,
        stop,
        message: earlier(kind, identificatie),
    };
    let starts = keys.iter().map(|key| delivery(key, "WMO305", "S1", None));
    let stops = keys.iter().map(|key| delivery(key, "WMO307", "E1", Some(end())));
    let expected: Vec<Delivery> = starts.chain(stops).collect();
    assert_eq!(sut.facts(request(wmo(Number::N307))).deliveries, expected);
    assert_eq!(sut.facts(request(wmo(Number::N305))).deliveries, expected, "a 305 is judged with the stops too");
    let elsewhere = Request { gemeente: Party::from("0294"), ..request(wmo(Number::N307)) };
    assert_eq!(sut.facts(elsewhere).deliveries, []);
    let other_provider = Request { aanbieder: Party::from("42420002"), ..request(wmo(Number::N307)) };
    assert_eq!(sut.facts(other_provider).deliveries, []);
    assert_eq!(sut.facts(request(Kind::new(Law::Jeugdwet, Number::N307))).deliveries, []);
    let other_person = Request { persons: [OTHER_BSN.into()].into(), ..request(wmo(Number::N307)) };
    assert_eq!(sut.facts(other_person).deliveries, []);
}

#[test]
fn a_deletion_takes_the_stop_with_the_whole_key_and_nothing_else() {
    let key = start(date(2026, 1, 8));
    let (temporary, definitive) = (|| stop("20", date(2026, 2, 1)), || stop("19", date(2026, 2, 28)));
    let sent = |sut: &Sut| {
        sut.record(identity(wmo(Number::N305), "S1"), vec![Record::Start { bsn: BSN.into(), key: key.clone() }]);
        stopped(sut, "E1", vec![reported(&key, temporary())]);
        stopped(sut, "E2", vec![reported(&key, definitive())]);
    };
    let left = |name: &str, record: Record| {
        let sut = Sut::new();
        sent(&sut);
        let number = if matches!(record, Record::StartDeleted { .. }) { Number::N305 } else { Number::N307 };
        sut.record(identity(wmo(number), name), vec![record]);
        delivered(&sut).into_iter().map(|(identificatie, _, _)| identificatie).collect::<Vec<_>>()
    };
    assert_eq!(left("the temporary one", withdrawn(&key, temporary())), ["S1", "E2"]);
    assert_eq!(left("the definitive one", withdrawn(&key, definitive())), ["S1", "E1"]);
    // The rules do not let a start go that was stopped; its stops would stay.
    let start_deleted = Record::StartDeleted { bsn: BSN.into(), key: key.clone() };
    assert_eq!(left("the start", start_deleted), ["E1", "E2"]);
    for (name, record) in [
        ("another reason", withdrawn(&key, stop("36", date(2026, 2, 28)))),
        ("another end", withdrawn(&key, stop("19", date(2026, 2, 1)))),
        ("another start", withdrawn(&start(date(2026, 1, 9)), definitive())),
        ("no allocation", withdrawn(&StartKey { toewijzing_nummer: None, ..key.clone() }, definitive())),
        ("no product", withdrawn(&StartKey { product: None, ..key.clone() }, definitive())),
        ("another person", Record::StopDeleted { bsn: OTHER_BSN.into(), key: key.clone(), stop: definitive() }),
    ] {
        assert_eq!(left(name, record), ["S1", "E1", "E2"], "{name}");
    }
}

#[test]
fn a_stop_is_replaced_and_delivered_again_after_its_deletion() {
    let sut = Sut::new();
    let key = start(date(2026, 1, 8));
    let (wrong, right) = (|| stop("19", date(2026, 2, 28)), || stop("36", date(2026, 2, 28)));
    stopped(&sut, "E1", vec![reported(&key, wrong())]);
    stopped(&sut, "E2", vec![withdrawn(&key, wrong()), reported(&key, right())]);
    assert_eq!(delivered(&sut), [("E2".to_owned(), key.begindatum, Some(right()))]);
    stopped(&sut, "E3", vec![withdrawn(&key, right())]);
    assert_eq!(delivered(&sut), []);
    stopped(&sut, "E4", vec![reported(&key, wrong())]);
    assert_eq!(delivered(&sut), [("E4".to_owned(), key.begindatum, Some(wrong()))], "the key was free again");
    stopped(&sut, "E5", vec![withdrawn(&key, wrong())]);
    assert_eq!(delivered(&sut), [], "and is deleted again, the one of E1 and the one of E4");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

fn requested(referentie: &str) -> Record {
    Record::Request { bsn: BSN.into(), referentie: referentie.into(), verwijzer: None }
}

fn answered(referentie: &str, antwoord: VerzoekAntwoord) -> Record {
    Record::Answer { referentie: referentie.into(), antwoord }
}

fn honoured(referentie: &str) -> Record {
    Record::Honoured { referentie: referentie.into() }
}

fn in_gemeente(gemeente: &str, identity: Identity) -> Identity {
    Identity { gemeente: Party::from(gemeente), ..identity }
}

/// The requests with these references, as a 319 asks for them.
fn by_reference(sut: &Sut, references: &[&str]) -> BTreeMap<ReferentieAanbieder, CareRequest> {
    let verzoeken = references.iter().map(|&referentie| ReferentieAanbieder::from(referentie)).collect();
    sut.facts(Request { verzoeken, persons: BTreeSet::new(), ..request(wmo(Number::N319)) }).verzoeken
}

/// References of the requests of the client, as a 315 asks for them.
fn of_client(sut: &Sut, request: Request) -> Vec<String> {
    let verzoeken = sut.facts(Request { all_verzoeken: true, ..request }).verzoeken_of_client;
    verzoeken.into_iter().map(|verzoek| verzoek.referentie.as_str().to_owned()).collect()
}

#[test]
fn a_request_comes_back_by_its_reference_from_any_municipality() {
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R1"), requested("R2")]);
    sut.record(in_gemeente("0294", identity(wmo(Number::N317), "V2")), vec![requested("R3")]);
    let other_law = Kind::new(Law::Jeugdwet, Number::N315);
    sut.record(identity(other_law, "V3"), vec![requested("R4")]);
    let other_provider = Identity { aanbieder: Party::from("42420002"), ..identity(wmo(Number::N315), "V4") };
    sut.record(other_provider, vec![requested("R1"), requested("R5")]);
    let sut = sut.reopen();
    let verzoek = |referentie: &str, gemeente: &str, message| CareRequest {
        referentie: referentie.into(),
        gemeente: Party::from(gemeente),
        person: person(&sut, BSN),
        message,
        answers: Vec::new(),
        honoured_by: None,
    };
    let expected = [
        verzoek("R1", GEMEENTE, earlier("WMO315", "V1")),
        verzoek("R2", GEMEENTE, earlier("WMO315", "V1")),
        verzoek("R3", "0294", earlier("WMO317", "V2")),
    ];
    let expected = expected.map(|verzoek| (verzoek.referentie.clone(), verzoek));
    assert_eq!(by_reference(&sut, &["R1", "R2", "R3", "R4", "R5", "R9"]), BTreeMap::from(expected));
    assert_eq!(by_reference(&sut, &[]), BTreeMap::new());
}

#[test]
fn the_requests_of_a_client_come_back_oldest_first_within_the_pair() {
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R9"), requested("R1")]);
    sut.record(in_gemeente("0294", identity(wmo(Number::N315), "V2")), vec![requested("R2")]);
    let of_other = Record::Request { bsn: OTHER_BSN.into(), referentie: "R3".into(), verwijzer: None };
    sut.record(identity(wmo(Number::N317), "V3"), vec![of_other]);
    let other_provider = Identity { aanbieder: Party::from("42420002"), ..identity(wmo(Number::N315), "V4") };
    sut.record(other_provider, vec![requested("R4")]);
    sut.record(identity(Kind::new(Law::Jeugdwet, Number::N315), "V5"), vec![requested("R5")]);
    sut.record(identity(wmo(Number::N317), "V6"), vec![requested("R0")]);
    let ask = || request(wmo(Number::N315));
    assert_eq!(of_client(&sut, ask()), ["R9", "R1", "R0"]);
    assert_eq!(of_client(&sut, Request { gemeente: Party::from("0294"), ..ask() }), ["R2"]);
    assert_eq!(of_client(&sut, Request { persons: [OTHER_BSN.into()].into(), ..ask() }), ["R3"]);
    assert_eq!(sut.facts(ask()).verzoeken_of_client, [], "only when they are asked for");
}

#[test]
fn answers_come_back_in_the_order_in_which_they_came() {
    use VerzoekAntwoord::{Afgewezen, InOnderzoek};
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R1"), requested("R2")]);
    let of = |id: &str, antwoord| RequestAnswer { antwoord, message: earlier("WMO319", id) };
    let answers = |referentie: &str| by_reference(&sut, &["R1", "R2"])[&referentie.into()].answers.clone();
    // By arrival, not by identification.
    for (id, referentie, antwoord) in [("A9", "R1", InOnderzoek), ("A5", "R2", InOnderzoek), ("A1", "R1", Afgewezen)] {
        sut.record(identity(wmo(Number::N319), id), vec![answered(referentie, antwoord)]);
    }
    assert_eq!(answers("R1"), [of("A9", InOnderzoek), of("A1", Afgewezen)]);
    assert_eq!(answers("R2"), [of("A5", InOnderzoek)]);
    let other_provider = Identity { aanbieder: Party::from("42420002"), ..identity(wmo(Number::N319), "A7") };
    sut.record(other_provider, vec![answered("R2", Afgewezen)]);
    sut.record(identity(Kind::new(Law::Jeugdwet, Number::N319), "A8"), vec![answered("R2", Afgewezen)]);
    assert_eq!(answers("R2").len(), 1, "the same reference of another provider or law is another request");
    let ask = Request { all_verzoeken: true, ..request(wmo(Number::N315)) };
    let pending = sut.facts(ask).verzoeken_of_client.iter().map(CareRequest::is_pending).collect::<Vec<_>>();
    assert_eq!(pending, [false, true], "the client's requests come with their answers too");
}

#[test]
fn a_request_is_honoured_by_the_first_allocation_of_its_own_municipality() {
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R1"), requested("R2")]);
    let honoured_by = |referentie: &str| by_reference(&sut, &["R1", "R2"])[&referentie.into()].honoured_by.clone();
    sut.record(in_gemeente("0294", identity(wmo(Number::N301), "T0")), vec![honoured("R1")]);
    assert_eq!(honoured_by("R1"), None, "another municipality grants nothing here");
    sut.record(identity(Kind::new(Law::Jeugdwet, Number::N301), "T1"), vec![honoured("R1")]);
    let other_provider = Identity { aanbieder: Party::from("42420002"), ..identity(wmo(Number::N301), "T2") };
    sut.record(other_provider, vec![honoured("R1")]);
    assert_eq!(honoured_by("R1"), None, "nor does another law, or an allocation to another provider");
    sut.record(identity(wmo(Number::N301), "T3"), vec![allocated(BSN, &allocation(1001, "T3")), honoured("R1")]);
    sut.record(identity(wmo(Number::N301), "T4"), vec![honoured("R1")]);
    assert_eq!(honoured_by("R1"), Some(earlier("WMO301", "T3")), "the first one stays");
    assert_eq!(honoured_by("R2"), None);
    let sut = sut.reopen();
    let ask = Request { all_verzoeken: true, ..request(wmo(Number::N317)) };
    let pending = sut.facts(ask).verzoeken_of_client.iter().map(CareRequest::is_pending).collect::<Vec<_>>();
    assert_eq!(pending, [false, true]);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn what_does_not_count_as_sent_leaves_no_stop_request_or_answer() {
    let sut = Sut::new();
    for verdict in [Verdict::Rejected, Verdict::Parked, Verdict::Held] {
        for number in [Number::N301, Number::N307, Number::N315, Number::N319] {
            let id = format!("{verdict}-{}", number.as_str());
            sut.store(inbox(&id), Decision { verdict, ..accepted(identity(wmo(number), &id)) });
        }
    }
    assert_eq!(delivered(&sut), []);
    assert_eq!(of_client(&sut, request(wmo(Number::N315))), Vec::<String>::new());
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R1")]);
    let verzoek = &by_reference(&sut, &["R1"])[&"R1".into()];
    assert!(verzoek.is_pending() && verzoek.answers.is_empty());
}

#[test]
fn a_reference_can_be_requested_once() {
    let sut = Sut::new();
    sut.record(identity(wmo(Number::N315), "V1"), vec![requested("R1")]);
    let again =
        |kind| Decision { records: vec![requested("R1")], ..accepted(in_gemeente("0294", identity(kind, "V2"))) };
    let (here, other_law) = (again(wmo(Number::N317)), again(Kind::new(Law::Jeugdwet, Number::N317)));
    let refused = sut.run(move |tx| tx.store(&inbox("V2"), &here));
    assert!(matches!(refused, Err(LedgerError::Conflict(_))), "{refused:?}");
    sut.store(inbox("V2"), other_law);
}

#[test]
fn declarations_and_lines_come_back() {
    let sut = Sut::new();
    let declaratie = |nummer: &str, month_number| Record::Declaratie {
        nummer: nummer.into(),
        periode: month(month_number),
        ingediend: Cents(144_000),
        toegekend: Cents(72_000),
    };
    let granted = line("P1", 1001, true);
    let refused = ClaimLine { tarief: None, eenheid: Eenheid::Euro, ..line("P2", 1001, false) };
    let credit = ClaimLine { vorig: Some("P1".into()), bedrag: Cents(-72_000), ..line("P3", 1001, true) };
    sut.record(
        identity(wmo(Number::N323), "D1"),
        vec![declaratie("D1", 2), claimed(&granted), claimed(&refused), claimed(&credit)],
    );
    sut.record(identity(wmo(Number::N323), "D2"), vec![declaratie("D2", 1)]);
    let facts = sut.facts(Request {
        declaratie: Some("D1".into()),
        toewijzingen: [1001].into(),
        referenties: ["P1", "P2", "P3", "P9"].map(ReferentieNummer::from).into(),
        ..request(wmo(Number::N323))
    });
    assert_eq!(facts.declaratie_used, Some(earlier("WMO323", "D1")));
    assert_eq!(facts.latest_declaratie_periode, Some(date(2026, 2, 1)), "the latest period, not the last message");
    let [granted, refused, credit] =
        [granted, refused, credit].map(|line| ClaimLine { person: person(&sut, BSN), ..line });
    assert_eq!(facts.granted, BTreeMap::from([(1001, vec![granted.clone(), credit.clone()])]));
    assert_eq!(facts.lines, BTreeMap::from([("P1".into(), granted), ("P2".into(), refused), ("P3".into(), credit)]));
    // Another municipality: the numbers of the provider are used there too, the allocations are others.
    let elsewhere = Party::from("0294");
    let facts = sut.facts(Request {
        gemeente: elsewhere.clone(),
        declaratie: Some("D1".into()),
        toewijzingen: [1001].into(),
        referenties: [ReferentieNummer::from("P1")].into(),
        ..request(wmo(Number::N323))
    });
    assert!(facts.declaratie_used.is_some());
    assert_eq!(facts.lines.len(), 1);
    assert_eq!((facts.granted.len(), facts.latest_declaratie_periode), (0, None));
}

#[test]
fn a_reference_number_can_be_granted_once() {
    let sut = Sut::new();
    let (first, second) = (line("P1", 1001, false), ClaimLine { volume: 13, ..line("P1", 1002, false) });
    let ask = || Request { referenties: [ReferentieNummer::from("P1")].into(), ..request(wmo(Number::N323)) };
    sut.record(identity(wmo(Number::N323), "D1"), vec![claimed(&first), claimed(&second)]);
    assert_eq!(sut.facts(ask()).lines[&"P1".into()].volume, 12, "the first of two that were refused");
    let granted = ClaimLine { granted: true, ..second };
    sut.record(identity(wmo(Number::N323), "D2"), vec![claimed(&granted)]);
    assert_eq!(sut.facts(ask()).lines[&"P1".into()].volume, 13, "the one that was granted");
    sut.record(identity(wmo(Number::N323), "D3"), vec![claimed(&first)]);
    assert_eq!(sut.facts(ask()).lines[&"P1".into()].volume, 13, "and it stays");
    let decision = Decision { records: vec![claimed(&granted)], ..accepted(identity(wmo(Number::N323), "D4")) };
    let refused = sut.run(move |tx| tx.store(&inbox("D4"), &decision));
    assert!(matches!(refused, Err(LedgerError::Conflict(_))), "{refused:?}");
}

#[test]
fn an_identification_is_used_once_unless_the_message_did_not_count() {
    let sut = Sut::new();
    let ask = |kind| sut.facts(Request { identificatie: "I1".into(), ..request(kind) }).identification_used;
    let decide = |verdict| Decision { verdict, ..accepted(identity(wmo(Number::N305), "I1")) };
    assert_eq!(ask(wmo(Number::N305)), None);
    sut.store(inbox("rejected"), decide(Verdict::Rejected));
    sut.store(inbox("parked"), decide(Verdict::Parked));
    assert_eq!(ask(wmo(Number::N305)), None, "they count as not sent");
    sut.store(inbox("accepted"), decide(Verdict::Accepted));
    assert_eq!(ask(wmo(Number::N305)), Some(earlier("WMO305", "I1")));
    assert_eq!(ask(wmo(Number::N307)), None, "another code of message");
    assert_eq!(ask(Kind::new(Law::Jeugdwet, Number::N305)), None, "another law");
    sut.store(inbox("rejected too"), decide(Verdict::Rejected));
    let again = decide(Verdict::Accepted);
    let refused = sut.run(move |tx| tx.store(&inbox("accepted too"), &again));
    assert!(matches!(refused, Err(LedgerError::Conflict(_))), "{refused:?}");
}

#[test]
fn return_messages_may_repeat_the_identification_of_what_they_answer() {
    let sut = Sut::new();
    for id in ["one", "two"] {
        sut.store(inbox(id), accepted(identity(wmo(Number::N302), "I1")));
    }
    assert_eq!(sut.get(|tx| tx.messages(&Filter::default())).len(), 2);
}

#[test]
fn a_repeat_of_a_delivery_adds_nothing_and_gives_the_first_verdict() {
    let sut = Sut::new();
    let decision = Decision {
        verdict: Verdict::Rejected,
        outgoing: vec![outgoing(Purpose::Reply, AANBIEDER, "reply")],
        ..accepted(identity(wmo(Number::N305), "I1"))
    };
    let first = sut.store(inbox("x"), decision.clone());
    assert!(!first.sent_before);
    let again = sut.store(inbox("x"), Decision { verdict: Verdict::Accepted, ..decision.clone() });
    assert_eq!(again, Stored { sent_before: true, ..first.clone() });
    let digest = inbox("x").digest;
    let ask = |id: &'static str, digest| sut.get(move |tx| tx.repeat_of("directory", id, &digest));
    assert_eq!(ask("x", digest), Some(again));
    assert_eq!(ask("x", [0; 32]), None, "the same id with other bytes is another message");
    assert_eq!(ask("y", digest), None);
    let other_bytes = Inbox { digest: [0; 32], ..inbox("x") };
    assert!(!sut.store(other_bytes, decision).sent_before);
    assert_eq!(sut.get(|tx| tx.messages(&Filter::default())).len(), 2);
    assert_eq!(sut.get(|tx| tx.due(at(1), 10)).len(), 2);
    assert_eq!(sut.get(|tx| tx.counts(at(1))).messages.values().sum::<u64>(), 2);
}

#[test]
fn postings_add_up_to_budgets_and_contract_facts() {
    let sut = Sut::new();
    let slot = |agreement: &str| Slot { account: Some(account("wonen")), agreements: [agreement.to_owned()].into() };
    let posting = |agreement: &str, sort, cents, nummer| {
        Record::Posting(Posting {
            slot: slot(agreement),
            sort,
            cents: Cents(cents),
            toewijzing_nummer: Some(nummer),
            referentie: None,
            on: date(2026, 2, 1),
            late: false,
        })
    };
    sut.record(
        identity(wmo(Number::N301), "A1"),
        vec![posting("G1", Reservation, 100_000, 1001), posting("G2", Reservation, 5_000, 1001)],
    );
    sut.record(
        identity(wmo(Number::N323), "D1"),
        vec![
            posting("G1", Realisation, 30_000, 1001),
            posting("G1", Release, -30_000, 1001),
            posting("G1", Credit, -10_000, 1001),
            posting("G1", Release, 10_000, 1001),
            posting("G1", Reservation, 700, 1002),
        ],
    );
    // The same number in another municipality is another allocation, though of the same agreement.
    let elsewhere = Identity { gemeente: Party::from("0294"), ..identity(wmo(Number::N301), "A2") };
    sut.record(elsewhere, vec![posting("G1", Reservation, 1, 1001)]);
    let budget = |agreement: &str, consumption, realised| Budget {
        agreement: agreement.to_owned(),
        consumption: Cents(consumption),
        realised: Cents(realised),
    };
    assert_eq!(sut.get(|tx| tx.budgets()), [budget("G1", 100_701, 20_000), budget("G2", 5_000, 0)]);
    let request = ContractRequest {
        person: None,
        agreements: ["G1", "G9"].map(str::to_owned).into(),
        toewijzingen: [1001].into(),
    };
    let facts = sut.get(move |tx| tx.contract_facts(Law::Wmo, &Party::from(GEMEENTE), &request));
    // G2 was not asked for, and holds money of the allocation.
    let consumption = [("G1", 100_701), ("G2", 5_000), ("G9", 0)].map(|(id, cents)| (id.to_owned(), Cents(cents)));
    assert_eq!(facts.consumption, BTreeMap::from(consumption));
    let stand = |open, realised| Stand { open: Cents(open), realised: Cents(realised) };
    let expected = [(slot("G1"), stand(80_000, 20_000)), (slot("G2"), stand(5_000, 0))];
    assert_eq!(facts.stands, BTreeMap::from([(1001, BTreeMap::from(expected))]));
    let accounts = sut.get(|tx| tx.accounts());
    let [balance] = accounts.as_slice() else { panic!("one account: {accounts:?}") };
    assert_eq!(balance.account, account("wonen"));
    let figures = (balance.reserved.0, balance.open.0, balance.realised.0, balance.consumption().0);
    assert_eq!(figures, (105_701, 85_701, 20_000, 105_701));
    assert_eq!(sut.get(|tx| tx.postings()).len(), 8);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

fn sample_register() -> crate::contract::Register {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    crate::contract::load(&folder).expect("the sample register has no fault")
}

/// What was reserved per agreement before there were accounts moves to its account with the first daily work.
#[test]
fn a_reservation_of_before_moves_to_its_account() {
    const POT: &str = "FICTIEF-WIO-0197-2026";
    let sut = Sut::new();
    // Four hours a week at 60.00; 2026 touches 53 weeks, and broken ones count in full.
    let allocation = Allocation {
        product: Some(Product { categorie: "02".into(), code: Some("02A03".into()) }),
        ingangsdatum: date(2026, 1, 1),
        einddatum: Some(date(2026, 12, 31)),
        omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
        budget: None,
        ..allocation(1001, "A1")
    };
    let before = Posting {
        slot: Slot { account: None, agreements: [POT.to_owned()].into() },
        sort: Reservation,
        cents: Cents(1_262_400),
        toewijzing_nummer: Some(1001),
        referentie: None,
        on: date(2026, 1, 1),
        late: false,
    };
    sut.record(identity(wmo(Number::N301), "A1"), vec![allocated(BSN, &allocation), Record::Posting(before)]);
    let work = || sut.get(|tx| tx.settle_leftovers(&sample_register(), date(2026, 7, 1), at(0)));
    assert_eq!(work(), 2, "released there, reserved here");
    assert_eq!(work(), 0, "done once");
    let accounts = sut.get(|tx| tx.accounts());
    let [balance] = accounts.as_slice() else { panic!("one account: {accounts:?}") };
    assert_eq!(balance.account.segment, "wmo-integrale-ondersteuning");
    let budgets = sut.get(|tx| tx.budgets());
    assert_eq!(budgets[0].consumption, balance.open, "the agreement follows the account");
    assert_eq!(balance.open, Cents(53 * 24_000));
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    // After the claims of the year nothing is waited for any more.
    let mut register = sample_register();
    register.region.norms.numbers.set(&crate::contract::norms::CLAIM_LAG_MONTHS, 3.into());
    let close = move |today| {
        sut.get({
            let register = register.clone();
            move |tx| {
                tx.settle_leftovers(&register, today, at(1))?;
                Ok((tx.accounts()?[0].open, tx.check_integrity()?))
            }
        })
    };
    assert_eq!(close(date(2027, 3, 31)), (Cents(53 * 24_000), Vec::new()));
    assert_eq!(close(date(2027, 4, 1)), (Cents(0), Vec::new()));
}

#[test]
fn the_contract_layer_sees_the_standing_allocations_of_a_person_at_any_provider() {
    let sut = Sut::new();
    let elsewhere =
        Allocation { aanbieder: Party::from("42420002"), ingangsdatum: date(2025, 12, 1), ..allocation(1003, "A1") };
    sut.record(
        identity(wmo(Number::N301), "A1"),
        vec![
            allocated(BSN, &allocation(1002, "A1")),
            allocated(BSN, &allocation(1001, "A1")),
            allocated(BSN, &elsewhere),
            allocated(BSN, &allocation(1004, "A1")),
            allocated(OTHER_BSN, &allocation(1005, "A1")),
        ],
    );
    let deleted =
        Allocation { reden_wijziging: Some("13".into()), toewijzingsdatum: date(2026, 1, 3), ..allocation(1004, "A2") };
    sut.record(identity(wmo(Number::N301), "A2"), vec![allocated(BSN, &deleted)]);
    let request = ContractRequest { person: Some(BSN.into()), ..ContractRequest::default() };
    let facts = sut.get(move |tx| tx.contract_facts(Law::Wmo, &Party::from(GEMEENTE), &request));
    let numbers: Vec<Count> = facts.allocations.iter().map(|allocation| allocation.nummer).collect();
    assert_eq!(numbers, [1003, 1001, 1002], "by first day, then number; without the deleted one");
}

#[test]
fn messages_are_listed_with_what_was_decided() {
    let sut = Sut::new();
    let finding = Finding {
        rule: "TR056".to_owned(),
        code: Some("9056".to_owned()),
        class: "Header".to_owned(),
        path: "/Bericht/Header".to_owned(),
        line: 3,
        column: 5,
        nl: "Gebruikt.".to_owned(),
        en: "Used.".to_owned(),
        facts: BTreeMap::from([("x".to_owned(), 1.into())]),
    };
    let skipped = Skipped { rule: "TR369".to_owned(), needs: "contract".to_owned() };
    let decision = Decision {
        verdict: Verdict::Rejected,
        level: 3,
        findings: vec![finding.clone(), finding.clone()],
        skipped: vec![skipped.clone()],
        ..accepted(identity(wmo(Number::N305), "I1"))
    };
    let stored = sut.store(inbox("x"), decision);
    let unreadable = Decision {
        kind: None,
        identity: None,
        level: 1,
        verdict: Verdict::Rejected,
        ..accepted(identity(wmo(Number::N305), ""))
    };
    sut.store(inbox("y"), unreadable);
    let list = |filter: Filter| sut.get(move |tx| tx.messages(&filter));
    let entries = list(Filter { transport_id: Some("x".to_owned()), ..Filter::default() });
    let [entry] = entries.as_slice() else { panic!("one message: {entries:?}") };
    assert_eq!(entry.message_id, stored.message_id);
    assert_eq!((entry.kind, entry.level, entry.received_at), (Some(wmo(Number::N305)), 3, at(0)));
    assert_eq!(entry.findings, [finding.clone(), finding]);
    assert_eq!(entry.skipped, [skipped]);
    assert_eq!(entry.codes(), BTreeSet::from(["9056"]));
    assert_eq!(entry.identificatie.as_deref(), Some("I1"));
    let count = |filter| list(filter).len();
    assert_eq!(count(Filter::default()), 2);
    assert_eq!(count(Filter { kind: Some(wmo(Number::N305)), ..Filter::default() }), 1);
    assert_eq!(count(Filter { verdict: Some(Verdict::Accepted), ..Filter::default() }), 0);
    assert_eq!(count(Filter { identificatie: Some("I1".to_owned()), ..Filter::default() }), 1);
    assert_eq!(count(Filter { after: Some(stored.message_id), ..Filter::default() }), 1);
    assert_eq!(count(Filter { limit: Some(1), ..Filter::default() }), 1);
    assert_eq!(sut.get(move |tx| tx.inbox(stored.message_id)), Some(inbox("x")));
    assert_eq!(sut.get(|tx| tx.inbox(99)), None);
}

#[test]
fn a_held_message_is_decided_on_once_more_and_then_for_good() {
    let sut = Sut::new();
    let held = Decision {
        verdict: Verdict::Held,
        signals: vec![signal("s1", 1001)],
        outgoing: vec![outgoing(Purpose::Signal, GEMEENTE, "s1")],
        ..accepted(identity(wmo(Number::N301), "A1"))
    };
    let stored = sut.store(inbox("x"), held.clone());
    let message_id = stored.message_id;
    let ask = || Request { identificatie: "A1".into(), toewijzingen: [1001].into(), ..request(wmo(Number::N301)) };
    assert!(sut.facts(ask()).identification_used.is_some(), "for others it is used");
    assert_eq!(sut.get(move |tx| tx.facts_again(&ask(), message_id)).identification_used, None);
    let release = Decision {
        verdict: Verdict::Accepted,
        records: vec![allocated(BSN, &allocation(1001, "A1"))],
        outgoing: vec![outgoing(Purpose::Signal, GEMEENTE, "s1"), outgoing(Purpose::Forward, AANBIEDER, "301")],
        ..held
    };
    let decide = |decision: &Decision| {
        let decision = decision.clone();
        sut.run(move |tx| tx.store_again(message_id, &decision, at(100), "court order"))
    };
    let released = decide(&release).expect("a held message can be released");
    assert_eq!(released, Stored { message_id, verdict: Verdict::Accepted, sent_before: true });
    assert_eq!(sut.facts(ask()).allocations.len(), 1);
    let bodies: Vec<Vec<u8>> = sut.get(|tx| tx.due(at(200), 10)).into_iter().map(|row| row.body).collect();
    assert_eq!(bodies, [b"s1".to_vec(), b"301".to_vec()], "the signal is not sent again");
    let counts = sut.get(|tx| tx.counts(at(200)));
    assert_eq!(counts.held, Waiting::default());
    assert_eq!(counts.messages[&(Some(wmo(Number::N301)), Verdict::Accepted)], 1);
    assert_eq!(sut.get(|tx| tx.messages(&Filter::default()))[0].verdict, Verdict::Accepted);
    assert!(matches!(decide(&release), Err(LedgerError::Conflict(_))), "it is decided on for good");
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    let event: Option<(String, String)> = sut.get(|tx| {
        tx.first("SELECT event, json_extract(content, '$.reason') FROM audit WHERE id = 2", [], |cells| {
            Ok((cells.get()?, cells.get()?))
        })
    });
    assert_eq!(event, Some(("decided again".to_owned(), "court order".to_owned())));
}

#[test]
fn a_withdrawn_or_unreadable_message_frees_its_identification() {
    let sut = Sut::new();
    let decide = |verdict| Decision { verdict, ..accepted(identity(wmo(Number::N301), "A1")) };
    let held = sut.store(inbox("x"), decide(Verdict::Held)).message_id;
    let withdrawn = decide(Verdict::Rejected);
    sut.get(move |tx| tx.store_again(held, &withdrawn, at(1), "withdrawn"));
    // Parked as unreadable, and readable by a later version, as the same identification.
    let unreadable = Decision { identity: None, level: 1, ..decide(Verdict::Parked) };
    let parked = sut.store(inbox("y"), unreadable).message_id;
    let read = decide(Verdict::Accepted);
    sut.get(move |tx| tx.store_again(parked, &read, at(2), "new version"));
    let again = sut.store(inbox("z"), decide(Verdict::Parked)).message_id;
    let twice = decide(Verdict::Accepted);
    let refused = sut.run(move |tx| tx.store_again(again, &twice, at(3), "replay"));
    assert!(matches!(refused, Err(LedgerError::Conflict(_))), "{refused:?}");
    assert_eq!(sut.get(|tx| tx.counts(at(3))).parked.count, 1);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
}

#[test]
fn decisions_that_contradict_themselves_are_refused() {
    let sut = Sut::new();
    let base = || accepted(identity(wmo(Number::N301), "I1"));
    let records = || vec![allocated(BSN, &allocation(1001, "I1"))];
    for (name, decision) in [
        ("records of a rejected message", Decision { verdict: Verdict::Rejected, records: records(), ..base() }),
        ("records of a held message", Decision { verdict: Verdict::Held, records: records(), ..base() }),
        ("accepted from nobody", Decision { identity: None, ..base() }),
        (
            "fewer signals leave than there are",
            Decision {
                signals: vec![signal("a", 1), signal("b", 2)],
                outgoing: vec![outgoing(Purpose::Signal, GEMEENTE, "a")],
                ..base()
            },
        ),
    ] {
        let refused = sut.run(move |tx| tx.store(&inbox("x"), &decision));
        assert!(matches!(refused, Err(LedgerError::Unfit(_))), "{name}: {refused:?}");
    }
    assert!(sut.get(|tx| tx.messages(&Filter::default())).is_empty());
}

#[test]
fn facts_for_a_declaration_of_thirty_thousand_lines_load_quickly() {
    const LINES: u64 = 30_000;
    let sut = Sut::new();
    let client = |number: u64| Bsn(format!("{:09}", 100_000_000 + number / 10));
    let nummer = |number: u64| 10_000 + number / 10;
    let allocations = (0..LINES)
        .step_by(10)
        .map(|number| Record::Allocation {
            bsn: client(number),
            allocation: allocation(nummer(number), "A1"),
            referentie: None,
        })
        .collect();
    sut.record(identity(wmo(Number::N301), "A1"), allocations);
    let lines = (0..LINES)
        .map(|number| Record::Prestatie {
            bsn: client(number),
            line: line(&format!("P{number}"), nummer(number), true),
        })
        .collect();
    let stored = Instant::now();
    sut.record(identity(wmo(Number::N323), "D1"), lines);
    println!("{LINES} lines stored in {:?}", stored.elapsed());
    let request = Request {
        persons: (0..LINES).map(client).collect(),
        toewijzingen: (0..LINES).map(nummer).collect(),
        declaratie: Some("D2".into()),
        // Half of them known, half new, as when credits are among them.
        referenties: (LINES / 2..LINES + LINES / 2).map(|number| ReferentieNummer(format!("P{number}"))).collect(),
        ..request(wmo(Number::N323))
    };
    let loading = Instant::now();
    let facts = sut.facts(request);
    let took = loading.elapsed();
    println!("facts for {LINES} lines loaded in {took:?}");
    assert_eq!(facts.known_clients.len(), 3_000);
    assert_eq!(facts.allocations.len(), 3_000);
    assert_eq!(facts.lines.len(), 15_000);
    assert_eq!(facts.granted.values().map(Vec::len).sum::<usize>(), 30_000);
    assert!(took.as_secs() < 2, "{took:?}");
}
