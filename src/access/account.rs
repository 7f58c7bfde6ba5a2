//! Local accounts: their names, their passwords, and the one place where passwords are hashed.

use super::Role;
use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;
/// Most bytes of a password: whoever sends a novel does not make us hash it.
pub const LONGEST_PASSWORD: usize = 256;
/// Most characters of a name.
const LONGEST_NAME: usize = 60;
/// Passwords that are hashed at once: each takes 19 MiB and a core for a moment.
const AT_ONCE: usize = 2;
/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The argon2id hash of a password, in PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// One as the ledger holds it.
    pub(crate) fn stored(text: String) -> PasswordHash {
        PasswordHash(text)
    }

    /// The hash itself, for the ledger alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Hashes a password with a salt of its own. Takes a while and blocks.
    ///
    /// # Errors
    /// The machine gives no random numbers or no memory.
    pub fn of(password: &str) -> Result<PasswordHash, HashingFailed> {
        let hash: phc::PasswordHash = argon2().hash_password(password.as_bytes()).map_err(|_| HashingFailed)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Whether it is the hash of this password. Takes a while and blocks.
    pub fn is_of(&self, password: &str) -> bool {
        let hash = phc::PasswordHash::new(&self.0);
        hash.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A password could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed: the machine gives no memory or no random numbers, or is too busy")]
pub struct HashingFailed;

/// Argon2id with 19 MiB, two passes and one lane: what OWASP recommends for passwords.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("these parameters are within their bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes passwords off the threads that answer, few at once.
#[derive(Debug, Clone)]
pub struct Hasher {
    places: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Hasher {
    /// Hashes a password.
    ///
    /// # Errors
    /// The machine is too busy or gives no memory.
    pub async fn hash(&self, password: String) -> Result<PasswordHash, HashingFailed> {
        self.run(move || PasswordHash::of(&password)).await?
    }

    /// Whether a password is right. Without a hash it takes as long and is wrong, so that nobody hears by the clock which
    /// accounts there are.
    ///
    /// # Errors
    /// The machine is too busy or gives no memory.
    pub async fn is_right(&self, hash: Option<PasswordHash>, password: String) -> Result<bool, HashingFailed> {
        static NOBODYS: LazyLock<Option<PasswordHash>> =
            LazyLock::new(|| PasswordHash::of("the password of nobody").ok());
        self.run(move || {
            if let Some(hash) = hash {
                return hash.is_of(&password);
            }
            std::hint::black_box(NOBODYS.as_ref().is_some_and(|hash| hash.is_of(&password)));
            false
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashingFailed> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(HashingFailed) };
        // The place is held until the work is done, also when whoever asked is gone.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|_| HashingFailed)
    }
}

/// A name as accounts have it: lower case, without blanks around it.
pub fn normal(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Why something is not taken: a sentence in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// In Dutch.
    pub nl: String,
    /// In English.
    pub en: String,
}

pub(super) fn unfit<T>(nl: impl Into<String>, en: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit { nl: nl.into(), en: en.into() })
}

/// Whether a name may be that of an account or of a token.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), Unfit> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.@".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
        return unfit(
            format!("Een naam heeft 1 tot {LONGEST_NAME} kleine letters, cijfers, punten, streepjes of apenstaartjes."),
            format!("A name has 1 to {LONGEST_NAME} small letters, digits, dots, dashes, underscores or at signs."),
        );
    }
    if !name.chars().any(|c| c.is_ascii_lowercase()) {
        return unfit("Een naam heeft ten minste één letter.", "A name has one letter at least.");
    }
    if crate::hold::check_words("name", name).is_err() {
        return unfit(
            "De naam bevat een nummer dat van een persoon (BSN) kan zijn: laat het weg.",
            "The name holds a number that could be of a person (a BSN): leave it out.",
        );
    }
    Ok(())
}

/// Whether a password may be that of this account.
///
/// # Errors
/// What is wrong with it; the text never repeats it.
pub fn check_password(name: &str, password: &str) -> Result<(), Unfit> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return unfit(
            format!(
                "Een wachtwoord heeft ten minste {SHORTEST_PASSWORD} tekens; een paar woorden achter elkaar is goed."
            ),
            format!("A password has {SHORTEST_PASSWORD} characters at least; a few words in a row are fine."),
        );
    }
    if password.len() > LONGEST_PASSWORD {
        return unfit(
            format!("Een wachtwoord heeft hooguit {LONGEST_PASSWORD} tekens."),
            format!("A password has {LONGEST_PASSWORD} bytes at most."),
        );
    }
    let (lower, name) = (password.to_lowercase(), normal(name));
    let rest = lower.replace(&name, "");
    let distinct: BTreeSet<char> = lower.chars().collect();
    if (!name.is_empty() && rest.chars().count() < SHORTEST_PASSWORD / 2) || distinct.len() < 4 {
        return unfit(
            "Dit wachtwoord is te raden: het is vooral de naam van het account, of steeds dezelfde tekens.",
            "This password can be guessed: it is mostly the name of the account, or the same characters over and over.",
        );
    }
    Ok(())
}

/// Roles by their words.
///
/// # Errors
/// None is named, or one that there is not.
pub fn check_roles<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<BTreeSet<Role>, Unfit> {
    let known = Role::ALL.map(Role::as_str).join(", ");
    let Some(roles) = words.into_iter().map(Role::parse).collect::<Option<BTreeSet<Role>>>() else {
        return unfit(format!("Een rol is een van: {known}."), format!("A role is one of: {known}."));
    };
    if roles.is_empty() {
        return unfit(
            format!("Kies ten minste één rol van: {known}."),
            format!("Choose one role at least of: {known}."),
        );
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = PasswordHash::of("correct paard batterij").expect("it is hashed");
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "as OWASP recommends");
        assert!(hash.is_of("correct paard batterij") && !hash.is_of("correct paard batterijen"));
        assert_ne!(hash, PasswordHash::of("correct paard batterij").expect("it is hashed"), "each has its own salt");
        assert_eq!(format!("{hash:?}"), "***");
        assert!(!PasswordHash::stored("no hash".to_owned()).is_of(""), "what is damaged lets nobody in");
    }

    #[tokio::test]
    async fn without_an_account_no_password_is_right() {
        let hasher = Hasher::default();
        assert_eq!(hasher.is_right(None, "the password of nobody".to_owned()).await, Ok(false));
        let hash = hasher.hash("twaalf tekens".to_owned()).await.expect("it is hashed");
        assert_eq!(hasher.is_right(Some(hash), "twaalf tekens".to_owned()).await, Ok(true));
    }

    #[test]
    fn names_and_passwords_that_fit() {
        for good in ["j.devries", "beheer", "a@b.nl", "x-1_2"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "J.deVries", "a b", "1234", "ä", "a:b", "x999900006", &"a".repeat(61), "<b>", "a\n"] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(normal("  J.deVries\t"), "j.devries");
        for good in ["correct paard", "éénheelmooiding", "j.devries zingt"] {
            assert_eq!(check_password("j.devries", good), Ok(()), "{good}");
        }
        let long = "ab cd".repeat(60);
        for bad in ["elf tekens.", "J.DeVries1234", "aaaaaaaaaaaaaaa", "121212121212", "j.devriesj.devries", &long] {
            assert!(check_password("j.devries", bad).is_err(), "{bad}");
        }
        assert!(check_roles(["viewer", "root"]).is_err() && check_roles([]).is_err());
        assert_eq!(check_roles(["viewer", "viewer"]).map(|roles| roles.len()), Ok(1));
    }
}
