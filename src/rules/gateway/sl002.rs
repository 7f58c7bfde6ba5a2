//! SL002: a question is answered once.
//!
//! The first reply counts, whoever gave it: also the 306, 308, 316, 318 or 325 that the gateway sends at once for the
//! municipality, and the 302 or 320 with which it rejects. A message that was rejected has had its answer, too.

use crate::message::{Law, Number};
use crate::rules::facts::QuestionState;
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "SL002",
    sort: Sort::Gateway,
    level: Level::Across,
    code: "",
    numbers: &[Number::N302, Number::N306, Number::N308, Number::N316, Number::N318, Number::N320, Number::N325],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "Een bericht wordt één keer beantwoord.",
    en: "A message is answered once.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "The first answer counts, also one that the gateway gave itself.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(question) = case.question() else {
        return Vec::new();
    };
    let QuestionState::Answered(reply) = &question.state else {
        return Vec::new();
    };
    let field =
        if case.message.kind.number.is_return() { "BerichtIdentificatie" } else { "DeclaratieIdentificatie" };
    let message = figures::earlier(&question.message);
    let kind = &reply.kind;
    let on = reply.on.map_or_else(Phrase::default, |on| Phrase::new(format!(" op {on}"), format!(" on {on}")));
    let by = if reply.by_gateway {
        Phrase::new(" door de gateway zelf", " by the gateway itself")
    } else {
        Phrase::default()
    };
    let violation = Violation::at(
        Place::header(field),
        format!(
            "{} is{}{} al beantwoord met een {kind}. Dit tweede antwoord wordt niet doorgegeven.",
            message.nl, on.nl, by.nl
        ),
        format!(
            "{} was answered{}{} with a {kind} already. This second answer is not passed on.",
            message.en, on.en, by.en
        ),
    );
    let violation = violation
        .earlier(&question.message)
        .fact("antwoord", kind.as_str())
        .fact("door_gateway", reply.by_gateway);
    vec![match reply.on {
        Some(on) => violation.date("beantwoord_op", on),
        None => violation,
    }]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::UnknownQuestion;
    use crate::rules::facts::GivenReply;
    use crate::rules::sample::{Sample, accepts, given_reply, rejects};
    use jiff::civil::date;
    const RETURN: &[&str] = &["/Bericht/Header/BerichtIdentificatie"];
    const ANSWER: &[&str] = &["/Bericht/Header/DeclaratieIdentificatie"];
    fn answered(sample: &mut Sample, by_gateway: bool) {
        sample.question().state = QuestionState::Answered(given_reply(by_gateway));
    }
    let mut rows = Vec::new();
    for &number in RULE.numbers {
        let path = if number == Number::N325 { ANSWER } else { RETURN };
        rows.push(accepts("the question waits", number, |_| {}));
        rows.push(rejects("it was answered by the other party", number, path, |s| answered(s, false)));
        rows.push(rejects("it was answered by the gateway", number, path, |s| answered(s, true)));
        rows.push(rejects("it was rejected, on a day that nobody noted", number, path, |s| {
            s.question().state = QuestionState::Answered(GivenReply { on: None, ..given_reply(true) });
        }));
        rows.push(rejects("also where unknown questions are let through", number, path, |s| {
            answered(s, true);
            s.unknown_question = UnknownQuestion::Relay;
        }));
        rows.push(accepts("another message of that name, which is the business of others", number, |s| {
            answered(s, false);
            s.question().message.dagtekening = date(2026, 1, 1);
        }));
        rows.push(accepts("no question", number, |s| s.facts.question = None));
        rows.push(accepts("a question that is held", number, |s| s.question().state = QuestionState::Held));
    }
    rows
}
