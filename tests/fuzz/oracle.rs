//! What must hold for any bytes that come from outside, as one function per way in. They panic when it does not.
//!
//! `ops/fuzz` runs them under libFuzzer with inputs that it makes up; `fuzz_regressions` runs them over the inputs that
//! found something once (`tests/fuzz/<target>/`), the seeds, and a bounded number of mutations of both.

mod config;
mod messages;
mod region;
pub mod structured;

/// A name and the function that takes its inputs.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 7] = [
    ("validate", messages::validate),
    ("roundtrip", messages::roundtrip),
    ("judge", messages::judge),
    ("structured", structured::structured),
    ("register", region::register),
    ("config", config::config),
    ("headers", messages::headers),
];

/// Runs one target on one input.
///
/// # Panics
/// When something does not hold, or no target has this name.
pub fn run(target: &str, data: &[u8]) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of the table");
    run(data);
}

/// A folder or file below `tests/fuzz`.
pub fn beside(path: &str) -> std::path::PathBuf {
    // The fuzz crate includes this file from ops/fuzz.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if root.ends_with("ops/fuzz") { root.join("../..") } else { root.to_owned() };
    root.join("tests/fuzz").join(path)
}

/// Takes bytes one after another; behind the last one come zeros.
pub(crate) struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    pub(crate) fn of(rest: &'a [u8]) -> Bytes<'a> {
        Bytes { rest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// An index below `limit`; 0 when there is nothing to choose from.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let high = if limit > 256 { usize::from(self.byte()) << 8 } else { 0 };
        (high | usize::from(self.byte())) % limit.max(1)
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }

    /// The next bytes, at most `limit`.
    pub(crate) fn take(&mut self, limit: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(limit.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}
