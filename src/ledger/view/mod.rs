//! What pages and programs read of the ledger: one file per topic, values of `crate::view`. Nothing here writes, but for
//! the note that somebody looks a person up (`persons`).

mod allocations;
mod audit;
mod budgets;
mod deliveries;
mod health;
mod held;
mod message;
mod messages;
mod overview;
mod parked;
mod persons;
mod providers;
mod signals;

pub use persons::Look;

#[cfg(test)]
pub(in crate::ledger) use allocations::Driver as AllocationDriver;
#[cfg(test)]
pub(in crate::ledger) use messages::Driver as MessageDriver;
