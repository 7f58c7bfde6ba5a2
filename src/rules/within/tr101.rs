//! TR101: within one message every class has a key of its own.
//!
//! The key of a class is its own key fields and those of the classes above it; absent fields equal each other:
//!
//! | message | class | own key fields |
//! |---|---|---|
//! | 301 | Relatie | Nummer |
//! | 301 | Contact | Soort, within the client; a relation has exactly one contact |
//! | 301 | `ToegewezenProduct` | `ToewijzingNummer` |
//! | 305 | `StartProduct` | `ToewijzingNummer`, `Product.Categorie`, `Product.Code`, Begindatum |
//! | 323, 325 | Client | Bsn |
//! | 323, 325 | Prestatie | `ReferentieNummer`, `VorigReferentieNummer` |
//!
//! `StatusAanlevering` is no part of a key: deleting a start and delivering it anew takes two messages. Of several
//! classes with one key the second and later ones are named, each with the first.

use super::helpers::{
    clienten, contacten, prestaties, repeats, start_producten, toegewezen_producten, toewijzing_client,
};
use crate::message::{Body, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR101",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N305, Number::N323, Number::N325],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Elke klasse komt in een bericht met haar logische sleutel ten hoogste één keer voor.",
    en: "Each class occurs at most once with its logical key within a message.",
    needs: &[],
    doubt: "A client that stands twice in a 323 counts as one for the keys of its lines, because the Bsn is part \
        of their keys.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    match &case.message.body {
        Body::Toewijzing(_) => [relaties(case), client_contacten(case), allocations(case)].concat(),
        Body::Start(_) => starts(case),
        Body::Declaratie(_) | Body::DeclaratieAntwoord(Some(_)) => [clients(case), lines(case)].concat(),
        _ => Vec::new(),
    }
}

fn relaties(case: &Case<'_>) -> Vec<Violation> {
    let relaties = toewijzing_client(case).map_or(&[][..], |client| &client.relaties);
    repeats(relaties.iter().map(|relatie| &relatie.nummer))
        .into_iter()
        .map(|(index, first)| {
            let ordinal = first + 1;
            Violation::at(
                Place::relatie(index, "Nummer"),
                format!(
                    "Deze relatie heeft hetzelfde nummer als relatie {ordinal}. Elke relatie heeft een eigen \
                    nummer."
                ),
                format!("This relation has the same number as relation {ordinal}. Each relation has its own number."),
            )
            .fact("eerste", Place::relatie(first, "").path())
        })
        .collect()
}

fn client_contacten(case: &Case<'_>) -> Vec<Violation> {
    // The contacts of relations follow those of the client; each of them is alone within its relation.
    let of_client = toewijzing_client(case).map_or(0, |client| client.contacten.len());
    let contacten = &contacten(case)[..of_client];
    repeats(contacten.iter().map(|contact| &contact.item.soort))
        .into_iter()
        .map(|(index, first)| {
            let (soort, ordinal) = (contacten[index].item.soort.as_str(), first + 1);
            Violation::at(
                contacten[index].place("Soort"),
                format!(
                    "Soort {soort} staat ook bij contact {ordinal}. Per cliënt komt elke soort contact één \
                    keer voor."
                ),
                format!(
                    "Kind {soort} also stands on contact {ordinal}. Each kind of contact occurs once per \
                    client."
                ),
            )
            .fact("soort", soort)
            .fact("eerste", contacten[first].place("").path())
        })
        .collect()
}

fn allocations(case: &Case<'_>) -> Vec<Violation> {
    let producten = toegewezen_producten(case);
    repeats(producten.iter().map(|product| product.item.toewijzing_nummer))
        .into_iter()
        .map(|(index, first)| {
            let (nummer, ordinal) = (producten[index].item.toewijzing_nummer, first + 1);
            Violation::at(
                producten[index].place("ToewijzingNummer"),
                format!(
                    "ToewijzingNummer {nummer} staat ook bij toegewezen product {ordinal}. Elk nummer komt in \
                    een bericht één keer voor."
                ),
                format!(
                    "ToewijzingNummer {nummer} also stands on allocated product {ordinal}. Each number occurs \
                    once in a message."
                ),
            )
            .fact("toewijzing_nummer", nummer)
            .fact("eerste", producten[first].place("").path())
        })
        .collect()
}

fn starts(case: &Case<'_>) -> Vec<Violation> {
    let producten = start_producten(case);
    let keys = producten.iter().map(|start| {
        let product = start.item.product.as_ref();
        let code = product.and_then(|product| product.code.as_ref());
        (start.item.toewijzing_nummer, product.map(|product| &product.categorie), code, start.item.begindatum)
    });
    repeats(keys)
        .into_iter()
        .map(|(index, first)| {
            let (begindatum, ordinal) = (producten[index].item.begindatum, first + 1);
            Violation::at(
                producten[index].place(""),
                format!(
                    "Dit startproduct (begindatum {begindatum}) heeft hetzelfde ToewijzingNummer, product en \
                    dezelfde begindatum als startproduct {ordinal}. Lever verwijderen en opnieuw aanleveren in \
                    aparte berichten aan."
                ),
                format!(
                    "This start (begin date {begindatum}) has the ToewijzingNummer, product and begin date of \
                    start {ordinal}. Deleting and delivering anew take separate messages."
                ),
            )
            .date("begindatum", begindatum)
            .fact("eerste", producten[first].place("").path())
        })
        .collect()
}

fn clients(case: &Case<'_>) -> Vec<Violation> {
    let clienten = clienten(case);
    repeats(clienten.iter().map(|client| client.item))
        .into_iter()
        .map(|(index, first)| {
            let ordinal = first + 1;
            Violation::at(
                clienten[index].place("Bsn"),
                format!(
                    "Deze cliënt heeft hetzelfde Bsn als cliënt {ordinal}. Zet alle prestaties van een cliënt \
                    bij elkaar."
                ),
                format!("This client has the same Bsn as client {ordinal}. Put all lines of one client together."),
            )
            .fact("eerste", clienten[first].place("").path())
        })
        .collect()
}

fn lines(case: &Case<'_>) -> Vec<Violation> {
    let lines = prestaties(case);
    let keys = lines.iter().map(|line| {
        let referentie = &line.prestatie.referentie;
        (line.bsn, &referentie.nummer, referentie.vorig.as_ref())
    });
    repeats(keys)
        .into_iter()
        .map(|(index, first)| {
            let (line, first) = (&lines[index], &lines[first]);
            let nummer = line.prestatie.referentie.nummer.as_str();
            Violation::at(
                line.place("ProductReferentie"),
                format!(
                    "ReferentieNummer {nummer} staat, met hetzelfde VorigReferentieNummer, ook bij {}. Elke \
                    prestatie heeft een eigen nummer.",
                    first.nl()
                ),
                format!(
                    "ReferentieNummer {nummer} also stands, with the same VorigReferentieNummer, on {}. Each \
                    line has its own number.",
                    first.en()
                ),
            )
            .fact("referentie_nummer", nummer)
            .fact("eerste", first.place("").path())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{contact, copy_client, copy_line, line};
    use crate::message::StatusAanlevering;
    use crate::rules::sample::{BSN, accepts, rejects};
    use jiff::civil::date;
    type Paths = &'static [&'static str];
    let mut rows = vec![
        accepts("one of each", Number::N301, |_| {}),
        accepts("no relations", Number::N301, |s| s.toewijzing().relaties.clear()),
        accepts("kind 03 with the client and with a relation", Number::N301, |s| contact(s).soort = "03".into()),
        rejects(
            "a number of a relation three times",
            Number::N301,
            &["/Bericht/Client/Relaties/Relatie[2]/Nummer", "/Bericht/Client/Relaties/Relatie[3]/Nummer"],
            |s| {
                let relatie = s.toewijzing().relaties[0].clone();
                s.toewijzing().relaties.extend([relatie.clone(), relatie]);
            },
        ),
        accepts("another number of a relation", Number::N301, |s| {
            let mut relatie = s.toewijzing().relaties[0].clone();
            relatie.nummer = "2".into();
            s.toewijzing().relaties.push(relatie);
        }),
        rejects("a kind of contact twice", Number::N301, &["/Bericht/Client/Contactgegevens/Contact[2]/Soort"], |s| {
            let copy = contact(s).clone();
            s.toewijzing().contacten.push(copy);
        }),
        rejects(
            "an allocation number twice",
            Number::N301,
            &["/Bericht/Client/ToegewezenProducten/ToegewezenProduct[2]/ToewijzingNummer"],
            |s| {
                let copy = s.product().clone();
                s.toewijzing().producten.push(copy);
            },
        ),
        rejects(
            "a deletion beside a delivery with the same key",
            Number::N305,
            &["/Bericht/Client/StartProducten/StartProduct[2]"],
            |s| {
                let mut copy = s.start_product().clone();
                copy.status_aanlevering = StatusAanlevering::Verwijderd;
                s.start().producten.push(copy);
            },
        ),
        rejects(
            "absent parts of a key are equal",
            Number::N305,
            &["/Bericht/Client/StartProducten/StartProduct[2]"],
            |s| {
                s.start_product().toewijzing_nummer = None;
                s.start_product().product = None;
                let copy = s.start_product().clone();
                s.start().producten.push(copy);
            },
        ),
        accepts("another begin date", Number::N305, |s| {
            let mut copy = s.start_product().clone();
            copy.begindatum = date(2026, 1, 9);
            s.start().producten.push(copy);
        }),
        accepts("a product with and one without a code", Number::N305, |s| {
            let mut copy = s.start_product().clone();
            copy.product.as_mut().expect("the sample has one").code = None;
            s.start().producten.push(copy);
        }),
        accepts("with and without an allocation", Number::N305, |s| {
            let mut copy = s.start_product().clone();
            copy.toewijzing_nummer = None;
            s.start().producten.push(copy);
        }),
    ];
    let paths: [(Number, Paths, Paths, Paths); 2] = [
        (
            Number::N323,
            &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie"],
            &["/Bericht/Declaratie/Clienten/Client[2]/Bsn"],
            &[
                "/Bericht/Declaratie/Clienten/Client[2]/Bsn",
                "/Bericht/Declaratie/Clienten/Client[2]/Prestaties/Prestatie[1]/ProductReferentie",
            ],
        ),
        (
            Number::N325,
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie"],
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[2]/Bsn"],
            &[
                "/Bericht/DeclaratieAntwoord/Clienten/Client[2]/Bsn",
                "/Bericht/DeclaratieAntwoord/Clienten/Client[2]/Prestaties/Prestatie[1]/ProductReferentie",
            ],
        ),
    ];
    for (number, second_line, second_client, both) in paths {
        rows.push(accepts("another number", number, |s| copy_line(s, |line| line.referentie.nummer = "P9".into())));
        rows.push(rejects("a number twice", number, second_line, |s| copy_line(s, |_| {})));
        rows.push(accepts("one number on a debit and on a credit", number, |s| {
            copy_line(s, |line| line.referentie.vorig = Some("P0".into()));
        }));
        rows.push(rejects("a number twice with the same previous one", number, second_line, |s| {
            line(s).referentie.vorig = Some("P0".into());
            copy_line(s, |_| {});
        }));
        rows.push(accepts("one number at two clients", number, |s| {
            copy_client(s, |client| client.prestaties[0].referentie.nummer = "P1".into());
        }));
        rows.push(rejects("a client twice", number, second_client, |s| {
            copy_client(s, |client| client.bsn = BSN.into());
        }));
        rows.push(rejects("a client twice with the same number", number, both, |s| {
            copy_client(s, |client| {
                client.bsn = BSN.into();
                client.prestaties[0].referentie.nummer = "P1".into();
            });
        }));
    }
    rows
}
