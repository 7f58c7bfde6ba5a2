//! A fixed sum per year: the sum is reserved and realised by the instalments of the agreement. An allocation keeps
//! numbers and waiting visible and reserves nothing; a line is for registration, at a tariff of nothing. A line that was
//! granted with a price all the same is money spent, so it is booked (and told, D3).

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::Lumpsum,
    reserves: Reserves::Nothing,
    claims: Claims::Free,
    by_instalment: true,
    asks_when_full: true,
    en: "An allocation reserves nothing; the sum of a year is reserved on its first day and realised by instalments.",
};

#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    use super::cases::Step::{Allocate, Budget, Claim, Stop};
    use super::cases::case;
    use crate::message::Eenheid::Etmaal;
    use crate::message::Frequentie::PerDag;
    use jiff::civil::Date;
    const fn day(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }
    vec![
        case(
            "an allocation reserves nothing, whatever its form",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Budget(day(2026, 1, 1), Some(day(2026, 3, 31)), 100_000),
                Stop(day(2026, 2, 1), "19"),
            ],
            &[],
        ),
        case(
            "a line for registration books nothing",
            &[Allocate(day(2026, 1, 1), None, 1, Etmaal, PerDag), Claim(day(2026, 1, 1), 0)],
            &[],
        ),
        case(
            "a line that was granted with a price is money spent",
            &[Allocate(day(2026, 1, 1), None, 1, Etmaal, PerDag), Claim(day(2026, 1, 1), 15_007)],
            &[(2026, 0, 15_007)],
        ),
    ]
}
