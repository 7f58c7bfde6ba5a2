//! The message that both sides judged: what it is called, what it claims, and what it may have in common with others.

use crate::message::{
    Body, Cents, Count, Date, Kind, Law, Message, Number, Party, Prestatie, Product, ReferentieAanbieder,
    ReferentieNummer,
};
use crate::pipeline::{self, Prepared, Readable};
use crate::rules::facts::QuestionKey;

/// A message, as far as a comparison needs it. No personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// File as it was named.
    pub file: String,
    /// Kind, when it could be recognised.
    pub kind: Option<Kind>,
    /// Identificatie, with stars where it holds the number of a person.
    pub identification: Option<String>,
    /// Municipality; `None` at level 1.
    pub gemeente: Option<Party>,
    /// Provider; `None` at level 1.
    pub aanbieder: Option<Party>,
    /// Lines of a 323, in the order of the document.
    pub lines: Vec<Line>,
    /// Products that are allocated, delivered or asked for, with the day on which the product list is consulted.
    pub products: Vec<(Product, Date)>,
    /// What it brings or changes, so that later messages may build on it.
    pub brings: Vec<Name>,
    /// What it only mentions.
    pub mentions: Vec<Name>,
}

/// A line of a 323.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// ReferentieNummer, with stars where it holds the number of a person.
    pub reference: String,
    /// Allocation.
    pub toewijzing: Count,
    /// Signed amount.
    pub cents: Cents,
    /// Product.
    pub product: Product,
    /// First day of its period.
    pub on: Date,
}

/// What messages have in common, by number or reference, each as far as it is unique. Never shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// An allocation, within law and municipality.
    Allocation(Law, Party, Count),
    /// A request, within law and provider.
    Request(Law, Party, ReferentieAanbieder),
    /// A claimed line, within law and provider.
    Claim(Law, Party, ReferentieNummer),
    /// A message by number, sender and identification.
    Message(Law, Number, Party, String),
}

impl std::fmt::Debug for Name {
    /// References may hold what they should not.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Name::Allocation(..) => "Allocation(***)",
            Name::Request(..) => "Request(***)",
            Name::Claim(..) => "Claim(***)",
            Name::Message(..) => "Message(***)",
        })
    }
}

impl Subject {
    /// What `file` holds.
    pub fn of(file: &str, prepared: &Prepared) -> Subject {
        match &prepared.reading {
            Ok(readable) => Subject::read(file, readable),
            Err(unreadable) => Subject {
                file: file.to_owned(),
                kind: unreadable.faults.kind,
                identification: unreadable.identificatie.as_deref().map(without_numbers),
                ..Subject::default()
            },
        }
    }

    fn read(file: &str, readable: &Readable) -> Subject {
        let message = &readable.message;
        let persons = pipeline::persons(message);
        let line = |line: &Prestatie| Line {
            reference: pipeline::without_persons(line.referentie.nummer.as_str(), &persons),
            toewijzing: line.toewijzing_nummer,
            cents: line.bedrag.signed(),
            product: Product { categorie: line.categorie.clone(), code: Some(line.code.clone()) },
            on: line.periode.begindatum,
        };
        let (brings, mentions) = names(message);
        let identification = message.header.identificatie.identificatie.as_str();
        Subject {
            file: file.to_owned(),
            kind: Some(message.kind),
            identification: Some(pipeline::without_persons(identification, &persons)),
            gemeente: Some(message.gemeente().clone()),
            aanbieder: Some(message.aanbieder().clone()),
            lines: claimed(message).map(line).collect(),
            products: products(message),
            brings,
            mentions,
        }
    }

    /// Whatever earlier messages may have decided for it.
    pub fn builds_on(&self) -> impl Iterator<Item = &Name> {
        self.brings.iter().chain(&self.mentions)
    }

    /// Law, when the kind is known.
    pub fn law(&self) -> Option<Law> {
        self.kind.map(|kind| kind.law)
    }
}

/// A text of a message that nobody could read, so that nobody knows whom it names: without runs of nine digits.
fn without_numbers(text: &str) -> String {
    const DIGITS: usize = 9;
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let stars = "*".repeat(run.len());
        out.push_str(if run.len() >= DIGITS { &stars } else { run });
        run.clear();
    };
    for next in text.chars() {
        if next.is_ascii_digit() {
            run.push(next);
        } else {
            flush(&mut run, &mut out);
            out.push(next);
        }
    }
    flush(&mut run, &mut out);
    out
}

fn claimed(message: &Message) -> impl Iterator<Item = &Prestatie> {
    let clients = match &message.body {
        Body::Declaratie(declaratie) => declaratie.clienten.as_slice(),
        _ => &[],
    };
    clients.iter().flat_map(|client| &client.prestaties)
}

/// Products with the day on which the register is asked for them. Lines of a 323 come apart.
fn products(message: &Message) -> Vec<(Product, Date)> {
    let known = |product: &Option<Product>, on: Date| product.clone().map(|product| (product, on));
    match &message.body {
        Body::Toewijzing(client) => {
            client.producten.iter().filter_map(|all| known(&all.product, all.ingangsdatum)).collect()
        }
        Body::Start(client) => client.producten.iter().filter_map(|all| known(&all.product, all.begindatum)).collect(),
        Body::Stop(client) => client.producten.iter().filter_map(|all| known(&all.product, all.begindatum)).collect(),
        Body::Aanvraag(client) => {
            client.producten.iter().filter_map(|all| known(&all.product, all.toewijzing_ingangsdatum)).collect()
        }
        Body::Wijziging(client) => {
            client.verzoek.nieuw.iter().filter_map(|all| known(&all.product, all.gewenste_ingangsdatum)).collect()
        }
        Body::Antwoord(_) | Body::Declaratie(_) | Body::DeclaratieAntwoord(_) | Body::Retour(_) => Vec::new(),
    }
}

/// What a message brings or changes, and what it only mentions.
///
/// A claim changes what may still be claimed of its allocation, as a start does for its stop: both bring the allocation.
fn names(message: &Message) -> (Vec<Name>, Vec<Name>) {
    let law = message.kind.law;
    let (gemeente, aanbieder) = (message.gemeente(), message.aanbieder());
    let allocation = |nummer: Count| Name::Allocation(law, gemeente.clone(), nummer);
    let request = |referentie: &ReferentieAanbieder| Name::Request(law, aanbieder.clone(), referentie.clone());
    let claim = |nummer: &ReferentieNummer| Name::Claim(law, aanbieder.clone(), nummer.clone());
    let header = &message.header;
    let own = header.identificatie.identificatie.0.clone();
    let mut brings = vec![Name::Message(law, message.kind.number, header.afzender.clone(), own)];
    let mut mentions = Vec::new();
    match &message.body {
        Body::Toewijzing(client) => {
            brings.extend(client.producten.iter().map(|product| allocation(product.toewijzing_nummer)));
            brings.extend(client.producten.iter().filter_map(|all| all.referentie_aanbieder.as_ref()).map(request));
        }
        Body::Start(client) => {
            brings.extend(client.producten.iter().filter_map(|product| product.toewijzing_nummer).map(allocation));
        }
        Body::Stop(client) => {
            brings.extend(client.producten.iter().filter_map(|product| product.toewijzing_nummer).map(allocation));
        }
        Body::Aanvraag(client) => {
            brings.extend(client.producten.iter().map(|product| request(&product.referentie_aanbieder)));
        }
        Body::Wijziging(client) => {
            let verzoek = &client.verzoek;
            brings.push(request(&verzoek.referentie_aanbieder));
            mentions.extend(verzoek.ongewijzigd.iter().map(|product| allocation(product.toewijzing_nummer)));
            mentions.extend(verzoek.te_wijzigen.iter().map(|product| allocation(product.toewijzing_nummer)));
        }
        Body::Antwoord(antwoord) => brings.push(request(&antwoord.referentie_aanbieder)),
        Body::Declaratie(_) => {
            for line in claimed(message) {
                brings.push(allocation(line.toewijzing_nummer));
                brings.push(claim(&line.referentie.nummer));
                mentions.extend(line.referentie.vorig.as_ref().map(claim));
            }
        }
        Body::DeclaratieAntwoord(_) | Body::Retour(_) => {}
    }
    if let Some(question) = QuestionKey::of(message) {
        mentions.push(Name::Message(law, question.number, question.afzender, question.identificatie.0));
    }
    (brings, mentions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::compose::{Allocate, Composer, Person, omvang};
    use crate::message::{Eenheid, Frequentie};
    use crate::schema::Limits;
    use jiff::civil::date;

    fn composer() -> Composer {
        Composer {
            law: Law::Wmo,
            gemeente: Party::from("0197"),
            aanbieder: Party::from("42420001"),
            dagtekening: date(2026, 3, 10),
        }
    }

    fn help() -> Allocate {
        Allocate {
            nummer: 7,
            product: Product { categorie: "02".into(), code: Some("02A02".into()) },
            from: date(2026, 1, 1),
            to: date(2026, 12, 31),
            omvang: omvang(3, Eenheid::Uur, Frequentie::PerWeek),
        }
    }

    fn subject(message: &Message) -> Subject {
        Subject::of("m.xml", &pipeline::prepare(message.write().into(), &Limits::default()))
    }

    #[test]
    fn a_start_builds_on_its_allocation_and_a_reply_on_what_it_answers() {
        let person = Person::nth(1);
        let allocation = composer().toewijzing("T1", &person, &help());
        let of = subject(&allocation);
        let start = subject(&composer().start("S1", &person, &help(), date(2026, 1, 8)));
        let reply = subject(&composer().retour("R1", &allocation, &[]));
        let shared = |later: &Subject| later.builds_on().filter(|name| of.brings.contains(name)).count();
        assert_eq!((shared(&start), shared(&reply)), (1, 1));
        assert_eq!(of.products, [(help().product, date(2026, 1, 1))]);
    }

    #[test]
    fn a_change_asked_for_mentions_its_allocation_and_brings_its_reference() {
        let change = subject(&composer().wijziging("W1", &Person::nth(1), "V1", &help()));
        let allocation = Name::Allocation(Law::Wmo, Party::from("0197"), 7);
        assert!(change.mentions.contains(&allocation) && !change.brings.contains(&allocation));
        let answer = subject(&composer().antwoord("A1", "V1", None));
        assert!(answer.builds_on().any(|name| change.brings.contains(name)));
    }

    #[test]
    fn no_number_of_a_person_passes() {
        let person = Person::nth(1);
        let bsn = person.bsn().expose();
        let allocation = composer().toewijzing(bsn, &person, &help());
        assert_eq!(subject(&allocation).identification.as_deref(), Some("*********"));
        for (text, expected) in [
            ("", ""),
            ("12345678", "12345678"),
            ("T123456789", "T*********"),
            ("1234567890-1", "**********-1"),
            ("D0001", "D0001"),
        ] {
            assert_eq!(without_numbers(text), expected);
        }
    }
}
