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
        let ledger_rules =
            rules::all().iter().filter(|rule| rule.needs.iter().any(reads)).map(|rule| rule.id).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Verdict;
    use crate::message::{Cents, Law, Party};
    use crate::whatif::{Broken, Flag, Only, Pair, PostingDifference};

    fn same() -> Difference {
        Difference {
            verdict: Pair { old: Verdict::Accepted, new: Verdict::Accepted },
            findings: Only { only_old: Vec::new(), only_new: Vec::new() },
            signals: Only { only_old: Vec::new(), only_new: Vec::new() },
            lines: Vec::new(),
            postings: Vec::new(),
            leaves: Only { only_old: Vec::new(), only_new: Vec::new() },
        }
    }

    /// Under the new it waits.
    fn held() -> Difference {
        Difference { verdict: Pair { old: Verdict::Accepted, new: Verdict::Held }, ..same() }
    }

    /// Under the new a rule speaks.
    fn rejected(rule: &str) -> Difference {
        let mut difference = same();
        difference.verdict.new = Verdict::Rejected;
        difference.findings.only_new.push(Broken { rule: rule.to_owned(), code: None, path: "/".to_owned() });
        difference
    }

    fn money() -> Difference {
        let cents = Pair { old: Cents(1), new: Cents(2) };
        let posting = PostingDifference { agreement: "A".to_owned(), sort: "release", cents };
        Difference { postings: vec![posting], ..same() }
    }

    fn signals() -> Difference {
        let mut difference = money();
        difference.signals.only_new.push(Flag {
            check: "A1".to_owned(),
            outcome: "signal".to_owned(),
            agreement: None,
            percent: None,
            allocations: vec![1],
        });
        difference
    }

    fn about(file: &str, allocation: u64) -> Subject {
        let name = Name::Allocation(Law::Wmo, Party::from("0197"), allocation);
        Subject { file: file.to_owned(), brings: vec![name], ..Subject::default() }
    }

    /// What the messages go back to, each given as the allocation it is about and what differs.
    fn follows(messages: &[(u64, Difference)]) -> Vec<Option<u64>> {
        let mut chain = Chain::new();
        (1..)
            .zip(messages)
            .map(|(place, (allocation, difference))| {
                chain.follow(place, &about("m.xml", *allocation), difference).map(|first| first.place)
            })
            .collect()
    }

    #[test]
    fn what_the_ledger_says_goes_back_to_the_first_that_was_decided_differently() {
        assert_eq!(
            follows(&[(1, held()), (1, rejected("TR019")), (1, rejected("TR019")), (2, rejected("TR019"))]),
            [None, Some(1), Some(1), None],
            "the same allocation, through another that follows, and another allocation"
        );
    }

    #[test]
    fn what_says_so_by_itself_does_not_go_back() {
        assert_eq!(follows(&[(1, held()), (1, held()), (1, rejected("IV075")), (1, signals())]), [None; 4]);
    }

    #[test]
    fn money_goes_back_to_money_and_to_decisions_and_decisions_never_to_money() {
        assert_eq!(follows(&[(1, money()), (1, money()), (1, rejected("TR019"))]), [None, Some(1), None]);
        assert_eq!(follows(&[(1, held()), (1, money())]), [None, Some(1)]);
    }

    #[test]
    fn signals_alone_leave_no_mark() {
        let told = Difference { postings: Vec::new(), ..signals() };
        assert_eq!(follows(&[(1, told), (1, money()), (1, rejected("TR019"))]), [None, None, None]);
    }

    #[test]
    fn followers_are_counted_in_the_order_of_the_archive() {
        let mut chain = Chain::new();
        for (place, file, allocation, difference) in [
            (1, "b.xml", 1, held()),
            (2, "a.xml", 2, held()),
            (3, "c.xml", 2, rejected("TR019")),
            (4, "d.xml", 1, rejected("TR019")),
            (5, "e.xml", 1, money()),
        ] {
            chain.follow(place, &about(file, allocation), &difference);
        }
        let followed: Vec<(&str, u64)> = chain.followed().map(|(first, count)| (first.file.as_str(), count)).collect();
        assert_eq!(followed, [("b.xml", 2), ("a.xml", 1)]);
    }
}
