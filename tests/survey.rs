//! The daily survey of a gateway at work: care that does not begin is told once, and is over when it begins.

mod ledgers;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use ledgers::Place;
use sluis::clock::{Clock, FixedClock};
use sluis::contract::norms::{OPEN_WAIT_ACCESS_DAYS, OPEN_WAIT_PROVIDER_DAYS, Values};
use sluis::contract::{Contracts, Policies, Register, load};
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Keys, Ledger, Settings, Turnover};
use sluis::members::Tasks;
use sluis::message::{Eenheid, Frequentie, Law, Message, Party, Product};
use sluis::schema::Limits;
use sluis::shutdown::shutdown;
use sluis::survey::Surveyor;
use sluis::telemetry::Telemetry;
use sluis::transport::{Incoming, Intake};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const DAY: Date = Date::constant(2026, 3, 10);
const NOTHING: Turnover = Turnover { opened: 0, ended: 0 };

/// A gateway on a ledger in a folder, and who looks over its region.
struct Region {
    gateway: Gateway,
    surveyor: Surveyor,
    ledger: Ledger,
    clock: Arc<FixedClock>,
    telemetry: Telemetry,
    _place: Place,
}

fn register() -> Register {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    let mut register = load(&folder).expect("the sample register has no fault");
    // Of all checks over time only this one has what it needs.
    register.region.norms.numbers = Values::default();
    register.region.norms.numbers.set(&OPEN_WAIT_PROVIDER_DAYS, 42.into());
    register.region.norms.numbers.set(&OPEN_WAIT_ACCESS_DAYS, 56.into());
    register
}

impl Region {
    fn open() -> Region {
        let (place, keys) = (Place::new(), Keys::generate());
        let settings = Settings { location: place.location(), keys: keys.clone(), max_group: 8 };
        let ledger = Ledger::open(settings).expect("a ledger opens");
        let clock = Arc::new(FixedClock::on(DAY));
        let own: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let telemetry = Telemetry::new("survey");
        // Terms that pass (C6) need no norm, and nobody answers here.
        let mut policies = Policies::default();
        policies.set("C6", None, "observe").expect("a known check and word");
        let contracts = Contracts::new(vec![Arc::new(register())], policies);
        let (limits, options) = (Limits::default(), Options::default());
        let gateway =
            Gateway::new("survey", limits, contracts.clone(), ledger.clone(), Arc::clone(&own), &telemetry, options);
        let surveyor = Surveyor {
            name: "survey".to_owned(),
            ledger: ledger.clone(),
            reader: (place.location(), keys),
            contracts: contracts.into(),
            clock: own,
            telemetry: telemetry.clone(),
        };
        Region { gateway, surveyor, ledger, clock, telemetry, _place: place }
    }

    async fn take(&self, id: &str, message: &Message) {
        let incoming =
            Incoming { transport: "directory", transport_id: id.to_owned(), identity: None, bytes: message.write() };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    async fn look_over(&self) -> Turnover {
        let register = Arc::clone(&self.surveyor.contracts.now().registers()[0]);
        self.surveyor.look_over(&register, self.clock.today()).await.expect("the region can be looked over")
    }

    fn days_pass(&self, days: i64) {
        self.clock.advance(SignedDuration::from_hours(24 * days));
    }

    /// Types and data of the events that wait to be sent.
    async fn events(&self) -> Vec<(String, serde_json::Value)> {
        let due = self.ledger.run(|tx| tx.due(Timestamp::MAX, 1000)).await.expect("the outbox can be read");
        let signals = due.into_iter().filter(|due| due.purpose == sluis::decision::Purpose::Signal);
        signals
            .map(|due| {
                assert_eq!(due.to.as_deref(), Some("0197"));
                let event: serde_json::Value = serde_json::from_slice(&due.body).expect("an event is JSON");
                (event["type"].as_str().expect("a type").to_owned(), event["data"].clone())
            })
            .collect()
    }
}

fn composer() -> Composer {
    Composer {
        law: Law::Wmo,
        gemeente: Party::from("0197"),
        aanbieder: Party::from("42420001"),
        dagtekening: date(2026, 3, 9),
    }
}

fn allocate() -> Allocate {
    Allocate {
        nummer: 1,
        product: Product { categorie: "02".into(), code: Some("02A01".into()) },
        from: date(2026, 3, 1),
        to: date(2026, 12, 31),
        omvang: omvang(2, Eenheid::Uur, Frequentie::PerWeek),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn care_that_does_not_begin_is_told_once_and_ends_when_it_does() {
    let region = Region::open();
    region.take("a", &composer().toewijzing("A1", &Person::nth(1), &allocate())).await;
    assert_eq!(region.look_over().await, NOTHING);
    // The composer decides on the day of signing, 9 March: 20 April is day 42.
    region.days_pass(41);
    assert_eq!(region.look_over().await, NOTHING);
    region.days_pass(1);
    assert_eq!(region.look_over().await, Turnover { opened: 1, ended: 0 });
    assert_eq!(region.look_over().await, NOTHING, "the same case is not told again");
    region.days_pass(1);
    assert_eq!(region.look_over().await, NOTHING, "nor the next day");
    // After 56 days somebody else is asked: another case takes the place of the first.
    region.days_pass(13);
    assert_eq!(region.look_over().await, Turnover { opened: 1, ended: 1 });
    region.take("s", &composer().start("S1", &Person::nth(1), &allocate(), date(2026, 3, 2))).await;
    assert_eq!(region.look_over().await, Turnover { opened: 0, ended: 1 });

    let events = region.events().await;
    let told: Vec<(&str, Option<&str>)> =
        events.iter().map(|(kind, data)| (kind.as_str(), data["ended"].as_str())).collect();
    let (opened, ended) = ("nl.sluis.signal.c2", "nl.sluis.signal.c2.ended");
    let over = Some("not_seen_again");
    assert_eq!(told, [(opened, None), (opened, None), (ended, over), (ended, over)]);
    assert_eq!(events[0].1["facts"]["dagen"], 43);
    let text = serde_json::to_string(&events).expect("JSON");
    assert!(!text.contains(Person::nth(1).bsn().expose()), "an event names no person");
    let scrape = region.telemetry.scrape().await;
    assert!(scrape.contains("sluis_survey_seconds_count{region=\"achterhoek\"} 7"), "{scrape}");
    assert!(scrape.contains("sluis_budget_expected_cents{agreement="), "{scrape}");
    let faults = region.ledger.run(|tx| tx.check_integrity()).await.expect("the ledger can be read");
    assert_eq!(faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_looked_over_at_the_start_and_when_the_day_has_changed() {
    let region = Region::open();
    let (ledger, clock) = (region.ledger.clone(), Arc::clone(&region.clock));
    let (trigger, stop) = shutdown(Duration::from_secs(5));
    let keeper = tokio::spawn(region.surveyor.run(Tasks::Own, stop));
    let looked_over = async {
        loop {
            let last = ledger.run(|tx| tx.last_survey("achterhoek")).await.expect("the ledger can be read");
            if let Some(last) = last {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let last = tokio::time::timeout(Duration::from_secs(30), looked_over).await.expect("at the start");
    assert_eq!((last.day, last.at), (DAY, clock.now()));
    trigger.stop();
    keeper.await.expect("it ends well");
}
