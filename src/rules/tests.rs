//! The rows of every rule, and what must hold of the registry as a whole.

use super::evaluate::Stage;
use super::*;
use crate::message::{Kind, Law, Number};
use crate::rules::sample::{Row, Sample};
use std::collections::BTreeSet;

/// The rows of every rule.
pub(super) fn all_cases() -> Vec<(&'static Rule, Vec<Row>)> {
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
            if rule.level > Level::Within {
                // The engine decides by the class of the rule when it is judged and what its failure stops.
                let (judged, found) = (Stage::of(rule.class), Stage::of(broken.violation.place.class));
                assert_eq!(judged, found, "{} in {law}: {} is found at another stage", rule.id, row.name);
            }
            let (nl, en) = (&broken.violation.nl, &broken.violation.en);
            assert!(nl.ends_with('.') && en.ends_with('.'), "{}: {nl} / {en}", rule.id);
            assert_eq!(figures_in(nl), figures_in(en), "{}: both languages tell the same: {nl} / {en}", rule.id);
            let text = format!("{nl} {en}");
            assert!(!text.contains("9999000"), "{} names a person: {text}", rule.id);
        }
    }
}

/// Every number of a sentence, in order of size: a sentence in one language tells no other figures than in the other.
fn figures_in(text: &str) -> Vec<String> {
    // An etmaal is a 24-hour period in English.
    let text = text.replace("24-hour", "");
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut figures: Vec<String> = parts.map(str::to_owned).collect();
    figures.sort_unstable();
    figures
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
        for &number in rule.numbers {
            for fails in [false, true] {
                let found = rows.iter().any(|row| row.number == number && row.expected.is_empty() != fails);
                let how = if fails { "fails" } else { "passes" };
                assert!(found, "{} has no row for {} that {how}", rule.id, number.as_str());
            }
        }
        for row in &rows {
            assert!(
                rule.numbers.contains(&row.number),
                "{} does not hold for {}: {}",
                rule.id,
                row.number.as_str(),
                row.name
            );
        }
    }
}

/// A rule with a test that the engine never runs for one of its numbers would be silent there.
#[test]
fn the_engine_runs_every_rule_for_all_its_numbers() {
    for rule in all().into_iter().filter(|rule| rule.level > Level::Within) {
        let has_323 = rule.numbers.contains(&Number::N323);
        match rule.check {
            Check::Line(_) => assert_eq!(rule.numbers, [Number::N323], "{} looks at lines of a 323 only", rule.id),
            Check::Either { .. } => {
                assert!(has_323 && rule.numbers.len() > 1, "{}", rule.id);
                assert_eq!(Stage::of(rule.class), Stage::Below, "{} would skip the lines", rule.id);
            }
            Check::Message(_) => {
                let as_a_whole = matches!(rule.class, Class::Header | Class::Declaratie | Class::Client);
                assert!(!has_323 || as_a_whole, "{} would never look at a 323", rule.id);
            }
            Check::Schema => panic!("{} has a level of its own and nothing to run", rule.id),
        }
    }
}

#[test]
fn a_fault_higher_up_stops_what_lies_below() {
    for law in Law::ALL {
        for number in Number::ALL.into_iter().filter(|number| !number.is_return()) {
            let mut sample = Sample::of(Kind::new(law, number));
            sample.message.header.identificatie.dagtekening = sample.today.tomorrow().expect("not the end of time");
            sample.facts.allocations.clear();
            sample.facts.known_clients.clear();
            sample.facts.deliveries.clear();
            sample.facts.verzoeken.clear();
            sample.terms.products.clear();
            let broken = sample.evaluate(&all()).broken;
            assert!(broken.iter().any(|broken| broken.rule.id == "TR135"), "{law} {}", number.as_str());
            for broken in broken {
                assert_eq!(broken.violation.place.class, Class::Header, "{law} {}: {broken:?}", number.as_str());
            }
        }
    }
}

/// TR378 reads the first day of the allocation concerned, whatever names it.
#[test]
fn every_allocation_that_a_message_names_is_asked_for() {
    for number in [Number::N301, Number::N305, Number::N307, Number::N317, Number::N323, Number::N325] {
        let sample = Sample::of(Kind::new(Law::Wmo, number));
        let request = facts::Request::of(&sample.message);
        assert!(request.toewijzingen.contains(&sample::TOEWIJZING), "{}", number.as_str());
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
