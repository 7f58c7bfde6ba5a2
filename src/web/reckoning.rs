//! Figures that are reckoned over the whole history of a region, which may take seconds: once for all who ask at a time,
//! and kept for a while, the longer it took the longer. What is quick is never kept, and always as of now.

use super::Site;
use crate::contract::Register;
use crate::contract::survey::Survey;
use crate::ledger::LedgerError;
use crate::message::Date;
use crate::view::budgets::{Budgets, Shown, of_agreement, of_region};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What takes less is reckoned anew for everybody.
const QUICK: Duration = Duration::from_secs(1);
/// What took long is kept for this many times as long, so that it costs the machine a twentieth of its time at most.
const TIMES: u32 = 20;
/// Nothing is kept longer, so that figures are of the same few minutes for everybody.
const LONGEST: Duration = Duration::from_mins(5);

/// A figure, and as of when it is.
#[derive(Debug, Clone)]
pub struct Reckoned<V> {
    /// The figure.
    pub value: V,
    /// When it was reckoned.
    pub at: Timestamp,
}

/// What depends on nothing else: the version of the register, the day, and what is asked for.
type Key<K> = (String, Date, K);

/// Figures of budgets for all who look.
#[derive(Default)]
pub struct Reckoning {
    years: Kept<Key<i16>, Budgets>,
    agreements: Kept<Key<String>, Option<Shown>>,
}

impl Site {
    /// The budgets of a region in a year.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn budgets(&self, register: &Arc<Register>, year: i16) -> Result<Reckoned<Budgets>, LedgerError> {
        let today = self.clock.today();
        let key = (register.version.clone(), today, year);
        let make = async || {
            let own = Arc::clone(register);
            self.reckon(register, move |history| of_region(&Survey { register: &own, today, history: &history }, year))
                .await
        };
        self.reckoning.years.get(key, self.clock.now(), make).await
    }

    /// An agreement of a region; `None` when it has none of that id.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn budget(&self, register: &Arc<Register>, id: &str) -> Result<Reckoned<Option<Shown>>, LedgerError> {
        let today = self.clock.today();
        let key = (register.version.clone(), today, id.to_owned());
        let make = async || {
            let (own, id, named) = (Arc::clone(register), id.to_owned(), id.to_owned());
            let posted = self.look(move |tx, _| tx.posted_by_month(&named)).await?;
            self.reckon(register, move |history| {
                of_agreement(&Survey { register: &own, today, history: &history }, &id, &posted)
            })
            .await
        };
        self.reckoning.agreements.get(key, self.clock.now(), make).await
    }

    /// Reads the history of a region and reckons over it, both where it keeps nobody waiting.
    async fn reckon<T: Send + 'static>(
        &self,
        register: &Arc<Register>,
        work: impl FnOnce(crate::contract::survey::History) -> T + Send + 'static,
    ) -> Result<T, LedgerError> {
        let own = Arc::clone(register);
        let history = self.slow.run(move |tx| tx.history(&own.region.municipalities.keys().cloned().collect())).await?;
        let done = tokio::task::spawn_blocking(move || work(history)).await;
        done.map_err(|_| LedgerError::Panicked("the figures of budgets could not be reckoned"))
    }
}

/// What took long to make, by what it is.
struct Kept<K, V> {
    /// How long something is kept that took so long.
    worth: fn(Duration) -> Option<Duration>,
    known: Mutex<BTreeMap<K, Made<V>>>,
    /// Whose turn it is to make something: whoever waits finds it made.
    turn: tokio::sync::Mutex<()>,
}

struct Made<V> {
    what: Reckoned<V>,
    since: Instant,
    keep: Duration,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Kept<K, V> {
        Kept { worth, known: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl<K: Ord, V: Clone> Kept<K, V> {
    async fn get(
        &self,
        key: K,
        now: Timestamp,
        make: impl AsyncFnOnce() -> Result<V, LedgerError>,
    ) -> Result<Reckoned<V>, LedgerError> {
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let _turn = self.turn.lock().await;
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let since = Instant::now();
        let what = Reckoned { value: make().await?, at: now };
        let took = since.elapsed();
        if let Some(keep) = (self.worth)(took) {
            let made = Made { what: what.clone(), since: Instant::now(), keep };
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made);
        }
        Ok(what)
    }

    fn known(&self, key: &K) -> Option<Reckoned<V>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, made| made.since.elapsed() < made.keep);
        known.get(key).map(|made| made.what.clone())
    }
}

/// How long something is kept that took so long; `None` for what is quick.
fn worth(took: Duration) -> Option<Duration> {
    (took >= QUICK).then(|| took.saturating_mul(TIMES).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quick_is_not_kept_and_nothing_for_long() {
        let cases = [(0, None), (999, None), (1_000, Some(20_000)), (4_000, Some(80_000)), (60_000, Some(300_000))];
        for (took, keep) in cases {
            assert_eq!(worth(Duration::from_millis(took)), keep.map(Duration::from_millis), "{took}");
        }
    }

    #[tokio::test]
    async fn those_who_ask_at_a_time_share_one_answer() {
        let kept: Kept<u8, u32> = Kept { worth: |_| Some(LONGEST), ..Kept::default() };
        let made = std::cell::Cell::new(0);
        let make = async || {
            tokio::task::yield_now().await;
            made.set(made.get() + 1);
            Ok(made.get())
        };
        let at = Timestamp::UNIX_EPOCH;
        let (one, other) = tokio::join!(kept.get(1, at, make), kept.get(1, at, make));
        assert_eq!((one.expect("made").value, other.expect("kept").value, made.get()), (1, 1, 1));
        assert_eq!(kept.get(1, at, make).await.expect("kept").value, 1);
        assert_eq!(kept.get(2, at, make).await.expect("made").value, 2, "something else");
        let away = async || Err(LedgerError::Panicked("away"));
        assert!(kept.get(3, at, away).await.is_err());
        assert_eq!(kept.get(3, at, make).await.expect("made").value, 3, "a failure is not kept");

        let quick: Kept<u8, u32> = Kept { worth: |_| None, ..Kept::default() };
        for of_now in [7, 8] {
            assert_eq!(quick.get(1, at, async || Ok(of_now)).await.expect("made").value, of_now);
        }
    }
}
