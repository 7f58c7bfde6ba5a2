//! D8: the budget agreed with one provider is not running out, and requests do not go past it.

use super::{asked, spend};
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D8",
    nl: "Het gebruik van een budgetafspraak met een aanbieder blijft onder de afgesproken drempels.",
    en: "The consumption of a budget agreed with a provider stays below the agreed thresholds.",
    default_policy: Policy::Signal,
    parameters: &["agreements.csv", "norms.broken_periods"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N315, Number::N317, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    match look.message.kind.number {
        Number::N315 | Number::N317 => asked::exceeded(look),
        _ => spend::run(look, |agreement| agreement.agb.is_some()),
    }
}

/// A request that its provider's own budget has no room for, where the agreement says so.
#[cfg(test)]
pub(super) fn past_the_amount(sample: &mut super::sample::Sample) {
    lodging(sample, "answer", 2_000_000);
}

#[cfg(test)]
const AGREEMENT: &str = "FICTIEF-LOG-42420001-2026";

/// Four nights a week at 150.07, from 1 April until 30 September: 27 weeks.
#[cfg(test)]
fn lodging(sample: &mut super::sample::Sample, on_exceed: &str, consumed: i64) {
    let nights = |omvang: &mut Option<crate::message::Omvang>| {
        omvang.as_mut().expect("the sample has a volume").eenheid = crate::message::Eenheid::Etmaal;
    };
    sample.on_exceed(AGREEMENT, on_exceed);
    sample.consumed(AGREEMENT, consumed);
    if sample.message.kind.number == Number::N317 {
        nights(&mut sample.changed().omvang);
        nights(&mut sample.known().omvang);
        sample.care("04", "04A01");
    } else {
        nights(&mut sample.asked().omvang);
        sample.asked().product = Some(crate::message::Product { categorie: "04".into(), code: Some("04A01".into()) });
    }
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Eenheid;
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
        silent("a request up to the amount", Number::N315, |s| lodging(s, "answer", 2_000_000 - 27 * 4 * 15_007)),
        raises(
            "a request one cent past it",
            Number::N315,
            &["afspraak FICTIEF-LOG-42420001-2026 overschreden verzoek V-2026-1 04A01"],
            |s| lodging(s, "answer", 2_000_000 - 27 * 4 * 15_007 + 1),
        ),
        raises(
            "where a person is to be asked",
            Number::N315,
            &["afspraak FICTIEF-LOG-42420001-2026 overschreden verzoek V-2026-1 04A01"],
            |s| lodging(s, "hold", 2_000_000),
        ),
        silent("where nothing is to be done", Number::N315, |s| lodging(s, "signal", 2_000_000)),
        silent("what cannot be reckoned", Number::N315, |s| {
            lodging(s, "answer", 2_000_000);
            s.asked().omvang.as_mut().expect("the sample has a volume").eenheid = Eenheid::StuksOutput;
        }),
        silent("the budget of a segment", Number::N315, |s| s.consumed("FICTIEF-WIO-0197-2026", 6_000_000)),
        // The change asks for a month more: four weeks that the allocation did not touch.
        silent("a change up to the amount", Number::N317, |s| lodging(s, "answer", 2_000_000 - 4 * 4 * 15_007)),
        raises(
            "a change one cent past it",
            Number::N317,
            &["afspraak FICTIEF-LOG-42420001-2026 overschreden verzoek V-2026-1 op toewijzing 1001"],
            |s| lodging(s, "answer", 2_000_000 - 4 * 4 * 15_007 + 1),
        ),
        silent("a change to less, of a budget that is used up", Number::N317, |s| {
            lodging(s, "answer", 2_000_000);
            s.changed().einddatum = Some(jiff::civil::date(2026, 2, 28));
        }),
        silent("a claim in another segment", Number::N323, |s| s.consumed(AGREEMENT, 1_399_999)),
        raises("a claim that passes 70%", Number::N323, &["afspraak FICTIEF-LOG-42420001-2026 70%"], |s| {
            s.line().categorie = "04".into();
            s.line().code = "04A01".into();
            s.consumed(AGREEMENT, 1_399_999);
        }),
    ]
}
