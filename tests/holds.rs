//! Holds and answers of the daemon: what waits for a person and what becomes of it by order, and what is rejected in the
//! name of a municipality; in process and with a real ledger.

mod ledgers;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use ledgers::Place;
use sluis::clock::FixedClock;
use sluis::config::WaitingRoom;
use sluis::contract::{Contracts, Policies, load};
use sluis::deadline::Debt;
use sluis::decision::{Purpose, Verdict};
use sluis::demo::compose::{Allocate, Composer, Person};
use sluis::doctor::{Patience, examine};
use sluis::gateway::{Gateway, Options};
use sluis::hold::{Action, Order, Outcome};
use sluis::ledger::{Done, Filter, Hold, Keys, Ledger, Settings};
use sluis::message::{Body, Count, Date, Eenheid, Frequentie, Law, Message, Omvang, Party, Product};
use sluis::schema::Limits;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const MONDAY: Date = date(2026, 3, 9);
/// Aalten, and a municipality that only signals.
const AALTEN: &str = "0197";
const WINTERSWIJK: &str = "0294";
/// A municipality that has requests rejected.
const DOETINCHEM: &str = "0222";
/// Without a contract.
const STRANGER: &str = "42420010";

/// A gateway that holds what goes to a provider without a contract, but not in Winterswijk.
struct Desk {
    gateway: Arc<Gateway>,
    ledger: Ledger,
    clock: Arc<FixedClock>,
}

impl Desk {
    fn open(ledger: Ledger) -> Desk {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        let register = load(&folder).expect("the sample register has no fault");
        let mut policies = Policies::default();
        policies.set("A1", None, "hold").expect("a known check and word");
        policies.set("A1", Some(&Party::from(WINTERSWIJK)), "signal").expect("a known check and word");
        policies.set("A1", Some(&Party::from(DOETINCHEM)), "answer").expect("a known check and word");
        let contracts = Contracts::new(vec![Arc::new(register)], policies);
        let clock = Arc::new(FixedClock::on(MONDAY));
        let own: Arc<dyn sluis::clock::Clock> = Arc::clone(&clock) as _;
        let room = WaitingRoom { longest: Some(Duration::from_mins(10)), max_messages: 100 };
        let options = Options { waiting_room: room, ..Options::default() };
        let telemetry = Telemetry::new("holds");
        let gateway = Gateway::new("holds", Limits::default(), contracts, ledger.clone(), own, &telemetry, options);
        Desk { gateway: Arc::new(gateway), ledger, clock }
    }

    async fn take(&self, id: &str, message: &Message) {
        let incoming = Incoming { transport: "directory", transport_id: id.to_owned(), bytes: message.write() };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    /// Gives an order and has the gateway carry it out.
    async fn order(&self, message_id: i64, action: Action, reason: &str) -> Done {
        let order = Order { message_id, action, reason: reason.to_owned(), by: "j.jansen".to_owned() };
        let id = self.ledger.run(move |tx| tx.give_order(&order, Timestamp::UNIX_EPOCH)).await.expect("it is given");
        self.gateway.carry_out_orders().await.expect("orders are carried out");
        let ordered = self.ledger.run(move |tx| tx.order(id)).await.expect("the ledger can be read");
        ordered.and_then(|ordered| ordered.done).expect("it was carried out")
    }

    async fn holds(&self) -> Vec<Hold> {
        self.ledger.run(|tx| tx.holds()).await.expect("the ledger can be read")
    }

    async fn verdict(&self, transport_id: &str) -> Verdict {
        let filter = Filter { transport_id: Some(transport_id.to_owned()), ..Filter::default() };
        let found = self.ledger.run(move |tx| tx.messages(&filter)).await.expect("the ledger can be read");
        assert_eq!(found.len(), 1, "{transport_id}");
        found[0].verdict
    }

    /// Purpose, subject and receiver of all that is to leave, in order.
    async fn outbox(&self) -> Vec<(Purpose, String, String)> {
        let due = self.ledger.run(|tx| tx.due(Timestamp::MAX, 1000)).await.expect("the outbox can be read");
        let row = |due: sluis::delivery::outbox::Due| (due.purpose, due.subject, due.to.unwrap_or_default());
        due.into_iter().map(row).collect()
    }

    async fn forwards(&self, subject: &str) -> usize {
        let is_one = |row: &&(Purpose, String, String)| row.0 == Purpose::Forward && row.1 == subject;
        self.outbox().await.iter().filter(is_one).count()
    }

    async fn is_sound(&self) {
        assert_eq!(self.ledger.run(|tx| tx.check_integrity()).await.expect("the ledger can be read"), []);
    }
}

fn composer(law: Law, gemeente: &str) -> Composer {
    Composer { law, gemeente: Party::from(gemeente), aanbieder: Party::from(STRANGER), dagtekening: MONDAY }
}

fn allocate(law: Law, nummer: Count) -> Allocate {
    let (categorie, code) = match law {
        Law::Wmo => ("02", "02A02"),
        Law::Jeugdwet => ("45", "45A02"),
    };
    Allocate {
        nummer,
        product: Product { categorie: categorie.into(), code: Some(code.into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        omvang: Omvang { volume: 3, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek },
    }
}

fn allocation(law: Law, id: &str, nummer: Count) -> Message {
    composer(law, AALTEN).toewijzing(id, &Person::nth(1), &allocate(law, nummer))
}

/// A later version of an allocation: one hour more.
fn later(law: Law, id: &str, nummer: Count) -> Message {
    let mut message = allocation(law, id, nummer);
    let Body::Toewijzing(client) = &mut message.body else { panic!("a 301") };
    client.producten[0].omvang.as_mut().expect("it has a volume").volume += 1;
    client.producten[0].toewijzingsdatum = MONDAY;
    client.producten[0].toewijzingstijd = "23:00:00".into();
    client.producten[0].reden_wijziging = Some("05".into());
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_allocation_waits_and_is_released_with_a_reason() {
    for law in Law::ALL {
        let desk = Desk::open(ledgers::fresh(8));
        let kind = format!("{}301", if law == Law::Wmo { "WMO" } else { "JW" });
        desk.take("a", &allocation(law, "A1", 1)).await;
        let [hold] = desk.holds().await.try_into().expect("one is held");
        assert_eq!((hold.identificatie.as_str(), hold.gemeente.as_str(), hold.behind), ("A1", AALTEN, None));
        let [reason] = hold.reasons.as_slice() else { panic!("one reason: {:?}", hold.reasons) };
        assert_eq!((reason.check.as_str(), reason.outcome.as_str()), ("A1", "hold"));
        assert_eq!(
            desk.outbox().await,
            [(Purpose::Signal, "A1".to_owned(), AALTEN.to_owned())],
            "only the reason left"
        );
        // A start on it: the provider has not seen the allocation, so it waits for it like any other.
        desk.take("s", &composer(law, AALTEN).start("S1", &Person::nth(1), &allocate(law, 1), date(2026, 1, 5))).await;

        let done = desk.order(hold.message_id, Action::Release, "uitspraak van de rechter").await;
        assert_eq!(done.outcome, Outcome::Released, "{}", done.answer);
        assert_eq!(desk.verdict("a").await, Verdict::Accepted);
        assert!(desk.holds().await.is_empty());
        assert_eq!(desk.forwards(&kind).await, 1);
        let open = desk.ledger.run(|tx| tx.counts(Timestamp::UNIX_EPOCH)).await.expect("the ledger can be read");
        assert_eq!(open.held.count, 0);
        let asked = desk.ledger.run(|tx| tx.open_questions(sluis::deadline::Debt::Return, None, 9)).await;
        assert_eq!(asked.expect("questions can be read")[0].owed_by, STRANGER, "its 302 is owed from now on");
        let again = desk.order(hold.message_id, Action::Release, "nog eens").await;
        assert_eq!(again.outcome, Outcome::Repeated);
        assert!(again.answer.contains("j.jansen") && again.answer.contains("uitspraak"), "{}", again.answer);
        let late = desk.order(hold.message_id, Action::Withdraw, "toch niet").await;
        assert_eq!(late.outcome, Outcome::Refused, "what was sent cannot be withdrawn: {}", late.answer);
        assert_eq!(desk.forwards(&kind).await, 1, "it left once");
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_allocation_counts_as_not_sent() {
    for law in Law::ALL {
        let desk = Desk::open(ledgers::fresh(8));
        desk.take("a", &allocation(law, "A1", 1)).await;
        let id = desk.holds().await[0].message_id;
        let done = desk.order(id, Action::Withdraw, "andere aanbieder gevonden").await;
        assert_eq!(done.outcome, Outcome::Withdrawn, "{}", done.answer);
        assert_eq!(desk.verdict("a").await, Verdict::Rejected);
        let due = desk.ledger.run(|tx| tx.due(Timestamp::MAX, 10)).await.expect("the outbox can be read");
        let notice = due.iter().find(|row| row.purpose == Purpose::Error).expect("its municipality hears of it");
        assert_eq!(notice.to.as_deref(), Some(AALTEN));
        let notice: serde_json::Value = serde_json::from_slice(&notice.body).expect("a report is JSON");
        assert_eq!((&notice["error"], &notice["identification"]), (&"withdrawn".into(), &"A1".into()));
        assert_eq!(notice["reason"], "andere aanbieder gevonden");
        assert!(due.iter().all(|row| row.purpose != Purpose::Forward && row.purpose != Purpose::Reply));
        assert_eq!(desk.order(id, Action::Withdraw, "nog eens").await.outcome, Outcome::Repeated);
        assert_eq!(desk.order(id, Action::Release, "toch wel").await.outcome, Outcome::Refused);
        // Its identification can be used again.
        desk.take("again", &allocation(law, "A1", 1)).await;
        assert_eq!(desk.verdict("again").await, Verdict::Held);
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_does_not_overtake_one_that_is_held() {
    let law = Law::Wmo;
    let desk = Desk::open(ledgers::fresh(8));
    desk.take("first", &allocation(law, "A1", 1)).await;
    desk.take("second", &later(law, "A2", 1)).await;
    desk.take("other", &composer(law, WINTERSWIJK).toewijzing("A3", &Person::nth(2), &allocate(law, 1))).await;
    assert_eq!(desk.verdict("other").await, Verdict::Accepted, "another municipality only signals");
    let holds = desk.holds().await;
    let (first, second) = (holds[0].message_id, holds[1].message_id);
    assert_eq!((holds.len(), holds[1].behind), (2, Some(first)));
    let early = desk.order(second, Action::Release, "alvast").await;
    assert_eq!(early.outcome, Outcome::Refused);
    assert!(early.answer.contains(&format!("message {first}")), "{}", early.answer);
    assert_eq!(desk.order(first, Action::Release, "geen alternatief").await.outcome, Outcome::Released);
    // Nothing else held it, so it followed.
    assert_eq!((desk.verdict("first").await, desk.verdict("second").await), (Verdict::Accepted, Verdict::Accepted));
    assert_eq!(desk.forwards("WMO301").await, 3, "each left once");
    let again = desk.order(second, Action::Release, "nog eens").await;
    assert_eq!(again.outcome, Outcome::Repeated, "{}", again.answer);
    desk.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_behind_one_that_is_withdrawn_is_judged_by_itself() {
    for law in Law::ALL {
        let desk = Desk::open(ledgers::fresh(8));
        desk.take("first", &allocation(law, "A1", 1)).await;
        desk.take("second", &later(law, "A2", 1)).await;
        // The municipality found a provider with a contract meanwhile.
        let contracted = Composer { aanbieder: Party::from("42420001"), ..composer(law, AALTEN) };
        desk.take("third", &contracted.toewijzing("A3", &Person::nth(1), &allocate(law, 1))).await;
        let holds = desk.holds().await;
        let ids: Vec<i64> = holds.iter().map(|hold| hold.message_id).collect();
        assert_eq!((holds[2].behind, holds[2].reasons.len()), (Some(ids[1]), 0), "held for nothing of its own");
        let due = desk.ledger.run(|tx| tx.due(Timestamp::MAX, 10)).await.expect("the outbox can be read");
        let notice = due.iter().find(|row| row.purpose == Purpose::Error).expect("its municipality hears of it");
        let notice: serde_json::Value = serde_json::from_slice(&notice.body).expect("a report is JSON");
        assert_eq!((&notice["error"], &notice["behind"]), (&"held".into(), &ids[1].into()));

        assert_eq!(desk.order(ids[0], Action::Withdraw, "vervangen").await.outcome, Outcome::Withdrawn);
        // The second allocates for the first time now, at a provider without a contract; the third still waits for it.
        let left: Vec<i64> = desk.holds().await.iter().map(|hold| hold.message_id).collect();
        assert_eq!(left, ids[1..]);
        assert_eq!(desk.order(ids[1], Action::Withdraw, "vervangen").await.outcome, Outcome::Withdrawn);
        assert_eq!(desk.verdict("third").await, Verdict::Accepted);
        assert!(desk.holds().await.is_empty());
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_about_nothing_is_refused() {
    let desk = Desk::open(ledgers::fresh(8));
    desk.take("a", &composer(Law::Wmo, WINTERSWIJK).toewijzing("A1", &Person::nth(1), &allocate(Law::Wmo, 1))).await;
    for id in [1, 99, -1] {
        let done = desk.order(id, Action::Release, "zomaar").await;
        assert_eq!(done.outcome, Outcome::Refused);
        assert!(done.answer.contains("sluis held list"), "{}", done.answer);
    }
    desk.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_judged_on_the_facts_of_its_day() {
    let desk = Desk::open(ledgers::fresh(8));
    desk.take("a", &allocation(Law::Wmo, "A1", 1)).await;
    let id = desk.holds().await[0].message_id;
    desk.clock.advance(SignedDuration::from_hours(24));
    let done = desk.order(id, Action::Release, "geen alternatief").await;
    assert_eq!(done.outcome, Outcome::Released);
    let asked = desk.ledger.run(|tx| tx.open_questions(sluis::deadline::Debt::Return, None, 9)).await;
    assert_eq!(asked.expect("questions can be read")[0].asked_on, date(2026, 3, 10), "the day on which it left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_standard_rejects_by_now_is_rejected_at_its_release() {
    let desk = Desk::open(ledgers::fresh(8));
    desk.take("a", &allocation(Law::Wmo, "A1", 1)).await;
    let id = desk.holds().await[0].message_id;
    // A clock that was set back: the message is of tomorrow now.
    desk.clock.advance(SignedDuration::from_hours(-24));
    let done = desk.order(id, Action::Release, "geen alternatief").await;
    assert_eq!(done.outcome, Outcome::Rejected);
    assert!(done.answer.contains("TR135"), "{}", done.answer);
    assert_eq!(desk.verdict("a").await, Verdict::Rejected);
    let reply = (Purpose::Reply, "WMO302".to_owned(), AALTEN.to_owned());
    assert!(desk.outbox().await.contains(&reply), "its municipality has the return message");
    assert_eq!((desk.forwards("WMO301").await, desk.holds().await.len()), (0, 0));
    desk.is_sound().await;
}

/// The 319 is a message of its own in the ledger: it leaves once, after the reply, and its return message finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_rejected_once_in_the_name_of_its_municipality() {
    for law in Law::ALL {
        let kind = |number: &str| format!("{}{number}", if law == Law::Wmo { "WMO" } else { "JW" });
        let desk = Desk::open(ledgers::fresh(8));
        let composer = composer(law, DOETINCHEM);
        let request = composer.aanvraag("V1", &Person::nth(1), "R1", &allocate(law, 1));
        for _ in 0..3 {
            desk.take("r", &request).await;
        }
        let forward = |number: &str, to: &str| (Purpose::Forward, kind(number), to.to_owned());
        let mut outbox = desk.outbox().await;
        outbox.retain(|row| row.0 != Purpose::Signal);
        let reply = (Purpose::Reply, kind("316"), STRANGER.to_owned());
        assert_eq!(outbox, [reply, forward("315", DOETINCHEM), forward("319", STRANGER)]);
        let due = desk.ledger.run(|tx| tx.due(Timestamp::MAX, 10)).await.expect("the outbox can be read");
        let rejection = due.iter().find(|row| row.subject == kind("319")).expect("it leaves");
        assert_eq!(rejection.correlation_id, "r", "it belongs to the delivery of the request");
        let document = sluis::schema::validate(&rejection.body, &Limits::default()).expect("it is valid");
        let read = Message::read(document.kind, document.release, &document.tree).expect("it is read");
        assert_eq!((read.gemeente().as_str(), read.aanbieder().as_str()), (DOETINCHEM, STRANGER));
        let open = || async {
            let open = desk.ledger.run(|tx| {
                Debt::ALL.iter().map(|debt| Ok(tx.open_questions(*debt, None, 9)?.len())).sum::<Result<usize, _>>()
            });
            open.await.expect("questions can be read")
        };
        assert_eq!(open().await, 1, "the return message of the provider");
        desk.take("q", &composer.retour("Q1", &read, &[])).await;
        assert_eq!((desk.verdict("q").await, open().await), (Verdict::Accepted, 0));
        // Elsewhere the same request is told, and left to the municipality.
        let elsewhere = Composer { gemeente: Party::from(AALTEN), ..composer.clone() };
        desk.take("e", &elsewhere.aanvraag("V2", &Person::nth(1), "R2", &allocate(law, 1))).await;
        assert_eq!(desk.forwards(&kind("319")).await, 1);
        desk.is_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crisis_care_is_never_held() {
    let desk = Desk::open(ledgers::fresh(8));
    let crisis = Allocate {
        product: Product { categorie: "46".into(), code: Some("46A01".into()) },
        ..allocate(Law::Jeugdwet, 2)
    };
    desk.take("c", &composer(Law::Jeugdwet, AALTEN).toewijzing("C1", &Person::nth(1), &crisis)).await;
    assert_eq!(desk.verdict("c").await, Verdict::Accepted);
    assert!(desk.outbox().await.iter().any(|row| row.0 == Purpose::Signal && row.1 == "A1"), "it is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_a_hold_after_a_working_day() {
    let desk = Desk::open(ledgers::fresh(8));
    desk.take("a", &allocation(Law::Wmo, "A1", 1)).await;
    let patience = Patience { retry: Duration::from_mins(5), waiting: None, held: 1 };
    for (days, expected) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
        let now = Timestamp::from_second(1_773_054_000 + days * 86_400).expect("a moment");
        let diagnosis = desk.ledger.run(move |tx| examine(tx, now, patience)).await.expect("it can be examined");
        let named: Vec<_> = diagnosis.findings.iter().filter(|finding| finding.check == "held").collect();
        assert_eq!(named.len(), expected, "{days} days later: {:?}", diagnosis.findings);
        assert!(
            named.iter().all(|finding| finding.cases[0].contains("(A1)") && finding.cases[0].contains("WMO301 A1"))
        );
        assert_eq!(diagnosis.held.count, 1);
    }
}

/// Whoever gives orders, in whatever sequence and how often: a message leaves once at most, or is withdrawn once.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_carried_out_exactly_once() {
    let place = Place::new();
    let (location, key) = (place.location(), place.folder().join("ledger.key"));
    let open = || {
        let keys = if key.exists() { Keys::load(&key) } else { Keys::create(&key) };
        let settings = Settings { location: location.clone(), keys: keys.expect("keys"), max_group: 8 };
        Ledger::open(settings).expect("a ledger opens")
    };
    let desk = Desk::open(open());
    for number in 1..=6 {
        desk.take(&format!("m{number}"), &allocation(Law::Wmo, &format!("A{number}"), number)).await;
    }
    let ids: Vec<i64> = desk.holds().await.iter().map(|hold| hold.message_id).collect();
    assert_eq!(ids.len(), 6);
    // Several commands beside the gateway leave orders while it carries them out.
    let givers: Vec<_> = (0..4_usize)
        .map(|giver| {
            let (location, key, ids) = (location.clone(), key.clone(), ids.clone());
            std::thread::spawn(move || {
                let beside = Ledger::open_beside(location, Keys::load(&key).expect("keys")).expect("it opens beside");
                let mut given = Vec::new();
                for round in 0..ids.len() {
                    let at = (round * (giver + 1) + giver) % ids.len();
                    let action = if (at + giver) % 2 == 0 { Action::Release } else { Action::Withdraw };
                    let order = Order { message_id: ids[at], action, reason: "r".to_owned(), by: format!("g{giver}") };
                    let id = beside.run_blocking(move |tx| tx.give_order(&order, Timestamp::UNIX_EPOCH));
                    given.push(id.expect("an order can be left"));
                }
                beside.close().expect("it closes");
                given
            })
        })
        .collect();
    while givers.iter().any(|giver| !giver.is_finished()) {
        desk.gateway.carry_out_orders().await.expect("orders are carried out");
    }
    let given: Vec<i64> = givers.into_iter().flat_map(|giver| giver.join().expect("no panic")).collect();
    // The gateway dies and another takes over: what was left is carried out, and nothing twice.
    let Desk { gateway, ledger, .. } = desk;
    drop(gateway);
    tokio::task::spawn_blocking(move || ledger.close()).await.expect("no panic").expect("it closes");
    let desk = Desk::open(open());
    desk.gateway.carry_out_orders().await.expect("orders are carried out");
    desk.gateway.carry_out_orders().await.expect("there are none left");
    let mut counts = std::collections::BTreeMap::new();
    for id in given {
        let done = desk.ledger.run(move |tx| tx.order(id)).await.expect("it can be read").expect("it is there");
        *counts.entry(done.done.expect("every order has its outcome").outcome.as_str()).or_insert(0) += 1;
    }
    let ended: i32 = ["released", "withdrawn"].iter().filter_map(|how| counts.get(how)).sum();
    assert_eq!(ended, 6, "each hold ended once: {counts:?}");
    let released = counts.get("released").copied().unwrap_or(0);
    assert_eq!(i32::try_from(desk.forwards("WMO301").await), Ok(released), "{counts:?}");
    let notices = desk.outbox().await.iter().filter(|row| row.0 == Purpose::Error).count();
    assert_eq!(i32::try_from(notices), Ok(6 - released), "{counts:?}");
    assert!(desk.holds().await.is_empty());
    desk.is_sound().await;
}
