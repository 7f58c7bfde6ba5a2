//! D23: social return: what a provider owes by its turnover of the last whole year.

use super::turnover::{figure, granted, year};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{SROI_PERCENT, SROI_THRESHOLD_CENTS};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::Cents;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D23",
    nl: "Een aanbieder besteedt het afgesproken deel van de omzet aan social return.",
    en: "A provider spends the agreed part of its turnover on social return.",
    default_policy: Policy::Observe,
    parameters: &["norms.sroi_percent", "norms.sroi_threshold_cents"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let (Some(percent), Some(threshold)) = (norms.of(&SROI_PERCENT), norms.of(&SROI_THRESHOLD_CENTS)) else {
        return Vec::new();
    };
    let last = survey.today.year().saturating_sub(1);
    let (from, to) = year(last);
    granted(survey, from, to)
        .into_iter()
        .filter(|(_, turnover)| *turnover >= i128::from(threshold))
        .map(|((law, gemeente, aanbieder), turnover)| {
            let owed = Cents(figure((turnover * i128::from(percent) + 50) / 100));
            let (name, amount) = (survey.provider_name(&aanbieder), Cents(figure(turnover)));
            let nl = format!(
                "{name} had in {last} een omzet van {amount} euro: de social return daarover is {owed} euro ({percent}%). \
                 Vergelijk dat met de opgave van de aanbieder."
            );
            let en = format!(
                "{name} had a turnover of {amount} euros in {last}: social return on it is {owed} euros ({percent}%). \
                 Compare it with the statement of the provider."
            );
            let raised = Raised::new(format!("aanbieder {aanbieder} {last}"), Severity::Info, nl, en)
                .fact("omzet_cent", amount.0)
                .fact("verplicht_cent", owed.0)
                .fact("norm_procent", percent);
            Surveyed::new(law, &gemeente, raised)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::past::Past;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn it_is_owed_from_the_threshold_on() {
        let told = |cents| {
            let mut past = Past::new();
            past.register.region.norms.numbers.set(&SROI_PERCENT, 5.into());
            past.register.region.norms.numbers.set(&SROI_THRESHOLD_CENTS, 10_000_000.into());
            past.claimed(1, "02A03", date(2025, 12, 1), cents, true);
            past.claimed(1, "02A03", date(2026, 1, 1), 99_000_000, true);
            past.subjects(&CHECK)
        };
        assert_eq!(told(9_999_999), [""; 0]);
        assert_eq!(told(10_000_000), ["aanbieder 42420001 2025"]);
        assert_eq!(Past::new().subjects(&CHECK), [""; 0], "no norm");
    }
}
