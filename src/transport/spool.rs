//! The folders of the directory transport: `in/`, `out/<party>/`, `error/`.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folders, known to be there and usable.
#[derive(Debug, Clone)]
pub struct Spool {
    root: PathBuf,
}

/// The folders cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to use the folder {}: give the user of the gateway the right to read, write and remove there, or set \
     another root in [directory]", folder.display()
)]
pub struct SpoolError {
    /// Which folder.
    pub folder: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Spool {
    /// Makes the folders that are missing and tries whether files can be listed, written and removed in them.
    pub fn open(root: &Path) -> Result<Spool, SpoolError> {
        let spool = Spool { root: root.to_owned() };
        for folder in [spool.incoming(), spool.outgoing(), spool.errors()] {
            try_folder(&folder).map_err(|source| SpoolError { folder: folder.clone(), source })?;
        }
        Ok(spool)
    }

    /// Takes the folders for one gateway, as long as the file that it gives stays open; the system lets go of them when
    /// a process dies.
    pub fn claim(&self) -> Result<File, ClaimError> {
        let name = self.root.join(".lock");
        let fault = |source| ClaimError::Lock { file: name.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(ClaimError::InUse { folder: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(fault(source)),
        }
    }

    /// Where messages come in.
    pub fn incoming(&self) -> PathBuf {
        self.root.join("in")
    }

    /// The folder of a sender inside `in/`, made when it is missing and tried as the others are.
    pub fn folder_of(&self, sender: &str) -> Result<PathBuf, SpoolError> {
        let folder = self.incoming().join(sender);
        try_folder(&folder).map_err(|source| SpoolError { folder: folder.clone(), source })?;
        Ok(folder)
    }

    /// Where replies, forwards and signals go, one folder per party.
    pub fn outgoing(&self) -> PathBuf {
        self.root.join("out")
    }

    /// Where reports go on messages that failed at level 1.
    pub fn errors(&self) -> PathBuf {
        self.root.join("error")
    }
}

fn try_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::read_dir(folder)?;
    // One name for all lives: what a killed one left behind is used again, not added to.
    let probe = folder.join(".probe.tmp");
    File::create(&probe)?.write_all(b"sluis")?;
    fs::remove_file(&probe)
}

/// The folders are another gateway's.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another gateway has them.
    #[error(
        "the folder {} is in use by another gateway: each needs a spool of its own, because what one takes from it is \
         no repeat to the other; set another root in [directory]", folder.display()
    )]
    InUse {
        /// The folder of the spool.
        folder: PathBuf,
    },
    /// It cannot be found out.
    #[error("failed to lock {}: {source}; check that its file system has locks and its rights", file.display())]
    Lock {
        /// The lock file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes what was written, renamed or removed in a folder survive a power cut.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
