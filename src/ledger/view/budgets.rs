//! Reading what was booked for an agreement, month by month.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::super::error::LedgerError;
use super::super::money::agreements;
use super::super::tx::Tx;
use crate::message::Date;
use crate::view::budgets::Posted;
use std::collections::BTreeMap;

impl Tx<'_> {
    /// What was booked for an agreement by the month of its day, in order. A posting names several agreements at once:
    /// hops through the index from one such list to the next, of which there are few, and sums up those that name it.
    pub fn posted_by_month(&self, agreement: &str) -> Result<Vec<Posted>, LedgerError> {
        let mut months: BTreeMap<Date, Posted> = BTreeMap::new();
        let mut last = String::new();
        while let Some(list) = self.first(
            "SELECT agreements FROM postings INDEXED BY postings_by_agreement WHERE agreements > ?1
             ORDER BY agreements LIMIT 1",
            [&last],
            |cells| cells.get::<String>(),
        )? {
            if agreements(&list)?.contains(agreement) {
                self.add_months(&list, &mut months)?;
            }
            last = list;
        }
        Ok(months.into_values().collect())
    }

    fn add_months(&self, list: &str, months: &mut BTreeMap<Date, Posted>) -> Result<(), LedgerError> {
        let rows = self.all(
            "SELECT substr(on_date, 1, 7) || '-01', CAST(sum(CASE WHEN sort IN ('reservation', 'release') THEN 0 ELSE cents END) AS BIGINT),
                 CAST(sum(CASE WHEN sort IN ('reservation', 'release') THEN cents ELSE 0 END) AS BIGINT)
             FROM postings INDEXED BY postings_by_agreement WHERE agreements = ?1 GROUP BY 1",
            [list],
            |cells| Ok(Posted { month: cells.date()?, realised_cents: cells.cents()?.0, open_cents: cells.cents()?.0 }),
        )?;
        for row in rows {
            let known =
                months.entry(row.month).or_insert(Posted { month: row.month, realised_cents: 0, open_cents: 0 });
            known.realised_cents = known.realised_cents.saturating_add(row.realised_cents);
            known.open_cents = known.open_cents.saturating_add(row.open_cents);
        }
        Ok(())
    }
}
