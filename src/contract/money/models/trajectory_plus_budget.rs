//! As a trajectory, with an agreement that limits number times mix: `sum of n x price` stays within the amount.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::TrajectoryPlusBudget,
    reserves: Reserves::AtStart,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: true,
    en: "As a trajectory; the agreement limits the number of trajectories times their prices.",
};

/// The same as of a trajectory: the agreement only limits.
#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    super::trajectory::cases()
}
