//! `RabbitMQ`: connecting, the topology, and taking messages in. Publishing lives with the other destinations, in
//! [`delivery::amqp`](crate::delivery::amqp), on a connection of its own: a broker that blocks publishers for want of
//! disk would otherwise hold up acknowledgements as well.
//!
//! The recovery of the client library is not used: it gives up after some tries, and forgets the prefetch. Whoever needs
//! a connection builds it from scratch, and again after every loss.

pub mod consume;
pub mod topology;

use crate::config::{Amqp, TlsFiles};
use crate::delivery::http::install_crypto_provider;
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, DefaultConnectionBuilder};
use std::path::PathBuf;
use std::time::Duration;

/// Longest wait for a connection with its channels and queues. A handshake that fails may otherwise hang.
const SETUP_DEADLINE: Duration = Duration::from_secs(15);
/// Longest wait for a close: the other side may be gone.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
/// How often a connection is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Seconds between heartbeats, unless the address says otherwise. A connection that is silent for two is lost.
const HEARTBEAT_SECONDS: u16 = 10;

/// A connection cannot be made or used.
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
        source: std::io::Error,
    },
    /// No answer.
    #[error("the broker did not answer within {} s", SETUP_DEADLINE.as_secs())]
    Deadline,
    /// The broker or the network refused.
    #[error("{0}")]
    Broker(#[from] lapin::Error),
    /// A queue or exchange exists with other properties.
    #[error(
        "{what} exists with other properties than the gateway would give it ({source}); remove it when it is empty, or \
         set declare = false in [amqp] and let `sluis doctor` check it"
    )]
    Declared {
        /// Queue or exchange.
        what: String,
        /// What the broker said.
        source: lapin::Error,
    },
}

/// Does the work of setting up within the deadline.
pub(crate) async fn within_deadline<T>(setup: impl Future<Output = Result<T, AmqpError>>) -> Result<T, AmqpError> {
    tokio::time::timeout(SETUP_DEADLINE, setup).await.unwrap_or(Err(AmqpError::Deadline))
}

/// Makes a connection. Certificates are read each time, so that renewed ones count from the next connection on.
pub async fn connect(settings: &Amqp, name: &str) -> Result<Connection, AmqpError> {
    install_crypto_provider();
    let mut uri: AMQPUri = settings.url.expose().parse().map_err(|_| AmqpError::Address)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    let connection = DefaultConnectionBuilder::new()?
        .with_uri(uri)
        .with_properties(ConnectionProperties::default().with_connection_name(name.into()))
        .with_tls_config(read_tls(&settings.tls).await?)
        .connect()
        .await?;
    Ok(connection)
}

async fn read_tls(files: &TlsFiles) -> Result<OwnedTLSConfig, AmqpError> {
    let authority = match &files.ca_file {
        Some(file) => Some(String::from_utf8_lossy(&read(file).await?).into_owned()),
        None => None,
    };
    let identity = match (&files.client_cert_file, &files.client_key_file) {
        (Some(certificate), Some(key)) => {
            Some(OwnedIdentity::PKCS8 { pem: read(certificate).await?, key: read(key).await? })
        }
        (Some(_) | None, Some(_) | None) => None,
    };
    Ok(OwnedTLSConfig { identity, cert_chain: authority })
}

async fn read(file: &PathBuf) -> Result<Vec<u8>, AmqpError> {
    tokio::fs::read(file).await.map_err(|source| AmqpError::File { file: file.clone(), source })
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
