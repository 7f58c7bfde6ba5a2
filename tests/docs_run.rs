//! The documentation, done: every command of every page is typed, every configuration is checked, every example is held
//! against what the program prints, writes or sends. [`PAGES`] says where each block is done; [`LEFT_OUT`] names the few
//! commands that cannot be typed in a test, and who types them instead. A block that stands in neither is a fault.

#[path = "docs_run/desk.rs"]
mod desk;
mod e2e;
mod pages;
#[path = "docs_run/scenes.rs"]
mod scenes;

use Scene::{Broker, Database, Fresh, Resting, Running, Senders, Stored};
use Way::{By, Definitions, KeyFile, Like, Report, Request, Same, Settings, Text, Typed, Unit};
use clap::error::ErrorKind;
use desk::{Desk, commands, is_left_out};
use pages::{Block, Page, mentions, readings, root, spans};
use scenes::{Running as Gateway, block_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// Where a reader sits who types what a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// A folder with the sources and the program, and no configuration.
    Fresh,
    /// A gateway that has judged, held, refused and set aside messages, with a console, senders over HTTP and a back office
    /// that refuses what it gets.
    Running,
    /// A ledger whose gateway is stopped.
    Resting,
    /// A gateway as `docs/replay.md` finds it.
    Stored,
    /// A gateway that takes messages from whoever shows a certificate of the authority that `docs/senders.md` has one make.
    Senders,
    /// The RabbitMQ of the tests.
    Broker,
    /// The PostgreSQL of the tests.
    Database,
}

/// What becomes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A shell is given it, and every command ends as it should. A block of the language `text` below it says what it prints.
    Typed(Scene),
    /// The commands behind `$ ` print what stands below them, but for moments, times, numbers and ids.
    Same(Scene),
    /// They print nothing but lines like those below them.
    Like(Scene),
    /// `sluis config check` takes it as a configuration.
    Settings,
    /// The definitions that `rabbitmqctl import_definitions` takes.
    Definitions,
    /// A ledger opens with such a key file.
    KeyFile,
    /// systemd takes it as an addition to the unit.
    Unit,
    /// The report that somebody gets who may not send.
    Report,
    /// The request that a back office gets.
    Request,
    /// Another test does it: its file, and words in there.
    By(&'static str, &'static str),
    /// Neither a command nor an example.
    Text,
}

/// Every block of every page, in the order of the page, by how it begins.
const PAGES: &[(&str, &[(&str, Way)])] = &[
    ("ARCHITECTURE.md", &[("transport -> prepare", Text)]),
    (
        "README.md",
        &[
            ("cargo run --release -- demo", Typed(Fresh)),
            ("ops/test", Typed(Fresh)),
            ("cargo build --release", Typed(Fresh)),
            ("cp config/sluis.toml sluis.toml", Typed(Fresh)),
            ("target/release/sluis doctor", Typed(Running)),
            ("target/release/sluis account add", Typed(Running)),
            ("target/release/sluis contract check", Typed(Running)),
            ("ops/test --chaos 20", Typed(Fresh)),
            ("ops/fuzz/run", Typed(Fresh)),
        ],
    ),
    (
        "docs/access.md",
        &[
            ("sluisctl account add beheer", Typed(Resting)),
            ("sluisctl account add dev@", Typed(Resting)),
            ("[console]", Settings),
            ("[oidc]", Settings),
            ("sluis token add", Typed(Running)),
        ],
    ),
    (
        "docs/api.md",
        &[
            ("curl --silent --fail --output openapi.json", Typed(Running)),
            ("curl --silent --fail-with-body \"$INTAKE/v1/check\"", Typed(Running)),
            ("…\"kind\":\"WMO305\"", Text),
            ("curl --silent --fail-with-body --dump-header -", Typed(Running)),
            ("…sluis-verdict", Text),
            ("curl --silent --fail-with-body \"$INTAKE/v1/messages\"", Typed(Running)),
            ("{\"id\":\"4f6e2c1c", Text),
            ("curl --silent \"$INTAKE/v1/check\"", Typed(Running)),
            ("{…\"status\":401", Text),
            ("curl --silent --fail-with-body \"$CONSOLE/v1/messages?", Typed(Running)),
            ("{\"items\":[", Text),
            ("curl --silent \"$CONSOLE/v1/held/999999/release\"", Typed(Running)),
            ("{\"type\":\"urn:nld:sluis:problem:not-found\"", Text),
        ],
    ),
    ("docs/back-office.md", &[("sluis check message.xml", Typed(Fresh))]),
    (
        "docs/backup.md",
        &[
            ("sluis ledger backup", Typed(Running)),
            ("sluis ledger verify", Typed(Running)),
            ("sluis ledger export", Typed(Running)),
        ],
    ),
    (
        "docs/broker.md",
        &[
            ("rabbitmqctl set_policy", Typed(Broker)),
            ("{", Definitions),
            ("rabbitmqctl add_user sluis", Typed(Broker)),
            ("rabbitmqctl set_permissions -p care sluis", Typed(Broker)),
            ("rabbitmqctl add_user office-0197", Typed(Broker)),
            ("[amqp]", Settings),
            ("# enabled_plugins", By("ops/test", "ssl_cert_login_from = common_name")),
            ("rabbitmqctl add_user gateway", Typed(Broker)),
        ],
    ),
    ("docs/chaos.md", &[("ops/test -E", Typed(Fresh)), ("SLUIS_TEST_SEED", Typed(Fresh))]),
    (
        "docs/configuration.md",
        &[("systemd-creds encrypt", By("ops/debian/try-package", "'Variables and secrets'")), ("[Service]", Unit)],
    ),
    (
        "docs/contributing.md",
        &[
            ("cargo run --release -- demo", Typed(Fresh)),
            ("ops/test -E", Typed(Fresh)),
            ("UPDATE=1", Typed(Fresh)),
            ("cargo fmt", Typed(Fresh)),
        ],
    ),
    // Its commands are typed, and what they print is compared letter by letter.
    ("docs/contract-register.md", &[("", By("tests/contract_import.rs", "fn the_page_says_what_the_program_does"))]),
    ("docs/delivery.md", &[("POST <url", Request), ("sluis outbox list", Typed(Running))]),
    ("docs/households.md", &[("sluis household import", Typed(Running)), ("sluis household forget", Typed(Running))]),
    // A page of the package: its first section, upgrade and purge are typed on a Debian of their own.
    (
        "docs/install.md",
        &[
            ("apt install", By("ops/debian/try-package", "'The first ten minutes'")),
            ("sluisctl ready", By("ops/debian/try-package", "'The first ten minutes'")),
            ("install -m 600", By("ops/debian/try-package", "'The first ten minutes'")),
            ("sluisctl account add", By("ops/debian/try-package", "'The first ten minutes'")),
            ("cp /usr/share/doc", By("ops/debian/try-package", "'The first ten minutes'")),
            ("cp /usr/share/doc", By("ops/debian/try-package", "'The first ten minutes'")),
            ("curl -s http://127.0.0.1:8310/metrics", By("ops/debian/try-package", "'The first ten minutes'")),
            ("install -d -m 700", By("ops/debian/try-package", "'The first ten minutes'")),
            ("sluisctl config check", By("ops/debian/try-package", "'The first ten minutes'")),
            ("SLUIS_PURGE_LEDGER=yes", By("ops/debian/try-package", "'What the package puts where'")),
            ("sluisctl ledger backup", By("ops/debian/try-package", "Upgrade)")),
            ("podman build", Typed(Fresh)),
            ("cd ops/container", Typed(Fresh)),
            ("cargo build --release --locked", Typed(Fresh)),
        ],
    ),
    ("docs/keys.md", &[("person = 64", KeyFile), ("sluis ledger keys list", Typed(Resting))]),
    (
        "docs/ledger.md",
        &[
            ("[ledger]", Settings),
            ("[ledger]", Settings),
            ("CREATE ROLE", Typed(Database)),
            ("CREATE SCHEMA", Typed(Database)),
            ("pg_dump", Typed(Database)),
        ],
    ),
    (
        "docs/money.md",
        &[
            ("law / municipality", Text),
            ("agreement;agb;", By("tests/money.rs", "\"agreement;agb;municipality;law;due_on;amount_cents\\n\"")),
            ("consumption_hard", Text),
            ("expected(day)", Text),
            ("2025-12-01 2026-01-31", By("tests/money.rs", "fn the_examples_of_the_page_are_right")),
        ],
    ),
    ("docs/replay.md", &[("", Same(Stored))]),
    ("docs/reports.md", &[("sluis report", Typed(Running))]),
    ("docs/retention.md", &[("[retention]", Settings), ("sluis retention plan", Typed(Running))]),
    (
        "docs/senders.md",
        &[
            ("[[sender]]", Settings),
            ("{ \"error\": \"sender-refused\"", Report),
            ("sluis refused list", Typed(Running)),
            ("rabbitmqadmin declare exchange", Typed(Broker)),
            ("rabbitmqctl add_user thuiszorg-noord", Typed(Broker)),
            ("[intake]", Settings),
            ("sluis config token", Typed(Senders)),
            ("openssl req -x509", Typed(Senders)),
            ("openssl req -newkey", Typed(Senders)),
            ("printf 'extendedKeyUsage", Typed(Senders)),
            ("curl --fail-with-body https://gateway.example", Typed(Senders)),
            ("install -d -m 2770", Typed(Fresh)),
        ],
    ),
    ("docs/several-gateways.md", &[("$ sluis members", Like(Database))]),
    ("docs/silence.md", &[("[[silence]]", Settings), ("[[silence]]", Settings)]),
    ("docs/what-if.md", &[("sluis replay", Typed(Running))]),
    ("ops/runbook.md", &[("useradd --system", Typed(Fresh)), ("[directory]", Settings)]),
];

/// Commands that no test can type as they stand: how they begin, why, and who does the same instead.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("ops/test", "it runs this test, and starts servers", ".ci/run calls it"),
    ("SLUIS_TEST_SEED", "as above", "tests/e2e_chaos.rs reads both variables"),
    ("ops/fuzz/run", "installs another toolchain", "tests/fuzz_regressions.rs runs the same checks"),
    ("cargo build --release", "takes minutes", ".ci/run builds and packs the program"),
    ("ops/package", "builds the program", ".ci/run calls it with --check"),
    ("cargo nextest", "it is what runs this test", ".ci/run"),
    ("UPDATE=1 cargo", "it writes pages", "each of those tests says when its page is not what the code makes"),
    ("cargo fmt", "it reads all sources", ".ci/run calls it"),
    ("cargo clippy", "it takes minutes", ".ci/run calls it"),
    (".ci/run", "it runs this test", "whoever checks a change"),
    ("$EDITOR", "waits for a person", "the copy is checked as it is"),
    ("useradd", "changes the machine", "ops/debian/try-package tries ops/debian/postinst, which makes the user"),
    ("systemctl", "needs systemd", "ops/debian/try-package, under one that it boots"),
    ("podman", "needs an engine", "ops/container/try-image runs what the image would hold, as it says"),
    ("docker", "needs an engine", "tests/packaging.rs holds compose.yaml against the configuration"),
    ("setfacl", "needs that user", "tests/e2e_senders.rs: a_folder_of_ones_own_says_who_one_is"),
    ("install -d -m 2770", "needs that user", "tests/e2e_senders.rs: a_folder_of_ones_own_says_who_one_is"),
    ("rabbitmqctl add_user gateway", "the broker of the tests has that user", "ops/test makes it the same way"),
    // In running text:
    ("sluis run", "does not end", "tests/e2e_directory.rs"),
    ("sluis demo", "takes seconds for each", "tests/e2e_demo.rs, and the first block of the README"),
    ("sluis account password", "asks at a terminal", "tests/e2e_access.rs"),
    ("sluis ledger keys", "the gateway is stopped for it", "the block of docs/keys.md"),
    ("sluis ledger rotate", "the gateway is stopped for it", "the block of docs/keys.md"),
];

/// Commands of other programs in running text: how they begin, and who types them. Without a name it is done here, beside a
/// gateway that runs.
const BESIDE: &[(&str, &str)] = &[
    ("runuser -u sluis -- sluis …", "it stands for those below"),
    ("runuser", ""),
    ("sluisctl …", "it stands for those below"),
    ("sluisctl config check", ""),
    ("sluisctl account add", "the blocks of docs/access.md"),
    ("df -h", ""),
    ("du -x", ""),
    ("ls", ""),
    ("rabbitmqctl import_definitions", "the scene of the broker types it first"),
    ("rabbitmqctl list_policies", "it only lists what the block of docs/broker.md sets"),
    ("rabbitmqctl set_permissions", "the blocks of docs/broker.md have it with its words"),
    ("promtool check config", "tests/ops_alerts.rs"),
    ("amtool check-config", "tests/ops_alerts.rs"),
    ("systemctl", "ops/debian/try-package"),
    ("systemd-analyze security", "tests/packaging.rs"),
    ("journalctl", "ops/debian/try-package"),
    ("setfacl", "tests/e2e_senders.rs: a_folder_of_ones_own_says_who_one_is"),
    ("chmod", "key files are made closed like that in every scene"),
    ("ssh", "needs another machine"),
    ("apt", "ops/debian/try-package: docs/install.md says what stays and what goes, which is looked at there"),
    ("man", "ops/package reads them with lintian"),
    ("podman", "needs an engine"),
    ("install -m 755", "the block of ops/runbook.md has it"),
    ("iostat", "does not end"),
    ("ss -tnp", "is of no use without its own machine"),
    ("cargo", "it builds"),
    ("UPDATE=1 cargo", "it writes pages"),
    ("ops/test", "it runs this test"),
    ("ops/package", "it builds the program"),
];

/// Commands that do not end with 0 where they are typed, and why that is right.
const ENDS: &[(&str, &[i32], &str)] = &[
    ("sluis doctor", &[0, 1, 2], "it says so when something needs a person"),
    ("sluis contract diff", &[0, 1], "1: they differ"),
    ("sluis outbox breakers", &[0, 1], "1: one is open"),
    ("sluis parked replay", &[0, 1], "1: some stay parked"),
    ("sluis held", &[0, 1], "1: it was decided before"),
    ("sluis outbox retry", &[0, 1], "1: nothing of it was refused"),
];

/// All pages but those of decisions, which show nothing to do, and the log of changes.
fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned(), "ARCHITECTURE.md".to_owned()];
    for folder in ["docs", "docs/decisions", "ops"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let name = entry.expect("an entry").file_name().into_string().expect("names are plain");
            names.extend(name.ends_with(".md").then(|| format!("{folder}/{name}")));
        }
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

/// The blocks of the pages with what becomes of each.
fn blocks() -> Vec<(Block, Way)> {
    let table: BTreeMap<&str, &[(&str, Way)]> = PAGES.iter().copied().collect();
    let mut blocks = Vec::new();
    let mut faults = Vec::new();
    for page in pages() {
        let mut ways = table.get(page.name.as_str()).copied().unwrap_or_default().iter();
        // One line for all blocks of a page.
        let whole = ways.as_slice().first().filter(|(start, _)| start.is_empty()).map(|(_, way)| *way);
        for block in page.blocks() {
            let next =
                || ways.next().filter(|(start, _)| block.text.trim_start().starts_with(start)).map(|(_, way)| *way);
            let Some(way) = whole.or_else(next) else {
                faults.push(format!("{} is not the next of PAGES: {}", block.place(), block.text));
                break;
            };
            blocks.push((block, way));
        }
        if whole.is_none() {
            faults.extend(ways.map(|(start, _)| format!("{} has no block {start} there any more", page.name)));
        }
    }
    assert!(
        faults.is_empty(),
        "tests/docs_run.rs says where each block is done; these are not in it:\n{}",
        faults.join("\n")
    );
    blocks
}

#[test]
fn every_block_is_done_somewhere() {
    let blocks = blocks();
    assert!(blocks.len() > 110, "{} blocks were found", blocks.len());
    let names: BTreeSet<String> = pages().into_iter().map(|page| page.name).collect();
    for (page, _) in PAGES {
        assert!(names.contains(*page), "there is no page {page}");
    }
    for (block, way) in &blocks {
        if let By(file, words) = way {
            let text = fs::read_to_string(root().join(file)).expect("the test that is named");
            assert!(text.contains(words), "{}: {file} does not say {words} any more", block.place());
        }
    }
    // Nothing stands among the exceptions that no page shows or mentions.
    let shown: Vec<String> = blocks.iter().flat_map(|(block, _)| commands(block)).collect();
    let mentioned: Vec<String> =
        pages().iter().flat_map(mentions).map(|mention| format!("sluis {}", mention.words)).collect();
    for start in LEFT_OUT.iter().map(|(start, ..)| start).chain(ENDS.iter().map(|(start, ..)| start)) {
        let is_there = shown
            .iter()
            .chain(&mentioned)
            .any(|command| command.strip_prefix("target/release/").unwrap_or(command).starts_with(start));
        assert!(is_there, "no page has a command {start}");
    }
    for (start, why, who) in LEFT_OUT {
        assert!(!why.is_empty() && !who.is_empty(), "{start}: why, and who types it instead?");
        for file in who.split([' ', ',', ':']).filter(|word| word.starts_with("tests/") || word.starts_with("ops/")) {
            assert!(root().join(file).exists(), "{start}: there is no {file}");
        }
    }
}

/// What a scene does beside giving commands to a shell.
trait Stage {
    fn desk(&self) -> &Desk;
    /// What happens before a block is typed.
    fn before(&mut self, _block: &Block) {}
    /// The commands of a block.
    fn commands(&self, block: &Block) -> Vec<String> {
        commands(block)
    }
    /// A command with something in the place of each word that stands for something.
    fn fill(&self, command: &str) -> String {
        command.to_owned()
    }
}

impl Stage for Desk {
    fn desk(&self) -> &Desk {
        self
    }
}

impl Stage for Gateway {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn fill(&self, command: &str) -> String {
        Gateway::fill(self, command)
    }
}

impl Stage for scenes::Senders {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn before(&mut self, block: &Block) {
        if block.text.starts_with("curl ") {
            self.start_gateway();
        }
    }
}

impl Stage for scenes::Server {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn before(&mut self, block: &Block) {
        if block.text.starts_with("pg_dump") {
            self.use_it();
        } else if block.text.starts_with("$ sluis members") {
            self.start_gateway();
        }
    }

    fn commands(&self, block: &Block) -> Vec<String> {
        if block.language == "sql" { self.statements(&block.text) } else { commands(block) }
    }
}

/// Types the blocks of a scene, one behind the other, and holds what they print against what the page shows.
fn play(scene: Scene, stage: &mut impl Stage) {
    let blocks = blocks();
    let mut faults = Vec::new();
    for (at, (block, way)) in blocks.iter().enumerate() {
        match way {
            Typed(of) if *of == scene => {
                stage.before(block);
                let typed: Vec<String> = stage
                    .commands(block)
                    .into_iter()
                    .filter(|command| !is_left_out(command))
                    .map(|command| stage.fill(&command))
                    .collect();
                match stage.desk().type_in(&typed) {
                    Err(said) => faults.push(format!("{}: {said}", block.place())),
                    Ok(said) => {
                        let shown = blocks.get(at + 1).filter(|(next, _)| next.language == "text");
                        if let Some((next, _)) = shown.filter(|(next, _)| !fits(&said, &next.text)) {
                            faults.push(format!("{} is not what it prints: {said}", next.place()));
                        }
                    }
                }
            }
            Same(of) | Like(of) if *of == scene => {
                stage.before(block);
                faults.extend(compare(block, *way, stage.desk()));
            }
            _ => {}
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a text has these parts, between which `…` stands, in order.
fn fits(text: &str, expected: &str) -> bool {
    let mut rest = text;
    expected.trim().split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn parts_are_found_in_order() {
    assert!(fits("abc", "a…c") && fits("abc", "…b…") && !fits("abc", "c…a") && fits("abc", "abc\n"));
}

/// A session at a prompt against what its commands print here.
fn compare(block: &Block, way: Way, desk: &Desk) -> Option<String> {
    let shown: Vec<String> = block.text.lines().filter(|line| !line.starts_with("$ ")).map(shape).collect();
    let typed: Vec<String> = block.text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect();
    // What is printed below the last blank line of a command stands in a block of its own.
    if typed.is_empty() {
        return None;
    }
    match desk.type_in(&typed) {
        Err(said) => Some(format!("{}: {said}", block.place())),
        Ok(said) => {
            let printed: Vec<String> = said.lines().take_while(|line| !line.is_empty()).map(shape).collect();
            let fits = match way {
                Like(_) => printed.iter().all(|line| shown.contains(line)),
                _ => printed == shown,
            };
            (!fits).then(|| format!("{} is not what it prints:\n{said}", block.place()))
        }
    }
}

/// A line without what differs from run to run: ids, moments, times, numbers, the name of the machine.
fn shape(line: &str) -> String {
    let of_word = |word: &str| {
        let bare = word.trim_matches(|c: char| ".,;:()".contains(c));
        let is_id = bare.len() >= 16 && bare.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if is_id { "<id>".to_owned() } else { word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() }
    };
    let words: Vec<String> = line.split(' ').map(of_word).collect();
    let mut text = words.join(" ");
    while text.contains("00") {
        text = text.replace("00", "0");
    }
    for time in ["0 h 0 min", "0 min", "0 s"] {
        text = text.replace(time, "<time>");
    }
    match text.split_once(" on ").and_then(|(before, after)| Some((before, after.split_once(" (process")?.1))) {
        Some((before, after)) => format!("{before} on <machine> (process{after}"),
        None => text,
    }
}

#[test]
fn lines_are_alike_but_for_what_differs() {
    assert_eq!(shape("1  unread, for 1 h 34 min"), shape("3  unread, for 2 s"));
    assert_eq!(shape("at 2026-11-22T09:49:20.555034Z by j"), shape("at 2025-01-02T19:00:00.1Z by j"));
    assert_ne!(shape("message 1: it is accepted"), shape("message 1: it is rejected"));
}

#[test]
fn with_the_sources_alone() {
    let (folder, mut desk) = scenes::fresh();
    play(Fresh, &mut desk);
    // Every secret that the example names was made by the commands of the page.
    let compose = folder.path().join("ops/container");
    let text = fs::read_to_string(compose.join("compose.yaml")).expect("it was copied");
    let secrets: BTreeSet<&str> = text
        .split(|c: char| c.is_whitespace() || c == ':' || c == '"')
        .filter(|word| word.starts_with("./secrets/"))
        .collect();
    assert!(secrets.len() > 2, "{secrets:?}");
    for secret in secrets {
        assert!(compose.join(secret).exists(), "docs/install.md makes no {secret}");
    }
}

#[test]
fn beside_a_gateway_that_runs() {
    let mut gateway = Gateway::start();
    play(Running, &mut gateway);
    the_report_and_the_request_are_those_of_the_pages(&gateway);
    every_command_that_a_page_mentions_does_something(&gateway);
}

fn the_report_and_the_request_are_those_of_the_pages(gateway: &Gateway) {
    let example = block_of("docs/senders.md", "{ \"error\"").replace(", … }", " }");
    let example: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&example).expect("JSON");
    let reports = e2e::files(&gateway.site.path("spool/error"));
    let reports: Vec<serde_json::Value> = reports
        .iter()
        .filter_map(|path| serde_json::from_slice(&fs::read(path).expect("it can be read")).ok())
        .collect();
    let is_this = |report: &&serde_json::Value| report["identification"] == example["identification"];
    let report = reports.iter().find(is_this).unwrap_or_else(|| panic!("there is no such report: {reports:?}"));
    for (key, value) in &example {
        assert_eq!(&report[key], value, "docs/senders.md: {key}");
    }

    let example = block_of("docs/delivery.md", "POST ");
    let attempts = gateway.office.attempts();
    for line in example.lines().skip(1) {
        let (name, value) = line.split_once(": ").expect("a header");
        let value = value.split("  ").next().expect("a value").trim_end_matches('…');
        let is_there = attempts.iter().any(|attempt| {
            let (purpose, kind, content) = &attempt.about;
            match name {
                "Content-Type" => content.starts_with(value),
                "Idempotency-Key" => attempt.key.len() == value.len(),
                "Sluis-Kind" => kind == value,
                "Sluis-Purpose" => purpose == value,
                _ => false,
            }
        });
        assert!(is_there, "docs/delivery.md: no request has {line}");
    }
}

/// Commands in running text and in tables, as far as they are complete.
fn every_command_that_a_page_mentions_does_something(gateway: &Gateway) {
    let mut typed = BTreeSet::new();
    let mut faults = Vec::new();
    // The name of a command, which does nothing without being told what.
    let is_name = |words: &str| words == "replay-stored";
    for mention in pages().iter().flat_map(mentions).filter(|mention| !is_name(&mention.words)) {
        for reading in readings(&mention.words) {
            let command = gateway.fill(&format!("sluis {reading}"));
            if is_left_out(&command) || !is_complete(&command) || !typed.insert(format!("sluis {reading}")) {
                continue;
            }
            if let Err(said) = gateway.desk.type_in(&[command]) {
                faults.push(format!("{}: {said}", mention.place));
            }
        }
    }
    let programs: BTreeSet<&str> = BESIDE.iter().filter_map(|(start, _)| start.split(' ').next()).collect();
    let is_beside = |span: &pages::Shown| span.words.split_once(' ').is_some_and(|(first, _)| programs.contains(first));
    for span in pages().iter().flat_map(spans).filter(is_beside) {
        let found = BESIDE.iter().find(|(start, _)| span.words.starts_with(start));
        let outcome = match found {
            None => Err(format!("{} is not in BESIDE", span.words)),
            Some((_, who)) if !who.is_empty() => Ok(String::new()),
            Some(_) if !typed.insert(span.words.clone()) => Ok(String::new()),
            Some(_) => gateway.desk.type_in(std::slice::from_ref(&span.words)),
        };
        faults.extend(outcome.err().map(|said| format!("{}: {said}", span.place)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(typed.len() > 60, "{} commands were typed: {typed:#?}", typed.len());
}

fn is_complete(command: &str) -> bool {
    let words: Vec<String> = command
        .split('"')
        .enumerate()
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect();
    let parsed = sluis::cli::command().try_get_matches_from(words);
    parsed.map_or_else(|error| matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion), |_| true)
}

#[test]
fn on_a_ledger_at_rest() {
    let (_site, mut desk) = scenes::resting();
    play(Resting, &mut desk);
}

#[test]
fn with_what_was_set_aside() {
    let (site, daemon, mut desk) = scenes::stored();
    play(Stored, &mut desk);
    assert!(daemon.terminate().success());
    site.assert_log_is_clean();
}

#[test]
fn as_a_sender_with_a_certificate() {
    play(Senders, &mut scenes::Senders::new());
}

#[test]
fn broker_of_the_tests_takes_the_commands() {
    let Some((mut desk, _away)) = scenes::broker() else { return };
    let definitions = blocks().into_iter().find(|(_, way)| *way == Definitions).expect("the page has them").0.text;
    fs::write(desk.at.join("definitions.json"), definitions).expect("written");
    let first =
        ["rabbitmqctl import_definitions definitions.json", "rabbitmqctl set_permissions -p care guest .* .* .*"];
    desk.type_in(&first.map(str::to_owned)).unwrap_or_else(|said| panic!("{said}"));
    play(Broker, &mut desk);
}

#[test]
fn database_of_the_tests_takes_the_commands() {
    let Some(mut server) = scenes::Server::open() else { return };
    play(Database, &mut server);
    server.assert_restored();
}

#[test]
fn every_section_is_a_configuration() {
    let mut count = 0;
    for (block, way) in blocks() {
        if way != Settings {
            continue;
        }
        // Sections that stand apart on one page and need each other.
        let text = match block.text.as_str() {
            text if text.starts_with("[oidc]") => format!("{}{text}", block_of(&block.page, "[console]")),
            text if text.starts_with("[intake]") => {
                format!("{text}{}", block_of(&block.page, "[[sender]]").replace("amqp_user", "certificate"))
            }
            text => text.to_owned(),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let text = text.replace("\"/etc/sluis/", "\"").replace("\"/var/lib/sluis/", "\"");
        scenes::certificates(&text, folder.path());
        fs::write(folder.path().join("sluis.toml"), &text).expect("written");
        let checked = e2e::daemon::program()
            .args(["config", "check"])
            .env("SLUIS_OIDC_CLIENT_SECRET", "een geheim")
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
        assert!(checked.status.success(), "{}: {said}", block.place());
        count += 1;
    }
    assert!(count >= 10, "{count} sections were found");
}

#[test]
fn files_of_other_sorts_are_what_they_are_said_to_be() {
    for (block, way) in blocks() {
        let folder = tempfile::tempdir().expect("a folder");
        match way {
            KeyFile => {
                let secret = |at: usize| format!("{at:064x}");
                let lines = block.text.lines().enumerate();
                let text: String = lines
                    .map(|(at, line)| {
                        line.replace("64 hexadecimal digits", &secret(at)).replace('…', &secret(at)) + "\n"
                    })
                    .collect();
                let file = folder.path().join("ledger.key");
                fs::write(&file, text).expect("written");
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("closed to others");
                let read = sluis::ledger::Keys::load(&file);
                assert!(read.is_ok(), "{}: {:?}", block.place(), read.err());
            }
            Unit => {
                let unit = fs::read_to_string(root().join("ops/systemd/sluis.service")).expect("the unit");
                let unit = unit.replace("/usr/bin/sluis", env!("CARGO_BIN_EXE_sluis"));
                let kept =
                    unit.lines().filter(|line| !line.starts_with("Documentation=")).collect::<Vec<_>>().join("\n");
                let path = folder.path().join("sluis.service");
                fs::write(&path, format!("{kept}\n{}", block.text)).expect("written");
                let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&path).output() else {
                    println!("systemd-analyze is not installed: {} is not read by it", block.place());
                    continue;
                };
                let said = String::from_utf8_lossy(&verified.stderr);
                let own: Vec<&str> = said.lines().filter(|line| line.contains("sluis")).collect();
                assert!(own.is_empty(), "{}: {own:?}", block.place());
            }
            _ => {}
        }
    }
}
