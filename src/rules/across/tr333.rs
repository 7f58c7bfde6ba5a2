//! TR333: the provider has not used this `DeclaratieNummer` before within the law.
//!
//! Inferred: a declaration that was not processed counts as not sent (OP286), so its number may be used again.

use crate::message::{Body, Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR333",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9333",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Declaratie,
    nl: "Het DeclaratieNummer is uniek voor de aanbieder binnen de wet.",
    en: "The DeclaratieNummer is unique for the provider within the law.",
    needs: &[Need::Ledger],
    doubt: "A declaration that was rejected as a whole counts as not sent, so its number may be used again.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Body::Declaratie(declaratie)) = (case.facts, &case.message.body) else {
        return Vec::new();
    };
    let Some(used) = &facts.declaratie_used else {
        return Vec::new();
    };
    let (nummer, earlier) = (&declaratie.nummer, figures::earlier(used));
    vec![
        Violation::at(
            Place::declaratie("DeclaratieNummer"),
            format!("DeclaratieNummer {nummer} is al gebruikt in {}. Geef elke declaratie een nieuw nummer.", earlier.nl),
            format!("DeclaratieNummer {nummer} was used before, in {}. Give each declaration a new number.", earlier.en),
        )
        .earlier(used),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, earlier, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/DeclaratieNummer"];
    vec![
        accepts("a new number", N, |_| {}),
        rejects("a used number", N, PATH, |s| s.facts.declaratie_used = Some(earlier("323"))),
    ]
}
