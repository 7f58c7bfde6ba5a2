//! The scenarios: sequences of messages with what the standard says must become of each.

use crate::deliver::{Expect, Lock};
use crate::support::{
    DAY, FEBRUARY, HUISHOUDELIJK, JANUARY, STRANGER, Sample, client_301, credit, declaratie_323, line_323, product,
    product_301, retotal, starts_305, with,
};
use jiff::civil::date;
use sluis::demo::compose::{Allocate, Person, omvang};
use sluis::message::{
    Cents, Count, Eenheid, Frequentie, Identificatie, Law, Message, Product, Relatie, StatusAanlevering,
    TotaalBedragMetDC,
};

pub(crate) const A: Count = 100_001;
pub(crate) const B: Count = 100_002;

/// A name, the laws it is played for, and the messages.
pub(crate) type Scenario = (&'static str, &'static [Law], fn(&mut Lock, &Sample));

pub(crate) const BOTH: &[Law] = &Law::ALL;
pub(crate) const WMO: &[Law] = &[Law::Wmo];

pub(crate) fn anna() -> Person {
    Person::nth(1)
}

pub(crate) fn bram() -> Person {
    Person::nth(2)
}

/// Sends the allocations that a scenario stands on.
pub(crate) fn given(lock: &mut Lock, id: &str, sample: &Sample, person: &Person, allocations: &[Allocate]) {
    let message = sample.toewijzing(id, person, allocations);
    lock.deliver("given an allocation", &message.write(), &Expect::accepted());
}

/// Sends a declaration of February that is granted.
fn granted(lock: &mut Lock, sample: &Sample, id: &str, nummer: &str, referentie: &str) {
    let message =
        sample.declaratie(id, nummer, FEBRUARY, &[(&anna(), vec![sample.claim(referentie, A, FEBRUARY, 12)])]);
    lock.deliver("given a granted declaration", &message.write(), &Expect::granted());
}

fn status(message: &mut Message, index: usize, status: StatusAanlevering) {
    starts_305(message)[index].status_aanlevering = status;
}

/// Moves a message to another identification.
pub(crate) fn again(mut message: Message, id: &str) -> Message {
    message.header.identificatie.identificatie = Identificatie::from(id);
    message
}

scenarios! {
    // Replies 2.2 and 3.2, first rows: no codes in a return message, 8001 in the answer to a declaration.
    all_good on BOTH |lock, sample| {
        let anna = anna();
        let toewijzing = sample.toewijzing("T1", &anna, &[sample.weekly(A)]);
        lock.deliver("an allocation", &toewijzing.write(), &Expect::accepted());
        let start = sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]);
        lock.deliver("a start of delivery", &start.write(), &Expect::accepted());
        let claims = vec![sample.claim("P1", A, FEBRUARY, 12), ];
        let claim = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, claims)]);
        lock.deliver("a declaration", &claim.write(), &Expect::granted());
    };

    // Level 1: an error report and nothing else.
    level_1 on BOTH |lock, sample| {
        let start = sample.start("S1", &anna(), &[(&sample.weekly(A), date(2026, 1, 8))]).write();
        let spoilt = String::from_utf8(start).expect("messages are UTF-8");
        let spoilt = spoilt.replace("StatusAanlevering>1<", "StatusAanlevering>7<").replace("Geslacht>0<", "Geslacht>X<");
        lock.deliver("two unknown codes", spoilt.as_bytes(), &Expect::rejected(1).finds(
            "XSD - Client/Geslacht; XSD - Client/StartProducten/StartProduct[1]/StatusAanlevering",
        ));
    };

    // Replies 1.4: one code 0001 on the header, whatever and however many rules failed.
    level_2 on BOTH |lock, sample| {
        let anna = anna();
        let toewijzing = with(sample.toewijzing("T1", &anna, &[sample.weekly(A)]), |message| {
            product_301(message, 0).einddatum = None;
            client_301(message).naam.naam_gebruik = "6".into();
        });
        lock.deliver("a client as an organisation, a weekly volume without end", &toewijzing.write(),
            &Expect::rejected(2).finds(
                "CS318 0001 Client; CD076 0001 Client/ToegewezenProducten/ToegewezenProduct[1]",
            ).reply("Header 0001"));
        let start = with(sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]), |message| {
            status(message, 0, StatusAanlevering::parse("2").expect("on the list"));
        });
        lock.deliver("a status that is barred", &start.write(), &Expect::rejected(2)
            .finds("CS058 0001 Client/StartProducten/StartProduct[1]").reply("Header 0001"));
        let claim = with(sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![sample.claim("P1", A, FEBRUARY, 12)])]), |message| {
            declaratie_323(message).totaal = TotaalBedragMetDC::from_signed(Cents(1));
            line_323(message, 0, 0).tarief = None;
        });
        lock.deliver("a total that is not the sum, a line without tariff", &claim.write(), &Expect::rejected(2)
            .finds("TR358 0001 Declaratie; CD087 0001 Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]")
            .reply("Header 0001"));
    };

    // Replies 2.2 and 3.2: with an error in the header, the header only, with the codes of the rules.
    header_faults on BOTH |lock, sample| {
        let anna = anna();
        let toewijzing = sample.toewijzing("T1", &anna, &[sample.weekly(A)]);
        let start = sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]);
        let claim = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![sample.claim("P1", A, FEBRUARY, 12)])]);
        let (header, answer) = ("Header 8848", "Header 8848");
        lock.today(date(2026, 3, 9));
        let early = || Expect::rejected(4).finds("TR135 8848 Header");
        lock.deliver("an allocation signed tomorrow", &toewijzing.write(), &early().reply(header));
        lock.deliver("a start signed tomorrow", &start.write(), &early().reply(header));
        lock.deliver("a declaration signed tomorrow", &claim.write(), &early().reply(answer));
        lock.today(DAY);
        lock.deliver("signed today, between known parties", &toewijzing.write(), &Expect::accepted());
        lock.deliver("signed today, between known parties", &start.write(), &Expect::accepted());
        lock.deliver("signed today, between known parties", &claim.write(), &Expect::granted());
        let used = || Expect::rejected(3).finds("TR056 9056 Header").reply("Header 9056");
        lock.deliver("an identification used before", &toewijzing.write(), &used());
        lock.deliver("an identification used before", &start.write(), &used());
        lock.deliver("an identification used before", &claim.write(), &used());
        lock.deliver("two faults in the header, and below it", &with(start.clone(), |message| {
            message.header.identificatie.dagtekening = date(2026, 3, 11);
            starts_305(message)[0].toewijzing_nummer = Some(9);
        }).write(), &Expect::rejected(4).finds("TR056 9056 Header; TR135 8848 Header").reply("Header 9056 8848"));
    };

    // S300: a municipality that is not on the list has no register either.
    unknown_gemeente on BOTH |lock, sample| {
        let nowhere = sample.clone().in_gemeente("9998");
        let anna = anna();
        lock.without_register();
        let s300 = || Expect::rejected(4).finds("TR378 S300 Header").reply("Header S300");
        lock.deliver("an allocation", &nowhere.toewijzing("T1", &anna, &[nowhere.weekly(A)]).write(), &s300());
        lock.deliver("a start", &nowhere.start("S1", &anna, &[(&nowhere.weekly(A), date(2026, 1, 8))]).write(), &s300());
        let claims = vec![nowhere.claim("P1", A, FEBRUARY, 12)];
        lock.deliver("a declaration", &nowhere.declaratie("D1", "N1", FEBRUARY, &[(&anna, claims)]).write(), &s300());
    };

    // Replies 2.2, last row: Header 0200, the client with every class under it, each with its codes.
    start_class_faults on BOTH |lock, sample| {
        let anna = anna();
        let start = sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]);
        lock.deliver("no allocation", &start.write(), &Expect::rejected(3)
            .finds("TR019 9019 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9019"));
        given(lock, "T1", sample, &anna, &[sample.weekly(A), Allocate { product: sample.other(), ..sample.weekly(B) }]);
        let (first, second) = (sample.weekly(A), Allocate { product: sample.other(), ..sample.weekly(B) });
        let unknown = Allocate { product: sample.elsewhere(), ..sample.weekly(9) };
        let three = with(sample.start("S2", &anna, &[
            (&first, date(2026, 1, 8)), (&unknown, date(2026, 1, 8)), (&second, date(2026, 1, 8)),
        ]), |message| status(message, 2, StatusAanlevering::Verwijderd));
        lock.deliver("a good one, one without allocation, nothing to delete", &three.write(), &Expect::rejected(3)
            .finds("TR019 9019 Client/StartProducten/StartProduct[2]; TR063 9063 Client/StartProducten/StartProduct[3]")
            .reply("Header 0200; Client 0200; StartProduct 0200; StartProduct 9019; StartProduct 9063"));
        lock.deliver("the allocation of another client", &sample.start("S3", &bram(), &[(&first, date(2026, 1, 8))]).write(),
            &Expect::rejected(3).finds("TR019 9019 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9019"));
    };

    // A message rejected as a whole counts as not sent (OP286): the same identification is judged anew.
    rejected_then_sent_again on BOTH |lock, sample| {
        let anna = anna();
        let start = sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]);
        let early = || Expect::rejected(3).finds("TR019 9019 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9019");
        lock.deliver("a start before its allocation", &start.write(), &early());
        lock.deliver("the same bytes, still before its allocation", &start.write(), &early());
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        lock.deliver("the same bytes after the allocation", &start.write(), &Expect::accepted());
        lock.deliver("the same bytes once more", &start.write(),
            &Expect::rejected(3).finds("TR056 9056 Header").reply("Header 9056"));
    };

    // Delete a start and deliver it again (flows: correct start).
    deleted_then_redelivered on BOTH |lock, sample| {
        let anna = anna();
        let weekly = sample.weekly(A);
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let start = sample.start("S1", &anna, &[(&weekly, date(2026, 1, 8))]);
        lock.deliver("a start", &start.write(), &Expect::accepted());
        lock.deliver("the same key under another identification", &again(start.clone(), "S2").write(), &Expect::rejected(3)
            .finds("TR074 9074 Client/StartProducten/StartProduct[1]; TR326 9326 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9074 9326"));
        let delete = with(again(start.clone(), "S3"), |message| status(message, 0, StatusAanlevering::Verwijderd));
        lock.deliver("its deletion", &delete.write(), &Expect::accepted());
        lock.deliver("its deletion a second time", &again(delete, "S4").write(), &Expect::rejected(3)
            .finds("TR063 9063 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9063"));
        lock.deliver("the same key delivered again", &again(start, "S5").write(), &Expect::accepted());
        let moved = with(sample.start("S6", &anna, &[(&weekly, date(2026, 1, 9)), (&weekly, date(2026, 1, 8))]),
            |message| status(message, 1, StatusAanlevering::Verwijderd));
        lock.deliver("delivered on another day and deleted in one message (IV008)", &moved.write(), &Expect::accepted());
    };

    // StatusAanlevering is no part of a key: deleting and delivering one key in one message is a duplicate (TR101).
    one_key_twice_in_a_message on BOTH |lock, sample| {
        let anna = anna();
        let weekly = sample.weekly(A);
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let start = sample.start("S1", &anna, &[(&weekly, date(2026, 1, 8))]);
        lock.deliver("a start", &start.write(), &Expect::accepted());
        let both = with(sample.start("S2", &anna, &[(&weekly, date(2026, 1, 8)), (&weekly, date(2026, 1, 8))]),
            |message| status(message, 0, StatusAanlevering::Verwijderd));
        lock.deliver("deleted and delivered again at once", &both.write(), &Expect::rejected(2)
            .finds("TR101 0001 Client/StartProducten/StartProduct[2]").reply("Header 0001"));
    };

    // A generic allocation is free in category and code; what is claimed on it counts against its budget.
    generic_allocation on BOTH |lock, sample| {
        let anna = anna();
        let message = with(sample.toewijzing("T1", &anna, &[sample.weekly(A)]), |message| {
            let product = product_301(message, 0);
            (product.product, product.omvang, product.budget) = (None, None, Some(Cents(80_000)));
        });
        lock.deliver("a generic allocation of 800 euros", &message.write(), &Expect::accepted());
        granted(lock, sample, "D1", "N1", "P1");
        let message = sample.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![sample.claim("P2", A, JANUARY, 2)])]);
        lock.deliver("more than is left", &message.write(), &Expect::rejected(3)
            .finds(&format!("TR369 9369 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9369"));
        let back = with(sample.declaratie("D3", "N3", FEBRUARY, &[(&anna, vec![
            sample.claim("P3", A, JANUARY, 2), sample.claim("P4", A, FEBRUARY, 12),
        ])]), |message| {
            credit(line_323(message, 0, 1), "P1");
            retotal(message);
        });
        lock.deliver("the first one back, and then it fits", &back.write(), &Expect::granted());
    };

    // TR326: no second start while one runs.
    second_start on BOTH |lock, sample| {
        let anna = anna();
        let weekly = sample.weekly(A);
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        lock.deliver("a start", &sample.start("S1", &anna, &[(&weekly, date(2026, 1, 8))]).write(), &Expect::accepted());
        lock.deliver("a second start", &sample.start("S2", &anna, &[(&weekly, date(2026, 2, 8))]).write(), &Expect::rejected(3)
            .finds("TR326 9326 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9326"));
    };

    // A rejected 301 brings the whole client along: relations, contacts and allocations, each with a code.
    whole_client_returned on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let changed = Allocate { product: sample.other(), ..sample.weekly(A) };
        let message = with(sample.toewijzing("T2", &anna, &[Allocate { product: sample.elsewhere(), ..sample.weekly(B) }, changed]), |message| {
            let client = client_301(message);
            let mut contact = client.contacten[0].clone();
            contact.soort = "04".into();
            client.contacten.push(contact.clone());
            client.relaties.push(Relatie {
                nummer: "1".into(),
                volgorde: None,
                soort: "03".into(),
                geboortedatum: None,
                geslacht: None,
                naam: client.naam.clone(),
                contact: client.contacten[0].clone(),
                retour_codes: Vec::new(),
            });
            client.commentaar = Some("A & B < C > \"D\", één regel".into());
        });
        lock.deliver("a number that stands for another product", &message.write(), &Expect::rejected(3)
            .finds("TR332 9332 Client/ToegewezenProducten/ToegewezenProduct[2]")
            .reply("Header 0200; Client 0200; Relatie 0200; Contact 0200; Contact 0200; Contact 0200; \
                    ToegewezenProduct 0200; ToegewezenProduct 9332"));
    };

    // TR332, TR381 and TR385 on allocations.
    allocation_faults on BOTH |lock, sample| {
        let anna = anna();
        let renamed = |code: &str| Allocate {
            product: Product { code: Some(code.into()), ..sample.product() },
            ..sample.weekly(A)
        };
        let only = |codes: &str| format!("Header 0200; Client 0200; Contact 0200; ToegewezenProduct {codes}");
        lock.deliver("a code that is on no list", &sample.toewijzing("T0", &anna, &[renamed("99Z99")]).write(), &Expect::rejected(4)
            .finds("TR381 S329 Client/ToegewezenProducten/ToegewezenProduct[1]").reply(&only("S329")));
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        lock.deliver("resent unchanged", &sample.toewijzing("T2", &anna, &[sample.weekly(A)]).write(), &Expect::accepted());
        lock.deliver("resent with another end", &sample.toewijzing("T3", &anna, &[
            Allocate { to: date(2026, 11, 30), ..sample.weekly(A) }
        ]).write(), &Expect::accepted());
        lock.deliver("resent with another product", &sample.toewijzing("T4", &anna, &[
            Allocate { product: sample.other(), ..sample.weekly(A) }
        ]).write(), &Expect::rejected(3).finds("TR332 9332 Client/ToegewezenProducten/ToegewezenProduct[1]").reply(&only("9332")));
        lock.deliver("resent with an unknown code", &sample.toewijzing("T5", &anna, &[renamed("99Z99")]).write(),
            &Expect::rejected(4).finds(
                "TR332 9332 Client/ToegewezenProducten/ToegewezenProduct[1]; TR381 S329 Client/ToegewezenProducten/ToegewezenProduct[1]"
            ).reply(&only("9332 S329")));
        lock.deliver("the number used for another client", &sample.toewijzing("T6", &bram(), &[sample.weekly(A)]).write(),
            &Expect::rejected(3).finds("TR332 9332 Client/ToegewezenProducten/ToegewezenProduct[1]").reply(&only("9332")));
        granted(lock, sample, "D1", "N1", "P1");
        let delete = with(sample.toewijzing("T7", &anna, &[sample.weekly(A)]), |message| {
            let product = product_301(message, 0);
            product.einddatum = Some(product.ingangsdatum);
            product.reden_wijziging = Some("13".into());
        });
        lock.deliver("deleted while a granted line stands on it", &delete.write(), &Expect::rejected(3)
            .finds("TR385 9385 Client/ToegewezenProducten/ToegewezenProduct[1]").reply(&only("9385")));
        let back = with(sample.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![sample.claim("P2", A, FEBRUARY, 12)])]), |message| {
            credit(line_323(message, 0, 0), "P1");
            retotal(message);
        });
        lock.deliver("the line taken back", &back.write(), &Expect::granted());
        lock.deliver("deleted after that", &delete.write(), &Expect::accepted());
        let claim = sample.declaratie("D3", "N3", FEBRUARY, &[(&anna, vec![sample.claim("P3", A, FEBRUARY, 12)])]);
        lock.deliver("a claim on the deleted allocation", &claim.write(), &Expect::rejected(3)
            .finds(&format!("TR384 9384 {L1}; TR308 9308 {L1}; TR388 9388 {L1}; TR322 9322 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9384 9308 9388 9322"));
        lock.deliver("a start on the deleted allocation", &sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]).write(),
            &Expect::rejected(3).finds("TR019 9019 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9019"));
    };

    // An outgoing allocation to a provider without a contract waits for a person.
    held_allocation on BOTH |lock, sample| {
        let stranger = Sample::with(sample.law, STRANGER);
        let anna = anna();
        let message = stranger.toewijzing("T1", &anna, &[sample.weekly(A)]);
        lock.deliver("an allocation without a contract", &message.write(), &Expect::held().signals(&["A1"]));
        lock.deliver("a start meanwhile: nothing was allocated yet", &stranger.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]).write(),
            &Expect::rejected(3).finds("TR019 9019 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9019"));
        lock.deliver("the same identification again: it was sent", &message.write(),
            &Expect::rejected(3).finds("TR056 9056 Header").reply("Header 9056"));
    };

    // Replies 3.2: an error on the client, all its lines as not judged; the others are judged and granted.
    unknown_client on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let message = sample.declaratie("D1", "N1", FEBRUARY, &[
            (&bram, vec![sample.claim("P1", A, JANUARY, 1), sample.claim("P2", B, FEBRUARY, 2)]),
            (&anna, vec![sample.claim("P3", A, FEBRUARY, 12)]),
        ]);
        lock.deliver("a client without an allocation", &message.write(), &Expect::partly(3)
            .finds("TR304 8187 Declaratie/Clienten/Client[1]")
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 8187; Prestatie 0233; Prestatie 0233"));
        given(lock, "T2", sample, &bram, &[sample.weekly(B)]);
        let message = sample.declaratie("D2", "N2", FEBRUARY, &[
            (&bram, vec![sample.claim("P4", A, JANUARY, 1)]),
        ]);
        lock.deliver("a known client on the allocation of another", &message.write(), &Expect::rejected(3)
            .finds("TR304 8187 Declaratie/Clienten/Client[1]")
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 8187; Prestatie 0233"));
    };

    // Replies 3.2: an error in the declaration, no clients, nothing granted.
    declaration_refused on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        granted(lock, sample, "D1", "N1", "P1");
        let refused = |codes: &str| format!("Header 0200; DeclaratieAntwoord {codes}");
        let over = |id: &str, nummer: &str, month| sample.declaratie(id, nummer, month, &[(&anna, vec![sample.claim("P2", A, JANUARY, 900)])]);
        lock.deliver("a number used before, over lines that are wrong too", &over("D2", "N1", FEBRUARY).write(), &Expect::rejected(3)
            .finds("TR333 9333 Declaratie").reply(&refused("9333")));
        lock.deliver("a period before the latest", &over("D3", "N3", JANUARY).write(), &Expect::rejected(3)
            .finds("TR318 8214 Declaratie").reply(&refused("8214")));
        lock.deliver("both at once", &over("D4", "N1", JANUARY).write(), &Expect::rejected(3)
            .finds("TR333 9333 Declaratie; TR318 8214 Declaratie").reply(&refused("9333 8214")));
        let good = sample.declaratie("D4", "N3", FEBRUARY, &[(&anna, vec![sample.claim("P2", A, JANUARY, 12)])]);
        lock.deliver("number and identification of refused ones, the latest month again", &good.write(), &Expect::granted());
    };

    // Several faults in several lines, several codes on one line, the rest granted.
    lines_refused on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        given(lock, "T1", sample, &anna, &[sample.weekly(A), Allocate { product: sample.other(), ..sample.weekly(B) }]);
        given(lock, "T2", sample, &bram, &[sample.weekly(100_003)]);
        let message = with(sample.declaratie("D1", "N1", FEBRUARY, &[
            (&anna, vec![
                sample.claim("P1", A, FEBRUARY, 16),
                sample.claim("P2", A, JANUARY, 15),
                sample.claim("P3", B, FEBRUARY, 12),
            ]),
            (&bram, vec![sample.claim("P4", 100_003, FEBRUARY, 10), sample.claim("P5", 9, FEBRUARY, 10)]),
        ]), |message| {
            line_323(message, 0, 2).tarief = Some(Cents(7000));
        });
        lock.deliver("over its volume; another product at a wrong amount and tariff; no allocation", &message.write(), &Expect::partly(4)
            .finds(&format!(
                "TR321 9321 {L1}; TR340 9340 {L3}; TR418 0611 {L3}; TR346 9346 {L3}; \
                 TR338 9338 Declaratie/Clienten/Client[2]/Prestaties/Prestatie[2]"
            ))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9321; Prestatie 9340 0611 9346; \
                    Client 0200; Prestatie 9338"));
    };

    // Replies 3.3: all lines rejected, 0200 and nothing granted.
    all_lines_refused on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let message = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![sample.claim("P1", A, FEBRUARY, 16)])]);
        lock.deliver("the only line over its volume", &message.write(), &Expect::rejected(3)
            .finds(&format!("TR321 9321 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9321"));
        lock.deliver("the same bytes: it counts as not sent", &message.write(), &Expect::rejected(3)
            .finds(&format!("TR321 9321 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9321"));
    };

    // IV086, OP366: a credit and its replacement in one message; the credit is judged first.
    credit_and_replacement on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        granted(lock, sample, "D1", "N1", "P1");
        let twice = sample.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![sample.claim("P2", A, FEBRUARY, 10)])]);
        lock.deliver("a second debit on the same period", &twice.write(), &Expect::rejected(3)
            .finds(&format!("TR389 9389 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9389"));
        let replace = with(sample.declaratie("D3", "N3", FEBRUARY, &[(&anna, vec![
            sample.claim("P3", A, FEBRUARY, 10), sample.claim("P4", A, FEBRUARY, 12),
        ])]), |message| {
            credit(line_323(message, 0, 1), "P1");
            retotal(message);
        });
        lock.deliver("replacement first, credit second", &replace.write(), &Expect::granted());
    };

    // TR390, TR323, TR314: what can be credited, and under which number.
    credit_faults on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        granted(lock, sample, "D1", "N1", "P1");
        let back = |id: &str, nummer: &str, referentie: &str, vorig: &str, hours: Count| {
            with(sample.declaratie(id, nummer, FEBRUARY, &[(&anna, vec![sample.claim(referentie, A, FEBRUARY, hours)])]), |message| {
                credit(line_323(message, 0, 0), vorig);
                retotal(message);
            })
        };
        let line = |codes: &str| format!("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie {codes}");
        lock.deliver("of a debit that nobody sent", &back("D2", "N2", "P2", "P9", 12).write(), &Expect::rejected(3)
            .finds(&format!("TR323 8017 {L1}")).reply(&line("8017")));
        lock.deliver("that differs from its debit", &back("D3", "N3", "P3", "P1", 11).write(), &Expect::rejected(3)
            .finds(&format!("TR323 8017 {L1}")).reply(&line("8017")));
        lock.deliver("under a number used before", &back("D4", "N4", "P1", "P9", 12).write(), &Expect::rejected(3)
            .finds(&format!("TR314 8021 {L1}; TR323 8017 {L1}")).reply(&line("8021 8017")));
        lock.deliver("that fits", &back("D5", "N5", "P5", "P1", 12).write(), &Expect::granted());
        lock.deliver("a second time", &back("D6", "N6", "P6", "P1", 12).write(), &Expect::rejected(3)
            .finds(&format!("TR390 9390 {L1}")).reply(&line("9390")));
        granted(lock, sample, "D7", "N7", "P7");
    };

    // Two lines of one message cross a volume limit together: the one that does not fit is refused.
    volume_crossed_by_the_second_line on BOTH |lock, sample| {
        let anna = anna();
        let total = Allocate { omvang: omvang(20, Eenheid::Uur, Frequentie::Totaal), ..sample.weekly(A) };
        given(lock, "T1", sample, &anna, &[total]);
        let message = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![
            sample.claim("P1", A, FEBRUARY, 12), sample.claim("P2", A, JANUARY, 9),
        ])]);
        lock.deliver("12 and 9 hours of 20 in all", &message.write(), &Expect::partly(3)
            .finds(&format!("TR322 9322 {L2}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9322"));
        let rest = sample.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![sample.claim("P3", A, JANUARY, 8)])]);
        lock.deliver("the 8 hours that are left", &rest.write(), &Expect::granted());
        let more = with(sample.declaratie("D3", "N3", FEBRUARY, &[(&anna, vec![
            sample.claim("P4", A, FEBRUARY, 13), sample.claim("P5", A, FEBRUARY, 12),
        ])]), |message| {
            credit(line_323(message, 0, 1), "P1");
            retotal(message);
        });
        lock.deliver("12 hours back, 13 anew: one too many", &more.write(), &Expect::partly(3)
            .finds(&format!("TR322 9322 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9322"));
    };

    // TR369: an allocation by budget, claimed by amount.
    budget_allocation on BOTH |lock, sample| {
        let anna = anna();
        let message = with(sample.toewijzing("T1", &anna, &[sample.weekly(A)]), |message| {
            let product = product_301(message, 0);
            product.product.as_mut().expect("it has a product").code = None;
            product.omvang = None;
            product.budget = Some(Cents(100_000));
        });
        lock.deliver("an aspecific allocation of 1,000 euros", &message.write(), &Expect::accepted());
        let message = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![
            sample.claim("P1", A, FEBRUARY, 12), sample.claim("P2", A, JANUARY, 5),
        ])]);
        lock.deliver("two lines of which the second crosses it", &message.write(), &Expect::partly(3)
            .finds(&format!("TR369 9369 {L2}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9369"));
        let start = with(sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]), |message| {
            starts_305(message)[0].product.as_mut().expect("it has a product").code = None;
        });
        lock.deliver("a start on it", &start.write(), &Expect::accepted());
    };

    // Volumes, sections 6 and 7: hours claimed as minutes, at the tariff by the minute, rounded, and the exact amount.
    hours_as_minutes on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let minutes = |id: &str, nummer: &str, referentie: &str, month, minutes: Count| {
            with(sample.declaratie(id, nummer, FEBRUARY, &[(&anna, vec![sample.claim(referentie, A, month, minutes)])]), |message| {
                let line = line_323(message, 0, 0);
                line.eenheid = Eenheid::Minuut;
                // Both tariffs round down: 100.05 and 110.4 cents.
                line.tarief = Some(Cents(sample.tarief() / 60));
                let exact = i64::try_from(minutes).expect("small") * sample.tarief();
                line.bedrag.bedrag = Cents((exact + 30) / 60);
                retotal(message);
            })
        };
        lock.deliver("the 900 minutes of five weeks in February", &minutes("D1", "N1", "P1", FEBRUARY, 900).write(), &Expect::granted());
        lock.deliver("a minute more in January", &minutes("D2", "N2", "P2", JANUARY, 901).write(), &Expect::rejected(3)
            .finds(&format!("TR321 9321 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9321"));
    };

    // TR321 for iWmo: household help is always six weeks a period.
    household_help on WMO |lock, _sample| {
        let help = Sample::with(Law::Wmo, HUISHOUDELIJK);
        let anna = anna();
        let allocation = Allocate { product: product("01", "01A01"), omvang: omvang(2, Eenheid::Uur, Frequentie::PerWeek), ..help.weekly(A) };
        given(lock, "T1", &help, &anna, &[allocation]);
        let claim = |id: &str, nummer: &str, referentie: &str, month, hours: Count| {
            let mut claim = help.claim(referentie, A, month, hours);
            claim.product = product("01", "01A01");
            claim.tarief = Cents(3415);
            help.declaratie(id, nummer, FEBRUARY, &[(&anna, vec![claim])])
        };
        lock.deliver("six times two hours", &claim("D1", "N1", "P1", FEBRUARY, 12).write(), &Expect::granted());
        lock.deliver("an hour more", &claim("D2", "N2", "P2", JANUARY, 13).write(), &Expect::rejected(3)
            .finds(&format!("TR321 9321 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9321"));
    };

    // Output in euros: volume and amount in cents, no tariff.
    claimed_in_euros on BOTH |lock, sample| {
        let anna = anna();
        let allocation = Allocate { omvang: omvang(30_000, Eenheid::Euro, Frequentie::PerMaand), ..sample.weekly(A) };
        given(lock, "T1", sample, &anna, &[allocation]);
        let claim = |id: &str, nummer: &str, referentie: &str, month, cents: Count| {
            with(sample.declaratie(id, nummer, FEBRUARY, &[(&anna, vec![sample.claim(referentie, A, month, cents)])]), |message| {
                let line = line_323(message, 0, 0);
                line.eenheid = Eenheid::Euro;
                line.tarief = None;
                line.bedrag.bedrag = Cents(i64::try_from(cents).expect("small"));
                retotal(message);
            })
        };
        lock.deliver("all of February", &claim("D1", "N1", "P1", FEBRUARY, 30_000).write(), &Expect::granted());
        lock.deliver("a cent too much of January", &claim("D2", "N2", "P2", JANUARY, 30_001).write(), &Expect::rejected(3)
            .finds(&format!("TR321 9321 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9321"));
    };

    // Tariffs and product lists.
    tariffs_and_codes on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        let line = |codes: &str| format!("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie {codes}");
        let claim = |id: &str, nummer: &str, referentie: &str| {
            sample.declaratie(id, nummer, FEBRUARY, &[(&anna, vec![sample.claim(referentie, A, FEBRUARY, 12)])])
        };
        let dear = with(claim("D1", "N1", "P1"), |message| {
            let line = line_323(message, 0, 0);
            line.tarief = Some(Cents(sample.tarief() + 1));
            line.bedrag.bedrag = Cents(12 * (sample.tarief() + 1));
            retotal(message);
        });
        lock.deliver("a cent too dear", &dear.write(), &Expect::rejected(3)
            .finds(&format!("TR418 0611 {L1}")).reply(&line("0611")));
        let unknown = with(claim("D2", "N2", "P2"), |message| line_323(message, 0, 0).code = "99Z99".into());
        lock.deliver("a code that is on no list", &unknown.write(), &Expect::rejected(4)
            .finds(&format!("TR340 9340 {L1}; TR381 S329 {L1}")).reply(&line("9340 S329")));
        let unit = with(claim("D3", "N3", "P3"), |message| line_323(message, 0, 0).eenheid = Eenheid::Etmaal);
        lock.deliver("a unit that is not the allocated one", &unit.write(), &Expect::rejected(3)
            .finds(&format!("TR341 9341 {L1}")).reply(&line("9341")));
        let category = with(claim("D4", "N4", "P4"), |message| line_323(message, 0, 0).categorie = sample.elsewhere().categorie);
        lock.deliver("a category that is not that of the code", &category.write(), &Expect::rejected(4)
            .finds(&format!("TR339 9339 {L1}; TR381 S329 {L1}")).reply(&line("9339 S329")));
        let start = with(sample.start("S1", &anna, &[(&sample.weekly(A), date(2026, 1, 8))]), |message| {
            starts_305(message)[0].product.as_mut().expect("it has a product").code = Some("99Z99".into());
        });
        lock.deliver("a start with a code that is on no list", &start.write(), &Expect::rejected(4)
            .finds("TR381 S329 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct S329"));
    };

    // TR307, TR308, TR319, TR387, TR388: the period of a line.
    periods on BOTH |lock, sample| {
        let anna = anna();
        let short = Allocate { from: date(2026, 1, 12), to: date(2026, 2, 22), ..sample.weekly(A) };
        given(lock, "T1", sample, &anna, &[short, Allocate { product: sample.other(), ..sample.weekly(B) }]);
        let line = |codes: &str| format!("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie {codes}");
        let over = |id: &str, nummer: &str, month, toewijzing, periode| {
            sample.declaratie(id, nummer, month, &[(&anna, vec![sample.claim(id, toewijzing, periode, 1)])])
        };
        let day = |month, day| date(2026, month, day);
        lock.deliver("from before the allocation", &over("D1", "N1", JANUARY, A, JANUARY).write(), &Expect::rejected(3)
            .finds(&format!("TR307 9307 {L1}; TR387 9387 {L1}")).reply(&line("9307 9387")));
        lock.deliver("until after the allocation", &over("D2", "N2", FEBRUARY, A, FEBRUARY).write(), &Expect::rejected(3)
            .finds(&format!("TR308 9308 {L1}; TR388 9388 {L1}")).reply(&line("9308 9388")));
        lock.deliver("a part of the month", &over("D3", "N3", FEBRUARY, A, (day(2, 2), day(2, 20))).write(), &Expect::rejected(3)
            .finds(&format!("TR387 9387 {L1}; TR388 9388 {L1}")).reply(&line("9387 9388")));
        lock.deliver("after the month of the declaration", &over("D4", "N4", JANUARY, A, (day(2, 1), day(2, 22))).write(), &Expect::rejected(3)
            .finds(&format!("TR319 9319 {L1}")).reply(&line("9319")));
        lock.deliver("the first month, clipped", &over("D5", "N5", FEBRUARY, A, (day(1, 12), day(1, 31))).write(), &Expect::granted());
        lock.deliver("the last month, clipped", &over("D6", "N6", FEBRUARY, A, (day(2, 1), day(2, 22))).write(), &Expect::granted());
    };

    // TR314 and TR338 across messages and parties.
    references_and_providers on BOTH |lock, sample| {
        let (anna, bram) = (anna(), bram());
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        granted(lock, sample, "D1", "N1", "P1");
        let other = Sample::with(sample.law, match sample.law { Law::Wmo => HUISHOUDELIJK, Law::Jeugdwet => "42420005" });
        given(lock, "T2", &other, &bram, &[sample.weekly(B)]);
        let message = sample.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![sample.claim("P1", A, JANUARY, 3)])]);
        lock.deliver("a reference used before", &message.write(), &Expect::rejected(3)
            .finds(&format!("TR314 8021 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 8021"));
        let message = sample.declaratie("D3", "N3", FEBRUARY, &[(&anna, vec![sample.claim("P3", B, JANUARY, 3)])]);
        lock.deliver("the allocation of another provider", &message.write(), &Expect::rejected(3)
            .finds(&format!("TR338 9338 {L1}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9338"));
        let message = other.declaratie("D1", "N1", FEBRUARY, &[(&bram, vec![sample.claim("P1", B, FEBRUARY, 3)])]);
        lock.deliver("identifications, number and reference of another provider", &message.write(), &Expect::granted());
    };

    // A 302 is passed on. The gateway gives the 306 and the 325 itself, so another one is a second answer (SL002).
    replies_relayed on BOTH |lock, sample| {
        let anna = anna();
        let toewijzing = sample.toewijzing("T1", &anna, &[sample.weekly(A)]);
        let retour = lock.deliver("an allocation", &toewijzing.write(), &Expect::accepted());
        lock.deliver("the provider's own 302", &retour, &Expect::relayed());
        let start = sample.start("S1", &anna, &[(&Allocate { nummer: 9, ..sample.weekly(A) }, date(2026, 1, 8))]);
        let retour = lock.deliver("a start without allocation", &start.write(), &Expect::rejected(3)
            .finds("TR019 9019 Client/StartProducten/StartProduct[1]")
            .reply("Header 0200; Client 0200; StartProduct 9019"));
        lock.deliver("a 306 of the municipality's own, after that of the gateway", &retour, &Expect::second_answer());
        let claim = sample.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![
            sample.claim("P1", A, FEBRUARY, 12), sample.claim("P2", 9, FEBRUARY, 3),
        ])]);
        let antwoord = lock.deliver("a declaration granted in part", &claim.write(), &Expect::partly(3)
            .finds(&format!("TR338 9338 {L2}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 9338"));
        lock.deliver("a 325 of the municipality's own, after that of the gateway", &antwoord, &Expect::second_answer());
    };

    // A declaration of credits alone: the total is negative, and so is what is granted of it.
    credits_alone on BOTH |lock, sample| {
        let anna = anna();
        given(lock, "T1", sample, &anna, &[sample.weekly(A)]);
        granted(lock, sample, "D1", "N1", "P1");
        let back = with(sample.declaratie("D2", "N2", FEBRUARY, &[(&anna, vec![
            sample.claim("P2", A, FEBRUARY, 12), sample.claim("P3", A, JANUARY, 5),
        ])]), |message| {
            credit(line_323(message, 0, 0), "P1");
            credit(line_323(message, 0, 1), "P8");
            retotal(message);
        });
        lock.deliver("one credit that fits, one of nothing", &back.write(), &Expect::partly(3)
            .finds(&format!("TR323 8017 {L2}"))
            .reply("Header 0200; DeclaratieAntwoord 0200; Client 0200; Prestatie 8017"));
    };
}

const L1: &str = "Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]";
const L2: &str = "Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]";
const L3: &str = "Declaratie/Clienten/Client[1]/Prestaties/Prestatie[3]";
