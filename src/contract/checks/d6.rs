//! D6: price times quantity is claimed by tariff, volume and allocation.
//!
//! The rules of the standard reject what is not: 0611, 9307, 9308, 9319, 9321, 9322, 9339, 9340, 9341, 9346, 9387 and
//! 9388.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D6",
    nl: "Prijs maal hoeveelheid wordt gedeclareerd volgens tarief, volume en toewijzing.",
    en: "Price times quantity is claimed by tariff, volume and allocation.",
    default_policy: Policy::Observe,
    parameters: &["tariffs.csv"],
    run: Run::ByRules(&[
        "TR307", "TR308", "TR319", "TR321", "TR322", "TR339", "TR340", "TR341", "TR346", "TR387", "TR388", "TR418",
    ]),
};
