//! `/v1/signals`: what municipalities were told.

use super::list::{List, PAGE, page};
use super::query::{Query, is_code, is_digits, is_name};
use super::{Caller, Problem};
use crate::access::Permission;
use crate::contract::check;
use crate::message::Date;
use crate::view::signals::{Query as Asked, SEVERITIES, Shown, Told};
use crate::web::Site;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// Signals
///
/// What municipalities were told, the latest first. Without `state`, those that are open.
#[utoipa::path(
    get, path = "/signals", tag = "signals", operation_id = "listSignals", security(("token" = ["view-contracts"])),
    params(
        ("state" = Option<String>, Query, pattern = "^(open|ended|all)$", description = "Those that are open, that ended, or all."),
        ("region" = Option<String>, Query, pattern = "^[a-z0-9_-]{1,60}$", description = "Region profile."),
        ("check" = Option<String>, Query, description = "The check that raised it."),
        ("severity" = Option<String>, Query, pattern = "^(info|warning|high)$", description = "How pressing."),
        ("gemeente" = Option<String>, Query, pattern = "^[0-9]{4}$", description = "Municipality by its CBS code."),
        ("aanbieder" = Option<String>, Query, pattern = "^[0-9]{8}$", description = "Provider by its AGB code."),
        ("since" = Option<String>, Query, format = Date, pattern = "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$", description = "First Dutch day on which it opened."),
        ("until" = Option<String>, Query, format = Date, pattern = "^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$", description = "Last Dutch day on which it opened."),
        ("page" = Option<String>, Query, pattern = "^[1-9][0-9]{0,16}-[0-9A-Za-z]{1,64}$", description = "Where the page begins, as `next` of another one says."),
    ),
    responses((status = 200, description = "A page of them.", body = List<Told>))
)]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller, here: Uri) -> Result<Response, Problem> {
    caller.needs(Permission::ViewContracts)?;
    let mut query = Query::of_uri(&here);
    let severities = SEVERITIES.map(crate::finding::Severity::as_str);
    let (since, until) = query.days();
    let word = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let is_check = |id: &str| check::find(id).is_some();
    let asked = Asked {
        state: query.one_of("state", &["open", "ended", "all"]).unwrap_or_default(),
        region: query.word("region", "the name of a region", is_name).unwrap_or_default(),
        check: query.word("check", "a check of docs/signals.md", is_check).unwrap_or_default(),
        severity: query.one_of("severity", &severities).unwrap_or_default(),
        gemeente: query.word("gemeente", "four digits", is_code(4)).unwrap_or_default(),
        aanbieder: query.word("aanbieder", "eight digits", is_code(8)).unwrap_or_default(),
        since: word(since),
        until: word(until),
        after: query.word(PAGE, "what `next` of another page says", is_place).unwrap_or_default(),
    };
    query.end()?;
    let filter = asked.filter().map_err(Problem::wrong_word)?;
    Ok(page(&here, site.look(move |tx, _| tx.signal_page(&filter)).await?))
}

/// Whether this is a moment in microseconds and the id of a signal.
fn is_place(word: &str) -> bool {
    word.split_once('-').is_some_and(|(at, id)| {
        is_digits(at, 17)
            && !at.starts_with('0')
            && (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// One signal
///
/// A signal with the figures behind it, what ends it, and the allocations and messages that it is about.
#[utoipa::path(
    get, path = "/signals/{id}", tag = "signals", operation_id = "getSignal", security(("token" = ["view-contracts"])),
    params(("id" = String, Path, pattern = "^[0-9A-Za-z]{1,64}$", description = "Id of the signal, as in its events.")),
    responses((status = 200, description = "It.", body = Shown))
)]
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    here: Uri,
) -> Result<Json<Shown>, Problem> {
    caller.needs(Permission::ViewContracts)?;
    Query::of_uri(&here).end()?;
    let contracts = site.registers.in_force().now();
    site.look(move |tx, _| tx.signal_one(&id, &contracts)).await?.map(Json).ok_or_else(Problem::missing)
}
