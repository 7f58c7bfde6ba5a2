//! Recounting the chain of the trail while everybody works: in portions, each of them short, from the first row to the last.
//!
//! Rows are never changed, so that portions fit together whatever is written meanwhile. It looks at the chain alone; what
//! else must hold of a ledger is examined by [`Tx::verify`].

use super::super::audit::fit;
use super::super::error::LedgerError;
use super::super::tx::Tx;
use super::verify::{Head, Trail, Verified, Written, check_heads};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The event in the trail, which keeps what was found.
const EVENT: &str = "chain verified";
/// Rows of a portion: whoever waits for the same connection waits for no more than these.
const PORTION: i64 = 2_000;

/// A chain that is being recounted.
#[derive(Debug, Default)]
pub struct ChainWalk {
    trail: Trail,
    found: Verified,
    /// What was noted down before, and must stand there still.
    heads: Vec<Head>,
    first_fault: Option<i64>,
    is_done: bool,
}

/// What came of a recount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recounted {
    /// Rows from the first to the last.
    pub rows: u64,
    /// The last row; `None` of an empty trail.
    pub head: Option<Head>,
    /// Places where the chain does not hold.
    pub faults: u64,
    /// Row of the first such place.
    pub first_fault: Option<i64>,
}

/// What came of the last recount that was kept, and who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRecount {
    /// When it was done.
    pub at: Timestamp,
    /// Who asked.
    pub by: String,
    /// What came of it.
    pub found: Recounted,
}

impl ChainWalk {
    /// A walk from the first row; the row up to which the chain was sound before must be there unchanged.
    pub fn new(last: Option<&LastRecount>) -> ChainWalk {
        let heads = last.filter(|last| last.found.faults == 0).and_then(|last| last.found.head);
        ChainWalk { heads: heads.into_iter().collect(), ..ChainWalk::default() }
    }

    /// The row up to which it came.
    pub fn row(&self) -> i64 {
        self.trail.last
    }

    /// Whether the end of the trail is reached.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// What came of it.
    pub fn found(mut self) -> Recounted {
        self.trail.end(&self.heads, &mut self.found);
        let faults = self.found.count();
        // A trail that ends too early has its fault behind the last row.
        let behind = || self.heads.first().map(|head| head.row);
        let first_fault = if faults == 0 { None } else { self.first_fault.or_else(behind) };
        Recounted { rows: self.found.audit_rows, head: self.found.head, faults, first_fault }
    }
}

impl Tx<'_> {
    /// Recounts the next portion of the trail.
    pub fn walk_chain(&self, mut walk: ChainWalk) -> Result<ChainWalk, LedgerError> {
        let rows: Vec<Written> = self.all(
            "SELECT id, at, event, message_id, content, hash FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2",
            [walk.trail.last, PORTION],
            Written::read,
        )?;
        walk.is_done = rows.len() < usize::try_from(PORTION).unwrap_or(usize::MAX);
        for row in rows {
            walk.trail.follow(&row, &mut walk.found);
            check_heads(&walk.heads, &row, &mut walk.found);
            if walk.first_fault.is_none() && walk.found.count() > 0 {
                walk.first_fault = Some(row.id);
            }
        }
        Ok(walk)
    }

    /// Keeps what came of a recount, in the trail itself. Works only in jobs that may write.
    ///
    /// # Errors
    /// As [`Tx::note_action`].
    pub fn keep_recount(&self, at: Timestamp, by: &str, found: &Recounted) -> Result<(), LedgerError> {
        let rows = found.rows;
        let subject = match found.first_fault {
            None => format!("{rows} rows, sound"),
            Some(row) => format!("{rows} rows, {} faults, the first at row {row}", found.faults),
        };
        fit(by, None)?;
        let content = json!({
            "by": by,
            "subject": subject,
            "reason": null,
            "rows": rows,
            "head": found.head.map(|head| head.to_string()),
            "faults": found.faults,
            "first_fault": found.first_fault,
        });
        self.append_audit(at, EVENT, None, &content.to_string())
    }

    /// What came of the last recount.
    pub fn last_recount(&self) -> Result<Option<LastRecount>, LedgerError> {
        let row = self.first(
            "SELECT at, content FROM audit WHERE event <> 'decided' AND event = ?1 ORDER BY at DESC, id DESC LIMIT 1",
            [EVENT],
            |cells| Ok((cells.moment()?, cells.text()?.to_owned())),
        )?;
        // A row that cannot be read says nothing, whoever wrote it.
        Ok(row.and_then(|(at, content)| read(at, &content)))
    }
}

fn read(at: Timestamp, content: &str) -> Option<LastRecount> {
    let content: Value = serde_json::from_str(content).ok()?;
    let found = Recounted {
        rows: content["rows"].as_u64()?,
        head: content["head"].as_str().and_then(|head| head.parse().ok()),
        faults: content["faults"].as_u64()?,
        first_fault: content["first_fault"].as_i64(),
    };
    Some(LastRecount { at, by: content["by"].as_str()?.to_owned(), found })
}
