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

#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    use super::cases::Step::{Allocate, Claim, Day, Stop};
    use super::cases::case;
    use crate::message::Eenheid::{Etmaal, Euro};
    use crate::message::Frequentie::{PerDag, Totaal};
    use jiff::civil::Date;
    const fn day(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }
    vec![
        case(
            "its price stands in the year that it begins",
            &[Allocate(day(2025, 11, 1), Some(day(2026, 6, 30)), 242_000, Euro, Totaal)],
            &[(2025, 242_000, 0)],
        ),
        case(
            "claims of both years use it up",
            &[
                Allocate(day(2025, 11, 1), Some(day(2026, 6, 30)), 242_000, Euro, Totaal),
                Claim(day(2025, 11, 1), 60_500),
                Claim(day(2026, 2, 1), 60_500),
            ],
            &[(2025, 121_000, 60_500), (2026, 0, 60_500)],
        ),
        case(
            "a credit of the second year gives it back where it began",
            &[
                Allocate(day(2025, 11, 1), Some(day(2026, 6, 30)), 242_000, Euro, Totaal),
                Claim(day(2026, 2, 1), 60_500),
                Claim(day(2026, 2, 1), -60_500),
            ],
            &[(2025, 242_000, 0)],
        ),
        case(
            "a stop leaves what was earned: 30 of 242 days",
            &[Allocate(day(2025, 11, 1), Some(day(2026, 6, 30)), 242_000, Euro, Totaal), Stop(day(2025, 11, 30), "21")],
            &[(2025, 30_000, 0)],
        ),
        case(
            "a closed year hands a running trajectory on",
            &[
                Allocate(day(2025, 11, 1), Some(day(2026, 6, 30)), 242_000, Euro, Totaal),
                Claim(day(2025, 11, 1), 60_500),
                Day(day(2026, 3, 1)),
            ],
            &[(2025, 0, 60_500), (2026, 181_500, 0)],
        ),
        case(
            "what is allocated per day goes by day",
            &[Allocate(day(2025, 12, 31), Some(day(2026, 1, 1)), 1, Etmaal, PerDag)],
            &[(2025, 14_500, 0), (2026, 15_007, 0)],
        ),
    ]
}
