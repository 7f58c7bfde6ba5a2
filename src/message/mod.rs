//! Typed messages, codes, dates and ids. Names nothing else of the gateway.

pub mod body;
pub mod element;
pub mod kind;
pub mod tree;
pub mod types;
pub mod values;

pub use body::{
    Contact, Declaratie, DeclaratieAntwoord, DeclaratieClient, Header, Prestatie, Relatie, StartClient, StartProduct,
    ToegewezenProduct, ToewijzingClient,
};
pub use element::ReadError;
pub use kind::{Direction, Kind, Law, Number};
pub use types::{
    BedragMetDC, BerichtIdentificatie, GeslotenPeriode, Omvang, Product, Referentie, TotaalBedragMetDC, XsdVersie,
};
pub use values::{
    Bsn, Categorie, Cents, Code, Count, Date, DebetCredit, DeclaratieNummer, Eenheid, Frequentie, Identificatie, Party,
    Personal, ProductCode, ReferentieNummer, RetourCode, StatusAanlevering, Versie,
};

use element::{Element, Writer, optional, required};
use tree::{Namespace, Tree};

/// A message, typed: what the rules read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Law and number.
    pub kind: Kind,
    /// Header.
    pub header: Header,
    /// What stands below the header.
    pub body: Body,
}

/// What stands below the header, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// 301.
    Toewijzing(ToewijzingClient),
    /// 302: the client with return codes, absent when the header says all.
    ToewijzingRetour(Option<ToewijzingClient>),
    /// 305.
    Start(StartClient),
    /// 306: the client with return codes, absent when the header says all.
    StartRetour(Option<StartClient>),
    /// 323.
    Declaratie(Declaratie),
    /// 325: absent when the header says all.
    DeclaratieAntwoord(Option<DeclaratieAntwoord>),
}

impl Message {
    /// Reads a message from a validated document.
    ///
    /// # Errors
    /// A kind without a body here, or a class that does not fit its schema.
    pub fn read(kind: Kind, tree: &Tree) -> Result<Message, ReadError> {
        let Some(root) = tree.root() else {
            return Err(ReadError { path: "/".to_owned(), reason: "the document is empty".to_owned() });
        };
        let body = match kind.number {
            Number::N301 => Body::Toewijzing(required(root, "Client")?),
            Number::N302 => Body::ToewijzingRetour(optional(root, "Client")?),
            Number::N305 => Body::Start(required(root, "Client")?),
            Number::N306 => Body::StartRetour(optional(root, "Client")?),
            Number::N323 => Body::Declaratie(required(root, "Declaratie")?),
            Number::N325 => Body::DeclaratieAntwoord(optional(root, "DeclaratieAntwoord")?),
            Number::N307
            | Number::N308
            | Number::N315
            | Number::N316
            | Number::N317
            | Number::N318
            | Number::N319
            | Number::N320 => return Err(ReadError::at(root, "this kind is not judged yet")),
        };
        Ok(Message { kind, header: required(root, "Header")?, body })
    }

    /// Writes the message as a document of its kind.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new(self.kind);
        let ns = Namespace::Message;
        self.header.write(&mut writer, ns, "Header");
        match &self.body {
            Body::Toewijzing(client) | Body::ToewijzingRetour(Some(client)) => client.write(&mut writer, ns, "Client"),
            Body::Start(client) | Body::StartRetour(Some(client)) => client.write(&mut writer, ns, "Client"),
            Body::Declaratie(declaratie) => declaratie.write(&mut writer, ns, "Declaratie"),
            Body::DeclaratieAntwoord(Some(answer)) => answer.write(&mut writer, ns, "DeclaratieAntwoord"),
            Body::ToewijzingRetour(None) | Body::StartRetour(None) | Body::DeclaratieAntwoord(None) => {}
        }
        writer.finish()
    }

    /// The municipality of the message (four digits), whichever side it stands on.
    ///
    /// In a return message sender and receiver are those of the answered message, unswapped (replies, 2.1).
    pub fn gemeente(&self) -> &Party {
        if self.sent_by_gemeente() { &self.header.afzender } else { &self.header.ontvanger }
    }

    /// The provider of the message (eight digits), whichever side it stands on.
    pub fn aanbieder(&self) -> &Party {
        if self.sent_by_gemeente() { &self.header.ontvanger } else { &self.header.afzender }
    }

    /// Whether the header names the municipality as Afzender.
    pub fn sent_by_gemeente(&self) -> bool {
        matches!(self.kind.number, Number::N301 | Number::N302 | Number::N319 | Number::N320 | Number::N325)
    }

    /// The party that this document travels to.
    pub fn receiver(&self) -> &Party {
        match self.kind.number.direction() {
            Direction::ToProvider => self.aanbieder(),
            Direction::ToMunicipality => self.gemeente(),
        }
    }

    /// The party that made this document.
    pub fn sender(&self) -> &Party {
        match self.kind.number.direction() {
            Direction::ToProvider => self.gemeente(),
            Direction::ToMunicipality => self.aanbieder(),
        }
    }
}
