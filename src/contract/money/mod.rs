//! Money over time: which account a euro belongs to, what each way of funding does with it, and the figures that follow.
//!
//! `docs/money.md` tells the whole in words. What a message books is decided in `contract::budget`; here stands what that
//! needs, and what is booked without a message. Everything is pure, in integer cents.

pub mod account;
pub mod close;
pub mod figures;
pub mod instalment;
pub mod models;
pub mod overview;

pub use account::{Piece, pieces, place};
pub use models::{Claims, Funding, Reserves, funding};
