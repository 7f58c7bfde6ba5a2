//! Where a test keeps its ledger: in memory or in a file, or in a schema of its own on the server when the test is run
//! from `on_postgres`. Either goes with the test.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use futures_util::TryStreamExt;
use sluis::config::{Secret, TlsFiles};
use sluis::ledger::{Keys, Ledger, Location, Server, Settings};
use std::cell::RefCell;
use std::path::Path;
use tempfile::TempDir;
use uuid::Uuid;

/// The server that tests use; `None` without one, which continuous integration does not put up with.
pub fn server_address() -> Option<String> {
    let url = std::env::var("SLUIS_TEST_POSTGRES").ok();
    if url.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "SLUIS_TEST_POSTGRES is not set: run ops/test");
        println!("skipped on PostgreSQL: SLUIS_TEST_POSTGRES is not set (see ops/test)");
    }
    url
}

/// A schema of its own, which goes with the value.
pub struct Schema {
    pub server: Server,
}

impl Schema {
    /// A fresh one; `None` without a server.
    pub fn fresh() -> Option<Schema> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let address = Secret::new(server_address()?);
        let server = Server::parse(&address, &name, &TlsFiles::default()).expect("it is the address of a server");
        Some(Schema { server })
    }

    pub fn location(&self) -> Location {
        Location::Server(self.server.clone())
    }

    /// The section of a configuration that leads here.
    pub fn settings(&self) -> String {
        format!("[ledger]\nurl = {:?}\nschema = {:?}\n", server_address().expect("there is a server"), self.name())
    }

    pub fn name(&self) -> &str {
        self.server.schema()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        run(&format!("DROP SCHEMA IF EXISTS \"{}\" CASCADE", self.name()));
    }
}

/// Runs statements on the server, past any ledger.
pub fn run(sql: &str) {
    let sql = sql.to_owned();
    on_server(async move |client| client.batch_execute(&sql).await.expect("the server does it"));
}

/// The tables of a schema as the server writes them, each with its name. What is kept as bytes stands there as it is.
pub fn tables(schema: &str) -> Vec<(String, Vec<u8>)> {
    let schema = schema.to_owned();
    on_server(async move |client| {
        let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1";
        let mut tables = Vec::new();
        for row in client.query(names, &[&schema]).await.expect("tables can be listed") {
            let name: String = row.get(0);
            let copy = format!("COPY \"{schema}\".\"{name}\" TO STDOUT (FORMAT binary)");
            let chunks = client.copy_out(&copy).await.expect("a table can be copied");
            let chunks: Vec<_> = chunks.try_collect().await.expect("a table can be read");
            tables.push((name, chunks.concat()));
        }
        tables
    })
}

/// On a thread of its own, since tests may be driven by a runtime.
fn on_server<T: Send + 'static>(work: impl AsyncFnOnce(tokio_postgres::Client) -> T + Send + 'static) -> T {
    let address = server_address().expect("there is a server");
    let run = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&address, tokio_postgres::NoTls).await.expect("the server answers");
            tokio::spawn(connection);
            work(client).await
        })
    });
    run.join().expect("no panic")
}

thread_local! {
    /// Schemas of ledgers that a test does not keep itself; they go with its thread.
    static KEPT: RefCell<Vec<Schema>> = const { RefCell::new(Vec::new()) };
}

/// Whether the tests are run on PostgreSQL now.
pub fn is_on_server() -> bool {
    env!("CARGO_CRATE_NAME") == "on_postgres" && server_address().is_some()
}

/// A folder for one test, and where its ledger is: in a file there, or on the server.
pub struct Place {
    folder: TempDir,
    schema: Option<Schema>,
}

impl Place {
    /// A fresh one.
    pub fn new() -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let schema = if is_on_server() { Schema::fresh() } else { None };
        Place { folder, schema }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn location(&self) -> Location {
        let file = || Location::from(self.folder.path().join("ledger.sqlite"));
        self.schema.as_ref().map_or_else(file, Schema::location)
    }

    /// Name of the schema; `-` for a file.
    pub fn schema(&self) -> &str {
        self.schema.as_ref().map_or("-", Schema::name)
    }

    /// The section of a configuration in the folder that leads there.
    pub fn settings(&self) -> String {
        self.schema.as_ref().map_or_else(String::new, Schema::settings)
    }
}

/// The same for another process, from the name of the schema and the folder.
pub fn location(schema: &str, folder: &Path) -> Location {
    match schema {
        "-" => Location::from(folder.join("ledger.sqlite")),
        name => {
            let address = Secret::new(server_address().expect("there is a server"));
            let server = Server::parse(&address, name, &TlsFiles::default());
            Location::Server(server.expect("it is the address of a server"))
        }
    }
}

/// A ledger in memory, or on the server.
pub fn fresh(max_group: usize) -> Ledger {
    let schema = if is_on_server() { Schema::fresh() } else { None };
    let location = schema.as_ref().map_or(Location::Memory, Schema::location);
    KEPT.with_borrow_mut(|kept| kept.extend(schema));
    let settings = Settings { location, keys: Keys::generate(), max_group };
    Ledger::open(settings).expect("a ledger opens")
}
