//! Delivers messages one after another to a ledger in memory and writes down everything that comes of each.

use crate::support::{DAY, Xml, check_totals, region};
use jiff::Timestamp;
use sluis::contract::{Contracts, Policies};
use sluis::deadline::Debt;
use sluis::decision::{Decision, Outgoing, Purpose, Record, Verdict};
use sluis::finding::Finding;
use sluis::gateway::OWN;
use sluis::ledger::{Departure, Filter, Inbox, Keys, Ledger, Location, Settings};
use sluis::message::{Date, Law, Party};
use sluis::pipeline::{self, Context, Judged, Prepared};
use sluis::rules::UnknownQuestion;
use sluis::schema::{self, Limits};
use std::fmt::Write as _;
use std::sync::Arc;

/// A moment of the sample day; nothing but error reports and signals show it.
const NOW: &str = "2026-03-10T09:00:00Z";

/// What must become of a message, by the standard.
#[derive(Debug, Default)]
pub(crate) struct Expect {
    verdict: Option<Verdict>,
    level: u8,
    /// Rule, code and class path (below `/Bericht/`) of every finding, in document order.
    findings: Vec<String>,
    /// Return codes of the reply, class by class in document order; `None`: no reply is owed.
    reply: Option<Vec<String>>,
    /// Checks that signal.
    signals: Vec<&'static str>,
    /// Requests that the gateway rejects in the name of the municipality: reference, reason and check.
    answers: Vec<&'static str>,
}

impl Expect {
    fn new(verdict: Verdict, level: u8) -> Expect {
        Expect { verdict: Some(verdict), level, ..Expect::default() }
    }

    /// Accepted: a return message without codes, or a declaration granted in full.
    pub(crate) fn accepted() -> Expect {
        Expect { reply: Some(Vec::new()), ..Expect::new(Verdict::Accepted, 4) }
    }

    /// A declaration granted in full.
    pub(crate) fn granted() -> Expect {
        Expect::accepted().reply("Header 0200; DeclaratieAntwoord 8001")
    }

    /// Rejected; the last level with a failure.
    pub(crate) fn rejected(level: u8) -> Expect {
        Expect::new(Verdict::Rejected, level)
    }

    /// A declaration granted in part.
    pub(crate) fn partly(level: u8) -> Expect {
        Expect::new(Verdict::Partly, level)
    }

    /// A 301 that waits for a person; the provider will owe the 302 of an accepted message.
    pub(crate) fn held() -> Expect {
        Expect { reply: Some(Vec::new()), ..Expect::new(Verdict::Held, 4) }
    }

    /// A message that nothing answers.
    pub(crate) fn relayed() -> Expect {
        Expect::new(Verdict::Accepted, 4)
    }

    /// A reply to what was answered before, by the gateway itself for instance: it is not passed on, and its sender hears of
    /// it outside the standard.
    pub(crate) fn second_answer() -> Expect {
        Expect::rejected(3).finds("SL002 - Header")
    }

    /// Rules broken: `TR019 9019 Client/StartProducten/StartProduct[1]; …`.
    pub(crate) fn finds(mut self, findings: &str) -> Expect {
        self.findings = findings.split(';').map(|each| each.trim().to_owned()).collect();
        self
    }

    /// Codes of the reply: `Header 0200; Client 0200; StartProduct 9019`.
    pub(crate) fn reply(mut self, classes: &str) -> Expect {
        self.reply = Some(classes.split(';').map(|each| each.trim().to_owned()).collect());
        self
    }

    /// Requests rejected: `R1 3 A1`.
    pub(crate) fn answers(mut self, answers: &[&'static str]) -> Expect {
        self.answers = answers.to_vec();
        self
    }

    pub(crate) fn signals(mut self, checks: &[&'static str]) -> Expect {
        self.signals = checks.to_vec();
        self
    }
}

/// A ledger in memory, the register, and what was written down so far.
pub(crate) struct Lock {
    law: Law,
    ledger: Ledger,
    contracts: Contracts,
    today: Option<Date>,
    registered: bool,
    unknown_question: UnknownQuestion,
    tells_questions: bool,
    count: u32,
    answer: Option<Vec<u8>>,
    log: String,
}

impl Lock {
    pub(crate) fn new(law: Law) -> Lock {
        let register = sluis::contract::load(&region()).expect("the sample register has no fault");
        let mut policies = Policies::default();
        for (check, word) in [("A1", "hold"), ("B4", "signal"), ("D2", "signal")] {
            policies.set(check, None, word).expect("a known check and word");
        }
        Lock {
            law,
            ledger: Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 })
                .expect("a ledger in memory opens"),
            contracts: Contracts::new(vec![Arc::new(register)], policies),
            today: None,
            registered: true,
            unknown_question: UnknownQuestion::default(),
            tells_questions: false,
            count: 0,
            answer: None,
            log: String::new(),
        }
    }

    /// Judges what follows between parties that no register knows: what needs terms is skipped.
    pub(crate) fn without_register(&mut self) {
        self.registered = false;
    }

    /// What a municipality wants done with a check; without one, all that have no policy of their own.
    pub(crate) fn policy(&mut self, check: &str, gemeente: Option<&str>, word: &str) {
        let mut policies = (*self.contracts.policies).clone();
        policies.set(check, gemeente.map(Party::from).as_ref(), word).expect("a known check and word");
        self.contracts.policies = Arc::new(policies);
    }

    /// Passes on replies to messages that nobody knows.
    pub(crate) fn relays_unknown(&mut self) {
        self.unknown_question = UnknownQuestion::Relay;
    }

    /// Writes down what is asked and what is closed.
    pub(crate) fn tells_questions(&mut self) {
        self.tells_questions = true;
    }

    /// Open questions: what is owed, on which message, by whom, and until when.
    pub(crate) fn open_questions(&self) -> Vec<String> {
        let open = self.ledger.run_blocking(|tx| {
            let open = Debt::ALL.into_iter().map(|debt| tx.open_questions(debt, None, 100));
            open.collect::<Result<Vec<_>, _>>()
        });
        let open = open.expect("questions can be read").into_iter().flatten();
        open.map(|each| format!("{} on {} {} by {}", each.debt, each.identificatie, each.due_on, each.owed_by))
            .collect()
    }

    /// The latest rejection that the gateway sent in the name of a municipality.
    pub(crate) fn last_answer(&self) -> Option<Vec<u8>> {
        self.answer.clone()
    }

    /// Judges what follows as on another day than its own.
    pub(crate) fn today(&mut self, today: Date) {
        self.today = Some(today);
    }

    /// Delivers a message, checks what must become of it, and writes it all down.
    pub(crate) fn deliver(&mut self, story: &str, bytes: &[u8], expect: &Expect) -> Vec<u8> {
        self.count += 1;
        let (prepared, judged, departures) = self.judge(bytes);
        let decision = &judged.decision;
        let found: Vec<String> = decision.findings.iter().map(short).collect();
        let what = format!("{} {story} ({}): {found:#?}", self.count, self.law);
        assert_eq!(Some(decision.verdict), expect.verdict, "verdict of {what}");
        assert_eq!(decision.level, expect.level, "level of {what}");
        assert_eq!(found, expect.findings, "findings of {what}");
        let signals: Vec<&str> = decision.signals.iter().map(|signal| signal.check.as_str()).collect();
        assert_eq!(signals, expect.signals, "signals of {what}");
        if self.registered && self.unknown_question == UnknownQuestion::Refuse {
            assert!(decision.skipped.is_empty(), "with a ledger and a register nothing is skipped: {what}");
        }
        let reply = judged.owed_reply.as_ref().map(|reply| reply.body.clone());
        check_reply(&what, bytes, reply.as_deref(), expect);
        check_outgoing(&what, &prepared, &judged, &departures);
        check_answers(&what, &prepared, &judged, expect);
        check_privacy(&what, &prepared, &judged);
        self.write(story, &judged, &departures);
        self.answer = judged.answers.last().map(|own| own.bytes.clone()).or(self.answer.take());
        reply.unwrap_or_default()
    }

    fn judge(&self, bytes: &[u8]) -> (Prepared, Judged, Vec<Departure>) {
        let now: Timestamp = NOW.parse().expect("a moment");
        let prepared = pipeline::prepare(bytes.into(), &Limits::default());
        let transport_id = self.count.to_string();
        let reply_id = pipeline::reply_identification(&prepared.digest, &transport_id);
        let message = prepared.reading.as_ref().ok().map(|readable| &readable.message);
        let register = message.and_then(|message| self.contracts.register_for(message.gemeente()));
        let context = Context {
            now,
            today: self.today.or(message.map(|message| message.header.identificatie.dagtekening)).unwrap_or(DAY),
            gateway: "golden",
            reply_id: &reply_id,
            register: register.as_deref(),
            policies: &self.contracts.policies,
            unknown_question: self.unknown_question,
        };
        let judged = match &prepared.reading {
            Err(unreadable) => pipeline::refuse(context, unreadable),
            Ok(readable) => {
                let (request, contract) = pipeline::requests(&readable.message, context.register);
                let (law, gemeente) = (readable.message.kind.law, readable.message.gemeente().clone());
                let (facts, contract_facts) = self
                    .ledger
                    .run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract)?)))
                    .expect("facts can be read");
                pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts)
            }
        };
        let own: Vec<(Inbox, Decision)> = judged
            .answers
            .iter()
            .map(|own| (Inbox::new(OWN, transport_id.as_str(), now, own.bytes.clone()), own.decision.clone()))
            .collect();
        let inbox = Inbox::new("golden", transport_id, now, bytes.to_vec());
        let decision = judged.decision.clone();
        let departures = self
            .ledger
            .run_blocking(move |tx| {
                let stored = tx.store(&inbox, &decision)?;
                for (inbox, decision) in &own {
                    tx.store(inbox, decision)?;
                }
                tx.departures(stored.message_id)
            })
            .expect("a decision can be stored");
        (prepared, judged, departures)
    }

    fn write(&mut self, story: &str, judged: &Judged, departures: &[Departure]) {
        let decision = &judged.decision;
        let mut text = String::new();
        let kind = decision.identity.as_ref().map_or("-".to_owned(), |identity| identity.kind.to_string());
        let identification = decision.identity.as_ref().map_or("-", |identity| identity.identificatie.as_str());
        writeln!(text, "== {}. {story}", self.count).expect("writing to a string cannot fail");
        line(&mut text, &format!("{kind} {identification}: {} at level {}", decision.verdict, decision.level));
        for finding in &decision.findings {
            line(&mut text, &format!("finding {} at {}:{}", short(finding), finding.line, finding.column));
            line(&mut text, &format!("  {}", finding.path));
            line(&mut text, &format!("  nl {}", finding.nl));
            line(&mut text, &format!("  en {}", finding.en));
            line(&mut text, &format!("  facts {}", serde_json::to_string(&finding.facts).expect("plain values")));
        }
        for skipped in decision.skipped.iter().filter(|_| self.registered) {
            line(&mut text, &format!("skipped {}: no {}", skipped.rule, skipped.needs));
        }
        for signal in &decision.signals {
            line(&mut text, &format!("signal {} {} {:?}", signal.check, signal.outcome, signal.severity));
            line(&mut text, &format!("  nl {}", signal.nl));
            line(&mut text, &format!("  en {}", signal.en));
            line(&mut text, &format!("  facts {}", serde_json::to_string(&signal.facts).expect("plain values")));
        }
        let told = |record: &&Record| self.tells_questions || !matches!(record, Record::Asked(_) | Record::Settled(_));
        for record in decision.records.iter().filter(told) {
            line(&mut text, &format!("record {}", record_line(record)));
        }
        for departure in departures {
            line(
                &mut text,
                &format!("leaves {} {} to {}", departure.purpose.as_str(), departure.subject, departure.receiver),
            );
        }
        if let Some(reply) = &judged.owed_reply {
            let who = if decision.outgoing.iter().any(|each| each.purpose == Purpose::Reply) {
                "sent"
            } else {
                "owed by the receiving party"
            };
            line(&mut text, &format!("reply {}, {who}:", reply.kind));
            // What scenarios stand on is shown in full by the first scenario only.
            let shown = !story.starts_with("given ");
            for each in String::from_utf8_lossy(&reply.body).lines().filter(|_| shown) {
                line(&mut text, &format!("  {each}"));
            }
        }
        for own in &judged.answers {
            let kind = own.decision.kind.map_or_else(String::new, |kind| kind.to_string());
            line(&mut text, &format!("answered by the gateway with a {kind}:"));
            for record in own.decision.records.iter().filter(told) {
                line(&mut text, &format!("  record {}", record_line(record)));
            }
            for outgoing in &own.decision.outgoing {
                let to = outgoing.to.as_ref().map_or("-", |to| to.as_str());
                line(&mut text, &format!("  leaves {} {} to {to}", outgoing.purpose.as_str(), outgoing.subject));
            }
            for each in String::from_utf8_lossy(&own.bytes).lines() {
                line(&mut text, &format!("  {each}"));
            }
        }
        self.log.push_str(&text);
        self.log.push('\n');
    }

    /// Compares all that was written down with the snapshot.
    pub(crate) fn close(mut self, name: &str) {
        let (entries, budgets) = self
            .ledger
            .run_blocking(|tx| Ok((tx.messages(&Filter::default())?, tx.budgets()?)))
            .expect("the ledger can be read");
        self.log.push_str("== ledger\n");
        for entry in entries {
            let kind = entry.kind.map_or("-".to_owned(), |kind| kind.to_string());
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            // The register version follows the contents of the files; only its form is checked.
            if let Some(version) = &entry.register_version {
                assert!(version.len() >= 8 && version.bytes().all(|byte| byte.is_ascii_hexdigit()), "{version}");
            }
            line(
                &mut self.log,
                &format!(
                    "message {} {kind} {} from {} between {} and {}: {} at level {}{}",
                    entry.message_id,
                    or_none(entry.identificatie.clone()),
                    or_none(entry.afzender.clone()),
                    or_none(entry.gemeente.clone()),
                    or_none(entry.aanbieder.clone()),
                    entry.verdict,
                    entry.level,
                    if entry.register_version.is_some() { ", register [version]" } else { "" },
                ),
            );
        }
        for budget in budgets {
            line(
                &mut self.log,
                &format!(
                    "budget {}: consumption {}, realised {}",
                    budget.agreement, budget.consumption.0, budget.realised.0
                ),
            );
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("{name}-{}", self.law), self.log));
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Rule, code and class path of a finding.
fn short(finding: &Finding) -> String {
    let path = finding.path.trim_start_matches("/Bericht/");
    let is_class = |part: &str| part.split('[').next() == Some(finding.class.as_str());
    let parts: Vec<&str> = path.split('/').collect();
    let class_path = match parts.iter().rposition(|part| is_class(part)) {
        Some(at) if finding.rule != "XSD" => parts[..=at].join("/"),
        _ => path.to_owned(),
    };
    format!("{} {} {class_path}", finding.rule, finding.code.as_deref().unwrap_or("-"))
}

fn record_line(record: &Record) -> String {
    match record {
        Record::Allocation { allocation, .. } => format!(
            "allocation {} of {} to {} from {} to {}, {}, reason {}",
            allocation.nummer,
            allocation.product.as_ref().map_or("anything".to_owned(), |product| format!(
                "{}/{}",
                product.categorie,
                product.code.as_ref().map_or("-", |code| code.as_str())
            )),
            allocation.aanbieder,
            allocation.ingangsdatum,
            allocation.einddatum.map_or("-".to_owned(), |date| date.to_string()),
            match (&allocation.omvang, allocation.budget) {
                (Some(omvang), _) =>
                    format!("{} x {} per {}", omvang.volume, omvang.eenheid.as_str(), omvang.frequentie.as_str()),
                (None, Some(budget)) => format!("budget {}", budget.0),
                (None, None) => "no volume".to_owned(),
            },
            allocation.reden_wijziging.as_ref().map_or("-", |reden| reden.as_str()),
        ),
        Record::Start { key, .. } => format!("start {:?} on {}", key.toewijzing_nummer, key.begindatum),
        Record::StartDeleted { key, .. } => format!("start deleted {:?} on {}", key.toewijzing_nummer, key.begindatum),
        Record::Stop { key, stop, .. } => format!(
            "stop {:?} begun {}, {} on {}",
            key.toewijzing_nummer,
            key.begindatum,
            stop.reden.as_str(),
            stop.einddatum
        ),
        Record::StopDeleted { key, stop, .. } => format!(
            "stop deleted {:?} begun {}, {} on {}",
            key.toewijzing_nummer,
            key.begindatum,
            stop.reden.as_str(),
            stop.einddatum
        ),
        Record::Request { referentie, .. } => format!("request {referentie}"),
        Record::Answer { referentie, antwoord } => format!("answer {} to {referentie}", antwoord.as_str()),
        Record::Honoured { referentie } => format!("honoured {referentie}"),
        Record::Declaratie { nummer, periode, ingediend, toegekend } => format!(
            "declaration {nummer} over {} to {}: submitted {}, granted {}",
            periode.begindatum, periode.einddatum, ingediend.0, toegekend.0
        ),
        Record::Prestatie { line, .. } => format!(
            "line {}{} on {}: {} x {} = {}, {}",
            line.nummer,
            line.vorig.as_ref().map_or(String::new(), |vorig| format!(" crediting {vorig}")),
            line.toewijzing_nummer,
            line.volume,
            line.eenheid.as_str(),
            line.bedrag.0,
            if line.granted { "granted" } else { "refused" },
        ),
        Record::Asked(asked) => format!(
            "{} asks {} ({:?}) of {} by {}",
            if asked.answered { "answered at once:" } else { "open:" },
            asked.debt,
            asked.about,
            asked.owed_by,
            asked.due_on
        ),
        Record::Hold { toewijzingen, reasons, behind } => {
            let reasons: Vec<&str> = reasons.iter().map(|reason| reason.check.as_str()).collect();
            format!("hold of {toewijzingen:?} for {reasons:?}, behind {behind:?}")
        }
        Record::Settled(settled) => format!("closes {:?} on {}", settled.what, settled.on),
        Record::Posting(posting) => format!(
            "posting {} {} of {} for {}{} on {}",
            posting.slot.agreements.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
            posting.sort.as_str(),
            posting.cents.0,
            posting.toewijzing_nummer.map_or("-".to_owned(), |nummer| nummer.to_string()),
            posting.referentie.as_ref().map_or(String::new(), |referentie| format!("/{referentie}")),
            posting.on,
        ),
    }
}

/// The reply against the decision tables (replies, 2 and 3), read back without the program's own reader.
fn check_reply(what: &str, sent: &[u8], reply: Option<&[u8]>, expect: &Expect) {
    assert_eq!(reply.is_some(), expect.reply.is_some(), "whether a reply is owed: {what}");
    let (Some(reply), Some(expected)) = (reply, &expect.reply) else { return };
    schema::validate(reply, &Limits::default()).unwrap_or_else(|faults| panic!("{what}: invalid reply {faults:#?}"));
    assert!(!reply.starts_with(b"\xEF\xBB\xBF"), "no byte order mark (OP192): {what}");
    let text = String::from_utf8_lossy(reply);
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "line ends are CR/LF (OP192): {what}");
    let (sent, reply_document) = (Xml::parse(sent), Xml::parse(reply));
    assert_eq!(&reply_document.judgement(), expected, "return codes of {what}");
    let is_325 = reply_document.has("Header/DeclaratieIdentificatie");
    let (afzender, ontvanger) = if is_325 { ("Ontvanger", "Afzender") } else { ("Afzender", "Ontvanger") };
    for (of_reply, of_sent) in [("Afzender", afzender), ("Ontvanger", ontvanger)] {
        assert_eq!(
            reply_document.at(&format!("Header/{of_reply}")),
            sent.at(&format!("Header/{of_sent}")),
            "{of_reply} of the reply: {what}"
        );
    }
    let (identification, versions, own) = if is_325 {
        (
            "DeclaratieIdentificatie",
            "XsdVersieDeclaratie",
            reply_document.at("Header/BerichtIdentificatie/Identificatie"),
        )
    } else {
        ("BerichtIdentificatie", "XsdVersie", reply_document.at("Header/IdentificatieRetour"))
    };
    assert_eq!(own.len(), 12, "identification of the reply: {what}");
    for (element, in_reply, in_sent) in [
        ("Identificatie", identification, "BerichtIdentificatie"),
        ("Dagtekening", identification, "BerichtIdentificatie"),
        ("BasisschemaXsdVersie", versions, "XsdVersie"),
        ("BerichtXsdVersie", versions, "XsdVersie"),
    ] {
        assert_eq!(
            reply_document.at(&format!("Header/{in_reply}/{element}")),
            sent.at(&format!("Header/{in_sent}/{element}")),
            "{in_reply}/{element} of the reply: {what}"
        );
    }
    let at_level_2 = expected.first().is_some_and(|header| header == "Header 0001");
    assert_eq!(reply_document.has("Header/XsltVersie"), at_level_2, "XsltVersie exactly at level 2: {what}");
    if is_325 {
        check_totals(&sent, &reply_document);
    } else if let Some(body) = reply_document.child("Client").or_else(|| reply_document.child("Antwoord")) {
        let mut copy = body.clone();
        strip_codes(&mut copy);
        let mut original = sent.child(&body.name).expect("the message has what its reply repeats").clone();
        rename(&mut original);
        rename(&mut copy);
        assert_eq!(copy, original, "what is judged is copied unchanged: {what}");
    }
}

/// Namespaces of message and reply differ by the number alone.
fn rename(node: &mut Xml) {
    const PAIRS: [(&str, &str); 6] =
        [("302/", "301/"), ("306/", "305/"), ("308/", "307/"), ("316/", "315/"), ("318/", "317/"), ("320/", "319/")];
    for (reply, answered) in PAIRS {
        node.namespace = node.namespace.replace(reply, answered);
    }
    node.children.iter_mut().for_each(rename);
}

fn strip_codes(node: &mut Xml) {
    node.children.retain(|child| child.name != "RetourCodes");
    node.children.iter_mut().for_each(strip_codes);
}

/// What leaves, by the table of kinds (design, section 4).
fn check_outgoing(what: &str, prepared: &Prepared, judged: &Judged, departures: &[Departure]) {
    let decision = &judged.decision;
    let of = |purpose: Purpose| -> Vec<&Outgoing> {
        decision.outgoing.iter().filter(|outgoing| outgoing.purpose == purpose).collect()
    };
    let listed: Vec<Purpose> = departures.iter().map(|departure| departure.purpose).collect();
    let outgoing: Vec<Purpose> = decision.outgoing.iter().map(|outgoing| outgoing.purpose).collect();
    assert_eq!(listed, outgoing, "the ledger keeps what leaves, in its order: {what}");
    assert_eq!(of(Purpose::Signal).len(), decision.signals.len(), "a signal leaves as such: {what}");
    let Ok(readable) = &prepared.reading else {
        assert_eq!(of(Purpose::Error).len(), 1, "one error report at level 1: {what}");
        assert_eq!(decision.outgoing.len(), 1, "and nothing else: {what}");
        assert!(decision.records.is_empty(), "and no records: {what}");
        return;
    };
    let message = &readable.message;
    let refused_reply = decision.verdict == Verdict::Rejected && message.kind.number.answered_by().is_none();
    assert_eq!(of(Purpose::Error).len(), usize::from(refused_reply), "a report above level 1 on a reply only: {what}");
    for report in of(Purpose::Error) {
        assert_eq!(report.to.as_ref(), Some(message.sender()), "reported to its sender: {what}");
        let report: serde_json::Value = serde_json::from_slice(&report.body).expect("a report is JSON");
        assert_eq!(report["error"], "reply-refused", "{what}");
        assert_eq!(report["findings"].as_array().map(Vec::len), Some(decision.findings.len()), "{what}");
    }
    let passes = matches!(decision.verdict, Verdict::Accepted | Verdict::Partly);
    let forwards = of(Purpose::Forward);
    assert_eq!(forwards.len(), usize::from(passes), "forwarded when accepted or partly granted: {what}");
    for forward in forwards {
        assert_eq!(forward.body, *prepared.source, "forwarded as it came: {what}");
        assert_eq!(forward.to.as_ref(), Some(message.receiver()), "forwarded to its receiver: {what}");
        let verdict = forward.verdict_json.as_ref().expect("a forward carries the verdict");
        let verdict: serde_json::Value = serde_json::from_slice(verdict).expect("the verdict is JSON");
        assert_eq!(verdict["verdict"], decision.verdict.as_str(), "{what}");
        assert_eq!(verdict["findings"].as_array().map(Vec::len), Some(decision.findings.len()), "{what}");
    }
    let answers = match message.kind.number.as_str() {
        "301" | "319" => decision.verdict == Verdict::Rejected,
        "305" | "307" | "315" | "317" | "323" => true,
        _ => false,
    };
    let replies = of(Purpose::Reply);
    assert_eq!(replies.len(), usize::from(answers), "whether the gateway answers: {what}");
    for reply in replies {
        assert_eq!(Some(&reply.body), judged.owed_reply.as_ref().map(|owed| &owed.body), "{what}");
        assert_eq!(reply.to.as_ref(), Some(message.sender()), "answered to its sender: {what}");
    }
    if !passes {
        let is_hold = |record: &Record| matches!(record, Record::Hold { .. });
        assert!(decision.records.iter().all(is_hold), "what is not processed leaves no records (OP286): {what}");
        assert_eq!(decision.records.len(), usize::from(decision.verdict == Verdict::Held), "but for a hold: {what}");
    }
}

/// A rejection in the name of the municipality: valid, from it, to the provider, and told to its back office.
fn check_answers(what: &str, prepared: &Prepared, judged: &Judged, expect: &Expect) {
    let forward = judged.decision.outgoing.iter().find(|outgoing| outgoing.purpose == Purpose::Forward);
    let verdict = forward.and_then(|forward| forward.verdict_json.as_ref());
    let verdict: Option<serde_json::Value> = verdict.map(|json| serde_json::from_slice(json).expect("it is JSON"));
    let told = verdict.and_then(|verdict| verdict["answers"].as_array().cloned()).unwrap_or_default();
    assert_eq!(told.len(), judged.answers.len(), "each answer is told beside the forward: {what}");
    let mut answers = Vec::new();
    for (own, told) in judged.answers.iter().zip(told) {
        let message = &prepared.reading.as_ref().expect("only a request that was read is answered").message;
        schema::validate(&own.bytes, &Limits::default()).unwrap_or_else(|faults| panic!("{what}: invalid {faults:#?}"));
        let document = Xml::parse(&own.bytes);
        assert_eq!(document.at("Header/Afzender"), message.gemeente().as_str(), "{what}");
        assert_eq!(document.at("Header/Ontvanger"), message.aanbieder().as_str(), "{what}");
        assert_eq!(document.at("Antwoord/VerzoekAntwoord"), "1", "{what}");
        let identification = document.at("Header/BerichtIdentificatie/Identificatie");
        assert_eq!((identification.len(), &told["identification"]), (12, &identification.into()), "{what}");
        let (referentie, reden) =
            (document.at("Antwoord/ReferentieAanbieder"), document.at("Antwoord/RedenAfwijzingVerzoek"));
        assert_eq!((&told["referentie"], &told["reden"]), (&referentie.into(), &reden.into()), "{what}");
        let purposes: Vec<Purpose> = own.decision.outgoing.iter().map(|outgoing| outgoing.purpose).collect();
        assert_eq!(purposes, [Purpose::Forward], "it goes to the provider: {what}");
        assert_eq!(own.decision.outgoing[0].to.as_ref(), Some(message.aanbieder()), "{what}");
        answers.push(format!("{referentie} {reden} {}", told["check"].as_str().unwrap_or_default()));
    }
    assert_eq!(answers, expect.answers, "answers to {what}");
}

/// No citizen service number and no name outside of the documents themselves.
fn check_privacy(what: &str, prepared: &Prepared, judged: &Judged) {
    let source = String::from_utf8_lossy(&prepared.source);
    let mut secret: Vec<String> = source
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| run.len() == 9 && run.starts_with("9999"))
        .map(str::to_owned)
        .collect();
    secret.extend(
        source.split(|c: char| !c.is_alphanumeric()).filter(|word| word.starts_with("Fictief")).map(str::to_owned),
    );
    assert!(!secret.is_empty() || judged.decision.level == 1 || !source.contains("Bsn>"), "{what}");
    let decision = &judged.decision;
    let mut told = format!("{:?}{:?}{:?}", decision.findings, decision.signals, decision.records);
    for outgoing in &decision.outgoing {
        told.push_str(&outgoing.subject);
        match outgoing.purpose {
            Purpose::Error | Purpose::Signal => told.push_str(&String::from_utf8_lossy(&outgoing.body)),
            Purpose::Forward => {
                told.push_str(&String::from_utf8_lossy(outgoing.verdict_json.as_deref().unwrap_or_default()));
            }
            Purpose::Reply => {}
        }
    }
    for secret in secret {
        assert!(!told.contains(&secret), "something tells about a person: {what}\n{told}");
    }
}
