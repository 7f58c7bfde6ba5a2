//! TR006: whoever is named as a contact can be reached, by telephone or at an address.
//!
//! Every contact, that of a relation as well, holds a telephone number, or an address with both house number and postal
//! code, or both. An e-mail address alone is not enough. The contact as a whole is named: what is missing is one of
//! two.

use super::helpers::contacten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR006",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Contact,
    nl: "Een contact heeft een telefoonnummer, of een adres met huisnummer en postcode.",
    en: "A contact has a telephone number, or an address with house number and postal code.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    contacten(case)
        .into_iter()
        .filter_map(|contact| {
            let adres = contact.item.adres.as_ref();
            let has_huis = adres.is_some_and(|adres| adres.huis.is_some());
            let has_postcode = adres.is_some_and(|adres| adres.postcode.is_some());
            if contact.item.telefoon.is_some() || (has_huis && has_postcode) {
                return None;
            }
            let soort = contact.item.soort.as_str();
            let violation = Violation::at(
                contact.place(""),
                format!(
                    "Dit contact (soort {soort}) heeft geen telefoonnummer en geen adres met huisnummer en \
                    postcode. Vul ten minste een van beide in."
                ),
                format!(
                    "This contact (kind {soort}) has no telephone number and no address with house number and \
                    postal code. Fill in at least one of the two."
                ),
            );
            Some(
                violation
                    .fact("soort", soort)
                    .fact("telefoon_aanwezig", false)
                    .fact("huis_aanwezig", has_huis)
                    .fact("postcode_aanwezig", has_postcode),
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use crate::message::Contact;
    use crate::rules::sample::{accepts, rejects};
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact";
    fn without_house(contact: &mut Contact) {
        contact.telefoon = None;
        contact.adres.as_mut().expect("the sample has one").huis = None;
    }
    fn without_postcode(contact: &mut Contact) {
        contact.telefoon = None;
        contact.adres.as_mut().expect("the sample has one").postcode = None;
    }
    vec![
        accepts("both", Number::N301, |_| {}),
        accepts("telephone only", Number::N301, |s| contact(s).adres = None),
        accepts("house number and postal code only", Number::N301, |s| contact(s).telefoon = None),
        accepts("no relations", Number::N301, |s| s.toewijzing().relaties.clear()),
        rejects("postal code only", Number::N301, &[CLIENT], |s| without_house(contact(s))),
        rejects("house number only", Number::N301, &[CLIENT], |s| without_postcode(contact(s))),
        rejects("e-mail only, twice", Number::N301, &[CLIENT, RELATIE], |s| {
            for contact in [contact as fn(&mut _) -> &mut Contact, relatie_contact] {
                contact(s).telefoon = None;
                contact(s).adres = None;
                contact(s).emailadres = Some("iemand@example.org".into());
            }
        }),
        rejects("the contact of a relation", Number::N301, &[RELATIE], |s| without_house(relatie_contact(s))),
    ]
}
