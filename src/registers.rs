//! The registers of a running gateway: read at the start, looked at now and then, exchanged when they changed.
//!
//! A register with faults never takes the place of a good one: the gateway goes on with what it has and says so in
//! `/readyz`, in its metrics and in its log. At the start there is nothing to go on with, and a fault stops it: it never
//! judges by a version that nobody put in force.

use crate::clock::Clock;
use crate::config::Config;
use crate::contract::register::source::{Source, Stamp};
use crate::contract::register::store::Store;
use crate::contract::{Contracts, InForce, Policies, Register, RegisterFault};
use crate::delivery::without_bsn;
use crate::message::Party;
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::telemetry::events::{RegisterKept, RegisterLooked, RegisterReplaced};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Most faults that are told one by one.
pub const TOLD: usize = 10;

/// Policies and registers that a configuration names, or all that is wrong with them.
///
/// # Errors
/// One text for each fault, with its place.
pub fn load(config: &Config) -> Result<Contracts, Vec<String>> {
    let mut faults = Vec::new();
    let policies = policies(config, &mut faults);
    let mut contracts = Contracts::new(Vec::new(), policies);
    for (source, read) in read_all(config, &mut faults) {
        match read {
            Ok((register, _)) if contracts.has_region(&register.region.id) => {
                faults.push(format!("register {}: {}", source.place().display(), twice(&register.region.id)));
            }
            Ok((register, _)) => contracts = contracts.with(Arc::new(register)),
            Err(wrong) => {
                faults.extend(wrong.iter().map(|fault| format!("register {}: {fault}", source.place().display())));
                if matches!(source, Source::Stored { .. }) {
                    let remedy = "return to another version with `sluis contract import --back-to VERSION`";
                    faults.push(format!(
                        "register {}: the version in force is not fit; {remedy}",
                        source.place().display()
                    ));
                }
            }
        }
    }
    if faults.is_empty() { Ok(contracts) } else { Err(faults) }
}

/// What a source gave: its register with the moment since when it lies there, or its faults.
pub type Read = Result<(Register, Option<Timestamp>), Vec<RegisterFault>>;

/// Every register that a configuration names, read. What is wrong with the places themselves is added to `faults`.
pub fn read_all(config: &Config, faults: &mut Vec<String>) -> Vec<(Source, Read)> {
    let sources = sources(config).unwrap_or_else(|fault| {
        faults.push(fault);
        Vec::new()
    });
    if let (Some(store), []) = (&config.register_store, sources.as_slice()) {
        let place = store.display();
        faults.push(format!(
            "[contract] store {place}: no register is in it; put one there with `sluis contract import FOLDER`"
        ));
    }
    sources.into_iter().map(|source| (source.clone(), source.read())).collect()
}

/// Where the registers of a configuration come from.
fn sources(config: &Config) -> Result<Vec<Source>, String> {
    let mut sources: Vec<Source> = config.regions.iter().cloned().map(Source::Folder).collect();
    if let Some(root) = &config.register_store {
        let store = Store::at(root);
        let regions = store.regions().map_err(|error| format!("[contract] store: {error}"))?;
        sources.extend(regions.into_iter().map(|region| Source::Stored { store: store.clone(), region }));
    }
    Ok(sources)
}

fn policies(config: &Config, faults: &mut Vec<String>) -> Policies {
    let mut policies = Policies::default();
    for ((check, gemeente), word) in &config.policy {
        let gemeente = gemeente.as_deref().map(Party::from);
        if let Err(fault) = policies.set(check, gemeente.as_ref(), word) {
            faults.push(format!("[policy] {check}: {fault}"));
        }
    }
    policies
}

fn twice(region: &str) -> String {
    format!("region {region} comes from another place as well; keep one of the two in [contract]")
}

/// The registers that a gateway judges by, and how they stand.
pub struct Registers {
    in_force: InForce,
    config: Config,
    /// Held while the sources are read, which takes a while.
    slots: Mutex<Vec<Slot>>,
    /// Why the store could not be looked at the last time.
    blind: Mutex<Option<String>>,
    /// How they stood after the last look.
    states: Mutex<Vec<State>>,
    /// Since when registers are in use of which nothing else is known.
    started: Timestamp,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
    /// Rings when somebody wants the sources to be looked at now.
    asked: Notify,
}

/// What is known of one source.
struct Slot {
    source: Source,
    /// Region of the register that was taken from it.
    region: Option<String>,
    since: Option<Timestamp>,
    /// How the source looked the last time.
    seen: Option<Stamp>,
    /// How it looked when it was read.
    read: Option<Stamp>,
    refused: Option<Refused>,
}

impl Slot {
    fn of(source: Source) -> Slot {
        let region = match &source {
            Source::Folder(_) => None,
            Source::Stored { region, .. } => Some(region.clone()),
        };
        Slot { source, region, since: None, seen: None, read: None, refused: None }
    }
}

/// A register that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When it was read.
    pub at: Timestamp,
    /// Where it lies.
    pub place: String,
    /// How many faults it has.
    pub count: usize,
    /// The first of them, as a log may show them.
    pub first: Vec<String>,
}

/// How the register of a region stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Region.
    pub region: String,
    /// Version in force; `None` for a region of which no good register was found yet.
    pub version: Option<String>,
    /// Since when it is what lies in its place.
    pub since: Timestamp,
    /// What lies there now and was not taken.
    pub refused: Option<Refused>,
}

impl Registers {
    /// The registers that were read at the start, and the places to look at from now on.
    pub fn new(config: &Config, contracts: Contracts, clock: Arc<dyn Clock>, telemetry: &Telemetry) -> Registers {
        let registers = Registers {
            in_force: contracts.into(),
            config: config.clone(),
            slots: Mutex::default(),
            blind: Mutex::default(),
            states: Mutex::default(),
            started: clock.now(),
            clock,
            telemetry: telemetry.clone(),
            asked: Notify::new(),
        };
        let mut slots: Vec<Slot> = sources(config).unwrap_or_default().into_iter().map(Slot::of).collect();
        let at_start = registers.in_force.now();
        // `load` reads the sources in this order and gives all of their registers or none.
        if at_start.registers().len() == slots.len() {
            for (slot, register) in slots.iter_mut().zip(at_start.registers()) {
                slot.region = Some(register.region.id.clone());
                slot.since = slot.source.since();
            }
        }
        registers.show(&slots);
        *registers.slots.lock().unwrap_or_else(PoisonError::into_inner) = slots;
        registers
    }

    /// What is in force, for those who judge.
    pub fn in_force(&self) -> InForce {
        self.in_force.clone()
    }

    /// Asks for a look at every source now, whatever it looks like.
    pub fn look_now(&self) {
        self.asked.notify_one();
    }

    /// Looks at the sources until the stop.
    pub async fn keep(self: Arc<Self>, stop: Shutdown) {
        loop {
            let at_once = tokio::select! {
                more = stop.sleep(self.config.register_poll) => {
                    if !more {
                        return;
                    }
                    false
                }
                () = self.asked.notified() => true,
            };
            let own = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || own.look(at_once)).await {
                tracing::error!(%error, "looking at the registers broke off; the gateway goes on with what it has");
            }
        }
    }

    /// Looks at every source, and reads those that changed; with `at_once` all of them.
    pub fn look(&self, at_once: bool) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match sources(&self.config) {
            Ok(sources) => {
                for source in sources {
                    if !slots.iter().any(|slot| slot.source == source) {
                        slots.push(Slot::of(source));
                    }
                }
                self.tell_blind(None);
            }
            Err(error) => self.tell_blind(Some(error)),
        }
        for at in 0..slots.len() {
            self.look_at(&mut slots, at, at_once);
        }
        self.show(&slots);
    }

    /// One line when the store cannot be looked at, not one at every look.
    fn tell_blind(&self, error: Option<String>) {
        let mut blind = self.blind.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = error.as_ref().filter(|_| error != *blind) {
            tracing::warn!(
                error,
                "the registers cannot be looked at; the gateway goes on with what it has and tries again"
            );
        }
        *blind = error;
    }

    fn look_at(&self, slots: &mut [Slot], at: usize, at_once: bool) {
        let slot = &mut slots[at];
        let stamp = slot.source.look();
        if slot.read.as_ref() == Some(&stamp) && !at_once {
            return;
        }
        // Files that are copied one after another are read when nothing moved between two looks.
        let is_settled = slot.source.appears_at_once() || slot.seen.as_ref() == Some(&stamp);
        slot.seen = Some(stamp.clone());
        if !is_settled && !at_once {
            return;
        }
        let read = slot.source.read();
        if slot.source.look() != stamp {
            // Who asked for a look now is not to wait for the next one.
            if at_once {
                self.look_now();
            }
            return;
        }
        slot.read = Some(stamp);
        let fit = read.and_then(|(register, since)| match misfit(slots, at, &register) {
            Some(fault) => Err(vec![fault]),
            None => Ok((register, since)),
        });
        let slot = &mut slots[at];
        match fit {
            Ok((register, since)) => self.take(slot, register, since),
            Err(faults) => self.refuse(slot, &faults),
        }
    }

    fn take(&self, slot: &mut Slot, register: Register, since: Option<Timestamp>) {
        let contracts = self.in_force.now();
        let region = register.region.id.clone();
        let before = contracts.registers().iter().find(|known| known.region.id == region);
        let before = before.map(|known| known.version.clone());
        let was_refused = slot.refused.take().is_some();
        slot.region = Some(region.clone());
        slot.since = since;
        if before.as_deref() == Some(register.version.as_str()) {
            RegisterLooked { region: &region, version: &register.version, was_refused }.emit(&self.telemetry);
            return;
        }
        let version = register.version.clone();
        self.in_force.exchange(contracts.with(Arc::new(register)));
        let before = before.as_deref();
        RegisterReplaced { region: &region, before, version: &version }.emit(&self.telemetry);
    }

    fn refuse(&self, slot: &mut Slot, faults: &[RegisterFault]) {
        let place = slot.source.place().display().to_string();
        let first: Vec<String> = faults.iter().take(TOLD).map(|fault| without_bsn(&fault.to_string())).collect();
        let region = slot.region.as_deref().unwrap_or("unknown");
        let in_force = self.in_force.now();
        let kept = in_force.registers().iter().find(|known| known.region.id == region);
        RegisterKept {
            region,
            place: &place,
            kept: kept.map_or("none", |register| register.version.as_str()),
            faults: faults.len(),
            first: first.first().map_or("", String::as_str),
        }
        .emit(&self.telemetry);
        slot.refused = Some(Refused { at: self.clock.now(), place, count: faults.len(), first });
    }

    /// How every register stands, by region.
    pub fn states(&self) -> Vec<State> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn states_of(&self, slots: &[Slot]) -> Vec<State> {
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        for register in self.in_force.now().registers() {
            let (region, version) = (register.region.id.clone(), Some(register.version.clone()));
            states.insert(region.clone(), State { region, version, since: self.started, refused: None });
        }
        for slot in slots {
            let Some(region) = slot.region.clone().or_else(|| slot.refused.as_ref().map(|told| told.place.clone()))
            else {
                continue;
            };
            let state = states.entry(region.clone()).or_insert(State {
                region,
                version: None,
                since: self.started,
                refused: None,
            });
            state.since = slot.since.unwrap_or(state.since);
            state.refused.clone_from(&slot.refused);
        }
        states.into_values().collect()
    }

    /// Tells `/readyz` how the registers stand. A refused one leaves the gateway ready: it has a good one.
    fn show(&self, slots: &[Slot]) {
        let states = self.states_of(slots);
        (*self.states.lock().unwrap_or_else(PoisonError::into_inner)).clone_from(&states);
        let states: Vec<serde_json::Value> = states
            .into_iter()
            .map(|state| {
                let mut shown = json!({
                    "region": state.region,
                    "version": state.version,
                    "since": state.since.to_string(),
                });
                if let Some(refused) = state.refused {
                    shown["refused"] = json!({
                        "at": refused.at.to_string(),
                        "place": refused.place,
                        "faults": refused.count,
                        "first": refused.first,
                    });
                }
                shown
            })
            .collect();
        if !states.is_empty() {
            self.telemetry.set_detail("registers", states.into());
        }
    }
}

/// Why a good register cannot be used in this place.
fn misfit(slots: &[Slot], at: usize, register: &Register) -> Option<RegisterFault> {
    let id = &register.region.id;
    if let Some(was) = slots[at].region.as_ref().filter(|was| *was != id) {
        let remedy = "a running gateway keeps the region of a place: restart it, or restore region.id";
        return Some(RegisterFault::of_file("region.toml", format!("region {was} became {id}"), remedy));
    }
    let elsewhere = slots.iter().enumerate().any(|(other, slot)| other != at && slot.region.as_ref() == Some(id));
    let fault = || RegisterFault::of_file("region.toml", "the same region twice", twice(id));
    elsewhere.then(fault)
}

impl State {
    /// How long the register lies in its place.
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.since)).unwrap_or_default()
    }
}
