//! `sluis doctor` on real parts: databases that are damaged, foreign or of another version, disks that are full, back
//! offices and brokers that are away, refuse, or show certificates that do not count.

mod common;

use common::broker::Broker;
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sluis::config::{Config, Secret};
use sluis::doctor::{Asked, Diagnosis, EXAMINATIONS, Severity, examine_all};
use sluis::ledger::{Keys, Ledger, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A gateway's folder with a ledger that was closed in order.
struct Site {
    dir: TempDir,
}

impl Site {
    fn open() -> Site {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keys::create(&dir.path().join("ledger.key")).expect("keys");
        let location = dir.path().join("ledger.sqlite").into();
        Ledger::open(Settings { location, keys, max_group: 8 }).expect("a ledger").close().expect("it closes");
        for folder in ["in", "out", "error"] {
            std::fs::create_dir_all(dir.path().join("spool").join(folder)).expect("a folder");
        }
        Site { dir }
    }

    fn config(&self, text: &str) -> Config {
        sluis::config::parse(&self.dir.path().join("sluis.toml"), text, &BTreeMap::new())
            .unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    fn sql(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.dir.path().join("ledger.sqlite")).expect("it opens");
        connection.execute_batch(sql).expect("it can be changed");
    }
}

#[expect(clippy::disallowed_methods, reason = "certificates of real servers are judged by the clock of the machine")]
async fn examine(config: &Config, only: &[&str]) -> Diagnosis {
    let asked = Asked { only: only.iter().map(|name| (*name).to_owned()).collect(), online: true };
    examine_all(config, jiff::Timestamp::now(), &asked).await
}

async fn sorts(config: &Config, only: &[&str]) -> Vec<&'static str> {
    let diagnosis = examine(config, only).await;
    for finding in &diagnosis.findings {
        assert!(!format!("{finding:?}").contains("geheim"), "a password is told: {finding:?}");
    }
    diagnosis.findings.iter().map(|finding| finding.sort).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_gateway_has_nothing_above_a_note() {
    let site = Site::open();
    let diagnosis = examine(&site.config(""), &[]).await;
    assert!(diagnosis.worst() <= Some(Severity::Note), "{:#?}", diagnosis.findings);
    let examined: Vec<&str> = diagnosis.examined.iter().map(|examined| examined.id).collect();
    let all: Vec<&str> = EXAMINATIONS.iter().map(|examination| examination.id).collect();
    assert_eq!(examined, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_no_gateway_starts_on_are_told_apart() {
    let site = Site::open();
    let config = site.config("");
    assert!(sorts(&config, &["database"]).await.is_empty());

    site.sql("INSERT INTO migrations (number, name, applied_at) VALUES (9999, 'of the future', 0)");
    assert_eq!(sorts(&config, &["database"]).await, ["database.ahead"]);
    site.sql("DELETE FROM migrations WHERE number = 9999");

    site.sql("UPDATE keys SET check_value = zeroblob(16)");
    let diagnosis = examine(&config, &["database"]).await;
    assert_eq!(diagnosis.findings[0].sort, "database.unusable");
    assert!(diagnosis.findings[0].what.contains("other keys"), "{:?}", diagnosis.findings);

    let site = Site::open();
    site.sql("PRAGMA application_id = 1");
    assert_eq!(sorts(&site.config(""), &["database"]).await, ["database.foreign"]);

    std::fs::write(site.dir.path().join("ledger.sqlite"), "Geachte heer, mevrouw, ".repeat(100)).expect("written");
    assert_eq!(sorts(&site.config(""), &["database"]).await, ["database.unusable"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_a_torn_page_is_damaged() {
    let site = Site::open();
    site.sql(
        "CREATE TABLE torn (a TEXT); CREATE INDEX torn_a ON torn (a);
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
              INSERT INTO torn SELECT 'row ' || i FROM n; PRAGMA wal_checkpoint(TRUNCATE);",
    );
    let path = site.dir.path().join("ledger.sqlite");
    let mut bytes = std::fs::read(&path).expect("read");
    let torn = bytes.len() - 8 * 4096;
    bytes[torn..torn + 4096].fill(0xFF);
    std::fs::write(&path, bytes).expect("written");
    let found = sorts(&site.config(""), &["database"]).await;
    assert!(found == ["database.damaged"] || found == ["database.unusable"], "{found:?}");
}

/// A disk of 2 MB, where this machine lets one be mounted.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told() {
    let site = Site::open();
    let spool = site.dir.path().join("spool");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
        .arg(&spool)
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        println!("skipped: this user may not mount a small disk");
        return;
    }
    let found = sorts(&site.config(""), &["disk"]).await;
    let unmounted = std::process::Command::new("umount").arg(&spool).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(found, ["disk.full"], "2 MB are less than 200 MB");
}

/// A back office of the test, with the certificate that it is given.
struct Office {
    address: SocketAddr,
}

impl Office {
    /// Answers every connection with `answer`.
    async fn start(server: ServerConfig, answer: &'static str) -> Office {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::new(server));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(socket).await else { return };
                    let mut question = [0; 1024];
                    let _ = stream.read(&mut question).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Office { address }
    }

    fn config(&self, site: &Site, host: &str) -> Config {
        let port = self.address.port();
        site.config(&format!(
            "[[back_office]]\ngemeente = \"0197\"\nurl = \"https://user:geheim@{host}:{port}/in\"\nca_file = \"ca.pem\"\n"
        ))
    }
}

/// A certificate for `localhost` that counts between two years, signed by an authority whose certificate is put into
/// `ca.pem`.
fn server(folder: &Path, from: i32, to: i32) -> ServerConfig {
    sluis::delivery::http::install_crypto_provider();
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    std::fs::write(folder.join("ca.pem"), authority.pem()).expect("written");
    let key = KeyPair::generate().expect("a key");
    let mut own = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    (own.not_before, own.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let own = own.signed_by(&key, &authority).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
    let chain = vec![CertificateDer::from(own.der().to_vec())];
    ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a server")
}

const FINE: &str = "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_a_back_office_is_told_step_by_step() {
    let site = Site::open();
    let office = Office::start(server(site.dir.path(), 2020, 2120), FINE).await;
    let diagnosis = examine(&office.config(&site, "localhost"), &["back_office"]).await;
    assert!(diagnosis.findings.is_empty(), "{:#?}", diagnosis.findings);
    assert!(diagnosis.examined[0].facts[0].contains("its certificate counts for"), "{:?}", diagnosis.examined);

    // Another name than that in the certificate.
    assert_eq!(sorts(&office.config(&site, "127.0.0.1"), &["back_office"]).await, ["back_office.tls"]);
    assert_eq!(sorts(&office.config(&site, "no-such-host.invalid"), &["back_office"]).await, ["back_office.name"]);
    let closed = Office { address: free_port().await };
    assert_eq!(sorts(&closed.config(&site, "localhost"), &["back_office"]).await, ["back_office.connection"]);

    let office = Office::start(server(site.dir.path(), 2020, 2021), FINE).await;
    assert_eq!(sorts(&office.config(&site, "localhost"), &["back_office"]).await, ["back_office.tls"]);

    let silent = Office::start(server(site.dir.path(), 2020, 2120), "").await;
    assert_eq!(sorts(&silent.config(&site, "localhost"), &["back_office"]).await, ["back_office.silent"]);

    let asked = Asked { only: BTreeSet::new(), online: false };
    #[expect(clippy::disallowed_methods, reason = "nothing here is judged by it")]
    let now = jiff::Timestamp::now();
    let offline = examine_all(&closed.config(&site, "localhost"), now, &asked).await;
    assert!(offline.findings.iter().all(|finding| finding.check != "back_office"), "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_office_with_another_clock_is_told() {
    let site = Site::open();
    let behind = "HTTP/1.1 200 OK\r\nDate: Sun, 01 Mar 2026 09:00:00 GMT\r\nContent-Length: 0\r\n\r\n";
    let office = Office::start(server(site.dir.path(), 2020, 2120), behind).await;
    assert_eq!(sorts(&office.config(&site, "localhost"), &["clock"]).await, ["clock.far_off"]);
}

async fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address")
}

fn with_broker(site: &Site, broker: &Broker, change: impl FnOnce(&mut sluis::config::Amqp)) -> Config {
    let mut config = site.config("[intake]\ntransports = [\"amqp\"]\n[amqp]\nurl = \"amqp://localhost\"\n");
    let mut amqp = broker.settings.clone();
    change(&mut amqp);
    config.amqp = Some(amqp);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_examined() {
    let Some(broker) = Broker::open(10).await else { return };
    let site = Site::open();
    let config = with_broker(&site, &broker, |_| {});
    let diagnosis = examine(&config, &["broker"]).await;
    assert!(diagnosis.findings.is_empty(), "what is missing is made: {:#?}", diagnosis.findings);
    assert!(diagnosis.examined[0].facts[0].starts_with("RabbitMQ 3."), "{:?}", diagnosis.examined);
    assert_eq!(broker.ready(&broker.queue).await, None, "nothing was made by looking");

    let without = with_broker(&site, &broker, |amqp| amqp.declare = false);
    assert_eq!(sorts(&without, &["broker"]).await, ["broker.missing"; 4], "two exchanges, two queues");

    // A queue with the right name and the wrong arguments.
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let queue = broker.queue.as_str();
    broker.channel.queue_declare(queue.into(), durable, FieldTable::default()).await.expect("declared");
    assert_eq!(sorts(&config, &["broker"]).await, ["broker.unlike"]);
    broker.put(queue, "1", b"<x/>").await;
    let waits = sorts(&without, &["broker"]).await;
    assert!(waits.contains(&"broker.unread"), "{waits:?}");
    broker.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.expect("deleted");

    for (change, what) in [("geheim@", "password"), ("vhost", "virtual host")] {
        let wrong = with_broker(&site, &broker, |amqp| {
            let url = amqp.url.expose();
            let (login, rest) = url.split_once('@').expect("a login");
            let (user, _) = login.rsplit_once(':').expect("a password");
            let (address, _) = rest.split_once('/').expect("a virtual host");
            amqp.url = Secret::new(match change {
                "geheim@" => format!("{user}:geheim@{rest}"),
                _ => format!("{login}@{address}/nowhere"),
            });
        });
        assert_eq!(sorts(&wrong, &["broker"]).await, ["broker.unreachable"], "wrong {what}");
    }
    let closed = free_port().await;
    let away = with_broker(&site, &broker, |amqp| amqp.url = Secret::new(format!("amqp://guest:geheim@{closed}/%2f")));
    assert_eq!(sorts(&away, &["broker"]).await, ["broker.unreachable"]);
}

/// What only the management plugin tells: alarms, policies, permissions.
#[tokio::test(flavor = "multi_thread")]
async fn the_management_plugin_tells_more() {
    let (Some(broker), Ok(management)) = (Broker::open(10).await, std::env::var("SLUIS_TEST_AMQP_MANAGEMENT")) else {
        println!("skipped: SLUIS_TEST_AMQP_MANAGEMENT not set");
        return;
    };
    let site = Site::open();
    let url = Secret::new(management.as_str());
    let config = with_broker(&site, &broker, |amqp| amqp.management_url = Some(url.clone()));
    let diagnosis = examine(&config, &["broker"]).await;
    assert!(diagnosis.findings.is_empty(), "{:#?}", diagnosis.findings);
    let told = &diagnosis.examined[0];
    assert!(told.facts.contains(&"1 node(s)".to_owned()) && told.not_examined.is_none(), "{told:?}");

    let wrong = Secret::new(management.replace("guest:guest@", "guest:geheim@"));
    let wrong = with_broker(&site, &broker, |amqp| amqp.management_url = Some(wrong));
    assert_eq!(sorts(&wrong, &["broker"]).await, ["broker.management"]);
    let other = Secret::new(format!("http://guest:geheim@{}", free_port().await));
    let other = with_broker(&site, &broker, |amqp| amqp.management_url = Some(other));
    assert_eq!(sorts(&other, &["broker"]).await, ["broker.management"]);

    // A policy that undoes safe parking on a queue that an administrator made without arguments.
    let queue = broker.queue.as_str();
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    broker.channel.queue_declare(queue.into(), durable, FieldTable::default()).await.expect("declared");
    let pattern = format!("^{}$", queue.replace('.', "\\."));
    broker.ctl(&["set_policy", queue, &pattern, "{\"overflow\":\"drop-head\"}", "--apply-to", "queues"]);
    // The plugin gathers what it tells every few seconds.
    let since = Instant::now();
    let mut found = sorts(&config, &["broker"]).await;
    while !found.contains(&"broker.policy") && since.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        found = sorts(&config, &["broker"]).await;
    }
    assert!(found.contains(&"broker.policy"), "{found:?}");
    broker.ctl(&["clear_policy", queue]);
    broker.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.expect("deleted");

    // A login that may write, and neither read nor configure.
    let user = format!("u{}", queue.replace('.', "-"));
    broker.ctl(&["add_user", &user, "geheim"]);
    broker.ctl(&["set_permissions", &user, "^$", ".*", "^$"]);
    let few = with_broker(&site, &broker, |amqp| {
        let at = amqp.url.expose().split_once('@').expect("a login").1.to_owned();
        amqp.url = Secret::new(format!("amqp://{user}:geheim@{at}"));
        amqp.management_url = Some(url.clone());
    });
    let diagnosis = examine(&few, &["broker"]).await;
    broker.ctl(&["delete_user", &user]);
    let lacking: Vec<&String> = diagnosis
        .findings
        .iter()
        .filter(|finding| finding.sort == "broker.forbidden")
        .flat_map(|finding| &finding.cases)
        .collect();
    assert!(lacking.contains(&&format!("read on {queue}")), "{:#?}", diagnosis.findings);
    assert!(lacking.contains(&&format!("configure on {queue}")), "{:#?}", diagnosis.findings);
    assert!(!format!("{diagnosis:?}").contains("geheim"));
}
