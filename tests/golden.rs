//! Golden messages: what goes in, and all that comes of it, judged in order on a ledger in memory with the register of
//! the Achterhoek.
//!
//! What the standard says must happen is written out at each step and checked on the documents themselves; the
//! snapshots pin the rest (texts, figures, bytes), so that no change of them goes unseen.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of the shared modules")]

/// Declares the scenarios of a file: a name, the laws it is played for, and the messages.
macro_rules! scenarios {
    ($( $name:ident on $laws:ident $body:expr; )+) => {
        /// The scenarios of this file.
        pub(crate) const SCENARIOS: &[crate::scenarios::Scenario] = &[$( (stringify!($name), $laws, $body) ),+];
    };
}

#[path = "golden/answers.rs"]
mod answers;
#[path = "golden/changes.rs"]
mod changes;
#[path = "golden/deliver.rs"]
mod deliver;
#[path = "golden/faults.rs"]
mod faults;
#[path = "golden/level2.rs"]
mod level2;
#[path = "golden/replies.rs"]
mod replies;
#[path = "golden/requests.rs"]
mod requests;
#[path = "golden/scenarios.rs"]
mod scenarios;
#[path = "golden/stops.rs"]
mod stops;
#[path = "golden/support.rs"]
mod support;

use deliver::Lock;
use scenarios::Scenario;
use sluis::message::Law;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use support::Sample;

/// The scenarios of every file.
fn all() -> impl Iterator<Item = &'static Scenario> {
    [
        scenarios::SCENARIOS,
        level2::SCENARIOS,
        changes::SCENARIOS,
        stops::SCENARIOS,
        requests::SCENARIOS,
        faults::SCENARIOS,
        replies::SCENARIOS,
        answers::SCENARIOS,
    ]
    .into_iter()
    .flatten()
}

/// One test for all scenarios of a law: its schemas are compiled once, which takes longer than all of the judging.
fn play(law: Law) {
    let mut failed = Vec::new();
    for (name, laws, scenario) in all().filter(|(_, laws, _)| laws.contains(&law)) {
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut lock = Lock::new(law);
            scenario(&mut lock, &Sample::of(law));
            lock.close(name);
        }));
        if played.is_err() {
            failed.push((name, laws));
        }
    }
    assert!(failed.is_empty(), "scenarios that went otherwise, see above: {failed:?}");
}

#[test]
fn scenarios_of_the_wmo() {
    play(Law::Wmo);
}

#[test]
fn scenarios_of_the_jeugdwet() {
    play(Law::Jeugdwet);
}

/// A snapshot that no scenario writes any more tells of behaviour that nobody checks.
#[test]
fn every_snapshot_belongs_to_a_scenario() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/snapshots");
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the snapshots are there") {
        let name = entry.expect("the folder can be read").file_name().into_string().expect("names are plain");
        assert!(name.ends_with(".snap"), "{name}: a snapshot that was not reviewed");
        files.insert(name.trim_end_matches(".snap").to_owned());
    }
    let expected: BTreeSet<String> =
        all().flat_map(|(name, laws, _)| laws.iter().map(move |law| format!("{name}-{law}"))).collect();
    assert_eq!(files, expected);
}
