//! `sluis check` and `sluis replay`: the engine on files.

use super::Exit;
use super::report::Report;
use crate::clock::Clock;
use crate::contract::{ContractFacts, Contracts, Register};
use crate::decision::{Purpose, Verdict};
use crate::ledger::{Inbox, Keys, Ledger, LedgerError, Settings};
use crate::message::Date;
use crate::pipeline::{self, Context, Judged, Prepared, Readable};
use crate::schema::Limits;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What `check` and `replay` judge with.
#[derive(Debug, Default)]
pub(super) struct Setup {
    /// Limits of level 1.
    pub limits: Limits,
    /// Registers and policies that a configuration names.
    pub contracts: Contracts,
}

/// Options of both commands.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Judge as on this day.
    pub today: Option<Date>,
    /// One JSON object per message.
    pub json: bool,
    /// `replay` only: where to write replies, forwards, error reports and signals.
    pub out: Option<PathBuf>,
}

/// Judges each file on its own, levels 1, 2 and what needs no ledger; writes nothing.
pub(super) fn check(setup: &Setup, options: &Options, files: &[PathBuf], clock: &dyn Clock) -> Exit {
    let mut exit = Exit::Accepted;
    for file in files {
        exit = exit.worst(on_file(setup, options, file, clock, |context, prepared| match &prepared.reading {
            Ok(readable) => Ok(pipeline::judge(context, &prepared.source, readable, None, &ContractFacts::default())),
            Err(unreadable) => Ok(pipeline::refuse(context, unreadable)),
        }));
    }
    exit
}

/// Judges files one after another on a fresh ledger in memory.
pub(super) fn replay(setup: &Setup, options: &Options, paths: &[PathBuf], clock: &dyn Clock) -> Exit {
    let ledger = match Ledger::open(Settings { path: None, keys: Keys::generate(), max_group: 1 }) {
        Ok(ledger) => ledger,
        Err(error) => return complain(&format!("failed to open a ledger in memory: {error}")),
    };
    if let Some(out) = &options.out
        && let Err(error) = fs::create_dir_all(out)
    {
        return complain(&format!("failed to create {}: {error}", out.display()));
    }
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
            exit = exit.worst(on_file(setup, options, &file, clock, |context, prepared| {
                on_ledger(&ledger, context, prepared, &transport_id)
            }));
        }
    }
    if let Err(error) = ledger.close() {
        return complain(&format!("failed to close the ledger in memory: {error}"));
    }
    exit
}

/// The files of a path: itself, or the `*.xml` of a directory by name.
fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
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

fn on_file(
    setup: &Setup,
    options: &Options,
    file: &Path,
    clock: &dyn Clock,
    judge: impl FnOnce(Context<'_>, &Prepared) -> Result<Judged, LedgerError>,
) -> Exit {
    let name = file.display().to_string();
    let source = match read(file, setup.limits.max_bytes) {
        Ok(source) => source,
        Err(error) => return complain(&format!("{name}: cannot be read: {error}")),
    };
    let prepared = pipeline::prepare(source.into(), &setup.limits);
    let own_day = prepared.reading.as_ref().ok().map(|readable| readable.message.header.identificatie.dagtekening);
    let reply_id = pipeline::reply_identification(&prepared.digest, &name);
    let gemeente = prepared.reading.as_ref().ok().map(|readable| readable.message.gemeente());
    let register = gemeente.and_then(|gemeente| setup.contracts.register_for(gemeente));
    let context = Context {
        now: clock.now(),
        today: options.today.or(own_day).unwrap_or_else(|| clock.today()),
        gateway: "sluis",
        reply_id: &reply_id,
        register: register.as_deref(),
        policies: &setup.contracts.policies,
    };
    let judged = match judge(context, &prepared) {
        Ok(judged) => judged,
        Err(error) => return complain(&format!("{name}: failed to judge: {error}")),
    };
    let report = Report::of(&name, &prepared, &judged);
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.text(&prepared.source));
    }
    if let Some(out) = &options.out
        && let Err(error) = write_results(out, file, &judged)
    {
        return complain(&format!("failed to write the results of {name} to {}: {error}", out.display()));
    }
    match judged.decision.verdict {
        Verdict::Accepted => Exit::Accepted,
        Verdict::Rejected | Verdict::Partly | Verdict::Held | Verdict::Parked => Exit::Rejected,
    }
}

/// Reads a file, but never more than one byte over the limit: the limit then speaks at level 1.
fn read(file: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut source = Vec::new();
    fs::File::open(file)?.take(limit).read_to_end(&mut source)?;
    Ok(source)
}

fn on_ledger(
    ledger: &Ledger,
    context: Context<'_>,
    prepared: &Prepared,
    transport_id: &str,
) -> Result<Judged, LedgerError> {
    let inbox = Inbox {
        transport: "replay".to_owned(),
        transport_id: transport_id.to_owned(),
        digest: prepared.digest,
        received_at: context.now,
        bytes: prepared.source.to_vec(),
    };
    let judged = match &prepared.reading {
        Ok(readable) => {
            let (facts, contract_facts) = load(ledger, context.register, readable)?;
            pipeline::judge(context, &prepared.source, readable, Some(&facts), &contract_facts)
        }
        Err(unreadable) => pipeline::refuse(context, unreadable),
    };
    let decision = judged.decision.clone();
    ledger.run_blocking(move |tx| tx.store(&inbox, &decision).map(|_| ()))?;
    Ok(judged)
}

fn load(
    ledger: &Ledger,
    register: Option<&Register>,
    readable: &Readable,
) -> Result<(crate::rules::facts::Facts, ContractFacts), LedgerError> {
    let message = &readable.message;
    let (request, contract_request) = pipeline::requests(message, register);
    let (law, gemeente) = (message.kind.law, message.gemeente().clone());
    ledger.run_blocking(move |tx| Ok((tx.facts(&request)?, tx.contract_facts(law, &gemeente, &contract_request)?)))
}

/// Writes what follows from a message beside its name (design, section 5).
fn write_results(out: &Path, file: &Path, judged: &Judged) -> io::Result<()> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let write = |suffix: &str, bytes: &[u8]| fs::write(out.join(format!("{stem}.{suffix}")), bytes);
    if let Some(reply) = &judged.owed_reply {
        write("reply.xml", &reply.body)?;
    }
    for outgoing in &judged.decision.outgoing {
        match outgoing.purpose {
            Purpose::Forward => write("forward.xml", &outgoing.body)?,
            Purpose::Error => write("error.json", &outgoing.body)?,
            Purpose::Reply | Purpose::Signal => {}
        }
    }
    if judged.decision.identity.is_some() {
        let signals = serde_json::to_vec_pretty(&judged.decision.signals)?;
        write("signals.json", &signals)?;
    }
    Ok(())
}

fn complain(text: &str) -> Exit {
    eprintln!("sluis: {text}");
    Exit::Usage
}
