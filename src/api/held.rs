//! `/v1/held`: allocations that wait for a person, and orders about them.

use super::list::{List, PAGE, page};
use super::order::{self, Asked};
use super::query::{Query, number};
use super::{Caller, Problem};
use crate::access::Permission;
use crate::hold::{Action, Order};
use crate::ledger::AboutHold;
use crate::view::held::{Held, Ordered, Which};
use crate::web::Site;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Held allocations
///
/// Outgoing allocations (301) that wait for a person, who waits longest first; or those that waited, the latest first.
#[utoipa::path(
    get, path = "/held", tag = "held", operation_id = "listHeld", security(("token" = ["view"])),
    params(
        ("which" = Option<String>, Query, pattern = "^(waiting|ended)$", description = "Those that wait (also without this word), or those that ended."),
        ("page" = Option<String>, Query, pattern = "^[1-9][0-9]{0,17}$", description = "Where the page begins, as `next` of another one says."),
    ),
    responses((status = 200, description = "A page of them.", body = List<Held>))
)]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller, here: Uri) -> Result<Response, Problem> {
    caller.needs(Permission::View)?;
    let mut query = Query::of_uri(&here);
    let which = match query.one_of("which", &["waiting", "ended"]).as_deref() {
        Some("ended") => Which::Ended,
        _ => Which::Waiting,
    };
    let after = query.word(PAGE, "what `next` of another page says", |word| number(word).is_some());
    query.end()?;
    let (after, contracts) = (after.as_deref().and_then(number), site.registers.in_force().now());
    let found = site.look(move |tx, now| tx.held_page(which, after, now, &contracts)).await?;
    Ok(page(&here, found))
}

/// One held allocation
///
/// An allocation that waits or waited, with what it is held for, what it allocates and what was ordered about it.
#[utoipa::path(
    get, path = "/held/{id}", tag = "held", operation_id = "getHeld", security(("token" = ["view"])),
    params(("id" = i64, Path, minimum = 1, description = "Number of the message in the ledger.")),
    responses((status = 200, description = "It.", body = Held))
)]
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    here: Uri,
) -> Result<Json<Held>, Problem> {
    caller.needs(Permission::View)?;
    Query::of_uri(&here).end()?;
    let id = number(&id).ok_or_else(Problem::missing)?;
    let contracts = site.registers.in_force().now();
    let held = site.look(move |tx, now| tx.held_one(id, now, &contracts)).await?;
    held.map(Json).ok_or_else(Problem::missing)
}

/// Release a held allocation
///
/// Orders it to be sent on to its provider; the gateway carries that out within seconds. The same order by the same token
/// is the same order: it is given once and answered with 200 after that.
#[utoipa::path(
    post, path = "/held/{id}/release", tag = "held", operation_id = "releaseHeld", security(("token" = ["order-held"])),
    params(("id" = i64, Path, minimum = 1, description = "Number of the message in the ledger.")),
    request_body = Asked,
    responses(
        (status = 202, description = "It is ordered.", body = Ordered),
        (status = 200, description = "It was ordered before, by this token and for this reason.", body = Ordered),
        (status = 409, description = "Something else was ordered or done before, or an earlier one stands before it."),
    )
)]
pub(super) async fn release(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    give(&site, &caller, &id, Action::Release, request).await
}

/// Withdraw a held allocation
///
/// Orders it to be withdrawn: it counts as not sent, and its sender hears of it with the reason. The same order by the
/// same token is the same order: it is given once and answered with 200 after that.
#[utoipa::path(
    post, path = "/held/{id}/withdraw", tag = "held", operation_id = "withdrawHeld", security(("token" = ["order-held"])),
    params(("id" = i64, Path, minimum = 1, description = "Number of the message in the ledger.")),
    request_body = Asked,
    responses(
        (status = 202, description = "It is ordered.", body = Ordered),
        (status = 200, description = "It was ordered before, by this token and for this reason.", body = Ordered),
        (status = 409, description = "Something else was ordered or done before."),
    )
)]
pub(super) async fn withdraw(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    give(&site, &caller, &id, Action::Withdraw, request).await
}

async fn give(site: &Site, caller: &Caller, id: &str, action: Action, request: Request) -> Result<Response, Problem> {
    let (message_id, reason) = order::read(caller, Permission::OrderHeld, id, request).await?;
    let order = Order { message_id, action, reason, by: caller.actor.name.clone() };
    let given = order.clone();
    let (about, orders) =
        site.order(move |tx, now| Ok((tx.order_hold(&given, now)?, tx.orders_of(message_id)?))).await?;
    let is_same =
        |known: &Ordered| known.by == order.by && known.action == order.action.as_str() && known.reason == order.reason;
    let same = orders.into_iter().rfind(is_same);
    match (about, same) {
        (AboutHold::Given(_), Some(order)) => Ok((StatusCode::ACCEPTED, Json(order)).into_response()),
        (AboutHold::UnderWay(_) | AboutHold::Ended(_), Some(order)) => Ok(Json(order).into_response()),
        (AboutHold::Unknown, _) | (AboutHold::Given(_), None) => Err(Problem::missing()),
        (AboutHold::Behind(ahead), _) => {
            Err(order::conflict(format!("an earlier one about the same allocation is held, and goes first: {ahead}")))
        }
        (AboutHold::UnderWay(open), None) => Err(order::conflict(format!(
            "{} ordered “{}” at {}, and the gateway is yet to carry it out; nothing was done now",
            open.by, open.action, open.at
        ))),
        (AboutHold::Ended(ended), None) => {
            Err(order::conflict(format!("it was {} by {} at {}; nothing was done now", ended.how, ended.by, ended.at)))
        }
    }
}
