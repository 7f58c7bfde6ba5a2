//! `/account`: what somebody may do, their sessions, and their password.

use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Tone, field, table, words};
use crate::access::account::{LONGEST_PASSWORD, SHORTEST_PASSWORD, check_password};
use crate::access::session::Current;
use crate::access::{Door, Means};
use crate::ledger::{Attempt, By, Changed, Session};
use crate::web::Site;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What happened, by the word in the address.
const DONE: [(&str, &str, &str); 2] = [
    (
        "password",
        "Uw wachtwoord is gewijzigd; uw andere sessies zijn beëindigd.",
        "Your password was changed; your other sessions were ended.",
    ),
    ("session", "De sessie is beëindigd.", "The session was ended."),
];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/account", get(page))
        .route("/account/password", post(change_password))
        .route("/account/sessions/{id}/end", post(end_session))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct After {
    /// What happened just now.
    pub(super) done: Option<String>,
}

async fn page(
    context: Context,
    current: Option<Extension<Current>>,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Response, Refused> {
    let after = after.map(|after| after.0).unwrap_or_default();
    show(&context, current.map(|current| current.0).as_ref(), after.done.as_deref(), None).await
}

/// The page; with what is wrong with a new password, if something is.
async fn show(
    context: &Context,
    current: Option<&Current>,
    done: Option<&str>,
    fault: Option<&str>,
) -> Result<Response, Refused> {
    let sessions = match current.cloned() {
        Some(Current { holder, .. }) => context.look(move |tx, now| tx.sessions_of(&holder, now)).await?,
        None => Vec::new(),
    };
    let must_change = current.is_some_and(|current| current.must_change);
    let content = html! {
        (parts::done(context.language, done, &DONE))
        @if must_change {
            (parts::notice(Tone::Warn, &html! { (context.pick(
                "Iemand anders heeft uw wachtwoord gezet. Kies eerst een eigen wachtwoord.",
                "Somebody else set your password. Choose one of your own first.",
            )) }))
        }
        (who(context))
        @if current.is_some_and(|current| current.holder.means == Means::Account) { (password(context, fault)) }
        @if !must_change { (open_sessions(context, current, &sessions)) }
    };
    let title = context.pick("Uw toegang", "Your access");
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, layout::page(context, Place::Accounts, title, &content)).into_response())
}

fn who(context: &Context) -> Markup {
    let means = match context.actor.means {
        Means::Account => context.pick("account van deze gateway", "account of this gateway"),
        Means::Provider => "OpenID Connect",
        Means::Token => "token",
    };
    let may = context.actor.permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(", ");
    parts::facts([
        (context.pick("Naam", "Name"), html! { (context.actor.name) }),
        (context.pick("Aangemeld met", "Signed in with"), html! { (means) }),
        (context.pick("Rechten", "Permissions"), html! { (may) }),
    ])
}

fn password(context: &Context, fault: Option<&str>) -> Markup {
    let hint = match context.language {
        super::Language::Nl => {
            format!("Ten minste {SHORTEST_PASSWORD} tekens; een paar woorden achter elkaar is goed.")
        }
        super::Language::En => format!("{SHORTEST_PASSWORD} characters at least; a few words in a row are fine."),
    };
    let one = |name, nl, en, entry| Field::new(name, context.pick(nl, en), "", entry).required();
    let fields = html! {
        (parts::whose_password(context, &context.actor.name))
        (field(&one("old", "Huidig wachtwoord", "Current password", Entry::Password)))
        (field(&one("new", "Nieuw wachtwoord", "New password", Entry::NewPassword).hint(&hint).fault(fault)))
        (field(&one("again", "Nieuw wachtwoord nogmaals", "New password once more", Entry::NewPassword)))
        div.buttons { button type="submit" { (context.pick("Wijzig wachtwoord", "Change password")) } }
    };
    parts::section("password", context.pick("Wachtwoord", "Password"), &context.form("/account/password", &fields))
}

fn open_sessions(context: &Context, current: Option<&Current>, sessions: &[Session]) -> Markup {
    let own = current.map(|current| current.id);
    let rows = sessions.iter().map(|session| {
        let end = html! {
            @if own == Some(session.id) { (context.pick("deze sessie", "this session")) }
            @else {
                (context.form(&format!("/account/sessions/{}/end", session.id), &html! {
                    button.quiet type="submit" { (context.pick("Beëindig", "End")) }
                }))
            }
        };
        let moment = |at| parts::moment(context.language, at);
        vec![moment(session.created_at), moment(session.seen_at), moment(session.ends_at), end]
    });
    let columns = [
        words(context.pick("Begonnen", "Began")),
        words(context.pick("Laatst gebruikt", "Last used")),
        words(context.pick("Eindigt uiterlijk", "Ends at the latest")),
        words(""),
    ];
    let caption = context.pick("Open sessies", "Open sessions");
    parts::section("sessions", context.pick("Sessies", "Sessions"), &table(caption, &columns, rows))
}

#[derive(Deserialize)]
struct NewPassword {
    old: String,
    new: String,
    again: String,
}

async fn change_password(
    Extension(door): Extension<Arc<Door>>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<NewPassword>,
) -> Result<Response, Refused> {
    let Some(Extension(current)) = current.filter(|current| current.holder.means == Means::Account) else {
        return Err(context.cannot(
            StatusCode::CONFLICT,
            "Uw wachtwoord wordt bij uw provider gewijzigd, niet hier.",
            "Your password is changed at your provider, not here.",
        ));
    };
    let wrong = |nl: &str, en: &str| context.pick(nl, en).to_owned();
    let fault = match check_password(&current.holder.name, &fields.new) {
        Err(unfit) => Some(context.pick(&unfit.nl, &unfit.en).to_owned()),
        Ok(()) if fields.new != fields.again => {
            Some(wrong("De twee nieuwe wachtwoorden zijn niet gelijk.", "The two new passwords are not the same."))
        }
        Ok(()) if fields.new == fields.old => {
            Some(wrong("Dit is het huidige wachtwoord.", "This is the current password."))
        }
        Ok(()) if fields.old.len() > LONGEST_PASSWORD => {
            Some(wrong("Het huidige wachtwoord klopt niet.", "The current password is wrong."))
        }
        Ok(()) => None,
    };
    if let Some(fault) = fault {
        return show(&context, Some(&current), None, Some(&fault)).await;
    }
    if let Some(fault) = replace(&door, &context, &current, fields).await? {
        return show(&context, Some(&current), None, Some(&fault)).await;
    }
    Ok(Redirect::to("/account?done=password").into_response())
}

/// Holds the old password against the ledger, as at a sign-in, and sets the new one; gives what is wrong, if anything.
async fn replace(
    door: &Door,
    context: &Context,
    current: &Current,
    fields: NewPassword,
) -> Result<Option<String>, Refused> {
    let name = current.holder.name.clone();
    let hash = match context.order(move |tx, now| tx.attempt(&name, now)).await? {
        Attempt::Open(hash) => hash,
        Attempt::Locked(_) => {
            return Err(context.cannot(
                StatusCode::TOO_MANY_REQUESTS,
                "Te veel mislukte pogingen. Probeer het later opnieuw.",
                "Too many failed attempts. Try again later.",
            ));
        }
    };
    let name = current.holder.name.clone();
    if !door.hasher.is_right(hash, fields.old).await.map_err(|_| busy(context))? {
        context.order(move |tx, now| tx.attempt_failed(&name, now)).await?;
        return Ok(Some(
            context.pick("Het huidige wachtwoord klopt niet.", "The current password is wrong.").to_owned(),
        ));
    }
    let hash = door.hasher.hash(fields.new).await.map_err(|_| busy(context))?;
    let by = By { name: name.clone(), account: Some(name.clone()), reason: None };
    let but = Some(current.id);
    match context.order(move |tx, now| tx.set_password(&name, &hash, false, but, &by, now)).await? {
        Changed::Done | Changed::Already => Ok(None),
        Changed::Missing | Changed::LastAdministrator | Changed::Own => Err(context.missing()),
    }
}

/// Too many passwords are hashed at once.
pub(super) fn busy(context: &Context) -> Refused {
    context.cannot(
        StatusCode::SERVICE_UNAVAILABLE,
        "Er wordt nu te veel tegelijk gevraagd. Probeer het zo opnieuw.",
        "Too much is asked at once. Try again soon.",
    )
}

#[derive(Deserialize)]
struct Nothing {}

async fn end_session(
    id: Result<Path<i64>, PathRejection>,
    current: Option<Extension<Current>>,
    Posted { context, fields: Nothing {} }: Posted<Nothing>,
) -> Result<Response, Refused> {
    let (Ok(Path(id)), Some(Extension(current))) = (id, current) else { return Err(context.missing()) };
    // A session of somebody else is none here.
    match context.order(move |tx, now| tx.end_session(id, &current.holder, now)).await? {
        Changed::Done => Ok(Redirect::to("/account?done=session").into_response()),
        Changed::Already | Changed::Missing | Changed::LastAdministrator | Changed::Own => Err(context.missing()),
    }
}
