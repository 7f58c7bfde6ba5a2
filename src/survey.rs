//! The daily survey: looks over what the ledger knows of each region, tells what is news and ends what is over.
//!
//! It reads through a connection of its own, so that messages are not held up, and records what it found in one ledger
//! job. A region is looked over once a day, and again when its register has changed; at the start of the gateway when
//! that has not been done yet. One that is looked over twice is told nothing twice: an open signal is known by its id.

use crate::clock::Clock;
use crate::contract::ending::Standing;
use crate::contract::survey::{History, Survey};
use crate::contract::{InForce, Policies, Register, look_over};
use crate::effects::Teller;
use crate::finding::Signal;
use crate::ledger::{Keys, Ledger, LedgerError, Location, SurveyRecord, Turnover, Tx};
use crate::message::{Cents, Date};
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::telemetry::events::SurveyDone;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether a survey is due.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Looks over the regions of a gateway.
pub struct Surveyor {
    /// Name of the gateway, for the source of events.
    pub name: String,
    /// Where results are recorded.
    pub ledger: Ledger,
    /// The file of the ledger and its keys, for a connection that only reads.
    pub reader: (Location, Keys),
    /// Registers and policies, as they are at the time.
    pub contracts: InForce,
    /// What day it is.
    pub clock: Arc<dyn Clock>,
    /// Where it is told.
    pub telemetry: Telemetry,
}

/// What is known of a region at one moment of the ledger.
#[derive(Debug)]
pub struct Snapshot {
    history: History,
    consumption: BTreeMap<String, Cents>,
    open: Vec<crate::contract::ending::Open>,
}

impl Snapshot {
    /// The course of care.
    pub fn history(&self) -> &History {
        &self.history
    }
}

/// What a survey found.
#[derive(Debug)]
pub struct Findings {
    /// Seen while the policy is to observe.
    pub observed: Vec<Signal>,
    /// What is to be told and recorded.
    pub record: SurveyRecord,
}

/// Reads what a survey of this region needs. For a connection beside the gateway: it reads every row of the region.
///
/// # Errors
/// What the ledger says.
pub fn snapshot(tx: &Tx<'_>, register: &Register) -> Result<Snapshot, LedgerError> {
    let gemeenten = register.region.municipalities.keys().cloned().collect();
    Ok(Snapshot {
        history: tx.history(&gemeenten)?,
        consumption: tx.consumption()?,
        open: tx.open_signals(&register.region.id)?,
    })
}

/// Looks over a region as it stands on `today`. Pure.
pub fn findings(register: &Register, policies: &Policies, snapshot: &Snapshot, today: Date) -> Findings {
    let survey = Survey { register, today, history: &snapshot.history };
    let (told, observed) = look_over(&survey, policies);
    let standing = Standing::new(survey, &told, &snapshot.consumption);
    let ended = snapshot.open.iter().filter_map(|open| Some((open.clone(), standing.ended(open)?))).collect();
    let record = SurveyRecord {
        region: register.region.id.clone(),
        day: today,
        register_version: register.version.clone(),
        told,
        ended,
    };
    Findings { observed, record }
}

impl Surveyor {
    /// Surveys whatever is due, until the stop.
    pub async fn run(self, stop: Shutdown) {
        loop {
            let contracts = self.contracts.now();
            for register in contracts.registers() {
                if stop.is_requested() {
                    return;
                }
                if let Err(error) = self.look_over_if_due(register).await {
                    tracing::warn!(%error, region = register.region.id, "a region was not looked over; tried again soon");
                }
            }
            if !stop.sleep(LOOK_EVERY).await {
                return;
            }
        }
    }

    async fn look_over_if_due(&self, register: &Arc<Register>) -> Result<(), LedgerError> {
        let today = self.clock.today();
        let region = register.region.id.clone();
        let last = self.ledger.run(move |tx| tx.last_survey(&region)).await?;
        if last.is_some_and(|last| last.day == today && last.register_version == register.version) {
            return Ok(());
        }
        self.look_over(register, today).await.map(drop)
    }

    /// Looks over a region now.
    ///
    /// # Errors
    /// What the ledger says; nothing is recorded then.
    pub async fn look_over(&self, register: &Arc<Register>, today: Date) -> Result<Turnover, LedgerError> {
        let since = Instant::now();
        let (location, keys) = self.reader.clone();
        let (own, policies) = (Arc::clone(register), Arc::clone(&self.contracts.now().policies));
        let found = tokio::task::spawn_blocking(move || {
            let reader = Ledger::open_to_read(location, keys)?;
            let read = Arc::clone(&own);
            let snapshot = reader.run_blocking(move |tx| snapshot(tx, &read))?;
            reader.close()?;
            Ok::<_, LedgerError>(findings(&own, &policies, &snapshot, today))
        });
        // A check that panics is a fault of ours: the region stays as it was told last.
        let found = found.await.map_err(|_| LedgerError::Panicked("a survey failed on what the ledger holds"))??;
        let (name, now) = (self.name.clone(), self.clock.now());
        let (told, observed, record) = (found.record.told.len(), found.observed.len(), found.record);
        let job = self.ledger.run(move |tx| tx.record_survey(&record, Teller { gateway: &name, now }));
        let turnover = job.await?;
        SurveyDone {
            region: &register.region.id,
            told,
            observed,
            opened: turnover.opened,
            ended: turnover.ended,
            took: since.elapsed(),
        }
        .emit(&self.telemetry);
        Ok(turnover)
    }
}
