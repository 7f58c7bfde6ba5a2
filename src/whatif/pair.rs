//! The same thing under both configurations.

use crate::message::Cents;
use serde::Serialize;

/// Something under the old and under the new configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pair<T> {
    /// Under the configuration that is compared with (`--against`).
    pub old: T,
    /// Under the configuration that is tried (`--config`).
    pub new: T,
}

impl<T> Pair<T> {
    /// Both, as seen by a function.
    pub fn map<U>(self, mut function: impl FnMut(T) -> U) -> Pair<U> {
        Pair { old: function(self.old), new: function(self.new) }
    }

    /// Both, borrowed.
    pub fn as_ref(&self) -> Pair<&T> {
        Pair { old: &self.old, new: &self.new }
    }

    /// Both, side by side with those of another pair.
    pub fn zip<U>(self, other: Pair<U>) -> Pair<(T, U)> {
        Pair { old: (self.old, other.old), new: (self.new, other.new) }
    }
}

impl<T: PartialEq> Pair<T> {
    /// Whether the two are not the same.
    pub fn differs(&self) -> bool {
        self.old != self.new
    }
}

impl Pair<Cents> {
    /// What the new has more than the old; negative when it has less.
    pub fn difference(self) -> Cents {
        Cents(self.new.0.saturating_sub(self.old.0))
    }

    pub(super) fn add(&mut self, more: Pair<Cents>) {
        add(&mut self.old, more.old);
        add(&mut self.new, more.new);
    }
}

impl Pair<u64> {
    /// Counts each side for which something holds.
    pub(super) fn count(&mut self, holds: Pair<bool>) {
        self.old += u64::from(holds.old);
        self.new += u64::from(holds.new);
    }
}

/// Adds an amount. Sums of an archive do not come near the ends of 64 bits; a hostile one does not turn them around.
pub(super) fn add(sum: &mut Cents, more: Cents) {
    sum.0 = sum.0.saturating_add(more.0);
}

/// The sum of amounts.
pub(super) fn sum<'a>(amounts: impl IntoIterator<Item = &'a Cents>) -> Cents {
    let mut total = Cents(0);
    amounts.into_iter().for_each(|cents| add(&mut total, *cents));
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_stop_at_their_ends() {
        let mut pair = Pair { old: Cents(i64::MAX), new: Cents(-5) };
        pair.add(Pair { old: Cents(1), new: Cents(2) });
        assert_eq!(pair, Pair { old: Cents(i64::MAX), new: Cents(-3) });
        assert_eq!(pair.difference(), Cents(i64::MIN), "there is nothing lower");
        assert_eq!(Pair { old: Cents(100), new: Cents(40) }.difference(), Cents(-60));
        assert_eq!(sum(&[]), Cents(0));
    }
}
