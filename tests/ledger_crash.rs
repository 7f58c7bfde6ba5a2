//! The ledger under SIGKILL: what was acknowledged is there afterwards, whole, and nothing is there by half.

mod ledgers;

use jiff::Timestamp;
use jiff::civil::date;
use ledgers::Place;
use sluis::decision::{Decision, Identity, Outgoing, Posting, PostingSort, Purpose, Record, Slot, Verdict};
use sluis::delivery::outbox::Due;
use sluis::finding::{Severity, Signal};
use sluis::ledger::{Filter, Inbox, Keys, Ledger, Location, Settings};
use sluis::message::{Cents, Kind, Law, Number, Party};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Tells the child process where its ledger is; the number of the round stands before the path.
const ROLE: &str = "SLUIS_TEST_CRASH_CHILD";
/// Tasks that store at the same time, so that groups have several jobs.
const TASKS: u64 = 8;

fn open(folder: &Path, location: Location) -> Ledger {
    Ledger::open(Settings { location, keys: keys(folder), max_group: 64 }).expect("the ledger opens")
}

fn keys(folder: &Path) -> Keys {
    Keys::load(&folder.join("keys")).expect("the keys are there")
}

fn inbox(id: &str) -> Inbox {
    Inbox::new("directory", id, Timestamp::from_second(1_773_144_000).expect("a moment"), id.repeat(50).into_bytes())
}

/// A decision with something of everything: a posting, a signal of its own, three rows of the outbox.
fn decision(id: &str) -> Decision {
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
    let outgoing = |purpose, to: &Party, body: String| Outgoing {
        purpose,
        to: Some(to.clone()),
        subject: "WMO306".to_owned(),
        law: Some(Law::Wmo),
        region: None,
        body: body.into_bytes(),
        verdict_json: None,
    };
    Decision {
        kind: Some(Kind::new(Law::Wmo, Number::N305)),
        claimed_sender: None,
        observed: Vec::new(),
        identity: Some(Identity {
            kind: Kind::new(Law::Wmo, Number::N305),
            afzender: aanbieder.clone(),
            identificatie: id.to_owned(),
            dagtekening: date(2026, 3, 9),
            gemeente: gemeente.clone(),
            aanbieder: aanbieder.clone(),
        }),
        verdict: Verdict::Accepted,
        level: 4,
        findings: Vec::new(),
        skipped: Vec::new(),
        signals: vec![Signal {
            id: format!("signal-{id}"),
            check: "A1".to_owned(),
            outcome: "signal".to_owned(),
            severity: Severity::Info,
            region: "achterhoek".to_owned(),
            gemeente: gemeente.as_str().to_owned(),
            toewijzingen: Vec::new(),
            nl: String::new(),
            en: String::new(),
            facts: BTreeMap::new(),
        }],
        records: vec![Record::Posting(Posting {
            slot: Slot { account: None, agreements: ["G1".to_owned()].into() },
            sort: PostingSort::Reservation,
            cents: Cents(1),
            toewijzing_nummer: Some(1001),
            referentie: None,
            on: date(2026, 1, 1),
            late: false,
        })],
        outgoing: vec![
            outgoing(Purpose::Reply, &aanbieder, format!("reply {id}")),
            outgoing(Purpose::Forward, &gemeente, format!("forward {id}")),
            outgoing(Purpose::Signal, &gemeente, format!("signal {id}")),
        ],
        register_version: None,
    }
}

/// Not a test by itself: the process that is killed. It says `stored ID` as soon as a commit is acknowledged.
#[test]
fn child_stores_until_killed() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let [round, schema, folder] = *role.splitn(3, ' ').collect::<Vec<_>>() else { panic!("a round and a place") };
    let ledger = open(Path::new(folder), ledgers::location(schema, Path::new(folder)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (ledger, round) = (ledger.clone(), round.to_owned());
                tokio::spawn(async move {
                    for number in 0_u64.. {
                        let id = format!("{round}-{task}-{number}");
                        let (inbox, decision) = (inbox(&id), decision(&id));
                        ledger.run(move |tx| tx.store(&inbox, &decision)).await.expect("it is stored");
                        let mut out = std::io::stdout().lock();
                        writeln!(out, "stored {id}").and_then(|()| out.flush()).expect("the parent reads");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no task ends");
        }
    });
}

fn spawn(round: u64, place: &Place) -> Child {
    // The first part is the crate, which the names of tests leave out.
    let module = module_path!().split_once("::").map_or(String::new(), |(_, module)| format!("{module}::"));
    Command::new(std::env::current_exe().expect("a test knows its program"))
        .args(["--exact", &format!("{module}child_stores_until_killed"), "--nocapture", "--test-threads=1"])
        .env(ROLE, format!("{round} {} {}", place.schema(), place.folder().display()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// Lets a child store at least `enough` messages, kills it, and gives all that it had said until then.
fn store_and_kill(round: u64, place: &Place, enough: usize) -> Vec<String> {
    let mut child = spawn(round, place);
    let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut said = Vec::new();
    let mut line = String::new();
    let mut killed = false;
    while out.read_line(&mut line).expect("it can be read") > 0 {
        // The line on which it died may be cut off.
        if let Some(id) = line.strip_suffix('\n').and_then(|line| line.rsplit_once("stored ")).map(|(_, id)| id) {
            said.push(id.to_owned());
        }
        line.clear();
        if said.len() >= enough && !killed {
            child.kill().expect("it can be killed");
            killed = true;
        }
    }
    let status = child.wait().expect("it has ended");
    assert!(killed && !status.success(), "the child ended by itself after {} messages: {status}", said.len());
    said
}

/// The purposes of the unsent rows of each message.
fn outbox(ledger: &Ledger) -> BTreeMap<String, Vec<Due>> {
    let rows = ledger
        .run_blocking(|tx| tx.due(Timestamp::from_second(1_800_000_000).expect("a moment"), usize::MAX))
        .expect("the outbox can be read");
    let mut outbox: BTreeMap<String, Vec<Due>> = BTreeMap::new();
    for row in rows {
        outbox.entry(row.correlation_id.clone()).or_default().push(row);
    }
    outbox
}

#[test]
fn what_was_acknowledged_outlives_a_kill_and_nothing_is_there_by_half() {
    let place = Place::new();
    Keys::create(&place.folder().join("keys")).expect("keys can be made");
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    for round in 0..6 {
        let said = store_and_kill(round, &place, 20 + 37 * usize::try_from(round).expect("small"));
        let ledger = open(place.folder(), place.location());
        let repeated = said.last().expect("it stored something").clone();
        acknowledged.extend(said);

        let stored = ledger.run_blocking(|tx| tx.messages(&Filter::default())).expect("messages can be listed");
        let stored: BTreeMap<String, i64> =
            stored.into_iter().map(|entry| (entry.transport_id, entry.message_id)).collect();
        let outbox = outbox(&ledger);
        for id in &acknowledged {
            assert!(stored.contains_key(id), "{id} was acknowledged in round {round} or before and is gone");
        }
        // Also what was stored and not acknowledged any more is whole.
        assert_eq!(outbox.keys().collect::<Vec<_>>(), stored.keys().collect::<Vec<_>>());
        for (id, rows) in &outbox {
            let bodies: Vec<String> = rows.iter().map(|row| String::from_utf8_lossy(&row.body).into_owned()).collect();
            assert_eq!(bodies, [format!("reply {id}"), format!("forward {id}"), format!("signal {id}")]);
            let message_id = stored[id];
            let kept = ledger.run_blocking(move |tx| tx.inbox(message_id)).expect("the message can be read");
            assert_eq!(kept, Some(inbox(id)));
        }
        let budgets = ledger.run_blocking(|tx| tx.budgets()).expect("budgets can be read");
        assert_eq!(usize::try_from(budgets[0].consumption.0), Ok(stored.len()), "one cent for each message");
        assert_eq!(ledger.run_blocking(|tx| tx.check_integrity()).expect("it can be checked"), []);

        let again = ledger.run_blocking(move |tx| tx.store(&inbox(&repeated), &decision(&repeated)));
        assert!(again.expect("a repeat is no error").sent_before);
        let lost = acknowledged.len().abs_diff(stored.len());
        println!("round {round}: {} acknowledged, {} stored, {lost} unheard of", acknowledged.len(), stored.len());
        ledger.close().expect("it closes");
    }
}

#[test]
fn a_second_process_may_look_while_the_first_writes() {
    let place = Place::new();
    Keys::create(&place.folder().join("keys")).expect("keys can be made");
    let mut child = spawn(0, &place);
    let mut out = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    out.by_ref().map(|line| line.expect("it can be read")).find(|line| line.contains("stored ")).expect("it stores");
    // Somebody must read on, or the child blocks on a full pipe.
    let reader = std::thread::spawn(move || out.map_while(Result::ok).count());
    let (location, keys) = (place.location(), keys(place.folder()));
    let looked = std::thread::spawn(move || {
        let ledger = Ledger::open_to_read(location, keys).expect("it opens");
        let refused = ledger.run_blocking(|tx| tx.store(&inbox("x"), &decision("x")));
        assert!(refused.is_err_and(|error| !error.is_temporary()), "who looks does not write");
        let counts: Vec<usize> = (0..5)
            .map(|_| ledger.run_blocking(|tx| tx.messages(&Filter::default())).expect("it can be listed").len())
            .collect();
        ledger.close().expect("it closes");
        counts
    });
    let counts = looked.join();
    child.kill().expect("it can be killed");
    child.wait().expect("it has ended");
    reader.join().expect("the reader ends with the child");
    let counts = counts.expect("looking works");
    assert!(counts.is_sorted() && counts[0] > 0, "{counts:?}");
}
