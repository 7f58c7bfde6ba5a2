//! When a signal ends: its cause is gone.
//!
//! What a check over time told ends with the first survey that does not tell it again. What a check on a message told is
//! not looked at again as such; it ends when the allocations that it is about are over or deleted, when the agreement
//! that it is about is over, or when a threshold that was passed is no longer reached. Allocations that wait for a
//! person are not in the ledger yet, so a signal about those stays.

use super::survey::Survey;
use crate::finding::Signal;
use crate::message::{Cents, Count, Law, Party};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A signal that was told and has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The signal as it was last told.
    pub signal: Signal,
    /// How often it has opened: 1 the first time.
    pub occurrence: u32,
    /// What told it.
    pub origin: Origin,
}

/// What told a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A check over time.
    Survey,
    /// A check on a message of this law.
    Message {
        /// Law.
        law: Law,
        /// Whether the message waits for a person.
        is_held: bool,
    },
}

/// Why a signal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The check does not tell it any more.
    NotSeenAgain,
    /// The allocations it is about are over or deleted.
    AllocationsOver,
    /// The agreement it is about is over, or gone from the register.
    AgreementOver,
    /// Consumption is below the threshold again.
    BelowThreshold,
}

impl Because {
    /// The word in the ledger and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Because::NotSeenAgain => "not_seen_again",
            Because::AllocationsOver => "allocations_over",
            Because::AgreementOver => "agreement_over",
            Because::BelowThreshold => "below_threshold",
        }
    }
}

/// What ends an open signal, as far as that can be said before it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// The first survey that does not tell it again.
    NotSeenAgain,
    /// The end of the last allocation that it is about.
    AllocationsOver,
    /// The end of its agreement, or consumption below the threshold.
    BelowThreshold,
    /// The end of its agreement.
    AgreementOver,
    /// Nothing, while the message that told it waits for a person.
    AfterHold,
    /// Nothing: it is about nothing that can be over.
    Never,
}

/// What ends an open signal: the same cases as [`Standing::ended`].
pub fn ends(open: &Open) -> Ends {
    let facts = &open.signal.facts;
    match open.origin {
        Origin::Survey => Ends::NotSeenAgain,
        Origin::Message { is_held: true, .. } => Ends::AfterHold,
        Origin::Message { .. } if facts.get("afspraak").is_some_and(Value::is_string) => {
            if facts.get("drempel_procent").is_some_and(Value::is_i64) {
                Ends::BelowThreshold
            } else {
                Ends::AgreementOver
            }
        }
        Origin::Message { .. } if open.signal.toewijzingen.is_empty() => Ends::Never,
        Origin::Message { .. } => Ends::AllocationsOver,
    }
}

/// What is needed to tell which signals of a region have ended.
pub struct Standing<'a> {
    survey: Survey<'a>,
    told: BTreeSet<&'a str>,
    consumption: &'a BTreeMap<String, Cents>,
    running: BTreeSet<(Law, &'a Party, Count)>,
}

impl<'a> Standing<'a> {
    /// The region as `survey` shows it: `told` is what its checks over time tell now, `consumption` that of all
    /// agreements with postings.
    pub fn new(
        survey: Survey<'a>,
        told: impl IntoIterator<Item = &'a Signal>,
        consumption: &'a BTreeMap<String, Cents>,
    ) -> Standing<'a> {
        let running = survey.history.allocations.iter().filter_map(|allocated| {
            let current = allocated.current()?;
            let runs = current.einddatum.is_none_or(|end| end >= survey.today);
            runs.then_some((allocated.law, &allocated.gemeente, current.nummer))
        });
        Standing {
            survey,
            told: told.into_iter().map(|signal| signal.id.as_str()).collect(),
            consumption,
            running: running.collect(),
        }
    }

    /// Why an open signal has ended; `None` while it has not.
    pub fn ended(&self, open: &Open) -> Option<Because> {
        let signal = &open.signal;
        match open.origin {
            Origin::Survey => (!self.told.contains(signal.id.as_str())).then_some(Because::NotSeenAgain),
            Origin::Message { is_held: true, .. } => None,
            Origin::Message { law, is_held: false } => match signal.facts.get("afspraak").and_then(Value::as_str) {
                Some(agreement) => self.agreement_ended(signal, agreement),
                None => self.allocations_ended(signal, law),
            },
        }
    }

    fn allocations_ended(&self, signal: &Signal, law: Law) -> Option<Because> {
        let gemeente = signal.party();
        let is_over = |nummer: &Count| !self.running.contains(&(law, &gemeente, *nummer));
        (!signal.toewijzingen.is_empty() && signal.toewijzingen.iter().all(is_over)).then_some(Because::AllocationsOver)
    }

    fn agreement_ended(&self, signal: &Signal, id: &str) -> Option<Because> {
        let Some(agreement) = self.survey.register.agreement(id).filter(|agreement| self.survey.today <= agreement.to)
        else {
            return Some(Because::AgreementOver);
        };
        let percent = signal.facts.get("drempel_procent").and_then(Value::as_i64)?;
        let consumption = self.consumption.get(id).copied().unwrap_or_default();
        let limit = i128::from(agreement.amount.0) * i128::from(percent);
        (i128::from(consumption.0) * 100 < limit).then_some(Because::BelowThreshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::checks::timeline::Timeline;
    use crate::finding::Severity;
    use jiff::civil::date;

    const POT: &str = "FICTIEF-WIO-0197-2026";
    const MESSAGE: Origin = Origin::Message { law: Law::Wmo, is_held: false };

    fn open(origin: Origin, toewijzingen: &[Count], facts: &[(&str, Value)]) -> Open {
        let signal = Signal {
            id: "s1".to_owned(),
            check: "A1".to_owned(),
            outcome: "signal".to_owned(),
            severity: Severity::Warning,
            region: "achterhoek".to_owned(),
            gemeente: "0197".to_owned(),
            toewijzingen: toewijzingen.to_vec(),
            nl: String::new(),
            en: String::new(),
            facts: facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        };
        Open { signal, occurrence: 1, origin }
    }

    fn ended(open: &Open, told: &[Signal], consumed: i64, change: impl FnOnce(&mut Timeline)) -> Option<Because> {
        let mut timeline = Timeline::new();
        change(&mut timeline);
        let consumption = BTreeMap::from([(POT.to_owned(), Cents(consumed))]);
        Standing::new(timeline.survey(), told, &consumption).ended(open)
    }

    #[test]
    fn what_a_survey_told_ends_when_it_is_not_told_again() {
        let signal = open(Origin::Survey, &[1], &[]);
        assert_eq!(ended(&signal, &[], 0, |_| ()), Some(Because::NotSeenAgain));
        assert_eq!(ended(&signal, std::slice::from_ref(&signal.signal), 0, |_| ()), None);
    }

    #[test]
    fn a_signal_about_allocations_ends_with_the_last_of_them() {
        let signal = open(MESSAGE, &[1, 2], &[]);
        let run = |second_ends| {
            ended(&signal, &[], 0, |t| {
                t.allocation(1, "a", "02A01", date(2026, 1, 1), Some(date(2026, 1, 31)));
                t.allocation(2, "a", "02A01", date(2026, 1, 1), Some(second_ends));
            })
        };
        assert_eq!(run(date(2026, 6, 30)), Some(Because::AllocationsOver));
        assert_eq!(run(date(2026, 7, 1)), None, "the last day still counts");
        let deleted = ended(&signal, &[], 0, |t| {
            t.allocation(2, "a", "02A01", date(2026, 1, 1), None).versions[0].reden_wijziging = Some("13".into());
        });
        assert_eq!(deleted, Some(Because::AllocationsOver));
        let elsewhere = ended(&signal, &[], 0, |t| {
            t.allocation(2, "a", "02A01", date(2026, 1, 1), None).gemeente = Party::from("0222");
        });
        assert_eq!(elsewhere, Some(Because::AllocationsOver), "numbers belong to a municipality");
        assert_eq!(ended(&open(MESSAGE, &[], &[]), &[], 0, |_| ()), None, "about nothing that can be over");
    }

    #[test]
    fn a_signal_about_a_message_that_waits_for_a_person_stays() {
        let held = Origin::Message { law: Law::Wmo, is_held: true };
        assert_eq!(ended(&open(held, &[1], &[]), &[], 0, |_| ()), None);
        assert_eq!(ends(&open(held, &[1], &[])), Ends::AfterHold);
        assert_eq!(ends(&open(Origin::Survey, &[1], &[])), Ends::NotSeenAgain);
        assert_eq!(ends(&open(MESSAGE, &[1], &[])), Ends::AllocationsOver);
        assert_eq!(ends(&open(MESSAGE, &[], &[])), Ends::Never);
    }

    #[test]
    fn a_signal_about_an_agreement_ends_with_it_or_below_its_threshold() {
        let passed = open(MESSAGE, &[1], &[("afspraak", POT.into()), ("drempel_procent", 70.into())]);
        // The pot is 60,000.00 for 2026.
        assert_eq!(ended(&passed, &[], 4_200_000, |_| ()), None, "70% to the cent");
        assert_eq!(ended(&passed, &[], 4_199_999, |_| ()), Some(Because::BelowThreshold));
        assert_eq!(ended(&passed, &[], 9_000_000, |t| t.today = date(2026, 12, 31)), None);
        assert_eq!(ended(&passed, &[], 9_000_000, |t| t.today = date(2027, 1, 1)), Some(Because::AgreementOver));
        assert_eq!(ends(&passed), Ends::BelowThreshold);
        let gone = open(MESSAGE, &[1], &[("afspraak", "no-such-agreement".into())]);
        assert_eq!(ends(&gone), Ends::AgreementOver);
        assert_eq!(ended(&gone, &[], 0, |_| ()), Some(Because::AgreementOver));
        let unreckoned = open(MESSAGE, &[1], &[("afspraak", POT.into())]);
        assert_eq!(ended(&unreckoned, &[], 0, |_| ()), None, "no threshold to be below");
    }
}
