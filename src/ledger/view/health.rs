//! Reading for the page of the gateway itself.

use super::super::error::LedgerError;
use super::super::tx::Tx;
use crate::view::health::Figures;
use jiff::{SignedDuration, Timestamp};

/// How far refused messages are looked back for, and how many are told.
const REFUSALS: (SignedDuration, u32) = (SignedDuration::from_hours(7 * 24), 20);

impl Tx<'_> {
    /// What the ledger tells of itself and of those that share it.
    pub fn health_figures(&self, now: Timestamp, regions: Vec<String>) -> Result<Figures, LedgerError> {
        let (back, most) = REFUSALS;
        let last_survey = |region: String| Ok((self.last_survey(&region)?.map(|last| last.at), region));
        let surveys = regions.into_iter().map(last_survey).collect::<Result<Vec<_>, LedgerError>>()?;
        Ok(Figures {
            members: if self.is_on_server() { self.members()? } else { Vec::new() },
            now_of_ledger: self.now_of_ledger(now)?,
            bytes_on_server: self.bytes_on_server()?,
            keys: self.key_states()?,
            rotation: self.rotation()?,
            refusals: self.refusals(now.checked_sub(back).unwrap_or(Timestamp::MIN), most)?,
            surveys: surveys.into_iter().map(|(at, region)| (region, at)).collect(),
        })
    }
}
