//! Reading holds, and what was ordered about them.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::hold::{Hold, hold, hold_columns};
use super::super::tx::Tx;
use crate::contract::Contracts;
use crate::view::held::{Done, Held, Ordered, Which};
use crate::view::page::{Page, READ};
use jiff::Timestamp;

impl Tx<'_> {
    /// A page of holds behind `after`, the number of the last one that was seen.
    pub fn held_page(
        &self,
        which: Which,
        after: Option<i64>,
        now: Timestamp,
        contracts: &Contracts,
    ) -> Result<Page<Held>, LedgerError> {
        let holds = match which {
            Which::Waiting => self.all(
                concat!(
                    hold_columns!(),
                    "WHERE h.ended_at IS NULL AND h.message_id > ?1 ORDER BY h.message_id LIMIT ?2"
                ),
                params![after.unwrap_or(0), READ],
                hold,
            ),
            Which::Ended => self.all(
                concat!(
                    hold_columns!(),
                    "WHERE h.ended_at IS NOT NULL AND h.message_id < ?1 ORDER BY h.message_id DESC LIMIT ?2"
                ),
                params![after.unwrap_or(i64::MAX), READ],
                hold,
            ),
        };
        let page = Page::of(holds?, |hold| hold.message_id.to_string());
        let items = page.items.into_iter().map(|hold| self.held_of(hold, now, contracts)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// A message that is or was held.
    pub fn held_one(
        &self,
        message_id: i64,
        now: Timestamp,
        contracts: &Contracts,
    ) -> Result<Option<Held>, LedgerError> {
        self.hold(message_id)?.map(|hold| self.held_of(hold, now, contracts)).transpose()
    }

    fn held_of(&self, hold: Hold, now: Timestamp, contracts: &Contracts) -> Result<Held, LedgerError> {
        let (bytes, orders) = (self.inbox(hold.message_id)?, self.orders_of(hold.message_id)?);
        Ok(Held::of(hold, bytes.map(|inbox| inbox.bytes).unwrap_or_default(), orders, now, contracts))
    }

    /// What was ordered about a held message, the latest last.
    pub fn orders_of(&self, message_id: i64) -> Result<Vec<Ordered>, LedgerError> {
        self.all(
            "SELECT id, action, given_by, given_at, reason, done_at, outcome, answer
             FROM orders WHERE message_id = ?1 ORDER BY id",
            [message_id],
            |cells| {
                let (id, action, by, at, reason) =
                    (cells.get()?, cells.get()?, cells.get()?, cells.moment()?, cells.get()?);
                let (done_at, outcome) = (cells.optional_moment()?, cells.get::<Option<String>>()?);
                let answer = cells.get::<Option<String>>()?.unwrap_or_default();
                let done = done_at.zip(outcome).map(|(at, outcome)| Done { at, outcome, answer });
                Ok(Ordered { id, action, by, at, reason, done })
            },
        )
    }
}
