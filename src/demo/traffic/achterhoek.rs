//! A day of sample traffic of the Achterhoek profile: what the parties send, and what must become of it.
//!
//! It shows every kind of message and every kind of trouble; the other regions show what is particular to them.

use super::{DAY, FEBRUARY, Item, JANUARY};
use crate::decision::Verdict;
use crate::demo::compose::{Allocate, Claim, Composer, Person, omvang};
use crate::message::{Cents, Count, Date, Eenheid, Frequentie, Law, Party, Product};
use jiff::civil::date;

/// Aalten.
const GEMEENTE: &str = "0197";
const ZORG: &str = "42420001";
const JEUGD: &str = "42420005";
/// A provider that has no contract with the region.
const STRANGER: &str = "42420010";

/// The traffic of the day, in order.
pub(in crate::demo) fn day() -> Vec<Item> {
    let zorg = composer(Law::Wmo, ZORG);
    let jeugd = composer(Law::Jeugdwet, JEUGD);
    let (anna, cor, dirk, els) = (Person::nth(1), Person::nth(3), Person::nth(4), Person::nth(5));
    let (bram, fay) = (Person::young(2), Person::young(6));
    let help = weekly(100_001, wmo("02A02"), 3, (date(2026, 1, 1), date(2026, 12, 31)));
    let stable = weekly(100_002, wmo("02A03"), 4, (date(2026, 1, 1), date(2026, 12, 31)));
    let youth = weekly(200_001, jw("45", "45A02"), 3, (date(2026, 1, 1), date(2026, 6, 30)));
    let wanted = weekly(200_003, jw("45", "45A02"), 3, (date(2026, 3, 16), date(2026, 9, 13)));
    let shorter = Allocate { to: date(2026, 9, 30), ..stable.clone() };
    let allocation = zorg.toewijzing("T0001", &anna, &help);
    let start = zorg.start("S0001", &anna, &help, date(2026, 1, 8)).write();
    let stop = |identificatie: &str, reden: &str, end: Date| {
        jeugd.stop(identificatie, &bram, &youth, date(2026, 1, 12), (reden, end)).write()
    };
    vec![
        accepted("an allocation", "toewijzing", allocation.write()),
        accepted("an allocation under the youth act", "toewijzing", jeugd.toewijzing("T0001", &bram, &youth).write()),
        accepted("a start of delivery", "start", start.clone()),
        accepted(
            "a start under the youth act",
            "start",
            jeugd.start("S0001", &bram, &youth, date(2026, 1, 12)).write(),
        ),
        accepted(
            "a declaration over February",
            "declaratie",
            zorg.declaratie("D0001", "WD0001", FEBRUARY, &[(&anna, vec![claim("W1", &help, FEBRUARY, 12, 6003)])])
                .write(),
        ),
        accepted(
            "a declaration over February under the youth act",
            "declaratie",
            jeugd
                .declaratie("D0001", "JD0001", FEBRUARY, &[(&bram, vec![claim("J1", &youth, FEBRUARY, 12, 6624)])])
                .write(),
        ),
        Item {
            story: "bytes that are no XML",
            name: "onleesbaar",
            bytes: b"Beste Sluis, hierbij de declaratie van deze maand. Zie de bijlage.".to_vec(),
            verdict: Verdict::Parked,
            codes: &[],
            signals: &[],
        },
        rejected("two values that the schema does not know", "start", &[], spoil(&start)),
        rejected(
            "a weekly volume without an end date (CD076)",
            "toewijzing",
            &["0001"],
            without_end(zorg.toewijzing("T0002", &cor, &stable)),
        ),
        rejected(
            "an identification that was used before",
            "start",
            &["9056"],
            zorg.start("S0001", &anna, &help, date(2026, 2, 2)).write(),
        ),
        rejected(
            "a start without allocation",
            "start",
            &["9019"],
            jeugd.start("S0002", &bram, &Allocate { nummer: 299_999, ..youth.clone() }, date(2026, 1, 12)).write(),
        ),
        accepted("a second allocation", "toewijzing", zorg.toewijzing("T0003", &cor, &stable).write()),
        Item {
            verdict: Verdict::Partly,
            ..rejected(
                "one good line over January, one over its volume",
                "declaratie",
                &["9321"],
                zorg.declaratie(
                    "D0002",
                    "WD0002",
                    FEBRUARY,
                    &[
                        (&anna, vec![claim("W2", &help, JANUARY, 12, 6003)]),
                        (&cor, vec![claim("W3", &stable, JANUARY, 40, 6000)]),
                    ],
                )
                .write(),
            )
        },
        rejected(
            "a wrong tariff",
            "declaratie",
            &["0611"],
            jeugd
                .declaratie("D0002", "JD0002", FEBRUARY, &[(&bram, vec![claim("J2", &youth, JANUARY, 12, 7000)])])
                .write(),
        ),
        accepted("a stop of delivery, as planned", "stop", stop("E0001", "31", date(2026, 3, 6))),
        rejected("a second stop of the same start", "stop", &["9415"], stop("E0002", "33", date(2026, 3, 9))),
        accepted("a request for care", "aanvraag", jeugd.aanvraag("V0001", &fay, "VOT-1", &wanted).write()),
        rejected(
            "another request while that one is pending",
            "aanvraag",
            &["9374"],
            jeugd.aanvraag("V0002", &fay, "VOT-2", &wanted).write(),
        ),
        accepted(
            "the allocation that grants the request",
            "toewijzing",
            granting(jeugd.toewijzing("T0003", &fay, &wanted), "VOT-1"),
        ),
        accepted(
            "a request to change an allocation",
            "wijziging",
            zorg.wijziging("W0001", &cor, "VOW-1", &shorter).write(),
        ),
        accepted(
            "an answer: the request is under investigation",
            "antwoord",
            zorg.antwoord("A0001", "VOW-1", None).write(),
        ),
        accepted("an answer: the request is rejected", "antwoord", zorg.antwoord("A0002", "VOW-1", Some("7")).write()),
        rejected(
            "an answer after the rejection",
            "antwoord",
            &["9365"],
            zorg.antwoord("A0003", "VOW-1", Some("2")).write(),
        ),
        Item {
            verdict: Verdict::Held,
            signals: &["A1"],
            ..accepted(
                "an allocation to a provider without a contract for the segment",
                "toewijzing",
                composer(Law::Wmo, STRANGER)
                    .toewijzing("T0004", &dirk, &Allocate { nummer: 100_003, ..help.clone() })
                    .write(),
            )
        },
        Item {
            signals: &["B4"],
            ..accepted(
                "a client stepped up to heavier care",
                "toewijzing",
                jeugd
                    .toewijzing(
                        "T0002",
                        &bram,
                        &weekly(200_002, jw("45", "45A04"), 4, (date(2026, 3, 16), date(2026, 9, 13))),
                    )
                    .write(),
            )
        },
        Item {
            signals: &["D2"],
            ..accepted(
                "an allocation that takes a segment budget past 70 %",
                "toewijzing",
                zorg.toewijzing(
                    "T0005",
                    &els,
                    &weekly(100_004, wmo("02A04"), 6, (date(2026, 1, 1), date(2026, 12, 31))),
                )
                .write(),
            )
        },
        accepted("the provider answers an allocation", "retour", zorg.retour("R0001", &allocation, &[]).write()),
        rejected(
            "the provider answers it a second time",
            "retour",
            &[],
            zorg.retour("R0002", &allocation, &["8848"]).write(),
        ),
    ]
}

fn composer(law: Law, aanbieder: &str) -> Composer {
    Composer { law, gemeente: Party::from(GEMEENTE), aanbieder: Party::from(aanbieder), dagtekening: DAY }
}

fn accepted(story: &'static str, name: &'static str, bytes: Vec<u8>) -> Item {
    Item { story, name, bytes, verdict: Verdict::Accepted, codes: &[], signals: &[] }
}

fn rejected(story: &'static str, name: &'static str, codes: &'static [&'static str], bytes: Vec<u8>) -> Item {
    Item { story, name, bytes, verdict: Verdict::Rejected, codes, signals: &[] }
}

fn wmo(code: &str) -> Product {
    Product { categorie: "02".into(), code: Some(code.into()) }
}

fn jw(categorie: &str, code: &str) -> Product {
    Product { categorie: categorie.into(), code: Some(code.into()) }
}

fn weekly(nummer: Count, product: Product, hours: Count, (from, to): (Date, Date)) -> Allocate {
    Allocate { nummer, product, from, to, omvang: omvang(hours, Eenheid::Uur, Frequentie::PerWeek) }
}

fn claim(nummer: &str, on: &Allocate, periode: (Date, Date), hours: Count, tarief: i64) -> Claim {
    Claim {
        nummer: nummer.to_owned(),
        toewijzing: on.nummer,
        product: on.product.clone(),
        periode,
        volume: hours,
        eenheid: Eenheid::Uur,
        tarief: Cents(tarief),
    }
}

/// A 301 whose allocations carry the reference of the request that they grant.
fn granting(mut message: crate::message::Message, referentie: &str) -> Vec<u8> {
    if let crate::message::Body::Toewijzing(client) = &mut message.body {
        for product in &mut client.producten {
            product.referentie_aanbieder = Some(referentie.into());
        }
    }
    message.write()
}

fn without_end(mut message: crate::message::Message) -> Vec<u8> {
    if let crate::message::Body::Toewijzing(client) = &mut message.body {
        for product in &mut client.producten {
            product.einddatum = None;
        }
    }
    message.write()
}

/// A start with an unknown status and an unknown sex.
fn spoil(start: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(start);
    text.replace("StatusAanlevering>1<", "StatusAanlevering>7<").replace("Geslacht>0<", "Geslacht>X<").into_bytes()
}
