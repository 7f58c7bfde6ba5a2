//! Everything around one daemon, and the means to break each part of it and to heal it again.

use super::database::Database;
use super::disk::Disk;
use super::office::{Mood, Office, TIMEOUT};
use super::scenario::{Action, Alarm, Place, Scenario, Store, Way};
use super::table::Figures;
use super::traffic;
use crate::e2e::broker::Broker;
use crate::e2e::daemon::{Daemon, Site, tail};
use crate::e2e::get;
use crate::e2e::oracle::{Account, today, undisturbed};
use crate::e2e::proxy::{Proxy, Toward, Weather};
use crate::e2e::random::Random;
use crate::e2e::traffic::Item;
use sluis::decision::Purpose;
use sluis::delivery::outbox::Due;
use sluis::failpoint::Failpoint;
use sluis::message::Date;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The municipality whose back office takes what is for it over HTTP.
const OFFICE: &str = "0197";
/// Longest wait for anything. After some losses in a row the gateway itself waits for half a minute.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a state is looked at. Each look costs the broker connections.
const LOOK: Duration = Duration::from_millis(25);
/// Messages that a daemon gets beyond its portion at once.
const MORE: usize = 8;
/// Time for a hanging daemon to run into whatever it can still run into.
const HANG: Duration = Duration::from_millis(150);

/// The parts of a scenario.
pub struct World {
    /// The folder of the daemon.
    pub site: Site,
    /// How messages come and go.
    pub way: Way,
    /// The broker, when they do by one.
    pub broker: Option<Broker>,
    /// The database, when the ledger is on one.
    pub database: Option<Database>,
    /// The back office of one municipality.
    pub office: Office,
    /// What an undisturbed run comes to.
    pub expected: Account,
    /// The fresh one.
    pub fresh: Item,
    /// What happened so far.
    pub figures: Figures,
    /// A disk that can be full.
    pub disk: Option<Disk>,
    /// What the daemon told on `/metrics` at its end.
    pub metrics: String,
    /// The day on which the undisturbed run was.
    pub day: Date,
    proxy: Option<Proxy>,
    daemon: Option<Daemon>,
    portions: VecDeque<Vec<Item>>,
    /// Names of what was fed so far.
    fed: BTreeSet<String>,
    /// What was fed last.
    last: BTreeSet<String>,
    clock: i64,
}

/// Whether a row goes to the back office over HTTP.
pub fn is_for_office(due: &Due) -> bool {
    due.to.as_deref() == Some(OFFICE) && matches!(due.purpose, Purpose::Forward | Purpose::Signal)
}

impl World {
    /// Everything a scenario needs, not started yet; `None` when there is no broker for it.
    pub fn new(scenario: &Scenario) -> Option<World> {
        let office = Office::open();
        let (broker, mut settings) = match scenario.way {
            Way::Amqp => (Some(Broker::of_environment()?), String::new()),
            Way::Directory => (
                None,
                "[directory]\npoll = \"20ms\"\nfiles_per_round = 12\n\
                 [delivery]\nfirst_retry = \"50ms\"\nmax_retry = \"500ms\"\n"
                    .to_owned(),
            ),
        };
        let proxy = broker.as_ref().map(|broker| {
            let mut proxy = Proxy::closed(broker.address());
            proxy.open();
            settings = broker.settings(&broker.url_by(proxy.address));
            proxy
        });
        let database = match scenario.store {
            Store::File => None,
            Store::Server => Some(Database::shared()?),
            Store::Pair => Some(Database::own()?),
        };
        let ledger = database
            .as_ref()
            .map_or_else(|| "[ledger]\npath = \"disk/ledger.sqlite\"\n".to_owned(), Database::settings);
        settings.push_str(&ledger);
        let by_http = format!(
            "[[back_office]]\ngemeente = \"{OFFICE}\"\nurl = \"http://{}/berichten\"\ntimeout = \"{}ms\"\n",
            office.address,
            TIMEOUT.as_millis()
        );
        let site = Site::new(&format!("{settings}{by_http}"));
        fs::write(site.path("clock"), "0").expect("a file can be written");

        let clients = traffic::clients(scenario.clients);
        let fresh = traffic::fresh();
        let mut items: Vec<Item> = clients.concat();
        items.push(fresh.clone());
        let (transport, name) = match &broker {
            Some(broker) => ("amqp", broker.name.clone()),
            None => ("directory", "sluis".to_owned()),
        };
        let day = today();
        let expected = undisturbed(transport, &name, &items);
        let figures = Figures { messages: expected.messages.len(), ..Figures::default() };
        Some(World {
            site,
            way: scenario.way,
            broker,
            database,
            office,
            expected,
            fresh,
            figures,
            disk: None,
            metrics: String::new(),
            day,
            proxy,
            daemon: None,
            portions: portions(clients, scenario.faults.len() + 1),
            fed: BTreeSet::new(),
            last: BTreeSet::new(),
            clock: 0,
        })
    }

    /// Where a disk can be full.
    pub fn place(&self, place: Place) -> PathBuf {
        match place {
            Place::Ledger => self.site.path("disk"),
            Place::Spool => self.site.path("spool/out"),
        }
    }

    fn describe(&self) -> String {
        let arrived = self.arrived();
        let waiting = self.broker.as_ref().map_or_else(|| self.site.waiting().len(), |broker| broker.count("in"));
        format!(
            "fed {}, waiting {waiting}, arrived {arrived} of {}\n{}",
            self.fed.len(),
            self.owed(),
            self.site.describe()
        )
    }

    fn until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < end, "waited in vain: {what}\n{}", self.describe());
            std::thread::sleep(LOOK);
        }
    }

    // --- the daemon ---

    /// Starts the daemon with variables in its environment.
    pub fn start(&mut self, environment: &[(&str, &str)]) {
        let clock = self.site.path("clock");
        let mut all = vec![("SLUIS_TEST_CLOCK_OFFSET_FILE", clock.to_str().expect("the folder has a plain name"))];
        all.extend_from_slice(environment);
        self.daemon = Some(self.site.start_with(&all));
        self.figures.starts += 1;
    }

    /// The daemon runs, and with it everything that it declares is there.
    pub fn until_ready(&mut self) {
        let mut daemon = self.daemon.take().expect("it was started");
        self.until("the daemon is ready", || daemon.ready().0 == 200);
        self.daemon = Some(daemon);
    }

    /// Starts it when it does not run.
    pub fn ensure_runs(&mut self) {
        if self.daemon.is_none() {
            self.start(&[]);
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
            self.figures.kills += 1;
        }
        self.ensure_runs();
    }

    /// Asks it to stop, and starts it again.
    pub fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            assert!(daemon.terminate().success(), "it must stop in order: {}", self.describe());
        }
        self.ensure_runs();
    }

    /// Kills it and starts it so slow that what is broken outside, which takes a while, meets it at its work.
    pub fn slow(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
            self.figures.kills += 1;
        }
        self.start(&[("SLUIS_FAILPOINT", "after_inbox:1-1000000=delay:400ms")]);
    }

    /// Kills it and starts it with a failpoint.
    pub fn arm(&mut self, at: Failpoint, passing: u64, action: Action) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
            self.figures.kills += 1;
        }
        let (passings, action) = match action {
            Action::Abort => (passing.to_string(), "abort".to_owned()),
            Action::Hang => (passing.to_string(), "hang".to_owned()),
            Action::Delay(millis) => (passing.to_string(), format!("delay:{millis}ms")),
            Action::Error(times) => (format!("{passing}-{}", passing + times - 1), "error".to_owned()),
        };
        let log = self.passings();
        // What was passed in an earlier life counts no more.
        let _ = fs::remove_file(&log);
        let plan = format!("{at}:{passings}={action}");
        self.start(&[
            ("SLUIS_FAILPOINT", &plan),
            ("SLUIS_FAILPOINT_LOG", log.to_str().expect("the folder has a plain name")),
        ]);
    }

    fn passings(&self) -> PathBuf {
        self.site.path("passings")
    }

    /// How often each place was passed since the last [`World::arm`], as lines.
    pub fn passed(&self) -> String {
        fs::read_to_string(self.passings()).unwrap_or_default()
    }

    /// Waits until the failpoint did what it was to do. Places that a group of messages passes together are passed more
    /// rarely than there are messages: when the daemon is done with its portion too soon, it gets more.
    pub fn until_tripped(&mut self, at: Failpoint, passing: u64, action: Action) {
        let mut daemon = self.daemon.take().expect("it was armed");
        let reached = |world: &World| {
            let name = at.as_str();
            let passed = world.passed().lines().filter(|line| *line == name).count();
            u64::try_from(passed).expect("it fits") >= passing
        };
        loop {
            let is_over = |daemon: &mut Daemon| reached(self) || !daemon.runs();
            self.until(&format!("{at} is passed {passing} times"), || {
                is_over(&mut daemon) || self.arrived() >= self.owed()
            });
            if is_over(&mut daemon) {
                break;
            }
            assert!(self.feed_more(), "{at} was not passed {passing} times by all there is: {}", self.describe());
        }
        assert!(reached(self), "it must not die before its time: {}", self.describe());
        match action {
            Action::Abort => {
                self.until("it dies", || !daemon.runs());
                self.figures.kills += 1;
            }
            Action::Hang => {
                // Not a wait for something: what it can still do it may do.
                std::thread::sleep(HANG);
                assert!(daemon.runs(), "it hangs, it does not die: {}", self.describe());
                daemon.kill();
                self.figures.kills += 1;
            }
            Action::Error(times) => {
                self.figures.failures += usize::try_from(times).expect("it fits");
                self.daemon = Some(daemon);
            }
            Action::Delay(_) => {
                self.figures.failures += 1;
                self.daemon = Some(daemon);
            }
        }
    }

    /// The clock of the machine is wrong by that much from now on.
    pub fn set_clock(&mut self, seconds: i64) {
        self.clock = seconds;
        self.figures.outages += 1;
        let draft = self.site.path("clock.draft");
        fs::write(&draft, seconds.to_string()).expect("a file can be written");
        fs::rename(draft, self.site.path("clock")).expect("a file can be renamed");
    }

    // --- messages ---

    /// Sends the next portion.
    pub fn feed(&mut self) {
        let portion = self.portions.pop_front().expect("there is a portion for each fault");
        self.send(&portion);
    }

    /// Sends the next messages of the portions to come; whether there are any.
    fn feed_more(&mut self) -> bool {
        let Some(next) = self.portions.iter_mut().find(|portion| !portion.is_empty()) else { return false };
        let more: Vec<Item> = next.drain(..next.len().min(MORE)).collect();
        self.send(&more);
        true
    }

    /// Sends what is left.
    pub fn feed_rest(&mut self) {
        let rest: Vec<Item> = self.portions.drain(..).flatten().collect();
        self.send(&rest);
    }

    /// Sends the fresh message.
    pub fn feed_fresh(&mut self) {
        let fresh = [self.fresh.clone()];
        self.send(&fresh);
    }

    fn send(&mut self, items: &[Item]) {
        self.last = items.iter().map(|item| item.name.clone()).collect();
        self.fed.extend(self.last.iter().cloned());
        match &self.broker {
            Some(broker) => broker.send(items),
            None => self.site.send(items),
        }
    }

    /// Deliveries that what was fed leads to.
    fn owed(&self) -> usize {
        self.owed_to(&self.fed)
    }

    fn owed_to(&self, names: &BTreeSet<String>) -> usize {
        let rows = self.expected.outbox.iter().filter(|due| names.contains(&due.correlation_id));
        rows.map(|due| self.parts(due)).sum()
    }

    /// As how many things a row arrives.
    fn parts(&self, due: &Due) -> usize {
        let file = self.way == Way::Directory && !is_for_office(due);
        1 + usize::from(file && due.verdict_json.is_some())
    }

    /// Deliveries that arrived; by the broker also those that arrived again.
    fn arrived(&self) -> usize {
        let elsewhere = self.broker.as_ref().map_or_else(|| self.site.left().len(), Broker::left);
        self.office.taken().len() + elsewhere
    }

    /// Waits until some of the last portion arrived, how much is chance.
    pub fn until_progress(&mut self, random: &mut Random) {
        let owed = self.owed_to(&self.last);
        let mark = self.owed() - owed + random.below(owed * 3 / 4);
        self.until("progress", || self.arrived() >= mark);
        // Not a wait for something: the moment itself is what is tried.
        std::thread::sleep(random.wait(Duration::from_millis(30)));
    }

    /// Waits until everything that was fed is judged, and everything that it leads to is delivered.
    pub fn drain(&mut self) {
        self.ensure_runs();
        let mut daemon = self.daemon.take().expect("it runs");
        let owed = self.owed();
        self.until("everything arrives", || {
            assert!(daemon.runs(), "it must not end by itself: {}", self.describe());
            self.arrived() >= owed
        });
        let taken = || match &self.broker {
            Some(broker) => broker.count("in") == 0,
            None => self.site.waiting().is_empty(),
        };
        // Repeats among what arrived hide what did not: so the outbox has the last word.
        self.until("nothing waits", || taken() && daemon.metric("sluis_outbox_rows", "") < 0.5);
        if let Some(broker) = &self.broker {
            self.until("nothing is unacknowledged", || broker.count_with_unacknowledged("in") == 0);
            self.until("nothing waits to be sent", || daemon.metric("sluis_outbox_rows", "") < 0.5);
        }
        self.daemon = Some(daemon);
    }

    /// Keeps what the daemon tells in numbers.
    pub fn scrape(&mut self) {
        let daemon = self.daemon.as_mut().expect("it runs");
        let (status, body) = get(daemon.address(), "/metrics").expect("the daemon answers");
        assert_eq!(status, 200);
        self.metrics = body;
    }

    /// Stops the daemon for good.
    pub fn end(&mut self) {
        let daemon = self.daemon.take().expect("it runs");
        assert!(daemon.terminate().success(), "it must stop in order: {}", tail(&self.site.log()));
    }

    // --- what is around it ---

    /// Mends everything that a fault may have left broken.
    pub fn heal(&mut self) {
        if let Some(proxy) = &mut self.proxy {
            proxy.clear();
            proxy.open();
        }
        self.office.set(Mood::Works);
        self.ensure_runs();
    }

    fn broker(&self) -> &Broker {
        self.broker.as_ref().expect("the scenario has a broker")
    }

    fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().expect("the scenario has a broker")
    }

    /// The application inside the broker stops for a while.
    pub fn broker_away(&mut self, away: Duration) {
        self.figures.outages += 1;
        self.broker().ctl(&["stop_app"]);
        std::thread::sleep(away);
        self.broker().ctl(&["start_app"]);
    }

    /// The broker takes nothing from the moment the daemon has something for it until that long after it noticed.
    pub fn broker_alarm(&mut self, alarm: Alarm, time: Duration) {
        self.figures.outages += 1;
        let (set, clear): (&[&str], &[&str]) = match alarm {
            Alarm::Memory => (&["set_vm_memory_high_watermark", "0.000001"], &["set_vm_memory_high_watermark", "0.4"]),
            Alarm::Disk => (&["set_disk_free_limit", "900000000000000"], &["set_disk_free_limit", "50MB"]),
        };
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
            self.figures.kills += 1;
        }
        self.feed();
        self.broker().ctl(set);
        let before = self.said("short of memory or disk");
        self.start(&[]);
        self.until("the broker takes nothing", || self.said("short of memory or disk") > before);
        std::thread::sleep(time);
        self.broker().ctl(clear);
    }

    /// In how many lines of its log the daemon said something.
    fn said(&self, part: &str) -> usize {
        self.site.log().lines().filter(|line| line.contains(part)).count()
    }

    /// The broker dies and boots.
    pub fn broker_crash(&mut self) {
        self.figures.outages += 1;
        self.broker().crash_and_boot();
    }

    /// The queue goes under the consumer's feet, and is declared anew by the gateway.
    pub fn delete_queue(&mut self) {
        self.figures.outages += 1;
        let queue = self.broker().queue("in");
        self.broker().ctl(&["delete_queue", &queue]);
        self.until("the queue is there again", || self.broker().exists("in"));
    }

    /// The way to the broker is disturbed.
    pub fn disturb(&mut self, weather: Weather, toward: Toward, only: &'static str, time: Duration) {
        self.figures.cuts += 1;
        self.proxy().set(weather, toward, only);
        std::thread::sleep(time);
        self.proxy().clear();
    }

    /// A connection is cut after so many bytes more, in the middle of whatever they are.
    pub fn cut_after(&mut self, bytes: usize, toward: Toward, only: &'static str) {
        self.figures.cuts += 1;
        self.until_ready();
        let lost = self.proxy().lost();
        self.proxy().set(Weather::CutAfter(bytes), toward, only);
        self.feed();
        self.until("a connection is cut", || self.proxy().lost() > lost);
        self.proxy().clear();
    }

    /// All connections to the broker are cut.
    pub fn cut(&mut self) {
        self.figures.cuts += 1;
        self.proxy().cut();
    }

    /// No connection to the broker is possible for a while.
    pub fn no_way(&mut self, time: Duration) {
        self.figures.cuts += 1;
        self.proxy().close();
        std::thread::sleep(time);
        self.proxy.as_mut().expect("the scenario has a broker").open();
    }

    fn database(&mut self) -> &mut Database {
        self.database.as_mut().expect("the scenario has a database")
    }

    /// So many commits are made, and the daemon does not hear of it.
    pub fn commit_unheard(&mut self, times: usize) {
        for _ in 0..times {
            self.figures.cuts += 1;
            let proxy = &self.database().proxy;
            let lost = proxy.lost();
            proxy.set(Weather::CutAtAnswerTo("COMMIT"), Toward::Both, "");
            self.until("an answer is lost", || self.database.as_ref().is_some_and(|it| it.proxy.lost() > lost));
            self.database().proxy.clear();
        }
    }

    /// The database ends all connections of the daemon.
    pub fn database_terminates(&mut self) {
        self.figures.cuts += 1;
        self.database().terminate();
    }

    /// No connection to the database is possible for a while.
    pub fn database_away(&mut self, time: Duration) {
        self.figures.outages += 1;
        self.database().proxy.close();
        std::thread::sleep(time);
        self.database().proxy.open();
    }

    /// The database dies and starts.
    pub fn database_restarts(&mut self) {
        self.figures.outages += 1;
        self.database().restart();
    }

    /// The database dies, and the second takes its place.
    pub fn database_fails_over(&mut self) {
        self.figures.outages += 1;
        self.database().fail_over();
    }

    /// The back office is in a mood until so many requests met it, or until there is nothing left for it.
    pub fn office_is(&mut self, mood: Mood, times: usize) {
        self.figures.outages += 1;
        let before = self.office.count(mood);
        self.office.set(mood);
        self.feed();
        self.until(&format!("{times} requests to a back office that is {mood:?}"), || {
            self.office.count(mood) >= before + times
        });
        self.office.set(Mood::Works);
    }

    /// The back office is away for hours, by the clock.
    pub fn office_away(&mut self, hours: i64) {
        let before = self.office.count(Mood::Refuses);
        self.office.set(Mood::Refuses);
        self.feed();
        self.until("it is refused", || self.office.count(Mood::Refuses) > before);
        for hour in 1..=hours {
            self.set_clock(hour * 3600);
            let before = self.office.count(Mood::Refuses);
            self.until("it is refused again", || self.office.count(Mood::Refuses) > before);
        }
        self.office.set(Mood::Works);
    }

    /// No room on a disk until the daemon found that out, and for a while.
    pub fn disk_full(&mut self, time: Duration) {
        self.figures.outages += 1;
        // What is lost is told once, until it is back.
        self.drain();
        self.disk.as_ref().expect("the scenario has a disk").fill();
        let noticed = |world: &World| world.said("disk is full") + world.said("No space left");
        let before = noticed(self);
        self.feed();
        self.until("it finds no room", || noticed(self) > before);
        std::thread::sleep(time);
        self.disk.as_ref().expect("the scenario has a disk").empty();
    }
}

/// Clients spread over so many portions; each has at least one as long as there are enough.
fn portions(clients: Vec<Vec<Item>>, count: usize) -> VecDeque<Vec<Item>> {
    assert!(clients.len() >= count, "a scenario needs a client for each fault, and one more");
    let mut portions: VecDeque<Vec<Item>> = (0..count).map(|_| Vec::new()).collect();
    let all = clients.len();
    for (nth, items) in clients.into_iter().enumerate() {
        portions[nth * count / all].extend(items);
    }
    portions
}
