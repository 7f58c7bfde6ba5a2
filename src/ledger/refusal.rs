//! Messages that were refused for who brought them: kept as evidence, sealed like any other body, and told once.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::store::Inbox;
use super::tx::{Cells, Tx};
use crate::decision::Outgoing;
use crate::sender::{Reason, Refusal};
use jiff::Timestamp;
use serde_json::json;

/// A refusal as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its number.
    pub refusal_id: i64,
    /// Name of the transport.
    pub transport: String,
    /// Its id of the delivery.
    pub transport_id: String,
    /// SHA-256 of the message.
    pub digest: [u8; 32],
    /// When it was refused first.
    pub refused_at: Timestamp,
    /// How often the same delivery came again.
    pub repeats: u64,
    /// When it came last.
    pub repeated_at: Option<Timestamp>,
    /// Why.
    pub refusal: Refusal,
}

/// A macro, because statements are prepared by their text.
macro_rules! refusal_columns {
    () => {
        "SELECT id, transport, transport_id, digest, refused_at, repeats, repeated_at, reason, identity, sender, law,
             number, claimed, identificatie FROM refusals "
    };
}

impl Tx<'_> {
    /// Notes who brought a message that names no sender who could be read.
    pub fn note_bringer(&mut self, message_id: i64, sender: &str) -> Result<(), LedgerError> {
        self.sql("INSERT INTO bringers (message_id, sender) VALUES (?1, ?2) ON CONFLICT (message_id) DO NOTHING")?
            .execute(params![message_id, sender])?;
        Ok(())
    }

    /// Who brought a message, when that was noted: the name of the configuration.
    pub fn bringer(&self, message_id: i64) -> Result<Option<String>, LedgerError> {
        self.first("SELECT sender FROM bringers WHERE message_id = ?1", [message_id], |cells| cells.get())
    }

    /// Keeps a refused message, and sends `report` to whoever shall know. A delivery that was refused before is counted
    /// on the first one, and nothing leaves.
    ///
    /// Gives the number of the refusal when it is a new one.
    pub fn refuse(
        &mut self,
        inbox: &Inbox,
        refusal: &Refusal,
        report: Option<&Outgoing>,
    ) -> Result<Option<i64>, LedgerError> {
        let body = self.vault.seal(&[b"refusal", &inbox.digest], &inbox.bytes)?;
        let at = inbox.received_at.as_microsecond();
        let kept = self.first(
            "INSERT INTO refusals (transport, transport_id, digest, identity, sender, reason, law, number, claimed,
                 identificatie, refused_at, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (transport, transport_id, digest, identity)
             DO UPDATE SET repeats = refusals.repeats + 1, repeated_at = excluded.refused_at
             RETURNING id, repeats",
            params![
                inbox.transport,
                inbox.transport_id,
                inbox.digest,
                refusal.identity.as_deref().unwrap_or_default(),
                refusal.sender,
                refusal.reason.as_str(),
                refusal.kind.map(|kind| kind.law.as_str()),
                refusal.kind.map(|kind| kind.number.as_str()),
                refusal.claimed,
                refusal.identificatie,
                at,
                body,
            ],
            |cells| Ok((cells.get::<i64>()?, cells.count()?)),
        )?;
        let (refusal_id, repeats) = kept.ok_or(LedgerError::Damaged("a refusal was not kept"))?;
        if repeats > 0 {
            return Ok(None);
        }
        let mut sent = None;
        if let Some(report) = report {
            let correlation = inbox.transport_id.as_str();
            sent = Some(self.insert_outgoing_of_none(correlation, inbox.received_at, report)?.to_string());
            self.grow_outbox();
        }
        let content = json!({
            "refusal": refusal_id,
            "transport": inbox.transport,
            "digest": hex::encode(inbox.digest),
            "reason": refusal.reason.as_str(),
            "identity": refusal.identity,
            "sender": refusal.sender,
            "claimed": refusal.claimed,
            "kind": refusal.kind.map(|kind| kind.to_string()),
            "outbox": sent,
        });
        self.append_audit(inbox.received_at, "refused", None, &content.to_string())?;
        Ok(Some(refusal_id))
    }

    /// Refused messages since a moment, the latest first, at most `limit`.
    pub fn refusals(&self, since: Timestamp, limit: u32) -> Result<Vec<Refused>, LedgerError> {
        self.all(
            concat!(refusal_columns!(), "WHERE refused_at >= ?1 ORDER BY refused_at DESC, id DESC LIMIT ?2"),
            params![since.as_microsecond(), limit],
            refused,
        )
    }

    /// How many messages were refused since a moment.
    pub fn count_refusals(&self, since: Timestamp) -> Result<u64, LedgerError> {
        let count =
            self.first("SELECT count(*) FROM refusals WHERE refused_at >= ?1", [since.as_microsecond()], |cells| {
                cells.count()
            })?;
        Ok(count.unwrap_or_default())
    }

    /// One refused message.
    pub fn refusal(&self, refusal_id: i64) -> Result<Option<Refused>, LedgerError> {
        self.first(concat!(refusal_columns!(), "WHERE id = ?1"), [refusal_id], refused)
    }

    /// The bytes of a refused message: a document of persons, for whoever looks into what happened.
    pub fn refused_bytes(&self, refusal_id: i64) -> Result<Option<Vec<u8>>, LedgerError> {
        self.first("SELECT digest, body FROM refusals WHERE id = ?1", [refusal_id], |cells| {
            let digest: [u8; 32] = cells.get()?;
            self.vault.open(&[b"refusal", &digest], &cells.get::<Vec<u8>>()?)
        })
    }
}

fn refused(cells: &mut Cells<'_, '_>) -> Result<Refused, LedgerError> {
    let (refusal_id, transport, transport_id) = (cells.get()?, cells.get()?, cells.get()?);
    let (digest, refused_at, repeats) = (cells.get()?, cells.moment()?, cells.count()?);
    let repeated_at = cells.get::<Option<i64>>()?.map(Timestamp::from_microsecond).transpose();
    let repeated_at = repeated_at.map_err(|_| LedgerError::Damaged("a moment lies outside of time"))?;
    let reason = cells.text()?;
    let reason = Reason::ALL.into_iter().find(|known| known.as_str() == reason);
    let reason = reason.ok_or(LedgerError::Damaged("the reason of a refusal is unknown"))?;
    let identity = Some(cells.text()?.to_owned()).filter(|identity| !identity.is_empty());
    let refusal = Refusal {
        reason,
        identity,
        sender: cells.get()?,
        kind: cells.kind()?,
        claimed: cells.get()?,
        identificatie: cells.get()?,
    };
    Ok(Refused { refusal_id, transport, transport_id, digest, refused_at, repeats, repeated_at, refusal })
}
