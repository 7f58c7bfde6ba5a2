//! Every row of the decision tables (replies, 2.2, 2.3 and 3.2) for every reply and both laws. Each reply is read back
//! through its own schema, built twice, and compared with the document that it answers.
//!
//! Most rows take the outcome of judging as given, so that a table can be walked without a rule for each of its cells; the
//! last part judges by the rules themselves.

use super::*;
use crate::message::body::DeclaratieAntwoord;
use crate::message::element::Writer;
use crate::message::tree::{Namespace, Node};
use crate::message::{
    Cents, DebetCredit, Law, Number, OngewijzigdProduct, StatusAanlevering, TotaalBedragMetDC, Woonplaatsbeginsel,
};
use crate::rules::sample::{BSN, OTHER_BSN, Sample};
use crate::rules::{self, Broken, Case, Check, Class, Place, Rule, Sort, Violation};
use crate::schema::{Limits, validate};
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn stamp() -> Stamp {
    let xsd_versie = XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() };
    Stamp { identificatie: "ANTWOORD0001".into(), dagtekening: date(2026, 3, 11), xsd_versie }
}

const LAWS: [Law; 2] = [Law::Wmo, Law::Jeugdwet];

/// Messages that a return message answers.
const FORWARD: [Number; 6] = [Number::N301, Number::N305, Number::N307, Number::N315, Number::N317, Number::N319];

/// A document as it came in, or as it leaves.
struct Read {
    bytes: Vec<u8>,
    tree: Tree,
    message: Message,
}

fn read(bytes: Vec<u8>) -> Read {
    let document = validate(&bytes, &Limits::default())
        .unwrap_or_else(|faults| panic!("{:?}\n{}", faults.faults, String::from_utf8_lossy(&bytes)));
    let message = Message::read(document.kind, document.release, &document.tree).expect("valid documents can be read");
    Read { bytes, tree: document.tree, message }
}

/// The reply to a document after this outcome, read back.
fn reply(source: &Read, evaluation: &Evaluation) -> Read {
    let stamp = stamp();
    let built = || build(&source.message, &source.tree, evaluation, &stamp).expect("forward messages are answered");
    let first = built();
    assert_eq!(first, built(), "the same inputs give the same bytes");
    let answer = read(first.body);
    assert_eq!(answer.message.kind, first.kind);
    assert_eq!(first.kind, Kind::new(source.message.kind.law, source.message.kind.number.answered_by().expect("one")));
    assert_eq!(answer.message.header.bericht_code.as_str(), first.kind.bericht_code());
    answer
}

/// A document that says the same as this message in other words: whole numbers with a sign and leading zeros.
fn oddly_written(message: &Message) -> Vec<u8> {
    const INTEGERS: [&str; 9] = [
        "ToewijzingNummer",
        "BeschikkingNummer",
        "Volume",
        "Budget",
        "Volgorde",
        "GeleverdVolume",
        "ProductTarief",
        "Bedrag",
        "TotaalBedrag",
    ];
    fn write(writer: &mut Writer, node: Node<'_>) {
        if node.is_leaf() {
            let sign = if INTEGERS.contains(&node.name()) { "+00" } else { "" };
            writer.leaf(node.namespace(), node.name(), &format!("{sign}{}", node.text()));
            return;
        }
        writer.open(node.namespace(), node.name());
        node.children().for_each(|child| write(writer, child));
        writer.close(node.namespace(), node.name());
    }
    let plain = read(message.write());
    let mut writer = Writer::new(message.kind, message.release);
    plain.tree.root().expect("a root").children().for_each(|child| write(&mut writer, child));
    writer.finish()
}

/// Names and texts of a subtree in document order, without return codes.
fn content(node: Node<'_>) -> Vec<(Namespace, String, String)> {
    let mut all = vec![(node.namespace(), node.name().to_owned(), node.text().to_owned())];
    all.extend(node.children().filter(|child| child.name() != "RetourCodes").flat_map(content));
    all
}

fn child<'t>(tree: &'t Tree, path: &str) -> Option<Node<'t>> {
    path.split('/').try_fold(tree.root()?, Node::child)
}

fn content_of(tree: &Tree, path: &str) -> Option<Vec<(Namespace, String, String)>> {
    child(tree, path).map(content)
}

/// As [`content_of`], without the element itself: for what a reply copies under another name.
fn inside(tree: &Tree, path: &str) -> Option<Vec<(Namespace, String, String)>> {
    content_of(tree, path).map(|mut all| all.split_off(1))
}

fn text<'t>(tree: &'t Tree, path: &str) -> Option<&'t str> {
    child(tree, path).map(Node::text)
}

/// Return codes by class path.
fn codes_of(tree: &Tree) -> BTreeMap<String, Vec<String>> {
    fn collect(node: Node<'_>, codes: &mut BTreeMap<String, Vec<String>>) {
        for child in node.children() {
            if child.name() == "RetourCodes" {
                codes.insert(node.path(), child.children().map(|code| code.text().to_owned()).collect());
            }
            collect(child, codes);
        }
    }
    let mut codes = BTreeMap::new();
    collect(tree.root().expect("a root"), &mut codes);
    codes
}

fn table<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [&'a str])>) -> BTreeMap<String, Vec<String>> {
    let text = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect();
    rows.into_iter().map(|(class, codes)| (class.to_owned(), text(codes))).collect()
}

/// An outcome of judging: a code at a level on a place each.
fn outcome(found: &[(Level, &'static str, Place)]) -> Evaluation {
    let broken = |(level, code, place): &(Level, &'static str, Place)| Broken {
        rule: Box::leak(Box::new(Rule {
            id: "TEST",
            sort: Sort::Technical,
            level: *level,
            code,
            numbers: &Number::ALL,
            laws: &Law::ALL,
            class: place.class,
            nl: "Een regel.",
            en: "A rule.",
            needs: &[],
            doubt: "",
            check: Check::Schema,
        })),
        violation: Violation::at(place.clone(), "Dit klopt niet.", "This is wrong."),
    };
    Evaluation { broken: found.iter().map(broken).collect(), ..Evaluation::default() }
}

/// A sample with two of each class and the elements that only one law has.
fn full(law: Law, number: Number) -> Sample {
    let mut sample = Sample::of(Kind::new(law, number));
    // White space, an ampersand and letters beyond ASCII must come back as they are.
    sample.message.header.identificatie.identificatie = " B&1 é".into();
    match number {
        Number::N301 => {
            let client = sample.toewijzing();
            client.contacten.push(client.contacten[0].clone());
            client.relaties.push(client.relaties[0].clone());
            client.producten.push(client.producten[0].clone());
            client.commentaar = Some("een <\"regel\">\r\nen nog een".into());
        }
        Number::N305 => {
            let client = sample.start();
            client.producten.push(client.producten[0].clone());
        }
        Number::N307 => {
            let client = sample.stop();
            client.producten.push(client.producten[0].clone());
        }
        Number::N315 => {
            let client = sample.aanvraag();
            client.commentaar = Some("een\ttab".into());
            client.producten[0].beschikking_nummer = Some(7);
            client.producten[0].beschikking_ingangsdatum = Some(date(2024, 2, 29));
            client.producten[0].verwijzer.naam = Some("Huisarts & Zn".into());
            client.producten.push(client.producten[0].clone());
            assert_eq!(client.gezagsdrager_bekend.is_some(), law == Law::Jeugdwet);
        }
        Number::N317 => {
            sample.add_nieuw_product(|_| {});
            sample.add_nieuw_product(|product| product.product = None);
            let verzoek = sample.verzoek();
            verzoek.te_wijzigen.push(verzoek.te_wijzigen[0].clone());
            verzoek.ongewijzigd = vec![OngewijzigdProduct { toewijzing_nummer: 1003, retour_codes: Vec::new() }; 2];
        }
        Number::N319 => {
            if law == Law::Jeugdwet {
                let elsewhere = Woonplaatsbeginsel { gemeente: "0363".into(), retour_codes: Vec::new() };
                sample.antwoord().woonplaatsbeginsel = Some(elsewhere);
            }
        }
        other => panic!("no return message answers a {}", other.as_str()),
    }
    sample
}

/// The classes of a full sample that a return message repeats.
fn classes(law: Law, number: Number) -> Vec<Place> {
    match number {
        Number::N301 => vec![
            Place::client(""),
            Place::relatie(0, ""),
            Place::relatie_contact(0, ""),
            Place::relatie(1, ""),
            Place::relatie_contact(1, ""),
            Place::contact(0, ""),
            Place::contact(1, ""),
            Place::toegewezen_product(0, ""),
            Place::toegewezen_product(1, ""),
        ],
        Number::N305 => vec![Place::client(""), Place::start_product(0, ""), Place::start_product(1, "")],
        Number::N307 => vec![Place::client(""), Place::stop_product(0, ""), Place::stop_product(1, "")],
        Number::N315 => vec![Place::client(""), Place::aangevraagd_product(0, ""), Place::aangevraagd_product(1, "")],
        Number::N317 => vec![
            Place::client(""),
            Place::verzoek(""),
            Place::ongewijzigd_product(0, ""),
            Place::ongewijzigd_product(1, ""),
            Place::te_wijzigen_product(0, ""),
            Place::te_wijzigen_product(1, ""),
            Place::nieuw_product(0, ""),
            Place::nieuw_product(1, ""),
        ],
        Number::N319 => {
            let woonplaatsbeginsel = Place {
                class: Class::Woonplaatsbeginsel,
                class_path: "/Bericht/Antwoord/Woonplaatsbeginsel".to_owned(),
                field: String::new(),
            };
            let only_ijw = (law == Law::Jeugdwet).then_some(woonplaatsbeginsel);
            [Place::antwoord("")].into_iter().chain(only_ijw).collect()
        }
        other => panic!("no return message answers a {}", other.as_str()),
    }
}

/// Runs a check on a full document of each kind that a return message answers, written plainly and oddly.
fn for_each_forward(check: impl Fn(&Read, &[Place])) {
    for law in LAWS {
        for number in FORWARD {
            let sample = full(law, number);
            for bytes in [sample.message.write(), oddly_written(&sample.message)] {
                check(&read(bytes), &classes(law, number));
            }
        }
    }
}

/// What holds of every return message: the header of the source unchanged and unswapped, and the header of its own.
fn assert_header(source: &Read, answer: &Read) {
    for element in ["BerichtVersie", "BerichtSubversie", "Afzender", "Ontvanger", "BerichtIdentificatie", "XsdVersie"] {
        let path = format!("Header/{element}");
        let copied = content_of(&answer.tree, &path);
        assert!(copied.is_some());
        assert_eq!(copied, content_of(&source.tree, &path), "{}: {element}", answer.message.kind);
    }
    let header = &answer.message.header;
    assert_eq!(header.identificatie_retour, Some("ANTWOORD0001".into()));
    assert_eq!(header.dagtekening_retour, Some(date(2026, 3, 11)));
    assert_eq!(header.xsd_versie_retour.as_ref().map(|versie| versie.bericht.as_str()), Some("1.0.0"));
}

/// The client, or the answer of a 319, of a document.
fn body(tree: &Tree) -> Option<Vec<(Namespace, String, String)>> {
    content_of(tree, "Client").or_else(|| content_of(tree, "Antwoord"))
}

#[test]
fn without_a_fault_the_header_says_all_and_has_no_code() {
    for_each_forward(|source, _| {
        let answer = reply(source, &Evaluation::default());
        assert_header(source, &answer);
        assert_eq!(codes_of(&answer.tree), BTreeMap::new(), "{}", answer.message.kind);
        assert_eq!((body(&answer.tree), &answer.message.header.xslt_versie), (None, &None));
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("RetourCode"), "an empty element is none");
    });
}

#[test]
fn level_two_gives_one_0001_and_the_version_of_the_rules() {
    for_each_forward(|source, classes| {
        let first = classes[0].clone();
        let all: Vec<_> = classes.iter().map(|place| (Level::Within, "0001", place.clone())).collect();
        let header = (Level::Within, "0001", Place::header("XsdVersie"));
        for found in [vec![(Level::Within, "0001", first)], all, vec![header]] {
            let answer = reply(source, &outcome(&found));
            assert_header(source, &answer);
            assert_eq!(codes_of(&answer.tree), table([("/Bericht/Header", &["0001"][..])]));
            assert_eq!(answer.message.header.xslt_versie, Some(RULE_SET_VERSION.into()));
            assert_eq!(body(&answer.tree), None);
        }
    });
}

#[test]
fn a_fault_in_the_header_returns_the_header_only() {
    for_each_forward(|source, classes| {
        let header = |level, code| (level, code, Place::header("BerichtIdentificatie/Dagtekening"));
        let lower = (Level::Across, "9063", classes[0].clone());
        let rows: [(Vec<_>, &[&str]); 6] = [
            (vec![header(Level::Across, "9056")], &["9056"]),
            (vec![header(Level::Outside, "8848")], &["8848"]),
            (vec![header(Level::Outside, "S300")], &["S300"]),
            (vec![header(Level::Across, "9056"), header(Level::Outside, "8848")], &["9056", "8848"]),
            (vec![header(Level::Outside, "8848"), header(Level::Outside, "8848")], &["8848"]),
            (vec![header(Level::Outside, "8848"), lower], &["8848"]),
        ];
        for (found, codes) in rows {
            let answer = reply(source, &outcome(&found));
            assert_header(source, &answer);
            assert_eq!(codes_of(&answer.tree), table([("/Bericht/Header", codes)]));
            assert_eq!((body(&answer.tree), &answer.message.header.xslt_versie), (None, &None));
        }
    });
}

/// Judges the given classes wrong and expects their codes there, 0200 on every other class, and all else unchanged.
fn assert_returned(source: &Read, classes: &[Place], wrong: &[(usize, &[&'static str])]) {
    let found: Vec<_> = wrong
        .iter()
        .flat_map(|(index, codes)| codes.iter().map(|code| (Level::Across, *code, classes[*index].clone())))
        .collect();
    let answer = reply(source, &outcome(&found));
    assert_header(source, &answer);
    assert_eq!(answer.message.header.xslt_versie, None);
    let mut expected = table([("/Bericht/Header", &["0200"][..])]);
    expected.extend(table(classes.iter().map(|class| (class.class_path.as_str(), &["0200"][..]))));
    expected.extend(table(wrong.iter().map(|(index, codes)| (classes[*index].class_path.as_str(), *codes))));
    assert_eq!(codes_of(&answer.tree), expected, "{}", answer.message.kind);
    let copied = body(&answer.tree);
    assert!(copied.is_some());
    assert_eq!(copied, body(&source.tree), "{}", answer.message.kind);
}

#[test]
fn a_fault_in_a_class_returns_all_classes_unchanged_with_their_codes() {
    for_each_forward(|source, classes| {
        for index in 0..classes.len() {
            assert_returned(source, classes, &[(index, &["9063"])]);
            assert_returned(source, classes, &[(index, &["9332", "S329", "9379"])]);
        }
        let everywhere: Vec<(usize, &[&'static str])> =
            (0..classes.len()).map(|index| (index, &["9074", "9019"][..])).collect();
        assert_returned(source, classes, &everywhere);
    });
}

#[test]
fn a_code_stands_once_on_a_class_however_many_rules_give_it() {
    for_each_forward(|source, classes| {
        let found = |field: &str| (Level::Across, "9019", Place { field: field.to_owned(), ..classes[0].clone() });
        let answer = reply(source, &outcome(&[found("Bsn"), found(""), found("Bsn")]));
        assert_eq!(codes_of(&answer.tree)[&classes[0].class_path], ["9019"]);
    });
}

#[test]
fn what_only_ijw_has_comes_back_in_ijw() {
    let aanvraag = read(full(Law::Jeugdwet, Number::N315).message.write());
    let answer = reply(&aanvraag, &outcome(&[(Level::Across, "9347", Place::aangevraagd_product(0, ""))]));
    assert_eq!(text(&answer.tree, "Client/GezagsdragerBekend"), Some("1"));
    let antwoord = read(full(Law::Jeugdwet, Number::N319).message.write());
    let answer = reply(&antwoord, &outcome(&[(Level::Across, "9360", Place::antwoord(""))]));
    assert_eq!(text(&answer.tree, "Antwoord/Woonplaatsbeginsel/Gemeente"), Some("0363"));
    assert_eq!(
        codes_of(&answer.tree),
        table([
            ("/Bericht/Header", &["0200"][..]),
            ("/Bericht/Antwoord", &["9360"][..]),
            ("/Bericht/Antwoord/Woonplaatsbeginsel", &["0200"][..]),
        ])
    );
}

#[test]
fn nothing_answers_an_answer() {
    for law in LAWS {
        for number in Number::ALL.into_iter().filter(|number| number.answered_by().is_none()) {
            let source = read(Sample::of(Kind::new(law, number)).message.write());
            let stamp = stamp();
            assert_eq!(build(&source.message, &source.tree, &Evaluation::default(), &stamp), None);
        }
    }
}

// ---- 325 ----

/// A declaration of two clients: 720.00, 60.00 and a credit of 50.00 for the first, 1.00 for the second.
fn declaration(law: Law) -> Sample {
    let mut sample = Sample::of(Kind::new(law, Number::N323));
    sample.message.header.identificatie.identificatie = " D&1 é".into();
    sample.add_line(" P2 ", |line| line.bedrag.bedrag = Cents(6000));
    sample.add_line("P3&", |line| {
        line.bedrag.bedrag = Cents(5000);
        line.bedrag.debet_credit = DebetCredit::Credit;
        line.referentie.vorig = Some("P0".into());
    });
    let mut second = sample.declaratie().clienten[0].clone();
    second.bsn = OTHER_BSN.into();
    second.prestaties.truncate(1);
    second.prestaties[0].referentie.nummer = "P4".into();
    second.prestaties[0].eenheid = crate::message::Eenheid::Euro;
    second.prestaties[0].tarief = None;
    (second.prestaties[0].volume, second.prestaties[0].bedrag.bedrag) = (100, Cents(100));
    sample.declaratie().clienten.push(second);
    sample.fix_total();
    sample
}

fn for_each_declaration(check: impl Fn(&Read)) {
    for law in LAWS {
        let sample = declaration(law);
        for bytes in [sample.message.write(), oddly_written(&sample.message)] {
            check(&read(bytes));
        }
    }
}

/// The 325 after this outcome, with what holds of every 325.
fn declaration_answer(source: &Read, found: &[(Level, &'static str, Place)]) -> Read {
    let answer = reply(source, &outcome(found));
    // A message of its own, so the parties change places.
    assert_eq!(text(&answer.tree, "Header/Afzender"), text(&source.tree, "Header/Ontvanger"));
    assert_eq!(text(&answer.tree, "Header/Ontvanger"), text(&source.tree, "Header/Afzender"));
    for element in ["BerichtVersie", "BerichtSubversie"] {
        let path = format!("Header/{element}");
        assert_eq!(content_of(&answer.tree, &path), content_of(&source.tree, &path), "{element}");
    }
    for (own, copied) in [("DeclaratieIdentificatie", "BerichtIdentificatie"), ("XsdVersieDeclaratie", "XsdVersie")] {
        let own = inside(&answer.tree, &format!("Header/{own}"));
        assert!(own.is_some());
        assert_eq!(own, inside(&source.tree, &format!("Header/{copied}")), "{copied}");
    }
    let header = &answer.message.header;
    assert_eq!(
        (header.identificatie.identificatie.as_str(), header.identificatie.dagtekening),
        ("ANTWOORD0001", date(2026, 3, 11))
    );
    assert_eq!(header.xsd_versie.bericht.as_str(), "1.0.0");
    if let Some(declaratie) = declaratie_antwoord(&answer.message) {
        for element in ["DeclaratieNummer", "TotaalIngediendBedrag"] {
            let copied = content_of(&answer.tree, &format!("DeclaratieAntwoord/{element}"));
            assert!(copied.is_some());
            assert_eq!(copied, content_of(&source.tree, &format!("Declaratie/{element}")), "{element}");
        }
        let toegekend = child(&answer.tree, "DeclaratieAntwoord/TotaalToegekendBedrag").expect("always there");
        let plain = TotaalBedragMetDC::from_signed(declaratie.totaal_toegekend.signed());
        assert_eq!(text_of(toegekend, "TotaalBedrag"), plain.totaal_bedrag.0.to_string());
        assert_eq!(text_of(toegekend, "DebetCredit"), plain.debet_credit.as_str(), "zero is D");
    }
    // What we answer passes the rules that we hold others to.
    let within: Vec<_> = rules::all().into_iter().filter(|rule| rule.level == Level::Within).collect();
    let unknown_question = rules::UnknownQuestion::default();
    let today = date(2026, 3, 11);
    let case = Case { message: &answer.message, today, facts: None, terms: None, unknown_question };
    let broken = rules::evaluate(&case, &within).broken;
    assert!(broken.is_empty(), "{broken:?}");
    answer
}

fn text_of<'t>(node: Node<'t>, name: &str) -> &'t str {
    node.child(name).expect("a required element").text()
}

fn declaratie_antwoord(message: &Message) -> Option<&DeclaratieAntwoord> {
    match &message.body {
        Body::DeclaratieAntwoord(antwoord) => antwoord.as_ref(),
        other => panic!("not a 325: {other:?}"),
    }
}

/// Lines of the source by indices of client and line, as the answer must list them.
fn listed(source: &Read, lines: &[(usize, usize)]) -> Vec<Vec<(Namespace, String, String)>> {
    let clienten: Vec<Node<'_>> = child(&source.tree, "Declaratie/Clienten").expect("clients").children().collect();
    lines
        .iter()
        .map(|&(client, line)| {
            let lines = clienten[client].child("Prestaties").expect("lines");
            content(lines.children().nth(line).expect("a line"))
        })
        .collect()
}

fn lines_of(answer: &Read) -> Vec<Vec<(Namespace, String, String)>> {
    let Some(clienten) = child(&answer.tree, "DeclaratieAntwoord/Clienten") else { return Vec::new() };
    clienten
        .children()
        .flat_map(|client| client.child("Prestaties").expect("lines").children().map(content).collect::<Vec<_>>())
        .collect()
}

const ANSWER: &str = "/Bericht/DeclaratieAntwoord";
const CLIENT_1: &str = "/Bericht/DeclaratieAntwoord/Clienten/Client[1]";
const CLIENT_1_LINE_1: &str = "/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]";
const CLIENT_1_LINE_2: &str = "/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[2]";
const CLIENT_1_LINE_3: &str = "/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[3]";
const CLIENT_2: &str = "/Bericht/DeclaratieAntwoord/Clienten/Client[2]";
const CLIENT_2_LINE_1: &str = "/Bericht/DeclaratieAntwoord/Clienten/Client[2]/Prestaties/Prestatie[1]";

#[test]
fn a_good_declaration_is_granted_in_full() {
    for_each_declaration(|source| {
        let answer = declaration_answer(source, &[]);
        let codes = table([("/Bericht/Header", &["0200"][..]), (ANSWER, &["8001"][..])]);
        assert_eq!(codes_of(&answer.tree), codes);
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(73_100));
        assert_eq!(child(&answer.tree, "DeclaratieAntwoord/Clienten").map(Node::name), None);
        assert_eq!(answer.message.header.xslt_versie, None);
    });
}

#[test]
fn a_declaration_refused_at_level_two_gets_one_0001_and_the_version_of_the_rules() {
    for_each_declaration(|source| {
        let line = (Level::Within, "0001", Place::prestatie(0, 0, "ProductTarief"));
        let total = (Level::Within, "0001", Place::declaratie("TotaalIngediendBedrag"));
        for found in [vec![line.clone()], vec![total, line]] {
            let answer = declaration_answer(source, &found);
            assert_eq!(codes_of(&answer.tree), table([("/Bericht/Header", &["0001"][..])]));
            assert_eq!(answer.message.header.xslt_versie, Some(RULE_SET_VERSION.into()));
            assert_eq!(declaratie_antwoord(&answer.message), None);
        }
    });
}

#[test]
fn a_declaration_with_a_fault_in_its_header_gets_the_header_only() {
    for_each_declaration(|source| {
        let header = |level, code| (level, code, Place::header("Ontvanger"));
        let line = (Level::Across, "9338", Place::prestatie(0, 0, "ToewijzingNummer"));
        let rows: [(Vec<_>, &[&str]); 5] = [
            (vec![header(Level::Across, "9056")], &["9056"]),
            (vec![header(Level::Outside, "8848")], &["8848"]),
            (vec![header(Level::Outside, "S300")], &["S300"]),
            (vec![header(Level::Across, "9056"), header(Level::Outside, "S300")], &["9056", "S300"]),
            (vec![header(Level::Outside, "8848"), line], &["8848"]),
        ];
        for (found, codes) in rows {
            let answer = declaration_answer(source, &found);
            assert_eq!(codes_of(&answer.tree), table([("/Bericht/Header", codes)]));
            assert_eq!((declaratie_antwoord(&answer.message), &answer.message.header.xslt_versie), (None, &None));
        }
    });
}

#[test]
fn a_refused_declaration_grants_nothing_and_lists_nothing() {
    for_each_declaration(|source| {
        let refused = |code| (Level::Across, code, Place::declaratie("DeclaratieNummer"));
        let line = (Level::Across, "9338", Place::prestatie(0, 0, "ToewijzingNummer"));
        let rows: [(Vec<_>, &[&str]); 4] = [
            (vec![refused("9333")], &["9333"]),
            (vec![refused("8214")], &["8214"]),
            (vec![refused("9333"), refused("8214")], &["9333", "8214"]),
            (vec![refused("9333"), line], &["9333"]),
        ];
        for (found, codes) in rows {
            let answer = declaration_answer(source, &found);
            assert_eq!(codes_of(&answer.tree), table([("/Bericht/Header", &["0200"][..]), (ANSWER, codes)]));
            let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
            assert_eq!(antwoord.totaal_toegekend, TotaalBedragMetDC::from_signed(Cents(0)));
            assert_eq!(antwoord.totaal_toegekend.debet_credit, DebetCredit::Debet);
            assert!(antwoord.clienten.is_empty());
        }
    });
}

#[test]
fn refused_lines_are_listed_as_they_came_and_the_others_are_granted() {
    let line = |code, client, line| (Level::Across, code, Place::prestatie(client, line, "ToewijzingNummer"));
    let header = ("/Bericht/Header", &["0200"][..]);
    let remarks = (ANSWER, &["0200"][..]);
    for_each_declaration(|source| {
        let answer = declaration_answer(source, &[line("9338", 0, 1)]);
        let client = (CLIENT_1, &["0200"][..]);
        assert_eq!(codes_of(&answer.tree), table([header, remarks, client, (CLIENT_1_LINE_1, &["9338"][..])]));
        assert_eq!(lines_of(&answer), listed(source, &[(0, 1)]));
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(73_100 - 6000));
        assert_eq!(antwoord.clienten[0].bsn, BSN.into());

        // Only the second client has a refused line, with several codes; the first is left out.
        let answer = declaration_answer(source, &[line("9321", 1, 0), line("9322", 1, 0), line("9321", 1, 0)]);
        let codes = (CLIENT_1_LINE_1, &["9321", "9322"][..]);
        assert_eq!(codes_of(&answer.tree), table([header, remarks, client, codes]));
        assert_eq!(lines_of(&answer), listed(source, &[(1, 0)]));
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(73_100 - 100));
        assert_eq!(antwoord.clienten[0].bsn, OTHER_BSN.into());

        // A refused credit adds to what is granted.
        let answer = declaration_answer(source, &[line("8017", 0, 2)]);
        assert_eq!(lines_of(&answer), listed(source, &[(0, 2)]));
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(73_100 + 5000));

        // Everything but the credit refused: the municipality gets money back.
        let answer = declaration_answer(source, &[line("9338", 0, 0), line("9338", 0, 1), line("9338", 1, 0)]);
        assert_eq!(lines_of(&answer), listed(source, &[(0, 0), (0, 1), (1, 0)]));
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(-5000));
    });
}

#[test]
fn a_declaration_of_which_nothing_is_granted_says_0200_and_zero() {
    let line = |client, line| (Level::Across, "9338", Place::prestatie(client, line, "ToewijzingNummer"));
    for_each_declaration(|source| {
        let answer = declaration_answer(source, &[line(0, 0), line(0, 1), line(0, 2), line(1, 0)]);
        let refused = &["9338"][..];
        assert_eq!(
            codes_of(&answer.tree),
            table([
                ("/Bericht/Header", &["0200"][..]),
                (ANSWER, &["0200"][..]),
                (CLIENT_1, &["0200"][..]),
                (CLIENT_1_LINE_1, refused),
                (CLIENT_1_LINE_2, refused),
                (CLIENT_1_LINE_3, refused),
                (CLIENT_2, &["0200"][..]),
                (CLIENT_2_LINE_1, refused),
            ])
        );
        assert_eq!(lines_of(&answer), listed(source, &[(0, 0), (0, 1), (0, 2), (1, 0)]));
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend, TotaalBedragMetDC::from_signed(Cents(0)));
    });
}

#[test]
fn a_refused_client_comes_back_with_all_its_lines_as_not_judged() {
    let client = |index| (Level::Across, "8187", Place::declaratie_client(index, "Bsn"));
    for_each_declaration(|source| {
        let line = (Level::Across, "9338", Place::prestatie(1, 0, "ToewijzingNummer"));
        let answer = declaration_answer(source, &[client(0), line]);
        let not_judged = &["0233"][..];
        assert_eq!(
            codes_of(&answer.tree),
            table([
                ("/Bericht/Header", &["0200"][..]),
                (ANSWER, &["0200"][..]),
                (CLIENT_1, &["8187"][..]),
                (CLIENT_1_LINE_1, not_judged),
                (CLIENT_1_LINE_2, not_judged),
                (CLIENT_1_LINE_3, not_judged),
                (CLIENT_2, &["0200"][..]),
                (CLIENT_2_LINE_1, &["9338"][..]),
            ])
        );
        assert_eq!(lines_of(&answer), listed(source, &[(0, 0), (0, 1), (0, 2), (1, 0)]));

        let answer = declaration_answer(source, &[client(1)]);
        assert_eq!(lines_of(&answer), listed(source, &[(1, 0)]));
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(73_000));
    });
}

/// The figures of the published sample: 580.00 C submitted, 50.00 C, 140.00 C and 50.00 C refused, 340.00 C granted.
#[test]
fn a_declaration_of_credits_is_granted_with_its_sign() {
    for law in LAWS {
        let mut sample = Sample::of(Kind::new(law, Number::N323));
        sample.make_credit("P0");
        sample.line().bedrag.bedrag = Cents(5000);
        for (nummer, cents) in [("P2", 14_000), ("P3", 5000), ("P4", 34_000)] {
            sample.add_line(nummer, |line| line.bedrag.bedrag = Cents(cents));
        }
        let refused = |line| (Level::Across, "8017", Place::prestatie(0, line, ""));
        let answer = declaration_answer(&read(sample.message.write()), &[refused(0), refused(1), refused(2)]);
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_ingediend.signed(), Cents(-58_000));
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(-34_000));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is refused: what is granted and what is listed add up to what was submitted, and nothing gets lost.
    #[test]
    fn granted_and_listed_add_up(
        lines in proptest::collection::vec((0_i64..=99_999_999, any::<bool>(), any::<bool>()), 1..12),
        refused_client in any::<bool>(),
        odd in any::<bool>(),
    ) {
        let mut sample = Sample::of(Kind::new(Law::Wmo, Number::N323));
        sample.declaratie().clienten[0].prestaties.truncate(1);
        let mut found = Vec::new();
        let (mut submitted, mut granted, mut expected) = (0, 0, Vec::new());
        for (index, (cents, credit, refused)) in lines.iter().enumerate() {
            // Zero is a debit (CS325).
            let credit = *credit && *cents > 0;
            let change = |line: &mut crate::message::Prestatie| {
                line.bedrag.bedrag = Cents(*cents);
                line.bedrag.debet_credit = if credit { DebetCredit::Credit } else { DebetCredit::Debet };
                line.referentie.vorig = credit.then(|| "P0".into());
            };
            if index == 0 { change(sample.line()) } else { sample.add_line(&format!("P{}", index + 1), change) }
            let signed = if credit { -cents } else { *cents };
            submitted += signed;
            if *refused || refused_client { expected.push((0, index)) } else { granted += signed }
            if *refused && !refused_client {
                found.push((Level::Across, "9338", Place::prestatie(0, index, "")));
            }
        }
        sample.fix_total();
        if refused_client {
            found.push((Level::Across, "8187", Place::declaratie_client(0, "Bsn")));
        }
        let source = read(if odd { oddly_written(&sample.message) } else { sample.message.write() });
        let answer = declaration_answer(&source, &found);
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        prop_assert_eq!(antwoord.totaal_ingediend.signed(), Cents(submitted));
        prop_assert_eq!(antwoord.totaal_toegekend.signed(), Cents(granted));
        prop_assert_eq!(lines_of(&answer), listed(&source, &expected));
    }
}

// ---- Judged by the rules themselves ----

/// Judges the sample by all rules and reads the reply back.
fn judged(sample: &Sample) -> Read {
    let source = read(sample.message.write());
    assert_eq!(source.message, sample.message, "write and read are inverse");
    let answer = reply(&source, &sample.evaluate(&rules::all()));
    assert_eq!(answer.message.write(), answer.bytes, "replies are written as messages are");
    answer
}

#[test]
fn a_message_signed_tomorrow_is_8848_whatever_it_is() {
    for law in LAWS {
        for number in FORWARD.into_iter().chain([Number::N323]) {
            let mut sample = Sample::of(Kind::new(law, number));
            sample.message.header.identificatie.dagtekening = date(2026, 3, 11);
            assert_eq!(codes_of(&judged(&sample).tree), table([("/Bericht/Header", &["8848"][..])]));
        }
    }
}

#[test]
fn a_sample_is_answered_without_a_code() {
    for law in LAWS {
        for number in FORWARD {
            assert_eq!(codes_of(&judged(&Sample::of(Kind::new(law, number))).tree), BTreeMap::new());
        }
        let granted = codes_of(&judged(&Sample::of(Kind::new(law, Number::N323))).tree);
        assert_eq!(granted, table([("/Bericht/Header", &["0200"][..]), (ANSWER, &["8001"][..])]));
    }
}

#[test]
fn an_unlisted_product_is_s329_on_its_class() {
    let rows: [(Number, &str); 5] = [
        (Number::N301, "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]"),
        (Number::N305, "/Bericht/Client/StartProducten/StartProduct[1]"),
        (Number::N307, "/Bericht/Client/StopProducten/StopProduct[1]"),
        (Number::N315, "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]"),
        (Number::N317, "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]"),
    ];
    for law in LAWS {
        for (number, class) in rows {
            let mut sample = Sample::of(Kind::new(law, number));
            if number == Number::N317 {
                // After the changed allocation of the same product.
                sample.add_nieuw_product(|nieuw| nieuw.gewenste_ingangsdatum = date(2026, 5, 1));
            }
            sample.terms.products.clear();
            let codes = codes_of(&judged(&sample).tree);
            assert_eq!(codes[class], ["S329"], "{}", number.as_str());
            for (other, codes) in codes.iter().filter(|(other, _)| *other != class) {
                assert_eq!(codes, &["0200"], "{other}");
            }
        }
    }
}

#[test]
fn deleting_a_start_that_was_never_there_is_9063_on_the_start() {
    for law in LAWS {
        let mut sample = Sample::of(Kind::new(law, Number::N305));
        sample.start_product().status_aanlevering = StatusAanlevering::Verwijderd;
        let codes = codes_of(&judged(&sample).tree);
        assert_eq!(
            codes,
            table([
                ("/Bericht/Header", &["0200"][..]),
                ("/Bericht/Client", &["0200"][..]),
                ("/Bericht/Client/StartProducten/StartProduct[1]", &["9063"][..]),
            ])
        );
    }
}

#[test]
fn a_declaration_is_judged_line_by_line() {
    for law in LAWS {
        let mut sample = Sample::of(Kind::new(law, Number::N323));
        sample.add_line("P2", |line| {
            line.periode.begindatum = date(2026, 1, 1);
            line.periode.einddatum = date(2026, 1, 31);
            line.tarief = Some(Cents(7000));
            line.bedrag.bedrag = Cents(84_000);
        });
        let mut stranger = sample.declaratie().clienten[0].clone();
        stranger.bsn = OTHER_BSN.into();
        stranger.prestaties.truncate(1);
        stranger.prestaties[0].referentie.nummer = "P9".into();
        sample.declaratie().clienten.push(stranger);
        sample.fix_total();
        let answer = judged(&sample);
        assert_eq!(
            codes_of(&answer.tree),
            table([
                ("/Bericht/Header", &["0200"][..]),
                (ANSWER, &["0200"][..]),
                (CLIENT_1, &["0200"][..]),
                (CLIENT_1_LINE_1, &["0611"][..]),
                (CLIENT_2, &["8187"][..]),
                (CLIENT_2_LINE_1, &["0233"][..]),
            ])
        );
        let antwoord = declaratie_antwoord(&answer.message).expect("the declaration is answered");
        assert_eq!(antwoord.totaal_toegekend.signed(), Cents(72_000));
    }
}
