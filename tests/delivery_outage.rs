//! A destination that is down for a day and comes back: few attempts, everything once and in order, and no storm. The
//! ledger is a real one, the clock is moved by hand, and the gateway is restarted halfway.

mod common;

use common::PATIENCE;
use futures_util::future::BoxFuture;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use sluis::clock::{Clock, FixedClock};
use sluis::config::{Delivery, Order, Transport};
use sluis::decision::{Decision, Identity, Outgoing, Purpose, Verdict};
use sluis::delivery::breaker::{Breaker, Rules, State, Step};
use sluis::delivery::outbox::{Due, Outbox, OutboxError, Settlement, Standing};
use sluis::delivery::relay::{Relay, Routes};
use sluis::delivery::{Destination, Failure};
use sluis::ledger::{Inbox, Keys, Ledger, Location, Settings};
use sluis::message::{Kind, Law, Number, Party};
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

const ROWS: usize = 10_000;
const RECEIVERS: usize = 20;
const WINDOW: usize = 256;

/// The ledger, with a count of the looks at it.
struct Watched {
    ledger: Ledger,
    /// Looks that found nothing to send.
    idle_looks: AtomicUsize,
    wake: Notify,
}

impl Outbox for Watched {
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        self.ledger.due(now, limit)
    }

    fn due_except(
        &self,
        now: Timestamp,
        limit: usize,
        busy: Vec<Option<String>>,
    ) -> BoxFuture<'_, Result<Vec<Due>, OutboxError>> {
        Box::pin(async move {
            let rows = self.ledger.due_except(now, limit, busy).await?;
            self.idle_looks.fetch_add(usize::from(rows.is_empty()), Ordering::SeqCst);
            Ok(rows)
        })
    }

    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<(), OutboxError>> {
        Outbox::settle(&self.ledger, settlements)
    }

    fn breakers(&self, steps: Vec<Step>, now: Timestamp, rules: Rules) -> BoxFuture<'_, Result<Standing, OutboxError>> {
        Outbox::breakers(&self.ledger, steps, now, rules)
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.wake.notified())
    }
}

/// A receiver of everything that is down or up, and watches how much comes at once.
#[derive(Default)]
struct Remote {
    is_up: AtomicBool,
    attempts: AtomicUsize,
    under_way: AtomicUsize,
    arrived: Mutex<Vec<(Option<String>, i64, Uuid)>>,
    /// Rows at once and rows that had arrived by then, wherever that was more than the ramp allows.
    storms: Mutex<Vec<(usize, usize)>>,
    most: AtomicUsize,
}

struct Link(Arc<Remote>);

impl Destination for Link {
    fn sort(&self) -> &'static str {
        "amqp"
    }

    fn name(&self) -> &'static str {
        "amqp"
    }

    fn longest_run(&self) -> usize {
        8
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let remote = Arc::clone(&self.0);
        Box::pin(async move {
            remote.attempts.fetch_add(run.len(), Ordering::SeqCst);
            if !remote.is_up.load(Ordering::SeqCst) {
                return vec![Err(Failure::destination("no connection"))];
            }
            let at_once = remote.under_way.fetch_add(run.len(), Ordering::SeqCst) + run.len();
            let arrived = remote.arrived.lock().expect("no panic").len();
            remote.most.fetch_max(at_once, Ordering::SeqCst);
            if at_once > arrived.clamp(1, WINDOW) {
                remote.storms.lock().expect("no panic").push((at_once, arrived));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            let mut arrivals = remote.arrived.lock().expect("no panic");
            arrivals.extend(run.iter().map(|due| (due.to.clone(), due.sequence, due.id)));
            remote.under_way.fetch_sub(run.len(), Ordering::SeqCst);
            vec![Ok(()); run.len()]
        })
    }
}

struct Gateway {
    trigger: Trigger,
    task: JoinHandle<()>,
}

impl Gateway {
    fn start(outbox: &Arc<Watched>, remote: &Arc<Remote>, clock: &Arc<FixedClock>) -> Gateway {
        let settings = Delivery {
            default: Transport::Amqp,
            first_retry: Duration::from_secs(1),
            max_retry: Duration::from_mins(5),
            window: WINDOW,
            slow_retry: Duration::from_mins(10),
            breaker_after: 5,
            set_aside_after: 3,
            order: Order::Skip,
        };
        let routes = Routes { default: Arc::new(Link(Arc::clone(remote))), back_offices: BTreeMap::new() };
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let (outbox, clock) = (Arc::clone(outbox) as Arc<_>, Arc::clone(clock) as Arc<_>);
        let relay = Relay::new(outbox, routes, &settings, clock, &Telemetry::default());
        Gateway { trigger, task: tokio::spawn(relay.run(stop)) }
    }

    async fn stop(self) {
        self.trigger.stop();
        common::soon("the relay stops", self.task).await.expect("no panic");
    }
}

/// Lets the relay look until it finds nothing to do at this moment of the clock.
async fn let_it_work(outbox: &Watched) {
    let before = outbox.idle_looks.load(Ordering::SeqCst);
    let end = tokio::time::Instant::now() + PATIENCE;
    // The first idle look may have begun before the clock was moved.
    while outbox.idle_looks.load(Ordering::SeqCst) < before + 2 {
        assert!(tokio::time::Instant::now() < end, "the relay does not look");
        outbox.wake.notify_one();
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// The breaker when no probe is under way: the relay looks, and finds nothing to do, also while one is.
async fn settled_breaker(outbox: &Watched) -> Breaker {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let breaker = outbox.ledger.run(|tx| tx.breakers()).await.expect("it reads").0["amqp"].clone();
        if breaker.state != State::HalfOpen {
            return breaker;
        }
        assert!(tokio::time::Instant::now() < end, "a probe never ends: {breaker:?}");
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

fn with_rows() -> Ledger {
    let ledger =
        Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 64 }).expect("it opens");
    let party = |number: usize| Party::from(format!("424200{number:02}").as_str());
    let kind = Kind::new(Law::Wmo, Number::N305);
    for message in 0..ROWS / 100 {
        let id = format!("M{message}");
        let outgoing = (0..100).map(|row| Outgoing {
            purpose: Purpose::Reply,
            to: Some(party(row % RECEIVERS)),
            subject: "WMO306".to_owned(),
            law: Some(Law::Wmo),
            region: None,
            body: format!("<bericht>{message} {row}</bericht>").into_bytes(),
            verdict_json: None,
        });
        let decision = Decision {
            kind: Some(kind),
            claimed_sender: None,
            observed: Vec::new(),
            identity: Some(Identity {
                kind,
                afzender: party(0),
                identificatie: id.clone(),
                dagtekening: date(2026, 3, 9),
                gemeente: Party::from("0197"),
                aanbieder: party(0),
            }),
            verdict: Verdict::Accepted,
            level: 4,
            findings: Vec::new(),
            skipped: Vec::new(),
            signals: Vec::new(),
            records: Vec::new(),
            outgoing: outgoing.collect(),
            register_version: None,
        };
        let inbox = Inbox::new("directory", &id, Timestamp::UNIX_EPOCH, id.clone().into_bytes());
        ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("it stores");
    }
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_rows_wait_a_day_and_arrive_once_in_order_without_a_storm() {
    let ledger = tokio::task::spawn_blocking(with_rows).await.expect("no panic");
    let outbox = Arc::new(Watched { ledger, idle_looks: AtomicUsize::new(0), wake: Notify::new() });
    let remote = Arc::new(Remote::default());
    let clock = Arc::new(FixedClock::on(date(2026, 3, 10)));
    let mut gateway = Gateway::start(&outbox, &remote, &clock);
    let_it_work(&outbox).await;
    let at_first = remote.attempts.load(Ordering::SeqCst);
    // Each lane tries one run before the first failure is known; the relay starts them all at once.
    assert!(at_first <= WINDOW, "{at_first} attempts before the breaker opened");

    for minute in 0..24 * 60 {
        if minute == 12 * 60 {
            gateway.stop().await;
            let before = remote.attempts.load(Ordering::SeqCst);
            gateway = Gateway::start(&outbox, &remote, &clock);
            let_it_work(&outbox).await;
            let after = remote.attempts.load(Ordering::SeqCst);
            assert!(after <= before + 1, "a restart does not hammer: {} attempts", after - before);
        }
        clock.advance(SignedDuration::from_mins(1));
        let_it_work(&outbox).await;
    }
    let breaker = settled_breaker(&outbox).await;
    let in_vain = remote.attempts.load(Ordering::SeqCst);
    println!("{ROWS} rows, down for a day: {at_first} attempts at first, {in_vain} in all");
    // Waits of 150 to 300 s, looked at every minute: at most one probe in three minutes, at least one in six.
    assert!((200..=480 + WINDOW + 20).contains(&in_vain), "{in_vain} attempts");
    assert_eq!(breaker.state, State::Open);
    assert!(breaker.since <= clock.now().saturating_sub(SignedDuration::from_hours(23)).expect("a moment"));

    remote.is_up.store(true, Ordering::SeqCst);
    let back_since = clock.now();
    let end = tokio::time::Instant::now() + 4 * PATIENCE;
    let arrived = || remote.arrived.lock().expect("no panic").len();
    while arrived() < ROWS {
        assert!(tokio::time::Instant::now() < end, "{} of {ROWS} rows arrived", arrived());
        clock.advance(SignedDuration::from_secs(30));
        let_it_work(&outbox).await;
    }
    let_it_work(&outbox).await;
    gateway.stop().await;
    let took = clock.now().duration_since(back_since);
    let most = remote.most.load(Ordering::SeqCst);
    let tries = remote.attempts.load(Ordering::SeqCst) - in_vain;
    println!("back: everything arrived {took} later, {tries} attempts, at most {most} rows at once");

    assert_eq!(*remote.storms.lock().expect("no panic"), [], "rows at once, rows that had arrived");
    assert!(most <= WINDOW && most > 8, "it does come back to speed: {most}");
    assert_eq!(tries, ROWS, "each row once");
    let arrivals = remote.arrived.lock().expect("no panic").clone();
    let ids: BTreeSet<Uuid> = arrivals.iter().map(|(_, _, id)| *id).collect();
    assert_eq!((arrivals.len(), ids.len()), (ROWS, ROWS), "nothing lost, nothing twice");
    let mut last: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for (receiver, sequence, _) in arrivals {
        assert!(last.insert(receiver, sequence).is_none_or(|before| before < sequence), "out of order at {sequence}");
    }
    assert_eq!(last.len(), RECEIVERS);
    let left = outbox.ledger.run(move |tx| tx.breakers()).await.expect("it reads");
    assert!(left.0["amqp"].is_quiet(), "{left:?}");
}
