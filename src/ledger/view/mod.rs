//! What pages and programs read of the ledger: one file per topic, values of `crate::view`. Nothing here writes, but for
//! the note that somebody looks a person up (`persons`).

mod allocations;
mod budgets;
mod deliveries;
mod held;
mod message;
mod messages;
mod overview;
mod parked;
mod persons;
mod signals;

pub use persons::Look;
