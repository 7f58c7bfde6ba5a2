//! The register of a region: what loads, what is refused, and what it answers.

use jiff::civil::{Date, date};
use sluis::contract::register::{FILES, Files};
use sluis::contract::{Register, RegisterFault, load, norms};
use sluis::message::{Categorie, Cents, Eenheid, Law, Party, ProductCode};
use sluis::rules::{Parties, Terms};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const REGION: &str = r#"form = "sluis-region/1"
[document.blad]
title = "Voorbeeld"
file = "blad.txt"
[region]
id = "voorbeeld"
name = "Voorbeeld"
laws = ["wmo"]
source = ["blad:L1"]
[[grouping]]
id = "samen"
name = "Samen"
source = ["blad:L2"]
[[municipality]]
code = "0197"
name = "Aalten"
groupings = ["samen"]
source = ["blad:L2"]
[[municipality]]
code = "0294"
name = "Winterswijk"
groupings = []
source = ["blad:L2"]
[[lot]]
id = "wmo"
name = "Wmo"
source = ["blad:L3"]
[[period]]
id = "eerste"
start = 2025-01-01
initial_years = 2
extension_options = [2]
extensions_taken = 0
source = ["blad:L4"]
[[segment]]
id = "steun"
name = "Steun"
laws = ["wmo"]
lot = "wmo"
model = "pxq"
model_status = "active"
municipalities = ["all"]
periods = ["eerste"]
categories.wmo = ["02"]
source = ["blad:L5"]
[[segment]]
id = "huis"
name = "Huis"
laws = ["wmo"]
model = "lumpsum"
model_status = "intended"
municipalities = ["samen"]
periods = []
source = ["blad:L6"]
[norms.step_up_gap_days]
value = 90
status = "chosen"
source = ["chosen: voorbeeld"]
[norms.step_up_family]
value = "segment"
status = "chosen"
source = ["chosen: voorbeeld"]
[norms.broken_periods]
value = "full"
status = "chosen"
source = ["chosen: voorbeeld"]
"#;

const PRODUCTS: &str = "\
law;category;code;name;segment;level;unit;norm_volume;norm_frequency;norm_days;flags;valid_from;valid_to
wmo;02;02A01;Licht;steun;1;04;;;;;2025-01-01;
wmo;02;02A02;Zwaar;steun;2;04;3;2;364;crisis;2025-01-01;
wmo;01;01A01;Hulp;huis;;04;;;;;2025-01-01;
";

const PROVIDERS: &str = "\
agb;name;main_contractor;valid_from;valid_to
42420001;Een (fictief);;2025-01-01;
42420002;Twee (fictief);42420001;2025-01-01;2026-06-30
";

const CONTRACTS: &str = "\
contract;agb;segment;municipality;status;valid_from;valid_to
C1;42420001;steun;*;active;2025-01-01;
C2;42420002;huis;0197;ended;2025-01-01;2025-06-30
";

const TARIFFS: &str = "\
law;code;unit;agb;municipality;cents;valid_from;valid_to
wmo;02A01;04;*;*;1000;2025-01-01;2025-12-31
wmo;02A01;04;*;*;1100;2026-01-01;
wmo;02A01;04;*;0197;2000;2025-01-01;
wmo;02A01;04;42420001;*;3000;2025-01-01;
wmo;02A01;04;42420001;0197;4000;2025-07-01;2025-12-31
wmo;02A02;01;*;*;25;2025-01-01;
wmo;02A02;04;*;*;1500;2025-01-01;
";

const AGREEMENTS: &str = "\
agreement;segment;agb;municipality;model;valid_from;valid_to;amount_cents;warn_at;on_exceed
A1;steun;*;0197;pxq;2025-01-01;2025-12-31;100000;70/85/100;signal
A2;steun;*;0197;pxq;2026-01-01;2026-12-31;100000;70;hold
";

/// A small region that has no fault: every test changes one thing.
fn region() -> Files {
    [REGION, PRODUCTS, PROVIDERS, CONTRACTS, TARIFFS, AGREEMENTS]
        .into_iter()
        .zip(FILES)
        .map(|(text, name)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect()
}

fn replace(files: &mut Files, file: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[file].clone()).expect("the example is UTF-8");
    assert!(text.contains(from), "{file} does not contain {from}");
    files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
}

/// The region with the first occurrence of a text in one file replaced.
fn changed(file: &str, from: &str, to: &str) -> Files {
    let mut files = region();
    replace(&mut files, file, from, to);
    files
}

fn faults(files: &Files) -> Vec<RegisterFault> {
    Register::parse(files).err().unwrap_or_default()
}

fn listed(faults: &[RegisterFault]) -> String {
    faults.iter().fold(String::new(), |text, fault| text + "\n  " + &fault.to_string())
}

fn register(files: &Files) -> Register {
    Register::parse(files).unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek")
}

#[test]
fn the_example_has_no_fault() {
    assert_eq!(faults(&region()), []);
}

/// File, text and its replacement; line and column of the one fault to be told, and words of it.
type FaultRow = (&'static str, &'static str, &'static str, u32, &'static str, &'static str);

fn check(rows: &[FaultRow]) {
    for (file, from, to, row, column, words) in rows {
        let faults = faults(&changed(file, from, to));
        let found = faults.iter().find(|fault| {
            fault.file == *file
                && fault.row == Some(*row)
                && fault.column.as_deref().unwrap_or("") == *column
                && fault.to_string().contains(words)
        });
        let told = listed(&faults);
        assert!(found.is_some(), "{file}: `{from}` -> `{to}` should say `{words}` at {row} [{column}]; told:{told}");
        assert_eq!(faults.len(), 1, "{file}: `{from}` -> `{to}` is one fault; told:{told}");
    }
}

#[test]
fn a_cell_that_cannot_be_understood_is_told_with_row_and_column() {
    check(&[
        ("providers.csv", "agb;name;", "agb;", 1, "name", "missing"),
        (
            "tariffs.csv",
            "cents;valid_from",
            "cents;valid_form;valid_from",
            1,
            "valid_form",
            "did you mean `valid_from`",
        ),
        ("tariffs.csv", "cents;valid", "cents;cents;valid", 1, "cents", "twice"),
        ("tariffs.csv", "1100", "11,00", 3, "cents", "write `1100`"),
        ("tariffs.csv", "1100", "11.00", 3, "cents", "write `1100`"),
        ("tariffs.csv", "1100", "1.100", 3, "cents", "`1100` for eurocents, `110000` if these are euros"),
        ("tariffs.csv", "1100", "1,1E+03", 3, "cents", "the sheet shortened it"),
        ("tariffs.csv", "1100", "“1100”", 3, "cents", "digits only"),
        ("tariffs.csv", "1100", "-1100", 3, "cents", "zero or more"),
        ("tariffs.csv", "1100", "99999999999999999999", 3, "cents", "eurocents"),
        ("tariffs.csv", "2025-12-31", "31-12-2025", 2, "valid_to", "write it as 2025-12-31"),
        ("tariffs.csv", "2026-01-01", "1-1-2026", 3, "valid_from", "write it as 2026-01-01"),
        ("tariffs.csv", "2026-01-01", "2026-1-1", 3, "valid_from", "write it as 2026-01-01"),
        ("tariffs.csv", "2025-12-31", "31-12-25", 2, "valid_to", "as YYYY-MM-DD"),
        ("tariffs.csv", "2025-12-31", "46022", 2, "valid_to", "day number of the sheet"),
        ("tariffs.csv", "2025-12-31", "2025-02-30", 2, "valid_to", "not a date"),
        ("tariffs.csv", "2025-12-31", "2024-12-31", 2, "valid_to", "before valid_from"),
        ("tariffs.csv", "wmo;02A01;04;*;*;1000", "wlz;02A01;04;*;*;1000", 2, "law", "unknown law `wlz`"),
        ("tariffs.csv", "02A01;04;*;0197", "02A01;4;*;0197", 4, "unit", "write `04`"),
        ("tariffs.csv", "02A01;04;*;0197", "02A01;99;*;0197", 4, "unit", "unknown unit"),
        ("tariffs.csv", "*;0197;2000", "*;197;2000", 4, "municipality", "write `0197`"),
        ("tariffs.csv", "*;0197;2000", "*;197.0;2000", 4, "municipality", "write `0197`"),
        ("tariffs.csv", "*;0197;2000", "*;“0197”;2000", 4, "municipality", "write `0197`"),
        ("tariffs.csv", "*;0197;2000", "*;'0197;2000", 4, "municipality", "write `0197`"),
        ("tariffs.csv", "42420001;*", "4,242E+07;*", 5, "agb", "the sheet shortened it"),
        ("tariffs.csv", "*;0197;2000", "*;;2000", 4, "municipality", "`*` for all"),
        ("tariffs.csv", "42420001;*", "4242001;*", 5, "agb", "8 digits"),
        ("tariffs.csv", "02A02;01", "2.00E+02;01", 7, "code", "no product code"),
        ("providers.csv", "Een (fictief)", "Een \"fictief\"", 2, "", "quote"),
        ("providers.csv", "Een (fictief);;", "\"Een (fictief);;", 2, "", "quote"),
        ("providers.csv", "2026-06-30", "2026-06-30;oeps", 3, "", "no known column"),
        ("providers.csv", "Een (fictief)", "", 2, "name", "empty"),
        ("products.csv", "wmo;01;01A01", "wmo;99;01A01", 4, "category", "does not exist"),
        ("products.csv", "Licht;steun;1;", "Licht;steun;licht;", 2, "level", "whole number"),
        ("products.csv", "3;2;364", "3;9;364", 3, "norm_frequency", "unknown norm_frequency"),
        ("products.csv", "3;2;364;crisis", "3;2;364;crisis residense", 3, "flags", "did you mean `residence`"),
        ("contracts.csv", "active;2025-01-01;", "activ;2025-01-01;", 2, "status", "did you mean `active`"),
        ("contracts.csv", "ended;2025-01-01;2025-06-30", "ended;2025-01-01;", 3, "valid_to", "without a last day"),
        ("agreements.csv", "100000;70/85/100", ";70/85/100", 2, "amount_cents", "without an amount"),
        ("agreements.csv", "100000;70/85/100", "0;70/85/100", 2, "amount_cents", "on nothing"),
        ("agreements.csv", "70/85/100", "70%/85%", 2, "warn_at", "percentages"),
        ("agreements.csv", "70/85/100", "85/70", 2, "warn_at", "rising"),
        ("agreements.csv", "70/85/100", "70,85", 2, "warn_at", "70/85/100"),
        ("agreements.csv", "100;signal", "100;stop", 2, "on_exceed", "unknown on_exceed"),
        ("agreements.csv", "2025-12-31", "", 2, "valid_to", "without a last day"),
        ("agreements.csv", "A1;steun;*;0197;pxq", "A1;steun;*;0197;pxp", 2, "model", "did you mean `pxq`"),
    ]);
}

#[test]
fn rows_that_do_not_fit_each_other_are_told_with_row_and_column() {
    const TWEE: &str = "Twee (fictief);42420001";
    check(&[
        ("tariffs.csv", "*;0197;2000", "*;0363;2000", 4, "municipality", "not in region"),
        ("tariffs.csv", "42420001;*", "42420009;*", 5, "agb", "unknown provider"),
        ("tariffs.csv", "02A02;01", "02A09;01", 7, "code", "unknown product"),
        ("tariffs.csv", "2025-12-31", "2026-01-01", 3, "valid_from", "two tariffs"),
        ("tariffs.csv", "2025-12-31", "", 3, "valid_from", "two tariffs"),
        ("tariffs.csv", "2025-12-31", "2025-12-30", 3, "valid_from", "no tariff from 2025-12-31"),
        ("providers.csv", TWEE, "Twee (fictief);42420008", 3, "main_contractor", "unknown provider"),
        ("providers.csv", TWEE, "Twee (fictief);42420002", 3, "main_contractor", "its own"),
        ("products.csv", "wmo;01;01A01;Hulp;huis", "wmo;02;02A01;Hulp;huis", 4, "segment", "two segments on one day"),
        ("products.csv", "wmo;01;01A01;Hulp;huis", "wmo;02;02A01;Hulp;steun", 4, "valid_from", "twice on one day"),
        ("products.csv", "wmo;01;01A01;Hulp;huis", "wmo;02;02A07;Hulp;steun", 4, "code", "no tariff"),
        ("products.csv", "wmo;01;01A01", "jeugdwet;45;01A01", 4, "law", "not for jeugdwet"),
        ("products.csv", "Licht;steun", "Licht;stuen", 2, "segment", "unknown segment"),
        ("contracts.csv", "C1;42420001", "C1;42420003", 2, "agb", "unknown provider"),
        (
            "contracts.csv",
            "C2;42420002;huis;0197;ended;2025",
            "C2;42420002;huis;0197;ended;2024",
            3,
            "agb",
            "registered",
        ),
        ("contracts.csv", "active;2025-01-01", "active;2027-01-01", 2, "valid_from", "outside the contract periods"),
        ("contracts.csv", "2025-01-01;\n", "2025-01-01;2027-01-01\n", 2, "valid_to", "record the extension"),
        ("contracts.csv", "2025-01-01;\n", "2025-01-01;2028-12-31\n", 2, "valid_to", "record the extension"),
        ("contracts.csv", "2025-01-01;\n", "2025-01-01;2029-01-01\n", 2, "valid_to", "maximum term"),
        (
            "contracts.csv",
            "C2;42420002;huis;0197;ended;2025-01-01",
            "C1;42420001;steun;*;ended;2025-01-01",
            3,
            "valid_from",
            "twice on one day",
        ),
        ("contracts.csv", "steun;*", "steun;0363", 2, "municipality", "not in region"),
        ("contracts.csv", "huis;0197", "huis;0294", 3, "municipality", "does not take part"),
        ("contracts.csv", "steun;*", "stein;*", 2, "segment", "did you mean `steun`"),
        ("agreements.csv", "pxq;2026-01-01", "pxq;2025-12-31", 3, "valid_from", "overlap"),
        ("agreements.csv", "A2;steun;*;0197", "A1;steun;*;0294", 3, "agreement", "line 2 too"),
        ("agreements.csv", "A1;steun;*;0197", "A1;steun;42420007;0197", 2, "agb", "unknown provider"),
        ("agreements.csv", "A1;steun;*;0197", "A1;stoen;*;0197", 2, "segment", "unknown segment"),
        ("agreements.csv", "A1;steun;*;0197", "A1;steun;*;0198", 2, "municipality", "not in region"),
        ("agreements.csv", "A1;steun;*;0197;pxq", "A1;steun;*;0197;lumpsum", 2, "model", "active model of the segment"),
    ]);
}

#[test]
fn a_fault_in_the_profile_is_told_with_line_and_key() {
    const FILE: &str = "region.toml";
    const GAP: &str = "norms.step_up_gap_days.value";
    check(&[
        (FILE, "sluis-region/1", "sluis-region/9", 1, "form", "sluis-region/1"),
        (FILE, "id = \"voorbeeld\"", "id = \"Voor beeld\"", 6, "region.id", "no id"),
        (FILE, "[\"wmo\"]", "[\"wlz\"]", 8, "region.laws", "unknown law"),
        (FILE, "[\"blad:L1\"]", "[\"boek:L1\"]", 9, "region.source", "names no source"),
        (FILE, "[\"blad:L1\"]", "[\"blad:eerste\"]", 9, "region.source", "names no source"),
        (FILE, "source = [\"blad:L1\"]\n", "", 5, "region.source", "missing"),
        (FILE, "code = \"0294\"", "code = \"294\"", 20, "municipality.code", "no municipality code"),
        (FILE, "code = \"0294\"", "code = \"0197\"", 20, "municipality.code", "stands twice"),
        (FILE, "groupings = []", "groupings = [\"somen\"]", 22, "municipality.groupings", "did you mean `samen`"),
        (FILE, "extensions_taken = 0\n", "", 28, "period.extensions_taken", "missing"),
        (FILE, "taken = 0", "taken = 2", 33, "period.extensions_taken", "2 extensions taken of 1"),
        (FILE, "2025-01-01", "\"2025-01-01\"", 30, "period.start", "without quotes"),
        (FILE, "lot = \"wmo\"", "lot = \"jeugd\"", 39, "segment.lot", "unknown lot"),
        (FILE, "model = \"pxq\"", "model = \"pxx\"", 40, "segment.model", "did you mean `pxq`"),
        (FILE, "model = \"pxq\"", "modl = \"pxq\"\nmodel = \"pxq\"", 40, "segment.modl", "did you mean `model`"),
        (FILE, "periods = [\"eerste\"]", "periods = [\"tweede\"]", 43, "segment.periods", "unknown period"),
        (FILE, "= [\"samen\"]\nperiods", "= [\"same\"]\nperiods", 52, "segment.municipalities", "did you mean `samen`"),
        (FILE, "value = 90\n", "", 55, GAP, "no default"),
        (FILE, "value = 90", "value = \"ninety\"", 56, GAP, "whole number"),
        (FILE, "value = 90", "value = 36526", 56, GAP, "36525 at most"),
        (
            FILE,
            "value = 90",
            "segments.zorg = 90",
            56,
            "norms.step_up_gap_days.segments.zorg",
            "unknown segment `zorg`",
        ),
        (FILE, "[norms.step_up_gap_days]", "[norms.step_up_gap_day]", 55, "norms.step_up_gap_day", "did you mean"),
        (FILE, "status = \"chosen\"", "status = \"not_stated\"", 56, GAP, "not stated has no value"),
        (FILE, "initial_years = 2", "initial_years = ", 31, "", "not TOML"),
    ]);
}

#[test]
fn a_norm_may_be_left_open_where_nothing_needs_it() {
    let files = changed("region.toml", "value = 90\nstatus = \"chosen\"", "status = \"not_stated\"");
    assert_eq!(register(&files).region.norms.numbers.of(&norms::STEP_UP_GAP_DAYS), None);
    let files = changed("region.toml", "value = \"full\"\nstatus = \"chosen\"", "status = \"not_stated\"");
    let told = faults(&files);
    assert_eq!(told.len(), 2, "both agreements need to know how broken weeks count:{}", listed(&told));
    assert!(told[0].to_string().starts_with("agreements.csv:2 [agreement]"), "{}", told[0]);
}

#[test]
fn a_missing_norm_that_is_needed_and_a_missing_file_are_faults() {
    let norm = "[norms.broken_periods]\nvalue = \"full\"\nstatus = \"chosen\"\nsource = [\"chosen: voorbeeld\"]\n";
    assert_eq!(faults(&changed("region.toml", norm, "")).len(), 2, "both agreements need it");
    for name in FILES {
        let mut files = region();
        files.remove(name);
        let told = faults(&files);
        assert_eq!(told.len(), 1, "one missing file is one fault:{}", listed(&told));
        assert_eq!((told[0].file.as_str(), told[0].row), (name, None));
    }
}

#[test]
fn all_faults_are_told_at_once_in_order_of_file_and_line() {
    let mut files = region();
    for (file, from, to) in [
        ("agreements.csv", "100;signal", "100;stop"),
        ("tariffs.csv", "1100", "11,00"),
        ("tariffs.csv", "42420001;*", "42420009;*"),
        ("region.toml", "model = \"pxq\"", "model = \"pxx\""),
        ("contracts.csv", "C1;42420001", "C1;42420003"),
    ] {
        replace(&mut files, file, from, to);
    }
    let places: Vec<(String, Option<u32>)> = faults(&files).into_iter().map(|fault| (fault.file, fault.row)).collect();
    let expected =
        [("region.toml", 40), ("contracts.csv", 2), ("tariffs.csv", 3), ("tariffs.csv", 5), ("agreements.csv", 2)];
    assert_eq!(places, expected.map(|(file, row)| (file.to_owned(), Some(row))));
}

#[test]
fn habits_of_spreadsheets_are_survived() {
    let plain = register(&region());
    let mut files = region();
    let mut commas = region();
    for name in FILES.into_iter().filter(|name| name.ends_with("s.csv")) {
        let text = String::from_utf8(files[name].clone()).expect("the example is UTF-8");
        let mut odd = String::from("\u{feff}sep=;\r\n");
        for line in text.lines() {
            let cells: Vec<String> = line.split(';').map(|cell| format!(" \"{cell}\"\u{a0}")).collect();
            let _ = write!(odd, "{} ;;;\r\n", cells.join(";"));
        }
        odd.push_str(";;;;;\r\n;;;;;;;;;;;;;;;;;\r\n\r\n");
        files.insert(name.to_owned(), odd.into_bytes());
        commas.insert(name.to_owned(), text.replace(';', ",").into_bytes());
    }
    let (pair, code, day) = (("0197", "42420001"), ProductCode::from("02A01"), date(2025, 8, 1));
    for odd in [register(&files), register(&commas)] {
        assert_eq!(tariff(&odd, pair, &code, day), Some(4000));
        assert_eq!(odd.agreements().collect::<Vec<_>>(), plain.agreements().collect::<Vec<_>>());
        assert_ne!(odd.version, plain.version, "other bytes, another version");
    }
}

#[test]
fn another_encoding_is_told_with_its_line_and_hides_no_other_fault() {
    let mut latin = region();
    let text = PROVIDERS.replace("Twee", "Tw\u{0}e").replace("2025-01-01;2026", "1-1-2025;2026").into_bytes();
    let text = text.into_iter().map(|byte| if byte == 0 { 0xe9 } else { byte }).collect();
    latin.insert("providers.csv".to_owned(), text);
    let told = faults(&latin);
    assert_eq!(told.len(), 2, "{}", listed(&told));
    assert!(told[0].row == Some(3) && told[0].what.contains("`é`"), "{}", told[0]);
    assert!(told[0].remedy.contains("UTF-8"), "{}", told[0]);
    assert_eq!(told[1].column.as_deref(), Some("valid_from"), "{}", told[1]);
}

/// A table as somebody saved it, and words of the one fault that tells of it.
#[test]
fn a_file_that_is_no_csv_of_ours_is_told_as_a_whole() {
    let utf16 = |order: fn(u16) -> [u8; 2], mark: &[u8]| {
        let bytes = PROVIDERS.encode_utf16().flat_map(order);
        mark.iter().copied().chain(bytes).collect::<Vec<u8>>()
    };
    for (bytes, words) in [
        (utf16(u16::to_le_bytes, &[0xff, 0xfe]), "UTF-16"),
        (utf16(u16::to_be_bytes, &[0xfe, 0xff]), "UTF-16"),
        (utf16(u16::to_le_bytes, &[]), "bytes of zero"),
        (b"PK\x03\x04 and so on".to_vec(), "workbook"),
        (PROVIDERS.replace('\n', "\r").into_bytes(), "carriage return"),
        (PROVIDERS.replace(';', "\t").into_bytes(), "tabs"),
    ] {
        let mut files = region();
        files.insert("providers.csv".to_owned(), bytes);
        let told = faults(&files);
        assert_eq!(told.len(), 1, "{words}:{}", listed(&told));
        assert!(told[0].what.contains(words) && told[0].remedy.contains("CSV UTF-8"), "{}", told[0]);
    }
    let mut files = region();
    files.insert("providers.csv".to_owned(), Vec::new());
    assert_eq!(faults(&files).len(), 5, "an empty file lacks all of its columns");
}

/// What takes the place of a line of the tariffs, and the line and words of the fault, if it is one.
#[test]
fn a_tariff_that_ends_while_product_and_contract_go_on_is_a_gap() {
    const ALL: &str = "wmo;02A02;04;*;*;1500;2025-01-01;\n";
    const UNTIL: &str = "wmo;02A02;04;*;*;1500;2025-01-01;2025-12-31\n";
    let minutes = "wmo;02A02;01;*;*;25;2025-01-01;\n";
    let row = |whom: &str, dates: &str| format!("wmo;02A02;04;{whom};1500;{dates}\n");
    let until_new_year = |whom: &str| row(whom, "2025-01-01;2025-12-31");
    let onwards = |whom: &str| row(whom, "2026-01-01;");
    let gap = Some(2);
    for (name, tariffs, expected) in [
        ("it goes on", ALL.to_owned(), None),
        ("it ends with the year", UNTIL.to_owned(), gap),
        ("the next begins on new year's day", UNTIL.to_owned() + &onwards("*;*"), None),
        ("another unit goes on", UNTIL.to_owned() + minutes, None),
        ("every contract has its own from then on", UNTIL.to_owned() + &onwards("42420001;*"), None),
        ("or in each municipality", UNTIL.to_owned() + &onwards("42420001;0197") + &onwards("42420001;0294"), None),
        ("somebody else has his own", UNTIL.to_owned() + &onwards("42420002;*"), gap),
        ("a municipality goes on", UNTIL.to_owned() + &onwards("*;0197"), None),
        ("only a provider's own price ends", until_new_year("42420001;*"), gap),
        ("a price behind which the general one goes on", until_new_year("42420001;*") + ALL, None),
        ("a price for somebody without a contract", until_new_year("42420002;*") + ALL, None),
        ("the contract ends on the same day", row("*;*", "2025-01-01;2026-12-31"), None),
        ("one day before the contract", row("*;*", "2025-01-01;2026-12-30"), gap),
    ] {
        let mut files = region();
        let others = TARIFFS.lines().filter(|line| !line.starts_with("wmo;02A02")).skip(1);
        let text = format!(
            "{}\n{tariffs}{}",
            TARIFFS.lines().next().expect("a header"),
            others.collect::<Vec<_>>().join("\n")
        );
        files.insert("tariffs.csv".to_owned(), text.into_bytes());
        let told = faults(&files);
        let found: Vec<Option<u32>> = told.iter().map(|fault| fault.row).collect();
        assert_eq!(found, expected.map(Some).into_iter().collect::<Vec<_>>(), "{name}:{}", listed(&told));
        for fault in &told {
            assert_eq!(fault.column.as_deref(), Some("valid_to"), "{name}: {fault}");
            assert!(fault.what.contains("no tariff of 02A02 from 20"), "{name}: {fault}");
        }
    }
    let mut files = changed("tariffs.csv", ALL, UNTIL);
    replace(&mut files, "tariffs.csv", minutes, "");
    replace(&mut files, "products.csv", "crisis;2025-01-01;", "crisis;2025-01-01;2025-12-31");
    assert_eq!(faults(&files), [], "the product ends with its price");
}

fn tariff(register: &Register, (gemeente, agb): (&str, &str), code: &ProductCode, on: Date) -> Option<i64> {
    let (gemeente, aanbieder) = (Party::from(gemeente), Party::from(agb));
    let parties = Parties { gemeente: &gemeente, aanbieder: &aanbieder };
    register.tariff(Law::Wmo, parties, code, Eenheid::Uur, on).map(|cents| cents.0)
}

#[test]
fn the_most_specific_tariff_of_the_day_wins() {
    let register = register(&region());
    let code = ProductCode::from("02A01");
    for (gemeente, agb, on, expected, name) in [
        ("0197", "42420001", date(2025, 7, 1), Some(4000), "provider and municipality"),
        ("0197", "42420001", date(2025, 6, 30), Some(3000), "before that one begins: provider"),
        ("0197", "42420001", date(2026, 1, 1), Some(3000), "after that one ends: provider"),
        ("0294", "42420001", date(2025, 7, 1), Some(3000), "provider"),
        ("0197", "42420002", date(2025, 7, 1), Some(2000), "municipality"),
        ("0294", "42420002", date(2025, 12, 31), Some(1000), "all, last day of a year"),
        ("0294", "42420002", date(2026, 1, 1), Some(1100), "all, first day of the next"),
        ("0294", "42420002", date(2024, 12, 31), None, "before any"),
    ] {
        assert_eq!(tariff(&register, (gemeente, agb), &code, on), expected, "{name}");
    }
}

#[test]
fn a_run_of_days_is_cut_where_the_tariff_changes() {
    let register = register(&region());
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
    let parties = Parties { gemeente: &gemeente, aanbieder: &aanbieder };
    let span = (date(2024, 12, 1), date(2026, 2, 1));
    let runs = register.tariff_runs(Law::Wmo, parties, &ProductCode::from("02A01"), Eenheid::Uur, span);
    let runs: Vec<_> = runs.iter().map(|run| (run.from, run.to, run.cents.map(|cents| cents.0))).collect();
    let expected = [
        (date(2024, 12, 1), date(2024, 12, 31), None),
        (date(2025, 1, 1), date(2025, 6, 30), Some(3000)),
        (date(2025, 7, 1), date(2025, 12, 31), Some(4000)),
        (date(2026, 1, 1), date(2026, 2, 1), Some(3000)),
    ];
    assert_eq!(runs, expected);
}

#[test]
fn products_and_units_are_listed_by_day() {
    let register = register(&region());
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
    let parties = Parties { gemeente: &gemeente, aanbieder: &aanbieder };
    let (code, hulp) = (ProductCode::from("02A02"), ProductCode::from("01A01"));
    let day = date(2025, 3, 1);
    assert!(register.lists_product(Law::Wmo, &Categorie::from("02"), &code, day));
    assert!(!register.lists_product(Law::Wmo, &Categorie::from("07"), &code, day), "another category");
    assert!(!register.lists_product(Law::Jeugdwet, &Categorie::from("02"), &code, day), "another law");
    assert!(!register.lists_product(Law::Wmo, &Categorie::from("02"), &code, date(2024, 12, 31)), "not yet listed");
    assert_eq!(register.units(Law::Wmo, parties, &code, day), [Eenheid::Minuut, Eenheid::Uur]);
    assert_eq!(register.units(Law::Wmo, parties, &hulp, day), [Eenheid::Uur], "of the list where nothing is priced");
    assert_eq!(register.units(Law::Wmo, parties, &ProductCode::from("ZZZZZ"), day), []);
}

#[test]
fn an_open_contract_ends_with_its_period() {
    let end = |files: &Files| register(files).contracts(&Party::from("42420001"), "steun")[0].validity.to;
    assert_eq!(end(&region()), Some(date(2026, 12, 31)));
    assert_eq!(end(&changed("region.toml", "taken = 0", "taken = 1")), Some(date(2028, 12, 31)));
}

#[test]
fn the_version_follows_the_contents() {
    let version = |files: &Files| register(files).version;
    assert_eq!(version(&region()), version(&region()));
    assert_ne!(version(&region()), version(&changed("tariffs.csv", "1100", "1101")));
    assert_eq!(version(&region()).len(), 16);
}

#[test]
fn the_shipped_register_loads_without_fault() {
    let register = load(&shipped()).unwrap_or_else(|faults| panic!("{}", listed(&faults)));
    assert_eq!(register.region.id, "achterhoek");
    assert_eq!(register.region.municipalities.len(), 8);
    assert_eq!(register.region.segments.len(), 9);
    assert_eq!(register.region.segments["hulp-bij-het-huishouden"].municipalities.len(), 5);
    assert_eq!(register.region.periods["inkoop-2022"].longest_end, Some(date(2028, 12, 31)));
    let code = ProductCode::from("02A03");
    assert_eq!(tariff(&register, ("0197", "42420001"), &code, date(2026, 2, 1)), Some(6000));
    for name in ["providers.csv", "contracts.csv", "agreements.csv"] {
        let text = std::fs::read_to_string(shipped().join(name)).expect("the sample is shipped");
        for row in text.lines().skip(1) {
            assert!(row.to_lowercase().contains("fictief"), "{name} must show that it is fictional: {row}");
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_told_by_file() {
    let faults = load(&shipped().join("nergens")).expect_err("nothing is there");
    assert_eq!(faults.len(), FILES.len());
}

#[test]
fn the_profile_agrees_with_the_reference_when_it_is_there() {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/regions/achterhoek.toml");
    let Ok(text) = std::fs::read_to_string(&reference) else {
        println!("skipped: no reference beside the project");
        return;
    };
    let reference = toml_edit::Document::parse(text).expect("the reference is TOML");
    let region = load(&shipped()).expect("the shipped register has no fault").region;
    let tables = |key: &str| reference[key].as_array_of_tables().expect("a list of tables").iter();
    for municipality in tables("municipality") {
        let code = municipality["cbs"].as_str().expect("a code");
        let ours = &region.municipalities[&Party::from(code)];
        assert_eq!(Some(ours.name.as_str()), municipality["name"].as_str());
        let groups = municipality["groups"].as_array().expect("a list");
        let groups: Vec<&str> = groups.iter().filter_map(toml_edit::Value::as_str).collect();
        assert_eq!(ours.groupings.iter().map(String::as_str).collect::<Vec<_>>(), groups, "{code}");
    }
    assert_eq!(region.municipalities.len(), tables("municipality").count());
    for segment in tables("segment") {
        let id = segment["id"].as_str().expect("an id");
        let ours = &region.segments[id];
        assert_eq!(Some(ours.model.as_str()), segment["funding_model"].as_str(), "{id}");
        let parts = segment.get("subsegment").and_then(toml_edit::Item::as_array_of_tables);
        assert_eq!(ours.subsegments.len(), parts.map_or(0, toml_edit::ArrayOfTables::len), "{id}");
        for (law, key) in [(Law::Wmo, "wmo"), (Law::Jeugdwet, "jw")] {
            let theirs = segment["product_categories"][key].as_array().expect("a list");
            let mut theirs: Vec<&str> = theirs.iter().filter_map(toml_edit::Value::as_str).collect();
            theirs.sort_unstable();
            let ours: Vec<&str> = ours.categories.get(&law).into_iter().flatten().map(Categorie::as_str).collect();
            assert_eq!(ours, theirs, "{id} {key}");
        }
    }
    assert_eq!(region.segments.len(), tables("segment").count());
}

#[test]
fn a_long_table_of_tariffs_loads_fast() {
    let rows = 100_000;
    // The program that ships is several times as fast as the one under test.
    let limit = std::time::Duration::from_secs(if cfg!(debug_assertions) { 12 } else { 2 });
    let mut products = PRODUCTS.to_owned();
    let mut tariffs = TARIFFS.to_owned();
    for at in 0..rows / 2 {
        let _ = writeln!(products, "wmo;02;{at:05};Veel;steun;1;04;;;;;2025-01-01;");
        let _ = writeln!(tariffs, "wmo;{at:05};04;*;*;1000;2025-01-01;2025-12-31");
        let _ = writeln!(tariffs, "wmo;{at:05};04;*;*;1100;2026-01-01;");
    }
    let mut files = region();
    files.insert("products.csv".to_owned(), products.into_bytes());
    files.insert("tariffs.csv".to_owned(), tariffs.into_bytes());
    let start = std::time::Instant::now();
    let register = register(&files);
    let took = start.elapsed();
    println!("{rows} tariffs in {took:?}");
    let code = ProductCode::from("00001");
    assert_eq!(tariff(&register, ("0197", "42420001"), &code, date(2026, 5, 1)), Some(1100));
    assert!(took < limit, "{rows} tariffs took {took:?}");
    assert_eq!(register.agreement("A1").map(|agreement| agreement.amount), Some(Cents(100_000)));
}

/// How much longer eight times the rows may take: in proportion it is 8 times, in pairs it would be 64 times.
const FACTOR: u32 = 24;
/// What the clock and other programs may add.
const NOISE: std::time::Duration = std::time::Duration::from_millis(60);

/// A region with that many rows in every table, all about each other.
fn full(rows: usize, vary: &Vary) -> Files {
    let mut files = region();
    let mut add = |file: &str, row: &dyn Fn(usize) -> String| {
        let table = files.get_mut(file).expect("it is there");
        for at in 0..rows {
            table.extend(row(at).as_bytes());
            table.push(b'\n');
        }
    };
    let (agb, segment) = (|at: usize| 50_000_000 + at, if vary.known { "steun" } else { "steum" });
    add("products.csv", &|at| format!("wmo;02;{at:05};Veel;{segment};1;04;;;;;2025-01-01;"));
    add("providers.csv", &|at| format!("{};Veel (fictief);;2025-01-01;", agb(at)));
    add("contracts.csv", &|at| format!("D{at};{};{segment};*;active;2025-01-01;", agb(at)));
    add("tariffs.csv", &|at| format!("wmo;{:05};04;{};*;1000;{}", at % vary.products, (vary.whom)(at), vary.dates));
    add("agreements.csv", &|at| format!("B{at};{segment};{};*;pxq;2025-01-01;2025-12-31;100000;70;signal", agb(at)));
    files
}

/// What the tariffs are for.
struct Vary {
    name: &'static str,
    /// How many products they share.
    products: usize,
    whom: fn(usize) -> String,
    dates: &'static str,
    /// Whether the segment of all rows is one that exists.
    known: bool,
}

/// Whoever compares all rows with each other holds up the start, and every reload.
#[test]
fn a_register_of_any_size_is_read_in_proportion() {
    let provider = |at: usize| (50_000_000 + at).to_string();
    for vary in [
        Vary {
            name: "each its own",
            products: usize::MAX,
            whom: |_| "*".to_owned(),
            dates: "2025-01-01;",
            known: true,
        },
        Vary { name: "one product", products: 1, whom: provider, dates: "2025-01-01;", known: true },
        Vary { name: "all run out", products: 1, whom: provider, dates: "2025-01-01;2025-12-31", known: true },
        Vary {
            name: "for nobody else",
            products: usize::MAX,
            whom: provider,
            dates: "2025-01-01;2025-12-31",
            known: true,
        },
        Vary { name: "all the same", products: 1, whom: |_| "*".to_owned(), dates: "2025-01-01;", known: true },
        Vary { name: "an unknown segment", products: usize::MAX, whom: provider, dates: "2025-01-01;", known: false },
    ] {
        let time = |rows: usize, runs: usize| {
            let files = full(rows, &vary);
            let all = (0..runs).map(|_| {
                let start = std::time::Instant::now();
                let faults = faults(&files).len();
                (start.elapsed(), faults)
            });
            all.min().expect("it ran")
        };
        let mut took = Vec::new();
        let fair = (0..4).any(|_| {
            let ((small, _), (large, faults)) = (time(500, 3), time(4_000, 2));
            println!("{}: {small:?}, then {large:?} with {faults} faults", vary.name);
            took.push((small, large));
            large < small * FACTOR + NOISE
        });
        assert!(fair, "{}: eight times the rows took each time out of proportion: {took:?}", vary.name);
    }
}
