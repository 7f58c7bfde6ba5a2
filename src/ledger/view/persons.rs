//! Looking a person up: who did, when and why stands in the audit trail before anything is shown; the number does not.
//!
//! A page about a person is reached by a look: a random id that belongs to whoever asked and soon ends. Neither the
//! number nor the key by which the ledger knows the person ever stands in an address.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::tx::{Tx, person_bytes};
use crate::message::Bsn;
use crate::rules::facts::PersonKey;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How long a look lasts.
const LASTS: SignedDuration = SignedDuration::from_mins(15);

/// A person that somebody looks up.
#[derive(Clone, PartialEq, Eq)]
pub struct Look {
    /// By the key of the ledger.
    pub person: PersonKey,
    /// When the look ends.
    pub until: Timestamp,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Look(until {})", self.until)
    }
}

impl Tx<'_> {
    /// Notes that somebody looks a person up, and why; gives the id by which the result is reached for a quarter of an
    /// hour, by that somebody alone.
    pub fn look_up(&mut self, bsn: &Bsn, by: &str, reason: &str, at: Timestamp) -> Result<Uuid, LedgerError> {
        let id = Uuid::new_v4();
        let until = at.saturating_add(LASTS).map_err(|_| LedgerError::Unfit("the clock is at the end of time"))?;
        self.note_action(at, by, "person looked up", "a person", Some(reason))?;
        self.sql("DELETE FROM looks WHERE until <= ?1")?.execute([at.as_microsecond()])?;
        self.sql("INSERT INTO looks (id, person, made_by, until) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            id.as_bytes(),
            person_bytes(&self.person(bsn))?,
            by,
            until.as_microsecond()
        ])?;
        Ok(id)
    }

    /// The person of a look; `None` when there is none of that id (any more), or it is somebody else's.
    pub fn look(&self, id: Uuid, by: &str, now: Timestamp) -> Result<Option<Look>, LedgerError> {
        self.first(
            "SELECT person, until FROM looks WHERE id = ?1 AND made_by = ?2 AND until > ?3",
            params![id.as_bytes(), by, now.as_microsecond()],
            |cells| Ok(Look { person: cells.person()?, until: cells.moment()? }),
        )
    }
}
