//! What pages and programs read of the ledger: one file per topic, values of `crate::view`. Nothing here writes.

mod overview;
mod providers;
