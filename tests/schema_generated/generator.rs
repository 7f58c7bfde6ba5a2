//! Documents made from the tables of a schema: valid instances, and changes to them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sluis::message::tree::Namespace;
use sluis::message::{Kind, Release};
use sluis::schema::{Base, Element, Model, Schema, SimpleType};

/// A small generator of numbers (splitmix64): the same documents on every machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("a remainder fits")
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// An element as text, before it is written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) attributes: String,
    /// Already escaped.
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

pub(super) fn prefix(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Message => "m:",
        Namespace::Base => "b:",
    }
}

/// A valid instance of an element. Optional elements stand there or not; those of `wanted`, a path from here, do.
pub(super) fn instance(
    schema: &'static Schema,
    element: &'static Element,
    wanted: &[&Element],
    dice: &mut Dice,
) -> Node {
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
                let deeper = wanted.split_first().filter(|(first, _)| std::ptr::eq(**first, child));
                if child.required || deeper.is_some() || dice.chance(50) {
                    let count = if child.repeats { 1 + dice.below(3) } else { 1 };
                    for _ in 0..count {
                        node.children.push(instance(schema, child, deeper.map_or(&[], |(_, rest)| rest), dice));
                    }
                }
            }
        }
    }
    node
}

/// The ways to every element below the root, in document order.
pub(super) fn places(schema: &Schema) -> Vec<Vec<&Element>> {
    fn below<'s>(schema: &'s Schema, way: &[&'s Element], element: &'s Element, found: &mut Vec<Vec<&'s Element>>) {
        let Model::Sequence(elements) = schema.model(element) else { return };
        for child in elements {
            let way = [way, &[child]].concat();
            found.push(way.clone());
            below(schema, &way, child, found);
        }
    }
    let mut found = Vec::new();
    below(schema, &[], schema.root(), &mut found);
    found
}

/// What is done to one element, by name; its other values come on top for an element that holds one.
pub(super) const CHANGES: [&str; 7] =
    ["as it is", "away", "twice", "other namespace", "empty", "first", "with a child"];

/// A document that has the element at `way`, with one change to it.
pub(super) fn changed_at(
    kind: Kind,
    schema: &'static Schema,
    way: &[&Element],
    change: &str,
    dice: &mut Dice,
) -> String {
    let mut root = instance(schema, schema.root(), way, dice);
    let mut parent = &mut root;
    let (last, before) = way.split_last().expect("the root is no place");
    for step in before {
        let at = index_of(parent, step);
        parent = &mut parent.children[at];
    }
    let at = index_of(parent, last);
    let node = &mut parent.children[at];
    match change {
        "as it is" => {}
        "away" => drop(parent.children.remove(at)),
        "twice" => parent.children.insert(at, parent.children[at].clone()),
        "other namespace" => {
            let other = if node.name.starts_with("m:") { "b:" } else { "m:" };
            node.name = format!("{other}{}", last.name);
        }
        "empty" => (node.text, node.children) = (String::new(), Vec::new()),
        "first" => {
            let node = parent.children.remove(at);
            parent.children.insert(0, node);
        }
        "with a child" => node.children.push(Node {
            name: "m:RetourCode".to_owned(),
            attributes: String::new(),
            text: "0200".to_owned(),
            children: Vec::new(),
        }),
        value => value.clone_into(&mut node.text),
    }
    finish(kind, root, dice)
}

fn index_of(parent: &Node, element: &Element) -> usize {
    let name = format!("{}{}", prefix(element.namespace), element.name);
    parent.children.iter().position(|child| child.name == name).expect("the instance has what is wanted")
}

/// The text of a document from its root, namespaces declared.
fn finish(kind: Kind, mut root: Node, dice: &mut Dice) -> String {
    root.attributes.extend([
        " xmlns:m=\"",
        &kind.namespace(Release::V3_2),
        "\" xmlns:b=\"",
        &kind.base_namespace(Release::V3_2),
        "\"",
    ]);
    let mut text = dice
        .pick(&[
            "",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<?xml version='1.0' standalone='yes'?>\n",
            "\u{FEFF}",
            "<!-- x -->\n",
        ])
        .to_string();
    write(&root, dice, &mut text);
    text
}

/// Values around every bound of a type, valid and invalid ones alike.
pub(super) fn edge_values(simple: &SimpleType) -> Vec<String> {
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

pub(super) fn unescape(value: &str) -> String {
    value.replace("&#13;", "\r").replace("&#x1F600;", "\u{1F600}")
}

thread_local! {
    /// The valid values of each type, by the place of the type in memory: schemas are compiled once and stay.
    static VALID: RefCell<BTreeMap<usize, Rc<[String]>>> = RefCell::default();
}

fn valid_value(simple: &'static SimpleType, dice: &mut Dice) -> String {
    let find = || edge_values(simple).into_iter().filter(|value| simple.accepts(&unescape(value))).collect();
    let place = std::ptr::from_ref(simple).addr();
    let values = VALID.with_borrow_mut(|known| Rc::clone(known.entry(place).or_insert_with(find)));
    assert!(!values.is_empty(), "no valid value known for {}", simple.name);
    dice.pick(&values).clone()
}

pub(super) fn write(node: &Node, dice: &mut Dice, out: &mut String) {
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

/// A document with up to three changes anywhere; now and then the text itself is damaged.
pub(super) fn document(kind: Kind, schema: &'static Schema, seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut root = instance(schema, schema.root(), &[], &mut dice);
    // One in four stays valid; the others get one to three changes.
    let changes = dice.below(4);
    for _ in 0..changes {
        mutate(schema, &mut root, &mut dice);
    }
    let mut text = finish(kind, root, &mut dice);
    if changes > 0 && dice.chance(15) {
        damage(&mut text, &mut dice);
    }
    text
}
