//! What a municipality wants done with a check: observe, signal, hold or answer.

use super::check::{self, CheckInfo};
use super::fault::hint;
use super::words::words;
use crate::message::Party;
use std::collections::BTreeMap;

words! {
    /// How far a check may go, from least to most. What a message does not allow becomes the step below: only an
    /// outgoing allocation can be held, only a request can be answered, and a claim is never stopped by the contract
    /// layer (checks, section 0).
    pub enum Policy {
        /// Recorded, not sent to anybody.
        Observe = "observe",
        /// The municipality is told.
        Signal = "signal",
        /// An outgoing allocation waits for a person, who can always release it with a reason.
        Hold = "hold",
        /// A request is answered with the reason that the standard has for it; an allocation is held.
        Answer = "answer",
    }
}

/// The policies of all municipalities. Where nothing is set a check follows its own default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    by: BTreeMap<(String, Option<Party>), Policy>,
    /// The furthest that any check may go, whatever was set.
    at_most: Option<Policy>,
}

impl Policies {
    /// Sets the policy of a check, for one municipality or for all that have none of their own.
    ///
    /// # Errors
    /// A sentence on what is wrong: an unknown check or word.
    pub fn set(&mut self, check: &str, gemeente: Option<&Party>, word: &str) -> Result<(), String> {
        if check::find(check).is_none() {
            return Err(format!("unknown check `{check}`; {}", hint(check, check::all().iter().map(|check| check.id))));
        }
        let Some(policy) = Policy::parse(word) else {
            return Err(format!("unknown policy `{word}`; {}", hint(word, Policy::WORDS.iter().copied())));
        };
        self.by.insert((check.to_owned(), gemeente.cloned()), policy);
        Ok(())
    }

    /// The policy of a check in a municipality.
    pub fn of(&self, check: &CheckInfo, gemeente: &Party) -> Policy {
        let set = |gemeente: Option<&Party>| self.by.get(&(check.id.to_owned(), gemeente.cloned())).copied();
        let policy = set(Some(gemeente)).or_else(|| set(None)).unwrap_or(check.default_policy);
        self.at_most.map_or(policy, |at_most| policy.min(at_most))
    }

    /// The same policies, none of which goes further than this.
    #[must_use]
    pub fn capped(&self, at_most: Policy) -> Policies {
        Policies { by: self.by.clone(), at_most: Some(at_most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_setting_wins() {
        let (aalten, winterswijk) = (Party::from("0197"), Party::from("0294"));
        let a1 = check::find("A1").expect("A1 is registered");
        let mut policies = Policies::default();
        assert_eq!(policies.of(a1, &aalten), Policy::Observe);
        policies.set("A1", None, "signal").expect("a known check and word");
        policies.set("A1", Some(&aalten), "hold").expect("a known check and word");
        assert_eq!(policies.of(a1, &aalten), Policy::Hold);
        assert_eq!(policies.of(a1, &winterswijk), Policy::Signal);
        let capped = policies.capped(Policy::Signal);
        assert_eq!((capped.of(a1, &aalten), capped.of(a1, &winterswijk)), (Policy::Signal, Policy::Signal));
        let d2 = check::find("D2").expect("D2 is registered");
        assert_eq!(policies.capped(Policy::Observe).of(d2, &aalten), Policy::Observe);
    }

    #[test]
    fn unknown_words_are_refused_with_a_hint() {
        let mut policies = Policies::default();
        assert_eq!(
            policies.set("A1", None, "sinal").expect_err("no such word"),
            "unknown policy `sinal`; did you mean `signal`?"
        );
        assert!(policies.set("Z9", None, "signal").is_err_and(|error| error.starts_with("unknown check `Z9`")));
    }
}
