//! D21: care is claimed at the tariff of its day.
//!
//! The standard rejects another tariff (0611); a price index needs the agreed indexation.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D21",
    nl: "Zorg wordt gedeclareerd tegen het tarief van haar dag.",
    en: "Care is claimed at the tariff of its day.",
    default_policy: Policy::Observe,
    parameters: &["tariffs.csv, indexation"],
    run: Run::Elsewhere {
        nl: "Het tarief zelf keurt de standaard af (0611); voor een prijsindex is de afgesproken indexering nodig.",
        en: "The standard rejects another tariff (0611); a price index needs the agreed indexation.",
    },
};
