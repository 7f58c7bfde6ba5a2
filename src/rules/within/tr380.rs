//! TR380: a new product is asked for ahead of time.
//!
//! `GewensteIngangsdatum` of a `NieuwProduct` is strictly after the Dagtekening of the message; the same day is too late.
//!
//! Doubtful: the source does not name the element. It can only be that of `NieuwProduct`, because TR357 allows a past
//! date for a `TeWijzigenProduct`.

use super::helpers::nieuwe_producten;
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR380",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N317],
    laws: &Law::ALL,
    class: Class::NieuwProduct,
    nl: "De gewenste ingangsdatum van een nieuw product ligt na de dagtekening.",
    en: "The first day asked for a new product is after the date of signing.",
    needs: &[],
    doubt: "The source does not name the element; that of NieuwProduct is judged, because TR357 allows a past date \
        for a product to change.",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let dagtekening = case.message.header.identificatie.dagtekening;
    nieuwe_producten(case)
        .into_iter()
        .filter(|nieuw| nieuw.item.gewenste_ingangsdatum <= dagtekening)
        .map(|nieuw| {
            let begin = nieuw.item.gewenste_ingangsdatum;
            Violation::at(
                nieuw.place("GewensteIngangsdatum"),
                format!(
                    "Dit nieuwe product wordt gevraagd vanaf {begin}, en de dagtekening is {dagtekening}. Vraag het \
                    aan vanaf een dag na de dagtekening."
                ),
                format!(
                    "This new product is asked for from {begin} on, and the date of signing is {dagtekening}. Ask \
                    for it from a day after the date of signing."
                ),
            )
            .date("gewenste_ingangsdatum", begin)
            .date("dagtekening", dagtekening)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::Date;
    use crate::rules::sample::{Sample, accepts, rejects};
    use jiff::civil::date;
    const FIRST: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]/GewensteIngangsdatum";
    const SECOND: &str = "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[2]/GewensteIngangsdatum";
    fn set(s: &mut Sample, dagtekening: Date, begin: Date) {
        s.message.header.identificatie.dagtekening = dagtekening;
        s.add_nieuw_product(|nieuw| nieuw.gewenste_ingangsdatum = begin);
    }
    vec![
        accepts("no new product, one to change from a past day on", Number::N317, |_| {}),
        accepts("the day after", Number::N317, |s| set(s, date(2026, 3, 9), date(2026, 3, 10))),
        accepts("the first day of the next year", Number::N317, |s| set(s, date(2025, 12, 31), date(2026, 1, 1))),
        accepts("1 March after 29 February", Number::N317, |s| set(s, date(2028, 2, 29), date(2028, 3, 1))),
        rejects("the same day", Number::N317, &[FIRST], |s| set(s, date(2026, 3, 9), date(2026, 3, 9))),
        rejects("the day before", Number::N317, &[FIRST], |s| set(s, date(2026, 3, 1), date(2026, 2, 28))),
        rejects("signed on the last day there is", Number::N317, &[FIRST], |s| {
            set(s, date(9999, 12, 31), date(9999, 12, 31));
        }),
        accepts("the day of judging does not count", Number::N317, |s| {
            s.today = date(2026, 3, 20);
            set(s, date(2026, 3, 9), date(2026, 3, 15));
        }),
        rejects("only the second of three", Number::N317, &[SECOND], |s| {
            set(s, date(2026, 3, 9), date(2026, 3, 10));
            s.add_nieuw_product(|nieuw| nieuw.gewenste_ingangsdatum = date(2025, 3, 10));
            s.add_nieuw_product(|_| {});
        }),
    ]
}
