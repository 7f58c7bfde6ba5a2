//! All tests of the ledger once more, on PostgreSQL, and what only happens there.

#[expect(clippy::duplicate_mod, reason = "the same tests on the other database")]
#[path = "mod.rs"]
mod suite;

mod server;

use super::*;
