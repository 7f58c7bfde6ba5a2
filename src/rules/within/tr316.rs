//! TR316: a debit cannot be credited in the message that carries it.
//!
//! No `VorigReferentieNummer` of a 323 equals a `ReferentieNummer` of any line of the same message, its own included
//! and whatever the client. Crediting an older debit and putting a new one in its place in one message is fine (IV086).

use super::helpers::prestaties;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};
use std::collections::BTreeMap;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR316",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Een VorigReferentieNummer verwijst niet naar een prestatie in hetzelfde bericht.",
    en: "A VorigReferentieNummer does not refer to a line of the same message.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let lines = prestaties(case);
    let mut by_number = BTreeMap::new();
    for line in &lines {
        by_number.entry(&line.prestatie.referentie.nummer).or_insert(line);
    }
    let mut violations = Vec::new();
    for line in &lines {
        let Some(vorig) = &line.prestatie.referentie.vorig else {
            continue;
        };
        if let Some(credited) = by_number.get(vorig) {
            violations.push(
                Violation::at(
                    line.place("ProductReferentie/VorigReferentieNummer"),
                    format!(
                        "VorigReferentieNummer {vorig} is het ReferentieNummer van {} in hetzelfde bericht. \
                        Crediteer alleen een prestatie uit een eerdere declaratie.",
                        credited.nl()
                    ),
                    format!(
                        "VorigReferentieNummer {vorig} is the ReferentieNummer of {} of the same message. Only \
                        a line of an earlier declaration is credited.",
                        credited.en()
                    ),
                )
                .fact("vorig_referentie_nummer", vorig.as_str())
                .fact("gecrediteerd", credited.place("").path()),
            );
        }
    }
    violations
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::copy_client;
    use crate::message::DebetCredit;
    use crate::rules::sample::{accepts, rejects};
    vec![
        accepts("an older debit credited and replaced", Number::N323, |s| {
            s.make_credit("P0");
            s.add_line("P2", |line| {
                line.referentie.vorig = None;
                line.bedrag.debet_credit = DebetCredit::Debet;
            });
        }),
        accepts("two credits of one older debit", Number::N323, |s| {
            s.make_credit("P0");
            s.add_line("P2", |_| {});
        }),
        rejects(
            "a debit of the same message",
            Number::N323,
            &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie/VorigReferentieNummer"],
            |s| {
                s.add_line("P2", |line| {
                    line.referentie.vorig = Some("P1".into());
                    line.bedrag.debet_credit = DebetCredit::Credit;
                });
            },
        ),
        rejects(
            "a debit that follows, at another client",
            Number::N323,
            &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/VorigReferentieNummer"],
            |s| {
                s.make_credit("P2");
                copy_client(s, |client| client.prestaties[0].referentie.vorig = None);
            },
        ),
        rejects(
            "itself",
            Number::N323,
            &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/VorigReferentieNummer"],
            |s| s.make_credit("P1"),
        ),
    ]
}
