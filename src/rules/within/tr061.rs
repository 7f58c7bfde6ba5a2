//! TR061: a client has an address to live at or to write to.
//!
//! At least one contact of the client is of kind 01 (registered address), 02 (correspondence address) or 03 (address of
//! stay). A temporary address of stay (04) alone is not enough, and the contacts of relations do not count.

use super::helpers::toewijzing_client;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR061",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "De cliënt heeft ten minste één contact van soort 01, 02 of 03.",
    en: "The client has at least one contact of kind 01, 02 or 03.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// Kinds of address (COD757) of which a client has at least one.
const LASTING: [&str; 3] = ["01", "02", "03"];

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(client) = toewijzing_client(case) else {
        return Vec::new();
    };
    let soorten: Vec<&str> = client.contacten.iter().map(|contact| contact.soort.as_str()).collect();
    if soorten.iter().any(|soort| LASTING.contains(soort)) {
        return Vec::new();
    }
    let found = soorten.join(", ");
    vec![
        Violation::at(
            Place::client("Contactgegevens"),
            format!(
                "Bij de cliënt staan alleen contacten van soort {found}. Voeg een contact toe van soort 01 \
                (BRP-adres), 02 (correspondentieadres) of 03 (verblijfadres)."
            ),
            format!(
                "The client only has contacts of kind {found}. Add a contact of kind 01 (registered address), \
                02 (correspondence address) or 03 (address of stay)."
            ),
        )
        .fact("soorten", soorten),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::contact;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Client/Contactgegevens";
    vec![
        accepts("01", Number::N301, |_| {}),
        accepts("02", Number::N301, |s| contact(s).soort = "02".into()),
        accepts("03", Number::N301, |s| contact(s).soort = "03".into()),
        accepts("03 after 04", Number::N301, |s| {
            let mut lasting = contact(s).clone();
            lasting.soort = "03".into();
            contact(s).soort = "04".into();
            s.toewijzing().contacten.push(lasting);
        }),
        rejects("only 04, while a relation has 03", Number::N301, &[PATH], |s| contact(s).soort = "04".into()),
        rejects("04 twice", Number::N301, &[PATH], |s| {
            contact(s).soort = "04".into();
            let copy = contact(s).clone();
            s.toewijzing().contacten.push(copy);
        }),
    ]
}
