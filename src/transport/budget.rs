//! A bound on the bytes in work, beside the bound on their number: 256 messages of 2 kB are nothing, of 25 MB they are
//! six gigabytes.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes per permit. The semaphore counts in 32 bits.
const UNIT: u64 = 1024;

/// The budget. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    permits: Arc<Semaphore>,
    units: u32,
}

impl Budget {
    /// A budget of that many bytes, at least one kilobyte.
    pub fn new(bytes: u64) -> Budget {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1);
        // Semaphore::MAX_PERMITS is beyond 32 bits on 64-bit machines only.
        let units = units.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Budget { permits: Arc::new(Semaphore::new(units as usize)), units }
    }

    /// Waits until the bytes fit. A message larger than the whole budget takes all of it, alone.
    pub async fn take(&self, bytes: usize) -> OwnedSemaphorePermit {
        let permits = Arc::clone(&self.permits);
        permits.acquire_many_owned(self.units_of(bytes)).await.expect("the semaphore is never closed")
    }

    /// As [`Budget::take`], without waiting: `None` when the bytes do not fit now.
    pub fn try_take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_many_owned(self.units_of(bytes)).ok()
    }

    fn units_of(&self, bytes: usize) -> u32 {
        u32::try_from((bytes as u64).div_ceil(UNIT)).unwrap_or(u32::MAX).clamp(1, self.units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn what_does_not_fit_waits_and_what_is_too_large_goes_alone() {
        let budget = Budget::new(4096);
        let first = budget.take(3000).now_or_never().expect("it fits");
        assert!(budget.take(2000).now_or_never().is_none());
        assert!(budget.try_take(2000).is_none());
        assert!(budget.try_take(1000).is_some());
        drop(first);
        let huge = budget.take(1_000_000).now_or_never().expect("it goes alone");
        assert!(budget.take(1).now_or_never().is_none());
        drop(huge);
        assert!(budget.take(1).now_or_never().is_some());
    }
}
