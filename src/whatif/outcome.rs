//! What one configuration made of a message, as far as it is compared.

use super::pair::add;
use super::subject::{Line, Subject};
use crate::contract::Register;
use crate::decision::{Account, PostingSort, Purpose, Record, Slot, Verdict};
use crate::finding::Signal;
use crate::message::{Categorie, Cents, Count, Date, Law, ProductCode};
use crate::pipeline::Judged;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What one configuration made of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Verdict.
    pub verdict: Verdict,
    /// What is wrong, sorted.
    pub findings: Vec<Broken>,
    /// What is told of it, observed or not, sorted.
    pub signals: Vec<Flag>,
    /// What leaves besides signals, sorted.
    pub leaves: Vec<Leaving>,
    /// Rules that did not run, with what they lacked.
    pub skipped: BTreeSet<(String, String)>,
    /// Which lines of a 323 are granted, by their place in the document; as long as there are lines.
    pub granted: Vec<bool>,
    /// Granted amounts by segment of this side's register.
    pub granted_by_segment: BTreeMap<Option<String>, Cents>,
    /// Postings, by agreement and sort.
    pub postings: BTreeMap<(String, PostingSort), Cents>,
    /// What allocations reserve, by segment; money that counts for several agreements of a segment counts once.
    pub reserved_by_segment: BTreeMap<Option<String>, Cents>,
    /// Segments of this side's register that the message is about; `None` alone when there are none.
    pub segments: BTreeSet<Option<String>>,
    /// Segment of each product that it names by code; `None` when the product is not on the list. Empty without a
    /// register.
    pub products: BTreeMap<(Law, String), Option<String>>,
}

/// One rule broken at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Broken {
    /// Rule id; `XSD` at level 1.
    pub rule: String,
    /// Return code; none at level 1.
    pub code: Option<String>,
    /// Path of the element.
    pub path: String,
}

/// A signal, told apart by what it is about: other figures in it do not make it another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Flag {
    /// Check.
    pub check: String,
    /// `observe`, `signal` or `hold`.
    pub outcome: String,
    /// Agreement, when it is about one.
    pub agreement: Option<String>,
    /// Threshold of the agreement, in percents.
    pub percent: Option<u64>,
    /// Allocations.
    pub allocations: Vec<Count>,
}

/// Something that leaves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leaving {
    /// `reply`, `forward` or `error`.
    pub purpose: &'static str,
    /// Kind, or `error`.
    pub subject: String,
}

impl Outcome {
    /// What was decided on `subject`, with this register.
    pub fn of(judged: &Judged, subject: &Subject, register: Option<&Register>) -> Outcome {
        let decision = &judged.decision;
        let granted = granted(subject.lines.len(), &decision.records);
        let book = Book { subject, register };
        let mut findings: Vec<Broken> = decision
            .findings
            .iter()
            .map(|found| Broken { rule: found.rule.clone(), code: found.code.clone(), path: found.path.clone() })
            .collect();
        findings.sort();
        let mut signals: Vec<Flag> = decision.signals.iter().chain(&decision.observed).map(flag).collect();
        signals.sort();
        let mut leaves: Vec<Leaving> = decision
            .outgoing
            .iter()
            .filter(|row| row.purpose != Purpose::Signal)
            .map(|row| Leaving { purpose: row.purpose.as_str(), subject: row.subject.clone() })
            .collect();
        leaves.sort();
        Outcome {
            verdict: decision.verdict,
            findings,
            signals,
            leaves,
            skipped: decision.skipped.iter().map(|rule| (rule.rule.clone(), rule.needs.clone())).collect(),
            granted_by_segment: book.granted(&granted),
            granted,
            postings: postings(&decision.records),
            reserved_by_segment: Book::reserved(&decision.records),
            segments: book.segments(),
            products: book.products(),
        }
    }

    /// Granted amount.
    pub fn granted_cents(&self) -> Cents {
        super::pair::sum(self.granted_by_segment.values())
    }

    /// Reserved amount.
    pub fn reserved_cents(&self) -> Cents {
        super::pair::sum(self.reserved_by_segment.values())
    }
}

/// Which lines are granted: the records hold every line in the order of the document, or none when nothing is granted.
fn granted(lines: usize, records: &[Record]) -> Vec<bool> {
    let mut granted: Vec<bool> = records
        .iter()
        .filter_map(|record| match record {
            Record::Prestatie { line, .. } => Some(line.granted),
            _ => None,
        })
        .collect();
    granted.resize(lines, false);
    granted
}

fn flag(signal: &Signal) -> Flag {
    Flag {
        check: signal.check.clone(),
        outcome: signal.outcome.clone(),
        agreement: signal.facts.get("afspraak").and_then(|value| value.as_str()).map(str::to_owned),
        percent: signal.facts.get("drempel_procent").and_then(serde_json::Value::as_u64),
        allocations: signal.toewijzingen.clone(),
    }
}

fn postings(records: &[Record]) -> BTreeMap<(String, PostingSort), Cents> {
    let mut postings = BTreeMap::new();
    for record in records {
        if let Record::Posting(posting) = record {
            for counts_for in counts_for(&posting.slot) {
                add(postings.entry((counts_for, posting.sort)).or_default(), posting.cents);
            }
        }
    }
    postings
}

/// The agreements that a posting counts for; where there are none, its account.
fn counts_for(slot: &Slot) -> BTreeSet<String> {
    match &slot.account {
        Some(account) if slot.agreements.is_empty() => BTreeSet::from([account.to_string()]),
        _ => slot.agreements.clone(),
    }
}

/// A message beside the register of one side.
struct Book<'a> {
    subject: &'a Subject,
    register: Option<&'a Register>,
}

impl Book<'_> {
    fn segments_of(&self, categorie: &Categorie, code: Option<&ProductCode>, on: Date) -> BTreeSet<&str> {
        match (self.register, self.subject.law()) {
            (Some(register), Some(law)) => register.segments(law, categorie, code, on),
            _ => BTreeSet::new(),
        }
    }

    fn segment_of(&self, line: &Line) -> Option<String> {
        let segments = self.segments_of(&line.product.categorie, line.product.code.as_ref(), line.on);
        segments.first().map(|segment| (*segment).to_owned())
    }

    fn granted(&self, granted: &[bool]) -> BTreeMap<Option<String>, Cents> {
        let mut amounts = BTreeMap::new();
        for (line, _) in self.subject.lines.iter().zip(granted).filter(|(_, granted)| **granted) {
            add(amounts.entry(self.segment_of(line)).or_default(), line.cents);
        }
        amounts
    }

    /// What a message reserves, by segment: every euro stands on one account.
    fn reserved(records: &[Record]) -> BTreeMap<Option<String>, Cents> {
        let mut amounts = BTreeMap::new();
        for record in records {
            let Record::Posting(posting) = record else { continue };
            if posting.sort != PostingSort::Reservation {
                continue;
            }
            let account = posting.slot.account.as_ref();
            let segment = account.map(|account| account.segment.clone()).filter(|segment| segment != Account::UNMAPPED);
            add(amounts.entry(segment).or_default(), posting.cents);
        }
        amounts
    }

    fn segments(&self) -> BTreeSet<Option<String>> {
        let named = self.subject.products.iter();
        let mut segments: BTreeSet<Option<String>> = named
            .flat_map(|(product, on)| self.segments_of(&product.categorie, product.code.as_ref(), *on))
            .map(|segment| Some(segment.to_owned()))
            .collect();
        segments.extend(self.subject.lines.iter().filter_map(|line| self.segment_of(line)).map(Some));
        if segments.is_empty() {
            segments.insert(None);
        }
        segments
    }

    fn products(&self) -> BTreeMap<(Law, String), Option<String>> {
        let (Some(register), Some(law)) = (self.register, self.subject.law()) else { return BTreeMap::new() };
        let lines = self.subject.lines.iter().map(|line| (&line.product, line.on));
        let named = self.subject.products.iter().map(|(product, on)| (product, *on));
        let mut products = BTreeMap::new();
        for (product, on) in lines.chain(named) {
            if let Some(code) = &product.code {
                let segment = register.product(law, code, on).map(|product| product.segment.clone());
                products.entry((law, code.0.clone())).or_insert(segment);
            }
        }
        products
    }
}
