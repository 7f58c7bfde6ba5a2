//! The registers in force: one per region, found by municipality, with the policies that go with them.

use super::{Policies, Region, Register};
use crate::message::{Date, Party};
use std::sync::Arc;

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

    /// All registers.
    pub fn registers(&self) -> &[Arc<Register>] {
        &self.registers
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
