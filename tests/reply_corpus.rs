//! Replies to real documents: every valid message of the corpus beside the project is answered for each outcome, and each
//! answer is valid by its own schema and repeats what it must, value by value.
//!
//! The corpus is reference material beside the project; without it this test says so and passes.

use sluis::message::element::{Element as _, required};
use sluis::message::tree::{Node, Tree};
use sluis::message::{DebetCredit, Identificatie, Law, Message, Number, TotaalBedragMetDC};
use sluis::reply::{self, Stamp};
use sluis::rules::{Broken, Check, Class, Evaluation, Level, Place, Rule, Sort, Violation};
use sluis::schema::{Document, Limits, validate};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The reference beside the project; a worktree lies one folder deeper.
fn shared(path: &str) -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../shared", "../../shared"].map(|folder| project.join(folder).join(path));
    let found = beside.into_iter().find(|path| path.exists());
    if found.is_none() {
        println!("skipped: {path} is not there");
    }
    found
}

static WITHIN: Rule = rule(Level::Within, "0001");
static ACROSS: Rule = rule(Level::Across, "9338");

const fn rule(level: Level, code: &'static str) -> Rule {
    Rule {
        id: "TEST",
        sort: Sort::Technical,
        level,
        code,
        numbers: &Number::ALL,
        laws: &Law::ALL,
        class: Class::Header,
        nl: "Een regel.",
        en: "A rule.",
        needs: &[],
        doubt: "",
        check: Check::Schema,
    }
}

fn outcome(rule: &'static Rule, places: &[Place]) -> Evaluation {
    let broken = |place: &Place| Broken { rule, violation: Violation::at(place.clone(), "Fout.", "Wrong.") };
    Evaluation { broken: places.iter().map(broken).collect(), ..Evaluation::default() }
}

/// The classes of the document that a reply may name.
fn classes(tree: &Tree) -> Vec<Place> {
    const NAMES: [(&str, Class); 5] = [
        ("Client", Class::Client),
        ("StartProduct", Class::StartProduct),
        ("StopProduct", Class::StopProduct),
        ("AangevraagdProduct", Class::AangevraagdProduct),
        ("Prestatie", Class::Prestatie),
    ];
    fn collect(node: Node<'_>, places: &mut Vec<Place>) {
        if let Some((_, class)) = NAMES.iter().find(|(name, _)| *name == node.name()) {
            places.push(Place { class: *class, class_path: node.path(), field: String::new() });
        }
        node.children().for_each(|child| collect(child, places));
    }
    let mut places = Vec::new();
    collect(tree.root().expect("a root"), &mut places);
    places
}

/// Names and texts of a subtree in document order, without return codes.
fn content(node: Node<'_>) -> Vec<(String, String)> {
    let mut all = vec![(node.name().to_owned(), node.text().to_owned())];
    all.extend(node.children().filter(|child| child.name() != "RetourCodes").flat_map(content));
    all
}

fn at<'t>(tree: &'t Tree, path: &str) -> Option<Node<'t>> {
    path.split('/').try_fold(tree.root()?, Node::child)
}

fn answer(source: &Document, message: &Message, evaluation: &Evaluation, name: &str) -> Document {
    let stamp = Stamp {
        identificatie: Identificatie::from("ANTWOORD0001"),
        dagtekening: jiff::civil::date(2026, 3, 11),
        xsd_versie: sluis::message::XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() },
    };
    let build = || reply::build(message, &source.tree, evaluation, &stamp).expect("forward messages are answered");
    let reply = build();
    assert_eq!(reply, build(), "{name}: the same inputs give the same bytes");
    validate(&reply.body, &Limits::default())
        .unwrap_or_else(|faults| panic!("{name}: {:?}\n{}", faults.faults, String::from_utf8_lossy(&reply.body)))
}

/// Judges one document in every way; gives how many answers that were.
fn check(source: &Document, message: &Message, name: &str) -> usize {
    let classes = classes(&source.tree);
    let mut outcomes = vec![
        Evaluation::default(),
        outcome(&WITHIN, &classes),
        outcome(&ACROSS, &[Place::header("Afzender")]),
        outcome(&ACROSS, &classes),
    ];
    outcomes.extend(classes.iter().map(|class| outcome(&ACROSS, std::slice::from_ref(class))));
    for evaluation in &outcomes {
        let reply = answer(source, message, evaluation, name);
        if message.kind.number == Number::N323 {
            assert_adds_up(source, &reply, name);
            continue;
        }
        for element in ["BerichtVersie", "Afzender", "Ontvanger", "BerichtIdentificatie", "XsdVersie"] {
            let path = format!("Header/{element}");
            assert_eq!(at(&reply.tree, &path).map(content), at(&source.tree, &path).map(content), "{name}: {element}");
        }
        if let Some(client) = at(&reply.tree, "Client") {
            assert_eq!(Some(content(client)), at(&source.tree, "Client").map(content), "{name}");
        }
    }
    outcomes.len()
}

/// Lines of the answer stand in the declaration, and submitted less granted is what they add up to.
fn assert_adds_up(source: &Document, reply: &Document, name: &str) {
    let Some(antwoord) = at(&reply.tree, "DeclaratieAntwoord") else { return };
    let total =
        |element: &str| -> i64 { required::<TotaalBedragMetDC>(antwoord, element).expect("a valid total").signed().0 };
    let mut theirs = Vec::new();
    lines(source.tree.root().expect("a root"), &mut theirs);
    let mut ours = Vec::new();
    lines(antwoord, &mut ours);
    let mut listed = 0;
    for line in &ours {
        assert!(theirs.iter().any(|their| content(*their) == content(*line)), "{name}: a line of its own");
        let bedrag = line.child("IngediendBedrag").expect("an amount");
        let cents: i64 = bedrag.child("Bedrag").expect("an amount").text().parse().expect("a number");
        let sign = DebetCredit::read(bedrag.child("DebetCredit").expect("a sign")).expect("a sign");
        listed += if sign == DebetCredit::Credit { -cents } else { cents };
    }
    if !ours.is_empty() {
        assert_eq!(total("TotaalIngediendBedrag") - total("TotaalToegekendBedrag"), listed, "{name}");
    }
}

fn lines<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    if node.name() == "Prestatie" {
        found.push(node);
    }
    node.children().for_each(|child| lines(child, found));
}

#[test]
fn real_documents_are_answered_validly_and_unchanged() {
    let Some(archive) = shared("standard/schema-corpus/ijw.tar.xz") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unpacked = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder.path()).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        println!("skipped: tar cannot unpack the corpus here");
        return;
    }
    let manifest = std::fs::read_to_string(folder.path().join("manifest.tsv")).expect("the corpus has a manifest");
    let (mut documents, mut answers) = (0, 0);
    for line in manifest.lines().skip(1).filter(|line| line.ends_with("\tvalid")) {
        let file = line.split('\t').next().expect("a file");
        let source = std::fs::read(folder.path().join(file)).expect("the manifest names existing files");
        let Ok(document) = validate(&source, &Limits::default()) else { continue };
        // Years beyond 9999 are valid by the schema and refused by the typed message.
        let Ok(message) = Message::read(document.kind, document.release, &document.tree) else { continue };
        if message.kind.number.answered_by().is_some() {
            documents += 1;
            answers += check(&document, &message, file);
        }
    }
    println!("{documents} documents, {answers} answers");
    assert!(documents > 700, "the corpus has over seven hundred valid messages that are answered: {documents}");
}
