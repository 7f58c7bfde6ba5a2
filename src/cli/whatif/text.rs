//! A comparison as text: what differs message by message, then the figures in which something differs.

use super::Side;
use crate::cli::explain::clean;
use crate::message::Cents;
use crate::whatif::{Broken, Cell, Change, Flag, Leaving, Only, Pair, Subject, Summary, Table};
use std::fmt::Write as _;

const STRING: &str = "writing to a string cannot fail";

pub(super) fn beginning(sides: &Pair<Side>) -> String {
    let side = |word: &str, side: &Side| {
        let registers: Vec<String> =
            side.registers.iter().map(|(region, version)| format!("{region} {version}")).collect();
        let registers = if registers.is_empty() { "no register".to_owned() } else { registers.join(", ") };
        format!("{}\n", clean(&format!("{word}: {}: {registers}", side.config)))
    };
    format!("{}{}\n", side("old", &sides.old), side("new", &sides.new))
}

pub(super) fn change(subject: &Subject, change: &Change) -> String {
    let difference = &change.difference;
    let kind = subject.kind.map_or_else(|| "unknown kind".to_owned(), |kind| kind.to_string());
    let identification = subject.identification.as_deref().unwrap_or("-");
    let Pair { old, new } = difference.verdict;
    let verdict = if old == new { format!("{old} under both") } else { format!("{old} -> {new}") };
    let mut lines = vec![format!("{}: {kind} {identification}: {verdict}", subject.file)];
    sides(&mut lines, "finding", &difference.findings, finding);
    sides(&mut lines, "signal", &difference.signals, signal);
    for line in &difference.lines {
        let word = |granted: bool| if granted { "granted" } else { "refused" };
        lines.push(format!(
            "  line {} of allocation {}, {} euros: {} -> {}",
            line.reference,
            line.allocation,
            line.cents,
            word(line.granted.old),
            word(line.granted.new)
        ));
    }
    for posting in &difference.postings {
        lines.push(format!("  {} of {}: {}", posting.sort, posting.agreement, amounts(posting.cents)));
    }
    sides(&mut lines, "leaves", &difference.leaves, leaving);
    if let Some(first) = &change.follows {
        let kind = first.kind.as_deref().unwrap_or("unknown kind");
        let identification = first.identification.as_deref().unwrap_or("-");
        lines.push(format!("  goes back to {}: {kind} {identification}", first.file));
    }
    lines.iter().map(|line| clean(line) + "\n").collect::<String>() + "\n"
}

fn sides<T>(lines: &mut Vec<String>, noun: &str, only: &Only<T>, show: impl Fn(&T) -> String) {
    lines.extend(only.only_old.iter().map(|one| format!("  {noun} under the old only: {}", show(one))));
    lines.extend(only.only_new.iter().map(|one| format!("  {noun} under the new only: {}", show(one))));
}

fn finding(broken: &Broken) -> String {
    match &broken.code {
        Some(code) => format!("{} {code} at {}", broken.rule, broken.path),
        None => format!("{} at {}", broken.rule, broken.path),
    }
}

fn signal(flag: &Flag) -> String {
    let mut text = format!("{} {}", flag.check, flag.outcome);
    if let Some(agreement) = &flag.agreement {
        write!(text, ", agreement {agreement}").expect(STRING);
    }
    if let Some(percent) = flag.percent {
        write!(text, " {percent}%").expect(STRING);
    }
    if !flag.allocations.is_empty() {
        let numbers: Vec<String> = flag.allocations.iter().map(u64::to_string).collect();
        write!(text, ", allocation {}", numbers.join(", ")).expect(STRING);
    }
    text
}

fn leaving(leaving: &Leaving) -> String {
    format!("{} {}", leaving.purpose, leaving.subject)
}

fn amounts(cents: Pair<Cents>) -> String {
    let difference = cents.difference();
    let sign = if difference > Cents(0) { "+" } else { "" };
    format!("{} -> {} euros ({sign}{difference})", cents.old, cents.new)
}

pub(super) fn end(summary: &Summary, tables: &[Table]) -> String {
    let Summary { compared, changed, following, granted, reserved, .. } = *summary;
    let messages = if compared == 1 { "message" } else { "messages" };
    let mut out = match changed {
        0 => format!("{compared} {messages} compared: nothing was decided differently\n"),
        _ => format!(
            "{compared} {messages} compared: {changed} decided differently, of which {following} after an earlier one; {} \
             alike\n",
            compared - changed
        ),
    };
    writeln!(out, "granted: {}", amounts(granted)).expect(STRING);
    writeln!(out, "reserved: {}", amounts(reserved)).expect(STRING);
    tables.iter().for_each(|table| out.push_str(&page(table)));
    out
}

/// The rows in which something differs; nothing when there are none.
fn page(table: &Table) -> String {
    let rows: Vec<Vec<String>> =
        table.rows.iter().filter(|row| row.differs).map(|row| row.cells.iter().map(text).collect()).collect();
    if rows.is_empty() {
        return String::new();
    }
    let headings: Vec<String> = table.columns.iter().map(|column| column.heading.to_owned()).collect();
    // A column is of one sort; where a value is absent its neighbours tell.
    let is_number = |at: usize| {
        table.rows.iter().any(|row| matches!(row.cells.get(at), Some(Cell::Count(_) | Cell::Cents(_))))
    };
    let columns: Vec<(usize, bool)> = (0..headings.len())
        .map(|at| {
            let cells = std::iter::once(&headings).chain(&rows).filter_map(|row| row.get(at));
            (cells.map(|cell| cell.chars().count()).max().unwrap_or(0), is_number(at))
        })
        .collect();
    let mut out = format!("\n{}\n", table.title);
    for row in std::iter::once(&headings).chain(&rows) {
        let mut line = String::from(" ");
        for (cell, (width, is_number)) in row.iter().zip(&columns) {
            if *is_number {
                write!(line, " {cell:>width$} ").expect(STRING);
            } else {
                write!(line, " {cell:<width$} ").expect(STRING);
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    match table.rows.len() - rows.len() {
        0 => {}
        alike => writeln!(out, "  and {alike} without a difference").expect(STRING),
    }
    out
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Absent => "-".to_owned(),
        Cell::Text(text) => clean(text),
        Cell::Count(count) => count.to_string(),
        Cell::Cents(cents) => cents.to_string(),
        Cell::Day(day) => day.to_string(),
    }
}
