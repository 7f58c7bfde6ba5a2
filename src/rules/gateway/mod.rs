//! The gateway's own rules: that a reply answers a question which waits for it, and comes from who owes it. They are
//! none of the rules of the standard, which leaves the linking of replies to the process (replies, section 4), and have
//! no return codes: nothing answers a reply, so its sender gets an error report.

crate::rules::rules! { sl001, sl002, sl003 }
