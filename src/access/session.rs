//! Sessions: what a browser shows with every request, and what it is worth.

use super::Actor;
use crate::ledger::{Holder, Session};
use crate::sender::TokenHash;
use chacha20poly1305::aead::Generate as _;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// What a browser keeps: 256 bits drawn at random, in hexadecimal digits. The ledger has its hash alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(String);

impl SessionKey {
    /// Draws one.
    pub fn draw() -> SessionKey {
        SessionKey(hex::encode(<[u8; 32]>::generate()))
    }

    /// One that a browser sent; nothing that could not be one is looked up.
    pub fn sent(text: &str) -> Option<SessionKey> {
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| SessionKey(text.to_owned()))
    }

    /// The key itself, for the cookie alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// What the ledger knows it by.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// What forms of the session send back: it follows from the key, and the key does not follow from it.
    pub fn form_token(&self) -> String {
        hex::encode(Sha256::digest(format!("form of {}", self.0)))
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The session that a request belongs to, in its extensions beside the [`Visit`](super::Visit).
#[derive(Debug, Clone)]
pub struct Current {
    /// Number in the ledger.
    pub id: i64,
    /// Whose it is.
    pub holder: Holder,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
}

/// What a session is worth at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It counts.
    Open,
    /// It was not used for too long, or has lasted as long as one may, or was ended.
    Over,
}

/// What a session is worth now, when it may lie idle this long.
pub fn worth(session: &Session, idle: Duration, now: Timestamp) -> Worth {
    let idle = SignedDuration::try_from(idle).unwrap_or(SignedDuration::MAX);
    // A session of the future says nothing: the clock was put back, and it ends by its own end.
    if session.ended_at.is_some() || now >= session.ends_at || now.duration_since(session.seen_at) >= idle {
        Worth::Over
    } else {
        Worth::Open
    }
}

/// Who somebody is by a session.
pub fn actor(session: &Session) -> Actor {
    Actor::new(session.holder.name.clone(), session.holder.means, &session.capacity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Capacity, Role};
    use std::collections::BTreeSet;

    #[test]
    fn a_session_ends_by_time_by_rest_and_by_order() {
        let at = |minutes: i64| Timestamp::from_second(1_773_144_000 + minutes * 60).expect("a moment");
        let session = Session {
            id: 1,
            holder: Holder::of_account("j.devries"),
            capacity: Capacity::Staff(BTreeSet::from([Role::Viewer])),
            must_change: false,
            created_at: at(0),
            seen_at: at(10),
            ends_at: at(60),
            ended_at: None,
        };
        let idle = Duration::from_mins(30);
        for (now, expected) in [(at(10), Worth::Open), (at(39), Worth::Open), (at(40), Worth::Over)] {
            assert_eq!(worth(&session, idle, now), expected, "{now}");
        }
        let used = Session { seen_at: at(59), ..session.clone() };
        assert_eq!((worth(&used, idle, at(59)), worth(&used, idle, at(60))), (Worth::Open, Worth::Over));
        let ended = Session { ended_at: Some(at(11)), ..session };
        assert_eq!(worth(&ended, idle, at(12)), Worth::Over);
    }

    #[test]
    fn keys_tell_nothing() {
        let key = SessionKey::draw();
        assert_ne!(key, SessionKey::draw());
        assert_eq!(SessionKey::sent(key.expose()), Some(key.clone()));
        assert_eq!(format!("{key:?}"), "***");
        assert!(key.form_token() != key.expose() && key.form_token() != hex::encode(key.hash().0));
        for wrong in ["", "x", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65)] {
            assert_eq!(SessionKey::sent(wrong), None);
        }
    }
}
