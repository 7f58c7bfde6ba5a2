//! Level 3: rules across messages, judged with the facts of the ledger.

pub(super) mod helpers;

crate::rules::rules! {
    tr019, tr056, tr063, tr071, tr074, tr304, tr307, tr308, tr314, tr318, tr319, tr321, tr322, tr323, tr326, tr332,
    tr333, tr337, tr338, tr339, tr340, tr341, tr366, tr367, tr369, tr371, tr376, tr384, tr385, tr387, tr388, tr389, tr390, tr418
}

#[cfg(test)]
mod extremes;
