//! A8: nobody comes into care at a provider that is on its way out.
//!
//! When a provider is not contracted any more its clients move to another by a plan. Until that is done its contract is
//! in `transition`: who is in care may finish, and nobody new is allocated to it or asks for it. After its end a start of
//! delivery is told, once the region stated for how long those in care may still be served (`transition_tail_days`).
//! Changes and claims after the end are for A4, and who still is in care there is listed over time. A stop is never told:
//! it is what the plan is for.

use super::cover::regional;
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::norms::{TRANSITION_TAIL_DAYS, days};
use crate::contract::policy::Policy;
use crate::contract::register::Contract;
use crate::contract::words::ContractStatus;
use crate::finding::Severity;
use crate::message::{Body, Number, Product, StartProduct, StatusAanlevering};

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A8",
    nl: "Niemand komt in zorg bij een aanbieder van wie het contract afloopt of is afgelopen.",
    en: "Nobody comes into care at a provider whose contract is running out or has ended.",
    default_policy: Policy::Observe,
    parameters: &["contracts.csv status", "norms.transition_tail_days"],
    run: Run::OnMessage { numbers: &[Number::N301, Number::N305, Number::N315], run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    match &look.message.body {
        Body::Start(client) => {
            let started = client.producten.iter();
            let started = started.filter(|start| start.status_aanlevering == StatusAanlevering::Eerste);
            started.filter_map(|start| late_start(look, start)).collect()
        }
        _ => newcomers(look),
    }
}

/// New care under a contract in transition, and under no other.
fn newcomers(look: &Look<'_>) -> Vec<Raised> {
    let name = look.provider_name();
    let is_leaving = |contract: &&Contract| contract.status == ContractStatus::Transition;
    regional(look)
        .iter()
        .filter(|care| care.is_new)
        .filter_map(|care| {
            let mut in_force = care.local(look);
            in_force.retain(|contract| contract.validity.holds_on(care.on));
            let leaving = in_force.first().filter(|_| in_force.iter().all(is_leaving))?;
            let (segments, product, id) = (care.segments(), product_name(&care.product), &leaving.id);
            let (wat, what) = (care.what.nl(), care.what.en());
            let until = leaving.validity.to.map_or_else(|| "-".to_owned(), |to| to.to_string());
            let nl = format!(
                "Contract {id} van {name} voor {segments} loopt af ({until}): alleen wie al in zorg is mag er blijven. Kies \
                 voor {wat}, product {product}, een andere aanbieder."
            );
            let en = format!(
                "Contract {id} of {name} for {segments} is running out ({until}): only those in care may stay. Choose \
                 another provider for {what}, product {product}."
            );
            let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
            Some(raised.fact("contract", id.as_str()).fact("contract_tot", until))
        })
        .collect()
}

/// A start after the days in which those in care could still be served.
fn late_start(look: &Look<'_>, start: &StartProduct) -> Option<Raised> {
    let tail = look.register.region.norms.numbers.of(&TRANSITION_TAIL_DAYS)?;
    let product: &Product = start.product.as_ref()?;
    let segments = look.register.segments(look.law(), &product.categorie, product.code.as_ref(), start.begindatum);
    let contracts: Vec<&Contract> = segments
        .iter()
        .flat_map(|segment| look.register.contracts(look.aanbieder(), segment))
        .filter(|contract| look.register.covers(contract, look.gemeente()))
        .collect();
    let last =
        contracts.into_iter().max_by_key(|contract| contract.validity.to.unwrap_or(crate::message::Date::MAX))?;
    let end = last.validity.to.filter(|_| last.status != ContractStatus::Active)?;
    let (begin, limit) = (start.begindatum, end.saturating_add(days(tail)));
    if begin <= limit {
        return None;
    }
    let (name, id, code) = (look.provider_name(), &last.id, product_name(product));
    let (wat, what) = match start.toewijzing_nummer {
        Some(nummer) => (format!("toewijzing {nummer}"), format!("allocation {nummer}")),
        None => ("zorg zonder toewijzing".to_owned(), "care without allocation".to_owned()),
    };
    let nl = format!(
        "{name} begint op {begin} met {wat}, product {code}; contract {id} eindigde op {end} en zorg mocht er doorlopen tot \
         en met {limit}. Zoek een gecontracteerde aanbieder en sluit de toewijzing af."
    );
    let en = format!(
        "{name} begins {what}, product {code}, on {begin}; contract {id} ended on {end} and care could go on until {limit}. \
         Find a contracted provider and end the allocation."
    );
    let raised = Raised::new(format!("start {wat} {begin}"), Severity::Warning, nl, en).about(start.toewijzing_nummer);
    Some(
        raised
            .fact("aanbieder", look.aanbieder().as_str())
            .fact("contract", id.as_str())
            .fact("contract_tot", end.to_string())
            .fact("begindatum", begin.to_string())
            .fact("uiterste_datum", limit.to_string()),
    )
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use jiff::civil::date;
    vec![
        silent("a contract that runs on", Number::N301, |_| ()),
        raises("a contract in transition", Number::N301, &["toewijzing 1001"], |s| {
            s.status("FICTIEF-W01", "transition");
        }),
        silent("for somebody who is in care", Number::N301, |s| {
            s.status("FICTIEF-W01", "transition");
            s.knows_allocation(|known| known.einddatum = Some(date(2026, 2, 28)));
        }),
        silent("after its end is for A4", Number::N301, |s| {
            s.status("FICTIEF-W01", "transition");
            s.allocation().ingangsdatum = date(2027, 1, 1);
        }),
        silent("a contract that follows it", Number::N301, |s| {
            s.status("FICTIEF-W01", "transition");
            s.add(
                "contracts.csv",
                "FICTIEF-NIEUW;42420001;wmo-integrale-ondersteuning;0197;active;2026-01-01;2026-12-31",
            );
        }),
        silent("a request under a contract that runs on", Number::N315, |_| ()),
        raises("a request under one in transition", Number::N315, &["verzoek V-2026-1 02A03"], |s| {
            s.status("FICTIEF-W01", "transition");
        }),
        silent("a start under contract", Number::N305, |_| ()),
        silent("a start after its end where nothing was agreed", Number::N305, |s| s.provider("42420008")),
        // The sample begins on 8 January; the contract ended on 31 December.
        silent("a start on the last day that was agreed", Number::N305, |s| {
            s.provider("42420008");
            s.tail(8);
        }),
        raises("a start on the day after it", Number::N305, &["start toewijzing 1001 2026-01-08"], |s| {
            s.provider("42420008");
            s.tail(7);
        }),
        silent("a start that is deleted", Number::N305, |s| {
            s.provider("42420008");
            s.tail(7);
            s.start().status_aanlevering = StatusAanlevering::Verwijderd;
        }),
    ]
}
