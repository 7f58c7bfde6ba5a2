//! What the contract layer makes of a message: the checks, what policy does with them, and the money.

use super::budget::{self, Movements};
use super::check::{self, CheckInfo, Look, Raised, Run};
use super::facts::ContractFacts;
use super::policy::{Policies, Policy};
use super::register::Register;
use super::survey::{Survey, Surveyed};
use crate::decision::Posting;
use crate::finding::Signal;
use crate::message::{Date, Law, Message, Number, Party};
use crate::rules::facts::Facts;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What the contract layer makes of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// To be sent to the municipality; outcome `signal` or `hold`.
    pub signals: Vec<Signal>,
    /// To be recorded and not sent; outcome `observe`.
    pub observed: Vec<Signal>,
    /// An outgoing 301 waits for a person. Its postings count from the moment it is released.
    pub hold: bool,
    /// Postings to the budget agreements.
    pub postings: Vec<Posting>,
}

/// Judges a message that the standard accepts. `today` is the day of judging; `granted` are the granted lines of a 323
/// as (client, line). A message of a municipality outside the region gives nothing.
pub fn assess(
    register: &Register,
    policies: &Policies,
    message: &Message,
    today: Date,
    facts: &ContractFacts,
    ledger: &Facts,
    granted: &[(usize, usize)],
) -> Assessment {
    if !register.region.municipalities.contains_key(message.gemeente()) {
        return Assessment::default();
    }
    let movements = budget::movements(register, message, facts, ledger, granted);
    let look = Look { register, message, today, facts, ledger, granted, movements: &movements };
    let mut assessment = Assessment::default();
    let mut told = BTreeSet::new();
    for check in check::all() {
        let run = match check.run {
            Run::OnMessage { numbers, run } if numbers.contains(&message.kind.number) => run,
            Run::OnMessage { .. } | Run::OverTime(_) | Run::ByRules(_) | Run::Elsewhere { .. } => continue,
        };
        let policy = policies.of(check, message.gemeente());
        for raised in run(&look) {
            let outcome = policy.min(raised.at_most).min(allowed(message.kind.number));
            let signal = signal(register, (message.kind.law, message.gemeente()), check, raised, outcome);
            // Many lines may be of one case.
            if !told.insert(signal.id.clone()) {
                continue;
            }
            match outcome {
                Policy::Observe => assessment.observed.push(signal),
                Policy::Signal => assessment.signals.push(signal),
                Policy::Hold | Policy::Answer => {
                    assessment.hold = true;
                    assessment.signals.push(signal);
                }
            }
        }
    }
    let Movements { postings, .. } = movements;
    assessment.postings = postings;
    assessment
}

/// The furthest that a message of this number allows: only an allocation is the municipality's own to hold.
fn allowed(number: Number) -> Policy {
    match number {
        Number::N301 => Policy::Hold,
        Number::N302
        | Number::N305
        | Number::N306
        | Number::N307
        | Number::N308
        | Number::N315
        | Number::N316
        | Number::N317
        | Number::N318
        | Number::N319
        | Number::N320
        | Number::N323
        | Number::N325 => Policy::Signal,
    }
}

/// Looks at all that is known of a region: what is to be told, in order of check, and what is only to be recorded.
pub fn look_over(survey: &Survey<'_>, policies: &Policies) -> (Vec<Signal>, Vec<Signal>) {
    let (mut told, mut observed) = (BTreeMap::new(), BTreeMap::new());
    for check in check::all() {
        let Run::OverTime(run) = check.run else { continue };
        for Surveyed { law, gemeente, raised } in run(survey) {
            let outcome = policies.of(check, &gemeente).min(raised.at_most).min(Policy::Signal);
            let signal = signal(survey.register, (law, &gemeente), check, raised, outcome);
            let list = if outcome == Policy::Observe { &mut observed } else { &mut told };
            list.entry((check.id, signal.id.clone())).or_insert(signal);
        }
    }
    (told.into_values().collect(), observed.into_values().collect())
}

fn signal(
    register: &Register,
    (law, gemeente): (Law, &Party),
    check: &CheckInfo,
    raised: Raised,
    outcome: Policy,
) -> Signal {
    let Raised { subject, severity, toewijzingen, nl, en, facts, .. } = raised;
    let region = &register.region.id;
    Signal {
        id: id(&[region, check.id, law.as_str(), gemeente.as_str(), &subject]),
        check: check.id.to_owned(),
        outcome: outcome.as_str().to_owned(),
        severity,
        region: region.clone(),
        gemeente: gemeente.as_str().to_owned(),
        toewijzingen,
        nl,
        en,
        facts,
    }
}

/// Short and stable: the same case always gives the same id.
fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..12])
}
