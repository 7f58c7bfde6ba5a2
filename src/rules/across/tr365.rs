//! TR365: a request that was rejected is not answered any more.
//!
//! When the request was answered before, that answer must be `VerzoekAntwoord` 2 (under investigation). After a rejection
//! nothing more may be sent for the reference, neither a second rejection nor an investigation.

use super::helpers::answered;
use crate::message::{Law, Number, VerzoekAntwoord};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR365",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9365",
    numbers: &[Number::N319],
    laws: &Law::ALL,
    class: Class::Antwoord,
    nl: "Na een afwijzing (antwoord 1) kan er geen antwoord op hetzelfde verzoek meer volgen.",
    en: "After a rejection (answer 1) no further answer to the same request can follow.",
    needs: &[Need::Ledger],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some((antwoord, verzoek)) = answered(case) else {
        return Vec::new();
    };
    let Some(rejection) = verzoek.answers.iter().find(|answer| answer.antwoord == VerzoekAntwoord::Afgewezen) else {
        return Vec::new();
    };
    let (referentie, earlier) = (&antwoord.referentie_aanbieder, figures::earlier(&rejection.message));
    vec![
        Violation::at(
            Place::antwoord("VerzoekAntwoord"),
            format!("Verzoek {referentie} is al afgewezen met {}; een volgend antwoord kan niet.", earlier.nl),
            format!("Request {referentie} was rejected by {}; no further answer can follow.", earlier.en),
        )
        .fact("referentie_aanbieder", referentie.as_str())
        .fact("verzoek_antwoord", antwoord.verzoek_antwoord.as_str())
        .earlier(&rejection.message),
    ]
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
        accepts("the first answer", N, |_| {}),
        accepts("a rejection after the investigation", N, |s| answered_by(s, VerzoekAntwoord::InOnderzoek)),
        accepts("a second investigation is another rule's", N, |s| {
            investigate(s);
            answered_by(s, VerzoekAntwoord::InOnderzoek);
        }),
        rejects("a second rejection", N, PATH, |s| answered_by(s, VerzoekAntwoord::Afgewezen)),
        rejects("a second rejection, for another reason", N, PATH, |s| {
            answered_by(s, VerzoekAntwoord::Afgewezen);
            s.antwoord().reden_afwijzing = Some("7".into());
        }),
        rejects("an investigation after the rejection", N, PATH, |s| {
            investigate(s);
            answered_by(s, VerzoekAntwoord::Afgewezen);
        }),
        rejects("investigated, then rejected", N, PATH, |s| {
            answered_by(s, VerzoekAntwoord::InOnderzoek);
            answered_by(s, VerzoekAntwoord::Afgewezen);
        }),
        accepts("another request was rejected", N, |s| {
            let mut other = s.care_request().clone();
            other.referentie = "V-2026-2".into();
            other.answers.push(RequestAnswer { antwoord: VerzoekAntwoord::Afgewezen, message: earlier("319") });
            s.facts.verzoeken.insert(other.referentie.clone(), other);
        }),
        accepts("a request to another municipality is TR355's", N, |s| {
            answered_by(s, VerzoekAntwoord::Afgewezen);
            s.care_request().gemeente = "0294".into();
        }),
    ]
}
