//! `sluis held`: what waits for a person, and the orders about it. Beside a running gateway an order is left in the ledger
//! for that one to carry out; without one it is carried out here.

use super::{Exit, complain, load_contracts, read};
use crate::clock::{Clock, SystemClock, age};
use crate::config::Config;
use crate::delivery::without_bsn;
use crate::doctor;
use crate::gateway::{Gateway, Options};
use crate::hold::{Action, Order, Outcome};
use crate::ledger::{Done, Hold, Keys, Ledger, Settings};
use crate::telemetry::Telemetry;
use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a command waits for the gateway; it looks for orders twice a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Prints what is held; 0 also when nothing is.
pub(super) fn list(config: &Config, json: bool) -> Exit {
    match read(config, |tx| tx.holds()) {
        Ok(holds) => {
            let now = SystemClock.now();
            if json {
                println!("{}", Value::from(holds.iter().map(|hold| as_json(hold, now)).collect::<Vec<_>>()));
            } else {
                print!("{}", as_text(&holds, now));
            }
            Exit::Accepted
        }
        Err(error) => complain(&format!("the ledger cannot be read: {error:#}")),
    }
}

/// Gives an order and prints what became of it; 0 when it was done or had been done before, 1 when not, 2 when nobody
/// could be asked.
pub(super) fn give(config: &Config, message_id: i64, action: Action, reason: &str, by: Option<String>) -> Exit {
    let by = match super::orderer(by, reason) {
        Ok(by) => by,
        Err(exit) => return exit,
    };
    let order = Order { message_id, action, reason: reason.to_owned(), by };
    match carry_out(config, &order) {
        Ok(Some(Done { outcome, answer })) => {
            println!("{answer}");
            match outcome {
                Outcome::Released | Outcome::Withdrawn | Outcome::Repeated => Exit::Accepted,
                Outcome::Rejected | Outcome::Refused => Exit::Rejected,
            }
        }
        Ok(None) => {
            println!(
                "the gateway did not carry it out within {} s; the order stays in the ledger and is carried out as soon as \
                 the gateway gets to it. Look at `sluis held list` and at the log of the gateway",
                PATIENCE.as_secs()
            );
            Exit::Rejected
        }
        Err(error) => complain(&format!("the order was not given: {error:#}")),
    }
}

fn carry_out(config: &Config, order: &Order) -> anyhow::Result<Option<Done>> {
    let location = &config.ledger.location;
    let keys = Keys::load(&config.ledger.key_file)?;
    let Some(path) = location.file() else {
        // Any of the gateways on a server carries it out.
        return beside(Ledger::open_beside(location, keys)?, order);
    };
    // A lock on a ledger that is not there would make a folder look like one that is in use.
    anyhow::ensure!(path.exists(), "there is no ledger {location}; check the path in [ledger]");
    match crate::app::try_lock(path)? {
        None => beside(Ledger::open_beside(location, keys)?, order),
        Some(lock) => {
            let ledger = Ledger::open(Settings { location: location.clone(), keys, max_group: 1 })?;
            let done = alone(config, &ledger, order)?;
            ledger.close()?;
            drop(lock);
            Ok(done)
        }
    }
}

/// Leaves the order for the gateway and waits for what becomes of it.
fn beside(ledger: Ledger, order: &Order) -> anyhow::Result<Option<Done>> {
    let (order, now) = (order.clone(), SystemClock.now());
    let order_id = ledger.run_blocking(move |tx| tx.give_order(&order, now))?;
    let since = Instant::now();
    let mut done = None;
    while done.is_none() && since.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_AGAIN);
        done = ledger.run_blocking(move |tx| tx.order(order_id))?.and_then(|ordered| ordered.done);
    }
    ledger.close()?;
    Ok(done)
}

/// Carries the order out by the gateway's own code.
fn alone(config: &Config, ledger: &Ledger, order: &Order) -> anyhow::Result<Option<Done>> {
    let gateway = gateway(config, ledger)?;
    let (order, now) = (order.clone(), SystemClock.now());
    let order_id = ledger.run_blocking(move |tx| tx.give_order(&order, now))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("failed to start the runtime")?;
    runtime.block_on(gateway.carry_out_orders())?;
    Ok(ledger.run_blocking(move |tx| tx.order(order_id))?.and_then(|ordered| ordered.done))
}

/// The gateway of a configuration, to carry out orders while none runs.
pub(super) fn gateway(config: &Config, ledger: &Ledger) -> anyhow::Result<Gateway> {
    let contracts = load_contracts(config).map_err(|faults| anyhow::anyhow!(faults.join("\n")))?;
    let telemetry = Telemetry::new(&config.gateway.name);
    let options = Options { waiting_room: config.waiting_room, unknown_question: config.unknown_question };
    let (limits, clock) = (crate::app::limits(config), Arc::new(SystemClock));
    Ok(Gateway::new(&config.gateway.name, limits, contracts, ledger.clone(), clock, &telemetry, options))
}

fn as_json(hold: &Hold, now: Timestamp) -> Value {
    json!({
        "id": hold.message_id,
        "kind": hold.kind.to_string(),
        "identification": without_bsn(&hold.identificatie),
        "gemeente": hold.gemeente,
        "aanbieder": hold.aanbieder,
        "held_at": hold.held_at.to_string(),
        "age_seconds": age(hold.held_at, now).as_secs(),
        "behind": hold.behind,
        "reasons": hold.reasons,
    })
}

fn as_text(holds: &[Hold], now: Timestamp) -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    if holds.is_empty() {
        return "Nothing is held.\n".to_owned();
    }
    let mut out = String::new();
    for hold in holds {
        let (id, kind, identification) = (hold.message_id, hold.kind, without_bsn(&hold.identificatie));
        let (gemeente, aanbieder, age) = (&hold.gemeente, &hold.aanbieder, doctor::age(age(hold.held_at, now)));
        writeln!(out, "{id}  {kind} {identification} from {gemeente} to {aanbieder}, held for {age}")
            .expect(INFALLIBLE);
        for reason in &hold.reasons {
            writeln!(out, "    {}: {}", reason.check, reason.nl).expect(INFALLIBLE);
        }
        if let Some(behind) = hold.behind {
            writeln!(out, "    waits behind message {behind}, which is about the same allocation").expect(INFALLIBLE);
        }
        if hold.behind.is_none() && hold.reasons.is_empty() {
            writeln!(out, "    held before reasons were kept; see the signal that its municipality got")
                .expect(INFALLIBLE);
        }
    }
    let count = holds.len();
    writeln!(out, "\n{count} held. sluis held release ID --reason TEXT, or sluis held withdraw ID --reason TEXT")
        .expect(INFALLIBLE);
    out
}
