//! CS339: a line in euros claims its own volume.
//!
//! When Eenheid is 83, `IngediendBedrag.Bedrag` equals `GeleverdVolume`; both are in eurocents. The sign plays no part.

use super::helpers::prestaties;
use crate::message::{Eenheid, Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS339",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Bij eenheid 83 (euro's) is het ingediende bedrag gelijk aan het geleverde volume.",
    en: "With unit 83 (euros) the submitted amount equals the delivered volume.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    prestaties(case)
        .into_iter()
        .filter(|line| {
            let amount = u64::try_from(line.prestatie.bedrag.bedrag.0).ok();
            line.prestatie.eenheid == Eenheid::Euro && amount != Some(line.prestatie.volume)
        })
        .map(|line| {
            let (amount, volume) = (line.prestatie.bedrag.bedrag, line.prestatie.volume);
            Violation::at(
                line.place("IngediendBedrag"),
                format!(
                    "Het bedrag is {} en het geleverde volume is {volume} eurocent. Bij eenheid 83 is het volume het \
                    bedrag in eurocenten, hier {}.",
                    figures::amount(amount).nl,
                    amount.0
                ),
                format!(
                    "The amount is {} and the delivered volume is {volume} eurocents. With unit 83 the volume is the \
                    amount in eurocents, here {}.",
                    figures::amount(amount).en,
                    amount.0
                ),
            )
            .fact("bedrag_cent", amount.0)
            .fact("geleverd_volume", volume)
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::{Cents, Count};
    use crate::rules::sample::{Sample, accepts, rejects};
    const FIRST: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/IngediendBedrag";
    const SECOND: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/IngediendBedrag";
    fn euros(s: &mut Sample, volume: Count) {
        s.line().eenheid = Eenheid::Euro;
        s.line().volume = volume;
    }
    vec![
        accepts("hours", Number::N323, |_| {}),
        accepts("equal", Number::N323, |s| euros(s, 72_000)),
        accepts("equal on a credit", Number::N323, |s| {
            euros(s, 72_000);
            s.make_credit("P0");
        }),
        accepts("nothing for nothing", Number::N323, |s| {
            euros(s, 0);
            s.line().bedrag.bedrag = Cents(0);
        }),
        rejects("a cent more", Number::N323, &[FIRST], |s| euros(s, 71_999)),
        rejects("a cent less", Number::N323, &[FIRST], |s| euros(s, 72_001)),
        rejects("euros instead of eurocents, on the second line", Number::N323, &[SECOND], |s| {
            s.add_line("P2", |line| {
                line.eenheid = Eenheid::Euro;
                line.volume = 720;
            });
        }),
    ]
}
