//! Differences that follow from earlier ones: a start is rejected because its allocation waits for a person.
//!
//! Messages are tied by what they name: an allocation, a request, a claimed line, the message that is answered. A
//! difference goes back to the first message by one of these names that was decided differently, but only where
//! the ledger can be the reason: a rule that reads earlier messages speaks under one side alone, or nothing differs but
//! money. What the contract layer or a tariff says by itself is a difference of its own, whatever came before.
//!
//! Not seen: what reaches a message in another way than by name, such as through the budget of an agreement or through
//! other allocations of the same person. And a tie is no proof: with the same decision on the first message, the
//! later one might still differ for a reason of its own.

use super::difference::Difference;
use super::subject::{Name, Subject};
use crate::rules::{self, Need};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The message that a difference goes back to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct First {
    /// Place among the messages compared, from 1.
    #[serde(skip)]
    pub place: u64,
    /// File.
    pub file: String,
    /// Kind.
    pub kind: Option<String>,
    /// Identificatie.
    pub identification: Option<String>,
}

/// Who decided what first, by name.
#[derive(Debug)]
pub(super) struct Chain {
    /// Rules that read earlier messages.
    ledger_rules: BTreeSet<&'static str>,
    marks: BTreeMap<Name, Mark>,
    /// First messages that others follow from, with how many do.
    followed: BTreeMap<Arc<First>, u64>,
}

/// What messages by one name differed in, each with the first of them.
#[derive(Debug, Default)]
struct Mark {
    decided: Option<Arc<First>>,
    money: Option<Arc<First>>,
}

impl Chain {
    pub(super) fn new() -> Chain {
        let reads = |need: &Need| matches!(need, Need::Ledger | Need::Question);
        let ledger_rules = rules::all().iter().filter(|rule| rule.needs.iter().any(reads)).map(|rule| rule.id).collect();
        Chain { ledger_rules, marks: BTreeMap::new(), followed: BTreeMap::new() }
    }

    /// Takes a message that differs, the `place`-th of all, and says which earlier one that goes back to.
    pub(super) fn follow(&mut self, place: u64, subject: &Subject, difference: &Difference) -> Option<Arc<First>> {
        let first = self.first(subject, difference);
        if let Some(first) = &first {
            *self.followed.entry(Arc::clone(first)).or_default() += 1;
        }
        let from = first.clone().unwrap_or_else(|| {
            Arc::new(First {
                place,
                file: subject.file.clone(),
                kind: subject.kind.map(|kind| kind.to_string()),
                identification: subject.identification.clone(),
            })
        });
        self.mark(subject, difference, &from);
        first
    }

    /// First messages that others follow from, in the order of the archive, with how many do.
    pub(super) fn followed(&self) -> impl Iterator<Item = (&First, u64)> {
        self.followed.iter().map(|(first, count)| (first.as_ref(), *count))
    }

    fn first(&self, subject: &Subject, difference: &Difference) -> Option<Arc<First>> {
        let speaks = difference.findings.iter().any(|broken| self.ledger_rules.contains(broken.rule.as_str()));
        let is_money = !difference.postings.is_empty()
            && !difference.is_decided_differently()
            && difference.findings.is_empty()
            && difference.signals.is_empty();
        let marks = subject.builds_on().filter_map(|name| self.marks.get(name));
        if speaks {
            marks.filter_map(|mark| mark.decided.as_ref()).min().cloned()
        } else if is_money {
            marks.flat_map(|mark| [&mark.decided, &mark.money]).flatten().min().cloned()
        } else {
            None
        }
    }

    fn mark(&mut self, subject: &Subject, difference: &Difference, from: &Arc<First>) {
        let decided = difference.is_decided_differently();
        if !decided && difference.postings.is_empty() {
            return;
        }
        for name in &subject.brings {
            let mark = self.marks.entry(name.clone()).or_default();
            let first = if decided { &mut mark.decided } else { &mut mark.money };
            first.get_or_insert_with(|| Arc::clone(from));
        }
    }
}
