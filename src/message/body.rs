//! The classes of each message, as the schemas name them. iWmo and iJw share these structs: where their schemas
//! differ (iJw has more optional elements in other numbers than these) the element is optional here.

use super::element::class;
use super::types::{
    Adres, BedragMetDC, BerichtIdentificatie, Communicatie, Geboortedatum, GeslotenPeriode, Omvang, OpenPeriode,
    Product, Referentie, Telefoonnummers, TotaalBedragMetDC, VerkorteNaam, VolledigeNaam, XsdVersie,
};
use super::values::{
    Bsn, Categorie, Cents, Code, Count, Date, DeclaratieNummer, Eenheid, Identificatie, Party, Personal, ProductCode,
    ReferentieAanbieder, RetourCode, StatusAanlevering, Tijd, Versie,
};

class! {
    /// Header of every message; the optional part belongs to return messages and to the 325.
    pub struct Header in Message {
        /// Code of the kind (COD002).
        bericht_code: req Code = "BerichtCode",
        /// Always 3 in release 3.2.
        bericht_versie: req Count = "BerichtVersie",
        /// Always 2 in release 3.2.
        bericht_subversie: req Count = "BerichtSubversie",
        /// Sending party; in a return message still that of the answered message.
        afzender: req Party = "Afzender",
        /// Receiving party; see `afzender`.
        ontvanger: req Party = "Ontvanger",
        /// Identification; in a return message still that of the answered message.
        identificatie: req BerichtIdentificatie = "BerichtIdentificatie",
        /// Schema versions.
        xsd_versie: req XsdVersie = "XsdVersie",
        /// 325 only: identification of the declaration that is answered.
        declaratie_identificatie: opt BerichtIdentificatie = "DeclaratieIdentificatie",
        /// Return messages: identification of the return itself.
        identificatie_retour: opt Identificatie = "IdentificatieRetour",
        /// Return messages: date of the return.
        dagtekening_retour: opt Date = "DagtekeningRetour",
        /// Version of the in-message rule set that rejected.
        xslt_versie: opt Versie = "XsltVersie",
        /// Return messages: schema versions of the return itself.
        xsd_versie_retour: opt XsdVersie = "XsdVersieRetour",
        /// 325 only: schema versions of the declaration.
        xsd_versie_declaratie: opt XsdVersie = "XsdVersieDeclaratie",
        /// Judgement of the header.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Contact data of a client or relation.
    pub struct Contact in Message {
        /// Kind of address (COD757).
        soort: req Code = "Soort",
        /// Address.
        adres: opt Adres = "Adres",
        /// Organisation.
        organisatie: opt Personal = "Organisatie",
        /// Telephone.
        telefoon: opt Telefoonnummers = "Telefoon",
        /// E-mail.
        emailadres: opt Personal = "Emailadres",
        /// Period of a temporary address.
        periode: opt OpenPeriode = "Periode",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Somebody around the client.
    pub struct Relatie in Message {
        /// Number, the key of the class.
        nummer: req Personal = "Nummer",
        /// Order of importance.
        volgorde: opt Count = "Volgorde",
        /// Kind of relation (COD472).
        soort: req Code = "Soort",
        /// Birth date.
        geboortedatum: opt Geboortedatum = "Geboortedatum",
        /// Sex (COD046).
        geslacht: opt Code = "Geslacht",
        /// Name.
        naam: req VolledigeNaam = "Naam",
        /// Contact data.
        contact: req Contact = "Contact",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// One allocation of a 301.
    pub struct ToegewezenProduct in Message {
        /// Number, unique for the municipality within the law (TR332).
        toewijzing_nummer: req Count = "ToewijzingNummer",
        /// Reference of the request that is honoured.
        referentie_aanbieder: opt ReferentieAanbieder = "ReferentieAanbieder",
        /// Product; absent for a generic allocation.
        product: opt Product = "Product",
        /// Day of the decision; with the time it orders versions (IV013).
        toewijzingsdatum: req Date = "Toewijzingsdatum",
        /// Time of the decision.
        toewijzingstijd: req Tijd = "Toewijzingstijd",
        /// First day of validity.
        ingangsdatum: req Date = "Ingangsdatum",
        /// Last day of validity.
        einddatum: opt Date = "Einddatum",
        /// Reason of change (WMO002, JZ002).
        reden_wijziging: opt Code = "RedenWijziging",
        /// Volume.
        omvang: opt Omvang = "Omvang",
        /// Budget in eurocents.
        budget: opt Cents = "Budget",
        /// Comment.
        commentaar: opt Personal = "Commentaar",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Client of a 301 or 302.
    pub struct ToewijzingClient in Message {
        /// Key.
        bsn: req Bsn = "Bsn",
        /// Birth date.
        geboortedatum: req Geboortedatum = "Geboortedatum",
        /// Sex (COD046).
        geslacht: req Code = "Geslacht",
        /// Name.
        naam: req VolledigeNaam = "Naam",
        /// Communication.
        communicatie: opt Communicatie = "Communicatie",
        /// Legal status (WJ232).
        juridische_status: opt Code = "JuridischeStatus",
        /// Legal representation (WJ003).
        wettelijke_vertegenwoordiging: opt Code = "WettelijkeVertegenwoordiging",
        /// Comment.
        commentaar: opt Personal = "Commentaar",
        /// Relations.
        relaties: list Relatie = "Relaties/Relatie",
        /// Contact data, at least one.
        contacten: list Contact = "Contactgegevens/Contact",
        /// Allocations, at least one.
        producten: list ToegewezenProduct = "ToegewezenProducten/ToegewezenProduct",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// One start of delivery of a 305.
    pub struct StartProduct in Message {
        /// Allocation; absent under task-based execution.
        toewijzing_nummer: opt Count = "ToewijzingNummer",
        /// Product.
        product: opt Product = "Product",
        /// First day of the allocation; optional in the schema.
        toewijzing_ingangsdatum: opt Date = "ToewijzingIngangsdatum",
        /// First day of delivery.
        begindatum: req Date = "Begindatum",
        /// First delivery or deletion.
        status_aanlevering: req StatusAanlevering = "StatusAanlevering",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Client of a 305 or 306.
    pub struct StartClient in Message {
        /// Key.
        bsn: req Bsn = "Bsn",
        /// Birth date.
        geboortedatum: req Geboortedatum = "Geboortedatum",
        /// Sex (COD046).
        geslacht: req Code = "Geslacht",
        /// Name.
        naam: req VerkorteNaam = "Naam",
        /// Starts, at least one.
        producten: list StartProduct = "StartProducten/StartProduct",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// One line of a 323 or 325.
    pub struct Prestatie in Message {
        /// Reference numbers.
        referentie: req Referentie = "ProductReferentie",
        /// Allocation.
        toewijzing_nummer: req Count = "ToewijzingNummer",
        /// Category.
        categorie: req Categorie = "ProductCategorie",
        /// Code.
        code: req ProductCode = "ProductCode",
        /// Calendar month, clipped to the allocation (TR387, TR388).
        periode: req GeslotenPeriode = "ProductPeriode",
        /// Volume in units of `eenheid`; eurocents for unit 83.
        volume: req Count = "GeleverdVolume",
        /// Unit.
        eenheid: req Eenheid = "Eenheid",
        /// Tariff in eurocents; absent exactly for unit 83 (CD087).
        tarief: opt Cents = "ProductTarief",
        /// Amount.
        bedrag: req BedragMetDC = "IngediendBedrag",
        /// Only in a 325.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Client of a 323 or 325.
    pub struct DeclaratieClient in Message {
        /// Key.
        bsn: req Bsn = "Bsn",
        /// Lines, at least one.
        prestaties: list Prestatie = "Prestaties/Prestatie",
        /// Only in a 325.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// The declaration of a 323.
    pub struct Declaratie in Message {
        /// Number, unique for the provider within the law (TR333).
        nummer: req DeclaratieNummer = "DeclaratieNummer",
        /// One calendar month (CS340).
        periode: req GeslotenPeriode = "DeclaratiePeriode",
        /// Date of the declaration.
        dagtekening: req Date = "DeclaratieDagtekening",
        /// Signed sum of all lines (TR358).
        totaal: req TotaalBedragMetDC = "TotaalIngediendBedrag",
        /// Clients, at least one.
        clienten: list DeclaratieClient = "Clienten/Client",
    }
}

class! {
    /// The answer of a 325.
    pub struct DeclaratieAntwoord in Message {
        /// Number of the declaration.
        nummer: req DeclaratieNummer = "DeclaratieNummer",
        /// Total of the declaration.
        totaal_ingediend: req TotaalBedragMetDC = "TotaalIngediendBedrag",
        /// Total of the granted lines.
        totaal_toegekend: req TotaalBedragMetDC = "TotaalToegekendBedrag",
        /// Clients with rejected lines.
        clienten: list DeclaratieClient = "Clienten/Client",
        /// Judgement of the declaration.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}
