//! CD086: a request that is under investigation has no reason of rejection yet.
//!
//! When `VerzoekAntwoord` is 2 (under investigation), `RedenAfwijzingVerzoek` is absent. Its counterpart for a rejected
//! request is CD085.

use super::helpers::antwoord;
use crate::message::{Law, Number, VerzoekAntwoord};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD086",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N319],
    laws: &Law::ALL,
    class: Class::Antwoord,
    nl: "Bij een verzoek dat in onderzoek is (antwoord 2), is RedenAfwijzingVerzoek niet gevuld.",
    en: "The answer that a request is under investigation (2) has no RedenAfwijzingVerzoek.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(antwoord) = antwoord(case) else {
        return Vec::new();
    };
    let (VerzoekAntwoord::InOnderzoek, Some(reden)) = (antwoord.verzoek_antwoord, &antwoord.reden_afwijzing) else {
        return Vec::new();
    };
    let violation = Violation::at(
        Place::antwoord("RedenAfwijzingVerzoek"),
        format!(
            "Het verzoek is in onderzoek (antwoord 2) en heeft toch een reden van afwijzing ({reden}). Laat de reden \
            weg, of wijs het verzoek af met antwoord 1."
        ),
        format!(
            "The request is under investigation (answer 2) and yet has a reason of rejection ({reden}). Leave the \
            reason out, or reject the request with answer 1."
        ),
    );
    vec![
        violation
            .fact("verzoek_antwoord", antwoord.verzoek_antwoord.as_str())
            .fact("reden_afwijzing_verzoek", reden.as_str()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::name_gemeente;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Antwoord/RedenAfwijzingVerzoek";
    vec![
        accepts("rejected with a reason", Number::N319, |_| {}),
        accepts("rejected without a reason", Number::N319, |s| s.antwoord().reden_afwijzing = None),
        accepts("under investigation without a reason", Number::N319, |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = None;
        }),
        rejects("under investigation with a reason", Number::N319, &[PATH], |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
        }),
        rejects("under investigation for the residence principle", Number::N319, &[PATH], |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = Some("8".into());
            name_gemeente(s, "0363");
        })
        .only(&[Law::Jeugdwet]),
    ]
}
