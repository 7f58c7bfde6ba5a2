//! The five regions that come with the program: their profiles hold what the documents state, and their sample registers
//! are made from them and load.

#[path = "regions/generate.rs"]
mod generate;
#[path = "regions/plan.rs"]
mod plan;

use plan::PLANS;
use sluis::contract::register::{FILES, Files};
use sluis::contract::{Register, RegisterFault, load};
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
