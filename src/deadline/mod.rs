//! Deadlines: Dutch public holidays, arithmetic in working days, and the terms that the standard sets.
//!
//! Everything here is a pure function of dates; nobody is told anything and nothing is looked up. Which message starts
//! which term is the business of [`crate::question`].

mod holidays;
mod terms;
mod working_days;

pub use holidays::{Holiday, easter_sunday, holiday};
pub use terms::{Debt, Length, Term, all, page};
pub(crate) use terms::{START, STOP};
pub use working_days::{is_working_day, working_days_after, working_days_late};
