//! `sluis parked` and `sluis replay-stored` as people use them: beside a running daemon, without one, and when it is killed
//! half way.

mod e2e;

use e2e::daemon::{Site, program};
use e2e::{name, until};
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::Value;
use sluis::decision::{Decision, Verdict};
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::ledger::{Filter, Inbox, Keys, Ledger, Settings};
use sluis::message::{Count, Eenheid, Frequentie, Law, Party, Product};
use std::fs;
use std::path::PathBuf;

const PROVIDER: &str = "42420001";
const SETTINGS: &str = "[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"50ms\"\n";

/// An allocation by a municipality without a register: nothing holds it, and no budget runs out.
fn allocation(nummer: Count) -> Vec<u8> {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0363"),
        aanbieder: Party::from(PROVIDER),
        dagtekening: date(2025, 3, 10),
    };
    let allocate = Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A03".into()) },
        from: date(2025, 1, 1),
        to: date(2025, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    composer.toewijzing(&format!("A{nummer}"), &Person::nth(1), &allocate).write()
}

/// A ledger in which an earlier gateway set messages aside, numbered from 1.
fn set_aside(site: &Site, messages: impl Iterator<Item = (String, Vec<u8>)>) {
    let keys = Keys::create(&site.path("ledger.key")).expect("a key can be made");
    let settings = Settings { location: site.path("ledger.sqlite").into(), keys, max_group: 64 };
    let ledger = Ledger::open(settings).expect("a ledger opens");
    for (id, bytes) in messages {
        let decision = Decision::set_aside();
        let inbox = Inbox::new("directory", id, Timestamp::from_second(1_773_144_000).expect("a moment"), bytes);
        ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("it can be stored");
    }
    ledger.close().expect("it closes");
}

/// Runs a command at a site: exit code, what it printed, what it complained of.
fn sluis(site: &Site, arguments: &[&str]) -> (i32, String, String) {
    let output = site.sluis(arguments, "");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().expect("it ended by itself"), text(output.stdout), text(output.stderr))
}

fn json(site: &Site, arguments: &[&str]) -> Value {
    let (code, out, error) = sluis(site, &[arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{out}{error}");
    serde_json::from_str(&out).expect("it is JSON")
}

/// Documents that lie ready for the provider.
fn passed_on(site: &Site) -> Vec<PathBuf> {
    let is_one = |path: &PathBuf| path.to_string_lossy().contains(PROVIDER) && name(path).ends_with(".xml");
    site.left().into_iter().filter(is_one).collect()
}

#[test]
fn what_was_set_aside_is_judged_anew_beside_the_daemon_and_without_it() {
    let site = Site::new(SETTINGS);
    let mut hostile = allocation(4);
    hostile.extend_from_slice("<!-- \u{1b}[2J -->".as_bytes());
    let bodies = [allocation(1), allocation(2), allocation(3), hostile, b"no message".to_vec()];
    set_aside(&site, bodies.into_iter().enumerate().map(|(at, bytes)| (format!("m{}-999900006.xml", at + 1), bytes)));
    let daemon = site.start();
    until("it is up", || daemon.log().contains("address"), || site.describe());

    let listed = json(&site, &["parked", "list"]);
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["id"]), (Some(5), &1.into()));
    let (code, out, _) = sluis(&site, &["parked", "list"]);
    assert!(code == 0 && out.contains("the gateway failed on it") && out.contains("5 set aside"), "{out}");
    let (code, out, _) = sluis(&site, &["doctor"]);
    assert!(code == 1 && out.contains("sluis parked show") && out.contains("sluis parked replay"), "{out}");
    let (code, out, _) = sluis(&site, &["parked", "show", "4"]);
    assert!(code == 0 && out.contains("content: hidden") && !out.contains("999900006"), "{out}");

    // Content only with a reason, and without what a terminal would obey.
    let (code, _, error) = sluis(&site, &["parked", "show", "4", "--body"]);
    assert!(code == 2 && error.contains("--reason"), "{error}");
    let (code, _, error) = sluis(&site, &["parked", "show", "4", "--body", "--reason", "voor 999900006", "--by", "jj"]);
    assert!(code == 2 && error.contains("BSN") && !error.contains("999900006"), "{error}");
    let (code, out, _) = sluis(&site, &["parked", "show", "4", "--body", "--reason", "nakijken", "--by", "jj"]);
    assert!(
        code == 0 && out.contains("ToegewezenProduct") && out.contains('\u{fffd}') && !out.contains('\u{1b}'),
        "{out}"
    );
    let shown = json(&site, &["parked", "show", "4", "--body", "--reason", "nakijken", "--by", "jj"]);
    assert!(shown["body"].as_str().is_some_and(|body| body.contains("ToegewezenProduct")));

    // All that is wrong at once, and nothing is done.
    let (code, out, _) =
        sluis(&site, &["parked", "replay", "1", "77", "99", "--reason", "nieuwe versie", "--by", "jj"]);
    assert!(code == 1 && out.contains("77") && out.contains("99") && out.contains("nothing was done"), "{out}");
    let long = "e".repeat(501);
    for (reason, why) in [("", "empty"), (" \t", "empty"), (long.as_str(), "500"), ("bsn 999900006", "BSN")] {
        let (code, _, error) = sluis(&site, &["parked", "replay", "1", "--reason", reason, "--by", "jj"]);
        assert!(code == 2 && error.contains(why) && !error.contains("999900006"), "{error}");
    }
    let (code, _, error) = sluis(&site, &["parked", "replay", "1", "--by", "jj"]);
    assert!(code == 2 && error.contains("--reason"), "{error}");
    assert_eq!(json(&site, &["parked", "list"]).as_array().map(Vec::len), Some(5));

    // Beside the daemon.
    let (code, out, error) = sluis(&site, &["parked", "replay", "1", "5", "--reason", "nieuwe versie", "--by", "jj"]);
    assert!(
        code == 1 && out.contains("message 1: it was parked, and is accepted now"),
        "{out}{error}{}",
        site.describe()
    );
    assert!(out.contains("message 5: it stays parked"), "{out}");
    until("it left", || passed_on(&site).len() == 1, || site.describe());
    let (code, out, _) = sluis(&site, &["parked", "replay", "1", "--reason", "nog eens", "--by", "kk"]);
    assert!(code == 0 && out.contains("judged anew before") && out.contains("by jj: nieuwe versie"), "{out}");
    let (code, out, _) = sluis(&site, &["parked", "show", "1"]);
    assert!(code == 0 && out.contains("is accepted now") && out.contains("by jj, selection 1"), "{out}");
    assert!(daemon.terminate().success());

    // Without it.
    let (code, out, error) = sluis(&site, &["parked", "replay", "3", "2", "--reason", "nieuwe versie", "--by", "jj"]);
    assert!(code == 0 && out.contains("message 2: it was parked") && out.contains("2 judged"), "{out}{error}");
    assert_eq!(passed_on(&site).len(), 1, "they leave with the next daemon");
    let mut daemon = site.start();
    daemon.address();
    until("they left", || passed_on(&site).len() == 3, || site.describe());
    // One that came in by the usual way was never set aside.
    e2e::put(&site.incoming(), "a9.xml", &allocation(9));
    until("it left too", || passed_on(&site).len() == 4, || site.describe());
    let (code, out, _) = sluis(&site, &["parked", "replay", "6", "--reason", "zomaar", "--by", "jj"]);
    assert!(code == 1 && out.contains("message 6 is accepted, and was not set aside"), "{out}");
    assert!(daemon.terminate().success());
    site.assert_log_is_clean();
}

#[test]
fn what_left_is_sent_again_by_a_selection() {
    let site = Site::new(SETTINGS);
    let mut daemon = site.start();
    daemon.address();
    for number in 1..=3 {
        e2e::put(&site.incoming(), &format!("a{number}.xml"), &allocation(number));
    }
    until("three left", || passed_on(&site).len() == 3, || site.describe());
    let replay = |arguments: &[&str]| sluis(&site, &[&["replay-stored"], arguments].concat());

    // What is asked badly is told, all of it.
    let wrong = ["--since", "2026-03-10", "--until", "2026-03-08", "--gemeente", "36", "--freeze", "--by", "jj"];
    let (code, _, error) = replay(&wrong);
    assert!(code == 2 && error.contains("--until") && error.contains("--gemeente"), "{error}");
    for (arguments, code, why) in [
        (&["--freeze", "--by", "jj"][..], 2, "which messages"),
        (&["--kind", "WMO999"], 2, "WMO301"),
        (&["--verdict", "lost"], 2, "parked"),
        (&["--since", "gisteren"], 2, "2026-03-10"),
        (&["--ids", "1", "--resend"], 2, "--freeze"),
        (&["--ids", "1,99", "--freeze", "--by", "jj"], 1, "no message 99"),
        (&["--kind", "WMO323", "--freeze", "--by", "jj"], 1, "nothing was selected"),
        (&["--selection", "1", "--reason", "x", "--by", "jj"], 2, "--resend or --judge"),
        (&["--selection", "1", "--resend", "--by", "jj"], 2, "--reason"),
        (&["--selection", "1", "--resend", "--reason", "om 999900006", "--by", "jj"], 2, "BSN"),
        (&["--selection", "1", "--resend", "--judge", "--reason", "x"], 2, "cannot be used with"),
        (&["--selection", "1", "--resend", "--reason", "x", "--by", "jj"], 1, "no selection 1"),
        (&["show", "1"], 1, "no selection 1"),
    ] {
        let (found, out, error) = replay(arguments);
        assert!(found == code && format!("{out}{error}").contains(why), "{arguments:?}: {found} {out}{error}");
    }
    let (code, out, _) = replay(&["list"]);
    assert_eq!((code, out.as_str()), (0, "There are no selections.\n"));

    let (code, out, _) = replay(&["--kind", "WMO301", "--verdict", "accepted"]);
    assert!(code == 0 && out.contains("3 message(s)") && out.contains("nothing was written"), "{out}");
    let (code, out, error) = replay(&["--kind", "WMO301", "--ids", "1,2", "--freeze", "--by", "jj"]);
    assert!(code == 0 && out.contains("selection 1: 2 message(s)"), "{out}{error}");

    // The receiver lost them; they come again, the same files with the same bytes.
    let before: Vec<(PathBuf, Vec<u8>)> =
        passed_on(&site).into_iter().map(|path| (path.clone(), fs::read(path).expect("it can be read"))).collect();
    for (path, _) in &before {
        fs::remove_file(path).expect("it can be removed");
    }
    let resend = ["--selection", "1", "--resend", "--reason", "map geleegd", "--by", "jj"];
    let (code, out, error) = replay(&resend);
    assert!(
        code == 0 && out.contains("will leave again under the same id") && out.contains("2 resent"),
        "{out}{error}"
    );
    until("both are there again", || passed_on(&site).len() == 2, || site.describe());
    for path in passed_on(&site) {
        let first = before.iter().find(|(known, _)| *known == path).expect("a file of the same name");
        assert_eq!(fs::read(&path).expect("it can be read"), first.1);
    }
    let (code, out, _) = replay(&resend);
    assert!(code == 0 && out.contains("carried out before") && out.contains("by jj: map geleegd"), "{out}");
    let (code, out, _) = replay(&["--selection", "1", "--judge", "--reason", "toch", "--by", "jj"]);
    assert!(code == 1 && out.contains("one intent"), "{out}");
    let shown = json(&site, &["replay-stored", "show", "1"]);
    assert_eq!((&shown["outcomes"]["resent"], &shown["list"][1]["message"]), (&2.into(), &2.into()));
    assert_eq!(json(&site, &["replay-stored", "list"])[0]["ordered"]["intent"], "resend");

    // Another selection tells what it would be now, and changes nothing.
    let (code, out, _) = replay(&["--ids", "3", "--freeze", "--by", "jj"]);
    assert!(code == 0 && out.contains("selection 2"), "{out}");
    let (code, out, _) = replay(&["--selection", "2", "--judge", "--reason", "nagaan", "--by", "jj"]);
    assert!(code == 0 && out.contains("would be accepted, as it is"), "{out}");
    assert!(daemon.terminate().success());
    // Without the daemon; the next one sends them.
    let (_, _, _) = replay(&["--ids", "1,3", "--freeze", "--by", "jj"]);
    let (code, out, _) = replay(&["--selection", "3", "--resend", "--reason", "alles nog eens", "--by", "jj"]);
    assert!(code == 0 && out.contains("message 1: it was sent again before") && out.contains("1 repeated"), "{out}");
    assert_eq!(passed_on(&site).len(), 2);
    let daemon = site.start();
    until("the last is there again", || passed_on(&site).len() == 3, || site.describe());
    assert!(daemon.terminate().success());
    site.assert_log_is_clean();
}

/// Killed in the middle of a selection, again and again: every member is judged once, whatever was lost on the way.
#[test]
fn killed_half_way_it_does_the_rest_exactly_once() {
    const COUNT: usize = 600;
    let site = Site::new(SETTINGS);
    set_aside(&site, (1..=COUNT as Count).map(|number| (format!("a{number}"), allocation(number))));
    let (code, out, error) = sluis(&site, &["replay-stored", "--verdict", "parked", "--freeze", "--by", "jj"]);
    assert!(code == 0 && out.contains(&format!("{COUNT} message(s)")), "{out}{error}");
    let mut daemon = site.start();
    daemon.address();
    // The command waits for the daemon, which dies meanwhile.
    let mut command = program()
        .args(["replay-stored", "--selection", "1", "--judge", "--reason", "nieuwe versie", "--by", "jj", "--config"])
        .arg(site.path("sluis.toml"))
        .spawn()
        .expect("the program can be run");
    let keys = || Keys::load(&site.path("ledger.key")).expect("the key of the ledger");
    let beside = Ledger::open_to_read(site.path("ledger.sqlite"), keys()).expect("it can be read beside");
    let done = || {
        let selection = beside.run_blocking(|tx| tx.selection(1)).expect("it can be read").expect("it is there");
        usize::try_from(selection.outcomes.values().sum::<u64>()).expect("few")
    };
    let mut half_way = 0;
    for kill in 1..=4 {
        let target = kill * COUNT / 6;
        until("some are done", || done() >= target, || site.describe());
        daemon.kill();
        half_way += usize::from(done() < COUNT);
        daemon = site.start();
    }
    println!("killed 4 times, {half_way} times with work left");
    assert!(half_way >= 2, "it must be killed at its work, not after it: {half_way}");
    until("all are done", || done() == COUNT, || site.describe());
    until("all have left", || passed_on(&site).len() >= COUNT, || site.describe());
    let status = command.wait().expect("it ends");
    assert!(status.code().is_some_and(|code| code < 2), "it waited as long as it got on: {status:?}");
    assert!(daemon.terminate().success());
    beside.close().expect("it closes");

    assert_eq!(passed_on(&site).len(), COUNT, "each left once");
    let settings = Settings { location: site.path("ledger.sqlite").into(), keys: keys(), max_group: 1 };
    let ledger = Ledger::open(settings).expect("the ledger opens");
    let entries = ledger.run_blocking(|tx| tx.messages(&Filter::default())).expect("it can be read");
    assert!(entries.len() == COUNT && entries.iter().all(|entry| entry.verdict == Verdict::Accepted));
    let runs: usize = (1..=i64::try_from(COUNT).expect("few"))
        .map(|id| ledger.run_blocking(move |tx| tx.runs(id)).expect("it can be read").len())
        .sum();
    assert_eq!(runs, COUNT, "each was judged once");
    let counts = ledger.run_blocking(|tx| tx.counts(Timestamp::UNIX_EPOCH)).expect("it can be read");
    assert_eq!(counts.messages.values().sum::<u64>(), 2 * COUNT as u64, "set aside once, decided once");
    assert_eq!(ledger.run_blocking(|tx| tx.check_integrity()).expect("it can be read"), []);
    ledger.close().expect("it closes");
    site.assert_log_is_clean();
}
