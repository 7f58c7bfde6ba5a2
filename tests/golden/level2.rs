//! Messages that break several rules within the message at once: every finding of the level is told, and the reply says
//! no more than 0001 in its header, whatever and however many rules failed (replies 1.4).

use crate::deliver::{Expect, Lock};
use crate::scenarios::Scenario;
use crate::support::{DAY, Sample, Xml, antwoord_319, client_315, stops_307, verzoek_317, with};
use jiff::civil::date;
use sluis::demo::compose::{Allocate, Person};
use sluis::message::{
    AangevraagdProduct, Count, Date, Eenheid, Frequentie, Law, Message, NieuwProduct, OngewijzigdProduct,
    StatusAanlevering, Verwijzer, VerzoekAntwoord, Woonplaatsbeginsel,
};

const A: Count = 100_001;

/// All scenarios of this file.
pub(crate) const SCENARIOS: &[Scenario] = &[
    ("level_2_stop", &Law::ALL, stop),
    ("level_2_aanvraag", &Law::ALL, aanvraag),
    ("level_2_wijziging", &Law::ALL, wijziging),
    ("level_2_antwoord", &Law::ALL, antwoord),
];

/// Delivers a message that must fail at level 2 with these findings, and be answered by a header alone.
fn refused(lock: &mut Lock, story: &str, message: &Message, findings: &str) {
    let expect = Expect::rejected(2).finds(findings).reply("Header 0001");
    let reply = lock.deliver(story, &message.write(), &expect);
    let below: Vec<String> = Xml::parse(&reply).children.into_iter().map(|child| child.name).collect();
    assert_eq!(below, ["Header"], "nothing stands below the header: {story}");
}

fn stop(lock: &mut Lock, sample: &Sample) {
    let (begin, end) = (date(2026, 1, 8), date(2026, 1, 7));
    let message = sample.composer.stop("E1", &Person::nth(1), &sample.weekly(A), begin, ("20", end));
    let message = with(message, |message| {
        let stops = stops_307(message);
        stops.push(stops[0].clone());
        stops[1].status_aanlevering = StatusAanlevering::Gewijzigd;
        stops[1].einddatum = begin;
        stops.push(stops[0].clone());
    });
    refused(
        lock,
        "a stop before its begin, a barred status, and the first stop again",
        &message,
        "TR018 0001 Client/StopProducten/StopProduct[1]; CS058 0001 Client/StopProducten/StopProduct[2]; \
        TR101 0001 Client/StopProducten/StopProduct[3]; TR018 0001 Client/StopProducten/StopProduct[3]",
    );
}

fn aanvraag(lock: &mut Lock, sample: &Sample) {
    let wanted = Allocate { from: date(2026, 4, 1), ..sample.weekly(A) };
    let message = sample.composer.aanvraag("V1", &Person::nth(1), "AANVRAAG-1", &wanted);
    let message = with(message, |message| {
        let producten = &mut client_315(message).producten;
        let third = AangevraagdProduct {
            product: Some(sample.elsewhere()),
            verwijzer: Verwijzer { soort: "06".into(), naam: None, zorgverlener_code: Some("01999999".into()) },
            ..producten[0].clone()
        };
        let mut second = AangevraagdProduct {
            referentie_aanbieder: "AANVRAAG-2".into(),
            verwijzer: Verwijzer {
                soort: "02".into(),
                naam: Some("Fictiefhuisarts".into()),
                zorgverlener_code: Some("01999999".into()),
            },
            ..producten[0].clone()
        };
        let omvang = second.omvang.as_mut().expect("the composer gives one");
        (omvang.eenheid, omvang.frequentie) = (Eenheid::Etmaal, Frequentie::PerDag);
        let first = &mut producten[0];
        first.beschikking_nummer = Some(7);
        first.product.as_mut().expect("the composer gives one").code = None;
        first.verwijzer.soort = "05".into();
        producten.extend([second, third]);
    });
    let [first, second, third] = [1, 2, 3].map(|n| format!("Client/AangevraagdeProducten/AangevraagdProduct[{n}]"));
    refused(
        lock,
        "three products, each with faults of its own, two for the same days, two under one reference",
        &message,
        &format!(
            "CD043 0001 {first}; CD095 0001 {first}; CD067 0001 {first}; \
            TR386 0001 {second}; CS343 0001 {second}; CD066 0001 {second}; \
            TR101 0001 {third}; TR383 0001 {third}; CD068 0001 {third}"
        ),
    );
}

fn wijziging(lock: &mut Lock, sample: &Sample) {
    let person = Person::nth(1);
    let message = |id: &str| sample.composer.wijziging(id, &person, "WIJZIGING-1", &sample.weekly(A));
    let nieuw = |from: Date, code: bool| {
        let mut product = sample.product();
        product.code = product.code.filter(|_| code);
        NieuwProduct {
            product: Some(product),
            gewenste_ingangsdatum: from,
            einddatum: Some(date(2026, 12, 31)),
            omvang: Some(sample.weekly(A).omvang),
            budget: None,
            retour_codes: Vec::new(),
        }
    };
    let only_new = with(message("W1"), |message| {
        let verzoek = verzoek_317(message);
        verzoek.te_wijzigen.clear();
        verzoek.nieuw = vec![nieuw(DAY, true), nieuw(date(2026, 4, 1), false)];
    });
    refused(
        lock,
        "new products alone: one from today on, one without a code, for the same days",
        &only_new,
        "TR352 0001 Client/Verzoek; TR380 0001 Client/Verzoek/NieuweProducten/NieuwProduct[1]; \
        TR410 0001 Client/Verzoek/NieuweProducten/NieuwProduct[2]; \
        CD096 0001 Client/Verzoek/NieuweProducten/NieuwProduct[2]",
    );
    let unchanged = || OngewijzigdProduct { toewijzing_nummer: A, retour_codes: Vec::new() };
    let asks_nothing = with(message("W2"), |message| {
        let verzoek = verzoek_317(message);
        verzoek.te_wijzigen.clear();
        verzoek.ongewijzigd = vec![unchanged(), unchanged()];
    });
    refused(
        lock,
        "one allocation, unchanged and named twice",
        &asks_nothing,
        "TR353 0001 Client/Verzoek; TR101 0001 Client/Verzoek/OngewijzigdeProducten/OngewijzigdProduct[2]",
    );
}

/// The iWmo has no class Woonplaatsbeginsel, and so one rule less to break.
fn antwoord(lock: &mut Lock, sample: &Sample) {
    let without_reason = with(sample.composer.antwoord("A1", "AANVRAAG-1", Some("2")), |message| {
        antwoord_319(message).reden_afwijzing = None;
        antwoord_319(message).woonplaatsbeginsel = (sample.law == Law::Jeugdwet)
            .then(|| Woonplaatsbeginsel { gemeente: "0363".into(), retour_codes: Vec::new() });
    });
    let under_investigation = with(sample.composer.antwoord("A2", "AANVRAAG-1", Some("8")), |message| {
        antwoord_319(message).verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
    });
    let (first, second) = match sample.law {
        Law::Wmo => ("CD085 0001 Antwoord", "CD086 0001 Antwoord"),
        Law::Jeugdwet => ("CD085 0001 Antwoord; TR409 0001 Antwoord", "TR377 0001 Antwoord; CD086 0001 Antwoord"),
    };
    refused(lock, "rejected for no reason", &without_reason, first);
    refused(lock, "under investigation, with the residence principle as reason", &under_investigation, second);
}
