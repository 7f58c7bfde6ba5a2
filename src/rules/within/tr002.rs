//! TR002: nobody is older than 120 years on the date of signing.
//!
//! A birth date that is wholly unknown, written as 1900-01-01 with `DatumGebruik` 3, is left out; both parts must hold.
//! Exactly 120 years is accepted. The source speaks of the birth date of "the person": that of the client is judged,
//! that of a relation is not. Findings name the year of birth only.

use super::helpers::geboortedata;
use crate::message::types::Geboortedatum;
use crate::message::{Date, Law, Number};
use crate::rules::calendar::years_before;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR002",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N305, Number::N307, Number::N315],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "De geboortedatum van de cliënt ligt niet meer dan 120 jaar voor de dagtekening, tenzij de geboortedatum \
        onbekend is.",
    en: "The birth date of the client is not more than 120 years before the date of signing, unless it is unknown.",
    needs: &[],
    doubt: "The source does not say whether the birth date of a Relatie falls under the rule; only that of the \
        Client is judged.",
    check: Check::Message(check),
};

/// Age in years that nobody exceeds.
const OLDEST: i16 = 120;

fn check(case: &Case<'_>) -> Vec<Violation> {
    let dagtekening = case.message.header.identificatie.dagtekening;
    let earliest = years_before(dagtekening, OLDEST);
    let born = geboortedata(case).into_iter().filter(|born| born.class() == Class::Client);
    born.filter(|born| born.item.datum < earliest && !is_unknown(born.item))
        .map(|born| {
            let year = born.item.datum.year();
            Violation::at(
                born.place("Geboortedatum/Datum"),
                format!(
                    "De geboortedatum (jaar {year}) ligt vóór {earliest}, meer dan {OLDEST} jaar voor de \
                    dagtekening {dagtekening}. Vul bij een onbekende geboortedatum 1900-01-01 met DatumGebruik 3 \
                    in."
                ),
                format!(
                    "The birth date (year {year}) is before {earliest}, more than {OLDEST} years before the \
                    date of signing {dagtekening}. An unknown birth date is written as 1900-01-01 with \
                    DatumGebruik 3."
                ),
            )
            .fact("geboortejaar", year)
            .date("vroegste_geboortedatum", earliest)
            .date("dagtekening", dagtekening)
        })
        .collect()
}

/// The way to write that nothing of a birth date is known (COD170).
fn is_unknown(born: &Geboortedatum) -> bool {
    born.datum == Date::constant(1900, 1, 1) && born.datum_gebruik.as_ref().is_some_and(|code| code.as_str() == "3")
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::geboortedatum;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const PATH: &str = "/Bericht/Client/Geboortedatum/Datum";
    let mut rows = vec![accepts("a relation is not judged", Number::N301, |s| {
        s.toewijzing().relaties[0].geboortedatum.as_mut().expect("the sample has one").datum = date(1800, 1, 1);
    })];
    for &number in RULE.numbers {
        rows.push(accepts("exactly 120 years", number, |s| geboortedatum(s).datum = date(1906, 3, 9)));
        rows.push(rejects("120 years and a day", number, &[PATH], |s| geboortedatum(s).datum = date(1906, 3, 8)));
        rows.push(accepts("120 years before a 29 February that was not", number, |s| {
            s.message.header.identificatie.dagtekening = date(2020, 2, 29);
            geboortedatum(s).datum = date(1900, 2, 28);
        }));
        rows.push(accepts("unknown", number, |s| {
            geboortedatum(s).datum = date(1900, 1, 1);
            geboortedatum(s).datum_gebruik = Some("3".into());
        }));
        rows.push(rejects("1900-01-01 without DatumGebruik", number, &[PATH], |s| {
            geboortedatum(s).datum = date(1900, 1, 1);
        }));
        rows.push(rejects("1900-01-01 of which only the year counts", number, &[PATH], |s| {
            geboortedatum(s).datum = date(1900, 1, 1);
            geboortedatum(s).datum_gebruik = Some("2".into());
        }));
        rows.push(rejects("DatumGebruik 3 with another date", number, &[PATH], |s| {
            geboortedatum(s).datum = date(1899, 12, 31);
            geboortedatum(s).datum_gebruik = Some("3".into());
        }));
        rows.push(accepts("1900-01-01 while that is no more than 120 years ago", number, |s| {
            s.message.header.identificatie.dagtekening = date(2020, 1, 1);
            geboortedatum(s).datum = date(1900, 1, 1);
        }));
    }
    rows
}
