//! Sluis: a gateway for the Dutch care-message standards iWmo 3.2 and iJw 3.2.

pub mod message;
pub mod schema;
