//! Faults that stops, requests and answers share with other messages: in the header, within the message, and a product
//! that is not on the list.

use crate::deliver::{Expect, Lock};
use crate::scenarios::{A, B, BOTH, anna, bram, given};
use crate::support::{DAY, FEBRUARY, Sample, product, with};
use jiff::civil::date;
use sluis::demo::compose::{Allocate, omvang};
use sluis::message::{
    AangevraagdProduct, Body, Cents, Eenheid, Frequentie, Message, NieuwProduct, Product, StatusAanlevering, Verzoek,
};

const STOPPED: &str = "Client/StopProducten/StopProduct[1]";
const REQUESTED: &str = "Client/AangevraagdeProducten/AangevraagdProduct[1]";
const CHANGED: &str = "Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]";
const NEW: &str = "Client/Verzoek/NieuweProducten/NieuwProduct[1]";

/// A 307, a 315 and a 319 about Anna, and a 317 about Bram, on what is delivered first.
fn all_well(lock: &mut Lock, sample: &Sample) -> [Message; 4] {
    let (anna, bram) = (anna(), bram());
    let (of_anna, of_bram) = (sample.weekly(A), sample.weekly(B));
    let begin = date(2026, 1, 8);
    given(lock, "T1", sample, &anna, std::slice::from_ref(&of_anna));
    given(lock, "T2", sample, &bram, std::slice::from_ref(&of_bram));
    lock.deliver("given a start", &sample.start("S1", &anna, &[(&of_anna, begin)]).write(), &Expect::accepted());
    let summer = Allocate { from: date(2026, 7, 1), to: date(2026, 8, 31), ..sample.weekly(0) };
    [
        sample.composer.stop("E1", &anna, &of_anna, begin, ("02", date(2026, 2, 28))),
        sample.composer.aanvraag("V1", &anna, "VOT1", &summer),
        sample.composer.wijziging("W1", &bram, "VOW1", &Allocate { to: date(2026, 11, 30), ..of_bram }),
        sample.composer.antwoord("A1", "VOT1", Some("2")),
    ]
}

/// The only product of a 315.
fn requested(message: &mut Message) -> &mut AangevraagdProduct {
    match &mut message.body {
        Body::Aanvraag(client) => &mut client.producten[0],
        _ => panic!("not a 315"),
    }
}

/// The request of a 317.
fn verzoek(message: &mut Message) -> &mut Verzoek {
    match &mut message.body {
        Body::Wijziging(client) => &mut client.verzoek,
        _ => panic!("not a 317"),
    }
}

/// A new product of a 317 after the change of its sample, an hour a week.
fn nieuw(product: Product) -> NieuwProduct {
    NieuwProduct {
        product: Some(product),
        gewenste_ingangsdatum: date(2026, 12, 1),
        einddatum: Some(date(2026, 12, 31)),
        omvang: Some(omvang(1, Eenheid::Uur, Frequentie::PerWeek)),
        budget: None,
        retour_codes: Vec::new(),
    }
}

scenarios! {
    // TR378: an old code may be used for what began under it. Weesp ended on 2022-03-23.
    ended_gemeente on BOTH |lock, sample| {
        let weesp = sample.clone().in_gemeente("0457");
        let anna = anna();
        lock.without_register();
        let old = Allocate { from: date(2022, 3, 23), ..weesp.weekly(A) };
        let toewijzing = weesp.toewijzing("T1", &anna, std::slice::from_ref(&old));
        lock.deliver("an allocation from its last day on", &toewijzing.write(), &Expect::accepted());
        let start = weesp.start("S1", &anna, &[(&old, date(2022, 3, 24))]);
        lock.deliver("a start on it", &start.write(), &Expect::accepted());
        let claim = weesp.declaratie("D1", "N1", FEBRUARY, &[(&anna, vec![weesp.claim("P1", A, FEBRUARY, 12)])]);
        lock.deliver("a declaration on it, years later", &claim.write(), &Expect::granted());
        let stop = weesp.composer.stop("E1", &anna, &old, date(2022, 3, 24), ("02", date(2026, 2, 28)));
        lock.deliver("a stop of it, years later", &stop.write(), &Expect::accepted());
        let s300 = || Expect::rejected(4).finds("TR378 S300 Header").reply("Header S300");
        let new = Allocate { from: date(2022, 3, 24), ..weesp.weekly(B) };
        let toewijzing = weesp.toewijzing("T2", &anna, std::slice::from_ref(&new));
        lock.deliver("an allocation from a day later on", &toewijzing.write(), &s300());
        let request = weesp.composer.aanvraag("V1", &anna, "VOT1", &new);
        lock.deliver("a request from a day later on", &request.write(), &s300());
        let request = weesp.composer.aanvraag("V2", &anna, "VOT1", &Allocate { from: date(2022, 3, 23), ..new });
        lock.deliver("a request from its last day on", &request.write(), &Expect::accepted());
    };

    // Replies 2.2: with an error in the header, the header only, with the code of the rule.
    header_faults_of_requests on BOTH |lock, sample| {
        let messages = all_well(lock, sample);
        lock.today(date(2026, 3, 9));
        for message in &messages {
            lock.deliver("signed tomorrow", &message.write(),
                &Expect::rejected(4).finds("TR135 8848 Header").reply("Header 8848"));
        }
        lock.today(DAY);
        for message in &messages {
            lock.deliver("signed today", &message.write(), &Expect::accepted());
        }
        for message in &messages {
            lock.deliver("an identification used before", &message.write(),
                &Expect::rejected(3).finds("TR056 9056 Header").reply("Header 9056"));
        }
    };

    // Replies 1.4: one code 0001 on the header, whatever and however many rules failed.
    level_2_of_requests on BOTH |lock, sample| {
        let [stop, request, change, _] = all_well(lock, sample);
        let barred = with(stop, |message| {
            let Body::Stop(client) = &mut message.body else { panic!("not a 307") };
            client.producten[0].status_aanlevering = StatusAanlevering::Gewijzigd;
            client.producten.push(client.producten[0].clone());
        });
        lock.deliver("a status that is barred, and the same stop again", &barred.write(), &Expect::rejected(2)
            .finds(&format!("CS058 0001 {STOPPED}; TR101 0001 {SECOND}; CS058 0001 {SECOND}",
                SECOND = "Client/StopProducten/StopProduct[2]"))
            .reply("Header 0001"));
        let both = with(request, |message| {
            requested(message).budget = Some(Cents(1));
            requested(message).toewijzing_einddatum = Some(date(2026, 6, 30));
        });
        lock.deliver("a volume and a budget, and an end before the begin", &both.write(), &Expect::rejected(2)
            .finds(&format!("CS003 0001 {REQUESTED}; CD077 0001 {REQUESTED}; CD078 0001 {REQUESTED}"))
            .reply("Header 0001"));
        let endless = with(change, |message| {
            let verzoek = verzoek(message);
            verzoek.te_wijzigen[0].einddatum = None;
            let mut new = nieuw(sample.product());
            (new.omvang, new.budget) = (None, Some(Cents(100_000)));
            verzoek.nieuw.push(new);
        });
        lock.deliver("a weekly volume without an end, and a code with a budget", &endless.write(), &Expect::rejected(2)
            .finds(&format!("CD076 0001 {CHANGED}; CD041 0001 {NEW}")).reply("Header 0001"));
    };

    // S329: the code does not belong to the category by the list of the region.
    unlisted_products on BOTH |lock, sample| {
        let [stop, request, change, _] = all_well(lock, sample);
        let unlisted = product(sample.product().categorie.as_str(), "99Z99");
        let strange = with(request, |message| {
            let mut second = requested(message).clone();
            second.referentie_aanbieder = "VOT2".into();
            second.product = Some(unlisted.clone());
            let Body::Aanvraag(client) = &mut message.body else { panic!("not a 315") };
            client.producten.push(second);
        });
        lock.deliver("the second of two requested products", &strange.write(), &Expect::rejected(4)
            .finds("TR381 S329 Client/AangevraagdeProducten/AangevraagdProduct[2]")
            .reply("Header 0200; Client 0200; AangevraagdProduct 0200; AangevraagdProduct S329"));
        let besides = with(change, |message| verzoek(message).nieuw.push(nieuw(unlisted.clone())));
        lock.deliver("a new product beside a change", &besides.write(), &Expect::rejected(4)
            .finds(&format!("TR381 S329 {NEW}"))
            .reply("Header 0200; Client 0200; Verzoek 0200; TeWijzigenProduct 0200; NieuwProduct S329"));
        let elsewhere = with(stop, |message| {
            let Body::Stop(client) = &mut message.body else { panic!("not a 307") };
            client.producten[0].product = Some(unlisted);
        });
        lock.deliver("a stop of what was never started", &elsewhere.write(), &Expect::rejected(4)
            .finds(&format!("TR382 9069 {STOPPED}; TR381 S329 {STOPPED}"))
            .reply("Header 0200; Client 0200; StopProduct 9069 S329"));
    };
}
