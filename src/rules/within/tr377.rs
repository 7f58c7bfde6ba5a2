//! TR377: whoever rejects a request on the residence principle names the municipality that is responsible.
//!
//! When `RedenAfwijzingVerzoek` is 8, the class `Woonplaatsbeginsel` is present (IV095), whatever `VerzoekAntwoord` says.
//! The iWmo knows reason 8 in its code list and not the class: nothing is judged there.

use super::helpers::{antwoord, rejects_by_residence};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR377",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N319],
    laws: &[Law::Jeugdwet],
    class: Class::Antwoord,
    nl: "Bij reden van afwijzing 8 (woonplaatsbeginsel) is de verantwoordelijke gemeente gevuld.",
    en: "With reason of rejection 8 (residence principle) the responsible municipality is present.",
    needs: &[],
    doubt: "The source names the iWmo message, whose schema has no Woonplaatsbeginsel; the rule is judged for iJw.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(antwoord) = antwoord(case) else {
        return Vec::new();
    };
    if !rejects_by_residence(antwoord) || antwoord.woonplaatsbeginsel.is_some() {
        return Vec::new();
    }
    let violation = Violation::at(
        Place::antwoord("Woonplaatsbeginsel"),
        "De reden van afwijzing is 8 (woonplaatsbeginsel) en de gemeente die wel verantwoordelijk is, ontbreekt. Vul \
        Woonplaatsbeginsel in met die gemeente, of gebruik een andere reden.",
        "The reason of rejection is 8 (residence principle) and the municipality that is responsible instead is \
        missing. Fill in Woonplaatsbeginsel with that municipality, or use another reason.",
    );
    vec![violation.fact("reden_afwijzing_verzoek", "8").fact("woonplaatsbeginsel_aanwezig", false)]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::name_gemeente;
    use crate::message::VerzoekAntwoord;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Antwoord/Woonplaatsbeginsel";
    vec![
        accepts("another reason", Number::N319, |_| {}),
        accepts("another municipality is responsible for another reason", Number::N319, |s| {
            s.antwoord().reden_afwijzing = Some("5".into());
        }),
        accepts("no reason", Number::N319, |s| s.antwoord().reden_afwijzing = None),
        accepts("reason 8 and a municipality", Number::N319, |s| {
            s.antwoord().reden_afwijzing = Some("8".into());
            name_gemeente(s, "0363");
        }),
        rejects("reason 8 alone", Number::N319, &[PATH], |s| s.antwoord().reden_afwijzing = Some("8".into())),
        rejects("reason 8 under investigation", Number::N319, &[PATH], |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = Some("8".into());
        }),
    ]
}
