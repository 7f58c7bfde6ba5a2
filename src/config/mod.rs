//! The configuration: a file, overridden by environment variables, parsed into types and checked as a whole.
//!
//! `config/sluis.toml` is part of the program: it names every key with its default, and a test keeps the two equal.
//! Any key of a plain section can be overridden by a variable `SLUIS_<SECTION>_<KEY>`, such as `SLUIS_AMQP_URL` or
//! `SLUIS_LEDGER_PATH`; lists are then separated by commas. With `_FILE` after its name a variable names a file with the
//! value. `[policy]`, `[[sender]]`, `[[silence]]` and `[[back_office]]` live in the file only. Paths are relative to the
//! folder of the configuration file, also those from the environment.
//!
//! Nothing here looks at the world, except [`load`], which reads the file itself and those that variables name, and asks
//! whether the certificate files that it names can be read.

mod console;
mod fault;
mod http_intake;
pub mod keys;
mod oidc;
mod read;
mod retention;
mod secret;
mod secret_files;
mod senders;
mod show;
mod silence;
mod units;

pub use console::Console;
pub use fault::ConfigFault;
pub(crate) use fault::nearest;
pub use http_intake::{HttpIntake, Listener, ServerFiles};
pub use oidc::Oidc;
pub use secret::Secret;

use crate::ledger::{Location, Server};
use crate::retention::Retention;
use crate::rules::UnknownQuestion;
use crate::sender::Senders;
use crate::silence::Expectation;
use read::{Raw, Reader, Section, Wrong, line_at, wrong};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml_edit::Document;

/// The annotated default configuration; the reference of all keys.
pub const REFERENCE: &str = include_str!("../../config/sluis.toml");

/// A message that waits is answered later; three working days is the term of a reply (OP090).
const LONGEST_WAIT: Duration = Duration::from_hours(72);

/// A shorter lapse would take a busy machine for a dead one; a longer one leaves work lying.
const LAPSES: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(10);

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `[gateway]`
    pub gateway: Gateway,
    /// `[intake]`: where messages come in.
    pub intake: BTreeSet<Transport>,
    /// `[[sender]]`, `[intake] senders` and `open`: who may send in whose name.
    pub senders: Senders,
    /// `[http_intake]`
    pub http_intake: HttpIntake,
    /// `[console]`
    pub console: Console,
    /// `[oidc]`; `None` without an issuer.
    pub oidc: Option<Oidc>,
    /// `[directory]`
    pub directory: Directory,
    /// `[amqp]`; `None` without an address.
    pub amqp: Option<Amqp>,
    /// `[ledger]`
    pub ledger: Ledger,
    /// `[http]`
    pub http: Http,
    /// `[limits]`
    pub limits: Limits,
    /// `[replies] unknown`: what becomes of a reply to a message that nobody knows.
    pub unknown_question: UnknownQuestion,
    /// `[contract] region`: folders of region profiles.
    pub regions: Vec<PathBuf>,
    /// `[contract] store`: folder with imported registers, version by version.
    pub register_store: Option<PathBuf>,
    /// `[contract] poll`: how often the registers are looked at.
    pub register_poll: Duration,
    /// `[policy]`: word (`observe`, `signal`, `hold`, `answer`) per check, and per check and municipality. A check that
    /// is not named here is up to the catalogue of checks.
    pub policy: BTreeMap<(String, Option<String>), String>,
    /// `[[back_office]]`, by municipality.
    pub back_offices: BTreeMap<String, BackOffice>,
    /// `[delivery]`
    pub delivery: Delivery,
    /// `[log]`
    pub log: Log,
    /// `[waiting_room]`
    pub waiting_room: WaitingRoom,
    /// `[holds]`
    pub holds: Holds,
    /// `[retention]`
    pub retention: Retention,
    /// `[[silence]]`
    pub silence: Vec<Expectation>,
    /// `[shutdown]`
    pub shutdown: Shutdown,
}

/// A way in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Folders.
    Directory,
    /// `RabbitMQ`.
    Amqp,
    /// POST of messages; only a way in.
    Http,
}

impl Transport {
    /// All, in display order.
    pub const ALL: [Transport; 3] = [Transport::Directory, Transport::Amqp, Transport::Http];
    /// Those by which messages leave that are not for a back office.
    pub const OUT: [Transport; 2] = [Transport::Directory, Transport::Amqp];

    /// The word in the configuration, in metrics and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Directory => "directory",
            Transport::Amqp => "amqp",
            Transport::Http => "http",
        }
    }
}

/// Who this gateway is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Name in `app_id` of what it sends and in its logs.
    pub name: String,
    /// How often it tells the other gateways on its ledger that it lives.
    pub heartbeat: Duration,
    /// After how long silence it counts as gone.
    pub lapse: Duration,
}

/// The directory transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Folder that holds `in/`, `out/` and `error/`.
    pub root: PathBuf,
    /// How often `in/` is looked at.
    pub poll: Duration,
    /// Files taken per look.
    pub files_per_round: usize,
}

/// The broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amqp {
    /// `amqp://` or `amqps://` address with login and virtual host.
    pub url: Secret,
    /// Queues that messages come in by; one at least, each once.
    pub queues: Vec<String>,
    /// Queue for what cannot be handled and for error reports without a receiver.
    pub parked_queue: String,
    /// Topic exchange for replies, forwards and error reports.
    pub exchange_out: String,
    /// Topic exchange for signals.
    pub exchange_signals: String,
    /// Messages that the broker may hand over before the first is acknowledged.
    pub prefetch: u16,
    /// Bytes of message bodies in work at once.
    pub prefetch_bytes: u64,
    /// Whether the gateway declares queues and exchanges itself.
    pub declare: bool,
    /// Address of the management plugin with a login, for `sluis doctor`.
    pub management_url: Option<Secret>,
    /// Whether the broker hands a queue to one consumer at a time; `None`: when several gateways share a ledger.
    pub single_active_consumer: Option<bool>,
    /// Times that a message which was handed out before is taken once more, before it is parked unread.
    pub max_takes: u32,
    /// Messages published on one channel before their confirms are awaited.
    pub confirm_window: usize,
    /// Longest wait for a confirm.
    pub confirm_deadline: Duration,
    /// Certificates. A named authority counts instead of those of the system.
    pub tls: TlsFiles,
}

impl Amqp {
    /// These settings for a gateway that shares its ledger with others, or has it to itself: what `"auto"` means.
    #[must_use]
    pub fn for_ledger(mut self, shared: bool) -> Amqp {
        self.single_active_consumer.get_or_insert(shared);
        self
    }
}

/// Certificates for a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsFiles {
    /// Authority that signs the other side's certificate, PEM.
    pub ca_file: Option<PathBuf>,
    /// Own certificate with its chain, PEM.
    pub client_cert_file: Option<PathBuf>,
    /// Key of the own certificate, PEM (PKCS#8).
    pub client_key_file: Option<PathBuf>,
}

impl TlsFiles {
    /// The files that are named, with their keys.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("ca_file", self.ca_file.as_deref()),
            ("client_cert_file", self.client_cert_file.as_deref()),
            ("client_key_file", self.client_key_file.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, file)| file.map(|file| (key, file)))
    }
}

/// The durable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// A file, or a schema on a server.
    pub location: Location,
    /// Address of the server, when it is on one.
    pub url: Option<Secret>,
    /// Certificates for the server. A named authority counts instead of those of the system.
    pub tls: TlsFiles,
    /// File with the key that bodies are encrypted with.
    pub key_file: PathBuf,
}

/// The server for metrics and health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http {
    /// Address and port.
    pub listen: SocketAddr,
}

/// What a message may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message.
    pub max_bytes: u64,
    /// Nesting of elements.
    pub max_depth: usize,
    /// Attributes of one element.
    pub max_attributes: usize,
    /// Characters of one value.
    pub max_value_chars: usize,
    /// Faults reported per message.
    pub max_faults: usize,
}

/// A municipality's back office, reached over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackOffice {
    /// CBS code, four digits.
    pub gemeente: String,
    /// Address to POST to; may hold a login.
    pub url: Secret,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Requests under way at once; with 1 they come in their order.
    pub in_flight: usize,
    /// What becomes of those behind a delivery that it refuses; `None`: as `[delivery]` says.
    pub order: Option<Order>,
    /// Certificates. A named authority counts instead of those of the system.
    pub tls: TlsFiles,
}

/// Delivery of what leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Where everything goes that is not for a back office.
    pub default: Transport,
    /// Wait after the first failed attempt.
    pub first_retry: Duration,
    /// Longest wait between attempts.
    pub max_retry: Duration,
    /// Rows in flight at once.
    pub window: usize,
    /// Wait between two attempts at a destination while a person has to act.
    pub slow_retry: Duration,
    /// Failures of a destination in a row after which it is left alone for a while.
    pub breaker_after: u32,
    /// Times that a receiver may refuse a delivery for what it is before that is set aside.
    pub set_aside_after: u32,
    /// What becomes of those behind a delivery that is refused.
    pub order: Order,
}

/// What becomes of those behind a delivery that its receiver refuses for what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// They wait until it is taken: the order holds whatever happens.
    Strict,
    /// It is set aside after a few attempts, and they go on.
    Skip,
}

impl Order {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Strict => "strict",
            Order::Skip => "skip",
        }
    }
}

/// Log lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Level, or a filter such as `info,sluis::delivery=debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// How long a message may wait for one that it refers to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingRoom {
    /// Longest wait; `None`: nothing waits.
    pub longest: Option<Duration>,
    /// Most messages that wait at once; beyond that they are judged as they come.
    pub max_messages: u64,
}

/// Outgoing allocations that wait for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    /// Working days after which one is named.
    pub remind_after: u32,
}

/// Stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How long work in progress gets to finish.
    pub deadline: Duration,
}

/// Reads the configuration from a file and overrides it from `env`. All faults are reported at once.
pub fn load(path: &Path, env: &BTreeMap<String, String>) -> Result<Config, Vec<ConfigFault>> {
    match examine(path, env) {
        (Some(config), faults) if faults.is_empty() => Ok(config),
        (_, faults) => Err(faults),
    }
}

/// The configuration of a file as far as it can be understood, and all that is wrong with it. With a fault it is for
/// looking at more faults only: what is wrong has its default.
pub fn examine(path: &Path, env: &BTreeMap<String, String>) -> (Option<Config>, Vec<ConfigFault>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let fault = ConfigFault {
                file: path.display().to_string(),
                line: None,
                key: String::new(),
                wrong: format!("the file cannot be read ({error})"),
                todo: "check the path and the rights, or name another file with --config".to_owned(),
            };
            return (None, vec![fault]);
        }
    };
    let base = path.parent().unwrap_or(Path::new(""));
    let (env, mut faults) = secret_files::read(base, env, &keys::variables());
    let config = match read_text(path, &text, &env) {
        Ok((config, of_keys)) => {
            faults.extend(of_keys);
            faults.extend(config.unreadable_files());
            Some(config)
        }
        Err(of_text) => {
            faults.extend(of_text);
            None
        }
    };
    // Those of the file by line, then the others.
    faults.sort_by_key(|fault| (fault.line.is_none(), fault.line));
    (config, faults)
}

/// Parses the text of a configuration file, which would stand at `path`, and overrides it from `env`.
pub fn parse(path: &Path, text: &str, env: &BTreeMap<String, String>) -> Result<Config, Vec<ConfigFault>> {
    let (config, faults) = read_text(path, text, env)?;
    if faults.is_empty() { Ok(config) } else { Err(faults) }
}

/// What the text says as far as it can be understood, and all that is wrong with it; `Err` when it is not TOML.
fn read_text(
    path: &Path,
    text: &str,
    env: &BTreeMap<String, String>,
) -> Result<(Config, Vec<ConfigFault>), Vec<ConfigFault>> {
    match Document::parse(text.to_owned()) {
        Ok(document) => {
            let (config, reader) = read_all(path, text, &document, env);
            Ok((config, reader.finish()))
        }
        Err(error) => Err(vec![ConfigFault {
            file: path.display().to_string(),
            line: error.span().map(|span| line_at(text, span.start)),
            key: String::new(),
            wrong: format!("this is not TOML ({})", error.message()),
            todo: "correct the line; config/sluis.toml shows how every key is written".to_owned(),
        }]),
    }
}

impl Config {
    /// The defaults for a program started in `base` without a configuration file.
    pub fn defaults(base: &Path, env: &BTreeMap<String, String>) -> Result<Config, Vec<ConfigFault>> {
        parse(&base.join("sluis.toml"), "", env)
    }

    /// Everything inside `dir`, nothing outside: directory transport, ledger, and a free port of this machine.
    pub fn embedded(dir: &Path) -> Config {
        let mut config =
            Config::defaults(dir, &BTreeMap::new()).expect("the defaults have no faults, a test sees to that");
        config.directory.poll = Duration::from_millis(50);
        config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config
    }

    /// The configuration in effect as TOML, secrets as stars.
    pub fn show(&self) -> String {
        show::show(self)
    }

    /// Whether messages come in or leave as files in folders.
    pub fn uses_folders(&self) -> bool {
        self.intake.contains(&Transport::Directory) || self.delivery.default == Transport::Directory
    }

    /// The transports in use on which what a message says of its sender is believed.
    pub fn open_transports(&self) -> Vec<&'static str> {
        let transports = self.intake.iter().map(|transport| transport.as_str());
        transports.filter(|transport| !self.senders.are_bound_on(transport)).collect()
    }

    /// Certificate and key files that are named, with section and key.
    pub fn named_files(&self) -> Vec<(String, &'static str, &Path)> {
        let amqp = self.amqp.iter().map(|amqp| ("amqp".to_owned(), amqp.tls.files().collect::<Vec<_>>()));
        let offices = self
            .back_offices
            .values()
            .map(|office| (format!("back_office {}", office.gemeente), office.tls.files().collect()));
        let http = [
            ("http_intake".to_owned(), self.http_intake.files().collect()),
            ("console".to_owned(), self.console.files().collect()),
            ("oidc".to_owned(), self.oidc.iter().flat_map(Oidc::files).collect()),
        ];
        let ledger = std::iter::once(("ledger".to_owned(), self.ledger.tls.files().collect()));
        let all = amqp.chain(offices).chain(http).chain(ledger);
        all.flat_map(|(section, files)| files.into_iter().map(move |(key, file)| (section.clone(), key, file)))
            .collect()
    }

    /// Files that are named but cannot be read.
    fn unreadable_files(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        for (section, key, file) in self.named_files() {
            if let Err(error) = std::fs::File::open(file) {
                faults.push(ConfigFault {
                    file: file.display().to_string(),
                    line: None,
                    key: format!("{section}.{key}"),
                    wrong: format!("the file cannot be read ({error})"),
                    todo: "check the path, which is relative to the configuration file, and the rights".to_owned(),
                });
            }
        }
        faults
    }
}

/// Asks for every key. A configuration is only used when its reader noted no fault.
fn read_all<'t>(
    path: &Path,
    text: &'t str,
    document: &'t Document<String>,
    env: &'t BTreeMap<String, String>,
) -> (Config, Reader<'t>) {
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader::new(path, text, Some(document), env);
    let (regions, register_store, register_poll) = read_contract(&mut reader, &base);
    let (intake, senders) = read_intake(&mut reader);
    let console = console::read(&mut reader, &base);
    let config = Config {
        gateway: read_gateway(&mut reader),
        directory: read_directory(&mut reader, &base),
        amqp: read_amqp(&mut reader, &base),
        oidc: oidc::read(&mut reader, &base, &console),
        console,
        http_intake: http_intake::read(&mut reader, &base, &intake),
        intake,
        senders,
        ledger: read_ledger(&mut reader, &base),
        http: read_http(&mut reader),
        limits: read_limits(&mut reader),
        unknown_question: read_replies(&mut reader),
        regions,
        register_store,
        register_poll,
        policy: read_policy(&mut reader),
        back_offices: read_back_offices(&mut reader, &base),
        delivery: read_delivery(&mut reader),
        log: read_log(&mut reader),
        waiting_room: read_waiting_room(&mut reader),
        holds: read_holds(&mut reader),
        retention: retention::read(&mut reader),
        silence: silence::read(&mut reader),
        shutdown: read_shutdown(&mut reader),
    };
    check_amqp_address(&mut reader, &config);
    http_intake::check_room(&mut reader, &config);
    (config, reader)
}

fn read_gateway(reader: &mut Reader<'_>) -> Gateway {
    let section = reader.section("gateway");
    let name = reader.value(&section, "name", "sluis".to_owned(), |raw| {
        let name = raw.text()?;
        if name.is_empty() || name.len() > 60 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return wrong("the name does not fit", "use 1 to 60 letters, digits, dots, dashes and underscores");
        }
        Ok(name)
    });
    let heartbeat = reader.value(&section, "heartbeat", Duration::from_secs(3), Raw::duration);
    let lapse = reader.value(&section, "lapse", Duration::from_secs(12), |raw| match raw.duration() {
        Ok(lapse) if !LAPSES.contains(&lapse) => wrong("it is too short or too long", "use 1s to 10m"),
        other => other,
    });
    if heartbeat.saturating_mul(3) > lapse {
        let at = reader.place(&section, "heartbeat");
        reader.fault(
            &at,
            "one lost sign of life must not make a gateway count as gone",
            "make it at most a third of lapse",
        );
    }
    reader.unknown_keys(&section);
    Gateway { name, heartbeat, lapse }
}

fn read_intake(reader: &mut Reader<'_>) -> (BTreeSet<Transport>, Senders) {
    let section = reader.section("intake");
    let transports = reader.value(&section, "transports", BTreeSet::from([Transport::Directory]), |raw| {
        let names = raw.texts()?;
        if names.is_empty() {
            return wrong("no transport is named", "name \"directory\", \"amqp\", \"http\" or more of them");
        }
        names.iter().map(|name| transport(name, &Transport::ALL)).collect()
    });
    let senders = senders::read(reader, &transports);
    reader.unknown_keys(&section);
    (transports, senders)
}

fn transport(name: &str, known: &[Transport]) -> Result<Transport, Wrong> {
    if let Some(transport) = known.iter().find(|transport| transport.as_str() == name) {
        return Ok(*transport);
    }
    let names: Vec<String> = known.iter().map(|transport| format!("\"{}\"", transport.as_str())).collect();
    wrong(format!("\"{name}\" is not a transport here"), format!("use {}", names.join(" or ")))
}

fn read_directory(reader: &mut Reader<'_>, base: &Path) -> Directory {
    let section = reader.section("directory");
    let directory = Directory {
        root: reader.value(&section, "root", base.join("spool"), |raw| raw.path(base)),
        poll: reader.value(&section, "poll", Duration::from_millis(500), Raw::duration),
        files_per_round: reader.value(&section, "files_per_round", 500, |raw| number(raw, 1, 100_000)),
    };
    reader.unknown_keys(&section);
    directory
}

fn read_amqp(reader: &mut Reader<'_>, base: &Path) -> Option<Amqp> {
    let section = reader.section("amqp");
    let url = reader.optional(&section, "url", |raw| {
        let url = secret(raw)?;
        match url.expose().parse::<lapin::uri::AMQPUri>() {
            Ok(_) if has_authority(&url) => Ok(url),
            Ok(_) | Err(_) => wrong(
                "this is not an AMQP address",
                "write amqp://user:password@host:port/vhost, or amqps:// for TLS; a slash in the vhost is %2f",
            ),
        }
    });
    let amqp = Amqp {
        url: url.clone().unwrap_or_else(|| Secret::new("")),
        queues: read_queues(reader, &section),
        parked_queue: read_amqp_name(reader, &section, "parked_queue", "sluis.parked"),
        exchange_out: read_amqp_name(reader, &section, "exchange_out", "sluis.out"),
        exchange_signals: read_amqp_name(reader, &section, "exchange_signals", "sluis.signals"),
        prefetch: reader.value(&section, "prefetch", 256, |raw| number(raw, 1, 2_000)),
        prefetch_bytes: reader.value(&section, "prefetch_bytes", 200_000_000, Raw::size),
        declare: reader.value(&section, "declare", true, Raw::boolean),
        management_url: reader.optional(&section, "management_url", web_address),
        single_active_consumer: reader.value(&section, "single_active_consumer", None, auto_or_boolean),
        max_takes: reader.value(&section, "max_takes", 5, |raw| number(raw, 1, 90)),
        confirm_window: reader.value(&section, "confirm_window", 64, |raw| number(raw, 1, 1_000)),
        confirm_deadline: reader.value(&section, "confirm_deadline", Duration::from_secs(30), |raw| {
            match raw.duration()? {
                deadline if deadline < Duration::from_secs(1) || deadline > Duration::from_mins(10) => {
                    wrong("no broker confirms that quickly, and nobody should wait that long", "use 1s to 10m")
                }
                deadline => Ok(deadline),
            }
        }),
        tls: read_tls(reader, &section, base),
    };
    if amqp.queues.contains(&amqp.parked_queue) {
        let at = reader.place(&section, "parked_queue");
        reader.fault(&at, "it is the queue that messages come in by", "give parked messages a queue of their own");
    }
    let plain = url.as_ref().is_some_and(|url| url.expose().starts_with("amqp://"));
    if plain && amqp.tls.files().next().is_some() {
        let at = reader.place(&section, "url");
        reader.fault(&at, "certificates are named, but amqp:// does not use them", "write amqps://");
    }
    reader.unknown_keys(&section);
    url.map(|_| amqp)
}

/// Most queues that one gateway takes from: each has a connection of its own.
const MOST_QUEUES: usize = 32;

fn read_queues<'t>(reader: &mut Reader<'t>, section: &Section<'t>) -> Vec<String> {
    reader.value(section, "queue", vec!["sluis.in".to_owned()], |raw| {
        let names = raw.texts()?;
        if names.is_empty() || names.len() > MOST_QUEUES {
            return wrong("no queue is named, or too many", format!("name 1 to {MOST_QUEUES} queues"));
        }
        if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
            return wrong("a queue is named twice", "name each queue once");
        }
        names.into_iter().map(amqp_name).collect()
    })
}

fn read_amqp_name<'t>(reader: &mut Reader<'t>, section: &Section<'t>, key: &'static str, default: &str) -> String {
    reader.value(section, key, default.to_owned(), |raw| amqp_name(raw.text()?))
}

fn amqp_name(name: String) -> Result<String, Wrong> {
    match name.len() {
        1..=255 => Ok(name),
        _ => wrong("the name is empty or longer than the broker allows", "use 1 to 255 characters"),
    }
}

fn auto_or_boolean(raw: &Raw) -> Result<Option<bool>, Wrong> {
    if raw.text().is_ok_and(|text| text == "auto") {
        return Ok(None);
    }
    raw.boolean().map(Some).or_else(|_| wrong("this is not a choice", "write \"auto\", true or false"))
}

/// A way in or out over AMQP needs an address. An address that is wrong was reported where it stands.
fn check_amqp_address(reader: &mut Reader<'_>, config: &Config) {
    let section = reader.section("amqp");
    if config.amqp.is_some() || reader.raw(&section, "url").is_some() {
        return;
    }
    let users = [
        ("intake", "transports", config.intake.contains(&Transport::Amqp)),
        ("delivery", "default", config.delivery.default == Transport::Amqp),
    ];
    for (name, key, used) in users {
        if used {
            let section = reader.section(name);
            let at = reader.place(&section, key);
            reader.fault(
                &at,
                "it names amqp, but there is no address of a broker",
                "set url in [amqp] or the variable SLUIS_AMQP_URL, or use \"directory\"",
            );
        }
    }
}

fn read_tls<'t>(reader: &mut Reader<'t>, section: &Section<'t>, base: &Path) -> TlsFiles {
    let tls = TlsFiles {
        ca_file: reader.optional(section, "ca_file", |raw| raw.path(base)),
        client_cert_file: reader.optional(section, "client_cert_file", |raw| raw.path(base)),
        client_key_file: reader.optional(section, "client_key_file", |raw| raw.path(base)),
    };
    let halves = [("client_cert_file", &tls.client_cert_file), ("client_key_file", &tls.client_key_file)];
    if let [(key, Some(_)), (other, None)] | [(other, None), (key, Some(_))] = halves {
        let at = reader.place(section, key);
        reader.fault(&at, format!("it stands without {other}"), "name both, or neither");
    }
    tls
}

fn read_replies(reader: &mut Reader<'_>) -> UnknownQuestion {
    let section = reader.section("replies");
    let unknown = reader.value(&section, "unknown", UnknownQuestion::default(), |raw| {
        let word = raw.text()?;
        match UnknownQuestion::ALL.into_iter().find(|unknown| unknown.as_str() == word) {
            Some(unknown) => Ok(unknown),
            None => wrong(format!("\"{word}\" is not a choice"), "use \"refuse\" or \"relay\""),
        }
    });
    reader.unknown_keys(&section);
    unknown
}

/// Schema of a ledger on a server.
const DEFAULT_SCHEMA: &str = "sluis";

fn read_ledger(reader: &mut Reader<'_>, base: &Path) -> Ledger {
    let section = reader.section("ledger");
    let path = reader.optional(&section, "path", |raw| raw.path(base));
    let key_file = reader.value(&section, "key_file", base.join("ledger.key"), |raw| raw.path(base));
    let url = reader.optional(&section, "url", secret);
    let schema = reader.optional(&section, "schema", Raw::text);
    let tls = read_tls(reader, &section, base);
    let location = if let Some(url) = &url {
        if path.is_some() {
            let at = reader.place(&section, "path");
            let wrong = "the ledger is on a server already, by url";
            reader.fault(&at, wrong, "name a file for one gateway, or a url for several; remove the other");
        }
        read_server(reader, &section, url, schema.as_deref().unwrap_or(DEFAULT_SCHEMA), &tls)
    } else {
        for key in ["schema", "ca_file", "client_cert_file", "client_key_file"] {
            if let Some(raw) = reader.raw(&section, key) {
                reader.fault(&raw.at, "it stands without url", "set url as well, or remove it");
            }
        }
        Location::File(path.unwrap_or_else(|| base.join("ledger.sqlite")))
    };
    if location.file() == Some(&key_file) {
        let at = reader.place(&section, "key_file");
        reader.fault(&at, "it is the database itself", "keep the key in another file, preferably on another disk");
    }
    reader.unknown_keys(&section);
    Ledger { location, url, tls, key_file }
}

fn read_server<'t>(
    reader: &mut Reader<'t>,
    section: &Section<'t>,
    url: &Secret,
    schema: &str,
    tls: &TlsFiles,
) -> Location {
    match Server::parse(url, schema, tls) {
        Ok(server) => Location::Server(server),
        Err(fault) => {
            let key = if fault.is_of_schema { "schema" } else { "url" };
            let at = reader.place(section, key);
            reader.fault(&at, fault.what, fault.todo);
            // Never opened: a configuration with a fault is refused.
            Location::Memory
        }
    }
}

fn read_http(reader: &mut Reader<'_>) -> Http {
    let section = reader.section("http");
    let default = SocketAddr::from(([127, 0, 0, 1], 8310));
    let listen = reader.value(&section, "listen", default, |raw| raw.address("127.0.0.1:8310"));
    reader.unknown_keys(&section);
    Http { listen }
}

fn read_limits(reader: &mut Reader<'_>) -> Limits {
    let section = reader.section("limits");
    let limits = Limits {
        max_bytes: reader.value(&section, "max_bytes", 25_000_000, Raw::size),
        // The deepest message has eight levels, and senders put four attributes on the first tag.
        max_depth: reader.value(&section, "max_depth", 100, |raw| number(raw, 8, 10_000)),
        max_attributes: reader.value(&section, "max_attributes", 64, |raw| number(raw, 4, 10_000)),
        max_value_chars: reader.value(&section, "max_value_chars", 65_536, |raw| number(raw, 300, 10_000_000)),
        max_faults: reader.value(&section, "max_faults", 1_000, |raw| number(raw, 1, 1_000_000)),
    };
    reader.unknown_keys(&section);
    limits
}

fn read_contract(reader: &mut Reader<'_>, base: &Path) -> (Vec<PathBuf>, Option<PathBuf>, Duration) {
    let section = reader.section("contract");
    let regions = reader.value(&section, "region", Vec::new(), |raw| {
        let folders = raw.texts()?;
        if folders.iter().any(|folder| folder.trim().is_empty()) {
            return wrong("a folder without a name", "name the folder of a region, or leave the key out");
        }
        Ok(folders.iter().map(|folder| base.join(folder)).collect())
    });
    let store = reader.optional(&section, "store", |raw| raw.path(base));
    let poll = reader.value(&section, "poll", Duration::from_secs(5), Raw::duration);
    reader.unknown_keys(&section);
    (regions, store, poll)
}

fn read_policy(reader: &mut Reader<'_>) -> BTreeMap<(String, Option<String>), String> {
    let section = reader.section_without_variables("policy");
    let (values, tables) = reader.entries(&section);
    let mut words: Vec<(Option<String>, String, Raw)> =
        values.into_iter().map(|(check, raw)| (None, check, raw)).collect();
    for (gemeente, table) in tables {
        if !is_gemeente(&gemeente) {
            let at = reader.label(&table);
            reader.fault(
                &at,
                "this is not the code of a municipality",
                "write its CBS code, such as [policy.\"0197\"]",
            );
        }
        let (values, deeper) = reader.entries(&table);
        words.extend(values.into_iter().map(|(check, raw)| (Some(gemeente.clone()), check, raw)));
        for (_, table) in deeper {
            let at = reader.label(&table);
            reader.fault(&at, "a policy goes no deeper than a municipality", "write it as check = \"word\"");
        }
    }
    let mut policy = BTreeMap::new();
    for (gemeente, check, raw) in words {
        if let Some(word) = reader.parsed(&raw, |raw| policy_word(&check, raw)) {
            policy.insert((check, gemeente), word);
        }
    }
    policy
}

fn policy_word(check: &str, raw: &Raw) -> Result<String, Wrong> {
    let (group, number) = check.split_at_checked(1).unwrap_or(("", ""));
    if !"ABCDEF".contains(group) || !matches!(number.len(), 1 | 2) || number.parse::<u8>().is_err() {
        return wrong(format!("\"{check}\" is not a check"), "name a check of the catalogue, such as A1 or D12");
    }
    let word = raw.text()?;
    if !["observe", "signal", "hold", "answer"].contains(&word.as_str()) {
        return wrong(format!("\"{word}\" is not a policy"), "use \"observe\", \"signal\", \"hold\" or \"answer\"");
    }
    Ok(word)
}

fn is_gemeente(code: &str) -> bool {
    code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_back_offices(reader: &mut Reader<'_>, base: &Path) -> BTreeMap<String, BackOffice> {
    let mut offices = BTreeMap::new();
    for section in reader.repeated("back_office") {
        let gemeente = required(reader, &section, "gemeente", "the CBS code of the municipality", |raw| {
            let code = raw.text()?;
            if is_gemeente(&code) {
                return Ok(code);
            }
            wrong(format!("\"{code}\" is not the code of a municipality"), "write the four digits of its CBS code")
        });
        let url = required(reader, &section, "url", "the address to send to", web_address);
        let timeout = reader.value(&section, "timeout", Duration::from_secs(30), Raw::duration);
        let in_flight = reader.value(&section, "in_flight", 1, |raw| number(raw, 1, 64));
        let order = reader.optional(&section, "order", order);
        let tls = read_tls(reader, &section, base);
        reader.unknown_keys(&section);
        let (Some(gemeente), Some(url)) = (gemeente, url) else { continue };
        if offices.contains_key(&gemeente) {
            let at = reader.place(&section, "gemeente");
            reader.fault(&at, format!("municipality {gemeente} has a back office already"), "keep one of the two");
            continue;
        }
        offices.insert(gemeente.clone(), BackOffice { gemeente, url, timeout, in_flight, order, tls });
    }
    offices
}

fn required<'t, T>(
    reader: &mut Reader<'t>,
    section: &Section<'t>,
    key: &'static str,
    what: &str,
    parse: impl FnOnce(&Raw) -> Result<T, Wrong>,
) -> Option<T> {
    if reader.raw(section, key).is_none() {
        let at = reader.place(section, key);
        reader.fault(&at, "it is missing", format!("add {what}"));
        return None;
    }
    reader.optional(section, key, parse)
}

fn web_address(raw: &Raw) -> Result<Secret, Wrong> {
    let url = secret(raw)?;
    let parsed = match reqwest::Url::parse(url.expose()) {
        Ok(parsed) if has_authority(&url) => parsed,
        Ok(_) | Err(_) => return wrong("this is not a web address", "write https://host/path"),
    };
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match parsed.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        "http" => wrong("messages would travel in plain text", "write https://; http:// is for this machine only"),
        _ => wrong("this is not a web address", "write https://host/path"),
    }
}

fn read_delivery(reader: &mut Reader<'_>) -> Delivery {
    let section = reader.section("delivery");
    let delivery = Delivery {
        default: reader
            .value(&section, "default", Transport::Directory, |raw| transport(&raw.text()?, &Transport::OUT)),
        first_retry: reader.value(&section, "first_retry", Duration::from_secs(1), Raw::duration),
        max_retry: reader.value(&section, "max_retry", Duration::from_mins(5), Raw::duration),
        window: reader.value(&section, "window", 256, |raw| number(raw, 1, 10_000)),
        slow_retry: reader.value(&section, "slow_retry", Duration::from_mins(10), Raw::duration),
        breaker_after: reader.value(&section, "breaker_after", 5, |raw| number(raw, 1, 1_000)),
        set_aside_after: reader.value(&section, "set_aside_after", 3, |raw| number(raw, 1, 1_000)),
        order: reader.value(&section, "order", Order::Skip, order),
    };
    if delivery.first_retry > delivery.max_retry {
        let at = reader.place(&section, "first_retry");
        reader.fault(
            &at,
            "the first wait is longer than the longest (max_retry)",
            "make it shorter, or max_retry longer",
        );
    }
    reader.unknown_keys(&section);
    delivery
}

fn order(raw: &Raw) -> Result<Order, Wrong> {
    let word = raw.text()?;
    match [Order::Strict, Order::Skip].into_iter().find(|order| order.as_str() == word) {
        Some(order) => Ok(order),
        None => wrong(format!("\"{word}\" is not an order"), "use \"strict\" or \"skip\""),
    }
}

fn read_log(reader: &mut Reader<'_>) -> Log {
    let section = reader.section("log");
    let log = Log {
        level: reader.value(&section, "level", "info".to_owned(), |raw| {
            let level = raw.text()?;
            if is_log_filter(&level) {
                return Ok(level);
            }
            wrong(
                format!("\"{level}\" is not a level"),
                "use error, warn, info, debug or trace, or a filter such as \"info,sluis::delivery=debug\"",
            )
        }),
        format: reader.value(&section, "format", LogFormat::Text, |raw| match raw.text()?.as_str() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => wrong(format!("\"{other}\" is not a format"), "use \"text\" or \"json\""),
        }),
    };
    reader.unknown_keys(&section);
    log
}

/// A filter names levels: the crate that reads it would take a lone word for the name of a module.
fn is_log_filter(text: &str) -> bool {
    let is_level = |word: &str| !word.is_empty() && word.parse::<tracing::metadata::LevelFilter>().is_ok();
    text.parse::<tracing_subscriber::filter::Targets>().is_ok()
        && text.split(',').all(|part| is_level(part.rsplit_once('=').map_or(part, |(_, level)| level).trim()))
}

fn read_waiting_room(reader: &mut Reader<'_>) -> WaitingRoom {
    let section = reader.section("waiting_room");
    let room = WaitingRoom {
        longest: reader.optional(&section, "longest", |raw| match raw.duration() {
            Ok(longest) if longest > LONGEST_WAIT => wrong(
                "this is longer than a reply may take",
                "use at most 3d: replies are due within three working days, counted from receipt",
            ),
            other => other,
        }),
        max_messages: reader.value(&section, "max_messages", 10_000, |raw| number(raw, 1, 1_000_000)),
    };
    reader.unknown_keys(&section);
    room
}

fn read_holds(reader: &mut Reader<'_>) -> Holds {
    let section = reader.section("holds");
    let remind_after = reader.value(&section, "remind_after", 1, |raw| number(raw, 0, 60));
    reader.unknown_keys(&section);
    Holds { remind_after }
}

fn read_shutdown(reader: &mut Reader<'_>) -> Shutdown {
    let section = reader.section("shutdown");
    let deadline = reader.value(&section, "deadline", Duration::from_secs(20), Raw::duration);
    reader.unknown_keys(&section);
    Shutdown { deadline }
}

/// Whether an address names a host where it should. Parsers are generous: to them `amqp:/user:password@host` is an
/// address of this machine.
fn has_authority(url: &Secret) -> bool {
    url.expose().split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// A text whose faults never repeat it.
fn secret(raw: &Raw) -> Result<Secret, Wrong> {
    match raw.text() {
        Ok(text) => Ok(Secret::new(text)),
        Err(_) => wrong("it is not a text", "put it between double quotes"),
    }
}

fn number<T: TryFrom<u64>>(raw: &Raw, min: u64, max: u64) -> Result<T, Wrong> {
    let number = raw.number(min, max)?;
    match T::try_from(number) {
        Ok(number) => Ok(number),
        Err(_) => wrong(format!("{number} is too large"), format!("use a number from {min} to {max}")),
    }
}
