//! What the ledger knows of a region over time, for the checks that no single message can make.
//!
//! A survey looks at the care of a whole region as it stands on a day. Chains of one person stay within one law and
//! municipality: nobody has a ground for following a person across municipalities. Persons are keyed hashes.

use super::check::Raised;
use super::register::{Product, Register};
use crate::deadline::Debt;
use crate::decision::StartKey;
use crate::message::{Count, Date, Law, Number, Party, ReferentieAanbieder};
use crate::rules::facts::{Allocation, ClaimLine, PersonKey, Stop};
use std::collections::BTreeMap;

/// Everything a check over time may look at.
#[derive(Clone, Copy)]
pub struct Survey<'a> {
    /// The register in force.
    pub register: &'a Register,
    /// The Dutch civil date of the survey.
    pub today: Date,
    /// What the ledger knows.
    pub history: &'a History,
}

/// What a ledger knows of the municipalities of a region. Everything counts as sent; what was deleted is left out, but
/// for allocations, which then end with a deleted version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Allocations, by law, municipality and number.
    pub allocations: Vec<Allocated>,
    /// Requests, in the order in which they came.
    pub requests: Vec<Requested>,
    /// Starts with their stops, in the order in which they came.
    pub deliveries: Vec<Delivered>,
    /// Lines of declarations, granted or not, in the order in which they came.
    pub lines: Vec<Claimed>,
    /// What is owed and not answered yet, in the order in which it is due.
    pub owed: Vec<Owed>,
    /// Household of each person of a municipality, where it handed them in; messages do not tell.
    pub households: BTreeMap<(Party, PersonKey), String>,
}

/// An allocation with all its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocated {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Request that it honours, as far as the 301 tells.
    pub referentie: Option<ReferentieAanbieder>,
    /// Versions from the oldest to the one that counts (IV013); at least one.
    pub versions: Vec<Allocation>,
    /// Request that each version names, in the same order; a change names the request that asked for it.
    pub references: Vec<Option<ReferentieAanbieder>>,
}

impl Allocated {
    /// The version that counts; `None` when the allocation was deleted.
    pub fn current(&self) -> Option<&Allocation> {
        self.versions.last().filter(|version| !version.is_deleted())
    }

    /// The first version.
    pub fn first(&self) -> Option<&Allocation> {
        self.versions.first()
    }

    /// Its number.
    pub fn nummer(&self) -> Count {
        self.versions.first().map_or(0, |version| version.nummer)
    }
}

/// A request: one product of a 315, or a 317 as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Requested {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// Person.
    pub person: PersonKey,
    /// ReferentieAanbieder.
    pub referentie: ReferentieAanbieder,
    /// 315 or 317.
    pub number: Number,
    /// Dagtekening.
    pub on: Date,
    /// Type of referrer (COD327) of a 315; `None` for a 317 and for requests of before it was kept.
    pub verwijzer: Option<String>,
    /// AGB code of the referrer, where given.
    pub verwijzer_agb: Option<Party>,
    /// Whether an allocation honoured it.
    pub is_honoured: bool,
}

/// A start with its stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// Person.
    pub person: PersonKey,
    /// Allocation, product and first day.
    pub key: StartKey,
    /// How it stopped; `None` while it runs.
    pub stop: Option<Stop>,
}

/// A line of a declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// Dagtekening of the 323.
    pub on: Date,
    /// The line.
    pub line: ClaimLine,
}

/// An answer, or a message, that somebody owes.
#[derive(Debug, Clone, PartialEq)]
pub struct Owed {
    /// Law.
    pub law: Law,
    /// Municipality.
    pub gemeente: Party,
    /// Provider.
    pub aanbieder: Party,
    /// Who owes it.
    pub owed_by: Party,
    /// What is owed.
    pub debt: Debt,
    /// The ReferentieAanbieder of a request or the ToewijzingNummer of a start; empty for an answer to a whole message.
    pub about: String,
    /// Last day on which it is in time.
    pub due: Date,
}

/// Something a check over time found, for one municipality.
#[derive(Debug, Clone)]
pub struct Surveyed {
    pub(super) law: Law,
    pub(super) gemeente: Party,
    pub(super) raised: Raised,
}

impl Surveyed {
    pub(super) fn new(law: Law, gemeente: &Party, raised: Raised) -> Surveyed {
        Surveyed { law, gemeente: gemeente.clone(), raised }
    }
}

impl<'a> Survey<'a> {
    /// The product of an allocation as the register has it on its first day.
    pub(super) fn product(&self, law: Law, allocation: &Allocation) -> Option<&'a Product> {
        let code = allocation.product.as_ref()?.code.as_ref()?;
        self.register.product(law, code, allocation.ingangsdatum)
    }

    /// How texts name a provider.
    pub(super) fn provider_name(&self, agb: &Party) -> String {
        self.register.provider(agb).map_or_else(|| agb.to_string(), |provider| format!("{} ({agb})", provider.name))
    }
}
