//! The contract layer: what a region agreed with its providers, and what that says about a message.

pub mod answer;
mod assess;
pub mod budget;
pub mod catalogue;
pub mod check;
mod checks;
mod contracts;
pub mod ending;
pub mod facts;
mod fault;
pub mod households;
pub mod money;
pub mod norms;
mod policy;
pub mod region;
pub mod register;
pub mod survey;
mod table;
pub mod value;
mod words;

pub use assess::{Advice, Assessment, assess, look_over, request};
pub use check::{CheckInfo, Run};
pub use contracts::{Contracts, InForce};
pub use facts::{ContractFacts, ContractRequest, Stand};
pub use fault::RegisterFault;
pub use policy::{Policies, Policy};
pub use region::Region;
pub use register::{Register, load};
pub use table::Validity;
pub use words::{BrokenPeriods, ContractStatus, Flag, Model, ModelStatus, OnExceed, StepFamily};
