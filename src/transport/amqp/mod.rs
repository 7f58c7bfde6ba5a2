//! `RabbitMQ`: connecting, the topology, and taking messages in. Publishing lives with the other destinations, in
//! [`delivery::amqp`](crate::delivery::amqp), on a connection of its own: a broker that blocks publishers for want of
//! disk would otherwise hold up acknowledgements as well.
//!
//! The recovery of the client library is not used: it gives up after some tries, and forgets the prefetch. Whoever needs
//! a connection builds it from scratch, and again after every loss.

pub mod consume;
mod held;
mod tls;
pub mod topology;

use crate::config::Amqp;
use crate::delivery::http::install_crypto_provider;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Channel, Connection, ConnectionProperties, ErrorKind};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest wait for a connection with its channels and queues. A handshake that fails may otherwise hang.
const SETUP_DEADLINE: Duration = Duration::from_secs(15);
/// Longest wait for one address of the broker, of several that its name may have.
const ADDRESS_DEADLINE: Duration = Duration::from_secs(4);
/// Longest wait for a close: the other side may be gone.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
/// How often a connection is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Seconds between heartbeats, unless the address says otherwise. A connection that is silent for two is lost.
const HEARTBEAT_SECONDS: u16 = 10;

/// A connection cannot be made or used. No text holds a login.
#[derive(Debug, thiserror::Error)]
pub enum AmqpError {
    /// The address is none.
    #[error("the address of the broker cannot be understood; check url in [amqp]")]
    Address,
    /// A certificate or key cannot be read.
    #[error("failed to read {}: {source}", file.display())]
    File {
        /// File.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what} that can be used; it must be PEM", file.display())]
    Pem {
        /// File.
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// Certificate and key are no pair.
    #[error("the certificate in {} cannot be used; check that client_key_file belongs to it ({source})", file.display())]
    Identity {
        /// File of the certificate.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system trusts nobody.
    #[error("the system has no certificates of authorities ({0}); name one as ca_file in [amqp]")]
    NoAuthorities(io::Error),
    /// No answer.
    #[error("the broker did not answer within {} s", SETUP_DEADLINE.as_secs())]
    Deadline,
    /// The name of the host leads nowhere.
    #[error("the host {host} is not known ({source}); check url in [amqp] and the name service")]
    Unresolved {
        /// Host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Nobody answers there.
    #[error("nothing answers at {place} ({source}); check that the broker runs, url in [amqp], and the firewall")]
    Unreachable {
        /// Host and port.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// We do not trust what answers.
    #[error("{host} is not trusted: {why}; {advice}")]
    Untrusted {
        /// Host.
        host: String,
        /// Why.
        why: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The broker does not trust us.
    #[error("the broker refused the connection: {why}; {advice}")]
    Unwelcome {
        /// Why.
        why: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The broker does not know the login.
    #[error(
        "the broker refused the login; check user and password in url, or, with ?auth_mechanism=external, that the name \
         in the client certificate is a user of the broker"
    )]
    Login,
    /// The virtual host is not there, or the login may not enter it.
    #[error("the broker has no virtual host {vhost} that this login may enter; make it, or give the login permissions")]
    Vhost {
        /// Name.
        vhost: String,
    },
    /// The login may not do what it must.
    #[error("{}; see docs/broker.md for the permissions that the gateway needs", told(.0))]
    Forbidden(lapin::Error),
    /// The broker or the network refused.
    #[error("{}", told(.0))]
    Broker(lapin::Error),
    /// A queue or exchange exists with other properties.
    #[error(
        "{what} exists with other properties than the gateway would give it ({}); remove it when it is empty, or \
         set declare = false in [amqp] and let `sluis doctor` check it",
        told(source)
    )]
    Declared {
        /// Queue or exchange.
        what: String,
        /// What the broker said.
        source: lapin::Error,
    },
}

impl From<lapin::Error> for AmqpError {
    fn from(error: lapin::Error) -> AmqpError {
        let refused = AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED);
        match error.kind() {
            ErrorKind::ProtocolError(fault) if *fault.kind() == refused => AmqpError::Forbidden(error),
            _ => AmqpError::Broker(error),
        }
    }
}

/// What the library or the broker says, without the name of the login, which brokers like to repeat.
pub(crate) fn told(error: &lapin::Error) -> String {
    let text = error.to_string();
    let Some((before, rest)) = text.split_once("user '") else { return text };
    let after = rest.split_once('\'').map_or("", |(_, after)| after);
    format!("{before}this user{after}")
}

/// Does the work of setting up within the deadline.
pub(crate) async fn within_deadline<T>(setup: impl Future<Output = Result<T, AmqpError>>) -> Result<T, AmqpError> {
    tokio::time::timeout(SETUP_DEADLINE, setup).await.unwrap_or(Err(AmqpError::Deadline))
}

/// Makes a connection. Certificates are read each time, so that renewed ones count from the next connection on.
///
/// # Errors
/// What failed, told apart: the files, the name, the network, TLS on either side, the login, the virtual host.
pub async fn connect(settings: &Amqp, name: &str) -> Result<Connection, AmqpError> {
    install_crypto_provider();
    let mut uri: AMQPUri = settings.url.expose().parse().map_err(|_| AmqpError::Address)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    let (host, port, vhost) = (uri.authority.host.clone(), uri.authority.port, uri.vhost.clone());
    let tls = match uri.scheme {
        AMQPScheme::AMQP => None,
        AMQPScheme::AMQPS => Some(tls::connector(&settings.tls).await?),
    };
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), port))
        .await
        .map_err(|source| AmqpError::Unresolved { host: host.clone(), source })?
        .collect();
    // The library passes on no more than a text of what failed in here.
    let failed: Arc<Mutex<Option<AmqpError>>> = Arc::default();
    let note = {
        let (failed, place) = (Arc::clone(&failed), format!("{host}:{port}"));
        move |source: io::Error, connected: bool| {
            let told = io::Error::new(source.kind(), source.to_string());
            let fault = match tls::told_apart(&source, &host) {
                Some(fault) => fault,
                None if connected => AmqpError::Untrusted {
                    host: host.clone(),
                    why: "it broke off the handshake",
                    advice: "check that the port is that of a TLS listener, and look at the log of the broker",
                },
                None => AmqpError::Unreachable { place: place.clone(), source },
            };
            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
            lapin::Error::from(told)
        }
    };
    let host = uri.authority.host.clone();
    let encrypted = uri.scheme == AMQPScheme::AMQPS;
    let connected = Connection::connector(
        uri,
        lapin::runtime::default_runtime()?,
        async move |uri, runtime| {
            // One after another: a node that is gone may swallow what is sent to it, and must not use up the time of all.
            let mut plain = Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
            for address in &addresses {
                let connecting = AsyncTcpStream::connect(&runtime, *address);
                plain = match tokio::time::timeout(ADDRESS_DEADLINE, connecting).await {
                    Ok(connected) => connected,
                    Err(_) => Err(io::ErrorKind::TimedOut.into()),
                };
                if plain.is_ok() {
                    break;
                }
            }
            let plain = plain.map_err(|source| note(source, false))?;
            match &tls {
                Some(connector) => {
                    plain.into_rustls(connector, &uri.authority.host).await.map_err(|source| note(source, true))
                }
                None => Ok(plain),
            }
        },
        ConnectionProperties::default().with_connection_name(name.into()),
    )
    .await;
    connected.map_err(|error| {
        let noted = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.unwrap_or_else(|| refused(error, &host, vhost, encrypted))
    })
}

/// What a broker means that broke off after the handshake.
fn refused(error: lapin::Error, host: &str, vhost: String, encrypted: bool) -> AmqpError {
    match error.kind() {
        // With TLS 1.3 a refused client certificate is told with the first bytes after the handshake.
        ErrorKind::IOError(source) => match tls::told_apart(source, host) {
            Some(fault) => fault,
            // What it told may be lost with the connection that it ended.
            None if encrypted && source.kind() == io::ErrorKind::ConnectionReset => AmqpError::Unwelcome {
                why: "it broke off right after the handshake, most often for want of a client certificate that it trusts",
                advice: "name yours with client_cert_file and client_key_file, and look at the log of the broker",
            },
            None => AmqpError::Broker(error),
        },
        ErrorKind::ProtocolError(fault) => match fault.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => AmqpError::Login,
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::INVALIDPATH) => AmqpError::Vhost { vhost },
            AMQPErrorKind::Soft(_) | AMQPErrorKind::Hard(_) => AmqpError::Broker(error),
        },
        _ => AmqpError::Broker(error),
    }
}

/// Completes when the connection or the channel is gone, a moment after, so that whoever uses it can learn of it first.
pub(crate) async fn gone(connection: &Connection, channel: &Channel) {
    while connection.status().connected() && channel.status().connected() {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(LOOK).await;
}

/// Closes in order, as far as the other side still answers: first the channel, then the connection. What was not
/// acknowledged returns to its queue.
pub(crate) async fn close(channel: Option<&Channel>, connection: &Connection) {
    if let Some(channel) = channel {
        let _ = tokio::time::timeout(CLOSE_DEADLINE, channel.close(200, "done".into())).await;
    }
    let _ = tokio::time::timeout(CLOSE_DEADLINE, connection.close(200, "done".into())).await;
}
