//! CS338: volumes per day exist only for minutes, hours and output pieces.
//!
//! When `Omvang.Eenheid` is 14, 16, 83 or 84 and Einddatum is after 31 December 2020 or absent, Frequentie is 2, 4 or
//! 6, so not 1 (per day). iJw attaches the constraint to Volume, Eenheid and Frequentie apart, iWmo to Omvang: it is
//! one test, and the finding stands on Omvang.

use super::helpers::{is_barred_per_day, toegewezen_producten};
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS338",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij eenheid 14, 16, 83 of 84 is de frequentie 2, 4 of 6 als de toewijzing eindigt na 31-12-2020 of geen \
        einddatum heeft.",
    en: "With unit 14, 16, 83 or 84 the frequency is 2, 4 or 6 when the allocation ends after 31 December 2020 or \
        has no end date.",
    needs: &[],
    doubt: "iJw attaches the constraint to Volume, Eenheid and Frequentie apart, iWmo to Omvang; it is judged \
        once, on Omvang.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    toegewezen_producten(case)
        .into_iter()
        .filter_map(|product| {
            let end = product.item.einddatum;
            let omvang = product.item.omvang.as_ref().filter(|omvang| is_barred_per_day(omvang, end))?;
            let (unit, frequentie) = (figures::unit(omvang.eenheid), omvang.frequentie.as_str());
            let violation = Violation::at(
                product.place("Omvang"),
                format!(
                    "Eenheid {} staat er met frequentie {frequentie} (per dag). Gebruik 2 (per \
                    week), 4 (per maand) of 6 (totaal).",
                    unit.nl
                ),
                format!(
                    "Unit {} has frequency {frequentie} (per day). Use 2 (per week), 4 (per month) \
                    or 6 (in total).",
                    unit.en
                ),
            )
            .fact("eenheid", omvang.eenheid.as_str())
            .fact("frequentie", frequentie);
            Some(violation.maybe_date("einddatum", end))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Eenheid, Frequentie};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const PATH: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Omvang";
    fn set(s: &mut Sample, eenheid: Eenheid, frequentie: Frequentie) {
        let omvang = s.product().omvang.as_mut().expect("the sample has one");
        omvang.eenheid = eenheid;
        omvang.frequentie = frequentie;
    }
    vec![
        accepts("no Omvang", Number::N301, |s| s.product().omvang = None),
        accepts("minutes per day", Number::N301, |s| set(s, Eenheid::Minuut, Frequentie::PerDag)),
        accepts("hours per day", Number::N301, |s| set(s, Eenheid::Uur, Frequentie::PerDag)),
        accepts("output pieces per day", Number::N301, |s| set(s, Eenheid::StuksOutput, Frequentie::PerDag)),
        accepts("24-hour periods per week", Number::N301, |s| set(s, Eenheid::Etmaal, Frequentie::PerWeek)),
        accepts("half-day parts per month", Number::N301, |s| set(s, Eenheid::Dagdeel, Frequentie::PerMaand)),
        accepts("euros in total", Number::N301, |s| set(s, Eenheid::Euro, Frequentie::Totaal)),
        rejects("24-hour periods per day", Number::N301, &[PATH], |s| set(s, Eenheid::Etmaal, Frequentie::PerDag)),
        rejects("half-day parts per day", Number::N301, &[PATH], |s| set(s, Eenheid::Dagdeel, Frequentie::PerDag)),
        rejects("euros per day", Number::N301, &[PATH], |s| set(s, Eenheid::Euro, Frequentie::PerDag)),
        rejects("effort pieces per day", Number::N301, &[PATH], |s| {
            set(s, Eenheid::StuksInspanning, Frequentie::PerDag);
        }),
        rejects("euros per day without an end", Number::N301, &[PATH], |s| {
            set(s, Eenheid::Euro, Frequentie::PerDag);
            s.product().einddatum = None;
        }),
        rejects("euros per day until the first day of 2021", Number::N301, &[PATH], |s| {
            set(s, Eenheid::Euro, Frequentie::PerDag);
            s.product().einddatum = Some(date(2021, 1, 1));
        }),
        accepts("euros per day until the last day of 2020", Number::N301, |s| {
            set(s, Eenheid::Euro, Frequentie::PerDag);
            s.product().einddatum = Some(date(2020, 12, 31));
        }),
    ]
}
