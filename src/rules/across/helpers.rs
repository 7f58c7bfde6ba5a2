//! What several rules across messages share: the request that an answer is about, the debit that a credit reverses, sums
//! of lines. Starts and stops have a module of their own.

use crate::message::{
    Antwoord, Body, Bsn, Count, DebetCredit, DeclaratieAntwoord, Message, Prestatie, Product, ReferentieAanbieder,
    ReferentieNummer,
};
use crate::rules::facts::{Allocation, CareRequest, ClaimLine, PersonKey};
use crate::rules::figures;
use crate::rules::{Case, Line, Place, Violation};
use std::collections::BTreeMap;

/// The request with this reference by the provider of the message to its municipality. One to another municipality is no
/// request to this one, and is not told of.
pub(super) fn care_request<'a>(case: &Case<'a>, referentie: &ReferentieAanbieder) -> Option<&'a CareRequest> {
    case.facts?.verzoeken.get(referentie).filter(|verzoek| verzoek.gemeente == *case.message.gemeente())
}

/// The answer of a 319 with the request that it is about; `None` when there is no such request, which is TR355's
/// business.
pub(super) fn answered<'a>(case: &Case<'a>) -> Option<(&'a Antwoord, &'a CareRequest)> {
    let Body::Antwoord(antwoord) = &case.message.body else {
        return None;
    };
    care_request(case, &antwoord.referentie_aanbieder).map(|verzoek| (antwoord, verzoek))
}

/// Why a number is not that of an allocation that can be used.
pub(super) enum Unusable<'a> {
    /// This municipality sent this provider no such allocation. Whether another provider has it is not told.
    Unknown,
    /// It is for somebody else.
    OfAnother,
    /// It was deleted or taken back by the version that counts.
    TakenBack(&'a Allocation),
}

impl Unusable<'_> {
    /// What is wrong when a message names the number at `place`.
    pub(super) fn violation(&self, place: Place, nummer: Count) -> Violation {
        let violation = match self {
            Unusable::Unknown => Violation::at(
                place,
                format!(
                    "Er is geen toewijzing {nummer} van deze gemeente aan deze aanbieder. Controleer het \
                     ToewijzingNummer."
                ),
                format!(
                    "There is no allocation {nummer} of this municipality to this provider. Verify the \
                     ToewijzingNummer."
                ),
            ),
            Unusable::OfAnother => Violation::at(
                place,
                format!("Toewijzing {nummer} is niet voor deze cliënt. Controleer het ToewijzingNummer en het Bsn."),
                format!("Allocation {nummer} is not for this client. Verify the ToewijzingNummer and the Bsn."),
            ),
            Unusable::TakenBack(allocation) => {
                let earlier = figures::earlier(&allocation.message);
                Violation::at(
                    place,
                    format!("Toewijzing {nummer} is verwijderd met {}. Gebruik een geldige toewijzing.", earlier.nl),
                    format!("Allocation {nummer} was deleted by {}. Use a valid allocation.", earlier.en),
                )
                .earlier(&allocation.message)
            }
        };
        violation.number("toewijzing_nummer", nummer)
    }
}

/// Category and, when there is one, code.
pub(super) fn product_phrase(product: &Product) -> String {
    match &product.code {
        Some(code) => format!("{} {code}", product.categorie),
        None => product.categorie.to_string(),
    }
}

/// Whether a line is a credit.
pub(super) fn is_credit(prestatie: &Prestatie) -> bool {
    prestatie.bedrag.debet_credit == DebetCredit::Credit
}

/// What the ledger says of the debit that a credit names.
pub(super) enum Reversed<'a> {
    /// No line with that number.
    Unknown,
    /// A line that was not granted.
    Rejected(&'a ClaimLine),
    /// A line that is a credit itself.
    Credit(&'a ClaimLine),
    /// A granted debit that differs in these elements.
    Other(&'a ClaimLine, Vec<&'static str>),
    /// A granted debit, equal in all that must be equal.
    Debit,
}

/// Looks up the debit that the line reverses; `None` when the line is a debit or names no line.
pub(super) fn reversed<'a>(line: &Line<'a>) -> Option<Reversed<'a>> {
    let (facts, prestatie) = (line.case.facts?, line.prestatie);
    let vorig = prestatie.referentie.vorig.as_ref().filter(|_| is_credit(prestatie))?;
    let Some(debit) = facts.lines.get(vorig) else {
        return Some(Reversed::Unknown);
    };
    if debit.is_credit() {
        return Some(Reversed::Credit(debit));
    }
    if !debit.granted {
        return Some(Reversed::Rejected(debit));
    }
    let differences = differences(prestatie, &facts.person(&line.client.bsn), debit);
    Some(if differences.is_empty() { Reversed::Debit } else { Reversed::Other(debit, differences) })
}

/// Elements in which a credit must equal its debit and does not (IV091).
fn differences(prestatie: &Prestatie, person: &PersonKey, debit: &ClaimLine) -> Vec<&'static str> {
    [
        ("Bsn", debit.person == *person),
        ("ToewijzingNummer", debit.toewijzing_nummer == prestatie.toewijzing_nummer),
        ("ProductCategorie", debit.categorie == prestatie.categorie),
        ("ProductCode", debit.code == prestatie.code),
        ("ProductPeriode", debit.periode == prestatie.periode),
        ("GeleverdVolume", debit.volume == prestatie.volume),
        ("Eenheid", debit.eenheid == prestatie.eenheid),
        ("ProductTarief", debit.tarief == prestatie.tarief),
        ("Bedrag", debit.bedrag == prestatie.bedrag.bedrag),
    ]
    .into_iter()
    .filter_map(|(element, equal)| (!equal).then_some(element))
    .collect()
}

/// Whether the line takes back a debit exactly as it was granted (TR323). Such a credit repeats what was right then, so
/// it is not measured again by what may have changed since: the end of the allocation, tariffs and product lists.
pub(in crate::rules) fn reverses_granted_debit(line: &Line<'_>) -> bool {
    matches!(reversed(line), Some(Reversed::Debit))
}

/// The 323 that a 325 answers; `None` for other messages and when it is unknown.
pub(super) fn answered_declaration<'a>(case: &Case<'a>) -> Option<&'a Message> {
    case.question()?.declaratie.as_deref()
}

/// The answer of a 325, when it has more than a header.
pub(super) fn declaration_answer<'a>(case: &Case<'a>) -> Option<&'a DeclaratieAntwoord> {
    match &case.message.body {
        Body::DeclaratieAntwoord(answer) => answer.as_ref(),
        _ => None,
    }
}

/// ReferentieNummer and VorigReferentieNummer: the key of a line.
pub(super) type LineKey<'a> = (&'a ReferentieNummer, Option<&'a ReferentieNummer>);

fn line_key(prestatie: &Prestatie) -> LineKey<'_> {
    (&prestatie.referentie.nummer, prestatie.referentie.vorig.as_ref())
}

/// The lines of the 323 that a 325 answers. Two clients may have one key each; of several lines of one client with one
/// key (TR101 refuses them) the first counts.
pub(super) struct SubmittedLines<'a> {
    by_client: BTreeMap<(LineKey<'a>, &'a Bsn), &'a Prestatie>,
    first: BTreeMap<LineKey<'a>, &'a Prestatie>,
}

impl<'a> SubmittedLines<'a> {
    /// The line with this key of this client, else the first of another one, and whether it is of this client.
    pub(super) fn find(&self, line: &AnswerLine<'a>) -> Option<(&'a Prestatie, bool)> {
        let own = self.by_client.get(&(line.key(), line.bsn)).map(|&prestatie| (prestatie, true));
        own.or_else(|| self.first.get(&line.key()).map(|&prestatie| (prestatie, false)))
    }
}

/// The lines of the 323 that a 325 answers; `None` for other messages and when it is unknown.
pub(super) fn answered_lines<'a>(case: &Case<'a>) -> Option<SubmittedLines<'a>> {
    let Body::Declaratie(declaratie) = &answered_declaration(case)?.body else {
        return None;
    };
    let mut lines = SubmittedLines { by_client: BTreeMap::new(), first: BTreeMap::new() };
    for client in &declaratie.clienten {
        for prestatie in &client.prestaties {
            let key = line_key(prestatie);
            lines.by_client.entry((key, &client.bsn)).or_insert(prestatie);
            lines.first.entry(key).or_insert(prestatie);
        }
    }
    Some(lines)
}

/// A line of a 325.
pub(super) struct AnswerLine<'a> {
    client_index: usize,
    line_index: usize,
    pub(super) bsn: &'a Bsn,
    pub(super) prestatie: &'a Prestatie,
}

impl<'a> AnswerLine<'a> {
    pub(super) fn key(&self) -> LineKey<'a> {
        line_key(self.prestatie)
    }

    pub(super) fn place(&self, field: &str) -> Place {
        Place::antwoord_prestatie(self.client_index, self.line_index, field)
    }
}

/// The lines of a 325, in document order; none for other messages.
pub(super) fn answer_lines<'a>(case: &Case<'a>) -> impl Iterator<Item = AnswerLine<'a>> + use<'a> {
    let clients = declaration_answer(case).map_or(&[][..], |answer| answer.clienten.as_slice());
    clients.iter().enumerate().flat_map(|(client_index, client)| {
        client.prestaties.iter().enumerate().map(move |(line_index, prestatie)| AnswerLine {
            client_index,
            line_index,
            bsn: &client.bsn,
            prestatie,
        })
    })
}
