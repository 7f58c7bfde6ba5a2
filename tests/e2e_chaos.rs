//! The gateway under faults of every kind, with an oracle that knows every message (`docs/chaos.md`).

mod chaos;
mod e2e;

use chaos::scenario::{Action, Fault, Scenario, Way};
use chaos::scenarios::{self, passes, random_kills};
use chaos::table::Table;
use chaos::traffic;
use chaos::world::World;
use e2e::oracle::undisturbed;
use e2e::random::Random;
use sluis::failpoint::Failpoint;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Names what is played, as a part of the name.
const ONLY: &str = "SLUIS_TEST_CHAOS_ONLY";
/// For how many minutes the long form goes on; without it the short form is played.
const MINUTES: &str = "SLUIS_TEST_CHAOS_MINUTES";
/// Seed of what is played every day.
const SEED: u64 = 20_260_305;

/// Where the figures go.
fn figures() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder");
    target.join("chaos.json")
}

fn wanted(scenario: &Scenario) -> bool {
    std::env::var(ONLY).is_ok_and(|part| scenario.name.contains(&part))
}

fn seed() -> u64 {
    std::env::var("SLUIS_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED)
}

#[test]
fn no_message_is_lost_or_doubled() {
    match std::env::var(MINUTES) {
        Ok(minutes) => long_form(Duration::from_mins(minutes.parse().expect("a number of minutes"))),
        Err(_) => short_form(),
    }
}

/// What is played every day, or the scenarios that are asked for.
fn short_form() {
    let mut table = Table::default();
    let is_asked = std::env::var_os(ONLY).is_some();
    for scenario in scenarios::all() {
        if if is_asked { wanted(&scenario) } else { scenario.short } {
            table.add(scenario.play(seed()));
        }
    }
    println!("{}", table.text());
    table.write(&figures());
    table.assert_fine();
}

/// Every scenario once, then random kills until the time is over (`ops/test --chaos MINUTES`).
fn long_form(time: Duration) {
    let end = Instant::now() + time;
    let mut table = Table::default();
    let mut play = |scenario: &Scenario, seed: u64| {
        table.add(scenario.play(seed));
        // After each: who interrupts it keeps what there is.
        table.write(&figures());
    };
    let is_asked = std::env::var_os(ONLY).is_some();
    for scenario in scenarios::all() {
        if !is_asked || wanted(&scenario) {
            play(&scenario, seed());
        }
    }
    let mut random = Random::seeded(seed());
    loop {
        for way in [Way::Directory, Way::Amqp] {
            let scenario = random_kills(way, 12, 60);
            if !is_asked || wanted(&scenario) {
                play(&scenario, u64::try_from(random.below(1_000_000)).expect("it fits"));
            }
        }
        if Instant::now() >= end {
            break;
        }
    }
    println!("{}", table.text());
    table.assert_fine();
}

#[test]
fn the_traffic_has_something_of_everything() {
    for count in [traffic::ALL_SORTS, 60] {
        let expected = undisturbed("directory", "sluis", &traffic::clients(count).concat());
        println!("{count} clients: {}", expected.describe());
        let missing = traffic::missing(&expected);
        assert!(missing.is_empty(), "{count} clients: {missing:?}");
    }
}

/// Each name is passed by a message on its way: a place that nobody passes shows nothing.
#[test]
fn every_failpoint_is_passed() {
    for way in [Way::Amqp, Way::Directory] {
        // A failure that never comes: the daemon only notes what it passes.
        let never = Fault::Trip(Failpoint::BeforeCommit, 1, Action::Delay(0));
        let Some(mut world) = World::new(&Scenario::new("undisturbed", way, vec![never])) else { continue };
        world.arm(Failpoint::BeforeCommit, 1, Action::Delay(0));
        world.until_ready();
        world.feed_rest();
        world.drain();
        let passed = world.passed();
        let passed: BTreeSet<&str> = passed.lines().collect();
        let expected: BTreeSet<&str> =
            Failpoint::ALL.into_iter().filter(|at| passes(way, *at)).map(Failpoint::as_str).collect();
        assert_eq!(passed, expected, "{way:?}");
        world.end();
    }
}

/// Without debug assertions, as in a release build, nothing of failpoints is in the program.
#[test]
fn a_release_build_has_no_failpoints() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/failpoint.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compile = |assertions: &str, folder: &Path| {
        let object = folder.join("failpoint.o");
        let output = Command::new(&rustc)
            .args(["--edition", "2024", "--crate-type", "lib", "--emit", "obj", "-O"])
            .args(["-C", &format!("debug-assertions={assertions}"), "-o"])
            .arg(&object)
            .arg(&source)
            .output()
            .expect("the compiler can be started");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(std::fs::read(&object).expect("the object is there")) } else { Err(said) }
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let object = compile("off", folder.path()).expect("it stands for itself in a release build");
    let holds = |part: &[u8]| object.windows(part.len()).any(|window| window == part);
    assert!(!holds(b"SLUIS_FAILPOINT"), "nothing reads the environment");
    // With them it needs the runtime of the program: so the difference is one of the build and not of this test.
    let said = compile("on", folder.path()).expect_err("with assertions it has what waits");
    assert!(said.contains("tokio"), "{said}");
}
