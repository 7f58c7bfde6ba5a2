//! Rows against each other and against the profile: what no single row can tell.

use super::rows::{AGREEMENTS, CONTRACTS, Faults, Lined, PRODUCTS, PROVIDERS, Rows, TARIFFS, TariffRow, product_key};
use super::{Agreement, Contract, Product, Provider, period_end};
use crate::contract::fault::{RegisterFault, hint};
use crate::contract::region::{self, Region, Segment};
use crate::contract::table::Validity;
use crate::contract::words::{ContractStatus, Model, ModelStatus};
use crate::message::{Date, Law, Party, ProductCode};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

/// What could be read of a region's folder; a part that could not be read is not compared with.
pub(super) struct Parts<'p> {
    pub(super) region: Option<&'p Region>,
    pub(super) products: Option<&'p Rows<Product>>,
    pub(super) providers: Option<&'p Rows<Provider>>,
    pub(super) contracts: Option<&'p Rows<Contract>>,
    pub(super) tariffs: Option<&'p Rows<TariffRow>>,
    pub(super) agreements: Option<&'p Rows<Agreement>>,
}

/// How many providers a segment may have under contract on one day, as the profile states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cap {
    pub(super) segment: String,
    pub(super) scope: Scope,
    /// The most there may be.
    pub(super) most: usize,
}

/// Which contracts a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "only profiles that state caps make them")]
pub(super) enum Scope {
    /// All of the segment.
    All,
    /// Those for all its municipalities.
    Regional,
    /// Those for a single municipality.
    Local,
}

/// The caps that a profile states.
fn caps(_region: &Region) -> Vec<Cap> {
    Vec::new()
}

/// The levels that a profile states for the products of a segment; none when it does not say.
fn levels(_region: &Region, _segment: &str) -> Vec<u32> {
    Vec::new()
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

/// What to do about two rows for the same days.
fn one_of(line: u32, before: Validity, row: Validity) -> String {
    if before.from < row.from {
        return format!("let line {line} end before {}, or remove one of the two", row.from);
    }
    format!("correct the days, or remove one of the two; line {line} begins on {} too", row.from)
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
    let by_agreement = paid_per_unit_by_agreement(parts);
    for row in rows {
        let Some(region) = parts.region else { break };
        let product = &row.value;
        let Some(segment) = known_segment(region, PRODUCTS, row.line, &product.segment, faults) else { continue };
        if !segment.laws.contains(&product.law) {
            let what = format!("segment {} is not for {}", product.segment, product.law);
            faults.push(RegisterFault::at(PRODUCTS, row.line, "law", what, "correct the law or the segment"));
        }
        known_level(row, &levels(region, &product.segment), faults);
        let Some(tariffs) = parts.tariffs else { continue };
        if (segment.model == Model::Pxq || by_agreement.contains(product.segment.as_str()))
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
            let remedy = one_of(before.line, before.value.validity, row.value.validity);
            faults.push(RegisterFault::at(PRODUCTS, row.line, column, what, remedy));
        }
    }
}

/// Segments that an agreement pays per unit: like those of which the profile says so, their products need a price.
fn paid_per_unit_by_agreement<'p>(parts: &Parts<'p>) -> HashSet<&'p str> {
    let agreements = parts.agreements.into_iter().flat_map(|agreements| &agreements.list);
    agreements.filter(|row| row.value.model == Model::Pxq).map(|row| row.value.segment.as_str()).collect()
}

fn known_level(row: &Lined<Product>, known: &[u32], faults: &mut Faults) {
    let Some(level) = row.value.level.filter(|level| !known.is_empty() && !known.contains(level)) else { return };
    let what = format!("unknown level {level} in segment {}", row.value.segment);
    let known: Vec<String> = known.iter().map(u32::to_string).collect();
    let remedy = format!("known are: {}", known.join(", "));
    faults.push(RegisterFault::at(PRODUCTS, row.line, "level", what, remedy));
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
    let mut registered: HashMap<&Party, Vec<Validity>> = HashMap::new();
    for row in parts.providers.into_iter().flat_map(|providers| &providers.list) {
        registered.entry(&row.value.agb).or_default().push(row.value.validity);
    }
    for row in rows {
        let contract = &row.value;
        known_provider(parts, CONTRACTS, row.line, Some(&contract.agb), faults);
        if let Some(registered) = registered.get(&contract.agb) {
            within_registration(row, registered, faults);
        }
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
        within_term(region, segment, row, faults);
    }
    let key = |contract: &Contract| {
        (contract.id.clone(), contract.agb.clone(), contract.segment.clone(), contract.gemeente.clone())
    };
    for group in by_key(rows, key, |contract| contract.validity).values() {
        for (before, row) in neighbours(group, |contract| contract.validity) {
            if before.value.validity.overlaps(&row.value.validity) {
                let what = format!("contract {} stands twice on one day", row.value.id);
                let remedy = one_of(before.line, before.value.validity, row.value.validity);
                faults.push(RegisterFault::at(CONTRACTS, row.line, "valid_from", what, remedy));
            }
        }
    }
    for cap in parts.region.map(caps).unwrap_or_default() {
        within_cap(&cap, rows, faults);
    }
}

/// A contract begins and ends while its provider is registered.
fn within_registration(row: &Lined<Contract>, registered: &[Validity], faults: &mut Faults) {
    let contract = &row.value;
    let days = [Some(contract.validity.from), contract.validity.to];
    let outside = days.into_iter().flatten().find(|day| !registered.iter().any(|validity| validity.holds_on(*day)));
    if let Some(day) = outside {
        let what = format!("provider {} is not registered on {day}", contract.agb);
        let remedy = format!("correct the dates here or in {PROVIDERS}");
        faults.push(RegisterFault::at(CONTRACTS, row.line, "agb", what, remedy));
    }
}

/// A contract lies within a contract period of its segment, with the extensions that were decided.
fn within_term(region: &Region, segment: &Segment, row: &Lined<Contract>, faults: &mut Faults) {
    let validity = row.value.validity;
    let periods: Vec<_> = segment.periods.iter().filter_map(|id| Some((id, region.periods.get(id)?))).collect();
    if periods.is_empty() || periods.iter().any(|(_, period)| period.admits(&validity)) {
        return;
    }
    let begun = periods.iter().filter(|(_, period)| {
        period.start.is_none_or(|start| start <= validity.from) && period.end.is_none_or(|end| validity.from <= end)
    });
    // The one that began last is the one it belongs to; its end is what the contract passes.
    let own = begun.max_by_key(|(_, period)| period.start);
    let (Some((id, period)), Some(to)) = (own, validity.to) else {
        let known: Vec<String> = periods
            .iter()
            .map(|(id, period)| {
                let day = |day: Option<Date>| day.map_or_else(|| "open".to_owned(), |day| day.to_string());
                format!("{id} ({}..{})", day(period.start), day(period.end))
            })
            .collect();
        let what = format!("{} lies outside the contract periods of the segment", text(validity));
        let remedy = format!("keep it within {}, or record the extension in {}", known.join(" or "), region::FILE);
        faults.push(RegisterFault::at(CONTRACTS, row.line, "valid_from", what, remedy));
        return;
    };
    let end = period.end.unwrap_or(to);
    let (what, remedy) = match period.longest_end {
        Some(longest) if longest < to => (
            format!("{to} is beyond the maximum term of period {id}: with every extension it ends on {longest}"),
            format!("let it end on {end} at the latest, as decided now"),
        ),
        _ => (
            format!("{to} is after period {id} ends on {end}, with the extensions that were decided"),
            format!("let it end then, or record the extension in {} (extensions_taken)", region::FILE),
        ),
    };
    faults.push(RegisterFault::at(CONTRACTS, row.line, "valid_to", what, remedy));
}

/// On no day more providers have a contract than the cap allows. A contract in transition only lets clients finish and
/// takes no place.
fn within_cap(cap: &Cap, rows: &[Lined<Contract>], faults: &mut Faults) {
    let counts = |contract: &Contract| {
        contract.segment == cap.segment
            && contract.status != ContractStatus::Transition
            && match cap.scope {
                Scope::All => true,
                Scope::Regional => contract.gemeente.is_none(),
                Scope::Local => contract.gemeente.is_some(),
            }
    };
    let mut counted: Vec<&Lined<Contract>> = rows.iter().filter(|row| counts(&row.value)).collect();
    counted.sort_by_key(|row| (row.value.validity.from, row.line));
    let mut running: HashMap<&Party, usize> = HashMap::new();
    let mut ends: BinaryHeap<Reverse<(Date, &Party)>> = BinaryHeap::new();
    for row in counted {
        let Contract { agb, validity, .. } = &row.value;
        while let Some(Reverse((_, over))) = ends.peek().copied().filter(|Reverse((end, _))| *end < validity.from) {
            ends.pop();
            if let Some(left) = running.get_mut(over) {
                *left -= 1;
                if *left == 0 {
                    running.remove(over);
                }
            }
        }
        let is_new = !running.contains_key(agb);
        *running.entry(agb).or_default() += 1;
        if let Some(to) = validity.to {
            ends.push(Reverse((to, agb)));
        }
        if is_new && running.len() > cap.most {
            let sort = match cap.scope {
                Scope::All => "contracted",
                Scope::Regional => "regionally contracted",
                Scope::Local => "locally contracted",
            };
            let (segment, many, most) = (&cap.segment, running.len(), cap.most);
            let what = format!("{many} {sort} providers in segment {segment} on {}, at most {most}", validity.from);
            let remedy = format!("end or remove a contract, or correct the cap in {}", region::FILE);
            faults.push(RegisterFault::at(CONTRACTS, row.line, "agb", what, remedy));
        }
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
    if let (Some(region), Some(products), Some(contracts)) = (parts.region, parts.products, parts.contracts) {
        let by_agreement = paid_per_unit_by_agreement(parts);
        let per_unit = |product: &Product| {
            by_agreement.contains(product.segment.as_str())
                || region.segments.get(&product.segment).is_some_and(|segment| segment.model == Model::Pxq)
        };
        let products = products.list.iter().map(|row| &row.value).filter(|product| per_unit(product));
        Gaps::new(region, products, &contracts.list).find(rows, faults);
    }
}

/// Parties that a tariff is for.
type Whom<'r> = (Option<&'r Party>, Option<&'r Party>);

/// Looks for prices that end, on 31 December mostly, while what they are for goes on.
struct Gaps<'r> {
    /// Products that are paid per unit, over time.
    products: HashMap<(Law, &'r ProductCode), Vec<&'r Product>>,
    /// Contracts by segment, open ones until the end of their period.
    contracts: HashMap<&'r str, Vec<(&'r Contract, Validity)>>,
    /// Those of a segment on one day, by provider: tariffs end on few days.
    on_day: HashMap<(&'r str, Date), BTreeMap<&'r Party, Vec<&'r Contract>>>,
}

impl<'r> Gaps<'r> {
    fn new(
        region: &'r Region,
        products: impl Iterator<Item = &'r Product>,
        contracts: &'r [Lined<Contract>],
    ) -> Gaps<'r> {
        let mut gaps = Gaps { products: HashMap::new(), contracts: HashMap::new(), on_day: HashMap::new() };
        for product in products {
            gaps.products.entry((product.law, &product.code)).or_default().push(product);
        }
        for row in contracts {
            let contract = &row.value;
            let to = contract.validity.to.or_else(|| period_end(region, contract));
            let validity = Validity { to, ..contract.validity };
            gaps.contracts.entry(&contract.segment).or_default().push((contract, validity));
        }
        gaps
    }

    fn find(mut self, rows: &'r [Lined<TariffRow>], faults: &mut Faults) {
        let mut by_product: BTreeMap<(Law, &ProductCode), Vec<&Lined<TariffRow>>> = BTreeMap::new();
        for row in rows {
            by_product.entry((row.value.law, &row.value.code)).or_default().push(row);
        }
        for (key, rows) in by_product {
            let mut ends: BTreeMap<Date, Vec<(Whom<'_>, &Lined<TariffRow>)>> = BTreeMap::new();
            for (whom, last) in last_rows(&rows) {
                if let Some(next) = last.value.validity.to.and_then(|to| to.tomorrow().ok()) {
                    ends.entry(next).or_default().push((whom, last));
                }
            }
            for (next, ended) in ends {
                let Some(segment) = self.segment_on(key, next) else { continue };
                let priced = Priced::on(next, &rows);
                let running = self.running(segment, next);
                for (whom, last) in ended {
                    if !priced.covers(whom) && is_missed(whom, running, &priced) {
                        faults.push(gap(last, next));
                    }
                }
            }
        }
    }

    /// Segment of a product that is paid per unit on that day.
    fn segment_on(&self, key: (Law, &'r ProductCode), day: Date) -> Option<&'r str> {
        let rows = self.products.get(&key)?;
        rows.iter().find(|product| product.validity.holds_on(day)).map(|product| product.segment.as_str())
    }

    /// Contracts of a segment on that day.
    fn running(&mut self, segment: &'r str, day: Date) -> &BTreeMap<&'r Party, Vec<&'r Contract>> {
        let all = self.contracts.get(segment).map(Vec::as_slice).unwrap_or_default();
        self.on_day.entry((segment, day)).or_insert_with(|| {
            let mut running: BTreeMap<&Party, Vec<&Contract>> = BTreeMap::new();
            for (contract, _) in all.iter().filter(|(_, validity)| validity.holds_on(day)) {
                running.entry(&contract.agb).or_default().push(contract);
            }
            running
        })
    }
}

fn gap(last: &Lined<TariffRow>, next: Date) -> RegisterFault {
    let code = &last.value.code;
    let what = format!("no tariff of {code} from {next} on, while product and contract go on");
    let remedy = "add the next tariff, leave valid_to empty if this one goes on, or let the product end with it";
    RegisterFault::at(TARIFFS, last.line, "valid_to", what, remedy)
}

/// For whom a product has a tariff on one day, in whatever unit.
struct Priced<'r> {
    whom: HashSet<Whom<'r>>,
    /// Providers with a tariff anywhere.
    agb: HashSet<Option<&'r Party>>,
}

impl<'r> Priced<'r> {
    fn on(day: Date, rows: &[&'r Lined<TariffRow>]) -> Priced<'r> {
        let whom: HashSet<Whom<'_>> =
            rows.iter().filter(|row| row.value.validity.holds_on(day)).map(|row| parties(&row.value)).collect();
        let agb = whom.iter().map(|(agb, _)| *agb).collect();
        Priced { whom, agb }
    }

    /// Whether there is a tariff for these parties, or one for more that holds for them too.
    fn covers(&self, (agb, gemeente): Whom<'_>) -> bool {
        [(agb, gemeente), (agb, None), (None, gemeente), (None, None)].iter().any(|wider| self.whom.contains(wider))
    }
}

/// Whether a contract of those for whom a tariff ends has no other on the day after.
fn is_missed((agb, gemeente): Whom<'_>, running: &BTreeMap<&Party, Vec<&Contract>>, priced: &Priced<'_>) -> bool {
    let is_unpriced = |contract: &Contract| {
        let is_theirs = gemeente.is_none() || contract.gemeente.is_none() || contract.gemeente.as_ref() == gemeente;
        let own = Some(&contract.agb);
        // A contract for every municipality may well have a tariff in each of them.
        let is_priced = match gemeente.or(contract.gemeente.as_ref()) {
            Some(at) => priced.covers((own, Some(at))),
            None => priced.agb.contains(&own) || priced.agb.contains(&None),
        };
        is_theirs && !is_priced
    };
    match agb {
        Some(agb) => running.get(agb).into_iter().flatten().any(|contract| is_unpriced(contract)),
        None => running.values().flatten().any(|contract| is_unpriced(contract)),
    }
}

fn parties(tariff: &TariffRow) -> Whom<'_> {
    (tariff.agb.as_ref(), tariff.gemeente.as_ref())
}

/// For each sort of parties the tariff that reaches furthest, in any unit.
fn last_rows<'r>(rows: &[&'r Lined<TariffRow>]) -> BTreeMap<Whom<'r>, &'r Lined<TariffRow>> {
    let reach = |row: &Lined<TariffRow>| row.value.validity.to.map_or((1, None), |to| (0, Some(to)));
    let mut last: BTreeMap<Whom<'_>, &Lined<TariffRow>> = BTreeMap::new();
    for row in rows {
        let furthest = last.entry(parties(&row.value)).or_insert(row);
        if reach(furthest) < reach(row) {
            *furthest = row;
        }
    }
    last
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
                let remedy = one_of(before.line, before.value.validity(), row.value.validity());
                faults.push(RegisterFault::at(AGREEMENTS, row.line, "valid_from", what, remedy));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(line: u32, agb: &str, gemeente: Option<&str>, from: &str, to: Option<&str>) -> Lined<Contract> {
        let day = |text: &str| text.parse().expect("a date");
        Lined {
            line,
            value: Contract {
                id: format!("C{line}"),
                agb: agb.into(),
                segment: "steun".to_owned(),
                gemeente: gemeente.map(Party::from),
                status: ContractStatus::Active,
                validity: Validity { from: day(from), to: to.map(day) },
            },
        }
    }

    /// Lines of the contracts that are too many.
    fn too_many(scope: Scope, most: usize, rows: &[Lined<Contract>]) -> Vec<u32> {
        let mut faults = Vec::new();
        within_cap(&Cap { segment: "steun".to_owned(), scope, most }, rows, &mut faults);
        for fault in &faults {
            assert_eq!((fault.file.as_str(), fault.column.as_deref()), (CONTRACTS, Some("agb")), "{fault}");
            assert!(fault.what.contains(&format!("at most {most}")), "{fault}");
        }
        faults.iter().filter_map(|fault| fault.row).collect()
    }

    #[test]
    fn a_cap_counts_providers_day_by_day() {
        let two = |second: &str| {
            vec![
                contract(2, "42420001", None, "2025-01-01", Some("2025-12-31")),
                contract(3, "42420002", None, second, None),
            ]
        };
        assert_eq!(too_many(Scope::All, 1, &two("2025-12-31")), [3], "they share the last day");
        assert_eq!(too_many(Scope::All, 1, &two("2026-01-01")), [] as [u32; 0], "one follows the other");
        assert_eq!(too_many(Scope::All, 2, &two("2025-12-31")), [] as [u32; 0], "as many as allowed");
        assert_eq!(too_many(Scope::All, 0, &two("2026-01-01")), [2, 3], "none is allowed");
        assert_eq!(too_many(Scope::All, 1, &[]), [] as [u32; 0]);

        let again = [
            contract(2, "42420001", None, "2025-01-01", Some("2025-06-30")),
            contract(3, "42420001", None, "2025-03-01", Some("2025-12-31")),
            contract(4, "42420002", None, "2025-10-01", None),
        ];
        assert_eq!(too_many(Scope::All, 1, &again), [4], "two contracts of one provider take one place, till the last");
        let mut leaving = again;
        leaving[1].value.status = ContractStatus::Transition;
        assert_eq!(too_many(Scope::All, 1, &leaving), [] as [u32; 0], "clients may finish without taking a place");
    }

    #[test]
    fn regional_and_local_contracts_are_counted_apart() {
        let rows = [
            contract(2, "42420001", None, "2025-01-01", None),
            contract(3, "42420002", Some("0197"), "2025-01-01", None),
            contract(4, "42420003", Some("0294"), "2025-01-01", None),
        ];
        assert_eq!(too_many(Scope::Regional, 1, &rows), [] as [u32; 0]);
        assert_eq!(too_many(Scope::Local, 1, &rows), [4]);
        assert_eq!(too_many(Scope::All, 1, &rows), [3, 4]);
    }

    #[test]
    fn a_level_is_one_that_the_profile_states_when_it_does() {
        let product = |level: Option<u32>| Lined {
            line: 5,
            value: Product {
                law: Law::Wmo,
                category: "02".into(),
                code: "02A01".into(),
                name: "Licht".to_owned(),
                segment: "steun".to_owned(),
                level,
                unit: None,
                norm_volume: None,
                norm_frequency: None,
                norm_days: None,
                flags: BTreeSet::new(),
                validity: Validity { from: Date::constant(2025, 1, 1), to: None },
            },
        };
        let told = |level: Option<u32>, known: &[u32]| {
            let mut faults = Vec::new();
            known_level(&product(level), known, &mut faults);
            faults.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told(Some(3), &[1, 2, 3]), [""; 0]);
        assert_eq!(told(None, &[1, 2, 3]), [""; 0], "products need not be ranked");
        assert_eq!(told(Some(4), &[]), [""; 0], "a profile that says nothing");
        let fault = "products.csv:5 [level]: unknown level 4 in segment steun; known are: 1, 2, 3";
        assert_eq!(told(Some(4), &[1, 2, 3]), [fault]);
    }
}
