//! D9: residence above the base places is used only once these are taken.
//!
//! The number of base places per provider and sort; starts and stops then give the occupancy.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D9",
    nl: "Verblijf boven de basisplaatsen wordt pas gebruikt als die bezet zijn.",
    en: "Residence above the base places is used only once these are taken.",
    default_policy: Policy::Observe,
    parameters: &["places per provider"],
    run: Run::Elsewhere {
        nl: "Het aantal basisplaatsen per aanbieder en soort; de bezetting volgt dan uit starts en stops.",
        en: "The number of base places per provider and sort; starts and stops then give the occupancy.",
    },
};
