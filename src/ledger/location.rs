//! Where a ledger is: in memory, in a file, or on a server. And how the server is reached: only this machine is spoken
//! to in plain text.

use super::error::ServerError;
use crate::config::{Secret, TlsFiles};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest wait for a connection to be made.
const CONNECTING: Duration = Duration::from_secs(5);
/// A connection whose other side is silent is asked for life after this long, then this often, this many times.
const IDLE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_secs(5);
const RETRIES: u32 = 3;
/// How long the kernel tries to get bytes across.
const UNSENT: Duration = Duration::from_secs(30);
/// Longest name that PostgreSQL keeps whole.
const LONGEST_NAME: usize = 63;

/// Where a ledger is. Shown without login and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory, gone when it is closed.
    Memory,
    /// In a file of `SQLite`, which is one gateway's.
    File(PathBuf),
    /// On a PostgreSQL server, which several gateways may share.
    Server(Server),
}

impl Location {
    /// The file, when it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Location::File(path) => Some(path),
            Location::Memory | Location::Server(_) => None,
        }
    }
}

impl From<&Location> for Location {
    fn from(location: &Location) -> Location {
        location.clone()
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Location {
        Location::File(path)
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Location {
        Location::File(path.clone())
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Location {
        Location::File(path.to_owned())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Memory => f.write_str("in memory"),
            Location::File(path) => path.display().fmt(f),
            Location::Server(server) => server.fmt(f),
        }
    }
}

/// A schema of a database on a PostgreSQL server, and how to reach it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    config: Box<Config>,
    schema: String,
    /// `None` for plain text, to this machine.
    tls: Option<TlsFiles>,
}

/// What is wrong with the address of a server, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFault {
    /// What.
    pub what: &'static str,
    /// To do.
    pub todo: &'static str,
    /// Whether it is about the schema, and not about the address.
    pub is_of_schema: bool,
}

const fn fault<T>(what: &'static str, todo: &'static str) -> Result<T, ServerFault> {
    Err(ServerFault { what, todo, is_of_schema: false })
}

const fn fault_of_schema<T>(what: &'static str, todo: &'static str) -> Result<T, ServerFault> {
    Err(ServerFault { what, todo, is_of_schema: true })
}

impl Server {
    /// Understands an address such as `postgres://user:password@host:5432/database?sslmode=require`. Nothing is
    /// connected to yet, and no file is read.
    ///
    /// Without `sslmode`, TLS is used to another machine and where an authority is named. A server is always asked for
    /// a certificate that counts and bears its name. Several hosts (`host1,host2`) are tried in turn; add
    /// `target_session_attrs=read-write` to pass by a standby.
    pub fn parse(url: &Secret, schema: &str, tls: &TlsFiles) -> Result<Server, ServerFault> {
        check_schema(schema)?;
        let address = url.expose();
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return fault("it is no address of PostgreSQL", "write postgres://user:password@host:port/database");
        }
        // Both are what `require` always means here.
        let address = address.replace("sslmode=verify-full", "sslmode=require");
        let address = address.replace("sslmode=verify-ca", "sslmode=require");
        let Ok(mut config) = address.parse::<Config>() else {
            return fault(
                "it cannot be understood",
                "write postgres://user:password@host:port/database?sslmode=require, with %40 for @ and %2F for / in a \
                 password; certificates have keys of their own",
            );
        };
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return fault("it names no host", "write postgres://user:password@host:port/database");
        }
        if config.get_user().is_none() {
            return fault("it names no user", "write postgres://user:password@host:port/database");
        }
        let is_local =
            config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let encrypted = match config.get_ssl_mode() {
            SslMode::Disable if !is_local => {
                return fault(
                    "it leads to another machine in plain text",
                    "give the server a certificate and write sslmode=require, or reach it through a proxy on this \
                     machine that encrypts",
                );
            }
            SslMode::Disable => false,
            SslMode::Require => true,
            _ => !is_local || tls.ca_file.is_some(),
        };
        if !encrypted && *tls != TlsFiles::default() {
            return fault("certificates are named and it says sslmode=disable", "write sslmode=require");
        }
        if tls.client_cert_file.is_some() && tls.ca_file.is_none() {
            return fault("client_cert_file stands without ca_file", "name the authority of the server in ca_file");
        }
        config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        config.connect_timeout(CONNECTING);
        config.keepalives(true).keepalives_idle(IDLE).keepalives_interval(INTERVAL).keepalives_retries(RETRIES);
        config.tcp_user_timeout(UNSENT);
        if config.get_application_name().is_none() {
            config.application_name("sluis");
        }
        let tls = encrypted.then(|| tls.clone());
        Ok(Server { config: Box::new(config), schema: schema.to_owned(), tls })
    }

    /// Name of the schema that the ledger has to itself.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The same server with another schema.
    ///
    /// # Errors
    /// When it is no name that can be used.
    pub fn with_schema(&self, schema: &str) -> Result<Server, ServerFault> {
        check_schema(schema)?;
        Ok(Server { schema: schema.to_owned(), ..self.clone() })
    }

    /// Connects; the second part drives the connection and ends with it. Certificates are read each time, so that
    /// renewed ones count from the next connection on.
    pub(super) async fn connect(&self) -> Result<(Client, JoinHandle<()>), ServerError> {
        match &self.tls {
            None => self.connect_with(NoTls).await,
            Some(files) => self.connect_with(connector(files)?).await,
        }
    }

    async fn connect_with<T>(&self, tls: T) -> Result<(Client, JoinHandle<()>), ServerError>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let (client, connection) = self.config.connect(tls).await?;
        // What ends the connection is heard by whoever waits for an answer.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok((client, driver))
    }
}

fn check_schema(schema: &str) -> Result<(), ServerFault> {
    let starts_well = schema.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !starts_well || !schema.chars().all(is_plain) || schema.len() > LONGEST_NAME || schema.starts_with("pg_") {
        return fault_of_schema(
            "the schema has no name that can be used",
            "use up to 63 small letters, digits and underscores, beginning with a letter and not with pg_",
        );
    }
    if schema == "public" || schema == "information_schema" {
        return fault_of_schema(
            "the ledger needs a schema of its own",
            "name one that nothing else is in, such as \"sluis\"",
        );
    }
    Ok(())
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    }
}

fn connector(files: &TlsFiles) -> Result<MakeRustlsConnect, ServerError> {
    let provider = rustls::crypto::ring::default_provider();
    let Some(authority) = &files.ca_file else {
        // An error means that it was installed before.
        drop(provider.install_default());
        let system = MakeRustlsConnect::with_native_certs();
        return system.map(|(connector, _)| connector).map_err(|_| {
            ServerError::local("the system has no authorities to trust: name the server's in ca_file".to_owned())
        });
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority)? {
        roots.add(certificate).map_err(|source| unusable(authority, &source))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| ServerError::local(source.to_string()))?
        .with_root_certificates(roots);
    let config = match (&files.client_cert_file, &files.client_key_file) {
        (Some(certificate), Some(key)) => {
            let private = PrivateKeyDer::from_pem_file(key).map_err(|source| unusable(key, &source))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, private)
                .map_err(|source| unusable(certificate, &source))?
        }
        (Some(_) | None, Some(_) | None) => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let certificates = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unusable(file, &"it holds no certificate")),
        Ok(certificates) => Ok(certificates),
        Err(source) => Err(unusable(file, &source)),
    }
}

fn unusable(file: &Path, source: &dyn fmt::Display) -> ServerError {
    ServerError::local(format!("cannot use {}: {source}; check that it is there, readable and PEM", file.display()))
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            let port = self.config.get_ports().get(place).or(self.config.get_ports().first());
            f.write_str(if place > 0 { "," } else { "" })?;
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                Host::Unix(path) => path.display().fmt(f)?,
            }
            if let Some(port) = port {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}, schema {}", self.config.get_dbname().unwrap_or_default(), self.schema)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Server, ServerFault> {
        Server::parse(&Secret::new(url), "sluis", &TlsFiles::default())
    }

    #[test]
    fn plain_text_goes_to_this_machine_only() {
        for (url, encrypted) in [
            ("postgres://u:p@localhost/db", Some(false)),
            ("postgres://u:p@127.0.0.1:5433/db", Some(false)),
            ("postgres://u:p@[::1]/db", Some(false)),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/db", Some(false)),
            ("postgres://u:p@localhost/db?sslmode=require", Some(true)),
            ("postgres://u:p@localhost/db?sslmode=disable", Some(false)),
            ("postgres://u:p@db.example/db", Some(true)),
            ("postgres://u:p@db.example/db?sslmode=prefer", Some(true)),
            ("postgres://u:p@db.example/db?sslmode=verify-full", Some(true)),
            ("postgres://u:p@localhost,db.example/db", Some(true)),
            ("postgres://u:p@db.example/db?sslmode=disable", None),
            ("postgres://u:p@localhost,db.example/db?sslmode=disable", None),
            ("postgres://u:p@localhost/db?hostaddr=192.0.2.1&sslmode=disable", None),
        ] {
            let parsed = parse(url);
            assert_eq!(parsed.as_ref().ok().map(|server| server.tls.is_some()), encrypted, "{url}: {parsed:?}");
            if let Ok(server) = parsed {
                let expected = if server.tls.is_some() { SslMode::Require } else { SslMode::Disable };
                assert_eq!(server.config.get_ssl_mode(), expected, "{url}");
            }
        }
    }

    #[test]
    fn an_authority_means_tls_on_this_machine_too() {
        let files = TlsFiles { ca_file: Some("ca.pem".into()), ..TlsFiles::default() };
        let server = Server::parse(&Secret::new("postgres://u@localhost/db"), "sluis", &files).expect("it can be used");
        assert!(server.tls.is_some());
        let plain = Server::parse(&Secret::new("postgres://u@localhost/db?sslmode=disable"), "sluis", &files);
        assert!(plain.is_err());
    }

    #[test]
    fn what_cannot_be_used_is_told_without_the_address() {
        for url in ["http://u:geheim@x/db", "postgres://", "postgres://u:geheim@x:port/db", "postgres://localhost/db"] {
            let fault = parse(url).expect_err(url);
            assert!(!format!("{fault:?}").contains("geheim"), "{url}");
        }
        for schema in ["", "Sluis", "1st", "a-b", "pg_own", "public", "x\"y", &"a".repeat(64)] {
            let url = Secret::new("postgres://u@localhost/db");
            assert!(Server::parse(&url, schema, &TlsFiles::default()).is_err(), "{schema}");
        }
    }

    #[test]
    fn neither_login_nor_password_is_shown() {
        let server = parse("postgres://login:geheim@localhost:5433/care").expect("it can be used");
        let location = Location::Server(server);
        assert_eq!(location.to_string(), "postgres://localhost:5433/care, schema sluis");
        assert!(!format!("{location:?}").contains("geheim"));
    }
}
