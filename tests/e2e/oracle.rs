//! The oracle: what must become of each message, from a run that nothing disturbed, and what a ledger says became of it.

use super::ledgers::Schema;
use super::traffic::Item;
use jiff::Timestamp;
use sluis::clock::{Clock, SystemClock};
use sluis::contract::{Contracts, Policies};
use sluis::decision::{Purpose, Verdict};
use sluis::delivery::outbox::Due;
use sluis::finding::Finding;
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Budget, Filter, Keys, Ledger, Location, Settings};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// What a ledger says of a message. Two of them are equal when the message was judged alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What was decided.
    pub verdict: Verdict,
    /// Level at which judging ended.
    pub level: u8,
    /// What was wrong, with all figures.
    pub findings: Vec<Finding>,
    /// What left because of it: purpose, kind or check, receiver.
    pub leaves: Vec<(Purpose, String, String)>,
}

/// What a ledger says as a whole.
pub struct Account {
    /// Messages by id of their delivery; a message that is there twice has two entries.
    pub messages: BTreeMap<String, Vec<Judged>>,
    /// Sums of all postings.
    pub budgets: Vec<Budget>,
    /// Everything that was to leave, with its bytes, in order.
    pub outbox: Vec<Due>,
    /// How many of these have not left.
    pub unsent: usize,
}

impl Account {
    /// How many messages came to a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.messages.values().flatten().filter(|judged| judged.verdict == verdict).count()
    }

    /// How many rows leave for a reason.
    pub fn count_leaving(&self, purpose: Purpose) -> usize {
        self.outbox.iter().filter(|due| due.purpose == purpose).count()
    }

    /// Files that directory delivery makes of the outbox: a forward is accompanied by its verdict.
    pub fn files(&self) -> usize {
        self.outbox.len() + self.outbox.iter().filter(|due| due.verdict_json.is_some()).count()
    }

    /// One line of figures.
    pub fn describe(&self) -> String {
        let verdicts: Vec<String> =
            Verdict::ALL.into_iter().map(|verdict| format!("{} {verdict}", self.count(verdict))).collect();
        let purposes = [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal];
        let leaving: Vec<String> =
            purposes.into_iter().map(|p| format!("{} {}", self.count_leaving(p), p.as_str())).collect();
        format!("{} messages: {}; leaving: {}", self.messages.len(), verdicts.join(", "), leaving.join(", "))
    }

    /// Checks this account of a disturbed run against that of an undisturbed one: every message once, judged alike,
    /// with the same consequences; budgets to the cent; everything delivered; one reply to a question.
    pub fn assert_equals(&self, undisturbed: &Account) {
        for (id, expected) in &undisturbed.messages {
            let found = self.messages.get(id).map_or(&[][..], Vec::as_slice);
            assert_eq!(found.len(), 1, "{id} must be in the ledger exactly once");
            assert_eq!(found, expected.as_slice(), "{id} must be judged as without disturbance");
        }
        assert_eq!(self.messages.len(), undisturbed.messages.len(), "the ledger must hold nothing else");
        assert_eq!(self.budgets, undisturbed.budgets, "postings must add up to the same");
        assert_eq!(self.unsent, 0, "everything must have left");
        let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
        for reply in self.outbox.iter().filter(|due| due.purpose == Purpose::Reply) {
            *answers.entry(&reply.correlation_id).or_default() += 1;
        }
        for (question, count) in answers {
            assert_eq!(count, 1, "{question} must have one reply");
        }
    }

    /// Checks that replies and forwards have the very bytes of an undisturbed run of the same day.
    pub fn assert_same_bytes(&self, undisturbed: &Account) {
        let bytes = |account: &Account| {
            let rows = account.outbox.iter().filter(|due| matches!(due.purpose, Purpose::Reply | Purpose::Forward));
            let keyed = rows.map(|due| ((due.correlation_id.clone(), due.purpose.as_str()), due.body.clone()));
            keyed.collect::<BTreeMap<_, _>>()
        };
        let (found, expected) = (bytes(self), bytes(undisturbed));
        assert!(found.keys().eq(expected.keys()), "the same replies and forwards");
        for (key, body) in &expected {
            assert!(found[key] == *body, "{key:?} must have the bytes of an undisturbed run");
        }
    }
}

/// Judges the messages one after another on a ledger in memory, within this process.
pub fn undisturbed(transport: &'static str, gateway: &str, items: &[Item]) -> Account {
    let keys = Keys::generate();
    let ledger =
        Ledger::open(Settings { location: Location::Memory, keys, max_group: 64 }).expect("a ledger in memory opens");
    let register = sluis::contract::load(&super::daemon::region()).expect("the sample register has no faults");
    let mut policies = Policies::default();
    policies.set(super::daemon::HOLDS, None, "hold").expect("a known check and word");
    let contracts = Contracts::new(vec![Arc::new(register)], policies);
    let telemetry = Telemetry::new(gateway);
    let (limits, clock) = (Limits::default(), Arc::new(SystemClock));
    let judge = Gateway::new(gateway, limits, contracts, ledger.clone(), clock, &telemetry, Options::default());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        for item in items {
            let incoming =
                Incoming { transport, transport_id: item.name.clone(), identity: None, bytes: item.bytes.clone() };
            let prepared = judge.prepare(incoming).await;
            judge.commit(prepared).await.expect("a ledger in memory takes everything");
        }
    });
    let account = account(&ledger);
    ledger.close().expect("it closes");
    account
}

/// Reads the ledger of a daemon that does not run.
pub fn account_of(database: &Path, key_file: &Path) -> Account {
    let mut account = account_at(database.into(), key_file);
    // The bytes of what has left are sealed and handed out only to be sent. So ask a copy in which nothing has left.
    let copy = database.with_extension("copy");
    fs::copy(database, &copy).expect("a closed ledger is one file");
    let connection = rusqlite::Connection::open(&copy).expect("the copy opens");
    connection
        .execute("UPDATE outbox SET sent_at = NULL, refused_at = NULL, due_at = 0", [])
        .expect("the outbox can be set back");
    drop(connection);
    account.outbox = rows_at(copy.into(), key_file);
    account
}

/// The same of a ledger on a server, whose outbox is set back.
pub fn account_on(schema: &Schema, key_file: &Path) -> Account {
    let mut account = account_at(schema.location(), key_file);
    super::ledgers::run(&format!("UPDATE \"{}\".outbox SET sent_at = NULL, due_at = 0", schema.name()));
    account.outbox = rows_at(schema.location(), key_file);
    account
}

/// What a ledger says that nobody has open, without the bytes of what has left.
pub fn account_at(location: Location, key_file: &Path) -> Account {
    let ledger = open(location, key_file);
    let faults = ledger.run_blocking(|tx| tx.check_integrity()).expect("the ledger can be read");
    assert_eq!(faults, [], "the ledger must add up");
    let account = account(&ledger);
    ledger.close().expect("it closes");
    account
}

/// What a ledger has to send.
pub fn rows_at(location: Location, key_file: &Path) -> Vec<Due> {
    let ledger = open(location, key_file);
    let rows = rows(&ledger);
    ledger.close().expect("it closes");
    rows
}

fn open(location: Location, key_file: &Path) -> Ledger {
    let keys = Keys::load(key_file).expect("the key of the ledger");
    Ledger::open(Settings { location, keys, max_group: 64 }).expect("the ledger opens")
}

fn account(ledger: &Ledger) -> Account {
    let told = ledger.run_blocking(|tx| {
        let mut messages: BTreeMap<String, Vec<Judged>> = BTreeMap::new();
        let mut unsent = 0;
        for entry in tx.messages(&Filter::default())? {
            let departures = tx.departures(entry.message_id)?;
            unsent += departures.iter().filter(|departure| !departure.is_sent).count();
            let leaves = departures.into_iter().map(|left| (left.purpose, left.subject, left.receiver)).collect();
            messages.entry(entry.transport_id).or_default().push(Judged {
                verdict: entry.verdict,
                level: entry.level,
                findings: entry.findings,
                leaves,
            });
        }
        Ok((messages, tx.budgets()?, unsent))
    });
    let (messages, budgets, unsent) = told.expect("the ledger can be read");
    Account { messages, budgets, outbox: rows(ledger), unsent }
}

fn rows(ledger: &Ledger) -> Vec<Due> {
    ledger.run_blocking(|tx| tx.due(Timestamp::MAX, 1_000_000)).expect("the outbox can be read")
}

/// The calendar day that daemons live in: replies carry it.
pub fn today() -> sluis::message::Date {
    SystemClock.today()
}
