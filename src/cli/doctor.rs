//! `sluis doctor`: examines the ledger of a gateway, running or not, and prints what a person should do.

use super::Exit;
use crate::clock::Clock;
use crate::config::Config;
use crate::doctor::{self, Diagnosis, Patience, Queue, RegisterLine};
use crate::ledger::{Keys, Ledger};
use crate::registers;
use std::fmt::Write as _;
use std::time::Duration;

/// Prints the diagnosis; 1 when a person should act, 2 when the ledger cannot be examined.
pub(super) fn run(config: &Config, json: bool, clock: &dyn Clock) -> Exit {
    let diagnosis = match diagnose(config, clock) {
        Ok(mut diagnosis) => {
            let mut wrong = Vec::new();
            let read = registers::read_all(config, &mut wrong);
            diagnosis.add_registers(wrong, read);
            diagnosis
        }
        Err(error) => {
            eprintln!("sluis: the ledger cannot be examined: {error:#}");
            return Exit::Usage;
        }
    };
    if json {
        println!("{}", serde_json::to_string(&diagnosis).expect("a diagnosis is made of strings and numbers"));
    } else {
        print!("{}", text(config, &diagnosis));
    }
    if diagnosis.findings.is_empty() { Exit::Accepted } else { Exit::Rejected }
}

fn diagnose(config: &Config, clock: &dyn Clock) -> anyhow::Result<Diagnosis> {
    let keys = Keys::load(&config.ledger.key_file)?;
    let ledger = Ledger::open_to_read(&config.ledger.location, keys)?;
    let patience = Patience {
        retry: config.delivery.max_retry,
        waiting: config.waiting_room.longest,
        held: config.holds.remind_after,
    };
    let now = clock.now();
    let diagnosis = ledger.run_blocking(move |tx| doctor::examine(tx, now, patience))?;
    ledger.close()?;
    Ok(diagnosis)
}

fn text(config: &Config, diagnosis: &Diagnosis) -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut out = String::new();
    let name = &config.ledger.location;
    writeln!(out, "Ledger {name} on {} (terms in Dutch working days)\n", diagnosis.today).expect(INFALLIBLE);
    for questions in &diagnosis.questions {
        let open = questions.later + questions.today + questions.overdue;
        let first = questions.first.as_ref().map_or_else(String::new, |first| {
            format!("; first {} {}, due {}", first.kind, first.identification, first.due_on)
        });
        let (overdue, today) = (questions.overdue, questions.today);
        line(&mut out, questions.what, &format!("{open} open, {overdue} overdue, {today} due today{first}"));
    }
    line(&mut out, "waiting room", &waiting(diagnosis.waiting));
    line(&mut out, "held", &waiting(diagnosis.held));
    line(&mut out, "parked", &waiting(diagnosis.parked));
    for (purpose, rows) in &diagnosis.outbox {
        line(&mut out, &format!("outbox, {purpose}"), &waiting(*rows));
    }
    for RegisterLine { region, version, since } in &diagnosis.registers {
        let since =
            since.as_deref().map_or_else(String::new, |since| format!(", since {}", since.get(..19).unwrap_or(since)));
        line(&mut out, &format!("register, {region}"), &format!("{version}{since}"));
    }
    if diagnosis.findings.is_empty() {
        out.push_str("\nNothing for a person to do.\n");
        return out;
    }
    for (index, finding) in diagnosis.findings.iter().enumerate() {
        writeln!(out, "\n{}. {}: {}", index + 1, finding.check, finding.what).expect(INFALLIBLE);
        for case in &finding.cases {
            writeln!(out, "   - {case}").expect(INFALLIBLE);
        }
        writeln!(out, "   > {}", finding.advice).expect(INFALLIBLE);
    }
    out
}

fn line(out: &mut String, what: &str, state: &str) {
    writeln!(out, "  {what:<42} {state}").expect("writing to a string cannot fail");
}

fn waiting(queue: Queue) -> String {
    match queue.oldest_seconds {
        None => "none".to_owned(),
        Some(seconds) => format!("{}, the oldest for {}", queue.count, doctor::age(Duration::from_secs(seconds))),
    }
}
