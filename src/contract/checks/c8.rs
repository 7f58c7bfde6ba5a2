//! C8: care is evaluated before it is extended.
//!
//! A message tells that an allocation was stretched (Einddatum, RedenWijziging 04) and that a provider asked for it
//! (317); that somebody evaluated the care first it tells nowhere. An extension without a request is no sign of a
//! missing evaluation: the access team that evaluates extends without being asked. So there is nothing honest to count
//! here. Long care at one level (B4), duration (B14) and value help to pick what to evaluate.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C8",
    nl: "Zorg wordt geëvalueerd voordat zij wordt verlengd.",
    en: "Care is evaluated before it is extended.",
    default_policy: Policy::Observe,
    parameters: &["norms.evaluation_days"],
    run: Run::Elsewhere {
        nl: "Nodig is een lijst van evaluaties van de toegang: gemeente, toewijzing en datum van de evaluatie.",
        en: "Needed is a list of evaluations by the access team: municipality, allocation and day of the evaluation.",
    },
};
