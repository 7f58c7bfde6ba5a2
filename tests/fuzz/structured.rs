//! Messages that are almost right: a seed of some kind with elements changed, doubled, dropped and put in, so that
//! judging gets past level 1 and into every rule; with and without a ledger and a contract.

use super::messages::{DAY, World, judged};
use super::{Bytes, beside};
use jiff::{Timestamp, ToSpan as _};
use sluis::contract::{ContractFacts, Register};
use sluis::ledger::{Inbox, Keys, Ledger, LedgerError, Location, Settings};
use sluis::message::tree::{Namespace, Node};
use sluis::message::{Body, Cents, Kind, TotaalBedragMetDC};
use sluis::pipeline::{self, Prepared};
use sluis::rules::facts::Facts;
use sluis::schema::{self, Base, Element, Limits, Model, Schema, SimpleType};
use std::sync::LazyLock;

/// Changes made to one message at most.
const CHANGES: usize = 24;
/// Elements of one message at most.
const ELEMENTS: usize = 600;

/// Builds a message from the bytes and judges it in the setting that they name.
pub(crate) fn structured(data: &[u8]) {
    let mut bytes = Bytes::of(data);
    // By the kind, so that an input means the same when seeds are added.
    let kind = Kind::all().nth(bytes.below(Kind::all().count()));
    let seeds: Vec<&Seed> = SEEDS.iter().filter(|seed| Some(seed.kind) == kind).collect();
    let Some(&seed) = bytes.pick(&seeds) else { return };
    let setting = bytes.byte();
    let mut root = seed.root.clone();
    if setting & 0x80 == 0 {
        root.refresh();
    }
    for _ in 0..CHANGES {
        if bytes.is_empty() {
            break;
        }
        change(&mut root, seed, &mut bytes);
    }
    let mut document = root.document(seed.kind);
    if setting & 0x40 == 0 {
        document = with_its_total(document);
    }
    let prepared = pipeline::prepare(document.into(), &Limits::default());
    let today = DAY.saturating_add([0, -60, 45, 3000][usize::from(setting >> 4) & 3].days());
    match setting & 3 {
        0 => drop(judged(&prepared, &World { today, ..World::default() })),
        with => with_a_ledger(&prepared, today, (with > 1).then_some(&BENCH.register)),
    }
}

/// A declaration whose total is that of its lines: otherwise hardly one gets past level 2.
fn with_its_total(document: Vec<u8>) -> Vec<u8> {
    let Ok(readable) = pipeline::prepare(document.as_slice().into(), &Limits::default()).reading else {
        return document;
    };
    let mut message = readable.message;
    let Body::Declaratie(declaratie) = &mut message.body else { return document };
    let lines = declaratie.clienten.iter().flat_map(|client| &client.prestaties);
    declaratie.totaal = TotaalBedragMetDC::from_signed(Cents(lines.map(|line| line.bedrag.signed().0).sum()));
    message.write()
}

/// A ledger that knows the seeds, and a register of the region that they are from.
struct Bench {
    ledger: Ledger,
    register: Register,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let settings = Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 };
    let bench = Bench {
        ledger: Ledger::open(settings).expect("a ledger in memory opens"),
        register: sluis::contract::load(&beside("../../config/regions/achterhoek")).expect("the region has no fault"),
    };
    for seed in SEEDS.iter() {
        let prepared = pipeline::prepare(seed.bytes.as_slice().into(), &Limits::default());
        let (facts, contract_facts) = facts(&bench.ledger, &prepared, None);
        let world = World { facts: Some(&facts), contract_facts: &contract_facts, ..World::default() };
        let judged = judged(&prepared, &world);
        let inbox = Inbox::new("fuzz", seed.kind.to_string(), Timestamp::UNIX_EPOCH, seed.bytes.clone());
        bench.ledger.run_blocking(move |tx| tx.store(&inbox, &judged.decision)).expect("a seed can be stored");
    }
    bench
});

fn facts(ledger: &Ledger, prepared: &Prepared, register: Option<&Register>) -> (Facts, ContractFacts) {
    let Ok(readable) = &prepared.reading else { return (Facts::default(), ContractFacts::default()) };
    let (request, contract) = pipeline::requests(&readable.message, register);
    let (law, gemeente) = (readable.message.kind.law, readable.message.gemeente().clone());
    ledger
        .run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract)?)))
        .expect("facts can be read")
}

/// Judges with the facts of the bench, and stores the decision as far as the commit: every decision must fit.
fn with_a_ledger(prepared: &Prepared, today: jiff::civil::Date, register: Option<&Register>) {
    const UNDO: LedgerError = LedgerError::Abandoned("the bench stays as it is");
    let (facts, contract_facts) = facts(&BENCH.ledger, prepared, register);
    let judged = judged(prepared, &World { today, facts: Some(&facts), contract_facts: &contract_facts, register });
    let inbox = Inbox::new("fuzz", "1", Timestamp::UNIX_EPOCH, prepared.source.to_vec());
    let stored = BENCH.ledger.run_blocking(move |tx| {
        tx.store(&inbox, &judged.decision)?;
        Err::<(), LedgerError>(UNDO)
    });
    match stored {
        Err(LedgerError::Abandoned(_)) => {}
        // Two requests under one reference: without the rules that refuse them, only the ledger does.
        Err(LedgerError::Conflict(what)) if what.contains("request") && !requests_are_compared() => {}
        other => panic!("a decision can be stored: {other:?}"),
    }
}

fn requests_are_compared() -> bool {
    let known: Vec<&str> = sluis::rules::all().iter().map(|rule| rule.id).collect();
    ["TR347", "TR383"].iter().all(|id| known.contains(id))
}

/// A message to start from.
struct Seed {
    kind: Kind,
    schema: &'static Schema,
    bytes: Vec<u8>,
    root: Part,
}

/// The seeds in the order of their names, so that allocations come before what refers to them.
static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let folder = std::fs::read_dir(beside("seeds/messages")).expect("the folder of seeds");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().filter_map(|file| seed(std::fs::read(file).expect("a file"))).collect()
});

/// `None` for a kind whose schema is not there.
fn seed(bytes: Vec<u8>) -> Option<Seed> {
    let schema = schema::schema(schema::recognise(&bytes)?)?;
    let document = schema::validate(&bytes, &Limits::default()).expect("seeds are valid");
    let root = Part::read(document.tree.root().expect("a root"), schema, schema.root());
    Some(Seed { kind: document.kind, schema, bytes, root })
}

/// An element that can be changed.
#[derive(Clone)]
struct Part {
    element: &'static Element,
    text: String,
    children: Vec<Part>,
}

impl Part {
    fn read(node: Node<'_>, schema: &'static Schema, element: &'static Element) -> Part {
        let children = match schema.model(element) {
            Model::Simple(_) => Vec::new(),
            Model::Sequence(elements) => {
                let known = |node: Node<'_>| elements.iter().find(|element| *element.name == *node.name());
                node.children().filter_map(|child| Some(Part::read(child, schema, known(child)?))).collect()
            }
        };
        Part { element, text: node.text().to_owned(), children }
    }

    /// An element of the schema with its required children and some others.
    fn made(schema: &'static Schema, element: &'static Element, bytes: &mut Bytes<'_>) -> Part {
        let mut part = Part { element, text: String::new(), children: Vec::new() };
        match schema.model(element) {
            Model::Simple(simple) => part.text = value(simple, bytes),
            Model::Sequence(elements) => {
                let wanted =
                    elements.iter().filter(|child| child.required || bytes.byte() & 1 == 1).collect::<Vec<_>>();
                part.children = wanted.into_iter().map(|child| Part::made(schema, child, bytes)).collect();
            }
        }
        part
    }

    fn count(&self, wanted: &dyn Fn(&Part) -> bool) -> usize {
        usize::from(wanted(self)) + self.children.iter().map(|child| child.count(wanted)).sum::<usize>()
    }

    fn nth(&mut self, left: &mut usize, wanted: &dyn Fn(&Part) -> bool) -> Option<&mut Part> {
        if wanted(self) {
            if *left == 0 {
                return Some(self);
            }
            *left -= 1;
        }
        self.children.iter_mut().find_map(|child| child.nth(left, wanted))
    }

    fn any(&mut self, bytes: &mut Bytes<'_>, wanted: &dyn Fn(&Part) -> bool) -> Option<&mut Part> {
        let mut at = bytes.below(self.count(wanted));
        self.nth(&mut at, wanted)
    }

    /// Gives the message identifications of its own, so that it does not repeat its seed.
    fn refresh(&mut self) {
        const OWN: [&str; 4] = ["Identificatie", "DeclaratieNummer", "ReferentieNummer", "ReferentieAanbieder"];
        if OWN.contains(&&*self.element.name) {
            self.text.insert(0, 'F');
        }
        self.children.iter_mut().for_each(Part::refresh);
    }

    fn document(&self, kind: Kind) -> Vec<u8> {
        let schema = schema::schema(kind).expect("seeds have a schema");
        let (message, base) = (schema.namespace(Namespace::Message), schema.namespace(Namespace::Base));
        let mut out = String::new();
        self.write(&format!(" xmlns:m=\"{message}\" xmlns:b=\"{base}\""), &mut out);
        out.into_bytes()
    }

    fn write(&self, attributes: &str, out: &mut String) {
        let prefix = match self.element.namespace {
            Namespace::Message => "m:",
            Namespace::Base => "b:",
        };
        let name = &self.element.name;
        out.extend(["<", prefix, name, attributes, ">"]);
        for letter in self.text.chars() {
            match letter {
                '<' => out.push_str("&lt;"),
                '&' => out.push_str("&amp;"),
                '>' => out.push_str("&gt;"),
                '\r' => out.push_str("&#13;"),
                other => out.push(other),
            }
        }
        self.children.iter().for_each(|child| child.write("", out));
        out.extend(["</", prefix, name, ">\n"]);
    }
}

fn is_leaf(part: &Part) -> bool {
    part.children.is_empty()
}

fn has_children(part: &Part) -> bool {
    !part.children.is_empty()
}

fn may_repeat(part: &Part) -> bool {
    part.children.iter().any(|child| child.element.repeats)
}

/// Changes one thing.
fn change(root: &mut Part, seed: &Seed, bytes: &mut Bytes<'_>) {
    match bytes.byte() % 12 {
        0..=3 => {
            let Some(leaf) = root.any(bytes, &is_leaf) else { return };
            if let Model::Simple(simple) = seed.schema.model(leaf.element) {
                leaf.text = value(simple, bytes);
            }
        }
        4 => {
            // A value of another element of the same name.
            let Some(name) = root.any(bytes, &is_leaf).map(|leaf| leaf.element.name.clone()) else { return };
            let same = |part: &Part| is_leaf(part) && part.element.name == name;
            let Some(text) = root.any(bytes, &same).map(|leaf| leaf.text.clone()) else { return };
            if let Some(leaf) = root.any(bytes, &same) {
                leaf.text = text;
            }
        }
        5 => {
            let Some(leaf) = root.any(bytes, &is_leaf) else { return };
            let length = bytes.below(24);
            leaf.text = String::from_utf8_lossy(bytes.take(length)).chars().filter(|c| !c.is_control()).collect();
        }
        6 | 7 => {
            let room = ELEMENTS.saturating_sub(root.count(&|_| true));
            let Some(parent) = root.any(bytes, &may_repeat) else { return };
            let times = 1 + bytes.below(4);
            let repeating: Vec<usize> =
                (0..parent.children.len()).filter(|at| parent.children[*at].element.repeats).collect();
            let Some(&at) = bytes.pick(&repeating) else { return };
            let copy = parent.children[at].clone();
            if copy.count(&|_| true) * times <= room {
                parent.children.splice(at..at, std::iter::repeat_n(copy, times));
            }
        }
        8 => {
            let Some(parent) = root.any(bytes, &has_children) else { return };
            let at = bytes.below(parent.children.len());
            // Only what may be absent, most of the time: anything else ends at level 1.
            let child = &parent.children[at];
            let alone = parent.children.iter().filter(|other| other.element.name == child.element.name).count() == 1;
            if !(child.element.required && alone) || bytes.byte() < 16 {
                parent.children.remove(at);
            }
        }
        9 => {
            let Some(parent) = root.any(bytes, &has_children) else { return };
            let (at, other) = (bytes.below(parent.children.len()), bytes.below(parent.children.len()));
            if parent.children[at].element.name == parent.children[other].element.name || bytes.byte() < 16 {
                parent.children.swap(at, other);
            }
        }
        10 => insert(root, seed, bytes),
        _ => {
            // A class in the place of another of the same name.
            let Some(name) = root.any(bytes, &has_children).map(|part| part.element.name.clone()) else { return };
            let same = |part: &Part| part.element.name == name;
            let Some(copy) = root.any(bytes, &same).cloned() else { return };
            if copy.count(&|_| true) + root.count(&|_| true) < ELEMENTS
                && let Some(part) = root.any(bytes, &same)
            {
                *part = copy;
            }
        }
    }
}

/// Puts in an element that the schema allows and the message lacks.
fn insert(root: &mut Part, seed: &Seed, bytes: &mut Bytes<'_>) {
    let Some(parent) = root.any(bytes, &has_children) else { return };
    let Model::Sequence(elements) = seed.schema.model(parent.element) else { return };
    let absent: Vec<(usize, &'static Element)> = elements
        .iter()
        .enumerate()
        .filter(|(_, element)| !parent.children.iter().any(|child| child.element.name == element.name))
        .collect();
    let Some(&(at, element)) = bytes.pick(&absent) else { return };
    let made = Part::made(seed.schema, element, bytes);
    let before = |child: &Part| elements[..at].iter().any(|earlier| earlier.name == child.element.name);
    let place = parent.children.iter().position(|child| !before(child)).unwrap_or(parent.children.len());
    parent.children.insert(place, made);
}

/// A value of a type; for the most part one that it accepts.
fn value(simple: &SimpleType, bytes: &mut Bytes<'_>) -> String {
    const DATES: [&str; 18] = [
        "2026-01-01",
        "2026-01-31",
        "2026-02-01",
        "2026-02-28",
        "2026-03-01",
        "2026-03-09",
        "2026-03-10",
        "2026-03-11",
        "2026-03-31",
        "2026-04-01",
        "2026-12-31",
        "2024-02-29",
        "2020-12-31",
        "1906-03-10",
        "0001-01-01",
        "9999-12-31",
        "9999-12-01",
        "12026-01-01",
    ];
    const TEXTS: [&str; 22] = [
        "02A03",
        "45A04",
        "02A02",
        "02",
        "45",
        "07",
        "11",
        "0197",
        "0294",
        "42420001",
        "42420002",
        "999900006",
        "999900018",
        "1",
        "P1",
        "FP1",
        "FP2",
        "B1",
        "A",
        "Voorbeeld",
        "1.0.0",
        "é Ω",
    ];
    const NUMBERS: [&str; 12] = ["0", "1", "2", "3", "4", "12", "60", "1001", "1002", "6000", "72000", "99999999"];
    if let Some(codes) = &simple.enumeration {
        return bytes.pick(codes).map(ToString::to_string).unwrap_or_default();
    }
    let drawn = |list: &[&str], bytes: &mut Bytes<'_>| {
        // The first that fits from a place on; one that does not fit when none does.
        let from = bytes.below(list.len());
        let fits = (0..list.len()).map(|step| list[(from + step) % list.len()]).find(|text| simple.accepts(text));
        fits.unwrap_or(list[from]).to_owned()
    };
    match simple.base {
        Base::Date => bytes.pick(&DATES).map(ToString::to_string).unwrap_or_default(),
        Base::Time => drawn(&["00:00:00", "10:00:00", "23:59:59.999", "24:00:00", "12:00:00Z"], bytes),
        Base::Integer => {
            let bounds = [simple.min, simple.max].into_iter().flatten().map(|bound| bound.to_string());
            let all: Vec<String> = NUMBERS.iter().map(ToString::to_string).chain(bounds).collect();
            drawn(&all.iter().map(String::as_str).collect::<Vec<_>>(), bytes)
        }
        Base::String => {
            let patterns = simple.patterns.iter().map(|pattern| pattern.source().replace('\\', ""));
            let lengths = [simple.min_length, simple.max_length].into_iter().flatten();
            let long = lengths.flat_map(|length| ["7", "x"].map(|letter| letter.repeat(length.min(400) as usize)));
            let all: Vec<String> = TEXTS.iter().map(ToString::to_string).chain(patterns).chain(long).collect();
            drawn(&all.iter().map(String::as_str).collect::<Vec<_>>(), bytes)
        }
    }
}

/// Kinds that have a seed here, for the test that looks whether any is missing.
pub fn kinds_with_a_seed() -> Vec<Kind> {
    SEEDS.iter().map(|seed| seed.kind).collect()
}

/// Names of the elements of a kind's seed that may repeat.
pub fn repeating(kind: Kind) -> Vec<String> {
    fn walk(part: &Part, found: &mut std::collections::BTreeSet<String>) {
        for child in &part.children {
            if child.element.repeats {
                found.insert(child.element.name.to_string());
            }
            walk(child, found);
        }
    }
    let mut found = std::collections::BTreeSet::new();
    SEEDS.iter().filter(|seed| seed.kind == kind).for_each(|seed| walk(&seed.root, &mut found));
    found.into_iter().collect()
}

/// The seed of a kind with `times` copies of the first element called `name`, each changed by `vary`, which gets the
/// name and the text of every value and which copy it is.
pub fn multiplied(kind: Kind, name: &str, times: usize, vary: &dyn Fn(&str, &mut String, usize)) -> Vec<u8> {
    fn vary_all(part: &mut Part, copy: usize, vary: &dyn Fn(&str, &mut String, usize)) {
        if part.children.is_empty() {
            vary(&part.element.name, &mut part.text, copy);
        }
        part.children.iter_mut().for_each(|child| vary_all(child, copy, vary));
    }
    let seed = SEEDS.iter().find(|seed| seed.kind == kind).expect("a seed of this kind");
    let mut root = seed.root.clone();
    root.refresh();
    let is_wanted = |child: &Part| child.element.repeats && *child.element.name == *name;
    let holds = |part: &Part| part.children.iter().any(is_wanted);
    let parent = root.nth(&mut 0, &holds).expect("the seed has the element");
    let at = parent.children.iter().position(is_wanted).expect("it holds the element");
    let first = parent.children[at].clone();
    parent.children.retain(|child| !is_wanted(child));
    let copies = (0..times).map(|copy| {
        let mut part = first.clone();
        vary_all(&mut part, copy, vary);
        part
    });
    parent.children.splice(at..at, copies);
    with_its_total(root.document(kind))
}
