//! What the console and the API read: queries whose cost does not grow with the ledger. The values stand in
//! [`crate::view`].

mod allocations;
mod message;
mod messages;
mod persons;

pub use persons::Look;
