//! `sluis rules`: the catalogue, from the registry.

use super::Exit;
use crate::rules::{self, Check, Need, Rule, Sort};
use std::fmt::Write as _;

/// Prints all rules, a line each, or one in full.
pub(super) fn print(id: Option<&str>) -> Exit {
    let rules = rules::all();
    let Some(id) = id else {
        for rule in &rules {
            println!("{:<6} level {} {:<4} {:<20} {}", rule.id, rule.level as u8, rule.code, kinds(rule), rule.en);
        }
        println!("{} rules", rules.len());
        return Exit::Accepted;
    };
    let Some(rule) = rules.iter().find(|rule| rule.id.eq_ignore_ascii_case(id)) else {
        eprintln!("sluis: there is no rule {id}; `sluis rules` lists them all");
        return Exit::Usage;
    };
    print!("{}", in_full(rule));
    Exit::Accepted
}

fn kinds(rule: &Rule) -> String {
    let numbers: Vec<&str> = rule.numbers.iter().map(|number| number.as_str()).collect();
    numbers.join(" ")
}

fn in_full(rule: &Rule) -> String {
    let sort = match rule.sort {
        Sort::Technical => "technical rule",
        Sort::Condition => "condition",
        Sort::Constraint => "constraint",
        Sort::Gateway => "rule of the gateway, not of the standard",
    };
    let judged = match rule.check {
        Check::Schema => "by the schema",
        Check::Message(_) => "on the message as a whole",
        Check::Line(_) => "on each line, credits before debits",
        Check::Either { .. } => "on the message as a whole, or on each line of a 323",
    };
    let needs: Vec<&str> = rule
        .needs
        .iter()
        .map(|need| match need {
            Need::Ledger => "the ledger",
            Need::Terms => "the contract register",
            Need::Question => "the message that is answered",
        })
        .collect();
    let laws: Vec<&str> = rule.laws.iter().map(|law| law.standard()).collect();
    let mut text = format!(
        "{} ({sort}, level {}, return code {})\n  {}\n  {}\n  class: {}\n  kinds: {} of {}\n  judged: {judged}\n",
        rule.id,
        rule.level as u8,
        if rule.code.is_empty() { "none" } else { rule.code },
        rule.nl,
        rule.en,
        rule.class,
        kinds(rule),
        laws.join(" and "),
    );
    if !needs.is_empty() {
        writeln!(text, "  needs: {}", needs.join(", ")).expect("writing to a string cannot fail");
    }
    if !rule.doubt.is_empty() {
        writeln!(text, "  doubtful reading: {}", rule.doubt).expect("writing to a string cannot fail");
    }
    text
}
