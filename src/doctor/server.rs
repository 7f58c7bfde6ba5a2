//! A PostgreSQL server that holds the ledger.

use super::Ailment;
use super::database::size;
use super::sort::{Severity, Sort};
use crate::ledger::ServerCondition;
use jiff::{SignedDuration, Timestamp};

/// Connections that must be left: a gateway has three, and a person must be able to look.
const FEW_CONNECTIONS: i64 = 5;
/// A standby that is this far behind would take a while to take over.
const FAR_BEHIND: i64 = 64 << 20;
/// Clocks further apart than this: terms and leases are reckoned by both.
const APART: SignedDuration = SignedDuration::from_secs(3);

static UNREACHABLE: Sort = Sort {
    id: "database.unreachable",
    check: "database",
    severity: Severity::Fault,
    means: "the PostgreSQL server of the ledger cannot be reached, or refuses the gateway",
    advice: "do what the text says; a gateway that runs takes no messages meanwhile, loses none, and goes on by itself",
};
static UNSAFE: Sort = Sort {
    id: "database.unsafe",
    check: "database",
    severity: Severity::Fault,
    means: "the server runs with `fsync` or `full_page_writes` off: a power cut can destroy the ledger",
    advice: "set both to `on` in postgresql.conf and restart the server",
};
static STANDBY: Sort = Sort {
    id: "database.standby",
    check: "database",
    severity: Severity::Fault,
    means: "the address leads to a standby, which takes no writes",
    advice: "name all servers in `[ledger] url` and add `target_session_attrs=read-write`, or promote the standby",
};
static ASYNCHRONOUS: Sort = Sort {
    id: "database.asynchronous",
    check: "database",
    severity: Severity::Warning,
    means: "standbys are connected and none is synchronous: after a failover the last commits can be missing, though their \
            messages were acknowledged",
    advice: "set `synchronous_standby_names` (such as `ANY 1 (*)`), or accept that loss knowingly",
};
static BEHIND_STANDBY: Sort = Sort {
    id: "database.replication",
    check: "database",
    severity: Severity::Warning,
    means: "a standby is more than 64 MB behind",
    advice: "look at the network between the servers and at the disk of the standby",
};
static CONNECTIONS: Sort = Sort {
    id: "database.connections",
    check: "database",
    severity: Severity::Warning,
    means: "the server has few connections left: a gateway that starts may be refused",
    advice: "raise `max_connections`, or find out who holds so many",
};
static NO_UPGRADE: Sort = Sort {
    id: "database.no_upgrade",
    check: "database",
    severity: Severity::Warning,
    means: "the schema is older than this program and the user of the gateway may not change it",
    advice: "give the user CREATE on the schema for the first start of this version (docs/ledger.md)",
};
static CLOCK: Sort = Sort {
    id: "database.clock",
    check: "database",
    severity: Severity::Warning,
    means: "the clocks of this machine and of the database server are more than three seconds apart",
    advice: "look whether the time service runs on both (`timedatectl`)",
};

/// What [`judge`] can find, and that the server cannot be asked at all.
pub(super) static SORTS: [&Sort; 8] =
    [&UNREACHABLE, &UNSAFE, &STANDBY, &ASYNCHRONOUS, &BEHIND_STANDBY, &CONNECTIONS, &NO_UPGRADE, &CLOCK];

/// It cannot be asked.
pub(super) fn unreachable(why: &str) -> Ailment {
    UNREACHABLE.found(why)
}

/// Facts worth knowing.
pub(super) fn facts(condition: &ServerCondition) -> Vec<String> {
    let (major, minor) = (condition.version / 10_000, condition.version % 10_000);
    let (used, most) = condition.connections;
    let bytes = size(u64::try_from(condition.bytes).unwrap_or(0));
    let mut facts = vec![format!(
        "PostgreSQL {major}.{minor}, {bytes}, schema {}, {used} of {most} connections in use",
        condition.schema.0
    )];
    facts.extend(condition.standbys.map(|(all, synchronous)| format!("{all} standby(s), {synchronous} synchronous")));
    facts
}

/// What is wrong with a server. `now` is the clock of this machine at the moment of the server's answer.
pub(super) fn judge(name: &str, condition: &ServerCondition, now: Timestamp) -> Vec<Ailment> {
    let mut findings = Vec::new();
    if !condition.is_safe {
        findings.push(UNSAFE.found(name));
    }
    if condition.is_standby {
        findings.push(STANDBY.found(name));
    }
    if let Some((standbys, 0)) = condition.standbys
        && standbys > 0
    {
        let names = &condition.synchronous_standbys;
        findings.push(ASYNCHRONOUS.found(format!("{name}: synchronous_standby_names is \"{names}\"")));
    }
    if let Some(behind) = condition.behind_bytes.filter(|behind| *behind > FAR_BEHIND) {
        findings.push(BEHIND_STANDBY.found(format!("{name}: {}", size(u64::try_from(behind).unwrap_or(0)))));
    }
    let (used, most) = condition.connections;
    if most - used < FEW_CONNECTIONS {
        findings.push(CONNECTIONS.found(format!("{name}: {used} of {most} are in use")));
    }
    let (found, known) = condition.schema;
    if found < known && !condition.may_upgrade {
        findings.push(NO_UPGRADE.found(format!("{name}: version {found} of {known}")));
    }
    let apart = Timestamp::from_microsecond(condition.now).map(|there| there.duration_since(now));
    if let Some(apart) = apart.ok().filter(|apart| apart.abs() > APART) {
        let which = if apart.is_negative() { "behind" } else { "ahead of" };
        findings.push(CLOCK.found(format!("the clock of {name} is {} s {which} ours", apart.abs().as_secs())));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000_000;

    fn sound() -> ServerCondition {
        ServerCondition {
            version: 150_018,
            is_safe: true,
            synchronous_commit: "on".to_owned(),
            synchronous_standbys: String::new(),
            standbys: Some((0, 0)),
            behind_bytes: None,
            is_standby: false,
            connections: (3, 97),
            schema: (8, 8),
            bytes: 1 << 30,
            now: NOW,
            may_upgrade: true,
            messages_between: None,
        }
    }

    #[test]
    fn each_condition_of_a_server_is_told_by_itself() {
        let now = Timestamp::from_microsecond(NOW).expect("a moment");
        let found = |condition: &ServerCondition| -> Vec<&'static str> {
            judge("db", condition, now).iter().map(|finding| finding.sort).collect()
        };
        for fine in [
            sound(),
            ServerCondition { standbys: None, ..sound() },
            ServerCondition { standbys: Some((2, 1)), behind_bytes: Some(FAR_BEHIND), ..sound() },
            ServerCondition { connections: (92, 97), ..sound() },
            ServerCondition { schema: (7, 8), ..sound() },
            ServerCondition { may_upgrade: false, ..sound() },
            ServerCondition { now: NOW + 3_000_000, ..sound() },
        ] {
            assert!(found(&fine).is_empty(), "{fine:?}");
        }
        for (condition, sort) in [
            (ServerCondition { is_safe: false, ..sound() }, "database.unsafe"),
            (ServerCondition { is_standby: true, ..sound() }, "database.standby"),
            (ServerCondition { standbys: Some((1, 0)), ..sound() }, "database.asynchronous"),
            (ServerCondition { behind_bytes: Some(FAR_BEHIND + 1), ..sound() }, "database.replication"),
            (ServerCondition { connections: (93, 97), ..sound() }, "database.connections"),
            (ServerCondition { schema: (7, 8), may_upgrade: false, ..sound() }, "database.no_upgrade"),
            (ServerCondition { now: NOW - 3_000_001, ..sound() }, "database.clock"),
        ] {
            assert_eq!(found(&condition), [sort], "{condition:?}");
        }
    }
}
