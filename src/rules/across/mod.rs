//! Level 3: rules across messages, judged with the facts of the ledger.

mod deliveries;
pub(super) mod helpers;
mod wijziging;

crate::rules::rules! {
    tr019, tr056, tr063, tr071, tr074, tr304, tr307, tr308, tr314, tr318, tr319, tr321, tr322, tr323, tr326, tr332,
    tr333, tr337, tr338, tr339, tr340, tr341, tr347, tr349, tr350, tr351, tr355, tr357, tr359, tr360, tr361, tr365, tr366, tr367, tr369, tr371, tr373, tr374, tr375, tr376, tr379, tr382, tr384, tr385, tr387, tr388, tr389, tr390, tr411, tr412, tr413, tr414, tr415, tr418
}

#[cfg(test)]
mod extremes;
