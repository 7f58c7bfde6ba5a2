//! A price per step and period, whatever the hours: reserved by period, claimed by period.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::Arrangement,
    reserves: Reserves::ByDay,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: true,
    en: "An allocation reserves the price of its step for each period; a claim realises the step, whatever the hours.",
};

#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    use super::cases::Step::{Allocate, Claim, Stop};
    use super::cases::case;
    use crate::message::Eenheid::{Etmaal, Euro};
    use crate::message::Frequentie::{PerDag, Totaal};
    use jiff::civil::Date;
    const fn day(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }
    vec![
        case(
            "days times price, each year its own",
            &[Allocate(day(2025, 12, 30), Some(day(2026, 1, 3)), 1, Etmaal, PerDag)],
            &[(2025, 2 * 14_500, 0), (2026, 3 * 15_007, 0)],
        ),
        case(
            "claimed by period, then stopped",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 2, 28)), 1, Etmaal, PerDag),
                Claim(day(2026, 1, 1), 31 * 15_007),
                Stop(day(2026, 2, 10), "19"),
            ],
            &[(2026, 10 * 15_007, 31 * 15_007)],
        ),
        case(
            "a price for the whole goes by day",
            &[Allocate(day(2025, 12, 1), Some(day(2026, 1, 31)), 62_000, Euro, Totaal)],
            &[(2025, 31_000, 0), (2026, 31_000, 0)],
        ),
    ]
}
