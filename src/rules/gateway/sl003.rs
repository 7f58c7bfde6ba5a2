//! SL003: a reply comes from the party to which the question was sent.
//!
//! A return message repeats the receiver of the question as Ontvanger; a 325 is a message of its own, with the receiver
//! of the 323 as Afzender. Who really sent the reply is the business of the transport.

use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "SL003",
    sort: Sort::Gateway,
    level: Level::Across,
    code: "",
    numbers: &[Number::N302, Number::N306, Number::N308, Number::N316, Number::N318, Number::N320, Number::N325],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "Een antwoord komt van de partij aan wie de vraag is gericht.",
    en: "A reply comes from the party to which the question was sent.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(question) = case.question() else {
        return Vec::new();
    };
    let (sender, owed_by) = (case.message.sender(), &question.owed_by);
    if sender == owed_by {
        return Vec::new();
    }
    let field = if case.message.kind.number.is_return() { "Ontvanger" } else { "Afzender" };
    let message = figures::earlier(&question.message);
    let violation = Violation::at(
        Place::header(field),
        format!("{} is gericht aan {owed_by}; {sender} kan het niet beantwoorden. Controleer de {field}.", message.nl),
        format!("{} was sent to {owed_by}; {sender} cannot answer it. Verify the {field}.", message.en),
    );
    let violation = violation.earlier(&question.message);
    vec![violation.fact("verwacht", owed_by.as_str()).fact("gevonden", sender.as_str())]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const ONTVANGER: &[&str] = &["/Bericht/Header/Ontvanger"];
    const AFZENDER: &[&str] = &["/Bericht/Header/Afzender"];
    let mut rows = Vec::new();
    for &number in RULE.numbers {
        let path = if number == Number::N325 { AFZENDER } else { ONTVANGER };
        rows.push(accepts("from whom it was sent to", number, |_| {}));
        rows.push(rejects("sent to another party", number, path, |s| s.question().owed_by = "42420009".into()));
        rows.push(accepts("another message of that name, which is the business of others", number, |s| {
            s.question().owed_by = "42420009".into();
            s.question().message.dagtekening = date(2026, 1, 1);
        }));
        rows.push(accepts("no question", number, |s| s.facts.question = None));
    }
    rows
}
