//! Where in a message a rule was broken: a class, which one of its kind, and the element below it.

use std::fmt;

/// A class of the standard that a return code can stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Header of any message.
    Header,
    /// Client of any message but the 319.
    Client,
    /// Relatie of a 301.
    Relatie,
    /// Contact of a client or a relation.
    Contact,
    /// ToegewezenProduct of a 301.
    ToegewezenProduct,
    /// StartProduct of a 305.
    StartProduct,
    /// StopProduct of a 307.
    StopProduct,
    /// AangevraagdProduct of a 315.
    AangevraagdProduct,
    /// Verzoek of a 317.
    Verzoek,
    /// OngewijzigdProduct of a 317.
    OngewijzigdProduct,
    /// TeWijzigenProduct of a 317.
    TeWijzigenProduct,
    /// NieuwProduct of a 317.
    NieuwProduct,
    /// Antwoord of a 319.
    Antwoord,
    /// Woonplaatsbeginsel of a 319 of iJw.
    Woonplaatsbeginsel,
    /// Declaratie of a 323.
    Declaratie,
    /// DeclaratieAntwoord of a 325.
    DeclaratieAntwoord,
    /// Prestatie of a 323 or 325.
    Prestatie,
}

impl Class {
    /// The name of the class in the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Header => "Header",
            Class::Client => "Client",
            Class::Relatie => "Relatie",
            Class::Contact => "Contact",
            Class::ToegewezenProduct => "ToegewezenProduct",
            Class::StartProduct => "StartProduct",
            Class::StopProduct => "StopProduct",
            Class::AangevraagdProduct => "AangevraagdProduct",
            Class::Verzoek => "Verzoek",
            Class::OngewijzigdProduct => "OngewijzigdProduct",
            Class::TeWijzigenProduct => "TeWijzigenProduct",
            Class::NieuwProduct => "NieuwProduct",
            Class::Antwoord => "Antwoord",
            Class::Woonplaatsbeginsel => "Woonplaatsbeginsel",
            Class::Declaratie => "Declaratie",
            Class::DeclaratieAntwoord => "DeclaratieAntwoord",
            Class::Prestatie => "Prestatie",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place: the class that carries the return code, and the element below it that the finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The class.
    pub class: Class,
    /// Absolute path of the class with ordinals from 1, e.g. `/Bericht/Client/StartProducten/StartProduct[1]`.
    pub class_path: String,
    /// Path below the class, without leading slash; empty for the class as a whole.
    pub field: String,
}

impl Place {
    fn new(class: Class, class_path: impl Into<String>, field: impl Into<String>) -> Place {
        Place { class, class_path: class_path.into(), field: field.into() }
    }

    /// In the header.
    pub fn header(field: &str) -> Place {
        Place::new(Class::Header, "/Bericht/Header", field)
    }

    /// In the client of a message about one client.
    pub fn client(field: &str) -> Place {
        Place::new(Class::Client, "/Bericht/Client", field)
    }

    /// In relation `index` (from 0) of a 301.
    pub fn relatie(index: usize, field: &str) -> Place {
        Place::new(Class::Relatie, format!("/Bericht/Client/Relaties/Relatie[{}]", index + 1), field)
    }

    /// In the contact of relation `index` (from 0) of a 301.
    pub fn relatie_contact(index: usize, field: &str) -> Place {
        Place::new(Class::Contact, format!("/Bericht/Client/Relaties/Relatie[{}]/Contact", index + 1), field)
    }

    /// In contact `index` (from 0) of the client of a 301.
    pub fn contact(index: usize, field: &str) -> Place {
        Place::new(Class::Contact, format!("/Bericht/Client/Contactgegevens/Contact[{}]", index + 1), field)
    }

    /// In allocation `index` (from 0) of a 301.
    pub fn toegewezen_product(index: usize, field: &str) -> Place {
        let path = format!("/Bericht/Client/ToegewezenProducten/ToegewezenProduct[{}]", index + 1);
        Place::new(Class::ToegewezenProduct, path, field)
    }

    /// In start `index` (from 0) of a 305.
    pub fn start_product(index: usize, field: &str) -> Place {
        Place::new(Class::StartProduct, format!("/Bericht/Client/StartProducten/StartProduct[{}]", index + 1), field)
    }

    /// In stop `index` (from 0) of a 307.
    pub fn stop_product(index: usize, field: &str) -> Place {
        Place::new(Class::StopProduct, format!("/Bericht/Client/StopProducten/StopProduct[{}]", index + 1), field)
    }

    /// In requested product `index` (from 0) of a 315.
    pub fn aangevraagd_product(index: usize, field: &str) -> Place {
        let path = format!("/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[{}]", index + 1);
        Place::new(Class::AangevraagdProduct, path, field)
    }

    /// In the request of a 317.
    pub fn verzoek(field: &str) -> Place {
        Place::new(Class::Verzoek, "/Bericht/Client/Verzoek", field)
    }

    /// In unchanged product `index` (from 0) of a 317.
    pub fn ongewijzigd_product(index: usize, field: &str) -> Place {
        let path = format!("/Bericht/Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[{}]", index + 1);
        Place::new(Class::OngewijzigdProduct, path, field)
    }

    /// In product to change `index` (from 0) of a 317.
    pub fn te_wijzigen_product(index: usize, field: &str) -> Place {
        let path = format!("/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[{}]", index + 1);
        Place::new(Class::TeWijzigenProduct, path, field)
    }

    /// In new product `index` (from 0) of a 317.
    pub fn nieuw_product(index: usize, field: &str) -> Place {
        let path = format!("/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[{}]", index + 1);
        Place::new(Class::NieuwProduct, path, field)
    }

    /// In the answer of a 319.
    pub fn antwoord(field: &str) -> Place {
        Place::new(Class::Antwoord, "/Bericht/Antwoord", field)
    }

    /// In the declaration of a 323.
    pub fn declaratie(field: &str) -> Place {
        Place::new(Class::Declaratie, "/Bericht/Declaratie", field)
    }

    /// In client `client` (from 0) of a 323.
    pub fn declaratie_client(client: usize, field: &str) -> Place {
        Place::new(Class::Client, format!("/Bericht/Declaratie/Clienten/Client[{}]", client + 1), field)
    }

    /// In line `line` of client `client` (both from 0) of a 323.
    pub fn prestatie(client: usize, line: usize, field: &str) -> Place {
        let path = format!("/Bericht/Declaratie/Clienten/Client[{}]/Prestaties/Prestatie[{}]", client + 1, line + 1);
        Place::new(Class::Prestatie, path, field)
    }

    /// In the answer of a 325.
    pub fn declaratie_antwoord(field: &str) -> Place {
        Place::new(Class::DeclaratieAntwoord, "/Bericht/DeclaratieAntwoord", field)
    }

    /// In client `client` (from 0) of a 325.
    pub fn antwoord_client(client: usize, field: &str) -> Place {
        Place::new(Class::Client, format!("/Bericht/DeclaratieAntwoord/Clienten/Client[{}]", client + 1), field)
    }

    /// In line `line` of client `client` (both from 0) of a 325.
    pub fn antwoord_prestatie(client: usize, line: usize, field: &str) -> Place {
        let path =
            format!("/Bericht/DeclaratieAntwoord/Clienten/Client[{}]/Prestaties/Prestatie[{}]", client + 1, line + 1);
        Place::new(Class::Prestatie, path, field)
    }

    /// The absolute path of the element, with ordinals.
    pub fn path(&self) -> String {
        if self.field.is_empty() { self.class_path.clone() } else { format!("{}/{}", self.class_path, self.field) }
    }
}
