//! `/login` and `/logout`: how somebody becomes known, and stops being so.
//!
//! What is told of a sign-in that fails is the same whether there is such an account or not.

use super::context::{Context, Posted, language};
use super::layout;
use super::words::Language;
use crate::access::account::{self, LONGEST_PASSWORD};
use crate::access::limits::TooOften;
use crate::access::session::{Current, SessionKey};
use crate::access::{Address, Door, Means, local_path, set_cookie};
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
        .route("/logout", post(sign_out))
}

/// A page that says one thing to somebody who need not be known.
pub(crate) fn notice(headers: &HeaderMap, status: StatusCode, nl: &str, en: &str) -> Response {
    let language = language(headers);
    let content = html! {
        p.refused role="alert" { (language.pick(nl, en)) }
        p { a href="/" { (language.pick("Naar het overzicht", "To the overview")) } }
    };
    let title = status.canonical_reason().unwrap_or("error");
    (status, layout::bare(language, title, None, &content)).into_response()
}

/// The page when the ledger cannot be asked who somebody is. Tells nothing of why to the page, all of it to the log.
pub(crate) fn ledger_away(headers: &HeaderMap, error: &LedgerError) -> Response {
    tracing::warn!(%error, "nobody could be let in");
    notice(
        headers,
        StatusCode::SERVICE_UNAVAILABLE,
        "Het grootboek is nu niet bereikbaar. Probeer het zo opnieuw; de gateway zelf houdt niets achter.",
        "The ledger cannot be reached at the moment. Try again soon; the gateway itself loses nothing.",
    )
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
    let said = said.map(|said| html! { p role="status" { (said) } });
    form(language, StatusCode::OK, next, said.as_ref())
}

fn form(language: Language, status: StatusCode, next: Option<&str>, said: Option<&Markup>) -> Response {
    let content = html! {
        @if let Some(said) = said { (said) }
        form method="post" action="/login" {
            @if let Some(next) = next { input type="hidden" name="next" value=(next); }
            p {
                label for="name" { (language.pick("Naam", "Name")) } br;
                input #name name="name" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
                    maxlength="200" required autofocus;
            }
            p {
                label for="password" { (language.pick("Wachtwoord", "Password")) } br;
                input #password name="password" type="password" autocomplete="current-password" required;
            }
            p { button type="submit" { (language.pick("Aanmelden", "Sign in")) } }
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
    let Ok(Form(filled)) = filled else {
        return notice(
            &headers,
            StatusCode::BAD_REQUEST,
            "Het formulier kon niet worden gelezen. Ga terug en vul het opnieuw in.",
            "The form could not be read. Go back and fill it in again.",
        );
    };
    let next = filled.next.as_deref().and_then(local_path);
    let address = address.map(|Extension(Address(address))| address);
    let (telemetry, now) = (&door.site.telemetry, door.site.clock.now());
    let turned = match let_in(&door, address, &filled, now).await {
        Ok(key) => {
            SignIn::Account.emit(telemetry);
            // Whoever signs in anew leaves no session behind.
            if let Some(Extension(old)) = current {
                drop(door.site.ledger.run(move |tx| tx.end_session(old.id, &old.name, old.means, now)));
            }
            let mut response = Redirect::to(next.unwrap_or("/")).into_response();
            set_cookie(&mut response, &door.cookie(&key));
            return response;
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
            (
                StatusCode::TOO_MANY_REQUESTS,
                Some(i64::try_from(seconds).unwrap_or(i64::MAX)),
                format!("Te veel pogingen. Probeer het over {seconds} s opnieuw."),
                format!("Too many attempts. Try again in {seconds} s."),
            )
        }
        Turned::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            Some(5),
            "Er melden zich nu te veel mensen tegelijk aan. Probeer het zo opnieuw.".to_owned(),
            "Too many people sign in at once. Try again soon.".to_owned(),
        ),
        Turned::Ledger(error) => return ledger_away(&headers, &error),
    };
    let said = html! { p.refused role="alert" { (language.pick(&nl, &en)) } };
    let mut response = form(language, status, next, Some(&said));
    if let Some(seconds) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
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
        let ended =
            context.site.order(move |tx, now| tx.end_session(current.id, &current.name, current.means, now)).await;
        if let Err(error) = ended {
            return context.broken(&error).into_response();
        }
    }
    let mut response = Redirect::to("/login?why=out").into_response();
    set_cookie(&mut response, &door.no_cookie());
    response
}

/// A form that signs out, for pages.
pub(super) fn sign_out_form(context: &Context) -> Markup {
    context.form("/logout", &html! { button type="submit" { (context.pick("Afmelden", "Sign out")) } })
}
