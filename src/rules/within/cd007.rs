//! CD007: the language is named exactly when a language interpreter is needed.
//!
//! `Communicatie.Taal` is present if and only if `Communicatie.Vorm` is 1 (language interpreter). A client without
//! Communicatie needs neither.

use super::helpers::toewijzing_client;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD007",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301],
    laws: &Law::ALL,
    class: Class::Client,
    nl: "Taal is gevuld als en alleen als de communicatievorm 1 (taaltolk) is.",
    en: "Taal is present if and only if the form of communication is 1 (language interpreter).",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

/// Form of communication (COD747): language interpreter.
const INTERPRETER: &str = "1";

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(communicatie) = toewijzing_client(case).and_then(|client| client.communicatie.as_ref()) else {
        return Vec::new();
    };
    let vorm = communicatie.vorm.as_str();
    let (nl, en) = match (vorm == INTERPRETER, communicatie.taal.is_some()) {
        (true, false) => (
            format!("Communicatievorm {vorm} (taaltolk) staat er zonder taal. Vul de taal in."),
            format!("Form of communication {vorm} (language interpreter) lacks a language. Fill in the language."),
        ),
        (false, true) => (
            format!("Bij communicatievorm {vorm} staat een taal. Laat de taal weg, of kies vorm 1 (taaltolk)."),
            format!(
                "Form of communication {vorm} has a language. Leave it out, or choose form 1 (language \
                interpreter)."
            ),
        ),
        (true, true) | (false, false) => return Vec::new(),
    };
    vec![
        Violation::at(Place::client("Communicatie/Taal"), nl, en)
            .fact("vorm", vorm)
            .fact("taal_aanwezig", communicatie.taal.is_some()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::types::Communicatie;
    use crate::rules::sample::{Sample, accepts, rejects};
    const PATH: &str = "/Bericht/Client/Communicatie/Taal";
    fn communicatie(s: &mut Sample, vorm: &str, taal: Option<&str>) {
        s.toewijzing().communicatie = Some(Communicatie { vorm: vorm.into(), taal: taal.map(Into::into) });
    }
    vec![
        accepts("no communication", Number::N301, |s| s.toewijzing().communicatie = None),
        accepts("interpreter with a language", Number::N301, |s| communicatie(s, "1", Some("pl"))),
        accepts("sign language without one", Number::N301, |s| communicatie(s, "2", None)),
        rejects("interpreter without a language", Number::N301, &[PATH], |s| communicatie(s, "1", None)),
        rejects("sign language with one", Number::N301, &[PATH], |s| communicatie(s, "2", Some("pl"))),
        rejects("deaf-blind interpreter with one", Number::N301, &[PATH], |s| communicatie(s, "3", Some("pl"))),
    ]
}
