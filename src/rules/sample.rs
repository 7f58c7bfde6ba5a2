//! A valid message of each kind with facts and terms that fit, for the cases of rules: a case changes one thing.

use super::case::{Case, Parties, Terms, UnknownQuestion};
use super::evaluate::{Evaluation, evaluate};
use super::facts::{
    Allocation, CareRequest, ClaimLine, Delivery, Earlier, Facts, GivenReply, PersonKey, Question, QuestionState, Stop,
};
use super::rule::Rule;
use crate::message::body::{
    AangevraagdProduct, AanvraagClient, Antwoord, Contact, Declaratie, DeclaratieAntwoord, DeclaratieClient, Header,
    NieuwProduct, Prestatie, Relatie, StartClient, StartProduct, StopClient, StopProduct, TeWijzigenProduct,
    ToegewezenProduct, ToewijzingClient, Verzoek, WijzigingClient,
};
use crate::message::types::{
    Achternaam, Adres, Geboortedatum, Huis, Telefoonnummer, Telefoonnummers, VerkorteNaam, VolledigeNaam,
};
use crate::message::{
    BedragMetDC, BerichtIdentificatie, Body, Bsn, Categorie, Cents, Code, Count, Date, DebetCredit, Direction, Eenheid,
    Frequentie, GeslotenPeriode, Kind, Law, Message, Number, Omvang, Party, Product, ProductCode, Referentie,
    ReferentieAanbieder, Release, RetourCode, StatusAanlevering, TotaalBedragMetDC, Verwijzer, VerzoekAntwoord,
    XsdVersie,
};
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};

/// Municipality of the samples (Aalten).
pub(crate) const GEMEENTE: &str = "0197";
/// Provider of the samples; fictional.
pub(crate) const AANBIEDER: &str = "42420001";
/// Client of the samples, from the test range.
pub(crate) const BSN: &str = "999900006";
/// A second person of the test range.
pub(crate) const OTHER_BSN: &str = "999900018";
/// Reference of the request of 315, 317 and 319 samples.
pub(crate) const VERZOEK: &str = "V-2026-1";
/// Allocation of the samples: hours per week, from 1 January to 31 March 2026.
pub(crate) const TOEWIJZING: Count = 1001;

/// Everything a case is made of, owned, so that a row can change it.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) message: Message,
    pub(crate) today: Date,
    pub(crate) facts: Facts,
    pub(crate) terms: SampleTerms,
    pub(crate) unknown_question: UnknownQuestion,
}

/// A register of two lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct SampleTerms {
    pub(crate) products: BTreeSet<(Categorie, ProductCode)>,
    /// First day of the list of products; `None` when it always held.
    pub(crate) products_since: Option<Date>,
    pub(crate) tariffs: BTreeMap<(ProductCode, Eenheid), Cents>,
}

impl Terms for SampleTerms {
    fn lists_product(&self, _law: Law, categorie: &Categorie, code: &ProductCode, on: Date) -> bool {
        self.products_since.is_none_or(|since| since <= on)
            && self.products.contains(&(categorie.clone(), code.clone()))
    }

    fn tariff(
        &self,
        _law: Law,
        _parties: Parties<'_>,
        code: &ProductCode,
        eenheid: Eenheid,
        _on: Date,
    ) -> Option<Cents> {
        self.tariffs.get(&(code.clone(), eenheid)).copied()
    }

    fn units(&self, _law: Law, _parties: Parties<'_>, code: &ProductCode, _on: Date) -> Vec<Eenheid> {
        self.tariffs.keys().filter(|(known, _)| known == code).map(|(_, eenheid)| *eenheid).collect()
    }
}

/// One row of a rule's table.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The number whose sample the row starts from.
    pub(crate) number: Number,
    /// Laws the row holds for.
    pub(crate) laws: &'static [Law],
    /// Paths that the rule must name, in any order; empty when it must be silent.
    pub(crate) expected: &'static [&'static str],
    pub(crate) change: fn(&mut Sample),
}

const BOTH: &[Law] = &[Law::Wmo, Law::Jeugdwet];

/// The rule must be silent.
pub(crate) fn accepts(name: &'static str, number: Number, change: fn(&mut Sample)) -> Row {
    Row { name, number, laws: BOTH, expected: &[], change }
}

/// The rule must name exactly `expected`.
pub(crate) fn rejects(
    name: &'static str,
    number: Number,
    expected: &'static [&'static str],
    change: fn(&mut Sample),
) -> Row {
    Row { name, number, laws: BOTH, expected, change }
}

impl Row {
    /// Limits the row to one law.
    pub(crate) fn only(mut self, laws: &'static [Law]) -> Row {
        self.laws = laws;
        self
    }
}

impl Sample {
    /// A valid message of this kind, with facts that fit: a 305, 307, 317 and 323 have their allocation, a 307 its start,
    /// a 319 its request. Return messages are bare.
    pub(crate) fn of(kind: Kind) -> Sample {
        let body = match kind.number {
            Number::N301 => Body::Toewijzing(toewijzing_client(kind.law)),
            Number::N305 => Body::Start(start_client(kind.law)),
            Number::N307 => Body::Stop(stop_client(kind.law)),
            Number::N315 => Body::Aanvraag(aanvraag_client(kind.law)),
            Number::N317 => Body::Wijziging(wijziging_client(kind.law)),
            Number::N319 => Body::Antwoord(antwoord()),
            Number::N323 => Body::Declaratie(declaratie(kind.law)),
            Number::N325 => Body::DeclaratieAntwoord(Some(declaratie_antwoord(kind.law))),
            Number::N302 | Number::N306 | Number::N308 | Number::N316 | Number::N318 | Number::N320 => {
                Body::Retour(None)
            }
        };
        let message = Message { kind, release: Release::V3_2, header: header(kind), body };
        let mut facts = Facts::default();
        if kind.number == Number::N307 {
            facts.deliveries.push(earlier_start(kind.law));
        }
        if kind.number == Number::N319 {
            facts.verzoeken.insert(VERZOEK.into(), care_request());
        }
        for bsn in [BSN, OTHER_BSN] {
            facts.persons.insert(Bsn::from(bsn), person(bsn));
        }
        if kind.number != Number::N301 {
            facts.allocations.insert(TOEWIJZING, allocation(kind.law));
            facts.known_clients.insert(Bsn::from(BSN));
        }
        let mut terms = SampleTerms::default();
        terms.products.insert((categorie(kind.law), code(kind.law)));
        terms.tariffs.insert((code(kind.law), Eenheid::Uur), Cents(6000));
        facts.question = question(kind);
        Sample { message, today: date(2026, 3, 10), facts, terms, unknown_question: UnknownQuestion::Refuse }
    }

    /// The sample as a case.
    pub(crate) fn case(&self) -> Case<'_> {
        Case {
            message: &self.message,
            today: self.today,
            facts: Some(&self.facts),
            terms: Some(&self.terms),
            unknown_question: self.unknown_question,
        }
    }

    /// Judges the sample by these rules only.
    pub(crate) fn evaluate(&self, rules: &[&'static Rule]) -> Evaluation {
        evaluate(&self.case(), rules)
    }

    /// The client of a 301.
    pub(crate) fn toewijzing(&mut self) -> &mut ToewijzingClient {
        match &mut self.message.body {
            Body::Toewijzing(client) => client,
            other => panic!("not a 301: {other:?}"),
        }
    }

    /// The only allocation of a 301 sample.
    pub(crate) fn product(&mut self) -> &mut ToegewezenProduct {
        &mut self.toewijzing().producten[0]
    }

    /// The client of a 305.
    pub(crate) fn start(&mut self) -> &mut StartClient {
        match &mut self.message.body {
            Body::Start(client) => client,
            other => panic!("not a 305: {other:?}"),
        }
    }

    /// The only start of a 305 sample.
    pub(crate) fn start_product(&mut self) -> &mut StartProduct {
        &mut self.start().producten[0]
    }

    /// The client of a 307.
    pub(crate) fn stop(&mut self) -> &mut StopClient {
        match &mut self.message.body {
            Body::Stop(client) => client,
            other => panic!("not a 307: {other:?}"),
        }
    }

    /// The only stop of a 307 sample: definitive, 8 January to 28 February 2026.
    pub(crate) fn stop_product(&mut self) -> &mut StopProduct {
        &mut self.stop().producten[0]
    }

    /// The client of a 315.
    pub(crate) fn aanvraag(&mut self) -> &mut AanvraagClient {
        match &mut self.message.body {
            Body::Aanvraag(client) => client,
            other => panic!("not a 315: {other:?}"),
        }
    }

    /// The only product of a 315 sample.
    pub(crate) fn aangevraagd_product(&mut self) -> &mut AangevraagdProduct {
        &mut self.aanvraag().producten[0]
    }

    /// The request of a 317 sample: it asks to change the sample's allocation from its first day on, and nothing else.
    pub(crate) fn verzoek(&mut self) -> &mut Verzoek {
        match &mut self.message.body {
            Body::Wijziging(client) => &mut client.verzoek,
            other => panic!("not a 317: {other:?}"),
        }
    }

    /// The only product to change of a 317 sample.
    pub(crate) fn te_wijzigen_product(&mut self) -> &mut TeWijzigenProduct {
        &mut self.verzoek().te_wijzigen[0]
    }

    /// Adds a product to a 317: the sample's product from the day after its allocation ends, changed.
    pub(crate) fn add_nieuw_product(&mut self, change: impl FnOnce(&mut NieuwProduct)) {
        let law = self.message.kind.law;
        let mut nieuw = NieuwProduct {
            product: Some(product(law)),
            gewenste_ingangsdatum: date(2026, 4, 1),
            einddatum: Some(date(2026, 6, 30)),
            omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
            budget: None,
            retour_codes: Vec::new(),
        };
        change(&mut nieuw);
        self.verzoek().nieuw.push(nieuw);
    }

    /// The answer of a 319 sample: rejected, reason 2.
    pub(crate) fn antwoord(&mut self) -> &mut Antwoord {
        match &mut self.message.body {
            Body::Antwoord(antwoord) => antwoord,
            other => panic!("not a 319: {other:?}"),
        }
    }

    /// The request that a 319 sample answers, as the ledger knows it.
    pub(crate) fn care_request(&mut self) -> &mut CareRequest {
        self.facts.verzoeken.get_mut(&ReferentieAanbieder::from(VERZOEK)).expect("319 samples have their request")
    }

    /// Puts an earlier request of the sample's client into the ledger, for 315 and 317 samples; it is pending unless
    /// changed.
    pub(crate) fn earlier_request(&mut self, referentie: &str, change: impl FnOnce(&mut CareRequest)) {
        let mut earlier = CareRequest { referentie: referentie.into(), ..care_request() };
        change(&mut earlier);
        self.facts.verzoeken.insert(earlier.referentie.clone(), earlier.clone());
        self.facts.verzoeken_of_client.push(earlier);
    }

    /// The declaration of a 323.
    pub(crate) fn declaratie(&mut self) -> &mut Declaratie {
        match &mut self.message.body {
            Body::Declaratie(declaratie) => declaratie,
            other => panic!("not a 323: {other:?}"),
        }
    }

    /// The only line of a 323 sample: February 2026, 12 hours at 60.00.
    pub(crate) fn line(&mut self) -> &mut Prestatie {
        &mut self.declaratie().clienten[0].prestaties[0]
    }

    /// Adds a line to the only client of a 323 sample: a copy of the first with another reference number, changed.
    /// The total of the declaration follows.
    pub(crate) fn add_line(&mut self, nummer: &str, change: impl FnOnce(&mut Prestatie)) {
        let mut line = self.line().clone();
        line.referentie.nummer = nummer.into();
        change(&mut line);
        self.declaratie().clienten[0].prestaties.push(line);
        self.fix_total();
    }

    /// Sets the total of a 323 to the signed sum of its lines.
    pub(crate) fn fix_total(&mut self) {
        let declaratie = self.declaratie();
        let sum =
            declaratie.clienten.iter().flat_map(|client| &client.prestaties).map(|line| line.bedrag.signed().0).sum();
        declaratie.totaal = TotaalBedragMetDC::from_signed(Cents(sum));
    }

    /// The answer of a 325 sample, a declaration answer.
    pub(crate) fn declaratie_antwoord(&mut self) -> &mut DeclaratieAntwoord {
        match &mut self.message.body {
            Body::DeclaratieAntwoord(Some(antwoord)) => antwoord,
            other => panic!("not a 325: {other:?}"),
        }
    }

    /// The only line that a 325 sample returns.
    pub(crate) fn answer_line(&mut self) -> &mut Prestatie {
        &mut self.declaratie_antwoord().clienten[0].prestaties[0]
    }

    /// The message that a reply sample answers, as the ledger knows it: it waits for its answer.
    pub(crate) fn question(&mut self) -> &mut Question {
        self.facts.question.as_mut().expect("samples of replies have their question")
    }

    /// The declaration that a 325 sample answers: 1,000.00 on two lines, the first of which is returned.
    pub(crate) fn answered(&mut self) -> &mut Declaratie {
        match &mut self.question().declaratie.as_mut().expect("325 samples have their declaration").body {
            Body::Declaratie(declaratie) => declaratie,
            other => panic!("not a 323: {other:?}"),
        }
    }

    /// The line of that declaration that the 325 sample returns.
    pub(crate) fn answered_line(&mut self) -> &mut Prestatie {
        &mut self.answered().clienten[0].prestaties[0]
    }

    /// The allocation that 305 and 323 samples refer to, as the ledger knows it.
    pub(crate) fn allocation(&mut self) -> &mut Allocation {
        self.facts.allocations.get_mut(&TOEWIJZING).expect("305 and 323 samples have their allocation")
    }

    /// Puts an earlier line into the ledger: a debit equal to the sample's line, changed; granted or not as it says.
    pub(crate) fn earlier_line(&mut self, nummer: &str, change: impl FnOnce(&mut ClaimLine)) {
        let line = self.line().clone();
        let mut earlier = ClaimLine {
            nummer: nummer.into(),
            vorig: None,
            person: person(BSN),
            toewijzing_nummer: line.toewijzing_nummer,
            categorie: line.categorie,
            code: line.code,
            periode: line.periode,
            volume: line.volume,
            eenheid: line.eenheid,
            tarief: line.tarief,
            bedrag: line.bedrag.signed(),
            granted: true,
            declaratie: "D0".into(),
        };
        change(&mut earlier);
        if earlier.granted {
            self.facts.granted.entry(earlier.toewijzing_nummer).or_default().push(earlier.clone());
        }
        self.facts.lines.insert(earlier.nummer.clone(), earlier);
    }

    /// Turns the sample's line into a credit of an earlier line `vorig`.
    pub(crate) fn make_credit(&mut self, vorig: &str) {
        let line = self.line();
        line.referentie.vorig = Some(vorig.into());
        line.bedrag.debet_credit = DebetCredit::Credit;
        self.fix_total();
    }

    /// Puts an earlier start of the sample's allocation into the ledger.
    pub(crate) fn earlier_start(&mut self, begindatum: Date) {
        self.facts.deliveries.push(Delivery { begindatum, ..earlier_start(self.message.kind.law) });
    }

    /// Puts an earlier stop of the sample's allocation into the ledger.
    pub(crate) fn earlier_stop(&mut self, begindatum: Date, reden: &str, einddatum: Date) {
        self.facts.deliveries.push(Delivery {
            begindatum,
            stop: Some(Stop { reden: reden.into(), einddatum }),
            message: earlier("307"),
            ..earlier_start(self.message.kind.law)
        });
    }
}

/// Key of a person of the samples.
pub(crate) fn person(bsn: &str) -> PersonKey {
    PersonKey(format!("key-of-{bsn}"))
}

/// An earlier message of the samples.
pub(crate) fn earlier(number: &str) -> Earlier {
    Earlier { kind: format!("WMO{number}"), identificatie: "EERDER1".to_owned(), dagtekening: date(2026, 1, 5) }
}

/// A reply to the question of a reply sample.
pub(crate) fn given_reply(by_gateway: bool) -> GivenReply {
    GivenReply { kind: "WMO306".to_owned(), on: Some(date(2026, 3, 9)), by_gateway }
}

/// Category of the samples.
pub(crate) fn categorie(law: Law) -> Categorie {
    match law {
        Law::Wmo => "02".into(),
        Law::Jeugdwet => "45".into(),
    }
}

/// Code of the samples.
pub(crate) fn code(law: Law) -> ProductCode {
    match law {
        Law::Wmo => "02A03".into(),
        Law::Jeugdwet => "45A04".into(),
    }
}

/// Product of the samples.
pub(crate) fn product(law: Law) -> Product {
    Product { categorie: categorie(law), code: Some(code(law)) }
}

fn header(kind: Kind) -> Header {
    let versie = || XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() };
    // A return message repeats the header of what it answers.
    let from_gemeente = kind.number == Number::N325
        || kind.number.answers().unwrap_or(kind.number).direction() == Direction::ToProvider;
    let (afzender, ontvanger) = if from_gemeente { (GEMEENTE, AANBIEDER) } else { (AANBIEDER, GEMEENTE) };
    let answer = kind.number == Number::N325;
    let retour = kind.number.is_return();
    Header {
        bericht_code: kind.bericht_code().into(),
        bericht_versie: 3,
        bericht_subversie: 2,
        afzender: afzender.into(),
        ontvanger: ontvanger.into(),
        identificatie: BerichtIdentificatie { identificatie: "B1".into(), dagtekening: date(2026, 3, 9) },
        xsd_versie: versie(),
        declaratie_identificatie: answer
            .then(|| BerichtIdentificatie { identificatie: "D1".into(), dagtekening: date(2026, 3, 5) }),
        identificatie_retour: retour.then(|| "R1".into()),
        dagtekening_retour: retour.then(|| date(2026, 3, 10)),
        xslt_versie: None,
        xsd_versie_retour: retour.then(versie),
        xsd_versie_declaratie: answer.then(versie),
        retour_codes: if answer { vec![RetourCode::from("0200")] } else { Vec::new() },
    }
}

fn geboortedatum() -> Geboortedatum {
    Geboortedatum { datum: date(1980, 5, 17), datum_gebruik: None }
}

fn achternaam(name: &str) -> Achternaam {
    Achternaam { achternaam: name.into(), voorvoegsel: None }
}

fn volledige_naam() -> VolledigeNaam {
    VolledigeNaam {
        geslachtsnaam: achternaam("Voorbeeld"),
        partnernaam: None,
        voornamen: Some("Sam".into()),
        voorletters: None,
        naam_gebruik: "1".into(),
    }
}

fn contact(soort: &str) -> Contact {
    Contact {
        soort: soort.into(),
        adres: Some(Adres {
            huis: Some(Huis { huisnummer: 12, huisletter: None, toevoeging: None, aanduiding: None }),
            postcode: Some("7121AA".into()),
            straatnaam: None,
            plaatsnaam: None,
            land_code: Some("NL".into()),
        }),
        organisatie: None,
        telefoon: Some(Telefoonnummers {
            eerste: Telefoonnummer { nummer: "0612345678".into(), landnummer: "0031".into() },
            tweede: None,
        }),
        emailadres: None,
        periode: None,
        retour_codes: Vec::new(),
    }
}

fn toewijzing_client(law: Law) -> ToewijzingClient {
    ToewijzingClient {
        bsn: BSN.into(),
        geboortedatum: geboortedatum(),
        geslacht: "1".into(),
        naam: volledige_naam(),
        communicatie: None,
        juridische_status: None,
        wettelijke_vertegenwoordiging: None,
        commentaar: None,
        relaties: vec![Relatie {
            nummer: "1".into(),
            volgorde: Some(1),
            soort: "06".into(),
            geboortedatum: Some(geboortedatum()),
            geslacht: None,
            naam: volledige_naam(),
            contact: contact("03"),
            retour_codes: Vec::new(),
        }],
        contacten: vec![contact("01")],
        producten: vec![ToegewezenProduct {
            toewijzing_nummer: TOEWIJZING,
            referentie_aanbieder: None,
            product: Some(product(law)),
            toewijzingsdatum: date(2026, 1, 2),
            toewijzingstijd: "10:00:00".into(),
            ingangsdatum: date(2026, 1, 1),
            einddatum: Some(date(2026, 3, 31)),
            reden_wijziging: None,
            omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
            budget: None,
            commentaar: None,
            retour_codes: Vec::new(),
        }],
        retour_codes: Vec::new(),
    }
}

fn start_client(law: Law) -> StartClient {
    StartClient {
        bsn: BSN.into(),
        geboortedatum: geboortedatum(),
        geslacht: "1".into(),
        naam: VerkorteNaam { geslachtsnaam: achternaam("Voorbeeld"), voornamen: None, voorletters: None },
        producten: vec![StartProduct {
            toewijzing_nummer: Some(TOEWIJZING),
            product: Some(product(law)),
            toewijzing_ingangsdatum: Some(date(2026, 1, 1)),
            begindatum: date(2026, 1, 8),
            status_aanlevering: StatusAanlevering::Eerste,
            retour_codes: Vec::new(),
        }],
        retour_codes: Vec::new(),
    }
}

fn stop_client(law: Law) -> StopClient {
    StopClient {
        bsn: BSN.into(),
        geboortedatum: geboortedatum(),
        geslacht: "1".into(),
        naam: VerkorteNaam { geslachtsnaam: achternaam("Voorbeeld"), voornamen: None, voorletters: None },
        producten: vec![StopProduct {
            toewijzing_nummer: Some(TOEWIJZING),
            product: Some(product(law)),
            toewijzing_ingangsdatum: Some(date(2026, 1, 1)),
            begindatum: date(2026, 1, 8),
            reden_beeindiging: "02".into(),
            einddatum: date(2026, 2, 28),
            status_aanlevering: StatusAanlevering::Eerste,
            retour_codes: Vec::new(),
        }],
        retour_codes: Vec::new(),
    }
}

/// The start of the sample's allocation, as the ledger knows it: the one that a 307 sample stops.
fn earlier_start(law: Law) -> Delivery {
    Delivery {
        person: person(BSN),
        toewijzing_nummer: Some(TOEWIJZING),
        product: Some(product(law)),
        begindatum: date(2026, 1, 8),
        stop: None,
        message: earlier("305"),
    }
}

fn aanvraag_client(law: Law) -> AanvraagClient {
    AanvraagClient {
        bsn: BSN.into(),
        geboortedatum: geboortedatum(),
        geslacht: "1".into(),
        naam: VerkorteNaam { geslachtsnaam: achternaam("Voorbeeld"), voornamen: None, voorletters: None },
        gezagsdrager_bekend: (law == Law::Jeugdwet).then(|| "1".into()),
        commentaar: None,
        producten: vec![AangevraagdProduct {
            referentie_aanbieder: VERZOEK.into(),
            beschikking_nummer: None,
            product: Some(product(law)),
            beschikking_ingangsdatum: None,
            toewijzing_ingangsdatum: date(2026, 4, 1),
            toewijzing_einddatum: Some(date(2026, 9, 30)),
            omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
            budget: None,
            verwijzer: Verwijzer { soort: "01".into(), naam: None, zorgverlener_code: None },
            raamcontract: Some("1".into()),
            commentaar: None,
            retour_codes: Vec::new(),
        }],
        retour_codes: Vec::new(),
    }
}

fn wijziging_client(_law: Law) -> WijzigingClient {
    WijzigingClient {
        bsn: BSN.into(),
        verzoek: Verzoek {
            referentie_aanbieder: VERZOEK.into(),
            reden_verzoek: "1".into(),
            ongewijzigd: Vec::new(),
            te_wijzigen: vec![TeWijzigenProduct {
                toewijzing_nummer: TOEWIJZING,
                gewenste_ingangsdatum: date(2026, 1, 1),
                einddatum: Some(date(2026, 4, 30)),
                omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
                budget: None,
                retour_codes: Vec::new(),
            }],
            nieuw: Vec::new(),
            retour_codes: Vec::new(),
        },
        retour_codes: Vec::new(),
    }
}

fn antwoord() -> Antwoord {
    Antwoord {
        referentie_aanbieder: VERZOEK.into(),
        verzoek_antwoord: VerzoekAntwoord::Afgewezen,
        reden_afwijzing: Some("2".into()),
        woonplaatsbeginsel: None,
        retour_codes: Vec::new(),
    }
}

/// The request that a 319 sample answers: one product of a 315.
fn care_request() -> CareRequest {
    CareRequest {
        referentie: VERZOEK.into(),
        gemeente: GEMEENTE.into(),
        person: person(BSN),
        message: earlier("315"),
        answers: Vec::new(),
        honoured_by: None,
    }
}

fn prestatie(law: Law) -> Prestatie {
    Prestatie {
        referentie: Referentie { nummer: "P1".into(), vorig: None },
        toewijzing_nummer: TOEWIJZING,
        categorie: categorie(law),
        code: code(law),
        periode: GeslotenPeriode { begindatum: date(2026, 2, 1), einddatum: date(2026, 2, 28) },
        volume: 12,
        eenheid: Eenheid::Uur,
        tarief: Some(Cents(6000)),
        bedrag: BedragMetDC { bedrag: Cents(72_000), debet_credit: DebetCredit::Debet },
        retour_codes: Vec::new(),
    }
}

fn declaratie(law: Law) -> Declaratie {
    Declaratie {
        nummer: "D1".into(),
        periode: GeslotenPeriode { begindatum: date(2026, 2, 1), einddatum: date(2026, 2, 28) },
        dagtekening: date(2026, 3, 9),
        totaal: TotaalBedragMetDC { totaal_bedrag: Cents(72_000), debet_credit: DebetCredit::Debet },
        clienten: vec![DeclaratieClient {
            bsn: BSN.into(),
            prestaties: vec![prestatie(law)],
            retour_codes: Vec::new(),
        }],
    }
}

/// What a reply sample answers; `None` for other samples.
fn question(kind: Kind) -> Option<Question> {
    let asked = Kind::new(kind.law, kind.number.answers()?);
    let (identificatie, dagtekening) =
        if kind.number == Number::N325 { ("D1", date(2026, 3, 5)) } else { ("B1", date(2026, 3, 9)) };
    let owed_by = if asked.number.direction() == Direction::ToProvider { AANBIEDER } else { GEMEENTE };
    let declaratie = (asked.number == Number::N323).then(|| {
        let mut header = header(asked);
        header.identificatie = BerichtIdentificatie { identificatie: identificatie.into(), dagtekening };
        let mut declaratie = declaratie(kind.law);
        let mut granted = prestatie(kind.law);
        granted.referentie.nummer = "P2".into();
        granted.bedrag.bedrag = Cents(28_000);
        declaratie.clienten[0].prestaties.push(granted);
        declaratie.totaal = TotaalBedragMetDC::from_signed(Cents(100_000));
        Box::new(Message { kind: asked, release: Release::V3_2, header, body: Body::Declaratie(declaratie) })
    });
    Some(Question {
        id: 1,
        message: Earlier { kind: asked.to_string(), identificatie: identificatie.to_owned(), dagtekening },
        owed_by: owed_by.into(),
        state: QuestionState::Open,
        declaratie,
    })
}

/// One rejected line of 720.00 out of 1,000.00.
fn declaratie_antwoord(law: Law) -> DeclaratieAntwoord {
    let mut line = prestatie(law);
    line.retour_codes = vec!["9322".into()];
    DeclaratieAntwoord {
        nummer: "D1".into(),
        totaal_ingediend: TotaalBedragMetDC { totaal_bedrag: Cents(100_000), debet_credit: DebetCredit::Debet },
        totaal_toegekend: TotaalBedragMetDC { totaal_bedrag: Cents(28_000), debet_credit: DebetCredit::Debet },
        clienten: vec![DeclaratieClient { bsn: BSN.into(), prestaties: vec![line], retour_codes: vec!["0200".into()] }],
        retour_codes: vec!["0200".into()],
    }
}

fn allocation(law: Law) -> Allocation {
    Allocation {
        nummer: TOEWIJZING,
        aanbieder: Party::from(AANBIEDER),
        person: person(BSN),
        product: Some(product(law)),
        toewijzingsdatum: date(2026, 1, 2),
        toewijzingstijd: "10:00:00".to_owned(),
        ingangsdatum: date(2026, 1, 1),
        einddatum: Some(date(2026, 3, 31)),
        reden_wijziging: None::<Code>,
        omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
        budget: None,
        message: earlier("301"),
    }
}
