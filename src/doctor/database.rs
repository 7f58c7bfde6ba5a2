//! The database of the ledger, and what the ledger holds.

use super::backlog::{self, Patience};
use super::sort::{Severity, Sort};
use super::{Ailment, Report, Subject, Told, blocking, server};
use crate::config::Config;
use crate::ledger::{Condition, Keys, Ledger, Location, Server, condition, server_condition};
use jiff::Timestamp;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// A log this large was not taken into the database for a long time.
const LARGE_LOG: u64 = 512 << 20;
/// Free room in the database that is worth giving back.
const MUCH_FREE: u64 = 1 << 30;

static MISSING: Sort = Sort {
    id: "database.missing",
    check: "database",
    severity: Severity::Fault,
    means: "there is no database where the configuration says",
    advice: "check `[ledger] path`; the first start of a gateway makes the database. If there was one, do not start: \
             restore the backup first (docs/backup.md)",
};
static UNUSABLE: Sort = Sort {
    id: "database.unusable",
    check: "database",
    severity: Severity::Fault,
    means: "the ledger cannot be opened with its keys",
    advice: "do what the text says; a gateway does not start on this ledger",
};
static FOREIGN: Sort = Sort {
    id: "database.foreign",
    check: "database",
    severity: Severity::Fault,
    means: "the file is the database of another program",
    advice: "name another file in `[ledger] path`; this one is left as it is",
};
static EXPOSED: Sort = Sort {
    id: "database.exposed",
    check: "database",
    severity: Severity::Warning,
    means: "others than its owner can read or write the database file",
    advice: "run `chmod 600` on it and on its `-wal` and `-shm` files",
};
static DAMAGED: Sort = Sort {
    id: "database.damaged",
    check: "database",
    severity: Severity::Fault,
    means: "SQLite finds the structure of the file damaged",
    advice: "stop the gateway, keep the file as evidence, look at the disk, and restore the latest backup (docs/backup.md)",
};
static JOURNAL: Sort = Sort {
    id: "database.journal",
    check: "database",
    severity: Severity::Note,
    means: "the database has no write-ahead log, as a backup that was restored has none",
    advice: "the next start of the gateway sets it right; if nobody restored anything, somebody changed it past the gateway",
};
static BEHIND: Sort = Sort {
    id: "database.behind",
    check: "database",
    severity: Severity::Note,
    means: "the schema is older than this program",
    advice: "make a backup; the next start of the gateway brings it up to date",
};
static AHEAD: Sort = Sort {
    id: "database.ahead",
    check: "database",
    severity: Severity::Fault,
    means: "the schema is newer than this program",
    advice: "run the program that made it, or restore the backup made before the upgrade",
};
static LONG_LOG: Sort = Sort {
    id: "database.log",
    check: "database",
    severity: Severity::Warning,
    means: "the write-ahead log has grown large: something has been reading for a long time, or the disk is slow",
    advice: "look for a command or a copy of the database that has been running for hours and end it; restart the gateway \
             when there is none",
};
static MUCH_ROOM: Sort = Sort {
    id: "database.free",
    check: "database",
    severity: Severity::Note,
    means: "more than half of the database is free room, which it uses before it grows",
    advice: "nothing needs doing; a backup made with `sluis ledger backup` is as small as its content",
};

/// What this examination can find.
pub(super) static SORTS: [&Sort; 10] =
    [&MISSING, &UNUSABLE, &FOREIGN, &EXPOSED, &DAMAGED, &JOURNAL, &BEHIND, &AHEAD, &LONG_LOG, &MUCH_ROOM];

/// The same with what can be found on a server.
pub(super) static ALL: [&Sort; 18] = {
    let mut all = [&MISSING; 18];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < SORTS.len() { SORTS[at] } else { server::SORTS[at - SORTS.len()] };
        at += 1;
    }
    all
};

/// The file around the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    /// Permission bits.
    mode: u32,
    /// Bytes of its write-ahead log.
    log_bytes: u64,
}

/// What the ledger holds: integrity and backlog.
pub(super) async fn backlog(subject: Arc<Subject>) -> Report {
    blocking(move || {
        let config = &subject.config;
        if config.ledger.location.file().is_some_and(|path| !path.exists()) {
            return Report::nothing_to_examine("there is no ledger");
        }
        match look(config, subject.now) {
            Ok(diagnosis) => Report {
                findings: diagnosis.findings.clone(),
                told: Some(Told::Ledger(Box::new(diagnosis))),
                ..Report::default()
            },
            Err(error) => Report::nothing_to_examine(&format!("the ledger cannot be read: {error:#}")),
        }
    })
    .await
}

fn look(config: &Config, now: Timestamp) -> anyhow::Result<super::Diagnosis> {
    let keys = Keys::load(&config.ledger.key_file)?;
    let ledger = Ledger::open_to_read(&config.ledger.location, keys)?;
    let patience = Patience {
        retry: config.delivery.max_retry,
        waiting: config.waiting_room.longest,
        held: config.holds.remind_after,
    };
    let diagnosis = ledger.run_blocking(move |tx| backlog::examine(tx, now, patience))?;
    ledger.close()?;
    Ok(diagnosis)
}

/// The database itself.
pub(super) async fn examine(subject: Arc<Subject>) -> Report {
    blocking(move || {
        let config = &subject.config;
        let path = match &config.ledger.location {
            Location::File(path) => path,
            Location::Memory => return Report::nothing_to_examine("the ledger is in memory"),
            Location::Server(server) => return of_server(server, config, &subject),
        };
        let Some(file) = file(path) else {
            return Report { findings: vec![MISSING.found(path.display().to_string())], ..Report::default() };
        };
        let condition = match condition(path) {
            Ok(condition) => condition,
            Err(error) => {
                let found = UNUSABLE.found(format!("{}: {error}", path.display()));
                return Report { findings: vec![found], ..Report::default() };
            }
        };
        let mut findings = judge(path, file, &condition);
        let opens = || -> anyhow::Result<()> {
            let keys = Keys::load(&config.ledger.key_file)?;
            Ok(Ledger::open_to_read(path, keys)?.close()?)
        };
        let upgradable = condition.is_ledger && condition.schema.0 < condition.schema.1;
        if findings.iter().all(|finding| finding.severity < Severity::Fault)
            && !upgradable
            && let Err(error) = opens()
        {
            findings.push(UNUSABLE.found(format!("{error:#}")));
        }
        let facts = vec![format!(
            "SQLite, {} ({} free), schema {}",
            size(condition.bytes),
            size(condition.free_bytes),
            condition.schema.0
        )];
        Report { findings, facts, ..Report::default() }
    })
    .await
}

/// The ledger on a server.
fn of_server(place: &Server, config: &Config, subject: &Subject) -> Report {
    let condition = match server_condition(place) {
        Ok(condition) => condition,
        Err(error) => return Report { findings: vec![server::unreachable(&error.to_string())], ..Report::default() },
    };
    let name = place.to_string();
    let mut findings = server::judge(&name, &condition, subject.moment());
    let (found, known) = condition.schema;
    match found {
        0 => findings.push(MISSING.found(&name)),
        _ if found < known => findings.push(BEHIND.found(format!("{name} is at version {found} of {known}"))),
        _ if found > known => findings.push(AHEAD.found(format!("{name} is at version {found} of {known}"))),
        _ => {
            let opens = || -> anyhow::Result<()> {
                let keys = Keys::load(&config.ledger.key_file)?;
                Ok(Ledger::open_to_read(&config.ledger.location, keys)?.close()?)
            };
            findings.extend(opens().err().map(|error| UNUSABLE.found(format!("{error:#}"))));
        }
    }
    Report { findings, facts: server::facts(&condition), ..Report::default() }
}

/// Bytes of the database, and the moments of its first and latest message in microseconds since 1970; nothing for a
/// ledger without messages.
pub(super) fn history(config: &Config) -> Option<(u64, (i64, i64))> {
    match &config.ledger.location {
        Location::Memory => None,
        Location::File(path) => {
            let condition = condition(path).ok()?;
            Some((condition.bytes, condition.messages_between?))
        }
        Location::Server(place) => {
            let condition = server_condition(place).ok()?;
            Some((u64::try_from(condition.bytes).ok()?, condition.messages_between?))
        }
    }
}

fn file(path: &Path) -> Option<File> {
    let metadata = std::fs::metadata(path).ok()?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log_bytes = std::fs::metadata(log).map_or(0, |log| log.len());
    Some(File { mode: metadata.permissions().mode() & 0o777, log_bytes })
}

fn judge(path: &Path, file: File, condition: &Condition) -> Vec<Ailment> {
    let path = path.display();
    let mut findings = Vec::new();
    if !condition.is_ledger {
        findings.push(FOREIGN.found(path.to_string()));
        return findings;
    }
    if file.mode & 0o077 != 0 {
        findings.push(EXPOSED.found(format!("{path} has mode {:03o}", file.mode)));
    }
    if !condition.damage.is_empty() {
        let what = format!("{path} is damaged in {} place(s)", condition.damage.len());
        findings.push(DAMAGED.found_in(what, condition.damage.clone()));
    }
    if condition.journal_mode != "wal" {
        findings.push(JOURNAL.found(format!("{path} is in mode {}", condition.journal_mode)));
    }
    let (found, known) = condition.schema;
    if found < known {
        findings.push(BEHIND.found(format!("{path} is at version {found} of {known}")));
    }
    if found > known {
        findings.push(AHEAD.found(format!("{path} is at version {found}, this program knows up to {known}")));
    }
    if file.log_bytes > LARGE_LOG {
        findings.push(LONG_LOG.found(format!("the log of {path} has {}", size(file.log_bytes))));
    }
    if condition.free_bytes > MUCH_FREE && condition.free_bytes > condition.bytes / 2 {
        let (free, all) = (size(condition.free_bytes), size(condition.bytes));
        findings.push(MUCH_ROOM.found(format!("{free} of {all} in {path}")));
    }
    findings
}

/// Bytes as people say them: three digits at most and a unit of 1000.
pub(super) fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut unit = 0;
    let mut value = bytes;
    while value >= 1_000 && unit + 1 < units.len() {
        value /= 1_000;
        unit += 1;
    }
    format!("{value} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Condition {
        Condition {
            is_ledger: true,
            journal_mode: "wal".to_owned(),
            schema: (8, 8),
            bytes: 5 << 30,
            free_bytes: 0,
            damage: Vec::new(),
            messages_between: None,
        }
    }

    fn found(file: File, condition: &Condition) -> Vec<&'static str> {
        judge(Path::new("ledger.sqlite"), file, condition).iter().map(|finding| finding.sort).collect()
    }

    #[test]
    fn each_condition_is_told_by_itself() {
        let file = File { mode: 0o600, log_bytes: LARGE_LOG };
        assert!(found(file, &sound()).is_empty());
        for (file, condition, sort) in [
            (File { mode: 0o640, ..file }, sound(), "database.exposed"),
            (File { mode: 0o602, ..file }, sound(), "database.exposed"),
            (File { log_bytes: LARGE_LOG + 1, ..file }, sound(), "database.log"),
            (file, Condition { is_ledger: false, ..sound() }, "database.foreign"),
            (file, Condition { journal_mode: "delete".to_owned(), ..sound() }, "database.journal"),
            (file, Condition { schema: (7, 8), ..sound() }, "database.behind"),
            (file, Condition { schema: (9, 8), ..sound() }, "database.ahead"),
            (file, Condition { damage: vec!["row 1 missing from index".to_owned()], ..sound() }, "database.damaged"),
            (file, Condition { free_bytes: 3 << 30, ..sound() }, "database.free"),
        ] {
            assert_eq!(found(file, &condition), [sort]);
        }
        let half = Condition { free_bytes: (5 << 30) / 2, ..sound() };
        assert!(found(file, &half).is_empty(), "half of it is not more than half");
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        for (bytes, text) in [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (25_000_000, "25 MB"), (u64::MAX, "18 EB")] {
            assert_eq!(size(bytes), text);
        }
    }
}
