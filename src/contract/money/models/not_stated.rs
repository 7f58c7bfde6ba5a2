//! No model is in force: none is stated, or one is intended and no person has confirmed it. Reckoned like price times
//! quantity, which is the worst case.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::NotStated,
    reserves: Reserves::ByDay,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: true,
    en: "No model is in force; an allocation reserves volume times tariff, which is the worst case.",
};

/// The same as of an arrangement: value by the days of each year.
#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    super::arrangement::cases()
}
