//! What the runbook tells an operator to type is understood.

use super::Arguments;
use clap::Parser as _;
use clap::error::ErrorKind;

const RUNBOOK: &str = include_str!("../../ops/runbook.md");

/// Every command of the program in the runbook, as it stands there: in a line of its own, or between backticks.
fn commands() -> Vec<String> {
    // A command may run over the end of a line.
    let text = RUNBOOK.replace("\n  ", " ").replace('\n', " \n");
    let spans = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let blocks = RUNBOOK.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned);
    let known = |command: String| {
        let command = command.split_once("-- sluis ").map_or(command.clone(), |(_, rest)| format!("sluis {rest}"));
        command.starts_with("sluis ").then_some(command)
    };
    spans.chain(blocks).filter_map(known).filter(|command| !command.contains('…')).collect()
}

/// What stands for something that the reader knows.
fn filled(word: &str) -> &str {
    match word {
        "ID" => "7",
        "UUID" => "3f2504e0-4f89-41d3-9a0c-305e82c3301b",
        "TEXT" | "NAME" | "FILE" | "FOLDER" | "VERSION" | "OLD" | "NEW" => "x",
        other => other,
    }
}

#[test]
fn every_command_of_the_runbook_is_understood() {
    let commands = commands();
    assert!(commands.len() >= 30, "{commands:#?}");
    for command in &commands {
        let words = command.split_whitespace().map(filled);
        match Arguments::try_parse_from(words) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {}
            Err(error) => panic!("{command}: {error}"),
        }
    }
}

#[test]
fn examinations_of_the_runbook_exist() {
    for command in commands().iter().filter(|command| command.contains("--only")) {
        let name = command.split_whitespace().skip_while(|word| *word != "--only").nth(1).expect("it names one");
        let page = crate::doctor::page();
        assert!(page.contains(&format!("\n## `{name}`: ")), "{command}");
    }
}
