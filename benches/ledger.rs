//! What a ledger on a server costs next to one in a file: `cargo bench --bench ledger`, with the address of a server in
//! `SLUIS_TEST_POSTGRES` (see `ops/test --serve`).
//!
//! The same messages are judged and stored by the gateway's own code, on both in one run: one after another, so that
//! each pays for its own transaction, and all at once, so that they share them. Times say little on a machine that is
//! not known, and less about the way to another one: every statement is a journey there and back.

#[path = "../tests/e2e/mod.rs"]
mod e2e;

use e2e::ledgers::Schema;
use e2e::traffic::{self, Item};
use futures_util::future::join_all;
use sluis::clock::SystemClock;
use sluis::contract::{Contracts, Policies};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Keys, Ledger, Location, Settings};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHAINS: u32 = 150;
const RUNS: usize = 3;

/// How long a ledger there takes for these messages.
type Work = fn(Location, &[Item]) -> Duration;

fn main() {
    let items = traffic::chains(CHAINS);
    println!("{} messages, best of {RUNS} runs", items.len());
    let modes: [(&str, Work); 2] = [("one after another", one_by_one), ("all at once", all_at_once)];
    for (name, work) in modes {
        let in_file = best(|| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            work(Location::from(folder.path().join("ledger.sqlite")), &items)
        });
        println!("{name}: SQLite      {:>7.0} messages/s", per_second(items.len(), in_file));
        if std::env::var_os("SLUIS_TEST_POSTGRES").is_none() {
            continue;
        }
        let on_server = best(|| {
            let schema = Schema::fresh().expect("there is a server");
            work(schema.location(), &items)
        });
        let ratio = on_server.as_secs_f64() / in_file.as_secs_f64();
        let speed = per_second(items.len(), on_server);
        println!("{name}: PostgreSQL  {speed:>7.0} messages/s, {ratio:.1} times the time");
    }
}

fn one_by_one(location: Location, items: &[Item]) -> Duration {
    run(location, async |gateway| {
        for item in items {
            let prepared = gateway.prepare(incoming(item)).await;
            gateway.commit(prepared).await.expect("the ledger takes everything");
        }
    })
}

fn all_at_once(location: Location, items: &[Item]) -> Duration {
    run(location, async |gateway| {
        let mut prepared = Vec::with_capacity(items.len());
        for item in items {
            prepared.push(gateway.prepare(incoming(item)).await);
        }
        for done in join_all(prepared.into_iter().map(|message| gateway.commit(message))).await {
            done.expect("the ledger takes everything");
        }
    })
}

fn run(location: Location, work: impl AsyncFnOnce(&Gateway)) -> Duration {
    let ledger = Ledger::open(Settings { location, keys: Keys::generate(), max_group: 128 }).expect("a ledger opens");
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
