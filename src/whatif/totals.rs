//! What adds up over all messages: verdicts, findings, signals, and figures by provider, segment and municipality.

use super::difference::{Difference, Only};
use super::outcome::Outcome;
use super::pair::Pair;
use super::subject::Subject;
use super::table::{Cell, Column, Row, Table, columns};
use crate::contract::Contracts;
use crate::decision::Verdict;
use crate::message::{Cents, Party};
use std::collections::{BTreeMap, BTreeSet};

/// Figures over all messages.
#[derive(Debug, Default)]
pub(super) struct Totals {
    verdicts: BTreeMap<Pair<Verdict>, u64>,
    rules: BTreeMap<(String, Option<String>), Tally>,
    checks: BTreeMap<(String, String), Tally>,
    skipped: BTreeMap<(String, String), Pair<u64>>,
    all: Figures,
    providers: BTreeMap<Option<Party>, Figures>,
    segments: BTreeMap<Option<String>, Figures>,
    municipalities: BTreeMap<Option<Party>, Figures>,
    /// Products that the sides put into different segments: law, code, segments; messages that name them.
    moved: BTreeMap<(&'static str, String, Pair<Option<String>>), u64>,
}

/// How often something was told.
#[derive(Debug, Default)]
struct Tally {
    told: Pair<u64>,
    /// By the old and not by the new.
    lost: u64,
    /// By the new and not by the old.
    gained: u64,
}

/// What was decided on some of the messages.
#[derive(Debug, Clone, Default)]
struct Figures {
    messages: u64,
    changed: u64,
    granted: Pair<Cents>,
    reserved: Pair<Cents>,
    held: Pair<u64>,
    rejected: Pair<u64>,
}

impl Totals {
    pub(super) fn add(&mut self, subject: &Subject, outcomes: &Pair<Outcome>, difference: &Difference) {
        *self.verdicts.entry(difference.verdict).or_default() += 1;
        let changed = !difference.is_none();
        let mut figures = Figures { messages: 1, changed: u64::from(changed), ..Figures::default() };
        figures.granted = outcomes.as_ref().map(Outcome::granted_cents);
        figures.reserved = outcomes.as_ref().map(Outcome::reserved_cents);
        figures.held.count(difference.verdict.map(|verdict| verdict == Verdict::Held));
        figures.rejected.count(difference.verdict.map(|verdict| verdict == Verdict::Rejected));
        self.providers.entry(subject.aanbieder.clone()).or_default().add(&figures);
        self.municipalities.entry(subject.gemeente.clone()).or_default().add(&figures);
        self.all.add(&figures);
        self.by_segment(outcomes, changed);
        self.by_rule(outcomes, difference);
        self.by_check(outcomes, difference);
        let products = outcomes.as_ref().map(|outcome| &outcome.products);
        for (product, old) in products.old {
            let Some(new) = products.new.get(product).filter(|new| *new != old) else { continue };
            let (law, code) = product;
            let segments = Pair { old: old.clone(), new: new.clone() };
            *self.moved.entry((law.as_str(), code.clone(), segments)).or_default() += 1;
        }
    }

    /// A message counts in each segment that it is about under either side; money where that side has it.
    fn by_segment(&mut self, outcomes: &Pair<Outcome>, changed: bool) {
        let mut segments: BTreeSet<&Option<String>> = BTreeSet::new();
        for outcome in [&outcomes.old, &outcomes.new] {
            segments.extend(&outcome.segments);
            segments.extend(outcome.granted_by_segment.keys());
            segments.extend(outcome.reserved_by_segment.keys());
        }
        for segment in segments {
            let money = |of: fn(&Outcome) -> &BTreeMap<Option<String>, Cents>| {
                outcomes.as_ref().map(|outcome| of(outcome).get(segment).copied().unwrap_or_default())
            };
            let mut figures = Figures { messages: 1, changed: u64::from(changed), ..Figures::default() };
            figures.granted = money(|outcome| &outcome.granted_by_segment);
            figures.reserved = money(|outcome| &outcome.reserved_by_segment);
            let verdict_here = |verdict: Verdict| {
                outcomes.as_ref().map(|all| all.verdict == verdict && all.segments.contains(segment))
            };
            figures.held.count(verdict_here(Verdict::Held));
            figures.rejected.count(verdict_here(Verdict::Rejected));
            self.segments.entry(segment.clone()).or_default().add(&figures);
        }
    }

    fn by_rule(&mut self, outcomes: &Pair<Outcome>, difference: &Difference) {
        let told = outcomes.as_ref().map(|outcome| &outcome.findings);
        tally(&mut self.rules, told, &difference.findings, |found| (found.rule.clone(), found.code.clone()));
        for (rule, by) in [(&outcomes.old, Pair { old: 1, new: 0 }), (&outcomes.new, Pair { old: 0, new: 1 })]
            .into_iter()
            .flat_map(|(outcome, by)| outcome.skipped.iter().map(move |rule| (rule, by)))
        {
            let count = self.skipped.entry(rule.clone()).or_default();
            *count = count.zip(by).map(|(count, more): (u64, u64)| count + more);
        }
    }

    fn by_check(&mut self, outcomes: &Pair<Outcome>, difference: &Difference) {
        let told = outcomes.as_ref().map(|outcome| &outcome.signals);
        tally(&mut self.checks, told, &difference.signals, |flag| (flag.check.clone(), flag.outcome.clone()));
    }

    /// Whether a product went into another segment: then money is another segment's, whatever was decided.
    pub(super) fn moves_products(&self) -> bool {
        !self.moved.is_empty()
    }

    /// Granted and reserved amounts over all messages.
    pub(super) fn money(&self) -> (Pair<Cents>, Pair<Cents>) {
        (self.all.granted, self.all.reserved)
    }

    /// Municipalities of the messages with how many name them; `None` for messages that could not be read.
    pub(super) fn municipalities(&self) -> impl Iterator<Item = (&Party, u64)> {
        self.municipalities.iter().filter_map(|(gemeente, figures)| Some((gemeente.as_ref()?, figures.messages)))
    }

    pub(super) fn tables(&self, contracts: Pair<&Contracts>) -> Vec<Table> {
        let party = |party: &Option<Party>| vec![party.as_ref().map(Party::as_str).into()];
        vec![
            self.verdict_table(),
            tally_table(
                "rules",
                "Rules: findings told",
                [("rule", "rule"), ("code", "code")],
                self.rules.iter().map(|((rule, code), tally)| ([rule.as_str().into(), code.as_deref().into()], tally)),
            ),
            tally_table(
                "checks",
                "Checks: signals told, and cases observed",
                [("check", "check"), ("outcome", "outcome")],
                self.checks
                    .iter()
                    .map(|((check, outcome), tally)| ([check.as_str().into(), outcome.as_str().into()], tally)),
            ),
            figure_table(
                "providers",
                "Providers",
                &[("provider", "provider")],
                self.providers.iter().map(|(agb, figures)| (party(agb), figures)),
            ),
            figure_table(
                "segments",
                "Segments, on each side by its own register",
                &[("segment", "segment")],
                self.segments.iter().map(|(segment, figures)| (vec![segment.as_deref().into()], figures)),
            ),
            figure_table(
                "municipalities",
                "Municipalities",
                &[("municipality", "municipality"), ("region_old", "region old"), ("region_new", "region new")],
                self.municipalities.iter().map(|(gemeente, figures)| {
                    let regions = regions_of(contracts, gemeente.as_ref());
                    let mut cells = party(gemeente);
                    cells.extend([regions.old, regions.new].map(|region| region.as_deref().into()));
                    (cells, figures)
                }),
            ),
            self.moved_table(),
            self.skipped_table(),
        ]
    }

    fn verdict_table(&self) -> Table {
        let row = |(verdict, messages): (&Pair<Verdict>, &u64)| Row {
            cells: vec![verdict.old.as_str().into(), verdict.new.as_str().into(), (*messages).into()],
            differs: verdict.differs(),
        };
        Table {
            name: "verdicts",
            title: "Verdicts",
            columns: columns(&[("old", "old"), ("new", "new"), ("messages", "messages")]),
            rows: self.verdicts.iter().map(row).collect(),
        }
    }

    fn moved_table(&self) -> Table {
        let rows = self.moved.iter().map(|((law, code, segments), messages)| {
            let segments = segments.as_ref().map(Option::as_deref);
            let cells =
                vec![(*law).into(), code.as_str().into(), segments.old.into(), segments.new.into(), (*messages).into()];
            Row { cells, differs: true }
        });
        Table {
            name: "products",
            title: "Products in another segment, or on the list of one side alone",
            columns: columns(&[
                ("law", "law"),
                ("code", "code"),
                ("segment_old", "segment old"),
                ("segment_new", "segment new"),
                ("messages", "messages"),
            ]),
            rows: rows.collect(),
        }
    }

    fn skipped_table(&self) -> Table {
        let rows = self.skipped.iter().map(|((rule, needs), skipped)| Row {
            cells: vec![rule.as_str().into(), needs.as_str().into(), skipped.old.into(), skipped.new.into()],
            differs: skipped.differs(),
        });
        Table {
            name: "skipped",
            title: "Rules that could not run, by messages",
            columns: columns(&[("rule", "rule"), ("needs", "needs"), ("old", "old"), ("new", "new")]),
            rows: rows.collect(),
        }
    }
}

/// Regions that a municipality belongs to.
pub(super) fn regions_of(contracts: Pair<&Contracts>, gemeente: Option<&Party>) -> Pair<Option<String>> {
    contracts.map(|contracts| Some(contracts.register_for(gemeente?)?.region.id.clone()))
}

impl Figures {
    fn add(&mut self, more: &Figures) {
        self.messages += more.messages;
        self.changed += more.changed;
        self.granted.add(more.granted);
        self.reserved.add(more.reserved);
        self.held = self.held.zip(more.held).map(|(sum, more)| sum + more);
        self.rejected = self.rejected.zip(more.rejected).map(|(sum, more)| sum + more);
    }

    /// Whether somebody who reads of differences only wants to see it.
    fn differs(&self) -> bool {
        self.changed > 0 || self.granted.differs() || self.reserved.differs()
    }

    const COLUMNS: [(&'static str, &'static str); 12] = [
        ("messages", "messages"),
        ("changed", "changed"),
        ("granted_old_cents", "granted old"),
        ("granted_new_cents", "granted new"),
        ("granted_difference_cents", "granted change"),
        ("reserved_old_cents", "reserved old"),
        ("reserved_new_cents", "reserved new"),
        ("reserved_difference_cents", "reserved change"),
        ("held_old", "held old"),
        ("held_new", "held new"),
        ("rejected_old", "rejected old"),
        ("rejected_new", "rejected new"),
    ];

    fn cells(&self) -> [Cell; 12] {
        [
            self.messages.into(),
            self.changed.into(),
            self.granted.old.into(),
            self.granted.new.into(),
            self.granted.difference().into(),
            self.reserved.old.into(),
            self.reserved.new.into(),
            self.reserved.difference().into(),
            self.held.old.into(),
            self.held.new.into(),
            self.rejected.old.into(),
            self.rejected.new.into(),
        ]
    }
}

fn tally<T, K: Ord>(
    tallies: &mut BTreeMap<K, Tally>,
    told: Pair<&Vec<T>>,
    difference: &Only<T>,
    key: impl Fn(&T) -> K,
) {
    told.old.iter().for_each(|one| tallies.entry(key(one)).or_default().told.old += 1);
    told.new.iter().for_each(|one| tallies.entry(key(one)).or_default().told.new += 1);
    difference.only_old.iter().for_each(|one| tallies.entry(key(one)).or_default().lost += 1);
    difference.only_new.iter().for_each(|one| tallies.entry(key(one)).or_default().gained += 1);
}

fn tally_table<'a>(
    name: &'static str,
    title: &'static str,
    keys: [(&'static str, &'static str); 2],
    rows: impl Iterator<Item = ([Cell; 2], &'a Tally)>,
) -> Table {
    let figures = [("old", "old"), ("new", "new"), ("lost", "lost"), ("gained", "gained")];
    let rows = rows.map(|(keys, tally)| {
        let figures = [tally.told.old, tally.told.new, tally.lost, tally.gained].map(Cell::from);
        Row { cells: keys.into_iter().chain(figures).collect(), differs: tally.lost + tally.gained > 0 }
    });
    Table { name, title, columns: columns(&[&keys[..], &figures].concat()), rows: rows.collect() }
}

fn figure_table<'a>(
    name: &'static str,
    title: &'static str,
    keys: &[(&'static str, &'static str)],
    rows: impl Iterator<Item = (Vec<Cell>, &'a Figures)>,
) -> Table {
    let rows = rows.map(|(mut cells, figures)| {
        cells.extend(figures.cells());
        Row { cells, differs: figures.differs() }
    });
    let columns: Vec<Column> = columns(&[keys, &Figures::COLUMNS].concat());
    Table { name, title, columns, rows: rows.collect() }
}
