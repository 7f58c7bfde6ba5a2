//! Where the register of a region comes from: a folder that people edit, or the version in force in a store.

use super::store::{JOURNAL, Store, StoreError};
use super::{FILES, Register};
use crate::contract::fault::RegisterFault;
use jiff::Timestamp;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where a register comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The files in a folder, as they are.
    Folder(PathBuf),
    /// The version of a region that is in force in a store.
    Stored {
        /// The store.
        store: Store,
        /// The region.
        region: String,
    },
}

/// What the file system tells of a source without reading it: another stamp means that it may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Vec<Option<(i64, i64, u64, u64)>>);

impl Source {
    /// The folder or journal, for people.
    pub fn place(&self) -> PathBuf {
        match self {
            Source::Folder(folder) => folder.clone(),
            Source::Stored { store, region } => store.journal_file(region),
        }
    }

    /// How the source looks now.
    pub fn look(&self) -> Stamp {
        let of = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.mtime(), file.mtime_nsec(), file.size(), file.ino()))
        };
        Stamp(match self {
            Source::Folder(folder) => FILES.iter().map(|name| of(&folder.join(name))).collect(),
            Source::Stored { store, region } => vec![of(&store.journal_file(region))],
        })
    }

    /// Whether everything in it appears at once. In a folder somebody may be copying one file after another.
    pub fn appears_at_once(&self) -> bool {
        matches!(self, Source::Stored { .. })
    }

    /// Since when what lies there does, as far as that can be told without reading it.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Source::Folder(folder) => changed_at(folder),
            Source::Stored { store, region } => store.in_force(region).ok().flatten()?.moment(),
        }
    }

    /// The register, with the moment since when it is what lies there.
    ///
    /// # Errors
    /// All faults of all files, in order of file and line.
    pub fn read(&self) -> Result<(Register, Option<Timestamp>), Vec<RegisterFault>> {
        match self {
            Source::Folder(folder) => Ok((super::load(folder)?, changed_at(folder))),
            Source::Stored { store, region } => {
                let told = |error: StoreError| match error {
                    StoreError::Faulty(faults) => faults,
                    other => vec![RegisterFault::of_file(JOURNAL, chain(&other), "see docs/contract-register.md")],
                };
                let Some(entry) = store.in_force(region).map_err(told)? else {
                    let remedy = "import the register of the region again";
                    return Err(vec![RegisterFault::of_file(JOURNAL, "no version is in force", remedy)]);
                };
                Ok((store.load(region, &entry.version).map_err(told)?, entry.moment()))
            }
        }
    }
}

/// When the last of the files was changed.
fn changed_at(folder: &Path) -> Option<Timestamp> {
    let times = FILES.iter().filter_map(|name| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok());
    times.max().and_then(|time| Timestamp::try_from(time).ok())
}

/// An error with what caused it.
fn chain(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error} ({source})"),
        None => error.to_string(),
    }
}
