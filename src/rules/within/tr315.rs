//! TR315: a debit is credited once within one message.
//!
//! Each `VorigReferentieNummer` occurs at most once in a 323, whatever the client. Lines without one are left out. The
//! second and later ones are named, each with the first.

use super::helpers::{prestaties, repeats};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR315",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Elk VorigReferentieNummer komt in een declaratie ten hoogste één keer voor.",
    en: "Each VorigReferentieNummer occurs at most once in a declaration.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut lines = prestaties(case);
    lines.retain(|line| line.prestatie.referentie.vorig.is_some());
    repeats(lines.iter().map(|line| line.prestatie.referentie.vorig.as_ref()))
        .into_iter()
        .map(|(index, first)| {
            let (line, first) = (&lines[index], &lines[first]);
            let vorig = line.prestatie.referentie.vorig.as_ref().map_or("", |vorig| vorig.as_str());
            Violation::at(
                line.place("ProductReferentie/VorigReferentieNummer"),
                format!(
                    "VorigReferentieNummer {vorig} staat ook bij {}. Een prestatie wordt één keer \
                    gecrediteerd.",
                    first.nl()
                ),
                format!("VorigReferentieNummer {vorig} also stands on {}. A line is credited once.", first.en()),
            )
            .fact("vorig_referentie_nummer", vorig)
            .fact("eerste", first.place("").path())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::copy_client;
    use crate::message::DebetCredit;
    use crate::rules::sample::{accepts, rejects};
    const SECOND: &str =
        "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie/VorigReferentieNummer";
    const FOURTH: &str =
        "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[4]/ProductReferentie/VorigReferentieNummer";
    const OTHER_CLIENT: &str =
        "/Bericht/Declaratie/Clienten/Client[2]/Prestaties/Prestatie[1]/ProductReferentie/VorigReferentieNummer";
    vec![
        accepts("debits only", Number::N323, |s| s.add_line("P2", |_| {})),
        accepts("two credits of two debits", Number::N323, |s| {
            s.make_credit("P0");
            s.add_line("P2", |line| line.referentie.vorig = Some("P00".into()));
        }),
        rejects("one debit credited three times", Number::N323, &[SECOND, FOURTH], |s| {
            s.make_credit("P0");
            s.add_line("P2", |_| {});
            s.add_line("P3", |line| {
                line.referentie.vorig = None;
                line.bedrag.debet_credit = DebetCredit::Debet;
            });
            s.add_line("P4", |_| {});
        }),
        rejects("one debit credited at two clients", Number::N323, &[OTHER_CLIENT], |s| {
            s.make_credit("P0");
            copy_client(s, |_| {});
        }),
    ]
}
