//! The folders of the directory transport.

use super::backlog::age;
use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, blocking};
use crate::config::Config;
use jiff::Timestamp;
use rustix::fs::{Access, access};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A complete file that still lies in `in/` after this was not taken.
const TAKEN_WITHIN: Duration = Duration::from_mins(10);
/// An unfinished file older than this will not be finished.
const FINISHED_WITHIN: Duration = Duration::from_hours(24);
/// Reports in `error/` that somebody should have read by now.
const MANY_REPORTS: usize = 1_000;

static MISSING: Sort = Sort {
    id: "directories.missing",
    check: "directories",
    severity: Severity::Warning,
    means: "a folder of the directory transport is not there",
    advice: "check `[directory] root`; the start of a gateway makes the folders",
};
static RIGHTS: Sort = Sort {
    id: "directories.rights",
    check: "directories",
    severity: Severity::Fault,
    means: "the user that examines may not read, write or remove in a folder of the directory transport",
    advice: "run this as the user of the gateway; then give that user the rights on the folder",
};
static APART: Sort = Sort {
    id: "directories.apart",
    check: "directories",
    severity: Severity::Note,
    means: "the folders lie on different file systems: each is complete in itself, but a full one stops only its part",
    advice: "put `in/`, `out/` and `error/` on one file system unless there is a reason",
};
static LEFT_LYING: Sort = Sort {
    id: "directories.left_lying",
    check: "directories",
    severity: Severity::Warning,
    means: "files ending in .xml have lain in `in/` for more than ten minutes",
    advice: "look whether the gateway runs (`/readyz`) and whether its ledger takes messages; it takes them by itself then",
};
static UNFINISHED: Sort = Sort {
    id: "directories.unfinished",
    check: "directories",
    severity: Severity::Note,
    means: "files that do not end in .xml have lain in `in/` for more than a day; the gateway leaves them alone",
    advice: "ask who writes them: a complete file is renamed to a name ending in .xml; remove what nobody misses",
};
static REPORTS: Sort = Sort {
    id: "directories.reports",
    check: "directories",
    severity: Severity::Note,
    means: "more than a thousand reports on unreadable messages lie in `error/`",
    advice: "somebody sends what cannot be read: let the senders have their reports, and remove them afterwards",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 6] = [&MISSING, &RIGHTS, &APART, &LEFT_LYING, &UNFINISHED, &REPORTS];

/// Folders that are there and may not be used.
pub(super) fn rights(config: &Config) -> Vec<Ailment> {
    if !config.uses_folders() {
        return Vec::new();
    }
    let (mut report, _) = look_at_folders(&config.directory.root);
    report.findings.retain(|finding| finding.sort == RIGHTS.id);
    report.findings
}

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || {
        let config = &subject.config;
        if !config.uses_folders() {
            return Report::nothing_to_examine("the directory transport is not in use");
        }
        judge(&config.directory.root, subject.now)
    })
    .await
}

fn judge(root: &Path, now: Timestamp) -> Report {
    let (mut report, mut devices) = look_at_folders(root);
    devices.dedup();
    if devices.len() > 1 {
        report.findings.push(APART.found(root.display().to_string()));
    }
    look_at_files(root, now, &mut report);
    report
}

/// What is wrong with the folders themselves, and on which file systems they lie.
fn look_at_folders(root: &Path) -> (Report, Vec<u64>) {
    let mut report = Report::default();
    let mut devices = Vec::new();
    for name in ["in", "out", "error"] {
        let folder = root.join(name);
        match std::fs::metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => devices.push(metadata.dev()),
            Ok(_) => {
                report.findings.push(RIGHTS.found(format!("{} is not a folder", folder.display())));
                continue;
            }
            Err(error) => {
                report.findings.push(MISSING.found(format!("{}: {error}", folder.display())));
                continue;
            }
        }
        // Asked, not tried: nothing is written here.
        if let Err(error) = access(&folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
            report.findings.push(RIGHTS.found(format!("{}: {error}", folder.display())));
        }
    }
    (report, devices)
}

fn look_at_files(root: &Path, now: Timestamp, report: &mut Report) {
    let (mut ready, mut unfinished) = (Lying::default(), Lying::default());
    for (name, since) in files(&root.join("in")) {
        let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let is_ready = name.ends_with(".xml") && !name.starts_with('.');
        let (lying, limit) = if is_ready { (&mut ready, TAKEN_WITHIN) } else { (&mut unfinished, FINISHED_WITHIN) };
        if age > limit {
            lying.count += 1;
            lying.oldest = lying.oldest.max(age);
        }
    }
    let folder = root.join("in");
    let folder = folder.display();
    for (sort, lying) in [(&LEFT_LYING, ready), (&UNFINISHED, unfinished)] {
        if lying.count > 0 {
            let Lying { count, oldest } = lying;
            report.findings.push(sort.found(format!("{count} in {folder}, the oldest for {}", age(oldest))));
        }
    }
    let reports = files(&root.join("error")).count();
    if reports > MANY_REPORTS {
        report.findings.push(REPORTS.found(format!("{reports} in {}", root.join("error").display())));
    }
    report.facts.push(format!("{}: {reports} error reports", root.display()));
}

#[derive(Debug, Clone, Copy, Default)]
struct Lying {
    count: usize,
    oldest: Duration,
}

/// Files of a folder with the moment when each was last written; what cannot be looked at is left out.
fn files(folder: &Path) -> impl Iterator<Item = (String, Timestamp)> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let since = Timestamp::try_from(metadata.modified().ok()?).ok()?;
        Some((entry.file_name().to_string_lossy().into_owned(), since))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use std::fs;

    fn sorts(root: &Path, now: Timestamp) -> Vec<&'static str> {
        judge(root, now).findings.iter().map(|finding| finding.sort).collect()
    }

    #[test]
    fn folders_and_what_lies_in_them_are_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let now = Timestamp::try_from(fs::metadata(root).and_then(|folder| folder.modified()).expect("its age"))
            .expect("a moment");
        assert_eq!(sorts(root, now), ["directories.missing"; 3]);
        for name in ["in", "out", "error"] {
            fs::create_dir(root.join(name)).expect("made");
        }
        assert!(sorts(root, now).is_empty());
        for name in ["a.xml", "b.xml.tmp", ".probe.tmp"] {
            fs::write(root.join("in").join(name), "x").expect("written");
        }
        assert!(sorts(root, now).is_empty(), "they came just now");
        let later = |seconds| now + SignedDuration::from_secs(seconds);
        assert_eq!(sorts(root, later(605)), ["directories.left_lying"]);
        assert_eq!(sorts(root, later(86_405)), ["directories.left_lying", "directories.unfinished"]);
        let told = judge(root, later(86_405));
        assert!(told.findings[1].what.starts_with("2 in "), "{:?}", told.findings[1]);
        fs::remove_file(root.join("in/a.xml")).expect("removed");
        assert_eq!(sorts(root, later(605)), Vec::<&str>::new());
        fs::remove_dir(root.join("out")).expect("removed");
        fs::write(root.join("out"), "no folder").expect("written");
        assert_eq!(sorts(root, now), ["directories.rights"]);
    }
}
