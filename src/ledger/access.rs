//! Accounts, sessions and API tokens in the ledger: several gateways share one, so that nothing of them is kept in memory
//! alone. Passwords are hashed by callers, outside of the ledger's thread.
//!
//! Whatever changes who may do what is noted in the audit trail in the same job. Failed sign-ins are counted; the trail
//! tells of the first and of each lock-out, so that a flood of guesses does not fill it.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx, json};
use crate::access::{Capacity, Means, PasswordHash, Permission, Role};
use crate::sender::TokenHash;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Failures after which a name is not listened to for a while.
const FREE_FAILURES: u32 = 5;
/// The first such while; each failure after it doubles it.
const FIRST_LOCK: SignedDuration = SignedDuration::from_mins(1);
/// The longest.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_hours(1);
/// After how long failures are forgotten.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);
/// How exactly it is known when a session was last used.
const SEEN_STEP: SignedDuration = SignedDuration::from_mins(1);
/// How exactly it is known when a token was last used.
const USED_STEP: SignedDuration = SignedDuration::from_hours(1);
/// How long a session that is over is kept.
const SESSIONS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Counts within an hour of names that no account has, at which the audit trail tells it.
const TOLD_STRANGERS: [i64; 5] = [1, 10, 100, 1_000, 10_000];

/// A local account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAccount {
    /// Its name, in lower case.
    pub name: String,
    /// What it is for.
    pub capacity: Capacity,
    /// Whether the password was set by somebody else, and must be changed first.
    pub must_change: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When its password was set.
    pub password_at: Timestamp,
    /// When it last signed in.
    pub signed_in_at: Option<Timestamp>,
    /// Since when nobody can sign in with it.
    pub disabled_at: Option<Timestamp>,
    /// Until when nobody is listened to, for failed attempts.
    pub locked_until: Option<Timestamp>,
}

/// Who changes something, and why.
#[derive(Debug, Clone)]
pub struct By {
    /// Name for the audit trail.
    pub name: String,
    /// The account that does it, if one does: nobody changes their own roles.
    pub account: Option<String>,
    /// Why, as far as they say.
    pub reason: Option<String>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Done,
    /// It was so already.
    Already,
    /// There is nothing of that name or number.
    Missing,
    /// Nobody could keep accounts any more.
    LastAdministrator,
    /// Nobody changes their own roles, or disables themselves.
    Own,
}

/// What is known before a password is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Nobody is listened to under this name until then.
    Locked(Timestamp),
    /// It may be tried; the hash of the password, if there is such an account and it is not disabled.
    Open(Option<PasswordHash>),
}

/// What a failed sign-in came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// Until when the name is not listened to any more, when that is so from now on.
    pub locked_until: Option<Timestamp>,
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Hash of what the browser sends.
    pub token: TokenHash,
    /// Name of whoever signs in.
    pub name: String,
    /// What vouches for them.
    pub means: Means,
    /// Who they are for the provider.
    pub subject: Option<Subject>,
    /// Their roles, as the provider told.
    pub roles: BTreeSet<Role>,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// Who somebody is for a provider. Their name there may be that of somebody else tomorrow; the two of these never are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The provider.
    pub issuer: String,
    /// Whoever it is among all whom the provider knows.
    pub id: String,
}

impl Subject {
    /// The two as one text: no address of a provider has a space.
    fn text(&self) -> String {
        format!("{} {}", self.issuer, self.id)
    }
}

/// Whose a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Name of the account, or of the person as the provider told it at this sign-in.
    pub name: String,
    /// What vouches for them.
    pub means: Means,
    /// What tells them from all others of these means: the name of an account, the subject of a provider.
    key: String,
}

impl Holder {
    /// Whoever has this account.
    pub fn of_account(name: &str) -> Holder {
        Holder { name: name.to_owned(), means: Means::Account, key: name.to_owned() }
    }
}

/// Whether somebody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// The session has begun.
    Yes,
    /// The account was disabled or its password changed meanwhile.
    No,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// Who.
    pub holder: Holder,
    /// What they are now.
    pub capacity: Capacity,
    /// Whether the password must be changed first.
    pub must_change: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// A token of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Permission>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Until when it counts.
    pub expires_at: Timestamp,
    /// Since when it counts no more.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub used_at: Option<Timestamp>,
}

fn wait_after(failures: u32) -> Option<SignedDuration> {
    let doublings = failures.checked_sub(FREE_FAILURES)?;
    let factor = 1_i32.checked_shl(doublings).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
    Some(FIRST_LOCK.saturating_mul(factor).min(LONGEST_LOCK))
}

fn before(now: Timestamp, by: SignedDuration) -> i64 {
    now.as_microsecond().saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
}

fn words<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, LedgerError> {
    let words: Vec<String> =
        serde_json::from_str(text).map_err(|_| LedgerError::Damaged("a list of rights is no list"))?;
    // A word that a later version wrote gives no right here.
    Ok(words.iter().filter_map(|word| parse(word)).collect())
}

fn capacity(cells: &mut Cells<'_, '_>) -> Result<Capacity, LedgerError> {
    let roles: BTreeSet<Role> = words(cells.text()?, Role::parse)?.into_iter().collect();
    Ok(cells.get::<Option<String>>()?.map_or(Capacity::Staff(roles), Capacity::Sender))
}

/// Roles and sender as they are kept. A version that knows no senders reads no roles, and lets its account do nothing.
fn kept(capacity: &Capacity) -> (String, Option<&str>) {
    match capacity {
        Capacity::Staff(roles) => (roles_json(roles), None),
        Capacity::Sender(name) => (roles_json(&BTreeSet::new()), Some(name)),
    }
}

fn roles_json(roles: &BTreeSet<Role>) -> String {
    json(roles.iter().map(|role| role.as_str()))
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn account(cells: &mut Cells<'_, '_>) -> Result<LocalAccount, LedgerError> {
    Ok(LocalAccount {
        name: cells.get()?,
        capacity: capacity(cells)?,
        must_change: cells.get()?,
        created_at: cells.moment()?,
        created_by: cells.get()?,
        password_at: cells.moment()?,
        signed_in_at: cells.optional_moment()?,
        disabled_at: cells.optional_moment()?,
        locked_until: None,
    })
}

fn session(cells: &mut Cells<'_, '_>) -> Result<Session, LedgerError> {
    Ok(Session {
        id: cells.get()?,
        holder: Holder {
            name: cells.get()?,
            means: match cells.text()? {
                "account" => Means::Account,
                "provider" => Means::Provider,
                _ => return Err(LedgerError::Damaged("a session is of no known means")),
            },
            key: cells.get()?,
        },
        capacity: capacity(cells)?,
        must_change: cells.get()?,
        created_at: cells.moment()?,
        seen_at: cells.moment()?,
        ends_at: cells.moment()?,
        ended_at: cells.optional_moment()?,
    })
}

fn token(cells: &mut Cells<'_, '_>) -> Result<ApiToken, LedgerError> {
    Ok(ApiToken {
        id: cells.get()?,
        name: cells.get()?,
        scopes: words(cells.text()?, Permission::parse)?.into_iter().collect(),
        created_at: cells.moment()?,
        created_by: cells.get()?,
        expires_at: cells.moment()?,
        revoked_at: cells.optional_moment()?,
        used_at: cells.optional_moment()?,
    })
}

macro_rules! account_columns {
    () => {
        "SELECT name, roles, sender, must_change, created_at, created_by, password_at, signed_in_at, disabled_at
         FROM access_accounts "
    };
}

/// The roles of an account are those that it has now; one that is disabled has none, and its sessions are ended.
macro_rules! session_columns {
    () => {
        "SELECT s.id, s.name, s.means, coalesce(s.subject, s.name), coalesce(a.roles, s.roles), a.sender,
             coalesce(a.must_change, 0), s.created_at, s.seen_at, s.ends_at, s.ended_at
         FROM access_sessions AS s LEFT JOIN access_accounts AS a ON a.name = s.name AND s.means = 'account' "
    };
}

macro_rules! token_columns {
    () => {
        "SELECT id, name, scopes, created_at, created_by, expires_at, revoked_at, used_at FROM access_tokens "
    };
}

impl Tx<'_> {
    /// All accounts, by name.
    pub fn local_accounts(&self) -> Result<Vec<LocalAccount>, LedgerError> {
        let mut accounts = self.all(concat!(account_columns!(), "ORDER BY name"), [], account)?;
        for account in &mut accounts {
            account.locked_until = self.locked_until(&account.name)?;
        }
        Ok(accounts)
    }

    /// The account of this name.
    pub fn local_account(&self, name: &str) -> Result<Option<LocalAccount>, LedgerError> {
        let account = self.first(concat!(account_columns!(), "WHERE name = ?1"), [name], account)?;
        account.map(|found| Ok(LocalAccount { locked_until: self.locked_until(&found.name)?, ..found })).transpose()
    }

    fn locked_until(&self, name: &str) -> Result<Option<Timestamp>, LedgerError> {
        let (_, locked_until) = self.failures(self.vault.fleeting("sign-in", name)?)?;
        Ok(locked_until)
    }

    /// How often somebody failed to sign in under a name, and until when nobody is listened to because of that.
    fn failures(&self, name_key: [u8; 32]) -> Result<(u32, Option<Timestamp>), LedgerError> {
        let known = self.first(
            "SELECT failures, locked_until FROM access_attempts WHERE name_key = ?1",
            [name_key],
            |cells| Ok((cells.get::<u32>()?, cells.optional_moment()?)),
        )?;
        Ok(known.unwrap_or_default())
    }

    /// Notes what somebody changed.
    fn note_change(
        &self,
        by: &By,
        action: &'static str,
        subject: &str,
        now: Timestamp,
    ) -> Result<Changed, LedgerError> {
        self.note_action(now, &by.name, action, subject, by.reason.as_deref())?;
        Ok(Changed::Done)
    }

    /// Makes an account. Its first password is one that somebody else knows, unless it sets it itself.
    pub fn add_account(
        &self,
        name: &str,
        password: &PasswordHash,
        capacity: &Capacity,
        must_change: bool,
        by: &By,
        now: Timestamp,
    ) -> Result<Changed, LedgerError> {
        let (roles, sender) = kept(capacity);
        let added = self
            .sql(
                "INSERT INTO access_accounts
                     (name, password, roles, sender, must_change, created_at, created_by, password_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6) ON CONFLICT (name) DO NOTHING",
            )?
            .execute(params![name, password.expose(), roles, sender, must_change, now.as_microsecond(), by.name])?;
        if added == 0 {
            return Ok(Changed::Already);
        }
        self.note_change(by, "account added", &format!("account {name} ({capacity})"), now)
    }

    /// Gives an account other roles, or binds it to a sender; that counts from its next request on.
    pub fn set_capacity(
        &self,
        name: &str,
        capacity: &Capacity,
        by: &By,
        now: Timestamp,
    ) -> Result<Changed, LedgerError> {
        let Some(account) = self.local_account(name)? else { return Ok(Changed::Missing) };
        if by.account.as_deref() == Some(name) {
            return Ok(Changed::Own);
        }
        if account.capacity == *capacity {
            return Ok(Changed::Already);
        }
        if !capacity.is(Role::Administrator) && self.is_last_administrator(&account)? {
            return Ok(Changed::LastAdministrator);
        }
        let (roles, sender) = kept(capacity);
        self.sql("UPDATE access_accounts SET roles = ?2, sender = ?3 WHERE name = ?1")?
            .execute(params![name, roles, sender])?;
        self.note_change(by, "roles changed", &format!("account {name} ({capacity})"), now)
    }

    /// Sets a password, forgets failed attempts, and ends all sessions but one.
    pub fn set_password(
        &self,
        name: &str,
        password: &PasswordHash,
        must_change: bool,
        but: Option<i64>,
        by: &By,
        now: Timestamp,
    ) -> Result<Changed, LedgerError> {
        let changed = self
            .sql("UPDATE access_accounts SET password = ?2, must_change = ?3, password_at = ?4 WHERE name = ?1")?
            .execute(params![name, password.expose(), must_change, now.as_microsecond()])?;
        if changed == 0 {
            return Ok(Changed::Missing);
        }
        self.forget_failures(name)?;
        self.end_sessions(name, Means::Account, but, now)?;
        let action = if must_change { "password reset" } else { "password changed" };
        self.note_change(by, action, &format!("account {name}"), now)
    }

    /// Lets nobody sign in with an account any more, and ends its sessions.
    pub fn disable_account(&self, name: &str, by: &By, now: Timestamp) -> Result<Changed, LedgerError> {
        let Some(account) = self.local_account(name)? else { return Ok(Changed::Missing) };
        if by.account.as_deref() == Some(name) {
            return Ok(Changed::Own);
        }
        if account.disabled_at.is_some() {
            return Ok(Changed::Already);
        }
        if self.is_last_administrator(&account)? {
            return Ok(Changed::LastAdministrator);
        }
        self.sql("UPDATE access_accounts SET disabled_at = ?2 WHERE name = ?1")?
            .execute(params![name, now.as_microsecond()])?;
        self.end_sessions(name, Means::Account, None, now)?;
        self.note_change(by, "account disabled", &format!("account {name}"), now)
    }

    /// Lets people sign in with an account again, and forgets failed attempts.
    pub fn enable_account(&self, name: &str, by: &By, now: Timestamp) -> Result<Changed, LedgerError> {
        let Some(account) = self.local_account(name)? else { return Ok(Changed::Missing) };
        if account.disabled_at.is_none() && account.locked_until.is_none_or(|until| until <= now) {
            return Ok(Changed::Already);
        }
        self.sql("UPDATE access_accounts SET disabled_at = NULL WHERE name = ?1")?.execute([name])?;
        self.forget_failures(name)?;
        self.note_change(by, "account enabled", &format!("account {name}"), now)
    }

    /// Whether nobody else could keep accounts.
    fn is_last_administrator(&self, account: &LocalAccount) -> Result<bool, LedgerError> {
        let is_one = |account: &LocalAccount| account.disabled_at.is_none() && account.capacity.is(Role::Administrator);
        if !is_one(account) {
            return Ok(false);
        }
        let all = self.all(concat!(account_columns!(), "ORDER BY name"), [], self::account)?;
        Ok(!all.iter().any(|other| other.name != account.name && is_one(other)))
    }

    /// Somebody is about to show a password. The attempt counts as failed until it turns out otherwise, so that many at
    /// once are no way around the limit.
    pub fn attempt(&self, name: &str, now: Timestamp) -> Result<Attempt, LedgerError> {
        let key = self.vault.fleeting("sign-in", name)?;
        self.sql("DELETE FROM access_attempts WHERE failed_at < ?1")?.execute([before(now, MEMORY)])?;
        let (failures, locked_until) = self.failures(key)?;
        if let Some(until) = locked_until.filter(|until| *until > now) {
            return Ok(Attempt::Locked(until));
        }
        let failures = failures.saturating_add(1);
        let until = wait_after(failures).map(|wait| now.saturating_add(wait).unwrap_or(Timestamp::MAX));
        self.sql(
            "INSERT INTO access_attempts (name_key, failures, failed_at, locked_until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name_key) DO UPDATE
             SET failures = excluded.failures, failed_at = excluded.failed_at, locked_until = excluded.locked_until",
        )?
        .execute(params![key, failures, now.as_microsecond(), until.map(Timestamp::as_microsecond)])?;
        let hash = self.first(
            "SELECT password FROM access_accounts WHERE name = ?1 AND disabled_at IS NULL",
            [name],
            |cells| cells.get::<String>(),
        )?;
        Ok(Attempt::Open(hash.map(PasswordHash::stored)))
    }

    /// The password was wrong, or there is no such account.
    pub fn attempt_failed(&self, name: &str, now: Timestamp) -> Result<Failed, LedgerError> {
        let (failures, locked_until) = self.failures(self.vault.fleeting("sign-in", name)?)?;
        let locked_until = locked_until.filter(|until| *until > now);
        if self.local_account(name)?.is_none() {
            self.count_stranger(now)?;
        } else if locked_until.is_some() {
            let subject = format!("account {name}, {failures} failed attempts");
            self.note_action(now, "nobody", "account locked", &subject, None)?;
        } else if failures == 1 {
            self.note_action(now, "nobody", "sign-in failed", &format!("account {name}"), None)?;
        }
        Ok(Failed { locked_until })
    }

    /// What was typed as a name may be a password: only how often is kept.
    fn count_stranger(&self, now: Timestamp) -> Result<(), LedgerError> {
        let hour = now.as_microsecond().div_euclid(3_600_000_000) * 3_600_000_000;
        let attempts = self.first(
            "INSERT INTO access_strangers (hour, attempts) VALUES (?1, 1)
             ON CONFLICT (hour) DO UPDATE SET attempts = access_strangers.attempts + 1 RETURNING attempts",
            [hour],
            |cells| cells.get::<i64>(),
        )?;
        self.sql("DELETE FROM access_strangers WHERE hour < ?1")?.execute([before(now, MEMORY)])?;
        match attempts.filter(|attempts| TOLD_STRANGERS.contains(attempts)) {
            Some(attempts) => {
                let subject = format!("names that no account has, {attempts} within the hour");
                self.note_action(now, "nobody", "sign-in failed", &subject, None)
            }
            None => Ok(()),
        }
    }

    fn forget_failures(&self, name: &str) -> Result<u32, LedgerError> {
        let key = self.vault.fleeting("sign-in", name)?;
        let failures =
            self.first("DELETE FROM access_attempts WHERE name_key = ?1 RETURNING failures", [key], |cells| {
                cells.get::<u32>()
            })?;
        Ok(failures.unwrap_or_default())
    }

    /// Begins a session of an account whose password was right: `shown` is the hash that it was held against.
    pub fn sign_in(&self, session: &NewSession, shown: &PasswordHash, now: Timestamp) -> Result<SignedIn, LedgerError> {
        let updated = self
            .sql(
                "UPDATE access_accounts SET signed_in_at = ?3
                 WHERE name = ?1 AND password = ?2 AND disabled_at IS NULL",
            )?
            .execute(params![session.name, shown.expose(), now.as_microsecond()])?;
        if updated == 0 {
            return Ok(SignedIn::No);
        }
        // The attempt that succeeds was counted as well.
        let failures = self.forget_failures(&session.name)?.saturating_sub(1);
        let after = if failures > 0 { format!(", after {failures} failed attempts") } else { String::new() };
        self.begin_session(session, now, &after)?;
        Ok(SignedIn::Yes)
    }

    /// Begins a session of somebody for whom a provider vouches.
    pub fn sign_in_by_provider(&self, session: &NewSession, now: Timestamp) -> Result<(), LedgerError> {
        self.begin_session(session, now, "")
    }

    fn begin_session(&self, session: &NewSession, now: Timestamp, note: &str) -> Result<(), LedgerError> {
        self.sql("DELETE FROM access_sessions WHERE ends_at < ?1")?.execute([before(now, SESSIONS_KEPT)])?;
        let id = self.added(
            "INSERT INTO access_sessions (token, name, means, subject, roles, created_at, seen_at, ends_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) RETURNING id",
            params![
                session.token.0,
                session.name,
                session.means.as_str(),
                session.subject.as_ref().map(Subject::text),
                roles_json(&session.roles),
                now.as_microsecond(),
                session.ends_at.as_microsecond()
            ],
        )?;
        let id = id.ok_or(LedgerError::Unfit("a session has no number"))?;
        let subject = match &session.subject {
            Some(subject) => format!("session {id}, subject {} of {}{note}", subject.id, subject.issuer),
            None => format!("session {id}{note}"),
        };
        self.note_action(now, &session.name, "signed in", &subject, None)
    }

    /// The session of a token, also one that has ended.
    pub fn session(&self, token: TokenHash) -> Result<Option<Session>, LedgerError> {
        self.first(concat!(session_columns!(), "WHERE s.token = ?1"), [token.0], session)
    }

    /// Sessions of somebody that are open, the latest first.
    pub fn sessions_of(&self, holder: &Holder, now: Timestamp) -> Result<Vec<Session>, LedgerError> {
        self.all(
            concat!(
                session_columns!(),
                "WHERE coalesce(s.subject, s.name) = ?1 AND s.means = ?2 AND s.ended_at IS NULL AND s.ends_at > ?3
                 ORDER BY s.id DESC LIMIT 100"
            ),
            params![holder.key, holder.means.as_str(), now.as_microsecond()],
            session,
        )
    }

    /// Notes that a session is used.
    pub fn see_session(&self, id: i64, now: Timestamp) -> Result<(), LedgerError> {
        self.sql("UPDATE access_sessions SET seen_at = ?2 WHERE id = ?1 AND seen_at < ?2")?
            .execute(params![id, now.as_microsecond()])?;
        Ok(())
    }

    /// Ends a session of somebody.
    pub fn end_session(&self, id: i64, holder: &Holder, now: Timestamp) -> Result<Changed, LedgerError> {
        let ended = self
            .sql(
                "UPDATE access_sessions SET ended_at = ?4
                 WHERE id = ?1 AND coalesce(subject, name) = ?2 AND means = ?3 AND ended_at IS NULL",
            )?
            .execute(params![id, holder.key, holder.means.as_str(), now.as_microsecond()])?;
        if ended == 0 {
            return Ok(Changed::Already);
        }
        self.note_action(now, &holder.name, "signed out", &format!("session {id}"), None)?;
        Ok(Changed::Done)
    }

    fn end_sessions(&self, name: &str, means: Means, but: Option<i64>, now: Timestamp) -> Result<(), LedgerError> {
        self.sql(
            "UPDATE access_sessions SET ended_at = ?4
             WHERE name = ?1 AND means = ?2 AND ended_at IS NULL AND id <> ?3",
        )?
        .execute(params![name, means.as_str(), but.unwrap_or(0), now.as_microsecond()])?;
        Ok(())
    }

    /// Makes a token for a program. Names are used once, so that the trail is clear for good.
    pub fn add_token(
        &self,
        name: &str,
        token: TokenHash,
        scopes: &BTreeSet<Permission>,
        expires_at: Timestamp,
        by: &By,
        now: Timestamp,
    ) -> Result<Changed, LedgerError> {
        let added = self
            .sql(
                "INSERT INTO access_tokens (name, token, scopes, created_at, created_by, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO NOTHING",
            )?
            .execute(params![
                name,
                token.0,
                json(scopes.iter().map(|scope| scope.as_str())),
                now.as_microsecond(),
                by.name,
                expires_at.as_microsecond()
            ])?;
        if added == 0 {
            return Ok(Changed::Already);
        }
        let words = listed(scopes.iter().map(|scope| scope.as_str()));
        self.note_change(by, "token added", &format!("token {name} ({words}), until {expires_at}"), now)
    }

    /// All tokens, the latest first.
    pub fn tokens(&self) -> Result<Vec<ApiToken>, LedgerError> {
        self.all(concat!(token_columns!(), "ORDER BY id DESC"), [], token)
    }

    /// The token with this hash, also one that does not count any more.
    pub fn token(&self, hash: TokenHash) -> Result<Option<ApiToken>, LedgerError> {
        self.first(concat!(token_columns!(), "WHERE token = ?1"), [hash.0], token)
    }

    /// Notes that a token is used.
    pub fn use_token(&self, id: i64, now: Timestamp) -> Result<(), LedgerError> {
        self.sql("UPDATE access_tokens SET used_at = ?2 WHERE id = ?1")?.execute(params![id, now.as_microsecond()])?;
        Ok(())
    }

    /// Takes a token back.
    pub fn revoke_token(&self, name: &str, by: &By, now: Timestamp) -> Result<Changed, LedgerError> {
        let found = self
            .first("SELECT revoked_at FROM access_tokens WHERE name = ?1", [name], |cells| cells.optional_moment())?;
        match found {
            None => return Ok(Changed::Missing),
            Some(Some(_)) => return Ok(Changed::Already),
            Some(None) => {}
        }
        self.sql("UPDATE access_tokens SET revoked_at = ?2 WHERE name = ?1")?
            .execute(params![name, now.as_microsecond()])?;
        self.note_change(by, "token revoked", &format!("token {name}"), now)
    }
}

#[cfg(test)]
impl Tx<'_> {
    /// Events and contents of the audit trail, in order.
    pub(crate) fn trail(&self) -> Result<Vec<(String, String)>, LedgerError> {
        self.all("SELECT event, content FROM audit ORDER BY id", [], |cells| Ok((cells.get()?, cells.get()?)))
    }
}

impl Session {
    /// Whether its last use was long enough ago to be noted anew.
    pub fn should_be_seen(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen_at) >= SEEN_STEP
    }
}

impl ApiToken {
    /// Whether its last use was long enough ago to be noted anew.
    pub fn should_be_used(&self, now: Timestamp) -> bool {
        self.used_at.is_none_or(|used_at| now.duration_since(used_at) >= USED_STEP)
    }

    /// Whether it counts.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}
