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
use sluis::contract::{ContractFacts, Policies, Register, Stand};
use sluis::decision::{Decision, Record, Slot, Verdict};
use sluis::ledger::{Inbox, Keys, Ledger, Location, Settings};
use sluis::message::{
    Body, Cents, Count, DebetCredit, Eenheid, Frequentie, Kind, Law, Number, Omvang, Prestatie, Product,
    ReferentieNummer, TotaalBedragMetDC,
};
use sluis::pipeline::{self, Context, Prepared, Readable};
use sluis::rules::facts::{Allocation, ClaimLine, Facts};
use sluis::schema::Limits;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Copies in the small and in the large message.
const SMALL: usize = 200;
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

/// Judges with the register of the region where there are facts, and tells how long that took.
fn judge(prepared: &Prepared, world: Option<&(Facts, ContractFacts)>) -> (Decision, Duration) {
    judge_by(prepared, world, world.map(|_| &*REGISTER))
}

fn judge_by(
    prepared: &Prepared,
    world: Option<&(Facts, ContractFacts)>,
    register: Option<&Register>,
) -> (Decision, Duration) {
    let reply_id = pipeline::reply_identification(&prepared.digest, "hostile");
    let context = Context {
        now: Timestamp::UNIX_EPOCH,
        today: date(2026, 3, 10),
        gateway: "hostile",
        reply_id: &reply_id,
        register,
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
    time_by(prepared, world, world.map(|_| &*REGISTER), runs)
}

fn time_by(
    prepared: &Prepared,
    world: Option<&(Facts, ContractFacts)>,
    register: Option<&Register>,
    runs: usize,
) -> (Decision, Duration) {
    let mut all: Vec<_> = (0..runs).map(|_| judge_by(prepared, world, register)).collect();
    all.sort_by_key(|(_, took)| *took);
    all.swap_remove(0)
}

/// Judges a small and a large message; again when the large one took too long, for other programs may have had the
/// machine meanwhile. What is truly out of proportion is so each time.
#[track_caller]
fn stays_in_proportion(name: &str, run: impl Fn(usize, usize) -> (Decision, Duration)) {
    let is_fair = |small: Duration, large: Duration| large < small * FACTOR + NOISE;
    let mut took = Vec::new();
    for _ in 0..4 {
        let ((_, small), (decision, large)) = (run(SMALL, 3), run(LARGE, 2));
        let found = decision.findings.len();
        println!("{name}: {small:?}, then {large:?} with {found} findings, {}", decision.verdict);
        if is_fair(small, large) {
            return;
        }
        took.push((small, large));
    }
    panic!("{name}: eight times the size took each time out of proportion: {took:?}");
}

/// Every element that may repeat, of every kind, in every way of repeating it.
#[test]
fn messages_judged_alone_take_time_in_proportion() {
    // Both laws share their classes and nearly all rules: one of them will do here.
    for kind in kinds_with_a_seed().into_iter().filter(|kind| kind.law == Law::Wmo) {
        for element in repeating(kind) {
            for (how, vary) in VARY {
                let run = |copies, runs| {
                    let bytes = multiplied(kind, &element, copies, &vary);
                    time(&prepare(&bytes), None, runs)
                };
                stays_in_proportion(&format!("{kind} {element}, {how}"), run);
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
    let ledger = Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 })
        .expect("a ledger opens");
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
        let bytes = bytes.replace("DeclaratieNummer>F", "DeclaratieNummer>E");
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
                stays_in_proportion(&format!("{kind} {element} on a ledger, {how}"), run);
            }
        }
    }
}

/// The seed 323 with as many lines, each changed, for its first client alone.
fn claims(copies: usize, change: fn(&mut Prestatie, usize)) -> Prepared {
    let bytes = multiplied(Kind::new(Law::Wmo, Number::N323), "Prestatie", copies, &|_, _, _| {});
    let mut message = readable(&prepare(&bytes)).message.clone();
    let Body::Declaratie(declaratie) = &mut message.body else { panic!("a 323") };
    declaratie.clienten.truncate(1);
    let lines = &mut declaratie.clienten[0].prestaties;
    for (copy, line) in lines.iter_mut().enumerate() {
        line.referentie.nummer = format!("N{copy}").as_str().into();
        change(line, copy);
    }
    declaratie.totaal = TotaalBedragMetDC::from_signed(Cents(lines.iter().map(|line| line.bedrag.signed().0).sum()));
    prepare(&message.write())
}

/// Facts for the client of the seeds: a generic allocation under each number, large enough for anything.
fn allocations(prepared: &Prepared, numbers: usize) -> Facts {
    let earlier = prepare(&multiplied(Kind::new(Law::Wmo, Number::N301), "ToegewezenProduct", 1, &|_, _, _| {}));
    let records = judge(&earlier, None).0.records;
    let one = records.into_iter().find_map(|record| match record {
        Record::Allocation { allocation, .. } => Some(allocation),
        _ => None,
    });
    let one = Allocation {
        product: None,
        omvang: Some(Omvang { volume: 99_999_999, eenheid: Eenheid::Uur, frequentie: Frequentie::PerMaand }),
        budget: Some(Cents(99_999_999)),
        ..one.expect("a 301 has an allocation")
    };
    let mut facts = Facts::default();
    for bsn in readable(prepared).message.persons() {
        facts.persons.insert(bsn.clone(), one.person.clone());
        facts.known_clients.insert(bsn.clone());
    }
    facts.allocations = (1..=numbers as Count).map(|nummer| (nummer, Allocation { nummer, ..one.clone() })).collect();
    facts
}

/// As many granted debits on allocation 1 as the message has lines: what its lines repeat or take back.
fn granted(facts: &mut Facts, copies: usize, change: fn(&mut Prestatie, usize)) {
    let earlier = claims(copies, change);
    let lines = judge(&earlier, None).0.records.into_iter().filter_map(|record| match record {
        Record::Prestatie { line, .. } => Some(line),
        _ => None,
    });
    for (copy, line) in lines.enumerate() {
        let nummer = ReferentieNummer::from(format!("E{copy}").as_str());
        let line = ClaimLine { nummer: nummer.clone(), granted: true, ..line };
        facts.granted.entry(1).or_default().push(line.clone());
        facts.lines.insert(nummer, line);
    }
}

fn own_product(line: &mut Prestatie, copy: usize) {
    line.toewijzing_nummer = 1;
    line.code = format!("{copy:05}").as_str().into();
    (line.volume, line.bedrag.bedrag) = (0, Cents(0));
}

fn credit(line: &mut Prestatie, of: usize) {
    line.referentie.vorig = Some(format!("E{of}").as_str().into());
    line.bedrag.debet_credit = DebetCredit::Credit;
    line.bedrag.bedrag = Cents(1);
}

/// Lines are judged one by one, each with what was granted on its allocation before it.
#[test]
fn lines_of_a_declaration_take_time_in_proportion() {
    type Way = (&'static str, bool, fn(&mut Prestatie, usize));
    let ways: [Way; 6] = [
        ("each on its own allocation", false, |line, copy| line.toewijzing_nummer = copy as Count + 1),
        ("each of its own product on one allocation", false, own_product),
        ("each of its own product beside as many granted", true, |line, copy| own_product(line, copy + 50_000)),
        ("each as granted before", true, own_product),
        ("each takes one back", true, |line, copy| {
            own_product(line, copy);
            credit(line, copy);
        }),
        ("all take one back", true, |line, _| {
            own_product(line, 0);
            credit(line, 0);
        }),
    ];
    for (how, on_granted, change) in ways {
        let run = |copies, runs| {
            let prepared = claims(copies, change);
            let mut facts = allocations(&prepared, copies);
            if on_granted {
                granted(&mut facts, copies, |line, copy| {
                    own_product(line, copy);
                    line.bedrag.bedrag = Cents(1);
                });
            }
            time_by(&prepared, Some(&(facts, ContractFacts::default())), None, runs)
        };
        stays_in_proportion(&format!("lines, {how}"), run);
    }
}

/// The checks of the contract, for a person with as many allocations, each with money reserved.
#[test]
fn checks_of_the_contract_take_time_in_proportion() {
    let run = |copies: usize| {
        let prepared =
            prepare(&multiplied(Kind::new(Law::Wmo, Number::N301), "ToegewezenProduct", copies, &own_number));
        let facts = allocations(&prepared, 0);
        let mut message = readable(&prepared).message.clone();
        let Body::Toewijzing(client) = &mut message.body else { panic!("a 301") };
        let one = allocations(&prepared, 1).allocations.remove(&1).expect("one allocation");
        let mut contract_facts = ContractFacts::default();
        for (copy, product) in client.producten.iter_mut().enumerate() {
            let day = i64::try_from(copy).expect("small") % 700;
            product.ingangsdatum = date(2025, 1, 1).saturating_add(day.days());
            product.einddatum = None;
            let nummer = 100_000 + copy as Count;
            let lighter = Product { categorie: "02".into(), code: Some("02A01".into()) };
            let ingangsdatum = product.ingangsdatum.saturating_sub(1.day());
            let earlier = Allocation { nummer, product: Some(lighter), ingangsdatum, einddatum: None, ..one.clone() };
            contract_facts.allocations.push(earlier);
            let slot = Slot { account: None, agreements: ["FICTIEF-WIO-0197-2025".to_owned()].into() };
            let stand = Stand { open: Cents(1), realised: Cents(0) };
            contract_facts.stands.insert(product.toewijzing_nummer, [(slot, stand)].into());
        }
        let policies = Policies::default();
        let timed = |_| {
            let started = Instant::now();
            let assessed = sluis::contract::assess(
                &REGISTER,
                &policies,
                &message,
                date(2026, 3, 10),
                &contract_facts,
                &facts,
                &[],
            );
            (started.elapsed(), assessed.signals.len() + assessed.observed.len(), assessed.postings.len())
        };
        (0..3).map(timed).min().expect("three runs")
    };
    let (small, _, _) = run(SMALL);
    let (large, signals, postings) = run(LARGE);
    println!("contract: {small:?}, then {large:?} with {signals} signals and {postings} postings");
    assert!(signals >= LARGE && postings >= LARGE, "each allocation is a step up and reserves money");
    assert!(large < small * FACTOR + NOISE, "eight times the size took {small:?}, then {large:?}");
}
