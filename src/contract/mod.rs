//! The contract layer: what a region agreed with its providers, and what that says about a message.

pub mod facts;

pub use facts::{ContractFacts, ContractRequest};
