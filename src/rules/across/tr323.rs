//! TR323: a credit takes back a granted debit of this provider, and equals it.
//!
//! `VorigReferentieNummer` names a debit of an earlier 323 that its 325 granted (IV085). Apart from `ReferentieNummer`,
//! `VorigReferentieNummer` and `DebetCredit` the credit is the same line (IV091): Bsn, `ToewijzingNummer`,
//! `ProductCategorie`, `ProductCode`, `ProductPeriode`, `GeleverdVolume`, Eenheid, `ProductTarief` and Bedrag. A debit
//! of the same message is not granted yet and cannot be credited.

use super::helpers::{Reversed, reversed};
use crate::message::{Cents, GeslotenPeriode, Law, Number, Prestatie};
use crate::rules::facts::ClaimLine;
use crate::rules::figures::{self, Phrase};
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR323",
    sort: Sort::Technical,
    level: Level::Across,
    code: "8017",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Een creditprestatie hoort bij een eerder goedgekeurde debetprestatie en is daaraan gelijk.",
    en: "A credit belongs to a debit that was granted before, and equals it.",
    needs: &[Need::Ledger],
    doubt: "Every element but the reference numbers and the sign must equal those of the debit, by IV091.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let (Some(reversed), Some(vorig)) = (reversed(line), &line.prestatie.referentie.vorig) else {
        return Vec::new();
    };
    let place = line.place("ProductReferentie/VorigReferentieNummer");
    let violation = match reversed {
        Reversed::Debit => return Vec::new(),
        Reversed::Unknown => Violation::at(
            place,
            format!("Er is geen eerder gedeclareerde prestatie {vorig} om te crediteren. Controleer VorigReferentieNummer."),
            format!("There is no earlier line {vorig} to credit. Verify VorigReferentieNummer."),
        ),
        Reversed::Rejected(debit) => {
            let earlier = figures::earlier_line(debit);
            Violation::at(
                place,
                format!("De {} is niet goedgekeurd en dus niet te crediteren. Laat deze creditprestatie weg.", earlier.nl),
                format!("The {} was not granted and is thus not to be credited. Leave this credit out.", earlier.en),
            )
            .earlier_line(debit)
        }
        Reversed::Credit(debit) => Violation::at(
            place,
            format!("Prestatie {vorig} van declaratie {} is zelf een creditprestatie. Crediteer alleen een debetprestatie.", debit.declaratie),
            format!("Line {vorig} of declaration {} is a credit itself. Only credit a debit.", debit.declaratie),
        )
        .earlier_line(debit),
        Reversed::Other(debit, elements) => {
            let earlier = figures::earlier_line(debit);
            let compared = elements.iter().map(|element| compared(element, line.prestatie, debit));
            let (nl, en): (Vec<_>, Vec<_>) = compared.map(|phrase| (phrase.nl, phrase.en)).unzip();
            let (nl, en) = (nl.join(", "), en.join(", "));
            Violation::at(
                place,
                format!("De creditprestatie is niet gelijk aan {}; anders is: {nl}. Neem de waarden van die prestatie over.", earlier.nl),
                format!("The credit does not equal {}; what differs: {en}. Take over the values of that line.", earlier.en),
            )
            .earlier_line(debit)
            .fact("anders", elements)
        }
    };
    vec![violation.fact("vorig_referentie_nummer", vorig.as_str())]
}

/// An element in which a credit differs from its debit, with both values; a person is never shown.
fn compared(element: &str, credit: &Prestatie, debit: &ClaimLine) -> Phrase {
    let both = |own: Phrase, theirs: Phrase| {
        Phrase::new(
            format!("{element} ({} in plaats van {})", own.nl, theirs.nl),
            format!("{element} ({} instead of {})", own.en, theirs.en),
        )
    };
    let same = |text: &str| Phrase::new(text, text);
    let tarief = |tarief: Option<Cents>| tarief.map_or_else(|| Phrase::new("geen", "none"), figures::amount);
    let periode = |periode: &GeslotenPeriode| {
        let GeslotenPeriode { begindatum, einddatum } = periode;
        Phrase::new(format!("{begindatum} t/m {einddatum}"), format!("{begindatum} to {einddatum}"))
    };
    match element {
        "ToewijzingNummer" => {
            both(same(&credit.toewijzing_nummer.to_string()), same(&debit.toewijzing_nummer.to_string()))
        }
        "ProductCategorie" => both(same(credit.categorie.as_str()), same(debit.categorie.as_str())),
        "ProductCode" => both(same(credit.code.as_str()), same(debit.code.as_str())),
        "ProductPeriode" => both(periode(&credit.periode), periode(&debit.periode)),
        "GeleverdVolume" => both(same(&credit.volume.to_string()), same(&debit.volume.to_string())),
        "Eenheid" => both(figures::unit(credit.eenheid), figures::unit(debit.eenheid)),
        "ProductTarief" => both(tarief(credit.tarief), tarief(debit.tarief)),
        "Bedrag" => both(figures::amount(credit.bedrag.bedrag), figures::amount(debit.bedrag)),
        _ => same(element),
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, Eenheid};
    use crate::rules::facts::ClaimLine;
    use crate::rules::sample::{OTHER_BSN, Sample, accepts, person, rejects};
    use jiff::civil::date;
    const N: Number = Number::N323;
    const PATH: &[&str] =
        &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/VorigReferentieNummer"];
    /// A credit of an earlier line that is the sample's line, changed.
    fn credit(sample: &mut Sample, change: impl FnOnce(&mut ClaimLine)) {
        sample.earlier_line("P0", change);
        sample.make_credit("P0");
    }
    vec![
        accepts("a debit", N, |_| {}),
        accepts("a credit of a granted debit", N, |s| credit(s, |_| {})),
        rejects("an unknown line", N, PATH, |s| s.make_credit("P0")),
        rejects("a rejected debit", N, PATH, |s| credit(s, |line| line.granted = false)),
        rejects("a credit", N, PATH, |s| credit(s, |line| line.vorig = Some("P00".into()))),
        rejects("another client", N, PATH, |s| credit(s, |line| line.person = person(OTHER_BSN))),
        rejects("another allocation", N, PATH, |s| credit(s, |line| line.toewijzing_nummer = 1002)),
        rejects("another category", N, PATH, |s| credit(s, |line| line.categorie = "03".into())),
        rejects("another code", N, PATH, |s| credit(s, |line| line.code = "99Z99".into())),
        rejects("another first day", N, PATH, |s| credit(s, |line| line.periode.begindatum = date(2026, 2, 2))),
        rejects("another last day", N, PATH, |s| credit(s, |line| line.periode.einddatum = date(2026, 2, 27))),
        rejects("another volume", N, PATH, |s| credit(s, |line| line.volume = 11)),
        rejects("another unit", N, PATH, |s| credit(s, |line| line.eenheid = Eenheid::Minuut)),
        rejects("no tariff", N, PATH, |s| credit(s, |line| line.tarief = None)),
        rejects("another amount", N, PATH, |s| credit(s, |line| line.bedrag = Cents(71_999))),
        accepts("nothing back for nothing", N, |s| {
            s.line().bedrag.bedrag = Cents(0);
            credit(s, |_| {});
        }),
        rejects("a debit of the same message", N, PATH, |s| {
            s.add_line("P2", |_| {});
            s.make_credit("P2");
        }),
        accepts("a credit without a number is for CD060", N, |s| {
            s.make_credit("P0");
            s.line().referentie.vorig = None;
        }),
    ]
}
