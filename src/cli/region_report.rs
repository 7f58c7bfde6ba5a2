//! `sluis report`: the figures of a region over a period, from the ledger of a gateway, which may be running.

use super::Exit;
use crate::config::Config;
use crate::contract::{Contracts, Register};
use crate::message::{Date, Party};
use crate::report::{self, Lang, Period, Report, Scope, Snapshot};
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to report on, and where to write it.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Region, as named in its region.toml
    #[arg(long, value_name = "ID")]
    region: String,
    /// 2026, 2026-Q1, 2026-03 or 2026-01-01/2026-03-31
    #[arg(long, value_name = "PERIOD")]
    period: String,
    /// Only this municipality (four digits)
    #[arg(long, value_name = "CODE")]
    municipality: Option<String>,
    /// Only this segment
    #[arg(long, value_name = "ID")]
    segment: Option<String>,
    /// Only this provider
    #[arg(long, value_name = "AGB")]
    provider: Option<String>,
    /// Write the page here; otherwise to standard output, unless only --csv is asked for
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Write the figures as CSV files to this folder
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// As on this day (YYYY-MM-DD); otherwise today
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<Date>,
    /// Language of the page
    #[arg(long, value_enum, default_value_t = Language::Nl)]
    lang: Language,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// Dutch
    Nl,
    /// English
    En,
}

/// Makes the report and writes it.
pub(super) fn run(config: &Config, contracts: &Contracts, asked: &Asked, today: Date) -> Exit {
    let (register, scope) = match understand(contracts, asked, today) {
        Ok(understood) => understood,
        Err(faults) => return refused(&faults),
    };
    let snapshot = match read(config, &register) {
        Ok(snapshot) => snapshot,
        Err(error) => return failed(&error),
    };
    if let Some(agb) = &scope.aanbieder
        && register.provider(agb).is_none()
        && !snapshot.knows(agb)
    {
        let fault = format!(
            "--provider: `{agb}` stands neither in providers.csv of region {} nor in the ledger; write the AGB code of a \
             provider of the region",
            register.region.id
        );
        return refused(&[fault]);
    }
    match write(&report::compile(&register, &snapshot, &scope), asked) {
        Ok(()) => Exit::Accepted,
        Err(error) => failed(&error),
    }
}

/// The register and the scope, or all that is wrong with what was asked for.
fn understand(contracts: &Contracts, asked: &Asked, today: Date) -> Result<(Arc<Register>, Scope), Vec<String>> {
    let mut faults = Vec::new();
    let period = Period::parse(&asked.period).map_err(|fault| faults.push(format!("--period: {fault}"))).ok();
    let register = contracts.registers().iter().find(|register| register.region.id == asked.region);
    let Some(register) = register else {
        let known: Vec<&str> = contracts.registers().iter().map(|register| register.region.id.as_str()).collect();
        let remedy = if known.is_empty() {
            "this configuration names no region; add its folder under `regions`".to_owned()
        } else {
            format!("this configuration has {}", known.join(", "))
        };
        faults.push(format!("--region: there is no region `{}`; {remedy}", asked.region));
        return Err(faults);
    };
    let region = &register.region;
    let gemeente = asked.municipality.as_deref().map(Party::from);
    if let Some(code) = gemeente.as_ref().filter(|code| !region.has(code)) {
        let known: Vec<String> =
            region.municipalities.iter().map(|(code, known)| format!("{code} {}", known.name)).collect();
        faults.push(format!(
            "--municipality: `{code}` does not belong to region {}; write one of {}",
            region.id,
            known.join(", ")
        ));
    }
    if let Some(segment) = asked.segment.as_ref().filter(|segment| !region.segments.contains_key(*segment)) {
        let known: Vec<&str> = region.segments.keys().map(String::as_str).collect();
        faults.push(format!(
            "--segment: region {} has no segment `{segment}`; write one of {}",
            region.id,
            known.join(", ")
        ));
    }
    let aanbieder = asked.provider.as_deref().map(Party::from);
    if let Some(agb) = aanbieder.as_ref().filter(|agb| !is_agb(agb.as_str())) {
        faults.push(format!("--provider: `{agb}` is no AGB code; write its eight digits"));
    }
    let lang = match asked.lang {
        Language::Nl => Lang::Nl,
        Language::En => Lang::En,
    };
    match period {
        Some(period) if faults.is_empty() => {
            let scope = Scope { period, gemeente, segment: asked.segment.clone(), aanbieder, today, lang };
            Ok((Arc::clone(register), scope))
        }
        _ => Err(faults),
    }
}

fn is_agb(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read(config: &Config, register: &Arc<Register>) -> anyhow::Result<Snapshot> {
    let own = Arc::clone(register);
    super::read(config, move |tx| Snapshot::read(tx, &own))
}

fn write(report: &Report, asked: &Asked) -> anyhow::Result<()> {
    if let Some(folder) = &asked.csv {
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        for (name, bytes) in report.csv()? {
            let path = folder.join(name);
            std::fs::write(&path, bytes).map_err(|error| unwritable(&path, &error))?;
        }
    }
    match (&asked.out, &asked.csv) {
        (Some(path), _) => std::fs::write(path, report.html()).map_err(|error| unwritable(path, &error))?,
        (None, Some(_)) => {}
        // A reader that has seen enough is no fault.
        (None, None) => match std::io::stdout().write_all(report.html().as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                anyhow::bail!("the page cannot be written to standard output: {error}")
            }
            _ => {}
        },
    }
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow::anyhow!("{} cannot be written: {error}; choose another place or make this one writable", path.display())
}

fn refused(faults: &[String]) -> Exit {
    for fault in faults {
        eprintln!("sluis: {fault}");
    }
    eprintln!("sluis: {} fault(s); no report was made", faults.len());
    Exit::Usage
}

fn failed(error: &anyhow::Error) -> Exit {
    eprintln!("sluis: {error:#}");
    Exit::Usage
}
