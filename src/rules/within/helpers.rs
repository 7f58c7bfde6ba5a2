//! What several rules within one message share: walking its classes with their places, repeated keys, wording.

use crate::message::types::Geboortedatum;
use crate::message::{
    AangevraagdProduct, Antwoord, Body, Bsn, Cents, Code, Contact, Declaratie, NieuwProduct, OngewijzigdProduct,
    Prestatie, StartProduct, StopProduct, TeWijzigenProduct, ToegewezenProduct, ToewijzingClient, Verwijzer, Verzoek,
};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Class, Place};
use std::collections::BTreeMap;

pub(super) use crate::rules::figures::period;

/// A part of the message with the class that it is, or that it stands in.
pub(super) struct Located<'a, T> {
    pub(super) item: &'a T,
    class: Place,
}

impl<T> Located<'_, T> {
    /// A place in the class.
    pub(super) fn place(&self, field: &str) -> Place {
        Place { field: field.to_owned(), ..self.class.clone() }
    }

    /// The class.
    pub(super) fn class(&self) -> Class {
        self.class.class
    }
}

/// A line of a 323 or 325 with where it stands.
#[derive(Clone, Copy)]
pub(super) struct Claimed<'a> {
    pub(super) prestatie: &'a Prestatie,
    /// Key of the client; for comparing only.
    pub(super) bsn: &'a Bsn,
    /// Index of the client, from 0.
    client: usize,
    /// Index of the line within the client, from 0.
    line: usize,
    /// Builds a place in this kind of message.
    at: fn(usize, usize, &str) -> Place,
}

impl Claimed<'_> {
    /// A place in the line.
    pub(super) fn place(&self, field: &str) -> Place {
        (self.at)(self.client, self.line, field)
    }

    /// Which line it is, for a Dutch sentence about another one.
    pub(super) fn nl(&self) -> String {
        format!("prestatie {} van cliënt {}", self.line + 1, self.client + 1)
    }

    /// The same for an English sentence.
    pub(super) fn en(&self) -> String {
        format!("line {} of client {}", self.line + 1, self.client + 1)
    }
}

/// The client of a 301.
pub(super) fn toewijzing_client<'a>(case: &Case<'a>) -> Option<&'a ToewijzingClient> {
    match &case.message.body {
        Body::Toewijzing(client) => Some(client),
        _ => None,
    }
}

/// The allocations of a 301.
pub(super) fn toegewezen_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, ToegewezenProduct>> {
    let producten = toewijzing_client(case).map_or(&[][..], |client| &client.producten);
    located(producten, Place::toegewezen_product)
}

/// The contacts of a 301: those of the client, then those of the relations.
pub(super) fn contacten<'a>(case: &Case<'a>) -> Vec<Located<'a, Contact>> {
    let Some(client) = toewijzing_client(case) else {
        return Vec::new();
    };
    let mut contacten = located(&client.contacten, Place::contact);
    contacten.extend(
        client
            .relaties
            .iter()
            .enumerate()
            .map(|(index, relatie)| Located { item: &relatie.contact, class: Place::relatie_contact(index, "") }),
    );
    contacten
}

/// The starts of a 305.
pub(super) fn start_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, StartProduct>> {
    match &case.message.body {
        Body::Start(client) => located(&client.producten, Place::start_product),
        _ => Vec::new(),
    }
}

/// The stops of a 307.
pub(super) fn stop_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, StopProduct>> {
    match &case.message.body {
        Body::Stop(client) => located(&client.producten, Place::stop_product),
        _ => Vec::new(),
    }
}

/// The products that a 315 asks for.
pub(super) fn aangevraagde_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, AangevraagdProduct>> {
    match &case.message.body {
        Body::Aanvraag(client) => located(&client.producten, Place::aangevraagd_product),
        _ => Vec::new(),
    }
}

/// The request of a 317.
pub(super) fn verzoek<'a>(case: &Case<'a>) -> Option<&'a Verzoek> {
    match &case.message.body {
        Body::Wijziging(client) => Some(&client.verzoek),
        _ => None,
    }
}

/// The allocations that a 317 leaves as they are.
pub(super) fn ongewijzigde_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, OngewijzigdProduct>> {
    verzoek(case).map_or_else(Vec::new, |verzoek| located(&verzoek.ongewijzigd, Place::ongewijzigd_product))
}

/// The allocations that a 317 asks to change.
pub(super) fn te_wijzigen_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, TeWijzigenProduct>> {
    verzoek(case).map_or_else(Vec::new, |verzoek| located(&verzoek.te_wijzigen, Place::te_wijzigen_product))
}

/// The products that a 317 asks for besides.
pub(super) fn nieuwe_producten<'a>(case: &Case<'a>) -> Vec<Located<'a, NieuwProduct>> {
    verzoek(case).map_or_else(Vec::new, |verzoek| located(&verzoek.nieuw, Place::nieuw_product))
}

/// The answer of a 319.
pub(super) fn antwoord<'a>(case: &Case<'a>) -> Option<&'a Antwoord> {
    match &case.message.body {
        Body::Antwoord(antwoord) => Some(antwoord),
        _ => None,
    }
}

/// The birth dates of a 301, 305, 307 or 315: that of the client, then those of the relations of a 301.
pub(super) fn geboortedata<'a>(case: &Case<'a>) -> Vec<Located<'a, Geboortedatum>> {
    match &case.message.body {
        Body::Toewijzing(client) => {
            let mut dates = vec![Located { item: &client.geboortedatum, class: Place::client("") }];
            dates.extend(client.relaties.iter().enumerate().filter_map(|(index, relatie)| {
                let item = relatie.geboortedatum.as_ref()?;
                Some(Located { item, class: Place::relatie(index, "") })
            }));
            dates
        }
        Body::Start(client) => vec![Located { item: &client.geboortedatum, class: Place::client("") }],
        Body::Stop(client) => vec![Located { item: &client.geboortedatum, class: Place::client("") }],
        Body::Aanvraag(client) => vec![Located { item: &client.geboortedatum, class: Place::client("") }],
        _ => Vec::new(),
    }
}

/// The declaration of a 323.
pub(super) fn declaratie<'a>(case: &Case<'a>) -> Option<&'a Declaratie> {
    match &case.message.body {
        Body::Declaratie(declaratie) => Some(declaratie),
        _ => None,
    }
}

/// The persons that a message is about, by their BSN.
pub(super) fn clienten<'a>(case: &Case<'a>) -> Vec<Located<'a, Bsn>> {
    match &case.message.body {
        Body::Toewijzing(client) => vec![Located { item: &client.bsn, class: Place::client("") }],
        Body::Start(client) => vec![Located { item: &client.bsn, class: Place::client("") }],
        Body::Stop(client) => vec![Located { item: &client.bsn, class: Place::client("") }],
        Body::Aanvraag(client) => vec![Located { item: &client.bsn, class: Place::client("") }],
        Body::Wijziging(client) => vec![Located { item: &client.bsn, class: Place::client("") }],
        Body::Declaratie(declaratie) => {
            let clienten = declaratie.clienten.iter().enumerate();
            clienten
                .map(|(index, client)| Located { item: &client.bsn, class: Place::declaratie_client(index, "") })
                .collect()
        }
        Body::DeclaratieAntwoord(Some(antwoord)) => {
            let clienten = antwoord.clienten.iter().enumerate();
            clienten
                .map(|(index, client)| Located { item: &client.bsn, class: Place::antwoord_client(index, "") })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The lines of a 323 or 325, in document order.
pub(super) fn prestaties<'a>(case: &Case<'a>) -> Vec<Claimed<'a>> {
    let (clienten, at): (_, fn(usize, usize, &str) -> Place) = match &case.message.body {
        Body::Declaratie(declaratie) => (&declaratie.clienten, Place::prestatie),
        Body::DeclaratieAntwoord(Some(antwoord)) => (&antwoord.clienten, Place::antwoord_prestatie),
        _ => return Vec::new(),
    };
    let mut lines = Vec::new();
    for (client, each) in clienten.iter().enumerate() {
        let claimed = each.prestaties.iter().enumerate();
        lines.extend(claimed.map(|(line, prestatie)| Claimed { prestatie, bsn: &each.bsn, client, line, at }));
    }
    lines
}

fn located<T>(items: &[T], class: fn(usize, &str) -> Place) -> Vec<Located<'_, T>> {
    items.iter().enumerate().map(|(index, item)| Located { item, class: class(index, "") }).collect()
}

/// Whether the referrer is a professional, who may be named by a code (COD327: general practitioner, youth physician,
/// certified institution, medical specialist).
pub(super) fn is_professional(verwijzer: &Verwijzer) -> bool {
    matches!(verwijzer.soort.as_str(), "02" | "03" | "04" | "05")
}

/// Whether an answer gives the residence principle as its reason (WJ759, 8): another municipality is responsible.
pub(super) fn rejects_by_residence(antwoord: &Antwoord) -> bool {
    antwoord.reden_afwijzing.as_ref().map(Code::as_str) == Some("8")
}

/// For each item whose key occurred before: its index and that of the first one with this key.
pub(super) fn repeats<K: Ord>(keys: impl IntoIterator<Item = K>) -> Vec<(usize, usize)> {
    let mut first_by_key = BTreeMap::new();
    let mut repeats = Vec::new();
    for (index, key) in keys.into_iter().enumerate() {
        let first = *first_by_key.entry(key).or_insert(index);
        if first != index {
            repeats.push((index, first));
        }
    }
    repeats
}

/// Sum of the amounts of lines, debits positive and credits negative.
pub(super) fn signed_sum(lines: &[Claimed<'_>]) -> Cents {
    // Saturating, because amounts are only bounded by a schema that lies outside this module.
    Cents(lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.prestatie.bedrag.signed().0)))
}

/// A signed amount as the message writes it: the absolute value and the sign in words.
pub(super) fn signed_amount(amount: Cents) -> Phrase {
    let (nl, en) = if amount.0 < 0 { ("credit", "credit") } else { ("debet", "debit") };
    let value = figures::amount(Cents(amount.0.saturating_abs()));
    Phrase::new(format!("{} {nl}", value.nl), format!("{} {en}", value.en))
}

/// Changes of a sample that rows of several rules make.
#[cfg(test)]
pub(super) mod change {
    use crate::message::types::Geboortedatum;
    use crate::message::{
        AangevraagdProduct, Body, Bsn, Contact, DeclaratieClient, OngewijzigdProduct, Prestatie, ReferentieNummer,
        StopProduct, ToegewezenProduct, Verwijzer, Woonplaatsbeginsel,
    };
    use crate::rules::sample::{OTHER_BSN, Sample, TOEWIJZING};

    /// The only contact of the client of a 301 sample.
    pub(in crate::rules::within) fn contact(sample: &mut Sample) -> &mut Contact {
        &mut sample.toewijzing().contacten[0]
    }

    /// The contact of the only relation of a 301 sample.
    pub(in crate::rules::within) fn relatie_contact(sample: &mut Sample) -> &mut Contact {
        &mut sample.toewijzing().relaties[0].contact
    }

    /// Adds an allocation to a 301: a copy of the first with the next number, changed.
    pub(in crate::rules::within) fn add_product(sample: &mut Sample, change: impl FnOnce(&mut ToegewezenProduct)) {
        let mut product = sample.product().clone();
        product.toewijzing_nummer += sample.toewijzing().producten.len() as u64;
        change(&mut product);
        sample.toewijzing().producten.push(product);
    }

    /// Adds a stop to a 307: a copy of the first for the next allocation, changed.
    pub(in crate::rules::within) fn add_stop_product(sample: &mut Sample, change: impl FnOnce(&mut StopProduct)) {
        let mut stop = sample.stop_product().clone();
        stop.toewijzing_nummer = Some(TOEWIJZING + sample.stop().producten.len() as u64);
        change(&mut stop);
        sample.stop().producten.push(stop);
    }

    /// Adds a product to a 315: a copy of the first with another reference, changed.
    pub(in crate::rules::within) fn add_aangevraagd_product(
        sample: &mut Sample,
        change: impl FnOnce(&mut AangevraagdProduct),
    ) {
        let mut product = sample.aangevraagd_product().clone();
        let referentie = format!("V-2026-{}", sample.aanvraag().producten.len() + 1);
        product.referentie_aanbieder = referentie.as_str().into();
        change(&mut product);
        sample.aanvraag().producten.push(product);
    }

    /// A referrer of this kind (COD327), with or without a fictional code and name.
    pub(in crate::rules::within) fn verwijzer(soort: &str, code: bool, naam: bool) -> Verwijzer {
        Verwijzer {
            soort: soort.into(),
            naam: naam.then(|| "Verwijzer Voorbeeld".into()),
            zorgverlener_code: code.then(|| "01999999".into()),
        }
    }

    /// Adds an unchanged allocation to a 317, each with the next number.
    pub(in crate::rules::within) fn add_ongewijzigd_product(sample: &mut Sample) {
        let toewijzing_nummer = TOEWIJZING + 1 + sample.verzoek().ongewijzigd.len() as u64;
        sample.verzoek().ongewijzigd.push(OngewijzigdProduct { toewijzing_nummer, retour_codes: Vec::new() });
    }

    /// Names the responsible municipality in a 319 of iJw.
    pub(in crate::rules::within) fn name_gemeente(sample: &mut Sample, gemeente: &str) {
        sample.antwoord().woonplaatsbeginsel =
            Some(Woonplaatsbeginsel { gemeente: gemeente.into(), retour_codes: Vec::new() });
    }

    /// The birth date of the client of a 301, 305, 307 or 315.
    pub(in crate::rules::within) fn geboortedatum(sample: &mut Sample) -> &mut Geboortedatum {
        match &mut sample.message.body {
            Body::Toewijzing(client) => &mut client.geboortedatum,
            Body::Start(client) => &mut client.geboortedatum,
            Body::Stop(client) => &mut client.geboortedatum,
            Body::Aanvraag(client) => &mut client.geboortedatum,
            other => panic!("no birth date in {other:?}"),
        }
    }

    /// The clients of a 323 or 325.
    pub(in crate::rules::within) fn clienten(sample: &mut Sample) -> &mut Vec<DeclaratieClient> {
        match &mut sample.message.body {
            Body::Declaratie(declaratie) => &mut declaratie.clienten,
            Body::DeclaratieAntwoord(Some(antwoord)) => &mut antwoord.clienten,
            other => panic!("no lines in {other:?}"),
        }
    }

    /// The only line of a 323 or 325 sample.
    pub(in crate::rules::within) fn line(sample: &mut Sample) -> &mut Prestatie {
        &mut clienten(sample)[0].prestaties[0]
    }

    /// Adds a line to the first client of a 323 or 325: a copy of its first, changed. Totals stay as they are.
    pub(in crate::rules::within) fn copy_line(sample: &mut Sample, change: impl FnOnce(&mut Prestatie)) {
        let mut copy = line(sample).clone();
        change(&mut copy);
        clienten(sample)[0].prestaties.push(copy);
    }

    /// Adds a second client to a 323 or 325: a copy of the first with another person and reference, changed.
    pub(in crate::rules::within) fn copy_client(sample: &mut Sample, change: impl FnOnce(&mut DeclaratieClient)) {
        let mut copy = clienten(sample)[0].clone();
        copy.bsn = Bsn::from(OTHER_BSN);
        copy.prestaties[0].referentie.nummer = ReferentieNummer::from("P2");
        change(&mut copy);
        clienten(sample).push(copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_name_the_later_ones_and_the_first() {
        assert_eq!(repeats(["a", "b", "a", "c", "a", "b"]), [(2, 0), (4, 0), (5, 1)]);
        assert_eq!(repeats([] as [u8; 0]), []);
    }

    #[test]
    fn amounts_carry_their_sign_in_words() {
        assert_eq!(signed_amount(Cents(-72_050)), Phrase::new("€ 720,50 credit", "EUR 720.50 credit"));
        assert_eq!(signed_amount(Cents(0)), Phrase::new("€ 0,00 debet", "EUR 0.00 debit"));
    }
}
