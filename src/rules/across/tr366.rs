//! TR366: each line of a declaration answer exists, by its ProductReferentie, in the 323 that it answers.
//!
//! ProductReferentie is ReferentieNummer and VorigReferentieNummer together, so a credit is another line than a debit of
//! the same number.

use super::helpers::{answered_lines, answer_lines};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR366",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9366",
    numbers: &[Number::N325],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Elke prestatie in het antwoord staat, met dezelfde ProductReferentie, in de declaratie waarop wordt geantwoord.",
    en: "Each line in the answer stands, with the same ProductReferentie, in the declaration that is answered.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(submitted) = answered_lines(case) else {
        return Vec::new();
    };
    answer_lines(case)
        .filter(|line| submitted.find(line).is_none())
        .map(|line| {
            let (nummer, vorig) = line.key();
            let (of_nl, of_en) = match vorig {
                Some(vorig) => (format!(" (credit van {vorig})"), format!(" (credit of {vorig})")),
                None => (String::new(), String::new()),
            };
            let violation = Violation::at(
                line.place("ProductReferentie"),
                format!("Prestatie {nummer}{of_nl} staat niet in de declaratie waarop wordt geantwoord. Noem alleen prestaties daaruit."),
                format!("Line {nummer}{of_en} is not in the declaration that is answered. Name only lines of it."),
            );
            let violation = violation.fact("referentie", nummer.as_str());
            match vorig {
                Some(vorig) => violation.fact("vorige_referentie", vorig.as_str()),
                None => violation,
            }
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::Body;
    use crate::rules::sample::{accepts, rejects};
    const N: Number = Number::N325;
    const FIRST: &[&str] =
        &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie"];
    const SECOND: &[&str] =
        &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie"];
    vec![
        accepts("a line of the declaration", N, |_| {}),
        rejects("a line of nobody", N, FIRST, |s| s.answer_line().referentie.nummer = "P9".into()),
        rejects("a debit returned as a credit", N, FIRST, |s| s.answer_line().referentie.vorig = Some("P0".into())),
        rejects("a credit returned as the credit of another", N, FIRST, |s| {
            s.answered_line().referentie.vorig = Some("P0".into());
            s.answer_line().referentie.vorig = Some("P8".into());
        }),
        accepts("a credit", N, |s| {
            s.answered_line().referentie.vorig = Some("P0".into());
            s.answer_line().referentie.vorig = Some("P0".into());
        }),
        rejects("only the wrong one of two", N, SECOND, |s| {
            let mut other = s.answer_line().clone();
            other.referentie.nummer = "P9".into();
            s.declaratie_antwoord().clienten[0].prestaties.push(other);
        }),
        accepts("no lines", N, |s| s.declaratie_antwoord().clienten.clear()),
        accepts("no answer but the header", N, |s| s.message.body = Body::DeclaratieAntwoord(None)),
        accepts("the declaration is unknown, which is the business of TR337", N, |s| {
            s.answer_line().referentie.nummer = "P9".into();
            s.facts.question = None;
        }),
    ]
}
