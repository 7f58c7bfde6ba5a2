//! Sluis: a gateway for the Dutch care-message standards iWmo 3.2 and iJw 3.2.

pub mod contract;
pub mod decision;
pub mod delivery;
pub mod finding;
pub mod ledger;
pub mod message;
pub mod rules;
pub mod transport;
