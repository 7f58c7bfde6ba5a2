//! TR388: the period of a line ends on the last day of its month, or on the Einddatum when that is earlier.
//!
//! The formula is used as it stands when the period ends after the allocation too: then TR308 speaks as well. The
//! version of the allocation in force counts; shortening it does not make a line wrong that was granted before, so a
//! credit that takes back a granted debit passes.

use super::helpers::reverses_granted_debit;
use crate::message::{Law, Number};
use crate::rules::calendar::last_of_month;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR388",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9388",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De ProductPeriode eindigt op de laatste dag van de kalendermaand, of op de Einddatum van de toewijzing als \
         die eerder is.",
    en: "The ProductPeriode ends on the last day of the calendar month, or on the Einddatum when that is earlier.",
    needs: &[Need::Ledger],
    doubt: "A credit of a granted debit passes though the end of the allocation changed since.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some(allocation) = line.allocation else {
        return Vec::new();
    };
    let claimed = line.prestatie.periode.einddatum;
    let last = last_of_month(claimed);
    let expected = allocation.einddatum.map_or(last, |einddatum| einddatum.min(last));
    if claimed == expected || reverses_granted_debit(line) {
        return Vec::new();
    }
    let nummer = allocation.nummer;
    let (nl, en) = match allocation.einddatum {
        Some(einddatum) => (format!("eindigt op {einddatum}"), format!("ends on {einddatum}")),
        None => ("heeft geen einddatum".to_owned(), "has no end".to_owned()),
    };
    let violation = Violation::at(
        line.place("ProductPeriode/Einddatum"),
        format!("De ProductPeriode eindigt op {claimed} en moet eindigen op {expected} (toewijzing {nummer} {nl})."),
        format!("The ProductPeriode ends on {claimed} and must end on {expected} (allocation {nummer} {en})."),
    )
    .number("toewijzing_nummer", nummer)
    .date("periode_einddatum", claimed)
    .date("verwacht", expected);
    vec![match allocation.einddatum {
        Some(einddatum) => violation.date("einddatum", einddatum),
        None => violation,
    }]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::{Date, date};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Einddatum"];
    fn ends(sample: &mut Sample, claimed: Date, einddatum: Option<Date>) {
        sample.line().periode.einddatum = claimed;
        sample.allocation().einddatum = einddatum;
    }
    vec![
        accepts("the last of the month", N, |_| {}),
        rejects("the day before the last", N, PATH, |s| ends(s, date(2026, 2, 27), Some(date(2026, 3, 31)))),
        accepts("an open allocation", N, |s| ends(s, date(2026, 2, 28), None)),
        rejects("the day before the last, open", N, PATH, |s| ends(s, date(2026, 2, 27), None)),
        accepts("the allocation ends within the month", N, |s| ends(s, date(2026, 2, 14), Some(date(2026, 2, 14)))),
        rejects("a day before it ends", N, PATH, |s| ends(s, date(2026, 2, 13), Some(date(2026, 2, 14)))),
        rejects("the last, though it ended earlier", N, PATH, |s| ends(s, date(2026, 2, 28), Some(date(2026, 2, 27)))),
        accepts("29 February of a leap year", N, |s| ends(s, date(2024, 2, 29), None)),
        rejects("28 February of a leap year", N, PATH, |s| ends(s, date(2024, 2, 28), None)),
        accepts("the end of the year", N, |s| ends(s, date(2025, 12, 31), None)),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
        accepts("a credit of a granted line, the allocation shortened since", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            s.allocation().einddatum = Some(date(2026, 2, 14));
        }),
        rejects("a credit of a line that was not granted", N, PATH, |s| {
            s.earlier_line("P0", |line| line.granted = false);
            s.make_credit("P0");
            s.allocation().einddatum = Some(date(2026, 2, 14));
        }),
    ]
}
