//! `sluis rules`: the catalogue, from the registry.

use super::Exit;
use crate::rules::{self, Rule, catalogue};

/// Prints all rules, a line each, or those named in full.
pub(super) fn print(ids: &[String]) -> Exit {
    let rules = rules::all();
    if ids.is_empty() {
        for rule in &rules {
            let numbers = catalogue::numbers(rule);
            println!("{:<6} level {} {:<4} {numbers:<20} {}", rule.id, rule.level as u8, rule.code, rule.en);
        }
        println!("{} rules", rules.len());
        return Exit::Accepted;
    }
    ids.iter().fold(Exit::Accepted, |exit, id| exit.worst(explain(&rules, id)))
}

fn explain(rules: &[&'static Rule], id: &str) -> Exit {
    let Some(rule) = rules.iter().find(|rule| rule.id.eq_ignore_ascii_case(id)) else {
        eprintln!("sluis: there is no rule {id}; `sluis rules` lists them all");
        return Exit::Usage;
    };
    print!("{}", catalogue::in_full(rule));
    Exit::Accepted
}

/// Prints the page on all rules, `docs/rules.md`.
pub(super) fn markdown() -> Exit {
    print!("{}", catalogue::markdown(&rules::all()));
    Exit::Accepted
}
