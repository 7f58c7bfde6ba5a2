//! Stopping in order: whoever holds a [`Shutdown`] stops taking work when it is requested, finishes what is in
//! progress, flushes and closes, and has until the deadline for that.

use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;

/// Requests the stop.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// Requests the stop; again does no harm.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Tells whether and when to stop. Clones see the same request.
#[derive(Debug, Clone)]
pub struct Shutdown {
    requested: watch::Receiver<bool>,
    deadline: Duration,
}

/// A pair: the one who requests the stop, and what all loops are given.
pub fn shutdown(deadline: Duration) -> (Trigger, Shutdown) {
    let (trigger, requested) = watch::channel(false);
    (Trigger(trigger), Shutdown { requested, deadline })
}

impl Shutdown {
    /// Whether the stop was requested.
    pub fn is_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Completes when the stop is requested, at once when it was.
    pub async fn requested(&self) {
        // A trigger that is gone can request nothing any more: then there is nobody left to run for either.
        let _ = self.requested.clone().wait_for(|requested| *requested).await;
    }

    /// How long work in progress gets to finish.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Waits, but not after the stop is requested. Tells whether the whole time went by.
    pub async fn sleep(&self, duration: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(duration) => true,
            () = self.requested() => false,
        }
    }

    /// Runs to the end, but no longer than the deadline after the stop is requested: then the work is dropped and the
    /// outcome is `None`.
    pub async fn within_deadline<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let late = async {
            self.requested().await;
            tokio::time::sleep(self.deadline).await;
        };
        tokio::select! {
            done = work => Some(done),
            () = late => None,
        }
    }

    /// Runs to the end unless the stop is requested first, and then `None`: only for work that may be dropped.
    pub async fn unless_requested<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.requested() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test]
    async fn work_gets_until_the_deadline_after_the_request() {
        let (trigger, stop) = shutdown(Duration::from_millis(50));
        assert_eq!(stop.within_deadline(async { 1 }).await, Some(1));
        assert!(stop.sleep(Duration::from_millis(1)).await);
        trigger.stop();
        assert!(stop.is_requested());
        assert!(!stop.sleep(Duration::from_hours(1)).await);
        assert_eq!(stop.unless_requested(pending::<()>()).await, None);
        assert_eq!(stop.within_deadline(pending::<()>()).await, None);
    }
}
