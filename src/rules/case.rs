//! What rules read: the message, the day, the facts of the ledger and the terms of the contract.

use super::facts::{Allocation, Facts, Question, QuestionKey};
use super::granted::Granted;
use crate::message::{
    Categorie, Cents, Count, Date, Declaratie, DeclaratieClient, Eenheid, Law, Message, Party, Prestatie, ProductCode,
};

/// What the contract layer can tell a rule of the standard. The register implements it.
pub trait Terms {
    /// Whether `code` belongs to `categorie` on `on`, by the product list in use (IV075).
    fn lists_product(&self, law: Law, categorie: &Categorie, code: &ProductCode, on: Date) -> bool;

    /// Contracted tariff in eurocents of one unit; `None` when nothing was agreed for it.
    fn tariff(&self, law: Law, parties: Parties<'_>, code: &ProductCode, eenheid: Eenheid, on: Date) -> Option<Cents>;

    /// Units in which the product is contracted on `on`; empty when nothing was agreed.
    fn units(&self, law: Law, parties: Parties<'_>, code: &ProductCode, on: Date) -> Vec<Eenheid>;
}

/// The two contracting parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties<'a> {
    /// Municipality.
    pub gemeente: &'a Party,
    /// Provider.
    pub aanbieder: &'a Party,
}

/// A message with everything it is judged against.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The message.
    pub message: &'a Message,
    /// The day of judging: Dutch civil date at the receiver.
    pub today: Date,
    /// What the ledger knows; `None` when there is no ledger (`sluis check`).
    pub facts: Option<&'a Facts>,
    /// What the contract says; `None` without a register.
    pub terms: Option<&'a dyn Terms>,
    /// What becomes of a reply to a message that nobody knows.
    pub unknown_question: UnknownQuestion,
}

/// What becomes of a reply to a message that did not pass through this gateway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownQuestion {
    /// It is refused.
    #[default]
    Refuse,
    /// It is passed on: the question may be older than the gateway. Rules that compare the two are skipped.
    Relay,
}

impl UnknownQuestion {
    /// Both, in display order.
    pub const ALL: [UnknownQuestion; 2] = [UnknownQuestion::Refuse, UnknownQuestion::Relay];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            UnknownQuestion::Refuse => "refuse",
            UnknownQuestion::Relay => "relay",
        }
    }
}

impl<'a> Case<'a> {
    /// The parties of the message.
    pub fn parties(&self) -> Parties<'a> {
        Parties { gemeente: self.message.gemeente(), aanbieder: self.message.aanbieder() }
    }

    /// The legal domain.
    pub fn law(&self) -> Law {
        self.message.kind.law
    }

    /// The message that a reply answers, when the ledger knows one that bears all that the reply says of it.
    pub fn question(&self) -> Option<&'a Question> {
        let key = QuestionKey::of(self.message)?;
        self.facts?.question.as_ref().filter(|question| question.message.dagtekening == key.dagtekening)
    }

    /// The allocation with this number that this municipality sent to this provider, deleted ones included.
    pub fn allocation(&self, nummer: Count) -> Option<&'a Allocation> {
        self.facts?.allocations.get(&nummer).filter(|allocation| allocation.aanbieder == *self.message.aanbieder())
    }
}

/// A line of a 323: index of the client and of the line within it, both from 0.
pub type LineIndex = (usize, usize);

/// One line of a 323 on its own, with what was granted before it in the same message.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The whole.
    pub case: &'a Case<'a>,
    /// The declaration.
    pub declaratie: &'a Declaratie,
    /// Index of the client, from 0.
    pub client_index: usize,
    /// The client.
    pub client: &'a DeclaratieClient,
    /// Index of the line within the client, from 0.
    pub line_index: usize,
    /// The line.
    pub prestatie: &'a Prestatie,
    /// Its allocation (TR338), deleted ones included; `None` when unknown or sent to another provider. Rules that
    /// need it stay silent then.
    pub allocation: Option<&'a Allocation>,
    /// The first line of the message in document order with the same ReferentieNummer: this one when it is the only
    /// one (TR314).
    pub first_use: LineIndex,
    /// What was granted on the same ToewijzingNummer: in earlier declarations, and in this one before this line, credits
    /// first (OP366). Empty without a ledger but for this declaration.
    pub granted: &'a Granted<'a>,
}

impl Line<'_> {
    /// Which line of the message it is.
    pub fn index(&self) -> LineIndex {
        (self.client_index, self.line_index)
    }

    /// A place in this line.
    pub fn place(&self, field: &str) -> super::place::Place {
        super::place::Place::prestatie(self.client_index, self.line_index, field)
    }
}
