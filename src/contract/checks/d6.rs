//! D6: price times quantity is claimed by tariff, volume and allocation.
//!
//! The rules of the standard reject this already: 0611, 9307, 9308, 9319, 9321, 9322, 9339, 9340, 9341, 9346, 9387 and 9388.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D6",
    nl: "Prijs maal hoeveelheid wordt gedeclareerd volgens tarief, volume en toewijzing.",
    en: "Price times quantity is claimed by tariff, volume and allocation.",
    default_policy: Policy::Observe,
    parameters: &["tariffs.csv"],
    run: Run::Elsewhere {
        nl: "De regels van de standaard keuren dit al af: 0611, 9307, 9308, 9319, 9321, 9322, 9339, 9340, 9341, 9346, 9387 en 9388.",
        en: "The rules of the standard reject this already: 0611, 9307, 9308, 9319, 9321, 9322, 9339, 9340, 9341, 9346, 9387 and 9388.",
    },
};
