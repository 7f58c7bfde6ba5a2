//! The five tables of a region, row by row. What one row can tell is checked here; rows against each other in
//! `verify`.

use super::{Agreement, Contract, Product, Provider};
use crate::contract::fault::RegisterFault;
use crate::contract::table::{Row, Table, Validity};
use crate::contract::words::{ContractStatus, Flag, Model, OnExceed};
use crate::message::{Categorie, Cents, Eenheid, Frequentie, Law, Party, ProductCode};
use std::collections::BTreeSet;

pub(super) const PRODUCTS: &str = "products.csv";
pub(super) const PROVIDERS: &str = "providers.csv";
pub(super) const CONTRACTS: &str = "contracts.csv";
pub(super) const TARIFFS: &str = "tariffs.csv";
pub(super) const AGREEMENTS: &str = "agreements.csv";

/// Product categories in use: WMO020, and of JZ020 those from 2016 on.
const CATEGORIES_WMO: [&str; 18] =
    ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "18"];
const CATEGORIES_JEUGDWET: [&str; 16] =
    ["40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55"];

/// A value with the line it stands on.
#[derive(Debug, Clone)]
pub(super) struct Lined<T> {
    pub(super) line: u32,
    pub(super) value: T,
}

/// A table as far as it could be read.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub(super) list: Vec<Lined<T>>,
    /// Keys of all rows, also of those with a fault elsewhere, so that one fault does not lead to many.
    keys: BTreeSet<String>,
    /// Whether every row is among the keys.
    complete: bool,
}

impl<T> Rows<T> {
    /// Whether no row has this key, for certain.
    pub(super) fn lacks(&self, key: &str) -> bool {
        self.complete && !self.keys.contains(key)
    }
}

/// One row of `tariffs.csv`.
#[derive(Debug, Clone)]
pub(super) struct TariffRow {
    pub(super) law: Law,
    pub(super) code: ProductCode,
    pub(super) unit: Eenheid,
    pub(super) agb: Option<Party>,
    pub(super) gemeente: Option<Party>,
    pub(super) cents: Cents,
    pub(super) validity: Validity,
}

pub(super) type Faults = Vec<RegisterFault>;

fn read<T>(
    file: &'static str,
    columns: &[&'static str],
    bytes: &[u8],
    faults: &mut Faults,
    key: impl Fn(&Row<'_>) -> String,
    row: impl Fn(&Row<'_>, &mut Faults) -> Option<T>,
) -> Option<Rows<T>> {
    let table = Table::read(file, columns, bytes, faults)?;
    let mut rows = Vec::new();
    let mut keys = BTreeSet::new();
    for each in table.rows() {
        keys.insert(key(&each));
        if let Some(value) = row(&each, faults) {
            rows.push(Lined { line: each.line, value });
        }
    }
    Some(Rows { list: rows, keys, complete: table.complete })
}

/// Key of a product in [`Rows::keys`].
pub(super) fn product_key(law: &str, code: &str) -> String {
    format!("{law} {code}")
}

pub(super) fn products(bytes: &[u8], faults: &mut Faults) -> Option<Rows<Product>> {
    let columns = [
        "law",
        "category",
        "code",
        "name",
        "segment",
        "level",
        "unit",
        "norm_volume",
        "norm_frequency",
        "norm_days",
        "flags",
        "valid_from",
        "valid_to",
    ];
    let key = |row: &Row<'_>| product_key(row.cell("law"), row.cell("code"));
    read(PRODUCTS, &columns, bytes, faults, key, |row, faults| {
        let law = law(row, faults);
        let category = category(row, law, faults);
        let code = code(row, faults);
        let name = row.text("name", faults);
        let segment = row.text("segment", faults);
        let level = row.optional_number("level", faults);
        let unit = if row.cell("unit").is_empty() { Some(None) } else { unit(row, faults).map(Some) };
        let norm_volume = row.optional_number("norm_volume", faults);
        let norm_frequency = match row.cell("norm_frequency") {
            "" => Some(None),
            _ => row.word("norm_frequency", Frequentie::parse, &["1", "2", "4", "6"], faults).map(Some),
        };
        let norm_days = row.optional_number("norm_days", faults);
        let flags = row.words("flags", Flag::parse, Flag::WORDS, faults);
        let validity = row.validity(faults);
        Some(Product {
            law: law?,
            category: category?,
            code: code?,
            name: name?.to_owned(),
            segment: segment?.to_owned(),
            level: level?,
            unit: unit?,
            norm_volume: norm_volume?,
            norm_frequency: norm_frequency?,
            norm_days: norm_days?,
            flags: flags?,
            validity: validity?,
        })
    })
}

pub(super) fn providers(bytes: &[u8], faults: &mut Faults) -> Option<Rows<Provider>> {
    let columns = ["agb", "name", "main_contractor", "valid_from", "valid_to"];
    read(
        PROVIDERS,
        &columns,
        bytes,
        faults,
        |row| row.cell("agb").to_owned(),
        |row, faults| {
            let agb = row.digits("agb", 8, faults);
            let name = row.text("name", faults);
            let main_contractor = match row.cell("main_contractor") {
                "" => Some(None),
                _ => row.digits("main_contractor", 8, faults).map(Some),
            };
            let validity = row.validity(faults);
            Some(Provider {
                agb: Party::from(agb?),
                name: name?.to_owned(),
                main_contractor: main_contractor?.map(Party::from),
                validity: validity?,
            })
        },
    )
}

pub(super) fn contracts(bytes: &[u8], faults: &mut Faults) -> Option<Rows<Contract>> {
    let columns = ["contract", "agb", "segment", "municipality", "status", "valid_from", "valid_to"];
    read(
        CONTRACTS,
        &columns,
        bytes,
        faults,
        |row| row.cell("contract").to_owned(),
        |row, faults| {
            let id = row.text("contract", faults);
            let agb = row.digits("agb", 8, faults);
            let segment = row.text("segment", faults);
            let gemeente = row.digits_or_all("municipality", 4, faults);
            let status = row.word("status", ContractStatus::parse, ContractStatus::WORDS, faults);
            let validity = row.validity(faults);
            if status == Some(ContractStatus::Ended) && validity.is_some_and(|validity| validity.to.is_none()) {
                faults.push(row.fault(
                    "valid_to",
                    "an ended contract without a last day",
                    "fill in its last valid day",
                ));
            }
            Some(Contract {
                id: id?.to_owned(),
                agb: Party::from(agb?),
                segment: segment?.to_owned(),
                gemeente: gemeente?.map(Party::from),
                status: status?,
                validity: validity?,
            })
        },
    )
}

pub(super) fn tariffs(bytes: &[u8], faults: &mut Faults) -> Option<Rows<TariffRow>> {
    let columns = ["law", "code", "unit", "agb", "municipality", "cents", "valid_from", "valid_to"];
    let key = |row: &Row<'_>| product_key(row.cell("law"), row.cell("code"));
    read(TARIFFS, &columns, bytes, faults, key, |row, faults| {
        let law = law(row, faults);
        let code = code(row, faults);
        let unit = unit(row, faults);
        let agb = row.digits_or_all("agb", 8, faults);
        let gemeente = row.digits_or_all("municipality", 4, faults);
        let cents = row.cents("cents", faults);
        let validity = row.validity(faults);
        Some(TariffRow {
            law: law?,
            code: code?,
            unit: unit?,
            agb: agb?.map(Party::from),
            gemeente: gemeente?.map(Party::from),
            cents: cents?,
            validity: validity?,
        })
    })
}

pub(super) fn agreements(bytes: &[u8], faults: &mut Faults) -> Option<Rows<Agreement>> {
    let columns = [
        "agreement",
        "segment",
        "agb",
        "municipality",
        "model",
        "valid_from",
        "valid_to",
        "amount_cents",
        "warn_at",
        "on_exceed",
    ];
    read(
        AGREEMENTS,
        &columns,
        bytes,
        faults,
        |row| row.cell("agreement").to_owned(),
        |row, faults| {
            let id = row.text("agreement", faults);
            let segment = row.text("segment", faults);
            let agb = row.digits_or_all("agb", 8, faults);
            let gemeente = row.digits_or_all("municipality", 4, faults);
            let model = row.word("model", Model::parse, Model::WORDS, faults);
            let validity = row.validity(faults);
            let to = validity.and_then(|validity| validity.to);
            if validity.is_some() && to.is_none() {
                let remedy = "fill in the last day; an amount of money is for a period";
                faults.push(row.fault("valid_to", "an agreement without a last day", remedy));
            }
            let amount = amount(row, faults);
            let warn_at = warn_at(row, faults);
            let on_exceed = row.word("on_exceed", OnExceed::parse, OnExceed::WORDS, faults);
            Some(Agreement {
                id: id?.to_owned(),
                segment: segment?.to_owned(),
                agb: agb?.map(Party::from),
                gemeente: gemeente?.map(Party::from),
                model: model?,
                from: validity?.from,
                to: to?,
                amount: amount?,
                warn_at: warn_at?,
                on_exceed: on_exceed?,
            })
        },
    )
}

fn law(row: &Row<'_>, faults: &mut Faults) -> Option<Law> {
    row.word("law", Law::parse, &Law::ALL.map(Law::as_str), faults)
}

fn category(row: &Row<'_>, law: Option<Law>, faults: &mut Faults) -> Option<Categorie> {
    let digits = row.digits("category", 2, faults)?;
    let known: &[&str] = match law? {
        Law::Wmo => &CATEGORIES_WMO,
        Law::Jeugdwet => &CATEGORIES_JEUGDWET,
    };
    if !known.contains(&digits) {
        let what = format!("category `{digits}` does not exist in {}", law?);
        let remedy = format!("use a code from {} to {}", known[0], known[known.len() - 1]);
        faults.push(row.fault("category", what, remedy));
        return None;
    }
    Some(Categorie::from(digits))
}

fn code(row: &Row<'_>, faults: &mut Faults) -> Option<ProductCode> {
    let cell = row.text("code", faults)?;
    if cell.len() > 5 || !cell.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let remedy = "write at most five letters and digits; format the column as text, or the sheet reads 02E03 as a \
                      number";
        faults.push(row.fault("code", format!("`{cell}` is no product code"), remedy));
        return None;
    }
    Some(ProductCode::from(cell))
}

fn unit(row: &Row<'_>, faults: &mut Faults) -> Option<Eenheid> {
    let digits = row.digits("unit", 2, faults)?;
    let unit = Eenheid::parse(digits);
    if unit.is_none() {
        let known: Vec<&str> = Eenheid::ALL.iter().map(|unit| unit.as_str()).collect();
        faults.push(row.fault("unit", format!("unknown unit `{digits}`"), format!("known are: {}", known.join(", "))));
    }
    unit
}

fn amount(row: &Row<'_>, faults: &mut Faults) -> Option<Cents> {
    if row.cell("amount_cents").is_empty() {
        faults.push(row.fault("amount_cents", "an agreement without an amount", "fill in the amount in eurocents"));
        return None;
    }
    let amount = row.cents("amount_cents", faults)?;
    if amount == Cents(0) {
        let remedy = "fill in the amount, or remove the agreement";
        faults.push(row.fault("amount_cents", "an agreement on nothing", remedy));
        return None;
    }
    Some(amount)
}

/// Percentages such as `70/85/100`, rising.
fn warn_at(row: &Row<'_>, faults: &mut Faults) -> Option<Vec<u32>> {
    let cell = row.text("warn_at", faults)?;
    let steps: Option<Vec<u32>> = cell
        .split('/')
        .map(|part| part.trim().parse::<u32>().ok().filter(|percent| (1..=1_000).contains(percent)))
        .collect();
    let rising = steps.filter(|steps| steps.is_sorted_by(|a, b| a < b));
    if rising.is_none() {
        let what = format!("`{cell}` is no list of percentages");
        faults.push(row.fault("warn_at", what, "write rising whole percentages with a slash between: `70/85/100`"));
    }
    rising
}
