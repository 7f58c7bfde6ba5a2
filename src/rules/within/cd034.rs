//! CD034: a registered address and an address of stay have a postal code.
//!
//! When Soort is 01 or 03, `Adres.Postcode` is present; the source writes the codes as 1 and 3. A contact of such a
//! kind without any address fails as well. Contacts of relations are judged as well.

use super::helpers::contacten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD034",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Contact,
    nl: "Bij een contact van soort 01 of 03 is de postcode gevuld.",
    en: "A contact of kind 01 or 03 has a postal code.",
    needs: &[],
    doubt: "That a contact of kind 01 or 03 without any address fails is inferred.",
    check: Check::Message(check),
};

/// Kinds of address (COD757) that need a postal code: registered address and address of stay.
const NEED_POSTCODE: [&str; 2] = ["01", "03"];

fn check(case: &Case<'_>) -> Vec<Violation> {
    contacten(case)
        .into_iter()
        .filter(|contact| {
            let has_postcode = contact.item.adres.as_ref().is_some_and(|adres| adres.postcode.is_some());
            NEED_POSTCODE.contains(&contact.item.soort.as_str()) && !has_postcode
        })
        .map(|contact| {
            let soort = contact.item.soort.as_str();
            Violation::at(
                contact.place("Adres/Postcode"),
                format!("Dit contact is van soort {soort} en heeft geen postcode. Vul de postcode in."),
                format!("This contact is of kind {soort} and has no postal code. Fill in the postal code."),
            )
            .fact("soort", soort)
            .fact("adres_aanwezig", contact.item.adres.is_some())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use crate::message::Contact;
    use crate::rules::sample::{accepts, rejects};
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Adres/Postcode";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Adres/Postcode";
    fn without(contact: &mut Contact, soort: &str) {
        contact.soort = soort.into();
        contact.adres.as_mut().expect("the sample has one").postcode = None;
    }
    vec![
        accepts("01 and 03 with one", Number::N301, |_| {}),
        accepts("02 without one", Number::N301, |s| without(contact(s), "02")),
        accepts("04 without one", Number::N301, |s| without(contact(s), "04")),
        accepts("04 without an address", Number::N301, |s| {
            contact(s).soort = "04".into();
            contact(s).adres = None;
        }),
        rejects("01 without one", Number::N301, &[CLIENT], |s| without(contact(s), "01")),
        rejects("03 without one, with a relation", Number::N301, &[RELATIE], |s| without(relatie_contact(s), "03")),
        rejects("01 and 03 without an address", Number::N301, &[CLIENT, RELATIE], |s| {
            contact(s).adres = None;
            relatie_contact(s).adres = None;
        }),
    ]
}
