//! `sluis signals` and `sluis survey`: what a gateway has told its municipalities, and what it would tell now.

use super::{Exit, read};
use crate::config::Config;
use crate::contract::{Contracts, Region, Register};
use crate::finding::Signal;
use crate::ledger::Kept;
use crate::message::Date;
use crate::survey::{self, Snapshot};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Prints the signals in the ledger of a gateway: the open ones, or all.
pub(super) fn list(config: &Config, all: bool, as_json: bool) -> Exit {
    match read(config, move |tx| tx.signals(!all)) {
        Ok(kept) if as_json => print_json(&kept),
        Ok(kept) => print_text(&kept),
        Err(error) => return complain(&error),
    }
    Exit::Accepted
}

/// Looks over the regions of a configuration as on `today`, and prints what would be told. Writes nothing.
pub(super) fn survey(config: &Config, contracts: &Contracts, today: Date, as_json: bool) -> Exit {
    let mut printed = Vec::new();
    for register in contracts.registers() {
        match snapshot(config, register) {
            Ok(snapshot) => {
                let found = survey::findings(register, &contracts.policies, &snapshot, today);
                printed.push((&register.region, found));
            }
            Err(error) => return complain(&error),
        }
    }
    if as_json {
        let regions: BTreeMap<&str, serde_json::Value> = printed
            .iter()
            .map(|(region, found)| {
                let ended: BTreeMap<&str, &str> = found
                    .record
                    .ended
                    .iter()
                    .map(|(open, because)| (open.signal.id.as_str(), because.as_str()))
                    .collect();
                let findings = json!({ "signals": found.record.told, "observed": found.observed, "ended": ended });
                (region.id.as_str(), findings)
            })
            .collect();
        println!("{}", json!({ "today": today.to_string(), "regions": regions }));
    } else {
        for (region, found) in &printed {
            print_survey(region, found, today);
        }
    }
    Exit::Accepted
}

/// What the ledger of a gateway knows of a region, read beside the gateway.
pub(super) fn snapshot(config: &Config, register: &Arc<Register>) -> anyhow::Result<Snapshot> {
    let own = Arc::clone(register);
    read(config, move |tx| survey::snapshot(tx, &own))
}

pub(super) fn complain(error: &anyhow::Error) -> Exit {
    eprintln!("sluis: {error:#}");
    Exit::Usage
}

fn print_survey(region: &Region, found: &survey::Findings, today: Date) {
    println!(
        "{} on {today}: {} to tell, {} seen only, {} over",
        region.name,
        found.record.told.len(),
        found.observed.len(),
        found.record.ended.len()
    );
    for signal in &found.record.told {
        print_signal(signal, &[]);
    }
    for (open, because) in &found.record.ended {
        println!("  over: {} {} ({})", open.signal.check, open.signal.id, because.as_str());
    }
}

fn print_signal(signal: &Signal, more: &[String]) {
    let severity = signal.severity.as_str();
    println!("\n{} {severity} {} {}{}", signal.check, signal.gemeente, signal.id, more.concat());
    println!("  {}", signal.nl);
}

fn print_text(kept: &[Kept]) {
    if kept.is_empty() {
        println!("No signals.");
        return;
    }
    for each in kept {
        let again = (each.occurrence > 1).then(|| format!(", opened {} times", each.occurrence));
        let ended = each.ended.as_ref().map(|(at, because)| format!(", ended {at:.0} ({because})"));
        let opened = format!(", since {:.0}", each.opened_at);
        let more: Vec<String> = [Some(opened), again, ended].into_iter().flatten().collect();
        print_signal(&each.signal, &more);
    }
    println!("\n{} signal(s)", kept.len());
}

fn print_json(kept: &[Kept]) {
    for each in kept {
        let ended = each.ended.as_ref().map(|(at, because)| json!({ "at": at.to_string(), "because": because }));
        let line = json!({
            "signal": each.signal,
            "opened_at": each.opened_at.to_string(),
            "seen_at": each.seen_at.to_string(),
            "occurrence": each.occurrence,
            "ended": ended,
        });
        println!("{line}");
    }
}
