//! Level 4: rules against outside sources: the clock, the list of municipalities, the contract.

mod gemeenten;

crate::rules::rules! { tr135, tr346, tr378, tr381 }
