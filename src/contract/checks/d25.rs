//! D25: the accounts of a year tie to the declarations granted.
//!
//! This is a report and no signal: `sluis doctor` recounts that everything ties, the control protocol sets the tolerance.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D25",
    nl: "De verantwoording van een jaar sluit aan op de toegekende declaraties.",
    en: "The accounts of a year tie to the declarations granted.",
    default_policy: Policy::Observe,
    parameters: &["control protocol"],
    run: Run::Elsewhere {
        nl: "Dit is een rapport en geen signaal: `sluis doctor` rekent na dat alles aansluit, het controleprotocol bepaalt de tolerantie.",
        en: "This is a report and no signal: `sluis doctor` recounts that everything ties, the control protocol sets the tolerance.",
    },
};
