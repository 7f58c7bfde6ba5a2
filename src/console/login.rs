//! `/login` and `/logout`: how somebody becomes known, and stops being so.
//!
//! What is told of a sign-in that fails is the same whether there is such an account or not.

use super::context::{LEDGER_AWAY, Posted, UNREADABLE_FORM, language};
use super::layout;
use super::parts::{self, Entry, Field, Tone, field};
use super::words::Language;
use crate::access::account::{self, LONGEST_PASSWORD};
use crate::access::limits::TooOften;
use crate::access::oidc::Failure;
use crate::access::session::{Current, SessionKey};
use crate::access::{Address, Door, Means, local_path, sent_cookie, set_cookie};
use crate::ledger::{Attempt, LedgerError, NewSession, SignedIn};
use crate::telemetry::events::SignIn;
use crate::web::Site;
use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Extension, Form, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A form of a name and a password is small.
const LARGEST_FORM: usize = 16 * 1024;
/// Longest text that is looked at as a name.
const LONGEST_NAME: usize = 200;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/login", get(page).post(sign_in).layer(DefaultBodyLimit::max(LARGEST_FORM)))
        .route("/login/provider", get(to_provider))
        .route("/login/callback", get(from_provider))
        .route("/logout", post(sign_out))
}

/// A page that says one thing to somebody who need not be known.
pub(crate) fn notice(headers: &HeaderMap, status: StatusCode, nl: &str, en: &str) -> Response {
    let language = language(headers);
    layout::refusal(language, status, None, language.pick(nl, en))
}

/// The page when the ledger cannot be asked who somebody is. Tells nothing of why to the page, all of it to the log.
pub(crate) fn ledger_away(headers: &HeaderMap, error: &LedgerError) -> Response {
    tracing::warn!(%error, "nobody could be let in");
    let (nl, en) = LEDGER_AWAY;
    notice(headers, StatusCode::SERVICE_UNAVAILABLE, nl, en)
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    next: Option<String>,
    why: Option<String>,
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    next: Option<String>,
}

async fn page(
    Extension(door): Extension<Arc<Door>>,
    headers: HeaderMap,
    current: Option<Extension<Current>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let asked = asked.map(|asked| asked.0).unwrap_or_default();
    let next = asked.next.as_deref().and_then(local_path);
    if current.is_some() {
        return Redirect::to(next.unwrap_or("/")).into_response();
    }
    let language = language(&headers);
    let said = match asked.why.as_deref() {
        Some("over") => Some(language.pick(
            "Uw sessie is verlopen of beëindigd. Meld u opnieuw aan.",
            "Your session has expired or was ended. Sign in again.",
        )),
        Some("out") => Some(language.pick("U bent afgemeld.", "You are signed out.")),
        Some("changed") => Some(language.pick(
            "Uw wachtwoord is gewijzigd. Meld u aan met het nieuwe wachtwoord.",
            "Your password was changed. Sign in with the new one.",
        )),
        Some(_) | None => None,
    };
    let said = said.map(|said| parts::notice(Tone::Good, &html! { (said) }));
    form(&door, language, StatusCode::OK, next, said.as_ref())
}

fn form(door: &Door, language: Language, status: StatusCode, next: Option<&str>, said: Option<&Markup>) -> Response {
    let provider = door.provider.as_ref().map(|provider| {
        let query = next.and_then(|next| serde_urlencoded::to_string([("next", next)]).ok());
        (
            provider.name(),
            query.map_or_else(|| "/login/provider".to_owned(), |query| format!("/login/provider?{query}")),
        )
    });
    let fields = [
        Field::new("name", language.pick("Naam", "Name"), "", Entry::Username(LONGEST_NAME)).required(),
        Field::new("password", language.pick("Wachtwoord", "Password"), "", Entry::Password).required(),
    ];
    let content = html! {
        @if let Some(said) = said { (said) }
        @if let Some((name, link)) = &provider {
            p { a.button href=(link) { (language.pick("Aanmelden met ", "Sign in with ")) (name) } }
            p.hint { (language.pick("of met een account van deze gateway:", "or with an account of this gateway:")) }
        }
        form method="post" action="/login" {
            @if let Some(next) = next { input type="hidden" name="next" value=(next); }
            @for each in &fields { (field(each)) }
            div.buttons { button type="submit" { (language.pick("Aanmelden", "Sign in")) } }
        }
    };
    (status, layout::bare(language, language.pick("Aanmelden", "Sign in"), None, &content)).into_response()
}

/// Why somebody is not let in.
enum Turned {
    Wrong,
    Locked(Timestamp),
    Limited(TooOften),
    Busy,
    Ledger(LedgerError),
}

impl From<LedgerError> for Turned {
    fn from(error: LedgerError) -> Turned {
        Turned::Ledger(error)
    }
}

async fn sign_in(
    Extension(door): Extension<Arc<Door>>,
    address: Option<Extension<Address>>,
    current: Option<Extension<Current>>,
    headers: HeaderMap,
    filled: Result<Form<Credentials>, FormRejection>,
) -> Response {
    let language = language(&headers);
    let filled = match filled {
        Ok(Form(filled)) => filled,
        Err(rejection) => {
            let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            let (nl, en) = UNREADABLE_FORM;
            return notice(&headers, status, nl, en);
        }
    };
    let next = filled.next.as_deref().and_then(local_path);
    let address = address.map(|Extension(Address(address))| address);
    let (telemetry, now) = (&door.site.telemetry, door.site.clock.now());
    let turned = match let_in(&door, address, &filled, now).await {
        Ok(key) => {
            SignIn::Account.emit(telemetry);
            return let_through(&door, current, &key, next, now);
        }
        Err(turned) => turned,
    };
    let minutes = |seconds: i64| seconds.max(0) / 60 + 1;
    let (status, retry, nl, en) = match turned {
        Turned::Wrong => {
            SignIn::Wrong.emit(telemetry);
            (
                StatusCode::FORBIDDEN,
                None,
                "Naam of wachtwoord klopt niet.".to_owned(),
                "Name or password is wrong.".to_owned(),
            )
        }
        Turned::Locked(until) => {
            SignIn::Locked.emit(telemetry);
            let seconds = until.duration_since(now).as_secs();
            let minutes = minutes(seconds);
            (
                StatusCode::TOO_MANY_REQUESTS,
                Some(seconds + 1),
                format!("Te veel mislukte pogingen met deze naam. Probeer het over {minutes} min opnieuw."),
                format!("Too many failed attempts under this name. Try again in {minutes} min."),
            )
        }
        Turned::Limited(TooOften(seconds)) => {
            SignIn::Limited.emit(telemetry);
            let (nl, en) = too_often(seconds);
            (StatusCode::TOO_MANY_REQUESTS, Some(i64::try_from(seconds).unwrap_or(i64::MAX)), nl, en)
        }
        Turned::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(5),
            "Er melden zich nu te veel mensen tegelijk aan. Probeer het zo opnieuw.".to_owned(),
            "Too many people sign in at once. Try again soon.".to_owned(),
        ),
        Turned::Ledger(error) => return ledger_away(&headers, &error),
    };
    let said = parts::notice(Tone::Bad, &html! { (language.pick(&nl, &en)) });
    let mut response = form(&door, language, status, next, Some(&said));
    if let Some(seconds) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn too_often(seconds: u64) -> (String, String) {
    (
        format!("Te veel pogingen. Probeer het over {seconds} s opnieuw."),
        format!("Too many attempts. Try again in {seconds} s."),
    )
}

/// Sends somebody who is let in on to `next`. Whoever signs in anew leaves no session behind.
fn let_through(
    door: &Door,
    current: Option<Extension<Current>>,
    key: &SessionKey,
    next: Option<&str>,
    now: Timestamp,
) -> Response {
    if let Some(Extension(old)) = current {
        drop(door.site.ledger.run(move |tx| tx.end_session(old.id, &old.holder, now)));
    }
    let mut response = Redirect::to(next.unwrap_or("/")).into_response();
    set_cookie(&mut response, &door.cookie(key));
    response
}

/// Holds a name and a password against the ledger; begins a session when they are right.
async fn let_in(
    door: &Door,
    address: Option<std::net::IpAddr>,
    filled: &Credentials,
    now: Timestamp,
) -> Result<SessionKey, Turned> {
    let name = account::normal(&filled.name);
    // What cannot be right is not hashed, for nobody.
    if name.is_empty() || name.len() > LONGEST_NAME || filled.password.len() > LONGEST_PASSWORD {
        return Err(Turned::Wrong);
    }
    door.limits.sign_in(address, &name).map_err(Turned::Limited)?;
    let tried = name.clone();
    let hash = match door.site.ledger.run(move |tx| tx.attempt(&tried, now)).await? {
        Attempt::Locked(until) => return Err(Turned::Locked(until)),
        Attempt::Open(hash) => hash,
    };
    let right = door.hasher.is_right(hash.clone(), filled.password.clone()).await.map_err(|_| Turned::Busy)?;
    if let Some(hash) = hash.filter(|_| right) {
        let key = SessionKey::draw();
        let session = NewSession {
            token: key.hash(),
            name: name.clone(),
            means: Means::Account,
            subject: None,
            roles: BTreeSet::new(),
            ends_at: now.saturating_add(door.site.config.console.session_longest).unwrap_or(Timestamp::MAX),
        };
        if door.site.ledger.run(move |tx| tx.sign_in(&session, &hash, now)).await? == SignedIn::Yes {
            return Ok(key);
        }
    }
    let failed = door.site.ledger.run(move |tx| tx.attempt_failed(&name, now)).await?;
    Err(failed.locked_until.map_or(Turned::Wrong, Turned::Locked))
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(
    Extension(door): Extension<Arc<Door>>,
    current: Option<Extension<Current>>,
    Posted { context, fields: Nothing {} }: Posted<Nothing>,
) -> Response {
    if let Some(Extension(current)) = current {
        let ended = context.order(move |tx, now| tx.end_session(current.id, &current.holder, now)).await;
        if let Err(refused) = ended {
            return refused.into_response();
        }
    }
    let mut response = Redirect::to("/login?why=out").into_response();
    set_cookie(&mut response, &door.no_cookie());
    response
}

/// `/login/provider`: off to the provider.
async fn to_provider(
    Extension(door): Extension<Arc<Door>>,
    address: Option<Extension<Address>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Some(provider) = &door.provider else {
        return notice(
            &headers,
            StatusCode::NOT_FOUND,
            "Deze gateway heeft geen OpenID Connect-provider.",
            "This gateway has no OpenID Connect provider.",
        );
    };
    let asked = asked.map(|asked| asked.0).unwrap_or_default();
    let next = asked.next.as_deref().and_then(local_path);
    if let Err(TooOften(seconds)) = door.limits.begin(address.map(|Extension(Address(address))| address)) {
        SignIn::Limited.emit(&door.site.telemetry);
        let (nl, en) = too_often(seconds);
        let mut response = notice(&headers, StatusCode::TOO_MANY_REQUESTS, &nl, &en);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    match provider.begin(next, door.site.clock.now()).await {
        Ok(departure) => {
            let mut response = Redirect::to(&departure.url).into_response();
            set_cookie(&mut response, &door.ticket(Some(departure.ticket)));
            response
        }
        Err(failure) => failed(&door, &headers, failure),
    }
}

#[derive(Deserialize)]
struct Returned {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// `/login/callback`: back from the provider.
async fn from_provider(
    Extension(door): Extension<Arc<Door>>,
    current: Option<Extension<Current>>,
    headers: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response {
    let ticket = sent_cookie(&headers, door.ticket_name());
    let mut response = match vouched_for(&door, ticket.as_deref(), returned).await {
        Ok((key, next)) => {
            SignIn::Provider.emit(&door.site.telemetry);
            let now = door.site.clock.now();
            let_through(&door, current, &key, next.as_deref().and_then(local_path), now)
        }
        Err(Unvouched::Failed(failure)) => failed(&door, &headers, failure),
        Err(Unvouched::Ledger(error)) => ledger_away(&headers, &error),
    };
    // A way back is gone once.
    set_cookie(&mut response, &door.ticket(None));
    response
}

enum Unvouched {
    Failed(Failure),
    Ledger(LedgerError),
}

async fn vouched_for(
    door: &Door,
    ticket: Option<&str>,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Result<(SessionKey, Option<String>), Unvouched> {
    let failed = Unvouched::Failed;
    let provider = door.provider.as_ref().ok_or(failed(Failure::NotBegun))?;
    let (Some(ticket), Ok(Query(returned))) = (ticket, returned) else { return Err(failed(Failure::NotBegun)) };
    let now = door.site.clock.now();
    let person = match returned {
        Returned { error: Some(_), .. } => return Err(failed(Failure::Denied)),
        Returned { state: Some(state), code: Some(code), .. } => {
            provider.finish(ticket, &state, &code, now).await.map_err(failed)?
        }
        Returned { .. } => return Err(failed(Failure::NotBegun)),
    };
    let key = SessionKey::draw();
    let session = NewSession {
        token: key.hash(),
        name: person.name,
        means: Means::Provider,
        subject: Some(person.subject),
        roles: person.roles,
        ends_at: now.saturating_add(door.site.config.console.session_longest).unwrap_or(Timestamp::MAX),
    };
    door.site.ledger.run(move |tx| tx.sign_in_by_provider(&session, now)).await.map_err(Unvouched::Ledger)?;
    Ok((key, person.next))
}

/// What is told to somebody whom the provider did not bring in; the log has the reason, and nothing about them.
fn failed(door: &Door, headers: &HeaderMap, failure: Failure) -> Response {
    let outcome = if failure == Failure::NoRole { SignIn::NoRole } else { SignIn::ProviderFailed };
    outcome.emit(&door.site.telemetry);
    tracing::warn!("nobody signed in with the provider: {failure}");
    let (status, nl, en) = match failure {
        Failure::Away => (
            StatusCode::BAD_GATEWAY,
            "De provider is nu niet bereikbaar of niet goed ingesteld. Met een account van deze gateway kunt u zich wel \
             aanmelden.",
            "The provider cannot be reached or is not set up well. With an account of this gateway you can sign in.",
        ),
        Failure::Denied => {
            (StatusCode::FORBIDDEN, "De provider heeft u niet aangemeld.", "The provider did not sign you in.")
        }
        Failure::NotBegun => (
            StatusCode::BAD_REQUEST,
            "Deze aanmelding is hier niet begonnen, of te lang geleden. Begin opnieuw.",
            "This sign-in was not begun here, or too long ago. Begin again.",
        ),
        Failure::Code | Failure::Token(_) => (
            StatusCode::FORBIDDEN,
            "Wat de provider over u zegt kan niet worden gebruikt. Begin opnieuw; vraag bij herhaling de beheerder.",
            "What the provider says of you cannot be used. Begin again; ask the administrator if that does not help.",
        ),
        Failure::NoRole => (
            StatusCode::FORBIDDEN,
            "U bent bekend bij de provider, maar heeft hier geen rol. Vraag de beheerder om een groep die er een heeft.",
            "The provider knows you, but you have no role here. Ask the administrator for a group that has one.",
        ),
    };
    let language = language(headers);
    let content = html! {
        (parts::notice(Tone::Bad, &html! { (language.pick(nl, en)) }))
        p { a href="/login" { (language.pick("Naar het aanmelden", "To signing in")) } }
    };
    (status, layout::bare(language, language.pick("Niet aangemeld", "Not signed in"), None, &content)).into_response()
}
