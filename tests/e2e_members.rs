//! Two gateways on one PostgreSQL ledger and one RabbitMQ, under load: killed, stopped for longer than the lapse and
//! continued, restarted. Every message gets one verdict, every reply leaves under one id, and each receiver gets what
//! is for it in order.

mod e2e;

use e2e::broker::{Arrival, Broker};
use e2e::daemon::{Daemon, Site};
use e2e::ledgers::Schema;
use e2e::oracle::{Account, account_on, today, undisturbed};
use e2e::traffic::{self, Item};
use e2e::{PATIENCE, until};
use serde_json::Value;
use sluis::decision::Purpose;
use sluis::delivery::outbox::Due;
use sluis::ledger::Keys;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A gateway with a folder of its own, in all its lives.
struct Gateway {
    name: &'static str,
    site: Rc<Site>,
    daemon: Option<Daemon>,
    /// Messages judged and rows delivered in lives that are over, as far as its metrics had told.
    before: [f64; 2],
}

impl Gateway {
    fn new(name: &'static str, broker: &Broker, schema: &Schema, key_file: &Path) -> Gateway {
        // A short lapse, and a broker that soon finds out that nobody answers.
        let settings = broker.settings(&format!("{}?heartbeat=2", broker.url));
        let settings = settings.replace("[intake]", "heartbeat = \"400ms\"\nlapse = \"2s\"\n[intake]");
        let ledger = format!("{}key_file = '{}'\n", schema.settings(), key_file.display());
        Gateway { name, site: Rc::new(Site::new(&format!("{settings}{ledger}"))), daemon: None, before: [0.0; 2] }
    }

    fn start(&mut self) {
        self.daemon = Some(self.site.start());
        let site = &self.site;
        let daemon = self.daemon.as_mut().expect("it was started");
        until("the gateway is ready", || daemon.ready().0 == 200, || site.describe());
    }

    fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("it runs")
    }

    /// Messages judged and rows delivered.
    fn work(&mut self) -> [f64; 2] {
        let now = match &mut self.daemon {
            Some(daemon) => {
                [daemon.metric("sluis_messages_total", ""), daemon.metric("sluis_deliveries_total", "\"sent\"")]
            }
            None => [0.0; 2],
        };
        [self.before[0] + now[0], self.before[1] + now[1]]
    }

    fn end(&mut self, how: impl FnOnce(Daemon)) {
        self.before = self.work();
        how(self.daemon.take().expect("it runs"));
    }

    /// Members as it shows them, which needs no ledger.
    fn members(&mut self) -> usize {
        self.daemon().ready().1["members"].as_array().map_or(0, Vec::len)
    }

    /// Waits for something that the gateway tells of itself.
    fn until(&mut self, what: &str, mut condition: impl FnMut(&mut Gateway) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !condition(self) {
            assert!(Instant::now() < end, "waited in vain: {what} ({})\n{}", self.name, self.site.describe());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn two_gateways_share_the_work_and_take_over_from_each_other() {
    let Some(broker) = Broker::of_environment() else { return };
    let Some(schema) = Schema::fresh() else { return };
    let started = Instant::now();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let key_file = folder.path().join("ledger.key");
    Keys::create(&key_file).expect("a key can be made");
    let (day, mut items) = (today(), traffic::chains(250));
    items.push(traffic::fresh());
    let (chains, fresh) = items.split_at(items.len() - 1);
    let expected = undisturbed("amqp", &broker.name, &items);
    println!("undisturbed: {}", expected.describe());
    let of_fresh = expected.outbox.iter().filter(|due| due.correlation_id == fresh[0].name).count();
    let owed = expected.outbox.len() - of_fresh;

    let mut gateways = [Gateway::new("a", &broker, &schema, &key_file), Gateway::new("b", &broker, &schema, &key_file)];
    for gateway in &mut gateways {
        gateway.start();
    }
    let [a, b] = &mut gateways;
    let sites = [Rc::clone(&a.site), Rc::clone(&b.site)];
    let state = || sites.iter().map(|site| site.describe()).collect::<String>();
    for gateway in [&mut *a, &mut *b] {
        gateway.until("both know of each other", |own| own.members() == 2);
    }

    let mut parts = chains.chunks(chains.len().div_ceil(6));
    let mut send = || broker.send(parts.next().expect("six parts"));
    let progress = |part: usize| until("progress", || broker.left() >= owed * part / 100, state);
    // Killed while it judges; the rest is for the other.
    send();
    progress(5);
    let (judging, other) = if a.work()[0] > b.work()[0] { (&mut *a, &mut *b) } else { (&mut *b, &mut *a) };
    let (at, before) = (Instant::now(), other.work()[0]);
    judging.end(Daemon::kill);
    send();
    other.until("it judges in place of the killed one", |own| own.work()[0] > before);
    println!("{} was killed; {} judged after {:?}", judging.name, other.name, at.elapsed());
    other.until("the dead one is missed", |own| own.members() == 1);
    println!("and missed it after {:?}", at.elapsed());
    judging.start();
    other.until("it is back", |own| own.members() == 2);

    // Stopped for longer than the lapse: the other takes over, and does not meet it when it goes on.
    let [before_a, before_b] = [a.work()[0], b.work()[0]];
    send();
    progress(37);
    let (judging, other) =
        if a.work()[0] - before_a > b.work()[0] - before_b { (&mut *a, &mut *b) } else { (&mut *b, &mut *a) };
    let (at, before) = (Instant::now(), other.work()[0]);
    judging.daemon().signal("STOP");
    send();
    other.until("the sleeping one is missed", |own| own.members() == 1);
    println!("{} was stopped; {} missed it after {:?}", judging.name, other.name, at.elapsed());
    other.until("it judges in place of the sleeping one", |own| own.work()[0] > before);
    println!("and judged after {:?}", at.elapsed());
    judging.daemon().signal("CONT");
    judging.until("it found itself gone", |own| own.site.log().contains("counts as gone: others have"));
    judging.until("it registered anew", |own| own.members() == 2);

    // Stopped in order, whichever has judged most.
    send();
    progress(70);
    let (one, other) = if a.work()[0] > b.work()[0] { (&mut *a, &mut *b) } else { (&mut *b, &mut *a) };
    one.end(|daemon| assert!(daemon.terminate().success()));
    let at = Instant::now();
    other.until("its leave is known", |own| own.members() == 1);
    println!("{} left in order; {} knew {:?} after", one.name, other.name, at.elapsed());
    send();
    one.start();
    broker.until_done(a.daemon(), owed, state);
    broker.send(fresh);
    broker.until_done(b.daemon(), owed + of_fresh, state);
    let work = [a.work(), b.work()];
    println!("judged and delivered: a {:?}, b {:?}", work[0], work[1]);
    for (gateway, [judged, delivered]) in ["a", "b"].into_iter().zip(work) {
        assert!(judged > 0.0 && delivered > 0.0, "{gateway} did work");
    }
    a.until("its metrics count both", |own| own.daemon().metric("sluis_members", "") > 1.5);
    list_members(&a.site);
    for gateway in &mut gateways {
        gateway.end(|daemon| assert!(daemon.terminate().success()));
    }

    let account = account_on(&schema, &key_file);
    let repeats = check(&broker, &items, &account, &expected);
    if day == today() {
        account.assert_same_bytes(&expected);
    }
    let [a, b] = &gateways;
    for gateway in [a, b] {
        gateway.site.assert_log_is_clean();
    }
    println!(
        "{} messages, {} deliveries, {repeats} repeats, {:?}",
        items.len(),
        account.outbox.len(),
        started.elapsed()
    );
}

/// Groups of jobs are lost in the middle while later ones wait already, and the database is there again at once: nothing
/// may be judged ahead of what has to come again.
#[test]
fn a_connection_that_is_lost_in_the_middle_of_a_group_changes_no_verdict() {
    let Some(broker) = Broker::of_environment() else { return };
    let Some(schema) = Schema::fresh() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let key_file = folder.path().join("ledger.key");
    Keys::create(&key_file).expect("a key can be made");
    let items = traffic::chains(250);
    let expected = undisturbed("amqp", &broker.name, &items);
    let mut gateway = Gateway::new("a", &broker, &schema, &key_file);
    gateway.start();
    broker.send(&items);
    let site = Rc::clone(&gateway.site);
    let losses = || site.log().matches("the database of the ledger is away").count();
    // Whoever has this table in use is in a transaction.
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = '\"{}\".messages'::regclass
             AND pid <> pg_backend_pid()",
        schema.name()
    );
    let judged = |gateway: &mut Gateway| gateway.daemon().metric("sluis_messages_total", "");
    while losses() < 4 && judged(&mut gateway) < 700.0 {
        let before = losses();
        gateway.until("a transaction is cut", |own| {
            e2e::ledgers::run(&cut);
            losses() > before || judged(own) >= 700.0
        });
    }
    println!("{} connections lost in the middle of their work", losses());
    assert!(losses() >= 2, "it was disturbed at its work");
    broker.until_done(gateway.daemon(), expected.outbox.len(), || site.describe());
    gateway.end(|daemon| assert!(daemon.terminate().success()));
    let repeats = check(&broker, &items, &account_on(&schema, &key_file), &expected);
    println!("{} messages, {repeats} repeats", items.len());
}

/// The command beside them shows both, alike.
fn list_members(site: &Site) {
    let output = e2e::daemon::program()
        .args(["members", "--json", "--config"])
        .arg(site.path("sluis.toml"))
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let report: Value = serde_json::from_str(&text).expect("one object");
    assert!(output.status.success(), "{text}");
    let members = report["members"].as_array().expect("a list");
    assert_eq!(
        (members.len(), &report["differences"], &report["shared"]),
        (2, &Value::Array(Vec::new()), &true.into())
    );
    assert!(members.iter().all(|member| member["alive"] == true), "{text}");
}

/// The oracle over the ledger and over everything that arrived; gives the number of deliveries that arrived again.
fn check(broker: &Broker, items: &[Item], account: &Account, expected: &Account) -> usize {
    assert_eq!(broker.count("in"), 0, "the queue must be empty");
    account.assert_equals(expected);
    assert_eq!(account.messages.len(), items.len());
    let arrivals = [broker.collect("collect"), broker.collect("parked")].concat();
    let rows: BTreeMap<String, &Due> = account.outbox.iter().map(|due| (due.id.to_string(), due)).collect();
    let mut first: BTreeMap<&str, &Arrival> = BTreeMap::new();
    let mut answers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut latest: BTreeMap<&str, i64> = BTreeMap::new();
    for arrival in &arrivals {
        let due = rows.get(&arrival.id).unwrap_or_else(|| panic!("no row has the id {}", arrival.id));
        assert!(arrival.body == due.body, "{due:?} must arrive as it stands in the outbox");
        let is_first = !first.contains_key(arrival.id.as_str());
        let known = *first.entry(&arrival.id).or_insert(arrival);
        assert!(known == arrival, "all copies of {due:?} must be the same");
        if !matches!(due.purpose, Purpose::Reply | Purpose::Forward) {
            continue;
        }
        if due.purpose == Purpose::Reply {
            answers.entry(&due.correlation_id).or_default().insert(&arrival.id);
        }
        if is_first {
            let to = due.to.as_deref().expect("replies and forwards have a receiver");
            let before = latest.insert(to, due.sequence).unwrap_or_default();
            assert!(before < due.sequence, "{due:?} to {to} arrived after {before}");
        }
    }
    for (id, due) in &rows {
        assert!(first.contains_key(id.as_str()), "{due:?} never arrived");
    }
    for (question, ids) in answers {
        assert_eq!(ids.len(), 1, "{question} has one reply");
    }
    arrivals.len() - rows.len()
}
