//! A21: a new provider is admitted for a reason.
//!
//! `sluis contract import` names the providers that are new in a register and asks for the reason (`--reason`), which is
//! kept with the version. A reason per provider has no place in the tables (design, section 7).

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A21",
    nl: "Een nieuwe aanbieder wordt met een reden toegelaten.",
    en: "A new provider is admitted for a reason.",
    default_policy: Policy::Observe,
    parameters: &["providers.csv"],
    run: Run::AtLoad,
};
