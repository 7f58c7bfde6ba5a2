//! Composes messages of fictional parties and people, for the demo, the load tests and the benchmarks.
//!
//! BSNs come from the test range 9999xxxxx, names say that they are made up.

use crate::message::body::{
    AangevraagdProduct, AanvraagClient, Antwoord, Contact, Declaratie, DeclaratieClient, Header, Prestatie,
    StartClient, StartProduct, StopClient, StopProduct, TeWijzigenProduct, ToegewezenProduct, ToewijzingClient,
    Verzoek, WijzigingClient,
};
use crate::message::types::{
    Achternaam, Adres, Geboortedatum, Huis, Telefoonnummer, Telefoonnummers, VerkorteNaam, VolledigeNaam,
};
use crate::message::{
    BedragMetDC, BerichtIdentificatie, Body, Bsn, Cents, Count, Date, DebetCredit, Direction, Eenheid, Frequentie,
    GeslotenPeriode, Kind, Law, Message, Number, Omvang, Party, Product, Referentie, Release, RetourCode,
    StatusAanlevering, TotaalBedragMetDC, Verwijzer, VerzoekAntwoord, XsdVersie,
};
use jiff::civil::date;

/// A fictional client.
#[derive(Debug, Clone)]
pub struct Person {
    bsn: Bsn,
    surname: String,
    born: Date,
}

impl Person {
    /// The `index`-th client; the same index gives the same person.
    pub fn nth(index: u32) -> Person {
        let day = i8::try_from(index % 28 + 1).expect("1 to 28 fits");
        let month = i8::try_from(index % 12 + 1).expect("1 to 12 fits");
        let year = 1950 + i16::try_from(index % 40).expect("below 40 fits");
        Person { bsn: test_bsn(index), surname: format!("Fictief{}", letters(index)), born: date(year, month, day) }
    }

    /// The `index`-th client as a child, born in 2012 or in one of the three years after.
    pub fn young(index: u32) -> Person {
        let person = Person::nth(index);
        let year = 2012 + i16::try_from(index % 4).expect("below 4 fits");
        Person { born: date(year, person.born.month(), person.born.day()), ..person }
    }

    /// The BSN, from the test range.
    pub fn bsn(&self) -> &Bsn {
        &self.bsn
    }
}

/// The `index`-th number of the test range 9999xxxxx that passes the eleven test. About 9,000 exist; they wrap.
fn test_bsn(index: u32) -> Bsn {
    // With eight digits given, one digit in eleven cases has no fitting last digit.
    let mut left = index % 8_000;
    for stem in 99_990_000_u32.. {
        let Some(last) = check_digit(stem) else { continue };
        if left == 0 {
            return Bsn(format!("{stem}{last}"));
        }
        left -= 1;
    }
    unreachable!("the range of u32 holds far more than 8,000 such numbers")
}

/// The ninth digit for which 9*d1 + 8*d2 + … + 2*d8 - d9 is divisible by eleven (CS002).
fn check_digit(stem: u32) -> Option<u32> {
    let sum: u32 = (0..8).map(|place| stem / 10_u32.pow(place) % 10 * (place + 2)).sum();
    let last = sum % 11;
    (last < 10).then_some(last)
}

fn letters(mut index: u32) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + u8::try_from(index % 26).expect("below 26 fits")));
        index /= 26;
        if index == 0 {
            return text;
        }
    }
}

/// Writes messages between one municipality and one provider.
#[derive(Debug, Clone)]
pub struct Composer {
    /// Legal domain.
    pub law: Law,
    /// Municipality, four digits.
    pub gemeente: Party,
    /// Provider, eight digits.
    pub aanbieder: Party,
    /// Dagtekening of every message.
    pub dagtekening: Date,
}

/// How much is allocated, of what, and when.
#[derive(Debug, Clone)]
pub struct Allocate {
    /// ToewijzingNummer.
    pub nummer: Count,
    /// Product.
    pub product: Product,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Volume, unit and frequency.
    pub omvang: Omvang,
}

/// A line to claim.
#[derive(Debug, Clone)]
pub struct Claim {
    /// ReferentieNummer.
    pub nummer: String,
    /// Allocation.
    pub toewijzing: Count,
    /// Product, with a code.
    pub product: Product,
    /// First and last day.
    pub periode: (Date, Date),
    /// Volume.
    pub volume: Count,
    /// Unit.
    pub eenheid: Eenheid,
    /// Tariff in cents.
    pub tarief: Cents,
}

impl Composer {
    /// A 301 with one allocation.
    pub fn toewijzing(&self, identificatie: &str, person: &Person, allocate: &Allocate) -> Message {
        let client = ToewijzingClient {
            bsn: person.bsn.clone(),
            geboortedatum: Geboortedatum { datum: person.born, datum_gebruik: None },
            geslacht: "0".into(),
            naam: VolledigeNaam {
                geslachtsnaam: surname(person),
                partnernaam: None,
                voornamen: None,
                voorletters: None,
                naam_gebruik: "1".into(),
            },
            communicatie: None,
            juridische_status: None,
            wettelijke_vertegenwoordiging: None,
            commentaar: None,
            relaties: Vec::new(),
            contacten: vec![contact()],
            producten: vec![ToegewezenProduct {
                toewijzing_nummer: allocate.nummer,
                referentie_aanbieder: None,
                product: Some(allocate.product.clone()),
                toewijzingsdatum: self.dagtekening,
                toewijzingstijd: "09:30:00".into(),
                ingangsdatum: allocate.from,
                einddatum: Some(allocate.to),
                reden_wijziging: None,
                omvang: Some(allocate.omvang.clone()),
                budget: None,
                commentaar: None,
                retour_codes: Vec::new(),
            }],
            retour_codes: Vec::new(),
        };
        self.message(Number::N301, identificatie, Body::Toewijzing(client))
    }

    /// A 305 with one start.
    pub fn start(&self, identificatie: &str, person: &Person, allocate: &Allocate, begin: Date) -> Message {
        let client = StartClient {
            bsn: person.bsn.clone(),
            geboortedatum: Geboortedatum { datum: person.born, datum_gebruik: None },
            geslacht: "0".into(),
            naam: VerkorteNaam { geslachtsnaam: surname(person), voornamen: None, voorletters: None },
            producten: vec![StartProduct {
                toewijzing_nummer: Some(allocate.nummer),
                product: Some(allocate.product.clone()),
                toewijzing_ingangsdatum: Some(allocate.from),
                begindatum: begin,
                status_aanlevering: StatusAanlevering::Eerste,
                retour_codes: Vec::new(),
            }],
            retour_codes: Vec::new(),
        };
        self.message(Number::N305, identificatie, Body::Start(client))
    }

    /// A 307 with one definitive stop of a delivery that began on `begin` (reason 20 makes it a temporary one).
    pub fn stop(
        &self,
        identificatie: &str,
        person: &Person,
        allocate: &Allocate,
        begin: Date,
        (reden, end): (&str, Date),
    ) -> Message {
        let client = StopClient {
            bsn: person.bsn.clone(),
            geboortedatum: Geboortedatum { datum: person.born, datum_gebruik: None },
            geslacht: "0".into(),
            naam: VerkorteNaam { geslachtsnaam: surname(person), voornamen: None, voorletters: None },
            producten: vec![StopProduct {
                toewijzing_nummer: Some(allocate.nummer),
                product: Some(allocate.product.clone()),
                toewijzing_ingangsdatum: Some(allocate.from),
                begindatum: begin,
                reden_beeindiging: reden.into(),
                einddatum: end,
                status_aanlevering: StatusAanlevering::Eerste,
                retour_codes: Vec::new(),
            }],
            retour_codes: Vec::new(),
        };
        self.message(Number::N307, identificatie, Body::Stop(client))
    }

    /// A 315 that asks for one allocation; its number is not used.
    pub fn aanvraag(&self, identificatie: &str, person: &Person, referentie: &str, allocate: &Allocate) -> Message {
        let client = AanvraagClient {
            bsn: person.bsn.clone(),
            geboortedatum: Geboortedatum { datum: person.born, datum_gebruik: None },
            geslacht: "0".into(),
            naam: VerkorteNaam { geslachtsnaam: surname(person), voornamen: None, voorletters: None },
            gezagsdrager_bekend: None,
            commentaar: None,
            producten: vec![AangevraagdProduct {
                referentie_aanbieder: referentie.into(),
                beschikking_nummer: None,
                product: Some(allocate.product.clone()),
                beschikking_ingangsdatum: None,
                toewijzing_ingangsdatum: allocate.from,
                toewijzing_einddatum: Some(allocate.to),
                omvang: Some(allocate.omvang.clone()),
                budget: None,
                verwijzer: Verwijzer { soort: "01".into(), naam: None, zorgverlener_code: None },
                raamcontract: None,
                commentaar: None,
                retour_codes: Vec::new(),
            }],
            retour_codes: Vec::new(),
        };
        self.message(Number::N315, identificatie, Body::Aanvraag(client))
    }

    /// A 317 that asks to change an allocation over its whole duration to what `wanted` says of its end and volume.
    pub fn wijziging(&self, identificatie: &str, person: &Person, referentie: &str, wanted: &Allocate) -> Message {
        let client = WijzigingClient {
            bsn: person.bsn.clone(),
            verzoek: Verzoek {
                referentie_aanbieder: referentie.into(),
                reden_verzoek: "1".into(),
                ongewijzigd: Vec::new(),
                te_wijzigen: vec![TeWijzigenProduct {
                    toewijzing_nummer: wanted.nummer,
                    gewenste_ingangsdatum: wanted.from,
                    einddatum: Some(wanted.to),
                    omvang: Some(wanted.omvang.clone()),
                    budget: None,
                    retour_codes: Vec::new(),
                }],
                nieuw: Vec::new(),
                retour_codes: Vec::new(),
            },
            retour_codes: Vec::new(),
        };
        self.message(Number::N317, identificatie, Body::Wijziging(client))
    }

    /// A 319 that rejects a request for a reason, or without one says that it is under investigation.
    pub fn antwoord(&self, identificatie: &str, referentie: &str, reden: Option<&str>) -> Message {
        let antwoord = Antwoord {
            referentie_aanbieder: referentie.into(),
            verzoek_antwoord: if reden.is_some() { VerzoekAntwoord::Afgewezen } else { VerzoekAntwoord::InOnderzoek },
            reden_afwijzing: reden.map(Into::into),
            woonplaatsbeginsel: None,
            retour_codes: Vec::new(),
        };
        self.message(Number::N319, identificatie, Body::Antwoord(antwoord))
    }

    /// A 323 over one calendar month, for any number of clients with their lines.
    pub fn declaratie(
        &self,
        identificatie: &str,
        nummer: &str,
        month: (Date, Date),
        clients: &[(&Person, Vec<Claim>)],
    ) -> Message {
        let total = clients.iter().flat_map(|(_, claims)| claims).map(|claim| amount(claim).0).sum();
        let clienten = clients
            .iter()
            .map(|(person, claims)| DeclaratieClient {
                bsn: person.bsn.clone(),
                prestaties: claims.iter().map(line).collect(),
                retour_codes: Vec::new(),
            })
            .collect();
        let declaratie = Declaratie {
            nummer: nummer.into(),
            periode: GeslotenPeriode { begindatum: month.0, einddatum: month.1 },
            dagtekening: self.dagtekening,
            totaal: TotaalBedragMetDC::from_signed(Cents(total)),
            clienten,
        };
        self.message(Number::N323, identificatie, Body::Declaratie(declaratie))
    }

    /// The return message to `question`, which judged no more than its header: without codes all is well.
    ///
    /// # Panics
    /// When nothing but a declaration answer, or nothing at all, answers the message.
    pub fn retour(&self, identificatie: &str, question: &Message, codes: &[&str]) -> Message {
        let number = question.kind.number.answered_by().filter(|number| number.is_return());
        let kind = Kind::new(self.law, number.expect("the caller asks for a return message to what has one"));
        let header = Header {
            bericht_code: kind.bericht_code().into(),
            identificatie_retour: Some(identificatie.into()),
            dagtekening_retour: Some(self.dagtekening),
            xsd_versie_retour: Some(XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() }),
            retour_codes: codes.iter().map(|&code| RetourCode::from(code)).collect(),
            ..question.header.clone()
        };
        Message { kind, release: question.release, header, body: Body::Retour(None) }
    }

    fn message(&self, number: Number, identificatie: &str, body: Body) -> Message {
        let kind = Kind::new(self.law, number);
        let (afzender, ontvanger) = match number.direction() {
            Direction::ToProvider => (&self.gemeente, &self.aanbieder),
            Direction::ToMunicipality => (&self.aanbieder, &self.gemeente),
        };
        let header = Header {
            bericht_code: kind.bericht_code().into(),
            bericht_versie: 3,
            bericht_subversie: 2,
            afzender: afzender.clone(),
            ontvanger: ontvanger.clone(),
            identificatie: BerichtIdentificatie { identificatie: identificatie.into(), dagtekening: self.dagtekening },
            xsd_versie: XsdVersie { basisschema: "1.0.0".into(), bericht: "1.0.0".into() },
            declaratie_identificatie: None,
            identificatie_retour: None,
            dagtekening_retour: None,
            xslt_versie: None,
            xsd_versie_retour: None,
            xsd_versie_declaratie: None,
            retour_codes: Vec::new(),
        };
        Message { kind, release: Release::V3_2, header, body }
    }
}

/// Volume and frequency in one word less.
pub fn omvang(volume: Count, eenheid: Eenheid, frequentie: Frequentie) -> Omvang {
    Omvang { volume, eenheid, frequentie }
}

fn amount(claim: &Claim) -> Cents {
    Cents(i64::try_from(claim.volume).expect("sample volumes are small") * claim.tarief.0)
}

fn line(claim: &Claim) -> Prestatie {
    Prestatie {
        referentie: Referentie { nummer: claim.nummer.as_str().into(), vorig: None },
        toewijzing_nummer: claim.toewijzing,
        categorie: claim.product.categorie.clone(),
        code: claim.product.code.clone().expect("claims name a product code"),
        periode: GeslotenPeriode { begindatum: claim.periode.0, einddatum: claim.periode.1 },
        volume: claim.volume,
        eenheid: claim.eenheid,
        tarief: Some(claim.tarief),
        bedrag: BedragMetDC { bedrag: amount(claim), debet_credit: DebetCredit::Debet },
        retour_codes: Vec::new(),
    }
}

fn surname(person: &Person) -> Achternaam {
    Achternaam { achternaam: person.surname.as_str().into(), voorvoegsel: None }
}

fn contact() -> Contact {
    Contact {
        soort: "01".into(),
        adres: Some(Adres {
            huis: Some(Huis { huisnummer: 1, huisletter: None, toevoeging: None, aanduiding: None }),
            postcode: Some("9999XX".into()),
            straatnaam: Some("Voorbeeldstraat".into()),
            plaatsnaam: Some("Voorbeeldstad".into()),
            land_code: Some("NL".into()),
        }),
        organisatie: None,
        telefoon: Some(Telefoonnummers {
            eerste: Telefoonnummer { nummer: "0600000000".into(), landnummer: "0031".into() },
            tweede: None,
        }),
        emailadres: None,
        periode: None,
        retour_codes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn people_have_distinct_bsns_of_the_test_range() {
        let bsns: BTreeSet<String> = (0..2_000).map(|index| Person::nth(index).bsn().expose().to_owned()).collect();
        assert_eq!(bsns.len(), 2_000);
        assert!(bsns.iter().all(|bsn| bsn.len() == 9 && bsn.starts_with("9999")));
        assert!(bsns.contains("999900006"), "the first test number of the standard is among them");
    }
}
