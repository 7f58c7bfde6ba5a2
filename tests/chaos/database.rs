//! The PostgreSQL of a scenario: the way to it goes through a proxy, and it is either that of all tests or a pair of
//! servers of its own, of which the second has everything that the first confirmed.

use crate::e2e::ledgers::server_address;
use crate::e2e::proxy::Proxy;
use sluis::config::{Secret, TlsFiles};
use sluis::ledger::{Location, Server};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

/// Longest wait for a server to do what it is told.
const PATIENCE: Duration = Duration::from_mins(1);

/// A schema on a server, and the way to it.
pub struct Database {
    /// The way that the daemon takes.
    pub proxy: Proxy,
    schema: String,
    /// Address without a proxy.
    address: String,
    pair: Option<Pair>,
}

impl Database {
    /// A schema on the server of all tests; `None` without one.
    pub fn shared() -> Option<Database> {
        Some(Database::at(server_address()?, None))
    }

    /// A schema on servers of its own; `None` where PostgreSQL is not installed.
    pub fn own() -> Option<Database> {
        let pair = Pair::start()?;
        Some(Database::at(pair.first.address(), Some(pair)))
    }

    fn at(address: String, pair: Option<Pair>) -> Database {
        let mut proxy = Proxy::closed(host_and_port(&address));
        proxy.open();
        Database { proxy, schema: format!("test_{}", Uuid::new_v4().simple()), address, pair }
    }

    /// The section of a configuration that leads here, by way of the proxy.
    pub fn settings(&self) -> String {
        let by_proxy =
            self.address.replacen(&host_and_port(&self.address).to_string(), &self.proxy.address.to_string(), 1);
        format!("[ledger]\nurl = \"{by_proxy}?application_name={0}\"\nschema = \"{0}\"\n", self.schema)
    }

    /// Where the ledger is, past the proxy.
    pub fn location(&self) -> Location {
        let server = Server::parse(&Secret::new(self.address.clone()), &self.schema, &TlsFiles::default());
        Location::Server(server.expect("it is the address of a server"))
    }

    /// Sets the outbox back, as if nothing had left.
    pub fn set_outbox_back(&self) {
        run(&self.address, &format!("UPDATE \"{}\".outbox SET sent_at = NULL, due_at = 0", self.schema));
    }

    /// Ends the connections of the daemon from the side of the server.
    pub fn terminate(&self) {
        let query = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
            self.schema
        );
        run(&self.address, &query);
    }

    /// Stops the server without warning and starts it.
    pub fn restart(&mut self) {
        let pair = self.pair.as_mut().expect("the scenario has servers of its own");
        pair.first.stop();
        pair.first.start();
    }

    /// The first server dies, and the second takes its place.
    pub fn fail_over(&mut self) {
        let pair = self.pair.as_mut().expect("the scenario has servers of its own");
        pair.first.stop();
        pair.second.promote();
        self.address = pair.second.address();
        self.proxy.lead_to(host_and_port(&self.address));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Servers of its own go with everything on them.
        if self.pair.is_none() {
            run(&self.address, &format!("DROP SCHEMA IF EXISTS \"{}\" CASCADE", self.schema));
        }
    }
}

fn host_and_port(address: &str) -> SocketAddr {
    let (_, place) = address.rsplit_once('@').expect("the address has a login");
    place.split('/').next().and_then(|place| place.parse().ok()).expect("it names an address and a port")
}

/// Runs statements on a server. On a thread of its own, since it has a runtime of its own.
fn run(address: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(address, tokio_postgres::NoTls).await.expect("the server answers");
        let connection = tokio::spawn(connection);
        client.batch_execute(sql).await.expect("the server does it");
        drop(client);
        let _ = connection.await;
    });
}

/// Two servers: the second follows the first, which confirms nothing that the second does not have.
struct Pair {
    first: Node,
    second: Node,
    _folder: TempDir,
}

impl Pair {
    fn start() -> Option<Pair> {
        let Some(programs) = programs() else {
            println!("SKIPPED: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        let mut first = Node::new(&programs, folder.path(), "first");
        let mut second = Node::new(&programs, folder.path(), "second");
        first.tool("initdb", &["-U", "sluis", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        first.start();
        let source = format!("host=127.0.0.1 port={} user=sluis", first.port);
        second.tool("pg_basebackup", &["-R", "-X", "stream", "--no-sync", "-c", "fast", "-d", &source]);
        second.start();
        let wanted = "ALTER SYSTEM SET synchronous_standby_names = 'second'";
        run(&first.address(), wanted);
        run(&first.address(), "SELECT pg_reload_conf()");
        Some(Pair { first, second, _folder: folder })
    }
}

/// Where the programs of the newest PostgreSQL are.
fn programs() -> Option<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    all.retain(|folder| folder.join("initdb").exists());
    all.sort();
    all.pop()
}

struct Node {
    programs: PathBuf,
    home: PathBuf,
    name: &'static str,
    port: u16,
    server: Option<Child>,
}

impl Node {
    fn new(programs: &Path, home: &Path, name: &'static str) -> Node {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        Node { programs: programs.to_owned(), home: home.to_owned(), name, port, server: None }
    }

    fn address(&self) -> String {
        format!("postgres://sluis:sluis@127.0.0.1:{}/postgres", self.port)
    }

    /// A program of PostgreSQL, which refuses to be run by root.
    fn command(&self, program: &str) -> Command {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let program = self.programs.join(program);
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.home).stdin(Stdio::null());
        command.arg("-D").arg(self.home.join(self.name));
        command
    }

    fn tool(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().expect("it can be started");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn start(&mut self) {
        let log = self.home.join(format!("{}.log", self.name));
        let log = File::options().create(true).append(true).open(log).expect("a log can be made");
        let server = self
            .command("postgres")
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", &format!("cluster_name={}", self.name), "-c", "fsync=off"])
            .stdout(log.try_clone().expect("a handle can be cloned"))
            .stderr(log)
            .spawn();
        self.server = Some(server.expect("it can be started"));
        let end = Instant::now() + PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < end, "PostgreSQL does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether it takes questions, which a server that still starts does not.
    fn answers(&self) -> bool {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            return false;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async {
            match tokio_postgres::connect(&self.address(), tokio_postgres::NoTls).await {
                Ok((client, connection)) => {
                    let connection = tokio::spawn(connection);
                    let answered = client.batch_execute("SELECT 1").await.is_ok();
                    drop(client);
                    let _ = connection.await;
                    answered
                }
                Err(_) => false,
            }
        })
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home.join(format!("{}.log", self.name))).unwrap_or_default()
    }

    /// Without warning: what is open is lost, and it recovers when it starts.
    fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        crate::e2e::daemon::signal_process(server.id(), "QUIT");
        server.wait().expect("a child can be awaited");
    }

    fn promote(&mut self) {
        self.tool("pg_ctl", &["promote", "-w", "-s"]);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}
