//! The console: pages for people, made on the server. No script is needed to use them, and none comes from elsewhere.
//!
//! A page is a function from what it shows (`view`) and a [`Context`] to markup; it decides nothing. Every handler asks
//! its context for the permission it needs before it looks at anything.

mod account;
mod accounts;
mod allocations;
mod audit;
mod budgets;
mod charts;
mod context;
mod conventions;
mod deliveries;
mod health;
mod held;
mod layout;
mod login;
mod message;
mod messages;
mod orders;
#[cfg(test)]
mod orders_tests;
mod overview;
mod parked;
mod parts;
mod persons;
mod providers;
mod search;
#[cfg(test)]
mod search_tests;
mod signals;
mod tokens;
mod trial;
mod words;

pub use context::{Context, Posted, Refused};
pub(crate) use conventions::keep as conventions;
pub(crate) use login::{ledger_away, notice};
pub use words::Language;

use crate::web::Site;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

/// All pages.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .merge(overview::routes())
        .route("/console.css", get(layout::stylesheet))
        .route("/console.svg", get(layout::icon))
        .route("/language", get(layout::choose_language))
        .merge(messages::routes())
        .merge(message::routes())
        .merge(persons::routes())
        .merge(allocations::routes())
        .merge(held::routes())
        .merge(parked::routes())
        .merge(deliveries::routes())
        .merge(signals::routes())
        .merge(budgets::routes())
        .merge(providers::routes())
        .merge(trial::routes())
        .merge(health::routes())
        .merge(audit::routes())
        .merge(account::routes())
        .merge(accounts::routes())
        .merge(tokens::routes())
        .merge(login::routes())
}

#[cfg(test)]
mod tests {
    use crate::access::Role;
    use crate::web::testing::{ask, see, site};
    use axum::http::{Method, StatusCode, header};

    #[tokio::test]
    async fn whoever_is_not_signed_in_is_sent_to_sign_in() {
        let (status, headers, _) = ask(&site(), None, Method::GET, "/", "").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(headers[header::LOCATION], "/login");
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text").contains("default-src 'none'"));
    }

    #[tokio::test]
    async fn the_overview_is_for_whoever_may_look() {
        let site = site();
        let (status, body) = see(&site, &[Role::Viewer], "/").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("Overzicht") && body.contains("j.devries"), "{body}");
        let (status, body) = see(&site, &[], "/").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(body.contains("Uw rol staat dit niet toe"), "{body}");
    }
}
