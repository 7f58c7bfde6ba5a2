//! The agreements of both sides: what is used of each, and on which day a threshold was passed.

use super::outcome::Outcome;
use super::pair::{Pair, add};
use super::table::{Row, Table, columns};
use crate::contract::Contracts;
use crate::contract::register::Agreement;
use crate::message::{Cents, Date};
use std::collections::{BTreeMap, BTreeSet};

/// Agreements of both sides.
#[derive(Debug)]
pub(super) struct Budgets(Pair<BTreeMap<String, Budget>>);

/// One agreement as it stands.
#[derive(Debug)]
struct Budget {
    agreement: Agreement,
    consumption: Cents,
    /// Day of judging of the first message that took consumption to a threshold, by percentage.
    passed: BTreeMap<u32, Date>,
}

impl Budgets {
    pub(super) fn of(contracts: Pair<&Contracts>) -> Budgets {
        Budgets(contracts.map(|contracts| {
            let all = contracts.registers().iter().flat_map(|register| register.agreements());
            all.map(|agreement| (agreement.id.clone(), Budget::of(agreement))).collect()
        }))
    }

    /// Books what a message does, judged on `day`.
    pub(super) fn book(&mut self, day: Date, outcomes: &Pair<Outcome>) {
        for (budgets, outcome) in [(&mut self.0.old, &outcomes.old), (&mut self.0.new, &outcomes.new)] {
            let mut changes: BTreeMap<&str, Cents> = BTreeMap::new();
            for ((agreement, _), cents) in &outcome.postings {
                add(changes.entry(agreement).or_default(), *cents);
            }
            for (agreement, change) in changes {
                if let Some(budget) = budgets.get_mut(agreement) {
                    budget.book(day, change);
                }
            }
        }
    }

    /// What was agreed and what is used of it.
    pub(super) fn table(&self) -> Table {
        let rows = self.ids().into_iter().map(|id| {
            let budgets = self.by_id(id);
            let amount = budgets.map(|budget| budget.map(|budget| budget.agreement.amount));
            let segment = budgets.map(|budget| budget.map(|budget| budget.agreement.segment.as_str()));
            let used = budgets.map(|budget| budget.map(|budget| budget.consumption));
            let percent = budgets.map(|budget| budget.map(Budget::percent));
            let difference = used.map(Option::unwrap_or_default).difference();
            let cells = vec![
                id.into(),
                segment.old.into(),
                segment.new.into(),
                amount.old.into(),
                amount.new.into(),
                used.old.into(),
                used.new.into(),
                difference.into(),
                percent.old.into(),
                percent.new.into(),
            ];
            Row { cells, differs: amount.differs() || segment.differs() || used.differs() }
        });
        Table {
            name: "agreements",
            title: "Agreements: what is used or committed, against the amount agreed",
            columns: columns(&[
                ("agreement", "agreement"),
                ("segment_old", "segment old"),
                ("segment_new", "segment new"),
                ("amount_old_cents", "amount old"),
                ("amount_new_cents", "amount new"),
                ("consumption_old_cents", "used old"),
                ("consumption_new_cents", "used new"),
                ("consumption_difference_cents", "change"),
                ("percent_old", "% old"),
                ("percent_new", "% new"),
            ]),
            rows: rows.collect(),
        }
    }

    /// Thresholds that at least one side passed, with the day.
    pub(super) fn thresholds(&self) -> Table {
        let mut rows = Vec::new();
        for id in self.ids() {
            let budgets = self.by_id(id);
            let passed = |budget: Option<&Budget>| budget.map(|budget| budget.passed.clone()).unwrap_or_default();
            let passed = budgets.map(passed);
            let percents: BTreeSet<u32> = passed.old.keys().chain(passed.new.keys()).copied().collect();
            for percent in percents {
                let days = passed.as_ref().map(|passed| passed.get(&percent).copied());
                let is_set =
                    budgets.map(|budget| budget.is_some_and(|budget| budget.agreement.warn_at.contains(&percent)));
                let cells = vec![
                    id.into(),
                    u64::from(percent).into(),
                    yes_or_no(is_set.old).into(),
                    yes_or_no(is_set.new).into(),
                    days.old.into(),
                    days.new.into(),
                ];
                rows.push(Row { cells, differs: days.differs() });
            }
        }
        Table {
            name: "thresholds",
            title: "Thresholds of agreements passed, with the day",
            columns: columns(&[
                ("agreement", "agreement"),
                ("percent", "percent"),
                ("set_old", "set old"),
                ("set_new", "set new"),
                ("passed_on_old", "passed old"),
                ("passed_on_new", "passed new"),
            ]),
            rows,
        }
    }

    fn ids(&self) -> BTreeSet<&str> {
        self.0.old.keys().chain(self.0.new.keys()).map(String::as_str).collect()
    }

    fn by_id(&self, id: &str) -> Pair<Option<&Budget>> {
        self.0.as_ref().map(|budgets| budgets.get(id))
    }
}

impl Budget {
    fn of(agreement: &Agreement) -> Budget {
        Budget { agreement: agreement.clone(), consumption: Cents(0), passed: BTreeMap::new() }
    }

    /// Whole percents of the amount that are used, rounded down; none while credits outweigh the rest.
    fn percent(&self) -> u64 {
        let percent = i128::from(self.consumption.0) * 100 / i128::from(self.agreement.amount.0.max(1));
        u64::try_from(percent.max(0)).unwrap_or(u64::MAX)
    }

    /// A threshold is passed by the message that takes consumption from below it to it or above, as check D2 has it;
    /// the first time counts.
    fn book(&mut self, day: Date, change: Cents) {
        let before = self.consumption;
        add(&mut self.consumption, change);
        for percent in &self.agreement.warn_at {
            let limit = i128::from(self.agreement.amount.0) * i128::from(*percent);
            let reaches = |cents: Cents| i128::from(cents.0) * 100 >= limit;
            if !reaches(before) && reaches(self.consumption) {
                self.passed.entry(*percent).or_insert(day);
            }
        }
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Model, OnExceed};
    use jiff::civil::date;

    fn budget() -> Budget {
        Budget::of(&Agreement {
            id: "A".to_owned(),
            segment: "s".to_owned(),
            agb: None,
            gemeente: None,
            model: Model::Pxq,
            from: date(2026, 1, 1),
            to: date(2026, 12, 31),
            amount: Cents(1_000),
            warn_at: vec![70, 100],
            on_exceed: OnExceed::Signal,
        })
    }

    #[test]
    fn a_threshold_is_passed_to_the_cent_and_once() {
        let (first, second, third) = (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2));
        let mut budget = budget();
        budget.book(first, Cents(699));
        assert_eq!((budget.passed.len(), budget.percent()), (0, 69), "one cent below");
        budget.book(second, Cents(1));
        assert_eq!(budget.passed, BTreeMap::from([(70, second)]));
        budget.book(second, Cents(-1));
        budget.book(third, Cents(301));
        assert_eq!(budget.passed, BTreeMap::from([(70, second), (100, third)]), "70% stays on the first day");
        assert_eq!((budget.consumption, budget.percent()), (Cents(1_000), 100));
        budget.book(third, Cents(-1_001));
        assert_eq!((budget.consumption, budget.percent()), (Cents(-1), 0));
    }
}
