//! TR335: what was delivered more than five years ago is not claimed any more.
//!
//! The end of `ProductPeriode` is compared with `DeclaratieDagtekening` minus five years; exactly five years is
//! accepted, and 29 February becomes 28 February. That the end of `ProductPeriode` is meant is inferred. Credits are
//! judged as debits are.

use super::helpers::{declaratie, prestaties};
use crate::message::{Law, Number};
use crate::rules::calendar::years_before;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR335",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De einddatum van de productperiode ligt niet meer dan vijf jaar voor de declaratiedagtekening.",
    en: "The end of the product period is not more than five years before the date of the declaration.",
    needs: &[],
    doubt: "The source does not say which end date is meant; that of ProductPeriode is judged.",
    check: Check::Message(check),
};

/// Years within which a delivery can be claimed.
const TERM: i16 = 5;

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(declaratie) = declaratie(case) else {
        return Vec::new();
    };
    let dagtekening = declaratie.dagtekening;
    let earliest = years_before(dagtekening, TERM);
    prestaties(case)
        .into_iter()
        .filter(|line| line.prestatie.periode.einddatum < earliest)
        .map(|line| {
            let end = line.prestatie.periode.einddatum;
            Violation::at(
                line.place("ProductPeriode/Einddatum"),
                format!(
                    "De productperiode eindigt op {end}, meer dan {TERM} jaar voor de declaratiedagtekening \
                    {dagtekening}. Declareren kan voor perioden die eindigen op of na {earliest}."
                ),
                format!(
                    "The product period ends on {end}, more than {TERM} years before the date of the \
                    declaration {dagtekening}. Periods that end on or after {earliest} can be claimed."
                ),
            )
            .date("einddatum", end)
            .date("vroegste_einddatum", earliest)
            .date("declaratie_dagtekening", dagtekening)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const PATH: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Einddatum";
    const SECOND: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductPeriode/Einddatum";
    vec![
        accepts("last month", Number::N323, |_| {}),
        accepts("exactly five years", Number::N323, |s| s.line().periode.einddatum = date(2021, 3, 9)),
        rejects("five years and a day", Number::N323, &[PATH], |s| s.line().periode.einddatum = date(2021, 3, 8)),
        rejects("two lines, one of them a credit", Number::N323, &[PATH, SECOND], |s| {
            s.make_credit("P0");
            s.line().periode.einddatum = date(2021, 1, 31);
            s.add_line("P2", |_| {});
        }),
        accepts("five years before 29 February", Number::N323, |s| {
            s.declaratie().dagtekening = date(2028, 2, 29);
            s.line().periode.einddatum = date(2023, 2, 28);
        }),
        rejects("a day before that", Number::N323, &[PATH], |s| {
            s.declaratie().dagtekening = date(2028, 2, 29);
            s.line().periode.einddatum = date(2023, 2, 27);
        }),
        accepts("the date of signing of the message does not count", Number::N323, |s| {
            s.message.header.identificatie.dagtekening = date(2026, 3, 31);
            s.line().periode.einddatum = date(2021, 3, 9);
        }),
    ]
}
