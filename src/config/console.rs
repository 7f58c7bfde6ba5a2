//! `[console]`: where the console and the API for staff are served.

use super::http_intake::{Listener, ServerFiles};
use super::read::{Raw, Reader, wrong};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// Longest wait for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The console and the API for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// Address and port; `None`: there is no console.
    pub listen: Option<SocketAddr>,
    /// Certificates; `None`: plain text, on this machine only or behind a proxy on it.
    pub tls: Option<ServerFiles>,
}

impl Console {
    /// How to listen, when there is a console.
    pub fn listener(&self) -> Option<Listener> {
        let listen = self.listen?;
        Some(Listener { section: "console", listen, tls: self.tls.clone(), head_timeout: HEAD_TIMEOUT })
    }

    /// The certificate files that are named, with their keys.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.tls
            .iter()
            .flat_map(|tls| [("server_cert_file", tls.certificate.as_path()), ("server_key_file", tls.key.as_path())])
    }
}

pub(super) fn read(reader: &mut Reader<'_>, base: &Path) -> Console {
    let section = reader.section("console");
    let listen: Option<SocketAddr> = reader.optional(&section, "listen", |raw| {
        let text = raw.text()?;
        match text.parse() {
            Ok(address) => Ok(address),
            Err(_) => wrong(
                format!("\"{text}\" is not an address with a port"),
                "write an IP address and a port, such as \"127.0.0.1:8312\"",
            ),
        }
    });
    let certificate = reader.optional(&section, "server_cert_file", |raw: &Raw| raw.path(base));
    let key = reader.optional(&section, "server_key_file", |raw: &Raw| raw.path(base));
    reader.unknown_keys(&section);

    if certificate.is_some() != key.is_some() {
        let named = if certificate.is_some() { "server_cert_file" } else { "server_key_file" };
        let at = reader.place(&section, named);
        reader.fault(&at, "a certificate and its key go together", "name server_cert_file and server_key_file both");
    }
    let tls = certificate.zip(key);
    let tls = tls.map(|(certificate, key)| ServerFiles { certificate, key, client_authority: None });
    if tls.is_none() && listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        let at = reader.place(&section, "listen");
        reader.fault(
            &at,
            "passwords and personal data would travel in plain text",
            "name server_cert_file and server_key_file, or listen on this machine only, such as 127.0.0.1, behind a proxy",
        );
    }
    Console { listen, tls }
}
