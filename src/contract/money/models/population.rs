//! An amount per head of a population, whoever is helped: the money is in the instalments, as with a lumpsum.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::Population,
    reserves: Reserves::Nothing,
    claims: Claims::Free,
    by_instalment: true,
    asks_when_full: true,
    en: "An allocation reserves nothing; the amount for the population is reserved per year and realised by instalments.",
};

/// The same as of a lumpsum: both are paid by instalment.
#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    super::lumpsum::cases()
}
