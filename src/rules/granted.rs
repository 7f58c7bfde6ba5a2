//! What was granted on one allocation: in earlier declarations, and in this one before the line that is judged.
//!
//! A declaration may hold tens of thousands of lines on one allocation, and the ledger as many. So sums are kept as
//! lines are granted, and lines are found by what rules know of them.

use crate::message::{DebetCredit, Eenheid, GeslotenPeriode, Prestatie, ReferentieNummer};
use crate::rules::facts::ClaimLine;
use std::collections::BTreeMap;

/// What was granted on one allocation so far.
#[derive(Debug, Clone, Default)]
pub struct Granted<'a> {
    volumes: BTreeMap<Eenheid, i128>,
    amount: i128,
    credits: BTreeMap<&'a ReferentieNummer, Credit<'a>>,
    /// Debits of earlier declarations that no credit took back, by their care and then by age.
    standing: BTreeMap<(Care<'a>, usize), &'a ClaimLine>,
    /// Where each of them stands, by its number.
    places: BTreeMap<&'a ReferentieNummer, (Care<'a>, usize)>,
}

/// A granted credit.
#[derive(Debug, Clone, Copy)]
pub enum Credit<'a> {
    /// In an earlier declaration.
    Earlier(&'a ClaimLine),
    /// In this one.
    Here(&'a Prestatie),
}

/// What tells the care on one allocation apart: category, code, first and last day.
type Care<'a> = (&'a str, &'a str, jiff::civil::Date, jiff::civil::Date);

fn care<'a>(categorie: &'a str, code: &'a str, periode: &GeslotenPeriode) -> Care<'a> {
    (categorie, code, periode.begindatum, periode.einddatum)
}

impl<'a> Granted<'a> {
    /// What earlier declarations hold on the allocation, oldest first.
    pub(super) fn of(earlier: &'a [ClaimLine]) -> Granted<'a> {
        let mut granted = Granted::default();
        for (age, line) in earlier.iter().enumerate() {
            let sign = if line.is_credit() { -1 } else { 1 };
            // The ledger keeps the sign of an earlier amount.
            granted.count(sign, line.eenheid, line.volume, i128::from(line.bedrag.0).abs());
            if line.vorig.is_none() {
                let care = care(line.categorie.as_str(), line.code.as_str(), &line.periode);
                granted.standing.insert((care, age), line);
                granted.places.insert(&line.nummer, (care, age));
            }
        }
        for line in earlier {
            if let Some(vorig) = &line.vorig {
                granted.credits.entry(vorig).or_insert(Credit::Earlier(line));
                granted.take_back(vorig, &line.periode);
            }
        }
        granted
    }

    /// Adds a line of this declaration.
    pub(super) fn add(&mut self, line: &'a Prestatie) {
        let sign = if line.bedrag.debet_credit == DebetCredit::Credit { -1 } else { 1 };
        self.count(sign, line.eenheid, line.volume, i128::from(line.bedrag.bedrag.0));
        if let Some(vorig) = &line.referentie.vorig {
            self.credits.entry(vorig).or_insert(Credit::Here(line));
            self.take_back(vorig, &line.periode);
        }
    }

    fn count(&mut self, sign: i128, eenheid: Eenheid, volume: u64, amount: i128) {
        let sum = self.volumes.entry(eenheid).or_default();
        *sum = sum.saturating_add(sign * i128::from(volume));
        self.amount = self.amount.saturating_add(sign * amount);
    }

    /// A credit frees the debit that it names, when it is for the same period.
    fn take_back(&mut self, vorig: &ReferentieNummer, periode: &GeslotenPeriode) {
        if let Some(&(care, age)) = self.places.get(vorig)
            && (care.2, care.3) == (periode.begindatum, periode.einddatum)
        {
            self.standing.remove(&(care, age));
        }
    }

    /// Volumes by unit: debits less credits.
    pub fn volumes(&self) -> impl Iterator<Item = (Eenheid, i128)> {
        self.volumes.iter().map(|(eenheid, sum)| (*eenheid, *sum))
    }

    /// Amount in eurocents: debits less credits.
    pub fn amount(&self) -> i128 {
        self.amount
    }

    /// The first credit of the debit with this number; those of earlier declarations come first.
    pub fn credit_of(&self, debit: &ReferentieNummer) -> Option<Credit<'a>> {
        self.credits.get(debit).copied()
    }

    /// The oldest debit of an earlier declaration for the same product and period that no credit took back.
    pub fn standing_debit(&self, prestatie: &Prestatie) -> Option<&'a ClaimLine> {
        let care = care(prestatie.categorie.as_str(), prestatie.code.as_str(), &prestatie.periode);
        self.standing.range((care, 0)..=(care, usize::MAX)).next().map(|(_, line)| *line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Cents, Kind, Law, Number};
    use crate::rules::sample::Sample;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Which care a line is for, which line it takes back, its volume and its unit.
    type Drawn = (u8, Option<u8>, u8, bool);

    fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
        let line = (0..4_u8, proptest::option::of(0..8_u8), 0..5_u8, any::<bool>());
        proptest::collection::vec(line, 0..10)
    }

    fn prestatie(nummer: &str, (care, vorig, volume, in_hours): Drawn) -> Prestatie {
        let mut line = Sample::of(Kind::new(Law::Wmo, Number::N323)).line().clone();
        line.referentie.nummer = nummer.into();
        line.referentie.vorig = vorig.map(|vorig| format!("E{vorig}").as_str().into());
        line.bedrag.debet_credit = if vorig.is_some() { DebetCredit::Credit } else { DebetCredit::Debet };
        line.bedrag.bedrag = Cents(i64::from(volume) * 7);
        line.volume = volume.into();
        line.eenheid = if in_hours { Eenheid::Uur } else { Eenheid::Minuut };
        line.code = ["02A01", "02A02"][usize::from(care) % 2].into();
        line.periode.begindatum = date(2026, 1, 1 + i8::try_from(care / 2).expect("small"));
        line
    }

    fn earlier(nummer: &str, line: Drawn) -> ClaimLine {
        let mut sample = Sample::of(Kind::new(Law::Wmo, Number::N323));
        *sample.line() = prestatie(nummer, line);
        let vorig = sample.line().referentie.vorig.clone();
        sample.earlier_line(nummer, |earlier| {
            earlier.vorig = vorig;
            // As the ledger keeps it: with its sign.
            earlier.bedrag = sample_amount(line);
        });
        sample.facts.lines.into_values().next().expect("one line")
    }

    fn sample_amount((_, vorig, volume, _): Drawn) -> Cents {
        Cents(i64::from(volume) * if vorig.is_some() { -7 } else { 7 })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        /// The same answers as going over all lines each time, as the rules TR322, TR369, TR389 and TR390 say it.
        #[test]
        fn sums_and_look_ups_are_those_of_all_lines(ledger in drawn(), message in drawn(), asked in drawn()) {
            let number = |sort: char| move |(at, line): (usize, Drawn)| (format!("{sort}{at}"), line);
            let ledger: Vec<ClaimLine> =
                ledger.into_iter().enumerate().map(number('E')).map(|(nummer, line)| earlier(&nummer, line)).collect();
            let message: Vec<Prestatie> =
                message.into_iter().enumerate().map(number('N')).map(|(nummer, line)| prestatie(&nummer, line)).collect();
            let mut granted = Granted::of(&ledger);
            for line in &message {
                granted.add(line);
            }

            for unit in [Eenheid::Uur, Eenheid::Minuut] {
                let of_ledger = ledger.iter().filter(|line| line.eenheid == unit).map(|line| {
                    if line.is_credit() { -i128::from(line.volume) } else { i128::from(line.volume) }
                });
                let of_message = message.iter().filter(|line| line.eenheid == unit).map(|line| {
                    if line.referentie.vorig.is_some() { -i128::from(line.volume) } else { i128::from(line.volume) }
                });
                let sum = granted.volumes().find(|(eenheid, _)| *eenheid == unit).map_or(0, |(_, sum)| sum);
                prop_assert_eq!(sum, of_ledger.chain(of_message).sum::<i128>());
            }
            let amounts = ledger.iter().map(|line| line.bedrag.0).chain(message.iter().map(|line| line.bedrag.signed().0));
            prop_assert_eq!(granted.amount(), amounts.map(i128::from).sum::<i128>());

            for number in 0..8 {
                let number = ReferentieNummer::from(format!("E{number}").as_str());
                let first = ledger.iter().find(|line| line.vorig.as_ref() == Some(&number)).map(|line| &line.nummer);
                let here = message.iter().find(|line| line.referentie.vorig.as_ref() == Some(&number));
                let found = granted.credit_of(&number).map(|credit| match credit {
                    Credit::Earlier(line) => &line.nummer,
                    Credit::Here(line) => &line.referentie.nummer,
                });
                prop_assert_eq!(found, first.or(here.map(|line| &line.referentie.nummer)));
            }
            for (at, line) in asked.into_iter().enumerate() {
                let asked = prestatie(&format!("A{at}"), line);
                let is_credited = |debit: &ClaimLine| {
                    let takes_back = |vorig: Option<&ReferentieNummer>, periode: &GeslotenPeriode| {
                        vorig == Some(&debit.nummer) && *periode == debit.periode
                    };
                    ledger.iter().any(|line| takes_back(line.vorig.as_ref(), &line.periode))
                        || message.iter().any(|line| takes_back(line.referentie.vorig.as_ref(), &line.periode))
                };
                let same_care = |line: &&ClaimLine| {
                    (&line.categorie, &line.code, &line.periode) == (&asked.categorie, &asked.code, &asked.periode)
                };
                let debits = ledger.iter().filter(|line| !line.is_credit());
                let standing = debits.filter(same_care).find(|debit| !is_credited(debit));
                prop_assert_eq!(granted.standing_debit(&asked), standing);
            }
        }
    }
}
