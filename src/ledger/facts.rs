//! Loading facts: a handful of queries over sets, however large the message.
//!
//! `CROSS JOIN` and `INDEXED BY` pin the plans: left alone, `SQLite` prefers the two columns of a primary key over the
//! four of an index and reads all lines of a provider for each allocation.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the lifetimes of `Cells` are fixed in the path of a method, and a reader of rows must take any"
)]

use super::db::params;
use super::error::LedgerError;
use super::tx::{Cells, Tx, json};
use crate::contract::facts::{ContractFacts, ContractRequest};
use crate::message::{Bsn, Cents, Count, Law, Number, Party, ReferentieAanbieder, VerzoekAntwoord};
use crate::rules::facts::{
    Allocation, CareRequest, ClaimLine, Delivery, Earlier, Facts, PersonKey, Request, RequestAnswer, Stop,
};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of an allocation, as [`allocation`] reads them.
macro_rules! allocation_columns {
    () => {
        "a.nummer, a.aanbieder, a.person, a.categorie, a.code, a.toewijzingsdatum, a.toewijzingstijd, a.ingangsdatum,
         a.einddatum, a.reden_wijziging, a.volume, a.eenheid, a.frequentie, a.budget,
         m.law, m.number, m.identificatie, m.dagtekening"
    };
}

/// Columns of a line, as [`line`] reads them.
macro_rules! line_columns {
    () => {
        "l.referentie, l.vorig, l.person, l.toewijzing_nummer, l.categorie, l.code, l.begindatum, l.einddatum, l.volume,
         l.eenheid, l.tarief, l.bedrag, l.granted, l.declaratie"
    };
}

/// Columns of a request with its message `m` and the 301 that honoured it `h`, as [`care_request`] reads them.
macro_rules! request_columns {
    () => {
        "r.referentie, r.gemeente, r.person, m.law, m.number, m.identificatie, m.dagtekening,
         h.law, h.number, h.identificatie, h.dagtekening"
    };
}

/// Versions of allocations from the oldest to the latest, so that the last one read is the one that counts (IV013).
macro_rules! oldest_version_first {
    () => {
        "ORDER BY a.nummer, a.toewijzingsdatum, a.tijd_sorted, a.message_id, a.position"
    };
}

impl Tx<'_> {
    /// What the rules need for a message: see [`Facts`].
    pub fn facts(&self, request: &Request) -> Result<Facts, LedgerError> {
        self.facts_without(request, None)
    }

    /// The same for a stored message that is judged once more: its own identification is not one that was used before.
    pub fn facts_again(&self, request: &Request, message_id: i64) -> Result<Facts, LedgerError> {
        self.facts_without(request, Some(message_id))
    }

    fn facts_without(&self, request: &Request, message_id: Option<i64>) -> Result<Facts, LedgerError> {
        let persons: BTreeMap<Bsn, PersonKey> =
            request.persons.iter().map(|bsn| (bsn.clone(), self.person(bsn))).collect();
        let (known_clients, deliveries) = if persons.is_empty() {
            (BTreeSet::new(), Vec::new())
        } else {
            let keys = json(persons.values().map(|person| person.0.as_str()));
            (self.known_clients(request, &persons, &keys)?, self.deliveries(request, &keys)?)
        };
        let (mut allocations, granted) = if request.toewijzingen.is_empty() {
            (BTreeMap::new(), BTreeMap::new())
        } else {
            let allocations = self.latest_allocations(request.law, &request.gemeente, &request.toewijzingen)?;
            (allocations, self.granted(request, &json(&request.toewijzingen))?)
        };
        if request.all_allocations {
            for person in persons.values() {
                let all = self.allocation_versions(request.law, &request.gemeente, person)?;
                allocations.extend(all.into_iter().filter(|(_, allocation)| allocation.aanbieder == request.aanbieder));
            }
        }
        let (declaratie_used, latest_declaratie_periode) = match &request.declaratie {
            Some(nummer) => (self.declaratie_used(request, nummer.as_str())?, self.latest_periode(request)?),
            None => (None, None),
        };
        let identification_used = self.identification_used(request, message_id)?;
        let lines = self.lines(request)?;
        let verzoeken = self.verzoeken(request)?;
        let verzoeken_of_client = self.verzoeken_of_client(request, &persons)?;
        Ok(Facts {
            identification_used,
            persons,
            known_clients,
            allocations,
            deliveries,
            verzoeken,
            verzoeken_of_client,
            declaratie_used,
            latest_declaratie_periode,
            lines,
            granted,
            question: self.question(request)?,
            held: if request.number == Number::N301 { self.held_before(request, message_id)? } else { BTreeMap::new() },
        })
    }

    /// What the contract layer needs for a message of `law` and `gemeente`. An agreement without postings has a
    /// consumption of zero.
    pub fn contract_facts(
        &self,
        law: Law,
        gemeente: &Party,
        request: &ContractRequest,
    ) -> Result<ContractFacts, LedgerError> {
        let mut facts = ContractFacts::default();
        if let Some(bsn) = &request.person {
            facts.allocations = self.allocations_of(law, gemeente, &self.person(bsn))?;
        }
        if !request.toewijzingen.is_empty() {
            facts.stands = self.stands(law, gemeente, &request.toewijzingen)?;
        }
        // What an earlier version reserved elsewhere is touched too.
        let slots = facts.stands.values().flat_map(BTreeMap::keys);
        let mut agreements: BTreeSet<String> = slots.flat_map(|slot| slot.agreements.iter().cloned()).collect();
        agreements.extend(request.agreements.iter().cloned());
        if !agreements.is_empty() {
            for (agreement, consumption, realised) in self.balances(&agreements)? {
                facts.consumption.insert(agreement.clone(), consumption);
                facts.realised_total.insert(agreement, realised);
            }
        }
        Ok(facts)
    }

    fn identification_used(&self, request: &Request, except: Option<i64>) -> Result<Option<Earlier>, LedgerError> {
        self.first(
            "SELECT m.law, m.number, m.identificatie, m.dagtekening FROM messages AS m
             WHERE m.law = ?1 AND m.number = ?2 AND m.afzender = ?3 AND m.identificatie = ?4 AND m.counts_as_sent = 1
                 AND m.id IS DISTINCT FROM ?5
             ORDER BY m.id LIMIT 1",
            params![
                request.law.as_str(),
                request.number.as_str(),
                request.afzender.as_str(),
                request.identificatie.as_str(),
                except
            ],
            |cells| cells.earlier(),
        )
    }

    fn known_clients(
        &self,
        request: &Request,
        persons: &BTreeMap<Bsn, PersonKey>,
        keys: &str,
    ) -> Result<BTreeSet<Bsn>, LedgerError> {
        let known: BTreeSet<PersonKey> = self
            .all(
                "SELECT unhex(k.value) FROM json_each(?1) AS k
                 WHERE EXISTS (
                     SELECT 1 FROM allocations AS a INDEXED BY allocations_person
                     WHERE a.law = ?2 AND a.gemeente = ?3 AND a.person = unhex(k.value) AND a.aanbieder = ?4
                 )",
                params![keys, request.law.as_str(), request.gemeente.as_str(), request.aanbieder.as_str()],
                |cells| cells.person(),
            )?
            .into_iter()
            .collect();
        Ok(persons.iter().filter(|(_, person)| known.contains(person)).map(|(bsn, _)| bsn.clone()).collect())
    }

    fn deliveries(&self, request: &Request, keys: &str) -> Result<Vec<Delivery>, LedgerError> {
        self.all(
            "SELECT d.person, d.toewijzing_nummer, d.categorie, d.code, d.begindatum, d.stop_reden, d.stop_einddatum,
                 m.law, m.number, m.identificatie, m.dagtekening
             FROM json_each(?1) AS k CROSS JOIN deliveries AS d INDEXED BY deliveries_person
             ON d.law = ?2 AND d.gemeente = ?3 AND d.aanbieder = ?4 AND d.person = unhex(k.value)
                 AND d.deleted_by IS NULL
             CROSS JOIN messages AS m ON m.id = d.message_id
             ORDER BY d.message_id, d.position",
            params![keys, request.law.as_str(), request.gemeente.as_str(), request.aanbieder.as_str()],
            delivery,
        )
    }

    /// Starts and stops on allocations, by number, oldest first, deleted ones left out.
    pub(super) fn deliveries_on(
        &self,
        law: Law,
        gemeente: &Party,
        numbers: &BTreeSet<Count>,
    ) -> Result<BTreeMap<Count, Vec<Delivery>>, LedgerError> {
        let all = self.all(
            "SELECT d.person, d.toewijzing_nummer, d.categorie, d.code, d.begindatum, d.stop_reden, d.stop_einddatum,
                 m.law, m.number, m.identificatie, m.dagtekening
             FROM json_each(?1) AS k CROSS JOIN deliveries AS d INDEXED BY deliveries_of_allocation
             ON d.law = ?2 AND d.gemeente = ?3 AND d.toewijzing_nummer = CAST(k.value AS BIGINT) AND d.deleted_by IS NULL
             CROSS JOIN messages AS m ON m.id = d.message_id
             ORDER BY d.message_id, d.position",
            params![json(numbers), law.as_str(), gemeente.as_str()],
            delivery,
        )?;
        let mut by_number: BTreeMap<Count, Vec<Delivery>> = BTreeMap::new();
        for delivery in all {
            by_number.entry(delivery.toewijzing_nummer.unwrap_or_default()).or_default().push(delivery);
        }
        Ok(by_number)
    }

    /// Latest versions of allocations, deleted ones included.
    pub(super) fn latest_allocations(
        &self,
        law: Law,
        gemeente: &Party,
        numbers: &BTreeSet<Count>,
    ) -> Result<BTreeMap<Count, Allocation>, LedgerError> {
        let versions = self.all(
            concat!(
                "SELECT ",
                allocation_columns!(),
                " FROM json_each(?1) AS k CROSS JOIN allocations AS a
                 ON a.law = ?2 AND a.gemeente = ?3 AND a.nummer = CAST(k.value AS BIGINT)
                 CROSS JOIN messages AS m ON m.id = a.message_id ",
                oldest_version_first!()
            ),
            params![json(numbers), law.as_str(), gemeente.as_str()],
            allocation,
        )?;
        Ok(latest(versions))
    }

    /// Latest versions that are for `person` and not deleted.
    fn allocations_of(&self, law: Law, gemeente: &Party, person: &PersonKey) -> Result<Vec<Allocation>, LedgerError> {
        let mut allocations: Vec<Allocation> = self
            .allocation_versions(law, gemeente, person)?
            .into_values()
            .filter(|allocation| !allocation.is_deleted())
            .collect();
        allocations.sort_by_key(|allocation| (allocation.ingangsdatum, allocation.nummer));
        Ok(allocations)
    }

    /// Latest versions that are for `person`, deleted ones included.
    fn allocation_versions(
        &self,
        law: Law,
        gemeente: &Party,
        person: &PersonKey,
    ) -> Result<BTreeMap<Count, Allocation>, LedgerError> {
        let versions = self.all(
            concat!(
                "SELECT ",
                allocation_columns!(),
                " FROM (
                     SELECT DISTINCT nummer FROM allocations INDEXED BY allocations_person
                     WHERE law = ?1 AND gemeente = ?2 AND person = unhex(?3)
                 ) AS k
                 CROSS JOIN allocations AS a ON a.law = ?1 AND a.gemeente = ?2 AND a.nummer = k.nummer
                 CROSS JOIN messages AS m ON m.id = a.message_id ",
                oldest_version_first!()
            ),
            params![law.as_str(), gemeente.as_str(), person.0],
            allocation,
        )?;
        let mut allocations = latest(versions);
        // The latest version may be for somebody else.
        allocations.retain(|_, allocation| allocation.person == *person);
        Ok(allocations)
    }

    /// Requests by the references that the message names.
    fn verzoeken(&self, request: &Request) -> Result<BTreeMap<ReferentieAanbieder, CareRequest>, LedgerError> {
        if request.verzoeken.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = self.all(
            concat!(
                "SELECT ",
                request_columns!(),
                " FROM json_each(?1) AS k
                 CROSS JOIN requests AS r ON r.law = ?2 AND r.aanbieder = ?3 AND r.referentie = k.value
                 CROSS JOIN messages AS m ON m.id = r.message_id
                 LEFT JOIN messages AS h ON h.id = r.honoured_by"
            ),
            params![
                json(request.verzoeken.iter().map(ReferentieAanbieder::as_str)),
                request.law.as_str(),
                request.aanbieder.as_str()
            ],
            care_request,
        )?;
        let found = found.into_iter().map(|verzoek| (verzoek.referentie.clone(), verzoek)).collect();
        self.with_answers(request, found)
    }

    /// Requests of the persons of the message by its provider to its municipality, oldest first.
    fn verzoeken_of_client(
        &self,
        request: &Request,
        persons: &BTreeMap<Bsn, PersonKey>,
    ) -> Result<Vec<CareRequest>, LedgerError> {
        if !request.all_verzoeken {
            return Ok(Vec::new());
        }
        let found = self.all(
            concat!(
                "SELECT ",
                request_columns!(),
                " FROM json_each(?1) AS k
                 CROSS JOIN requests AS r INDEXED BY requests_person
                     ON r.law = ?2 AND r.gemeente = ?3 AND r.aanbieder = ?4 AND r.person = unhex(k.value)
                 CROSS JOIN messages AS m ON m.id = r.message_id
                 LEFT JOIN messages AS h ON h.id = r.honoured_by
                 ORDER BY r.message_id, r.position"
            ),
            params![
                json(persons.values().map(|person| person.0.as_str())),
                request.law.as_str(),
                request.gemeente.as_str(),
                request.aanbieder.as_str()
            ],
            care_request,
        )?;
        let order: Vec<ReferentieAanbieder> = found.iter().map(|verzoek| verzoek.referentie.clone()).collect();
        let by_reference = found.into_iter().map(|verzoek| (verzoek.referentie.clone(), verzoek)).collect();
        let mut by_reference = self.with_answers(request, by_reference)?;
        Ok(order.iter().filter_map(|referentie| by_reference.remove(referentie)).collect())
    }

    fn with_answers(
        &self,
        request: &Request,
        mut verzoeken: BTreeMap<ReferentieAanbieder, CareRequest>,
    ) -> Result<BTreeMap<ReferentieAanbieder, CareRequest>, LedgerError> {
        if verzoeken.is_empty() {
            return Ok(verzoeken);
        }
        let answers = self.all(
            "SELECT a.referentie, a.antwoord, m.law, m.number, m.identificatie, m.dagtekening
             FROM json_each(?1) AS k
             CROSS JOIN answers AS a ON a.law = ?2 AND a.aanbieder = ?3 AND a.referentie = k.value
             CROSS JOIN messages AS m ON m.id = a.message_id
             ORDER BY a.referentie, a.message_id",
            params![
                json(verzoeken.keys().map(ReferentieAanbieder::as_str)),
                request.law.as_str(),
                request.aanbieder.as_str()
            ],
            |cells| {
                let referentie: ReferentieAanbieder = cells.word()?;
                let antwoord = VerzoekAntwoord::parse(cells.text()?)
                    .ok_or(LedgerError::Damaged("an answer to a request is unknown"))?;
                Ok((referentie, RequestAnswer { antwoord, message: cells.earlier()? }))
            },
        )?;
        for (referentie, answer) in answers {
            if let Some(verzoek) = verzoeken.get_mut(&referentie) {
                verzoek.answers.push(answer);
            }
        }
        Ok(verzoeken)
    }

    fn declaratie_used(&self, request: &Request, nummer: &str) -> Result<Option<Earlier>, LedgerError> {
        self.first(
            "SELECT m.law, m.number, m.identificatie, m.dagtekening
             FROM declaraties AS d CROSS JOIN messages AS m ON m.id = d.message_id
             WHERE d.law = ?1 AND d.aanbieder = ?2 AND d.nummer = ?3",
            params![request.law.as_str(), request.aanbieder.as_str(), nummer],
            |cells| cells.earlier(),
        )
    }

    fn latest_periode(&self, request: &Request) -> Result<Option<crate::message::Date>, LedgerError> {
        self.first(
            "SELECT max(begindatum) FROM declaraties WHERE law = ?1 AND gemeente = ?2 AND aanbieder = ?3",
            params![request.law.as_str(), request.gemeente.as_str(), request.aanbieder.as_str()],
            |cells| cells.optional_date(),
        )
        .map(Option::flatten)
    }

    fn lines(&self, request: &Request) -> Result<BTreeMap<crate::message::ReferentieNummer, ClaimLine>, LedgerError> {
        if request.referenties.is_empty() {
            return Ok(BTreeMap::new());
        }
        let lines = self.all(
            concat!(
                "SELECT ",
                line_columns!(),
                " FROM json_each(?1) AS k CROSS JOIN lines AS l
                 ON l.law = ?2 AND l.aanbieder = ?3 AND l.referentie = k.value"
            ),
            params![
                json(request.referenties.iter().map(|nummer| nummer.as_str())),
                request.law.as_str(),
                request.aanbieder.as_str()
            ],
            line,
        )?;
        Ok(lines.into_iter().map(|line| (line.nummer.clone(), line)).collect())
    }

    fn granted(&self, request: &Request, numbers: &str) -> Result<BTreeMap<Count, Vec<ClaimLine>>, LedgerError> {
        let lines = self.all(
            concat!(
                "SELECT ",
                line_columns!(),
                " FROM json_each(?1) AS k CROSS JOIN lines AS l INDEXED BY lines_granted
                 ON l.law = ?2 AND l.gemeente = ?3 AND l.aanbieder = ?4 AND l.toewijzing_nummer = CAST(k.value AS BIGINT)
                     AND l.granted = 1
                 ORDER BY l.message_id, l.position"
            ),
            params![numbers, request.law.as_str(), request.gemeente.as_str(), request.aanbieder.as_str()],
            line,
        )?;
        let mut granted: BTreeMap<Count, Vec<ClaimLine>> = BTreeMap::new();
        for line in lines {
            granted.entry(line.toewijzing_nummer).or_default().push(line);
        }
        Ok(granted)
    }

    /// Agreement, consumption and realised; zero for those without postings, which come first.
    fn balances(&self, agreements: &BTreeSet<String>) -> Result<Vec<(String, Cents, Cents)>, LedgerError> {
        let mut balances: Vec<(String, Cents, Cents)> =
            agreements.iter().map(|agreement| (agreement.clone(), Cents(0), Cents(0))).collect();
        balances.extend(self.all(
            "SELECT b.agreement, b.consumption, b.realised FROM json_each(?1) AS k CROSS JOIN balances AS b
             ON b.agreement = k.value",
            params![json(agreements)],
            |cells| Ok((cells.get::<String>()?, cells.cents()?, cells.cents()?)),
        )?);
        Ok(balances)
    }
}

fn latest(versions: Vec<Allocation>) -> BTreeMap<Count, Allocation> {
    versions.into_iter().map(|version| (version.nummer, version)).collect()
}

pub(super) fn allocation(cells: &mut Cells<'_, '_>) -> Result<Allocation, LedgerError> {
    Ok(Allocation {
        nummer: cells.count()?,
        aanbieder: cells.word()?,
        person: cells.person()?,
        product: cells.product()?,
        toewijzingsdatum: cells.date()?,
        toewijzingstijd: cells.text()?.to_owned(),
        ingangsdatum: cells.date()?,
        einddatum: cells.optional_date()?,
        reden_wijziging: cells.optional_code()?,
        omvang: cells.omvang()?,
        budget: cells.optional_cents()?,
        message: cells.earlier()?,
    })
}

fn care_request(cells: &mut Cells<'_, '_>) -> Result<CareRequest, LedgerError> {
    Ok(CareRequest {
        referentie: cells.word()?,
        gemeente: cells.word()?,
        person: cells.person()?,
        message: cells.earlier()?,
        answers: Vec::new(),
        honoured_by: cells.optional_earlier()?,
    })
}

fn delivery(cells: &mut Cells<'_, '_>) -> Result<Delivery, LedgerError> {
    Ok(Delivery {
        person: cells.person()?,
        toewijzing_nummer: cells.optional_count()?,
        product: cells.product()?,
        begindatum: cells.date()?,
        stop: stop(cells)?,
        message: cells.earlier()?,
    })
}

pub(super) fn stop(cells: &mut Cells<'_, '_>) -> Result<Option<Stop>, LedgerError> {
    let (reden, einddatum) = (cells.optional_code()?, cells.optional_date()?);
    Ok(reden.zip(einddatum).map(|(reden, einddatum)| Stop { reden, einddatum }))
}

pub(super) fn line(cells: &mut Cells<'_, '_>) -> Result<ClaimLine, LedgerError> {
    Ok(ClaimLine {
        nummer: cells.word()?,
        vorig: cells.optional_word()?,
        person: cells.person()?,
        toewijzing_nummer: cells.count()?,
        categorie: cells.word()?,
        code: cells.word()?,
        periode: crate::message::GeslotenPeriode { begindatum: cells.date()?, einddatum: cells.date()? },
        volume: cells.count()?,
        eenheid: cells.eenheid()?,
        tarief: cells.optional_cents()?,
        bedrag: cells.cents()?,
        granted: cells.get()?,
        declaratie: cells.word()?,
    })
}
