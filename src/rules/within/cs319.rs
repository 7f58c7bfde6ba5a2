//! CS319: a `DeclaratieNummer` consists of letters and digits only.
//!
//! The schema of the 323 holds the pattern, so that a document with a separator in it never gets past level 1. The 325
//! has no such pattern: there the number only has to be that of the declaration.

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Rule, Sort};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS319",
    sort: Sort::Constraint,
    level: Level::Schema,
    code: "",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Declaratie,
    nl: "DeclaratieNummer bestaat alleen uit letters en cijfers.",
    en: "DeclaratieNummer consists of letters and digits only.",
    needs: &[],
    doubt: "",
    check: Check::Schema,
};

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    Vec::new()
}
