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
