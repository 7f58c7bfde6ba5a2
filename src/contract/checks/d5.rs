//! D5: a task for a population has no allocations to clients and no claims.

use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::words::Model;
use crate::finding::Severity;
use crate::message::Number;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D5",
    nl: "Een taakgerichte opdracht kent geen toewijzingen aan cliënten en geen declaraties.",
    en: "A task for a population has no allocations to clients and no claims.",
    default_policy: Policy::Observe,
    parameters: &["agreements.csv model", "region.toml segment model"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    look.cared()
        .iter()
        .filter(|(_, product, on)| look.place(product, *on).model == Model::TaskBased)
        .map(|(nummer, product, on)| {
            let (code, name) = (product_name(product), look.provider_name());
            let nl = format!(
                "Product {code} is op {on} een taak van {name}: toewijzing {nummer} hoort er niet bij. Trek haar in, of \
                 leg een andere bekostiging vast in het register."
            );
            let en = format!(
                "Product {code} is a task of {name} on {on}: allocation {nummer} has no place there. Withdraw it, or \
                 record another way of funding in the register."
            );
            let raised = Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en);
            raised.about([*nummer]).fact("product", code).fact("datum", on.to_string())
        })
        .collect()
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    const POT: &str = "FICTIEF-WIO-0197-2026";
    const TASK: &[&str] = &["toewijzing 1001"];
    vec![
        silent("price times quantity", Number::N301, |_| ()),
        silent("a claim at a price", Number::N323, |_| ()),
        silent("a lumpsum", Number::N301, |s| s.register.set_model(POT, Model::Lumpsum)),
        silent("a task of another year", Number::N301, |s| {
            s.register.set_model("FICTIEF-WIO-0197-2025", Model::TaskBased);
        }),
        raises("an allocation on a task", Number::N301, TASK, |s| s.register.set_model(POT, Model::TaskBased)),
        raises("a claim on a task", Number::N323, TASK, |s| s.register.set_model(POT, Model::TaskBased)),
        silent("an allocation that is taken away", Number::N301, |s| {
            s.register.set_model(POT, Model::TaskBased);
            s.allocation().reden_wijziging = Some("13".into());
        }),
    ]
}
