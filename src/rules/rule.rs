//! What a rule is: a table of facts about it and a function.

use super::case::{Case, Line};
use super::place::{Class, Place};
use crate::message::{Kind, Law, Number};
use serde_json::Value;
use std::collections::BTreeMap;

/// Sort of rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// TR: technical rule.
    Technical,
    /// CD: condition.
    Condition,
    /// CS: constraint.
    Constraint,
    /// SL: a rule of the gateway itself, which the standard does not have.
    Gateway,
}

/// Control level (IV032). A failure at one level ends the process before the next; 3 and 4 run together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The XSD.
    Schema = 1,
    /// Rules within the message.
    Within = 2,
    /// Rules across messages.
    Across = 3,
    /// Rules against outside sources.
    Outside = 4,
}

/// What a rule reads beyond the message. A rule whose need is not met is skipped and reported as skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Earlier messages.
    Ledger,
    /// The contract register: product list and tariffs.
    Terms,
    /// The message that a reply answers. Met without one too, unless replies to unknown messages are passed on.
    Question,
}

/// How a rule looks at a message.
#[derive(Clone, Copy)]
pub enum Check {
    /// The schema enforces it: nothing to run at level 2 and up.
    Schema,
    /// Looks at the message as a whole and reports every place.
    Message(fn(&Case<'_>) -> Vec<Violation>),
    /// Looks at one line of a 323, with what was granted before it in the same message.
    Line(fn(&Line<'_>) -> Vec<Violation>),
    /// One rule for several numbers: `message` looks at a 301 or 305 as a whole, `line` at each line of a 323.
    Either {
        /// For any number but the 323.
        message: fn(&Case<'_>) -> Vec<Violation>,
        /// For the 323.
        line: fn(&Line<'_>) -> Vec<Violation>,
    },
}

/// One rule of the standard.
pub struct Rule {
    /// Identifier: `TR056`, `CD041`, `CS002`.
    pub id: &'static str,
    /// Technical rule, condition or constraint of the standard, or one of the gateway itself.
    pub sort: Sort,
    /// Level at which it is judged.
    pub level: Level,
    /// Return code; empty where the standard has none.
    pub code: &'static str,
    /// Numbers it applies to, among those the gateway judges.
    pub numbers: &'static [Number],
    /// Laws it applies to.
    pub laws: &'static [Law],
    /// The class that the return code stands on; decides the order of judging.
    pub class: Class,
    /// What must hold, one sentence in Dutch.
    pub nl: &'static str,
    /// What must hold, one sentence in English.
    pub en: &'static str,
    /// What it reads beyond the message.
    pub needs: &'static [Need],
    /// A doubtful reading of the source and the choice made; empty when the source is clear.
    pub doubt: &'static str,
    /// The test itself.
    pub check: Check,
}

impl Rule {
    /// Whether the rule applies to messages of this kind.
    pub fn applies_to(&self, kind: Kind) -> bool {
        self.laws.contains(&kind.law) && self.numbers.contains(&kind.number)
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// One place where a rule does not hold. The engine stamps rule id and return code on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Where.
    pub place: Place,
    /// What is wrong here, with the figures compared, in Dutch; a sentence for the provider's administrator.
    pub nl: String,
    /// The same in English.
    pub en: String,
    /// The figures compared, by name (snake_case). Never a BSN or a name.
    pub facts: BTreeMap<&'static str, Value>,
}

impl Violation {
    /// A violation at `place`.
    pub fn at(place: Place, nl: impl Into<String>, en: impl Into<String>) -> Violation {
        Violation { place, nl: nl.into(), en: en.into(), facts: BTreeMap::new() }
    }

    /// Adds a figure.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<Value>) -> Violation {
        self.facts.insert(name, value.into());
        self
    }

    /// Adds a date as a figure.
    #[must_use]
    pub fn date(self, name: &'static str, value: crate::message::Date) -> Violation {
        self.fact(name, value.to_string())
    }
}
