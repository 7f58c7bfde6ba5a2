//! What the ledger lets go of, over ten years of traffic on a clock that is set: exactly what the settings say, whoever
//! goes through it how often, whatever breaks off in between; and no later message is judged differently for it.
//!
//! Every message is judged twice: on a ledger that keeps everything, and on one that lets go. What must be left is worked
//! out here from what was sent, without asking the ledger.

mod ledgers;
#[path = "golden/support.rs"]
mod support;

use jiff::civil::date;
use jiff::{SignedDuration, ToSpan as _};
use ledgers::Place;
use serde_json::Value;
use sluis::clock::{Clock, FixedClock, SystemClock};
use sluis::contract::Policies;
use sluis::decision::{Decision, Verdict};
use sluis::delivery::outbox::{Outbox, Outcome, Settlement};
use sluis::demo::compose::{Allocate, Claim, Person, omvang};
use sluis::ledger::{Inbox, Keys, Ledger, LedgerError, Location, Scope, Settings, export};
use sluis::message::{Count, Date, Eenheid, Frequentie, Kind, Law, Message};
use sluis::pipeline::{self, Context, Judged};
use sluis::retention::keeper::{self, Account, Pace};
use sluis::retention::{Class, Exception, Retention, Stage, Term, Terms, UNREADABLE};
use sluis::rules::UnknownQuestion;
use sluis::schema::Limits;
use sluis::shutdown::shutdown;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use support::{GEMEENTE, Sample, client_323, credit, product_301, retotal};

const FIRST_DAY: Date = date(2026, 1, 10);
/// Terms that began here are over by the clock of any machine that runs this.
const LONG_AGO: Date = date(2021, 2, 10);

fn term(text: &str) -> Option<Term> {
    let term = Term::parse(text);
    assert!(term.is_some(), "{text} is a term");
    term
}

/// Terms of which that of records of declarations is the longest.
fn settings(declarations: &str) -> Retention {
    let general = Terms { bodies: term("90d"), details: term("180d"), records: term("2y") };
    let mut retention = Retention { general, ..Retention::default() };
    let mut except = |kind: &str, verdict, exception| {
        retention.exceptions.insert((kind.to_owned(), verdict), exception);
    };
    let longer = Exception { bodies: Some(term("1y")), details: Some(term("1y")), records: Some(term(declarations)) };
    except("WMO323", None, longer);
    except("WMO305", Some(Verdict::Rejected), Exception { bodies: Some(term("60d")), ..Exception::default() });
    except(UNREADABLE, None, Exception { details: Some(term("90d")), ..Exception::default() });
    except("WMO319", None, Exception { records: Some(None), ..Exception::default() });
    retention
}

/// A message as it was sent, and what is known of it without the ledger.
#[derive(Debug, Clone)]
struct Sent {
    id: i64,
    class: Class,
    settled_on: Date,
    is_open: bool,
    /// Whom it left something about.
    persons: Vec<u32>,
}

/// What is known of a person without the ledger.
#[derive(Debug, Clone, Default)]
struct Known {
    last: Option<Date>,
    runs: bool,
}

impl Known {
    fn up_to(&mut self, day: Date) {
        self.last = self.last.max(Some(day));
    }
}

/// Ledgers with the same traffic: one keeps everything.
struct Twins {
    whole: Ledger,
    /// Those that let go: one, or on a server one there and one in memory, which must not differ.
    pruned: Vec<Ledger>,
    retention: Arc<Retention>,
    clock: FixedClock,
    sample: Sample,
    sent: Vec<Sent>,
    persons: BTreeMap<u32, Known>,
    /// Deliveries of which something never leaves.
    stuck: BTreeSet<String>,
    judged: usize,
}

impl Twins {
    fn new(retention: Retention) -> Twins {
        let mut pruned = vec![ledgers::fresh(64)];
        if ledgers::is_on_server() {
            pruned.push(in_memory());
        }
        Twins::on(pruned, retention, FIRST_DAY)
    }

    fn on(pruned: Vec<Ledger>, retention: Retention, first_day: Date) -> Twins {
        Twins {
            whole: in_memory(),
            pruned,
            retention: Arc::new(retention),
            clock: FixedClock::on(first_day),
            sample: Sample::of(Law::Wmo),
            sent: Vec::new(),
            persons: BTreeMap::new(),
            stuck: BTreeSet::new(),
            judged: 0,
        }
    }

    fn today(&self) -> Date {
        self.clock.today()
    }

    fn signed(&self) -> Sample {
        self.sample.clone().signed(self.today())
    }

    fn advance_to(&self, day: Date) {
        let days = self.today().until(day).expect("a span").get_days();
        self.clock.advance(SignedDuration::from_hours(24 * i64::from(days)));
        // Two hours of a summer must not add up to another day.
        let off = self.today().until(day).expect("a span").get_days();
        assert_eq!(off, 0, "the clock stands on the day");
    }

    /// Every ledger.
    fn all(&self) -> impl Iterator<Item = &Ledger> {
        std::iter::once(&self.whole).chain(&self.pruned)
    }

    /// Judges on all; the verdicts and the rules broken are the same.
    fn judge(&mut self, bytes: &[u8], transport_id: &str) -> Judged {
        self.judged += 1;
        let whole = judge_on(&self.whole, bytes, transport_id, &self.clock);
        let told = |judged: &Judged| {
            let rules = judged.decision.findings.iter().map(|finding| (finding.rule.clone(), finding.code.clone()));
            (judged.decision.verdict, judged.decision.level, rules.collect::<Vec<_>>())
        };
        for ledger in &self.pruned {
            let pruned = judge_on(ledger, bytes, transport_id, &self.clock);
            assert_eq!(told(&whole), told(&pruned), "on {}: {}", self.today(), String::from_utf8_lossy(bytes));
        }
        whole
    }

    /// Judges and stores on all.
    fn deliver_bytes(&mut self, bytes: &[u8], persons: &[u32]) -> Judged {
        let transport_id = format!("in/{}.xml", self.sent.len());
        let judged = self.judge(bytes, &transport_id);
        self.store(&judged.decision, bytes, &transport_id, persons);
        judged
    }

    fn store(&mut self, decision: &Decision, bytes: &[u8], transport_id: &str, persons: &[u32]) {
        let inbox = Inbox::new("directory", transport_id, self.clock.now(), bytes.to_vec());
        let mut stored = None;
        for ledger in self.all() {
            let (inbox, decision) = (inbox.clone(), decision.clone());
            stored = Some(ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("it can be stored"));
        }
        let class = Class { kind: decision.kind, verdict: decision.verdict };
        let processed = matches!(decision.verdict, Verdict::Accepted | Verdict::Partly);
        self.sent.push(Sent {
            id: stored.expect("there are ledgers").message_id,
            class,
            settled_on: self.today(),
            is_open: matches!(decision.verdict, Verdict::Held | Verdict::Parked),
            persons: if processed { persons.to_vec() } else { Vec::new() },
        });
    }

    /// A message that must come to a verdict; gives its place among those sent.
    fn deliver(&mut self, message: &Message, persons: &[u32], verdict: Verdict) -> usize {
        let judged = self.deliver_bytes(&message.write(), persons);
        assert_eq!(judged.decision.verdict, verdict, "{}: {:#?}", message.kind, judged.decision.findings);
        self.sent.len() - 1
    }

    /// The return message to one that was sent.
    fn answer(&mut self, question: &Message, place: usize) {
        let retour = self.signed().composer.retour(&format!("R{}", self.sent.len()), question, &["0200"]);
        self.deliver(&retour, &[], Verdict::Accepted);
        self.sent[place].is_open = false;
        self.sent[place].settled_on = self.today();
    }

    fn person(&mut self, person: u32) -> &mut Known {
        self.persons.entry(person).or_default()
    }

    /// Everything leaves, but for what is stuck.
    fn send_all(&mut self) {
        let now = self.clock.now();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
        for ledger in self.all() {
            loop {
                let due = runtime.block_on(ledger.due(now, 10_000)).expect("it can be read");
                let leaves = due.iter().filter(|row| !self.stuck.contains(&row.correlation_id));
                let settlements: Vec<Settlement> =
                    leaves.map(|row| Settlement { id: row.id, at: now, outcome: Outcome::Sent }).collect();
                if settlements.is_empty() {
                    break;
                }
                runtime.block_on(ledger.settle(settlements)).expect("it can be settled");
            }
        }
    }

    /// Goes through the ledgers as the gateway does on a day; when `cut`, it is broken off first. What goes is the same on
    /// all.
    fn go_through(&self, cut: Option<Duration>) -> Account {
        let mut accounts = self.pruned.iter().map(|ledger| self.go_through_one(ledger, cut));
        let first = accounts.next().expect("one lets go");
        for account in accounts.filter(|_| cut.is_none()) {
            assert_eq!(account, first, "on {}", self.today());
        }
        first
    }

    fn go_through_one(&self, ledger: &Ledger, cut: Option<Duration>) -> Account {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let (_trigger, stop) = shutdown(Duration::ZERO);
        runtime.block_on(async {
            let way = || keeper::go_through(ledger, &self.retention, &self.clock, None, Pace::AT_ONCE, &stop);
            if let Some(after) = cut {
                // The job that is under way ends, and nobody hears of it.
                let _ = tokio::time::timeout(after, way()).await;
            }
            way().await.expect("the ledger is gone through")
        })
    }

    /// How far a message has gone by now, worked out from what was sent.
    fn expected(&self, message: &Sent) -> i64 {
        let today = self.today();
        let terms = self.retention.terms(message.class);
        let over = |term: Option<Term>, from: Date| term.is_some_and(|term| term.over_on(from) <= today);
        if message.is_open || !over(terms.bodies, message.settled_on) {
            return 0;
        }
        if !over(terms.details, message.settled_on) {
            return 1;
        }
        let persons_gone = message.persons.iter().all(|person| self.is_forgotten(*person));
        if over(terms.records, message.settled_on) && persons_gone { 3 } else { 2 }
    }

    fn is_forgotten(&self, person: u32) -> bool {
        let known = &self.persons[&person];
        let about: Vec<&Sent> = self.sent.iter().filter(|message| message.persons.contains(&person)).collect();
        let settled = about.iter().map(|message| message.settled_on).max();
        let last = settled.max(known.last).expect("somebody sent something");
        let over = |message: &&Sent| {
            let terms = self.retention.terms(message.class);
            let is = |term: Option<Term>, from: Date| term.is_some_and(|term| term.over_on(from) <= self.today());
            !message.is_open && is(terms.records, last) && is(terms.details, message.settled_on)
        };
        !known.runs && about.iter().all(over)
    }

    /// The ledgers that let go hold what they must, and nothing else.
    fn check(&self) {
        for ledger in &self.pruned {
            self.check_one(ledger);
        }
    }

    fn check_one(&self, ledger: &Ledger) {
        let ids: Vec<i64> = self.sent.iter().map(|message| message.id).collect();
        let gemeenten = BTreeSet::from([GEMEENTE.into()]);
        let (found, history) = ledger
            .run_blocking(move |tx| {
                let found = ids.iter().map(|id| tx.removed(*id)).collect::<Result<Vec<_>, LedgerError>>()?;
                Ok((found, tx.history(&gemeenten)?))
            })
            .expect("the ledger can be read");
        for (message, found) in self.sent.iter().zip(found) {
            let found = found.map_or(0, Stage::number);
            assert_eq!(found, self.expected(message), "on {}: {message:?}", self.today());
        }
        let allocated = history.allocations.iter().flat_map(|each| &each.versions).map(|version| &version.person.0);
        let keys: BTreeSet<&String> = allocated.chain(history.requests.iter().map(|each| &each.person.0)).collect();
        let left = self.persons.keys().filter(|person| !self.is_forgotten(**person)).count();
        assert_eq!(keys.len(), left, "persons known on {}", self.today());
    }

    /// Stages that the messages went through so far.
    fn steps(&self, ledger: &Ledger) -> u64 {
        let ids: Vec<i64> = self.sent.iter().map(|message| message.id).collect();
        let removed =
            ledger.run_blocking(move |tx| ids.iter().map(|id| tx.removed(*id)).collect::<Result<Vec<_>, _>>());
        let removed = removed.expect("the ledger can be read");
        removed.into_iter().flatten().map(|stage| stage.number().unsigned_abs()).sum()
    }

    fn verify(&self) {
        for ledger in &self.pruned {
            let (verified, faults) =
                ledger.run_blocking(|tx| Ok((tx.verify(&[])?, tx.check_integrity()?))).expect("it can be read");
            assert_eq!(verified.faults, [], "on {}", self.today());
            assert_eq!(faults, [], "on {}", self.today());
        }
    }
}

fn in_memory() -> Ledger {
    let settings = Settings { location: Location::Memory, keys: Keys::generate(), max_group: 64 };
    Ledger::open(settings).expect("a ledger in memory opens")
}

fn judge_on(ledger: &Ledger, bytes: &[u8], transport_id: &str, clock: &FixedClock) -> Judged {
    let prepared = pipeline::prepare(bytes.into(), &Limits::default());
    let reply_id = pipeline::reply_identification(&prepared.digest, transport_id);
    let context = Context {
        now: clock.now(),
        today: clock.today(),
        gateway: "retention",
        reply_id: &reply_id,
        register: None,
        policies: &Policies::default(),
        unknown_question: UnknownQuestion::Refuse,
    };
    match &prepared.reading {
        Err(unreadable) => pipeline::refuse(context, unreadable),
        Ok(readable) => {
            let (request, contract) = pipeline::requests(&readable.message, None);
            let (law, gemeente) = (readable.message.kind.law, readable.message.gemeente().clone());
            let (facts, contract_facts) = ledger
                .run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract)?)))
                .expect("facts can be read");
            pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts)
        }
    }
}

/// What was allocated, and the lines that were claimed on it.
struct Course {
    person: u32,
    allocate: Allocate,
    lines: Vec<(String, Claim)>,
    allocated: Message,
    stopped: bool,
}

fn month_after(day: Date, months: i32) -> Date {
    day.first_of_month().saturating_add(months.months())
}

/// Traffic of one month: somebody new is allocated care for half a year, starts, and everybody's care is declared.
fn month(twins: &mut Twins, index: u32, courses: &mut Vec<Course>) {
    let today = twins.today();
    let sample = twins.signed();
    let person = index;
    let from = today.first_of_month();
    // One runs without an end, which takes a volume per month.
    let endless = index == 3;
    let volume = if endless {
        omvang(20, Eenheid::Uur, Frequentie::PerMaand)
    } else {
        omvang(3, Eenheid::Uur, Frequentie::PerWeek)
    };
    let allocate = Allocate {
        nummer: 1000 + Count::from(index),
        product: sample.product(),
        from,
        to: month_after(from, 5).last_of_month(),
        omvang: volume,
    };
    let who = Person::nth(person);
    let mut allocated = sample.toewijzing(&format!("T{index}"), &who, std::slice::from_ref(&allocate));
    if endless {
        product_301(&mut allocated, 0).einddatum = None;
    }
    let place = twins.deliver(&allocated, &[person], Verdict::Accepted);
    twins.person(person).up_to(if endless { from } else { allocate.to });
    twins.person(person).runs = endless;
    twins.sent[place].is_open = true;
    let unanswered = index % 17 == 5;
    if !unanswered {
        twins.answer(&allocated, place);
    }
    let start = sample.start(&format!("S{index}"), &who, &[(&allocate, from)]);
    twins.deliver(&start, &[person], Verdict::Accepted);
    courses.push(Course { person, allocate, lines: Vec::new(), allocated, stopped: false });

    declare(twins, index, courses);

    // Care that is over is stopped.
    let mut stops = Vec::new();
    for course in courses.iter_mut().filter(|course| !course.stopped && course.allocate.to < today) {
        course.stopped = course.person != 3;
        if course.stopped {
            stops.push((course.person, course.allocate.clone()));
        }
    }
    for (person, allocate) in stops {
        let stop = twins.signed().stop(
            &format!("E{person}"),
            &Person::nth(person),
            &[(&allocate, allocate.from, twins.sample.as_planned(), allocate.to)],
        );
        twins.deliver(&stop, &[person], Verdict::Accepted);
    }

    // What is wrong.
    let unknown = Allocate { nummer: 900_000 + Count::from(index), ..courses[0].allocate.clone() };
    let start = sample.start(&format!("X{index}"), &who, &[(&unknown, from)]);
    twins.deliver(&start, &[person], Verdict::Rejected);
    if index.is_multiple_of(3) {
        let judged = twins.deliver_bytes(format!("<Bericht nummer=\"{index}\">").as_bytes(), &[]);
        assert_eq!(judged.decision.verdict, Verdict::Rejected);
    }
    if index % 40 == 7 {
        let bytes = format!("<parked>{index}</parked>");
        let id = format!("in/{}.xml", twins.sent.len());
        twins.store(&Decision::set_aside(), bytes.as_bytes(), &id, &[]);
    }
    if index % 6 == 2 {
        request(twins, index);
    }
    if index % 50 == 9 {
        // Something of the latest message never leaves.
        let stuck = format!("in/{}.xml", twins.sent.len());
        let start = sample.start(&format!("Y{index}"), &who, &[(&unknown, from)]);
        let place = twins.deliver(&start, &[person], Verdict::Rejected);
        twins.stuck.insert(stuck);
        twins.sent[place].is_open = true;
    }
    twins.send_all();
}

/// Somebody asks for care and is told no.
fn request(twins: &mut Twins, index: u32) {
    let person = 5_000 + index;
    let sample = twins.signed();
    let wanted = Allocate {
        nummer: 0,
        product: sample.product(),
        from: month_after(twins.today(), 1),
        to: month_after(twins.today(), 3).last_of_month(),
        omvang: omvang(2, Eenheid::Uur, Frequentie::PerWeek),
    };
    let referentie = format!("V{index}");
    let asked = sample.aanvraag(&format!("A{index}"), &Person::nth(person), &[(&referentie, &wanted)]);
    let place = twins.deliver(&asked, &[person], Verdict::Accepted);
    twins.person(person);
    let answer = sample.antwoord(&format!("N{index}"), &referentie, Some("2"));
    let told = twins.deliver(&answer, &[], Verdict::Accepted);
    twins.sent[place].settled_on = twins.today();
    twins.sent[told].is_open = true;
    twins.answer(&answer, told);
}

/// The declaration of the month before; sometimes an earlier line is corrected.
fn declare(twins: &mut Twins, index: u32, courses: &mut [Course]) {
    let last = twins.today().first_of_month().saturating_sub(1.day());
    let period = (last.first_of_month(), last);
    let sample = twins.signed();
    let mut clients: Vec<(Person, u32, Vec<Claim>)> = Vec::new();
    let mut corrected: Option<(usize, String)> = None;
    for course in courses.iter_mut() {
        if course.allocate.from > period.0 || course.allocate.to < period.1 {
            continue;
        }
        let mut claims = Vec::new();
        if index.is_multiple_of(5) && corrected.is_none() && !course.lines.is_empty() {
            let (earlier, claim) = course.lines.pop().expect("there is one");
            claims.push(Claim { nummer: format!("C{index}"), ..claim });
            corrected = Some((clients.len(), earlier));
        }
        let number = format!("L{index}-{}", course.person);
        let claim = sample.claim(&number, course.allocate.nummer, period, 4);
        course.lines.push((number, claim.clone()));
        claims.push(claim);
        clients.push((Person::nth(course.person), course.person, claims));
    }
    if clients.is_empty() {
        return;
    }
    let lines: Vec<(&Person, Vec<Claim>)> =
        clients.iter().map(|(person, _, claims)| (person, claims.clone())).collect();
    let mut message = sample.declaratie(&format!("D{index}"), &format!("D{index}"), period, &lines);
    if let Some((client, earlier)) = &corrected {
        credit(&mut client_323(&mut message, *client).prestaties[0], earlier);
        retotal(&mut message);
    }
    let persons: Vec<u32> = clients.iter().map(|(_, person, _)| *person).collect();
    twins.deliver(&message, &persons, Verdict::Accepted);
    for person in persons {
        twins.person(person).up_to(period.1);
    }
}

/// Messages that come late or twice, or use again what was used: judged, and not kept.
fn probe(twins: &mut Twins, courses: &[Course]) {
    let sample = twins.signed();
    let (oldest, latest) = (&courses[0], courses.last().expect("there is one"));
    let stranger = Person::nth(7_000);
    let last = twins.today().first_of_month().saturating_sub(1.day());
    let period = (last.first_of_month(), last);
    let of_latest = |number: &str| sample.claim(number, latest.allocate.nummer, period, 1);
    let again =
        Allocate { nummer: 777_777, from: twins.today(), to: twins.today().last_of_month(), ..oldest.allocate.clone() };
    let first_line = format!("L1-{}", oldest.person);
    let mut expected = Vec::new();
    let mut ask =
        |what: &'static str, message: Message, verdict: Option<Verdict>| expected.push((what, message, verdict));
    ask(
        "an identification of old",
        sample.toewijzing("T0", &stranger, std::slice::from_ref(&again)),
        Some(Verdict::Rejected),
    );
    ask(
        "somebody of old comes back",
        sample.toewijzing("P1", &Person::nth(0), std::slice::from_ref(&again)),
        Some(Verdict::Accepted),
    );
    let taken = Allocate { nummer: oldest.allocate.nummer, ..again.clone() };
    ask("an allocation number of old", sample.toewijzing("P2", &stranger, &[taken]), None);
    let who = Person::nth(latest.person);
    ask("a declaration number of old", sample.declaratie("P3", "D1", period, &[(&who, vec![of_latest("P3")])]), None);
    ask("a line of old", sample.declaratie("P4", "P4", period, &[(&who, vec![of_latest(&first_line)])]), None);
    ask("a second answer", sample.composer.retour("P5", &oldest.allocated, &["0200"]), Some(Verdict::Rejected));
    let wanted = Allocate { nummer: 0, ..again };
    if twins.sent.iter().any(|message| message.class.kind == Kind::parse("WMO315")) {
        ask("a reference of old", sample.aanvraag("P6", &stranger, &[("V2", &wanted)]), None);
    }
    for (what, message, verdict) in expected {
        let judged = twins.judge(&message.write(), "probe");
        let is_as_expected = verdict.is_none_or(|verdict| verdict == judged.decision.verdict);
        assert!(is_as_expected, "{what}, on {}: {:#?}", twins.today(), judged.decision.findings);
    }
    // What ended within the term may still be declared and stopped, with the same outcome, whatever that is.
    let today = twins.today();
    let year_ago = today.saturating_sub(1.year());
    let ended = courses.iter().filter(|course| course.allocate.to < today && course.allocate.to > year_ago);
    for (index, course) in ended.enumerate() {
        let (who, month) = (Person::nth(course.person), course.allocate.to);
        let period = (month.first_of_month(), month);
        let claim = sample.claim(&format!("Q{index}"), course.allocate.nummer, period, 1);
        let late = sample.declaratie(&format!("Q{index}"), &format!("Q{index}"), period, &[(&who, vec![claim])]);
        twins.judge(&late.write(), "probe");
        let begin = course.allocate.from;
        let stop = sample.stop(
            &format!("Q{index}"),
            &who,
            &[(&course.allocate, begin, twins.sample.as_planned(), course.allocate.to)],
        );
        twins.judge(&stop.write(), "probe");
    }
}

/// Traffic of so many months, gone through at odd times and broken off at some, checked each time.
fn live_through(twins: &mut Twins, months: u32) {
    let mut courses = Vec::new();
    // Days between two times that somebody goes through the ledger: each day, or gateways that were down for weeks.
    let mut gaps = [1, 1, 30, 7, 45, 1, 3, 100, 11, 2, 61].into_iter().cycle();
    let first_day = twins.today();
    let mut next = first_day;
    let mut times = 0;
    for index in 0..months {
        let day = month_after(first_day, i32::try_from(index).expect("few")).saturating_add(9.days());
        while next < day {
            twins.advance_to(next);
            let cut = (times % 5 == 2).then(|| Duration::from_micros(300 * (times % 7)));
            let planned = (times % 4 == 0).then(|| plan(twins));
            let account = twins.go_through(cut);
            if let Some(planned) = planned.filter(|_| cut.is_none()) {
                assert_eq!(planned, Account { others: 0, ..account }, "the plan of {}", twins.today());
            }
            twins.check();
            times += 1;
            next = next.saturating_add(i64::from(gaps.next().expect("it never ends")).days());
        }
        twins.advance_to(day);
        month(twins, index, &mut courses);
        if index % 12 == 11 {
            probe(twins, &courses);
            twins.verify();
        }
    }
    let nothing = twins.go_through(None);
    let again = twins.go_through(None);
    assert!(again.messages.is_empty() && again.persons == 0, "what went is gone: {nothing:?} {again:?}");
    assert_eq!(again.kept, plan(twins).kept);
    println!("{} messages, {} judged, {times} times gone through", twins.sent.len(), twins.judged);
}

/// How many of the messages that were sent are whole, and of how many only the row is left.
fn whole_and_rows(twins: &Twins) -> (usize, usize) {
    let of = |stage| twins.sent.iter().filter(|message| twins.expected(message) == stage).count();
    println!("{} whole, {} rows", of(0), of(3));
    (of(0), of(3))
}

/// Ten years; on a server three, with nothing kept longer than two: there it is told what goes from both databases.
#[test]
fn ten_years_of_traffic_leave_what_the_settings_say_and_change_no_verdict() {
    if ledgers::is_on_server() {
        let mut twins = Twins::new(settings("2y"));
        live_through(&mut twins, 33);
        let (_, rows) = whole_and_rows(&twins);
        assert!(rows > 20 && twins.persons.keys().any(|person| twins.is_forgotten(*person)), "{rows}");
        return;
    }
    let mut twins = Twins::new(settings("3y"));
    live_through(&mut twins, 120);
    let (whole, rows) = whole_and_rows(&twins);
    assert!(rows * 2 > twins.sent.len() && whole < twins.sent.len() / 4, "{rows} {whole}");
}

/// What would go, without what is parked: nobody goes through that, and the plan tells of it. The same on all ledgers.
fn plan(twins: &Twins) -> Account {
    let (retention, today) = (&twins.retention, twins.today());
    let plans = twins.pruned.iter().map(|ledger| {
        let retention = Arc::clone(retention);
        let planned = ledger.run_blocking(move |tx| keeper::plan(tx, &retention, today));
        let mut planned = planned.expect("the ledger can be read");
        planned.kept.retain(|(_, class), _| class.verdict != Verdict::Parked);
        planned
    });
    let mut plans = plans.collect::<Vec<_>>();
    let first = plans.pop().expect("one lets go");
    assert!(plans.iter().all(|plan| *plan == first), "on {today}: {first:?} {plans:?}");
    first
}

/// The settings of a configuration that are those of [`settings`].
const TERMS: &str = "[retention]\nbodies = \"90d\"\ndetails = \"180d\"\nrecords = \"2y\"\n\
    [retention.WMO323]\nbodies = \"1y\"\ndetails = \"1y\"\nrecords = \"3y\"\n\
    [retention.WMO305.rejected]\nbodies = \"60d\"\n[retention.WMO319]\nrecords = \"forever\"\n\
    [retention.unreadable]\ndetails = \"90d\"\n";

/// `sluis` with these arguments on a folder, and a place where it dies.
fn sluis(place: &Place, arguments: &[&str], failpoint: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SLUIS_")) {
        command.env_remove(variable);
    }
    command.args(arguments).arg("--config").arg(place.folder().join("sluis.toml")).stdin(Stdio::null());
    command.env("USER", "somebody").env_remove("SUDO_USER").env("SLUIS_FAILPOINT", failpoint);
    command.output().expect("the program can be started")
}

/// Messages by stage and class, as the trail tells that they were removed.
fn told_by_trail(ledger: &Ledger, place: &Place) -> BTreeMap<(String, String), u64> {
    let folder = place.folder().join("export");
    let out = folder.clone();
    let exported = ledger.run_blocking(move |tx| Ok(export(tx, &Scope::default(), &out)));
    exported.expect("it can be read").expect("it is exported");
    let trail = std::fs::read_to_string(folder.join("audit.jsonl")).expect("the trail can be read");
    let mut told = BTreeMap::new();
    for line in trail.lines() {
        let row: Value = serde_json::from_str(line).expect("a row of the trail");
        if row["event"] != "removed" {
            continue;
        }
        let content: Value = serde_json::from_str(row["content"].as_str().expect("a content")).expect("JSON");
        let text = |name: &str| content[name].as_str().unwrap_or_default().to_owned();
        let messages = content["messages"].as_u64().unwrap_or_default();
        *told.entry((text("stage"), text("class"))).or_default() += messages;
    }
    told.retain(|_, messages| *messages > 0);
    told
}

#[test]
fn a_run_that_is_killed_again_and_again_takes_everything_away_once() {
    let place = Place::new();
    std::fs::write(place.folder().join("sluis.toml"), format!("{}{TERMS}", place.settings())).expect("written");
    let keys = Keys::create(&place.folder().join("ledger.key")).expect("keys can be made");
    let killed = Ledger::open(Settings { location: place.location(), keys, max_group: 64 }).expect("a ledger opens");
    let undisturbed = in_memory();
    // Long ago by the clock of this machine, which is that of the program.
    let mut twins = Twins::on(vec![killed, undisturbed], settings("3y"), LONG_AGO);
    let mut courses = Vec::new();
    for index in 0..14_u32 {
        let day = month_after(LONG_AGO, i32::try_from(index).expect("few")).saturating_add(9.days());
        twins.advance_to(day);
        month(&mut twins, index, &mut courses);
    }
    twins.advance_to(SystemClock.today());
    let (killed, undisturbed) = (&twins.pruned[0], &twins.pruned[1]);
    let account = twins.go_through_one(undisturbed, None);
    assert!(account.persons > 5 && account.messages.len() > 15, "{account:?}");

    let run = ["retention", "run", "--reason", "kept long enough", "--by", "somebody"];
    let (mut deaths, mut went) = (0, 0);
    // Before the commit nothing of a portion is there; after it all of it, and nobody was told.
    for at in
        ["before_commit:1", "before_commit:2", "after_commit:2", "before_commit:4", "after_commit:6", "before_commit:9"]
    {
        let died = sluis(&place, &run, &format!("{at}=abort"));
        assert_eq!(died.status.code(), None, "{at}: {}", String::from_utf8_lossy(&died.stderr));
        deaths += 1;
        let so_far = twins.steps(killed);
        assert!(so_far >= went, "{at}");
        went = so_far;
        let verified = killed.run_blocking(|tx| Ok((tx.verify(&[])?.faults, tx.check_integrity()?)));
        let (faults, broken) = verified.expect("the ledger can be read");
        assert!(faults.is_empty() && broken.is_empty(), "{at}: {faults:?} {broken:?}");
    }
    let all: u64 = account.messages.values().sum();
    assert!(0 < went && went < all, "it was killed in the middle: {went} of {all}");
    let done = sluis(&place, &run, "");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    twins.check();
    twins.verify();
    let of_undisturbed: BTreeMap<(String, String), u64> = account
        .messages
        .iter()
        .map(|((stage, class), messages)| ((stage.to_string(), class.to_string()), *messages))
        .collect();
    assert_eq!(told_by_trail(killed, &place), of_undisturbed, "each message went once");
    let verified = sluis(&place, &["ledger", "verify"], "");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let nothing = sluis(&place, &[&run[..], &["--json"]].concat(), "");
    let nothing: Value = serde_json::from_slice(&nothing.stdout).expect("an account");
    assert_eq!((&nothing["gone"], &nothing["persons"]), (&serde_json::json!([]), &serde_json::json!(0)));
    println!("killed {deaths} times at {went} of {all} steps");
}
