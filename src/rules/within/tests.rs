//! No rule within a message may fail on values that the schema allows, however odd: it answers with findings.

use super::RULES;
use crate::message::types::{Communicatie, Geboortedatum, OpenPeriode};
use crate::message::{
    AangevraagdProduct, Antwoord, Body, Cents, Contact, Count, Date, DebetCredit, DeclaratieClient, Eenheid,
    Frequentie, GeslotenPeriode, Kind, Law, NieuwProduct, Number, Omvang, OngewijzigdProduct, Prestatie, Product,
    StartProduct, StatusAanlevering, StopProduct, TeWijzigenProduct, ToegewezenProduct, TotaalBedragMetDC, Verwijzer,
    Verzoek, VerzoekAntwoord, Woonplaatsbeginsel,
};
use crate::rules::sample::{BSN, Sample};
use crate::rules::{Check, Violation};
use jiff::civil::date;
use proptest::prelude::*;
use std::path::Path;

/// Largest values of the basisschema: `LDT_Bedrag` and `LDT_Volume`, `LDT_TotaalBedrag`, `LDT_Nummer`.
const MAX_AMOUNT: i64 = 99_999_999;
const MAX_TOTAL: i64 = 999_999_999_999;
const MAX_NUMBER: Count = 999_999_999;

/// Who referred the client: no finding may tell.
const REFERRER: &str = "Doorverwijzer";
const REFERRER_CODE: &str = "01987654";

/// An endless supply of choices: the drawn bytes, over and over.
struct Picks {
    bytes: Vec<u8>,
    next: usize,
}

impl Picks {
    fn of<T: Clone>(&mut self, values: &[T]) -> T {
        let byte = self.bytes[self.next % self.bytes.len()];
        self.next += 1;
        values[usize::from(byte) % values.len()].clone()
    }

    fn date(&mut self) -> Date {
        self.of(&[
            date(1, 1, 1),
            date(1, 1, 31),
            date(119, 3, 1),
            date(1900, 1, 1),
            date(2020, 12, 31),
            date(2024, 2, 29),
            date(9999, 12, 1),
            date(9999, 12, 31),
        ])
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        self.of(&[true, false]).then_some(value)
    }

    fn maybe_date(&mut self) -> Option<Date> {
        let date = self.date();
        self.maybe(date)
    }

    fn amount(&mut self, max: i64) -> Cents {
        Cents(self.of(&[0, 1, max]))
    }

    fn sign(&mut self) -> DebetCredit {
        self.of(DebetCredit::ALL)
    }

    fn total(&mut self) -> TotaalBedragMetDC {
        TotaalBedragMetDC { totaal_bedrag: self.amount(MAX_TOTAL), debet_credit: self.sign() }
    }

    fn periode(&mut self) -> GeslotenPeriode {
        GeslotenPeriode { begindatum: self.date(), einddatum: self.date() }
    }

    fn born(&mut self) -> Geboortedatum {
        let gebruik = self.of(&["1", "2", "3"]);
        Geboortedatum { datum: self.date(), datum_gebruik: self.maybe(gebruik.into()) }
    }

    fn contact(&mut self, contact: &mut Contact) {
        contact.soort = self.of(&["01", "02", "03", "04"]).into();
        contact.periode =
            self.maybe(()).map(|()| OpenPeriode { begindatum: self.maybe_date(), einddatum: self.maybe_date() });
        contact.telefoon = contact.telefoon.take().and_then(|telefoon| self.maybe(telefoon));
        if let Some(adres) = &mut contact.adres {
            adres.huis = adres.huis.take().and_then(|huis| self.maybe(huis));
            adres.postcode = self.of(&[None, Some("0"), Some("é"), Some("7121AA"), Some("ééééé")]).map(Into::into);
            adres.land_code = self.of(&[None, Some("NL"), Some("BE")]).map(Into::into);
        }
    }

    fn product(&mut self, product: &mut ToegewezenProduct) {
        product.toewijzing_nummer = self.of(&[0, MAX_NUMBER]);
        self.named(&mut product.product);
        product.toewijzingsdatum = self.date();
        product.ingangsdatum = self.date();
        product.einddatum = self.maybe_date();
        product.reden_wijziging = self.of(&[None, Some("01"), Some("13")]).map(Into::into);
        product.omvang = self.omvang();
        product.budget = self.budget();
    }

    fn named(&mut self, product: &mut Option<Product>) {
        if let Some(named) = product {
            named.categorie = self.of(&["02", "11", "45"]).into();
            named.code = named.code.take().and_then(|code| self.maybe(code));
        }
        *product = product.take().and_then(|named| self.maybe(named));
    }

    fn omvang(&mut self) -> Option<Omvang> {
        let omvang = Omvang {
            volume: self.of(&[0, MAX_AMOUNT.unsigned_abs()]),
            eenheid: self.of(Eenheid::ALL),
            frequentie: self.of(Frequentie::ALL),
        };
        self.maybe(omvang)
    }

    fn budget(&mut self) -> Option<Cents> {
        let budget = self.amount(MAX_AMOUNT);
        self.maybe(budget)
    }

    fn stop(&mut self, stop: &mut StopProduct) {
        stop.toewijzing_nummer = self.of(&[None, Some(0), Some(MAX_NUMBER)]);
        self.named(&mut stop.product);
        stop.toewijzing_ingangsdatum = self.maybe_date();
        stop.begindatum = self.date();
        stop.einddatum = self.date();
        stop.reden_beeindiging = self.of(&["02", "20"]).into();
        stop.status_aanlevering = self.of(StatusAanlevering::ALL);
    }

    fn requested(&mut self, product: &mut AangevraagdProduct) {
        product.referentie_aanbieder = self.of(&["V1", "V2"]).into();
        product.beschikking_nummer = self.of(&[None, Some(0), Some(MAX_NUMBER)]);
        self.named(&mut product.product);
        product.beschikking_ingangsdatum = self.maybe_date();
        product.toewijzing_ingangsdatum = self.date();
        product.toewijzing_einddatum = self.maybe_date();
        product.omvang = self.omvang();
        product.budget = self.budget();
        product.verwijzer = Verwijzer {
            soort: self.of(&["01", "02", "03", "04", "05", "06", "08"]).into(),
            naam: self.of(&[None, Some(REFERRER)]).map(Into::into),
            zorgverlener_code: self.of(&[None, Some(REFERRER_CODE)]).map(Into::into),
        };
    }

    fn request(&mut self, verzoek: &mut Verzoek) {
        let unchanged = OngewijzigdProduct { toewijzing_nummer: 0, retour_codes: Vec::new() };
        let to_change = verzoek.te_wijzigen[0].clone();
        verzoek.ongewijzigd = vec![unchanged; self.of(&[0, 2])];
        verzoek.te_wijzigen = vec![to_change; self.of(&[0, 2])];
        verzoek.nieuw = vec![verzoek.nieuw[0].clone(); self.of(&[0, 3])];
        for unchanged in &mut verzoek.ongewijzigd {
            unchanged.toewijzing_nummer = self.of(&[0, MAX_NUMBER]);
        }
        verzoek.te_wijzigen.iter_mut().for_each(|product| self.changed_product(product));
        verzoek.nieuw.iter_mut().for_each(|nieuw| self.new_product(nieuw));
    }

    fn changed_product(&mut self, product: &mut TeWijzigenProduct) {
        product.toewijzing_nummer = self.of(&[0, MAX_NUMBER]);
        product.gewenste_ingangsdatum = self.date();
        product.einddatum = self.maybe_date();
        product.omvang = self.omvang();
        product.budget = self.budget();
    }

    fn new_product(&mut self, nieuw: &mut NieuwProduct) {
        self.named(&mut nieuw.product);
        nieuw.gewenste_ingangsdatum = self.date();
        nieuw.einddatum = self.maybe_date();
        nieuw.omvang = self.omvang();
        nieuw.budget = self.budget();
    }

    fn answer(&mut self, antwoord: &mut Antwoord) {
        antwoord.verzoek_antwoord = self.of(VerzoekAntwoord::ALL);
        antwoord.reden_afwijzing = self.of(&[None, Some("1"), Some("8"), Some("9")]).map(Into::into);
        let woonplaatsbeginsel = Woonplaatsbeginsel { gemeente: "9999".into(), retour_codes: Vec::new() };
        antwoord.woonplaatsbeginsel = self.maybe(woonplaatsbeginsel);
    }

    fn start(&mut self, start: &mut StartProduct) {
        start.toewijzing_nummer = self.of(&[None, Some(0), Some(MAX_NUMBER)]);
        start.product = start.product.take().and_then(|product| self.maybe(product));
        start.toewijzing_ingangsdatum = Some(self.date());
        start.begindatum = self.date();
        start.status_aanlevering = self.of(StatusAanlevering::ALL);
    }

    fn line(&mut self, line: &mut Prestatie) {
        line.referentie.nummer = self.of(&["P1", "P2"]).into();
        line.referentie.vorig = self.of(&[None, Some("P1"), Some("P3")]).map(Into::into);
        line.toewijzing_nummer = self.of(&[0, MAX_NUMBER]);
        line.periode = self.periode();
        line.volume = self.of(&[0, MAX_AMOUNT.unsigned_abs()]);
        line.eenheid = self.of(Eenheid::ALL);
        let tarief = self.amount(MAX_AMOUNT);
        line.tarief = self.maybe(tarief);
        line.bedrag.bedrag = self.amount(MAX_AMOUNT);
        line.bedrag.debet_credit = self.sign();
    }

    fn clients(&mut self, clients: &mut Vec<DeclaratieClient>) {
        clients.push(clients[0].clone());
        for client in clients {
            client.prestaties.push(client.prestaties[0].clone());
            client.prestaties.iter_mut().for_each(|line| self.line(line));
        }
    }

    /// Gives every value that a rule reads another one, and doubles every list.
    fn shake(&mut self, sample: &mut Sample) {
        sample.message.header.identificatie.dagtekening = self.date();
        match &mut sample.message.body {
            Body::Toewijzing(client) => {
                client.geboortedatum = self.born();
                client.naam.naam_gebruik = self.of(&["1", "5", "6"]).into();
                let communicatie =
                    Communicatie { vorm: self.of(&["1", "2"]).into(), taal: self.of(&[None, Some("pl".into())]) };
                client.communicatie = self.maybe(communicatie);
                client.relaties.push(client.relaties[0].clone());
                for relatie in &mut client.relaties {
                    let born = self.born();
                    relatie.geboortedatum = self.maybe(born);
                    self.contact(&mut relatie.contact);
                }
                client.contacten.push(client.contacten[0].clone());
                client.contacten.iter_mut().for_each(|contact| self.contact(contact));
                client.producten.push(client.producten[0].clone());
                client.producten.iter_mut().for_each(|product| self.product(product));
            }
            Body::Start(client) => {
                client.geboortedatum = self.born();
                client.producten.push(client.producten[0].clone());
                client.producten.iter_mut().for_each(|start| self.start(start));
            }
            Body::Stop(client) => {
                client.geboortedatum = self.born();
                client.producten.push(client.producten[0].clone());
                client.producten.iter_mut().for_each(|stop| self.stop(stop));
            }
            Body::Aanvraag(client) => {
                client.geboortedatum = self.born();
                client.producten = vec![client.producten[0].clone(); 3];
                client.producten.iter_mut().for_each(|product| self.requested(product));
            }
            Body::Wijziging(client) => self.request(&mut client.verzoek),
            Body::Antwoord(antwoord) => self.answer(antwoord),
            Body::Declaratie(declaratie) => {
                declaratie.periode = self.periode();
                declaratie.dagtekening = self.date();
                declaratie.totaal = self.total();
                self.clients(&mut declaratie.clienten);
            }
            Body::DeclaratieAntwoord(Some(antwoord)) => {
                antwoord.totaal_ingediend = self.total();
                antwoord.totaal_toegekend = self.total();
                self.clients(&mut antwoord.clienten);
            }
            other => panic!("no sample has {other:?}"),
        }
    }
}

/// The numbers that have rules within the message.
const JUDGED: [Number; 8] =
    [Number::N301, Number::N305, Number::N307, Number::N315, Number::N317, Number::N319, Number::N323, Number::N325];

/// What holds of every finding, whatever the message.
fn assert_sound(rule: &str, violation: &Violation) {
    assert!(violation.place.path().starts_with("/Bericht/"), "{rule}: {}", violation.place.path());
    let shown = format!("{} {} {:?}", violation.nl, violation.en, violation.facts);
    for secret in [BSN, "Voorbeeld", "0612345678", "7121AA", "ééééé", REFERRER, REFERRER_CODE] {
        assert!(!shown.contains(secret), "{rule} shows a person: {shown}");
    }
}

proptest! {
    #[test]
    fn extreme_values_give_findings_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
        for law in Law::ALL {
            for number in JUDGED {
                let mut sample = Sample::of(Kind::new(law, number));
                if number == Number::N317 {
                    sample.add_nieuw_product(|_| {});
                }
                Picks { bytes: bytes.clone(), next: 0 }.shake(&mut sample);
                for rule in RULES.iter().filter(|rule| rule.applies_to(sample.message.kind)) {
                    if let Check::Message(check) = rule.check {
                        for violation in check(&sample.case()) {
                            assert_sound(rule.id, &violation);
                        }
                    }
                }
            }
        }
    }
}

/// The published sample messages, where they are at hand: what the pack says of them, and nothing else.
#[test]
fn published_samples_break_the_rules_that_are_known_of_them() {
    // A worktree lies one folder deeper than the project itself.
    let beside = ["../shared", "../../shared"]
        .map(|shared| Path::new(env!("CARGO_MANIFEST_DIR")).join(shared).join("standard/examples/ijw"));
    let Some(folder) = beside.iter().find(|folder| folder.exists()) else {
        println!("skipped: no published samples beside the project");
        return;
    };
    let mut found = Vec::new();
    // The JW315 names 31 June and fails at level 1.
    for number in ["301", "305", "307", "317", "319", "323", "325"] {
        let source = std::fs::read(folder.join(format!("JW{number}.xml"))).expect("every number has a sample");
        let document = crate::schema::validate(&source, &crate::schema::Limits::default()).expect("valid samples");
        let message =
            crate::message::Message::read(document.kind, document.release, &document.tree).expect("typed samples");
        let case = crate::rules::Case {
            message: &message,
            today: date(2026, 5, 20),
            facts: None,
            terms: None,
            unknown_question: crate::rules::UnknownQuestion::default(),
        };
        for broken in crate::rules::evaluate(&case, RULES).broken {
            found.push(format!("{} {} {}", document.kind, broken.rule.id, broken.violation.place.path()));
        }
    }
    // The new product of the JW317 ends before it begins; one ReferentieNummer stands on two lines of the second client
    // of the JW323.
    let backwards = "JW317 CS003 /Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]/Einddatum";
    let twice = "JW323 TR101 /Bericht/Declaratie/Clienten/Client[2]/Prestaties/Prestatie[3]/ProductReferentie";
    assert_eq!(found, [backwards, twice]);
}
