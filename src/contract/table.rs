//! Tables that contract managers keep in a spreadsheet, read strictly: what cannot be understood for certain is
//! refused with a word on how to write it, never guessed.
//!
//! What spreadsheets do and cannot be misread is survived: a byte order mark, a first line `sep=;`, `;` or `,` between
//! cells, CR/LF, blanks around a value, empty columns at the right and empty rows. The reader is this strict one rather
//! than a general CSV reader because those forgive a quote in the wrong place, and a forgiven quote swallows rows.

use super::fault::{RegisterFault, hint};
use crate::message::{Cents, Date};
use std::collections::{BTreeMap, BTreeSet};

/// A table whose header was understood.
#[derive(Debug)]
pub(crate) struct Table {
    file: &'static str,
    /// Position of each expected column in a row.
    columns: Vec<(&'static str, usize)>,
    rows: Vec<(u32, Vec<String>)>,
    /// Whether every row could be split into cells.
    pub(crate) complete: bool,
}

impl Table {
    /// Reads `bytes`; `None` when the header leaves no way to read the rows. Faults are added to `faults`.
    pub(crate) fn read(
        file: &'static str,
        expected: &[&'static str],
        bytes: &[u8],
        faults: &mut Vec<RegisterFault>,
    ) -> Option<Table> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let row = line_number(bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').skip(1).count());
                faults.push(RegisterFault::at(file, row, "", "not UTF-8", "save the sheet as `CSV UTF-8`"));
                return None;
            }
        };
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate().peekable();
        let declared = lines.next_if(|(_, line)| line.to_ascii_lowercase().starts_with("sep="));
        let (number, header) = lines.find(|(_, line)| !is_blank(line)).unwrap_or((0, ""));
        let separator = match declared {
            Some((_, line)) if line.ends_with(';') => ';',
            None if header.contains(';') => ';',
            _ => ',',
        };
        let columns = read_header(file, expected, line_number(number), header, separator, faults)?;
        let mut rows = Vec::new();
        let before = faults.len();
        for (number, line) in lines {
            if is_blank(line) {
                continue;
            }
            let number = line_number(number);
            match split(line, separator) {
                Ok(cells) => {
                    if let Some(stray) = cells
                        .iter()
                        .enumerate()
                        .find(|(at, cell)| !cell.is_empty() && !columns.iter().any(|(_, column)| column == at))
                    {
                        faults.push(RegisterFault::at(
                            file,
                            number,
                            "",
                            format!("cell {} holds `{}` but stands in no known column", stray.0 + 1, shown(stray.1)),
                            "remove it, or look for a separator too many in this row",
                        ));
                        continue;
                    }
                    rows.push((number, cells));
                }
                Err(what) => faults.push(RegisterFault::at(
                    file,
                    number,
                    "",
                    what,
                    "quote the whole cell, double a quote inside it, and keep a cell on one line",
                )),
            }
        }
        Some(Table { file, columns, rows, complete: faults.len() == before })
    }

    /// The rows, top down.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }
}

fn is_blank(line: &str) -> bool {
    line.chars().all(|letter| letter.is_whitespace() || matches!(letter, ';' | ','))
}

fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn read_header(
    file: &'static str,
    expected: &[&'static str],
    line: u32,
    header: &str,
    separator: char,
    faults: &mut Vec<RegisterFault>,
) -> Option<Vec<(&'static str, usize)>> {
    let before = faults.len();
    let names = match split(header, separator) {
        Ok(names) => names,
        Err(what) => {
            faults.push(RegisterFault::at(file, line, "", what, "write the column names without quotes"));
            return None;
        }
    };
    let mut found: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let Some(known) = expected.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
            let remedy = hint(name, expected.iter().copied());
            let name = shown(name);
            faults.push(RegisterFault::at(file, line, &name, format!("unknown column `{name}`"), remedy));
            continue;
        };
        if found.insert(known, at).is_some() {
            faults.push(RegisterFault::at(file, line, known, "the column stands twice", "keep one of the two"));
        }
    }
    for &name in expected.iter().filter(|name| !found.contains_key(*name)) {
        let remedy = "add it to the header row; its cells may be empty where the column is optional";
        faults.push(RegisterFault::at(file, line, name, "the column is missing", remedy));
    }
    (faults.len() == before).then(|| found.into_iter().collect())
}

/// Splits one line into trimmed cells.
fn split(line: &str, separator: char) -> Result<Vec<String>, &'static str> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let start = rest.trim_start_matches(|letter: char| letter.is_whitespace() && letter != separator);
        let (cell, after) = if let Some(quoted) = start.strip_prefix('"') {
            let (cell, after) = quoted_cell(quoted)?;
            (cell, after.trim_start_matches(|letter: char| letter.is_whitespace() && letter != separator))
        } else {
            let end = start.find(separator).unwrap_or(start.len());
            let cell = &start[..end];
            if cell.contains('"') {
                return Err("a quote in the middle of a cell");
            }
            (cell.to_owned(), &start[end..])
        };
        cells.push(cell.trim().to_owned());
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(cells),
            None => return Err("text after the closing quote of a cell"),
        }
    }
}

fn quoted_cell(text: &str) -> Result<(String, &str), &'static str> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find('"') else {
            return Err("a quote that is opened and not closed on the same line");
        };
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        let Some(doubled) = rest.strip_prefix('"') else {
            return Ok((cell, rest));
        };
        cell.push('"');
        rest = doubled;
    }
}

/// A value as a fault may show it: not longer than a cell should be.
fn shown(value: &str) -> String {
    let mut short: String = value.chars().take(40).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

/// One row, read cell by cell. Every reading function adds a fault and gives `None` when the cell does not fit.
#[derive(Clone, Copy)]
pub(crate) struct Row<'t> {
    table: &'t Table,
    /// Line in the file, from 1.
    pub(crate) line: u32,
    cells: &'t [String],
}

impl<'t> Row<'t> {
    /// The cell of a column; empty when the row is shorter.
    pub(crate) fn cell(&self, column: &str) -> &'t str {
        let at = self.table.columns.iter().find(|(name, _)| *name == column).map(|(_, at)| *at);
        at.and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }

    /// A fault in this row.
    pub(crate) fn fault(&self, column: &str, what: impl Into<String>, remedy: impl Into<String>) -> RegisterFault {
        RegisterFault::at(self.table.file, self.line, column, what, remedy)
    }

    /// Text that must be there.
    pub(crate) fn text(&self, column: &str, faults: &mut Vec<RegisterFault>) -> Option<&'t str> {
        let cell = self.cell(column);
        if cell.is_empty() {
            faults.push(self.fault(column, "the cell is empty", "fill it in"));
            return None;
        }
        Some(cell)
    }

    /// One of a closed list of words.
    pub(crate) fn word<T>(
        &self,
        column: &str,
        parse: impl Fn(&str) -> Option<T>,
        known: &[&str],
        faults: &mut Vec<RegisterFault>,
    ) -> Option<T> {
        let cell = self.text(column, faults)?;
        let value = parse(cell);
        if value.is_none() {
            let what = format!("unknown {column} `{}`", shown(cell));
            faults.push(self.fault(column, what, hint(cell, known.iter().copied())));
        }
        value
    }

    /// Words of a closed list with blanks between them; none when the cell is empty.
    pub(crate) fn words<T: Ord>(
        &self,
        column: &str,
        parse: impl Fn(&str) -> Option<T>,
        known: &[&str],
        faults: &mut Vec<RegisterFault>,
    ) -> Option<BTreeSet<T>> {
        let mut words = Some(BTreeSet::new());
        for word in self.cell(column).split_whitespace() {
            let Some(value) = parse(word) else {
                let what = format!("unknown word `{}` in {column}", shown(word));
                faults.push(self.fault(column, what, hint(word, known.iter().copied())));
                words = None;
                continue;
            };
            words = words.map(|mut words| {
                words.insert(value);
                words
            });
        }
        words
    }

    /// A code of exactly `digits` digits.
    pub(crate) fn digits(&self, column: &str, digits: usize, faults: &mut Vec<RegisterFault>) -> Option<&'t str> {
        let cell = self.text(column, faults)?;
        let numeric = cell.bytes().all(|byte| byte.is_ascii_digit());
        if numeric && cell.len() == digits {
            return Some(cell);
        }
        let remedy = if numeric && cell.len() < digits {
            format!("write `{cell:0>digits$}` and format the column as text, or the sheet drops leading zeros")
        } else {
            format!("write {digits} digits")
        };
        faults.push(self.fault(column, format!("`{}` is not a code of {digits} digits", shown(cell)), remedy));
        None
    }

    /// `*` (all, as `None`) or a code of exactly `digits` digits.
    #[allow(clippy::option_option, reason = "outer: readable or not; inner: one or all")]
    pub(crate) fn digits_or_all(
        &self,
        column: &str,
        digits: usize,
        faults: &mut Vec<RegisterFault>,
    ) -> Option<Option<&'t str>> {
        if self.cell(column) == "*" {
            return Some(None);
        }
        if self.cell(column).is_empty() {
            faults.push(self.fault(column, "the cell is empty", "write a code, or `*` for all"));
            return None;
        }
        self.digits(column, digits, faults).map(Some)
    }

    /// A whole number; `None` inside when the cell is empty.
    #[allow(clippy::option_option, reason = "outer: readable or not; inner: filled or empty")]
    pub(crate) fn optional_number(&self, column: &str, faults: &mut Vec<RegisterFault>) -> Option<Option<u32>> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return Some(None);
        }
        if let Some(number) = plain_digits(cell).and_then(|digits| digits.parse().ok()) {
            return Some(Some(number));
        }
        faults.push(self.fault(column, format!("`{}` is not a whole number", shown(cell)), "write digits only"));
        None
    }

    /// An amount in eurocents, zero or more.
    pub(crate) fn cents(&self, column: &str, faults: &mut Vec<RegisterFault>) -> Option<Cents> {
        let cell = self.text(column, faults)?;
        if let Some(cents) = plain_digits(cell).and_then(|digits| digits.parse().ok()) {
            return Some(Cents(cents));
        }
        let remedy = match as_euros(cell) {
            Some(cents) => format!("amounts are in whole eurocents: write `{cents}`"),
            None => "amounts are in whole eurocents, digits only: write `6350` for 63,50 euros".to_owned(),
        };
        faults.push(self.fault(column, format!("`{}` is not a whole number of eurocents", shown(cell)), remedy));
        None
    }

    /// A date that must be there.
    pub(crate) fn date(&self, column: &str, faults: &mut Vec<RegisterFault>) -> Option<Date> {
        self.text(column, faults)?;
        self.optional_date(column, faults).flatten()
    }

    /// A date; `None` inside when the cell is empty.
    #[allow(clippy::option_option, reason = "outer: readable or not; inner: filled or empty")]
    pub(crate) fn optional_date(&self, column: &str, faults: &mut Vec<RegisterFault>) -> Option<Option<Date>> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return Some(None);
        }
        if cell.len() == 10
            && let Ok(date) = cell.parse::<Date>()
        {
            return Some(Some(date));
        }
        let remedy = match as_dutch_date(cell) {
            Some(date) => format!("write it as {date}"),
            None if plain_digits(cell).is_some_and(|digits| digits.len() == 5) => {
                "this is a day number of the sheet: format the column as text and write YYYY-MM-DD".to_owned()
            }
            None => "write an existing day as YYYY-MM-DD".to_owned(),
        };
        faults.push(self.fault(column, format!("`{}` is not a date", shown(cell)), remedy));
        None
    }

    /// `valid_from` and `valid_to`, the latter open when empty.
    pub(crate) fn validity(&self, faults: &mut Vec<RegisterFault>) -> Option<Validity> {
        let from = self.date("valid_from", faults);
        let to = self.optional_date("valid_to", faults);
        let validity = Validity { from: from?, to: to? };
        if let Some(to) = validity.to
            && to < validity.from
        {
            let what = format!("valid_to {to} is before valid_from {}", validity.from);
            faults.push(self.fault("valid_to", what, "correct one of the two; valid_to is the last valid day"));
            return None;
        }
        Some(validity)
    }
}

fn plain_digits(cell: &str) -> Option<&str> {
    (!cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())).then_some(cell)
}

/// `63,50`, `63.50`, `€ 1.063,50`: what somebody writes who thinks in euros, in cents.
fn as_euros(cell: &str) -> Option<String> {
    let cell = cell.trim_start_matches('€').trim();
    let (euros, cents) = cell.rsplit_once([',', '.'])?;
    let cents = match plain_digits(cents)?.len() {
        1 => format!("{cents}0"),
        2 => cents.to_owned(),
        _ => return None,
    };
    let euros: String = euros.chars().filter(|letter| !matches!(letter, '.' | ',' | ' ')).collect();
    let all = format!("{}{cents}", plain_digits(&euros)?);
    let trimmed = all.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() })
}

/// `31-12-2026` or `31/12/2026`, day first as in the Netherlands.
fn as_dutch_date(cell: &str) -> Option<Date> {
    let parts: Vec<&str> = cell.split(['-', '/']).collect();
    let [day, month, year] = parts.as_slice() else {
        return None;
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A period of validity: first day, and last day unless open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Validity {
    /// First day.
    pub from: Date,
    /// Last day; `None` when no end was set.
    pub to: Option<Date>,
}

impl Validity {
    /// Whether `day` lies within.
    pub fn holds_on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether the two share a day.
    pub fn overlaps(&self, other: &Validity) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_split_as_spreadsheets_write_them() {
        for (line, separator, expected) in [
            ("a;b;c", ';', vec!["a", "b", "c"]),
            (" a ,\u{a0}b\t,", ',', vec!["a", "b", ""]),
            ("\"De \"\"Es\"\"; noord\" ;x", ';', vec!["De \"Es\"; noord", "x"]),
            ("\"\";", ';', vec!["", ""]),
        ] {
            assert_eq!(split(line, separator).expect("a readable line"), expected, "{line}");
        }
        for line in ["a;b\"c", "\"a", "\"a\"b;c"] {
            assert!(split(line, ';').is_err(), "{line}");
        }
    }

    #[test]
    fn euros_and_dutch_dates_get_a_hint() {
        assert_eq!(as_euros("63,50").as_deref(), Some("6350"));
        assert_eq!(as_euros("€ 1.063,5").as_deref(), Some("106350"));
        assert_eq!(as_euros("0,00").as_deref(), Some("0"));
        assert_eq!(as_euros("6.350"), None);
        assert_eq!(as_dutch_date("31-12-2026"), Some(Date::constant(2026, 12, 31)));
        assert_eq!(as_dutch_date("12/31/2026"), None);
    }
}
