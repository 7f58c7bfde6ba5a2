//! TR337: a declaration answer names a 323 that was received earlier, by Identificatie and Dagtekening.
//!
//! The 323 is looked for under the provider that the answer is sent to. One that was rejected as a whole was received,
//! too: a declaration answer told so.

use crate::message::{Kind, Law, Number};
use crate::rules::facts::QuestionKey;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR337",
    sort: Sort::Technical,
    level: Level::Across,
    code: "",
    numbers: &[Number::N325],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "De DeclaratieIdentificatie is de BerichtIdentificatie van een eerder ontvangen declaratie (323).",
    en: "DeclaratieIdentificatie is the BerichtIdentificatie of a declaration (323) received earlier.",
    needs: &[Need::Ledger],
    doubt: "A 323 that was rejected as a whole was received as well.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Some(key)) = (case.facts, QuestionKey::of(case.message)) else {
        return Vec::new();
    };
    let kind = Kind::new(case.law(), key.number);
    let QuestionKey { identificatie, afzender, dagtekening, .. } = &key;
    let violation = match &facts.question {
        None => Violation::at(
            Place::header("DeclaratieIdentificatie"),
            format!("Er is geen {kind} {identificatie} van {afzender} ontvangen. Controleer de DeclaratieIdentificatie."),
            format!("No {kind} {identificatie} of {afzender} was received. Verify the DeclaratieIdentificatie."),
        ),
        Some(question) if question.message.dagtekening != *dagtekening => {
            let known = question.message.dagtekening;
            Violation::at(
                Place::header("DeclaratieIdentificatie/Dagtekening"),
                format!("{kind} {identificatie} is van {known}; dit antwoord noemt {dagtekening}. Verbeter de Dagtekening."),
                format!("{kind} {identificatie} is of {known}; this answer names {dagtekening}. Correct the Dagtekening."),
            )
            .date("vraag_dagtekening", known)
        }
        Some(_) => return Vec::new(),
    };
    vec![
        violation
            .fact("vraag", kind.to_string())
            .fact("vraag_identificatie", identificatie.as_str())
            .date("dagtekening", *dagtekening),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::UnknownQuestion;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N325;
    const PATH: &[&str] = &["/Bericht/Header/DeclaratieIdentificatie"];
    vec![
        accepts("the declaration is known", N, |_| {}),
        rejects("it is not", N, PATH, |s| s.facts.question = None),
        rejects("it was signed on another day", N, &["/Bericht/Header/DeclaratieIdentificatie/Dagtekening"], |s| {
            s.question().message.dagtekening = date(2026, 3, 4);
        }),
        rejects("unknown, also where return messages to unknown ones are relayed", N, PATH, |s| {
            s.facts.question = None;
            s.unknown_question = UnknownQuestion::Relay;
        }),
    ]
}
