//! `/accounts`: who may sign in, and as what; with the API tokens.

use super::account::{After, busy};
use super::context::{Context, Posted, Refused};
use super::layout::{self, Place};
use super::parts::{self, Entry, Field, Order, Tone, field, table, words};
use super::tokens;
use crate::access::account::{Unfit, check_name, check_password, normal};
use crate::access::session::Current;
use crate::access::{Capacity, Door, Permission, Role};
use crate::hold::check_words;
use crate::ledger::{ApiToken, By, Changed, LedgerError, LocalAccount, Tx};
use crate::web::Site;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What happened, by the word in the address.
const DONE: [(&str, &str, &str); 6] = [
    ("added", "Het account is gemaakt.", "The account was made."),
    ("roles", "De rollen zijn gewijzigd; ze gelden vanaf nu.", "The roles were changed; they count from now on."),
    (
        "password",
        "Het wachtwoord is gezet; alle sessies zijn beëindigd.",
        "The password was set; all sessions were ended.",
    ),
    (
        "disabled",
        "Het account is uitgeschakeld; alle sessies zijn beëindigd.",
        "The account is disabled; all sessions were ended.",
    ),
    ("enabled", "Met het account kan weer worden aangemeld.", "People can sign in with the account again."),
    ("revoked", "Het token geldt niet meer.", "The token counts no more."),
];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/accounts", get(page).post(add))
        .route("/accounts/{name}", get(one))
        .route("/accounts/{name}/roles", post(change_roles))
        .route("/accounts/{name}/password", post(reset_password))
        .route("/accounts/{name}/disable", post(disable))
        .route("/accounts/{name}/enable", post(enable))
}

/// What was filled in: names with values, some of them more than once.
pub(super) type Fields = Vec<(String, String)>;

/// The first value of a name; empty when there is none.
pub(super) fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
}

/// All values of a name.
pub(super) fn values<'a>(fields: &'a Fields, name: &'a str) -> impl Iterator<Item = &'a str> {
    fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// Who gives an order, and why.
pub(super) fn by(context: &Context, current: Option<&Extension<Current>>, reason: Option<String>) -> By {
    let account = current.filter(|current| current.holder.means == crate::access::Means::Account);
    By { name: context.actor.name.clone(), account: account.map(|current| current.holder.name.clone()), reason }
}

/// What does not fit, as a page.
pub(super) fn unfit(context: &Context) -> impl Fn(Unfit) -> Refused {
    |unfit| context.cannot(StatusCode::UNPROCESSABLE_ENTITY, unfit.nl, unfit.en)
}

/// The reason of an order, when it may be kept.
pub(super) fn reason(context: &Context, fields: &Fields) -> Result<String, Refused> {
    let reason = value(fields, "reason").trim();
    match check_words("reason", reason) {
        Ok(()) => Ok(reason.to_owned()),
        Err(fault) => Err(context.cannot(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Geef een reden op één regel, zonder nummers van personen: zij blijft voorgoed in het logboek.",
            format!("Give a reason: {fault}."),
        )),
    }
}

async fn page(context: Context, after: Result<Query<After>, QueryRejection>) -> Result<Html<String>, Refused> {
    context.needs(Permission::Administer)?;
    let after = after.map(|after| after.0).unwrap_or_default();
    let found = context.look(|tx, now| Ok((tx.local_accounts()?, tx.tokens()?, now)));
    let (accounts, known, now) = found.await?;
    let content = html! {
        (parts::done(context.language, after.done.as_deref(), &DONE))
        (parts::section("accounts", context.pick("Accounts", "Accounts"), &html! {
            (listed(&context, &accounts, now))
            (add_form(&context))
        }))
        (tokens_section(&context, &known, now))
    };
    Ok(layout::page(&context, Place::Accounts, context.pick("Toegang", "Access"), &content))
}

fn tokens_section(context: &Context, known: &[ApiToken], now: Timestamp) -> Markup {
    parts::section("tokens", context.pick("API-tokens", "API tokens"), &tokens::list(context, known, now))
}

fn listed(context: &Context, accounts: &[LocalAccount], now: Timestamp) -> Markup {
    if accounts.is_empty() {
        return parts::empty(context.pick("Er zijn geen lokale accounts.", "There are no local accounts."));
    }
    let rows = accounts.iter().map(|account| {
        vec![
            html! { a href=(format!("/accounts/{}", account.name)) { (account.name) } },
            html! { (account.capacity) },
            state(context, account, now),
            last(context, account.signed_in_at),
        ]
    });
    let columns = [
        words(context.pick("Naam", "Name")),
        words(context.pick("Rollen of afzender", "Roles or sender")),
        words(context.pick("Toestand", "State")),
        words(context.pick("Laatst aangemeld", "Last signed in")),
    ];
    table(context.pick("Lokale accounts", "Local accounts"), &columns, rows)
}

/// A moment, or that there was none.
pub(super) fn last(context: &Context, at: Option<Timestamp>) -> Markup {
    at.map_or_else(|| html! { (context.pick("nooit", "never")) }, |at| parts::moment(context.language, at))
}

fn state(context: &Context, account: &LocalAccount, now: Timestamp) -> Markup {
    let (tone, text) = if account.disabled_at.is_some() {
        (Tone::Bad, context.pick("uitgeschakeld", "disabled"))
    } else if account.locked_until.is_some_and(|until| until > now) {
        (Tone::Warn, context.pick("geblokkeerd na mislukte pogingen", "locked after failed attempts"))
    } else if account.must_change {
        (Tone::Warn, context.pick("moet wachtwoord wijzigen", "must change the password"))
    } else {
        (Tone::Good, context.pick("open", "open"))
    };
    parts::badge(tone, text)
}

/// What an account is for: boxes for roles, and the senders of the configuration when there are any.
fn capacity_fields(context: &Context, id: &str, shown: &Capacity) -> Markup {
    let boxes = Role::ALL.into_iter().map(|role| (role.as_str(), shown.is(role)));
    let senders = context.site.config.senders.list();
    let none = ("", context.pick("geen: personeel", "none: staff"));
    let named = senders.iter().map(|sender| (sender.name.as_str(), sender.name.as_str()));
    let names: Vec<(&str, &str)> = std::iter::once(none).chain(named).collect();
    let id_of_sender = format!("{id}-sender");
    let label = context.pick("of afzender", "or sender");
    let sender = Field::new("sender", label, shown.sender().unwrap_or_default(), Entry::Choice(&names));
    let hint = context.pick(
        "Voor wie software voor een afzender maakt: probeert berichten van diens partijen, en ziet verder niets.",
        "For whoever builds software for a sender: tries messages of its parties, and sees nothing else.",
    );
    html! {
        (parts::boxes(context.pick("Rollen", "Roles"), "role", id, boxes))
        @if !senders.is_empty() { (field(&sender.id(&id_of_sender).hint(hint))) }
    }
}

/// What was chosen for an account.
fn capacity(context: &Context, fields: &Fields) -> Result<Capacity, Refused> {
    let sender = Some(value(fields, "sender")).filter(|name| !name.is_empty());
    Capacity::chosen(values(fields, "role"), sender, &context.site.config.senders).map_err(unfit(context))
}

fn password_field<'a>(context: &'a Context, id: &'a str) -> Field<'a> {
    Field::new("password", context.pick("Eerste wachtwoord", "First password"), "", Entry::NewPassword)
        .required()
        .id(id)
        .hint(context.pick(
            "Ten minste 12 tekens; moet bij de eerste aanmelding worden gewijzigd.",
            "12 characters at least; must be changed at the first sign-in.",
        ))
}

fn add_form(context: &Context) -> Markup {
    let name = Field::new("name", context.pick("Naam", "Name"), "", Entry::Username(60)).required().id("new-name");
    let fields = html! {
        (field(&name))
        (capacity_fields(context, "new", &Capacity::Staff(BTreeSet::new())))
        (field(&password_field(context, "new-password")))
        div.buttons { button type="submit" { (context.pick("Maak account", "Make account")) } }
    };
    html! { details { summary { (context.pick("Nieuw account", "New account")) } (context.form("/accounts", &fields)) } }
}

async fn add(
    Extension(door): Extension<Arc<Door>>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Response, Refused> {
    context.needs(Permission::Administer)?;
    let name = normal(value(&fields, "name"));
    check_name(&name).map_err(unfit(&context))?;
    let capacity = capacity(&context, &fields)?;
    let hash = new_password(&door, &context, &name, &fields).await?;
    let (by, account) = (by(&context, current.as_ref(), None), name.clone());
    let changed = context.order(move |tx, now| tx.add_account(&account, &hash, &capacity, true, &by, now)).await?;
    if changed == Changed::Already {
        return Err(context.cannot(
            StatusCode::CONFLICT,
            "Er is al een account met deze naam.",
            "There is an account of this name already.",
        ));
    }
    Ok(Redirect::to("/accounts?done=added").into_response())
}

async fn new_password(
    door: &Door,
    context: &Context,
    name: &str,
    fields: &Fields,
) -> Result<crate::access::PasswordHash, Refused> {
    let password = value(fields, "password");
    check_password(name, password).map_err(unfit(context))?;
    door.hasher.hash(password.to_owned()).await.map_err(|_| busy(context))
}

async fn one(
    context: Context,
    name: Result<Path<String>, PathRejection>,
    current: Option<Extension<Current>>,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Html<String>, Refused> {
    context.needs(Permission::Administer)?;
    let Ok(Path(name)) = name else { return Err(context.missing()) };
    let found = context.look(move |tx, now| Ok((tx.local_account(&name)?, now)));
    let (Some(account), now) = found.await? else { return Err(context.missing()) };
    let after = after.map(|after| after.0).unwrap_or_default();
    let is_own = by(&context, current.as_ref(), None).account.as_ref() == Some(&account.name);
    let content = html! {
        (parts::breadcrumb(context.language, &[("/accounts", context.pick("Toegang", "Access"))], &account.name))
        (parts::done(context.language, after.done.as_deref(), &DONE))
        (parts::facts([
            (context.pick("Rollen of afzender", "Roles or sender"), html! { (account.capacity) }),
            (context.pick("Toestand", "State"), state(&context, &account, now)),
            (context.pick("Gemaakt", "Made"), html! { (parts::moment(context.language, account.created_at)) " " (account.created_by) }),
            (context.pick("Wachtwoord gezet", "Password set"), parts::moment(context.language, account.password_at)),
            (context.pick("Laatst aangemeld", "Last signed in"), last(&context, account.signed_in_at)),
        ]))
        @if is_own {
            (parts::notice(Tone::Plain, &html! {
                (context.pick("Dit is uw eigen account: anderen wijzigen uw rollen. ", "This is your own account: others change your roles. "))
                a href="/account" { (context.pick("Uw toegang", "Your access")) }
            }))
        } @else { (orders(&context, &account, now)) }
    };
    Ok(layout::page(&context, Place::Accounts, &account.name, &content))
}

fn orders(context: &Context, account: &LocalAccount, now: Timestamp) -> Markup {
    let path = |order: &str| format!("/accounts/{}/{order}", account.name);
    let order = |id: &str, action: &str, nl: &str, en: &str, fields: Markup, button: (&str, &str), is_grave| {
        let heading = context.pick(button.0, button.1);
        let form = parts::order(
            context,
            &Order {
                id,
                action,
                what: html! { p { (context.pick(nl, en)) } },
                fields,
                reason: "",
                fault: None,
                button: heading,
                is_grave,
            },
        );
        parts::section(&format!("{id}-part"), heading, &form)
    };
    let is_shut = account.disabled_at.is_some() || account.locked_until.is_some_and(|until| until > now);
    html! {
        (order(
            "roles", &path("roles"), "Andere rollen gelden vanaf het volgende verzoek.", "Other roles count from the next request on.",
            capacity_fields(context, "roles", &account.capacity), ("Wijzig rollen", "Change roles"), false,
        ))
        (order(
            "reset", &path("password"), "Een nieuw wachtwoord beëindigt alle sessies.", "A new password ends all sessions.",
            html! { (parts::whose_password(context, &account.name)) (field(&password_field(context, "reset-password"))) },
            ("Zet wachtwoord", "Set password"), false,
        ))
        @if is_shut {
            (order(
                "enable", &path("enable"), "Hierna kan weer met dit account worden aangemeld.", "People can sign in with this account again after this.",
                html! {}, ("Schakel in", "Enable"), false,
            ))
        }
        @if account.disabled_at.is_none() {
            (order(
                "disable", &path("disable"), "Niemand kan zich meer met dit account aanmelden; alle sessies eindigen.",
                "Nobody can sign in with this account any more; all sessions end.", html! {}, ("Schakel uit", "Disable"), true,
            ))
        }
    }
}

async fn change_roles(
    name: Result<Path<String>, PathRejection>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Response, Refused> {
    context.needs(Permission::Administer)?;
    let capacity = capacity(&context, &fields)?;
    let by = by(&context, current.as_ref(), Some(reason(&context, &fields)?));
    carry_out(&context, name, "roles", move |tx, name, now| tx.set_capacity(name, &capacity, &by, now)).await
}

async fn reset_password(
    name: Result<Path<String>, PathRejection>,
    Extension(door): Extension<Arc<Door>>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Response, Refused> {
    context.needs(Permission::Administer)?;
    // What is asked for is looked at before the machine hashes anything.
    let by = by(&context, current.as_ref(), Some(reason(&context, &fields)?));
    let own = name.as_ref().is_ok_and(|Path(name)| by.account.as_ref() == Some(name));
    if own {
        return Err(outcome(&context, Changed::Own));
    }
    let of = name.as_ref().map(|Path(name)| name.clone()).unwrap_or_default();
    let hash = new_password(&door, &context, &of, &fields).await?;
    carry_out(&context, name, "password", move |tx, name, now| tx.set_password(name, &hash, true, None, &by, now)).await
}

async fn disable(
    name: Result<Path<String>, PathRejection>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Response, Refused> {
    context.needs(Permission::Administer)?;
    let by = by(&context, current.as_ref(), Some(reason(&context, &fields)?));
    carry_out(&context, name, "disabled", move |tx, name, now| tx.disable_account(name, &by, now)).await
}

async fn enable(
    name: Result<Path<String>, PathRejection>,
    current: Option<Extension<Current>>,
    Posted { context, fields }: Posted<Fields>,
) -> Result<Response, Refused> {
    context.needs(Permission::Administer)?;
    let by = by(&context, current.as_ref(), Some(reason(&context, &fields)?));
    carry_out(&context, name, "enabled", move |tx, name, now| tx.enable_account(name, &by, now)).await
}

async fn carry_out(
    context: &Context,
    name: Result<Path<String>, PathRejection>,
    done: &str,
    job: impl FnOnce(&Tx<'_>, &str, Timestamp) -> Result<Changed, LedgerError> + Send + 'static,
) -> Result<Response, Refused> {
    let Ok(Path(name)) = name else { return Err(context.missing()) };
    let of = name.clone();
    match context.order(move |tx, now| job(tx, &of, now)).await? {
        Changed::Done => Ok(Redirect::to(&format!("/accounts/{name}?done={done}")).into_response()),
        other => Err(outcome(context, other)),
    }
}

/// What did not happen, as a page.
pub(super) fn outcome(context: &Context, changed: Changed) -> Refused {
    let (status, nl, en) = match changed {
        Changed::Missing => return context.missing(),
        Changed::Done | Changed::Already => {
            (StatusCode::CONFLICT, "Dit was al zo; er is niets veranderd.", "It was so already; nothing was changed.")
        }
        Changed::LastAdministrator => (
            StatusCode::CONFLICT,
            "Dit is het laatste account dat accounts mag beheren. Maak eerst een andere beheerder.",
            "This is the last account that may keep accounts. Make another administrator first.",
        ),
        Changed::Own => (
            StatusCode::FORBIDDEN,
            "Niemand wijzigt de eigen rollen of schakelt zichzelf uit. Vraag een andere beheerder.",
            "Nobody changes their own roles or disables themselves. Ask another administrator.",
        ),
    };
    context.cannot(status, nl, en)
}
