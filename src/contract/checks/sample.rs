//! The register of the sample region with a message that no check has anything to say about: a case changes one thing.

use crate::contract::budget;
use crate::contract::check::{CheckInfo, Look, Run};
use crate::contract::facts::{ContractFacts, Stand};
use crate::contract::register::{Register, load};
use crate::decision::Slot;
use crate::message::{Body, Categorie, Cents, Count, Date, Kind, Law, Message, Number, Party, Prestatie, Product};
use crate::message::{ProductCode, ToegewezenProduct};
use crate::rules::facts::{Allocation, ClaimLine, Facts};
use crate::rules::sample::{self, TOEWIJZING};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

static REGISTER: LazyLock<Register> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    load(&folder).expect("the sample register has no fault")
});

/// Everything a check looks at, owned, so that a row can change it.
pub(super) struct Sample {
    pub(super) register: Register,
    pub(super) message: Message,
    pub(super) facts: ContractFacts,
    pub(super) ledger: Facts,
    pub(super) granted: Vec<(usize, usize)>,
}

/// A granted line on the sample's allocation.
pub(super) fn granted_line() -> ClaimLine {
    let mut sample = sample::Sample::of(Kind::new(Law::Wmo, Number::N323));
    sample.earlier_line("P0", |line| line.granted = true);
    sample.facts.lines.into_values().next().expect("the line that was added")
}

/// One row of a check's table.
pub(super) struct Row {
    name: &'static str,
    pub(super) number: Number,
    /// Subjects that must be raised, in any order.
    pub(super) expected: &'static [&'static str],
    change: fn(&mut Sample),
}

/// The check must say nothing.
pub(super) fn silent(name: &'static str, number: Number, change: fn(&mut Sample)) -> Row {
    Row { name, number, expected: &[], change }
}

/// The check must raise exactly these subjects.
pub(super) fn raises(
    name: &'static str,
    number: Number,
    expected: &'static [&'static str],
    change: fn(&mut Sample),
) -> Row {
    Row { name, number, expected, change }
}

impl Row {
    /// Runs the row by its check alone.
    pub(super) fn hold(&self, check: &CheckInfo) {
        let mut sample = Sample::of(self.number);
        (self.change)(&mut sample);
        let Run::OnMessage { run, .. } = check.run else { panic!("{} looks at no message", check.id) };
        let raised = sample.looked_at(run);
        let mut subjects: Vec<&str> = raised.iter().map(|raised| raised.subject.as_str()).collect();
        let mut expected = self.expected.to_vec();
        subjects.sort_unstable();
        expected.sort_unstable();
        assert_eq!(subjects, expected, "{}: {}", check.id, self.name);
        for each in &raised {
            assert!(!each.nl.is_empty() && !each.en.is_empty() && !each.facts.is_empty(), "{}", check.id);
            assert!(!format!("{} {}", each.nl, each.en).contains("9999000"), "{} names a person", check.id);
        }
    }
}

impl Sample {
    /// What somebody finds who looks at the sample.
    pub(super) fn looked_at<T>(&self, find: impl FnOnce(&Look<'_>) -> T) -> T {
        let movements = budget::movements(&self.register, &self.message, &self.facts, &self.ledger, &self.granted);
        find(&Look {
            register: &self.register,
            message: &self.message,
            today: Date::constant(2026, 3, 10),
            facts: &self.facts,
            ledger: &self.ledger,
            granted: &self.granted,
            movements: &movements,
        })
    }

    pub(super) fn of(number: Number) -> Sample {
        let sample = sample::Sample::of(Kind::new(Law::Wmo, number));
        Sample {
            register: REGISTER.clone(),
            message: sample.message,
            facts: ContractFacts::default(),
            ledger: sample.facts,
            granted: if number == Number::N323 { vec![(0, 0)] } else { Vec::new() },
        }
    }

    /// Another provider.
    pub(super) fn provider(&mut self, agb: &str) {
        let by_gemeente = self.message.sent_by_gemeente();
        let header = &mut self.message.header;
        *(if by_gemeente { &mut header.ontvanger } else { &mut header.afzender }) = Party::from(agb);
        for allocation in self.ledger.allocations.values_mut() {
            allocation.aanbieder = Party::from(agb);
        }
    }

    /// Another municipality.
    pub(super) fn gemeente(&mut self, code: &str) {
        let by_gemeente = self.message.sent_by_gemeente();
        let header = &mut self.message.header;
        *(if by_gemeente { &mut header.afzender } else { &mut header.ontvanger }) = Party::from(code);
    }

    /// The only allocation of a 301.
    pub(super) fn allocation(&mut self) -> &mut ToegewezenProduct {
        match &mut self.message.body {
            Body::Toewijzing(client) => &mut client.producten[0],
            other => panic!("not a 301: {other:?}"),
        }
    }

    /// Another product in a 301.
    pub(super) fn product(&mut self, categorie: &str, code: Option<&str>) {
        let code = code.map(ProductCode::from);
        self.allocation().product = Some(Product { categorie: Categorie::from(categorie), code });
    }

    /// The only line of a 323.
    pub(super) fn line(&mut self) -> &mut Prestatie {
        match &mut self.message.body {
            Body::Declaratie(declaratie) => &mut declaratie.clienten[0].prestaties[0],
            other => panic!("not a 323: {other:?}"),
        }
    }

    /// The ledger knows the allocation of the 301 as it stands now, changed.
    pub(super) fn knows_allocation(&mut self, change: impl FnOnce(&mut Allocation)) {
        let product = self.allocation().clone();
        let mut known = Allocation {
            nummer: product.toewijzing_nummer,
            aanbieder: self.message.aanbieder().clone(),
            person: sample::person(sample::BSN),
            product: product.product,
            toewijzingsdatum: product.toewijzingsdatum,
            toewijzingstijd: product.toewijzingstijd.as_str().to_owned(),
            ingangsdatum: product.ingangsdatum,
            einddatum: product.einddatum,
            reden_wijziging: product.reden_wijziging,
            omvang: product.omvang,
            budget: product.budget,
            message: sample::earlier("301"),
        };
        change(&mut known);
        self.ledger.allocations.insert(known.nummer, known);
    }

    /// The person has an allocation of this product.
    pub(super) fn has(&mut self, nummer: Count, code: &str, ingangsdatum: Date, einddatum: Option<Date>) {
        let product = Product { categorie: Categorie::from(&code[..2]), code: Some(ProductCode::from(code)) };
        self.facts.allocations.push(Allocation {
            nummer,
            aanbieder: self.message.aanbieder().clone(),
            person: sample::person(sample::BSN),
            product: Some(product),
            toewijzingsdatum: ingangsdatum,
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum,
            einddatum,
            reden_wijziging: None,
            omvang: None,
            budget: None,
            message: sample::earlier("301"),
        });
    }

    /// Consumption of an agreement before the message.
    pub(super) fn consumed(&mut self, agreement: &str, cents: i64) {
        assert!(self.register.agreement(agreement).is_some(), "no agreement {agreement}");
        self.facts.consumption.insert(agreement.to_owned(), Cents(cents));
    }

    /// Open reservation of the sample's allocation, from before there were accounts.
    pub(super) fn reserved(&mut self, agreement: &str, cents: i64) {
        let slot = Slot { account: None, agreements: BTreeSet::from([agreement.to_owned()]) };
        let stand = Stand { open: Cents(cents), realised: Cents(0) };
        self.facts.stands.entry(TOEWIJZING).or_default().insert(slot, stand);
    }

    /// Other percentages for an agreement.
    pub(super) fn register_threshold(&mut self, agreement: &str, warn_at: &[u32]) {
        self.register.set_warn_at(agreement, warn_at);
    }
}
