//! TR376: the `DeclaratieNummer` of a declaration answer is that of a declaration received earlier.
//!
//! Read with TR337: it is the number of the very 323 that the answer names. A number of another declaration would answer
//! two at once.

use super::helpers::{answered_declaration, declaration_answer};
use crate::message::{Body, Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR376",
    sort: Sort::Technical,
    level: Level::Across,
    code: "",
    numbers: &[Number::N325],
    laws: &Law::ALL,
    class: Class::DeclaratieAntwoord,
    nl: "Het DeclaratieNummer in het antwoord is dat van de declaratie waarop wordt geantwoord.",
    en: "DeclaratieNummer in the answer is that of the declaration that is answered.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "The source says of a declaration received earlier; it is that of the 323 named by DeclaratieIdentificatie.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(answered), Some(answer)) = (answered_declaration(case), declaration_answer(case)) else {
        return Vec::new();
    };
    let Body::Declaratie(declaratie) = &answered.body else {
        return Vec::new();
    };
    let (named, sent) = (&answer.nummer, &declaratie.nummer);
    if named == sent {
        return Vec::new();
    }
    vec![
        Violation::at(
            Place::declaratie_antwoord("DeclaratieNummer"),
            format!("De declaratie waarop wordt geantwoord heeft nummer {sent}; dit antwoord noemt {named}. Verbeter het DeclaratieNummer."),
            format!("The declaration that is answered has number {sent}; this answer names {named}. Correct the DeclaratieNummer."),
        )
        .fact("declaratie", sent.as_str())
        .fact("antwoord", named.as_str()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const N: Number = Number::N325;
    const PATH: &[&str] = &["/Bericht/DeclaratieAntwoord/DeclaratieNummer"];
    vec![
        accepts("the number of the declaration", N, |_| {}),
        rejects("another number", N, PATH, |s| s.declaratie_antwoord().nummer = "D2".into()),
        rejects("the declaration has another", N, PATH, |s| s.answered().nummer = "D9".into()),
        accepts("no answer but the header", N, |s| s.message.body = Body::DeclaratieAntwoord(None)),
        accepts("the declaration is unknown, which is the business of TR337", N, |s| {
            s.declaratie_antwoord().nummer = "D2".into();
            s.facts.question = None;
        }),
    ]
}
