//! TR314: the provider has not used the `ReferentieNummer` of a line before within the law.
//!
//! Debits and credits share one number space (IV091). Inside the message the second and later line with one number is
//! refused, whoever its client is.
//!
//! Doubtful: the source does not say whether the number of a rejected line may return. Here any line of a processed 323
//! has used its number, granted or not; a 323 that was not processed counts as not sent.

use crate::message::{Law, Number};
use crate::rules::{Check, Class, Level, Line, Need, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR314",
    sort: Sort::Technical,
    level: Level::Across,
    code: "8021",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Het ReferentieNummer van een prestatie is uniek voor de aanbieder binnen de wet.",
    en: "The ReferentieNummer of a line is unique for the provider within the law.",
    needs: &[Need::Ledger],
    doubt: "A rejected line of a processed declaration has used its number; in one message the second and later line \
            with the same number is refused.",
    check: Check::Line(check),
};

fn check(line: &Line<'_>) -> Vec<Violation> {
    let nummer = &line.prestatie.referentie.nummer;
    let place = line.place("ProductReferentie/ReferentieNummer");
    if let Some(used) = line.case.facts.and_then(|facts| facts.lines.get(nummer)) {
        let declaratie = &used.declaratie;
        let violation = Violation::at(
            place,
            format!("ReferentieNummer {nummer} is al gebruikt in declaratie {declaratie}. Geef elke prestatie een eigen nummer."),
            format!("ReferentieNummer {nummer} was used before, in declaration {declaratie}. Give each line its own number."),
        );
        return vec![violation.earlier_line(used)];
    }
    if line.first_use == line.index() {
        return Vec::new();
    }
    let (client, prestatie) = (line.first_use.0 + 1, line.first_use.1 + 1);
    vec![
        Violation::at(
            place,
            format!("ReferentieNummer {nummer} staat in dit bericht al bij cliënt {client}, prestatie {prestatie}. Geef elke prestatie een eigen nummer."),
            format!("ReferentieNummer {nummer} stands in this message already, at client {client}, line {prestatie}. Give each line its own number."),
        )
        .fact("referentie_nummer", nummer.as_str())
        .fact("eerste", Place::prestatie(line.first_use.0, line.first_use.1, "").path()),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::DebetCredit;
    use crate::rules::sample::{OTHER_BSN, accepts, rejects};
    const N: Number = Number::N323;
    const FIRST: &str =
        "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductReferentie/ReferentieNummer";
    const SECOND: &str =
        "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductReferentie/ReferentieNummer";
    const THIRD: &str =
        "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[3]/ProductReferentie/ReferentieNummer";
    const OTHER_CLIENT: &str =
        "/Bericht/Declaratie/Clienten/Client[2]/Prestaties/Prestatie[1]/ProductReferentie/ReferentieNummer";
    vec![
        accepts("a new number", N, |_| {}),
        rejects("used by a granted line", N, &[FIRST], |s| s.earlier_line("P1", |_| {})),
        rejects("used by a rejected line", N, &[FIRST], |s| s.earlier_line("P1", |line| line.granted = false)),
        accepts("naming an earlier line as the credited one", N, |s| {
            s.earlier_line("P0", |_| {});
            s.make_credit("P0");
        }),
        accepts("two numbers", N, |s| s.add_line("P2", |_| {})),
        rejects("twice in the message", N, &[SECOND], |s| s.add_line("P1", |_| {})),
        rejects("three times in the message", N, &[SECOND, THIRD], |s| {
            s.add_line("P1", |_| {});
            s.add_line("P1", |_| {});
        }),
        rejects("the later one in the message, though a credit is judged first", N, &[SECOND], |s| {
            s.add_line("P1", |line| {
                line.referentie.vorig = Some("P0".into());
                line.bedrag.debet_credit = DebetCredit::Credit;
            });
        }),
        rejects("at two clients", N, &[OTHER_CLIENT], |s| {
            let mut other = s.declaratie().clienten[0].clone();
            other.bsn = OTHER_BSN.into();
            s.declaratie().clienten.push(other);
        }),
        accepts("another case is another number", N, |s| s.add_line("p1", |_| {})),
    ]
}
