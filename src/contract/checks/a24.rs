//! A24: a joint pot pays for the municipalities that fill it, and for no other.
//!
//! Where some municipalities buy a segment together they also carry its money together: an agreement for all of them
//! (municipality `*`) is their pot. Care in a municipality that takes no part must go to a pot of its own, under a
//! contract of its own; A3 tells of the contract, this of the money.

use super::cover::regional;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::register::Agreement;
use crate::message::Number;
use crate::rules::Parties;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A24",
    nl: "Een gezamenlijk budget betaalt alleen zorg in gemeenten die eraan meedoen.",
    en: "A joint budget pays for care in the municipalities that take part in it only.",
    default_policy: Policy::Observe,
    parameters: &["agreements.csv municipality", "region.toml segment.municipalities"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let parties = Parties { gemeente: look.gemeente(), aanbieder: look.aanbieder() };
    let gemeente = look.gemeente();
    regional(look)
        .iter()
        .filter(|care| !care.is_joint(look))
        .filter_map(|care| {
            let mut agreements = care.ids().flat_map(|segment| look.register.agreements_for(segment, parties));
            let is_pot = |agreement: &&Agreement| {
                agreement.gemeente.is_none() && agreement.validity().holds_on(care.on)
            };
            let pot = agreements.find(is_pot)?;
            let (id, segments, product) = (&pot.id, care.segments(), product_name(&care.product));
            let (wat, what) = (care.what.nl(), care.what.en());
            let nl = format!(
                "Gemeente {gemeente} doet niet mee aan {segments}; {wat}, product {product}, komt toch ten laste van het \
                 gezamenlijke budget {id}. Boek de zorg op een eigen budget, onder een eigen contract."
            );
            let en = format!(
                "Municipality {gemeente} takes no part in {segments}; {what}, product {product}, still burdens the joint \
                 budget {id}. Book the care on a budget of its own, under a contract of its own."
            );
            Some(care.raise(look, nl, en).fact("afspraak", id.as_str()))
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{Sample, raises, silent};
    use jiff::civil::date;
    fn household(sample: &mut Sample, gemeente: &str) {
        sample.provider("42420002");
        sample.gemeente(gemeente);
        sample.care("01", "01A01");
    }
    vec![
        silent("one of the five", Number::N301, |s| household(s, "0294")),
        raises("one of the three", Number::N301, &["toewijzing 1001"], |s| household(s, "0222")),
        raises("one of the three, without a contract", Number::N301, &["toewijzing 1001"], |s| {
            household(s, "0222");
            s.provider("42420010");
        }),
        silent("on a day of which the register has no pot", Number::N301, |s| {
            household(s, "0222");
            s.allocation().ingangsdatum = date(2024, 12, 31);
        }),
        silent("a segment of all", Number::N301, |s| s.gemeente("0222")),
        silent("a claim in one of the five", Number::N323, |s| household(s, "0294")),
        raises("a claim in one of the three", Number::N323, &["toewijzing 1001"], |s| household(s, "0222")),
    ]
}
