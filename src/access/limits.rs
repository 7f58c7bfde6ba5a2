//! How often somebody may try. In memory of one gateway: what must hold across gateways, the lock-out of a name, stands
//! in the ledger.

use crate::sender::TokenHash;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::BTreeSet;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Sign-ins that one address may try in a row, and per minute after that.
const SIGN_INS_PER_ADDRESS: u32 = 20;
/// Sign-ins under one name in a row, and per minute after that; the lock-out is stricter, and slower to look up.
const SIGN_INS_PER_NAME: u32 = 10;
/// Sign-ins of all together per second: each costs the machine a hash.
const SIGN_INS_PER_SECOND: u32 = 20;
/// API tokens that are not known to be right which one address may show in a row, and per minute after that.
const STRANGE_TOKENS: u32 = 30;
/// Keys that are kept before those at rest are forgotten.
const MOST_KEYS: usize = 10_000;

/// Somebody tries too often: after how many seconds to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub u64);

/// All limits of a site.
pub struct Limits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    names: DefaultKeyedRateLimiter<String>,
    all: DefaultDirectRateLimiter,
    tokens: DefaultKeyedRateLimiter<i64>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
    /// Tokens that were right when they were last looked up: nobody who guesses makes a program wait that shares their
    /// address.
    known: Mutex<BTreeSet<TokenHash>>,
}

impl Limits {
    /// Limits with this many requests per token and minute.
    pub fn new(requests_per_token: u32) -> Limits {
        let per_minute = |n: u32| Quota::per_minute(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN));
        let per_second = Quota::per_second(NonZeroU32::new(SIGN_INS_PER_SECOND).unwrap_or(NonZeroU32::MIN));
        Limits {
            addresses: RateLimiter::keyed(per_minute(SIGN_INS_PER_ADDRESS)),
            names: RateLimiter::keyed(per_minute(SIGN_INS_PER_NAME)),
            all: RateLimiter::direct(per_second),
            tokens: RateLimiter::keyed(per_minute(requests_per_token)),
            strangers: RateLimiter::keyed(per_minute(STRANGE_TOKENS)),
            known: Mutex::default(),
        }
    }

    /// Whether somebody may try to sign in.
    ///
    /// # Errors
    /// When to come again.
    pub fn sign_in(&self, address: Option<IpAddr>, name: &str) -> Result<(), TooOften> {
        by_address(&self.addresses, address)?;
        keyed(&self.names, &name.to_owned())?;
        self.all.check().map_err(|until| after(until.wait_time_from(DefaultClock::default().now())))
    }

    /// Whether somebody may begin to sign in with a provider.
    ///
    /// # Errors
    /// When to come again.
    pub fn begin(&self, address: Option<IpAddr>) -> Result<(), TooOften> {
        by_address(&self.addresses, address)
    }

    /// Whether a program may ask once more.
    ///
    /// # Errors
    /// When to come again.
    pub fn token(&self, id: i64) -> Result<(), TooOften> {
        keyed(&self.tokens, &id)
    }

    /// Whether somebody may show a token that is not known to be right.
    ///
    /// # Errors
    /// When to come again.
    pub fn stranger(&self, address: Option<IpAddr>) -> Result<(), TooOften> {
        by_address(&self.strangers, address)
    }

    /// Whether a token was right when it was last looked up. It says nothing of whether it still is.
    pub fn knows(&self, token: &TokenHash) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(token)
    }

    /// A token is right. There are no more of these than there are tokens.
    pub fn remember(&self, token: TokenHash) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(token);
    }

    /// A token is not right any more.
    pub fn forget(&self, token: &TokenHash) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }
}

/// Whoever comes from nowhere that we know of has no limit here.
fn by_address(limiter: &DefaultKeyedRateLimiter<IpAddr>, address: Option<IpAddr>) -> Result<(), TooOften> {
    address.map_or(Ok(()), |address| keyed(limiter, &network(address)))
}

fn keyed<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), TooOften> {
    if limiter.len() > MOST_KEYS {
        limiter.retain_recent();
    }
    let checked = limiter.check_key(key);
    checked.map_err(|until| after(until.wait_time_from(DefaultClock::default().now())))
}

fn after(wait: Duration) -> TooOften {
    TooOften(wait.as_secs() + 1)
}

/// Whoever has one address of version 6 has all of its network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        let address = text.parse();
        assert!(address.is_ok(), "{text} is an address");
        address.ok()
    }

    #[test]
    fn each_address_and_each_name_has_its_own_limit() {
        let limits = Limits::new(3);
        let tries =
            |address: Option<IpAddr>, name: &str| (0..50).filter(|_| limits.sign_in(address, name).is_ok()).count();
        assert_eq!(tries(ip("192.0.2.1"), "a"), SIGN_INS_PER_NAME as usize);
        assert!(limits.sign_in(ip("192.0.2.2"), "a").is_err_and(|TooOften(seconds)| (1..=61).contains(&seconds)));
        assert_eq!(limits.sign_in(ip("192.0.2.2"), "b"), Ok(()));
        assert_eq!((0..9).filter(|_| limits.token(7).is_ok()).count(), 3);
        assert_eq!(limits.token(8), Ok(()));
    }

    #[test]
    fn a_network_of_version_6_is_one_address() {
        for (one, other, same) in [
            ("2001:db8::1", "2001:db8::ffff", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
        ] {
            let of = |text| ip(text).map(network);
            assert_eq!(of(one) == of(other), same, "{one} {other}");
        }
    }
}
