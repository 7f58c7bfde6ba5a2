//! Messages of every number with whatever their schemas allow, on the references and allocations of the bench.

use crate::requests::BEGIN;
use crate::requests::{ALLOCATIONS, REFERENCES};
use crate::support::{DAY, Sample, antwoord_319, client_315, stops_307, verzoek_317, with};
use crate::{A, anna, any_301, any_305, any_323, day, line, status, words};
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;
use sluis::demo::compose::{Person, omvang};
use sluis::message::{
    AangevraagdProduct, Antwoord, BerichtIdentificatie, Body, Cents, Contact, Count, Date, Declaratie,
    DeclaratieAntwoord, Eenheid, Frequentie, Kind, Law, Message, NieuwProduct, Number, Omvang, OngewijzigdProduct,
    Party, Product, Retour, RetourCode, StopProduct, TeWijzigenProduct, ToewijzingClient, TotaalBedragMetDC, Verwijzer,
    Verzoek, VerzoekAntwoord, WijzigingClient, Woonplaatsbeginsel, XsdVersie,
};

/// A message of this kind.
pub fn any_message(kind: Kind) -> BoxedStrategy<Message> {
    let law = kind.law;
    match kind.number {
        Number::N301 => any_301(law).boxed(),
        Number::N305 => any_305(law).boxed(),
        Number::N307 => any_307(law).boxed(),
        Number::N315 => any_315(law).boxed(),
        Number::N317 => any_317(law).boxed(),
        Number::N319 => any_319(law).boxed(),
        Number::N323 => any_323(law).boxed(),
        Number::N325 => any_325(law).boxed(),
        Number::N302 | Number::N306 | Number::N308 | Number::N316 | Number::N318 | Number::N320 => {
            let answered = kind.number.answers().expect("a return message answers a number");
            any_retour(any_message(Kind::new(law, answered)))
        }
    }
}

/// One of the persons of the bench, or a stranger.
fn a_person() -> impl Strategy<Value = Person> {
    (1_u32..15).prop_map(Person::nth)
}

fn a_reference() -> impl Strategy<Value = String> {
    let free = words(30).prop_map(|text| text.0.replace(['\n', '\r', '\t'], "-"));
    prop_oneof![3 => select(REFERENCES.to_vec()).prop_map(str::to_owned), 1 => free]
}

fn a_number() -> impl Strategy<Value = Count> {
    prop_oneof![9 => select(ALLOCATIONS.to_vec()), 1 => 0_u64..=999_999_999]
}

/// Mostly a period that fits the bench; else any two days.
fn a_period() -> impl Strategy<Value = (Date, Option<Date>)> {
    let [january, april, december] = [(1, 1), (4, 1), (12, 31)].map(|(month, day)| Date::constant(2026, month, day));
    let fitting = vec![(january, Some(december)), (april, Some(december)), (april, Some(december))];
    prop_oneof![5 => select(fitting), 1 => (a_day(), proptest::option::of(a_day()))]
}

/// Days around those of the bench, and any other.
fn a_day() -> impl Strategy<Value = Date> {
    let near = [(2026, 1, 1), (2026, 1, 8), (2026, 2, 10), (2026, 2, 28), (2026, 3, 10), (2026, 4, 1), (2026, 12, 31)]
        .map(|(year, month, day)| Date::constant(year, month, day));
    prop_oneof![4 => select(near.to_vec()), 1 => day()]
}

fn a_product(law: Law) -> impl Strategy<Value = Option<Product>> {
    let sample = Sample::of(law);
    let products = vec![sample.product(), sample.other(), sample.elsewhere()];
    proptest::option::weighted(0.95, (select(products), proptest::bool::weighted(0.95)))
        .prop_map(|product| product.map(|(product, coded)| Product { code: product.code.filter(|_| coded), ..product }))
}

/// Mostly a volume a week; else any volume and any budget.
fn a_size() -> impl Strategy<Value = (Option<Omvang>, Option<Cents>)> {
    let size = (0..99_999_999_u64, select(Eenheid::ALL), select(Frequentie::ALL))
        .prop_map(|(volume, eenheid, frequentie)| omvang(volume, eenheid, frequentie));
    let any = (proptest::option::of(size), proptest::option::of((0_i64..99_999_999).prop_map(Cents)));
    prop_oneof![5 => (1..9_u64).prop_map(|volume| (Some(omvang(volume, Eenheid::Uur, Frequentie::PerWeek)), None)), 1 => any]
}

fn any_307(law: Law) -> impl Strategy<Value = Message> {
    let sample = Sample::of(law);
    let base = stops_307(&mut sample.stop("E1", &anna(), &[(&sample.weekly(A), BEGIN, "02", BEGIN)])).remove(0);
    let reasons = match law {
        Law::Wmo => vec!["02", "20", "20", "19", "31"],
        Law::Jeugdwet => vec!["02", "20", "20", "31", "35"],
    };
    let stop = (
        (proptest::option::weighted(0.9, a_number()), a_product(law), proptest::option::of(a_day())),
        prop_oneof![5 => (Just(BEGIN), select(vec![BEGIN, date(2026, 2, 10), DAY])), 1 => (a_day(), a_day())],
        (select(reasons), select(vec!["1", "1", "1", "1", "3", "3", "3", "2", "9"])),
    )
        .prop_map(move |((nummer, product, ingangsdatum), (begin, end), (reden, status_code))| StopProduct {
            toewijzing_nummer: nummer,
            product,
            toewijzing_ingangsdatum: ingangsdatum,
            begindatum: begin,
            einddatum: end,
            reden_beeindiging: reden.into(),
            status_aanlevering: status(status_code),
            ..base.clone()
        });
    (a_person(), proptest::collection::vec(stop, 1..4)).prop_map(move |(person, stops)| {
        with(sample.stop("E1", &person, &[(&sample.weekly(A), BEGIN, "02", BEGIN)]), |message| {
            *stops_307(message) = stops;
        })
    })
}

fn any_315(law: Law) -> impl Strategy<Value = Message> {
    let sample = Sample::of(law);
    let anybody = (
        select(vec!["01", "02", "03", "04", "05", "06"]),
        proptest::option::of(line(60)),
        proptest::option::of(select(vec!["01999999", "00000000"])),
    );
    let verwijzer = prop_oneof![2 => (Just("01"), proptest::option::of(line(60)), Just(None)), 1 => anybody].prop_map(
        |(soort, naam, code)| Verwijzer { soort: soort.into(), naam, zorgverlener_code: code.map(Party::from) },
    );
    let product = (
        (a_reference(), a_product(law), a_size(), verwijzer),
        (
            proptest::option::of(0_u64..=999_999_999),
            proptest::option::of(a_day()),
            a_day(),
            proptest::option::of(a_day()),
        ),
        (proptest::option::of(select(vec!["1", "2"])), proptest::option::of(words(60))),
    )
        .prop_map(
            |((referentie, product, (omvang, budget), verwijzer), (beschikking, decided, from, to), more)| {
                AangevraagdProduct {
                    referentie_aanbieder: referentie.as_str().into(),
                    beschikking_nummer: beschikking,
                    product,
                    beschikking_ingangsdatum: decided,
                    toewijzing_ingangsdatum: from,
                    toewijzing_einddatum: to,
                    omvang,
                    budget,
                    verwijzer,
                    raamcontract: more.0.map(Into::into),
                    commentaar: more.1,
                    retour_codes: Vec::new(),
                }
            },
        );
    let gezagsdrager = proptest::option::of(select(vec!["1", "2"]));
    (a_person(), proptest::collection::vec(product, 1..4), gezagsdrager, proptest::option::of(words(40))).prop_map(
        move |(person, producten, gezagsdrager, commentaar)| {
            with(sample.aanvraag("V1", &person, &[("Q1", &sample.weekly(0))]), |message| {
                let client = client_315(message);
                (client.producten, client.commentaar) = (producten, commentaar);
                client.gezagsdrager_bekend = gezagsdrager.filter(|_| law == Law::Jeugdwet).map(Into::into);
            })
        },
    )
}

fn any_317(law: Law) -> impl Strategy<Value = Message> {
    let sample = Sample::of(law);
    let ongewijzigd =
        a_number().prop_map(|toewijzing_nummer| OngewijzigdProduct { toewijzing_nummer, retour_codes: Vec::new() });
    let te_wijzigen = (a_number(), a_day(), proptest::option::of(a_day()), a_size()).prop_map(
        |(nummer, from, to, (omvang, budget))| TeWijzigenProduct {
            toewijzing_nummer: nummer,
            gewenste_ingangsdatum: from,
            einddatum: to,
            omvang,
            budget,
            retour_codes: Vec::new(),
        },
    );
    let nieuw = (a_product(law), a_period(), a_size()).prop_map(|(product, (from, to), (omvang, budget))| {
        NieuwProduct { product, gewenste_ingangsdatum: from, einddatum: to, omvang, budget, retour_codes: Vec::new() }
    });
    let products = (
        proptest::collection::vec(ongewijzigd, 0..3),
        proptest::collection::vec(te_wijzigen, 0..3),
        proptest::collection::vec(nieuw, 0..3),
    );
    (a_person(), a_reference(), select(vec!["1", "2"]), products).prop_map(
        move |(person, referentie, reden, (ongewijzigd, te_wijzigen, nieuw))| {
            with(sample.wijziging("W1", &person, &referentie, (&[], &[], &[])), |message| {
                let verzoek = verzoek_317(message);
                verzoek.reden_verzoek = reden.into();
                (verzoek.ongewijzigd, verzoek.te_wijzigen, verzoek.nieuw) = (ongewijzigd, te_wijzigen, nieuw);
            })
        },
    )
}

fn any_319(law: Law) -> impl Strategy<Value = Message> {
    let reasons = vec!["1", "2", "8", "9"];
    let gemeente = select(vec!["0294", "9998"]);
    (
        a_reference(),
        select(VerzoekAntwoord::ALL),
        proptest::option::of(select(reasons)),
        proptest::option::weighted(0.3, gemeente),
    )
        .prop_map(move |(referentie, verzoek_antwoord, reden, gemeente)| {
            with(Sample::of(law).antwoord("A1", &referentie, None), |message| {
                let antwoord = antwoord_319(message);
                (antwoord.verzoek_antwoord, antwoord.reden_afwijzing) = (verzoek_antwoord, reden.map(Into::into));
                antwoord.woonplaatsbeginsel = gemeente
                    .filter(|_| law == Law::Jeugdwet)
                    .map(|gemeente| Woonplaatsbeginsel { gemeente: Party::from(gemeente), retour_codes: Vec::new() });
            })
        })
}

/// Lists of return codes, one to two each, to hand out class by class.
fn codes() -> impl Strategy<Value = Codes> {
    let code = select(vec!["0200", "0200", "0233", "8187", "9019", "9347", "9349", "9351", "9390", "S329"]);
    let list = proptest::collection::vec(code.prop_map(RetourCode::from), 1..3);
    proptest::collection::vec(list, 1..6).prop_map(|lists| Codes { lists, next: 0 })
}

#[derive(Debug, Clone)]
struct Codes {
    lists: Vec<Vec<RetourCode>>,
    next: usize,
}

impl Codes {
    fn next(&mut self) -> Vec<RetourCode> {
        self.next += 1;
        self.lists[self.next % self.lists.len()].clone()
    }
}

fn versions() -> XsdVersie {
    XsdVersie { basisschema: "1.0.0".into(), bericht: "1.12.0".into() }
}

/// The reply to a forward message, half of the time to one of the bench: bare, or with all that it answers.
fn any_retour(answered: BoxedStrategy<Message>) -> BoxedStrategy<Message> {
    (answered, codes(), day(), proptest::bool::ANY, (0_u8..3, proptest::option::of(select(vec!["G1", "G2"]))))
        .prop_map(|(answered, mut codes, on, xslt, (form, of_the_bench))| {
            let number = answered.kind.number.answered_by().expect("a forward message is answered");
            let kind = Kind::new(answered.kind.law, number);
            let mut header = answered.header;
            header.bericht_code = kind.bericht_code().into();
            if let Some(known) = of_the_bench {
                header.identificatie.identificatie = known.into();
            }
            header.identificatie_retour = Some("R1".into());
            header.dagtekening_retour = Some(on);
            header.xslt_versie = xslt.then(|| "3.2.1".into());
            header.xsd_versie_retour = Some(versions());
            if form > 0 {
                header.retour_codes = codes.next();
            }
            let body = (form > 1).then(|| judged(answered.body, &mut codes));
            Message { kind, release: answered.release, header, body: Body::Retour(body) }
        })
        .boxed()
}

/// What a return message repeats, each class with its codes.
fn judged(body: Body, codes: &mut Codes) -> Retour {
    match body {
        Body::Toewijzing(mut client) => {
            judge_toewijzing(&mut client, codes);
            Retour::Toewijzing(client)
        }
        Body::Start(mut client) => {
            client.producten.iter_mut().for_each(|product| product.retour_codes = codes.next());
            client.retour_codes = codes.next();
            Retour::Start(client)
        }
        Body::Stop(mut client) => {
            client.producten.iter_mut().for_each(|product| product.retour_codes = codes.next());
            client.retour_codes = codes.next();
            Retour::Stop(client)
        }
        Body::Aanvraag(mut client) => {
            client.producten.iter_mut().for_each(|product| product.retour_codes = codes.next());
            client.retour_codes = codes.next();
            Retour::Aanvraag(client)
        }
        Body::Wijziging(mut client) => {
            judge_wijziging(&mut client, codes);
            Retour::Wijziging(client)
        }
        Body::Antwoord(mut antwoord) => {
            judge_antwoord(&mut antwoord, codes);
            Retour::Antwoord(antwoord)
        }
        other => panic!("no return message answers {other:?}"),
    }
}

fn judge_toewijzing(client: &mut ToewijzingClient, codes: &mut Codes) {
    let contact = |contact: &mut Contact, codes: &mut Codes| contact.retour_codes = codes.next();
    for relatie in &mut client.relaties {
        contact(&mut relatie.contact, codes);
        relatie.retour_codes = codes.next();
    }
    client.contacten.iter_mut().for_each(|each| contact(each, codes));
    client.producten.iter_mut().for_each(|product| product.retour_codes = codes.next());
    client.retour_codes = codes.next();
}

fn judge_wijziging(client: &mut WijzigingClient, codes: &mut Codes) {
    let Verzoek { ongewijzigd, te_wijzigen, nieuw, .. } = &mut client.verzoek;
    for product in ongewijzigd.iter_mut() {
        product.retour_codes = codes.next();
    }
    for product in te_wijzigen.iter_mut() {
        product.retour_codes = codes.next();
    }
    for product in nieuw.iter_mut() {
        product.retour_codes = codes.next();
    }
    client.verzoek.retour_codes = codes.next();
    client.retour_codes = codes.next();
}

fn judge_antwoord(antwoord: &mut Antwoord, codes: &mut Codes) {
    if let Some(woonplaatsbeginsel) = &mut antwoord.woonplaatsbeginsel {
        woonplaatsbeginsel.retour_codes = codes.next();
    }
    antwoord.retour_codes = codes.next();
}

/// An answer to a declaration that keeps some of its lines, or says all in its header.
fn any_325(law: Law) -> impl Strategy<Value = Message> {
    (any_323(law), codes(), 0_i64..999_999, proptest::bool::weighted(0.8), proptest::bool::ANY).prop_map(
        move |(declared, mut codes, granted, with_body, xslt)| {
            let kind = Kind::new(law, Number::N325);
            let Body::Declaratie(declaratie) = declared.body else { panic!("a 323 has a declaration") };
            let mut header = declared.header;
            let BerichtIdentificatie { dagtekening, .. } = header.identificatie;
            header.bericht_code = kind.bericht_code().into();
            std::mem::swap(&mut header.afzender, &mut header.ontvanger);
            if codes.lists.len() % 2 == 0 {
                header.identificatie.identificatie = "G1".into();
            }
            header.declaratie_identificatie = Some(header.identificatie);
            header.identificatie = BerichtIdentificatie { identificatie: "DA1".into(), dagtekening };
            header.xslt_versie = xslt.then(|| "3.2.1".into());
            header.xsd_versie_declaratie = Some(header.xsd_versie);
            header.xsd_versie = versions();
            header.retour_codes = codes.next();
            let body = with_body.then(|| declaration_answer(declaratie, granted, &mut codes));
            Message { kind, release: declared.release, header, body: Body::DeclaratieAntwoord(body) }
        },
    )
}

fn declaration_answer(declaratie: Declaratie, granted: i64, codes: &mut Codes) -> DeclaratieAntwoord {
    let mut clienten = declaratie.clienten;
    clienten.truncate(codes.lists.len() - 1);
    for client in &mut clienten {
        client.prestaties.iter_mut().for_each(|line| line.retour_codes = codes.next());
        client.retour_codes = codes.next();
    }
    DeclaratieAntwoord {
        nummer: declaratie.nummer,
        totaal_ingediend: declaratie.totaal,
        totaal_toegekend: TotaalBedragMetDC::from_signed(Cents(granted)),
        clienten,
        retour_codes: codes.next(),
    }
}
