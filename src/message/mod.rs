//! Typed messages, codes, dates and ids. Names nothing else of the gateway.

pub mod body;
pub mod element;
pub mod kind;
pub mod tree;
pub mod types;
pub mod values;

pub use body::{
    AangevraagdProduct, AanvraagClient, Antwoord, Contact, Declaratie, DeclaratieAntwoord, DeclaratieClient, Header,
    NieuwProduct, OngewijzigdProduct, Prestatie, Relatie, StartClient, StartProduct, StopClient, StopProduct,
    TeWijzigenProduct, ToegewezenProduct, ToewijzingClient, Verzoek, WijzigingClient, Woonplaatsbeginsel,
};
pub use element::ReadError;
pub use kind::{Direction, Kind, Law, Number, Release};
pub use types::{
    BedragMetDC, BerichtIdentificatie, GeslotenPeriode, Omvang, Product, Referentie, TotaalBedragMetDC, Verwijzer,
    XsdVersie,
};
pub use values::{
    Bsn, Categorie, Cents, Code, Count, Date, DebetCredit, DeclaratieNummer, Eenheid, Frequentie, Identificatie, Party,
    Personal, ProductCode, ReferentieAanbieder, ReferentieNummer, RetourCode, StatusAanlevering, Versie,
    VerzoekAntwoord,
};

use element::{Element, Writer, optional, required};
use tree::{Namespace, Tree};

/// A message, typed: what the rules read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Law and number.
    pub kind: Kind,
    /// The release it was made by.
    pub release: Release,
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
    /// 305.
    Start(StartClient),
    /// 307.
    Stop(StopClient),
    /// 315.
    Aanvraag(AanvraagClient),
    /// 317.
    Wijziging(WijzigingClient),
    /// 319.
    Antwoord(Antwoord),
    /// 323.
    Declaratie(Declaratie),
    /// 325: absent when the header says all.
    DeclaratieAntwoord(Option<DeclaratieAntwoord>),
    /// 302, 306, 308, 316, 318, 320: absent when the header says all.
    Retour(Option<Retour>),
}

/// What a return message repeats, with return codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retour {
    /// 302.
    Toewijzing(ToewijzingClient),
    /// 306.
    Start(StartClient),
    /// 308.
    Stop(StopClient),
    /// 316.
    Aanvraag(AanvraagClient),
    /// 318.
    Wijziging(WijzigingClient),
    /// 320.
    Antwoord(Antwoord),
}

impl Message {
    /// Reads a message from a validated document.
    ///
    /// # Errors
    /// A class that does not fit its schema.
    pub fn read(kind: Kind, release: Release, tree: &Tree) -> Result<Message, ReadError> {
        let Some(root) = tree.root() else {
            return Err(ReadError { path: "/".to_owned(), reason: "the document is empty".to_owned() });
        };
        let body = match kind.number {
            Number::N301 => Body::Toewijzing(required(root, "Client")?),
            Number::N302 => Body::Retour(optional(root, "Client")?.map(Retour::Toewijzing)),
            Number::N305 => Body::Start(required(root, "Client")?),
            Number::N306 => Body::Retour(optional(root, "Client")?.map(Retour::Start)),
            Number::N307 => Body::Stop(required(root, "Client")?),
            Number::N308 => Body::Retour(optional(root, "Client")?.map(Retour::Stop)),
            Number::N315 => Body::Aanvraag(required(root, "Client")?),
            Number::N316 => Body::Retour(optional(root, "Client")?.map(Retour::Aanvraag)),
            Number::N317 => Body::Wijziging(required(root, "Client")?),
            Number::N318 => Body::Retour(optional(root, "Client")?.map(Retour::Wijziging)),
            Number::N319 => Body::Antwoord(required(root, "Antwoord")?),
            Number::N320 => Body::Retour(optional(root, "Antwoord")?.map(Retour::Antwoord)),
            Number::N323 => Body::Declaratie(required(root, "Declaratie")?),
            Number::N325 => Body::DeclaratieAntwoord(optional(root, "DeclaratieAntwoord")?),
        };
        Ok(Message { kind, release, header: required(root, "Header")?, body })
    }

    /// Writes the message as a document of its kind.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new(self.kind, self.release);
        let ns = Namespace::Message;
        self.header.write(&mut writer, ns, "Header");
        match &self.body {
            Body::Toewijzing(client) | Body::Retour(Some(Retour::Toewijzing(client))) => {
                client.write(&mut writer, ns, "Client");
            }
            Body::Start(client) | Body::Retour(Some(Retour::Start(client))) => client.write(&mut writer, ns, "Client"),
            Body::Stop(client) | Body::Retour(Some(Retour::Stop(client))) => client.write(&mut writer, ns, "Client"),
            Body::Aanvraag(client) | Body::Retour(Some(Retour::Aanvraag(client))) => {
                client.write(&mut writer, ns, "Client");
            }
            Body::Wijziging(client) | Body::Retour(Some(Retour::Wijziging(client))) => {
                client.write(&mut writer, ns, "Client");
            }
            Body::Antwoord(antwoord) | Body::Retour(Some(Retour::Antwoord(antwoord))) => {
                antwoord.write(&mut writer, ns, "Antwoord");
            }
            Body::Declaratie(declaratie) => declaratie.write(&mut writer, ns, "Declaratie"),
            Body::DeclaratieAntwoord(Some(answer)) => answer.write(&mut writer, ns, "DeclaratieAntwoord"),
            Body::Retour(None) | Body::DeclaratieAntwoord(None) => {}
        }
        writer.finish()
    }

    /// The persons that the message is about, in document order; a 319, 320 and a bare return message name none.
    pub fn persons(&self) -> Vec<&Bsn> {
        match &self.body {
            Body::Toewijzing(client) | Body::Retour(Some(Retour::Toewijzing(client))) => vec![&client.bsn],
            Body::Start(client) | Body::Retour(Some(Retour::Start(client))) => vec![&client.bsn],
            Body::Stop(client) | Body::Retour(Some(Retour::Stop(client))) => vec![&client.bsn],
            Body::Aanvraag(client) | Body::Retour(Some(Retour::Aanvraag(client))) => vec![&client.bsn],
            Body::Wijziging(client) | Body::Retour(Some(Retour::Wijziging(client))) => vec![&client.bsn],
            Body::Declaratie(Declaratie { clienten, .. })
            | Body::DeclaratieAntwoord(Some(DeclaratieAntwoord { clienten, .. })) => {
                clienten.iter().map(|client| &client.bsn).collect()
            }
            Body::Antwoord(_) | Body::Retour(Some(Retour::Antwoord(_)) | None) | Body::DeclaratieAntwoord(None) => {
                Vec::new()
            }
        }
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
