//! CS325: an amount of zero is a debit.
//!
//! When an amount is 0 its sign is D. That holds for the amount of each line, the total of a declaration, and both
//! totals of an answer.

use super::helpers::{declaratie, prestaties};
use crate::message::{Body, Cents, DebetCredit, Law, Number};
use crate::rules::{Case, Check, Class, Level, Place, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CS325",
    sort: Sort::Constraint,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323, Number::N325],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "Bij een bedrag van 0 is DebetCredit D.",
    en: "An amount of 0 has DebetCredit D.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    amounts(case)
        .into_iter()
        .filter(|(amount, sign, _)| *amount == Cents(0) && *sign == DebetCredit::Credit)
        .map(|(amount, sign, place)| {
            Violation::at(
                place,
                "Het bedrag is 0 en staat als credit (C). Gebruik bij een bedrag van 0 altijd debet (D).",
                "The amount is 0 and stands as a credit (C). An amount of 0 is always a debit (D).",
            )
            .fact("bedrag_cent", amount.0)
            .fact("debet_credit", sign.as_str())
        })
        .collect()
}

/// Every amount of the message with its sign and the place of the sign.
fn amounts(case: &Case<'_>) -> Vec<(Cents, DebetCredit, Place)> {
    let mut amounts = Vec::new();
    if let Some(declaratie) = declaratie(case) {
        let total = &declaratie.totaal;
        let place = Place::declaratie("TotaalIngediendBedrag/DebetCredit");
        amounts.push((total.totaal_bedrag, total.debet_credit, place));
    }
    if let Body::DeclaratieAntwoord(Some(antwoord)) = &case.message.body {
        let totals = [
            (&antwoord.totaal_ingediend, "TotaalIngediendBedrag/DebetCredit"),
            (&antwoord.totaal_toegekend, "TotaalToegekendBedrag/DebetCredit"),
        ];
        amounts.extend(totals.map(|(total, field)| (total.totaal_bedrag, total.debet_credit, Place::declaratie_antwoord(field))));
    }
    amounts.extend(prestaties(case).into_iter().map(|line| {
        let bedrag = &line.prestatie.bedrag;
        (bedrag.bedrag, bedrag.debet_credit, line.place("IngediendBedrag/DebetCredit"))
    }));
    amounts
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::helpers::change::line;
    use crate::message::TotaalBedragMetDC;
    use crate::rules::sample::{accepts, rejects};
    const ZERO_CREDIT: TotaalBedragMetDC =
        TotaalBedragMetDC { totaal_bedrag: Cents(0), debet_credit: DebetCredit::Credit };
    let mut rows = vec![
        accepts("a zero total as a debit", Number::N323, |s| s.declaratie().totaal.totaal_bedrag = Cents(0)),
        rejects(
            "a zero total as a credit",
            Number::N323,
            &["/Bericht/Declaratie/TotaalIngediendBedrag/DebetCredit"],
            |s| s.declaratie().totaal = ZERO_CREDIT,
        ),
        accepts("a credit of one cent", Number::N323, |s| {
            s.declaratie().totaal = TotaalBedragMetDC::from_signed(Cents(-1));
        }),
        accepts("zero totals as debits", Number::N325, |s| {
            s.declaratie_antwoord().totaal_ingediend = TotaalBedragMetDC::from_signed(Cents(0));
            s.declaratie_antwoord().totaal_toegekend = TotaalBedragMetDC::from_signed(Cents(0));
        }),
        rejects(
            "both totals zero as credits",
            Number::N325,
            &[
                "/Bericht/DeclaratieAntwoord/TotaalIngediendBedrag/DebetCredit",
                "/Bericht/DeclaratieAntwoord/TotaalToegekendBedrag/DebetCredit",
            ],
            |s| {
                s.declaratie_antwoord().totaal_ingediend = ZERO_CREDIT;
                s.declaratie_antwoord().totaal_toegekend = ZERO_CREDIT;
            },
        ),
        accepts("an answer without DeclaratieAntwoord", Number::N325, |s| {
            s.message.body = Body::DeclaratieAntwoord(None);
        }),
    ];
    let paths: [(Number, &[&str]); 2] = [
        (Number::N323, &["/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/IngediendBedrag/DebetCredit"]),
        (
            Number::N325,
            &["/Bericht/DeclaratieAntwoord/Clienten/Client[1]/Prestaties/Prestatie[1]/IngediendBedrag/DebetCredit"],
        ),
    ];
    for (number, path) in paths {
        rows.push(accepts("a zero line as a debit", number, |s| line(s).bedrag.bedrag = Cents(0)));
        rows.push(rejects("a zero line as a credit", number, path, |s| {
            line(s).bedrag.bedrag = Cents(0);
            line(s).bedrag.debet_credit = DebetCredit::Credit;
        }));
        rows.push(accepts("a credit of one cent on a line", number, |s| {
            line(s).bedrag.bedrag = Cents(1);
            line(s).bedrag.debet_credit = DebetCredit::Credit;
        }));
    }
    rows
}
