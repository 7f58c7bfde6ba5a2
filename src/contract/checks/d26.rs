//! D26: a region does not lean on one provider: the part of the clients of a segment that one provider serves.
//!
//! Where that is large, a provider in trouble is trouble for many clients.

use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::{CONCENTRATION_PERCENT, MIN_CASES};
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Law, Party};
use crate::rules::facts::PersonKey;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D26",
    nl: "Geen aanbieder heeft zoveel clienten van een segment dat zijn uitval niet is op te vangen.",
    en: "No provider has so many clients of a segment that nobody could take its place.",
    default_policy: Policy::Observe,
    parameters: &["norms.concentration_percent", "norms.min_cases"],
    run: Run::OverTime(run),
};

type Clients<'h> = BTreeMap<&'h Party, BTreeSet<&'h PersonKey>>;

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let norms = &survey.register.region.norms.numbers;
    let Some(fewest) = norms.of(&MIN_CASES) else { return Vec::new() };
    let mut segments: BTreeMap<(Law, &Party, &str), Clients<'_>> = BTreeMap::new();
    for each in &survey.history.allocations {
        let begun = each.current().filter(|current| current.ingangsdatum <= survey.today);
        let Some(current) = begun.filter(|current| current.is_actual(survey.today)) else { continue };
        let Some(product) = survey.product(each.law, current) else { continue };
        let clients = segments.entry((each.law, &each.gemeente, product.segment.as_str())).or_default();
        clients.entry(&current.aanbieder).or_default().insert(&current.person);
    }
    let mut raised = Vec::new();
    for ((law, gemeente, segment), providers) in segments {
        let all = providers.values().flatten().collect::<BTreeSet<_>>().len();
        let Some(norm) = norms.of_segment(&CONCENTRATION_PERCENT, segment).filter(|_| all as u64 >= fewest) else {
            continue;
        };
        for (aanbieder, clients) in providers {
            let own = clients.len();
            if own as u64 * 100 <= all as u64 * norm {
                continue;
            }
            let (name, percent) = (survey.provider_name(aanbieder), own * 100 / all.max(1));
            let nl = format!(
                "{name} heeft {own} van {all} clienten van {segment} ({percent}%), meer dan de norm van {norm}%. Ga na wie \
                 de zorg bij uitval kan overnemen."
            );
            let en = format!(
                "{name} has {own} of {all} clients of {segment} ({percent}%), above the norm of {norm}%. See who could \
                 take over the care."
            );
            let found = Raised::new(format!("aanbieder {aanbieder} segment {segment}"), Severity::Info, nl, en)
                .fact("clienten", own)
                .fact("clienten_segment", all)
                .fact("norm_procent", norm);
            raised.push(Surveyed::new(law, gemeente, found));
        }
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::super::past::Past;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_large_part_at_one_provider_is_told() {
        let told = |own: u64, others: u64| {
            let mut past = Past::new();
            past.register.region.norms.numbers.set(&MIN_CASES, 4.into());
            past.register.region.norms.numbers.set(&CONCENTRATION_PERCENT, 50.into());
            for nummer in 1..=own {
                past.allocated(nummer, "02A03", date(2026, 1, 1), None, 100);
                past.allocated(100 + nummer, "02A03", date(2025, 1, 1), Some(date(2026, 6, 30)), 100);
            }
            past.aanbieder = Party::from("42420002");
            for nummer in 0..others {
                past.allocated(50 + nummer, "02A03", date(2026, 1, 1), Some(date(2026, 7, 1)), 100);
            }
            past.subjects(&CHECK)
        };
        assert_eq!(told(2, 2), [""; 0], "at the norm");
        assert_eq!(told(3, 2), ["aanbieder 42420001 segment wmo-integrale-ondersteuning"]);
        assert_eq!(told(2, 1), [""; 0], "too few clients");
    }
}
