//! Reading messages that are set aside, and what was ordered about them.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::report::{Entry, Filter, entry};
use super::super::tx::Tx;
use crate::view::page::{Page, READ};
use crate::view::parked::{Parked, ReplayOrdered, Shown};

impl Tx<'_> {
    /// A page of messages that are set aside behind `after`, the number of the last one that was seen. The oldest first.
    pub fn parked_page(&self, after: Option<i64>) -> Result<Page<Parked>, LedgerError> {
        let entries = self.all(
            "SELECT id, transport, transport_id, received_at, law, number, afzender, identificatie, gemeente, aanbieder,
                 verdict, level, findings, skipped, register_version
             FROM messages INDEXED BY messages_waiting
             WHERE verdict = 'parked' AND verdict IN ('held', 'parked') AND id > ?1 ORDER BY id LIMIT ?2",
            params![after.unwrap_or(0), READ],
            entry,
        )?;
        let page = Page::of(entries, |entry| entry.message_id.to_string());
        let items = page.items.iter().map(|entry| {
            let (runs, orders) = (self.runs(entry.message_id)?, self.replays_of(entry.message_id)?);
            Ok(Parked::of(entry, runs.len(), &orders))
        });
        Ok(Page { items: items.collect::<Result<_, LedgerError>>()?, next: page.next })
    }

    /// A message that is or was set aside; `None` for any other.
    pub fn parked_one(&self, id: i64) -> Result<Option<Shown>, LedgerError> {
        let Some(entry) = self.message_entry(id)? else { return Ok(None) };
        let (runs, resends, rows) = (self.runs(id)?, self.resends(id)?, self.rows_of(id)?);
        Ok(Shown::of(&entry, &runs, resends, rows, self.replays_of(id)?))
    }

    /// A stored message by its number.
    pub fn message_entry(&self, id: i64) -> Result<Option<Entry>, LedgerError> {
        let filter = Filter { after: Some(id.saturating_sub(1)), limit: Some(1), ..Filter::default() };
        Ok(self.messages(&filter)?.pop().filter(|entry| entry.message_id == id))
    }

    /// What was ordered about a stored message by selections, the latest last.
    pub fn replays_of(&self, message_id: i64) -> Result<Vec<ReplayOrdered>, LedgerError> {
        self.all(
            "SELECT s.id, s.intent, s.ordered_by, s.ordered_at, s.reason, m.done_at, m.outcome, m.answer
             FROM selection_members AS m CROSS JOIN selections AS s ON s.id = m.selection_id
             WHERE m.message_id = ?1 AND s.intent IS NOT NULL ORDER BY s.id",
            [message_id],
            |cells| {
                Ok(ReplayOrdered {
                    selection: cells.get()?,
                    intent: cells.get()?,
                    by: cells.get()?,
                    at: cells.moment()?,
                    reason: cells.get()?,
                    done_at: cells.optional_moment()?,
                    outcome: cells.get()?,
                    answer: cells.get()?,
                })
            },
        )
    }
}
