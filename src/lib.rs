//! Sluis: a gateway for the Dutch care-message standards iWmo 3.2 and iJw 3.2.

pub mod app;
pub mod backoff;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod deadline;
pub mod decision;
pub mod delivery;
pub mod demo;
pub mod effects;
pub mod finding;
pub mod gateway;
pub mod http;
pub mod ledger;
pub mod message;
pub mod pipeline;
pub mod question;
pub mod reply;
pub mod rules;
pub mod schema;
pub mod shutdown;
pub mod standard;
pub mod telemetry;
pub mod transport;
pub mod waiting;
