//! The command line (design, section 5): parses, wires, prints; decides nothing.

mod account;
mod budgets;
mod checks;
mod configuration;
mod contract;
mod doctor;
mod explain;
mod held;
mod household;
mod judge;
mod ledger;
mod manual;
mod members;
mod outbox;
mod parked;
mod ready;
mod refused;
mod region_report;
mod replay_stored;
mod report;
mod retention;
mod rules;
#[cfg(test)]
mod runbook;
mod signals;
mod token;
mod whatif;

use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::contract::Contracts;
use crate::hold::{Action, check_words};
use crate::ledger::{Keys, Ledger, LedgerError, Tx};
use crate::message::Date;
pub(crate) use crate::registers::load as load_contracts;
use crate::sender::TokenHash;
use crate::whatif::Pair;
use chacha20poly1305::aead::Generate as _;
use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How a command ended, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All accepted, or done; with `--against`: nothing differs.
    Accepted = 0,
    /// Something was rejected, held or only partly granted; for `config check` and `contract`: a fault or a difference;
    /// with `--against`: something differs; for `doctor`: a warning.
    Rejected = 1,
    /// Usage, an unreadable file, a broken configuration, a daemon that could not start; for `doctor`: a fault.
    Usage = 2,
    /// Nothing could be examined; for `doctor` only, as monitoring systems expect it.
    Unknown = 3,
}

impl Exit {
    fn worst(self, other: Exit) -> Exit {
        self.max(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Gateway for the Dutch care-message standards iWmo 3.2 and iJw 3.2.
#[derive(Debug, Parser)]
#[command(name = "sluis", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole gateway on embedded parts with a day of sample traffic, and print what happened
    Demo {
        /// Whose sample register and traffic: achterhoek, gooi-en-vechtstreek, hart-van-brabant, nmd or noord-limburg
        #[arg(long, default_value = "achterhoek")]
        region: String,
        /// Keep the daemon, its metrics and its directories up afterwards, until Ctrl-C
        #[arg(long)]
        serve: bool,
    },
    /// Run the daemon
    Run(WithConfig),
    /// Check messages on their own: levels 1, 2 and what of 4 needs no ledger; writes nothing
    Check {
        #[command(flatten)]
        judging: Judging,
        /// Messages to check
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Judge messages one after another, with the whole engine on a fresh ledger in memory
    Replay {
        #[command(flatten)]
        judging: Judging,
        /// Write replies, forwards, error reports and signals to this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Judge under this configuration as well, and print what --config would have decided differently
        #[arg(long, value_name = "OLD", requires = "config")]
        against: Option<PathBuf>,
        /// With --against: write the figures to this folder as well, a CSV file for each table
        #[arg(long, value_name = "DIR", requires = "against")]
        csv: Option<PathBuf>,
        /// Messages, or folders whose *.xml are taken by name
        #[arg(required = true, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
    },
    /// Ask a running gateway whether it works, for health checks; exit 0 when it does, 1 when it does not or is away
    Ready {
        #[command(flatten)]
        config: WithConfig,
        #[command(flatten)]
        asked: ready::Asked,
    },
    /// Examine a gateway and its surroundings and say what a person should do: ledger, broker, back offices,
    /// certificates, clock, disks, registers; exit 1 for warnings, 2 for faults, 3 when it cannot examine
    Doctor {
        #[command(flatten)]
        config: WithConfig,
        /// Only these examinations, by the names in docs/doctor.md, such as backlog or broker
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        only: Vec<String>,
        /// Ask no other machine
        #[arg(long)]
        offline: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Who may sign in at the console
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Tokens by which programs use the API
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Outgoing allocations that wait for a person
    #[command(subcommand)]
    Held(HeldCommand),
    /// List the gateways that work on the ledger of this one; exit 1 when they differ in what must be the same
    Members {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// What is to leave, what was refused, and how the destinations stand
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Messages that were set aside because the gateway or the world failed
    #[command(subcommand)]
    Parked(parked::ParkedCommand),
    /// Send stored messages again, or judge them anew: by a selection that is frozen first, then carried out once
    ReplayStored(replay_stored::ReplayStored),
    /// Messages that were refused because whoever sent them may not send for the party that they name
    #[command(subcommand)]
    Refused(RefusedCommand),
    /// Keep the ledger: prove that it is whole, hand it over, copy it, change its keys
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// What the ledger need not keep any more: what would go, and letting it go by hand
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check contract registers, put them in force and compare them
    #[command(subcommand)]
    Contract(contract::ContractCommand),
    /// List the signals in the ledger of a gateway: the open ones, the latest first
    Signals {
        #[command(flatten)]
        config: WithConfig,
        /// Also those that have ended
        #[arg(long)]
        all: bool,
        /// Print one JSON object per signal
        #[arg(long)]
        json: bool,
    },
    /// Look over the regions of a gateway and print what the checks over time tell; writes nothing
    Survey {
        #[command(flatten)]
        config: WithConfig,
        /// As on this day (YYYY-MM-DD); otherwise today
        #[arg(long, value_name = "DATE")]
        today: Option<Date>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write a report on a region over a period: what was allocated and declared, budgets, levels, waits, rejections,
    /// open signals; beside a running gateway
    Report {
        #[command(flatten)]
        config: WithConfig,
        #[command(flatten)]
        asked: region_report::Asked,
    },
    /// The budgets of a gateway: the agreements that run and the accounts of a year, with what may be used at most and
    /// what is expected to be
    Budgets {
        #[command(flatten)]
        config: WithConfig,
        /// As on this day (YYYY-MM-DD); otherwise today
        #[arg(long, value_name = "DATE")]
        today: Option<Date>,
        /// Accounts of this year; otherwise that of the day
        #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(2015..=2100))]
        year: Option<i16>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// The checks of the contract layer as this gateway makes them
    Checks {
        /// Checks to explain, e.g. A1
        #[arg(value_name = "CHECK")]
        checks: Vec<String>,
        /// Print the page on all checks, as in docs/signals.md
        #[arg(long, conflicts_with = "checks")]
        markdown: bool,
    },
    /// Households of persons, which messages do not tell, for checks that look at families
    #[command(subcommand)]
    Household(HouseholdCommand),
    /// The rules of the standard as this gateway judges them
    Rules {
        /// Rules to explain, e.g. TR321
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
        /// Print the page on all rules, as in docs/rules.md
        #[arg(long, conflicts_with = "rules")]
        markdown: bool,
    },
    /// Print the completions for a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write all manual pages to a folder
    Manual {
        /// Folder to write to
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// Where the configuration is looked for when nobody names it, and where packages put it.
const DEFAULT_FILE: &str = "sluis.toml";
const INSTALLED_FILE: &str = "/etc/sluis/sluis.toml";

#[derive(Debug, Args)]
struct WithConfig {
    /// Configuration file; where there is no sluis.toml in the working folder, /etc/sluis/sluis.toml
    #[arg(long, value_name = "FILE", env = "SLUIS_CONFIG", default_value = DEFAULT_FILE)]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct Judging {
    /// Configuration file; without it only the standard is checked: no contracts, tariffs or product list
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Judge as on this day (YYYY-MM-DD); otherwise each message on its own Dagtekening
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Print one JSON object per message
    #[arg(long)]
    json: bool,
    /// Colours in the text; automatically only on a terminal and without NO_COLOR
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Report all faults of a configuration and of what it names: registers, certificates, folders, keys
    Check(WithConfig),
    /// Print the configuration as it takes effect, secrets as stars
    Show(WithConfig),
    /// List every key with its default and what it takes
    Keys {
        /// Print the page on all keys, as in docs/configuration.md
        #[arg(long)]
        markdown: bool,
    },
    /// Make an API token for a sender, with the hash that goes into its section; nothing keeps the token
    Token,
}

#[derive(Debug, Subcommand)]
enum RefusedCommand {
    /// What was refused, the latest first
    List {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
    /// All that is known of one of them: who sent it, how, and what it says of itself
    Show {
        /// Number of the refusal, as in `sluis refused list`
        id: i64,
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum HouseholdCommand {
    /// Replace the households of the municipalities that a table names; works beside a running daemon
    Import {
        /// Table with the columns municipality, household, bsn
        file: PathBuf,
        #[command(flatten)]
        config: WithConfig,
    },
    /// Forget the households of a municipality
    Forget {
        /// Code of the municipality, four digits
        municipality: String,
        #[command(flatten)]
        config: WithConfig,
    },
}

#[derive(Debug, Subcommand)]
enum OutboxCommand {
    /// Rows with their destination, attempts and last failure
    List {
        #[command(flatten)]
        config: WithConfig,
        #[command(flatten)]
        asked: outbox::Asked,
    },
    /// Send again what was refused, under the same ids and with the same bytes
    Retry {
        #[command(flatten)]
        config: WithConfig,
        #[command(flatten)]
        again: outbox::Again,
    },
    /// Which destinations are left alone, since when, why, and until when; exit 1 when there is one
    Breakers {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum HeldCommand {
    /// What is held, since when, and why
    List {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
    /// Judge a held message anew and let it go to its provider; the contract layer may only signal
    Release(Ordering),
    /// End a held message: it counts as not sent, and its identification can be used again
    Withdraw(Ordering),
}

#[derive(Debug, Args)]
struct Ordering {
    /// Number of the message, as in `sluis held list`
    id: i64,
    /// Why; it stays in the audit trail, so it must name no client by number
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who; otherwise the login
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    config: WithConfig,
}

/// The definition of the command line, for whatever is made or tested by it.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no faults; everything else is usage.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Accepted };
            let _ = error.print();
            return exit.into();
        }
    };
    match arguments.command {
        Command::Demo { region, serve } => crate::demo::main(&region, serve),
        Command::Run(WithConfig { config }) => run(&config),
        Command::Check { judging, files } => {
            with_setup(&judging, None, |setup, options, clock| judge::check(setup, options, &files, clock))
        }
        Command::Replay { judging, out, against: Some(old), csv, paths } => {
            compare(&judging, out.as_deref(), &old, csv.as_deref(), &paths)
        }
        Command::Replay { judging, out, against: None, csv: _, paths } => {
            with_setup(&judging, out, |setup, options, clock| judge::replay(setup, options, &paths, clock))
        }
        Command::Doctor { config: WithConfig { config }, only, offline, json } => match load_config(&config) {
            Ok(config) => doctor::run(&config, only, offline, json, &SystemClock),
            Err(_) => Exit::Unknown,
        },
        Command::Account(command) => account::run(command),
        Command::Token(command) => token::run(command),
        Command::Ready { config: WithConfig { config }, asked } => {
            load_config(&config).map_or_else(|exit| exit, |config| ready::run(&config, &asked))
        }
        Command::Completions { shell } => manual::completions(shell),
        Command::Manual { folder } => manual::manual(folder.as_deref()),
        Command::Held(command) => held(command),
        Command::Members { config: WithConfig { config }, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| members::list(&config, json))
        }
        Command::Outbox(command) => outbox(command),
        Command::Parked(command) => parked::run(command),
        Command::ReplayStored(command) => replay_stored::run(command),
        Command::Refused(RefusedCommand::List { config: WithConfig { config }, json }) => {
            load_config(&config).map_or_else(|exit| exit, |config| refused::list(&config, json))
        }
        Command::Refused(RefusedCommand::Show { id, config: WithConfig { config }, json }) => {
            load_config(&config).map_or_else(|exit| exit, |config| refused::show(&config, id, json))
        }
        Command::Config(ConfigCommand::Token) => sender_token(),
        Command::Ledger(command) => ledger::run(command, &SystemClock),
        Command::Retention(command) => retention::run(command),
        Command::Config(ConfigCommand::Check(WithConfig { config })) => configuration::check(&config, &SystemClock),
        Command::Config(ConfigCommand::Keys { markdown }) => configuration::keys(markdown),
        Command::Config(ConfigCommand::Show(WithConfig { config })) => config_show(&config),
        Command::Signals { config: WithConfig { config }, all, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| signals::list(&config, all, json))
        }
        Command::Survey { config: WithConfig { config }, today, json } => {
            with_contracts(&config, today, |config, contracts, today| signals::survey(config, contracts, today, json))
        }
        Command::Budgets { config: WithConfig { config }, today, year, json } => {
            with_contracts(&config, today, |config, contracts, today| {
                budgets::list(config, contracts, today, year.unwrap_or(today.year()), json)
            })
        }
        Command::Report { config: WithConfig { config }, asked } => region_report(&config, &asked),
        Command::Checks { markdown: true, .. } => checks::markdown(),
        Command::Checks { checks, markdown: false } => checks::print(&checks),
        Command::Contract(command) => contract::run(&command, &SystemClock),
        Command::Household(HouseholdCommand::Import { file, config: WithConfig { config } }) => {
            load_config(&config).map_or_else(|exit| exit, |config| household::import(&config, &file, &SystemClock))
        }
        Command::Household(HouseholdCommand::Forget { municipality, config: WithConfig { config } }) => {
            load_config(&config)
                .map_or_else(|exit| exit, |config| household::forget(&config, &municipality, &SystemClock))
        }
        Command::Rules { markdown: true, .. } => rules::markdown(),
        Command::Rules { rules, markdown: false } => rules::print(&rules),
    }
    .into()
}

fn with_contracts(path: &Path, today: Option<Date>, command: impl FnOnce(&Config, &Contracts, Date) -> Exit) -> Exit {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match load_contracts(&config) {
        Ok(contracts) => {
            let today = today.unwrap_or_else(|| SystemClock.today());
            command(&config, &contracts, today)
        }
        Err(faults) => {
            print_faults(&faults);
            Exit::Usage
        }
    }
}

fn region_report(path: &Path, asked: &region_report::Asked) -> Exit {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match load_contracts(&config) {
        Ok(contracts) => {
            let today = asked.today.unwrap_or_else(|| SystemClock.today());
            region_report::run(&config, &contracts, asked, today)
        }
        Err(faults) => {
            print_faults(&faults);
            Exit::Usage
        }
    }
}

fn with_setup(
    judging: &Judging,
    out: Option<PathBuf>,
    command: impl FnOnce(&judge::Setup, &judge::Options, &dyn Clock) -> Exit,
) -> Exit {
    let setup = match judging.config.as_deref().map(load_setup).transpose() {
        Ok(setup) => setup.unwrap_or_else(judge::Setup::standard_only),
        Err(exit) => return exit,
    };
    let colours = with_colours(judging.color);
    let options = judge::Options { today: judging.today, json: judging.json, colours, out };
    command(&setup, &options, &SystemClock)
}

/// Replays under two configurations, once both are sound.
fn compare(judging: &Judging, out: Option<&Path>, old: &Path, csv: Option<&Path>, paths: &[PathBuf]) -> Exit {
    if out.is_some() {
        return complain(
            "--out writes the results of one configuration, and --against makes it two: leave one of them out; the \
             figures of a comparison go to --csv DIR",
        );
    }
    let new = judging.config.as_deref().expect("--against requires --config");
    let names = Pair { old, new };
    let setups = match names.map(read_setup) {
        Pair { old: Ok(old), new: Ok(new) } => Pair { old, new },
        faulty => {
            let Pair { old, new } = faulty.map(|setup| setup.err().unwrap_or_default());
            let of = |side: &'static str| move |fault: String| format!("{side} configuration: {fault}");
            print_faults(&old.into_iter().map(of("old")).chain(new.into_iter().map(of("new"))).collect::<Vec<_>>());
            return Exit::Usage;
        }
    };
    let options = whatif::Options { today: judging.today, json: judging.json, csv };
    whatif::run(names, &setups, &options, paths, &SystemClock)
}

fn with_colours(choice: ColorChoice) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb,
    }
}

fn load_setup(path: &Path) -> Result<judge::Setup, Exit> {
    read_setup(path).map_err(|faults| {
        print_faults(&faults);
        Exit::Usage
    })
}

/// What a configuration judges with, or all that is wrong with it.
fn read_setup(path: &Path) -> Result<judge::Setup, Vec<String>> {
    let config = read_config(path)?;
    let contracts = load_contracts(&config)?;
    Ok(judge::Setup { limits: crate::app::limits(&config), contracts, unknown_question: config.unknown_question })
}

fn load_config(path: &Path) -> Result<Config, Exit> {
    read_config(path).map_err(|faults| {
        print_faults(&faults);
        Exit::Usage
    })
}

fn read_config(path: &Path) -> Result<Config, Vec<String>> {
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    config::load(&place(path), &environment).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// The file that is meant: that of an installed package where nobody names one and none is in the working folder.
fn place(path: &Path) -> PathBuf {
    let installed = Path::new(INSTALLED_FILE);
    let is_unnamed = path == Path::new(DEFAULT_FILE) && !path.exists();
    if is_unnamed && installed.exists() { installed.to_owned() } else { path.to_owned() }
}

fn print_faults(faults: &[String]) {
    for fault in faults {
        eprintln!("sluis: {fault}");
    }
    eprintln!("sluis: {} fault(s); nothing was started", faults.len());
}

/// Says what went wrong.
fn complain(text: &str) -> Exit {
    eprintln!("sluis: {text}");
    Exit::Usage
}

fn run(path: &Path) -> Exit {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match crate::app::main(&config) {
        Ok(()) => Exit::Accepted,
        Err(error) => {
            eprintln!("sluis: {error:#}");
            Exit::Usage
        }
    }
}

fn held(command: HeldCommand) -> Exit {
    let (ordering, action) = match command {
        HeldCommand::List { config: WithConfig { config }, json } => {
            return load_config(&config).map_or_else(|exit| exit, |config| held::list(&config, json));
        }
        HeldCommand::Release(ordering) => (ordering, Action::Release),
        HeldCommand::Withdraw(ordering) => (ordering, Action::Withdraw),
    };
    let Ordering { id, reason, by, config: WithConfig { config } } = ordering;
    load_config(&config).map_or_else(|exit| exit, |config| held::give(&config, id, action, &reason, by))
}

fn outbox(command: OutboxCommand) -> Exit {
    match command {
        OutboxCommand::List { config: WithConfig { config }, asked } => {
            load_config(&config).map_or_else(|exit| exit, |config| outbox::list(&config, &asked))
        }
        OutboxCommand::Retry { config: WithConfig { config }, again } => {
            load_config(&config).map_or_else(|exit| exit, |config| outbox::retry(&config, again))
        }
        OutboxCommand::Breakers { config: WithConfig { config }, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| outbox::breakers(&config, json))
        }
    }
}

/// Looks at the ledger without ever holding up a gateway that runs.
fn read<T: Send + 'static>(
    config: &Config,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static,
) -> anyhow::Result<T> {
    let ledger = Ledger::open_to_read(&config.ledger.location, Keys::load(&config.ledger.key_file)?)?;
    let found = ledger.run_blocking(job)?;
    ledger.close()?;
    Ok(found)
}

/// Who gives an order: whoever is named, or else the login. Their name and the reason stay in the audit trail.
fn orderer(by: Option<String>, reason: &str) -> Result<String, Exit> {
    let Some(by) = by.or_else(user) else {
        return Err(complain("nobody knows who gives this order: name yourself with --by"));
    };
    for (what, words) in [("reason", reason), ("name", by.as_str())] {
        if let Err(fault) = check_words(what, words) {
            return Err(complain(&fault));
        }
    }
    Ok(by)
}

/// The login that gives an order.
fn user() -> Option<String> {
    ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.trim().is_empty())
}

/// Draws a token and prints it once, for its sender, with its hash, for the configuration.
fn sender_token() -> Exit {
    let token = hex::encode(<[u8; 32]>::generate());
    println!("token, for the sender alone:\n\n    {token}\n");
    println!("line for its [[sender]]:\n\n    token_sha256 = \"{}\"", hex::encode(TokenHash::of(&token).0));
    Exit::Accepted
}

fn config_show(path: &Path) -> Exit {
    match load_config(path) {
        Ok(config) => {
            print!("{}", config.show());
            Exit::Accepted
        }
        Err(exit) => exit,
    }
}
