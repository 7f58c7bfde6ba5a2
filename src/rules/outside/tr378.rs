//! TR378: the code of the municipality is in the list of municipalities (CBS) of the day that counts.
//!
//! After a reorganisation an older list may be used: the one in force on Ingangsdatum of the allocation concerned, or in
//! a 315 on `ToewijzingIngangsdatum` of the requested product. So Haren may be named for what began by 2018-12-31, Haaren
//! by 2020-12-31, Weesp by 2022-03-23. The day that counts is the earliest of:
//!
//! | message | day |
//! |---|---|
//! | 301 | Ingangsdatum of its allocations |
//! | 305, 307 | Ingangsdatum of the allocations it names, as the ledger knows them, else the `ToewijzingIngangsdatum` given |
//! | 315 | `ToewijzingIngangsdatum` of the requested products |
//! | 317 | Ingangsdatum of the allocations it leaves or changes, as the ledger knows them |
//! | 319 | none: it names a request, no allocation |
//! | 323, 325 | Ingangsdatum of the allocations of its lines, as the ledger knows them |
//!
//! Without such a day (no ledger, an allocation that nobody knows, task-based care) it is the Dagtekening. A 319 and a 325
//! without one may use any list: they answer what was judged by this rule itself, and a 325 that grants all lists no line.
//!
//! Doubtful: which of several days counts is not stated (here the earliest), nor what holds for messages without an
//! allocation; and the source gives the list of 2026 only. A code of 2026 is therefore accepted on any day, and a code
//! that ended before the ones above is unknown. That `Woonplaatsbeginsel.Gemeente` of a JW319 falls under the rule is not
//! stated either; it is not judged.

use super::gemeenten;
use crate::message::{Body, Count, Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR378",
    sort: Sort::Technical,
    level: Level::Outside,
    code: "S300",
    numbers: &[
        Number::N301,
        Number::N305,
        Number::N307,
        Number::N315,
        Number::N317,
        Number::N319,
        Number::N323,
        Number::N325,
    ],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "De gemeentecode staat in de CBS-lijst van gemeenten die geldt op de datum waar het om gaat.",
    en: "The municipality code is in the CBS list of municipalities in force on the date that counts.",
    needs: &[],
    doubt: "The date that counts is the earliest Ingangsdatum of the allocations concerned, and the Dagtekening where none \
            is known; a 319 and a 325 that name no known allocation may use any list. Lists before 2026 are \
            incomplete: a code of 2026 passes on any date, and of the ended codes only Haren, Haaren and Weesp are \
            known. Woonplaatsbeginsel is not judged.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let code = case.message.gemeente();
    let field = if case.message.sent_by_gemeente() { "Afzender" } else { "Ontvanger" };
    let Some(gemeente) = gemeenten::find(code) else {
        let violation = Violation::at(
            Place::header(field),
            format!("Gemeentecode {code} staat niet in de CBS-lijst van gemeenten. Controleer de code."),
            format!("Municipality code {code} is not in the CBS list of municipalities. Verify the code."),
        );
        return vec![violation.fact("gemeente", code.as_str())];
    };
    let Some((last_day, on)) = gemeente.last_day.zip(reference_date(case)).filter(|(last_day, on)| on > last_day)
    else {
        return Vec::new();
    };
    let name = gemeente.name;
    let violation = Violation::at(
        Place::header(field),
        format!("Gemeente {code} ({name}) bestond tot en met {last_day}; de peildatum is {on}. Gebruik de code van de \
            gemeente waarin zij is opgegaan."),
        format!("Municipality {code} ({name}) existed until {last_day}; the reference date is {on}. Use the code of the \
            municipality that it became part of."),
    );
    vec![violation.fact("gemeente", code.as_str()).date("laatste_dag", last_day).date("peildatum", on)]
}

/// The day whose list counts; `None` when any list will do.
fn reference_date(case: &Case<'_>) -> Option<Date> {
    let began = |nummer: Count| case.allocation(nummer).map(|allocation| allocation.ingangsdatum);
    let dagtekening = Some(case.message.header.identificatie.dagtekening);
    match &case.message.body {
        Body::Toewijzing(client) => client.producten.iter().map(|product| product.ingangsdatum).min().or(dagtekening),
        Body::Start(client) => {
            let days = client.producten.iter();
            let days = days.filter_map(|start| {
                start.toewijzing_nummer.and_then(began).or(start.toewijzing_ingangsdatum)
            });
            days.min().or(dagtekening)
        }
        Body::Stop(client) => {
            let days = client.producten.iter();
            let days =
                days.filter_map(|stop| stop.toewijzing_nummer.and_then(began).or(stop.toewijzing_ingangsdatum));
            days.min().or(dagtekening)
        }
        Body::Aanvraag(client) => {
            client.producten.iter().map(|product| product.toewijzing_ingangsdatum).min().or(dagtekening)
        }
        Body::Wijziging(client) => {
            let unchanged = client.verzoek.ongewijzigd.iter().map(|product| product.toewijzing_nummer);
            let changed = client.verzoek.te_wijzigen.iter().map(|product| product.toewijzing_nummer);
            unchanged.chain(changed).filter_map(began).min().or(dagtekening)
        }
        Body::Declaratie(declaratie) => {
            let lines = declaratie.clienten.iter().flat_map(|client| &client.prestaties);
            lines.filter_map(|line| began(line.toewijzing_nummer)).min().or(dagtekening)
        }
        Body::DeclaratieAntwoord(Some(antwoord)) => {
            let lines = antwoord.clienten.iter().flat_map(|client| &client.prestaties);
            lines.filter_map(|line| began(line.toewijzing_nummer)).min()
        }
        Body::Antwoord(_) | Body::DeclaratieAntwoord(None) | Body::Retour(_) => None,
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::OngewijzigdProduct;
    use crate::rules::sample::{Row, Sample, TOEWIJZING, accepts, rejects};
    use jiff::civil::date;
    const AFZENDER: &[&str] = &["/Bericht/Header/Afzender"];
    const ONTVANGER: &[&str] = &["/Bericht/Header/Ontvanger"];
    /// The last day of Weesp, and the first without it.
    const LAST: Date = date(2022, 3, 23);
    const GONE: Date = date(2022, 3, 24);
    /// Names this municipality on its side of the header.
    fn of(s: &mut Sample, gemeente: &str) {
        let header = &mut s.message.header;
        let side = if header.afzender.as_str().len() == 4 { &mut header.afzender } else { &mut header.ontvanger };
        *side = gemeente.into();
    }
    fn signed(s: &mut Sample, on: Date) {
        s.message.header.identificatie.dagtekening = on;
    }
    fn began(s: &mut Sample, gemeente: &str, on: Date) {
        of(s, gemeente);
        s.product().ingangsdatum = on;
    }
    /// Of Weesp, on the sample's allocation as the ledger knows it.
    fn known(s: &mut Sample, on: Date) {
        of(s, "0457");
        s.allocation().ingangsdatum = on;
    }
    /// Of Weesp, on an allocation that the ledger does not know.
    fn unknown(s: &mut Sample, dagtekening: Date) {
        of(s, "0457");
        s.facts.allocations.clear();
        signed(s, dagtekening);
    }
    fn by_allocation(number: Number, path: &'static [&'static str]) -> Vec<Row> {
        vec![
            accepts("an allocation that began on the last day of Weesp, though signed later", number, |s| known(s, LAST)),
            rejects("an allocation that began a day later", number, path, |s| known(s, GONE)),
        ]
    }
    let mut rows = Vec::new();
    for &number in RULE.numbers {
        let path = if matches!(number, Number::N301 | Number::N319 | Number::N325) { AFZENDER } else { ONTVANGER };
        rows.push(accepts("a municipality of today", number, |_| {}));
        rows.push(rejects("no municipality", number, path, |s| of(s, "0000")));
        rows.push(accepts("today's code long ago", number, |s| signed(s, date(1, 1, 1))));
        if matches!(number, Number::N305 | Number::N307 | Number::N317 | Number::N323 | Number::N325) {
            rows.extend(by_allocation(number, path));
        }
        if matches!(number, Number::N317 | Number::N323) {
            rows.push(accepts("an unknown allocation, signed on the last day of Weesp", number, |s| unknown(s, LAST)));
            rows.push(rejects("an unknown allocation, signed a day later", number, path, |s| unknown(s, GONE)));
        }
    }
    rows.extend([
        accepts("Haren on its last day", Number::N301, |s| began(s, "0017", date(2018, 12, 31))),
        rejects("Haren a day later", Number::N301, AFZENDER, |s| began(s, "0017", date(2019, 1, 1))),
        accepts("Haaren on its last day", Number::N301, |s| began(s, "0788", date(2020, 12, 31))),
        rejects("Haaren a day later", Number::N301, AFZENDER, |s| began(s, "0788", date(2021, 1, 1))),
        accepts("Weesp on its last day", Number::N301, |s| began(s, "0457", LAST)),
        rejects("Weesp a day later", Number::N301, AFZENDER, |s| began(s, "0457", GONE)),
        accepts("the earliest of two allocations counts", Number::N301, |s| {
            began(s, "0457", GONE);
            let mut earlier = s.product().clone();
            earlier.toewijzing_nummer += 1;
            earlier.ingangsdatum = LAST;
            s.toewijzing().producten.push(earlier);
        }),
        accepts("today's code on an old allocation", Number::N301, |s| began(s, "0197", date(1, 1, 1))),
        accepts("an unknown allocation that is said to have begun on the last day of Weesp", Number::N305, |s| {
            unknown(s, GONE);
            s.start_product().toewijzing_ingangsdatum = Some(LAST);
        }),
        rejects("the ledger counts before what the message says", Number::N305, ONTVANGER, |s| {
            known(s, GONE);
            s.start_product().toewijzing_ingangsdatum = Some(LAST);
        }),
        accepts("a start without an allocation, signed on the last day of Weesp", Number::N305, |s| {
            unknown(s, LAST);
            s.start_product().toewijzing_nummer = None;
            s.start_product().toewijzing_ingangsdatum = None;
        }),
        rejects("a start without an allocation, signed a day later", Number::N305, ONTVANGER, |s| {
            unknown(s, GONE);
            s.start_product().toewijzing_nummer = None;
            s.start_product().toewijzing_ingangsdatum = None;
        }),
        accepts("an unknown allocation that is said to have begun on the last day of Weesp", Number::N307, |s| {
            unknown(s, GONE);
            s.stop_product().toewijzing_ingangsdatum = Some(LAST);
        }),
        rejects("an unknown allocation that is said to have begun a day later", Number::N307, ONTVANGER, |s| {
            unknown(s, LAST);
            s.stop_product().toewijzing_ingangsdatum = Some(GONE);
        }),
        accepts("asked for from the last day of Weesp on, though signed later", Number::N315, |s| {
            of(s, "0457");
            s.aangevraagd_product().toewijzing_ingangsdatum = LAST;
        }),
        rejects("asked for from a day later on, though signed before", Number::N315, ONTVANGER, |s| {
            of(s, "0457");
            signed(s, LAST);
            s.aangevraagd_product().toewijzing_ingangsdatum = GONE;
        }),
        accepts("the earliest of two requested products counts", Number::N315, |s| {
            of(s, "0457");
            let mut earlier = s.aangevraagd_product().clone();
            earlier.toewijzing_ingangsdatum = LAST;
            s.aanvraag().producten.push(earlier);
        }),
        accepts("an unchanged allocation counts as well", Number::N317, |s| {
            known(s, GONE);
            let mut earlier = s.allocation().clone();
            (earlier.nummer, earlier.ingangsdatum) = (TOEWIJZING + 1, LAST);
            s.facts.allocations.insert(earlier.nummer, earlier);
            let unchanged = OngewijzigdProduct { toewijzing_nummer: TOEWIJZING + 1, retour_codes: Vec::new() };
            s.verzoek().ongewijzigd.push(unchanged);
        }),
        accepts("an answer to a request may use any list", Number::N319, |s| of(s, "0457")),
        accepts("an answer to a declaration that lists nothing may use any list", Number::N325, |s| {
            of(s, "0457");
            s.declaratie_antwoord().clienten.clear();
        }),
        accepts("an answer on an unknown allocation may use any list", Number::N325, |s| unknown(s, GONE)),
    ]);
    rows
}
