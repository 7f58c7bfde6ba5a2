//! Sluis: a gateway for the Dutch care-message standards iWmo 3.2 and iJw 3.2.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod contract;
pub mod decision;
pub mod delivery;
pub mod finding;
pub mod http;
pub mod ledger;
pub mod message;
pub mod reply;
pub mod rules;
pub mod schema;
pub mod shutdown;
pub mod telemetry;
pub mod transport;
