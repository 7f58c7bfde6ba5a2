//! API tokens: what a program shows with every request.

use super::account::{Unfit, unfit};
use super::{Actor, Means, Permission};
use crate::ledger::ApiToken;
use crate::sender::TokenHash;
use crate::transport::http::bearer;
use chacha20poly1305::aead::Generate as _;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Stands before each token, so that a token that leaked is recognised by those who search for such.
const PREFIX: &str = "slt_";

/// Most days that a token counts: whoever is forgotten stops.
const LONGEST_LIFE: u32 = 366;

/// A token as its program keeps it; shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey(String);

impl TokenKey {
    /// Draws one, with 256 random bits.
    pub fn draw() -> TokenKey {
        TokenKey(format!("{PREFIX}{}", hex::encode(<[u8; 32]>::generate())))
    }

    /// The one of an `Authorization` header; nothing that could not be one is looked up.
    pub fn of_header(header: &str) -> Option<TokenKey> {
        let token = bearer(header)?;
        let digits = token.strip_prefix(PREFIX)?;
        let fits = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| TokenKey(token.to_owned()))
    }

    /// The token itself, for whoever asked for it, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the ledger knows it by.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What a token may do: what its scopes say, and never the keeping of accounts, or seeing persons, which belong to people.
pub fn actor(token: &ApiToken) -> Actor {
    Actor {
        name: format!("token:{}", token.name),
        means: Means::Token,
        permissions: token.scopes.clone(),
        sender: None,
    }
}

/// Permissions that a token can have.
pub const SCOPES: [Permission; 5] =
    [Permission::View, Permission::ViewContracts, Permission::OrderHeld, Permission::Replay, Permission::Try];

/// Scopes by their words.
///
/// # Errors
/// None is named, or one that no token can have.
pub fn check_scopes<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<BTreeSet<Permission>, Unfit> {
    let known = SCOPES.map(Permission::as_str).join(", ");
    let scope = |word: &str| Permission::parse(word).filter(|scope| SCOPES.contains(scope));
    let Some(scopes) = words.into_iter().map(scope).collect::<Option<BTreeSet<Permission>>>() else {
        return unfit(
            format!("Een token kan alleen dit: {known}."),
            format!("A token can have these scopes: {known}."),
        );
    };
    if scopes.is_empty() {
        return unfit(
            format!("Kies ten minste één recht van: {known}."),
            format!("Choose one scope at least of: {known}."),
        );
    }
    Ok(scopes)
}

/// How long a token may count, for a number of days.
///
/// # Errors
/// None, or more than a year.
pub fn check_lifetime(days: u32) -> Result<SignedDuration, Unfit> {
    if (1..=LONGEST_LIFE).contains(&days) {
        return Ok(SignedDuration::from_hours(24 * i64::from(days)));
    }
    unfit(
        format!("Een token is 1 tot {LONGEST_LIFE} dagen geldig."),
        format!("A token counts for 1 to {LONGEST_LIFE} days."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_from_its_header_alone() {
        let key = TokenKey::draw();
        let shown = key.expose().to_owned();
        assert_eq!(TokenKey::of_header(&format!("Bearer {shown}")), Some(key.clone()));
        assert_eq!(TokenKey::of_header(&format!("bearer  {shown}")), Some(key.clone()));
        for wrong in
            [shown.clone(), format!("Basic {shown}"), format!("Bearer {}", &shown[4..]), "Bearer slt_".to_owned()]
        {
            assert_eq!(TokenKey::of_header(&wrong), None);
        }
        assert_eq!(format!("{key:?}"), "***");
    }

    #[test]
    fn no_token_keeps_accounts_or_sees_persons() {
        assert_eq!(check_scopes(["view", "try"]).map(|scopes| scopes.len()), Ok(2));
        for wrong in [vec!["administer"], vec!["unmask"], vec!["audit"], vec!["view", "root"], vec![]] {
            assert!(check_scopes(wrong.iter().copied()).is_err(), "{wrong:?}");
        }
    }
}
