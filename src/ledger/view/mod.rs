//! What pages and programs read of the ledger: one file per topic, values of `crate::view`. Nothing here writes.

mod budgets;
mod deliveries;
mod held;
mod overview;
mod parked;
mod signals;
