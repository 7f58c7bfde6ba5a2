//! The register of the sample region with a message that no check has anything to say about: a case changes one thing.

use crate::contract::budget;
use crate::contract::check::{CheckInfo, Look, Run};
use crate::contract::facts::{ContractFacts, Stand};
use crate::contract::norms::{Norm, TRANSITION_TAIL_DAYS};
use crate::contract::register::{self, Files, Register};
use crate::decision::Slot;
use crate::message::{
    AangevraagdProduct, Body, Categorie, Cents, Count, Date, Kind, Law, Message, NieuwProduct, Number, Party,
    Prestatie, Product, ProductCode, StartProduct, TeWijzigenProduct, ToegewezenProduct, Verzoek,
};
use crate::rules::facts::{Allocation, ClaimLine, Facts};
use crate::rules::sample::{self, TOEWIJZING};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
    let read =
        |name: &&str| ((*name).to_owned(), std::fs::read(folder.join(name)).expect("the sample register is there"));
    register::FILES.iter().map(read).collect()
});

pub(super) static REGISTER: LazyLock<Register> =
    LazyLock::new(|| Register::parse(&FILES).expect("the sample register has no fault"));

/// Everything a check looks at, owned, so that a row can change it.
pub(super) struct Sample {
    files: Files,
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
    /// Runs the row by its check alone; `Err` says how it went otherwise.
    pub(super) fn hold(&self, check: &CheckInfo) -> Result<(), String> {
        let mut sample = Sample::of(self.number);
        (self.change)(&mut sample);
        let Run::OnMessage { run, .. } = check.run else { panic!("{} looks at no message", check.id) };
        let raised = sample.looked_at(run);
        let mut subjects: Vec<&str> = raised.iter().map(|raised| raised.subject.as_str()).collect();
        let mut expected = self.expected.to_vec();
        subjects.sort_unstable();
        expected.sort_unstable();
        let (id, name) = (check.id, self.name);
        if subjects != expected {
            return Err(format!("{id} {:?} {name}: {subjects:?}, not {expected:?}", self.number));
        }
        for each in &raised {
            assert!(!each.nl.is_empty() && !each.en.is_empty() && !each.facts.is_empty(), "{id}: {name}");
            assert!(each.nl.ends_with('.') && each.en.ends_with('.'), "{id}: {name}: {} {}", each.nl, each.en);
            assert!(!format!("{} {}", each.nl, each.en).contains("9999000"), "{id} names a person");
        }
        Ok(())
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
            files: FILES.clone(),
            register: REGISTER.clone(),
            message: sample.message,
            facts: ContractFacts::default(),
            ledger: sample.facts,
            granted: if number == Number::N323 { vec![(0, 0)] } else { Vec::new() },
        }
    }

    /// The same message under the Jeugdwet.
    pub(super) fn youth(&mut self) {
        let sample = sample::Sample::of(Kind::new(Law::Jeugdwet, self.message.kind.number));
        (self.message, self.ledger) = (sample.message, sample.facts);
    }

    /// One more row in a table of the register.
    pub(super) fn add(&mut self, table: &str, row: &str) {
        self.change(table, |lines| lines.push(row.to_owned()));
    }

    /// A mark on a product, on every row of it.
    pub(super) fn mark(&mut self, code: &str, flag: &str) {
        self.cell("products.csv", "code", code, "flags", flag);
    }

    /// The last day of a product on the list.
    pub(super) fn withdraw(&mut self, code: &str, last: &str) {
        self.cell("products.csv", "code", code, "valid_to", last);
    }

    /// The state of a contract.
    pub(super) fn status(&mut self, contract: &str, status: &str) {
        self.cell("contracts.csv", "contract", contract, "status", status);
    }

    /// What a region wants when an agreement is exceeded.
    pub(super) fn on_exceed(&mut self, agreement: &str, word: &str) {
        self.cell("agreements.csv", "agreement", agreement, "on_exceed", word);
    }

    /// The first day of a contract.
    pub(super) fn begin(&mut self, contract: &str, first: &str) {
        self.cell("contracts.csv", "contract", contract, "valid_from", first);
    }

    /// Sets a column in the rows of a table where another one has this value.
    fn cell(&mut self, table: &str, key: &str, value: &str, column: &str, to: &str) {
        self.change(table, |lines| {
            let header: Vec<String> = lines[0].split(';').map(str::to_owned).collect();
            let place = |name: &str| header.iter().position(|known| known == name).expect("a column of the table");
            let (key, column) = (place(key), place(column));
            for line in &mut lines[1..] {
                let mut cells: Vec<&str> = line.split(';').collect();
                if cells[key] == value {
                    cells[column] = to;
                    *line = cells.join(";");
                }
            }
        });
    }

    fn change(&mut self, table: &str, change: impl FnOnce(&mut Vec<String>)) {
        let text = String::from_utf8(self.files[table].clone()).expect("the sample tables are text");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        self.files.insert(table.to_owned(), (lines.join("\n") + "\n").into_bytes());
        let norms = self.register.region.norms.clone();
        self.register = Register::parse(&self.files).unwrap_or_else(|faults| panic!("{faults:#?}"));
        self.register.region.norms = norms;
    }

    /// The value of a norm.
    pub(super) fn norm(&mut self, norm: &Norm, value: u64) {
        self.register.region.norms.numbers.set(norm, value.into());
    }

    /// How long people may be served after the end of a contract.
    pub(super) fn tail(&mut self, days: u64) {
        self.norm(&TRANSITION_TAIL_DAYS, days);
    }

    /// The provider's contract ended on 31 December 2025; the allocation is stretched by a version that begins on `on`,
    /// and began on `since`.
    pub(super) fn left_on(&mut self, since: Date, on: Date) {
        self.provider("42420008");
        self.knows_allocation(|known| known.ingangsdatum = since);
        self.allocation().ingangsdatum = on;
        self.allocation().einddatum = Some(Date::constant(2026, 6, 30));
    }

    /// Another product in whatever the message is about.
    pub(super) fn care(&mut self, categorie: &str, code: &str) {
        let product = Product { categorie: Categorie::from(categorie), code: Some(ProductCode::from(code)) };
        match &mut self.message.body {
            Body::Toewijzing(client) => client.producten[0].product = Some(product),
            Body::Aanvraag(client) => client.producten[0].product = Some(product),
            Body::Declaratie(declaratie) => {
                let line = &mut declaratie.clienten[0].prestaties[0];
                (line.categorie, line.code) = (product.categorie, ProductCode::from(code));
            }
            Body::Wijziging(_) => {
                for allocation in self.ledger.allocations.values_mut() {
                    allocation.product = Some(product.clone());
                }
            }
            other => panic!("no product in {other:?}"),
        }
    }

    /// The only product of a 315.
    pub(super) fn asked(&mut self) -> &mut AangevraagdProduct {
        match &mut self.message.body {
            Body::Aanvraag(client) => &mut client.producten[0],
            other => panic!("not a 315: {other:?}"),
        }
    }

    fn verzoek(&mut self) -> &mut Verzoek {
        match &mut self.message.body {
            Body::Wijziging(client) => &mut client.verzoek,
            other => panic!("not a 317: {other:?}"),
        }
    }

    /// The only change of a 317.
    pub(super) fn changed(&mut self) -> &mut TeWijzigenProduct {
        &mut self.verzoek().te_wijzigen[0]
    }

    /// One more product in a 317.
    pub(super) fn asks_besides(&mut self, code: &str) {
        let product = Product { categorie: Categorie::from(&code[..2]), code: Some(ProductCode::from(code)) };
        self.verzoek().nieuw.push(NieuwProduct {
            product: Some(product),
            gewenste_ingangsdatum: Date::constant(2026, 4, 1),
            einddatum: Some(Date::constant(2026, 6, 30)),
            omvang: None,
            budget: None,
            retour_codes: Vec::new(),
        });
    }

    /// The only start of a 305.
    pub(super) fn start(&mut self) -> &mut StartProduct {
        match &mut self.message.body {
            Body::Start(client) => &mut client.producten[0],
            other => panic!("not a 305: {other:?}"),
        }
    }

    /// The allocation that the ledger knows.
    pub(super) fn known(&mut self) -> &mut Allocation {
        self.ledger.allocations.get_mut(&TOEWIJZING).expect("the sample has its allocation")
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
