//! Storing what must be remembered of an accepted message, one row for each record.

use super::db::params;
use super::error::{LedgerError, unique};
use super::tx::{Tx, integer, person_bytes};
use crate::decision::{Identity, Posting, Record, StartKey, Verwezen};
use crate::message::{
    Bsn, Cents, Code, DeclaratieNummer, GeslotenPeriode, Party, ProductCode, ReferentieAanbieder, ReferentieNummer,
    VerzoekAntwoord,
};
use crate::rules::facts::{Allocation, ClaimLine, Stop};
use jiff::Timestamp;

/// Stores the records of one message.
pub(super) struct Recorder<'a> {
    pub(super) message_id: i64,
    pub(super) identity: &'a Identity,
    /// Place among the records of the message.
    pub(super) position: i64,
    /// Moment of the decision.
    pub(super) at: Timestamp,
}

impl Recorder<'_> {
    pub(super) fn insert(&self, tx: &Tx<'_>, record: &Record) -> Result<(), LedgerError> {
        match record {
            Record::Allocation { bsn, allocation, referentie } => {
                self.allocation(tx, bsn, allocation, referentie.as_ref())
            }
            Record::Start { bsn, key } => self.delivery(tx, bsn, key, None),
            Record::StartDeleted { bsn, key } => self.deleted(tx, bsn, key, None),
            Record::Stop { bsn, key, stop } => self.delivery(tx, bsn, key, Some(stop)),
            Record::StopDeleted { bsn, key, stop } => self.deleted(tx, bsn, key, Some(stop)),
            Record::Request { bsn, referentie, verwijzer } => self.request(tx, bsn, referentie, verwijzer.as_ref()),
            Record::Answer { referentie, antwoord } => self.answer(tx, referentie, *antwoord),
            Record::Honoured { referentie } => self.honoured(tx, referentie),
            Record::Declaratie { nummer, periode, ingediend, toegekend } => {
                self.declaratie(tx, nummer, periode, *ingediend, *toegekend)
            }
            Record::Prestatie { bsn, line } => self.line(tx, bsn, line),
            Record::Posting(posting) => self.posting(tx, posting),
            Record::Asked(asked) => self.asked(tx, asked),
            Record::Hold { toewijzingen, reasons, behind } => self.hold(tx, toewijzingen, reasons, *behind),
            Record::Settled(settled) => self.settled(tx, settled),
        }
    }

    pub(super) fn law(&self) -> &'static str {
        self.identity.kind.law.as_str()
    }

    fn allocation(
        &self,
        tx: &Tx<'_>,
        bsn: &Bsn,
        allocation: &Allocation,
        referentie: Option<&ReferentieAanbieder>,
    ) -> Result<(), LedgerError> {
        let product = allocation.product.as_ref();
        let omvang = allocation.omvang.as_ref();
        tx.sql(
            "INSERT INTO allocations (law, gemeente, nummer, toewijzingsdatum, tijd_sorted, message_id, position,
                 aanbieder, person, categorie, code, toewijzingstijd, ingangsdatum, einddatum, reden_wijziging,
                 volume, eenheid, frequentie, budget, referentie)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?
        .execute(params![
            self.law(),
            self.identity.gemeente.as_str(),
            integer(allocation.nummer)?,
            allocation.toewijzingsdatum.to_string(),
            sorted_time(&allocation.toewijzingstijd),
            self.message_id,
            self.position,
            allocation.aanbieder.as_str(),
            person_bytes(&tx.person(bsn))?,
            product.map(|product| product.categorie.as_str()),
            product.and_then(|product| product.code.as_ref()).map(ProductCode::as_str),
            allocation.toewijzingstijd,
            allocation.ingangsdatum.to_string(),
            allocation.einddatum.map(|date| date.to_string()),
            allocation.reden_wijziging.as_ref().map(Code::as_str),
            omvang.map(|omvang| integer(omvang.volume)).transpose()?,
            omvang.map(|omvang| omvang.eenheid.as_str()),
            omvang.map(|omvang| omvang.frequentie.as_str()),
            allocation.budget.map(|budget| budget.0),
            referentie.map(ReferentieAanbieder::as_str),
        ])?;
        Ok(())
    }

    fn delivery(&self, tx: &Tx<'_>, bsn: &Bsn, key: &StartKey, stop: Option<&Stop>) -> Result<(), LedgerError> {
        let product = key.product.as_ref();
        tx.sql(
            "INSERT INTO deliveries (message_id, position, law, gemeente, aanbieder, person, toewijzing_nummer,
                 categorie, code, begindatum, stop_reden, stop_einddatum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            self.message_id,
            self.position,
            self.law(),
            self.identity.gemeente.as_str(),
            self.identity.aanbieder.as_str(),
            person_bytes(&tx.person(bsn))?,
            key.toewijzing_nummer.map(integer).transpose()?,
            product.map(|product| product.categorie.as_str()),
            product.and_then(|product| product.code.as_ref()).map(ProductCode::as_str),
            key.begindatum.to_string(),
            stop.map(|stop| stop.reden.as_str()),
            stop.map(|stop| stop.einddatum.to_string()),
        ])?;
        Ok(())
    }

    fn deleted(&self, tx: &Tx<'_>, bsn: &Bsn, key: &StartKey, stop: Option<&Stop>) -> Result<(), LedgerError> {
        let product = key.product.as_ref();
        tx.sql(
            "UPDATE deliveries SET deleted_by = ?1
             WHERE law = ?2 AND gemeente = ?3 AND aanbieder = ?4 AND person = ?5 AND deleted_by IS NULL
                 AND toewijzing_nummer IS NOT DISTINCT FROM ?6 AND categorie IS NOT DISTINCT FROM ?7
                 AND code IS NOT DISTINCT FROM ?8 AND begindatum = ?9 AND stop_reden IS NOT DISTINCT FROM ?10
                 AND stop_einddatum IS NOT DISTINCT FROM ?11",
        )?
        .execute(params![
            self.message_id,
            self.law(),
            self.identity.gemeente.as_str(),
            self.identity.aanbieder.as_str(),
            person_bytes(&tx.person(bsn))?,
            key.toewijzing_nummer.map(integer).transpose()?,
            product.map(|product| product.categorie.as_str()),
            product.and_then(|product| product.code.as_ref()).map(ProductCode::as_str),
            key.begindatum.to_string(),
            stop.map(|stop| stop.reden.as_str()),
            stop.map(|stop| stop.einddatum.to_string()),
        ])?;
        Ok(())
    }

    fn request(
        &self,
        tx: &Tx<'_>,
        bsn: &Bsn,
        referentie: &ReferentieAanbieder,
        verwijzer: Option<&Verwezen>,
    ) -> Result<(), LedgerError> {
        tx.sql(
            "INSERT INTO requests (law, aanbieder, referentie, gemeente, person, message_id, position, verwijzer,
                 verwijzer_agb)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            self.law(),
            self.identity.aanbieder.as_str(),
            referentie.as_str(),
            self.identity.gemeente.as_str(),
            person_bytes(&tx.person(bsn))?,
            self.message_id,
            self.position,
            verwijzer.map(|verwijzer| verwijzer.soort.as_str()),
            verwijzer.and_then(|verwijzer| verwijzer.agb.as_ref()).map(Party::as_str),
        ])
        .map_err(|source| unique(source, "the reference of the request is used already"))?;
        Ok(())
    }

    fn answer(
        &self,
        tx: &Tx<'_>,
        referentie: &ReferentieAanbieder,
        antwoord: VerzoekAntwoord,
    ) -> Result<(), LedgerError> {
        tx.sql("INSERT INTO answers (law, aanbieder, referentie, message_id, antwoord) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
            self.law(),
            self.identity.aanbieder.as_str(),
            referentie.as_str(),
            self.message_id,
            antwoord.as_str(),
        ])?;
        Ok(())
    }

    /// The first allocation counts; later ones with the reference change nothing.
    fn honoured(&self, tx: &Tx<'_>, referentie: &ReferentieAanbieder) -> Result<(), LedgerError> {
        tx.sql(
            "UPDATE requests SET honoured_by = ?1
             WHERE law = ?2 AND aanbieder = ?3 AND referentie = ?4 AND gemeente = ?5 AND honoured_by IS NULL",
        )?
        .execute(params![
            self.message_id,
            self.law(),
            self.identity.aanbieder.as_str(),
            referentie.as_str(),
            self.identity.gemeente.as_str(),
        ])?;
        Ok(())
    }

    fn declaratie(
        &self,
        tx: &Tx<'_>,
        nummer: &DeclaratieNummer,
        periode: &GeslotenPeriode,
        ingediend: Cents,
        toegekend: Cents,
    ) -> Result<(), LedgerError> {
        tx.sql(
            "INSERT INTO declaraties (law, aanbieder, nummer, message_id, gemeente, begindatum, einddatum, ingediend,
                 toegekend)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            self.law(),
            self.identity.aanbieder.as_str(),
            nummer.as_str(),
            self.message_id,
            self.identity.gemeente.as_str(),
            periode.begindatum.to_string(),
            periode.einddatum.to_string(),
            ingediend.0,
            toegekend.0,
        ])
        .map_err(|source| unique(source, "the number of the declaration is used already"))?;
        Ok(())
    }

    /// A line that repeats a number is among those that were not granted; the first with the number stays. Only a
    /// number whose line was not granted can be used for one that is.
    fn line(&self, tx: &Tx<'_>, bsn: &Bsn, line: &ClaimLine) -> Result<(), LedgerError> {
        let stored = tx
            .sql(
                "INSERT INTO lines (law, aanbieder, referentie, vorig, message_id, position, gemeente, declaratie,
                     person, toewijzing_nummer, categorie, code, begindatum, einddatum, volume, eenheid, tarief,
                     bedrag, granted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
                 ON CONFLICT (law, aanbieder, referentie) DO UPDATE SET
                     vorig = excluded.vorig, message_id = excluded.message_id, position = excluded.position,
                     gemeente = excluded.gemeente, declaratie = excluded.declaratie, person = excluded.person,
                     toewijzing_nummer = excluded.toewijzing_nummer, categorie = excluded.categorie,
                     code = excluded.code, begindatum = excluded.begindatum, einddatum = excluded.einddatum,
                     volume = excluded.volume, eenheid = excluded.eenheid, tarief = excluded.tarief,
                     bedrag = excluded.bedrag, granted = excluded.granted
                 WHERE excluded.granted = 1 AND lines.granted = 0",
            )?
            .execute(params![
                self.law(),
                self.identity.aanbieder.as_str(),
                line.nummer.as_str(),
                line.vorig.as_ref().map(ReferentieNummer::as_str),
                self.message_id,
                self.position,
                self.identity.gemeente.as_str(),
                line.declaratie.as_str(),
                person_bytes(&tx.person(bsn))?,
                integer(line.toewijzing_nummer)?,
                line.categorie.as_str(),
                line.code.as_str(),
                line.periode.begindatum.to_string(),
                line.periode.einddatum.to_string(),
                integer(line.volume)?,
                line.eenheid.as_str(),
                line.tarief.map(|tarief| tarief.0),
                line.bedrag.0,
                line.granted,
            ])?;
        if stored == 0 && line.granted {
            return Err(LedgerError::Conflict("the reference of a granted line is used already"));
        }
        Ok(())
    }

    fn posting(&self, tx: &Tx<'_>, posting: &Posting) -> Result<(), LedgerError> {
        tx.post(Some(self.message_id), (self.identity.kind.law, &self.identity.gemeente), posting)
    }
}

/// A time as it sorts: without the zeros that end a fraction (`10:00:00.50` and `10:00:00.5` are one moment).
fn sorted_time(time: &str) -> &str {
    let time = time.trim();
    if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_moments() {
        assert_eq!(sorted_time("10:00:00"), "10:00:00");
        assert_eq!(sorted_time("10:00:00.500"), sorted_time("10:00:00.5"));
        assert_eq!(sorted_time(" 10:00:00.000 "), sorted_time("10:00:00"));
        assert!(sorted_time("10:00:00") < sorted_time("10:00:00.01"));
        assert!(sorted_time("10:00:00.9") < sorted_time("10:00:01"));
    }
}
