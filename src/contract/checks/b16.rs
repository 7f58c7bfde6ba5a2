//! B16: the average deployment per resident does not rise without reason.
//!
//! The measure splits the growth of spending into volume, price and clients per thousand inhabitants. The last needs
//! inhabitants, which no message tells; without it a growing municipality looks like one that gives more.
//!
//! Source: checks B16 (Gooi en Vechtstreek).

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B16",
    nl: "De gemiddelde inzet per inwoner stijgt niet zonder reden.",
    en: "The average deployment per resident does not rise without reason.",
    default_policy: Policy::Observe,
    parameters: &["population by municipality, from another source"],
    run: Run::Elsewhere {
        nl: "Nodig is een tabel met het aantal inwoners per gemeente en jaar, om groei te splitsen in volume, prijs en \
             gebruik.",
        en: "A table of inhabitants by municipality and year is needed, to split growth into volume, price and use.",
    },
};
