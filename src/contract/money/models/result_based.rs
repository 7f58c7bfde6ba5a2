//! A price per result and level. A result that is paid at its end progresses with the days, so its value is spread over
//! them.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::ResultBased,
    reserves: Reserves::ByDay,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: true,
    en: "An allocation reserves the price of its result, spread over its days; a claim realises it per period or at the end.",
};

/// The same as of an arrangement: value by the days of each year.
#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    super::arrangement::cases()
}
