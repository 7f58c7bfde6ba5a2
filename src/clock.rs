//! Time as a value from outside: the core gets dates and moments handed in, and tests choose them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Timestamp;

    /// The calendar day in the Netherlands. "Not after the day of processing" is a matter of Dutch days, also on a
    /// server that keeps another time zone.
    fn today(&self) -> Date {
        dutch_day(self.now())
    }
}

/// The calendar day in Europe/Amsterdam at a moment.
pub fn dutch_day(moment: Timestamp) -> Date {
    moment.to_zoned(dutch_time()).date()
}

/// What clocks in Europe/Amsterdam show at a moment.
pub fn dutch_moment(moment: Timestamp) -> DateTime {
    moment.to_zoned(dutch_time()).datetime()
}

/// The moment at which a day begins in Europe/Amsterdam; `None` for a day at the end of time.
pub fn start_of_dutch_day(day: Date) -> Option<Timestamp> {
    day.to_zoned(dutch_time()).ok().map(|start| start.timestamp())
}

/// The moment that so many minutes after midnight are on the clocks of Europe/Amsterdam; `None` at the end of time. 1440 is
/// midnight of the next day; an hour that the clocks skip or repeat is the one that passes by without them.
pub fn moment_of_dutch_day(day: Date, minutes: u16) -> Option<Timestamp> {
    let (day, minutes) = if minutes < 1440 { (day, minutes) } else { (day.tomorrow().ok()?, minutes - 1440) };
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
    day.to_datetime(time).to_zoned(dutch_time()).ok().map(|moment| moment.timestamp())
}

/// How long ago a moment was; zero for one that is still to come.
pub fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

fn dutch_time() -> TimeZone {
    // The time zone database is part of the program (feature `tzdb-bundle-always`).
    TimeZone::get("Europe/Amsterdam").expect("the bundled time zone database knows Europe/Amsterdam")
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock of the machine")]
    fn now(&self) -> Timestamp {
        #[cfg(debug_assertions)]
        if let Some(stepped) = stepped::now() {
            return stepped;
        }
        Timestamp::now()
    }
}

/// A clock of the machine that somebody sets while the program runs: for tests, in builds that have failpoints.
#[cfg(debug_assertions)]
mod stepped {
    use jiff::{SignedDuration, Timestamp};
    use std::path::PathBuf;
    use std::sync::OnceLock;

    /// Names a file with the seconds by which the clock is wrong. It is read each time somebody asks for the time.
    const OFFSET_FILE: &str = "SLUIS_TEST_CLOCK_OFFSET_FILE";

    /// The time as the file wants it; `None` when nobody stepped the clock.
    #[expect(clippy::disallowed_methods, reason = "a part of the one place that reads the clock of the machine")]
    pub(super) fn now() -> Option<Timestamp> {
        static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
        let file = FILE.get_or_init(|| std::env::var_os(OFFSET_FILE).map(PathBuf::from)).as_ref()?;
        let seconds = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
        Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).ok()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// Stands at a moment.
    pub fn at(moment: Timestamp) -> FixedClock {
        FixedClock(Mutex::new(moment))
    }

    /// Stands at noon of a Dutch day.
    pub fn on(day: Date) -> FixedClock {
        let noon = day.at(12, 0, 0, 0).to_zoned(dutch_time()).map_or(Timestamp::MIN, |noon| noon.timestamp());
        FixedClock::at(noon)
    }

    /// Moves it.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_changes_at_dutch_midnight() {
        let day = |text: &str| dutch_day(text.parse().expect("a moment"));
        assert_eq!(day("2025-01-31T22:59:59Z"), date(2025, 1, 31));
        assert_eq!(day("2025-01-31T23:00:00Z"), date(2025, 2, 1));
        assert_eq!(day("2025-06-30T22:00:00Z"), date(2025, 7, 1));
    }

    #[test]
    fn a_fixed_clock_stands_still_until_moved() {
        let clock = FixedClock::on(date(2025, 3, 30));
        assert_eq!(clock.today(), date(2025, 3, 30));
        clock.advance(SignedDuration::from_hours(24));
        assert_eq!(clock.today(), date(2025, 3, 31));
    }
}
