//! A price per 24 hours, on the order of a court: reserved and claimed like price times quantity, and never held back for
//! money, because an order must be carried out.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::TrajectoryPerEtmaal,
    reserves: Reserves::ByDay,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: false,
    en: "An allocation reserves days times tariff; a full agreement is told and never asks a person, for an order is carried out.",
};

/// The same as of an arrangement: value by the days of each year.
#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    super::arrangement::cases()
}
