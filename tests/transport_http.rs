//! The intake over HTTP on real sockets: nothing is answered with 202 before it is in the ledger, nobody is let in who
//! shows no login or certificate, and nobody who is slow, large or rude holds up the others.

mod common;

use common::{FakeIntake, PATIENCE, fake_intake, soon, until};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use reqwest::{Client, StatusCode};
use sha2::{Digest as _, Sha256};
use sluis::config::{HttpIntake as Settings, ServerFiles};
use sluis::delivery::http::install_crypto_provider;
use sluis::sender::{Certificate, Identity, Parties, Sender, Senders, TokenHash};
use sluis::shutdown::{Shutdown, Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::http::{HttpIntake, Listening};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const TOKEN: &str = "8d9c1f0a7e6b5d4c3b2a190817263544";
const MAX_BYTES: usize = 25_000_000;

fn settings() -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        plain: true,
        head_timeout: Duration::from_secs(20),
        body_timeout: Duration::from_secs(20),
        requests_at_once: 16,
        bytes_at_once: 200_000_000,
    }
}

fn sender(name: &str) -> Sender {
    Sender {
        name: name.to_owned(),
        amqp_users: Vec::new(),
        certificates: vec![format!("{name}.example")],
        tokens: Vec::new(),
        folders: Vec::new(),
        parties: Parties::These(["42420001".to_owned()].into()),
    }
}

fn senders() -> Arc<Senders> {
    let (a, mut b) = (sender("noord"), sender("zuid"));
    b.tokens = vec![TokenHash::of("another token of that very length"), TokenHash::of(TOKEN)];
    Arc::new(Senders::new(vec![a, b], ["http"]))
}

struct Site {
    intake: &'static FakeIntake,
    address: SocketAddr,
    telemetry: Telemetry,
    trigger: Trigger,
    task: JoinHandle<()>,
}

impl Site {
    async fn start() -> Site {
        Site::with(&settings(), senders()).await
    }

    async fn with(settings: &Settings, senders: Arc<Senders>) -> Site {
        install_crypto_provider();
        let (intake, telemetry) = (fake_intake(), Telemetry::default());
        let (trigger, stop): (Trigger, Shutdown) = shutdown(Duration::from_secs(20));
        let listening = Listening::bind(&settings.listener()).await.expect("a free port and good certificates");
        let address = listening.address();
        let max_bytes = MAX_BYTES as u64;
        let transport = HttpIntake::new(listening, settings, max_bytes, senders, Arc::new(intake), &telemetry, stop);
        Site { intake: intake.0, address, telemetry, trigger, task: tokio::spawn(transport.run()) }
    }

    /// Sends a request as it stands, and reads to the end of the connection.
    async fn say(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        // A server that has heard enough may close before all is said.
        let _ = stream.write_all(request).await;
        Answer::read(&mut stream).await
    }

    /// A message as it should be sent, with more headers.
    async fn post(&self, headers: &str, body: &[u8]) -> Answer {
        self.say(&request(headers, body)).await
    }

    async fn metric(&self, reason: &str) -> bool {
        let line = format!("sluis_intake_failures_total{{reason=\"{reason}\",transport=\"http\"}} ");
        self.telemetry.scrape().await.lines().any(|found| found.starts_with(&line))
    }

    async fn stop(self) {
        self.trigger.stop();
        soon("the intake stops", self.task).await.expect("no panic");
    }
}

fn head(headers: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /v1/messages HTTP/1.1\r\nHost: sluis\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/xml\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
    .into_bytes()
}

fn request(headers: &str, body: &[u8]) -> Vec<u8> {
    [head(headers, body.len()), body.to_vec()].concat()
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    async fn read(stream: &mut TcpStream) -> Answer {
        let mut bytes = Vec::new();
        soon("an answer", async {
            // What came before the connection broke counts.
            let _ = stream.read_to_end(&mut bytes).await;
        })
        .await;
        let text = String::from_utf8(bytes).expect("answers are text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn id(&self) -> String {
        assert_eq!(self.status, 202, "{self:?}");
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        body["id"].as_str().expect("an id").to_owned()
    }

    /// Every error is a problem that repeats nothing of what was sent.
    fn problem(&self, status: u16) -> &Answer {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(body["status"], status);
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        assert!(!self.body.contains("geheim") && !self.body.contains(TOKEN), "{self:?}");
        self
    }

    fn has(&self, header: &str) {
        assert!(self.head.contains(header), "{header} is not in {self:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_comes_after_the_commit_and_names_the_delivery() {
    let site = Site::start().await;
    site.intake.holds.store(true, Ordering::SeqCst);
    let mut stream = TcpStream::connect(site.address).await.expect("it listens");
    stream.write_all(&request("Idempotency-Key: \"k-1\"\r\n", b"<a/>")).await.expect("sent");
    until("it is handed over", || site.intake.calls.load(Ordering::SeqCst) == 1).await;
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut byte)).await;
    assert!(early.is_err(), "nothing is said before the commit");
    site.intake.release();
    assert_eq!(Answer::read(&mut stream).await.id(), "k-1");
    // The same again is the same delivery; without a key it is known by what it says.
    assert_eq!(site.post("Idempotency-Key: k-1\r\n", b"<a/>").await.id(), "k-1");
    assert_eq!(site.post("", b"abc").await.id(), hex::encode(Sha256::digest(b"abc")));
    let committed = site.intake.committed();
    assert_eq!(committed.len(), 3);
    for incoming in &committed {
        assert_eq!(incoming.transport, "http");
        assert_eq!(incoming.identity, Some(Identity::Token("zuid".to_owned())));
    }
    assert_eq!((committed[0].transport_id.as_str(), committed[0].bytes.as_slice()), ("k-1", b"<a/>".as_slice()));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_go_over_one_connection() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.expect("it listens");
    let kept = |key: &str| {
        String::from_utf8(request(&format!("Idempotency-Key: {key}\r\n"), b"<a/>"))
            .expect("text")
            .replace("Connection: close\r\n", "")
    };
    for key in ["a", "b"] {
        stream.write_all(kept(key).as_bytes()).await.expect("sent");
        let (mut read, expected) = (Vec::new(), format!("{{\"id\":\"{key}\"}}"));
        while !read.ends_with(expected.as_bytes()) {
            let mut chunk = [0; 256];
            let count = soon("an answer", stream.read(&mut chunk)).await.expect("the connection stays");
            assert!(count > 0, "{}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&chunk[..count]);
        }
    }
    assert_eq!(site.intake.ids(), ["a", "b"]);
    // A connection that waits for nothing does not hold up the stop.
    let since = Instant::now();
    site.stop().await;
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_no_token_is_not_let_in() {
    let site = Site::start().await;
    let short = &TOKEN[..31];
    for credentials in [
        "",
        "Authorization: Bearer geheim\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Basic Z2VoZWltOmdlaGVpbQ==\r\n",
        &format!("Authorization: Bearer {short}\r\n"),
        &format!("Authorization: Bearer {TOKEN}0\r\n"),
        "Authorization: Bearer \u{e9}\r\n",
    ] {
        let request = format!(
            "POST /v1/messages HTTP/1.1\r\nHost: sluis\r\nConnection: close\r\nContent-Type: text/xml\r\n{credentials}\
             Content-Length: 4\r\n\r\n<a/>"
        );
        let answer = site.say(request.as_bytes()).await;
        answer.problem(401).has("www-authenticate: bearer");
    }
    assert_eq!(site.intake.calls.load(Ordering::SeqCst), 0);
    assert!(site.metric("login").await);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_no_messages_are_told_what_is_wrong() {
    let site = Site::start().await;
    let with =
        |line: &str, from: &str, to: &str| String::from_utf8(request(line, b"<a/>")).expect("text").replace(from, to);
    for (status, request) in [
        (415, with("", "application/xml", "application/json")),
        (415, with("Content-Encoding: gzip\r\n", "", "")),
        (400, with("Idempotency-Key: a geheim\r\n", "", "")),
        (400, with("Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "", "")),
        (404, with("", "/v1/messages", "/v1/geheim")),
        (405, with("", "POST", "PUT")),
        (422, with("", "Content-Length: 4\r\n\r\n<a/>", "Content-Length: 0\r\n\r\n")),
    ] {
        site.say(request.as_bytes()).await.problem(status);
    }
    assert_eq!(site.intake.calls.load(Ordering::SeqCst), 0);
    assert_eq!(site.post("Idempotency-Key: k\r\n", b"<a/>").await.id(), "k");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_as_large_as_allowed_and_no_larger() {
    let site = Site::start().await;
    let body = vec![b'x'; MAX_BYTES + 1];
    assert_eq!(site.post("Idempotency-Key: k\r\n", &body[1..]).await.id(), "k");
    // By its length: refused before a byte of it was read.
    site.say(&head("", MAX_BYTES + 1)).await.problem(413);
    // Without one: refused at the byte that is too many, while more is still being sent.
    site.say(&chunked(&body)).await.problem(413);
    assert_eq!(site.intake.ids(), ["k"]);
    site.stop().await;
}

/// A message without a length, in chunks of a megabyte.
fn chunked(body: &[u8]) -> Vec<u8> {
    let head = String::from_utf8(head("Transfer-Encoding: chunked\r\n", 0)).expect("text");
    let mut request = head.replace("Content-Length: 0\r\n", "").into_bytes();
    for chunk in body.chunks(1_000_000) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_length_is_taken_and_one_that_breaks_off_is_not() {
    let site = Site::start().await;
    let body = vec![b'x'; 2_500_000];
    assert_eq!(site.say(&chunked(&body)).await.status, 202);
    assert!(site.intake.committed()[0].bytes == body);
    let whole = request("", b"<bericht>geheim</bericht>");
    let in_chunks = chunked(&body);
    for cut in [&whole[..whole.len() - 5], &in_chunks[..in_chunks.len() - 1_200_000]] {
        let mut stream = TcpStream::connect(site.address).await.expect("it listens");
        stream.write_all(cut).await.expect("sent");
        stream.shutdown().await.expect("closed");
        let answer = Answer::read(&mut stream).await;
        assert!(matches!(answer.status, 0 | 400), "{answer:?}");
    }
    assert_eq!(site.intake.calls.load(Ordering::SeqCst), 1);
    assert!(site.metric("cut").await);
    assert_eq!(site.post("", b"<a/>").await.status, 202);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_too_small_ends_the_message_there() {
    let site = Site::start().await;
    let mut lie = request("Idempotency-Key: k\r\n", b"<a/>");
    lie.extend_from_slice(b"<b/> and more that nobody announced");
    assert_eq!(site.say(&lie).await.id(), "k");
    assert_eq!(site.intake.committed()[0].bytes, b"<a/>");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_when_there_is_no_room_is_told_when_to_come_back() {
    // Room in bytes, then room in requests: one message takes all of it while it is on its way to the ledger.
    for (requests_at_once, bytes_at_once) in [(16, 3_000), (1, 1_000_000)] {
        let narrow = Settings { requests_at_once, bytes_at_once, ..settings() };
        let site = Site::with(&narrow, senders()).await;
        site.intake.holds.store(true, Ordering::SeqCst);
        let first = site.post("Idempotency-Key: a\r\n", &[b'x'; 3_000]);
        let others = async {
            until("the first is on its way", || site.intake.calls.load(Ordering::SeqCst) == 1).await;
            site.post("Idempotency-Key: b\r\n", b"<a/>").await.problem(429).has("retry-after: 2");
            site.say(&chunked(&[b'x'; 100])).await.problem(429).has("retry-after: 2");
            site.intake.release();
        };
        let (first, ()) = tokio::join!(first, others);
        assert_eq!(first.id(), "a");
        assert_eq!(site.post("Idempotency-Key: b\r\n", b"<a/>").await.id(), "b");
        assert!(site.metric("full").await);
        site.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ledger_takes_nothing_nobody_is_told_otherwise() {
    let site = Site::start().await;
    until("it is ready", || site.telemetry.is_ready()).await;
    site.intake.refuses.store(true, Ordering::SeqCst);
    site.post("", b"<a/>").await.problem(503).has("retry-after: 5");
    until("it is down", || !site.telemetry.is_ready()).await;
    let reason = site.telemetry.components()["http intake"].reason.clone().unwrap_or_default();
    assert!(reason.contains("the disk is full"), "{reason}");
    let answer = site.post("", b"<a/>").await;
    answer.problem(503);
    assert!(!answer.body.contains("disk"), "what is wrong is nobody's business outside: {answer:?}");
    assert_eq!(site.intake.calls.load(Ordering::SeqCst), 1, "nothing is read before the ledger is ready");
    site.intake.refuses.store(false, Ordering::SeqCst);
    until("it is back", || site.telemetry.is_ready()).await;
    assert_eq!(site.post("Idempotency-Key: k\r\n", b"<a/>").await.id(), "k");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_breaks_the_program_stays_with_its_sender_and_others_go_on() {
    let site = Site::start().await;
    site.post("", b"break geheim").await.problem(500);
    assert_eq!(site.post("Idempotency-Key: k\r\n", b"<a/>").await.id(), "k");
    assert!(site.metric("broke").await);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_slow_is_not_waited_for() {
    let hasty =
        Settings { head_timeout: Duration::from_millis(300), body_timeout: Duration::from_millis(300), ..settings() };
    let site = Site::with(&hasty, senders()).await;
    // Nothing, and one byte after another.
    for drips in [false, true] {
        let mut stream = TcpStream::connect(site.address).await.expect("it listens");
        let closed = async {
            let mut byte = [0];
            loop {
                if drips && stream.write_all(b"P").await.is_err() {
                    return;
                }
                let read = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut byte)).await;
                if matches!(read, Ok(Ok(0) | Err(_))) {
                    return;
                }
            }
        };
        soon("the connection is closed", closed).await;
    }
    let mut stream = TcpStream::connect(site.address).await.expect("it listens");
    stream.write_all(&head("", 1_000)).await.expect("sent");
    stream.write_all(b"<a").await.expect("sent");
    Answer::read(&mut stream).await.problem(408);
    assert!(site.metric("slow").await);
    assert_eq!(site.intake.calls.load(Ordering::SeqCst), 0);
    assert_eq!(site.post("Idempotency-Key: k\r\n", b"<a/>").await.id(), "k");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_records_what_was_read_and_sends_away_what_was_not() {
    let site = Site::start().await;
    site.intake.holds.store(true, Ordering::SeqCst);
    let read = site.post("Idempotency-Key: read\r\n", b"<a/>");
    let mut half = TcpStream::connect(site.address).await.expect("it listens");
    half.write_all(&head("", 1_000)).await.expect("sent");
    half.write_all(b"<a").await.expect("sent");
    let stopping = async {
        until("one is handed over", || site.intake.calls.load(Ordering::SeqCst) == 1).await;
        site.trigger.stop();
        Answer::read(&mut half).await.problem(503).has("retry-after");
        site.intake.release();
    };
    let (answer, ()) = tokio::join!(read, stopping);
    assert_eq!(answer.id(), "read");
    soon("the intake stops", site.task).await.expect("no panic");
    assert_eq!(site.intake.ids(), ["read"]);
    assert!(TcpStream::connect(site.address).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_after_the_last_byte_has_sent_its_message() {
    let site = Site::start().await;
    site.intake.holds.store(true, Ordering::SeqCst);
    let mut stream = TcpStream::connect(site.address).await.expect("it listens");
    stream.write_all(&request("Idempotency-Key: k\r\n", b"<a/>")).await.expect("sent");
    until("it is handed over", || site.intake.calls.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    site.trigger.stop();
    // The connection is gone, and the stop still waits for the message.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!site.task.is_finished());
    site.intake.release();
    soon("the intake stops", site.task).await.expect("no panic");
    assert_eq!(site.intake.ids(), ["k"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_senders_it_takes_what_comes_on_this_machine() {
    let site = Site::with(&settings(), Arc::default()).await;
    let request = "POST /v1/messages HTTP/1.1\r\nHost: sluis\r\nConnection: close\r\nContent-Type: text/xml\r\n\
                   Content-Length: 4\r\n\r\n<a/>";
    assert_eq!(site.say(request.as_bytes()).await.status, 202);
    assert_eq!(site.intake.committed()[0].identity, None);
    // A token that nobody has given out is a mistake, and told so.
    site.post("", b"<a/>").await.problem(401);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_named_with_what_to_do() {
    let site = Site::start().await;
    let taken = Settings { listen: site.address, ..settings() };
    let error = Listening::bind(&taken.listener()).await.err().expect("it is in use").to_string();
    assert!(error.contains(&site.address.to_string()) && error.contains("[http_intake]"), "{error}");
    site.stop().await;
}

// Certificates.

/// An authority and what it signs, in files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

struct Pair {
    certificate: String,
    key: String,
    fingerprint: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Authority { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn sign(&self, common_name: &str, names: &[&str], until: i32) -> Pair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("good names");
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let fingerprint = hex::encode(Sha256::digest(certificate.der()));
        Pair { certificate: certificate.pem(), key: key.serialize_pem(), fingerprint }
    }
}

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    // Renamed into place, as whoever renews certificates should.
    let (draft, path) = (folder.path().join(format!(".{name}")), folder.path().join(name));
    fs::write(&draft, text).expect("written");
    fs::rename(&draft, &path).expect("renamed");
    path
}

fn files(folder: &TempDir, server: &Pair, authority: &Authority) -> ServerFiles {
    ServerFiles {
        certificate: write(folder, "server.pem", &server.certificate),
        key: write(folder, "server.key", &server.key),
        client_authority: Some(write(folder, "ca.pem", &authority.pem())),
    }
}

fn client(authority: &Authority, own: Option<&Pair>) -> Client {
    install_crypto_provider();
    let roots = reqwest::Certificate::from_pem_bundle(authority.pem().as_bytes()).expect("PEM");
    let mut builder = Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only(roots);
    if let Some(own) = own {
        let pem = format!("{}\n{}", own.certificate, own.key);
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).expect("a certificate with its key"));
    }
    builder.build().expect("a client")
}

async fn post(site: &Site, client: &Client, token: Option<&str>) -> reqwest::Result<StatusCode> {
    let mut request = client.post(format!("https://localhost:{}/v1/messages", site.address.port()));
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    request.header("Content-Type", "application/xml").body("<a/>").send().await.map(|answer| answer.status())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_says_who_one_is() {
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new("region"));
    let server = authority.sign("server", &["localhost"], 2099);
    let tls = Some(files(&folder, &server, &authority));
    let site = Site::with(&Settings { tls, plain: false, ..settings() }, senders()).await;

    let own = authority.sign("noord.example", &["www.noord.example"], 2099);
    assert_eq!(post(&site, &client(&authority, Some(&own)), None).await.expect("an answer"), 202);
    let names = vec!["noord.example".to_owned(), "www.noord.example".to_owned()];
    let shown = Identity::Certificate(Certificate { names, fingerprint: own.fingerprint.clone() });
    assert_eq!(site.intake.committed()[0].identity, Some(shown));
    // Who has a token needs no certificate, and where both are shown the token counts.
    assert_eq!(post(&site, &client(&authority, None), Some(TOKEN)).await.expect("an answer"), 202);
    assert_eq!(post(&site, &client(&authority, Some(&own)), Some(TOKEN)).await.expect("an answer"), 202);
    assert_eq!(site.intake.committed()[2].identity, Some(Identity::Token("zuid".to_owned())));
    assert_eq!(post(&site, &client(&authority, Some(&own)), Some("geheim")).await.expect("an answer"), 401);
    assert_eq!(post(&site, &client(&authority, None), None).await.expect("an answer"), 401);

    let others = Authority::new("others");
    let forged = others.sign("noord.example", &[], 2099);
    let expired = authority.sign("noord.example", &[], 2021);
    for (what, wrong) in [("another authority", &forged), ("expired", &expired)] {
        let refused = post(&site, &client(&authority, Some(wrong)), None).await;
        assert!(refused.is_err(), "{what}: {refused:?}");
        let refused = post(&site, &client(&authority, Some(wrong)), Some(TOKEN)).await;
        assert!(refused.is_err(), "{what}, with a good token: {refused:?}");
    }
    // Plain text finds no ear.
    assert_eq!(site.post("", b"<a/>").await.status, 0);
    assert_eq!(site.intake.calls.load(Ordering::SeqCst), 3);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_senders_a_certificate_of_the_authority_is_asked_for() {
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new("region"));
    let server = authority.sign("server", &["localhost"], 2099);
    let tls = Some(files(&folder, &server, &authority));
    let site = Site::with(&Settings { tls, plain: false, ..settings() }, Arc::default()).await;
    assert_eq!(post(&site, &client(&authority, None), None).await.expect("an answer"), 401);
    let own = authority.sign("anybody", &[], 2099);
    assert_eq!(post(&site, &client(&authority, Some(&own)), None).await.expect("an answer"), 202);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_certificates_count_and_broken_ones_do_not() {
    let (folder, old, new) = (tempfile::tempdir().expect("a folder"), Authority::new("old"), Authority::new("new"));
    let tls = files(&folder, &old.sign("server", &["localhost"], 2099), &old);
    let site = Site::with(&Settings { tls: Some(tls), plain: false, ..settings() }, senders()).await;
    let reaches = async |authority: &Authority| post(&site, &client(authority, None), Some(TOKEN)).await.is_ok();
    assert!(reaches(&old).await && !reaches(&new).await);

    // A key that belongs to another certificate: half of a renewal.
    let renewed = new.sign("server", &["localhost"], 2099);
    write(&folder, "server.key", &renewed.key);
    let half = Instant::now() + Duration::from_millis(1_500);
    while Instant::now() < half {
        assert!(reaches(&old).await, "the certificates before stay in use");
    }
    write(&folder, "server.pem", &renewed.certificate);
    let end = Instant::now() + PATIENCE;
    while !reaches(&new).await {
        assert!(Instant::now() < end, "waited in vain for the renewed certificate");
    }
    assert!(!reaches(&old).await);
    // The authority of the senders as well.
    let own = new.sign("noord.example", &[], 2099);
    assert!(post(&site, &client(&new, Some(&own)), None).await.is_err());
    write(&folder, "ca.pem", &new.pem());
    let end = Instant::now() + PATIENCE;
    while post(&site, &client(&new, Some(&own)), None).await.is_err() {
        assert!(Instant::now() < end, "waited in vain for the renewed authority");
    }
    site.stop().await;
}

#[tokio::test]
async fn certificates_that_cannot_be_used_stop_the_start_and_say_which() {
    install_crypto_provider();
    let (folder, authority) = (tempfile::tempdir().expect("a folder"), Authority::new("region"));
    let server = authority.sign("server", &["localhost"], 2099);
    let other = authority.sign("other", &["localhost"], 2099);
    let good = files(&folder, &server, &authority);
    let empty = write(&folder, "empty.pem", "nothing");
    let missing = Path::new("missing.pem").to_owned();
    for (tls, file) in [
        (ServerFiles { certificate: empty.clone(), ..good.clone() }, "empty.pem"),
        (ServerFiles { certificate: missing, ..good.clone() }, "missing.pem"),
        (ServerFiles { key: empty.clone(), ..good.clone() }, "empty.pem"),
        (ServerFiles { client_authority: Some(empty), ..good.clone() }, "empty.pem"),
        (ServerFiles { key: write(&folder, "other.key", &other.key), ..good.clone() }, "server.pem"),
    ] {
        let bad = Settings { tls: Some(tls), plain: false, ..settings() };
        let error = Listening::bind(&bad.listener()).await.err().expect("it cannot be used").to_string();
        assert!(error.contains(file) && error.contains("[http_intake]"), "{error}");
        assert!(!error.contains("PRIVATE"), "{error}");
    }
}
