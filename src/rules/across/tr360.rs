//! TR360: "under investigation" is the first answer to a request or none.
//!
//! A 319 with `VerzoekAntwoord` 2 is refused when the request was answered before, whatever that answer was. After it
//! only an allocation or a rejection may follow. A second investigation after a rejection breaks TR365 as well: both
//! codes are given.

use super::helpers::answered;
use crate::message::{Law, Number, VerzoekAntwoord};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR360",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9360",
    numbers: &[Number::N319],
    laws: &Law::ALL,
    class: Class::Antwoord,
    nl: "Antwoord 2 (in onderzoek) kan alleen als er nog geen antwoord op het verzoek is gegeven.",
    en: "Answer 2 (under investigation) is only possible when the request was not answered yet.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some((antwoord, verzoek)) = answered(case) else {
        return Vec::new();
    };
    let Some(latest) = verzoek.answers.last() else {
        return Vec::new();
    };
    if antwoord.verzoek_antwoord != VerzoekAntwoord::InOnderzoek {
        return Vec::new();
    }
    let (referentie, earlier, said) = (&antwoord.referentie_aanbieder, figures::earlier(&latest.message), said(latest.antwoord));
    vec![
        Violation::at(
            Place::antwoord("VerzoekAntwoord"),
            format!(
                "Verzoek {referentie} is al beantwoord: {} met {}. In onderzoek kan alleen het eerste antwoord zijn.",
                said.nl, earlier.nl
            ),
            format!(
                "Request {referentie} was answered before: {} by {}. Only the first answer can be that it is under \
                 investigation.",
                said.en, earlier.en
            ),
        )
        .fact("referentie_aanbieder", referentie.as_str())
        .fact("eerder_antwoord", latest.antwoord.as_str())
        .earlier(&latest.message),
    ]
}

fn said(antwoord: VerzoekAntwoord) -> Phrase {
    match antwoord {
        VerzoekAntwoord::Afgewezen => Phrase::new("afgewezen (1)", "rejected (1)"),
        VerzoekAntwoord::InOnderzoek => Phrase::new("in onderzoek (2)", "under investigation (2)"),
    }
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::facts::RequestAnswer;
    use crate::rules::sample::{Sample, accepts, earlier, rejects};
    const N: Number = Number::N319;
    const PATH: &[&str] = &["/Bericht/Antwoord/VerzoekAntwoord"];
    fn investigate(sample: &mut Sample) {
        sample.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
        sample.antwoord().reden_afwijzing = None;
    }
    fn answered_by(sample: &mut Sample, antwoord: VerzoekAntwoord) {
        sample.care_request().answers.push(RequestAnswer { antwoord, message: earlier("319") });
    }
    vec![
        accepts("the first answer", N, investigate),
        rejects("a second investigation", N, PATH, |s| {
            investigate(s);
            answered_by(s, VerzoekAntwoord::InOnderzoek);
        }),
        rejects("an investigation after a rejection", N, PATH, |s| {
            investigate(s);
            answered_by(s, VerzoekAntwoord::Afgewezen);
        }),
        rejects("an investigation after both", N, PATH, |s| {
            investigate(s);
            answered_by(s, VerzoekAntwoord::InOnderzoek);
            answered_by(s, VerzoekAntwoord::Afgewezen);
        }),
        accepts("a rejection after the investigation", N, |s| answered_by(s, VerzoekAntwoord::InOnderzoek)),
        accepts("an answer to another request", N, |s| {
            investigate(s);
            let mut other = s.care_request().clone();
            other.referentie = "V-2026-2".into();
            other.answers.push(RequestAnswer { antwoord: VerzoekAntwoord::InOnderzoek, message: earlier("319") });
            s.facts.verzoeken.insert(other.referentie.clone(), other);
        }),
        accepts("a request to another municipality is TR355's", N, |s| {
            investigate(s);
            answered_by(s, VerzoekAntwoord::InOnderzoek);
            s.care_request().gemeente = "0294".into();
        }),
    ]
}
