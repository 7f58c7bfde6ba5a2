//! B19: the subscription fee does not draw residents to household help who can do without.
//!
//! The measure is the growth of new clients of household help against the time before the fee, and the share of small
//! volumes. Growth needs the baseline of before the fee, which lies before any message that a gateway can have judged, and
//! what clients can do themselves is in no message. Light care is told by B18.
//!
//! Source: checks B19 (Hart van Brabant, Gooi en Vechtstreek).

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B19",
    nl: "Het abonnementstarief trekt geen inwoners naar huishoudelijke hulp die zonder kunnen.",
    en: "The subscription fee draws no residents to household help who can do without.",
    default_policy: Policy::Observe,
    parameters: &["new clients of household help by municipality before the fee, from another source"],
    run: Run::Elsewhere {
        nl: "Nodig is het aantal nieuwe cliënten van huishoudelijke hulp per gemeente en maand van vóór het abonnementstarief.",
        en: "The number of new clients of household help by municipality and month before the subscription fee is needed.",
    },
};
