//! CD085: whoever rejects a request says why.
//!
//! When `VerzoekAntwoord` is 1 (rejected), `RedenAfwijzingVerzoek` is present. Its counterpart for a request that is
//! under investigation is CD086.

use super::helpers::antwoord;
use crate::message::{Law, Number, VerzoekAntwoord};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD085",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N319],
    laws: &Law::ALL,
    class: Class::Antwoord,
    nl: "Bij een afgewezen verzoek (antwoord 1) is RedenAfwijzingVerzoek gevuld.",
    en: "The answer that rejects a request (1) has a RedenAfwijzingVerzoek.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(antwoord) = antwoord(case) else {
        return Vec::new();
    };
    if antwoord.verzoek_antwoord != VerzoekAntwoord::Afgewezen || antwoord.reden_afwijzing.is_some() {
        return Vec::new();
    }
    let violation = Violation::at(
        Place::antwoord("RedenAfwijzingVerzoek"),
        "Het verzoek is afgewezen (antwoord 1) zonder reden. Vul RedenAfwijzingVerzoek in.",
        "The request is rejected (answer 1) without a reason. Fill in RedenAfwijzingVerzoek.",
    );
    vec![violation.fact("verzoek_antwoord", antwoord.verzoek_antwoord.as_str())]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::name_gemeente;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Antwoord/RedenAfwijzingVerzoek";
    vec![
        accepts("rejected with a reason", Number::N319, |_| {}),
        rejects("rejected without a reason", Number::N319, &[PATH], |s| s.antwoord().reden_afwijzing = None),
        rejects("rejected with a municipality and without a reason", Number::N319, &[PATH], |s| {
            s.antwoord().reden_afwijzing = None;
            name_gemeente(s, "0363");
        })
        .only(&[Law::Jeugdwet]),
        accepts("under investigation without a reason", Number::N319, |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = None;
        }),
        accepts("under investigation with a reason", Number::N319, |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
        }),
    ]
}
