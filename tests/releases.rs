//! Two releases of the standard side by side: 3.2 as the program carries it, and a fictional 3.3 made from its files.
//!
//! What the fictional release changes stands in `V3_3_CHANGES` and in `rules_of_3_3`: a folder of schema files and a
//! table of rules with their validity, and nothing else (see docs/new-release.md).

use jiff::Timestamp;
use jiff::civil::{Date, date};
use sluis::contract::{ContractFacts, Policies};
use sluis::decision::Verdict;
use sluis::demo::compose::{Allocate, Claim, Composer, Person};
use sluis::ledger::{Inbox, Keys, Ledger, Location, Settings};
use sluis::message::{
    Body, Cents, Eenheid, Frequentie, Kind, Law, Message, Number, Omvang, Party, Product, Release, Versie, XsdVersie,
};
use sluis::pipeline::{self, Context, Judged};
use sluis::rules::releases::{Validity, select};
use sluis::rules::{self, Case, Check, Class, Level, Place, Rule, Sort, UnknownQuestion, Violation};
use sluis::schema::{Catalogue, Limits, Schemas, schema_files};
use sluis::standard::Standard;

const V3_3: Release = Release { versie: 3, subversie: 3 };

/// What release 3.3 writes otherwise than 3.2, file by file.
const V3_3_CHANGES: &[(&str, &str)] = &[
    ("/3_2/", "/3_3/"),
    (":release>3.2<", ":release>3.3<"),
    ("XsdVersie>1.0.0<", "XsdVersie>1.1.0<"),
    // BerichtSubversie is a pattern in every message schema.
    (
        "<xsd:restriction base=\"b:LDT_BerichtSubversie\">\n            <xsd:pattern value=\"2\"/>",
        "<xsd:restriction base=\"b:LDT_BerichtSubversie\">\n            <xsd:pattern value=\"3\"/>",
    ),
    // A reason of change more.
    ("<xsd:enumeration value=\"14\"/>", "<xsd:enumeration value=\"14\"/>\n      <xsd:enumeration value=\"15\"/>"),
];

/// A rule that 3.3 brings: an allocation has no comment.
static SILENT: Rule = Rule {
    id: "TR900",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Een toewijzing heeft geen commentaar.",
    en: "An allocation has no comment.",
    needs: &[],
    doubt: "",
    check: Check::Message(with_comment),
};

fn with_comment(case: &Case<'_>) -> Vec<Violation> {
    let Body::Toewijzing(client) = &case.message.body else { return Vec::new() };
    let talking = client.producten.iter().enumerate().filter(|(_, product)| product.commentaar.is_some());
    talking
        .map(|(index, _)| {
            let place = Place::toegewezen_product(index, "Commentaar");
            Violation::at(place, "Laat het commentaar weg.", "Leave the comment out.")
        })
        .collect()
}

/// CS336 (reason 01 is not used) ends with 3.2; TR900 begins with 3.3.
const VALIDITY: &[Validity] = &[
    Validity { id: "CS336", since: Release::V3_2, until: Some(Release::V3_2) },
    Validity { id: "TR900", since: V3_3, until: None },
];

fn rules_of(release: Release) -> Vec<&'static Rule> {
    let mut all = rules::all();
    all.push(&SILENT);
    select(all, VALIDITY, release)
}

fn v3_3() -> Schemas {
    let changed = |text: &str| V3_3_CHANGES.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let files = Kind::all().map(|kind| {
        let (message, base) = schema_files(kind).expect("every kind has files");
        (kind, changed(message.text), changed(base.text))
    });
    Schemas::read(V3_3, files).expect("the files of 3.3 load")
}

/// A gateway in the months in which both releases are in use.
struct Desk {
    standard: Standard,
    ledger: Ledger,
    count: u32,
}

impl Desk {
    fn new() -> Desk {
        let standard = Standard::of(vec![(Schemas::v3_2(), rules_of(Release::V3_2)), (v3_3(), rules_of(V3_3))]);
        let settings = Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 };
        Desk { standard, ledger: Ledger::open(settings).expect("a ledger opens"), count: 0 }
    }

    fn judge(&mut self, message: &Message) -> Judged {
        self.count += 1;
        let transport_id = self.count.to_string();
        let now: Timestamp = "2026-03-10T10:00:00Z".parse().expect("a moment");
        let prepared = pipeline::prepare_by(&self.standard, message.write().into(), &Limits::default());
        let reply_id = pipeline::reply_identification(&prepared.digest, &transport_id);
        let policies = Policies::default();
        let context = Context {
            now,
            today: DAY,
            gateway: "releases",
            reply_id: &reply_id,
            register: None,
            policies: &policies,
            unknown_question: UnknownQuestion::Refuse,
        };
        let judged = match &prepared.reading {
            Err(unreadable) => pipeline::refuse(context, unreadable),
            Ok(readable) => {
                let (request, _) = pipeline::requests(&readable.message, None);
                let facts = self.ledger.run_blocking(move |tx| tx.facts(&request)).expect("facts can be read");
                pipeline::judge(context, &prepared.source, readable, Some(&facts), &ContractFacts::default())
            }
        };
        let inbox = Inbox::new("releases", transport_id, now, prepared.source.to_vec());
        let decision = judged.decision.clone();
        self.ledger.run_blocking(move |tx| tx.store(&inbox, &decision).map(drop)).expect("it can be stored");
        judged
    }
}

const DAY: Date = date(2026, 3, 10);

fn composer() -> Composer {
    Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420001"),
        dagtekening: date(2026, 3, 9),
    }
}

fn allocate(nummer: u64) -> Allocate {
    Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: Omvang { volume: 3, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek },
    }
}

/// The message as a sender of this release writes it.
fn by(release: Release, mut message: Message) -> Message {
    let versie = |text: &str| XsdVersie { basisschema: Versie::from(text), bericht: Versie::from(text) };
    message.release = release;
    message.header.bericht_subversie = u64::from(release.subversie);
    message.header.xsd_versie = versie(if release == V3_3 { "1.1.0" } else { "1.0.0" });
    message
}

fn allocation(id: &str, nummer: u64, release: Release, change: impl FnOnce(&mut Message)) -> Message {
    let mut message = composer().toewijzing(id, &Person::nth(1), &allocate(nummer));
    change(&mut message);
    by(release, message)
}

fn reason(message: &mut Message, reden: &str) {
    let Body::Toewijzing(client) = &mut message.body else { panic!("not a 301") };
    client.producten[0].reden_wijziging = Some(reden.into());
}

fn rules_broken(judged: &Judged) -> Vec<&str> {
    judged.decision.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// The reply, read by the schemas of the release that it must belong to.
fn reply(desk: &Desk, judged: &Judged, release: Release) -> Message {
    let reply = judged.owed_reply.as_ref().expect("the message is answered");
    let document = desk
        .standard
        .catalogue()
        .validate(&reply.body, &Limits::default())
        .unwrap_or_else(|faults| panic!("{faults:?}\n{}", String::from_utf8_lossy(&reply.body)));
    assert_eq!((document.kind, document.release), (reply.kind, release));
    Message::read(document.kind, document.release, &document.tree).expect("replies can be read")
}

#[test]
fn the_same_allocation_is_judged_by_the_rules_of_its_release() {
    let mut desk = Desk::new();
    let old = desk.judge(&allocation("A1", 1, Release::V3_2, |message| reason(message, "01")));
    assert_eq!((old.decision.verdict, rules_broken(&old)), (Verdict::Rejected, vec!["CS336"]));
    let new = desk.judge(&allocation("A2", 2, V3_3, |message| reason(message, "01")));
    assert_eq!((new.decision.verdict, rules_broken(&new)), (Verdict::Accepted, Vec::new()));

    let talking = |message: &mut Message| {
        let Body::Toewijzing(client) = &mut message.body else { panic!("not a 301") };
        client.producten[0].commentaar = Some("Bel eerst".into());
    };
    let old = desk.judge(&allocation("A3", 3, Release::V3_2, talking));
    assert_eq!((old.decision.verdict, rules_broken(&old)), (Verdict::Accepted, Vec::new()));
    let new = desk.judge(&allocation("A4", 4, V3_3, talking));
    assert_eq!((new.decision.verdict, rules_broken(&new)), (Verdict::Rejected, vec!["TR900"]));
}

#[test]
fn the_same_allocation_is_judged_by_the_schemas_of_its_release() {
    let mut desk = Desk::new();
    let old = desk.judge(&allocation("A1", 1, Release::V3_2, |message| reason(message, "15")));
    assert_eq!((old.decision.level, rules_broken(&old)), (1, vec!["XSD"]));
    let new = desk.judge(&allocation("A2", 2, V3_3, |message| reason(message, "15")));
    assert_eq!(new.decision.verdict, Verdict::Accepted);
    // A message of 3.3 that still says 3.2 of itself.
    let mixed = allocation("A3", 3, V3_3, |_| {});
    let mixed = Message { header: allocation("A3", 3, Release::V3_2, |_| {}).header, ..mixed };
    let judged = desk.judge(&mixed);
    assert_eq!((judged.decision.level, rules_broken(&judged)), (1, vec!["XSD"]));
    assert!(judged.decision.findings[0].path.ends_with("BerichtSubversie"), "{:?}", judged.decision.findings);
}

#[test]
fn each_is_answered_in_its_own_release() {
    let mut desk = Desk::new();
    for (id, release, versie) in [("A1", Release::V3_2, "1.0.0"), ("A2", V3_3, "1.1.0")] {
        let judged = desk.judge(&allocation(id, 1, release, |message| {
            message.header.identificatie.dagtekening = date(2026, 3, 11);
        }));
        let reply = reply(&desk, &judged, release);
        assert_eq!(reply.header.bericht_subversie, u64::from(release.subversie));
        assert_eq!(reply.header.retour_codes, ["8848".into()]);
        assert_eq!(reply.header.xsd_versie_retour.expect("it is mandatory").bericht, Versie::from(versie));
    }
}

#[test]
fn a_chain_may_begin_in_one_release_and_go_on_in_the_next() {
    let mut desk = Desk::new();
    let person = Person::nth(1);
    assert_eq!(desk.judge(&allocation("A1", 1, Release::V3_2, |_| {})).decision.verdict, Verdict::Accepted);
    let start = by(V3_3, composer().start("S1", &person, &allocate(1), date(2026, 1, 5)));
    let judged = desk.judge(&start);
    assert_eq!((judged.decision.verdict, rules_broken(&judged)), (Verdict::Accepted, Vec::new()));
    reply(&desk, &judged, V3_3);
    let january = (date(2026, 1, 1), date(2026, 1, 31));
    let claim = Claim {
        nummer: "P1".to_owned(),
        toewijzing: 1,
        product: allocate(1).product,
        periode: january,
        volume: 12,
        eenheid: Eenheid::Uur,
        tarief: Cents(6003),
    };
    let judged = desk.judge(&by(V3_3, composer().declaratie("D1", "D1", january, &[(&person, vec![claim.clone()])])));
    assert_eq!((judged.decision.verdict, rules_broken(&judged)), (Verdict::Accepted, Vec::new()));
    let answer = reply(&desk, &judged, V3_3);
    assert_eq!(answer.header.xsd_versie.bericht, Versie::from("1.1.0"));
    // Claimed again by the old release: one ledger for both.
    let again = by(Release::V3_2, composer().declaratie("D2", "D2", january, &[(&person, vec![claim])]));
    let judged = desk.judge(&again);
    assert!(rules_broken(&judged).contains(&"TR314"), "{:?}", rules_broken(&judged));
    reply(&desk, &judged, Release::V3_2);
}

#[test]
fn a_gateway_of_one_release_names_the_other() {
    let message = allocation("A1", 1, V3_3, |_| {}).write();
    let faults = Catalogue::embedded().validate(&message, &Limits::default()).expect_err("3.3 is not known");
    let codes: Vec<&str> = faults.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["release.unknown"]);
    assert!(faults.faults[0].en.contains("release 3.3") && faults.faults[0].en.contains("release 3.2"));
}
