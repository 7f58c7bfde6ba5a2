//! Variables that name a file with the value instead of holding it: `SLUIS_AMQP_URL_FILE` for `SLUIS_AMQP_URL`.
//!
//! Containers and service managers hand over secrets as files: what stands in the environment of a process can be read in
//! many places, and is inherited by all that it starts.

use super::fault::ConfigFault;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// What is added to the name of a variable.
pub(super) const ENDING: &str = "_FILE";
/// Longest value, in bytes: an address with a password has a few hundred.
const LONGEST: u64 = 64 * 1024;

/// The environment with the values of the files that it names, and what is wrong with those. `variables` are the names
/// that override a key; paths are relative to `base`.
pub(super) fn read(
    base: &Path,
    env: &BTreeMap<String, String>,
    variables: &BTreeSet<String>,
) -> (BTreeMap<String, String>, Vec<ConfigFault>) {
    let mut values = env.clone();
    let mut faults = Vec::new();
    for (name, file) in env {
        // A key may have such a name itself: SLUIS_AMQP_CA_FILE names the certificate, not a file with its path.
        let stem = name.strip_suffix(ENDING).filter(|stem| variables.contains(*stem) && !variables.contains(name));
        let Some(stem) = stem else { continue };
        values.remove(name);
        let fault = |wrong: String, todo: &str| ConfigFault {
            file: "environment".to_owned(),
            line: None,
            key: name.clone(),
            wrong,
            todo: todo.to_owned(),
        };
        if env.contains_key(stem) {
            faults.push(fault(format!("{stem} is set as well"), "set one of the two"));
            continue;
        }
        match value(&base.join(file)) {
            Ok(value) => {
                values.insert(stem.to_owned(), value);
            }
            Err(wrong) => {
                faults.push(fault(wrong, "name a file that the gateway may read, with the value and nothing else"));
            }
        }
    }
    (values, faults)
}

/// What a file holds without the line end that editors add; why it cannot be used otherwise, without repeating it.
fn value(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(format!("the file {} cannot be read ({error})", path.display()));
    }
    if bytes.len() as u64 > LONGEST {
        return Err(format!("the file {} is longer than any value", path.display()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(_) => Err(format!("the file {} holds no text", path.display())),
    }
}
