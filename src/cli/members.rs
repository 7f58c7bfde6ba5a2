//! `sluis members`: the gateways that work on a ledger, and in what they differ though they should not.

use super::Exit;
use crate::clock::{Clock, SystemClock, age};
use crate::config::Config;
use crate::doctor;
use crate::ledger::{Keys, Ledger, LedgerError, Member, Tx};
use crate::members::differences;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// What is told.
struct Report {
    /// Whether there can be more than one.
    is_shared: bool,
    members: Vec<Member>,
    /// The moment by the clock of the ledger.
    now: Timestamp,
}

impl Report {
    fn read(tx: &Tx<'_>, is_shared: bool) -> Result<Report, LedgerError> {
        Ok(Report { is_shared, members: tx.members()?, now: tx.now_of_ledger(SystemClock.now())? })
    }

    fn differences(&self) -> Vec<String> {
        let alive: Vec<Member> = self.members.iter().filter(|member| member.is_alive(self.now)).cloned().collect();
        differences(&alive)
    }

    fn silent_for(&self, member: &Member) -> Duration {
        age(member.seen_at, self.now)
    }
}

/// Prints the members; 1 when they differ, 2 when the ledger cannot be read.
pub(super) fn list(config: &Config, json: bool) -> Exit {
    let report = match read(config) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("sluis: the ledger cannot be read: {error:#}");
            return Exit::Usage;
        }
    };
    let differences = report.differences();
    if json {
        println!("{}", as_json(&report, &differences));
    } else {
        print!("{}", as_text(&report, &differences));
    }
    if differences.is_empty() { Exit::Accepted } else { Exit::Rejected }
}

fn read(config: &Config) -> anyhow::Result<Report> {
    let ledger = Ledger::open_to_read(&config.ledger.location, Keys::load(&config.ledger.key_file)?)?;
    let is_shared = ledger.is_shared();
    let report = ledger.run_blocking(move |tx| Report::read(tx, is_shared))?;
    ledger.close()?;
    Ok(report)
}

fn as_json(report: &Report, differences: &[String]) -> Value {
    let members: Vec<Value> = report
        .members
        .iter()
        .map(|member| {
            json!({
                "id": member.own.id.to_string(),
                "name": member.own.name,
                "host": member.own.host,
                "process": member.own.process,
                "version": member.own.version,
                "schema": member.knows,
                "started_at": member.started_at.to_string(),
                "seen_at": member.seen_at.to_string(),
                "alive": member.is_alive(report.now),
                "receivers": member.receivers,
                "tasks": member.tasks,
                "registers": member.own.registers,
                "settings": member.own.settings,
            })
        })
        .collect();
    json!({ "shared": report.is_shared, "members": members, "differences": differences })
}

fn as_text(report: &Report, differences: &[String]) -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut out = String::new();
    if !report.is_shared {
        out.push_str("This ledger is on SQLite: one gateway works on it, and none beside it.\n");
    } else if report.members.is_empty() {
        out.push_str("No gateway works on this ledger.\n");
    }
    for member in &report.members {
        let own = &member.own;
        let state = if member.is_alive(report.now) { "alive" } else { "gone" };
        writeln!(
            out,
            "{}  {} on {} (process {}), version {}: {state}, heard of {} ago, since {}",
            own.id,
            own.name,
            own.host,
            own.process,
            own.version,
            doctor::age(report.silent_for(member)),
            member.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        )
        .expect(INFALLIBLE);
        let tasks: Vec<&str> = member.tasks.iter().map(String::as_str).collect();
        let tasks = if tasks.is_empty() { "none".to_owned() } else { tasks.join(", ") };
        writeln!(out, "    delivers to {} receiver(s); looks after: {tasks}", member.receivers).expect(INFALLIBLE);
        for (region, version) in &own.registers {
            writeln!(out, "    register {region} {version}").expect(INFALLIBLE);
        }
    }
    for difference in differences {
        writeln!(out, "\n{difference}").expect(INFALLIBLE);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Introduction;
    use std::collections::{BTreeMap, BTreeSet};
    use uuid::Uuid;

    fn member(number: u128, version: &str, seen_at: i64) -> Member {
        let own = Introduction {
            id: Uuid::from_u128(number),
            name: "sluis".to_owned(),
            host: format!("gateway{number}"),
            process: 41,
            version: version.to_owned(),
            registers: BTreeMap::from([("achterhoek".to_owned(), "2026-01".to_owned())]),
            settings: "0a0b0c0d".to_owned(),
            lapse: Duration::from_secs(12),
        };
        let at = |seconds| Timestamp::from_second(seconds).expect("a moment");
        Member {
            own,
            knows: 9,
            started_at: at(0),
            seen_at: at(seen_at),
            receivers: 3,
            tasks: BTreeSet::from(["books".to_owned()]),
        }
    }

    fn report(members: Vec<Member>) -> Report {
        Report { is_shared: true, members, now: Timestamp::from_second(100).expect("a moment") }
    }

    #[test]
    fn who_is_gone_counts_for_no_difference() {
        let upgraded = report(vec![member(1, "0.2.0", 99), member(2, "0.1.0", 50)]);
        assert_eq!(upgraded.differences(), [""; 0]);
        let upgrading = report(vec![member(1, "0.2.0", 99), member(2, "0.1.0", 98)]);
        let told = upgrading.differences();
        assert!(told.len() == 1 && told[0].contains("0.1.0, 0.2.0"), "{told:?}");
        let text = as_text(&upgraded, &[]);
        assert!(text.contains("gateway1 (process 41), version 0.2.0: alive, heard of 1 s ago"), "{text}");
        assert!(text.contains("gateway2 (process 41), version 0.1.0: gone, heard of 50 s ago"), "{text}");
        assert!(
            text.contains("delivers to 3 receiver(s); looks after: books\n    register achterhoek 2026-01"),
            "{text}"
        );
        let json = as_json(&upgrading, &told);
        assert_eq!((&json["members"][1]["alive"], &json["members"][1]["host"]), (&true.into(), &"gateway2".into()));
        assert_eq!((&json["shared"], json["differences"].as_array().map(Vec::len)), (&true.into(), Some(1)));
    }

    #[test]
    fn nobody_is_told_as_nobody() {
        assert_eq!(as_text(&report(Vec::new()), &[]), "No gateway works on this ledger.\n");
        let own = Report { is_shared: false, ..report(Vec::new()) };
        assert!(as_text(&own, &[]).contains("one gateway works on it"));
    }
}
