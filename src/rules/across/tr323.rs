//! TR323: a credit takes back a granted debit of this provider, and equals it.
//!
//! `VorigReferentieNummer` names a debit of an earlier 323 that its 325 granted (IV085). Apart from `ReferentieNummer`,
//! `VorigReferentieNummer` and `DebetCredit` the credit is the same line (IV091): Bsn, `ToewijzingNummer`,
//! `ProductCategorie`, `ProductCode`, `ProductPeriode`, `GeleverdVolume`, Eenheid, `ProductTarief` and Bedrag. A debit
//! of the same message is not granted yet and cannot be credited.

use super::helpers::{Reversed, reversed};
use crate::message::{Law, Number};
use crate::rules::figures;
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
            format!("Er is geen eerder gedeclareerde prestatie {vorig} om te crediteren."),
            format!("There is no earlier line {vorig} to credit."),
        ),
        Reversed::Rejected(debit) => {
            let earlier = figures::earlier_line(debit);
            Violation::at(
                place,
                format!("Niet goedgekeurd en dus niet te crediteren: {}.", earlier.nl),
                format!("Not granted and thus not to be credited: {}.", earlier.en),
            )
            .earlier_line(debit)
        }
        Reversed::Credit(debit) => Violation::at(
            place,
            format!("Prestatie {vorig} van declaratie {} is zelf een creditprestatie.", debit.declaratie),
            format!("Line {vorig} of declaration {} is a credit itself.", debit.declaratie),
        )
        .earlier_line(debit),
        Reversed::Other(debit, elements) => {
            let (earlier, list) = (figures::earlier_line(debit), elements.join(", "));
            Violation::at(
                place,
                format!("De creditprestatie is niet gelijk aan {}; anders is: {list}.", earlier.nl),
                format!("The credit does not equal {}; what differs: {list}.", earlier.en),
            )
            .earlier_line(debit)
            .fact("anders", elements)
        }
    };
    vec![violation.fact("vorig_referentienummer", vorig.as_str())]
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
