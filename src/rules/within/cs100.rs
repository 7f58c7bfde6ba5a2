//! CS100: what is claimed was delivered in 2021 or later.
//!
//! Both dates of `DeclaratiePeriode` and of each `ProductPeriode` are on or after 1 January 2021. The period is named
//! once, with both dates.

use super::helpers::{declaratie, period, prestaties};
use crate::message::GeslotenPeriode;
use crate::message::{Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS100",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Declaratieperiode en productperiode liggen geheel op of na 1 januari 2021.",
    en: "The period of the declaration and those of its lines lie wholly on or after 1 January 2021.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// First day that can be claimed with this release.
const FIRST_DAY: Date = Date::constant(2021, 1, 1);

fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(declaratie) = declaratie(case) {
        violations.extend(judge(Place::declaratie("DeclaratiePeriode"), "DeclaratiePeriode", &declaratie.periode));
    }
    for line in prestaties(case) {
        violations.extend(judge(line.place("ProductPeriode"), "ProductPeriode", &line.prestatie.periode));
    }
    violations
}

fn judge(place: Place, name: &str, periode: &GeslotenPeriode) -> Option<Violation> {
    let (begin, end) = (periode.begindatum, periode.einddatum);
    if begin >= FIRST_DAY && end >= FIRST_DAY {
        return None;
    }
    let own = period(begin, Some(end));
    let violation = Violation::at(
        place,
        format!(
            "{name} loopt {} en ligt daarmee niet geheel op of na {FIRST_DAY}. Declareer alleen zorg vanaf die \
            dag.",
            own.nl
        ),
        format!(
            "{name} runs {} and thus not wholly on or after {FIRST_DAY}. Only care from that day on can be \
            claimed.",
            own.en
        ),
    );
    Some(violation.date("begindatum", begin).date("einddatum", end).date("vroegste_datum", FIRST_DAY))
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const DECLARATIE: &str = "/Bericht/Declaratie/DeclaratiePeriode";
    const LINE: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode";
    vec![
        accepts("the first month of 2021", Number::N323, |s| {
            s.declaratie().periode.begindatum = date(2021, 1, 1);
            s.line().periode.begindatum = date(2021, 1, 1);
        }),
        accepts("its first day alone", Number::N323, |s| {
            s.line().periode.begindatum = date(2021, 1, 1);
            s.line().periode.einddatum = date(2021, 1, 1);
        }),
        rejects("a declaration from the last day of 2020", Number::N323, &[DECLARATIE], |s| {
            s.declaratie().periode.begindatum = date(2020, 12, 31);
        }),
        rejects("a line from the last day of 2020", Number::N323, &[LINE], |s| {
            s.line().periode.begindatum = date(2020, 12, 31);
        }),
        rejects("both in February 2020", Number::N323, &[DECLARATIE, LINE], |s| {
            s.declaratie().periode.begindatum = date(2020, 2, 1);
            s.declaratie().periode.einddatum = date(2020, 2, 29);
            s.line().periode = s.declaratie().periode.clone();
        }),
        rejects("a line of which only the end is too early", Number::N323, &[LINE], |s| {
            s.line().periode.einddatum = date(2020, 12, 31);
        }),
    ]
}
