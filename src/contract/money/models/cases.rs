//! Runs the cases of the ways of funding: messages one after another against books in memory, and what then stands.

use crate::contract::budget;
use crate::contract::facts::{ContractFacts, Stand};
use crate::contract::money::close::{self, Leftover};
use crate::contract::norms::CLAIM_LAG_MONTHS;
use crate::contract::register::{FILES, Files, Register};
use crate::contract::words::{Flag, Model};
use crate::decision::{Posting, Slot, StartKey};
use crate::message::{
    BedragMetDC, Body, Cents, Count, Date, DebetCredit, Eenheid, Frequentie, Kind, Law, Message, Number, Omvang, Party,
    Product,
};
use crate::rules::facts::{Allocation, Delivery, Facts, Stop};
use crate::rules::sample::{self, Sample, TOEWIJZING};
use std::collections::BTreeMap;
use std::path::Path;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A 301: first day, last day, volume, unit, frequency.
    Allocate(Date, Option<Date>, Count, Eenheid, Frequentie),
    /// A 301 with a budget.
    Budget(Date, Option<Date>, i64),
    /// A 301 that deletes the allocation.
    Delete,
    /// A granted line: first day of the month, cents; negative is a credit.
    Claim(Date, i64),
    /// A 307 on care that began on the first day of the allocation: last day, reason.
    Stop(Date, &'static str),
    /// A 307 that takes such a stop back.
    StopDeleted(Date, &'static str),
    /// A 305.
    Start(Date),
    /// The daily work on this day, with two months of claim lag.
    Day(Date),
}

/// One case: what stands after the steps, as year, open, realised.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) steps: Vec<Step>,
    pub(super) expected: Vec<(i16, i64, i64)>,
    /// Whether the product has the mark `base_place`.
    pub(super) base_place: bool,
}

pub(super) fn case(name: &'static str, steps: &[Step], expected: &[(i16, i64, i64)]) -> Case {
    Case { name, steps: steps.to_vec(), expected: expected.to_vec(), base_place: false }
}

/// The product of the cases: 145.00 per etmaal in 2025 and 150.07 in 2026.
const PRODUCT: &str = "04A01";

fn register(model: Model, base_place: bool) -> Register {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    let mut files: Files = FILES
        .iter()
        .map(|name| ((*name).to_owned(), std::fs::read(folder.join(name)).expect("the sample is shipped")))
        .collect();
    let head = "agreement;segment;agb;municipality;model;valid_from;valid_to;amount_cents;warn_at;on_exceed\n";
    let rows: String = [2025, 2026]
        .map(|year| format!("A-{year};wmo-logeren;*;*;{model};{year}-01-01;{year}-12-31;100;70;hold\n"))
        .concat();
    files.insert("agreements.csv".to_owned(), format!("{head}{rows}").into_bytes());
    if base_place {
        let products = String::from_utf8(files["products.csv"].clone()).expect("UTF-8");
        let from = "04A01;Logeren;wmo-logeren;1;14;2;4;364;;";
        let to = format!("04A01;Logeren;wmo-logeren;1;14;2;4;364;{};", Flag::BasePlace);
        assert!(products.contains(from), "the row is there");
        files.insert("products.csv".to_owned(), products.replace(from, &to).into_bytes());
    }
    let mut register = Register::parse(&files).expect("no fault");
    register.region.norms.numbers.set(&CLAIM_LAG_MONTHS, 2.into());
    register
}

struct Books {
    register: Register,
    stands: BTreeMap<Slot, Stand>,
    ledger: Facts,
    lines: u32,
}

impl Books {
    fn book(&mut self, postings: Vec<Posting>) {
        for posting in postings {
            let stand = self.stands.entry(posting.slot).or_default();
            let part = if posting.sort.is_realised() { &mut stand.realised } else { &mut stand.open };
            part.0 += posting.cents.0;
        }
        for (slot, stand) in &self.stands {
            assert!(stand.open >= Cents(0), "less than nothing is open on {slot:?}");
        }
    }

    fn take(&mut self, message: &Message, granted: &[(usize, usize)]) {
        let facts =
            ContractFacts { stands: BTreeMap::from([(TOEWIJZING, self.stands.clone())]), ..ContractFacts::default() };
        let movements = budget::movements(&self.register, message, &facts, &self.ledger, granted);
        self.book(movements.postings);
    }

    fn step(&mut self, step: Step) {
        let message = |number| Sample::of(Kind::new(Law::Wmo, number)).message;
        match step {
            Step::Allocate(begin, end, volume, eenheid, frequentie) => {
                self.allocate(begin, end, Some(Omvang { volume, eenheid, frequentie }), None, None);
            }
            Step::Budget(begin, end, cents) => self.allocate(begin, end, None, Some(Cents(cents)), None),
            Step::Delete => {
                let known = self.ledger.allocations[&TOEWIJZING].clone();
                self.allocate(known.ingangsdatum, known.einddatum, known.omvang, known.budget, Some("13"));
            }
            Step::Claim(month, cents) => {
                let mut message = message(Number::N323);
                message.header.identificatie.dagtekening = month.last_of_month();
                let Body::Declaratie(declaratie) = &mut message.body else { panic!("a 323") };
                let line = &mut declaratie.clienten[0].prestaties[0];
                self.lines += 1;
                line.referentie.nummer = format!("P{}", self.lines).as_str().into();
                line.referentie.vorig = (cents < 0).then(|| "P0".into());
                (line.categorie, line.code) = (PRODUCT[..2].into(), PRODUCT.into());
                (line.periode.begindatum, line.periode.einddatum) = (month, month.last_of_month());
                let debet_credit = if cents < 0 { DebetCredit::Credit } else { DebetCredit::Debet };
                line.bedrag = BedragMetDC { bedrag: Cents(cents.abs()), debet_credit };
                self.take(&message, &[(0, 0)]);
            }
            Step::Stop(end, reason) => self.stop(end, reason, false),
            Step::StopDeleted(end, reason) => self.stop(end, reason, true),
            Step::Start(begin) => {
                let mut message = message(Number::N305);
                message.header.identificatie.dagtekening = begin;
                let Body::Start(client) = &mut message.body else { panic!("a 305") };
                let product = Some(Product { categorie: PRODUCT[..2].into(), code: Some(PRODUCT.into()) });
                (client.producten[0].begindatum, client.producten[0].product) = (begin, product);
                self.take(&message, &[]);
                self.ledger.deliveries.push(delivery(begin, None));
            }
            Step::Day(today) => {
                let leftover = Leftover {
                    law: Law::Wmo,
                    gemeente: Party::from(sample::GEMEENTE),
                    allocation: self.ledger.allocations[&TOEWIJZING].clone(),
                    stands: self.stands.clone(),
                    deliveries: self.ledger.deliveries.clone(),
                };
                let postings = close::settle(&self.register, today, &leftover);
                self.book(postings);
                let again = Leftover { stands: self.stands.clone(), ..leftover };
                assert_eq!(close::settle(&self.register, today, &again), [], "the work of a day is done once");
            }
        }
    }

    fn stop(&mut self, end: Date, reason: &'static str, is_deleted: bool) {
        let mut message = Sample::of(Kind::new(Law::Wmo, Number::N307)).message;
        message.header.identificatie.dagtekening = end;
        let begin = self.ledger.allocations[&TOEWIJZING].ingangsdatum;
        let Body::Stop(client) = &mut message.body else { panic!("a 307") };
        let stop = &mut client.producten[0];
        stop.product = Some(Product { categorie: PRODUCT[..2].into(), code: Some(PRODUCT.into()) });
        (stop.begindatum, stop.einddatum, stop.reden_beeindiging) = (begin, end, reason.into());
        if is_deleted {
            stop.status_aanlevering = crate::message::StatusAanlevering::Verwijderd;
        }
        self.take(&message, &[]);
        let known = delivery(begin, Some(Stop { reden: reason.into(), einddatum: end }));
        if is_deleted {
            self.ledger.deliveries.retain(|delivery| delivery.stop != known.stop);
        } else {
            self.ledger.deliveries.push(known);
        }
    }

    fn allocate(
        &mut self,
        begin: Date,
        end: Option<Date>,
        omvang: Option<Omvang>,
        budget: Option<Cents>,
        reason: Option<&str>,
    ) {
        let mut message = Sample::of(Kind::new(Law::Wmo, Number::N301)).message;
        message.header.identificatie.dagtekening = begin;
        let aanbieder = message.aanbieder().clone();
        let Body::Toewijzing(client) = &mut message.body else { panic!("a 301") };
        let product = &mut client.producten[0];
        product.product = Some(Product { categorie: PRODUCT[..2].into(), code: Some(PRODUCT.into()) });
        (product.ingangsdatum, product.einddatum) = (begin, end);
        (product.omvang, product.budget) = (omvang, budget);
        product.reden_wijziging = reason.map(Into::into);
        let known = Allocation {
            nummer: TOEWIJZING,
            aanbieder,
            person: sample::person(sample::BSN),
            product: product.product.clone(),
            toewijzingsdatum: begin,
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum: begin,
            einddatum: end,
            reden_wijziging: product.reden_wijziging.clone(),
            omvang: product.omvang.clone(),
            budget,
            message: sample::earlier("301"),
        };
        self.take(&message, &[]);
        if self.ledger.deliveries.is_empty() {
            self.ledger.deliveries.push(delivery(begin, None));
        }
        self.ledger.allocations.insert(TOEWIJZING, known);
    }
}

fn delivery(begin: Date, stop: Option<Stop>) -> Delivery {
    let product = Some(Product { categorie: PRODUCT[..2].into(), code: Some(PRODUCT.into()) });
    let key = StartKey { toewijzing_nummer: Some(TOEWIJZING), product, begindatum: begin };
    Delivery {
        person: sample::person(sample::BSN),
        toewijzing_nummer: key.toewijzing_nummer,
        product: key.product,
        begindatum: key.begindatum,
        stop,
        message: sample::earlier("305"),
    }
}

#[test]
fn every_case_of_every_model_holds() {
    for (funding, cases) in [
        (&super::pxq::FUNDING, super::pxq::cases()),
        (&super::trajectory::FUNDING, super::trajectory::cases()),
        (&super::trajectory_per_etmaal::FUNDING, super::trajectory_per_etmaal::cases()),
        (&super::trajectory_plus_budget::FUNDING, super::trajectory_plus_budget::cases()),
        (&super::lumpsum::FUNDING, super::lumpsum::cases()),
        (&super::population::FUNDING, super::population::cases()),
        (&super::task_based::FUNDING, super::task_based::cases()),
        (&super::availability::FUNDING, super::availability::cases()),
        (&super::arrangement::FUNDING, super::arrangement::cases()),
        (&super::result_based::FUNDING, super::result_based::cases()),
        (&super::not_stated::FUNDING, super::not_stated::cases()),
    ] {
        assert!(!cases.is_empty(), "{} has no case", funding.model);
        for case in cases {
            let register = register(funding.model, case.base_place);
            let mut books = Books { register, stands: BTreeMap::new(), ledger: Facts::default(), lines: 0 };
            for step in &case.steps {
                books.step(*step);
            }
            let mut found: BTreeMap<i16, (i64, i64)> = BTreeMap::new();
            for (slot, stand) in books.stands.iter().filter(|(_, stand)| **stand != Stand::default()) {
                let account = slot.account.as_ref().expect("everything stands on an account");
                assert_eq!(account.model, funding.model, "{}", case.name);
                let year = found.entry(account.year).or_default();
                (year.0, year.1) = (year.0 + stand.open.0, year.1 + stand.realised.0);
            }
            let found: Vec<(i16, i64, i64)> =
                found.into_iter().map(|(year, (open, done))| (year, open, done)).collect();
            assert_eq!(found, case.expected, "{}: {}", funding.model, case.name);
        }
    }
}
