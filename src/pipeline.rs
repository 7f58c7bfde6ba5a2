//! The way of a message, on one screen: bytes -> document -> typed message -> case -> evaluation -> decision.
//!
//! Everything here is pure. The shell brings the bytes, the facts and the day; it commits the [`Decision`] in one
//! transaction and sends what it says. `run`, `check`, `replay` and the tests all walk these steps.

use crate::contract::{Advice, Assessment, ContractFacts, ContractRequest, Policies, Policy, Register};
use crate::decision::{Decision, Identity, Posting, Record, Verdict};
use crate::effects::{self, gateway_answers};
use crate::finding::{Finding, Signal, Skipped};
use crate::message::tree::{LineIndex, Locator, Tree};
use crate::message::{Body, Bsn, Date, Identificatie, Kind, Message, Number, Party, ReferentieAanbieder};
use crate::question;
use crate::reply::{self, Reply, Stamp};
use crate::rules::facts::{Facts, Request};
use crate::rules::{self, Case, Evaluation, Level, Need, Rule, Terms, UnknownQuestion};
use crate::schema::{self, Faults, Limits};
use crate::standard::{Edition, Standard};
use crate::waiting::{self, Awaited};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A message as far as it can be read without a ledger.
#[derive(Debug)]
pub struct Prepared {
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    /// The bytes as they came in.
    pub source: Arc<[u8]>,
    /// The message, or why it failed at level 1.
    pub reading: Result<Readable, Unreadable>,
}

/// A message that passed level 1.
#[derive(Debug)]
pub struct Readable {
    /// The document.
    pub tree: Tree,
    /// The same, typed.
    pub message: Message,
    /// The rules of its release.
    pub edition: Arc<Edition>,
}

/// A message that failed at level 1.
#[derive(Debug)]
pub struct Unreadable {
    /// What is wrong.
    pub faults: Faults,
    /// The sender as far as the header tells, digits only; no more than a hint.
    pub sender: Option<String>,
    /// Identificatie as far as the header tells.
    pub identificatie: Option<String>,
}

/// What judging needs besides the message and the facts.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Moment of judging.
    pub now: Timestamp,
    /// Dutch civil date of judging.
    pub today: Date,
    /// Name of the gateway, for the source of events.
    pub gateway: &'a str,
    /// Identification for a reply, from [`reply_identification`].
    pub reply_id: &'a Identificatie,
    /// The contract register, when there is one.
    pub register: Option<&'a Register>,
    /// What to do about concerns of the contract layer.
    pub policies: &'a Policies,
    /// What becomes of a reply to a message that nobody knows.
    pub unknown_question: UnknownQuestion,
}

/// What judging gave.
#[derive(Debug)]
pub struct Judged {
    /// What the ledger must commit and what must leave.
    pub decision: Decision,
    /// The reply that the receiving party owes, whether or not the gateway sends it (for an accepted 301 the provider
    /// does).
    pub owed_reply: Option<Reply>,
    /// What may still come and would change the verdict; empty without facts.
    pub awaits: BTreeSet<Awaited>,
    /// Rejections (319) of requests in the message, in the name of its municipality: to be stored with it, after it.
    pub answers: Vec<Own>,
}

/// A message of the gateway itself, in the name of a municipality, with the decision on it as if it had come in.
#[derive(Debug)]
pub struct Own {
    /// The document.
    pub bytes: Vec<u8>,
    /// What the ledger must commit and what must leave.
    pub decision: Decision,
}

/// What the back office of a municipality is told of a rejection in its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Given {
    /// Kind of the message: a 319.
    pub kind: String,
    /// Its Identificatie.
    pub identification: String,
    /// Its Dagtekening.
    pub dagtekening: String,
    /// ReferentieAanbieder of the request.
    pub referentie: String,
    /// RedenAfwijzingVerzoek (WJ759).
    pub reden: String,
    /// The check that says so.
    pub check: String,
    /// Id of the signal with the figures.
    pub signal: String,
}

/// Steps 1 to 3: size and form, XSD, typed message.
pub fn prepare(source: Arc<[u8]>, limits: &Limits) -> Prepared {
    prepare_by(Standard::embedded(), source, limits)
}

/// As [`prepare`], by other releases than those of the program.
pub fn prepare_by(standard: &Standard, source: Arc<[u8]>, limits: &Limits) -> Prepared {
    let digest = digest(&source);
    let reading = read(standard, &source, limits);
    Prepared { digest, source, reading }
}

/// SHA-256 of a message, by which a repeat of a delivery is known.
pub fn digest(source: &[u8]) -> [u8; 32] {
    Sha256::digest(source).into()
}

fn read(standard: &Standard, source: &[u8], limits: &Limits) -> Result<Readable, Unreadable> {
    let failed = |faults: Faults| {
        // What could not be read to its end is not believed as to its sender either.
        let header = if faults.readable { schema::peek_header(source) } else { schema::HeaderHint::default() };
        // A return message repeats the header of what it answers, unswapped.
        let is_return = faults.kind.is_some_and(|kind| kind.number.is_return());
        let sender = if is_return { header.ontvanger } else { header.afzender };
        Unreadable { faults, sender, identificatie: header.identificatie }
    };
    let document = standard.catalogue().validate(source, limits).map_err(failed)?;
    let edition = standard.edition(document.release).expect("a release has its rules beside its schemas");
    match Message::read(document.kind, document.release, &document.tree) {
        Ok(message) => Ok(Readable { tree: document.tree, message, edition: Arc::clone(edition) }),
        Err(error) => Err(failed(Faults::of_value(document.kind, &document.tree, source, &error))),
    }
}

/// What the ledger must look up before the message can be judged.
pub fn requests(message: &Message, register: Option<&Register>) -> (Request, ContractRequest) {
    let contract = register.map(|register| crate::contract::request(register, message)).unwrap_or_default();
    (Request::of(message), contract)
}

/// Identification for a reply to a delivery: twelve characters that follow from its digest and transport id, so that
/// judging the same delivery again names the reply the same. 60 bits: two replies of one sender will not collide.
pub fn reply_identification(digest: &[u8; 32], transport_id: &str) -> Identificatie {
    identification(&Sha256::new().chain_update(digest).chain_update(transport_id.as_bytes()).finalize())
}

/// Identification of the 319 that rejects a request: it follows from the request alone, so that judging it again names
/// it the same.
pub fn answer_identification(request: &Message, referentie: &ReferentieAanbieder) -> Identificatie {
    let mut hash = Sha256::new();
    let own = &request.header.identificatie.identificatie;
    let (gemeente, aanbieder) = (request.gemeente().as_str(), request.aanbieder().as_str());
    for part in ["319", request.kind.law.as_str(), gemeente, aanbieder, own.as_str(), referentie.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    identification(&hash.finalize())
}

/// Twelve characters of a hash.
fn identification(hash: &[u8]) -> Identificatie {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    Identificatie(hash.iter().take(12).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

/// Steps 4 to 7 for a message that was read: case, evaluation, contract, verdict, effects.
pub fn judge(
    context: Context<'_>,
    source: &[u8],
    readable: &Readable,
    facts: Option<&Facts>,
    contract_facts: &ContractFacts,
) -> Judged {
    let message = &readable.message;
    let case = Case {
        message,
        today: context.today,
        facts,
        terms: context.register.map(|register| register as &dyn Terms),
        unknown_question: context.unknown_question,
    };
    let mut evaluation = rules::evaluate(&case, &readable.edition.rules);
    // Most messages break nothing, and a locator costs a walk over the document.
    let locator = (!evaluation.broken.is_empty()).then(|| readable.tree.locator());
    if let Some(locator) = &locator {
        in_document_order(&mut evaluation, locator);
    }
    let verdict = verdict(message, &evaluation);
    let assessment = match (context.register, facts) {
        (Some(register), Some(facts)) if verdict.counts_as_sent() => crate::contract::assess(
            register,
            context.policies,
            message,
            context.today,
            contract_facts,
            facts,
            &evaluation.granted,
        ),
        _ => Assessment::default(),
    };
    // A later version of an allocation does not overtake one that a person holds back.
    let behind = facts.and_then(|facts| facts.held.values().max().copied()).filter(|_| !assessment.crisis);
    let verdict =
        if (assessment.hold || behind.is_some()) && verdict == Verdict::Accepted { Verdict::Held } else { verdict };
    let owed_reply = message.kind.number.answered_by().and_then(|number| {
        let versie = readable.edition.xsd_versie(Kind::new(message.kind.law, number));
        let stamp = Stamp {
            identificatie: context.reply_id.clone(),
            dagtekening: context.today,
            xsd_versie: versie.unwrap_or(&message.header.xsd_versie).clone(),
        };
        reply::build(message, &readable.tree, &evaluation, &stamp)
    });
    let signals = without_persons_of(message, assessment.signals);
    let rejections = match (facts, verdict) {
        (Some(facts), Verdict::Accepted) => rejections(&context, readable, facts, &assessment.answers),
        _ => Vec::new(),
    };
    let given: Vec<Given> = rejections.iter().map(|(given, _)| given.clone()).collect();
    let mut records = records(&case, &evaluation, verdict, assessment.postings);
    if verdict == Verdict::Held {
        records.push(hold(message, &signals, behind));
    }
    let mut decision = Decision {
        kind: Some(message.kind),
        identity: Some(identity(message)),
        claimed_sender: None,
        verdict,
        level: level(&evaluation),
        findings: locator.map_or_else(Vec::new, |locator| findings(&evaluation, &case, &locator, source)),
        skipped: skipped(&evaluation),
        signals,
        observed: without_persons_of(message, assessment.observed),
        records,
        outgoing: Vec::new(),
        register_version: context.register.map(|register| register.version.clone()),
    };
    decision.outgoing = effects::outgoing(&context, message, source, &decision, owed_reply.as_ref(), &given);
    if let (Some(behind), Verdict::Held, false) = (behind, verdict, assessment.hold) {
        decision.outgoing.push(effects::held_behind(&context, message, behind));
    }
    let awaits = facts.map_or_else(BTreeSet::new, |facts| waiting::awaited(message, facts, &evaluation));
    let answers = rejections.into_iter().map(|(_, own)| own).collect();
    Judged { decision, owed_reply, awaits, answers }
}

/// The rejections (319) that the contract layer advises, each as a message that was accepted: the request has its answer,
/// and the provider owes a return message (320).
fn rejections(context: &Context<'_>, readable: &Readable, facts: &Facts, advice: &[Advice]) -> Vec<(Given, Own)> {
    let request = &readable.message;
    let persons = persons(request);
    let reject = |advice: &Advice| {
        let number = Number::N319;
        let versie = readable.edition.xsd_versie(Kind::new(request.kind.law, number));
        let stamp = Stamp {
            identificatie: answer_identification(request, &advice.referentie),
            dagtekening: context.today,
            xsd_versie: versie.unwrap_or(&request.header.xsd_versie).clone(),
        };
        let message = reply::rejection(request, &advice.referentie, advice.reden.code(), &stamp);
        let bytes = message.write();
        let mut records = effects::records(&message, &Evaluation::default(), Verdict::Accepted, Vec::new());
        records.extend(question::records(&message, facts, None, false, context.today));
        let mut decision = Decision {
            kind: Some(message.kind),
            identity: Some(identity(&message)),
            claimed_sender: None,
            verdict: Verdict::Accepted,
            level: Level::Outside as u8,
            findings: Vec::new(),
            skipped: Vec::new(),
            signals: Vec::new(),
            observed: Vec::new(),
            records,
            outgoing: Vec::new(),
            register_version: context.register.map(|register| register.version.clone()),
        };
        decision.outgoing = effects::outgoing(context, &message, &bytes, &decision, None, &[]);
        let given = Given {
            kind: message.kind.to_string(),
            identification: stamp.identificatie.0,
            dagtekening: stamp.dagtekening.to_string(),
            referentie: without_persons(advice.referentie.as_str(), &persons),
            reden: advice.reden.code().0,
            check: advice.check.clone(),
            signal: advice.signal.clone(),
        };
        (given, Own { bytes, decision })
    };
    advice.iter().map(reject).collect()
}

/// What the ledger must remember of a held message: no more than that it is held, and why.
fn hold(message: &Message, signals: &[Signal], behind: Option<i64>) -> Record {
    let toewijzingen = match &message.body {
        Body::Toewijzing(client) => client.producten.iter().map(|product| product.toewijzing_nummer).collect(),
        _ => Vec::new(),
    };
    let is_reason = |signal: &&Signal| signal.outcome == Policy::Hold.as_str();
    Record::Hold { toewijzingen, reasons: signals.iter().filter(is_reason).cloned().collect(), behind }
}

/// The decision on a held message that a person withdraws: it counts as not sent, goes nowhere, and its sender hears of
/// it. `reason` names no client.
pub fn withdraw(context: Context<'_>, message: &Message, reason: &str) -> Decision {
    Decision {
        kind: Some(message.kind),
        identity: Some(identity(message)),
        claimed_sender: None,
        verdict: Verdict::Rejected,
        level: Level::Outside as u8,
        findings: Vec::new(),
        skipped: Vec::new(),
        signals: Vec::new(),
        observed: Vec::new(),
        records: Vec::new(),
        outgoing: vec![effects::withdrawn(&context, message, reason)],
        register_version: context.register.map(|register| register.version.clone()),
    }
}

/// What the ledger must remember: what the message says, and what somebody owes because of it.
fn records(case: &Case<'_>, evaluation: &Evaluation, verdict: Verdict, postings: Vec<Posting>) -> Vec<Record> {
    let message = case.message;
    let mut records = effects::records(message, evaluation, verdict, postings);
    if let (Verdict::Accepted | Verdict::Partly, Some(facts)) = (verdict, case.facts) {
        let answered = gateway_answers(message, verdict);
        records.extend(question::records(message, facts, case.question(), answered, case.today));
    }
    records
}

/// Step 4 for a message that failed at level 1: no reply message, an error report instead.
pub fn refuse(context: Context<'_>, unreadable: &Unreadable) -> Judged {
    let mut decision = Decision {
        kind: unreadable.faults.kind,
        identity: None,
        claimed_sender: unreadable.sender.as_deref().map(Party::from),
        verdict: Verdict::Rejected,
        level: Level::Schema as u8,
        findings: unreadable.faults.faults.iter().map(level_one).collect(),
        skipped: Vec::new(),
        signals: Vec::new(),
        observed: Vec::new(),
        records: Vec::new(),
        outgoing: Vec::new(),
        register_version: context.register.map(|register| register.version.clone()),
    };
    decision.outgoing = vec![effects::error_report(&context, unreadable, &decision.findings)];
    Judged { decision, owed_reply: None, awaits: BTreeSet::new(), answers: Vec::new() }
}

fn verdict(message: &Message, evaluation: &Evaluation) -> Verdict {
    let nothing_granted = evaluation.granted.is_empty();
    match &message.body {
        _ if evaluation.broken.is_empty() => Verdict::Accepted,
        Body::Declaratie(_) if !nothing_granted => Verdict::Partly,
        _ => Verdict::Rejected,
    }
}

/// Level at which judging ended: that of the last level with a failure, or the last one of all.
fn level(evaluation: &Evaluation) -> u8 {
    evaluation.broken.iter().map(|broken| broken.rule.level).max().unwrap_or(Level::Outside) as u8
}

fn identity(message: &Message) -> Identity {
    Identity {
        kind: message.kind,
        afzender: message.header.afzender.clone(),
        identificatie: message.header.identificatie.identificatie.0.clone(),
        dagtekening: message.header.identificatie.dagtekening,
        gemeente: message.gemeente().clone(),
        aanbieder: message.aanbieder().clone(),
    }
}

/// What is broken in the order of the document: paths alone do not tell which of two siblings comes first.
fn in_document_order(evaluation: &mut Evaluation, locator: &Locator) {
    evaluation.broken.sort_by_cached_key(|broken| (locator.offset(&broken.violation.place.path()), broken.rule.id));
}

fn findings(evaluation: &Evaluation, case: &Case<'_>, locator: &Locator, source: &[u8]) -> Vec<Finding> {
    let lines = LineIndex::of(source);
    // Rules on a 325 quote the 323 that it answers.
    let answered = case.question().and_then(|question| question.declaratie.as_deref());
    let persons: BTreeSet<&str> = [Some(case.message), answered].into_iter().flatten().flat_map(persons).collect();
    let finding = |broken: &rules::Broken| {
        let violation = &broken.violation;
        let path = violation.place.path();
        let (line, column) = locator.offset(&path).map_or((1, 1), |offset| lines.position(source, offset));
        Finding {
            rule: broken.rule.id.to_owned(),
            code: (!broken.rule.code.is_empty()).then(|| broken.rule.code.to_owned()),
            class: violation.place.class.as_str().to_owned(),
            path,
            line,
            column,
            nl: without_persons(&violation.nl, &persons),
            en: without_persons(&violation.en, &persons),
            facts: violation.facts.iter().map(|(name, value)| ((*name).to_owned(), fact(value, &persons))).collect(),
        }
    };
    evaluation.broken.iter().map(finding).collect()
}

/// Numbers of the persons in a message. Some senders build them into their reference numbers, which findings name.
pub(crate) fn persons(message: &Message) -> BTreeSet<&str> {
    message.persons().into_iter().map(Bsn::expose).collect()
}

/// Signals in which no person of the message shows: they name references, and some senders build numbers of persons into
/// those.
fn without_persons_of(message: &Message, mut signals: Vec<Signal>) -> Vec<Signal> {
    if signals.is_empty() {
        return signals;
    }
    let persons = persons(message);
    for signal in &mut signals {
        signal.nl = without_persons(&signal.nl, &persons);
        signal.en = without_persons(&signal.en, &persons);
        signal.facts.values_mut().for_each(|value| *value = fact(value, &persons));
    }
    signals
}

/// A text with every number of a person of the message as stars.
pub(crate) fn without_persons(text: &str, persons: &BTreeSet<&str>) -> String {
    const DIGITS: usize = 9;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if next.is_ascii_digit() && rest.get(..DIGITS).is_some_and(|start| persons.contains(start)) {
            out.push_str("*********");
            rest = &rest[DIGITS..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

fn fact(value: &serde_json::Value, persons: &BTreeSet<&str>) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => without_persons(text, persons).into(),
        other => other.clone(),
    }
}

fn level_one(fault: &schema::Fault) -> Finding {
    let fact = |text: &str| serde_json::Value::from(text);
    Finding {
        rule: "XSD".to_owned(),
        code: None,
        class: element_name(&fault.path).to_owned(),
        path: fault.path.clone(),
        line: fault.line,
        column: fault.column,
        nl: fault.nl.clone(),
        en: fault.en.clone(),
        facts: BTreeMap::from([
            ("fault".to_owned(), fact(fault.code)),
            ("expected".to_owned(), fact(&fault.expected)),
            ("found".to_owned(), fact(&fault.found)),
        ]),
    }
}

/// The last element of a path, without its ordinal.
fn element_name(path: &str) -> &str {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.split('[').next().unwrap_or(last)
}

fn skipped(evaluation: &Evaluation) -> Vec<Skipped> {
    let word = |need: Need| match need {
        Need::Ledger => "ledger",
        Need::Terms => "contract",
        Need::Question => "question",
    };
    let entry =
        |(rule, need): &(&'static Rule, Need)| Skipped { rule: rule.id.to_owned(), needs: word(*need).to_owned() };
    evaluation.skipped.iter().map(entry).collect()
}
