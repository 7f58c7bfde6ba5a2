//! CS003: a period does not end before it begins.
//!
//! When an end date is present it is on or after the begin date of the same period:
//!
//! | message | class | from | to |
//! |---|---|---|---|
//! | 301 | `ToegewezenProduct` | Ingangsdatum | Einddatum |
//! | 301 | Contact, of the client and of relations | `Periode.Begindatum` | `Periode.Einddatum` |
//! | 315 | `AangevraagdProduct` | `ToewijzingIngangsdatum` | `ToewijzingEinddatum` |
//! | 317 | `TeWijzigenProduct`, `NieuwProduct` | `GewensteIngangsdatum` | Einddatum |
//!
//! A contact period without a begin date has nothing to compare.

use super::helpers::contacten;
use super::provision::provisions;
use crate::message::{Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS003",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Een einddatum ligt niet voor de begindatum van dezelfde periode.",
    en: "An end date is not before the begin date of the same period.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for contact in contacten(case) {
        if let Some(periode) = &contact.item.periode {
            let place = contact.place("Periode/Einddatum");
            violations.extend(judge(place, "begindatum", periode.begindatum, periode.einddatum));
        }
    }
    for provision in provisions(case) {
        violations.extend(judge(provision.end_place(), "ingangsdatum", Some(provision.begin), provision.end));
    }
    violations
}

fn judge(place: Place, name: &'static str, begin: Option<Date>, end: Option<Date>) -> Option<Violation> {
    let (begin, end) = (begin?, end?);
    if end >= begin {
        return None;
    }
    let violation = Violation::at(
        place,
        format!("De einddatum {end} ligt voor de {name} {begin}. De einddatum ligt op of na de {name}."),
        format!("The end date {end} is before the begin date {begin}. It is on or after the begin date."),
    );
    Some(violation.date(name, begin).date("einddatum", end))
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use super::provision::change::{Aangevraagd, Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::message::types::OpenPeriode;
    use crate::rules::sample::{Row, Sample, accepts, rejects};
    use jiff::civil::date;
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Periode/Einddatum";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Periode/Einddatum";
    fn periode(begindatum: Option<Date>, einddatum: Option<Date>) -> OpenPeriode {
        OpenPeriode { begindatum, einddatum }
    }
    fn from_to<P: Provided>(s: &mut Sample, index: usize, begin: Date, end: Date) {
        let draft = P::at(s, index);
        (*draft.begin, *draft.end) = (begin, Some(end));
    }
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("no end", P::NUMBER, |s| *P::at(s, 0).end = None),
            accepts("one day", P::NUMBER, |s| from_to::<P>(s, 0, date(2024, 2, 29), date(2024, 2, 29))),
            rejects("an end on the last day of the year before", P::NUMBER, P::END[0], |s| {
                from_to::<P>(s, 0, date(2026, 1, 1), date(2025, 12, 31));
            }),
            rejects("a day too early after 29 February, in the second", P::NUMBER, P::END[1], |s| {
                from_to::<P>(s, 1, date(2024, 3, 1), date(2024, 2, 29));
            }),
        ]
    }
    let mut rows = [rows::<Toegewezen>(), rows::<Aangevraagd>(), rows::<TeWijzigen>(), rows::<Nieuw>()].concat();
    rows.extend([
        accepts("a contact for one day", Number::N301, |s| {
            contact(s).periode = Some(periode(Some(date(2024, 2, 29)), Some(date(2024, 2, 29))));
        }),
        accepts("a contact period without an end", Number::N301, |s| {
            contact(s).periode = Some(periode(Some(date(2026, 1, 1)), None));
        }),
        accepts("a contact period without a begin", Number::N301, |s| {
            contact(s).periode = Some(periode(None, Some(date(2026, 1, 1))));
        }),
        rejects("contacts of the client and of a relation", Number::N301, &[CLIENT, RELATIE], |s| {
            contact(s).periode = Some(periode(Some(date(2024, 3, 1)), Some(date(2024, 2, 29))));
            relatie_contact(s).periode = contact(s).periode.clone();
        }),
    ]);
    rows
}
