//! `sluis config check` and `sluis config keys`.

use super::{Exit, load_contracts, place, print_faults};
use crate::clock::Clock;
use crate::config;
use crate::config::keys;
use crate::doctor::{self, Severity};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Tells all that is wrong with a configuration and with what it names: 0 when nothing is, 2 otherwise.
pub(super) fn check(path: &Path, clock: &dyn Clock) -> Exit {
    let path = &place(path);
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let (config, faults) = config::examine(path, &environment);
    let mut faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let mut warnings = Vec::new();
    let mut registers = Vec::new();
    if let Some(config) = &config {
        match load_contracts(config) {
            Ok(contracts) => {
                for register in contracts.registers() {
                    registers.push(format!("register {} {}: no faults", register.region.id, register.version));
                }
            }
            Err(wrong) => faults.extend(wrong),
        }
        // What cannot be opened was told above.
        let away: Vec<String> = config
            .named_files()
            .into_iter()
            .filter(|(_, _, file)| File::open(file).is_err())
            .map(|(_, _, file)| file.display().to_string())
            .collect();
        for found in doctor::named_files(config, clock.now()) {
            let told = format!("{}; {}", found.what, found.advice);
            match found.severity {
                Severity::Fault if away.iter().any(|file| found.what.contains(file.as_str())) => {}
                Severity::Fault => faults.push(told),
                Severity::Warning => warnings.push(told),
                Severity::Note => {}
            }
        }
    }
    for warning in warnings {
        eprintln!("sluis: warning: {warning}");
    }
    if !faults.is_empty() {
        print_faults(&faults);
        return Exit::Usage;
    }
    println!("{}: no faults", path.display());
    for register in registers {
        println!("{register}");
    }
    Exit::Accepted
}

/// Prints every key with its default, or with `markdown` the page on all of them.
pub(super) fn keys(markdown: bool) -> Exit {
    if markdown {
        print!("{}", keys::page());
        return Exit::Accepted;
    }
    for section in keys::sections() {
        for key in &section.keys {
            let name = format!("{}.{}", section.name, key.name);
            let default = key.default.as_deref().unwrap_or("none");
            println!("{name:<34} {default:<24} {}", key.takes);
        }
    }
    Exit::Accepted
}
