//! When a year, or the tail of care that ended, takes no more reservations; and what is then still open.
//!
//! Claims come in for a while after delivery: the norm `claim_lag_months`, per segment or for all. After that what is
//! left open is released. Of an allocation with one total for its whole duration it moves on to the next year instead,
//! as long as the allocation runs. Without the norm nothing is ever released by time. Claims that come all the same are
//! booked in the year of their period, and marked late.

use crate::contract::budget;
use crate::contract::facts::{ContractFacts, Stand};
use crate::contract::norms::{CLAIM_LAG_MONTHS, months};
use crate::contract::region::Region;
use crate::contract::register::Register;
use crate::decision::{Account, Posting, Slot};
use crate::message::{Date, Law, Party};
use crate::rules::Parties;
use crate::rules::facts::{Allocation, Delivery, Facts};
use std::collections::BTreeMap;

/// Whether claims over the year of an account are no longer waited for on `day`.
pub fn is_closed(region: &Region, account: &Account, day: Date) -> bool {
    is_over(region, &account.segment, budget::dec_last(account.year), day)
}

/// Whether claims over care until `last` are no longer waited for on `day`.
pub(in crate::contract) fn is_over(region: &Region, segment: &str, last: Date, day: Date) -> bool {
    let lag = region.norms.numbers.of_segment(&CLAIM_LAG_MONTHS, segment);
    lag.is_some_and(|lag| last.saturating_add(months(lag)) < day)
}

/// An allocation of which something is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Leftover {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// The version that counts.
    pub allocation: Allocation,
    /// What is booked of it.
    pub stands: BTreeMap<Slot, Stand>,
    /// Its starts and stops, deleted ones left out.
    pub deliveries: Vec<Delivery>,
}

/// What is to be booked of an allocation because time passed: what a closed year or the tail of ended care leaves is
/// released, an allocation without an end reserves in the year that began, and what was reserved per agreement before
/// there were accounts moves to its account. Nothing when all of that was done.
pub fn settle(register: &Register, today: Date, leftover: &Leftover) -> Vec<Posting> {
    let Leftover { law, gemeente, allocation, stands, deliveries } = leftover;
    let facts =
        ContractFacts { stands: BTreeMap::from([(allocation.nummer, stands.clone())]), ..ContractFacts::default() };
    let ledger = Facts {
        allocations: BTreeMap::from([(allocation.nummer, allocation.clone())]),
        deliveries: deliveries.clone(),
        ..Facts::default()
    };
    let parties = Parties { gemeente, aanbieder: &allocation.aanbieder };
    budget::settled((register, *law, parties, today), &facts, &ledger, allocation)
}
