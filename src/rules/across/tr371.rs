//! TR371: `XsdVersieDeclaratie` of a declaration answer is the `XsdVersie` of the 323 that it answers.

use super::helpers::answered_declaration;
use crate::message::{Law, Number, XsdVersie};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR371",
    sort: Sort::Technical,
    level: Level::Across,
    code: "",
    numbers: &[Number::N325],
    laws: &Law::ALL,
    class: Class::Header,
    nl: "De XsdVersieDeclaratie is gelijk aan de XsdVersie van de declaratie (323) waarop wordt geantwoord.",
    en: "XsdVersieDeclaratie equals XsdVersie of the declaration (323) that is answered.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "",
    check: Check::Message(check),
};

/// Reads one of the versions.
type Version = fn(&XsdVersie) -> &str;

fn check(case: &Case<'_>) -> Vec<Violation> {
    let (Some(answered), Some(named)) = (answered_declaration(case), &case.message.header.xsd_versie_declaratie) else {
        return Vec::new();
    };
    let sent = &answered.header.xsd_versie;
    let basisschema: Version = |versie| versie.basisschema.as_str();
    let bericht: Version = |versie| versie.bericht.as_str();
    let versions = [("BasisschemaXsdVersie", basisschema), ("BerichtXsdVersie", bericht)];
    versions
        .into_iter()
        .filter(|(_, version)| version(named) != version(sent))
        .map(|(element, version)| {
            let (named, sent) = (version(named), version(sent));
            Violation::at(
                Place::header(&format!("XsdVersieDeclaratie/{element}")),
                format!("De declaratie had {element} {sent}; dit antwoord noemt {named}. Neem de XsdVersie ongewijzigd over."),
                format!("The declaration had {element} {sent}; this answer names {named}. Repeat the XsdVersie unchanged."),
            )
            .fact("declaratie", sent)
            .fact("antwoord", named)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::rules::sample::{Sample, accepts, rejects};
    const N: Number = Number::N325;
    const BASIS: &str = "/Bericht/Header/XsdVersieDeclaratie/BasisschemaXsdVersie";
    const BERICHT: &str = "/Bericht/Header/XsdVersieDeclaratie/BerichtXsdVersie";
    fn named(sample: &mut Sample) -> &mut XsdVersie {
        sample.message.header.xsd_versie_declaratie.as_mut().expect("325 samples have it")
    }
    vec![
        accepts("both versions are those of the declaration", N, |_| {}),
        rejects("another version of the message", N, &[BERICHT], |s| named(s).bericht = "1.0.1".into()),
        rejects("another version of the base", N, &[BASIS], |s| named(s).basisschema = "1.0.1".into()),
        rejects("both are others", N, &[BASIS, BERICHT], |s| {
            *named(s) = XsdVersie { basisschema: "2.0.0".into(), bericht: "2.0.0".into() };
        }),
        accepts("the versions of the answer itself may be others", N, |s| {
            s.message.header.xsd_versie = XsdVersie { basisschema: "2.0.0".into(), bericht: "2.0.0".into() };
        }),
        accepts("the declaration is unknown, which is the business of TR337", N, |s| {
            named(s).bericht = "9.9.9".into();
            s.facts.question = None;
        }),
    ]
}
