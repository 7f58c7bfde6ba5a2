//! The circuit breaker of a destination: after failures nobody tries it for a while, then one row goes as a probe, and
//! when that one arrives the others follow in growing numbers. Pure: the ledger keeps what stands here, so that a restart
//! changes nothing, and the relay carries it out.
//!
//! Times are moments of the wall clock, because they outlive the process. A clock that is put back cannot keep a breaker
//! open: a next try that lies further ahead than any wait is due at once.

use super::class::Class;
use crate::backoff::Backoff;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Deliveries pass.
    Closed,
    /// One delivery is under way to see whether the destination works again.
    HalfOpen,
    /// Nothing is tried.
    Open,
}

impl State {
    /// All states, from good to bad.
    pub const ALL: [State; 3] = [State::Closed, State::HalfOpen, State::Open];

    /// The word in the ledger and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::HalfOpen => "half-open",
            State::Open => "open",
        }
    }

    /// The inverse of [`State::as_str`].
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// When breakers open, and how long they stay so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row, temporary or unknown, that open it.
    pub after: u32,
    /// Waits between probes: longer after each that failed.
    pub retry: Backoff,
    /// Wait between probes while a person has to act.
    pub slow: Duration,
}

/// Added to the longest wait before a next try counts as the work of a clock that was put back.
const CLOCK_SLACK: Duration = Duration::from_mins(5);

/// The breaker of one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// Where it stands.
    pub state: State,
    /// Since when: closed, or else not closed.
    pub since: Timestamp,
    /// Failures in a row while it was closed.
    pub failures: u32,
    /// Openings and failed probes since the destination last took all that was sent.
    pub tries: u32,
    /// When the next probe may go, or, while one is under way, when it counts as lost.
    pub next_try: Timestamp,
    /// Rows that may be under way at once while the destination comes back; `None`: as many as configured.
    pub ramp: Option<u32>,
    /// Rows that arrived since the ramp last grew.
    pub passed: u32,
    /// Class of the last failure.
    pub class: Option<Class>,
    /// The last failure in words.
    pub reason: Option<String>,
}

/// What happened at a destination.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody wants to send a probe, which takes no longer than `patience`.
    Try {
        /// After this time the probe counts as lost.
        patience: Duration,
    },
    /// Deliveries failed because of the destination.
    Failed {
        /// Class.
        class: Class,
        /// In words.
        reason: String,
        /// How long the destination asks to be left alone.
        retry_after: Option<Duration>,
        /// Whether it was the probe.
        probe: bool,
        /// Between 0 and 1, for the wait.
        spread: f64,
    },
    /// Deliveries arrived, or were refused for what they are: the destination works.
    Passed {
        /// How many.
        rows: u32,
        /// Rows that it takes at once when all is well.
        capacity: u32,
        /// Whether it was the probe.
        probe: bool,
    },
}

/// Something that happened, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Name of the destination: `amqp`, `directory`, `http 0197`.
    pub destination: String,
    /// What.
    pub event: Event,
}

impl Breaker {
    /// That of a destination nothing is known of.
    pub fn new(now: Timestamp) -> Breaker {
        Breaker {
            state: State::Closed,
            since: now,
            failures: 0,
            tries: 0,
            next_try: now,
            ramp: None,
            passed: 0,
            class: None,
            reason: None,
        }
    }

    /// Whether nothing is to be remembered: it is closed and nothing failed.
    pub fn is_quiet(&self) -> bool {
        self.state == State::Closed && self.failures == 0 && self.tries == 0 && self.ramp.is_none()
    }

    /// Whether a probe may be asked for.
    pub fn wants_probe(&self, now: Timestamp, rules: Rules, patience: Duration) -> bool {
        let longest = rules.retry.max.max(rules.slow).max(patience).saturating_add(CLOCK_SLACK);
        self.state != State::Closed && (now >= self.next_try || later(now, longest) < self.next_try)
    }

    /// Takes note of an event; whether a probe that was asked for may go.
    pub fn take(&mut self, event: &Event, now: Timestamp, rules: Rules) -> bool {
        match event {
            Event::Try { patience } => {
                let granted = self.wants_probe(now, rules, *patience);
                if granted {
                    self.state = State::HalfOpen;
                    self.next_try = later(now, *patience);
                }
                return granted;
            }
            Event::Failed { class, reason, retry_after, probe, spread } => {
                self.fail(now, rules, *class, reason, *retry_after, *probe, *spread);
            }
            Event::Passed { rows, capacity, probe } => self.pass(now, *rows, *capacity, *probe),
        }
        false
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one event")]
    fn fail(
        &mut self,
        now: Timestamp,
        rules: Rules,
        class: Class,
        reason: &str,
        retry_after: Option<Duration>,
        probe: bool,
        spread: f64,
    ) {
        let opens = match self.state {
            State::Closed => {
                self.failures = self.failures.saturating_add(1);
                // One that is coming back gets no second chance before it rests again.
                class.needs_a_person() || self.failures >= rules.after || self.ramp.is_some()
            }
            State::HalfOpen => probe,
            // Sent before it opened: it tells nothing new, unless that a person is needed.
            State::Open => class.needs_a_person() && !self.class.is_some_and(Class::needs_a_person),
        };
        if !opens && self.state != State::Closed {
            return;
        }
        self.class = Some(class);
        self.reason = Some(reason.to_owned());
        if !opens {
            return;
        }
        if self.state == State::Closed {
            self.since = now;
        }
        self.state = State::Open;
        self.tries = self.tries.saturating_add(1);
        (self.ramp, self.passed) = (None, 0);
        let slow = Backoff { first: rules.slow, max: rules.slow };
        let wait = if class.needs_a_person() { slow } else { rules.retry }.after(self.tries, spread);
        self.next_try = later(now, wait.max(retry_after.unwrap_or_default().min(rules.retry.max)));
    }

    fn pass(&mut self, now: Timestamp, rows: u32, capacity: u32, probe: bool) {
        match self.state {
            // Sent before it opened: the probe will tell.
            State::Open => return,
            State::HalfOpen if !probe => return,
            State::HalfOpen => {
                self.state = State::Closed;
                self.since = now;
                self.ramp = Some(1);
            }
            State::Closed => self.passed = self.passed.saturating_add(rows),
        }
        self.failures = 0;
        (self.class, self.reason) = (None, None);
        if let Some(mut window) = self.ramp {
            while self.passed >= window && window < capacity {
                self.passed -= window;
                window = window.saturating_mul(2);
            }
            self.ramp = (window < capacity).then_some(window);
        }
        if self.ramp.is_none() {
            (self.passed, self.tries) = (0, 0);
        }
    }
}

/// The breakers of all destinations, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breakers(pub BTreeMap<String, Breaker>);

impl Breakers {
    /// Takes note of what happened; gives the destinations to which one probe may go.
    pub fn take(&mut self, steps: &[Step], now: Timestamp, rules: Rules) -> BTreeSet<String> {
        let mut granted = BTreeSet::new();
        for Step { destination, event } in steps {
            let breaker = self.0.entry(destination.clone()).or_insert_with(|| Breaker::new(now));
            if breaker.take(event, now, rules) {
                granted.insert(destination.clone());
            }
        }
        granted
    }

    /// The breaker of a destination that is not closed.
    pub fn tripped(&self, destination: &str) -> Option<&Breaker> {
        self.0.get(destination).filter(|breaker| breaker.state != State::Closed)
    }
}

pub(super) fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Rules = Rules {
        after: 3,
        retry: Backoff { first: Duration::from_secs(1), max: Duration::from_mins(5) },
        slow: Duration::from_mins(10),
    };
    const PATIENCE: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("a moment")
    }

    fn failed(class: Class, probe: bool) -> Event {
        Event::Failed { class, reason: "out of paper".to_owned(), retry_after: None, probe, spread: 1.0 }
    }

    fn passed(rows: u32, probe: bool) -> Event {
        Event::Passed { rows, capacity: 8, probe }
    }

    const TRY: Event = Event::Try { patience: PATIENCE };

    /// Seconds until the next try, after these events at these seconds.
    fn run(events: &[(i64, Event)]) -> Breaker {
        let mut breaker = Breaker::new(at(0));
        for (second, event) in events {
            breaker.take(event, at(*second), RULES);
        }
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row() {
        let temporary = || failed(Class::Temporary, false);
        let unknown = || failed(Class::Unknown, false);
        assert_eq!(run(&[(0, temporary()), (1, unknown())]).state, State::Closed);
        let open = run(&[(0, temporary()), (1, unknown()), (2, temporary())]);
        assert_eq!((open.state, open.since, open.next_try), (State::Open, at(2), at(3)));
        assert_eq!(open.reason.as_deref(), Some("out of paper"));
        let between = run(&[(0, temporary()), (1, unknown()), (2, passed(1, false)), (3, temporary())]);
        assert_eq!((between.state, between.failures), (State::Closed, 1));
    }

    #[test]
    fn it_opens_at_once_and_for_longer_when_a_person_has_to_act() {
        for class in [Class::Contract, Class::Security] {
            let open = run(&[(0, failed(class, false))]);
            assert_eq!((open.state, open.next_try, open.class), (State::Open, at(600), Some(class)));
        }
        // Also when one that was under way tells so after it opened for another reason.
        let mut events: Vec<_> = (0..3).map(|second| (second, failed(Class::Temporary, false))).collect();
        events.push((3, failed(Class::Security, false)));
        assert_eq!(run(&events).next_try, at(603));
    }

    #[test]
    fn one_probe_goes_and_its_end_decides() {
        let open = run(&[(0, failed(Class::Contract, false))]);
        let mut breaker = open.clone();
        assert!(!breaker.take(&TRY, at(599), RULES), "too early");
        assert!(breaker.take(&TRY, at(600), RULES));
        assert!(!breaker.take(&TRY, at(601), RULES), "one at a time");
        assert_eq!(breaker.state, State::HalfOpen);
        let mut again = breaker.clone();
        again.take(&failed(Class::Temporary, true), at(602), RULES);
        assert_eq!((again.state, again.since, again.next_try), (State::Open, at(0), at(604)), "the second wait is 2 s");
        let mut back = breaker.clone();
        back.take(&passed(1, true), at(602), RULES);
        assert_eq!((back.state, back.since, back.ramp), (State::Closed, at(602), Some(1)));
        // What was sent before it opened says nothing.
        let mut late = breaker.clone();
        late.take(&passed(3, false), at(602), RULES);
        late.take(&failed(Class::Temporary, false), at(602), RULES);
        assert_eq!(late, breaker);
        // A probe whose sender died is followed by another.
        assert!(!breaker.take(&TRY, at(659), RULES));
        assert!(breaker.take(&TRY, at(660), RULES));
    }

    #[test]
    fn it_comes_back_in_steps_and_rests_at_the_first_failure_on_the_way() {
        let mut breaker = run(&[(0, failed(Class::Contract, false)), (600, TRY), (601, passed(1, true))]);
        let mut windows = vec![breaker.ramp];
        for _ in 0..7 {
            breaker.take(&passed(1, false), at(602), RULES);
            windows.push(breaker.ramp);
        }
        let expected = [1, 2, 2, 4, 4, 4, 4].map(Some);
        assert_eq!(windows[..7], expected);
        assert_eq!(windows[7], None);
        assert!(breaker.is_quiet());

        let mut falls = run(&[(0, failed(Class::Contract, false)), (600, TRY), (601, passed(1, true))]);
        falls.take(&failed(Class::Temporary, false), at(602), RULES);
        assert_eq!((falls.state, falls.next_try), (State::Open, at(604)));
        // One that takes a single row at a time is back at once.
        let mut single = run(&[(0, failed(Class::Contract, false)), (600, TRY)]);
        single.take(&Event::Passed { rows: 1, capacity: 1, probe: true }, at(601), RULES);
        assert!(single.is_quiet());
    }

    #[test]
    fn a_destination_may_ask_for_rest() {
        let asked = |seconds| Event::Failed {
            class: Class::Temporary,
            reason: String::new(),
            retry_after: Some(Duration::from_secs(seconds)),
            probe: false,
            spread: 0.0,
        };
        let next = |seconds| run(&[(0, asked(seconds)), (0, asked(seconds)), (0, asked(seconds))]).next_try;
        assert_eq!((next(60), next(86_400)), (at(60), at(300)), "up to the longest wait");
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_keep_it_open() {
        let mut breaker = run(&[(86_400, failed(Class::Contract, false))]);
        assert!(!breaker.wants_probe(at(86_400 - 200), RULES, PATIENCE), "a little is within the slack");
        assert!(breaker.take(&TRY, at(0), RULES));
        assert_eq!(breaker.next_try, at(60));
    }

    #[test]
    fn words_are_their_own_inverses() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("ajar"), None);
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let class = (0..5_usize).prop_map(|index| Class::ALL[index]);
        prop_oneof![
            3 => Just(TRY),
            2 => (class, any::<bool>(), 0.0..=1.0, proptest::option::of(0_u64..100_000)).prop_map(
                |(class, probe, spread, rest)| Event::Failed {
                    class,
                    reason: String::new(),
                    retry_after: rest.map(Duration::from_secs),
                    probe,
                    spread,
                }
            ),
            2 => (1_u32..50, 1_u32..300, any::<bool>()).prop_map(|(rows, capacity, probe)| Event::Passed {
                rows,
                capacity,
                probe,
            }),
        ]
    }

    proptest! {
        /// Never two probes within the shortest wait, never stuck, and nothing passes while it is not closed.
        #[test]
        fn probes_are_rare_and_always_come(events in proptest::collection::vec((0_i64..400, any_event()), 1..200)) {
            let mut breaker = Breaker::new(at(0));
            let (mut second, mut granted_at) = (0, None);
            for (pause, event) in events {
                second += pause;
                let before = breaker.clone();
                let granted = breaker.take(&event, at(second), RULES);
                if granted {
                    prop_assert!(before.state != State::Closed && before.next_try <= at(second));
                    // A probe under way must be over, or lost, before the next.
                    if before.state == State::HalfOpen {
                        let lost = granted_at.is_some_and(|earlier| second - earlier >= 60);
                        prop_assert!(lost, "{granted_at:?} and {second}");
                    }
                    granted_at = Some(second);
                }
                let longest = RULES.slow.max(RULES.retry.max);
                if breaker.state != State::Closed {
                    prop_assert!(breaker.next_try <= later(at(second), longest), "{breaker:?}");
                    prop_assert!(breaker.wants_probe(later(at(second), longest), RULES, PATIENCE));
                    prop_assert!(breaker.ramp.is_none());
                }
                if before.state == State::Closed && breaker.state == State::Open {
                    // Half of the shortest wait at least.
                    prop_assert!(breaker.next_try >= later(at(second), RULES.retry.first / 2));
                }
                prop_assert!(breaker.ramp.is_none_or(u32::is_power_of_two));
                prop_assert_eq!(breaker.is_quiet() && breaker.class.is_some(), false);
            }
        }
    }
}
