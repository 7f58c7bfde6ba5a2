//! What the contract layer makes of a message: the checks, what policy does with them, and the money.

use super::answer::{Answer, Reden};
use super::budget::{self, Movements};
use super::check::{self, CheckInfo, Look, Raised, Run};
use super::checks::asked;
use super::facts::{ContractFacts, ContractRequest};
use super::policy::{Policies, Policy};
use super::register::Register;
use super::survey::{Survey, Surveyed};
use super::words::Flag;
use crate::decision::Posting;
use crate::finding::Signal;
use crate::message::{Body, Date, Law, Message, Number, Party, Product, ReferentieAanbieder};
use crate::rules::facts::Facts;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What the contract layer makes of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// To be sent to the municipality; outcome `signal`, `hold` or `answer`.
    pub signals: Vec<Signal>,
    /// To be recorded and not sent; outcome `observe`.
    pub observed: Vec<Signal>,
    /// An outgoing 301 waits for a person. Its postings count from the moment it is released.
    pub hold: bool,
    /// The 301 allocates crisis care: nothing may hold it.
    pub crisis: bool,
    /// Requests to be rejected in the name of the municipality, each for one reason.
    pub answers: Vec<Advice>,
    /// Postings to the budget agreements.
    pub postings: Vec<Posting>,
}

/// A request to be rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The request: one product of a 315, or a 317 as a whole.
    pub referentie: ReferentieAanbieder,
    /// Why.
    pub reden: Reden,
    /// The check that says so.
    pub check: String,
    /// Id of the signal that tells the municipality.
    pub signal: String,
}

/// What the contract layer needs to know of the ledger to judge a message.
pub fn request(register: &Register, message: &Message) -> ContractRequest {
    let mut request = budget::request(register, message);
    request.person = match &message.body {
        Body::Aanvraag(client) => Some(client.bsn.clone()),
        Body::Wijziging(client) => Some(client.bsn.clone()),
        _ => return request,
    };
    request.agreements.extend(asked::agreements(register, message));
    request
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
    let crisis = Crisis::of(&look);
    let mut assessment = Assessment { crisis: crisis.allocated, ..Assessment::default() };
    let mut answered: BTreeSet<ReferentieAanbieder> = BTreeSet::new();
    let mut told = BTreeSet::new();
    for check in in_order() {
        let run = match check.run {
            Run::OnMessage { numbers, run } if numbers.contains(&message.kind.number) => run,
            Run::OnMessage { .. } | Run::OverTime(_) | Run::ByRules(_) | Run::AtLoad | Run::Elsewhere { .. } => {
                continue;
            }
        };
        let policy = policies.of(check, message.gemeente());
        for raised in run(&look) {
            let answer = raised.answer.clone();
            let mut outcome = outcome(message.kind.number, &crisis, policy, &raised);
            let is_answered = answer.as_ref().is_some_and(|answer| answered.contains(&answer.referentie));
            if outcome == Policy::Answer && is_answered {
                // A request is rejected for one reason, the first; the others are told.
                outcome = Policy::Signal;
            }
            let signal = signal(register, (message.kind.law, message.gemeente()), check, raised, outcome);
            // Many lines may be of one case.
            if !told.insert(signal.id.clone()) {
                continue;
            }
            match (outcome, answer) {
                (Policy::Observe, _) => {
                    assessment.observed.push(signal);
                    continue;
                }
                (Policy::Answer, Some(Answer { referentie, reden })) => {
                    answered.insert(referentie.clone());
                    let (check, signal) = (check.id.to_owned(), signal.id.clone());
                    assessment.answers.push(Advice { referentie, reden, check, signal });
                }
                (Policy::Hold, _) => assessment.hold = true,
                (Policy::Signal | Policy::Answer, _) => {}
            }
            assessment.signals.push(signal);
        }
    }
    let Movements { postings, .. } = movements;
    assessment.postings = postings;
    assessment
}

/// The checks in the order in which their reasons count: the contract, then what is stacked, then the budget (funding,
/// section 5); within a group by number.
fn in_order() -> Vec<&'static CheckInfo> {
    let mut all = check::all().to_vec();
    all.sort_by_key(|check| {
        let (group, number) = check.id.split_at(1);
        (group, number.parse::<u8>().unwrap_or(u8::MAX))
    });
    all
}

/// What becomes of a finding: what policy wants, as far as the finding and the message allow it. What a message does not
/// allow becomes the step below: only an allocation is the municipality's own to hold, only a request can be answered
/// and then for a reason that the standard has, and crisis care is neither held nor refused.
fn outcome(number: Number, crisis: &Crisis, policy: Policy, raised: &Raised) -> Policy {
    let allowed = match number {
        Number::N301 if !crisis.allocated => Policy::Hold,
        Number::N315 | Number::N317 => match &raised.answer {
            Some(answer) if !crisis.asked.contains(&answer.referentie) => Policy::Answer,
            _ => Policy::Signal,
        },
        Number::N301
        | Number::N302
        | Number::N305
        | Number::N306
        | Number::N307
        | Number::N308
        | Number::N316
        | Number::N318
        | Number::N319
        | Number::N320
        | Number::N323
        | Number::N325 => Policy::Signal,
    };
    match policy.min(raised.at_most).min(allowed) {
        Policy::Hold if number != Number::N301 => Policy::Signal,
        outcome => outcome,
    }
}

/// The crisis care in a message, found once: a message may hold thousands of products.
struct Crisis {
    /// A 301 allocates some, beside other care or alone: it leaves as a whole, so it is never held.
    allocated: bool,
    /// Requests for some; a 317 is answered as a whole.
    asked: BTreeSet<ReferentieAanbieder>,
}

impl Crisis {
    fn of(look: &Look<'_>) -> Crisis {
        let allocated = look.allocated().any(|new| is_crisis(look, new.product.as_ref(), new.ingangsdatum));
        let asked = match &look.message.body {
            Body::Aanvraag(client) => client
                .producten
                .iter()
                .filter(|asked| is_crisis(look, asked.product.as_ref(), asked.toewijzing_ingangsdatum))
                .map(|asked| asked.referentie_aanbieder.clone())
                .collect(),
            Body::Wijziging(client) => {
                let verzoek = &client.verzoek;
                let changed = verzoek.te_wijzigen.iter().filter_map(|asked| {
                    let known = look.ledger.allocations.get(&asked.toewijzing_nummer)?;
                    Some((known.product.as_ref(), asked.gewenste_ingangsdatum))
                });
                let new = verzoek.nieuw.iter().map(|asked| (asked.product.as_ref(), asked.gewenste_ingangsdatum));
                let is_one = changed.chain(new).any(|(product, on)| is_crisis(look, product, on));
                is_one.then(|| verzoek.referentie_aanbieder.clone()).into_iter().collect()
            }
            _ => BTreeSet::new(),
        };
        Crisis { allocated, asked }
    }
}

fn is_crisis(look: &Look<'_>, product: Option<&Product>, on: Date) -> bool {
    product.is_some_and(|product| look.is_marked(product, on, Flag::Crisis))
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
