//! Documents generated from the schema tables, mutated, and judged: compared with `xmllint` where that command exists,
//! and thrown at the validator by the thousand to see that nothing makes it panic.
//!
//! Every document comes from a seed, so a failure can be repeated.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use sluis::message::tree::Namespace;
use sluis::message::{Kind, Law, Message};
use sluis::schema::{Base, Element, Limits, Model, Schema, SimpleType, recognise, schema, validate};

/// Documents per kind. With twelve kinds this stays under a minute, `xmllint` included.
const PER_KIND: u64 = 500;

/// A small generator of numbers (splitmix64): the same documents on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("a remainder fits")
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// An element as text, before it is written.
#[derive(Clone, Debug)]
struct Node {
    name: String,
    attributes: String,
    /// Already escaped.
    text: String,
    children: Vec<Node>,
}

fn prefix(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Message => "m:",
        Namespace::Base => "b:",
    }
}

fn instance(schema: &Schema, element: &Element, dice: &mut Dice) -> Node {
    let mut node = Node {
        name: format!("{}{}", prefix(element.namespace), element.name),
        attributes: String::new(),
        text: String::new(),
        children: Vec::new(),
    };
    match schema.model(element) {
        Model::Simple(simple) => node.text = valid_value(simple, dice),
        Model::Sequence(elements) => {
            for child in elements {
                if child.required || dice.chance(50) {
                    let count = if child.repeats { 1 + dice.below(3) } else { 1 };
                    for _ in 0..count {
                        node.children.push(instance(schema, child, dice));
                    }
                }
            }
        }
    }
    node
}

/// Values around every bound of a type, valid and invalid ones alike.
fn edge_values(simple: &SimpleType) -> Vec<String> {
    let mut values: Vec<String> = match simple.base {
        Base::String => [
            "",
            " ",
            "a",
            "A1",
            "é",
            "ỳ",
            "×",
            "\u{A0}",
            "a b",
            " a ",
            "a\tb",
            "a\nb",
            "a&#13;b",
            "a.b",
            ".",
            "Jan de Vries",
            "-",
            "0363",
            "12345678",
            "999990019",
            "1.0.0",
            "01.0.0",
            "1.0",
            "10.20.30",
            "&#x1F600;",
            "\u{661}\u{662}",
        ]
        .map(str::to_owned)
        .to_vec(),
        Base::Integer => [
            "0",
            "-0",
            "+0",
            "00",
            "007",
            " 5 ",
            "\n7\t",
            "1 2",
            "",
            "-",
            "1.0",
            "1e3",
            "\u{A0}1",
            "\u{661}",
            "-1",
            "+1",
            "1_0",
            "0x1",
            "00000000000000000000000000000009",
            "99999999999999999999999",
        ]
        .map(str::to_owned)
        .to_vec(),
        Base::Date => [
            "2026-01-31",
            "2024-02-29",
            "2023-02-29",
            "1900-02-29",
            "2000-02-29",
            " 2026-12-01 ",
            "2026-12-01Z",
            "2026-12-01+01:00",
            "2026-12-01-01:00",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-4-1",
            "26-04-01",
            "0000-01-01",
            "-0001-01-01",
            "-0004-02-29",
            "-0001-02-29",
            "-2026-01-01",
            "12026-01-01",
            "012026-01-01",
            "12000-02-29",
            "-12026-01-01",
            "9223372036854775807-12-31",
            "9223372036854775808-01-01",
            "20260401",
            "2026-04-01T00:00:00",
            "+2026-04-01",
            "0001-01-01",
            "9999-12-31",
            "",
        ]
        .map(str::to_owned)
        .to_vec(),
        Base::Time => [
            "00:00:00",
            "23:59:59",
            "24:00:00",
            "24:00:01",
            "12:60:00",
            "12:00:60",
            "12:00",
            "12:00:00.5",
            "12:00:00.",
            "12:00:00Z",
            "12:00:00+01:00",
            " 12:00:00\n",
            "1:00:00",
            "12:00:00.123456",
            "24:00:00.0",
            "",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    for length in [simple.min_length, simple.max_length].into_iter().flatten() {
        for length in [length.saturating_sub(1), length, length + 1] {
            for c in ["a", "7", "é", "\u{1F600}"] {
                values.push(c.repeat(length as usize));
            }
        }
    }
    for bound in [simple.min, simple.max].into_iter().flatten() {
        values.extend([bound - 1, bound, bound + 1].map(|number| number.to_string()));
    }
    for pattern in &simple.patterns {
        values.push(pattern.source().replace('\\', ""));
    }
    if let Some(codes) = &simple.enumeration {
        values.extend(codes.iter().map(ToString::to_string));
        values.extend(
            codes.iter().take(2).flat_map(|code| [format!("{code} "), code.to_lowercase(), format!("0{code}")]),
        );
    }
    values
}

fn unescape(value: &str) -> String {
    value.replace("&#13;", "\r").replace("&#x1F600;", "\u{1F600}")
}

fn valid_value(simple: &SimpleType, dice: &mut Dice) -> String {
    let values: Vec<String> =
        edge_values(simple).into_iter().filter(|value| simple.accepts(&unescape(value))).collect();
    assert!(!values.is_empty(), "no valid value known for {}", simple.name);
    dice.pick(&values).clone()
}

fn write(node: &Node, dice: &mut Dice, out: &mut String) {
    out.extend(["<", &node.name, &node.attributes]);
    if node.children.is_empty() && node.text.is_empty() && dice.chance(50) {
        out.push_str("/>");
        return;
    }
    out.push('>');
    out.push_str(&node.text);
    for child in &node.children {
        if dice.chance(30) {
            out.push_str("\n  ");
        }
        write(child, dice, out);
    }
    out.extend(["</", &node.name, ">"]);
}

/// A node somewhere in the tree for which `wanted` holds.
fn find<'t>(node: &'t mut Node, dice: &mut Dice, wanted: fn(&Node) -> bool) -> Option<&'t mut Node> {
    fn count(node: &Node, wanted: fn(&Node) -> bool) -> usize {
        usize::from(wanted(node)) + node.children.iter().map(|child| count(child, wanted)).sum::<usize>()
    }
    fn nth<'t>(node: &'t mut Node, left: &mut usize, wanted: fn(&Node) -> bool) -> Option<&'t mut Node> {
        if wanted(node) {
            if *left == 0 {
                return Some(node);
            }
            *left -= 1;
        }
        node.children.iter_mut().find_map(|child| nth(child, left, wanted))
    }
    let total = count(node, wanted);
    (total > 0).then(|| dice.below(total)).and_then(|mut left| nth(node, &mut left, wanted))
}

fn is_parent(node: &Node) -> bool {
    !node.children.is_empty()
}

fn is_leaf(node: &Node) -> bool {
    node.children.is_empty()
}

fn simple_types<'s>(schema: &'s Schema, element: &'s Element, name: &str, found: &mut Vec<&'s SimpleType>) {
    match schema.model(element) {
        Model::Simple(simple) if *element.name == *name => found.push(simple),
        Model::Simple(_) => {}
        Model::Sequence(elements) => elements.iter().for_each(|child| simple_types(schema, child, name, found)),
    }
}

/// Changes one thing in the tree.
fn mutate(schema: &Schema, root: &mut Node, dice: &mut Dice) {
    let kind = dice.below(20);
    match kind {
        0..=6 => {
            let Some(leaf) = find(root, dice, is_leaf) else { return };
            let mut types = Vec::new();
            simple_types(schema, schema.root(), leaf.name.split(':').next_back().unwrap_or(""), &mut types);
            if !types.is_empty() {
                let values = edge_values(types[dice.below(types.len())]);
                leaf.text.clone_from(dice.pick(&values));
            }
        }
        7..=12 => {
            let Some(parent) = find(root, dice, is_parent) else { return };
            let (at, other) = (dice.below(parent.children.len()), dice.below(parent.children.len()));
            match kind {
                7 => drop(parent.children.remove(at)),
                8 => parent.children.insert(at, parent.children[at].clone()),
                9 => parent.children.swap(at, other),
                10 => parent.children.clear(),
                11 => {
                    let child = parent.children.remove(at);
                    parent.children.insert(other.min(parent.children.len()), child);
                }
                _ => {
                    let copy = parent.children[at].clone();
                    if let Some(other) = find(root, dice, is_parent) {
                        other.children.push(copy);
                    }
                }
            }
        }
        13 => {
            if let Some(node) = find(root, dice, |_| true) {
                let local = node.name.split(':').next_back().unwrap_or("").to_owned();
                node.name = match dice.below(6) {
                    0 => local,
                    1 => format!("m:{local}"),
                    2 => format!("b:{local}"),
                    3 => format!("m:{}", local.to_lowercase()),
                    4 => format!("q:{local}"),
                    _ => "m:Onbekend".to_owned(),
                };
            }
        }
        14 => {
            if let Some(node) = find(root, dice, |_| true) {
                const XSI: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:";
                let local = node.name.split(':').next_back().unwrap_or("").to_owned();
                node.attributes = match dice.below(9) {
                    0 => " id=\"1\"".to_owned(),
                    1 => " xml:lang=\"nl\"".to_owned(),
                    2 => format!("{XSI}nil=\"true\""),
                    3 => format!("{XSI}schemaLocation=\"urn:x x.xsd\""),
                    4 => format!("{XSI}type=\"b:LDT_{local}\""),
                    5 => format!("{XSI}type=\"b:CDT_{local}\""),
                    6 => format!("{XSI}type=\"m:{local}\""),
                    7 => " xmlns=\"urn:x\"".to_owned(),
                    _ => " xmlns:q=\"urn:x\"".to_owned(),
                };
            }
        }
        15 => {
            if let Some(parent) = find(root, dice, is_parent) {
                parent.text =
                    dice.pick(&[" ", "x", "\u{A0}", "&#32;", "<!-- x -->", "<?pi x?>", "\r\n", "&amp;"]).to_string();
            }
        }
        16 => {
            if let Some(leaf) = find(root, dice, is_leaf) {
                let text = std::mem::take(&mut leaf.text);
                leaf.text = match dice.below(5) {
                    0 => format!("<!-- x -->{text}"),
                    // An empty CDATA section in an empty sequence is valid by XSD 1.0, but xmllint refuses it.
                    1 if !text.trim().is_empty() => format!("<![CDATA[{}]]>", unescape(&text)),
                    1 | 2 => format!("{text}<?pi?>"),
                    3 => format!("{text}<m:x/>"),
                    _ => text
                        .chars()
                        .map(|c| if c == '&' { c.to_string() } else { format!("&#x{:X};", u32::from(c)) })
                        .collect(),
                };
                if leaf.text.contains("]]>]]>") || leaf.text.contains("&&") {
                    leaf.text = text;
                }
            }
        }
        17 => {
            if let Some(leaf) = find(root, dice, is_leaf) {
                leaf.text = dice
                    .pick(&["", " ", "&", "&nbsp;", "&lt;", "]]>", "<", "&#0;", "&#xD;", "x", "&quot;", "9"])
                    .to_string();
            }
        }
        18 => {
            if let Some(leaf) = find(root, dice, is_leaf) {
                leaf.children.push(Node {
                    name: "m:Extra".to_owned(),
                    attributes: String::new(),
                    text: String::new(),
                    children: Vec::new(),
                });
            }
        }
        _ => {
            if let Some(parent) = find(root, dice, is_parent) {
                let at = dice.below(parent.children.len() + 1);
                let extra = Node {
                    name: "b:Extra".to_owned(),
                    attributes: String::new(),
                    text: "1".to_owned(),
                    children: Vec::new(),
                };
                parent.children.insert(at, extra);
            }
        }
    }
}

/// Changes one character of the text.
fn damage(text: &mut String, dice: &mut Dice) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = *dice.pick(&places);
    match dice.below(4) {
        0 => drop(text.remove(at)),
        1 => text.insert(
            at,
            *dice.pick(&[
                '<', '>', '&', ';', '"', '\'', '/', '=', ' ', ':', 'a', '\n', ']', '!', '-', '?', '\u{1}', 'é',
            ]),
        ),
        2 => text.truncate(at),
        _ => {
            let piece: String = text[at..].chars().take(dice.below(12)).collect();
            text.insert_str(at, &piece);
        }
    }
}

fn document(kind: Kind, schema: &Schema, seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut root = instance(schema, schema.root(), &mut dice);
    let (message, base) = (kind.namespace(), kind.base_namespace());
    // One in four stays valid; the others get one to three changes.
    let changes = dice.below(4);
    for _ in 0..changes {
        mutate(schema, &mut root, &mut dice);
    }
    root.attributes.extend([" xmlns:m=\"", &message, "\" xmlns:b=\"", &base, "\""]);
    let mut text = dice
        .pick(&[
            "",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<?xml version='1.0' standalone='yes'?>\n",
            "\u{FEFF}",
            "<!-- x -->\n",
        ])
        .to_string();
    write(&root, &mut dice, &mut text);
    if changes > 0 && dice.chance(15) {
        damage(&mut text, &mut dice);
    }
    text
}

fn judged() -> impl Iterator<Item = (Kind, &'static Schema)> {
    Kind::all().filter_map(|kind| Some((kind, schema(kind)?)))
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

#[test]
fn verdicts_agree_with_xmllint() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not there");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut total, mut valid) = (0, 0);
    let mut wrong = Vec::new();
    for (kind, schema) in judged() {
        let documents: Vec<String> = (0..PER_KIND).map(|number| document(kind, schema, seed(kind, number))).collect();
        let names: Vec<String> = (0..documents.len()).map(|number| format!("{kind}-{number}.xml")).collect();
        for (name, text) in names.iter().zip(&documents) {
            std::fs::write(folder.path().join(name), text).expect("the temporary folder can be written");
        }
        let output = Command::new("xmllint")
            .current_dir(folder.path())
            .args(["--noout", "--schema"])
            .arg(schema_path(kind))
            .args(&names)
            .output()
            .expect("xmllint runs");
        let report = String::from_utf8_lossy(&output.stderr);
        let accepted: std::collections::BTreeSet<&str> =
            report.lines().filter_map(|line| line.strip_suffix(" validates")).collect();
        for (name, text) in names.iter().zip(&documents) {
            total += 1;
            let theirs = accepted.contains(name.as_str());
            valid += usize::from(theirs);
            let ours = validate(text.as_bytes(), &Limits::default());
            if ours.is_ok() == theirs {
                continue;
            }
            let why = ours.err().map(|faults| faults.faults);
            wrong.push(format!("{name}: xmllint says {theirs}, we say {why:?}\n{text}\n"));
        }
    }
    println!("{total} documents, {valid} valid");
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(valid * 10 > total && valid * 10 < total * 9, "{valid} of {total} valid: the corpus must test both sides");
}

#[test]
fn an_unchanged_instance_is_valid_and_comes_back_as_its_tree() {
    for (kind, schema) in judged() {
        for number in 0..50 {
            let mut dice = Dice(seed(kind, number));
            let mut root = instance(schema, schema.root(), &mut dice);
            root.attributes = format!(" xmlns:m=\"{}\" xmlns:b=\"{}\"", kind.namespace(), kind.base_namespace());
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

/// What the schema allows the typed message can hold, but for dates beyond all calendars; and what it writes is valid
/// and reads the same.
fn comes_back_typed(kind: Kind, tree: &sluis::message::tree::Tree, text: &str) {
    let message = match Message::read(kind, tree) {
        Ok(message) => message,
        Err(error) => {
            assert!(error.reason.contains("a year outside"), "{kind}: {error}\n{text}");
            return;
        }
    };
    let written = message.write();
    let document = validate(&written, &Limits::default())
        .unwrap_or_else(|faults| panic!("{faults:?}\n{}", String::from_utf8_lossy(&written)));
    let again = Message::read(kind, &document.tree).unwrap_or_else(|error| panic!("{kind}: {error}"));
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
    for (kind, schema) in judged() {
        for number in 0..200 {
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
        seed in any::<u64>(), kind in 0usize..12, cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (kind, schema) = judged().nth(kind).expect("there are twelve kinds");
        let mut bytes = document(kind, schema, seed).into_bytes();
        for (place, byte) in cuts {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        sound(&bytes);
    }
}
