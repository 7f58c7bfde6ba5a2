//! Who may send what, with a real broker that validates logins: a login with no more rights than `docs/senders.md` gives
//! it sends for its own party, and for nobody else, however it tries.

mod e2e;

use e2e::broker::{Arrival, Broker};
use e2e::daemon::{Daemon, Site};
use e2e::{bsns, name, put, until};
use jiff::civil::date;
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use serde_json::Value;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::message::{Eenheid, Frequentie, Law, Party, Product};
use sluis::sender::TokenHash;
use std::net::SocketAddr;
use tokio::runtime::Runtime;

const AALTEN: &str = "0197";
const NOORD: &str = "42420001";
const TOKEN: &str = "8d9c1f0a7e6b5d4c3b2a190817263544";

fn composer() -> Composer {
    let (gemeente, aanbieder) = (Party::from(AALTEN), Party::from(NOORD));
    Composer { law: Law::Wmo, gemeente, aanbieder, dagtekening: date(2025, 3, 10) }
}

fn allocate() -> Allocate {
    Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2025, 1, 1),
        to: date(2025, 12, 28),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    }
}

/// A 301 of Aalten.
fn toewijzing(identificatie: &str) -> Vec<u8> {
    composer().toewijzing(identificatie, &Person::nth(1), &allocate()).write()
}

/// A 305 of the provider.
fn start(identificatie: &str) -> Vec<u8> {
    composer().start(identificatie, &Person::nth(1), &allocate(), date(2025, 1, 6)).write()
}

/// A login of the broker for the provider, made as the documentation says. It goes with the value.
struct Login<'b> {
    broker: &'b Broker,
    name: String,
    exchange: String,
    runtime: Runtime,
}

impl<'b> Login<'b> {
    fn make(broker: &'b Broker) -> Login<'b> {
        let (name, exchange) = (format!("{}-noord", broker.name), broker.queue("intake"));
        let login = Login { broker, name, exchange, runtime: Runtime::new().expect("a runtime starts") };
        let (user, out) = (login.name.as_str(), broker.queue("out"));
        let word = |text: &str| text.replace('.', "\\.");
        let own = format!("^{}\\.", word(user));
        broker.ctl(&["add_user", user, "geheim"]);
        let write = format!("^({}|{}\\..*)$", word(&login.exchange), word(user));
        let read = format!("^({}|{}\\..*)$", word(&out), word(user));
        broker.ctl(&["set_permissions", user, &own, &write, &read]);
        let topics = format!("^(wmo|jeugdwet)\\.[a-z0-9]+\\.{NOORD}$");
        broker.ctl(&["set_topic_permissions", user, &out, "^$", &topics]);
        login
            .as_user(&broker.url.clone(), async |channel| {
                let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
                let (exchange, none) = (login.exchange.as_str(), FieldTable::default());
                channel.exchange_declare(exchange.into(), ExchangeKind::Fanout, durable, none.clone()).await?;
                let options = QueueBindOptions::default();
                channel.queue_bind(broker.queue("in").as_str().into(), exchange.into(), "".into(), options, none).await
            })
            .expect("an administrator may do this");
        login
    }

    fn url(&self) -> String {
        let (_, place) = self.broker.url.rsplit_once('@').expect("the address has a login");
        format!("amqp://{}:geheim@{place}", self.name)
    }

    /// Publishes by this login and waits for the confirm: `user_id` as given.
    fn publish(&self, id: &str, user_id: Option<&str>, bytes: &[u8]) -> lapin::Result<()> {
        publish(self, &self.url(), (self.exchange.as_str(), ""), id, user_id, bytes)
    }

    fn as_user<T>(&self, url: &str, work: impl AsyncFnOnce(&Channel) -> lapin::Result<T>) -> lapin::Result<T> {
        self.runtime.block_on(async {
            let connection = Connection::connect(url, ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            let outcome = work(&channel).await;
            // A channel that the broker closed takes no further part.
            let _ = connection.close(200, "done".into()).await;
            outcome
        })
    }
}

fn publish(
    login: &Login<'_>,
    url: &str,
    (exchange, key): (&str, &str),
    id: &str,
    user_id: Option<&str>,
    bytes: &[u8],
) -> lapin::Result<()> {
    login.as_user(url, async |channel| {
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let mut properties = BasicProperties::default().with_message_id(id.into()).with_delivery_mode(2);
        if let Some(user_id) = user_id {
            properties = properties.with_user_id(user_id.into());
        }
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let confirm = channel.basic_publish(exchange.into(), key.into(), options, bytes, properties).await?.await?;
        assert!(confirm.is_ack(), "{confirm:?}");
        Ok(())
    })
}

impl Drop for Login<'_> {
    fn drop(&mut self) {
        let removed = self.as_user(&self.broker.url, async |channel| {
            channel.exchange_delete(self.exchange.as_str().into(), ExchangeDeleteOptions::default()).await
        });
        if let Err(error) = removed {
            println!("{} stays behind on the broker: {error}", self.exchange);
        }
        self.broker.ctl(&["delete_user", &self.name]);
    }
}

fn settings(broker: &Broker, login: &str) -> String {
    let hash = hex::encode(TokenHash::of(TOKEN).0);
    let transports = "transports = [\"amqp\", \"http\"]";
    format!(
        "{}[http_intake]\nplain = true\nlisten = \"127.0.0.1:0\"\n\
         [[sender]]\nname = \"noord\"\nparties = [\"{NOORD}\"]\namqp_user = \"{login}\"\ntoken_sha256 = \"{hash}\"\n\
         [[sender]]\nname = \"aalten\"\nparties = [\"{AALTEN}\"]\namqp_user = \"guest\"\n",
        broker.settings(&broker.url).replace("transports = [\"amqp\"]", transports)
    )
}

fn sluis(site: &Site, arguments: &[&str]) -> (i32, String) {
    let output = site.sluis(arguments, "");
    let code = output.status.code().expect("it ended by itself");
    (code, String::from_utf8(output.stdout).expect("it prints text"))
}

fn refused(site: &Site) -> Vec<Value> {
    let (code, out) = sluis(site, &["refused", "list", "--json"]);
    assert_eq!(code, 0);
    serde_json::from_str(&out).expect("a list is JSON")
}

/// Status and body of a POST.
fn post(address: SocketAddr, key: &str, bytes: &[u8]) -> (u16, Value) {
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nHost: sluis\r\nConnection: close\r\nContent-Type: application/xml\r\n\
         Authorization: Bearer {TOKEN}\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    let (status, _, body) = e2e::exchange(address, &[head.as_bytes(), bytes].concat()).expect("an answer");
    (status, serde_json::from_str(&body).expect("JSON"))
}

fn errors(arrivals: &[Arrival]) -> Vec<(String, Value)> {
    let of = |arrival: &&Arrival| arrival.about[1] == "error";
    let report = |arrival: &Arrival| {
        (arrival.address.1.clone(), serde_json::from_slice(&arrival.body).expect("reports are JSON"))
    };
    arrivals.iter().filter(of).map(report).collect()
}

#[test]
fn a_login_sends_for_its_own_party_and_for_nobody_else() {
    let Some(broker) = Broker::of_environment() else { return };
    let name = format!("{}-noord", broker.name);
    let site = Site::new(&settings(&broker, &name));
    let mut daemon = site.start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    let login = Login::make(&broker);
    let user = login.name.clone();
    let queue = broker.queue("in");

    // Each for its own party.
    publish(&login, &broker.url, ("", &queue), "t1", Some("guest"), &toewijzing("T1")).expect("published");
    until("the 301 is judged", || daemon.metric("sluis_messages_total", "301") > 0.5, || site.describe());
    login.publish("s1", Some(&user), &start("S1")).expect("published");
    until("the 305 is judged", || daemon.metric("sluis_messages_total", "305") > 0.5, || site.describe());

    // In the name of Aalten, and sent again as if the confirm had been lost; without a name.
    for _ in 0..2 {
        login.publish("t2", Some(&user), &toewijzing("T2")).expect("published");
    }
    login.publish("t3", None, &toewijzing("T3")).expect("published");
    let refusals = |daemon: &mut Daemon| daemon.metric("sluis_refused_senders_total", "amqp");
    until("they are refused", || refusals(&mut daemon) > 1.5, || site.describe());
    // The broker itself stops whoever uses the name of another, goes past the door, or listens to others.
    let forged = login.publish("t4", Some("guest"), &toewijzing("T4")).expect_err("it is refused").to_string();
    assert!(forged.contains("PRECONDITION"), "{forged}");
    let around = publish(&login, &login.url(), ("", &queue), "t5", Some(&user), &toewijzing("T5"));
    assert!(around.expect_err("it is refused").to_string().contains("ACCESS"), "past the exchange");
    let out = broker.queue("out");
    let listens = |key: &str| {
        login.as_user(&login.url(), async |channel| {
            let own = format!("{user}.mail");
            let exclusive = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(own.as_str().into(), exclusive, FieldTable::default()).await?;
            let options = QueueBindOptions::default();
            channel
                .queue_bind(own.as_str().into(), out.as_str().into(), key.into(), options, FieldTable::default())
                .await
        })
    };
    listens(&format!("wmo.306.{NOORD}")).expect("its own mail");
    for other in [format!("wmo.301.{AALTEN}"), "#".to_owned(), "wmo.*.*".to_owned()] {
        assert!(listens(&other).is_err(), "{other}");
    }

    // Over HTTP the same sender has the answer at once.
    let address = daemon.intake();
    let (status, problem) = post(address, "h1", &toewijzing("T6"));
    assert_eq!(status, 403, "{problem}");
    assert_eq!(post(address, "h1", &toewijzing("T6")).0, 403, "again");
    let (status, taken) = post(address, "h2", &start("S1"));
    assert_eq!((status, taken["id"].as_str()), (202, Some("h2")));
    until("it is judged", || daemon.metric("sluis_messages_total", "305") > 1.5, || site.describe());

    // Killed and started, it knows what it refused.
    daemon.kill();
    let mut daemon = site.start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    login.publish("t2", Some(&user), &toewijzing("T2")).expect("published");
    // The next one shows that the one before it was handled.
    login.publish("s2", Some(&user), &start("S2")).expect("published");
    until("the last is judged", || daemon.metric("sluis_messages_total", "305") > 0.5, || site.describe());
    assert!(refusals(&mut daemon) < 0.5, "a repeat is the same refusal");
    until("everything left", || daemon.metric("sluis_outbox_rows", "") < 0.5, || site.describe());

    let listed = refused(&site);
    let summary: Vec<(&str, &str, &str, u64)> = listed
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("none");
            (text("transport_id"), text("reason"), text("sender"), one["repeats"].as_u64().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        summary,
        [("h1", "other_party", "noord", 1), ("t3", "no_identity", "none", 0), ("t2", "other_party", "noord", 2)]
    );
    let (code, shown) = sluis(&site, &["refused", "show", &listed[2]["id"].to_string()]);
    assert_eq!(code, 0);
    assert!(shown.contains(&format!("amqp_user {user}")) && shown.contains(AALTEN), "{shown}");
    assert_eq!(sluis(&site, &["refused", "show", "999"]).0, 2);
    let (code, diagnosis) = sluis(&site, &["doctor"]);
    assert_eq!(code, 1);
    assert!(diagnosis.contains("senders: 3 messages"), "{diagnosis}");

    // Aalten heard nothing of what was sent in its name: no reply, no report, and no copy of it went to the provider.
    let arrivals = broker.collect("collect");
    let to_aalten: Vec<&str> = arrivals
        .iter()
        .filter(|arrival| arrival.address.1.ends_with(AALTEN))
        .map(|arrival| arrival.about[0].as_str())
        .collect();
    assert!(to_aalten.iter().all(|id| ["s1", "s2", "h2"].contains(id)), "{to_aalten:?}");
    let from_aalten = arrivals.iter().filter(|arrival| arrival.about[1] == "WMO301").count();
    assert_eq!(from_aalten, 1, "the one that it sent itself");
    let reports = errors(&arrivals);
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert_eq!(reports[0].0, format!("wmo.error.{NOORD}"));
    assert_eq!(reports[0].1["error"], "sender-refused");
    let parked = errors(&broker.collect("parked"));
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(parked[0].1["reason"], "no_identity");

    assert!(daemon.terminate().success());
    let log = site.log();
    assert_eq!(log.matches("refused a message that").count(), 3, "each case once: {log}");
    assert!(!log.contains(&user) && !log.contains(TOKEN), "no login shows in the log");
    assert!(bsns(&log).is_empty(), "the log names nobody");
}

#[test]
fn a_folder_of_ones_own_says_who_one_is() {
    let folders = format!("[[sender]]\nname = \"noord\"\nparties = [\"{NOORD}\"]\nfolder = \"noord\"\n");
    let aalten = format!("[[sender]]\nname = \"aalten\"\nparties = [\"{AALTEN}\"]\nfolder = \"aalten\"\n");
    let site = Site::new(&format!("[directory]\npoll = \"20ms\"\n{folders}{aalten}"));
    let mut daemon = site.start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    put(&site.incoming().join("aalten"), "a.xml", &toewijzing("T1"));
    until("it is judged", || daemon.metric("sluis_messages_total", "301") > 0.5, || site.describe());
    put(&site.incoming().join("noord"), "a.xml", &start("S1"));
    until("it is judged", || daemon.metric("sluis_messages_total", "305") > 0.5, || site.describe());
    put(&site.incoming().join("noord"), "b.xml", &toewijzing("T2"));
    put(&site.incoming(), "c.xml", &toewijzing("T3"));
    let refusals = |daemon: &mut Daemon| daemon.metric("sluis_refused_senders_total", "directory");
    until("they are refused", || refusals(&mut daemon) > 1.5, || site.describe());
    until("reports left", || daemon.metric("sluis_outbox_rows", "") < 0.5, || site.describe());
    let reports: Vec<String> = site
        .left()
        .iter()
        .filter(|path| path.starts_with(site.path("spool/error")))
        .map(|path| self::name(path))
        .collect();
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(reports[0].starts_with("c-") && reports[1].starts_with("noord_b-"), "{reports:?}");
    assert!(e2e::files(&site.incoming()).is_empty(), "nothing is left to take");
    let transports: Vec<String> =
        refused(&site).iter().map(|one| one["transport_id"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(transports.len(), 2, "{transports:?}");
    assert!(
        transports.contains(&"noord/b.xml".to_owned()) && transports.contains(&"c.xml".to_owned()),
        "{transports:?}"
    );
    assert!(daemon.terminate().success());
}
