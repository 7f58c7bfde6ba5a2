//! A10: no more providers are contracted for a segment than the region allows.
//!
//! The register is held against the caps of the profile when it is checked: a register beyond a cap is refused as a whole
//! (`contract::register::verify`). So no allocation can meet a provider beyond a cap, and nothing is looked at per message.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A10",
    nl: "Voor een segment zijn niet meer aanbieders gecontracteerd dan de regio toestaat.",
    en: "No more providers are contracted for a segment than the region allows.",
    default_policy: Policy::Observe,
    parameters: &["region.toml cap", "contracts.csv"],
    run: Run::AtLoad,
};
