//! The checks of the contract layer: one file per check, its cases beside it.
//!
//! A check is pure and knows nothing of policies: it says what it sees, the engine decides what is done with it.

use super::check::CheckInfo;

mod a1;
mod a10;
mod a11;
mod a12;
mod a13;
mod a14;
mod a15;
mod a16;
mod a17;
mod a18;
mod a19;
mod a2;
mod a20;
mod a21;
mod a22;
mod a23;
mod a24;
mod a3;
mod a4;
mod a5;
mod a5_over_time;
mod a6;
mod a7;
mod a8;
mod a8_over_time;
mod a9;
pub(super) mod asked;
mod b1;
mod b10;
mod b10_double;
mod b11;
mod b12;
mod b13;
mod b14;
mod b15;
mod b16;
mod b17;
mod b18;
mod b19;
mod b2;
mod b20;
mod b21;
mod b22;
mod b23;
mod b24;
mod b3;
mod b4;
mod b4_chains;
mod b5;
mod b6;
mod b7;
mod b8;
mod b9;
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
mod chains;
mod changes;
mod courses;
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
mod rates;
mod referrals;
#[cfg(test)]
mod sample;
mod spans;
mod spend;
#[cfg(test)]
pub(super) mod timeline;
mod turnover;
mod waits;

/// Every check, by id.
pub(super) static ALL: &[&CheckInfo] = &[
    &a1::CHECK,
    &a2::CHECK,
    &a3::CHECK,
    &a4::CHECK,
    &a5::CHECK,
    &a5_over_time::CHECK,
    &a6::CHECK,
    &a7::CHECK,
    &a8::CHECK,
    &a8_over_time::CHECK,
    &a9::CHECK,
    &a10::CHECK,
    &a11::CHECK,
    &a12::CHECK,
    &a13::CHECK,
    &a14::CHECK,
    &a15::CHECK,
    &a16::CHECK,
    &a17::CHECK,
    &a18::CHECK,
    &a19::CHECK,
    &a20::CHECK,
    &a21::CHECK,
    &a22::CHECK,
    &a23::CHECK,
    &a24::CHECK,
    &b1::CHECK,
    &b2::CHECK,
    &b3::CHECK,
    &b4::CHECK,
    &b4_chains::CHECK,
    &b5::CHECK,
    &b6::CHECK,
    &b7::CHECK,
    &b8::CHECK,
    &b9::CHECK,
    &b10_double::CHECK,
    &b10::CHECK,
    &b11::CHECK,
    &b12::CHECK,
    &b13::CHECK,
    &b14::CHECK,
    &b15::CHECK,
    &b16::CHECK,
    &b17::CHECK,
    &b18::CHECK,
    &b19::CHECK,
    &b20::CHECK,
    &b21::CHECK,
    &b22::CHECK,
    &b23::CHECK,
    &b24::CHECK,
    &c1::CHECK,
    &c2::CHECK,
    &c3::CHECK,
    &c4::CHECK,
    &c5::CHECK,
    &c6::CHECK,
    &c7::CHECK,
    &c8::CHECK,
    &c9::CHECK,
    &c10::CHECK,
    &c11::CHECK,
    &c12::CHECK,
    &c13::CHECK,
    &c14::CHECK,
    &c15::CHECK,
    &c16::CHECK,
    &c17::CHECK,
    &d1::CHECK,
    &d2::CHECK,
    &d3::CHECK,
    &d4::CHECK,
    &d5::CHECK,
    &d6::CHECK,
    &d7::CHECK,
    &d8::CHECK,
    &d9::CHECK,
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
    &d30::CHECK,
];

#[cfg(test)]
mod tests {
    use super::super::check::Run;
    use super::super::{Policies, assess};
    use super::*;
    use crate::contract::norms;
    use crate::message::{Eenheid, Number};
    use jiff::ToSpan as _;
    use proptest::prelude::*;
    use proptest::sample::select;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    fn all_cases() -> Vec<(&'static CheckInfo, Vec<sample::Row>)> {
        vec![
            (&a1::CHECK, a1::cases()),
            (&a2::CHECK, a2::cases()),
            (&a3::CHECK, a3::cases()),
            (&a4::CHECK, a4::cases()),
            (&a5::CHECK, a5::cases()),
            (&a6::CHECK, a6::cases()),
            (&a7::CHECK, a7::cases()),
            (&a8::CHECK, a8::cases()),
            (&a13::CHECK, a13::cases()),
            (&a14::CHECK, a14::cases()),
            (&a15::CHECK, a15::cases()),
            (&a16::CHECK, a16::cases()),
            (&a17::CHECK, a17::cases()),
            (&a18::CHECK, a18::cases()),
            (&a19::CHECK, a19::cases()),
            (&a22::CHECK, a22::cases()),
            (&a23::CHECK, a23::cases()),
            (&a24::CHECK, a24::cases()),
            (&b4::CHECK, b4::cases()),
            (&b10_double::CHECK, b10_double::cases()),
            (&c5::CHECK, c5::cases()),
            (&d2::CHECK, d2::cases()),
            (&d3::CHECK, d3::cases()),
            (&d4::CHECK, d4::cases()),
            (&d5::CHECK, d5::cases()),
            (&d7::CHECK, d7::cases()),
            (&d8::CHECK, d8::cases()),
            (&d10::CHECK, d10::cases()),
            (&d11::CHECK, d11::cases()),
            (&d14::CHECK, d14::cases()),
            (&d16::CHECK, d16::cases()),
            (&d18::CHECK, d18::cases()),
            (&d20::CHECK, d20::cases()),
            (&d30::CHECK, d30::cases()),
        ]
    }

    fn all_cases_over_time() -> Vec<(&'static CheckInfo, Vec<timeline::Row>)> {
        vec![
            (&a5_over_time::CHECK, a5_over_time::cases()),
            (&a8_over_time::CHECK, a8_over_time::cases()),
            (&a9::CHECK, a9::cases()),
            (&a11::CHECK, a11::cases()),
            (&a12::CHECK, a12::cases()),
            (&b1::CHECK, b1::cases()),
            (&b2::CHECK, b2::cases()),
            (&b3::CHECK, b3::cases()),
            (&b4_chains::CHECK, b4_chains::cases()),
            (&b5::CHECK, b5::cases()),
            (&b6::CHECK, b6::cases()),
            (&b7::CHECK, b7::cases()),
            (&b9::CHECK, b9::cases()),
            (&b10::CHECK, b10::cases()),
            (&b11::CHECK, b11::cases()),
            (&b12::CHECK, b12::cases()),
            (&b13::CHECK, b13::cases()),
            (&b14::CHECK, b14::cases()),
            (&b15::CHECK, b15::cases()),
            (&b17::CHECK, b17::cases()),
            (&b18::CHECK, b18::cases()),
            (&b20::CHECK, b20::cases()),
            (&b21::CHECK, b21::cases()),
            (&b22::CHECK, b22::cases()),
            (&b23::CHECK, b23::cases()),
            (&b24::CHECK, b24::cases()),
            (&c1::CHECK, c1::cases()),
            (&c2::CHECK, c2::cases()),
            (&c3::CHECK, c3::cases()),
            (&c4::CHECK, c4::cases()),
            (&c6::CHECK, c6::cases()),
            (&c7::CHECK, c7::cases()),
            (&c9::CHECK, c9::cases()),
            (&c11::CHECK, c11::cases()),
            (&c12::CHECK, c12::cases()),
            (&c14::CHECK, c14::cases()),
            (&c15::CHECK, c15::cases()),
            (&c16::CHECK, c16::cases()),
            (&c17::CHECK, c17::cases()),
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
        // Those on money have their cases as tests of their own, over a past that is told in cents.
        let told_in_cents = ["D1", "D15", "D22", "D23", "D26", "D29"];
        let rest = over_time.filter(|check| !told_in_cents.contains(&check.id));
        assert_eq!(all_cases_over_time().len(), rest.count());
    }

    #[test]
    fn every_row_of_every_check_holds() {
        let cases = all_cases();
        let rows = cases.iter().flat_map(|(check, rows)| rows.iter().map(move |row| (check, row)));
        let otherwise: Vec<String> = rows.filter_map(|(check, row)| row.hold(check).err()).collect();
        assert!(otherwise.is_empty(), "{otherwise:#?}");
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

    /// Whoever compares the allocations of one person in pairs takes sixty-four times as long for eight times as many.
    #[test]
    fn a_long_course_of_care_is_looked_over_in_proportion_to_its_length() {
        let (short, long) = (time_of(5_000), time_of(40_000));
        assert!(long < short * 30, "{short:?} for 5,000 allocations, {long:?} for 40,000");
    }

    /// How long the checks of over-indication take over one person with so many allocations.
    fn time_of(number: crate::message::Count) -> std::time::Duration {
        use crate::contract::norms;
        use crate::contract::words::Flag;
        use crate::message::Law;
        use jiff::ToSpan as _;
        use timeline::{TODAY, Timeline};

        const CODES: [(&str, &[Flag]); 4] = [
            ("02A04", &[Flag::Ambulatory, Flag::Diagnosis]),
            ("18A01", &[Flag::Residence]),
            ("07A01", &[Flag::DayActivity, Flag::Family]),
            ("07A02", &[Flag::Educational]),
        ];
        let mut t = Timeline::new();
        for norm in norms::ALL {
            t.norm(norm, 2);
        }
        for (code, flag) in CODES.iter().flat_map(|(code, flags)| flags.iter().map(move |flag| (code, flag))) {
            t.mark(Law::Wmo, code, *flag);
        }
        for nummer in 1..=number {
            let (code, _) = CODES[usize::try_from(nummer % 4).expect("less than four")];
            let from = TODAY.saturating_sub(i64::try_from(nummer % 1_500).expect("a few days").days());
            let allocated = t.allocation(nummer, "a", code, from, (nummer % 3 > 0).then_some(TODAY));
            allocated.versions[0].aanbieder = if nummer % 2 == 0 { "42420001" } else { "42420002" }.into();
        }
        let survey = t.survey();
        let start = std::time::Instant::now();
        for check in ALL.iter().filter(|check| check.id.starts_with('B')) {
            let Run::OverTime(run) = check.run else { continue };
            let told = run(&survey);
            assert!(told.len() <= survey.history.allocations.len(), "{} tells more than there is", check.id);
        }
        start.elapsed()
    }

    /// A request past the contract (A4) and past the budget of its provider (D8), under these policies: the answers as
    /// check and reason, and the outcomes that are told.
    fn answered(policies: &[(&str, &str)], change: fn(&mut sample::Sample)) -> (Vec<String>, Vec<String>) {
        let mut sample = sample::Sample::of(Number::N315);
        d8::past_the_amount(&mut sample);
        sample.asked().toewijzing_einddatum = Some(jiff::civil::date(2027, 1, 1));
        change(&mut sample);
        let mut wanted = Policies::default();
        for (check, word) in policies {
            wanted.set(check, None, word).expect("a known check and word");
        }
        let today = jiff::civil::date(2026, 3, 10);
        let (register, message, facts) = (&sample.register, &sample.message, &sample.facts);
        let assessment = assess(register, &wanted, message, today, facts, &sample.ledger, &sample.granted);
        let answers = assessment.answers.iter().map(|advice| format!("{} {}", advice.check, advice.reden.code()));
        let told = assessment.signals.iter().map(|signal| format!("{} {}", signal.check, signal.outcome));
        (answers.collect(), told.collect())
    }

    #[test]
    fn a_request_is_answered_for_one_reason_and_the_contract_comes_first() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let both = [("A4", "answer"), ("D8", "answer")];
        assert_eq!(answered(&both, |_| ()), (texts(&["A4 4"]), texts(&["A4 answer", "D8 signal"])));
        let budget = [("D8", "answer")];
        assert_eq!(answered(&budget, |_| ()), (texts(&["D8 2"]), texts(&["D8 answer"])), "A4 only observes");
        let held = [("A4", "hold"), ("D8", "hold")];
        assert_eq!(answered(&held, |_| ()), (Vec::new(), texts(&["A4 signal", "D8 signal"])), "no request can be held");
        let crisis = |sample: &mut sample::Sample| sample.mark("04A01", "crisis");
        assert_eq!(answered(&both, crisis), (Vec::new(), texts(&["A4 signal", "D8 signal"])), "crisis care never");
        // A doctor refers: the provider's own amount still counts, that of the segment never does.
        let doctor = |sample: &mut sample::Sample| sample.asked().verwijzer.soort = "02".into();
        assert_eq!(answered(&budget, doctor).0, texts(&["D8 2"]));
        let segment = |sample: &mut sample::Sample| {
            const POT: &str = "FICTIEF-WIO-0197-2026";
            sample.on_exceed(POT, "answer");
            sample.consumed(POT, 60_000_000);
            sample.asked().verwijzer.soort = "02".into();
            sample.asked().toewijzing_einddatum = Some(jiff::civil::date(2026, 9, 30));
            sample.asked().omvang.as_mut().expect("the sample has a volume").eenheid = Eenheid::Uur;
            sample.care("02", "02A03");
        };
        assert_eq!(answered(&[("D2", "answer"), ("D8", "answer")], segment).0, Vec::<String>::new());
    }

    #[test]
    fn ids_are_unique_sorted_and_described() {
        // What a message shows of a check and what only time shows may be two entries.
        let number = |id: &str| id[1..].parse::<u32>().expect("a letter and a number");
        let ids: Vec<(&str, u32, bool)> =
            ALL.iter().map(|check| (&check.id[..1], number(check.id), matches!(check.run, Run::OverTime(_)))).collect();
        let sorted: BTreeSet<(&str, u32, bool)> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
        for check in ALL {
            assert!(check.nl.ends_with('.') && check.en.ends_with('.') && !check.parameters.is_empty(), "{}", check.id);
        }
    }

    /// A page with what each check is judged by and how many rows say so, compared with the one in `docs/`.
    #[test]
    fn the_page_on_coverage_is_that_of_the_rows() {
        let page = coverage();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &page).expect("docs/ can be written to");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page, "docs/checks.md is not that of the rows: UPDATE=1 cargo test --lib contract::checks");
    }

    fn coverage() -> String {
        let on_message: BTreeMap<&str, Vec<sample::Row>> =
            all_cases().into_iter().map(|(check, rows)| (check.id, rows)).collect();
        let over_time: BTreeMap<&str, Vec<timeline::Row>> =
            all_cases_over_time().into_iter().map(|(check, rows)| (check.id, rows)).collect();
        let mut page = "# Coverage of the checks\n\nWritten from the registry and the rows beside each check \
            (`src/contract/checks/`, one file per check); a test compares.\n\n\
            | check | judged | silent rows | raising rows |\n|---|---|---|---|\n"
            .to_owned();
        let (mut checks, mut silent_rows, mut raising_rows) = (0, 0, 0);
        for check in ALL {
            let (silent, all) = match check.run {
                Run::OnMessage { .. } => {
                    let rows = &on_message[check.id];
                    (rows.iter().filter(|row| row.expected.is_empty()).count(), rows.len())
                }
                Run::OverTime(_) => {
                    let rows = over_time.get(check.id).map_or(&[][..], Vec::as_slice);
                    (rows.iter().filter(|row| row.is_silent()).count(), rows.len())
                }
                Run::ByRules(_) | Run::AtLoad | Run::Elsewhere { .. } => (0, 0),
            };
            let judged = match check.run {
                Run::ByRules(rules) => rules.join(", "),
                Run::AtLoad => {
                    "when a register is checked (tests/contract_register.rs, tests/contract_import.rs)".to_owned()
                }
                Run::Elsewhere { .. } => "not in the messages".to_owned(),
                Run::OverTime(_) if all == 0 => "over time, by tests in its file".to_owned(),
                Run::OnMessage { .. } | Run::OverTime(_) => crate::contract::catalogue::when(check),
            };
            page.push_str(
                &[
                    "| ",
                    check.id,
                    " | ",
                    &judged,
                    " | ",
                    &silent.to_string(),
                    " | ",
                    &(all - silent).to_string(),
                    " |\n",
                ]
                .concat(),
            );
            checks += usize::from(all > 0);
            silent_rows += silent;
            raising_rows += all - silent;
        }
        let total =
            format!("\n{} ids, {checks} judged by rows: {silent_rows} silent, {raising_rows} raising.\n", ALL.len());
        page + &total
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
