//! Level 2: rules within one message. Any failure rejects the message with 0001.
//!
//! A finding names the element to which the standard attaches the rule, also when that element is missing.

mod helpers;
mod provision;

crate::rules::rules! {
    cd005, cd007, cd009, cd025, cd034, cd041, cd060, cd075, cd076, cd077, cd078, cd079, cd080, cd087,
    cs002, cs003, cs015, cs025, cs050, cs058, cs089, cs100, cs139, cs318, cs319, cs325, cs335, cs336, cs337, cs338,
    cs339, cs340,
    tr002, tr006, tr061, tr101, tr134, tr137, tr302, tr315, tr316, tr335, tr342, tr358, tr416,
}

#[cfg(test)]
mod tests;
