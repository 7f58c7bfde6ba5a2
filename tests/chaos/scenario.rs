//! What a scenario is, and how it is played: start the parts, then for each fault feed a portion, break, heal; at the
//! end let everything drain, send a fresh message, and check.

use super::checks;
use super::disk::Disk;
use super::office::Mood;
use super::table::{Figures, Report};
use super::world::World;
use crate::e2e::proxy::{Toward, Weather};
use crate::e2e::random::Random;
use sluis::failpoint::Failpoint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How messages come in, and where those go that no back office takes over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By folders.
    Directory,
    /// By `RabbitMQ`.
    Amqp,
}

/// Where the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In a file.
    File,
    /// On the PostgreSQL of all tests.
    Server,
    /// On a PostgreSQL of its own, which a second follows.
    Pair,
}

/// Where a disk is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where the ledger is.
    Ledger,
    /// Where deliveries are written.
    Spool,
}

/// What a failpoint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It dies.
    Abort,
    /// It reports a failure, at so many passings in a row.
    Error(u64),
    /// It waits for so many milliseconds.
    Delay(u64),
    /// It never comes back, until somebody kills the daemon.
    Hang,
}

/// Which resource of the broker runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// Memory.
    Memory,
    /// Disk.
    Disk,
}

/// What is broken, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The daemon is started with a failpoint, and does what that says.
    Trip(Failpoint, u64, Action),
    /// The daemon is killed somewhere in its work.
    Kill,
    /// The daemon is asked to stop, and does.
    Stop,
    /// The broker stops, and starts again after that.
    BrokerAway(Duration),
    /// The broker dies without warning and boots.
    BrokerCrash,
    /// The broker takes nothing for that long.
    BrokerAlarm(Alarm, Duration),
    /// The queue of the gateway is deleted while it is idle, and is there again.
    QueueDeleted,
    /// A connection to the broker is cut after so many bytes more, of those that say this of themselves.
    CutAfter(usize, Toward, &'static str),
    /// The way to the broker is disturbed for that long, on connections that say this of themselves.
    Way(Weather, Toward, &'static str, Duration),
    /// All connections to the broker are cut at once.
    Cut,
    /// No connection to the broker is possible for that long.
    NoWay(Duration),
    /// The back office is in a mood until so many requests met it.
    Office(Mood, usize),
    /// The back office is away until the clock shows so many hours more.
    OfficeAway(i64),
    /// A disk is full until the daemon has noticed, and for that long.
    DiskFull(Place, Duration),
    /// The connection to the database is cut when a commit was confirmed, so many times: nobody hears of it.
    CommitUnheard(usize),
    /// The database ends all connections.
    DatabaseTerminates,
    /// No connection to the database is possible for that long.
    DatabaseAway(Duration),
    /// The database dies and starts.
    DatabaseRestarts,
    /// The database dies, and another with the same content takes its place.
    DatabaseFailsOver,
    /// The clock of the machine is wrong by so many seconds from now on.
    Clock(i64),
}

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// How messages come and go.
    pub way: Way,
    /// Where the ledger is.
    pub store: Store,
    /// Clients whose messages are spread over the faults.
    pub clients: u32,
    /// What happens, one after another.
    pub faults: Vec<Fault>,
    /// Whether it is played every day.
    pub short: bool,
}

impl Scenario {
    /// A scenario of the long form, on enough clients to have all sorts of messages.
    pub fn new(name: impl Into<String>, way: Way, faults: Vec<Fault>) -> Scenario {
        let clients = super::traffic::ALL_SORTS;
        Scenario { name: name.into(), way, store: Store::File, clients, faults, short: false }
    }

    /// Played every day as well.
    pub fn daily(mut self) -> Scenario {
        self.short = true;
        self
    }

    /// With the ledger elsewhere.
    pub fn on(mut self, store: Store) -> Scenario {
        self.store = store;
        self
    }

    /// With other traffic.
    pub fn clients(mut self, clients: u32) -> Scenario {
        self.clients = clients;
        self
    }

    fn needs_disk(&self) -> Option<Place> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::DiskFull(place, _) => Some(*place),
            _ => None,
        })
    }

    /// Whether verdicts and replies may carry another day than that of an undisturbed run.
    pub fn moves_the_day(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::Clock(_) | Fault::OfficeAway(_)))
    }

    /// Plays it.
    pub fn play(&self, seed: u64) -> Report {
        let since = Instant::now();
        println!("--- {} (SLUIS_TEST_SEED={seed})", self.name);
        let mut report = Report {
            name: self.name.clone(),
            seed,
            figures: Figures::default(),
            complaints: Vec::new(),
            skipped: None,
        };
        let Some(mut world) = World::new(self) else {
            report.skipped = Some("there is no broker or no database (ops/test starts both)".to_owned());
            return report;
        };
        if let Some(place) = self.needs_disk() {
            // The log of a ledger grows to 32 MB before it goes into the database, which needs as much again at most.
            let Some(disk) = Disk::mount(&world.place(place), 80) else {
                report.skipped = Some("no disk can be mounted here: run it as root".to_owned());
                return report;
            };
            world.disk = Some(disk);
        }
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut random = Random::seeded(seed);
            self.run(&mut world, &mut random);
            checks::check(&mut world, self)
        }));
        report.complaints = match played {
            Ok(complaints) => complaints,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                world.figures.lost += 1;
                vec![text.unwrap_or_else(|| "it broke off".to_owned())]
            }
        };
        report.figures = Figures { took: since.elapsed(), ..world.figures };
        let figures = &report.figures;
        println!(
            "{}: {} messages, {} kills, {} lost, {} different, {} duplicates, {:.1} s",
            self.name,
            figures.messages,
            figures.kills,
            figures.lost,
            figures.different,
            figures.duplicates,
            figures.took.as_secs_f64()
        );
        report
    }

    fn run(&self, world: &mut World, random: &mut Random) {
        world.start(&[]);
        world.until_ready();
        for fault in &self.faults {
            fault.play(world, random);
        }
        world.heal();
        world.feed_rest();
        world.drain();
        world.feed_fresh();
        world.drain();
        world.scrape();
        world.end();
    }
}

impl Fault {
    fn play(&self, world: &mut World, random: &mut Random) {
        if let Fault::Trip(at, passing, action) = self {
            world.arm(*at, *passing, *action);
            world.feed();
            world.until_tripped(*at, *passing, *action);
            return;
        }
        world.ensure_runs();
        match self {
            // Broken before the messages come: so it is certain that some meet it.
            Fault::QueueDeleted => {
                world.drain();
                world.delete_queue();
                return world.feed();
            }
            Fault::Office(mood, times) => return world.office_is(*mood, *times),
            Fault::OfficeAway(hours) => return world.office_away(*hours),
            Fault::DiskFull(_, time) => return world.disk_full(*time),
            Fault::BrokerAlarm(alarm, time) => return world.broker_alarm(*alarm, *time),
            Fault::CutAfter(bytes, toward, only) => return world.cut_after(*bytes, *toward, only),
            Fault::BrokerAway(_) | Fault::BrokerCrash => world.slow(),
            _ => {}
        }
        world.feed();
        world.until_progress(random);
        match self {
            Fault::Trip(..)
            | Fault::QueueDeleted
            | Fault::Office(..)
            | Fault::OfficeAway(_)
            | Fault::DiskFull(..)
            | Fault::BrokerAlarm(..)
            | Fault::CutAfter(..) => {}
            Fault::Kill => world.kill(),
            Fault::Stop => world.stop(),
            Fault::BrokerAway(away) => world.broker_away(*away),
            Fault::BrokerCrash => world.broker_crash(),
            Fault::Way(weather, toward, only, time) => world.disturb(*weather, *toward, only, *time),
            Fault::Cut => world.cut(),
            Fault::NoWay(time) => world.no_way(*time),
            Fault::CommitUnheard(times) => world.commit_unheard(*times),
            Fault::DatabaseTerminates => world.database_terminates(),
            Fault::DatabaseAway(time) => world.database_away(*time),
            Fault::DatabaseRestarts => world.database_restarts(),
            Fault::DatabaseFailsOver => world.database_fails_over(),
            Fault::Clock(seconds) => world.set_clock(*seconds),
        }
    }
}
