//! The rules as a document: what `docs/rules.md` holds and `sluis rules` prints.

use super::rule::{Check, Level, Need, Rule, Sort};
use std::fmt::Write as _;

const LEVELS: [Level; 4] = [Level::Schema, Level::Within, Level::Across, Level::Outside];
const SORTS: [Sort; 4] = [Sort::Technical, Sort::Condition, Sort::Constraint, Sort::Gateway];

/// The page on all rules: an overview, the doubtful readings, and each rule in full.
pub fn markdown(rules: &[&Rule]) -> String {
    let mut page = String::from(
        "# The rules of the standard, as Sluis judges them\n\n\
        <!-- Written by `sluis rules --markdown`; a test compares it with the program. -->\n\n\
        A message is judged level by level: 1 the schema, 2 within the message, 3 across messages, 4 against outside\n\
        sources. A failure at one level ends the process before the next; 3 and 4 run together. The cases behind each\n\
        rule are counted in [conformance.md](conformance.md). Rules whose id begins with `SL` are the gateway's own: the\n\
        standard asks that replies be watched, and gives no code for it.\n",
    );
    page.push_str("\n## Overview\n\n");
    page.push_str(&totals(rules));
    page.push_str(
        "\n| rule | level | code | numbers | laws | class | what must hold |\n|---|---|---|---|---|---|---|\n",
    );
    for rule in rules {
        line(
            &mut page,
            &[
                &format!("[{}](#{})", rule.id, rule.id.to_lowercase()),
                &(rule.level as u8).to_string(),
                code(rule),
                &numbers(rule),
                &laws(rule),
                rule.class.as_str(),
                rule.en,
            ],
        );
    }
    page.push_str("\n## Doubtful readings\n\n");
    page.push_str("Where the source can be read in more than one way, this is the reading chosen.\n\n");
    page.push_str("| rule | reading chosen |\n|---|---|\n");
    for rule in rules.iter().filter(|rule| !rule.doubt.is_empty()) {
        line(&mut page, &[&format!("[{}](#{})", rule.id, rule.id.to_lowercase()), rule.doubt]);
    }
    page.push_str("\n## Rule by rule\n");
    for rule in rules {
        page.push_str(&section(rule));
    }
    page
}

fn totals(rules: &[&Rule]) -> String {
    let mut table = String::from("| level |");
    for sort in SORTS {
        write!(table, " {} |", plural(sort)).expect("writing to a string cannot fail");
    }
    table.push_str(" all |\n|---|---|---|---|---|---|\n");
    let count = |wanted: &dyn Fn(&Rule) -> bool| rules.iter().filter(|rule| wanted(rule)).count();
    let mut row = |name: &str, of_level: &dyn Fn(&Rule) -> bool| {
        let of_sorts = SORTS.map(|sort| count(&|rule| of_level(rule) && rule.sort == sort).to_string());
        let [technical, condition, constraint, gateway] = &of_sorts;
        line(&mut table, &[name, technical, condition, constraint, gateway, &count(of_level).to_string()]);
    };
    for level in LEVELS {
        row(&(level as u8).to_string(), &|rule| rule.level == level);
    }
    row("all", &|_| true);
    table
}

fn line(page: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    writeln!(page, "| {} |", cells.join(" | ")).expect("writing to a string cannot fail");
}

fn section(rule: &Rule) -> String {
    let mut text = format!(
        "\n### {}\n\n{}, level {}, return code {}; {} of {}; on {}.\n\n- Dutch: {}\n- English: {}\n- Judged {}.\n",
        rule.id,
        capitalised(singular(rule.sort)),
        rule.level as u8,
        code(rule),
        numbers(rule),
        laws(rule),
        rule.class,
        rule.nl,
        rule.en,
        judged(rule),
    );
    if !rule.needs.is_empty() {
        writeln!(text, "- Needs {}.", needs(rule)).expect("writing to a string cannot fail");
    }
    if !rule.doubt.is_empty() {
        writeln!(text, "- Doubtful reading: {}", rule.doubt).expect("writing to a string cannot fail");
    }
    text
}

/// One rule in full, for the terminal.
pub fn in_full(rule: &Rule) -> String {
    let mut text = format!(
        "{} ({}, level {}, return code {})\n  {}\n  {}\n  class: {}\n  kinds: {} of {}\n  judged: {}\n",
        rule.id,
        singular(rule.sort),
        rule.level as u8,
        code(rule),
        rule.nl,
        rule.en,
        rule.class,
        numbers(rule),
        laws(rule),
        judged(rule),
    );
    if !rule.needs.is_empty() {
        writeln!(text, "  needs: {}", needs(rule)).expect("writing to a string cannot fail");
    }
    if !rule.doubt.is_empty() {
        writeln!(text, "  doubtful reading: {}", rule.doubt).expect("writing to a string cannot fail");
    }
    text
}

/// The numbers that a rule applies to: `301 305`.
pub fn numbers(rule: &Rule) -> String {
    rule.numbers.iter().map(|number| number.as_str()).collect::<Vec<_>>().join(" ")
}

fn laws(rule: &Rule) -> String {
    rule.laws.iter().map(|law| law.standard()).collect::<Vec<_>>().join(" and ")
}

fn code(rule: &Rule) -> &'static str {
    if rule.code.is_empty() { "none" } else { rule.code }
}

fn singular(sort: Sort) -> &'static str {
    match sort {
        Sort::Technical => "technical rule",
        Sort::Condition => "condition",
        Sort::Constraint => "constraint",
        Sort::Gateway => "rule of the gateway, not of the standard",
    }
}

fn plural(sort: Sort) -> &'static str {
    match sort {
        Sort::Technical => "technical rules",
        Sort::Condition => "conditions",
        Sort::Constraint => "constraints",
        Sort::Gateway => "rules of the gateway itself",
    }
}

fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

fn judged(rule: &Rule) -> &'static str {
    match rule.check {
        Check::Schema => "by the schema",
        Check::Message(_) => "on the message as a whole",
        Check::Line(_) => "on each line, credits before debits",
        Check::Either { .. } => "on the message as a whole, or on each line of a 323",
    }
}

fn needs(rule: &Rule) -> String {
    let word = |need: &Need| match need {
        Need::Ledger => "the ledger",
        Need::Terms => "the contract register",
        Need::Question => "the message that is answered",
    };
    rule.needs.iter().map(word).collect::<Vec<_>>().join(" and ")
}
