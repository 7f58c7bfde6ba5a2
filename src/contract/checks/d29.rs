//! D29: a provider meets few ways of funding.

use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::money::account::Care;
use crate::contract::money::place;
use crate::contract::norms::FUNDING_MODELS;
use crate::contract::policy::Policy;
use crate::contract::survey::{Survey, Surveyed};
use crate::contract::words::Model;
use crate::finding::Severity;
use crate::message::{Law, Party};
use crate::rules::Parties;
use std::collections::{BTreeMap, BTreeSet};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D29",
    nl: "Een aanbieder heeft met niet meer bekostigingsvormen te maken dan afgesproken.",
    en: "A provider meets no more ways of funding than agreed.",
    default_policy: Policy::Observe,
    parameters: &["norms.funding_models", "agreements.csv model"],
    run: Run::OverTime(run),
};

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let Some(most) = survey.register.region.norms.numbers.of(&FUNDING_MODELS) else { return Vec::new() };
    let mut models: BTreeMap<(Law, &Party, &Party), BTreeSet<Model>> = BTreeMap::new();
    for each in &survey.history.allocations {
        let begun = each.current().filter(|current| current.ingangsdatum <= survey.today);
        let Some(current) = begun.filter(|current| current.is_actual(survey.today)) else { continue };
        let parties = Parties { gemeente: &each.gemeente, aanbieder: &current.aanbieder };
        let care = Care::of(each.law, parties, current.product.as_ref());
        let model = place(survey.register, care, survey.today).model;
        if model != Model::NotStated {
            models.entry((each.law, &each.gemeente, &current.aanbieder)).or_default().insert(model);
        }
    }
    models
        .into_iter()
        .filter(|(_, models)| models.len() as u64 > most)
        .map(|((law, gemeente, aanbieder), models)| {
            let (name, count) = (survey.provider_name(aanbieder), models.len());
            let listed: Vec<&str> = models.into_iter().map(Model::as_str).collect();
            let all = listed.join(", ");
            let nl = format!("{name} heeft te maken met {count} bekostigingsvormen ({all}); de norm is {most}.");
            let en = format!("{name} meets {count} ways of funding ({all}); the norm is {most}.");
            let raised = Raised::new(format!("aanbieder {aanbieder}"), Severity::Info, nl, en)
                .fact("bekostigingsvormen", listed)
                .fact("norm", most);
            Surveyed::new(law, gemeente, raised)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::past::Past;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn more_ways_than_agreed_are_told() {
        let told = |most: u64, model| {
            let mut past = Past::new();
            past.register.region.norms.numbers.set(&FUNDING_MODELS, most.into());
            past.register.set_model("FICTIEF-LOG-42420001-2026", model);
            past.allocated(1, "02A03", date(2026, 1, 1), None, 100);
            past.allocated(2, "04A01", date(2026, 1, 1), None, 100);
            past.allocated(3, "15A01", date(2026, 1, 1), None, 100);
            past.subjects(&CHECK)
        };
        assert_eq!(told(1, Model::Pxq), [""; 0], "one way, and one that is not in force");
        assert_eq!(told(1, Model::Lumpsum), ["aanbieder 42420001"]);
        assert_eq!(told(2, Model::Lumpsum), [""; 0]);
    }
}
