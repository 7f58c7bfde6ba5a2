//! The daily survey: looks over what the ledger knows of each region, tells what is news and ends what is over.
//!
//! It reads through a connection of its own, so that messages are not held up, and records what it found in one ledger
//! job. A region is looked over once a day, and again when its register has changed; at the start of the gateway when
//! that has not been done yet. One that is looked over twice is told nothing twice: an open signal is known by its id.
//! Of several gateways on one ledger one looks over the regions, so that two that have different registers for a while
//! do not end each other's signals.

use crate::clock::Clock;
use crate::contract::ending::Standing;
use crate::contract::money::overview;
use crate::contract::survey::{History, Survey};
use crate::contract::{InForce, Policies, Register, look_over};
use crate::effects::Teller;
use crate::finding::Signal;
use crate::ledger::{Keys, LastSurvey, Ledger, LedgerError, Location, SurveyRecord, Turnover, Tx};
use crate::members::Tasks;
use crate::message::{Cents, Date};
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::telemetry::events::{BudgetsExpected, SurveyDone};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether a survey is due.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// What the task is called among several gateways.
const TASK: &str = "survey";
/// How long it stays with the gateway that has it.
const LEASE: Duration = Duration::from_mins(3);

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

/// As [`snapshot`], by a connection of its own.
fn read((location, keys): (Location, Keys), register: &Arc<Register>) -> Result<Snapshot, LedgerError> {
    let (reader, own) = (Ledger::open_to_read(location, keys)?, Arc::clone(register));
    let snapshot = reader.run_blocking(move |tx| snapshot(tx, &own))?;
    reader.close()?;
    Ok(snapshot)
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

/// Segment, id and expected consumption of each agreement that runs on `today`. Pure.
fn budgets(register: &Register, snapshot: &Snapshot, today: Date) -> Vec<(String, String, Cents)> {
    let survey = Survey { register, today, history: &snapshot.history };
    let told = |overview::Standing { agreement, figures, .. }: overview::Standing<'_>| {
        (agreement.segment.clone(), agreement.id.clone(), figures.consumption_expected)
    };
    overview::overview(&survey, None, overview::running(&survey)).standings.into_values().map(told).collect()
}

impl Surveyor {
    /// Surveys whatever is due, until the stop, as long as that is the task of this gateway.
    pub async fn run(self, tasks: Tasks, stop: Shutdown) {
        loop {
            self.look(&tasks, &stop).await;
            if !stop.sleep(LOOK_EVERY).await {
                return;
            }
        }
    }

    /// Surveys whatever is due now, as long as that is the task of this gateway.
    pub async fn look(&self, tasks: &Tasks, stop: &Shutdown) {
        let contracts = self.contracts.now();
        for register in contracts.registers() {
            if stop.is_requested() {
                return;
            }
            match tasks.are_mine(TASK, LEASE).await {
                Ok(true) => {}
                Ok(false) => {
                    // Whoever has the task now tells them; what they were here is old tomorrow.
                    for register in contracts.registers() {
                        BudgetsExpected::forget(&register.region.id, &self.telemetry);
                    }
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "nobody knows whose task the survey is; tried again soon");
                    return;
                }
            }
            if let Err(error) = self.look_over_if_due(register).await {
                tracing::warn!(%error, region = register.region.id, "a region was not looked over; tried again soon");
            } else if !BudgetsExpected::are_told(&register.region.id, &self.telemetry) {
                // It was looked over before this gateway started, or had the task.
                self.tell_budgets(register).await;
            }
        }
    }

    /// Looks over a region unless that has been done today with this register; tells whether it did.
    ///
    /// # Errors
    /// What the ledger says; nothing is recorded then.
    pub async fn look_over_if_due(&self, register: &Arc<Register>) -> Result<bool, LedgerError> {
        let today = self.clock.today();
        let region = register.region.id.clone();
        let last = self.ledger.run(move |tx| tx.last_survey(&region)).await?;
        if last.as_ref().is_some_and(|last| last.day == today && last.register_version == register.version) {
            return Ok(false);
        }
        let done = self.look_over_unless(register, today, move |now| now != last.as_ref()).await?;
        Ok(done.is_some())
    }

    /// Tells what the budgets of a region are expected to come to, and does nothing else.
    async fn tell_budgets(&self, register: &Arc<Register>) {
        let (reader, own, today) = (self.reader.clone(), Arc::clone(register), self.clock.today());
        let expected = tokio::task::spawn_blocking(move || {
            let snapshot = read(reader, &own)?;
            Ok::<_, LedgerError>(budgets(&own, &snapshot, today))
        });
        match expected.await {
            Ok(Ok(agreements)) => {
                BudgetsExpected { region: &register.region.id, agreements: &agreements }.emit(&self.telemetry);
            }
            Ok(Err(error)) => tracing::warn!(%error, region = register.region.id, "budgets were not looked at"),
            Err(_) => tracing::error!(region = register.region.id, "looking at the budgets broke off"),
        }
    }

    /// Looks over a region now.
    ///
    /// # Errors
    /// What the ledger says; nothing is recorded then.
    pub async fn look_over(&self, register: &Arc<Register>, today: Date) -> Result<Turnover, LedgerError> {
        self.look_over_unless(register, today, |_| false).await.map(Option::unwrap_or_default)
    }

    /// Looks over a region and records what it found, unless the last survey that is recorded by then makes it vain.
    async fn look_over_unless(
        &self,
        register: &Arc<Register>,
        today: Date,
        is_vain: impl FnOnce(Option<&LastSurvey>) -> bool + Send + 'static,
    ) -> Result<Option<Turnover>, LedgerError> {
        let since = Instant::now();
        let (reader, own, policies) =
            (self.reader.clone(), Arc::clone(register), Arc::clone(&self.contracts.now().policies));
        let found = tokio::task::spawn_blocking(move || {
            let snapshot = read(reader, &own)?;
            Ok::<_, LedgerError>((findings(&own, &policies, &snapshot, today), budgets(&own, &snapshot, today)))
        });
        // A check that panics is a fault of ours: the region stays as it was told last.
        let (found, agreements) =
            found.await.map_err(|_| LedgerError::Panicked("a survey failed on what the ledger holds"))??;
        BudgetsExpected { region: &register.region.id, agreements: &agreements }.emit(&self.telemetry);
        let (name, now) = (self.name.clone(), self.clock.now());
        let (told, observed, record) = (found.record.told.len(), found.observed.len(), found.record);
        let job = self.ledger.run(move |tx| {
            // Another gateway may have been faster, and known more: its survey stands.
            if is_vain(tx.last_survey(&record.region)?.as_ref()) {
                return Ok(None);
            }
            tx.record_survey(&record, Teller { gateway: &name, now }).map(Some)
        });
        let Some(turnover) = job.await? else { return Ok(None) };
        SurveyDone {
            region: &register.region.id,
            told,
            observed,
            opened: turnover.opened,
            ended: turnover.ended,
            took: since.elapsed(),
        }
        .emit(&self.telemetry);
        Ok(Some(turnover))
    }
}
