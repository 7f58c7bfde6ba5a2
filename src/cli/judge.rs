//! `sluis check` and `sluis replay`: the engine on files.

use super::report::Report;
use super::{Exit, complain};
use crate::clock::Clock;
use crate::contract::{ContractFacts, Contracts, Register};
use crate::decision::{Decision, Purpose, Verdict};
use crate::gateway::Needs;
use crate::ledger::{Inbox, Keys, Ledger, LedgerError, Location, Settings};
use crate::message::Date;
use crate::pipeline::{self, Context, Judged, Prepared, Readable};
use crate::rules::UnknownQuestion;
use crate::schema::Limits;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `check` and `replay` judge with.
#[derive(Debug)]
pub(super) struct Setup {
    /// Limits of level 1.
    pub limits: Limits,
    /// Registers and policies that a configuration names.
    pub contracts: Contracts,
    /// What becomes of replies to unknown messages.
    pub unknown_question: UnknownQuestion,
}

impl Setup {
    /// The standard alone, as without a configuration: what only a whole gateway can know is skipped, never passed.
    pub(super) fn standard_only() -> Setup {
        Setup { limits: Limits::default(), contracts: Contracts::default(), unknown_question: UnknownQuestion::Relay }
    }

    /// The register of the region that the message belongs to.
    pub(super) fn register_for(&self, prepared: &Prepared) -> Option<Arc<Register>> {
        let gemeente = prepared.reading.as_ref().ok()?.message.gemeente();
        self.contracts.register_for(gemeente)
    }
}

/// Options of both commands.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Judge as on this day.
    pub today: Option<Date>,
    /// One JSON object per message.
    pub json: bool,
    /// Colours in the text.
    pub colours: bool,
    /// `replay` only: where to write replies, forwards, error reports and signals.
    pub out: Option<PathBuf>,
}

/// Judges each file on its own, levels 1, 2 and what needs no ledger; writes nothing.
pub(super) fn check(setup: &Setup, options: &Options, files: &[PathBuf], clock: &dyn Clock) -> Exit {
    let mut exit = Exit::Accepted;
    for (index, file) in files.iter().enumerate() {
        if file.is_dir() {
            let name = file.display();
            exit = exit.worst(complain(&format!(
                "{name} is a folder: check takes files; `sluis replay {name}` takes it whole"
            )));
            continue;
        }
        let judged = on_file(setup, options, file, &index.to_string(), clock, |context, prepared| {
            Ok(match &prepared.reading {
                Ok(readable) => pipeline::judge(context, &prepared.source, readable, None, &ContractFacts::default()),
                Err(unreadable) => pipeline::refuse(context, unreadable),
            })
        });
        exit = exit.worst(judged.map_or_else(|exit| exit, |judged| exit_of(&judged)));
    }
    exit
}

/// Judges files one after another on a fresh ledger in memory.
pub(super) fn replay(setup: &Setup, options: &Options, paths: &[PathBuf], clock: &dyn Clock) -> Exit {
    let ledger = match open_ledger() {
        Ok(ledger) => ledger,
        Err(exit) => return exit,
    };
    let mut results = match options.out.as_deref().map(Results::into_folder).transpose() {
        Ok(results) => results,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Accepted;
    let mut count = 0_u64;
    for path in paths {
        let files = match expand(path) {
            Ok(files) => files,
            Err(error) => {
                exit = exit.worst(complain(&format!("{}: {error}", path.display())));
                continue;
            }
        };
        for file in files {
            count += 1;
            // Each file is a delivery of its own: the same bytes twice are a message sent twice.
            let transport_id = count.to_string();
            let judged = on_file(setup, options, &file, &transport_id, clock, |context, prepared| {
                on_ledger(&ledger, context, prepared, &transport_id)
            });
            let written = judged.and_then(|judged| {
                results.as_mut().map_or(Ok(()), |results| results.write(&file, &judged))?;
                Ok(exit_of(&judged))
            });
            exit = exit.worst(written.unwrap_or_else(|exit| exit));
        }
    }
    close_ledger(ledger).err().unwrap_or(exit)
}

/// A fresh ledger in memory.
pub(super) fn open_ledger() -> Result<Ledger, Exit> {
    Ledger::open(Settings { location: Location::Memory, keys: Keys::generate(), max_group: 1 })
        .map_err(|error| complain(&format!("failed to open a ledger in memory: {error}")))
}

/// Closes it; what a job left undone shows itself here.
pub(super) fn close_ledger(ledger: Ledger) -> Result<(), Exit> {
    ledger.close().map_err(|error| complain(&format!("failed to close the ledger in memory: {error}")))
}

/// The files of a path: itself, or the `*.xml` of a directory by name.
pub(super) fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.is_file() && file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Judges one file and prints the report; `Err` when that could not be done, after saying why.
fn on_file(
    setup: &Setup,
    options: &Options,
    file: &Path,
    transport_id: &str,
    clock: &dyn Clock,
    judge: impl FnOnce(Context<'_>, &Prepared) -> Result<Judged, LedgerError>,
) -> Result<Judged, Exit> {
    let name = file.display().to_string();
    let source = read(file, setup.limits.max_bytes)?;
    let prepared = pipeline::prepare(source.into(), &setup.limits);
    let day = day_of(options.today, &prepared, clock);
    let judged = under(setup, day, &prepared, transport_id, clock, |context| judge(context, &prepared))
        .map_err(|error| complain(&format!("{name}: failed to judge: {error}")))?;
    let report = Report::of(&name, &prepared, &judged);
    let text = if options.json { format!("{}\n", report.json()) } else { report.text(&prepared, options.colours) };
    print(&text)?;
    Ok(judged)
}

/// The day of judging: the one given, or that of the message; of what cannot be read, today.
pub(super) fn day_of(given: Option<Date>, prepared: &Prepared, clock: &dyn Clock) -> Date {
    let own_day = || Some(prepared.reading.as_ref().ok()?.message.header.identificatie.dagtekening);
    given.or_else(own_day).unwrap_or_else(|| clock.today())
}

/// Judges a message under a setup, as on a day.
pub(super) fn under(
    setup: &Setup,
    today: Date,
    prepared: &Prepared,
    transport_id: &str,
    clock: &dyn Clock,
    judge: impl FnOnce(Context<'_>) -> Result<Judged, LedgerError>,
) -> Result<Judged, LedgerError> {
    let reply_id = pipeline::reply_identification(&prepared.digest, transport_id);
    let register = setup.register_for(prepared);
    judge(Context {
        now: clock.now(),
        today,
        gateway: "sluis",
        reply_id: &reply_id,
        register: register.as_deref(),
        policies: &setup.contracts.policies,
        unknown_question: setup.unknown_question,
    })
}

fn exit_of(judged: &Judged) -> Exit {
    match judged.decision.verdict {
        Verdict::Accepted => Exit::Accepted,
        Verdict::Rejected | Verdict::Partly | Verdict::Held | Verdict::Parked => Exit::Rejected,
    }
}

/// Writes to standard output. A reader that has seen enough and went away does not stop the work.
pub(super) fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(complain(&format!("failed to write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Reads a file, but never more than one byte over the limit: the limit then speaks at level 1.
pub(super) fn read(file: &Path, max_bytes: usize) -> Result<Vec<u8>, Exit> {
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut source = Vec::new();
    fs::File::open(file)
        .and_then(|file| file.take(limit).read_to_end(&mut source))
        .map_err(|error| complain(&format!("{}: cannot be read: {error}", file.display())))?;
    Ok(source)
}

fn on_ledger(
    ledger: &Ledger,
    context: Context<'_>,
    prepared: &Prepared,
    transport_id: &str,
) -> Result<Judged, LedgerError> {
    let judged = judge_on(ledger, context, prepared)?;
    let own = judged.answers.iter().map(|own| (own.bytes.clone(), own.decision.clone())).collect();
    store(ledger, context.now, prepared, transport_id, judged.decision.clone(), own)?;
    Ok(judged)
}

/// Judges a message by what the ledger holds; stores nothing.
pub(super) fn judge_on(ledger: &Ledger, context: Context<'_>, prepared: &Prepared) -> Result<Judged, LedgerError> {
    Ok(match &prepared.reading {
        Ok(readable) => {
            let (facts, contract_facts) = load(ledger, context.register, readable)?;
            pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts)
        }
        Err(unreadable) => pipeline::refuse(context, unreadable),
    })
}

/// Stores a message with what was decided on it, and after it what the gateway sends of its own because of it.
pub(super) fn store(
    ledger: &Ledger,
    received_at: Timestamp,
    prepared: &Prepared,
    transport_id: &str,
    decision: Decision,
    own: Vec<(Vec<u8>, Decision)>,
) -> Result<(), LedgerError> {
    let inbox = Inbox {
        transport: "replay".to_owned(),
        transport_id: transport_id.to_owned(),
        digest: prepared.digest,
        received_at,
        bytes: prepared.source.to_vec(),
        mentioned: None,
    };
    let own: Vec<(Inbox, Decision)> = own
        .into_iter()
        .map(|(bytes, decision)| (Inbox::new(crate::gateway::OWN, transport_id, received_at, bytes), decision))
        .collect();
    ledger.run_blocking(move |tx| {
        tx.store(&inbox, &decision)?;
        own.iter().try_for_each(|(inbox, decision)| tx.store(inbox, decision).map(|_| ()))
    })
}

fn load(
    ledger: &Ledger,
    register: Option<&Register>,
    readable: &Readable,
) -> Result<(crate::rules::facts::Facts, ContractFacts), LedgerError> {
    let needs = Needs::of(&readable.message, register);
    ledger.run_blocking(move |tx| needs.look_up(tx, None))
}

/// What follows from each message, as files beside its name (design, section 5).
struct Results {
    folder: PathBuf,
    names: BTreeSet<String>,
}

/// Everything that a message can leave in the folder.
const RESULTS: [&str; 4] = ["reply.xml", "forward.xml", "error.json", "signals.json"];

impl Results {
    fn into_folder(folder: &Path) -> Result<Results, Exit> {
        fs::create_dir_all(folder)
            .map_err(|error| complain(&format!("failed to create {}: {error}", folder.display())))?;
        Ok(Results { folder: folder.to_owned(), names: BTreeSet::new() })
    }

    fn write(&mut self, file: &Path, judged: &Judged) -> Result<(), Exit> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !self.names.insert(stem.clone()) {
            let (file, results) = (file.display(), self.folder.join(format!("{stem}.*")));
            let results = results.display();
            eprintln!("sluis: {file}: its results replace those of an earlier message of that name, {results}");
        }
        self.replace(&stem, judged).map_err(|error| {
            complain(&format!(
                "failed to write the results of {} to {}: {error}",
                file.display(),
                self.folder.display()
            ))
        })
    }

    /// What an earlier run left under this name would pass for the outcome of this one, so it goes first.
    fn replace(&self, stem: &str, judged: &Judged) -> io::Result<()> {
        let path = |suffix: &str| self.folder.join(format!("{stem}.{suffix}"));
        for suffix in RESULTS {
            match fs::remove_file(path(suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if let Some(reply) = &judged.owed_reply {
            fs::write(path("reply.xml"), &reply.body)?;
        }
        for outgoing in &judged.decision.outgoing {
            match outgoing.purpose {
                Purpose::Forward => fs::write(path("forward.xml"), &outgoing.body)?,
                Purpose::Error => fs::write(path("error.json"), &outgoing.body)?,
                Purpose::Reply | Purpose::Signal => {}
            }
        }
        if judged.decision.identity.is_some() {
            fs::write(path("signals.json"), serde_json::to_vec_pretty(&judged.decision.signals)?)?;
        }
        Ok(())
    }
}
