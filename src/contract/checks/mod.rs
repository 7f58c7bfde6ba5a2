//! The checks of the contract layer: one file per check, its cases beside it.
//!
//! A check is pure and knows nothing of policies: it says what it sees, the engine decides what is done with it.

use super::check::CheckInfo;

mod a1;
mod a11;
mod a12;
mod a2;
mod a4;
mod a5_over_time;
mod a8_over_time;
mod a9;
mod b4;
mod c1;
mod c10;
mod c11;
mod c12;
mod c13;
mod c14;
mod c15;
mod c16;
mod c17;
mod c2;
mod c3;
mod c4;
mod c5;
mod c6;
mod c7;
mod c8;
mod c9;
mod courses;
mod cover;
mod d2;
mod d8;
mod referrals;
#[cfg(test)]
mod sample;
mod spend;
#[cfg(test)]
mod timeline;
mod waits;

/// Every check, by id.
pub(super) static ALL: &[&CheckInfo] = &[
    &a1::CHECK,
    &a11::CHECK,
    &a12::CHECK,
    &a2::CHECK,
    &a4::CHECK,
    &a5_over_time::CHECK,
    &a8_over_time::CHECK,
    &a9::CHECK,
    &b4::CHECK,
    &c1::CHECK,
    &c10::CHECK,
    &c11::CHECK,
    &c12::CHECK,
    &c13::CHECK,
    &c14::CHECK,
    &c15::CHECK,
    &c16::CHECK,
    &c17::CHECK,
    &c2::CHECK,
    &c3::CHECK,
    &c4::CHECK,
    &c5::CHECK,
    &c6::CHECK,
    &c7::CHECK,
    &c8::CHECK,
    &c9::CHECK,
    &d2::CHECK,
    &d8::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::check::Run;
    use crate::contract::norms;
    use jiff::ToSpan as _;
    use proptest::prelude::*;
    use proptest::sample::select;
    use std::collections::BTreeSet;

    fn all_cases() -> Vec<(&'static CheckInfo, Vec<sample::Row>)> {
        vec![
            (&a1::CHECK, a1::cases()),
            (&a2::CHECK, a2::cases()),
            (&a4::CHECK, a4::cases()),
            (&b4::CHECK, b4::cases()),
            (&c5::CHECK, c5::cases()),
            (&d2::CHECK, d2::cases()),
            (&d8::CHECK, d8::cases()),
        ]
    }

    fn all_cases_over_time() -> Vec<(&'static CheckInfo, Vec<timeline::Row>)> {
        vec![
            (&a11::CHECK, a11::cases()),
            (&a12::CHECK, a12::cases()),
            (&a5_over_time::CHECK, a5_over_time::cases()),
            (&a8_over_time::CHECK, a8_over_time::cases()),
            (&a9::CHECK, a9::cases()),
            (&c1::CHECK, c1::cases()),
            (&c11::CHECK, c11::cases()),
            (&c12::CHECK, c12::cases()),
            (&c14::CHECK, c14::cases()),
            (&c15::CHECK, c15::cases()),
            (&c16::CHECK, c16::cases()),
            (&c17::CHECK, c17::cases()),
            (&c2::CHECK, c2::cases()),
            (&c3::CHECK, c3::cases()),
            (&c4::CHECK, c4::cases()),
            (&c6::CHECK, c6::cases()),
            (&c7::CHECK, c7::cases()),
            (&c9::CHECK, c9::cases()),
        ]
    }

    #[test]
    fn every_row_of_every_check_over_time_holds() {
        for (check, rows) in all_cases_over_time() {
            for row in &rows {
                row.hold(check);
            }
            assert!(rows.iter().any(timeline::Row::is_silent), "{} has no silent row", check.id);
            assert!(!rows.iter().all(timeline::Row::is_silent), "{} never speaks", check.id);
        }
        let over_time = ALL.iter().filter(|check| matches!(check.run, Run::OverTime(_)));
        assert_eq!(all_cases_over_time().len(), over_time.count());
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

    /// What may happen to one allocation: person, product, provider, first and last day, start and stop; days are
    /// counted from the first of 2025.
    type Happened = (u64, &'static str, &'static str, i64, Option<i64>, Option<(i64, Option<(&'static str, i64)>)>);

    fn happened() -> impl Strategy<Value = Happened> {
        // Now and then a day as far away as any date may be.
        let day = || prop_oneof![20 => 0..700_i64, 1 => Just(-50_000_i64), 1 => Just(2_900_000_i64)];
        let stop = (select(vec!["20", "22", "33", "38", "31", "19", "02"]), day());
        (
            0..4_u64,
            select(vec!["02A02", "01A01", "45A02", "46A01", "44A03", "43A01", "54D01"]),
            select(vec!["42420001", "42420002", "42420003", "42420006", "42420008", "42420010"]),
            day(),
            proptest::option::of(day()),
            proptest::option::weighted(0.7, (day(), proptest::option::of(stop))),
        )
    }

    fn live(timeline: &mut timeline::Timeline, all: &[Happened]) {
        use crate::message::Law;
        let nth = |day: i64| jiff::civil::date(2025, 1, 1).saturating_add(day.days());
        for (nummer, (person, code, agb, from, to, start)) in (1..).zip(all) {
            let allocated = timeline.allocation(nummer, &format!("p{person}"), code, nth(*from), to.map(nth));
            allocated.law = if *code < "40" { Law::Wmo } else { Law::Jeugdwet };
            allocated.versions[0].aanbieder = (*agb).into();
            if let Some((begin, stop)) = start {
                timeline.start(nummer, nth(*begin));
                if let Some((reden, day)) = stop {
                    timeline.stop(nummer, reden, nth(*day));
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happened_each_case_is_told_once_and_nobody_is_named(
            all in proptest::collection::vec(happened(), 0..40),
            norm in 0..3_u64,
        ) {
            let mut timeline = timeline::Timeline::new();
            for each in norms::ALL {
                timeline.norm(each, norm);
            }
            live(&mut timeline, &all);
            for check in ALL {
                let Run::OverTime(run) = check.run else { continue };
                let mut cases = BTreeSet::new();
                for each in run(&timeline.survey()) {
                    let case = (each.law, each.gemeente.clone(), each.raised.subject.clone());
                    prop_assert!(cases.insert(case), "{} tells {} twice", check.id, each.raised.subject);
                    prop_assert!(!format!("{:?}", each.raised).contains("person-"), "{} names a person", check.id);
                }
            }
        }
    }
}
