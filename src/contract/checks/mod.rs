//! The checks of the contract layer: one file per check, its cases beside it.
//!
//! A check is pure and knows nothing of policies: it says what it sees, the engine decides what is done with it.

use super::check::CheckInfo;

mod a1;
mod a2;
mod a4;
mod b4;
mod cover;
mod d1;
mod d10;
mod d11;
mod d12;
mod d13;
mod d14;
mod d15;
mod d16;
mod d17;
mod d18;
mod d19;
mod d2;
mod d20;
mod d21;
mod d22;
mod d23;
mod d24;
mod d25;
mod d26;
mod d27;
mod d28;
mod d29;
mod d3;
mod d30;
mod d4;
mod d5;
mod d6;
mod d7;
mod d8;
mod d9;
#[cfg(test)]
mod past;
#[cfg(test)]
mod sample;
mod spans;
mod spend;
mod turnover;

/// Every check, by id.
pub(super) static ALL: &[&CheckInfo] = &[
    &a1::CHECK,
    &a2::CHECK,
    &a4::CHECK,
    &b4::CHECK,
    &d1::CHECK,
    &d10::CHECK,
    &d11::CHECK,
    &d12::CHECK,
    &d13::CHECK,
    &d14::CHECK,
    &d15::CHECK,
    &d16::CHECK,
    &d17::CHECK,
    &d18::CHECK,
    &d19::CHECK,
    &d2::CHECK,
    &d20::CHECK,
    &d21::CHECK,
    &d22::CHECK,
    &d23::CHECK,
    &d24::CHECK,
    &d25::CHECK,
    &d26::CHECK,
    &d27::CHECK,
    &d28::CHECK,
    &d29::CHECK,
    &d3::CHECK,
    &d30::CHECK,
    &d4::CHECK,
    &d5::CHECK,
    &d6::CHECK,
    &d7::CHECK,
    &d8::CHECK,
    &d9::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all_cases() -> Vec<(&'static CheckInfo, Vec<sample::Row>)> {
        vec![
            (&a1::CHECK, a1::cases()),
            (&a2::CHECK, a2::cases()),
            (&a4::CHECK, a4::cases()),
            (&b4::CHECK, b4::cases()),
            (&d10::CHECK, d10::cases()),
            (&d11::CHECK, d11::cases()),
            (&d14::CHECK, d14::cases()),
            (&d16::CHECK, d16::cases()),
            (&d18::CHECK, d18::cases()),
            (&d2::CHECK, d2::cases()),
            (&d20::CHECK, d20::cases()),
            (&d3::CHECK, d3::cases()),
            (&d30::CHECK, d30::cases()),
            (&d4::CHECK, d4::cases()),
            (&d5::CHECK, d5::cases()),
            (&d7::CHECK, d7::cases()),
            (&d8::CHECK, d8::cases()),
        ]
    }

    #[test]
    fn every_row_of_every_check_holds() {
        for (check, rows) in all_cases() {
            for row in rows {
                row.hold(check);
            }
        }
    }

    #[test]
    fn every_check_has_rows_of_both_sorts_for_each_number() {
        for (check, rows) in all_cases() {
            for number in check.numbers() {
                let of_number = || rows.iter().filter(|row| row.number == *number);
                assert!(of_number().any(|row| row.expected.is_empty()), "{} {number:?} has no silent row", check.id);
                assert!(of_number().any(|row| !row.expected.is_empty()), "{} {number:?} never speaks", check.id);
            }
        }
        assert_eq!(all_cases().len(), ALL.iter().filter(|check| !check.numbers().is_empty()).count());
    }

    #[test]
    fn ids_are_unique_sorted_and_described() {
        let ids: Vec<&str> = ALL.iter().map(|check| check.id).collect();
        let sorted: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
        for check in ALL {
            assert!(check.nl.ends_with('.') && check.en.ends_with('.') && !check.parameters.is_empty(), "{}", check.id);
        }
    }
}
