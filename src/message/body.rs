//! The classes of each message, as the schemas name them. iWmo and iJw share these structs: what only iJw has
//! (`GezagsdragerBekend`, `Woonplaatsbeginsel`) is optional there, and absent here for iWmo. A return message repeats
//! the classes of the message that it answers, with return codes.

use super::element::class;
use super::types::{
    Adres, BedragMetDC, BerichtIdentificatie, Communicatie, Geboortedatum, GeslotenPeriode, Omvang, OpenPeriode,
    Product, Referentie, Telefoonnummers, TotaalBedragMetDC, VerkorteNaam, Verwijzer, VolledigeNaam, XsdVersie,
};
use super::values::{
    Bsn, Categorie, Cents, Code, Count, Date, DeclaratieNummer, Eenheid, Identificatie, Party, Personal, ProductCode,
    ReferentieAanbieder, RetourCode, StatusAanlevering, Tijd, Versie, VerzoekAntwoord,
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
    /// One stop of delivery of a 307.
    pub struct StopProduct in Message {
        /// Allocation; absent under task-based execution.
        toewijzing_nummer: opt Count = "ToewijzingNummer",
        /// Product.
        product: opt Product = "Product",
        /// First day of the allocation; optional in the schema.
        toewijzing_ingangsdatum: opt Date = "ToewijzingIngangsdatum",
        /// First day of the delivery that stops, as the start gave it.
        begindatum: req Date = "Begindatum",
        /// Reason (WMO588, JZ588); 20 is temporary in both laws, the other codes differ in meaning.
        reden_beeindiging: req Code = "RedenBeeindiging",
        /// Last day of delivery.
        einddatum: req Date = "Einddatum",
        /// First delivery or deletion.
        status_aanlevering: req StatusAanlevering = "StatusAanlevering",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Client of a 307 or 308.
    pub struct StopClient in Message {
        /// Key.
        bsn: req Bsn = "Bsn",
        /// Birth date.
        geboortedatum: req Geboortedatum = "Geboortedatum",
        /// Sex (COD046).
        geslacht: req Code = "Geslacht",
        /// Name.
        naam: req VerkorteNaam = "Naam",
        /// Stops, at least one.
        producten: list StopProduct = "StopProducten/StopProduct",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// One product that a 315 asks for.
    pub struct AangevraagdProduct in Message {
        /// Reference by which the answer will name the request (TR347).
        referentie_aanbieder: req ReferentieAanbieder = "ReferentieAanbieder",
        /// Number of the decision of the municipality, when there is one.
        beschikking_nummer: opt Count = "BeschikkingNummer",
        /// Product; absent for a generic allocation.
        product: opt Product = "Product",
        /// First day of the decision; present exactly with its number (CD043).
        beschikking_ingangsdatum: opt Date = "BeschikkingIngangsdatum",
        /// First day asked for.
        toewijzing_ingangsdatum: req Date = "ToewijzingIngangsdatum",
        /// Last day asked for.
        toewijzing_einddatum: opt Date = "ToewijzingEinddatum",
        /// Volume.
        omvang: opt Omvang = "Omvang",
        /// Budget in eurocents.
        budget: opt Cents = "Budget",
        /// Who referred the client.
        verwijzer: req Verwijzer = "Verwijzer",
        /// Whether a framework contract covers it (COD260: 1 yes, 2 no).
        raamcontract: opt Code = "Raamcontract",
        /// Comment.
        commentaar: opt Personal = "Commentaar",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Client of a 315 or 316.
    pub struct AanvraagClient in Message {
        /// Key.
        bsn: req Bsn = "Bsn",
        /// Birth date.
        geboortedatum: req Geboortedatum = "Geboortedatum",
        /// Sex (COD046).
        geslacht: req Code = "Geslacht",
        /// Name.
        naam: req VerkorteNaam = "Naam",
        /// iJw only: whether the authority holder is known (OP002x1).
        gezagsdrager_bekend: opt Code = "GezagsdragerBekend",
        /// Comment.
        commentaar: opt Personal = "Commentaar",
        /// Products asked for, at least one.
        producten: list AangevraagdProduct = "AangevraagdeProducten/AangevraagdProduct",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// An allocation that a 317 leaves as it is.
    pub struct OngewijzigdProduct in Message {
        /// Allocation.
        toewijzing_nummer: req Count = "ToewijzingNummer",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// An allocation that a 317 asks to change.
    pub struct TeWijzigenProduct in Message {
        /// Allocation.
        toewijzing_nummer: req Count = "ToewijzingNummer",
        /// First day of the change.
        gewenste_ingangsdatum: req Date = "GewensteIngangsdatum",
        /// Last day asked for.
        einddatum: opt Date = "Einddatum",
        /// Volume asked for.
        omvang: opt Omvang = "Omvang",
        /// Budget asked for, in eurocents.
        budget: opt Cents = "Budget",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// A product that a 317 asks for besides.
    pub struct NieuwProduct in Message {
        /// Product; absent for a generic allocation.
        product: opt Product = "Product",
        /// First day asked for.
        gewenste_ingangsdatum: req Date = "GewensteIngangsdatum",
        /// Last day asked for.
        einddatum: opt Date = "Einddatum",
        /// Volume asked for.
        omvang: opt Omvang = "Omvang",
        /// Budget asked for, in eurocents.
        budget: opt Cents = "Budget",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// What a 317 asks for, as one whole.
    pub struct Verzoek in Message {
        /// Reference by which the answer will name the request (TR347).
        referentie_aanbieder: req ReferentieAanbieder = "ReferentieAanbieder",
        /// Why (WJ758).
        reden_verzoek: req Code = "RedenVerzoek",
        /// Allocations that stay.
        ongewijzigd: list OngewijzigdProduct = "OngewijzigdeProducten/OngewijzigdProduct",
        /// Allocations to change.
        te_wijzigen: list TeWijzigenProduct = "TeWijzigenProducten/TeWijzigenProduct",
        /// Products to add.
        nieuw: list NieuwProduct = "NieuweProducten/NieuwProduct",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// Client of a 317 or 318.
    pub struct WijzigingClient in Message {
        /// Key.
        bsn: req Bsn = "Bsn",
        /// The request.
        verzoek: req Verzoek = "Verzoek",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// iJw only: the municipality that is responsible instead (residence principle, IV095).
    pub struct Woonplaatsbeginsel in Message {
        /// That municipality.
        gemeente: req Party = "Gemeente",
        /// Only in a return message.
        retour_codes: list RetourCode = "RetourCodes/RetourCode",
    }
}

class! {
    /// The answer of a 319 to a request.
    pub struct Antwoord in Message {
        /// Reference of the request.
        referentie_aanbieder: req ReferentieAanbieder = "ReferentieAanbieder",
        /// Rejected, or under investigation.
        verzoek_antwoord: req VerzoekAntwoord = "VerzoekAntwoord",
        /// Why it is rejected (WJ759).
        reden_afwijzing: opt Code = "RedenAfwijzingVerzoek",
        /// iJw only: present exactly for reason 8 (TR377, TR409).
        woonplaatsbeginsel: opt Woonplaatsbeginsel = "Woonplaatsbeginsel",
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

/// `RedenWijziging` of an allocation that is deleted: it counts as never sent (OP033x1).
pub const VERWIJDERD: &str = "13";

/// The lapsed `RedenWijziging` 01; old data still hold it (CS336).
const VERWIJDERD_VROEGER: &str = "01";

/// Whether an allocation with these elements is taken back: by an Einddatum equal to the Ingangsdatum with
/// `RedenWijziging` 13 or the lapsed 01. A longer period with one of these takes nothing back.
pub(crate) fn is_taken_back(ingangsdatum: Date, einddatum: Option<Date>, reden_wijziging: Option<&Code>) -> bool {
    let reden = reden_wijziging.map(Code::as_str);
    einddatum == Some(ingangsdatum) && matches!(reden, Some(VERWIJDERD | VERWIJDERD_VROEGER))
}

impl ToegewezenProduct {
    /// Deleted by `RedenWijziging` 13.
    pub fn is_deleted(&self) -> bool {
        self.reden_wijziging.as_ref().is_some_and(|reden| reden.as_str() == VERWIJDERD)
    }

    /// Taken back, so never actual: Einddatum equal to Ingangsdatum with `RedenWijziging` 13 or the lapsed 01.
    pub fn is_taken_back(&self) -> bool {
        is_taken_back(self.ingangsdatum, self.einddatum, self.reden_wijziging.as_ref())
    }
}
