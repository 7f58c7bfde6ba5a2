//! What the contract layer makes of a message: the checks, what policy does with them, and the money.

use super::budget::{self, Movements};
use super::check::{self, CheckInfo, Look, Raised};
use super::facts::ContractFacts;
use super::policy::{Policies, Policy};
use super::register::Register;
use crate::decision::Posting;
use crate::finding::Signal;
use crate::message::{Date, Message, Number};
use crate::rules::facts::Facts;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

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
    for check in check::all().iter().filter(|check| check.numbers.contains(&message.kind.number)) {
        let policy = policies.of(check, message.gemeente());
        for raised in (check.run)(&look) {
            let outcome = policy.min(raised.at_most).min(allowed(message.kind.number));
            let signal = signal(&look, check, raised, outcome);
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

fn signal(look: &Look<'_>, check: &CheckInfo, raised: Raised, outcome: Policy) -> Signal {
    let Raised { subject, severity, toewijzingen, nl, en, facts, .. } = raised;
    Signal {
        id: id(&[&look.register.region.id, check.id, look.law().as_str(), look.gemeente().as_str(), &subject]),
        check: check.id.to_owned(),
        outcome: outcome.as_str().to_owned(),
        severity,
        region: look.register.region.id.clone(),
        gemeente: look.gemeente().as_str().to_owned(),
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
