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
use sluis::clock::{Clock, FixedClock};
use sluis::contract::Policies;
use sluis::decision::{Decision, Verdict};
use sluis::delivery::outbox::{Outbox, Outcome, Settlement};
use sluis::demo::compose::{Allocate, Claim, Person, omvang};
use sluis::ledger::{Inbox, Ledger, LedgerError};
use sluis::message::{Count, Date, Eenheid, Frequentie, Kind, Law, Message};
use sluis::pipeline::{self, Context, Judged};
use sluis::retention::keeper::{self, Account, Pace};
use sluis::retention::{Class, Exception, Retention, Stage, Term, Terms, UNREADABLE};
use sluis::rules::UnknownQuestion;
use sluis::schema::Limits;
use sluis::shutdown::shutdown;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use support::{GEMEENTE, Sample, client_323, credit, product_301, retotal};

const FIRST_DAY: Date = date(2026, 1, 10);

fn term(text: &str) -> Option<Term> {
    let term = Term::parse(text);
    assert!(term.is_some(), "{text} is a term");
    term
}

fn settings() -> Retention {
    let general = Terms { bodies: term("90d"), details: term("180d"), records: term("2y") };
    let mut retention = Retention { general, ..Retention::default() };
    let mut except = |kind: &str, verdict, exception| {
        retention.exceptions.insert((kind.to_owned(), verdict), exception);
    };
    let longer = Exception { bodies: Some(term("1y")), details: Some(term("1y")), records: Some(term("3y")) };
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

/// Two ledgers with the same traffic: one keeps everything.
struct Twins {
    whole: Ledger,
    pruned: Ledger,
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
        Twins {
            whole: ledgers::fresh(64),
            pruned: ledgers::fresh(64),
            retention: Arc::new(retention),
            clock: FixedClock::on(FIRST_DAY),
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

    /// Judges on both; the verdicts and the rules broken are the same.
    fn judge(&mut self, bytes: &[u8], transport_id: &str) -> Judged {
        self.judged += 1;
        let [whole, pruned] =
            [&self.whole, &self.pruned].map(|ledger| judge_on(ledger, bytes, transport_id, &self.clock));
        let told = |judged: &Judged| {
            let rules = judged.decision.findings.iter().map(|finding| (finding.rule.clone(), finding.code.clone()));
            (judged.decision.verdict, judged.decision.level, rules.collect::<Vec<_>>())
        };
        assert_eq!(told(&whole), told(&pruned), "on {}: {}", self.today(), String::from_utf8_lossy(bytes));
        pruned
    }

    /// Judges and stores on both.
    fn deliver_bytes(&mut self, bytes: &[u8], persons: &[u32]) -> Judged {
        let transport_id = format!("in/{}.xml", self.sent.len());
        let judged = self.judge(bytes, &transport_id);
        self.store(&judged.decision, bytes, &transport_id, persons);
        judged
    }

    fn store(&mut self, decision: &Decision, bytes: &[u8], transport_id: &str, persons: &[u32]) {
        let inbox = Inbox::new("directory", transport_id, self.clock.now(), bytes.to_vec());
        let mut stored = None;
        for ledger in [&self.whole, &self.pruned] {
            let (inbox, decision) = (inbox.clone(), decision.clone());
            stored = Some(ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("it can be stored"));
        }
        let class = Class { kind: decision.kind, verdict: decision.verdict };
        let processed = matches!(decision.verdict, Verdict::Accepted | Verdict::Partly);
        self.sent.push(Sent {
            id: stored.expect("two ledgers").message_id,
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
        for ledger in [&self.whole, &self.pruned] {
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

    /// Goes through the ledger as the gateway does on a day; when `cut`, it is broken off first.
    fn go_through(&self, cut: Option<Duration>) -> Account {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let (_trigger, stop) = shutdown(Duration::ZERO);
        runtime.block_on(async {
            let way = || keeper::go_through(&self.pruned, &self.retention, &self.clock, None, Pace::AT_ONCE, &stop);
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

    /// The ledger holds what it must, and nothing else.
    fn check(&self) {
        let ids: Vec<i64> = self.sent.iter().map(|message| message.id).collect();
        let gemeenten = BTreeSet::from([GEMEENTE.into()]);
        let (found, history) = self
            .pruned
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

    fn verify(&self) {
        let (verified, faults) =
            self.pruned.run_blocking(|tx| Ok((tx.verify(&[])?, tx.check_integrity()?))).expect("it can be read");
        assert_eq!(verified.faults, [], "on {}", self.today());
        assert_eq!(faults, [], "on {}", self.today());
    }
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

#[test]
fn ten_years_of_traffic_leave_what_the_settings_say_and_change_no_verdict() {
    let mut twins = Twins::new(settings());
    let mut courses = Vec::new();
    // Days between two times that somebody goes through the ledger: each day, or gateways that were down for weeks.
    let mut gaps = [1, 1, 30, 7, 45, 1, 3, 100, 11, 2, 61].into_iter().cycle();
    let mut next = FIRST_DAY;
    let mut times = 0;
    for index in 0..120_u32 {
        let day = month_after(FIRST_DAY, i32::try_from(index).expect("few")).saturating_add(9.days());
        while next < day {
            twins.advance_to(next);
            let cut = (times % 5 == 2).then(|| Duration::from_micros(300 * (times % 7)));
            let planned = (times % 4 == 0).then(|| plan(&twins));
            let account = twins.go_through(cut);
            if let Some(planned) = planned.filter(|_| cut.is_none()) {
                assert_eq!(planned, Account { others: 0, ..account }, "the plan of {}", twins.today());
            }
            twins.check();
            times += 1;
            next = next.saturating_add(i64::from(gaps.next().expect("it never ends")).days());
        }
        twins.advance_to(day);
        month(&mut twins, index, &mut courses);
        if index % 12 == 11 {
            probe(&mut twins, &courses);
            twins.verify();
        }
    }
    let nothing = twins.go_through(None);
    let again = twins.go_through(None);
    assert!(again.messages.is_empty() && again.persons == 0, "what went is gone: {nothing:?} {again:?}");
    assert_eq!(again.kept, plan(&twins).kept);
    let whole: usize = twins.sent.iter().filter(|message| twins.expected(message) == 0).count();
    let rows: usize = twins.sent.iter().filter(|message| twins.expected(message) == 3).count();
    println!(
        "{} messages, {} judged twice, {times} times gone through, {whole} whole, {rows} rows",
        twins.sent.len(),
        twins.judged
    );
    assert!(rows * 2 > twins.sent.len() && whole < twins.sent.len() / 4, "{rows} {whole}");
}

/// What would go, without what is parked: nobody goes through that, and the plan tells of it.
fn plan(twins: &Twins) -> Account {
    let (retention, today) = (Arc::clone(&twins.retention), twins.today());
    let planned = twins.pruned.run_blocking(move |tx| keeper::plan(tx, &retention, today));
    let mut planned = planned.expect("the ledger can be read");
    planned.kept.retain(|(_, class), _| class.verdict != Verdict::Parked);
    planned
}
