//! The daemon between a sender and receivers on RabbitMQ, killed, cut off and kept waiting: every message gets one
//! verdict, everything it leads to arrives, and all copies of one delivery are the same to the byte.

mod e2e;

use e2e::broker::{Arrival, Broker};
use e2e::daemon::Site;
use e2e::oracle::{Account, account_of, today, undisturbed};
use e2e::proxy::Proxy;
use e2e::random::Random;
use e2e::traffic::{self, Item};
use e2e::{bsns, get, until};
use sluis::decision::{Purpose, Verdict};
use sluis::delivery::outbox::Due;
use sluis::message::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[test]
fn killed_among_a_thousand_messages_it_loses_nothing_and_contradicts_nothing() {
    let Some(broker) = Broker::of_environment() else { return };
    let mut items = traffic::chains(333);
    items.push(traffic::fresh());
    assert_eq!(items.len(), 1000);
    let (chains, fresh) = items.split_at(999);
    let day = today();
    let expected = undisturbed("amqp", &broker.name, &items);
    println!("undisturbed: {}", expected.describe());
    for verdict in Verdict::ALL {
        assert!(expected.count(verdict) >= 10, "{verdict}: {}", expected.describe());
    }
    let owed_to_fresh = expected.outbox.iter().filter(|due| due.correlation_id == fresh[0].name).count();
    let owed = expected.outbox.len() - owed_to_fresh;

    let site = Site::new(&broker.settings(&broker.url));
    let mut random = Random::seeded(20_260_302);
    let mut daemon = site.start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    broker.send(chains);
    let mut kills = 0;
    let mut marks: Vec<usize> = (0..7).map(|_| random.below(owed * 9 / 10)).collect();
    marks.sort_unstable();
    for mark in marks {
        until("progress", || broker.left() >= mark || !daemon.runs(), || site.describe());
        // Not a wait for something: the moment itself is what is tried.
        std::thread::sleep(random.wait(Duration::from_millis(40)));
        assert!(daemon.runs(), "it must not end by itself: {}", site.describe());
        daemon.kill();
        kills += usize::from(broker.left() < owed);
        daemon = site.start();
    }
    assert!(kills >= 5, "it must be killed at its work, not after it: {kills}");
    broker.until_done(&mut daemon, owed, || site.describe());
    broker.send(fresh);
    broker.until_done(&mut daemon, owed + owed_to_fresh, || site.describe());
    assert!(daemon.terminate().success());

    let duplicates = check(&broker, &site, &items, &expected);
    println!("1000 messages, {kills} kills, {} deliveries, {duplicates} duplicates", expected.outbox.len());
    if day == today() {
        account_of(&site.path("ledger.sqlite"), &site.path("ledger.key")).assert_same_bytes(&expected);
    }
}

#[test]
fn without_a_broker_it_starts_says_so_and_works_as_soon_as_there_is_one() {
    let Some(broker) = Broker::of_environment() else { return };
    let mut way = Proxy::closed(broker.address());
    let items = traffic::chains(100);
    let expected = undisturbed("amqp", &broker.name, &items);
    let site = Site::new(&broker.settings(&broker.url_by(way.address)));
    let mut daemon = site.start();
    let address = daemon.address();
    until(
        "both ways to the broker are reported down",
        || {
            let (status, ready) = daemon.ready();
            let components = ready["components"].as_object().expect("components by name");
            let down =
                |name: &&String| components[*name]["ready"] == false && components[*name]["reason"] != "starting";
            status == 503 && components.keys().filter(|name| name.contains("amqp")).filter(down).count() == 2
        },
        || site.describe(),
    );
    assert_eq!(get(address, "/healthz").expect("it lives").0, 200);
    let (_, ready) = daemon.ready();
    assert_eq!(ready["components"]["ledger"]["ready"], true, "{ready}");
    let password = broker.url.split([':', '@']).nth(2).expect("the address has a login");
    let login = format!(":{password}@");
    assert!(!ready.to_string().contains(&login) && !site.log().contains(&login), "nobody learns the password");

    way.open();
    until("it found the broker", || daemon.ready().0 == 200, || site.describe());
    // Sent while the way is cut again and again, in different states of both ends.
    let owed = expected.outbox.len();
    for (portion, part) in items.chunks(60).enumerate() {
        broker.send(part);
        let before = way.taken();
        let mark = owed * portion / items.len().div_ceil(60);
        until("progress", || broker.left() >= mark / 2, || site.describe());
        way.cut();
        until("it connects again", || way.taken() > before, || site.describe());
    }
    way.close();
    until("it notices that the broker is away", || daemon.ready().0 == 503, || site.describe());
    assert!(daemon.runs());
    way.open();
    broker.until_done(&mut daemon, owed, || site.describe());
    until("all is well again", || daemon.ready().0 == 200, || site.describe());
    assert!(daemon.terminate().success());
    let duplicates = check(&broker, &site, &items, &expected);
    println!("{} messages, {} connections, {duplicates} duplicates", items.len(), way.taken());
}

#[test]
fn connections_that_the_broker_closes_are_made_again() {
    let Some(broker) = Broker::of_environment() else { return };
    let items = traffic::chains(120);
    let expected = undisturbed("amqp", &broker.name, &items);
    let owed = expected.outbox.len();
    let site = Site::new(&broker.settings(&broker.url));
    let mut daemon = site.start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    std::thread::scope(|scope| {
        // Senders lose their connections as well, and repeat what was not confirmed: the same delivery once more.
        let sender = scope.spawn(|| broker.send(&items));
        for closing in 1..=3 {
            let losses = daemon.metric("sluis_component_losses_total", "amqp");
            broker.ctl(&["close_all_connections", "maintenance"]);
            until(
                "both connections were lost",
                || daemon.metric("sluis_component_losses_total", "amqp") >= losses + 2.0,
                || site.describe(),
            );
            println!("closing {closing}: {} of {owed} had left", broker.left());
            until("it is connected again", || daemon.ready().0 == 200, || site.describe());
        }
        sender.join().expect("the sender ends");
    });
    broker.until_done(&mut daemon, owed, || site.describe());
    assert!(daemon.terminate().success());
    let duplicates = check(&broker, &site, &items, &expected);
    println!("{} messages, {duplicates} duplicates", items.len());
}

/// The oracle over the ledger and over everything that arrived; gives the number of deliveries that arrived again.
fn check(broker: &Broker, site: &Site, items: &[Item], expected: &Account) -> usize {
    assert_eq!(broker.count("in"), 0, "the queue must be empty");
    let account = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    account.assert_equals(expected);
    assert_eq!(account.messages.len(), items.len());
    let arrivals = [broker.collect("collect"), broker.collect("parked")].concat();
    let rows: BTreeMap<String, &Due> = account.outbox.iter().map(|due| (due.id.to_string(), due)).collect();
    let mut first: BTreeMap<&str, &Arrival> = BTreeMap::new();
    let mut answers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrival in &arrivals {
        let due = rows.get(&arrival.id).unwrap_or_else(|| panic!("no row has the id {}", arrival.id));
        assert!(arrival.body == due.body, "{due:?} must arrive as it stands in the outbox");
        let known = *first.entry(&arrival.id).or_insert(arrival);
        assert!(known == arrival, "all copies of {due:?} must be the same");
        assert_eq!(arrival.address, address(broker, due));
        let [correlation, kind, _, app] = &arrival.about;
        assert_eq!((correlation, kind, app), (&due.correlation_id, &due.subject, &broker.name));
        if due.purpose == Purpose::Forward {
            assert_eq!(arrival.verdict, due.verdict_json, "a forward has its verdict with it");
        }
        if due.purpose == Purpose::Reply {
            answers.entry(correlation).or_default().insert(&arrival.id);
        }
        for text in [&arrival.id, &arrival.address.1, correlation, kind, app] {
            assert!(bsns(text).is_empty(), "no property names a person");
        }
    }
    for (id, due) in &rows {
        assert!(first.contains_key(id.as_str()), "{due:?} never arrived");
    }
    for (question, ids) in answers {
        assert_eq!(ids.len(), 1, "{question} has one reply");
    }
    site.assert_log_is_clean();
    arrivals.len() - rows.len()
}

/// Exchange and routing key as receivers are told to bind them.
fn address(broker: &Broker, due: &Due) -> (String, String) {
    let law = due.law.map_or("unknown", |law| law.as_str());
    match (due.purpose, due.to.as_deref()) {
        (Purpose::Reply | Purpose::Forward, Some(to)) => {
            let number = Kind::parse(&due.subject).expect("replies and forwards are of a kind").number;
            (broker.queue("out"), format!("{law}.{}.{to}", number.as_str()))
        }
        (Purpose::Error, None) => (String::new(), broker.queue("parked")),
        (Purpose::Error, Some(to)) => (broker.queue("out"), format!("{law}.error.{to}")),
        (Purpose::Signal, Some(to)) => {
            let region = due.region.as_deref().expect("signals are of a region");
            (broker.queue("signals"), format!("{region}.{}.{to}", due.subject))
        }
        (Purpose::Reply | Purpose::Forward | Purpose::Signal, None) => panic!("{due:?} has no receiver"),
    }
}
