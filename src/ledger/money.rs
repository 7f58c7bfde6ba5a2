//! Accounts in the ledger: writing postings, reading balances, and what is booked as time passes.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx, integer, json};
use crate::contract::facts::Stand;
use crate::contract::money::close::{self, Leftover};
use crate::contract::money::instalment;
use crate::contract::{Model, Register};
use crate::decision::{Account, Posting, PostingSort, Slot};
use crate::message::{Cents, Count, Date, Law, Party};
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of an account, as [`account`] reads them.
macro_rules! account_columns {
    () => {
        "a.law, a.gemeente, a.segment, a.subsegment, a.aanbieder, a.model, a.year"
    };
}

/// An account as it stands: the sums of its postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: Account,
    /// Ever reserved (`reserved_gross`, funding section 3).
    pub reserved: Cents,
    /// Still open: reserved less released.
    pub open: Cents,
    /// Realised: debits less credits, and instalments.
    pub realised: Cents,
}

impl Balance {
    /// Realised or still open: what is spent when everybody uses everything.
    pub fn consumption(&self) -> Cents {
        Cents(self.realised.0.saturating_add(self.open.0))
    }
}

/// Declarations of one provider over one month, against what was booked of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// Month of the DeclaratiePeriode, `2026-03`.
    pub month: String,
    /// Sum of TotaalToegekendBedrag of the 325s.
    pub granted: Cents,
    /// Sum of the realisations and credits booked with them.
    pub booked: Cents,
}

impl Tx<'_> {
    /// Adds a posting; `message_id` is empty for what is booked as time passes.
    pub(super) fn post(
        &self,
        message_id: Option<i64>,
        (law, gemeente): (Law, &Party),
        posting: &Posting,
    ) -> Result<(), LedgerError> {
        let account_id = posting.slot.account.as_ref().map(|account| self.account_id(account)).transpose()?;
        self.sql(
            "INSERT INTO postings (message_id, law, gemeente, account_id, agreements, sort, cents, toewijzing_nummer,
                 referentie, on_date, late)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            message_id,
            law.as_str(),
            gemeente.as_str(),
            account_id,
            json(&posting.slot.agreements),
            posting.sort.as_str(),
            posting.cents.0,
            posting.toewijzing_nummer.map(integer).transpose()?,
            posting.referentie,
            posting.on.to_string(),
            posting.late,
        ])?;
        Ok(())
    }

    /// Number of an account, which is made when there is none.
    fn account_id(&self, account: &Account) -> Result<i64, LedgerError> {
        let Account { law, gemeente, segment, subsegment, aanbieder, model, year } = account;
        let subsegment = subsegment.as_deref().unwrap_or_default();
        let key =
            params![law.as_str(), gemeente.as_str(), segment, subsegment, aanbieder.as_str(), model.as_str(), year];
        let found: Option<i64> = self.first(
            "SELECT id FROM accounts WHERE law = ?1 AND gemeente = ?2 AND segment = ?3 AND subsegment = ?4
                 AND aanbieder = ?5 AND model = ?6 AND year = ?7",
            key,
            |cells| cells.get(),
        )?;
        if let Some(id) = found {
            return Ok(id);
        }
        let added = self.added(
            "INSERT INTO accounts (law, gemeente, segment, subsegment, aanbieder, model, year)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
            key,
        )?;
        added.ok_or(LedgerError::Damaged("an account has no number"))
    }

    /// What is booked of allocations, by account and agreements.
    pub(super) fn stands(
        &self,
        law: Law,
        gemeente: &Party,
        numbers: &BTreeSet<Count>,
    ) -> Result<BTreeMap<Count, BTreeMap<Slot, Stand>>, LedgerError> {
        let rows = self.all(
            concat!(
                "SELECT b.toewijzing_nummer, b.reserved, b.realised, b.agreements, b.account_id, ",
                account_columns!(),
                " FROM json_each(?1) AS k CROSS JOIN allocation_balances AS b
                 ON b.law = ?2 AND b.gemeente = ?3 AND b.toewijzing_nummer = CAST(k.value AS BIGINT)
                 LEFT JOIN accounts AS a ON a.id = b.account_id"
            ),
            params![json(numbers), law.as_str(), gemeente.as_str()],
            |cells| {
                let (nummer, open, realised) = (cells.count()?, cells.cents()?, cells.cents()?);
                let agreements = agreements(cells.text()?)?;
                let account = if cells.get::<i64>()? == 0 { None } else { Some(account(cells)?) };
                Ok((nummer, Slot { account, agreements }, Stand { open, realised }))
            },
        )?;
        let mut stands: BTreeMap<Count, BTreeMap<Slot, Stand>> = BTreeMap::new();
        for (nummer, slot, stand) in rows {
            stands.entry(nummer).or_default().insert(slot, stand);
        }
        Ok(stands)
    }

    /// Every account with postings, in order.
    pub fn accounts(&self) -> Result<Vec<Balance>, LedgerError> {
        let mut all = self.all(
            concat!("SELECT a.reserved, a.released, a.realised, ", account_columns!(), " FROM accounts AS a"),
            [],
            |cells| {
                let (reserved, released, realised) = (cells.cents()?, cells.cents()?, cells.cents()?);
                let open = Cents(reserved.0.saturating_add(released.0));
                Ok(Balance { account: account(cells)?, reserved, open, realised })
            },
        )?;
        all.sort_by(|a, b| a.account.cmp(&b.account));
        Ok(all)
    }

    /// All postings in the order in which they were made, for recounts.
    pub fn postings(&self) -> Result<Vec<Posting>, LedgerError> {
        self.all(
            concat!(
                "SELECT p.agreements, p.sort, p.cents, p.toewijzing_nummer, p.referentie, p.on_date, p.late,
                     coalesce(p.account_id, 0), ",
                account_columns!(),
                " FROM postings AS p LEFT JOIN accounts AS a ON a.id = p.account_id ORDER BY p.id"
            ),
            [],
            |cells| {
                let agreements = agreements(cells.text()?)?;
                let sort = PostingSort::parse(cells.text()?).ok_or(LedgerError::Damaged("a posting is unknown"))?;
                let (cents, toewijzing_nummer, referentie) = (cells.cents()?, cells.optional_count()?, cells.get()?);
                let (on, late) = (cells.date()?, cells.get()?);
                let account = if cells.get::<i64>()? == 0 { None } else { Some(account(cells)?) };
                Ok(Posting { slot: Slot { account, agreements }, sort, cents, toewijzing_nummer, referentie, on, late })
            },
        )
    }

    /// The trial balance: what the 325s granted and what was booked, per provider and month of declaration. Both are
    /// the same for every municipality that has a register.
    pub fn reconciliation(&self) -> Result<Vec<Reconciled>, LedgerError> {
        self.all(
            "SELECT d.law, d.gemeente, d.aanbieder, substr(d.begindatum, 1, 7), sum(d.toegekend), sum((
                 SELECT coalesce(sum(p.cents), 0) FROM postings AS p
                 WHERE p.message_id = d.message_id AND p.account_id IS NOT NULL AND p.sort IN ('realisation', 'credit')
             ))
             FROM declaraties AS d GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            [],
            |cells| {
                Ok(Reconciled {
                    law: law(cells)?,
                    gemeente: cells.word()?,
                    aanbieder: cells.word()?,
                    month: cells.get()?,
                    granted: cells.cents()?,
                    booked: cells.cents()?,
                })
            },
        )
    }

    /// Books the instalments of a register that are due on `today`, reserves those of the year, and puts right what a
    /// corrected table changed. Gives the number of postings; doing it again on the same day adds none.
    pub fn book_due_instalments(
        &mut self,
        register: &Register,
        today: Date,
        at: Timestamp,
    ) -> Result<usize, LedgerError> {
        let rows = self.all(
            concat!(
                "SELECT p.agreements, p.referentie, sum(CASE WHEN p.sort IN ('reservation', 'release') THEN p.cents ELSE 0 END),
                     sum(CASE WHEN p.sort IN ('reservation', 'release') THEN 0 ELSE p.cents END), ",
                account_columns!(),
                " FROM postings AS p INDEXED BY postings_instalments CROSS JOIN accounts AS a ON a.id = p.account_id
                 WHERE p.toewijzing_nummer IS NULL GROUP BY p.referentie, a.id, p.agreements"
            ),
            [],
            |cells| {
                let (agreements, name) = (agreements(cells.text()?)?, cells.get::<String>()?);
                let stand = Stand { open: cells.cents()?, realised: cells.cents()? };
                Ok(((Slot { account: Some(account(cells)?), agreements }, name), stand))
            },
        )?;
        let booked = rows.into_iter().collect();
        let due = instalment::due(register, today, &booked);
        let owner =
            |posting: &Posting| posting.slot.account.as_ref().map(|account| (account.law, account.gemeente.clone()));
        let owned: Vec<((Law, Party), Posting)> =
            due.into_iter().filter_map(|posting| Some((owner(&posting)?, posting))).collect();
        let postings: Vec<((Law, &Party), Posting)> =
            owned.iter().map(|((law, gemeente), posting)| ((*law, gemeente), posting.clone())).collect();
        self.post_by_time(register, at, "instalments booked", &postings)
    }

    /// Books what time alone makes of the allocations of a region: what a closed year or the tail of ended care leaves
    /// is released or moves on, an allocation without an end reserves in the year that began, and what was reserved per
    /// agreement before there were accounts moves to its account. Gives the number of postings; doing it again on the
    /// same day adds none.
    pub fn settle_leftovers(&mut self, register: &Register, today: Date, at: Timestamp) -> Result<usize, LedgerError> {
        let mut postings = Vec::new();
        for gemeente in register.region.municipalities.keys() {
            for law in &register.region.laws {
                for leftover in self.leftovers(*law, gemeente, today)? {
                    let settled = close::settle(register, today, &leftover);
                    postings.extend(settled.into_iter().map(|posting| ((*law, gemeente), posting)));
                }
            }
        }
        self.post_by_time(register, at, "leftovers settled", &postings)
    }

    /// Allocations with something open in a year that is over, on care that ended, or of before there were accounts.
    fn leftovers(&self, law: Law, gemeente: &Party, today: Date) -> Result<Vec<Leftover>, LedgerError> {
        let numbers: BTreeSet<Count> = self
            .all(
                "SELECT DISTINCT b.toewijzing_nummer FROM allocation_balances AS b
                 LEFT JOIN accounts AS a ON a.id = b.account_id
                 WHERE b.law = ?1 AND b.gemeente = ?2 AND b.reserved <> 0 AND (
                     a.id IS NULL OR a.year < ?3 OR EXISTS (
                         SELECT 1 FROM deliveries AS d INDEXED BY deliveries_of_allocation
                         WHERE d.law = b.law AND d.gemeente = b.gemeente AND d.toewijzing_nummer = b.toewijzing_nummer
                             AND d.stop_reden IS NOT NULL AND d.deleted_by IS NULL
                     )
                 )",
                params![law.as_str(), gemeente.as_str(), today.year()],
                |cells| cells.count(),
            )?
            .into_iter()
            .collect();
        let mut stands = self.stands(law, gemeente, &numbers)?;
        let mut deliveries = self.deliveries_on(law, gemeente, &numbers)?;
        let allocations = self.latest_allocations(law, gemeente, &numbers)?;
        let leftover = |(nummer, allocation)| Leftover {
            law,
            gemeente: gemeente.clone(),
            allocation,
            stands: stands.remove(&nummer).unwrap_or_default(),
            deliveries: deliveries.remove(&nummer).unwrap_or_default(),
        };
        Ok(allocations.into_iter().map(leftover).collect())
    }

    /// Writes down what was booked without a message.
    fn post_by_time(
        &mut self,
        register: &Register,
        at: Timestamp,
        event: &str,
        postings: &[((Law, &Party), Posting)],
    ) -> Result<usize, LedgerError> {
        for ((law, gemeente), posting) in postings {
            self.post(None, (*law, gemeente), posting)?;
        }
        if !postings.is_empty() {
            let content = json!({ "postings": postings.len(), "register_version": register.version });
            self.append_audit(at, event, None, &content.to_string())?;
        }
        Ok(postings.len())
    }
}

fn law(cells: &mut Cells<'_, '_>) -> Result<Law, LedgerError> {
    cells.optional_law()?.ok_or(LedgerError::Damaged("a law is missing"))
}

/// An account from its columns.
pub(super) fn account(cells: &mut Cells<'_, '_>) -> Result<Account, LedgerError> {
    Ok(Account {
        law: law(cells)?,
        gemeente: cells.word()?,
        segment: cells.get()?,
        subsegment: Some(cells.get::<String>()?).filter(|text| !text.is_empty()),
        aanbieder: cells.word()?,
        model: Model::parse(cells.text()?).ok_or(LedgerError::Damaged("a funding model is unknown"))?,
        year: cells.get()?,
    })
}

pub(super) fn agreements(text: &str) -> Result<BTreeSet<String>, LedgerError> {
    serde_json::from_str(text).map_err(|_| LedgerError::Damaged("the agreements of a posting are no list"))
}
