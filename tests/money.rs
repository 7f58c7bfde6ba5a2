//! The money of the ledger against the messages: whatever is allocated, changed, stopped, claimed and credited, what was
//! realised is what the 325s granted, to the cent, and every balance is the sum of its postings.

mod ledgers;
#[path = "golden/support.rs"]
mod support;

use jiff::civil::date;
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use sluis::contract::budget::movements;
use sluis::contract::norms::CLAIM_LAG_MONTHS;
use sluis::contract::{ContractFacts, Policies, Register};
use sluis::decision::{Account, Posting, PostingSort, Verdict};
use sluis::demo::compose::{Allocate, Claim, Person, omvang};
use sluis::ledger::{Inbox, Ledger};
use sluis::message::{Cents, Count, Date, Eenheid, Frequentie, Law, Message, Product};
use sluis::pipeline::{self, Context};
use sluis::rules::UnknownQuestion;
use sluis::rules::facts::Facts;
use sluis::schema::Limits;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use support::{AANBIEDER, GEMEENTE, Sample, Xml, client_323, credit, product, product_301, region, retotal};

static REGISTER: LazyLock<Arc<Register>> = LazyLock::new(|| {
    let mut register = sluis::contract::load(&region()).expect("the sample register has no fault");
    register.region.norms.numbers.set(&CLAIM_LAG_MONTHS, 3.into());
    Arc::new(register)
});

/// A gateway on a ledger in memory.
struct Lock {
    law: Law,
    ledger: Ledger,
    count: u32,
    /// TotaalToegekendBedrag of the 325s, by month of declaration.
    granted: BTreeMap<String, i64>,
}

impl Lock {
    fn new(law: Law) -> Lock {
        Lock { law, ledger: ledgers::fresh(1), count: 0, granted: BTreeMap::new() }
    }

    /// Judges and stores a message as on its own Dagtekening; gives the verdict and the reply.
    fn deliver(&mut self, message: &Message) -> (Verdict, Option<Xml>) {
        self.count += 1;
        let bytes = message.write();
        let prepared = pipeline::prepare(bytes.clone().into(), &Limits::default());
        let transport_id = self.count.to_string();
        let reply_id = pipeline::reply_identification(&prepared.digest, &transport_id);
        let readable = prepared.reading.as_ref().expect("a composed message is valid");
        let context = Context {
            now: Timestamp::UNIX_EPOCH,
            today: readable.message.header.identificatie.dagtekening,
            gateway: "money",
            reply_id: &reply_id,
            register: Some(&REGISTER),
            policies: &Policies::default(),
            unknown_question: UnknownQuestion::default(),
        };
        let (request, contract) = pipeline::requests(&readable.message, context.register);
        let (law, gemeente) = (readable.message.kind.law, readable.message.gemeente().clone());
        let (facts, contract_facts) = self
            .ledger
            .run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract)?)))
            .expect("facts can be read");
        let judged = pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts);
        let inbox = Inbox::new("money", transport_id, Timestamp::UNIX_EPOCH, bytes);
        let decision = judged.decision.clone();
        self.ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("a decision can be stored");
        (judged.decision.verdict, judged.owed_reply.map(|reply| Xml::parse(&reply.body)))
    }

    /// A declaration, with what its 325 grants; gives the numbers of the granted lines.
    fn declare(&mut self, message: &Message, month: Date, numbers: &[String]) -> Vec<String> {
        let (verdict, reply) = self.deliver(message);
        let reply = reply.expect("a 323 is always answered");
        let Some(answer) = reply.child("DeclaratieAntwoord") else { return Vec::new() };
        if matches!(verdict, Verdict::Accepted | Verdict::Partly) {
            let key = format!("{}-{:02}", month.year(), month.month());
            *self.granted.entry(key).or_default() += answer.signed("TotaalToegekendBedrag");
        }
        let refused: Vec<&str> =
            answer.all("Prestatie").into_iter().map(|line| line.at("ProductReferentie/ReferentieNummer")).collect();
        let all_refused = verdict == Verdict::Rejected;
        numbers.iter().filter(|nummer| !all_refused && !refused.contains(&nummer.as_str())).cloned().collect()
    }

    fn day(&self, today: Date) -> usize {
        self.ledger
            .run_blocking(move |tx| {
                let register = &REGISTER;
                let instalments = tx.book_due_instalments(register, today, Timestamp::UNIX_EPOCH)?;
                Ok(instalments + tx.settle_leftovers(register, today, Timestamp::UNIX_EPOCH)?)
            })
            .expect("the daily work can be done")
    }

    fn postings(&self) -> Vec<Posting> {
        self.ledger.run_blocking(|tx| tx.postings()).expect("postings can be read")
    }

    /// Recounts everything from the postings; gives a sentence on what does not tie.
    fn recount(&self) -> Result<(), TestCaseError> {
        let postings = self.postings();
        let mut accounts: BTreeMap<Account, (i64, i64, i64)> = BTreeMap::new();
        let mut agreements: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut open: BTreeMap<(Account, Option<Count>), i64> = BTreeMap::new();
        for Posting { slot, sort, cents, toewijzing_nummer, on, .. } in &postings {
            let account = slot.account.clone().expect("every posting of this version has an account");
            prop_assert_eq!(account.year, on.year(), "a posting lies within the year of its account");
            let sums = accounts.entry(account.clone()).or_default();
            match sort {
                PostingSort::Reservation => sums.0 += cents.0,
                PostingSort::Release => sums.1 += cents.0,
                PostingSort::Realisation | PostingSort::Credit | PostingSort::Instalment => sums.2 += cents.0,
            }
            for agreement in &slot.agreements {
                let sums = agreements.entry(agreement.clone()).or_default();
                sums.0 += cents.0;
                sums.1 += if sort.is_realised() { cents.0 } else { 0 };
            }
            if !sort.is_realised() {
                let open = open.entry((account, *toewijzing_nummer)).or_default();
                *open += cents.0;
                prop_assert!(*open >= 0, "less than nothing is reserved for {:?}", toewijzing_nummer);
            }
        }
        let (balances, budgets, reconciliation, faults) = self
            .ledger
            .run_blocking(|tx| Ok((tx.accounts()?, tx.budgets()?, tx.reconciliation()?, tx.check_integrity()?)))
            .expect("the ledger can be read");
        prop_assert_eq!(faults, Vec::new());
        let balances: BTreeMap<Account, (i64, i64, i64)> = balances
            .into_iter()
            .map(|each| (each.account, (each.reserved.0, each.open.0 - each.reserved.0, each.realised.0)))
            .collect();
        prop_assert_eq!(balances, accounts);
        let budgets: BTreeMap<String, (i64, i64)> =
            budgets.into_iter().map(|each| (each.agreement, (each.consumption.0, each.realised.0))).collect();
        prop_assert_eq!(&budgets, &agreements);
        // Month by month it is the same money.
        for (agreement, sums) in budgets {
            let own = agreement.clone();
            let months = self.ledger.run_blocking(move |tx| tx.posted_by_month(&own)).expect("postings can be read");
            let realised: i64 = months.iter().map(|month| month.realised_cents).sum();
            let open: i64 = months.iter().map(|month| month.open_cents).sum();
            prop_assert_eq!((realised + open, realised), sums, "{}", agreement);
        }
        // Per provider and month: what was booked is what the 325s granted.
        let mut booked: BTreeMap<String, i64> = BTreeMap::new();
        for row in &reconciliation {
            prop_assert_eq!(row.granted, row.booked, "{}", row.month);
            prop_assert_eq!((row.aanbieder.as_str(), row.gemeente.as_str()), (AANBIEDER, GEMEENTE));
            booked.insert(row.month.clone(), row.booked.0);
        }
        prop_assert_eq!(&booked, &self.granted);
        Ok(())
    }
}

/// Something that happens in random traffic; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Event {
    Allocate { product: usize, start: i64, days: i64, volume: Count, form: usize },
    Change { which: usize, days: i64, volume: Count },
    Delete { which: usize },
    Stop { which: usize, days: i64, temporary: bool },
    Claim { lines: Vec<(usize, i8, Count, bool)> },
    Credit { which: usize },
    Day { after: i64 },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..4_usize, -200..40_i64, 20..420_i64, 1..30_u64, 0..4_usize)
            .prop_map(|(product, start, days, volume, form)| Event::Allocate { product, start, days, volume, form }),
        2 => (any::<usize>(), 5..500_i64, 1..40_u64)
            .prop_map(|(which, days, volume)| Event::Change { which, days, volume }),
        1 => any::<usize>().prop_map(|which| Event::Delete { which }),
        2 => (any::<usize>(), 5..300_i64, any::<bool>())
            .prop_map(|(which, days, temporary)| Event::Stop { which, days, temporary }),
        6 => prop::collection::vec((any::<usize>(), 0..6_i8, 1..9_u64, prop::bool::weighted(0.2)), 1..5)
            .prop_map(|lines| Event::Claim { lines }),
        3 => any::<usize>().prop_map(|which| Event::Credit { which }),
        4 => (0..12_i64).prop_map(|after| Event::Day { after }),
    ]
}

/// What a run came to.
#[derive(Debug, Default)]
struct Came {
    events: usize,
    granted_lines: usize,
    credits: usize,
    granted: i64,
}

/// Random traffic of one law, from January 2025 on.
struct Traffic {
    lock: Lock,
    sample: Sample,
    today: Date,
    allocations: Vec<(Person, Allocate)>,
    /// Granted lines: number, allocation, claim.
    lines: Vec<(usize, Claim)>,
    next: u32,
    came: Came,
}

impl Traffic {
    fn new(law: Law) -> Traffic {
        Traffic {
            lock: Lock::new(law),
            sample: Sample::of(law),
            today: date(2025, 9, 15),
            allocations: Vec::new(),
            lines: Vec::new(),
            next: 0,
            came: Came::default(),
        }
    }

    fn name(&mut self) -> String {
        self.next += 1;
        format!("M{}", self.next)
    }

    fn signed(&self) -> Sample {
        self.sample.clone().signed(self.today)
    }

    fn product(&self, which: usize) -> Product {
        match (self.lock.law, which) {
            (_, 0) => self.sample.product(),
            (_, 1) => self.sample.other(),
            (Law::Wmo, 2) => product("07", "07A01"),
            (Law::Wmo, _) => product("04", "04A01"),
            (Law::Jeugdwet, 2) => product("54", "54A01"),
            (Law::Jeugdwet, _) => product("44", "44A01"),
        }
    }

    fn unit(product: &Product) -> Eenheid {
        match product.code.as_ref().map(sluis::message::ProductCode::as_str) {
            Some("07A01") => Eenheid::Dagdeel,
            Some("04A01" | "44A01") => Eenheid::Etmaal,
            _ => Eenheid::Uur,
        }
    }

    fn take(&mut self, event: &Event) {
        self.came.events += 1;
        let id = self.name();
        match event {
            Event::Allocate { product, start, days, volume, form } => {
                let from = self.today.saturating_add(start.days());
                let product = self.product(*product);
                let unit = Traffic::unit(&product);
                let omvang = match form {
                    0 | 1 => omvang(*volume, unit, Frequentie::PerWeek),
                    2 => omvang(*volume, unit, Frequentie::PerMaand),
                    _ => omvang(*volume * 10, unit, Frequentie::Totaal),
                };
                let nummer = 100 + self.allocations.len() as Count;
                let to = from.saturating_add(days.days());
                let allocate = Allocate { nummer, product, from, to, omvang };
                let person = Person::nth(self.next);
                let message = self.signed().toewijzing(&id, &person, std::slice::from_ref(&allocate));
                if self.lock.deliver(&message).0 == Verdict::Accepted {
                    let start = self.name();
                    self.lock.deliver(&self.signed().start(&start, &person, &[(&allocate, from)]));
                    self.allocations.push((person, allocate));
                }
            }
            Event::Change { which, days, volume } => {
                let Some((person, allocate)) = self.allocation(*which) else { return };
                let mut changed = allocate.clone();
                changed.to = changed.from.saturating_add(days.days());
                changed.omvang.volume = *volume;
                let mut message = self.signed().toewijzing(&id, &person, std::slice::from_ref(&changed));
                product_301(&mut message, 0).reden_wijziging = Some("05".into());
                if self.lock.deliver(&message).0 == Verdict::Accepted {
                    let at = which % self.allocations.len();
                    self.allocations[at].1 = changed;
                }
            }
            Event::Delete { which } => {
                let Some((person, allocate)) = self.allocation(*which) else { return };
                let mut message = self.signed().toewijzing(&id, &person, std::slice::from_ref(&allocate));
                let product = product_301(&mut message, 0);
                product.reden_wijziging = Some("13".into());
                product.einddatum = Some(product.ingangsdatum);
                self.lock.deliver(&message);
            }
            Event::Stop { which, days, temporary } => {
                let Some((person, allocate)) = self.allocation(*which) else { return };
                let end = allocate.from.saturating_add(days.days()).min(allocate.to);
                let reason = if *temporary { "20" } else { self.sample.as_planned() };
                let begin = allocate.from;
                self.lock.deliver(&self.signed().stop(&id, &person, &[(&allocate, begin, reason, end)]));
            }
            Event::Claim { lines } => self.claim(&id, lines),
            Event::Credit { which } => {
                if self.lines.is_empty() {
                    return;
                }
                let (allocation, granted) = self.lines.swap_remove(which % self.lines.len());
                let person = self.allocations[allocation].0.clone();
                let again = Claim { nummer: id.clone(), ..granted.clone() };
                let last = self.today.first_of_month().saturating_sub(1.day());
                let month = (last.first_of_month(), last);
                let mut message = self.signed().declaratie(&id, &id, month, &[(&person, vec![again])]);
                credit(&mut client_323(&mut message, 0).prestaties[0], &granted.nummer);
                retotal(&mut message);
                self.came.credits += self.lock.declare(&message, month.0, &[id]).len();
            }
            Event::Day { after } => {
                self.today = self.today.saturating_add(after.days());
                self.lock.day(self.today);
                assert_eq!(self.lock.day(self.today), 0, "the work of a day is done once");
            }
        }
    }

    fn allocation(&self, which: usize) -> Option<(Person, Allocate)> {
        let (person, allocate) = self.allocations.get(which.checked_rem(self.allocations.len())?)?;
        Some((person.clone(), allocate.clone()))
    }

    /// A declaration over the last whole month, with lines over it and months before; some have a tariff that nobody
    /// agreed to.
    fn claim(&mut self, id: &str, lines: &[(usize, i8, Count, bool)]) {
        let last = self.today.first_of_month().saturating_sub(1.day());
        let month = (last.first_of_month(), last);
        let mut claims: Vec<(usize, Claim)> = Vec::new();
        for (at, (which, back, volume, is_wrong)) in lines.iter().enumerate() {
            let Some(index) = which.checked_rem(self.allocations.len()) else { return };
            let (_, allocate) = &self.allocations[index];
            let first = month.0.saturating_sub(i64::from(*back).months());
            let periode = (first.max(allocate.from), first.last_of_month().min(allocate.to));
            if periode.1 < periode.0 {
                continue;
            }
            claims.push((
                index,
                Claim {
                    nummer: format!("{id}-{at}"),
                    toewijzing: allocate.nummer,
                    product: allocate.product.clone(),
                    periode,
                    volume: *volume,
                    eenheid: Traffic::unit(&allocate.product),
                    tarief: Cents(tariff(&allocate.product, first.year()) + i64::from(*is_wrong)),
                },
            ));
        }
        if claims.is_empty() {
            return;
        }
        let clients: Vec<(&Person, Vec<Claim>)> =
            claims.iter().map(|(index, claim)| (&self.allocations[*index].0, vec![claim.clone()])).collect();
        let message = self.signed().declaratie(id, id, month, &clients);
        let numbers: Vec<String> = claims.iter().map(|(_, claim)| claim.nummer.clone()).collect();
        let granted = self.lock.declare(&message, month.0, &numbers);
        self.came.granted_lines += granted.len();
        self.lines.extend(claims.into_iter().filter(|(_, claim)| granted.contains(&claim.nummer)));
    }
}

fn tariff(product: &Product, year: i16) -> i64 {
    let code = product.code.as_ref().map_or("", |code| code.as_str());
    let (before, after) = match code {
        "02A02" => (5_800, 6_003),
        "02A03" | "45A04" => (5_797, 6_000),
        "07A01" => (3_400, 3_519),
        "04A01" => (14_500, 15_007),
        "45A02" => (6_400, 6_624),
        "54A01" => (8_880, 9_191),
        "44A01" => (6_200, 6_417),
        other => panic!("no tariff of {other}"),
    };
    if year < 2026 { before } else { after }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if ledgers::is_on_server() { 5 } else { 40 }, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random traffic of both laws over new year: everything ties, whatever the gateway made of the messages.
    #[test]
    fn whatever_happens_the_money_ties(events in prop::collection::vec(event(), 10..60), is_wmo: bool) {
        let mut traffic = Traffic::new(if is_wmo { Law::Wmo } else { Law::Jeugdwet });
        for event in &events {
            traffic.take(event);
        }
        traffic.lock.recount()?;
    }
}

/// A long run, for figures that can be looked at: enough of everything happens.
#[test]
fn a_long_run_ties_to_the_cent() {
    // A server takes long over many small messages in a row.
    let (laws, count) = if ledgers::is_on_server() { (&Law::ALL[..1], 200) } else { (&Law::ALL[..], 600) };
    for &law in laws {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let tree = prop::collection::vec(event(), count..=count).new_tree(&mut runner).expect("events can be made");
        let events = proptest::strategy::ValueTree::current(&tree);
        let mut traffic = Traffic::new(law);
        for event in &events {
            traffic.take(event);
        }
        traffic.lock.recount().expect("everything ties");
        let realised: i64 =
            traffic.lock.postings().iter().filter(|each| each.sort.is_realised()).map(|each| each.cents.0).sum();
        traffic.came.granted = traffic.lock.granted.values().sum();
        println!("{law}: {:?}, {} postings", traffic.came, traffic.lock.postings().len());
        assert_eq!(realised, traffic.came.granted);
        assert!(traffic.came.granted_lines > count / 12 && traffic.came.credits > count / 120, "{:?}", traffic.came);
    }
}

/// Instalments by the real ledger: reserved with the year, realised when due, put right when the table changes, and all
/// of it ties.
#[test]
fn instalments_are_booked_once_and_tie() {
    let register = |rows: &str| {
        let mut files: sluis::contract::register::Files = sluis::contract::register::FILES
            .iter()
            .map(|name| ((*name).to_owned(), std::fs::read(region().join(name)).expect("the sample is shipped")))
            .collect();
        let head = "agreement;agb;municipality;law;due_on;amount_cents\n";
        files.insert("instalments.csv".to_owned(), format!("{head}{rows}").into_bytes());
        Register::parse(&files).expect("no fault")
    };
    let lock = Lock::new(Law::Jeugdwet);
    let day = |register: &Register, today: Date| {
        let register = register.clone();
        let work = move |tx: &mut sluis::ledger::Tx<'_>| {
            let postings = tx.book_due_instalments(&register, today, Timestamp::UNIX_EPOCH)?;
            assert_eq!(tx.book_due_instalments(&register, today, Timestamp::UNIX_EPOCH)?, 0, "booked once");
            let balance = tx.accounts()?.remove(0);
            Ok((postings, balance.open.0, balance.realised.0, tx.check_integrity()?))
        };
        lock.ledger.run_blocking(work).expect("the work can be done")
    };
    let first = register("FICTIEF-DYS-2026;;0197;;2026-01-15;2000000\nFICTIEF-DYS-2026;;0197;;2026-07-15;2000000\n");
    assert_eq!(day(&first, date(2026, 1, 14)), (2, 4_000_000, 0, Vec::new()));
    assert_eq!(day(&first, date(2026, 1, 15)), (2, 2_000_000, 2_000_000, Vec::new()));
    let corrected =
        register("FICTIEF-DYS-2026;;0197;;2026-01-15;1500000\nFICTIEF-DYS-2026;;0197;;2026-07-15;2500000\n");
    assert_eq!(day(&corrected, date(2026, 3, 1)), (2, 2_500_000, 1_500_000, Vec::new()));
    assert_eq!(day(&corrected, date(2026, 12, 31)), (2, 0, 4_000_000, Vec::new()));
    let budgets = lock.ledger.run_blocking(|tx| tx.budgets()).expect("budgets can be read");
    assert_eq!((budgets[0].agreement.as_str(), budgets[0].realised), ("FICTIEF-DYS-2026", Cents(4_000_000)));
}

/// The examples of docs/money.md, row by row.
#[test]
fn the_examples_of_the_page_are_right() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/money.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let (_, rest) = page.split_once("```examples\n").expect("a block of examples");
    let (block, _) = rest.split_once("```").expect("the block ends");
    for row in block.lines() {
        let (form, expected) = row.split_once(" = ").expect("an equals sign");
        let [from, to, volume, unit, frequency] = form.split(' ').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let begin: Date = from.parse().expect("a day");
        let allocate = Allocate {
            nummer: 1,
            product: product("04", "04A01"),
            from: begin,
            to: to.parse().unwrap_or(begin),
            omvang: omvang(
                volume.parse().expect("a number"),
                Eenheid::parse(unit).expect("a unit"),
                Frequentie::parse(frequency).expect("a frequency"),
            ),
        };
        let sample = Sample::of(Law::Wmo).signed(begin);
        let mut message = sample.toewijzing("T1", &Person::nth(1), &[allocate]);
        if to == "-" {
            product_301(&mut message, 0).einddatum = None;
        }
        let (facts, ledger) = (ContractFacts::default(), Facts::default());
        let mut years: BTreeMap<i16, i64> = BTreeMap::new();
        for posting in movements(&REGISTER, &message, &facts, &ledger, &[]).postings {
            *years.entry(posting.slot.account.expect("an account").year).or_default() += posting.cents.0;
        }
        let found: Vec<String> = years.into_iter().map(|(year, cents)| format!("{year}:{cents}")).collect();
        assert_eq!(found.join(" "), expected, "{row}");
    }
}
