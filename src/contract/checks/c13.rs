//! C13: young people who live away from home live within the region.
//!
//! Messages name a provider by its AGB code, never the place where a young person lives, and a provider of the region
//! may have houses elsewhere.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "C13",
    nl: "Jeugdigen met verblijf wonen in beginsel binnen de regio.",
    en: "Young people in residence live within the region in principle.",
    default_policy: Policy::Observe,
    parameters: &["products.csv flags residence"],
    run: Run::Elsewhere {
        nl: "Nodig zijn de verblijfslocaties van aanbieders (AGB-vestigingen met gemeente) en de locatie per \
             toewijzing.",
        en: "Needed are the houses of providers (AGB locations with municipality) and the location of each allocation.",
    },
};
