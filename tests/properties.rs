//! What holds for every message: reading undoes writing, judging twice gives the same, one mutation breaks one rule, and
//! nothing that comes in makes the program panic.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "an Index is passed as the strategies give it")]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

#[path = "properties/generators.rs"]
mod generators;
#[path = "properties/requests.rs"]
mod requests;
#[path = "golden/support.rs"]
mod support;

use generators::any_message;
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use sluis::contract::{Policies, Register};
use sluis::demo::compose::{Allocate, Person, omvang};
use sluis::ledger::{Inbox, Keys, Ledger, Location, Settings};
use sluis::message::types::{Achternaam, Communicatie, Geboortedatum};
use sluis::message::{
    Bsn, Cents, Contact, Count, Date, DebetCredit, Eenheid, Frequentie, Identificatie, Kind, Law, Message, Number,
    Party, Personal, Product, Relatie, StatusAanlevering, ToegewezenProduct, ToewijzingClient,
};
use sluis::pipeline::{self, Context, Judged};
use sluis::rules::{self, Check, UnknownQuestion};
use sluis::schema::{self, Limits};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use support::{
    DAY, FEBRUARY, JANUARY, Sample, Xml, check_totals, client_301, client_323, credit, declaratie_323, line_323,
    product_301, region, retotal, starts_305, with,
};

/// A ledger in memory and the sample register: everything that judging needs.
struct Bench {
    ledger: Ledger,
    register: Register,
    policies: Policies,
}

impl Bench {
    fn new() -> Bench {
        Bench {
            ledger: Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 })
                .expect("a ledger in memory opens"),
            register: sluis::contract::load(&region()).expect("the sample register has no fault"),
            policies: Policies::default(),
        }
    }

    fn judge(&self, bytes: &[u8], today: Option<Date>) -> Judged {
        let prepared = pipeline::prepare(bytes.into(), &Limits::default());
        let reply_id = pipeline::reply_identification(&prepared.digest, "1");
        let message = prepared.reading.as_ref().ok().map(|readable| &readable.message);
        let own_day = message.map(|message| message.header.identificatie.dagtekening);
        let context = Context {
            now: Timestamp::UNIX_EPOCH,
            today: today.or(own_day).unwrap_or(DAY),
            gateway: "properties",
            reply_id: &reply_id,
            register: Some(&self.register),
            policies: &self.policies,
            unknown_question: UnknownQuestion::Refuse,
        };
        match &prepared.reading {
            Err(unreadable) => pipeline::refuse(context, unreadable),
            Ok(readable) => {
                let (request, contract) = pipeline::requests(&readable.message, context.register);
                let (law, gemeente) = (readable.message.kind.law, readable.message.gemeente().clone());
                let (facts, contract_facts) = self
                    .ledger
                    .run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract)?)))
                    .expect("facts can be read");
                pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts)
            }
        }
    }

    /// Judges and stores a message that the tests stand on.
    fn given(&self, message: &Message) {
        let bytes = message.write();
        let judged = self.judge(&bytes, None);
        assert!(judged.decision.findings.is_empty(), "{:#?}", judged.decision.findings);
        let id = format!("{}-{}", message.kind, message.header.identificatie.identificatie);
        let inbox = Inbox::new("properties", id, Timestamp::UNIX_EPOCH, bytes);
        self.ledger.run_blocking(move |tx| tx.store(&inbox, &judged.decision)).expect("a decision can be stored");
    }
}

const A: Count = 1;
const B: Count = 2;
const GIVEN: &str = "G1";

fn anna() -> Person {
    Person::nth(1)
}

fn bram() -> Person {
    Person::nth(2)
}

/// An allocation of each client, a start and a granted claim on the first; and clients with stops, requests and answers.
fn bench(sample: &Sample) -> Bench {
    let bench = Bench::new();
    let second = Allocate { product: sample.other(), ..sample.weekly(B) };
    bench.given(&sample.toewijzing("G1", &anna(), &[sample.weekly(A), second]));
    bench.given(&sample.toewijzing("G2", &bram(), &[sample.weekly(3)]));
    bench.given(&sample.start("G1", &anna(), &[(&sample.weekly(A), date(2026, 1, 8))]));
    let claim = sample.claim(GIVEN, A, JANUARY, 10);
    bench.given(&sample.declaratie("G1", "G1", JANUARY, &[(&anna(), vec![claim])]));
    requests::put_on(&bench, sample);
    bench
}

fn good_301(sample: &Sample) -> Message {
    sample.toewijzing("T1", &anna(), &[sample.weekly(11), Allocate { product: sample.other(), ..sample.weekly(12) }])
}

fn good_305(sample: &Sample) -> Message {
    let second = Allocate { product: sample.other(), ..sample.weekly(B) };
    sample.start("S1", &anna(), &[(&second, date(2026, 1, 8))])
}

fn good_323(sample: &Sample) -> Message {
    sample.declaratie(
        "D1",
        "N1",
        FEBRUARY,
        &[
            (&anna(), vec![sample.claim("P1", A, FEBRUARY, 12)]),
            (&bram(), vec![sample.claim("P2", 3, FEBRUARY, 15), sample.claim("P3", 3, JANUARY, 15)]),
        ],
    )
}

type Mutation = (&'static str, fn(&Sample) -> Message, fn(&mut Message), &'static [&'static str]);

/// One thing changed in a good message, and the rules that this breaks, by the catalogue.
const MUTATIONS: &[Mutation] = &[
    ("nothing in a 301", good_301, |_| {}, &[]),
    ("nothing in a 305", good_305, |_| {}, &[]),
    ("nothing in a 323", good_323, |_| {}, &[]),
    ("born 121 years ago", good_305, |m| born(m, date(1905, 3, 9)), &["TR002"]),
    ("born 120 years ago to the day", good_301, |m| client_301(m).geboortedatum.datum = date(1906, 3, 10), &[]),
    ("born tomorrow", good_301, |m| client_301(m).geboortedatum.datum = date(2026, 3, 11), &["TR134"]),
    ("a number that fails the eleven test", good_301, |m| client_301(m).bsn = Bsn::from("999900007"), &["CS002"]),
    ("no way to reach the client", good_301, |m| client_301(m).contacten[0] = bare_contact(m), &["CD034", "TR006"]),
    ("only a temporary address", good_301, |m| client_301(m).contacten[0].soort = "04".into(), &["TR061"]),
    ("a country without postcode", good_301, |m| adres(m).postcode = None, &["CD005", "CD034"]),
    ("a postcode with a space", good_301, |m| adres(m).postcode = Some("9999 XX".into()), &["CS089"]),
    ("no house in the Netherlands", good_301, |m| adres(m).huis = None, &["CD025"]),
    (
        "two allocations of one product in one period",
        good_301,
        |m| {
            let product = product_301(m, 0).product.clone();
            product_301(m, 1).product = product;
        },
        &["TR302"],
    ),
    ("one number twice", good_301, |m| product_301(m, 1).toewijzing_nummer = 11, &["TR101"]),
    ("an end before the begin", good_301, |m| product_301(m, 0).einddatum = Some(date(2025, 12, 31)), &["CS003"]),
    ("budget and volume", good_301, |m| product_301(m, 0).budget = Some(Cents(1)), &["CD077", "CD078"]),
    ("a code without volume", good_301, |m| product_301(m, 0).omvang = None, &["CD041"]),
    (
        "volume without a code",
        good_301,
        |m| product_301(m, 0).product.as_mut().expect("one").code = None,
        &["CD080", "TR302"],
    ),
    (
        "per day in etmalen",
        good_301,
        |m| {
            product_301(m, 0).omvang = Some(omvang(1, Eenheid::Etmaal, Frequentie::PerDag));
        },
        &["CS338"],
    ),
    ("deleted, but not of one day", good_301, |m| product_301(m, 0).reden_wijziging = Some("13".into()), &["CS335"]),
    ("a reason of old", good_301, |m| product_301(m, 0).reden_wijziging = Some("01".into()), &["CS336"]),
    (
        "a language without a form that asks for one",
        good_301,
        |m| {
            client_301(m).communicatie = Some(Communicatie { vorm: "2".into(), taal: Some("Zweeds".into()) });
        },
        &["CD007"],
    ),
    (
        "a partner's name that is not used",
        good_301,
        |m| {
            client_301(m).naam.partnernaam = Some(Achternaam { achternaam: "Fictief".into(), voorvoegsel: None });
            client_301(m).naam.naam_gebruik = "6".into();
        },
        &["CS050", "CS318"],
    ),
    (
        "a birth date known by its year",
        good_301,
        |m| {
            client_301(m).geboortedatum = Geboortedatum { datum: date(1980, 1, 2), datum_gebruik: Some("2".into()) };
        },
        &["CS139"],
    ),
    ("the number of another client's allocation", good_301, |m| product_301(m, 0).toewijzing_nummer = 3, &["TR332"]),
    ("an identification used before", good_301, |m| identify(m, "G2"), &["TR056"]),
    ("a status that is barred", good_305, |m| starts_305(m)[0].status_aanlevering = status("9"), &["CS058"]),
    ("a start tomorrow", good_305, |m| starts_305(m)[0].begindatum = date(2026, 3, 11), &["TR134"]),
    ("nothing to delete", good_305, |m| starts_305(m)[0].status_aanlevering = status("3"), &["TR063"]),
    ("no such allocation", good_305, |m| starts_305(m)[0].toewijzing_nummer = Some(99), &["TR019"]),
    ("another client's allocation", good_305, |m| starts_305(m)[0].toewijzing_nummer = Some(3), &["TR019"]),
    (
        "the same line number twice",
        good_323,
        |m| {
            line_323(m, 1, 1).referentie.nummer = "P2".into();
        },
        &["TR101"],
    ),
    (
        "one line number with two clients",
        good_323,
        |m| {
            line_323(m, 1, 0).referentie.nummer = "P1".into();
        },
        &["TR314"],
    ),
    (
        "a period that ends before it begins",
        good_323,
        |m| line_323(m, 0, 0).periode.einddatum = date(2026, 1, 31),
        &["CS337", "TR137"],
    ),
    ("over two months", good_323, |m| line_323(m, 0, 0).periode.begindatum = date(2026, 1, 31), &["CS337"]),
    (
        "before 2021",
        good_323,
        |m| {
            line_323(m, 0, 0).periode.begindatum = date(2020, 12, 1);
            line_323(m, 0, 0).periode.einddatum = date(2020, 12, 31);
        },
        &["CS100", "TR335"],
    ),
    (
        "five years and a day ago",
        good_323,
        |m| {
            m.header.identificatie.dagtekening = date(2026, 4, 1);
            declaratie_323(m).dagtekening = date(2026, 4, 1);
            line_323(m, 0, 0).periode.begindatum = date(2021, 3, 1);
            line_323(m, 0, 0).periode.einddatum = date(2021, 3, 31);
        },
        &["TR335"],
    ),
    ("a period of three weeks", good_323, |m| declaratie_323(m).periode.einddatum = date(2026, 2, 21), &["CS340"]),
    ("a total that is not the sum", good_323, |m| declaratie_323(m).totaal.totaal_bedrag.0 += 1, &["TR358"]),
    ("a debit that names a debit", good_323, |m| line_323(m, 0, 0).referentie.vorig = Some(GIVEN.into()), &["CD060"]),
    (
        "a credit of nothing",
        good_323,
        |m| {
            line_323(m, 0, 0).bedrag.debet_credit = DebetCredit::Credit;
            retotal(m);
        },
        &["CD060"],
    ),
    (
        "a credit of a line of the same message",
        good_323,
        |m| {
            credit(line_323(m, 1, 0), "P1");
            retotal(m);
        },
        &["TR316"],
    ),
    (
        "a credit of nought",
        good_323,
        |m| {
            credit(line_323(m, 0, 0), GIVEN);
            line_323(m, 0, 0).bedrag.bedrag = Cents(0);
            retotal(m);
        },
        &["CS325"],
    ),
    (
        "euros that are not the amount",
        good_323,
        |m| {
            line_323(m, 0, 0).eenheid = Eenheid::Euro;
            line_323(m, 0, 0).tarief = None;
        },
        &["CS339"],
    ),
    ("no tariff", good_323, |m| line_323(m, 0, 0).tarief = None, &["CD087"]),
    (
        "one period twice",
        good_323,
        |m| {
            let periode = line_323(m, 1, 0).periode.clone();
            line_323(m, 1, 1).periode = periode;
        },
        &["TR416"],
    ),
    ("a number of a declaration used before", good_323, |m| declaratie_323(m).nummer = "G1".into(), &["TR333"]),
    ("an unknown client", good_323, |m| client_323(m, 0).bsn = Person::nth(3).bsn().clone(), &["TR304"]),
    ("a line number used before", good_323, |m| line_323(m, 0, 0).referentie.nummer = GIVEN.into(), &["TR314"]),
    ("no such allocation to claim on", good_323, |m| line_323(m, 0, 0).toewijzing_nummer = 99, &["TR338"]),
    (
        "an hour too much",
        good_323,
        |m| {
            let line = line_323(m, 0, 0);
            line.volume = 16;
            line.bedrag.bedrag = Cents(16 * line.tarief.expect("hours have one").0);
            retotal(m);
        },
        &["TR321"],
    ),
    (
        "a cent too dear",
        good_323,
        |m| {
            let line = line_323(m, 0, 0);
            line.tarief.as_mut().expect("hours have one").0 += 1;
            line.bedrag.bedrag.0 += 12;
            retotal(m);
        },
        &["TR418"],
    ),
    (
        "an amount that is not volume times tariff",
        good_323,
        |m| {
            line_323(m, 0, 0).bedrag.bedrag.0 += 1;
            retotal(m);
        },
        &["TR346"],
    ),
    ("a day less than the month", good_323, |m| line_323(m, 0, 0).periode.einddatum = date(2026, 2, 27), &["TR388"]),
    ("a day later than the month", good_323, |m| line_323(m, 0, 0).periode.begindatum = date(2026, 2, 2), &["TR387"]),
    ("days", good_323, |m| line_323(m, 0, 0).eenheid = Eenheid::Dagdeel, &["TR341"]),
    (
        "care that was granted before",
        good_323,
        |m| {
            line_323(m, 0, 0).periode.begindatum = JANUARY.0;
            line_323(m, 0, 0).periode.einddatum = JANUARY.1;
        },
        &["TR389"],
    ),
    ("a municipality that does not exist", good_305, |m| m.header.ontvanger = Party::from("9998"), &["TR378"]),
];

fn born(message: &mut Message, on: Date) {
    match &mut message.body {
        sluis::message::Body::Start(client) => client.geboortedatum.datum = on,
        _ => panic!("not a 305"),
    }
}

fn bare_contact(message: &mut Message) -> Contact {
    let mut contact = client_301(message).contacten[0].clone();
    (contact.adres, contact.telefoon) = (None, None);
    contact.emailadres = Some("fictief@voorbeeld.example".into());
    contact
}

fn adres(message: &mut Message) -> &mut sluis::message::types::Adres {
    client_301(message).contacten[0].adres.as_mut().expect("it has an address")
}

fn identify(message: &mut Message, id: &str) {
    message.header.identificatie.identificatie = Identificatie::from(id);
}

fn status(code: &str) -> StatusAanlevering {
    StatusAanlevering::parse(code).expect("on the list")
}

/// Every mutation that holds for a law.
fn mutations(law: Law) -> impl Iterator<Item = &'static Mutation> {
    let more = requests::MUTATIONS.iter().filter(move |(laws, _)| laws.contains(&law)).flat_map(|(_, rows)| *rows);
    MUTATIONS.iter().chain(more)
}

/// One mutation triggers the rules it breaks and no other; judged twice, it gives the same.
#[test]
fn one_mutation_breaks_its_rules_and_no_other() {
    let mut wrong = Vec::new();
    for law in Law::ALL {
        let sample = Sample::of(law);
        let bench = bench(&sample);
        for (name, good, change, rules) in mutations(law) {
            let message = with(good(&sample), change);
            let bytes = message.write();
            let judged = bench.judge(&bytes, None);
            let found: BTreeSet<&str> = judged.decision.findings.iter().map(|finding| finding.rule.as_str()).collect();
            if found != rules.iter().copied().collect() {
                let kind = message.kind;
                wrong.push(format!("{kind}: {name}: expected {rules:?}, found {:#?}", judged.decision.findings));
            }
            let again = bench.judge(&bytes, None);
            assert_eq!(format!("{:?}", again.decision), format!("{:?}", judged.decision), "{name}, judged twice");
            assert_eq!(again.owed_reply, judged.owed_reply, "{name}, judged twice");
            let reply = judged.owed_reply.as_ref().expect("each of these numbers is answered");
            check_answer(&bytes, &reply.body, &judged).unwrap_or_else(|error| panic!("{law}: {name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{} mutations went otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every rule that judges stops, requests and answers is broken by a mutation of each number that it applies to.
#[test]
fn every_rule_on_stops_requests_and_answers_is_broken_by_a_mutation() {
    // A message signed tomorrow is judged by a test of its own.
    const ELSEWHERE: [&str; 1] = ["TR135"];
    for law in Law::ALL {
        let sample = Sample::of(law);
        let broken: BTreeSet<(&str, &str)> = mutations(law)
            .flat_map(|(_, good, _, rules)| {
                let number = good(&sample).kind.number.as_str();
                rules.iter().map(move |rule| (number, *rule))
            })
            .collect();
        for number in [Number::N307, Number::N315, Number::N317, Number::N319] {
            let judged = rules::all()
                .into_iter()
                .filter(|rule| rule.applies_to(Kind::new(law, number)) && !matches!(rule.check, Check::Schema));
            for rule in judged.filter(|rule| !ELSEWHERE.contains(&rule.id)) {
                assert!(broken.contains(&(number.as_str(), rule.id)), "no mutation of a {number:?} breaks {}", rule.id);
            }
        }
    }
}

/// A message signed after the day of judging breaks that rule alone, whatever it says.
#[test]
fn a_message_signed_tomorrow_breaks_that_rule_alone() {
    for law in Law::ALL {
        let sample = Sample::of(law);
        let bench = bench(&sample);
        for good in requests::GOOD {
            let message = good(&sample);
            let yesterday = message.header.identificatie.dagtekening.yesterday().expect("a day before");
            let judged = bench.judge(&message.write(), Some(yesterday));
            let found: Vec<&str> = judged.decision.findings.iter().map(|finding| finding.rule.as_str()).collect();
            assert_eq!(found, ["TR135"], "{}", message.kind);
        }
    }
}

/// Text as senders write it, with what XML must escape and white space at the ends.
fn words(max: usize) -> impl Strategy<Value = Personal> {
    let sign =
        select(vec!['a', 'Z', '0', 'é', 'ỳ', '€', '𝄞', '&', '<', '>', '"', '\'', ']', '-', ' ', '\t', '\n', '\r']);
    proptest::collection::vec(sign, 0..max).prop_flat_map(|signs| (0..=signs.len(), Just(signs))).prop_map(
        |(at, mut signs)| {
            // The schemas ask for something beside white space.
            signs.insert(at, 'x');
            Personal(signs.into_iter().collect())
        },
    )
}

/// Text on one line: the patterns of names do not let line ends through.
fn line(max: usize) -> impl Strategy<Value = Personal> {
    words(max).prop_map(|text| Personal(text.0.replace(['\n', '\r', '\t'], " ")))
}

fn day() -> impl Strategy<Value = Date> {
    (1900_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
}

fn relatie(client: ToewijzingClient) -> impl Strategy<Value = Relatie> {
    (line(19), proptest::option::of(0_u64..100), proptest::option::of(day()), proptest::bool::ANY).prop_map(
        move |(nummer, volgorde, born, female)| Relatie {
            nummer,
            volgorde,
            soort: "03".into(),
            geboortedatum: born.map(|datum| Geboortedatum { datum, datum_gebruik: Some("1".into()) }),
            geslacht: female.then(|| "2".into()),
            naam: client.naam.clone(),
            contact: client.contacten[0].clone(),
            retour_codes: Vec::new(),
        },
    )
}

fn product(base: ToegewezenProduct) -> impl Strategy<Value = ToegewezenProduct> {
    let omvang = (1..99_999_999_u64, select(Eenheid::ALL), select(Frequentie::ALL));
    (
        (0_u64..=999_999_999, proptest::option::of(words(30)), proptest::option::of(proptest::bool::ANY)),
        (day(), proptest::option::of(day()), proptest::option::of(omvang), proptest::option::of(0_i64..99_999_999)),
        proptest::option::of(words(60)),
    )
        .prop_map(move |((nummer, referentie, product), (from, to, size, budget), commentaar)| ToegewezenProduct {
            toewijzing_nummer: nummer,
            referentie_aanbieder: referentie.map(|text| text.0.replace(['\n', '\r', '\t'], "-").as_str().into()),
            product: product.map(|with_code| {
                let product = base.product.clone().expect("the base has a product");
                Product { code: product.code.filter(|_| with_code), ..product }
            }),
            ingangsdatum: from,
            einddatum: to,
            omvang: size.map(|(volume, eenheid, frequentie)| omvang_of(volume, eenheid, frequentie)),
            budget: budget.map(Cents),
            commentaar,
            ..base.clone()
        })
}

fn omvang_of(volume: Count, eenheid: Eenheid, frequentie: Frequentie) -> sluis::message::Omvang {
    omvang(volume, eenheid, frequentie)
}

fn any_301(law: Law) -> impl Strategy<Value = Message> {
    Just(law).prop_flat_map(|law| {
        let sample = Sample::of(law);
        let message = sample.toewijzing("T 1", &anna(), &[sample.weekly(1)]);
        let client = client_301(&mut message.clone()).clone();
        (
            Just(message),
            proptest::collection::vec(product(client.producten[0].clone()), 1..4),
            proptest::collection::vec(relatie(client), 0..3),
            (proptest::option::of(words(40)), line(199), proptest::option::of(line(9)), proptest::option::of(line(24))),
            proptest::option::of(line(80)),
        )
            .prop_map(|(mut message, producten, relaties, (commentaar, naam, voorvoegsel, taal), plaats)| {
                let client = client_301(&mut message);
                (client.producten, client.relaties, client.commentaar) = (producten, relaties, commentaar);
                client.naam.geslachtsnaam.achternaam = naam;
                client.naam.geslachtsnaam.voorvoegsel = voorvoegsel;
                client.communicatie = taal.map(|taal| Communicatie { vorm: "1".into(), taal: Some(taal) });
                let mut second = client.contacten[0].clone();
                second.adres.as_mut().expect("it has one").plaatsnaam =
                    plaats.map(|text| Personal(text.0.chars().take(79).collect()));
                second.telefoon = None;
                client.contacten.push(second);
                message
            })
    })
}

fn any_305(law: Law) -> impl Strategy<Value = Message> {
    let start = (
        proptest::option::of(0_u64..9),
        proptest::option::of(proptest::bool::ANY),
        day(),
        select(vec!["1", "2", "3", "9"]),
    );
    proptest::collection::vec(start, 1..4).prop_map(move |starts| {
        let sample = Sample::of(law);
        let mut message = sample.start("S1", &anna(), &[(&sample.weekly(1), date(2026, 1, 8))]);
        let base = starts_305(&mut message).remove(0);
        *starts_305(&mut message) = starts
            .into_iter()
            .map(|(nummer, code, begin, status_code)| {
                let mut start = base.clone();
                start.toewijzing_nummer = nummer;
                start.product = code
                    .map(|with_code| Product { code: sample.product().code.filter(|_| with_code), ..sample.product() });
                start.begindatum = begin;
                start.status_aanlevering = status(status_code);
                start
            })
            .collect();
        message
    })
}

/// Lines on the allocations of the bench, good and bad together.
fn any_323(law: Law) -> impl Strategy<Value = Message> {
    let line = (
        select(vec![A, A, A, B, 3, 99]),
        select(vec![JANUARY, FEBRUARY, FEBRUARY, (date(2026, 2, 2), date(2026, 2, 28))]),
        0_u64..20,
        (proptest::bool::weighted(0.2), select(vec![GIVEN, "P9", "C0"])),
        (-1_i64..=1, select(vec![Eenheid::Uur, Eenheid::Uur, Eenheid::Minuut, Eenheid::Euro])),
    );
    let clients = proptest::collection::vec((0_u32..4, proptest::collection::vec(line, 1..5)), 1..4);
    clients.prop_map(move |clients| {
        let sample = Sample::of(law);
        let mut count = 0;
        let people: Vec<Person> = clients.iter().map(|(who, _)| Person::nth(*who)).collect();
        let claims: Vec<_> = clients
            .iter()
            .zip(&people)
            .map(|((_, lines), person)| {
                let claims = lines.iter().map(|(allocation, periode, hours, ..)| {
                    count += 1;
                    sample.claim(&format!("C{count}"), *allocation, *periode, *hours)
                });
                (person, claims.collect::<Vec<_>>())
            })
            .collect();
        let mut message = sample.declaratie("D1", "N1", FEBRUARY, &claims);
        for (client, (_, lines)) in clients.iter().enumerate() {
            for (index, (.., (is_credit, vorig), (dearer, eenheid))) in lines.iter().enumerate() {
                let line = line_323(&mut message, client, index);
                line.eenheid = *eenheid;
                if *eenheid == Eenheid::Euro {
                    line.tarief = None;
                    line.bedrag.bedrag = Cents(i64::try_from(line.volume).expect("small"));
                } else {
                    line.tarief.as_mut().expect("it has one").0 += dearer;
                }
                if *is_credit && line.bedrag.bedrag.0 > 0 {
                    credit(line, vorig);
                }
            }
        }
        retotal(&mut message);
        message
    })
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() })
}

/// Reading undoes writing, and writing undoes reading, to the byte.
#[test]
fn write_after_read_is_identity() {
    let check = |message: Message| {
        let bytes = message.write();
        let document = schema::validate(&bytes, &Limits::default())
            .map_err(|faults| TestCaseError::fail(format!("{faults:#?}\n{}", String::from_utf8_lossy(&bytes))))?;
        let read = Message::read(document.kind, document.release, &document.tree)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&read, &message);
        prop_assert_eq!(read.write(), bytes);
        Ok(())
    };
    for kind in kinds() {
        runner(60).run(&any_message(kind), check).unwrap_or_else(|error| panic!("a {kind}: {error}"));
    }
}

/// Both laws, every number.
fn kinds() -> impl Iterator<Item = Kind> {
    Law::ALL.into_iter().flat_map(|law| Number::ALL.into_iter().map(move |number| Kind::new(law, number)))
}

/// The same message on the same facts: the same decision and the same bytes; and what must hold of every answer.
#[test]
fn judging_twice_gives_the_same() {
    for law in Law::ALL {
        let bench = bench(&Sample::of(law));
        for kind in kinds().filter(|kind| kind.law == law) {
            let cases = if kind.number == Number::N323 { 150 } else { 60 };
            let (accepted, judged_beyond) = (Cell::new(0), Cell::new(0));
            runner(cases)
                .run(&any_message(kind), |message| {
                    let bytes = message.write();
                    let (first, second) = (bench.judge(&bytes, None), bench.judge(&bytes, None));
                    prop_assert_eq!(format!("{:?}", first.decision), format!("{:?}", second.decision));
                    prop_assert_eq!(&first.owed_reply, &second.owed_reply);
                    let sent = first.decision.verdict.counts_as_sent();
                    accepted.set(accepted.get() + u32::from(sent));
                    judged_beyond.set(judged_beyond.get() + u32::from(first.decision.level > 2));
                    prop_assert_eq!(first.owed_reply.is_some(), kind.number.answered_by().is_some());
                    match &first.owed_reply {
                        Some(reply) => check_answer(&bytes, &reply.body, &first),
                        None => Ok(()),
                    }
                })
                .unwrap_or_else(|error| panic!("a {kind}: {error}"));
            let (accepted, judged_beyond) = (accepted.get(), judged_beyond.get());
            eprintln!("{kind}: {judged_beyond} of {cases} judged beyond level 2, {accepted} accepted");
        }
    }
}

/// What must hold of every answer: it is valid, and says what was found and nothing else.
fn check_answer(sent: &[u8], reply: &[u8], judged: &Judged) -> Result<(), TestCaseError> {
    let faults = schema::validate(reply, &Limits::default()).err();
    prop_assert!(faults.is_none(), "an invalid reply: {faults:#?}");
    let (sent, reply) = (Xml::parse(sent), Xml::parse(reply));
    let decision = &judged.decision;
    if sent.child("Declaratie").is_some() {
        check_totals(&sent, &reply);
        let (listed, lines) = (reply.all("Prestatie").len(), sent.all("Prestatie").len());
        let judged_by_line = reply.child("DeclaratieAntwoord").is_some_and(|body| {
            let codes = body.child("RetourCodes").map_or(&[][..], |codes| &codes.children);
            codes.iter().all(|code| ["8001", "0200"].contains(&code.text.as_str()))
        });
        let granted = judged_by_line && listed < lines;
        prop_assert_eq!(decision.verdict.counts_as_sent(), granted, "sent exactly when something is granted");
        return Ok(());
    }
    prop_assert_eq!(decision.verdict.counts_as_sent(), decision.findings.is_empty());
    let codes = reply.all("RetourCode").into_iter().map(|code| code.text.as_str());
    let told: BTreeSet<&str> = codes.filter(|code| *code != "0200").collect();
    let found: BTreeSet<&str> = decision.findings.iter().filter_map(|finding| finding.code.as_deref()).collect();
    prop_assert_eq!(told, found, "the codes are those of the findings");
    Ok(())
}

/// What a hand or a line may do to a message.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Cut(Index, Index),
    Repeat(Index, Index),
    Insert(Index, Vec<u8>),
    /// Another value in one of the elements.
    Value(Index, &'static str),
    /// Another value of the same sort, so that the schema has little to say.
    Fitting(Index, Index),
    /// An element with all that stands in it, away or twice.
    Element(Index, bool),
}

/// Values at the edge of what the schemas let through, and beyond.
const VALUES: &[&str] = &[
    "",
    "0",
    "00",
    "1",
    "-1",
    "3",
    "13",
    "83",
    "01",
    "04",
    "C",
    "D",
    "9",
    "99999999",
    "999999999",
    "9999999999",
    "9223372036854775807",
    "9223372036854775808",
    "-0",
    "+1",
    " 1 ",
    "1.0",
    "9999-12-31",
    "0001-01-01",
    "12026-01-01",
    "-0001-01-01",
    "2024-02-29",
    "2023-02-29",
    "1900-01-01",
    "2026-01-01",
    "2026-01-31",
    "2026-12-31",
    "23:59:60",
    "24:00:00",
    "00:00:00.000000000001",
    "999900006",
    "000000000",
    "42420001",
    "0197",
    "x",
    "é",
    "&amp;",
    "&#0;",
    "]]>",
    "<!-- -->",
    "<![CDATA[1]]>",
    "\u{feff}",
    "\u{0}",
    "P1",
    "G1",
];

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        1 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        1 => (place(), place()).prop_map(|(from, to)| Damage::Cut(from, to)),
        1 => (place(), place()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        1 => (place(), proptest::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        24 => (place(), place()).prop_map(|(at, which)| Damage::Fitting(at, which)),
        4 => (place(), select(VALUES)).prop_map(|(at, value)| Damage::Value(at, value)),
        3 => (place(), any::<bool>()).prop_map(|(at, twice)| Damage::Element(at, twice)),
    ]
}

fn spoil(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    match damage {
        Damage::Flip(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        Damage::Cut(from, to) => drop(bytes.drain(range(bytes.len(), *from, *to))),
        Damage::Repeat(from, to) => {
            let range = range(bytes.len(), *from, *to);
            let part = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, part);
        }
        Damage::Insert(at, more) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more.iter().copied());
        }
        Damage::Value(at, value) => replace_value(bytes, *at, |_| (*value).to_owned()),
        Damage::Fitting(at, which) => replace_value(bytes, *at, |old| fitting(old, *which)),
        Damage::Element(at, twice) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let starts: Vec<usize> =
                text.match_indices('<').map(|(at, _)| at).filter(|&at| !text[at..].starts_with("</")).collect();
            if starts.is_empty() {
                return;
            }
            let begin = starts[at.index(starts.len())];
            let name: String = text[begin + 1..].chars().take_while(|c| !['>', ' '].contains(c)).collect();
            let close = format!("</{name}>");
            let Some(end) = text[begin..].find(&close).map(|at| begin + at + close.len()) else { return };
            let element = &text[begin..end];
            let changed =
                [&text[..begin], if *twice { element } else { "" }, if *twice { element } else { "" }, &text[end..]]
                    .concat();
            *bytes = changed.into_bytes();
        }
    }
}

/// Replaces what stands between `>` and `</`, where a leaf has its value.
fn replace_value(bytes: &mut Vec<u8>, at: Index, value: impl FnOnce(&str) -> String) {
    let ends: Vec<usize> = (1..bytes.len().saturating_sub(1))
        .filter(|&at| &bytes[at..at + 2] == b"</" && bytes[at - 1] != b'\n' && bytes[at - 1] != b'\t')
        .collect();
    if ends.is_empty() {
        return;
    }
    let end = ends[at.index(ends.len())];
    let begin = bytes[..end].iter().rposition(|&byte| byte == b'>').map_or(end, |at| at + 1);
    let new = value(&String::from_utf8_lossy(&bytes[begin..end]));
    bytes.splice(begin..end, new.bytes());
}

/// A date for a date, a number for a number.
fn fitting(old: &str, which: Index) -> String {
    const DATES: &[&str] = &[
        "-99999-12-31",
        "-2026-01-01",
        "0001-01-01",
        "1900-01-01",
        "2020-12-31",
        "2021-01-01",
        "2024-02-29",
        "2025-12-31",
        "2026-01-01",
        "2026-01-31",
        "2026-02-01",
        "2026-02-28",
        "2026-03-01",
        "2026-03-10",
        "2026-12-31",
        "2027-01-01",
        "9999-12-30",
        "9999-12-31",
        "12026-01-31",
    ];
    let is_number = !old.is_empty() && old.bytes().all(|byte| byte.is_ascii_digit());
    if old.len() == 10 && old.as_bytes()[4] == b'-' {
        return which.get(DATES).to_string();
    }
    if is_number {
        let length = old.len();
        let numbers = [
            "0".repeat(length),
            "9".repeat(length),
            "1".to_owned(),
            "2".to_owned(),
            "3".to_owned(),
            "15".to_owned(),
            "99".to_owned(),
            "999".to_owned(),
            "99999999".to_owned(),
            "999999999".to_owned(),
            "01".to_owned(),
            "04".to_owned(),
            "14".to_owned(),
            "83".to_owned(),
            "13".to_owned(),
            "12".to_owned(),
        ];
        return which.get(&numbers).clone();
    }
    which.get(&["P1", "P2", "G1", "N1", "02A02", "45A02", "C", "D", "C", "D"]).to_string()
}

fn range(length: usize, from: Index, to: Index) -> std::ops::Range<usize> {
    let (from, to) = (from.index(length), to.index(length));
    // Short parts leave something to look at.
    let (from, to) = (from.min(to), from.max(to));
    from..to.min(from + 200)
}

/// Whatever comes in, it is decided upon; a reply that goes out is valid, and says of a 323 what adds up.
#[test]
fn nothing_that_comes_in_makes_it_panic() {
    for law in Law::ALL {
        let sample = Sample::of(law);
        let bench = bench(&sample);
        let mut bases: Vec<Arc<[u8]>> = requests::GOOD.iter().map(|good| good(&sample).write().into()).collect();
        let replies: Vec<Arc<[u8]>> = bases
            .iter()
            .map(|base| bench.judge(base, None).owed_reply.expect("each of them is answered").body.into())
            .collect();
        bases.extend(replies);
        let case = (0..bases.len(), proptest::collection::vec(damage(), 1..3), proptest::option::weighted(0.2, day()));
        let mut valid = 0_u32;
        let cell = std::cell::RefCell::new(&mut valid);
        runner(3_000)
            .run(&case, |(base, damages, today)| {
                let mut bytes = bases[base].to_vec();
                for damage in &damages {
                    spoil(&mut bytes, damage);
                }
                let judged = bench.judge(&bytes, today);
                if judged.decision.level > 1 {
                    **cell.borrow_mut() += 1;
                }
                prop_assert_eq!(judged.decision.level == 1, judged.decision.identity.is_none());
                if let Some(reply) = &judged.owed_reply {
                    let faults = schema::validate(&reply.body, &Limits::default()).err();
                    prop_assert!(faults.is_none(), "an invalid reply: {faults:#?}");
                    check_totals(&Xml::parse(&bytes), &Xml::parse(&reply.body));
                }
                Ok(())
            })
            .expect("a spoilt message");
        eprintln!("{law}: {valid} of the spoilt messages were valid");
        assert!(valid > 300, "{valid} of the spoilt messages were valid: too few to say much of judging");
    }
}
