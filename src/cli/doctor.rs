//! `sluis doctor`: examines a gateway, running or not, and its surroundings, and prints what a person should do.

use super::Exit;
use crate::clock::Clock;
use crate::config::Config;
use crate::doctor::{self, Asked, Diagnosis, Queue, RegisterLine, Severity};
use std::fmt::Write as _;
use std::time::Duration;

/// Prints the diagnosis; 0 for notes at most, 1 for warnings, 2 for faults, 3 when nothing can be examined.
pub(super) fn run(config: &Config, only: Vec<String>, offline: bool, json: bool, clock: &dyn Clock) -> Exit {
    let names = Asked::names();
    let unknown: Vec<&str> = only.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
    if !unknown.is_empty() {
        let names: Vec<&str> = names.into_iter().collect();
        eprintln!("sluis: --only: unknown: {}; known are: {}", unknown.join(", "), names.join(", "));
        return Exit::Unknown;
    }
    let asked = Asked { only: only.into_iter().collect(), online: !offline };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sluis: failed to start the runtime: {error}");
            return Exit::Unknown;
        }
    };
    let diagnosis = runtime.block_on(doctor::examine_all(config, clock.now(), &asked));
    // One that was given up may still be reading a disk that does not answer.
    runtime.shutdown_background();
    if json {
        println!("{}", serde_json::to_string(&diagnosis).expect("a diagnosis is made of strings and numbers"));
    } else {
        print!("{}", text(config, &diagnosis));
    }
    match diagnosis.worst() {
        None | Some(Severity::Note) => Exit::Accepted,
        Some(Severity::Warning) => Exit::Rejected,
        Some(Severity::Fault) => Exit::Usage,
    }
}

fn text(config: &Config, diagnosis: &Diagnosis) -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut out = String::new();
    let name = &config.ledger.location;
    writeln!(out, "Ledger {name} on {} (terms in Dutch working days)\n", diagnosis.today).expect(INFALLIBLE);
    for examined in &diagnosis.examined {
        let mut facts = examined.facts.clone();
        match examined.id {
            "backlog" if examined.not_examined.is_none() => backlog(&mut out, diagnosis),
            "register" => {
                for RegisterLine { region, version, since } in &diagnosis.registers {
                    let since = since
                        .as_deref()
                        .map_or_else(String::new, |since| format!(", since {}", since.get(..19).unwrap_or(since)));
                    line(&mut out, &format!("register, {region}"), &format!("{version}{since}"));
                }
            }
            _ => {}
        }
        facts.extend(examined.not_examined.iter().map(|why| format!("not examined: {why}")));
        for fact in facts {
            line(&mut out, examined.title, &fact);
        }
    }
    if diagnosis.worst() <= Some(Severity::Note) {
        out.push_str("\nNothing for a person to do.\n");
    }
    for (index, finding) in diagnosis.findings.iter().enumerate() {
        let (severity, check, what) = (finding.severity.as_str(), finding.check, &finding.what);
        writeln!(out, "\n{}. {severity}, {check}: {what}", index + 1).expect(INFALLIBLE);
        for case in &finding.cases {
            writeln!(out, "   - {case}").expect(INFALLIBLE);
        }
        writeln!(out, "   > {}", finding.advice).expect(INFALLIBLE);
    }
    out
}

fn backlog(out: &mut String, diagnosis: &Diagnosis) {
    for questions in &diagnosis.questions {
        let open = questions.later + questions.today + questions.overdue;
        let first = questions.first.as_ref().map_or_else(String::new, |first| {
            format!("; first {} {}, due {}", first.kind, first.identification, first.due_on)
        });
        let (overdue, today) = (questions.overdue, questions.today);
        line(out, questions.what, &format!("{open} open, {overdue} overdue, {today} due today{first}"));
    }
    line(out, "waiting room", &waiting(diagnosis.waiting));
    line(out, "held", &waiting(diagnosis.held));
    line(out, "parked", &waiting(diagnosis.parked));
    for (purpose, rows) in &diagnosis.outbox {
        line(out, &format!("outbox, {purpose}"), &waiting(*rows));
    }
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
