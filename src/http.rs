//! The server for those who watch: `/metrics`, `/healthz` (the process lives) and `/readyz` (every component works).
//!
//! It shows no messages. It binds before anything else starts, so that a port in use stops the start, and a port of 0
//! becomes a known one.

use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to listen on {address}: another program may use the port; stop it, or set another address as listen in \
     [{section}] (port 0 takes a free one)"
)]
pub struct ListenError {
    /// Section of the configuration that sets the address.
    pub section: &'static str,
    /// Address asked for.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

/// A server that has its address but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address.
    pub async fn bind(address: SocketAddr) -> Result<Server, ListenError> {
        let fault = |source| ListenError { section: "http", address, source };
        let listener = TcpListener::bind(address).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        Ok(Server { listener, address })
    }

    /// The address it has, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the stop is requested and requests in progress are answered, or the deadline has passed.
    pub async fn serve(self, routes: Router, shutdown: Shutdown) -> io::Result<()> {
        let stop = shutdown.clone();
        let served = axum::serve(self.listener, routes)
            .with_graceful_shutdown(async move { stop.requested().await })
            .into_future();
        shutdown.within_deadline(served).await.unwrap_or(Ok(()))
    }
}

/// The routes. Others may be merged in.
pub fn routes(telemetry: Telemetry) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { (text(), "ok\n") }))
        .route("/readyz", get(ready))
        .fallback(missing)
        .with_state(telemetry)
}

/// Version of the API: the first number stands in every path, all of it in a header of every answer.
pub const API_VERSION: &str = "1.0.0";
/// That header.
pub const API_VERSION_HEADER: &str = "api-version";

/// The media ranges of an `Accept` header, in lower case. One with a weight of nothing is refused, and is none.
pub(crate) fn media_ranges(accept: &str) -> impl Iterator<Item = String> {
    accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        (!is_refused).then_some(name)
    })
}

/// The sort of a problem (RFC 9457) that a status tells (`docs/api.md`).
pub fn problem_type(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("error").to_ascii_lowercase();
    format!("urn:nld:sluis:problem:{}", reason.replace(' ', "-"))
}

/// An error as problem+json (RFC 9457).
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("error");
    let body = json!({ "type": problem_type(status), "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

async fn metrics(State(telemetry): State<Telemetry>) -> Response {
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], telemetry.scrape().await).into_response()
}

async fn ready(State(telemetry): State<Telemetry>) -> Response {
    let components: serde_json::Map<String, Value> = telemetry
        .components()
        .into_iter()
        .map(|(name, state)| {
            let mut shown = json!({ "ready": state.up });
            if let Some(reason) = state.reason {
                shown["reason"] = reason.into();
            }
            (name, shown)
        })
        .collect();
    let ready = components.values().all(|component| component["ready"] == true);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({ "ready": ready, "components": components });
    for (name, detail) in telemetry.details() {
        body[name] = detail;
    }
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

async fn missing(uri: Uri) -> Response {
    problem(StatusCode::NOT_FOUND, &format!("there is nothing at {}; see /metrics, /healthz and /readyz", uri.path()))
}

fn text() -> [(header::HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::shutdown;
    use std::time::Duration;

    async fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
        let answer = reqwest::get(format!("http://{address}{path}")).await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        (answer.status().as_u16(), kind, answer.text().await.expect("a body"))
    }

    #[tokio::test]
    async fn health_readiness_and_metrics_are_answered() {
        crate::delivery::http::install_crypto_provider();
        let telemetry = Telemetry::default();
        let ledger = telemetry.component("ledger");
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
        let address = server.address();
        assert_ne!(address.port(), 0);
        let (trigger, stop) = shutdown(Duration::from_secs(5));
        let serving = tokio::spawn(server.serve(routes(telemetry.clone()), stop));

        assert_eq!(get(address, "/healthz").await.0, 200);
        let (status, _, body) = get(address, "/readyz").await;
        assert_eq!(status, 503);
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body, json!({"ready": false, "components": {"ledger": {"ready": false, "reason": "starting"}}}));
        ledger.up();
        assert_eq!(get(address, "/readyz").await.0, 200);
        assert!(get(address, "/metrics").await.2.contains("sluis_component_up{component=\"ledger\"} 1"));
        let (status, kind, body) = get(address, "/nowhere").await;
        assert_eq!((status, kind.as_str()), (404, "application/problem+json"));
        assert!(body.contains("/nowhere"), "{body}");

        trigger.stop();
        serving.await.expect("no panic").expect("a clean end");
        assert!(TcpListener::bind(address).await.is_ok(), "the port is free again");
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let first = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
        let error = Server::bind(first.address()).await.expect_err("in use").to_string();
        assert!(error.contains(&first.address().to_string()) && error.contains("[http]"), "{error}");
    }
}
