//! Tests of the ledger from within.
