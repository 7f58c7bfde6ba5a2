//! The way to a ledger on a server: nothing goes out in plain text that should not, and an answer that is lost on the
//! way makes nothing happen twice.

mod ledgers;

use jiff::Timestamp;
use jiff::civil::date;
use ledgers::{Schema, server_address};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sluis::config::{Secret, TlsFiles};
use sluis::decision::{Account, Decision, Identity, Outgoing, Posting, PostingSort, Purpose, Record, Slot, Verdict};
use sluis::ledger::{Filter, Inbox, Keys, Ledger, LedgerError, Location, Server, Settings, Stored};
use sluis::message::{Cents, Kind, Law, Number, Party};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// What a client of PostgreSQL says before anything else when it wants TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// First byte of a TLS handshake.
const HANDSHAKE: u8 = 22;

fn message(id: &str) -> (Inbox, Decision) {
    let (gemeente, aanbieder) = (Party::from("0197"), Party::from("42420001"));
    let kind = Kind::new(Law::Wmo, Number::N301);
    let account = Account {
        law: Law::Wmo,
        gemeente: gemeente.clone(),
        segment: "wonen".to_owned(),
        subsegment: None,
        aanbieder: aanbieder.clone(),
        model: sluis::contract::Model::Pxq,
        year: 2026,
    };
    let decision = Decision {
        kind: Some(kind),
        claimed_sender: None,
        observed: Vec::new(),
        identity: Some(Identity {
            kind,
            afzender: gemeente.clone(),
            identificatie: id.to_owned(),
            dagtekening: date(2026, 3, 9),
            gemeente,
            aanbieder: aanbieder.clone(),
        }),
        verdict: Verdict::Accepted,
        level: 4,
        findings: Vec::new(),
        skipped: Vec::new(),
        signals: Vec::new(),
        records: vec![Record::Posting(Posting {
            slot: Slot { account: Some(account), agreements: ["G1".to_owned()].into() },
            sort: PostingSort::Reservation,
            cents: Cents(100),
            toewijzing_nummer: Some(1),
            referentie: None,
            on: date(2026, 1, 1),
            late: false,
        })],
        outgoing: vec![Outgoing {
            purpose: Purpose::Forward,
            to: Some(aanbieder),
            subject: "WMO301".to_owned(),
            law: Some(Law::Wmo),
            region: None,
            body: id.as_bytes().to_vec(),
            verdict_json: None,
        }],
        register_version: None,
    };
    (Inbox::new("directory", id, Timestamp::UNIX_EPOCH, id.as_bytes().to_vec()), decision)
}

fn store(ledger: &Ledger, id: &str) -> Result<Stored, LedgerError> {
    let (inbox, decision) = message(id);
    ledger.run_blocking(move |tx| tx.store(&inbox, &decision))
}

/// The address of the server with another place in it.
fn address_at(place: SocketAddr) -> String {
    let address = server_address().expect("there is a server");
    let (head, rest) = address.split_once('@').expect("a login");
    let (_, database) = rest.split_once('/').expect("a database");
    format!("{head}@localhost:{}/{database}", place.port())
}

fn server_place() -> String {
    let address = server_address().expect("there is a server");
    let (_, rest) = address.split_once('@').expect("a login");
    rest.split_once('/').expect("a database").0.to_owned()
}

/// What a way to the server does to the next commit.
const NOTHING: u8 = 0;
/// It never arrives.
const LOSE_COMMIT: u8 = 1;
/// It arrives, and the answer never does.
const LOSE_ANSWER: u8 = 2;
const LOSING: u8 = 3;

/// A way to the server that loses one commit, or the answer to it, and the connection with it.
fn way_that_loses() -> (SocketAddr, Arc<AtomicU8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let what = Arc::new(AtomicU8::new(NOTHING));
    let plan = Arc::clone(&what);
    std::thread::spawn(move || {
        while let Ok((near, _)) = listener.accept() {
            let far = TcpStream::connect(server_place()).expect("the server answers");
            let clones = (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
            let (to, from) = (Arc::clone(&plan), Arc::clone(&plan));
            std::thread::spawn(move || {
                pass(near, far, |bytes| {
                    let is_commit = bytes.windows(11).any(|window| window == b"job; COMMIT");
                    match to.load(Ordering::SeqCst) {
                        LOSE_COMMIT if is_commit => {
                            to.store(NOTHING, Ordering::SeqCst);
                            false
                        }
                        LOSE_ANSWER if is_commit => {
                            to.store(LOSING, Ordering::SeqCst);
                            true
                        }
                        _ => true,
                    }
                });
            });
            std::thread::spawn(move || {
                pass(clones.1, clones.0, |_| {
                    from.compare_exchange(LOSING, NOTHING, Ordering::SeqCst, Ordering::SeqCst).is_err()
                });
            });
        }
    });
    (address, what)
}

/// Passes on what comes until `may` says no; then both sides are cut.
fn pass(mut from: TcpStream, mut to: TcpStream, may: impl Fn(&[u8]) -> bool) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !may(&bytes[..count]) || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    for side in [from, to] {
        // The other direction may have cut it already.
        drop(side.shutdown(Shutdown::Both));
    }
}

#[test]
fn a_commit_whose_answer_is_lost_happens_once() {
    let Some(schema) = Schema::fresh() else { return };
    let (address, what) = way_that_loses();
    let server = Server::parse(&Secret::new(address_at(address)), schema.name(), &TlsFiles::default());
    let location = Location::Server(server.expect("it is the address of a server"));
    let ledger = Ledger::open(Settings { location, keys: Keys::generate(), max_group: 8 }).expect("it opens");
    store(&ledger, "before").expect("it is stored");
    for (plan, id, is_known) in [(LOSE_COMMIT, "lost", false), (LOSE_ANSWER, "unheard", true)] {
        what.store(plan, Ordering::SeqCst);
        let error = store(&ledger, id).expect_err("nobody knows whether it is stored");
        assert!(error.is_temporary(), "{error}");
        assert_eq!(what.load(Ordering::SeqCst), NOTHING, "it was cut at the commit");
        let again = store(&ledger, id).expect("the next connection goes through");
        assert_eq!(again.sent_before, is_known, "{id}");
    }
    let stored = ledger.run_blocking(|tx| tx.messages(&Filter::default())).expect("it can be listed");
    assert_eq!(stored.iter().map(|entry| &*entry.transport_id).collect::<Vec<_>>(), ["before", "lost", "unheard"]);
    assert_eq!(ledger.run_blocking(|tx| tx.budgets()).expect("it can be read")[0].consumption, Cents(300));
    let due = ledger.run_blocking(|tx| tx.due(Timestamp::UNIX_EPOCH, 10)).expect("it can be read");
    assert_eq!(due.len(), 3, "each leaves once");
    assert_eq!(ledger.run_blocking(|tx| tx.check_integrity()).expect("it can be read"), []);
    ledger.close().expect("it closes");
}

/// Opens a ledger at a stand-in for a server; gives the error, and what the stand-in heard after it had answered.
fn first_words(url: impl Fn(SocketAddr) -> String, answer: &'static [u8]) -> (String, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let (heard, hearing) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("it connects");
        let mut all = vec![0; SSL_REQUEST.len()];
        stream.read_exact(&mut all).expect("it says something");
        stream.write_all(answer).expect("it can be answered");
        let mut more = vec![0; 1024];
        // Until it goes, or has said enough.
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a deadline");
        let count = stream.read(&mut more).unwrap_or(0);
        all.extend_from_slice(&more[..count]);
        heard.send(all).expect("the test waits");
    });
    // It is read before anything is sent, so it must be there.
    let certificates = certificates();
    let tls = TlsFiles { ca_file: Some(certificates.ca.clone()), ..TlsFiles::default() };
    let server = Server::parse(&Secret::new(url(address)), "sluis", &tls);
    let location = Location::Server(server.expect("it is the address of a server"));
    let settings = Settings { location, keys: Keys::generate(), max_group: 1 };
    let error = Ledger::open(settings).expect_err("that is no server").to_string();
    (error, hearing.recv_timeout(Duration::from_mins(1)).expect("it heard something"))
}

#[test]
fn where_tls_is_asked_for_nothing_goes_out_in_plain_text() {
    let url = |address: SocketAddr| format!("postgres://login:geheim@localhost:{}/db?sslmode=require", address.port());
    let (error, heard) = first_words(url, b"N");
    assert_eq!(heard, SSL_REQUEST, "it asks, is refused, and goes");
    assert!(!error.contains("geheim") && !error.contains("login"), "{error}");
    let (_, heard) = first_words(url, b"S");
    assert_eq!(heard[..SSL_REQUEST.len()], SSL_REQUEST);
    assert_eq!(heard[SSL_REQUEST.len()], HANDSHAKE);
    assert!(!heard.windows(5).any(|window| window == b"login"), "no login before the handshake");
}

struct Certificates {
    _folder: tempfile::TempDir,
    ca: PathBuf,
    key: PathBuf,
    own: CertifiedKey<rcgen::KeyPair>,
}

/// A certificate for this machine, which is its own authority.
fn certificates() -> Certificates {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let own = generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate can be made");
    let (ca, key) = (folder.path().join("ca.pem"), folder.path().join("key.pem"));
    std::fs::write(&ca, own.cert.pem()).expect("it can be written");
    std::fs::write(&key, own.signing_key.serialize_pem()).expect("it can be written");
    Certificates { _folder: folder, ca, key, own }
}

/// Stands before the server and speaks TLS, which it asks a certificate of its clients for.
fn encrypted_way(certificates: &Certificates) -> SocketAddr {
    let own = certificates.own.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(own.clone()).expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::try_from(certificates.own.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients.build().expect("it can verify"))
        .with_single_cert(vec![own], key)
        .expect("a certificate and its key");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let (bound, binding) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            bound.send(listener.local_addr().expect("an address")).expect("the test waits");
            while let Ok((mut near, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut asked = [0; SSL_REQUEST.len()];
                    near.read_exact(&mut asked).await?;
                    near.write_all(b"S").await?;
                    let mut near = acceptor.accept(near).await?;
                    let mut far = tokio::net::TcpStream::connect(server_place()).await?;
                    tokio::io::copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
    });
    binding.recv().expect("it listens")
}

#[test]
fn both_sides_show_certificates() {
    let Some(schema) = Schema::fresh() else { return };
    let certificates = certificates();
    let address = encrypted_way(&certificates);
    let open = |host: &str, tls: &TlsFiles| {
        let url = address_at(address).replace("localhost", host) + "?sslmode=require";
        let server = Server::parse(&Secret::new(url), schema.name(), tls).expect("it is the address of a server");
        Ledger::open(Settings { location: Location::Server(server), keys: Keys::generate(), max_group: 8 })
    };
    let file = |path: &Path| Some(path.to_owned());
    let all = TlsFiles {
        ca_file: file(&certificates.ca),
        client_cert_file: file(&certificates.ca),
        client_key_file: file(&certificates.key),
    };
    let ledger = open("localhost", &all).expect("both are who they say");
    store(&ledger, "x").expect("it is stored");
    ledger.close().expect("it closes");
    let stranger = self::certificates();
    for (why, host, tls) in [
        ("the certificate bears another name", "127.0.0.1", all.clone()),
        ("another authority", "localhost", TlsFiles { ca_file: file(&stranger.ca), ..all.clone() }),
        ("no certificate of its own", "localhost", TlsFiles { ca_file: file(&certificates.ca), ..TlsFiles::default() }),
        ("the authorities of the system", "localhost", TlsFiles::default()),
        ("no such file", "localhost", TlsFiles { ca_file: file(Path::new("none.pem")), ..TlsFiles::default() }),
        ("no certificate in it", "localhost", TlsFiles { ca_file: file(&certificates.key), ..TlsFiles::default() }),
    ] {
        let error = open(host, &tls).expect_err(why);
        assert!(matches!(error, LedgerError::Open { .. }), "{why}: {error}");
    }
}

/// A program of PostgreSQL: the newest that is installed, so that it is no older than the server.
fn tool(name: &str) -> PathBuf {
    let version = |folder: &PathBuf| folder.file_name().and_then(|name| name.to_string_lossy().parse::<u32>().ok());
    let folders = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = folders.filter(|folder| version(folder).is_some()).max_by_key(version);
    newest.map(|folder| folder.join("bin").join(name)).filter(|tool| tool.exists()).unwrap_or_else(|| name.into())
}

fn run_tool(name: &str, arguments: &[&str]) {
    let output = std::process::Command::new(tool(name)).args(arguments).output().expect("the tool is installed");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The commands of `docs/ledger.md`.
#[test]
fn a_dump_that_is_restored_is_the_same_ledger() {
    let Some(schema) = Schema::fresh() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let dump = folder.path().join("ledger.dump").display().to_string();
    let address = server_address().expect("there is a server");
    let keys = Keys::generate();
    let open = || Ledger::open(Settings { location: schema.location(), keys: keys.clone(), max_group: 8 });
    let tell = |ledger: &Ledger| {
        ledger
            .run_blocking(|tx| {
                let sent: Vec<_> =
                    tx.due(Timestamp::UNIX_EPOCH, 10)?.into_iter().map(|row| (row.id, row.body)).collect();
                Ok((tx.messages(&Filter::default())?, tx.budgets()?, tx.accounts()?, sent, tx.audit_head()?))
            })
            .expect("it can be read")
    };
    let ledger = open().expect("it opens");
    for id in ["1", "2", "3"] {
        store(&ledger, id).expect("it is stored");
    }
    let before = tell(&ledger);
    run_tool("pg_dump", &["--format=custom", &format!("--schema={}", schema.name()), "--file", &dump, &address]);
    store(&ledger, "after the dump").expect("it is stored");
    ledger.close().expect("it closes");
    ledgers::run(&format!("DROP SCHEMA \"{}\" CASCADE", schema.name()));
    run_tool("pg_restore", &["--exit-on-error", "--single-transaction", "--dbname", &address, &dump]);
    let ledger = open().expect("its keys are known");
    assert_eq!(tell(&ledger), before);
    assert_eq!(ledger.run_blocking(|tx| tx.check_integrity()).expect("it can be read"), []);
    assert_eq!(store(&ledger, "4").expect("it is stored").message_id, 4, "numbers go on");
    assert!(store(&ledger, "1").expect("it is known").sent_before);
    ledger.close().expect("it closes");
}
