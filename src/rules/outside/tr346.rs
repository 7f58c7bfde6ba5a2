//! TR346: the amount of a line is its volume times its tariff, in eurocents.
//!
//! Not for unit 83: there the volume is the amount (CS339). Minutes are the exception: when an hourly tariff was
//! contracted, `ProductTarief` shows a sixtieth of it, rounded, while the amount is rounded once at the end: hourly
//! tariff x minutes / 60, half up (IV081). So the product of the two elements may differ from the right amount.
//!
//! - With a contract: the amount of the contracted hourly tariff, or volume x tariff when a tariff per minute was
//!   contracted. Both pass when both were.
//! - Without one (or nothing agreed for the code): any amount that some hourly tariff with this rounded sixtieth gives,
//!   that is at most half a eurocent per minute and half a eurocent beside volume x tariff.
//!
//! A credit that reverses a granted debit repeats an amount that was accepted then and is not calculated anew: the
//! tariff may have been mended since.

use crate::message::{Cents, Eenheid, Law, Number};
use crate::rules::across::helpers::reverses_granted_debit;
use crate::rules::figures::{Phrase, amount, euros, quantity};
use crate::rules::volumes::{amount_of_minutes, fits_rounded_tariff, product};
use crate::rules::{Check, Class, Level, Line, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR346",
    sort: Sort::Technical,
    level: Level::Outside,
    code: "9346",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Het ingediende bedrag is het geleverde volume maal het tarief (niet bij eenheid 83).",
    en: "The amount claimed is the volume delivered times the tariff (not for unit 83).",
    needs: &[],
    doubt: "Minutes at an unknown hourly tariff pass when the amount is within half a eurocent per minute, and half a \
            eurocent, of volume times tariff; a credit of a granted debit is not calculated anew.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let prestatie = line.prestatie;
    let (Some(tarief), false) = (prestatie.tarief, prestatie.eenheid == Eenheid::Euro) else {
        return Vec::new();
    };
    if reverses_granted_debit(line) {
        return Vec::new();
    }
    let plain = product(prestatie.volume, tarief);
    let expected = match (prestatie.eenheid, contracted(line)) {
        (Eenheid::Minuut, Contracted { hourly: None, by_minute: false }) => {
            if fits_rounded_tariff(prestatie.bedrag.bedrag, prestatie.volume, tarief) {
                return Vec::new();
            }
            plain
        }
        (Eenheid::Minuut, Contracted { hourly: Some(hourly), by_minute }) => {
            let exact = amount_of_minutes(hourly, prestatie.volume);
            if exact == prestatie.bedrag.bedrag || (by_minute && is(prestatie.bedrag.bedrag, plain)) {
                return Vec::new();
            }
            return vec![violation(line, &by_the_hour(line, hourly, exact), i128::from(exact.0))];
        }
        _ => plain,
    };
    if is(prestatie.bedrag.bedrag, expected) {
        return Vec::new();
    }
    vec![violation(line, &by_the_unit(line, tarief, expected), expected)]
}

fn is(bedrag: Cents, expected: i128) -> bool {
    i128::from(bedrag.0) == expected
}

/// What was contracted for a line in minutes.
struct Contracted {
    hourly: Option<Cents>,
    by_minute: bool,
}

fn contracted(line: &Line<'_>) -> Contracted {
    let tariff = |eenheid| {
        let prestatie = line.prestatie;
        let (law, parties) = (line.case.law(), line.case.parties());
        line.case.terms?.tariff(law, parties, &prestatie.code, eenheid, prestatie.periode.begindatum)
    };
    Contracted { hourly: tariff(Eenheid::Uur), by_minute: tariff(Eenheid::Minuut).is_some() }
}

fn by_the_unit(line: &Line<'_>, tarief: Cents, expected: i128) -> Phrase {
    let (volume, tarief) = (quantity(line.prestatie.volume, line.prestatie.eenheid), amount(tarief));
    let expected = euros(expected);
    Phrase::new(
        format!("{} x {} = {}", volume.nl, tarief.nl, expected.nl),
        format!("{} x {} = {}", volume.en, tarief.en, expected.en),
    )
}

fn by_the_hour(line: &Line<'_>, hourly: Cents, exact: Cents) -> Phrase {
    let (volume, hourly) = (quantity(line.prestatie.volume, Eenheid::Minuut), amount(hourly));
    let exact = amount(exact);
    Phrase::new(
        format!("{} x {} per uur / 60 = {}", volume.nl, hourly.nl, exact.nl),
        format!("{} x {} an hour / 60 = {}", volume.en, hourly.en, exact.en),
    )
}

fn violation(line: &Line<'_>, sum: &Phrase, expected: i128) -> Violation {
    let prestatie = line.prestatie;
    let claimed = amount(prestatie.bedrag.bedrag);
    Violation::at(
        line.place("IngediendBedrag/Bedrag"),
        format!("{}; ingediend is {}. Dien het berekende bedrag in.", sum.nl, claimed.nl),
        format!("{}; claimed is {}. Claim the computed amount.", sum.en, claimed.en),
    )
    .number("berekend_cent", expected)
    .number("ingediend_cent", prestatie.bedrag.bedrag.0)
    .number("volume", prestatie.volume)
    .fact("eenheid", prestatie.eenheid.as_str())
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/IngediendBedrag/Bedrag"];
    /// 95 minutes at 1.46, the rounded sixtieth of 87.30.
    fn minutes(sample: &mut Sample, bedrag: i64) {
        let line = sample.line();
        (line.eenheid, line.volume, line.tarief) = (Eenheid::Minuut, 95, Some(Cents(146)));
        line.bedrag.bedrag = Cents(bedrag);
        sample.fix_total();
    }
    fn contract(sample: &mut Sample, eenheid: Eenheid, cents: i64) {
        let code = sample.line().code.clone();
        sample.terms.tariffs.insert((code, eenheid), Cents(cents));
    }
    vec![
        accepts("12 hours at 60.00", N, |_| {}),
        rejects("a eurocent more", N, PATH, |s| s.line().bedrag.bedrag = Cents(72_001)),
        rejects("a eurocent less", N, PATH, |s| s.line().bedrag.bedrag = Cents(71_999)),
        accepts("nothing at no tariff", N, |s| {
            s.line().tarief = Some(Cents(0));
            s.line().bedrag.bedrag = Cents(0);
        }),
        rejects("an amount for no volume", N, PATH, |s| s.line().volume = 0),
        accepts("euros have their own rule", N, |s| {
            s.line().eenheid = Eenheid::Euro;
            s.line().tarief = None;
            s.line().bedrag.bedrag = Cents(1);
        }),
        accepts("no tariff is for CD087", N, |s| s.line().tarief = None),
        accepts("minutes: the exact amount of the hourly tariff", N, |s| {
            contract(s, Eenheid::Uur, 8730);
            minutes(s, 13_823);
        }),
        rejects("minutes: times the rounded tariff", N, PATH, |s| {
            contract(s, Eenheid::Uur, 8730);
            minutes(s, 13_870);
        }),
        rejects("minutes: rounded down", N, PATH, |s| {
            contract(s, Eenheid::Uur, 8730);
            minutes(s, 13_822);
        }),
        accepts("minutes contracted by the minute", N, |s| {
            s.terms.tariffs.clear();
            contract(s, Eenheid::Minuut, 146);
            minutes(s, 13_870);
        }),
        rejects("minutes contracted by the minute: near is not enough", N, PATH, |s| {
            s.terms.tariffs.clear();
            contract(s, Eenheid::Minuut, 146);
            minutes(s, 13_869);
        }),
        accepts("minutes contracted both ways: by the hour", N, |s| {
            contract(s, Eenheid::Uur, 8730);
            contract(s, Eenheid::Minuut, 146);
            minutes(s, 13_823);
        }),
        accepts("minutes contracted both ways: by the minute", N, |s| {
            contract(s, Eenheid::Uur, 8730);
            contract(s, Eenheid::Minuut, 146);
            minutes(s, 13_870);
        }),
        accepts("minutes without a tariff agreed: upper border", N, |s| {
            s.terms.tariffs.clear();
            minutes(s, 13_918);
        }),
        rejects("minutes without a tariff agreed: beyond it", N, PATH, |s| {
            s.terms.tariffs.clear();
            minutes(s, 13_919);
        }),
        accepts("minutes without a tariff agreed: lower border", N, |s| {
            s.terms.tariffs.clear();
            minutes(s, 13_822);
        }),
        rejects("minutes without a tariff agreed: below it", N, PATH, |s| {
            s.terms.tariffs.clear();
            minutes(s, 13_821);
        }),
        accepts("a credit of a granted debit, though the tariff changed", N, |s| {
            contract(s, Eenheid::Uur, 9000);
            minutes(s, 13_823);
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
        }),
        rejects("a credit of nothing", N, PATH, |s| {
            s.line().bedrag.bedrag = Cents(1);
            s.make_credit("P0");
        }),
    ]
}
