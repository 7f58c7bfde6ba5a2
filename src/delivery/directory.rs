//! Delivery into folders: `out/<party>/<sequence>-<purpose>-<subject>-<id>.xml`, signals as `.signal.json`, and reports
//! on messages that failed at level 1 in `error/`.
//!
//! A file appears complete or not at all: it is written under a name that readers ignore, made durable and renamed. The
//! name follows from the row, so a repeat finds its own file and leaves it.

use super::class::{Fault, of_io};
use super::outbox::Due;
use super::{Destination, Failure, Scope, tripped, without_bsn};
use crate::decision::Purpose;
use crate::failpoint::Failpoint;
use crate::transport::spool::{Spool, sync_folder};
use futures_util::future::BoxFuture;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest part of a file name that comes from outside.
const LONGEST_STEM: usize = 100;

/// Delivers into the folders of a spool.
pub struct DirectoryDestination {
    spool: Spool,
}

impl DirectoryDestination {
    /// Delivers into `out/` and `error/` of a spool.
    pub fn new(spool: Spool) -> DirectoryDestination {
        DirectoryDestination { spool }
    }
}

impl Destination for DirectoryDestination {
    fn sort(&self) -> &'static str {
        "directory"
    }

    fn name(&self) -> &'static str {
        "directory"
    }

    fn longest_run(&self) -> usize {
        64
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let spool = self.spool.clone();
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || write_run(&spool, &run)).await;
            written.unwrap_or_else(|_| vec![Err(Failure::receiver(Fault::Ours.as_str()).by(Fault::Ours))])
        })
    }
}

fn write_run(spool: &Spool, run: &[Due]) -> Vec<Result<(), Failure>> {
    let mut outcomes = Vec::with_capacity(run.len());
    for due in run {
        let outcome = write(spool, due);
        let failed = outcome.is_err();
        outcomes.push(outcome);
        if failed {
            break;
        }
    }
    outcomes
}

fn write(spool: &Spool, due: &Due) -> Result<(), Failure> {
    let (folder, stem) = place(spool, due)?;
    fs::create_dir_all(&folder).map_err(|error| {
        // Something else in the place of one folder is a matter of its receiver; where no folder at all can be made the
        // spool is at fault.
        let is_of_receiver = matches!(of_io(&error), Fault::Folder) && folder.parent().is_some_and(Path::is_dir);
        fault(&folder, &error, if is_of_receiver { Scope::Receiver } else { Scope::Destination })
    })?;
    Failpoint::BeforeDelivery.pass().map_err(tripped)?;
    // The verdict goes first: whoever sees the message finds its verdict beside it.
    if let (Purpose::Forward, Some(verdict)) = (due.purpose, &due.verdict_json) {
        put(&folder, &format!("{stem}.verdict.json"), verdict)?;
    }
    Failpoint::WithinDelivery.pass().map_err(tripped)?;
    let extension = match due.purpose {
        Purpose::Reply | Purpose::Forward => "xml",
        Purpose::Error => "error.json",
        Purpose::Signal => "signal.json",
    };
    put(&folder, &format!("{stem}.{extension}"), &due.body)?;
    sync_folder(&folder).map_err(|error| fault(&folder, &error, Scope::Receiver))?;
    Failpoint::AfterDelivery.pass().map_err(tripped)
}

/// Folder and name, without extension.
fn place(spool: &Spool, due: &Due) -> Result<(PathBuf, String), Failure> {
    if due.purpose == Purpose::Error {
        let stem = tame(due.correlation_id.strip_suffix(".xml").unwrap_or(&due.correlation_id));
        return Ok((spool.errors(), format!("{stem}-{}", due.id)));
    }
    // Digits only: a party that came from a message must not lead out of the folder.
    let party = due.to.as_deref().unwrap_or_default();
    if party.is_empty() || party.len() > 8 || !party.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::receiver(Fault::Receiver.as_str()).by(Fault::Receiver));
    }
    let subject = tame(&due.subject);
    let stem = format!("{:010}-{}-{subject}-{}", due.sequence, due.purpose.as_str(), due.id);
    Ok((spool.outgoing().join(party), stem))
}

/// Text from outside as part of a file name.
fn tame(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let tamed: String = without_bsn(text).chars().take(LONGEST_STEM).map(plain).collect();
    let tamed = tamed.trim_start_matches('.');
    if tamed.is_empty() { "unnamed".to_owned() } else { tamed.to_owned() }
}

/// Puts a complete file in place. The same file again is left; another one of that name is never overwritten.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(found) if found == bytes => return Ok(()),
        Ok(_) => {
            let reason = format!("a file {name} with other content is in the way");
            return Err(Failure::receiver(reason).by(Fault::InTheWay));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(&path, &error, Scope::Receiver)),
    }
    let draft = folder.join(format!(".{name}.tmp"));
    let written = File::create(&draft)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, &path));
    written.map_err(|error| fault(&path, &error, Scope::Receiver))
}

/// A disk that is full or fails is so for all receivers; rights, and what stands in a place, may differ by folder.
fn fault(path: &Path, error: &io::Error, scope: Scope) -> Failure {
    let reason = format!("failed to write {}: {error}", path.display());
    let fault = of_io(error);
    let failure = match fault {
        Fault::Disk => Failure::destination(reason),
        _ => Failure { scope, ..Failure::destination(reason) },
    };
    failure.by(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_lead_elsewhere() {
        assert_eq!(tame("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(tame(""), "unnamed");
        assert_eq!(tame("...."), "unnamed");
        assert_eq!(tame("a b/c\\d\0é"), "a_b_c_d__");
        assert_eq!(tame("323-999900006"), "323-_________");
        assert!(tame(&"x".repeat(1000)).len() <= LONGEST_STEM);
    }
}
