//! Registers on disk, version by version: what was in force, since when, who put it there and why.
//!
//! ```text
//! <store>/<region>/journal.jsonl        one line per import, the newest last: it names the version in force
//! <store>/<region>/<version>/           the six files as they were imported, never changed afterwards
//! ```
//!
//! The journal is pointer and history in one, so that the two cannot disagree. It is replaced by a rename after the
//! files of the version are on disk: whatever interrupts an import, the version before it is in force, or the new one.

use super::{FILES, Files, Register};
use crate::contract::fault::RegisterFault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Name of the file that says what is in force.
pub const JOURNAL: &str = "journal.jsonl";
/// Names of what an import leaves behind when it is interrupted; the next one removes it.
const UNFINISHED: &str = ".new";
const UNFINISHED_JOURNAL: &str = ".journal.new";
/// Held while somebody imports. It says nothing by being there.
const LOCK: &str = ".lock";

/// A folder with the registers of all regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

/// One import: from then on this version is in force, until the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at: String,
    /// Which version.
    pub version: String,
    /// Who.
    pub by: String,
    /// Why, when it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether this was a return to a version that was in the store.
    #[serde(default, skip_serializing_if = "is_false")]
    pub back: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Entry {
    /// The moment of the import.
    pub fn moment(&self) -> Option<Timestamp> {
        self.at.parse().ok()
    }
}

/// When, by whom and why a version is put in force.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// When.
    pub at: Timestamp,
    /// Who; not empty.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Region.
    pub region: String,
    /// The version in force now.
    pub version: String,
    /// The one before it; `None` when there was none. The same as `version` when nothing changed.
    pub before: Option<String>,
}

impl Imported {
    /// Whether another version is in force now.
    pub fn is_change(&self) -> bool {
        self.before.as_ref() != Some(&self.version)
    }
}

/// The store cannot do what was asked. What was in force still is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The register has faults.
    #[error("the register has {} fault(s)", .0.len())]
    Faulty(Vec<RegisterFault>),
    /// Files cannot be read or written.
    #[error(
        "failed to {doing} {}: check that the folder is there, that the disk has room, and the rights of the user",
        path.display()
    )]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else is at it.
    #[error("another import into {} is under way: wait for it to end", .0.display())]
    Busy(PathBuf),
    /// No version has this name.
    #[error("there is no version {version} in {}; `sluis contract list` names them", store.display())]
    Unknown {
        /// What was asked for.
        version: String,
        /// Where.
        store: PathBuf,
    },
    /// More than one version begins like this.
    #[error("several versions begin with {version}: {}; write more of it", found.join(", "))]
    Ambiguous {
        /// What was asked for.
        version: String,
        /// What begins so.
        found: Vec<String>,
    },
    /// The files of a version are not those that were imported.
    #[error(
        "the files in {} are not those that were imported: move the folder away and import the register again, or \
         return to another version with `sluis contract import --back-to VERSION`", .0.display()
    )]
    Changed(PathBuf),
    /// The journal cannot be understood.
    #[error("{}:{line}: {what}; restore the file from a backup", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

impl Store {
    /// The store in that folder, which need not be there yet.
    pub fn at(root: &Path) -> Store {
        Store { root: root.to_owned() }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the journal of a region is.
    pub fn journal_file(&self, region: &str) -> PathBuf {
        self.root.join(region).join(JOURNAL)
    }

    /// Regions of which a version is in force, by name.
    pub fn regions(&self) -> Result<Vec<String>, StoreError> {
        let fault = |source| StoreError::Io { doing: "read", path: self.root.clone(), source };
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fault(error)),
        };
        let mut regions = Vec::new();
        for entry in entries {
            let name = entry.map_err(fault)?.file_name();
            // Region ids are plain; what is not is not ours.
            if let Some(region) = name.to_str().filter(|region| self.journal_file(region).is_file()) {
                regions.push(region.to_owned());
            }
        }
        regions.sort_unstable();
        Ok(regions)
    }

    /// All imports of a region, the oldest first; empty when there was none.
    pub fn journal(&self, region: &str) -> Result<Vec<Entry>, StoreError> {
        let path = self.journal_file(region);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StoreError::Io { doing: "read", path, source }),
        };
        let mut entries: Vec<Entry> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fault = |what: String| StoreError::Journal { path: path.clone(), line: index + 1, what };
            let entry: Entry = serde_json::from_str(line).map_err(|error| fault(format!("no entry ({error})")))?;
            if entry.moment().is_none() || !is_version(&entry.version) {
                return Err(fault("an entry without a moment or a version".to_owned()));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The import that is in force.
    pub fn in_force(&self, region: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.journal(region)?.pop())
    }

    /// The register of a version, with the certainty that it is the one that was imported.
    pub fn load(&self, region: &str, version: &str) -> Result<Register, StoreError> {
        let folder = self.folder(region, version);
        let files = super::read_files(&folder).map_err(StoreError::Faulty)?;
        // Before the faults: those of files that nobody imported would lead astray.
        if super::version(&files) != version {
            return Err(StoreError::Changed(folder));
        }
        Register::parse(&files).map_err(StoreError::Faulty)
    }

    /// The region and full name of the only version that begins like this.
    pub fn find(&self, version: &str) -> Result<(String, String), StoreError> {
        let mut found = Vec::new();
        for region in self.regions()? {
            let mut versions: Vec<String> = self.journal(&region)?.into_iter().map(|entry| entry.version).collect();
            versions.sort_unstable();
            versions.dedup();
            let alike = versions.into_iter().filter(|known| known.starts_with(version) && !version.is_empty());
            found.extend(alike.map(|known| (region.clone(), known)));
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(StoreError::Unknown { version: version.to_owned(), store: self.root.clone() }),
            _ => {
                let found = found.into_iter().map(|(region, version)| format!("{version} of {region}")).collect();
                Err(StoreError::Ambiguous { version: version.to_owned(), found })
            }
        }
    }

    /// Checks a register and puts it in force. The same contents again change nothing.
    pub fn import(&self, files: &Files, occasion: &Occasion) -> Result<Imported, StoreError> {
        let register = Register::parse(files).map_err(StoreError::Faulty)?;
        let (region, version) = (&register.region.id, &register.version);
        let home = self.root.join(region);
        let _lock = self.lock(&home)?;
        let journal = self.journal(region)?;
        let folder = self.folder(region, version);
        if !folder.is_dir() {
            write(&home, &folder, files)?;
        } else if !super::read_files(&folder).is_ok_and(|stored| super::version(&stored) == *version) {
            return Err(StoreError::Changed(folder));
        }
        self.put_in_force(region, version, journal, occasion, false)
    }

    /// Puts a version in force that is in the store, if it still has no fault.
    pub fn back_to(&self, version: &str, occasion: &Occasion) -> Result<Imported, StoreError> {
        let (region, version) = self.find(version)?;
        let _lock = self.lock(&self.root.join(&region))?;
        let journal = self.journal(&region)?;
        self.load(&region, &version)?;
        self.put_in_force(&region, &version, journal, occasion, true)
    }

    fn folder(&self, region: &str, version: &str) -> PathBuf {
        self.root.join(region).join(version)
    }

    fn lock(&self, home: &Path) -> Result<File, StoreError> {
        let path = home.join(LOCK);
        let fault = |doing| move |source| StoreError::Io { doing, path: home.to_owned(), source };
        fs::create_dir_all(home).map_err(fault("make"))?;
        sync(&self.root).map_err(fault("make"))?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fault("write into"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy(home.to_owned())),
            Err(TryLockError::Error(error)) => Err(fault("lock")(error)),
        }
    }

    fn put_in_force(
        &self,
        region: &str,
        version: &str,
        mut journal: Vec<Entry>,
        occasion: &Occasion,
        back: bool,
    ) -> Result<Imported, StoreError> {
        let before = journal.last().map(|entry| entry.version.clone());
        let done = Imported { region: region.to_owned(), version: version.to_owned(), before };
        if !done.is_change() {
            return Ok(done);
        }
        journal.push(Entry {
            at: occasion.at.to_string(),
            version: version.to_owned(),
            by: occasion.by.clone(),
            reason: occasion.reason.clone(),
            back,
        });
        let mut text = String::new();
        for entry in &journal {
            text.push_str(&serde_json::to_string(entry).expect("an entry is made of strings"));
            text.push('\n');
        }
        let home = self.root.join(region);
        let (part, path) = (home.join(UNFINISHED_JOURNAL), home.join(JOURNAL));
        let written = || -> io::Result<()> {
            write_through(&part, text.as_bytes())?;
            fs::rename(&part, &path)?;
            sync(&home)
        };
        written().map_err(|source| StoreError::Io { doing: "write", path: path.clone(), source })?;
        Ok(done)
    }
}

/// Writes the files of a version beside their place and moves them there together.
fn write(home: &Path, folder: &Path, files: &Files) -> Result<(), StoreError> {
    let part = home.join(UNFINISHED);
    let written = || -> io::Result<()> {
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        fs::create_dir(&part)?;
        for (name, bytes) in FILES.iter().filter_map(|name| files.get_key_value(*name)) {
            write_through(&part.join(name), bytes)?;
        }
        sync(&part)?;
        fs::rename(&part, folder)?;
        sync(home)
    };
    written().map_err(|source| StoreError::Io { doing: "write", path: folder.to_owned(), source })
}

/// A version is the start of a hash, and nothing that leads out of the store.
fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes what was written or renamed in a folder survive a power cut.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
