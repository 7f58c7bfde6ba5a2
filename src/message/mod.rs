//! Typed messages, codes, dates and ids. Names nothing else of the gateway.

pub mod kind;
pub mod tree;

pub use kind::{Direction, Kind, Law, Number};
