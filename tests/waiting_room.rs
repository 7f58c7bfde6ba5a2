//! The waiting room of the daemon: messages that come before what they refer to, in process and with a real ledger.

mod ledgers;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use ledgers::Place;
use sluis::clock::FixedClock;
use sluis::config::WaitingRoom;
use sluis::contract::{Contracts, Policies};
use sluis::decision::Verdict;
use sluis::demo::compose::{Allocate, Claim, Composer, Person};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Filter, Keys, Ledger, Settings};
use sluis::message::{Cents, Eenheid, Frequentie, Law, Message, Omvang, Party, Product, StatusAanlevering};
use sluis::schema::Limits;
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ROOM: WaitingRoom = WaitingRoom { longest: Some(Duration::from_mins(10)), max_messages: 100 };
const CLOSED: WaitingRoom = WaitingRoom { longest: None, max_messages: 100 };

/// A gateway with its waiting room kept.
struct Desk {
    gateway: Arc<Gateway>,
    ledger: Ledger,
    clock: Arc<FixedClock>,
    telemetry: Telemetry,
    trigger: Trigger,
    keeper: tokio::task::JoinHandle<()>,
}

fn open(place: &Place, keys: &Path) -> Ledger {
    let keys = if keys.exists() { Keys::load(keys) } else { Keys::create(keys) };
    let settings = Settings { location: place.location(), keys: keys.expect("keys"), max_group: 8 };
    Ledger::open(settings).expect("a ledger opens")
}

impl Desk {
    fn open(ledger: Ledger, room: WaitingRoom) -> Desk {
        let clock = Arc::new(FixedClock::on(date(2026, 3, 10)));
        let telemetry = Telemetry::new("waiting");
        let contracts = Contracts::new(Vec::new(), Policies::default());
        let own: Arc<dyn sluis::clock::Clock> = Arc::clone(&clock) as _;
        let options = Options { waiting_room: room, ..Options::default() };
        let limits = Limits::default();
        let gateway = Gateway::new("waiting", limits, contracts, ledger.clone(), own, &telemetry, options);
        let gateway = Arc::new(gateway);
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let keeper = tokio::spawn(Arc::clone(&gateway).keep_waiting_room(stop));
        Desk { gateway, ledger, clock, telemetry, trigger, keeper }
    }

    /// Hands a message over as a transport does; `id` is its transport id.
    async fn take(&self, id: &str, message: &Message) {
        let incoming =
            Incoming { transport: "directory", transport_id: id.to_owned(), identity: None, bytes: message.write() };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    /// Verdicts by transport id, with the rules broken.
    async fn verdicts(&self) -> BTreeMap<String, (Verdict, Vec<String>)> {
        let entries = self.ledger.run(|tx| tx.messages(&Filter::default())).await.expect("the ledger can be read");
        let entry = |entry: sluis::ledger::Entry| {
            let rules = entry.findings.into_iter().map(|finding| finding.rule).collect();
            (entry.transport_id, (entry.verdict, rules))
        };
        entries.into_iter().map(entry).collect()
    }

    async fn waiting(&self) -> u64 {
        self.ledger.run(|tx| tx.count_waiting(Timestamp::MAX)).await.expect("the ledger can be read").count
    }

    /// Waits until nobody waits any more.
    async fn until_empty(&self) {
        let empty = async {
            while self.waiting().await > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), empty).await.expect("the room empties");
    }

    /// Waits until the figures have this line. They are told once the ledger has what they are about, so that somebody who
    /// looks at both may find them a moment behind.
    async fn until_told(&self, line: &str) {
        let mut scrape = String::new();
        let told = async {
            while !scrape.contains(line) {
                tokio::time::sleep(Duration::from_millis(5)).await;
                scrape = self.telemetry.scrape().await;
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        assert!(told.is_ok(), "{line} is not in {scrape}");
    }

    async fn close(self) {
        self.trigger.stop();
        self.keeper.await.expect("the keeper ends well");
        let ledger = self.ledger;
        drop(self.gateway);
        tokio::task::spawn_blocking(move || ledger.close()).await.expect("no panic").expect("it closes");
    }
}

fn composer() -> Composer {
    Composer {
        law: Law::Jeugdwet,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420001"),
        dagtekening: date(2026, 3, 9),
    }
}

fn allocate() -> Allocate {
    Allocate {
        nummer: 1,
        product: Product { categorie: "45".into(), code: Some("45A04".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 3, 31),
        omvang: Omvang { volume: 3, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek },
    }
}

fn allocation() -> Message {
    composer().toewijzing("A1", &Person::nth(1), &allocate())
}

fn start() -> Message {
    composer().start("S1", &Person::nth(1), &allocate(), date(2026, 1, 5))
}

fn stop() -> Message {
    composer().stop("E1", &Person::nth(1), &allocate(), date(2026, 1, 5), ("31", date(2026, 2, 28)))
}

fn declaration() -> Message {
    let january = (date(2026, 1, 1), date(2026, 1, 31));
    let claim = Claim {
        nummer: "P1".to_owned(),
        toewijzing: 1,
        product: allocate().product,
        periode: january,
        volume: 12,
        eenheid: Eenheid::Uur,
        tarief: Cents(6600),
    };
    composer().declaratie("D1", "D1", january, &[(&Person::nth(1), vec![claim])])
}

const GOOD: (Verdict, Vec<String>) = (Verdict::Accepted, Vec::new());

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_come_in_the_wrong_order_get_the_verdicts_of_the_right_one() {
    let desk = Desk::open(ledgers::fresh(8), ROOM);
    desk.take("declaration", &declaration()).await;
    desk.take("start", &start()).await;
    assert_eq!((desk.verdicts().await.len(), desk.waiting().await), (0, 2));
    desk.take("allocation", &allocation()).await;
    desk.until_empty().await;
    let verdicts = desk.verdicts().await;
    assert_eq!(verdicts.len(), 3);
    for id in ["declaration", "start", "allocation"] {
        assert_eq!(verdicts[id], GOOD, "{id}");
    }
    // Each left its reply and forward once: the waiting left nothing behind.
    let replies = desk
        .ledger
        .run(|tx| Ok(tx.due(Timestamp::MAX, 100)?.into_iter().map(|due| due.subject).collect::<Vec<_>>()))
        .await
        .expect("the outbox can be read");
    let count = |subject: &str| replies.iter().filter(|found| *found == subject).count();
    for subject in ["JW301", "JW305", "JW306", "JW323", "JW325"] {
        assert_eq!(count(subject), 1, "{subject} in {replies:?}");
    }
    desk.until_told("sluis_waits_total{end=\"came\"} 2").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_somebody_who_waits_is_judged_in_turn() {
    let desk = Desk::open(ledgers::fresh(8), ROOM);
    // The deletion waits for the start, the start for its allocation.
    let mut deletion = composer().start("S2", &Person::nth(1), &allocate(), date(2026, 1, 5));
    let sluis::message::Body::Start(client) = &mut deletion.body else { panic!("a 305") };
    client.producten[0].status_aanlevering = StatusAanlevering::Verwijderd;
    desk.take("deletion", &deletion).await;
    desk.take("start", &start()).await;
    assert_eq!(desk.waiting().await, 2);
    desk.take("allocation", &allocation()).await;
    desk.until_empty().await;
    let verdicts = desk.verdicts().await;
    assert_eq!(verdicts["start"], GOOD);
    assert_eq!(verdicts["deletion"], GOOD);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_judged_as_it_is_when_its_time_is_over() {
    let desk = Desk::open(ledgers::fresh(8), ROOM);
    desk.take("start", &start()).await;
    desk.clock.advance(SignedDuration::from_secs(599));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(desk.waiting().await, 1, "its time is not over yet");
    desk.clock.advance(SignedDuration::from_secs(1));
    desk.until_empty().await;
    assert_eq!(desk.verdicts().await["start"], (Verdict::Rejected, vec!["TR019".to_owned()]));
    desk.until_told("sluis_waits_total{end=\"over\"} 1").await;
    // It counts as not sent, so it may come again after its allocation.
    desk.take("allocation", &allocation()).await;
    desk.take("start again", &start()).await;
    assert_eq!(desk.verdicts().await["start again"], GOOD);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_anyway_does_not_wait_and_a_closed_room_takes_nobody() {
    let desk = Desk::open(ledgers::fresh(8), ROOM);
    let mut barred = start();
    let sluis::message::Body::Start(client) = &mut barred.body else { panic!("a 305") };
    client.producten[0].status_aanlevering = StatusAanlevering::Gewijzigd;
    desk.take("barred", &barred).await;
    assert_eq!(desk.verdicts().await["barred"], (Verdict::Rejected, vec!["CS058".to_owned()]));
    desk.close().await;
    let desk = Desk::open(ledgers::fresh(8), CLOSED);
    desk.take("start", &start()).await;
    assert_eq!(desk.verdicts().await["start"], (Verdict::Rejected, vec!["TR019".to_owned()]));
    desk.close().await;
    let desk = Desk::open(ledgers::fresh(8), WaitingRoom { max_messages: 1, ..ROOM });
    desk.take("start", &start()).await;
    desk.take("declaration", &declaration()).await;
    assert_eq!(desk.waiting().await, 1, "the room is full");
    assert_eq!(desk.verdicts().await["declaration"].0, Verdict::Rejected);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_a_message_that_waits_is_one_message() {
    let desk = Desk::open(ledgers::fresh(8), ROOM);
    for _ in 0..3 {
        desk.take("start", &start()).await;
    }
    assert_eq!(desk.waiting().await, 1);
    desk.take("allocation", &allocation()).await;
    desk.until_empty().await;
    desk.take("start", &start()).await;
    assert_eq!(desk.verdicts().await.len(), 2);
    assert_eq!(desk.verdicts().await["start"], GOOD);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_still_waits_after_a_restart() {
    let place = Place::new();
    let keys = place.folder().join("ledger.key");
    let desk = Desk::open(open(&place, &keys), ROOM);
    desk.take("start", &start()).await;
    desk.take("declaration", &declaration()).await;
    desk.close().await;
    let desk = Desk::open(open(&place, &keys), ROOM);
    assert_eq!(desk.waiting().await, 2);
    desk.take("allocation", &allocation()).await;
    desk.until_empty().await;
    let verdicts = desk.verdicts().await;
    assert_eq!((&verdicts["start"], &verdicts["declaration"]), (&GOOD, &GOOD));
    assert_eq!(desk.ledger.run(|tx| tx.check_integrity()).await.expect("the ledger can be read"), []);
    desk.take("stop", &stop()).await;
    desk.close().await;
    // A room that is closed at a restart lets everybody go.
    let other = Place::new();
    let desk = Desk::open(open(&other, &keys), ROOM);
    desk.take("start", &start()).await;
    desk.close().await;
    let desk = Desk::open(open(&other, &keys), CLOSED);
    desk.until_empty().await;
    assert_eq!(desk.verdicts().await["start"], (Verdict::Rejected, vec!["TR019".to_owned()]));
    desk.close().await;
}
