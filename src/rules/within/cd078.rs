//! CD078: whoever allocates or asks for a volume gives no budget.
//!
//! When Omvang is present, Budget is absent, in the allocations of a 301, the requested products of a 315 and the
//! products to change and new products of a 317. CD077 says the same from the other side; what has both breaks both,
//! each at its own element.

use super::provision::provisions;
use crate::message::{Law, Number};
use crate::rules::figures;
use crate::rules::{Case, Check, Class, Level, Rule, Sort, Violation};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "CD078",
    sort: Sort::Condition,
    level: Level::Within,
    code: "0001",
    numbers: &[Number::N301, Number::N315, Number::N317],
    laws: &Law::ALL,
    class: Class::ToegewezenProduct,
    nl: "Bij een toegewezen, aangevraagd, te wijzigen of nieuw product met omvang is Budget niet gevuld.",
    en: "An allocated, requested, changed or new product with an Omvang has no budget.",
    needs: &[],
    doubt: "",
    check: Check::Message(check),
};

fn check(case: &Case<'_>) -> Vec<Violation> {
    provisions(case)
        .into_iter()
        .filter_map(|provision| {
            let (omvang, budget) = (provision.omvang?, provision.budget?);
            let (amount, quantity) = (figures::amount(budget), figures::quantity(omvang.volume, omvang.eenheid));
            let name = &provision.name;
            let violation = Violation::at(
                provision.place("Budget"),
                format!(
                    "{} heeft een budget ({}) en een omvang ({}). Laat het budget weg bij een omvang.",
                    name.nl, amount.nl, quantity.nl
                ),
                format!(
                    "{} has a budget ({}) and an Omvang ({}). Leave out the budget beside an Omvang.",
                    name.en, amount.en, quantity.en
                ),
            );
            Some(violation.fact("volume", omvang.volume).fact("budget_cent", budget.0))
        })
        .collect()
}

#[cfg(test)]
pub(in crate::rules) fn cases() -> Vec<crate::rules::sample::Row> {
    use super::provision::change::{Aangevraagd, Nieuw, Provided, TeWijzigen, Toegewezen};
    use crate::message::Cents;
    use crate::rules::sample::{Row, accepts, rejects};
    fn rows<P: Provided>() -> Vec<Row> {
        vec![
            accepts("an Omvang only", P::NUMBER, |s| {
                P::at(s, 1);
            }),
            accepts("a budget only", P::NUMBER, |s| P::at(s, 0).budget_only(100_000)),
            accepts("neither", P::NUMBER, |s| *P::at(s, 0).omvang = None),
            rejects("both", P::NUMBER, P::BUDGET[0], |s| *P::at(s, 0).budget = Some(Cents(100_000))),
            rejects("both, with nothing in either, in the second", P::NUMBER, P::BUDGET[1], |s| {
                let mut draft = P::at(s, 1);
                *draft.budget = Some(Cents(0));
                draft.volume().volume = 0;
            }),
        ]
    }
    let mut rows = [rows::<Toegewezen>(), rows::<Aangevraagd>(), rows::<TeWijzigen>(), rows::<Nieuw>()].concat();
    rows.push(rejects(
        "a change and a new product",
        Number::N317,
        &[
            "/Bericht/Client/Verzoek/TeWijzigenProducten/TeWijzigenProduct[1]/Budget",
            "/Bericht/Client/Verzoek/NieuweProducten/NieuwProduct[1]/Budget",
        ],
        |s| {
            *TeWijzigen::at(s, 0).budget = Some(Cents(100_000));
            *Nieuw::at(s, 0).budget = Some(Cents(100_000));
        },
    ));
    rows
}
