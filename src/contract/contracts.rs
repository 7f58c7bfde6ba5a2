//! The registers in force: one per region, found by municipality, with the policies that go with them.

use super::{Policies, Register};
use crate::message::Party;
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
