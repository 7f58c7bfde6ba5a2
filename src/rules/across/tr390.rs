//! TR390: a debit is credited once.
//!
//! Doubtful: the text speaks of an "equal `ProductReferentie`"; since a credit has a `ReferentieNummer` of its own,
//! what two credits of one debit share is `VorigReferentieNummer`. Counted are granted credits of earlier declarations
//! and those granted before this line in this message.

use super::helpers::is_credit;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::granted::Credit;
use crate::rules::{Check, Class, Level, Line, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR390",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9390",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Een debetprestatie wordt hooguit eenmaal gecrediteerd.",
    en: "A debit is credited at most once.",
    needs: &[Need::Ledger],
    doubt: "Two credits are of the same debit when they have the same VorigReferentieNummer.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let Some(vorig) = line.prestatie.referentie.vorig.as_ref().filter(|_| is_credit(line.prestatie)) else {
        return Vec::new();
    };
    let violation = |nl: String, en: String| {
        let place = line.place("ProductReferentie/VorigReferentieNummer");
        Violation::at(place, nl, en).fact("vorig_referentie_nummer", vorig.as_str())
    };
    match line.granted.credit_of(vorig) {
        None => Vec::new(),
        Some(Credit::Earlier(credit)) => {
            let earlier = figures::earlier_line(credit);
            vec![
                violation(
                    format!("Prestatie {vorig} is al gecrediteerd met {}. Laat deze creditprestatie weg.", earlier.nl),
                    format!("Line {vorig} was credited before, by {}. Leave this credit out.", earlier.en),
                )
                .earlier_line(credit),
            ]
        }
        Some(Credit::Here(credit)) => {
            let here = credit.referentie.nummer.as_str();
            vec![
                violation(
                    format!(
                        "Prestatie {vorig} wordt in dit bericht al gecrediteerd met prestatie {here}. Laat één van \
                         beide weg."
                    ),
                    format!("Line {vorig} is credited in this message already, by line {here}. Leave one of the two out."),
                )
                .fact("eerdere_prestatie", here),
            ]
        }
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, DebetCredit};
    use crate::rules::facts::ClaimLine;
    use crate::rules::sample::{Sample, accepts, rejects};
    const N: Number = Number::N323;
    const FIRST: &[&str] =
        &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/VorigReferentieNummer"];
    const SECOND: &[&str] =
        &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie/VorigReferentieNummer"];
    /// An earlier debit P0 and an earlier credit of it, changed.
    fn credited(sample: &mut Sample, change: impl FnOnce(&mut ClaimLine)) {
        sample.earlier_line("P0", |_| {});
        sample.earlier_line("P00", |line| {
            line.vorig = Some("P0".into());
            line.bedrag = Cents(-line.bedrag.0);
            change(line);
        });
    }
    vec![
        accepts("a debit", N, |_| {}),
        accepts("the first credit", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
        }),
        rejects("credited before", N, FIRST, |s| {
            credited(s, |_| {});
            s.make_credit("P0");
        }),
        accepts("its earlier credit was rejected", N, |s| {
            credited(s, |line| line.granted = false);
            s.make_credit("P0");
        }),
        accepts("another debit was credited", N, |s| {
            credited(s, |line| line.vorig = Some("PX".into()));
            s.make_credit("P0");
        }),
        rejects("twice in this message", N, SECOND, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            s.add_line("P2", |_| {});
        }),
        accepts("two debits credited in this message", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
            s.add_line("P2", |line| line.referentie.vorig = Some("PX".into()));
        }),
        accepts("a new debit after the credit", N, |s| {
            credited(s, |_| {});
            s.line().bedrag.debet_credit = DebetCredit::Debet;
        }),
    ]
}
