//! D24: money for help goes to help.
//!
//! The statement of wage cost and profit per provider.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D24",
    nl: "Geld voor hulp gaat naar hulp.",
    en: "Money for help goes to help.",
    default_policy: Policy::Observe,
    parameters: &["annual statements"],
    run: Run::Elsewhere {
        nl: "De opgave van loonkosten en winst per aanbieder.",
        en: "The statement of wage cost and profit per provider.",
    },
};
