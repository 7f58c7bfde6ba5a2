//! A20: care under the Participatiewet stays outside of these messages.
//!
//! iWmo and iJw carry no message of that law. A message that names one of its products anyway is rejected by the standard
//! (TR381, S329), so there is nothing left to look at here. Placements have a register of their own, which is not ours.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A20",
    nl: "Zorg onder de Participatiewet blijft buiten deze berichten.",
    en: "Care under the Participatiewet stays outside of these messages.",
    default_policy: Policy::Observe,
    parameters: &["products.csv"],
    run: Run::ByRules(&["TR381"]),
};
