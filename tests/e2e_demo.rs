//! `sluis demo` as a stranger runs it: it ends well by itself, shows every kind of message and trouble, and names nobody.

mod e2e;

use e2e::daemon::{program, signal_process, tail, wait};
use e2e::{bsns, files, get, put, until};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running demo with everything it prints, in a temporary folder of its own.
struct Demo {
    dir: TempDir,
    child: Child,
}

impl Demo {
    fn start(arguments: &[&str]) -> Demo {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let output = |name: &str| Stdio::from(File::create(dir.path().join(name)).expect("a file can be made"));
        let child = program()
            .arg("demo")
            .args(arguments)
            .env("TMPDIR", dir.path())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .spawn()
            .expect("the program can be started");
        Demo { dir, child }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).expect("it can be read")
    }

    fn end(&mut self) -> ExitStatus {
        wait(&mut self.child, Duration::from_mins(1)).unwrap_or_else(|| panic!("no end:\n{}", self.read("stdout")))
    }

    /// Nobody is named in what it prints.
    fn assert_names_nobody(&self) {
        for name in ["stdout", "stderr"] {
            let text = self.read(name);
            assert!(bsns(&text).is_empty(), "{name} holds numbers of persons");
            assert!(!text.contains("Fictiefb") && !text.contains("9999XX"), "{name} holds a name or an address");
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines that tell of one message: its own, what followed, and why.
fn entries(stdout: &str) -> Vec<Vec<&str>> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    for line in stdout.lines() {
        let starts_one = line.as_bytes().get(..2).is_some_and(|number| number.iter().all(u8::is_ascii_digit))
            && line.contains(".xml");
        match entries.last_mut() {
            _ if starts_one => entries.push(vec![line]),
            Some(entry) if line.starts_with(' ') => entry.push(line),
            _ => {}
        }
    }
    entries
}

#[test]
fn it_ends_well_within_a_minute_and_shows_every_message_and_trouble() {
    let mut demo = Demo::start(&[]);
    let status = demo.end();
    let stdout = demo.read("stdout");
    assert_eq!(status.code(), Some(0), "{stdout}\n{}", tail(&demo.read("stderr")));

    let entries = entries(&stdout);
    let total = stdout.lines().find_map(|line| line.strip_prefix("Totals: ")?.split(' ').next()?.parse::<usize>().ok());
    assert_eq!(Some(entries.len()), total, "a line per message:\n{stdout}");
    assert!(entries.len() >= 26, "a whole day");
    // Words of the line, words of what followed.
    let stories: [(&str, &[&str]); 22] = [
        ("bytes that are no XML", &["parked", "error report to the operator"]),
        ("values that the schema does not know", &["rejected", "error report to 4242"]),
        ("(CD076)", &["rejected", " 0001 ", "WMO302 to 0197"]),
        ("identification that was used before", &["rejected", "9056", "WMO306 to 4242"]),
        ("a start without allocation", &["rejected", "9019", "JW306 to 4242"]),
        ("over its volume", &["partly", "9321", "WMO325 to 4242", "forwarded to 0197"]),
        ("a wrong tariff", &["rejected", "0611", "JW325 to 4242"]),
        ("without a contract", &["held", "signal A1"]),
        ("stepped up to heavier care", &["accepted", "signal B4"]),
        ("past 70 %", &["accepted", "signal D2"]),
        ("a declaration over February", &["accepted", "WMO325 to 4242", "forwarded to 0197"]),
        ("a stop of delivery", &["accepted", "JW308 to 4242", "forwarded to 0197"]),
        ("a second stop of the same start", &["rejected", "9415", "JW308 to 4242"]),
        ("a request for care", &["accepted", "JW316 to 4242", "forwarded to 0197"]),
        ("another request while that one is pending", &["rejected", "9374", "JW316 to 4242"]),
        ("the allocation that grants the request", &["accepted", "forwarded to 4242"]),
        ("a request to change an allocation", &["accepted", "WMO318 to 4242", "forwarded to 0197"]),
        ("the request is under investigation", &["accepted", "WMO319", "forwarded to 4242"]),
        ("the request is rejected", &["accepted", "WMO319", "forwarded to 4242"]),
        ("an answer after the rejection", &["rejected", "9365", "WMO320 to 0197"]),
        ("the provider answers an allocation", &["WMO302", "accepted", "forwarded to 0197"]),
        ("the provider answers it a second time", &["WMO302", "rejected", "error report to 4242"]),
    ];
    for (story, words) in stories {
        let entry = entries.iter().map(|entry| entry.join("\n")).find(|entry| entry.contains(story));
        let entry = entry.unwrap_or_else(|| panic!("no message tells of `{story}`:\n{stdout}"));
        for word in words {
            assert!(entry.contains(word), "`{word}` is missing in\n{entry}");
        }
    }
    let told = "Were nothing more to come in until 2026-06-10, a survey would tell:\nC2 (";
    assert!(stdout.contains(told), "{stdout}");
    assert!(stdout.contains("The back office on loopback received:"));
    demo.assert_names_nobody();
}

/// Plays a region, and finds the words of each story in what was printed of its message.
fn plays(region: &str, stories: &[(&str, &[&str])]) {
    let mut demo = Demo::start(&["--region", region]);
    let status = demo.end();
    let stdout = demo.read("stdout");
    assert_eq!(status.code(), Some(0), "{stdout}\n{}", tail(&demo.read("stderr")));
    let entries = entries(&stdout);
    for (story, words) in stories {
        let entry = entries.iter().map(|entry| entry.join("\n")).find(|entry| entry.contains(story));
        let entry = entry.unwrap_or_else(|| panic!("no message tells of `{story}`:\n{stdout}"));
        for word in *words {
            assert!(entry.contains(word), "`{word}` is missing in\n{entry}");
        }
    }
    demo.assert_names_nobody();
}

#[test]
fn nmd_shows_its_levels_and_who_joins_for_what() {
    plays(
        "nmd",
        &[
            ("from level 4 to 6", &["accepted", "signal B4"]),
            ("one of the four that join for it", &["accepted", "forwarded to 42421005"]),
            ("which takes no part in it", &["held", "signal A"]),
            ("past 100 % of the budget", &["accepted", "signal D2"]),
            ("Haren, which ended in 2018", &["rejected", "S300"]),
            ("a subcontractor that claims by itself", &["rejected", "8187"]),
        ],
    );
}

#[test]
fn hart_van_brabant_shows_its_steps_and_who_buys_by_itself() {
    plays(
        "hart-van-brabant",
        &[
            ("a dearer step", &["accepted", "signal B4"]),
            ("twice the price of the step", &["rejected", "9321"]),
            ("guidance in Waalwijk", &["held", "signal A"]),
            ("help in the household in Waalwijk", &["accepted", "forwarded to 42422007"]),
            ("a third at step 4, past it", &["accepted", "signal D2"]),
        ],
    );
}

#[test]
fn noord_limburg_shows_its_trajectories_agreements_and_lots() {
    plays(
        "noord-limburg",
        &[
            ("the same trajectory once more", &["rejected", "9322"]),
            ("a third one, past it", &["accepted", "signal D8"]),
            ("a local lot in its municipality", &["accepted", "forwarded to 42423012"]),
            ("the same lot in another", &["held", "signal A2"]),
            ("its nights in February", &["accepted", "WMO325 to 42423004"]),
        ],
    );
}

#[test]
fn gooi_en_vechtstreek_shows_who_stays_out_and_its_budgets() {
    plays(
        "gooi-en-vechtstreek",
        &[
            ("youth care in Eemnes", &["held", "signal A"]),
            ("support for an adult in Eemnes", &["accepted", "forwarded to 42424004"]),
            ("the taxi in Laren", &["held", "signal A"]),
            ("Weesp, which ended in 2022", &["rejected", "S300"]),
            ("the days of February", &["accepted", "JW325 to 42424002"]),
            ("a third one, past it", &["accepted", "signal D2"]),
        ],
    );
}

#[test]
fn a_region_that_is_not_there_is_refused_with_the_list() {
    let mut demo = Demo::start(&["--region", "drenthe"]);
    assert_eq!(demo.end().code(), Some(2));
    let stderr = demo.read("stderr");
    assert!(stderr.contains("unknown region `drenthe`; known are: achterhoek, gooi-en-vechtstreek"), "{stderr}");
    assert_eq!(demo.read("stdout"), "", "nothing was begun");
}

#[test]
fn served_it_stays_up_takes_messages_and_ends_on_sigint() {
    let mut demo = Demo::start(&["--serve"]);
    until("the demo stays up", || demo.read("stdout").contains("Ctrl-C stops"), || demo.read("stdout"));
    let stdout = demo.read("stdout");
    let after =
        |mark: &str| stdout.split_once(mark).map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default());
    let address: SocketAddr = after("Metrics: http://")
        .and_then(|address| address.strip_suffix("/metrics"))
        .and_then(|address| address.parse().ok())
        .expect("the address of the metrics is printed");
    let folder = PathBuf::from(after("Files: ").expect("the folder is printed"));

    let (status, metrics) = get(address, "/metrics").expect("an answer");
    assert_eq!(status, 200);
    for figure in [
        "sluis_messages_total{",
        "sluis_findings_total{",
        "sluis_outbox_rows{",
        "sluis_outbox_oldest_seconds{",
        "sluis_register_seconds_left{",
        "sluis_held_messages 1",
        "sluis_parked_messages 1",
    ] {
        assert!(metrics.contains(figure), "{figure} is missing:\n{metrics}");
    }
    assert!(bsns(&metrics).is_empty(), "metrics name nobody");
    assert_eq!(get(address, "/healthz").expect("an answer").0, 200);
    let (status, ready) = get(address, "/readyz").expect("an answer");
    assert_eq!(status, 200, "{ready}");
    assert!(ready.contains("\"ledger\"") && ready.contains("\"directory\""), "{ready}");

    // A message of one's own: the same start once more, under a name of its own.
    let item = sluis::demo::sample::find("achterhoek")
        .expect("it is there")
        .day()
        .into_iter()
        .find(|item| item.name == "start")
        .expect("the day has a start");
    let before = files(&folder.join("spool/out")).len();
    put(&folder.join("spool/in"), "mine.xml", &item.bytes);
    until("an answer lies beside it", || files(&folder.join("spool/out")).len() > before, || demo.read("stderr"));

    signal_process(demo.child.id(), "INT");
    assert_eq!(demo.end().code(), Some(0), "{}", tail(&demo.read("stderr")));
    assert!(get(address, "/healthz").is_err(), "nothing listens any more");
    demo.assert_names_nobody();
}
