//! The way to the broker: name, TCP, TLS, with certificates that are read anew for every connection.
//!
//! The client library could do this, but not as it must be done: it adds a named authority to those of the system, and
//! built without a root store it sends an `amqps://` address in plain text. Here the scheme is looked at by ourselves,
//! and the root store is named: without the feature that brings it, nothing compiles.
//!
//! What fails is told apart, because each is another's to mend: the name, the network, the broker's certificate, ours.

use super::AmqpError;
use crate::config::TlsFiles;
use lapin::tcp::{RustlsConnector, RustlsConnectorConfig};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, CertificateError};
use std::io;
use std::path::PathBuf;

/// What a TLS connection is made with: whom we trust, and who we are.
///
/// With a `ca_file` that authority alone counts; without one, those of the system.
pub(super) async fn connector(files: &TlsFiles) -> Result<RustlsConnector, AmqpError> {
    let roots = match &files.ca_file {
        Some(file) => RustlsConnectorConfig::default().with_parsable_certificates(certificates(file).await?),
        None => RustlsConnectorConfig::new_with_native_certs().map_err(AmqpError::NoAuthorities)?,
    };
    match (&files.client_cert_file, &files.client_key_file) {
        (Some(certificate), Some(key_file)) => {
            let chain = certificates(certificate).await?;
            let key = PrivateKeyDer::from_pem_slice(&read(key_file).await?)
                .map_err(|_| AmqpError::Pem { file: key_file.clone(), what: "private key" })?;
            roots
                .connector_with_single_cert(chain, key)
                .map_err(|source| AmqpError::Identity { file: certificate.clone(), source })
        }
        (Some(_) | None, Some(_) | None) => {
            roots.connector_with_no_client_auth().map_err(|source| match &files.ca_file {
                Some(file) => AmqpError::Pem { file: file.clone(), what: "certificate of an authority" },
                None => AmqpError::NoAuthorities(source),
            })
        }
    }
}

async fn certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, AmqpError> {
    let pem = read(file).await?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(AmqpError::Pem { file: file.clone(), what: "certificate" }),
    }
}

async fn read(file: &PathBuf) -> Result<Vec<u8>, AmqpError> {
    tokio::fs::read(file).await.map_err(|source| AmqpError::File { file: file.clone(), source })
}

/// What a fault of TLS means, and who can mend it; `None` for a fault of something else.
pub(super) fn told_apart(error: &io::Error, host: &str) -> Option<AmqpError> {
    let fault = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let untrusted =
        |why: &'static str, advice: &'static str| Some(AmqpError::Untrusted { host: host.to_owned(), why, advice });
    match fault {
        rustls::Error::InvalidCertificate(fault) => {
            let (why, advice) = of_certificate(fault);
            untrusted(why, advice)
        }
        rustls::Error::InvalidMessage(_) => {
            untrusted("what answers there speaks no TLS", "name the port of the TLS listener, usually 5671")
        }
        rustls::Error::AlertReceived(alert) => {
            let (why, advice) = of_alert(*alert);
            Some(AmqpError::Unwelcome { why, advice })
        }
        rustls::Error::PeerIncompatible(_) => {
            untrusted("it offers no TLS that the gateway takes", "let the broker offer TLS 1.2 or 1.3")
        }
        _ => untrusted("the handshake failed", "look at the log of the broker"),
    }
}

fn of_certificate(fault: &CertificateError) -> (&'static str, &'static str) {
    match fault {
        CertificateError::UnknownIssuer => (
            "its certificate is signed by an authority that is not trusted",
            "name the authority as ca_file in [amqp]; with a ca_file those of the system do not count",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("its certificate has expired", "renew the certificate of the broker, and look at the clocks of both")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("its certificate does not count yet", "look at the clocks of both")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "its certificate is of another host",
            "name the host in url as the certificate does (subjectAltName), or have it made for this name",
        ),
        CertificateError::Revoked => ("its certificate was revoked", "give the broker another certificate"),
        _ => ("its certificate does not count", "look at it with openssl s_client"),
    }
}

fn of_alert(alert: AlertDescription) -> (&'static str, &'static str) {
    match alert {
        AlertDescription::CertificateRequired => {
            ("it asks for a client certificate", "name client_cert_file and client_key_file in [amqp]")
        }
        AlertDescription::UnknownCA => (
            "it does not know the authority of the client certificate",
            "have the certificate signed by an authority that the broker trusts (ssl_options.cacertfile)",
        ),
        AlertDescription::CertificateExpired => ("the client certificate has expired", "renew it"),
        AlertDescription::CertificateRevoked => ("the client certificate was revoked", "have another one made"),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => {
            ("it does not accept the client certificate", "the log of the broker says why")
        }
        _ => ("it broke off the handshake", "the log of the broker says why"),
    }
}
