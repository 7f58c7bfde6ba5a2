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
//! | 307 | `StopProduct` | `ToewijzingNummer`, `Product.Categorie`, `Product.Code`, Begindatum, `RedenBeeindiging`, Einddatum |
//! | 315 | `AangevraagdProduct` | `ReferentieAanbieder` |
//! | 317 | `OngewijzigdProduct` | `ToewijzingNummer` |
//! | 317 | `TeWijzigenProduct` | `ToewijzingNummer` |
//! | 317 | `NieuwProduct` | `Product.Categorie`, `Product.Code`, `GewensteIngangsdatum` |
//! | 323, 325 | Client | Bsn |
//! | 323, 325 | Prestatie | `ReferentieNummer`, `VorigReferentieNummer` |
//!
//! `StatusAanlevering` is no part of a key: deleting a start or stop and delivering it anew with the same key takes two
//! messages; a stop with another reason or end has another key. Keys count within one class: an allocation that a 317
//! names as unchanged and as changed has one key in each. Of several classes with one key the second and later ones are
//! named, each with the first.

use super::helpers::{
    Located, aangevraagde_producten, clienten, contacten, nieuwe_producten, ongewijzigde_producten, prestaties, repeats,
    start_producten, stop_producten, te_wijzigen_producten, toegewezen_producten, toewijzing_client,
};
use crate::message::{Body, Categorie, Count, Law, Number, Product, ProductCode};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR101",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[
        Number::N301,
        Number::N305,
        Number::N307,
        Number::N315,
        Number::N317,
        Number::N323,
        Number::N325,
    ],
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
        Body::Stop(_) => stops(case),
        Body::Aanvraag(_) => requests(case),
        Body::Wijziging(_) => [unchanged(case), changed(case), added(case)].concat(),
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
    let names = ("toegewezen product", "allocated product");
    by_number(&toegewezen_producten(case), |product| product.toewijzing_nummer, names)
}

fn unchanged(case: &Case<'_>) -> Vec<Violation> {
    let names = ("ongewijzigd product", "unchanged product");
    by_number(&ongewijzigde_producten(case), |product| product.toewijzing_nummer, names)
}

fn changed(case: &Case<'_>) -> Vec<Violation> {
    let names = ("te wijzigen product", "product to change");
    by_number(&te_wijzigen_producten(case), |product| product.toewijzing_nummer, names)
}

/// Classes whose key is their `ToewijzingNummer`; `names`: what they are called in Dutch and English.
fn by_number<T>(items: &[Located<'_, T>], nummer: fn(&T) -> Count, names: (&str, &str)) -> Vec<Violation> {
    repeats(items.iter().map(|each| nummer(each.item)))
        .into_iter()
        .map(|(index, first)| {
            let (nummer, ordinal, (nl, en)) = (nummer(items[index].item), first + 1, names);
            Violation::at(
                items[index].place("ToewijzingNummer"),
                format!(
                    "ToewijzingNummer {nummer} staat ook bij {nl} {ordinal}. Elk nummer komt in \
                    een bericht één keer voor."
                ),
                format!(
                    "ToewijzingNummer {nummer} also stands on {en} {ordinal}. Each number occurs \
                    once in a message."
                ),
            )
            .fact("toewijzing_nummer", nummer)
            .fact("eerste", items[first].place("").path())
        })
        .collect()
}

/// Category and code of a product, each of which may be absent.
fn product_key(product: Option<&Product>) -> (Option<&Categorie>, Option<&ProductCode>) {
    (product.map(|product| &product.categorie), product.and_then(|product| product.code.as_ref()))
}

fn starts(case: &Case<'_>) -> Vec<Violation> {
    let producten = start_producten(case);
    let keys = producten.iter().map(|start| {
        (start.item.toewijzing_nummer, product_key(start.item.product.as_ref()), start.item.begindatum)
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

fn stops(case: &Case<'_>) -> Vec<Violation> {
    let producten = stop_producten(case);
    let keys = producten.iter().map(|stop| {
        let stop = stop.item;
        let product = product_key(stop.product.as_ref());
        (stop.toewijzing_nummer, product, stop.begindatum, &stop.reden_beeindiging, stop.einddatum)
    });
    repeats(keys)
        .into_iter()
        .map(|(index, first)| {
            let (stop, ordinal) = (producten[index].item, first + 1);
            let (begindatum, einddatum, reden) = (stop.begindatum, stop.einddatum, &stop.reden_beeindiging);
            Violation::at(
                producten[index].place(""),
                format!(
                    "Dit stopproduct (begindatum {begindatum}, einddatum {einddatum}, reden {reden}) heeft dezelfde \
                    sleutel als stopproduct {ordinal}. Lever verwijderen en opnieuw aanleveren in aparte berichten \
                    aan."
                ),
                format!(
                    "This stop (begin date {begindatum}, end date {einddatum}, reason {reden}) has the key of stop \
                    {ordinal}. Deleting and delivering anew take separate messages."
                ),
            )
            .date("begindatum", begindatum)
            .date("einddatum", einddatum)
            .fact("reden_beeindiging", reden.as_str())
            .fact("eerste", producten[first].place("").path())
        })
        .collect()
}

fn requests(case: &Case<'_>) -> Vec<Violation> {
    let producten = aangevraagde_producten(case);
    repeats(producten.iter().map(|product| &product.item.referentie_aanbieder))
        .into_iter()
        .map(|(index, first)| {
            let (referentie, ordinal) = (&producten[index].item.referentie_aanbieder, first + 1);
            Violation::at(
                producten[index].place("ReferentieAanbieder"),
                format!(
                    "ReferentieAanbieder {referentie} staat ook bij aangevraagd product {ordinal}. Geef elk \
                    aangevraagd product een eigen referentie."
                ),
                format!(
                    "ReferentieAanbieder {referentie} also stands on requested product {ordinal}. Give each \
                    requested product a reference of its own."
                ),
            )
            .fact("referentie_aanbieder", referentie.as_str())
            .fact("eerste", producten[first].place("").path())
        })
        .collect()
}

/// New products of a 317. Two generic ones from the same day have one key: absent products are equal.
fn added(case: &Case<'_>) -> Vec<Violation> {
    let producten = nieuwe_producten(case);
    let keys = producten
        .iter()
        .map(|product| (product_key(product.item.product.as_ref()), product.item.gewenste_ingangsdatum));
    repeats(keys)
        .into_iter()
        .map(|(index, first)| {
            let (begin, ordinal) = (producten[index].item.gewenste_ingangsdatum, first + 1);
            Violation::at(
                producten[index].place(""),
                format!(
                    "Dit nieuwe product (gewenste ingangsdatum {begin}) heeft hetzelfde product en dezelfde gewenste \
                    ingangsdatum als nieuw product {ordinal}. Vraag het één keer aan."
                ),
                format!(
                    "This new product (wished begin date {begin}) has the product and wished begin date of new \
                    product {ordinal}. Ask for it once."
                ),
            )
            .date("gewenste_ingangsdatum", begin)
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
    rows.extend(stop_rows());
    rows.extend(request_rows());
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

#[cfg(test)]
fn stop_rows() -> Vec<crate::rules::sample::Row> {
    use crate::message::{StatusAanlevering, StopProduct};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const SECOND: &[&str] = &["/Bericht/Client/StopProducten/StopProduct[2]"];
    fn again(s: &mut Sample, change: impl FnOnce(&mut StopProduct)) {
        let mut copy = s.stop_product().clone();
        change(&mut copy);
        s.stop().producten.push(copy);
    }
    vec![
        accepts("one stop", Number::N307, |_| {}),
        rejects("a stop twice", Number::N307, SECOND, |s| again(s, |_| {})),
        rejects("a deletion beside a delivery with the same key", Number::N307, SECOND, |s| {
            again(s, |stop| stop.status_aanlevering = StatusAanlevering::Verwijderd);
        }),
        accepts("a deletion beside a delivery with another reason", Number::N307, |s| {
            s.stop_product().status_aanlevering = StatusAanlevering::Verwijderd;
            again(s, |stop| {
                stop.status_aanlevering = StatusAanlevering::Eerste;
                stop.reden_beeindiging = "20".into();
            });
        }),
        accepts("another end", Number::N307, |s| again(s, |stop| stop.einddatum = date(2026, 2, 27))),
        accepts("another begin", Number::N307, |s| again(s, |stop| stop.begindatum = date(2026, 1, 9))),
        accepts("with and without an allocation", Number::N307, |s| again(s, |stop| stop.toewijzing_nummer = None)),
        accepts("a product with and one without a code", Number::N307, |s| {
            again(s, |stop| stop.product.as_mut().expect("the sample has one").code = None);
        }),
        rejects("another first day of the allocation, which is no key", Number::N307, SECOND, |s| {
            again(s, |stop| stop.toewijzing_ingangsdatum = None);
        }),
        rejects("absent parts of a key are equal", Number::N307, SECOND, |s| {
            s.stop_product().toewijzing_nummer = None;
            s.stop_product().product = None;
            again(s, |_| {});
        }),
    ]
}

#[cfg(test)]
fn request_rows() -> Vec<crate::rules::sample::Row> {
    use crate::message::OngewijzigdProduct;
    use crate::rules::sample::{Sample, TOEWIJZING, accepts, rejects};
    use jiff::civil::date;
    const SECOND_NEW: &[&str] = &["/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]"];
    fn unchanged(s: &mut Sample, nummers: &[Count]) {
        let product = |&toewijzing_nummer| OngewijzigdProduct { toewijzing_nummer, retour_codes: Vec::new() };
        s.verzoek().ongewijzigd = nummers.iter().map(product).collect();
    }
    vec![
        accepts("one product asked for", Number::N315, |_| {}),
        rejects(
            "a reference on the first and the third",
            Number::N315,
            &["/Bericht/Client/AangevraagdeProducten/AangevraagdProduct[3]/ReferentieAanbieder"],
            |s| {
                let copy = s.aangevraagd_product().clone();
                let mut other = copy.clone();
                other.referentie_aanbieder = "V-2026-2".into();
                s.aanvraag().producten.extend([other, copy]);
            },
        ),
        accepts("references that differ in case", Number::N315, |s| {
            let mut copy = s.aangevraagd_product().clone();
            copy.referentie_aanbieder = "v-2026-1".into();
            s.aanvraag().producten.push(copy);
        }),
        accepts("one change", Number::N317, |_| {}),
        accepts("an allocation among the unchanged and among the changed", Number::N317, |s| unchanged(s, &[TOEWIJZING])),
        rejects(
            "an unchanged allocation twice",
            Number::N317,
            &["/Bericht/Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[3]/ToewijzingNummer"],
            |s| unchanged(s, &[1002, 1003, 1002]),
        ),
        rejects(
            "a changed allocation twice",
            Number::N317,
            &["/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[2]/ToewijzingNummer"],
            |s| {
                let mut copy = s.te_wijzigen_product().clone();
                copy.gewenste_ingangsdatum = date(2026, 4, 1);
                s.verzoek().te_wijzigen.push(copy);
            },
        ),
        rejects("a new product twice from the same day", Number::N317, SECOND_NEW, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|product| product.einddatum = Some(date(2026, 12, 31)));
        }),
        accepts("a new product from another day", Number::N317, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|product| product.gewenste_ingangsdatum = date(2026, 4, 2));
        }),
        accepts("a new product with and one without a code", Number::N317, |s| {
            s.add_nieuw_product(|_| {});
            s.add_nieuw_product(|product| product.product.as_mut().expect("the sample has one").code = None);
        }),
        rejects("two generic new products from the same day", Number::N317, SECOND_NEW, |s| {
            s.add_nieuw_product(|product| product.product = None);
            s.add_nieuw_product(|product| product.product = None);
        }),
    ]
}
