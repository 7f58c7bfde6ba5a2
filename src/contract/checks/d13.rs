//! D13: spending follows the prognosis of the region.
//!
//! The prognosis of the region per year as a norm; the accounts hold the spending per year.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D13",
    nl: "De uitgaven volgen de prognose van de regio.",
    en: "Spending follows the prognosis of the region.",
    default_policy: Policy::Observe,
    parameters: &["prognosis per year"],
    run: Run::Elsewhere {
        nl: "De prognose van de regio per jaar als norm; de uitgaven per jaar staan in de rekeningen.",
        en: "The prognosis of the region per year as a norm; the accounts hold the spending per year.",
    },
};
