//! Messages as bytes: level 1, the typed classes, judging without a ledger, and what a header tells.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use sluis::contract::{ContractFacts, Policies, Register};
use sluis::decision::{Decision, Purpose, Record, Verdict};
use sluis::message::tree::{Node, Tree, position};
use sluis::message::{Body, Bsn, Cents, DeclaratieAntwoord, Kind, Message, RetourCode};
use sluis::pipeline::{self, Context, Judged, Prepared, Readable};
use sluis::rules::UnknownQuestion;
use sluis::rules::facts::Facts;
use sluis::schema::{self, CODES, Document, Fault, Faults, Limits};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The day on which messages are judged.
pub(crate) const DAY: Date = date(2026, 3, 10);

/// Bytes within which `recognise` and `peek_header` look.
const PROLOG: usize = 65_536;

/// Limits that ordinary messages cross.
const TINY: Limits = Limits { max_bytes: 1500, max_depth: 5, max_attributes: 2, max_value_chars: 12, max_faults: 3 };

/// Level 1: a tree that fits the source, or faults that each tell where and what, and the same every time.
pub(crate) fn validate(data: &[u8]) {
    let outcome = level_one(data, &Limits::default());
    let kind = match &outcome {
        Ok(document) => Some(document.kind),
        Err(faults) => faults.kind,
    };
    if data.len() <= PROLOG {
        assert_eq!(schema::recognise(data), kind, "recognising a kind is part of judging it");
    }
    if level_one(data, &TINY).is_ok() {
        assert!(outcome.is_ok(), "limits only add faults");
    }
    let one = Limits { max_faults: 1, ..Limits::default() };
    if let (Err(all), Err(one)) = (&outcome, level_one(data, &one)) {
        assert_eq!(all.total, one.total, "how many faults there are does not depend on how many are told");
        assert_eq!(all.readable, one.readable);
        assert!(all.faults.first() == one.faults.first() || one.total > 1, "a single fault is told in full");
    }
    if !data.starts_with(b"\xEF\xBB\xBF") {
        let marked = [b"\xEF\xBB\xBF", data].concat();
        assert_eq!(schema::validate(&marked, &Limits::default()).is_ok(), outcome.is_ok(), "a byte order mark is free");
    }
}

fn level_one(data: &[u8], limits: &Limits) -> Result<Document, Faults> {
    let outcome = schema::validate(data, limits);
    match (&outcome, schema::validate(data, limits)) {
        (Ok(document), Ok(again)) => {
            assert_eq!((document.kind, document.release), (again.kind, again.release));
            assert_eq!(nodes(&document.tree), nodes(&again.tree), "judging twice gives the same tree");
            check_tree(data, &document.tree);
        }
        (Err(faults), Err(again)) => {
            assert_eq!(*faults, again, "judging twice gives the same faults");
            check_faults(data, faults, limits);
        }
        _ => panic!("judging twice gives two verdicts"),
    }
    outcome
}

/// Path, text and offset of every node, in document order.
fn nodes(tree: &Tree) -> Vec<(String, String, usize)> {
    fn walk(node: Node<'_>, found: &mut Vec<(String, String, usize)>) {
        found.push((node.path(), node.text().to_owned(), node.offset()));
        node.children().for_each(|child| walk(child, found));
    }
    let mut found = Vec::new();
    tree.root().into_iter().for_each(|root| walk(root, &mut found));
    found
}

fn check_tree(source: &[u8], tree: &Tree) {
    let nodes = nodes(tree);
    let locator = tree.locator();
    let mut before = None;
    for (path, _, offset) in &nodes {
        assert_eq!(source.get(*offset), Some(&b'<'), "{path} begins with its start tag");
        assert!(before < Some(*offset), "nodes stand in document order");
        before = Some(*offset);
        assert_eq!(locator.offset(path), Some(*offset), "{path} is found again");
    }
    // The walk from the root costs more, so it is taken for a few only.
    for (path, ..) in nodes.iter().step_by(nodes.len() / 16 + 1) {
        assert_eq!(tree.nearest(path).map(Node::path).as_deref(), Some(path.as_str()));
    }
    let paths: BTreeSet<&String> = nodes.iter().map(|(path, ..)| path).collect();
    assert_eq!(paths.len(), nodes.len(), "no two nodes share a path");
}

fn check_faults(source: &[u8], faults: &Faults, limits: &Limits) {
    let told = &faults.faults;
    assert!(!told.is_empty(), "a refusal has a reason");
    let capped = told.iter().filter(|fault| fault.code == schema::code::LIMIT_FAULTS).count();
    assert!(capped <= 1 && told.len() <= limits.max_faults + 2, "{} faults told", told.len());
    assert_eq!(capped == 1, told.len() - capped < faults.total, "what is left out is counted");
    assert!(told.len() - capped <= faults.total);
    let lines = source.split(|byte| *byte == b'\n').count();
    let mut fatal = false;
    let mut before = (1, 1);
    for fault in told {
        let info = CODES.iter().find(|info| info.code == fault.code).expect("a code of the table");
        fatal |= info.fatal;
        let place = (fault.line, fault.column);
        assert!(place >= before, "faults stand in document order: {before:?}, then {place:?}");
        assert!(fault.line as usize <= lines && fault.column >= 1, "{place:?} lies in the source");
        before = place;
        check_fault_texts(source, fault);
    }
    assert_eq!(faults.readable, !fatal, "reading stops at fatal faults only");
}

fn check_fault_texts(source: &[u8], fault: &Fault) {
    assert!(!fault.nl.is_empty() && !fault.en.is_empty(), "{} says what is wrong", fault.code);
    let concerns_the_whole = ["xml.", "limit.", "kind.", "release."].iter().any(|group| fault.code.starts_with(group));
    assert!(concerns_the_whole || fault.path.starts_with("/Bericht"), "{} names its element", fault.code);
    for text in [&fault.path, &fault.expected, &fault.found, &fault.nl, &fault.en] {
        assert!(!tells_a_citizen_number(source, text), "{} tells a citizen number: {text}", fault.code);
    }
}

/// Whether nine digits of a text, on their own, pass the eleven test and stand in the source on their own.
pub(crate) fn tells_a_citizen_number(source: &[u8], text: &str) -> bool {
    let in_text: Vec<&[u8]> = digit_runs(text.as_bytes()).filter(|run| is_citizen_number(run)).collect();
    !in_text.is_empty() && digit_runs(source).any(|run| in_text.contains(&run))
}

fn digit_runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_digit())
}

fn is_citizen_number(run: &[u8]) -> bool {
    let weights = [9, 8, 7, 6, 5, 4, 3, 2, -1];
    run.len() == 9
        && run != b"000000000"
        && run.iter().zip(weights).map(|(digit, weight)| i32::from(digit - b'0') * weight).sum::<i32>() % 11 == 0
}

/// What was read, written and read again is the same, to the byte from the second writing on.
pub(crate) fn roundtrip(data: &[u8]) {
    let prepared = pipeline::prepare(data.into(), &Limits::default());
    match &prepared.reading {
        Ok(readable) => comes_back(&readable.message),
        Err(unreadable) => check_faults(data, &unreadable.faults, &Limits::default()),
    }
}

fn comes_back(message: &Message) {
    let written = message.write();
    let again = read(&written, "what the gateway writes is valid and can be read");
    assert_eq!(again.message, *message, "reading undoes writing");
    assert_eq!(again.message.write(), written, "writing again gives the same bytes");
}

fn read(bytes: &[u8], expectation: &str) -> Readable {
    match pipeline::prepare(bytes.into(), &Limits::default()).reading {
        Ok(readable) => readable,
        Err(unreadable) => panic!("{expectation}: {:?}\n{}", unreadable.faults, String::from_utf8_lossy(bytes)),
    }
}

/// Judging without a ledger and a contract, as `sluis check` does.
pub(crate) fn judge(data: &[u8]) {
    judged(&pipeline::prepare(data.into(), &Limits::default()), &World::default());
}

/// What a message is judged against.
pub(crate) struct World<'a> {
    pub(crate) today: Date,
    pub(crate) facts: Option<&'a Facts>,
    pub(crate) contract_facts: &'a ContractFacts,
    pub(crate) register: Option<&'a Register>,
}

static NO_CONTRACT_FACTS: LazyLock<ContractFacts> = LazyLock::new(ContractFacts::default);
static POLICIES: LazyLock<Policies> = LazyLock::new(Policies::default);

impl Default for World<'_> {
    fn default() -> Self {
        World { today: DAY, facts: None, contract_facts: &NO_CONTRACT_FACTS, register: None }
    }
}

/// Judges a message twice and looks at everything that comes of it.
pub(crate) fn judged(prepared: &Prepared, world: &World<'_>) -> Judged {
    let reply_id = pipeline::reply_identification(&prepared.digest, "fuzz");
    let context = Context {
        now: Timestamp::UNIX_EPOCH,
        today: world.today,
        gateway: "fuzz",
        reply_id: &reply_id,
        register: world.register,
        policies: &POLICIES,
        unknown_question: UnknownQuestion::default(),
    };
    let judge = || match &prepared.reading {
        Ok(readable) => pipeline::judge(context, &prepared.source, readable, world.facts, world.contract_facts),
        Err(unreadable) => pipeline::refuse(context, unreadable),
    };
    let (judged, again) = (judge(), judge());
    check_same(&judged, &again);
    assert!(world.facts.is_some() || judged.awaits.is_empty(), "without facts nothing can be awaited");
    match &prepared.reading {
        Ok(readable) => check_judged(&prepared.source, readable, &judged),
        Err(_) => check_refused(&prepared.source, &judged),
    }
    judged
}

fn check_same(a: &Judged, b: &Judged) {
    assert_eq!(a.owed_reply, b.owed_reply, "judging twice gives the same reply");
    assert_eq!(a.awaits, b.awaits);
    let (a, b) = (&a.decision, &b.decision);
    assert_eq!((a.kind, &a.identity, &a.claimed_sender), (b.kind, &b.identity, &b.claimed_sender));
    assert_eq!((a.verdict, a.level), (b.verdict, b.level));
    assert_eq!((&a.findings, &a.skipped), (&b.findings, &b.skipped), "judging twice gives the same findings");
    assert_eq!((&a.signals, &a.observed), (&b.signals, &b.observed));
    assert_eq!((&a.records, &a.outgoing), (&b.records, &b.outgoing), "judging twice has the same effects");
}

/// A message that failed at level 1: nothing but a report, which names nobody.
fn check_refused(source: &[u8], judged: &Judged) {
    let decision = &judged.decision;
    assert_eq!((decision.verdict, decision.level), (Verdict::Rejected, 1));
    assert!(judged.owed_reply.is_none() && decision.records.is_empty() && !decision.findings.is_empty());
    assert!(decision.findings.iter().all(|finding| finding.rule == "XSD" && finding.code.is_none()));
    let [report] = decision.outgoing.as_slice() else { panic!("a refusal sends one report") };
    assert_eq!(report.purpose, Purpose::Error);
    let text = std::str::from_utf8(&report.body).expect("a report is text");
    let json: serde_json::Value = serde_json::from_str(text).expect("a report is JSON");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(decision.findings.len()));
    assert!(!tells_a_citizen_number(source, text), "a report tells no citizen number: {text}");
}

fn check_judged(source: &[u8], readable: &Readable, judged: &Judged) {
    let Judged { decision, owed_reply, .. } = judged;
    let message = &readable.message;
    assert_eq!(decision.kind, Some(message.kind));
    assert!((2..=4).contains(&decision.level));
    assert_eq!(
        decision.findings.is_empty(),
        matches!(decision.verdict, Verdict::Accepted | Verdict::Held),
        "a verdict follows from the findings"
    );
    check_findings(source, readable, decision);
    assert!(decision.verdict.counts_as_sent() || decision.records.is_empty(), "a rejection leaves nothing behind");
    let forwarded = decision.outgoing.iter().find(|outgoing| outgoing.purpose == Purpose::Forward);
    assert_eq!(forwarded.is_some(), matches!(decision.verdict, Verdict::Accepted | Verdict::Partly));
    if let Some(forward) = forwarded {
        assert_eq!(forward.body, source, "a message is passed on as it came");
    }
    assert_eq!(owed_reply.is_some(), message.kind.number.answered_by().is_some(), "a question is answered");
    if let Some(reply) = owed_reply {
        let answer = read(&reply.body, "a reply is valid and can be read");
        assert_eq!(Some(answer.message.kind.number), message.kind.number.answered_by());
        check_reply(message, &answer.message, decision);
    }
}

fn check_findings(source: &[u8], readable: &Readable, decision: &Decision) {
    let rules = sluis::rules::all();
    let persons: Vec<&str> = readable.message.persons().into_iter().map(Bsn::expose).collect();
    let mut before = (1, 1);
    let mut levels = BTreeSet::new();
    for finding in &decision.findings {
        let rule = rules.iter().find(|rule| rule.id == finding.rule).expect("a rule of the registry");
        levels.insert(rule.level as u8);
        assert!(rule.applies_to(readable.message.kind), "{} is a rule of {}", rule.id, readable.message.kind);
        assert_eq!(finding.code.as_deref().unwrap_or(""), rule.code);
        check_place(source, &readable.tree, finding);
        let place = (finding.line, finding.column);
        assert!(place >= before, "{} stands behind {before:?}", finding.rule);
        before = place;
        let facts = finding.facts.values().map(ToString::to_string);
        for text in [finding.nl.clone(), finding.en.clone(), finding.path.clone()].into_iter().chain(facts) {
            assert!(!text.is_empty());
            assert!(!persons.iter().any(|bsn| text.contains(bsn)), "{} names a person: {text}", finding.rule);
        }
    }
    if let Some(last) = levels.last() {
        assert_eq!(*last, decision.level);
        assert!(!levels.contains(&2) || levels.len() == 1, "a failure at level 2 ends the process before level 3");
    }
}

/// The class of a finding is in the document; the element may be one that is missing there.
fn check_place(source: &[u8], tree: &Tree, finding: &sluis::finding::Finding) {
    let nearest = tree.nearest(&finding.path).expect("a document has a root");
    let path = nearest.path();
    let rest = finding.path.strip_prefix(&path);
    assert!(
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        "{} of {} lies on {path}",
        finding.path,
        finding.rule
    );
    let classes = path.split('/').map(|part| part.split('[').next().unwrap_or(part));
    assert!(
        classes.into_iter().any(|class| class == finding.class),
        "{}: the document has the class {} of {}",
        finding.rule,
        finding.class,
        finding.path
    );
    assert_eq!((finding.line, finding.column), position(source, nearest.offset()), "{} is shown there", finding.path);
}

fn check_reply(question: &Message, answer: &Message, decision: &Decision) {
    assert_eq!(answer.kind.law, question.kind.law);
    assert_eq!((answer.sender(), answer.receiver()), (question.receiver(), question.sender()), "an answer goes back");
    let asked: BTreeSet<&Bsn> = question.persons().into_iter().collect();
    assert!(answer.persons().into_iter().all(|bsn| asked.contains(bsn)), "an answer is about nobody else");
    comes_back(answer);
    let (Body::Declaratie(declaratie), Body::DeclaratieAntwoord(Some(antwoord))) = (&question.body, &answer.body)
    else {
        return;
    };
    assert_eq!(antwoord.totaal_ingediend, declaratie.totaal);
    let toegekend = check_totals(antwoord);
    let recorded = decision.records.iter().find_map(|record| match record {
        Record::Declaratie { toegekend, .. } => Some(*toegekend),
        _ => None,
    });
    assert!(recorded.is_none_or(|recorded| recorded == toegekend), "what is answered is what is remembered");
}

/// The total granted, by the lines that were not (TR342).
fn check_totals(antwoord: &DeclaratieAntwoord) -> Cents {
    let (ingediend, toegekend) = (antwoord.totaal_ingediend.signed(), antwoord.totaal_toegekend.signed());
    let lines = antwoord.clienten.iter().flat_map(|client| &client.prestaties);
    let refused: i64 = lines.map(|line| line.bedrag.signed().0).sum();
    let codes: Vec<&str> = antwoord.retour_codes.iter().map(RetourCode::as_str).collect();
    let expected = match codes.as_slice() {
        ["8001"] => ingediend,
        ["0200"] => Cents(ingediend.0 - refused),
        _ => Cents(0),
    };
    assert_eq!(toegekend, expected, "with {codes:?}");
    assert_eq!(antwoord.clienten.is_empty(), codes != ["0200"], "lines are told exactly when some were refused");
    toegekend
}

/// What the header of any document tells: nothing but parties and an identification, and of a valid one the right ones.
pub(crate) fn headers(data: &[u8]) {
    let header = schema::peek_header(data);
    assert_eq!(header, schema::peek_header(data));
    for party in header.afzender.iter().chain(&header.ontvanger) {
        assert!(matches!(party.len(), 4 | 8) && party.bytes().all(|byte| byte.is_ascii_digit()), "{party}");
    }
    if let Some(identificatie) = &header.identificatie {
        assert!((1..=12).contains(&identificatie.len()) && !tells_a_citizen_number(data, identificatie));
    }
    let kind = schema::recognise(data);
    assert_eq!(kind, schema::recognise(data));
    let Ok(Readable { message, .. }) = pipeline::prepare(data.into(), &Limits::default()).reading else { return };
    if data.len() <= PROLOG {
        assert_eq!(kind, Some(message.kind) as Option<Kind>);
        let typed = &message.header;
        assert_eq!(header.afzender.as_deref(), Some(typed.afzender.as_str()));
        assert_eq!(header.ontvanger.as_deref(), Some(typed.ontvanger.as_str()));
        let own = typed.identificatie.identificatie.as_str();
        assert!(header.identificatie.is_none_or(|identificatie| identificatie == own.trim()));
    }
}
