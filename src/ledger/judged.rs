//! Reading for reports: how the messages of a region were judged, and where the audit trail ends.

use super::db::params;
use super::error::LedgerError;
use super::store::parse_verdict;
use super::tx::{Tx, json};
use crate::decision::Verdict;
use crate::finding::Finding;
use crate::message::{Law, Number, Party};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How a message between two known parties was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Law.
    pub law: Law,
    /// Number.
    pub number: Number,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// When it came in.
    pub received_at: Timestamp,
    /// What was decided.
    pub verdict: Verdict,
    /// Rule and return code of each finding.
    pub broken: Vec<(String, Option<String>)>,
}

/// The last row of the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailEnd {
    /// Its number.
    pub number: i64,
    /// Its hash, which covers all that came before.
    pub hash: [u8; 32],
    /// When it was written.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// Messages of these municipalities in the order in which they came. Reads them all: for a reader beside the gateway.
    pub fn judged(&self, gemeenten: &BTreeSet<Party>) -> Result<Vec<Judged>, LedgerError> {
        let gemeenten = json(gemeenten.iter().map(Party::as_str));
        self.all(
            "SELECT law, number, gemeente, aanbieder, received_at, verdict, findings FROM messages
             WHERE gemeente IN (SELECT value FROM json_each(?1)) AND aanbieder IS NOT NULL
                 AND law IS NOT NULL AND number IS NOT NULL
             ORDER BY id",
            params![gemeenten],
            |cells| {
                let kind = cells.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?;
                Ok(Judged {
                    law: kind.law,
                    number: kind.number,
                    gemeente: cells.word()?,
                    aanbieder: cells.word()?,
                    received_at: cells.moment()?,
                    verdict: parse_verdict(cells.text()?)?,
                    broken: broken(cells.text()?)?,
                })
            },
        )
    }

    /// The last row of the audit trail; `None` for a ledger in which nothing happened yet.
    pub fn trail_end(&self) -> Result<Option<TrailEnd>, LedgerError> {
        self.first("SELECT id, hash, at FROM audit ORDER BY id DESC LIMIT 1", [], |cells| {
            Ok(TrailEnd { number: cells.get()?, hash: cells.get()?, at: cells.moment()? })
        })
    }
}

fn broken(findings: &str) -> Result<Vec<(String, Option<String>)>, LedgerError> {
    let findings: Vec<Finding> =
        serde_json::from_str(findings).map_err(|_| LedgerError::Damaged("a list of findings is no JSON"))?;
    Ok(findings.into_iter().map(|finding| (finding.rule, finding.code)).collect())
}
