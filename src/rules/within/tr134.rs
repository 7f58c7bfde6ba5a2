//! TR134: what has happened lies on or before the date of signing.
//!
//! The source lists messages, not elements; these are inferred from the schemas and from what other rules leave open:
//!
//! | message | dates |
//! |---|---|
//! | 301 | birth dates of client and relations, Toewijzingsdatum |
//! | 305 | birth date of the client, Begindatum |
//! | 307 | birth date of the client, Begindatum |
//! | 315 | birth date of the client |
//! | 323 | `DeclaratieDagtekening`, begin of `ProductPeriode` |
//! | 325 | begin of `ProductPeriode` |
//!
//! Ingangsdatum and `ToewijzingIngangsdatum` stay free, because allocations for the future are normal; so does the
//! Einddatum of a stop, which may be told ahead. That the date
//! exists is the work of the schema. Of a birth date findings name the year only.

use super::helpers::{declaratie, geboortedata, prestaties, start_producten, stop_producten, toegewezen_producten};
use crate::message::{Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR134",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N305, Number::N307, Number::N315, Number::N323, Number::N325],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "Geboortedatum, toewijzingsdatum, begindatum en declaratiedagtekening liggen niet na de dagtekening van \
        het bericht.",
    en: "Birth dates, date of the decision, begin dates and date of the declaration are not after the date of \
        signing.",
    needs: &[],
    doubt: "The source names no elements; the list of dates is inferred from the schemas and the neighbouring rules.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let dagtekening = case.message.header.identificatie.dagtekening;
    let mut violations: Vec<Violation> = geboortedata(case)
        .into_iter()
        .filter(|born| born.item.datum > dagtekening)
        .map(|born| birth(born.place("Geboortedatum/Datum"), born.item.datum, dagtekening))
        .collect();
    violations.extend(
        dates(case)
            .into_iter()
            .filter(|(date, ..)| *date > dagtekening)
            .map(|(date, name, place)| late(place, name, date, dagtekening)),
    );
    violations
}

/// Every other date that must have come, with its element and place.
fn dates(case: &Case<'_>) -> Vec<(Date, &'static str, Place)> {
    let mut dates = Vec::new();
    for product in toegewezen_producten(case) {
        dates.push((product.item.toewijzingsdatum, "Toewijzingsdatum", product.place("Toewijzingsdatum")));
    }
    for start in start_producten(case) {
        dates.push((start.item.begindatum, "Begindatum", start.place("Begindatum")));
    }
    for stop in stop_producten(case) {
        dates.push((stop.item.begindatum, "Begindatum", stop.place("Begindatum")));
    }
    if let Some(declaratie) = declaratie(case) {
        let place = Place::declaratie("DeclaratieDagtekening");
        dates.push((declaratie.dagtekening, "DeclaratieDagtekening", place));
    }
    for line in prestaties(case) {
        let begin = line.prestatie.periode.begindatum;
        dates.push((begin, "ProductPeriode.Begindatum", line.place("ProductPeriode/Begindatum")));
    }
    dates
}

fn birth(place: Place, date: Date, dagtekening: Date) -> Violation {
    let year = date.year();
    Violation::at(
        place,
        format!(
            "De geboortedatum (jaar {year}) ligt na de dagtekening {dagtekening}. Een geboortedatum ligt op of \
            voor de dagtekening."
        ),
        format!(
            "The birth date (year {year}) is after the date of signing {dagtekening}. A birth date is on or \
            before it."
        ),
    )
    .fact("geboortejaar", year)
    .date("dagtekening", dagtekening)
}

fn late(place: Place, name: &str, date: Date, dagtekening: Date) -> Violation {
    Violation::at(
        place,
        format!(
            "{name} {date} ligt na de dagtekening {dagtekening}. Deze datum ligt op of voor de dagtekening van \
            het bericht."
        ),
        format!(
            "{name} {date} is after the date of signing {dagtekening}. This date is on or before the date of \
            signing."
        ),
    )
    .date("datum", date)
    .date("dagtekening", dagtekening)
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{geboortedatum, line};
    use crate::message::Body;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const BORN: &str = "/Bericht/Client/Geboortedatum/Datum";
    let mut rows = vec![
        accepts("a relation without a birth date", Number::N301, |s| s.toewijzing().relaties[0].geboortedatum = None),
        rejects(
            "a relation born tomorrow",
            Number::N301,
            &["/Bericht/Client/Relaties/Relatie[1]/Geboortedatum/Datum"],
            |s| {
                s.toewijzing().relaties[0].geboortedatum.as_mut().expect("the sample has one").datum =
                    date(2026, 3, 10);
            },
        ),
        accepts("decided on the day of signing", Number::N301, |s| s.product().toewijzingsdatum = date(2026, 3, 9)),
        rejects(
            "decided the day after",
            Number::N301,
            &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Toewijzingsdatum"],
            |s| s.product().toewijzingsdatum = date(2026, 3, 10),
        ),
        accepts("an allocation for next year", Number::N301, |s| {
            s.product().ingangsdatum = date(2027, 1, 1);
            s.product().einddatum = None;
        }),
        accepts("started on the day of signing", Number::N305, |s| s.start_product().begindatum = date(2026, 3, 9)),
        rejects(
            "started the day after",
            Number::N305,
            &["/Bericht/Client/StartProducten/StartProduct[1]/Begindatum"],
            |s| s.start_product().begindatum = date(2026, 3, 10),
        ),
        accepts("an allocation that is yet to begin", Number::N305, |s| {
            s.start_product().toewijzing_ingangsdatum = Some(date(2026, 4, 1));
        }),
        accepts("a stop of what began on the day of signing", Number::N307, |s| {
            s.stop_product().begindatum = date(2026, 3, 9);
        }),
        rejects(
            "a stop of what begins the day after, the second only",
            Number::N307,
            &["/Bericht/Client/StopProducten/StopProduct[2]/Begindatum"],
            |s| {
                let mut copy = s.stop_product().clone();
                copy.begindatum = date(2026, 3, 10);
                s.stop().producten.push(copy);
            },
        ),
        accepts("a stop told ahead", Number::N307, |s| s.stop_product().einddatum = date(2026, 3, 31)),
        accepts("care asked for next year", Number::N315, |s| {
            s.aangevraagd_product().toewijzing_ingangsdatum = date(2027, 1, 1);
            s.aangevraagd_product().toewijzing_einddatum = None;
        }),
        accepts("declared on the day of signing", Number::N323, |s| s.declaratie().dagtekening = date(2026, 3, 9)),
        rejects("declared the day after", Number::N323, &["/Bericht/Declaratie/DeclaratieDagtekening"], |s| {
            s.declaratie().dagtekening = date(2026, 3, 10);
        }),
        accepts("an answer without DeclaratieAntwoord", Number::N325, |s| {
            s.message.body = Body::DeclaratieAntwoord(None);
        }),
    ];
    for number in [Number::N301, Number::N305, Number::N307, Number::N315] {
        rows.push(accepts("born on the day of signing", number, |s| geboortedatum(s).datum = date(2026, 3, 9)));
        rows.push(rejects("born the day after", number, &[BORN], |s| geboortedatum(s).datum = date(2026, 3, 10)));
    }
    let periods: [(Number, &[&str]); 2] = [
        (Number::N323, &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Begindatum"]),
        (
            Number::N325,
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductPeriode/Begindatum"],
        ),
    ];
    for (number, path) in periods {
        rows.push(accepts("a line that begins on the day of signing", number, |s| {
            line(s).periode.begindatum = date(2026, 3, 9);
        }));
        rows.push(rejects("a line that begins the day after", number, path, |s| {
            line(s).periode.begindatum = date(2026, 3, 10);
        }));
    }
    rows
}
