//! The registers in force: one per region, found by municipality, with the policies that go with them.

use super::{Policies, Region, Register};
use crate::message::{Date, Party};
use std::sync::{Arc, PoisonError, RwLock};

/// All regions of a gateway.
#[derive(Debug, Clone, Default)]
pub struct Contracts {
    registers: Vec<Arc<Register>>,
    /// What to do about concerns of the contract layer.
    pub policies: Arc<Policies>,
}

impl Contracts {
    /// These registers under these policies.
    pub fn new(registers: Vec<Arc<Register>>, policies: Policies) -> Contracts {
        Contracts { registers, policies: Arc::new(policies) }
    }

    /// The register of the region that a municipality belongs to.
    pub fn register_for(&self, gemeente: &Party) -> Option<Arc<Register>> {
        self.registers.iter().find(|register| register.region.has(gemeente)).cloned()
    }

    /// Whether there is a register of that region.
    pub fn has_region(&self, id: &str) -> bool {
        self.registers.iter().any(|register| register.region.id == id)
    }

    /// All registers.
    pub fn registers(&self) -> &[Arc<Register>] {
        &self.registers
    }

    /// The same with this register instead of that of its region, or beside the others when its region is new.
    #[must_use]
    pub fn with(&self, register: Arc<Register>) -> Contracts {
        let mut registers = self.registers.clone();
        match registers.iter_mut().find(|known| known.region.id == register.region.id) {
            Some(known) => *known = register,
            None => registers.push(register),
        }
        Contracts { registers, policies: Arc::clone(&self.policies) }
    }
}

/// The contracts as they are now, for everybody who judges. They are exchanged as a whole: who took them keeps what
/// was in force then, so that one message is judged by one version.
#[derive(Debug, Clone, Default)]
pub struct InForce(Arc<RwLock<Arc<Contracts>>>);

impl InForce {
    /// What is in force at this moment. Take it once for a message.
    pub fn now(&self) -> Arc<Contracts> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on these are in force.
    pub fn exchange(&self, contracts: Contracts) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(contracts);
    }
}

impl From<Contracts> for InForce {
    fn from(contracts: Contracts) -> InForce {
        InForce(Arc::new(RwLock::new(Arc::new(contracts))))
    }
}

impl Region {
    /// Whether a municipality belongs to the region.
    pub fn has(&self, gemeente: &Party) -> bool {
        self.municipalities.contains_key(gemeente)
    }
}

impl Register {
    /// Days until the last budget agreement ends; negative when all have. `None` without agreements.
    pub fn days_left(&self, today: Date) -> Option<i32> {
        let last = self.agreements().map(|agreement| agreement.to).max()?;
        Some((last - today).get_days())
    }
}
