//! D27: availability pays for a place that is used.
//!
//! The number of paid places per provider; starts and stops then give the use.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D27",
    nl: "Voor beschikbaarheid wordt een plaats betaald die wordt gebruikt.",
    en: "Availability pays for a place that is used.",
    default_policy: Policy::Observe,
    parameters: &["places per provider, norms.occupancy_percent"],
    run: Run::Elsewhere {
        nl: "Het aantal betaalde plaatsen per aanbieder; het gebruik volgt dan uit starts en stops.",
        en: "The number of paid places per provider; starts and stops then give the use.",
    },
};
