//! What a report is made from: one reading of the ledger, the register, and what was asked for.

use super::lang::Lang;
use super::period::Period;
use crate::contract::survey::{Allocated, Claimed, History};
use crate::contract::{BrokenPeriods, Register};
use crate::ledger::{Budget, Judged, Kept, LedgerError, TrailEnd, Tx};
use crate::message::{Categorie, Date, Law, Party, Product, ProductCode};
use crate::rules::facts::Allocation;

/// What a report is to be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Period.
    pub period: Period,
    /// Only this municipality.
    pub gemeente: Option<Party>,
    /// Only this segment.
    pub segment: Option<String>,
    /// Only this provider.
    pub aanbieder: Option<Party>,
    /// The Dutch civil date of the report.
    pub today: Date,
    /// Language of the page.
    pub lang: Lang,
}

/// What the ledger holds of a region at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The course of care.
    pub history: History,
    /// Balances of agreements.
    pub budgets: Vec<Budget>,
    /// How messages were judged.
    pub judged: Vec<Judged>,
    /// Open signals, the latest first.
    pub signals: Vec<Kept>,
    /// Where the audit trail ends.
    pub trail: Option<TrailEnd>,
}

impl Snapshot {
    /// Reads what a report on this region needs. For a connection beside the gateway: it reads every row of the region.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn read(tx: &Tx<'_>, register: &Register) -> Result<Snapshot, LedgerError> {
        let gemeenten = register.region.municipalities.keys().cloned().collect();
        let mut signals = tx.signals(true)?;
        signals.retain(|kept| kept.signal.region == register.region.id);
        Ok(Snapshot {
            history: tx.history(&gemeenten)?,
            budgets: tx.budgets()?,
            judged: tx.judged(&gemeenten)?,
            signals,
            trail: tx.trail_end()?,
        })
    }

    /// Whether anything is known of a provider.
    pub fn knows(&self, agb: &Party) -> bool {
        let has_version = |allocated: &Allocated| allocated.versions.iter().any(|version| version.aanbieder == *agb);
        self.history.allocations.iter().any(has_version) || self.judged.iter().any(|judged| judged.aanbieder == *agb)
    }
}

/// All that the sections of a report read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) register: &'a Register,
    pub(super) snapshot: &'a Snapshot,
    pub(super) scope: &'a Scope,
}

/// An allocation that counts, in its segment.
#[derive(Clone, Copy)]
pub(super) struct Granting<'a> {
    pub(super) allocated: &'a Allocated,
    pub(super) allocation: &'a Allocation,
    /// `None` when the register does not tell.
    pub(super) segment: Option<&'a str>,
}

impl<'a> Source<'a> {
    pub(super) fn lang(self) -> Lang {
        self.scope.lang
    }

    /// How broken periods count; a register with agreements always says.
    pub(super) fn broken_periods(self) -> BrokenPeriods {
        self.register.region.norms.broken_periods.unwrap_or(BrokenPeriods::Full)
    }

    /// The allocations within the scope, whatever their dates: the version that counts, unless it was taken back.
    pub(super) fn allocations(self) -> impl Iterator<Item = Granting<'a>> {
        self.allocations_of_all().filter(move |each| self.is_provider(&each.allocation.aanbieder))
    }

    /// As [`Source::allocations`], of all providers: to compare one with the others.
    pub(super) fn allocations_of_all(self) -> impl Iterator<Item = Granting<'a>> {
        self.allocations_of_region()
            .filter(move |each| self.is_municipality(&each.allocated.gemeente) && self.is_segment(each.segment))
    }

    /// As [`Source::allocations`], whatever the scope.
    pub(super) fn allocations_of_region(self) -> impl Iterator<Item = Granting<'a>> {
        self.snapshot.history.allocations.iter().filter_map(move |allocated| {
            let allocation = allocated.current().filter(|allocation| !allocation.is_taken_back())?;
            let product = allocation.product.as_ref();
            let segment = product.and_then(|product| self.segment(allocated.law, product, allocation.ingangsdatum));
            Some(Granting { allocated, allocation, segment })
        })
    }

    /// The lines within the scope, granted or not, whatever their dates.
    pub(super) fn lines(self) -> impl Iterator<Item = (&'a Claimed, Option<&'a str>)> {
        let of_scope =
            move |claimed: &&Claimed| self.is_municipality(&claimed.gemeente) && self.is_provider(&claimed.aanbieder);
        let lines = self.snapshot.history.lines.iter().filter(of_scope);
        let segmented = lines.map(move |claimed| (claimed, self.segment_of_line(claimed)));
        segmented.filter(move |(_, segment)| self.is_segment(*segment))
    }

    /// The one segment that a line belongs to.
    pub(super) fn segment_of_line(self, claimed: &Claimed) -> Option<&'a str> {
        let line = &claimed.line;
        self.segment_of(claimed.law, &line.categorie, Some(&line.code), line.periode.begindatum)
    }

    fn segment(self, law: Law, product: &Product, on: Date) -> Option<&'a str> {
        self.segment_of(law, &product.categorie, product.code.as_ref(), on)
    }

    /// As budgets are kept: care that may fall into several segments belongs to none.
    fn segment_of(self, law: Law, categorie: &Categorie, code: Option<&ProductCode>, on: Date) -> Option<&'a str> {
        let mut segments = self.register.segments(law, categorie, code, on).into_iter();
        segments.next().filter(|_| segments.next().is_none())
    }

    pub(super) fn is_municipality(self, gemeente: &Party) -> bool {
        self.scope.gemeente.as_ref().is_none_or(|only| only == gemeente)
    }

    pub(super) fn is_provider(self, agb: &Party) -> bool {
        self.scope.aanbieder.as_ref().is_none_or(|only| only == agb)
    }

    pub(super) fn is_segment(self, segment: Option<&str>) -> bool {
        self.scope.segment.as_deref().is_none_or(|only| segment == Some(only))
    }

    /// How the page names a segment.
    pub(super) fn segment_name(self, segment: Option<&str>) -> String {
        let Some(id) = segment else {
            return self.lang().say("Niet in één segment", "Not in one segment").to_owned();
        };
        self.register.region.segments.get(id).map_or_else(|| id.to_owned(), |segment| segment.name.clone())
    }

    /// How the page names a provider.
    pub(super) fn provider_name(self, agb: &Party) -> String {
        self.register.provider(agb).map_or_else(|| agb.to_string(), |provider| format!("{} ({agb})", provider.name))
    }

    /// How the page names a municipality.
    pub(super) fn municipality_name(self, gemeente: &Party) -> String {
        let known = self.register.region.municipalities.get(gemeente);
        known.map_or_else(|| gemeente.to_string(), |known| format!("{} ({gemeente})", known.name))
    }
}
