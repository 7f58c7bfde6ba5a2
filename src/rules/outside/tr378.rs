//! TR378: the code of the municipality is in the list of municipalities (CBS) of the day that counts.
//!
//! The day that counts is for a 301 the earliest Ingangsdatum of its allocations, and for any other message its
//! Dagtekening. After a reorganisation a 301 may thus still name the old municipality for an allocation that began
//! under it: Haren until 2018-12-31, Haaren until 2020-12-31, Weesp until 2022-03-23.
//!
//! Doubtful: the source lets an older list be used "on Ingangsdatum of the allocation concerned" and names no date for
//! messages without one; and it gives the list of 2026 only. A code of 2026 is therefore accepted on any day, and a
//! code that ended before the ones above is unknown.

use super::gemeenten;
use crate::message::{Body, Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR378",
    sort: Sort::Technical,
    level: Level::Outside,
    code: "S300",
    numbers: &[Number::N301, Number::N305, Number::N323],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "De gemeentecode staat in de CBS-lijst van gemeenten die geldt op de datum waar het om gaat.",
    en: "The municipality code is in the CBS list of municipalities in force on the date that counts.",
    needs: &[],
    doubt: "The date that counts is the earliest Ingangsdatum in a 301 and the Dagtekening elsewhere; lists before \
            2026 are incomplete: a code of 2026 passes on any date, and of the ended codes only Haren, Haaren and \
            Weesp are known.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let code = case.message.gemeente();
    let on = reference_date(case);
    let (nl, en) = match gemeenten::find(code) {
        None => (
            format!("Gemeentecode {code} staat niet in de CBS-lijst van gemeenten (peildatum {on}). Controleer de code."),
            format!("Municipality code {code} is not in the CBS list of municipalities (reference date {on}). Verify the code."),
        ),
        Some(gemeente) => match gemeente.last_day {
            Some(last_day) if on > last_day => {
                let name = gemeente.name;
                (
                    format!("Gemeente {code} ({name}) bestond tot en met {last_day}; de peildatum is {on}. Gebruik de code van haar opvolger."),
                    format!("Municipality {code} ({name}) existed until {last_day}; the reference date is {on}. Use the code of its successor."),
                )
            }
            _ => return Vec::new(),
        },
    };
    let field = if case.message.sent_by_gemeente() { "Afzender" } else { "Ontvanger" };
    vec![Violation::at(Place::header(field), nl, en).fact("gemeente", code.as_str()).date("peildatum", on)]
}

fn reference_date(case: &Case<'_>) -> Date {
    let dagtekening = case.message.header.identificatie.dagtekening;
    match &case.message.body {
        Body::Toewijzing(client) => {
            client.producten.iter().map(|product| product.ingangsdatum).min().unwrap_or(dagtekening)
        }
        Body::ToewijzingRetour(_)
        | Body::Start(_)
        | Body::StartRetour(_)
        | Body::Declaratie(_)
        | Body::DeclaratieAntwoord(_) => dagtekening,
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const AFZENDER: &[&str] = &["/Bericht/Header/Afzender"];
    const ONTVANGER: &[&str] = &["/Bericht/Header/Ontvanger"];
    fn began(sample: &mut Sample, gemeente: &str, on: Date) {
        sample.message.header.afzender = gemeente.into();
        sample.product().ingangsdatum = on;
    }
    fn signed(sample: &mut Sample, gemeente: &str, on: Date) {
        sample.message.header.ontvanger = gemeente.into();
        sample.message.header.identificatie.dagtekening = on;
    }
    let mut rows = vec![
        accepts("a municipality of today", Number::N301, |_| {}),
        rejects("no municipality", Number::N301, AFZENDER, |s| began(s, "9999", date(2026, 1, 1))),
        accepts("Haren on its last day", Number::N301, |s| began(s, "0017", date(2018, 12, 31))),
        rejects("Haren a day later", Number::N301, AFZENDER, |s| began(s, "0017", date(2019, 1, 1))),
        accepts("Haaren on its last day", Number::N301, |s| began(s, "0788", date(2020, 12, 31))),
        rejects("Haaren a day later", Number::N301, AFZENDER, |s| began(s, "0788", date(2021, 1, 1))),
        accepts("Weesp on its last day", Number::N301, |s| began(s, "0457", date(2022, 3, 23))),
        rejects("Weesp a day later", Number::N301, AFZENDER, |s| began(s, "0457", date(2022, 3, 24))),
        accepts("the earliest of two allocations counts", Number::N301, |s| {
            began(s, "0457", date(2022, 3, 24));
            let mut earlier = s.product().clone();
            earlier.toewijzing_nummer += 1;
            earlier.ingangsdatum = date(2022, 3, 1);
            s.toewijzing().producten.push(earlier);
        }),
        accepts("today's code on an old allocation", Number::N301, |s| began(s, "0197", date(1, 1, 1))),
    ];
    for number in [Number::N305, Number::N323] {
        rows.push(accepts("a municipality of today", number, |_| {}));
        rows.push(rejects("no municipality", number, ONTVANGER, |s| signed(s, "0000", date(2026, 3, 9))));
        rows.push(accepts("signed on the last day of Weesp", number, |s| signed(s, "0457", date(2022, 3, 23))));
        rows.push(rejects("signed a day later", number, ONTVANGER, |s| signed(s, "0457", date(2022, 3, 24))));
    }
    rows
}
