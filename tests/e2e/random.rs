//! Randomness that a seed repeats.

use std::time::Duration;

/// `SplitMix64`: small, and good enough to choose moments.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed. `SLUIS_TEST_SEED` in the environment overrides it, to play other moments than every day's.
    pub fn seeded(seed: u64) -> Random {
        let seed = std::env::var("SLUIS_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(seed);
        println!("seed {seed}");
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("a usize fits");
        usize::try_from(self.next() % end).expect("it is below a usize")
    }

    /// A wait below `end`.
    pub fn wait(&mut self, end: Duration) -> Duration {
        let micros = usize::try_from(end.as_micros()).expect("waits are short");
        Duration::from_micros(u64::try_from(self.below(micros)).expect("a usize fits"))
    }
}
