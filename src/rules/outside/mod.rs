//! Level 4: rules against outside sources: the clock, the list of municipalities, the contract.

crate::rules::rules! { tr135 }
