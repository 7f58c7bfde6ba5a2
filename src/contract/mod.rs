//! The contract layer: what a region agreed with its providers, and what that says about a message.

pub mod facts;
mod fault;
pub mod region;
pub mod register;
mod table;
mod words;

pub use facts::{ContractFacts, ContractRequest};
pub use fault::RegisterFault;
pub use region::Region;
pub use register::{Register, load};
pub use table::Validity;
pub use words::{BrokenPeriods, ContractStatus, Model, ModelStatus, OnExceed, StepFamily};
