//! What every page knows: who looks, in which language, and the site that it shows.

use super::layout;
use super::words::Language;
use crate::access::{Actor, Permission, Visit};
use crate::ledger::{LedgerError, Tx};
use crate::web::Site;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The cookie that keeps the language.
pub(crate) const LANGUAGE_COOKIE: &str = "sluis_language";

/// What is told when a form cannot be read.
pub(super) const UNREADABLE_FORM: (&str, &str) = (
    "Het formulier kon niet worden gelezen. Ga terug en vul het opnieuw in.",
    "The form could not be read. Go back and fill it in again.",
);
/// What is told when the ledger cannot be asked.
pub(super) const LEDGER_AWAY: (&str, &str) = (
    "Het grootboek is nu niet bereikbaar. Probeer het zo opnieuw; de gateway zelf houdt niets achter.",
    "The ledger cannot be reached at the moment. Try again soon; the gateway itself loses nothing.",
);

/// A visit to a page.
pub struct Context {
    /// What is shown.
    pub site: Arc<Site>,
    /// Who looks.
    pub actor: Actor,
    /// Language of the page.
    pub language: Language,
    /// Path and query of the page, for links that lead back.
    pub here: String,
    pub(super) form_token: Option<String>,
}

impl Context {
    /// Fails unless whoever looks may do that.
    pub fn needs(&self, permission: Permission) -> Result<(), Refused> {
        if self.actor.may(permission) { Ok(()) } else { Err(self.refused(StatusCode::FORBIDDEN, Why::MayNot)) }
    }

    /// One of two wordings, Dutch first.
    pub fn pick<'a>(&self, nl: &'a str, en: &'a str) -> &'a str {
        self.language.pick(nl, en)
    }

    /// A form that changes something: posted, with what proves that it comes from here.
    pub fn form(&self, action: &str, content: &Markup) -> Markup {
        html! {
            form method="post" action=(action) {
                (self.form_token())
                (content)
            }
        }
    }

    /// What a form sends back, so that no other site can send it.
    pub(super) fn form_token(&self) -> Markup {
        html! { @if let Some(token) = &self.form_token { input type="hidden" name="form_token" value=(token); } }
    }

    /// Fails unless a form came with what proves that it comes from here.
    pub(super) fn is_own(&self, sent: Option<&str>) -> Result<(), Refused> {
        if self.form_token.is_none() || sent != self.form_token.as_deref() {
            return Err(self.refused(StatusCode::FORBIDDEN, Why::Elsewhere));
        }
        Ok(())
    }

    /// A form that cannot be read.
    pub(super) fn unreadable_form(&self) -> Refused {
        self.refused(StatusCode::BAD_REQUEST, Why::Form)
    }

    /// Reads from the ledger as on this moment.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, Refused> {
        self.site.look(read).await.map_err(|error| self.broken(&error))
    }

    /// Changes the ledger as on this moment.
    pub(super) async fn order<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, Refused> {
        self.site.order(job).await.map_err(|error| self.broken(&error))
    }

    /// There is nothing of that number or name.
    pub fn missing(&self) -> Refused {
        self.refused(StatusCode::NOT_FOUND, Why::Missing)
    }

    /// What was asked cannot be done, and why: a sentence in each language.
    pub fn cannot(&self, status: StatusCode, nl: impl Into<String>, en: impl Into<String>) -> Refused {
        self.refused(status, Why::Said { nl: nl.into(), en: en.into() })
    }

    /// The ledger could not be read or written. Tells nothing of why to the page, all of it to the log.
    pub fn broken(&self, error: &LedgerError) -> Refused {
        tracing::warn!(%error, "a page could not be shown");
        let status =
            if error.is_temporary() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        self.refused(status, Why::Broken)
    }

    fn refused(&self, status: StatusCode, why: Why) -> Refused {
        Refused { status, why, language: self.language, name: Some(self.actor.name.clone()) }
    }
}

impl FromRequestParts<Arc<Site>> for Context {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Context, Response> {
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let Some(visit) = parts.extensions.get::<Visit>().cloned() else {
            return Err(Redirect::to("/login").into_response());
        };
        let language = language(&parts.headers);
        Ok(Context { site: Arc::clone(site), actor: visit.actor, language, here, form_token: visit.form_token })
    }
}

/// The language that was chosen, or else the one that the browser asks for.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let cookies = text(header::COOKIE).unwrap_or_default();
    let chosen = cookie::Cookie::split_parse(cookies).filter_map(Result::ok);
    let mut chosen = chosen.filter(|cookie| cookie.name() == LANGUAGE_COOKIE);
    chosen
        .find_map(|cookie| Language::parse(cookie.value()))
        .unwrap_or_else(|| Language::accepted(text(header::ACCEPT_LANGUAGE).unwrap_or_default()))
}

/// A form that was sent from a page of this visit; one from elsewhere is refused.
pub struct Posted<T> {
    /// The visit.
    pub context: Context,
    /// What was filled in.
    pub fields: T,
}

#[derive(Deserialize)]
struct Sent {
    form_token: Option<String>,
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Posted<T>, Response> {
        let (mut parts, body) = request.into_parts();
        let context = Context::from_request_parts(&mut parts, site).await?;
        let bytes =
            Bytes::from_request(Request::from_parts(parts, body), site).await.map_err(IntoResponse::into_response)?;
        // Read twice: what proves where a form comes from stands beside its fields, whatever they are.
        let sent = serde_urlencoded::from_bytes::<Sent>(&bytes).ok().zip(serde_urlencoded::from_bytes(&bytes).ok());
        let Some((sent, fields)) = sent else {
            return Err(context.unreadable_form().into_response());
        };
        context.is_own(sent.form_token.as_deref()).map_err(IntoResponse::into_response)?;
        Ok(Posted { context, fields })
    }
}

/// A page that is not shown, or an order that is not carried out.
pub struct Refused {
    status: StatusCode,
    why: Why,
    language: Language,
    name: Option<String>,
}

enum Why {
    MayNot,
    Missing,
    Form,
    Elsewhere,
    Broken,
    Said { nl: String, en: String },
}

impl Refused {
    fn sentence(&self) -> &str {
        let (nl, en) = match &self.why {
            Why::MayNot => (
                "Uw rol staat dit niet toe. Vraag de beheerder van deze gateway om een rol die dat wel doet.",
                "Your role does not allow this. Ask the administrator of this gateway for one that does.",
            ),
            Why::Missing => ("Dit bestaat hier niet (meer).", "There is no such thing here (any more)."),
            Why::Form => UNREADABLE_FORM,
            Why::Elsewhere => (
                "Dit formulier hoort niet bij uw sessie. Ga terug, ververs de pagina en probeer het opnieuw.",
                "This form does not belong to your session. Go back, reload the page and try again.",
            ),
            Why::Broken => LEDGER_AWAY,
            Why::Said { nl, en } => (nl.as_str(), en.as_str()),
        };
        self.language.pick(nl, en)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        layout::refusal(self.language, self.status, self.name.as_deref(), self.sentence())
    }
}
