//! The figures of a comparison as CSV: a file for each table, one for the messages that differ and one for their lines.
//!
//! As the tables of a register: a header row, `;` between cells, UTF-8, dates ISO, money in eurocents.

use crate::whatif::{Cell, Change, Subject, Table};
use csv::{Writer, WriterBuilder};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The files that are being written.
pub(super) struct Csv {
    folder: PathBuf,
    messages: Writer<File>,
    lines: Writer<File>,
}

const MESSAGES: [&str; 13] = [
    "file",
    "kind",
    "identification",
    "municipality",
    "provider",
    "verdict_old",
    "verdict_new",
    "granted_old_cents",
    "granted_new_cents",
    "reserved_old_cents",
    "reserved_new_cents",
    "follows_file",
    "follows_identification",
];

const LINES: [&str; 6] = ["file", "reference", "allocation", "cents", "old", "new"];

impl Csv {
    pub(super) fn into_folder(folder: &Path) -> io::Result<Csv> {
        fs::create_dir_all(folder)?;
        Ok(Csv {
            folder: folder.to_owned(),
            messages: open(folder, "messages", &MESSAGES)?,
            lines: open(folder, "lines", &LINES)?,
        })
    }

    pub(super) fn change(&mut self, subject: &Subject, change: &Change) -> io::Result<()> {
        let party =
            |party: &Option<crate::message::Party>| party.as_ref().map_or("", |party| party.as_str()).to_owned();
        let verdict = change.difference.verdict;
        let follows = change.follows.as_ref();
        self.messages.write_record([
            safe(&subject.file),
            subject.kind.map_or_else(String::new, |kind| kind.to_string()),
            safe(subject.identification.as_deref().unwrap_or("")),
            party(&subject.gemeente),
            party(&subject.aanbieder),
            verdict.old.to_string(),
            verdict.new.to_string(),
            change.granted.old.0.to_string(),
            change.granted.new.0.to_string(),
            change.reserved.old.0.to_string(),
            change.reserved.new.0.to_string(),
            safe(follows.map_or("", |first| &first.file)),
            safe(follows.and_then(|first| first.identification.as_deref()).unwrap_or("")),
        ])?;
        let word = |granted: bool| if granted { "granted" } else { "refused" }.to_owned();
        for line in &change.difference.lines {
            self.lines.write_record([
                safe(&subject.file),
                safe(&line.reference),
                line.allocation.to_string(),
                line.cents.0.to_string(),
                word(line.granted.old),
                word(line.granted.new),
            ])?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, tables: &[Table]) -> io::Result<()> {
        self.messages.flush()?;
        self.lines.flush()?;
        for table in tables {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            let mut file = open(&self.folder, table.name, &columns)?;
            for row in &table.rows {
                file.write_record(row.cells.iter().map(text))?;
            }
            file.flush()?;
        }
        Ok(())
    }
}

fn open(folder: &Path, name: &str, columns: &[&str]) -> io::Result<Writer<File>> {
    let file = File::create(folder.join(format!("{name}.csv")))?;
    let mut writer = WriterBuilder::new().delimiter(b';').from_writer(file);
    writer.write_record(columns)?;
    Ok(writer)
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Text(text) => safe(text),
        Cell::Count(count) => count.to_string(),
        Cell::Cents(cents) => cents.0.to_string(),
        Cell::Day(day) => day.to_string(),
    }
}

/// What comes from a message must not be taken for a formula by whoever opens the file in a spreadsheet.
fn safe(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_formula() {
        for (text, expected) in [("", ""), ("=1+1", "'=1+1"), ("-2", "'-2"), ("@a", "'@a"), ("a=1", "a=1")] {
            assert_eq!(safe(text), expected);
        }
    }
}
