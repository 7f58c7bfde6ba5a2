//! Who asks.

use super::Problem;
use crate::access::{Actor, Permission, Visit};
use crate::web::Site;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use std::sync::Arc;

/// Whoever asks, by a token: the door of the site lets nobody in here by a session. Were one to count all the same, it
/// could read and no more: what a browser sends by itself could be sent by any other site.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
}

impl Caller {
    /// Fails unless whoever asks may do that.
    pub fn needs(&self, permission: Permission) -> Result<(), Problem> {
        if self.actor.may(permission) { Ok(()) } else { Err(Problem::may_not(permission.as_str())) }
    }
}

impl FromRequestParts<Arc<Site>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Caller, Problem> {
        let visit = parts.extensions.get::<Visit>().ok_or_else(|| Problem::login().and_end())?;
        if visit.form_token.is_some() && parts.method != Method::GET && parts.method != Method::HEAD {
            let detail = "orders and messages come with an API token, not from a browser that is signed in";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail).and_end());
        }
        Ok(Caller { actor: visit.actor.clone() })
    }
}
