//! Failpoints: named places on the way of a message where a test makes the program die, fail, wait or hang.
//!
//! They exist in builds with debug assertions only. In any other build nothing reads the environment, [`Tripped`] has
//! no value and passing a place is nothing at all: the file does not compile there otherwise, and a test looks into
//! the object code.
//!
//! `SLUIS_FAILPOINT` says what happens: `PLACE:PASSING=ACTION`, several separated by commas. The passing is a number
//! from 1 or a range such as `3-9`; the action is `abort` (as SIGKILL: nothing is flushed, nothing is told), `error`
//! (the place reports a failure of the world), `delay:500ms` or `hang`. `SLUIS_FAILPOINT_LOG` names a file that gets
//! one line per passing.

use std::fmt;

/// A place on the way of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failpoint {
    /// A transport has a message, and nothing was done with it yet.
    BeforeInbox,
    /// A message is read and validated, and the ledger has not heard of it.
    AfterInbox,
    /// The jobs of a group ran; nothing of it is durable.
    BeforeCommit,
    /// A group is durable; nobody was told. An error here is an outcome that nobody knows.
    AfterCommit,
    /// Messages are in the ledger; the broker still has them, the files still lie in `in/`.
    BeforeAck,
    /// The transport let go of messages.
    AfterAck,
    /// A run of messages is about to be published.
    BeforePublish,
    /// The broker was given a message; its confirm is awaited.
    AfterPublish,
    /// A confirm came; nobody looked at it yet.
    BeforeConfirm,
    /// All confirms of a run were counted.
    AfterConfirm,
    /// A message is about to be posted or written into a folder.
    BeforeDelivery,
    /// Half of a delivery is done: a back office began to answer, or the verdict lies there without its message.
    WithinDelivery,
    /// A back office answered, or the files are in their place.
    AfterDelivery,
    /// The outcome of deliveries is known; the ledger was not told.
    BeforeSettle,
    /// The outcome of deliveries is in the ledger; no lane went on.
    AfterSettle,
}

impl Failpoint {
    /// All places, in the order in which a message passes them.
    pub const ALL: [Failpoint; 15] = [
        Failpoint::BeforeInbox,
        Failpoint::AfterInbox,
        Failpoint::BeforeCommit,
        Failpoint::AfterCommit,
        Failpoint::BeforeAck,
        Failpoint::AfterAck,
        Failpoint::BeforePublish,
        Failpoint::AfterPublish,
        Failpoint::BeforeConfirm,
        Failpoint::AfterConfirm,
        Failpoint::BeforeDelivery,
        Failpoint::WithinDelivery,
        Failpoint::AfterDelivery,
        Failpoint::BeforeSettle,
        Failpoint::AfterSettle,
    ];

    /// Its name in the environment.
    pub const fn as_str(self) -> &'static str {
        match self {
            Failpoint::BeforeInbox => "before_inbox",
            Failpoint::AfterInbox => "after_inbox",
            Failpoint::BeforeCommit => "before_commit",
            Failpoint::AfterCommit => "after_commit",
            Failpoint::BeforeAck => "before_ack",
            Failpoint::AfterAck => "after_ack",
            Failpoint::BeforePublish => "before_publish",
            Failpoint::AfterPublish => "after_publish",
            Failpoint::BeforeConfirm => "before_confirm",
            Failpoint::AfterConfirm => "after_confirm",
            Failpoint::BeforeDelivery => "before_delivery",
            Failpoint::WithinDelivery => "within_delivery",
            Failpoint::AfterDelivery => "after_delivery",
            Failpoint::BeforeSettle => "before_settle",
            Failpoint::AfterSettle => "after_settle",
        }
    }

    /// Whether the place has a way to report a failure. Where a message is read, nothing of the world can fail.
    pub const fn can_fail(self) -> bool {
        !matches!(self, Failpoint::BeforeInbox | Failpoint::AfterInbox)
    }
}

impl fmt::Display for Failpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(not(debug_assertions))]
mod none {
    use super::{Failpoint, fmt};
    use std::future::{Ready, ready};

    /// A failure that a test asked for: there is none in this build.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Tripped {}

    // A build without debug assertions that has anything of failpoints does not compile.
    const _: () = assert!(size_of::<Result<(), Tripped>>() == 0);

    impl fmt::Display for Tripped {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }

    impl Failpoint {
        /// Nothing.
        #[inline(always)]
        #[expect(clippy::inline_always, reason = "nothing of it may remain")]
        pub const fn pass(self) -> Result<(), Tripped> {
            Ok(())
        }

        /// Nothing.
        #[inline(always)]
        #[expect(clippy::inline_always, reason = "nothing of it may remain")]
        pub fn pass_async(self) -> Ready<Result<(), Tripped>> {
            ready(Ok(()))
        }
    }

    /// Nothing.
    ///
    /// # Errors
    /// Never.
    pub const fn arm() -> Result<(), String> {
        Ok(())
    }
}
#[cfg(not(debug_assertions))]
pub use none::{Tripped, arm};

#[cfg(debug_assertions)]
mod armed {
    use super::{Failpoint, fmt};
    use std::fs::File;
    use std::io::Write as _;
    use std::ops::RangeInclusive;
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// What the environment asks for.
    const PLAN: &str = "SLUIS_FAILPOINT";
    const LOG: &str = "SLUIS_FAILPOINT_LOG";

    /// A failure that a test asked for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Tripped(Failpoint);

    impl fmt::Display for Tripped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a test asked for a failure at {}", self.0)
        }
    }

    /// What happens at a place.
    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Action {
        Abort,
        Error,
        Delay(Duration),
        Hang,
    }

    /// What happens where, and when.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Trap {
        at: Failpoint,
        passings: RangeInclusive<u64>,
        action: Action,
    }

    /// The traps of this process, and how often each place was passed.
    struct Plan {
        traps: Vec<Trap>,
        log: Option<File>,
        passed: [AtomicU64; Failpoint::ALL.len()],
    }

    /// Not set in processes that nobody armed, as all tests inside one process are: then nothing happens anywhere.
    static PLAN_IN_FORCE: OnceLock<Plan> = OnceLock::new();

    /// Sets the traps that the environment asks for.
    ///
    /// # Errors
    /// All that cannot be understood, and what to write instead; or a log that cannot be opened.
    pub fn arm() -> Result<(), String> {
        let plan = std::env::var(PLAN).unwrap_or_default();
        let log = std::env::var_os(LOG).map(PathBuf::from);
        if plan.is_empty() && log.is_none() {
            return Ok(());
        }
        let traps = parse(&plan)?;
        let open = |path: PathBuf| {
            let file = File::options().create(true).append(true).open(&path);
            file.map_err(|error| format!("failed to open {} of {LOG}: {error}", path.display()))
        };
        let log = log.map(open).transpose()?;
        PLAN_IN_FORCE.get_or_init(|| Plan { traps, log, passed: Default::default() });
        Ok(())
    }

    fn parse(plan: &str) -> Result<Vec<Trap>, String> {
        let parts = plan.split(',').map(str::trim).filter(|part| !part.is_empty());
        let (mut traps, mut faults) = (Vec::new(), Vec::new());
        for part in parts {
            match trap(part) {
                Ok(trap) => traps.push(trap),
                Err(fault) => faults.push(format!("{PLAN}: `{part}`: {fault}")),
            }
        }
        if faults.is_empty() { Ok(traps) } else { Err(faults.join("\n")) }
    }

    fn trap(part: &str) -> Result<Trap, String> {
        let (place, action) = part.split_once('=').ok_or("write PLACE:PASSING=ACTION")?;
        let (name, passings) = place.split_once(':').ok_or("write PLACE:PASSING=ACTION")?;
        let at = Failpoint::ALL.into_iter().find(|failpoint| failpoint.as_str() == name).ok_or_else(|| {
            let names: Vec<&str> = Failpoint::ALL.into_iter().map(Failpoint::as_str).collect();
            format!("there is no place {name}; the places are {}", names.join(", "))
        })?;
        let (first, last) = passings.split_once('-').unwrap_or((passings, passings));
        let number = |text: &str| text.parse::<u64>().ok().filter(|passing| *passing > 0);
        let passings = match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..=last,
            _ => return Err("the passing is a number from 1, or a range such as 3-9".to_owned()),
        };
        let action = action_of(action)?;
        if action == Action::Error && !at.can_fail() {
            return Err(format!("{at} cannot fail; abort, delay and hang are possible there"));
        }
        Ok(Trap { at, passings, action })
    }

    fn action_of(text: &str) -> Result<Action, String> {
        let millis = |text: &str| text.strip_prefix("delay:")?.strip_suffix("ms")?.parse().ok();
        match text {
            "abort" => Ok(Action::Abort),
            "error" => Ok(Action::Error),
            "hang" => Ok(Action::Hang),
            _ => match millis(text) {
                Some(millis) => Ok(Action::Delay(Duration::from_millis(millis))),
                None => Err("the action is abort, error, hang, or a delay such as delay:500ms".to_owned()),
            },
        }
    }

    impl Failpoint {
        /// Does here what a test asked for; blocks the thread where it waits.
        ///
        /// # Errors
        /// The failure that a test asked for.
        pub fn pass(self) -> Result<(), Tripped> {
            match self.now() {
                None => Ok(()),
                Some(Action::Abort) => std::process::abort(),
                Some(Action::Error) => Err(Tripped(self)),
                Some(Action::Delay(wait)) => {
                    std::thread::sleep(*wait);
                    Ok(())
                }
                Some(Action::Hang) => loop {
                    std::thread::park();
                },
            }
        }

        /// Does here what a test asked for.
        ///
        /// # Errors
        /// The failure that a test asked for.
        pub async fn pass_async(self) -> Result<(), Tripped> {
            match self.now() {
                None => Ok(()),
                Some(Action::Abort) => std::process::abort(),
                Some(Action::Error) => Err(Tripped(self)),
                Some(Action::Delay(wait)) => {
                    tokio::time::sleep(*wait).await;
                    Ok(())
                }
                Some(Action::Hang) => std::future::pending().await,
            }
        }

        /// What happens at this passing.
        fn now(self) -> Option<&'static Action> {
            let plan = PLAN_IN_FORCE.get()?;
            let place = Failpoint::ALL.iter().position(|failpoint| *failpoint == self)?;
            let passing = plan.passed[place].fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(mut log) = plan.log.as_ref() {
                // One write, so that lines of several threads do not mix. Without a log the test notices by itself.
                let _ = log.write_all(format!("{self}\n").as_bytes());
            }
            let trap = plan.traps.iter().find(|trap| trap.at == self && trap.passings.contains(&passing));
            trap.map(|trap| &trap.action)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_plan_says_what_happens_where_and_when() {
            let traps =
                parse("before_commit:17=abort, after_settle:3-9=error,before_ack:1=delay:500ms,before_inbox:2=hang");
            let trap = |at, passings, action| Trap { at, passings, action };
            let expected = vec![
                trap(Failpoint::BeforeCommit, 17..=17, Action::Abort),
                trap(Failpoint::AfterSettle, 3..=9, Action::Error),
                trap(Failpoint::BeforeAck, 1..=1, Action::Delay(Duration::from_millis(500))),
                trap(Failpoint::BeforeInbox, 2..=2, Action::Hang),
            ];
            assert_eq!(traps, Ok(expected));
            assert_eq!(parse(" "), Ok(Vec::new()));
        }

        #[test]
        fn what_cannot_be_understood_is_told_all_at_once() {
            let told = |plan: &str| parse(plan).expect_err("it is wrong");
            let both = told("commit:1=abort,before_ack:0=abort");
            assert!(both.contains("there is no place commit; the places are before_inbox,"), "{both}");
            assert!(both.contains("`before_ack:0=abort`: the passing is a number from 1"), "{both}");
            for (plan, fault) in [
                ("before_ack", "write PLACE:PASSING=ACTION"),
                ("before_ack=abort", "write PLACE:PASSING=ACTION"),
                ("before_ack:9-3=abort", "the passing is a number"),
                ("before_ack:x=abort", "the passing is a number"),
                ("before_ack:1=explode", "the action is abort, error, hang"),
                ("before_ack:1=delay:5s", "the action is abort, error, hang"),
                ("after_inbox:1=error", "after_inbox cannot fail"),
            ] {
                assert!(told(plan).contains(fault), "{plan}: {}", told(plan));
            }
        }
    }
}
#[cfg(debug_assertions)]
pub use armed::{Tripped, arm};
