//! TR359: a request that was granted is not answered any more.
//!
//! A 319 is refused when an allocation message (301) with the same `ReferentieAanbieder` was sent before: the allocation
//! is the last word, whether the answer would be a rejection or an investigation.
//!
//! Doubtful, with the choice made: a 301 that is held was not sent to the provider yet and may be withdrawn, so the
//! municipality can still answer; a 301 that was refused counts as not sent (OP286).

use super::helpers::answered;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR359",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9359",
    numbers: &[Number::N319],
    laws: &Law::ALL,
    class: Class::Antwoord,
    nl: "Er is geen antwoord meer mogelijk op een verzoek waarvoor al is toegewezen.",
    en: "A request for which an allocation was sent is not answered any more.",
    needs: &[Need::Ledger],
    doubt: "A held 301 does not count: it was not sent to the provider yet.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some((antwoord, verzoek)) = answered(case) else {
        return Vec::new();
    };
    let Some(honoured_by) = &verzoek.honoured_by else {
        return Vec::new();
    };
    let (referentie, toewijzing) = (&antwoord.referentie_aanbieder, figures::earlier(honoured_by));
    vec![
        Violation::at(
            Place::antwoord("ReferentieAanbieder"),
            format!("Verzoek {referentie} is al gehonoreerd met {}; een antwoord kan niet meer.", toewijzing.nl),
            format!("Request {referentie} was granted by {}; it cannot be answered any more.", toewijzing.en),
        )
        .fact("referentie_aanbieder", referentie.as_str())
        .earlier(honoured_by),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::VerzoekAntwoord;
    use crate::rules::facts::RequestAnswer;
    use crate::rules::sample::{Sample, accepts, earlier, rejects};
    const N: Number = Number::N319;
    const PATH: &[&str] = &["/Bericht/Antwoord/ReferentieAanbieder"];
    fn grant(sample: &mut Sample) {
        sample.care_request().honoured_by = Some(earlier("301"));
    }
    vec![
        accepts("no allocation yet, or only a held one", N, |_| {}),
        accepts("investigated, not granted", N, |s| {
            s.care_request()
                .answers
                .push(RequestAnswer { antwoord: VerzoekAntwoord::InOnderzoek, message: earlier("319") });
        }),
        rejects("a rejection after the allocation", N, PATH, grant),
        rejects("an investigation after the allocation", N, PATH, |s| {
            grant(s);
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = None;
        }),
        rejects("investigated, then granted", N, PATH, |s| {
            grant(s);
            s.care_request()
                .answers
                .push(RequestAnswer { antwoord: VerzoekAntwoord::InOnderzoek, message: earlier("319") });
        }),
        accepts("another request was granted", N, |s| {
            let granted = crate::rules::facts::CareRequest {
                referentie: "V-2026-2".into(),
                honoured_by: Some(earlier("301")),
                ..s.care_request().clone()
            };
            s.facts.verzoeken.insert(granted.referentie.clone(), granted);
        }),
        accepts("a request to another municipality is TR355's", N, |s| {
            grant(s);
            s.care_request().gemeente = "0294".into();
        }),
    ]
}
