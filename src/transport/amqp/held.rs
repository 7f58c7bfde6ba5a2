//! What a consumer holds in bytes, and what number of messages that allows. The broker bounds unacknowledged messages by
//! their number alone: 256 messages of 2 kB are nothing, of 25 MB they are six gigabytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes and messages that were handed over and are not recorded yet. Clones share the count.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    bytes: AtomicU64,
    messages: AtomicU64,
}

/// The place of one message. Dropped, it is free.
#[derive(Debug)]
pub(super) struct Room {
    held: Held,
    bytes: u64,
}

impl Held {
    /// A place for that many bytes, whatever there is already.
    pub(super) fn take(&self, bytes: u64) -> Room {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.0.messages.fetch_add(1, Ordering::Relaxed);
        Room { held: self.clone(), bytes }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn messages(&self) -> u64 {
        self.0.messages.load(Ordering::Relaxed)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.held.0.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.held.0.messages.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Sizes of the last messages, as many as the broker hands over at most.
#[derive(Debug)]
pub(super) struct Sizes {
    last: VecDeque<u64>,
    bytes: u64,
    most: u16,
}

impl Sizes {
    /// For a broker that hands over `most` messages at most.
    pub(super) fn new(most: u16) -> Sizes {
        Sizes { last: VecDeque::with_capacity(usize::from(most)), bytes: 0, most }
    }

    pub(super) fn note(&mut self, bytes: u64) {
        if self.last.len() >= usize::from(self.most)
            && let Some(oldest) = self.last.pop_front()
        {
            self.bytes -= oldest;
        }
        self.last.push_back(bytes);
        self.bytes += bytes;
    }

    /// How many messages as large as the largest of the last ones fit into a share, fewer than `now` and at least one.
    pub(super) fn fitting(&self, share: u64, now: u16) -> u16 {
        let largest = self.last.iter().copied().max().unwrap_or_default().max(1);
        let fit = u16::try_from(share / largest).unwrap_or(u16::MAX);
        fit.min(now.saturating_sub(1)).max(1)
    }

    /// Whether as many messages as the broker hands over at most would have fitted twice. Only a full row of them tells.
    pub(super) fn would_fit(&self, share: u64) -> bool {
        self.last.len() >= usize::from(self.most) && self.bytes <= share / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_when_it_is_dropped() {
        let held = Held::default();
        let (first, second) = (held.take(20), held.take(5));
        assert_eq!((held.bytes(), held.messages()), (25, 2));
        drop(first);
        assert_eq!((held.bytes(), held.messages()), (5, 1));
        drop(second);
        assert_eq!((held.bytes(), held.messages()), (0, 0));
    }

    #[test]
    fn large_messages_narrow_the_window_and_small_ones_widen_it() {
        let mut sizes = Sizes::new(4);
        sizes.note(20);
        assert_eq!(sizes.fitting(64, 4), 3);
        assert_eq!(sizes.fitting(64, 3), 2, "always fewer than now");
        assert_eq!(sizes.fitting(10, 4), 1, "at least one");
        for _ in 0..3 {
            sizes.note(1);
        }
        assert!(sizes.would_fit(46), "23 bytes fit twice into 46");
        assert!(!sizes.would_fit(45));
        sizes.note(1);
        assert!(sizes.would_fit(8), "the large one is long ago");
        assert!(!Sizes::new(4).would_fit(u64::MAX), "nothing came yet");
    }
}
