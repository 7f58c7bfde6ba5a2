//! What people and programs may see of the ledger, as values: the console and the API show the same ones.
//!
//! Nothing personal stands in them unless it was asked for by somebody who may, with a reason.

pub mod overview;
pub mod providers;
