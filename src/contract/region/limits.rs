//! Levels of care and caps on providers, where a region works with them.

use super::Profile;
use super::section::Section;
use crate::contract::fault::hint;
use crate::contract::words::words;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// How a region calls its ranks of care.
    pub enum LevelKind {
        /// A level of intervention.
        Level = "level",
        /// A step of an arrangement.
        Step = "step",
    }
}

words! {
    /// Which contracts a cap counts.
    pub enum CapScope {
        /// Contracts for all municipalities.
        Regional = "regional",
        /// Contracts for some municipalities only.
        Local = "local",
        /// All contracts of the segment together.
        Total = "total",
    }
}

/// A level or step of care that the region works with. Its rank is the `level` of `products.csv`; higher is heavier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Level or step.
    pub kind: LevelKind,
    /// Name.
    pub name: String,
}

/// How many providers the region contracts for a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Which contracts count.
    pub scope: CapScope,
    /// Fewest providers wanted, where a range is stated.
    pub lowest: Option<u32>,
    /// Most providers, over the whole region.
    pub highest: u32,
}

impl<'t, 'r> Profile<'t, 'r> {
    /// The `[[level]]` tables by rank.
    pub(super) fn levels(&self) -> BTreeMap<u32, Level> {
        let mut all = BTreeMap::new();
        for section in self.root.sections("level") {
            let rank = section.number("rank");
            let kind = section.word("kind", LevelKind::parse, LevelKind::WORDS);
            let name = section.text("name");
            if let (Some(rank), Some(kind), Some(name)) = (rank, kind, name)
                && all.insert(rank, Level { kind, name }).is_some()
            {
                section.fault("rank", format!("rank {rank} stands twice"), "keep one of the two, or correct the rank");
            }
            self.close(section);
        }
        all
    }

    /// The `[[segment.cap]]` tables, one per scope at most.
    pub(super) fn caps(&self, segment: &Section<'t, 'r>) -> Vec<Cap> {
        let mut caps: Vec<Cap> = Vec::new();
        for section in segment.sections("cap") {
            let scope = section.word("scope", CapScope::parse, CapScope::WORDS);
            let lowest = section.optional_number("lowest");
            let highest = section.number("highest");
            if let (Some(scope), Some(highest)) = (scope, highest) {
                if let Some(lowest) = lowest.filter(|lowest| highest < *lowest) {
                    let what = format!("at least {lowest} and at most {highest} providers");
                    section.fault("lowest", what, "write the smaller number as lowest");
                }
                if caps.iter().any(|cap| cap.scope == scope) {
                    section.fault("scope", format!("a second cap on {scope} contracts"), "keep one of the two");
                }
                caps.push(Cap { scope, lowest, highest });
            }
            self.close(section);
        }
        caps
    }
}

/// The levels that a segment names, each known to the region.
pub(super) fn named_levels(section: &Section<'_, '_>, known: &BTreeMap<u32, Level>) -> BTreeSet<u32> {
    let named = section.optional_numbers("levels").unwrap_or_default();
    for rank in named.iter().filter(|rank| !known.contains_key(*rank)) {
        let ranks: Vec<String> = known.keys().map(u32::to_string).collect();
        let remedy = hint(&rank.to_string(), ranks.iter().map(String::as_str));
        section.fault("levels", format!("unknown level {rank}"), remedy);
    }
    named.into_iter().collect()
}
