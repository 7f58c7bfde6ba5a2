//! CD009: only a temporary address of stay has a period.
//!
//! Periode may be present only when Soort is 04; there it is not mandatory. Contacts of relations are judged as well.

use super::helpers::contacten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD009",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Contact,
    nl: "Periode is alleen gevuld bij een contact van soort 04 (tijdelijk verblijfadres).",
    en: "Periode is present only on a contact of kind 04 (temporary address of stay).",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// Kind of address (COD757): temporary address of stay.
const TEMPORARY: &str = "04";

fn check(case: &Case<'_>) -> Vec<Violation> {
    contacten(case)
        .into_iter()
        .filter(|contact| contact.item.periode.is_some() && contact.item.soort.as_str() != TEMPORARY)
        .map(|contact| {
            let soort = contact.item.soort.as_str();
            Violation::at(
                contact.place("Periode"),
                format!(
                    "Dit contact is van soort {soort} en heeft een periode. Laat de periode weg; alleen soort \
                    {TEMPORARY} heeft er een."
                ),
                format!(
                    "This contact is of kind {soort} and has a period. Leave it out; only kind {TEMPORARY} has \
                    one."
                ),
            )
            .fact("soort", soort)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use crate::message::Contact;
    use crate::message::types::OpenPeriode;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Periode";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Periode";
    fn set(contact: &mut Contact, soort: &str) {
        contact.soort = soort.into();
        contact.periode = Some(OpenPeriode { begindatum: Some(date(2026, 1, 1)), einddatum: None });
    }
    vec![
        accepts("04 with a period", Number::N301, |s| set(contact(s), "04")),
        accepts("04 without one", Number::N301, |s| contact(s).soort = "04".into()),
        rejects("01 with a period", Number::N301, &[CLIENT], |s| set(contact(s), "01")),
        rejects("02 and 03 with a period", Number::N301, &[CLIENT, RELATIE], |s| {
            set(contact(s), "02");
            set(relatie_contact(s), "03");
        }),
        rejects("a period without dates", Number::N301, &[CLIENT], |s| {
            contact(s).periode = Some(OpenPeriode { begindatum: None, einddatum: None });
        }),
    ]
}
