//! `sluis account`: who may sign in at the console. Works beside a running gateway, and on a ledger that is not there yet:
//! the first account is made before the gateway is started.

use super::{Exit, WithConfig, complain, load_config, read};
use crate::access::account::{SHORTEST_PASSWORD, Unfit, check_name, check_password, normal};
use crate::access::{Capacity, PasswordHash};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::hold::check_words;
use crate::ledger::{By, Changed, Keys, Ledger, LedgerError, LocalAccount, Tx};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _, Write as _};
use tokio::signal::unix::{SignalKind, signal};

/// Most that is read as a password: more than one may have.
const MOST_READ: u64 = 4_096;

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Make an account; its password is asked for, and must be changed at the first sign-in
    Add {
        /// Name to sign in with: small letters, digits, dots, dashes
        name: String,
        #[command(flatten)]
        capacity: ChosenCapacity,
        #[command(flatten)]
        password: PasswordFrom,
        /// Whoever types the password is whose account it is: it need not be changed at the first sign-in
        #[arg(long)]
        own: bool,
        #[command(flatten)]
        by: Ordered,
    },
    /// List the accounts with their roles, and whether they are disabled or locked
    List {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
    /// Give an account other roles, or bind it to a sender, which counts at once
    Roles {
        /// Name of the account
        name: String,
        #[command(flatten)]
        capacity: ChosenCapacity,
        #[command(flatten)]
        by: Ordered,
    },
    /// Set a new password, which is asked for; ends all sessions of the account
    Password {
        /// Name of the account
        name: String,
        #[command(flatten)]
        password: PasswordFrom,
        /// Whoever types the password is whose account it is: it need not be changed at the next sign-in
        #[arg(long)]
        own: bool,
        #[command(flatten)]
        by: Ordered,
    },
    /// Let nobody sign in with an account any more; ends all its sessions
    Disable {
        /// Name of the account
        name: String,
        #[command(flatten)]
        by: Ordered,
    },
    /// Let people sign in with an account again, also one that is locked after failed attempts
    Enable {
        /// Name of the account
        name: String,
        #[command(flatten)]
        by: Ordered,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct ChosenCapacity {
    /// Its roles: viewer, operator, contract-manager, privacy-officer, administrator
    #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<String>,
    /// The [[sender]] that it works for, instead of roles: it tries out messages of that sender, and sees nothing else
    #[arg(long, value_name = "NAME")]
    sender: Option<String>,
}

impl ChosenCapacity {
    fn read(&self, config: &Config) -> Result<Capacity, Exit> {
        let roles = self.roles.iter().map(String::as_str);
        fits(Capacity::chosen(roles, self.sender.as_deref(), &config.senders))
    }
}

#[derive(Debug, Args)]
pub(super) struct PasswordFrom {
    /// Read the password from standard input, one line, instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct Ordered {
    /// Why; it stays in the audit trail, so it must name no client by number
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who; otherwise the login
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    config: WithConfig,
}

impl Ordered {
    /// Who gives the order, and why, with the configuration that it is about.
    pub(super) fn read(&self) -> Result<(Config, By), Exit> {
        let Some(name) = self.by.clone().or_else(super::user) else {
            return Err(complain("nobody knows who does this: name yourself with --by"));
        };
        for (what, words) in [("name", Some(&name)), ("reason", self.reason.as_ref())] {
            if let Some(Err(fault)) = words.map(|words| check_words(what, words)) {
                return Err(complain(&fault));
            }
        }
        Ok((load_config(&self.config.config)?, By { name, account: None, reason: self.reason.clone() }))
    }
}

/// 0 when it was done or was so already, 1 when the ledger refuses it, 2 when it could not be tried.
pub(super) fn run(command: AccountCommand) -> Exit {
    let done = match command {
        AccountCommand::Add { name, capacity, password, own, by } => add(&name, &capacity, &password, own, &by),
        AccountCommand::List { config: WithConfig { config }, json } => {
            return load_config(&config).map_or_else(|exit| exit, |config| list(&config, json));
        }
        AccountCommand::Roles { name, capacity, by } => set_capacity(&name, &capacity, &by),
        AccountCommand::Password { name, password, own, by } => set_password(&name, &password, own, &by),
        AccountCommand::Disable { name, by } => switch(&name, &by, false),
        AccountCommand::Enable { name, by } => switch(&name, &by, true),
    };
    done.unwrap_or_else(|exit| exit)
}

fn add(name: &str, capacity: &ChosenCapacity, from: &PasswordFrom, own: bool, by: &Ordered) -> Result<Exit, Exit> {
    let (config, by) = by.read()?;
    let name = normal(name);
    fits(check_name(&name))?;
    let capacity = capacity.read(&config)?;
    let hash = new_password(&name, from)?;
    let (account, words) = (name.clone(), shown(&capacity));
    let changed = write(&config, move |tx, now| tx.add_account(&account, &hash, &capacity, !own, &by, now))?;
    if changed == Changed::Already {
        return Err(refuse(&format!("there is an account {name} already: see `sluis account list`")));
    }
    println!("{name} may sign in {words}");
    Ok(Exit::Accepted)
}

fn set_capacity(name: &str, capacity: &ChosenCapacity, by: &Ordered) -> Result<Exit, Exit> {
    let (config, by) = by.read()?;
    let (name, capacity) = (normal(name), capacity.read(&config)?);
    let (account, words) = (name.clone(), shown(&capacity));
    let changed = write(&config, move |tx, now| tx.set_capacity(&account, &capacity, &by, now))?;
    tell(&name, changed, &format!("may sign in {words} from now on"), &format!("may sign in {words} already"))
}

fn set_password(name: &str, from: &PasswordFrom, own: bool, by: &Ordered) -> Result<Exit, Exit> {
    let (config, by) = by.read()?;
    let name = normal(name);
    let hash = new_password(&name, from)?;
    let account = name.clone();
    let changed = write(&config, move |tx, now| tx.set_password(&account, &hash, !own, None, &by, now))?;
    tell(&name, changed, "has a new password; its sessions are ended", "")
}

fn switch(name: &str, by: &Ordered, on: bool) -> Result<Exit, Exit> {
    let (config, by) = by.read()?;
    let name = normal(name);
    let account = name.clone();
    let changed = write(&config, move |tx, now| {
        if on { tx.enable_account(&account, &by, now) } else { tx.disable_account(&account, &by, now) }
    })?;
    if on {
        tell(&name, changed, "may sign in again", "is neither disabled nor locked")
    } else {
        tell(&name, changed, "can sign in no more; its sessions are ended", "is disabled already")
    }
}

fn tell(name: &str, changed: Changed, done: &str, already: &str) -> Result<Exit, Exit> {
    match changed {
        Changed::Done => println!("{name} {done}"),
        Changed::Already => println!("{name} {already}"),
        Changed::Missing => {
            return Err(refuse(&format!("there is no account {name}: see `sluis account list`")));
        }
        Changed::LastAdministrator => {
            return Err(refuse(&format!(
                "{name} is the last account that may keep accounts: make another administrator first"
            )));
        }
        Changed::Own => return Err(refuse("nobody changes their own roles")),
    }
    Ok(Exit::Accepted)
}

fn list(config: &Config, json: bool) -> Exit {
    let accounts = match read(config, |tx| tx.local_accounts()) {
        Ok(accounts) => accounts,
        Err(error) => return complain(&format!("the ledger cannot be read: {error:#}")),
    };
    let now = SystemClock.now();
    if json {
        println!("{}", Value::from(accounts.iter().map(|account| as_json(account, now)).collect::<Vec<_>>()));
    } else {
        print!("{}", as_text(&accounts, now));
    }
    Exit::Accepted
}

fn state(account: &LocalAccount, now: Timestamp) -> &'static str {
    if account.disabled_at.is_some() {
        "disabled"
    } else if account.locked_until.is_some_and(|until| until > now) {
        "locked"
    } else if account.must_change {
        "must change its password"
    } else {
        "open"
    }
}

fn as_json(account: &LocalAccount, now: Timestamp) -> Value {
    json!({
        "name": account.name,
        "roles": match &account.capacity {
            Capacity::Staff(roles) => roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
            Capacity::Sender(_) => Vec::new(),
        },
        "sender": account.capacity.sender(),
        "state": state(account, now),
        "must_change": account.must_change,
        "created_at": account.created_at.to_string(),
        "created_by": account.created_by,
        "password_at": account.password_at.to_string(),
        "signed_in_at": account.signed_in_at.map(|at| at.to_string()),
        "disabled_at": account.disabled_at.map(|at| at.to_string()),
        "locked_until": account.locked_until.filter(|until| *until > now).map(|at| at.to_string()),
    })
}

fn as_text(accounts: &[LocalAccount], now: Timestamp) -> String {
    const INFALLIBLE: &str = "writing to a string cannot fail";
    if accounts.is_empty() {
        return "There is no account. sluis account add NAME --role administrator makes the first.\n".to_owned();
    }
    let mut out = String::new();
    for account in accounts {
        let last =
            account.signed_in_at.map_or_else(|| "never signed in".to_owned(), |at| format!("last signed in {at}"));
        let (name, capacity) = (&account.name, &account.capacity);
        writeln!(out, "{name}  {capacity}; {}; {last}", state(account, now)).expect(INFALLIBLE);
    }
    out
}

fn shown(capacity: &Capacity) -> String {
    match capacity {
        Capacity::Staff(_) => format!("as {capacity}"),
        Capacity::Sender(name) => format!("for the sender {name}, to try out its messages"),
    }
}

/// Changes the ledger, beside a running gateway or without one; makes the ledger when there is none.
pub(super) fn write(
    config: &Config,
    job: impl FnOnce(&mut Tx<'_>, Timestamp) -> Result<Changed, LedgerError> + Send + 'static,
) -> Result<Changed, Exit> {
    let write = || -> anyhow::Result<Changed> {
        let (location, key_file) = (&config.ledger.location, &config.ledger.key_file);
        let in_use = match location.file() {
            Some(path) => path.exists() && crate::app::try_lock(path)?.is_none(),
            // Any number of gateways may be at work on a server; only one without a key was never used.
            None => key_file.exists(),
        };
        let (ledger, lock) = if in_use {
            (Ledger::open_beside(location, Keys::load(key_file)?)?, None)
        } else {
            crate::app::open_ledger(location, key_file)?
        };
        let now = SystemClock.now();
        let changed = ledger.run_blocking(move |tx| job(tx, now))?;
        ledger.close()?;
        drop(lock);
        Ok(changed)
    };
    write().map_err(|error| complain(&format!("the ledger was not changed: {error:#}")))
}

/// Asks for a password, twice on a terminal; gives its hash.
fn new_password(name: &str, from: &PasswordFrom) -> Result<PasswordHash, Exit> {
    let password = if from.password_stdin { piped()? } else { asked(name)? };
    fits(check_password(name, &password))?;
    PasswordHash::of(&password).map_err(|error| complain(&error.to_string()))
}

fn piped() -> Result<String, Exit> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MOST_READ).read_to_string(&mut text);
    if read.is_err() {
        return Err(complain("standard input is no text"));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') {
        return Err(complain("standard input has more than one line; give the password alone"));
    }
    Ok(line.to_owned())
}

fn asked(name: &str) -> Result<String, Exit> {
    if !std::io::stdin().is_terminal() {
        return Err(complain("there is no terminal to ask for the password on: use --password-stdin"));
    }
    let first = hidden(&format!("new password of {name}, {SHORTEST_PASSWORD} characters or more: "))?;
    // One that will not do is not asked for twice.
    fits(check_password(name, &first))?;
    if hidden("once more: ")? != first {
        return Err(complain("the two are not the same; nothing was changed"));
    }
    Ok(first)
}

/// Reads a line that the terminal does not show.
fn hidden(prompt: &str) -> Result<String, Exit> {
    let typed = line_or_signal(prompt);
    eprintln!();
    match typed {
        Ok(Some(line)) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
        Ok(None) => Err(complain("broken off; nothing was changed")),
        Err(_) => Err(complain("the password could not be read from the terminal: use --password-stdin")),
    }
}

/// A line, or nothing when somebody breaks off meanwhile. A signal that ended the program here would leave the terminal
/// without echo, so it ends the waiting instead.
fn line_or_signal(prompt: &str) -> std::io::Result<Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let typed = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        // Before the question: what is typed ahead of it is thrown away, and nobody's answer shows.
        let _echo = Echo::off()?;
        eprint!("{prompt}");
        std::io::stderr().flush()?;
        let reading = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        tokio::select! {
            line = reading => line?.map(Some),
            _ = interrupt.recv() => Ok(None),
            _ = terminate.recv() => Ok(None),
            _ = hang_up.recv() => Ok(None),
        }
    });
    // Whoever waits for a line waits on: the program ends all the same.
    runtime.shutdown_background();
    typed
}

/// The terminal does not show what is typed, until this is dropped.
struct Echo(rustix::termios::Termios);

impl Echo {
    fn off() -> std::io::Result<Echo> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Echo(before))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}

pub(super) fn fits<T>(checked: Result<T, Unfit>) -> Result<T, Exit> {
    checked.map_err(|unfit| complain(&unfit.en))
}

pub(super) fn refuse(text: &str) -> Exit {
    eprintln!("sluis: {text}");
    Exit::Rejected
}
