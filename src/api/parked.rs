//! `/v1/parked`: messages that are set aside, and the order to judge one anew.

use super::list::{List, PAGE, page};
use super::order::{self, Asked};
use super::query::{Query, number};
use super::{Caller, Problem};
use crate::access::Permission;
use crate::ledger::AboutParked;
use crate::replay::{Intent, Replay};
use crate::view::parked::{Parked, ReplayOrdered, Shown};
use crate::web::Site;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Messages set aside
///
/// Messages that are parked because the gateway or the world failed on them, the oldest first. Nothing of what they hold.
#[utoipa::path(
    get, path = "/parked", tag = "parked", operation_id = "listParked", security(("token" = ["view"])),
    params(("page" = Option<String>, Query, pattern = "^[1-9][0-9]{0,17}$", description = "Where the page begins, as `next` of another one says.")),
    responses((status = 200, description = "A page of them.", body = List<Parked>))
)]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller, here: Uri) -> Result<Response, Problem> {
    caller.needs(Permission::View)?;
    let mut query = Query::of_uri(&here);
    let after = query.word(PAGE, "what `next` of another page says", |word| number(word).is_some());
    query.end()?;
    let after = after.as_deref().and_then(number);
    Ok(page(&here, site.look(move |tx, _| tx.parked_page(after)).await?))
}

/// One message set aside
///
/// A message that is or was parked: why, what was ordered about it, when it was judged anew, and what left because of it.
#[utoipa::path(
    get, path = "/parked/{id}", tag = "parked", operation_id = "getParked", security(("token" = ["view"])),
    params(("id" = i64, Path, minimum = 1, description = "Number of the message in the ledger.")),
    responses((status = 200, description = "It.", body = Shown))
)]
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    here: Uri,
) -> Result<Json<Shown>, Problem> {
    caller.needs(Permission::View)?;
    Query::of_uri(&here).end()?;
    let id = number(&id).ok_or_else(Problem::missing)?;
    site.look(move |tx, _| tx.parked_one(id)).await?.map(Json).ok_or_else(Problem::missing)
}

/// Judge a parked message anew
///
/// Orders the message to be judged as it would be now; the gateway carries that out within seconds. The same order by the
/// same token is the same order: it is given once and answered with 200 after that.
#[utoipa::path(
    post, path = "/parked/{id}/replay", tag = "parked", operation_id = "replayParked", security(("token" = ["replay"])),
    params(("id" = i64, Path, minimum = 1, description = "Number of the message in the ledger.")),
    request_body = Asked,
    responses(
        (status = 202, description = "It is ordered.", body = ReplayOrdered),
        (status = 200, description = "It was ordered before, by this token and for this reason.", body = ReplayOrdered),
        (status = 409, description = "It was judged anew before, or somebody else ordered it, or it is not set aside."),
    )
)]
pub(super) async fn replay(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (id, reason) = order::read(&caller, Permission::Replay, &id, request).await?;
    let replay = Replay { intent: Intent::Judge, again: false, reason, by: caller.actor.name.clone() };
    let given = replay.clone();
    let (about, orders) =
        site.order(move |tx, now| Ok((tx.order_parked(id, &given, now)?, tx.replays_of(id)?))).await?;
    let same = orders.into_iter().rfind(|known| known.by == replay.by && known.reason == replay.reason);
    match (about, same) {
        (AboutParked::Given(_), Some(order)) => Ok((StatusCode::ACCEPTED, Json(order)).into_response()),
        (AboutParked::UnderWay(_) | AboutParked::Replayed(_), Some(order)) => Ok(Json(order).into_response()),
        (AboutParked::Unknown, _) | (AboutParked::Given(_), None) => Err(Problem::missing()),
        (AboutParked::UnderWay(open), None) => Err(order::conflict(format!(
            "{} ordered it at {}, and the gateway is yet to carry it out; nothing was done now",
            open.by, open.at
        ))),
        (AboutParked::Replayed(run), None) => {
            Err(order::conflict(format!("it was judged anew at {}: {}; nothing was done now", run.at, run.verdict)))
        }
        (AboutParked::Decided(verdict), _) => {
            Err(order::conflict(format!("it is not set aside, for it was decided on when it came: {verdict}")))
        }
    }
}
