//! A3: the municipality takes part in the segment.
//!
//! A segment need not be joint in each municipality: some buy it themselves, and then the contracts of the region do not
//! count there. Care that may belong to several segments is in order when one of them is joint.

use super::cover::{NUMBERS, regional};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::message::Party;
use std::collections::BTreeSet;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A3",
    nl: "De gemeente doet mee aan de gezamenlijke inkoop van het segment.",
    en: "The municipality takes part in the joint contract for the segment.",
    default_policy: Policy::Observe,
    parameters: &["region.toml segment.municipalities"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let (name, gemeente) = (look.provider_name(), look.gemeente());
    regional(look)
        .iter()
        .filter(|care| !care.contracts(look).is_empty() && !care.is_joint(look))
        .map(|care| {
            let (segments, product) = (care.segments(), product_name(&care.product));
            let (wat, what) = (care.what.nl(), care.what.en());
            let nl = format!(
                "Gemeente {gemeente} doet niet mee aan de gezamenlijke inkoop van {segments}; het contract van {name} \
                 geldt er niet voor {wat}, product {product}. Controleer of er een eigen contract is."
            );
            let en = format!(
                "Municipality {gemeente} takes no part in the joint contract for {segments}; that of {name} does not \
                 hold there for {what}, product {product}. See whether it has a contract of its own."
            );
            let members: BTreeSet<&str> = care
                .profiles(look)
                .into_iter()
                .flat_map(|segment| segment.municipalities.iter().map(Party::as_str))
                .collect();
            let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            raised.fact("segment_gemeenten", members.into_iter().collect::<Vec<_>>())
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use crate::message::Number;
    fn household(sample: &mut Sample, gemeente: &str) {
        sample.provider("42420002");
        sample.gemeente(gemeente);
        sample.care("01", "01A01");
    }
    vec![
        silent("a segment of all", Number::N301, |s| s.gemeente("0222")),
        silent("one of the five that buy it together", Number::N301, |s| household(s, "0294")),
        raises("one of the three that do not", Number::N301, &["toewijzing 1001"], |s| household(s, "0222")),
        silent("no contract at all is for A1", Number::N301, |s| {
            household(s, "0222");
            s.provider("42420010");
        }),
        silent("a category of which one segment is joint", Number::N301, |s| s.product("02", None)),
        silent("a request in one of the five", Number::N315, |s| household(s, "0294")),
        raises("a request in one of the three", Number::N315, &["verzoek V-2026-1 01A01"], |s| household(s, "0222")),
        silent("a change in one of the five", Number::N317, |s| household(s, "0294")),
        raises("a change in one of the three", Number::N317, &["verzoek V-2026-1 op toewijzing 1001"], |s| {
            household(s, "0222");
        }),
        silent("a claim in one of the five", Number::N323, |s| household(s, "0294")),
        raises("a claim in one of the three", Number::N323, &["toewijzing 1001"], |s| household(s, "0222")),
    ]
}
