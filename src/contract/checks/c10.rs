//! C10: complaints stay few for the number of clients.
//!
//! Complaints come to municipalities and providers by other ways than messages, so nothing here shows them.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C10",
    nl: "Er zijn weinig klachten voor het aantal cliënten.",
    en: "There are few complaints for the number of clients.",
    default_policy: Policy::Observe,
    parameters: &["norms.min_cases"],
    run: Run::Elsewhere {
        nl: "Nodig is een lijst van klachten: gemeente, aanbieder, segment, maand en aantal.",
        en: "Needed is a list of complaints: municipality, provider, segment, month and number.",
    },
};
