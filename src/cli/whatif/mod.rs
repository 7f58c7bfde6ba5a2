//! `sluis replay --against`: the same messages under two configurations, and what differs.

mod csv;
mod json;
mod text;

use super::judge::{self, Setup, print};
use super::{Exit, complain};
use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError};
use crate::message::Date;
use crate::pipeline::{self, Prepared};
use crate::whatif::{Change, Comparison, Outcome, Pair, Subject, Summary, Table};
use csv::Csv;
use std::io;
use std::path::{Path, PathBuf};

/// What is asked of a comparison.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// Judge as on this day.
    pub today: Option<Date>,
    /// One JSON object instead of text.
    pub json: bool,
    /// Folder for the figures.
    pub csv: Option<&'a Path>,
}

/// Judges files one after another under two setups, each with a fresh ledger of its own, and prints what differs.
pub(super) fn run(
    names: Pair<&Path>,
    setups: &Pair<Setup>,
    options: &Options<'_>,
    paths: &[PathBuf],
    clock: &dyn Clock,
) -> Exit {
    match compare(names, setups, options, paths, clock) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn compare(
    names: Pair<&Path>,
    setups: &Pair<Setup>,
    options: &Options<'_>,
    paths: &[PathBuf],
    clock: &dyn Clock,
) -> Result<Exit, Exit> {
    let bench = Bench { setups, ledgers: Pair { old: judge::open_ledger()?, new: judge::open_ledger()? }, clock };
    let mut comparison = Comparison::of(setups.as_ref().map(|setup| setup.contracts.clone()));
    let mut pages = Pages::open(options)?;
    pages.begin(names, setups)?;
    let mut exit = Exit::Accepted;
    let mut count = 0_u64;
    for path in paths {
        let files = match judge::expand(path) {
            Ok(files) => files,
            Err(error) => {
                exit = exit.worst(complain(&format!("{}: {error}", path.display())));
                continue;
            }
        };
        for file in files {
            count += 1;
            match bench.judge(&file, &count.to_string(), options.today) {
                Ok((subject, day, outcomes)) => {
                    if let Some(change) = comparison.add(&subject, day, &outcomes) {
                        pages.change(&subject, &change)?;
                    }
                }
                Err(told) => exit = exit.worst(told),
            }
        }
    }
    let summary = comparison.summary();
    pages.end(&summary, &comparison.tables())?;
    judge::close_ledger(bench.ledgers.old)?;
    judge::close_ledger(bench.ledgers.new)?;
    Ok(exit.worst(if summary.differs { Exit::Rejected } else { Exit::Accepted }))
}

/// Two setups with a ledger each.
struct Bench<'a> {
    setups: &'a Pair<Setup>,
    ledgers: Pair<Ledger>,
    clock: &'a dyn Clock,
}

impl Bench<'_> {
    /// Judges a file under both; `Err` when that could not be done, after saying why.
    fn judge(
        &self,
        file: &Path,
        transport_id: &str,
        today: Option<Date>,
    ) -> Result<(Subject, Date, Pair<Outcome>), Exit> {
        let name = file.display().to_string();
        let limits = self.setups.as_ref().map(|setup| setup.limits);
        let source = judge::read(file, limits.old.max_bytes.max(limits.new.max_bytes))?;
        let source = std::sync::Arc::<[u8]>::from(source);
        let old = pipeline::prepare(source.clone(), &limits.old);
        // Reading is half of the work, and nearly always the same.
        let new = limits.differs().then(|| pipeline::prepare(source, &limits.new));
        let prepared = Pair { old: &old, new: new.as_ref().unwrap_or(&old) };
        let read = if prepared.old.reading.is_ok() { prepared.old } else { prepared.new };
        let subject = Subject::of(&name, read);
        let day = judge::day_of(today, read, self.clock);
        let judge = |side: &str, setup: &Setup, ledger: &Ledger, prepared: &Prepared| {
            self.outcome(&subject, day, (setup, ledger), prepared, transport_id).map_err(|error| {
                complain(&format!("{name}: failed to judge under the {side} configuration, so not compared: {error}"))
            })
        };
        // Both sides judge, whatever became of the other: their ledgers hold the same messages.
        let old = judge("old", &self.setups.old, &self.ledgers.old, prepared.old);
        let new = judge("new", &self.setups.new, &self.ledgers.new, prepared.new);
        Ok((subject, day, Pair { old: old?, new: new? }))
    }

    fn outcome(
        &self,
        subject: &Subject,
        day: Date,
        (setup, ledger): (&Setup, &Ledger),
        prepared: &Prepared,
        transport_id: &str,
    ) -> Result<Outcome, LedgerError> {
        let mut judged = judge::under(setup, day, prepared, transport_id, self.clock, |context| {
            judge::judge_on(ledger, context, prepared)
        })?;
        let outcome = Outcome::of(&judged, subject, setup.register_for(prepared).as_deref());
        // Nothing is sent from here, and what would leave is most of what a ledger holds.
        judged.decision.outgoing.clear();
        let own = judged.answers.into_iter().map(|own| {
            let mut decision = own.decision;
            decision.outgoing.clear();
            (own.bytes, decision)
        });
        judge::store(ledger, self.clock.now(), prepared, transport_id, judged.decision, own.collect())?;
        Ok(outcome)
    }
}

/// Where a comparison is written while it is made: nothing waits for the end but the figures.
struct Pages {
    json: bool,
    csv: Option<(PathBuf, Csv)>,
    changes: u64,
}

impl Pages {
    fn open(options: &Options<'_>) -> Result<Pages, Exit> {
        let csv = options.csv.map(|folder| {
            let csv = Csv::into_folder(folder).map_err(|error| cannot_write(folder, &error))?;
            Ok((folder.to_owned(), csv))
        });
        Ok(Pages { json: options.json, csv: csv.transpose()?, changes: 0 })
    }

    fn begin(&self, names: Pair<&Path>, setups: &Pair<Setup>) -> Result<(), Exit> {
        let sides = names.zip(setups.as_ref()).map(|(name, setup)| Side::of(name, setup));
        print(&if self.json { json::beginning(&sides) } else { text::beginning(&sides) })
    }

    fn change(&mut self, subject: &Subject, change: &Change) -> Result<(), Exit> {
        self.changes += 1;
        if let Some((folder, csv)) = &mut self.csv {
            csv.change(subject, change).map_err(|error| cannot_write(folder, &error))?;
        }
        if self.json {
            let separator = if self.changes == 1 { "\n" } else { ",\n" };
            return print(&format!("{separator}{}", json::change(subject, change)));
        }
        print(&text::change(subject, change))
    }

    fn end(self, summary: &Summary, tables: &[Table]) -> Result<(), Exit> {
        if let Some((folder, csv)) = self.csv {
            csv.finish(tables).map_err(|error| cannot_write(&folder, &error))?;
        }
        print(&if self.json { json::end(summary, tables) } else { text::end(summary, tables) })
    }
}

fn cannot_write(folder: &Path, error: &io::Error) -> Exit {
    complain(&format!("failed to write the figures to {}: {error}", folder.display()))
}

/// A side, as it is introduced.
struct Side {
    config: String,
    /// Region and version of each register.
    registers: Vec<(String, String)>,
}

impl Side {
    fn of(name: &Path, setup: &Setup) -> Side {
        let registers = setup.contracts.registers().iter();
        Side {
            config: name.display().to_string(),
            registers: registers.map(|all| (all.region.id.clone(), all.version.clone())).collect(),
        }
    }
}
