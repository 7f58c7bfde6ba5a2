//! `sluis parked`: what was set aside, why, and judging it anew once the cause is gone.

use super::replay_stored::{Placed, carry_out, complain, who, write};
use super::{Exit, WithConfig, read};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::decision::Verdict;
use crate::delivery::without_bsn;
use crate::doctor::age;
use crate::hold::check_words;
use crate::ledger::{Entry, Filter, Ledger, LedgerError, OutboxRow, Run, SentAgain, Target, Tx};
use crate::replay::{Choice, Intent, Replay};
use crate::view::parked::Why;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Most faults of a message that are shown to people.
const SHOWN: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum ParkedCommand {
    /// What is set aside, since when, and why
    List {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
    /// All that is known of a message that is or was set aside; its content only with --body
    Show {
        /// Number of the message, as in `sluis parked list`
        id: i64,
        /// Show the content as well; that is noted in the audit trail
        #[arg(long, requires = "reason")]
        body: bool,
        /// With --body: why; it must name no client by number
        #[arg(long, value_name = "TEXT", requires = "body")]
        reason: Option<String>,
        /// With --body: who; otherwise the login
        #[arg(long, value_name = "NAME", requires = "body")]
        by: Option<String>,
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Judge messages that are set aside anew, by the rules, the register and the facts of now: each becomes what it is
    /// judged to be, with its reply, once
    Replay(Replaying),
}

#[derive(Debug, Args)]
pub(super) struct Replaying {
    /// Numbers of the messages, as in `sluis parked list`
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
    /// Why; it stays in the audit trail, so it must name no client by number
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who; otherwise the login
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    config: WithConfig,
}

/// Runs the command.
pub(super) fn run(command: ParkedCommand) -> Exit {
    match command {
        ParkedCommand::List { config, json } => with(&config, |config| list(config, json)),
        ParkedCommand::Show { id, body, reason, by, config, json } => {
            let looks = body.then_some((reason.unwrap_or_default(), by));
            with(&config, |config| show(config, id, looks, json))
        }
        ParkedCommand::Replay(Replaying { ids, reason, by, config }) => {
            with(&config, |config| replay(config, &ids, reason, by))
        }
    }
}

fn with(config: &WithConfig, work: impl FnOnce(&Config) -> anyhow::Result<Exit>) -> Exit {
    match super::load_config(&config.config) {
        Ok(config) => work(&config).unwrap_or_else(|error| complain(&[format!("{error:#}")])),
        Err(exit) => exit,
    }
}

fn list(config: &Config, as_json: bool) -> anyhow::Result<Exit> {
    let filter = Filter { verdict: Some(Verdict::Parked), ..Filter::default() };
    let parked = read(config, move |tx| {
        let entries = tx.messages(&filter)?;
        entries.into_iter().map(|entry| Ok((tx.runs(entry.message_id)?.len(), entry))).collect::<Result<Vec<_>, _>>()
    })?;
    let now = SystemClock.now();
    if as_json {
        let of = |(runs, entry): &(usize, Entry)| {
            let mut shown = entry_json(entry, now);
            shown["runs"] = (*runs).into();
            shown
        };
        println!("{}", Value::from(parked.iter().map(of).collect::<Vec<_>>()));
        return Ok(Exit::Accepted);
    }
    if parked.is_empty() {
        println!("Nothing is set aside.");
        return Ok(Exit::Accepted);
    }
    for (runs, entry) in &parked {
        println!("{}  {}, for {}", entry.message_id, title(entry), age(since(entry, now)));
        println!("    {}", why(entry));
        if *runs > 0 {
            println!("    judged anew {runs} time(s), and set aside still");
        }
    }
    println!("\n{} set aside. sluis parked show ID, or sluis parked replay ID --reason TEXT", parked.len());
    Ok(Exit::Accepted)
}

/// Everything that the ledger knows of a message.
struct Known {
    entry: Entry,
    runs: Vec<Run>,
    resends: Vec<SentAgain>,
    rows: Vec<OutboxRow>,
}

fn known(tx: &Tx<'_>, id: i64) -> Result<Option<Known>, LedgerError> {
    let filter = Filter { after: Some(id.saturating_sub(1)), limit: Some(1), ..Filter::default() };
    let Some(entry) = tx.messages(&filter)?.pop().filter(|entry| entry.message_id == id) else { return Ok(None) };
    let (runs, resends, rows) = (tx.runs(id)?, tx.resends(id)?, tx.rows_of(id)?);
    Ok(Some(Known { entry, runs, resends, rows }))
}

/// What a message is that is not set aside, and never was as far as the ledger tells.
fn not_parked(known: &Known) -> Option<String> {
    let was_parked = known.runs.iter().any(|run| run.previous.as_str() == Verdict::Parked.as_str());
    let Entry { message_id: id, verdict, .. } = &known.entry;
    (*verdict != Verdict::Parked && !was_parked).then(|| {
        format!(
            "message {id} is {verdict}, and was not set aside; `sluis replay-stored --ids {id} --freeze` makes a selection of \
             it, to send it again or to tell what would be decided now"
        )
    })
}

fn show(config: &Config, id: i64, looks: Option<(String, Option<String>)>, as_json: bool) -> anyhow::Result<Exit> {
    let Some(known) = read(config, move |tx| known(tx, id))? else {
        println!("{}", unknown(id));
        return Ok(Exit::Rejected);
    };
    if let Some(refusal) = not_parked(&known) {
        println!("{refusal}");
        return Ok(Exit::Rejected);
    }
    let body = match looks {
        None => None,
        Some((reason, by)) => {
            let (by, wrong) = match who(by) {
                Ok(by) => (by, None),
                Err(fault) => (String::new(), Some(fault)),
            };
            let faults: Vec<String> = wrong.into_iter().chain(check_words("reason", &reason).err()).collect();
            if !faults.is_empty() {
                return Ok(complain(&faults));
            }
            let now = SystemClock.now();
            write(config, move |ledger| Ok(ledger.run_blocking(move |tx| tx.show_body(id, &by, &reason, now))?))?
        }
    };
    let body = body.map(|inbox| String::from_utf8_lossy(&inbox.bytes).into_owned());
    if as_json {
        println!("{}", known_json(&known, body.as_deref()));
    } else {
        print_known(&known, body.as_deref());
    }
    Ok(Exit::Accepted)
}

fn unknown(id: i64) -> String {
    format!("there is no message {id}; `sluis parked list` names those that are set aside")
}

/// All of them are looked at before anything is ordered: one wrong number, and nothing is done.
fn replay(config: &Config, ids: &[i64], reason: String, by: Option<String>) -> anyhow::Result<Exit> {
    let by = match who(by) {
        Ok(by) => by,
        Err(fault) => return Ok(complain(&[fault])),
    };
    if let Err(fault) = check_words("reason", &reason) {
        return Ok(complain(&[fault]));
    }
    let ids: BTreeSet<i64> = ids.iter().copied().collect();
    carry_out(config, move |ledger| order(ledger, &ids, reason, by))
}

fn order(ledger: &Ledger, ids: &BTreeSet<i64>, reason: String, by: String) -> anyhow::Result<Placed> {
    let (mut faults, mut parked) = (Vec::new(), Vec::new());
    for id in ids.iter().copied() {
        match ledger.run_blocking(move |tx| known(tx, id))? {
            None => faults.push(unknown(id)),
            Some(known) if known.entry.verdict == Verdict::Parked => parked.push(id),
            Some(known) => match known.runs.iter().rfind(|run| run.took_effect) {
                Some(run) => println!(
                    "message {id}: it was judged anew before, at {} by {}: {}; it is {} now. Nothing is done twice",
                    run.at, run.by, run.reason, known.entry.verdict
                ),
                None => faults.extend(not_parked(&known)),
            },
        }
    }
    if !faults.is_empty() {
        for fault in faults {
            println!("{fault}");
        }
        println!("nothing was done");
        return Ok(Placed::Settled(Exit::Rejected));
    }
    if parked.is_empty() {
        return Ok(Placed::Settled(Exit::Accepted));
    }
    let chosen = format!("parked, {}", Choice { ids: Some(parked.clone()), ..Choice::default() });
    let replay = Replay { intent: Intent::Judge, again: false, reason, by };
    let now = SystemClock.now();
    let selection = ledger.run_blocking(move |tx| {
        let targets: Vec<Target> = parked.into_iter().map(Target::Message).collect();
        let selection = tx.freeze(&chosen, &targets, &replay.by, now)?;
        tx.order_replay(selection, &replay, now)?;
        Ok(selection)
    })?;
    Ok(Placed::Ordered(selection))
}

fn title(entry: &Entry) -> String {
    let kind = entry.kind.map_or_else(|| "unread".to_owned(), |kind| kind.to_string());
    let identification = entry.identificatie.as_deref().map(without_bsn).unwrap_or_default();
    let parties = match (&entry.gemeente, &entry.aanbieder, &entry.afzender) {
        (Some(gemeente), Some(aanbieder), _) => format!(" between {gemeente} and {aanbieder}"),
        (_, _, Some(sender)) => format!(" that says it comes from {}", without_bsn(sender)),
        _ => String::new(),
    };
    format!("{}{parties}", format!("{kind} {identification}").trim_end())
}

/// Why a message is set aside.
fn why(entry: &Entry) -> String {
    match Why::of(entry) {
        Why::Failed => {
            format!("the gateway failed on it at {}: its log of that moment says more", entry.received_at)
        }
        why @ (Why::Unreadable | Why::Unkept) => why.en().to_owned(),
    }
}

fn since(entry: &Entry, now: Timestamp) -> Duration {
    crate::clock::age(entry.received_at, now)
}

fn print_known(known: &Known, body: Option<&str>) {
    let Known { entry, runs, resends, rows } = known;
    println!("message {}: {}", entry.message_id, title(entry));
    let (transport, delivery) = (&entry.transport, without_bsn(&entry.transport_id));
    println!("    came in at {} by {transport} as {delivery}", entry.received_at);
    match entry.verdict {
        Verdict::Parked => println!("    set aside: {}", why(entry)),
        verdict => println!("    was set aside, and is {verdict} now (level {})", entry.level),
    }
    for finding in entry.findings.iter().take(SHOWN) {
        let code = finding.code.as_deref().map(|code| format!("/{code}")).unwrap_or_default();
        println!("    {}{code} at {}:{}: {}", finding.rule, finding.line, finding.column, without_bsn(&finding.en));
    }
    if entry.findings.len() > SHOWN {
        println!("    and {} more findings", entry.findings.len() - SHOWN);
    }
    for run in runs {
        let (at, by, reason) = (run.at, &run.by, &run.reason);
        let rules: BTreeSet<&str> = run.findings.iter().map(|finding| finding.rule.as_str()).collect();
        let rules = if rules.is_empty() { String::new() } else { format!(" ({})", Vec::from_iter(rules).join(" ")) };
        println!("    judged anew at {at} by {by}, selection {}: {}{rules}; {reason}", run.selection, run.verdict);
    }
    for resend in resends {
        let SentAgain { selection, at, by, reason } = resend;
        println!("    sent again at {at} by {by}, selection {selection}; {reason}");
    }
    for row in rows {
        let receiver = if row.receiver.is_empty() { "whom nobody can tell" } else { &row.receiver };
        let state = row.sent_at.map_or_else(|| "not taken yet".to_owned(), |at| format!("taken at {at}"));
        let (purpose, subject, attempts) = (row.purpose.as_str(), &row.subject, row.attempts);
        println!("    {purpose} {subject} to {}, {attempts} attempt(s), {state}", without_bsn(receiver));
    }
    match body {
        None => println!("    content: hidden; --body --reason TEXT shows it, which is noted in the audit trail"),
        Some(body) => println!("    content:\n{}", tame(body)),
    }
}

/// A terminal obeys control characters, and what is parked may be anything.
fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

fn entry_json(entry: &Entry, now: Timestamp) -> Value {
    json!({
        "id": entry.message_id,
        "kind": entry.kind.map(|kind| kind.to_string()),
        "identification": entry.identificatie.as_deref().map(without_bsn),
        "sender": entry.afzender.as_deref().map(without_bsn),
        "gemeente": entry.gemeente,
        "aanbieder": entry.aanbieder,
        "received_at": entry.received_at.to_string(),
        "age_seconds": since(entry, now).as_secs(),
        "verdict": entry.verdict,
        "why": (entry.verdict == Verdict::Parked).then(|| why(entry)),
        "findings": entry.findings,
    })
}

fn known_json(known: &Known, body: Option<&str>) -> Value {
    let Known { entry, runs, resends, rows } = known;
    let mut shown = entry_json(entry, SystemClock.now());
    shown["transport"] = entry.transport.as_str().into();
    shown["delivery"] = without_bsn(&entry.transport_id).into();
    shown["level"] = entry.level.into();
    shown["runs"] = runs.iter().map(run_json).collect();
    let resend = |resend: &SentAgain| {
        let SentAgain { selection, at, by, reason } = resend;
        json!({ "selection": selection, "at": at.to_string(), "by": by, "reason": reason })
    };
    shown["resends"] = resends.iter().map(resend).collect();
    let row = |row: &OutboxRow| {
        json!({
            "id": row.id, "purpose": row.purpose.as_str(), "subject": row.subject, "receiver": without_bsn(&row.receiver),
            "attempts": row.attempts, "sent_at": row.sent_at.map(|at| at.to_string()),
        })
    };
    shown["outbox"] = rows.iter().map(row).collect();
    if let Some(body) = body {
        shown["body"] = body.into();
    }
    shown
}

fn run_json(run: &Run) -> Value {
    let rules: BTreeSet<&str> = run.findings.iter().map(|finding| finding.rule.as_str()).collect();
    json!({
        "selection": run.selection, "at": run.at.to_string(), "by": run.by, "reason": run.reason,
        "previous": run.previous.as_str(), "previous_register": run.previous_register, "verdict": run.verdict,
        "level": run.level, "rules": rules, "register": run.register_version, "took_effect": run.took_effect,
    })
}
