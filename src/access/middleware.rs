//! The door of the site: nothing behind it is reached by somebody who is not known.
//!
//! A session counts for pages, a bearer token for the API, and neither for the other: a browser sends a cookie by itself,
//! also when another site makes it ask. Whoever is known becomes a [`Visit`] in the extensions of the request.

use super::account::Hasher;
use super::limits::{Limits, TooOften};
use super::oidc::{self, Provider};
use super::session::{self, Current, SessionKey, Worth};
use super::token::{self, TokenKey};
use super::{Means, Visit};
use crate::http::problem;
use crate::transport::http::Peer;
use crate::web::Site;
use crate::{api, console};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie::{Cookie, SameSite};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Pages that are for everybody: signing in, and what makes them look right.
const OPEN: [&str; 8] = [
    "/login",
    "/login/provider",
    "/login/callback",
    "/console.css",
    "/console.svg",
    "/language",
    "/favicon.ico",
    "/robots.txt",
];
/// What of the API is for everybody: its own description.
const OPEN_API: &str = "/v1/openapi.json";
/// Where somebody may go whose password must be changed first.
const FOR_CHANGING: [&str; 3] = ["/account", "/account/password", "/logout"];
/// Longest time from the head of a request to its answer: whoever sends a body drop by drop keeps no place.
const LONGEST_REQUEST: Duration = Duration::from_mins(2);
/// Longest path that is gone back to after signing in.
const LONGEST_NEXT: usize = 1_000;
/// Browsers ask by TLS alone for a year.
const STRICT_TRANSPORT: &str = "max-age=31536000; includeSubDomains";

/// What all requests share.
pub struct Door {
    /// The site behind it.
    pub(crate) site: Arc<Site>,
    /// How often somebody may try.
    pub(crate) limits: Limits,
    /// Where passwords are hashed.
    pub(crate) hasher: Hasher,
    /// The OpenID Connect provider, when there is one.
    pub(crate) provider: Option<Arc<Provider>>,
    /// Whether browsers come by TLS: to us, or to the proxy in front of us.
    pub(crate) secure: bool,
    /// Whether a proxy stands in front, which says who asks.
    behind_proxy: bool,
}

impl Door {
    /// The door of a site.
    pub fn new(site: Arc<Site>) -> Door {
        let console = &site.config.console;
        let public = console.public_url.as_deref();
        Door {
            limits: Limits::new(console.api_requests),
            hasher: Hasher::default(),
            provider: oidc::provider(&site.config),
            secure: console.tls.is_some() || public.is_some_and(|url| url.starts_with("https://")),
            behind_proxy: console.tls.is_none() && public.is_some(),
            site,
        }
    }

    /// The cookie of a session; over TLS no neighbour of the site can set or see it.
    pub(crate) fn cookie(&self, key: &SessionKey) -> Cookie<'static> {
        self.build_cookie(key.expose().to_owned())
    }

    /// The same, taken away.
    pub(crate) fn no_cookie(&self) -> Cookie<'static> {
        let mut cookie = self.build_cookie(String::new());
        cookie.make_removal();
        cookie
    }

    /// The cookie of somebody who is at the provider, or the same taken away.
    pub(crate) fn ticket(&self, ticket: Option<String>) -> Cookie<'static> {
        let is_gone = ticket.is_none();
        let mut cookie = self.plain_cookie(self.ticket_name(), ticket.unwrap_or_default());
        cookie.set_max_age(cookie::time::Duration::seconds(oidc::LONGEST_VISIT.as_secs()));
        if is_gone {
            cookie.make_removal();
        }
        cookie
    }

    /// The name of that cookie.
    pub(crate) fn ticket_name(&self) -> &'static str {
        if self.secure { "__Host-sluis_ticket" } else { "sluis_ticket" }
    }

    fn build_cookie(&self, value: String) -> Cookie<'static> {
        self.plain_cookie(self.cookie_name(), value)
    }

    fn plain_cookie(&self, name: &'static str, value: String) -> Cookie<'static> {
        Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax).secure(self.secure).build()
    }

    fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-sluis_session" } else { "sluis_session" }
    }

    /// What a browser sent of a session; `Some(None)` when it is none of ours.
    #[expect(clippy::option_option, reason = "nothing sent, something sent, and a key sent are told apart")]
    fn sent(&self, headers: &HeaderMap) -> Option<Option<SessionKey>> {
        let text = sent_cookie(headers, self.cookie_name())?;
        Some(SessionKey::sent(&text))
    }

    /// Who asks, by address. A proxy adds the last name to the list; what stands before it anybody can write.
    pub(crate) fn address(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Option<IpAddr> {
        let forwarded = || {
            let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse().ok()
        };
        let own = peer.map(|peer| peer.address.ip());
        if self.behind_proxy { forwarded().or(own) } else { own }
    }

    /// Whether a request that changes something comes from a page of this site, as far as the browser tells.
    fn is_from_here(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(site) = text("sec-fetch-site") {
            return matches!(site, "same-origin" | "none");
        }
        // Programs send none of the two, and a form token is asked for all the same.
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
        let public = self.site.config.console.public_url.as_deref().and_then(|url| url.split_once("://"));
        let public = public.map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
        let own = text("host").or_else(|| uri.authority().map(Authority::as_str));
        origin.is_some_and(|origin| Some(origin) == own || Some(origin) == public)
    }
}

/// The value of a cookie that a browser sent.
pub(crate) fn sent_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// Puts a cookie into an answer.
pub(crate) fn set_cookie(response: &mut Response, cookie: &Cookie<'_>) {
    let value = HeaderValue::from_str(&cookie.to_string()).expect("our cookies are plain ASCII");
    response.headers_mut().append(header::SET_COOKIE, value);
}

/// A path of this site to go to, as somebody may have written it into an address; anything else is none.
pub(crate) fn local_path(next: &str) -> Option<&str> {
    let fits = next.len() <= LONGEST_NEXT
        && next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    fits.then_some(next).filter(|next| *next != "/" && !next.starts_with("/login") && !next.starts_with("/logout"))
}

/// Lets in whoever is known, and says to everybody else how to become known.
pub(crate) async fn admit(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0.clone());
    let _busy = peer.as_ref().map(|peer| peer.patience.busy());
    request.extensions_mut().insert(Arc::clone(&door));
    if let Some(address) = door.address(peer.as_ref(), request.headers()) {
        request.extensions_mut().insert(Address(address));
    }
    let secure = door.secure;
    let answered = tokio::time::timeout(LONGEST_REQUEST, pass(door, request, next)).await;
    let mut response =
        answered.unwrap_or_else(|_| problem(StatusCode::REQUEST_TIMEOUT, "the request was not complete in time"));
    if secure {
        let value = HeaderValue::from_static(STRICT_TRANSPORT);
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// The address of whoever asks, in the extensions of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address(pub(crate) IpAddr);

async fn pass(door: Arc<Door>, request: Request, next: Next) -> Response {
    // Pages are tested without sessions.
    if cfg!(test) && request.extensions().get::<Visit>().is_some() {
        return next.run(request).await;
    }
    let path = request.uri().path();
    if api::is_ours(path) {
        if path == OPEN_API { next.run(request).await } else { program(&door, request, next).await }
    } else {
        person(&door, request, next).await
    }
}

async fn person(door: &Door, mut request: Request, next: Next) -> Response {
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_look && !door.is_from_here(request.headers(), request.uri()) {
        return console::notice(
            request.headers(),
            StatusCode::FORBIDDEN,
            "Dit verzoek komt van een andere site. Open de pagina hier en probeer het opnieuw.",
            "This request comes from another site. Open the page here and try again.",
        );
    }
    let sent = door.sent(request.headers());
    let (now, idle) = (door.site.clock.now(), door.site.config.console.session_idle);
    let session = match sent.clone().flatten() {
        None => None,
        Some(key) => {
            let hash = key.hash();
            match door.site.look(move |tx, _| tx.session(hash)).await {
                Ok(session) => {
                    session.filter(|session| session::worth(session, idle, now) == Worth::Open).zip(Some(key))
                }
                Err(error) => return console::ledger_away(request.headers(), &error),
            }
        }
    };
    let is_open = OPEN.contains(&request.uri().path());
    let Some((session, key)) = session else {
        return if is_open { next.run(request).await } else { to_sign_in(door, &request, sent.is_some()) };
    };
    if session.must_change && !is_open && !FOR_CHANGING.contains(&request.uri().path()) {
        return Redirect::to("/account").into_response();
    }
    if session.should_be_seen(now) {
        // Done by the ledger whether or not somebody waits for it; a minute more or less decides nothing.
        drop(door.site.ledger.run(move |tx| tx.see_session(session.id, now)));
    }
    let visit = Visit { actor: session::actor(&session), form_token: Some(key.form_token()) };
    let must_change = session.must_change;
    let current = Current { id: session.id, holder: session.holder, must_change };
    request.extensions_mut().insert(visit);
    request.extensions_mut().insert(current);
    next.run(request).await
}

/// To the page that asks who it is, and back to where they were going.
fn to_sign_in(door: &Door, request: &Request, had_session: bool) -> Response {
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let next = local_path(here).filter(|_| *request.method() == Method::GET);
    let why = had_session.then_some("over");
    let query = [("next", next), ("why", why)].into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query = serde_urlencoded::to_string(query.collect::<Vec<_>>()).unwrap_or_default();
    let target = if query.is_empty() { "/login".to_owned() } else { format!("/login?{query}") };
    let mut response = Redirect::to(&target).into_response();
    if had_session {
        set_cookie(&mut response, &door.no_cookie());
    }
    response
}

async fn program(door: &Door, mut request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(shown) = shown else {
        return unknown("Bearer realm=\"sluis\"", "this needs an API token: send Authorization: Bearer slt_…");
    };
    let address = request.extensions().get::<Address>().map(|address| address.0);
    let hash = TokenKey::of_header(shown).map(|key| key.hash());
    // Before the ledger is asked: whoever guesses costs it nothing once they are over the limit.
    if !hash.is_some_and(|hash| door.limits.knows(&hash))
        && let Err(often) = door.limits.stranger(address)
    {
        return too_often(often);
    }
    let known = match hash {
        None => None,
        Some(hash) => match door.site.look(move |tx, _| tx.token(hash)).await {
            Ok(token) => token,
            Err(error) => {
                tracing::warn!(%error, "a token could not be looked up");
                return problem(StatusCode::SERVICE_UNAVAILABLE, "the ledger cannot be reached at the moment");
            }
        },
    };
    let now = door.site.clock.now();
    let Some((known, hash)) = known.filter(|token| token.counts(now)).zip(hash) else {
        hash.inspect(|hash| door.limits.forget(hash));
        return unknown(
            "Bearer realm=\"sluis\", error=\"invalid_token\"",
            "this API token is unknown, has expired or was revoked",
        );
    };
    door.limits.remember(hash);
    if let Err(often) = door.limits.token(known.id) {
        return too_often(often);
    }
    if known.should_be_used(now) {
        let id = known.id;
        drop(door.site.ledger.run(move |tx| tx.use_token(id, now)));
    }
    let visit = Visit { actor: token::actor(&known), form_token: None };
    debug_assert_eq!(visit.actor.means, Means::Token);
    request.extensions_mut().insert(visit);
    next.run(request).await
}

fn unknown(challenge: &'static str, detail: &str) -> Response {
    let mut response = problem(StatusCode::UNAUTHORIZED, detail);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

fn too_often(TooOften(seconds): TooOften) -> Response {
    let detail = format!("too many requests: come again after {seconds} seconds");
    let mut response = problem(StatusCode::TOO_MANY_REQUESTS, &detail);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_from_the_site() {
        for good in ["/held", "/messages?law=wmo&page=2", "/held/12"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in
            ["", "/", "held", "//evil.example", "/\\evil", "https://evil", "/a b", "/a\r\nX: y", "/login?next=/", "/é"]
        {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(LONGEST_NEXT))), None);
    }
}
