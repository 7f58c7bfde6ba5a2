//! `sluis replay-stored`: selections of stored messages, and the orders about them. Beside a running gateway an order is
//! left in the ledger for that one to carry out; without one it is carried out here.

use super::held::{self, LOOK_AGAIN, PATIENCE};
use super::{Exit, WithConfig, read};
use crate::clock::{Clock, SystemClock, start_of_dutch_day};
use crate::config::Config;
use crate::hold::check_words;
use crate::ledger::{Given, Keys, LARGEST_SELECTION, Ledger, Selection, SelectionMember, Settings, Target};
use crate::message::{Date, Kind, Party};
use crate::replay::{Choice, Intent, Replay, Standing};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Instant;

/// Members that are named one by one before `show` is left to name them.
const NAMED: u32 = 20;
/// Members that are read at once.
const PAGE: u32 = 1_000;
/// Jobs that share a commit while no gateway runs.
const GROUP: usize = 64;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ReplayStored {
    #[command(subcommand)]
    command: Option<ReplayCommand>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, Subcommand)]
enum ReplayCommand {
    /// The selections, the latest first
    List {
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON list
        #[arg(long)]
        json: bool,
    },
    /// One selection with each of its members and what became of it
    Show {
        /// Number of the selection
        selection: i64,
        #[command(flatten)]
        config: WithConfig,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
#[derive(Debug, Args)]
struct Asked {
    #[command(flatten)]
    config: WithConfig,
    #[command(flatten)]
    chosen: Chosen,
    /// Write the selection down and print its number; without it only how many messages it would hold
    #[arg(long)]
    freeze: bool,
    /// Carry out this selection, with --resend or --judge
    #[arg(long, value_name = "N", conflicts_with_all = ["freeze", "Chosen"])]
    selection: Option<i64>,
    /// Let what left because of the messages leave again: the same bytes under the same id; nothing is judged
    #[arg(long, conflicts_with = "judge")]
    resend: bool,
    /// With --resend: also what was sent again before
    #[arg(long, requires = "resend")]
    again: bool,
    /// Judge the messages by the rules, the register and the facts of now. Only what nobody has an answer to becomes what
    /// it is judged to be: parked, unreadable or waiting messages; of all others the difference is told and nothing changes
    #[arg(long)]
    judge: bool,
    /// Why; it stays in the audit trail, so it must name no client by number
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who; otherwise the login
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, Args)]
#[group(id = "Chosen", multiple = true)]
struct Chosen {
    /// Messages with these numbers
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    ids: Option<Vec<i64>>,
    /// Messages of this kind, e.g. WMO323
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// Messages that are accepted, rejected, partly, held, parked or waiting
    #[arg(long, value_name = "VERDICT", value_parser = standing)]
    verdict: Option<Standing>,
    /// Messages that came in on this day or later; a day (YYYY-MM-DD) or a moment (2026-03-10T09:00:00Z)
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<Timestamp>,
    /// Messages that came in on this day or earlier; a moment is left out itself
    #[arg(long, value_name = "WHEN", value_parser = until)]
    until: Option<Timestamp>,
    /// Messages of this municipality
    #[arg(long, value_name = "CODE")]
    gemeente: Option<String>,
    /// Messages of this provider
    #[arg(long, value_name = "AGB")]
    aanbieder: Option<String>,
    /// Messages that broke this rule; XSD stands for level 1
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
}

impl Chosen {
    fn choice(self) -> Choice {
        let ids = self.ids.map(|mut ids| {
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        Choice {
            ids,
            kind: self.kind,
            standing: self.verdict,
            since: self.since,
            until: self.until,
            gemeente: self.gemeente.as_deref().map(Party::from),
            aanbieder: self.aanbieder.as_deref().map(Party::from),
            rule: self.rule.map(|rule| rule.to_ascii_uppercase()),
        }
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| "no kind of the standard; one is WMO301 … JW325".to_owned())
}

fn standing(text: &str) -> Result<Standing, String> {
    Standing::parse(text).ok_or_else(|| "one of accepted, rejected, partly, held, parked and waiting".to_owned())
}

fn since(text: &str) -> Result<Timestamp, String> {
    moment(text, Some)
}

fn until(text: &str) -> Result<Timestamp, String> {
    moment(text, |day| day.tomorrow().ok())
}

/// A moment, or the one at which a day in the Netherlands begins; `edge` says which day that is.
fn moment(text: &str, edge: impl Fn(Date) -> Option<Date>) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == "2026-03-10".len());
    day.and_then(edge)
        .and_then(start_of_dutch_day)
        .ok_or_else(|| "a day such as 2026-03-10, or a moment such as 2026-03-10T09:00:00Z".to_owned())
}

/// Runs the command.
pub(super) fn run(command: ReplayStored) -> Exit {
    let with = |config: &WithConfig, run: &dyn Fn(&Config) -> anyhow::Result<Exit>| {
        super::load_config(&config.config).map_or_else(|exit| exit, |config| finish(run(&config)))
    };
    match command.command {
        Some(ReplayCommand::List { config, json }) => with(&config, &|config| list(config, json)),
        Some(ReplayCommand::Show { selection, config, json }) => with(&config, &|config| show(config, selection, json)),
        None => asked(command.asked),
    }
}

fn finish(run: anyhow::Result<Exit>) -> Exit {
    run.unwrap_or_else(|error| complain(&[format!("{error:#}")]))
}

fn asked(asked: Asked) -> Exit {
    let Asked { config, chosen, freeze: freezes, selection, resend, again, judge, reason, by } = asked;
    let config = match super::load_config(&config.config) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let by = match (freezes || selection.is_some(), who(by)) {
        (true, Err(fault)) => return complain(&[fault]),
        (_, by) => by.unwrap_or_default(),
    };
    let Some(selection) = selection else {
        let choice = chosen.choice();
        let mut faults = choice.faults();
        if resend || judge || reason.is_some() {
            faults.push(
                "--resend, --judge and --reason are about a selection: make one with --freeze, look at it, and name it with \
                 --selection"
                    .to_owned(),
            );
        }
        if !faults.is_empty() {
            return complain(&faults);
        }
        return finish(choose(&config, &choice, freezes.then_some(by.as_str())));
    };
    let mut faults = Vec::new();
    if !resend && !judge {
        faults.push("say what is to be done with the selection: --resend or --judge".to_owned());
    }
    let reason = reason.unwrap_or_else(|| {
        faults.push("say why, in a few words: --reason TEXT".to_owned());
        "-".to_owned()
    });
    faults.extend(check_words("reason", &reason).err());
    if !faults.is_empty() {
        return complain(&faults);
    }
    let intent = if resend { Intent::Resend } else { Intent::Judge };
    let replay = Replay { intent, again, reason, by };
    finish(carry_out(&config, move |ledger| order(ledger, selection, &replay)))
}

/// Who gives an order: the name given, or the login.
pub(super) fn who(by: Option<String>) -> Result<String, String> {
    let by = by.or_else(super::user).ok_or("nobody knows who asks: name yourself with --by")?;
    check_words("name", &by).map(|()| by)
}

/// Prints how many messages a choice holds, and freezes them when somebody wants that.
fn choose(config: &Config, choice: &Choice, freeze_by: Option<&str>) -> anyhow::Result<Exit> {
    let (wanted, ids) = (choice.clone(), choice.ids.clone().unwrap_or_default());
    let (targets, unknown) = read(config, move |tx| Ok((tx.chosen(&wanted)?, tx.unknown_messages(&ids)?)))?;
    if !unknown.is_empty() {
        let named: Vec<String> = unknown.iter().map(i64::to_string).collect();
        println!("there is no message {}; nothing was selected", named.join(", "));
        return Ok(Exit::Rejected);
    }
    if targets.is_empty() {
        println!("no message is {choice}; nothing was selected");
        return Ok(Exit::Rejected);
    }
    if targets.len() > LARGEST_SELECTION {
        println!(
            "more than {LARGEST_SELECTION} messages are {choice}; nothing was selected: part them, by --since and --until \
             for one"
        );
        return Ok(Exit::Rejected);
    }
    let count = targets.len();
    let Some(by) = freeze_by else {
        println!("{count} message(s): {choice}");
        let named: Vec<String> = targets.iter().take(NAMED as usize).map(|target| name(*target)).collect();
        println!("    {}{}", named.join(", "), if count > named.len() { " …" } else { "" });
        println!("nothing was written; --freeze makes a selection of them");
        return Ok(Exit::Accepted);
    };
    let (text, by, now) = (choice.to_string(), by.to_owned(), SystemClock.now());
    let id = write(config, move |ledger| Ok(ledger.run_blocking(move |tx| tx.freeze(&text, &targets, &by, now))?))?;
    println!("selection {id}: {count} message(s), {choice}");
    println!("    sluis replay-stored --selection {id} --resend --reason TEXT, or --judge instead of --resend");
    Ok(Exit::Accepted)
}

/// What placing an order came to.
pub(super) enum Placed {
    /// This selection is to be carried out now.
    Ordered(i64),
    /// There is nothing to carry out; it was said why.
    Settled(Exit),
}

fn order(ledger: &Ledger, id: i64, replay: &Replay) -> anyhow::Result<Placed> {
    let (own, now) = (replay.clone(), SystemClock.now());
    let (ordered, selection) =
        ledger.run_blocking(move |tx| Ok((tx.order_replay(id, &own, now)?, tx.selection(id)?)))?;
    let given = selection.as_ref().and_then(|selection| selection.ordered.as_ref());
    let (Some(selection), Some(Given { replay: own, at, done_at })) = (&selection, given) else {
        println!("there is no selection {id}; `sluis replay-stored list` names those that there are");
        return Ok(Placed::Settled(Exit::Rejected));
    };
    if ordered {
        return Ok(Placed::Ordered(id));
    }
    let (by, reason, intent) = (&own.by, &own.reason, own.intent.as_str());
    if own.intent != replay.intent {
        println!(
            "selection {id} is for --{intent}, ordered at {at} by {by}: {reason}. A selection has one intent; freeze another \
             for --{}",
            replay.intent.as_str()
        );
        return Ok(Placed::Settled(Exit::Rejected));
    }
    if done_at.is_none() {
        println!("selection {id} was ordered at {at} by {by}: {reason}; this goes on with what is left of it");
        return Ok(Placed::Ordered(id));
    }
    println!("selection {id} was carried out before, ordered at {at} by {by}: {reason}. Nothing is done twice");
    println!("    {}", outcomes(selection));
    Ok(Placed::Settled(Exit::Accepted))
}

/// Places an order and sees to it that it is carried out: by the gateway that runs, or here. 0 when all is well, 1 when
/// something is left for a person.
pub(super) fn carry_out(
    config: &Config,
    place: impl FnOnce(&Ledger) -> anyhow::Result<Placed>,
) -> anyhow::Result<Exit> {
    with_ledger(config, |ledger, is_alone| match place(ledger)? {
        Placed::Settled(exit) => Ok(exit),
        Placed::Ordered(id) => {
            if is_alone {
                work(config, ledger)?;
            } else {
                wait(ledger, id)?;
            }
            told(ledger, id)
        }
    })
}

/// Carries out all that is ordered, by the gateway's own code.
fn work(config: &Config, ledger: &Ledger) -> anyhow::Result<()> {
    let gateway = held::gateway(config, ledger)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("failed to start the runtime")?;
    runtime.block_on(async {
        while gateway.carry_out_replays().await? > 0 {}
        Ok(())
    })
}

/// Waits for the gateway as long as it gets on with it.
fn wait(ledger: &Ledger, id: i64) -> anyhow::Result<()> {
    let (mut since, mut done) = (Instant::now(), 0);
    while since.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_AGAIN);
        let Some(selection) = ledger.run_blocking(move |tx| tx.selection(id))? else { return Ok(()) };
        if is_done(&selection) {
            return Ok(());
        }
        let now_done = selection.outcomes.values().sum();
        if now_done > done {
            (since, done) = (Instant::now(), now_done);
        }
    }
    Ok(())
}

fn is_done(selection: &Selection) -> bool {
    selection.ordered.as_ref().is_some_and(|given| given.done_at.is_some())
}

/// Prints what became of a selection.
fn told(ledger: &Ledger, id: i64) -> anyhow::Result<Exit> {
    let (selection, members) =
        ledger.run_blocking(move |tx| Ok((tx.selection(id)?, tx.selection_members(id, 0, NAMED + 1)?)))?;
    let selection = selection.context("the selection is gone")?;
    if members.len() <= NAMED as usize {
        print_members(&members);
    }
    println!("selection {id}: {}", outcomes(&selection));
    if !is_done(&selection) {
        println!(
            "the gateway got no further within {} s; the order stays in the ledger and is carried out as soon as the gateway \
             gets to it. Look at `sluis replay-stored show {id}` and at the log of the gateway",
            PATIENCE.as_secs()
        );
        return Ok(Exit::Rejected);
    }
    if members.len() > NAMED as usize {
        println!("    sluis replay-stored show {id} names each");
    }
    let is_well = selection.outcomes.keys().all(|outcome| outcome.is_well());
    Ok(if is_well { Exit::Accepted } else { Exit::Rejected })
}

fn list(config: &Config, as_json: bool) -> anyhow::Result<Exit> {
    let selections = read(config, |tx| tx.selections())?;
    if as_json {
        println!("{}", Value::from(selections.iter().map(selection_json).collect::<Vec<_>>()));
    } else if selections.is_empty() {
        println!("There are no selections.");
    } else {
        for selection in &selections {
            println!("{}", headline(selection));
        }
    }
    Ok(Exit::Accepted)
}

fn show(config: &Config, id: i64, as_json: bool) -> anyhow::Result<Exit> {
    let Some(selection) = read(config, move |tx| tx.selection(id))? else {
        println!("there is no selection {id}; `sluis replay-stored list` names those that there are");
        return Ok(Exit::Rejected);
    };
    let members = read(config, move |tx| {
        let mut members: Vec<SelectionMember> = Vec::new();
        loop {
            let after = members.last().map_or(0, |member| member.position);
            let page = tx.selection_members(id, after, PAGE)?;
            if page.is_empty() {
                return Ok(members);
            }
            members.extend(page);
        }
    })?;
    if as_json {
        let mut shown = selection_json(&selection);
        shown["list"] = members.iter().map(member_json).collect();
        println!("{shown}");
    } else {
        println!("{}", headline(&selection));
        print_members(&members);
    }
    Ok(Exit::Accepted)
}

fn headline(selection: &Selection) -> String {
    let Selection { id, made_at, made_by, chosen, members, ordered, .. } = selection;
    let made = format!("{id}  {members} message(s), {chosen}; made at {made_at} by {made_by}");
    let Some(Given { replay, at, done_at }) = ordered else { return format!("{made}\n    nothing was ordered") };
    let again = if replay.again { " --again" } else { "" };
    let (intent, by, reason) = (replay.intent.as_str(), &replay.by, &replay.reason);
    let state = done_at.map_or_else(|| "under way".to_owned(), |done_at| format!("done at {done_at}"));
    format!("{made}\n    --{intent}{again} ordered at {at} by {by}: {reason}\n    {state}: {}", outcomes(selection))
}

fn outcomes(selection: &Selection) -> String {
    let done: u64 = selection.outcomes.values().sum();
    let mut parts: Vec<String> =
        selection.outcomes.iter().map(|(outcome, count)| format!("{count} {}", outcome.as_str())).collect();
    if done < selection.members {
        parts.push(format!("{} to be done", selection.members - done));
    }
    parts.join(", ")
}

fn print_members(members: &[SelectionMember]) {
    for member in members {
        println!("{}", line(member));
    }
}

fn line(member: &SelectionMember) -> String {
    let what = member.done.as_ref().map_or("to be done", |done| done.answer.as_str());
    format!("{}: {what}", name(member.target))
}

fn name(target: Target) -> String {
    match target {
        Target::Message(id) => format!("message {id}"),
        Target::Waiting(id) => format!("waiting {id}"),
    }
}

fn selection_json(selection: &Selection) -> Value {
    let outcomes: serde_json::Map<String, Value> =
        selection.outcomes.iter().map(|(outcome, count)| (outcome.as_str().to_owned(), (*count).into())).collect();
    let ordered = selection.ordered.as_ref().map(|Given { replay, at, done_at }| {
        json!({
            "intent": replay.intent.as_str(), "again": replay.again, "reason": replay.reason, "by": replay.by,
            "at": at.to_string(), "done_at": done_at.map(|at| at.to_string()),
        })
    });
    json!({
        "id": selection.id,
        "made_at": selection.made_at.to_string(),
        "by": selection.made_by,
        "chosen": selection.chosen,
        "members": selection.members,
        "ordered": ordered,
        "outcomes": outcomes,
    })
}

fn member_json(member: &SelectionMember) -> Value {
    let (sort, id) = match member.target {
        Target::Message(id) => ("message", id),
        Target::Waiting(id) => ("waiting", id),
    };
    let done = member.done.as_ref();
    json!({
        "position": member.position,
        sort: id,
        "outcome": done.map(|done| done.outcome.as_str()),
        "answer": done.map(|done| &done.answer),
        "at": done.map(|done| done.at.to_string()),
    })
}

/// Writes into the ledger, beside a gateway that runs or without one.
pub(super) fn write<T>(config: &Config, work: impl FnOnce(&Ledger) -> anyhow::Result<T>) -> anyhow::Result<T> {
    with_ledger(config, |ledger, _| work(ledger))
}

/// `work` hears whether no gateway runs: then none can start before it is done.
fn with_ledger<T>(config: &Config, work: impl FnOnce(&Ledger, bool) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let location = &config.ledger.location;
    let keys = Keys::load(&config.ledger.key_file)?;
    let lock = match location.file() {
        // Any of the gateways on a server carries it out.
        None => None,
        // A lock on a ledger that is not there would make a folder look like one that is in use.
        Some(path) => {
            anyhow::ensure!(path.exists(), "there is no ledger {location}; check the path in [ledger]");
            crate::app::try_lock(path)?
        }
    };
    let ledger = match &lock {
        None => Ledger::open_beside(location, keys)?,
        Some(_) => Ledger::open(Settings { location: location.clone(), keys, max_group: GROUP })?,
    };
    let done = work(&ledger, lock.is_some())?;
    ledger.close()?;
    drop(lock);
    Ok(done)
}

/// Prints faults of what was asked; nothing was done.
pub(super) fn complain(faults: &[String]) -> Exit {
    for fault in faults {
        eprintln!("sluis: {fault}");
    }
    Exit::Usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_in_the_netherlands_and_its_end_belongs_to_it() {
        let of = |text: &str| text.parse::<Timestamp>().expect("a moment");
        assert_eq!(since("2026-03-10"), Ok(of("2026-03-09T23:00:00Z")));
        assert_eq!(until("2026-03-10"), Ok(of("2026-03-10T23:00:00Z")));
        // The day on which summer time begins has 23 hours.
        assert_eq!(since("2026-03-29"), Ok(of("2026-03-28T23:00:00Z")));
        assert_eq!(until("2026-03-29"), Ok(of("2026-03-29T22:00:00Z")));
        assert_eq!(until("2026-03-10T09:00:00Z"), Ok(of("2026-03-10T09:00:00Z")));
        for wrong in ["", "10-03-2026", "2026-02-30", "2026-03", "2026-03-10T09:00", "yesterday", "9999-12-31"] {
            let both = (since(wrong), until(wrong));
            assert!(both.1.is_err() && (both.0.is_err() || wrong.starts_with("9999")), "{wrong}: {both:?}");
        }
    }
}
