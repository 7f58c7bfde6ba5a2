//! A ledger that as much comes into as goes out of stops growing, but for the rows that stay by design.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::search::finding;
use super::*;
use crate::clock::{Clock, FixedClock};
use crate::contract::ending::{Because, Open, Origin};
use crate::deadline::Debt;
use crate::decision::{About, Asked, StartKey};
use crate::delivery::class::Class;
use crate::delivery::outbox::{Outcome, Settlement};
use crate::effects::{Teller, signal_told};
use crate::hold::{Action, Order};
use crate::message::{Cents, Date, Eenheid, GeslotenPeriode, Product, VerzoekAntwoord};
use crate::replay::Standing;
use crate::retention::keeper::{self, Pace};
use crate::retention::{Retention, Term, Terms};
use crate::rules::facts::{Allocation, ClaimLine, Earlier, PersonKey, Stop};
use crate::sender::{Reason, Refusal};
use crate::shutdown::shutdown;
use jiff::{SignedDuration, ToSpan as _};
use std::sync::Arc;
use std::time::Duration;

/// Tables whose rows go when they were kept long enough, or when what they are about is over.
const BOUNDED: [&str; 18] = [
    "answers",
    "attempts",
    "awaited",
    "bringers",
    "deliveries",
    "held_allocations",
    "holds",
    "households",
    "mentions",
    "orders",
    "outbox",
    "questions",
    "refusals",
    "runs",
    "signals",
    "subjects",
    "takes",
    "waiting",
];

/// Tables whose rows stay without a person: numbers that must not be used twice, money, and the trail
/// (`docs/retention.md`).
const STAY: [&str; 10] = [
    "accounts",
    "allocation_balances",
    "allocations",
    "audit",
    "balances",
    "declaraties",
    "lines",
    "messages",
    "postings",
    "requests",
];

/// Tables that grow with what is set up and what people order, not with what comes in.
const OTHERS: [&str; 20] = [
    "access_accounts",
    "access_attempts",
    "access_sessions",
    "access_strangers",
    "access_tokens",
    "breakers",
    "carried_persons",
    "claims",
    "keys",
    "last_messages",
    "looks",
    "members",
    "meta",
    "migrations",
    // The last five hundred.
    "retentions",
    "rotations",
    "selection_members",
    "selections",
    "surveys",
    "tallies",
];

/// Bytes of a body, which do not shrink, and how many of them a month brings.
const BODY: i32 = 16_000;
const BODIES: i32 = 10;

/// Rows by table.
fn rows(sut: &Sut) -> BTreeMap<String, i64> {
    sut.get(|tx| {
        let names = if tx.is_on_server() {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        };
        let names: Vec<String> = tx.all(names, [], |cells| Ok(cells.text()?.to_owned()))?;
        let known: BTreeSet<&str> = BOUNDED.into_iter().chain(STAY).chain(OTHERS).collect();
        assert_eq!(
            names.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            known,
            "whose rows go must be said of each"
        );
        let mut rows = BTreeMap::new();
        for name in BOUNDED.into_iter().chain(STAY) {
            let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {name}").into_boxed_str());
            rows.insert(name.to_owned(), tx.first(sql, [], |cells| cells.get())?.unwrap_or_default());
        }
        Ok(rows)
    })
}

/// What one month brings.
struct Month {
    index: u32,
    today: Date,
    now: Timestamp,
    selection: i64,
}

impl Month {
    fn name(&self, sort: &str) -> String {
        format!("{sort}{}", self.index)
    }

    fn bsn(&self) -> crate::message::Bsn {
        crate::demo::compose::Person::nth(self.index).bsn().clone()
    }

    /// A message with bytes that do not shrink, and what leaves because of it.
    fn store(&self, tx: &mut Tx<'_>, number: Number, sort: &str, decision: Decision) -> Result<Stored, LedgerError> {
        let name = self.name(sort);
        let noise = (0..BODY / 16).flat_map(|_| *uuid::Uuid::new_v4().as_bytes());
        let (nummer, bsn) = (self.nummer(), self.bsn());
        let text = format!("<r><ToewijzingNummer>{nummer}</ToewijzingNummer><Bsn>{}</Bsn></r>", bsn.expose());
        let mentioned = Some(Arc::new(Mentioned::of(text.as_bytes())));
        let bytes = text.into_bytes().into_iter().chain(noise).collect();
        let inbox = Inbox::new("directory", name.as_str(), self.now, bytes);
        let decision = Decision {
            identity: decision.identity.map(|_| identity(wmo(number), &name)),
            kind: Some(wmo(number)),
            ..decision
        };
        tx.store(&Inbox { mentioned, ..inbox }, &decision)
    }

    fn nummer(&self) -> Count {
        1000 + Count::from(self.index)
    }

    fn key(&self) -> StartKey {
        StartKey { toewijzing_nummer: Some(self.nummer()), product: Some(product()), begindatum: self.today }
    }

    fn allocated(&self) -> Record {
        let allocation = Allocation {
            nummer: self.nummer(),
            aanbieder: Party::from(AANBIEDER),
            person: PersonKey::default(),
            product: Some(product()),
            toewijzingsdatum: self.today,
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum: self.today,
            einddatum: Some(self.today),
            reden_wijziging: None,
            omvang: None,
            budget: None,
            message: Earlier { kind: String::new(), identificatie: String::new(), dagtekening: self.today },
        };
        Record::Allocation { bsn: self.bsn(), allocation, referentie: None }
    }

    fn claimed(&self) -> [Record; 2] {
        let periode = GeslotenPeriode { begindatum: self.today, einddatum: self.today };
        let declaratie = Record::Declaratie {
            nummer: self.name("D").as_str().into(),
            periode: periode.clone(),
            ingediend: Cents(1),
            toegekend: Cents(1),
        };
        let line = ClaimLine {
            nummer: self.name("L").as_str().into(),
            vorig: None,
            person: PersonKey::default(),
            toewijzing_nummer: self.nummer(),
            categorie: "02".into(),
            code: "02A03".into(),
            periode,
            volume: 1,
            eenheid: Eenheid::Uur,
            tarief: Some(Cents(1)),
            bedrag: Cents(1),
            granted: true,
            declaratie: self.name("D").as_str().into(),
        };
        [declaratie, Record::Prestatie { bsn: self.bsn(), line }]
    }

    fn asked(&self) -> Record {
        Record::Asked(Asked {
            debt: Debt::Return,
            about: About::Message,
            owed_by: Party::from(AANBIEDER),
            asked_on: self.today,
            due_on: self.today,
            answered: true,
        })
    }

    fn live(&self, tx: &mut Tx<'_>) -> Result<(), LedgerError> {
        let decided = |records: Vec<Record>| Decision {
            records,
            outgoing: vec![
                outgoing(Purpose::Forward, GEMEENTE, "forward"),
                outgoing(Purpose::Reply, AANBIEDER, "reply"),
            ],
            ..accepted(identity(wmo(Number::N301), ""))
        };
        self.store(tx, Number::N301, "T", decided(vec![self.allocated(), self.asked()]))?;
        self.store(tx, Number::N305, "S", decided(vec![Record::Start { bsn: self.bsn(), key: self.key() }]))?;
        let stop = Stop { reden: "19".into(), einddatum: self.today };
        self.store(tx, Number::N307, "E", decided(vec![Record::Stop { bsn: self.bsn(), key: self.key(), stop }]))?;
        self.store(tx, Number::N323, "D", decided(self.claimed().to_vec()))?;
        let referentie = || self.name("V").as_str().into();
        let request = Record::Request { bsn: self.bsn(), referentie: referentie(), verwijzer: None };
        self.store(tx, Number::N315, "V", decided(vec![request]))?;
        let answer = Record::Answer { referentie: referentie(), antwoord: VerzoekAntwoord::Afgewezen };
        self.store(tx, Number::N319, "N", decided(vec![answer]))?;
        let finding = finding("TR019");
        let rejected = Decision { verdict: Verdict::Rejected, findings: vec![finding.clone()], ..decided(Vec::new()) };
        let rejected = self.store(tx, Number::N305, "R", rejected)?.message_id;
        let unread = Decision { verdict: Verdict::Rejected, level: 1, identity: None, ..decided(Vec::new()) };
        let unread = self.store(tx, Number::N305, "U", unread)?.message_id;
        tx.note_bringer(unread, "somebody")?;
        self.tell(tx)?;
        self.hold(tx)?;
        tx.add_run(&Run {
            message_id: rejected,
            selection: self.selection,
            at: self.now,
            previous: Standing::Verdict(Verdict::Rejected),
            previous_register: None,
            verdict: Verdict::Rejected,
            level: 4,
            register_version: None,
            findings: vec![finding],
            took_effect: false,
            by: "anna".to_owned(),
            reason: "a trial".to_owned(),
        })?;
        let refusal = Refusal {
            reason: Reason::UnknownIdentity,
            identity: None,
            sender: None,
            kind: None,
            claimed: None,
            identificatie: None,
        };
        let inbox = Inbox::new("http", self.name("F"), self.now, b"refused".to_vec());
        tx.refuse(&inbox, &refusal, Some(&outgoing(Purpose::Error, AANBIEDER, "report")))?;
        tx.count_take("amqp", &self.name("take"), &[1; 32], self.now)?;
        self.send(tx)
    }

    /// A signal of a message that ends, and one of a survey.
    fn tell(&self, tx: &mut Tx<'_>) -> Result<(), LedgerError> {
        let teller = Teller { gateway: "test", now: self.now };
        let seen = signal(&self.name("seen"), self.nummer());
        let told = signal_told(teller, Some(Law::Wmo), &seen, 1);
        let decision =
            Decision { signals: vec![seen], outgoing: vec![told], ..accepted(identity(wmo(Number::N305), "")) };
        self.store(tx, Number::N305, "G", decision)?;
        let survey = |told: Vec<Signal>, ended: Vec<Open>| SurveyRecord {
            region: "achterhoek".to_owned(),
            day: self.today,
            register_version: "v1".to_owned(),
            told,
            ended: ended.into_iter().map(|open| (open, Because::NotSeenAgain)).collect(),
        };
        tx.record_survey(&survey(vec![signal(&self.name("surveyed"), self.nummer())], Vec::new()), teller)?;
        let open: Vec<Open> = tx.open_signals("achterhoek")?;
        assert!(open.iter().any(|open| open.origin == Origin::Survey));
        tx.record_survey(&survey(Vec::new(), open), teller)?;
        Ok(())
    }

    /// A message that is held, and withdrawn by an order.
    fn hold(&self, tx: &mut Tx<'_>) -> Result<(), LedgerError> {
        let hold = Record::Hold { toewijzingen: vec![self.nummer()], reasons: Vec::new(), behind: None };
        let held =
            Decision { verdict: Verdict::Held, records: vec![hold], ..accepted(identity(wmo(Number::N301), "")) };
        let message_id = self.store(tx, Number::N301, "H", held)?.message_id;
        let (by, reason) = ("anna".to_owned(), "not needed".to_owned());
        let order = Order { message_id, action: Action::Withdraw, reason: reason.clone(), by: by.clone() };
        let given = tx.give_order(&order, self.now)?;
        tx.end_hold(message_id, &Ended { at: self.now, how: "withdrawn".to_owned(), by, reason })?;
        let withdrawn =
            Decision { verdict: Verdict::Rejected, ..accepted(identity(wmo(Number::N301), &self.name("H"))) };
        tx.store_by_order(message_id, &withdrawn, self.now, &order)?;
        let done = Done { outcome: crate::hold::Outcome::Withdrawn, answer: "so be it".to_owned() };
        tx.finish_order(given, &done, self.now)
    }

    /// Everything leaves, at the second attempt.
    fn send(&self, tx: &mut Tx<'_>) -> Result<(), LedgerError> {
        for attempt in 0..2 {
            let due = tx.due(self.now, 1_000)?;
            let settlements = due.into_iter().map(|row| {
                let reason = "away".to_owned();
                let again = Outcome::Retry { at: self.now, class: Class::Temporary, reason };
                Settlement { id: row.id, at: self.now, outcome: if attempt == 0 { again } else { Outcome::Sent } }
            });
            tx.settle(&settlements.collect::<Vec<_>>())?;
        }
        // Rows behind the first of their lane come after it.
        while let due = tx.due(self.now, 1_000)?
            && !due.is_empty()
        {
            let sent = due.into_iter().map(|row| Settlement { id: row.id, at: self.now, outcome: Outcome::Sent });
            tx.settle(&sent.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

fn product() -> Product {
    Product { categorie: "02".into(), code: Some("02A03".into()) }
}

/// Pages of the file, and those of them that are free.
fn pages(sut: &Sut) -> (i64, i64) {
    sut.get(|tx| {
        let pragma = |sql: &str| tx.connection().query_row(sql, [], |row| row.get(0));
        Ok((pragma("PRAGMA page_count")?, pragma("PRAGMA freelist_count")?))
    })
}

#[test]
fn over_ten_years_what_goes_makes_room_for_what_comes() {
    let sut = Sut::new();
    let terms = Terms { bodies: Some(Term::Days(60)), details: Some(Term::Days(90)), records: Some(Term::Years(2)) };
    let retention = Arc::new(Retention { general: terms, ..Retention::default() });
    let first = date(2026, 1, 10);
    let clock = FixedClock::on(first);
    // One that nobody decides on, so that its selection stays as it is.
    let parked = sut.store(inbox("parked"), Decision::set_aside()).message_id;
    let selection = sut.get(move |tx| tx.freeze("it", &[Target::Message(parked)], "anna", at(0)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let (_trigger, stop) = shutdown(Duration::ZERO);
    let (mut years, mut files) = (Vec::new(), Vec::new());
    // On a server, where all this takes longer, half as long.
    let months = if sut.place.is_on_server() { 60 } else { 120 };
    for index in 0..months {
        let day = first.saturating_add(i64::from(index).months());
        let days = clock.today().until(day).expect("a span").get_days();
        clock.advance(SignedDuration::from_hours(24 * i64::from(days)));
        let month = Month { index, today: day, now: clock.now(), selection };
        sut.get(move |tx| month.live(tx));
        if index % 6 == 5 {
            let way = keeper::go_through(&sut.ledger, &retention, &clock, None, Pace::AT_ONCE, &stop);
            assert!(runtime.block_on(way).expect("the ledger is gone through").whole);
        }
        if index % 12 == 11 {
            years.push(rows(&sut));
            if !sut.place.is_on_server() {
                files.push(pages(&sut));
            }
        }
    }
    println!("{files:?} {:?}", years.last());
    // What came in the first year has gone entirely by the end of the fourth.
    for (year, rows) in years.iter().enumerate().skip(4) {
        for table in BOUNDED {
            assert_eq!(rows[table], years[3][table], "{table} grows in year {year}: {years:#?}");
        }
    }
    let [.., before, last] = &years[..] else { panic!("there are years") };
    for table in
        ["answers", "attempts", "deliveries", "holds", "mentions", "orders", "outbox", "questions", "runs", "subjects"]
    {
        assert!(last[table] > 0, "{table} is part of the traffic");
    }
    for table in ["allocations", "audit", "lines", "messages", "requests"] {
        assert!(last[table] > before[table], "{table} stays");
    }
    let verified = sut.get(|tx| tx.verify(&[]));
    assert_eq!(verified.faults, []);
    assert_eq!(sut.get(|tx| tx.check_integrity()), []);
    if let [_, _, _, fourth, .., last] = files[..] {
        let per_year = (last.0 - fourth.0) / 6;
        println!("{per_year} pages a year, {} of {} free", last.1, last.0);
        let bodies = i64::from(12 * BODIES * BODY) / 4096;
        assert!(per_year * 2 < bodies, "a year writes {bodies} pages of bodies into what went: {files:?}");
    }
}
