//! Whether the profiles hold what the documents state: every source is a line that exists, and every value of the
//! reference extracts, where they are at hand, stands in a table that names one of the same lines.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml_edit::{Document, Item, TableLike, Value};

/// Where the documents and their extracts are kept beside the project; `None` where they are not.
pub(crate) fn reference() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    folder.is_dir().then_some(folder)
}

/// What the extracts hold and a profile does not, by region (`*` for all) and key, with the reason.
const LEFT_OUT: [(&str, &str, &str); 15] = [
    ("*", "realisation", "computed from two amounts that are there"),
    ("*", "max_years", "the sum of the years of a period, of which the loader computes the end"),
    ("*", "initial_end", "computed from the first day and the years"),
    ("*", "max_end", "computed from the first day and the years"),
    ("*", "members", "the municipalities name their groupings"),
    ("gooi-en-vechtstreek", "growth_total", "computed from base and target"),
    ("gooi-en-vechtstreek", "growth_per_year_compound", "computed from base and target"),
    ("gooi-en-vechtstreek", "growth_per_year_linear_eur", "computed from base and target"),
    ("gooi-en-vechtstreek", "path_compound_eur_x1000", "computed from base and target"),
    ("gooi-en-vechtstreek", "remainder_eur", "computed from the parts of a pilot"),
    ("gooi-en-vechtstreek", "realisation_all", "computed; norms.realisation_rate_percent has it in whole percents"),
    ("gooi-en-vechtstreek", "realisation_jeugdwet", "computed from two sums"),
    ("gooi-en-vechtstreek", "realisation_wmo", "computed from two sums"),
    ("gooi-en-vechtstreek", "all", "the word for all municipalities in a profile, so the grouping has another id"),
    ("gooi-en-vechtstreek", "Other jointly bought or managed provisions (2014-2019)", "a description, not a name"),
];

/// Faults of a profile against its document, and the number of sources that were looked up.
pub(crate) fn check_lines(profile: &str, reference: &Path) -> (Vec<String>, usize) {
    let document = Document::parse(profile).expect("the profile is TOML");
    let mut faults = Vec::new();
    let mut looked_up = 0;
    let documents = document.get("document").and_then(Item::as_table_like).expect("documents are named");
    for (id, named) in documents.iter() {
        let file = named.get("file").and_then(Item::as_str).expect("a document has a file");
        let text = fs::read_to_string(reference.join("seeds").join(file)).expect("the document can be read");
        let lines: Vec<&str> = text.lines().collect();
        for line in tables(document.as_table()).iter().flat_map(|table| &table.lines) {
            let Some(line) = line.strip_prefix(&format!("{id}:L")) else { continue };
            let number: usize = line.parse().expect("the loader checked the number");
            looked_up += 1;
            let found = number.checked_sub(1).and_then(|index| lines.get(index));
            if found.is_none_or(|text| text.trim().is_empty()) {
                faults.push(format!("{id}:L{number} is not there or empty"));
            }
        }
    }
    (faults, looked_up)
}

/// What came of comparing a profile with its extract.
pub(crate) struct Comparison {
    /// Values of the extract that the profile lacks.
    pub(crate) lacking: Vec<String>,
    /// How many values were compared.
    pub(crate) compared: usize,
    /// Keys that were left out.
    pub(crate) left_out: BTreeSet<&'static str>,
}

/// Keys that are left out by the list, for the proof that each is needed.
pub(crate) fn left_out() -> BTreeSet<&'static str> {
    LEFT_OUT.iter().map(|(_, key, _)| *key).collect()
}

/// Compares every value of the extract with the profile.
pub(crate) fn check_values(region: &str, profile: &str, extract: &str) -> Comparison {
    let (profile, extract) =
        (Document::parse(profile).expect("TOML"), Document::parse(extract).expect("the extract is TOML"));
    let documents = profile.get("document").and_then(Item::as_table_like).expect("documents are named");
    let (id, _) = documents.iter().next().expect("one document");
    let ours = tables(profile.as_table());
    let mut leaves = Vec::new();
    collect(extract.as_table(), "", "", &[], &mut leaves);
    let left_out = |leaf: &Leaf| {
        let found = LEFT_OUT.iter().find(|(who, what, _)| {
            (*who == "*" || *who == region) && (leaf.path.split('.').any(|key| key == *what) || leaf.value == *what)
        });
        found.map(|(_, key, _)| *key)
    };
    let compared: Vec<&Leaf> = leaves.iter().filter(|leaf| left_out(leaf).is_none()).collect();
    let lacking = |leaf: &&&Leaf| {
        let holds = |table: &Table| table.values.iter().any(|value| leaf.is_in(value));
        let lines: BTreeSet<String> = leaf.lines.iter().map(|line| format!("{id}:L{line}")).collect();
        let of_line = |table: &&Table| table.lines.iter().any(|line| lines.contains(line));
        let near = ours.iter().filter(of_line).any(holds);
        !near && (leaf.is_figure && !lines.is_empty() || !ours.iter().any(holds))
    };
    let told = |leaf: &&Leaf| format!("{} = {} ({:?})", leaf.path, leaf.value, leaf.lines);
    Comparison {
        lacking: compared.iter().filter(lacking).map(told).collect(),
        compared: compared.len(),
        left_out: leaves.iter().filter_map(left_out).collect(),
    }
}

/// How many norms of a profile have this status.
pub(crate) fn norms(profile: &str, status: &str) -> usize {
    let document = Document::parse(profile).expect("the profile is TOML");
    let norms = document.get("norms").and_then(Item::as_table_like).expect("a profile has norms");
    norms.iter().filter(|(_, norm)| norm.get("status").and_then(Item::as_str) == Some(status)).count()
}

/// How many different lines of its document a profile rests on.
pub(crate) fn cited(profile: &str) -> usize {
    let document = Document::parse(profile).expect("the profile is TOML");
    let lines: BTreeSet<String> = tables(document.as_table()).into_iter().flat_map(|table| table.lines).collect();
    lines.iter().filter(|line| line.split_once(":L").is_some_and(|(_, line)| line.parse::<u32>().is_ok())).count()
}

/// A table of a profile that names sources, with the values that are its own.
struct Table {
    lines: BTreeSet<String>,
    values: Vec<String>,
}

fn tables(root: &dyn TableLike) -> Vec<Table> {
    let mut all = Vec::new();
    add_tables(root, &mut all);
    all
}

fn add_tables(table: &dyn TableLike, all: &mut Vec<Table>) {
    let mut own = Table { lines: BTreeSet::new(), values: Vec::new() };
    for (key, item) in table.iter() {
        match item {
            Item::Value(value) if key == "source" => own.lines.extend(texts(value)),
            Item::Value(value) => own.values.extend(texts(value)),
            Item::Table(inner) if key == "source_of" => {
                own.lines.extend(inner.iter().filter_map(|(_, item)| item.as_value()).flat_map(texts));
            }
            Item::Table(inner) if inner.is_dotted() => {
                own.values.extend(inner.iter().filter_map(|(_, item)| item.as_value()).flat_map(texts));
            }
            Item::Table(inner) => add_tables(inner, all),
            Item::ArrayOfTables(inner) => inner.iter().for_each(|table| add_tables(table, all)),
            Item::None => {}
        }
    }
    all.push(own);
}

/// Every scalar within a value, as text.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.value().clone()],
        Value::Integer(number) => vec![number.value().to_string()],
        Value::Float(number) => vec![number.value().to_string()],
        Value::Boolean(_) => Vec::new(),
        Value::Datetime(date) => vec![date.value().to_string()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::InlineTable(table) => table.iter().flat_map(|(_, value)| texts(value)).collect(),
    }
}

/// One value of an extract.
struct Leaf {
    path: String,
    value: String,
    /// Lines of the document that it rests on.
    lines: Vec<String>,
    /// A number, a code or a date, which must stand with its own line.
    is_figure: bool,
}

impl Leaf {
    /// Whether a value of the profile says the same: equal, or as a word of a text.
    fn is_in(&self, value: &str) -> bool {
        if self.is_figure {
            return value == self.value
                || value
                    .split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-')
                    .any(|word| word == self.value);
        }
        value.contains(&self.value)
    }
}

/// Tables of an extract whose ids and names are of the document or of the code lists.
const NAMED: [&str; 8] =
    ["region", "grouping", "municipality", "contract_period", "lot", "level", "segment", "segment.subsegment"];
/// Of those, the ones whose name the extract describes in English.
const DESCRIBED: [&str; 2] = ["grouping", "lot"];
/// Keys whose texts are values and not descriptions.
const TEXTS: [&str; 14] = [
    "id",
    "name",
    "name_in_source",
    "name_cbs",
    "former_name",
    "typering",
    "cbs",
    "successor",
    "groups",
    "groupings",
    "codes",
    "funding_model",
    "wmo",
    "jw",
];

fn collect(table: &dyn TableLike, path: &str, kind: &str, inherited: &[String], leaves: &mut Vec<Leaf>) {
    let lines_of = |item: Option<&Item>| -> Vec<String> {
        let sources = item.and_then(Item::as_value).map(texts).unwrap_or_default();
        sources.iter().filter_map(|source| seed_line(source)).collect()
    };
    let own = if table.contains_key("source") { lines_of(table.get("source")) } else { inherited.to_vec() };
    let special = table.get("source_for").and_then(Item::as_table_like);
    for (key, item) in table.iter().filter(|(key, _)| !matches!(*key, "source" | "source_for" | "sources")) {
        let inner = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let lines = match special.and_then(|special| special.get(key)) {
            Some(item) => lines_of(Some(item)),
            None => own.clone(),
        };
        match item {
            Item::Table(own) => collect(own, &inner, &inner, &lines, leaves),
            Item::ArrayOfTables(list) => list.iter().for_each(|own| collect(own, &inner, &inner, &lines, leaves)),
            Item::Value(value) => add_leaves(value, key, &inner, kind, &lines, leaves),
            Item::None => {}
        }
    }
}

fn add_leaves(value: &Value, key: &str, path: &str, kind: &str, lines: &[String], leaves: &mut Vec<Leaf>) {
    let mut add = |value: String, is_figure: bool| {
        leaves.push(Leaf { path: path.to_owned(), value, lines: lines.to_vec(), is_figure });
    };
    match value {
        Value::Integer(number) if key.contains("_eur") => add((number.value() * 100).to_string(), true),
        Value::Integer(number) => add(number.value().to_string(), true),
        Value::Float(number) if key.contains("_eur") => add(format!("{:.0}", number.value() * 100.0), true),
        Value::Float(number) if key.contains("hours") => add(format!("{:.0}", number.value() * 60.0), true),
        Value::Float(number) => add(number.value().to_string(), true),
        Value::Datetime(date) => add(date.value().to_string(), true),
        Value::String(text) => {
            let text = text.value();
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let is_described = key == "name" && DESCRIBED.contains(&kind);
            if is_number || TEXTS.contains(&key) && NAMED.contains(&kind) && !is_described {
                add(text.clone(), is_number);
            }
        }
        Value::Array(list) => list.iter().for_each(|each| add_leaves(each, key, path, kind, lines, leaves)),
        Value::InlineTable(table) if key != "as_stated" => {
            for (key, value) in table {
                add_leaves(value, key, &format!("{path}.{key}"), kind, lines, leaves);
            }
        }
        Value::InlineTable(_) | Value::Boolean(_) => {}
    }
}

/// The line of `000_….txt:L12 '…'`.
fn seed_line(source: &str) -> Option<String> {
    let (_, rest) = source.split_once(".txt:L")?;
    Some(rest.chars().take_while(char::is_ascii_digit).collect())
}
