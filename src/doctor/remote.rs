//! The way to another machine, step by step, so that each step that fails can be named: name, connection, TLS.

use super::certificates::days_left;
use crate::config::TlsFiles;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// Longest time for a step.
const STEP: Duration = Duration::from_secs(4);

/// How far one got on the way to another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Its name leads nowhere.
    Name(String),
    /// Nothing answers at its address.
    Connection(String),
    /// TLS could not be agreed.
    Tls(String),
}

/// A connection with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A way that is open.
pub(super) struct Open {
    pub(super) stream: Box<dyn Stream>,
    /// Days for which the certificate that the other side showed still counts; `None` without TLS.
    pub(super) days_left: Option<i64>,
}

/// Opens the way to `host:port`, with TLS when `tls` is given.
pub(super) async fn open(host: &str, port: u16, tls: Option<&TlsFiles>, now: Timestamp) -> Result<Open, Stopped> {
    let host = host.trim_matches(['[', ']']);
    let addresses = match tokio::time::timeout(STEP, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
        Ok(Err(error)) => return Err(Stopped::Name(error.to_string())),
        Err(_) => return Err(Stopped::Name("the name service does not answer".to_owned())),
    };
    let connection = match tokio::time::timeout(STEP, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(Stopped::Connection(error.to_string())),
        Err(_) => return Err(Stopped::Connection("no answer; a firewall?".to_owned())),
    };
    let Some(files) = tls else {
        return Ok(Open { stream: Box::new(connection), days_left: None });
    };
    let config = client_config(files).map_err(Stopped::Tls)?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Stopped::Tls("its name cannot stand in a certificate".to_owned()))?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, connection);
    match tokio::time::timeout(STEP, handshake).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let days_left = shown.and_then(|der| days_left(der, now));
            Ok(Open { stream: Box::new(stream), days_left })
        }
        Ok(Err(error)) => Err(Stopped::Tls(error.to_string())),
        Err(_) => Err(Stopped::Tls("the handshake does not end".to_owned())),
    }
}

/// A named authority counts instead of those of the system.
fn client_config(files: &TlsFiles) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = &files.ca_file {
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|_| format!("{} holds no usable authority", file.display()))?;
        }
    }
    if files.ca_file.is_none() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    match (&files.client_cert_file, &files.client_key_file) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|_| format!("{} holds no key", key.display()))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())
        }
        (Some(_) | None, Some(_) | None) => Ok(builder.with_no_client_auth()),
    }
}

fn certificates(file: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.map_err(|_| format!("{} holds no certificate that can be read", file.display()))
}
