//! `/tokens`: API tokens are made and taken back; they are listed on `/accounts`.

use super::accounts::{Fields, by, last, outcome, reason, unfit, value, values};
use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Tone, field, table, words};
use crate::access::Permission;
use crate::access::account::{Unfit, check_name};
use crate::access::session::Current;
use crate::access::token::{SCOPES, TokenKey, check_lifetime, check_scopes};
use crate::ledger::{ApiToken, Changed};
use crate::web::Site;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::post;
use jiff::Timestamp;
use maud::{Markup, html};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/tokens", post(add)).route("/tokens/{name}/revoke", post(revoke))
}

/// All tokens, with the forms to make one and to take one back.
pub(super) fn list(context: &Context, tokens: &[ApiToken], now: Timestamp) -> Markup {
    let rows = tokens.iter().map(|token| {
        let (tone, state) = match token {
            ApiToken { revoked_at: Some(_), .. } => (Tone::Plain, context.pick("ingetrokken", "revoked")),
            token if token.counts(now) => (Tone::Good, context.pick("geldt", "counts")),
            _ => (Tone::Plain, context.pick("verlopen", "expired")),
        };
        vec![
            html! { (token.name) },
            html! { (token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")) },
            html! { (parts::badge(tone, state)) },
            parts::moment(context.language, token.expires_at),
            last(context, token.used_at),
            html! { @if token.counts(now) { (revoke_form(context, token)) } },
        ]
    });
    let columns = [
        words(context.pick("Naam", "Name")),
        words(context.pick("Rechten", "Scopes")),
        words(context.pick("Toestand", "State")),
        words(context.pick("Geldt tot", "Counts until")),
        words(context.pick("Laatst gebruikt", "Last used")),
        words(""),
    ];
    html! {
        @if tokens.is_empty() { (parts::empty(context.pick("Er zijn geen tokens.", "There are no tokens."))) }
        @else { (table(context.pick("API-tokens", "API tokens"), &columns, rows)) }
        (add_form(context))
    }
}

fn revoke_form(context: &Context, token: &ApiToken) -> Markup {
    let id = format!("revoke-{}", token.id);
    let label = context.pick("Reden (komt in het logboek)", "Reason (goes into the audit trail)");
    let reason = Field::new("reason", label, "", Entry::Text(parts::REASON_MOST)).required().id(&id);
    let content = html! {
        (field(&reason))
        div.buttons { button.grave type="submit" { (context.pick("Trek in", "Revoke")) } }
    };
    html! {
        details {
            summary { (context.pick("Intrekken", "Revoke")) }
            (context.form(&format!("/tokens/{}/revoke", token.name), &content))
        }
    }
}

fn add_form(context: &Context) -> Markup {
    let name = Field::new("name", context.pick("Naam van het programma", "Name of the program"), "", Entry::Text(60));
    let days = Field::new("days", context.pick("Geldig (dagen)", "Counts for (days)"), "90", Entry::Text(3));
    let content = html! {
        (field(&name.required().id("token-name")))
        (parts::boxes(context.pick("Rechten", "Scopes"), "scope", "scope", SCOPES.into_iter().map(|scope| (scope.as_str(), false))))
        (field(&days.required()))
        div.buttons { button type="submit" { (context.pick("Maak token", "Make token")) } }
    };
    html! { details { summary { (context.pick("Nieuw token", "New token")) } (context.form("/tokens", &content)) } }
}

async fn add(
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Html<String>, Refused> {
    context.needs(Permission::Administer)?;
    let name = value(&fields, "name").trim().to_owned();
    check_name(&name).map_err(unfit(&context))?;
    let scopes = check_scopes(values(&fields, "scope")).map_err(unfit(&context))?;
    let days = value(&fields, "days").trim().parse().map_err(|_| Unfit {
        nl: "De geldigheid is een aantal dagen, zoals 90.".to_owned(),
        en: "How long it counts is a number of days, such as 90.".to_owned(),
    });
    let lifetime = days.and_then(check_lifetime).map_err(unfit(&context))?;
    let key = TokenKey::draw();
    let (hash, by, token) = (key.hash(), by(&context, current.as_ref(), None), name.clone());
    let until = context.site.clock.now().saturating_add(lifetime).unwrap_or(Timestamp::MAX);
    let changed = context.order(move |tx, now| tx.add_token(&token, hash, &scopes, until, &by, now)).await?;
    if changed == Changed::Already {
        return Err(context.cannot(
            StatusCode::CONFLICT,
            "Er is of was al een token met deze naam. Een naam wordt één keer gebruikt.",
            "There is or was a token of this name. A name is used once.",
        ));
    }
    // Not sent on to another page: the token stands in no address and is shown this once.
    let content = html! {
        (parts::notice(Tone::Good, &html! {
            (context.pick(
                "Dit token wordt alleen nu getoond. Bewaar het bij het programma dat het gebruikt.",
                "This token is shown only now. Keep it with the program that uses it.",
            ))
        }))
        (parts::facts([
            (context.pick("Naam", "Name"), html! { (name) }),
            ("Token", html! { code { (key.expose()) } }),
            (context.pick("Geldt tot", "Counts until"), parts::moment(context.language, until)),
        ]))
        p { a href="/accounts" { (context.pick("Naar de toegang", "To the access page")) } }
    };
    Ok(layout::page(&context, Place::Accounts, context.pick("Nieuw token", "New token"), &content))
}

async fn revoke(
    name: Result<Path<String>, PathRejection>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Response, Refused> {
    context.needs(Permission::Administer)?;
    let Ok(Path(name)) = name else { return Err(context.missing()) };
    let by = by(&context, current.as_ref(), Some(reason(&context, &fields)?));
    match context.order(move |tx, now| tx.revoke_token(&name, &by, now)).await? {
        Changed::Done => Ok(Redirect::to("/accounts?done=revoked").into_response()),
        other => Err(outcome(&context, other)),
    }
}
