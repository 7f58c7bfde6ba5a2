//! The five regions that come with the program: their profiles hold what the documents state, and their sample registers
//! are made from them and load.

#[path = "regions/generate.rs"]
mod generate;
#[path = "regions/plan.rs"]
mod plan;
#[path = "regions/sources.rs"]
mod sources;

use jiff::civil::date;
use plan::PLANS;
use sluis::contract::region::{CapScope, Region};
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
    std::env::var_os("UPDATE").is_some()
}

/// Compares a generated file with what it must hold, or writes it when blessed.
fn assert_file(path: &Path, expected: &str) {
    let found = fs::read_to_string(path).unwrap_or_default();
    if is_bless() && found != expected {
        return fs::write(path, expected).expect("the file can be written");
    }
    assert!(found == expected, "{} differs: UPDATE=1 cargo test --test regions writes it", path.display());
}

fn text_of(region: &str) -> String {
    fs::read_to_string(folder(region).join("region.toml")).expect("the profile can be read")
}

/// A profile alone: the tables hold no more than their header.
fn parse(profile: &str) -> Result<Register, Vec<RegisterFault>> {
    let mut files = Files::from([("region.toml".to_owned(), profile.as_bytes().to_vec())]);
    for name in FILES.into_iter().filter(|name| *name != "region.toml") {
        let table = fs::read_to_string(folder("achterhoek").join(name)).expect("the table can be read");
        let header = table.lines().next().expect("a table has a header");
        files.insert(name.to_owned(), format!("{header}\n").into_bytes());
    }
    Register::parse(&files)
}

#[test]
fn the_sample_registers_are_as_generated_and_load() {
    for plan in &PLANS {
        let region = parse(&text_of(plan.id)).unwrap_or_else(|faults| panic!("{}:{}", plan.id, listed(&faults))).region;
        for (name, text) in generate::files(plan, &region) {
            assert_file(&folder(plan.id).join(name), &text);
        }
        register(plan.id);
    }
}

#[test]
fn every_source_is_a_line_of_its_document() {
    let Some(reference) = sources::reference() else { return };
    for id in REGIONS {
        let profile = text_of(id);
        let (faults, looked_up) = sources::check_lines(&profile, &reference);
        assert!(faults.is_empty(), "{id}:\n  {}", faults.join("\n  "));
        assert!(looked_up > 40, "{id}: only {looked_up} sources");
    }
}

#[test]
fn every_value_that_a_document_states_is_in_the_profile() {
    let Some(reference) = sources::reference() else { return };
    let (mut lacking, mut left_out) = (Vec::new(), BTreeSet::new());
    for id in REGIONS {
        let extract = reference.join("regions").join(format!("{id}.toml"));
        let extract = fs::read_to_string(extract).expect("the extract can be read");
        let found = sources::check_values(id, &text_of(id), &extract);
        println!("{id}: {} values compared", found.compared);
        assert!(found.compared > 50, "{id}: only {} values", found.compared);
        lacking.extend(found.lacking.iter().map(|fault| format!("{id}: {fault}")));
        left_out.extend(found.left_out);
    }
    assert!(lacking.is_empty(), "lacking:\n  {}", lacking.join("\n  "));
    assert_eq!(left_out, sources::left_out(), "what is left out needs a reason, and a reason something left out");
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
            let has_budget = tables.agreements.iter().any(|row| row["segment"] == *segment);
            assert!(has_budget || id == "achterhoek", "{id}: no budget for {segment}");
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
    let regions: Vec<_> = REGIONS.into_iter().map(|id| register(id).region).collect();
    for norm in norms::ALL {
        let has_value = |region: &Region| {
            let values = &region.norms.numbers;
            values.of(norm).is_some() || region.segments.keys().any(|id| values.of_segment(norm, id).is_some())
        };
        assert!(regions.iter().any(has_value), "no region has a value for {}", norm.name);
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

#[test]
fn the_page_on_regions_tells_of_these() {
    const BEGIN: &str = "<!-- the regions, written by tests/regions.rs -->\n";
    const END: &str = "<!-- end -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/regions.md");
    let page = fs::read_to_string(&path).expect("the page can be read");
    let (before, rest) = page.split_once(BEGIN).expect("the page has a begin mark");
    let (_, after) = rest.split_once(END).expect("the page has an end mark");
    assert_file(&path, &format!("{before}{BEGIN}{}{END}{after}", overview()));
}

/// The five regions in figures: what their profiles hold, and what that rests on.
fn overview() -> String {
    let contents = [
        "| region | municipalities | groupings | lots | segments | outside the messages | levels | caps | funding models |",
        "|---|---|---|---|---|---|---|---|---|",
    ];
    let basis = [
        "",
        "| region | norms stated | derived | chosen | not stated | facts | lines of the document |",
        "|---|---|---|---|---|---|---|",
    ];
    let mut lines: Vec<String> = contents.map(str::to_owned).into();
    lines.extend(REGIONS.into_iter().map(|id| contents_of(id, &register(id).region)));
    lines.extend(basis.map(str::to_owned));
    for id in REGIONS {
        let text = text_of(id);
        let norms =
            ["stated", "derived", "chosen", "not_stated"].map(|status| sources::norms(&text, status).to_string());
        let (facts, cited) = (register(id).region.facts.len(), sources::cited(&text));
        lines.push(format!("| `{id}` | {} | {facts} | {cited} |", norms.join(" | ")));
    }
    lines.join("\n") + "\n"
}

fn contents_of(id: &str, region: &Region) -> String {
    let ended = region.municipalities.values().filter(|municipality| municipality.to.is_some()).count();
    let municipalities = match ended {
        0 => region.municipalities.len().to_string(),
        ended => format!("{} and {ended} that ended", region.municipalities.len() - ended),
    };
    let outside = region.segments.values().filter(|segment| segment.laws.is_empty()).count();
    let mut models: BTreeMap<&str, usize> = BTreeMap::new();
    for segment in region.segments.values() {
        *models.entry(segment.model.as_str()).or_default() += 1;
    }
    let models: Vec<String> = models.into_iter().map(|(model, number)| format!("{number} `{model}`")).collect();
    let caps: usize = region.segments.values().map(|segment| segment.caps.len()).sum();
    let (groupings, lots, segments) = (region.groupings.len(), region.lots.len(), region.segments.len());
    format!(
        "| `{id}` | {municipalities} | {groupings} | {lots} | {segments} | {outside} | {} | {caps} | {} |",
        region.levels.len(),
        models.join(", ")
    )
}

/// Lines that a table of a profile has at most: a missing key is told where its table begins.
const TABLE: usize = 10;

/// A change to a profile and the fault that must be told of it.
fn refuses(region: &str, from: &str, to: &str, key: &str, words: &str) {
    let text = text_of(region);
    assert!(text.contains(from), "{region} does not contain {from}");
    let line = text[..text.find(from).expect("it was just found")].matches('\n').count() + 1;
    let faults = parse(&text.replacen(from, to, 1)).err().unwrap_or_default();
    let found = faults.iter().any(|fault| {
        let told = fault.to_string();
        let row = fault.row.unwrap_or_default() as usize;
        told.contains(words) && fault.column.as_deref() == Some(key) && row.abs_diff(line) <= TABLE
    });
    assert!(found, "{region}: `{from}` -> `{to}` should say `{words}` about {line} [{key}]; told:{}", listed(&faults));
}

#[test]
fn a_fault_in_what_a_profile_says_of_its_region_is_told_with_line_and_key() {
    let (nmd, gooi, limburg) = ("nmd", "gooi-en-vechtstreek", "noord-limburg");
    let haren = "valid_to = 2018-12-31";
    for (region, from, to, key, words) in [
        (nmd, haren, "", "municipality.successor", "add valid_to"),
        (nmd, haren, "valid_from = 2019-01-01\nvalid_to = 2018-12-31", "municipality.valid_to", "before 2019-01-01"),
        (nmd, "successor = \"0014\"", "successor = \"14\"", "municipality.successor", "four digits"),
        (nmd, "code = \"0106\"", "code = \"106\"", "municipality.code", "four digits"),
        (nmd, "rank = 5", "rank = 4", "level.rank", "rank 4 stands twice"),
        (nmd, "rank = 5\n", "", "level.rank", "the key is missing"),
        (nmd, "kind = \"level\"", "kind = \"lever\"", "level.kind", "did you mean `level`?"),
        (nmd, "levels = [4, 5, 6]", "levels = [4, 5, 7]", "segment.levels", "unknown level 7"),
        (nmd, "levels = [4]", "levels = [1]", "segment.subsegment.levels", "unknown level 1"),
        (
            gooi,
            "municipality = \"0317\"",
            "municipality = \"0363\"",
            "segment.exception.municipality",
            "not in the region",
        ),
        (gooi, "law = \"jeugdwet\"", "law = \"jeugd\"", "segment.exception.law", "unknown word `jeugd`"),
        (gooi, "\"wvggz\"", "\"wvgz\"", "region.laws_outside", "did you mean `wvggz`?"),
        (limburg, "lowest = 10", "lowest = 21", "segment.cap.lowest", "at least 21 and at most 20"),
        (limburg, "highest = 20", "", "segment.cap.highest", "the key is missing"),
        (
            limburg,
            "scope = \"local\"",
            "scope = \"regional\"",
            "segment.cap.scope",
            "a second cap on regional contracts",
        ),
        (limburg, "scope = \"local\"", "scope = \"lokaal\"", "segment.cap.scope", "unknown word `lokaal`"),
    ] {
        refuses(region, from, to, key, words);
    }
}

#[test]
fn an_exception_holds_from_its_first_day_to_its_last() {
    let own_way = "[[segment.exception]]\nmunicipality = \"1680\"\nvalid_from = 2021-01-01\nvalid_to = 2021-12-31\n\
                   source = [\"chosen: for the test\"]\n\n[[segment]]\nid = \"begeleiding-maatschappelijke-opvang\"";
    let text = text_of("nmd").replacen("[[segment]]\nid = \"begeleiding-maatschappelijke-opvang\"", own_way, 1);
    let region = parse(&text).unwrap_or_else(|faults| panic!("{}", listed(&faults))).region;
    let segment = &region.segments["beschermd-wonen"];
    let takes_part = |code: &str, on| region.takes_part(segment, Law::Wmo, &Party::from(code), on);
    for (on, expected) in
        [(date(2020, 12, 31), true), (date(2021, 1, 1), false), (date(2021, 12, 31), false), (date(2022, 1, 1), true)]
    {
        assert_eq!(takes_part("1680", on), expected, "{on}");
        assert!(takes_part("0106", on), "another municipality goes on");
    }
}

#[test]
fn a_level_that_the_segment_does_not_have_is_told_with_its_row() {
    let mut files = Files::new();
    for name in FILES {
        files.insert(name.to_owned(), fs::read(folder("nmd").join(name)).expect("the file can be read"));
    }
    let products = String::from_utf8(files["products.csv"].clone()).expect("UTF-8");
    let row = products.lines().position(|row| row.contains(";02N03;")).expect("the product is there") + 1;
    for (level, is_known) in [("4", true), ("6", true), ("", true), ("8", false), ("0", false)] {
        let from = ";maatwerk-zelfredzaam-gezond-meedoen;6;82;";
        let to = format!(";maatwerk-zelfredzaam-gezond-meedoen;{level};82;");
        assert_eq!(products.matches(from).count(), 1, "one product of level 6");
        files.insert("products.csv".to_owned(), products.replace(from, &to).into_bytes());
        let faults = Register::parse(&files).err().unwrap_or_default();
        assert_eq!(faults.is_empty(), is_known, "level `{level}`:{}", listed(&faults));
        for fault in faults {
            let told = fault.to_string();
            assert!(
                told.contains(&format!("products.csv:{row} [level]")) && told.contains("known are: 4, 5, 6"),
                "{told}"
            );
        }
    }
}

#[test]
fn a_provider_beyond_the_cap_is_told_with_its_row() {
    let mut files = Files::new();
    for name in FILES {
        files.insert(name.to_owned(), fs::read(folder("noord-limburg").join(name)).expect("the file can be read"));
    }
    let contracts = String::from_utf8(files["contracts.csv"].clone()).expect("UTF-8");
    let add = |provider: u32| format!("FICTIEF-X{provider};4242300{provider};wmo-s3a;*;active;2022-01-01;2026-12-31\n");
    let rows = contracts.lines().count();
    for (more, beyond) in [(vec![4], None), (vec![4, 5], Some(rows + 2))] {
        let added: Vec<String> = more.into_iter().map(add).collect();
        files.insert("contracts.csv".to_owned(), (contracts.clone() + &added.concat()).into_bytes());
        let faults = Register::parse(&files).err().unwrap_or_default();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        match beyond {
            None => assert_eq!(told, Vec::<String>::new()),
            Some(row) => {
                assert_eq!(told.len(), 1, "{told:?}");
                assert!(
                    told[0].contains(&format!("contracts.csv:{row} [agb]")) && told[0].contains("at most 4"),
                    "{told:?}"
                );
            }
        }
    }
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
