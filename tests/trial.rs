//! Messages that are tried out, with a real ledger: judged on its facts as any other, for whoever may see them, and
//! nothing of it is left behind.

use jiff::civil::date;
use reqwest::StatusCode;
use rusqlite::types::Value as Cell;
use serde_json::Value;
use sluis::api::SenderDesk;
use sluis::clock::{Clock, FixedClock};
use sluis::config::{Config, HttpIntake as Settings};
use sluis::contract::{Contracts, InForce, Policies, load};
use sluis::decision::Verdict;
use sluis::delivery::http::install_crypto_provider;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::gateway::{Gateway, Options};
use sluis::ledger::{Keys, Ledger, Location, Settings as LedgerSettings};
use sluis::message::{Eenheid, Frequentie, Law, Message, Party, Product};
use sluis::schema::Limits;
use sluis::sender::{Parties, Sender, Senders, TokenHash};
use sluis::shutdown::{Trigger, shutdown};
use sluis::telemetry::Telemetry;
use sluis::transport::http::{HttpIntake, Listening};
use sluis::transport::{Incoming, Intake};
use sluis::trial::{For, NotTried, Trials};
use sluis::view::Trial;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const AALTEN: &str = "0197";
const NOORD: &str = "42420001";
/// Without a contract.
const STRANGER: &str = "42420010";
const TOKEN: &str = "8d9c1f0a7e6b5d4c3b2a190817263544";
const MUNICIPAL_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A gateway with a ledger in a file, and trials beside it.
struct Desk {
    gateway: Arc<Gateway>,
    ledger: Ledger,
    trials: Arc<Trials>,
    file: PathBuf,
    _dir: TempDir,
}

impl Desk {
    fn open() -> Desk {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let (file, key) = (dir.path().join("ledger.db"), dir.path().join("ledger.key"));
        let keys = Keys::create(&key).expect("a key can be made");
        let location = Location::File(file.clone());
        let settings = LedgerSettings { location: location.clone(), keys: keys.clone(), max_group: 64 };
        let ledger = Ledger::open(settings).expect("it opens");
        let reader = Ledger::open_to_read(location, keys).expect("it opens");
        let register = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek"));
        let mut policies = Policies::default();
        policies.set("A1", None, "hold").expect("a known check and word");
        let register = Arc::new(register.expect("the sample register has no fault"));
        let contracts = InForce::from(Contracts::new(vec![register], policies));
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::on(date(2026, 3, 10)));
        let telemetry = Telemetry::new("trial");
        let trials = Trials::new(&config(), contracts.clone(), reader, Arc::clone(&clock));
        let gateway = Gateway::new(
            "sluis",
            Limits::default(),
            contracts,
            ledger.clone(),
            clock,
            &telemetry,
            Options { waiting_room: config().waiting_room, ..Options::default() },
        );
        Desk { gateway: Arc::new(gateway), ledger, trials: Arc::new(trials), file, _dir: dir }
    }

    async fn take(&self, id: &str, message: &Message) {
        let incoming =
            Incoming { transport: "directory", transport_id: id.to_owned(), identity: None, bytes: message.write() };
        let prepared = self.gateway.prepare(incoming).await;
        self.gateway.commit(prepared).await.expect("the ledger takes everything");
    }

    async fn attempt(&self, message: &Message, whose: For) -> Result<Trial, NotTried> {
        self.trials.of(message.write(), whose).await.map(|tried| Trial::of(&tried))
    }

    /// All rows of all tables.
    fn rows(&self) -> BTreeMap<String, Vec<Vec<Cell>>> {
        let database = rusqlite::Connection::open(&self.file).expect("it opens");
        let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("a query");
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("rows");
        let read = |table: String| {
            let mut statement = database.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a query");
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect()).expect("rows");
            (table, rows.collect::<Result<_, _>>().expect("rows"))
        };
        tables.map(|table| read(table.expect("a name"))).collect()
    }
}

fn config() -> Config {
    let text = "[waiting_room]\nlongest = \"10m\"\n";
    sluis::config::parse(Path::new("sluis.toml"), text, &BTreeMap::new()).expect("a good configuration")
}

fn staff() -> For {
    For::Staff { signals: true }
}

fn sender(name: &str, token: &str, parties: &[&str]) -> Sender {
    Sender {
        name: name.to_owned(),
        amqp_users: Vec::new(),
        certificates: Vec::new(),
        tokens: vec![TokenHash::of(token)],
        folders: Vec::new(),
        parties: Parties::These(parties.iter().map(|party| (*party).to_owned()).collect()),
    }
}

fn composer(aanbieder: &str) -> Composer {
    let (gemeente, aanbieder) = (Party::from(AALTEN), Party::from(aanbieder));
    Composer { law: Law::Wmo, gemeente, aanbieder, dagtekening: date(2026, 3, 10) }
}

fn allocate() -> Allocate {
    Allocate {
        nummer: 1001,
        product: Product { categorie: "02".into(), code: Some("02A02".into()) },
        from: date(2026, 1, 1),
        to: date(2026, 12, 28),
        omvang: omvang(4, Eenheid::Uur, Frequentie::PerWeek),
    }
}

fn toewijzing(aanbieder: &str, identificatie: &str) -> Message {
    composer(aanbieder).toewijzing(identificatie, &Person::nth(1), &allocate())
}

fn start(identificatie: &str) -> Message {
    composer(NOORD).start(identificatie, &Person::nth(1), &allocate(), date(2026, 1, 6))
}

#[tokio::test]
async fn a_message_is_judged_on_what_the_ledger_holds_and_leaves_nothing() {
    let desk = Desk::open();
    let unknown = desk.attempt(&start("S1"), staff()).await.expect("it is tried");
    assert_eq!((unknown.verdict, unknown.level), (Verdict::Rejected, 3));
    assert!(unknown.findings.iter().any(|finding| finding.rule == "TR019"), "{unknown:?}");
    assert_eq!(unknown.waits_for, ["allocation"], "as the gateway would have it wait");

    desk.take("1", &toewijzing(NOORD, "T1")).await;
    let before = desk.rows();
    assert!(before["messages"].len() == 1 && !before["outbox"].is_empty() && !before["audit"].is_empty(), "{before:?}");
    let good = desk.attempt(&start("S1"), staff()).await.expect("it is tried");
    assert_eq!((good.verdict, good.reply.as_deref()), (Verdict::Accepted, Some("WMO306")));
    let names = |xml: &str| xml.contains("<iwmo:Identificatie>S1</iwmo:Identificatie>") && !xml.contains("RetourCode");
    assert!(good.own_reply().is_some_and(names), "a 306 without return codes: {good:?}");
    assert_eq!(good.leaves.iter().map(|leaving| leaving.purpose).collect::<Vec<_>>(), ["reply", "forward"]);
    // Nothing counts as sent: the same is good again, and again in earnest.
    assert_eq!(desk.attempt(&start("S1"), staff()).await.expect("it is tried").verdict, Verdict::Accepted);
    desk.trials.of(b"no message".to_vec(), staff()).await.expect("it is tried");
    assert_eq!(desk.rows(), before, "a trial leaves no row");
    desk.take("2", &start("S1")).await;
    let twice = desk.attempt(&start("S1"), staff()).await.expect("it is tried");
    assert!(twice.findings.iter().any(|finding| finding.rule == "TR056"), "{twice:?}");
    assert_eq!(desk.ledger.run(|tx| tx.check_integrity()).await.expect("the ledger can be read"), []);
}

#[tokio::test]
async fn a_sender_tries_in_its_own_name_and_sees_no_signals_of_others() {
    let desk = Desk::open();
    let (noord, aalten) = (sender("noord", TOKEN, &[NOORD]), sender("aalten", MUNICIPAL_TOKEN, &[AALTEN]));
    desk.take("1", &toewijzing(NOORD, "T1")).await;
    let own = desk.attempt(&start("S1"), For::Sender(noord.clone())).await.expect("its own party");
    assert_eq!((own.verdict, own.signals_withheld), (Verdict::Accepted, true));
    let other = composer(STRANGER).start("S2", &Person::nth(1), &allocate(), date(2026, 1, 6));
    for (whose, message) in [(&noord, &other), (&aalten, &start("S1")), (&noord, &toewijzing(NOORD, "T2"))] {
        let refused = desk.attempt(message, For::Sender(whose.clone())).await;
        assert!(matches!(refused, Err(NotTried::OtherParty)), "{refused:?}");
    }
    // What cannot be read is about nobody.
    let unreadable = desk.trials.of(b"<a/>".to_vec(), For::Sender(noord)).await.expect("it is tried");
    assert_eq!(Trial::of(&unreadable).verdict, Verdict::Rejected);

    let another = Allocate { nummer: 2002, ..allocate() };
    let held = composer(STRANGER).toewijzing("T3", &Person::nth(2), &another);
    let seen = desk.attempt(&held, For::Sender(aalten)).await.expect("its own party");
    assert_eq!((seen.verdict, seen.signals_withheld), (Verdict::Held, false));
    assert!(seen.signals.iter().any(|signal| signal.check == "A1") && seen.reply_by.is_none(), "{seen:?}");
    let unseen = desk.attempt(&held, For::Staff { signals: false }).await.expect("it is tried");
    assert_eq!((unseen.verdict, unseen.signals_withheld, unseen.signals.len()), (Verdict::Held, true, 0));
}

#[tokio::test]
async fn few_are_tried_at_once_and_the_others_are_told_to_come_again() {
    let desk = Desk::open();
    let message = start("S1").write();
    let all: Vec<_> = (0..64)
        .map(|_| {
            let (trials, message) = (Arc::clone(&desk.trials), message.clone());
            tokio::spawn(async move { trials.of(message, staff()).await })
        })
        .collect();
    let mut busy = 0;
    for one in all {
        match one.await.expect("no panic") {
            Ok(_) => {}
            Err(NotTried::Busy) => busy += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!((1..=56).contains(&busy), "{busy} of 64 were told to come again");
    desk.attempt(&start("S1"), staff()).await.expect("all places are free again");
}

/// The intake of senders on a real socket.
struct Site {
    desk: Desk,
    address: SocketAddr,
    client: reqwest::Client,
    _trigger: Trigger,
}

impl Site {
    async fn start() -> Site {
        install_crypto_provider();
        let desk = Desk::open();
        let settings = Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            plain: true,
            head_timeout: Duration::from_secs(20),
            body_timeout: Duration::from_secs(20),
            requests_at_once: 16,
            bytes_at_once: 200_000_000,
        };
        let senders = vec![sender("noord", TOKEN, &[NOORD]), sender("aalten", MUNICIPAL_TOKEN, &[AALTEN])];
        let senders = Arc::new(Senders::new(senders, []));
        let (trigger, stop) = shutdown(Duration::from_secs(20));
        let listening = Listening::bind(&settings.listener()).await.expect("a free port");
        let address = listening.address();
        let gateway = Arc::clone(&desk.gateway);
        let telemetry = Telemetry::default();
        let intake = HttpIntake::new(listening, &settings, 25_000_000, senders, gateway, &telemetry, stop);
        tokio::spawn(intake.with_self_test(Arc::new(SenderDesk(Arc::clone(&desk.trials)))).run());
        Site { desk, address, client: reqwest::Client::new(), _trigger: trigger }
    }

    async fn check(&self, token: Option<&str>, accept: &str, body: Vec<u8>) -> reqwest::Response {
        let request = self.client.post(format!("http://{}/v1/check", self.address));
        let request = request.header("content-type", "application/xml").header("accept", accept).body(body);
        let request = token.iter().fold(request, reqwest::RequestBuilder::bearer_auth);
        request.send().await.expect("an answer")
    }
}

#[tokio::test]
async fn senders_reach_it_where_they_send() {
    let site = Site::start().await;
    let message = start("S1").write();
    let before = site.desk.rows();
    let answer = site.check(Some(TOKEN), "application/json", message.clone()).await;
    assert_eq!(
        (answer.status(), &answer.headers()["api-version"]),
        (StatusCode::OK, &"1.0.0".parse().expect("a value"))
    );
    let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(
        (&body["kind"], &body["verdict"], &body["reply"]),
        (&"WMO305".into(), &"rejected".into(), &"WMO306".into())
    );

    let reply = site.check(Some(TOKEN), "application/xml", message.clone()).await;
    assert_eq!(
        (reply.status(), &reply.headers()["sluis-verdict"]),
        (StatusCode::OK, &"rejected".parse().expect("a value"))
    );
    assert!(reply.text().await.expect("a body").contains("<?xml"));
    let none = site.check(Some(TOKEN), "application/xml", b"<a/>".to_vec()).await;
    assert_eq!((none.status(), none.headers().get("content-type")), (StatusCode::NO_CONTENT, None));

    for (token, accept, body, status) in [
        (None, "*/*", message.clone(), 401),
        (Some("0123456789abcdef0123456789abcdeX"), "*/*", message.clone(), 401),
        (Some(MUNICIPAL_TOKEN), "*/*", message.clone(), 403),
        (Some(TOKEN), "text/html", message.clone(), 406),
        (Some(TOKEN), "*/*", Vec::new(), 422),
    ] {
        let answer = site.check(token, accept, body).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers()["api-version"], "1.0.0");
        let problem: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        assert!(problem["type"].as_str().is_some_and(|sort| sort.starts_with("urn:nld:sluis:problem:")), "{problem}");
        assert_eq!(problem["status"], status);
    }
    assert_eq!(site.desk.rows(), before);
}

#[tokio::test]
async fn two_gigabytes_are_refused_before_they_are_sent() {
    let site = Site::start().await;
    for sized in ["Content-Length: 2000000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"] {
        let mut stream = TcpStream::connect(site.address).await.expect("it listens");
        let head = "POST /v1/check HTTP/1.1\r\nHost: sluis\r\nContent-Type: application/xml\r\nAuthorization: Bearer ";
        stream.write_all(format!("{head}{TOKEN}\r\n{sized}").as_bytes()).await.expect("a head is read");
        let chunk = [b"100000\r\n".to_vec(), vec![b'x'; 0x0010_0000], b"\r\n".to_vec()].concat();
        let mut sent = 0;
        while sized.starts_with("Transfer") && sent < 26 && stream.write_all(&chunk).await.is_ok() {
            sent += 1;
        }
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("it ends");
        let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 413") && answer.contains("connection: close"), "{sized}: {answer}");
    }
}

#[tokio::test]
async fn what_the_intake_serves_is_what_it_describes() {
    let site = Site::start().await;
    let url = format!("http://{}/v1", site.address);
    let answer = site.client.get(format!("{url}/openapi.json")).send().await.expect("an answer");
    assert_eq!(
        (&answer.headers()["access-control-allow-origin"], answer.status()),
        (&"*".parse().expect("a value"), StatusCode::OK)
    );
    let document: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    let paths: Vec<&String> = document["paths"].as_object().expect("paths").keys().collect();
    assert_eq!(paths, ["/check", "/messages", "/openapi.json"]);
    for path in paths {
        let get = site.client.get(format!("{url}{path}")).send().await.expect("an answer").status();
        let is_read = document["paths"][path].get("get").is_some();
        assert_eq!(get, if is_read { StatusCode::OK } else { StatusCode::METHOD_NOT_ALLOWED }, "{path}");
    }
    let status = site.client.head(format!("{url}/openapi.json")).send().await.expect("an answer").status();
    assert_eq!(status, StatusCode::OK);
    for missing in ["/checks", "/check/", "/openapi.json/", ""] {
        let status = site.client.get(format!("{url}{missing}")).send().await.expect("an answer").status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{missing}");
    }
}
