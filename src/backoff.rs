//! How long to wait before the next try: a pure function of the attempt, so that it can be tested and foretold.

use std::time::Duration;
use uuid::Uuid;

/// Doubling waits with a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Wait after the first failed attempt.
    pub first: Duration,
    /// Longest wait.
    pub max: Duration,
}

impl Backoff {
    /// The wait after `failed` failed attempts in a row, from 1. `spread` between 0 and 1 moves it between a half and
    /// the whole, so that many who failed together do not come back together.
    pub fn after(self, failed: u32, spread: f64) -> Duration {
        let doublings = failed.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.max);
        full.mul_f64(0.5 + spread.clamp(0.0, 1.0) / 2.0)
    }
}

/// A spread that is always the same for the same row and attempt.
pub fn spread_of(id: Uuid, attempt: u32) -> f64 {
    // A v4 id is random in all but six bits; the attempt picks other bits of it each time.
    let bits = id.as_u128().rotate_left(attempt.wrapping_mul(17) % 128);
    f64::from(u16::try_from(bits & 0xffff).unwrap_or_default()) / f64::from(u16::MAX)
}

/// A spread drawn at random, for waits that belong to no row.
pub fn random_spread() -> f64 {
    spread_of(Uuid::new_v4(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_mins(5) };

    #[test]
    fn waits_double_up_to_the_cap() {
        let seconds = |failed| BACKOFF.after(failed, 1.0).as_secs();
        assert_eq!([1, 2, 3, 9, 10, 99].map(seconds), [1, 2, 4, 256, 300, 300]);
        assert_eq!(BACKOFF.after(1, 0.0), Duration::from_millis(500));
        assert_eq!(BACKOFF.after(u32::MAX, 1.0), Duration::from_mins(5));
    }

    proptest! {
        #[test]
        fn waits_never_shrink_and_stay_within_bounds(failed in 1_u32..200, spread in 0.0_f64..=1.0) {
            prop_assert!(BACKOFF.after(failed, spread) <= BACKOFF.after(failed + 1, spread));
            prop_assert!(BACKOFF.after(failed, spread) >= BACKOFF.first / 2);
            prop_assert!(BACKOFF.after(failed, spread) <= BACKOFF.max);
        }

        #[test]
        fn the_spread_of_a_row_lies_between_zero_and_one(id: u128, attempt: u32) {
            prop_assert!((0.0..=1.0).contains(&spread_of(Uuid::from_u128(id), attempt)));
        }
    }
}
