//! D8: the budget agreed with one provider is not running out.

use super::spend::{self, NUMBERS};
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D8",
    nl: "Het gebruik van een budgetafspraak met een aanbieder blijft onder de afgesproken drempels.",
    en: "The consumption of a budget agreed with a provider stays below the agreed thresholds.",
    default_policy: Policy::Signal,
    parameters: &["agreements.csv", "norms.broken_periods"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    spend::run(look, |agreement| agreement.agb.is_some())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Number;
    const AGREEMENT: &str = "FICTIEF-LOG-42420001-2026";
    vec![
        silent("another segment than the agreement's", Number::N301, |s| s.consumed(AGREEMENT, 1_399_999)),
        raises("70% of the provider's budget", Number::N301, &["afspraak FICTIEF-LOG-42420001-2026 70%"], |s| {
            s.product("04", Some("04A01"));
            s.allocation().omvang.as_mut().expect("the sample has a volume").eenheid = crate::message::Eenheid::Etmaal;
            s.consumed(AGREEMENT, 700_000);
        }),
        silent("the budget of another provider", Number::N301, |s| {
            s.provider("42420004");
            s.product("04", Some("04A01"));
            s.allocation().omvang.as_mut().expect("the sample has a volume").eenheid = crate::message::Eenheid::Etmaal;
            s.consumed(AGREEMENT, 700_000);
        }),
        silent("a claim in another segment", Number::N323, |s| s.consumed(AGREEMENT, 1_399_999)),
        raises("a claim that passes 70%", Number::N323, &["afspraak FICTIEF-LOG-42420001-2026 70%"], |s| {
            s.line().categorie = "04".into();
            s.line().code = "04A01".into();
            s.consumed(AGREEMENT, 1_399_999);
        }),
    ]
}
