//! `sluis ledger`: proves that a ledger is whole, hands it over, copies it, and changes its keys. Beside a running gateway
//! or without one, but for the person key.

use super::{Exit, WithConfig, load_config};
use crate::clock::Clock;
use crate::config::Config;
use crate::hold::check_words;
use crate::ledger::{
    self, Head, KeySort, Keys, Ledger, LedgerError, Location, Rotation, Scope, Settings, Tx, Verified,
};
use crate::message::Date;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a busy ledger is tried again.
const PATIENCE: Duration = Duration::from_mins(1);
/// What a running gateway gets at least between two portions.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Examine the whole ledger: the chain of the audit trail, every message against it, every body, every sum, every
    /// reference; exit 1 when something does not add up, 2 when it cannot be looked at
    Verify(Verify),
    /// Write audit trail, messages, verdicts, deliveries and money to a new folder, as JSON Lines with a manifest
    Export(Export),
    /// Copy an SQLite ledger to a new file while the gateway runs, and look at the copy
    Backup {
        /// The new file; only its owner may read it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        config: WithConfig,
    },
    /// The keys of the ledger: which there are, adding one, taking one out
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Put the latest body key of the key file in force and seal old bodies with it, in portions; interrupted, it goes on
    /// where it was
    Rotate {
        /// Carry the persons that the ledger knows to the next person key instead; the gateway must be stopped
        #[arg(long)]
        persons: bool,
        #[command(flatten)]
        config: WithConfig,
    },
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    config: WithConfig,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A head that was noted down before, as printed: NUMBER:HASH. Shows that the trail was not written anew
    #[arg(long = "head", value_name = "HEAD")]
    heads: Vec<Head>,
    /// Examine this copy of the ledger instead, with the key file of the configuration
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    file: Option<PathBuf>,
    /// Examine an export instead; needs neither ledger nor key
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The new folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// From this day on (YYYY-MM-DD, a Dutch day)
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Up to and with this day
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Also the bodies of messages and of what left because of them: they hold persons
    #[arg(long, requires = "reason")]
    with_bodies: bool,
    /// Why bodies are needed; it stays in the audit trail, so it must name no client by number
    #[arg(long, value_name = "TEXT", requires = "with_bodies")]
    reason: Option<String>,
    /// Who; otherwise the login
    #[arg(long, value_name = "NAME", requires = "with_bodies")]
    by: Option<String>,
    #[command(flatten)]
    config: WithConfig,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// The keys of the file and of the ledger, and how many bodies are sealed with each
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: WithConfig,
    },
    /// Add a fresh key to the key file; `sluis ledger rotate` puts it in force
    Add {
        /// A key that persons are known by, instead of one that bodies are sealed with
        #[arg(long)]
        person: bool,
        #[command(flatten)]
        config: WithConfig,
    },
    /// Take a body key that nothing is sealed with any more out of the key file
    Retire {
        /// Its number, as in `sluis ledger keys list`
        key: ledger::KeyId,
        #[command(flatten)]
        config: WithConfig,
    },
}

/// Runs a command; what went wrong is printed.
pub(super) fn run(command: LedgerCommand, clock: &dyn Clock) -> Exit {
    let with = |WithConfig { config }: WithConfig, work: &dyn Fn(&Config) -> anyhow::Result<Exit>| {
        load_config(&config).map_or_else(|exit| exit, |config| told(work(&config)))
    };
    match command {
        LedgerCommand::Verify(Verify { export: Some(folder), heads, json, .. }) => {
            told(verify_export(&folder, &heads, json))
        }
        LedgerCommand::Verify(Verify { config, json, heads, file, export: None }) => with(config, &|config| {
            let place = file.clone().map_or_else(|| config.ledger.location.clone(), Location::File);
            verify(&place, &config.ledger.key_file, &heads, json)
        }),
        LedgerCommand::Export(Export { out, since, until, with_bodies, reason, by, config }) => {
            let scope = Scope { since, until, with_bodies };
            with(config, &|config| export(config, &out, &scope, reason.as_deref(), by.as_deref(), clock))
        }
        LedgerCommand::Backup { out, config } => with(config, &|config| backup(config, &out)),
        LedgerCommand::Keys(KeysCommand::List { json, config }) => with(config, &|config| list_keys(config, json)),
        LedgerCommand::Keys(KeysCommand::Add { person, config }) => {
            with(config, &|config| add_key(config, if person { KeySort::Person } else { KeySort::Body }))
        }
        LedgerCommand::Keys(KeysCommand::Retire { key, config }) => with(config, &|config| retire(config, key, clock)),
        LedgerCommand::Rotate { persons: true, config } => with(config, &|config| carry_persons(config, clock)),
        LedgerCommand::Rotate { persons: false, config } => with(config, &|config| rotate(config, clock)),
    }
}

fn told(outcome: anyhow::Result<Exit>) -> Exit {
    outcome.unwrap_or_else(|error| {
        eprintln!("sluis: {error:#}");
        Exit::Usage
    })
}

/// Runs a job on one moment of the ledger, beside whoever else uses it.
fn reading<T: Send + 'static>(
    place: &Location,
    key_file: &Path,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
) -> anyhow::Result<T> {
    let ledger = Ledger::open_to_read(place, Keys::load(key_file)?)?;
    let result = ledger.run_blocking(job)?;
    ledger.close()?;
    Ok(result)
}

/// Opens the ledger to write to it, beside a gateway or without one.
fn writing(config: &Config) -> anyhow::Result<Ledger> {
    Ok(Ledger::open_beside(&config.ledger.location, Keys::load(&config.ledger.key_file)?)?)
}

fn verify(place: &Location, key_file: &Path, heads: &[Head], json: bool) -> anyhow::Result<Exit> {
    let heads = heads.to_vec();
    let verified = reading(place, key_file, move |tx| tx.verify(&heads)).context("the ledger cannot be examined")?;
    Ok(print_verified(&format!("Ledger {place}"), &verified, json))
}

fn verify_export(folder: &Path, heads: &[Head], json: bool) -> anyhow::Result<Exit> {
    let verified = ledger::verify_export(folder, heads).context("the export cannot be examined")?;
    Ok(print_verified(&format!("Export {}", folder.display()), &verified, json))
}

fn print_verified(name: &str, verified: &Verified, json: bool) -> Exit {
    let sound = verified.faults.is_empty();
    let head = verified.head.map(|head| head.to_string());
    if json {
        let object = json!({
            "sound": sound,
            "head": head,
            "audit_rows": verified.audit_rows,
            "messages": verified.messages,
            "bodies": verified.bodies,
            "faults": verified.faults,
            "counts": verified.counts,
        });
        println!("{object}");
    } else {
        println!("{name}: {}", if sound { "sound" } else { "NOT SOUND" });
        println!("  audit rows  {}", verified.audit_rows);
        println!("  messages    {}", verified.messages);
        for (key, count) in &verified.bodies {
            println!("  bodies      {count} sealed with key {key}");
        }
        for (index, fault) in verified.faults.iter().enumerate() {
            println!("{}. {}: {}: {}", index + 1, fault.check, fault.place, fault.what);
        }
        let named = verified.faults.len() as u64;
        if verified.count() > named {
            println!("and {} more", verified.count() - named);
        }
        if !sound {
            println!(
                "Stop the gateway, keep a copy of the files as evidence, and restore the latest backup that is sound \
                 (docs/backup.md)."
            );
        }
        if let Some(head) = head {
            println!("Note down the head of the trail somewhere else, and hand it in next time: --head {head}");
        }
    }
    if sound { Exit::Accepted } else { Exit::Rejected }
}

fn export(
    config: &Config,
    out: &Path,
    scope: &Scope,
    reason: Option<&str>,
    by: Option<&str>,
    clock: &dyn Clock,
) -> anyhow::Result<Exit> {
    if let (Some(since), Some(until)) = (scope.since, scope.until) {
        anyhow::ensure!(since <= until, "--since {since} lies after --until {until}: turn them round");
    }
    anyhow::ensure!(
        out.symlink_metadata().is_err(),
        "{} is there already and is left alone; name another folder",
        out.display()
    );
    if let Some(reason) = reason {
        note_bodies_taken(config, scope, reason, by, clock)?;
    }
    let (scope, folder) = (scope.clone(), out.to_owned());
    // A file that cannot be written is no fault of the ledger: its job ends well, with that as its outcome.
    let exported =
        reading(&config.ledger.location, &config.ledger.key_file, move |tx| Ok(ledger::export(tx, &scope, &folder)))?
            .context("nothing was exported")?;
    for (file, rows) in &exported.rows {
        println!("  {file:<28} {rows}");
    }
    println!("Export {}: SHA-256 of its manifest {}", out.display(), hex::encode(exported.digest));
    if let Some(head) = exported.head {
        println!("Its trail ends at {head}; `sluis ledger verify --export {}` examines it.", out.display());
    }
    Ok(Exit::Accepted)
}

/// Before the first body leaves the ledger its trail says who took it and why.
fn note_bodies_taken(
    config: &Config,
    scope: &Scope,
    reason: &str,
    by: Option<&str>,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let by = by.map(str::to_owned).or_else(super::user);
    let by = by.context("nobody knows who takes these bodies: name yourself with --by")?;
    for (what, words) in [("reason", reason), ("name", by.as_str())] {
        check_words(what, words).map_err(anyhow::Error::msg)?;
    }
    let (scope, reason, now) = (scope.clone(), reason.to_owned(), clock.now());
    let ledger = writing(config)?;
    ledger.run_blocking(move |tx| tx.audit_bodies_exported(&by, &reason, &scope, now))?;
    Ok(ledger.close()?)
}

fn backup(config: &Config, out: &Path) -> anyhow::Result<Exit> {
    let Some(path) = config.ledger.location.file() else {
        anyhow::bail!(
            "the ledger is on a PostgreSQL server, which is copied with its own tools: `pg_dump`, or base backups with an \
             archive of its log (docs/ledger.md). Keep the key file with it, in another place"
        )
    };
    let keys = Keys::load(&config.ledger.key_file)?;
    let made = ledger::backup(path, &keys, out).context("no copy was made")?;
    println!("{}: {} bytes, a copy of {}", out.display(), made.bytes, path.display());
    if let Some(head) = made.head {
        println!("Its trail ends at {head}: note that down somewhere else.");
    }
    println!(
        "To restore: stop the gateway, move {} and its -wal and -shm away, copy this file to its place, run `sluis doctor` \
         and `sluis ledger verify`, start the gateway (docs/backup.md). It is of no use without the key file.",
        path.display()
    );
    for fault in &made.faults {
        println!("{}: {}: {}", fault.check, fault.place, fault.what);
    }
    if !made.faults.is_empty() {
        println!("The copy was made and does not add up: look at the ledger with `sluis ledger verify`.");
        return Ok(Exit::Rejected);
    }
    Ok(Exit::Accepted)
}

fn list_keys(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let keys = Keys::load(&config.ledger.key_file)?;
    let (states, in_force, bodies, rotation) = reading(&config.ledger.location, &config.ledger.key_file, |tx| {
        Ok((tx.key_states()?, tx.in_force()?, tx.bodies_by_key()?, tx.rotation()?))
    })?;
    let mut rows = Vec::new();
    for sort in KeySort::ALL {
        let mut ids: Vec<_> = keys.ids(sort).collect();
        ids.extend(states.iter().filter(|state| state.sort == sort).map(|state| state.id));
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let known = states.iter().find(|state| (state.sort, state.id) == (sort, id));
            let state = match known {
                _ if id == in_force.of(sort) => "in force",
                None => "added",
                Some(known) if known.retired_at.is_some() => "retired",
                Some(_) => "earlier",
            };
            let sealed = (sort == KeySort::Body).then(|| bodies.get(&Some(id)).copied().unwrap_or(0));
            rows.push(json!({
                "sort": sort.as_str(),
                "key": id,
                "state": state,
                "in_file": keys.ids(sort).any(|found| found == id),
                "since": known.map(|known| known.since.to_string()),
                "bodies": sealed,
            }));
        }
    }
    let unknown = bodies.get(&None).copied().unwrap_or(0);
    let unfinished = rotation.filter(|rotation| rotation.finished_at.is_none());
    if json {
        println!("{}", json!({ "keys": rows, "unopened": unknown, "rotation_unfinished": unfinished.is_some() }));
        return Ok(Exit::Accepted);
    }
    for row in &rows {
        let (sort, state) = (row["sort"].as_str().unwrap_or_default(), row["state"].as_str().unwrap_or_default());
        let sealed = row["bodies"].as_u64().map_or_else(String::new, |count| format!(", {count} bodies"));
        let missing = if row["in_file"] == true || state == "retired" { "" } else { ", NOT IN THE KEY FILE" };
        println!("{sort:<8}{:<4}{state}{sealed}{missing}", row["key"].to_string());
    }
    if unknown > 0 {
        println!("{unknown} bodies cannot be opened: `sluis ledger verify` names them.");
    }
    if unfinished.is_some() {
        println!("Sealing anew was interrupted: `sluis ledger rotate` goes on with it.");
    }
    Ok(Exit::Accepted)
}

fn add_key(config: &Config, sort: KeySort) -> anyhow::Result<Exit> {
    let path = &config.ledger.key_file;
    // A key is only added to the file that belongs to the ledger.
    reading(&config.ledger.location, path, |_| Ok(()))?;
    let id = Keys::add(path, sort)?;
    println!("{} key {id} was added to {}.", sort.as_str(), path.display());
    let command = match sort {
        KeySort::Body => "sluis ledger rotate",
        KeySort::Person => "sluis ledger rotate --persons",
    };
    println!(
        "Keep a copy of the file now, give it to every gateway of this ledger, and put the key in force with `{command}`."
    );
    Ok(Exit::Accepted)
}

fn retire(config: &Config, key: ledger::KeyId, clock: &dyn Clock) -> anyhow::Result<Exit> {
    let (in_force, bodies) =
        reading(&config.ledger.location, &config.ledger.key_file, |tx| Ok((tx.in_force()?, tx.bodies_by_key()?)))?;
    if key == in_force.body {
        println!("body key {key} is in force and stays: add another and run `sluis ledger rotate` first");
        return Ok(Exit::Rejected);
    }
    let count = |id: Option<ledger::KeyId>| bodies.get(&id).copied().unwrap_or(0);
    if count(Some(key)) > 0 {
        println!(
            "{} bodies are sealed with body key {key}, and it stays: run `sluis ledger rotate` first",
            count(Some(key))
        );
        return Ok(Exit::Rejected);
    }
    if count(None) > 0 {
        println!(
            "{} bodies cannot be opened and may be sealed with body key {key}, and it stays: look at them with `sluis \
             ledger verify` first",
            count(None)
        );
        return Ok(Exit::Rejected);
    }
    let ledger = writing(config)?;
    let now = clock.now();
    let noted = ledger.run_blocking(move |tx| tx.retire_key(key, now));
    ledger.close()?;
    match noted {
        Ok(()) => {}
        Err(LedgerError::Conflict(what)) => {
            println!("body key {key} stays: {what}");
            return Ok(Exit::Rejected);
        }
        Err(error) => return Err(error.into()),
    }
    if Keys::remove(&config.ledger.key_file, key)? {
        println!(
            "body key {key} is retired and out of {}. Older backups of the ledger need it: keep the older copies of the \
             key file with them.",
            config.ledger.key_file.display()
        );
    } else {
        println!("body key {key} was retired before");
    }
    Ok(Exit::Accepted)
}

fn rotate(config: &Config, clock: &dyn Clock) -> anyhow::Result<Exit> {
    let ledger = writing(config)?;
    let now = clock.now();
    let (begun, resumed) = patiently(&ledger, move |tx| {
        let key = tx.put_body_key_in_force(now)?;
        let last = tx.rotation()?.filter(|last| last.key_id == key);
        let is_done = |last: &Rotation| last.finished_at.is_some() && last.failed == 0;
        // A ledger that never had another key has nothing to seal anew.
        if last.as_ref().is_some_and(is_done)
            || tx.key_states()?.iter().all(|state| state.sort != KeySort::Body || state.id == key)
        {
            return Ok((None, false));
        }
        let resumed = last.is_some_and(|last| last.finished_at.is_none());
        Ok((Some(tx.begin_rotation(now)?), resumed))
    })?;
    let Some(mut rotation) = begun else {
        let key = patiently(&ledger, |tx| tx.in_force())?.body;
        println!("Everything is sealed with body key {key}; `sluis ledger keys add` adds another.");
        ledger.close()?;
        return Ok(Exit::Accepted);
    };
    if resumed {
        println!("Going on with what was interrupted after {} bodies.", rotation.looked_at);
    }
    while rotation.finished_at.is_none() {
        let since = Instant::now();
        let (id, now) = (rotation.id, clock.now());
        rotation = patiently(&ledger, move |tx| tx.rotate_portion(id, now))?;
        // A gateway that runs has its turn: half of the time is its own.
        std::thread::sleep(since.elapsed().max(PAUSE));
    }
    ledger.close()?;
    let Rotation { key_id, looked_at, resealed, failed, .. } = rotation;
    println!("{looked_at} bodies looked at, {resealed} sealed anew with body key {key_id}.");
    if failed > 0 {
        println!("{failed} could not be opened and stay as they are: `sluis ledger verify` names them.");
        return Ok(Exit::Rejected);
    }
    Ok(Exit::Accepted)
}

/// Runs a job; tries again while the ledger is busy.
fn patiently<T: Send + 'static>(
    ledger: &Ledger,
    job: impl Fn(&mut Tx<'_>) -> Result<T, LedgerError> + Clone + Send + 'static,
) -> Result<T, LedgerError> {
    let since = Instant::now();
    loop {
        match ledger.run_blocking(job.clone()) {
            Err(error) if error.is_temporary() && since.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
}

fn carry_persons(config: &Config, clock: &dyn Clock) -> anyhow::Result<Exit> {
    let location = &config.ledger.location;
    let lock = match location.file() {
        None => None,
        Some(path) => {
            anyhow::ensure!(path.exists(), "there is no ledger {location}; check the path in [ledger]");
            let lock = crate::app::try_lock(path)?;
            anyhow::ensure!(lock.is_some(), "the ledger {location} is in use by a gateway: stop it first");
            lock
        }
    };
    let keys = Keys::load(&config.ledger.key_file)?;
    let ledger = Ledger::open(Settings { location: location.clone(), keys, max_group: 1 })?;
    let now = clock.now();
    let alive = ledger.run_blocking(move |tx| {
        let at = tx.now_of_ledger(now)?;
        Ok(tx
            .members()?
            .into_iter()
            .filter(|member| member.is_alive(at))
            .map(|member| member.own.name)
            .collect::<Vec<_>>())
    })?;
    anyhow::ensure!(
        alive.is_empty(),
        "the ledger {location} is in use by {}: stop every gateway first",
        alive.join(", ")
    );
    let carried = ledger.run_blocking(move |tx| tx.carry_persons(now))?;
    ledger.close()?;
    drop(lock);
    let Some(carried) = carried else {
        println!(
            "The key file holds no later person key; `sluis ledger keys add --person` adds one. Nothing was changed."
        );
        return Ok(Exit::Rejected);
    };
    let (persons, rows, key) = (carried.persons, carried.rows, carried.key_id);
    println!("{persons} persons in {rows} rows are known by person key {key} now. Start the gateway.");
    Ok(Exit::Accepted)
}
