//! Reading the course of care: all that the ledger knows of the municipalities of a region, for checks over time.

use super::db::params;
use super::error::LedgerError;
use super::facts::{allocation, line, stop};
use super::retention::NOBODY;
use super::tx::{Cells, Tx, json};
use crate::contract::survey::{Allocated, Claimed, Delivered, History, Owed, Requested};
use crate::deadline::Debt;
use crate::decision::StartKey;
use crate::message::{Law, Number, Party};
use crate::rules::facts::{PersonKey, Stop};
use std::collections::{BTreeMap, BTreeSet};

/// What tells one start from another: law, municipality, provider, person and key.
type StartOf = (Law, Party, Party, PersonKey, StartKey);

impl Tx<'_> {
    /// What is known of these municipalities, but for what only stays for its numbers and is about nobody. Reads every row
    /// about them: for a reader beside the gateway ([`Ledger::open_to_read`](super::Ledger::open_to_read)), not for each
    /// message.
    pub fn history(&self, gemeenten: &BTreeSet<Party>) -> Result<History, LedgerError> {
        let gemeenten = json(gemeenten.iter().map(Party::as_str));
        Ok(History {
            allocations: self.all_allocations(&gemeenten)?,
            requests: self.all_requests(&gemeenten)?,
            deliveries: self.all_deliveries(&gemeenten)?,
            lines: self.all_lines(&gemeenten)?,
            owed: self.all_owed(&gemeenten)?,
            households: self.all_households(&gemeenten)?,
        })
    }

    fn all_allocations(&self, gemeenten: &str) -> Result<Vec<Allocated>, LedgerError> {
        let rows = self.all(
            "SELECT a.law, a.gemeente, a.referentie, a.nummer, a.aanbieder, a.person, a.categorie, a.code,
                 a.toewijzingsdatum, a.toewijzingstijd, a.ingangsdatum, a.einddatum, a.reden_wijziging, a.volume,
                 a.eenheid, a.frequentie, a.budget, m.law, m.number, m.identificatie, m.dagtekening
             FROM allocations AS a CROSS JOIN messages AS m ON m.id = a.message_id
             WHERE a.gemeente IN (SELECT value FROM json_each(?1)) AND a.person <> ?2
             ORDER BY a.law, a.gemeente, a.nummer, a.toewijzingsdatum, a.tijd_sorted, a.message_id, a.position",
            params![gemeenten, NOBODY],
            |cells| Ok((law(cells)?, cells.word()?, cells.optional_word()?, allocation(cells)?)),
        )?;
        let mut all: Vec<Allocated> = Vec::new();
        for (law, gemeente, referentie, version) in rows {
            let known = all
                .last_mut()
                .filter(|known| known.law == law && known.gemeente == gemeente && known.nummer() == version.nummer);
            if let Some(known) = known {
                // A later version may leave the reference out; the request is honoured all the same.
                known.referentie = known.referentie.take().or_else(|| referentie.clone());
                known.references.push(referentie);
                known.versions.push(version);
            } else {
                let (references, versions) = (vec![referentie.clone()], vec![version]);
                all.push(Allocated { law, gemeente, referentie, versions, references });
            }
        }
        Ok(all)
    }

    fn all_requests(&self, gemeenten: &str) -> Result<Vec<Requested>, LedgerError> {
        self.all(
            "SELECT r.law, r.gemeente, r.aanbieder, r.person, r.referentie, m.number, m.dagtekening, r.verwijzer,
                 r.verwijzer_agb, r.honoured_by IS NOT NULL
             FROM requests AS r CROSS JOIN messages AS m ON m.id = r.message_id
             WHERE r.gemeente IN (SELECT value FROM json_each(?1)) AND r.person <> ?2
             ORDER BY r.message_id, r.position",
            params![gemeenten, NOBODY],
            |cells| {
                Ok(Requested {
                    law: law(cells)?,
                    gemeente: cells.word()?,
                    aanbieder: cells.word()?,
                    person: cells.person()?,
                    referentie: cells.word()?,
                    number: Number::parse(cells.text()?).ok_or(LedgerError::Damaged("a message number is unknown"))?,
                    on: cells.date()?,
                    verwijzer: cells.get()?,
                    verwijzer_agb: cells.optional_word()?,
                    is_honoured: cells.get()?,
                })
            },
        )
    }

    /// A stop belongs to the start with its key; one without a start stands for both.
    fn all_deliveries(&self, gemeenten: &str) -> Result<Vec<Delivered>, LedgerError> {
        let rows = self.all(
            "SELECT d.law, d.gemeente, d.aanbieder, d.person, d.toewijzing_nummer, d.categorie, d.code, d.begindatum,
                 d.stop_reden, d.stop_einddatum
             FROM deliveries AS d
             WHERE d.gemeente IN (SELECT value FROM json_each(?1)) AND d.deleted_by IS NULL
             ORDER BY d.message_id, d.position",
            params![gemeenten],
            |cells| {
                let (law, gemeente, aanbieder, person) = (law(cells)?, cells.word()?, cells.word()?, cells.person()?);
                let key = StartKey {
                    toewijzing_nummer: cells.optional_count()?,
                    product: cells.product()?,
                    begindatum: cells.date()?,
                };
                Ok(((law, gemeente, aanbieder, person, key), stop(cells)?))
            },
        )?;
        let mut places: BTreeMap<StartOf, usize> = BTreeMap::new();
        let mut all: Vec<Delivered> = Vec::new();
        for (start, stop) in rows {
            match (places.get(&start), stop) {
                (Some(place), Some(stop)) => all[*place].stop = Some(stop),
                (Some(_), None) => {}
                (None, stop) => {
                    places.insert(start.clone(), all.len());
                    all.push(delivered(start, stop));
                }
            }
        }
        Ok(all)
    }

    fn all_lines(&self, gemeenten: &str) -> Result<Vec<Claimed>, LedgerError> {
        self.all(
            "SELECT l.law, l.gemeente, l.aanbieder, m.dagtekening, l.referentie, l.vorig, l.person,
                 l.toewijzing_nummer, l.categorie, l.code, l.begindatum, l.einddatum, l.volume, l.eenheid, l.tarief,
                 l.bedrag, l.granted, l.declaratie
             FROM lines AS l CROSS JOIN messages AS m ON m.id = l.message_id
             WHERE l.gemeente IN (SELECT value FROM json_each(?1)) AND l.person <> ?2
             ORDER BY l.message_id, l.position",
            params![gemeenten, NOBODY],
            |cells| {
                Ok(Claimed {
                    law: law(cells)?,
                    gemeente: cells.word()?,
                    aanbieder: cells.word()?,
                    on: cells.date()?,
                    line: line(cells)?,
                })
            },
        )
    }

    fn all_owed(&self, gemeenten: &str) -> Result<Vec<Owed>, LedgerError> {
        self.all(
            "SELECT law, gemeente, aanbieder, owed_by, debt, about, due_on FROM questions
             WHERE gemeente IN (SELECT value FROM json_each(?1)) AND answered_on IS NULL
             ORDER BY due_on, message_id, debt, about",
            params![gemeenten],
            |cells| {
                Ok(Owed {
                    law: law(cells)?,
                    gemeente: cells.word()?,
                    aanbieder: cells.word()?,
                    owed_by: cells.word()?,
                    debt: Debt::parse(cells.text()?).ok_or(LedgerError::Damaged("a debt is unknown"))?,
                    about: cells.get()?,
                    due: cells.date()?,
                })
            },
        )
    }

    fn all_households(&self, gemeenten: &str) -> Result<BTreeMap<(Party, PersonKey), String>, LedgerError> {
        let rows = self.all(
            "SELECT gemeente, person, household FROM households
             WHERE gemeente IN (SELECT value FROM json_each(?1))",
            params![gemeenten],
            |cells| Ok(((cells.word()?, cells.person()?), cells.get()?)),
        )?;
        Ok(rows.into_iter().collect())
    }
}

fn delivered((law, gemeente, aanbieder, person, key): StartOf, stop: Option<Stop>) -> Delivered {
    Delivered { law, gemeente, aanbieder, person, key, stop }
}

fn law(cells: &mut Cells<'_, '_>) -> Result<Law, LedgerError> {
    cells.optional_law()?.ok_or(LedgerError::Damaged("a law is missing"))
}
