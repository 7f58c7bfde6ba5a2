//! How the gateway itself stands: its parts, the gateways beside it, its ledger, keys and registers.

use super::overview::{BreakerLine, ComponentLine, Queue, RegisterLine};
use crate::ledger::{Grouping, KeySort, KeyState, Member, Refused, Rotation};
use crate::members;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the ledger tells of itself and of those that share it.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Gateways on the ledger.
    pub members: Vec<Member>,
    /// The moment by the clock of the ledger, which the members go by.
    pub now_of_ledger: Timestamp,
    /// Bytes on a server; `None` for a file.
    pub bytes_on_server: Option<u64>,
    /// Keys.
    pub keys: Vec<KeyState>,
    /// The last walk over the bodies.
    pub rotation: Option<Rotation>,
    /// Messages that were refused lately for who brought them.
    pub refusals: Vec<Refused>,
    /// When each region was last looked over.
    pub surveys: BTreeMap<String, Option<Timestamp>>,
}

/// A gateway on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberLine {
    /// Name.
    pub name: String,
    /// Machine that it runs on.
    pub host: String,
    /// Version of its program.
    pub version: String,
    /// When it registered.
    #[serde(serialize_with = "super::as_text")]
    pub started_at: Timestamp,
    /// When it was last heard of.
    #[serde(serialize_with = "super::as_text")]
    pub seen_at: Timestamp,
    /// Whether it lives.
    pub is_alive: bool,
    /// Receivers that it delivers to.
    pub receivers: u64,
    /// What it looks after for all.
    pub tasks: Vec<String>,
}

/// The ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// `SQLite` or `PostgreSQL`.
    pub database: &'static str,
    /// Bytes that it takes.
    pub bytes: Option<u64>,
    /// Number of the latest step of its schema.
    pub schema: i64,
    /// Jobs since the start.
    pub jobs: u64,
    /// Commits that they shared.
    pub commits: u64,
    /// Number of the key that bodies are sealed with.
    pub body_key: Option<String>,
    /// Number of the key that persons are known by.
    pub person_key: Option<String>,
    /// Whether bodies are being sealed anew.
    pub is_resealing: bool,
}

/// A message that was refused for who brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalLine {
    /// Its number.
    pub refusal: i64,
    /// When.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Transport that brought it.
    pub transport: String,
    /// Who brought it, by the configuration; `None` for somebody who is not in it.
    pub sender: Option<String>,
    /// Party that the message names as its sender.
    pub claimed: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Why.
    pub reason: &'static str,
    /// How often it came again.
    pub repeats: u64,
}

/// How the gateway stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The moment it shows.
    #[serde(serialize_with = "super::as_text")]
    pub at: Timestamp,
    /// Version of the program.
    pub version: &'static str,
    /// Whether all parts work.
    pub is_ready: bool,
    /// Its parts.
    pub components: Vec<ComponentLine>,
    /// Gateways on the ledger; empty where it is one gateway's alone.
    pub members: Vec<MemberLine>,
    /// In what they differ though they should not.
    pub differences: Vec<String>,
    /// The ledger.
    pub ledger: LedgerLine,
    /// Messages that wait for one that they refer to.
    pub waiting: Queue,
    /// Destinations that are not tried as usual.
    pub breakers: Vec<BreakerLine>,
    /// The contract registers.
    pub registers: Vec<RegisterLine>,
    /// When each region was last looked over.
    pub surveys: BTreeMap<String, Option<Timestamp>>,
    /// Messages that were refused lately for who brought them.
    pub refusals: Vec<RefusalLine>,
}

/// What a gateway knows beside what its ledger tells.
#[derive(Debug, Clone)]
pub struct Around {
    /// Its parts.
    pub components: Vec<ComponentLine>,
    /// The contract registers.
    pub registers: Vec<RegisterLine>,
    /// Destinations that are not tried as usual.
    pub breakers: Vec<BreakerLine>,
    /// The waiting room.
    pub waiting: Queue,
    /// How jobs were grouped.
    pub grouping: Grouping,
    /// Bytes of the file of the ledger.
    pub bytes_on_disk: Option<u64>,
}

impl Health {
    /// What the figures of a moment say.
    pub fn of(figures: Figures, around: Around, at: Timestamp) -> Health {
        let now = figures.now_of_ledger;
        let alive: Vec<Member> = figures.members.iter().filter(|member| member.is_alive(now)).cloned().collect();
        let key = |sort: KeySort| {
            let keys = figures.keys.iter().filter(|key| key.sort == sort && key.retired_at.is_none());
            keys.map(|key| key.id).max().map(|id| id.to_string())
        };
        let ledger = LedgerLine {
            database: if figures.bytes_on_server.is_some() { "PostgreSQL" } else { "SQLite" },
            bytes: figures.bytes_on_server.or(around.bytes_on_disk),
            schema: crate::ledger::known_schema(),
            jobs: around.grouping.jobs,
            commits: around.grouping.groups,
            body_key: key(KeySort::Body),
            person_key: key(KeySort::Person),
            is_resealing: figures.rotation.as_ref().is_some_and(|rotation| rotation.finished_at.is_none()),
        };
        Health {
            at,
            version: env!("CARGO_PKG_VERSION"),
            is_ready: around.components.iter().all(|component| component.up),
            components: around.components,
            differences: members::differences(&alive),
            members: figures.members.into_iter().map(|member| member_line(member, now)).collect(),
            ledger,
            waiting: around.waiting,
            breakers: around.breakers,
            registers: around.registers,
            surveys: figures.surveys,
            refusals: figures.refusals.into_iter().map(refusal_line).collect(),
        }
    }
}

fn member_line(member: Member, now: Timestamp) -> MemberLine {
    MemberLine {
        is_alive: member.is_alive(now),
        name: member.own.name,
        host: member.own.host,
        version: member.own.version,
        started_at: member.started_at,
        seen_at: member.seen_at,
        receivers: member.receivers,
        tasks: member.tasks.into_iter().collect(),
    }
}

fn refusal_line(refused: Refused) -> RefusalLine {
    RefusalLine {
        refusal: refused.refusal_id,
        at: refused.refused_at,
        transport: refused.transport,
        sender: refused.refusal.sender,
        claimed: refused.refusal.claimed,
        kind: refused.refusal.kind.map(|kind| kind.to_string()),
        reason: refused.refusal.reason.as_str(),
        repeats: refused.repeats,
    }
}
