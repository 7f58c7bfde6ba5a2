//! Back offices that misbehave, on real sockets: what each fault is called, how long it can take, and what is never done.
//! Certificates are made here, changed while the gateway runs, and refused by both sides.

mod common;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use common::{row, soon};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use sluis::config::{BackOffice, Secret, TlsFiles};
use sluis::decision::Purpose;
use sluis::delivery::class::Class;
use sluis::delivery::http::{HttpDestination, install_crypto_provider};
use sluis::delivery::{Destination, Failure, Scope};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Barrier;

/// Longest wait of the gateway for an answer.
const TIMEOUT: Duration = Duration::from_millis(600);

fn office(url: String, tls: TlsFiles) -> BackOffice {
    BackOffice { gemeente: "0197".to_owned(), url: Secret::new(url), timeout: TIMEOUT, in_flight: 1, order: None, tls }
}

async fn deliver(destination: &HttpDestination) -> Result<(), Failure> {
    let run = Arc::from([row(1, Purpose::Forward, "0197")]);
    soon("the delivery ends", destination.deliver(run)).await.remove(0)
}

/// Serves each connection on a thread of its own; counts them.
fn serve(act: impl Fn(TcpStream) + Clone + Send + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::SeqCst);
            let act = act.clone();
            std::thread::spawn(move || act(socket));
        }
    });
    (address, count)
}

/// Reads a request to its end: the body of a forward ends in the closing boundary.
fn read_request(stream: &mut impl Read) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.ends_with(b"--\r\n") {
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            Ok(_) | Err(_) => return,
        }
    }
}

/// Repeats some bytes until the other side has had enough; gives how many it took.
fn pour(socket: &mut TcpStream, bytes: &[u8], pause: Duration) -> usize {
    let mut poured = 0;
    while socket.write_all(bytes).is_ok() {
        poured += bytes.len();
        std::thread::sleep(pause);
    }
    poured
}

/// What a back office does that has read the request: says something, then repeats something else.
async fn check(
    says: &'static str,
    repeats: &'static str,
    pause: Duration,
    expected: Result<(), (Class, &str)>,
) -> usize {
    let poured = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&poured);
    let (address, _) = serve(move |mut socket| {
        read_request(&mut socket);
        let _ = socket.write_all(says.as_bytes());
        if !repeats.is_empty() {
            counted.fetch_add(pour(&mut socket, repeats.as_bytes(), pause), Ordering::SeqCst);
        }
    });
    let destination =
        HttpDestination::new(&office(format!("http://{address}/in"), TlsFiles::default())).expect("a usable address");
    let since = Instant::now();
    let outcome = deliver(&destination).await;
    let took = since.elapsed();
    let found = outcome.as_ref().map_err(|failure| (failure.class, failure.reason.as_str())).copied();
    assert_eq!(found, expected, "{says:?} {repeats:?}");
    // The answer of a hanging office is given up at the timeout; a machine that is busy may take its time.
    assert!(took < TIMEOUT + Duration::from_secs(10), "{took:?}");
    poured.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_that_hangs_drips_or_cuts_leaves_the_outcome_unknown() {
    let late = Err((Class::Unknown, "no answer in time"));
    let cut = Err((Class::Unknown, "the connection broke off"));
    let slow = Duration::from_millis(50);
    check("", " ", Duration::from_mins(1), cut).await;
    check("HTTP/1.1 200 OK\r\nX-Slow: ", "x", slow, late).await;
    check("", "", Duration::ZERO, cut).await;
    check("HTTP/1.1 20", "", Duration::ZERO, cut).await;
    check("SSH-2.0-OpenSSH_9.2\r\n", "", Duration::ZERO, cut).await;
    // Headers without end are given up, however fast they come.
    let head = check("HTTP/1.1 200 OK\r\n", "X-More: abcdefghijklmnopqrstuvwxyz\r\n", Duration::ZERO, cut).await;
    println!("{head} bytes of headers were taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_counts_whatever_becomes_of_the_rest_of_the_answer() {
    let endless = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n";
    let slow = Duration::from_millis(50);
    check(endless, "x", slow, Ok(())).await;
    check(endless, "", Duration::ZERO, Ok(())).await;
    let refused = Err((Class::Data, "it answered 422: it understands the delivery and refuses it"));
    check("HTTP/1.1 422 No\r\nContent-Length: 9\r\n\r\n", "x", slow, refused).await;
    let block: &str = Box::leak("x".repeat(64 * 1024).into_boxed_str());
    let taken = check(endless, block, Duration::ZERO, Ok(())).await;
    // What was read, and what lay in the buffers of the two sockets.
    assert!(taken < 32 << 20, "{taken} bytes of an endless answer were taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_that_never_reads_is_given_up() {
    let (address, _) = serve(|socket| {
        std::thread::sleep(Duration::from_mins(1));
        drop(socket);
    });
    let destination =
        HttpDestination::new(&office(format!("http://{address}/in"), TlsFiles::default())).expect("a usable address");
    let failure = deliver(&destination).await.expect_err("nobody answers");
    assert_eq!((failure.class, failure.scope), (Class::Unknown, Scope::Destination));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_nor_told() {
    let (elsewhere, visits) = serve(|mut socket| {
        read_request(&mut socket);
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    for (status, same_host) in [(301, false), (302, false), (303, true), (307, false), (308, true)] {
        let (address, asked) = serve(move |mut socket| {
            read_request(&mut socket);
            let to = if same_host { "/geheim".to_owned() } else { format!("http://{elsewhere}/geheim") };
            let _ = write!(
                socket,
                "HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        });
        let destination = HttpDestination::new(&office(format!("http://{address}/in"), TlsFiles::default()))
            .expect("a usable address");
        let failure = deliver(&destination).await.expect_err("it redirects");
        assert_eq!((failure.class, failure.scope), (Class::Contract, Scope::Destination));
        assert!(failure.reason.contains("redirects") && !failure.reason.contains("geheim"), "{}", failure.reason);
        assert_eq!((asked.load(Ordering::SeqCst), visits.load(Ordering::SeqCst)), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_that_is_not_there_is_a_temporary_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = format!("http://u:geheim@{address}/in?token=geheim");
    let destination = HttpDestination::new(&office(url, TlsFiles::default())).expect("a usable address");
    let expected = Failure::destination("no connection");
    assert_eq!(deliver(&destination).await, Err(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_that_wants_rest_gets_it() {
    let (address, _) = serve(|mut socket| {
        read_request(&mut socket);
        let _ = socket.write_all(b"HTTP/1.1 503 Busy\r\nRetry-After: 42\r\nContent-Length: 0\r\n\r\n");
    });
    let destination =
        HttpDestination::new(&office(format!("http://{address}/in"), TlsFiles::default())).expect("a usable address");
    let failure = deliver(&destination).await.expect_err("it is busy");
    assert_eq!((failure.class, failure.retry_after), (Class::Temporary, Some(Duration::from_secs(42))));
}

/// Each request is answered when as many are there as may be.
#[tokio::test(flavor = "multi_thread")]
async fn as_many_requests_are_under_way_as_is_set() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let answer = async |State(barrier): State<Arc<Barrier>>| {
        barrier.wait().await;
        StatusCode::OK
    };
    let routes = Router::new().route("/in", post(answer)).with_state(Arc::new(Barrier::new(4)));
    tokio::spawn(axum::serve(listener, routes).into_future());
    let office = BackOffice {
        in_flight: 4,
        timeout: Duration::from_secs(20),
        ..office(format!("http://{address}/in"), TlsFiles::default())
    };
    let destination = HttpDestination::new(&office).expect("a usable address");
    assert_eq!((destination.longest_run(), destination.manner().in_flight), (4, Some(4)));
    let run: Vec<_> = (1..=4).map(|sequence| row(sequence, Purpose::Forward, "0197")).collect();
    let outcomes = soon("all are answered", destination.deliver(run.into())).await;
    assert_eq!(outcomes, vec![Ok(()); 4]);
}

/// An authority and what it signs.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { params, key: KeyPair::generate().expect("a key") }
    }

    fn pem(&self) -> String {
        self.params.self_signed(&self.key).expect("a certificate").pem()
    }

    /// Certificate and key for a name, valid until a year.
    fn sign(&self, name: &str, until: i32) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::from_params(&self.params, &self.key);
        (params.signed_by(&key, &issuer).expect("a certificate").pem(), key.serialize_pem())
    }
}

/// A server that shows this certificate, wants one of the authority in return, and answers 200.
fn serve_tls(shown: &(String, String), clients: &Authority) -> SocketAddr {
    install_crypto_provider();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(clients.pem().as_bytes()).expect("an authority")).expect("an authority");
    let config = rustls::ServerConfig::builder()
        .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier"))
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(shown.0.as_bytes()).expect("a certificate")],
            PrivateKeyDer::from_pem_slice(shown.1.as_bytes()).expect("a key"),
        )
        .expect("a usable pair");
    let config = Arc::new(config);
    let (address, _) = serve(move |socket| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
        let mut stream = rustls::StreamOwned::new(connection, socket);
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.conn.send_close_notify();
        let _ = stream.flush();
        // A socket that is closed with bytes unread is reset, and what it said last may get lost on the way.
        let _ = stream.sock.shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut stream.sock, &mut std::io::sink());
    });
    address
}

/// Puts a file in place as a program that renews certificates should.
fn place(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).expect("written");
    fs::rename(&draft, path).expect("renamed");
}

/// A gateway with certificates in a folder of their own.
struct Door {
    dir: tempfile::TempDir,
}

impl Door {
    fn new(trusted: &str, own: &(String, String)) -> Door {
        let door = Door { dir: tempfile::tempdir().expect("a folder") };
        place(&door.path("ca.pem"), trusted);
        door.show(own);
        door
    }

    fn show(&self, own: &(String, String)) {
        place(&self.path("own.pem"), &own.0);
        place(&self.path("own.key"), &own.1);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn to(&self, address: SocketAddr) -> HttpDestination {
        let tls = TlsFiles {
            ca_file: Some(self.path("ca.pem")),
            client_cert_file: Some(self.path("own.pem")),
            client_key_file: Some(self.path("own.key")),
        };
        let office = BackOffice {
            timeout: Duration::from_secs(10),
            ..office(format!("https://localhost:{}/in", address.port()), tls)
        };
        HttpDestination::new(&office).expect("usable certificates")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_that_is_missing_on_either_side_is_a_matter_of_security() {
    let [ours, theirs, strange] = ["ours", "theirs", "strange"].map(Authority::new);
    let own = ours.sign("gateway", 2090);
    let server = |shown: &(String, String)| serve_tls(shown, &ours);
    let good = theirs.sign("localhost", 2090);
    let cases = [
        (theirs.pem(), &own, server(&theirs.sign("localhost", 2001)), "its certificate has expired"),
        (theirs.pem(), &own, server(&theirs.sign("elsewhere.example", 2090)), "its certificate is of another host"),
        (strange.pem(), &own, server(&good), "its certificate is of an authority that is not trusted here"),
        (theirs.pem(), &strange.sign("gateway", 2090), server(&good), "it refuses us"),
        (theirs.pem(), &ours.sign("gateway", 2001), server(&good), "it refuses us (CertificateExpired)"),
    ];
    for (trusted, own, address, words) in cases {
        let failure = told(&Door::new(&trusted, own).to(address)).await;
        assert_eq!(
            (failure.class, failure.scope, failure.alarm),
            (Class::Security, Scope::Destination, true),
            "{words}"
        );
        assert!(failure.reason.starts_with("no trust: ") && failure.reason.contains(words), "{}", failure.reason);
    }
    assert_eq!(deliver(&Door::new(&theirs.pem(), &own).to(server(&good))).await, Ok(()));

    let (plain, _) = serve(|mut socket| {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let failure = deliver(&Door::new(&theirs.pem(), &own).to(plain)).await.expect_err("it speaks no TLS");
    assert_eq!(failure.class, Class::Security, "{}", failure.reason);
}

/// Why a delivery is refused. With TLS 1.3 a refused certificate is told after the handshake, and what is told may be lost
/// with the connection that ends with it: then nobody knows more than that it broke off, and the next attempt may tell.
async fn told(destination: &HttpDestination) -> Failure {
    for _ in 0..50 {
        let failure = deliver(destination).await.expect_err("it is refused");
        if failure.class != Class::Unknown {
            return failure;
        }
    }
    panic!("fifty times it only broke off");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_change_are_used_without_a_restart() {
    let [ours, theirs, strange] = ["ours", "theirs", "strange"].map(Authority::new);
    let address = serve_tls(&theirs.sign("localhost", 2090), &ours);
    let door = Door::new(&theirs.pem(), &strange.sign("gateway", 2090));
    let destination = door.to(address);
    assert_eq!(told(&destination).await.class, Class::Security, "a strange certificate");
    door.show(&ours.sign("gateway", 2090));
    assert_eq!(deliver(&destination).await, Ok(()), "the new one is in use");
    // A key of another certificate, and no key at all: the pair before them stays in use.
    place(&door.path("own.key"), &ours.sign("gateway", 2090).1);
    assert_eq!(deliver(&destination).await, Ok(()));
    place(&door.path("own.key"), "no key");
    assert_eq!(deliver(&destination).await, Ok(()));
    fs::remove_file(door.path("own.pem")).expect("removed");
    assert_eq!(deliver(&destination).await, Ok(()));
    // The authority counts as well, in both directions.
    door.show(&ours.sign("gateway", 2090));
    place(&door.path("ca.pem"), &strange.pem());
    assert_eq!(deliver(&destination).await.expect_err("another authority").class, Class::Security);
    place(&door.path("ca.pem"), &theirs.pem());
    assert_eq!(deliver(&destination).await, Ok(()));
}
