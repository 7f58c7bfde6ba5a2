//! What is wrong with a message, told to whoever sent it, and what a municipality should look at.

use crate::message::{Count, Party};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One rule broken at one place.
///
/// The texts and facts may name figures, dates, allocation and reference numbers; never a BSN, a name or an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Rule id; `XSD` at level 1.
    pub rule: String,
    /// Return code; at level 1 none, at level 2 always `0001`.
    pub code: Option<String>,
    /// Class of the standard that the code stands on; at level 1 the element.
    pub class: String,
    /// Absolute path of the element, with ordinals where it may repeat.
    pub path: String,
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in the source, from 1, in characters.
    pub column: u32,
    /// The sentence in Dutch.
    pub nl: String,
    /// The sentence in English.
    pub en: String,
    /// The figures compared.
    pub facts: BTreeMap<String, Value>,
}

/// A rule that applies but could not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    /// Rule id.
    pub rule: String,
    /// What was missing: `ledger`, `contract`, or `question` (the message that a reply answers).
    pub needs: String,
}

/// How pressing a signal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look this week.
    Warning,
    /// Somebody should act.
    High,
}

impl Severity {
    /// The word in events, metrics and the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::High => "high",
        }
    }
}

/// A flag for the municipality. It never stops a message by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Signal {
    /// Stable: the same case gives the same id, so that it does not alarm twice.
    pub id: String,
    /// The check that raised it (`A1`, `B4`, `D2`), see the catalogue of checks.
    pub check: String,
    /// What the policy made of it: `signal` or `hold`.
    pub outcome: String,
    /// How pressing.
    pub severity: Severity,
    /// Region profile.
    pub region: String,
    /// Municipality concerned, four digits.
    pub gemeente: String,
    /// Allocations concerned, by number.
    pub toewijzingen: Vec<Count>,
    /// The sentence in Dutch.
    pub nl: String,
    /// The sentence in English.
    pub en: String,
    /// The figures.
    pub facts: BTreeMap<String, Value>,
}

impl Signal {
    /// The municipality as a party.
    pub fn party(&self) -> Party {
        Party::from(self.gemeente.as_str())
    }
}
