//! A past for the cases of checks over time.

use crate::contract::check::{CheckInfo, Run};
use crate::contract::register::{Register, load};
use crate::contract::survey::{Allocated, Claimed, Delivered, History, Survey};
use crate::decision::StartKey;
use crate::message::{Cents, Count, Date, Eenheid, Frequentie, GeslotenPeriode, Law, Omvang, Party, Product};
use crate::rules::facts::{Allocation, ClaimLine, PersonKey, Stop};
use crate::rules::sample;
use std::path::Path;

/// A register and a history, to be changed by a case.
pub(super) struct Past {
    pub(super) register: Register,
    pub(super) today: Date,
    pub(super) history: History,
    pub(super) aanbieder: Party,
}

impl Past {
    /// Nothing happened yet; it is 1 July 2026.
    pub(super) fn new() -> Past {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regions/achterhoek");
        Past {
            register: load(&folder).expect("the sample register has no fault"),
            today: Date::constant(2026, 7, 1),
            history: History::default(),
            aanbieder: Party::from(sample::AANBIEDER),
        }
    }

    /// Each allocation is for a person of its own: `cents` in total from the first to the last day.
    pub(super) fn allocated(&mut self, nummer: Count, code: &str, begin: Date, end: Option<Date>, cents: u64) {
        let version = Allocation {
            nummer,
            aanbieder: self.aanbieder.clone(),
            person: PersonKey(format!("{nummer:032x}")),
            product: Some(Product { categorie: code[..2].into(), code: Some(code.into()) }),
            toewijzingsdatum: begin,
            toewijzingstijd: "10:00:00".to_owned(),
            ingangsdatum: begin,
            einddatum: end,
            reden_wijziging: None,
            omvang: Some(Omvang { volume: cents, eenheid: Eenheid::Euro, frequentie: Frequentie::Totaal }),
            budget: None,
            message: sample::earlier("301"),
        };
        let gemeente = Party::from(sample::GEMEENTE);
        self.history.allocations.push(Allocated {
            law: Law::Wmo,
            gemeente,
            referentie: None,
            references: vec![None],
            versions: vec![version],
        });
    }

    /// A line over the month that begins on `month`.
    pub(super) fn claimed(&mut self, nummer: Count, code: &str, month: Date, cents: i64, granted: bool) {
        let number = self.history.lines.len();
        let line = ClaimLine {
            nummer: format!("P{number}").as_str().into(),
            vorig: None,
            person: PersonKey(format!("{nummer:032x}")),
            toewijzing_nummer: nummer,
            categorie: code[..2].into(),
            code: code.into(),
            periode: GeslotenPeriode { begindatum: month, einddatum: month.last_of_month() },
            volume: 1,
            eenheid: Eenheid::Uur,
            tarief: None,
            bedrag: Cents(cents),
            granted,
            declaratie: "D1".into(),
        };
        let (gemeente, aanbieder) = (Party::from(sample::GEMEENTE), self.aanbieder.clone());
        let on = month.last_of_month();
        self.history.lines.push(Claimed { law: Law::Wmo, gemeente, aanbieder, on, line });
    }

    /// A stop of care that began on `begin`.
    pub(super) fn stopped(&mut self, nummer: Count, begin: Date, reden: &str, einddatum: Date) {
        self.history.deliveries.push(Delivered {
            law: Law::Wmo,
            gemeente: Party::from(sample::GEMEENTE),
            aanbieder: self.aanbieder.clone(),
            person: PersonKey(format!("{nummer:032x}")),
            key: StartKey { toewijzing_nummer: Some(nummer), product: None, begindatum: begin },
            stop: Some(Stop { reden: reden.into(), einddatum }),
        });
    }

    /// Subjects that a check raises, sorted.
    pub(super) fn subjects(&self, check: &CheckInfo) -> Vec<String> {
        let Run::OverTime(run) = check.run else { panic!("{} does not look over time", check.id) };
        let survey = Survey { register: &self.register, today: self.today, history: &self.history };
        let found = run(&survey);
        for each in &found {
            assert!(!each.raised.nl.is_empty() && !each.raised.en.is_empty() && !each.raised.facts.is_empty());
        }
        let mut subjects: Vec<String> = found.into_iter().map(|each| each.raised.subject).collect();
        subjects.sort();
        subjects
    }
}
