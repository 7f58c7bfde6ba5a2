//! Reads one value after another from the file and the environment and keeps account: of what is wrong, and of which
//! keys exist, so that at the end every key that nobody asked for can be named.

use super::fault::{ConfigFault, nearest};
use super::secret_files::ENDING;
use super::units;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml_edit::{Document, Item, TableLike, Value};

/// Prefix of the environment variables that the gateway reads.
pub(super) const PREFIX: &str = "SLUIS_";
/// Variables with the prefix that are no settings: the configuration file itself, and what tests need.
#[cfg(not(debug_assertions))]
const NO_SETTINGS: [&str; 2] = ["SLUIS_CONFIG", "SLUIS_TEST_"];
/// Failpoints as well, in builds that have them.
#[cfg(debug_assertions)]
const NO_SETTINGS: [&str; 3] = ["SLUIS_CONFIG", "SLUIS_TEST_", "SLUIS_FAILPOINT"];

/// Where a value stands.
#[derive(Debug, Clone)]
pub(super) struct At {
    file: String,
    line: Option<u32>,
    key: String,
}

/// A value before it has a type.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) at: At,
    value: Plain,
}

#[derive(Debug, Clone)]
enum Plain {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<String>),
    /// A sort of value that no key takes, by name.
    Other(&'static str),
}

/// What is wrong with a value and what to do.
pub(super) struct Wrong(String, String);

/// Says what is wrong and what to do about it.
pub(super) fn wrong<T>(wrong: impl Into<String>, todo: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong(wrong.into(), todo.into()))
}

impl Raw {
    fn describe(&self) -> String {
        match &self.value {
            Plain::Text(text) => format!("\"{text}\""),
            Plain::Integer(number) => number.to_string(),
            Plain::Boolean(flag) => flag.to_string(),
            Plain::List(items) => format!("{items:?}"),
            Plain::Other(sort) => (*sort).to_owned(),
        }
    }

    pub(super) fn text(&self) -> Result<String, Wrong> {
        match &self.value {
            Plain::Text(text) => Ok(text.clone()),
            _ => wrong(format!("{} is not a text", self.describe()), "put it between double quotes"),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, Wrong> {
        match &self.value {
            Plain::List(items) => Ok(items.clone()),
            Plain::Text(text) => Ok(text.split(',').map(|item| item.trim().to_owned()).collect()),
            _ => wrong(format!("{} is not a list of texts", self.describe()), "write it as [\"one\", \"two\"]"),
        }
    }

    /// A list of texts, or one on its own. Unlike in [`Raw::texts`], a comma in that one parts nothing.
    pub(super) fn one_or_more(&self) -> Result<Vec<String>, Wrong> {
        match &self.value {
            Plain::List(items) => Ok(items.clone()),
            _ => self.text().map(|text| vec![text]),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, Wrong> {
        match &self.value {
            Plain::Boolean(flag) => Ok(*flag),
            Plain::Text(text) if text == "true" => Ok(true),
            Plain::Text(text) if text == "false" => Ok(false),
            _ => wrong(format!("{} is not true or false", self.describe()), "write true or false, without quotes"),
        }
    }

    pub(super) fn number(&self, min: u64, max: u64) -> Result<u64, Wrong> {
        let number = match &self.value {
            Plain::Integer(number) => u64::try_from(*number).ok(),
            Plain::Text(text) => text.parse().ok(),
            Plain::Boolean(_) | Plain::List(_) | Plain::Other(_) => None,
        };
        match number {
            Some(number) if (min..=max).contains(&number) => Ok(number),
            _ => wrong(
                format!("{} is not a whole number from {min} to {max}", self.describe()),
                "write such a number, without quotes",
            ),
        }
    }

    pub(super) fn duration(&self) -> Result<Duration, Wrong> {
        match &self.value {
            Plain::Text(text) if units::parse_duration(text).is_some_and(|duration| !duration.is_zero()) => {
                Ok(units::parse_duration(text).unwrap_or_default())
            }
            _ => wrong(
                format!("{} is not a duration above zero", self.describe()),
                "write a whole number with ms, s, m, h or d between quotes, such as \"500ms\"",
            ),
        }
    }

    pub(super) fn size(&self) -> Result<u64, Wrong> {
        match &self.value {
            Plain::Text(text) if units::parse_size(text).is_some_and(|size| size > 0) => {
                Ok(units::parse_size(text).unwrap_or_default())
            }
            _ => wrong(
                format!("{} is not a size above zero", self.describe()),
                "write a whole number with B, kB, MB or GB between quotes, such as \"25MB\"",
            ),
        }
    }

    pub(super) fn path(&self, base: &Path) -> Result<PathBuf, Wrong> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return wrong("the path is empty", "name a file or folder, or leave the key out");
        }
        Ok(base.join(text))
    }

    /// An IP address with a port, such as `example`.
    pub(super) fn address(&self, example: &str) -> Result<SocketAddr, Wrong> {
        let text = self.text()?;
        match text.parse() {
            Ok(address) => Ok(address),
            Err(_) => wrong(
                format!("\"{text}\" is not an address with a port"),
                format!("write an IP address and a port, such as \"{example}\""),
            ),
        }
    }
}

/// One table of the file, beside the environment.
#[derive(Clone)]
pub(super) struct Section<'t> {
    name: String,
    /// Label of the section in faults: `directory`, `back_office[2]`.
    label: String,
    table: Option<&'t dyn TableLike>,
    line: Option<u32>,
    /// Prefix of its environment variables; `None` where variables cannot say which one is meant.
    variables: Option<String>,
}

/// Reads values and keeps account of faults and of known keys.
pub(super) struct Reader<'t> {
    file: String,
    text: &'t str,
    document: Option<&'t Document<String>>,
    env: &'t BTreeMap<String, String>,
    known: BTreeMap<String, BTreeSet<String>>,
    variables: BTreeSet<String>,
    faults: Vec<ConfigFault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(
        file: &Path,
        text: &'t str,
        document: Option<&'t Document<String>>,
        env: &'t BTreeMap<String, String>,
    ) -> Reader<'t> {
        Reader {
            file: file.display().to_string(),
            text,
            document,
            env,
            known: BTreeMap::new(),
            variables: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// A section `[name]`, present or not.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'t> {
        let mut section = self.section_without_variables(name);
        section.variables = Some(format!("{PREFIX}{}_", name.to_uppercase()));
        section
    }

    /// A section that the environment cannot override.
    pub(super) fn section_without_variables(&mut self, name: &'static str) -> Section<'t> {
        self.known.entry(name.to_owned()).or_default();
        let item = self.document.and_then(|document| document.get(name));
        let line = self.line_of(self.document.map(|document| document.as_table() as &dyn TableLike), name);
        let table = item.and_then(Item::as_table_like);
        if item.is_some() && table.is_none() {
            let at = At { file: self.file.clone(), line, key: name.to_owned() };
            self.fault(&at, "it is not a section", format!("write [{name}] on a line of its own, keys below it"));
        }
        Section { name: name.to_owned(), label: name.to_owned(), table, line, variables: None }
    }

    /// The sections `[[name]]`, in the order of the file.
    pub(super) fn repeated(&mut self, name: &'static str) -> Vec<Section<'t>> {
        self.known.entry(name.to_owned()).or_default();
        let Some(item) = self.document.and_then(|document| document.get(name)) else { return Vec::new() };
        let tables: Option<Vec<&dyn TableLike>> = match item {
            Item::ArrayOfTables(tables) => Some(tables.iter().map(|table| table as &dyn TableLike).collect()),
            Item::Value(Value::Array(array)) => {
                array.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike)).collect()
            }
            Item::None | Item::Value(_) | Item::Table(_) => None,
        };
        let Some(tables) = tables else {
            let line = self.line_of(self.document.map(|document| document.as_table() as &dyn TableLike), name);
            let at = At { file: self.file.clone(), line, key: name.to_owned() };
            self.fault(&at, "it may occur more than once", format!("write [[{name}]], with two brackets"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, table) in tables.into_iter().enumerate() {
            let first = table.iter().next().map(|(key, _)| key.to_owned());
            sections.push(Section {
                name: name.to_owned(),
                label: format!("{name}[{}]", index + 1),
                line: first.and_then(|key| self.line_of(Some(table), &key)),
                table: Some(table),
                variables: None,
            });
        }
        sections
    }

    /// Keys and values of a section whose keys are free, and its sub-sections by name.
    #[expect(clippy::type_complexity, reason = "the two halves of one section, used once")]
    pub(super) fn entries(&mut self, section: &Section<'t>) -> (Vec<(String, Raw)>, Vec<(String, Section<'t>)>) {
        let (mut values, mut tables) = (Vec::new(), Vec::new());
        let Some(table) = section.table else { return (values, tables) };
        for (key, item) in table.iter() {
            let label = format!("{}.{key}", section.label);
            let line = self.line_of(Some(table), key);
            if let Some(inner) = item.as_table_like() {
                let section = Section { name: label.clone(), label, table: Some(inner), line, variables: None };
                tables.push((key.to_owned(), section));
            } else {
                values.push((
                    key.to_owned(),
                    Raw { at: At { file: self.file.clone(), line, key: label }, value: plain(item) },
                ));
            }
        }
        (values, tables)
    }

    /// A value as it stands: the environment before the file.
    pub(super) fn raw(&mut self, section: &Section<'t>, key: &'static str) -> Option<Raw> {
        self.known.entry(section.name.clone()).or_default().insert(key.to_owned());
        if let Some(prefix) = &section.variables {
            let variable = format!("{prefix}{}", key.to_uppercase());
            self.variables.insert(variable.clone());
            if let Some(text) = self.env.get(&variable) {
                let at = At { file: "environment".to_owned(), line: None, key: variable };
                return Some(Raw { at, value: Plain::Text(text.clone()) });
            }
        }
        let item = section.table?.get(key)?;
        let line = self.line_of(section.table, key);
        Some(Raw {
            at: At { file: self.file.clone(), line, key: format!("{}.{key}", section.label) },
            value: plain(item),
        })
    }

    /// A value with a type; `None` when absent or wrong, and what is wrong is noted.
    pub(super) fn optional<T>(
        &mut self,
        section: &Section<'t>,
        key: &'static str,
        parse: impl FnOnce(&Raw) -> Result<T, Wrong>,
    ) -> Option<T> {
        let raw = self.raw(section, key)?;
        self.parsed(&raw, parse)
    }

    /// A value that was read before, with a type.
    pub(super) fn parsed<T>(&mut self, raw: &Raw, parse: impl FnOnce(&Raw) -> Result<T, Wrong>) -> Option<T> {
        match parse(raw) {
            Ok(value) => Some(value),
            Err(Wrong(what, todo)) => {
                self.fault(&raw.at, what, todo);
                None
            }
        }
    }

    /// A value with a type and a default.
    pub(super) fn value<T>(
        &mut self,
        section: &Section<'t>,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&Raw) -> Result<T, Wrong>,
    ) -> T {
        self.optional(section, key, parse).unwrap_or(default)
    }

    /// Where a key stands, or would have to stand.
    pub(super) fn place(&mut self, section: &Section<'t>, key: &'static str) -> At {
        match self.raw(section, key) {
            Some(raw) => raw.at,
            None => At { file: self.file.clone(), line: section.line, key: format!("{}.{key}", section.label) },
        }
    }

    /// Where a section stands.
    pub(super) fn label(&self, section: &Section<'t>) -> At {
        At { file: self.file.clone(), line: section.line, key: section.label.clone() }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, at: &At, wrong: impl Into<String>, todo: impl Into<String>) {
        let (wrong, todo) = (wrong.into(), todo.into());
        self.faults.push(ConfigFault { file: at.file.clone(), line: at.line, key: at.key.clone(), wrong, todo });
    }

    /// Notes every key of a section that nobody asked for.
    pub(super) fn unknown_keys(&mut self, section: &Section<'t>) {
        let Some(table) = section.table else { return };
        let known = self.known.get(&section.name).cloned().unwrap_or_default();
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(*key)) {
            let at = At {
                file: self.file.clone(),
                line: self.line_of(Some(table), key),
                key: format!("{}.{key}", section.label),
            };
            let todo = advice(key, known.iter().map(String::as_str), "this section knows");
            self.fault(&at, "there is no such key", todo);
        }
    }

    /// The keys that were asked for, by section, and the variables that override them.
    pub(super) fn into_known(self) -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
        (self.known, self.variables)
    }

    /// Notes unknown sections and variables and hands over all faults: those of the file by line, then the others.
    pub(super) fn finish(mut self) -> Vec<ConfigFault> {
        let sections: Vec<String> = self.known.keys().cloned().collect();
        if let Some(document) = self.document {
            let table = document.as_table();
            for (name, _) in table.iter().filter(|(name, _)| !sections.iter().any(|known| known == name)) {
                let at = At { file: self.file.clone(), line: self.line_of(Some(table), name), key: name.to_owned() };
                let todo = advice(name, sections.iter().map(String::as_str), "the sections are");
                self.fault(&at, "there is no such section", todo);
            }
        }
        let variables: Vec<String> = self.variables.iter().cloned().collect();
        for name in self.env.keys().filter(|name| name.starts_with(PREFIX)) {
            let setting = !NO_SETTINGS.iter().any(|prefix| name.starts_with(prefix));
            if setting && !self.variables.contains(name) {
                // Of a variable that names a file with the value, the name before that counts.
                let near = |name: &str| nearest(name, variables.iter().map(String::as_str)).map(str::to_owned);
                let by_stem = name.strip_suffix(ENDING).and_then(near).map(|near| near + ENDING);
                let todo = match by_stem.or_else(|| near(name)) {
                    Some(near) => format!("perhaps {near} is meant; otherwise unset it"),
                    None => "unset it; the names are SLUIS_<SECTION>_<KEY>, as in the annotated config/sluis.toml"
                        .to_owned(),
                };
                let at = At { file: "environment".to_owned(), line: None, key: name.clone() };
                self.faults.push(ConfigFault {
                    file: at.file,
                    line: None,
                    key: at.key,
                    wrong: "there is no such setting".to_owned(),
                    todo,
                });
            }
        }
        self.faults.sort_by_key(|fault| (fault.line.is_none(), fault.line));
        self.faults
    }

    fn line_of(&self, table: Option<&dyn TableLike>, key: &str) -> Option<u32> {
        let table = table?;
        let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| table.get(key).and_then(Item::span))?;
        Some(line_at(self.text, span.start))
    }
}

/// The line, from 1, on which a byte offset lies.
pub(super) fn line_at(text: &str, offset: usize) -> u32 {
    let breaks = text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

fn advice<'a>(typed: &str, known: impl Iterator<Item = &'a str> + Clone, listed: &str) -> String {
    match nearest(typed, known.clone()) {
        Some(near) => format!("perhaps \"{near}\" is meant"),
        None => format!("{listed}: {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn plain(item: &Item) -> Plain {
    match item {
        Item::Value(Value::String(text)) => Plain::Text(text.value().clone()),
        Item::Value(Value::Integer(number)) => Plain::Integer(*number.value()),
        Item::Value(Value::Boolean(flag)) => Plain::Boolean(*flag.value()),
        Item::Value(Value::Array(array)) => array
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map_or(Plain::Other("a list with something else than texts"), Plain::List),
        Item::Value(Value::Float(_)) => Plain::Other("a broken number"),
        Item::Value(Value::Datetime(_)) => Plain::Other("a date"),
        Item::Value(Value::InlineTable(_)) | Item::Table(_) => Plain::Other("a section"),
        Item::ArrayOfTables(_) => Plain::Other("a list of sections"),
        Item::None => Plain::Other("nothing"),
    }
}
