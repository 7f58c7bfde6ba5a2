//! CD005: a postal code and a country go together.
//!
//! Within one address `LandCode` is present if and only if Postcode is. Addresses of relations are judged as well.

use super::helpers::contacten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD005",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Contact,
    nl: "LandCode is gevuld als en alleen als Postcode in hetzelfde adres is gevuld.",
    en: "LandCode is present if and only if Postcode is present in the same address.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    contacten(case)
        .into_iter()
        .filter_map(|contact| {
            let adres = contact.item.adres.as_ref()?;
            let (nl, en) = match (adres.postcode.is_some(), adres.land_code.is_some()) {
                (true, false) => (
                    "Dit adres heeft een postcode en geen landcode. Vul de landcode in (NL voor Nederland).",
                    "This address has a postal code and no country. Fill in the country (NL for the Netherlands).",
                ),
                (false, true) => (
                    "Dit adres heeft een landcode en geen postcode. Vul de postcode in of laat de landcode weg.",
                    "This address has a country and no postal code. Fill in the postal code or leave out the \
                        country.",
                ),
                (true, true) | (false, false) => return None,
            };
            Some(
                Violation::at(contact.place("Adres/LandCode"), nl, en)
                    .fact("postcode_aanwezig", adres.postcode.is_some())
                    .fact("land_code_aanwezig", adres.land_code.is_some()),
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use crate::message::types::Adres;
    use crate::rules::sample::{Sample, accepts, rejects};
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Adres/LandCode";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Adres/LandCode";
    fn adres(s: &mut Sample) -> &mut Adres {
        contact(s).adres.as_mut().expect("the sample has one")
    }
    vec![
        accepts("both", Number::N301, |_| {}),
        accepts("neither", Number::N301, |s| {
            adres(s).postcode = None;
            adres(s).land_code = None;
        }),
        accepts("no address", Number::N301, |s| contact(s).adres = None),
        rejects("no country", Number::N301, &[CLIENT], |s| adres(s).land_code = None),
        rejects("no postal code, in two addresses", Number::N301, &[CLIENT, RELATIE], |s| {
            adres(s).postcode = None;
            relatie_contact(s).adres.as_mut().expect("the sample has one").postcode = None;
        }),
    ]
}
