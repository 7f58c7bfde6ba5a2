//! A4: care lies within the period of the contract.
//!
//! The first day of an allocation, or of the period of a claim, lies within a contract that covers the municipality; and
//! an allocation does not run on after the last day that contracts follow each other without a gap. An allocation
//! without an end is taken to end with the contract.

use super::cover::{Care, NUMBERS, care};
use crate::contract::check::{CheckInfo, Look, Raised, Run, product_name};
use crate::contract::policy::Policy;
use crate::contract::register::Contract;
use crate::message::Date;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A4",
    nl: "De zorg valt binnen de looptijd van het contract.",
    en: "The care lies within the period of the contract.",
    default_policy: Policy::Observe,
    parameters: &["contracts.csv valid_from, valid_to", "region.toml period"],
    run: Run::OnMessage { numbers: NUMBERS, run },
};

fn run(look: &Look<'_>) -> Vec<Raised> {
    care(look)
        .iter()
        .filter_map(|care| {
            let contracts = care.local(look);
            if contracts.is_empty() {
                return None;
            }
            if !contracts.iter().any(|contract| contract.validity.holds_on(care.on)) {
                return Some(outside(look, care, &contracts));
            }
            let (until, last) = (care.until?, covered_until(&contracts, care.on)?);
            (last < until).then(|| runs_on(look, care, until, last))
        })
        .collect()
}

fn outside(look: &Look<'_>, care: &Care, contracts: &[&Contract]) -> Raised {
    let (name, segments) = (look.provider_name(), care.segments());
    let (nummer, product, on) = (care.toewijzing, product_name(&care.product), care.on);
    let periods: Vec<String> = contracts
        .iter()
        .map(|contract| match contract.validity.to {
            Some(to) => format!("{}..{to}", contract.validity.from),
            None => format!("{}..", contract.validity.from),
        })
        .collect();
    let listed = periods.join(", ");
    let nl = format!(
        "Het contract van {name} voor {segments} geldt niet op {on} (wel: {listed}); toewijzing {nummer}, product \
         {product}. Controleer de datum, of leg een verlenging vast in het register."
    );
    let en = format!(
        "The contract of {name} for {segments} does not hold on {on} (it does: {listed}); allocation {nummer}, product \
         {product}. See whether the date is right, or record an extension in the register."
    );
    care.raise(look, nl, en).fact("contract_perioden", periods)
}

fn runs_on(look: &Look<'_>, care: &Care, until: Date, last: Date) -> Raised {
    let (name, segments, nummer) = (look.provider_name(), care.segments(), care.toewijzing);
    let nl = format!(
        "Toewijzing {nummer} loopt tot en met {until}, het contract van {name} voor {segments} tot en met {last}. Kort de \
         toewijzing in, of leg een verlenging vast in het register."
    );
    let en = format!(
        "Allocation {nummer} runs until {until}, the contract of {name} for {segments} until {last}. Shorten the \
         allocation, or record an extension in the register."
    );
    let mut raised =
        care.raise(look, nl, en).fact("einddatum", until.to_string()).fact("contract_tot", last.to_string());
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
        raises("before the contract begins", Number::N301, &["toewijzing 1001"], |s| {
            s.provider("42420002");
            s.allocation().ingangsdatum = date(2024, 12, 31);
        }),
        silent("no contract at all is for A1", Number::N301, |s| s.provider("42420010")),
        silent("a claim over delivery under contract", Number::N323, |s| {
            s.provider("42420008");
            s.line().periode.begindatum = date(2025, 12, 1);
        }),
        raises("a claim over delivery after the contract", Number::N323, &["toewijzing 1001"], |s| {
            s.provider("42420008");
        }),
    ]
}
