//! TR018: a delivery does not stop before it began.
//!
//! Einddatum of a stop is on or after its own Begindatum; a delivery of one day begins and ends on the same date. The
//! deletion of a stop repeats the dates of what it deletes and is judged likewise.

use super::helpers::stop_producten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR018",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N307],
    laws: &Law::ALL,
    class: Class::StopProduct,
    nl: "De einddatum van een stopproduct ligt op of na de begindatum.",
    en: "The end date of a stop is on or after its begin date.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    stop_producten(case)
        .into_iter()
        .filter(|stop| stop.item.einddatum < stop.item.begindatum)
        .map(|stop| {
            let (begin, end) = (stop.item.begindatum, stop.item.einddatum);
            Violation::at(
                stop.place("Einddatum"),
                format!(
                    "De levering eindigt op {end}, voor haar begindatum {begin}. Verbeter een van beide datums; \
                    beginnen en eindigen op dezelfde dag mag."
                ),
                format!(
                    "The delivery ends on {end}, before its begin date {begin}. Correct one of the two; it may begin \
                    and end on the same day."
                ),
            )
            .date("begindatum", begin)
            .date("einddatum", end)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::add_stop_product;
    use crate::message::{Date, StatusAanlevering};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/StopProducten/StopProduct[1]/Einddatum";
    const SECOND: &str = "/Bericht/Client/StopProducten/StopProduct[2]/Einddatum";
    fn set(s: &mut Sample, begin: Date, end: Date) {
        s.stop_product().begindatum = begin;
        s.stop_product().einddatum = end;
    }
    vec![
        accepts("a later day", Number::N307, |_| {}),
        accepts("the same day", Number::N307, |s| set(s, date(2026, 1, 8), date(2026, 1, 8))),
        accepts("the day after, in the next year", Number::N307, |s| set(s, date(2025, 12, 31), date(2026, 1, 1))),
        rejects("the day before, in the year before", Number::N307, &[FIRST], |s| {
            set(s, date(2026, 1, 1), date(2025, 12, 31));
        }),
        rejects("29 February before 1 March", Number::N307, &[FIRST], |s| {
            set(s, date(2024, 3, 1), date(2024, 2, 29));
        }),
        rejects("a temporary stop", Number::N307, &[FIRST], |s| {
            s.stop_product().reden_beeindiging = "20".into();
            set(s, date(2026, 1, 8), date(2026, 1, 7));
        }),
        rejects("the deletion of a stop", Number::N307, &[FIRST], |s| {
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
            set(s, date(2026, 1, 8), date(2026, 1, 7));
        }),
        rejects("the second of three", Number::N307, &[SECOND], |s| {
            add_stop_product(s, |stop| stop.einddatum = date(2026, 1, 7));
            add_stop_product(s, |stop| stop.begindatum = date(2026, 1, 9));
        }),
        accepts("the allocation begins after the end", Number::N307, |s| {
            s.stop_product().toewijzing_ingangsdatum = Some(date(2026, 3, 1));
        }),
    ]
}
