//! The daemon over folders, killed again and again: nothing is lost, nothing is judged twice, and no file ever has a
//! second content.

mod e2e;

use e2e::daemon::{Daemon, Site, program};
use e2e::ledgers::Schema;
use e2e::oracle::{Account, account_of, account_on, today, undisturbed};
use e2e::random::Random;
use e2e::{is_hidden, name, traffic, until};
use serde_json::Value;
use sluis::decision::{Purpose, Verdict};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SETTINGS: &str = "[directory]\npoll = \"20ms\"\nfiles_per_round = 12\n[delivery]\nfirst_retry = \"50ms\"\n";

/// When to kill.
#[derive(Debug)]
enum Moment {
    /// That long after the start: often before it is up.
    After(Duration),
    /// That long after that many files were taken or delivered.
    At(usize, Duration),
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_repeats_nothing() {
    let chains = traffic::chains(100);
    let fresh = traffic::fresh();
    let day = today();
    let items: Vec<_> = chains.iter().chain([&fresh]).cloned().collect();
    let expected = undisturbed("directory", "sluis", &items);
    println!("undisturbed: {}", expected.describe());
    assert_traffic_is_worth_it(&expected);
    let all = items.len() + expected.files();
    // The fresh message comes last, when the faults have stopped.
    let total = all - 1 - files_of(&expected, &fresh.name);

    let site = Site::new(SETTINGS);
    let mut random = Random::seeded(20_260_301);
    let mut seen = Seen::default();
    site.send(&chains);
    let mut worked = 0;
    let moments = moments(&mut random, total);
    for moment in &moments {
        let mut daemon = site.start();
        wait_for(&site, &mut daemon, chains.len(), moment);
        assert!(daemon.runs(), "it must not end by itself: {}", site.describe());
        daemon.kill();
        seen.look(&site);
        worked += usize::from(progress(&site, chains.len()) < total);
    }
    println!("killed {} times, {worked} times with work left", moments.len());
    assert!(worked >= 15, "it must be killed at its work, not after it: {worked}");

    let daemon = site.start();
    until("everything is judged and delivered", || progress(&site, chains.len()) >= total, || site.describe());
    site.send(std::slice::from_ref(&fresh));
    until("a fresh message passes", || progress(&site, items.len()) >= all, || site.describe());
    assert!(daemon.terminate().success());
    assert_eq!(site.waiting(), [""; 0]);
    seen.look(&site);

    let found = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    assert_files_equal_the_outbox(&site, &found);
    found.assert_equals(&expected);
    assert_eq!(found.messages[&fresh.name][0].verdict, Verdict::Accepted);
    if day == today() {
        found.assert_same_bytes(&expected);
    }
    site.assert_log_is_clean();
}

#[test]
fn asked_to_stop_it_finishes_what_it_holds() {
    let items = traffic::chains(60);
    let expected = undisturbed("directory", "sluis", &items);
    let site = Site::new(SETTINGS);
    site.send(&items);
    let total = items.len() + expected.files();
    let mut stops = 0;
    for mark in [1, total / 4, total / 2] {
        let mut daemon = site.start();
        until("progress", || progress(&site, items.len()) >= mark, || site.describe());
        until("it is ready", || daemon.ready().0 == 200, || site.describe());
        assert!(daemon.metric("sluis_component_up", "directory") > 0.0, "metrics are served at work");
        let asked = Instant::now();
        let status = daemon.terminate();
        assert_eq!(status.code(), Some(0), "{}", site.describe());
        assert!(asked.elapsed() < Duration::from_secs(20), "it must stop by itself, not at the deadline");
        stops += usize::from(progress(&site, items.len()) < total);
        assert!(site.log().contains("stopping on SIGTERM"));
        // What it took it finished: no message is in the ledger and in the spool at once.
        let recorded = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key")).messages;
        for name in site.waiting() {
            assert!(!recorded.contains_key(&name), "{name} was taken and not finished");
        }
        assert_eq!(recorded.len() + site.waiting().len(), items.len(), "nothing is lost");
        assert_eq!(hidden(&site), [".lock"], "an orderly stop leaves no drafts");
    }
    assert!(stops >= 2, "it must be stopped at its work");

    let daemon = site.start();
    until("everything is judged and delivered", || progress(&site, items.len()) >= total, || site.describe());
    assert_eq!(daemon.terminate().code(), Some(0));
    let found = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    found.assert_equals(&expected);
    assert_files_equal_the_outbox(&site, &found);
    site.assert_log_is_clean();
}

/// On PostgreSQL it decides, answers and books as it does on a file of its own; and commands look at that ledger.
#[test]
fn on_a_server_it_does_the_same() {
    let Some(schema) = Schema::fresh() else { return };
    let items = traffic::chains(40);
    let expected = undisturbed("directory", "sluis", &items);
    let day = today();
    let site = Site::new(&format!("{SETTINGS}{}", schema.settings()));
    site.send(&items);
    let total = items.len() + expected.files();
    for mark in [1, total / 2] {
        let mut daemon = site.start();
        let seen = || progress(&site, items.len());
        until("progress", || seen() >= mark || !daemon.runs(), || site.describe());
        assert!(daemon.runs(), "it must not end by itself: {}", site.describe());
        daemon.kill();
    }
    let mut daemon = site.start();
    until("everything is judged and delivered", || progress(&site, items.len()) >= total, || site.describe());
    assert!(daemon.metric("sluis_ledger_bytes", "") > 0.0, "its size is told by the server");
    let config = site.path("sluis.toml");
    for (command, least) in
        [(&["doctor", "--only", "backlog"][..], 0), (&["held", "list"][..], 0), (&["signals"][..], 0)]
    {
        let output = program().args(command).arg("--config").arg(&config).output().expect("the program runs");
        let code = output.status.code().expect("an exit code");
        assert!((least..=1).contains(&code), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let output = program().args(["doctor", "--json", "--only", "database", "--config"]).arg(&config).output();
    let told: Value = serde_json::from_slice(&output.expect("the program runs").stdout).expect("one JSON object");
    let fact = told["examined"][0]["facts"][0].as_str().unwrap_or_default();
    assert!(fact.starts_with("PostgreSQL 1"), "{told:#}");
    // The server of the tests may lose what it says is written: `fsync` is off.
    let sorts: Vec<_> = told["findings"].as_array().into_iter().flatten().map(|found| &found["sort"]).collect();
    assert_eq!(sorts, ["database.unsafe"], "{told:#}");
    assert!(daemon.terminate().success());
    assert!(!site.path("ledger.sqlite").exists());
    let found = account_on(&schema, &site.path("ledger.key"));
    assert_files_equal_the_outbox(&site, &found);
    found.assert_equals(&expected);
    if day == today() {
        found.assert_same_bytes(&expected);
    }
    site.assert_log_is_clean();
}

/// With much to do it is ready as soon as it works, not when it is done: otherwise nobody would dare to start it.
#[test]
fn it_is_ready_while_it_works_off_what_waited() {
    let items = traffic::chains(100);
    let site = Site::new("[directory]\npoll = \"20ms\"\n");
    site.send(&items);
    let mut daemon = site.start();
    until("it is ready", || daemon.ready().0 == 200, || site.describe());
    assert!(!site.waiting().is_empty(), "it must be ready before it is done");
    // A stop in the middle of a round ends the round early, and in order.
    assert!(daemon.terminate().success());
    let recorded = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key")).messages;
    assert_eq!(recorded.len() + site.waiting().len(), items.len(), "nothing is lost and nothing half done");
    site.assert_log_is_clean();
}

/// The traffic decides in all ways and in good numbers, or the test would prove nothing.
fn assert_traffic_is_worth_it(expected: &Account) {
    for (verdict, least) in [
        (Verdict::Accepted, 100),
        (Verdict::Rejected, 30),
        (Verdict::Partly, 5),
        (Verdict::Held, 3),
        (Verdict::Parked, 3),
    ] {
        assert!(expected.count(verdict) >= least, "{verdict}: {}", expected.describe());
    }
    for purpose in [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal] {
        assert!(expected.count_leaving(purpose) >= 3, "{}: {}", purpose.as_str(), expected.describe());
    }
    assert!(expected.budgets.iter().filter(|budget| budget.realised.0 > 0).count() >= 3, "budgets are used");
}

fn moments(random: &mut Random, total: usize) -> Vec<Moment> {
    let mut marks: Vec<usize> = (0..12).map(|_| random.below(total * 95 / 100)).collect();
    marks.sort_unstable();
    let mut moments: Vec<Moment> =
        marks.into_iter().map(|mark| Moment::At(mark, random.wait(Duration::from_millis(12)))).collect();
    for _ in 0..8 {
        let place = random.below(moments.len());
        moments.insert(place, Moment::After(random.wait(Duration::from_millis(250))));
    }
    moments
}

fn wait_for(site: &Site, daemon: &mut Daemon, sent: usize, moment: &Moment) {
    let pause = match moment {
        Moment::After(pause) => *pause,
        Moment::At(mark, pause) => {
            until("progress", || progress(site, sent) >= *mark || !daemon.runs(), || site.describe());
            *pause
        }
    };
    // Not a wait for something: the moment itself is what is tried.
    std::thread::sleep(pause);
}

/// Files taken from `in/` and files delivered.
fn progress(site: &Site, sent: usize) -> usize {
    sent.saturating_sub(site.waiting().len()) + site.left().len()
}

/// Everything that was ever seen in `out/` and `error/`.
#[derive(Default)]
struct Seen(BTreeMap<PathBuf, Vec<u8>>);

impl Seen {
    /// What is complete stays as it is: a receiver may have read it.
    fn look(&mut self, site: &Site) {
        for file in site.left() {
            let bytes = fs::read(&file).expect("a delivered file can be read");
            let before = self.0.entry(file.clone()).or_insert_with(|| bytes.clone());
            assert!(*before == bytes, "{} changed", name(&file));
        }
        for file in self.0.keys() {
            assert!(file.exists(), "{} vanished", name(file));
        }
    }
}

/// Every row of the outbox is a file with its bytes, and there are no other files.
fn assert_files_equal_the_outbox(site: &Site, account: &Account) {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in site.left() {
        assert!(files.insert(name(&file), file).is_none(), "no name is used twice");
    }
    for due in &account.outbox {
        let id = due.id.to_string();
        let own: Vec<String> = files.keys().filter(|name| name.contains(&id)).cloned().collect();
        let mut bodies = vec![("verdict.json", due.verdict_json.as_ref())];
        bodies.push((if due.verdict_json.is_some() { "xml" } else { "" }, Some(&due.body)));
        assert_eq!(own.len(), bodies.iter().filter(|(_, body)| body.is_some()).count(), "{due:?}: {own:?}");
        for (ending, body) in bodies.into_iter().filter_map(|(ending, body)| Some((ending, body?))) {
            let name = own.iter().find(|name| name.ends_with(ending)).expect("a file for each part");
            let file = files.remove(name).expect("it was listed");
            assert!(fs::read(&file).expect("a file can be read") == *body, "{name} must hold the bytes of the outbox");
            let folder = file.parent().map(e2e::name).expect("a file lies in a folder");
            let party = if due.purpose == Purpose::Error { Some("error") } else { due.to.as_deref() };
            assert_eq!(Some(folder.as_str()), party, "{name} must lie where its receiver looks");
        }
    }
    assert!(files.is_empty(), "files that the outbox does not know: {:?}", files.keys());
    let mut drafts = hidden(site);
    // A life that was killed while it tried the folders leaves its probe; nobody reads it.
    drafts.retain(|name| ![".probe.tmp", ".lock"].contains(&name.as_str()));
    assert!(drafts.is_empty(), "drafts were left behind: {drafts:?}");
}

/// Files with names that readers ignore.
fn hidden(site: &Site) -> Vec<String> {
    e2e::files(&site.path("spool")).iter().filter(|file| is_hidden(file)).map(|file| name(file)).collect()
}

fn files_of(account: &Account, id: &str) -> usize {
    let rows = account.outbox.iter().filter(|due| due.correlation_id == id);
    rows.map(|due| 1 + usize::from(due.verdict_json.is_some())).sum()
}
