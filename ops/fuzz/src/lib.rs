//! The oracles of `tests/fuzz`, for the programs of `fuzz_targets`.

#[path = "../../../tests/fuzz/oracle.rs"]
pub mod oracle;

pub use oracle::{TARGETS, run};
