//! Several gateways on one ledger, in one process: what is delivered, judged, ordered, surveyed and booked by two at once,
//! and what becomes of it when one of them stands still, dies or stops.

mod common;

use common::until;
use futures_util::future::BoxFuture;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use sluis::clock::{Clock, FixedClock};
use sluis::config::{self, WaitingRoom};
use sluis::contract::{Contracts, InForce, Policies, Register, load};
use sluis::decision::{Decision, Outgoing, Purpose, Verdict};
use sluis::delivery::outbox::{Due, Outbox};
use sluis::delivery::relay::{Relay, Routes};
use sluis::delivery::{Destination, Failure};
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::gateway::{Gateway, Options};
use sluis::hold::{Action, Order, Outcome};
use sluis::ledger::{Filter, Inbox, Keys, Ledger, Settings};
use sluis::members::{Membership, Profile, Tasks, differences, own_share, owner};
use sluis::message::{Date, Eenheid, Frequentie, Law, Message, Party, Product};
use sluis::schema::Limits;
use sluis::shutdown::{Trigger, shutdown};
use sluis::survey::Surveyor;
use sluis::telemetry::Telemetry;
use sluis::transport::spool::Spool;
use sluis::transport::{Incoming, Intake};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

const DAY: Date = Date::constant(2026, 3, 10);
const LAPSE: Duration = Duration::from_mins(1);

/// A ledger that is shared, as far as its file allows: its gateways live in this process.
struct Region {
    ledger: Ledger,
    reader: (sluis::ledger::Location, Keys),
    clock: Arc<FixedClock>,
    _folder: TempDir,
}

impl Region {
    fn open() -> Region {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (path, keys) = (folder.path().join("ledger.db"), Keys::generate());
        let location = sluis::ledger::Location::from(path);
        let settings = Settings { location: location.clone(), keys: keys.clone(), max_group: 64 };
        let ledger = Ledger::open(settings).expect("a ledger opens");
        Region { ledger, reader: (location, keys), clock: Arc::new(FixedClock::on(DAY)), _folder: folder }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    async fn join(&self, contracts: impl Into<InForce>, lapse: Duration, queues: &[&str]) -> Arc<Membership> {
        let profile = Profile {
            name: "sluis".to_owned(),
            settings: "00000000".to_owned(),
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            may_stand_by: true,
            heartbeat: lapse / 4,
            lapse,
        };
        let telemetry = Telemetry::default();
        let joined = Membership::join(profile, self.ledger.clone(), contracts.into(), self.clock(), &telemetry);
        joined.await.expect("the ledger takes a member")
    }

    async fn member(&self) -> Arc<Membership> {
        self.join(Contracts::default(), LAPSE, &[]).await
    }

    /// Adds replies to a receiver, in one message.
    async fn owe(&self, message: &str, rows: &[(&str, i64)]) {
        let inbox = Inbox::new("directory", message, self.clock.now(), message.as_bytes().to_vec());
        let outgoing = rows.iter().map(|(to, number)| Outgoing {
            purpose: Purpose::Reply,
            to: Some(Party::from(*to)),
            subject: "WMO306".to_owned(),
            law: Some(Law::Wmo),
            region: None,
            body: number.to_string().into_bytes(),
            verdict_json: None,
        });
        let decision = Decision {
            kind: None,
            identity: None,
            claimed_sender: None,
            verdict: Verdict::Rejected,
            level: 1,
            findings: Vec::new(),
            skipped: Vec::new(),
            signals: Vec::new(),
            observed: Vec::new(),
            records: Vec::new(),
            outgoing: outgoing.collect(),
            register_version: None,
        };
        self.ledger.run(move |tx| tx.store(&inbox, &decision)).await.expect("it is stored");
    }

    async fn unsent(&self) -> usize {
        self.ledger.run(|tx| tx.due(Timestamp::MAX, 100_000)).await.expect("the outbox can be read").len()
    }

    async fn until_sent(&self) {
        let sent = async {
            while self.unsent().await > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(common::PATIENCE, sent).await.expect("everything leaves");
    }
}

/// A receiver of everything: what arrived, in order, and from which gateway.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Vec<Arrival>>>);

#[derive(Debug, Clone)]
struct Arrival {
    gateway: &'static str,
    to: String,
    id: Uuid,
    number: i64,
}

impl Desk {
    fn arrivals(&self) -> Vec<Arrival> {
        self.0.lock().expect("no panic").clone()
    }

    fn count(&self, gateway: &str) -> usize {
        self.arrivals().iter().filter(|arrival| arrival.gateway == gateway).count()
    }

    /// Numbers for a receiver, without repeats, in the order in which they arrived first.
    fn first_arrivals(&self, to: &str) -> Vec<i64> {
        let mut seen = BTreeSet::new();
        let arrivals = self.arrivals().into_iter().filter(|arrival| arrival.to == to);
        arrivals.filter(|arrival| seen.insert(arrival.id)).map(|arrival| arrival.number).collect()
    }
}

/// The way from one gateway to the desk.
struct Way {
    gateway: &'static str,
    desk: Desk,
    run: usize,
    /// Stands still before the next row as long as this is set.
    frozen: Arc<AtomicBool>,
}

impl Destination for Way {
    fn sort(&self) -> &'static str {
        "fake"
    }

    fn name(&self) -> &'static str {
        "fake"
    }

    fn longest_run(&self) -> usize {
        self.run
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let (gateway, desk, frozen) = (self.gateway, self.desk.clone(), Arc::clone(&self.frozen));
        Box::pin(async move {
            let mut outcomes = Vec::new();
            for due in run.iter() {
                while frozen.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                tokio::time::sleep(Duration::from_micros(300)).await;
                let number = std::str::from_utf8(&due.body).ok().and_then(|text| text.parse().ok());
                desk.0.lock().expect("no panic").push(Arrival {
                    gateway,
                    to: due.to.clone().expect("replies have a receiver"),
                    id: due.id,
                    number: number.expect("bodies are numbers here"),
                });
                outcomes.push(Ok(()));
            }
            outcomes
        })
    }
}

/// A gateway as far as it delivers.
struct Sender {
    membership: Arc<Membership>,
    frozen: Arc<AtomicBool>,
    trigger: Trigger,
    relay: JoinHandle<()>,
}

impl Sender {
    fn start(region: &Region, name: &'static str, membership: Arc<Membership>, desk: &Desk, run: usize) -> Sender {
        let frozen = Arc::new(AtomicBool::new(false));
        let way = Way { gateway: name, desk: desk.clone(), run, frozen: Arc::clone(&frozen) };
        let routes = Routes { default: Arc::new(way), back_offices: BTreeMap::new() };
        let settings = config::Delivery {
            default: config::Transport::Directory,
            first_retry: Duration::from_millis(20),
            max_retry: Duration::from_millis(200),
            window: 24,
            slow_retry: Duration::from_millis(500),
            breaker_after: 5,
            set_aside_after: 3,
            order: config::Order::Skip,
        };
        let outbox = Arc::new(membership.outbox());
        let relay = Relay::new(outbox, routes, &settings, region.clock(), &Telemetry::default());
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        Sender { membership, frozen, trigger, relay: tokio::spawn(relay.run(stop)) }
    }

    fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::SeqCst);
    }

    async fn stop(self) {
        self.trigger.stop();
        common::soon("the relay stops", self.relay).await.expect("no panic");
        self.membership.leave().await;
    }
}

const RECEIVERS: [&str; 12] = [
    "42420001", "42420002", "42420003", "42420004", "42420005", "42420006", "42420007", "42420008", "42420009", "0197",
    "0222", "0294",
];

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_share_the_work_and_nothing_leaves_twice_or_out_of_turn() {
    let region = Region::open();
    let (desk, mut owed) = (Desk::default(), Vec::new());
    let a = Sender::start(&region, "a", region.member().await, &desk, 4);
    // As many rows as its window takes, for two receivers: the others are left to whoever has room.
    a.freeze(true);
    let slow: Vec<(&str, i64)> = (0..24_u8).map(|number| (RECEIVERS[usize::from(number % 2)], number.into())).collect();
    region.owe("slow", &slow).await;
    owed.extend(slow);
    until_claimed(&region, 2).await;
    let b = Sender::start(&region, "b", region.member().await, &desk, 4);
    for message in 1..=60 {
        let rows: Vec<(&str, i64)> = RECEIVERS.into_iter().zip(100 * message..).collect();
        region.owe(&format!("m{message}"), &rows).await;
        owed.extend(rows);
    }
    until("b works beside it", || desk.count("b") >= 100).await;
    assert_eq!(desk.count("a"), 0);
    a.freeze(false);
    region.until_sent().await;
    assert_eq!(desk.arrivals().len(), owed.len(), "each once");
    for to in RECEIVERS {
        let expected: Vec<i64> = owed.iter().filter(|(of, _)| *of == to).map(|(_, number)| *number).collect();
        assert_eq!(desk.first_arrivals(to), expected, "{to}");
    }
    println!("a delivered {}, b {}", desk.count("a"), desk.count("b"));
    assert!(desk.count("a") >= 24, "both do work");
    a.stop().await;
    b.stop().await;
    let left = region.ledger.run(|tx| tx.members()).await.expect("members can be read");
    assert!(left.is_empty(), "who stops in order leaves nothing behind: {left:?}");
}

/// Waits until the only member has a claim on that many receivers.
async fn until_claimed(region: &Region, receivers: u64) {
    let claimed = async {
        while region.ledger.run(|tx| tx.members()).await.expect("members can be read")[0].receivers != receivers {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    common::soon("receivers are claimed", claimed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_gateway_had_is_taken_over_after_its_lapse_and_not_before() {
    let region = Region::open();
    let desk = Desk::default();
    let a = Sender::start(&region, "a", region.member().await, &desk, 4);
    a.freeze(true);
    let rows: Vec<(&str, i64)> = (0..10).map(|number| ("42420001", number)).collect();
    region.owe("m", &rows).await;
    until_claimed(&region, 1).await;
    // It dies as a process does: nothing runs any more and nothing is given up.
    a.relay.abort();
    let b = Sender::start(&region, "b", region.member().await, &desk, 4);
    region.clock.advance(SignedDuration::try_from(LAPSE).expect("short") - SignedDuration::from_secs(1));
    b.membership.look().await;
    region.owe("n", &[("42420002", 100)]).await;
    until("b works", || desk.first_arrivals("42420002") == [100]).await;
    assert_eq!(desk.first_arrivals("42420001"), [0_i64; 0], "a counts as alive");
    region.clock.advance(SignedDuration::from_secs(1));
    b.membership.look().await;
    region.until_sent().await;
    assert_eq!(desk.first_arrivals("42420001"), (0..10).collect::<Vec<i64>>());
    assert_eq!((b.membership.members().len(), desk.count("a")), (1, 0));
    b.stop().await;
}

/// The window that no lease can close: a gateway stands still with rows in its hands, another takes over and is done
/// with them and with later ones, and the first goes on where it stood.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_wakes_up_sends_repeats_at_most_and_no_row_overtakes_another() {
    let region = Region::open();
    let desk = Desk::default();
    let a = Sender::start(&region, "a", region.member().await, &desk, 4);
    let rows = |numbers: std::ops::Range<i64>| numbers.map(|number| ("42420001", number)).collect::<Vec<_>>();
    a.freeze(true);
    region.owe("m", &rows(0..12)).await;
    until_claimed(&region, 1).await;
    let first_id = a.membership.id().expect("it is a member");
    region.clock.advance(SignedDuration::try_from(LAPSE).expect("short"));
    let b = Sender::start(&region, "b", region.member().await, &desk, 4);
    region.until_sent().await;
    region.owe("n", &rows(12..20)).await;
    region.until_sent().await;
    assert_eq!((desk.count("a"), desk.count("b")), (0, 20));
    a.freeze(false);
    // The run that it was in goes out once more; its other rows do not, because it knows that it is gone.
    until("a finished its run", || desk.count("a") == 4).await;
    a.membership.look().await;
    assert_ne!(a.membership.id(), Some(first_id), "it registered anew");
    region.owe("o", &rows(20..24)).await;
    region.owe("p", &[("42420002", 100)]).await;
    region.until_sent().await;
    assert_eq!(desk.first_arrivals("42420001"), (0..24).collect::<Vec<i64>>());
    let repeats: Vec<i64> = desk.arrivals().iter().filter(|arrival| arrival.gateway == "a").map(|a| a.number).collect();
    assert_eq!(repeats[..4], [0, 1, 2, 3], "repeats under their own ids, in their order");
    assert!(repeats[4..].iter().all(|number| *number >= 20), "{repeats:?}");
    a.stop().await;
    b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_reach_the_ledger_stops_sending_by_itself() {
    let region = Region::open();
    let short = Duration::from_millis(200);
    let membership = region.join(Contracts::default(), short, &["q"]).await;
    let outbox = membership.outbox();
    region.owe("m", &[("42420001", 1)]).await;
    let receiver = Some("42420001".to_owned());
    assert!(!outbox.holds(&receiver), "nothing was claimed yet");
    let rows = outbox.due(region.clock.now(), 10).await.expect("it is a member");
    assert_eq!(rows.len(), 1);
    assert!(outbox.holds(&receiver) || !membership.is_in_good_standing());
    // Nobody prolongs anything: the clock of this process alone tells that the claim may be another's.
    until("the claim is over", || !outbox.holds(&receiver)).await;
    until("so is the membership", || !membership.is_in_good_standing()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orderly_stop_gives_up_everything_at_once() {
    let region = Region::open();
    let (a, b) = (region.join(Contracts::default(), LAPSE, &["q1", "q2", "q3"]).await, region.member().await);
    region.owe("m", &[("42420001", 1)]).await;
    assert_eq!(a.outbox().due(region.clock.now(), 10).await.expect("it is a member").len(), 1);
    assert!(Tasks::Shared(Arc::clone(&a)).are_mine("survey", LAPSE).await.expect("it can be asked"));
    assert_eq!(b.outbox().due(region.clock.now(), 10).await.expect("it is a member").len(), 0);
    let (trigger, stop) = shutdown(Duration::from_secs(5));
    let share = a.share();
    let keeper = tokio::spawn(a.keep(stop));
    trigger.stop();
    common::soon("it leaves", keeper).await.expect("no panic");
    assert!(share.borrow().is_empty());
    assert_eq!(b.outbox().due(region.clock.now(), 10).await.expect("it is a member").len(), 1);
    assert!(Tasks::Shared(Arc::clone(&b)).are_mine("survey", LAPSE).await.expect("it can be asked"));
    b.look().await;
    assert_eq!(b.members().len(), 1);
}

// Queues.

#[test]
fn queues_change_hands_only_with_those_who_come_and_go() {
    let id = |number: u128| Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
    let queues: BTreeSet<String> = (0..200).map(|number| format!("sluis.in.{number}")).collect();
    let mut members: BTreeSet<Uuid> = (1..=3).map(id).collect();
    let share = |members: &BTreeSet<Uuid>| -> BTreeMap<String, Uuid> {
        queues.iter().map(|queue| (queue.clone(), owner(queue, members).expect("there are members"))).collect()
    };
    let before = share(&members);
    for member in &members {
        let own = own_share(*member, &members, &queues);
        assert!((40..100).contains(&own.len()), "a fair share of 200 among three: {}", own.len());
        assert!(own.iter().all(|queue| before[queue] == *member));
    }
    members.insert(id(4));
    let with_fourth = share(&members);
    let moved = |a: &BTreeMap<String, Uuid>, b: &BTreeMap<String, Uuid>| -> Vec<(Uuid, Uuid)> {
        queues.iter().filter(|queue| a[*queue] != b[*queue]).map(|queue| (a[queue], b[queue])).collect()
    };
    let joined = moved(&before, &with_fourth);
    assert!(!joined.is_empty() && joined.iter().all(|(_, to)| *to == id(4)), "only the newcomer gets any");
    members.remove(&id(2));
    let without_second = share(&members);
    let left = moved(&with_fourth, &without_second);
    assert!(!left.is_empty() && left.iter().all(|(from, _)| *from == id(2)), "only those of who left are given away");
    assert_eq!(owner("sluis.in", &BTreeSet::new()), None);
    assert!(own_share(id(9), &members, &queues).is_empty(), "who is no member has no share");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_queue_has_one_gateway_first_and_later_the_others_stand_by() {
    let region = Region::open();
    let queues = ["q1", "q2", "q3", "q4", "q5", "q6"];
    let a = region.join(Contracts::default(), LAPSE, &queues).await;
    let all: BTreeSet<String> = queues.iter().map(|queue| (*queue).to_owned()).collect();
    assert_eq!(*a.share().borrow(), all, "alone it takes all");
    let b = region.join(Contracts::default(), LAPSE, &queues).await;
    a.look().await;
    let ids = BTreeSet::from([a.id().expect("a member"), b.id().expect("a member")]);
    let shares = [&a, &b].map(|member| member.share().borrow().clone());
    assert_eq!(shares[0], own_share(a.id().expect("a member"), &ids, &all));
    assert!(shares[0].is_disjoint(&shares[1]));
    assert_eq!(shares[0].union(&shares[1]).cloned().collect::<BTreeSet<_>>(), all);
    // Once nothing has changed for a while each stands by for the others: the broker lets one in at a time.
    for _ in 0..2 {
        a.look().await;
        b.look().await;
    }
    assert_eq!((a.share().borrow().clone(), b.share().borrow().clone()), (all.clone(), all.clone()));
    let c = region.join(Contracts::default(), LAPSE, &queues).await;
    a.look().await;
    b.look().await;
    let shares = [&a, &b, &c].map(|member| member.share().borrow().clone());
    assert_eq!(shares.iter().map(BTreeSet::len).sum::<usize>(), 6, "each queue is one gateway's again: {shares:?}");
    b.leave().await;
    assert!(b.share().borrow().is_empty());
}

#[test]
fn one_spool_serves_one_gateway() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let spool = || Spool::open(folder.path()).expect("the folders can be made");
    let lock = spool().claim().expect("it is free");
    let refused = spool().claim().expect_err("it is taken").to_string();
    assert!(refused.contains("in use by another gateway") && refused.contains("[directory]"), "{refused}");
    drop(lock);
    spool().claim().expect("it is free again");
}

// What happens once.

fn register() -> Register {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    load(&folder).expect("the sample register has no fault")
}

fn contracts() -> Contracts {
    let mut policies = Policies::default();
    policies.set("A1", None, "hold").expect("a known check and word");
    Contracts::new(vec![Arc::new(register())], policies)
}

fn judge(region: &Region) -> Arc<Gateway> {
    let room = WaitingRoom { longest: Some(Duration::from_mins(10)), max_messages: 1000 };
    let options = Options { waiting_room: room, ..Options::default() };
    let (ledger, telemetry) = (region.ledger.clone(), Telemetry::default());
    Arc::new(Gateway::new("sluis", Limits::default(), contracts(), ledger, region.clock(), &telemetry, options))
}

async fn take(gateway: &Gateway, id: &str, message: &Message) {
    let incoming = Incoming { transport: "amqp", transport_id: id.to_owned(), identity: None, bytes: message.write() };
    let prepared = gateway.prepare(incoming).await;
    gateway.commit(prepared).await.expect("the ledger takes everything");
}

fn composer(aanbieder: &str) -> Composer {
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from(aanbieder));
    Composer { law: Law::Wmo, gemeente, aanbieder, dagtekening: date(2026, 3, 9) }
}

fn allocate(nummer: u64) -> Allocate {
    Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: omvang(2, Eenheid::Uur, Frequentie::PerWeek),
    }
}

/// Chains of a 301 and a 305 on it.
fn chains(count: u32) -> Vec<(String, Message)> {
    let composer = composer("42420001");
    (0..count)
        .flat_map(|client| {
            let (person, allocate) = (Person::nth(client), allocate(1000 + u64::from(client)));
            let start = composer.start(&format!("S{client}"), &person, &allocate, date(2026, 1, 5));
            [
                (format!("{client}-301"), composer.toewijzing(&format!("A{client}"), &person, &allocate)),
                (format!("{client}-305"), start),
            ]
        })
        .collect()
}

/// Verdicts by id of the delivery, and how many replies and forwards wait to leave.
async fn told(region: &Region) -> (Vec<(String, Verdict)>, usize) {
    let entries = region.ledger.run(|tx| tx.messages(&Filter::default())).await.expect("messages can be read");
    let due = region.ledger.run(|tx| tx.due(Timestamp::MAX, 10_000)).await.expect("the outbox can be read");
    let leaves = due.iter().filter(|due| matches!(due.purpose, Purpose::Reply | Purpose::Forward)).count();
    (entries.into_iter().map(|entry| (entry.transport_id, entry.verdict)).collect(), leaves)
}

/// As when a broker hands everything to a second gateway because the first stood still, and that one goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_two_gateways_take_at_once_is_judged_once_and_in_order() {
    let chains = chains(40);
    let region = Region::open();
    let gateways = [judge(&region), judge(&region)];
    let taking = gateways.iter().map(|gateway| async {
        for (id, message) in &chains {
            take(gateway, id, message).await;
        }
    });
    futures_util::future::join_all(taking).await;
    let (verdicts, leaves) = told(&region).await;
    let expected: Vec<(String, Verdict)> = chains.iter().map(|(id, _)| (id.clone(), Verdict::Accepted)).collect();
    assert_eq!(verdicts, expected, "one verdict each, in the order in which they came");
    assert_eq!(leaves, 40 + 2 * 40, "a forward of each 301, a forward and a reply of each 305");
    assert_eq!(region.ledger.run(|tx| tx.check_integrity()).await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_room_that_two_keep_lets_each_out_once() {
    let chains = chains(30);
    let region = Region::open();
    let gateways = [judge(&region), judge(&region)];
    let (trigger, stop) = shutdown(Duration::from_secs(5));
    let keepers = gateways.clone().map(|gateway| tokio::spawn(gateway.keep_waiting_room(stop.clone())));
    let (firsts, starts): (Vec<_>, Vec<_>) = chains.iter().partition(|(id, _)| id.ends_with("301"));
    for (at, (id, message)) in starts.iter().enumerate() {
        take(&gateways[at % 2], id, message).await;
    }
    assert_eq!(region.ledger.run(|tx| tx.count_waiting(Timestamp::MAX)).await.expect("it can be read").count, 30);
    for (at, (id, message)) in firsts.iter().enumerate() {
        take(&gateways[at % 2], id, message).await;
    }
    let empty = async {
        while region.ledger.run(|tx| tx.count_waiting(Timestamp::MAX)).await.expect("it can be read").count > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    common::soon("the room empties", empty).await;
    let (verdicts, leaves) = told(&region).await;
    assert_eq!(verdicts.len(), 60);
    assert!(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Accepted), "{verdicts:?}");
    assert_eq!(leaves, 30 + 2 * 30);
    trigger.stop();
    for keeper in keepers {
        keeper.await.expect("it ends well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_two_carry_out_is_carried_out_once() {
    let region = Region::open();
    let gateways = [judge(&region), judge(&region)];
    // Without a contract: held.
    for client in 0..12 {
        let message = composer("42420010").toewijzing(
            &format!("A{client}"),
            &Person::nth(client),
            &allocate(2000 + u64::from(client)),
        );
        take(&gateways[0], &format!("{client}"), &message).await;
    }
    let holds = region.ledger.run(|tx| tx.holds()).await.expect("holds can be read");
    assert_eq!(holds.len(), 12);
    let mut orders = Vec::new();
    for hold in &holds {
        let (message_id, reason, by) = (hold.message_id, "toch".to_owned(), "j.jansen".to_owned());
        let order = Order { message_id, action: Action::Release, reason, by };
        let given = region.ledger.run(move |tx| tx.give_order(&order, Timestamp::UNIX_EPOCH)).await;
        orders.push(given.expect("it is given"));
    }
    let [first, second] = &gateways;
    let (first, second) = tokio::join!(first.carry_out_orders(), second.carry_out_orders());
    first.expect("orders are carried out");
    second.expect("orders are carried out");
    for order in orders {
        let ordered = region.ledger.run(move |tx| tx.order(order)).await.expect("orders can be read");
        let done = ordered.and_then(|ordered| ordered.done).expect("it was carried out");
        assert_eq!(done.outcome, Outcome::Released, "{}", done.answer);
    }
    let (verdicts, leaves) = told(&region).await;
    assert!(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Accepted), "{verdicts:?}");
    assert_eq!((verdicts.len(), leaves), (12, 12), "each left once");
    assert_eq!(region.ledger.run(|tx| tx.check_integrity()).await.expect("it can be checked"), []);
}

fn surveyor(region: &Region) -> Surveyor {
    Surveyor {
        name: "sluis".to_owned(),
        ledger: region.ledger.clone(),
        reader: region.reader.clone(),
        contracts: contracts().into(),
        clock: region.clock(),
        telemetry: Telemetry::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_that_two_make_at_once_is_recorded_once() {
    let region = Region::open();
    let (one, two) = (surveyor(&region), surveyor(&region));
    let register = Arc::clone(&one.contracts.now().registers()[0]);
    for _ in 0..5 {
        let (first, second) = tokio::join!(one.look_over_if_due(&register), two.look_over_if_due(&register));
        let done = [first, second].map(|done| done.expect("it can be made"));
        assert_eq!(done.into_iter().filter(|done| *done).count(), 1, "one of them records it");
        region.clock.advance(SignedDuration::from_hours(24));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_survey_any_more_tells_nothing_of_budgets() {
    let region = Region::open();
    let (a, b) = (region.member().await, region.member().await);
    let (_trigger, stop) = shutdown(Duration::ZERO);
    let (first, second) = (surveyor(&region), surveyor(&region));
    let tells = async |surveyor: &Surveyor| surveyor.telemetry.scrape().await.contains("sluis_budget_expected_cents{");
    let [of_a, of_b] = [&a, &b].map(|member| Tasks::Shared(Arc::clone(member)));
    first.look(&of_a, &stop).await;
    second.look(&of_b, &stop).await;
    assert!(tells(&first).await && !tells(&second).await, "who has the task tells");
    a.leave().await;
    second.look(&of_b, &stop).await;
    first.look(&of_a, &stop).await;
    assert!(tells(&second).await, "who took it over tells, though the day was surveyed already");
    assert!(!tells(&first).await, "two gateways tell different figures");
    b.leave().await;
    a.look().await;
    first.look(&of_a, &stop).await;
    assert!(tells(&first).await, "it has the task again");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_gateways_one_surveys_and_one_keeps_the_books_until_it_is_gone() {
    let region = Region::open();
    let (a, b) = (region.member().await, region.member().await);
    let [of_a, of_b] = [&a, &b].map(|member| Tasks::Shared(Arc::clone(member)));
    for task in ["survey", "books"] {
        let (first, second) = tokio::join!(of_a.are_mine(task, LAPSE), of_b.are_mine(task, LAPSE));
        let mine = [first, second].map(|mine| mine.expect("it can be asked"));
        assert_eq!(mine.into_iter().filter(|mine| *mine).count(), 1, "{task}");
    }
    let has = |tasks: Tasks| async move { tasks.are_mine("survey", LAPSE).await.expect("it can be asked") };
    let owner = if has(of_a.clone()).await { (&a, &of_b) } else { (&b, &of_a) };
    assert!(!has(owner.1.clone()).await, "it stays with who has it");
    owner.0.leave().await;
    assert!(has(owner.1.clone()).await);
    assert!(has(Tasks::Own).await, "a ledger of one gateway asks nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn postings_that_two_book_are_booked_once() {
    let region = Region::open();
    let gateway = judge(&region);
    for (id, message) in chains(20) {
        take(&gateway, &id, &message).await;
    }
    // A year later all of that is of a closed year.
    region.clock.advance(SignedDuration::from_hours(24 * 400));
    let register = Arc::new(register());
    let book = || sluis::bookkeeper::book(&region.ledger, Arc::clone(&register), region.clock.as_ref());
    let (first, second) = tokio::join!(book(), book());
    let booked = [first, second].map(|booked| booked.expect("it can be booked"));
    println!("postings by each: {booked:?}");
    assert!(booked.contains(&0) && booked.iter().sum::<usize>() > 0, "one of them does all: {booked:?}");
    assert_eq!(region.ledger.run(|tx| tx.check_integrity()).await.expect("it can be checked"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_that_differ_are_told_apart() {
    let region = Region::open();
    let a = region.join(contracts(), LAPSE, &[]).await;
    let mut other = register();
    other.version = "another".to_owned();
    let b = region.join(Contracts::new(vec![Arc::new(other)], Policies::default()), LAPSE, &[]).await;
    a.look().await;
    let told = differences(&a.members());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("register achterhoek") && told[0].contains("another"), "{told:?}");
    let figures = sluis::members::figures(&a.members());
    assert!(figures.iter().any(|(metric, labels, value)| {
        metric.name() == "sluis_register_versions" && *labels == ["achterhoek"] && (*value - 2.0).abs() < 1e-9
    }));
    b.leave().await;
    a.look().await;
    assert_eq!(differences(&a.members()), [""; 0]);
}
