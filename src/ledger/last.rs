//! When somebody last sent a message of a kind.

use super::db::params;
use super::error::LedgerError;
use super::store::Inbox;
use super::tx::Tx;
use crate::decision::Decision;
use crate::message::{Direction, Kind, Party};
use jiff::Timestamp;

/// Transport of what the gateway made itself in the name of a party.
const OWN: &str = "gateway";

/// The last message of a kind that a party wrote, rejected ones too: who is rejected is not silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// Kind.
    pub kind: Kind,
    /// Who wrote it: a municipality or a provider.
    pub party: Party,
    /// When it came in.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// Notes who wrote a message and when it came in.
    pub(super) fn note_last_message(&self, inbox: &Inbox, decision: &Decision) -> Result<(), LedgerError> {
        let Some(identity) = decision.identity.as_ref().filter(|_| inbox.transport != OWN) else { return Ok(()) };
        let party = match identity.kind.number.direction() {
            Direction::ToProvider => &identity.gemeente,
            Direction::ToMunicipality => &identity.aanbieder,
        };
        // One that waited comes behind those that came after it.
        self.sql(
            "INSERT INTO last_messages (law, number, party, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (law, number, party) DO UPDATE SET
                 at = CASE WHEN excluded.at > last_messages.at THEN excluded.at ELSE last_messages.at END",
        )?
        .execute(params![
            identity.kind.law.as_str(),
            identity.kind.number.as_str(),
            party.as_str(),
            inbox.received_at.as_microsecond(),
        ])?;
        Ok(())
    }

    /// The last message of each kind and party.
    pub fn last_messages(&self) -> Result<Vec<LastMessage>, LedgerError> {
        self.all("SELECT law, number, party, at FROM last_messages ORDER BY law, number, party", [], |cells| {
            let kind = cells.kind()?.ok_or(LedgerError::Damaged("a message has no kind"))?;
            Ok(LastMessage { kind, party: cells.word()?, at: cells.moment()? })
        })
    }

    /// When the first message that the ledger has came in.
    pub fn first_message_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.first_moment("SELECT received_at FROM messages ORDER BY id LIMIT 1", [])
    }
}
