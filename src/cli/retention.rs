//! `sluis retention`: what would go today because it was kept long enough, and letting it go by hand. Works beside a
//! running gateway and without one.

use super::{Exit, WithConfig, complain, load_config, read};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::failpoint;
use crate::ledger::{Keys, Ledger, RetentionRun};
use crate::message::Date;
use crate::retention::keeper::{self, Account, Pace};
use crate::retention::{Retention, Stage};
use crate::shutdown::shutdown;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

const INFALLIBLE: &str = "writing to a string cannot fail";

#[derive(Debug, clap::Subcommand)]
pub(super) enum RetentionCommand {
    /// What would go now, and what is kept though it is old enough, with the reasons; changes nothing
    Plan {
        #[command(flatten)]
        config: WithConfig,
        /// As on this day, instead of today
        #[arg(long, value_name = "DATE")]
        today: Option<Date>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Go through the ledger now and take away what was kept long enough, as the gateway does once a day
    Run {
        #[command(flatten)]
        config: WithConfig,
        /// Why; it stays in the audit trail, so it must name no client by number
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who; otherwise the login
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Carries the command out.
pub(super) fn run(command: RetentionCommand) -> Exit {
    match command {
        RetentionCommand::Plan { config: WithConfig { config }, today, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| plan(&config, today, json))
        }
        RetentionCommand::Run { config: WithConfig { config }, reason, by, json } => {
            load_config(&config).map_or_else(|exit| exit, |config| go_through(&config, reason, by, json))
        }
    }
}

fn plan(config: &Config, today: Option<Date>, as_json: bool) -> Exit {
    let today = today.unwrap_or_else(|| SystemClock.today());
    let retention = config.retention.clone();
    let found = read(config, move |tx| Ok((keeper::plan(tx, &retention, today)?, tx.last_whole_retention()?)));
    match found {
        Ok((account, last)) if as_json => {
            let last = last.and_then(|run| run.finished_at).map(|at| at.to_string());
            let mut object = object(&account, &config.retention);
            object["today"] = today.to_string().into();
            object["last_run"] = last.into();
            println!("{object}");
            Exit::Accepted
        }
        Ok((account, last)) => {
            print!("{}", text(&account, &config.retention, "would go", last.as_ref()));
            Exit::Accepted
        }
        Err(error) => complain(&format!("the ledger cannot be read: {error:#}")),
    }
}

fn go_through(config: &Config, reason: String, by: Option<String>, as_json: bool) -> Exit {
    let by = match super::orderer(by, &reason) {
        Ok(by) => by,
        Err(exit) => return exit,
    };
    if !config.retention.is_set() {
        return complain("no term is set in [retention]: everything is kept for ever, and nothing goes");
    }
    match take_away(config, (by, reason)) {
        Ok(account) if as_json => {
            println!("{}", object(&account, &config.retention));
            Exit::Accepted
        }
        Ok(account) => {
            print!("{}", text(&account, &config.retention, "went", None));
            Exit::Accepted
        }
        Err(error) => complain(&format!(
            "the ledger could not be gone through to the end: {error:#}; what went stays gone, and the next run goes on"
        )),
    }
}

fn take_away(config: &Config, order: (String, String)) -> anyhow::Result<Account> {
    failpoint::arm().map_err(anyhow::Error::msg)?;
    let ledger = Ledger::open_beside(&config.ledger.location, Keys::load(&config.ledger.key_file)?)?;
    let retention = Arc::new(config.retention.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (_trigger, stop) = shutdown(Duration::ZERO);
    let account =
        runtime.block_on(keeper::go_through(&ledger, &retention, &SystemClock, Some(order), Pace::BY_HAND, &stop))?;
    ledger.close()?;
    Ok(account)
}

fn object(account: &Account, retention: &Retention) -> Value {
    let stages: Vec<Value> = account
        .messages
        .iter()
        .map(|((stage, class), messages)| {
            json!({
                "stage": stage.as_str(), "kind": class.word(), "verdict": class.verdict, "messages": messages,
                "term": retention.terms(*class).of(*stage).map(|term| term.to_string()),
            })
        })
        .collect();
    let kept: Vec<Value> = account
        .kept
        .iter()
        .flat_map(|((stage, class), reasons)| {
            reasons.iter().map(move |(because, messages)| {
                json!({
                    "stage": stage.as_str(), "kind": class.word(), "verdict": class.verdict, "messages": messages,
                    "because": because.as_str(),
                })
            })
        })
        .collect();
    let oldest = |stage| account.oldest.get(&stage).map(ToString::to_string);
    json!({
        "is_set": retention.is_set(),
        "bodies": account.of(Stage::Bodies),
        "details": account.of(Stage::Details),
        "records": account.of(Stage::Records),
        "persons": account.persons,
        "others": account.others,
        "oldest": Stage::ALL.map(oldest),
        "gone": stages,
        "kept": kept,
    })
}

fn text(account: &Account, retention: &Retention, went: &str, last: Option<&RetentionRun>) -> String {
    let mut page = String::new();
    if !retention.is_set() {
        page.push_str("No term is set in [retention]: everything is kept for ever.\n");
        return page;
    }
    for stage in Stage::ALL {
        let oldest = account.oldest.get(&stage).map(|at| format!(", the oldest of {at}")).unwrap_or_default();
        writeln!(page, "{stage} of {} message(s) {went}{oldest}", account.of(stage)).expect(INFALLIBLE);
        for ((_, class), messages) in account.messages.iter().filter(|((of, _), _)| *of == stage) {
            let term = retention.terms(*class).of(stage).map(|term| term.to_string()).unwrap_or_default();
            writeln!(page, "  {messages:>8}  {class} (after {term})").expect(INFALLIBLE);
        }
        for ((_, class), reasons) in account.kept.iter().filter(|((of, _), _)| *of == stage) {
            for (because, messages) in reasons {
                writeln!(page, "  {messages:>8}  {class} kept: {}", because.en()).expect(INFALLIBLE);
            }
        }
    }
    writeln!(page, "{} person(s) {went}", account.persons).expect(INFALLIBLE);
    if account.others > 0 {
        writeln!(page, "{} row(s) that belong to no message {went}", account.others).expect(INFALLIBLE);
    }
    if let Some(at) = last.and_then(|run| run.finished_at) {
        writeln!(page, "The ledger was last gone through at {at}.").expect(INFALLIBLE);
    }
    page
}
