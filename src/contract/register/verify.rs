//! Rows against each other and against the profile: what no single row can tell.

use super::rows::{AGREEMENTS, CONTRACTS, Faults, Lined, PRODUCTS, PROVIDERS, Rows, TARIFFS, TariffRow, product_key};
use super::{Agreement, Contract, Product, Provider};
use crate::contract::fault::{RegisterFault, hint};
use crate::contract::region::{self, Region, Segment};
use crate::contract::table::Validity;
use crate::contract::words::{Model, ModelStatus};
use crate::message::Party;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What could be read of a region's folder; a part that could not be read is not compared with.
pub(super) struct Parts<'p> {
    pub(super) region: Option<&'p Region>,
    pub(super) products: Option<&'p Rows<Product>>,
    pub(super) providers: Option<&'p Rows<Provider>>,
    pub(super) contracts: Option<&'p Rows<Contract>>,
    pub(super) tariffs: Option<&'p Rows<TariffRow>>,
    pub(super) agreements: Option<&'p Rows<Agreement>>,
}

pub(super) fn verify(parts: &Parts<'_>, faults: &mut Faults) {
    if let Some(products) = parts.products {
        verify_products(parts, &products.list, faults);
    }
    if let Some(providers) = parts.providers {
        verify_providers(providers, faults);
    }
    if let Some(contracts) = parts.contracts {
        verify_contracts(parts, &contracts.list, faults);
    }
    if let Some(tariffs) = parts.tariffs {
        verify_tariffs(parts, &tariffs.list, faults);
    }
    if let Some(agreements) = parts.agreements {
        verify_agreements(parts, &agreements.list, faults);
    }
}

/// Rows of one key in order of time.
fn by_key<'r, T, K: Ord>(
    rows: &'r [Lined<T>],
    key: impl Fn(&'r T) -> K,
    from: impl Fn(&'r T) -> Validity,
) -> BTreeMap<K, Vec<&'r Lined<T>>> {
    let mut groups: BTreeMap<K, Vec<&Lined<T>>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(&row.value)).or_default().push(row);
    }
    for group in groups.values_mut() {
        group.sort_by_key(|row| (from(&row.value), row.line));
    }
    groups
}

/// Each row of a group with the one before it that reaches furthest.
fn neighbours<'g, T>(
    group: &'g [&'g Lined<T>],
    validity: impl Fn(&T) -> Validity + 'g,
) -> impl Iterator<Item = (&'g Lined<T>, &'g Lined<T>)> {
    let mut furthest: Option<&Lined<T>> = None;
    group.iter().filter_map(move |row| {
        let before = furthest;
        let reach = |row: &Lined<T>| validity(&row.value).to.map_or((1, None), |to| (0, Some(to)));
        if before.is_none_or(|before| reach(before) < reach(row)) {
            furthest = Some(row);
        }
        before.map(|before| (before, *row))
    })
}

fn text(validity: Validity) -> String {
    match validity.to {
        Some(to) => format!("{}..{to}", validity.from),
        None => format!("from {}", validity.from),
    }
}

fn known_segment<'r>(
    region: &'r Region,
    file: &str,
    line: u32,
    segment: &str,
    faults: &mut Faults,
) -> Option<&'r Segment> {
    let found = region.segments.get(segment);
    if found.is_none() {
        let remedy = hint(segment, region.segments.keys().map(String::as_str));
        faults.push(RegisterFault::at(file, line, "segment", format!("unknown segment `{segment}`"), remedy));
    }
    found
}

fn known_gemeente(region: &Region, file: &str, line: u32, gemeente: Option<&Party>, faults: &mut Faults) -> bool {
    let Some(gemeente) = gemeente.filter(|gemeente| !region.municipalities.contains_key(*gemeente)) else {
        return true;
    };
    let what = format!("municipality {gemeente} is not in region {}", region.id);
    let remedy = hint(gemeente.as_str(), region.municipalities.keys().map(Party::as_str));
    faults.push(RegisterFault::at(file, line, "municipality", what, remedy));
    false
}

fn known_provider(parts: &Parts<'_>, file: &str, line: u32, agb: Option<&Party>, faults: &mut Faults) {
    if let (Some(providers), Some(agb)) = (parts.providers, agb)
        && providers.lacks(agb.as_str())
    {
        let remedy = format!("add it to {PROVIDERS} or correct the code");
        faults.push(RegisterFault::at(file, line, "agb", format!("unknown provider {agb}"), remedy));
    }
}

fn verify_products(parts: &Parts<'_>, rows: &[Lined<Product>], faults: &mut Faults) {
    for row in rows {
        let Some(region) = parts.region else { break };
        let product = &row.value;
        let Some(segment) = known_segment(region, PRODUCTS, row.line, &product.segment, faults) else { continue };
        if !segment.laws.contains(&product.law) {
            let what = format!("segment {} is not for {}", product.segment, product.law);
            faults.push(RegisterFault::at(PRODUCTS, row.line, "law", what, "correct the law or the segment"));
        }
        known_level(region, segment, row, faults);
        let Some(tariffs) = parts.tariffs else { continue };
        if needs_tariff(parts, segment, product)
            && tariffs.lacks(&product_key(product.law.as_str(), product.code.as_str()))
        {
            let what = format!("product {} is paid per unit (pxq) and has no tariff", product.code);
            let remedy = format!("add its tariff to {TARIFFS}, or end the product");
            faults.push(RegisterFault::at(PRODUCTS, row.line, "code", what, remedy));
        }
    }
    for group in by_key(rows, |product| (product.law, &product.code), |product| product.validity).values() {
        for (before, row) in neighbours(group, |product| product.validity) {
            if !before.value.validity.overlaps(&row.value.validity) {
                continue;
            }
            let (column, what) = if before.value.segment == row.value.segment {
                ("valid_from", format!("product {} stands twice on one day", row.value.code))
            } else {
                let (one, other) = (&before.value.segment, &row.value.segment);
                ("segment", format!("product {} is in two segments on one day: {one} and {other}", row.value.code))
            };
            let remedy = format!("let line {} end before {}, or remove one", before.line, row.value.validity.from);
            faults.push(RegisterFault::at(PRODUCTS, row.line, column, what, remedy));
        }
    }
}

/// Where a region works with levels, the level of a product is one of those of its segment.
fn known_level(region: &Region, segment: &Segment, row: &Lined<Product>, faults: &mut Faults) {
    let (Some(level), Some(known)) = (row.value.level, region.levels_of(segment)) else { return };
    if !known.contains(&level) {
        let ranks: Vec<String> = known.iter().map(u32::to_string).collect();
        let what = format!("level {level} does not exist in segment {}", row.value.segment);
        let remedy = format!("known are: {}", ranks.join(", "));
        faults.push(RegisterFault::at(PRODUCTS, row.line, "level", what, remedy));
    }
}

/// A product has to have a price where the profile or an agreement says that its segment is paid per unit.
fn needs_tariff(parts: &Parts<'_>, segment: &Segment, product: &Product) -> bool {
    segment.model == Model::Pxq
        || parts.agreements.is_some_and(|agreements| {
            agreements.list.iter().any(|row| row.value.segment == product.segment && row.value.model == Model::Pxq)
        })
}

fn verify_providers(providers: &Rows<Provider>, faults: &mut Faults) {
    for row in &providers.list {
        let Some(main) = &row.value.main_contractor else { continue };
        if providers.lacks(main.as_str()) {
            let what = format!("unknown provider {main}");
            let remedy = "add the main contractor as a row, or correct the code";
            faults.push(RegisterFault::at(PROVIDERS, row.line, "main_contractor", what, remedy));
        } else if *main == row.value.agb {
            let remedy = "leave the cell empty for a provider that contracts itself";
            faults.push(RegisterFault::at(PROVIDERS, row.line, "main_contractor", "its own main contractor", remedy));
        }
    }
    for group in by_key(&providers.list, |provider| &provider.agb, |provider| provider.validity).values() {
        for (before, row) in neighbours(group, |provider| provider.validity) {
            if before.value.validity.overlaps(&row.value.validity) {
                let what = format!("provider {} stands twice on one day", row.value.agb);
                let remedy = format!("let line {} end before {}", before.line, row.value.validity.from);
                faults.push(RegisterFault::at(PROVIDERS, row.line, "agb", what, remedy));
            }
        }
    }
}

fn verify_contracts(parts: &Parts<'_>, rows: &[Lined<Contract>], faults: &mut Faults) {
    for row in rows {
        let contract = &row.value;
        known_provider(parts, CONTRACTS, row.line, Some(&contract.agb), faults);
        within_registration(parts, row, faults);
        let Some(region) = parts.region else { continue };
        let known = known_gemeente(region, CONTRACTS, row.line, contract.gemeente.as_ref(), faults);
        let Some(segment) = known_segment(region, CONTRACTS, row.line, &contract.segment, faults) else { continue };
        if let Some(gemeente) =
            contract.gemeente.as_ref().filter(|code| known && !segment.municipalities.contains(*code))
        {
            let what = format!("municipality {gemeente} does not take part in segment {}", contract.segment);
            let remedy = hint(gemeente.as_str(), segment.municipalities.iter().map(Party::as_str));
            faults.push(RegisterFault::at(CONTRACTS, row.line, "municipality", what, remedy));
        }
        let periods: Vec<_> = segment.periods.iter().filter_map(|id| Some((id, region.periods.get(id)?))).collect();
        if !periods.is_empty() && !periods.iter().any(|(_, period)| period.admits(&contract.validity)) {
            let known: Vec<String> = periods
                .iter()
                .map(|(id, period)| {
                    let day = |day: Option<_>| {
                        day.map_or_else(|| "open".to_owned(), |day: jiff::civil::Date| day.to_string())
                    };
                    format!("{id} ({}..{})", day(period.start), day(period.end))
                })
                .collect();
            let what = format!("{} lies outside the contract periods of the segment", text(contract.validity));
            let remedy = format!("keep it within {}, or record the extension in {}", known.join(" or "), region::FILE);
            faults.push(RegisterFault::at(CONTRACTS, row.line, "valid_from", what, remedy));
        }
    }
}

/// A contract begins and ends while its provider is registered.
fn within_registration(parts: &Parts<'_>, row: &Lined<Contract>, faults: &mut Faults) {
    let contract = &row.value;
    let rows = parts.providers.into_iter().flat_map(|providers| &providers.list);
    let registered: Vec<Validity> =
        rows.filter(|row| row.value.agb == contract.agb).map(|row| row.value.validity).collect();
    let days = [Some(contract.validity.from), contract.validity.to];
    let outside = days.into_iter().flatten().find(|day| !registered.iter().any(|validity| validity.holds_on(*day)));
    if let Some(day) = outside.filter(|_| !registered.is_empty()) {
        let what = format!("provider {} is not registered on {day}", contract.agb);
        let remedy = format!("correct the dates here or in {PROVIDERS}");
        faults.push(RegisterFault::at(CONTRACTS, row.line, "agb", what, remedy));
    }
}

fn verify_tariffs(parts: &Parts<'_>, rows: &[Lined<TariffRow>], faults: &mut Faults) {
    // A table of tariffs is long and names few parties: each is looked up once.
    let mut parties: HashSet<(&Option<Party>, &Option<Party>)> = HashSet::new();
    let mut products: BTreeSet<(&str, &str)> = BTreeSet::new();
    for row in rows {
        let tariff = &row.value;
        if parties.insert((&tariff.agb, &tariff.gemeente)) {
            known_provider(parts, TARIFFS, row.line, tariff.agb.as_ref(), faults);
            if let Some(region) = parts.region {
                known_gemeente(region, TARIFFS, row.line, tariff.gemeente.as_ref(), faults);
            }
        }
        let (law, code) = (tariff.law.as_str(), tariff.code.as_str());
        if products.insert((law, code))
            && parts.products.is_some_and(|products| products.lacks(&product_key(law, code)))
        {
            let remedy = format!("add it to {PRODUCTS} or correct the code");
            faults.push(RegisterFault::at(
                TARIFFS,
                row.line,
                "code",
                format!("unknown product {code} in {law}"),
                remedy,
            ));
        }
    }
    let key = |tariff: &TariffRow| {
        (tariff.law, tariff.code.clone(), tariff.unit, tariff.agb.clone(), tariff.gemeente.clone())
    };
    for group in by_key(rows, key, |tariff| tariff.validity).values() {
        for (before, row) in neighbours(group, |tariff| tariff.validity) {
            let (earlier, later) = (before.value.validity, row.value.validity);
            let line = before.line;
            if earlier.overlaps(&later) {
                let what = format!("two tariffs for one key: {} and line {line} {}", text(later), text(earlier));
                let remedy = format!("let line {line} end on the day before {}", later.from);
                faults.push(RegisterFault::at(TARIFFS, row.line, "valid_from", what, remedy));
            } else if let Some(next) = earlier.to.and_then(|to| to.tomorrow().ok()).filter(|next| *next < later.from) {
                let what = format!("no tariff from {next} until {}, between line {line} and this one", later.from);
                let remedy = format!("start on {next}, or let line {line} run on");
                faults.push(RegisterFault::at(TARIFFS, row.line, "valid_from", what, remedy));
            }
        }
    }
}

fn verify_agreements(parts: &Parts<'_>, rows: &[Lined<Agreement>], faults: &mut Faults) {
    let mut ids: BTreeMap<&str, u32> = BTreeMap::new();
    for row in rows {
        let agreement = &row.value;
        if let Some(line) = ids.insert(&agreement.id, row.line) {
            let what = format!("agreement {} stands on line {line} too", agreement.id);
            let remedy = "give each agreement its own id; postings are kept under it";
            faults.push(RegisterFault::at(AGREEMENTS, row.line, "agreement", what, remedy));
        }
        known_provider(parts, AGREEMENTS, row.line, agreement.agb.as_ref(), faults);
        let Some(region) = parts.region else { continue };
        known_gemeente(region, AGREEMENTS, row.line, agreement.gemeente.as_ref(), faults);
        if region.norms.broken_periods.is_none() {
            let remedy = format!("choose norms.broken_periods in {}", region::FILE);
            let what = "an agreement cannot be reckoned without knowing how broken weeks count";
            faults.push(RegisterFault::at(AGREEMENTS, row.line, "agreement", what, remedy));
        }
        let Some(segment) = known_segment(region, AGREEMENTS, row.line, &agreement.segment, faults) else { continue };
        if segment.model_status == ModelStatus::Active && segment.model != agreement.model {
            let what = format!("model {} where the active model of the segment is {}", agreement.model, segment.model);
            let remedy = format!("correct it, or record the change of model in {}", region::FILE);
            faults.push(RegisterFault::at(AGREEMENTS, row.line, "model", what, remedy));
        }
    }
    let key = |agreement: &Agreement| (agreement.segment.clone(), agreement.agb.clone(), agreement.gemeente.clone());
    for group in by_key(rows, key, Agreement::validity).values() {
        for (before, row) in neighbours(group, Agreement::validity) {
            if before.value.validity().overlaps(&row.value.validity()) {
                let (one, other) = (&before.value.id, &row.value.id);
                let what =
                    format!("agreements {one} and {other} overlap for the same segment, provider and municipality");
                let remedy = format!("let line {} end before {}, or put them together", before.line, row.value.from);
                faults.push(RegisterFault::at(AGREEMENTS, row.line, "valid_from", what, remedy));
            }
        }
    }
}
