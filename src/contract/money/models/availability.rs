//! Places are paid, not their use: base places by instalment, what comes on top by the day. A product with the mark
//! `base_place` is a base place; another product of such a segment is overflow where it has a tariff.

use super::{Claims, Funding, Reserves};
use crate::contract::words::Model;

pub(super) static FUNDING: Funding = Funding {
    model: Model::Availability,
    reserves: Reserves::Overflow,
    claims: Claims::Overflow,
    by_instalment: true,
    asks_when_full: true,
    en: "A base place reserves nothing and is paid by instalments; overflow reserves and realises days times tariff.",
};

#[cfg(test)]
pub(super) fn cases() -> Vec<super::cases::Case> {
    use super::cases::Step::{Allocate, Claim};
    use super::cases::{Case, case};
    use crate::message::Eenheid::{Etmaal, StuksOutput};
    use crate::message::Frequentie::{PerDag, Totaal};
    use jiff::civil::Date;
    const fn day(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }
    vec![
        Case {
            base_place: true,
            ..case(
                "a base place reserves nothing",
                &[Allocate(day(2026, 1, 1), Some(day(2026, 3, 31)), 1, Etmaal, PerDag)],
                &[],
            )
        },
        case(
            "overflow is paid by the day",
            &[
                Allocate(day(2026, 1, 1), Some(day(2026, 1, 31)), 1, Etmaal, PerDag),
                Claim(day(2026, 1, 1), 10 * 15_007),
            ],
            &[(2026, 21 * 15_007, 10 * 15_007)],
        ),
        case(
            "a place without a tariff is a base place",
            &[Allocate(day(2026, 1, 1), Some(day(2026, 1, 31)), 1, StuksOutput, Totaal)],
            &[],
        ),
    ]
}
