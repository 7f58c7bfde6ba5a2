//! A5, over time: before a contract ends it is known which care runs on beyond it.
//!
//! From `contract_notice_days` days before the last day of the contracts that a provider has for a segment and a
//! municipality, the allocations that are actual today and end later, or have no end, are listed, so that there is time
//! to extend the contract, shorten the allocations or find another provider. What counts as the last day is that on
//! which contracts follow each other without a gap from today on (as in A4): extensions that were decided count once
//! they stand in the register. Care without a contract today is for A1 and A8.
//!
//! The list is one case per provider, segment and last day; an extension ends it. When the longest possible period is
//! not used up the text says so. Reminders of an evaluation that a contract asks for are no part of this: a profile
//! states them as facts.

use super::waits::{after, days_between};
use crate::contract::check::{CheckInfo, Raised, Run};
use crate::contract::norms::CONTRACT_NOTICE_DAYS;
use crate::contract::policy::Policy;
use crate::contract::register::Contract;
use crate::contract::survey::{Survey, Surveyed};
use crate::finding::Severity;
use crate::message::{Count, Date, Law, Party};
use std::collections::BTreeMap;

pub(super) static CHECK: CheckInfo = CheckInfo {
    id: "A5",
    nl: "Voor het einde van een contract is bekend welke zorg daarna doorloopt.",
    en: "Before a contract ends it is known which care runs on beyond it.",
    default_policy: Policy::Signal,
    parameters: &["norms.contract_notice_days", "contracts.csv valid_to", "region.toml period"],
    run: Run::OverTime(run),
};

/// Law, municipality, provider and segment.
type Group<'a> = (Law, &'a Party, &'a Party, &'a str);

fn run(survey: &Survey<'_>) -> Vec<Surveyed> {
    let mut groups: BTreeMap<Group<'_>, Vec<(Count, Option<Date>)>> = BTreeMap::new();
    for allocated in &survey.history.allocations {
        let Some(allocation) = allocated.current().filter(|allocation| allocation.is_actual(survey.today)) else {
            continue;
        };
        let Some(product) = survey.product(allocated.law, allocation) else { continue };
        let group = (allocated.law, &allocated.gemeente, &allocation.aanbieder, product.segment.as_str());
        groups.entry(group).or_default().push((allocation.nummer, allocation.einddatum));
    }
    groups.into_iter().filter_map(|(group, care)| beyond(survey, group, &care)).collect()
}

fn beyond(survey: &Survey<'_>, group: Group<'_>, care: &[(Count, Option<Date>)]) -> Option<Surveyed> {
    let (law, gemeente, aanbieder, segment) = group;
    let norm = survey.register.region.norms.numbers.of_segment(&CONTRACT_NOTICE_DAYS, segment)?;
    let contracts: Vec<&Contract> = local(survey, aanbieder, segment, gemeente).collect();
    let last = covered_until(&contracts, survey.today)?;
    let left = days_between(survey.today, last);
    let nummers: Vec<Count> =
        care.iter().filter(|(_, end)| end.is_none_or(|end| last < end)).map(|(nummer, _)| *nummer).collect();
    if left > norm || nummers.is_empty() {
        return None;
    }
    let (name, number) = (survey.provider_name(aanbieder), nummers.len() as u64);
    let longest = longest_end(survey, segment, last);
    let (may_nl, may_en) = match longest {
        Some(day) => (format!(" Verlengen kan tot en met {day}."), format!(" It can be extended until {day}.")),
        None => (String::new(), String::new()),
    };
    let nl = format!(
        "Het contract van {name} voor {segment} eindigt op {last}, over {left} dagen; toewijzingen die dan doorlopen: \
         {number}.{may_nl} Leg een verlenging vast in het register, of zorg voor inkorting en een andere aanbieder."
    );
    let en = format!(
        "The contract of {name} for {segment} ends on {last}, in {left} days; allocations that run on beyond \
         it: {number}.{may_en} Record an extension in the register, or see to shortening and another provider."
    );
    let raised = Raised::new(format!("dekking {aanbieder} {segment} tot {last}"), Severity::Warning, nl, en)
        .about(nummers)
        .fact("aanbieder", aanbieder.as_str())
        .fact("segment", segment)
        .fact("contract_tot", last.to_string())
        .fact("dagen", left)
        .fact("norm_dagen", norm)
        .fact("toewijzingen", number);
    let raised = match longest {
        Some(day) => raised.fact("langste_periode_tot", day.to_string()),
        None => raised,
    };
    Some(Surveyed::new(law, gemeente, raised))
}

/// The contracts of a provider for a segment that cover a municipality, by first day.
pub(super) fn local<'a>(
    survey: &Survey<'a>,
    aanbieder: &Party,
    segment: &str,
    gemeente: &'a Party,
) -> impl Iterator<Item = &'a Contract> {
    let register = survey.register;
    register.contracts(aanbieder, segment).iter().filter(move |contract| register.covers(contract, gemeente))
}

/// The last day that contracts follow each other on without a gap, from a day on that one holds; `None` when none holds
/// that day, or when there is no last day.
fn covered_until(contracts: &[&Contract], on: Date) -> Option<Date> {
    let mut last: Option<Date> = None;
    // They stand by first day.
    for contract in contracts {
        let reaches = match last {
            Some(last) => contract.validity.from <= after(last),
            None => contract.validity.holds_on(on),
        };
        if reaches {
            last = Some(last.max(Some(contract.validity.to?))?);
        }
    }
    last
}

/// Last day of the longest contract period of a segment, when that lies after `last`.
fn longest_end(survey: &Survey<'_>, segment: &str, last: Date) -> Option<Date> {
    let region = &survey.register.region;
    let periods = region.segments.get(segment)?.periods.iter().filter_map(|id| region.periods.get(id));
    let of_contract = periods.filter(|period| period.end == Some(last));
    of_contract.filter_map(|period| period.longest_end).max().filter(|day| last < *day)
}

#[cfg(test)]
pub(super) fn cases() -> Vec<super::timeline::Row> {
    use super::timeline::{Timeline, raises, silent};
    use jiff::civil::date;

    /// Every contract of the sample provider ends on 31 December 2026, 183 days after the survey.
    fn notice(t: &mut Timeline, days: u64) {
        t.norm(&CONTRACT_NOTICE_DAYS, days);
    }

    const RAISED: &[(&str, &str)] = &[("0197", "dekking 42420001 wmo-integrale-ondersteuning tot 2026-12-31")];

    vec![
        silent("no care", |t| notice(t, 400)),
        silent("a day sooner than anybody asks", |t| {
            notice(t, 182);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        }),
        raises("care without an end", RAISED, |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        }),
        raises("care that ends a day later", RAISED, |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), Some(date(2027, 1, 1)));
        }),
        silent("care that ends with the contract", |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), Some(date(2026, 12, 31)));
        }),
        raises("two of them are one case", RAISED, |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
            t.allocation(2, "b", "02A01", date(2026, 1, 1), None);
        }),
        silent("a provider without contract is for others", |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None).versions[0].aanbieder = "42420010".into();
        }),
        silent("a contract that ended is for A8", |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2025, 1, 1), None).versions[0].aanbieder = "42420008".into();
        }),
        silent("withdrawn", |t| {
            notice(t, 183);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None).versions[0].reden_wijziging = Some("13".into());
        }),
        silent("nobody stated a norm", |t| {
            t.no_norm(&CONTRACT_NOTICE_DAYS);
            t.today = date(2026, 12, 31);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        }),
        raises("on the last day", RAISED, |t| {
            notice(t, 0);
            t.today = date(2026, 12, 31);
            t.allocation(1, "a", "02A02", date(2026, 1, 1), None);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::Validity;
    use crate::contract::words::ContractStatus;
    use jiff::civil::date;

    #[test]
    fn contracts_that_follow_each_other_cover_until_the_last() {
        let contract = |from: Date, to: Option<Date>| Contract {
            id: "C".to_owned(),
            agb: "42420001".into(),
            segment: "s".to_owned(),
            gemeente: None,
            status: ContractStatus::Active,
            validity: Validity { from, to },
        };
        let first = contract(date(2026, 1, 1), Some(date(2026, 6, 30)));
        let next = contract(date(2026, 7, 1), Some(date(2026, 12, 31)));
        let later = contract(date(2027, 1, 2), Some(date(2027, 12, 31)));
        let open = contract(date(2026, 12, 1), None);
        let on = date(2026, 6, 30);
        for (contracts, on, expected) in [
            (vec![], on, None),
            (vec![&first], on, Some(date(2026, 6, 30))),
            (vec![&first], date(2026, 7, 1), None),
            (vec![&first, &next], on, Some(date(2026, 12, 31))),
            (vec![&first, &next, &later], on, Some(date(2026, 12, 31))),
            (vec![&first, &next, &open], on, None),
        ] {
            assert_eq!(covered_until(&contracts, on), expected);
        }
    }
}
