//! No rule across messages or against outside sources panics on values the schema lets through, however extreme.

use crate::message::{
    Cents, Code, Count, Date, DebetCredit, Eenheid, Frequentie, GeslotenPeriode, Kind, Law, Number, Omvang,
    OngewijzigdProduct, Product, StatusAanlevering,
};
use crate::rules::facts::Allocation;
use crate::rules::sample::{Sample, TOEWIJZING};
use crate::rules::{Rule, across, outside};
use jiff::civil::date;
use proptest::prelude::*;

fn rules() -> Vec<&'static Rule> {
    [across::RULES, outside::RULES].concat()
}

fn a_date() -> impl Strategy<Value = Date> {
    prop_oneof![
        Just(Date::MIN),
        Just(date(-4, 2, 29)),
        Just(date(-1, 12, 31)),
        Just(date(1, 1, 1)),
        Just(date(1, 1, 31)),
        Just(date(1900, 1, 1)),
        Just(date(2024, 2, 29)),
        Just(date(2026, 2, 1)),
        Just(date(2026, 2, 28)),
        Just(date(2026, 12, 31)),
        Just(date(2027, 1, 3)),
        Just(date(9999, 12, 1)),
        Just(date(9999, 12, 31)),
    ]
}

fn a_volume() -> impl Strategy<Value = Count> {
    prop_oneof![Just(0), Just(1), Just(12), Just(99_999_999)]
}

fn an_amount() -> impl Strategy<Value = Cents> {
    prop_oneof![Just(Cents(0)), Just(Cents(1)), Just(Cents(72_000)), Just(Cents(99_999_999))]
}

fn a_product() -> impl Strategy<Value = Option<Product>> {
    let product = |code: Option<&str>| Product { categorie: "01".into(), code: code.map(Into::into) };
    prop_oneof![Just(None), Just(Some(product(None))), Just(Some(product(Some("02A03"))))]
}

fn an_omvang() -> impl Strategy<Value = Option<Omvang>> {
    let omvang = (a_volume(), prop::sample::select(Eenheid::ALL), prop::sample::select(Frequentie::ALL))
        .prop_map(|(volume, eenheid, frequentie)| Omvang { volume, eenheid, frequentie });
    prop::option::of(omvang)
}

fn a_reason() -> impl Strategy<Value = Option<Code>> {
    prop_oneof![Just(None), Just(Some(Code::from("01"))), Just(Some(Code::from("13")))]
}

fn a_number() -> impl Strategy<Value = Count> {
    prop_oneof![Just(TOEWIJZING), Just(0), Just(u64::from(u32::MAX)), Just(Count::MAX)]
}

fn a_status() -> impl Strategy<Value = StatusAanlevering> {
    prop::sample::select(StatusAanlevering::ALL)
}

proptest! {
    #[test]
    fn a_301_of_extremes_is_judged(
        nummer in a_number(),
        product in a_product(),
        dates in (a_date(), prop::option::of(a_date()), a_date()),
        reden in a_reason(),
        omvang in an_omvang(),
        budget in prop::option::of(an_amount()),
        law in prop::sample::select(&Law::ALL[..]),
    ) {
        let mut sample = Sample::of(Kind::new(law, Number::N301));
        let mut claims = Sample::of(Kind::new(law, Number::N323));
        claims.earlier_line("P0", |line| line.bedrag = Cents(i64::MAX));
        claims.earlier_line("P00", |line| line.bedrag = Cents(i64::MAX));
        sample.facts.allocations = claims.facts.allocations;
        sample.facts.granted = claims.facts.granted;
        sample.message.header.identificatie.dagtekening = dates.2;
        let toegewezen = sample.product();
        (toegewezen.toewijzing_nummer, toegewezen.product, toegewezen.reden_wijziging) = (nummer, product, reden);
        (toegewezen.ingangsdatum, toegewezen.einddatum) = (dates.0, dates.1);
        (toegewezen.omvang, toegewezen.budget) = (omvang, budget);
        judge(&sample);
    }

    #[test]
    fn a_305_of_extremes_is_judged(
        nummer in prop::option::of(a_number()),
        product in a_product(),
        dates in (a_date(), a_date(), a_date()),
        status in a_status(),
        reden in a_reason(),
        law in prop::sample::select(&Law::ALL[..]),
    ) {
        let mut sample = Sample::of(Kind::new(law, Number::N305));
        sample.earlier_start(dates.1);
        sample.earlier_stop(dates.1, "20", dates.2);
        sample.allocation().reden_wijziging = reden;
        sample.message.header.identificatie.dagtekening = dates.2;
        let start = sample.start_product();
        (start.toewijzing_nummer, start.product, start.status_aanlevering) = (nummer, product, status);
        (start.begindatum, start.toewijzing_ingangsdatum) = (dates.0, Some(dates.2));
        let again = start.clone();
        sample.start().producten.push(again);
        judge(&sample);
    }

    #[test]
    fn a_307_of_extremes_is_judged(
        nummer in prop::option::of(a_number()),
        product in a_product(),
        dates in (a_date(), a_date(), a_date()),
        (first, second) in (a_status(), a_status()),
        (reden, earlier) in (prop::sample::select(&["02", "20"][..]), prop::sample::select(&["02", "20"][..])),
        law in prop::sample::select(&Law::ALL[..]),
    ) {
        let mut sample = Sample::of(Kind::new(law, Number::N307));
        sample.earlier_start(dates.1);
        sample.earlier_stop(dates.1, earlier, dates.2);
        let stop = sample.stop_product();
        (stop.toewijzing_nummer, stop.product, stop.status_aanlevering) = (nummer, product, first);
        (stop.begindatum, stop.einddatum) = (dates.0, dates.1);
        stop.reden_beeindiging = reden.into();
        let mut again = stop.clone();
        (again.einddatum, again.status_aanlevering) = (dates.2, second);
        sample.stop().producten.push(again);
        judge(&sample);
    }

    #[test]
    fn a_317_of_extremes_is_judged(
        (nummer, other) in (a_number(), a_number()),
        dates in (a_date(), prop::option::of(a_date()), a_date()),
        (begin, end) in (a_date(), prop::option::of(a_date())),
        (reden, product, new_product) in (a_reason(), a_product(), a_product()),
        (omvang, wanted) in (an_omvang(), an_omvang()),
        (budget, wanted_budget) in (prop::option::of(an_amount()), prop::option::of(an_amount())),
        law in prop::sample::select(&Law::ALL[..]),
    ) {
        let mut sample = Sample::of(Kind::new(law, Number::N317));
        sample.message.header.identificatie.dagtekening = dates.2;
        let allocation = sample.allocation();
        (allocation.ingangsdatum, allocation.einddatum, allocation.reden_wijziging) = (begin, end, reden);
        (allocation.product, allocation.omvang, allocation.budget) = (product, omvang, budget);
        let second = Allocation { nummer: other, ..allocation.clone() };
        sample.facts.allocations.insert(other, second);
        let change = sample.te_wijzigen_product();
        (change.toewijzing_nummer, change.gewenste_ingangsdatum, change.einddatum) = (nummer, dates.0, dates.1);
        (change.omvang, change.budget) = (wanted, wanted_budget);
        sample.verzoek().ongewijzigd = [nummer, other]
            .map(|toewijzing_nummer| OngewijzigdProduct { toewijzing_nummer, retour_codes: Vec::new() })
            .to_vec();
        for _ in 0..2 {
            sample.add_nieuw_product(|nieuw| {
                (nieuw.product, nieuw.gewenste_ingangsdatum) = (new_product.clone(), dates.0);
                nieuw.einddatum = dates.1;
            });
        }
        judge(&sample);
    }

    #[test]
    fn a_323_of_extremes_is_judged(
        nummer in a_number(),
        (begindatum, einddatum) in (a_date(), a_date()),
        (volume, eenheid) in (a_volume(), prop::sample::select(Eenheid::ALL)),
        (tarief, bedrag) in (prop::option::of(an_amount()), an_amount()),
        (sign, vorig) in (prop::sample::select(DebetCredit::ALL), prop::option::of(Just("P0"))),
        (ingangsdatum, einde) in (a_date(), prop::option::of(a_date())),
        (omvang, budget) in (an_omvang(), prop::option::of(an_amount())),
        product in a_product(),
        law in prop::sample::select(&Law::ALL[..]),
        contract in prop::bool::ANY,
    ) {
        let mut sample = Sample::of(Kind::new(law, Number::N323));
        let line = sample.line();
        (line.toewijzing_nummer, line.periode) = (nummer, GeslotenPeriode { begindatum, einddatum });
        (line.volume, line.eenheid, line.tarief, line.bedrag.bedrag) = (volume, eenheid, tarief, bedrag);
        // The ledger may hold sums of many lines, and lines from before a change of the rules.
        sample.earlier_line("P0", |_| {});
        sample.earlier_line("P00", |line| (line.volume, line.bedrag) = (Count::MAX, Cents(i64::MIN)));
        sample.earlier_line("P000", |line| (line.volume, line.bedrag) = (Count::MAX, Cents(i64::MAX)));
        let line = sample.line();
        (line.bedrag.debet_credit, line.referentie.vorig) = (sign, vorig.map(Into::into));
        let allocation = sample.allocation();
        (allocation.ingangsdatum, allocation.einddatum, allocation.product) = (ingangsdatum, einde, product);
        (allocation.omvang, allocation.budget) = (omvang, budget);
        let again = sample.line().clone();
        sample.declaratie().clienten[0].prestaties.push(again);
        sample.declaratie().periode = GeslotenPeriode { begindatum: einddatum, einddatum: begindatum };
        sample.facts.latest_declaratie_periode = Some(ingangsdatum);
        if !contract {
            sample.terms.tariffs.clear();
        }
        judge(&sample);
    }
}

/// Judges the sample by every rule here, and by each alone: a failure higher up would keep others from running.
fn judge(sample: &Sample) {
    sample.evaluate(&rules());
    for rule in rules() {
        for broken in sample.evaluate(&[rule]).broken {
            assert!(!broken.violation.nl.is_empty() && !broken.violation.en.is_empty(), "{}", rule.id);
        }
    }
}
