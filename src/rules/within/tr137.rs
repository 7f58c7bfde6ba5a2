//! TR137: a claimed period ends on or after its begin, and is over on the date of signing.
//!
//! The source speaks of "the period" without naming it. `ProductPeriode` is the only one that 323 and 325 share; the
//! `DeclaratiePeriode` of a 323 is judged as well, since a claim is sent when its period is over. Both are inferred. An
//! end on the day of signing is accepted.

use super::helpers::{declaratie, prestaties};
use crate::message::GeslotenPeriode;
use crate::message::{Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR137",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323, Number::N325],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De einddatum van een periode ligt niet voor de begindatum en niet na de dagtekening van het bericht.",
    en: "The end date of a period is not before its begin date and not after the date of signing.",
    needs: &[],
    doubt: "The source does not name the period; ProductPeriode and, in a 323, DeclaratiePeriode are judged.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let dagtekening = case.message.header.identificatie.dagtekening;
    let mut violations = Vec::new();
    if let Some(declaratie) = declaratie(case) {
        let place = Place::declaratie("DeclaratiePeriode/Einddatum");
        violations.extend(judge(&place, "DeclaratiePeriode", &declaratie.periode, dagtekening));
    }
    for line in prestaties(case) {
        let place = line.place("ProductPeriode/Einddatum");
        violations.extend(judge(&place, "ProductPeriode", &line.prestatie.periode, dagtekening));
    }
    violations
}

fn judge(place: &Place, name: &str, periode: &GeslotenPeriode, dagtekening: Date) -> Vec<Violation> {
    let (begin, end) = (periode.begindatum, periode.einddatum);
    let mut violations = Vec::new();
    if end < begin {
        violations.push(
            Violation::at(
                place.clone(),
                format!(
                    "{name} eindigt op {end}, voor de begindatum {begin}. De einddatum ligt op of na de \
                    begindatum."
                ),
                format!(
                    "{name} ends on {end}, before its begin date {begin}. The end date is on or after the \
                    begin date."
                ),
            )
            .date("begindatum", begin)
            .date("einddatum", end),
        );
    }
    if end > dagtekening {
        violations.push(
            Violation::at(
                place.clone(),
                format!(
                    "{name} eindigt op {end}, na de dagtekening {dagtekening}. Declareer een periode pas als \
                    zij voorbij is."
                ),
                format!(
                    "{name} ends on {end}, after the date of signing {dagtekening}. A period is claimed when \
                    it is over."
                ),
            )
            .date("einddatum", end)
            .date("dagtekening", dagtekening),
        );
    }
    violations
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::line;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const DECLARATIE: &str = "/Bericht/Declaratie/DeclaratiePeriode/Einddatum";
    let mut rows = vec![
        accepts("the declaration ends on the day of signing", Number::N323, |s| {
            s.message.header.identificatie.dagtekening = date(2026, 2, 28);
        }),
        rejects("the declaration ends the day after signing", Number::N323, &[DECLARATIE], |s| {
            s.declaratie().periode.einddatum = date(2026, 3, 10);
        }),
        rejects("the declaration ends before it begins", Number::N323, &[DECLARATIE], |s| {
            s.declaratie().periode.einddatum = date(2026, 1, 31);
        }),
    ];
    let paths: [(Number, &[&str]); 2] = [
        (Number::N323, &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Einddatum"]),
        (
            Number::N325,
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Einddatum"],
        ),
    ];
    for (number, path) in paths {
        rows.push(accepts("a period of one day", number, |s| line(s).periode.einddatum = date(2026, 2, 1)));
        rows.push(rejects("ends the day before it begins", number, path, |s| {
            line(s).periode.einddatum = date(2026, 1, 31);
        }));
        rows.push(accepts("ends on the day of signing", number, |s| line(s).periode.einddatum = date(2026, 3, 9)));
        rows.push(rejects("ends the day after signing", number, path, |s| {
            line(s).periode.einddatum = date(2026, 3, 10);
        }));
        rows.push(rejects("ends after signing and before it begins", number, path, |s| {
            line(s).periode.begindatum = date(2026, 12, 31);
            line(s).periode.einddatum = date(2026, 3, 10);
        }));
    }
    rows
}
