//! The contract register of one region: its profile and five tables, checked as a whole, immutable once loaded.
//!
//! A register with a fault does not exist: [`load`] gives the register or all of its faults. What the tables hold is
//! described in the design (section 7); dates are first and last valid days, money is in eurocents.

pub mod diff;
mod instalments;
mod money;
mod rows;
pub mod source;
pub mod store;
mod verify;

use super::fault::RegisterFault;
use super::region::{self, Region};
use super::table::Validity;
use super::words::{ContractStatus, Flag, Model, OnExceed};
use crate::message::{Categorie, Cents, Date, Eenheid, Frequentie, Law, Party, ProductCode};
use crate::rules::{Parties, Terms};
use rows::{AGREEMENTS, CONTRACTS, Lined, PRODUCTS, PROVIDERS, Rows, TARIFFS, TariffRow};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

pub use instalments::{INSTALMENTS, Instalment};

/// The files of a region by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Names of the files of a region.
pub const FILES: [&str; 6] = [region::FILE, PRODUCTS, PROVIDERS, CONTRACTS, TARIFFS, AGREEMENTS];

/// Names of files that a region may leave out.
pub const OPTIONAL: [&str; 1] = [INSTALMENTS];

/// A product of the list in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Law.
    pub law: Law,
    /// Category (WMO020, JZ020).
    pub category: Categorie,
    /// Code.
    pub code: ProductCode,
    /// Name.
    pub name: String,
    /// Segment it belongs to.
    pub segment: String,
    /// Rank of intensity, higher is heavier; `None` where products are not ranked.
    pub level: Option<u32>,
    /// Unit it is normally contracted in.
    pub unit: Option<Eenheid>,
    /// Usual volume, in units.
    pub norm_volume: Option<u32>,
    /// Per day, week, month or in total.
    pub norm_frequency: Option<Frequentie>,
    /// Usual duration in days.
    pub norm_days: Option<u32>,
    /// Marks that checks look for.
    pub flags: BTreeSet<Flag>,
    /// When it is on the list.
    pub validity: Validity,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// AGB code.
    pub agb: Party,
    /// Name.
    pub name: String,
    /// For a subcontractor: AGB code of the contract holder.
    pub main_contractor: Option<Party>,
    /// When it is registered.
    pub validity: Validity,
}

/// A contract of a provider for a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Contract id; one contract may have several rows.
    pub id: String,
    /// Provider.
    pub agb: Party,
    /// Segment.
    pub segment: String,
    /// Municipality; `None` for all that take part in the segment.
    pub gemeente: Option<Party>,
    /// State.
    pub status: ContractStatus,
    /// Dates.
    pub validity: Validity,
}

/// A budget agreement: an amount for a segment, a provider or both, in a municipality or the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Id; postings are kept under it.
    pub id: String,
    /// Segment.
    pub segment: String,
    /// Provider; `None` for all together.
    pub agb: Option<Party>,
    /// Municipality; `None` for all together.
    pub gemeente: Option<Party>,
    /// How the care under it is paid.
    pub model: Model,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Amount agreed, more than zero.
    pub amount: Cents,
    /// Percentages of the amount at which somebody is told, rising.
    pub warn_at: Vec<u32>,
    /// What is wanted above the amount.
    pub on_exceed: OnExceed,
}

impl Agreement {
    /// First and last day.
    pub fn validity(&self) -> Validity {
        Validity { from: self.from, to: Some(self.to) }
    }
}

/// A tariff over a run of days, as found for two parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TariffRun {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Eurocents of one unit; `None` when nothing was agreed for these days.
    pub cents: Option<Cents>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TariffKey {
    law: Law,
    code: ProductCode,
    unit: Eenheid,
    agb: Option<Party>,
    gemeente: Option<Party>,
}

/// The register: what a region agreed, by date.
#[derive(Debug, Clone)]
pub struct Register {
    /// Short SHA-256 over all files: the same contents give the same version.
    pub version: String,
    /// The profile.
    pub region: Region,
    products: HashMap<(Law, ProductCode), Vec<Product>>,
    /// Segments of the products of a category, and when.
    by_category: HashMap<(Law, Categorie), BTreeSet<(String, Validity)>>,
    providers: HashMap<Party, Vec<Provider>>,
    contracts: HashMap<(Party, String), Vec<Contract>>,
    tariffs: HashMap<TariffKey, Vec<(Validity, Cents)>>,
    agreements: BTreeMap<String, Agreement>,
    by_segment: HashMap<String, Vec<String>>,
    instalments: Vec<Instalment>,
}

/// Loads the register of the region whose files stand in `folder`.
///
/// # Errors
/// All faults of all files, in order of file and line.
pub fn load(folder: &Path) -> Result<Register, Vec<RegisterFault>> {
    Register::parse(&read_files(folder)?)
}

/// Reads the files of a region, as far as they are there.
///
/// # Errors
/// Files that are there and cannot be read.
pub fn read_files(folder: &Path) -> Result<Files, Vec<RegisterFault>> {
    let mut files = Files::new();
    let mut faults = Vec::new();
    for name in FILES.into_iter().chain(OPTIONAL) {
        match std::fs::read(folder.join(name)) {
            Ok(bytes) => {
                files.insert(name.to_owned(), bytes);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let remedy = "make the file readable for the gateway";
                faults.push(RegisterFault::of_file(name, format!("cannot be read: {error}"), remedy));
            }
        }
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

impl Register {
    /// Reads the register from the contents of its files.
    ///
    /// # Errors
    /// All faults of all files, in order of file and line.
    pub fn parse(files: &Files) -> Result<Register, Vec<RegisterFault>> {
        let mut faults = Vec::new();
        for name in FILES.iter().filter(|name| !files.contains_key(**name)) {
            let remedy = "put it in the folder of the region; a table without rows needs its header row";
            faults.push(RegisterFault::of_file(name, "the file is missing", remedy));
        }
        let region = files.get(region::FILE).and_then(|bytes| read_region(bytes, &mut faults));
        let products = files.get(PRODUCTS).and_then(|bytes| rows::products(bytes, &mut faults));
        let providers = files.get(PROVIDERS).and_then(|bytes| rows::providers(bytes, &mut faults));
        let contracts = files.get(CONTRACTS).and_then(|bytes| rows::contracts(bytes, &mut faults));
        let tariffs = files.get(TARIFFS).and_then(|bytes| rows::tariffs(bytes, &mut faults));
        let agreements = files.get(AGREEMENTS).and_then(|bytes| rows::agreements(bytes, &mut faults));
        let parts = verify::Parts {
            region: region.as_ref(),
            products: products.as_ref(),
            providers: providers.as_ref(),
            contracts: contracts.as_ref(),
            tariffs: tariffs.as_ref(),
            agreements: agreements.as_ref(),
        };
        verify::verify(&parts, &mut faults);
        let beside = instalments::Beside {
            region: region.as_ref(),
            agreements: agreements.as_ref(),
            providers: providers.as_ref(),
        };
        let instalments = files.get(INSTALMENTS).and_then(|bytes| instalments::read(bytes, &beside, &mut faults));
        match (region, products, providers, contracts, tariffs, agreements) {
            (Some(region), Some(products), Some(providers), Some(contracts), Some(tariffs), Some(agreements))
                if faults.is_empty() =>
            {
                let mut register = Register::empty(version(files), region);
                register.index_products(products);
                register.index_parties(providers, contracts);
                register.index_money(tariffs, agreements);
                register.index_instalments(instalments.unwrap_or_default());
                Ok(register)
            }
            _ => {
                faults.sort_by(|a, b| (place(&a.file), a.row, &a.column).cmp(&(place(&b.file), b.row, &b.column)));
                faults.dedup();
                Err(faults)
            }
        }
    }

    fn empty(version: String, region: Region) -> Register {
        Register {
            version,
            region,
            products: HashMap::new(),
            by_category: HashMap::new(),
            providers: HashMap::new(),
            contracts: HashMap::new(),
            tariffs: HashMap::new(),
            agreements: BTreeMap::new(),
            by_segment: HashMap::new(),
            instalments: Vec::new(),
        }
    }

    fn index_products(&mut self, products: Rows<Product>) {
        for Lined { value: product, .. } in products.list {
            let segments = self.by_category.entry((product.law, product.category.clone())).or_default();
            segments.insert((product.segment.clone(), product.validity));
            self.products.entry((product.law, product.code.clone())).or_default().push(product);
        }
        self.products.values_mut().for_each(|rows| rows.sort_by_key(|row| row.validity));
    }

    fn index_parties(&mut self, providers: Rows<Provider>, contracts: Rows<Contract>) {
        for Lined { value: provider, .. } in providers.list {
            self.providers.entry(provider.agb.clone()).or_default().push(provider);
        }
        self.providers.values_mut().for_each(|rows| rows.sort_by_key(|row| row.validity));
        for Lined { value: mut contract, .. } in contracts.list {
            // An open contract ends when its period does.
            if contract.validity.to.is_none() {
                contract.validity.to = period_end(&self.region, &contract);
            }
            self.contracts.entry((contract.agb.clone(), contract.segment.clone())).or_default().push(contract);
        }
        self.contracts.values_mut().for_each(|rows| {
            rows.sort_by(|a, b| (a.validity, &a.gemeente, &a.id).cmp(&(b.validity, &b.gemeente, &b.id)));
        });
    }

    fn index_money(&mut self, tariffs: Rows<TariffRow>, agreements: Rows<Agreement>) {
        for Lined { value: row, .. } in tariffs.list {
            let TariffRow { law, code, unit, agb, gemeente, cents, validity } = row;
            let key = TariffKey { law, code, unit, agb, gemeente };
            self.tariffs.entry(key).or_default().push((validity, cents));
        }
        self.tariffs.values_mut().for_each(|runs| runs.sort_by_key(|(validity, _)| *validity));
        for Lined { value: agreement, .. } in agreements.list {
            self.agreements.insert(agreement.id.clone(), agreement);
        }
        for agreement in self.agreements.values() {
            self.by_segment.entry(agreement.segment.clone()).or_default().push(agreement.id.clone());
        }
    }

    /// The product with this code on `on`.
    pub fn product(&self, law: Law, code: &ProductCode, on: Date) -> Option<&Product> {
        self.products.get(&(law, code.clone()))?.iter().find(|product| product.validity.holds_on(on))
    }

    /// Segments of an allocation or claim: that of the code, or without a code all with products of the category.
    pub fn segments(&self, law: Law, categorie: &Categorie, code: Option<&ProductCode>, on: Date) -> BTreeSet<&str> {
        if let Some(code) = code {
            return self.product(law, code, on).map(|product| product.segment.as_str()).into_iter().collect();
        }
        let all = self.by_category.get(&(law, categorie.clone())).into_iter().flatten();
        all.filter(|(_, validity)| validity.holds_on(on)).map(|(segment, _)| segment.as_str()).collect()
    }

    /// The provider with this code, as last registered.
    pub fn provider(&self, agb: &Party) -> Option<&Provider> {
        self.providers.get(agb)?.last()
    }

    /// Every provider as it is registered last, in no order.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values().filter_map(|versions| versions.last())
    }

    /// All contracts of a provider for a segment, in order of time.
    pub fn contracts(&self, agb: &Party, segment: &str) -> &[Contract] {
        self.contracts.get(&(agb.clone(), segment.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// All contracts, by provider, segment and time.
    pub fn all_contracts(&self) -> impl Iterator<Item = &Contract> {
        let mut keys: Vec<_> = self.contracts.keys().collect();
        keys.sort_unstable();
        keys.into_iter().flat_map(|key| &self.contracts[key])
    }

    /// Whether a contract covers a municipality: named or all, and the municipality takes part in the segment.
    pub fn covers(&self, contract: &Contract, gemeente: &Party) -> bool {
        contract.gemeente.as_ref().is_none_or(|named| named == gemeente)
            && self.region.segments.get(&contract.segment).is_some_and(|all| all.municipalities.contains(gemeente))
    }

    /// An agreement by its id.
    pub fn agreement(&self, id: &str) -> Option<&Agreement> {
        self.agreements.get(id)
    }

    /// All agreements, by id.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.values()
    }

    /// Agreements that care of this segment counts for, whatever the date, by id.
    pub fn agreements_for(&self, segment: &str, parties: Parties<'_>) -> impl Iterator<Item = &Agreement> {
        let ids = self.by_segment.get(segment).into_iter().flatten();
        ids.filter_map(|id| self.agreements.get(id)).filter(move |agreement| {
            agreement.agb.as_ref().is_none_or(|agb| agb == parties.aanbieder)
                && agreement.gemeente.as_ref().is_none_or(|gemeente| gemeente == parties.gemeente)
        })
    }

    /// The tariff over `from..=to`, cut where it changes.
    pub fn tariff_runs(
        &self,
        law: Law,
        parties: Parties<'_>,
        code: &ProductCode,
        unit: Eenheid,
        (from, to): (Date, Date),
    ) -> Vec<TariffRun> {
        if to < from {
            return Vec::new();
        }
        let lists = self.tariff_lists(law, parties, code, unit);
        let mut starts = BTreeSet::from([from]);
        for (validity, _) in lists.iter().flat_map(|list| list.iter()) {
            let next = validity.to.and_then(|to| to.tomorrow().ok());
            starts.extend([Some(validity.from), next].into_iter().flatten().filter(|day| from < *day && *day <= to));
        }
        let starts: Vec<Date> = starts.into_iter().collect();
        let mut runs: Vec<TariffRun> = Vec::with_capacity(starts.len());
        for (at, start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).and_then(|next| next.yesterday().ok()).unwrap_or(to);
            let cents = find_tariff(&lists, *start);
            match runs.last_mut() {
                Some(last) if last.cents == cents => last.to = end,
                _ => runs.push(TariffRun { from: *start, to: end, cents }),
            }
        }
        runs
    }

    /// Other percentages for an agreement, for the cases of checks.
    #[cfg(test)]
    pub(crate) fn set_warn_at(&mut self, agreement: &str, warn_at: &[u32]) {
        self.agreements.get_mut(agreement).expect("an agreement of the register").warn_at = warn_at.to_vec();
    }

    /// Marks a product, for the cases of checks.
    #[cfg(test)]
    pub(crate) fn mark(&mut self, law: Law, code: &str, flag: Flag) {
        let rows = self.products.get_mut(&(law, ProductCode::from(code))).expect("a product of the register");
        for product in rows {
            product.flags.insert(flag);
        }
    }

    /// Another shape of a product, for the cases of checks.
    #[cfg(test)]
    pub(crate) fn change_product(&mut self, law: Law, code: &str, mut change: impl FnMut(&mut Product)) {
        let rows = self.products.get_mut(&(law, ProductCode::from(code))).expect("a product of the register");
        rows.iter_mut().for_each(&mut change);
    }

    /// The lists that may hold a tariff, most specific first.
    fn tariff_lists(
        &self,
        law: Law,
        parties: Parties<'_>,
        code: &ProductCode,
        unit: Eenheid,
    ) -> Vec<&[(Validity, Cents)]> {
        let mut key = TariffKey {
            law,
            code: code.clone(),
            unit,
            agb: Some(parties.aanbieder.clone()),
            gemeente: Some(parties.gemeente.clone()),
        };
        let mut lists = Vec::with_capacity(4);
        let mut look = |key: &TariffKey| lists.extend(self.tariffs.get(key).map(Vec::as_slice));
        look(&key);
        let gemeente = key.gemeente.take();
        look(&key);
        key.agb = None;
        key.gemeente = gemeente;
        look(&key);
        key.gemeente = None;
        look(&key);
        lists
    }
}

/// Last day of the contract period that a contract lies in, which is that of an open contract.
fn period_end(region: &Region, contract: &Contract) -> Option<Date> {
    let segment = region.segments.get(&contract.segment)?;
    let periods = segment.periods.iter().filter_map(|id| region.periods.get(id));
    periods.filter(|period| period.admits(&contract.validity)).find_map(|period| period.end)
}

fn find_tariff(lists: &[&[(Validity, Cents)]], on: Date) -> Option<Cents> {
    lists.iter().find_map(|list| list.iter().find(|(validity, _)| validity.holds_on(on)).map(|(_, cents)| *cents))
}

fn read_region(bytes: &[u8], faults: &mut Vec<RegisterFault>) -> Option<Region> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        faults.push(RegisterFault::of_file(region::FILE, "not UTF-8", "save the file as UTF-8"));
        return None;
    };
    match region::read(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(region) => Some(region),
        Err(more) => {
            faults.extend(more);
            None
        }
    }
}

fn version(files: &Files) -> String {
    let mut hash = Sha256::new();
    for name in FILES {
        let bytes = files.get(name).map_or(&[][..], Vec::as_slice);
        hash.update(name.as_bytes());
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    for (name, bytes) in OPTIONAL.into_iter().filter_map(|name| Some((name, files.get(name)?))) {
        hash.update(name.as_bytes());
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hex::encode(&hash.finalize()[..8])
}

/// Place of a file in the order of reading.
fn place(file: &str) -> usize {
    FILES.iter().chain(&OPTIONAL).position(|name| *name == file).unwrap_or(FILES.len() + OPTIONAL.len())
}

impl Terms for Register {
    fn lists_product(&self, law: Law, categorie: &Categorie, code: &ProductCode, on: Date) -> bool {
        self.product(law, code, on).is_some_and(|product| product.category == *categorie)
    }

    fn tariff(&self, law: Law, parties: Parties<'_>, code: &ProductCode, eenheid: Eenheid, on: Date) -> Option<Cents> {
        find_tariff(&self.tariff_lists(law, parties, code, eenheid), on)
    }

    fn units(&self, law: Law, parties: Parties<'_>, code: &ProductCode, on: Date) -> Vec<Eenheid> {
        let priced = |unit: &Eenheid| self.tariff(law, parties, code, *unit, on).is_some();
        let units: Vec<Eenheid> = Eenheid::ALL.iter().copied().filter(priced).collect();
        if !units.is_empty() {
            return units;
        }
        // Care paid by instalment has no tariff; its unit stands in the product list.
        self.product(law, code, on).and_then(|product| product.unit).into_iter().collect()
    }
}
