//! Wires the daemon: opens what it needs, starts the loops, stops them in order.

use crate::api::SenderDesk;
use crate::bookkeeper;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Transport};
use crate::contract::Contracts;
use crate::delivery::Destination;
use crate::delivery::amqp::{AmqpDestination, AmqpLink};
use crate::delivery::directory::DirectoryDestination;
use crate::delivery::http::{HttpDestination, install_crypto_provider};
use crate::delivery::outbox::Outbox;
use crate::delivery::relay::{Relay, Routes};
use crate::doctor::{self, Severity};
use crate::failpoint;
use crate::figures;
use crate::gateway::{Gateway, Options};
use crate::http::{Server, routes};
use crate::ledger::{Group, Keys, Ledger, Location, Settings};
use crate::members::{Membership, Profile, Tasks};
use crate::message::Kind;
use crate::notify::Manager;
use crate::registers::Registers;
use crate::retention::keeper;
use crate::schema::{self, Limits};
use crate::shutdown::{Shutdown, Trigger, shutdown};
use crate::survey::Surveyor;
use crate::telemetry::events::{LedgerGroup, SendersOpen};
use crate::telemetry::{Telemetry, start_log};
use crate::transport::amqp::consume::{AmqpIntake, Assigned};
use crate::transport::directory::DirectoryIntake;
use crate::transport::http::{HttpIntake, Listening};
use crate::transport::spool::Spool;
use crate::trial::Trials;
use crate::web::{self, Reckoning, Site};
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

/// Messages that share one commit at most.
const MAX_GROUP: usize = 256;

/// A running gateway.
pub struct App {
    /// The durable record.
    pub ledger: Ledger,
    /// Held as long as the gateway lives.
    lock: Option<File>,
    spool_lock: Option<File>,
    /// Metrics and health.
    pub telemetry: Telemetry,
    /// The contract registers.
    pub registers: Arc<Registers>,
    /// Where metrics and health are served.
    pub address: SocketAddr,
    /// Where messages are taken over HTTP, when they are.
    pub intake_address: Option<SocketAddr>,
    /// Where the console is served, when there is one.
    pub console_address: Option<SocketAddr>,
    trigger: Trigger,
    intakes: Vec<JoinHandle<()>>,
    relay_trigger: Trigger,
    relay: JoinHandle<()>,
    members_trigger: Trigger,
    /// Among the other gateways on the ledger, where there can be any.
    membership: Option<JoinHandle<()>>,
    link_trigger: Trigger,
    link: Option<JoinHandle<()>>,
    server_trigger: Trigger,
    server: JoinHandle<std::io::Result<()>>,
    console: Option<JoinHandle<std::io::Result<()>>>,
}

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
/// What could not be opened or started, with what to do about it.
pub fn main(config: &Config) -> anyhow::Result<()> {
    start_log(&config.log);
    failpoint::arm().map_err(anyhow::Error::msg)?;
    let contracts = crate::cli::load_contracts(config).map_err(|faults| anyhow::anyhow!(faults.join("\n")))?;
    let runtime = tokio::runtime::Runtime::new().context("failed to start the runtime")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
        let mut hangup = signal(SignalKind::hangup()).context("failed to listen for SIGHUP")?;
        let manager = Arc::new(Manager::of_environment());
        let app = App::start(config, contracts, Arc::new(SystemClock)).await?;
        if let Some(address) = app.intake_address {
            tracing::info!(intake.address = %address, "messages are taken over HTTP on {address}");
        }
        if let Some(address) = app.console_address {
            tracing::info!(console.address = %address, "the console is on {address}");
        }
        tracing::info!(address = %app.address, "sluis {} is up", env!("CARGO_PKG_VERSION"));
        manager.ready(&format!("up, metrics and health on {}", app.address));
        let (stopped, alive) = shutdown(config.shutdown.deadline);
        let keeper = Arc::clone(&manager);
        let living = tokio::spawn(async move { keeper.keep_alive(&alive).await });
        loop {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("stopping on SIGTERM"),
                _ = interrupt.recv() => tracing::info!("stopping on SIGINT"),
                _ = hangup.recv() => {
                    tracing::info!("looking at the registers and certificates on SIGHUP");
                    app.registers.look_now();
                    tell_what_cannot_be_used(config.clone());
                    continue;
                }
            }
            break;
        }
        manager.stopping();
        app.stop().await;
        stopped.stop();
        log_panic("word to the service manager", living.await.err());
        tracing::info!("stopped");
        Ok(())
    })
}

/// Names the certificates and folders that would not do now. Who uses them reads them anew at their next connection; who
/// asks for a look wants to know today, and not when the broker restarts.
fn tell_what_cannot_be_used(config: Config) {
    tokio::task::spawn_blocking(move || {
        for found in doctor::named_files(&config, SystemClock.now()) {
            if found.severity >= Severity::Warning {
                tracing::warn!(sort = found.sort, "{}; {}", found.what, found.advice);
            }
        }
    });
}

impl App {
    /// Opens the ledger, the transports and the server, and starts all loops. Nothing is taken in when one of them
    /// cannot be opened.
    pub async fn start(config: &Config, contracts: Contracts, clock: Arc<dyn Clock>) -> anyhow::Result<App> {
        install_crypto_provider();
        let telemetry = Telemetry::new(&config.gateway.name);
        let server = Server::bind(config.http.listen).await?;
        let address = server.address();
        let takes_http = config.intake.contains(&Transport::Http);
        let listening = if takes_http { Some(Listening::bind(&config.http_intake.listener()).await?) } else { None };
        let intake_address = listening.as_ref().map(Listening::address);
        let console = match config.console.listener() {
            Some(listener) => Some(Listening::bind(&listener).await?),
            None => None,
        };
        let console_address = console.as_ref().map(Listening::address);
        let spool = config.uses_folders().then(|| Spool::open(&config.directory.root)).transpose()?;
        let (ledger, lock) = open_ledger(&config.ledger.location, &config.ledger.key_file)?;
        let spool_lock = spool.as_ref().map(Spool::claim).transpose()?;
        let config =
            &Config { amqp: config.amqp.clone().map(|amqp| amqp.for_ledger(ledger.is_shared())), ..config.clone() };
        let ledger_component = telemetry.component("ledger");
        ledger_component.up();
        let registers = Arc::new(Registers::new(config, contracts, Arc::clone(&clock), &telemetry));
        let membership = membership(config, &ledger, &registers, Arc::clone(&clock), &telemetry).await?;
        let tasks = membership.clone().map_or(Tasks::Own, Tasks::Shared);
        ledger.watch_groups({
            let telemetry = telemetry.clone();
            move |Group { jobs, committed, took }| LedgerGroup { jobs, committed, took }.emit(&telemetry)
        });
        telemetry.set_surroundings(figures::of_surroundings(config, Arc::clone(&clock)));
        telemetry.set_figures(figures::of_ledger(
            config,
            ledger.clone(),
            Arc::clone(&registers),
            membership.clone(),
            Arc::clone(&clock),
            ledger_component,
        ));
        // Compiled at the first use otherwise: the first message of each kind would wait for it.
        let schemas = tokio::task::spawn_blocking(|| Kind::all().filter_map(schema::schema).count());

        let (trigger, stop) = shutdown(config.shutdown.deadline);
        let (relay_trigger, relay_stop) = shutdown(config.shutdown.deadline);
        let (server_trigger, server_stop) = shutdown(config.shutdown.deadline);
        let limits = limits(config);
        let options = Options { waiting_room: config.waiting_room, unknown_question: config.unknown_question };
        let name = &config.gateway.name;
        let surveyor = Surveyor {
            name: name.clone(),
            ledger: ledger.clone(),
            reader: (config.ledger.location.clone(), Keys::load(&config.ledger.key_file)?),
            contracts: registers.in_force(),
            clock: Arc::clone(&clock),
            telemetry: telemetry.clone(),
        };
        let in_force = registers.in_force();
        let gateway = Gateway::new(name, limits, in_force, ledger.clone(), Arc::clone(&clock), &telemetry, options);
        let gateway = Arc::new(gateway.bound_to(Arc::new(config.senders.clone())));
        tell_what_is_open(config);
        let bookkeeper =
            bookkeeper::keep(ledger.clone(), registers.in_force(), Arc::clone(&clock), tasks.clone(), stop.clone());
        let retention = keeper::keep(
            ledger.clone(),
            config.retention.clone(),
            Arc::clone(&clock),
            tasks.clone(),
            telemetry.clone(),
            stop.clone(),
        );
        let outbox: Arc<dyn Outbox> = match &membership {
            Some(membership) => Arc::new(membership.outbox()),
            None => Arc::new(ledger.clone()),
        };
        let reader = || -> anyhow::Result<Ledger> {
            Ok(Ledger::open_to_read(config.ledger.location.clone(), Keys::load(&config.ledger.key_file)?)?)
        };
        // A connection of its own: a large message that is tried out holds up no page.
        let trials = if console.is_some() || listening.is_some() {
            Some(Arc::new(Trials::new(config, registers.in_force(), reader()?, Arc::clone(&clock))))
        } else {
            None
        };
        let site = if let (Some(_), Some(trials)) = (&console, &trials) {
            Some(Arc::new(Site {
                ledger: ledger.clone(),
                reader: reader()?,
                slow: reader()?,
                reckoning: Reckoning::default(),
                registers: Arc::clone(&registers),
                trials: Arc::clone(trials),
                telemetry: telemetry.clone(),
                clock: Arc::clone(&clock),
                config: config.clone(),
            }))
        } else {
            None
        };
        let (relay, link) = relay(config, spool.as_ref(), outbox, clock, &telemetry)?;
        let assigned = membership.as_ref().map(|membership| membership.share());
        let (members_trigger, members_stop) = shutdown(config.shutdown.deadline);
        let membership = membership.map(|membership| tokio::spawn(membership.keep(members_stop)));
        // The connection that deliveries leave on closes only after the relay has sent what it holds.
        let (link_trigger, link_stop) = shutdown(config.shutdown.deadline);
        let link = link.map(|link| tokio::spawn(link.run(link_stop)));
        let relay = tokio::spawn(relay.run(relay_stop));
        let console =
            site.zip(console).map(|(site, console)| tokio::spawn(web::serve(site, console, server_stop.clone())));
        let server = tokio::spawn(server.serve(routes(telemetry.clone()), server_stop));
        let schemas = schemas.await.context("failed to compile the schemas")?;
        tracing::debug!(schemas, "schemas are compiled");
        let mut intakes = intakes(config, spool.as_ref(), &gateway, assigned.as_ref(), &telemetry, &stop)?;
        intakes.push(tokio::spawn(Arc::clone(&gateway).keep_alarms(stop.clone())));
        if let Some(listening) = listening {
            let (senders, gateway, stop) = (Arc::new(config.senders.clone()), Arc::clone(&gateway), stop.clone());
            let (settings, max_bytes) = (&config.http_intake, config.limits.max_bytes);
            let mut intake = HttpIntake::new(listening, settings, max_bytes, senders, gateway, &telemetry, stop);
            if let Some(trials) = trials {
                intake = intake.with_self_test(Arc::new(SenderDesk(trials)));
            }
            intakes.push(tokio::spawn(intake.run()));
        }
        intakes.push(tokio::spawn(Arc::clone(&gateway).keep_waiting_room(stop.clone())));
        intakes.push(tokio::spawn(Arc::clone(&registers).keep(stop.clone())));
        intakes.push(tokio::spawn(surveyor.run(tasks, stop.clone())));
        intakes.push(tokio::spawn(Arc::clone(&gateway).keep_orders(stop.clone())));
        intakes.push(tokio::spawn(bookkeeper));
        intakes.push(tokio::spawn(retention));
        Ok(App {
            ledger,
            lock,
            spool_lock,
            telemetry,
            registers,
            address,
            intake_address,
            console_address,
            trigger,
            intakes,
            relay_trigger,
            relay,
            members_trigger,
            membership,
            link_trigger,
            link,
            server_trigger,
            server,
            console,
        })
    }

    /// Stops in order: take nothing new, finish what is held, send what is due and on its way, close.
    pub async fn stop(self) {
        self.trigger.stop();
        for intake in self.intakes {
            log_panic("intake", intake.await.err());
        }
        self.relay_trigger.stop();
        log_panic("relay", self.relay.await.err());
        // Nothing is in work any more: the others may have what this one had.
        self.members_trigger.stop();
        if let Some(membership) = self.membership {
            log_panic("membership", membership.await.err());
        }
        self.link_trigger.stop();
        if let Some(link) = self.link {
            log_panic("broker connection of the relay", link.await.err());
        }
        self.server_trigger.stop();
        for (part, server) in [("watch server", Some(self.server)), ("console", self.console)] {
            let Some(server) = server else { continue };
            match server.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(part, %error, "a server ended with an error"),
                Err(error) => log_panic(part, Some(error)),
            }
        }
        let ledger = self.ledger;
        // Joining the writer thread blocks; the runtime must not.
        let _ = tokio::task::spawn_blocking(move || ledger.close()).await;
        drop((self.lock, self.spool_lock));
    }
}

fn log_panic(part: &str, error: Option<tokio::task::JoinError>) {
    if let Some(error) = error {
        tracing::error!(part, %error, "a part of the gateway broke");
    }
}

/// The limits of level 1 as the configuration sets them.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        max_bytes: usize::try_from(config.limits.max_bytes).unwrap_or(usize::MAX),
        max_depth: u32::try_from(config.limits.max_depth).unwrap_or(u32::MAX),
        max_attributes: u32::try_from(config.limits.max_attributes).unwrap_or(u32::MAX),
        max_value_chars: u32::try_from(config.limits.max_value_chars).unwrap_or(u32::MAX),
        max_faults: config.limits.max_faults,
    }
}

/// Opens the ledger; at the very first start its folder and its key are made. A file comes with the lock that keeps a
/// second gateway from it, while gateways share a server and take turns there.
pub(crate) fn open_ledger(location: &Location, key_file: &Path) -> anyhow::Result<(Ledger, Option<File>)> {
    let path = location.file();
    for file in path.into_iter().chain([key_file]) {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(|| {
                format!(
                    "failed to create {}: check its path and the rights of the user sluis runs as",
                    folder.display()
                )
            })?;
        }
    }
    let lock = path.map(try_lock).transpose()?;
    if matches!(lock, Some(None)) {
        anyhow::bail!("the ledger {location} is in use by another gateway: stop it, or set another path in [ledger]")
    }
    // A ledger without its key must never get a new one: it would be unreadable. Whether a server holds one shows when
    // it is opened: it refuses a key that is not its own.
    let is_there = key_file.exists() || path.is_some_and(Path::exists);
    let keys = if is_there { Keys::load(key_file)? } else { Keys::create(key_file)? };
    let opened = Ledger::open(Settings { location: location.clone(), keys, max_group: MAX_GROUP });
    if opened.as_ref().is_err_and(|error| !is_there && !error.is_temporary()) {
        // A key that was made a moment ago and belongs to nothing would only be mistaken for the right one.
        std::fs::remove_file(key_file).with_context(|| format!("failed to remove {}", key_file.display()))?;
    }
    Ok((opened?, lock.flatten()))
}

/// The lock of a ledger; `None` while a gateway holds it. Two gateways on one SQLite ledger would both send its outbox.
/// The system releases the lock when a process dies.
pub(crate) fn try_lock(path: &Path) -> anyhow::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .with_context(|| format!("failed to open {}: check the rights of its folder", name.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("failed to lock {}", name.display())),
    }
}

/// This gateway among the others on its ledger; `None` when the ledger is one gateway's alone.
async fn membership(
    config: &Config,
    ledger: &Ledger,
    registers: &Registers,
    clock: Arc<dyn Clock>,
    telemetry: &Telemetry,
) -> anyhow::Result<Option<Arc<Membership>>> {
    if !ledger.is_shared() {
        return Ok(None);
    }
    let queues = config.amqp.iter().flat_map(|amqp| amqp.queues.iter().cloned()).collect();
    let may_stand_by = config.amqp.as_ref().is_some_and(|amqp| amqp.single_active_consumer == Some(true));
    let profile = Profile::of(config, queues, may_stand_by);
    let membership = Membership::join(profile, ledger.clone(), registers.in_force(), clock, telemetry).await;
    Ok(Some(membership.context("failed to join the gateways on the ledger")?))
}

/// The relay with its destinations, and the connection that it publishes on when it delivers to the broker.
fn relay(
    config: &Config,
    spool: Option<&Spool>,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    telemetry: &Telemetry,
) -> anyhow::Result<(Relay, Option<AmqpLink>)> {
    let mut link = None;
    let default: Arc<dyn Destination> = match (config.delivery.default, spool, &config.amqp) {
        (Transport::Directory, Some(spool), _) => Arc::new(DirectoryDestination::new(spool.clone())),
        (Transport::Directory, None, _) => anyhow::bail!("delivery by directory needs a spool"),
        (Transport::Amqp, _, Some(amqp)) => {
            let (destination, own_link) =
                AmqpDestination::new(amqp, &config.gateway.name, Arc::clone(&clock), telemetry);
            link = Some(own_link);
            destination
        }
        (Transport::Amqp, _, None) => anyhow::bail!("delivery by amqp needs the url of [amqp]"),
        (Transport::Http, _, _) => anyhow::bail!("messages come in over http, and leave by directory or amqp"),
    };
    let mut back_offices: BTreeMap<String, Arc<dyn Destination>> = BTreeMap::new();
    for (gemeente, office) in &config.back_offices {
        back_offices.insert(gemeente.clone(), Arc::new(HttpDestination::new(office)?));
    }
    let routes = Routes { default, back_offices };
    Ok((Relay::new(outbox, routes, &config.delivery, clock, telemetry), link))
}

fn intakes(
    config: &Config,
    spool: Option<&Spool>,
    gateway: &Arc<Gateway>,
    assigned: Option<&Assigned>,
    telemetry: &Telemetry,
    stop: &Shutdown,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let mut intakes = Vec::new();
    if config.intake.contains(&Transport::Directory)
        && let Some(spool) = spool
    {
        let max_bytes = config.limits.max_bytes;
        let intake = DirectoryIntake::new(spool, &config.directory, max_bytes, Arc::clone(gateway), telemetry);
        let folders = config.senders.folders().map(|folder| intake.of_sender(folder, spool));
        for own in folders.collect::<Result<Vec<_>, _>>()? {
            intakes.push(tokio::spawn(own.run(stop.clone())));
        }
        intakes.push(tokio::spawn(intake.run(stop.clone())));
    }
    if config.intake.contains(&Transport::Amqp)
        && let Some(amqp) = &config.amqp
    {
        let intake = AmqpIntake::new(amqp, &config.gateway.name, Arc::clone(gateway), telemetry);
        let intake = match assigned {
            Some(assigned) => intake.assigned_by(assigned),
            None => intake,
        };
        intakes.push(tokio::spawn(intake.run(stop.clone())));
    }
    Ok(intakes)
}

/// Says once on which transports nobody asks who sends.
fn tell_what_is_open(config: &Config) {
    let open = config.open_transports().join(", ");
    if !open.is_empty() {
        SendersOpen { transports: &open }.emit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_the_file_says_is_what_level_1_takes() {
        let limits_of = |text: &str| {
            let config = crate::config::parse(Path::new("sluis.toml"), text, &BTreeMap::new());
            limits(&config.unwrap_or_else(|faults| panic!("{faults:?}")))
        };
        assert_eq!(limits_of(""), Limits::default(), "the reference file and the library have the same defaults");
        let text = "[limits]\nmax_bytes = \"1kB\"\nmax_depth = 8\nmax_attributes = 4\nmax_value_chars = 300\n\
            max_faults = 7\n";
        let set = Limits { max_bytes: 1000, max_depth: 8, max_attributes: 4, max_value_chars: 300, max_faults: 7 };
        assert_eq!(limits_of(text), set);
    }
}
