//! The registry against the standard's own list of rules, and the documents that follow from both.
//!
//! `standard.csv` holds which rules the standard has, at which level, with which code, for which kinds: facts, not
//! texts. `docs/rules.md` and `docs/conformance.md` are written with `UPDATE=1 cargo test --lib conformance`.

use super::sample::Row;
use super::tests::all_cases;
use super::{Check, Rule, Sort, all, catalogue};
use crate::message::{Kind, Number};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What the standard has and the registry lacks, by number of the message. It can only shrink: an entry that is no
/// longer missing fails the test as well as a missing one that does not stand here.
const NOT_YET: &[(&str, &str)] = &[];

/// One rule of the standard.
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    id: String,
    sort: String,
    level: u8,
    code: String,
    kinds: BTreeSet<Kind>,
}

/// The standard's list, by id.
fn standard() -> BTreeMap<String, Listed> {
    let mut reader = csv::Reader::from_reader(include_bytes!("standard.csv").as_slice());
    let rows = reader.records().map(|row| {
        let row = row.expect("a CSV row");
        let [id, sort, level, code, kinds] = [0, 1, 2, 3, 4].map(|column| row[column].to_owned());
        let level = level.parse().expect("a level is a number");
        (id.clone(), Listed { id, sort, level, code, kinds: kinds.split(' ').map(kind).collect() })
    });
    rows.collect()
}

fn kind(name: &str) -> Kind {
    Kind::all().find(|kind| kind.to_string() == name).unwrap_or_else(|| panic!("{name} is no kind"))
}

fn registry() -> BTreeMap<&'static str, &'static Rule> {
    all().into_iter().map(|rule| (rule.id, rule)).collect()
}

#[test]
fn every_rule_of_the_registry_is_one_of_the_standard() {
    let standard = standard();
    assert_eq!(standard.len(), 121);
    for rule in all().into_iter().filter(|rule| rule.sort != Sort::Gateway) {
        let listed = standard.get(rule.id).unwrap_or_else(|| panic!("{} is no rule of the standard", rule.id));
        let sort = match rule.sort {
            Sort::Technical => "technical",
            Sort::Condition => "condition",
            Sort::Constraint => "constraint",
            Sort::Gateway => unreachable!("left out above"),
        };
        assert_eq!((sort, rule.level as u8, rule.code), (&*listed.sort, listed.level, &*listed.code), "{}", rule.id);
        let foreign: Vec<Kind> =
            Kind::all().filter(|&kind| rule.applies_to(kind) && !listed.kinds.contains(&kind)).collect();
        assert!(foreign.is_empty(), "{} does not apply to {foreign:?} in the standard", rule.id);
        for number in rule.numbers {
            let stands = listed.kinds.iter().any(|kind| kind.number == *number && rule.laws.contains(&kind.law));
            assert!(stands, "{} does not apply to the {} in the standard", rule.id, number.as_str());
        }
    }
}

#[test]
fn every_rule_of_the_standard_is_in_the_registry_for_all_its_kinds() {
    let registry = registry();
    let mut missing = BTreeSet::new();
    for listed in standard().values() {
        let judged = |kind: &&Kind| !registry.get(&*listed.id).is_some_and(|rule| rule.applies_to(**kind));
        missing.extend(listed.kinds.iter().filter(judged).map(|kind| (kind.number.as_str(), listed.id.clone())));
    }
    let entries = NOT_YET.iter().flat_map(|&(number, ids)| ids.split(' ').map(move |id| (number, id.to_owned())));
    let known: BTreeSet<(&str, String)> = entries.collect();
    let unknown: Vec<_> = missing.difference(&known).collect();
    let stale: Vec<_> = known.difference(&missing).collect();
    assert!(unknown.is_empty(), "of the standard and not in the registry: {unknown:?}");
    assert!(stale.is_empty(), "judged by now, take it out of NOT_YET: {stale:?}");
}

/// How many cases of a rule pass and fail, by kind.
fn counts(rule: &Rule, rows: &[Row]) -> BTreeMap<Kind, (usize, usize)> {
    let mut counts = BTreeMap::new();
    for kind in Kind::all().filter(|&kind| rule.applies_to(kind)) {
        let own = rows.iter().filter(|row| row.number == kind.number && row.laws.contains(&kind.law));
        let (passing, failing): (Vec<_>, Vec<_>) = own.partition(|row| row.expected.is_empty());
        counts.insert(kind, (passing.len(), failing.len()));
    }
    counts
}

#[test]
fn every_rule_has_a_passing_and_a_failing_case_for_each_of_its_kinds() {
    let mut lacking = Vec::new();
    for (rule, rows) in all_cases().iter().filter(|(rule, _)| !matches!(rule.check, Check::Schema)) {
        for (kind, (passing, failing)) in counts(rule, rows) {
            if passing == 0 || failing == 0 {
                lacking.push(format!("{} {kind}: {passing} passing, {failing} failing", rule.id));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn the_page_on_the_rules_is_up_to_date() {
    assert_document("docs/rules.md", &catalogue::markdown(&all()));
}

#[test]
fn the_conformance_matrix_is_up_to_date() {
    assert_document("docs/conformance.md", &matrix());
}

/// Rules of the standard by kind, with the number of cases of each pair.
fn matrix() -> String {
    let (standard, cases) = (standard(), all_cases());
    let cases: BTreeMap<&str, (&Rule, &[Row])> =
        cases.iter().map(|(rule, rows)| (rule.id, (*rule, &rows[..]))).collect();
    let kinds: BTreeSet<(Number, Kind)> =
        standard.values().flat_map(|listed| &listed.kinds).map(|kind| (kind.number, *kind)).collect();
    let mut rows = String::new();
    let (mut pairs, mut judged, mut passing, mut failing) = (0, 0, 0, 0);
    for listed in standard.values() {
        write!(rows, "| {} | {} | {} |", listed.id, listed.level, listed.code)
            .expect("writing to a string cannot fail");
        let own = cases.get(&*listed.id);
        let counts = own.map(|(rule, rows)| counts(rule, rows)).unwrap_or_default();
        let by_schema = own.is_some_and(|(rule, _)| matches!(rule.check, Check::Schema));
        for (_, kind) in &kinds {
            let cell = match counts.get(kind) {
                _ if !listed.kinds.contains(kind) => String::new(),
                None => "-".to_owned(),
                Some(_) if by_schema => "XSD".to_owned(),
                Some((pass, fail)) => {
                    passing += pass;
                    failing += fail;
                    format!("{pass}+{fail}")
                }
            };
            pairs += usize::from(listed.kinds.contains(kind));
            judged += usize::from(counts.contains_key(kind));
            write!(rows, " {cell} |").expect("writing to a string cannot fail");
        }
        rows.push('\n');
    }
    let in_registry = standard.keys().filter(|id| cases.contains_key(id.as_str())).count();
    let names: Vec<String> = kinds.iter().map(|(_, kind)| kind.to_string()).collect();
    format!(
        "# Conformance: cases by rule and kind\n\n\
        <!-- Written by `UPDATE=1 cargo test --lib conformance`; a test compares it with the program. -->\n\n\
        Each cell counts the cases of a rule that start from a valid message of that kind and change one thing: how many\n\
        must pass, plus how many must fail at a named place. They stand beside the rule in `src/rules/` and run with\n\
        every test. `XSD`: the schema judges it (level 1). `-`: the standard has it and Sluis does not judge it yet.\n\
        Empty: the rule does not apply. What each rule says stands in [rules.md](rules.md).\n\n\
        {in_registry} of {} rules, {judged} of {pairs} pairs of rule and kind; {passing} cases pass and {failing} fail.\n\n\
        | rule | level | code | {} |\n|---|---|---|{}\n{rows}",
        standard.len(),
        names.join(" | "),
        "---|".repeat(names.len()),
    )
}

/// Compares a document with what it must hold, or writes it when `UPDATE` is set.
fn assert_document(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| found.lines().count().min(expected.lines().count())) + 1;
    assert!(
        found == expected,
        "{name} is not what the rules say, from line {line} on; write it anew with \
        `UPDATE=1 cargo test --lib conformance` and look at the difference"
    );
}

/// The reference beside the project, when it is there; a worktree lies one folder deeper.
fn reference() -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../shared", "../../shared"].map(|beside| project.join(beside).join("standard/rules.toml"));
    beside.into_iter().find(|path| path.exists())
}

#[test]
fn the_list_is_that_of_the_reference() {
    let Some(path) = reference() else {
        println!("skipped: no reference beside the project");
        return;
    };
    let text = std::fs::read_to_string(path).expect("the reference can be read");
    let file: toml_edit::DocumentMut = text.parse().expect("the reference is TOML");
    let rules = file["rule"].as_array_of_tables().expect("a list of rules");
    let listed: BTreeMap<String, Listed> = rules
        .iter()
        .map(|rule| {
            let text = |key: &str| rule[key].as_str().expect("a text").to_owned();
            let level = rule["level"].as_integer().and_then(|level| u8::try_from(level).ok()).expect("a level");
            let kinds = rule["messages"].as_array().expect("a list").iter();
            let kinds = kinds.map(|name| kind(name.as_str().expect("a name"))).collect();
            (text("id"), Listed { id: text("id"), sort: text("kind"), level, code: text("return_code"), kinds })
        })
        .collect();
    assert_eq!(standard(), listed);
}
