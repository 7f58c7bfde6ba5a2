//! The site for people and programs of the operator: the console and the API, on an address of their own (`[console]`).
//!
//! Looking never holds up the gateway: it reads on a connection of its own. Orders are jobs like any other.

mod reckoning;

pub use reckoning::{Reckoned, Reckoning};

use crate::access::{self, Door};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::problem;
use crate::ledger::{Ledger, LedgerError, Tx};
use crate::registers::Registers;
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::transport::http::{Listening, Peer};
use crate::trial::Trials;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use jiff::Timestamp;
use std::sync::Arc;

/// What the pages and the API show, and whom they ask.
pub struct Site {
    /// For orders.
    pub ledger: Ledger,
    /// For looking; never waits for the gateway, nor the gateway for it.
    pub reader: Ledger,
    /// For looking at all there is: it holds up nobody who looks at a page.
    pub slow: Ledger,
    /// Figures over all there is.
    pub reckoning: Reckoning,
    /// The contract registers.
    pub registers: Arc<Registers>,
    /// Messages that are tried out.
    pub trials: Arc<Trials>,
    /// Metrics and health.
    pub telemetry: Telemetry,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is set.
    pub config: Config,
}

impl Site {
    /// Reads from the ledger as on this moment.
    pub async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let now = self.clock.now();
        self.reader.run(move |tx| read(tx, now)).await
    }

    /// Changes the ledger as on this moment.
    pub async fn order<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let now = self.clock.now();
        self.ledger.run(move |tx| job(tx, now)).await
    }
}

/// All routes of the site. Whoever asks is made known to them by a [`access::Visit`] in the extensions of the request.
pub fn routes(site: Arc<Site>) -> Router {
    let door = Arc::new(Door::new(Arc::clone(&site)));
    Router::new()
        .merge(crate::console::routes())
        .merge(crate::api::routes())
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing here"))
        .layer(middleware::from_fn_with_state(door, access::admit))
        .layer(middleware::from_fn(crate::api::conventions))
        .layer(middleware::from_fn(crate::console::conventions))
        .layer(middleware::from_fn(harden))
        .with_state(site)
}

/// What a browser may do with an answer: nothing that it was not meant for.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Answers until the stop is requested and requests in progress are answered, or the deadline has passed.
pub async fn serve(site: Arc<Site>, listening: Listening, stop: Shutdown) -> std::io::Result<()> {
    let requested = stop.clone();
    let routes = routes(site).into_make_service_with_connect_info::<Peer>();
    let served = axum::serve(listening.open(), routes)
        .with_graceful_shutdown(async move { requested.requested().await })
        .into_future();
    stop.within_deadline(served).await.unwrap_or(Ok(()))
}

/// A site for tests of pages and of the API: on a ledger in memory, asked without a network.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::access::{Actor, Capacity, Means, Role, Visit};
    use crate::clock::FixedClock;
    use crate::contract::Contracts;
    use crate::ledger::{Keys, Location, Settings};
    use axum::body::{Body, to_bytes};
    use axum::http::{HeaderMap, Method};
    use jiff::civil::date;
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::task::{Context, Poll, Waker};
    use tower_service::Service as _;

    /// What every form of a test sends back.
    pub(crate) const FORM_TOKEN: &str = "a-token-of-the-tests";

    /// A site without contracts on 2026-03-10, with its ledger.
    pub(crate) fn site() -> Arc<Site> {
        site_of("", Contracts::default())
    }

    /// A site with this configuration and these contracts.
    pub(crate) fn site_of(config: &str, contracts: Contracts) -> Arc<Site> {
        let config = crate::config::parse(Path::new("sluis.toml"), config, &BTreeMap::new());
        let config = config.unwrap_or_else(|faults| panic!("{faults:?}"));
        let settings = Settings { location: Location::Memory, keys: Keys::generate(), max_group: 64 };
        let ledger = Ledger::open(settings).expect("it opens");
        let telemetry = Telemetry::default();
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::on(date(2026, 3, 10)));
        let registers = Arc::new(Registers::new(&config, contracts, Arc::clone(&clock), &telemetry));
        let trials = Trials::new(&config, registers.in_force(), ledger.clone(), Arc::clone(&clock));
        let trials = Arc::new(trials);
        let (reader, slow, reckoning) = (ledger.clone(), ledger.clone(), Reckoning::default());
        Arc::new(Site { ledger, reader, slow, reckoning, registers, trials, telemetry, clock, config })
    }

    /// Somebody of these roles.
    pub(crate) fn somebody(roles: &[Role]) -> Visit {
        visitor(&Capacity::Staff(roles.iter().copied().collect()))
    }

    /// Somebody in this capacity.
    pub(crate) fn visitor(capacity: &Capacity) -> Visit {
        let actor = Actor::new("j.devries", Means::Account, capacity);
        Visit { actor, form_token: Some(FORM_TOKEN.to_owned()) }
    }

    /// Asks as somebody, or as nobody; gives status, headers and body.
    pub(crate) async fn ask(
        site: &Arc<Site>,
        visit: Option<Visit>,
        method: Method,
        path: &str,
        form: &str,
    ) -> (StatusCode, HeaderMap, String) {
        let sort = [("content-type", "application/x-www-form-urlencoded")];
        let headers = if form.is_empty() { &[][..] } else { &sort[..] };
        send(site, visit, method, path, headers, form.as_bytes().to_vec()).await
    }

    /// Sends something else than a form.
    pub(crate) async fn send(
        site: &Arc<Site>,
        visit: Option<Visit>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut request = request.body(Body::from(body)).expect("a request");
        if let Some(visit) = visit {
            request.extensions_mut().insert(visit);
        }
        answered(routes(Arc::clone(site)), request).await
    }

    /// What routes answer: status, headers and body.
    pub(crate) async fn answered(routes: Router, request: Request) -> (StatusCode, HeaderMap, String) {
        let mut routes = routes.into_service::<Body>();
        let ready = routes.poll_ready(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(ready, Poll::Ready(Ok(()))));
        let (head, body) = routes.call(request).await.expect("it cannot fail").into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        (head.status, head.headers, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    /// The page that somebody of these roles sees.
    pub(crate) async fn see(site: &Arc<Site>, roles: &[Role], path: &str) -> (StatusCode, String) {
        let (status, _, body) = ask(site, Some(somebody(roles)), Method::GET, path, "").await;
        (status, body)
    }
}
