//! The scenes in which a page is read.
#![allow(unreachable_pub, reason = "its items are those of the test that it belongs to")]

use crate::desk::{Desk, ask};
use crate::e2e::daemon::{Daemon, Site, region};
use crate::e2e::office::{Mood, Office};
use crate::e2e::{self, free_address, put, traffic, until};
use crate::pages::{Page, root};
use jiff::Timestamp;
use jiff::civil::date;
use rcgen::{CertificateParams, CertifiedKey, DnType, KeyPair};
use serde_json::Value;
use sluis::decision::Decision;
use sluis::demo::compose::{Allocate, Composer, Person, omvang};
use sluis::ledger::{Inbox, Keys, Ledger, Settings};
use sluis::message::{Count, Eenheid, Frequentie, Law, Party, Product};
use sluis::sender::TokenHash;
use std::cell::Cell;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SENDER_TOKEN: &str = "8d9c1f0a7e6b5d4c3b2a190817263544";
/// Without a contract in the sample register.
const STRANGER: &str = "42420010";
const PROVIDER: &str = "42420001";
/// A municipality without a register: nothing holds what it sends.
const ELSEWHERE: &str = "0363";
const AALTEN: &str = "0197";

fn composer(gemeente: &str, aanbieder: &str) -> Composer {
    let (gemeente, aanbieder) = (Party::from(gemeente), Party::from(aanbieder));
    Composer { law: Law::Wmo, gemeente, aanbieder, dagtekening: date(2025, 3, 10) }
}

fn allocate(nummer: Count) -> Allocate {
    Allocate {
        nummer,
        product: Product { categorie: "02".into(), code: Some("02A03".into()) },
        from: date(2025, 1, 1),
        to: date(2025, 12, 31),
        omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
    }
}

fn allocation(gemeente: &str, aanbieder: &str, nummer: Count) -> Vec<u8> {
    composer(gemeente, aanbieder).toewijzing(&format!("A{nummer}"), &Person::nth(1), &allocate(nummer)).write()
}

fn start(gemeente: &str, nummer: Count) -> Vec<u8> {
    composer(gemeente, PROVIDER)
        .start(&format!("S{nummer}"), &Person::nth(1), &allocate(nummer), date(2025, 1, 6))
        .write()
}

/// A ledger in which an earlier gateway set that many allocations aside an hour and a half ago.
fn set_aside(site: &Site, count: Count) {
    let keys = Keys::create(&site.path("ledger.key")).expect("a key can be made");
    let settings = Settings { location: site.path("ledger.sqlite").into(), keys, max_group: 64 };
    let ledger = Ledger::open(settings).expect("a ledger opens");
    let then = jiff::Zoned::now().timestamp().as_second() - 94 * 60;
    for nummer in 1..=count {
        let decision = Decision::set_aside();
        let moment = Timestamp::from_second(then).expect("a moment");
        let inbox =
            Inbox::new("directory", format!("w301-{nummer}.xml"), moment, allocation(ELSEWHERE, PROVIDER, nummer));
        ledger.run_blocking(move |tx| tx.store(&inbox, &decision)).expect("it can be stored");
    }
    ledger.close().expect("it closes");
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    for file in e2e::files(from) {
        let there = to.join(file.strip_prefix(from).expect("it lies below"));
        fs::create_dir_all(there.parent().expect("a folder")).expect("made");
        fs::copy(&file, there).expect("copied");
    }
}

/// The sources, messages to try, and no configuration.
pub fn fresh() -> (TempDir, Desk) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    for part in ["config", "ops/container", "ops/systemd", "docs/examples"] {
        copy(&root().join(part), &at.join(part));
    }
    fs::copy(root().join("docs/examples/first-message.xml"), at.join("message.xml")).expect("copied");
    for (day, name, bytes) in
        [("day1", "a.xml", allocation(ELSEWHERE, PROVIDER, 1)), ("day2", "b.xml", start(ELSEWHERE, 1))]
    {
        fs::create_dir(at.join(day)).expect("made");
        fs::write(at.join(day).join(name), bytes).expect("written");
    }
    let mut desk = Desk::new(at);
    // Nobody knows what else listens at the port that is the default.
    desk.set("SLUIS_HTTP_LISTEN", "127.0.0.1:0");
    (folder, desk)
}

/// A gateway with something of everything.
pub struct Running {
    pub desk: Desk,
    pub site: Site,
    pub office: Office,
    _daemon: Daemon,
    made: Cell<u32>,
}

impl Running {
    pub fn start() -> Running {
        let office = Office::open(Mood::Refuses);
        let retention = block_of("docs/retention.md", "[retention]");
        let site = Site::with_config(&format!(
            "[http]\nlisten = \"{}\"\n[log]\nformat = \"json\"\n[contract]\nstore = \"store\"\n[policy]\nA1 = \"hold\"\n\
             [directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"20ms\"\nmax_retry = \"100ms\"\n\
             [intake]\ntransports = [\"directory\", \"http\"]\nopen = [\"directory\"]\n\
             [http_intake]\nlisten = \"127.0.0.1:0\"\nplain = true\n[console]\nlisten = \"127.0.0.1:0\"\n\
             [[sender]]\nname = \"thuiszorg-noord\"\nparties = [\"{PROVIDER}\"]\nfolder = \"thuiszorg-noord\"\n\
             token_sha256 = \"{}\"\n[[back_office]]\ngemeente = \"{AALTEN}\"\nurl = \"http://{}/berichten\"\n{retention}",
            free_address(),
            hex::encode(TokenHash::of(SENDER_TOKEN).0),
            office.address,
        ));
        let mut desk = Desk::new(&site.path(""));
        for name in ["FOLDER", "OLD", "NEW"] {
            copy(&region(), &site.path(name));
        }
        let changed = fs::read_to_string(site.path("FOLDER/providers.csv")).expect("it is there");
        fs::write(site.path("FOLDER/providers.csv"), format!("{changed}42429999;Nieuw (fictief);;2026-01-01;\n"))
            .expect("written");
        set_aside(&site, 4);
        let config = site.path("sluis.toml");
        ask(&config, &["contract", "import", &region().display().to_string(), "--by", "lezer", "--reason", "begin"]);
        let mut daemon = site.start();
        daemon.address();
        desk.set("INTAKE", &format!("http://{}", daemon.intake()));
        desk.set("CONSOLE", &format!("http://{}", daemon.console()));
        desk.set("SENDER_TOKEN", SENDER_TOKEN);
        desk.set("TOKEN", &site.add_token("reader", "view,order-held"));

        for nummer in 1..=6 {
            put(&site.incoming(), &format!("held-{nummer}.xml"), &allocation(AALTEN, STRANGER, 100 + nummer));
        }
        site.send(&traffic::chains(3));
        for nummer in 2..=4 {
            let composer = composer(AALTEN, PROVIDER);
            let bytes = composer.toewijzing(&format!("T{nummer}"), &Person::nth(1), &allocate(200 + nummer)).write();
            put(&site.incoming().join("thuiszorg-noord"), &format!("t{nummer}.xml"), &bytes);
        }
        fs::write(site.path("message.xml"), start(AALTEN, 1001)).expect("written");
        let household = format!("municipality;household;bsn\n{AALTEN};12;{}\n", Person::nth(1).bsn().0);
        fs::write(site.path("households.csv"), household).expect("written");
        fs::create_dir(site.path("archive")).expect("made");
        fs::write(site.path("archive/a.xml"), allocation(AALTEN, PROVIDER, 1)).expect("written");
        for name in ["OLD", "NEW"] {
            let config = site.path(&format!("{}.toml", name.to_lowercase()));
            fs::write(config, format!("[contract]\nregion = \"{name}\"\n")).expect("written");
        }
        let running = Running { desk, site, office, _daemon: daemon, made: Cell::new(0) };
        for (what, count) in [("held", 6), ("refused", 3), ("parked", 4)] {
            until(what, || running.listed(&[what, "list"]).len() == count, || running.site.describe());
        }
        let refused = ["outbox", "list", "--state", "refused"];
        until("a back office refuses", || !running.listed(&refused).is_empty(), || running.site.describe());
        running
    }

    /// The ids that a command lists.
    fn listed(&self, arguments: &[&str]) -> Vec<String> {
        let listed = ask(&self.site.path("sluis.toml"), &[arguments, &["--json"]].concat());
        let rows: Vec<Value> = serde_json::from_str(&listed).expect("a list is JSON");
        rows.iter().map(|row| row["id"].as_str().map_or_else(|| row["id"].to_string(), str::to_owned)).collect()
    }

    /// A command with something of this gateway in the place of each word that stands for something.
    pub fn fill(&self, command: &str) -> String {
        let id = |arguments: &[&str]| self.listed(arguments).first().cloned().unwrap_or_else(|| "1".to_owned());
        let fresh = |name: &str| {
            self.made.set(self.made.get() + 1);
            format!("{name}-{}", self.made.get())
        };
        let words: Vec<&str> = command.split(' ').collect();
        let is = |word: &str| words.contains(&word);
        let value = |word: &str| match word {
            "ID" if is("held") => id(&["held", "list"]),
            "ID" if is("parked") => id(&["parked", "list"]),
            "ID" => id(&["refused", "list"]),
            "UUID" => id(&["outbox", "list", "--state", "refused"]),
            "NAME" if is("--destination") && !is("--by") => "\"http 0197\"".to_owned(),
            "NAME" if is("token") => "backoffice".to_owned(),
            "NAME" if is("--sender") => "dev@zorgsoft.nl".to_owned(),
            "NAME" => "a.visser".to_owned(),
            "SENDER" => "thuiszorg-noord".to_owned(),
            "NAME," => "disk".to_owned(),
            "ROLE" => "viewer".to_owned(),
            "TEXT" => "proef".to_owned(),
            "FILE" if is("import") => "households.csv".to_owned(),
            "FILE" => fresh("file"),
            "COPY" => "installed/ledger-2026-03-10.sqlite".to_owned(),
            "DIR" if is("--export") => format!("folder-{}", self.made.get()),
            "DIR" => fresh("folder"),
            "DATE" => "2026-01-01".to_owned(),
            "YEAR" => "2026".to_owned(),
            "N" => "5".to_owned(),
            "N:HASH" => self.head(),
            "RULE" => "TR321".to_owned(),
            "VERSION" => self.version_before(),
            "<folder>" => "FOLDER".to_owned(),
            // Three dots, of which nothing is left.
            "\"\"" => "proef".to_owned(),
            word => word.to_owned(),
        };
        let filled = words.iter().map(|word| value(word)).collect::<Vec<_>>().join(" ");
        if filled.ends_with("--reason") { format!("{filled} proef") } else { filled }
    }

    /// The last row of the trail, as it is noted down after a backup.
    fn head(&self) -> String {
        let told = ask(&self.site.path("sluis.toml"), &["ledger", "verify"]);
        let is_head = |word: &&str| word.split_once(':').is_some_and(|(_, hash)| hash.len() == 64);
        let words = |c: char| !c.is_ascii_hexdigit() && c != ':';
        told.split(words).find(is_head).unwrap_or_else(|| panic!("no head in: {told}")).to_owned()
    }

    /// A register that was in force.
    fn version_before(&self) -> String {
        let told = ask(&self.site.path("sluis.toml"), &["contract", "list"]);
        let in_force = told.lines().find_map(|line| line.strip_prefix("* ")?.split(' ').next()).expect("one is");
        let others = told.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        others.filter(|other| *other != in_force).next_back().unwrap_or(in_force).to_owned()
    }
}

/// A ledger whose gateway is stopped.
pub fn resting() -> (Site, Desk) {
    let developers = "[[sender]]\nname = \"zorgsoft\"\nparties = [\"42420001\"]\naccounts_only = true\n";
    let site = Site::new(developers);
    set_aside(&site, 3);
    let desk = Desk::new(&site.path(""));
    (site, desk)
}

/// What `docs/replay.md` begins with: two messages that were set aside, one that nobody can read, and three that passed.
pub fn stored() -> (Site, Daemon, Desk) {
    let site = Site::new("[directory]\npoll = \"20ms\"\n[delivery]\nfirst_retry = \"50ms\"\n");
    set_aside(&site, 2);
    let mut daemon = site.start();
    daemon.address();
    put(&site.incoming(), "3.xml", b"no message");
    let all = |count: &str| ask(&site.path("sluis.toml"), &["parked", "list"]).contains(&format!("{count} set aside"));
    until("three are parked", || all("3"), || site.describe());
    for nummer in 4..=6 {
        put(&site.incoming(), &format!("{nummer}.xml"), &allocation(ELSEWHERE, PROVIDER, nummer));
        let count = usize::try_from(nummer).expect("few") - 3;
        until("it left", || site.left_to(PROVIDER) == count, || site.describe());
    }
    let desk = Desk::new(&site.path(""));
    (site, daemon, desk)
}

/// A desk where certificates are made, and the gateway that takes them, once it is started.
pub struct Senders {
    pub desk: Desk,
    site: Site,
    daemon: Option<Daemon>,
}

impl Senders {
    pub fn new() -> Senders {
        let site = Site::with_config("");
        let desk = Desk::new(&site.path(""));
        fs::write(site.path("start.xml"), start(AALTEN, 1001)).expect("written");
        Senders { desk, site, daemon: None }
    }

    /// Starts the gateway with the section of the page, and the authority that was made at the desk.
    pub fn start_gateway(&mut self) {
        if self.daemon.is_some() {
            return;
        }
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
        fs::create_dir(self.site.path("tls")).expect("made");
        for (name, text) in [
            ("tls/intake.pem", cert.pem()),
            ("gateway-ca.pem", cert.pem()),
            ("tls/intake.key", signing_key.serialize_pem()),
        ] {
            fs::write(self.site.path(name), text).expect("written");
        }
        fs::copy(self.site.path("senders-ca.pem"), self.site.path("tls/senders-ca.pem"))
            .expect("the page has one make it");
        let section = block_of("docs/senders.md", "[intake]").replace("0.0.0.0:8311", "127.0.0.1:0");
        fs::write(
            self.site.path("sluis.toml"),
            format!(
                "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n{section}\n[[sender]]\nname = \"thuiszorg-noord\"\n\
                 parties = [\"{PROVIDER}\"]\ncertificate = \"thuiszorg-noord.example\"\n"
            ),
        )
        .expect("written");
        let mut daemon = self.site.start();
        self.desk.set("INTAKE", &format!("https://localhost:{}", daemon.intake().port()));
        self.daemon = Some(daemon);
    }
}

/// Certificates and keys wherever the sections of the pages name them, all of them the same pair.
pub fn certificates(config: &str, folder: &Path) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("good names");
    params.distinguished_name.push(DnType::CommonName, "page");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signed");
    for line in config.lines().filter(|line| line.contains("_file = \"")) {
        let name = line.split('"').nth(1).expect("a value");
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        if line.starts_with("key_file") {
            Keys::create(&path).expect("a key can be made");
        } else {
            fs::write(path, if name.ends_with(".key") { key.serialize_pem() } else { certificate.pem() })
                .expect("written");
        }
    }
}

/// The first block of a page that begins like this.
pub fn block_of(page: &str, start: &str) -> String {
    let block = Page::read(page).blocks().into_iter().find(|block| block.text.starts_with(start));
    block.unwrap_or_else(|| panic!("{page} has no block {start}")).text
}

/// The broker of the tests, without what the pages make there; it goes with the value.
pub struct Away(Desk);

/// `None` without a broker, which continuous integration does not put up with.
pub fn broker() -> Option<(Desk, Away)> {
    let Ok(management) = std::env::var("SLUIS_TEST_AMQP_MANAGEMENT") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "SLUIS_TEST_AMQP_MANAGEMENT is not set: run ops/test");
        println!("skipped: SLUIS_TEST_AMQP_MANAGEMENT not set (see ops/test)");
        return None;
    };
    let folder = std::env::temp_dir().join(format!("sluis-docs-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let away = Away(Desk::new(&folder));
    away.clear();
    let mut desk = Desk::new(&folder);
    desk.set("MANAGEMENT_PORT", management.rsplit_once(':').expect("it has a port").1);
    Some((desk, away))
}

impl Away {
    fn clear(&self) {
        let users = "[catch rabbit_auth_backend_internal:delete_user(User, <<\"docs\">>) || User <- [<<\"sluis\">>, \
                     <<\"office-0197\">>, <<\"thuiszorg-noord\">>]], catch rabbit_vhost:delete(<<\"care\">>, <<\"docs\">>).";
        let _ = self.0.type_in(&[format!("rabbitmqctl -q eval '{users}'")]);
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.clear();
        let _ = fs::remove_dir_all(&self.0.at);
    }
}

/// The PostgreSQL of the tests with a role and databases of its own, named as nobody else does. They go with the value.
pub struct Server {
    pub desk: Desk,
    name: String,
    site: Site,
    daemon: Option<Daemon>,
}

impl Server {
    /// `None` without a server.
    pub fn open() -> Option<Server> {
        let address = e2e::ledgers::server_address()?;
        let site = Site::with_config("");
        let mut desk = Desk::new(&site.path(""));
        let name = format!("docs_{}", uuid::Uuid::new_v4().simple());
        let (place, _) = address.rsplit_once('/').expect("it names a database");
        desk.set("ADMINISTRATOR", &address);
        desk.set("DATABASE", &format!("{place}/{name}"));
        desk.set("ADDRESS", &format!("{place}/{name}"));
        desk.set("EMPTY_DATABASE", &format!("{place}/{name}_empty"));
        Some(Server { desk, name, site, daemon: None })
    }

    /// Statements of the page, which an administrator types. The role has another name: the superuser here is called `sluis`.
    pub fn statements(&self, text: &str) -> Vec<String> {
        let name = &self.name;
        let place = if text.contains("CREATE DATABASE") { "$ADMINISTRATOR" } else { "$DATABASE" };
        let text = ["ROLE sluis", "DATABASE sluis", "OWNER sluis", "AUTHORIZATION sluis"]
            .iter()
            .fold(text.to_owned(), |text, words| text.replace(words, &words.replace("sluis", name)));
        let statements = text.lines().map(str::trim).filter(|line| !line.is_empty());
        statements.map(|line| format!("psql -X -q -v ON_ERROR_STOP=1 \"{place}\" -c \"{line}\"")).collect()
    }

    fn config(&self, database: &str) -> std::path::PathBuf {
        let address = e2e::ledgers::server_address().expect("it is there");
        let place = address.rsplit_once('@').and_then(|(_, place)| place.rsplit_once('/')).expect("an address").0;
        let file = self.site.path(&format!("{database}.toml"));
        let url = format!("postgres://{}:...@{place}/{database}", self.name);
        fs::write(&file, format!("[ledger]\nurl = \"{url}\"\nkey_file = \"ledger.key\"\n")).expect("written");
        file
    }

    /// A gateway makes its tables in the schema that it was given, with the rights that it has; an empty database is there.
    pub fn use_it(&self) {
        ask(&self.config(&self.name), &["token", "add", "proef", "--scope", "view", "--by", "lezer"]);
        let empty = format!("CREATE DATABASE {}_empty", self.name);
        self.desk
            .type_in(&[format!("psql -X -q \"$ADMINISTRATOR\" -c '{empty}'")])
            .unwrap_or_else(|said| panic!("{said}"));
    }

    /// A gateway on the ledger, which its configuration in the folder names.
    pub fn start_gateway(&mut self) {
        let ledger = fs::read_to_string(self.config(&self.name)).expect("it was written");
        let more = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n[contract]\nregion = '{}'\n",
            region().display()
        );
        fs::write(self.site.path("sluis.toml"), format!("{ledger}{more}")).expect("written");
        self.daemon = Some(self.site.start());
        let config = self.site.path("sluis.toml");
        until(
            "it is there",
            || ask(&config, &["members"]).contains("looks after: books, survey"),
            || self.site.describe(),
        );
    }

    /// What was restored is the ledger that was dumped.
    pub fn assert_restored(&self) {
        let restored = self.config(&format!("{}_empty", self.name));
        assert!(ask(&restored, &["token", "list"]).contains("proef"));
        ask(&restored, &["ledger", "verify"]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.daemon = None;
        let name = &self.name;
        for statement in [
            format!("DROP DATABASE IF EXISTS {name}_empty"),
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("DROP ROLE IF EXISTS {name}"),
        ] {
            e2e::ledgers::run(&statement);
        }
    }
}
