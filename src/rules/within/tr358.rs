//! TR358: the total of a declaration is the sum of its lines.
//!
//! `TotaalIngediendBedrag`, with its sign, equals the sum of `IngediendBedrag` over all lines of all clients: debits
//! added, credits subtracted. The amount is the absolute value of the sum, the sign is C when it is negative. For a sum
//! of zero the sign is the matter of CS325.

use super::helpers::{declaratie, prestaties, signed_amount, signed_sum};
use crate::message::{Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "TR358",
    sort: Sort::Technical,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Declaratie,
    nl: "TotaalIngediendBedrag is de som van de ingediende bedragen van alle prestaties: debet opgeteld, credit \
        afgetrokken.",
    en: "TotaalIngediendBedrag is the sum of the submitted amounts of all lines: debits added, credits subtracted.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    let Some(declaratie) = declaratie(case) else {
        return Vec::new();
    };
    let total = declaratie.totaal.signed();
    let sum = signed_sum(&prestaties(case));
    if total == sum {
        return Vec::new();
    }
    let [stated, added] = [total, sum].map(signed_amount);
    vec![
        Violation::at(
            Place::declaratie("TotaalIngediendBedrag"),
            format!(
                "Het totaal is {}, maar de prestaties tellen op tot {}. Vul de som van de prestaties in.",
                stated.nl,
                added.nl
            ),
            format!(
                "The total is {}, but the lines add up to {}. Fill in the sum of the lines.",
                stated.en,
                added.en
            ),
        )
        .fact("totaal_cent", total.0)
        .fact("som_prestaties_cent", sum.0),
    ]
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::{copy_client, copy_line, line};
    use crate::message::{Cents, DebetCredit};
    use crate::rules::sample::{accepts, rejects};
    const PATH: &str = "/Bericht/Declaratie/TotaalIngediendBedrag";
    vec![
        accepts("one line", Number::N323, |_| {}),
        rejects("a cent too much", Number::N323, &[PATH], |s| s.declaratie().totaal.totaal_bedrag = Cents(72_001)),
        rejects("the wrong sign", Number::N323, &[PATH], |s| {
            s.declaratie().totaal.debet_credit = DebetCredit::Credit;
        }),
        accepts("credits only", Number::N323, |s| s.make_credit("P0")),
        rejects("credits only, with a debit total", Number::N323, &[PATH], |s| {
            s.make_credit("P0");
            s.declaratie().totaal.debet_credit = DebetCredit::Debet;
        }),
        accepts("a credit and a debit of the same amount", Number::N323, |s| {
            s.make_credit("P0");
            s.add_line("P2", |line| line.bedrag.debet_credit = DebetCredit::Debet);
            s.declaratie().totaal.totaal_bedrag = Cents(0);
        }),
        accepts("zero as a credit is for another rule", Number::N323, |s| {
            line(s).bedrag.bedrag = Cents(0);
            s.declaratie().totaal.totaal_bedrag = Cents(0);
            s.declaratie().totaal.debet_credit = DebetCredit::Credit;
        }),
        rejects("the lines of a second client left out", Number::N323, &[PATH], |s| copy_client(s, |_| {})),
        accepts("two clients", Number::N323, |s| {
            copy_client(s, |_| {});
            s.declaratie().totaal.totaal_bedrag = Cents(144_000);
        }),
        rejects("amounts without their sign", Number::N323, &[PATH], |s| {
            copy_line(s, |line| line.bedrag.debet_credit = DebetCredit::Credit);
            s.declaratie().totaal.totaal_bedrag = Cents(144_000);
        }),
    ]
}
