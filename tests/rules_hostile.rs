//! Messages that are valid and far larger than any that makes sense: judging takes time in proportion to their size,
//! whatever they repeat and whatever the ledger holds.
//!
//! The limit of 25 MB lets tens of thousands of allocations, starts or lines through. Whoever compares all of them with
//! each other holds up every other message of the gateway.

#![allow(dead_code, unreachable_pub, reason = "the fuzz crate includes the same files")]

#[path = "fuzz/oracle.rs"]
mod oracle;

use jiff::civil::date;
use jiff::{Timestamp, ToSpan as _};
use oracle::beside;
use oracle::structured::{kinds_with_a_seed, multiplied, repeating};
use sluis::contract::{ContractFacts, Policies, Register};
use sluis::decision::{Decision, Verdict};
use sluis::ledger::{Inbox, Keys, Ledger, Settings};
use sluis::message::{Kind, Law, Number};
use sluis::pipeline::{self, Context, Prepared, Readable};
use sluis::rules::facts::Facts;
use sluis::schema::Limits;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Copies in the small and in the large message.
const SMALL: usize = 500;
const LARGE: usize = 8 * SMALL;
/// How much longer the large one may take: in proportion it is 8 times, in pairs it would be 64 times.
const FACTOR: u32 = 24;
/// What the clock and other programs may add.
const NOISE: Duration = Duration::from_millis(60);

/// How the copies differ.
type Vary = (&'static str, fn(&str, &mut String, usize));

const VARY: [Vary; 4] = [
    ("all the same", |_, _, _| {}),
    ("each with its own number", own_number),
    ("each with its own number and day", |name, text, copy| {
        own_number(name, text, copy);
        own_day(name, text, copy);
    }),
    ("each with its own number, day and product", |name, text, copy| {
        own_number(name, text, copy);
        own_day(name, text, copy);
        if name == "Code" || name == "ProductCode" {
            *text = format!("{copy:05}");
        }
    }),
];

fn own_number(name: &str, text: &mut String, copy: usize) {
    match name {
        "Bsn" => text.clone_from(&BSNS[copy]),
        "ToewijzingNummer" => *text = (copy + 1).to_string(),
        "ReferentieNummer" | "ReferentieAanbieder" => *text = format!("R{copy}"),
        "StatusAanlevering" if copy.is_multiple_of(2) => "3".clone_into(text),
        _ => {}
    }
}

fn own_day(name: &str, text: &mut String, copy: usize) {
    const DAYS: [&str; 6] = [
        "Begindatum",
        "Einddatum",
        "Ingangsdatum",
        "ToewijzingIngangsdatum",
        "GewensteIngangsdatum",
        "ToewijzingEinddatum",
    ];
    if DAYS.contains(&name) {
        let day = date(1990, 1, 1).saturating_add(i64::try_from(copy).expect("small").days());
        *text = day.to_string();
    }
}

/// Numbers that pass the eleven test.
static BSNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let check = |stem: u32| (0..8).map(|place| stem / 10_u32.pow(place) % 10 * (place + 2)).sum::<u32>() % 11;
    let stems = (10_000_000_u32..).filter(|stem| check(*stem) < 10);
    stems.take(50_000).map(|stem| format!("{stem}{}", check(stem))).collect()
});

static REGISTER: LazyLock<Register> = LazyLock::new(|| {
    sluis::contract::load(&beside("../../config/regions/achterhoek")).expect("the region has no fault")
});

fn prepare(bytes: &[u8]) -> Prepared {
    let prepared = pipeline::prepare(bytes.into(), &Limits::default());
    if let Err(unreadable) = &prepared.reading {
        panic!("a large message is valid: {:?}", unreadable.faults.faults.first());
    }
    prepared
}

fn readable(prepared: &Prepared) -> &Readable {
    prepared.reading.as_ref().expect("it was looked at when it was prepared")
}

/// Judges, and tells how long that took.
fn judge(prepared: &Prepared, world: Option<&(Facts, ContractFacts)>) -> (Decision, Duration) {
    let reply_id = pipeline::reply_identification(&prepared.digest, "hostile");
    let context = Context {
        now: Timestamp::UNIX_EPOCH,
        today: date(2026, 3, 10),
        gateway: "hostile",
        reply_id: &reply_id,
        register: world.map(|_| &*REGISTER),
        policies: &Policies::default(),
        unknown_question: sluis::rules::UnknownQuestion::default(),
    };
    let nothing = ContractFacts::default();
    let (facts, contract_facts) = world.map_or((None, &nothing), |(facts, contract)| (Some(facts), contract));
    let started = Instant::now();
    let judged = pipeline::judge(context, &prepared.source, readable(prepared), facts, contract_facts);
    (judged.decision, started.elapsed())
}

/// The shortest of some runs: what the machine does beside this only adds.
fn time(prepared: &Prepared, world: Option<&(Facts, ContractFacts)>, runs: usize) -> (Decision, Duration) {
    let mut all: Vec<_> = (0..runs).map(|_| judge(prepared, world)).collect();
    all.sort_by_key(|(_, took)| *took);
    all.swap_remove(0)
}

#[track_caller]
fn in_proportion(name: &str, small: Duration, large: Duration, decision: &Decision) {
    let found = decision.findings.len();
    println!("{name}: {small:?}, then {large:?} with {found} findings, {}", decision.verdict);
    if std::env::var("X").is_ok() {
        return;
    }
    assert!(large < small * FACTOR + NOISE, "{name}: eight times the size took {small:?}, then {large:?}");
}

/// Every element that may repeat, of every kind, in every way of repeating it.
#[test]
fn messages_judged_alone_take_time_in_proportion() {
    for kind in kinds_with_a_seed() {
        for element in repeating(kind) {
            for (how, vary) in VARY {
                let run = |copies, runs| {
                    let bytes = multiplied(kind, &element, copies, &vary);
                    time(&prepare(&bytes), None, runs)
                };
                let ((_, small), (decision, large)) = (run(SMALL, 3), run(LARGE, 2));
                in_proportion(&format!("{kind} {element}, {how}"), small, large, &decision);
            }
        }
    }
}

/// A ledger with as many allocations, starts and lines as the message that is judged on it.
fn world(
    kind: Kind,
    element: &str,
    copies: usize,
    vary: fn(&str, &mut String, usize),
) -> (Prepared, (Facts, ContractFacts)) {
    let ledger = Ledger::open(Settings { path: None, keys: Keys::generate(), max_group: 1 }).expect("a ledger opens");
    let earlier = [(Number::N301, "ToegewezenProduct"), (Number::N305, "StartProduct"), (Number::N323, "Prestatie")];
    for (number, element) in earlier {
        let bytes = multiplied(Kind::new(kind.law, number), element, copies, &|name: &str, text: &mut String, copy| {
            vary(name, text, copy);
            if name == "StatusAanlevering" {
                "1".clone_into(text);
            }
        });
        // As it would have come before: under an identification of its own, and taken without looking at the ledger.
        let bytes = String::from_utf8(bytes).expect("UTF-8").replace("Identificatie>FB1", "Identificatie>EB1");
        let mut decision = judge(&prepare(bytes.as_bytes()), None).0;
        if decision.verdict == Verdict::Rejected {
            continue;
        }
        decision.findings.clear();
        let inbox = Inbox::new("hostile", number.as_str(), Timestamp::UNIX_EPOCH, bytes.into_bytes());
        ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("a decision can be stored");
    }
    let bytes = multiplied(kind, element, copies, &vary);
    let prepared = prepare(&bytes);
    let message = &readable(&prepared).message;
    let (request, contract) = pipeline::requests(message, Some(&REGISTER));
    let (law, gemeente) = (message.kind.law, message.gemeente().clone());
    let facts = ledger
        .run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract)?)))
        .expect("facts can be read");
    (prepared, facts)
}

#[test]
fn messages_judged_on_a_full_ledger_take_time_in_proportion() {
    for kind in
        kinds_with_a_seed().into_iter().filter(|kind| kind.law == Law::Wmo && kind.number.answered_by().is_some())
    {
        for element in repeating(kind) {
            for (how, vary) in VARY {
                let run = |copies, runs| {
                    let (prepared, facts) = world(kind, &element, copies, vary);
                    time(&prepared, Some(&facts), runs)
                };
                let ((_, small), (decision, large)) = (run(SMALL, 3), run(LARGE, 2));
                in_proportion(&format!("{kind} {element} on a ledger, {how}"), small, large, &decision);
            }
        }
    }
}
