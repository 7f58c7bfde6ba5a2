//! `sluis household`: households of persons, read from a table and put into the ledger, beside a running daemon or
//! without one. Prints numbers and rows, never a person.

use super::{Exit, complain, load_contracts};
use crate::clock::Clock;
use crate::config::Config;
use crate::contract::Contracts;
use crate::contract::households::{self, Households};
use crate::ledger::{Keys, Ledger, Replaced};
use crate::message::Party;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Replaces the households of the municipalities that the table names; 1 when it has a fault, 2 when nothing could be
/// tried.
pub(super) fn import(config: &Config, file: &Path, clock: &dyn Clock) -> Exit {
    let contracts = match contracts(config) {
        Ok(contracts) => contracts,
        Err(exit) => return exit,
    };
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return complain(&format!("{} cannot be read: {error}; check the path", file.display())),
    };
    let households = match households::read(&bytes, |gemeente| contracts.register_for(gemeente).is_some()) {
        Ok(households) => households,
        Err(faults) => {
            for fault in &faults {
                eprintln!("sluis: {fault}");
            }
            eprintln!("sluis: {}: {} fault(s); no household was changed", file.display(), faults.len());
            return Exit::Rejected;
        }
    };
    let gemeenten = households.gemeenten();
    replace(config, gemeenten, households, clock)
}

/// Forgets the households of one municipality.
pub(super) fn forget(config: &Config, municipality: &str, clock: &dyn Clock) -> Exit {
    if municipality.len() != 4 || !municipality.bytes().all(|byte| byte.is_ascii_digit()) {
        return complain("a municipality is a code of four digits, such as 0197");
    }
    // One that has left the region can be forgotten as well, so no register is asked.
    replace(config, BTreeSet::from([Party::from(municipality)]), Households::default(), clock)
}

fn contracts(config: &Config) -> Result<Contracts, Exit> {
    load_contracts(config).map_err(|faults| {
        super::print_faults(&faults);
        Exit::Usage
    })
}

fn replace(config: &Config, gemeenten: BTreeSet<Party>, households: Households, clock: &dyn Clock) -> Exit {
    let names = gemeenten.iter().map(Party::as_str).collect::<Vec<_>>().join(", ");
    match write(config, gemeenten, households.members, clock) {
        Ok(Replaced { before, members: 0, .. }) => {
            println!("{names}: no households any more ({before} members before)");
        }
        Ok(Replaced { before, members, households }) => {
            println!("{names}: {members} members in {households} households ({before} members before)");
        }
        Err(error) => return complain(&format!("the ledger could not be changed: {error:#}")),
    }
    Exit::Accepted
}

fn write(
    config: &Config,
    gemeenten: BTreeSet<Party>,
    members: BTreeMap<(Party, crate::message::Bsn), String>,
    clock: &dyn Clock,
) -> anyhow::Result<Replaced> {
    let keys = Keys::load(&config.ledger.key_file)?;
    let ledger = Ledger::open_beside(&config.ledger.location, keys)?;
    let now = clock.now();
    let replaced = ledger.run_blocking(move |tx| tx.replace_households(&gemeenten, &members, now))?;
    ledger.close()?;
    Ok(replaced)
}
