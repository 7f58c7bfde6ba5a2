//! CS003: a period does not end before it begins.
//!
//! When an end date is present it is on or after the begin date: Ingangsdatum and Einddatum of an allocation,
//! Begindatum and Einddatum of the period of a contact. A contact period without a begin date has nothing to compare.

use super::helpers::{contacten, toegewezen_producten};
use crate::message::{Date, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS003",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
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
    for product in toegewezen_producten(case) {
        let (begin, end) = (product.item.ingangsdatum, product.item.einddatum);
        violations.extend(judge(product.place("Einddatum"), "ingangsdatum", Some(begin), end));
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
    use crate::message::types::OpenPeriode;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Periode/Einddatum";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Periode/Einddatum";
    const PRODUCT: &str = "/Bericht/Client/ToegewezenProducten/ToegewezenProduct[1]/Einddatum";
    fn periode(begindatum: Option<Date>, einddatum: Option<Date>) -> OpenPeriode {
        OpenPeriode { begindatum, einddatum }
    }
    vec![
        accepts("an allocation without an end", Number::N301, |s| s.product().einddatum = None),
        accepts("an allocation of one day", Number::N301, |s| s.product().einddatum = Some(date(2026, 1, 1))),
        rejects("an allocation that ends on the last day of the year before", Number::N301, &[PRODUCT], |s| {
            s.product().einddatum = Some(date(2025, 12, 31));
        }),
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
    ]
}
