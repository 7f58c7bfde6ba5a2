//! `/budgets`.

use crate::web::Site;
use axum::Router;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
}
