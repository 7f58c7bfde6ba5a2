//! How often a message was taken that came back to its transport before it was recorded: the end of one that kills the
//! program each time.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::tx::Tx;
use jiff::{SignedDuration, Timestamp};

/// A message that did not come back for this long never will: somebody emptied its queue.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Tx<'_> {
    /// Counts a take, and gives how many there were with this one.
    pub fn count_take(
        &mut self,
        transport: &str,
        transport_id: &str,
        digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<u32, LedgerError> {
        let before = now.saturating_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::MIN);
        self.sql("DELETE FROM takes WHERE last_at < ?1")?.execute([before.as_microsecond()])?;
        let takes: Option<i64> = self.first(
            "INSERT INTO takes (transport, transport_id, digest, takes, last_at) VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT (transport, transport_id, digest)
             DO UPDATE SET takes = takes.takes + 1, last_at = excluded.last_at
             RETURNING takes",
            params![transport, transport_id, digest, now.as_microsecond()],
            |cells| cells.get(),
        )?;
        Ok(takes.and_then(|takes| u32::try_from(takes).ok()).unwrap_or(u32::MAX))
    }

    /// Forgets the takes of a message: it is recorded, or it was not the message that failed.
    pub fn forget_takes(&mut self, transport: &str, transport_id: &str, digest: &[u8; 32]) -> Result<(), LedgerError> {
        self.sql("DELETE FROM takes WHERE transport = ?1 AND transport_id = ?2 AND digest = ?3")?.execute(params![
            transport,
            transport_id,
            digest
        ])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::{Keys, Ledger, Location, Settings};
    use jiff::{SignedDuration, Timestamp};

    #[tokio::test]
    async fn takes_are_counted_by_delivery_and_forgotten() {
        let settings = Settings { location: Location::Memory, keys: Keys::generate(), max_group: 8 };
        let ledger = Ledger::open(settings).expect("a ledger in memory opens");
        let now = Timestamp::from_second(1_773_000_000).expect("a moment");
        let count = async |transport: &'static str, id: &'static str, digest: u8, at: Timestamp| {
            let counted = ledger.run(move |tx| tx.count_take(transport, id, &[digest; 32], at)).await;
            counted.expect("it is counted")
        };
        assert_eq!(count("amqp", "a", 1, now).await, 1);
        assert_eq!(count("amqp", "a", 1, now).await, 2);
        assert_eq!(count("amqp", "a", 2, now).await, 1, "other bytes are another message");
        assert_eq!(count("amqp", "b", 1, now).await, 1);
        assert_eq!(count("directory", "a", 1, now).await, 1);
        assert_eq!(count("amqp", "a", 1, now).await, 3);
        ledger.run(|tx| tx.forget_takes("amqp", "a", &[1; 32])).await.expect("it is forgotten");
        ledger.run(|tx| tx.forget_takes("amqp", "a", &[1; 32])).await.expect("again does no harm");
        assert_eq!(count("amqp", "a", 1, now).await, 1);
        assert_eq!(count("amqp", "b", 1, now).await, 2);
        // Nobody brings it back after so long.
        let later = now + SignedDuration::from_hours(24 * 31);
        assert_eq!(count("amqp", "b", 1, later).await, 1);
    }
}
