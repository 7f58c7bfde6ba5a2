//! Mutations of stops, requests and answers (307, 315, 317, 319), and of an allocation that honours a request; with the
//! messages that they stand on.

use crate::support::{Sample, antwoord_319, client_315, product_301, stops_307, verzoek_317, with};
use crate::{A, B, Bench, Mutation, anna, good_301, status};
use jiff::civil::date;
use sluis::demo::compose::{Allocate, Person, omvang};
use sluis::message::types::Geboortedatum;
use sluis::message::{
    Body, Bsn, Cents, Count, Date, Eenheid, Frequentie, Identificatie, Law, Message, OngewijzigdProduct, Party,
    Product, StopProduct, TeWijzigenProduct, Woonplaatsbeginsel,
};

/// A request that nobody answered yet, one under investigation, one rejected, one honoured, and one for a change.
const PENDING: &str = "R1";
const INVESTIGATED: &str = "R2";
const REJECTED: &str = "R3";
const HONOURED: &str = "R4";
const CHANGE: &str = "R5";

/// Allocations of clients who have one each: honoured, stopped for a time, stopped for good, generic, of a category
/// alone, and with a change pending.
const ALLOCATION_HONOURED: Count = 21;
const STOPPED_FOR_A_TIME: Count = 22;
const STOPPED: Count = 23;
const GENERIC: Count = 24;
const ASPECIFIC: Count = 25;
const CHANGING: Count = 26;

/// The persons of the requests and allocations above.
const WITH_PENDING: u32 = 5;
const WITH_INVESTIGATED: u32 = 6;
const WITH_REJECTED: u32 = 7;
const WITH_HONOURED: u32 = 8;
const WITH_TEMPORARY_STOP: u32 = 9;
const WITH_STOP: u32 = 10;
const WITH_GENERIC: u32 = 11;
const WITH_ASPECIFIC: u32 = 12;
const WITH_CHANGE: u32 = 13;

pub const BEGIN: Date = date(2026, 1, 8);
const STOPPED_ON: Date = date(2026, 2, 10);

/// References and allocations that generators choose from.
pub const REFERENCES: &[&str] = &["Q1", "Q2", PENDING, INVESTIGATED, REJECTED, HONOURED, CHANGE];
pub const ALLOCATIONS: &[Count] = &[A, A, B, B, 3, STOPPED_FOR_A_TIME, STOPPED, GENERIC, ASPECIFIC, CHANGING, 99];

/// Puts stops, requests and answers on the bench.
pub fn put_on(bench: &Bench, sample: &Sample) {
    let person = Person::nth;
    let wanted = Allocate { from: date(2026, 4, 1), ..sample.weekly(0) };
    for (id, who, referentie) in [
        ("G1", WITH_PENDING, PENDING),
        ("G2", WITH_INVESTIGATED, INVESTIGATED),
        ("G3", WITH_REJECTED, REJECTED),
        ("G4", WITH_HONOURED, HONOURED),
    ] {
        bench.given(&sample.aanvraag(id, &person(who), &[(referentie, &wanted)]));
    }
    bench.given(&sample.antwoord("G1", INVESTIGATED, None));
    bench.given(&sample.antwoord("G2", REJECTED, Some("2")));
    let honoured = Allocate { nummer: ALLOCATION_HONOURED, ..wanted };
    bench.given(&with(sample.toewijzing("G4", &person(WITH_HONOURED), &[honoured]), |message| {
        product_301(message, 0).referentie_aanbieder = Some(HONOURED.into());
    }));
    for (id, who, nummer, reden) in
        [("G5", WITH_TEMPORARY_STOP, STOPPED_FOR_A_TIME, "20"), ("G6", WITH_STOP, STOPPED, "02")]
    {
        let (who, allocation) = (person(who), sample.weekly(nummer));
        bench.given(&sample.toewijzing(id, &who, std::slice::from_ref(&allocation)));
        bench.given(&sample.start(id, &who, &[(&allocation, BEGIN)]));
        bench.given(&sample.stop(id, &who, &[(&allocation, BEGIN, reden, STOPPED_ON)]));
    }
    for (id, who, nummer) in [("G7", WITH_GENERIC, GENERIC), ("G8", WITH_ASPECIFIC, ASPECIFIC)] {
        bench.given(&with(sample.toewijzing(id, &person(who), &[sample.weekly(nummer)]), |message| {
            let product = product_301(message, 0);
            product.product = product.product.take().filter(|_| nummer == ASPECIFIC).map(without_code);
            (product.omvang, product.budget) = (None, Some(Cents(100_000)));
        }));
    }
    bench.given(&sample.toewijzing("G9", &person(WITH_CHANGE), &[sample.weekly(CHANGING)]));
    bench.given(&sample.wijziging("G1", &person(WITH_CHANGE), CHANGE, (&[], &[sample.weekly(CHANGING)], &[])));
}

fn without_code(product: Product) -> Product {
    Product { code: None, ..product }
}

/// A third product of the segment.
fn third(sample: &Sample) -> Allocate {
    let product = match sample.law {
        Law::Wmo => crate::support::product("02", "02A01"),
        Law::Jeugdwet => crate::support::product("45", "45A01"),
    };
    Allocate { product, from: date(2026, 4, 1), ..sample.weekly(0) }
}

pub fn good_307(sample: &Sample) -> Message {
    sample.stop("E1", &anna(), &[(&sample.weekly(A), BEGIN, "02", date(2026, 2, 28))])
}

/// The definitive stop after a temporary one.
fn good_second_stop(sample: &Sample) -> Message {
    let stop = (&sample.weekly(STOPPED_FOR_A_TIME), BEGIN, "02", date(2026, 2, 28));
    sample.stop("E1", &Person::nth(WITH_TEMPORARY_STOP), &[stop])
}

/// The deletion of a definitive stop.
fn good_deletion(sample: &Sample) -> Message {
    let stop = (&sample.weekly(STOPPED), BEGIN, "02", STOPPED_ON);
    with(sample.stop("E1", &Person::nth(WITH_STOP), &[stop]), |message| {
        stop_307(message).status_aanlevering = status("3");
    })
}

/// Two products of one category.
pub fn good_315(sample: &Sample) -> Message {
    let other = Allocate { product: sample.other(), ..third(sample) };
    sample.aanvraag("V1", &anna(), &[("Q1", &third(sample)), ("Q2", &other)])
}

/// One allocation unchanged, one at another volume from April on, and a new product.
pub fn good_317(sample: &Sample) -> Message {
    let more =
        Allocate { from: date(2026, 4, 1), omvang: omvang(5, Eenheid::Uur, Frequentie::PerWeek), ..sample.weekly(A) };
    sample.wijziging("W1", &anna(), "Q1", (&[B], &[more], &[third(sample)]))
}

/// Another budget of a generic allocation.
fn good_generic(sample: &Sample) -> Message {
    another_budget(sample, WITH_GENERIC, GENERIC)
}

/// Another budget of an allocation of a category alone.
fn good_aspecific(sample: &Sample) -> Message {
    another_budget(sample, WITH_ASPECIFIC, ASPECIFIC)
}

fn another_budget(sample: &Sample, who: u32, nummer: Count) -> Message {
    let message = sample.wijziging("W1", &Person::nth(who), "Q1", (&[], &[sample.weekly(nummer)], &[]));
    with(message, |message| {
        let wanted = te_wijzigen(message);
        (wanted.omvang, wanted.budget) = (None, Some(Cents(120_000)));
    })
}

/// A rejection.
pub fn good_319(sample: &Sample) -> Message {
    sample.antwoord("A1", PENDING, Some("2"))
}

/// That a request is under investigation.
fn good_investigation(sample: &Sample) -> Message {
    sample.antwoord("A1", PENDING, None)
}

/// A rejection on the residence principle.
fn good_residence(sample: &Sample) -> Message {
    with(sample.antwoord("A1", PENDING, Some("8")), |message| {
        antwoord_319(message).woonplaatsbeginsel = Some(winterswijk());
    })
}

fn winterswijk() -> Woonplaatsbeginsel {
    Woonplaatsbeginsel { gemeente: Party::from("0294"), retour_codes: Vec::new() }
}

/// Tables by the laws that they hold for.
pub const MUTATIONS: &[(&[Law], &[Mutation])] = &[
    (&Law::ALL, ALLOCATIONS_ON_REQUEST),
    (&Law::ALL, STOPS),
    (&Law::ALL, REQUESTS),
    (&Law::ALL, CHANGES),
    (&Law::ALL, ANSWERS),
    (&[Law::Jeugdwet], RESIDENCE),
];

const ALLOCATIONS_ON_REQUEST: &[Mutation] = &[(
    "an allocation on a request that nobody made",
    good_301,
    |m| product_301(m, 0).referentie_aanbieder = Some("nobody".into()),
    &["TR379"],
)];

const STOPS: &[Mutation] = &[
    ("nothing in a 307", good_307, |_| {}, &[]),
    ("nothing in a definitive stop after a temporary one", good_second_stop, |_| {}, &[]),
    ("nothing in a deletion", good_deletion, |_| {}, &[]),
    ("born 121 years ago", good_307, |m| born(m).datum = date(1905, 3, 9), &["TR002"]),
    ("born tomorrow", good_307, |m| born(m).datum = date(2026, 3, 11), &["TR134"]),
    ("a birth date known by its year", good_307, |m| *born(m) = by_year(), &["CS139"]),
    ("a number that fails the eleven test", good_307, |m| set_bsn(m, &Bsn::from("999900007")), &["CS002"]),
    ("a status that is barred", good_307, |m| stop_307(m).status_aanlevering = status("2"), &["CS058"]),
    ("stopped the day before it began", good_307, |m| stop_307(m).einddatum = date(2026, 1, 7), &["TR018"]),
    ("stopped on the day it began", good_307, |m| stop_307(m).einddatum = BEGIN, &[]),
    (
        "one stop twice",
        good_307,
        |m| {
            let again = stop_307(m).clone();
            stops_307(m).push(again);
        },
        &["TR101"],
    ),
    ("no such allocation", good_307, |m| stop_307(m).toewijzing_nummer = Some(99), &["TR019", "TR382"]),
    ("another client's allocation", good_307, |m| stop_307(m).toewijzing_nummer = Some(3), &["TR019", "TR382"]),
    ("another first day than the start", good_307, |m| stop_307(m).begindatum = date(2026, 1, 9), &["TR382"]),
    ("nothing to delete", good_307, |m| stop_307(m).status_aanlevering = status("3"), &["TR063"]),
    ("a second temporary stop", good_second_stop, |m| stop_307(m).reden_beeindiging = "20".into(), &["TR413"]),
    ("before the temporary stop", good_second_stop, |m| stop_307(m).einddatum = date(2026, 2, 9), &["TR414"]),
    ("on the day of the temporary stop", good_second_stop, |m| stop_307(m).einddatum = STOPPED_ON, &[]),
    ("a stop reported again", good_deletion, |m| stop_307(m).status_aanlevering = status("1"), &["TR074", "TR415"]),
    (
        "a second definitive stop",
        good_deletion,
        |m| {
            let stop = stop_307(m);
            (stop.status_aanlevering, stop.einddatum) = (status("1"), date(2026, 2, 28));
        },
        &["TR415"],
    ),
    ("a code that is on no list", good_307, |m| product(m).code = Some("99Z99".into()), &["TR381", "TR382"]),
    ("an identification used before", good_307, |m| identify(m, "G5"), &["TR056"]),
    ("a municipality that does not exist", good_307, |m| m.header.ontvanger = Party::from("9998"), &["TR378"]),
];

const REQUESTS: &[Mutation] = &[
    ("nothing in a 315", good_315, |_| {}, &[]),
    ("born 121 years ago", good_315, |m| born(m).datum = date(1905, 3, 9), &["TR002"]),
    ("born tomorrow", good_315, |m| born(m).datum = date(2026, 3, 11), &["TR134"]),
    ("a birth date known by its year", good_315, |m| *born(m) = by_year(), &["CS139"]),
    ("a number that fails the eleven test", good_315, |m| set_bsn(m, &Bsn::from("999900007")), &["CS002"]),
    (
        "one reference twice",
        good_315,
        |m| client_315(m).producten[1].referentie_aanbieder = "Q1".into(),
        &["TR101", "TR383"],
    ),
    (
        "one product twice in one period",
        good_315,
        |m| {
            let product = client_315(m).producten[0].product.clone();
            client_315(m).producten[1].product = product;
        },
        &["TR386"],
    ),
    ("a code without volume", good_315, |m| client_315(m).producten[0].omvang = None, &["CD041"]),
    ("a decision without its day", good_315, |m| client_315(m).producten[0].beschikking_nummer = Some(1), &["CD043"]),
    (
        "the day of no decision",
        good_315,
        |m| client_315(m).producten[0].beschikking_ingangsdatum = Some(date(2026, 3, 1)),
        &["CD043"],
    ),
    ("a professional by code and name", good_315, |m| verwijzer(m, "02", true, true), &["CD066"]),
    ("a professional by neither", good_315, |m| verwijzer(m, "05", false, false), &["CD067"]),
    ("a professional by code", good_315, |m| verwijzer(m, "02", true, false), &[]),
    ("a professional by name", good_315, |m| verwijzer(m, "03", false, true), &[]),
    ("nobody in particular by code", good_315, |m| verwijzer(m, "01", true, false), &["CD068"]),
    (
        "a budget without an end",
        good_315,
        |m| {
            let product = only_product_315(m);
            (product.omvang, product.budget, product.toewijzing_einddatum) = (None, Some(Cents(1)), None);
            product.product = product.product.take().map(without_code);
        },
        &["CD075"],
    ),
    (
        "a volume per week without an end",
        good_315,
        |m| client_315(m).producten[0].toewijzing_einddatum = None,
        &["CD076"],
    ),
    ("budget and volume", good_315, |m| client_315(m).producten[0].budget = Some(Cents(1)), &["CD077", "CD078"]),
    (
        "neither product nor budget",
        good_315,
        |m| {
            let product = only_product_315(m);
            (product.product, product.omvang) = (None, None);
        },
        &["CD079"],
    ),
    (
        "volume without a code",
        good_315,
        |m| {
            let product = only_product_315(m);
            product.product = product.product.take().map(without_code);
        },
        &["CD095"],
    ),
    (
        "an end before the begin",
        good_315,
        |m| client_315(m).producten[0].toewijzing_einddatum = Some(date(2026, 3, 31)),
        &["CS003"],
    ),
    (
        "per day in etmalen",
        good_315,
        |m| client_315(m).producten[0].omvang = Some(omvang(1, Eenheid::Etmaal, Frequentie::PerDag)),
        &["CS343"],
    ),
    (
        "a reference used before",
        good_315,
        |m| client_315(m).producten[0].referentie_aanbieder = HONOURED.into(),
        &["TR347"],
    ),
    ("a client with a request pending", good_315, |m| set_bsn(m, Person::nth(WITH_PENDING).bsn()), &["TR374"]),
    (
        "a client with a request under investigation",
        good_315,
        |m| set_bsn(m, Person::nth(WITH_INVESTIGATED).bsn()),
        &["TR374"],
    ),
    ("a client with a change pending", good_315, |m| set_bsn(m, Person::nth(WITH_CHANGE).bsn()), &["TR374"]),
    ("a client whose request was rejected", good_315, |m| set_bsn(m, Person::nth(WITH_REJECTED).bsn()), &[]),
    ("a client whose request was honoured", good_315, |m| set_bsn(m, Person::nth(WITH_HONOURED).bsn()), &[]),
    ("a code that is on no list", good_315, |m| product(m).code = Some("99Z99".into()), &["TR381"]),
    ("an identification used before", good_315, |m| identify(m, "G1"), &["TR056"]),
    ("a municipality that does not exist", good_315, |m| m.header.ontvanger = Party::from("9998"), &["TR378"]),
];

const CHANGES: &[Mutation] = &[
    ("nothing in a 317", good_317, |_| {}, &[]),
    ("nothing in a change of a generic allocation", good_generic, |_| {}, &[]),
    ("nothing in a change of an aspecific allocation", good_aspecific, |_| {}, &[]),
    ("a number that fails the eleven test", good_317, |m| set_bsn(m, &Bsn::from("999900007")), &["CS002"]),
    ("one allocation twice among the unchanged", good_317, |m| leave(m, B), &["TR101"]),
    (
        "nothing that stands already",
        good_317,
        |m| (verzoek_317(m).ongewijzigd, verzoek_317(m).te_wijzigen) = (Vec::new(), Vec::new()),
        &["TR352"],
    ),
    (
        "nothing asked for",
        good_317,
        |m| {
            (verzoek_317(m).te_wijzigen, verzoek_317(m).nieuw) = (Vec::new(), Vec::new());
            leave(m, A);
        },
        &["TR353"],
    ),
    (
        "a new product from the day of signing",
        good_317,
        |m| verzoek_317(m).nieuw[0].gewenste_ingangsdatum = date(2026, 3, 10),
        &["TR380"],
    ),
    (
        "a new product from the day after signing",
        good_317,
        |m| verzoek_317(m).nieuw[0].gewenste_ingangsdatum = date(2026, 3, 11),
        &[],
    ),
    (
        "a new product twice in one period",
        good_317,
        |m| {
            let mut again = verzoek_317(m).nieuw[0].clone();
            again.gewenste_ingangsdatum = date(2026, 5, 1);
            verzoek_317(m).nieuw.push(again);
        },
        &["TR410"],
    ),
    ("a new code without volume", good_317, |m| verzoek_317(m).nieuw[0].omvang = None, &["CD041"]),
    ("a budget without an end", good_generic, |m| te_wijzigen(m).einddatum = None, &["CD075"]),
    ("a volume per week without an end", good_317, |m| te_wijzigen(m).einddatum = None, &["CD076"]),
    ("budget and volume", good_317, |m| te_wijzigen(m).budget = Some(Cents(1)), &["CD077", "CD078"]),
    (
        "neither product nor budget",
        good_317,
        |m| (verzoek_317(m).nieuw[0].product, verzoek_317(m).nieuw[0].omvang) = (None, None),
        &["CD079"],
    ),
    ("a new volume without a code", good_317, |m| product(m).code = None, &["CD096"]),
    ("an end before the begin", good_317, |m| te_wijzigen(m).einddatum = Some(date(2026, 3, 31)), &["CS003"]),
    (
        "per day in etmalen",
        good_317,
        |m| verzoek_317(m).nieuw[0].omvang = Some(omvang(1, Eenheid::Etmaal, Frequentie::PerDag)),
        &["CS338"],
    ),
    ("a client whom nobody knows", good_317, |m| set_bsn(m, Person::nth(3).bsn()), &["TR304", "TR350", "TR351"]),
    ("an allocation left out", good_317, |m| verzoek_317(m).ongewijzigd.clear(), &["TR349"]),
    ("an unknown allocation unchanged", good_317, |m| leave(m, 99), &["TR350"]),
    ("another client's allocation unchanged", good_317, |m| leave(m, 3), &["TR350"]),
    (
        "an unknown allocation to be changed",
        good_317,
        |m| {
            let mut other = te_wijzigen(m).clone();
            other.toewijzing_nummer = 99;
            verzoek_317(m).te_wijzigen.push(other);
        },
        &["TR351"],
    ),
    (
        "a change from a day of the past on",
        good_317,
        |m| te_wijzigen(m).gewenste_ingangsdatum = date(2026, 2, 1),
        &["TR357"],
    ),
    ("a change over the whole duration", good_317, |m| te_wijzigen(m).gewenste_ingangsdatum = date(2026, 1, 1), &[]),
    (
        "a new product that is allocated already",
        good_317,
        |m| *product(m) = Sample::of(m.kind.law).product(),
        &["TR361"],
    ),
    ("an allocation both unchanged and to be changed", good_317, |m| leave(m, A), &["TR361"]),
    (
        "another budget from April on",
        good_generic,
        |m| te_wijzigen(m).gewenste_ingangsdatum = date(2026, 4, 1),
        &["TR373"],
    ),
    (
        "a total from April on",
        good_317,
        |m| te_wijzigen(m).omvang = Some(omvang(200, Eenheid::Uur, Frequentie::Totaal)),
        &["TR373"],
    ),
    ("no volume for a code", good_317, |m| te_wijzigen(m).omvang = None, &["TR411"]),
    ("a volume for a category alone", good_aspecific, volume_for_budget, &["TR412"]),
    ("a volume for a generic allocation", good_generic, volume_for_budget, &["TR375", "TR412"]),
    ("a reference used before", good_317, |m| verzoek_317(m).referentie_aanbieder = REJECTED.into(), &["TR347"]),
    (
        "a client with a change pending",
        good_317,
        |m| {
            set_bsn(m, Person::nth(WITH_CHANGE).bsn());
            verzoek_317(m).ongewijzigd.clear();
            te_wijzigen(m).toewijzing_nummer = CHANGING;
        },
        &["TR374"],
    ),
    ("a code that is on no list", good_317, |m| product(m).code = Some("99Z99".into()), &["TR381"]),
    ("an identification used before", good_317, |m| identify(m, "G1"), &["TR056"]),
    ("a municipality that does not exist", good_317, |m| m.header.ontvanger = Party::from("9998"), &["TR378"]),
];

const ANSWERS: &[Mutation] = &[
    ("nothing in a 319", good_319, |_| {}, &[]),
    ("nothing in an answer that a request is under investigation", good_investigation, |_| {}, &[]),
    ("a rejection without a reason", good_319, |m| antwoord_319(m).reden_afwijzing = None, &["CD085"]),
    (
        "a reason before the rejection",
        good_investigation,
        |m| antwoord_319(m).reden_afwijzing = Some("2".into()),
        &["CD086"],
    ),
    ("an answer to nothing", good_319, |m| answer(m, "nobody"), &["TR355"]),
    ("a rejection of what is allocated", good_319, |m| answer(m, HONOURED), &["TR359"]),
    ("an answer to a request for change", good_319, |m| answer(m, CHANGE), &[]),
    ("a rejection after investigation", good_319, |m| answer(m, INVESTIGATED), &[]),
    ("under investigation a second time", good_investigation, |m| answer(m, INVESTIGATED), &["TR360"]),
    ("rejected a second time", good_319, |m| answer(m, REJECTED), &["TR365"]),
    ("under investigation after the rejection", good_investigation, |m| answer(m, REJECTED), &["TR360", "TR365"]),
    ("an identification used before", good_319, |m| identify(m, "G1"), &["TR056"]),
    ("a municipality that does not exist", good_319, |m| m.header.afzender = Party::from("9998"), &["TR378"]),
];

const RESIDENCE: &[Mutation] = &[
    ("nothing in a rejection on the residence principle", good_residence, |_| {}, &[]),
    (
        "no municipality that is responsible instead",
        good_residence,
        |m| antwoord_319(m).woonplaatsbeginsel = None,
        &["TR377"],
    ),
    (
        "a municipality for another reason",
        good_residence,
        |m| antwoord_319(m).reden_afwijzing = Some("2".into()),
        &["TR409"],
    ),
];

/// The good messages of every number that is judged in full here: what a message signed tomorrow is made of.
pub const GOOD: &[fn(&Sample) -> Message] = &[
    crate::good_301,
    crate::good_305,
    good_307,
    good_second_stop,
    good_deletion,
    good_315,
    good_317,
    good_generic,
    good_aspecific,
    good_319,
    good_investigation,
    crate::good_323,
];

fn by_year() -> Geboortedatum {
    Geboortedatum { datum: date(1980, 1, 2), datum_gebruik: Some("2".into()) }
}

fn born(message: &mut Message) -> &mut Geboortedatum {
    match &mut message.body {
        Body::Stop(client) => &mut client.geboortedatum,
        Body::Aanvraag(client) => &mut client.geboortedatum,
        other => panic!("no birth date in {other:?}"),
    }
}

fn set_bsn(message: &mut Message, bsn: &Bsn) {
    let field = match &mut message.body {
        Body::Stop(client) => &mut client.bsn,
        Body::Aanvraag(client) => &mut client.bsn,
        Body::Wijziging(client) => &mut client.bsn,
        other => panic!("no client in {other:?}"),
    };
    field.clone_from(bsn);
}

/// The first product of a 307 or 315, and of a 317 the new one.
fn product(message: &mut Message) -> &mut Product {
    let product = match &mut message.body {
        Body::Stop(client) => &mut client.producten[0].product,
        Body::Aanvraag(client) => &mut client.producten[0].product,
        Body::Wijziging(client) => &mut client.verzoek.nieuw[0].product,
        other => panic!("no product in {other:?}"),
    };
    product.as_mut().expect("it has a product")
}

fn stop_307(message: &mut Message) -> &mut StopProduct {
    &mut stops_307(message)[0]
}

/// Takes all products but the first away, and gives that one.
fn only_product_315(message: &mut Message) -> &mut sluis::message::AangevraagdProduct {
    client_315(message).producten.truncate(1);
    &mut client_315(message).producten[0]
}

fn verwijzer(message: &mut Message, soort: &str, code: bool, naam: bool) {
    let verwijzer = &mut client_315(message).producten[0].verwijzer;
    verwijzer.soort = soort.into();
    verwijzer.naam = naam.then(|| "Fictieve Verwijzer".into());
    verwijzer.zorgverlener_code = code.then(|| Party::from("01999999"));
}

fn te_wijzigen(message: &mut Message) -> &mut TeWijzigenProduct {
    &mut verzoek_317(message).te_wijzigen[0]
}

fn volume_for_budget(message: &mut Message) {
    let wanted = te_wijzigen(message);
    (wanted.omvang, wanted.budget) = (Some(omvang(3, Eenheid::Uur, Frequentie::PerWeek)), None);
}

/// Lists an allocation as unchanged.
fn leave(message: &mut Message, toewijzing_nummer: Count) {
    verzoek_317(message).ongewijzigd.push(OngewijzigdProduct { toewijzing_nummer, retour_codes: Vec::new() });
}

fn answer(message: &mut Message, referentie: &str) {
    antwoord_319(message).referentie_aanbieder = referentie.into();
}

fn identify(message: &mut Message, id: &str) {
    message.header.identificatie.identificatie = Identificatie::from(id);
}
