//! CS089: a Dutch postal code is four digits and two letters.
//!
//! When `LandCode` is NL, Postcode as a whole is a digit from 1 to 9, three digits and two letters in either case, with
//! no space between them. An address without a postal code is the matter of CD005. The finding does not show the code.

use super::helpers::contacten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS089",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Contact,
    nl: "Een postcode in Nederland bestaat uit vier cijfers (niet beginnend met 0) en twee letters, zonder spatie.",
    en: "A postal code in the Netherlands is four digits (the first not 0) and two letters, without a space.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    contacten(case)
        .into_iter()
        .filter_map(|contact| {
            let adres = contact.item.adres.as_ref()?;
            let postcode = adres.postcode.as_ref()?.expose();
            let is_dutch = adres.land_code.as_ref().is_some_and(|land| land.as_str() == "NL");
            if !is_dutch || is_well_formed(postcode) {
                return None;
            }
            let length = postcode.chars().count();
            let violation = Violation::at(
                contact.place("Adres/Postcode"),
                format!(
                    "Deze postcode ({length} tekens) heeft niet de vorm 1234AB. Vul vier cijfers (niet \
                    beginnend met 0) en twee letters in, zonder spatie."
                ),
                format!(
                    "This postal code ({length} characters) does not have the form 1234AB. Fill in four digits \
                    (the first not 0) and two letters, without a space."
                ),
            );
            Some(violation.fact("aantal_tekens", length))
        })
        .collect()
}

fn is_well_formed(postcode: &str) -> bool {
    match postcode.as_bytes() {
        [b'1'..=b'9', digits @ .., first, second] if digits.len() == 3 => {
            digits.iter().all(u8::is_ascii_digit) && first.is_ascii_alphabetic() && second.is_ascii_alphabetic()
        }
        _ => false,
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, relatie_contact};
    use crate::message::Contact;
    use crate::message::types::Adres;
    use crate::rules::sample::{accepts, rejects};
    const CLIENT: &str = "/Bericht/Client/Contactgegevens/Contact[1]/Adres/Postcode";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Contact/Adres/Postcode";
    fn adres(contact: &mut Contact) -> &mut Adres {
        contact.adres.as_mut().expect("the sample has one")
    }
    vec![
        accepts("capitals", Number::N301, |_| {}),
        accepts("small letters", Number::N301, |s| adres(contact(s)).postcode = Some("1000aZ".into())),
        accepts("no postal code", Number::N301, |s| adres(contact(s)).postcode = None),
        accepts("no address", Number::N301, |s| contact(s).adres = None),
        accepts("elsewhere", Number::N301, |s| {
            adres(contact(s)).land_code = Some("BE".into());
            adres(contact(s)).postcode = Some("2000".into());
        }),
        accepts("no country", Number::N301, |s| {
            adres(contact(s)).land_code = None;
            adres(contact(s)).postcode = Some("2000".into());
        }),
        rejects("a space", Number::N301, &[CLIENT], |s| adres(contact(s)).postcode = Some("7121 AA".into())),
        rejects("a zero first", Number::N301, &[CLIENT], |s| adres(contact(s)).postcode = Some("0121AA".into())),
        rejects("digits only", Number::N301, &[CLIENT], |s| adres(contact(s)).postcode = Some("712112".into())),
        rejects("a letter among the digits", Number::N301, &[CLIENT], |s| {
            adres(contact(s)).postcode = Some("71A1AA".into());
        }),
        rejects("a digit among the letters", Number::N301, &[CLIENT], |s| {
            adres(contact(s)).postcode = Some("71211A".into());
        }),
        rejects("too long", Number::N301, &[CLIENT], |s| adres(contact(s)).postcode = Some("7121AAA".into())),
        rejects("one character", Number::N301, &[CLIENT], |s| adres(contact(s)).postcode = Some("7".into())),
        rejects("a letter with an accent", Number::N301, &[CLIENT], |s| {
            adres(contact(s)).postcode = Some("7121é".into());
        }),
        rejects("too short, with a relation", Number::N301, &[RELATIE], |s| {
            adres(relatie_contact(s)).postcode = Some("7121A".into());
        }),
    ]
}
