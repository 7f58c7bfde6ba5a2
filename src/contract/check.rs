//! What a check of the contract layer is: a table of facts about it and a function. The registry of all checks.

use super::answer::Answer;
use super::budget::Movements;
use super::checks;
use super::facts::ContractFacts;
use super::money::account::Care;
use super::money::{self, Piece};
use super::policy::Policy;
use super::register::Register;
use super::survey::{Survey, Surveyed};
use super::words::Flag;
use crate::finding::Severity;
use crate::message::{Body, Count, Date, Law, Message, Number, Party, Prestatie, Product, ToegewezenProduct};
use crate::rules::Parties;
use crate::rules::facts::{Allocation, Facts};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One check of the catalogue.
pub struct CheckInfo {
    /// Identifier in the catalogue: `A1`, `B4`, `D2`.
    pub id: &'static str,
    /// What it looks for, one sentence in Dutch.
    pub nl: &'static str,
    /// What it looks for, one sentence in English.
    pub en: &'static str,
    /// Policy of a municipality that set none.
    pub default_policy: Policy,
    /// What it reads from the register, by name of table or norm.
    pub parameters: &'static [&'static str],
    /// When it looks, and at what.
    pub run: Run,
}

/// When a check looks, and at what.
pub enum Run {
    /// At each message of these numbers that the standard accepts, before its verdict.
    OnMessage {
        /// Numbers it looks at.
        numbers: &'static [Number],
        #[doc(hidden)]
        run: fn(&Look<'_>) -> Vec<Raised>,
    },
    /// At all that the ledger knows of a region, once a day: what no single message shows.
    OverTime(#[doc(hidden)] fn(&Survey<'_>) -> Vec<Surveyed>),
    /// Never: these rules of the standard see to it, and what they refuse is refused with the standard's codes.
    ByRules(&'static [&'static str]),
    /// When a register is checked or imported, never at a message: what breaks it is no good register.
    AtLoad,
    /// Never: its data are not in the messages.
    Elsewhere {
        /// What would be needed, one sentence in Dutch.
        nl: &'static str,
        /// What would be needed, one sentence in English.
        en: &'static str,
    },
}

impl CheckInfo {
    /// Numbers it looks at as they come in; none for what looks over time or cannot look.
    pub fn numbers(&self) -> &'static [Number] {
        match self.run {
            Run::OnMessage { numbers, .. } => numbers,
            Run::OverTime(_) | Run::ByRules(_) | Run::AtLoad | Run::Elsewhere { .. } => &[],
        }
    }
}

impl std::fmt::Debug for CheckInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// All checks, by id.
pub fn all() -> &'static [&'static CheckInfo] {
    checks::ALL
}

/// The check with this id, or the first of two: what a message shows of it and what only time shows.
pub fn find(id: &str) -> Option<&'static CheckInfo> {
    all().iter().copied().find(|check| check.id == id)
}

/// Everything a check may look at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub(super) register: &'a Register,
    pub(super) message: &'a Message,
    pub(super) today: Date,
    pub(super) facts: &'a ContractFacts,
    pub(super) ledger: &'a Facts,
    /// Granted lines of a 323: client and line.
    pub(super) granted: &'a [(usize, usize)],
    pub(super) movements: &'a Movements,
}

impl<'a> Look<'a> {
    pub(super) fn law(&self) -> Law {
        self.message.kind.law
    }

    pub(super) fn gemeente(&self) -> &'a Party {
        self.message.gemeente()
    }

    pub(super) fn aanbieder(&self) -> &'a Party {
        self.message.aanbieder()
    }

    /// The allocations of a 301 that ask for care: not the deleted ones.
    pub(super) fn allocated(&self) -> impl Iterator<Item = &'a ToegewezenProduct> + use<'a> {
        let products = match &self.message.body {
            Body::Toewijzing(client) => client.producten.as_slice(),
            _ => &[],
        };
        products.iter().filter(|product| !product.is_deleted())
    }

    /// The version of an allocation before this 301; `None` when it is new.
    pub(super) fn earlier(&self, nummer: Count) -> Option<&'a Allocation> {
        self.ledger.allocations.get(&nummer).filter(|allocation| !allocation.is_deleted())
    }

    /// The granted lines of a 323.
    pub(super) fn claimed(&self) -> impl Iterator<Item = &'a Prestatie> + use<'a> {
        let clients = match &self.message.body {
            Body::Declaratie(declaratie) => declaratie.clienten.as_slice(),
            _ => &[],
        };
        self.granted.iter().filter_map(move |(client, line)| clients.get(*client)?.prestaties.get(*line))
    }

    /// Whether a product is marked so on a day. What a category of the Jeugdwet says by itself needs no mark in the
    /// register: 46 is crisis care, 53 is given by hospitals, 55 is contracted nationally (JZ020).
    pub(super) fn is_marked(&self, product: &Product, on: Date, flag: Flag) -> bool {
        let by_category = self.law() == Law::Jeugdwet
            && matches!(
                (product.categorie.as_str(), flag),
                ("46", Flag::Crisis) | ("53", Flag::Hospital) | ("55", Flag::National)
            );
        let marked = || {
            let known = self.register.product(self.law(), product.code.as_ref()?, on)?;
            Some(known.flags.contains(&flag))
        };
        by_category || marked().unwrap_or(false)
    }

    /// Municipality and provider.
    pub(super) fn parties(&self) -> Parties<'a> {
        Parties { gemeente: self.gemeente(), aanbieder: self.aanbieder() }
    }

    /// Where the money of a product belongs on a day.
    pub(super) fn place(&self, product: &Product, on: Date) -> Piece<'a> {
        money::place(self.register, Care::of(self.law(), self.parties(), Some(product)), on)
    }

    /// What the person of a 301 has beside its allocations: those of other numbers that were not taken back.
    pub(super) fn had(&self) -> impl Iterator<Item = &'a Allocation> + use<'a> {
        let own: BTreeSet<Count> = match &self.message.body {
            Body::Toewijzing(client) => client.producten.iter().map(|product| product.toewijzing_nummer).collect(),
            _ => BTreeSet::new(),
        };
        self.facts.allocations.iter().filter(move |had| !had.is_taken_back() && !own.contains(&had.nummer))
    }

    /// The care of a message: the allocations of a 301 with their first day, the granted lines of a 323 with theirs.
    pub(super) fn cared(&self) -> Vec<(Count, Product, Date)> {
        let allocated = self
            .allocated()
            .filter_map(|each| Some((each.toewijzing_nummer, each.product.clone()?, each.ingangsdatum)));
        let claimed = self.claimed().map(|line| {
            let product = Product { categorie: line.categorie.clone(), code: Some(line.code.clone()) };
            (line.toewijzing_nummer, product, line.periode.begindatum)
        });
        allocated.chain(claimed).collect()
    }

    /// How texts name the provider.
    pub(super) fn provider_name(&self) -> String {
        let agb = self.aanbieder();
        self.register.provider(agb).map_or_else(|| agb.to_string(), |provider| format!("{} ({agb})", provider.name))
    }
}

/// How texts name a product: its code, or else its category.
pub(super) fn product_name(product: &Product) -> &str {
    product.code.as_ref().map_or(product.categorie.as_str(), |code| code.as_str())
}

/// Something a check found. The engine stamps check, region, municipality, outcome and id on it.
#[derive(Debug, Clone)]
pub struct Raised {
    /// What makes the case: allocation, agreement, threshold. The same subject gives the same id.
    pub(super) subject: String,
    /// The furthest this finding may go, whatever the policy.
    pub(super) at_most: Policy,
    pub(super) severity: Severity,
    pub(super) toewijzingen: Vec<Count>,
    /// The rejection that a request may get for it.
    pub(super) answer: Option<Answer>,
    pub(super) nl: String,
    pub(super) en: String,
    pub(super) facts: BTreeMap<String, Value>,
}

impl Raised {
    pub(super) fn new(subject: impl Into<String>, severity: Severity, nl: String, en: String) -> Raised {
        Raised {
            subject: subject.into(),
            at_most: Policy::Answer,
            severity,
            toewijzingen: Vec::new(),
            answer: None,
            nl,
            en,
            facts: BTreeMap::new(),
        }
    }

    /// Adds a figure.
    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Raised {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn about(mut self, toewijzingen: impl IntoIterator<Item = Count>) -> Raised {
        self.toewijzingen.extend(toewijzingen);
        self
    }

    pub(super) fn at_most(mut self, policy: Policy) -> Raised {
        self.at_most = policy;
        self
    }
}
