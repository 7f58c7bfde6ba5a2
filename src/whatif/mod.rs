//! What-if: what two configurations make of the same messages, side by side.
//!
//! Pure, like the core: it is given what each side decided on a message and says what differs, message by message, and
//! in total by rule, check, provider, segment, municipality and agreement. It keeps totals and, of messages that were
//! decided differently, how later messages may name them; so an archive of any length passes through. It judges
//! nothing, and it does not know which side is better. The page for users is `docs/what-if.md`.

mod budgets;
mod chain;
mod comparison;
mod difference;
mod outcome;
mod pair;
mod subject;
mod table;
mod totals;

pub use chain::First;
pub use comparison::{Change, Comparison, Summary};
pub use difference::{Difference, LineDifference, Only, PostingDifference};
pub use outcome::{Broken, Flag, Leaving, Outcome};
pub use pair::Pair;
pub use subject::{Line, Name, Subject};
pub use table::{Cell, Column, Row, Table};
