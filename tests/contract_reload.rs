//! Registers that change while the gateway runs: what is judged by which version, and what is told of a faulty one.

mod register;

use jiff::civil::date;
use register::{changed, program, run, small, version, write};
use serde_json::Value;
use sluis::app::App;
use sluis::clock::FixedClock;
use sluis::config::Config;
use sluis::contract::register::Files;
use sluis::contract::register::store::{Occasion, Store};
use sluis::contract::{Contracts, InForce, Policies, Register};
use sluis::decision::Verdict;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::ledger::{Entry, Filter};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The small region in which the only provider has no contract any more: its allocations are held (A1).
fn without_contract() -> Files {
    changed(&[("contracts.csv", "C1;42420001;steun;*;active;2025-01-01;\n", "")])
}

fn faulty() -> Files {
    changed(&[("tariffs.csv", "1100", "11,00"), ("contracts.csv", "C1;42420001", "C1;42420009")])
}

fn allocation(number: u32) -> Vec<u8> {
    let composer = Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420001"),
        dagtekening: date(2026, 3, 10),
    };
    let allocate = Allocate {
        nummer: u64::from(number),
        product: Product { categorie: "02".into(), code: Some("02A01".into()) },
        from: date(2026, 3, 16),
        to: date(2026, 6, 28),
        omvang: omvang(1, Eenheid::Uur, Frequentie::PerWeek),
    };
    composer.toewijzing(&format!("T{number}"), &Person::nth(number), &allocate).write()
}

/// A gateway that looks at its registers twenty times a second, and holds what has no contract.
struct Site {
    dir: TempDir,
    app: App,
    sent: u32,
}

impl Site {
    async fn open(change: impl FnOnce(&mut Config)) -> Site {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        write(&dir.path().join("region"), &small());
        let mut config = Config::embedded(dir.path());
        config.register_poll = Duration::from_millis(50);
        config.policy.insert(("A1".to_owned(), None), "hold".to_owned());
        change(&mut config);
        if let Some(store) = &config.register_store {
            import(&Store::at(store), &small());
        }
        let contracts = sluis::registers::load(&config).unwrap_or_else(|faults| panic!("{faults:?}"));
        let clock = Arc::new(FixedClock::on(date(2026, 3, 10)));
        let app = App::start(&config, contracts, clock).await.expect("embedded parts can be opened");
        Site { dir, app, sent: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&mut self) -> String {
        self.sent += 1;
        let name = format!("{:05}.xml", self.sent);
        let draft = self.path("spool/in").join(format!(".{name}.part"));
        fs::write(&draft, allocation(self.sent)).expect("a draft can be written");
        fs::rename(draft, self.path("spool/in").join(&name)).expect("it can be put into place");
        name
    }

    /// Sends a message and waits for its verdict.
    async fn send(&mut self) -> Entry {
        let name = self.put();
        let mut found = None;
        self.until("the message has its verdict", async |site| {
            found = site.entries().await.into_iter().find(|entry| entry.transport_id == name);
            found.is_some()
        })
        .await;
        found.expect("it was waited for")
    }

    async fn entries(&self) -> Vec<Entry> {
        self.app.ledger.run(|tx| tx.messages(&Filter::default())).await.expect("the ledger can be read")
    }

    async fn until(&self, what: &str, mut condition: impl AsyncFnMut(&Site) -> bool) {
        for _ in 0..3_000 {
            if condition(self).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain: {what}; {:?}", self.app.registers.states());
    }

    async fn until_in_force(&self, version: &str) {
        let is_there = async |site: &Site| site.version() == version;
        self.until("the version is in force", is_there).await;
    }

    fn version(&self) -> String {
        self.app.registers.in_force().now().registers()[0].version.clone()
    }

    async fn until_refused(&self, count: usize) {
        let is_refused = async |site: &Site| {
            let refused = site.app.registers.states()[0].refused.clone();
            refused.map_or(0, |refused| refused.count) == count
        };
        self.until("what lies there is judged", is_refused).await;
    }

    async fn ready(&self) -> (u16, Value) {
        let answer = reqwest::get(format!("http://{}/readyz", self.app.address)).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON"))
    }

    async fn assert_scraped(&self, samples: &[&str]) {
        let scraped = self.app.telemetry.scrape().await;
        for sample in samples {
            assert!(scraped.lines().any(|line| line.starts_with(sample)), "{sample} is missing from\n{scraped}");
        }
    }
}

fn import(store: &Store, files: &Files) -> String {
    let occasion = Occasion {
        at: date(2026, 3, 9).at(9, 0, 0, 0).in_tz("UTC").expect("a moment").timestamp(),
        by: "toets".to_owned(),
        reason: None,
    };
    store.import(files, &occasion).expect("it can be imported").version
}

#[tokio::test]
async fn an_import_is_judged_by_from_the_next_message_on() {
    let mut site =
        Site::open(|config| config.register_store = Some(config.directory.root.with_file_name("store"))).await;
    let store = Store::at(&site.path("store"));
    let (first, second) = (version(&small()), version(&without_contract()));

    let entry = site.send().await;
    assert_eq!((entry.verdict, entry.register_version.as_deref()), (Verdict::Accepted, Some(first.as_str())));

    assert_eq!(import(&store, &without_contract()), second);
    site.until_in_force(&second).await;
    let entry = site.send().await;
    assert_eq!((entry.verdict, entry.register_version.as_deref()), (Verdict::Held, Some(second.as_str())));
    let info = format!("sluis_register_info{{region=\"voorbeeld\",version=\"{second}\"}} 1");
    site.assert_scraped(&[
        &info,
        "sluis_register_faults{region=\"voorbeeld\"} 0",
        "sluis_register_age_seconds{region=\"voorbeeld\"} 93600",
        "sluis_register_reloads_total{region=\"voorbeeld\",result=\"replaced\"} 1",
    ])
    .await;

    store
        .back_to(&first, &Occasion { at: jiff::Timestamp::UNIX_EPOCH, by: "toets".to_owned(), reason: None })
        .expect("it is kept");
    site.until_in_force(&first).await;
    assert_eq!(site.send().await.verdict, Verdict::Accepted);

    let entries = site.entries().await;
    let versions: Vec<_> = entries.iter().map(|entry| entry.register_version.as_deref()).collect();
    assert_eq!(versions, [Some(first.as_str()), Some(&second), Some(&first)], "each keeps what it was judged by");
    site.app.stop().await;
}

#[tokio::test]
async fn a_faulty_register_is_told_everywhere_and_judged_by_nowhere() {
    let mut site = Site::open(|config| config.regions = vec![config.directory.root.with_file_name("region")]).await;
    let first = version(&small());
    write(&site.path("region"), &faulty());
    site.until_refused(2).await;
    assert_eq!(site.send().await.register_version.as_deref(), Some(first.as_str()));

    let (status, body) = site.ready().await;
    assert_eq!(status, 200, "it has a good one: {body}");
    let state = &body["registers"][0];
    assert_eq!((&state["region"], &state["version"]), (&"voorbeeld".into(), &first.as_str().into()));
    assert_eq!(state["refused"]["faults"], 2);
    let told = state["refused"]["first"].as_array().expect("a list");
    let told: Vec<&str> = told.iter().filter_map(Value::as_str).collect();
    assert!(told[0].starts_with("contracts.csv:2 [agb]: unknown provider 42420009"), "{told:?}");
    assert!(told[1].starts_with("tariffs.csv:3 [cents]"), "{told:?}");
    let info = format!("sluis_register_info{{region=\"voorbeeld\",version=\"{first}\"}} 1");
    site.assert_scraped(&[
        &info,
        "sluis_register_faults{region=\"voorbeeld\"} 2",
        "sluis_register_reloads_total{region=\"voorbeeld\",result=\"refused\"} 1",
    ])
    .await;

    // A file that is gone is one fault more, and other faults are told anew.
    fs::remove_file(site.path("region/agreements.csv")).expect("it is there");
    site.until_refused(3).await;

    // `doctor` sees what lies there, in another process.
    let config = "[contract]\nregion = \"region\"\n";
    fs::write(site.path("sluis.toml"), config).expect("written");
    let doctor = run(site.dir.path(), &["doctor"]);
    assert_eq!(doctor.code, 2, "{}{}", doctor.out, doctor.err);
    for words in ["register: the register in ", "has 3 fault(s)", "contracts.csv:2 [agb]", "the last good one"] {
        assert!(doctor.out.contains(words), "{words}: {}", doctor.out);
    }

    write(&site.path("region"), &without_contract());
    site.until_in_force(&version(&without_contract())).await;
    site.until_refused(0).await;
    assert_eq!(site.send().await.verdict, Verdict::Held);
    assert!(site.ready().await.1["registers"][0].get("refused").is_none());
    site.assert_scraped(&["sluis_register_faults{region=\"voorbeeld\"} 0"]).await;
    let doctor = run(site.dir.path(), &["doctor", "--json"]);
    let doctor: Value = serde_json::from_str(&doctor.out).expect("JSON");
    assert_eq!(doctor["registers"][0]["version"], version(&without_contract()).as_str());
    let checks: Vec<_> = doctor["findings"].as_array().expect("a list").iter().map(|found| &found["check"]).collect();
    assert!(checks.contains(&&"held".into()) && !checks.contains(&&"register".into()), "it is mended: {checks:?}");
    site.app.stop().await;
}

#[tokio::test]
async fn what_was_mended_by_going_back_is_no_new_version() {
    let site = Site::open(|config| config.regions = vec![config.directory.root.with_file_name("region")]).await;
    write(&site.path("region"), &faulty());
    site.until_refused(2).await;
    write(&site.path("region"), &small());
    site.until_refused(0).await;
    assert_eq!(site.version(), version(&small()));
    let scraped = site.app.telemetry.scrape().await;
    assert!(!scraped.contains("result=\"replaced\""), "{scraped}");
    site.app.stop().await;
}

/// A file of many faults tells ten of them, and none of them a number that may be a person's.
#[tokio::test]
async fn ten_faults_are_told_and_no_number_of_a_person() {
    let site = Site::open(|config| config.regions = vec![config.directory.root.with_file_name("region")]).await;
    let mut rows = String::new();
    for _ in 0..12 {
        rows += "999900006;Iemand;;2025-01-01;\n";
    }
    write(&site.path("region"), &changed(&[("providers.csv", "42420002;Twee", &format!("{rows}42420002;Twee"))]));
    site.until_refused(12).await;
    let shown = site.ready().await.1["registers"][0]["refused"].to_string();
    assert_eq!(shown.matches("providers.csv:").count(), 10, "{shown}");
    assert!(!shown.contains("999900006") && shown.contains("*********"), "{shown}");
    site.app.stop().await;
}

#[tokio::test]
async fn a_region_does_not_turn_into_another_nor_come_twice() {
    let site = Site::open(|config| {
        config.regions = vec![config.directory.root.with_file_name("region")];
        config.register_poll = Duration::from_millis(20);
    })
    .await;
    write(&site.path("region"), &changed(&[("region.toml", "id = \"voorbeeld\"", "id = \"elders\"")]));
    site.until_refused(1).await;
    let told = site.app.registers.states()[0].refused.clone().expect("refused");
    assert!(told.first[0].contains("region voorbeeld became elders"), "{told:?}");
    assert_eq!(site.version(), version(&small()));
    site.app.stop().await;

    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    write(&dir.path().join("region"), &small());
    import(&Store::at(&dir.path().join("store")), &small());
    let mut config = Config::embedded(dir.path());
    config.regions = vec![dir.path().join("region")];
    config.register_store = Some(dir.path().join("store"));
    let faults = sluis::registers::load(&config).expect_err("the region comes from two places");
    assert!(faults.len() == 1 && faults[0].contains("region voorbeeld comes from another place"), "{faults:?}");
}

/// A region that is imported while the gateway runs is judged by as well.
#[tokio::test]
async fn a_region_may_join() {
    let mut site =
        Site::open(|config| config.register_store = Some(config.directory.root.with_file_name("store"))).await;
    let joined = changed(&[
        ("region.toml", "id = \"voorbeeld\"", "id = \"buren\""),
        ("region.toml", "code = \"0197\"", "code = \"0222\""),
        ("tariffs.csv", "*;0197;2000", "*;0222;2000"),
        ("tariffs.csv", "42420001;0197;4000", "42420001;0222;4000"),
        ("contracts.csv", "huis;0197", "huis;0222"),
        ("agreements.csv", "steun;*;0197;pxq;2025", "steun;*;0222;pxq;2025"),
        ("agreements.csv", "steun;*;0197;pxq;2026", "steun;*;0222;pxq;2026"),
    ]);
    import(&Store::at(&site.path("store")), &joined);
    site.until("the region is there", async |site| site.app.registers.states().len() == 2).await;
    let states = site.app.registers.states();
    assert_eq!((states[0].region.as_str(), states[0].version.clone()), ("buren", Some(version(&joined))));
    assert_eq!(site.send().await.register_version, Some(version(&small())), "each region has its own");
    site.app.stop().await;
}

/// Registers are exchanged all the time while messages come in: each is judged by one of them, from facts to verdict.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_judged_by_one_version() {
    let mut site = Site::open(|config| config.regions = vec![config.directory.root.with_file_name("region")]).await;
    let read = |files: &Files| Arc::new(Register::parse(files).expect("no faults"));
    let (with, without) = (read(&small()), read(&without_contract()));
    let in_force = site.app.registers.in_force();
    let exchange = {
        let (in_force, both) = (in_force.clone(), [Arc::clone(&without), Arc::clone(&with)]);
        std::thread::spawn(move || {
            for turn in 0..4_000 {
                in_force.exchange(in_force.now().with(Arc::clone(&both[turn % 2])));
                std::thread::sleep(Duration::from_micros(250));
            }
        })
    };
    let many = 150;
    for _ in 0..many {
        site.put();
    }
    site.until("all are judged", async |site| site.entries().await.len() == many).await;
    exchange.join().expect("no panic");
    let mut by_version = [0, 0];
    for entry in site.entries().await {
        let is_with = entry.register_version.as_deref() == Some(with.version.as_str());
        assert!(is_with || entry.register_version.as_deref() == Some(without.version.as_str()), "{entry:?}");
        let expected = if is_with { Verdict::Accepted } else { Verdict::Held };
        assert_eq!(entry.verdict, expected, "{:?}", entry.register_version);
        by_version[usize::from(is_with)] += 1;
    }
    println!("judged by each: {by_version:?}");
    assert!(by_version.iter().all(|count| *count > 10), "both were in force among the messages: {by_version:?}");
    site.app.stop().await;
}

#[test]
fn who_took_what_is_in_force_keeps_it() {
    let read = |files: &Files| Arc::new(Register::parse(files).expect("no faults"));
    let in_force = InForce::from(Contracts::new(vec![read(&small())], Policies::default()));
    let taken = in_force.now();
    in_force.exchange(taken.with(read(&without_contract())));
    assert_eq!(taken.registers()[0].version, version(&small()));
    assert_eq!(in_force.now().registers()[0].version, version(&without_contract()));
    assert_eq!(in_force.now().registers().len(), 1, "a region has one register");
}

/// The program itself: nobody looks until SIGHUP says so.
#[test]
fn sighup_looks_at_once() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    write(&dir.path().join("region"), &small());
    let config =
        "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n[contract]\nregion = \"region\"\npoll = \"1h\"\n";
    fs::write(dir.path().join("sluis.toml"), config).expect("written");
    let log = dir.path().join("log");
    let out = fs::File::create(&log).expect("a log can be made");
    let mut child = program()
        .args(["run"])
        .current_dir(dir.path())
        .stdout(out.try_clone().expect("a handle can be cloned"))
        .stderr(out)
        .stdin(Stdio::null())
        .spawn()
        .expect("the program can be started");
    let wait = |words: &str| {
        for _ in 0..6_000 {
            if fs::read_to_string(&log).expect("the log can be read").contains(words) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    };
    let signal = |name: &str, id: u32| {
        let sent = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(sent.expect("there is a shell").success());
    };
    let up = wait("is up");
    write(&dir.path().join("region"), &without_contract());
    signal("HUP", child.id());
    let replaced = wait(&format!("is now {}", version(&without_contract())));
    write(&dir.path().join("region"), &faulty());
    signal("HUP", child.id());
    let refused = wait("has 2 fault(s) and is not used");
    signal("TERM", child.id());
    let ended = child.wait().expect("it ends");
    let log = fs::read_to_string(&log).expect("the log can be read");
    assert!(up && replaced && refused && ended.success(), "{up} {replaced} {refused} {ended}\n{log}");
    // What is refused while it runs stops the next start.
    let again = run(dir.path(), &["run"]);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(
        again.err.contains("tariffs.csv:3 [cents]") && again.err.contains("contracts.csv:2 [agb]"),
        "{}",
        again.err
    );
}
