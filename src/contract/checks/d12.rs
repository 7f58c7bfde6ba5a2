//! D12: an allocation of several years counts in each year for its part.
//!
//! This is a rule of reckoning and no signal: every posting stands on the account of its year.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D12",
    nl: "Een meerjarige toewijzing telt in elk jaar voor haar deel.",
    en: "An allocation of several years counts in each year for its part.",
    default_policy: Policy::Observe,
    parameters: &["norms.broken_periods"],
    run: Run::Elsewhere {
        nl: "Dit is een rekenregel en geen signaal: elke boeking staat op de rekening van haar jaar.",
        en: "This is a rule of reckoning and no signal: every posting stands on the account of its year.",
    },
};
