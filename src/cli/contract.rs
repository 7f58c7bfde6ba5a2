//! `sluis contract`: check a register, put it in force, look at what was in force, compare two.

use super::{Exit, load_config};
use crate::clock::Clock;
use crate::contract::register::diff::Difference;
use crate::contract::register::store::{Entry, Imported, Occasion, Store, StoreError};
use crate::contract::register::{Files, load, read_files};
use crate::contract::{Register, RegisterFault};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum ContractCommand {
    /// Report all faults of a register folder
    Check {
        /// Folder with region.toml and its tables
        folder: PathBuf,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Check a register and put it in force; the version before it stays in the store
    Import {
        /// Folder with region.toml and its tables
        #[arg(required_unless_present = "back_to", conflicts_with = "back_to")]
        folder: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
        /// Return to a version that is in the store; its first letters will do
        #[arg(long, value_name = "VERSION")]
        back_to: Option<String>,
        /// Who puts it in force; otherwise the login name
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Why; it is kept with the version
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// List the versions that were in force, the newest first
    List {
        #[command(flatten)]
        place: Place,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what changes for whom between two registers; exit 1 when anything does
    Diff {
        /// Folder, version in the store, or `current` for the version in force
        old: String,
        /// Folder, version in the store, or `current` for the version in force
        new: String,
        #[command(flatten)]
        place: Place,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Where the store is.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Configuration file that names the store ([contract] store)
    #[arg(long, value_name = "FILE", default_value = "sluis.toml")]
    config: PathBuf,
    /// Folder of the store, instead of the one that the configuration names
    #[arg(long, value_name = "DIR", visible_alias = "into", conflicts_with = "config")]
    store: Option<PathBuf>,
}

impl Place {
    fn store(&self) -> Result<Store, Exit> {
        if let Some(root) = &self.store {
            return Ok(Store::at(root));
        }
        let config = load_config(&self.config)?;
        config.register_store.as_deref().map(Store::at).ok_or_else(|| {
            eprintln!(
                "sluis: {}: no store of registers is named: set store in [contract], or name a folder with --store",
                self.config.display()
            );
            Exit::Usage
        })
    }
}

pub(super) fn run(command: &ContractCommand, clock: &dyn Clock) -> Exit {
    let done = match command {
        ContractCommand::Check { folder, json } => Ok(check(folder, *json)),
        ContractCommand::Import { folder, place, back_to, by, reason } => {
            let occasion = Occasion { at: clock.now(), by: who(by.as_deref()), reason: reason.clone() };
            match (folder, back_to) {
                (_, Some(version)) => back(place, version, &occasion),
                (Some(folder), None) => import(place, folder, &occasion),
                (None, None) => Err(Exit::Usage),
            }
        }
        ContractCommand::List { place, json } => list(place, *json),
        ContractCommand::Diff { old, new, place, json } => diff(place, [old, new], *json),
    };
    done.unwrap_or_else(|exit| exit)
}

fn check(folder: &Path, json: bool) -> Exit {
    let checked = load(folder);
    if json {
        let (version, faults) = match &checked {
            Ok(register) => (Some(&register.version), &[][..]),
            Err(faults) => (None, faults.as_slice()),
        };
        let faults: Vec<_> = faults
            .iter()
            .map(|RegisterFault { file, row, column, what, remedy }| {
                json!({ "file": file, "row": row, "column": column, "what": what, "remedy": remedy })
            })
            .collect();
        println!("{}", json!({ "folder": folder.display().to_string(), "version": version, "faults": faults }));
        return if checked.is_ok() { Exit::Accepted } else { Exit::Rejected };
    }
    match checked {
        Ok(register) => {
            println!("{}: register {}, no faults", folder.display(), register.version);
            Exit::Accepted
        }
        Err(faults) => tell(folder, &faults),
    }
}

fn tell(folder: &Path, faults: &[RegisterFault]) -> Exit {
    for fault in faults {
        println!("{fault}");
    }
    println!("{}: {} fault(s)", folder.display(), faults.len());
    Exit::Rejected
}

/// Whoever is logged in, also behind `sudo`, when nobody is named.
fn who(named: Option<&str>) -> String {
    let variables = ["SUDO_USER", "USER", "LOGNAME"].map(std::env::var);
    let login = || variables.into_iter().filter_map(Result::ok).find(|name| !name.is_empty());
    let name = named.filter(|name| !name.trim().is_empty()).map(str::to_owned).or_else(login);
    name.unwrap_or_else(|| "unknown".to_owned())
}

fn import(place: &Place, folder: &Path, occasion: &Occasion) -> Result<Exit, Exit> {
    let store = place.store()?;
    let files: Files = read_files(folder).map_err(|faults| tell(folder, &faults))?;
    match store.import(&files, occasion) {
        Ok(done) => {
            imported(&store, &done, occasion);
            Ok(Exit::Accepted)
        }
        Err(StoreError::Faulty(faults)) => {
            let exit = tell(folder, &faults);
            println!("nothing was imported; what was in force still is");
            Err(exit)
        }
        Err(error) => Err(failed(&error)),
    }
}

fn back(place: &Place, version: &str, occasion: &Occasion) -> Result<Exit, Exit> {
    let store = place.store()?;
    match store.back_to(version, occasion) {
        Ok(done) => {
            imported(&store, &done, occasion);
            Ok(Exit::Accepted)
        }
        Err(StoreError::Faulty(faults)) => {
            let exit = tell(store.root(), &faults);
            println!("version {version} is no longer fit; what was in force still is");
            Err(exit)
        }
        Err(error) => Err(failed(&error)),
    }
}

/// Says what an import did.
fn imported(store: &Store, done: &Imported, occasion: &Occasion) {
    let Imported { region, version, before } = done;
    if !done.is_change() {
        println!("{region}: register {version} is in force already; nothing changed");
        return;
    }
    println!("{region}: register {version} is in force, put there by {}", occasion.by);
    let Some(before) = before else { return };
    println!("{region}: register {before} was in force; `sluis contract import --back-to {before}` returns to it");
    let (Ok(old), Ok(new)) = (store.load(region, before), store.load(region, version)) else { return };
    let difference = Difference::between(&old, &new);
    for (file, totals) in &difference.totals {
        let told: Vec<String> = totals.iter().map(|(sort, many)| format!("{many} {sort}")).collect();
        println!("{region}: {file}: {}", told.join(", "));
    }
    let newcomers: Vec<&str> = difference.new_providers().collect();
    if !newcomers.is_empty() && occasion.reason.is_none() {
        // A region that admits a provider for what it adds has to be able to say what that was (A21).
        println!("{region}: new providers without a reason (--reason): {}", newcomers.join(", "));
    }
}

fn failed(error: &StoreError) -> Exit {
    match std::error::Error::source(error) {
        Some(source) => eprintln!("sluis: {error} ({source})"),
        None => eprintln!("sluis: {error}"),
    }
    if let StoreError::Faulty(faults) = error {
        for fault in faults {
            eprintln!("sluis: {fault}");
        }
    }
    Exit::Usage
}

fn list(place: &Place, json: bool) -> Result<Exit, Exit> {
    let store = place.store()?;
    let regions = store.regions().map_err(|error| failed(&error))?;
    let mut all = Vec::new();
    for region in regions {
        let mut journal = store.journal(&region).map_err(|error| failed(&error))?;
        journal.reverse();
        all.push((region, journal));
    }
    if json {
        let regions: Vec<_> = all
            .iter()
            .map(|(region, journal)| {
                json!({ "region": region, "in_force": journal.first().map(|entry| &entry.version), "imports": journal })
            })
            .collect();
        println!("{}", json!({ "store": store.root().display().to_string(), "regions": regions }));
        return Ok(Exit::Accepted);
    }
    if all.is_empty() {
        println!("{}: no register was imported", store.root().display());
    }
    for (region, journal) in &all {
        println!("{region}");
        for (index, Entry { at, version, by, reason, back }) in journal.iter().enumerate() {
            let mark = if index == 0 { "*" } else { " " };
            let back = if *back { ", back to it" } else { "" };
            let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            println!("{mark} {version}  {}  by {by}{back}{reason}", at.get(..19).unwrap_or(at));
        }
    }
    Ok(Exit::Accepted)
}

/// One side of a comparison.
enum Side {
    Known(Box<Register>),
    /// What is in force, of the region of the other side.
    Current,
}

fn diff(place: &Place, names: [&str; 2], json: bool) -> Result<Exit, Exit> {
    let [old, new] = names.map(|name| side(place, name));
    let (old, new) = match (old?, new?) {
        (Side::Known(old), Side::Known(new)) => (old, new),
        (Side::Current, Side::Known(new)) => (current(place, &new.region.id)?, new),
        (Side::Known(old), Side::Current) => {
            let new = current(place, &old.region.id)?;
            (old, new)
        }
        (Side::Current, Side::Current) => {
            eprintln!("sluis: `current` cannot be compared with itself: name a folder or a version");
            return Err(Exit::Usage);
        }
    };
    let difference = Difference::between(&old, &new);
    if json {
        println!("{}", serde_json::to_string(&difference).expect("a difference is made of strings and numbers"));
    } else {
        print!("{difference}");
    }
    Ok(if difference.equal { Exit::Accepted } else { Exit::Rejected })
}

fn side(place: &Place, name: &str) -> Result<Side, Exit> {
    let folder = Path::new(name);
    if folder.is_dir() {
        let register = load(folder).map_err(|faults| {
            for fault in &faults {
                eprintln!("sluis: {name}: {fault}");
            }
            eprintln!("sluis: {name}: {} fault(s); only registers without faults can be compared", faults.len());
            Exit::Usage
        })?;
        return Ok(Side::Known(Box::new(register)));
    }
    if name == "current" {
        return Ok(Side::Current);
    }
    if name.contains(['/', '.']) {
        eprintln!("sluis: {name}: there is no such folder");
        return Err(Exit::Usage);
    }
    let store = place.store()?;
    let found = store.find(name).and_then(|(region, version)| store.load(&region, &version));
    found.map(|register| Side::Known(Box::new(register))).map_err(|error| failed(&error))
}

fn current(place: &Place, region: &str) -> Result<Box<Register>, Exit> {
    let store = place.store()?;
    let entry = store.in_force(region).map_err(|error| failed(&error))?;
    let Some(entry) = entry else {
        eprintln!("sluis: no register of {region} is in force in {}", store.root().display());
        return Err(Exit::Usage);
    };
    store.load(region, &entry.version).map(Box::new).map_err(|error| failed(&error))
}
