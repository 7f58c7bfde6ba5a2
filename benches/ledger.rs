//! What a ledger on a server costs next to one in a file: `cargo bench --bench ledger`, with the address of a server in
//! `SLUIS_TEST_POSTGRES` (see `ops/test --serve`).
//!
//! The same messages are judged and stored by the gateway's own code, on both in one run: one after another, so that
//! each pays for its own transaction, and all at once, so that they share them. Times say little on a machine that is
//! not known, and less about the way to another one: every statement is a journey there and back.
//!
//! Then what the pages of staff cost the messages: the same once more on a ledger without the indexes that came with
//! orders, search, retention and the console (migrations 17 to 20), and on one that notes nothing for search either. That
//! is the baseline; runs of the three take turns.

#[path = "../tests/e2e/mod.rs"]
mod e2e;

use e2e::ledgers;
use e2e::traffic::{self, Item};
use futures_util::future::join_all;
use sluis::clock::SystemClock;
use sluis::contract::{Contracts, Policies};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Keys, Ledger, Location, Settings};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHAINS: u32 = 150;
const RUNS: usize = 3;
/// Runs of each ledger where small differences are looked for.
const TURNS: usize = 7;

/// The steps of the schema whose indexes are measured.
const STEPS: [&str; 4] = [
    include_str!("../src/ledger/migrations/0017_orders.sql"),
    include_str!("../src/ledger/migrations/0018_search.sql"),
    include_str!("../src/ledger/migrations/0019_retention.sql"),
    include_str!("../src/ledger/migrations/0020_console.sql"),
];
/// Tables that only search reads.
const OF_SEARCH: [&str; 2] = ["mentions", "subjects"];

/// How long a ledger there takes for these messages.
type Work = fn(Location, Keys, &[Item]) -> Duration;

fn main() {
    let items = traffic::chains(CHAINS);
    println!("{} messages, best of {RUNS} runs", items.len());
    let modes: [(&str, Work); 2] = [("one after another", one_by_one), ("all at once", all_at_once)];
    for (name, work) in modes {
        let in_file = best(|| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            work(Location::from(folder.path().join("ledger.sqlite")), Keys::generate(), &items)
        });
        println!("{name}: SQLite      {:>7.0} messages/s", per_second(items.len(), in_file));
        if std::env::var_os("SLUIS_TEST_POSTGRES").is_none() {
            continue;
        }
        let on_server = best(|| {
            let schema = ledgers::Schema::fresh().expect("there is a server");
            work(schema.location(), Keys::generate(), &items)
        });
        let ratio = on_server.as_secs_f64() / in_file.as_secs_f64();
        let speed = per_second(items.len(), on_server);
        println!("{name}: PostgreSQL  {speed:>7.0} messages/s, {ratio:.1} times the time");
    }
    println!("{} indexes of migrations 17 to 20, median of {TURNS} turns", indexes().len());
    for (name, work) in modes {
        measure_indexes(&items, name, work, false);
        if std::env::var_os("SLUIS_TEST_POSTGRES").is_some() {
            measure_indexes(&items, name, work, true);
        }
    }
}

/// A ledger as it is, and what is taken from it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Schema {
    Current,
    WithoutIndexes,
    WithoutSearch,
}

impl Schema {
    const ALL: [Schema; 3] = [Schema::WithoutSearch, Schema::WithoutIndexes, Schema::Current];

    fn name(self) -> &'static str {
        match self {
            Schema::WithoutSearch => "without these indexes and rows for search",
            Schema::WithoutIndexes => "without these indexes",
            Schema::Current => "as it is",
        }
    }

    /// What makes it so, in a schema of a server or in a file.
    fn sql(self, schema: Option<&str>) -> String {
        let within = schema.map(|schema| format!("\"{schema}\".")).unwrap_or_default();
        let mut steps = Vec::new();
        if self != Schema::Current {
            steps.extend(indexes().into_iter().map(|index| format!("DROP INDEX {within}{index}")));
        }
        if self == Schema::WithoutSearch {
            steps.extend(OF_SEARCH.map(|table| match schema {
                Some(_) => format!("CREATE RULE nothing AS ON INSERT TO {within}{table} DO INSTEAD NOTHING"),
                None => format!("CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END"),
            }));
        }
        steps.join(";\n")
    }
}

/// Names of the indexes that these steps make.
fn indexes() -> BTreeSet<&'static str> {
    let lines = STEPS.into_iter().flat_map(str::lines).filter(|line| line.starts_with("CREATE INDEX"));
    lines.filter_map(|line| line.split(" ON ").next()?.split(' ').next_back()).collect()
}

fn open(location: Location, keys: Keys) -> Ledger {
    Ledger::open(Settings { location, keys, max_group: 128 }).expect("a ledger opens")
}

/// What the indexes cost, on one database: three ledgers that take turns, each fresh every time.
fn measure_indexes(items: &[Item], name: &str, work: Work, on_server: bool) {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        for (schema, times) in Schema::ALL.into_iter().zip(&mut times) {
            let keys = Keys::generate();
            if on_server {
                let place = ledgers::Schema::fresh().expect("there is a server");
                open(place.location(), keys.clone()).close().expect("it closes");
                ledgers::run(&schema.sql(Some(place.name())));
                times.push(work(place.location(), keys, items));
            } else {
                let folder = tempfile::tempdir().expect("a temporary folder can be made");
                let file = folder.path().join("ledger.sqlite");
                open(Location::from(file.clone()), keys.clone()).close().expect("it closes");
                let connection = rusqlite::Connection::open(&file).expect("the file opens");
                connection.execute_batch(&schema.sql(None)).expect("indexes can be dropped");
                drop(connection);
                times.push(work(Location::from(file), keys, items));
            }
        }
    }
    let baseline = median(&mut times[0]);
    let database = if on_server { "PostgreSQL" } else { "SQLite" };
    for (schema, times) in Schema::ALL.into_iter().zip(&mut times) {
        let time = median(times);
        let (speed, ratio) = (per_second(items.len(), time), time.as_secs_f64() / baseline.as_secs_f64());
        println!("{name}: {database:<10}  {:<41} {speed:>7.0} messages/s, {ratio:.2} times the time", schema.name());
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn one_by_one(location: Location, keys: Keys, items: &[Item]) -> Duration {
    run(location, keys, async |gateway| {
        for item in items {
            let prepared = gateway.prepare(incoming(item)).await;
            gateway.commit(prepared).await.expect("the ledger takes everything");
        }
    })
}

fn all_at_once(location: Location, keys: Keys, items: &[Item]) -> Duration {
    run(location, keys, async |gateway| {
        let mut prepared = Vec::with_capacity(items.len());
        for item in items {
            prepared.push(gateway.prepare(incoming(item)).await);
        }
        for done in join_all(prepared.into_iter().map(|message| gateway.commit(message))).await {
            done.expect("the ledger takes everything");
        }
    })
}

fn run(location: Location, keys: Keys, work: impl AsyncFnOnce(&Gateway)) -> Duration {
    let ledger = open(location, keys);
    let register = sluis::contract::load(&e2e::daemon::region()).expect("the sample register has no faults");
    let contracts = Contracts::new(vec![Arc::new(register)], Policies::default());
    let (telemetry, clock) = (Telemetry::new("bench"), Arc::new(SystemClock));
    let options = Options::default();
    let gateway = Gateway::new("bench", Limits::default(), contracts, ledger.clone(), clock, &telemetry, options);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    let start = Instant::now();
    runtime.block_on(work(&gateway));
    let time = start.elapsed();
    drop(gateway);
    ledger.close().expect("it closes");
    time
}

fn incoming(item: &Item) -> Incoming {
    Incoming { transport: "directory", transport_id: item.name.clone(), identity: None, bytes: item.bytes.clone() }
}

fn best(mut work: impl FnMut() -> Duration) -> Duration {
    (0..RUNS).map(|_| work()).min().expect("there are runs")
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred messages")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
