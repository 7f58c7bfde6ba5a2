//! A4: care lies within the period of the contract.
//!
//! The first day of an allocation, of what a request asks for, or of the period of a claim, lies within a contract that
//! covers the municipality; and an allocation does not run on after the last day that contracts follow each other without
//! a gap. An allocation without an end is taken to end with the contract.
//!
//! People who were in care when a contract ended may be served for `transition_tail_days` longer, where the region has
//! that norm: a change of their allocation and claims on it are in order until then. Care before a provider acceded to a
//! segment that was contracted already is for A13.

use super::cover::{Care, NUMBERS, regional, sentence};
use crate::contract::answer::Reden;
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::register::Contract;
use crate::message::Date;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A4",
    nl: "De zorg valt binnen de looptijd van het contract.",
    en: "The care lies within the period of the contract.",
    default_policy: Policy::Observe,
    parameters: &["contracts.csv valid_from, valid_to", "region.toml period", "norms.transition_tail_days"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    regional(look)
        .iter()
        .filter_map(|care| {
            let contracts = care.local(look);
            if contracts.is_empty() || care.accession(look, &contracts).is_some() {
                return None;
            }
            if !contracts.iter().any(|contract| contract.validity.holds_on(care.on)) {
                let within_tail = care.tail(look, &contracts).is_some_and(|last| care.on <= last);
                return (!within_tail).then(|| outside(look, care, &contracts));
            }
            let (until, last) = (care.until?, covered_until(&contracts, care.on)?);
            (last < until).then(|| runs_on(look, care, until, last))
        })
        .collect()
}

fn outside(look: &Look<'_>, care: &Care, contracts: &[&Contract]) -> Raised {
    let (name, segments) = (look.provider_name(), care.segments());
    let (product, on) = (product_name(&care.product), care.on);
    let (wat, what) = (care.what.nl(), care.what.en());
    let periods: Vec<String> = contracts
        .iter()
        .map(|contract| match contract.validity.to {
            Some(to) => format!("{}..{to}", contract.validity.from),
            None => format!("{}..", contract.validity.from),
        })
        .collect();
    let listed = periods.join(", ");
    let nl = format!(
        "Het contract van {name} voor {segments} geldt niet op {on} (wel: {listed}); {wat}, product \
         {product}. Controleer de datum, of leg een verlenging vast in het register."
    );
    let en = format!(
        "The contract of {name} for {segments} does not hold on {on} (it does: {listed}); {what}, product \
         {product}. See whether the date is right, or record an extension in the register."
    );
    care.raise_answering(look, Reden::NotWithinContract, nl, en).fact("contract_perioden", periods)
}

fn runs_on(look: &Look<'_>, care: &Care, until: Date, last: Date) -> Raised {
    let (name, segments) = (look.provider_name(), care.segments());
    let (wat, what) = (sentence(&care.what.nl()), sentence(&care.what.en()));
    let nl = format!(
        "{wat} loopt tot en met {until}, het contract van {name} voor {segments} tot en met {last}. Houd het einde binnen \
         het contract, of leg een verlenging vast in het register."
    );
    let en = format!(
        "{what} runs until {until}, the contract of {name} for {segments} until {last}. Keep the end within the contract, \
         or record an extension in the register."
    );
    let raised = care.raise_answering(look, Reden::NotWithinContract, nl, en);
    let mut raised = raised.fact("einddatum", until.to_string()).fact("contract_tot", last.to_string());
    raised.subject.push_str(" einde");
    raised
}

/// Last day of contracts that follow each other from `on` without a gap; `None` when the last of them is open.
fn covered_until(contracts: &[&Contract], on: Date) -> Option<Date> {
    let mut last = on;
    for contract in contracts {
        let joins = last.tomorrow().map_or(true, |next| contract.validity.from <= next);
        let to = contract.validity.to;
        if joins && to.is_none_or(|to| last < to) {
            last = to?;
        }
    }
    Some(last)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::sample::Row> {
    use super::sample::{raises, silent};
    use crate::message::Number;
    use jiff::civil::date;
    const EARLIER: &str = "wmo;02;02A03;Stabiliseren;wmo-integrale-ondersteuning;3;04;4;2;364;;2021-01-01;2021-12-31";
    vec![
        silent("within the contract", Number::N301, |_| ()),
        silent("until the last day of the contract", Number::N301, |s| {
            s.allocation().einddatum = Some(date(2026, 12, 31));
        }),
        raises("one day too long", Number::N301, &["toewijzing 1001 einde"], |s| {
            s.allocation().einddatum = Some(date(2027, 1, 1));
        }),
        silent("without an end", Number::N301, |s| s.allocation().einddatum = None),
        raises("a contract that ended", Number::N301, &["toewijzing 1001"], |s| s.provider("42420008")),
        silent("the last day of a contract that ended", Number::N301, |s| {
            s.provider("42420008");
            s.allocation().ingangsdatum = date(2025, 12, 31);
            s.allocation().einddatum = Some(date(2025, 12, 31));
        }),
        silent("before a provider acceded is for A13", Number::N301, |s| {
            s.provider("42420002");
            s.allocation().ingangsdatum = date(2024, 12, 31);
        }),
        raises("the day before the contracts of the segment begin", Number::N301, &["toewijzing 1001"], |s| {
            s.add("products.csv", EARLIER);
            s.allocation().ingangsdatum = date(2021, 12, 31);
        }),
        raises("a change at a provider whose contract ended", Number::N301, &["toewijzing 1001"], |s| {
            s.left_on(date(2025, 12, 31), date(2026, 1, 30));
        }),
        silent("the last day on which those in care may be served", Number::N301, |s| {
            s.left_on(date(2025, 12, 31), date(2026, 1, 30));
            s.tail(30);
        }),
        raises("the day after it", Number::N301, &["toewijzing 1001"], |s| {
            s.left_on(date(2025, 12, 31), date(2026, 1, 31));
            s.tail(30);
        }),
        raises("nobody was in care when the contract ended", Number::N301, &["toewijzing 1001"], |s| {
            s.left_on(date(2026, 1, 1), date(2026, 1, 30));
            s.tail(30);
        }),
        raises("a new allocation within those days", Number::N301, &["toewijzing 1001"], |s| {
            s.left_on(date(2025, 12, 31), date(2026, 1, 30));
            s.tail(30);
            s.ledger.allocations.clear();
        }),
        silent("a request within the contract", Number::N315, |s| {
            s.asked().toewijzing_einddatum = Some(date(2026, 12, 31));
        }),
        raises("a request one day too long", Number::N315, &["verzoek V-2026-1 02A03 einde"], |s| {
            s.asked().toewijzing_einddatum = Some(date(2027, 1, 1));
        }),
        silent("a change within the contract", Number::N317, |s| s.changed().einddatum = Some(date(2026, 12, 31))),
        raises("a change one day too long", Number::N317, &["verzoek V-2026-1 op toewijzing 1001 einde"], |s| {
            s.changed().einddatum = Some(date(2027, 1, 1));
        }),
        silent("no contract at all is for A1", Number::N301, |s| s.provider("42420010")),
        silent("a claim over delivery under contract", Number::N323, |s| {
            s.provider("42420008");
            s.line().periode.begindatum = date(2025, 12, 1);
        }),
        raises("a claim over delivery after the contract", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420008");
        }),
        silent("a claim of somebody who was in care when it ended", Number::N323, |s| {
            s.provider("42420008");
            s.tail(32);
            s.known().ingangsdatum = date(2025, 12, 31);
        }),
        raises("a claim one day later than may be", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420008");
            s.tail(31);
            s.known().ingangsdatum = date(2025, 12, 31);
        }),
        raises("a claim of somebody who came after it ended", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420008");
            s.tail(32);
        }),
    ]
}
