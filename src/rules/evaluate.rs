//! Judging a case: which rules run, in which order, and what a failure stops (standard, replies 1 and 3.4).
//!
//! - Level 2 first, as a whole; any failure ends there.
//! - Levels 3 and 4 together, by class from the top: Header, then Declaratie (323), then Client and the classes below. A
//!   failure in one of the first two stops everything below it: of a message with a fault in its header no other class is
//!   returned, and a 325 to an unknown declaration cannot be compared with it. Below them all classes are judged, so that
//!   a sender learns every reason at once; only in a 323 a failure on a client stops that client's lines, which the 325
//!   then shows as not judged.
//! - A rule is judged at the stage of its `class`; one that stands on several classes names any of those below the header.
//! - Lines of a 323 are judged one by one, credits before debits (OP366), each with the lines granted before it.

use super::case::{Case, Line, LineIndex, UnknownQuestion};
use super::granted::Granted;
use super::place::Class;
use super::rule::{Check, Level, Need, Rule, Violation};
use crate::message::{Body, Count, DebetCredit, Declaratie, ReferentieNummer};
use std::collections::{BTreeMap, BTreeSet};

/// A rule that does not hold, and where.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The rule.
    pub rule: &'static Rule,
    /// The place and the figures.
    pub violation: Violation,
}

/// What judging a case gave.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Everything that is wrong, in document order of places.
    pub broken: Vec<Broken>,
    /// Rules that apply but lacked what they need, with that need.
    pub skipped: Vec<(&'static Rule, Need)>,
    /// Lines of a 323 that were granted, in the order of judging; empty for other kinds.
    pub granted: Vec<LineIndex>,
}

/// Judges `case` against `rules`.
pub fn evaluate(case: &Case<'_>, rules: &[&'static Rule]) -> Evaluation {
    let mut evaluation = Evaluation::default();
    let applicable: Vec<&'static Rule> =
        rules.iter().copied().filter(|rule| rule.applies_to(case.message.kind)).collect();
    let mut runnable = Vec::new();
    for rule in applicable {
        match rule.needs.iter().copied().find(|need| !is_met(case, *need)) {
            Some(need) => evaluation.skipped.push((rule, need)),
            None => runnable.push(rule),
        }
    }
    run_levels(case, &runnable, &mut evaluation);
    evaluation.broken.sort_by_cached_key(|broken| (document_order(&broken.violation.place.path()), broken.rule.id));
    evaluation
}

fn is_met(case: &Case<'_>, need: Need) -> bool {
    match need {
        Need::Ledger => case.facts.is_some(),
        Need::Terms => case.terms.is_some(),
        Need::Question => case.unknown_question == UnknownQuestion::Refuse || case.question().is_some(),
    }
}

fn run_levels(case: &Case<'_>, rules: &[&'static Rule], evaluation: &mut Evaluation) {
    let within = rules.iter().copied().filter(|rule| rule.level == Level::Within);
    evaluation.broken = within.flat_map(|rule| run(case, rule)).collect();
    if !evaluation.broken.is_empty() {
        return;
    }
    let rules: Vec<&'static Rule> = rules.iter().copied().filter(|rule| rule.level > Level::Within).collect();
    for stage in [Stage::Header, Stage::Declaratie] {
        evaluation.broken = run_stage(case, &rules, |class| Stage::of(class) == stage);
        if !evaluation.broken.is_empty() {
            return;
        }
    }
    if let Body::Declaratie(declaratie) = &case.message.body {
        evaluation.broken = run_stage(case, &rules, |class| class == Class::Client);
        judge_lines(case, declaratie, &rules, evaluation);
    } else {
        evaluation.broken = run_stage(case, &rules, |class| Stage::of(class) == Stage::Below);
    }
}

/// When a class is judged at levels 3 and 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Header,
    Declaratie,
    Below,
}

impl Stage {
    pub(super) fn of(class: Class) -> Stage {
        match class {
            Class::Header => Stage::Header,
            Class::Declaratie => Stage::Declaratie,
            Class::Client
            | Class::Relatie
            | Class::Contact
            | Class::ToegewezenProduct
            | Class::StartProduct
            | Class::StopProduct
            | Class::AangevraagdProduct
            | Class::Verzoek
            | Class::OngewijzigdProduct
            | Class::TeWijzigenProduct
            | Class::NieuwProduct
            | Class::Antwoord
            | Class::Woonplaatsbeginsel
            // Nothing answers a 325, so all that is wrong with it is told at once.
            | Class::DeclaratieAntwoord
            | Class::Prestatie => Stage::Below,
        }
    }
}

fn run_stage(case: &Case<'_>, rules: &[&'static Rule], wanted: impl Fn(Class) -> bool) -> Vec<Broken> {
    rules.iter().filter(|rule| wanted(rule.class)).flat_map(|rule| run(case, rule)).collect()
}

fn run(case: &Case<'_>, rule: &'static Rule) -> Vec<Broken> {
    match rule.check {
        Check::Message(check) => stamp(rule, check(case)),
        Check::Either { message, .. } if !matches!(case.message.body, Body::Declaratie(_)) => {
            stamp(rule, message(case))
        }
        Check::Either { .. } | Check::Line(_) | Check::Schema => Vec::new(),
    }
}

fn stamp(rule: &'static Rule, violations: Vec<Violation>) -> Vec<Broken> {
    violations.into_iter().map(|violation| Broken { rule, violation }).collect()
}

/// Judges the lines of every client that is not rejected itself.
fn judge_lines(case: &Case<'_>, declaratie: &Declaratie, rules: &[&'static Rule], evaluation: &mut Evaluation) {
    let rejected_clients: BTreeSet<String> =
        evaluation.broken.iter().map(|broken| broken.violation.place.class_path.clone()).collect();
    let first_uses = first_uses(declaratie);
    // By allocation: a declaration of a large provider has tens of thousands of lines, and no line looks further.
    let mut granted: BTreeMap<Count, Granted<'_>> = BTreeMap::new();
    for (client_index, line_index) in order_of_judging(declaratie) {
        let client_path = super::place::Place::declaratie_client(client_index, "").class_path;
        if rejected_clients.contains(&client_path) {
            continue;
        }
        let client = &declaratie.clienten[client_index];
        let prestatie = &client.prestaties[line_index];
        let nummer = prestatie.toewijzing_nummer;
        let earlier = || case.facts.map_or(&[][..], |facts| facts.granted_on(nummer));
        let granted = granted.entry(nummer).or_insert_with(|| Granted::of(earlier()));
        let line = Line {
            case,
            declaratie,
            client_index,
            client,
            line_index,
            prestatie,
            allocation: case.allocation(nummer),
            first_use: first_uses.get(&prestatie.referentie.nummer).copied().unwrap_or((client_index, line_index)),
            granted,
        };
        let broken: Vec<Broken> = rules
            .iter()
            .flat_map(|&rule| match rule.check {
                Check::Line(check) | Check::Either { line: check, .. } => stamp(rule, check(&line)),
                Check::Message(_) | Check::Schema => Vec::new(),
            })
            .collect();
        if broken.is_empty() {
            granted.add(prestatie);
            evaluation.granted.push((client_index, line_index));
        }
        evaluation.broken.extend(broken);
    }
}

/// The first line in document order of each ReferentieNummer.
fn first_uses(declaratie: &Declaratie) -> BTreeMap<&ReferentieNummer, LineIndex> {
    let mut uses = BTreeMap::new();
    for (client_index, client) in declaratie.clienten.iter().enumerate() {
        for (line_index, prestatie) in client.prestaties.iter().enumerate() {
            uses.entry(&prestatie.referentie.nummer).or_insert((client_index, line_index));
        }
    }
    uses
}

/// Credits first, then debits, each in document order (OP366; the order within is inferred).
fn order_of_judging(declaratie: &Declaratie) -> Vec<LineIndex> {
    let lines = |sign: DebetCredit| {
        declaratie.clienten.iter().enumerate().flat_map(move |(client_index, client)| {
            client
                .prestaties
                .iter()
                .enumerate()
                .filter(move |(_, prestatie)| prestatie.bedrag.debet_credit == sign)
                .map(move |(line_index, _)| (client_index, line_index))
        })
    };
    lines(DebetCredit::Credit).chain(lines(DebetCredit::Debet)).collect()
}

/// A sortable form of a path: ordinals count as numbers, so that `[10]` follows `[9]`.
fn document_order(path: &str) -> Vec<(String, u32)> {
    path.split('/')
        .map(|part| match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, ordinal)) => (name.to_owned(), ordinal.parse().unwrap_or(0)),
            None => (part.to_owned(), 0),
        })
        .collect()
}

/// Return codes by class path, in the order of the findings and without repeats: what a reply puts on each class.
pub fn codes_by_class(broken: &[Broken]) -> BTreeMap<String, Vec<&'static str>> {
    let mut codes: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for each in broken.iter().filter(|each| !each.rule.code.is_empty()) {
        let entry = codes.entry(each.violation.place.class_path.clone()).or_default();
        if !entry.contains(&each.rule.code) {
            entry.push(each.rule.code);
        }
    }
    codes
}
