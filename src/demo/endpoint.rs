//! A municipal back office on loopback, for the demo and the tests: takes forwards and signals, and remembers them.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Bodies are a message and its verdict; a little more than the largest message.
const MAX_BODY: usize = 64 << 20;

/// One thing that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// `forward` or `signal`.
    pub purpose: String,
    /// Kind or check id.
    pub kind: String,
    /// The body.
    pub body: Bytes,
    /// How often it was posted.
    pub times: usize,
}

/// What a back office received, by idempotency key.
#[derive(Debug, Clone, Default)]
pub struct Received(Arc<Mutex<BTreeMap<String, Posted>>>);

impl Received {
    /// Everything received so far, by idempotency key.
    pub fn all(&self) -> BTreeMap<String, Posted> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn take(&self, headers: &HeaderMap, body: &Bytes) -> StatusCode {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let key = header("idempotency-key");
        if key.is_empty() {
            return StatusCode::BAD_REQUEST;
        }
        let mut received = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let posted = received.entry(key).or_insert_with(|| Posted {
            purpose: header("sluis-purpose"),
            kind: header("sluis-kind"),
            body: body.clone(),
            times: 0,
        });
        posted.times += 1;
        // The same key with other bytes would be a fault of the gateway: say so loudly.
        if posted.body == *body { StatusCode::ACCEPTED } else { StatusCode::CONFLICT }
    }
}

/// Serves a back office on a free port of loopback until the runtime ends.
///
/// # Errors
/// No port of loopback could be bound.
pub async fn serve() -> std::io::Result<(SocketAddr, Received)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let received = Received::default();
    let routes = Router::new()
        .route(
            "/berichten",
            post(|State(received): State<Received>, headers: HeaderMap, body: Bytes| async move {
                received.take(&headers, &body)
            }),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(received.clone());
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::warn!(%error, "the sample back office ended");
        }
    });
    Ok((address, received))
}
