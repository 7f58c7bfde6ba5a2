//! CS050: the use of names fits the names that are there.
//!
//! When Partnernaam is present `NaamGebruik` is 1, 2, 3 or 4; otherwise it is 1, or 6 for an organisation. 5
//! (pseudonym) can never occur. That a client is no organisation is the matter of CS318.

use super::helpers::toewijzing_client;
use crate::message::types::VolledigeNaam;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS050",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Relatie,
    nl: "NaamGebruik is 1, 2, 3 of 4 als er een partnernaam is, en anders 1 of 6.",
    en: "NaamGebruik is 1, 2, 3 or 4 when there is a name of a partner, and 1 or 6 otherwise.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// Values of `NaamGebruik` (COD700) for whoever has a Partnernaam.
const WITH_PARTNER: &[&str] = &["1", "2", "3", "4"];
/// Values for everybody else.
const WITHOUT_PARTNER: &[&str] = &["1", "6"];

const FIELD: &str = "Naam/NaamGebruik";

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(client) = toewijzing_client(case) else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    violations.extend(judge(Place::client(FIELD), &client.naam));
    for (index, relatie) in client.relaties.iter().enumerate() {
        violations.extend(judge(Place::relatie(index, FIELD), &relatie.naam));
    }
    violations
}

fn judge(place: Place, naam: &VolledigeNaam) -> Option<Violation> {
    let gebruik = naam.naam_gebruik.as_str();
    let (allowed, nl, en) = match naam.partnernaam {
        Some(_) => (WITH_PARTNER, "met", "with"),
        None => (WITHOUT_PARTNER, "zonder", "without"),
    };
    if allowed.contains(&gebruik) {
        return None;
    }
    let values = allowed.join(", ");
    let violation = Violation::at(
        place,
        format!("NaamGebruik is {gebruik}; {nl} partnernaam is alleen {values} mogelijk. Pas NaamGebruik aan."),
        format!("NaamGebruik is {gebruik}; {en} the name of a partner only {values} are possible. Adapt NaamGebruik."),
    );
    Some(violation.fact("naam_gebruik", gebruik).fact("partnernaam_aanwezig", naam.partnernaam.is_some()))
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::types::Achternaam;
    use crate::rules::sample::{accepts, rejects};
    const CLIENT: &str = "/Bericht/Client/Naam/NaamGebruik";
    const RELATIE: &str = "/Bericht/Client/Relaties/Relatie[1]/Naam/NaamGebruik";
    fn set(naam: &mut VolledigeNaam, gebruik: &str, has_partner: bool) {
        naam.naam_gebruik = gebruik.into();
        naam.partnernaam = has_partner.then(|| Achternaam { achternaam: "Staal".into(), voorvoegsel: None });
    }
    vec![
        accepts("1 without a partner", Number::N301, |_| {}),
        accepts("1 with a partner", Number::N301, |s| set(&mut s.toewijzing().naam, "1", true)),
        accepts("2 with a partner", Number::N301, |s| set(&mut s.toewijzing().naam, "2", true)),
        accepts("3 with a partner", Number::N301, |s| set(&mut s.toewijzing().naam, "3", true)),
        accepts("4 with a partner", Number::N301, |s| set(&mut s.toewijzing().naam, "4", true)),
        accepts("6 without a partner", Number::N301, |s| set(&mut s.toewijzing().relaties[0].naam, "6", false)),
        rejects("2 without a partner", Number::N301, &[CLIENT], |s| set(&mut s.toewijzing().naam, "2", false)),
        rejects("3 and 4 without a partner", Number::N301, &[CLIENT, RELATIE], |s| {
            set(&mut s.toewijzing().naam, "3", false);
            set(&mut s.toewijzing().relaties[0].naam, "4", false);
        }),
        rejects("6 with a partner", Number::N301, &[RELATIE], |s| {
            set(&mut s.toewijzing().relaties[0].naam, "6", true);
        }),
        rejects("5, with and without a partner", Number::N301, &[CLIENT, RELATIE], |s| {
            set(&mut s.toewijzing().naam, "5", true);
            set(&mut s.toewijzing().relaties[0].naam, "5", false);
        }),
    ]
}
