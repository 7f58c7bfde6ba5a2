//! Which components work. A component that is lost writes one line, and one when it is back, however often it is
//! tried in between.

use super::events::{ComponentBack, ComponentLost, ComponentReady};
use super::{Metric, Telemetry};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// State of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentState {
    /// Whether it works.
    pub up: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Since when it is lost; `None` when it works or never did.
    lost: Option<Instant>,
    /// Whether the loss was told.
    told: bool,
}

#[derive(Debug, Default)]
pub(super) struct Health {
    components: Mutex<BTreeMap<String, ComponentState>>,
    details: Mutex<BTreeMap<String, serde_json::Value>>,
}

impl Health {
    pub(super) fn states(&self) -> BTreeMap<String, ComponentState> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, ComponentState>> {
        self.components.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn details(&self) -> MutexGuard<'_, BTreeMap<String, serde_json::Value>> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handle of a component, for whoever knows whether it works.
#[derive(Debug, Clone)]
pub struct Component {
    telemetry: Telemetry,
    name: String,
}

impl Component {
    pub(super) fn new(telemetry: Telemetry, name: &str) -> Component {
        let starting = ComponentState { up: false, reason: Some("starting".to_owned()), lost: None, told: false };
        telemetry.0.health.lock().entry(name.to_owned()).or_insert(starting);
        telemetry.set(Metric::ComponentUp, &[name], 0.0);
        telemetry.count(Metric::ComponentLosses, &[name], 0);
        Component { telemetry, name: name.to_owned() }
    }

    /// It works.
    pub fn up(&self) {
        let working = ComponentState { up: true, reason: None, lost: None, told: false };
        let before = self.telemetry.0.health.lock().insert(self.name.clone(), working);
        self.telemetry.set(Metric::ComponentUp, &[&self.name], 1.0);
        match before {
            Some(ComponentState { up: true, .. }) => {}
            Some(ComponentState { told: true, lost, .. }) => {
                let lost_for = lost.map(|lost| lost.elapsed()).unwrap_or_default();
                ComponentBack { component: &self.name, lost_for }.emit();
            }
            Some(_) | None => ComponentReady { component: &self.name }.emit(),
        }
    }

    /// It does not work, and why: one line at the loss, also when it never worked.
    pub fn down(&self, reason: &str) {
        let tell = {
            let mut states = self.telemetry.0.health.lock();
            let before = states.get(&self.name);
            let lost = before.and_then(|state| state.lost).unwrap_or_else(Instant::now);
            let tell = !before.is_some_and(|state| state.told);
            let state = ComponentState { up: false, reason: Some(reason.to_owned()), lost: Some(lost), told: true };
            states.insert(self.name.clone(), state);
            tell
        };
        self.telemetry.set(Metric::ComponentUp, &[&self.name], 0.0);
        if tell {
            ComponentLost { component: &self.name, reason }.emit(&self.telemetry);
        }
    }

    /// It does not work because it was asked to stop: no line.
    pub fn stopped(&self) {
        let state = ComponentState { up: false, reason: Some("stopped".to_owned()), lost: None, told: false };
        self.telemetry.0.health.lock().insert(self.name.clone(), state);
        self.telemetry.set(Metric::ComponentUp, &[&self.name], 0.0);
    }
}
