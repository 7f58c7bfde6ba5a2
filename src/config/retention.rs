//! `[retention]`: how long the ledger keeps what, in general and per kind and verdict.

use super::read::{Raw, Reader, Section, Wrong, wrong};
use crate::decision::Verdict;
use crate::message::Kind;
use crate::retention::{Class, Exception, Retention, Stage, Term, TermFault, Terms, UNREADABLE};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is kept for ever.
const FOREVER: &str = "forever";

pub(super) fn read(reader: &mut Reader<'_>) -> Retention {
    let section = reader.section("retention");
    let general = Part::read(reader, section.clone(), None);
    let mut retention = Retention {
        general: Terms {
            bodies: general.sets.bodies.flatten(),
            details: general.sets.details.flatten(),
            records: general.sets.records.flatten(),
        },
        ..Retention::default()
    };
    let mut parts = vec![general];
    for (name, kind) in sections(reader, &section) {
        let Some(word) = kind_word(&name) else {
            let at = reader.label(&kind);
            reader.fault(&at, format!("\"{name}\" is no kind"), format!("name a kind such as WMO323, or {UNREADABLE}"));
            continue;
        };
        let part = Part::read(reader, kind.clone(), Some((word.clone(), None)));
        retention.exceptions.insert((word.clone(), None), part.sets);
        parts.push(part);
        for (name, verdict) in sections(reader, &kind) {
            let known = Verdict::ALL.into_iter().find(|known| known.as_str() == name && known.is_decided());
            let part = Part::read(reader, verdict.clone(), Some((word.clone(), known)));
            for (name, _) in sections(reader, &verdict) {
                let at = reader.label(&verdict);
                reader.fault(&at, format!("there is nothing below a verdict, and \"{name}\" is"), "leave it out");
            }
            if known.is_none() {
                let at = reader.label(&verdict);
                let todo = "name accepted, rejected or partly: what is held or parked is always kept";
                reader.fault(&at, format!("\"{name}\" is no verdict that can be named here"), todo);
                continue;
            }
            retention.exceptions.insert((word.clone(), known), part.sets);
            parts.push(part);
        }
    }
    check(reader, &retention, &parts);
    retention
}

/// A section and what it sets.
struct Part<'t> {
    section: Section<'t>,
    /// Kind and verdict that it is about; `None` for all.
    of: Option<(String, Option<Verdict>)>,
    sets: Exception,
    /// Stages whose terms could not be read. That was told, and nothing follows from them.
    unread: BTreeSet<Stage>,
}

impl<'t> Part<'t> {
    fn read(reader: &mut Reader<'t>, section: Section<'t>, of: Option<(String, Option<Verdict>)>) -> Part<'t> {
        let mut unread = BTreeSet::new();
        let [bodies, details, records] = Stage::ALL.map(|stage| {
            let raw = reader.raw(&section, stage.as_str())?;
            let term = reader.parsed(&raw, term);
            unread.extend(term.is_none().then_some(stage));
            term
        });
        Part { section, of, sets: Exception { bodies, details, records }, unread }
    }

    fn is_about(&self, class: Class) -> bool {
        self.of.as_ref().is_none_or(|(word, verdict)| {
            *word == class.word() && verdict.is_none_or(|verdict| verdict == class.verdict)
        })
    }
}

/// Every class must have terms that fit together, wherever they come from. A fault is told once, at the most particular
/// section that has a part in it.
fn check<'t>(reader: &mut Reader<'t>, retention: &Retention, parts: &[Part<'t>]) {
    let mut told = BTreeSet::new();
    for class in Class::all().filter(|class| class.verdict.is_decided()) {
        for TermFault { stage, earlier, what, todo } in retention.terms(class).faults() {
            let stages = || earlier.into_iter().chain([stage]);
            let about = || parts.iter().filter(|part| part.is_about(class));
            if about().any(|part| stages().any(|stage| part.unread.contains(&stage))) {
                continue;
            }
            let has_a_part = |part: &&Part<'_>| stages().any(|stage| part.sets.of(stage).is_some());
            if let Some(part) = about().rfind(has_a_part)
                && told.insert((part.of.clone(), stage))
            {
                let at = reader.place(&part.section, stage.as_str());
                reader.fault(&at, what, todo);
            }
        }
    }
}

fn kind_word(name: &str) -> Option<String> {
    if name == UNREADABLE {
        return Some(UNREADABLE.to_owned());
    }
    Kind::parse(name).map(|kind| kind.to_string()).filter(|word| word == name)
}

/// Sub-sections; what else stands in a section and is no stage is a fault.
fn sections<'t>(reader: &mut Reader<'t>, section: &Section<'t>) -> Vec<(String, Section<'t>)> {
    let (values, sections) = reader.entries(section);
    for (key, raw) in values {
        if !Stage::ALL.iter().any(|stage| stage.as_str() == key) {
            reader.fault(&raw.at, "there is no such key", "this section knows: bodies, details, records");
        }
    }
    sections
}

fn term(raw: &Raw) -> Result<Option<Term>, Wrong> {
    let text = raw.text()?;
    match Term::parse(&text) {
        Some(term) => Ok(Some(term)),
        None if text == FOREVER => Ok(None),
        None => wrong(
            format!("\"{text}\" is not a term"),
            "write a whole number of days or years, such as \"90d\" or \"7y\" (at most 100y), or \"forever\"",
        ),
    }
}

/// The sections as they would be written; nothing when nothing is set.
pub(super) fn show(retention: &Retention) -> String {
    let mut page = String::new();
    let word = |term: Option<Term>| term.map_or_else(|| FOREVER.to_owned(), |term| term.to_string());
    if !retention.is_set() && retention.exceptions.is_empty() {
        return page;
    }
    let mut section = |name: &str, terms: [(Stage, Option<Option<Term>>); 3]| {
        let _ = writeln!(page, "\n[{name}]");
        for (stage, term) in terms {
            if let Some(term) = term {
                let _ = writeln!(page, "{stage} = \"{}\"", word(term));
            }
        }
    };
    section("retention", Stage::ALL.map(|stage| (stage, Some(retention.general.of(stage)))));
    for ((kind, verdict), exception) in &retention.exceptions {
        let name = verdict.map_or_else(|| format!("retention.{kind}"), |verdict| format!("retention.{kind}.{verdict}"));
        let Exception { bodies, details, records } = *exception;
        section(&name, [(Stage::Bodies, bodies), (Stage::Details, details), (Stage::Records, records)]);
    }
    page
}
