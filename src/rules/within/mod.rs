//! Level 2: rules within one message. Any failure rejects the message with 0001.

crate::rules::rules! {}
