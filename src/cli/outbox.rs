//! `sluis outbox`: what is to leave, what was refused, how the destinations stand; and sending again. Works beside a
//! running gateway, which finds the rows due at its next look, and without one.

use super::{Exit, complain, read};
use crate::clock::{Clock, SystemClock, age};
use crate::config::Config;
use crate::delivery::breaker::{Breaker, Breakers, State};
use crate::delivery::destination_names;
use crate::doctor;
use crate::ledger::{Bound, Keys, Ledger, Resend, Resent, Row, RowState};
use crate::view::deliveries;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use uuid::Uuid;

const INFALLIBLE: &str = "writing to a string cannot fail";

/// What to list.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// Only what goes to this destination: directory, amqp, or http with the code of a municipality ("http 0197")
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// Only what is waiting, refused or sent; otherwise what is waiting or refused
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    state: Option<RowState>,
    /// Most rows of a state; of those sent the latest
    #[arg(long, value_name = "N", default_value_t = 500)]
    limit: u32,
    /// Print one JSON list
    #[arg(long)]
    json: bool,
}

/// What to send again, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Again {
    /// Rows, by their id as in `sluis outbox list`
    #[arg(long, value_name = "UUID", num_args = 1.., required_unless_present = "destination", conflicts_with = "destination")]
    id: Vec<Uuid>,
    /// All refused rows of this destination; those that wait are tried at once
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// Why; it stays in the audit trail, so it must name no client by number
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who; otherwise the login
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

fn parse_state(word: &str) -> Result<RowState, String> {
    RowState::parse(word).ok_or_else(|| "use waiting, refused or sent".to_owned())
}

/// Prints rows; 0 also when there are none.
pub(super) fn list(config: &Config, asked: &Asked) -> Exit {
    let bound = match asked.destination.as_deref().map(|name| bound(config, name)).transpose() {
        Ok(bound) => bound,
        Err(fault) => return complain(&fault),
    };
    let states = asked.state.map_or_else(|| vec![RowState::Refused, RowState::Waiting], |state| vec![state]);
    let limit = asked.limit;
    let rows = read(config, move |tx| {
        let mut rows = Vec::new();
        for state in states {
            rows.extend(tx.outbox_rows(state, bound.as_ref(), limit)?);
        }
        Ok(rows)
    });
    match rows {
        Ok(rows) if asked.json => {
            println!("{}", Value::from(rows.iter().map(|row| as_json(config, row)).collect::<Vec<_>>()));
            Exit::Accepted
        }
        Ok(rows) => {
            print!("{}", as_text(config, &rows, SystemClock.now()));
            Exit::Accepted
        }
        Err(error) => complain(&format!("the ledger cannot be read: {error:#}")),
    }
}

/// Makes rows due again; 0 when some are, 1 when none is, 2 when the ledger could not be changed.
pub(super) fn retry(config: &Config, again: Again) -> Exit {
    let by = match super::orderer(again.by, &again.reason) {
        Ok(by) => by,
        Err(exit) => return exit,
    };
    let order = Resend { reason: again.reason, by, at: SystemClock.now() };
    let resent = if let Some(name) = again.destination {
        match bound(config, &name) {
            Ok(bound) => write(config, move |tx| tx.resend_all(&name, &bound, &order)),
            Err(fault) => return complain(&fault),
        }
    } else {
        let mut ids = again.id;
        ids.sort();
        ids.dedup();
        write(config, move |tx| tx.resend(&ids, &order))
    };
    match resent {
        Ok(resent) => told(&resent),
        Err(error) => complain(&format!("the ledger could not be changed: {error:#}")),
    }
}

/// Prints how each destination stands; 0 when all are closed, 1 when one is not.
pub(super) fn breakers(config: &Config, json: bool) -> Exit {
    match read(config, |tx| tx.breakers()) {
        Ok(breakers) => {
            let now = SystemClock.now();
            let names = destination_names(config);
            if json {
                let all = names.iter().map(|name| breaker_json(name, breakers.0.get(name), now));
                println!("{}", Value::from(all.collect::<Vec<_>>()));
            } else {
                print!("{}", breakers_text(&names, &breakers, now));
            }
            let trips = names.iter().any(|name| breakers.tripped(name).is_some());
            if trips { Exit::Rejected } else { Exit::Accepted }
        }
        Err(error) => complain(&format!("the ledger cannot be read: {error:#}")),
    }
}

/// Which rows go to a destination.
fn bound(config: &Config, name: &str) -> Result<Bound, String> {
    deliveries::bound(config, name)
        .ok_or_else(|| format!("there is no destination {name}: use one of {}", destination_names(config).join(", ")))
}

fn destination(config: &Config, row: &Row) -> String {
    deliveries::destination_of(config, row.purpose, &row.receiver)
}

fn write<T: Send + 'static>(
    config: &Config,
    job: impl FnOnce(&mut crate::ledger::Tx<'_>) -> Result<T, crate::ledger::LedgerError> + Send + 'static,
) -> anyhow::Result<T> {
    let ledger = Ledger::open_beside(&config.ledger.location, Keys::load(&config.ledger.key_file)?)?;
    let done = ledger.run_blocking(job)?;
    ledger.close()?;
    Ok(done)
}

fn as_json(config: &Config, row: &Row) -> Value {
    json!({
        "id": row.id.to_string(),
        "destination": destination(config, row),
        "purpose": row.purpose.as_str(),
        "subject": row.subject,
        "receiver": row.receiver,
        "state": row.state.as_str(),
        "created_at": row.created_at.to_string(),
        "ended_at": row.ended_at.map(|at| at.to_string()),
        "due_at": row.due_at.map(|at| at.to_string()),
        "attempts": row.attempts,
        "class": row.class.map(crate::delivery::class::Class::as_str),
        "reason": row.reason,
    })
}

fn as_text(config: &Config, rows: &[Row], now: Timestamp) -> String {
    if rows.is_empty() {
        return "Nothing.\n".to_owned();
    }
    let mut out = String::new();
    for row in rows {
        let (id, purpose, subject, state) = (row.id, row.purpose.as_str(), &row.subject, row.state.as_str());
        let receiver = if row.receiver.is_empty() { "an unknown receiver" } else { &row.receiver };
        let since = doctor::age(age(row.ended_at.unwrap_or(row.created_at), now));
        let (by, attempts) = (destination(config, row), row.attempts);
        let s = if attempts == 1 { "" } else { "s" };
        writeln!(out, "{id}  {state} for {since}: {purpose} {subject} to {receiver} by {by}, {attempts} attempt{s}")
            .expect(INFALLIBLE);
        if let (Some(class), Some(reason)) = (row.class, &row.reason) {
            writeln!(out, "    {reason} ({class})").expect(INFALLIBLE);
        }
    }
    let refused = rows.iter().filter(|row| row.state == RowState::Refused).count();
    writeln!(out, "\n{} rows, {refused} refused.", rows.len()).expect(INFALLIBLE);
    if refused > 0 {
        out.push_str("sluis outbox retry --id UUID --reason TEXT sends one again, once its cause is gone\n");
    }
    out
}

fn told(resent: &Resent) -> Exit {
    for id in &resent.unknown {
        println!("{id}: no row of the outbox has this id");
    }
    for id in &resent.sent {
        println!("{id}: the other side has it already; nothing was changed");
    }
    let again = resent.again.len();
    if again > 0 {
        println!("{again} refused rows are due again, under the same ids and with the same bytes");
    }
    if resent.sooner > 0 {
        println!("{} rows that wait are tried as soon as their turn comes", resent.sooner);
    }
    if resent.probe {
        println!(
            "the breaker was open: one row goes now to see whether the destination works, and the others follow it"
        );
    }
    if again > 0 || resent.sooner > 0 || resent.probe {
        return Exit::Accepted;
    }
    println!("nothing was waiting or refused");
    Exit::Rejected
}

fn breaker_json(name: &str, breaker: Option<&Breaker>, now: Timestamp) -> Value {
    let quiet = Breaker::new(now);
    let shown = breaker.unwrap_or(&quiet);
    let trips = shown.state != State::Closed;
    json!({
        "destination": name,
        "state": shown.state.as_str(),
        "since": breaker.map(|breaker| breaker.since.to_string()),
        "failures": shown.failures,
        "tries": shown.tries,
        "next_try": trips.then(|| shown.next_try.to_string()),
        "ramp": shown.ramp,
        "class": shown.class.map(crate::delivery::class::Class::as_str),
        "reason": shown.reason,
    })
}

fn breakers_text(names: &[String], breakers: &Breakers, now: Timestamp) -> String {
    let mut out = String::new();
    for name in names {
        let Some(breaker) = breakers.tripped(name) else {
            let ramp = breakers.0.get(name).and_then(|breaker| breaker.ramp);
            let state = ramp.map_or_else(String::new, |ramp| format!(", coming back: {ramp} rows at a time"));
            writeln!(out, "{name}  closed{state}").expect(INFALLIBLE);
            continue;
        };
        let (state, since) = (breaker.state.as_str(), doctor::age(age(breaker.since, now)));
        let next = match breaker.state {
            State::HalfOpen => "a probe is under way".to_owned(),
            State::Open | State::Closed if breaker.next_try <= now => "a probe may go".to_owned(),
            State::Open | State::Closed => format!("a probe may go in {}", doctor::age(age(now, breaker.next_try))),
        };
        writeln!(out, "{name}  {state} for {since}, {next}").expect(INFALLIBLE);
        if let (Some(class), Some(reason)) = (breaker.class, &breaker.reason) {
            writeln!(out, "    {reason} ({class})").expect(INFALLIBLE);
        }
    }
    out
}
