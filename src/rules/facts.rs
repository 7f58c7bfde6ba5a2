//! What the ledger knows that a message is judged against: plain values, loaded by the shell before judging.
//!
//! Rules never query. [`Request`] says which facts a message needs; [`Facts`] is the answer. Persons appear as
//! [`PersonKey`]s (keyed hashes), so facts hold no BSN beyond those of the message itself.

use crate::message::body::{VERWIJDERD, is_taken_back};
use crate::message::{
    Body, Bsn, Categorie, Cents, Code, Count, Date, DeclaratieNummer, Eenheid, GeslotenPeriode, Identificatie, Law,
    Message, Number, Omvang, Party, Product, ProductCode, ReferentieAanbieder, ReferentieNummer, VerzoekAntwoord,
};
use std::collections::{BTreeMap, BTreeSet};

/// A person as the ledger knows one: a keyed hash of the BSN, hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PersonKey(pub String);

/// Which facts a message needs. Everything is within one law, one municipality and one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Legal domain.
    pub law: Law,
    /// Number of the message.
    pub number: Number,
    /// Municipality of the message.
    pub gemeente: Party,
    /// Provider of the message.
    pub aanbieder: Party,
    /// The party that identifies the message (Afzender).
    pub afzender: Party,
    /// Identification to look up (TR056).
    pub identificatie: Identificatie,
    /// Persons named.
    pub persons: BTreeSet<Bsn>,
    /// Allocation numbers named; looked up within law and municipality, whatever the provider.
    pub toewijzingen: BTreeSet<Count>,
    /// Whether all allocations of the persons with this provider are wanted as well (317).
    pub all_allocations: bool,
    /// References of requests to look up among all requests of this provider in this law (TR347, TR355, TR379).
    pub verzoeken: BTreeSet<ReferentieAanbieder>,
    /// Whether all requests of the persons with these parties are wanted as well (TR374).
    pub all_verzoeken: bool,
    /// Declaration number to look up (TR333).
    pub declaratie: Option<DeclaratieNummer>,
    /// Reference numbers to look up among all lines of this provider in this law: own ones and credited ones.
    pub referenties: BTreeSet<ReferentieNummer>,
    /// The message that this one answers, when it is a reply.
    pub question: Option<QuestionKey>,
}

/// How a reply names the message that it answers (replies, section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionKey {
    /// Its number.
    pub number: Number,
    /// Who sent it.
    pub afzender: Party,
    /// Its Identificatie.
    pub identificatie: Identificatie,
    /// Its Dagtekening.
    pub dagtekening: Date,
}

impl QuestionKey {
    /// What `message` says it answers; `None` for a message that answers nothing by its header.
    ///
    /// A return message repeats sender, receiver and identification unswapped. A 325 names the 323 apart, and goes to
    /// the provider that sent it.
    pub fn of(message: &Message) -> Option<QuestionKey> {
        let header = &message.header;
        let number = message.kind.number.answers()?;
        let (afzender, identificatie) = if message.kind.number.is_return() {
            (&header.afzender, &header.identificatie)
        } else {
            (&header.ontvanger, header.declaratie_identificatie.as_ref()?)
        };
        Some(QuestionKey {
            number,
            afzender: afzender.clone(),
            identificatie: identificatie.identificatie.clone(),
            dagtekening: identificatie.dagtekening,
        })
    }
}

impl Request {
    /// What `message` needs.
    pub fn of(message: &Message) -> Request {
        let mut request = Request {
            law: message.kind.law,
            number: message.kind.number,
            gemeente: message.gemeente().clone(),
            aanbieder: message.aanbieder().clone(),
            afzender: message.header.afzender.clone(),
            identificatie: message.header.identificatie.identificatie.clone(),
            persons: BTreeSet::new(),
            toewijzingen: BTreeSet::new(),
            all_allocations: false,
            verzoeken: BTreeSet::new(),
            all_verzoeken: false,
            declaratie: None,
            referenties: BTreeSet::new(),
            question: QuestionKey::of(message),
        };
        match &message.body {
            Body::Toewijzing(client) => {
                request.persons.insert(client.bsn.clone());
                request.toewijzingen.extend(client.producten.iter().map(|product| product.toewijzing_nummer));
                request
                    .verzoeken
                    .extend(client.producten.iter().filter_map(|product| product.referentie_aanbieder.clone()));
            }
            Body::Start(client) => {
                request.persons.insert(client.bsn.clone());
                request.toewijzingen.extend(client.producten.iter().filter_map(|product| product.toewijzing_nummer));
            }
            Body::Stop(client) => {
                request.persons.insert(client.bsn.clone());
                request.toewijzingen.extend(client.producten.iter().filter_map(|product| product.toewijzing_nummer));
            }
            Body::Aanvraag(client) => {
                request.persons.insert(client.bsn.clone());
                request.verzoeken.extend(client.producten.iter().map(|product| product.referentie_aanbieder.clone()));
                request.all_verzoeken = true;
            }
            Body::Wijziging(client) => {
                let verzoek = &client.verzoek;
                request.persons.insert(client.bsn.clone());
                request.verzoeken.insert(verzoek.referentie_aanbieder.clone());
                request.all_verzoeken = true;
                request.toewijzingen.extend(verzoek.ongewijzigd.iter().map(|product| product.toewijzing_nummer));
                request.toewijzingen.extend(verzoek.te_wijzigen.iter().map(|product| product.toewijzing_nummer));
                request.all_allocations = true;
            }
            Body::Antwoord(antwoord) => {
                request.verzoeken.insert(antwoord.referentie_aanbieder.clone());
            }
            Body::Declaratie(declaratie) => {
                request.declaratie = Some(declaratie.nummer.clone());
                for client in &declaratie.clienten {
                    request.persons.insert(client.bsn.clone());
                    for line in &client.prestaties {
                        request.toewijzingen.insert(line.toewijzing_nummer);
                        request.referenties.insert(line.referentie.nummer.clone());
                        request.referenties.extend(line.referentie.vorig.clone());
                    }
                }
            }
            Body::DeclaratieAntwoord(Some(antwoord)) => {
                request.persons.extend(antwoord.clienten.iter().map(|client| client.bsn.clone()));
                let lines = antwoord.clienten.iter().flat_map(|client| &client.prestaties);
                request.toewijzingen.extend(lines.map(|line| line.toewijzing_nummer));
            }
            Body::Retour(_) | Body::DeclaratieAntwoord(None) => {}
        }
        request
    }
}

/// An earlier message that a finding refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its kind, e.g. `WMO301`.
    pub kind: String,
    /// Its Identificatie.
    pub identificatie: String,
    /// Its Dagtekening.
    pub dagtekening: Date,
}

/// The latest version of an allocation (IV013), as accepted from a 301.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// ToewijzingNummer.
    pub nummer: Count,
    /// Provider it was sent to.
    pub aanbieder: Party,
    /// Person it is for.
    pub person: PersonKey,
    /// Product; `None` for a generic allocation.
    pub product: Option<Product>,
    /// Day of the decision.
    pub toewijzingsdatum: Date,
    /// Time of the decision, as written.
    pub toewijzingstijd: String,
    /// First day.
    pub ingangsdatum: Date,
    /// Last day.
    pub einddatum: Option<Date>,
    /// Reason of the latest change.
    pub reden_wijziging: Option<Code>,
    /// Volume.
    pub omvang: Option<Omvang>,
    /// Budget in eurocents.
    pub budget: Option<Cents>,
    /// The 301 that carried this version.
    pub message: Earlier,
}

impl Allocation {
    /// Deleted by RedenWijziging 13: counts as never sent (OP033x1).
    pub fn is_deleted(&self) -> bool {
        self.reden_wijziging.as_ref().is_some_and(|reden| reden.as_str() == VERWIJDERD)
    }

    /// Taken back by an Einddatum equal to the Ingangsdatum with `RedenWijziging` 13 or the lapsed 01: never actual,
    /// whatever the day. A longer period with one of these takes nothing back.
    pub fn is_taken_back(&self) -> bool {
        is_taken_back(self.ingangsdatum, self.einddatum, self.reden_wijziging.as_ref())
    }

    /// Whether the allocation is actual on a day: it has not ended by then or is still to begin, and was not taken back
    /// (TR349).
    pub fn is_actual(&self, on: Date) -> bool {
        let lasts = self.einddatum.is_none_or(|end| end >= on);
        (lasts || self.ingangsdatum > on) && !self.is_taken_back()
    }
}

/// A request for care that was accepted earlier: one product of a 315, or a 317 as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareRequest {
    /// `ReferentieAanbieder`, unique for the provider within the law.
    pub referentie: ReferentieAanbieder,
    /// Municipality it was sent to.
    pub gemeente: Party,
    /// Person it is for.
    pub person: PersonKey,
    /// The 315 or 317 that carried it.
    pub message: Earlier,
    /// The answers (319) so far, oldest first.
    pub answers: Vec<RequestAnswer>,
    /// The first 301 that honoured it.
    pub honoured_by: Option<Earlier>,
}

/// An answer (319) to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAnswer {
    /// What it said.
    pub antwoord: VerzoekAntwoord,
    /// The 319 that carried it.
    pub message: Earlier,
}

impl CareRequest {
    /// Whether the municipality still owes the last word: no allocation, and no answer but "under investigation"
    /// (TR374).
    pub fn is_pending(&self) -> bool {
        self.honoured_by.is_none() && self.answers.iter().all(|answer| answer.antwoord == VerzoekAntwoord::InOnderzoek)
    }
}

/// A start or stop accepted earlier and not deleted since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Person.
    pub person: PersonKey,
    /// Allocation; `None` under task-based execution.
    pub toewijzing_nummer: Option<Count>,
    /// Product as delivered.
    pub product: Option<Product>,
    /// Begindatum, part of the key of starts and stops alike.
    pub begindatum: Date,
    /// `None` for a start; reason and end date for a stop.
    pub stop: Option<Stop>,
    /// The 305 or 307 that carried it.
    pub message: Earlier,
}

/// What makes a delivery a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// RedenBeeindiging; 20 is temporary.
    pub reden: Code,
    /// Einddatum.
    pub einddatum: Date,
}

/// A line of an earlier, processed 323.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLine {
    /// ReferentieNummer.
    pub nummer: ReferentieNummer,
    /// VorigReferentieNummer; present exactly for a credit.
    pub vorig: Option<ReferentieNummer>,
    /// Person.
    pub person: PersonKey,
    /// Allocation.
    pub toewijzing_nummer: Count,
    /// Category.
    pub categorie: Categorie,
    /// Code.
    pub code: ProductCode,
    /// Period.
    pub periode: GeslotenPeriode,
    /// Volume in units of `eenheid`.
    pub volume: Count,
    /// Unit.
    pub eenheid: Eenheid,
    /// Tariff in eurocents.
    pub tarief: Option<Cents>,
    /// Signed amount: debit positive.
    pub bedrag: Cents,
    /// Whether the 325 granted it.
    pub granted: bool,
    /// DeclaratieNummer of the 323 it came with.
    pub declaratie: DeclaratieNummer,
}

impl ClaimLine {
    /// Whether the line reverses an earlier one.
    pub fn is_credit(&self) -> bool {
        self.vorig.is_some()
    }
}

/// The message that a reply answers, as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its number in the ledger.
    pub id: i64,
    /// The message.
    pub message: Earlier,
    /// The party that owes the reply: the one it was sent to.
    pub owed_by: Party,
    /// Whether it still waits for one.
    pub state: QuestionState,
    /// The message itself, when it is a 323 and the reply thus a 325.
    pub declaratie: Option<Box<Message>>,
}

/// Whether a question waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuestionState {
    /// It was passed on and waits.
    Open,
    /// A person holds it back: whom it is for has not seen it.
    Held,
    /// It has its reply.
    Answered(GivenReply),
}

/// The reply that a question has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenReply {
    /// Its kind, e.g. `WMO302`.
    pub kind: String,
    /// Day on which it was given; `None` for one that the gateway gave with a rejection.
    pub on: Option<Date>,
    /// Whether the gateway gave it itself.
    pub by_gateway: bool,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// An earlier processed message with the same BerichtCode, Afzender and Identificatie (TR056).
    pub identification_used: Option<Earlier>,
    /// Keys of the persons of the message.
    pub persons: BTreeMap<Bsn, PersonKey>,
    /// Persons of the message for whom this municipality has sent this provider an allocation (TR304).
    pub known_clients: BTreeSet<Bsn>,
    /// Allocations by number, latest version, deleted ones included: those that the message names, and for a 317 all of
    /// the client with this provider.
    pub allocations: BTreeMap<Count, Allocation>,
    /// Starts and stops of the person of a 305 or 307 at this provider, oldest first, deleted ones left out.
    pub deliveries: Vec<Delivery>,
    /// Requests of this provider in this law, to whichever municipality, by the references that the message names
    /// (TR347, TR355, TR359, TR360, TR365, TR379).
    pub verzoeken: BTreeMap<ReferentieAanbieder, CareRequest>,
    /// All requests of the person of a 315 or 317 by this provider to this municipality, oldest first (TR374).
    pub verzoeken_of_client: Vec<CareRequest>,
    /// An earlier processed declaration with this number (TR333).
    pub declaratie_used: Option<Earlier>,
    /// First day of the latest accepted DeclaratiePeriode of this provider with this municipality (TR318).
    pub latest_declaratie_periode: Option<Date>,
    /// Earlier lines of this provider in this law by ReferentieNummer, granted or not (TR314, TR323).
    pub lines: BTreeMap<ReferentieNummer, ClaimLine>,
    /// Granted lines on the allocations of the message, debits and credits, oldest first (TR322, TR369, TR385, TR389,
    /// TR390).
    pub granted: BTreeMap<Count, Vec<ClaimLine>>,
    /// The message that a reply answers, by number, sender and Identificatie; its Dagtekening may be another than the
    /// reply says, and so may its receiver. `None` when there is none, and for messages that answer nothing.
    pub question: Option<Question>,
    /// Allocations of a 301 that an earlier one, which a person holds back, is about: with its number in the ledger.
    pub held: BTreeMap<Count, i64>,
}

impl Facts {
    /// Key of a person of the message. A person the shell did not resolve matches nobody.
    pub fn person(&self, bsn: &Bsn) -> PersonKey {
        self.persons.get(bsn).cloned().unwrap_or_default()
    }

    /// Granted lines on one allocation.
    pub fn granted_on(&self, toewijzing: Count) -> &[ClaimLine] {
        self.granted.get(&toewijzing).map_or(&[], Vec::as_slice)
    }
}
