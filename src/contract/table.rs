//! Tables that contract managers keep in a spreadsheet, read strictly: what cannot be understood for certain is
//! refused with a word on how to write it, never guessed.
//!
//! What spreadsheets do and cannot be misread is survived: a byte order mark, a first line `sep=;`, `;` or `,` between
//! cells, CR/LF, blanks around a value, empty columns at the right and empty rows. The reader is this strict one rather
//! than a general CSV reader because those forgive a quote in the wrong place, and a forgiven quote swallows rows.
//!
//! What a sheet changed for good (zeros it dropped, numbers it shortened, dates it turned round) is recognised where
//! that can be done, so that the fault says how the cell was meant to look.

use super::fault::{RegisterFault, hint};
use crate::message::{Cents, Date};
use std::borrow::Cow;
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
        let text = decode(file, bytes, faults)?;
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate().peekable();
        let declared = lines.next_if(|(_, line)| line.to_ascii_lowercase().starts_with("sep="));
        let (number, header) = lines.find(|(_, line)| !is_blank(line)).unwrap_or((0, ""));
        let separator = match declared {
            Some((_, line)) if line.ends_with(';') => ';',
            None if header.contains(';') => ';',
            _ if header.contains('\t') && !header.contains(',') => {
                let remedy = "save the sheet as `CSV UTF-8`: `;` or `,` between the cells";
                faults.push(RegisterFault::at(file, line_number(number), "", "tabs between the cells", remedy));
                return None;
            }
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
                // A sheet that quotes every cell quotes the empty ones below its last row too.
                Ok(cells) if cells.iter().all(String::is_empty) => {}
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

/// The text of a file. What is no text of any sort is refused; of a text in the wrong encoding the first line that
/// shows it is told, and the rest is read as far as it goes, so that its other faults are told too.
fn decode<'b>(file: &str, bytes: &'b [u8], faults: &mut Vec<RegisterFault>) -> Option<Cow<'b, str>> {
    const REMEDY: &str = "save the sheet as `CSV UTF-8`";
    let sort = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16 (`Unicode text`), not UTF-8"),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("a workbook, not a CSV file"),
        _ if bytes.contains(&0) => Some("not a text: it holds bytes of zero, as UTF-16 does"),
        _ => None,
    };
    if let Some(sort) = sort {
        faults.push(RegisterFault::of_file(file, sort, REMEDY));
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let (before, after) = bytes.split_at(error.valid_up_to());
            let row = line_number(before.split(|byte| *byte == b'\n').skip(1).count());
            // Sheets in the Netherlands that do not write UTF-8 write Windows-1252.
            let letter = after.first().filter(|byte| **byte >= 0xa0).map(|byte| char::from(*byte));
            let what = letter.map_or_else(
                || "not UTF-8".to_owned(),
                |letter| format!("not UTF-8: in Windows-1252 this byte is the letter `{letter}`"),
            );
            faults.push(RegisterFault::at(file, row, "", what, REMEDY));
            String::from_utf8_lossy(bytes)
        }
    };
    if text.contains('\r') && !text.contains('\n') {
        let what = "lines that end in a carriage return alone, as an old Macintosh wrote them";
        faults.push(RegisterFault::of_file(file, what, REMEDY));
        return None;
    }
    Some(text)
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
        let bare = bare(cell);
        let remedy = if plain_digits(bare).is_some() && bare.len() <= digits {
            format!("write `{bare:0>digits$}` and format the column as text, or the sheet drops leading zeros")
        } else if is_shortened(cell) {
            format!("the sheet shortened it: format the column as text and write all {digits} digits")
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
        let remedy = if let Some(cents) = as_euros(bare(cell)) {
            format!("amounts are in whole eurocents: write `{cents}`")
        } else if let Some(digits) = without_separators(bare(cell)) {
            format!("write it without separators: `{digits}` for eurocents, `{digits}00` if these are euros")
        } else if is_shortened(cell) {
            "the sheet shortened it: format the column as a number without decimals and write all digits".to_owned()
        } else {
            "amounts are in whole eurocents, zero or more, digits only: write `6350` for 63,50 euros".to_owned()
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
        let remedy = match as_date(bare(cell)) {
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

/// `31-12-2026`, `31/12/2026` or `31.12.2026`, day first as in the Netherlands; `2026-1-1` and `20261231`; a day with a
/// time behind it. A year of two digits is nobody's guess.
fn as_date(cell: &str) -> Option<Date> {
    let day = cell.split([' ', 'T']).next().unwrap_or(cell);
    if let Some(digits) = plain_digits(day).filter(|digits| digits.len() == 8) {
        return Date::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?).ok();
    }
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [first, month, last] = parts.as_slice() else {
        return None;
    };
    let (year, day) = match (first.len(), last.len()) {
        (4, 1 | 2) => (first, last),
        (1 | 2, 4) => (last, first),
        _ => return None,
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A cell without the marks around it that a sheet puts there to keep a number a text, and without a `.0` that it puts
/// behind one.
fn bare(cell: &str) -> &str {
    let cell = cell.trim_matches(|letter: char| "'\"`´‘’‚“”„".contains(letter) || letter.is_whitespace());
    match cell.strip_suffix(".0") {
        Some(number) if plain_digits(number).is_some() => number,
        _ => cell,
    }
}

/// `1,00E+05`, as a sheet writes a number that does not fit its column, or that it took a code for.
fn is_shortened(cell: &str) -> bool {
    let Some((number, power)) = cell.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(&number.replacen([',', '.'], "", 1)) && power.strip_prefix(['+', '-']).is_some_and(digits)
}

/// The digits of a number with separators between its thousands: `1.100`, `1 000 000`.
fn without_separators(cell: &str) -> Option<String> {
    let cell = cell.trim_start_matches('€').trim();
    let mut groups = cell.split(|letter: char| matches!(letter, '.' | ',' | '\'' | '’') || letter.is_whitespace());
    let first = groups.next().and_then(plain_digits).filter(|group| group.len() <= 3)?;
    let rest: Vec<&str> = groups.collect();
    let full = |group: &&str| plain_digits(group).is_some_and(|group| group.len() == 3);
    (!rest.is_empty() && rest.iter().all(full)).then(|| format!("{first}{}", rest.concat()))
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
        let last = Date::constant(2026, 12, 31);
        for cell in ["31-12-2026", "31/12/2026", "31.12.2026", "2026/12/31", "20261231", "2026-12-31 00:00:00"] {
            assert_eq!(as_date(cell), Some(last), "{cell}");
        }
        assert_eq!(as_date("1-1-2026"), Some(Date::constant(2026, 1, 1)));
        for cell in ["12/31/2026", "31-12-26", "2026-02-30", "46022", "31 december 2026", ""] {
            assert_eq!(as_date(cell), None, "{cell}");
        }
    }

    #[test]
    fn what_a_sheet_did_to_a_number_is_recognised() {
        for (cell, digits) in [("1.100", "1100"), ("1 000\u{a0}000", "1000000"), ("€ 12.500", "12500")] {
            assert_eq!(without_separators(cell).as_deref(), Some(digits), "{cell}");
        }
        for cell in ["1100", "1.10", "1.1000", ".100", "1..100", "1.100a", ""] {
            assert_eq!(without_separators(cell), None, "{cell}");
        }
        for (cell, expected) in [("1,00E+05", true), ("2E-3", true), ("02E03", false), ("E+5", false), ("12", false)] {
            assert_eq!(is_shortened(cell), expected, "{cell}");
        }
        for (cell, expected) in [("'0197", "0197"), ("“0197”", "0197"), ("197.0", "197"), ("a.0", "a.0"), ("", "")]
        {
            assert_eq!(bare(cell), expected, "{cell}");
        }
    }
}
