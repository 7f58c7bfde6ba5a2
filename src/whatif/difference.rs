//! What differs on one message.

use super::outcome::{Broken, Flag, Leaving, Outcome};
use super::pair::Pair;
use super::subject::Subject;
use crate::decision::Verdict;
use crate::message::{Cents, Count};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What differs on one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Verdicts; they may be the same.
    pub verdict: Pair<Verdict>,
    /// Rules broken at a place under one side alone.
    pub findings: Only<Broken>,
    /// Signals of one side alone.
    pub signals: Only<Flag>,
    /// Lines of a 323 that one side grants and the other refuses.
    pub lines: Vec<LineDifference>,
    /// Postings to agreements that differ in amount.
    pub postings: Vec<PostingDifference>,
    /// What leaves under one side alone.
    pub leaves: Only<Leaving>,
}

/// What only one of the sides has, sorted; what a side has more often stands there as often more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Only<T> {
    /// Under the old alone.
    pub only_old: Vec<T>,
    /// Under the new alone.
    pub only_new: Vec<T>,
}

/// A line of a 323 that one side grants and the other refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineDifference {
    /// ReferentieNummer.
    pub reference: String,
    /// Allocation.
    pub allocation: Count,
    /// Signed amount.
    #[serde(rename = "cents", serialize_with = "in_cents")]
    pub cents: Cents,
    /// Whether it is granted.
    pub granted: Pair<bool>,
}

/// A posting that differs: what a message does to an agreement, by sort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostingDifference {
    /// Agreement.
    pub agreement: String,
    /// Sort of posting.
    pub sort: &'static str,
    /// Sums.
    #[serde(serialize_with = "pair_in_cents")]
    pub cents: Pair<Cents>,
}

impl Difference {
    /// What differs between two outcomes of one message.
    pub fn between(subject: &Subject, outcomes: &Pair<Outcome>) -> Difference {
        let Pair { old, new } = outcomes;
        let keys: BTreeSet<_> = old.postings.keys().chain(new.postings.keys()).collect();
        let postings = keys.into_iter().filter_map(|key| {
            let cents = outcomes.as_ref().map(|outcome| outcome.postings.get(key).copied().unwrap_or_default());
            let (agreement, sort) = key;
            cents.differs().then(|| PostingDifference { agreement: agreement.clone(), sort: sort.as_str(), cents })
        });
        let granted = old.granted.iter().zip(&new.granted).map(|(old, new)| Pair { old: *old, new: *new });
        let lines = subject.lines.iter().zip(granted).filter(|(_, granted)| granted.differs());
        Difference {
            verdict: outcomes.as_ref().map(|outcome| outcome.verdict),
            findings: only(&old.findings, &new.findings),
            signals: only(&old.signals, &new.signals),
            lines: lines
                .map(|(line, granted)| LineDifference {
                    reference: line.reference.clone(),
                    allocation: line.toewijzing,
                    cents: line.cents,
                    granted,
                })
                .collect(),
            postings: postings.collect(),
            leaves: only(&old.leaves, &new.leaves),
        }
    }

    /// Whether nothing differs.
    pub fn is_none(&self) -> bool {
        !self.is_decided_differently()
            && self.findings.is_empty()
            && self.signals.is_empty()
            && self.postings.is_empty()
            && self.leaves.is_empty()
    }

    /// Whether the ledger holds something else of the message: another verdict, or other lines granted.
    pub fn is_decided_differently(&self) -> bool {
        self.verdict.differs() || !self.lines.is_empty()
    }
}

impl<T> Only<T> {
    /// Whether both sides have the same.
    pub fn is_empty(&self) -> bool {
        self.only_old.is_empty() && self.only_new.is_empty()
    }

    /// All of either side.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.only_old.iter().chain(&self.only_new)
    }
}

/// What one of two sorted lists has more of than the other.
fn only<T: Ord + Clone>(old: &[T], new: &[T]) -> Only<T> {
    let mut only = Only { only_old: Vec::new(), only_new: Vec::new() };
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (Some(old), Some(new)) => old.cmp(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return only,
        };
        if order != Ordering::Greater {
            only.only_old.extend(olds.next().filter(|_| order == Ordering::Less).cloned());
        }
        if order != Ordering::Less {
            only.only_new.extend(news.next().filter(|_| order == Ordering::Greater).cloned());
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn in_cents<S: serde::Serializer>(cents: &Cents, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(cents.0)
}

fn pair_in_cents<S: serde::Serializer>(pair: &Pair<Cents>, serializer: S) -> Result<S::Ok, S::Error> {
    pair.map(|cents| cents.0).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(old: &[u8], new: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let Only { only_old, only_new } = only(old, new);
        (only_old, only_new)
    }

    #[test]
    fn what_both_have_is_left_out_as_often_as_both_have_it() {
        assert_eq!(sides(&[], &[]), (vec![], vec![]));
        assert_eq!(sides(&[1, 2], &[]), (vec![1, 2], vec![]));
        assert_eq!(sides(&[], &[3]), (vec![], vec![3]));
        assert_eq!(sides(&[1, 2, 4], &[2, 3, 4]), (vec![1], vec![3]));
        assert_eq!(sides(&[1, 1, 2], &[1, 2, 2, 2]), (vec![1], vec![2, 2]));
    }
}
