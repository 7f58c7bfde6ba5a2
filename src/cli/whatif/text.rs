//! A comparison as text: what differs message by message, then the figures in which something differs.

use super::Side;
use crate::cli::explain::clean;
use crate::message::Cents;
use crate::whatif::{Broken, Cell, Change, Flag, Leaving, Only, Pair, Row, Subject, Summary, Table};
use std::collections::BTreeSet;
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
    match leaving.purpose {
        "error" => "error report".to_owned(),
        purpose => format!("{purpose} {}", leaving.subject),
    }
}

fn amounts(cents: Pair<Cents>) -> String {
    let difference = cents.difference();
    let sign = if difference > Cents(0) { "+" } else { "" };
    format!("{} -> {} euros ({sign}{difference})", cents.old, cents.new)
}

pub(super) fn end(summary: &Summary, tables: &[Table]) -> String {
    let Summary { compared, changed, following, granted, reserved, .. } = *summary;
    let messages = if compared == 1 { "message" } else { "messages" };
    let alike = compared - changed;
    let mut out = match changed {
        0 => format!("{compared} {messages} compared: none differs\n"),
        _ => format!(
            "{compared} {messages} compared: {alike} alike, {changed} not; of these {following} after an earlier one\n"
        ),
    };
    writeln!(out, "granted: {}", amounts(granted)).expect(STRING);
    writeln!(out, "reserved: {}", amounts(reserved)).expect(STRING);
    tables.iter().map(page).fold(out, |out, page| out + &page)
}

/// The rows in which something differs, without the columns that say nothing of them; nothing when there are none.
fn page(table: &Table) -> String {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| row.differs).collect();
    if rows.is_empty() {
        return String::new();
    }
    // Both sides of a figure stand or go together: one alone would leave the reader guessing at the other.
    let telling: BTreeSet<String> = (0..table.columns.len())
        .filter(|at| rows.iter().filter_map(|row| row.cells.get(*at)).any(|cell| !is_nothing(cell)))
        .map(|at| figure(table.columns[at].name))
        .collect();
    let columns: Vec<Printed> = (0..table.columns.len())
        .filter(|at| telling.contains(&figure(table.columns[*at].name)))
        .map(|at| Printed::of(table, &rows, at))
        .collect();
    let mut out = format!("\n{}\n", table.title);
    for line in 0..=rows.len() {
        let cells: Vec<String> = columns.iter().map(|column| column.padded(line)).collect();
        out.push_str("  ");
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    match table.rows.len() - rows.len() {
        0 => {}
        alike => writeln!(out, "  and {alike} without a difference").expect(STRING),
    }
    out
}

/// A column as it is printed.
struct Printed {
    /// Heading and values.
    cells: Vec<String>,
    width: usize,
    is_number: bool,
}

impl Printed {
    fn of(table: &Table, rows: &[&Row], at: usize) -> Printed {
        let values: Vec<&Cell> = rows.iter().filter_map(|row| row.cells.get(at)).collect();
        let mut cells = vec![table.columns[at].heading.to_owned()];
        cells.extend(values.iter().map(|cell| text(cell)));
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        Printed { cells, width, is_number: values.iter().any(|cell| matches!(cell, Cell::Count(_) | Cell::Cents(_))) }
    }

    fn padded(&self, line: usize) -> String {
        let (width, cell) = (self.width, self.cells.get(line).map_or("", String::as_str));
        if self.is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    }
}

fn is_nothing(cell: &Cell) -> bool {
    matches!(cell, Cell::Absent | Cell::Count(0) | Cell::Cents(Cents(0)))
}

/// What a column is about, whichever side: `granted_old_cents` and `granted_difference_cents` are of one figure.
fn figure(column: &str) -> String {
    column.split('_').filter(|part| !["old", "new", "difference"].contains(part)).collect::<Vec<_>>().join("_")
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
