//! B8: heavy youth care is prevented, and residence is short.
//!
//! The measure is clients and days in heavy youth care and residence per thousand young people, and the length of stay. A
//! number per inhabitants needs inhabitants, which no message tells, and a count alone says nothing about a municipality.
//! What messages do show of it is told elsewhere: residence and heavy care that last (B4 over time, B14), residence for want of
//! lighter care (B20).
//!
//! Source: checks B8 (Noord en Midden Drenthe, Noord-Limburg, Gooi en Vechtstreek).

use crate::contract::check::{CheckInfo, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "B8",
    nl: "Zware jeugdhulp en verblijf komen niet vaker voor per duizend jeugdigen dan bedoeld.",
    en: "Heavy youth care and residence are no more frequent per thousand young people than was meant.",
    default_policy: Policy::Observe,
    parameters: &["population by municipality and age, from another source"],
    run: Run::Elsewhere {
        nl: "Nodig is een tabel met het aantal jeugdigen per gemeente en jaar; berichten noemen alleen wie zorg heeft.",
        en: "A table of the number of young people by municipality and year is needed; messages name only who has care.",
    },
};
