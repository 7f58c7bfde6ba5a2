//! The broker transport against a real broker (`SLUIS_TEST_AMQP`): nothing is acknowledged before it is in the ledger,
//! nothing counts as sent before it is confirmed, and every loss is made good.

mod common;

use common::broker::Broker;
use common::{FakeIntake, MemoryOutbox, fake_intake, row, rows, soon, until};
use lapin::options::QueueDeleteOptions;
use sluis::clock::SystemClock;
use sluis::config::{Amqp, Delivery, Order, Secret, TlsFiles, Transport};
use sluis::decision::Purpose;
use sluis::delivery::amqp::AmqpDestination;
use sluis::delivery::relay::{Relay, Routes};
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::amqp::connect;
use sluis::transport::amqp::consume::AmqpIntake;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

struct Consuming {
    intake: &'static FakeIntake,
    telemetry: Telemetry,
    trigger: Trigger,
    task: JoinHandle<()>,
}

impl Consuming {
    fn start(settings: &Amqp) -> Consuming {
        Consuming::start_as("test", settings)
    }

    fn start_as(name: &str, settings: &Amqp) -> Consuming {
        let intake = fake_intake();
        let telemetry = Telemetry::default();
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let transport = AmqpIntake::new(settings, name, Arc::new(intake), &telemetry);
        Consuming { intake: intake.0, telemetry, trigger, task: tokio::spawn(transport.run(stop)) }
    }

    async fn ready(&self) {
        until("the intake is ready", || self.telemetry.is_ready()).await;
    }

    async fn lost(&self) {
        until("the intake is lost", || !self.telemetry.is_ready()).await;
    }

    async fn committed(&self, count: usize) {
        until("messages are committed", || self.intake.ids().len() >= count).await;
    }

    async fn stop(self) {
        self.trigger.stop();
        soon("the intake stops", self.task).await.expect("no panic");
    }
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("m{number:04}")).collect()
}

async fn put_all(broker: &Broker, ids: &[String]) {
    for (number, id) in ids.iter().enumerate() {
        broker.put(&broker.settings.queue, id, format!("{number}").as_bytes()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_messages_are_committed_in_order_and_then_acknowledged() {
    let Some(broker) = Broker::open(64).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    put_all(&broker, &ids(0..200)).await;
    consuming.committed(200).await;
    assert_eq!(consuming.intake.ids(), ids(0..200));
    consuming.stop().await;
    // Nothing returned to the queue: all were acknowledged.
    broker.until_ready(&broker.settings.queue, 0).await;
    assert_eq!(broker.ready(&broker.settings.parked_queue).await, Some(0));
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_ledger_is_not_acknowledged() {
    let Some(broker) = Broker::open(64).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..20)).await;
    until("all are handed over", || consuming.intake.calls.load(Ordering::SeqCst) == 20).await;
    // A crash: the connection goes with the process.
    consuming.task.abort();
    broker.proxy.cut();
    broker.until_ready(&broker.settings.queue, 20).await;
    consuming.intake.release();

    let again = Consuming::start(&broker.settings);
    again.committed(20).await;
    assert_eq!(again.intake.ids(), ids(0..20));
    again.stop().await;
    broker.until_ready(&broker.settings.queue, 0).await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_records_and_acknowledges_what_was_taken() {
    let Some(broker) = Broker::open(8).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..30)).await;
    until("eight are handed over", || consuming.intake.calls.load(Ordering::SeqCst) == 8).await;
    let intake = consuming.intake;
    consuming.trigger.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    intake.release();
    consuming.stop().await;
    assert_eq!(intake.ids(), ids(0..8));
    broker.until_ready(&broker.settings.queue, 22).await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_removed_is_declared_and_consumed_again() {
    let Some(broker) = Broker::open(16).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    put_all(&broker, &ids(0..5)).await;
    consuming.committed(5).await;
    broker
        .channel
        .queue_delete(broker.settings.queue.as_str().into(), QueueDeleteOptions::default())
        .await
        .expect("removed");
    consuming.lost().await;
    let reason = consuming.telemetry.components()["amqp intake"].reason.clone();
    assert!(reason.as_ref().is_some_and(|reason| reason.contains("cancelled")), "{reason:?}");
    consuming.ready().await;
    put_all(&broker, &ids(5..10)).await;
    consuming.committed(10).await;
    assert_eq!(consuming.intake.ids(), ids(0..10));
    consuming.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_connection_consuming_goes_on_with_the_same_prefetch() {
    let Some(broker) = Broker::open(5).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    put_all(&broker, &ids(0..100)).await;
    consuming.committed(20).await;
    broker.proxy.cut();
    consuming.lost().await;
    consuming.ready().await;
    consuming.committed(100).await;
    // A message may have come twice, which the ledger recognises; none may be missing.
    until("every message was committed", || {
        consuming.intake.ids().into_iter().collect::<BTreeSet<String>>().len() == 100
    })
    .await;
    broker.until_ready(&broker.settings.queue, 0).await;

    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(100..150)).await;
    broker.until_ready(&broker.settings.queue, 45).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(broker.ready(&broker.settings.queue).await, Some(45));
    consuming.intake.release();
    consuming.stop().await;
    broker.clean().await;
}

/// Needs the command that steers the broker in `SLUIS_TEST_AMQP_CTL`.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_broker_closes_are_made_again() {
    let Some(broker) = Broker::open(5).await else { return };
    let Ok(command) = std::env::var("SLUIS_TEST_AMQP_CTL") else {
        println!("skipped: SLUIS_TEST_AMQP_CTL not set");
        return;
    };
    let name = broker.settings.queue.clone();
    let (consuming, delivering) =
        (Consuming::start_as(&name, &broker.settings), Delivering::start_as(&name, &broker.settings));
    consuming.ready().await;
    delivering.ready().await;
    broker.bind(&broker.settings.exchange_out, "#").await;
    let ctl = |arguments: &[&str]| {
        let mut words = command.split_whitespace();
        let program = words.next().expect("a command");
        let ran = std::process::Command::new(program).args(words).args(arguments).output().expect("it runs");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    let mut closed = 0;
    for line in ctl(&["-q", "list_connections", "pid", "client_properties"]).lines().filter(|line| line.contains(&name))
    {
        ctl(&["close_connection", line.split_whitespace().next().expect("a pid"), "maintenance"]);
        closed += 1;
    }
    assert_eq!(closed, 2, "one connection to consume on and one to publish on");
    delivering.outbox.add(row(1, Purpose::Reply, "42420001"));
    consuming.ready().await;
    delivering.drained().await;
    delivering.ready().await;
    put_all(&broker, &ids(0..20)).await;
    consuming.committed(20).await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(20..50)).await;
    broker.until_ready(&broker.settings.queue, 25).await;
    consuming.intake.release();
    // The command takes its time: the intake may have been back before it returned.
    for (telemetry, component) in [(&consuming.telemetry, "amqp intake"), (&delivering.telemetry, "amqp delivery")] {
        let metrics = telemetry.scrape().await;
        let line = format!("sluis_component_losses_total{{component=\"{component}\"}} 1");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    consuming.stop().await;
    delivering.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_at_the_start_is_waited_for() {
    let Some(broker) = Broker::open(5).await else { return };
    broker.proxy.refuse(true);
    let consuming = Consuming::start(&broker.settings);
    until("the loss is told", || consuming.telemetry.components()["amqp intake"].reason.as_deref() != Some("starting"))
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    broker.proxy.refuse(false);
    consuming.ready().await;
    put_all(&broker, &ids(0..3)).await;
    consuming.committed(3).await;
    // One loss, however often it was tried.
    let metrics = consuming.telemetry.scrape().await;
    assert!(metrics.contains("sluis_component_losses_total{component=\"amqp intake\"} 1"), "{metrics}");
    consuming.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ledger_refuses_messages_return_without_a_storm_and_go_on_in_order() {
    let Some(broker) = Broker::open(16).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    consuming.intake.refuses.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..10)).await;
    consuming.lost().await;
    // Between tries the messages lie in the queue, where another gateway could take them.
    broker.until_ready(&broker.settings.queue, 10).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let calls = consuming.intake.calls.load(Ordering::SeqCst);
    assert!(calls <= 10, "{calls} tries: nothing is taken before the ledger is ready");
    assert!(!consuming.telemetry.is_ready());

    consuming.intake.refuses.store(false, Ordering::SeqCst);
    consuming.ready().await;
    consuming.committed(10).await;
    assert_eq!(consuming.intake.ids(), ids(0..10));
    consuming.stop().await;
    broker.until_ready(&broker.settings.queue, 0).await;
    assert_eq!(broker.ready(&broker.settings.parked_queue).await, Some(0));
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_breaks_the_program_is_parked_and_the_others_go_on() {
    let Some(broker) = Broker::open(16).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    broker.put(&broker.settings.queue, "m1", b"1").await;
    broker.put(&broker.settings.queue, "m2", b"break").await;
    broker.put(&broker.settings.queue, "m3", b"3").await;
    consuming.committed(2).await;
    broker.until_ready(&broker.settings.parked_queue, 1).await;
    let parked = broker.peek(&broker.settings.parked_queue).await.expect("a message");
    assert_eq!(parked.data, b"break");
    assert_eq!(consuming.intake.ids(), ["m1", "m3"]);
    consuming.stop().await;
    broker.until_ready(&broker.settings.queue, 0).await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_an_id_is_known_by_its_content() {
    let Some(broker) = Broker::open(16).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    broker.put(&broker.settings.queue, "", b"abc").await;
    consuming.committed(1).await;
    let sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(consuming.intake.ids(), [sha256_of_abc]);
    consuming.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_with_other_properties_is_told_with_what_to_do() {
    let Some(broker) = Broker::open(16).await else { return };
    let durable = lapin::options::QueueDeclareOptions { durable: true, ..Default::default() };
    broker
        .channel
        .queue_declare(broker.settings.queue.as_str().into(), durable, lapin::types::FieldTable::default())
        .await
        .expect("a classic queue");
    let consuming = Consuming::start(&broker.settings);
    until("the fault is told", || {
        let reason = consuming.telemetry.components()["amqp intake"].reason.clone().unwrap_or_default();
        reason.contains(&broker.settings.queue) && reason.contains("declare = false")
    })
    .await;
    consuming.stop().await;
    // Told not to declare, the gateway takes the queue as it is.
    let consuming = Consuming::start(&Amqp { declare: false, ..broker.settings.clone() });
    consuming.ready().await;
    broker.put(&broker.settings.queue, "m1", b"break").await;
    broker.put(&broker.settings.queue, "m2", b"2").await;
    consuming.committed(1).await;
    consuming.stop().await;
    // A queue that may lack a parked queue behind it keeps what broke the program.
    broker.until_ready(&broker.settings.queue, 1).await;
    broker.clean().await;
}

// Delivery.

struct Delivering {
    outbox: Arc<MemoryOutbox>,
    telemetry: Telemetry,
    trigger: Trigger,
    relay: JoinHandle<()>,
    link: JoinHandle<()>,
}

impl Delivering {
    fn start(settings: &Amqp) -> Delivering {
        Delivering::start_as("test", settings)
    }

    fn start_as(name: &str, settings: &Amqp) -> Delivering {
        let telemetry = Telemetry::default();
        let outbox = Arc::new(MemoryOutbox::default());
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let clock = Arc::new(SystemClock);
        let (destination, link) = AmqpDestination::new(settings, name, Arc::clone(&clock) as Arc<_>, &telemetry);
        let delivery = Delivery {
            default: Transport::Amqp,
            first_retry: Duration::from_millis(100),
            max_retry: Duration::from_millis(500),
            window: 256,
            slow_retry: Duration::from_millis(500),
            breaker_after: 5,
            set_aside_after: 3,
            order: Order::Skip,
        };
        let routes = Routes { default: destination, back_offices: BTreeMap::new() };
        let relay = Relay::new(Arc::clone(&outbox) as Arc<_>, routes, &delivery, clock, &telemetry);
        let link = tokio::spawn(link.run(stop.clone()));
        Delivering { outbox, telemetry, trigger, relay: tokio::spawn(relay.run(stop)), link }
    }

    async fn ready(&self) {
        until("the delivery is ready", || self.telemetry.is_ready()).await;
    }

    async fn drained(&self) {
        until("everything is sent", || self.outbox.left() == 0).await;
    }

    async fn stop(self) {
        self.trigger.stop();
        soon("the relay stops", self.relay).await.expect("no panic");
        soon("the link stops", self.link).await.expect("no panic");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_signals_and_reports_arrive_where_they_are_bound() {
    let Some(broker) = Broker::open(16).await else { return };
    let delivering = Delivering::start(&broker.settings);
    delivering.ready().await;
    let out = broker.bind(&broker.settings.exchange_out, "wmo.*.42420001").await;
    let back_office = broker.bind(&broker.settings.exchange_out, "wmo.305.0197").await;
    let signals = broker.bind(&broker.settings.exchange_signals, "achterhoek.A1.0197").await;
    let rows = [
        row(1, Purpose::Reply, "42420001"),
        row(2, Purpose::Error, "42420001"),
        row(3, Purpose::Forward, "0197"),
        row(4, Purpose::Signal, "0197"),
        row(5, Purpose::Error, ""),
    ];
    for row in &rows {
        delivering.outbox.add(row.clone());
    }
    delivering.drained().await;
    assert_eq!(delivering.outbox.reasons(), [""; 0]);

    let arrived = broker.take(&out, 2).await;
    assert_eq!(arrived[0].routing_key.as_str(), "wmo.306.42420001");
    assert_eq!(arrived[0].data, rows[0].body);
    let properties = &arrived[0].properties;
    let text = |value: &Option<lapin::types::ShortString>| value.as_ref().expect("a value").as_str().to_owned();
    assert_eq!(text(properties.message_id()), rows[0].id.to_string());
    assert_eq!(text(properties.correlation_id()), "message-1.xml");
    assert_eq!(text(properties.content_type()), "application/xml");
    assert_eq!(text(properties.kind()), "WMO306");
    assert_eq!(text(properties.app_id()), "test");
    assert_eq!(*properties.delivery_mode(), Some(2));
    assert!(properties.timestamp().is_some());
    assert!(properties.user_id().is_none() && properties.reply_to().is_none());
    assert_eq!(arrived[1].routing_key.as_str(), "wmo.error.42420001");

    let forwarded = broker.take(&back_office, 1).await;
    let headers = forwarded[0].properties.headers().as_ref().expect("headers");
    let verdict = headers.inner().get("sluis-verdict").expect("the verdict");
    assert_eq!(
        format!("{verdict:?}"),
        format!("{:?}", lapin::types::AMQPValue::LongString(r#"{"verdict":"accepted"}"#.into()))
    );
    let signalled = broker.take(&signals, 1).await;
    assert_eq!(text(signalled[0].properties.content_type()), "application/cloudevents+json");
    let parked = broker.take(&broker.settings.parked_queue, 1).await;
    assert_eq!(parked[0].data, rows[4].body);
    delivering.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_queue_is_bound_for_is_tried_again_with_a_reason_and_arrives_later() {
    let Some(broker) = Broker::open(16).await else { return };
    let delivering = Delivering::start(&broker.settings);
    delivering.ready().await;
    let other = broker.bind(&broker.settings.exchange_out, "wmo.306.42420002").await;
    for sequence in 1..=3 {
        delivering.outbox.add(row(sequence, Purpose::Reply, "42420001"));
    }
    delivering.outbox.add(row(4, Purpose::Reply, "42420002"));
    until("it was tried twice", || delivering.outbox.reasons().len() >= 6).await;
    assert!(
        delivering.outbox.reasons().iter().all(|reason| reason == "no queue bound for wmo.306.42420001"),
        "{:?}",
        delivering.outbox.reasons()
    );
    broker.take(&other, 1).await;
    assert_eq!(delivering.outbox.left(), 3);
    // The destination as a whole works.
    assert!(delivering.telemetry.is_ready());

    let late = broker.bind(&broker.settings.exchange_out, "wmo.306.42420001").await;
    delivering.drained().await;
    let bodies: Vec<String> = broker
        .take(&late, 3)
        .await
        .into_iter()
        .map(|delivery| String::from_utf8_lossy(&delivery.data).into_owned())
        .collect();
    assert_eq!(bodies, ["<bericht>1</bericht>", "<bericht>2</bericht>", "<bericht>3</bericht>"]);
    delivering.stop().await;
    broker.clean().await;
}

/// The library attaches a returned message to whichever confirm comes next, which may be that of another message.
#[tokio::test(flavor = "multi_thread")]
async fn a_returned_message_is_never_taken_for_a_sent_one_when_many_leave_at_once() {
    let Some(broker) = Broker::open(16).await else { return };
    let delivering = Delivering::start(&broker.settings);
    delivering.ready().await;
    let receivers: Vec<String> = (0..40).map(|number| format!("424200{number:02}")).collect();
    let mut bound = Vec::new();
    for receiver in receivers.iter().step_by(2) {
        bound.push(broker.bind(&broker.settings.exchange_out, &format!("wmo.306.{receiver}")).await);
    }
    let names: Vec<&str> = receivers.iter().map(String::as_str).collect();
    for row in rows(400, Purpose::Reply, &names) {
        delivering.outbox.add(row);
    }
    until("the bound half is sent", || delivering.outbox.left() <= 200).await;
    until("the others were tried", || delivering.outbox.reasons().len() >= 200).await;
    assert_eq!(delivering.outbox.left(), 200);
    let odd =
        |reason: &String| reason.strip_prefix("no queue bound for wmo.306.424200").and_then(|end| end.parse().ok());
    let others = delivering
        .outbox
        .reasons()
        .iter()
        .filter(|reason| odd(reason).is_none_or(|n: u32| n.is_multiple_of(2)))
        .count();
    assert_eq!(others, 0, "{:?}", delivering.outbox.reasons());
    for queue in bound {
        assert_eq!(broker.take(&queue, 10).await.len(), 10);
    }
    delivering.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_loses_nothing_and_keeps_the_order() {
    let Some(broker) = Broker::open(16).await else { return };
    let delivering = Delivering::start(&broker.settings);
    delivering.ready().await;
    let queue = broker.bind(&broker.settings.exchange_out, "#").await;
    let rows = rows(600, Purpose::Reply, &["42420001", "42420002", "42420003"]);
    let since = Instant::now();
    for (number, row) in rows.iter().enumerate() {
        delivering.outbox.add(row.clone());
        if number == 300 {
            until("some are sent", || !delivering.outbox.sent().is_empty()).await;
            broker.proxy.cut();
        }
    }
    delivering.drained().await;
    println!("600 deliveries with a cut in between took {:?}", since.elapsed());
    delivering.stop().await;

    // What arrived first counts: a repeat has the id of the first and is recognised by it.
    let arrived = broker.ready(&queue).await.expect("the queue is there");
    let mut seen = BTreeSet::new();
    let mut first: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for delivery in broker.take(&queue, arrived as usize).await {
        let id = delivery.properties.message_id().as_ref().expect("an id").as_str().to_owned();
        if seen.insert(id.clone()) {
            first.entry(delivery.routing_key.as_str().to_owned()).or_default().push(id);
        }
    }
    assert_eq!(seen.len(), 600);
    for (key, ids) in first {
        let expected: Vec<String> = rows
            .iter()
            .filter(|row| row.to.as_deref().is_some_and(|to| key.ends_with(to)))
            .map(|row| row.id.to_string())
            .collect();
        assert_eq!(ids, expected, "{key}");
    }
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_exchange_delivery_waits_until_it_is_there() {
    let Some(broker) = Broker::open(16).await else { return };
    let delivering = Delivering::start(&Amqp { declare: false, ..broker.settings.clone() });
    delivering.ready().await;
    delivering.outbox.add(row(1, Purpose::Reply, "42420001"));
    until("it was tried", || delivering.outbox.reasons().iter().any(|reason| reason.contains("no exchange"))).await;
    let durable = lapin::options::ExchangeDeclareOptions { durable: true, ..Default::default() };
    broker
        .channel
        .exchange_declare(
            broker.settings.exchange_out.as_str().into(),
            lapin::ExchangeKind::Topic,
            durable,
            lapin::types::FieldTable::default(),
        )
        .await
        .expect("declared");
    broker.bind(&broker.settings.exchange_out, "#").await;
    delivering.drained().await;
    delivering.stop().await;
    broker.clean().await;
}

/// The library once sent an `amqps://` address in plain text when it was built without certificates of authorities: the
/// first byte of a TLS handshake is 0x16, that of AMQP an `A`.
#[tokio::test(flavor = "multi_thread")]
async fn an_amqps_address_never_goes_out_in_plain_text() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let settings = Amqp {
        url: Secret::new(format!("amqps://gateway:geheim@{address}/%2f")),
        queue: "q".to_owned(),
        parked_queue: "p".to_owned(),
        exchange_out: "o".to_owned(),
        exchange_signals: "s".to_owned(),
        prefetch: 1,
        prefetch_bytes: 1000,
        declare: false,
        tls: TlsFiles::default(),
    };
    let connecting = tokio::spawn(async move { connect(&settings, "test").await.map(|_| ()) });
    let (mut socket, _) = soon("it connects", listener.accept()).await.expect("a connection");
    let mut first = [0; 64];
    let read = soon("it says something", socket.read(&mut first)).await.expect("bytes");
    assert!(read > 0);
    assert_eq!(first[0], 0x16, "the first bytes were {:?}", &first[..read]);
    drop(socket);
    let refused = soon("it gives up", connecting).await.expect("no panic").expect_err("no broker is there");
    assert!(!refused.to_string().contains("geheim"), "{refused}");
}
