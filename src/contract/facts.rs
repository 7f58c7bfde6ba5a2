//! What the contract layer needs from the ledger: earlier allocations of the person, and the budgets as they stand.

use crate::decision::Slot;
use crate::message::{Bsn, Cents, Count};
use crate::rules::facts::Allocation;
use std::collections::{BTreeMap, BTreeSet};

/// Which facts the contract layer needs for a message, within its law and municipality.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractRequest {
    /// Person whose allocations at all providers are wanted (301).
    pub person: Option<Bsn>,
    /// Agreements whose consumption is wanted.
    pub agreements: BTreeSet<String>,
    /// Allocations of which is wanted what is booked.
    pub toewijzingen: BTreeSet<Count>,
}

/// The answer to a [`ContractRequest`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractFacts {
    /// Latest versions of all allocations of the person in this municipality and law, at any provider; not deleted
    /// ones; ordered by Ingangsdatum and number.
    pub allocations: Vec<Allocation>,
    /// Sum of all postings per agreement: what is realised or committed now (`consumption_hard`, funding section 3).
    pub consumption: BTreeMap<String, Cents>,
    /// What is booked of each allocation, by account and agreements.
    pub stands: BTreeMap<Count, BTreeMap<Slot, Stand>>,
    /// Realised per agreement, over all its allocations; signals leave it out for an agreement that has a consumption
    /// and no figure here.
    pub realised_total: BTreeMap<String, Cents>,
}

/// What is booked of one allocation on one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stand {
    /// Open reservation: reservations and releases together.
    pub open: Cents,
    /// Realised: debits minus credits.
    pub realised: Cents,
}
