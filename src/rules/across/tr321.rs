//! TR321: a line claims no more than its allocation allows in its `ProductPeriode`.
//!
//! The maximum follows from Volume, Eenheid and Frequentie of the allocation (IV076, IV077, IV078; formulas in
//! [`crate::rules::volumes`]): per week effort counts the weeks touched and output the Sundays; household help (iWmo,
//! category 01) counts six weeks in any month; per month the whole volume, also for part of a month. Hours claimed as
//! minutes are compared in minutes. Credits are not capped. A unit that does not fit is for TR341.
//!
//! Doubtful: an output allocation that lies between two Sundays would get nothing by the formula; it gets one week.

use super::helpers::is_credit;
use crate::message::{Eenheid, Law, Number};
use crate::rules::figures::{Phrase, quantity};
use crate::rules::volumes::{Maximum, max_per_period};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR321",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9321",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Het geleverde volume is niet meer dan de toewijzing in de ProductPeriode toestaat.",
    en: "The volume delivered is not more than the allocation allows in the ProductPeriode.",
    needs: &[Need::Ledger],
    doubt: "Only debits are capped; an output allocation per week without any Sunday counts as one week; household \
            help counts six weeks in the effort method only.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some((allocation, omvang)) = line.allocation.and_then(|each| Some((each, each.omvang.as_ref()?))) else {
        return Vec::new();
    };
    let prestatie = line.prestatie;
    let categorie = allocation.product.as_ref().map_or(&prestatie.categorie, |product| &product.categorie);
    let (begin, end) = (allocation.ingangsdatum, allocation.einddatum);
    let maximum = max_per_period(line.case.law(), categorie, omvang, begin, end, &prestatie.periode);
    let Some(allowed) = maximum.in_unit(prestatie.eenheid) else {
        return Vec::new();
    };
    if is_credit(prestatie) || prestatie.volume <= allowed {
        return Vec::new();
    }
    let (sum, claimed) = (sum(&maximum, prestatie.eenheid), quantity(prestatie.volume, prestatie.eenheid));
    let (nummer, most) = (allocation.nummer, quantity(allowed, prestatie.eenheid));
    vec![
        Violation::at(
            line.place("GeleverdVolume"),
            format!(
                "Toewijzing {nummer} staat in deze periode {} toe; gedeclareerd is {}. Declareer ten hoogste {}.",
                sum.nl, claimed.nl, most.nl
            ),
            format!(
                "Allocation {nummer} allows {} in this period; claimed {}. Claim at most {}.",
                sum.en, claimed.en, most.en
            ),
        )
        .number("toewijzing_nummer", nummer)
        .number("maximum", allowed)
        .number("gedeclareerd", prestatie.volume)
        .fact("eenheid", prestatie.eenheid.as_str()),
    ]
}

/// The sum behind the maximum, with the minutes it stands for when hours are claimed as minutes.
fn sum(maximum: &Maximum, claimed: Eenheid) -> Phrase {
    let (nl, en) = (maximum.nl(), maximum.en());
    match maximum.in_unit(claimed) {
        Some(converted) if claimed != maximum.eenheid => {
            let converted = quantity(converted, claimed);
            Phrase::new(format!("{nl} ({})", converted.nl), format!("{en} ({})", converted.en))
        }
        _ => Phrase::new(nl, en),
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Date, Frequentie, GeslotenPeriode};
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/GeleverdVolume"];
    fn omvang(sample: &mut Sample, volume: u64, eenheid: Eenheid, frequentie: Frequentie) {
        let omvang = sample.allocation().omvang.as_mut().expect("it has a volume");
        (omvang.volume, omvang.eenheid, omvang.frequentie) = (volume, eenheid, frequentie);
        sample.line().eenheid = eenheid;
    }
    fn periode(sample: &mut Sample, begindatum: Date, einddatum: Date) {
        sample.line().periode = GeslotenPeriode { begindatum, einddatum };
    }
    /// Output of 300.00 a week on the last week of 2026 and the first of 2027, from Monday to Saturday.
    fn last_week(sample: &mut Sample, volume: u64) {
        omvang(sample, 30_000, Eenheid::Euro, Frequentie::PerWeek);
        sample.allocation().ingangsdatum = date(2026, 12, 21);
        sample.allocation().einddatum = Some(date(2027, 1, 2));
        periode(sample, date(2026, 12, 21), date(2026, 12, 31));
        sample.line().volume = volume;
    }
    vec![
        accepts("below the maximum", N, |_| {}),
        accepts("5 weeks of 4 hours", N, |s| s.line().volume = 20),
        rejects("an hour more", N, PATH, |s| s.line().volume = 21),
        accepts("the same in minutes", N, |s| {
            s.line().eenheid = Eenheid::Minuut;
            s.line().volume = 1200;
        }),
        rejects("a minute more", N, PATH, |s| {
            s.line().eenheid = Eenheid::Minuut;
            s.line().volume = 1201;
        }),
        accepts("a credit has no cap", N, |s| {
            s.line().volume = 21;
            s.make_credit("P0");
        }),
        accepts("another unit is for TR341", N, |s| {
            s.line().eenheid = Eenheid::Etmaal;
            s.line().volume = 21;
        }),
        accepts("no volume in the allocation", N, |s| {
            s.allocation().omvang = None;
            s.line().volume = 99_999_999;
        }),
        accepts("the volume of a month", N, |s| {
            omvang(s, 15, Eenheid::Uur, Frequentie::PerMaand);
            s.line().volume = 15;
        }),
        rejects("more than the volume of a month, in part of a month", N, PATH, |s| {
            omvang(s, 15, Eenheid::Uur, Frequentie::PerMaand);
            s.line().volume = 16;
            periode(s, date(2026, 2, 14), date(2026, 2, 28));
        }),
        accepts("28 days", N, |s| {
            omvang(s, 2, Eenheid::Minuut, Frequentie::PerDag);
            s.line().volume = 56;
        }),
        rejects("more than 28 days", N, PATH, |s| {
            omvang(s, 2, Eenheid::Minuut, Frequentie::PerDag);
            s.line().volume = 57;
        }),
        accepts("29 days in a leap year", N, |s| {
            omvang(s, 2, Eenheid::Minuut, Frequentie::PerDag);
            s.line().volume = 58;
            periode(s, date(2024, 2, 1), date(2024, 2, 29));
        }),
        rejects("more than the total", N, PATH, |s| {
            omvang(s, 11, Eenheid::Uur, Frequentie::Totaal);
        }),
        accepts("household help: six weeks", N, |s| {
            s.allocation().product.as_mut().expect("it has a product").categorie = "01".into();
            s.line().volume = 24;
        })
        .only(&[Law::Wmo]),
        rejects("household help: more than six weeks", N, PATH, |s| {
            s.allocation().product.as_mut().expect("it has a product").categorie = "01".into();
            s.line().volume = 25;
        })
        .only(&[Law::Wmo]),
        rejects("no six weeks for category 01 of the other law", N, PATH, |s| {
            s.allocation().product.as_mut().expect("it has a product").categorie = "01".into();
            s.line().volume = 24;
        })
        .only(&[Law::Jeugdwet]),
        accepts("output: one Sunday and no closing week at the turn of the year", N, |s| last_week(s, 60_000)),
        rejects("output: more than that", N, PATH, |s| last_week(s, 60_001)),
        rejects("output: nothing in the days after the last Sunday", N, PATH, |s| {
            last_week(s, 1);
            periode(s, date(2027, 1, 1), date(2027, 1, 2));
        }),
        accepts("output between two Sundays counts one week", N, |s| {
            last_week(s, 30_000);
            s.allocation().ingangsdatum = date(2026, 12, 28);
            periode(s, date(2026, 12, 28), date(2026, 12, 31));
        }),
        accepts("effort: weeks 52 and 53 of 2026", N, |s| {
            periode(s, date(2026, 12, 21), date(2026, 12, 31));
            s.line().volume = 8;
        }),
        rejects("effort: a third week does not begin", N, PATH, |s| {
            periode(s, date(2026, 12, 21), date(2026, 12, 31));
            s.line().volume = 9;
        }),
        accepts("nothing delivered on nothing allocated", N, |s| {
            omvang(s, 0, Eenheid::Uur, Frequentie::PerWeek);
            s.line().volume = 0;
        }),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
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
        sample.line().volume = 21;
        let text = |sample: &Sample| sample.evaluate(&[&RULE]).broken[0].violation.nl.clone();
        assert_eq!(text(&sample), "Toewijzing 1001 staat in deze periode 5 weken x 4 uur = 20 uur toe; gedeclareerd is 21 uur. Declareer ten hoogste 20 uur.");
        sample.line().eenheid = Eenheid::Minuut;
        sample.line().volume = 1201;
        assert_eq!(text(&sample), "Toewijzing 1001 staat in deze periode 5 weken x 4 uur = 20 uur (1200 minuten) toe; gedeclareerd is 1201 minuten. Declareer ten hoogste 1200 minuten.");
    }
}
