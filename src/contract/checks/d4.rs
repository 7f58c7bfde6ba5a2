//! D4: what providers are paid for a population is not delivered by others at extra cost.
//!
//! Care outside the providers that an agreement on a population is with leaks: the population is paid for already.

use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::register::Agreement;
use crate::contract::words::Model;
use crate::finding::Severity;
use crate::message::{Date, Number};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "D4",
    nl: "Zorg voor een bekostigde populatie wordt geleverd door de aanbieders die daarvoor worden betaald.",
    en: "Care for a funded population is delivered by the providers that are paid for it.",
    default_policy: Policy::Observe,
    parameters: &["agreements.csv agb, model"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N323], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    let name = look.provider_name();
    // Few agreements are on a population; a message may have many lines.
    let populations: Vec<&Agreement> =
        look.register.agreements().filter(|agreement| agreement.model == Model::Population).collect();
    look.cared()
        .iter()
        .filter_map(|(nummer, product, on)| {
            let (nummer, piece) = (*nummer, look.place(product, *on));
            let segment = &piece.slot.account.as_ref()?.segment;
            let funded: Vec<&Agreement> = populations.iter().copied().filter(|all| funds(look, all, segment, *on)).collect();
            let is_party = |agreement: &&Agreement| agreement.agb.as_ref().is_none_or(|agb| agb == look.aanbieder());
            let agreement = funded.first().filter(|_| !funded.iter().any(is_party))?;
            let (id, code) = (&agreement.id, product_name(product));
            let nl = format!(
                "Toewijzing {nummer} geeft product {code} aan {name}, terwijl de populatie van {segment} al wordt betaald \
                 onder afspraak {id}. Ga na of dit binnen de afspraak hoort, en of het wordt verrekend."
            );
            let en = format!(
                "Allocation {nummer} gives product {code} to {name}, while the population of {segment} is paid for under \
                 agreement {id} already. See whether it belongs within the agreement, and whether it is deducted."
            );
            let raised = Raised::new(format!("toewijzing {nummer}"), Severity::Warning, nl, en);
            Some(raised.about([nummer]).fact("afspraak", id.as_str()).fact("aanbieder", look.aanbieder().as_str()))
        })
        .collect()
}

/// Whether an agreement pays for the population of a segment in the municipality of the message.
fn funds(look: &Look<'_>, agreement: &Agreement, segment: &str, on: Date) -> bool {
    agreement.segment == segment
        && agreement.validity().holds_on(on)
        && agreement.gemeente.as_ref().is_none_or(|gemeente| gemeente == look.gemeente())
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    const LOG: &str = "FICTIEF-LOG-42420001-2026";
    const LEAK: &[&str] = &["toewijzing 1001"];
    vec![
        silent("no population is funded", Number::N301, |_| ()),
        silent("the provider that is paid", Number::N301, |s| {
            s.register.set_model(LOG, Model::Population);
            s.product("04", Some("04A01"));
        }),
        raises("another provider", Number::N301, LEAK, |s| {
            s.register.set_model(LOG, Model::Population);
            s.product("04", Some("04A01"));
            s.provider("42420004");
        }),
        silent("another segment", Number::N301, |s| {
            s.register.set_model(LOG, Model::Population);
            s.provider("42420004");
        }),
        silent("all providers together", Number::N323, |s| {
            s.register.set_model("FICTIEF-WIO-0197-2026", Model::Population);
        }),
        raises("a claim of another provider", Number::N323, LEAK, |s| {
            s.register.set_model(LOG, Model::Population);
            (s.line().categorie, s.line().code) = ("04".into(), "04A01".into());
            s.provider("42420004");
        }),
    ]
}
