//! `[console]`: where the console and the API for staff are served.

use super::http_intake::{Listener, ServerFiles};
use super::read::{Raw, Reader, Wrong, wrong};
use super::units::show_duration;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Longest wait for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A session that ends sooner is a nuisance, one that lies about longer a danger.
const IDLE: RangeInclusive<Duration> = Duration::from_mins(2)..=Duration::from_hours(12);
const LONGEST: RangeInclusive<Duration> = Duration::from_mins(5)..=Duration::from_hours(24 * 7);

/// The console and the API for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// Address and port; `None`: there is no console.
    pub listen: Option<SocketAddr>,
    /// Certificates; `None`: plain text, on this machine only or behind a proxy on it.
    pub tls: Option<ServerFiles>,
    /// Address under which people reach it, without a path; `None`: as browsers say.
    pub public_url: Option<String>,
    /// How long a session may lie idle.
    pub session_idle: Duration,
    /// How long a session lasts at most.
    pub session_longest: Duration,
    /// Requests per minute that one API token may make.
    pub api_requests: u32,
}

impl Console {
    /// How to listen, when there is a console.
    pub fn listener(&self) -> Option<Listener> {
        let listen = self.listen?;
        Some(Listener { section: "console", listen, tls: self.tls.clone(), head_timeout: HEAD_TIMEOUT })
    }

    /// The certificate files that are named, with their keys.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.tls.iter().flat_map(ServerFiles::files)
    }
}

pub(super) fn read(reader: &mut Reader<'_>, base: &Path) -> Console {
    let section = reader.section("console");
    let listen = reader.optional(&section, "listen", |raw| raw.address("127.0.0.1:8312"));
    let certificate = reader.optional(&section, "server_cert_file", |raw: &Raw| raw.path(base));
    let key = reader.optional(&section, "server_key_file", |raw: &Raw| raw.path(base));
    let public_url = reader.optional(&section, "public_url", public_url);
    let session_idle = reader.value(&section, "session_idle", Duration::from_mins(30), within(IDLE));
    let session_longest = reader.value(&section, "session_longest", Duration::from_hours(12), within(LONGEST));
    if session_idle > session_longest {
        let at = reader.place(&section, "session_idle");
        reader.fault(&at, "it is longer than session_longest", "make it shorter, or session_longest longer");
    }
    let api_requests = reader.value(&section, "api_requests", 600, |raw| super::number(raw, 1, 1_000_000));
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
    Console { listen, tls, public_url, session_idle, session_longest, api_requests }
}

fn within(bounds: RangeInclusive<Duration>) -> impl Fn(&Raw) -> Result<Duration, Wrong> {
    move |raw| match raw.duration()? {
        duration if bounds.contains(&duration) => Ok(duration),
        _ => wrong(
            "it is too short or too long",
            format!("use {} to {}", show_duration(*bounds.start()), show_duration(*bounds.end())),
        ),
    }
}

fn public_url(raw: &Raw) -> Result<String, Wrong> {
    let text = raw.text()?;
    let fits = reqwest::Url::parse(&text).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.path() == "/"
            && (url.query(), url.fragment(), url.password()) == (None, None, None)
            && url.username().is_empty()
    });
    if fits {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    wrong(
        "this is not the address of a site",
        "write the address that people type, without a path, such as \"https://sluis.example.nl\"",
    )
}
