//! Makes the sample register of a region from its profile: deterministic, fictional, and enough to try every check.
//!
//! Each segment that iWmo or iJw carries gets products for its categories, three providers and a budget. Each region gets
//! a subcontractor, a provider without a contract, one whose contracts ended and one with local contracts only.

use super::plan::{Budget, Extra, Plan};
use sluis::contract::region::{LevelKind, Region, Segment, Subsegment};
use sluis::contract::{Flag, Model};
use sluis::message::{Categorie, Law};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Providers with contracts for the whole region.
const REGIONAL: usize = 8;
const SUBCONTRACTOR: usize = 9;
const ENDED: usize = 11;
const LOCAL: usize = 12;
/// Last day of what runs.
const UNTIL: &str = "2026-12-31";
/// Tariffs of 2026 against those of 2025, in thousandths.
const INDEX: i64 = 1_035;

struct Product {
    law: Law,
    category: Categorie,
    code: String,
    name: String,
    segment: String,
    level: Option<u32>,
    form: Form,
    /// Eurocents of 2025; `None` where the money sits in instalments.
    cents: Option<i64>,
    flags: BTreeSet<Flag>,
}

/// Unit, usual volume, frequency and days.
#[derive(Clone, Copy)]
struct Form(&'static str, u32, &'static str, u32);

/// The files of a region but its profile, by name.
pub(crate) fn files(plan: &Plan, region: &Region) -> BTreeMap<&'static str, String> {
    let products = products(plan, region);
    let segments: Vec<&str> = region
        .segments
        .keys()
        .map(String::as_str)
        .filter(|id| products.iter().any(|product| product.segment == *id))
        .collect();
    let contracts = contracts(plan, region, &segments);
    BTreeMap::from([
        ("products.csv", product_table(plan, &products)),
        ("providers.csv", provider_table(plan)),
        ("contracts.csv", contracts),
        ("tariffs.csv", tariff_table(plan, &products)),
        ("agreements.csv", agreement_table(plan, region, &segments)),
        ("LEES_MIJ.md", read_me(plan, region, &segments)),
    ])
}

fn products(plan: &Plan, region: &Region) -> Vec<Product> {
    let mut all: Vec<Product> = Vec::new();
    let mut serial: BTreeMap<(Law, Categorie), u32> = BTreeMap::new();
    let mut add =
        |part: &Part<'_>, law: Law, category: &Categorie, level: Option<u32>, name: String, mark: Option<Flag>| {
            let number = serial.entry((law, category.clone())).and_modify(|number| *number += 1).or_insert(1);
            let mut flags: BTreeSet<Flag> = marks(law, category.as_str()).iter().copied().chain(part.marks()).collect();
            flags.extend(mark);
            let form = form(part.model, law, category.as_str());
            let in_instalments = part.model.pays_by_instalment() && part.model != Model::Availability
                || flags.contains(&Flag::BasePlace);
            let rank = level.map(|level| region.levels.keys().position(|known| *known == level).map_or(level, rank_of));
            let cents = (!in_instalments).then(|| price(law, category.as_str(), form, rank, *number));
            all.push(Product {
                law,
                category: category.clone(),
                code: format!("{category}{}{number:02}", plan.letter),
                name,
                segment: part.segment.to_owned(),
                level,
                form,
                cents,
                flags,
            });
        };
    for (id, segment) in &region.segments {
        for (index, part) in parts(id, segment).iter().enumerate() {
            for (law, categories) in part.categories {
                for (place, category) in categories.iter().enumerate() {
                    for level in levels(region, segment, part, index + place, category.as_str()) {
                        let name = name(region, part, *law, category.as_str(), level);
                        add(part, *law, category, level, name, None);
                    }
                }
            }
        }
        for Extra { law, category, name, flag, .. } in plan.extras.iter().filter(|extra| extra.segment == id.as_str()) {
            let part = &whole(id, segment);
            let category = Categorie::from(*category);
            let level = levels(region, segment, part, 1, category.as_str()).first().copied().flatten();
            add(part, *law, &category, level, (*name).to_owned(), Some(*flag));
        }
    }
    all
}

/// A subsegment, or a segment that has none.
struct Part<'r> {
    segment: &'r str,
    id: &'r str,
    name: &'r str,
    model: Model,
    categories: &'r BTreeMap<Law, BTreeSet<Categorie>>,
    /// Levels of its own.
    levels: Option<&'r BTreeSet<u32>>,
    is_whole: bool,
}

impl Part<'_> {
    /// What the names of the profile tell.
    fn marks(&self) -> Vec<Flag> {
        [
            ("educatief", Flag::Educational),
            ("gezinsresultaat", Flag::Family),
            ("crisis", Flag::Crisis),
            ("24-7", Flag::RoundTheClock),
            ("therapie", Flag::EvidenceBased),
            ("pleegzorg", Flag::ExtendedYouth),
            ("gezinshuis", Flag::ExtendedYouth),
        ]
        .into_iter()
        .filter(|(word, _)| self.id.contains(word))
        .map(|(_, flag)| flag)
        .collect()
    }
}

fn whole<'r>(id: &'r str, segment: &'r Segment) -> Part<'r> {
    let Segment { name, model, categories, .. } = segment;
    Part { segment: id, id, name, model: *model, categories, levels: None, is_whole: true }
}

fn parts<'r>(id: &'r str, segment: &'r Segment) -> Vec<Part<'r>> {
    if segment.subsegments.is_empty() {
        return vec![whole(id, segment)];
    }
    let part = |(own, sub): (&'r String, &'r Subsegment)| Part {
        segment: id,
        id: own,
        name: &sub.name,
        model: sub.model.unwrap_or(segment.model),
        categories: &sub.categories,
        levels: Some(&sub.levels).filter(|levels| !levels.is_empty()),
        is_whole: false,
    };
    segment.subsegments.iter().map(part).collect()
}

/// Levels for which a category gets a product. A segment that names levels gets all of them for guidance, and the rest go
/// round them. Where a region works without, guidance comes in three weights and the rest in one.
fn levels(region: &Region, segment: &Segment, part: &Part<'_>, turn: usize, category: &str) -> Vec<Option<u32>> {
    let own: Vec<u32> = part.levels.unwrap_or(&segment.levels).iter().copied().collect();
    match (own.is_empty(), region.levels.is_empty()) {
        (false, _) if part.is_whole && matches!(category, "02" | "45") => own.into_iter().map(Some).collect(),
        (false, _) => vec![Some(own[turn % own.len()])],
        (true, false) => vec![None],
        (true, true) if matches!(category, "02" | "45") => vec![Some(1), Some(2), Some(3)],
        (true, true) => vec![weight(category)],
    }
}

/// The place of a level among those of the region, from 1.
fn rank_of(place: usize) -> u32 {
    u32::try_from(place + 1).expect("a region has few levels")
}

/// How heavy a category usually is, from 1 to 4.
fn weight(category: &str) -> Option<u32> {
    match category {
        "11" | "12" | "13" | "14" => None,
        "01" | "03" | "08" | "09" | "40" | "42" => Some(1),
        "05" | "18" | "44" | "47" | "48" | "52" | "54" => Some(3),
        "15" | "16" | "43" | "46" | "55" => Some(4),
        _ => Some(2),
    }
}

fn name(region: &Region, part: &Part<'_>, law: Law, category: &str, level: Option<u32>) -> String {
    let kind = |level: u32| {
        region.levels.get(&level).map_or("zwaarte", |level| match level.kind {
            LevelKind::Level => "niveau",
            LevelKind::Step => "trede",
        })
    };
    let level = level.map_or_else(String::new, |level| format!(", {} {level}", kind(level)));
    // Before the colon stands the number of a segment, behind it what it is for.
    let name = part.name.split(": ").next().filter(|_| part.is_whole).unwrap_or(part.name);
    let (name, word) = (name.replace(';', ","), word(law, category));
    if name.to_lowercase().contains(word) { format!("{name}{level}") } else { format!("{name}: {word}{level}") }
}

/// What a category is called (WMO020, JZ020), in few words.
fn word(law: Law, category: &str) -> &'static str {
    match (law, category) {
        (_, "01") => "hulp bij het huishouden",
        (_, "02") => "begeleiding",
        (_, "03" | "40") => "persoonlijke verzorging",
        (_, "04") => "kortdurend verblijf",
        (_, "05") => "woondiensten",
        (_, "06") => "ondersteuning huishouden",
        (_, "07") => "dagbesteding",
        (_, "08" | "42") => "vervoer",
        (_, "09") => "groepsondersteuning",
        (_, "10" | "50") => "maatwerk",
        (_, "11") => "rolstoel",
        (_, "12") => "vervoersvoorziening",
        (_, "13") => "woonvoorziening",
        (_, "14") => "hulpmiddel",
        (_, "15") => "beschermd wonen",
        (_, "16") => "opvang",
        (_, "18") => "overig beschermd wonen",
        (_, "41") => "dagbehandeling",
        (_, "43") => "verblijf met behandeling",
        (_, "44") => "verblijf",
        (_, "45") => "ambulante hulp",
        (_, "46") => "crisishulp",
        (_, "47") => "reclassering",
        (_, "48") => "bescherming",
        (_, "49") => "preventief justitieel kader",
        (_, "51") => "basis-ggz",
        (_, "52") => "specialistische ggz",
        (_, "53") => "kindergeneeskunde",
        (_, "54") => "jeugd-ggz",
        (_, _) => "landelijk ingekocht",
    }
}

fn marks(law: Law, category: &str) -> &'static [Flag] {
    match (law, category) {
        (_, "01") => &[Flag::Household],
        (_, "02" | "45" | "49") => &[Flag::Ambulatory],
        (_, "04" | "44") => &[Flag::Residence],
        (_, "07") => &[Flag::DayActivity],
        (_, "41") => &[Flag::DayActivity, Flag::Treatment],
        (_, "08" | "42") => &[Flag::Transport],
        (_, "15") => &[Flag::Sheltered, Flag::Residence],
        (_, "18") => &[Flag::Sheltered],
        (_, "43") => &[Flag::Residence, Flag::Treatment],
        (_, "46") => &[Flag::Crisis],
        (_, "51" | "52" | "54") => &[Flag::Ambulatory, Flag::Treatment],
        (_, "53") => &[Flag::Hospital, Flag::Treatment],
        (_, "55") => &[Flag::National],
        (_, _) => &[],
    }
}

/// How a product is usually allocated: by the model where that says so, or else by its category.
fn form(model: Model, law: Law, category: &str) -> Form {
    match model {
        Model::Trajectory | Model::TrajectoryPlusBudget | Model::ResultBased => return Form("82", 1, "6", 182),
        Model::Arrangement => return Form("82", 1, "4", 364),
        Model::TrajectoryPerEtmaal => return Form("14", 7, "2", 364),
        Model::Pxq
        | Model::Lumpsum
        | Model::Population
        | Model::TaskBased
        | Model::Availability
        | Model::ResultAgreementPxq
        | Model::NotStated => {}
    }
    match (law, category) {
        (_, "01") => Form("04", 2, "2", 364),
        (_, "04") => Form("14", 2, "4", 364),
        (_, "05" | "15" | "16" | "18" | "43" | "44" | "55") => Form("14", 7, "2", 364),
        (_, "07" | "41") => Form("16", 4, "2", 364),
        (_, "08" | "42") => Form("84", 4, "2", 364),
        (_, "11" | "12" | "13" | "14") => Form("82", 1, "6", 364),
        (_, "46") => Form("04", 10, "2", 28),
        (Law::Jeugdwet, _) => Form("04", 3, "2", 182),
        (Law::Wmo, _) => Form("04", 3, "2", 364),
    }
}

/// A made-up tariff for 2025: dearer when heavier, and no two alike.
fn price(law: Law, category: &str, form: Form, level: Option<u32>, number: u32) -> i64 {
    let hour: i64 = match (law, category) {
        (_, "01") => 3_300,
        (_, "03" | "40") => 5_200,
        (Law::Wmo, _) => 5_600,
        (Law::Jeugdwet, "51" | "52" | "53" | "54") => 8_800,
        (Law::Jeugdwet, _) => 5_900,
    };
    let base = match (form.0, form.2) {
        ("04", _) => hour,
        ("14", _) => 2 * hour,
        ("16", _) => hour * 3 / 4,
        ("84", _) => hour / 4,
        (_, "4") => 12 * hour,
        (_, _) => 60 * hour,
    };
    let rank = i64::from(level.unwrap_or(1));
    (base + base * (rank - 1) / 4 + i64::from(number) * 13) / 10 * 10
}

/// Codes that spreadsheets leave alone, columns as the register reads them.
fn product_table(plan: &Plan, products: &[Product]) -> String {
    let mut text = String::from(
        "law;category;code;name;segment;level;unit;norm_volume;norm_frequency;norm_days;flags;valid_from;valid_to\n",
    );
    for Product { law, category, code, name, segment, level, form, flags, .. } in products {
        let level = level.map_or_else(String::new, |level| level.to_string());
        let Form(unit, volume, frequency, days) = form;
        let flags: Vec<&str> = flags.iter().map(|flag| flag.as_str()).collect();
        line(
            &mut text,
            &[
                law.as_str(),
                category.as_str(),
                code,
                name,
                segment,
                &level,
                unit,
                &volume.to_string(),
                frequency,
                &days.to_string(),
                &flags.join(" "),
                &plan.since.to_string(),
                UNTIL,
            ],
        );
    }
    text
}

fn provider_table(plan: &Plan) -> String {
    let mut text = String::from("agb;name;main_contractor;valid_from;valid_to\n");
    for (index, name) in plan.names.iter().enumerate() {
        let main = if index + 1 == SUBCONTRACTOR { agb(plan, 1) } else { String::new() };
        let name = format!("{name} (fictief)");
        line(&mut text, &[&agb(plan, index + 1), &name, &main, &plan.since.to_string(), ""]);
    }
    text
}

fn contracts(plan: &Plan, region: &Region, segments: &[&str]) -> String {
    let mut text = String::from("contract;agb;segment;municipality;status;valid_from;valid_to\n");
    let since = plan.since.to_string();
    let id = |number: usize| format!("FICTIEF-{}{number:02}", plan.letter);
    for (index, segment) in segments.iter().enumerate() {
        for provider in three(index) {
            line(&mut text, &[&id(provider), &agb(plan, provider), segment, "*", "active", &since, UNTIL]);
        }
    }
    for segment in plan.local_segments {
        assert!(region.segments.contains_key(*segment), "no segment {segment}");
        line(&mut text, &[&id(LOCAL), &agb(plan, LOCAL), segment, plan.local, "active", &since, UNTIL]);
    }
    let (last, others) = plan.ended_segments.split_last().expect("some contracts ended");
    for segment in others {
        line(&mut text, &[&id(ENDED), &agb(plan, ENDED), segment, "*", "ended", &since, "2025-12-31"]);
    }
    line(&mut text, &[&id(ENDED), &agb(plan, ENDED), last, "*", "transition", &since, "2026-06-30"]);
    text
}

/// The providers of the segment at this place: neighbours share one.
fn three(index: usize) -> [usize; 3] {
    [0, 1, 2].map(|step| (2 * index + step) % REGIONAL + 1)
}

fn tariff_table(plan: &Plan, products: &[Product]) -> String {
    let mut text = String::from("law;code;unit;agb;municipality;cents;valid_from;valid_to\n");
    let mut add = |product: &Product, agb: &str, gemeente: &str, cents: i64| {
        for (cents, from, to) in
            [(cents, plan.since.to_string(), "2025-12-31"), (index(cents), "2026-01-01".into(), UNTIL)]
        {
            let Product { law, code, form, .. } = product;
            line(&mut text, &[law.as_str(), code, form.0, agb, gemeente, &cents.to_string(), &from, to]);
        }
    };
    let priced = || products.iter().filter_map(|product| Some((product, product.cents?)));
    for (product, cents) in priced() {
        add(product, "*", "*", cents);
    }
    let (first, cents) = priced().next().expect("a region has products");
    add(first, "*", plan.own, cents + 250);
    let (second, cents) = priced().nth(1).expect("a region has products");
    add(second, &agb(plan, 1), "*", cents - 100);
    text
}

fn index(cents: i64) -> i64 {
    (cents * INDEX + 500) / 1_000
}

fn agreement_table(plan: &Plan, region: &Region, segments: &[&str]) -> String {
    let mut text =
        String::from("agreement;segment;agb;municipality;model;valid_from;valid_to;amount_cents;warn_at;on_exceed\n");
    let mut add = |id: &str, segment: &str, agb: &str, gemeente: &str, cents: i64, on_exceed: &str| {
        let model = match region.segments[segment].model {
            Model::NotStated => Model::Pxq,
            model => model,
        };
        for (year, cents) in [(2025, cents * 1_000 / INDEX), (2026, cents)] {
            let (from, to) = (format!("{year}-01-01"), format!("{year}-12-31"));
            let (id, cents) = (format!("{id}-{year}"), cents.to_string());
            let warn = if agb == "*" { "70/85/100" } else { "70/100" };
            line(&mut text, &[&id, segment, agb, gemeente, model.as_str(), &from, &to, &cents, warn, on_exceed]);
        }
    };
    for segment in segments {
        add(&format!("FICTIEF-{segment}"), segment, "*", "*", 180_000_000, "signal");
    }
    for Budget { segment, provider, gemeente, cents, on_exceed } in plan.budgets {
        let place = segments.iter().position(|id| id == segment).expect("a budget is for a segment with products");
        assert!(
            provider.is_none_or(|provider| three(place).contains(&provider)),
            "no contract for the budget of {segment}"
        );
        let agb = provider.map_or_else(|| "*".to_owned(), |provider| agb(plan, provider));
        let whose = if *gemeente == "*" { &agb } else { *gemeente };
        add(&format!("FICTIEF-{segment}-{whose}"), segment, &agb, gemeente, *cents, on_exceed);
    }
    text
}

fn read_me(plan: &Plan, region: &Region, segments: &[&str]) -> String {
    let without: String = region.segments.iter().filter(|(id, _)| !segments.contains(&id.as_str())).fold(
        String::new(),
        |text, (id, segment)| {
            let why = if segment.laws.is_empty() {
                "valt buiten iWmo en iJw"
            } else {
                "het document noemt geen vorm van zorg die een productcategorie heeft"
            };
            text + &format!("- `{id}` heeft geen producten: {why}.\n")
        },
    );
    let without = if without.is_empty() { String::new() } else { format!("\n{without}") };
    let Plan { local, .. } = plan;
    let (first, last) = (agb(plan, 1), agb(plan, LOCAL));
    let (main, sub, none, ended) = (agb(plan, 1), agb(plan, SUBCONTRACTOR), agb(plan, 10), agb(plan, ENDED));
    format!(
        "# Register van de regio {name}

Deze map bevat twee soorten gegevens.

**`region.toml` beschrijft de regio.** Bij elke waarde staat de regel van het document waaruit zij komt. Wat daar niet in
staat, is als gekozen parameter gemerkt (`chosen`) of als niet genoemd (`not_stated`).

**De tabellen zijn verzonnen.** Aanbieders, AGB-codes ({first} tot en met {last}), productcodes, contracten, tarieven en
budgetten bestaan niet. Namen van aanbieders eindigen op \"(fictief)\", contracten en afspraken beginnen met `FICTIEF-`.
Er is geen verband met echte aanbieders of echte tarieven. Vervang de tabellen door die van de regio voordat het register
gebruikt wordt.

De tabellen worden gemaakt door `tests/regions/generate.rs`; `UPDATE=1 cargo test --test regions` schrijft ze opnieuw.

| bestand | inhoud |
|---|---|
| `products.csv` | per segment producten voor de verwachte categorieën, met niveau, eenheid en gebruikelijke omvang |
| `providers.csv` | aanbieders; {sub} is onderaannemer van {main}; {none} heeft geen contract |
| `contracts.csv` | per segment drie aanbieders voor alle gemeenten; {last} alleen voor gemeente {local}; {ended} had contracten tot en met 2025 en loopt in één segment af op 2026-06-30 |
| `tariffs.csv` | tarieven in eurocent, tot en met 2025 en 2026 aansluitend; enkele eigen tarieven per aanbieder of gemeente |
| `agreements.csv` | budgetten per segment, gemeente of aanbieder, met de percentages waarbij een signaal volgt |
{without}
Schrijfwijze: UTF-8, `;` of `,` tussen de cellen, een kopregel, datums als `2026-12-31` (eerste en laatste geldige dag),
bedragen in hele eurocenten. `sluis contract check` noemt alle fouten tegelijk, met bestand, regel en kolom.
",
        name = region.name
    )
}

fn agb(plan: &Plan, provider: usize) -> String {
    (plan.agb + u32::try_from(provider).expect("a dozen providers")).to_string()
}

fn line(text: &mut String, cells: &[&str]) {
    writeln!(text, "{}", cells.join(";")).expect("a text takes all");
}
