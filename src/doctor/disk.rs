//! Room where the ledger, the spool and the register store lie.

use super::database::{history, size};
use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, blocking};
use crate::config::Config;
use crate::ledger::Location;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Below these a gateway is about to stop taking messages.
const LAST_BYTES: u64 = 200_000_000;
const LAST_PERCENT: u64 = 2;
/// Below these somebody should make room.
const FEW_BYTES: u64 = 2_000_000_000;
const FEW_PERCENT: u64 = 10;
/// A ledger younger than this tells nothing about its growth.
const DAYS_TO_LEARN: u64 = 7;
/// Days of growth that a disk must have room for.
const FEW_DAYS: u64 = 60;

static FULL: Sort = Sort {
    id: "disk.full",
    check: "disk",
    severity: Severity::Fault,
    means: "less than 200 MB or 2 % of a disk is free: the gateway stops taking messages when it is full (and loses none)",
    advice: "make room now, or make the disk larger; the gateway goes on by itself",
};
static LITTLE: Sort = Sort {
    id: "disk.little",
    check: "disk",
    severity: Severity::Warning,
    means: "less than 2 GB and less than 10 % of a disk is free",
    advice: "make room, or make the disk larger",
};
static INODES: Sort = Sort {
    id: "disk.inodes",
    check: "disk",
    severity: Severity::Warning,
    means: "less than 10 % of the inodes of a disk are free: new files will fail although there is room",
    advice: "remove small files that nobody needs (delivered files in `out/`, old reports in `error/`)",
};
static GROWTH: Sort = Sort {
    id: "disk.growth",
    check: "disk",
    severity: Severity::Warning,
    means: "the ledger will fill its disk within sixty days if it grows as it has on average since its first message",
    advice: "make the disk larger, or let old messages go (retention)",
};
static UNKNOWN: Sort = Sort {
    id: "disk.unknown",
    check: "disk",
    severity: Severity::Warning,
    means: "a folder that the configuration names cannot be looked at",
    advice: "check the path and the rights; the first start of a gateway makes the folders that it needs",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 5] = [&FULL, &LITTLE, &INODES, &GROWTH, &UNKNOWN];

/// Room on one file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) free: u64,
    pub(crate) all: u64,
    free_inodes: u64,
    /// 0 where the file system has no fixed number.
    all_inodes: u64,
}

pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || {
        let mut findings = Vec::new();
        // One line for each file system, however many folders lie on it.
        let mut disks: BTreeMap<u64, (Vec<&'static str>, PathBuf)> = BTreeMap::new();
        for (name, folder) in folders(&subject.config) {
            match std::fs::metadata(&folder) {
                Ok(metadata) => disks.entry(metadata.dev()).or_insert_with(|| (Vec::new(), folder)).0.push(name),
                Err(error) => findings.push(UNKNOWN.found(format!("{name} {}: {error}", folder.display()))),
            }
        }
        let mut facts = Vec::new();
        for (names, folder) in disks.into_values() {
            let names = names.join(", ");
            match room(&folder) {
                Ok(room) => {
                    findings.extend(judge(&names, room));
                    facts.push(format!("{names}: {} of {} free", size(room.free), size(room.all)));
                    if names.contains("ledger") {
                        let (finding, fact) = growth(&subject.config, subject.now, room.free);
                        findings.extend(finding);
                        facts.extend(fact);
                    }
                }
                Err(error) => findings.push(UNKNOWN.found(format!("{names} {}: {error}", folder.display()))),
            }
        }
        Report { findings, facts, ..Report::default() }
    })
    .await
}

/// The folders that a gateway writes to, with what each is called.
pub(crate) fn folders(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let parent = |file: &Path| match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders = Vec::new();
    if let Location::File(path) = &config.ledger.location {
        folders.push(("ledger", parent(path)));
    }
    if config.uses_folders() {
        folders.push(("spool", config.directory.root.clone()));
    }
    folders.extend(config.register_store.clone().map(|store| ("register store", store)));
    folders
}

/// Room on the file system of a folder.
pub(crate) fn room(folder: &Path) -> std::io::Result<Room> {
    let room = rustix::fs::statvfs(folder)?;
    Ok(Room {
        free: room.f_bavail.saturating_mul(room.f_frsize),
        all: room.f_blocks.saturating_mul(room.f_frsize),
        free_inodes: room.f_favail,
        all_inodes: room.f_files,
    })
}

fn judge(names: &str, room: Room) -> Vec<Ailment> {
    let percent = |free: u64, all: u64| u128::from(free) * 100 / u128::from(all.max(1));
    let share = percent(room.free, room.all);
    let what = format!("{names}: {} of {} free ({share} %)", size(room.free), size(room.all));
    let mut findings = Vec::new();
    if room.free < LAST_BYTES || share < u128::from(LAST_PERCENT) {
        findings.push(FULL.found(what));
    } else if room.free < FEW_BYTES && share < u128::from(FEW_PERCENT) {
        findings.push(LITTLE.found(what));
    }
    if room.all_inodes > 0 && percent(room.free_inodes, room.all_inodes) < u128::from(FEW_PERCENT) {
        let (free, all) = (room.free_inodes, room.all_inodes);
        findings.push(INODES.found(format!("{names}: {free} of {all} inodes free")));
    }
    findings
}

/// How long the ledger can grow as it did on average; nothing for a young one.
fn growth(config: &Config, now: Timestamp, free: u64) -> (Option<Ailment>, Option<String>) {
    let Some((bytes, (first, _))) = history(config) else { return (None, None) };
    let age = now.as_microsecond().saturating_sub(first);
    judge_growth(bytes, u64::try_from(age).unwrap_or(0) / 86_400_000_000, free)
}

fn judge_growth(bytes: u64, age_in_days: u64, free: u64) -> (Option<Ailment>, Option<String>) {
    if age_in_days < DAYS_TO_LEARN {
        return (None, None);
    }
    let a_day = (bytes / age_in_days).max(1);
    let days = free / a_day;
    let what =
        format!("the ledger has grown by {} a day for {age_in_days} days: room for {days} more such days", size(a_day));
    if days < FEW_DAYS { (Some(GROWTH.found(what)), None) } else { (None, Some(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorts(free: u64, all: u64, free_inodes: u64, all_inodes: u64) -> Vec<&'static str> {
        let room = Room { free, all, free_inodes, all_inodes };
        judge("ledger", room).iter().map(|finding| finding.sort).collect()
    }

    #[test]
    fn room_is_judged_by_bytes_and_by_share() {
        const GB: u64 = 1_000_000_000;
        assert!(sorts(50 * GB, 100 * GB, 1, 1).is_empty());
        assert!(sorts(3 * GB, 100 * GB, 1, 1).is_empty(), "little of a large disk is still much");
        assert!(sorts(GB, 10 * GB, 1, 1).is_empty(), "a tenth of a small disk");
        assert_eq!(sorts(GB - 1, 10 * GB, 1, 1), ["disk.little"]);
        assert_eq!(sorts(LAST_BYTES, 10 * GB, 1, 1), ["disk.little"]);
        assert_eq!(sorts(LAST_BYTES - 1, GB, 1, 1), ["disk.full"]);
        assert_eq!(sorts(3 * GB, 200 * GB, 1, 1), ["disk.full"], "less than 2 %");
        assert_eq!(sorts(0, 0, 0, 0), ["disk.full"]);
        assert_eq!(sorts(50 * GB, 100 * GB, 9, 100), ["disk.inodes"]);
        assert!(sorts(50 * GB, 100 * GB, 10, 100).is_empty());
        assert!(sorts(50 * GB, 100 * GB, 0, 0).is_empty(), "a file system without a fixed number");
    }

    #[test]
    fn growth_is_learnt_and_not_guessed() {
        assert_eq!(judge_growth(1_000_000, 6, 0), (None, None), "too young to tell");
        let (finding, fact) = judge_growth(700_000_000, 7, 6_000_000_000);
        assert!(finding.is_none());
        assert_eq!(
            fact.as_deref(),
            Some("the ledger has grown by 100 MB a day for 7 days: room for 60 more such days")
        );
        let (finding, _) = judge_growth(700_000_000, 7, 5_999_999_999);
        assert_eq!(finding.map(|finding| finding.sort), Some("disk.growth"));
        assert!(judge_growth(0, 100, 1).0.is_some_and(|finding| finding.sort == "disk.growth"), "no room at all");
    }
}
