//! TR416: all deliveries of one product in one period stand in one debit line.
//!
//! Within a 323 a client has at most one debit per combination of `ToewijzingNummer`, `ProductCategorie`, `ProductCode`
//! and `ProductPeriode`. Credits are left out: crediting and claiming anew in one message is the normal correction. The
//! second and later debits are named, each with the first.
//!
//! Doubtful: the source names the Bsn among the elements and leaves it out of the sentence. It is taken as part of the
//! combination; a line under the wrong client is found by TR304. The published sample JW323 claims one allocation under
//! two clients.

use super::helpers::{period, prestaties, repeats};
use crate::message::{DebetCredit, Law, Number, Prestatie};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR416",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Per cliënt, toewijzing, product en productperiode bevat een declaratie ten hoogste één debetprestatie.",
    en: "A declaration holds at most one debit line per client, allocation, product and product period.",
    needs: &[],
    doubt: "The Bsn is taken as part of the combination, because the source names it among the elements though not \
        in the sentence.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut debits = prestaties(case);
    debits.retain(|line| line.prestatie.bedrag.debet_credit == DebetCredit::Debet);
    let keys = debits.iter().map(|line| {
        let Prestatie { toewijzing_nummer, categorie, code, periode, .. } = line.prestatie;
        (line.bsn, toewijzing_nummer, categorie, code, periode.begindatum, periode.einddatum)
    });
    repeats(keys)
        .into_iter()
        .map(|(index, first)| {
            let (line, first) = (&debits[index], &debits[first]);
            let Prestatie { toewijzing_nummer, code, periode, .. } = line.prestatie;
            let (begin, end) = (periode.begindatum, periode.einddatum);
            let own = period(begin, Some(end));
            Violation::at(
                line.place(""),
                format!(
                    "Toewijzing {toewijzing_nummer}, product {code}, {} is ook gedeclareerd bij {}. Tel alle \
                    leveringen in een periode op tot één prestatie.",
                    own.nl,
                    first.nl()
                ),
                format!(
                    "Allocation {toewijzing_nummer}, product {code}, {} is also claimed on {}. Add up all \
                    deliveries within a period into one line.",
                    own.en,
                    first.en()
                ),
            )
            .fact("toewijzing_nummer", *toewijzing_nummer)
            .fact("product_code", code.as_str())
            .date("begindatum", begin)
            .date("einddatum", end)
            .fact("eerste", first.place("").path())
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::copy_client;
    use crate::rules::sample::{accepts, rejects};
    use jiff::civil::date;
    const SECOND: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]";
    const THIRD: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[3]";
    vec![
        accepts("one debit", Number::N323, |_| {}),
        rejects("three debits", Number::N323, &[SECOND, THIRD], |s| {
            s.add_line("P2", |_| {});
            s.add_line("P3", |_| {});
        }),
        rejects("other volume, unit and amount make no other line", Number::N323, &[SECOND], |s| {
            s.add_line("P2", |line| {
                line.volume = 1;
                line.eenheid = crate::message::Eenheid::Minuut;
                line.bedrag.bedrag = crate::message::Cents(100);
            });
        }),
        accepts("a credit and a new debit", Number::N323, |s| {
            s.make_credit("P0");
            s.add_line("P2", |line| line.bedrag.debet_credit = DebetCredit::Debet);
        }),
        accepts("two credits", Number::N323, |s| {
            s.make_credit("P0");
            s.add_line("P2", |_| {});
        }),
        accepts("another allocation", Number::N323, |s| s.add_line("P2", |line| line.toewijzing_nummer = 1002)),
        accepts("another code", Number::N323, |s| s.add_line("P2", |line| line.code = "99X99".into())),
        accepts("another category", Number::N323, |s| s.add_line("P2", |line| line.categorie = "99".into())),
        accepts("another begin", Number::N323, |s| {
            s.add_line("P2", |line| line.periode.begindatum = date(2026, 2, 2));
        }),
        accepts("another end", Number::N323, |s| {
            s.add_line("P2", |line| line.periode.einddatum = date(2026, 2, 27));
        }),
        accepts("another client", Number::N323, |s| copy_client(s, |_| {})),
    ]
}
