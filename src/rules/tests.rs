//! The rows of every rule, and what must hold of the registry as a whole.

use super::*;
use crate::message::{Kind, Law, Number};
use crate::rules::sample::{Row, Sample};
use std::collections::BTreeSet;

fn all_cases() -> Vec<(&'static Rule, Vec<Row>)> {
    [within::cases(), across::cases(), outside::cases(), gateway::cases()].into_iter().flatten().collect()
}

/// Judges one row in each of its laws by its rule alone; gives the paths named.
fn check(rule: &'static Rule, row: &Row) {
    for &law in row.laws.iter().filter(|law| rule.laws.contains(law)) {
        let mut sample = Sample::of(Kind::new(law, row.number));
        (row.change)(&mut sample);
        let evaluation = sample.evaluate(&[rule]);
        let named: BTreeSet<String> = evaluation.broken.iter().map(|broken| broken.violation.place.path()).collect();
        let expected: BTreeSet<String> = row.expected.iter().map(|&path| path.to_owned()).collect();
        assert_eq!(named, expected, "{} in {law}: {}", rule.id, row.name);
        for broken in &evaluation.broken {
            assert!(!broken.violation.nl.is_empty() && !broken.violation.en.is_empty(), "{}", rule.id);
            let text = format!("{} {}", broken.violation.nl, broken.violation.en);
            assert!(!text.contains("9999000"), "{} names a person: {text}", rule.id);
        }
    }
}

#[test]
fn every_row_of_every_rule_holds() {
    for (rule, rows) in all_cases() {
        for row in &rows {
            check(rule, row);
        }
    }
}

#[test]
fn every_rule_that_runs_has_rows_that_pass_and_rows_that_fail() {
    for (rule, rows) in all_cases() {
        if matches!(rule.check, Check::Schema) {
            continue;
        }
        assert!(rows.iter().any(|row| row.expected.is_empty()), "{} has no row that passes", rule.id);
        assert!(rows.iter().any(|row| !row.expected.is_empty()), "{} has no row that fails", rule.id);
        for &number in rule.numbers {
            assert!(rows.iter().any(|row| row.number == number), "{} has no row for {}", rule.id, number.as_str());
        }
    }
}

#[test]
fn the_samples_break_no_rule() {
    let rules = all();
    for law in Law::ALL {
        for number in Number::ALL {
            let sample = Sample::of(Kind::new(law, number));
            let evaluation = sample.evaluate(&rules);
            assert!(evaluation.broken.is_empty(), "{law} {}: {:?}", number.as_str(), evaluation.broken);
            assert!(evaluation.skipped.is_empty());
        }
    }
}

#[test]
fn ids_are_unique_and_texts_are_there() {
    let mut seen = BTreeSet::new();
    for rule in all() {
        assert!(seen.insert(rule.id), "{} stands twice in the registry", rule.id);
        assert!(rule.nl.ends_with('.') && rule.en.ends_with('.'), "{} lacks a sentence", rule.id);
        assert!(!rule.numbers.is_empty() && !rule.laws.is_empty(), "{}", rule.id);
        assert_eq!(rule.level == Level::Within, rule.code == "0001", "{}", rule.id);
    }
}
