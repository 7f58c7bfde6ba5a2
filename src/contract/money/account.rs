//! Which account, and which agreements, a day of care belongs to.
//!
//! The answer changes with the days: a year ends, a product moves to another segment, an agreement begins. So a span of
//! care falls into pieces, each within one account and one set of agreements. The value of an allocation adds up over
//! any cut (`contract::value`), so nothing is lost between the pieces.
//!
//! The model of an account is the one in force: that of the nearest agreement (a provider's own before that of all, a
//! municipality's before that of all), or that of the profile where a person has confirmed it. A part of a segment that
//! is paid otherwise than the segment follows its own model once that is confirmed. A model that is only intended is not
//! in force, and then the account says `not_stated` and is reckoned like price times quantity: the worst case.

use crate::contract::register::{Agreement, Product, Register};
use crate::contract::words::{Model, ModelStatus};
use crate::decision::{Account, Slot};
use crate::message::{self, Categorie, Date, Law, ProductCode};
use crate::rules::Parties;

/// Care that is to be placed: what of which law between whom.
#[derive(Debug, Clone, Copy)]
pub struct Care<'a> {
    /// Law.
    pub law: Law,
    /// Municipality and provider.
    pub parties: Parties<'a>,
    /// Category; `None` for a generic allocation.
    pub categorie: Option<&'a Categorie>,
    /// Code; `None` for an allocation by category.
    pub code: Option<&'a ProductCode>,
}

impl<'a> Care<'a> {
    /// Care of a product, or of none.
    pub fn of(law: Law, parties: Parties<'a>, product: Option<&'a message::Product>) -> Care<'a> {
        let code = product.and_then(|product| product.code.as_ref());
        Care { law, parties, categorie: product.map(|product| &product.categorie), code }
    }
}

/// Days that belong to one account and count for one set of agreements.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Account and agreements.
    pub slot: Slot,
    /// Model of the account.
    pub model: Model,
    /// The product as the register has it; `None` for care by category and for what it does not know.
    pub product: Option<&'a Product>,
    /// The agreements, by id.
    pub agreements: Vec<&'a Agreement>,
}

/// The pieces of a span of days, in order. Empty when the last day is before the first.
pub fn pieces<'a>(register: &'a Register, care: Care<'_>, from: Date, to: Date) -> Vec<Piece<'a>> {
    if to < from {
        return Vec::new();
    }
    let mut starts = register.turning_days(care, from, to);
    starts.insert(from);
    for year in from.year()..to.year() {
        starts.extend(Date::new(year.saturating_add(1), 1, 1).ok());
    }
    let starts: Vec<Date> = starts.into_iter().collect();
    let mut pieces: Vec<Piece<'a>> = Vec::with_capacity(starts.len());
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).and_then(|next| next.yesterday().ok()).unwrap_or(to);
        let mut piece = place(register, care, *start);
        piece.to = end;
        match pieces.last_mut() {
            Some(last) if last.slot == piece.slot && last.product == piece.product => last.to = end,
            _ => pieces.push(piece),
        }
    }
    pieces
}

/// Account and agreements of one day.
pub fn place<'a>(register: &'a Register, care: Care<'_>, on: Date) -> Piece<'a> {
    let product = care.code.and_then(|code| register.product(care.law, code, on));
    let segment = match care.categorie {
        Some(categorie) => {
            let mut all = register.segments(care.law, categorie, care.code, on).into_iter();
            all.next().filter(|_| all.next().is_none()).map(str::to_owned)
        }
        None => None,
    };
    let mut agreements: Vec<&Agreement> = segment.as_deref().map_or_else(Vec::new, |segment| {
        register.agreements_for(segment, care.parties).filter(|all| all.validity().holds_on(on)).collect()
    });
    agreements.sort_by(|a, b| a.id.cmp(&b.id));
    let subsegment = segment.as_deref().and_then(|segment| subsegment(register, care, segment));
    let model = segment
        .as_deref()
        .map_or(Model::NotStated, |segment| model_in_force(register, segment, subsegment.as_deref(), &agreements));
    let account = Account {
        law: care.law,
        gemeente: care.parties.gemeente.clone(),
        segment: segment.unwrap_or_else(|| Account::UNMAPPED.to_owned()),
        subsegment,
        aanbieder: care.parties.aanbieder.clone(),
        model,
        year: on.year(),
    };
    let ids = agreements.iter().map(|agreement| agreement.id.clone()).collect();
    Piece { from: on, to: on, slot: Slot { account: Some(account), agreements: ids }, model, product, agreements }
}

/// The one part of the segment that the profile expects the category in.
fn subsegment(register: &Register, care: Care<'_>, segment: &str) -> Option<String> {
    let categorie = care.categorie?;
    let parts = &register.region.segments.get(segment)?.subsegments;
    let mut all = parts
        .iter()
        .filter(|(_, part)| part.categories.get(&care.law).is_some_and(|expected| expected.contains(categorie)));
    let only = all.next().filter(|_| all.next().is_none());
    only.map(|(id, _)| id.clone())
}

/// How care of a segment is paid under `agreements`, those that hold on the day.
pub fn model_in_force(
    register: &Register,
    segment: &str,
    subsegment: Option<&str>,
    agreements: &[&Agreement],
) -> Model {
    let Some(segment) = register.region.segments.get(segment) else { return Model::NotStated };
    let is_active = segment.model_status == ModelStatus::Active;
    let own = subsegment.and_then(|part| segment.subsegments.get(part)?.model);
    if let Some(own) = own.filter(|own| is_active && *own != segment.model) {
        return own;
    }
    let nearest = agreements.iter().rev().max_by_key(|all| (all.agb.is_some(), all.gemeente.is_some()));
    match nearest {
        Some(agreement) => agreement.model,
        None if is_active => segment.model,
        None => Model::NotStated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::register::{FILES, Files};
    use crate::message::Party;
    use jiff::civil::date;
    use std::path::Path;

    /// The sample register with other agreements, and a profile changed by `profile`.
    fn register(agreements: &str, profile: impl Fn(String) -> String) -> Register {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let mut files: Files = FILES
            .iter()
            .map(|name| ((*name).to_owned(), std::fs::read(folder.join(name)).expect("the sample is shipped")))
            .collect();
        let head = "agreement;segment;agb;municipality;model;valid_from;valid_to;amount_cents;warn_at;on_exceed\n";
        files.insert("agreements.csv".to_owned(), format!("{head}{agreements}").into_bytes());
        let text = String::from_utf8(files["region.toml"].clone()).expect("UTF-8");
        files.insert("region.toml".to_owned(), profile(text).into_bytes());
        Register::parse(&files).expect("no fault")
    }

    fn seen(register: &Register, code: &str, from: Date, to: Date) -> Vec<String> {
        let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
        let parties = Parties { gemeente: &gemeente, aanbieder: &aanbieder };
        let product = message::Product { categorie: code[..2].into(), code: (code.len() > 2).then(|| code.into()) };
        let care = Care::of(Law::Wmo, parties, Some(&product));
        pieces(register, care, from, to)
            .iter()
            .map(|piece| {
                let ids: Vec<&str> = piece.slot.agreements.iter().map(String::as_str).collect();
                let account = piece.slot.account.as_ref().expect("a piece has an account");
                format!("{}..{} {account} [{}]", piece.from, piece.to, ids.join(" "))
            })
            .collect()
    }

    #[test]
    fn a_span_is_cut_where_the_year_or_an_agreement_turns() {
        let register = register(
            "POT;wmo-logeren;*;*;pxq;2025-07-01;2026-12-31;100;70;signal\n\
             EIGEN;wmo-logeren;42420001;*;trajectory;2026-01-01;2026-06-30;100;70;signal\n",
            |text| text,
        );
        assert_eq!(
            seen(&register, "04A01", date(2025, 6, 30), date(2026, 7, 1)),
            [
                "2025-06-30..2025-06-30 wmo/0197/wmo-logeren//42420001/not_stated/2025 []",
                "2025-07-01..2025-12-31 wmo/0197/wmo-logeren//42420001/pxq/2025 [POT]",
                "2026-01-01..2026-06-30 wmo/0197/wmo-logeren//42420001/trajectory/2026 [EIGEN POT]",
                "2026-07-01..2026-07-01 wmo/0197/wmo-logeren//42420001/pxq/2026 [POT]",
            ]
        );
        assert_eq!(seen(&register, "04A01", date(2026, 1, 2), date(2026, 1, 1)), Vec::<String>::new());
    }

    #[test]
    fn what_the_register_cannot_place_is_unmapped() {
        let register = register("", |text| text);
        let day = date(2026, 1, 1);
        assert_eq!(
            seen(&register, "04Z99", day, day),
            ["2026-01-01..2026-01-01 wmo/0197/unmapped//42420001/not_stated/2026 []"]
        );
        // After the last day of the product list.
        assert_eq!(
            seen(&register, "04A01", date(2026, 12, 31), date(2027, 1, 1)),
            [
                "2026-12-31..2026-12-31 wmo/0197/wmo-logeren//42420001/not_stated/2026 []",
                "2027-01-01..2027-01-01 wmo/0197/unmapped//42420001/not_stated/2027 []",
            ]
        );
        // A category of one segment is placed by itself.
        assert_eq!(
            seen(&register, "04", day, day),
            ["2026-01-01..2026-01-01 wmo/0197/wmo-logeren//42420001/not_stated/2026 []"]
        );
    }

    #[test]
    fn a_model_is_in_force_by_agreement_or_confirmed_profile() {
        // The profile's first `model_status` of a Wmo segment with parts.
        let confirmed = |text: String| {
            let at = text.find("id = \"wmo-integrale-ondersteuning\"").expect("the segment is there");
            let (before, after) = text.split_at(at);
            format!("{before}{}", after.replacen("model_status = \"intended\"", "model_status = \"active\"", 1))
        };
        let day = date(2026, 1, 1);
        let intended = register("", |text| text);
        let active = register("", confirmed);
        let model = |register: &Register, code: &str| {
            let all = seen(register, code, day, day);
            all[0].split('/').nth(5).expect("an account has six parts").to_owned()
        };
        assert_eq!(model(&intended, "02A03"), "not_stated");
        assert_eq!(model(&active, "02A03"), "lumpsum");
        assert_eq!(model(&active, "03A01"), "pxq", "personal care is paid otherwise than its segment");
    }
}
