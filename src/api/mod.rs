//! The API for programs: reads of what the ledger holds, orders, and a dry run of a message (page: `docs/api.md`).
//!
//! Every operation is described where it is written, and the description that is served is made from that. Paths here
//! begin after `/v1`. Nothing in an address names a person, and no answer repeats what cannot be shown.

mod allocations;
mod body;
mod budgets;
mod caller;
mod check;
mod conventions;
pub(crate) mod document;
mod held;
mod list;
mod messages;
mod order;
mod parked;
mod problem;
mod query;
mod senders;
mod signals;

pub use caller::Caller;
pub(crate) use conventions::{is_ours, keep as conventions};
pub use problem::{Fault, Place, Problem};
pub use senders::{SenderDesk, description as description_for_senders};

use crate::web::Site;
use axum::Router;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All under `/v1`.
pub fn routes() -> Router<Arc<Site>> {
    let routes = described().split_for_parts().0;
    Router::new().nest("/v1", routes.fallback(async || problem::nothing_here()))
}

/// The description of what is served on the address of the console, as JSON.
pub fn description() -> String {
    document::written(described().split_for_parts().1)
}

fn described() -> OpenApiRouter<Arc<Site>> {
    OpenApiRouter::with_openapi(document::of_console())
        .routes(routes!(document::served))
        .routes(routes!(check::check))
        .routes(routes!(messages::list))
        .routes(routes!(messages::one))
        .routes(routes!(allocations::list))
        .routes(routes!(allocations::one))
        .routes(routes!(held::list))
        .routes(routes!(held::one))
        .routes(routes!(held::release))
        .routes(routes!(held::withdraw))
        .routes(routes!(parked::list))
        .routes(routes!(parked::one))
        .routes(routes!(parked::replay))
        .routes(routes!(signals::list))
        .routes(routes!(signals::one))
        .routes(routes!(budgets::list))
        .routes(routes!(budgets::one))
}

#[cfg(test)]
mod tests;
