//! Certificates of the intake over HTTP: read at the start, read again when the files change, and what those of senders
//! tell.

use crate::config::ServerFiles;
use crate::sender::Certificate;
use crate::telemetry::events::{CertificateKept, CertificateRenewed};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// How often the files are looked at, at most.
const LOOK: Duration = Duration::from_secs(1);

/// A certificate or key of the intake cannot be used. Tells nothing of what stands in it.
#[derive(Debug, thiserror::Error)]
#[error("failed to use {} for [{section}]: {reason}", file.display())]
pub struct CertificateError {
    /// Section that names it.
    pub section: &'static str,
    /// File.
    pub file: PathBuf,
    /// Why.
    pub reason: String,
}

/// The certificates in use, and those that lie there now.
pub(super) struct Tls {
    files: ServerFiles,
    section: &'static str,
    state: Mutex<State>,
}

struct State {
    config: Arc<ServerConfig>,
    stamps: Vec<Option<Stamp>>,
    looked: Instant,
}

/// What tells a file from the one that replaced it.
type Stamp = (u64, u64, i64, i64);

impl Tls {
    /// Reads the certificates.
    pub(super) fn load(files: &ServerFiles, section: &'static str) -> Result<Tls, CertificateError> {
        // The stamps first: a file that changes in between is read once more.
        let stamps = stamps(files);
        let state = State { config: read(files, section)?, stamps, looked: Instant::now() };
        Ok(Tls { files: files.clone(), section, state: Mutex::new(state) })
    }

    /// What the next connection is made with; renewed files count from now on. Reads files.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() < LOOK {
            return Arc::clone(&state.config);
        }
        state.looked = Instant::now();
        let stamps = stamps(&self.files);
        if stamps != state.stamps {
            // Also when they are wrong: told once, and looked at again when they change once more.
            state.stamps = stamps;
            match read(&self.files, self.section) {
                Ok(config) => {
                    state.config = config;
                    CertificateRenewed { section: self.section }.emit();
                }
                Err(CertificateError { section, file, reason }) => {
                    CertificateKept { section, file: &file, reason: &reason }.emit();
                }
            }
        }
        Arc::clone(&state.config)
    }

    /// Whether senders are asked for a certificate.
    pub(super) fn asks(&self) -> bool {
        self.files.client_authority.is_some()
    }
}

fn stamps(files: &ServerFiles) -> Vec<Option<Stamp>> {
    let stamp = |file: &Path| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
    };
    let authority = files.client_authority.as_deref().and_then(stamp);
    vec![stamp(&files.certificate), stamp(&files.key), authority]
}

fn read(files: &ServerFiles, section: &'static str) -> Result<Arc<ServerConfig>, CertificateError> {
    let wrong = |file: &Path, reason: &dyn std::fmt::Display| CertificateError {
        section,
        file: file.to_owned(),
        reason: reason.to_string(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = certificates(&files.certificate, section)?;
    let pem = fs::read(&files.key).map_err(|error| wrong(&files.key, &error))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| wrong(&files.key, &"it holds no private key in PEM"))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&files.certificate, &error))?;
    let builder = match &files.client_authority {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file, section)? {
                roots.add(authority).map_err(|error| wrong(file, &error))?;
            }
            // Not demanded here: who has a token needs none, and who has neither gets an answer that says so.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| wrong(file, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| wrong(&files.certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Each connection shows its certificate: one that was resumed would count on what another showed before, perhaps to
    // an authority that is trusted no longer.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn certificates(file: &Path, section: &'static str) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let wrong = |reason: String| CertificateError { section, file: file.to_owned(), reason };
    let pem = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let found: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(wrong("it holds no certificate in PEM".to_owned())),
    }
}

/// What a client certificate tells; it was verified before.
pub(super) fn identity(der: &CertificateDer<'_>) -> Certificate {
    let fingerprint = hex::encode(Sha256::digest(der));
    let mut names = Vec::new();
    if let Ok((_, certificate)) = X509Certificate::from_der(der) {
        names.extend(certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).map(str::to_owned));
        let alternative = certificate.subject_alternative_name().ok().flatten();
        for name in alternative.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
                    names.push((*name).to_owned());
                }
                _ => {}
            }
        }
    }
    Certificate { names, fingerprint }
}
