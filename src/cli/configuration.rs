//! `sluis config check` and `sluis config keys`.

use super::{Exit, load_contracts, place, print_faults};
use crate::clock::Clock;
use crate::config::keys;
use crate::config::{self, Config};
use crate::doctor::{self, Severity};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
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
        of_files(config, clock.now(), &mut faults, &mut warnings);
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

/// What is wrong with the files that are named, apart from those that cannot be opened: the configuration tells that.
fn of_files(config: &Config, now: Timestamp, faults: &mut Vec<String>, warnings: &mut Vec<String>) {
    let named = config.named_files().into_iter().map(|(_, _, file)| file);
    let away: BTreeSet<&Path> = named.filter(|file| File::open(file).is_err()).collect();
    for found in doctor::named_files(config, now) {
        let is_told = found.file.as_deref().is_some_and(|file| away.contains(file));
        let told = format!("{}; {}", found.what, found.advice);
        match found.severity {
            Severity::Fault if is_told => {}
            Severity::Fault => faults.push(told),
            Severity::Warning => warnings.push(told),
            Severity::Note => {}
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_away_hides_no_fault_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "[amqp]\nurl = \"amqps://a:b@broker.example:5671/%2f\"\nca_file = \"ca.pem\"\n\
            [[back_office]]\ngemeente = \"0197\"\nurl = \"https://office.example/in\"\nca_file = \"ca.pem.new\"\n";
        let path = folder.path().join("sluis.toml");
        std::fs::write(&path, text).expect("written");
        std::fs::write(folder.path().join("ca.pem.new"), "no certificate").expect("written");
        let (config, told) = config::examine(&path, &BTreeMap::new());
        let config = config.expect("it can be read");
        assert_eq!(told.len(), 1, "ca.pem is away: {told:?}");
        let (mut faults, mut warnings) = (Vec::new(), Vec::new());
        of_files(&config, Timestamp::UNIX_EPOCH, &mut faults, &mut warnings);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("back office 0197 ca_file") && faults[0].contains("ca.pem.new"), "{faults:?}");
    }
}
