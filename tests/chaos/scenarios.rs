//! The scenarios. A new one is a line here.

use super::office::Mood;
use super::scenario::{Action, Alarm, Fault, Place, Scenario, Store, Way};
use crate::e2e::proxy::{Toward, Weather};
use sluis::failpoint::Failpoint;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(5);

/// Names that connections of the gateway give themselves.
const INTAKE: &str = " intake";
const DELIVERY: &str = " delivery";

/// Whether messages pass a place on this way.
pub fn passes(way: Way, at: Failpoint) -> bool {
    let by_broker_only =
        [Failpoint::BeforePublish, Failpoint::AfterPublish, Failpoint::BeforeConfirm, Failpoint::AfterConfirm];
    way == Way::Amqp || !by_broker_only.contains(&at)
}

/// Every scenario of every day, and those of the long form that have their figures fixed.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![
        killed_everywhere(Way::Directory, 2),
        killed_everywhere(Way::Amqp, 2).daily(),
        failing_everywhere(Way::Amqp),
        failing_everywhere(Way::Directory),
        waiting_everywhere(Way::Amqp),
        Scenario::new("back office goes wrong in every way", Way::Directory, office_moods()).daily(),
        Scenario::new("back office goes wrong in every way, by the broker", Way::Amqp, office_moods()),
        Scenario::new("back office is away for two days", Way::Directory, vec![Fault::OfficeAway(48)]).daily(),
        Scenario::new("way to the broker is cut inside frames", Way::Amqp, cuts_inside_frames()).daily(),
        Scenario::new("way to the broker freezes, crawls, half-closes", Way::Amqp, bad_weather()),
        Scenario::new(
            "way to the broker is cut and away",
            Way::Amqp,
            vec![Fault::Cut, Fault::NoWay(SHORT), Fault::Stop, Fault::Cut, Fault::NoWay(LONG)],
        ),
        Scenario::new("broker stops for a while", Way::Amqp, vec![Fault::BrokerAway(LONG)]).daily(),
        Scenario::new("broker stops for a minute", Way::Amqp, vec![Fault::BrokerAway(Duration::from_mins(1))]),
        Scenario::new("broker dies and boots", Way::Amqp, vec![Fault::BrokerCrash, Fault::Kill, Fault::BrokerCrash]),
        Scenario::new(
            "broker is out of disk, then of memory",
            Way::Amqp,
            vec![Fault::BrokerAlarm(Alarm::Disk, SHORT * 3), Fault::BrokerAlarm(Alarm::Memory, SHORT * 3)],
        ),
        Scenario::new("queue is deleted while idle", Way::Amqp, vec![Fault::QueueDeleted, Fault::QueueDeleted]),
        Scenario::new(
            "disk of the ledger is full",
            Way::Directory,
            vec![Fault::DiskFull(Place::Ledger, SHORT * 2), Fault::DiskFull(Place::Ledger, SHORT * 2)],
        )
        .daily(),
        Scenario::new(
            "disk of the ledger is full, by the broker",
            Way::Amqp,
            vec![Fault::DiskFull(Place::Ledger, SHORT * 2), Fault::Kill, Fault::DiskFull(Place::Ledger, LONG)],
        ),
        Scenario::new(
            "disk of the spool is full",
            Way::Directory,
            vec![Fault::DiskFull(Place::Spool, SHORT), Fault::DiskFull(Place::Spool, SHORT)],
        )
        .daily(),
        Scenario::new(
            "clock steps a day forward and an hour back",
            Way::Directory,
            vec![
                Fault::Clock(86_400),
                Fault::Office(Mood::Fails, 3),
                Fault::Clock(-3600),
                Fault::Office(Mood::Fails, 3),
                Fault::Clock(0),
            ],
        )
        .daily(),
    ];
    all.extend(on_a_database());
    for way in [Way::Directory, Way::Amqp] {
        all.push(hanging_everywhere(way));
        for at in Failpoint::ALL.into_iter().filter(|at| passes(way, *at)) {
            // Early, in the middle and late in what one life has to do.
            let lives = [1, 4, 9].map(|passing| Fault::Trip(at, passing, Action::Abort)).to_vec();
            all.push(
                Scenario::new(format!("killed at {at}, early, middle, late, {}", by(way)), way, lives).clients(30),
            );
        }
    }
    all
}

/// What can become of a ledger on a server.
fn on_a_database() -> Vec<Scenario> {
    let named = |name: &str, way, faults| Scenario::new(name, way, faults);
    let killed = Failpoint::ALL.into_iter().map(|at| Fault::Trip(at, 2, Action::Abort)).collect();
    let failing = Failpoint::ALL.into_iter().filter(|at| at.can_fail()).map(|at| Fault::Trip(at, 2, Action::Error(2)));
    vec![
        named("killed at every place, ledger on a server", Way::Amqp, killed).clients(30).on(Store::Server),
        named("failing at every place, ledger on a server", Way::Amqp, failing.collect()).clients(30).on(Store::Server),
        named("database does not say that it committed", Way::Directory, vec![Fault::CommitUnheard(3); 3])
            .on(Store::Server)
            .daily(),
        named("database does not say that it committed, by the broker", Way::Amqp, vec![Fault::CommitUnheard(2); 3])
            .on(Store::Server),
        named(
            "database ends connections and is away",
            Way::Amqp,
            vec![Fault::DatabaseTerminates, Fault::DatabaseAway(SHORT), Fault::Kill, Fault::DatabaseAway(LONG)],
        )
        .on(Store::Server),
        named("database dies and starts", Way::Amqp, vec![Fault::DatabaseRestarts; 3]).on(Store::Pair),
        named("database fails over to another", Way::Amqp, vec![Fault::DatabaseFailsOver]).on(Store::Pair),
        named(
            "database fails over to another, by folders",
            Way::Directory,
            vec![Fault::Kill, Fault::DatabaseFailsOver],
        )
        .on(Store::Pair),
    ]
}

/// Kills at random moments.
pub fn random_kills(way: Way, kills: usize, clients: u32) -> Scenario {
    let faults = vec![Fault::Kill; kills];
    Scenario::new(format!("killed at random {kills} times, {}", by(way)), way, faults).clients(clients)
}

fn by(way: Way) -> &'static str {
    match way {
        Way::Directory => "by folders",
        Way::Amqp => "by the broker",
    }
}

/// One life after another ends at each place.
fn killed_everywhere(way: Way, passing: u64) -> Scenario {
    let places = Failpoint::ALL.into_iter().filter(|at| passes(way, *at));
    let faults: Vec<Fault> = places.map(|at| Fault::Trip(at, passing, Action::Abort)).collect();
    Scenario::new(format!("killed at every place, {}", by(way)), way, faults).clients(30)
}

/// One life after another has a failure at each place that can report one.
fn failing_everywhere(way: Way) -> Scenario {
    let places = Failpoint::ALL.into_iter().filter(|at| passes(way, *at) && at.can_fail());
    let faults: Vec<Fault> = places.map(|at| Fault::Trip(at, 2, Action::Error(2))).collect();
    Scenario::new(format!("failing at every place, {}", by(way)), way, faults).clients(30)
}

/// One life after another waits at each place.
fn waiting_everywhere(way: Way) -> Scenario {
    let places = Failpoint::ALL.into_iter().filter(|at| passes(way, *at));
    let faults: Vec<Fault> = places.map(|at| Fault::Trip(at, 2, Action::Delay(400))).collect();
    Scenario::new(format!("waiting at every place, {}", by(way)), way, faults).clients(30)
}

/// One life after another hangs at each place, until somebody kills it.
fn hanging_everywhere(way: Way) -> Scenario {
    let places = Failpoint::ALL.into_iter().filter(|at| passes(way, *at));
    let faults: Vec<Fault> = places.map(|at| Fault::Trip(at, 2, Action::Hang)).collect();
    Scenario::new(format!("hanging at every place until killed, {}", by(way)), way, faults).clients(30)
}

fn office_moods() -> Vec<Fault> {
    let moods = [Mood::Slow, Mood::Fails, Mood::Refuses, Mood::Hangs, Mood::Cuts, Mood::Late, Mood::Rubbish];
    moods.into_iter().map(|mood| Fault::Office(mood, 2)).collect()
}

/// Frames are of some hundred bytes and of some thousand: these numbers are inside of some.
fn cuts_inside_frames() -> Vec<Fault> {
    let cut = Fault::CutAfter;
    vec![
        cut(1_003, Toward::Server, DELIVERY),
        cut(5_001, Toward::Client, INTAKE),
        cut(3, Toward::Server, INTAKE),
        cut(20_011, Toward::Both, ""),
    ]
}

fn bad_weather() -> Vec<Fault> {
    vec![
        Fault::Way(Weather::Frozen, Toward::Both, "", SHORT),
        Fault::Way(Weather::Frozen, Toward::Client, DELIVERY, LONG),
        Fault::Way(Weather::Frozen, Toward::Server, INTAKE, LONG),
        Fault::Way(Weather::Slow(20_000), Toward::Both, "", LONG),
        Fault::Way(Weather::HalfClosed, Toward::Server, INTAKE, SHORT),
        Fault::Way(Weather::HalfClosed, Toward::Client, DELIVERY, SHORT),
    ]
}
