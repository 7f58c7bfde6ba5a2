//! What a message does to the budget agreements: reservation, release, realisation (funding, section 3).
//!
//! At all times an agreement's consumption is what is realised plus what is still open of the allocations. Care that is
//! paid by instalment reserves nothing per client. Money is posted to every agreement that the care counts for: the pot
//! of the segment as well as that of the provider.

use super::facts::{ContractFacts, ContractRequest};
use super::register::{Agreement, Register};
use super::value::{Entitlement, Lack, Value, clamp, value};
use super::words::BrokenPeriods;
use crate::decision::{Posting, PostingSort};
use crate::message::{Body, Categorie, Cents, Count, Date, Law, Message, Prestatie, ProductCode, ToegewezenProduct};
use crate::rules::Parties;
use crate::rules::facts::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// What a message does to the agreements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movements {
    /// Postings, in the order of the message and then of agreement.
    pub postings: Vec<Posting>,
    /// Agreements touched, by id.
    pub touched: BTreeMap<String, Touched>,
    /// Allocations of which (part of) the value is unknown, per agreement.
    pub unknown: Vec<Unknown>,
}

/// What a message does to one agreement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Consumption before the message.
    pub before: Cents,
    /// Consumption after it.
    pub after: Cents,
    /// Realised after it; `None` when the ledger did not say what was realised before.
    pub realised: Option<Cents>,
    /// Allocations of the message that changed it.
    pub toewijzingen: BTreeSet<Count>,
}

/// An allocation that an agreement cannot be reckoned with in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Agreement.
    pub agreement: String,
    /// Allocation.
    pub toewijzing: Count,
    /// What is missing.
    pub lack: Lack,
}

/// Which facts the contract layer needs for a message.
pub fn request(register: &Register, message: &Message) -> ContractRequest {
    let mut request = ContractRequest::default();
    let scope = Scope::of(register, message);
    match &message.body {
        Body::Toewijzing(client) => {
            request.person = Some(client.bsn.clone());
            for product in &client.producten {
                request.toewijzingen.insert(product.toewijzing_nummer);
                request.agreements.extend(scope.of_allocation(product).map(|agreement| agreement.id.clone()));
            }
        }
        Body::Declaratie(declaratie) => {
            for line in declaratie.clienten.iter().flat_map(|client| &client.prestaties) {
                request.toewijzingen.insert(line.toewijzing_nummer);
                request.agreements.extend(scope.of_line(line).map(|agreement| agreement.id.clone()));
            }
        }
        _ => {}
    }
    request
}

/// What the message does to the agreements: a 301 as a whole, a 323 by its `granted` lines (client, line).
pub fn movements(
    register: &Register,
    message: &Message,
    facts: &ContractFacts,
    ledger: &Facts,
    granted: &[(usize, usize)],
) -> Movements {
    let mut reserved: BTreeMap<Count, Vec<&str>> = BTreeMap::new();
    for (agreement, nummer) in facts.reserved.keys() {
        reserved.entry(*nummer).or_default().push(agreement);
    }
    let mut book = Book {
        scope: Scope::of(register, message),
        facts,
        reserved,
        movements: Movements::default(),
        state: BTreeMap::new(),
    };
    match &message.body {
        Body::Toewijzing(client) => client.producten.iter().for_each(|product| book.allocate(product)),
        Body::Declaratie(declaratie) => {
            for (client, line) in granted {
                let line = declaratie.clienten.get(*client).and_then(|client| client.prestaties.get(*line));
                if let Some(line) = line {
                    book.realise(line, ledger);
                }
            }
        }
        _ => {}
    }
    book.movements
}

/// Where the money of a message belongs.
#[derive(Clone, Copy)]
struct Scope<'a> {
    register: &'a Register,
    law: Law,
    parties: Parties<'a>,
}

impl<'a> Scope<'a> {
    fn of(register: &'a Register, message: &'a Message) -> Scope<'a> {
        let parties = Parties { gemeente: message.gemeente(), aanbieder: message.aanbieder() };
        Scope { register, law: message.kind.law, parties }
    }

    /// Agreements of the one segment that the product belongs to. An allocation by category that may fall into several
    /// segments is realised where it is claimed, and reserved nowhere.
    fn agreements(
        self,
        categorie: &Categorie,
        code: Option<&ProductCode>,
        on: Date,
    ) -> impl Iterator<Item = &'a Agreement> + use<'a> {
        let mut segments = self.register.segments(self.law, categorie, code, on).into_iter();
        let only = segments.next().filter(|_| segments.next().is_none());
        only.into_iter().flat_map(move |segment| self.register.agreements_for(segment, self.parties))
    }

    fn of_allocation(self, product: &ToegewezenProduct) -> impl Iterator<Item = &'a Agreement> + use<'a> {
        let known = product.product.as_ref();
        let on = product.ingangsdatum;
        known
            .into_iter()
            .flat_map(move |known| self.agreements(&known.categorie, known.code.as_ref(), on))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn of_line(self, line: &Prestatie) -> impl Iterator<Item = &'a Agreement> + use<'a> {
        let on = line.periode.begindatum;
        self.agreements(&line.categorie, Some(&line.code), on).filter(move |all| all.validity().holds_on(on))
    }

    fn value(self, entitlement: &Entitlement<'_>, agreement: &Agreement) -> Value {
        if agreement.model.pays_by_instalment() {
            return Value::default();
        }
        // A register with agreements always states how broken periods count.
        let broken = self.register.region.norms.broken_periods.unwrap_or(BrokenPeriods::Full);
        value(self.register, self.law, self.parties, entitlement, agreement.validity(), broken)
    }
}

/// How one allocation stands with one agreement.
#[derive(Debug, Clone, Copy, Default)]
struct Stand {
    open: i128,
    realised: i128,
}

struct Book<'a> {
    scope: Scope<'a>,
    facts: &'a ContractFacts,
    /// Agreements that hold a reservation for an allocation, by its number.
    reserved: BTreeMap<Count, Vec<&'a str>>,
    movements: Movements,
    state: BTreeMap<(String, Count), Stand>,
}

impl Book<'_> {
    fn stand(&mut self, agreement: &str, nummer: Count) -> &mut Stand {
        let facts = self.facts;
        let key = (agreement.to_owned(), nummer);
        self.state.entry(key).or_insert_with_key(|key| Stand {
            open: facts.reserved.get(key).map_or(0, |cents| i128::from(cents.0)),
            realised: facts.realised.get(key).map_or(0, |cents| i128::from(cents.0)),
        })
    }

    /// Brings the open reservation of an allocation to what its new version leaves to deliver.
    fn allocate(&mut self, product: &ToegewezenProduct) {
        let nummer = product.toewijzing_nummer;
        let deleted = product.is_deleted();
        let scope = self.scope;
        let agreements: BTreeMap<&str, &Agreement> =
            scope.of_allocation(product).map(|agreement| (agreement.id.as_str(), agreement)).collect();
        // What an earlier version reserved elsewhere comes free too.
        let earlier = self.reserved.get(&nummer).into_iter().flatten().copied();
        let ids: BTreeSet<&str> = agreements.keys().copied().chain(earlier).collect();
        for id in ids {
            let worth = match agreements.get(id) {
                Some(agreement) if !deleted => scope.value(&Entitlement::from(product), agreement),
                _ => Value::default(),
            };
            let stand = self.stand(id, nummer);
            let target = i128::from(worth.cents.0).saturating_sub(stand.realised).max(0);
            let change = target.saturating_sub(stand.open);
            stand.open = target;
            if let Some(lack) = worth.lacks {
                self.movements.unknown.push(Unknown { agreement: id.to_owned(), toewijzing: nummer, lack });
            }
            // The posting belongs to the agreement's own period, also when the allocation began before it.
            let on =
                agreements.get(id).map_or(product.ingangsdatum, |agreement| product.ingangsdatum.max(agreement.from));
            self.post(id, PostingSort::Reservation, change, nummer, None, on);
        }
    }

    /// Books a granted line. A debit uses up the open reservation; a credit gives it back as far as the allocation still
    /// entitles to it.
    fn realise(&mut self, line: &Prestatie, ledger: &Facts) {
        let nummer = line.toewijzing_nummer;
        let amount = i128::from(line.bedrag.signed().0);
        let allocation = ledger.allocations.get(&nummer).filter(|allocation| !allocation.is_deleted());
        let scope = self.scope;
        for agreement in scope.of_line(line) {
            let worth = allocation.map_or(0, |all| scope.value(&Entitlement::from(all), agreement).cents.0);
            let stand = self.stand(&agreement.id, nummer);
            stand.realised = stand.realised.saturating_add(amount);
            let release = if amount >= 0 {
                amount.min(stand.open.max(0))
            } else {
                let room = i128::from(worth).saturating_sub(stand.realised).saturating_sub(stand.open).max(0);
                -room.min(-amount)
            };
            stand.open = stand.open.saturating_sub(release);
            let reference = Some(line.referentie.nummer.as_str());
            let on = line.periode.begindatum;
            self.post(&agreement.id, PostingSort::Release, -release, nummer, reference, on);
            self.post(&agreement.id, PostingSort::Realisation, amount, nummer, reference, on);
        }
    }

    fn post(
        &mut self,
        agreement: &str,
        sort: PostingSort,
        amount: i128,
        nummer: Count,
        referentie: Option<&str>,
        on: Date,
    ) {
        if amount == 0 {
            return;
        }
        let cents = clamp(amount);
        let facts = self.facts;
        let touched = self.movements.touched.entry(agreement.to_owned()).or_insert_with(|| {
            let consumption = facts.consumption.get(agreement).copied();
            let realised = facts.realised_total.get(agreement).copied().or(consumption.is_none().then_some(Cents(0)));
            let consumption = consumption.unwrap_or_default();
            Touched { before: consumption, after: consumption, realised, toewijzingen: BTreeSet::new() }
        });
        touched.after = Cents(touched.after.0.saturating_add(cents));
        if sort == PostingSort::Realisation {
            touched.realised = touched.realised.map(|realised| Cents(realised.0.saturating_add(cents)));
        }
        touched.toewijzingen.insert(nummer);
        self.movements.postings.push(Posting {
            agreement: agreement.to_owned(),
            sort,
            cents: Cents(cents),
            toewijzing_nummer: nummer,
            referentie: referentie.map(str::to_owned),
            on,
        });
    }
}
