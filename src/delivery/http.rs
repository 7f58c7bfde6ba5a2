//! Delivery to the back office of a municipality over HTTP.
//!
//! A forward is a POST of `multipart/form-data` with the parts `message` (the XML) and `verdict` (JSON); a signal is a
//! POST of a `CloudEvent`. `Idempotency-Key` carries the id of the row, the same at every attempt, so that a back office
//! recognises a repeat. Redirects are not followed: a message goes where the configuration says or nowhere.
//!
//! Certificates are read again when their files change, so that a new one needs no restart. Files that cannot be used
//! are told once, and those before them stay in use.

use super::class::{Class, Fault, of_status};
use super::outbox::Due;
use super::{Destination, Failure, Manner, office_name, tripped};
use crate::config::{BackOffice, Order, TlsFiles};
use crate::decision::Purpose;
use crate::failpoint::Failpoint;
use crate::telemetry::events::{CertificatesKept, CertificatesReplaced};
use futures_util::future::{self, BoxFuture};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Identity, Response, StatusCode, redirect};
use rustls::CertificateError;
use std::error::Error;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

/// Bytes of an answer that are read, so that the connection can be used again.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Longest wait for a connection, within the timeout of the back office.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// Longest wait for the rest of an answer whose status is known: what it says does not matter.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);
/// How long a connection that is not used is kept.
const IDLE: Duration = Duration::from_mins(1);
/// Added to the timeout of a back office for all that comes before and after the request.
const SLACK: Duration = Duration::from_secs(5);
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
    in_flight: usize,
    order: Option<Order>,
    timeout: Duration,
    door: Arc<Door>,
}

/// The client in use, and what its certificates were read from.
struct Door {
    name: String,
    office: BackOffice,
    client: Mutex<(Client, Stamps)>,
}

/// What tells that a file was changed or replaced: its number, size and time of change; `None` for one that is away.
type Stamps = Vec<Option<(u64, u64, i64, i64)>>;

impl HttpDestination {
    /// Sets up the connection to a back office: reads its certificates, does not connect yet.
    pub fn new(office: &BackOffice) -> Result<HttpDestination, BackOfficeError> {
        install_crypto_provider();
        let gemeente = &office.gemeente;
        let url = reqwest::Url::parse(office.url.expose())
            .map_err(|_| BackOfficeError::Address { gemeente: gemeente.clone() })?;
        // The stamps come first: files that change while they are read are then read again.
        let stamps = stamps(&office.tls);
        let client = Mutex::new((client(office)?, stamps));
        let name = office_name(gemeente);
        let door = Arc::new(Door { name: name.clone(), office: office.clone(), client });
        let BackOffice { in_flight, order, timeout, .. } = *office;
        Ok(HttpDestination { name, url, in_flight, order, timeout, door })
    }
}

impl Door {
    /// The client, with the certificates as they lie there now. Reads files.
    fn client(&self) -> Client {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let found = stamps(&self.office.tls);
        if current.1 != found {
            // Noted also when they cannot be used: that is told once for each change of the files.
            current.1 = found;
            match client(&self.office) {
                Ok(client) => {
                    current.0 = client;
                    CertificatesReplaced { destination: &self.name }.emit();
                }
                Err(error) => CertificatesKept { destination: &self.name, reason: &error.to_string() }.emit(),
            }
        }
        current.0.clone()
    }
}

fn stamps(files: &TlsFiles) -> Stamps {
    let stamp = |found: fs::Metadata| (found.ino(), found.size(), found.mtime(), found.mtime_nsec());
    files.files().map(|(_, file)| fs::metadata(file).ok().map(stamp)).collect()
}

fn client(office: &BackOffice) -> Result<Client, BackOfficeError> {
    let gemeente = &office.gemeente;
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .timeout(office.timeout)
        .connect_timeout(CONNECT_DEADLINE.min(office.timeout))
        .pool_max_idle_per_host(office.in_flight)
        .pool_idle_timeout(IDLE);
    let tls = read_tls(gemeente, &office.tls)?;
    let unusable = |source| BackOfficeError::Tls { gemeente: gemeente.clone(), source };
    if let Some(authority) = tls.authority {
        builder = builder.tls_certs_only(Certificate::from_pem_bundle(&authority).map_err(unusable)?);
    }
    if let Some(identity) = tls.identity {
        builder = builder.identity(Identity::from_pem(&identity).map_err(unusable)?);
    }
    builder.build().map_err(unusable)
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
        self.in_flight
    }

    fn manner(&self) -> Manner {
        let patience = self.timeout.saturating_add(SLACK);
        Manner { order: self.order, in_flight: Some(self.in_flight), patience }
    }

    fn deliver(&self, run: Arc<[Due]>) -> BoxFuture<'static, Vec<Result<(), Failure>>> {
        let (door, url) = (Arc::clone(&self.door), self.url.clone());
        Box::pin(async move {
            let client = tokio::task::spawn_blocking(move || door.client()).await;
            let Ok(client) = client else {
                return vec![Err(Failure::receiver(Fault::Ours.as_str()).by(Fault::Ours))];
            };
            // A run is no longer than what may be under way at once: with one there is nothing behind it to hold up.
            future::join_all(run.iter().map(|due| post(&client, url.clone(), due))).await
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
    let answer = request.send().await.map_err(|error| failure(&error))?;
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
    let rest = rest_asked(answer.headers());
    // Past the deadline the connection is given up; the status counts all the same.
    let _ = tokio::time::timeout(DRAIN_DEADLINE, drain(answer)).await;
    if status.is_success() || conflict_is_ours {
        return Ok(());
    }
    let (class, what) = of_status(status.as_u16());
    let reason = format!("it answered {}: {what}", status.as_u16());
    let failure = match class {
        Class::Data => Failure::receiver(reason),
        Class::Temporary | Class::Unknown | Class::Contract | Class::Security => Failure::destination(reason),
    };
    let retry_after = matches!(class, Class::Temporary | Class::Unknown).then_some(rest).flatten();
    let failure = Failure { retry_after, ..failure.of(class) };
    // Something else under an id that was drawn at random: one of the two sides is mistaken.
    Err(Failure { alarm: failure.alarm || status == StatusCode::CONFLICT, ..failure })
}

/// A conflict means that the back office has this very delivery when it repeats our key. One that names no key can say
/// so only at a repeat: at the first attempt it means something else.
fn is_our_repeat(answer: &Response, due: &Due) -> bool {
    match answer.headers().get(IDEMPOTENCY_KEY) {
        Some(key) => key.as_bytes() == due.id.to_string().as_bytes(),
        None => due.attempts > 0,
    }
}

/// How long an answer asks to be left alone (RFC 9110, 10.2.3): seconds, or a moment on the clock of the other side, which
/// `Date` tells.
fn rest_asked(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let (now, then): (Timestamp, Timestamp) = (moment(text(DATE)?)?, moment(asked)?);
    Duration::try_from(then.duration_since(now)).ok()
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
fn failure(error: &reqwest::Error) -> Failure {
    let fault = match tls_error(error) {
        Some(_) => Fault::Tls,
        None if error.is_connect() => Fault::NoConnection,
        None if error.is_timeout() => Fault::NoAnswer,
        None => Fault::Cut,
    };
    let reason = match tls_error(error) {
        Some(error) => format!("{}: {}", fault.as_str(), distrust(error)),
        None => fault.as_str().to_owned(),
    };
    Failure::destination(reason).by(fault)
}

/// The fault of TLS at the bottom of an error.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An error of input or output does not name what it wraps as its source, only the source of that.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(tls) = inside.and_then(|inside| tls_error(inside)) {
            return Some(tls);
        }
        next = error.source();
    }
    None
}

fn distrust(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet"
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate is of an authority that is not trusted here"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is of another host"
            }
            CertificateError::Revoked => "its certificate was revoked",
            _ => "its certificate cannot be used",
        }
        .to_owned(),
        rustls::Error::AlertReceived(alert) => format!("it refuses us ({alert:?})"),
        _ => "it speaks no TLS that fits".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(retry_after: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after).expect("a value"));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).expect("a value"));
        }
        rest_asked(&headers).map(|rest| rest.as_secs())
    }

    #[test]
    fn an_answer_may_ask_for_rest() {
        let noon = Some("Sun, 06 Nov 1994 12:00:00 GMT");
        assert_eq!(asked("120", None), Some(120));
        assert_eq!(asked("Sun, 06 Nov 1994 12:01:30 GMT", noon), Some(90));
        assert_eq!(asked("Sun, 06 Nov 1994 11:00:00 GMT", noon), None, "it is past");
        assert_eq!(asked("Sun, 06 Nov 1994 12:01:30 GMT", None), None, "whose clock?");
        assert_eq!((asked("soon", noon), asked("-1", noon), asked("", noon)), (None, None, None));
        assert_eq!(rest_asked(&HeaderMap::new()), None);
    }
}
