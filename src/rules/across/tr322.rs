//! TR322: all lines on an allocation together claim no more than it allows over its whole duration.
//!
//! Counted are the debits less the credits that were granted, in earlier declarations and before this line in this one
//! (credits first, OP366), plus this line. The maximum is the same for effort and output: weeks touched, months touched
//! or days times the volume, or the volume itself when it is a total. An allocation in hours is reckoned in minutes, so
//! lines in hours and in minutes add up. Only a debit can break the rule.
//!
//! Inferred: lines are judged one by one, and the line that does not fit is rejected while later smaller ones may fit.
//! Without Einddatum there is no total, except for a volume that is a total itself.

use super::helpers::is_credit;
use crate::message::{Eenheid, Law, Number};
use crate::rules::figures::{Phrase, quantity};
use crate::rules::volumes::{convert, max_over_allocation};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR322",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9322",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Het totale volume van de prestaties op een toewijzing is niet meer dan de toewijzing over de hele looptijd \
         toestaat.",
    en: "The total volume of the lines on an allocation is not more than it allows over its whole duration.",
    needs: &[Need::Ledger],
    doubt: "Lines are judged one by one after the credits and only the debit that does not fit is rejected; without \
            Einddatum the volume per day, week or month has no total.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some((allocation, omvang)) = line.allocation.and_then(|each| Some((each, each.omvang.as_ref()?))) else {
        return Vec::new();
    };
    let Some(maximum) = max_over_allocation(omvang, allocation.ingangsdatum, allocation.einddatum) else {
        return Vec::new();
    };
    let reckoning = Reckoning::on(omvang.eenheid);
    let prestatie = line.prestatie;
    let Some(claimed) = reckoning.volume(prestatie.volume.into(), prestatie.eenheid) else {
        return Vec::new();
    };
    let allowed = reckoning.volume(maximum.value.into(), omvang.eenheid).unwrap_or(i128::MAX);
    let volumes = line.granted.volumes().filter_map(|(eenheid, volume)| reckoning.volume(volume, eenheid));
    let granted = volumes.fold(0, i128::saturating_add);
    let total = granted.saturating_add(claimed);
    if is_credit(prestatie) || total <= allowed {
        return Vec::new();
    }
    let left = allowed.saturating_sub(granted).max(0);
    let texts = [granted, claimed, total, left].map(|volume| reckoning.phrase(volume));
    let [granted_text, claimed_text, total_text, left_text] = &texts;
    let nummer = allocation.nummer;
    vec![
        Violation::at(
            line.place("GeleverdVolume"),
            format!(
                "Toewijzing {nummer} staat over de hele looptijd {} toe; al toegekend {}, nu gedeclareerd {}, samen {}. \
                 Nog te declareren: {}.",
                maximum.nl(),
                granted_text.nl,
                claimed_text.nl,
                total_text.nl,
                left_text.nl
            ),
            format!(
                "Allocation {nummer} allows {} over its whole duration; granted before {}, claimed now {}, together {}. \
                 Left to claim: {}.",
                maximum.en(),
                granted_text.en,
                claimed_text.en,
                total_text.en,
                left_text.en
            ),
        )
        .number("toewijzing_nummer", nummer)
        .number("maximum", allowed)
        .number("toegekend", granted)
        .number("gedeclareerd", claimed)
        .number("totaal", total)
        .fact("eenheid", reckoning.unit.as_str()),
    ]
}

/// The one unit in which the lines of an allocation add up.
struct Reckoning {
    allocated: Eenheid,
    unit: Eenheid,
}

impl Reckoning {
    fn on(allocated: Eenheid) -> Reckoning {
        let unit = if allocated == Eenheid::Uur { Eenheid::Minuut } else { allocated };
        Reckoning { allocated, unit }
    }

    /// A volume in this unit; `None` in a unit that cannot be claimed on the allocation.
    fn volume(&self, volume: i128, eenheid: Eenheid) -> Option<i128> {
        convert(0, self.allocated, eenheid)?;
        let factor = convert(1, eenheid, self.unit)?;
        Some(volume.saturating_mul(factor.into()))
    }

    /// The volume in words: in the unit of the allocation when it is a whole number of them.
    fn phrase(&self, volume: i128) -> Phrase {
        if self.allocated == Eenheid::Uur && volume % 60 == 0 {
            return quantity(volume / 60, Eenheid::Uur);
        }
        quantity(volume, self.unit)
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, Frequentie};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const FIRST: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/GeleverdVolume"];
    const SECOND: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/GeleverdVolume"];
    // The allocation touches 14 weeks: 56 hours. The line claims 12 of them.
    fn granted(sample: &mut Sample, nummer: &str, volume: u64, eenheid: Eenheid) {
        sample.earlier_line(nummer, |line| (line.volume, line.eenheid) = (volume, eenheid));
    }
    fn credited(sample: &mut Sample, nummer: &str, vorig: &str, volume: u64) {
        sample.earlier_line(nummer, |line| {
            line.vorig = Some(vorig.into());
            line.volume = volume;
            line.bedrag = Cents(-line.bedrag.0);
        });
    }
    vec![
        accepts("the first line", N, |_| {}),
        accepts("exactly the total", N, |s| granted(s, "P0", 44, Eenheid::Uur)),
        rejects("an hour more", N, FIRST, |s| granted(s, "P0", 45, Eenheid::Uur)),
        accepts("granted in minutes, exactly the total", N, |s| granted(s, "P0", 44 * 60, Eenheid::Minuut)),
        rejects("granted in minutes, one more", N, FIRST, |s| granted(s, "P0", 44 * 60 + 1, Eenheid::Minuut)),
        rejects("hours and minutes together", N, FIRST, |s| {
            granted(s, "P0", 43, Eenheid::Uur);
            granted(s, "P00", 61, Eenheid::Minuut);
        }),
        accepts("a credit gave room again", N, |s| {
            granted(s, "P0", 45, Eenheid::Uur);
            credited(s, "P00", "P0", 45);
        }),
        accepts("rejected lines do not count", N, |s| {
            s.earlier_line("P0", |line| (line.volume, line.granted) = (99_999_999, false));
        }),
        accepts("a credit cannot break it", N, |s| {
            granted(s, "P0", 99, Eenheid::Uur);
            s.make_credit("P0");
        }),
        accepts("a credit in this message gives room", N, |s| {
            granted(s, "P0", 50, Eenheid::Uur);
            s.add_line("P2", |line| {
                line.volume = 50;
                line.referentie.vorig = Some("P0".into());
                line.bedrag.debet_credit = crate::message::DebetCredit::Credit;
            });
        }),
        rejects("the second line of this message does not fit", N, SECOND, |s| {
            granted(s, "P0", 40, Eenheid::Uur);
            s.add_line("P2", |line| line.volume = 5);
        }),
        accepts("the second line of this message fits", N, |s| {
            granted(s, "P0", 40, Eenheid::Uur);
            s.add_line("P2", |line| line.volume = 4);
        }),
        rejects("the first does not fit, the smaller second does", N, FIRST, |s| {
            granted(s, "P0", 45, Eenheid::Uur);
            s.add_line("P2", |line| line.volume = 11);
        }),
        accepts("no end, no total", N, |s| {
            granted(s, "P0", 99_999, Eenheid::Uur);
            s.allocation().einddatum = None;
        }),
        rejects("no end, but the volume is a total", N, FIRST, |s| {
            granted(s, "P0", 1, Eenheid::Uur);
            s.allocation().einddatum = None;
            let omvang = s.allocation().omvang.as_mut().expect("it has a volume");
            (omvang.volume, omvang.frequentie) = (12, Frequentie::Totaal);
        }),
        accepts("three months", N, |s| {
            granted(s, "P0", 24, Eenheid::Uur);
            let omvang = s.allocation().omvang.as_mut().expect("it has a volume");
            (omvang.volume, omvang.frequentie) = (12, Frequentie::PerMaand);
        }),
        rejects("more than two months", N, FIRST, |s| {
            granted(s, "P0", 13, Eenheid::Uur);
            let omvang = s.allocation().omvang.as_mut().expect("it has a volume");
            (omvang.volume, omvang.frequentie) = (12, Frequentie::PerMaand);
            s.allocation().einddatum = Some(date(2026, 2, 1));
        }),
        rejects("days of a leap year", N, FIRST, |s| {
            s.allocation().ingangsdatum = date(2024, 1, 1);
            s.allocation().einddatum = Some(date(2024, 12, 31));
            let omvang = s.allocation().omvang.as_mut().expect("it has a volume");
            (omvang.volume, omvang.frequentie) = (1, Frequentie::PerDag);
            granted(s, "P0", 355, Eenheid::Uur);
        }),
        accepts("exactly the days of a leap year", N, |s| {
            s.allocation().ingangsdatum = date(2024, 1, 1);
            s.allocation().einddatum = Some(date(2024, 12, 31));
            let omvang = s.allocation().omvang.as_mut().expect("it has a volume");
            (omvang.volume, omvang.frequentie) = (1, Frequentie::PerDag);
            granted(s, "P0", 354, Eenheid::Uur);
        }),
        accepts("no volume in the allocation", N, |s| {
            granted(s, "P0", 99_999_999, Eenheid::Uur);
            s.allocation().omvang = None;
        }),
        accepts("another unit is for TR341", N, |s| {
            granted(s, "P0", 56, Eenheid::Uur);
            s.line().eenheid = Eenheid::Etmaal;
        }),
        accepts("lines on another allocation do not count", N, |s| {
            s.earlier_line("P0", |line| (line.volume, line.toewijzing_nummer) = (99, 1002));
        }),
        accepts("an unknown allocation is for TR338", N, |s| {
            granted(s, "P0", 99, Eenheid::Uur);
            s.facts.allocations.clear();
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Kind;
    use crate::rules::sample::Sample;

    #[test]
    fn the_sum_stands_in_the_finding() {
        let mut sample = Sample::of(Kind::new(Law::Wmo, Number::N323));
        sample.earlier_line("P0", |line| line.volume = 45);
        let text = sample.evaluate(&[&RULE]).broken[0].violation.nl.clone();
        assert_eq!(
            text,
            "Toewijzing 1001 staat over de hele looptijd 14 weken x 4 uur = 56 uur toe; al toegekend 45 uur, nu gedeclareerd 12 uur, samen \
             57 uur. Nog te declareren: 11 uur."
        );
    }
}
