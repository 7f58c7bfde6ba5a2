//! Documents generated from the schema tables, mutated, and judged: compared with `xmllint` where that command exists,
//! and thrown at the validator by the thousand to see that nothing makes it panic.
//!
//! Every document comes from a seed, so a failure can be repeated.

#[path = "schema_generated/generator.rs"]
mod generator;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use generator::{CHANGES, Dice, Node, changed_at, document, edge_values, instance, places, prefix, unescape, write};
use proptest::prelude::*;
use sluis::message::{Kind, Law, Message, Release};
use sluis::schema::{Element, Limits, Model, Schema, recognise, schema, validate};

/// Documents per kind with changes anywhere, on top of those for each of its elements.
const ANYWHERE: u64 = 300;

/// Values that an element gets at least. Each value of a type gets its turn at one of the elements of that type.
const VALUES: usize = 8;

fn kinds() -> impl Iterator<Item = (Kind, &'static Schema)> {
    Kind::all().map(|kind| (kind, schema(kind).unwrap_or_else(|| panic!("{kind} has no schema"))))
}

fn seed(kind: Kind, number: u64) -> u64 {
    kind.slug().bytes().fold(number, |seed, byte| seed.wrapping_mul(257).wrapping_add(u64::from(byte)))
}

fn schema_path(kind: Kind) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("xsd");
    let law = match kind.law {
        Law::Wmo => "iwmo",
        Law::Jeugdwet => "ijw",
    };
    root.join(law).join("3.2").join(format!("{}.xsd", kind.slug()))
}

/// A generated document.
struct Case {
    /// The element that it is about, for those about one.
    place: Option<String>,
    text: String,
}

/// Documents for every kind of a law: each element as it is and with each change, each value of each type at some
/// element of that type, and changes anywhere.
fn cases(law: Law) -> Vec<(Kind, Vec<Case>)> {
    let of_law: Vec<_> =
        kinds().filter(|(kind, _)| kind.law == law).map(|(kind, schema)| (kind, schema, places(schema))).collect();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, schema, ways) in &of_law {
        for way in ways {
            if let Model::Simple(simple) = schema.model(way[way.len() - 1]) {
                *uses.entry(&simple.name).or_default() += 1;
            }
        }
    }
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for (kind, schema, ways) in &of_law {
        let mut cases = Vec::new();
        for way in ways {
            let mut changes: Vec<String> = CHANGES.map(str::to_owned).to_vec();
            if let Model::Simple(simple) = schema.model(way[way.len() - 1]) {
                let values = edge_values(simple);
                let share = values.len().div_ceil(uses[&*simple.name]).max(VALUES);
                let turn = turns.entry(&simple.name).or_default();
                changes.extend(values.iter().cycle().skip(*turn % values.len()).take(share).cloned());
                *turn += share;
            }
            for change in changes {
                let mut dice = Dice(seed(*kind, 1_000_000 + cases.len() as u64));
                let text = changed_at(*kind, schema, way, &change, &mut dice);
                cases.push(Case { place: Some(name_of(way)), text });
            }
        }
        cases.extend(
            (0..ANYWHERE).map(|number| Case { place: None, text: document(*kind, schema, seed(*kind, number)) }),
        );
        all.push((*kind, cases));
    }
    all
}

fn name_of(way: &[&Element]) -> String {
    way.iter().map(|element| &*element.name).collect::<Vec<_>>().join("/")
}

/// Which of the documents libxml2 finds valid. The names of the files are their numbers.
fn accepted_by_xmllint(kind: Kind, cases: &[Case]) -> BTreeSet<usize> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, case) in cases.iter().enumerate() {
        std::fs::write(folder.path().join(number.to_string()), &case.text)
            .expect("the temporary folder can be written");
    }
    let output = Command::new("xmllint")
        .current_dir(folder.path())
        .args(["--noout", "--schema"])
        .arg(schema_path(kind))
        .args((0..cases.len()).map(|number| number.to_string()))
        .output()
        .expect("xmllint runs");
    let report = String::from_utf8_lossy(&output.stderr);
    report.lines().filter_map(|line| line.strip_suffix(" validates")?.parse().ok()).collect()
}

/// Compares the verdicts on the kinds of a law. One test per law: two of them fill two cores.
fn agree_with_xmllint(law: Law) {
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not there");
        return;
    }
    let (mut total, mut valid) = (0, 0);
    let mut wrong = Vec::new();
    for (kind, cases) in cases(law) {
        let accepted = accepted_by_xmllint(kind, &cases);
        let mut sides: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
        for (number, case) in cases.iter().enumerate() {
            let theirs = accepted.contains(&number);
            if let Some(place) = &case.place {
                sides.entry(place).or_default()[usize::from(theirs)] = true;
            }
            let ours = validate(case.text.as_bytes(), &Limits::default());
            if ours.is_ok() != theirs {
                let why = ours.err().map(|faults| faults.faults);
                wrong.push(format!("{kind} {:?}: xmllint says {theirs}, we say {why:?}\n{}\n", case.place, case.text));
            }
        }
        for (place, sides) in sides {
            assert_eq!(sides, [true, true], "{kind}: {place} must be refused once and accepted once");
        }
        (total, valid) = (total + cases.len(), valid + accepted.len());
        println!("{kind}: {} documents from seed {}, {} valid", cases.len(), seed(kind, 0), accepted.len());
    }
    println!("{law}: {total} documents, {valid} valid");
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(valid * 10 > total && valid * 10 < total * 9, "{valid} of {total} valid: the corpus must test both sides");
}

#[test]
fn verdicts_on_iwmo_agree_with_xmllint() {
    agree_with_xmllint(Law::Wmo);
}

#[test]
fn verdicts_on_ijw_agree_with_xmllint() {
    agree_with_xmllint(Law::Jeugdwet);
}

#[test]
fn an_unchanged_instance_is_valid_and_comes_back_as_its_tree() {
    for (kind, schema) in kinds() {
        for number in 0..50 {
            let mut dice = Dice(seed(kind, number));
            let mut root = instance(schema, schema.root(), &[], &mut dice);
            root.attributes = format!(
                " xmlns:m=\"{}\" xmlns:b=\"{}\"",
                kind.namespace(Release::V3_2),
                kind.base_namespace(Release::V3_2)
            );
            let mut text = String::new();
            write(&root, &mut dice, &mut text);
            let document =
                validate(text.as_bytes(), &Limits::default()).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
            assert_eq!(document.kind, kind);
            same(&root, document.tree.root().expect("a valid document has a root"));
            comes_back_typed(kind, &document.tree, &text);
        }
    }
}

/// What the schema allows the typed message can hold; and what it writes is valid and reads the same.
fn comes_back_typed(kind: Kind, tree: &sluis::message::tree::Tree, text: &str) {
    let message = Message::read(kind, Release::V3_2, tree).unwrap_or_else(|error| panic!("{kind}: {error}\n{text}"));
    let written = message.write();
    let document = validate(&written, &Limits::default())
        .unwrap_or_else(|faults| panic!("{faults:?}\n{}", String::from_utf8_lossy(&written)));
    let again = Message::read(kind, Release::V3_2, &document.tree).unwrap_or_else(|error| panic!("{kind}: {error}"));
    assert_eq!(again, message, "{kind}");
}

fn same(node: &Node, found: sluis::message::tree::Node<'_>) {
    assert_eq!(node.name, format!("{}{}", prefix(found.namespace()), found.name()));
    let children: Vec<_> = found.children().collect();
    assert_eq!(node.children.len(), children.len(), "{}", node.name);
    if children.is_empty() {
        // Only numbers, dates and times collapse; generated texts have no markup inside.
        let written = unescape(&node.text);
        assert!(found.text() == written || found.text() == written.trim(), "{:?} {:?}", found.text(), written);
    }
    for (child, found) in node.children.iter().zip(children) {
        same(child, found);
    }
}

/// What holds for every outcome, whatever the document.
fn sound(source: &[u8]) {
    let limits = Limits { max_faults: 20, ..Limits::default() };
    match validate(source, &limits) {
        Ok(document) => assert_eq!(recognise(source), Some(document.kind)),
        Err(faults) => {
            assert!(faults.total > 0 && !faults.faults.is_empty());
            assert!(faults.faults.len() <= limits.max_faults + 2);
            let places: Vec<(u32, u32)> = faults.faults.iter().map(|fault| (fault.line, fault.column)).collect();
            assert!(places.is_sorted() && places.iter().all(|&(line, column)| line >= 1 && column >= 1), "{places:?}");
            for fault in &faults.faults {
                assert!(sluis::schema::CODES.iter().any(|info| info.code == fault.code), "{}", fault.code);
                assert!(
                    !fault.nl.is_empty()
                        && !fault.en.is_empty()
                        && !fault.expected.is_empty()
                        && !fault.found.is_empty()
                );
            }
        }
    }
}

#[test]
fn faults_are_in_order_and_complete_for_every_generated_document() {
    for (kind, schema) in kinds() {
        for number in 0..100 {
            sound(document(kind, schema, seed(kind, number)).as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        sound(&bytes);
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "[<>&;/!?='\" \\[\\]a-cB:xmlns#0-9é\n-]{0,200}") {
        sound(text.as_bytes());
    }

    #[test]
    fn damaged_documents_never_panic(
        seed in any::<u64>(), kind in 0usize..28, cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (kind, schema) = kinds().nth(kind).expect("there are 28 kinds");
        let mut bytes = document(kind, schema, seed).into_bytes();
        for (place, byte) in cuts {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        sound(&bytes);
    }
}
