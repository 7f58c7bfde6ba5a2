//! TR418: the tariff of a line is the contracted one.
//!
//! The contract of the first day of the period counts. An hourly tariff claimed in minutes is compared as its sixtieth,
//! rounded to eurocents half up, unless a tariff per minute was contracted itself. Unit 83 has no tariff.
//!
//! Doubtful, with the choice made: when nothing was agreed for the code there is nothing to compare with; that is for
//! the contract layer, as a signal. A credit that takes back a granted debit repeats a tariff that was accepted then,
//! and is not compared with one that was mended since. The source files the rule under those across messages, though
//! the contract is an outside source.

use super::helpers::reverses_granted_debit;
use crate::message::{Cents, Eenheid, Law, Number};
use crate::rules::figures::{Phrase, amount, unit};
use crate::rules::volumes::minute_tariff;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR418",
    sort: Sort::Technical,
    level: Level::Across,
    code: "0611",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Het ProductTarief is gelijk aan het gecontracteerde tarief van de productcode.",
    en: "The ProductTarief equals the contracted tariff of the product code.",
    needs: &[Need::Terms],
    doubt: "Nothing is judged when no tariff was agreed for the code, nor for a credit of a granted debit; the \
            contract of the first day of the period counts.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let prestatie = line.prestatie;
    let (Some(claimed), false) = (prestatie.tarief, prestatie.eenheid == Eenheid::Euro) else {
        return Vec::new();
    };
    let Some(contracted) = contracted(line).filter(|contracted| contracted.tarief != claimed) else {
        return Vec::new();
    };
    if reverses_granted_debit(line) {
        return Vec::new();
    }
    let (code, on) = (&prestatie.code, prestatie.periode.begindatum);
    let (source, claimed_text) = (&contracted.source, amount(claimed));
    vec![
        Violation::at(
            line.place("ProductTarief"),
            format!("Gecontracteerd tarief van {code} op {on}: {}; gedeclareerd is {}. Declareer het gecontracteerde tarief.", source.nl, claimed_text.nl),
            format!("Contracted tariff of {code} on {on}: {}; claimed {}. Claim the contracted tariff.", source.en, claimed_text.en),
        )
        .fact("product_code", code.as_str())
        .fact("eenheid", prestatie.eenheid.as_str())
        .number("contract_cent", contracted.tarief.0)
        .number("gedeclareerd_cent", claimed.0)
        .date("peildatum", on),
    ]
}

/// The tariff to compare with, and how it came about.
struct Contracted {
    tarief: Cents,
    source: Phrase,
}

fn contracted(line: &Line<'_>) -> Option<Contracted> {
    let (case, prestatie) = (line.case, line.prestatie);
    let terms = case.terms?;
    let tariff =
        |eenheid| terms.tariff(case.law(), case.parties(), &prestatie.code, eenheid, prestatie.periode.begindatum);
    if let Some(tarief) = tariff(prestatie.eenheid) {
        let (price, unit) = (amount(tarief), unit(prestatie.eenheid));
        let source =
            Phrase::new(format!("{} bij eenheid {}", price.nl, unit.nl), format!("{} for unit {}", price.en, unit.en));
        return Some(Contracted { tarief, source });
    }
    if prestatie.eenheid != Eenheid::Minuut {
        return None;
    }
    let hourly = tariff(Eenheid::Uur)?;
    let tarief = minute_tariff(hourly);
    let (hourly, price) = (amount(hourly), amount(tarief));
    let source = Phrase::new(
        format!("{} per uur, afgerond {} per minuut", hourly.nl, price.nl),
        format!("{} an hour, rounded {} a minute", hourly.en, price.en),
    );
    Some(Contracted { tarief, source })
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductTarief"];
    fn contract(sample: &mut Sample, eenheid: Eenheid, cents: i64) {
        let code = sample.line().code.clone();
        sample.terms.tariffs.insert((code, eenheid), Cents(cents));
    }
    fn claim(sample: &mut Sample, eenheid: Eenheid, cents: i64) {
        sample.line().eenheid = eenheid;
        sample.line().tarief = Some(Cents(cents));
    }
    vec![
        accepts("the contracted tariff", N, |_| {}),
        rejects("a eurocent more", N, PATH, |s| claim(s, Eenheid::Uur, 6001)),
        rejects("a eurocent less", N, PATH, |s| claim(s, Eenheid::Uur, 5999)),
        accepts("nothing agreed for the code", N, |s| s.terms.tariffs.clear()),
        accepts("nothing agreed for the unit", N, |s| claim(s, Eenheid::Etmaal, 1)),
        accepts("a sixtieth of the hour", N, |s| claim(s, Eenheid::Minuut, 100)),
        rejects("not a sixtieth of the hour", N, PATH, |s| claim(s, Eenheid::Minuut, 101)),
        accepts("a sixtieth, rounded up", N, |s| {
            contract(s, Eenheid::Uur, 8730);
            claim(s, Eenheid::Minuut, 146);
        }),
        rejects("a sixtieth, rounded down instead", N, PATH, |s| {
            contract(s, Eenheid::Uur, 8730);
            claim(s, Eenheid::Minuut, 145);
        }),
        accepts("a sixtieth, rounded down", N, |s| {
            contract(s, Eenheid::Uur, 8724);
            claim(s, Eenheid::Minuut, 145);
        }),
        rejects("a contracted tariff per minute goes first", N, PATH, |s| {
            contract(s, Eenheid::Minuut, 99);
            claim(s, Eenheid::Minuut, 100);
        }),
        accepts("hours do not follow from minutes", N, |s| {
            s.terms.tariffs.clear();
            contract(s, Eenheid::Minuut, 100);
            claim(s, Eenheid::Uur, 1);
        }),
        accepts("euros have no tariff", N, |s| {
            contract(s, Eenheid::Euro, 1);
            claim(s, Eenheid::Euro, 2);
        }),
        accepts("no tariff is for CD087", N, |s| s.line().tarief = None),
        rejects("free, though a tariff was agreed", N, PATH, |s| claim(s, Eenheid::Uur, 0)),
        accepts("a credit of a granted debit, though the tariff changed", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            contract(s, Eenheid::Uur, 6500);
        }),
        rejects("a credit of nothing at another tariff", N, PATH, |s| {
            s.make_credit("P0");
            contract(s, Eenheid::Uur, 6500);
        }),
    ]
}
