//! The rules of the standard: one file per rule, a registry, and the evaluation of a case.
//!
//! Rules are pure and know nothing of each other: the engine decides which run, in which order, and what a failure
//! stops (see [`mod@evaluate`]). What a rule needs beyond the message it reads from [`Case`].

pub(crate) mod calendar;
pub mod case;
pub mod catalogue;
pub mod evaluate;
pub mod facts;
pub(crate) mod figures;
pub mod granted;
mod overlap;
pub mod place;
pub mod releases;
pub mod rule;
#[cfg(test)]
pub(crate) mod sample;
pub mod volumes;

mod across;
mod gateway;
mod outside;
mod within;

pub use case::{Case, Line, LineIndex, Parties, Terms, UnknownQuestion};
pub use evaluate::{Broken, Evaluation, evaluate};
pub(crate) use outside::last_day_of_gemeente;
pub use place::{Class, Place};
pub use releases::in_force;
pub use rule::{Check, Level, Need, Rule, Sort, Violation};

/// Declares the rules of a group: a module per rule, the registry entry, and the test cases beside it.
macro_rules! rules {
    ($( $module:ident ),* $(,)?) => {
        $( mod $module; )*

        /// The rules of this group.
        pub(super) static RULES: &[&crate::rules::rule::Rule] = &[$( &$module::RULE ),*];

        /// The cases of each rule of this group.
        #[cfg(test)]
        pub(super) fn cases() -> Vec<(&'static crate::rules::rule::Rule, Vec<crate::rules::sample::Row>)> {
            vec![$( (&$module::RULE, $module::cases()) ),*]
        }
    };
}
pub(crate) use rules;

/// Every rule of the registry, those of the standard and the gateway's own, by level and then by id.
pub fn all() -> Vec<&'static Rule> {
    let mut rules: Vec<&Rule> = [within::RULES, across::RULES, outside::RULES, gateway::RULES].concat();
    rules.sort_by_key(|rule| (rule.level, rule.id));
    rules
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
