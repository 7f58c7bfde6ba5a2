//! `[http_intake]`: where messages come in over HTTP.

use super::read::{Raw, Reader};
use super::{Config, Transport, number};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The listener for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpIntake {
    /// Address and port.
    pub listen: SocketAddr,
    /// Certificates; `None`: plain text, on this machine only.
    pub tls: Option<ServerFiles>,
    /// Whether plain text was asked for.
    pub plain: bool,
    /// Longest wait for the head of a request.
    pub head_timeout: Duration,
    /// Longest wait for the body of a request.
    pub body_timeout: Duration,
    /// Requests in work at once.
    pub requests_at_once: usize,
    /// Bytes of bodies in work at once.
    pub bytes_at_once: u64,
}

/// How to listen for connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Section of the configuration, for what is told about it.
    pub section: &'static str,
    /// Address and port.
    pub listen: SocketAddr,
    /// Certificates; `None`: plain text.
    pub tls: Option<ServerFiles>,
    /// Longest wait for the head of a request.
    pub head_timeout: Duration,
}

/// Certificates of a listener, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFiles {
    /// Own certificate with its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Authority that signs client certificates; without one nobody is asked for a certificate.
    pub client_authority: Option<PathBuf>,
}

impl ServerFiles {
    /// The files that are named, with their keys.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("server_cert_file", Some(self.certificate.as_path())),
            ("server_key_file", Some(self.key.as_path())),
            ("client_ca_file", self.client_authority.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, file)| file.map(|file| (key, file)))
    }
}

impl HttpIntake {
    /// How to listen.
    pub fn listener(&self) -> Listener {
        Listener { section: "http_intake", listen: self.listen, tls: self.tls.clone(), head_timeout: self.head_timeout }
    }

    /// The certificate files that are named, with their keys.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.tls.iter().flat_map(ServerFiles::files)
    }
}

pub(super) fn read(reader: &mut Reader<'_>, base: &Path, transports: &BTreeSet<Transport>) -> HttpIntake {
    let section = reader.section("http_intake");
    let default = SocketAddr::from(([127, 0, 0, 1], 8311));
    let listen = reader.value(&section, "listen", default, |raw| raw.address("0.0.0.0:8311"));
    let plain = reader.value(&section, "plain", false, Raw::boolean);
    let certificate = reader.optional(&section, "server_cert_file", |raw| raw.path(base));
    let key = reader.optional(&section, "server_key_file", |raw| raw.path(base));
    let client_authority = reader.optional(&section, "client_ca_file", |raw| raw.path(base));
    let named = [
        ("server_cert_file", certificate.is_some()),
        ("server_key_file", key.is_some()),
        ("client_ca_file", client_authority.is_some()),
    ];
    let head_timeout = reader.value(&section, "head_timeout", Duration::from_secs(10), Raw::duration);
    let body_timeout = reader.value(&section, "body_timeout", Duration::from_mins(1), Raw::duration);
    let requests_at_once = reader.value(&section, "requests_at_once", 256, |raw| number(raw, 1, 10_000));
    let bytes_at_once = reader.value(&section, "bytes_at_once", 200_000_000, Raw::size);
    reader.unknown_keys(&section);

    if plain && let Some((first, _)) = named.iter().find(|(_, named)| *named) {
        let at = reader.place(&section, first);
        reader.fault(&at, "certificates are named, but plain = true does not use them", "leave one of the two out");
    }
    if plain && !listen.ip().is_loopback() {
        let at = reader.place(&section, "listen");
        reader.fault(
            &at,
            "messages would travel in plain text",
            "name server_cert_file and server_key_file; plain = true is for this machine only, such as 127.0.0.1",
        );
    }
    if !plain && (certificate.is_some() != key.is_some() || (client_authority.is_some() && certificate.is_none())) {
        let (first, _) = named.iter().find(|(_, named)| *named).unwrap_or(&named[0]);
        let at = reader.place(&section, first);
        reader.fault(&at, "a certificate and its key go together", "name server_cert_file and server_key_file both");
    } else if !plain && certificate.is_none() && transports.contains(&Transport::Http) {
        let intake = reader.section("intake");
        let at = reader.place(&intake, "transports");
        reader.fault(
            &at,
            "it names http, but nothing says how messages are kept from others on the way",
            "name server_cert_file and server_key_file in [http_intake], or set plain = true there for this machine only",
        );
    }
    let tls = certificate.zip(key).map(|(certificate, key)| ServerFiles { certificate, key, client_authority });
    HttpIntake { listen, tls, plain, head_timeout, body_timeout, requests_at_once, bytes_at_once }
}

/// The largest message must fit, or its sender would be told to come back for ever.
pub(super) fn check_room(reader: &mut Reader<'_>, config: &Config) {
    if config.http_intake.bytes_at_once >= config.limits.max_bytes {
        return;
    }
    let section = reader.section("http_intake");
    let at = reader.place(&section, "bytes_at_once");
    reader.fault(
        &at,
        "it is less than limits.max_bytes, so that the largest messages would never fit",
        "make it larger",
    );
}
