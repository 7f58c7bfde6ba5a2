//! Keeping a ledger: `sluis ledger` as people use it, beside a running gateway and after a disaster. What was tampered with
//! is found, a copy brings a gateway back, keys change while messages pass, and a kill in the middle costs nothing.

mod e2e;

use e2e::daemon::{Site, program};
use e2e::oracle::{account_of, undisturbed};
use e2e::traffic::{self, Item};
use e2e::{bsns, files, until};
use jiff::Timestamp;
use jiff::civil::date;
use rusqlite::Connection;
use serde_json::Value;
use sluis::clock::FixedClock;
use sluis::contract::{Contracts, Policies};
use sluis::decision::{Purpose, Verdict};
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Filter, Head, Inbox, KeyId, KeySort, Keys, Ledger, Rotation, Settings};
use sluis::message::{Eenheid, Frequentie, Law, Message, Party, Product};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

const SETTINGS: &str = "[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"50ms\"\n";
/// Tells the child process where its ledger is.
const ROLE: &str = "SLUIS_TEST_ROTATION_CHILD";

/// Runs `sluis ledger` with a configuration: exit code, what it printed, what it complained of. Neither names a person.
fn sluis(config: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output =
        program().arg("ledger").args(arguments).arg("--config").arg(config).output().expect("the program can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    let (out, error) = (text(output.stdout), text(output.stderr));
    assert_eq!(bsns(&format!("{out}{error}")), [""; 0], "{out}{error}");
    (output.status.code().expect("it ended by itself"), out, error)
}

/// The same with `--json`: exit code and what it printed.
fn told(config: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, out, error) = sluis(config, &[arguments, &["--json"]].concat());
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}{error}")))
}

/// A folder with a configuration and a ledger that traffic went through.
struct Kept {
    folder: TempDir,
}

impl Kept {
    fn new(clients: u32) -> Kept {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("sluis.toml"), "").expect("a configuration can be written");
        let kept = Kept { folder };
        Keys::create(&kept.path("ledger.key")).expect("keys can be made");
        let ledger = kept.open();
        take(&ledger, "directory", &traffic::chains(clients));
        ledger.close().expect("it closes");
        kept
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.path("sluis.toml")
    }

    fn open(&self) -> Ledger {
        let keys = Keys::load(&self.path("ledger.key")).expect("the keys load");
        Ledger::open(Settings { location: self.path("ledger.sqlite").into(), keys, max_group: 64 })
            .expect("the ledger opens")
    }

    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.path("ledger.sqlite")).expect("the database opens");
        let guards = "PRAGMA foreign_keys = OFF;
             DROP TRIGGER IF EXISTS audit_is_not_changed; DROP TRIGGER IF EXISTS audit_is_not_deleted;
             DROP TRIGGER IF EXISTS postings_are_not_changed; DROP TRIGGER IF EXISTS postings_are_not_deleted;";
        connection.execute_batch(&format!("{guards}{sql}")).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Judges messages on a ledger in this process, by the sample register.
fn take(ledger: &Ledger, transport: &'static str, items: &[Item]) {
    let register = sluis::contract::load(&e2e::daemon::region()).expect("the sample register has no faults");
    let contracts = Contracts::new(vec![Arc::new(register)], Policies::default());
    judge(ledger, transport, contracts, items);
}

fn judge(ledger: &Ledger, transport: &'static str, contracts: Contracts, items: &[Item]) {
    let telemetry = Telemetry::new("custody");
    let clock = Arc::new(FixedClock::on(date(2026, 3, 10)));
    let gateway =
        Gateway::new("custody", Limits::default(), contracts, ledger.clone(), clock, &telemetry, Options::default());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        for item in items {
            let incoming =
                Incoming { transport, transport_id: item.name.clone(), identity: None, bytes: item.bytes.clone() };
            let prepared = gateway.prepare(incoming).await;
            gateway.commit(prepared).await.expect("the ledger takes everything");
        }
    });
}

/// Check and place of each fault.
fn faults(told: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let faults = told["faults"].as_array().expect("a list");
    faults.iter().map(|fault| (text(&fault["check"]), text(&fault["place"]))).collect()
}

#[test]
fn whatever_was_changed_is_found_and_all_of_it_at_once() {
    let kept = Kept::new(12);
    let (code, sound) = told(&kept.config(), &["verify"]);
    assert_eq!((code, &sound["sound"], faults(&sound)), (0, &Value::Bool(true), Vec::new()));
    assert_eq!(sound["messages"], 36);
    assert!(sound["bodies"]["1"].as_u64().expect("a count") > 60, "{sound}");
    let original = fs::read(kept.path("ledger.sqlite")).expect("a closed ledger is one file");
    let mut sqls = Vec::new();
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("UPDATE audit SET at = at + 1 WHERE id = 2", &[("chain", "audit row 2")]),
        (
            "UPDATE audit SET content = replace(content, '\"level\":4', '\"level\":3') WHERE id = 2",
            &[("chain", "audit row 2"), ("message", "message 2")],
        ),
        ("UPDATE messages SET level = 1 WHERE id = 4", &[("message", "message 4")]),
        ("UPDATE messages SET register_version = 'other' WHERE id = 4", &[("message", "message 4")]),
        (
            "UPDATE messages SET findings = '[]' WHERE id = (SELECT min(id) FROM messages WHERE verdict = 'rejected')",
            &[("message", "message 10")],
        ),
        ("UPDATE messages SET body = (SELECT body FROM messages WHERE id = 1) WHERE id = 5", &[("body", "message 5")]),
        ("UPDATE outbox SET body = x'00' WHERE sequence = 1", &[("body", "outbox row 1")]),
        ("UPDATE postings SET cents = cents + 1 WHERE id = 1", &[("balance", ""), ("account", "")]),
        ("UPDATE accounts SET realised = realised + 1 WHERE id = 1", &[("account", "account 1")]),
        ("UPDATE declaraties SET toegekend = toegekend + 1 WHERE nummer = 'DN00000'", &[("declaration", "message 3")]),
        ("UPDATE outbox SET message_id = 999 WHERE sequence = 1", &[("promise", ""), ("reference", "outbox 1")]),
        ("UPDATE questions SET message_id = 999 WHERE message_id = 1", &[("reference", "questions 999 return ")]),
        ("DELETE FROM outbox WHERE sequence = (SELECT max(sequence) FROM outbox)", &[("promise", "")]),
    ];
    for (sql, expected) in cases {
        fs::write(kept.path("ledger.sqlite"), &original).expect("it can be put back");
        kept.tamper(sql);
        let (code, told) = told(&kept.config(), &["verify"]);
        assert_eq!(code, 1, "{sql}");
        let found = faults(&told);
        let fits =
            |(check, place): &(&str, &str)| found.iter().any(|(c, p)| c == check && (place.is_empty() || p == place));
        assert!(expected.iter().all(fits), "{sql}: {found:?}");
        let checks: Vec<&str> = expected.iter().map(|(check, _)| *check).collect();
        assert!(found.iter().all(|(check, _)| checks.contains(&&**check)), "{sql} leads to nothing else: {found:?}");
        sqls.push(*sql);
    }
    // All of them together.
    fs::write(kept.path("ledger.sqlite"), &original).expect("it can be put back");
    kept.tamper(&sqls.join(";"));
    let (_, told) = told(&kept.config(), &["verify"]);
    for check in ["chain", "message", "promise", "body", "balance", "account", "declaration", "reference"] {
        assert!(told["counts"][check].as_u64().is_some_and(|count| count > 0), "{check}: {told}");
    }
    let (code, out, _) = sluis(&kept.config(), &["verify"]);
    assert!(code == 1 && out.contains("NOT SOUND") && out.contains("chain: audit row 2: "), "{out}");
    // A copy elsewhere, with the key of the configuration.
    fs::write(kept.path("copy.sqlite"), &original).expect("a copy");
    let copy = kept.path("copy.sqlite");
    let (code, out, error) = sluis(&kept.config(), &["verify", "--file", &copy.to_string_lossy()]);
    assert!(code == 0 && out.contains("copy.sqlite: sound"), "{out}{error}");
    // One that cannot be looked at.
    let (code, _, error) = sluis(&kept.config(), &["verify", "--file", "nowhere.sqlite"]);
    assert!(code == 2 && error.contains("no such file"), "{error}");
}

/// Whoever rewrites the whole trail makes a sound ledger; only a head that was noted elsewhere tells it from the first.
#[test]
fn a_head_that_was_noted_down_shows_a_trail_that_was_written_anew() {
    let kept = Kept::new(4);
    let (_, first) = told(&kept.config(), &["verify"]);
    let head = first["head"].as_str().expect("a head").to_owned();
    assert!(head.starts_with("12:"), "{head}");
    let again = told(&kept.config(), &["verify", "--head", &head]);
    assert_eq!((again.0, again.1), (0, first));
    // More came in since: the head is still part of it.
    let ledger = kept.open();
    take(&ledger, "later", &[traffic::fresh()]);
    ledger.close().expect("it closes");
    assert_eq!(told(&kept.config(), &["verify", "--head", &head]).0, 0);
    let (code, cut) = told(&kept.config(), &["verify", "--head", &format!("99{}", &head[2..])]);
    assert_eq!((code, faults(&cut)), (1, vec![("head".to_owned(), "audit row 99".to_owned())]));

    // Somebody with the key makes a ledger without the first client and puts it in the place of this one.
    fs::remove_file(kept.path("ledger.sqlite")).expect("it is there");
    let forged = kept.open();
    take(&forged, "directory", &traffic::chains(6)[3..]);
    forged.close().expect("it closes");
    assert_eq!(told(&kept.config(), &["verify"]).0, 0, "sound by itself");
    let (code, found) = told(&kept.config(), &["verify", "--head", &head]);
    assert_eq!((code, faults(&found)), (1, vec![("head".to_owned(), "audit row 12".to_owned())]));
    for wrong in ["12", "x:00", "12:00", "0:00"] {
        let (code, _, error) = sluis(&kept.config(), &["verify", "--head", wrong]);
        assert!(code == 2 && error.contains("64 hexadecimal digits"), "{wrong}: {error}");
    }
    assert!("1:zz".parse::<Head>().is_err());
}

#[test]
fn an_export_is_the_same_each_time_fixes_every_byte_and_names_nobody() {
    let kept = Kept::new(12);
    let export = |name: &str, more: &[&str]| {
        let out = kept.path(name);
        let (code, printed, error) =
            sluis(&kept.config(), &[&["export", "--out", &out.to_string_lossy()], more].concat());
        (code, format!("{printed}{error}"), out)
    };
    let (code, printed, one) = export("one", &[]);
    assert!(code == 0 && printed.contains("postings.jsonl"), "{printed}");
    let (_, _, two) = export("two", &[]);
    let bytes = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        files(folder).iter().map(|file| (e2e::name(file), fs::read(file).expect("it can be read"))).collect()
    };
    assert_eq!(bytes(&one), bytes(&two), "the same ledger, the same export");
    assert_eq!(fs::metadata(&one).expect("it is there").permissions().mode() & 0o777, 0o700);
    for (name, content) in bytes(&one) {
        let text = String::from_utf8(content).expect("text");
        assert!(bsns(&text).is_empty() && !text.contains("Fictief"), "{name} names a person");
    }
    let lines = |name: &str| fs::read_to_string(one.join(name)).expect("it can be read").lines().count();
    assert_eq!((lines("messages.jsonl"), lines("verdicts.jsonl"), lines("audit.jsonl")), (36, 36, 36));
    assert!(
        ["outbox", "postings", "balances", "accounts", "lines", "allocations", "care", "questions", "declarations"]
            .iter()
            .all(|name| lines(&format!("{name}.jsonl")) > 0)
    );
    let (code, printed, _) = export("one", &[]);
    assert!(code == 2 && printed.contains("is there already"), "{printed}");

    // Looked at without the ledger.
    let verify = |folder: &Path, more: &[&str]| {
        let output = program().args(["ledger", "verify", "--json", "--export"]).arg(folder).args(more).output();
        let output = output.expect("the program can be run");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().expect("it ended"), told)
    };
    let (_, whole) = told(&kept.config(), &["verify"]);
    let head = whole["head"].as_str().expect("a head");
    let (code, sound) = verify(&one, &["--head", head]);
    assert_eq!((code, &sound["head"], &sound["messages"]), (0, &whole["head"], &36.into()), "{sound}");
    let change = |name: &str, from: &str, to: &str| {
        let path = two.join(name);
        let text = fs::read_to_string(&path).expect("it can be read");
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("it can be written");
        let (code, found) = verify(&two, &[]);
        fs::write(&path, text).expect("it can be put back");
        assert_eq!(code, 1, "{name}: {found}");
        faults(&found)
    };
    let of = |check: &str, place: &str| (check.to_owned(), place.to_owned());
    assert_eq!(change("postings.jsonl", "\"cents\":", "\"cents\":1"), [of("file", "postings.jsonl")]);
    let changed = change("audit.jsonl", "decided", "Decided");
    assert_eq!(changed, [of("file", "audit.jsonl"), of("chain", "audit row 1")]);
    assert_eq!(change("manifest.json", "\"head\": \"", "\"head\": \"0"), [of("chain", "audit.jsonl")]);
    fs::write(two.join("more.jsonl"), "{}\n").expect("it can be written");
    assert_eq!(faults(&verify(&two, &[]).1), [of("manifest", "more.jsonl")]);
    fs::remove_file(two.join("more.jsonl")).expect("it is there");
    fs::remove_file(two.join("lines.jsonl")).expect("it is there");
    assert_eq!(faults(&verify(&two, &[]).1), [of("file", "lines.jsonl")]);
    assert_eq!(verify(kept.folder.path(), &[]).0, 2, "no export at all");

    // Days: everything came on the tenth.
    let (code, printed, none) = export("none", &["--until", "2026-03-09"]);
    assert_eq!(
        (code, fs::read_to_string(none.join("messages.jsonl")).expect("it is there").len()),
        (0, 0),
        "{printed}"
    );
    assert_eq!(verify(&none, &[]).0, 0);
    let (code, _, all) = export("all", &["--since", "2026-03-10", "--until", "2026-03-10"]);
    assert_eq!(code, 0);
    assert_eq!(bytes(&all)["messages.jsonl"], bytes(&one)["messages.jsonl"]);
    let (code, printed, _) = export("turned", &["--since", "2026-03-10", "--until", "2026-03-09"]);
    assert!(code == 2 && printed.contains("turn them round"), "{printed}");

    // Bodies take a reason, which stays.
    let (code, printed, _) = export("bodies", &["--with-bodies"]);
    assert!(code == 2 && printed.contains("--reason"), "{printed}");
    let (code, printed, _) = export("bodies", &["--with-bodies", "--reason", "voor 999900006", "--by", "j.jansen"]);
    assert!(code == 2 && printed.contains("BSN"), "{printed}");
    let (code, printed, bodies) =
        export("bodies", &["--with-bodies", "--reason", "verzoek van de rechter", "--by", "j.jansen"]);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(fs::read(bodies.join("bodies/messages-1-body")).expect("a body"), traffic::chains(1)[0].bytes);
    let trail = fs::read_to_string(bodies.join("audit.jsonl")).expect("it is there");
    assert!(
        trail.contains("bodies exported") && trail.contains("verzoek van de rechter") && trail.contains("j.jansen")
    );
    assert_eq!(verify(&bodies, &[]).0, 0);
    fs::write(bodies.join("bodies/messages-1-body"), "x").expect("it can be written");
    assert_eq!(faults(&verify(&bodies, &[]).1), [of("file", "bodies/messages-1-body")]);
}

#[test]
fn a_copy_of_a_ledger_in_use_is_whole_private_and_never_takes_a_place() {
    let kept = Kept::new(12);
    let ledger = kept.open();
    let out = kept.path("copy.sqlite");
    let arguments = ["backup", "--out", &out.to_string_lossy()];
    let (code, printed, error) = sluis(&kept.config(), &arguments);
    assert!(code == 0 && printed.contains("To restore") && printed.contains("36:"), "{printed}{error}");
    assert_eq!(fs::metadata(&out).expect("it is there").permissions().mode() & 0o777, 0o600);
    let (code, told) = told(&kept.config(), &["verify", "--file", &out.to_string_lossy()]);
    assert_eq!((code, &told["messages"]), (0, &36.into()));
    let before = fs::read(&out).expect("it can be read");
    let (code, _, error) = sluis(&kept.config(), &arguments);
    assert!(code == 2 && error.contains("is there already"), "{error}");
    assert_eq!(fs::read(&out).expect("it can be read"), before);
    let (code, _, error) = sluis(&kept.config(), &["backup", "--out", "/nowhere/at/all"]);
    assert!(code == 2 && error.contains("/nowhere/at"), "{error}");
    ledger.close().expect("it closes");
    // A faulty ledger is copied all the same: it may be all there is.
    kept.tamper("UPDATE audit SET at = at + 1 WHERE id = 2");
    let second = kept.path("second.sqlite");
    let (code, printed, _) = sluis(&kept.config(), &["backup", "--out", &second.to_string_lossy()]);
    assert!(code == 1 && printed.contains("chain: audit row 2") && second.exists(), "{printed}");
    let left: Vec<String> = files(kept.folder.path()).iter().map(|file| e2e::name(file)).collect();
    assert!(left.iter().all(|name| !name.starts_with('.')), "nothing stays behind: {left:?}");
}

/// Every message is in the ledger and everything left.
fn settled(site: &Site, messages: usize) -> bool {
    let Ok(keys) = Keys::load(&site.path("ledger.key")) else { return false };
    let Ok(ledger) = Ledger::open_to_read(site.path("ledger.sqlite"), keys) else { return false };
    let state = ledger.run_blocking(|tx| {
        let unsent: u64 = tx
            .counts(Timestamp::from_second(1_800_000_000).expect("a moment"))?
            .outbox
            .values()
            .map(|waiting| waiting.count)
            .sum();
        Ok((tx.messages(&Filter::default())?.len(), unsent))
    });
    ledger.close().expect("it closes");
    state.is_ok_and(|state| state == (messages, 0)) && site.waiting().is_empty()
}

#[test]
fn a_gateway_comes_back_from_a_copy_that_was_made_under_load() {
    let chains = traffic::chains(60);
    let expected = undisturbed("directory", "sluis", &chains);
    let (first, later) = chains.split_at(90);
    let site = Site::new(SETTINGS);
    let mut daemon = site.start();
    daemon.address();
    site.send(first);
    until("it is at work", || site.waiting().len() < 60, || site.describe());
    let copy = site.path("backup.sqlite");
    let (code, printed, error) = sluis(&site.path("sluis.toml"), &["backup", "--out", &copy.to_string_lossy()]);
    assert_eq!(code, 0, "{printed}{error}");
    let (_, in_copy) = told(&site.path("sluis.toml"), &["verify", "--file", &copy.to_string_lossy()]);
    let in_copy = in_copy["messages"].as_u64().expect("a count");
    assert!(in_copy > 0, "the copy holds what was judged by then");
    site.send(later);
    until("all is judged and delivered", || settled(&site, chains.len()), || site.describe());

    // The disk is gone.
    daemon.kill();
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let _ = fs::remove_file(site.path(name));
    }
    fs::copy(&copy, site.path("ledger.sqlite")).expect("the copy is put in place");
    let doctor = program().args(["doctor", "--config"]).arg(site.path("sluis.toml")).output().expect("it runs");
    assert!(matches!(doctor.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&doctor.stderr));
    let (code, told) = told(&site.path("sluis.toml"), &["verify"]);
    assert_eq!((code, told["messages"].as_u64()), (0, Some(in_copy)), "{told}");
    let mut daemon = site.start();
    daemon.address();
    // Whoever sent messages since the copy sends them again; what the copy holds is recognised.
    site.send(&chains);
    until("all is judged and delivered", || settled(&site, chains.len()), || site.describe());
    assert!(daemon.terminate().success());
    println!("{} messages, {in_copy} of them in the copy", chains.len());
    let found = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    found.assert_equals(&expected);
    assert!(found.count_leaving(Purpose::Reply) > 0);
    assert_eq!(sluis(&site.path("sluis.toml"), &["verify"]).0, 0);
    site.assert_log_is_clean();
}

#[test]
fn keys_change_beside_a_running_gateway() {
    let chains = traffic::chains(40);
    let expected = undisturbed("directory", "sluis", &chains);
    let (first, later) = chains.split_at(60);
    let site = Site::new(SETTINGS);
    let config = site.path("sluis.toml");
    let mut daemon = site.start();
    daemon.address();
    site.send(first);
    until("all is judged and delivered", || settled(&site, first.len()), || site.describe());
    let (code, out, _) = sluis(&config, &["rotate"]);
    assert!(code == 0 && out.contains("sealed with body key 1"), "{out}");
    let old_file = fs::read(site.path("ledger.key")).expect("the key file");
    let (code, out, error) = sluis(&config, &["keys", "add"]);
    assert!(code == 0 && out.contains("body key 2 was added"), "{out}{error}");
    let (code, out, _) = sluis(&config, &["keys", "retire", "1"]);
    assert!(code == 1 && out.contains("is in force"), "{out}");
    site.send(later);
    let (code, out, error) = sluis(&config, &["rotate"]);
    assert!(code == 0 && out.contains("sealed anew with body key 2"), "{out}{error}");
    until("all is judged and delivered", || settled(&site, chains.len()), || site.describe());
    let (_, listed) = told(&config, &["keys", "list"]);
    let row = |index: usize| {
        let row = &listed["keys"][index];
        (row["sort"].as_str(), row["key"].as_u64(), row["state"].as_str(), row["bodies"].as_u64())
    };
    assert_eq!(row(0), (Some("body"), Some(1), Some("earlier"), Some(0)), "{listed}");
    let (sort, key, state, bodies) = row(1);
    assert_eq!((sort, key, state), (Some("body"), Some(2), Some("in force")));
    assert!(bodies.is_some_and(|bodies| bodies > 200), "{listed}");
    let (code, out, error) = sluis(&config, &["keys", "retire", "1"]);
    assert!(code == 0 && out.contains("is retired"), "{out}{error}");
    let (code, out, _) = sluis(&config, &["keys", "retire", "1"]);
    assert!(code == 0 && out.contains("retired before"), "{out}");
    let (code, out, _) = sluis(&config, &["keys", "retire", "7"]);
    assert!(code == 1 && out.contains("never used such a key"), "{out}");
    assert!(daemon.terminate().success());

    // A key file of before does not do any more, and says which key it lacks.
    let new_file = fs::read(site.path("ledger.key")).expect("the key file");
    fs::write(site.path("ledger.key"), old_file).expect("it can be written");
    let (code, _, error) = sluis(&config, &["verify"]);
    assert!(code == 2 && error.contains("body key 2"), "{error}");
    fs::write(site.path("ledger.key"), new_file).expect("it can be written");
    assert_eq!(sluis(&config, &["verify"]).0, 0);
    let mut daemon = site.start();
    daemon.address();
    let fresh = traffic::fresh();
    site.send(std::slice::from_ref(&fresh));
    until("a fresh message passes", || settled(&site, chains.len() + 1), || site.describe());
    assert!(daemon.terminate().success());
    let mut found = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    assert_eq!(found.messages.remove(&fresh.name).map(|judged| judged[0].verdict), Some(Verdict::Accepted));
    assert_eq!(found.messages, expected.messages);
    site.assert_log_is_clean();
}

fn open_beside(folder: &Path) -> Ledger {
    let keys = Keys::load(&folder.join("ledger.key")).expect("the keys load");
    Ledger::open_beside(folder.join("ledger.sqlite"), keys).expect("the ledger opens")
}

/// Not a test by itself: the process that is killed. It says `portion` after each.
#[test]
fn child_rotates_until_killed() {
    let Ok(folder) = std::env::var(ROLE) else { return };
    let ledger = open_beside(Path::new(&folder));
    let now = Timestamp::UNIX_EPOCH;
    let begun = ledger.run_blocking(move |tx| {
        tx.put_body_key_in_force(now)?;
        tx.begin_rotation(now)
    });
    let mut rotation = begun.expect("it begins");
    while rotation.finished_at.is_none() {
        let id = rotation.id;
        rotation = ledger.run_blocking(move |tx| tx.rotate_portion(id, now)).expect("a portion");
        let mut out = std::io::stdout().lock();
        writeln!(out, "portion {}", rotation.looked_at).and_then(|()| out.flush()).expect("the parent reads");
    }
}

#[test]
fn sealing_anew_goes_on_after_a_kill_where_it_was() {
    let kept = Kept::new(0);
    let ledger = kept.open();
    let count = 7_500_u64;
    // Nothing needs to be said of them: a waiting room takes messages as they are.
    let pair = sluis::waiting::Pair { law: Law::Wmo, gemeente: "0197".into(), aanbieder: "42420001".into() };
    let kind = sluis::message::Kind::new(Law::Wmo, sluis::message::Number::N305);
    ledger
        .run_blocking(move |tx| {
            for number in 0..count {
                let id = format!("m{number}");
                let inbox = Inbox::new("directory", id.clone(), Timestamp::UNIX_EPOCH, id.repeat(30).into_bytes());
                tx.wait(&inbox, (kind, &pair), Timestamp::MAX, &std::collections::BTreeSet::new())?;
            }
            Ok(())
        })
        .expect("they are stored");
    Keys::add(&kept.path("ledger.key"), KeySort::Body).expect("it is added");
    // Bodies that the first and the second key open; there are no others.
    let by_key = || {
        let found = ledger.run_blocking(|tx| tx.bodies_by_key()).expect("it can be read");
        let of = |key: KeyId| found.get(&Some(key)).copied().unwrap_or(0);
        assert_eq!(of(1) + of(2), count, "every body opens, with the one key or the other");
        (of(1), of(2))
    };
    let (mut kills, mut sealed) = (0, 0);
    for portions in [1, 2, 1, 3] {
        let mut child = Command::new(std::env::current_exe().expect("a test knows its program"))
            .args(["--exact", "child_rotates_until_killed", "--nocapture", "--test-threads=1"])
            .env(ROLE, kept.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let said = lines.map_while(Result::ok).filter(|line| line.contains("portion ")).take(portions).count();
        assert_eq!(said, portions, "it ended by itself");
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        kills += 1;
        let (_, now) = by_key();
        assert!(now >= sealed, "nothing is sealed back");
        sealed = now;
    }
    let unfinished: Rotation = ledger.run_blocking(|tx| tx.rotation()).expect("it can be read").expect("there is one");
    println!("killed {kills} times, {} of {count} bodies done by then", unfinished.looked_at);
    assert!(unfinished.finished_at.is_none() && unfinished.looked_at > 0);
    let (code, out, error) = sluis(&kept.config(), &["rotate"]);
    assert!(code == 0 && out.contains("Going on with what was interrupted"), "{out}{error}");
    assert!(out.contains(&format!("{count} bodies looked at, {count} sealed anew")), "each once: {out}");
    assert_eq!(by_key(), (0, count));
    assert_eq!(sluis(&kept.config(), &["keys", "retire", "1"]).0, 0);
    ledger.close().expect("it closes");
    assert_eq!(sluis(&kept.config(), &["verify"]).0, 0);
}

#[test]
fn persons_are_still_known_after_the_person_key_has_changed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("sluis.toml"), "").expect("a configuration can be written");
    let kept = Kept { folder };
    Keys::create(&kept.path("ledger.key")).expect("keys can be made");
    let composer = Composer {
        law: Law::Jeugdwet,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420001"),
        dagtekening: date(2026, 3, 9),
    };
    let allocate = |nummer| Allocate {
        nummer,
        product: Product { categorie: "45".into(), code: Some("45A04".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 3, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    let send = |name: &str, message: &Message| {
        let ledger = kept.open();
        let item = Item { name: name.to_owned(), bytes: message.write() };
        judge(&ledger, "directory", Contracts::new(Vec::new(), Policies::default()), &[item]);
        let filter = Filter { transport_id: Some(name.to_owned()), ..Filter::default() };
        let found = ledger.run_blocking(move |tx| tx.messages(&filter)).expect("it can be read");
        ledger.close().expect("it closes");
        found[0].verdict
    };
    let (known, stranger) = (Person::nth(1), Person::nth(2));
    assert_eq!(send("a1", &composer.toewijzing("A1", &known, &allocate(1))), Verdict::Accepted);
    assert_eq!(send("a2", &composer.toewijzing("A2", &known, &allocate(2))), Verdict::Accepted);
    let (code, out, _) = sluis(&kept.config(), &["rotate", "--persons"]);
    assert!(code == 1 && out.contains("no later person key"), "{out}");
    assert_eq!(sluis(&kept.config(), &["keys", "add", "--person"]).0, 0);
    // Added, not in force: nothing changes.
    assert_eq!(send("s0", &composer.start("S0", &stranger, &allocate(1), date(2026, 1, 6))), Verdict::Rejected);
    assert_eq!(send("s1", &composer.start("S1", &known, &allocate(1), date(2026, 1, 6))), Verdict::Accepted);

    let lock = fs::File::create(kept.path("ledger.sqlite.lock")).expect("a lock file");
    lock.lock().expect("it can be locked");
    let (code, _, error) = sluis(&kept.config(), &["rotate", "--persons"]);
    assert!(code == 2 && error.contains("stop it first"), "{error}");
    drop(lock);
    let column = "SELECT lower(hex(person)) FROM allocations WHERE nummer = 2";
    let person = || -> String {
        let connection = Connection::open(kept.path("ledger.sqlite")).expect("the database opens");
        connection.query_row(column, [], |row| row.get(0)).expect("a row")
    };
    let before = person();
    let (code, out, error) = sluis(&kept.config(), &["rotate", "--persons"]);
    assert!(code == 0 && out.contains("2 persons in 7 rows are known by person key 2"), "{out}{error}");
    assert_ne!(person(), before, "the old hash is of no use any more");
    assert_eq!(send("s2", &composer.start("S2", &known, &allocate(2), date(2026, 1, 6))), Verdict::Accepted);
    assert_eq!(send("s3", &composer.start("S3", &stranger, &allocate(2), date(2026, 1, 6))), Verdict::Rejected);
    assert_eq!(sluis(&kept.config(), &["verify"]).0, 0);
    let (code, out, _) = sluis(&kept.config(), &["rotate", "--persons"]);
    assert!(code == 1 && out.contains("no later person key"), "{out}");
}

/// The most memory that `sluis ledger verify` took, in kB.
fn memory_of_verify(kept: &Kept) -> u64 {
    let mut child = program()
        .args(["ledger", "verify", "--config"])
        .arg(kept.config())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program can be run");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut most = 0;
    while child.try_wait().expect("a child can be asked").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().expect("it has ended").success());
    most
}

#[test]
fn looking_at_a_large_ledger_takes_no_more_memory_than_one_of_its_bodies() {
    let kept = Kept::new(4);
    let small = memory_of_verify(&kept);
    let ledger = kept.open();
    let pair = sluis::waiting::Pair { law: Law::Wmo, gemeente: "0197".into(), aanbieder: "42420001".into() };
    let kind = sluis::message::Kind::new(Law::Wmo, sluis::message::Number::N305);
    // Bytes that no compressor makes smaller, without a source of randomness.
    let mut state = 1_u64;
    let mut noise = Vec::with_capacity(2_250_000);
    while noise.len() < 2_250_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.extend_from_slice(&state.to_be_bytes()[..5]);
    }
    for number in 0..20_u64 {
        let (pair, mut body) = (pair.clone(), noise.clone());
        body.extend_from_slice(&number.to_be_bytes());
        ledger
            .run_blocking(move |tx| {
                let inbox = Inbox::new("directory", format!("large {number}"), Timestamp::UNIX_EPOCH, body);
                tx.wait(&inbox, (kind, &pair), Timestamp::MAX, &std::collections::BTreeSet::new())?;
                for row in 0..100 {
                    let id = format!("{number}-{row}");
                    let inbox = Inbox::new("directory", id.clone(), Timestamp::UNIX_EPOCH, id.into_bytes());
                    tx.wait(&inbox, (kind, &pair), Timestamp::MAX, &std::collections::BTreeSet::new())?;
                }
                Ok(())
            })
            .expect("they are stored");
    }
    ledger.close().expect("it closes");
    let bytes = fs::metadata(kept.path("ledger.sqlite")).expect("it is there").len();
    assert!(bytes > 42_000_000, "{bytes}");
    let large = memory_of_verify(&kept);
    println!("{} rows, {bytes} bytes: {small} kB for a small ledger, {large} kB for this one", 20 * 101);
    assert!(large < small + 25_000, "{small} kB, then {large} kB for {bytes} bytes");
}
