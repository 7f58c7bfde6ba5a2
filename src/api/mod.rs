//! The API for programs: reads of what the ledger holds, and a dry run of a message.

use crate::http::problem;
use crate::web::Site;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use std::sync::Arc;

/// All under `/v1`.
pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/v1/{*rest}", any(async || problem(StatusCode::NOT_FOUND, "there is nothing here")))
}
