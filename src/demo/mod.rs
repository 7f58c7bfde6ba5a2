//! `sluis demo`: the daemon itself on embedded parts, with a day of sample traffic, and what became of it.
//!
//! The demo knows what must happen to each message and fails when something else does.

pub mod compose;
pub mod endpoint;
pub mod sample;
pub mod traffic;

use crate::access::{Capacity, PasswordHash, Role};
use crate::app::App;
use crate::cli::Exit;
use crate::clock::{Clock as _, FixedClock};
use crate::config::{BackOffice, Config, Secret, TlsFiles};
use crate::contract::{Contracts, norms};
use crate::decision::{Purpose, Verdict};
use crate::finding::Signal;
use crate::ledger::{By, Departure, Entry, Filter, Ledger};
use crate::survey;
use anyhow::{Context as _, bail};
use endpoint::Received;
use sample::Sample;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use traffic::{DAY, Item};

/// Who may sign in at the console of the demo.
const ACCOUNT: &str = "demo";
/// How far the survey at the end looks ahead: care that did not begin by then is late by the norms of each region.
const MONTHS_ON: u64 = 3;
/// Longest wait for the traffic to be judged and delivered.
const PATIENCE: Duration = Duration::from_secs(45);

/// Runs the demo of a region. With `serve` the daemon stays up until Ctrl-C.
pub fn main(region: &str, serve: bool) -> Exit {
    let outcome = sample::find(region).map_err(anyhow::Error::msg).and_then(|sample| {
        let runtime = tokio::runtime::Runtime::new().context("failed to start the runtime")?;
        runtime.block_on(play(sample, serve))
    });
    match outcome {
        Ok(()) => Exit::Accepted,
        Err(error) => {
            eprintln!("sluis demo: {error:#}");
            Exit::Usage
        }
    }
}

async fn play(sample: &Sample, serve: bool) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new()
        .prefix("sluis-demo-")
        .tempdir()
        .context("failed to make a temporary folder for the demo: check TMPDIR and free space")?
        .keep();
    let (office, received) = endpoint::serve().await.context("failed to serve a back office on loopback")?;
    let mut config = configure(sample, &dir, &office.to_string())?;
    if serve {
        config.console.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    }
    let contracts = crate::cli::load_contracts(&config).map_err(|faults| anyhow::anyhow!(faults.join("\n")))?;
    let app = App::start(&config, contracts.clone(), Arc::new(FixedClock::on(DAY))).await?;
    let spool = config.directory.root.clone();

    let name = sample.name;
    println!("Sluis demo: a sample day ({DAY}) of {name}. All parties, clients and tariffs are fictional.\n");
    let items = sample.day();
    send(&spool, &items)?;
    let outcomes = settled(&app.ledger, items.len()).await?;
    let faults = print_messages(&items, &outcomes);
    print_totals(&outcomes, &received);
    print_survey(&app.ledger, &contracts).await?;
    println!("\nFiles: {}", dir.display());
    println!("  spool/out/<party>/ replies, forwards and signals; spool/error/ reports; ledger.sqlite the ledger");
    println!("Metrics: http://{}/metrics (health: /healthz, /readyz)", app.address);
    if let Some(address) = app.console_address {
        let password = open_account(&app.ledger).await?;
        println!("Console: http://{address}/ (sign in as {ACCOUNT} with the password {password})");
    }
    if !faults.is_empty() {
        app.stop().await;
        bail!("the demo did not go as it must:\n  {}", faults.join("\n  "));
    }
    if serve {
        println!("\nStill up. Put a message of your own into {} (rename it into place);", spool.join("in").display());
        println!("what follows appears beside it in {}. Ctrl-C stops.", spool.join("out").display());
        tokio::signal::ctrl_c().await.context("failed to wait for Ctrl-C")?;
    }
    app.stop().await;
    Ok(())
}

/// An account that may do everything, with a password that was drawn for this demo.
async fn open_account(ledger: &Ledger) -> anyhow::Result<String> {
    let password = uuid::Uuid::new_v4().simple().to_string();
    let hash = PasswordHash::of(&password).context("failed to hash a password")?;
    let by = By { name: "sluis demo".to_owned(), account: None, reason: None };
    let now = FixedClock::on(DAY).now();
    let everything = Capacity::Staff(Role::ALL.into());
    ledger.run(move |tx| tx.add_account(ACCOUNT, &hash, &everything, false, &by, now)).await?;
    Ok(password)
}

/// The configuration of the demo: everything inside `dir`, contract checks that may hold.
fn configure(sample: &Sample, dir: &Path, office: &str) -> anyhow::Result<Config> {
    let region = dir.join(sample.id);
    fs::create_dir_all(&region).with_context(|| format!("failed to create {}", region.display()))?;
    for (name, text) in sample.files {
        fs::write(region.join(name), text).with_context(|| format!("failed to write {name} of the sample register"))?;
    }
    let mut config = Config::embedded(dir);
    "sluis-demo".clone_into(&mut config.gateway.name);
    config.regions = vec![region];
    for check in ["A1", "A2", "A3", "A4"] {
        config.policy.insert((check.to_owned(), None), "hold".to_owned());
    }
    for gemeente in sample.back_offices {
        config.back_offices.insert(
            (*gemeente).to_owned(),
            BackOffice {
                gemeente: (*gemeente).to_owned(),
                url: Secret::new(format!("http://{office}/berichten")),
                timeout: Duration::from_secs(10),
                in_flight: 1,
                order: None,
                tls: TlsFiles::default(),
            },
        );
    }
    Ok(config)
}

/// Puts the traffic into the spool as any sender must: written elsewhere, renamed into place.
fn send(spool: &Path, items: &[Item]) -> anyhow::Result<()> {
    let incoming = spool.join("in");
    for (index, item) in items.iter().enumerate() {
        let name = file_name(index, item);
        let part = incoming.join(format!(".{name}.part"));
        fs::write(&part, &item.bytes).with_context(|| format!("failed to write {}", part.display()))?;
        fs::rename(&part, incoming.join(&name)).with_context(|| format!("failed to put {name} into place"))?;
    }
    Ok(())
}

fn file_name(index: usize, item: &Item) -> String {
    format!("{:02}-{}.xml", index + 1, item.name)
}

/// Waits until all messages are judged and everything that leaves has left; gives the messages by file name.
async fn settled(ledger: &Ledger, count: usize) -> anyhow::Result<BTreeMap<String, (Entry, Vec<Departure>)>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = ledger
            .run(|tx| {
                let entries = tx.messages(&Filter::default())?;
                let mut found = BTreeMap::new();
                for entry in entries {
                    let departures = tx.departures(entry.message_id)?;
                    found.insert(entry.transport_id.clone(), (entry, departures));
                }
                Ok(found)
            })
            .await?;
        let waiting = found.values().flat_map(|(_, departures)| departures).filter(|departure| !departure.is_sent);
        if found.len() == count && waiting.count() == 0 {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!(
                "after {} seconds only {} of {count} messages are judged and delivered",
                PATIENCE.as_secs(),
                found.len()
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One line per message; gives what is not as it must be.
fn print_messages(items: &[Item], outcomes: &BTreeMap<String, (Entry, Vec<Departure>)>) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let name = file_name(index, item);
        let Some((entry, departures)) = outcomes.get(&name) else {
            faults.push(format!("{name} is not in the ledger"));
            continue;
        };
        let kind = entry.kind.map_or_else(|| "unread".to_owned(), |kind| kind.to_string());
        let (from, to) = parties(entry);
        let codes: Vec<&str> = entry.codes().into_iter().collect();
        println!(
            "{name:<20} {kind:<6} {from:>8} > {to:<8} {:<8} {:<5} {}",
            entry.verdict.as_str(),
            codes.join(" "),
            item.story,
        );
        println!("{:<20} {}", "", follows(entry, departures));
        if let Some(finding) = entry.findings.first() {
            for line in wrapped(&finding.nl) {
                println!("{:<20} {line}", "");
            }
        }
        faults.extend(differences(&name, item, entry, departures));
    }
    faults
}

/// Sender and receiver as the message travels; of a message that failed at level 1 only what it says of its sender.
fn parties(entry: &Entry) -> (String, String) {
    let or_unknown = |party: &Option<String>| party.clone().unwrap_or_else(|| "?".to_owned());
    if entry.gemeente.is_none() {
        return (or_unknown(&entry.afzender), "?".to_owned());
    }
    let (gemeente, aanbieder) = (or_unknown(&entry.gemeente), or_unknown(&entry.aanbieder));
    let to_provider = entry.kind.is_some_and(|kind| kind.number.direction() == crate::message::Direction::ToProvider);
    if to_provider { (gemeente, aanbieder) } else { (aanbieder, gemeente) }
}

fn follows(entry: &Entry, departures: &[Departure]) -> String {
    if departures.is_empty() {
        return match entry.verdict {
            Verdict::Held => "waits for a person of the municipality".to_owned(),
            Verdict::Accepted | Verdict::Rejected | Verdict::Partly | Verdict::Parked => "nothing leaves".to_owned(),
        };
    }
    let text = |departure: &Departure| {
        let to = if departure.receiver.is_empty() { "the operator" } else { &departure.receiver };
        match departure.purpose {
            Purpose::Reply => format!("{} to {to}", departure.subject),
            Purpose::Forward => format!("forwarded to {to}"),
            Purpose::Error => format!("error report to {to}"),
            Purpose::Signal => format!("signal {} to {to}", departure.subject),
        }
    };
    departures.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// A sentence in lines that fit beside the file names.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 98;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn differences(name: &str, item: &Item, entry: &Entry, departures: &[Departure]) -> Vec<String> {
    let mut faults = Vec::new();
    if entry.verdict != item.verdict {
        faults.push(format!("{name} must be {}, is {}", item.verdict, entry.verdict));
    }
    let codes = entry.codes();
    if codes != item.codes.iter().copied().collect() {
        faults.push(format!("{name} must carry {:?}, carries {codes:?}", item.codes));
    }
    let signals: BTreeSet<&str> = departures
        .iter()
        .filter(|departure| departure.purpose == Purpose::Signal)
        .map(|departure| departure.subject.as_str())
        .collect();
    if signals != item.signals.iter().copied().collect() {
        faults.push(format!("{name} must signal {:?}, signals {signals:?}", item.signals));
    }
    faults
}

/// What the checks over time would tell of this day when some months have passed and nothing more has come in. Writes
/// nothing.
async fn print_survey(ledger: &Ledger, contracts: &Contracts) -> anyhow::Result<()> {
    for register in contracts.registers() {
        let today = DAY.saturating_add(norms::months(MONTHS_ON));
        let read = Arc::clone(register);
        let snapshot = ledger.run(move |tx| survey::snapshot(tx, &read)).await?;
        let found = survey::findings(register, &contracts.policies, &snapshot, today);
        println!("\nWere nothing more to come in until {today}, a survey would tell:");
        let mut by_check: BTreeMap<&str, Vec<&Signal>> = BTreeMap::new();
        for signal in &found.record.told {
            by_check.entry(&signal.check).or_default().push(signal);
        }
        for (check, signals) in by_check {
            let lines = wrapped(&signals[0].nl);
            println!("{:<20} {}", format!("{check} ({})", signals.len()), lines.join(&format!("\n{:<20} ", "")));
        }
    }
    Ok(())
}

fn print_totals(outcomes: &BTreeMap<String, (Entry, Vec<Departure>)>, received: &Received) {
    let count = |verdict: Verdict| outcomes.values().filter(|(entry, _)| entry.verdict == verdict).count();
    let verdicts: Vec<String> =
        Verdict::ALL.into_iter().map(|verdict| format!("{} {}", count(verdict), verdict.as_str())).collect();
    println!("\nTotals: {} messages: {}", outcomes.len(), verdicts.join(", "));
    let departures = || outcomes.values().flat_map(|(_, departures)| departures);
    let purposes: Vec<String> = [Purpose::Reply, Purpose::Forward, Purpose::Error, Purpose::Signal]
        .into_iter()
        .map(|purpose| {
            let number = departures().filter(|departure| departure.purpose == purpose).count();
            format!("{number} {}", purpose.as_str())
        })
        .collect();
    println!("Left: {}", purposes.join(", "));
    let mut by_kind: BTreeMap<(String, String), usize> = BTreeMap::new();
    for posted in received.all().into_values() {
        *by_kind.entry((posted.purpose, posted.kind)).or_default() += 1;
    }
    let posts: Vec<String> =
        by_kind.into_iter().map(|((purpose, kind), number)| format!("{number} {purpose} {kind}")).collect();
    println!("The back office on loopback received: {}", posts.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_wrapped_between_words() {
        assert_eq!(wrapped("kort"), ["kort"]);
        let sentence = vec!["één"; 60].join(" ");
        let lines = wrapped(&sentence);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.chars().count() <= 98 && !line.ends_with(' ')), "{lines:?}");
        assert_eq!(lines.join(" "), sentence);
    }
}
