//! Breakers in the ledger: several gateways see the same, and a restart changes nothing. What follows from an event is
//! decided by the state machine in `delivery::breaker`; here its values are read and kept.

use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx};
use crate::delivery::breaker::{Breaker, Breakers, Rules, State, Step};
use crate::delivery::class::Class;
use crate::delivery::outbox::Standing;
use jiff::Timestamp;

impl Tx<'_> {
    /// All breakers, by destination.
    pub fn breakers(&self) -> Result<Breakers, LedgerError> {
        let rows = self.all(
            "SELECT destination, state, since, failures, tries, next_try, ramp, passed, class, reason FROM breakers",
            [],
            |cells| Ok((cells.get()?, breaker(cells)?)),
        )?;
        Ok(Breakers(rows.into_iter().collect()))
    }

    /// Takes note of what happened at destinations; gives all breakers as they stand then.
    pub fn take_steps(&mut self, steps: &[Step], now: Timestamp, rules: Rules) -> Result<Standing, LedgerError> {
        let before = self.breakers()?;
        let mut breakers = before.clone();
        let granted = breakers.take(steps, now, rules);
        for (destination, breaker) in &breakers.0 {
            if before.0.get(destination) != Some(breaker) {
                self.keep_breaker(destination, breaker)?;
            }
        }
        Ok(Standing { breakers, granted })
    }

    fn keep_breaker(&self, destination: &str, breaker: &Breaker) -> Result<(), LedgerError> {
        self.sql(
            "INSERT INTO breakers (destination, state, since, failures, tries, next_try, ramp, passed, class, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (destination) DO UPDATE SET
                 state = excluded.state, since = excluded.since, failures = excluded.failures, tries = excluded.tries,
                 next_try = excluded.next_try, ramp = excluded.ramp, passed = excluded.passed, class = excluded.class,
                 reason = excluded.reason",
        )?
        .execute(params![
            destination,
            breaker.state.as_str(),
            breaker.since.as_microsecond(),
            breaker.failures,
            breaker.tries,
            breaker.next_try.as_microsecond(),
            breaker.ramp,
            breaker.passed,
            breaker.class.map(Class::as_str),
            breaker.reason,
        ])?;
        Ok(())
    }

    /// Lets the next probe go at once. Tells whether the breaker was not closed.
    pub(super) fn hurry_breaker(&self, destination: &str, now: Timestamp) -> Result<bool, LedgerError> {
        let hurried = self
            .sql("UPDATE breakers SET next_try = ?2 WHERE destination = ?1 AND state = 'open'")?
            .execute(params![destination, now.as_microsecond()])?;
        Ok(hurried > 0)
    }
}

fn breaker(cells: &mut Cells<'_, '_>) -> Result<Breaker, LedgerError> {
    Ok(Breaker {
        state: State::parse(cells.text()?).ok_or(LedgerError::Damaged("the state of a breaker is unknown"))?,
        since: cells.moment()?,
        failures: cells.get()?,
        tries: cells.get()?,
        next_try: cells.moment()?,
        ramp: cells.get()?,
        passed: cells.get()?,
        class: optional_class(cells)?,
        reason: cells.get()?,
    })
}

pub(super) fn optional_class(cells: &mut Cells<'_, '_>) -> Result<Option<Class>, LedgerError> {
    let class = cells.get::<Option<String>>()?;
    class.map(|class| Class::parse(&class).ok_or(LedgerError::Damaged("the class of a failure is unknown"))).transpose()
}
