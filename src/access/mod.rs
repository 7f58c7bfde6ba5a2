//! Who may do what: roles, what each may do, and whoever is signed in.
//!
//! A role is a list of permissions, and every page, every answer of the API and every order asks for a permission, never
//! for a role. Whoever signs in becomes an [`Actor`], whatever vouches for them: a local account, an OpenID Connect
//! provider or an API token. Their name goes into the audit trail with all that they do.

pub mod account;
mod capacity;
pub mod limits;
mod middleware;
pub mod oidc;
pub mod page;
mod role;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_provider;
pub mod token;

pub use account::PasswordHash;
pub use capacity::Capacity;
pub use middleware::Door;
pub(crate) use middleware::{Address, admit, local_path, sent_cookie, set_cookie};
pub use role::{Permission, Role};

use std::collections::BTreeSet;

/// What vouches for an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// A local account with a password.
    Account,
    /// An OpenID Connect provider.
    Provider,
    /// An API token.
    Token,
}

impl Means {
    /// The word in the ledger and in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Means::Account => "account",
            Means::Provider => "provider",
            Means::Token => "token",
        }
    }
}

/// Somebody, or a program, that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name in the audit trail: of the account, as the provider tells it, or of the token.
    pub name: String,
    /// What vouches for it.
    pub means: Means,
    /// All that it may do.
    pub permissions: BTreeSet<Permission>,
    /// The `[[sender]]` that it is bound to; nothing for whoever belongs to the operator.
    pub sender: Option<String>,
}

impl Actor {
    /// Somebody in a capacity.
    pub fn new(name: impl Into<String>, means: Means, capacity: &Capacity) -> Actor {
        let sender = capacity.sender().map(str::to_owned);
        Actor { name: name.into(), means, permissions: capacity.permissions(), sender }
    }

    /// Whether it may do that.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// A visit to the console or the API by somebody who is signed in. Whoever checks the session or the token puts it into
/// the extensions of the request; pages take it from there (`console::Context`).
#[derive(Clone)]
pub struct Visit {
    /// Who.
    pub actor: Actor,
    /// What a form must send back, so that no other site can send it; nothing for API tokens, which no browser sends by
    /// itself.
    pub form_token: Option<String>,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("actor", &self.actor.name).finish_non_exhaustive()
    }
}
