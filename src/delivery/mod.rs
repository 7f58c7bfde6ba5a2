//! Delivery: the relay that sends what the outbox holds.

pub mod outbox;
