//! Households that a municipality hands in, replaced as a whole. Members are kept as keyed hashes.

use super::db::params;
use super::error::LedgerError;
use super::tx::{Tx, json, person_bytes};
use crate::message::{Bsn, Party};
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What an import or a removal changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// Members that were known before.
    pub before: usize,
    /// Members that are known now.
    pub members: usize,
    /// Households that they make up.
    pub households: usize,
}

impl Tx<'_> {
    /// Replaces the households of these municipalities by `members`; members of others are refused by the caller. The
    /// audit trail tells when and how many, never who.
    pub fn replace_households(
        &self,
        gemeenten: &BTreeSet<Party>,
        members: &BTreeMap<(Party, Bsn), String>,
        at: Timestamp,
    ) -> Result<Replaced, LedgerError> {
        let before = self
            .sql("DELETE FROM households WHERE gemeente IN (SELECT value FROM json_each(?1))")?
            .execute(params![json(gemeenten.iter().map(Party::as_str))])?;
        let mut households = BTreeSet::new();
        for ((gemeente, bsn), household) in members.iter().filter(|((gemeente, _), _)| gemeenten.contains(gemeente)) {
            self.sql("INSERT INTO households (gemeente, person, household) VALUES (?1, ?2, ?3)")?.execute(params![
                gemeente.as_str(),
                person_bytes(&self.person(bsn))?,
                household
            ])?;
            households.insert((gemeente, household));
        }
        let replaced = Replaced { before, members: members.len(), households: households.len() };
        let content = json!({
            "gemeenten": gemeenten.iter().map(Party::as_str).collect::<Vec<_>>(),
            "before": replaced.before,
            "members": replaced.members,
            "households": replaced.households,
        });
        self.append_audit(at, "households replaced", None, &content.to_string())?;
        Ok(replaced)
    }
}
