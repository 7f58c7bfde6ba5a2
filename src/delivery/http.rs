//! Delivery to the back office of a municipality over HTTP.
//!
//! A forward is a POST of `multipart/form-data` with the parts `message` (the XML) and `verdict` (JSON); a signal is a
//! POST of a `CloudEvent`. `Idempotency-Key` carries the id of the row, the same at every attempt, so that a back office
//! recognises a repeat. Redirects are not followed: a message goes where the configuration says or nowhere.

use super::outbox::Due;
use super::{Destination, Failure, tripped};
use crate::config::{BackOffice, TlsFiles};
use crate::decision::Purpose;
use crate::failpoint::Failpoint;
use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, Identity, Response, StatusCode, redirect};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::time::Duration;

/// Bytes of an answer that are read, so that the connection can be used again.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Longest wait for a connection, within the timeout of the back office.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// The header that makes a repeat recognisable.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A back office cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BackOfficeError {
    /// A certificate or key cannot be read.
    #[error("failed to read {} for the back office of {gemeente}", file.display())]
    File {
        /// Municipality.
        gemeente: String,
        /// File.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key is not what it should be.
    #[error("failed to use the certificates for the back office of {gemeente}: check that the files are PEM")]
    Tls {
        /// Municipality.
        gemeente: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The address is none.
    #[error("failed to understand the address of the back office of {gemeente}")]
    Address {
        /// Municipality.
        gemeente: String,
    },
}

/// Makes ring the provider of all TLS in the program. Again does no harm.
pub fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that another provider was installed before, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The back office of one municipality.
pub struct HttpDestination {
    name: String,
    url: reqwest::Url,
    client: Client,
}

impl HttpDestination {
    /// Sets up the connection to a back office: reads its certificates, does not connect yet.
    pub fn new(office: &BackOffice) -> Result<HttpDestination, BackOfficeError> {
        install_crypto_provider();
        let gemeente = &office.gemeente;
        let url = reqwest::Url::parse(office.url.expose())
            .map_err(|_| BackOfficeError::Address { gemeente: gemeente.clone() })?;
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .timeout(office.timeout)
            .connect_timeout(CONNECT_DEADLINE.min(office.timeout));
        let tls = read_tls(gemeente, &office.tls)?;
        let unusable = |source| BackOfficeError::Tls { gemeente: gemeente.clone(), source };
        if let Some(authority) = tls.authority {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&authority).map_err(unusable)?);
        }
        if let Some(identity) = tls.identity {
            builder = builder.identity(Identity::from_pem(&identity).map_err(unusable)?);
        }
        Ok(HttpDestination { name: format!("http {gemeente}"), url, client: builder.build().map_err(unusable)? })
    }
}

struct Pem {
    authority: Option<Vec<u8>>,
    identity: Option<Vec<u8>>,
}

fn read_tls(gemeente: &str, files: &TlsFiles) -> Result<Pem, BackOfficeError> {
    let read = |file: &PathBuf| {
        fs::read(file).map_err(|source| BackOfficeError::File {
            gemeente: gemeente.to_owned(),
            file: file.clone(),
            source,
        })
    };
    let authority = files.ca_file.as_ref().map(read).transpose()?;
    let identity = match (&files.client_cert_file, &files.client_key_file) {
        (Some(certificate), Some(key)) => Some([read(certificate)?, b"\n".to_vec(), read(key)?].concat()),
        (Some(_) | None, Some(_) | None) => None,
    };
    Ok(Pem { authority, identity })
}

impl Destination for HttpDestination {
    fn sort(&self) -> &'static str {
        "http"
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn longest_run(&self) -> usize {
        1
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let (client, url) = (self.client.clone(), self.url.clone());
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(run.len());
            for due in run.iter() {
                let outcome = post(&client, url.clone(), due).await;
                let failed = outcome.is_err();
                outcomes.push(outcome);
                if failed {
                    break;
                }
            }
            outcomes
        })
    }
}

async fn post(client: &Client, url: reqwest::Url, due: &Due) -> Result<(), Failure> {
    let (content_type, body) = content(due);
    let request = client
        .post(url)
        .header(CONTENT_TYPE, content_type)
        .header(IDEMPOTENCY_KEY, due.id.to_string())
        .header("Sluis-Kind", header_value(&due.subject))
        .header("Sluis-Purpose", due.purpose.as_str())
        .body(body);
    Failpoint::BeforeDelivery.pass_async().await.map_err(tripped)?;
    let answer = request.send().await.map_err(|error| Failure::destination(reason(&error)))?;
    Failpoint::WithinDelivery.pass_async().await.map_err(tripped)?;
    judge(answer, due).await?;
    Failpoint::AfterDelivery.pass_async().await.map_err(tripped)
}

/// Content type and bytes of a request.
fn content(due: &Due) -> (String, Vec<u8>) {
    match due.purpose {
        Purpose::Signal => ("application/cloudevents+json".to_owned(), due.body.clone()),
        Purpose::Error => ("application/json".to_owned(), due.body.clone()),
        Purpose::Reply | Purpose::Forward => {
            let boundary = format!("sluis-{}", due.id.simple());
            let mut body = Vec::with_capacity(due.body.len() + 1024);
            part(&mut body, &boundary, "message", "message.xml", "application/xml", &due.body);
            if let Some(verdict) = &due.verdict_json {
                part(&mut body, &boundary, "verdict", "verdict.json", "application/json", verdict);
            }
            body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
            (format!("multipart/form-data; boundary={boundary}"), body)
        }
    }
}

/// The boundary holds the id of the row, drawn at random after the message was written: no message contains it.
fn part(body: &mut Vec<u8>, boundary: &str, name: &str, file: &str, content_type: &str, bytes: &[u8]) {
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
         Content-Type: {content_type}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n");
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
}

async fn judge(answer: Response, due: &Due) -> Result<(), Failure> {
    let status = answer.status();
    let conflict_is_ours = status == StatusCode::CONFLICT && is_our_repeat(&answer, due);
    drain(answer).await;
    if status.is_success() || conflict_is_ours {
        return Ok(());
    }
    Err(Failure::destination(format!("it answered {}", status.as_u16())))
}

/// A conflict means that the back office has this very delivery when it repeats our key. One that names no key can say
/// so only at a repeat: at the first attempt it means something else.
fn is_our_repeat(answer: &Response, due: &Due) -> bool {
    match answer.headers().get(IDEMPOTENCY_KEY) {
        Some(key) => key.as_bytes() == due.id.to_string().as_bytes(),
        None => due.attempts > 0,
    }
}

/// Reads the answer as far as is reasonable. What it says does not matter, only that the connection is free again.
async fn drain(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > LONGEST_ANSWER {
            return;
        }
    }
}

/// What went wrong, in our own words: those of the library name the address with everything in it.
fn reason(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    };
    what.to_owned()
}
