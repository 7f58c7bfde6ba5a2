//! TR355: an answer names a request that the provider sent to this municipality.
//!
//! `ReferentieAanbieder` of the 319 is that of a product of an earlier 315 or of an earlier 317.
//!
//! Doubtful, with the choice made: a request to another municipality is no request to this one, so it cannot be answered
//! here. The finding does not tell whether there is one.

use super::helpers::care_request;
use crate::message::{Body, Law, Number};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR355",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9355",
    numbers: &[Number::N319],
    laws: &Law::ALL,
    class: Class::Antwoord,
    nl: "Een antwoord verwijst met ReferentieAanbieder naar een verzoek (315 of 317) van deze aanbieder aan deze \
         gemeente.",
    en: "An answer names a request (315 or 317) of this provider to this municipality.",
    needs: &[Need::Ledger],
    doubt: "A request to another municipality is no request to this one.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Body::Antwoord(antwoord) = &case.message.body else {
        return Vec::new();
    };
    let referentie = &antwoord.referentie_aanbieder;
    if case.facts.is_none() || care_request(case, referentie).is_some() {
        return Vec::new();
    }
    vec![
        Violation::at(
            Place::antwoord("ReferentieAanbieder"),
            format!(
                "Er is geen verzoek van deze aanbieder aan deze gemeente met referentie {referentie}. Neem de referentie \
                 van het verzoek over."
            ),
            format!(
                "There is no request of this provider to this municipality with reference {referentie}. Repeat the \
                 reference of the request."
            ),
        )
        .fact("referentie_aanbieder", referentie.as_str()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::VerzoekAntwoord;
    use crate::rules::sample::{OTHER_BSN, accepts, earlier, person, rejects};
    const N: Number = Number::N319;
    const PATH: &[&str] = &["/Bericht/Antwoord/ReferentieAanbieder"];
    vec![
        accepts("a request of a 315", N, |_| {}),
        accepts("a request of a 317", N, |s| s.care_request().message = earlier("317")),
        accepts("whichever client it is for", N, |s| s.care_request().person = person(OTHER_BSN)),
        accepts("a granted request is another rule's", N, |s| s.care_request().honoured_by = Some(earlier("301"))),
        rejects("no request at all", N, PATH, |s| s.facts.verzoeken.clear()),
        rejects("another reference", N, PATH, |s| s.antwoord().referentie_aanbieder = "V-2026-2".into()),
        rejects("a reference that is longer", N, PATH, |s| s.antwoord().referentie_aanbieder = "V-2026-10".into()),
        rejects("a request to another municipality", N, PATH, |s| s.care_request().gemeente = "0294".into()),
        rejects("under investigation, of nothing", N, PATH, |s| {
            s.facts.verzoeken.clear();
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = None;
        }),
    ]
}
