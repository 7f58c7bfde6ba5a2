//! CS343: what a 315 asks for per day is asked for in minutes, hours or output pieces.
//!
//! When `Omvang.Eenheid` is 14, 16, 83 or 84 and `ToewijzingEinddatum` is after 31 December 2020 or absent, Frequentie is
//! 2, 4 or 6, so not 1 (per day). It is what CS338 asks of allocations.

use super::provision::{Provision, provisions};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS343",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N315],
    laws: &Law::ALL,
    class: Class::AangevraagdProduct,
    nl: "Bij eenheid 14, 16, 83 of 84 is de gevraagde frequentie 2, 4 of 6 als de toewijzing eindigt na 31-12-2020 of \
        geen einddatum heeft.",
    en: "With unit 14, 16, 83 or 84 the frequency asked for is 2, 4 or 6 when the allocation ends after 31 December \
        2020 or has no end date.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case).iter().filter_map(Provision::barred_per_day).collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_aangevraagd_product;
    use crate::message::{AangevraagdProduct, Eenheid, Frequentie};
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[1]/Omvang";
    const SECOND: &str = "/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[2]/Omvang";
    fn per_day(product: &mut AangevraagdProduct, eenheid: Eenheid) {
        set(product, eenheid, Frequentie::PerDag);
    }
    fn set(product: &mut AangevraagdProduct, eenheid: Eenheid, frequentie: Frequentie) {
        let omvang = product.omvang.as_mut().expect("the sample has one");
        omvang.eenheid = eenheid;
        omvang.frequentie = frequentie;
    }
    vec![
        accepts("no Omvang", Number::N315, |s| s.aangevraagd_product().omvang = None),
        accepts("minutes per day", Number::N315, |s| per_day(s.aangevraagd_product(), Eenheid::Minuut)),
        accepts("hours per day", Number::N315, |s| per_day(s.aangevraagd_product(), Eenheid::Uur)),
        accepts("output pieces per day", Number::N315, |s| per_day(s.aangevraagd_product(), Eenheid::StuksOutput)),
        accepts("24-hour periods per week", Number::N315, |s| {
            set(s.aangevraagd_product(), Eenheid::Etmaal, Frequentie::PerWeek);
        }),
        accepts("half-day parts per month", Number::N315, |s| {
            set(s.aangevraagd_product(), Eenheid::Dagdeel, Frequentie::PerMaand);
        }),
        accepts("euros in total", Number::N315, |s| set(s.aangevraagd_product(), Eenheid::Euro, Frequentie::Totaal)),
        rejects("24-hour periods per day", Number::N315, &[FIRST], |s| {
            per_day(s.aangevraagd_product(), Eenheid::Etmaal);
        }),
        rejects("half-day parts per day", Number::N315, &[FIRST], |s| {
            per_day(s.aangevraagd_product(), Eenheid::Dagdeel);
        }),
        rejects("euros per day", Number::N315, &[FIRST], |s| per_day(s.aangevraagd_product(), Eenheid::Euro)),
        rejects("effort pieces per day, without an end", Number::N315, &[FIRST], |s| {
            per_day(s.aangevraagd_product(), Eenheid::StuksInspanning);
            s.aangevraagd_product().toewijzing_einddatum = None;
        }),
        rejects("euros per day until the first day of 2021", Number::N315, &[FIRST], |s| {
            per_day(s.aangevraagd_product(), Eenheid::Euro);
            s.aangevraagd_product().toewijzing_einddatum = Some(date(2021, 1, 1));
        }),
        accepts("euros per day until the last day of 2020", Number::N315, |s| {
            per_day(s.aangevraagd_product(), Eenheid::Euro);
            s.aangevraagd_product().toewijzing_einddatum = Some(date(2020, 12, 31));
        }),
        rejects("only the second of three", Number::N315, &[SECOND], |s| {
            add_aangevraagd_product(s, |product| per_day(product, Eenheid::Etmaal));
            add_aangevraagd_product(s, |product| per_day(product, Eenheid::Uur));
        }),
    ]
}
