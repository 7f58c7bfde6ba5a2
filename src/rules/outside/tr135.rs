//! TR135: a message cannot be signed after the day on which it is processed.
//!
//! The comparison is by calendar day in the Netherlands: a message signed today is accepted, whatever the hour. A 325 is
//! judged as well, though no message can carry the code to its sender.

use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR135",
    sort: Sort::Technical,
    level: Level::Outside,
    code: "8848",
    numbers: &[
        Number::N301,
        Number::N305,
        Number::N307,
        Number::N315,
        Number::N317,
        Number::N319,
        Number::N323,
        Number::N325,
    ],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "De dagtekening van een bericht ligt niet na de dag waarop het wordt verwerkt.",
    en: "The date of signing of a message is not after the day on which it is processed.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let dagtekening = case.message.header.identificatie.dagtekening;
    if dagtekening <= case.today {
        return Vec::new();
    }
    vec![
        Violation::at(
            Place::header("BerichtIdentificatie/Dagtekening"),
            format!("De dagtekening {dagtekening} ligt na de verwerkingsdatum {}. Dateer het bericht op of voor de dag van verzending.", case.today),
            format!("The date of signing {dagtekening} is after the day of processing {}. Date the message on or before the day it is sent.", case.today),
        )
        .date("dagtekening", dagtekening)
        .date("verwerkt_op", case.today),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Header/BerichtIdentificatie/Dagtekening";
    let mut rows = Vec::new();
    for &number in RULE.numbers {
        rows.push(accepts("signed today", number, |sample| {
            sample.message.header.identificatie.dagtekening = sample.today;
        }));
        rows.push(rejects("signed tomorrow", number, &[PATH], |sample| {
            sample.message.header.identificatie.dagtekening = sample.today.tomorrow().expect("far from the end of time");
        }));
    }
    rows
}
