//! TR409: only a rejection on the residence principle names another municipality.
//!
//! When `RedenAfwijzingVerzoek` is not 8, or absent, the class `Woonplaatsbeginsel` is absent. iJw only, as TR377, its
//! counterpart.

use super::helpers::{antwoord, rejects_by_residence};
use crate::message::{Law, Number};
use crate::rules::figures::Phrase;
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR409",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N319],
    laws: &[Law::Jeugdwet],
    class: Class::Antwoord,
    nl: "Zonder reden van afwijzing 8 (woonplaatsbeginsel) is er geen verantwoordelijke gemeente gevuld.",
    en: "Without reason of rejection 8 (residence principle) no responsible municipality is present.",
    needs: &[],
    doubt: "The source names the iWmo message, whose schema has no Woonplaatsbeginsel; the rule is judged for iJw.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(antwoord) = antwoord(case) else {
        return Vec::new();
    };
    let Some(woonplaatsbeginsel) = antwoord.woonplaatsbeginsel.as_ref().filter(|_| !rejects_by_residence(antwoord))
    else {
        return Vec::new();
    };
    let gemeente = woonplaatsbeginsel.gemeente.as_str();
    let reden = antwoord.reden_afwijzing.as_ref().map_or_else(
        || Phrase::new("er is geen reden van afwijzing", "there is no reason of rejection"),
        |reden| Phrase::new(format!("de reden van afwijzing is {reden}"), format!("the reason of rejection is {reden}")),
    );
    let violation = Violation::at(
        Place::antwoord("Woonplaatsbeginsel"),
        format!(
            "Gemeente {gemeente} staat er als verantwoordelijke gemeente, en {}. Laat Woonplaatsbeginsel weg, of wijs \
            af met reden 8 (woonplaatsbeginsel).",
            reden.nl
        ),
        format!(
            "Municipality {gemeente} is named as responsible, and {}. Leave Woonplaatsbeginsel out, or reject for \
            reason 8 (residence principle).",
            reden.en
        ),
    )
    .fact("gemeente", gemeente);
    vec![match &antwoord.reden_afwijzing {
        Some(reden) => violation.fact("reden_afwijzing_verzoek", reden.as_str()),
        None => violation,
    }]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::name_gemeente;
    use crate::message::VerzoekAntwoord;
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Antwoord/Woonplaatsbeginsel";
    vec![
        accepts("no municipality", Number::N319, |_| {}),
        accepts("reason 8 and a municipality", Number::N319, |s| {
            s.antwoord().reden_afwijzing = Some("8".into());
            name_gemeente(s, "0363");
        }),
        accepts("reason 8 alone", Number::N319, |s| s.antwoord().reden_afwijzing = Some("8".into())),
        rejects("reason 5 and a municipality", Number::N319, &[PATH], |s| {
            s.antwoord().reden_afwijzing = Some("5".into());
            name_gemeente(s, "0363");
        }),
        rejects("no reason and a municipality", Number::N319, &[PATH], |s| {
            s.antwoord().reden_afwijzing = None;
            name_gemeente(s, "0363");
        }),
        rejects("under investigation with a municipality", Number::N319, &[PATH], |s| {
            s.antwoord().verzoek_antwoord = VerzoekAntwoord::InOnderzoek;
            s.antwoord().reden_afwijzing = None;
            name_gemeente(s, "0363");
        }),
    ]
}
