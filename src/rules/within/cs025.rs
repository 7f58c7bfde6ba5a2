//! CS025: `BerichtVersie` is 3.
//!
//! The schema of each message fixes it with a pattern, so that a document with another value never gets past level 1.

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Rule, Sort};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS025",
    sort: Sort::Constraint,
    level: Level::Schema,
    code: "",
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
    nl: "BerichtVersie is 3.",
    en: "BerichtVersie is 3.",
    needs: &[],
    doubt: "",
    check: Check::Schema,
};

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    Vec::new()
}
