//! SL001: a return message answers a message that was passed on by this gateway.
//!
//! It names that message by repeating Afzender and BerichtIdentificatie unchanged (replies, sections 2.1 and 4). The
//! Identificatie alone tells which one is meant (TR056); another Dagtekening shows that the reply was made to something
//! else. Whom it is for cannot have answered an allocation that a person still holds back.
//!
//! For the 325 the standard has a rule of its own, TR337.

use crate::message::{Kind, Law, Number};
use crate::rules::facts::{QuestionKey, QuestionState};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "SL001",
    sort: Sort::Gateway,
    level: Level::Across,
    code: "",
    numbers: &[Number::N302, Number::N306, Number::N308, Number::N316, Number::N318, Number::N320],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "Een retourbericht antwoordt op een bericht dat via deze gateway is verzonden.",
    en: "A return message answers a message that was passed on by this gateway.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "A reply with the right Identificatie and another Dagtekening answers no known message.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(facts), Some(key)) = (case.facts, QuestionKey::of(case.message)) else {
        return Vec::new();
    };
    let kind = Kind::new(case.law(), key.number);
    let QuestionKey { identificatie, afzender, dagtekening, .. } = &key;
    let at = |field: &str, nl: String, en: String| {
        let violation = Violation::at(Place::header(field), nl, en);
        vec![violation.fact("vraag", kind.to_string()).fact("vraag_identificatie", identificatie.as_str())]
    };
    match &facts.question {
        None => at(
            "BerichtIdentificatie",
            format!(
                "Er is geen {kind} {identificatie} van {afzender} bekend om op te antwoorden. Neem Afzender en \
                 BerichtIdentificatie ongewijzigd over uit het bericht dat u beantwoordt."
            ),
            format!(
                "No {kind} {identificatie} of {afzender} is known to be answered. Repeat Afzender and \
                 BerichtIdentificatie of the message you answer unchanged."
            ),
        ),
        Some(question) if question.message.dagtekening != *dagtekening => {
            let known = question.message.dagtekening;
            at(
                "BerichtIdentificatie/Dagtekening",
                format!(
                    "{kind} {identificatie} is van {known}; dit bericht antwoordt op een van {dagtekening}. Neem de \
                     BerichtIdentificatie ongewijzigd over."
                ),
                format!(
                    "{kind} {identificatie} is of {known}; this message answers one of {dagtekening}. Repeat \
                     BerichtIdentificatie unchanged."
                ),
            )
            .into_iter()
            .map(|violation| violation.date("vraag_dagtekening", known).date("dagtekening", *dagtekening))
            .collect()
        }
        Some(question) if question.state == QuestionState::Held => {
            let message = figures::earlier(&question.message);
            at(
                "BerichtIdentificatie",
                format!("{} wacht nog op een besluit en is niet verzonden: er valt niets te beantwoorden.", message.nl),
                format!("{} still waits for a decision and was not sent: there is nothing to answer.", message.en),
            )
        }
        Some(_) => Vec::new(),
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::UnknownQuestion;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const PATH: &[&str] = &["/Bericht/Header/BerichtIdentificatie"];
    const DAGTEKENING: &[&str] = &["/Bericht/Header/BerichtIdentificatie/Dagtekening"];
    let mut rows = Vec::new();
    for &number in RULE.numbers {
        rows.push(accepts("the message it answers is known", number, |_| {}));
        rows.push(rejects("nobody knows what it answers", number, PATH, |s| s.facts.question = None));
        rows.push(rejects("the message was signed a day earlier", number, DAGTEKENING, |s| {
            s.question().message.dagtekening = date(2026, 3, 8);
        }));
        rows.push(rejects("the message is held back", number, PATH, |s| s.question().state = QuestionState::Held));
        rows.push(accepts("not judged where the question may be older than the gateway", number, |s| {
            s.facts.question = None;
            s.unknown_question = UnknownQuestion::Relay;
        }));
        rows.push(accepts("nor when a namesake of it was signed on another day", number, |s| {
            s.question().message.dagtekening = date(2026, 3, 8);
            s.unknown_question = UnknownQuestion::Relay;
        }));
        rows.push(rejects("held back is known", number, PATH, |s| {
            s.question().state = QuestionState::Held;
            s.unknown_question = UnknownQuestion::Relay;
        }));
    }
    rows
}
