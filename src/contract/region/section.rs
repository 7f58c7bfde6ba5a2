//! Typed reading of a TOML document with line numbers: every key asked for, every fault collected.

use crate::contract::fault::{RegisterFault, hint};
use crate::message::Date;
use std::cell::RefCell;
use std::collections::BTreeSet;
use toml_edit::{Item, TableLike, Value};

/// The document being read and what is wrong with it so far.
pub(super) struct Reading<'t> {
    file: &'static str,
    text: &'t str,
    faults: RefCell<Vec<RegisterFault>>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(file: &'static str, text: &'t str) -> Reading<'t> {
        Reading { file, text, faults: RefCell::default() }
    }

    pub(super) fn into_faults(self) -> Vec<RegisterFault> {
        self.faults.into_inner()
    }

    /// Line of a byte offset, from 1.
    pub(super) fn line(&self, offset: usize) -> u32 {
        let newlines = self.text.get(..offset).map_or(0, |before| before.matches('\n').count());
        u32::try_from(newlines + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn fault(&self, line: u32, path: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.faults.borrow_mut().push(RegisterFault::at(self.file, line, path, what, remedy));
    }
}

/// One table of the document. Keys that nobody asked for are faults once it is [finished](Section::finish).
pub(super) struct Section<'t, 'r> {
    reading: &'r Reading<'t>,
    table: &'r dyn TableLike,
    path: String,
    pub(super) line: u32,
    asked: RefCell<BTreeSet<String>>,
}

impl<'t, 'r> Section<'t, 'r> {
    pub(super) fn new(reading: &'r Reading<'t>, table: &'r dyn TableLike, path: &str, line: u32) -> Section<'t, 'r> {
        Section { reading, table, path: path.to_owned(), line, asked: RefCell::default() }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Line of a key, or of the table when the key is not there.
    pub(super) fn line_of(&self, key: &str) -> u32 {
        let span = self.table.get(key).and_then(Item::span);
        let key_span = self.table.key(key).and_then(toml_edit::Key::span);
        key_span.or(span).map_or(self.line, |span| self.reading.line(span.start))
    }

    pub(super) fn fault(&self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.reading.fault(self.line_of(key), &self.path_of(key), what, remedy);
    }

    fn get(&self, key: &str) -> Option<&'r Item> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.table.iter().map(|(key, _)| key.to_owned()).collect()
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.has(key) {
            self.fault(key, "the key is missing", "add it; there is no default");
        }
        value
    }

    fn optional<T>(&self, key: &str, kind: &str, read: impl Fn(&'r Value) -> Option<T>) -> Option<T> {
        let item = self.get(key)?;
        let value = item.as_value().and_then(read);
        if value.is_none() {
            self.fault(key, format!("this is not {kind}"), format!("write {kind}"));
        }
        value
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        let value = self.optional_text(key);
        self.required(key, value)
    }

    pub(super) fn optional_text(&self, key: &str) -> Option<String> {
        self.optional(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        let value = self.optional_number(key);
        self.required(key, value)
    }

    pub(super) fn optional_number(&self, key: &str) -> Option<u32> {
        self.optional(key, "a whole number, zero or more", |value| value.as_integer()?.try_into().ok())
    }

    /// As [`Section::optional_number`], for figures that may be large.
    pub(super) fn optional_amount(&self, key: &str) -> Option<u64> {
        self.optional(key, "a whole number, zero or more", |value| value.as_integer()?.try_into().ok())
    }

    pub(super) fn optional_date(&self, key: &str) -> Option<Date> {
        self.optional(key, "a date such as 2026-12-31 without quotes", |value| {
            let datetime = value.as_datetime()?;
            let date = datetime.date.filter(|_| datetime.time.is_none())?;
            let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
            Date::new(i16::try_from(date.year).ok()?, month, day).ok()
        })
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.optional_texts(key);
        self.required(key, value)
    }

    pub(super) fn optional_texts(&self, key: &str) -> Option<Vec<String>> {
        self.optional(key, "a list of texts in quotes", |value| {
            value.as_array()?.iter().map(|each| each.as_str().map(str::to_owned)).collect()
        })
    }

    pub(super) fn optional_numbers(&self, key: &str) -> Option<Vec<u32>> {
        self.optional(key, "a list of whole numbers", |value| {
            value.as_array()?.iter().map(|each| each.as_integer()?.try_into().ok()).collect()
        })
    }

    /// A value as it stands in the file, whatever its type.
    pub(super) fn raw(&self, key: &str) -> Option<String> {
        let value = self.get(key).map(|item| item.to_string().trim().to_owned());
        self.required(key, value)
    }

    /// One of a closed list of words.
    pub(super) fn word<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>, known: &[&str]) -> Option<T> {
        let text = self.text(key)?;
        let value = parse(&text);
        if value.is_none() {
            self.fault(key, format!("unknown word `{text}`"), hint(&text, known.iter().copied()));
        }
        value
    }

    /// A table under `key`; `None` when it is not there.
    pub(super) fn section(&self, key: &str) -> Option<Section<'t, 'r>> {
        let item = self.get(key)?;
        let Some(table) = item.as_table_like() else {
            self.fault(key, "this is no table", format!("write it as [{}]", self.path_of(key)));
            return None;
        };
        Some(Section::new(self.reading, table, &self.path_of(key), self.line_of(key)))
    }

    /// The tables of a list `[[key]]`; empty when it is not there.
    pub(super) fn sections(&self, key: &str) -> Vec<Section<'t, 'r>> {
        let Some(item) = self.get(key) else {
            return Vec::new();
        };
        let Some(tables) = item.as_array_of_tables() else {
            self.fault(key, "this is no list of tables", format!("write each entry as [[{}]]", self.path_of(key)));
            return Vec::new();
        };
        tables
            .iter()
            .map(|table| {
                let line = table.span().map_or(self.line, |span| self.reading.line(span.start));
                Section::new(self.reading, table, &self.path_of(key), line)
            })
            .collect()
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.keys().iter().filter(|key| !asked.contains(*key)) {
            self.fault(key, format!("unknown key `{key}`"), hint(key, asked.iter().map(String::as_str)));
        }
    }
}
