//! Price times quantity: an allocation reserves its volume at the tariffs of its days, a claim realises the months
//! delivered.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::Pxq,
    reserves: Reserves::ByDay,
    claims: Claims::Priced,
    by_instalment: false,
    asks_when_full: true,
    en: "An allocation reserves volume times tariff by the days of each year; a claim realises it month by month.",
};

#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    use super::cases::Step::{Allocate, Budget, Claim, Day, Delete, Start, Stop, StopDeleted};
    use super::cases::case;
    use crate::message::Eenheid::{Etmaal, Euro};
    use crate::message::Frequentie::{PerDag, PerMaand, Totaal};
    use jiff::civil::Date;
    const fn day(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }
    vec![
        // 14 etmalen of January to March in 2026 at 150.07 would be 2,100.98; one a day over 90 days is 13,506.30.
        case(
            "a day at a time",
            &[Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag)],
            &[(2026, 1_350_630, 0)],
        ),
        case(
            "over new year, each year at its own tariff",
            &[Allocate(day(2025, 12, 1), Some(day(2026, 1, 31)), 2, Etmaal, PerDag)],
            &[(2025, 31 * 2 * 14_500, 0), (2026, 31 * 2 * 15_007, 0)],
        ),
        case(
            "claimed, and a part taken back",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Claim(day(2026, 1, 1), 465_217),
                Claim(day(2026, 1, 1), -15_007),
            ],
            &[(2026, 1_350_630 - 450_210, 450_210)],
        ),
        case(
            "claimed in the year before only",
            &[Allocate(day(2025, 12, 1), Some(day(2026, 1, 31)), 1, Etmaal, PerDag), Claim(day(2025, 12, 1), 500_000)],
            &[(2025, 0, 500_000), (2026, 31 * 15_007, 0)],
        ),
        case(
            "without an end, until the end of the year",
            &[Allocate(day(2026, 12, 1), None, 1, Etmaal, PerDag)],
            &[(2026, 31 * 15_007, 0)],
        ),
        case(
            "without an end, in every year with an agreement",
            &[Allocate(day(2025, 12, 31), None, 1, Etmaal, PerDag)],
            &[(2025, 14_500, 0), (2026, 365 * 15_007, 0)],
        ),
        case(
            "shrinks and grows",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 1, 10)), 3, Etmaal, PerDag),
                Allocate(day(2026, 1, 1), Some(day(2026, 1, 10)), 1, Etmaal, PerDag),
                Allocate(day(2026, 1, 1), Some(day(2026, 1, 20)), 1, Etmaal, PerDag),
            ],
            &[(2026, 20 * 15_007, 0)],
        ),
        case(
            "deleted after a claim that was taken back",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 1, 10)), 1, Etmaal, PerDag),
                Claim(day(2026, 1, 1), 15_007),
                Claim(day(2026, 1, 1), -15_007),
                Delete,
            ],
            &[],
        ),
        case(
            "a stop leaves what was delivered until then",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Claim(day(2026, 1, 1), 31 * 15_007),
                Stop(day(2026, 2, 14), "19"),
            ],
            &[(2026, 14 * 15_007, 31 * 15_007)],
        ),
        case(
            "a stop that is taken back",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Stop(day(2026, 2, 14), "19"),
                StopDeleted(day(2026, 2, 14), "19"),
            ],
            &[(2026, 90 * 15_007, 0)],
        ),
        case(
            "a temporary stop changes nothing",
            &[Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag), Stop(day(2026, 2, 14), "20")],
            &[(2026, 90 * 15_007, 0)],
        ),
        case(
            "care that begins again has its value back",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Stop(day(2026, 2, 14), "19"),
                Start(day(2026, 3, 1)),
            ],
            &[(2026, 90 * 15_007, 0)],
        ),
        case(
            "a stop holds when the allocation comes again unchanged",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Stop(day(2026, 1, 1), "19"),
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
            ],
            &[(2026, 15_007, 0)],
        ),
        case(
            "another last day goes before a stop",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Stop(day(2026, 1, 1), "19"),
                Allocate(day(2026, 1, 1), Some(day(2026, 1, 4)), 1, Etmaal, PerDag),
            ],
            &[(2026, 4 * 15_007, 0)],
        ),
        case(
            "the tail of a stop on its last day",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Stop(day(2026, 2, 14), "19"),
                Day(day(2026, 4, 14)),
            ],
            &[(2026, 45 * 15_007, 0)],
        ),
        case(
            "the tail of a stop after its last day",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Stop(day(2026, 2, 14), "19"),
                Day(day(2026, 4, 15)),
            ],
            &[],
        ),
        case(
            "a year on the last day of its claims",
            &[
                Allocate(day(2025, 12, 1), Some(day(2025, 12, 31)), 1, Etmaal, PerDag),
                Claim(day(2025, 12, 1), 14_500),
                Day(day(2026, 2, 28)),
            ],
            &[(2025, 30 * 14_500, 14_500)],
        ),
        case(
            "a year that is closed, and a credit after that",
            &[
                Allocate(day(2025, 12, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag),
                Claim(day(2025, 12, 1), 14_500),
                Day(day(2026, 3, 1)),
            ],
            &[(2025, 0, 14_500), (2026, 90 * 15_007, 0)],
        ),
        case(
            "a total runs by days, and what one year leaves the other may use",
            &[
                Allocate(day(2025, 12, 1), Some(day(2026, 1, 31)), 62_000, Euro, Totaal),
                Claim(day(2025, 12, 1), 40_000),
            ],
            &[(2025, 0, 40_000), (2026, 22_000, 0)],
        ),
        case(
            "a total taken back to where it was",
            &[
                Allocate(day(2025, 12, 1), Some(day(2026, 1, 31)), 62_000, Euro, Totaal),
                Claim(day(2025, 12, 1), 40_000),
                Claim(day(2025, 12, 1), -40_000),
                Allocate(day(2025, 12, 1), Some(day(2026, 1, 31)), 62_000, Euro, Totaal),
            ],
            &[(2025, 31_000, 0), (2026, 31_000, 0)],
        ),
        case(
            "what a closed year leaves of a total moves on",
            &[
                Budget(day(2025, 12, 1), Some(day(2026, 12, 31)), 39_600),
                Claim(day(2025, 12, 1), 1_000),
                Day(day(2026, 3, 1)),
            ],
            &[(2025, 0, 1_000), (2026, 38_600, 0)],
        ),
        case(
            "euros per month",
            &[Allocate(day(2026, 11, 1), Some(day(2026, 12, 31)), 20_000, Euro, PerMaand)],
            &[(2026, 40_000, 0)],
        ),
    ]
}
