//! Replies over folders, with a clock that the test moves: what is passed on, what is refused, what is late, and what
//! `sluis doctor` says of it.

use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::Value;
use sluis::app::App;
use sluis::clock::FixedClock;
use sluis::config::{Config, WaitingRoom};
use sluis::contract::Contracts;
use sluis::decision::Verdict;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::doctor::{Diagnosis, Patience, examine};
use sluis::ledger::{Entry, Filter};
use sluis::message::{Date, Eenheid, Frequentie, Law, Message, Party, Product};
use sluis::rules::UnknownQuestion;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const GEMEENTE: &str = "0197";
const AANBIEDER: &str = "42420001";
const PATIENCE: Patience = Patience { retry: Duration::from_mins(5), waiting: None, held: 1 };

/// A gateway over folders whose clock stands on the day before Good Friday 2026.
struct Site {
    dir: TempDir,
    clock: Arc<FixedClock>,
    app: App,
}

impl Site {
    async fn open(unknown: UnknownQuestion) -> Site {
        Site::with(|config| config.unknown_question = unknown).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Site {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let clock = Arc::new(FixedClock::on(date(2026, 4, 2)));
        let own: Arc<dyn sluis::clock::Clock> = Arc::clone(&clock) as _;
        let mut config = Config::embedded(dir.path());
        change(&mut config);
        let app = App::start(&config, Contracts::default(), own).await.expect("embedded parts can be opened");
        Site { dir, clock, app }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a message into the spool and waits for its verdict.
    async fn send(&self, name: &str, message: &Message) -> Entry {
        self.put(name, message).await;
        self.entries().await.into_iter().rfind(|entry| entry.transport_id == name).expect("it is in the ledger")
    }

    /// Puts a message into the spool and waits until it was taken.
    async fn put(&self, name: &str, message: &Message) {
        let incoming = self.path("spool/in");
        let draft = incoming.join(format!(".{name}.part"));
        std::fs::write(&draft, message.write()).expect("a draft can be written");
        std::fs::rename(draft, incoming.join(name)).expect("it can be put into place");
        self.until(|site| !site.path(&format!("spool/in/{name}")).exists()).await;
    }

    async fn entries(&self) -> Vec<Entry> {
        self.app.ledger.run(|tx| tx.messages(&Filter::default())).await.expect("the ledger can be read")
    }

    /// Waits until everything has left; gives how many files lie in a folder, verdicts beside forwards left out.
    async fn left_in(&self, folder: &str) -> usize {
        loop {
            let counts = self.app.ledger.run(|tx| tx.counts(jiff::Timestamp::MAX)).await.expect("it can be read");
            if counts.outbox.values().all(|waiting| waiting.count == 0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let Ok(files) = std::fs::read_dir(self.path("spool").join(folder)) else { return 0 };
        let names = files.map(|file| file.expect("it can be read").file_name().into_string().expect("plain names"));
        names.filter(|name| !name.starts_with('.') && !name.ends_with(".verdict.json")).count()
    }

    async fn until(&self, condition: impl Fn(&Site) -> bool) {
        let waiting = async {
            while !condition(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it happens in time");
    }

    /// The samples of a metric, without its name.
    async fn open_questions(&self) -> Vec<String> {
        let scraped = self.app.telemetry.scrape().await;
        let samples = scraped.lines().filter_map(|line| line.strip_prefix("sluis_open_questions{"));
        samples.filter(|sample| !sample.ends_with(" 0")).map(str::to_owned).collect()
    }

    async fn diagnosis(&self) -> Diagnosis {
        let now = sluis::clock::Clock::now(&*self.clock);
        self.app.ledger.run(move |tx| examine(tx, now, PATIENCE)).await.expect("the ledger can be read")
    }

    /// Runs `sluis doctor` beside the gateway: exit code, what it prints, and what it complains of.
    fn doctor(&self, arguments: &[&str]) -> (i32, String, String) {
        let config = format!(
            "[ledger]\npath = '{}'\nkey_file = '{}'\n",
            self.path("ledger.sqlite").display(),
            self.path("ledger.key").display()
        );
        std::fs::write(self.path("sluis.toml"), config).expect("a configuration can be written");
        doctor(self.dir.path(), arguments)
    }
}

fn doctor(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    let output = command.arg("doctor").args(arguments).current_dir(folder).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn composer(dagtekening: Date) -> Composer {
    Composer { law: Law::Wmo, gemeente: Party::from(GEMEENTE), aanbieder: Party::from(AANBIEDER), dagtekening }
}

fn toewijzing(id: &str, from: Date) -> Message {
    let allocate = Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from,
        to: date(2026, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    composer(date(2026, 4, 2)).toewijzing(id, &Person::nth(1), &allocate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_awaited_over_easter_passed_on_once_and_closes_its_question() {
    let site = Site::open(UnknownQuestion::Refuse).await;
    let allocation = toewijzing("T1", date(2026, 3, 1));
    assert_eq!(site.send("1-301.xml", &allocation).await.verdict, Verdict::Accepted);
    assert_eq!(site.left_in(&format!("out/{AANBIEDER}")).await, 1);
    let both = ["debt=\"return\",due=\"later\"} 1", "debt=\"start\",due=\"later\"} 1"];
    assert_eq!(site.open_questions().await, both);
    assert!(site.diagnosis().await.findings.is_empty());

    // Three working days after Thursday 2 April, over Good Friday and Easter: the 9th. The start has five: the 13th.
    site.clock.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(site.open_questions().await, ["debt=\"return\",due=\"today\"} 1", "debt=\"start\",due=\"later\"} 1"]);
    assert!(site.diagnosis().await.findings.is_empty(), "due today is not late");
    site.clock.advance(SignedDuration::from_hours(24));
    let late = ["debt=\"return\",due=\"overdue\"} 1", "debt=\"start\",due=\"later\"} 1"];
    assert_eq!(site.open_questions().await, late);
    let scraped = site.app.telemetry.scrape().await;
    assert!(scraped.contains("sluis_open_questions_oldest_seconds{debt=\"return\"} 691200"), "eight days:\n{scraped}");
    let diagnosis = site.diagnosis().await;
    let [finding] = diagnosis.findings.as_slice() else { panic!("one finding: {diagnosis:#?}") };
    let [owed] = finding.owed.as_slice() else { panic!("one question: {finding:#?}") };
    assert_eq!((finding.check, owed.owed_by.as_str(), owed.due_on.as_str()), ("overdue", AANBIEDER, "2026-04-09"));
    assert_eq!((owed.identification.as_str(), owed.working_days_late), ("T1", 1));

    let reply = composer(date(2026, 4, 10)).retour("R1", &allocation, &[]);
    assert_eq!(site.send("2-302.xml", &reply).await.verdict, Verdict::Accepted, "late answers are passed on, too");
    assert_eq!(site.left_in(&format!("out/{GEMEENTE}")).await, 1);
    assert_eq!(site.open_questions().await, ["debt=\"start\",due=\"later\"} 1"]);

    // The same delivery once more is a repeat; another one is a second answer.
    assert_eq!(site.send("2-302.xml", &reply).await.verdict, Verdict::Accepted);
    assert_eq!(site.entries().await.len(), 2, "a repeat adds nothing");
    let second = site.send("3-302.xml", &reply).await;
    assert_eq!((second.verdict, second.findings[0].rule.as_str()), (Verdict::Rejected, "SL002"));
    assert_eq!(site.left_in(&format!("out/{GEMEENTE}")).await, 1, "it is not passed on");
    assert_eq!(site.left_in("error").await, 1);
    let report =
        std::fs::read_dir(site.path("spool/error")).expect("it is there").next().expect("one").expect("a file");
    let report: Value = serde_json::from_slice(&std::fs::read(report.path()).expect("a report")).expect("JSON");
    assert_eq!((&report["error"], &report["sender"]), (&"reply-refused".into(), &AANBIEDER.into()), "{report:#}");
    assert_eq!(report["findings"][0]["rule"], "SL002", "{report:#}");
    let scraped = site.app.telemetry.scrape().await;
    assert!(scraped.contains("sluis_findings_total{rule=\"SL002\"} 1"), "{scraped}");
    assert!(scraped.contains("sluis_messages_total{law=\"wmo\",number=\"302\",verdict=\"rejected\"} 1"), "{scraped}");

    let allocate = Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 3, 1),
        to: date(2026, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    };
    let start = composer(date(2026, 4, 10)).start("S1", &Person::nth(1), &allocate, date(2026, 3, 2));
    assert_eq!(site.send("4-305.xml", &start).await.verdict, Verdict::Accepted);
    assert_eq!(site.open_questions().await, [""; 0]);
    site.app.stop().await;
}

/// The setting for a gateway that is being introduced goes all the way through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_new_passes_on_answers_to_older_questions() {
    let site = Site::open(UnknownQuestion::Relay).await;
    let reply = composer(date(2026, 4, 2)).retour("R1", &toewijzing("T0", date(2026, 4, 2)), &[]);
    let entry = site.send("1-302.xml", &reply).await;
    let skipped: Vec<&str> = entry.skipped.iter().map(|skipped| skipped.rule.as_str()).collect();
    assert_eq!((entry.verdict, skipped), (Verdict::Accepted, vec!["SL001", "SL002", "SL003"]));
    assert_eq!(site.left_in(&format!("out/{GEMEENTE}")).await, 1);
    site.app.stop().await;
}

/// A reply can overtake its question when they come over different ways: it waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_comes_first_waits_for_its_question() {
    let room = WaitingRoom { longest: Some(Duration::from_mins(10)), max_messages: 10 };
    let site = Site::with(|config| config.waiting_room = room).await;
    let allocation = toewijzing("T1", date(2026, 4, 2));
    site.put("1-302.xml", &composer(date(2026, 4, 2)).retour("R1", &allocation, &[])).await;
    assert_eq!(site.entries().await.len(), 0, "it has no verdict yet");
    site.put("2-301.xml", &allocation).await;
    while site.entries().await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let verdicts: Vec<Verdict> = site.entries().await.iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Accepted]);
    assert_eq!(site.left_in(&format!("out/{GEMEENTE}")).await, 1);
    assert_eq!(site.open_questions().await, [""; 0]);
    site.app.stop().await;
}

/// The command beside a running gateway: what it prints, and how it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_late_and_says_what_to_do() {
    let site = Site::open(UnknownQuestion::Refuse).await;
    let (exit, out, err) = site.doctor(&[]);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("Nothing for a person to do."), "{out}");

    // By the clock of the machine, which the command reads, an allocation of Easter 2026 waits for its answer long since.
    site.send("1-301.xml", &toewijzing("T1", date(2026, 3, 1))).await;
    std::fs::write(site.path("spool/in/.2"), "Geachte heer, mevrouw").expect("it can be written");
    std::fs::rename(site.path("spool/in/.2"), site.path("spool/in/2.xml")).expect("it can be put into place");
    site.until(|site| !site.path("spool/in/2.xml").exists()).await;
    let (exit, out, err) = site.doctor(&[]);
    assert_eq!((exit, err.as_str()), (1, ""), "{out}");
    for line in [
        "1. warning, overdue: return message overdue: 1",
        "WMO301 T1 between 0197 and 42420001: 42420001 owed it by 2026-04-09, ",
        "2. warning, overdue: start message on a retroactive allocation overdue: 1",
        "3. warning, parked: 1 messages are set aside",
        "message 2: unread, for ",
        "outside the message flow",
    ] {
        assert!(out.contains(line), "`{line}` is not in\n{out}");
    }
    let (exit, out, err) = site.doctor(&["--json"]);
    assert_eq!((exit, err.as_str(), out.lines().count()), (1, "", 1));
    let told: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(told["questions"].as_array().map(Vec::len), Some(5), "{told:#}");
    assert_eq!(told["questions"][0]["debt"], "return", "{told:#}");
    assert_eq!((&told["questions"][0]["overdue"], &told["parked"]["count"]), (&1.into(), &1.into()), "{told:#}");
    assert_eq!(told["findings"][0]["owed"][0]["due_on"], "2026-04-09", "{told:#}");
    assert!(!told.to_string().contains(Person::nth(1).bsn().expose()), "it names nobody");
    site.app.stop().await;
}

#[test]
fn a_ledger_that_cannot_be_examined_is_told() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let (exit, out, err) = doctor(dir.path(), &[]);
    assert_eq!((exit, out.as_str()), (3, ""), "no configuration");
    assert!(err.contains("sluis.toml"), "{err}");
    std::fs::write(dir.path().join("sluis.toml"), "").expect("it can be written");
    let (exit, out, err) = doctor(dir.path(), &["--json", "--only", "database,keys,backlog"]);
    assert_eq!((exit, err.as_str()), (2, ""), "no ledger");
    let told: Value = serde_json::from_str(&out).expect("JSON");
    let sorts: Vec<_> = told["findings"].as_array().into_iter().flatten().map(|found| &found["sort"]).collect();
    assert_eq!(sorts, ["database.missing"], "{told:#}");
    assert_eq!(told["examined"][0]["not_examined"], "there is no ledger", "{told:#}");
    let (exit, out, err) = doctor(dir.path(), &["--only", "database,brokers"]);
    assert_eq!((exit, out.as_str()), (3, ""), "a name that nobody knows");
    assert!(err.contains("brokers") && err.contains("back_office"), "{err}");
}

/// Whoever changed the database past the gateway is found out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_was_changed_does_not_add_up() {
    let site = Site::open(UnknownQuestion::Refuse).await;
    site.send("1-301.xml", &toewijzing("T1", date(2026, 4, 2))).await;
    let connection = rusqlite::Connection::open(site.path("ledger.sqlite")).expect("it opens");
    connection.execute("UPDATE messages SET verdict = 'partly'", []).expect("it can be changed");
    let diagnosis = site.diagnosis().await;
    let checks: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, ["integrity"], "{diagnosis:#?}");
    assert_eq!(diagnosis.findings[0].cases, ["message 1 differs from its audit row"]);
    site.app.stop().await;
}

/// What does not leave is told once it has had its retries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_leave_is_told() {
    let site = Site::open(UnknownQuestion::Refuse).await;
    std::fs::write(site.path("spool/out").join(AANBIEDER), "a file is in the way").expect("it can be written");
    site.send("1-301.xml", &toewijzing("T1", date(2026, 4, 2))).await;
    assert!(site.diagnosis().await.findings.is_empty(), "it may still leave");
    site.clock.advance(SignedDuration::from_mins(11));
    let diagnosis = site.diagnosis().await;
    let [finding] = diagnosis.findings.as_slice() else { panic!("one finding: {diagnosis:#?}") };
    assert_eq!(
        (finding.check, finding.what.as_str()),
        ("outbox", "1 of purpose forward do not leave, the oldest for 11 min")
    );
    assert_eq!(diagnosis.outbox["forward"].count, 1);
    site.app.stop().await;
}
