//! D28: real estate and care of residence stand apart.
//!
//! Product codes of their own for housing and care from a date on; each then has an account.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D28",
    nl: "Vastgoed en zorg van verblijf staan apart.",
    en: "Real estate and care of residence stand apart.",
    default_policy: Policy::Observe,
    parameters: &["products.csv codes"],
    run: Run::Elsewhere {
        nl: "Eigen productcodes voor wonen en zorg vanaf een datum; dan heeft elk een eigen rekening.",
        en: "Product codes of their own for housing and care from a date on; each then has an account.",
    },
};
