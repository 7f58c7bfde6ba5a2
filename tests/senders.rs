//! Who may send what, in process and with a real ledger: what is refused is kept and told once, comes to no verdict, and
//! leaves the party that it names in peace.

use jiff::civil::date;
use sluis::clock::{Clock, FixedClock};
use sluis::contract::{Contracts, Policies};
use sluis::decision::{Purpose, Verdict};
use sluis::delivery::outbox::{Due, Outbox};
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::doctor::{Patience, examine};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Entry, Filter, Keys, Ledger, Refused, Settings, Target};
use sluis::message::{Date, Eenheid, Frequentie, Law, Party, Product};
use sluis::replay::{Intent, Outcome, Replay};
use sluis::schema::Limits;
use sluis::sender::{Identity, Parties, Reason, Sender, Senders};
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake, Receipt};
use std::sync::Arc;
use std::time::Duration;

const MONDAY: Date = date(2026, 3, 9);
const AALTEN: &str = "0197";
const NOORD: &str = "42420001";
const ZUID: &str = "42420002";

fn sender(name: &str, parties: &[&str]) -> Sender {
    Sender {
        name: name.to_owned(),
        amqp_users: vec![format!("{name}-login")],
        certificates: vec![format!("{name}.example")],
        tokens: Vec::new(),
        folders: vec![name.to_owned()],
        parties: if parties == ["*"] {
            Parties::All
        } else {
            Parties::These(parties.iter().map(|party| (*party).to_owned()).collect())
        },
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what a transport tells of an identity may be nothing")]
fn login(name: &str) -> Option<Identity> {
    Some(Identity::AmqpUser(format!("{name}-login")))
}

/// A gateway that knows a provider, two municipalities behind one login, and a hub.
struct Desk {
    gateway: Gateway,
    ledger: Ledger,
    telemetry: Telemetry,
    clock: Arc<FixedClock>,
}

impl Desk {
    fn open() -> Desk {
        let list = vec![sender("noord", &[NOORD]), sender("samen", &[AALTEN, "0222"]), sender("hub", &["*"])];
        Desk::with(Senders::new(list, ["amqp", "http", "directory"]))
    }

    fn with(senders: Senders) -> Desk {
        let ledger =
            Ledger::open(Settings { location: sluis::ledger::Location::Memory, keys: Keys::generate(), max_group: 8 })
                .expect("it opens");
        let clock = Arc::new(FixedClock::on(MONDAY));
        let own: Arc<dyn sluis::clock::Clock> = Arc::clone(&clock) as _;
        let telemetry = Telemetry::new("senders");
        let contracts = Contracts::new(Vec::new(), Policies::default());
        let gateway =
            Gateway::new("g", Limits::default(), contracts, ledger.clone(), own, &telemetry, Options::default());
        Desk { gateway: gateway.bound_to(Arc::new(senders)), ledger, telemetry, clock }
    }

    async fn take(&self, transport: &'static str, id: &str, identity: Option<Identity>, bytes: &[u8]) -> Receipt {
        let incoming = Incoming { transport, transport_id: id.to_owned(), identity, bytes: bytes.to_vec() };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything")
    }

    fn refused(&self) -> Vec<Refused> {
        self.ledger.run_blocking(|tx| tx.refusals(jiff::Timestamp::MIN, 100)).expect("the ledger can be read")
    }

    fn messages(&self) -> Vec<Entry> {
        self.ledger.run_blocking(|tx| tx.messages(&Filter::default())).expect("the ledger can be read")
    }

    async fn outbox(&self) -> Vec<Due> {
        self.ledger.due(jiff::Timestamp::MAX, 100).await.expect("the ledger can be read")
    }

    async fn counted(&self, transport: &str) -> u32 {
        let start = format!("sluis_refused_senders_total{{transport=\"{transport}\"}} ");
        let scraped = self.telemetry.scrape().await;
        scraped.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or_default()
    }
}

fn composer(aanbieder: &str) -> Composer {
    Composer { law: Law::Wmo, gemeente: Party::from(AALTEN), aanbieder: Party::from(aanbieder), dagtekening: MONDAY }
}

fn allocate() -> Allocate {
    Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 28),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    }
}

/// A 301 of Aalten to the provider.
fn toewijzing(identificatie: &str) -> Vec<u8> {
    composer(NOORD).toewijzing(identificatie, &Person::nth(1), &allocate()).write()
}

/// A 305 of the provider to Aalten.
fn start(identificatie: &str, aanbieder: &str) -> Vec<u8> {
    composer(aanbieder).start(identificatie, &Person::nth(1), &allocate(), date(2026, 1, 5)).write()
}

fn json(due: &Due) -> serde_json::Value {
    serde_json::from_slice(&due.body).expect("reports are JSON")
}

#[tokio::test]
async fn a_message_in_the_name_of_another_is_refused_once_and_told_to_who_sent_it() {
    let desk = Desk::open();
    let forged = toewijzing("T1");
    for _ in 0..3 {
        let receipt = desk.take("amqp", "m-1", login("noord"), &forged).await;
        assert_eq!(receipt, Receipt::Refused(Reason::OtherParty), "a repeat as well");
    }
    let refused = desk.refused();
    let [one] = refused.as_slice() else { panic!("one refusal: {refused:?}") };
    assert_eq!((one.transport.as_str(), one.transport_id.as_str(), one.repeats), ("amqp", "m-1", 2));
    assert_eq!(one.refusal.identity.as_deref(), Some("amqp_user noord-login"));
    assert_eq!(one.refusal.sender.as_deref(), Some("noord"));
    assert_eq!((one.refusal.claimed.as_deref(), one.refusal.identificatie.as_deref()), (Some(AALTEN), Some("T1")));
    assert_eq!(one.refusal.kind.map(|kind| kind.to_string()).as_deref(), Some("WMO301"));
    let id = one.refusal_id;
    let kept = desk.ledger.run_blocking(move |tx| tx.refused_bytes(id)).expect("readable");
    assert_eq!(kept, Some(forged.clone()), "nothing is lost");
    assert!(desk.messages().is_empty(), "it never was a message");
    assert_eq!(desk.counted("amqp").await, 1);

    let outbox = desk.outbox().await;
    let [report] = outbox.as_slice() else { panic!("one report: {outbox:?}") };
    assert_eq!((report.purpose, report.to.as_deref()), (Purpose::Error, Some(NOORD)), "not the party that is named");
    assert_eq!(report.correlation_id, "m-1");
    let told = json(report);
    assert_eq!((&told["error"], &told["reason"]), (&"sender-refused".into(), &"other_party".into()));
    assert_eq!((&told["identification"], &told["sender"]), (&"T1".into(), &AALTEN.into()));

    // The rightful sender is not in the way of the forgery: the same message, and the same identification (TR056).
    let receipt = desk.take("amqp", "m-1", login("samen"), &forged).await;
    assert_eq!(receipt, Receipt::Taken);
    assert_eq!(desk.messages()[0].verdict, Verdict::Accepted, "{:?}", desk.messages());
    let head = desk.ledger.run_blocking(|tx| Ok((tx.audit_head()?, tx.check_integrity()?))).expect("readable");
    assert!(head.0.is_some_and(|(rows, _)| rows == 2), "one row for the refusal, one for the verdict");
    assert_eq!(head.1, []);
}

#[tokio::test]
async fn who_is_unknown_is_refused_and_the_operator_is_told() {
    let desk = Desk::open();
    let stranger = Some(Identity::AmqpUser("stranger".to_owned()));
    assert_eq!(desk.take("amqp", "1", None, &toewijzing("T1")).await, Receipt::Refused(Reason::NoIdentity));
    assert_eq!(desk.take("amqp", "1", stranger, &toewijzing("T1")).await, Receipt::Refused(Reason::UnknownIdentity));
    // Also when it is no message at all: nobody may fill the parked ones.
    assert_eq!(desk.take("amqp", "2", None, b"no message").await, Receipt::Refused(Reason::NoIdentity));
    assert_eq!(desk.refused().len(), 3, "the same delivery by somebody else is another refusal");
    assert!(desk.messages().is_empty());
    let outbox = desk.outbox().await;
    assert_eq!(outbox.len(), 3);
    assert!(outbox.iter().all(|due| due.purpose == Purpose::Error && due.to.is_none()), "{outbox:?}");
    assert_eq!(desk.counted("amqp").await, 3);

    let now = sluis::clock::Clock::now(&*desk.clock);
    let patience = Patience { retry: Duration::from_mins(5), waiting: None, held: 1 };
    let later = now + jiff::SignedDuration::from_hours(73);
    for (at, told) in [(now, 1), (later, 0)] {
        let diagnosis = desk.ledger.run_blocking(move |tx| examine(tx, at, patience)).expect("readable");
        let found: Vec<_> = diagnosis.findings.iter().filter(|finding| finding.sort == "senders.refused").collect();
        assert_eq!(found.len(), told, "{found:?}");
        assert!(found.iter().all(|finding| finding.cases.len() == 3), "{found:?}");
    }
}

#[tokio::test]
async fn the_answer_over_http_is_the_report() {
    let desk = Desk::open();
    let receipt = desk.take("http", "1", Some(Identity::Token("noord".to_owned())), &start("S1", ZUID)).await;
    assert_eq!(receipt, Receipt::Refused(Reason::OtherParty));
    assert!(desk.outbox().await.is_empty());
    assert_eq!(desk.refused().len(), 1);
}

#[tokio::test]
async fn a_message_that_fails_at_level_1_is_reported_to_who_sent_it_whatever_it_says() {
    let desk = Desk::open();
    let broken = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).expect("messages are UTF-8");
        text.replace("Geslacht>0<", "Geslacht>X<")
            .replace("Geslacht>1<", "Geslacht>X<")
            .replace("Geslacht>2<", "Geslacht>X<")
    };
    let (of_zuid, of_aalten) = (broken(start("S1", ZUID)), broken(toewijzing("T1")));
    // One party: it is told, whoever it says to be, and also when it says nothing.
    assert_eq!(desk.take("amqp", "1", login("noord"), of_zuid.as_bytes()).await, Receipt::Taken);
    assert_eq!(desk.take("amqp", "2", login("noord"), b"<no-message/>").await, Receipt::Taken);
    // Two parties: the one it says to be when that is one of them, the operator otherwise. A hub is believed.
    assert_eq!(desk.take("amqp", "3", login("samen"), of_aalten.as_bytes()).await, Receipt::Taken);
    assert_eq!(desk.take("amqp", "4", login("samen"), of_zuid.as_bytes()).await, Receipt::Taken);
    assert_eq!(desk.take("amqp", "5", login("hub"), of_zuid.as_bytes()).await, Receipt::Taken);
    let told: Vec<(String, Option<String>)> =
        desk.outbox().await.into_iter().map(|due| (due.correlation_id, due.to)).collect();
    let expected = [("1", Some(NOORD)), ("2", Some(NOORD)), ("3", Some(AALTEN)), ("4", None), ("5", Some(ZUID))];
    for (id, to) in expected {
        assert!(told.contains(&(id.to_owned(), to.map(str::to_owned))), "{id} to {to:?}: {told:?}");
    }
    let verdicts: Vec<Verdict> = desk.messages().iter().map(|entry| entry.verdict).collect();
    let rejected = Verdict::Rejected;
    assert_eq!(verdicts, [rejected, rejected, rejected, Verdict::Parked, rejected]);
    assert!(desk.refused().is_empty());
}

#[tokio::test]
async fn each_sends_for_its_own_parties_and_answers_count_as_sent_by_who_made_them() {
    let desk = Desk::open();
    let certificate =
        sluis::sender::Certificate { names: vec!["samen.example".to_owned()], fingerprint: "00".repeat(32) };
    let identity = Some(Identity::Certificate(certificate));
    assert_eq!(desk.take("http", "1", identity, &toewijzing("T1")).await, Receipt::Taken);
    // A 302 repeats the header of the 301: its Afzender is the municipality, its sender the provider.
    let toewijzing = composer(NOORD).toewijzing("T1", &Person::nth(1), &allocate());
    let retour = composer(NOORD).retour("R1", &toewijzing, &["0200"]).write();
    assert_eq!(desk.take("amqp", "2", login("samen"), &retour).await, Receipt::Refused(Reason::OtherParty));
    assert_eq!(desk.take("amqp", "2", login("noord"), &retour).await, Receipt::Taken);
    let folder = Some(Identity::Folder("noord".to_owned()));
    assert_eq!(desk.take("directory", "noord/s.xml", folder, &start("S1", NOORD)).await, Receipt::Taken);
    assert_eq!(desk.take("directory", "s.xml", None, &start("S1", NOORD)).await, Receipt::Refused(Reason::NoIdentity));
    assert_eq!(desk.take("amqp", "3", login("hub"), &start("S2", ZUID)).await, Receipt::Taken);
    let verdicts: Vec<Verdict> = desk.messages().iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts[..3], [Verdict::Accepted, Verdict::Accepted, Verdict::Accepted], "{:?}", desk.messages());
}

#[tokio::test]
async fn what_was_taken_stays_taken_when_its_sender_is_no_longer_one() {
    let ledger = Desk::open();
    assert_eq!(ledger.take("amqp", "1", login("samen"), &toewijzing("T1")).await, Receipt::Taken);
    // The broker hands it out once more after the configuration was changed: a repeat, and no refusal.
    let telemetry = Telemetry::new("later");
    let clock: Arc<dyn sluis::clock::Clock> = Arc::clone(&ledger.clock) as _;
    let contracts = Contracts::new(Vec::new(), Policies::default());
    let later =
        Gateway::new("g", Limits::default(), contracts, ledger.ledger.clone(), clock, &telemetry, Options::default())
            .bound_to(Arc::new(Senders::new(vec![sender("noord", &[NOORD])], ["amqp"])));
    let again = Desk { gateway: later, ledger: ledger.ledger.clone(), telemetry, clock: Arc::clone(&ledger.clock) };
    assert_eq!(again.take("amqp", "1", login("samen"), &toewijzing("T1")).await, Receipt::Taken);
    assert!(again.refused().is_empty());
    assert_eq!(again.messages().len(), 1);
}

#[tokio::test]
async fn where_senders_are_open_a_message_is_believed() {
    let desk = Desk::with(Senders::default());
    assert_eq!(desk.take("amqp", "1", None, &toewijzing("T1")).await, Receipt::Taken);
    let anybody = Some(Identity::AmqpUser("anybody".to_owned()));
    assert_eq!(desk.take("amqp", "2", anybody, &start("S1", NOORD)).await, Receipt::Taken);
    assert!(desk.refused().is_empty());
}

/// What the gateway failed on is parked before anybody could read whose it is. Judged anew, it must not come to anything
/// in the name of another.
#[tokio::test]
async fn a_parked_message_is_held_against_who_brought_it_when_it_is_judged_anew() {
    let desk = Desk::open();
    let own = Identity::AmqpUser("noord-login".to_owned());
    for (id, bytes) in [("forged", toewijzing("T1")), ("own", start("S1", NOORD))] {
        let identity = Some(own.clone());
        let incoming = Incoming { transport: "amqp", transport_id: id.to_owned(), identity, bytes };
        let receipt = desk.gateway.set_aside(incoming).await.expect("the ledger takes everything");
        assert_eq!(receipt, Receipt::Taken);
    }
    let now = desk.clock.now();
    let ids: Vec<i64> = desk.messages().iter().map(|entry| entry.message_id).collect();
    let targets: Vec<Target> = ids.iter().copied().map(Target::Message).collect();
    let (intent, again) = (Intent::Judge, false);
    let replay = Replay { intent, again, reason: "verholpen".to_owned(), by: "j.jansen".to_owned() };
    let selection = desk
        .ledger
        .run_blocking(move |tx| {
            let selection = tx.freeze("both", &targets, "j.jansen", now)?;
            tx.order_replay(selection, &replay, now)?;
            Ok(selection)
        })
        .expect("it is ordered");
    while desk.gateway.carry_out_replays().await.expect("the ledger works") > 0 {}
    let members = desk.ledger.run_blocking(move |tx| tx.selection_members(selection, 0, 10)).expect("they can be read");
    let done: Vec<_> = members.into_iter().map(|member| member.done.expect("it was carried out")).collect();
    assert_eq!(done.iter().map(|done| done.outcome).collect::<Vec<_>>(), [Outcome::Unchanged, Outcome::Judged]);
    assert!(done[0].answer.contains("brought by noord, who may not send for 0197"), "{}", done[0].answer);
    let verdicts: Vec<Verdict> = desk.messages().iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Parked, Verdict::Rejected], "the start is judged: nothing is allocated");
}
