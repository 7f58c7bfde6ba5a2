//! CS318: a client is a person, not an organisation.
//!
//! `NaamGebruik` of the client is not 6. Relations may be organisations. With CS050 a client without a Partnernaam thus
//! always has 1. The finding stands on Naam, to which the standard attaches the constraint.

use super::helpers::toewijzing_client;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS318",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "NaamGebruik van de cliënt is niet 6 (organisatie).",
    en: "NaamGebruik of the client is not 6 (organisation).",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// `NaamGebruik` (COD700) of whoever is not a natural person.
const ORGANISATION: &str = "6";

fn check(case: &Case<'_>) -> Vec<Violation> {
    let naam_gebruik = toewijzing_client(case).map(|client| client.naam.naam_gebruik.as_str());
    if naam_gebruik != Some(ORGANISATION) {
        return Vec::new();
    }
    vec![
        Violation::at(
            Place::client("Naam"),
            format!(
                "NaamGebruik van de cliënt is {ORGANISATION} (organisatie). Een cliënt is een persoon: gebruik \
                1, of 2, 3 of 4 bij een partnernaam."
            ),
            format!(
                "NaamGebruik of the client is {ORGANISATION} (organisation). A client is a person: use 1, or \
                2, 3 or 4 with the name of a partner."
            ),
        )
        .fact("naam_gebruik", ORGANISATION),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    vec![
        accepts("a person", Number::N301, |_| {}),
        accepts("an organisation as a relation", Number::N301, |s| {
            s.toewijzing().relaties[0].naam.naam_gebruik = "6".into();
        }),
        accepts("a pseudonym is for another rule", Number::N301, |s| s.toewijzing().naam.naam_gebruik = "5".into()),
        rejects("an organisation", Number::N301, &["/Bericht/Client/Naam"], |s| {
            s.toewijzing().naam.naam_gebruik = "6".into();
        }),
    ]
}
