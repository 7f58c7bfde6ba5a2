//! Going through the ledger: in portions, each a job of its own, with a pause after each so that judging never waits; once
//! a day in the daemon, by one gateway among several, and by hand.
//!
//! What is due is whatever is old enough and still there. So a look that comes late, twice or on another gateway takes
//! away the same as one in time, and one that was broken off is gone on with at the next.

use super::{Because, Class, Retention, Stage};
use crate::clock::{Clock, age, start_of_dutch_day};
use crate::ledger::{FIRST, Gone, Ledger, LedgerError, Looked, Place, Portion, RetentionRun, Tx};
use crate::members::Tasks;
use crate::message::Date;
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::telemetry::events::{RetentionDone, RetentionFailed, RetentionTook};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether a day began on which nobody went through the ledger.
const LOOK: Duration = Duration::from_mins(10);
/// What the task is called among several gateways.
const TASK: &str = "retention";
/// How long it stays with the gateway that has it.
const LEASE: Duration = Duration::from_mins(25);
/// Most messages that one job takes the bodies or details of.
const PORTION: u32 = 100;
/// Most messages that one job takes the records of: each asks for all that is known of its persons.
const PORTION_OF_RECORDS: u32 = 25;
/// Most rows of each sort that belong to no message and go in one job.
const OTHERS_AT_ONCE: u32 = 200;

/// How much the ledger is left to others.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Pause after each portion.
    pub pause: Duration,
    /// Jobs of others during a pause from which on the ledger counts as busy, and another pause is made.
    pub busy: u64,
    /// Most pauses in a row: a ledger that is always busy is gone through all the same.
    pub pauses: u32,
}

impl Pace {
    /// Beside the work of a gateway: at most a minute's wait for a quieter moment per portion.
    pub const BESIDE: Pace = Pace { pause: Duration::from_millis(100), busy: 20, pauses: 600 };
    /// By hand: the ledger is another process's, so nothing is known of its work.
    pub const BY_HAND: Pace = Pace { pause: Duration::from_millis(20), busy: u64::MAX, pauses: 1 };
    /// Without a pause, for tests.
    pub const AT_ONCE: Pace = Pace { pause: Duration::ZERO, busy: u64::MAX, pauses: 0 };
}

/// What going through the ledger came to, or would come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Messages that went as far as a stage.
    pub messages: BTreeMap<(Stage, Class), u64>,
    /// Messages whose time is over and that are kept, with the reasons.
    pub kept: BTreeMap<(Stage, Class), BTreeMap<Because, u64>>,
    /// Moment of receipt of the oldest that went as far as a stage.
    pub oldest: BTreeMap<Stage, Timestamp>,
    /// Persons of whom nothing is known any more.
    pub persons: u64,
    /// Rows that belong to no message.
    pub others: u64,
    /// Whether everything was gone through; otherwise it was stopped.
    pub whole: bool,
}

impl Account {
    /// Messages that went as far as a stage.
    pub fn of(&self, stage: Stage) -> u64 {
        self.messages.iter().filter(|((of, _), _)| *of == stage).map(|(_, count)| count).sum()
    }

    fn merge(&mut self, other: Account) {
        for (of, count) in other.messages {
            *self.messages.entry(of).or_default() += count;
        }
        for (of, reasons) in other.kept {
            for (because, count) in reasons {
                *self.kept.entry(of).or_default().entry(because).or_default() += count;
            }
        }
        for (stage, at) in other.oldest {
            self.oldest.entry(stage).and_modify(|oldest| *oldest = at.min(*oldest)).or_insert(at);
        }
        self.persons += other.persons;
        self.others += other.others;
    }

    fn add(&mut self, stage: Stage, class: Class, gone: &Gone) {
        if gone.messages > 0 {
            *self.messages.entry((stage, class)).or_default() += gone.messages;
        }
        for (because, count) in &gone.kept {
            *self.kept.entry((stage, class)).or_default().entry(*because).or_default() += count;
        }
        let oldest = self.oldest.get(&stage).copied().into_iter().chain(gone.oldest).min();
        self.oldest.extend(oldest.map(|oldest| (stage, oldest)));
        self.persons += gone.persons;
    }
}

/// The way through the ledger: bodies of all classes, then details, then records.
#[derive(Debug)]
struct Walk {
    today: Date,
    left: std::vec::IntoIter<(Stage, Class)>,
    at: Option<(Stage, Class, Place)>,
}

impl Walk {
    fn new(retention: &Retention, today: Date) -> Walk {
        // What nobody decided on is always kept.
        let may_go = |class: &Class| class.verdict.is_decided();
        let due = |stage| move |class: &Class| may_go(class) && retention.terms(*class).of(stage).is_some();
        let steps: Vec<(Stage, Class)> = Stage::ALL
            .into_iter()
            .flat_map(|stage| Class::all().filter(due(stage)).map(move |class| (stage, class)))
            .collect();
        let mut walk = Walk { today, left: steps.into_iter(), at: None };
        walk.step(None);
        walk
    }

    fn portion(&self) -> Option<Portion> {
        let (stage, class, after) = self.at?;
        let limit = if stage == Stage::Records { PORTION_OF_RECORDS } else { PORTION };
        Some(Portion { stage, class, today: self.today, after, limit })
    }

    /// Goes on after a portion that ended at `next`.
    fn step(&mut self, next: Option<Place>) {
        self.at = match (self.at, next) {
            (Some((stage, class, _)), Some(place)) => Some((stage, class, place)),
            _ => self.left.next().map(|(stage, class)| (stage, class, FIRST)),
        };
    }
}

/// What would go today; changes nothing. For a connection beside the gateway.
///
/// # Errors
/// What the ledger says.
pub fn plan(tx: &Tx<'_>, retention: &Retention, today: Date) -> Result<Account, LedgerError> {
    let mut account = Account { whole: true, ..Account::default() };
    let mut looked = Looked::default();
    for class in Class::all() {
        for (stage, gone) in Stage::ALL.into_iter().zip(tx.would_go(retention, class, today, &mut looked)?) {
            account.add(stage, class, &gone);
        }
    }
    account.persons = looked.persons();
    Ok(account)
}

/// Going through the ledger broke off. What went before stays gone, and the next time goes on.
#[derive(Debug)]
pub struct BrokenOff {
    /// What it came to until then.
    pub account: Account,
    /// Why.
    pub error: LedgerError,
}

/// Says why.
impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for BrokenOff {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// Goes through the ledger and takes away what is due, until the stop. With `order`, who asked for it and why.
///
/// # Errors
/// What the ledger says, with what went until then.
pub async fn go_through(
    ledger: &Ledger,
    retention: &Arc<Retention>,
    clock: &dyn Clock,
    order: Option<(String, String)>,
    pace: Pace,
    stop: &Shutdown,
) -> Result<Account, BrokenOff> {
    let mut account = Account::default();
    // Whether it came to the end.
    let went = async {
        let (now, today) = (clock.now(), clock.today());
        let run = ledger
            .run(move |tx| {
                let order = order.as_ref().map(|(by, reason)| (by.as_str(), reason.as_str()));
                tx.begin_retention(today, order, now)
            })
            .await?;
        let mut walk = Walk::new(retention, today);
        while walk.portion().is_some() {
            if !breathe(ledger, pace, stop).await {
                return Ok(false);
            }
            let (settings, now) = (Arc::clone(retention), clock.now());
            let done = ledger.run(move |tx| portion_of(tx, walk, &settings, run, now)).await?;
            walk = done.0;
            account.merge(done.1);
        }
        loop {
            if !breathe(ledger, pace, stop).await {
                return Ok(false);
            }
            let (settings, now) = (Arc::clone(retention), clock.now());
            let others = ledger.run(move |tx| tx.take_others_away(&settings, run, today, OTHERS_AT_ONCE, now)).await?;
            if others.count() == 0 {
                break;
            }
            account.others += others.count();
        }
        let now = clock.now();
        ledger.run(move |tx| tx.end_retention(run, now)).await?;
        Ok(true)
    };
    match went.await {
        Ok(whole) => Ok(Account { whole, ..account }),
        Err(error) => Err(BrokenOff { account, error }),
    }
}

/// One job: looks at the next classes until one has something old enough, and takes a portion of that away.
fn portion_of(
    tx: &mut Tx<'_>,
    mut walk: Walk,
    retention: &Retention,
    run: i64,
    now: Timestamp,
) -> Result<(Walk, Account), LedgerError> {
    let mut account = Account::default();
    while let Some(portion) = walk.portion() {
        let gone = tx.take_away(retention, &portion, run, now)?;
        account.add(portion.stage, portion.class, &gone);
        walk.step(gone.next);
        if gone.looked_at > 0 {
            break;
        }
    }
    Ok((walk, account))
}

/// Leaves the ledger to others for a while; whether nobody asked to stop.
async fn breathe(ledger: &Ledger, pace: Pace, stop: &Shutdown) -> bool {
    for _ in 0..pace.pauses {
        let before = ledger.grouping().jobs;
        if !stop.sleep(pace.pause).await {
            return false;
        }
        if ledger.grouping().jobs.saturating_sub(before) < pace.busy {
            return true;
        }
    }
    !stop.is_requested()
}

/// How long ago the ledger was gone through, and how long something lies at most past its day. What was due on the day of
/// the last time is gone; what fell due on the day after is the oldest that can still be there. When it was never gone
/// through, both are as old as the ledger.
pub fn standing_of(
    last: Option<&RetentionRun>,
    oldest: Option<Timestamp>,
    now: Timestamp,
    today: Date,
) -> (Duration, Duration) {
    let since = |moment| age(moment, now);
    let Some((last, finished_at)) = last.and_then(|last| Some((last, last.finished_at?))) else {
        let ever = oldest.map_or(Duration::ZERO, since);
        return (ever, ever);
    };
    let overdue = if last.day >= today {
        Duration::ZERO
    } else {
        last.day.tomorrow().ok().and_then(start_of_dutch_day).map_or(Duration::ZERO, since)
    };
    (since(finished_at), overdue)
}

/// Goes through the ledger on each Dutch day, as long as that is the task of this gateway, until the stop. With nothing
/// set nothing is done.
pub async fn keep(
    ledger: Ledger,
    retention: Retention,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    telemetry: Telemetry,
    stop: Shutdown,
) {
    if !retention.is_set() {
        return;
    }
    let retention = Arc::new(retention);
    loop {
        if let Err(error) = look(&ledger, &retention, clock.as_ref(), &tasks, &telemetry, &stop).await {
            RetentionFailed { error: &error.to_string() }.emit(&telemetry);
        }
        if !stop.sleep(LOOK).await {
            return;
        }
    }
}

async fn look(
    ledger: &Ledger,
    retention: &Arc<Retention>,
    clock: &dyn Clock,
    tasks: &Tasks,
    telemetry: &Telemetry,
    stop: &Shutdown,
) -> Result<(), LedgerError> {
    if !tasks.are_mine(TASK, LEASE).await? {
        return Ok(());
    }
    let today = clock.today();
    // Another day than the last one, not a later one: a clock that was put back must not stop it.
    if ledger.run(|tx| tx.last_whole_retention()).await?.is_some_and(|last| last.day == today && last.order.is_none()) {
        return Ok(());
    }
    let (account, done) = match go_through(ledger, retention, clock, None, Pace::BESIDE, stop).await {
        Ok(account) => (account, Ok(())),
        Err(BrokenOff { account, error }) => (account, Err(error)),
    };
    tell(&account, telemetry);
    done
}

fn tell(account: &Account, telemetry: &Telemetry) {
    for ((stage, class), messages) in &account.messages {
        RetentionTook { stage: *stage, class: *class, messages: *messages }.emit(telemetry);
    }
    let [bodies, details, records] = Stage::ALL.map(|stage| account.of(stage));
    if account.whole {
        RetentionDone { bodies, details, records, persons: account.persons, others: account.others }.emit(telemetry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;
    use crate::decision::{Decision, Verdict};
    use crate::ledger::{Inbox, Keys, Location, Settings};
    use crate::retention::{Term, Terms};
    use crate::shutdown::shutdown;
    use jiff::SignedDuration;
    use jiff::civil::date;

    #[tokio::test]
    async fn what_went_before_a_failure_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ledger.sqlite");
        let settings = Settings { location: Location::from(file.clone()), keys: Keys::generate(), max_group: 8 };
        let ledger = Ledger::open(settings).expect("a ledger opens");
        let clock = FixedClock::on(date(2026, 3, 10));
        for id in ["a", "b", "c"] {
            let inbox = Inbox::new("directory", id, clock.now(), id.as_bytes().to_vec());
            let decision = Decision { verdict: Verdict::Rejected, ..Decision::set_aside() };
            ledger.run(move |tx| tx.store(&inbox, &decision)).await.expect("it is stored");
        }
        let beside = rusqlite::Connection::open(&file).expect("the file opens");
        let fails = "CREATE TRIGGER broken BEFORE UPDATE OF removed ON messages WHEN NEW.removed = 2
                     BEGIN SELECT RAISE(ABORT, 'a fault'); END";
        beside.execute_batch(fails).expect("a trigger can be made");
        clock.advance(SignedDuration::from_hours(24 * 200));
        let sixty = Some(Term::Days(60));
        let general = Terms { bodies: sixty, details: sixty, records: None };
        let retention = Arc::new(Retention { general, ..Retention::default() });
        let (telemetry, (_trigger, stop)) = (Telemetry::default(), shutdown(Duration::ZERO));
        let look = || look(&ledger, &retention, &clock, &Tasks::Own, &telemetry, &stop);
        look().await.expect_err("details cannot go");
        let went = |scrape: &str, stage: &str| {
            let of = |line: &&str| {
                line.starts_with("sluis_retention_removed_total") && line.contains(&format!("stage=\"{stage}\""))
            };
            scrape.lines().find(of).and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
        };
        let scrape = telemetry.scrape().await;
        assert_eq!((went(&scrape, "bodies").as_deref(), went(&scrape, "details")), (Some("3"), None), "{scrape}");
        beside.execute_batch("DROP TRIGGER broken").expect("it goes");
        look().await.expect("nothing is in the way");
        let scrape = telemetry.scrape().await;
        assert_eq!(went(&scrape, "bodies").as_deref(), Some("3"), "what went is counted once");
        assert_eq!(went(&scrape, "details").as_deref(), Some("3"));
    }
}
