//! CS338: volumes per day exist only for minutes, hours and output pieces.
//!
//! When `Omvang.Eenheid` is 14, 16, 83 or 84 and Einddatum is after 31 December 2020 or absent, Frequentie is 2, 4 or
//! 6, so not 1 (per day). It holds for the allocations of a 301 and the products to change and new products of a 317;
//! CS343 asks the same of the requested products of a 315. iJw attaches the constraint to Volume, Eenheid and Frequentie apart,
//! iWmo to Omvang: it is one test, and the finding stands on Omvang.

use super::provision::{Provision, provisions};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS338",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij eenheid 14, 16, 83 of 84 is de frequentie 2, 4 of 6 als de einddatum na 31-12-2020 ligt of er geen \
        einddatum is.",
    en: "With unit 14, 16, 83 or 84 the frequency is 2, 4 or 6 when the end date is after 31 December 2020 or absent.",
    needs: &[],
    doubt: "iJw attaches the constraint to Volume, Eenheid and Frequentie apart, iWmo to Omvang; it is judged \
        once, on Omvang.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case).iter().filter_map(Provision::barred_per_day).collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::provision::change::{Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::message::{Eenheid, Frequentie};
    use crate::rules::sample::{Row, Sample, accepts, rejects};
    use jiff::civil::date;
    fn set<P: Provided>(s: &mut Sample, eenheid: Eenheid, frequentie: Frequentie) {
        set_at::<P>(s, 0, eenheid, frequentie);
    }
    fn set_at<P: Provided>(s: &mut Sample, index: usize, eenheid: Eenheid, frequentie: Frequentie) {
        let mut draft = P::at(s, index);
        draft.volume().eenheid = eenheid;
        draft.volume().frequentie = frequentie;
    }
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("no Omvang", P::NUMBER, |s| *P::at(s, 0).omvang = None),
            accepts("minutes per day", P::NUMBER, |s| set::<P>(s, Eenheid::Minuut, Frequentie::PerDag)),
            accepts("hours per day", P::NUMBER, |s| set::<P>(s, Eenheid::Uur, Frequentie::PerDag)),
            accepts("output pieces per day", P::NUMBER, |s| set::<P>(s, Eenheid::StuksOutput, Frequentie::PerDag)),
            accepts("24-hour periods per week", P::NUMBER, |s| set::<P>(s, Eenheid::Etmaal, Frequentie::PerWeek)),
            accepts("half-day parts per month", P::NUMBER, |s| set::<P>(s, Eenheid::Dagdeel, Frequentie::PerMaand)),
            accepts("euros in total", P::NUMBER, |s| set::<P>(s, Eenheid::Euro, Frequentie::Totaal)),
            rejects("24-hour periods per day", P::NUMBER, P::OMVANG[0], |s| {
                set::<P>(s, Eenheid::Etmaal, Frequentie::PerDag);
            }),
            rejects("half-day parts per day", P::NUMBER, P::OMVANG[0], |s| {
                set::<P>(s, Eenheid::Dagdeel, Frequentie::PerDag);
            }),
            rejects("euros per day", P::NUMBER, P::OMVANG[0], |s| set::<P>(s, Eenheid::Euro, Frequentie::PerDag)),
            rejects("effort pieces per day, in the second", P::NUMBER, P::OMVANG[1], |s| {
                set_at::<P>(s, 1, Eenheid::StuksInspanning, Frequentie::PerDag);
            }),
            rejects("euros per day without an end", P::NUMBER, P::OMVANG[0], |s| {
                set::<P>(s, Eenheid::Euro, Frequentie::PerDag);
                *P::at(s, 0).end = None;
            }),
            rejects("euros per day until the first day of 2021", P::NUMBER, P::OMVANG[0], |s| {
                set::<P>(s, Eenheid::Euro, Frequentie::PerDag);
                *P::at(s, 0).end = Some(date(2021, 1, 1));
            }),
            accepts("euros per day until the last day of 2020", P::NUMBER, |s| {
                set::<P>(s, Eenheid::Euro, Frequentie::PerDag);
                *P::at(s, 0).end = Some(date(2020, 12, 31));
            }),
        ]
    }
    [rows::<Toegewezen>(), rows::<TeWijzigen>(), rows::<Nieuw>()].concat()
}
