//! `/v1/messages`: what came in and what became of it. Nothing of what messages hold.

use super::list::{PAGE, link, links};
use super::query::{Query, is_digits, is_name, is_plain, number};
use super::{Caller, Fault, Place, Problem};
use crate::access::Permission;
use crate::decision::Verdict;
use crate::message::{Kind, Number};
use crate::rules;
use crate::view::message::Message;
use crate::view::messages::{self as view, Asked, Listed, Search, Total};
use crate::web::Site;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of messages, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Messages {
    /// The messages.
    items: Vec<Listed>,
    /// Where the page with older ones is; nothing at the end. The header `Link` says the same.
    #[schema(format = "uri-reference")]
    next: Option<String>,
    /// How many there are on all pages.
    total: Total,
    /// Set when the look ended before the page was full: what came before this moment was not looked at yet, and `next`
    /// goes on with it.
    #[schema(value_type = Option<String>, format = DateTime)]
    looked_until: Option<String>,
}

/// Kinds as they are asked for: `WMO305`, or `305` for both laws.
pub(super) fn kinds() -> Vec<String> {
    let kinds = Kind::all().map(|kind| kind.to_string());
    kinds.chain(Number::ALL.into_iter().map(|number| number.as_str().to_owned())).collect()
}

/// Rules as they are asked for.
pub(super) fn rule_ids() -> Vec<&'static str> {
    rules::all().iter().map(|rule| rule.id).chain(["XSD"]).collect()
}

/// Messages
///
/// Messages that came in, the latest first, and those that fit when something is asked. A person is never asked for by
/// number here: that takes a form of the console, which is audited.
#[utoipa::path(
    get, path = "/messages", tag = "messages", operation_id = "listMessages", security(("token" = ["view"])),
    params(
        ("identification" = Option<String>, Query, pattern = "^[!-~]{1,60}$", description = "Identificatie of the header."),
        ("allocation" = Option<String>, Query, pattern = "^[0-9]{1,12}$", description = "ToewijzingNummer that it names."),
        ("declaration" = Option<String>, Query, pattern = "^[!-~]{1,60}$", description = "DeclaratieNummer, or ReferentieNummer of a line that was processed."),
        ("request" = Option<String>, Query, pattern = "^[!-~]{1,60}$", description = "ReferentieAanbieder of a request."),
        ("sender" = Option<String>, Query, pattern = "^([0-9]{4}|[0-9]{8})$", description = "Party that sends it: municipality or provider."),
        ("receiver" = Option<String>, Query, pattern = "^([0-9]{4}|[0-9]{8})$", description = "Party that receives it."),
        ("law" = Option<String>, Query, pattern = "^(wmo|jeugdwet)$", description = "Law."),
        ("kind" = Option<String>, Query, description = "Kind; a number alone asks for that of both laws."),
        ("verdict" = Option<String>, Query, pattern = "^(accepted|rejected|partly|held|parked)$", description = "What was decided."),
        ("rule" = Option<String>, Query, description = "Rule that it broke."),
        ("transport" = Option<String>, Query, pattern = "^[a-z0-9_-]{1,60}$", description = "Transport that brought it."),
        ("since" = Option<String>, Query, format = Date, pattern = "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$", description = "Received on this Dutch day or later."),
        ("until" = Option<String>, Query, format = Date, pattern = "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$", description = "Received on this Dutch day or before."),
        ("page" = Option<String>, Query, pattern = "^[on][1-9][0-9]{0,16}-[1-9][0-9]{0,16}$", description = "Where the page begins, as `next` of another one says."),
    ),
    responses((status = 200, description = "A page of them.", body = Messages))
)]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller, here: Uri) -> Result<Response, Problem> {
    caller.needs(Permission::View)?;
    let mut query = Query::of_uri(&here);
    let (kinds, rules, verdicts) = (kinds(), rule_ids(), Verdict::ALL.map(Verdict::as_str));
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let is_party = |word: &str| matches!(word.len(), 4 | 8) && is_digits(word, 8);
    let (party, plain) = ("four digits (municipality) or eight (provider)", "at most 60 letters, digits and signs");
    let asked = Asked {
        identification: query.word("identification", plain, is_plain).unwrap_or_default(),
        allocation: query.word("allocation", "at most twelve digits", |word| is_digits(word, 12)).unwrap_or_default(),
        declaration: query.word("declaration", plain, is_plain).unwrap_or_default(),
        request: query.word("request", plain, is_plain).unwrap_or_default(),
        sender: query.word("sender", party, is_party).unwrap_or_default(),
        receiver: query.word("receiver", party, is_party).unwrap_or_default(),
        law: query.one_of("law", &["wmo", "jeugdwet"]).unwrap_or_default(),
        kind: query.one_of("kind", &kinds).unwrap_or_default(),
        verdict: query.one_of("verdict", &verdicts).unwrap_or_default(),
        rule: query.word("rule", "a rule of docs/rules.md, or XSD", |word| rules.contains(&word)).unwrap_or_default(),
        transport: query.word("transport", "the name of a transport", is_name).unwrap_or_default(),
        since: query.day("since").map(|day| day.to_string()).unwrap_or_default(),
        until: query.day("until").map(|day| day.to_string()).unwrap_or_default(),
        page: query.word(PAGE, "what `next` of another page says", is_place).unwrap_or_default(),
    };
    query.end()?;
    let search = Search::parse(&asked).map_err(wrong)?;
    let found = site.look(move |tx, _| tx.find_messages(&search)).await?;
    let (next, previous) = (found.older.map(|at| link(&here, &at)), found.newer.map(|at| link(&here, &at)));
    let links = links(next.as_deref(), previous.as_deref());
    let body = Messages {
        items: found.rows,
        next,
        total: found.total,
        looked_until: found.looked_until.map(|moment| moment.to_string()),
    };
    Ok((links, Json(body)).into_response())
}

pub(super) fn wrong(faults: Vec<view::Fault>) -> Problem {
    let fault = |fault: view::Fault| Fault { place: Place::Query, name: fault.field.to_owned(), detail: fault.en };
    Problem::fields(faults.into_iter().map(fault).collect())
}

/// Whether this is a way, a moment in microseconds and the number of a message.
fn is_place(word: &str) -> bool {
    let is_number = |part: &str| part.len() <= 17 && number(part).is_some();
    let parts = word.strip_prefix(['o', 'n']).and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(at, id)| is_number(at) && is_number(id))
}

/// One message
///
/// A message with its findings, what it asks and answers, what left because of it with every attempt, and what was
/// ordered about it. What it raised is shown to whoever may see contracts.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "messages", operation_id = "getMessage", security(("token" = ["view"])),
    params(("id" = i64, Path, minimum = 1, description = "Number of the message in the ledger.")),
    responses((status = 200, description = "It.", body = Message))
)]
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    here: Uri,
) -> Result<Json<Message>, Problem> {
    caller.needs(Permission::View)?;
    Query::of_uri(&here).end()?;
    let id = number(&id).ok_or_else(Problem::missing)?;
    let mut message = site.look(move |tx, now| tx.look_at_message(id, now)).await?.ok_or_else(Problem::missing)?;
    if !caller.actor.may(Permission::ViewContracts) {
        message.raised.clear();
    }
    Ok(Json(message))
}
