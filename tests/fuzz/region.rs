//! The files of a region: five tables and a profile. Whatever they hold, they give a register or all of their faults.

use super::beside;
use super::messages::{World, judged};
use sluis::contract::register::{FILES, Files};
use sluis::contract::{ContractFacts, Register, RegisterFault};
use sluis::message::Count;
use sluis::pipeline::{self, Prepared};
use sluis::rules::facts::{Facts, PersonKey, Request};
use sluis::schema::Limits;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What begins a file in the input; its name follows up to the end of the line.
const MARK: &[u8] = b"=== ";

/// A register from the bytes. Files that they do not name are those of a small region without a fault.
pub(crate) fn register(data: &[u8]) {
    let files = files(data);
    let (first, again) = (Register::parse(&files), Register::parse(&files));
    match (first, again) {
        (Ok(register), Ok(again)) => {
            assert_eq!(register.version, again.version, "the same files give the same version");
            judge_by(&register);
        }
        (Err(faults), Err(again)) => {
            assert_eq!(faults, again, "reading twice gives the same faults");
            check_faults(&files, &faults);
        }
        _ => panic!("reading twice gives two outcomes"),
    }
}

fn files(data: &[u8]) -> Files {
    let mut files = parts(&BASE);
    files.extend(parts(data));
    files
}

static BASE: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read(beside("seeds/register/small.txt")).expect("the small region"));

fn parts(data: &[u8]) -> Files {
    let mut files = Files::new();
    let mut name = FILES[0];
    let mut begun = false;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let named = line.strip_prefix(MARK).map(<[u8]>::trim_ascii_end);
        if let Some(known) = named.and_then(|named| FILES.iter().find(|known| known.as_bytes() == named)) {
            name = known;
            files.insert(name.to_owned(), Vec::new());
            begun = true;
        } else if begun {
            files.entry(name.to_owned()).or_default().extend_from_slice(line);
        }
    }
    files
}

fn check_faults(files: &Files, faults: &[RegisterFault]) {
    assert!(!faults.is_empty(), "a refusal has a reason");
    for fault in faults {
        let bytes = files.get(&fault.file).expect("a fault stands in a file of the region");
        let lines = bytes.split(|byte| *byte == b'\n').count();
        assert!(fault.row.is_none_or(|row| row >= 1 && row as usize <= lines), "{fault} lies in the file");
        assert!(fault.column.as_ref().is_none_or(|column| !column.is_empty()), "{fault}");
        assert!(!fault.what.is_empty() && !fault.remedy.is_empty(), "{fault} says what to do");
        assert!(!fault.to_string().contains(['\n', '\r']), "{fault:?} is one line");
    }
    let order: Vec<_> =
        faults.iter().map(|fault| (FILES.iter().position(|name| *name == fault.file), fault.row)).collect();
    assert!(order.is_sorted(), "faults stand in order of file and line: {faults:#?}");
}

/// No register that is taken may break judging.
fn judge_by(register: &Register) {
    for Asked { prepared, facts } in ASKED.iter() {
        let world = World {
            facts: Some(facts),
            contract_facts: &ContractFacts::default(),
            register: Some(register),
            ..World::default()
        };
        judged(prepared, &world);
    }
}

/// A message with facts that lead it to the contract.
struct Asked {
    prepared: Prepared,
    facts: Facts,
}

static ASKED: LazyLock<Vec<Asked>> = LazyLock::new(|| {
    let prepare = |name: &str| {
        let bytes = std::fs::read(beside("seeds/messages").join(name)).expect("a seed");
        pipeline::prepare(bytes.into(), &Limits::default())
    };
    ["WMO301.xml", "WMO305.xml", "WMO323.xml", "JW301.xml", "JW323.xml"].map(|name| asked(prepare(name))).into()
});

fn asked(prepared: Prepared) -> Asked {
    let readable = prepared.reading.as_ref().expect("seeds are valid");
    let request = Request::of(&readable.message);
    let mut facts = Facts::default();
    let key = PersonKey("somebody".to_owned());
    facts.persons = request.persons.iter().map(|bsn| (bsn.clone(), key.clone())).collect();
    facts.known_clients.clone_from(&request.persons);
    facts.allocations = allocations(&key);
    Asked { prepared, facts }
}

/// The allocations of the seed 301, as the ledger would know them.
fn allocations(person: &PersonKey) -> BTreeMap<Count, sluis::rules::facts::Allocation> {
    let bytes = std::fs::read(beside("seeds/messages/WMO301.xml")).expect("a seed");
    let prepared = pipeline::prepare(bytes.into(), &Limits::default());
    let judged = judged(&prepared, &World::default());
    let allocations = judged.decision.records.into_iter().filter_map(|record| match record {
        sluis::decision::Record::Allocation { mut allocation, .. } => {
            allocation.person.clone_from(person);
            Some((allocation.nummer, allocation))
        }
        _ => None,
    });
    allocations.collect()
}
