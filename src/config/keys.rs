//! Every key of the configuration as a value, from the annotated reference and from what reading it asks for: the page
//! `docs/configuration.md`, the listing of `sluis config keys` and the manual page are written from it.
//!
//! Names, defaults and explanations are those of the reference. What a key takes is what reading says of a value that is
//! wrong on purpose, so that it cannot differ from what is refused.

use super::read::PREFIX;
use super::{ConfigFault, REFERENCE, read_all, read_text};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use toml_edit::Document;

/// What stands before the keys on the page.
const INTRODUCTION: &str = include_str!("keys.md");

/// A section of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name, such as `amqp`.
    pub name: String,
    /// Whether it may stand more than once, as `[[sender]]`.
    pub repeated: bool,
    /// What it is for, where the reference says so; empty otherwise.
    pub about: String,
    /// Its keys, in the order of the reference.
    pub keys: Vec<Key>,
}

/// A key that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name in its section.
    pub name: String,
    /// What it takes, in words.
    pub takes: String,
    /// The value without the key, as it is written; `None`: nothing is set then.
    pub default: Option<String>,
    /// The variable that overrides it; `None` where the file alone can set it.
    pub variable: Option<String>,
    /// When a change counts.
    pub counts: Counts,
    /// What it means; empty for one that is explained with the key before it.
    pub about: String,
}

/// When a change counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// At the next start.
    AtStart,
    /// Another path at the next start; what lies there is looked at while the gateway runs.
    WhileRunning,
}

impl Counts {
    /// The words on the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Counts::AtStart => "next start",
            Counts::WhileRunning => "path: next start; content: at once",
        }
    }
}

/// Every section with its keys, in the order of the reference.
pub fn sections() -> Vec<Section> {
    let mut sections = of_reference();
    let variables = variables();
    for section in &mut sections {
        let (name, repeated) = (section.name.clone(), section.repeated);
        for key in &mut section.keys {
            let variable = format!("{PREFIX}{}_{}", name.to_uppercase(), key.name.to_uppercase());
            key.variable = variables.contains(&variable).then_some(variable);
            key.takes = takes(&name, repeated, &key.name);
            key.counts = counts(&name, &key.name);
        }
    }
    sections
}

/// Every variable that overrides a key.
pub(super) fn variables() -> BTreeSet<String> {
    known("").1
}

/// The keys by section, and the variables, that reading this text asks for.
fn known(text: &str) -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let document = Document::parse(text.to_owned()).expect("nothing and the reference are TOML");
    let env = BTreeMap::new();
    read_all(Path::new("sluis.toml"), text, &document, &env).1.into_known()
}

/// `docs/configuration.md`.
pub fn page() -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    let mut page = INTRODUCTION.to_owned();
    for section in sections() {
        let name = if section.repeated { format!("[[{}]]", section.name) } else { format!("[{}]", section.name) };
        writeln!(page, "\n### `{name}`\n").expect(INFALLIBLE);
        if !section.about.is_empty() {
            writeln!(page, "{}\n", section.about).expect(INFALLIBLE);
        }
        page.push_str("| key | takes | default | variable | a change counts |\n|---|---|---|---|---|\n");
        for key in &section.keys {
            let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
            let default = key.default.as_deref().map_or_else(|| "none".to_owned(), code);
            let variable = key.variable.as_deref().map_or_else(|| "in the file only".to_owned(), code);
            let (takes, counts) = (key.takes.replace('|', "\\|"), key.counts.as_str());
            writeln!(page, "| `{}` | {takes} | {default} | {variable} | {counts} |", key.name).expect(INFALLIBLE);
        }
        page.push('\n');
        for (names, about) in explained(&section) {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            writeln!(page, "- {}: {about}", names.join(", ")).expect(INFALLIBLE);
        }
        while page.ends_with("\n\n") {
            page.pop();
        }
    }
    page
}

/// Explanations with the keys that each is of: a key without one of its own shares that of the key before it.
pub(crate) fn explained(section: &Section) -> Vec<(Vec<&str>, &str)> {
    let mut explained: Vec<(Vec<&str>, &str)> = Vec::new();
    for key in &section.keys {
        match explained.last_mut() {
            Some((names, _)) if key.about.is_empty() => names.push(&key.name),
            Some(_) | None if !key.about.is_empty() => explained.push((vec![&key.name], &key.about)),
            Some(_) | None => {}
        }
    }
    explained
}

fn counts(section: &str, key: &str) -> Counts {
    let is_looked_at = match section {
        // The ledger is opened with it once; docs/keys.md tells how keys are changed.
        "ledger" if key == "key_file" => false,
        "contract" => matches!(key, "region" | "store"),
        _ => key.ends_with("_file"),
    };
    if is_looked_at { Counts::WhileRunning } else { Counts::AtStart }
}

/// What reading says of a text that no key means, or of none where any text will do.
fn takes(section: &str, repeated: bool, key: &str) -> String {
    let refusals = ["?", ""].map(|wrong| refusal(section, repeated, key, wrong));
    let words = refusals.iter().flatten().find_map(in_words);
    words.unwrap_or_else(|| if key.ends_with("_file") { "a file" } else { "a text" }.to_owned())
}

fn refusal(section: &str, repeated: bool, key: &str, wrong: &str) -> Option<ConfigFault> {
    let heading = if repeated { format!("[[{section}]]") } else { format!("[{section}]") };
    let text = format!("{heading}\n{key} = \"{wrong}\"\n");
    let faults = read_text(Path::new("sluis.toml"), &text, &BTreeMap::new());
    let faults = faults.map_or_else(|faults| faults, |(_, faults)| faults);
    let own = format!(".{key}");
    faults.into_iter().find(|fault| fault.line == Some(2) && fault.key.ends_with(&own))
}

/// A fault as what would have been right; `None` for one that is about something else than the value.
fn in_words(fault: &ConfigFault) -> Option<String> {
    if let Some((_, range)) = fault.wrong.split_once("is not a whole number ") {
        return Some(format!("a whole number {range}"));
    }
    for (part, words) in [
        ("is not a duration", "a duration"),
        ("is not a size", "a size"),
        ("is not true or false", "true or false"),
        ("the path is empty", "a path"),
        ("a folder without a name", "a folder, or a list of them"),
        ("the name is empty or longer", "a text"),
        ("the login is empty", "a text"),
    ] {
        if fault.wrong.contains(part) {
            return Some(words.to_owned());
        }
    }
    if fault.wrong.contains("stands without") || fault.wrong.contains("go together") {
        return None;
    }
    let todo = fault.todo.split(';').next().unwrap_or_default();
    let verbs = ["use ", "write ", "name "];
    verbs.iter().find_map(|verb| todo.strip_prefix(verb)).map(str::to_owned)
}

/// The reference, line by line.
fn of_reference() -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in REFERENCE.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let is_commented = line.starts_with('#');
        if let Some((name, repeated)) = heading(bare) {
            let about = std::mem::take(&mut comment).join(" ");
            // A table inside a section is an example of one, not a section.
            if !name.contains('.') {
                let about = if repeated { about } else { String::new() };
                sections.push(Section { name: name.to_owned(), repeated, about, keys: Vec::new() });
            }
        } else if let Some((name, value)) = setting(bare) {
            let about = std::mem::take(&mut comment).join(" ");
            let Some(section) = sections.last_mut() else { continue };
            // The same key once more, for another municipality, is an example.
            if section.keys.iter().all(|key| key.name != name) {
                section.keys.push(Key {
                    name: name.to_owned(),
                    takes: String::new(),
                    default: (!is_commented).then(|| value.to_owned()),
                    variable: None,
                    counts: Counts::AtStart,
                    about,
                });
            }
        } else if is_commented && line.len() > 1 {
            comment.push(bare);
        } else {
            comment.clear();
        }
    }
    sections
}

fn heading(line: &str) -> Option<(&str, bool)> {
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    match inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => Some((inner, true)),
        None => Some((inner, false)),
    }
}

fn setting(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" = ")?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_key.then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_names_what_is_read_and_nothing_else() {
        let (mut read, _) = known(&reference_in_full());
        // Asked for only to refuse it.
        read.get_mut("sender").expect("senders are read").remove("token");
        // Its keys are the checks.
        read.remove("policy");
        read.retain(|name, _| !name.contains('.'));
        let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for section in sections().into_iter().filter(|section| section.name != "policy") {
            told.entry(section.name).or_default().extend(section.keys.into_iter().map(|key| key.name));
        }
        assert_eq!(told, read);
    }

    /// The reference with every key that it shows set.
    fn reference_in_full() -> String {
        let lines = REFERENCE.lines().map(|line| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            if heading(bare).is_some() || setting(bare).is_some() { bare } else { line }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_key_says_what_it_takes_and_is_explained() {
        for section in sections() {
            let explained: BTreeSet<&str> = explained(&section).into_iter().flat_map(|(names, _)| names).collect();
            for key in &section.keys {
                let name = format!("{}.{}", section.name, key.name);
                assert!(!key.takes.is_empty(), "{name}");
                assert!(explained.contains(key.name.as_str()) || !section.about.is_empty(), "{name} is not explained");
                let in_file_only = section.repeated || section.name == "policy";
                assert_eq!(key.variable.is_none(), in_file_only, "{name}: {:?}", key.variable);
            }
        }
    }

    #[test]
    fn what_a_key_takes_is_what_is_refused_otherwise() {
        let takes = |section: &str, repeated, key: &str| super::takes(section, repeated, key);
        assert_eq!(takes("amqp", false, "max_takes"), "a whole number from 1 to 90");
        assert_eq!(takes("amqp", false, "declare"), "true or false");
        assert_eq!(takes("limits", false, "max_bytes"), "a size");
        assert_eq!(takes("shutdown", false, "deadline"), "a duration");
        assert_eq!(takes("replies", false, "unknown"), "\"refuse\" or \"relay\"");
        assert_eq!(takes("back_office", true, "order"), "\"strict\" or \"skip\"");
        assert_eq!(takes("ledger", false, "key_file"), "a path");
        assert_eq!(takes("ledger", false, "schema"), "a text");
        assert_eq!(takes("http_intake", false, "server_key_file"), "a path");
        assert_eq!(takes("gateway", false, "name"), "1 to 60 letters, digits, dots, dashes and underscores");
    }

    #[test]
    fn the_page_is_that_of_the_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
        let page = page();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &page).expect("the page can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == page,
            "docs/configuration.md is not that of the code: UPDATE=1 cargo test --lib config::keys"
        );
    }
}
