//! The register of the sample region with a history that no check over time has anything to say about, because it is
//! empty: a case builds what it needs.

use super::sample::REGISTER;
use crate::contract::check::{CheckInfo, Run};
use crate::contract::norms::{self, Norm};
use crate::contract::register::Register;
use crate::contract::survey::{Allocated, Claimed, Delivered, History, Requested, Survey};
use crate::contract::words::Flag;
use crate::decision::StartKey;
use crate::message::{Categorie, Cents, Count, Date, Eenheid, Frequentie, GeslotenPeriode, Law, Number, Omvang};
use crate::message::{Party, Product, ProductCode};
use crate::rules::facts::{Allocation, ClaimLine, PersonKey, Stop};
use crate::rules::sample::{AANBIEDER, GEMEENTE, earlier};

/// The day of the survey.
pub(in crate::contract) const TODAY: Date = Date::constant(2026, 7, 1);

/// Everything a check over time looks at, owned, so that a row can change it.
pub(in crate::contract) struct Timeline {
    pub(in crate::contract) register: Register,
    pub(in crate::contract) today: Date,
    pub(in crate::contract) history: History,
}

/// One row of a check's table.
pub(in crate::contract) struct Row {
    name: &'static str,
    /// Municipality and subject of what must be raised, in any order.
    expected: &'static [(&'static str, &'static str)],
    change: fn(&mut Timeline),
}

/// The check must say nothing.
pub(in crate::contract) fn silent(name: &'static str, change: fn(&mut Timeline)) -> Row {
    Row { name, expected: &[], change }
}

/// The check must raise exactly these, each as municipality and subject.
pub(in crate::contract) fn raises(
    name: &'static str,
    expected: &'static [(&'static str, &'static str)],
    change: fn(&mut Timeline),
) -> Row {
    Row { name, expected, change }
}

impl Row {
    /// Whether the check must stay silent.
    pub(in crate::contract) fn is_silent(&self) -> bool {
        self.expected.is_empty()
    }

    /// Runs the row by its check alone.
    pub(in crate::contract) fn hold(&self, check: &CheckInfo) {
        let Run::OverTime(run) = check.run else { panic!("{} does not look over time", check.id) };
        let mut timeline = Timeline::new();
        (self.change)(&mut timeline);
        let found = run(&timeline.survey());
        let mut subjects: Vec<(&str, &str)> =
            found.iter().map(|each| (each.gemeente.as_str(), each.raised.subject.as_str())).collect();
        let mut expected = self.expected.to_vec();
        subjects.sort_unstable();
        expected.sort_unstable();
        assert_eq!(subjects, expected, "{}: {}", check.id, self.name);
        for each in &found {
            let raised = &each.raised;
            assert!(!raised.nl.is_empty() && !raised.en.is_empty() && !raised.facts.is_empty(), "{}", check.id);
            assert!(!format!("{raised:?}").contains("person-"), "{} names a person", check.id);
        }
    }
}

impl Timeline {
    /// The sample region, where nothing ever happened.
    pub(in crate::contract) fn new() -> Timeline {
        let mut register = REGISTER.clone();
        // A case sets the norms that it is about: what the sample region chose may change.
        register.region.norms.numbers = norms::Values::default();
        Timeline { register, today: TODAY, history: History::default() }
    }

    /// What a check looks at.
    pub(in crate::contract) fn survey(&self) -> Survey<'_> {
        Survey { register: &self.register, today: self.today, history: &self.history }
    }

    /// A norm for all segments.
    pub(in crate::contract) fn norm(&mut self, norm: &Norm, value: u64) {
        self.register.region.norms.numbers.set(norm, value.into());
    }

    /// A norm that nobody stated or chose.
    pub(in crate::contract) fn no_norm(&mut self, norm: &Norm) {
        self.register.region.norms.numbers.unset(norm);
    }

    /// A new allocation of the Wmo by the sample municipality to the sample provider, four hours a week, decided on its
    /// first day. Gives it, to be changed.
    pub(in crate::contract) fn allocation(
        &mut self,
        nummer: Count,
        person: &str,
        code: &str,
        ingangsdatum: Date,
        einddatum: Option<Date>,
    ) -> &mut Allocated {
        let version = Allocation {
            nummer,
            aanbieder: Party::from(AANBIEDER),
            person: key(person),
            product: Some(product(code)),
            toewijzingsdatum: ingangsdatum,
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum,
            einddatum,
            reden_wijziging: None,
            omvang: Some(Omvang { volume: 4, eenheid: Eenheid::Uur, frequentie: Frequentie::PerWeek }),
            budget: None,
            message: earlier("301"),
        };
        self.history.allocations.push(Allocated {
            law: Law::Wmo,
            gemeente: Party::from(GEMEENTE),
            referentie: None,
            versions: vec![version],
            references: vec![None],
        });
        self.history.allocations.last_mut().expect("one was pushed")
    }

    /// New allocations of one product by the sample municipality to a provider, each of another person, on a day.
    pub(super) fn allocations(&mut self, first: Count, number: Count, aanbieder: &str, code: &str, on: Date) {
        for nummer in first..first + number {
            let person = format!("of-{nummer}");
            self.allocation(nummer, &person, code, on, None).versions[0].aanbieder = Party::from(aanbieder);
        }
    }

    /// A new version of the allocation of this number, decided on a day because of a request, changed.
    pub(super) fn change(
        &mut self,
        nummer: Count,
        on: Date,
        referentie: Option<&str>,
        change: impl FnOnce(&mut Allocation),
    ) {
        let mut all = self.history.allocations.iter_mut();
        let allocated = all.find(|allocated| allocated.nummer() == nummer).expect("the allocation was made");
        let mut version = allocated.versions.last().expect("an allocation has a version").clone();
        version.toewijzingsdatum = on;
        change(&mut version);
        allocated.versions.push(version);
        allocated.references.push(referentie.map(Into::into));
    }

    /// A mark on a product.
    pub(super) fn mark(&mut self, law: Law, code: &str, flag: Flag) {
        self.register.change_product(law, code, |product| {
            product.flags.insert(flag);
        });
    }

    /// A start of the allocation of this number.
    pub(in crate::contract) fn start(&mut self, nummer: Count, begindatum: Date) -> &mut Delivered {
        let allocated = self.allocated(nummer);
        let version = allocated.versions.last().expect("an allocation has a version");
        let delivered = Delivered {
            law: allocated.law,
            gemeente: allocated.gemeente.clone(),
            aanbieder: version.aanbieder.clone(),
            person: version.person.clone(),
            key: StartKey { toewijzing_nummer: Some(nummer), product: version.product.clone(), begindatum },
            stop: None,
        };
        self.history.deliveries.push(delivered);
        self.history.deliveries.last_mut().expect("one was pushed")
    }

    /// A stop of the latest start of the allocation of this number.
    pub(in crate::contract) fn stop(&mut self, nummer: Count, reden: &str, einddatum: Date) {
        let of_allocation = |delivered: &&mut Delivered| delivered.key.toewijzing_nummer == Some(nummer);
        let delivered = self.history.deliveries.iter_mut().rev().find(of_allocation);
        delivered.expect("the allocation has a start").stop = Some(Stop { reden: reden.into(), einddatum });
    }

    /// A granted line for a month of the allocation of this number, signed on the tenth of the next month.
    pub(in crate::contract) fn claim(&mut self, nummer: Count, month: Date, volume: Count, cents: i64) -> &mut Claimed {
        let reference = format!("R{}", self.history.lines.len() + 1);
        let allocated = self.allocated(nummer);
        let version = allocated.versions.last().expect("an allocation has a version");
        let product = version.product.clone().expect("the sample allocation has a product");
        let claimed = Claimed {
            law: allocated.law,
            gemeente: allocated.gemeente.clone(),
            aanbieder: version.aanbieder.clone(),
            on: month.last_of_month().saturating_add(jiff::Span::new().days(10)),
            line: ClaimLine {
                nummer: reference.as_str().into(),
                vorig: None,
                person: version.person.clone(),
                toewijzing_nummer: nummer,
                categorie: product.categorie,
                code: product.code.expect("the sample product has a code"),
                periode: GeslotenPeriode { begindatum: month.first_of_month(), einddatum: month.last_of_month() },
                volume,
                eenheid: Eenheid::Uur,
                tarief: Some(Cents(6000)),
                bedrag: Cents(cents),
                granted: true,
                declaratie: "D1".into(),
            },
        };
        self.history.lines.push(claimed);
        self.history.lines.last_mut().expect("one was pushed")
    }

    /// A request of the sample provider to the sample municipality, referred by the municipality itself.
    pub(in crate::contract) fn request(
        &mut self,
        referentie: &str,
        person: &str,
        number: Number,
        on: Date,
    ) -> &mut Requested {
        self.history.requests.push(Requested {
            law: Law::Wmo,
            gemeente: Party::from(GEMEENTE),
            aanbieder: Party::from(AANBIEDER),
            person: key(person),
            referentie: referentie.into(),
            number,
            on,
            verwijzer: (number == Number::N315).then(|| "01".to_owned()),
            verwijzer_agb: None,
            is_honoured: false,
        });
        self.history.requests.last_mut().expect("one was pushed")
    }

    fn allocated(&self, nummer: Count) -> &Allocated {
        let mut all = self.history.allocations.iter();
        all.find(|allocated| allocated.nummer() == nummer).expect("the allocation was made")
    }
}

/// A person by a name of the case.
pub(in crate::contract) fn key(person: &str) -> PersonKey {
    PersonKey(format!("person-{person}"))
}

/// A product by its code; the first two characters are its category.
pub(in crate::contract) fn product(code: &str) -> Product {
    Product { categorie: Categorie::from(&code[..2]), code: Some(ProductCode::from(code)) }
}
