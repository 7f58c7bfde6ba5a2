//! D2: the budget of a segment, of all its providers together, is not running out.

use super::spend::{self, NUMBERS};
use crate::contract::check::{CheckInfo, Look, Raised, Run};
use crate::contract::policy::Policy;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D2",
    nl: "Het gebruik van een segmentbudget blijft onder de afgesproken drempels.",
    en: "The consumption of a segment's budget stays below the agreed thresholds.",
    default_policy: Policy::Signal,
    parameters: &["agreements.csv", "norms.broken_periods"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    spend::run(look, |agreement| agreement.agb.is_none())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Number;
    // The sample allocation touches 14 weeks of 4 hours at 60.00: 3,360.00 of the 60,000.00 of Aalten.
    const POT: &str = "FICTIEF-WIO-0197-2026";
    vec![
        silent("far below the first threshold", Number::N301, |_| ()),
        silent("one cent below 70%", Number::N301, |s| s.consumed(POT, 4_200_000 - 336_000 - 1)),
        raises("70% to the cent", Number::N301, &["afspraak FICTIEF-WIO-0197-2026 70%"], |s| {
            s.consumed(POT, 4_200_000 - 336_000);
        }),
        silent("already at 70%", Number::N301, |s| s.consumed(POT, 4_200_000)),
        raises(
            "three thresholds at once",
            Number::N301,
            &[
                "afspraak FICTIEF-WIO-0197-2026 70%",
                "afspraak FICTIEF-WIO-0197-2026 85%",
                "afspraak FICTIEF-WIO-0197-2026 100%",
            ],
            |s| {
                s.consumed(POT, 4_199_999);
                s.allocation().omvang.as_mut().expect("the sample has a volume").volume = 40;
            },
        ),
        raises(
            "above the amount where a person is to be asked",
            Number::N301,
            &["afspraak FICTIEF-WIO-0222-2026 overschreden toewijzing 1001"],
            |s| {
                s.gemeente("0222");
                s.consumed("FICTIEF-WIO-0222-2026", 24_000_000);
            },
        ),
        silent("exactly the amount where a person is to be asked above it", Number::N301, |s| {
            s.gemeente("0222");
            s.register_threshold("FICTIEF-WIO-0222-2026", &[70]);
            s.consumed("FICTIEF-WIO-0222-2026", 24_000_000 - 336_000);
        }),
        raises(
            "a tariff that is missing",
            Number::N301,
            &["afspraak FICTIEF-WIO-0197-2026 onbekend toewijzing 1001"],
            |s| {
                s.allocation().omvang.as_mut().expect("the sample has a volume").eenheid =
                    crate::message::Eenheid::Dagdeel;
            },
        ),
        silent("a claim that uses up what was reserved", Number::N323, |s| {
            s.consumed(POT, 4_199_999);
            s.reserved(POT, 336_000);
        }),
        raises(
            "a claim on an allocation that reserved nothing",
            Number::N323,
            &["afspraak FICTIEF-WIO-0197-2026 70%"],
            |s| {
                s.consumed(POT, 4_199_999);
            },
        ),
    ]
}
