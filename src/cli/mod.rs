//! The command line (design, section 5): parses, wires, prints; decides nothing.

mod checks;
mod doctor;
mod excerpt;
mod explain;
mod judge;
mod region_report;
mod report;
mod rules;
mod signals;

use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::contract::{Contracts, Policies};
use crate::message::{Date, Party};
use clap::{Args, ColorChoice, Parser, Subcommand};
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// How a command ended, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All accepted, or done.
    Accepted = 0,
    /// Something was rejected, held or only partly granted; for `config check` and `contract check`: a fault.
    Rejected = 1,
    /// Usage, an unreadable file, a broken configuration, a daemon that could not start.
    Usage = 2,
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
        /// Messages, or folders whose *.xml are taken by name
        #[arg(required = true, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
    },
    /// Look at the ledger of a gateway and say what a person should do: overdue answers, what is held or parked, what
    /// does not leave, what does not add up; exit 1 when there is anything
    Doctor {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at a contract register
    #[command(subcommand)]
    Contract(ContractCommand),
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
    /// The checks of the contract layer as this gateway makes them
    Checks {
        /// Checks to explain, e.g. A1
        #[arg(value_name = "CHECK")]
        checks: Vec<String>,
        /// Print the page on all checks, as in docs/signals.md
        #[arg(long, conflicts_with = "checks")]
        markdown: bool,
    },
    /// The rules of the standard as this gateway judges them
    Rules {
        /// Rules to explain, e.g. TR321
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
        /// Print the page on all rules, as in docs/rules.md
        #[arg(long, conflicts_with = "rules")]
        markdown: bool,
    },
}

#[derive(Debug, Args)]
struct WithConfig {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "sluis.toml")]
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
    /// Report all faults of a configuration and of what it names
    Check(WithConfig),
    /// Print the configuration as it takes effect, secrets as stars
    Show(WithConfig),
}

#[derive(Debug, Subcommand)]
enum ContractCommand {
    /// Report all faults of a register folder
    Check {
        /// Folder with region.toml and its tables
        folder: PathBuf,
    },
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
        Command::Demo { serve } => crate::demo::main(serve),
        Command::Run(WithConfig { config }) => run(&config),
        Command::Check { judging, files } => {
            with_setup(&judging, None, |setup, options, clock| judge::check(setup, options, &files, clock))
        }
        Command::Replay { judging, out, paths } => {
            with_setup(&judging, out, |setup, options, clock| judge::replay(setup, options, &paths, clock))
        }
        Command::Doctor { config: WithConfig { config }, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| doctor::run(&config, json, &SystemClock))
        }
        Command::Config(ConfigCommand::Check(WithConfig { config })) => config_check(&config),
        Command::Config(ConfigCommand::Show(WithConfig { config })) => config_show(&config),
        Command::Contract(ContractCommand::Check { folder }) => contract_check(&folder),
        Command::Signals { config: WithConfig { config }, all, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| signals::list(&config, all, json))
        }
        Command::Survey { config: WithConfig { config }, today, json } => survey(&config, today, json),
        Command::Report { config: WithConfig { config }, asked } => region_report(&config, &asked),
        Command::Checks { markdown: true, .. } => checks::markdown(),
        Command::Checks { checks, markdown: false } => checks::print(&checks),
        Command::Rules { markdown: true, .. } => rules::markdown(),
        Command::Rules { rules, markdown: false } => rules::print(&rules),
    }
    .into()
}

fn survey(path: &Path, today: Option<Date>, json: bool) -> Exit {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match load_contracts(&config) {
        Ok(contracts) => {
            let today = today.unwrap_or_else(|| SystemClock.today());
            signals::survey(&config, &contracts, today, json)
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
    let config = load_config(path)?;
    let contracts = load_contracts(&config).map_err(|faults| {
        print_faults(&faults);
        Exit::Usage
    })?;
    Ok(judge::Setup { limits: crate::app::limits(&config), contracts, unknown_question: config.unknown_question })
}

/// Registers and policies that a configuration names, or all that is wrong with them.
pub(crate) fn load_contracts(config: &Config) -> Result<Contracts, Vec<String>> {
    let mut faults = Vec::new();
    let mut policies = Policies::default();
    for ((check, gemeente), word) in &config.policy {
        let gemeente = gemeente.as_deref().map(Party::from);
        if let Err(fault) = policies.set(check, gemeente.as_ref(), word) {
            faults.push(format!("[policy] {check}: {fault}"));
        }
    }
    let mut registers = Vec::new();
    for folder in &config.regions {
        match crate::contract::load(folder) {
            Ok(register) => registers.push(Arc::new(register)),
            Err(wrong) => {
                faults.extend(wrong.iter().map(|fault| format!("register {}: {fault}", folder.display())));
            }
        }
    }
    if faults.is_empty() { Ok(Contracts::new(registers, policies)) } else { Err(faults) }
}

fn load_config(path: &Path) -> Result<Config, Exit> {
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    config::load(path, &environment).map_err(|faults| {
        print_faults(&faults.iter().map(ToString::to_string).collect::<Vec<_>>());
        Exit::Usage
    })
}

fn print_faults(faults: &[String]) {
    for fault in faults {
        eprintln!("sluis: {fault}");
    }
    eprintln!("sluis: {} fault(s); nothing was started", faults.len());
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

fn config_check(path: &Path) -> Exit {
    let config = match load_config(path) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match load_contracts(&config) {
        Ok(contracts) => {
            println!("{}: no faults", path.display());
            for register in contracts.registers() {
                println!("register {} {}: no faults", register.region.id, register.version);
            }
            Exit::Accepted
        }
        Err(faults) => {
            print_faults(&faults);
            Exit::Usage
        }
    }
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

fn contract_check(folder: &Path) -> Exit {
    match crate::contract::load(folder) {
        Ok(register) => {
            println!("{}: register {}, no faults", folder.display(), register.version);
            Exit::Accepted
        }
        Err(faults) => {
            for fault in &faults {
                println!("{fault}");
            }
            println!("{}: {} fault(s)", folder.display(), faults.len());
            Exit::Rejected
        }
    }
}
