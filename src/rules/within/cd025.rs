//! CD025: an address in the Netherlands has a house number.
//!
//! When `LandCode` is NL, Huis is present. Addresses of relations are judged as well.

use super::helpers::contacten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD025",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Contact,
    nl: "Bij een adres in Nederland (landcode NL) is het huisnummer gevuld.",
    en: "An address in the Netherlands (country NL) has a house number.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    contacten(case)
        .into_iter()
        .filter(|contact| {
            contact.item.adres.as_ref().is_some_and(|adres| {
                adres.huis.is_none() && adres.land_code.as_ref().is_some_and(|land| land.as_str() == "NL")
            })
        })
        .map(|contact| {
            Violation::at(
                contact.place("Adres/Huis"),
                "Dit adres heeft landcode NL en geen huisnummer. Vul het huisnummer in.",
                "This address has country NL and no house number. Fill in the house number.",
            )
            .fact("land_code", "NL")
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use crate::message::Contact;
    use crate::message::types::Adres;
    use crate::rules::sample::{accepts, rejects};
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Adres/Huis";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Adres/Huis";
    fn adres(contact: &mut Contact) -> &mut Adres {
        contact.adres.as_mut().expect("the sample has one")
    }
    vec![
        accepts("NL with a house number", Number::N301, |_| {}),
        accepts("no address", Number::N301, |s| contact(s).adres = None),
        accepts("BE without one", Number::N301, |s| {
            adres(contact(s)).land_code = Some("BE".into());
            adres(contact(s)).huis = None;
        }),
        accepts("no country and no house number", Number::N301, |s| {
            adres(contact(s)).land_code = None;
            adres(contact(s)).huis = None;
        }),
        rejects("NL without one", Number::N301, &[CLIENT], |s| adres(contact(s)).huis = None),
        rejects("NL without one, with a relation", Number::N301, &[RELATIE], |s| adres(relatie_contact(s)).huis = None),
    ]
}
