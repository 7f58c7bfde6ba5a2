//! The five regions that come with the program: their profiles hold what the documents state, and their sample registers
//! are made from them and load.

#[path = "regions/generate.rs"]
mod generate;
#[path = "regions/plan.rs"]
mod plan;

use jiff::civil::date;
use plan::PLANS;
use sluis::contract::region::CapScope;
use sluis::contract::register::{FILES, Files};
use sluis::contract::{Flag, Register, RegisterFault, load, norms};
use sluis::message::{Law, Party};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const REGIONS: [&str; 5] = ["achterhoek", "gooi-en-vechtstreek", "hart-van-brabant", "nmd", "noord-limburg"];

fn folder(region: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions").join(region)
}

fn listed(faults: &[RegisterFault]) -> String {
    faults.iter().fold(String::new(), |text, fault| text + "\n  " + &fault.to_string())
}

fn register(region: &str) -> Register {
    load(&folder(region)).unwrap_or_else(|faults| panic!("{region}:{}", listed(&faults)))
}

fn is_bless() -> bool {
    std::env::var_os("SLUIS_BLESS").is_some()
}

/// Compares a generated file with what it must hold, or writes it when blessed.
fn assert_file(path: &Path, expected: &str) {
    if is_bless() {
        fs::write(path, expected).expect("the file can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} differs: SLUIS_BLESS=1 cargo test --test regions writes it", path.display());
}

/// The profile alone: the tables hold no more than their header.
fn profile(region: &str) -> Register {
    let mut files: Files = FILES.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
    let shipped = folder("achterhoek");
    for (name, bytes) in &mut files {
        let path = if name == "region.toml" { folder(region).join(name) } else { shipped.join(name) };
        let text = fs::read_to_string(&path).expect("the profile can be read");
        let header = text.lines().next().unwrap_or_default();
        *bytes = if name == "region.toml" { text.into_bytes() } else { format!("{header}\n").into_bytes() };
    }
    Register::parse(&files).unwrap_or_else(|faults| panic!("{region}:{}", listed(&faults)))
}

#[test]
fn the_sample_registers_are_as_generated_and_load() {
    for plan in &PLANS {
        let region = profile(plan.id).region;
        for (name, text) in generate::files(plan, &region) {
            assert_file(&folder(plan.id).join(name), &text);
        }
        register(plan.id);
    }
}

#[test]
fn every_segment_that_messages_carry_can_be_tried() {
    for id in REGIONS {
        let register = register(id);
        let tables = Tables::of(id);
        for (segment, profile) in &register.region.segments {
            let expected =
                profile.categories.values().chain(profile.subsegments.values().flat_map(|sub| sub.categories.values()));
            let products: Vec<_> = tables.products.iter().filter(|row| row["segment"] == *segment).collect();
            assert_eq!(products.is_empty(), expected.flatten().next().is_none(), "{id}: products of {segment}");
            if products.is_empty() {
                assert!(profile.laws.is_empty() || segment == "mda-plus-plus", "{id}: {segment} has no categories");
                continue;
            }
            let contracted: BTreeSet<&str> = tables
                .contracts
                .iter()
                .filter(|row| row["segment"] == *segment)
                .map(|row| row["agb"].as_str())
                .collect();
            assert!(contracted.len() >= 3, "{id}: {segment} has {} providers", contracted.len());
            assert!(
                products.iter().all(|row| !row["unit"].is_empty() && !row["norm_volume"].is_empty()),
                "{id} {segment}"
            );
            assert!(tables.agreements.iter().any(|row| row["segment"] == *segment), "{id}: no budget for {segment}");
        }
        let all = |name: &str, column: &str, value: &str| {
            let rows = match name {
                "contracts" => &tables.contracts,
                _ => &tables.providers,
            };
            rows.iter().filter(|row| row[column] == value).count()
        };
        assert!(all("contracts", "status", "ended") > 0 && all("contracts", "status", "transition") > 0, "{id}");
        assert!(all("contracts", "municipality", "*") < tables.contracts.len(), "{id}: a local contract");
        assert!(all("providers", "main_contractor", "") < tables.providers.len(), "{id}: a subcontractor");
        for row in &tables.providers {
            assert!(row["name"].ends_with(" (fictief)") && row["agb"].starts_with("4242"), "{id}: {}", row["name"]);
        }
        for row in tables
            .contracts
            .iter()
            .map(|row| &row["contract"])
            .chain(tables.agreements.iter().map(|row| &row["agreement"]))
        {
            assert!(row.starts_with("FICTIEF-"), "{id}: {row}");
        }
    }
}

#[test]
fn every_flag_stands_on_a_product_and_every_norm_has_a_value_somewhere() {
    let tables: Vec<Tables> = REGIONS.into_iter().map(Tables::of).collect();
    let used: BTreeSet<&str> =
        tables.iter().flat_map(|tables| &tables.products).flat_map(|row| row["flags"].split_whitespace()).collect();
    for flag in Flag::WORDS {
        assert!(used.contains(flag), "no product has the flag {flag}");
    }
    for norm in norms::ALL {
        let has_value = |id: &str| {
            let region = register(id).region;
            let segments =
                region.segments.keys().any(|segment| region.norms.numbers.of_segment(norm, segment).is_some());
            segments || region.norms.numbers.of(norm).is_some()
        };
        assert!(REGIONS.into_iter().any(has_value), "no region has a value for {}", norm.name);
    }
}

#[test]
fn the_norms_that_documents_state_are_as_stated() {
    for (id, norm, value) in [
        ("achterhoek", &norms::YOUTH_AGE_LIMIT, 18),
        ("hart-van-brabant", &norms::MEDICAL_PERCENT, 67),
        ("nmd", &norms::PLACEMENTS, 2),
        ("nmd", &norms::SUPPORT_LEVEL, 4),
        ("nmd", &norms::HIGH_LEVEL, 6),
        ("noord-limburg", &norms::SROI_PERCENT, 5),
    ] {
        assert_eq!(register(id).region.norms.numbers.of(norm), Some(value), "{id} {}", norm.name);
    }
}

#[test]
fn the_caps_of_noord_limburg_are_those_of_its_slides() {
    let region = register("noord-limburg").region;
    let caps =
        |segment: &str, scope: CapScope| region.segments[segment].cap(scope).map(|cap| (cap.lowest, cap.highest));
    for (segment, regional, local) in [
        ("wmo-s1a", (Some(10), 20), (None, 30)),
        ("wmo-s1b", (Some(10), 15), (None, 35)),
        ("wmo-s2a", (None, 15), (None, 35)),
        ("wmo-s2b", (Some(5), 10), (None, 15)),
        ("wmo-s3a", (None, 4), (None, 7)),
    ] {
        assert_eq!(caps(segment, CapScope::Regional), Some(regional), "{segment}");
        assert_eq!(caps(segment, CapScope::Local), Some(local), "{segment}");
        assert_eq!(caps(segment, CapScope::Total), None, "{segment}");
    }
    assert!(region.segments["wmo-s3b"].caps.is_empty(), "open house");
    for other in REGIONS.into_iter().filter(|id| *id != "noord-limburg") {
        assert!(
            register(other).region.segments.values().all(|segment| segment.caps.is_empty()),
            "{other} states no cap"
        );
    }
}

#[test]
fn who_takes_part_is_judged_on_the_day() {
    use Law::{Jeugdwet, Wmo};
    let day = date(2026, 3, 10);
    for (id, segment, law, gemeente, on, expected) in [
        ("nmd", "hulpmiddelen-trapliften", Wmo, "0017", date(2018, 12, 31), true),
        ("nmd", "hulpmiddelen-trapliften", Wmo, "0017", date(2019, 1, 1), false),
        ("nmd", "beschermd-wonen", Wmo, "1690", day, true),
        ("nmd", "dagbesteding", Wmo, "1690", day, false),
        ("nmd", "beschermd-wonen", Jeugdwet, "1690", day, false),
        ("hart-van-brabant", "wmo-begeleiding", Wmo, "0867", day, false),
        ("hart-van-brabant", "wmo-begeleiding", Wmo, "0809", day, false),
        ("hart-van-brabant", "wmo-begeleiding", Wmo, "0855", day, true),
        ("hart-van-brabant", "wmo-huishoudelijke-hulp", Wmo, "0867", day, true),
        ("hart-van-brabant", "wmo-huishoudelijke-hulp", Wmo, "0788", date(2020, 12, 31), false),
        ("achterhoek", "hulp-bij-het-huishouden", Wmo, "0222", day, false),
        ("achterhoek", "hulp-bij-het-huishouden", Wmo, "0197", day, true),
        ("gooi-en-vechtstreek", "jeugdhulp-jeugd-ggz", Jeugdwet, "0317", day, false),
        ("gooi-en-vechtstreek", "maatschappelijke-ondersteuning", Jeugdwet, "0317", day, false),
        ("gooi-en-vechtstreek", "maatschappelijke-ondersteuning", Wmo, "0317", day, true),
        ("gooi-en-vechtstreek", "wmo-taxi", Wmo, "0417", day, false),
        ("gooi-en-vechtstreek", "huishoudelijke-hulp", Wmo, "0457", date(2022, 3, 23), true),
        ("gooi-en-vechtstreek", "huishoudelijke-hulp", Wmo, "0457", date(2022, 3, 24), false),
        ("gooi-en-vechtstreek", "huishoudelijke-hulp", Wmo, "0363", day, false),
        ("noord-limburg", "wmo-s1a", Wmo, "0984", day, true),
    ] {
        let region = register(id).region;
        let takes_part = region.takes_part(&region.segments[segment], law, &Party::from(gemeente), on);
        assert_eq!(takes_part, expected, "{id}: {gemeente} in {segment} under {law} on {on}");
    }
    let ended = |id: &str, code: &str| register(id).region.municipalities[&Party::from(code)].clone();
    assert_eq!(ended("nmd", "0017").successor, Some(Party::from("0014")));
    assert_eq!(ended("gooi-en-vechtstreek", "0457").successor, Some(Party::from("0363")));
    assert_eq!(ended("hart-van-brabant", "0788").to, Some(date(2020, 12, 31)));
}

/// The tables of a region, each row by the name of its column.
struct Tables {
    products: Vec<BTreeMap<String, String>>,
    providers: Vec<BTreeMap<String, String>>,
    contracts: Vec<BTreeMap<String, String>>,
    agreements: Vec<BTreeMap<String, String>>,
}

impl Tables {
    fn of(region: &str) -> Tables {
        let read = |name: &str| {
            let text = fs::read_to_string(folder(region).join(name)).expect("the table can be read");
            let mut lines = text.lines().map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
            let header = lines.next().expect("a table has a header");
            lines.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
        };
        Tables {
            products: read("products.csv"),
            providers: read("providers.csv"),
            contracts: read("contracts.csv"),
            agreements: read("agreements.csv"),
        }
    }
}
