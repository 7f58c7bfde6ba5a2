//! Level 2: rules within one message. Any failure rejects the message with 0001.
//!
//! A finding names the element to which the standard attaches the rule, also when that element is missing.

mod helpers;
mod provision;

crate::rules::rules! {
    cd005, cd007, cd009, cd025, cd034, cd041, cd043, cd060, cd066, cd067, cd068, cd075, cd076, cd077, cd078, cd079,
    cd080, cd085, cd086, cd087, cd095, cd096,
    cs002, cs003, cs015, cs025, cs050, cs058, cs089, cs100, cs139, cs318, cs319, cs325, cs335, cs336, cs337, cs338,
    cs339, cs340, cs343,
    tr002, tr006, tr018, tr061, tr101, tr134, tr137, tr302, tr315, tr316, tr335, tr342, tr352, tr353, tr358, tr377,
    tr380, tr383, tr386, tr409, tr410, tr416,
}

#[cfg(test)]
mod tests;
