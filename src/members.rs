//! Several gateways on one ledger: who is there, who delivers to whom, who looks after what happens once, and who takes
//! from which queue.
//!
//! A gateway registers in the ledger when it starts and tells every few seconds that it lives. Whoever was not heard of
//! for its `lapse` counts as gone; the others take over what it had. One that finds itself counted as gone, because its
//! process stood still or the ledger was out of reach, takes nothing until it has registered anew under another id.
//!
//! None of this decides what is right: what must happen once is made so in the jobs of the ledger, and what may be sent
//! twice has one id (`docs/decisions/0011`). It decides who does the work, so that it is rarely done twice in vain.

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::contract::{Contracts, InForce};
use crate::delivery::breaker::{Rules, Step};
use crate::delivery::outbox::{self, Due, Outbox, OutboxError, Settlement};
use crate::ledger::{Beat, Claimant, Introduction, Ledger, LedgerError, Member, Share};
use crate::shutdown::Shutdown;
use crate::telemetry::{Component, Figure, Metric, Telemetry};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

/// Signs of life in a row that must tell of the same members before a gateway stands by for the queues of others:
/// whoever is to let go of a queue has done so by then.
const SETTLED: u32 = 2;
/// How long giving up everything at the end may take. Whoever does not manage it is gone after its lapse all the same.
const GOODBYE: Duration = Duration::from_secs(2);

// What follows from who is there: plain functions.

/// Which of the members takes from a queue: the one with the highest score for it (rendezvous hashing). When a member
/// joins or leaves, only queues that it gets or had change hands. `None` without members.
pub fn owner<'m>(queue: &str, members: impl IntoIterator<Item = &'m Uuid>) -> Option<Uuid> {
    members.into_iter().copied().max_by_key(|member| (score(queue, *member), *member))
}

/// The queues that a member is to take from.
pub fn own_share(member: Uuid, members: &BTreeSet<Uuid>, queues: &BTreeSet<String>) -> BTreeSet<String> {
    queues.iter().filter(|queue| owner(queue, members) == Some(member)).cloned().collect()
}

fn score(queue: &str, member: Uuid) -> [u8; 32] {
    Sha256::new().chain_update(member.as_bytes()).chain_update(queue).finalize().into()
}

/// In what the members differ though they should not, in sentences with what to do; sorted.
pub fn differences(members: &[Member]) -> Vec<String> {
    let mut found = Vec::new();
    for (region, versions) in versions(members) {
        if versions.len() > 1 {
            let versions: Vec<&str> = versions.into_iter().collect();
            found.push(format!(
                "register {region} is in force in different versions ({}): the verdict on a message depends on who judges \
                 it; let all gateways look at the same store",
                versions.join(", ")
            ));
        }
    }
    let distinct = |what: fn(&Member) -> String| members.iter().map(what).collect::<BTreeSet<String>>();
    let programs = distinct(|member| member.own.version.clone());
    if programs.len() > 1 {
        let programs: Vec<String> = programs.into_iter().collect();
        found.push(format!(
            "the gateways run different versions of the program ({}): finish the upgrade",
            programs.join(", ")
        ));
    } else if distinct(|member| member.own.settings.clone()).len() > 1 {
        found.push(
            "the gateways judge or route by different settings: compare `sluis config show` of each; [gateway] name, \
             [limits], [replies], [policy], [waiting_room], [retention], [delivery] default and the back offices must be the \
             same"
                .to_owned(),
        );
    }
    found
}

/// Versions of each register in force among the members.
fn versions(members: &[Member]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (region, version) in members.iter().flat_map(|member| &member.own.registers) {
        versions.entry(region).or_default().insert(version);
    }
    versions
}

/// A digest of the settings that must be the same in all gateways of a ledger.
pub fn digest_of_settings(config: &Config) -> String {
    let Config { gateway, limits, unknown_question, policy, back_offices, delivery, waiting_room, retention, .. } =
        config;
    let offices: Vec<&String> = back_offices.keys().collect();
    let mut text = String::new();
    write!(
        text,
        "{} {limits:?} {unknown_question:?} {policy:?} {offices:?} {:?} {waiting_room:?} {retention:?}",
        gateway.name, delivery.default
    )
    .expect("writing to a String does not fail");
    hex::encode(&Sha256::digest(text)[..4])
}

/// The name of this machine.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

// The member that this gateway is.

/// What a gateway tells the others of itself, apart from what changes with each registration.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Name of the gateway.
    pub name: String,
    /// Digest of its settings, see [`digest_of_settings`].
    pub settings: String,
    /// Queues that the gateways share.
    pub queues: BTreeSet<String>,
    /// Whether the broker gives a queue to one consumer at a time: then others may stand by for it.
    pub may_stand_by: bool,
    /// How often it tells that it lives.
    pub heartbeat: Duration,
    /// After how long silence it counts as gone.
    pub lapse: Duration,
}

impl Profile {
    /// As the configuration has it.
    pub fn of(config: &Config, queues: BTreeSet<String>, may_stand_by: bool) -> Profile {
        let config::Gateway { name, heartbeat, lapse } = &config.gateway;
        Profile {
            name: name.clone(),
            settings: digest_of_settings(config),
            queues,
            may_stand_by,
            heartbeat: *heartbeat,
            lapse: *lapse,
        }
    }
}

/// This gateway as a member.
pub struct Membership {
    profile: Profile,
    ledger: Ledger,
    contracts: InForce,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
    component: Component,
    standing: Mutex<Standing>,
    share: watch::Sender<BTreeSet<String>>,
}

/// How the gateway stands among the others.
#[derive(Debug)]
struct Standing {
    /// Its id; `None` before it registered and after it left.
    id: Option<Uuid>,
    /// When its last sign of life was on its way to the ledger. So by this clock the lapse is never over later than by
    /// that of the ledger.
    since: Instant,
    /// Who is there.
    members: Vec<Member>,
    /// How often in a row it were these.
    unchanged: u32,
    /// What was told of differences.
    told: Vec<String>,
    /// Whether it was told that the schema of the ledger is newer.
    told_newer: bool,
}

impl Membership {
    /// Registers this gateway.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn join(
        profile: Profile,
        ledger: Ledger,
        contracts: InForce,
        clock: Arc<dyn Clock>,
        telemetry: &Telemetry,
    ) -> Result<Arc<Membership>, LedgerError> {
        let standing = Standing {
            id: None,
            since: Instant::now(),
            members: Vec::new(),
            unchanged: 0,
            told: Vec::new(),
            told_newer: false,
        };
        let membership = Membership {
            profile,
            ledger,
            contracts,
            clock,
            telemetry: telemetry.clone(),
            component: telemetry.component("members"),
            standing: Mutex::new(standing),
            share: watch::Sender::default(),
        };
        membership.register().await?;
        Ok(Arc::new(membership))
    }

    /// Tells that the gateway lives, until the stop; then it gives up everything that it has, so that the others need
    /// not wait for its lapse.
    pub async fn keep(self: Arc<Self>, stop: Shutdown) {
        while stop.sleep(self.profile.heartbeat).await {
            self.look().await;
        }
        self.leave().await;
    }

    /// Tells that the gateway lives and learns who else does; registers anew when it counted as gone.
    pub async fn look(&self) {
        if let Err(error) = self.beat().await {
            tracing::debug!(%error, "a sign of life did not reach the ledger");
            if !self.is_in_good_standing() {
                // The others take over by now. What is still in work here is recorded, or is done by them.
                self.share.send_replace(BTreeSet::new());
                self.component.down(&error.to_string());
            }
        }
    }

    async fn beat(&self) -> Result<(), LedgerError> {
        let Some(id) = self.id() else { return self.register().await };
        let (asked, now, registers) = (Instant::now(), self.clock.now(), self.registers());
        let beat = self
            .ledger
            .run(move |tx| {
                let at = tx.now_of_ledger(now)?;
                tx.beat(id, &registers, at)
            })
            .await?;
        if beat.known {
            self.note(id, asked, &beat);
            return Ok(());
        }
        tracing::warn!(
            member = %id,
            "this gateway was not heard of for too long and counts as gone: others have what it had; it registers anew"
        );
        self.lock().id = None;
        self.share.send_replace(BTreeSet::new());
        tell_lapsed(&beat.lapsed, id);
        self.register().await
    }

    async fn register(&self) -> Result<(), LedgerError> {
        let Profile { name, settings, lapse, .. } = self.profile.clone();
        let (id, asked, now, registers) = (Uuid::new_v4(), Instant::now(), self.clock.now(), self.registers());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let process = std::process::id();
        let own = Introduction { id, name, host: host(), process, version, registers, settings, lapse };
        let joined = self.ledger.run(move |tx| {
            let at = tx.now_of_ledger(now)?;
            tx.join(&own, at)?;
            tx.beat(own.id, &own.registers, at)
        });
        let beat = joined.await?;
        tracing::info!(member = %id, members = beat.members.len(), "joined the gateways on this ledger");
        self.note(id, asked, &beat);
        Ok(())
    }

    /// Takes in what a sign of life came to.
    fn note(&self, id: Uuid, asked: Instant, beat: &Beat) {
        tell_lapsed(&beat.lapsed, id);
        let mut standing = self.lock();
        let ids = |members: &[Member]| members.iter().map(|member| member.own.id).collect::<BTreeSet<Uuid>>();
        let (before, now) = (ids(&standing.members), ids(&beat.members));
        let known = |id: &Uuid| beat.members.iter().find(|member| member.own.id == *id);
        for other in now.difference(&before).filter(|other| **other != id).filter_map(known) {
            let Introduction { name, host, process, version, .. } = &other.own;
            tracing::info!(member = %other.own.id, name, host, process, version, "another gateway is on this ledger");
        }
        for other in before.difference(&now).filter(|other| **other != id) {
            tracing::info!(member = %other, "another gateway is not on this ledger any more");
        }
        standing.unchanged = if before == now { standing.unchanged.saturating_add(1) } else { 0 };
        standing.id = Some(id);
        standing.since = asked;
        standing.members.clone_from(&beat.members);
        let differences = differences(&beat.members);
        if differences != standing.told {
            for difference in &differences {
                tracing::warn!("the gateways on this ledger differ: {difference}");
            }
            standing.told.clone_from(&differences);
        }
        if beat.schema > crate::ledger::known_schema() && !standing.told_newer {
            standing.told_newer = true;
            tracing::warn!(
                schema = beat.schema,
                "the ledger was upgraded by a newer gateway: this one goes on, and cannot be started again; upgrade it"
            );
        }
        let settled = standing.unchanged >= SETTLED && self.profile.may_stand_by;
        drop(standing);
        let share = if settled { self.profile.queues.clone() } else { own_share(id, &now, &self.profile.queues) };
        self.share.send_if_modified(|current| {
            let is_other = *current != share;
            current.clone_from(&share);
            is_other
        });
        self.show(id, &beat.members, &differences);
        self.component.up();
    }

    /// What `/readyz` shows of the members.
    fn show(&self, id: Uuid, members: &[Member], differences: &[String]) {
        let members: Vec<serde_json::Value> = members
            .iter()
            .map(|member| {
                json!({
                    "id": member.own.id.to_string(),
                    "name": member.own.name,
                    "host": member.own.host,
                    "version": member.own.version,
                    "self": member.own.id == id,
                })
            })
            .collect();
        self.telemetry.set_detail("members", members.into());
        self.telemetry.set_detail("members_differ", differences.into());
    }

    /// Gives up everything: another gateway may take it at once.
    pub async fn leave(&self) {
        self.component.stopped();
        self.share.send_replace(BTreeSet::new());
        let Some(id) = self.lock().id.take() else { return };
        match tokio::time::timeout(GOODBYE, self.ledger.run(move |tx| tx.leave(id))).await {
            Ok(Ok(())) => tracing::info!(member = %id, "left the gateways on this ledger"),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the ledger was not told of the leave: the others wait for the lapse");
            }
            Err(_) => tracing::warn!("the ledger was not told of the leave in time: the others wait for the lapse"),
        }
    }

    /// The queues to take from at the moment. Whoever takes from one that is not among them any more finishes what it
    /// has in work and lets go of it.
    pub fn share(&self) -> watch::Receiver<BTreeSet<String>> {
        self.share.subscribe()
    }

    /// The id of this gateway; `None` after it left, and while it has to register anew.
    pub fn id(&self) -> Option<Uuid> {
        self.lock().id
    }

    /// Whether the others take this gateway for alive, as far as it can tell without asking.
    pub fn is_in_good_standing(&self) -> bool {
        let standing = self.lock();
        standing.id.is_some() && standing.since.elapsed() < self.profile.lapse
    }

    /// Who is there, as of the last sign of life.
    pub fn members(&self) -> Vec<Member> {
        self.lock().members.clone()
    }

    /// The outbox of the ledger for the relay of this gateway.
    pub fn outbox(self: &Arc<Self>) -> SharedOutbox {
        SharedOutbox { membership: Arc::clone(self), claimed: Mutex::default() }
    }

    fn claimant(&self) -> Option<Claimant> {
        Some(Claimant { member: self.id()?, lease: self.profile.lapse })
    }

    fn registers(&self) -> BTreeMap<String, String> {
        let contracts = self.contracts.now();
        let registers = contracts.registers().iter();
        registers.map(|register| (register.region.id.clone(), register.version.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_lapsed(lapsed: &[Member], own: Uuid) {
    for member in lapsed.iter().filter(|member| member.own.id != own) {
        let Introduction { id, name, host, process, .. } = &member.own;
        tracing::warn!(
            member = %id, name, host, process, receivers = member.receivers,
            "a gateway was not heard of for too long and counts as gone; the others take over"
        );
    }
}

/// Figures on the members, for the metrics.
pub fn figures(members: &[Member]) -> Vec<Figure> {
    let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let mut figures = vec![(Metric::Members, Vec::new(), count(members.len()))];
    for (region, versions) in versions(members) {
        figures.push((Metric::RegisterVersions, vec![region.to_owned()], count(versions.len())));
    }
    figures
}

/// The same figures for a gateway whose ledger is its own.
pub fn figures_of_one(contracts: &Contracts) -> Vec<Figure> {
    let versions = contracts.registers().iter().map(|register| {
        let region = register.region.id.clone();
        (Metric::RegisterVersions, vec![region], 1.0)
    });
    std::iter::once((Metric::Members, Vec::new(), 1.0)).chain(versions).collect()
}

// What happens once.

/// Who looks after tasks of the ledger as a whole: the daily survey, the daily postings.
#[derive(Clone)]
pub enum Tasks {
    /// This gateway, because the ledger is its own.
    Own,
    /// One of several.
    Shared(Arc<Membership>),
}

impl Tasks {
    /// Whether a task is this gateway's at the moment, and stays so for `lease` unless it is gone before. A gateway that
    /// asks in time keeps its task.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn are_mine(&self, task: &'static str, lease: Duration) -> Result<bool, LedgerError> {
        let Tasks::Shared(membership) = self else { return Ok(true) };
        let Some(claimant) = membership.claimant() else { return Ok(false) };
        let (claimant, now) = (Claimant { lease, ..claimant }, membership.clock.now());
        membership.ledger.run(move |tx| tx.claim_task(claimant, task, tx.now_of_ledger(now)?)).await
    }
}

// What leaves.

/// The outbox of a ledger that several gateways share: what is to leave for a receiver is one gateway's at a time.
///
/// Claims are made in the job that fetches rows, prolonged while the rows are delivered, and given up when nothing is
/// due for the receiver any more, when the gateway stops, and when it is gone.
pub struct SharedOutbox {
    membership: Arc<Membership>,
    /// Receivers that rows may be sent to: by this member, until that moment.
    claimed: Mutex<BTreeMap<Option<String>, (Uuid, Instant)>>,
}

impl SharedOutbox {
    /// Counted from when the question was on its way, so that a claim is never over later here than in the ledger.
    fn note(&self, member: Uuid, asked: Instant, share: &Share) {
        let until = |left: &Duration| (member, asked.checked_add(*left).unwrap_or(asked));
        let claimed = share.receivers.iter().map(|(receiver, left)| (receiver.clone(), until(left))).collect();
        *self.claimed.lock().unwrap_or_else(PoisonError::into_inner) = claimed;
    }
}

impl Outbox for SharedOutbox {
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        self.due_except(now, limit, Vec::new())
    }

    fn due_except(
        &self,
        now: Timestamp,
        limit: usize,
        busy: Vec<Option<String>>,
    ) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        Box::pin(async move {
            let gone = || OutboxError("this gateway counts as gone and has to register anew".to_owned());
            let claimant = self.membership.claimant().ok_or_else(gone)?;
            let (asked, own_now) = (Instant::now(), self.membership.clock.now());
            let share = self
                .membership
                .ledger
                .run(move |tx| {
                    let at = tx.now_of_ledger(own_now)?;
                    tx.due_for(claimant, at, now, limit, &busy)
                })
                .await;
            let share = share.map_err(|error| OutboxError(error.to_string()))?.ok_or_else(gone)?;
            self.note(claimant.member, asked, &share);
            Ok(share.rows)
        })
    }

    fn holds(&self, receiver: &Option<String>) -> bool {
        let claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        claimed
            .get(receiver)
            .is_some_and(|(member, until)| Some(*member) == self.membership.id() && Instant::now() < *until)
    }

    /// Also for rows whose claim was lost meanwhile: the delivery has happened, and who knows of it need not repeat it.
    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<(), OutboxError>> {
        self.membership.ledger.settle(settlements)
    }

    fn breakers(
        &self,
        steps: Vec<Step>,
        now: Timestamp,
        rules: Rules,
    ) -> BoxFuture<'_, Result<outbox::Standing, OutboxError>> {
        self.membership.ledger.breakers(steps, now, rules)
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.membership.ledger.changed()
    }
}
