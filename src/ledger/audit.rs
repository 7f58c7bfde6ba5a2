//! The audit trail: one row per decision, chained by hashes, and the check that ledger and trail tell the same story.
//!
//! The chain shows that a row was changed, dropped or put in between by somebody who did not rewrite all that follows.
//! Against one who does, note the last hash elsewhere from time to time: [`Tx::audit_head`].

use super::db::params;
use super::error::LedgerError;
use super::signals::{SurveyRecord, Turnover};
use super::store::{Inbox, Occasion, codes};
use super::tx::Tx;
use crate::decision::Decision;
use crate::hold::check_words;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The hash of this audit row does not follow from it and the row before.
    Chain {
        /// The first row that does not fit.
        audit_id: i64,
    },
    /// A message differs from what the trail says was decided on it, or stands in only one of them.
    Message {
        /// The message.
        message_id: i64,
    },
    /// A balance is not the sum of its postings.
    Balance {
        /// The agreement.
        agreement: String,
    },
    /// An account is not the sum of its postings, or an allocation not that of its own.
    Account {
        /// Number of the account; 0 for allocations of before there were accounts.
        account_id: i64,
    },
    /// What was booked with a declaration is not what its 325 granted.
    Declaration {
        /// The 323.
        message_id: i64,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Chain { audit_id } => write!(f, "audit row {audit_id} was changed, or one before it is gone"),
            Fault::Message { message_id } => write!(f, "message {message_id} differs from its audit row"),
            Fault::Balance { agreement } => write!(f, "the balance of agreement {agreement} differs from its postings"),
            Fault::Account { account_id } => write!(f, "the balance of account {account_id} differs from its postings"),
            Fault::Declaration { message_id } => {
                write!(f, "what was booked with declaration {message_id} differs from what was granted")
            }
        }
    }
}

/// Rows of the trail that are read at once.
const TRAIL_ROWS: i64 = 10_000;

/// A row as its hash sees it.
pub(super) struct Row<'a> {
    pub(super) id: i64,
    pub(super) at: i64,
    pub(super) event: &'a str,
    pub(super) message_id: Option<i64>,
    pub(super) content: &'a str,
}

impl Row<'_> {
    /// Lengths stand before texts, so that nothing can be moved from one field to the next.
    pub(super) fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.id.to_be_bytes());
        hash.update(self.at.to_be_bytes());
        hash.update(self.message_id.unwrap_or(0).to_be_bytes());
        for text in [self.event, self.content] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// Whether who did something, and why, may stand in the trail for good.
pub(super) fn fit(by: &str, reason: Option<&str>) -> Result<(), LedgerError> {
    if check_words("name", by).is_err() || reason.is_some_and(|reason| check_words("reason", reason).is_err()) {
        return Err(LedgerError::Unfit("who did it, or why, is not fit for the audit trail"));
    }
    Ok(())
}

impl Tx<'_> {
    pub(super) fn audit_decision(
        &self,
        message_id: i64,
        inbox: &Inbox,
        decision: &Decision,
        sent: &[Uuid],
        occasion: Occasion<'_>,
    ) -> Result<(), LedgerError> {
        let content = json!({
            "reason": occasion.reason,
            "by": occasion.by,
            "digest": hex::encode(inbox.digest),
            "verdict": decision.verdict,
            "level": decision.level,
            "codes": codes(decision),
            "register_version": decision.register_version,
            "records": decision.records.len(),
            "signals": decision.signals.iter().map(|signal| &signal.id).collect::<Vec<_>>(),
            "outbox": sent.iter().map(Uuid::to_string).collect::<Vec<_>>(),
        });
        let event = if occasion.reason.is_some() { "decided again" } else { "decided" };
        self.append_audit(occasion.at, event, Some(message_id), &content.to_string())
    }

    pub(super) fn audit_survey(
        &self,
        surveyed: &SurveyRecord,
        at: Timestamp,
        turnover: Turnover,
    ) -> Result<(), LedgerError> {
        let content = json!({
            "region": surveyed.region,
            "day": surveyed.day.to_string(),
            "register_version": surveyed.register_version,
            "told": surveyed.told.iter().map(|signal| &signal.id).collect::<Vec<_>>(),
            "ended": surveyed.ended.iter().map(|(open, because)| (&open.signal.id, because.as_str()))
                .collect::<BTreeMap<_, _>>(),
            "opened": turnover.opened,
        });
        self.append_audit(at, "surveyed", None, &content.to_string())
    }

    /// Notes that somebody did something that is told of no decision: a sign-in, a look at what is masked, a change of an
    /// account. `action` is the word for it in the past, `subject` what it was done to, as pages show it (`message 12`,
    /// `account j.devries`), and never personal data. Works only in jobs that may write ([`Site::order`]).
    ///
    /// # Errors
    /// [`LedgerError::Unfit`] when the name of the actor or the reason is no line of words or names a person by number:
    /// it would stay in the trail for good. Ask [`check_words`] before, for a sentence that people understand.
    ///
    /// [`Site::order`]: crate::web::Site::order
    pub fn note_action(
        &self,
        at: Timestamp,
        by: &str,
        action: &'static str,
        subject: &str,
        reason: Option<&str>,
    ) -> Result<(), LedgerError> {
        fit(by, reason)?;
        let content = json!({ "by": by, "subject": subject, "reason": reason });
        self.append_audit(at, action, None, &content.to_string())
    }

    pub(super) fn append_audit(
        &self,
        at: Timestamp,
        event: &str,
        message_id: Option<i64>,
        content: &str,
    ) -> Result<(), LedgerError> {
        let (last, previous) = self.audit_head()?.unwrap_or_default();
        let row = Row { id: last + 1, at: at.as_microsecond(), event, message_id, content };
        self.sql("INSERT INTO audit (id, at, event, message_id, content, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![row.id, row.at, row.event, row.message_id, row.content, row.hash(&previous)])?;
        Ok(())
    }

    /// A row of the trail as text, for tests.
    #[cfg(test)]
    pub(crate) fn audit_text(&self, id: i64) -> Result<String, LedgerError> {
        let row = self.first("SELECT event || ' ' || content FROM audit WHERE id = ?1", [id], |cells| {
            Ok(cells.text()?.to_owned())
        })?;
        Ok(row.unwrap_or_default())
    }

    /// Number and hash of the last row of the trail.
    pub fn audit_head(&self) -> Result<Option<(i64, [u8; 32])>, LedgerError> {
        self.first("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", [], |cells| Ok((cells.get()?, cells.get()?)))
    }

    /// Reads the whole ledger and reports what does not add up; at most the first fault of the chain.
    pub fn check_integrity(&self) -> Result<Vec<Fault>, LedgerError> {
        let mut faults: Vec<Fault> = self.check_chain()?.into_iter().collect();
        faults.extend(self.check_messages()?);
        faults.extend(self.check_balances()?);
        faults.extend(self.check_accounts()?);
        faults.extend(self.check_declarations()?);
        Ok(faults)
    }

    fn check_chain(&self) -> Result<Option<Fault>, LedgerError> {
        let mut previous = [0; 32];
        let mut last = 0;
        loop {
            let rows = self.all(
                "SELECT id, at, event, message_id, content, hash FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2",
                params![last, TRAIL_ROWS],
                |cells| {
                    let row: (i64, i64, String) = (cells.get()?, cells.get()?, cells.get()?);
                    let rest: (Option<i64>, String, [u8; 32]) = (cells.get()?, cells.get()?, cells.get()?);
                    Ok((row, rest))
                },
            )?;
            if rows.is_empty() {
                return Ok(None);
            }
            for ((audit_id, at, event), (message_id, content, stored)) in rows {
                let hash = Row { id: audit_id, at, event: &event, message_id, content: &content }.hash(&previous);
                if audit_id != last + 1 || hash != stored {
                    return Ok(Some(Fault::Chain { audit_id }));
                }
                previous = hash;
                last = audit_id;
            }
        }
    }

    fn check_messages(&self) -> Result<Vec<Fault>, LedgerError> {
        self.all(
            "SELECT m.id FROM messages AS m LEFT JOIN (
                 SELECT message_id, max(id) AS id FROM audit WHERE message_id IS NOT NULL GROUP BY message_id
             ) AS l ON l.message_id = m.id LEFT JOIN audit AS a ON a.id = l.id
             WHERE json_extract(a.content, '$.digest') IS DISTINCT FROM lower(hex(m.digest))
                 OR json_extract(a.content, '$.verdict') IS DISTINCT FROM m.verdict
             UNION
             SELECT message_id FROM audit
             WHERE message_id IS NOT NULL AND message_id NOT IN (SELECT id FROM messages)
             ORDER BY 1",
            [],
            |cells| Ok(Fault::Message { message_id: cells.get()? }),
        )
    }

    pub(super) fn check_balances(&self) -> Result<Vec<Fault>, LedgerError> {
        self.all(
            "SELECT agreement FROM (
                 SELECT e.value AS agreement, sum(p.cents) AS consumption,
                     sum(CASE WHEN p.sort IN ('reservation', 'release') THEN 0 ELSE p.cents END) AS realised
                 FROM postings AS p CROSS JOIN json_each(p.agreements) AS e ON true GROUP BY e.value
             ) AS p FULL JOIN balances AS b USING (agreement)
             WHERE p.consumption IS DISTINCT FROM b.consumption OR p.realised IS DISTINCT FROM b.realised
             ORDER BY 1",
            [],
            |cells| Ok(Fault::Balance { agreement: cells.get()? }),
        )
    }

    pub(super) fn check_accounts(&self) -> Result<Vec<Fault>, LedgerError> {
        self.all(
            "SELECT id FROM (
                 SELECT account_id AS id, sum(CASE sort WHEN 'reservation' THEN cents ELSE 0 END) AS reserved,
                     sum(CASE sort WHEN 'release' THEN cents ELSE 0 END) AS released,
                     sum(CASE WHEN sort IN ('reservation', 'release') THEN 0 ELSE cents END) AS realised
                 FROM postings WHERE account_id IS NOT NULL GROUP BY account_id
             ) AS p FULL JOIN accounts AS a USING (id)
             WHERE p.reserved IS DISTINCT FROM a.reserved OR p.released IS DISTINCT FROM a.released
                 OR p.realised IS DISTINCT FROM a.realised
             UNION
             SELECT account_id FROM (
                 SELECT law, gemeente, toewijzing_nummer, coalesce(account_id, 0) AS account_id, agreements,
                     sum(CASE WHEN sort IN ('reservation', 'release') THEN cents ELSE 0 END) AS reserved,
                     sum(CASE WHEN sort IN ('reservation', 'release') THEN 0 ELSE cents END) AS realised
                 FROM postings WHERE toewijzing_nummer IS NOT NULL
                 GROUP BY law, gemeente, toewijzing_nummer, coalesce(account_id, 0), agreements
             ) AS p FULL JOIN allocation_balances AS b
             USING (law, gemeente, toewijzing_nummer, account_id, agreements)
             WHERE p.reserved IS DISTINCT FROM b.reserved OR p.realised IS DISTINCT FROM b.realised
             ORDER BY 1",
            [],
            |cells| Ok(Fault::Account { account_id: cells.get()? }),
        )
    }

    /// A declaration of a municipality without a register books nothing.
    pub(super) fn check_declarations(&self) -> Result<Vec<Fault>, LedgerError> {
        self.all(
            "SELECT d.message_id FROM declaraties AS d CROSS JOIN (
                 SELECT message_id, sum(cents) AS booked FROM postings
                 WHERE account_id IS NOT NULL AND sort IN ('realisation', 'credit') GROUP BY message_id
             ) AS p ON p.message_id = d.message_id
             WHERE p.booked IS DISTINCT FROM d.toegekend ORDER BY 1",
            [],
            |cells| Ok(Fault::Declaration { message_id: cells.get()? }),
        )
    }
}
