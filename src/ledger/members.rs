//! Members in the ledger: the gateways that work on it together, and what each of them has claimed.
//!
//! Nothing that is judged or booked depends on these rows: what must happen once is made so inside the jobs themselves.
//! Claims keep two gateways from doing the same work at the same time, so that work is rarely done twice in vain.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx, json};
use super::{Ledger, schema};
use crate::delivery::outbox::Due;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

/// What a gateway tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// Drawn at random at each registration.
    pub id: Uuid,
    /// Name of the gateway; those that share a ledger have the same as a rule.
    pub name: String,
    /// Machine that it runs on.
    pub host: String,
    /// Number of its process there.
    pub process: u32,
    /// Version of its program.
    pub version: String,
    /// Versions of the registers by which it judges, by region.
    pub registers: BTreeMap<String, String>,
    /// Digest of the settings that must be the same everywhere.
    pub settings: String,
    /// How long it may be silent before it counts as gone.
    pub lapse: Duration,
}

/// A gateway as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it told of itself.
    pub own: Introduction,
    /// Latest migration that its program knows.
    pub knows: i64,
    /// When it registered, by the clock of the ledger.
    pub started_at: Timestamp,
    /// When it was last heard of, by the same clock.
    pub seen_at: Timestamp,
    /// Receivers that it delivers to at the moment.
    pub receivers: u64,
    /// Tasks that it looks after.
    pub tasks: BTreeSet<String>,
}

impl Member {
    /// Whether it was heard of lately. A clock that was set back makes the last time lie ahead: beyond one lapse it
    /// says nothing, and a gateway that lives tells so soon.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        is_alive(self.seen_at.as_microsecond(), micros(self.own.lapse), now.as_microsecond())
    }
}

fn is_alive(seen_at: i64, lapse: i64, now: i64) -> bool {
    now.abs_diff(seen_at) < lapse.unsigned_abs()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
}

/// What a sign of life came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Whether the gateway still was a member. If not it counts as gone, has no claims any more, and must register
    /// anew.
    pub known: bool,
    /// Every member that is alive, the caller among them when it is known, in the order of their ids.
    pub members: Vec<Member>,
    /// Members that had not been heard of for too long, and were removed by this call.
    pub lapsed: Vec<Member>,
    /// Latest migration of the ledger.
    pub schema: i64,
}

/// Rows that one member may deliver now.
#[derive(Debug, PartialEq, Eq)]
pub struct Share {
    /// The rows, in order.
    pub rows: Vec<Due>,
    /// Receivers that the member has a claim on, and for how long from now. Of those that it was serving and that are
    /// not among them, it has lost the claim.
    pub receivers: BTreeMap<Option<String>, Duration>,
}

/// Who claims, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Claimant {
    /// The member.
    pub member: Uuid,
    /// How long a claim counts unless it is prolonged.
    pub lease: Duration,
}

/// A claim as it stands.
struct Claim {
    name: String,
    member: Uuid,
    until: i64,
    /// Its time is not over and its member is not gone.
    counts: bool,
}

impl Ledger {
    /// Whether other gateways may work on this ledger at the same time. One on SQLite belongs to one gateway.
    pub fn is_shared(&self) -> bool {
        self.shared.is_on_server
    }
}

impl Tx<'_> {
    /// The moment by the clock that all gateways on this ledger go by: that of the server. One on SQLite has no clock of
    /// its own: there it is `own`, the clock of the caller.
    pub fn now_of_ledger(&self, own: Timestamp) -> Result<Timestamp, LedgerError> {
        if !self.is_on_server() {
            return Ok(own);
        }
        let now =
            self.first("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)", [], |cells| {
                cells.moment()
            })?;
        now.ok_or(LedgerError::Damaged("the server has no clock"))
    }

    /// Registers a gateway. Here as below `at` is a moment of the ledger, see [`Tx::now_of_ledger`].
    pub fn join(&mut self, own: &Introduction, at: Timestamp) -> Result<(), LedgerError> {
        self.sql(
            "INSERT INTO members (id, name, host, process, version, knows, registers, settings, started_at, seen_at, lapse)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
        )?
        .execute(params![
            own.id.as_bytes(),
            own.name,
            own.host,
            own.process,
            own.version,
            schema::known(),
            registers_json(&own.registers)?,
            own.settings,
            at.as_microsecond(),
            micros(own.lapse),
        ])?;
        Ok(())
    }

    /// A sign of life of a member, with the registers that it has by now. Members that are silent for too long are
    /// removed with their claims, also the caller itself.
    pub fn beat(
        &mut self,
        member: Uuid,
        registers: &BTreeMap<String, String>,
        at: Timestamp,
    ) -> Result<Beat, LedgerError> {
        let (alive, lapsed): (Vec<Member>, Vec<Member>) =
            self.members()?.into_iter().partition(|other| other.is_alive(at));
        for gone in &lapsed {
            self.leave(gone.own.id)?;
        }
        let known = alive.iter().any(|other| other.own.id == member);
        if known {
            self.sql("UPDATE members SET seen_at = ?2, registers = ?3 WHERE id = ?1")?.execute(params![
                member.as_bytes(),
                at.as_microsecond(),
                registers_json(registers)?
            ])?;
        }
        let members = alive
            .into_iter()
            .map(|mut other| {
                if other.own.id == member {
                    other.seen_at = at;
                    other.own.registers.clone_from(registers);
                }
                other
            })
            .collect();
        Ok(Beat { known, members, lapsed, schema: self.latest_migration()? })
    }

    /// Removes a member and gives up its claims. One that is gone already stays so.
    pub fn leave(&mut self, member: Uuid) -> Result<(), LedgerError> {
        self.sql("DELETE FROM claims WHERE member = ?1")?.execute(params![member.as_bytes()])?;
        self.sql("DELETE FROM members WHERE id = ?1")?.execute(params![member.as_bytes()])?;
        Ok(())
    }

    /// Every gateway that registered and was not removed since, in the order of their ids; see [`Member::is_alive`].
    pub fn members(&self) -> Result<Vec<Member>, LedgerError> {
        let mut members = self.all(
            "SELECT id, name, host, process, version, registers, settings, lapse, knows, started_at, seen_at
             FROM members ORDER BY id",
            [],
            member,
        )?;
        let claims = self.all("SELECT member, sort, name FROM claims ORDER BY sort, name", [], |cells| {
            Ok((Uuid::from_bytes(cells.get()?), cells.get::<String>()?, cells.get::<String>()?))
        })?;
        for (holder, sort, name) in claims {
            let Some(member) = members.iter_mut().find(|member| member.own.id == holder) else { continue };
            if sort == "task" {
                member.tasks.insert(name);
            } else {
                member.receivers += 1;
            }
        }
        Ok(members)
    }

    /// Claims a task of the ledger as a whole, or prolongs the claim on it; whether it is the member's now. A member that
    /// is gone gets none.
    pub fn claim_task(&mut self, claimant: Claimant, task: &str, at: Timestamp) -> Result<bool, LedgerError> {
        if !self.is_member(claimant.member, at)? {
            return Ok(false);
        }
        let claims = self.claims("task", at)?;
        if claims.iter().any(|claim| claim.counts && claim.name == task && claim.member != claimant.member) {
            return Ok(false);
        }
        self.write_claims("task", claimant, &json([task]), at)?;
        Ok(true)
    }

    /// Rows that are due at `now` (by the clock of the gateway, which noted when they are due again), as
    /// [`Tx::due_except`] gives them, of receivers that no other member has a claim on;
    /// they are claimed by this call. Claims on receivers that are being served (`busy`) are prolonged when half of
    /// their time is over; those on receivers of which nothing is due are given up. `None` when the caller counts as
    /// gone.
    pub fn due_for(
        &mut self,
        claimant: Claimant,
        at: Timestamp,
        now: Timestamp,
        limit: usize,
        busy: &[Option<String>],
    ) -> Result<Option<Share>, LedgerError> {
        if !self.is_member(claimant.member, at)? {
            return Ok(None);
        }
        let claims = self.claims("receiver", at)?;
        let (own, others): (Vec<Claim>, Vec<Claim>) =
            claims.into_iter().filter(|claim| claim.counts).partition(|claim| claim.member == claimant.member);
        let own: BTreeMap<String, i64> = own.into_iter().map(|claim| (claim.name, claim.until)).collect();
        let mut except = busy.to_vec();
        except.extend(others.into_iter().map(|claim| receiver(claim.name)));
        let rows = if limit == 0 { Vec::new() } else { self.due_except(now, limit, &except)? };

        // What was being served without a claim has been lost to another, who may be done with it by now.
        let mut wanted: BTreeSet<&str> =
            busy.iter().map(|receiver| name(receiver.as_ref())).filter(|name| own.contains_key(*name)).collect();
        wanted.extend(rows.iter().map(|row| name(row.to.as_ref())));
        let half_time = later(at, claimant.lease / 2).as_microsecond();
        let written: BTreeSet<&str> =
            wanted.iter().copied().filter(|name| own.get(*name).is_none_or(|until| *until < half_time)).collect();
        if !written.is_empty() {
            self.write_claims("receiver", claimant, &json(&written), at)?;
        }
        if own.keys().any(|name| !wanted.contains(name.as_str())) {
            self.sql(
                "DELETE FROM claims WHERE sort = 'receiver' AND member = ?1
                     AND name NOT IN (SELECT k.value FROM json_each(?2) AS k)",
            )?
            .execute(params![claimant.member.as_bytes(), json(&wanted)])?;
        }
        let left = |name: &str| match own.get(name).filter(|_| !written.contains(name)) {
            Some(until) => Duration::from_micros(u64::try_from(until - at.as_microsecond()).unwrap_or_default()),
            None => claimant.lease,
        };
        let receivers = wanted.iter().map(|name| (receiver((*name).to_owned()), left(name))).collect();
        Ok(Some(Share { rows, receivers }))
    }

    fn is_member(&self, member: Uuid, at: Timestamp) -> Result<bool, LedgerError> {
        let found: Option<(i64, i64)> =
            self.first("SELECT seen_at, lapse FROM members WHERE id = ?1", params![member.as_bytes()], |cells| {
                Ok((cells.get()?, cells.get()?))
            })?;
        Ok(found.is_some_and(|(seen_at, lapse)| is_alive(seen_at, lapse, at.as_microsecond())))
    }

    fn claims(&self, sort: &str, at: Timestamp) -> Result<Vec<Claim>, LedgerError> {
        let at = at.as_microsecond();
        self.all(
            "SELECT c.name, c.member, c.until, m.seen_at, m.lapse FROM claims AS c JOIN members AS m ON m.id = c.member
             WHERE c.sort = ?1 ORDER BY c.name",
            params![sort],
            |cells| {
                let (name, member, until) = (cells.get()?, Uuid::from_bytes(cells.get()?), cells.get()?);
                let (seen_at, lapse) = (cells.get()?, cells.get()?);
                Ok(Claim { name, member, until, counts: at < until && is_alive(seen_at, lapse, at) })
            },
        )
    }

    fn write_claims(&self, sort: &str, claimant: Claimant, names: &str, at: Timestamp) -> Result<(), LedgerError> {
        self.sql(
            "INSERT INTO claims (sort, name, member, until)
             SELECT ?1, k.value, ?2, ?3 FROM json_each(?4) AS k WHERE true
             ON CONFLICT (sort, name) DO UPDATE SET member = excluded.member, until = excluded.until",
        )?
        .execute(params![
            sort,
            claimant.member.as_bytes(),
            later(at, claimant.lease).as_microsecond(),
            names
        ])?;
        Ok(())
    }

    fn latest_migration(&self) -> Result<i64, LedgerError> {
        let latest = self.first("SELECT max(number) FROM migrations", [], |cells| cells.get())?;
        latest.ok_or(LedgerError::Damaged("no migration is noted"))
    }
}

/// The empty text stands for error reports whose receiver is unknown, as in the outbox.
fn receiver(name: String) -> Option<String> {
    Some(name).filter(|name| !name.is_empty())
}

fn name(receiver: Option<&String>) -> &str {
    receiver.map(String::as_str).unwrap_or_default()
}

fn registers_json(registers: &BTreeMap<String, String>) -> Result<String, LedgerError> {
    serde_json::to_string(registers).map_err(|_| LedgerError::Unfit("versions of registers have no JSON form"))
}

fn member(cells: &mut Cells<'_, '_>) -> Result<Member, LedgerError> {
    let own = Introduction {
        id: Uuid::from_bytes(cells.get()?),
        name: cells.get()?,
        host: cells.get()?,
        process: cells.get()?,
        version: cells.get()?,
        registers: serde_json::from_str(cells.text()?)
            .map_err(|_| LedgerError::Damaged("the registers of a member are no JSON"))?,
        settings: cells.get()?,
        lapse: Duration::from_micros(cells.count()?),
    };
    Ok(Member {
        own,
        knows: cells.get()?,
        started_at: cells.moment()?,
        seen_at: cells.moment()?,
        receivers: 0,
        tasks: BTreeSet::new(),
    })
}
