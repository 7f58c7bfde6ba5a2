//! D19: participation is claimed on a recorded result.
//!
//! The register of plans and ladder steps; this care does not pass through iWmo and iJw.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D19",
    nl: "Participatie wordt gedeclareerd op een vastgelegd resultaat.",
    en: "Participation is claimed on a recorded result.",
    default_policy: Policy::Observe,
    parameters: &["plan register"],
    run: Run::Elsewhere {
        nl: "Het eigen register van plannen en treden; deze zorg gaat niet door iWmo en iJw.",
        en: "The register of plans and ladder steps; this care does not pass through iWmo and iJw.",
    },
};
