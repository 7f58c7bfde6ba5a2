//! TR341: the unit of a line is that of its allocation; hours may be claimed as minutes, never minutes as hours.
//!
//! Doubtful, with the choice made: an allocation without Omvang has no unit, so the unit must be one in which the
//! product was contracted on the first day of the period; with no contract, or nothing agreed for the product, nothing
//! is judged. The exception for hours holds there too. A credit that takes back a granted debit is not measured by
//! contracts that may have changed since.

use super::helpers::reverses_granted_debit;
use crate::message::{Eenheid, Law, Number};
use crate::rules::figures::{Phrase, unit};
use crate::rules::volumes::convert;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR341",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9341",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "De Eenheid van een prestatie is gelijk aan die van de toewijzing; uren mogen in minuten worden gedeclareerd.",
    en: "The Eenheid of a line equals that of the allocation; hours may be claimed as minutes.",
    needs: &[Need::Ledger],
    doubt: "Without Omvang the unit must be a contracted one, with hours again claimable as minutes; nothing is judged \
            when no contract tells.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some(allocation) = line.allocation else {
        return Vec::new();
    };
    let nummer = allocation.nummer;
    let (allowed, source) = match &allocation.omvang {
        Some(omvang) => (
            vec![omvang.eenheid],
            Phrase::new(format!("Toewijzing {nummer} is in"), format!("Allocation {nummer} is in")),
        ),
        None if reverses_granted_debit(line) => return Vec::new(),
        None => (
            contracted(line),
            Phrase::new(
                format!("Product {} is gecontracteerd in", line.prestatie.code),
                format!("Product {} was contracted in", line.prestatie.code),
            ),
        ),
    };
    let claimed = line.prestatie.eenheid;
    if allowed.is_empty() || allowed.iter().any(|allowed| convert(0, *allowed, claimed).is_some()) {
        return Vec::new();
    }
    let (claimed_text, units) = (unit(claimed), allowed.iter().map(|each| unit(*each)));
    let (nl, en): (Vec<_>, Vec<_>) = units.map(|phrase| (phrase.nl, phrase.en)).unzip();
    vec![
        Violation::at(
            line.place("Eenheid"),
            format!("{} {}; gedeclareerd is in {}. Declareer in een toegestane eenheid.", source.nl, nl.join(", "), claimed_text.nl),
            format!("{} {}; claimed in {}. Claim in a unit that is allowed.", source.en, en.join(", "), claimed_text.en),
        )
        .number("toewijzing_nummer", nummer)
        .fact("eenheid", claimed.as_str())
        .fact("toegestaan", allowed.iter().map(|allowed| allowed.as_str()).collect::<Vec<_>>()),
    ]
}

fn contracted(line: &Line<'_>) -> Vec<Eenheid> {
    let (case, prestatie) = (line.case, line.prestatie);
    let mut units = case.terms.map_or_else(Vec::new, |terms| {
        terms.units(case.law(), case.parties(), &prestatie.code, prestatie.periode.begindatum)
    });
    units.sort_unstable();
    units.dedup();
    units
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::Cents;
    use crate::rules::sample::{Sample, accepts, rejects};
    const N: Number = Number::N323;
    const PATH: &[&str] = &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/Eenheid"];
    fn units(sample: &mut Sample, allocated: Eenheid, claimed: Eenheid) {
        sample.allocation().omvang.as_mut().expect("it has a volume").eenheid = allocated;
        sample.line().eenheid = claimed;
    }
    /// An allocation without a volume, and the product contracted in this unit only.
    fn contracted_in(sample: &mut Sample, contracted: Eenheid, claimed: Eenheid) {
        let code = sample.line().code.clone();
        sample.allocation().omvang = None;
        sample.terms.tariffs.clear();
        sample.terms.tariffs.insert((code, contracted), Cents(1));
        sample.line().eenheid = claimed;
    }
    vec![
        accepts("hours as hours", N, |_| {}),
        accepts("hours as minutes", N, |s| units(s, Eenheid::Uur, Eenheid::Minuut)),
        rejects("minutes as hours", N, PATH, |s| units(s, Eenheid::Minuut, Eenheid::Uur)),
        accepts("minutes as minutes", N, |s| units(s, Eenheid::Minuut, Eenheid::Minuut)),
        rejects("hours as 24-hour periods", N, PATH, |s| units(s, Eenheid::Uur, Eenheid::Etmaal)),
        rejects("pieces of effort as pieces of output", N, PATH, |s| {
            units(s, Eenheid::StuksInspanning, Eenheid::StuksOutput);
        }),
        rejects("euros as pieces", N, PATH, |s| units(s, Eenheid::Euro, Eenheid::StuksOutput)),
        rejects("the contract does not help when there is a volume", N, PATH, |s| {
            units(s, Eenheid::Etmaal, Eenheid::Uur);
        }),
        accepts("no volume: the contracted unit", N, |s| contracted_in(s, Eenheid::Etmaal, Eenheid::Etmaal)),
        rejects("no volume: another unit", N, PATH, |s| contracted_in(s, Eenheid::Etmaal, Eenheid::Uur)),
        accepts("no volume: contracted hours as minutes", N, |s| contracted_in(s, Eenheid::Uur, Eenheid::Minuut)),
        rejects("no volume: contracted minutes as hours", N, PATH, |s| {
            contracted_in(s, Eenheid::Minuut, Eenheid::Uur);
        }),
        accepts("no volume and nothing agreed", N, |s| {
            s.allocation().omvang = None;
            s.terms.tariffs.clear();
            s.line().eenheid = Eenheid::Etmaal;
        }),
        accepts("no volume: a credit of a granted debit, though the contract changed", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            contracted_in(s, Eenheid::Etmaal, Eenheid::Uur);
        }),
        accepts("an unknown allocation is for TR338", N, |s| s.facts.allocations.clear()),
    ]
}
