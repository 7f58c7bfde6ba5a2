//! Compound types of the basisschema (CDT_…) that several messages share.

use super::element::class;
use super::values::{
    Categorie, Cents, Code, Count, Date, DebetCredit, Eenheid, Frequentie, Identificatie, Party, Personal, ProductCode,
    ReferentieNummer, Versie,
};

class! {
    /// Identification of a message: number and date of signing.
    pub struct BerichtIdentificatie in Base {
        /// Unique per sender and BerichtCode (TR056).
        identificatie: req Identificatie = "Identificatie",
        /// Day on which the message was made.
        dagtekening: req Date = "Dagtekening",
    }
}

class! {
    /// Schema versions a message was built with.
    pub struct XsdVersie in Base {
        /// Of the basisschema.
        basisschema: req Versie = "BasisschemaXsdVersie",
        /// Of the message schema.
        bericht: req Versie = "BerichtXsdVersie",
    }
}

class! {
    /// A product: always a category, a code when specific.
    pub struct Product in Base {
        /// Category.
        categorie: req Categorie = "Categorie",
        /// Code; absent for an aspecific allocation.
        code: opt ProductCode = "Code",
    }
}

class! {
    /// How much may be delivered.
    pub struct Omvang in Base {
        /// In units of `eenheid`; eurocents for unit 83.
        volume: req Count = "Volume",
        /// Unit.
        eenheid: req Eenheid = "Eenheid",
        /// Per day, week, month or in total.
        frequentie: req Frequentie = "Frequentie",
    }
}

class! {
    /// A period with both ends.
    pub struct GeslotenPeriode in Base {
        /// First day.
        begindatum: req Date = "Begindatum",
        /// Last day.
        einddatum: req Date = "Einddatum",
    }
}

class! {
    /// A period whose ends may be open.
    pub struct OpenPeriode in Base {
        /// First day.
        begindatum: opt Date = "Begindatum",
        /// Last day.
        einddatum: opt Date = "Einddatum",
    }
}

class! {
    /// An amount with its sign.
    pub struct BedragMetDC in Base {
        /// Absolute value in eurocents.
        bedrag: req Cents = "Bedrag",
        /// Sign.
        debet_credit: req DebetCredit = "DebetCredit",
    }
}

class! {
    /// A total with its sign.
    pub struct TotaalBedragMetDC in Base {
        /// Absolute value in eurocents.
        totaal_bedrag: req Cents = "TotaalBedrag",
        /// Sign.
        debet_credit: req DebetCredit = "DebetCredit",
    }
}

impl BedragMetDC {
    /// Debit positive, credit negative.
    pub fn signed(&self) -> Cents {
        signed(self.bedrag, self.debet_credit)
    }
}

impl TotaalBedragMetDC {
    /// Debit positive, credit negative.
    pub fn signed(&self) -> Cents {
        signed(self.totaal_bedrag, self.debet_credit)
    }

    /// The inverse of [`TotaalBedragMetDC::signed`]; zero is a debit (CS325).
    pub fn from_signed(cents: Cents) -> TotaalBedragMetDC {
        TotaalBedragMetDC {
            totaal_bedrag: Cents(cents.0.abs()),
            debet_credit: if cents.0 < 0 { DebetCredit::Credit } else { DebetCredit::Debet },
        }
    }
}

fn signed(amount: Cents, sign: DebetCredit) -> Cents {
    match sign {
        DebetCredit::Debet => amount,
        DebetCredit::Credit => Cents(-amount.0),
    }
}

class! {
    /// Reference of a Prestatie, and for a credit that of the debit it reverses.
    pub struct Referentie in Base {
        /// Own number (TR314).
        nummer: req ReferentieNummer = "ReferentieNummer",
        /// Number of the debit; present exactly for a credit (CD060).
        vorig: opt ReferentieNummer = "VorigReferentieNummer",
    }
}

class! {
    /// Birth date, possibly known in part only.
    pub struct Geboortedatum in Base {
        /// The date.
        datum: req Date = "Datum",
        /// Which part is unknown (COD170).
        datum_gebruik: opt Code = "DatumGebruik",
    }
}

class! {
    /// A surname with its prefix.
    pub struct Achternaam in Base {
        /// Surname.
        achternaam: req Personal = "Achternaam",
        /// Prefix, such as `van`.
        voorvoegsel: opt Personal = "Voorvoegsel",
    }
}

class! {
    /// Full name.
    pub struct VolledigeNaam in Base {
        /// Own surname.
        geslachtsnaam: req Achternaam = "Geslachtsnaam",
        /// Surname of the partner.
        partnernaam: opt Achternaam = "Partnernaam",
        /// First names.
        voornamen: opt Personal = "Voornamen",
        /// Initials.
        voorletters: opt Personal = "Voorletters",
        /// Which name is used (COD700).
        naam_gebruik: req Code = "NaamGebruik",
    }
}

class! {
    /// Short name.
    pub struct VerkorteNaam in Base {
        /// Own surname.
        geslachtsnaam: req Achternaam = "Geslachtsnaam",
        /// First names.
        voornamen: opt Personal = "Voornamen",
        /// Initials.
        voorletters: opt Personal = "Voorletters",
    }
}

class! {
    /// How to communicate with the client.
    pub struct Communicatie in Base {
        /// Form (COD747).
        vorm: req Code = "Vorm",
        /// Language, exactly when an interpreter is needed (CD007).
        taal: opt Personal = "Taal",
    }
}

class! {
    /// House number.
    pub struct Huis in Base {
        /// Number.
        huisnummer: req Count = "Huisnummer",
        /// Letter.
        huisletter: opt Personal = "Huisletter",
        /// Addition.
        toevoeging: opt Personal = "HuisnummerToevoeging",
        /// Indication (NUM061).
        aanduiding: opt Code = "AanduidingWoonadres",
    }
}

class! {
    /// Address.
    pub struct Adres in Base {
        /// House number.
        huis: opt Huis = "Huis",
        /// Postal code.
        postcode: opt Personal = "Postcode",
        /// Street.
        straatnaam: opt Personal = "Straatnaam",
        /// Town.
        plaatsnaam: opt Personal = "Plaatsnaam",
        /// Country (COD032).
        land_code: opt Code = "LandCode",
    }
}

class! {
    /// A telephone number.
    pub struct Telefoonnummer in Base {
        /// Number.
        nummer: req Personal = "Telefoonnummer",
        /// Country prefix.
        landnummer: req Personal = "Landnummer",
    }
}

class! {
    /// One or two telephone numbers.
    pub struct Telefoonnummers in Base {
        /// First.
        eerste: req Telefoonnummer = "Telefoon01",
        /// Second.
        tweede: opt Telefoonnummer = "Telefoon02",
    }
}

class! {
    /// Who referred the client.
    pub struct Verwijzer in Base {
        /// Kind (COD327).
        soort: req Code = "Type",
        /// Name; absent when a care professional is named by code (CD066).
        naam: opt Personal = "Naam",
        /// AGB code of a care professional.
        zorgverlener_code: opt Party = "ZorgverlenerCode",
    }
}
