//! A day of sample traffic for each region: what the parties send, and what must become of it.
//!
//! The day is 10 March 2026. All parties, clients and tariffs are fictional; the products, tariffs and agreements are
//! those of the sample registers in `config/regions`.

pub(super) mod achterhoek;
pub(super) mod gooi_en_vechtstreek;
pub(super) mod hart_van_brabant;
pub(super) mod nmd;
pub(super) mod noord_limburg;

use super::compose::{Allocate, Claim, Composer, Person, omvang};
use super::sample::Sample;
use crate::contract::Register;
use crate::decision::Verdict;
use crate::message::{Count, Date, Law, Message, Party, Product, ProductCode};
use crate::rules::{Parties, Terms};
use jiff::civil::date;

/// The day on which the demo plays.
pub const DAY: Date = date(2026, 3, 10);

const JANUARY: (Date, Date) = (date(2026, 1, 1), date(2026, 1, 31));
const FEBRUARY: (Date, Date) = (date(2026, 2, 1), date(2026, 2, 28));
/// The whole year of the demo.
const YEAR: (Date, Date) = (date(2026, 1, 1), date(2026, 12, 31));
/// The half year from the day of the demo on.
const FROM_SPRING: (Date, Date) = (date(2026, 3, 16), date(2026, 9, 13));

/// The check that tells of a municipality that takes no part in a segment.
const STAYS_OUT: &[&str] = &["A3"];

/// One file that somebody puts into the spool.
#[derive(Debug)]
pub struct Item {
    /// What it shows.
    pub story: &'static str,
    /// Part of the file name.
    pub name: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What must be decided.
    pub verdict: Verdict,
    /// Return codes of the findings, no more and no less.
    pub codes: &'static [&'static str],
    /// Checks of the contract layer that must signal.
    pub signals: &'static [&'static str],
}

impl Item {
    /// It passes, and these checks tell of it.
    fn signals(&mut self, checks: &'static [&'static str]) {
        self.signals = checks;
    }

    /// These checks hold it for a person.
    fn held(&mut self, checks: &'static [&'static str]) {
        self.verdict = Verdict::Held;
        self.signals = checks;
    }

    /// It is rejected with these codes.
    fn rejected(&mut self, codes: &'static [&'static str]) {
        self.verdict = Verdict::Rejected;
        self.codes = codes;
    }
}

/// A day that is being written: every message gets the next number, and is to be accepted unless it says otherwise.
struct Day {
    register: Register,
    items: Vec<Item>,
    allocations: Count,
}

impl Day {
    fn of(sample: &Sample) -> Day {
        Day { register: sample.register(), items: Vec::new(), allocations: 500_000 }
    }

    /// The next allocation of a product, in its usual volume.
    fn product(&mut self, law: Law, code: &str, (from, to): (Date, Date)) -> Allocate {
        self.allocations += 1;
        let code = ProductCode::from(code);
        let product = self.register.product(law, &code, from).expect("a product of the sample register");
        let (Some(volume), Some(unit), Some(frequency)) = (product.norm_volume, product.unit, product.norm_frequency)
        else {
            panic!("product {code} has no usual volume")
        };
        Allocate {
            nummer: self.allocations,
            product: Product { categorie: product.category.clone(), code: Some(code) },
            from,
            to,
            omvang: omvang(volume.into(), unit, frequency),
        }
    }

    /// Identification of the next message.
    fn next(&self) -> String {
        format!("M{:04}", self.items.len() + 1)
    }

    fn add(&mut self, story: &'static str, name: &'static str, message: &Message) -> &mut Item {
        let bytes = message.write();
        self.items.push(Item { story, name, bytes, verdict: Verdict::Accepted, codes: &[], signals: &[] });
        self.items.last_mut().expect("one was just added")
    }

    fn allocation(&mut self, story: &'static str, at: &Composer, person: &Person, allocate: &Allocate) -> &mut Item {
        let message = at.toewijzing(&self.next(), person, allocate);
        self.add(story, "toewijzing", &message)
    }

    fn start(&mut self, story: &'static str, at: &Composer, person: &Person, allocate: &Allocate) -> &mut Item {
        let message = at.start(&self.next(), person, allocate, allocate.from);
        self.add(story, "start", &message)
    }

    fn stop(
        &mut self,
        story: &'static str,
        at: &Composer,
        person: &Person,
        allocate: &Allocate,
        ending: (&str, Date),
    ) -> &mut Item {
        let message = at.stop(&self.next(), person, allocate, allocate.from, ending);
        self.add(story, "stop", &message)
    }

    fn request(&mut self, story: &'static str, at: &Composer, person: &Person, wanted: &Allocate) -> &mut Item {
        let (next, referentie) = (self.next(), format!("VOT-{}", wanted.nummer));
        let message = at.aanvraag(&next, person, &referentie, wanted);
        self.add(story, "aanvraag", &message)
    }

    /// A claim of one line at the tariff of the register.
    fn claim(
        &mut self,
        story: &'static str,
        at: &Composer,
        person: &Person,
        delivered: &Allocate,
        (month, volume): ((Date, Date), Count),
    ) -> &mut Item {
        let code = delivered.product.code.as_ref().expect("every product has a code");
        let parties = Parties { gemeente: &at.gemeente, aanbieder: &at.aanbieder };
        let tarief = self.register.tariff(at.law, parties, code, delivered.omvang.eenheid, month.0);
        let next = self.next();
        let claim = Claim {
            nummer: format!("R{next}"),
            toewijzing: delivered.nummer,
            product: delivered.product.clone(),
            periode: month,
            volume,
            eenheid: delivered.omvang.eenheid,
            tarief: tarief.expect("the product has a tariff"),
        };
        let message = at.declaratie(&next, &format!("D{next}"), month, &[(person, vec![claim])]);
        self.add(story, "declaratie", &message)
    }
}

fn between(law: Law, gemeente: &str, aanbieder: &str) -> Composer {
    Composer { law, gemeente: Party::from(gemeente), aanbieder: Party::from(aanbieder), dagtekening: DAY }
}
