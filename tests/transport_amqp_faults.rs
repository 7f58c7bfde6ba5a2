//! What a broker can do to those who use it, and several gateways on one queue. Steers the broker by rabbitmqctl
//! (`SLUIS_TEST_AMQP_CTL`).

mod common;

use common::amqp::{Consuming, Delivering, ids, put_all};
use common::broker::Broker;
use common::{row, rows, soon, until};
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use sluis::config::{Amqp, Secret};
use sluis::decision::Purpose;
use sluis::transport::amqp::topology::{How, Thing, compare};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// The address with something behind it.
fn with_query(settings: &Amqp, query: &str) -> Amqp {
    Amqp { url: Secret::new(format!("{}?{query}", settings.url.expose())), ..settings.clone() }
}

/// What rabbitmqctl lists of a queue in the columns that come after its name.
fn listed(broker: &Broker, command: &str, queue: &str, columns: &[&str]) -> Vec<String> {
    let name = if command == "list_consumers" { "queue_name" } else { "name" };
    let mut arguments = vec![command, "--no-table-headers", name];
    arguments.extend(columns);
    let table = broker.ctl(&arguments);
    table.lines().filter_map(|line| line.strip_prefix(queue)?.strip_prefix('\t')).map(str::to_owned).collect()
}

/// Two gateways on one queue that the broker hands to one at a time: the first by way of the proxy, the second not.
async fn two_gateways(broker: &Broker) -> (Consuming, Consuming) {
    let settings = broker.settings.clone().for_ledger(true);
    let first = Consuming::start_as("first", &settings);
    first.ready().await;
    let past_the_proxy = Secret::new(std::env::var("SLUIS_TEST_AMQP").expect("there is a broker"));
    let second = Consuming::start_as("second", &Amqp { url: past_the_proxy, ..settings });
    second.ready().await;
    put_all(broker, &ids(0..50)).await;
    first.committed(50).await;
    assert_eq!(first.intake.ids(), ids(0..50));
    first.intake.holds.store(true, Ordering::SeqCst);
    put_all(broker, &ids(50..90)).await;
    until("the first has all it may", || first.intake.calls.load(Ordering::SeqCst) == 66).await;
    assert_eq!(second.intake.ids(), [""; 0], "the second only waits");
    (first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_gateways_one_takes_a_queue_and_the_other_goes_on_in_order_when_it_dies() {
    let Some(broker) = Broker::open(16).await else { return };
    let (first, second) = two_gateways(&broker).await;
    broker.proxy.refuse(true);
    broker.proxy.cut();
    second.committed(40).await;
    assert_eq!(second.intake.ids(), ids(50..90), "in order, and none is missing");
    broker.until_ready(&broker.queue, 0).await;
    first.intake.release();
    first.stop().await;
    second.stop().await;
    broker.clean().await;
}

/// A client that cancels its consumer before it closes its channel would have the broker hand the second gateway what
/// comes behind the messages that the first still has.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_ledger_takes_nothing_hands_its_queue_to_the_other_in_order() {
    let Some(broker) = Broker::open(16).await else { return };
    let (first, second) = two_gateways(&broker).await;
    first.intake.refuses.store(true, Ordering::SeqCst);
    first.intake.release();
    second.committed(40).await;
    assert_eq!(second.intake.ids(), ids(50..90), "in order, and none is missing");
    assert_eq!(first.intake.ids(), ids(0..50));
    first.intake.refuses.store(false, Ordering::SeqCst);
    first.ready().await;
    broker.until_ready(&broker.queue, 0).await;
    first.stop().await;
    second.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_another_gateway_is_to_have_is_let_go_of_after_what_is_in_work() {
    let Some(broker) = Broker::open(16).await else { return };
    let other = format!("{}.other", broker.queue);
    let settings = Amqp { queues: vec![broker.queue.clone(), other.clone()], ..broker.settings.clone() };
    let set = |names: &[&String]| names.iter().map(|name| (*name).clone()).collect::<BTreeSet<String>>();
    let (assign, assigned) = watch::channel(set(&[&broker.queue]));
    let consuming = Consuming::start_assigned("test", &settings, Some(&assigned));
    consuming.ready().await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..5)).await;
    until("five are in work", || consuming.intake.calls.load(Ordering::SeqCst) == 5).await;
    assign.send_replace(set(&[&other]));
    until("the other queue is declared and taken from", || {
        listed(&broker, "list_consumers", &other, &["prefetch_count"]) == ["16"]
    })
    .await;
    consuming.intake.release();
    consuming.committed(5).await;
    until("the first is let go of", || {
        listed(&broker, "list_queues", &broker.queue, &["consumers", "messages"]) == ["0\t0"]
    })
    .await;
    put_all(&broker, &ids(5..8)).await;
    broker.put(&other, "m9", b"9").await;
    consuming.committed(6).await;
    broker.until_ready(&broker.queue, 3).await;
    assert!(consuming.telemetry.is_ready(), "nothing is wrong with a gateway that has fewer queues");

    assign.send_replace(set(&[&broker.queue, &other]));
    consuming.committed(9).await;
    consuming.stop().await;
    broker.channel.queue_delete(other.as_str().into(), QueueDeleteOptions::default()).await.expect("removed");
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_knows_the_prefetch_after_every_rebuild() {
    let Some(broker) = Broker::open(5).await else { return };
    let consuming = Consuming::start(&broker.settings);
    consuming.ready().await;
    for rebuilt in 0..3 {
        consuming.intake.holds.store(true, Ordering::SeqCst);
        put_all(&broker, &ids(rebuilt * 20..rebuilt * 20 + 20)).await;
        until("no more than the prefetch is unacknowledged", || {
            let row = listed(&broker, "list_queues", &broker.queue, &["messages_unacknowledged"]);
            assert!(row.iter().all(|row| row.parse::<u32>().is_ok_and(|row| row <= 5)), "{row:?}");
            row == ["5"] && listed(&broker, "list_consumers", &broker.queue, &["prefetch_count"]) == ["5"]
        })
        .await;
        consuming.intake.release();
        broker.until_ready(&broker.queue, 0).await;
        if rebuilt == 0 {
            broker.proxy.cut();
        } else {
            // A server-side cancel.
            broker
                .channel
                .queue_delete(broker.queue.as_str().into(), QueueDeleteOptions::default())
                .await
                .expect("removed");
        }
        consuming.lost().await;
        consuming.ready().await;
    }
    consuming.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_is_taken_one_at_a_time_and_parked_after_too_many_takes() {
    let Some(broker) = Broker::open(8).await else { return };
    let first = Consuming::start(&broker.settings);
    first.ready().await;
    first.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..8)).await;
    until("eight are in work", || first.intake.calls.load(Ordering::SeqCst) == 8).await;
    first.task.abort();
    broker.proxy.cut();
    broker.until_ready(&broker.queue, 8).await;
    first.intake.release();
    put_all(&broker, &ids(8..12)).await;

    let again = common::fake_intake().0;
    // It ended the program that often already.
    again.takes.lock().expect("no panic").insert("m0002".to_owned(), 5);
    let second = Consuming::start_with("test", &broker.settings, again);
    second.committed(11).await;
    broker.until_ready(&broker.queue, 0).await;
    let mut expected = ids(0..12);
    expected.remove(2);
    assert_eq!(again.ids(), expected);
    assert_eq!(*again.aside.lock().expect("no panic"), ["m0002"]);
    assert_eq!(again.alone.load(Ordering::SeqCst), 7, "nothing is in work beside one that came back");
    assert!(again.takes.lock().expect("no panic").is_empty(), "what is recorded is forgotten");
    let metrics = second.telemetry.scrape().await;
    assert!(metrics.contains("sluis_intake_failures_total{reason=\"takes\",transport=\"amqp\"} 1"), "{metrics}");
    second.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_are_asked_for_a_few_at_a_time() {
    let Some(broker) = Broker::open(16).await else { return };
    let settings = Amqp { prefetch_bytes: 64_000, ..broker.settings.clone() };
    let consuming = Consuming::start(&settings);
    consuming.ready().await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    let large = vec![b'7'; 20_000];
    for id in ids(0..20) {
        broker.put(&broker.queue, &id, &large).await;
    }
    until("some are in work", || consuming.intake.calls.load(Ordering::SeqCst) > 0).await;
    consuming.intake.release();
    consuming.committed(20).await;
    until("three of them fit", || listed(&broker, "list_consumers", &broker.queue, &["prefetch_count"]) == ["3"]).await;
    assert!(
        consuming.intake.most_bytes.load(Ordering::SeqCst) <= 80_000,
        "one more than fits came before it was known"
    );
    put_all(&broker, &ids(20..60)).await;
    consuming.committed(60).await;
    until("small ones are asked for by the dozen again", || {
        listed(&broker, "list_consumers", &broker.queue, &["prefetch_count"]) == ["16"]
    })
    .await;
    assert_eq!(consuming.intake.ids(), ids(0..60));
    consuming.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_nothing_moves_is_given_up_by_both_sides_of_the_gateway() {
    let Some(broker) = Broker::open(16).await else { return };
    let settings = with_query(&broker.settings, "heartbeat=2");
    let (consuming, delivering) = (Consuming::start(&settings), Delivering::start(&settings));
    consuming.ready().await;
    delivering.ready().await;
    let queue = broker.bind(&broker.settings.exchange_out, "#").await;
    broker.proxy.freeze(true);
    let row = row(1, Purpose::Reply, "42420001");
    delivering.outbox.add(row.clone());
    consuming.lost().await;
    until("the relay gives it up", || !delivering.telemetry.is_ready()).await;
    broker.proxy.cut();
    broker.proxy.freeze(false);
    put_all(&broker, &ids(0..3)).await;
    consuming.committed(3).await;
    delivering.drained().await;
    // What was on its way when nothing moved may have arrived after all: then it is there twice, under one id.
    let arrived = broker.ready(&queue).await.expect("the queue is there");
    assert!(arrived >= 1, "what counts as sent has arrived");
    for delivery in broker.take(&queue, arrived as usize).await {
        assert_eq!(delivery.properties.message_id().as_ref().map(ToString::to_string), Some(row.id.to_string()));
    }
    consuming.stop().await;
    delivering.stop().await;
    broker.clean().await;
}

/// Sets an alarm of the broker off when it goes, whatever the test came to.
struct Alarm<'a>(&'a Broker);

impl<'a> Alarm<'a> {
    fn of_disk(broker: &'a Broker) -> Alarm<'a> {
        broker.ctl(&["set_disk_free_limit", "9000GB"]);
        Alarm(broker)
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.ctl(&["set_disk_free_limit", "50MB"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_of_the_broker_is_full_acknowledging_goes_on_and_publishing_waits() {
    let Some(broker) = Broker::open(16).await else { return };
    let (consuming, delivering) = (Consuming::start(&broker.settings), Delivering::start(&broker.settings));
    consuming.ready().await;
    delivering.ready().await;
    let queue = broker.bind(&broker.settings.exchange_out, "#").await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..10)).await;
    until("ten are in work", || consuming.intake.calls.load(Ordering::SeqCst) == 10).await;
    let alarm = Alarm::of_disk(&broker);
    for row in rows(30, Purpose::Reply, &["42420001", "42420002", "42420003"]) {
        delivering.outbox.add(row);
    }
    until("it says that publishing is blocked", || {
        let reason = delivering.telemetry.components()["amqp delivery"].reason.clone().unwrap_or_default();
        reason.contains("degraded")
    })
    .await;
    let metrics = delivering.telemetry.scrape().await;
    assert!(metrics.contains("sluis_component_up{component=\"amqp delivery\"} 0"), "{metrics}");
    consuming.intake.release();
    consuming.committed(10).await;
    until("all is acknowledged", || listed(&broker, "list_queues", &broker.queue, &["messages"]) == ["0"]).await;
    assert!(consuming.telemetry.is_ready());
    let left = delivering.outbox.left();
    assert_eq!(broker.ready(&queue).await, Some(30 - u32::try_from(left).expect("few")));
    drop(alarm);
    delivering.drained().await;
    delivering.ready().await;
    assert_eq!(broker.ready(&queue).await, Some(30), "what was under way at the alarm did not leave twice");
    let arrived: BTreeSet<String> = broker
        .take(&queue, 30)
        .await
        .iter()
        .map(|delivery| delivery.properties.message_id().as_ref().expect("an id").to_string())
        .collect();
    assert_eq!(arrived.len(), 30);
    let metrics = delivering.telemetry.scrape().await;
    assert!(metrics.contains("sluis_component_losses_total{component=\"amqp delivery\"} 1"), "one line: {metrics}");
    consuming.stop().await;
    delivering.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_tried_again_and_holds_up_nobody_else() {
    let Some(broker) = Broker::open(16).await else { return };
    let delivering = Delivering::start(&broker.settings);
    delivering.ready().await;
    let small = format!("{}.small", broker.queue);
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    let options = QueueDeclareOptions { auto_delete: true, ..QueueDeclareOptions::default() };
    broker.channel.queue_declare(small.as_str().into(), options, arguments).await.expect("declared");
    let (out, key) = (broker.settings.exchange_out.as_str(), "wmo.306.42420001");
    broker
        .channel
        .queue_bind(small.as_str().into(), out.into(), key.into(), QueueBindOptions::default(), FieldTable::default())
        .await
        .expect("bound");
    let other = broker.bind(out, "wmo.306.42420002").await;
    for row in rows(6, Purpose::Reply, &["42420001", "42420002"]) {
        delivering.outbox.add(row);
    }
    until("it was refused", || delivering.outbox.reasons().iter().any(|reason| reason.contains("may be full"))).await;
    broker.take(&other, 3).await;
    assert!(delivering.telemetry.is_ready(), "the broker works");
    let bodies: Vec<Vec<u8>> =
        soon("they arrive", broker.take(&small, 3)).await.into_iter().map(|delivery| delivery.data).collect();
    let mut seen = bodies.clone();
    seen.dedup();
    assert_eq!(seen, [b"<bericht>1</bericht>", b"<bericht>3</bericht>", b"<bericht>5</bericht>"].map(Vec::from));
    delivering.drained().await;
    delivering.stop().await;
    broker.clean().await;
}

/// Sets the limit of the broker back when it goes.
struct Largest<'a>(&'a Broker, String);

impl<'a> Largest<'a> {
    fn message_of(broker: &'a Broker, bytes: u32) -> Largest<'a> {
        let before = broker.ctl(&["eval", "rabbit_misc:get_env(rabbit, max_message_size, 134217728)."]);
        broker.ctl(&["eval", &format!("application:set_env(rabbit, max_message_size, {bytes}).")]);
        Largest(broker, before.trim().to_owned())
    }
}

impl Drop for Largest<'_> {
    fn drop(&mut self) {
        self.0.ctl(&["eval", &format!("application:set_env(rabbit, max_message_size, {}).", self.1)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_broker_finds_too_large_is_told_and_the_others_leave() {
    let Some(broker) = Broker::open(16).await else { return };
    let limit = Largest::message_of(&broker, 1000);
    let delivering = Delivering::start(&broker.settings);
    delivering.ready().await;
    let queue = broker.bind(&broker.settings.exchange_out, "#").await;
    let mut large = row(1, Purpose::Reply, "42420001");
    large.body = vec![b'x'; 2000];
    delivering.outbox.add(large);
    until("it was refused", || !delivering.outbox.reasons().is_empty()).await;
    let reason = delivering.outbox.reasons()[0].clone();
    assert!(
        reason.contains("2000 bytes") && reason.contains("(1000)") && reason.contains("max_message_size"),
        "{reason}"
    );
    for row in rows(20, Purpose::Reply, &["42420002", "42420003"]).into_iter().map(|mut row| {
        row.sequence += 10;
        row
    }) {
        delivering.outbox.add(row);
    }
    until("the others are sent", || delivering.outbox.left() == 1).await;
    broker.until_ready(&queue, 20).await;
    let metrics = delivering.telemetry.scrape().await;
    assert!(metrics.contains("sluis_component_losses_total{component=\"amqp delivery\"} 0"), "{metrics}");
    delivering.stop().await;
    drop(limit);
    // A connection of after the change.
    let delivering = Delivering::start(&broker.settings);
    let mut large = row(1, Purpose::Reply, "42420001");
    large.body = vec![b'x'; 2000];
    delivering.outbox.add(large);
    delivering.drained().await;
    delivering.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_confirm_in_time_nobody_says_that_it_was_sent() {
    let Some(broker) = Broker::open(16).await else { return };
    let settings = Amqp { confirm_deadline: Duration::from_secs(1), ..broker.settings.clone() };
    let delivering = Delivering::start(&settings);
    delivering.ready().await;
    let queue = broker.bind(&broker.settings.exchange_out, "#").await;
    broker.proxy.freeze(true);
    let row = row(1, Purpose::Reply, "42420001");
    delivering.outbox.add(row.clone());
    until("it was tried", || !delivering.outbox.reasons().is_empty()).await;
    assert_eq!(delivering.outbox.reasons()[0], "no confirm in time: whether it arrived is unknown");
    broker.proxy.freeze(false);
    delivering.drained().await;
    let arrived = broker.take(&queue, 1).await;
    assert_eq!(arrived[0].properties.message_id().as_ref().map(ToString::to_string), Some(row.id.to_string()));
    delivering.stop().await;
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_host_that_comes_later_is_waited_for() {
    let Some(broker) = Broker::open(16).await else { return };
    let vhost = format!("late-{}", broker.queue);
    let url = broker.settings.url.expose().rsplit_once('/').expect("an address").0.to_owned();
    let settings = Amqp { url: Secret::new(format!("{url}/{vhost}")), ..broker.settings.clone() };
    let consuming = Consuming::start(&settings);
    until("it says what is missing", || {
        let reason = consuming.telemetry.components()["amqp intake"].reason.clone().unwrap_or_default();
        reason.contains(&format!("no virtual host {vhost}")) && !reason.contains("guest")
    })
    .await;
    broker.ctl(&["add_vhost", &vhost]);
    broker.ctl(&["set_permissions", "-p", &vhost, "guest", ".*", ".*", ".*"]);
    consuming.ready().await;
    consuming.stop().await;
    broker.ctl(&["delete_vhost", &vhost]);
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_broker_is_compared_with_what_the_gateway_needs() {
    let Some(broker) = Broker::open(16).await else { return };
    let settings = broker.settings.clone().for_ledger(true);
    let differences = compare(&settings, "test").await.expect("compared");
    assert_eq!(differences.len(), 4, "{differences:?}");
    assert!(differences.iter().all(|difference| difference.how == How::Missing), "{differences:?}");
    assert_eq!(broker.ready(&broker.queue).await, None, "nothing was made by asking");

    let consuming = Consuming::start(&settings);
    consuming.ready().await;
    consuming.stop().await;
    assert_eq!(compare(&settings, "test").await.expect("compared"), []);
    // A gateway that would have no single consumer.
    let differences = compare(&broker.settings.clone().for_ledger(false), "test").await.expect("compared");
    assert!(
        matches!(&differences[..], [one] if matches!(&one.how, How::Other { name, .. } if name == "x-single-active-consumer")),
        "{differences:?}"
    );

    // A queue that somebody declared otherwise: every difference is told, not the first alone.
    broker.channel.queue_delete(broker.queue.as_str().into(), QueueDeleteOptions::default()).await.expect("removed");
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(3));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    broker.channel.queue_declare(broker.queue.as_str().into(), durable, arguments).await.expect("declared");
    let differences = compare(&settings, "test").await.expect("compared");
    let names: BTreeSet<&str> = differences
        .iter()
        .filter_map(|difference| match &difference.how {
            How::Other { name, .. } => Some(name.as_str()),
            How::Missing | How::Hidden => None,
        })
        .collect();
    let expected = [
        "x-dead-letter-exchange",
        "x-dead-letter-routing-key",
        "x-dead-letter-strategy",
        "x-delivery-limit",
        "x-overflow",
        "x-single-active-consumer",
    ];
    assert_eq!(names, BTreeSet::from(expected), "{differences:?}");
    let limit = differences.iter().find(|difference| difference.wrong().contains("x-delivery-limit")).expect("told");
    assert_eq!(limit.thing, Thing::Queue(broker.queue.clone()));
    assert!(limit.wrong().contains("'3'") && limit.wrong().contains("'100'"), "{}", limit.wrong());

    // An exchange of another type, and a login that may only look.
    let signals = broker.settings.exchange_signals.as_str();
    broker
        .channel
        .exchange_delete(signals.into(), lapin::options::ExchangeDeleteOptions::default())
        .await
        .expect("gone");
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    broker
        .channel
        .exchange_declare(signals.into(), lapin::ExchangeKind::Fanout, durable, FieldTable::default())
        .await
        .expect("declared");
    let differences = compare(&settings, "test").await.expect("compared");
    let fanout = differences.iter().find(|difference| difference.thing == Thing::Exchange(signals.to_owned()));
    assert!(fanout.is_some_and(|fanout| fanout.wrong().contains("'fanout'")), "{differences:?}");
    let login = format!("looker-{}", broker.queue);
    broker.ctl(&["add_user", &login, "geheim"]);
    broker.ctl(&["set_permissions", &login, "^$", "^$", "^$"]);
    let url = broker.settings.url.expose().replace("guest:guest", &format!("{login}:geheim"));
    let hidden = compare(&Amqp { url: Secret::new(url), ..settings.clone() }, "test").await.expect("compared");
    broker.ctl(&["delete_user", &login]);
    assert!(hidden.iter().all(|difference| difference.how == How::Hidden), "{hidden:?}");
    assert_eq!(hidden.len(), 4);
    broker.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_restarts_is_found_again_with_what_it_keeps() {
    let Some(broker) = Broker::open(16).await else { return };
    let (consuming, delivering) = (Consuming::start(&broker.settings), Delivering::start(&broker.settings));
    consuming.ready().await;
    delivering.ready().await;
    consuming.intake.holds.store(true, Ordering::SeqCst);
    put_all(&broker, &ids(0..30)).await;
    until("the first are in work", || consuming.intake.calls.load(Ordering::SeqCst) == 16).await;
    broker.ctl(&["stop_app"]);
    consuming.lost().await;
    until("the relay knows it", || !delivering.telemetry.is_ready()).await;
    delivering.outbox.add(row(1, Purpose::Error, ""));
    consuming.intake.release();
    broker.ctl(&["start_app"]);
    consuming.ready().await;
    delivering.drained().await;
    until("every message was committed", || {
        consuming.intake.ids().into_iter().collect::<BTreeSet<String>>() == ids(0..30).into_iter().collect()
    })
    .await;
    // The connection of the test went with the broker.
    let again = Broker::open(1).await.expect("the broker is back");
    again.until_ready(&broker.queue, 0).await;
    assert_eq!(again.ready(&broker.settings.parked_queue).await, Some(1));
    consuming.stop().await;
    delivering.stop().await;
    for queue in [&broker.queue, &broker.settings.parked_queue] {
        again.channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.expect("removed");
    }
    again.clean().await;
}

/// A block of the page for administrators.
fn definitions() -> String {
    let page = include_str!("../docs/broker.md");
    let (_, rest) = page.split_once("```json\n").expect("the page has definitions");
    rest.split_once("```").expect("they end").0.to_owned()
}

/// The page of the administrators: what it has them declare is what the gateway needs, and the rights that it has them
/// give are enough to work with, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_for_administrators_says_is_enough() {
    let Some(broker) = Broker::open(16).await else { return };
    let vhost = format!("page-{}", broker.queue);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("definitions.json");
    std::fs::write(&file, definitions().replace("\"care\"", &format!("\"{vhost}\""))).expect("written");
    broker.ctl(&["import_definitions", &file.to_string_lossy()]);
    let login = format!("page-{}", broker.queue);
    broker.ctl(&["add_user", &login, "geheim"]);
    let page = include_str!("../docs/broker.md");
    let rights = page.lines().find(|line| line.trim().starts_with("rabbitmqctl set_permissions -p care sluis '^$'"));
    let rights: Vec<&str> = rights.expect("the least rights are told").split('\'').skip(1).step_by(2).collect();
    broker.ctl(&[["set_permissions", "-p", &vhost, &login].as_slice(), &rights].concat());
    broker.ctl(&["set_permissions", "-p", &vhost, "guest", ".*", ".*", ".*"]);

    let url = broker.settings.url.expose().rsplit_once('/').expect("an address").0.to_owned();
    let named = |url: String| Amqp {
        url: Secret::new(format!("{url}/{vhost}")),
        queues: vec!["sluis.in".to_owned()],
        parked_queue: "sluis.parked".to_owned(),
        exchange_out: "sluis.out".to_owned(),
        exchange_signals: "sluis.signals".to_owned(),
        declare: false,
        ..broker.settings.clone().for_ledger(true)
    };
    assert_eq!(compare(&named(url.clone()), "test").await.expect("compared"), []);
    let least = named(url.replace("guest:guest", &format!("{login}:geheim")));
    let (consuming, delivering) = (Consuming::start(&least), Delivering::start(&least));
    consuming.ready().await;
    delivering.ready().await;
    delivering.outbox.add(row(1, Purpose::Forward, "0197"));
    delivering.outbox.add(row(2, Purpose::Error, ""));
    delivering.drained().await;
    assert_eq!(delivering.outbox.reasons(), [""; 0]);
    // It may make nothing.
    let hidden = compare(&least, "test").await.expect("compared");
    assert!(hidden.iter().all(|difference| difference.how == How::Hidden) && hidden.len() == 4, "{hidden:?}");
    consuming.stop().await;
    delivering.stop().await;
    broker.ctl(&["delete_user", &login]);

    // A back office: its rights stand in the page as well.
    let rights = page.lines().find(|line| line.trim().starts_with("rabbitmqctl set_permissions -p care office-0197"));
    let rights: Vec<&str> = rights.expect("its rights are told").split('\'').skip(1).step_by(2).collect();
    broker.ctl(&["add_user", &login, "geheim"]);
    broker.ctl(&[["set_permissions", "-p", &vhost, &login].as_slice(), &rights].concat());
    let office = named(url.replace("guest:guest", &format!("{login}:geheim")));
    let send = async |exchange: &str| {
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(office.url.expose(), properties).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = lapin::BasicProperties::default().with_user_id(login.as_str().into());
        let sent =
            channel.basic_publish(exchange.into(), "sluis.in".into(), options, b"<a/>", properties).await?.await?;
        Ok::<bool, lapin::Error>(sent == lapin::Confirmation::Ack(None))
    };
    assert!(send("sluis.intake").await.expect("it may"), "the queue of the gateway has it");
    for closed in ["", "sluis.out", "sluis.signals"] {
        let refused = send(closed).await.expect_err("it may not").to_string();
        assert!(refused.contains("ACCESS_REFUSED"), "{closed:?}: {refused}");
    }
    broker.ctl(&["delete_vhost", &vhost]);
    broker.ctl(&["delete_user", &login]);
    broker.clean().await;
}
