//! Messages over HTTP: `POST /v1/messages` with the XML as body (`docs/senders.md`).
//!
//! The answer is 202 once the message is in the ledger, never before. Whatever is not taken is refused with a reason
//! (RFC 9457) and stays with who sent it; the same request may be sent again, and with the same `Idempotency-Key` it is
//! the same delivery. What a message leads to comes by the usual ways, not in the answer.
//!
//! Nothing waits here that could fill the memory: who comes when there is no room is told so (429).

mod listen;
mod tls;

pub(crate) use listen::Peer;
pub use listen::{HttpIntakeError, Listening};
pub use tls::CertificateError;

use super::budget::Budget;
use super::{Identity, Incoming, Intake, Receipt};
use crate::backoff::{Backoff, random_spread};
use crate::config;
use crate::http::{API_VERSION, API_VERSION_HEADER, problem};
use crate::pipeline::digest;
use crate::sender::{Sender, Senders};
use crate::shutdown::Shutdown;
use crate::telemetry::events::{IntakeBroke, NotRecorded, TurnedAway};
use crate::telemetry::{Component, Telemetry};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The word for this way in: in the ledger, in metrics and in the configuration.
const HTTP: &str = "http";
/// The header that makes a repeat recognisable.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Longest key; ids of deliveries become properties of 255 bytes.
const LONGEST_KEY: usize = 200;
/// Room that a body of unknown length takes at once.
const STEP: usize = 1_000_000;
/// Memory that is asked for on the word of a sender alone.
const BELIEVED: usize = 64 * 1024;
/// Seconds after which to come again: when there is no room, and when the ledger takes nothing.
const WHEN_FULL: u32 = 2;
const WHEN_AWAY: u32 = 5;
/// Longest wait between questions whether the ledger is ready.
const READY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: Duration::from_secs(5) };

/// What is served to senders besides the intake itself: what would become of a message, and the description of all this.
pub trait SelfTest: Send + Sync + 'static {
    /// What would become of a message that this sender has, in the form that is accepted. Nothing is stored.
    fn check(&self, sender: &Sender, accept: Option<&HeaderValue>, bytes: Vec<u8>) -> BoxFuture<'static, Response>;

    /// The description (OpenAPI).
    fn description(&self) -> Response;
}

/// Takes messages over HTTP.
pub struct HttpIntake<I> {
    listening: Listening,
    desk: Arc<Desk<I>>,
    self_test: Option<Arc<dyn SelfTest>>,
}

/// What all requests share.
struct Desk<I> {
    intake: Arc<I>,
    senders: Arc<Senders>,
    asks_for_certificates: bool,
    max_bytes: usize,
    body_timeout: Duration,
    budget: Budget,
    places: Arc<Semaphore>,
    telemetry: Telemetry,
    component: Component,
    /// Whether the ledger took the last message. While it does not, nothing is read.
    takes: AtomicBool,
    refused: Notify,
    stop: Shutdown,
}

impl<I: Intake> HttpIntake<I> {
    /// Takes messages from those who reach `listening`, none larger than `max_bytes`, until `stop` is requested.
    pub fn new(
        listening: Listening,
        settings: &config::HttpIntake,
        max_bytes: u64,
        senders: Arc<Senders>,
        intake: Arc<I>,
        telemetry: &Telemetry,
        stop: Shutdown,
    ) -> HttpIntake<I> {
        let desk = Desk {
            intake,
            senders,
            asks_for_certificates: listening.asks_for_certificates(),
            max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
            body_timeout: settings.body_timeout,
            budget: Budget::new(settings.bytes_at_once),
            places: Arc::new(Semaphore::new(settings.requests_at_once)),
            telemetry: telemetry.clone(),
            component: telemetry.component("http intake"),
            takes: AtomicBool::new(true),
            refused: Notify::new(),
            stop,
        };
        HttpIntake { listening, desk: Arc::new(desk), self_test: None }
    }

    /// The same, with a dry run for senders and a description.
    #[must_use]
    pub fn with_self_test(self, self_test: Arc<dyn SelfTest>) -> HttpIntake<I> {
        HttpIntake { self_test: Some(self_test), ..self }
    }

    /// Answers until the stop is requested. What was read by then is recorded and answered, within the deadline; what is
    /// still being sent is told to come again.
    pub async fn run(self) {
        let HttpIntake { listening, desk, self_test } = self;
        let stop = desk.stop.clone();
        let all = u32::try_from(desk.places.available_permits()).unwrap_or(u32::MAX);
        let mut routes = Router::new().route("/v1/messages", post(take::<I>).fallback(only_post));
        if let Some(self_test) = self_test {
            let described = Arc::clone(&self_test);
            routes =
                routes.route("/v1/openapi.json", get(async move || described.description()).fallback(only_get)).route(
                    "/v1/check",
                    post(async move |desk, peer, request| check::<I>(&*self_test, desk, peer, request).await)
                        .fallback(only_post),
                );
        }
        let routes = routes
            .fallback(nowhere)
            .layer(map_response(with_version))
            .with_state(Arc::clone(&desk))
            .into_make_service_with_connect_info::<Peer>();
        desk.component.up();
        let requested = stop.clone();
        let serving =
            axum::serve(listening.open(), routes).with_graceful_shutdown(async move { requested.requested().await });
        let watching = tokio::spawn(Arc::clone(&desk).watch_the_ledger());
        let done = async {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the intake over HTTP ended with an error");
            }
            // Who hung up after the last byte waits for no answer; its message is recorded all the same.
            let _ = desk.places.acquire_many(all).await;
        };
        stop.within_deadline(done).await;
        watching.abort();
        desk.component.stopped();
    }
}

async fn only_post() -> Response {
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "messages are sent with POST");
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    answer
}

async fn only_get() -> Response {
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "this can only be read");
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    answer
}

async fn with_version(mut answer: Response) -> Response {
    answer.headers_mut().insert(API_VERSION_HEADER, HeaderValue::from_static(API_VERSION));
    answer
}

/// Repeats nothing of what was asked for: it may hold anything.
async fn nowhere() -> Response {
    problem(StatusCode::NOT_FOUND, "there is nothing here; messages go to POST /v1/messages")
}

async fn take<I: Intake>(
    State(desk): State<Arc<Desk<I>>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let _busy = peer.patience.busy();
    match desk.take(&peer, request).await {
        Ok(id) => {
            let body = json!({ "id": id }).to_string();
            (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(refused) => {
            if let Some(reason) = refused.counts {
                TurnedAway { reason }.emit(&desk.telemetry);
            }
            refused.into_response()
        }
    }
}

/// A dry run. It has a place and room among the messages that are sent, so that neither can crowd out the other.
async fn check<I: Intake>(
    self_test: &dyn SelfTest,
    State(desk): State<Arc<Desk<I>>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let _busy = peer.patience.busy();
    let accept = request.headers().get(header::ACCEPT).cloned();
    let read = async {
        let (head, body) = request.into_parts();
        let sender = desk.known_sender(&peer, &head.headers)?;
        let (bytes, held) = desk.receive(&head.headers, body).await?;
        Ok::<_, TurnedBack>((sender, bytes, held))
    };
    match read.await {
        Ok((sender, bytes, _held)) => self_test.check(&sender, accept.as_ref(), bytes).await,
        Err(refused) => refused.into_response(),
    }
}

impl<I: Intake> Desk<I> {
    /// One request, from who it is to the ledger. Gives the id of the delivery.
    async fn take(&self, peer: &Peer, request: Request) -> Result<String, TurnedBack> {
        let (head, body) = request.into_parts();
        let identity = self.identity(peer, &head.headers)?;
        if self.stop.is_requested() {
            return Err(TurnedBack::stopping());
        }
        if !self.takes.load(Ordering::Relaxed) {
            return Err(TurnedBack::away());
        }
        let key = idempotency_key(&head.headers)?;
        let (bytes, held) = self.receive(&head.headers, body).await?;
        let id = key.unwrap_or_else(|| hex::encode(digest(&bytes)));
        let incoming = Incoming { transport: HTTP, transport_id: id.clone(), identity, bytes };
        match self.record(incoming, held).await? {
            Receipt::Taken => Ok(id),
            Receipt::Refused(reason) => Err(TurnedBack::new(StatusCode::FORBIDDEN, reason.en())),
        }
    }

    /// A message, with the place and the room that it takes.
    async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Vec<u8>, (OwnedSemaphorePermit, OwnedSemaphorePermit)), TurnedBack> {
        check_type(headers)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| TurnedBack::full())?;
        let reading = tokio::time::timeout(self.body_timeout, self.read(headers, body));
        let read = self.stop.unless_requested(reading).await.ok_or_else(TurnedBack::stopping)?;
        let (bytes, room) = read.map_err(|_| TurnedBack::slow())??;
        if bytes.is_empty() {
            return Err(TurnedBack::form(StatusCode::UNPROCESSABLE_ENTITY, "there is no message in this request"));
        }
        Ok((bytes, (place, room)))
    }

    /// Who asks, when that is a sender of the configuration: what the ledger holds is told to nobody else, also where
    /// everybody may send.
    fn known_sender(&self, peer: &Peer, headers: &HeaderMap) -> Result<Sender, TurnedBack> {
        let identity = self.identity(peer, headers)?;
        let Some(identity) = identity else {
            return Err(TurnedBack::login("messages are tried out for senders of this gateway: show who you are"));
        };
        let sender = self.senders.of(&identity).cloned();
        let detail = "whoever asks is no sender of this gateway; ask its administrator";
        sender.ok_or_else(|| TurnedBack { ends: true, ..TurnedBack::new(StatusCode::FORBIDDEN, detail) })
    }

    /// Who sends: the owner of the token, or else of the certificate.
    fn identity(&self, peer: &Peer, headers: &HeaderMap) -> Result<Option<Identity>, TurnedBack> {
        if let Some(credentials) = headers.get(header::AUTHORIZATION) {
            let token = credentials.to_str().ok().and_then(bearer);
            let sender = token.and_then(|token| self.senders.of_token(token));
            let sender = sender.ok_or_else(|| TurnedBack::login("this is no API token of a sender of this gateway"))?;
            return Ok(Some(Identity::Token(sender.name.clone())));
        }
        if let Some(certificate) = &peer.certificate {
            return Ok(Some(Identity::Certificate(certificate.clone())));
        }
        if self.senders.are_bound_on(HTTP) || self.asks_for_certificates {
            return Err(TurnedBack::login(
                "show who you are: by an API token (Authorization: Bearer …) or a certificate",
            ));
        }
        Ok(None)
    }

    /// The body, as far as it may be read, and the room that it takes.
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<(Vec<u8>, OwnedSemaphorePermit), TurnedBack> {
        let declared = declared_length(headers);
        if declared.is_some_and(|length| length > self.max_bytes) {
            return Err(TurnedBack::size(self.max_bytes));
        }
        // All of it at once, so that many large ones do not each get half of what they need. A length that is too small
        // is found out by the server, which reads no further than that.
        let mut reserved = declared.unwrap_or(STEP).min(self.max_bytes);
        let mut room = self.budget.try_take(reserved).ok_or_else(TurnedBack::full)?;
        let mut bytes = Vec::with_capacity(reserved.min(BELIEVED));
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| TurnedBack::cut())?;
            let length = bytes.len() + chunk.len();
            if length > self.max_bytes {
                return Err(TurnedBack::size(self.max_bytes));
            }
            while length > reserved {
                room.merge(self.budget.try_take(STEP).ok_or_else(TurnedBack::full)?);
                reserved += STEP;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes, room))
    }

    /// Has a message judged and recorded. It goes on when the sender hangs up: all of the message is here.
    async fn record(
        &self,
        incoming: Incoming,
        held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    ) -> Result<Receipt, TurnedBack> {
        let intake = Arc::clone(&self.intake);
        let recording = tokio::spawn(async move {
            let _held = held;
            let prepared = intake.prepare(incoming).await;
            intake.commit(prepared).await
        });
        match recording.await {
            Ok(Ok(receipt)) => Ok(receipt),
            Ok(Err(error)) => {
                let (reason, again_in) = (error.to_string(), Duration::from_secs(u64::from(WHEN_AWAY)));
                NotRecorded { transport: HTTP, reason: &reason, again_in }.emit(&self.telemetry);
                self.component.down(&reason);
                self.takes.store(false, Ordering::Relaxed);
                self.refused.notify_one();
                Err(TurnedBack::away())
            }
            Err(_) => {
                IntakeBroke { transport: HTTP, kept: "the hands of its sender, who was told (500)" }
                    .emit(&self.telemetry);
                let detail =
                    "handling this message broke off; nothing was recorded, and the operator of the gateway knows";
                Err(TurnedBack::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
            }
        }
    }

    /// Asks a ledger that took nothing until it does again.
    async fn watch_the_ledger(self: Arc<Self>) {
        loop {
            self.refused.notified().await;
            let mut refusals = 0;
            while let Err(error) = self.intake.ready().await {
                self.component.down(&error.to_string());
                refusals += 1;
                if !self.stop.sleep(READY_BACKOFF.after(refusals, random_spread())).await {
                    return;
                }
            }
            self.takes.store(true, Ordering::Relaxed);
            self.component.up();
        }
    }
}

/// The token of an `Authorization` header; the scheme is written as anybody likes (RFC 9110).
pub(crate) fn bearer(credentials: &str) -> Option<&str> {
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn check_type(headers: &HeaderMap) -> Result<(), TurnedBack> {
    if is_plain_xml(headers) {
        return Ok(());
    }
    Err(TurnedBack::form(StatusCode::UNSUPPORTED_MEDIA_TYPE, ONLY_PLAIN_XML))
}

/// What is told to whoever sends a body that [`is_plain_xml`] does not take.
pub(crate) const ONLY_PLAIN_XML: &str = "send the message as application/xml or text/xml, in UTF-8 and not compressed";

/// Whether a body is XML in UTF-8 that is not packed, as far as the headers tell.
pub(crate) fn is_plain_xml(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let is_xml = parts
        .next()
        .is_some_and(|name| ["application/xml", "text/xml"].iter().any(|known| name.eq_ignore_ascii_case(known)));
    let is_utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let is_bare = headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    is_xml && is_utf8 && is_bare
}

/// How many bytes a body has by its own word, when it gives one.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    Some(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The sender's own id of the delivery. It may stand between quotes, as a later standard writes it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, TurnedBack> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=LONGEST_KEY).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
    if fits && keys.next().is_none() {
        return Ok(Some(bare.to_owned()));
    }
    let detail = "Idempotency-Key takes one key of 1 to 200 visible characters without spaces, such as a UUID";
    Err(TurnedBack::form(StatusCode::BAD_REQUEST, detail))
}

/// A message that is not taken, and what its sender is told.
struct TurnedBack {
    status: StatusCode,
    detail: String,
    again_in: Option<u32>,
    /// What it counts as, when it is counted.
    counts: Option<&'static str>,
    /// The body was not read, so nothing else can be said on this connection.
    ends: bool,
}

impl TurnedBack {
    fn new(status: StatusCode, detail: impl Into<String>) -> TurnedBack {
        TurnedBack { status, detail: detail.into(), again_in: None, counts: None, ends: false }
    }

    fn login(detail: &str) -> TurnedBack {
        TurnedBack { counts: Some("login"), ends: true, ..TurnedBack::new(StatusCode::UNAUTHORIZED, detail) }
    }

    fn form(status: StatusCode, detail: &str) -> TurnedBack {
        TurnedBack { counts: Some("form"), ends: true, ..TurnedBack::new(status, detail) }
    }

    fn size(max_bytes: usize) -> TurnedBack {
        let detail = format!("a message has {max_bytes} bytes at most; split it");
        TurnedBack { counts: Some("size"), ends: true, ..TurnedBack::new(StatusCode::PAYLOAD_TOO_LARGE, detail) }
    }

    fn slow() -> TurnedBack {
        let detail = "the message did not come in time; send it again";
        TurnedBack { counts: Some("slow"), ends: true, ..TurnedBack::new(StatusCode::REQUEST_TIMEOUT, detail) }
    }

    fn cut() -> TurnedBack {
        let detail = "the message broke off; send it again";
        TurnedBack { counts: Some("cut"), ends: true, ..TurnedBack::new(StatusCode::BAD_REQUEST, detail) }
    }

    fn full() -> TurnedBack {
        let detail = "there are too many messages at once; send this one again in a moment";
        let again_in = Some(WHEN_FULL);
        let status = StatusCode::TOO_MANY_REQUESTS;
        TurnedBack { counts: Some("full"), ends: true, again_in, ..TurnedBack::new(status, detail) }
    }

    fn away() -> TurnedBack {
        let detail = "the gateway cannot record messages now; nothing was taken, send this one again";
        TurnedBack { again_in: Some(WHEN_AWAY), ..TurnedBack::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    fn stopping() -> TurnedBack {
        let detail = "the gateway stops; nothing was taken, send this one again";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        TurnedBack { again_in: Some(WHEN_AWAY), ends: true, ..TurnedBack::new(status, detail) }
    }
}

impl IntoResponse for TurnedBack {
    fn into_response(self) -> Response {
        let mut answer = problem(self.status, &self.detail);
        let headers = answer.headers_mut();
        if let Some(seconds) = self.again_in {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sluis\""));
        }
        if self.ends {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (axum::http::HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn xml_in_utf8_is_taken_and_nothing_else() {
        for good in ["application/xml", "text/xml; charset=UTF-8", "Application/XML;charset=\"utf-8\"; x=y"] {
            assert!(check_type(&headers(&[("content-type", good)])).is_ok(), "{good}");
        }
        for wrong in ["application/json", "text/xml; charset=iso-8859-1", "application/xml2", "", "xml"] {
            assert!(check_type(&headers(&[("content-type", wrong)])).is_err(), "{wrong}");
        }
        assert!(check_type(&headers(&[])).is_err());
        let packed = [("content-type", "text/xml"), ("content-encoding", "gzip")];
        assert!(check_type(&headers(&packed)).is_err());
        assert!(check_type(&headers(&[packed[0], ("content-encoding", "identity")])).is_ok());
    }

    #[test]
    fn a_key_is_one_word() {
        let key = |pairs: &[(&'static str, &str)]| idempotency_key(&headers(pairs)).map_err(|wrong| wrong.status);
        assert_eq!(key(&[]), Ok(None));
        for (given, read) in [("a-1", "a-1"), ("\"a-1\"", "a-1"), ("\"", "\"")] {
            assert_eq!(key(&[(IDEMPOTENCY_KEY, given)]), Ok(Some(read.to_owned())), "{given}");
        }
        let long = "x".repeat(LONGEST_KEY);
        assert_eq!(key(&[(IDEMPOTENCY_KEY, &long)]), Ok(Some(long.clone())));
        for wrong in ["", "\"\"", "a b", &format!("{long}x")] {
            assert_eq!(key(&[(IDEMPOTENCY_KEY, wrong)]), Err(StatusCode::BAD_REQUEST), "{wrong}");
        }
        let mut twice = headers(&[(IDEMPOTENCY_KEY, "a")]);
        twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static("b"));
        assert!(idempotency_key(&twice).is_err());
    }

    #[test]
    fn a_token_follows_its_scheme() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bEARER  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
