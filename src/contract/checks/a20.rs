//! A20: care under the Participatiewet stays outside of these messages.
//!
//! iWmo and iJw carry no message of that law. A message that names one of its products anyway is rejected by the standard
//! (TR381, S329), so there is nothing left to look at here.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A20",
    nl: "Participatieplaatsen worden in een eigen register bijgehouden.",
    en: "Placements under the Participatiewet are kept in a register of their own.",
    default_policy: Policy::Observe,
    parameters: &["participation register"],
    run: Run::Elsewhere {
        nl: "Nodig is een register van participatieplaatsen met aanbieder, plan en bedrag; iWmo en iJw kennen ze niet.",
        en: "Needed is a register of placements with provider, plan and amount; iWmo and iJw do not carry them.",
    },
};
