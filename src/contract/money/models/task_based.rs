//! A task for a population: no allocation to a client and no claim in the messages.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::TaskBased,
    reserves: Reserves::Nothing,
    claims: Claims::Never,
    by_instalment: true,
    asks_when_full: true,
    en: "There are no allocations and no claims; the agreed total is reserved per year and realised by instalments.",
};

/// The same as of a lumpsum: both are paid by instalment.
#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    super::lumpsum::cases()
}
