//! Reading signals: a page of them, and one with what stands behind it.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::super::db::params;
use super::super::error::LedgerError;
use super::super::signals::signal;
use super::super::tx::{Cells, Tx, json};
use crate::contract::Contracts;
use crate::contract::ending::{Open, Origin, ends};
use crate::delivery::without_bsn;
use crate::finding::Signal;
use crate::message::Law;
use crate::view::page::{Page, READ};
use crate::view::signals::{AllocationRef, Check, Concern, Filter, MessageRef, Shown, Told, cursor};
use jiff::Timestamp;

/// Messages that one signal leads to at most.
const MOST_MESSAGES: u32 = 50;

/// Columns of a signal, as [`told`] reads them.
macro_rules! told_columns {
    () => {
        "SELECT s.content, s.message_id, s.opened_at, s.seen_at, s.occurrence, s.ended_at, s.ended_because, m.aanbieder,
             m.law, m.verdict IS NOT DISTINCT FROM 'held'
         FROM signals AS s LEFT JOIN messages AS m ON m.id = s.message_id "
    };
}

/// A signal, its view, and what told it.
type Row = (Signal, Told, Origin);

impl Tx<'_> {
    /// A page of signals, those that opened last first.
    pub fn signal_page(&self, filter: &Filter) -> Result<Page<Told>, LedgerError> {
        let (at, id) = filter.after.clone().unwrap_or((filter.until, String::new()));
        let state = match filter.is_open {
            Some(true) => "open",
            Some(false) => "ended",
            None => "all",
        };
        let rows = self.all(
            concat!(
                told_columns!(),
                "WHERE (s.opened_at, s.id) < (?1, ?2) AND s.opened_at >= ?3 AND s.opened_at < ?4
                     AND (?5 = 'all' OR (?5 = 'open' AND s.ended_at IS NULL) OR (?5 = 'ended' AND s.ended_at IS NOT NULL))
                     AND (CAST(?6 AS TEXT) IS NULL OR s.region = ?6) AND (CAST(?7 AS TEXT) IS NULL OR s.\"check\" = ?7)
                     AND (CAST(?8 AS TEXT) IS NULL OR s.severity = ?8) AND (CAST(?9 AS TEXT) IS NULL OR s.gemeente = ?9)
                     AND (CAST(?10 AS TEXT) IS NULL OR m.aanbieder = ?10
                         OR json_extract(json_extract(s.content, '$.facts'), '$.aanbieder') = ?10)
                 ORDER BY s.opened_at DESC, s.id DESC LIMIT ?11"
            ),
            params![
                at.as_microsecond(),
                id,
                filter.since.as_microsecond(),
                filter.until.as_microsecond(),
                state,
                filter.region,
                filter.check,
                filter.severity.map(crate::finding::Severity::as_str),
                filter.gemeente,
                filter.aanbieder,
                READ
            ],
            told,
        )?;
        Ok(Page::of(rows.into_iter().map(|(_, told, _)| told).collect(), cursor))
    }

    /// One signal with what stands behind it.
    pub fn signal_one(&self, id: &str, contracts: &Contracts) -> Result<Option<Shown>, LedgerError> {
        let Some((signal, told, origin)) = self.first(concat!(told_columns!(), "WHERE s.id = ?1"), [id], told)? else {
            return Ok(None);
        };
        let law = match origin {
            Origin::Message { law, .. } => Some(law),
            Origin::Survey => None,
        };
        let allocations = self.allocations_behind(&told, law)?;
        let messages = self.messages_behind(&told, &allocations)?;
        let surveyed_on = self.last_survey(&told.region)?.map(|last| last.day);
        let open = Open { signal, occurrence: told.occurrence, origin };
        Ok(Some(Shown {
            check: Check::of(&told.concern.check, &told.gemeente, contracts),
            ends: told.ended_at.is_none().then(|| ends(&open)),
            surveyed_on,
            allocations,
            messages,
            told,
        }))
    }

    /// The allocations of its numbers. One that is held is in no table yet: it is that of the message.
    fn allocations_behind(&self, told: &Told, law: Option<Law>) -> Result<Vec<AllocationRef>, LedgerError> {
        let laws: Vec<&str> = law.map_or_else(|| Law::ALL.map(Law::as_str).to_vec(), |law| vec![law.as_str()]);
        let mut found = self.all(
            "SELECT DISTINCT a.law, a.gemeente, a.aanbieder, a.nummer
             FROM json_each(?1) AS l CROSS JOIN json_each(?2) AS k ON true
             CROSS JOIN allocations AS a
             ON a.law = l.value AND a.gemeente = ?3 AND a.nummer = CAST(k.value AS BIGINT)
             ORDER BY 4, 1, 2, 3",
            params![json(laws), json(&told.allocations), told.gemeente],
            |cells| {
                Ok(AllocationRef {
                    law: cells.get()?,
                    gemeente: cells.get()?,
                    aanbieder: cells.get()?,
                    number: cells.count()?,
                })
            },
        )?;
        if let (Some(law), Some(provider)) = (law, &told.aanbieder) {
            for number in &told.allocations {
                if found.iter().all(|known| known.number != *number) {
                    found.push(AllocationRef {
                        law: law.as_str().to_owned(),
                        gemeente: told.gemeente.clone(),
                        aanbieder: provider.clone(),
                        number: *number,
                    });
                }
            }
        }
        Ok(found)
    }

    fn messages_behind(&self, told: &Told, allocations: &[AllocationRef]) -> Result<Vec<MessageRef>, LedgerError> {
        let mut ids: Vec<i64> = told.message.into_iter().collect();
        for allocation in allocations {
            ids.extend(self.all(
                "SELECT DISTINCT message_id FROM allocations WHERE law = ?1 AND gemeente = ?2 AND nummer = ?3",
                params![allocation.law, allocation.gemeente, super::super::tx::integer(allocation.number)?],
                |cells| cells.get::<i64>(),
            )?);
        }
        ids.sort_unstable();
        ids.dedup();
        self.all(
            "SELECT id, law, number, identificatie, received_at, verdict FROM messages
             WHERE id IN (SELECT CAST(k.value AS BIGINT) FROM json_each(?1) AS k) ORDER BY id DESC LIMIT ?2",
            params![json(ids), MOST_MESSAGES],
            |cells| {
                let (id, kind) = (cells.get()?, cells.kind()?);
                let identification = cells.get::<Option<String>>()?.unwrap_or_default();
                Ok(MessageRef {
                    id,
                    kind: kind.map(|kind| kind.to_string()).unwrap_or_default(),
                    identification: without_bsn(&identification),
                    received_at: cells.moment()?,
                    verdict: cells.get()?,
                })
            },
        )
    }
}

fn told(cells: &mut Cells<'_, '_>) -> Result<Row, LedgerError> {
    let (signal, message) = (signal(cells)?, cells.get::<Option<i64>>()?);
    let (opened_at, seen_at): (Timestamp, Timestamp) = (cells.moment()?, cells.moment()?);
    let (occurrence, ended_at, ended_because) = (cells.get()?, cells.optional_moment()?, cells.get()?);
    let (provider, law, is_held) = (cells.get::<Option<String>>()?, cells.optional_law()?, cells.get()?);
    let named = signal.facts.get("aanbieder").and_then(serde_json::Value::as_str).map(str::to_owned);
    let told = Told {
        id: signal.id.clone(),
        concern: Concern::of(&signal),
        region: signal.region.clone(),
        gemeente: signal.gemeente.clone(),
        aanbieder: provider.or(named),
        allocations: signal.toewijzingen.clone(),
        message,
        opened_at,
        seen_at,
        occurrence,
        ended_at,
        ended_because,
    };
    let origin = law.map_or(Origin::Survey, |law| Origin::Message { law, is_held });
    Ok((signal, told, origin))
}
