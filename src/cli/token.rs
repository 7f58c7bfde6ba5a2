//! `sluis token`: tokens by which programs use the API. A token is printed once, when it is made; the ledger keeps its hash.

use super::account::{Ordered, fits, refuse, write};
use super::{Exit, WithConfig, complain, load_config, read};
use crate::access::account::check_name;
use crate::access::token::{TokenKey, check_lifetime, check_scopes};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ledger::{ApiToken, Changed};
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, once
    Add {
        /// Name of the program; it stands in the audit trail
        name: String,
        /// What it may do: view, view-contracts, order-held, replay, try
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
        scopes: Vec<String>,
        /// How long it counts, in days such as 90d; a year at most
        #[arg(long, value_name = "DAYS", default_value = "90d", value_parser = lifetime)]
        expires: SignedDuration,
        #[command(flatten)]
        by: Ordered,
    },
    /// List the tokens with their scopes, until when they count, and when they were last used
    List {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
    /// Take a token back: it counts no more
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        by: Ordered,
    },
}

fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let days = days.ok_or("write a number of days with a d, such as 90d")?;
    check_lifetime(days).map_err(|unfit| unfit.en)
}

/// 0 when it was done, 1 when the ledger refuses it, 2 when it could not be tried.
pub(super) fn run(command: TokenCommand) -> Exit {
    let done = match command {
        TokenCommand::Add { name, scopes, expires, by } => add(&name, &scopes, expires, &by),
        TokenCommand::List { config: WithConfig { config }, json } => {
            return load_config(&config).map_or_else(|exit| exit, |config| list(&config, json));
        }
        TokenCommand::Revoke { name, by } => revoke(&name, &by),
    };
    done.unwrap_or_else(|exit| exit)
}

fn add(name: &str, scopes: &[String], expires: SignedDuration, by: &Ordered) -> Result<Exit, Exit> {
    let (config, by) = by.read()?;
    fits(check_name(name))?;
    let scopes = fits(check_scopes(scopes.iter().map(String::as_str)))?;
    let key = TokenKey::draw();
    let (hash, token) = (key.hash(), name.to_owned());
    let until = SystemClock.now().saturating_add(expires).unwrap_or(Timestamp::MAX);
    let changed = write(&config, move |tx, now| tx.add_token(&token, hash, &scopes, until, &by, now))?;
    if changed == Changed::Already {
        return Err(refuse(&format!("there is or was a token {name}; a name is used once, so take another")));
    }
    println!("{}", key.expose());
    eprintln!("sluis: this is the only time that the token is shown; it counts until {until}");
    Ok(Exit::Accepted)
}

fn revoke(name: &str, by: &Ordered) -> Result<Exit, Exit> {
    let (config, by) = by.read()?;
    let token = name.to_owned();
    match write(&config, move |tx, now| tx.revoke_token(&token, &by, now))? {
        Changed::Already => println!("{name} was revoked already"),
        Changed::Missing => return Err(refuse(&format!("there is no token {name}: see `sluis token list`"))),
        Changed::Done | Changed::LastAdministrator | Changed::Own => println!("{name} counts no more"),
    }
    Ok(Exit::Accepted)
}

fn list(config: &Config, json: bool) -> Exit {
    let tokens = match read(config, |tx| tx.tokens()) {
        Ok(tokens) => tokens,
        Err(error) => return complain(&format!("the ledger cannot be read: {error:#}")),
    };
    let now = SystemClock.now();
    if json {
        println!("{}", Value::from(tokens.iter().map(|token| as_json(token, now)).collect::<Vec<_>>()));
        return Exit::Accepted;
    }
    if tokens.is_empty() {
        println!("There is no token. sluis token add NAME --scope view makes one.");
    }
    for token in &tokens {
        let used = token.used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {at}"));
        let (name, expires, made) = (&token.name, token.expires_at, &token.created_by);
        println!("{name}  {}; {} until {expires}; {used}; by {made}", shown(token), state(token, now));
    }
    Exit::Accepted
}

fn state(token: &ApiToken, now: Timestamp) -> &'static str {
    match token {
        ApiToken { revoked_at: Some(_), .. } => "revoked",
        token if token.counts(now) => "counts",
        _ => "expired",
    }
}

fn shown(token: &ApiToken) -> String {
    token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

fn as_json(token: &ApiToken, now: Timestamp) -> Value {
    json!({
        "name": token.name,
        "scopes": token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "state": state(token, now),
        "created_at": token.created_at.to_string(),
        "created_by": token.created_by,
        "expires_at": token.expires_at.to_string(),
        "revoked_at": token.revoked_at.map(|at| at.to_string()),
        "used_at": token.used_at.map(|at| at.to_string()),
    })
}
