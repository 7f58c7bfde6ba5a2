//! The relay and its destinations: order per receiver, retries under the same id, and every answer a back office can
//! give.

mod common;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use common::{MemoryOutbox, row, rows, soon, until};
use futures_util::future::BoxFuture;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use sluis::clock::SystemClock;
use sluis::config::{BackOffice, Delivery, Order, Secret, TlsFiles, Transport};
use sluis::decision::Purpose;
use sluis::delivery::class::Class;
use sluis::delivery::directory::DirectoryDestination;
use sluis::delivery::http::{HttpDestination, install_crypto_provider};
use sluis::delivery::outbox::{Due, Outcome};
use sluis::delivery::relay::{Relay, Routes};
use sluis::delivery::{Destination, Failure, Scope};
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::spool::Spool;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A destination that fails where it is told to and remembers the rest.
#[derive(Default)]
struct Fake {
    run: usize,
    delivered: Arc<Mutex<Vec<Due>>>,
    /// Sequences that fail, and how often still.
    failing: Arc<Mutex<BTreeMap<i64, u32>>>,
    /// Receivers that take long.
    slow: Vec<String>,
}

impl Fake {
    fn sequences(&self, to: &str) -> Vec<i64> {
        let delivered = self.delivered.lock().expect("no panic");
        delivered.iter().filter(|due| due.to.as_deref() == Some(to)).map(|due| due.sequence).collect()
    }
}

impl Destination for Fake {
    fn sort(&self) -> &'static str {
        "fake"
    }

    fn name(&self) -> &'static str {
        "fake"
    }

    fn longest_run(&self) -> usize {
        self.run
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let (delivered, failing) = (Arc::clone(&self.delivered), Arc::clone(&self.failing));
        let slow = run.first().and_then(|due| due.to.as_ref()).is_some_and(|to| self.slow.contains(to));
        Box::pin(async move {
            tokio::time::sleep(if slow { Duration::from_hours(1) } else { Duration::from_millis(1) }).await;
            let mut outcomes = Vec::new();
            for due in run.iter() {
                assert_ne!(due.body, b"break", "a row that breaks the program");
                if let Some(times) = failing.lock().expect("no panic").get_mut(&due.sequence)
                    && *times > 0
                {
                    *times -= 1;
                    outcomes.push(Err(Failure::destination("out of paper")));
                    break;
                }
                delivered.lock().expect("no panic").push(due.clone());
                outcomes.push(Ok(()));
            }
            outcomes
        })
    }
}

fn settings(window: usize) -> Delivery {
    Delivery {
        default: Transport::Directory,
        first_retry: Duration::from_millis(20),
        max_retry: Duration::from_millis(200),
        window,
        slow_retry: Duration::from_millis(100),
        breaker_after: 1_000,
        set_aside_after: 3,
        order: Order::Skip,
    }
}

struct Running {
    outbox: Arc<MemoryOutbox>,
    telemetry: Telemetry,
    trigger: Trigger,
    task: JoinHandle<()>,
}

impl Running {
    fn start(rows: &[Due], routes: Routes, window: usize) -> Running {
        Running::start_with(rows, routes, settings(window))
    }

    fn start_with(rows: &[Due], routes: Routes, settings: Delivery) -> Running {
        let outbox = Arc::new(MemoryOutbox::default());
        for row in rows {
            outbox.add(row.clone());
        }
        Running::go_on(outbox, routes, settings)
    }

    fn go_on(outbox: Arc<MemoryOutbox>, routes: Routes, settings: Delivery) -> Running {
        let telemetry = Telemetry::default();
        let (trigger, stop) = shutdown(Duration::from_secs(2));
        let relay = Relay::new(Arc::clone(&outbox) as Arc<_>, routes, &settings, Arc::new(SystemClock), &telemetry);
        Running { outbox, telemetry, trigger, task: tokio::spawn(relay.run(stop)) }
    }

    async fn drained(&self) {
        until("everything is sent", || self.outbox.left() == 0).await;
    }

    async fn stop(self) {
        self.trigger.stop();
        soon("the relay stops", self.task).await.expect("no panic");
    }
}

fn only(default: Arc<dyn Destination>) -> Routes {
    Routes { default, back_offices: BTreeMap::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_receiver_leave_in_order_also_when_one_fails() {
    for (run, window) in [(1, 4), (8, 16), (64, 256)] {
        let fake = Arc::new(Fake { run, ..Fake::default() });
        *fake.failing.lock().expect("no panic") = BTreeMap::from([(5, 2), (20, 1), (41, 3)]);
        let rows = rows(60, Purpose::Reply, &["42420001", "42420002", "42420003"]);
        let running = Running::start(&rows, only(Arc::clone(&fake) as Arc<_>), window);
        running.drained().await;
        for to in ["42420001", "42420002", "42420003"] {
            let expected: Vec<i64> =
                rows.iter().filter(|row| row.to.as_deref() == Some(to)).map(|row| row.sequence).collect();
            assert_eq!(fake.sequences(to), expected, "run {run}, window {window}");
        }
        assert_eq!(running.outbox.reasons(), ["out of paper"; 6]);
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_come_later_each_time_up_to_the_longest_wait() {
    let fake = Arc::new(Fake { run: 8, ..Fake::default() });
    *fake.failing.lock().expect("no panic") = BTreeMap::from([(1, 6)]);
    let running = Running::start(&[row(1, Purpose::Reply, "42420001")], only(Arc::clone(&fake) as Arc<_>), 8);
    running.drained().await;
    let waits: Vec<i128> = running
        .outbox
        .settled()
        .into_iter()
        .filter_map(|settlement| match settlement.outcome {
            Outcome::Sent | Outcome::SetAside { .. } => None,
            Outcome::Retry { at, .. } => Some(settlement.at.duration_until(at).as_millis()),
        })
        .collect();
    for (attempt, wait) in waits.iter().enumerate() {
        let full = (20 << attempt).min(200);
        assert!((full / 2..=full).contains(wait), "attempt {attempt} waits {wait} ms of {waits:?}");
    }
    assert_eq!(waits.len(), 6);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_and_a_broken_row_do_not_hold_up_the_others() {
    let fake = Arc::new(Fake { run: 4, slow: vec!["42420009".to_owned()], ..Fake::default() });
    let mut rows = vec![row(1, Purpose::Reply, "42420009"), row(2, Purpose::Reply, "42420008")];
    rows[1].body = b"break".to_vec();
    rows.extend((3..=30).map(|sequence| row(sequence, Purpose::Reply, "42420001")));
    let running = Running::start(&rows, only(Arc::clone(&fake) as Arc<_>), 16);
    until("the others are sent", || running.outbox.left() == 2).await;
    until("the broken one was tried again", || running.outbox.reasons().len() > 1).await;
    assert_eq!(running.outbox.reasons()[0], "the delivery broke off");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_cannot_be_written_holds_up_but_sends_nothing_twice() {
    let fake = Arc::new(Fake { run: 4, ..Fake::default() });
    let running = Running::start(&[], only(Arc::clone(&fake) as Arc<_>), 16);
    running.outbox.add(row(1, Purpose::Reply, "42420001"));
    running.drained().await;
    // Break it while rows are on their way: the outcome waits until it can be written.
    for sequence in 2..=9 {
        running.outbox.add(row(sequence, Purpose::Reply, "42420001"));
    }
    until("some are delivered", || fake.sequences("42420001").len() > 1).await;
    running.outbox.broken.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.outbox.broken.store(false, Ordering::SeqCst);
    running.drained().await;
    assert_eq!(fake.sequences("42420001"), (1..=9).collect::<Vec<i64>>());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_records_what_is_on_its_way() {
    let back_office = Office::open(vec![Say::After(Duration::from_millis(300), 200)]).await;
    let running = Running::start(
        &[row(1, Purpose::Forward, "0197"), row(2, Purpose::Forward, "0197")],
        back_office.routes(Duration::from_secs(5)),
        8,
    );
    until("the first is on its way", || !back_office.requests().is_empty()).await;
    let outbox = Arc::clone(&running.outbox);
    running.stop().await;
    assert_eq!((outbox.sent().len(), outbox.left()), (1, 1));
    assert_eq!(back_office.requests().len(), 1);
}

/// Log lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// On one thread, because that is where the lines are caught.
#[tokio::test]
async fn a_destination_that_fails_is_told_once_and_once_when_it_is_back() {
    let lines = Lines::default();
    let caught = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || caught.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let fake = Arc::new(Fake { run: 8, ..Fake::default() });
    *fake.failing.lock().expect("no panic") = BTreeMap::from([(1, 4), (2, 3)]);
    let mut rows = rows(6, Purpose::Reply, &["42420001", "42420002"]);
    rows[0].body = b"<Bsn>999900006</Bsn>".to_vec();
    let running = Running::start(&rows, only(Arc::clone(&fake) as Arc<_>), 8);
    running.drained().await;
    running.stop().await;
    let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
    assert_eq!(text.matches("failed to deliver to fake: out of paper").count(), 1, "{text}");
    assert_eq!(text.matches("fake takes deliveries again").count(), 1, "{text}");
    assert!(!text.contains("999900006"), "{text}");
}

// The directory as a destination.

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn files_appear_where_the_receiver_looks() {
    let dir = tempfile::tempdir().expect("a folder");
    let spool = Spool::open(dir.path()).expect("usable");
    let rows = [
        row(1, Purpose::Reply, "42420001"),
        row(2, Purpose::Forward, "0197"),
        row(3, Purpose::Signal, "0197"),
        row(4, Purpose::Error, ""),
    ];
    let running = Running::start(&rows, only(Arc::new(DirectoryDestination::new(spool))), 8);
    running.drained().await;
    let id = |index: usize| rows[index].id;
    let reply = format!("0000000001-reply-WMO306-{}.xml", id(0));
    assert_eq!(names(&dir.path().join("out/42420001")), std::slice::from_ref(&reply));
    assert_eq!(fs::read(dir.path().join("out/42420001").join(reply)).expect("read"), rows[0].body);
    assert_eq!(
        names(&dir.path().join("out/0197")),
        [
            format!("0000000002-forward-WMO305-{}.verdict.json", id(1)),
            format!("0000000002-forward-WMO305-{}.xml", id(1)),
            format!("0000000003-signal-A1-{}.signal.json", id(2)),
        ]
    );
    assert_eq!(names(&dir.path().join("error")), [format!("message-4-{}.error.json", id(3))]);
    let metrics = running.telemetry.scrape().await;
    let line = "sluis_deliveries_total{destination=\"directory\",outcome=\"sent\",purpose=\"reply\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    running.stop().await;
}

#[tokio::test]
async fn a_repeat_leaves_the_file_and_a_strange_file_is_never_overwritten() {
    let dir = tempfile::tempdir().expect("a folder");
    let destination = DirectoryDestination::new(Spool::open(dir.path()).expect("usable"));
    let due = row(1, Purpose::Reply, "42420001");
    let deliver = |due: &Due| destination.deliver(Arc::from([due.clone()]));
    assert_eq!(deliver(&due).await, [Ok(())]);
    assert_eq!(deliver(&due).await, [Ok(())]);
    let folder = dir.path().join("out/42420001");
    assert_eq!(names(&folder).len(), 1);

    // A crash between writing and renaming leaves a draft; the repeat replaces it.
    let mut next = row(2, Purpose::Reply, "42420001");
    let name = format!("0000000002-reply-WMO306-{}.xml", next.id);
    fs::write(folder.join(format!(".{name}.tmp")), b"half a mess").expect("written");
    assert_eq!(deliver(&next).await, [Ok(())]);
    assert_eq!(fs::read(folder.join(&name)).expect("read"), next.body);
    assert_eq!(names(&folder).len(), 2);

    next.body = b"something else".to_vec();
    let failure = deliver(&next).await.remove(0).expect_err("another file is there");
    assert!(failure.reason.contains("in the way"), "{failure:?}");
    assert_eq!((failure.class, failure.scope), (Class::Data, Scope::Receiver));

    // A file in the place of a folder is a matter of its receiver; without `out/` nobody gets anything.
    fs::write(dir.path().join("out/42420002"), b"no folder").expect("written");
    let failure = deliver(&row(3, Purpose::Reply, "42420002")).await.remove(0).expect_err("no folder");
    assert_eq!((failure.class, failure.scope), (Class::Contract, Scope::Receiver), "{failure:?}");
    fs::remove_dir_all(dir.path().join("out")).expect("removed");
    fs::write(dir.path().join("out"), b"no folder").expect("written");
    let failure = deliver(&row(4, Purpose::Reply, "42420003")).await.remove(0).expect_err("no folder");
    assert_eq!((failure.class, failure.scope), (Class::Contract, Scope::Destination), "{failure:?}");
}

#[tokio::test]
async fn a_receiver_that_is_no_party_code_gets_no_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let destination = DirectoryDestination::new(Spool::open(dir.path()).expect("usable"));
    for to in ["../../etc", "0197/..", "", "..", "١٩٧", "123456789"] {
        let mut due = row(1, Purpose::Reply, "0197");
        due.to = Some(to.to_owned());
        let outcome = destination.deliver(Arc::from([due])).await;
        assert!(matches!(&outcome[..], [Err(_)]), "{to}");
    }
    assert!(names(&dir.path().join("out")).is_empty());
}

// Back offices.

fn office(url: String, timeout: Duration, tls: TlsFiles) -> BackOffice {
    BackOffice { gemeente: "0197".to_owned(), url: Secret::new(url), timeout, in_flight: 1, order: None, tls }
}

/// What a back office says to a request.
#[derive(Clone, Copy)]
enum Say {
    Status(u16),
    /// 409 with the key of the request.
    Known,
    /// 409 with another key.
    OtherKey,
    Redirect,
    /// An answer after a while.
    After(Duration, u16),
}

struct Request {
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone, Default)]
struct Office {
    says: Arc<Mutex<VecDeque<Say>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    address: Option<SocketAddr>,
}

impl Office {
    /// Opens a back office that says these things in turn, and then 200.
    async fn open(says: Vec<Say>) -> Office {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let office = Office {
            says: Arc::new(Mutex::new(says.into())),
            address: Some(listener.local_addr().expect("an address")),
            ..Office::default()
        };
        let routes = Router::new().route("/in", post(answer)).route("/away", post(answer)).with_state(office.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        office
    }

    fn routes(&self, timeout: Duration) -> Routes {
        let url = format!("http://gateway:geheim@{}/in?token=geheim", self.address.expect("it is open"));
        let office = office(url, timeout, TlsFiles::default());
        let destination = HttpDestination::new(&office).expect("a usable address");
        Routes {
            default: Arc::new(Fake { run: 8, ..Fake::default() }),
            back_offices: BTreeMap::from([("0197".to_owned(), Arc::new(destination) as Arc<dyn Destination>)]),
        }
    }

    fn requests(&self) -> Vec<(String, String)> {
        let requests = self.requests.lock().expect("no panic");
        let header = |request: &Request, name: &str| request.headers[name].to_str().expect("text").to_owned();
        requests
            .iter()
            .map(|request| (header(request, "idempotency-key"), String::from_utf8_lossy(&request.body).into_owned()))
            .collect()
    }
}

async fn answer(State(office): State<Office>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers["idempotency-key"].clone();
    office.requests.lock().expect("no panic").push(Request { headers, body });
    let say = office.says.lock().expect("no panic").pop_front().unwrap_or(Say::Status(200));
    match say {
        Say::Status(code) => StatusCode::from_u16(code).expect("a status").into_response(),
        Say::Known => (StatusCode::CONFLICT, [("idempotency-key", key)]).into_response(),
        Say::OtherKey => (StatusCode::CONFLICT, [("idempotency-key", "another")]).into_response(),
        Say::Redirect => (StatusCode::TEMPORARY_REDIRECT, [("location", "/away")]).into_response(),
        Say::After(wait, code) => {
            tokio::time::sleep(wait).await;
            StatusCode::from_u16(code).expect("a status").into_response()
        }
    }
}

/// Sends one forward to a back office that says these things, and compares the reasons of failed attempts.
async fn check(says: Vec<Say>, reasons: &[&str]) {
    let office = Office::open(says).await;
    let due = row(1, Purpose::Forward, "0197");
    let running = Running::start(std::slice::from_ref(&due), office.routes(Duration::from_millis(300)), 8);
    running.drained().await;
    let begins = |(found, expected): (&String, &&str)| {
        found.strip_prefix(expected).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let found = running.outbox.reasons();
    assert!(found.len() == reasons.len() && found.iter().zip(reasons).all(begins), "{found:?} for {reasons:?}");
    let requests = office.requests();
    assert_eq!(requests.len(), reasons.len() + 1);
    // The same id and the same bytes at every attempt.
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    assert_eq!(requests[0].0, due.id.to_string());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_office_that_fails_is_tried_again_until_it_takes_the_message() {
    check(vec![], &[]).await;
    check(vec![Say::Status(202)], &[]).await;
    check(vec![Say::Status(500), Say::Status(503)], &["it answered 500", "it answered 503"]).await;
    check(vec![Say::Status(400)], &["it answered 400"]).await;
    check(vec![Say::After(Duration::from_secs(2), 200)], &["no answer in time"]).await;
    check(vec![Say::Redirect], &["it answered 307"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_means_sent_when_it_is_about_our_own_key() {
    check(vec![Say::Known], &[]).await;
    check(vec![Say::OtherKey], &["it answered 409"]).await;
    // Without a key: at the first attempt it cannot be a repeat, after a failed one it is.
    check(vec![Say::Status(409), Say::Status(409)], &["it answered 409"]).await;
    check(vec![Say::Status(500), Say::Status(409)], &["it answered 500"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forwards_and_signals_go_to_the_back_office_and_replies_do_not() {
    let office = Office::open(vec![]).await;
    let rows = [
        row(1, Purpose::Forward, "0197"),
        row(2, Purpose::Reply, "0197"),
        row(3, Purpose::Signal, "0197"),
        row(4, Purpose::Forward, "0222"),
    ];
    let running = Running::start(&rows, office.routes(Duration::from_secs(5)), 8);
    running.drained().await;
    {
        let requests = office.requests.lock().expect("no panic");
        assert_eq!(requests.len(), 2);
        let header = |index: usize, name: &str| requests[index].headers[name].to_str().expect("text");
        assert_eq!(header(0, "sluis-kind"), "WMO305");
        assert_eq!(header(0, "sluis-purpose"), "forward");
        assert_eq!(header(0, "authorization"), "Basic Z2F0ZXdheTpnZWhlaW0=");
        let boundary = header(0, "content-type").strip_prefix("multipart/form-data; boundary=").expect("multipart");
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"message\"; filename=\"message.xml\"\r\n\
             Content-Type: application/xml\r\n\r\n<bericht>1</bericht>\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"verdict\"; filename=\"verdict.json\"\r\n\
             Content-Type: application/json\r\n\r\n{{\"verdict\":\"accepted\"}}\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8_lossy(&requests[0].body), expected);
        assert_eq!(header(1, "content-type"), "application/cloudevents+json");
        assert_eq!(requests[1].body, rows[2].body);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_office_knows_the_gateway_by_its_certificate() {
    let Some(certificates) = Certificates::make() else { return };
    let address = certificates.serve();
    let deliver = async |authority: &str, identity: Option<&str>| {
        let tls = TlsFiles {
            ca_file: Some(certificates.file(authority)),
            client_cert_file: identity.map(|name| certificates.file(&format!("{name}.pem"))),
            client_key_file: identity.map(|name| certificates.file(&format!("{name}.key"))),
        };
        let office = office(format!("https://localhost:{}/in", address.port()), Duration::from_secs(5), tls);
        let destination = HttpDestination::new(&office).expect("usable certificates");
        destination.deliver(Arc::from([row(1, Purpose::Forward, "0197")])).await.remove(0)
    };
    assert_eq!(deliver("ca.pem", Some("client")).await, Ok(()));
    assert!(deliver("ca.pem", None).await.is_err(), "without a certificate");
    assert!(deliver("client.pem", Some("client")).await.is_err(), "with another authority");
    let tls = TlsFiles { ca_file: Some(certificates.file("nowhere.pem")), ..TlsFiles::default() };
    let missing = office("https://localhost/in".to_owned(), Duration::from_secs(5), tls);
    let error = HttpDestination::new(&missing).err().expect("no such file").to_string();
    assert!(error.contains("nowhere.pem") && error.contains("0197"), "{error}");
}

/// An authority, a server and a client, made by openssl.
struct Certificates(tempfile::TempDir);

impl Certificates {
    fn make() -> Option<Certificates> {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("san"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
            .expect("written");
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let mut commands =
            vec![[&["req", "-x509", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem"], &key[..]].concat()];
        let files = [
            ("/CN=localhost", ["server.key", "server.csr", "server.pem"]),
            ("/CN=gateway", ["client.key", "client.csr", "client.pem"]),
        ];
        for (subject, [key_file, request, certificate]) in &files {
            commands.push([&["req", "-subj", subject, "-keyout", key_file, "-out", request], &key[..]].concat());
            commands.push(vec![
                "x509",
                "-req",
                "-in",
                request,
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-extfile",
                "san",
                "-out",
                certificate,
            ]);
        }
        for arguments in commands {
            let made = std::process::Command::new("openssl").args(&arguments).current_dir(dir.path()).output();
            let Ok(made) = made else {
                println!("skipped: openssl is not installed");
                return None;
            };
            assert!(made.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
        }
        Some(Certificates(dir))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A server that asks for a certificate of the authority and answers every request with 200.
    fn serve(&self) -> SocketAddr {
        install_crypto_provider();
        let certificate = |name: &str| CertificateDer::from_pem_file(self.file(name)).expect("a certificate");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate("ca.pem")).expect("an authority");
        let clients = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
        let key = PrivateKeyDer::from_pem_file(self.file("server.key")).expect("a key");
        let config = rustls::ServerConfig::builder()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate("server.pem")], key)
            .expect("a usable pair");
        let config = Arc::new(config);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
                let mut stream = rustls::StreamOwned::new(connection, socket);
                let mut request = Vec::new();
                let mut chunk = [0; 4096];
                // The body of a forward ends in the closing boundary.
                while !request.ends_with(b"--\r\n") {
                    match stream.read(&mut chunk) {
                        Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                        Ok(_) | Err(_) => break,
                    }
                }
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        address
    }
}

/// Sends two forwards to a back office that says these things first; gives what was set aside once the last is sent.
async fn check_order(order: Order, says: Vec<Say>, set_aside: &[i64], requests: usize) {
    let office = Office::open(says).await;
    let rows = [row(1, Purpose::Forward, "0197"), row(2, Purpose::Forward, "0197")];
    let running = Running::start_with(&rows, office.routes(Duration::from_secs(5)), Delivery { order, ..settings(8) });
    running.drained().await;
    assert_eq!(running.outbox.set_aside(), set_aside, "{order:?}");
    let asked: Vec<String> = office.requests().into_iter().map(|(key, _)| key).collect();
    assert_eq!(asked.len(), requests);
    let first = asked.iter().filter(|key| **key == rows[0].id.to_string()).count();
    assert!(asked[..first].iter().all(|key| *key == asked[0]) && asked.last() != asked.first(), "{asked:?}");
    assert!(running.outbox.known_breakers().tripped("http 0197").is_none(), "it works, it only refuses");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_back_office_refuses_is_set_aside_unless_the_order_must_hold() {
    let no = || vec![Say::Status(422); 3];
    check_order(Order::Skip, no(), &[1], 4).await;
    check_order(Order::Strict, no(), &[], 5).await;
    // Two refusals are not three, whatever went wrong besides.
    let mixed = vec![Say::Status(422), Say::Status(500), Say::Status(500), Say::Status(413), Say::Status(503)];
    check_order(Order::Skip, mixed, &[], 7).await;
    // A conflict about something else cannot be told from a refusal; one at a repeat means that it arrived.
    check_order(Order::Skip, vec![Say::OtherKey; 3], &[1], 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_left_alone_at_once_and_tried_with_one_row() {
    for (status, class) in [(404, Class::Contract), (403, Class::Security), (307, Class::Contract)] {
        let office = Office::open(vec![Say::Status(status); 2]).await;
        let rows: Vec<Due> = (1..=5).map(|sequence| row(sequence, Purpose::Forward, "0197")).collect();
        let hour = Delivery { slow_retry: Duration::from_hours(1), ..settings(8) };
        let running = Running::start_with(&rows, office.routes(Duration::from_secs(5)), hour);
        let tripped = || running.outbox.known_breakers().tripped("http 0197").and_then(|breaker| breaker.class);
        until("the breaker is open", || tripped() == Some(class)).await;
        let looks = running.outbox.looks();
        until("the relay looked again and again", || running.outbox.looks() > looks + 5).await;
        assert_eq!(office.requests().len(), 1, "nobody tries while it is open");
        running.stop().await;
    }
    let office = Office::open(vec![Say::Status(404); 3]).await;
    let rows: Vec<Due> = (1..=5).map(|sequence| row(sequence, Purpose::Forward, "0197")).collect();
    let running = Running::start_with(&rows, office.routes(Duration::from_secs(5)), settings(8));
    running.drained().await;
    let keys: Vec<String> = office.requests().into_iter().map(|(key, _)| key).collect();
    let expected: Vec<String> = [0, 0, 0, 0, 1, 2, 3, 4].map(|index: usize| rows[index].id.to_string()).into();
    assert_eq!(keys, expected, "in order, and the others were not tried meanwhile");
    let attempts: Vec<u32> = running.outbox.attempts();
    assert_eq!(attempts, [4, 1, 1, 1, 1], "waiting behind a breaker is no attempt");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_breaker_holds_after_a_restart_and_others_go_on() {
    let office = Office::open(vec![Say::Status(401)]).await;
    let hour = Delivery { slow_retry: Duration::from_hours(1), ..settings(8) };
    let first = row(1, Purpose::Forward, "0197");
    let running = Running::start_with(&[first], office.routes(Duration::from_secs(5)), hour);
    until("it is open", || running.outbox.known_breakers().tripped("http 0197").is_some()).await;
    let outbox = Arc::clone(&running.outbox);
    running.stop().await;

    let running = Running::go_on(outbox, office.routes(Duration::from_secs(5)), hour);
    running.outbox.add(row(2, Purpose::Forward, "0197"));
    running.outbox.add(row(3, Purpose::Forward, "0222"));
    until("the other destination has its row", || running.outbox.left() == 2).await;
    let looks = running.outbox.looks();
    until("the relay looked again and again", || running.outbox.looks() > looks + 5).await;
    assert_eq!(office.requests().len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_office_that_is_away_is_told_without_its_login() {
    let office = Office { address: Some(SocketAddr::from(([127, 0, 0, 1], 1))), ..Office::default() };
    let running = Running::start(&[row(1, Purpose::Forward, "0197")], office.routes(Duration::from_millis(300)), 8);
    until("it was tried", || running.outbox.reasons().len() > 1).await;
    assert_eq!(running.outbox.reasons()[0], "no connection");
    running.stop().await;
}
