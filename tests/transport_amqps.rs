//! TLS to the broker: against the real one (`SLUIS_TEST_AMQPS`, `SLUIS_TEST_TLS_DIR`), and against listeners of our own
//! that show certificates which must not be taken.

mod common;

use common::amqp::{Consuming, Delivering, put_all};
use common::broker::{Broker, plain_settings};
use common::{row, soon, until};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sluis::config::{Amqp, Secret, TlsFiles};
use sluis::decision::Purpose;
use sluis::delivery::http::install_crypto_provider;
use sluis::transport::amqp::{AmqpError, connect};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Certificates of the test broker, or `None` with a line that says so.
fn certificates() -> Option<(String, PathBuf)> {
    let (Ok(url), Ok(folder)) = (std::env::var("SLUIS_TEST_AMQPS"), std::env::var("SLUIS_TEST_TLS_DIR")) else {
        println!("skipped: SLUIS_TEST_AMQPS and SLUIS_TEST_TLS_DIR are not set (ops/test sets them)");
        return None;
    };
    Some((url, PathBuf::from(folder)))
}

/// The address with a login, and a query behind it.
fn address(url: &str, login: &str, query: &str) -> Secret {
    Secret::new(format!("{}{query}", url.replacen("amqps://", &format!("amqps://{login}"), 1)))
}

fn files(folder: &Path, authority: &str, own: Option<&str>) -> TlsFiles {
    TlsFiles {
        ca_file: Some(folder.join(format!("{authority}.pem"))),
        client_cert_file: own.map(|own| folder.join(format!("{own}.pem"))),
        client_key_file: own.map(|own| folder.join(format!("{own}.key"))),
    }
}

async fn refusal(settings: &Amqp) -> AmqpError {
    let connected = soon("an answer", connect(settings, "test")).await;
    connected.expect_err("the connection must be refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_a_login_and_a_password_beside_it_is_one_too() {
    let Some((url, folder)) = certificates() else { return };
    let tls = files(&folder, "ca", Some("gateway"));
    for (login, query) in [("", "?auth_mechanism=external"), ("guest:guest@", "")] {
        let settings = Amqp { url: address(&url, login, query), tls: tls.clone(), ..plain_settings() };
        let connection = soon("a connection", connect(&settings, "tls test")).await.expect("it is let in");
        assert!(connection.status().connected());
        connection.close(200, "done".into()).await.expect("it closes");
    }
    let wrong = Amqp { url: address(&url, "guest:geheim@", ""), tls, ..plain_settings() };
    let refused = refusal(&wrong).await;
    assert!(matches!(refused, AmqpError::Login), "{refused:?}");
    assert!(!refused.to_string().contains("geheim") && !refused.to_string().contains("guest"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_connection_from_being_made_is_told_apart() {
    let Some((url, folder)) = certificates() else { return };
    let external = || address(&url, "", "?auth_mechanism=external");
    let told = async |url: Secret, tls: TlsFiles, words: &[&str]| {
        let refused = refusal(&Amqp { url, tls, ..plain_settings() }).await;
        let text = refused.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{words:?} should be in: {text}");
        refused
    };
    let refused = told(external(), files(&folder, "ca", None), &["client certificate", "client_cert_file"]).await;
    assert!(matches!(refused, AmqpError::Unwelcome { .. }), "{refused:?}");
    let refused = told(external(), files(&folder, "ca", Some("stranger")), &["client certificate"]).await;
    assert!(matches!(refused, AmqpError::Unwelcome { .. }), "{refused:?}");
    let refused = told(external(), files(&folder, "stranger", Some("gateway")), &["not trusted", "ca_file"]).await;
    assert!(matches!(refused, AmqpError::Untrusted { .. }), "{refused:?}");
    // The certificate of another key.
    let mixed =
        TlsFiles { client_key_file: Some(folder.join("stranger.key")), ..files(&folder, "ca", Some("gateway")) };
    told(external(), mixed, &["gateway.pem", "client_key_file belongs to it"]).await;
    let no_certificate = TlsFiles { ca_file: Some(folder.join("ca.key")), ..TlsFiles::default() };
    told(external(), no_certificate, &["ca.key", "holds no certificate"]).await;
    let gone = TlsFiles { ca_file: Some(folder.join("gone.pem")), ..TlsFiles::default() };
    told(external(), gone, &["gone.pem", "failed to read"]).await;
    // The port of another protocol, a port without anybody, a host without an address.
    let plain: lapin::uri::AMQPUri =
        std::env::var("SLUIS_TEST_AMQP").expect("it stands beside").parse().expect("an address");
    let at = |place: &str| Secret::new(format!("amqps://gateway:geheim@{place}/%2f"));
    told(at(&format!("127.0.0.1:{}", plain.authority.port)), files(&folder, "ca", None), &["127.0.0.1"]).await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let refused = told(at(&free.to_string()), files(&folder, "ca", None), &["nothing answers", "firewall"]).await;
    assert!(matches!(refused, AmqpError::Unreachable { .. }), "{refused:?}");
    let refused = told(at("broker.invalid:5671"), files(&folder, "ca", None), &["broker.invalid", "not known"]).await;
    assert!(matches!(refused, AmqpError::Unresolved { .. }), "{refused:?}");
    let vhost = Secret::new(format!("{}?auth_mechanism=external", url.replace("%2f", "nowhere")));
    let refused = told(vhost, files(&folder, "ca", Some("gateway")), &["virtual host nowhere"]).await;
    assert!(matches!(refused, AmqpError::Vhost { .. }), "{refused:?}");
}

/// A listener that shows this certificate, and its authority as a file.
async fn impostor(change: impl FnOnce(&mut CertificateParams), folder: &Path) -> (SocketAddr, PathBuf) {
    install_crypto_provider();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let file = folder.join("authority.pem");
    std::fs::write(&file, authority.pem()).expect("written");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let own = params.signed_by(&key, &authority).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![own.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a certificate with its key")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // It says nothing after the handshake: what is refused is refused for the certificate.
            let accepted = acceptor.accept(socket).await;
            tokio::time::sleep(Duration::from_mins(1)).await;
            drop(accepted);
        }
    });
    (address, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_whose_certificate_is_over_or_of_another_host_is_refused() {
    type Change = fn(&mut CertificateParams);
    let folder = tempfile::tempdir().expect("a folder");
    let rows: [(Change, &str); 3] = [
        (|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1), "has expired"),
        (|params| params.not_before = rcgen::date_time_ymd(2999, 1, 1), "does not count yet"),
        (
            |params| *params = CertificateParams::new(vec!["other.example".to_owned()]).expect("a name"),
            "is of another host",
        ),
    ];
    for (change, words) in rows {
        let (address, file) = impostor(change, folder.path()).await;
        let tls = TlsFiles { ca_file: Some(file), ..TlsFiles::default() };
        let url = Secret::new(format!("amqps://gateway:geheim@localhost:{}/%2f", address.port()));
        let refused = refusal(&Amqp { url, tls, ..plain_settings() }).await;
        assert!(matches!(refused, AmqpError::Untrusted { .. }), "{words}: {refused:?}");
        assert!(refused.to_string().contains(words), "{words}: {refused}");
    }
}

/// The first bytes that somebody sends who connects.
async fn first_bytes(listener: &TcpListener) -> Vec<u8> {
    let (mut socket, _) = soon("it connects", listener.accept()).await.expect("a connection");
    let mut first = vec![0; 64];
    let read = soon("it says something", socket.read(&mut first)).await.expect("bytes");
    first.truncate(read);
    first
}

/// The library once sent an `amqps://` address in plain text when it was built without certificates of authorities. What
/// goes out is a record of type handshake (0x16) of TLS with a ClientHello (0x01) in it, and never `AMQP`: from the intake
/// and from the relay, with a named authority and with those of the system.
#[tokio::test(flavor = "multi_thread")]
async fn an_amqps_address_never_goes_out_in_plain_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, authority) = impostor(|_| {}, folder.path()).await;
    for tls in [TlsFiles { ca_file: Some(authority), ..TlsFiles::default() }, TlsFiles::default()] {
        // One each: what the intake tries again must not be taken for the relay.
        let for_intake = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let for_relay = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let settings = |listener: &TcpListener| {
            let url = format!("amqps://gateway:geheim@{}/%2f", listener.local_addr().expect("an address"));
            Amqp { url: Secret::new(url), tls: tls.clone(), ..plain_settings() }
        };
        let consuming = Consuming::start(&settings(&for_intake));
        let of_intake = first_bytes(&for_intake).await;
        until("the intake is refused", || {
            let reason = consuming.telemetry.components()["amqp intake"].reason.clone().unwrap_or_default();
            assert!(!reason.contains("geheim") && !reason.contains("gateway"), "{reason}");
            reason.contains("broke off the handshake")
        })
        .await;
        consuming.stop().await;
        let delivering = Delivering::start(&settings(&for_relay));
        delivering.outbox.add(row(1, Purpose::Reply, "42420001"));
        let of_relay = first_bytes(&for_relay).await;
        delivering.stop().await;
        for (who, first) in [("intake", of_intake), ("relay", of_relay)] {
            assert!(first.len() > 5, "{who}: {first:?}");
            assert_eq!((first[0], first[1], first[5]), (0x16, 0x03, 0x01), "{who} sent {first:?}");
            assert!(!first.starts_with(b"AMQP"), "{who}");
        }
    }
}

/// Certificates are read for each connection: whoever renews them restarts nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_counts_without_a_restart() {
    let Some((url, folder)) = certificates() else { return };
    let Some(broker) = Broker::open(8).await else { return };
    let own = tempfile::tempdir().expect("a folder");
    let place = |name: &str| {
        for ending in ["pem", "key"] {
            let draft = own.path().join("draft");
            std::fs::copy(folder.join(format!("{name}.{ending}")), &draft).expect("copied");
            std::fs::rename(draft, own.path().join(format!("gateway.{ending}"))).expect("put in place");
        }
    };
    std::fs::copy(folder.join("ca.pem"), own.path().join("ca.pem")).expect("copied");
    place("stranger");
    let settings = Amqp {
        url: address(&url, "", "?auth_mechanism=external"),
        tls: files(own.path(), "ca", Some("gateway")),
        ..broker.settings.clone()
    };
    let consuming = Consuming::start(&settings);
    until("the old certificate is refused", || {
        let reason = consuming.telemetry.components()["amqp intake"].reason.clone().unwrap_or_default();
        reason.contains("client certificate")
    })
    .await;
    place("gateway");
    consuming.ready().await;
    put_all(&broker, &["m1".to_owned()]).await;
    consuming.committed(1).await;
    consuming.stop().await;
    broker.clean().await;
}
