//! Level 4: rules against outside sources: the clock, the list of municipalities, the contract.

mod gemeenten;

pub(crate) use gemeenten::last_day_of_gemeente;

crate::rules::rules! { tr135, tr346, tr378, tr381 }
