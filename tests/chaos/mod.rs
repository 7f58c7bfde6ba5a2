//! The gateway under faults: scenarios as data, one harness that plays them, and the same checks after each.
#![allow(unreachable_pub, reason = "a module of a test binary, written like any other")]

pub mod checks;
pub mod database;
pub mod disk;
pub mod office;
pub mod scenario;
pub mod scenarios;
pub mod table;
pub mod traffic;
pub mod world;
