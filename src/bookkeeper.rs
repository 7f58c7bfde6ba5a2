//! The daily work on money in the daemon: instalments that fall due, years and tails that close.
//!
//! Done in a ledger job per register, when the Dutch day or the register is another than the last time. What was done
//! already adds nothing, so it does not matter when exactly the day turns, or whether the gateway stood still for a week.

use crate::clock::{Clock, dutch_day};
use crate::contract::{InForce, Register};
use crate::ledger::{Ledger, LedgerError};
use crate::members::Tasks;
use crate::message::Date;
use crate::shutdown::Shutdown;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How often the day is looked at.
const LOOK: Duration = Duration::from_mins(10);
/// How often another gateway that keeps the books of the same ledger is looked after.
const LOOK_AFTER_OTHERS: Duration = Duration::from_mins(1);
/// What the task is called among several gateways.
const TASK: &str = "books";
/// How long it stays with the gateway that has it.
const LEASE: Duration = Duration::from_mins(25);

/// Keeps the books until the stop, as long as that is the task of this gateway: of two that have different registers for
/// a while, each would put right what the other booked.
pub async fn keep(ledger: Ledger, contracts: InForce, clock: Arc<dyn Clock>, tasks: Tasks, stop: Shutdown) {
    let mut done: BTreeMap<String, (Date, String)> = BTreeMap::new();
    loop {
        let is_mine = tasks.are_mine(TASK, LEASE).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "nobody knows whose task the daily postings are; tried again soon");
            false
        });
        if !is_mine {
            // Who had it meanwhile may have judged by another register.
            done.clear();
            if stop.sleep(LOOK_AFTER_OTHERS).await {
                continue;
            }
            return;
        }
        let today = clock.today();
        for register in contracts.now().registers() {
            let now = (today, register.version.clone());
            if done.get(&register.region.id) == Some(&now) {
                continue;
            }
            match book(&ledger, Arc::clone(register), clock.as_ref()).await {
                Ok(postings) => {
                    tracing::info!(region = register.region.id, postings, "the daily postings are made");
                    done.insert(register.region.id.clone(), now);
                }
                // The next look makes them.
                Err(error) => tracing::warn!(%error, region = register.region.id, "the daily postings wait"),
            }
        }
        if !stop.sleep(LOOK).await {
            return;
        }
    }
}

/// Makes the postings of a register that today asks for; gives how many there were.
pub async fn book(ledger: &Ledger, register: Arc<Register>, clock: &dyn Clock) -> Result<usize, LedgerError> {
    let now = clock.now();
    let today = dutch_day(now);
    ledger
        .run(move |tx| {
            let instalments = tx.book_due_instalments(&register, today, now)?;
            Ok(instalments + tx.settle_leftovers(&register, today, now)?)
        })
        .await
}
