//! Reading the audit trail, newest first.

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::tx::{Cells, Tx};
use crate::view::audit::{DECIDED, Row, Search};
use crate::view::page::{Page, READ};
use jiff::Timestamp;

impl Tx<'_> {
    /// A page of the trail.
    pub fn audit_page(&self, search: &Search) -> Result<Page<Row>, LedgerError> {
        let micros = |moment: Option<Timestamp>, other: i64| moment.map_or(other, Timestamp::as_microsecond);
        let (since, until) = (micros(search.since, i64::MIN), micros(search.until, i64::MAX));
        let (at, id) = search.after.map_or((i64::MAX, i64::MAX), |place| (place.at, place.id));
        let rows = if search.event.as_deref() == Some(DECIDED) {
            // Nobody decides these: asked for by name, there are none.
            let nobody = search.by.is_none();
            self.all(
                "SELECT id, at, event, message_id, content FROM audit
                 WHERE at >= ?1 AND at < ?2 AND (at < ?3 OR (at = ?3 AND id < ?4)) AND event = 'decided' AND ?5 = 1
                 ORDER BY at DESC, id DESC LIMIT ?6",
                params![since, until, at, id, nobody, READ],
                row,
            )?
        } else {
            self.all(
                "SELECT id, at, event, message_id, content FROM audit
                 WHERE at >= ?1 AND at < ?2 AND (at < ?3 OR (at = ?3 AND id < ?4)) AND event <> 'decided'
                     AND event = coalesce(?5, event)
                     AND (?6 = '' OR json_extract(content, '$.by') = ?6)
                 ORDER BY at DESC, id DESC LIMIT ?7",
                params![since, until, at, id, search.event, search.by.as_deref().unwrap_or_default(), READ],
                row,
            )?
        };
        Ok(Page::of(rows, |row| row.place().word()))
    }

    /// Every event that is in the trail but the first decision on each message.
    pub fn audit_events(&self) -> Result<Vec<String>, LedgerError> {
        self.all("SELECT DISTINCT event FROM audit WHERE event <> 'decided' ORDER BY event", [], |cells| {
            Ok(cells.text()?.to_owned())
        })
    }
}

fn row(cells: &mut Cells<'_, '_>) -> Result<Row, LedgerError> {
    let (id, at, event, message_id) = (cells.get()?, cells.moment()?, cells.text()?.to_owned(), cells.get()?);
    Ok(Row::of(id, at, event, message_id, cells.text()?))
}
