//! A comparison of two configurations over an archive, message by message.

use super::budgets::Budgets;
use super::chain::{Chain, First};
use super::difference::Difference;
use super::outcome::Outcome;
use super::pair::Pair;
use super::subject::Subject;
use super::table::{Row, Table, columns};
use super::totals::{self, Totals};
use crate::contract::Contracts;
use crate::message::{Cents, Date};

/// What two configurations made of the messages so far.
#[derive(Debug)]
pub struct Comparison {
    contracts: Pair<Contracts>,
    totals: Totals,
    budgets: Budgets,
    chain: Chain,
    compared: u64,
    changed: u64,
    following: u64,
}

/// A message on which the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What differs.
    pub difference: Difference,
    /// Granted amount.
    pub granted: Pair<Cents>,
    /// Reserved amount.
    pub reserved: Pair<Cents>,
    /// The earlier message that this goes back to.
    pub follows: Option<First>,
}

/// How many messages were compared, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Messages compared.
    pub compared: u64,
    /// On which the two differ.
    pub changed: u64,
    /// Of these, how many go back to an earlier one.
    pub following: u64,
    /// Granted amount.
    pub granted: Pair<Cents>,
    /// Reserved amount.
    pub reserved: Pair<Cents>,
    /// Whether anything differs: a message, or the segment of a product that is named.
    pub differs: bool,
}

impl Comparison {
    /// A comparison of nothing yet, with the registers of both sides.
    pub fn of(contracts: Pair<Contracts>) -> Comparison {
        Comparison {
            totals: Totals::default(),
            budgets: Budgets::of(contracts.as_ref()),
            chain: Chain::new(),
            contracts,
            compared: 0,
            changed: 0,
            following: 0,
        }
    }

    /// Takes the next message, judged by both as on `day`; says what differs, when anything does.
    pub fn add(&mut self, subject: &Subject, day: Date, outcomes: &Pair<Outcome>) -> Option<Change> {
        let difference = Difference::between(subject, outcomes);
        self.compared += 1;
        self.totals.add(subject, outcomes, &difference);
        self.budgets.book(day, outcomes);
        if difference.is_none() {
            return None;
        }
        let follows = self.chain.follow(self.compared, subject, &difference);
        self.changed += 1;
        self.following += u64::from(follows.is_some());
        Some(Change {
            difference,
            granted: outcomes.as_ref().map(Outcome::granted_cents),
            reserved: outcomes.as_ref().map(Outcome::reserved_cents),
            follows: follows.map(|first| (*first).clone()),
        })
    }

    /// How many messages were compared.
    pub fn summary(&self) -> Summary {
        let (granted, reserved) = self.totals.money();
        Summary {
            compared: self.compared,
            changed: self.changed,
            following: self.following,
            granted,
            reserved,
            differs: self.changed > 0 || self.totals.moves_products(),
        }
    }

    /// All figures, always the same tables in the same order.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = self.totals.tables(self.contracts.as_ref());
        tables.extend([self.budgets.table(), self.budgets.thresholds(), self.first_table(), self.outside_table()]);
        tables
    }

    fn first_table(&self) -> Table {
        let row = |(first, following): (&First, u64)| Row {
            cells: vec![
                first.file.as_str().into(),
                first.kind.as_deref().into(),
                first.identification.as_deref().into(),
                following.into(),
            ],
            differs: true,
        };
        Table {
            name: "consequences",
            title: "Messages that others follow from",
            columns: columns(&[
                ("file", "file"),
                ("kind", "kind"),
                ("identification", "identification"),
                ("following", "following"),
            ]),
            rows: self.chain.followed().map(row).collect(),
        }
    }

    /// Messages of a municipality that a side has no register for are judged there by the standard alone.
    fn outside_table(&self) -> Table {
        let rows = self.totals.municipalities().filter_map(|(gemeente, messages)| {
            let regions = totals::regions_of(self.contracts.as_ref(), Some(gemeente));
            let inside = regions.old.is_some() && regions.new.is_some();
            let cells = vec![
                gemeente.as_str().into(),
                regions.old.as_deref().into(),
                regions.new.as_deref().into(),
                messages.into(),
            ];
            (!inside).then_some(Row { cells, differs: true })
        });
        Table {
            name: "outside",
            title: "Municipalities without a register on a side, judged there by the standard alone",
            columns: columns(&[
                ("municipality", "municipality"),
                ("region_old", "region old"),
                ("region_new", "region new"),
                ("messages", "messages"),
            ]),
            rows: rows.collect(),
        }
    }
}
