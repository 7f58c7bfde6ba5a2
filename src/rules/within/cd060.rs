//! CD060: a credit names the debit that it reverses, and a debit names none.
//!
//! `VorigReferentieNummer` is present if and only if the sign of `IngediendBedrag` is C. A 325 repeats the lines of the
//! 323 and is judged likewise.

use super::helpers::prestaties;
use crate::message::{DebetCredit, Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD060",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323, Number::N325],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "VorigReferentieNummer is gevuld als en alleen als het ingediende bedrag credit is.",
    en: "VorigReferentieNummer is present if and only if the submitted amount is a credit.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    prestaties(case)
        .into_iter()
        .filter_map(|line| {
            let sign = line.prestatie.bedrag.debet_credit;
            let referentie = &line.prestatie.referentie;
            let nummer = referentie.nummer.as_str();
            let (nl, en) = match (sign, &referentie.vorig) {
                (DebetCredit::Credit, None) => (
                    format!(
                        "Prestatie {nummer} is credit (C) en verwijst niet naar de prestatie die zij \
                        terugdraait. Vul VorigReferentieNummer in."
                    ),
                    format!(
                        "Line {nummer} is a credit (C) and does not refer to the line that it reverses. Fill \
                        in VorigReferentieNummer."
                    ),
                ),
                (DebetCredit::Debet, Some(vorig)) => (
                    format!(
                        "Prestatie {nummer} is debet (D) en heeft VorigReferentieNummer {vorig}. Laat dat weg, \
                        of maak de prestatie credit."
                    ),
                    format!(
                        "Line {nummer} is a debit (D) and has VorigReferentieNummer {vorig}. Leave it out, or \
                        make the line a credit."
                    ),
                ),
                (DebetCredit::Credit, Some(_)) | (DebetCredit::Debet, None) => return None,
            };
            Some(
                Violation::at(line.place("ProductReferentie/VorigReferentieNummer"), nl, en)
                    .fact("referentie_nummer", nummer)
                    .fact("debet_credit", sign.as_str())
                    .fact("vorig_referentie_nummer_aanwezig", referentie.vorig.is_some()),
            )
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{copy_line, line};
    use crate::rules::sample::{accepts, rejects};
    let paths: [(Number, &[&str], &[&str]); 2] = [
        (
            Number::N323,
            &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/VorigReferentieNummer"],
            &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie/VorigReferentieNummer"],
        ),
        (
            Number::N325,
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/\
                VorigReferentieNummer"],
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie/\
                VorigReferentieNummer"],
        ),
    ];
    let mut rows = Vec::new();
    for (number, first, second) in paths {
        rows.push(accepts("a debit without", number, |_| {}));
        rows.push(accepts("a credit with", number, |s| {
            line(s).referentie.vorig = Some("P0".into());
            line(s).bedrag.debet_credit = DebetCredit::Credit;
        }));
        rows.push(rejects("a debit with", number, first, |s| line(s).referentie.vorig = Some("P0".into())));
        rows.push(rejects("a credit without, after a debit", number, second, |s| {
            copy_line(s, |line| line.bedrag.debet_credit = DebetCredit::Credit);
        }));
    }
    rows
}
