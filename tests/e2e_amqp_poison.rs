//! Messages that end or overfill the daemon: one that ends it is parked after some takes and harms no neighbour, and many
//! large ones take no more memory than is set aside for them.

mod e2e;

use e2e::broker::Broker;
use e2e::daemon::Site;
use e2e::oracle::account_of;
use e2e::traffic::{self, Item};
use e2e::{PATIENCE, until};
use sluis::decision::Verdict;

/// What the daemon is told to abort on, as a fault below the program would make it.
const MARK: &str = "this-ends-the-program";

/// Messages in the ledger of a daemon that runs.
fn recorded(site: &Site) -> usize {
    let ledger = rusqlite::Connection::open(site.path("ledger.sqlite")).expect("the ledger opens");
    let count = ledger.query_row("SELECT count(*) FROM messages", [], |row| row.get::<_, i64>(0));
    // It may be locked for a moment while it is made or recovered.
    count.map_or(0, |count| usize::try_from(count).expect("few"))
}

#[test]
fn a_message_that_ends_the_program_is_parked_and_its_neighbours_are_judged() {
    let Some(broker) = Broker::of_environment() else { return };
    let neighbours = traffic::chains(10);
    let (before, behind) = neighbours.split_at(15);
    let poison = Item { name: "poison.xml".to_owned(), bytes: format!("<{MARK}/>").into_bytes() };
    let mut items = before.to_vec();
    items.push(poison.clone());
    items.extend(behind.iter().cloned());
    let site = Site::new(&format!("{}max_takes = 3\n", broker.settings(&broker.url)));
    let start = || site.start_with(&[("SLUIS_TEST_ABORT_ON", MARK)]);

    let mut daemon = start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    broker.send(&items);
    let mut deaths = 0;
    // Once on its first way, then as often as it may be taken again.
    loop {
        until("it ends, or all is recorded", || !daemon.runs() || recorded(&site) == items.len(), || site.describe());
        if daemon.runs() {
            break;
        }
        deaths += 1;
        assert!(deaths <= 4, "it must come to an end: {}", site.describe());
        daemon = start();
    }
    assert_eq!(deaths, 4, "the first time, and three times that it was taken again");
    assert!(daemon.terminate().success());
    let account = account_of(&site.path("ledger.sqlite"), &site.path("ledger.key"));
    assert_eq!(account.messages.len(), items.len(), "every message has one verdict");
    assert_eq!(account.count(Verdict::Parked), 1, "{}", account.describe());
    let log = site.log();
    assert!(log.contains("came back 3 times before it was recorded"), "{}", site.describe());
    assert!(!log.contains(MARK), "no part of the message is in the log");
    println!("{} messages, {deaths} deaths, {}", items.len(), account.describe());
}

#[test]
fn many_large_messages_take_no_more_memory_than_is_set_aside() {
    let Some(broker) = Broker::of_environment() else { return };
    let settings =
        broker.settings(&broker.url).replace("prefetch = 40\n", "prefetch = 256\nprefetch_bytes = \"64MB\"\n");
    let site = Site::new(&settings);
    let mut daemon = site.start();
    until("the daemon is ready", || daemon.ready().0 == 200, || site.describe());
    let idle = daemon.peak_memory();
    // A ledger that takes nothing for a while: all that comes would pile up.
    let lock = rusqlite::Connection::open(site.path("ledger.sqlite")).expect("the ledger opens");
    lock.busy_timeout(PATIENCE).expect("it waits");
    lock.execute_batch("BEGIN IMMEDIATE").expect("it is locked");
    let items: Vec<Item> = (0..20)
        .map(|number| {
            let mut bytes = format!("<message number='{number}'>").into_bytes();
            bytes.resize(20_000_000, b' ');
            Item { name: format!("large-{number}.xml"), bytes }
        })
        .collect();
    for item in &items {
        broker.send(std::slice::from_ref(item));
    }
    until("all were handed over", || broker.count("in") == 0, || site.describe());
    lock.execute_batch("ROLLBACK").expect("it is free again");
    until("all are recorded", || recorded(&site) == items.len(), || site.describe());
    let peak = daemon.peak_memory();
    println!("20 messages of 20 MB: {} MB at rest, {} MB at most", idle / 1_000_000, peak / 1_000_000);
    // Beside what is held: what is under way until the broker stops, and copies while bodies are packed.
    assert!(peak - idle < 300_000_000, "{} MB were taken for 400 MB in the queue", (peak - idle) / 1_000_000);
    until("fewer are asked for", || site.log().contains("at once, for their size"), || site.describe());
    assert!(daemon.terminate().success());
}

/// With a `ca_file` that authority alone counts: what the system trusts does not help a broker whose authority is
/// another. The system's authorities are those of a file that the environment names.
#[test]
fn authorities_of_the_system_count_only_without_one_of_our_own() {
    let (Ok(url), Ok(tls)) = (std::env::var("SLUIS_TEST_AMQPS"), std::env::var("SLUIS_TEST_TLS_DIR")) else {
        println!("skipped: SLUIS_TEST_AMQPS and SLUIS_TEST_TLS_DIR are not set (ops/test sets them)");
        return;
    };
    let Some(broker) = Broker::of_environment() else { return };
    let own = format!("client_cert_file = '{tls}/gateway.pem'\nclient_key_file = '{tls}/gateway.key'\n");
    let settings = format!("{}{own}", broker.settings(&format!("{url}?auth_mechanism=external")));
    let trusted_by_the_system = format!("{tls}/ca.pem");
    let environment = [("SSL_CERT_FILE", trusted_by_the_system.as_str())];

    let site = Site::new(&settings);
    let mut daemon = site.start_with(&environment);
    until("the system's authority counts", || daemon.ready().0 == 200, || site.describe());
    assert!(daemon.terminate().success());

    let site = Site::new(&format!("{settings}ca_file = '{tls}/stranger.pem'\n"));
    let mut daemon = site.start_with(&environment);
    until(
        "both sides refuse the broker",
        || {
            let (status, ready) = daemon.ready();
            let refused = |name: &str| {
                let reason = ready["components"][name]["reason"].as_str().unwrap_or_default();
                reason.contains("authority that is not trusted")
            };
            status == 503 && refused("amqp intake") && refused("amqp delivery")
        },
        || site.describe(),
    );
    assert!(daemon.terminate().success());
}
