//! TR367: what a declaration answer repeats is equal to what the 323 said.
//!
//! Compared are all elements of a line but its RetourCodes, with the client it stands under, and TotaalIngediendBedrag.
//! Numbers are compared as numbers: `0012` and `12` are equal. Two clients may have a line with one
//! ProductReferentie each: then that of the same client counts.
//!
//! Doubtful: the source says "value" without saying of what. Read as all that is copied; `DeclaratieNummer` is TR376's.

use super::helpers::{AnswerLine, answer_lines, answered_declaration, answered_lines, declaration_answer};
use crate::message::{Body, Law, Number, Prestatie};
use crate::rules::figures::{self, Phrase};
use crate::rules::{Case, Check, Class, Level, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR367",
    sort: Sort::Technical,
    level: Level::Across,
    code: "9367",
    numbers: &[Number::N325],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Een prestatie in het antwoord is gelijk aan de prestatie met dezelfde ProductReferentie in de declaratie.",
    en: "A line in the answer equals the line with the same ProductReferentie in the declaration.",
    needs: &[Need::Ledger, Need::Question],
    doubt: "All elements that are copied are compared, the client of the line and TotaalIngediendBedrag among them.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(submitted) = answered_lines(case) else {
        return Vec::new();
    };
    let mut violations: Vec<Violation> = total(case).into_iter().collect();
    for line in answer_lines(case) {
        let Some((sent, same_client)) = submitted.find(&line) else { continue };
        let differences = differences(sent, line.prestatie, same_client);
        violations.extend(differences.iter().map(|difference| violation(&line, difference)));
    }
    violations
}

/// An element that differs, with what the declaration and the answer say; `None` where a person would be named.
struct Difference {
    element: &'static str,
    values: Option<(Phrase, Phrase)>,
}

fn violation(line: &AnswerLine<'_>, difference: &Difference) -> Violation {
    let Difference { element, values } = difference;
    let nummer = &line.prestatie.referentie.nummer;
    let (nl, en) = match values {
        Some((sent, returned)) => (
            format!(
                "{element} van prestatie {nummer} was {} in de declaratie en is hier {}. Neem de prestatie ongewijzigd \
                 over.",
                sent.nl, returned.nl
            ),
            format!(
                "{element} of line {nummer} was {} in the declaration and is {} here. Repeat the line unchanged.",
                sent.en, returned.en
            ),
        ),
        None => (
            format!("Prestatie {nummer} staat in de declaratie bij een andere cliënt. Noem haar bij die cliënt."),
            format!("Line {nummer} stands under another client in the declaration. Name it under that client."),
        ),
    };
    let violation = Violation::at(line.place(element), nl, en).fact("referentie", nummer.as_str());
    match values {
        Some((sent, returned)) => {
            violation.fact("declaratie", sent.en.as_str()).fact("antwoord", returned.en.as_str())
        }
        None => violation,
    }
}

fn total(case: &Case<'_>) -> Option<Violation> {
    let (answered, answer) = (answered_declaration(case)?, declaration_answer(case)?);
    let Body::Declaratie(declaratie) = &answered.body else { return None };
    let (named, sent) = (answer.totaal_ingediend.signed(), declaratie.totaal.signed());
    let (named_text, sent_text) = (figures::amount(named), figures::amount(sent));
    (named != sent).then(|| {
        Violation::at(
            Place::declaratie_antwoord("TotaalIngediendBedrag"),
            format!("De declaratie telt op tot {}; dit antwoord noemt {}. Neem het totaal over.", sent_text.nl, named_text.nl),
            format!("The declaration comes to {}; this answer names {}. Repeat the total.", sent_text.en, named_text.en),
        )
        .fact("declaratie_cent", sent.0)
        .fact("antwoord_cent", named.0)
    })
}

/// Elements, below Prestatie, in which a returned line differs from the submitted one. A client that differs shows at
/// the reference that links the two.
fn differences(sent: &Prestatie, returned: &Prestatie, same_client: bool) -> Vec<Difference> {
    let mut differences = Vec::new();
    if !same_client {
        differences.push(Difference { element: "ProductReferentie", values: None });
    }
    for (element, value) in ELEMENTS {
        let (sent, returned) = (value(sent), value(returned));
        if sent != returned {
            differences.push(Difference { element, values: Some((sent, returned)) });
        }
    }
    differences
}

/// How an element of a line reads.
type Reading = fn(&Prestatie) -> Phrase;

/// The elements of a line that are compared, with how each reads.
const ELEMENTS: [(&str, Reading); 8] = [
    ("ToewijzingNummer", |line| same(&line.toewijzing_nummer)),
    ("ProductCategorie", |line| same(&line.categorie)),
    ("ProductCode", |line| same(&line.code)),
    ("ProductPeriode", |line| same(&format!("{}/{}", line.periode.begindatum, line.periode.einddatum))),
    ("GeleverdVolume", |line| same(&line.volume)),
    ("Eenheid", |line| figures::unit(line.eenheid)),
    ("ProductTarief", |line| line.tarief.map_or(Phrase::new("afwezig", "absent"), figures::amount)),
    ("IngediendBedrag", |line| figures::amount(line.bedrag.signed())),
];

/// A value that reads alike in both languages.
fn same(value: &impl ToString) -> Phrase {
    let text = value.to_string();
    Phrase::new(text.clone(), text)
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, DebetCredit, Eenheid, TotaalBedragMetDC};
    use crate::rules::sample::{OTHER_BSN, accepts, rejects};
    use jiff::civil::date;
    const N: Number = Number::N325;
    macro_rules! line {
        ($element:literal) => {
            &[concat!("/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]/", $element)]
        };
    }
    vec![
        accepts("a line as it was sent", N, |_| {}),
        accepts("whatever its return codes", N, |s| s.answer_line().retour_codes = vec!["9321".into(), "9389".into()]),
        rejects("another allocation", N, line!("ToewijzingNummer"), |s| s.answer_line().toewijzing_nummer = 1002),
        rejects("another category", N, line!("ProductCategorie"), |s| s.answer_line().categorie = "99".into()),
        rejects("another code", N, line!("ProductCode"), |s| s.answer_line().code = "99Z99".into()),
        rejects("another first day", N, line!("ProductPeriode"), |s| {
            s.answer_line().periode.begindatum = date(2026, 2, 2);
        }),
        rejects("another last day", N, line!("ProductPeriode"), |s| {
            s.answer_line().periode.einddatum = date(2026, 2, 27);
        }),
        rejects("another volume", N, line!("GeleverdVolume"), |s| s.answer_line().volume = 11),
        rejects("another unit", N, line!("Eenheid"), |s| s.answer_line().eenheid = Eenheid::Minuut),
        rejects("no tariff", N, line!("ProductTarief"), |s| s.answer_line().tarief = None),
        rejects("a cent less", N, line!("IngediendBedrag"), |s| s.answer_line().bedrag.bedrag = Cents(71_999)),
        rejects("another sign", N, line!("IngediendBedrag"), |s| {
            s.answer_line().bedrag.debet_credit = DebetCredit::Credit;
        }),
        rejects("nothing was submitted", N, line!("IngediendBedrag"), |s| {
            s.answered_line().bedrag.bedrag = Cents(0);
        }),
        rejects("another client", N, line!("ProductReferentie"), |s| {
            s.declaratie_antwoord().clienten[0].bsn = OTHER_BSN.into();
        }),
        rejects("another total", N, &["/Bericht/DeclaratieAntwoord/TotaalIngediendBedrag"], |s| {
            s.declaratie_antwoord().totaal_ingediend = TotaalBedragMetDC::from_signed(Cents(99_999));
        }),
        rejects("a total of the other sign", N, &["/Bericht/DeclaratieAntwoord/TotaalIngediendBedrag"], |s| {
            s.declaratie_antwoord().totaal_ingediend = TotaalBedragMetDC::from_signed(Cents(-100_000));
        }),
        accepts("the granted total is the municipality's own", N, |s| {
            s.declaratie_antwoord().totaal_toegekend = TotaalBedragMetDC::from_signed(Cents(0));
        }),
        accepts("two clients with one reference: the fitting one counts", N, |s| {
            let mut other = s.answered().clienten[0].clone();
            other.bsn = OTHER_BSN.into();
            other.prestaties[0].volume = 99;
            s.answered().clienten.insert(0, other);
        }),
        accepts("a line that the declaration does not have is the business of TR366", N, |s| {
            s.answer_line().referentie.nummer = "P9".into();
            s.answer_line().volume = 99;
        }),
        accepts("no answer but the header", N, |s| s.message.body = Body::DeclaratieAntwoord(None)),
        accepts("the declaration is unknown, which is the business of TR337", N, |s| {
            s.answer_line().volume = 99;
            s.facts.question = None;
        }),
    ]
}
