//! CD087: a tariff stands on every line that is not in euros.
//!
//! `ProductTarief` is present if and only if Eenheid is not 83: a volume in eurocents is an amount already.

use super::helpers::prestaties;
use crate::message::{Eenheid, Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD087",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N323],
    laws: &Law::ALL,
    class: Class::Prestatie,
    nl: "ProductTarief is gevuld als en alleen als de eenheid niet 83 (euro's) is.",
    en: "ProductTarief is present if and only if the unit is not 83 (euros).",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    prestaties(case)
        .into_iter()
        .filter_map(|line| {
            let unit = figures::unit(line.prestatie.eenheid);
            let (nl, en) = match (line.prestatie.eenheid == Eenheid::Euro, line.prestatie.tarief) {
                (true, Some(_)) => (
                    format!("Eenheid {} staat er met een tarief. Laat het tarief weg.", unit.nl),
                    format!("Unit {} has a tariff. Leave out the tariff.", unit.en),
                ),
                (false, None) => (
                    format!(
                        "Eenheid {} staat er zonder tarief. Vul het tarief in.",
                        unit.nl
                    ),
                    format!("Unit {} has no tariff. Fill in the tariff.", unit.en),
                ),
                (true, None) | (false, Some(_)) => return None,
            };
            let eenheid = line.prestatie.eenheid.as_str();
            let violation = Violation::at(line.place("ProductTarief"), nl, en).fact("eenheid", eenheid);
            Some(match line.prestatie.tarief {
                Some(tarief) => violation.fact("tarief_cent", tarief.0),
                None => violation,
            })
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use crate::message::Cents;
    use crate::rules::sample::{accepts, rejects};
    const FIRST: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[1]/ProductTarief";
    const SECOND: &str = "/Bericht/Declaratie/Clienten/Client[1]/Prestaties/Prestatie[2]/ProductTarief";
    vec![
        accepts("hours with a tariff", Number::N323, |_| {}),
        accepts("euros without one", Number::N323, |s| {
            s.line().eenheid = Eenheid::Euro;
            s.line().tarief = None;
        }),
        accepts("a tariff of nothing is a tariff", Number::N323, |s| s.line().tarief = Some(Cents(0))),
        rejects("hours without one", Number::N323, &[FIRST], |s| s.line().tarief = None),
        rejects("pieces without one, then euros with one", Number::N323, &[FIRST, SECOND], |s| {
            s.line().eenheid = Eenheid::StuksOutput;
            s.add_line("P2", |line| line.eenheid = Eenheid::Euro);
            s.line().tarief = None;
        }),
    ]
}
