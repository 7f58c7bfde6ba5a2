//! The key file of the ledger.

use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, blocking};
use crate::config::Config;
use crate::ledger::{KeyError, Keys};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

static MISSING: Sort = Sort {
    id: "keys.missing",
    check: "keys",
    severity: Severity::Fault,
    means: "there is a ledger and no key file: its bodies cannot be read, and no gateway starts on it",
    advice: "restore the key file from where it is kept; a new one cannot replace it",
};
static UNUSABLE: Sort = Sort {
    id: "keys.unusable",
    check: "keys",
    severity: Severity::Fault,
    means: "the key file cannot be used",
    advice: "do what the text says, or restore the file from where it is kept",
};
static SAME_DISK: Sort = Sort {
    id: "keys.same_disk",
    check: "keys",
    severity: Severity::Note,
    means: "key and database lie on one file system: who copies the one copies the other",
    advice: "keep the key elsewhere (a credential of systemd, another volume), and a copy of it in a safe place",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 3] = [&MISSING, &UNUSABLE, &SAME_DISK];

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || judge(subject.config.ledger.location.file(), &subject.config.ledger.key_file)).await
}

/// Why the key file cannot be used. One that is absent is made by a first start, unless the ledger is there without it.
pub(super) fn usable(config: &Config) -> Vec<Ailment> {
    let ledger = config.ledger.location.file();
    let mut findings = judge(ledger, &config.ledger.key_file).findings;
    findings.retain(|finding| finding.sort == UNUSABLE.id || (finding.sort == MISSING.id && ledger.is_some()));
    findings
}

/// `ledger` is the database when it is a file.
fn judge(ledger: Option<&Path>, file: &Path) -> Report {
    let found = |sort: &Sort, what: String| Report { findings: vec![sort.found(what)], ..Report::default() };
    match Keys::load(file) {
        Err(KeyError::Missing(_)) if ledger.is_some_and(|ledger| !ledger.exists()) => {
            Report::nothing_to_examine("neither ledger nor key file is there; the first start makes both")
        }
        Err(KeyError::Missing(_)) => found(&MISSING, file.display().to_string()),
        Err(error) => found(&UNUSABLE, error.to_string()),
        Ok(_) => match ledger {
            Some(ledger) if device(ledger).is_some_and(|disk| device(file) == Some(disk)) => {
                found(&SAME_DISK, format!("{} and {}", ledger.display(), file.display()))
            }
            Some(_) | None => Report { facts: vec![format!("{} can be read", file.display())], ..Report::default() },
        },
    }
}

fn device(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.dev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn key_files_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, file) = (folder.path().join("ledger.sqlite"), folder.path().join("ledger.key"));
        let sorts = || judge(Some(&ledger), &file).findings.iter().map(|finding| finding.sort).collect::<Vec<_>>();
        assert!(judge(Some(&ledger), &file).not_examined.is_some(), "a gateway that never started");
        std::fs::write(&ledger, "").expect("written");
        assert_eq!(sorts(), ["keys.missing"]);
        Keys::create(&file).expect("keys");
        assert_eq!(sorts(), ["keys.same_disk"]);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("its mode can be set");
        assert_eq!(sorts(), ["keys.unusable"]);
        std::fs::write(&file, "person = 12").expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its mode can be set");
        assert_eq!(sorts(), ["keys.unusable"]);
    }
}
