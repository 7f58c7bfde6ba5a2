//! Level 3: rules across messages, judged with the facts of the ledger.

crate::rules::rules! {}
