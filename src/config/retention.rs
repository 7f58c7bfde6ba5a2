//! `[retention]`: how long the ledger keeps what, in general and per kind and verdict.

use super::read::{Raw, Reader, Section, Wrong, wrong};
use crate::decision::Verdict;
use crate::message::Kind;
use crate::retention::{Class, Exception, Retention, Stage, Term, Terms, UNREADABLE};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is kept for ever.
const FOREVER: &str = "forever";

pub(super) fn read(reader: &mut Reader<'_>) -> Retention {
    let section = reader.section("retention");
    let general = exception(reader, &section);
    let mut retention = Retention {
        general: Terms {
            bodies: general.bodies.flatten(),
            details: general.details.flatten(),
            records: general.records.flatten(),
        },
        ..Retention::default()
    };
    let mut places = vec![(section.clone(), None)];
    for (name, kind) in sections(reader, &section) {
        let Some(word) = kind_word(&name) else {
            let at = reader.label(&kind);
            reader.fault(&at, format!("\"{name}\" is no kind"), format!("name a kind such as WMO323, or {UNREADABLE}"));
            continue;
        };
        let found = exception(reader, &kind);
        retention.exceptions.insert((word.clone(), None), found);
        places.push((kind.clone(), Some((word.clone(), None))));
        for (name, verdict) in sections(reader, &kind) {
            let found = exception(reader, &verdict);
            for (name, _) in sections(reader, &verdict) {
                let at = reader.label(&verdict);
                reader.fault(&at, format!("there is nothing below a verdict, and \"{name}\" is"), "leave it out");
            }
            let Some(known) = Verdict::ALL.into_iter().find(|known| known.as_str() == name && known.is_decided())
            else {
                let at = reader.label(&verdict);
                let todo = "name accepted, rejected or partly: what is held or parked is always kept";
                reader.fault(&at, format!("\"{name}\" is no verdict that can be named here"), todo);
                continue;
            };
            retention.exceptions.insert((word.clone(), Some(known)), found);
            places.push((verdict.clone(), Some((word.clone(), Some(known)))));
        }
    }
    check(reader, &retention, &places);
    retention
}

/// Sections are where faults of what they set are told; each with what it is about.
type Place<'t> = (Section<'t>, Option<(String, Option<Verdict>)>);

/// Every class must have terms that fit together, wherever they come from. A fault is told once, at the most particular
/// section that has a part in it.
fn check<'t>(reader: &mut Reader<'t>, retention: &Retention, places: &[Place<'t>]) {
    let mut told = BTreeSet::new();
    for class in Class::all().filter(|class| class.verdict.is_decided()) {
        let section = |of: &Option<(String, Option<Verdict>)>| match of {
            None => true,
            Some((word, verdict)) => *word == class.word() && verdict.is_none_or(|verdict| verdict == class.verdict),
        };
        let Some((place, of)) = places.iter().rev().find(|(_, of)| section(of)) else { continue };
        for (stage, what, todo) in retention.terms(class).faults() {
            if told.insert((of.clone(), stage)) {
                let at = reader.place(place, stage.as_str());
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

fn exception<'t>(reader: &mut Reader<'t>, section: &Section<'t>) -> Exception {
    Exception {
        bodies: reader.optional(section, Stage::Bodies.as_str(), term),
        details: reader.optional(section, Stage::Details.as_str(), term),
        records: reader.optional(section, Stage::Records.as_str(), term),
    }
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
