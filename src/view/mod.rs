//! What people and programs may see of the ledger, as values: the console and the API show the same ones.
//!
//! Nothing personal stands in them unless it was asked for by somebody who may, with a reason.

pub mod allocations;
pub mod audit;
pub mod budgets;
pub mod deliveries;
pub(crate) mod excerpt;
pub mod health;
pub mod held;
pub mod message;
pub mod messages;
pub mod overview;
pub mod page;
pub mod parked;
pub mod providers;
pub mod signals;
pub mod snippet;
pub mod trial;

pub use snippet::Snippet;
pub use trial::{Leaving, OwnMessage, ReplyBy, Trial};

use serde::Serializer;
use std::fmt::Display;

/// Moments and dates as people and programs write them: RFC 3339 and ISO 8601.
pub(crate) fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// As [`as_text`], of what may be missing.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn as_optional_text<T: Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
