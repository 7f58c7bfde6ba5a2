//! Tests that use a ledger, once more on PostgreSQL. Without a server they say that they are skipped, and run as they do
//! elsewhere.
#![expect(clippy::duplicate_mod, reason = "each of them brings what it uses")]

#[path = "holds.rs"]
mod holds;
#[path = "households.rs"]
mod households;
#[path = "ledger_crash.rs"]
mod ledger_crash;
#[path = "ledger_privacy.rs"]
mod ledger_privacy;
#[path = "money.rs"]
mod money;
#[path = "retention.rs"]
mod retention;
#[path = "survey.rs"]
mod survey;
#[path = "waiting_room.rs"]
mod waiting_room;
