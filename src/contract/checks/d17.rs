//! D17: day activities do not run beside a place under the Participation Act.
//!
//! The file of places under the Participation Act, with a legal ground for comparing.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D17",
    nl: "Dagbesteding loopt niet samen met een plaats uit de Participatiewet.",
    en: "Day activities do not run beside a place under the Participation Act.",
    default_policy: Policy::Observe,
    parameters: &["participation register"],
    run: Run::Elsewhere {
        nl: "Het bestand van plaatsen onder de Participatiewet, met een grondslag om het te vergelijken.",
        en: "The file of places under the Participation Act, with a legal ground for comparing.",
    },
};
